/* How much of a segment can be copied while its writer goes on: a reader that is slower than the writer would otherwise
 * see what was written later without what was written before it. */
#include "base/file.h"
#include "base/text.h"
#include "gateway/trace/frame.h"

enum { SEGMENT_BYTES_MAX = 512 * 1024 * 1024 };

/* The frames that follow one another, from *at with the number *next on. */
static void walk(struct span all, uint32_t id_crc, size_t *at, uint32_t *next)
{
    struct frame frame;

    while (frame_read((struct span){all.at + *at, all.bytes - *at}, id_crc, &frame) == FRAME_GOOD &&
           frame.number == *next) {
        *at += FRAME_HEAD_BYTES + frame.entry.bytes;
        (*next)++;
    }
}

static bool is_any_behind(struct span all, uint32_t id_crc, size_t at, uint32_t next)
{
    struct frame frame;

    for (at++; at + FRAME_HEAD_BYTES < all.bytes; at++) {
        if (frame_read((struct span){all.at + at, all.bytes - at}, id_crc, &frame) == FRAME_GOOD && frame.number > next)
            return true;
    }
    return false;
}

bool trace_segment_settled(const char *path, const char *id, uint64_t *bytes, struct error *err)
{
    AUTO(buf_done) struct buf all = BUF_INIT;
    uint32_t id_crc = segment_id_crc(id);
    uint32_t next = 0;
    size_t stuck_at = SIZE_MAX;
    size_t at = 0;

    for (;;) {
        buf_clear(&all);
        if (!file_read(path, SEGMENT_BYTES_MAX, &all, err))
            return false;
        walk(buf_span(&all), id_crc, &at, &next);
        if (!is_any_behind(buf_span(&all), id_crc, at, next)) {
            *bytes = at;
            return true;
        }
        /* What was written while we read is whole now. What still is not is damaged, and kept as it is. */
        if (stuck_at == at)
            break;
        stuck_at = at;
    }
    *bytes = UINT64_MAX;
    return true;
}
