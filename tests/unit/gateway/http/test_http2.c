/* HTTP/2 as it should be spoken (RFC 9113): answers, bodies, flow control, limits. */
#include "h2.h"

static struct fixture fixture;
static struct h2 client;

static void setup(void)
{
    fixture = (struct fixture){
        .uses_tls = true,
        .limits = {
            .body_bytes = 700000, .header_bytes = 4096, .header_count = 20, .target_bytes = 1000, .streams = 20}};
    test_folder_new(fixture.folder);
    fixture_make_certificates(&fixture);
}

static void teardown(void)
{
    h2_close(&client);
    test_folder_remove(fixture.folder);
}

TestSuite(http2, .init = setup, .fini = teardown, .timeout = 60);

static void start(void)
{
    fixture_start(&fixture);
    h2_meet(&client, &fixture, &(struct h2_options){0});
}

static void stop(void)
{
    h2_close(&client);
    fixture_stop(&fixture);
}

static char *letters(size_t bytes)
{
    char *text = memory_new(bytes + 1);

    for (size_t i = 0; i < bytes; i++)
        text[i] = fixture_letter(i);
    return text;
}

static void expect_refused(const char *what, struct h2_answer *answer, int status)
{
    cr_expect(h2_until(&client, answer->is_closed), "%s: no answer", what);
    cr_expect_eq(answer->status, status, "%s: %d %s", what, answer->status, buf_text(&answer->body));
    cr_expect_not_null(strstr(buf_text(&answer->body), "refused"), "%s: %s", what, buf_text(&answer->body));
}

Test(http2, what_is_too_much_of_a_head_is_refused_and_the_connection_lives)
{
    AUTO(text_free) char *path = letters(1500);
    AUTO(text_free) char *value = letters(6000);
    struct h2_request request = {.method = "GET", .path = "/"};
    struct h2_answer *good;

    path[0] = '/';
    fixture.limits.header_count = 6;
    start();
    expect_refused("a long target", h2_get(&client, path), 414);
    request.headers[0] = "x";
    request.headers[1] = value;
    expect_refused("long headers", h2_ask(&client, &request), 431);
    for (size_t i = 0; i < 2 * H2_HEADERS; i += 2) {
        request.headers[i] = "x";
        request.headers[i + 1] = "y";
    }
    expect_refused("many headers", h2_ask(&client, &request), 431);
    good = h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/good"});
    cr_assert_eq(good->status, 200);
    stop();
}

Test(http2, a_head_that_is_wrong_is_refused_and_never_handled)
{
    static const struct {
        struct h2_request request;
        int status;
    } WRONG[] = {
        {{.method = "FROB", .path = "/"}, 501},
        {{.method = "TRACE", .path = "/"}, 501},
        {{.method = "get", .path = "/"}, 501},
        {{.method = "OPTIONS", .path = "*"}, 400},
        {{.method = "GET", .path = "/a/../b"}, 400},
        {{.method = "GET", .path = "/a%2Fb"}, 400},
        {{.method = "GET", .path = "/a%00b"}, 400},
        {{.method = "GET", .path = "/?%zz"}, 400},
        {{.method = "GET", .path = "/#a"}, 400},
        {{.method = "GET", .path = "/", .headers = {"host", "b"}}, 400},
        {{.method = "GET", .path = "/", .headers = {"expect", "wonders"}}, 417},
        {{.method = "GET", .path = "/", .headers = {"content-type", "a", "content-type", "b"}}, 400},
        {{.method = "GET", .path = "/", .headers = {"authorization", "a", "authorization", "a"}}, 400},
        {{.method = "POST", .path = "/", .is_endless = true, .headers = {"content-length", "700001"}}, 413},
    };
    struct h2_answer *handled;

    start();
    for (size_t i = 0; i < COUNT_OF(WRONG); i++)
        expect_refused(WRONG[i].request.path, h2_ask(&client, &WRONG[i].request), WRONG[i].status);
    handled = h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/handled"});
    cr_assert_str_eq(buf_text(&handled->body), "1");
    stop();
}

