/* HTTP/2 as strangers may send it, frame by frame. What is expected stands in RFC 9113 unless said otherwise. */
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

TestSuite(http2_hostile, .init = setup, .fini = teardown, .timeout = 120);

/* How many requests have reached the handler, this one not counted. */
static long handled(void)
{
    return h2_number_at(&client, &fixture, "/handled") - 1;
}

static struct h2_outcome try_bytes(struct span bytes)
{
    return h2_try(&client, &fixture, bytes);
}

enum { ANSWERED = -2, ANSWERED_400 = -3 };

struct frames {
    const char *what;
    struct {
        uint8_t type;
        uint8_t flags;
        uint32_t stream_id;
        const char *payload;
        size_t bytes;
    } list[4];
    int goaway; /* the code it must draw; -1: the connection lives on */
    int reset;  /* likewise of RST_STREAM, or ANSWERED */
};

#define HEADERS(id, flags, block)                                                                                      \
    {                                                                                                                  \
        NGHTTP2_HEADERS, (flags), (id), RAW(block)                                                                     \
    }
#define FRAME(type, flags, id, payload)                                                                                \
    {                                                                                                                  \
        NGHTTP2_##type, (flags), (id), RAW(payload)                                                                    \
    }

static const struct frames WRONG_FRAMES[] = {
    {"DATA on stream 0", {FRAME(DATA, 0, 0, "a")}, 1, -1},
    {"DATA on an idle stream", {FRAME(DATA, 0, 1, "a")}, 1, -1},
    {"DATA on a closed stream",
     {HEADERS(1, H2_WHOLE, HEAD_GET), FRAME(PING, 0, 0, "abcdefgh"), FRAME(DATA, 0, 1, "a")},
     5,
     -1},
    {"HEADERS on stream 0", {HEADERS(0, H2_WHOLE, HEAD_GET)}, 1, -1},
    {"HEADERS on an even stream", {HEADERS(2, H2_WHOLE, HEAD_GET)}, 1, -1},
    {"HEADERS twice, none ends the stream",
     {HEADERS(1, H2_END_HEADERS, HEAD_POST), HEADERS(1, H2_END_HEADERS, "\x00\x01\x61\x01\x62")},
     -1,
     1},
    {"HEADERS after the end of the stream", {HEADERS(1, H2_WHOLE, HEAD_GET), HEADERS(1, H2_WHOLE, HEAD_GET)}, 5, -1},
    {"HEADERS cut off by DATA", {HEADERS(1, 0, HEAD_GET), FRAME(DATA, 1, 1, "a")}, 1, -1},
    {"HEADERS cut off by HEADERS", {HEADERS(1, 0, HEAD_GET), HEADERS(3, H2_WHOLE, HEAD_GET)}, 1, -1},
    {"HEADERS cut off by an unknown frame", {HEADERS(1, 0, HEAD_GET), {0xfa, 0, 1, RAW("a")}}, 1, -1},
    {"CONTINUATION without HEADERS", {FRAME(CONTINUATION, H2_END_HEADERS, 1, HEAD_GET)}, 1, -1},
    {"CONTINUATION of another stream",
     {HEADERS(1, 1, HEAD_GET), FRAME(CONTINUATION, H2_END_HEADERS, 3, "\x00\x01\x61\x01\x62")},
     1,
     -1},
    {"CONTINUATION after the end of the headers",
     {HEADERS(1, H2_WHOLE, HEAD_GET), FRAME(CONTINUATION, H2_END_HEADERS, 1, "\x00\x01\x61\x01\x62")},
     1,
     -1},
    {"SETTINGS on a stream", {FRAME(SETTINGS, 0, 1, "")}, 1, -1},
    {"SETTINGS of five bytes", {FRAME(SETTINGS, 0, 0, "\0\1\0\0\0")}, 6, -1},
    {"SETTINGS ACK with a payload", {FRAME(SETTINGS, 1, 0, "\0\1\0\0\1\0")}, 6, -1},
    {"ENABLE_PUSH of 2", {FRAME(SETTINGS, 0, 0, "\0\2\0\0\0\2")}, 1, -1},
    {"INITIAL_WINDOW_SIZE of 2^31", {FRAME(SETTINGS, 0, 0, "\0\4\x80\0\0\0")}, 3, -1},
    {"MAX_FRAME_SIZE of 100", {FRAME(SETTINGS, 0, 0, "\0\5\0\0\0\x64")}, 1, -1},
    {"PING of seven bytes", {FRAME(PING, 0, 0, "abcdefg")}, 6, -1},
    {"PING on a stream", {FRAME(PING, 0, 1, "abcdefgh")}, 1, -1},
    {"RST_STREAM on stream 0", {FRAME(RST_STREAM, 0, 0, "\0\0\0\0")}, 1, -1},
    {"RST_STREAM on an idle stream", {FRAME(RST_STREAM, 0, 1, "\0\0\0\0")}, 1, -1},
    {"RST_STREAM of three bytes", {HEADERS(1, 4, HEAD_POST), FRAME(RST_STREAM, 0, 1, "\0\0\0")}, 6, -1},
    {"WINDOW_UPDATE of nothing", {FRAME(WINDOW_UPDATE, 0, 0, "\0\0\0\0")}, 1, -1},
    {"WINDOW_UPDATE of nothing on a stream", {HEADERS(1, 4, HEAD_POST), FRAME(WINDOW_UPDATE, 0, 1, "\0\0\0\0")}, 1, -1},
    {"WINDOW_UPDATE beyond 2^31", {FRAME(WINDOW_UPDATE, 0, 0, "\x7f\xff\xff\xff")}, 3, -1},
    {"WINDOW_UPDATE beyond 2^31 on a stream",
     {HEADERS(1, 4, HEAD_POST), FRAME(WINDOW_UPDATE, 0, 1, "\x7f\xff\xff\xff")},
     -1,
     3},
    {"WINDOW_UPDATE on an idle stream", {FRAME(WINDOW_UPDATE, 0, 1, "\0\0\0\1")}, 1, -1},
    {"WINDOW_UPDATE of three bytes", {FRAME(WINDOW_UPDATE, 0, 0, "\0\0\1")}, 6, -1},
    {"PUSH_PROMISE", {HEADERS(1, 4, HEAD_POST), FRAME(PUSH_PROMISE, 4, 1, "\0\0\0\2" HEAD_GET)}, 1, -1},
    {"GOAWAY on a stream", {FRAME(GOAWAY, 0, 1, "\0\0\0\0\0\0\0\0")}, 1, -1},
    {"GOAWAY of seven bytes", {FRAME(GOAWAY, 0, 0, "\0\0\0\0\0\0\0")}, 6, -1},
    {"PRIORITY of four bytes", {FRAME(PRIORITY, 0, 1, "\0\0\0\0")}, 6, -1},
    {"more padding than payload", {HEADERS(1, H2_WHOLE | H2_PADDED, "\x20" HEAD_GET)}, 1, -1},
    {"more padding than data",
     {HEADERS(1, 4, HEAD_POST), FRAME(DATA, 1 | H2_PADDED, 1,
                                      "\x09"
                                      "abc")},
     1,
     -1},
    {"padded without a length", {HEADERS(1, 4, HEAD_POST), FRAME(DATA, 1 | H2_PADDED, 1, "")}, 1, -1},
    {"index 0", {HEADERS(1, H2_WHOLE, "\x80")}, 9, -1},
    {"an index beyond the table", {HEADERS(1, H2_WHOLE, HEAD_GET "\xff\x20")}, 9, -1},
    {"an index beyond numbers", {HEADERS(1, H2_WHOLE, HEAD_GET "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f")}, 9, -1},
    {"a larger table than allowed", {HEADERS(1, H2_WHOLE, "\x3f\xe2\xff\x03" HEAD_GET)}, 9, -1},
    {"a table size in the middle", {HEADERS(1, H2_WHOLE, HEAD_GET "\x20")}, 9, -1},
    {"a value without its end", {HEADERS(1, H2_WHOLE, HEAD_GET "\x00\x01\x61\x09\x62")}, 9, -1},
    {"a broken Huffman code", {HEADERS(1, H2_WHOLE, HEAD_GET "\x00\x01\x61\x84\xff\xff\xff\xff")}, 9, -1},
    /* And what must be borne. */
    {"an unknown frame",
     {{0xfa, 0xff, 0, RAW("abc")}, {0xfb, 0, 1, RAW("")}, HEADERS(1, H2_WHOLE, HEAD_GET)},
     -1,
     ANSWERED},
    {"an unknown setting", {FRAME(SETTINGS, 0, 0, "\xfa\xfa\0\0\0\0"), HEADERS(1, H2_WHOLE, HEAD_GET)}, -1, ANSWERED},
    {"padded headers", {HEADERS(1, H2_WHOLE | H2_PADDED, "\x03" HEAD_GET "\0\0\0")}, -1, ANSWERED},
    {"padded data",
     {HEADERS(1, 4, HEAD_POST), FRAME(DATA, 1 | H2_PADDED, 1,
                                      "\x02"
                                      "abc"
                                      "\0\0")},
     -1,
     ANSWERED},
    {"headers with a priority", {HEADERS(1, H2_WHOLE | 0x20, "\x80\0\0\3\xff" HEAD_GET)}, -1, ANSWERED},
    {"PRIORITY before, also on itself",
     {FRAME(PRIORITY, 0, 1, "\0\0\0\3\x10"), FRAME(PRIORITY, 0, 7, "\0\0\0\7\x10"), HEADERS(1, H2_WHOLE, HEAD_GET)},
     -1,
     ANSWERED},
    {"a table of no size", {HEADERS(1, H2_WHOLE, "\x20" HEAD_GET)}, -1, ANSWERED},
    {"headers over two CONTINUATIONs",
     {HEADERS(1, 1, "\x82"), FRAME(CONTINUATION, 0, 1, "\x87\x84\x41"), FRAME(CONTINUATION, 4, 1, "\x01\x61")},
     -1,
     ANSWERED},
    {"numbers that leave some out", {HEADERS(101, H2_WHOLE, HEAD_GET)}, -1, ANSWERED},
};

