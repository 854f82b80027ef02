#define _GNU_SOURCE
#include "gateway/http/body.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

enum { BODY_KEPT_BYTES = 16384, SPOOL_PATH_BYTES = 4096, ADVANCE_BYTES = 1 << 20 };

void body_init(struct body *body)
{
    *body = (struct body){.memory = BUF_INIT, .fd = -1};
}

void body_start(struct body *body, uint64_t limit_bytes)
{
    body->bytes = 0;
    body->limit_bytes = limit_bytes;
}

/* Not every file system knows O_TMPFILE. */
static int unnamed_file(const char *folder)
{
    char path[SPOOL_PATH_BYTES];
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
        return fd;
    if (snprintf(path, sizeof path, "%s/body-XXXXXX", folder) >= (int)sizeof path)
        return -1;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

bool body_start_spool(struct body *body, const struct body_budget *budget, uint64_t limit_bytes, struct refusal *why)
{
    body_start(body, limit_bytes);
    if (budget->spool_folder)
        body->fd = unnamed_file(budget->spool_folder);
    if (body->fd >= 0)
        return true;
    log_error("http", "no file for a request body in %s", budget->spool_folder ? budget->spool_folder : "(no folder)");
    return refuse_with(why, 503, "the request body cannot be stored now");
}

/* The disk begins with what has come, so that whoever wants the file durable at its end does not wait for all of it.
 * Only a hint: it may fail. */
static void begin_writing(const struct body *body, size_t bytes)
{
    uint64_t from = (body->bytes - bytes) / ADVANCE_BYTES * ADVANCE_BYTES;

    if (body_has_advanced(body, bytes))
        (void)sync_file_range(body->fd, (off_t)from, ADVANCE_BYTES, SYNC_FILE_RANGE_WRITE);
}

bool body_add(struct body *body, struct body_budget *budget, struct span piece, struct refusal *why)
{
    struct error err;

    if (piece.bytes > body->limit_bytes - body->bytes)
        return refuse_with(why, 413, "the request body is larger than allowed");
    if (body->fd >= 0) {
        if (!file_write_all(body->fd, piece, &err)) {
            log_error("http", "request body: %s", err.text);
            return refuse_with(why, 503, "the request body cannot be stored now");
        }
    } else {
        if (piece.bytes > budget->limit_bytes - budget->held_bytes)
            return refuse_with(why, 503, "too many large requests at once");
        budget->held_bytes += piece.bytes;
        buf_add_span(&body->memory, piece);
    }
    body->bytes += piece.bytes;
    begin_writing(body, piece.bytes);
    return true;
}

bool body_has_advanced(const struct body *body, size_t bytes)
{
    return body->fd >= 0 && (body->bytes - bytes) / ADVANCE_BYTES != body->bytes / ADVANCE_BYTES;
}

bool body_finish(struct body *body, struct refusal *why)
{
    if (body->fd >= 0 && lseek(body->fd, 0, SEEK_SET) != 0)
        return refuse_with(why, 503, "the request body cannot be read back");
    return true;
}

void body_reset(struct body *body, struct body_budget *budget)
{
    budget->held_bytes -= body->memory.bytes;
    if (body->memory.capacity > BODY_KEPT_BYTES)
        buf_done(&body->memory);
    else
        buf_clear(&body->memory);
    file_close(body->fd);
    body->fd = -1;
    body->bytes = body->limit_bytes = 0;
}
