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
static int handled(void)
{
    struct h2_answer *answer;
    int count;

    h2_close(&client);
    h2_meet(&client, &fixture, &(struct h2_options){0});
    answer = h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/handled"});
    cr_assert_eq(answer->status, 200, "the server must still serve");
    count = (int)strtol(buf_text(&answer->body), NULL, 10) - 1;
    h2_close(&client);
    return count;
}

static struct h2_outcome try_bytes(struct span bytes)
{
    struct h2_outcome outcome;

    h2_raw_open(&client, &fixture);
    h2_raw_send(&client, bytes);
    outcome = h2_raw_outcome(&client);
    h2_close(&client);
    return outcome;
}

enum { ANSWERED = -2, HUNG_UP = -3, ANSWERED_400 = -4 };

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

/* GET / of host a, as a header block. */
#define HEAD_GET "\x82\x87\x84\x41\x01\x61"
#define HEAD_POST "\x83\x87\x84\x41\x01\x61"
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

Test(http2_hostile, floods_of_frames_that_ask_for_nothing_are_stopped)
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
Test(http2_hostile, rapid_resets_get_little_done)
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
Test(http2_hostile, patient_resets_get_little_done_either)
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
Test(http2_hostile, requests_that_draw_resets_are_stopped)
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

Test(http2_hostile, streams_opened_beyond_the_limit_again_and_again_are_stopped)
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
Test(http2_hostile, a_header_block_without_end_is_cut_off)
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

Test(http2_hostile, empty_continuations_are_cut_off)
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

static long server_memory_kib(void)
{
    struct h2_answer *answer;
    long kib;

    h2_meet(&client, &fixture, &(struct h2_options){0});
    answer = h2_fetch(&client, &(struct h2_request){.method = "GET", .path = "/memory"});
    kib = strtol(buf_text(&answer->body), NULL, 10);
    h2_close(&client);
    return kib;
}

/* One large field in HPACK's table, then an index of one byte for it, many times. */
Test(http2_hostile, a_header_table_used_as_a_bomb_does_not_fill_memory)
{
    AUTO(buf_done) struct buf block = BUF_INIT;
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    AUTO(text_free) char *large = memory_new(4000);
    struct h2_outcome outcome;
    long before;

    fixture_start(&fixture);
    before = server_memory_kib();
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
    cr_expect_lt(server_memory_kib() - before, 2000);
    cr_expect_eq(handled(), 2);
    fixture_stop(&fixture);
}

/* The client may allow our encoder any table; it need not take it. */
Test(http2_hostile, a_huge_table_offered_to_us_is_not_filled)
{
    long before;

    fixture_start(&fixture);
    before = server_memory_kib();
    cr_expect_eq(try_bytes(SPAN("\0\0\6\4\0\0\0\0\0\0\1\xff\xff\xff\xff\0\0\6\1\5\0\0\0\1" HEAD_GET)).status, 200);
    cr_expect_lt(server_memory_kib() - before, 2000);
    fixture_stop(&fixture);
}

Test(http2_hostile, too_many_settings_in_one_frame_are_refused)
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
Test(http2_hostile, a_window_opened_byte_by_byte_does_not_hold_an_answer_for_ever)
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

Test(http2_hostile, random_bytes_after_a_good_beginning_do_no_harm)
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
