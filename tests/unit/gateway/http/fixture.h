/* fixture.h - a server in a child for the tests of this folder, and raw sockets to it. The child ends when the write
 * end of its stop pipe is closed.
 *
 * The child is this program started anew, which becomes a server before main(). A forked child would be a copy of a
 * process with threads (Criterion's): their locks may be held for ever in it, and its leak check takes what only those
 * threads know for leaked, now and then. */
#ifndef TESTS_UNIT_GATEWAY_HTTP_FIXTURE_H
#define TESTS_UNIT_GATEWAY_HTTP_FIXTURE_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "gateway/http/http.h"
#include "tests/support/certificates.h"
#include "tests/support/support.h"

#define RAW(text) text, sizeof(text) - 1

enum { SPOOL_LIMIT = 200 * 1024 * 1024 };
/* What the child finds open. */
enum { FIXTURE_STOP_FD = 200, FIXTURE_LISTENING_FD, FIXTURE_STATE_FD };

struct fixture {
    struct http_limits limits; /* what is 0 takes its default */
    bool uses_tls;
    bool client_is_optional;
    bool asks_for_none;     /* no client certificates are asked for */
    size_t its_connections; /* of the listener; 0: as many as the server has */
    char revoked[32];       /* the name of a list of certificate_revoke; "": none */
    bool is_local;          /* on a Unix socket in `folder` */
    bool is_volatile;       /* end_of_turn fails */
    bool has_no_ahead;      /* no request is told ahead: each is handled as it comes */
    int wake_fd;            /* a pipe: the last byte there is the key that is due; 0: none */
    bool has_ticket_key;
    uint8_t ticket_key[HTTP_TICKET_KEY_BYTES];
    rlim_t descriptors; /* the child's limit; 0: as it is */

    char folder[TEST_PATH_BYTES];
    uint16_t port;
    int listening;
    int stop_write;
    pid_t child;
    struct error err;
    size_t handled;                 /* in the child: requests that reached the handler */
    uint64_t due;                   /* likewise: the key that is due */
    size_t foretold, foretold_most; /* likewise: requests that were told ahead, and at most at once */
};

/* A sanitizer keeps freed memory back: its own count is what is really held. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static inline long resident_kib(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    long kib = 0;

    if (__sanitizer_get_current_allocated_bytes)
        kib = (long)(__sanitizer_get_current_allocated_bytes() / 1024);
    while (status && kib == 0 && fgets(line, sizeof line, status)) {
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    }
    if (status)
        fclose(status);
    return kib;
}

/* SHA-256 of a body wherever it is, in hexadecimal. */
static inline void fixture_add_sum(const struct http_request *request, struct buf *out)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t sum[32];
    char part[16384];
    ssize_t got;

    EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    EVP_DigestUpdate(context, request->body.at, request->body.bytes);
    while (request->body_fd >= 0 && (got = read(request->body_fd, part, sizeof part)) > 0)
        EVP_DigestUpdate(context, part, (size_t)got);
    EVP_DigestFinal_ex(context, sum, NULL);
    EVP_MD_CTX_free(context);
    hex_add(out, sum, sizeof sum);
}

/* The letters /big answers with; from the same place on they are never the same. */
static inline char fixture_letter(size_t at)
{
    return (char)('a' + (at + at / 26) % 26);
}

/* /stream?pieces=N says "begun", nothing the next time, "piece I of N" until there were N, each with its letters when
 * the query says bytes=B, then "end"; a piece 13 is a refusal. */
static inline void fixture_stream(const struct http_request *request, struct http_reply *reply, int64_t pieces)
{
    AUTO(buf_done) struct buf number = BUF_INIT;
    int64_t bytes = 0;

    reply->content_type = "text/event-stream";
    reply->mark = request->is_going_on ? request->mark + 1 : 0;
    reply->is_stream = (int64_t)reply->mark <= pieces;
    if (reply->mark == 13)
        reply->status = 401;
    if (reply->mark == 0)
        buf_add_text(&reply->body, "begun\n");
    else if (reply->mark > 1)
        buf_addf(&reply->body, reply->is_stream ? "piece %llu of %lld\n" : "end", (unsigned long long)reply->mark - 1,
                 (long long)pieces);
    if (request->is_last_time)
        buf_add_text(&reply->body, "stopped\n");
    if (reply->mark > 1 && http_query_of(request, "bytes", &number) && integer_parse(buf_span(&number), &bytes)) {
        for (int64_t i = 0; i < bytes; i++)
            buf_add_byte(&reply->body, 'x');
    }
}

