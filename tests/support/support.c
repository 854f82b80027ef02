#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/file.h"

bool test_data_path(const char *name, char path[TEST_PATH_BYTES])
{
    snprintf(path, TEST_PATH_BYTES, "%s/%s", TEST_DATA, name);
    if (file_exists(path))
        return true;
    fprintf(stderr, "skipped: %s is not here\n", path);
    return false;
}

void test_folder_new(char path[TEST_PATH_BYTES])
{
    const char *base = getenv("TMPDIR");

    snprintf(path, TEST_PATH_BYTES, "%s/creditgate-test-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(path))
        abort();
}

void test_folder_remove(const char *path)
{
    struct error err;

    if (!file_remove_tree(path, &err))
        fprintf(stderr, "%s\n", err.text);
}
