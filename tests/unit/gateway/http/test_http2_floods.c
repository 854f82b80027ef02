/* HTTP/2 as strangers may send it to keep a server busy or full: floods, and little that means much. */
#include "h2_raw.h"

static struct fixture fixture;
static struct h2 client;

static void setup(void)
{
    fixture = (struct fixture){.uses_tls = true, .limits = {.body_bytes = 1000, .streams = 10}};
    test_folder_new(fixture.folder);
    fixture_make_certificates(&fixture);
}

static void teardown(void)
{
    h2_close(&client);
    test_folder_remove(fixture.folder);
}

TestSuite(http2_floods, .init = setup, .fini = teardown, .timeout = 120);

/* How many requests have reached the handler, this one not counted. */
static long handled(void)
{
    return h2_number_at(&client, &fixture, "/handled") - 1;
}

static struct h2_outcome try_bytes(struct span bytes)
{
    return h2_try(&client, &fixture, bytes);
}

static long memory_kib(void)
{
    return h2_number_at(&client, &fixture, "/memory");
}

/* `unit` again and again, up to `count` times: the server must have enough of it. */
static void flood(struct span beginning, struct span unit, size_t count, struct h2_outcome *outcome)
{
    AUTO(buf_done) struct buf many = BUF_INIT;
    int64_t start_ms = time_monotonic_ms();

    h2_raw_open(&client, &fixture);
    h2_raw_send(&client, beginning);
    for (size_t i = 0; i < 100; i++)
        buf_add_span(&many, unit);
    for (size_t i = 0; i < count / 100 && !client.is_over; i++)
        h2_raw_send(&client, buf_span(&many));
    *outcome = h2_raw_outcome(&client);
    cr_expect(outcome->is_over, "it bears everything");
    cr_expect_lt(time_monotonic_ms() - start_ms, 20000);
    h2_close(&client);
}

Test(http2_floods, floods_of_frames_that_ask_for_nothing_are_stopped)
{
    static const struct {
        const char *what;
        struct span beginning;
        struct span unit;
        int goaway; /* if it gets so far */
    } FLOODS[] = {
        {"PING", SPAN(""), SPAN("\0\0\x8\6\0\0\0\0\0abcdefgh"), 11},
        {"PING ACK", SPAN(""), SPAN("\0\0\x8\6\1\0\0\0\0abcdefgh"), 11},
        {"SETTINGS", SPAN(""), SPAN("\0\0\0\4\0\0\0\0\0"), 11},
        {"SETTINGS with entries", SPAN(""), SPAN("\0\0\x6\4\0\0\0\0\0\0\3\0\0\0\1"), 11},
        {"PRIORITY", SPAN(""), SPAN("\0\0\5\2\0\0\0\0\1\0\0\0\3\1"), 11},
        {"WINDOW_UPDATE", SPAN(""), SPAN("\0\0\4\x8\0\0\0\0\0\0\0\0\1"), 11},
        {"empty DATA", SPAN("\0\0\6\1\4\0\0\0\1" HEAD_POST), SPAN("\0\0\0\0\0\0\0\0\1"), 11},
        {"DATA of padding", SPAN("\0\0\6\1\4\0\0\0\1" HEAD_POST), SPAN("\0\0\2\0\x8\0\0\0\1\1\0"), 11},
        {"WINDOW_UPDATE of nothing", SPAN("\0\0\6\1\4\0\0\0\1" HEAD_POST), SPAN("\0\0\4\x8\0\0\0\0\1\0\0\0\0"), 1},
    };

    fixture_start(&fixture);
    for (size_t i = 0; i < COUNT_OF(FLOODS); i++) {
        struct h2_outcome outcome;

        flood(FLOODS[i].beginning, FLOODS[i].unit, 200000, &outcome);
        cr_expect(outcome.goaway == FLOODS[i].goaway || outcome.goaway == -1, "%s: GOAWAY %d", FLOODS[i].what,
                  outcome.goaway);
    }
    cr_assert_lt(fixture_cpu_seconds(&fixture), 10.0);
    cr_assert_leq(handled(), 2);
    fixture_stop(&fixture);
}