/* /big?bytes=N is N letters; /peer says who asks; /memory how large the server is; /handled how many requests came
 * here; /foretold how many were told ahead; /early?ms=N wants to be
 * asked again until N ms have gone, /woken?key=K until K is due, and tells how long it waited; /drop hangs up; /headers
 * has forty headers; /limits/ANYTHING tells a limit that is never the same, and its path in X-Path; others echo, with
 * the body's sum when the query is "sum". */
static inline void fixture_handle(void *context, const struct http_request *request, struct http_reply *reply)
{
    AUTO(buf_done) struct buf number = BUF_INIT;
    const struct http_peer *peer = request->peer;
    struct fixture *fixture = context;
    int64_t bytes = 0;

    fixture->handled++;
    http_reply_header(reply, "X-Made-By", "fixture");
    if (span_is(request->path, "/early") && http_query_of(request, "ms", &number) &&
        integer_parse(buf_span(&number), &bytes)) {
        reply->is_early = request->waited_ms < bytes;
        buf_addf(&reply->body, "%s, body of %llu", reply->is_early ? "too early" : "in time",
                 (unsigned long long)request->body.bytes);
        return;
    }
    if (span_is(request->path, "/woken") && http_query_of(request, "key", &number) &&
        integer_parse(buf_span(&number), &bytes)) {
        reply->is_early = fixture->due != (uint64_t)bytes;
        reply->early_key = (uint64_t)bytes;
        buf_addf(&reply->body, "waited=%lld key=%llu last=%d.", (long long)request->waited_ms,
                 (unsigned long long)request->early_key, request->is_last_time);
        return;
    }
    if (span_is(request->path, "/stream") && http_query_of(request, "pieces", &number) &&
        integer_parse(buf_span(&number), &bytes)) {
        fixture_stream(request, reply, bytes);
        return;
    }
    reply->is_dropped = span_is(request->path, "/drop");
    for (int i = 0; span_is(request->path, "/headers") && i < 40; i++)
        http_reply_header(reply, "X-Again", "once more");
    if (span_starts(request->path, "/limits/")) {
        buf_addf(&number, "\"burst\";r=%zu;t=1", fixture->handled);
        http_reply_header(reply, "RateLimit", number.data);
        buf_clear(&number);
        buf_add_span(&number, request->path);
        http_reply_header(reply, "X-Path", number.data);
        return;
    }
    if (span_is(request->path, "/big") && http_query_of(request, "bytes", &number) &&
        integer_parse(buf_span(&number), &bytes)) {
        buf_reserve(&reply->body, (size_t)bytes);
        for (size_t i = 0; i < (size_t)bytes; i++)
            reply->body.data[i] = fixture_letter(i);
        reply->body.bytes = (size_t)bytes;
        return;
    }
    if (span_is(request->path, "/anonymous"))
        buf_addf(&reply->body, "anonymous %d certificate %d", peer->is_anonymous, peer->has_certificate);
    else if (span_is(request->path, "/peer"))
        buf_addf(&reply->body, "%d %u %d", peer->is_local, peer->uid, peer->pid);
    else if (span_is(request->path, "/memory"))
        buf_addf(&reply->body, "%ld", resident_kib());
    else if (span_is(request->path, "/foretold"))
        buf_addf(&reply->body, "%zu, at most %zu at once", fixture->foretold, fixture->foretold_most);
    else if (span_is(request->path, "/handled"))
        buf_addf(&reply->body, "%zu", fixture->handled);
    else
        buf_addf(&reply->body, "%.*s %.*s %llu %s", (int)request->method.bytes, request->method.at,
                 (int)request->path.bytes, request->path.at, (unsigned long long)request->body_bytes,
                 peer->has_certificate ? peer->certificate_subject : "-");
    if (span_is(request->query, "sum"))
        fixture_add_sum(request, &reply->body);
}

static inline void fixture_refuse(void *context, int status, const char *detail, struct http_reply *reply)
{
    (void)context;
    buf_addf(&reply->body, "refused %d: %s", status, detail);
}

static inline bool fixture_woken(void *context)
{
    struct fixture *fixture = context;
    char keys[64];
    ssize_t count = read(fixture->wake_fd, keys, sizeof keys);

    if (count > 0)
        fixture->due = (uint64_t)keys[count - 1];
    return count > 0;
}

