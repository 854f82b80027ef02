/* inbox.h - the files that 信用中国 was sent: `<state>/inbox/<name>.xml`, with <name> = <报文号>_<YYYYMMDD>_<序号>
 * (upstreams.md section 3). A file once stored never changes; the numbers of a day have no gaps. */
#ifndef SANDBOX_INBOX_H
#define SANDBOX_INBOX_H

#include "base/buf.h"
#include "base/error.h"

enum { INBOX_NAME_BYTES = 24, INBOX_NUMBER_MAX = 99999 };

struct inbox_name {
    char text[INBOX_NAME_BYTES]; /* without ending */
    int32_t day;
    uint32_t number; /* 1 to INBOX_NUMBER_MAX */
};
/* Strict: that 报文号, a day that exists, five digits that are not all zero. */
MUST_CHECK bool inbox_name_parse(const char *file_code, struct span text, struct inbox_name *name);

struct inbox;

/* Called for every file that is there. */
typedef void inbox_visit(const struct inbox_name *name, struct span file, void *context);

/* Makes the folder when missing. ERR_CORRUPT when the numbers of a day have a gap. `file_code` is borrowed. */
MUST_CHECK bool inbox_open(const char *state, const char *file_code, inbox_visit *visit, void *context,
                           struct inbox **out, struct error *err);
void inbox_free(struct inbox *inbox);

/* The last number of a day; 0 when there is none. */
uint32_t inbox_last(const struct inbox *inbox, int32_t day);
/* Durable when it returns. The name must be the next of its day. */
MUST_CHECK bool inbox_store(struct inbox *inbox, const struct inbox_name *name, struct span file, struct error *err);
MUST_CHECK bool inbox_load(const struct inbox *inbox, const char *name, struct buf *out, struct error *err);

DEFINE_AUTO(struct inbox *, inbox_free)

#endif
