/* The server as a process among others: limits, sockets, stopping. */
#include "fixture.h"

#include <fcntl.h>

static struct fixture fixture;

static void setup(void)
{
    fixture = (struct fixture){.limits = {.drain_ms = 5000}};
    test_folder_new(fixture.folder);
}

static void teardown(void)
{
    test_folder_remove(fixture.folder);
}

TestSuite(server, .init = setup, .fini = teardown, .timeout = 120);

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

static bool answers(int fd)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;

    return send(fd, GET, sizeof GET - 1, MSG_NOSIGNAL) > 0 && fixture_read_until(fd, "GET / 0 -", &answer);
}

static bool is_closed(int fd)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;

    return fixture_read_all(fd, &answer) == 0;
}

Test(server, a_connection_above_the_limit_waits_for_a_place)
{
    int fds[4];

    fixture.limits.connections = 3;
    fixture_start(&fixture);
    for (int i = 0; i < 3; i++) {
        fds[i] = fixture_connect(&fixture);
        cr_assert(answers(fds[i]));
    }
    fds[3] = fixture_connect(&fixture);
    close(fds[0]);
    cr_assert(answers(fds[3]), "the fourth takes the place of the first");
    for (int i = 1; i < 4; i++)
        close(fds[i]);
    fixture_stop(&fixture);
}

Test(server, who_has_been_idle_longest_makes_room)
{
    int old;
    int new;

    fixture.limits.connections = 1;
    fixture_start(&fixture);
    old = fixture_connect(&fixture);
    cr_assert(answers(old));
    usleep(1200000);
    new = fixture_connect(&fixture);
    cr_assert(answers(new));
    cr_assert(is_closed(old));
    close(old);
    close(new);
    fixture_stop(&fixture);
}

Test(server, without_descriptors_it_waits_and_does_not_spin)
{
    enum { CLIENTS = 60 };
    int fds[CLIENTS];
    double before;

    fixture.descriptors = 32;
    fixture_start(&fixture);
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = fixture_connect(&fixture); /* the kernel takes them in */
    cr_assert(answers(fds[0]));
    before = fixture_cpu_seconds(&fixture);
    usleep(700000);
    cr_assert_lt(fixture_cpu_seconds(&fixture) - before, 0.2);
    for (int i = 0; i < CLIENTS - 1; i++)
        close(fds[i]);
    cr_assert(answers(fds[CLIENTS - 1]), "there is room again");
    close(fds[CLIENTS - 1]);
    fixture_stop(&fixture);
}

Test(server, told_to_stop_it_finishes_what_is_in_flight)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    int idle;
    int busy;

    fixture_start(&fixture);
    idle = fixture_connect(&fixture);
    busy = fixture_connect(&fixture);
    cr_assert(answers(idle));
    fixture_send(busy, RAW("POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab"));
    usleep(100000);
    close(fixture.stop_write);
    cr_assert(is_closed(idle), "nothing keeps an idle one");
    fixture_send(busy, RAW("cd"));
    cr_assert_eq(fixture_read_all(busy, &answer), 0);
    cr_assert_not_null(strstr(buf_text(&answer), "POST /late 4 -"), "%s", buf_text(&answer));
    cr_assert_not_null(strstr(buf_text(&answer), "Connection: close"));
    fixture_wait(fixture.child);
    close(idle);
    close(busy);
}

Test(server, a_request_sent_before_the_stop_is_answered)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    int fd;

    fixture_start(&fixture);
    fd = fixture_connect(&fixture);
    cr_assert(answers(fd));
    kill(fixture.child, SIGSTOP);
    fixture_send(fd, RAW(GET));
    close(fixture.stop_write);
    kill(fixture.child, SIGCONT);
    cr_assert_eq(fixture_read_all(fd, &answer), 0);
    cr_assert_eq(fixture_status(&answer), 200);
    fixture_wait(fixture.child);
    close(fd);
}

Test(server, it_does_not_wait_for_ever_for_what_is_in_flight)
{
    int64_t start_ms;
    int fd;

    fixture.limits.drain_ms = 300;
    fixture_start(&fixture);
    fd = fixture_connect(&fixture);
    fixture_send(fd, RAW("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab"));
    usleep(100000);
    start_ms = time_monotonic_ms();
    fixture_stop(&fixture);
    cr_assert_lt(time_monotonic_ms() - start_ms, 5000);
    close(fd);
}

