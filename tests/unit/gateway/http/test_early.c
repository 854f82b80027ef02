/* Requests to which the handler has no answer yet (http_reply.is_early): asked again, in nobody's way, forgotten when
 * their client goes, answered when the server is told to stop. */
#include "h2.h"

static struct fixture fixture;
static struct h2 client;

static void setup(void)
{
    fixture = (struct fixture){.limits = {.drain_ms = 5000}};
    test_folder_new(fixture.folder);
}

static void teardown(void)
{
    test_folder_remove(fixture.folder);
}

TestSuite(early, .init = setup, .fini = teardown, .timeout = 60);

#define EARLY(ms, more) "GET /early?ms=" ms " HTTP/1.1\r\nHost: a\r\n" more "\r\n"

static long handled(void)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    const char *body;

    fixture_talk(&fixture, RAW("GET /handled HTTP/1.1\r\nHost: a\r\n\r\n"), &answer);
    body = strstr(buf_text(&answer), "\r\n\r\n");
    cr_assert_not_null(body, "%s", buf_text(&answer));
    return strtol(body, NULL, 10);
}

/* --- HTTP/1.1 --- */

Test(early, whoever_hangs_up_is_not_asked_for_again_and_costs_nothing)
{
    struct linger at_once = {1, 0};
    double before;
    long asked;
    int fd;

    fixture_start(&fixture);
    fd = fixture_connect(&fixture);
    fixture_send(fd, RAW(EARLY("60000", "")));
    usleep(100000);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd); /* with a reset */
    usleep(100000);
    asked = handled();
    before = fixture_cpu_seconds(&fixture);
    usleep(3 * HTTP_AGAIN_MS * 1000);
    cr_assert_lt(fixture_cpu_seconds(&fixture) - before, 0.2, "it spins");
    cr_assert_eq(handled(), asked + 1, "only this question came since");
    fixture_stop(&fixture);
}

Test(early, told_to_stop_it_says_what_there_is)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    int64_t start_ms;
    int fd;

    fixture_start(&fixture);
    fd = fixture_connect(&fixture);
    fixture_send(fd, RAW(EARLY("60000", "")));
    usleep(100000);
    start_ms = time_monotonic_ms();
    close(fixture.stop_write);
    cr_assert_eq(fixture_read_all(fd, &answer), 0);
    cr_assert_not_null(strstr(buf_text(&answer), "too early"), "%s", buf_text(&answer));
    cr_assert_not_null(strstr(buf_text(&answer), "Connection: close"));
    fixture_wait(fixture.child);
    cr_assert_lt(time_monotonic_ms() - start_ms, 2500);
    close(fd);
}

Test(early, it_is_asked_again_and_answered)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    int64_t start_ms = time_monotonic_ms();
    int fd;

    fixture_start(&fixture);
    fd = fixture_connect(&fixture);
    fixture_send(fd, RAW("POST /early?ms=500 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab"));
    usleep(50000);
    fixture_send(fd, RAW("cd"));
    cr_assert(fixture_read_until(fd, "in time, body of 4", &answer), "%s", buf_text(&answer));
    cr_assert_geq(time_monotonic_ms() - start_ms, 500);
    buf_clear(&answer);
    fixture_send(fd, RAW("GET /next HTTP/1.1\r\nHost: a\r\n\r\n"));
    cr_assert(fixture_read_until(fd, "GET /next 0 -", &answer), "%s", buf_text(&answer));
    close(fd);
    fixture_stop(&fixture);
}

Test(early, what_was_sent_behind_it_comes_behind_it)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    const char *first, *second;
    int fd;

    fixture_start(&fixture);
    fd = fixture_connect(&fixture);
    fixture_send(fd, RAW("GET /before HTTP/1.1\r\nHost: a\r\n\r\n" EARLY(
                         "300", "X-Kept: b\r\n") "GET /behind HTTP/1.1\r\nHost: a\r\n\r\n"));
    cr_assert(fixture_read_until(fd, "GET /before", &answer), "%s", buf_text(&answer));
    cr_assert_null(strstr(buf_text(&answer), "GET /behind"));
    cr_assert(fixture_read_until(fd, "GET /behind", &answer), "%s", buf_text(&answer));
    first = strstr(buf_text(&answer), "in time");
    second = strstr(buf_text(&answer), "GET /behind");
    cr_assert(first && second && first < second, "%s", buf_text(&answer));
    close(fd);
    fixture_stop(&fixture);
}

