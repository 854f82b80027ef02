/* query.h - a number in a query, read and refused in one way. Only for this room. */
#ifndef GATEWAY_API_QUERY_H
#define GATEWAY_API_QUERY_H

#include "base/buf.h"
#include "base/error.h"
#include "base/time.h"
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

/* Of the filters of staff's lists: what is empty is as if it were not there, since a form sends all its fields. What is
 * not as it should be is ERR_INVALID "query.value". */
bool query_refuse(const char *name, struct error *err); /* always false */
/* The value, trimmed; borrowed from `hold`. */
struct span query_text(const struct http_request *request, const char *name, struct buf *hold);
/* As texts are compared (obligations_fold); `*out` is borrowed from `folded`. */
MUST_CHECK bool query_folded(const struct http_request *request, const char *name, struct buf *folded, struct span *out,
                             struct error *err);
MUST_CHECK bool query_day(const struct http_request *request, const char *name, int32_t *day, struct error *err);
/* The beginning of a unified social credit code: digits and letters, made capital. */
enum { QUERY_CODE_BYTES = 19 };
MUST_CHECK bool query_code(const struct http_request *request, const char *name, char code[QUERY_CODE_BYTES],
                           struct error *err);

#endif