static void check_frames(const struct frames *frames)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    struct h2_outcome outcome;

    for (size_t i = 0; i < COUNT_OF(frames->list) && frames->list[i].payload; i++)
        h2_add_frame(&bytes, frames->list[i].type, frames->list[i].flags, frames->list[i].stream_id,
                     (struct span){frames->list[i].payload, frames->list[i].bytes});
    outcome = try_bytes(buf_span(&bytes));
    cr_expect_eq(outcome.goaway, frames->goaway, "%s: GOAWAY %d", frames->what, outcome.goaway);
    cr_expect_eq(outcome.is_over, frames->goaway != -1, "%s: hung up or not", frames->what);
    if (frames->reset == ANSWERED)
        cr_expect(outcome.status == 200 && outcome.reset == -1, "%s: %d", frames->what, outcome.status);
    else if (frames->goaway == -1)
        cr_expect_eq(outcome.reset, frames->reset, "%s: RST_STREAM %d", frames->what, outcome.reset);
}

Test(http2_hostile, frames_that_break_the_rules_end_their_stream_or_the_connection)
{
    fixture_start(&fixture);
    for (size_t i = 0; i < COUNT_OF(WRONG_FRAMES); i++)
        check_frames(&WRONG_FRAMES[i]);
    cr_assert_geq(handled(), 8);
    fixture_stop(&fixture);
}

