/* exchange.h - a request that was sent and its answer, from a folder: `request` (its first line is "METHOD target", the
 * fields follow), `sent` (the body, may be absent), `head` (the answer's, as curl writes it) and `body`. */
#ifndef TESTS_FLOW_OPENAPI_EXCHANGE_H
#define TESTS_FLOW_OPENAPI_EXCHANGE_H

#include "base/buf.h"
#include "base/error.h"

struct exchange {
    struct buf request;
    struct buf sent;
    struct buf head;
    struct buf body;
    char method[16];
    struct span target; /* of `request`, like: */
    struct span path;
    struct span query; /* without "?" */
    struct span fields;
    long status;
    struct span answer_fields; /* of `head`: of the last answer in it */
};

MUST_CHECK bool exchange_load(const char *folder, struct exchange *out, struct error *err);
void exchange_done(struct exchange *exchange);
/* The value of a field, without the white space around it; empty when it is not there. Any case. */
struct span exchange_field(struct span fields, const char *name);

DEFINE_AUTO_IN_PLACE(struct exchange, exchange_done)

#endif
