/* How an HTTP/2 connection or stream ends: too slow, gone away, told to stop. */
#include "h2_raw.h"

static struct fixture fixture;
static struct h2 client;

static void setup(void)
{
    /* The deadlines are long where they are not what is tried: the machine may be busy. */
    fixture = (struct fixture){.uses_tls = true, .limits = {.body_bytes = 4000000}};
    test_folder_new(fixture.folder);
    fixture_make_certificates(&fixture);
}

static void teardown(void)
{
    h2_close(&client);
    test_folder_remove(fixture.folder);
}

TestSuite(http2_ends, .init = setup, .fini = teardown, .timeout = 120);

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

static void expect_alive(void)
{
    h2_close(&client);
    h2_meet(&client, &fixture, &(struct h2_options){0});
    cr_expect_eq(h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/"})->status, 200);
}

/* The end of its side is heard in one turn, that nothing can be sent any more in a later one. */
Test(http2_ends, a_client_that_ends_its_side_and_then_breaks_off_stops_nobody_else)
{
    enum { WINDOW = 16 << 20 };

    fixture.limits.unsent_bytes = WINDOW;
    fixture_start(&fixture);
    for (int i = 0; i < 3; i++) {
        h2_meet(&client, &fixture, &(struct h2_options){.window = WINDOW, .receive_bytes = 2048});
        nghttp2_session_set_local_window_size(client.session, NGHTTP2_FLAG_NONE, 0, WINDOW);
        h2_get(&client, "/big?bytes=8388608");
        h2_turn(&client, 0);
        usleep(200000);
        shutdown(client.fd, SHUT_WR);
        usleep(200000);
        setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
        client.is_over = true;
        h2_close(&client); /* a reset */
    }
    h2_meet(&client, &fixture, &(struct h2_options){0});
    expect_alive();
    stop();
}

/* ---- deadlines ---- */

Test(http2_ends, a_body_that_does_not_come_is_refused_and_its_stream_ended)
{
    struct h2_answer *slow;
    struct h2_answer *good;

    fixture.limits.body_ms = 500;
    start();
    slow = h2_ask(&client, &(struct h2_request){.method = "POST", .path = "/", .body = {"ab", 2}, .is_endless = true});
    cr_assert(h2_until(&client, slow->is_closed));
    cr_assert_eq(slow->status, 408);
    cr_assert_eq(slow->code, (uint32_t)NGHTTP2_NO_ERROR);
    good = h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/"});
    cr_assert_eq(good->status, 200, "the connection lives on");
    stop();
}

Test(http2_ends, a_byte_now_and_then_does_not_prolong_a_body)
{
    struct h2_answer *slow;
    int64_t start_ms = time_monotonic_ms();

    fixture.limits.body_ms = 500;
    start();
    slow = h2_ask(&client, &(struct h2_request){.method = "POST", .path = "/", .is_endless = true});
    while (!slow->is_closed && time_monotonic_ms() - start_ms < 10000) {
        slow->upload = SPAN("a");
        nghttp2_session_resume_data(client.session, slow->stream_id);
        h2_turn(&client, 50);
    }
    cr_assert_eq(slow->status, 408);
    cr_assert_lt(time_monotonic_ms() - start_ms, 5000);
    stop();
}

Test(http2_ends, a_large_file_may_take_its_time_while_it_grows)
{
    enum { PIECE = 400000, PIECES = 20 };
    AUTO(text_free) char *piece = memory_new(PIECE);
    struct h2_answer *slow;

    fixture.limits.body_ms = 2500;
    start();
    slow = h2_ask(&client, &(struct h2_request){.method = "POST", .path = "/spool", .is_endless = true});
    for (int i = 0; i < PIECES; i++) {
        int64_t pause_ms = time_monotonic_ms() + 250;

        slow->is_endless = i + 1 < PIECES;
        slow->upload = (struct span){piece, PIECE};
        nghttp2_session_resume_data(client.session, slow->stream_id);
        while (time_monotonic_ms() < pause_ms)
            h2_turn(&client, 20);
    }
    cr_assert(h2_until(&client, slow->is_closed));
    cr_assert_eq(slow->status, 200, "%d %s", slow->status, buf_text(&slow->body));
    stop();
}

Test(http2_ends, headers_that_do_not_end_are_refused_and_block_nobody_for_ever)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    static struct h2_frame frame;
    struct h2_outcome outcome = {.goaway = -1};
    int64_t start_ms = time_monotonic_ms();

    fixture.limits.header_ms = 500;
    fixture.limits.idle_ms = 2000;
    fixture_start(&fixture);
    h2_raw_open(&client, &fixture);
    h2_add_frame(&bytes, NGHTTP2_HEADERS, H2_END_STREAM, 1, SPAN("\x82\x87"));
    h2_raw_send(&client, buf_span(&bytes));
    while (h2_raw_next(&client, &frame, 10000))
        h2_note(&outcome, &frame);
    cr_assert(client.is_over, "the server must hang up");
    cr_assert_eq(outcome.answers, 1, "408");
    cr_assert_lt(time_monotonic_ms() - start_ms, 8000);
    expect_alive();
    stop();
}