Test(http2, a_body_above_the_limit_is_refused_and_the_rest_of_it_waved_away)
{
    AUTO(text_free) char *body = letters(2000000);
    struct h2_answer *refused;
    struct h2_answer *good;

    start();
    refused = h2_ask(&client, &(struct h2_request){.method = "POST", .path = "/", .body = {body, 2000000}});
    expect_refused("no length said", refused, 413);
    cr_expect(refused->upload.bytes > 0, "not all of it may be taken");
    cr_expect_eq(refused->code, (uint32_t)NGHTTP2_NO_ERROR, "RFC 9113 section 8.1");
    good = h2_fetch(&client, &(struct h2_request){.method = "POST", .path = "/", .body = {body, 700000}});
    cr_assert_not_null(strstr(buf_text(&good->body), "POST / 700000 "), "%s", buf_text(&good->body));
    stop();
}

Test(http2, all_bodies_together_have_a_limit)
{
    AUTO(text_free) char *body = letters(80000);
    struct h2_request request = {.method = "POST", .path = "/", .body = {body, 80000}, .is_endless = true};
    struct h2_answer *answers[3];
    struct h2_answer *good;

    fixture.limits.bodies_bytes = 200000;
    start();
    for (int i = 0; i < 3; i++) {
        answers[i] = h2_ask(&client, &request);
        cr_assert(h2_until(&client, answers[i]->upload.bytes == 0));
    }
    cr_assert(h2_until(&client, answers[2]->is_closed));
    cr_expect_eq(answers[2]->status, 503);
    cr_expect_not_null(strstr(buf_text(&answers[2]->text), "retry-after: 1\n"));
    for (int i = 0; i < 2; i++)
        nghttp2_submit_rst_stream(client.session, NGHTTP2_FLAG_NONE, answers[i]->stream_id, NGHTTP2_CANCEL);
    request.is_endless = false;
    good = h2_fetch(&client, &request);
    cr_assert_eq(good->status, 200, "what was given up holds nothing any more");
    stop();
}

