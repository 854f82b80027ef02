#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static struct error err;

static void set_up(void)
{
    test_folder_new(folder);
}

static void tear_down(void)
{
    test_folder_remove(folder);
}

TestSuite(file, .init = set_up, .fini = tear_down);

Test(file, a_missing_file_is_not_found)
{
    AUTO(text_free) char *path = path_join(folder, "none");
    AUTO(buf_done) struct buf out = BUF_INIT;

    cr_assert_not(file_read(path, 10, &out, &err));
    cr_assert_eq(err.code, ERR_NOT_FOUND);
    cr_assert(strstr(err.text, path));
    cr_assert_not(file_exists(path));
}

Test(file, a_folder_cannot_be_read_as_a_file)
{
    AUTO(buf_done) struct buf out = BUF_INIT;

    cr_assert_not(file_read(folder, 10, &out, &err));
    cr_assert_eq(err.code, ERR_IO);
}

Test(file, one_byte_over_the_limit_is_refused_and_nothing_is_kept)
{
    AUTO(text_free) char *path = path_join(folder, "five");
    AUTO(buf_done) struct buf out = BUF_INIT;

    cr_assert(file_write(path, SPAN("12345"), 0600, &err), "%s", err.text);
    buf_add_text(&out, "kept");
    cr_assert_not(file_read(path, 4, &out, &err));
    cr_assert_eq(err.code, ERR_LIMIT);
    cr_assert_str_eq(out.data, "kept");
    cr_assert(file_read(path, 5, &out, &err), "%s", err.text);
    cr_assert_str_eq(out.data, "kept12345");
}

Test(file, large_files_come_back_whole)
{
    AUTO(text_free) char *path = path_join(folder, "large");
    AUTO(buf_done) struct buf data = BUF_INIT;
    AUTO(buf_done) struct buf back = BUF_INIT;

    for (int i = 0; i < 200000; i++)
        buf_addf(&data, "%d,", i);
    cr_assert(file_write(path, buf_span(&data), 0600, &err), "%s", err.text);
    cr_assert(file_read(path, data.bytes, &back, &err), "%s", err.text);
    cr_assert(back.bytes == data.bytes && memcmp(back.data, data.data, data.bytes) == 0);
}

Test(file, writing_at_a_place_leaves_the_rest)
{
    AUTO(text_free) char *path = path_join(folder, "placed");
    AUTO(buf_done) struct buf back = BUF_INIT;
    AUTO(file_close) int fd = open(path, O_RDWR | O_CREAT, 0600);

    cr_assert(file_write_at(fd, 0, SPAN("0123456789"), &err), "%s", err.text);
    cr_assert(file_write_at(fd, 3, SPAN("abc"), &err), "%s", err.text);
    cr_assert(file_read(path, 100, &back, &err), "%s", err.text);
    cr_assert_str_eq(back.data, "012abc6789");
    cr_assert_not(file_write_at(-1, 0, SPAN("x"), &err));
    cr_assert_eq(err.code, ERR_IO);
}

Test(file, writing_into_a_folder_that_is_not_there_fails)
{
    AUTO(text_free) char *path = path_join(folder, "none/file");

    cr_assert_not(file_write(path, SPAN("x"), 0600, &err));
    cr_assert_eq(err.code, ERR_NOT_FOUND);
}

Test(file, writing_over_a_folder_fails_and_leaves_nothing_beside)
{
    AUTO(text_free) char *path = path_join(folder, "inner");
    AUTO(text_free) char *inside = path_join(path, "keep");

    cr_assert(file_make_folder(path, 0700, &err), "%s", err.text);
    cr_assert(file_write(inside, SPAN("x"), 0600, &err), "%s", err.text);
    cr_assert_not(file_write(path, SPAN("x"), 0600, &err));
    cr_assert(file_exists(inside));
    cr_assert(unlink(inside) == 0 && rmdir(path) == 0 && rmdir(folder) == 0, "something was left beside");
}

Test(file, an_unwritable_folder_is_forbidden)
{
    AUTO(text_free) char *path = path_join(folder, "file");

    if (geteuid() == 0)
        cr_skip_test("root may write anywhere");
    cr_assert_eq(chmod(folder, 0500), 0);
    cr_assert_not(file_write(path, SPAN("x"), 0600, &err));
    cr_assert_eq(err.code, ERR_FORBIDDEN);
    cr_assert_eq(chmod(folder, 0700), 0);
}

Test(file, writing_again_replaces_the_whole_content_and_mode)
{
    AUTO(text_free) char *path = path_join(folder, "file");
    AUTO(buf_done) struct buf out = BUF_INIT;
    struct stat info;

    cr_assert(file_write(path, SPAN("a longer content"), 0644, &err), "%s", err.text);
    cr_assert(file_write(path, SPAN("short"), 0600, &err), "%s", err.text);
    cr_assert(file_read(path, 100, &out, &err), "%s", err.text);
    cr_assert_str_eq(out.data, "short");
    cr_assert(stat(path, &info) == 0 && (info.st_mode & 0777) == 0600);
}

Test(file, folders_are_made_with_their_parents_and_again)
{
    AUTO(text_free) char *path = path_join(folder, "a/b//c/");

    cr_assert(file_make_folder(path, 0700, &err), "%s", err.text);
    cr_assert(file_make_folder(path, 0700, &err), "%s", err.text);
    cr_assert(file_sync_folder(path, &err), "%s", err.text);
}

Test(file, no_folder_is_made_of_nothing_or_over_a_file)
{
    AUTO(text_free) char *path = path_join(folder, "file");
    AUTO(text_free) char *below = path_join(path, "below");

    cr_assert_not(file_make_folder("", 0700, &err));
    cr_assert(file_write(path, SPAN("x"), 0600, &err), "%s", err.text);
    cr_assert_not(file_make_folder(path, 0700, &err));
    cr_assert_not(file_make_folder(below, 0700, &err));
}

Test(file, removing_a_tree_does_not_follow_links)
{
    AUTO(text_free) char *kept = path_join(folder, "kept");
    AUTO(text_free) char *tree = path_join(folder, "tree");
    AUTO(text_free) char *link_path = path_join(tree, "link");

    cr_assert(file_make_folder(tree, 0700, &err) && file_write(kept, SPAN("x"), 0600, &err), "%s", err.text);
    cr_assert_eq(symlink(folder, link_path), 0);
    cr_assert(file_remove_tree(tree, &err), "%s", err.text);
    cr_assert(file_exists(kept) && !file_exists(tree));
    cr_assert(file_remove_tree(tree, &err), "removing nothing is fine");
}

Test(file, writing_to_a_closed_descriptor_fails)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    cr_assert_not(file_write_all(fd, SPAN("x"), &err));
    cr_assert_eq(err.code, ERR_IO);
    file_close(fd);
    file_close(-1);
}
