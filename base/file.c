#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void file_error_set(struct error *err, const char *path, const char *doing)
{
    int number = errno;
    enum error_code code = ERR_IO;

    if (number == ENOENT || number == ENOTDIR)
        code = ERR_NOT_FOUND;
    if (number == ENOSPC || number == EDQUOT || number == EFBIG)
        code = ERR_FULL;
    if (number == EACCES || number == EPERM)
        code = ERR_FORBIDDEN;
    error_set(err, code, "%s: %s: %s", path, doing, strerror(number));
    if (err && number == EROFS)
        memcpy(err->rule, FILE_READ_ONLY, sizeof FILE_READ_ONLY);
}

void file_close(int fd)
{
    if (fd >= 0)
        close(fd);
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

char *path_join(const char *folder, const char *name)
{
    struct buf path = BUF_INIT;

    buf_addf(&path, "%s/%s", folder, name);
    return path.data;
}

bool file_read(const char *path, size_t limit, struct buf *out, struct error *err)
{
    AUTO(file_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t before = out->bytes;

    if (fd < 0)
        return file_fail(err, path, "cannot open");
    for (;;) {
        ssize_t got;

        buf_reserve(out, 65536);
        got = read(fd, out->data + out->bytes, 65536);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 || out->bytes - before + (size_t)(got > 0 ? got : 0) > limit) {
            bool is_error = got < 0;

            out->bytes = before;
            out->data[before] = '\0';
            if (is_error)
                return file_fail(err, path, "cannot read");
            return fail(err, ERR_LIMIT, "%s: larger than the limit of %zu bytes", path, limit);
        }
        if (got == 0)
            return true;
        out->bytes += (size_t)got;
        out->data[out->bytes] = '\0';
    }
}

bool file_write_all(int fd, struct span bytes, struct error *err)
{
    while (bytes.bytes > 0) {
        ssize_t put = write(fd, bytes.at, bytes.bytes);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return file_fail(err, "write", "cannot write");
        bytes.at += put;
        bytes.bytes -= (size_t)put;
    }
    return true;
}

bool file_write_at(int fd, uint64_t offset, struct span bytes, struct error *err)
{
    while (bytes.bytes > 0) {
        ssize_t put = pwrite(fd, bytes.at, bytes.bytes, (off_t)offset);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return file_fail(err, "write", "cannot write");
        bytes.at += put;
        bytes.bytes -= (size_t)put;
        offset += (uint64_t)put;
    }
    return true;
}

static void folder_of(const char *path, struct buf *folder)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        buf_add_text(folder, ".");
    else if (slash == path)
        buf_add_text(folder, "/");
    else
        buf_add(folder, path, (size_t)(slash - path));
}

bool file_sync_folder(const char *path, struct error *err)
{
    AUTO(file_close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return file_fail(err, path, "cannot open folder");
    if (fsync(fd) != 0)
        return file_fail(err, path, "cannot sync folder");
    return true;
}

static bool write_and_sync(const char *path, struct span bytes, unsigned mode, struct error *err)
{
    AUTO(file_close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);

    if (fd < 0)
        return file_fail(err, path, "cannot create");
    if (!file_write_all(fd, bytes, err))
        return fail_in(err, "%s", path);
    if (fsync(fd) != 0)
        return file_fail(err, path, "cannot sync");
    return true;
}

bool file_write(const char *path, struct span bytes, unsigned mode, struct error *err)
{
    AUTO(buf_done) struct buf beside = BUF_INIT;
    AUTO(buf_done) struct buf folder = BUF_INIT;

    buf_addf(&beside, "%s.new.%ld", path, (long)getpid());
    folder_of(path, &folder);
    if (!write_and_sync(beside.data, bytes, mode, err)) {
        unlink(beside.data);
        return false;
    }
    if (rename(beside.data, path) != 0) {
        bool failed = file_fail(err, path, "cannot rename into place");

        unlink(beside.data);
        return failed;
    }
    return file_sync_folder(folder.data, err);
}

/* A file in the way is no folder, although mkdir says of both that they exist. */
static bool make_one_folder(const char *path, unsigned mode, struct error *err)
{
    struct stat info;

    if (mkdir(path, mode) == 0)
        return true;
    if (errno != EEXIST)
        return file_fail(err, path, "cannot make folder");
    if (stat(path, &info) != 0)
        return file_fail(err, path, "cannot look at folder");
    return S_ISDIR(info.st_mode) || fail(err, ERR_CONFLICT, "%s: there is a file in the way of a folder", path);
}

bool file_make_folder(const char *path, unsigned mode, struct error *err)
{
    AUTO(text_free) char *copy = memory_copy_text(path);

    if (!path[0])
        return fail(err, ERR_INVALID, "a folder needs a name");
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (!make_one_folder(copy, mode, err))
            return false;
        *slash = '/';
    }
    return make_one_folder(path, mode, err);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

bool file_remove_tree(const char *path, struct error *err)
{
    struct stat info;

    if (lstat(path, &info) != 0 && errno == ENOENT)
        return true;
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        return file_fail(err, path, "cannot remove");
    return true;
}
