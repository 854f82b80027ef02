/* Getting ready for readers: the file into memory, its pages into the page tables. Nothing here changes the store, and
 * nothing depends on it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/time.h"
#include "gateway/store/store_internal.h"

enum { READ_BYTES = 1 << 20, PAGE_BYTES = 4096, STEP_BYTES = 4 << 20, STEP_PAGES = STEP_BYTES / PAGE_BYTES };

static off_t half_of_memory(void)
{
    return (off_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / 2;
}

void store_warm(struct store *store)
{
    AUTO(buf_done) struct buf chunk = BUF_INIT;
    int64_t until_ms = time_monotonic_ms() + STORE_WARM_MS;
    off_t limit = half_of_memory();
    off_t at = 0;
    int fd;

    if (mdb_env_get_fd(store->env, &fd) != 0)
        return;
    /* The kernel goes on reading by itself when our time is over. */
    (void)posix_fadvise(fd, 0, limit, POSIX_FADV_WILLNEED);
    buf_reserve(&chunk, READ_BYTES);
    while (at < limit && time_monotonic_ms() < until_ms) {
        ssize_t got = pread(fd, chunk.data, READ_BYTES, at);

        if (got <= 0)
            return;
        at += got;
    }
}

/* "from-to rwxp offset major:minor inode path", numbers in hexadecimal but for the inode (proc(5)). True when the line
 * is a mapping of this file from its beginning. */
static bool is_map_of(const char *line, const struct stat *file, uintptr_t *from, uintptr_t *to)
{
    unsigned long major_number, minor_number;
    char *at;

    *from = strtoul(line, &at, 16);
    if (*at != '-')
        return false;
    *to = strtoul(at + 1, &at, 16);
    at = *at == ' ' ? strchr(at + 1, ' ') : NULL; /* past the rights */
    if (!at || strtoul(at + 1, &at, 16) != 0)
        return false;
    major_number = strtoul(at, &at, 16);
    if (*at != ':')
        return false;
    minor_number = strtoul(at + 1, &at, 16);
    return makedev(major_number, minor_number) == file->st_dev && strtoul(at, &at, 10) == file->st_ino;
}

/* LMDB does not say where its map is; the kernel does. */
static void find_map(struct store *store, const struct stat *file)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[4096 + 128];
    uintptr_t from, to;

    while (maps && !store->map && fgets(line, sizeof line, maps)) {
        if (!is_map_of(line, file, &from, &to))
            continue;
        store->map = (char *)from;
        store->map_bytes = to - from;
    }
    if (maps)
        fclose(maps);
}

/* What is not in memory is left alone: reading it would take as long as the disk takes. */
static void enter_pages(char *at)
{
    unsigned char in_memory[STEP_PAGES];
    size_t from = 0;

    if (mincore(at, STEP_BYTES, in_memory) != 0)
        return;
    while (from < STEP_PAGES) {
        size_t to = from;

        while (to < STEP_PAGES && in_memory[to] & 1)
            to++;
        if (to > from)
            (void)madvise(at + from * PAGE_BYTES, (to - from) * PAGE_BYTES, MADV_POPULATE_READ);
        from = to + 1;
    }
}

bool store_warm_step(struct store *store)
{
    size_t from = store->warm_bytes;
    struct stat file;
    int fd;

    if (store->lost_its_map || mdb_env_get_fd(store->env, &fd) != 0 || fstat(fd, &file) != 0)
        return false;
    if (!store->map)
        find_map(store, &file);
    if (!store->map || from + STEP_BYTES > (size_t)file.st_size || from + STEP_BYTES > store->map_bytes ||
        from + STEP_BYTES > (size_t)half_of_memory())
        return false;
    enter_pages(store->map + from);
    store->warm_bytes = from + STEP_BYTES;
    return true;
}