struct field {
    struct span name;
    struct span value;
};

#define FIELD(name, value)                                                                                             \
    {                                                                                                                  \
        SPAN(name), SPAN(value)                                                                                        \
    }
#define METHOD FIELD(":method", "GET")
#define SCHEME FIELD(":scheme", "https")
#define PATH FIELD(":path", "/")
#define HOST FIELD(":authority", "a")

static const struct {
    const char *what;
    struct field fields[7];
    int outcome; /* the code of RST_STREAM, ANSWERED or ANSWERED_400 */
} HEADS[] = {
    {"no :path", {METHOD, SCHEME, HOST}, 1},
    {"no :method", {SCHEME, PATH, HOST}, 1},
    {"no :scheme", {METHOD, PATH, HOST}, 1},
    {"nothing", {FIELD("a", "b")}, 1},
    {"two :path", {METHOD, SCHEME, PATH, PATH, HOST}, 1},
    {"two :method", {METHOD, METHOD, SCHEME, PATH, HOST}, 1},
    {"two :scheme", {METHOD, SCHEME, SCHEME, PATH, HOST}, 1},
    {"two :authority", {METHOD, SCHEME, PATH, HOST, HOST}, 1},
    {"an empty :path", {METHOD, SCHEME, FIELD(":path", ""), HOST}, 1},
    {"an empty :method", {FIELD(":method", ""), SCHEME, PATH, HOST}, 1},
    {"a path that is none", {METHOD, SCHEME, FIELD(":path", "a"), HOST}, 1},
    {"an absolute :path", {METHOD, SCHEME, FIELD(":path", "https://a/"), HOST}, 1},
    {":path with a line feed", {METHOD, SCHEME, FIELD(":path", "/\na"), HOST}, 1},
    {":path with a space", {METHOD, SCHEME, FIELD(":path", "/ HTTP/1.1"), HOST}, 1},
    {"an unknown pseudo-header", {METHOD, SCHEME, PATH, HOST, FIELD(":foo", "a")}, 1},
    {":status", {METHOD, SCHEME, PATH, HOST, FIELD(":status", "200")}, 1},
    {":protocol", {METHOD, SCHEME, PATH, HOST, FIELD(":protocol", "websocket")}, 1},
    {"a pseudo-header after others", {METHOD, SCHEME, HOST, FIELD("a", "b"), PATH}, 1},
    {"CONNECT with a path", {FIELD(":method", "CONNECT"), SCHEME, PATH, HOST}, 1},
    {"an upper-case name", {METHOD, SCHEME, PATH, HOST, FIELD("Abc", "b")}, 1},
    {"an empty name", {METHOD, SCHEME, PATH, HOST, FIELD("", "b")}, 1},
    {"a space in a name", {METHOD, SCHEME, PATH, HOST, FIELD("a b", "b")}, 1},
    {"a colon in a name", {METHOD, SCHEME, PATH, HOST, FIELD("a:", "b")}, 1},
    {"a line feed in a name", {METHOD, SCHEME, PATH, HOST, FIELD("a\nb", "b")}, 1},
    {"NUL in a value", {METHOD, SCHEME, PATH, HOST, FIELD("a", "b\0c")}, 1},
    {"a line feed in a value", {METHOD, SCHEME, PATH, HOST, FIELD("a", "b\r\nX: c")}, 1},
    {"connection", {METHOD, SCHEME, PATH, HOST, FIELD("connection", "close")}, 1},
    {"keep-alive", {METHOD, SCHEME, PATH, HOST, FIELD("keep-alive", "1")}, 1},
    {"proxy-connection", {METHOD, SCHEME, PATH, HOST, FIELD("proxy-connection", "close")}, 1},
    {"transfer-encoding", {METHOD, SCHEME, PATH, HOST, FIELD("transfer-encoding", "chunked")}, 1},
    {"upgrade", {METHOD, SCHEME, PATH, HOST, FIELD("upgrade", "h2c")}, 1},
    {"te: gzip", {METHOD, SCHEME, PATH, HOST, FIELD("te", "gzip")}, 1},
    {"a length without a body", {METHOD, SCHEME, PATH, HOST, FIELD("content-length", "3")}, 1},
    {"a signed length", {METHOD, SCHEME, PATH, HOST, FIELD("content-length", "+0")}, 1},
    {"a negative length", {METHOD, SCHEME, PATH, HOST, FIELD("content-length", "-1")}, 1},
    {"a length beyond numbers", {METHOD, SCHEME, PATH, HOST, FIELD("content-length", "99999999999999999999")}, 1},
    {"two lengths", {METHOD, SCHEME, PATH, HOST, FIELD("content-length", "0"), FIELD("content-length", "0")}, 1},
    {"two hosts", {METHOD, SCHEME, PATH, FIELD("host", "a"), FIELD("host", "a")}, 1},
    {"no host", {METHOD, SCHEME, PATH}, 1},
    {"a host with a user", {METHOD, SCHEME, PATH, FIELD(":authority", "u@a")}, ANSWERED_400},
    {"a host with a path", {METHOD, SCHEME, PATH, FIELD(":authority", "a/b")}, 1},
    {"two hosts that differ", {METHOD, SCHEME, PATH, HOST, FIELD("host", "b")}, ANSWERED_400},
    {"a scheme nobody knows", {METHOD, FIELD(":scheme", "ftp"), PATH, HOST}, ANSWERED_400},
    {"two hosts that agree", {METHOD, SCHEME, PATH, HOST, FIELD("host", "a")}, ANSWERED},
    {"host instead of :authority", {METHOD, SCHEME, PATH, FIELD("host", "a")}, ANSWERED},
    {"te: trailers", {METHOD, SCHEME, PATH, HOST, FIELD("te", "trailers")}, ANSWERED},
    {"bytes beyond ASCII", {METHOD, SCHEME, PATH, HOST, FIELD("a", "\xe5\xb9\xbf\xff")}, ANSWERED},
    {"an empty value", {METHOD, SCHEME, PATH, HOST, FIELD("a", "")}, ANSWERED},
};

