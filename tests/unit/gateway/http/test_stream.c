/* Answers that go on (http_reply.is_stream): pieces as they are said, over HTTP/1.1 and HTTP/2. */
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

TestSuite(stream, .init = setup, .fini = teardown, .timeout = 60);

#define STREAM(query) "GET /stream?" query " HTTP/1.1\r\nHost: a\r\n\r\n"

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

Test(stream, whoever_goes_is_found_out_and_not_asked_for_again)
{
    long asked;
    int fd;

    fixture_start(&fixture);
    fd = fixture_connect(&fixture);
    fixture_send(fd, RAW(STREAM("pieces=1000")));
    usleep(100000);
    close(fd);
    usleep(5 * HTTP_AGAIN_MS * 1000); /* its second piece meets a reset */
    asked = handled();
    usleep(3 * HTTP_AGAIN_MS * 1000);
    cr_assert_eq(handled(), asked + 1, "only this question came since");
    fixture_stop(&fixture);
}

Test(stream, what_cannot_be_made_durable_never_begins)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    int fd;

    fixture.is_volatile = true;
    fixture_start(&fixture);
    fd = fixture_connect(&fixture);
    fixture_send(fd, RAW(STREAM("pieces=1000")));
    cr_assert(fixture_read_until(fd, "refused 503", &answer), "%s", buf_text(&answer));
    cr_assert_null(strstr(buf_text(&answer), "begun"));
    buf_clear(&answer);
    fixture_send(fd, RAW("GET /next HTTP/1.1\r\nHost: a\r\n\r\n"));
    cr_assert(fixture_read_until(fd, "refused 503", &answer), "%s", buf_text(&answer));
    close(fd);
    fixture_stop(&fixture);
}

Test(stream, told_to_stop_it_ends_whole)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    int64_t start_ms;
    int fd;

    fixture_start(&fixture);
    fd = fixture_connect(&fixture);
    fixture_send(fd, RAW(STREAM("pieces=1000")));
    cr_assert(fixture_read_until(fd, "begun", &answer), "%s", buf_text(&answer));
    start_ms = time_monotonic_ms();
    close(fixture.stop_write);
    cr_assert_eq(fixture_read_all(fd, &answer), 0);
    cr_assert_not_null(strstr(buf_text(&answer), "stopped\n\r\n0\r\n\r\n"), "%s", buf_text(&answer));
    fixture_wait(fixture.child);
    cr_assert_lt(time_monotonic_ms() - start_ms, 2500);
    close(fd);
}

Test(stream, pieces_come_as_they_are_said_and_the_connection_goes_on)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    int64_t start_ms = time_monotonic_ms();
    int fd;

    fixture_start(&fixture);
    fd = fixture_connect(&fixture);
    fixture_send(fd, RAW(STREAM("pieces=3") "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"));
    cr_assert(fixture_read_until(fd, "6\r\nbegun\n\r\n", &answer), "%s", buf_text(&answer));
    cr_assert_not_null(strstr(buf_text(&answer), "Transfer-Encoding: chunked\r\n"));
    cr_assert_not_null(strstr(buf_text(&answer), "Content-Type: text/event-stream\r\n"));
    cr_assert_null(strstr(buf_text(&answer), "Content-Length"));
    cr_assert_null(strstr(buf_text(&answer), "piece"), "it waits for what comes later");
    cr_assert(fixture_read_until(fd, "piece 1 of 3", &answer), "%s", buf_text(&answer));
    cr_assert_geq(time_monotonic_ms() - start_ms, HTTP_AGAIN_MS);
    cr_assert(fixture_read_until(fd, "GET /next 0 -", &answer), "%s", buf_text(&answer));
    cr_assert_not_null(strstr(buf_text(&answer), "d\r\npiece 2 of 3\n\r\n3\r\nend\r\n0\r\n\r\nHTTP/1.1 200 OK"), "%s",
                       buf_text(&answer));
    close(fd);
    fixture_stop(&fixture);
}

Test(stream, a_refusal_ends_it_without_a_word)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    int fd;

    fixture_start(&fixture);
    fd = fixture_connect(&fixture);
    fixture_send(fd, RAW(STREAM("pieces=50")));
    cr_assert(fixture_read_until(fd, "0\r\n\r\n", &answer), "%s", buf_text(&answer));
    cr_assert_not_null(strstr(buf_text(&answer), "piece 11 of 50\n\r\n0\r\n\r\n"), "%s", buf_text(&answer));
    close(fd);
    fixture_stop(&fixture);
}