static inline bool fixture_is_due(void *context, uint64_t key)
{
    const struct fixture *fixture = context;

    return key == fixture->due;
}

/* Reads all of them: what they point to must be there. */
static inline void fixture_ahead(void *context, const struct http_request *const *requests, size_t count)
{
    struct fixture *fixture = context;

    for (size_t i = 0; i < count; i++) {
        const struct http_request *request = requests[i];

        fixture->foretold += request->path.at[0] == '/' && request->path.at[request->path.bytes - 1] > ' ';
    }
    if (count > fixture->foretold_most)
        fixture->foretold_most = count;
}

static inline bool fixture_end_turn(void *context, struct error *why)
{
    const struct fixture *fixture = context;

    return !fixture->is_volatile || fail(why, ERR_FULL, "the disk is full");
}

static inline bool fixture_spools(void *context, const struct http_request *head, uint64_t *limit)
{
    (void)context;
    if (!span_is(head->path, "/spool"))
        return false;
    *limit = SPOOL_LIMIT;
    return true;
}

static inline bool fixture_serve(struct fixture *fixture, int stop_fd)
{
    AUTO(http_server_free) struct http_server *server = NULL;
    AUTO(text_free) char *pem = path_join(fixture->folder, "server.pem");
    AUTO(text_free) char *key = path_join(fixture->folder, "server.key");
    AUTO(text_free) char *ca = path_join(fixture->folder, "ca.pem");
    char crl[TEST_PATH_BYTES + 64];
    struct http_tls tls = {.certificate_file = pem,
                           .key_file = key,
                           .client_ca_file = fixture->asks_for_none ? NULL : ca,
                           .connections = fixture->its_connections,
                           .client_crl_file = fixture->revoked[0] ? crl : NULL,
                           .requires_client = !fixture->client_is_optional && !fixture->asks_for_none,
                           .ticket_key = fixture->has_ticket_key ? fixture->ticket_key : NULL};
    struct http_server_options options = {.limits = fixture->limits,
                                          .handle = fixture_handle,
                                          .refuse = fixture_refuse,
                                          .end_of_turn = fixture_end_turn,
                                          .spools = fixture_spools,
                                          .wake_fd = fixture->wake_fd,
                                          .woken = fixture->wake_fd ? fixture_woken : NULL,
                                          .is_due = fixture_is_due,
                                          .ahead = fixture->has_no_ahead ? NULL : fixture_ahead,
                                          .spool_folder = fixture->folder,
                                          .context = fixture};
    struct rlimit descriptors = {fixture->descriptors, fixture->descriptors};

    snprintf(crl, sizeof crl, "%s/%s.crl", fixture->folder, fixture->revoked);
    if (fixture->descriptors)
        setrlimit(RLIMIT_NOFILE, &descriptors);
    return http_server_new(&options, &server, &fixture->err) &&
           http_server_add_listener(server, fixture->listening, fixture->uses_tls ? &tls : NULL, &fixture->err) &&
           http_server_run(server, stop_fd, &fixture->err);
}

/* In the child: serve instead of testing. exit() looks for leaks. */
__attribute__((constructor)) static void fixture_become_server(void)
{
    static struct fixture state;
    bool is_good;

    if (!getenv("HTTP_FIXTURE"))
        return;
    if (pread(FIXTURE_STATE_FD, &state, sizeof state, 0) != (ssize_t)sizeof state)
        exit(2);
    state.listening = FIXTURE_LISTENING_FD;
    is_good = fixture_serve(&state, FIXTURE_STOP_FD);
    if (!is_good)
        fprintf(stderr, "server: %s\n", state.err.text);
    exit(is_good ? 0 : 1);
}

static inline void fixture_listen(struct fixture *fixture)
{
    AUTO(text_free) char *path = path_join(fixture->folder, "socket");

    fixture->port = 0;
    if (fixture->is_local)
        cr_assert(http_listen_unix(path, 0600, &fixture->listening, &fixture->err), "%s", fixture->err.text);
    else
        cr_assert(http_listen_tcp("127.0.0.1", &fixture->port, &fixture->listening, &fixture->err), "%s",
                  fixture->err.text);
}

static inline int fixture_state_file(const struct fixture *fixture)
{
    int fd = memfd_create("fixture", MFD_CLOEXEC);

    cr_assert_eq(write(fd, fixture, sizeof *fixture), (ssize_t)sizeof *fixture);
    return fd;
}