static void check_head(size_t index, int *answered)
{
    AUTO(buf_done) struct buf block = BUF_INIT;
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    const char *what = HEADS[index].what;
    struct h2_outcome outcome;

    for (size_t i = 0; i < COUNT_OF(HEADS[index].fields) && HEADS[index].fields[i].name.at; i++)
        h2_add_field(&block, HEADS[index].fields[i].name, HEADS[index].fields[i].value);
    h2_add_frame(&bytes, NGHTTP2_HEADERS, H2_WHOLE, 1, buf_span(&block));
    outcome = try_bytes(buf_span(&bytes));
    cr_expect_eq(outcome.goaway, -1, "%s: GOAWAY %d", what, outcome.goaway);
    *answered += HEADS[index].outcome == ANSWERED;
    if (HEADS[index].outcome == ANSWERED)
        cr_expect_eq(outcome.status, 200, "%s: %d", what, outcome.status);
    else if (HEADS[index].outcome == ANSWERED_400)
        cr_expect_eq(outcome.status, 400, "%s: %d", what, outcome.status);
    else
        cr_expect(outcome.reset == HEADS[index].outcome && outcome.answers == 0, "%s: RST_STREAM %d, %zu answers", what,
                  outcome.reset, outcome.answers);
}

Test(http2_hostile, malformed_heads_end_their_stream_and_are_never_handled)
{
    int answered = 0;

    fixture_start(&fixture);
    for (size_t i = 0; i < COUNT_OF(HEADS); i++)
        check_head(i, &answered);
    cr_assert_eq(handled(), answered);
    fixture_stop(&fixture);
}