Test(stream, of_head_and_of_old_clients_the_first_piece_is_all)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;

    fixture_start(&fixture);
    fixture_talk(&fixture, RAW("HEAD /stream?pieces=9 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), &answer);
    cr_assert_null(strstr(buf_text(&answer), "begun"), "%s", buf_text(&answer));
    buf_clear(&answer);
    fixture_talk(&fixture, RAW("GET /stream?pieces=9 HTTP/1.0\r\n\r\n"), &answer);
    cr_assert_not_null(strstr(buf_text(&answer), "Content-Length: 6\r\n"), "%s", buf_text(&answer));
    cr_assert_null(strstr(buf_text(&answer), "piece"));
    fixture_stop(&fixture);
}

Test(stream, many_of_them_cost_next_to_nothing)
{
    enum { MANY = 50 };
    AUTO(buf_done) struct buf answer = BUF_INIT;
    int fds[MANY];
    double before;

    fixture_start(&fixture);
    for (int i = 0; i < MANY; i++) {
        fds[i] = fixture_connect(&fixture);
        fixture_send(fds[i], RAW(STREAM("pieces=5")));
    }
    (void)handled();
    before = fixture_cpu_seconds(&fixture);
    for (int i = 0; i < MANY; i++) {
        buf_clear(&answer);
        cr_assert(fixture_read_until(fds[i], "end", &answer), "%d: %s", i, buf_text(&answer));
        close(fds[i]);
    }
    cr_assert_lt(fixture_cpu_seconds(&fixture) - before, 0.5);
    fixture_stop(&fixture);
}

/* --- HTTP/2 --- */

static void start(const struct h2_options *options)
{
    fixture.uses_tls = true;
    fixture_make_certificates(&fixture);
    fixture_start(&fixture);
    h2_meet(&client, &fixture, options);
}

static bool has(const struct h2_answer *answer, const char *text)
{
    buf_text(&((struct h2_answer *)(uintptr_t)answer)->body);
    return answer->body.bytes > 0 && strstr(answer->body.data, text);
}

Test(stream, other_streams_go_on_beside_it)
{
    struct h2_answer *stream, *other;

    start(&(struct h2_options){0});
    stream = h2_ask(&client, &(struct h2_request){.method = "GET", .path = "/stream?pieces=3"});
    cr_assert(h2_until(&client, has(stream, "begun\n")));
    cr_assert_null(strstr(buf_text(&stream->text), "content-length"), "%s", buf_text(&stream->text));
    other = h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/other"});
    cr_assert_eq(other->status, 200);
    cr_assert_not(stream->has_ended);
    cr_assert(h2_until(&client, stream->is_closed));
    cr_assert_str_eq(buf_text(&stream->body), "begun\npiece 1 of 3\npiece 2 of 3\nend");
    cr_assert_eq(stream->code, NGHTTP2_NO_ERROR);
    h2_close(&client);
    fixture_stop(&fixture);
}

Test(stream, a_stream_that_is_reset_is_not_asked_for_again_nor_one_that_is_refused)
{
    struct h2_answer *stream, *count;
    long asked;

    start(&(struct h2_options){0});
    stream = h2_ask(&client, &(struct h2_request){.method = "GET", .path = "/stream?pieces=1000"});
    cr_assert(h2_until(&client, has(stream, "piece 1 ")));
    nghttp2_submit_rst_stream(client.session, NGHTTP2_FLAG_NONE, stream->stream_id, NGHTTP2_CANCEL);
    h2_turn(&client, 100);
    count = h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/handled"});
    asked = strtol(buf_text(&count->body), NULL, 10);
    usleep(3 * HTTP_AGAIN_MS * 1000);
    count = h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/handled"});
    cr_assert_eq(strtol(buf_text(&count->body), NULL, 10), asked + 1);
    stream = h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/stream?pieces=50"});
    cr_assert(has(stream, "piece 11 of 50\n"));
    cr_assert_not(has(stream, "piece 12"));
    h2_close(&client);
    fixture_stop(&fixture);
}

Test(stream, told_to_stop_each_stream_ends_whole)
{
    struct h2_answer *answers[5];

    start(&(struct h2_options){0});
    for (size_t i = 0; i < COUNT_OF(answers); i++)
        answers[i] = h2_ask(&client, &(struct h2_request){.method = "GET", .path = "/stream?pieces=1000"});
    for (size_t i = 0; i < COUNT_OF(answers); i++)
        cr_assert(h2_until(&client, has(answers[i], "begun")));
    close(fixture.stop_write);
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        cr_assert(h2_until(&client, answers[i]->is_closed));
        cr_assert(has(answers[i], "stopped\n"), "%s", buf_text(&answers[i]->body));
        cr_assert_eq(answers[i]->code, NGHTTP2_NO_ERROR);
    }
    h2_close(&client);
    fixture_wait(fixture.child);
}

Test(stream, what_cannot_be_made_durable_never_begins_on_a_stream)
{
    struct h2_answer *stream;

    fixture.is_volatile = true;
    start(&(struct h2_options){0});
    stream = h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/stream?pieces=1000"});
    cr_assert_eq(stream->status, 503);
    cr_assert_not(has(stream, "begun"));
    h2_close(&client);
    fixture_stop(&fixture);
}

/* Its window takes less than a piece: nothing is lost, nothing is doubled, and the server does not heap up. */
Test(stream, a_slow_reader_gets_every_piece_whole)
{
    struct h2_answer *stream;

    start(&(struct h2_options){.window = 1000});
    stream = h2_ask(&client, &(struct h2_request){.method = "GET", .path = "/stream?pieces=4&bytes=50000"});
    cr_assert(h2_until(&client, stream->is_closed));
    cr_assert_eq(stream->body.bytes, 6 + 3 * (13 + 50000) + 3 + 50000, "%zu", stream->body.bytes);
    h2_close(&client);
    fixture_stop(&fixture);
}

Test(stream, who_takes_nothing_is_cut_off)
{
    struct h2_answer *stream;

    fixture.limits.write_ms = 500;
    start(&(struct h2_options){.is_slow = true, .window = 1000});
    stream = h2_ask(&client, &(struct h2_request){.method = "GET", .path = "/stream?pieces=1000&bytes=50000"});
    cr_assert(h2_until(&client, stream->is_closed));
    cr_assert_neq(stream->code, NGHTTP2_NO_ERROR);
    h2_close(&client);
    fixture_stop(&fixture);
}
