/* How answers leave over HTTP/2: what HPACK keeps of them, whose headers they have, how few segments they are. */
#include "h2.h"

#include "tests/support/segments.h"

static struct fixture fixture;
static struct h2 client;

static void setup(void)
{
    fixture = (struct fixture){.uses_tls = true};
    test_folder_new(fixture.folder);
    fixture_make_certificates(&fixture);
}

static void teardown(void)
{
    h2_close(&client);
    test_folder_remove(fixture.folder);
}

TestSuite(http2_reply, .init = setup, .fini = teardown, .timeout = 120);

static void start(const struct h2_options *options)
{
    fixture_start(&fixture);
    h2_meet(&client, &fixture, options);
}

static void stop(void)
{
    h2_close(&client);
    fixture_stop(&fixture);
}

/* Has it every header of its path, and of no other? */
static bool is_of(const struct h2_answer *answer, const char *path)
{
    AUTO(buf_done) struct buf line = BUF_INIT;

    buf_addf(&line, "\nx-path: %s\n", path);
    return answer->status == 200 && strstr(buf_text(&answer->text), line.data) &&
           strstr(buf_text(&answer->text), "\nx-made-by: fixture\nratelimit: \"burst\";r=") &&
           strstr(buf_text(&answer->text), "\ncontent-length: 0\n");
}

/* The socket takes no more and the client reads nothing: heads wait in nghttp2, which copied nothing of them.
 * Those whose streams end meanwhile go, and their memory serves the next requests. */
Test(http2_reply, heads_of_streams_that_end_while_they_wait_go_to_nobody)
{
    enum { HALF = 12, LARGE = 8 << 20, WINDOW = 16 << 20 };
    struct h2_answer *large;
    struct h2_answer *gone[HALF];
    struct h2_answer *come[HALF];
    char path[2 * HALF][32];

    fixture.limits.unsent_bytes = WINDOW;
    start(&(struct h2_options){.window = WINDOW});
    nghttp2_session_set_local_window_size(client.session, NGHTTP2_FLAG_NONE, 0, WINDOW);
    large = h2_get(&client, "/big?bytes=8388608");
    /* Nothing is read from here on. */
    for (int i = 0; i < 2 * HALF; i++) {
        const uint8_t *data;
        ssize_t bytes;

        snprintf(path[i], sizeof path[i], "/limits/%d", i);
        *(i < HALF ? &gone[i] : &come[i - HALF]) = h2_get(&client, path[i]);
        while ((bytes = nghttp2_session_mem_send(client.session, &data)) > 0)
            cr_assert_eq(h2_write(&client, data, (size_t)bytes), (size_t)bytes);
        if (i != HALF - 1)
            continue;
        usleep(300000); /* until they are answered */
        for (int j = 0; j < HALF; j++)
            nghttp2_submit_rst_stream(client.session, NGHTTP2_FLAG_NONE, gone[j]->stream_id, NGHTTP2_CANCEL);
    }
    cr_assert(h2_until(&client, large->is_closed && come[HALF - 1]->is_closed));
    cr_expect(h2_is_good_letters(large, LARGE));
    for (int i = 0; i < HALF; i++) {
        cr_expect(!gone[i]->has_ended);
        cr_expect(is_of(come[i], path[HALF + i]), "%s", buf_text(&come[i]->text));
    }
    stop();
}

Test(http2_reply, what_is_never_the_same_twice_stays_out_of_the_table)
{
    struct h2_answer *answer = NULL;

    start(&(struct h2_options){0});
    for (int i = 0; i < 3; i++) {
        answer = h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/limits/same"});
        cr_assert(is_of(answer, "/limits/same"), "%s", buf_text(&answer->text));
        cr_expect_str_eq(buf_text(&answer->unindexed), "ratelimit\n");
    }
    /* A byte for each that was there before (of Date, when the second has not changed), and the limit. */
    cr_expect_leq(answer->head_bytes, 65u);
    stop();
}

Test(http2_reply, a_date_is_told_once_a_second)
{
    const struct h2_answer *answer;
    bool was_short = false;

    start(&(struct h2_options){0});
    for (int i = 0; i < 20 && !was_short; i++) {
        answer = h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/limits/same"});
        was_short = answer->head_bytes < 45;
    }
    cr_expect(was_short);
    stop();
}

/* OpenSSL makes two records of it and writes each by itself. (The kernel lets no more than half a window wait: 32 KiB.)
 */
Test(http2_reply, the_records_of_one_turn_are_one_segment)
{
    enum { BYTES = 30000 };
    struct h2_answer *answer;
    uint32_t before;
    uint32_t after;

    start(&(struct h2_options){0});
    h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/"});
    if (!segments_received(client.fd, &before) || segments_largest(client.fd) < BYTES + 1000) {
        stop();
        cr_skip_test("the kernel does not tell, or segments are too small here");
    }
    answer = h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/big?bytes=30000"});
    cr_expect(h2_is_good_letters(answer, BYTES));
    cr_assert(segments_received(client.fd, &after));
    cr_expect_eq(after - before, 1u, "%u segments", after - before);
    stop();
}