/* A POST that says `length` and sends `data` in one frame; then perhaps a trailer. */
static struct h2_outcome post(const char *length, struct span data, struct span trailer, uint8_t trailer_flags)
{
    AUTO(buf_done) struct buf block = BUF_INIT;
    AUTO(buf_done) struct buf bytes = BUF_INIT;

    buf_add(&block, RAW(HEAD_POST));
    if (length)
        h2_add_field(&block, SPAN("content-length"), span_of(length));
    h2_add_frame(&bytes, NGHTTP2_HEADERS, H2_END_HEADERS, 1, buf_span(&block));
    h2_add_frame(&bytes, NGHTTP2_DATA, trailer.at ? 0 : H2_END_STREAM, 1, data);
    if (trailer.at)
        h2_add_frame(&bytes, NGHTTP2_HEADERS, trailer_flags, 1, trailer);
    return try_bytes(buf_span(&bytes));
}

Test(http2_hostile, a_body_that_is_not_as_long_as_it_says_is_never_handled)
{
    fixture_start(&fixture);
    cr_expect_eq(post("2", SPAN("abc"), SPAN_NONE, 0).reset, 1, "too long");
    cr_expect_eq(post("4", SPAN("abc"), SPAN_NONE, 0).reset, 1, "too short");
    cr_expect_eq(post("4", SPAN("abc"), SPAN("\x00\x01\x61\x01\x62"), H2_WHOLE).reset, 1, "too short, with a trailer");
    cr_expect_eq(handled(), 0);
    cr_expect_eq(post("3", SPAN("abc"), SPAN_NONE, 0).status, 200);
    fixture_stop(&fixture);
}

/* Whoever is told at once to stop may lose the answer. */
Test(http2_hostile, who_still_sends_when_it_is_refused_may_finish_and_is_not_reset)
{
    AUTO(buf_done) struct buf block = BUF_INIT;
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    AUTO(text_free) char *data = memory_new(5000);
    struct h2_outcome outcome;

    fixture_start(&fixture);
    buf_add(&block, RAW(HEAD_POST));
    h2_add_field(&block, SPAN("content-length"), SPAN("5000"));
    h2_add_frame(&bytes, NGHTTP2_HEADERS, H2_END_HEADERS, 1, buf_span(&block));
    h2_raw_open(&client, &fixture);
    h2_raw_send(&client, buf_span(&bytes));
    outcome = h2_raw_outcome(&client);
    cr_assert_eq(outcome.answers, 1, "413");
    cr_assert_eq(outcome.resets, 0);
    buf_clear(&bytes);
    h2_add_frame(&bytes, NGHTTP2_DATA, H2_END_STREAM, 1, (struct span){data, 5000});
    h2_raw_send(&client, buf_span(&bytes));
    outcome = h2_raw_outcome(&client);
    cr_assert_eq(outcome.resets, 0);
    cr_assert_eq(outcome.goaway, -1);
    fixture_stop(&fixture);
}

