#include "sandbox/diary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

struct diary {
    int fd;
    off_t bytes; /* up to the end of the last whole line */
    char *path;
};

static bool fail_os(const struct diary *diary, const char *doing, struct error *err)
{
    int number = errno;

    return fail(err, number == ENOSPC ? ERR_FULL : ERR_IO, "%s: %s: %s", diary->path, doing, strerror(number));
}

static bool read_line(struct diary *diary, const char *text, size_t bytes, json_t **line, struct error *err)
{
    json_error_t problem;

    *line = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &problem);
    if (json_is_object(*line))
        return true;
    json_decref(*line);
    return fail(err, ERR_CORRUPT, "%s: at byte %lld: not a line of ours", diary->path, (long long)diary->bytes);
}

static bool replay_file(struct diary *diary, FILE *file, diary_visit *visit, void *context, struct error *err)
{
    AUTO(text_free) char *text = NULL;
    size_t room = 0;
    ssize_t got;

    while ((got = getline(&text, &room, file)) > 0 && text[got - 1] == '\n') {
        json_t *line = NULL;
        bool ok = read_line(diary, text, (size_t)got, &line, err);

        if (!ok)
            return false;
        ok = visit(line, context, err);
        json_decref(line);
        if (!ok)
            return fail_in(err, "%s: at byte %lld", diary->path, (long long)diary->bytes);
        diary->bytes += got;
    }
    if (ferror(file))
        return fail_os(diary, "cannot read", err);
    return true;
}

static bool replay(struct diary *diary, diary_visit *visit, void *context, struct error *err)
{
    FILE *file = fopen(diary->path, "re");
    bool ok;

    if (!file)
        return fail_os(diary, "cannot open", err);
    ok = replay_file(diary, file, visit, context, err);
    (void)fclose(file);
    return ok;
}

static bool cut_torn_line(struct diary *diary, struct error *err)
{
    off_t end = lseek(diary->fd, 0, SEEK_END);

    if (end == diary->bytes)
        return true;
    log_warning("sandbox", "%s: the last line was never finished: cut", diary->path);
    if (end < 0 || ftruncate(diary->fd, diary->bytes) != 0 || fsync(diary->fd) != 0)
        return fail_os(diary, "cannot cut the unfinished line", err);
    return true;
}

bool diary_open(const char *folder, diary_visit *visit, void *context, struct diary **out, struct error *err)
{
    AUTO(diary_close) struct diary *diary = memory_new(sizeof(*diary));

    diary->fd = -1;
    diary->path = path_join(folder, "taken.jsonl");
    if (!file_make_folder(folder, 0700, err))
        return false;
    diary->fd = open(diary->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (diary->fd < 0)
        return fail_os(diary, "cannot open", err);
    if (flock(diary->fd, LOCK_EX | LOCK_NB) != 0)
        return fail(err, ERR_CONFLICT, "%s: another sandbox has it open", diary->path);
    if (!replay(diary, visit, context, err) || !cut_torn_line(diary, err) || !file_sync_folder(folder, err))
        return false;
    *out = TAKE(diary);
    return true;
}

bool diary_append(struct diary *diary, struct span line, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    buf_reserve(&text, line.bytes + 1);
    buf_add_span(&text, line);
    buf_add_byte(&text, '\n');
    if (!file_write_all(diary->fd, buf_span(&text), err) ||
        (fdatasync(diary->fd) != 0 && !fail_os(diary, "cannot sync", err))) {
        if (ftruncate(diary->fd, diary->bytes) != 0)
            log_error("sandbox", "%s: cannot take back half a line: %s", diary->path, strerror(errno));
        return fail_in(err, "%s", diary->path);
    }
    diary->bytes += (off_t)text.bytes;
    return true;
}

void diary_close(struct diary *diary)
{
    if (!diary)
        return;
    file_close(diary->fd);
    free(diary->path);
    free(diary);
}