/* However many connections share them: a client may try a refused stream again (RFC 9113 section 8.7). */
Test(http2, all_requests_being_received_together_have_a_limit)
{
    struct h2_request request = {.method = "POST", .path = "/", .body = {"ab", 2}, .is_endless = true};
    struct h2_answer *answers[6];
    size_t refused = 0;

    fixture.limits.connections = 2;
    start();
    for (int i = 0; i < 6; i++) {
        answers[i] = h2_ask(&client, &request);
        h2_turn(&client, 20);
    }
    cr_assert(h2_until(&client, answers[5]->is_closed));
    for (int i = 0; i < 6; i++)
        refused += answers[i]->is_closed && answers[i]->code == NGHTTP2_REFUSED_STREAM;
    cr_assert_eq(refused, 1, "%zu", refused);
    nghttp2_submit_rst_stream(client.session, NGHTTP2_FLAG_NONE, answers[0]->stream_id, NGHTTP2_CANCEL);
    cr_assert_eq(h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/"})->status, 200);
    stop();
}

Test(http2, every_answer_of_a_turn_that_is_not_durable_becomes_503)
{
    struct h2_answer *answers[10];

    fixture.is_volatile = true;
    start();
    for (int i = 0; i < 10; i++)
        answers[i] = i == 3 ? h2_ask(&client, &(struct h2_request){.method = "HEAD", .path = "/"})
                            : h2_get(&client, i == 5 ? "/big?bytes=300000" : "/");
    for (int i = 0; i < 10; i++) {
        cr_assert(h2_until(&client, answers[i]->is_closed));
        cr_expect_eq(answers[i]->status, 503);
        cr_expect_null(strstr(buf_text(&answers[i]->text), "x-made-by"), "the handler's words must not leave");
        cr_expect_not_null(strstr(buf_text(&answers[i]->text), "retry-after: 1\n"));
        if (i == 3)
            cr_expect_eq(answers[i]->body.bytes, 0, "HEAD has no body");
        else
            cr_expect_not_null(strstr(buf_text(&answers[i]->body), "refused 503"));
    }
    stop();
}

Test(http2, a_request_is_answered)
{
    struct h2_answer *answer;

    start();
    answer = h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/a%20b?c=d", .headers = {"x-y", "z"}});
    cr_assert_eq(answer->status, 200);
    cr_assert_eq(answer->code, 0);
    cr_assert_str_eq(buf_text(&answer->body), "GET /a b 0 CN=bank");
    cr_assert_not_null(strstr(buf_text(&answer->text), "content-type: application/json\n"));
    cr_assert_not_null(strstr(buf_text(&answer->text), "content-length: 18\n"));
    cr_assert_not_null(strstr(buf_text(&answer->text), "x-made-by: fixture\n"));
    cr_assert_not_null(strstr(buf_text(&answer->text), "date: "));
    cr_assert_null(strstr(buf_text(&answer->text), "connection"), "RFC 9113 section 8.2.2");
    stop();
}

Test(http2, every_header_of_the_answer_leaves)
{
    struct h2_answer *answer;
    size_t count = 0;

    start();
    answer = h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/headers"});
    for (const char *at = buf_text(&answer->text); (at = strstr(at, "x-again: once more\n")); at++)
        count++;
    cr_assert_eq(count, 40);
    stop();
}

Test(http2, head_is_get_without_the_body)
{
    struct h2_answer *answer;

    start();
    answer = h2_fetch(&client, &(struct h2_request){.method = "HEAD", .path = "/big?bytes=300000"});
    cr_assert_eq(answer->status, 200);
    cr_assert_eq(answer->body.bytes, 0);
    cr_assert_not_null(strstr(buf_text(&answer->text), "content-length: 300000\n"));
    /* What is not sent must not count as unsent for ever. */
    for (int i = 0; i < 5; i++) {
        answer = h2_fetch(&client, &(struct h2_request){.method = "HEAD", .path = "/big?bytes=300000"});
        cr_assert_eq(answer->status, 200);
    }
    stop();
}

Test(http2, a_dropped_reply_ends_its_stream_only)
{
    struct h2_answer *dropped;
    struct h2_answer *kept;

    start();
    dropped = h2_get(&client, "/drop");
    kept = h2_get(&client, "/kept");
    cr_assert(h2_until(&client, dropped->is_closed && kept->is_closed));
    cr_assert_eq(dropped->code, (uint32_t)NGHTTP2_INTERNAL_ERROR);
    cr_assert_eq(dropped->status, 0);
    cr_assert_eq(kept->status, 200);
    stop();
}

Test(http2, many_streams_at_once_are_answered_each_with_its_own)
{
    struct h2_answer *answers[200];
    char paths[200][40];

    start();
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        snprintf(paths[i], sizeof paths[i], i % 3 ? "/n%zu" : "/big?bytes=%zu", i % 3 ? i : i * 100);
        answers[i] = h2_get(&client, paths[i]);
    }
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        cr_assert(h2_until(&client, answers[i]->is_closed));
        cr_assert_eq(answers[i]->status, 200);
        if (i % 3)
            cr_assert_eq(strncmp(buf_text(&answers[i]->body) + 4, paths[i], strlen(paths[i])), 0);
        else
            cr_assert(h2_is_good_letters(answers[i], i * 100));
    }
    stop();
}

