#include "gateway/api/console_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "keys/digest.h"

struct console_files {
    struct console_file *list; /* in the order of paths */
    size_t count;
    size_t bytes;
};

enum { TAG_HASH_BYTES = 16 };

static bool read_file(int folder, const char *name, struct buf *out, struct error *err)
{
    AUTO(file_close) int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    struct stat info;
    ssize_t bytes;

    if (fd < 0 || fstat(fd, &info) != 0)
        return file_fail(err, name, "cannot open");
    if (!S_ISREG(info.st_mode) || info.st_size > FILES_BYTES_MAX)
        return fail(err, ERR_LIMIT, "%s is no file, or too large", name);
    buf_reserve(out, (size_t)info.st_size + 1);
    while ((bytes = read(fd, out->data + out->bytes, out->capacity - out->bytes - 1)) > 0) {
        out->bytes += (size_t)bytes;
        buf_reserve(out, 1);
        if (out->bytes > FILES_BYTES_MAX)
            return fail(err, ERR_LIMIT, "%s grows while it is read", name);
    }
    out->data[out->bytes] = '\0';
    return bytes == 0 || file_fail(err, name, "cannot read");
}

static bool add_file(struct console_files *files, int folder, const char *name, const char *path, struct error *err)
{
    struct console_file *file = &files->list[files->count];
    AUTO(buf_done) struct buf tag = BUF_INIT;
    uint8_t hash[32];

    if (files->count == FILES_MAX)
        return fail(err, ERR_LIMIT, "more than %d files", FILES_MAX);
    *file = (struct console_file){.bytes = BUF_INIT};
    files->count++;
    file->path = memory_copy_text(path);
    if (!read_file(folder, name, &file->bytes, err))
        return false;
    files->bytes += file->bytes.bytes;
    digest_sha256(buf_span(&file->bytes), hash);
    buf_add_byte(&tag, '"');
    hex_add(&tag, hash, TAG_HASH_BYTES);
    buf_add_byte(&tag, '"');
    memcpy(file->tag, tag.data, FILES_TAG_BYTES);
    return files->bytes <= FILES_BYTES_MAX || fail(err, ERR_LIMIT, "more than %d bytes", FILES_BYTES_MAX);
}

static bool add_folder(struct console_files *files, int fd, const char *below, int depth, struct error *err);

static bool add_entry(struct console_files *files, int folder, const char *name, const char *below, int depth,
                      struct error *err)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    struct stat info;

    if (name[0] == '.' || fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return true;
    buf_addf(&path, "%s%s", below, name);
    if (S_ISREG(info.st_mode))
        return add_file(files, folder, name, buf_text(&path), err);
    if (!S_ISDIR(info.st_mode) || depth == FILES_DEPTH_MAX)
        return true;
    buf_add_byte(&path, '/');
    return add_folder(files, openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), buf_text(&path),
                      depth + 1, err);
}

/* Takes `fd`. */
static bool add_folder(struct console_files *files, int fd, const char *below, int depth, struct error *err)
{
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    bool is_good = true;

    if (!folder) {
        file_close(fd);
        return file_fail(err, *below ? below : ".", "cannot open");
    }
    while (is_good && (entry = readdir(folder)))
        is_good = add_entry(files, dirfd(folder), entry->d_name, below, depth, err);
    closedir(folder);
    return is_good;
}

static int compare(const void *left, const void *right)
{
    return strcmp(((const struct console_file *)left)->path, ((const struct console_file *)right)->path);
}

bool console_files_load(const char *folder, struct console_files **out, struct error *err)
{
    struct console_files *files = memory_new(sizeof *files);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    files->list = memory_new((FILES_MAX + 1) * sizeof *files->list);
    if (fd < 0) {
        log_warning("api", "%s: %s: the console has no pages", folder, strerrordesc_np(errno));
    } else if (!add_folder(files, fd, "", 0, err)) {
        console_files_free(files);
        return fail_in(err, "%s", folder);
    }
    qsort(files->list, files->count, sizeof *files->list, compare);
    *out = files;
    return true;
}

void console_files_free(struct console_files *files)
{
    for (size_t i = 0; files && i < files->count; i++) {
        free(files->list[i].path);
        buf_done(&files->list[i].bytes);
    }
    if (files)
        free(files->list);
    free(files);
}

static int compare_path(const void *key, const void *item)
{
    const struct span *path = key;
    const char *other = ((const struct console_file *)item)->path;
    size_t bytes = strlen(other);
    int order = memcmp(path->at, other, path->bytes < bytes ? path->bytes : bytes);

    return order ? order : (path->bytes > bytes) - (path->bytes < bytes);
}

const struct console_file *console_files_find(const struct console_files *files, struct span path)
{
    return path.bytes == 0 || files->count == 0
               ? NULL
               : bsearch(&path, files->list, files->count, sizeof *files->list, compare_path);
}

const char *console_files_type(struct span path)
{
    static const char *const TYPES[][2] = {{".html", "text/html; charset=utf-8"},
                                           {".js", "text/javascript; charset=utf-8"},
                                           {".css", "text/css; charset=utf-8"},
                                           {".svg", "image/svg+xml"},
                                           {".png", "image/png"},
                                           {".ico", "image/x-icon"},
                                           {".woff2", "font/woff2"},
                                           {".json", "application/json"},
                                           {".txt", "text/plain; charset=utf-8"},
                                           {".webmanifest", "application/manifest+json"}};

    for (size_t i = 0; i < COUNT_OF(TYPES); i++) {
        size_t bytes = strlen(TYPES[i][0]);

        if (path.bytes > bytes && memcmp(path.at + path.bytes - bytes, TYPES[i][0], bytes) == 0)
            return TYPES[i][1];
    }
    return "application/octet-stream";
}
