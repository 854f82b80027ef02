/* The server as strangers meet it: raw bytes over TCP, and TLS through libcurl. The server runs in a forked child,
 * which ends when the write end of its stop pipe is closed. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/http/http.h"
#include "tests/support/certificates.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static struct error err;
static uint16_t port;
static pid_t child;
static int stop_write;
static bool is_durable;

static void echo(void *context, const struct http_request *request, struct http_reply *reply)
{
    (void)context;
    buf_addf(&reply->body, "%.*s %.*s %zu %s", (int)request->method.bytes, request->method.at, (int)request->path.bytes,
             request->path.at, request->body.bytes,
             request->peer->has_certificate ? request->peer->certificate_subject : "-");
}

static bool end_turn(void *context, struct error *why)
{
    (void)context;
    return is_durable || fail(why, ERR_FULL, "the disk is full");
}

static bool serve(int fd, bool uses_tls, int stop_fd)
{
    AUTO(http_server_free) struct http_server *server = NULL;
    AUTO(text_free) char *pem = path_join(folder, "server.pem");
    AUTO(text_free) char *key = path_join(folder, "server.key");
    AUTO(text_free) char *ca = path_join(folder, "ca.pem");
    struct http_tls tls = {.certificate_file = pem, .key_file = key, .client_ca_file = ca, .requires_client = true};
    struct http_server_options options = {
        .limits = HTTP_LIMITS_DEFAULT, .handle = echo, .end_of_turn = end_turn, .spool_folder = folder};

    options.limits.header_ms = 300;
    options.limits.body_ms = 300;
    options.limits.body_bytes = 1000;
    options.limits.header_bytes = 4096;
    return http_server_new(&options, &server, &err) &&
           http_server_add_listener(server, fd, uses_tls ? &tls : NULL, &err) && http_server_run(server, stop_fd, &err);
}

static void start(bool uses_tls)
{
    int stop[2];
    int fd;

    port = 0;
    cr_assert(http_listen_tcp("127.0.0.1", &port, &fd, &err), "%s", err.text);
    cr_assert_eq(pipe(stop), 0);
    child = fork();
    if (child == 0) {
        bool is_good;

        close(stop[1]);
        is_good = serve(fd, uses_tls, stop[0]);
        if (!is_good)
            fprintf(stderr, "server: %s\n", err.text);
        _exit(is_good ? 0 : 1);
    }
    close(fd);
    close(stop[0]);
    stop_write = stop[1];
}

static void stop_server(void)
{
    int status;

    close(stop_write);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the server must stop in order");
}

static void setup(void)
{
    is_durable = true;
    test_folder_new(folder);
}

static void teardown(void)
{
    test_folder_remove(folder);
}

TestSuite(http, .init = setup, .fini = teardown, .timeout = 60);

static int connect_raw(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {5, 0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* Send, end our side, read to the end. */
static void talk(const char *request, size_t bytes, struct buf *answer)
{
    int fd = connect_raw();
    char part[4096];
    ssize_t got;

    buf_clear(answer);
    cr_assert_eq(send(fd, request, bytes, MSG_NOSIGNAL), (ssize_t)bytes);
    shutdown(fd, SHUT_WR);
    while ((got = recv(fd, part, sizeof part, 0)) > 0)
        buf_add(answer, part, (size_t)got);
    close(fd);
}

static int status_of(const struct buf *answer)
{
    int status = 0;

    return sscanf(buf_text(answer), "HTTP/1.1 %d", &status) == 1 ? status : 0;
}

struct hostile {
    const char *what;
    const char *request;
    size_t bytes;
    int status; /* 0: closed without an answer is fine too */
};
#define RAW(text) text, sizeof(text) - 1

