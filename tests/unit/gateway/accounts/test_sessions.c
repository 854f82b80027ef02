#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "gateway/accounts/sessions.h"

enum { IDLE_MS = 1000, LONGEST_MS = 5000, NOW_MS = 1000000 };

static struct sessions *sessions;
static char token[SESSION_TOKEN_BYTES];
static struct session session;

static void begin(void)
{
    sessions = sessions_new(IDLE_MS, LONGEST_MS);
}

static void end(void)
{
    sessions_free(sessions);
}

TestSuite(sessions, .init = begin, .fini = end);

static bool is_in(int64_t now_ms)
{
    return sessions_find(sessions, span_of(token), now_ms, &session);
}

Test(sessions, what_is_no_token_opens_nothing)
{
    char other[SESSION_TOKEN_BYTES];

    sessions_open(sessions, "lin", SESSION_PASSWORD, NOW_MS, token, &session);
    snprintf(other, sizeof other, "%s", token);
    other[0] = (char)(other[0] == 'A' ? 'B' : 'A');
    cr_assert_not(sessions_find(sessions, SPAN_NONE, NOW_MS, &session));
    cr_assert_not(sessions_find(sessions, span_of(other), NOW_MS, &session));
    cr_assert_not(sessions_find(sessions, (struct span){token, SESSION_TOKEN_BYTES - 2}, NOW_MS, &session));
}

Test(sessions, it_ends_when_nothing_was_asked_for_long)
{
    sessions_open(sessions, "lin", SESSION_PASSWORD, NOW_MS, token, &session);
    cr_assert(is_in(NOW_MS + IDLE_MS - 1));
    cr_assert_str_eq(session.person, "lin");
    cr_assert(is_in(NOW_MS + 2 * IDLE_MS - 2), "it was used meanwhile");
    cr_assert_not(is_in(NOW_MS + 3 * IDLE_MS - 2));
}

Test(sessions, it_ends_at_its_longest_however_busy_and_when_the_clock_goes_back)
{
    sessions_open(sessions, "lin", SESSION_PASSWORD, NOW_MS, token, &session);
    for (int64_t now_ms = NOW_MS; now_ms < NOW_MS + LONGEST_MS; now_ms += IDLE_MS / 2)
        cr_assert(is_in(now_ms));
    cr_assert_eq(session.ends_ms, NOW_MS + LONGEST_MS);
    cr_assert_not(is_in(NOW_MS + LONGEST_MS));
    cr_assert_not(is_in(NOW_MS - 1));
}

Test(sessions, signing_out_ends_it_and_no_other)
{
    char other[SESSION_TOKEN_BYTES];

    sessions_open(sessions, "lin", SESSION_PASSWORD, NOW_MS, other, &session);
    sessions_open(sessions, "lin", SESSION_PASSWORD, NOW_MS, token, &session);
    sessions_close(sessions, span_of(token));
    cr_assert_not(is_in(NOW_MS));
    cr_assert(sessions_find(sessions, span_of(other), NOW_MS, &session));
    sessions_close_all(sessions, "wang");
    cr_assert(sessions_find(sessions, span_of(other), NOW_MS, &session));
    sessions_close_all(sessions, "lin");
    cr_assert_not(sessions_find(sessions, span_of(other), NOW_MS, &session));
}

Test(sessions, one_person_has_only_so_many_and_takes_nobody_elses)
{
    char first[SESSION_TOKEN_BYTES], others[SESSION_TOKEN_BYTES];

    sessions_open(sessions, "wang", SESSION_PASSWORD, NOW_MS - 10, others, &session);
    sessions_open(sessions, "lin", SESSION_PASSWORD, NOW_MS, first, &session);
    for (int i = 0; i < SESSIONS_PERSON_MAX; i++)
        sessions_open(sessions, "lin", SESSION_PASSWORD, NOW_MS + 1 + i, token, &session);
    cr_assert_not(sessions_find(sessions, span_of(first), NOW_MS + 9, &session));
    cr_assert(sessions_find(sessions, span_of(others), NOW_MS + 9, &session));
    cr_assert(is_in(NOW_MS + 9));
}

Test(sessions, when_all_are_taken_the_one_not_used_for_longest_ends)
{
    char first[SESSION_TOKEN_BYTES];

    sessions_open(sessions, "p", SESSION_PASSWORD, NOW_MS, first, &session);
    for (int i = 0; i < SESSIONS_MAX; i++) {
        char person[16];

        snprintf(person, sizeof person, "p%d", i);
        sessions_open(sessions, person, SESSION_PASSWORD, NOW_MS + 1, token, &session);
    }
    cr_assert_not(sessions_find(sessions, span_of(first), NOW_MS + 1, &session));
    cr_assert(is_in(NOW_MS + 1));
}

Test(sessions, another_process_sees_what_was_opened_after_the_fork)
{
    int pipe_fds[2];
    int status;
    pid_t child;

    cr_assert_eq(pipe(pipe_fds), 0);
    child = fork();
    if (child == 0) {
        struct session seen;
        char told[SESSION_TOKEN_BYTES];
        bool is_good = read(pipe_fds[0], told, sizeof told) == sizeof told &&
                       sessions_find(sessions, span_of(told), NOW_MS, &seen) && strcmp(seen.person, "lin") == 0;

        _exit(is_good ? 0 : 1);
    }
    sessions_open(sessions, "lin", SESSION_PASSWORD, NOW_MS, token, &session);
    cr_assert_eq(write(pipe_fds[1], token, sizeof token), sizeof token);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
}