Test(http2_ends, an_idle_connection_is_closed_with_a_word)
{
    int64_t start_ms;

    fixture.limits.idle_ms = 1500;
    start();
    cr_assert_eq(h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/"})->status, 200);
    start_ms = time_monotonic_ms();
    h2_until(&client, false);
    cr_assert(client.is_over);
    cr_assert(client.has_goaway);
    cr_assert_eq(client.goaway_code, (uint32_t)NGHTTP2_NO_ERROR);
    cr_assert_geq(time_monotonic_ms() - start_ms, 1000);
    cr_assert_lt(time_monotonic_ms() - start_ms, 8000);
    stop();
}

Test(http2_ends, who_never_says_a_word_is_hung_up_on)
{
    fixture.limits.idle_ms = 700;
    fixture_start(&fixture);
    h2_open(&client, &fixture, &(struct h2_options){.is_raw = true});
    for (int i = 0; i < 200 && !client.is_over; i++)
        h2_raw_gather(&client, 50);
    cr_assert(client.is_over);
    stop();
}

/* Each of these may come as often as it likes: nothing is asked. */
Test(http2_ends, what_asks_for_nothing_does_not_keep_a_connection)
{
    /* The last is DATA of a stream that was closed: nghttp2 passes over it. */
    static const struct span IDLE[] = {
        SPAN("\0\0\x8\6\0\0\0\0\0abcdefgh"), SPAN("\0\0\0\xfa\0\0\0\0\0"), SPAN("\0\0\4\x8\0\0\0\0\0\0\0\0\1"),
        SPAN("\0\0\0\4\0\0\0\0\0"),          SPAN("\0\0\0\0\1\0\0\0\1"),
    };
    AUTO(buf_done) struct buf get = BUF_INIT;

    fixture.limits.idle_ms = 700;
    h2_add_get(&get, 1);
    fixture_start(&fixture);
    for (size_t i = 0; i < COUNT_OF(IDLE); i++) {
        int64_t start_ms = time_monotonic_ms();

        h2_raw_open(&client, &fixture);
        h2_raw_send(&client, buf_span(&get));
        h2_raw_outcome(&client);
        while (!client.is_over && time_monotonic_ms() - start_ms < 10000) {
            h2_raw_send(&client, IDLE[i]);
            h2_raw_gather(&client, 50);
        }
        cr_expect(client.is_over, "%zu", i);
        cr_expect_lt(time_monotonic_ms() - start_ms, 9000, "%zu", i);
        h2_close(&client);
    }
    fixture_stop(&fixture);
}

Test(http2_ends, an_answer_whose_window_stays_shut_is_given_up_and_its_memory_freed)
{
    struct h2_answer *stalled;
    struct h2_answer *good;

    fixture.limits.unsent_bytes = 100000;
    fixture.limits.write_ms = 700;
    fixture_start(&fixture);
    h2_meet(&client, &fixture, &(struct h2_options){.is_slow = true, .window = 1000});
    stalled = h2_get(&client, "/big?bytes=500000");
    cr_assert(h2_until(&client, stalled->is_closed));
    cr_assert_eq(stalled->code, (uint32_t)NGHTTP2_CANCEL);
    cr_assert_eq(stalled->body.bytes, 1000);
    good = h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/"});
    cr_assert_eq(good->status, 200, "what was given up counts no more");
    stop();
}

Test(http2_ends, who_never_reads_its_socket_is_cut_off)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    int64_t start_ms;

    fixture.limits.write_ms = 700;
    fixture_start(&fixture);
    h2_open(&client, &fixture, &(struct h2_options){.is_raw = true, .receive_bytes = 4096});
    buf_add_text(&bytes, H2_PREFACE);
    buf_add(&bytes, RAW("\0\0\6\4\0\0\0\0\0\0\4\x7f\xff\xff\xff"));
    h2_add_number(&bytes, NGHTTP2_WINDOW_UPDATE, 0, 0x7fff0000);
    for (uint32_t i = 0; i < 3; i++) {
        AUTO(buf_done) struct buf block = BUF_INIT;

        buf_add(&block, "\x82\x87", 2);
        h2_add_field(&block, SPAN(":path"), SPAN("/big?bytes=20000000"));
        h2_add_field(&block, SPAN(":authority"), SPAN("a"));
        h2_add_frame(&bytes, NGHTTP2_HEADERS, H2_WHOLE, 2 * i + 1, buf_span(&block));
    }
    cr_assert_eq(h2_write(&client, bytes.data, bytes.bytes), bytes.bytes);
    start_ms = time_monotonic_ms();
    buf_clear(&bytes);
    h2_add_frame(&bytes, NGHTTP2_PING, 0, 0, SPAN("abcdefgh"));
    /* At last sending fails. */
    while (!client.is_over && time_monotonic_ms() - start_ms < 10000) {
        h2_write(&client, bytes.data, bytes.bytes);
        usleep(50000);
    }
    cr_assert(client.is_over);
    cr_assert_lt(time_monotonic_ms() - start_ms, 8000);
    expect_alive();
    stop();
}