Test(server, two_processes_share_a_socket_and_one_may_stop)
{
    int stop_write;
    pid_t other;

    fixture_listen(&fixture);
    fixture.child = fixture_spawn(&fixture, &fixture.stop_write);
    other = fixture_spawn(&fixture, &stop_write);
    close(fixture.listening);
    close(stop_write);
    fixture_wait(other);
    for (int i = 0; i < 20; i++) {
        int fd = fixture_connect(&fixture);

        cr_assert(answers(fd));
        close(fd);
    }
    fixture_stop(&fixture);
}

static long memory_of(const struct fixture *of)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    const char *body;

    fixture_talk(of, RAW("GET /memory HTTP/1.1\r\nHost: a\r\n\r\n"), &answer);
    body = strstr(buf_text(&answer), "\r\n\r\n");
    return body ? strtol(body + 4, NULL, 10) : -1;
}

Test(server, a_large_body_goes_to_a_file_and_memory_stays_flat)
{
    enum { PIECE = 65536, PIECES = 1600 };
    AUTO(buf_done) struct buf answer = BUF_INIT;
    AUTO(buf_done) struct buf head = BUF_INIT;
    char *piece = memory_new(PIECE);
    long before;
    int fd;

    fixture_start(&fixture);
    before = memory_of(&fixture);
    fd = fixture_connect(&fixture);
    buf_addf(&head, "POST /spool HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", PIECE * PIECES);
    fixture_send(fd, head.data, head.bytes);
    for (int i = 0; i < PIECES; i++)
        fixture_send(fd, piece, PIECE);
    cr_assert(fixture_read_until(fd, "POST /spool 104857600 -", &answer), "%s", buf_text(&answer));
    cr_assert_lt(memory_of(&fixture) - before, 20 * 1024, "in KiB");
    close(fd);
    free(piece);
    fixture_stop(&fixture);
}

Test(server, all_bodies_together_have_a_limit)
{
    AUTO(buf_done) struct buf body = BUF_INIT;
    AUTO(buf_done) struct buf answer = BUF_INIT;
    int fds[3];

    fixture.limits.body_bytes = 100000;
    fixture.limits.bodies_bytes = 150000;
    fixture_start(&fixture);
    buf_addf(&body, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 80000\r\n\r\n%070000d", 0);
    for (int i = 0; i < 3; i++) {
        fds[i] = fixture_connect(&fixture);
        fixture_send(fds[i], body.data, body.bytes);
        usleep(100000);
    }
    fixture_read_until(fds[2], "\r\n", &answer);
    cr_assert_eq(fixture_status(&answer), 503, "%s", buf_text(&answer));
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    fixture_stop(&fixture);
}

Test(server, who_comes_by_the_local_socket_is_known)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    AUTO(buf_done) struct buf expected = BUF_INIT;

    fixture.is_local = true;
    fixture_start(&fixture);
    fixture_talk(&fixture, RAW("GET /peer HTTP/1.1\r\nHost: a\r\n\r\n"), &answer);
    buf_addf(&expected, "\r\n\r\n1 %u %d", getuid(), getpid());
    cr_assert_not_null(strstr(buf_text(&answer), expected.data), "%s", buf_text(&answer));
    fixture_stop(&fixture);
}

Test(server, a_stale_local_socket_is_replaced_but_a_live_one_is_not)
{
    AUTO(text_free) char *path = path_join(fixture.folder, "socket");
    AUTO(text_free) char *file = path_join(fixture.folder, "file");
    int first;
    int second;

    cr_assert(http_listen_unix(path, 0600, &first, &fixture.err));
    cr_assert_not(http_listen_unix(path, 0600, &second, &fixture.err), "someone listens");
    cr_assert_eq(fixture.err.code, ERR_CONFLICT);
    close(first);
    cr_assert(http_listen_unix(path, 0600, &second, &fixture.err), "%s", fixture.err.text);
    close(second);
    cr_assert(file_write(file, SPAN("x"), 0600, &fixture.err));
    cr_assert_not(http_listen_unix(file, 0600, &second, &fixture.err), "a file is not ours to remove");
    cr_assert(file_exists(file));
}

Test(server, an_address_that_is_taken_or_no_address_is_refused)
{
    uint16_t port = 0;
    int first;
    int second;

    cr_assert_not(http_listen_tcp("localhost", &port, &first, &fixture.err), "numeric only");
    cr_assert(http_listen_tcp("127.0.0.1", &port, &first, &fixture.err));
    cr_assert_neq(port, 0);
    cr_assert_not(http_listen_tcp("127.0.0.1", &port, &second, &fixture.err));
    cr_assert_eq(fixture.err.code, ERR_CONFLICT);
    close(first);
}