/* CVE-2023-44487: each pair asks, and takes it back. */
Test(http2_floods, rapid_resets_get_little_done)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    struct h2_outcome outcome;

    fixture_start(&fixture);
    for (uint32_t i = 0; i < 20000; i++) {
        h2_add_get(&bytes, 2 * i + 1);
        h2_add_number(&bytes, NGHTTP2_RST_STREAM, 2 * i + 1, NGHTTP2_CANCEL);
    }
    h2_raw_open(&client, &fixture);
    h2_raw_send(&client, buf_span(&bytes));
    outcome = h2_raw_outcome(&client);
    cr_assert_eq(outcome.goaway, NGHTTP2_ENHANCE_YOUR_CALM);
    cr_assert(outcome.is_over);
    cr_assert_lt(handled(), 300);
    fixture_stop(&fixture);
}

/* The same, but each request has its handler run before it is taken back. */
Test(http2_floods, patient_resets_get_little_done_either)
{
    struct h2_outcome outcome = {.goaway = -1};
    uint32_t i = 0;

    fixture_start(&fixture);
    h2_raw_open(&client, &fixture);
    for (; i < 5000 && !client.is_over; i++) {
        AUTO(buf_done) struct buf bytes = BUF_INIT;

        h2_add_get(&bytes, 2 * i + 1);
        h2_raw_send(&client, buf_span(&bytes));
        h2_raw_gather(&client, 5);
        buf_clear(&bytes);
        h2_add_number(&bytes, NGHTTP2_RST_STREAM, 2 * i + 1, NGHTTP2_CANCEL);
        h2_raw_send(&client, buf_span(&bytes));
    }
    outcome = h2_raw_outcome(&client);
    cr_assert(outcome.is_over);
    cr_assert_lt(i, 2000u);
    fixture_stop(&fixture);
}

/* CVE-2019-9514: requests which draw RST_STREAM from the server, which nobody reads. */
Test(http2_floods, requests_that_draw_resets_are_stopped)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    struct h2_outcome outcome;

    fixture_start(&fixture);
    for (uint32_t i = 0; i < 50000; i++)
        h2_add_frame(&bytes, NGHTTP2_HEADERS, H2_WHOLE, 2 * i + 1, SPAN("\x82\x87")); /* no :path */
    h2_raw_open(&client, &fixture);
    h2_raw_send(&client, buf_span(&bytes));
    outcome = h2_raw_outcome(&client);
    cr_assert(outcome.is_over);
    cr_assert_eq(outcome.goaway, NGHTTP2_ENHANCE_YOUR_CALM);
    cr_assert_lt(outcome.resets, 5000u);
    cr_assert_eq(handled(), 0);
    fixture_stop(&fixture);
}

Test(http2_floods, streams_opened_beyond_the_limit_again_and_again_are_stopped)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    struct h2_outcome outcome;

    fixture_start(&fixture);
    for (uint32_t i = 0; i < 50000; i++)
        h2_add_frame(&bytes, NGHTTP2_HEADERS, H2_END_HEADERS, 2 * i + 1, SPAN(HEAD_POST));
    h2_raw_open(&client, &fixture);
    h2_raw_send(&client, buf_span(&bytes));
    outcome = h2_raw_outcome(&client);
    cr_assert(outcome.is_over);
    cr_assert_lt(outcome.resets, 5000u);
    fixture_stop(&fixture);
}

/* CVE-2024-27316, CVE-2024-28182: a header block without end. */
Test(http2_floods, a_header_block_without_end_is_cut_off)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    AUTO(buf_done) struct buf block = BUF_INIT;
    struct h2_outcome outcome;

    fixture_start(&fixture);
    h2_add_good_head(&block);
    h2_add_frame(&bytes, NGHTTP2_HEADERS, H2_END_STREAM, 1, buf_span(&block));
    buf_clear(&block);
    while (block.bytes < 16000)
        h2_add_field(&block, SPAN("a"), SPAN("b"));
    for (int i = 0; i < 1000; i++)
        h2_add_frame(&bytes, NGHTTP2_CONTINUATION, 0, 1, buf_span(&block));
    h2_raw_open(&client, &fixture);
    h2_raw_send(&client, buf_span(&bytes));
    outcome = h2_raw_outcome(&client);
    cr_assert(outcome.is_over);
    cr_assert_lt(fixture_cpu_seconds(&fixture), 5.0);
    cr_assert_eq(handled(), 0);
    fixture_stop(&fixture);
}

Test(http2_floods, empty_continuations_are_cut_off)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;

    fixture_start(&fixture);
    h2_add_frame(&bytes, NGHTTP2_HEADERS, H2_END_STREAM, 1, SPAN(HEAD_GET));
    for (int i = 0; i < 1000; i++)
        h2_add_frame(&bytes, NGHTTP2_CONTINUATION, 0, 1, SPAN_NONE);
    cr_assert(try_bytes(buf_span(&bytes)).is_over);
    cr_assert_eq(handled(), 0);
    fixture_stop(&fixture);
}

