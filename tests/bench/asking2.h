/* asking2.h - one HTTPS client connection as tool_load needs it for HTTP/2 (nghttp2): many questions at a time, each in
 * a stream of its own; a stream that was answered is followed by the next. */
#ifndef TESTS_BENCH_ASKING2_H
#define TESTS_BENCH_ASKING2_H

#include "tests/bench/asking.h"

/* What the connection wants of the one that counts. */
struct asking2_load {
    const char *(*next_code)(void *context); /* NULL: none */
    void (*answered)(void *context, int64_t asked_ns, size_t body_bytes);
    void *context;
};

struct connection2;
/* Connect, shake hands and ask `streams` questions; from then on reads do not block. All is borrowed. */
MUST_CHECK bool connection2_open(const struct asking *asking, const struct asking2_load *load, long streams,
                                 struct connection2 **out, struct error *err);
int connection2_fd(const struct connection2 *connection);
/* Take what is there and ask on. False for anything but good answers. */
MUST_CHECK bool connection2_serve(struct connection2 *connection, struct error *err);
void connection2_close(struct connection2 *connection);

#endif
