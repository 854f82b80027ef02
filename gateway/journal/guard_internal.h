/* guard_internal.h - what guard.c and guard_file.c share; nobody else includes it. */
#ifndef GATEWAY_JOURNAL_GUARD_INTERNAL_H
#define GATEWAY_JOURNAL_GUARD_INTERNAL_H

#include <jansson.h>

#include "gateway/journal/guard.h"

enum { GUARD_LINE_BYTES = 24, GUARD_FILE_MAX = 1024 * 1024 };

/* Where a data file lies. A copy gets a new i-node or at least a new birth; the device's number is only asked where the
 * file system keeps no birth, since it may change with every boot. */
struct guard_place {
    uint8_t machine[32]; /* keyed digest of /etc/machine-id (which must not be published as it is); zeroes: none */
    uint64_t inode;
    uint64_t device;
    int64_t born_s; /* 0: not kept by the file system */
    int64_t born_ns;
};

struct guard_line {
    struct guard_head head;
    char name[GUARD_LINE_BYTES]; /* "": the first line; else the instant of its beginning, in milliseconds */
};

struct guard {
    uint8_t identity[STORE_IDENTITY_BYTES];
    struct guard_place place;
    struct guard_line lines[GUARD_LOG_COUNT];
    json_t *history;
};

/* Write guard.json. With `is_first`, one that is there already stays (and that is no error). */
MUST_CHECK bool guard_write(const struct guard *guard, const char *state, bool is_first, struct error *err);
MUST_CHECK bool guard_place_of(const char *state, struct guard_place *place, struct error *err);
bool guard_place_equal(const struct guard_place *a, const struct guard_place *b);

#endif
