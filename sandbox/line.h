/* line.h - what can be ordered of the line between a client and the platforms, as the relay carries it out (relay.h).
 *
 *   {"latency_ms": 200}                              both ways; "request_latency_ms", "answer_latency_ms" for one
 *   {"drip_bytes": 10, "drip_ms": 50}                both ways, so many bytes, then so long nothing
 *   {"reset_after_request_bytes": 2000}              RST to both sides once so many bytes of the requests have passed;
 *   {"close_after_answer_bytes": 100}                "close": an orderly end; "stall": nothing more passes that way,
 * the
 *   {"stall_after_answer_bytes": 0}                  connection stays
 *   {"certificate": "expired" | "wrong"}             the server shows another certificate
 *   {"connections": 3}                               of the next 3 connections; without it: of all from now on
 *   {"limit": 2, "over": "refuse" | "wait"}          at most 2 connections at once; while they are there the port is
 *                                                    closed (default), or further ones wait in the backlog
 *   {"for_ms": 500}                                  the limit ends by itself
 *   {"reset_open": true}                             RST to what is open now
 *
 * Bytes are counted from the first of the connection, the TLS handshake included: the line cannot read what it carries.
 */
#ifndef SANDBOX_LINE_H
#define SANDBOX_LINE_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"

enum { LINE_MS_MAX = 600000, LINE_CONNECTIONS_MAX = 1000000 };
#define LINE_BYTES_MAX (INT64_C(1) << 40)

enum line_end { LINE_RESET, LINE_CLOSE, LINE_STALL, LINE_END_COUNT };
enum line_certificate { LINE_USUAL, LINE_EXPIRED, LINE_WRONG, LINE_CERTIFICATE_COUNT };
extern const char *const LINE_CERTIFICATE_NAMES[LINE_CERTIFICATE_COUNT]; /* "usual", "expired", "wrong" */

/* One direction of a connection. All zero but end_after: as if there were no relay. */
struct line_way {
    int64_t latency_ms;
    int64_t drip_bytes; /* 0: no drip */
    int64_t drip_ms;
    int64_t end_after; /* bytes; -1: never */
    enum line_end end;
};
#define LINE_WAY_FREE ((struct line_way){.end_after = -1})

struct line_rule {
    struct line_way request;
    struct line_way answer;
    enum line_certificate certificate;
    int64_t connections; /* so many more; 0: all until it is taken away */
};

struct line_limit {
    int64_t connections; /* -1: none */
    bool waits;          /* what is over it stays in the backlog instead of being refused */
    int64_t for_ms;      /* 0: until it is taken away */
};

/* One order, checked. */
struct line_order {
    bool has_rule;
    struct line_rule rule;
    bool has_limit;
    struct line_limit limit;
    bool resets_open;
};

/* ERR_INVALID says what is wrong: unknown members, wrong types, an order that orders nothing. */
MUST_CHECK bool line_order_read(const json_t *json, struct line_order *out, struct error *err);
/* Add a rule as the JSON object that would order it. */
void line_rule_describe(const struct line_rule *rule, struct buf *out);

#endif
