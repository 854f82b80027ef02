/* What has come in a turn is told ahead, together (http_server_options.ahead), and then answered as ever. The server is
 * stopped while requests are sent, so that one turn finds them all. */
#include "h2.h"

static struct fixture fixture;
static struct h2 client;

enum { MANY = 70 };
static int fds[MANY];

static void setup(void)
{
    fixture = (struct fixture){.limits = {.drain_ms = 5000}};
    test_folder_new(fixture.folder);
}

static void teardown(void)
{
    test_folder_remove(fixture.folder);
}

TestSuite(ahead, .init = setup, .fini = teardown, .timeout = 60);

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

/* Every connection has been heard once, and the server stands still. */
static void connect_all(int count)
{
    for (int i = 0; i < count; i++) {
        AUTO(buf_done) struct buf answer = BUF_INIT;

        fds[i] = fixture_connect(&fixture);
        fixture_send(fds[i], RAW(GET("/before")));
        cr_assert(fixture_read_until(fds[i], "GET /before 0 -", &answer), "%s", buf_text(&answer));
    }
    cr_assert_eq(kill(fixture.child, SIGSTOP), 0);
}

static void go_on(void)
{
    cr_assert_eq(kill(fixture.child, SIGCONT), 0);
}

static void expect_answer(int fd, const char *text)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;

    cr_expect(fixture_read_until(fd, text, &answer), "%s: %s", text, buf_text(&answer));
    cr_expect_eq(fixture_status(&answer), 200);
}

static void close_all(int count)
{
    for (int i = 0; i < count; i++)
        close(fds[i]);
}

static void expect_foretold(const char *text)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;

    fixture_talk(&fixture, RAW(GET("/foretold")), &answer);
    cr_expect_not_null(strstr(buf_text(&answer), text), "not %s: %s", text, buf_text(&answer));
}

Test(ahead, who_hangs_up_before_the_turn_is_not_missed)
{
    struct linger at_once = {1, 0};

    fixture_start(&fixture);
    connect_all(4);
    for (int i = 0; i < 4; i++)
        fixture_send(fds[i], RAW(GET("/one")));
    for (int i = 0; i < 4; i += 2) {
        setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(fds[i]); /* with a reset */
    }
    go_on();
    expect_answer(fds[1], "GET /one 0 -");
    expect_answer(fds[3], "GET /one 0 -");
    close(fds[1]);
    close(fds[3]);
    fixture_stop(&fixture);
}

Test(ahead, what_is_malformed_is_refused_among_others_and_not_told)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;

    fixture_start(&fixture);
    connect_all(3);
    fixture_send(fds[0], RAW(GET("/one")));
    fixture_send(fds[1], RAW("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"));
    fixture_send(fds[2], RAW(GET("/three")));
    go_on();
    expect_answer(fds[0], "GET /one 0 -");
    cr_expect(fixture_read_until(fds[1], "refused 400", &answer), "%s", buf_text(&answer));
    expect_answer(fds[2], "GET /three 0 -");
    close_all(3);
    expect_foretold("2, at most 2 at once");
    fixture_stop(&fixture);
}

Test(ahead, answers_of_a_turn_that_is_not_durable_are_all_refused)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;

    fixture.is_volatile = true;
    fixture_start(&fixture);
    for (int i = 0; i < 3; i++)
        fds[i] = fixture_connect(&fixture);
    usleep(100000);
    cr_assert_eq(kill(fixture.child, SIGSTOP), 0);
    for (int i = 0; i < 3; i++)
        fixture_send(fds[i], RAW(GET("/one") GET("/two")));
    go_on();
    for (int i = 0; i < 3; i++) {
        shutdown(fds[i], SHUT_WR);
        buf_clear(&answer);
        cr_assert_eq(fixture_read_all(fds[i], &answer), 0);
        cr_assert_null(strstr(buf_text(&answer), "200 OK"), "%s", buf_text(&answer));
        cr_assert_not_null(strstr(strstr(buf_text(&answer), "HTTP/1.1 503") + 1, "HTTP/1.1 503"), "%s",
                           buf_text(&answer));
    }
    close_all(3);
    fixture_stop(&fixture);
}

Test(ahead, requests_of_many_connections_are_told_together_in_groups)
{
    char text[64];

    fixture_start(&fixture);
    connect_all(MANY);
    for (int i = 0; i < MANY; i++) {
        int bytes = snprintf(text, sizeof text, "GET /n%d HTTP/1.1\r\nHost: a\r\n\r\n", i);

        fixture_send(fds[i], text, (size_t)bytes);
    }
    go_on();
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "GET /n%d 0 -", i);
        expect_answer(fds[i], text);
    }
    close_all(MANY);
    expect_foretold("70, at most 64 at once");
    fixture_stop(&fixture);
}

Test(ahead, a_pipeline_with_bodies_stays_in_order)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    const char *one, *two, *three;

    fixture_start(&fixture);
    connect_all(2);
    fixture_send(fds[0], RAW("POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd" GET("/two")
                                 GET("/three") "GET /fo"));
    fixture_send(fds[1], RAW(GET("/other")));
    go_on();
    expect_answer(fds[1], "GET /other 0 -");
    cr_assert(fixture_read_until(fds[0], "GET /three 0 -", &answer), "%s", buf_text(&answer));
    one = strstr(buf_text(&answer), "POST /one 4 -");
    two = strstr(buf_text(&answer), "GET /two 0 -");
    three = strstr(buf_text(&answer), "GET /three 0 -");
    cr_assert(one && two && one < two && two < three, "%s", buf_text(&answer));
    fixture_send(fds[0], RAW("ur HTTP/1.1\r\nHost: a\r\n\r\n"));
    expect_answer(fds[0], "GET /four 0 -");
    close_all(2);
    fixture_stop(&fixture);
}

Test(ahead, streams_of_one_connection_are_told_together)
{
    struct h2_answer *answers[20];
    size_t told, most;

    fixture.uses_tls = true;
    fixture_make_certificates(&fixture);
    fixture_start(&fixture);
    h2_meet(&client, &fixture, &(struct h2_options){0});
    cr_assert_eq(kill(fixture.child, SIGSTOP), 0);
    for (size_t i = 0; i < COUNT_OF(answers); i++)
        answers[i] = h2_get(&client, "/stream");
    h2_turn(&client, 0);
    go_on();
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        cr_assert(h2_until(&client, answers[i]->is_closed));
        cr_expect_eq(answers[i]->status, 200);
        cr_expect_not_null(strstr(buf_text(&answers[i]->body), "GET /stream"), "%s", buf_text(&answers[i]->body));
    }
    answers[0] = h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/foretold"});
    /* How many at once depends on how the client packs them into records. */
    cr_assert_eq(sscanf(buf_text(&answers[0]->body), "%zu, at most %zu at once", &told, &most), 2);
    cr_assert_eq(told, 20, "%zu", told);
    cr_assert_geq(most, 4, "%zu", most);
    h2_close(&client);
    fixture_stop(&fixture);
}

Test(ahead, without_anybody_to_tell_each_is_handled_as_it_comes)
{
    fixture.has_no_ahead = true;
    fixture_start(&fixture);
    connect_all(3);
    for (int i = 0; i < 3; i++)
        fixture_send(fds[i], RAW(GET("/one") GET("/two")));
    go_on();
    for (int i = 0; i < 3; i++)
        expect_answer(fds[i], "GET /two 0 -");
    close_all(3);
    expect_foretold("0, at most 0 at once");
    fixture_stop(&fixture);
}
