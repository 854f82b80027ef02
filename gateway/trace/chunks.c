#include "gateway/trace/chunks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { OPEN_MAX = 16, NAME_BYTES = 96 };

struct chunk {
    char name[NAME_BYTES]; /* "": free */
    int fd;
    bool is_writable;
    bool is_dirty;
    uint64_t used; /* when, for the choice of what to close */
};

struct chunks {
    char *folder;
    struct chunk open[OPEN_MAX];
    uint64_t uses;
};

struct chunks *chunks_new(const char *folder)
{
    struct chunks *chunks = memory_new(sizeof *chunks);

    chunks->folder = memory_copy_text(folder);
    return chunks;
}

static void chunk_close(struct chunk *chunk)
{
    if (chunk->name[0])
        file_close(chunk->fd);
    memset(chunk, 0, sizeof *chunk);
}

void chunks_free(struct chunks *chunks)
{
    if (!chunks)
        return;
    for (size_t i = 0; i < OPEN_MAX; i++)
        chunk_close(&chunks->open[i]);
    text_free(chunks->folder);
    free(chunks);
}

static bool chunk_sync(struct chunk *chunk, struct error *err)
{
    if (!chunk->is_dirty)
        return true;
    if (fdatasync(chunk->fd) != 0)
        return file_fail(err, chunk->name, "cannot sync");
    chunk->is_dirty = false;
    return true;
}

/* A place for one more: a free one, or the one that was not used for longest. */
static bool find_place(struct chunks *chunks, struct chunk **out, struct error *err)
{
    struct chunk *oldest = &chunks->open[0];

    for (size_t i = 0; i < OPEN_MAX; i++) {
        struct chunk *chunk = &chunks->open[i];

        if (chunk->used < oldest->used)
            oldest = chunk;
    }
    if (!chunk_sync(oldest, err))
        return false;
    chunk_close(oldest);
    *out = oldest;
    return true;
}

static struct chunk *find_open(struct chunks *chunks, const char *name)
{
    for (size_t i = 0; i < OPEN_MAX; i++) {
        if (strcmp(chunks->open[i].name, name) == 0)
            return &chunks->open[i];
    }
    return NULL;
}

/* A new file is only safe when its folder, and that folder's, are on disk, too. */
static bool make_file(const char *folder, const char *path, int *out, struct error *err)
{
    AUTO(text_free) char *parent = memory_copy_text(path);
    AUTO(file_close) int fd = -1;

    *strrchr(parent, '/') = '\0';
    if (!file_make_folder(parent, 0700, err))
        return false;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return file_fail(err, path, "cannot create");
    while (file_sync_folder(parent, err)) {
        if (strcmp(parent, folder) == 0) {
            *out = fd;
            fd = -1;
            return true;
        }
        *strrchr(parent, '/') = '\0';
    }
    return false;
}

/* -1 in `*out`: there is no such file, and none is to be made. */
static bool open_file(const struct chunks *chunks, const char *name, bool writes, int *out, struct error *err)
{
    AUTO(text_free) char *path = path_join(chunks->folder, name);

    *out = open(path, (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW);
    if (*out >= 0)
        return true;
    if (errno != ENOENT)
        return file_fail(err, path, "cannot open");
    return !writes || make_file(chunks->folder, path, out, err);
}

static bool chunk_open(struct chunks *chunks, const char *name, bool writes, struct chunk **out, struct error *err)
{
    struct chunk *chunk = find_open(chunks, name);
    int fd;

    if (chunk && writes && !chunk->is_writable) {
        chunk_close(chunk);
        chunk = NULL;
    }
    if (!chunk) {
        if (!find_place(chunks, &chunk, err) || !open_file(chunks, name, writes, &fd, err))
            return false;
        if (fd < 0) {
            *out = NULL;
            return true;
        }
        snprintf(chunk->name, sizeof chunk->name, "%s", name);
        chunk->fd = fd;
        chunk->is_writable = writes;
    }
    chunk->used = ++chunks->uses;
    *out = chunk;
    return true;
}

bool chunks_write(struct chunks *chunks, const char *name, uint64_t offset, struct span bytes, struct error *err)
{
    struct chunk *chunk;

    if (!chunk_open(chunks, name, true, &chunk, err))
        return false;
    if (!chunk)
        return fail(err, ERR_INTERNAL, "%s: was not made", name);
    chunk->is_dirty = true;
    return file_write_at(chunk->fd, offset, bytes, err) || fail_in(err, "%s", name);
}

bool chunks_read(struct chunks *chunks, const char *name, uint64_t offset, struct buf *out, size_t bytes,
                 struct error *err)
{
    struct chunk *chunk;
    size_t left = bytes;

    if (!chunk_open(chunks, name, false, &chunk, err))
        return false;
    buf_reserve(out, bytes);
    while (chunk && left > 0) {
        ssize_t got = pread(chunk->fd, out->data + out->bytes, left, (off_t)offset);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return file_fail(err, name, "cannot read");
        if (got == 0)
            break;
        out->bytes += (size_t)got;
        offset += (uint64_t)got;
        left -= (size_t)got;
    }
    out->data[out->bytes] = '\0';
    return true;
}

bool chunks_sync(struct chunks *chunks, struct error *err)
{
    for (size_t i = 0; i < OPEN_MAX; i++) {
        if (chunks->open[i].name[0] && !chunk_sync(&chunks->open[i], err))
            return false;
    }
    return true;
}
