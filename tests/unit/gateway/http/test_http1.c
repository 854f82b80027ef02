/* HTTP/1.1 as strangers speak it: raw bytes. */
#include "fixture.h"

static struct fixture fixture;

static void setup(void)
{
    /* The deadlines are long where they are not what is tried: the machine may be busy. */
    fixture = (struct fixture){
        .limits = {.body_bytes = 1000, .header_bytes = 4096, .header_count = 20, .target_bytes = 1000}};
    test_folder_new(fixture.folder);
}

static void teardown(void)
{
    test_folder_remove(fixture.folder);
}

TestSuite(http1, .init = setup, .fini = teardown, .timeout = 60);

struct hostile {
    const char *what;
    const char *request;
    size_t bytes;
    int status; /* 0: closed without an answer */
};

#define CHUNKED "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
#define HEAD "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"

static const struct hostile HOSTILE[] = {
    {"both lengths", RAW(POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
    {"both lengths, the other way", RAW(POST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"), 400},
    {"two lengths", RAW(POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), 400},
    {"one length twice", RAW(POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"), 400},
    {"a list of lengths", RAW(POST "Content-Length: 3, 3\r\n\r\nabc"), 400},
    {"signed length", RAW(POST "Content-Length: +3\r\n\r\nabc"), 400},
    {"negative length", RAW(POST "Content-Length: -3\r\n\r\nabc"), 400},
    {"length with tail", RAW(POST "Content-Length: 3a\r\n\r\nabc"), 400},
    {"length in C notation", RAW(POST "Content-Length: 0x3\r\n\r\nabc"), 400},
    {"empty length", RAW(POST "Content-Length: \r\n\r\n"), 400},
    {"huge length", RAW(POST "Content-Length: 99999999999999999999\r\n\r\n"), 400},
    {"length above the limit", RAW(POST "Content-Length: 5000\r\n\r\n"), 413},
    {"no length", RAW(POST "\r\n"), 411},
    {"no Host", RAW("GET / HTTP/1.1\r\n\r\n"), 400},
    {"two Hosts", RAW("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400},
    {"empty Host", RAW("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400},
    {"a Host with a path", RAW("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400},
    {"a Host with a user", RAW("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"), 400},
    {"another host in the target", RAW("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"bare LF", RAW("GET / HTTP/1.1\nHost: a\n\n"), 400},
    {"one bare LF", RAW("GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n"), 400},
    {"bare LF at the end", RAW("GET / HTTP/1.1\r\nHost: a\r\n\n"), 400},
    {"folded header", RAW(HEAD "X: 1\r\n 2\r\n\r\n"), 400},
    {"folded by tab", RAW(HEAD "X: 1\r\n\t2\r\n\r\n"), 400},
    {"space before the first header", RAW("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400},
    {"folded coding", RAW(POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"), 400},
    {"space in a name", RAW(HEAD "X Y: 1\r\n\r\n"), 400},
    {"space before the colon", RAW(HEAD "X : 1\r\n\r\n"), 400},
    {"a line without a colon", RAW(HEAD "X\r\n\r\n"), 400},
    {"an empty name", RAW(HEAD ": 1\r\n\r\n"), 400},
    {"NUL in a value", RAW(HEAD "X: 1\0002\r\n\r\n"), 400},
    {"NUL in a name", RAW(HEAD "X\000Y: 1\r\n\r\n"), 400},
    {"bare CR in a value", RAW(HEAD "X: 1\r2\r\n\r\n"), 400},
    {"NUL in the path", RAW("GET /a\000b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"encoded NUL in the path", RAW("GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"encoded line feed in the path", RAW("GET /a%0ab HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"encoded slash", RAW("GET /a%2Fb HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"overlong UTF-8 in the path", RAW("GET /%c0%af HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"up and out", RAW("GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"up at the end", RAW("GET /a/.. HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"encoded up and out", RAW("GET /a/%2e%2e/b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"broken escape", RAW("GET /a%zz HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"cut escape", RAW("GET /a%4 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"broken escape in the query", RAW("GET /?a=%4 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"encoded NUL in the query", RAW("GET /?a=%00 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"a fragment", RAW("GET /#a HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"a target that is no path", RAW("GET a HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"OPTIONS *", RAW("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"CONNECT", RAW("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"), 501},
    {"TRACE", RAW("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"), 501},
    {"a method in small letters", RAW("get / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"an unknown method", RAW("FROB / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"two spaces", RAW("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"no version", RAW("GET /\r\n\r\n"), 505},
    {"HTTP/2.0 as text", RAW("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505},
    {"HTTP/1.2", RAW("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), 505},
    {"HTTP/2's preface", RAW("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 400},
    {"another protocol", RAW("GET / RTSP/1.0\r\nHost: a\r\n\r\n"), 400},
    {"the coding twice", RAW(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
    {"identity, chunked", RAW(POST "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n"), 400},
    {"chunked, identity", RAW(POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"), 400},
    {"gzip, chunked", RAW(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 400},
    {"an unknown coding", RAW(POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), 400},
    {"chunked in HTTP/1.0", RAW("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
    {"chunk size in C notation", RAW(CHUNKED "0x1\r\na\r\n0\r\n\r\n"), 400},
    {"signed chunk size", RAW(CHUNKED "+1\r\na\r\n0\r\n\r\n"), 400},
    {"negative chunk size", RAW(CHUNKED "-1\r\na\r\n0\r\n\r\n"), 400},
    {"empty chunk size", RAW(CHUNKED "\r\na\r\n0\r\n\r\n"), 400},
    {"huge chunk size", RAW(CHUNKED "fffffffffffffffff\r\na\r\n0\r\n\r\n"), 400},
    {"chunk size with a space", RAW(CHUNKED "1 \r\na\r\n0\r\n\r\n"), 400},
    {"chunk line ends bare", RAW(CHUNKED "1\na\r\n0\r\n\r\n"), 400},
    {"chunk without its end", RAW(CHUNKED "1\r\naX\r\n0\r\n\r\n"), 400},
    {"chunk longer than it says", RAW(CHUNKED "1\r\nabc\r\n0\r\n\r\n"), 400},
    {"chunks above the limit", RAW(CHUNKED "3e9\r\n"), 413},
    {"chunked, chunked", RAW(POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"), 400},
    {"chunked with a parameter", RAW(POST "Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n"), 400},
    {"chunked behind a vertical tab",
     RAW(POST "Transfer-Encoding: \x0b"
              "chunked\r\n\r\n0\r\n\r\n"),
     400},
    {"chunked behind NUL",
     RAW(POST "Transfer-Encoding: \0"
              "chunked\r\n\r\n0\r\n\r\n"),
     400},
    {"an empty coding", RAW(POST "Transfer-Encoding:\r\n\r\n0\r\n\r\n"), 400},
    {"a coding with a space before the colon", RAW(POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"), 400},
    {"a coding that begins with a comma", RAW(POST "Transfer-Encoding: , chunked\r\n\r\n0\r\n\r\n"), 400},
    {"a length in a trailer", RAW(CHUNKED "0\r\nContent-Length: 9\r\n\r\nGET /x HTTP/1.1\r\n\r\n"), 400},
    {"a coding in a trailer", RAW(CHUNKED "0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
    {"a trailer that ends bare", RAW(CHUNKED "0\r\nX: y\n\r\n"), 400},
    {"a folded trailer", RAW(CHUNKED "0\r\nX: y\r\n z\r\n\r\n"), 400},
    {"a trailer without colon", RAW(CHUNKED "0\r\nX\r\n\r\n"), 400},
    {"NUL in a trailer", RAW(CHUNKED "0\r\nX: \0\r\n\r\n"), 400},
    {"the last chunk ends bare", RAW(CHUNKED "0\n\r\n"), 400},
    {"the body ends bare", RAW(CHUNKED "0\r\n\n"), 400},
    {"chunk data ends bare", RAW(CHUNKED "1\r\na\n0\r\n\r\n"), 400},
    {"bare CR in a chunk extension", RAW(CHUNKED "1;a\rb\r\na\r\n0\r\n\r\n"), 400},
    {"bare LF in a chunk extension", RAW(CHUNKED "1;a\nb\r\na\r\n0\r\n\r\n"), 400},
    {"NUL in a chunk extension", RAW(CHUNKED "1;a\0b\r\na\r\n0\r\n\r\n"), 400},
    {"chunk size with an underscore", RAW(CHUNKED "1_0\r\na\r\n0\r\n\r\n"), 400},
    {"chunk size behind a space", RAW(CHUNKED " 1\r\na\r\n0\r\n\r\n"), 400},
    {"a tab in the request line", RAW("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"a tab before the version", RAW("GET /\tHTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"a space after the version", RAW("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), 505},
    {"a version in small letters", RAW("GET / http/1.1\r\nHost: a\r\n\r\n"), 400},
    {"a version with a zero", RAW("GET / HTTP/01.1\r\nHost: a\r\n\r\n"), 505},
    {"a version of two digits", RAW("GET / HTTP/1.10\r\nHost: a\r\n\r\n"), 505},
    {"HTTP/0.9 with a version", RAW("GET / HTTP/0.9\r\nHost: a\r\n\r\n"), 505},
    {"a carriage return in the target", RAW("GET /\rHTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"a space in the target", RAW("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"raw UTF-8 beyond ASCII in the target", RAW("GET /\xc3\x28 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"DEL in the target", RAW("GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"DEL in a value", RAW(HEAD "X: \x7f\r\n\r\n"), 400},
    {"a length with a space inside", RAW(POST "Content-Length: 3 3\r\n\r\nabc"), 400},
    {"a length behind a vertical tab",
     RAW(POST "Content-Length: \x0b"
              "3\r\n\r\nabc"),
     400},
    {"a length with a space before the colon", RAW(POST "Content-Length : 3\r\n\r\nabc"), 400},
    {"a length of 2^64", RAW(POST "Content-Length: 18446744073709551616\r\n\r\n"), 400},
    {"two Hosts that differ", RAW("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n"), 400},
    {"two Hosts in one", RAW("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"), 400},
    {"a Host with a space", RAW("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400},
    {"a Host with a bad port", RAW("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"), 400},
    {"a Host that is no IPv6", RAW("GET / HTTP/1.1\r\nHost: [::g]\r\n\r\n"), 400},
    {"expecting wonders", RAW(POST "Content-Length: 1\r\nExpect: wonders\r\n\r\na"), 417},
    {"content type twice", RAW(HEAD "Content-Type: a\r\nContent-Type: b\r\n\r\n"), 400},
    {"empty lines first", RAW("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"garbage", RAW("\x16\x03\x01\x02\x00"), 400},
    {"half a request", RAW("GET / HT"), 0},
    {"half a body", RAW(POST "Content-Length: 9\r\n\r\nabc"), 0},
    {"nothing", RAW(""), 0},
};

/* 1001 bytes in one chunk: only then is the limit passed. */
static void talk_hostile(const struct hostile *hostile, struct buf *answer)
{
    AUTO(buf_done) struct buf request = BUF_INIT;

    buf_add(&request, hostile->request, hostile->bytes);
    if (hostile->status == 413 && strstr(hostile->request, "chunked")) {
        for (int i = 0; i < 1001; i++)
            buf_add_byte(&request, 'a');
        buf_add_text(&request, "\r\n0\r\n\r\n");
    }
    fixture_talk(&fixture, request.data, request.bytes, answer);
}

Test(http1, what_breaks_framing_is_refused_and_never_handled)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;

    fixture_start(&fixture);
    for (size_t i = 0; i < COUNT_OF(HOSTILE); i++) {
        talk_hostile(&HOSTILE[i], &answer);
        cr_expect_eq(fixture_status(&answer), HOSTILE[i].status, "%s: %d %s", HOSTILE[i].what, fixture_status(&answer),
                     buf_text(&answer));
        cr_expect_null(strstr(buf_text(&answer), "200 OK"), "%s was handled", HOSTILE[i].what);
    }
    fixture_stop(&fixture);
}

Test(http1, what_follows_a_refused_request_is_not_read)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;

    fixture_start(&fixture);
    fixture_talk(&fixture, RAW(CHUNKED "1\r\naX\r\n0\r\n\r\n" HEAD "\r\n" HEAD "\r\n"), &answer);
    cr_assert_eq(fixture_status(&answer), 400);
    cr_assert_null(strstr(buf_text(&answer), "200 OK"), "%s", buf_text(&answer));
    cr_assert_not_null(strstr(buf_text(&answer), "Connection: close"));
    fixture_stop(&fixture);
}

Test(http1, too_much_of_a_head_is_refused)
{
    AUTO(buf_done) struct buf request = BUF_INIT;
    AUTO(buf_done) struct buf answer = BUF_INIT;

    fixture_start(&fixture);
    buf_addf(&request, HEAD "X: %06000d\r\n\r\n", 1);
    fixture_talk(&fixture, request.data, request.bytes, &answer);
    cr_expect_eq(fixture_status(&answer), 431, "long headers");
    buf_clear(&request);
    buf_addf(&request, "GET /%01500d HTTP/1.1\r\nHost: a\r\n\r\n", 1);
    fixture_talk(&fixture, request.data, request.bytes, &answer);
    cr_expect_eq(fixture_status(&answer), 414, "a long target");
    buf_clear(&request);
    buf_addf(&request, "GET /%09000d", 1);
    fixture_talk(&fixture, request.data, request.bytes, &answer);
    cr_expect_eq(fixture_status(&answer), 414, "a target without end");
    buf_clear(&request);
    buf_add_text(&request, HEAD);
    for (int i = 0; i < 20; i++)
        buf_addf(&request, "X%d: 1\r\n", i);
    buf_add_text(&request, "\r\n");
    fixture_talk(&fixture, request.data, request.bytes, &answer);
    cr_expect_eq(fixture_status(&answer), 431, "many headers");
    fixture_stop(&fixture);
}

Test(http1, a_body_that_is_mostly_framing_is_refused)
{
    AUTO(buf_done) struct buf request = BUF_INIT;
    AUTO(buf_done) struct buf answer = BUF_INIT;

    fixture_start(&fixture);
    buf_addf(&request, CHUNKED "1;%040000d\r\na\r\n0\r\n\r\n", 1);
    fixture_talk(&fixture, request.data, request.bytes, &answer);
    cr_assert_eq(fixture_status(&answer), 413);
    fixture_stop(&fixture);
}

Test(http1, who_is_too_slow_is_told_so_and_cut_off)
{
    static const struct {
        const char *beginning;
        int status;
    } SLOW[] = {{"GET / HTT", 408}, {POST "Content-Length: 9\r\n\r\nab", 408}, {CHUNKED "1\r\n", 408}, {"", 0}};

    fixture.limits.header_ms = fixture.limits.body_ms = fixture.limits.idle_ms = 300;
    fixture_start(&fixture);
    for (size_t i = 0; i < COUNT_OF(SLOW); i++) {
        AUTO(buf_done) struct buf answer = BUF_INIT;
        int fd = fixture_connect(&fixture);

        fixture_send(fd, SLOW[i].beginning, strlen(SLOW[i].beginning));
        cr_expect_eq(fixture_read_all(fd, &answer), 0, "closed by the server, not by our own time-out");
        cr_expect_eq(fixture_status(&answer), SLOW[i].status, "%s", SLOW[i].beginning);
        close(fd);
    }
    fixture_stop(&fixture);
}

Test(http1, a_byte_now_and_then_does_not_prolong_the_head)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    int64_t start_ms = time_monotonic_ms();
    int fd;

    fixture.limits.header_ms = 300;
    fixture_start(&fixture);
    fd = fixture_connect(&fixture);
    while (time_monotonic_ms() - start_ms < 8000 && send(fd, "G", 1, MSG_NOSIGNAL) == 1 &&
           recv(fd, &(char){0}, 1, MSG_DONTWAIT | MSG_PEEK) < 0)
        usleep(50000);
    cr_assert_lt(time_monotonic_ms() - start_ms, 5000);
    fixture_read_all(fd, &answer);
    cr_assert_eq(fixture_status(&answer), 408);
    close(fd);
    fixture_stop(&fixture);
}

Test(http1, a_client_that_never_reads_is_cut_off)
{
    int64_t start_ms;
    int small = 4096;
    int fd;

    fixture.limits.write_ms = 400;
    fixture_start(&fixture);
    fd = fixture_connect(&fixture);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    fixture_send(fd, RAW("GET /big?bytes=20000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    start_ms = time_monotonic_ms();
    /* Our next request cannot be answered; at last sending it fails. */
    while (send(fd, HEAD "\r\n", sizeof(HEAD) + 1, MSG_NOSIGNAL) > 0 && time_monotonic_ms() - start_ms < 15000)
        usleep(20000);
    cr_assert_lt(time_monotonic_ms() - start_ms, 10000);
    close(fd);
    fixture_stop(&fixture);
}

Test(http1, a_pipeline_that_nobody_reads_does_not_fill_memory)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    struct timeval brief = {0, 100000};
    long long sent = 0;
    int fd;

    fixture_start(&fixture);
    fd = fixture_connect(&fixture);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &brief, sizeof brief);
    for (ssize_t got; sent < 64000000 &&
                      (got = send(fd, RAW("GET /big?bytes=60000 HTTP/1.1\r\nHost: a\r\n\r\n"), MSG_NOSIGNAL)) > 0;)
        sent += got;
    cr_assert_lt(sent, 64000000, "the server must stop reading");
    fixture_talk(&fixture, RAW("GET /memory HTTP/1.1\r\nHost: a\r\n\r\n"), &answer);
    cr_assert_lt(strtol(strstr(buf_text(&answer), "\r\n\r\n") + 4, NULL, 10), 200 * 1024, "%s", buf_text(&answer));
    close(fd);
    fixture_stop(&fixture);
}

Test(http1, pipelined_requests_are_answered_in_order)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    const char *one;
    const char *two;

    fixture_start(&fixture);
    fixture_talk(&fixture,
                 RAW("GET /one HTTP/1.1\r\nHost: a\r\n\r\nPOST /two%20x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                     "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
                     "HEAD /three HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
                 &answer);
    one = strstr(buf_text(&answer), "GET /one 0 -");
    two = strstr(buf_text(&answer), "POST /two x 3 -");
    cr_assert(one && two && one < two, "%s", buf_text(&answer));
    cr_assert_null(strstr(buf_text(&answer), "/three"), "HEAD has no body");
    cr_assert_not_null(strstr(buf_text(&answer), "Content-Length: 14\r\n"), "but its length");
    fixture_stop(&fixture);
}

static size_t count_of(const struct buf *text, const char *what)
{
    size_t count = 0;

    for (const char *at = buf_text(text); (at = strstr(at, what)); at++)
        count++;
    return count;
}

Test(http1, a_long_pipeline_is_answered_whole)
{
    AUTO(buf_done) struct buf request = BUF_INIT;
    AUTO(buf_done) struct buf answer = BUF_INIT;

    fixture_start(&fixture);
    for (int i = 0; i < 500; i++)
        buf_add_text(&request, i % 2 ? HEAD "\r\n" : POST "Content-Length: 2\r\n\r\nab");
    fixture_talk(&fixture, request.data, request.bytes, &answer);
    cr_assert_eq(count_of(&answer, "200 OK"), 500, "%zu", count_of(&answer, "200 OK"));
    cr_assert_eq(count_of(&answer, "POST / 2 -"), 250);
    fixture_stop(&fixture);
}

Test(http1, who_half_closes_after_a_pipeline_of_large_answers_gets_them_all)
{
    AUTO(buf_done) struct buf request = BUF_INIT;
    AUTO(buf_done) struct buf answer = BUF_INIT;
    int fd;

    fixture_start(&fixture);
    for (int i = 0; i < 200; i++)
        buf_add_text(&request, "GET /big?bytes=100000 HTTP/1.1\r\nHost: a\r\n\r\n");
    fd = fixture_connect(&fixture);
    fixture_send(fd, request.data, request.bytes);
    shutdown(fd, SHUT_WR);
    usleep(300000); /* all buffers are full before we read */
    cr_assert_eq(fixture_read_all(fd, &answer), 0);
    cr_assert_eq(count_of(&answer, "200 OK"), 200, "%zu", count_of(&answer, "200 OK"));
    cr_assert_gt(answer.bytes, 20000000u);
    close(fd);
    fixture_stop(&fixture);
}

Test(http1, a_request_in_single_bytes_is_the_same_request)
{
    static const char REQUEST[] = "\r\nPOST /a%20b?c HTTP/1.1\r\nHost: a\r\nX: y \r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "2;x=y\r\nab\r\n1\r\nc\r\n0\r\nTrailer: z\r\n\r\n";
    AUTO(buf_done) struct buf answer = BUF_INIT;
    int fd;

    fixture_start(&fixture);
    fd = fixture_connect(&fixture);
    for (size_t i = 0; i + 1 < sizeof REQUEST; i++) {
        fixture_send(fd, REQUEST + i, 1);
        usleep(500);
    }
    cr_assert(fixture_read_until(fd, "POST /a b 3 -", &answer), "%s", buf_text(&answer));
    close(fd);
    fixture_stop(&fixture);
}

Test(http1, old_clients_keep_the_connection_only_when_they_ask)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;

    fixture_start(&fixture);
    fixture_talk(&fixture, RAW("GET /1 HTTP/1.0\r\n\r\nGET /2 HTTP/1.0\r\n\r\n"), &answer);
    cr_assert_not_null(strstr(buf_text(&answer), "Connection: close"));
    cr_assert_null(strstr(buf_text(&answer), "GET /2"));
    fixture_talk(&fixture, RAW("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n"), &answer);
    cr_assert_not_null(strstr(buf_text(&answer), "Connection: keep-alive"));
    cr_assert_not_null(strstr(buf_text(&answer), "GET /2"));
    fixture_stop(&fixture);
}

Test(http1, who_expects_to_be_told_to_go_on_is_told)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    int fd;

    fixture_start(&fixture);
    fd = fixture_connect(&fixture);
    fixture_send(fd, RAW(POST "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
    cr_assert(fixture_read_until(fd, "HTTP/1.1 100 Continue\r\n\r\n", &answer));
    fixture_send(fd, RAW("ab"));
    cr_assert(fixture_read_until(fd, "POST / 2 -", &answer));
    close(fd);
    fixture_stop(&fixture);
}

Test(http1, an_offer_to_upgrade_is_passed_over)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;

    fixture_start(&fixture);
    fixture_talk(&fixture, RAW(HEAD "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n" HEAD "\r\n"), &answer);
    cr_assert_eq(count_of(&answer, "200 OK"), 2);
    fixture_stop(&fixture);
}

Test(http1, an_absolute_target_is_the_same_as_its_path)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;

    fixture_start(&fixture);
    fixture_talk(&fixture, RAW("GET https://a:1/x?y HTTP/1.1\r\nHost: a:1\r\n\r\n"), &answer);
    cr_assert_not_null(strstr(buf_text(&answer), "GET /x 0 -"), "%s", buf_text(&answer));
    fixture_stop(&fixture);
}

Test(http1, a_dropped_reply_hangs_up_after_those_before_it)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;

    fixture_start(&fixture);
    fixture_talk(&fixture, RAW(HEAD "\r\nGET /drop HTTP/1.1\r\nHost: a\r\n\r\n" HEAD "\r\n"), &answer);
    cr_assert_eq(count_of(&answer, "HTTP/1.1"), 1, "%s", buf_text(&answer));
    fixture_stop(&fixture);
}

Test(http1, every_answer_of_a_turn_that_is_not_durable_becomes_503)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;

    fixture.is_volatile = true;
    fixture_start(&fixture);
    fixture_talk(&fixture, RAW(HEAD "\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\n" HEAD "Connection: close\r\n\r\n"),
                 &answer);
    cr_assert_eq(count_of(&answer, "HTTP/1.1 503 "), 3, "%s", buf_text(&answer));
    cr_assert_eq(count_of(&answer, "Retry-After: 1\r\n"), 3);
    cr_assert_eq(count_of(&answer, "Connection: close\r\n"), 1);
    cr_assert_eq(count_of(&answer, "refused 503"), 2, "HEAD has no body");
    cr_assert_null(strstr(buf_text(&answer), "GET /"), "the handler's words must not leave");
    fixture_stop(&fixture);
}
