/* query.h - a number in a query, read and refused in one way. Only for this room. */
#ifndef GATEWAY_API_QUERY_H
#define GATEWAY_API_QUERY_H

#include "base/error.h"
#include "gateway/http/http.h"

struct query_number {
    const char *name;
    int64_t least;
    int64_t most;
    bool may_be_empty; /* a form sends all its fields: then as if it were not there */
};

/* `*value` stays as it is when the query has none. ERR_INVALID "query.number". */
MUST_CHECK bool query_number(const struct http_request *request, const struct query_number *wanted, int64_t *value,
                             struct error *err);

#endif
