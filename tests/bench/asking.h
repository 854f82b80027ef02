/* asking.h - one HTTPS client connection as tool_load needs it: HTTP/1.1 over TLS 1.3, one question at a time; and what
 * asking2.h shares with it. */
#ifndef TESTS_BENCH_ASKING_H
#define TESTS_BENCH_ASKING_H

#include <openssl/ssl.h>

#include "base/error.h"

enum { ASKING_CODE_BYTES = 18, ASKING_ANSWER_MAX = 64 * 1024 };

/* What all connections share. Texts are borrowed. */
struct asking {
    long port;      /* of 127.0.0.1 */
    const char *ca; /* PEM files */
    const char *certificate;
    const char *key;
    const char *path;     /* "{}" stands for the code */
    const char *expected; /* must stand in every answer; NULL: nothing must */
    bool is_http2;        /* offered in the handshake, and nothing else */
    SSL_CTX *tls;
};
MUST_CHECK bool asking_begin(struct asking *asking, struct error *err);
void asking_end(struct asking *asking);

struct connection {
    int fd;
    SSL *ssl;
    int64_t asked_ns;
    size_t body_bytes; /* of the last whole answer */
    size_t received;
    char answer[ASKING_ANSWER_MAX + 1];
};
/* Connect and shake hands; from then on reads do not block. */
MUST_CHECK bool connection_open(struct connection *connection, const struct asking *asking, struct error *err);
MUST_CHECK bool connection_ask(struct connection *connection, const struct asking *asking, const char *code,
                               struct error *err);
enum answer_state { ANSWER_PARTIAL, ANSWER_WHOLE };
/* Take what is there. False for anything but a good answer. */
MUST_CHECK bool connection_read(struct connection *connection, const struct asking *asking, enum answer_state *state,
                                struct error *err);
int64_t asking_now_ns(void); /* monotonic */
void connection_close(struct connection *connection);

#endif