static const struct hostile HOSTILE[] = {
    {"both lengths",
     RAW("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
    {"two lengths", RAW("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), 400},
    {"signed length", RAW("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc"), 400},
    {"length with tail", RAW("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3a\r\n\r\nabc"), 400},
    {"huge length", RAW("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"), 400},
    {"length above the limit", RAW("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n"), 413},
    {"no Host", RAW("GET / HTTP/1.1\r\n\r\n"), 400},
    {"two Hosts", RAW("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400},
    {"bare LF", RAW("GET / HTTP/1.1\nHost: a\n\n"), 400},
    {"folded header", RAW("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n"), 400},
    {"space in a name", RAW("GET / HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n"), 400},
    {"space before the colon", RAW("GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n"), 400},
    {"NUL in a value", RAW("GET / HTTP/1.1\r\nHost: a\r\nX: 1\0002\r\n\r\n"), 400},
    {"bare CR in a value", RAW("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r2\r\n\r\n"), 400},
    {"NUL in the path", RAW("GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"up and out", RAW("GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"encoded up and out", RAW("GET /a/%2e%2e/b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"broken escape", RAW("GET /a%zz HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"transfer encoding twice",
     RAW("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 0},
    {"identity, chunked", RAW("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n"),
     0},
    {"chunked in HTTP/1.0", RAW("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 0},
    {"chunk size in C notation",
     RAW("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n"), 400},
    {"signed chunk size", RAW("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n"),
     400},
    {"chunk without its end",
     RAW("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naX\r\n0\r\n\r\n"), 400},
    {"HTTP/2.0 as text", RAW("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 0},
    {"garbage", RAW("\x16\x03\x01\x02"), 0},
    {"nothing", RAW(""), 0},
};

Test(http, what_breaks_framing_is_refused_and_never_handled)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;

    start(false);
    for (size_t i = 0; i < COUNT_OF(HOSTILE); i++) {
        int status;

        talk(HOSTILE[i].request, HOSTILE[i].bytes, &answer);
        status = status_of(&answer);
        if (HOSTILE[i].status)
            cr_expect_eq(status, HOSTILE[i].status, "%s: %d", HOSTILE[i].what, status);
        cr_expect(status == 0 || status >= 400, "%s: %d", HOSTILE[i].what, status);
        cr_expect_null(strstr(buf_text(&answer), "200 OK"), "%s was handled", HOSTILE[i].what);
    }
    stop_server();
}

Test(http, too_long_a_head_is_refused)
{
    AUTO(buf_done) struct buf request = BUF_INIT;
    AUTO(buf_done) struct buf answer = BUF_INIT;

    start(false);
    buf_add_text(&request, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    for (int i = 0; i < 6000; i++)
        buf_add_byte(&request, 'x');
    buf_add_text(&request, "\r\n\r\n");
    talk(request.data, request.bytes, &answer);
    cr_assert_eq(status_of(&answer), 431);
    stop_server();
}

Test(http, a_slow_head_and_a_slow_body_are_cut_off)
{
    static const char *const BEGINNINGS[] = {"GET / HTT", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab"};
    char part[512];

    start(false);
    for (size_t i = 0; i < COUNT_OF(BEGINNINGS); i++) {
        int fd = connect_raw();
        ssize_t got;

        cr_assert_gt(send(fd, BEGINNINGS[i], strlen(BEGINNINGS[i]), MSG_NOSIGNAL), 0);
        while ((got = recv(fd, part, sizeof part, 0)) > 0)
            ;
        cr_assert_eq(got, 0, "closed by the server, not by our own time-out");
        close(fd);
    }
    stop_server();
}

Test(http, an_answer_that_is_not_durable_becomes_503)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;

    is_durable = false;
    start(false);
    talk(RAW("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), &answer);
    cr_assert_eq(status_of(&answer), 503);
    cr_assert_null(strstr(buf_text(&answer), "GET /"), "the handler's words must not leave");
    stop_server();
}

Test(http, pipelined_requests_are_answered_in_order)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    const char *one;
    const char *two;

    start(false);
    talk(RAW("GET /one HTTP/1.1\r\nHost: a\r\n\r\nPOST /two%20x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
             "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
             "HEAD /three HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
         &answer);
    one = strstr(buf_text(&answer), "GET /one 0 -");
    two = strstr(buf_text(&answer), "POST /two x 3 -");
    cr_assert(one && two && one < two, "%s", buf_text(&answer));
    cr_assert_null(strstr(buf_text(&answer), "/three"), "HEAD has no body");
    stop_server();
}

static size_t keep(char *data, size_t size, size_t count, void *context)
{
    buf_add(context, data, size * count);
    return size * count;
}

static CURLcode get(const char *certificate, struct buf *answer)
{
    AUTO(buf_done) struct buf url = BUF_INIT;
    AUTO(buf_done) struct buf pem = BUF_INIT;
    AUTO(buf_done) struct buf key = BUF_INIT;
    AUTO(text_free) char *ca = path_join(folder, "ca.pem");
    CURL *curl = curl_easy_init();
    CURLcode code;

    buf_addf(&url, "https://127.0.0.1:%u/x", port);
    curl_easy_setopt(curl, CURLOPT_URL, url.data);
    curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (certificate) {
        buf_addf(&pem, "%s/%s.pem", folder, certificate);
        buf_addf(&key, "%s/%s.key", folder, certificate);
        curl_easy_setopt(curl, CURLOPT_SSLCERT, pem.data);
        curl_easy_setopt(curl, CURLOPT_SSLKEY, key.data);
    }
    code = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    return code;
}

Test(http, only_a_client_with_a_certificate_of_our_authority_gets_in)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;

    cr_assert(certificate_make(folder, "ca", NULL, 30, &err), "%s", err.text);
    cr_assert(certificate_make(folder, "other", NULL, 30, &err), "%s", err.text);
    cr_assert(certificate_make(folder, "server", "ca", 30, &err), "%s", err.text);
    cr_assert(certificate_make(folder, "bank", "ca", 30, &err), "%s", err.text);
    cr_assert(certificate_make(folder, "ended", "ca", -1, &err), "%s", err.text);
    cr_assert(certificate_make(folder, "stranger", "other", 30, &err), "%s", err.text);
    start(true);
    cr_expect_neq(get(NULL, &answer), CURLE_OK, "no certificate");
    cr_expect_neq(get("stranger", &answer), CURLE_OK, "another authority");
    cr_expect_neq(get("ended", &answer), CURLE_OK, "a certificate that has ended");
    cr_assert_eq(answer.bytes, 0);
    cr_assert_eq(get("bank", &answer), CURLE_OK);
    cr_assert_str_eq(buf_text(&answer), "GET /x 0 CN=bank");
    stop_server();
}
