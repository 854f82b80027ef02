/* How much of a segment may be copied while its writer goes on. */
#include "tests/unit/gateway/trace/scribe.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

static char path[TEST_PATH_BYTES + 64];
static char id[64];

TestSuite(settled, .init = scribe_open, .fini = scribe_close, .timeout = 60);

static void find_segment(void)
{
    AUTO(text_free) char *folder = path_join(S.folder, "segments");
    DIR *dir = opendir(folder);
    const struct dirent *entry;

    cr_assert_not_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        if (strstr(entry->d_name, ".seg")) {
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            snprintf(id, sizeof id, "%.*s", (int)(strstr(entry->d_name, ".seg") - entry->d_name), entry->d_name);
        }
    }
    closedir(dir);
    cr_assert_neq(path[0], 0);
}

static uint64_t settled(void)
{
    uint64_t bytes = 0;

    cr_assert(trace_segment_settled(path, id, &bytes, &S.err), "%s", S.err.text);
    return bytes;
}

static void overwrite(uint64_t at, const char *bytes, size_t count)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    cr_assert_eq(pwrite(fd, bytes, count, (off_t)at), (ssize_t)count);
    close(fd);
}

Test(settled, all_that_is_durable_and_no_more)
{
    AUTO(trace_writer_free) struct trace_writer *writer = new_writer();
    uint64_t first, second;

    add_entries(writer, 1, 0, 10);
    flush(writer);
    find_segment();
    first = settled();
    cr_assert_gt(first, 1000);
    add_entries(writer, 1, 10, 10);
    flush(writer);
    second = settled();
    cr_assert_gt(second, first);
    /* What a writer has begun to write is nobody's yet. */
    overwrite(second, "\x40\x00\x00\x00", 4);
    cr_assert_eq(settled(), second);
}

Test(settled, a_damaged_segment_is_kept_whole)
{
    AUTO(trace_writer_free) struct trace_writer *writer = new_writer();

    add_entries(writer, 1, 0, 10);
    flush(writer);
    add_entries(writer, 1, 10, 10);
    flush(writer);
    find_segment();
    overwrite(100, "xxxx", 4);
    cr_assert_eq(settled(), UINT64_MAX);
}

Test(settled, a_segment_that_is_gone_is_no_failure_of_the_disk)
{
    uint64_t bytes;

    snprintf(path, sizeof path, "%s/none.seg", S.folder);
    cr_assert_not(trace_segment_settled(path, "0123456789abcdef01234567", &bytes, &S.err));
    cr_assert_eq(S.err.code, ERR_NOT_FOUND);
}