Test(http2, uploads_and_answers_share_the_connection)
{
    AUTO(text_free) char *body = letters(600000);
    AUTO(buf_done) struct buf sum = BUF_INIT;
    struct http_request same = {.body = {body, 600000}, .body_fd = -1};
    struct h2_answer *answers[6];

    fixture_add_sum(&same, &sum);
    start();
    for (int i = 0; i < 6; i++)
        answers[i] =
            i % 2 ? h2_get(&client, "/big?bytes=900000")
                  : h2_ask(&client, &(struct h2_request){.method = "POST", .path = "/x?sum", .body = {body, 600000}});
    for (int i = 0; i < 6; i++) {
        cr_assert(h2_until(&client, answers[i]->is_closed));
        if (i % 2)
            cr_assert(h2_is_good_letters(answers[i], 900000));
        else
            cr_assert_not_null(strstr(buf_text(&answers[i]->body), sum.data), "%s", buf_text(&answers[i]->body));
    }
    stop();
}

Test(http2, a_small_window_only_makes_it_slower)
{
    struct h2_answer *one;
    struct h2_answer *two;

    fixture_start(&fixture);
    h2_meet(&client, &fixture, &(struct h2_options){.window = 1000});
    one = h2_get(&client, "/big?bytes=300000");
    two = h2_get(&client, "/big?bytes=299999");
    cr_assert(h2_until(&client, one->is_closed && two->is_closed));
    cr_assert(h2_is_good_letters(one, 300000));
    cr_assert(h2_is_good_letters(two, 299999));
    stop();
}

Test(http2, a_window_of_zero_is_waited_for)
{
    nghttp2_settings_entry wide = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 100000};
    nghttp2_settings_entry none = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0};
    struct h2_answer *answer;

    start();
    nghttp2_submit_settings(client.session, NGHTTP2_FLAG_NONE, &none, 1);
    answer = h2_get(&client, "/big?bytes=50000");
    cr_assert(h2_until(&client, answer->status == 200));
    for (int i = 0; i < 5; i++)
        h2_turn(&client, 20);
    cr_assert_eq(answer->body.bytes, 0);
    nghttp2_submit_settings(client.session, NGHTTP2_FLAG_NONE, &wide, 1);
    cr_assert(h2_until(&client, answer->is_closed));
    cr_assert(h2_is_good_letters(answer, 50000));
    stop();
}

static long server_memory_kib(struct h2 *h2)
{
    struct h2_answer *answer = h2_fetch(h2, &(struct h2_request){.method = "GET", .path = "/memory"});

    cr_assert_eq(answer->status, 200);
    return strtol(buf_text(&answer->body), NULL, 10);
}

/* Twenty streams, a megabyte each, and nobody takes them: no more than `unsent_bytes` (and one answer) are made. */
Test(http2, answers_that_nobody_takes_are_not_even_made)
{
    struct h2_answer *answers[20];
    struct h2 *other = memory_new(sizeof *other);
    struct h2_answer *handled;

    fixture.limits.unsent_bytes = 1500000;
    fixture_start(&fixture);
    h2_meet(other, &fixture, &(struct h2_options){0});
    h2_meet(&client, &fixture, &(struct h2_options){.is_slow = true});
    for (size_t i = 0; i < COUNT_OF(answers); i++)
        answers[i] = h2_get(&client, "/big?bytes=1000000");
    cr_assert(h2_until(&client, answers[1]->status == 200));
    for (int i = 0; i < 20; i++)
        h2_turn(&client, 10);
    handled = h2_fetch(other, &(struct h2_request){.method = "GET", .path = "/handled"});
    cr_assert_str_eq(buf_text(&handled->body), "3", "two answers, and this");
    /* Now it takes them. */
    nghttp2_submit_window_update(client.session, NGHTTP2_FLAG_NONE, 0, 100000000);
    for (size_t i = 0; i < COUNT_OF(answers); i++)
        nghttp2_submit_window_update(client.session, NGHTTP2_FLAG_NONE, answers[i]->stream_id, 2000000);
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        cr_assert(h2_until(&client, answers[i]->is_closed));
        cr_assert(h2_is_good_letters(answers[i], 1000000), "%zu", i);
    }
    h2_close(other);
    free(other);
    stop();
}