/* One large field in HPACK's table, then an index of one byte for it, many times. */
Test(http2_floods, a_header_table_used_as_a_bomb_does_not_fill_memory)
{
    AUTO(buf_done) struct buf block = BUF_INIT;
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    AUTO(text_free) char *large = memory_new(4000);
    struct h2_outcome outcome;
    long before;

    fixture_start(&fixture);
    before = memory_kib();
    memset(large, 'x', 3999);
    h2_add_good_head(&block);
    buf_add_byte(&block, 0x40); /* into the table */
    h2_add_text(&block, SPAN("a"));
    h2_add_text(&block, (struct span){large, 3999});
    while (block.bytes < 16000)
        buf_add_byte(&block, (char)0xbe); /* index 62 */
    h2_add_frame(&bytes, NGHTTP2_HEADERS, H2_WHOLE, 1, buf_span(&block));
    outcome = try_bytes(buf_span(&bytes));
    cr_expect_eq(outcome.answers, 1, "431");
    cr_expect_eq(outcome.goaway, -1);
    cr_expect_lt(memory_kib() - before, 2000);
    cr_expect_eq(handled(), 2);
    fixture_stop(&fixture);
}

/* The client may allow our encoder any table; it need not take it. */
Test(http2_floods, a_huge_table_offered_to_us_is_not_filled)
{
    long before;

    fixture_start(&fixture);
    before = memory_kib();
    cr_expect_eq(try_bytes(SPAN("\0\0\6\4\0\0\0\0\0\0\1\xff\xff\xff\xff\0\0\6\1\5\0\0\0\1" HEAD_GET)).status, 200);
    cr_expect_lt(memory_kib() - before, 2000);
    fixture_stop(&fixture);
}

Test(http2_floods, too_many_settings_in_one_frame_are_refused)
{
    AUTO(buf_done) struct buf entries = BUF_INIT;
    AUTO(buf_done) struct buf bytes = BUF_INIT;

    fixture_start(&fixture);
    for (int i = 0; i < 1000; i++)
        buf_add(&entries, "\0\3\0\0\0\1", 6);
    h2_add_frame(&bytes, NGHTTP2_SETTINGS, 0, 0, buf_span(&entries));
    cr_assert(try_bytes(buf_span(&bytes)).is_over);
    fixture_stop(&fixture);
}

/* Small-window trickery (CVE-2019-9511): the answer may only leave byte by byte; that ends after write_ms. */
Test(http2_floods, a_window_opened_byte_by_byte_does_not_hold_an_answer_for_ever)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    static struct h2_frame frame;
    int64_t start_ms = time_monotonic_ms();
    struct h2_outcome outcome = {.goaway = -1, .reset = -1};

    fixture.limits.write_ms = 600;
    fixture_start(&fixture);
    h2_raw_open(&client, &fixture);
    buf_add(&bytes, "\0\0\6\4\0\0\0\0\0\0\4\0\0\0\0", 15); /* INITIAL_WINDOW_SIZE 0 */
    h2_add_get(&bytes, 1);
    h2_raw_send(&client, buf_span(&bytes));
    while (outcome.reset == -1 && time_monotonic_ms() - start_ms < 10000 && !client.is_over) {
        buf_clear(&bytes);
        h2_add_number(&bytes, NGHTTP2_WINDOW_UPDATE, 1, 1);
        h2_raw_send(&client, buf_span(&bytes));
        while (h2_raw_next(&client, &frame, 60))
            h2_note(&outcome, &frame);
    }
    cr_assert_eq(outcome.reset, NGHTTP2_CANCEL);
    cr_assert_lt(time_monotonic_ms() - start_ms, 8000);
    fixture_stop(&fixture);
}

Test(http2_floods, random_bytes_after_a_good_beginning_do_no_harm)
{
    uint32_t state = 12345;
    char bytes[2000];

    fixture_start(&fixture);
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            state = state * 1664525 + 1013904223;
            bytes[i] = (char)(state >> 24);
        }
        bytes[0] = 0; /* a length that may be */
        bytes[1] = 0;
        try_bytes((struct span){bytes, sizeof bytes});
    }
    cr_assert_geq(handled(), 0);
    fixture_stop(&fixture);
}
