#include "tests/bench/asking.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

enum { QUESTION_MAX = 1024 };

static bool fail_tls(struct error *err, const char *what)
{
    char reason[256];

    ERR_error_string_n(ERR_peek_last_error(), reason, sizeof reason);
    ERR_clear_error();
    return fail(err, ERR_IO, "%s: %s", what, reason);
}

bool asking_begin(struct asking *asking, struct error *err)
{
    asking->tls = SSL_CTX_new(TLS_client_method());
    if (!asking->tls || SSL_CTX_set_min_proto_version(asking->tls, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(asking->tls, "TLS_AES_256_GCM_SHA384") != 1 ||
        SSL_CTX_load_verify_file(asking->tls, asking->ca) != 1)
        return fail_tls(err, "TLS");
    SSL_CTX_set_verify(asking->tls, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_read_ahead(asking->tls, 1);
    if (asking->certificate && (SSL_CTX_use_certificate_chain_file(asking->tls, asking->certificate) != 1 ||
                                SSL_CTX_use_PrivateKey_file(asking->tls, asking->key, SSL_FILETYPE_PEM) != 1))
        return fail_tls(err, asking->certificate);
    return true;
}

void asking_end(struct asking *asking)
{
    SSL_CTX_free(asking->tls);
    asking->tls = NULL;
}

bool connection_open(struct connection *connection, const struct asking *asking, struct error *err)
{
    const char *protocol = asking->is_http2 ? "\x02h2" : "\x08http/1.1";
    const unsigned char *chosen = NULL;
    unsigned chosen_bytes = 0;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)asking->port)};
    int one = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 || connect(connection->fd, (struct sockaddr *)&address, sizeof address) != 0)
        return fail(err, ERR_IO, "connect: %s", strerrordesc_np(errno));
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    connection->ssl = SSL_new(asking->tls);
    if (!connection->ssl || SSL_set_fd(connection->ssl, connection->fd) != 1 ||
        SSL_set_alpn_protos(connection->ssl, (const unsigned char *)protocol, (unsigned)strlen(protocol)) != 0 ||
        SSL_set1_host(connection->ssl, "localhost") != 1 || SSL_connect(connection->ssl) != 1)
        return fail_tls(err, "handshake");
    SSL_get0_alpn_selected(connection->ssl, &chosen, &chosen_bytes);
    if (asking->is_http2 && chosen_bytes != 2)
        return fail(err, ERR_INVALID, "the server does not speak HTTP/2");
    if (fcntl(connection->fd, F_SETFL, O_NONBLOCK) != 0)
        return fail(err, ERR_IO, "fcntl: %s", strerrordesc_np(errno));
    return true;
}

int64_t asking_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void connection_close(struct connection *connection)
{
    if (!connection->ssl)
        return;
    SSL_free(connection->ssl);
    file_close(connection->fd);
    connection->ssl = NULL;
}

bool connection_ask(struct connection *connection, const struct asking *asking, const char *code, struct error *err)
{
    const char *hole = strstr(asking->path, "{}");
    char question[QUESTION_MAX];
    int bytes;

    if (hole && code)
        bytes = snprintf(question, sizeof question, "GET %.*s%.*s%s HTTP/1.1\r\nHost: localhost:%ld\r\n\r\n",
                         (int)(hole - asking->path), asking->path, ASKING_CODE_BYTES, code, hole + 2, asking->port);
    else
        bytes = snprintf(question, sizeof question, "GET %s HTTP/1.1\r\nHost: localhost:%ld\r\n\r\n", asking->path,
                         asking->port);
    connection->received = 0;
    /* A question fits the socket's buffer, which is empty: it is written whole or the connection is broken. */
    if (bytes >= (int)sizeof question || SSL_write(connection->ssl, question, bytes) != bytes)
        return fail_tls(err, "a question could not be sent");
    return true;
}

static bool judge(const struct connection *connection, const struct asking *asking, struct error *err)
{
    bool is_good = strncmp(connection->answer, "HTTP/1.1 200 ", 13) == 0 &&
                   (!asking->expected || strstr(connection->answer, asking->expected));

    return is_good || fail(err, ERR_INVALID, "not the answer that was expected: %.400s", connection->answer);
}

/* How many bytes the whole answer has; 0 while its head is not complete. */
static size_t whole_bytes(struct connection *connection)
{
    const char *end = strstr(connection->answer, "\r\n\r\n");
    const char *length = end ? strcasestr(connection->answer, "\r\ncontent-length:") : NULL;

    if (!length || length > end)
        return end ? SIZE_MAX : 0;
    connection->body_bytes = strtoul(length + 17, NULL, 10);
    return (size_t)(end - connection->answer) + 4 + connection->body_bytes;
}

bool connection_read(struct connection *connection, const struct asking *asking, enum answer_state *state,
                     struct error *err)
{
    size_t whole;

    for (;;) {
        int bytes = SSL_read(connection->ssl, connection->answer + connection->received,
                             (int)(ASKING_ANSWER_MAX - connection->received));

        if (bytes <= 0 && SSL_get_error(connection->ssl, bytes) == SSL_ERROR_WANT_READ) {
            *state = ANSWER_PARTIAL;
            return true;
        }
        if (bytes <= 0)
            return fail_tls(err, "the connection ended");
        connection->received += (size_t)bytes;
        connection->answer[connection->received] = '\0';
        whole = whole_bytes(connection);
        if (whole > ASKING_ANSWER_MAX || connection->received > whole + (whole == 0 ? ASKING_ANSWER_MAX : 0))
            return fail(err, ERR_LIMIT, "an answer without its length, or too long: %.400s", connection->answer);
        if (whole > 0 && connection->received == whole) {
            *state = ANSWER_WHOLE;
            return judge(connection, asking, err);
        }
    }
}