Test(http2_hostile, trailers_must_end_the_stream_and_hold_no_pseudo_headers)
{
    fixture_start(&fixture);
    cr_expect_eq(post(NULL, SPAN("abc"), SPAN("\x84"), H2_WHOLE).reset, 1, ":path in a trailer");
    cr_expect_eq(post(NULL, SPAN("abc"), SPAN("\x00\x01\x61\x01\x62"), H2_END_HEADERS).reset, 1, "no end");
    cr_expect_eq(handled(), 0);
    cr_expect_eq(post(NULL, SPAN("abc"), SPAN("\x00\x01\x61\x01\x62"), H2_WHOLE).status, 200);
    fixture_stop(&fixture);
}

static struct h2_outcome open_with(struct span bytes)
{
    struct h2_outcome outcome;

    h2_open(&client, &fixture, &(struct h2_options){.is_raw = true});
    h2_raw_send(&client, bytes);
    outcome = h2_raw_outcome(&client);
    h2_close(&client);
    return outcome;
}

Test(http2_hostile, who_does_not_begin_as_it_should_is_hung_up_on)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    struct h2_outcome outcome;

    fixture_start(&fixture);
    cr_expect(open_with(SPAN("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).is_over, "HTTP/1.1 after all");
    cr_expect(open_with(SPAN("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")).is_over, "a wrong preface");
    buf_add_text(&bytes, "X" H2_PREFACE);
    h2_add_frame(&bytes, NGHTTP2_SETTINGS, 0, 0, SPAN_NONE);
    h2_add_get(&bytes, 1);
    outcome = open_with(buf_span(&bytes));
    cr_expect(outcome.is_over && outcome.answers == 0, "a preface with something before it");
    buf_clear(&bytes);
    buf_add_text(&bytes, H2_PREFACE);
    h2_add_get(&bytes, 1);
    outcome = open_with(buf_span(&bytes));
    cr_expect(outcome.is_over && outcome.answers == 0, "no SETTINGS first");
    cr_expect_eq(outcome.goaway, 1);
    cr_expect_eq(handled(), 0);
    fixture_stop(&fixture);
}

/* In two records, so that both can be read in one turn: the second alone would be right. */
Test(http2_hostile, after_a_wrong_preface_a_right_one_does_not_help)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;

    fixture_start(&fixture);
    h2_open(&client, &fixture, &(struct h2_options){.is_raw = true});
    buf_add_text(&bytes, H2_PREFACE);
    h2_add_frame(&bytes, NGHTTP2_SETTINGS, 0, 0, SPAN_NONE);
    h2_add_get(&bytes, 1);
    kill(fixture.child, SIGSTOP);
    h2_raw_send(&client, SPAN("wrong"));
    h2_raw_send(&client, buf_span(&bytes));
    kill(fixture.child, SIGCONT);
    cr_assert_eq(h2_raw_outcome(&client).answers, 0);
    cr_assert_eq(handled(), 0);
    fixture_stop(&fixture);
}

Test(http2_hostile, a_frame_larger_than_allowed_is_refused_before_it_comes)
{
    struct h2_outcome outcome;

    fixture_start(&fixture);
    outcome = try_bytes(SPAN("\x00\x40\x01\x00\x00\x00\x00\x00\x01"));
    cr_expect_eq(outcome.goaway, 6);
    outcome = try_bytes(SPAN("\xff\xff\xff\x01\x00\x00\x00\x00\x01"));
    cr_expect_eq(outcome.goaway, 6);
    outcome = try_bytes(SPAN("\xff\xff\xff\xfa\x00\x00\x00\x00\x01"));
    cr_expect_eq(outcome.goaway, 6);
    fixture_stop(&fixture);
}

Test(http2_hostile, streams_above_the_limit_are_refused)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    struct h2_outcome outcome;

    fixture_start(&fixture);
    for (uint32_t i = 0; i < 15; i++)
        h2_add_frame(&bytes, NGHTTP2_HEADERS, H2_END_HEADERS, 2 * i + 1, SPAN(HEAD_POST));
    /* Before our SETTINGS are acknowledged the client may not know: its streams are refused, it may try again. */
    outcome = try_bytes(buf_span(&bytes));
    cr_expect_eq(outcome.reset, NGHTTP2_REFUSED_STREAM);
    cr_expect_eq(outcome.resets, 5);
    cr_expect_eq(outcome.goaway, -1);
    /* Afterwards it knows. */
    h2_raw_open(&client, &fixture);
    h2_raw_send(&client, SPAN("\0\0\0\4\1\0\0\0\0"));
    h2_raw_send(&client, buf_span(&bytes));
    outcome = h2_raw_outcome(&client);
    cr_expect_eq(outcome.goaway, 1);
    fixture_stop(&fixture);
}