Test(early, who_sends_no_more_still_gets_it)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;

    fixture_start(&fixture);
    fixture_talk(&fixture, RAW(EARLY("300", "")), &answer);
    cr_assert_not_null(strstr(buf_text(&answer), "in time"), "%s", buf_text(&answer));
    fixture_talk(&fixture, RAW(EARLY("300", "Connection: close\r\n")), &answer);
    cr_assert_not_null(strstr(buf_text(&answer), "in time"), "%s", buf_text(&answer));
    fixture_stop(&fixture);
}

Test(early, others_are_answered_meanwhile_and_nothing_spins)
{
    enum { MANY = 50 };
    AUTO(buf_done) struct buf answer = BUF_INIT;
    int fds[MANY];
    double before;

    fixture_start(&fixture);
    for (int i = 0; i < MANY; i++) {
        fds[i] = fixture_connect(&fixture);
        fixture_send(fds[i], RAW(EARLY("1200", "")));
    }
    (void)handled();
    before = fixture_cpu_seconds(&fixture);
    for (int i = 0; i < MANY; i++) {
        buf_clear(&answer);
        cr_assert(fixture_read_until(fds[i], "in time", &answer), "%d: %s", i, buf_text(&answer));
        close(fds[i]);
    }
    cr_assert_lt(fixture_cpu_seconds(&fixture) - before, 0.5);
    fixture_stop(&fixture);
}

static int wakes = -1;

/* Inherited by the server. */
static void open_wake(void)
{
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    fixture.wake_fd = ends[0];
    wakes = ends[1];
}

static void wake(char key)
{
    cr_assert_eq(write(wakes, &key, 1), 1);
}

/* How long whoever waits for key 7 says that he waited, when that came due soon after he asked. A machine that is busy
 * may be late: then once more. */
enum { TRIES = 10 };

static long waited(const struct buf *answer)
{
    const char *at = strstr(buf_text(answer), "waited=");

    cr_assert_not_null(at, "%s", buf_text(answer));
    if (strstr(at, "key=0 last=0."))
        return HTTP_AGAIN_MS; /* it was due before it was asked: the server is late */
    cr_assert_not_null(strstr(at, "key=7 last=0."), "%s", buf_text(answer));
    return strtol(at + strlen("waited="), NULL, 10);
}

Test(early, what_it_waits_for_is_there_and_it_is_asked_at_once)
{
    long least = HTTP_AGAIN_MS;

    open_wake();
    fixture_start(&fixture);
    for (int i = 0; i < TRIES && least >= HTTP_AGAIN_MS / 2; i++) {
        AUTO(buf_done) struct buf answer = BUF_INIT;
        int fd = fixture_connect(&fixture);

        wake(8);
        usleep(20000);
        fixture_send(fd, RAW("GET /woken?key=7 HTTP/1.1\r\nHost: a\r\n\r\n"));
        usleep(20000);
        wake(7);
        cr_assert(fixture_read_until(fd, "last=0.", &answer), "%s", buf_text(&answer));
        least = waited(&answer);
        close(fd);
    }
    cr_assert_lt(least, HTTP_AGAIN_MS / 2, "it was only asked when its time was over");
    fixture_stop(&fixture);
}

Test(early, what_others_wait_for_wakes_nobody)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    long asked;
    int fd;

    open_wake();
    fixture_start(&fixture);
    fd = fixture_connect(&fixture);
    fixture_send(fd, RAW("GET /woken?key=7 HTTP/1.1\r\nHost: a\r\n\r\n"));
    usleep(20000);
    asked = handled();
    for (int i = 0; i < 50; i++)
        wake(9);
    cr_assert_leq(handled() - asked, 3, "by time alone");
    wake(7);
    fixture_read_until(fd, "last=0.", &answer);
    close(fd);
    fixture_stop(&fixture);
}

