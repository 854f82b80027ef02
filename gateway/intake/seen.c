#include "gateway/intake/seen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "gateway/intake/temporary.h"
#include "keys/digest.h"

enum { DIGEST_BYTES = 16, SLOTS_MIN_BITS = 10, SLOTS_AT_ONCE = 8 };

/* 40 bytes in the file. A line of 0 is a free slot: what a hole in the file reads as. */
struct slot {
    uint8_t id[OBLIGATION_ID_BYTES];
    uint8_t digest[DIGEST_BYTES];
    uint64_t line;
};

struct seen {
    int fd;
    unsigned bits;       /* of the number of slots, at least twice the number of rows */
    uint64_t multiplier; /* random: a file cannot be written so that its rows crowd one place */
    size_t left;         /* rows that may still be remembered */
    struct buf json;
};

bool seen_new(const char *folder, size_t rows, struct seen **out, struct error *err)
{
    struct seen *seen;
    int fd;

    if (!temporary_fd(folder, &fd, err))
        return false;
    seen = memory_new(sizeof *seen);
    seen->fd = fd;
    seen->left = rows;
    for (seen->bits = SLOTS_MIN_BITS; (size_t)1 << seen->bits < 2 * rows;)
        seen->bits++;
    random_bytes(&seen->multiplier, sizeof seen->multiplier);
    seen->multiplier |= 1;
    *out = seen;
    return true;
}

void seen_free(struct seen *seen)
{
    if (!seen)
        return;
    file_close(seen->fd);
    buf_done(&seen->json);
    free(seen);
}

static size_t first_slot(const struct seen *seen, const uint8_t id[OBLIGATION_ID_BYTES])
{
    uint64_t number;

    memcpy(&number, id, sizeof number);
    return (size_t)(number * seen->multiplier >> (64 - seen->bits));
}

/* Read some slots from `at` on; what lies beyond the end of the file is free. */
static bool read_slots(const struct seen *seen, size_t at, struct slot slots[SLOTS_AT_ONCE], struct error *err)
{
    ssize_t count;

    memset(slots, 0, SLOTS_AT_ONCE * sizeof *slots);
    count = pread(seen->fd, slots, SLOTS_AT_ONCE * sizeof *slots, (off_t)(at * sizeof *slots));
    return count >= 0 || fail(err, ERR_IO, "temporary file: %s", strerror(errno));
}

/* The slot that holds `id`, or the free one where it belongs. Past the last slot the search goes on at the first. */
static bool find(const struct seen *seen, const uint8_t id[OBLIGATION_ID_BYTES], size_t *at, struct slot *found,
                 struct error *err)
{
    struct slot slots[SLOTS_AT_ONCE];
    size_t mask = ((size_t)1 << seen->bits) - 1;
    size_t place = first_slot(seen, id);

    for (;;) {
        if (!read_slots(seen, place, slots, err))
            return false;
        for (size_t i = 0; i < SLOTS_AT_ONCE && place + i <= mask; i++) {
            if (slots[i].line != 0 && memcmp(slots[i].id, id, sizeof slots[i].id) != 0)
                continue;
            *at = place + i;
            *found = slots[i];
            return true;
        }
        place = place + SLOTS_AT_ONCE > mask ? 0 : place + SLOTS_AT_ONCE;
    }
}

static bool remember(struct seen *seen, size_t at, const struct slot *slot, struct error *err)
{
    ssize_t count;

    if (seen->left == 0)
        return fail(err, ERR_INTERNAL, "more rows than were announced");
    count = pwrite(seen->fd, slot, sizeof *slot, (off_t)(at * sizeof *slot));
    if (count != (ssize_t)sizeof *slot)
        return fail(err, count < 0 && errno != ENOSPC ? ERR_IO : ERR_FULL, "temporary file: %s",
                    count < 0 ? strerror(errno) : "the disk is full");
    seen->left--;
    return true;
}

bool seen_check(struct seen *seen, const struct obligation *row, size_t line, enum seen_verdict *verdict,
                size_t *earlier, struct error *err)
{
    struct slot slot = {.line = line};
    struct slot found;
    uint8_t digest[32];
    size_t at;

    obligation_id(row, slot.id);
    buf_clear(&seen->json);
    obligation_json_add(row, &seen->json);
    digest_sha256(buf_span(&seen->json), digest);
    memcpy(slot.digest, digest, sizeof slot.digest);
    if (!find(seen, slot.id, &at, &found, err))
        return false;
    if (found.line == 0) {
        *verdict = SEEN_NEW;
        *earlier = line;
        return remember(seen, at, &slot, err);
    }
    *verdict = memcmp(found.digest, slot.digest, sizeof slot.digest) == 0 ? SEEN_REPEAT : SEEN_CONTRADICTION;
    *earlier = (size_t)found.line;
    return true;
}
