/* tool_http PORT CERTIFICATE KEY BYTES - our HTTP server answering a constant of BYTES over TLS, for benchmarks: what
 * the server itself costs, beside nginx doing the same. Ends with SIGTERM. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/http/http.h"

enum { ANSWER_BYTES_MAX = 64 * 1024 * 1024 };

static void answer(void *context, const struct http_request *request, struct http_reply *reply)
{
    (void)request;
    buf_add_span(&reply->body, buf_span(context));
}

static int until_told(void)
{
    sigset_t ends;

    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    return signalfd(-1, &ends, SFD_CLOEXEC);
}

static bool serve(char *const *arguments, struct buf *text, struct error *err)
{
    struct http_server_options options = {
        .limits = {.requests_per_connection = SIZE_MAX}, .handle = answer, .context = text};
    bool asks = strcmp(arguments[3], "-") != 0;
    struct http_tls tls = {.certificate_file = arguments[1],
                           .key_file = arguments[2],
                           .client_ca_file = asks ? arguments[3] : NULL,
                           .requires_client = asks};
    AUTO(http_server_free) struct http_server *server = NULL;
    AUTO(file_close) int stop = until_told();
    AUTO(file_close) int fd = -1;
    int64_t number = 0;
    uint16_t port;

    if (!integer_parse(span_of(arguments[0]), &number) || number > 65535)
        return fail(err, ERR_INVALID, "%s is no port", arguments[0]);
    port = (uint16_t)number;
    return http_listen_tcp("127.0.0.1", &port, &fd, err) && http_server_new(&options, &server, err) &&
           http_server_add_listener(server, fd, &tls, err) && http_server_run(server, stop, err);
}

int main(int count, char **arguments)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct error err;

    if (count != 6) {
        fprintf(stderr, "tool_http PORT CERTIFICATE KEY CA FILE\n");
        return 2;
    }
    if (file_read(arguments[5], ANSWER_BYTES_MAX, &text, &err) && serve(arguments + 1, &text, &err))
        return 0;
    fprintf(stderr, "tool_http: %s\n", err.text);
    return 1;
}
