/* Entries that are durable in a segment and not yet in the log. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/trace/log_parts.h"

/* What the keeper takes up in a turn is far less; with more behind it, the end is not looked for. */
enum { PENDING_BYTES_MAX = 4 * 1024 * 1024 };

static bool fail_not_pending(struct error *err)
{
    return refuse(err, ERR_NOT_FOUND, "trace.receipt", "no such receipt is in the log", "查询日志中没有此回执号");
}

static bool read_from(int fd, uint64_t offset, struct buf *out, const char *path, struct error *err)
{
    buf_reserve(out, PENDING_BYTES_MAX);
    while (out->bytes < PENDING_BYTES_MAX) {
        ssize_t got = pread(fd, out->data + out->bytes, PENDING_BYTES_MAX - out->bytes, (off_t)(offset + out->bytes));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return file_fail(err, path, "cannot read");
        if (got == 0)
            return true;
        out->bytes += (size_t)got;
    }
    return true;
}

static bool find_frame(struct span rest, const char *id, uint32_t number, struct buf *entry)
{
    uint32_t id_crc = segment_id_crc(id);
    struct frame frame;

    while (frame_read(rest, id_crc, &frame) == FRAME_GOOD) {
        size_t bytes = FRAME_HEAD_BYTES + frame.entry.bytes;

        if (frame.number == number) {
            buf_add_span(entry, frame.entry);
            return true;
        }
        rest = (struct span){rest.at + bytes, rest.bytes - bytes};
    }
    return false;
}

bool trace_log_pending(struct trace_log *log, const char *receipt, struct buf *entry, struct error *err)
{
    AUTO(text_free) char *path = NULL;
    AUTO(file_close) int fd = -1;
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    char id[SEGMENT_ID_BYTES];
    const struct taken *taken;
    uint32_t number;

    if (!receipt_parse(span_of(receipt), id, &number))
        return fail_not_pending(err);
    taken = state_find(&log->state, id);
    if (taken && number < taken->next)
        return fail_not_pending(err);
    path = segment_path(log->folder, id, SEGMENT_SUFFIX);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? fail_not_pending(err) : file_fail(err, path, "cannot open");
    if (!read_from(fd, taken ? taken->bytes : 0, &bytes, path, err))
        return false;
    if (find_frame(buf_span(&bytes), id, number, entry))
        return true;
    if (bytes.bytes == PENDING_BYTES_MAX)
        return fail(err, ERR_UNAVAILABLE, "%s: too much waits to be integrated", path);
    return fail_not_pending(err);
}