Test(early, the_last_time_it_is_told_so)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    int fd;

    open_wake();
    fixture_start(&fixture);
    fd = fixture_connect(&fixture);
    fixture_send(fd, RAW("GET /woken?key=7 HTTP/1.1\r\nHost: a\r\n\r\n"));
    usleep(50000);
    close(fixture.stop_write);
    cr_assert_eq(fixture_read_all(fd, &answer), 0);
    cr_assert_not_null(strstr(buf_text(&answer), "key=7 last=1."), "%s", buf_text(&answer));
    fixture_wait(fixture.child);
    close(fd);
}

/* --- HTTP/2 --- */

static void start(void)
{
    fixture.uses_tls = true;
    fixture_make_certificates(&fixture);
    fixture_start(&fixture);
    h2_meet(&client, &fixture, &(struct h2_options){0});
}

Test(early, other_streams_do_not_wait_for_it)
{
    struct h2_answer *early, *other;

    start();
    early = h2_ask(&client, &(struct h2_request){.method = "GET", .path = "/early?ms=600"});
    other = h2_ask(&client, &(struct h2_request){.method = "GET", .path = "/other"});
    cr_assert(h2_until(&client, other->is_closed));
    cr_assert_not(early->is_closed);
    cr_assert(h2_until(&client, early->is_closed));
    cr_assert_eq(early->status, 200);
    cr_assert_not_null(strstr(buf_text(&early->body), "in time"), "%s", buf_text(&early->body));
    h2_close(&client);
    fixture_stop(&fixture);
}

Test(early, a_stream_is_asked_at_once_when_what_it_waits_for_is_there)
{
    long least = HTTP_AGAIN_MS;

    open_wake();
    start();
    for (int i = 0; i < TRIES && least >= HTTP_AGAIN_MS / 2; i++) {
        struct h2_answer *early;

        wake(8);
        usleep(20000);
        early = h2_ask(&client, &(struct h2_request){.method = "GET", .path = "/woken?key=7"});
        h2_turn(&client, 20);
        wake(7);
        cr_assert(h2_until(&client, early->is_closed));
        least = waited(&early->body);
    }
    cr_assert_lt(least, HTTP_AGAIN_MS / 2, "it was only asked when its time was over");
    h2_close(&client);
    fixture_stop(&fixture);
}

Test(early, a_stream_that_is_reset_is_not_asked_for_again)
{
    struct h2_answer *early, *count;
    long asked;

    start();
    early = h2_ask(&client, &(struct h2_request){.method = "GET", .path = "/early?ms=60000"});
    h2_turn(&client, 100);
    nghttp2_submit_rst_stream(client.session, NGHTTP2_FLAG_NONE, early->stream_id, NGHTTP2_CANCEL);
    h2_turn(&client, 100);
    count = h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/handled"});
    asked = strtol(buf_text(&count->body), NULL, 10);
    usleep(3 * HTTP_AGAIN_MS * 1000);
    count = h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/handled"});
    cr_assert_eq(strtol(buf_text(&count->body), NULL, 10), asked + 1);
    h2_close(&client);
    fixture_stop(&fixture);
}

Test(early, told_to_stop_it_says_what_there_is_on_each_stream)
{
    struct h2_answer *answers[5];
    int64_t start_ms;

    start();
    for (size_t i = 0; i < COUNT_OF(answers); i++)
        answers[i] = h2_ask(&client, &(struct h2_request){.method = "GET", .path = "/early?ms=60000"});
    h2_turn(&client, 100);
    h2_turn(&client, 100);
    start_ms = time_monotonic_ms();
    close(fixture.stop_write);
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        cr_assert(h2_until(&client, answers[i]->is_closed));
        cr_assert_not_null(strstr(buf_text(&answers[i]->body), "too early"), "%s", buf_text(&answers[i]->body));
    }
    h2_close(&client);
    fixture_wait(fixture.child);
    cr_assert_lt(time_monotonic_ms() - start_ms, 2500);
}