/* The first answer takes longer than write_ms; the one behind it must not be given up for that. */
Test(http2_ends, who_reads_slowly_but_steadily_gets_all_answers)
{
    struct h2_answer *large;
    struct h2_answer *small;
    int64_t start_ms = time_monotonic_ms();

    fixture.limits.unsent_bytes = 1000000;
    fixture.limits.write_ms = 1500;
    fixture_start(&fixture);
    h2_meet(&client, &fixture, &(struct h2_options){.is_slow = true, .window = 1000000});
    large = h2_get(&client, "/big?bytes=400000");
    small = h2_get(&client, "/big?bytes=3000");
    while (!(large->is_closed && small->is_closed) && !client.is_over && time_monotonic_ms() - start_ms < 30000) {
        nghttp2_submit_window_update(client.session, NGHTTP2_FLAG_NONE, 0, 5000);
        h2_turn(&client, 50);
        usleep(50000);
    }
    cr_assert_gt(time_monotonic_ms() - start_ms, 2500);
    cr_expect(h2_is_good_letters(large, 400000), "%zu, code %u", large->body.bytes, large->code);
    cr_expect(h2_is_good_letters(small, 3000), "%zu, code %u", small->body.bytes, small->code);
    stop();
}

/* ---- who goes away ---- */

static void vanish(void)
{
    struct linger at_once = {1, 0};

    setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    client.is_over = true;
    h2_close(&client);
}

Test(http2_ends, a_client_that_vanishes_half_way_leaves_nothing_behind)
{
    AUTO(text_free) char *body = memory_new(1000000);

    fixture_start(&fixture);
    for (int i = 0; i < 20; i++) {
        struct h2_answer *down;
        struct h2_answer *up;

        h2_meet(&client, &fixture, &(struct h2_options){.is_slow = i % 2});
        down = h2_get(&client, "/big?bytes=3000000");
        up = h2_ask(&client,
                    &(struct h2_request){
                        .method = "POST", .path = i % 3 ? "/" : "/spool", .body = {body, 1000000}, .is_endless = true});
        cr_assert(h2_until(&client, down->body.bytes > 10000 && up->upload.bytes < 950000));
        vanish();
    }
    expect_alive();
    stop(); /* the server looks for leaks when it ends */
}

Test(http2_ends, a_client_that_says_goodbye_still_gets_what_it_asked)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    static struct h2_frame frame;
    struct h2_outcome outcome = {.goaway = -1};

    fixture_start(&fixture);
    h2_raw_open(&client, &fixture);
    for (uint32_t i = 0; i < 20; i++)
        h2_add_get(&bytes, 2 * i + 1);
    h2_add_frame(&bytes, NGHTTP2_GOAWAY, 0, 0, SPAN("\0\0\0\0\0\0\0\0"));
    h2_raw_send(&client, buf_span(&bytes));
    SSL_shutdown(client.ssl); /* we send no more */
    while (h2_raw_next(&client, &frame, 5000))
        h2_note(&outcome, &frame);
    cr_assert_eq(outcome.answers, 20);
    cr_assert(client.is_over);
    stop();
}

Test(http2_ends, a_stream_taken_back_is_not_answered_and_others_are)
{
    struct h2_answer *back;
    struct h2_answer *kept;

    start();
    back = h2_get(&client, "/big?bytes=3000000");
    kept = h2_get(&client, "/big?bytes=300000");
    cr_assert(h2_until(&client, back->body.bytes > 0));
    nghttp2_submit_rst_stream(client.session, NGHTTP2_FLAG_NONE, back->stream_id, NGHTTP2_CANCEL);
    cr_assert(h2_until(&client, kept->is_closed));
    cr_assert(h2_is_good_letters(kept, 300000));
    cr_assert_lt(back->body.bytes, 3000000u);
    stop();
}

