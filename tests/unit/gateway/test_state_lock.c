#include "gateway/state_lock.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static char *path;

static void setup(void)
{
    test_folder_new(folder);
    path = path_join(folder, "lock");
}

static void teardown(void)
{
    text_free(path);
    test_folder_remove(folder);
}

TestSuite(state_lock, .init = setup, .fini = teardown, .timeout = 30);

/* A process that takes the lock, forks a child of its own that outlives it by `child_ms`, and waits to be killed. */
static pid_t holder(int64_t child_ms)
{
    int ready[2];
    char byte;
    pid_t pid;

    cr_assert_eq(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        struct error err;
        int fd;

        if (!state_lock_take(path, 0, &fd, &err))
            _exit(1);
        if (fork() == 0) {
            close(ready[1]);
            usleep((useconds_t)child_ms * 1000);
            _exit(0);
        }
        if (write(ready[1], "x", 1) != 1)
            _exit(1);
        pause();
        _exit(0);
    }
    close(ready[1]);
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

Test(state_lock, a_second_gateway_is_refused_at_once_and_told_who_runs)
{
    pid_t pid = holder(0);
    int64_t start_ms = time_monotonic_ms();
    struct error err;
    char number[24];
    int fd = -1;

    cr_assert_not(state_lock_take(path, 10000, &fd, &err));
    cr_assert_eq(err.code, ERR_CONFLICT);
    cr_assert_str_eq(err.rule, "gateway.running");
    snprintf(number, sizeof number, "%ld", (long)pid);
    cr_assert_not_null(strstr(err.text, number), "%s", err.text);
    cr_assert_not_null(strstr(err.zh, number));
    cr_assert_eq(fd, -1);
    cr_assert_lt(time_monotonic_ms() - start_ms, 2000);
    end(pid);
}

Test(state_lock, children_of_a_killed_gateway_are_waited_for)
{
    pid_t pid = holder(600);
    int64_t start_ms = time_monotonic_ms();
    struct error err;
    int fd = -1;

    end(pid);
    cr_assert(state_lock_take(path, 10000, &fd, &err), "%s", err.text);
    cr_assert_gt(time_monotonic_ms() - start_ms, 200);
    close(fd);
}

Test(state_lock, the_patience_ends)
{
    pid_t pid = holder(5000);
    struct error err;
    int fd = -1;

    end(pid);
    cr_assert_not(state_lock_take(path, 200, &fd, &err));
    cr_assert_eq(err.code, ERR_CONFLICT);
    cr_assert_eq(fd, -1);
}

Test(state_lock, without_a_state_folder_it_says_what_to_do)
{
    struct error err;
    int fd = -1;

    cr_assert_not(state_lock_take("/nonexistent/state/lock", 0, &fd, &err));
    cr_assert_not_null(strstr(err.zh, "creditgate init"));
}

Test(state_lock, who_let_go_can_take_it_again)
{
    struct error err;
    int fd = -1;

    cr_assert(state_lock_take(path, 0, &fd, &err), "%s", err.text);
    close(fd);
    cr_assert(state_lock_take(path, 0, &fd, &err), "%s", err.text);
    close(fd);
}
