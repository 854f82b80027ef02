/* support.h - what several tests need. */
#ifndef TESTS_SUPPORT_SUPPORT_H
#define TESTS_SUPPORT_SUPPORT_H

#include <stdbool.h>

enum { TEST_PATH_BYTES = 1024 };

/* The path of a file or folder of the test data that may not be copied ("vectors/jws/…"). False, with a word on
 * standard error, when it is not on this machine: then the test calls cr_skip_test(). */
bool test_data_path(const char *name, char path[TEST_PATH_BYTES]);

/* An empty scratch folder, and its end. */
void test_folder_new(char path[TEST_PATH_BYTES]);
void test_folder_remove(const char *path);

#endif