/* ---- told to stop ---- */

Test(http2_ends, told_to_stop_it_says_so_and_finishes_what_is_in_flight)
{
    struct h2_answer *late;
    struct h2_answer *too_late;

    start();
    late =
        h2_ask(&client, &(struct h2_request){.method = "POST", .path = "/late", .body = {"ab", 2}, .is_endless = true});
    cr_assert(h2_until(&client, late->upload.bytes == 0));
    h2_turn(&client, 100);
    close(fixture.stop_write);
    cr_assert(h2_until(&client, client.has_goaway));
    cr_assert_eq(client.goaway_code, (uint32_t)NGHTTP2_NO_ERROR);
    cr_assert_eq(client.goaway_last, late->stream_id);
    late->upload = SPAN("cd");
    late->is_endless = false;
    nghttp2_session_resume_data(client.session, late->stream_id);
    cr_assert(h2_until(&client, late->is_closed));
    cr_assert_not_null(strstr(buf_text(&late->body), "POST /late 4 "), "%s", buf_text(&late->body));
    too_late = &client.answers[client.count];
    h2_until(&client, false);
    cr_assert(client.is_over);
    cr_assert_eq(too_late->status, 0);
    fixture_wait(fixture.child);
    h2_close(&client);
}

Test(http2_ends, a_stream_begun_after_the_goodbye_is_left_to_be_tried_elsewhere)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    static struct h2_frame frame;
    struct h2_outcome outcome = {.goaway = -1, .last = -1};

    fixture_start(&fixture);
    h2_raw_open(&client, &fixture);
    h2_add_frame(&bytes, NGHTTP2_HEADERS, H2_END_HEADERS, 1, SPAN("\x83\x87\x84\x41\x01\x61"));
    h2_raw_send(&client, buf_span(&bytes));
    h2_raw_outcome(&client);
    close(fixture.stop_write);
    while (outcome.goaway == -1 && h2_raw_next(&client, &frame, 5000))
        h2_note(&outcome, &frame);
    cr_assert_eq(outcome.goaway, 0);
    buf_clear(&bytes);
    h2_add_get(&bytes, 3);
    h2_add_frame(&bytes, NGHTTP2_DATA, H2_END_STREAM, 1, SPAN("abc"));
    h2_raw_send(&client, buf_span(&bytes));
    while (h2_raw_next(&client, &frame, 5000))
        h2_note(&outcome, &frame);
    cr_assert_eq(outcome.answers, 1, "the first only");
    cr_assert_eq(outcome.last, 1, "the second is above what GOAWAY names");
    fixture_wait(fixture.child);
    h2_close(&client);
}

Test(http2_ends, a_request_sent_before_the_stop_is_answered)
{
    struct h2_answer *answer;

    start();
    kill(fixture.child, SIGSTOP);
    answer = h2_get(&client, "/");
    h2_turn(&client, 0);
    close(fixture.stop_write);
    kill(fixture.child, SIGCONT);
    cr_assert(h2_until(&client, answer->is_closed));
    cr_assert_eq(answer->status, 200, "%d, code %u, GOAWAY %d %u", answer->status, answer->code, client.goaway_last,
                 client.goaway_code);
    h2_until(&client, false);
    cr_assert(client.has_goaway);
    fixture_wait(fixture.child);
    h2_close(&client);
}

Test(http2_ends, an_idle_connection_does_not_delay_the_stop)
{
    int64_t start_ms;

    start();
    start_ms = time_monotonic_ms();
    close(fixture.stop_write);
    h2_until(&client, false);
    cr_assert(client.has_goaway);
    h2_close(&client);
    fixture_wait(fixture.child);
    cr_assert_lt(time_monotonic_ms() - start_ms, 2500);
}

Test(http2_ends, it_does_not_wait_for_ever_for_what_is_in_flight)
{
    struct h2_answer *endless;
    int64_t start_ms;

    fixture.limits.drain_ms = 400;
    start();
    endless = h2_ask(&client, &(struct h2_request){.method = "POST", .path = "/", .is_endless = true});
    h2_turn(&client, 100);
    start_ms = time_monotonic_ms();
    fixture_stop(&fixture);
    cr_assert_lt(time_monotonic_ms() - start_ms, 5000);
    cr_assert_eq(endless->status, 0);
    h2_close(&client);
}