Test(http2, a_spooled_body_goes_to_a_file_and_memory_stays_flat)
{
    enum { BYTES = 60 * 1000 * 1000 };
    AUTO(text_free) char *body = letters(BYTES);
    AUTO(buf_done) struct buf sum = BUF_INIT;
    struct http_request same = {.body = {body, BYTES}, .body_fd = -1};
    struct h2_answer *answer;
    long before;

    fixture_add_sum(&same, &sum);
    start();
    before = server_memory_kib(&client);
    answer = h2_fetch(&client, &(struct h2_request){.method = "POST", .path = "/spool?sum", .body = {body, BYTES}});
    cr_assert_eq(answer->status, 200);
    cr_assert_not_null(strstr(buf_text(&answer->body), "POST /spool 60000000 "));
    cr_assert_not_null(strstr(buf_text(&answer->body), sum.data));
    cr_assert_lt(server_memory_kib(&client) - before, 20 * 1024, "in KiB");
    stop();
}

Test(http2, who_expects_to_be_told_to_go_on_is_told)
{
    struct h2_answer *answer;

    start();
    answer = h2_ask(
        &client,
        &(struct h2_request){.method = "POST", .path = "/", .is_endless = true, .headers = {"expect", "100-continue"}});
    cr_assert(h2_until(&client, answer->interim == 100));
    answer->upload = SPAN("ab");
    answer->is_endless = false;
    nghttp2_session_resume_data(client.session, answer->stream_id);
    cr_assert(h2_until(&client, answer->is_closed));
    cr_assert_not_null(strstr(buf_text(&answer->body), "POST / 2 "));
    stop();
}

Test(http2, an_empty_body_is_a_body)
{
    struct h2_answer *answer;

    start();
    answer = h2_fetch(&client, &(struct h2_request){.method = "POST", .path = "/", .has_body = true});
    cr_assert_eq(answer->status, 200);
    cr_assert_not_null(strstr(buf_text(&answer->body), "POST / 0 "));
    stop();
}

static ssize_t end_with_trailer(nghttp2_session *session, int32_t stream_id, uint8_t *out, size_t room, uint32_t *flags,
                                nghttp2_data_source *source, void *context)
{
    nghttp2_nv trailer = h2_pair("x-sum", "1");

    (void)room;
    (void)source;
    (void)context;
    memcpy(out, "abc", 3);
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    cr_assert_eq(nghttp2_submit_trailer(session, stream_id, &trailer, 1), 0);
    return 3;
}

Test(http2, trailers_are_passed_over)
{
    nghttp2_nv pairs[] = {h2_pair(":method", "POST"), h2_pair(":scheme", "https"), h2_pair(":path", "/x"),
                          h2_pair(":authority", "a")};
    nghttp2_data_provider provider = {.read_callback = end_with_trailer};
    struct h2_answer *answer;

    start();
    answer = &client.answers[client.count++];
    answer->stream_id = nghttp2_submit_request(client.session, NULL, pairs, COUNT_OF(pairs), &provider, NULL);
    cr_assert(h2_until(&client, answer->is_closed));
    cr_assert_not_null(strstr(buf_text(&answer->body), "POST /x 3 "), "%s", buf_text(&answer->body));
    stop();
}

Test(http2, the_last_request_of_a_connection_is_answered_and_further_ones_are_told_to_go_elsewhere)
{
    struct h2_answer *answers[12];

    fixture.limits.requests_per_connection = 8;
    start();
    for (int i = 0; i < 12; i++)
        answers[i] = h2_get(&client, "/big?bytes=1000");
    h2_until(&client, false); /* to the end */
    cr_assert(client.has_goaway);
    cr_assert_eq(client.goaway_code, (uint32_t)NGHTTP2_NO_ERROR);
    cr_assert_eq(client.goaway_last, answers[7]->stream_id);
    for (int i = 0; i < 12; i++)
        cr_assert(i < 8 ? h2_is_good_letters(answers[i], 1000) : answers[i]->status == 0, "%d", i);
    h2_close(&client);
    fixture_stop(&fixture);
}
