/* spare.c - whoever holds the lock on a file writes it. A file has one name at a time: a spare one that has another, as
 * a crash may leave it, could be a segment that still waits to be taken up, and is not touched. */
#include "gateway/trace/spare.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static char *spare_folder(const char *folder)
{
    return path_join(folder, "spare");
}

static bool is_spare_name(const char *name)
{
    return segment_id_is_valid((struct span){name, strlen(name)});
}

/* More than can be there when the folder cannot be read. */
static size_t count_spares(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    size_t count = 0;

    if (!dir)
        return SPARE_MAX;
    while ((entry = readdir(dir)))
        count += is_spare_name(entry->d_name);
    closedir(dir);
    return count;
}

static bool is_worth_keeping(const char *path, uint64_t bytes)
{
    struct stat info;

    return bytes >= TRACE_SEGMENT_BYTES && lstat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink == 1 &&
           (uint64_t)info.st_size == bytes;
}

bool spare_keep(const char *folder, const char *id, uint64_t bytes, struct error *err)
{
    AUTO(text_free) char *path = segment_path(folder, id, SEGMENT_SUFFIX);
    AUTO(text_free) char *spares = spare_folder(folder);
    AUTO(text_free) char *aside = path_join(spares, id);

    /* Only a saving: when it is not to be had, the file goes. */
    if (is_worth_keeping(path, bytes) && file_make_folder(spares, 0700, NULL) && count_spares(spares) < SPARE_MAX &&
        rename(path, aside) == 0)
        return true;
    if (unlink(path) != 0 && errno != ENOENT)
        return file_fail(err, path, "cannot remove");
    return true;
}

/* -1: another has it, or it is none. */
static int open_spare(const char *path, uint64_t *bytes)
{
    AUTO(file_close) int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat info;
    int opened = fd;

    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        return -1;
    if (info.st_nlink != 1) {
        if (info.st_nlink > 1)
            unlink(path);
        return -1;
    }
    *bytes = (uint64_t)info.st_size;
    fd = -1;
    return opened;
}

/* The one that could be renamed: whoever came first to a name has it. */
static int claim(const char *folder, const char *spares, const char *id, uint64_t *bytes)
{
    AUTO(text_free) char *path = segment_path(folder, id, SEGMENT_SUFFIX);
    DIR *dir = opendir(spares);
    const struct dirent *entry;
    int claimed = -1;

    while (dir && claimed < 0 && (entry = readdir(dir))) {
        AUTO(text_free) char *spare = NULL;
        AUTO(file_close) int fd = -1;

        /* No frame that stands there may be one of the new segment. */
        if (!is_spare_name(entry->d_name) || segment_id_crc(id) == segment_id_crc(entry->d_name))
            continue;
        spare = path_join(spares, entry->d_name);
        fd = open_spare(spare, bytes);
        if (fd < 0 || rename(spare, path) != 0)
            continue;
        claimed = fd;
        fd = -1;
    }
    if (dir)
        closedir(dir);
    return claimed;
}

bool spare_take(const char *folder, const char *id, int *fd, uint64_t *bytes, struct error *err)
{
    AUTO(text_free) char *spares = spare_folder(folder);
    AUTO(text_free) char *segments = segments_path(folder);
    AUTO(file_close) int claimed = claim(folder, spares, id, bytes);

    /* Before anything is promised in it, it must have its new name, and the old one no more. */
    if (claimed >= 0 && (!file_sync_folder(segments, err) || !file_sync_folder(spares, err)))
        return false;
    *fd = claimed;
    claimed = -1;
    return true;
}