/* One more process on the listening socket. Returns it; closing `*stop_write` ends it. */
static inline pid_t fixture_spawn(struct fixture *fixture, int *stop_write)
{
    AUTO(file_close) int state = fixture_state_file(fixture);
    char name[] = "server";
    char *arguments[] = {name, NULL};
    posix_spawn_file_actions_t actions;
    int stop[2];
    pid_t child;

    cr_assert_eq(pipe2(stop, O_CLOEXEC), 0);
    setenv("HTTP_FIXTURE", "1", 1);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, stop[0], FIXTURE_STOP_FD);
    posix_spawn_file_actions_adddup2(&actions, fixture->listening, FIXTURE_LISTENING_FD);
    posix_spawn_file_actions_adddup2(&actions, state, FIXTURE_STATE_FD);
    cr_assert_eq(posix_spawn(&child, "/proc/self/exe", &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    unsetenv("HTTP_FIXTURE");
    close(stop[0]);
    *stop_write = stop[1];
    return child;
}

static inline void fixture_start(struct fixture *fixture)
{
    fixture_listen(fixture);
    fixture->child = fixture_spawn(fixture, &fixture->stop_write);
    close(fixture->listening);
}

static inline void fixture_wait(pid_t child)
{
    int status;

    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the server must stop in order");
}

static inline void fixture_stop(struct fixture *fixture)
{
    close(fixture->stop_write);
    fixture_wait(fixture->child);
}

/* What a TLS server needs, and a client "bank". */
static inline void fixture_make_certificates(struct fixture *fixture)
{
    cr_assert(certificate_make(fixture->folder, "ca", NULL, 30, &fixture->err), "%s", fixture->err.text);
    cr_assert(certificate_make(fixture->folder, "server", "ca", 30, &fixture->err), "%s", fixture->err.text);
    cr_assert(certificate_make(fixture->folder, "bank", "ca", 30, &fixture->err), "%s", fixture->err.text);
}

static inline int fixture_connect(const struct fixture *fixture)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(fixture->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    struct timeval limit = {10, 0};
    int fd = socket(fixture->is_local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    /* Otherwise a second small write waits for the server's acknowledgement of the first. */
    if (!fixture->is_local)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to sockets that may be closed */
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    cr_assert_lt(snprintf(name.sun_path, sizeof name.sun_path, "%s/socket", fixture->folder),
                 (int)sizeof name.sun_path);
    if (fixture->is_local)
        cr_assert_eq(connect(fd, (struct sockaddr *)&name, sizeof name), 0);
    else
        cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static inline void fixture_send(int fd, const char *bytes, size_t count)
{
    cr_assert_eq(send(fd, bytes, count, MSG_NOSIGNAL), (ssize_t)count);
}

/* Read to the end; returns what the last recv said (0: closed in order). */
static inline ssize_t fixture_read_all(int fd, struct buf *answer)
{
    char part[16384];
    ssize_t got;

    while ((got = recv(fd, part, sizeof part, 0)) > 0)
        buf_add(answer, part, (size_t)got);
    return got;
}

/* Read until `mark` has come. */
static inline bool fixture_read_until(int fd, const char *mark, struct buf *answer)
{
    char part[4096];
    ssize_t got;

    while (!strstr(buf_text(answer), mark)) {
        got = recv(fd, part, sizeof part, 0);
        if (got <= 0)
            return false;
        buf_add(answer, part, (size_t)got);
    }
    return true;
}

/* Send, end our side, read to the end. */
static inline void fixture_talk(const struct fixture *fixture, const char *request, size_t bytes, struct buf *answer)
{
    int fd = fixture_connect(fixture);

    buf_clear(answer);
    fixture_send(fd, request, bytes);
    shutdown(fd, SHUT_WR);
    fixture_read_all(fd, answer);
    close(fd);
}

/* Of the child, so far. */
static inline double fixture_cpu_seconds(const struct fixture *fixture)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    AUTO(buf_done) struct buf text = BUF_INIT;
    unsigned long user = 0;
    unsigned long kernel = 0;
    struct error err;
    const char *at;

    buf_addf(&path, "/proc/%d/stat", fixture->child);
    cr_assert(file_read(path.data, 4096, &text, &err), "%s", err.text);
    at = strrchr(buf_text(&text), ')');
    cr_assert(at && sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) == 2);
    return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

static inline int fixture_status(const struct buf *answer)
{
    int status = 0;

    return sscanf(buf_text(answer), "HTTP/1.1 %d", &status) == 1 ? status : 0;
}

#endif
