/* admission.h - may whoever asks ask at all: one judgement for all doors of outside systems, in this order, so that
 * nobody learns more than he must:
 *
 *   client.unknown      403  no client has this certificate
 *   client.address      403  its client may not come from there: it is not told anything else
 *   client.limit        429  more requests than its minute holds
 *   client.certificate  403  not yet, or not any more, by the days that the configuration gives the certificate
 *   client.suspended    403  by an administrator (gateway/access)
 *   client.quota        429  more subjects than its day holds (admission_charge)
 *
 * What is refused before the client is proved to be itself (unknown, address) takes a token of the strangers' bucket,
 * never of the client's, which a thief of a certificate could use up; beyond that bucket nothing is traced.
 *
 * This is in the way of every request: a hash lookup, a compare a range, two words of shared memory. */
#ifndef GATEWAY_API_ADMISSION_H
#define GATEWAY_API_ADMISSION_H

#include "gateway/api/clients.h"
#include "gateway/api/limits.h"
#include "gateway/http/http.h"

enum { STRANGERS_PER_MINUTE = 600 };
/* Readers of what is public have a bucket of their own, all together: whoever empties it keeps neither a client from
 * asking nor the refusal of an unknown certificate from being traced. */
enum { READERS_PER_MINUTE = 600, LIMITS_READERS = BOARD_PLACES };
/* A person of the staff who looks up as a client would (console_lookup.c) has one of these: as often as somebody who
 * reads the answers, and no register is read out by it. Persons beyond that many share. */
enum { STAFF_PER_MINUTE = 30, STAFF_BUCKETS = 64, LIMITS_STAFF = LIMITS_READERS + 1 };
enum { LIMITS_BUCKETS = LIMITS_STAFF + STAFF_BUCKETS };

/* Of the request under way. */
struct admission {
    const struct client *client; /* whose certificate it is; NULL: nobody's, or beyond the strangers' limit */
    const struct config_certificate *certificate;
    int64_t now_ns;
    int64_t wait_ms;  /* > 0: refused for a limit, this long */
    bool was_judged;  /* a token was taken, or there was none */
    bool is_admitted; /* it is the client */
    bool is_untraced; /* beyond the strangers' limit */
};

struct admission_desk {
    const struct clients *clients;
    struct limits *limits;
    struct board *board;
};

/* A new request: nothing is known, nothing judged. */
void admission_begin(struct admission *admission);
/* Judge, with a token. */
MUST_CHECK bool admission_enter(const struct admission_desk *desk, const struct http_peer *peer, int64_t at_ms,
                                struct admission *admission, struct error *err);
/* The same request again (a long poll): no token, but as it stands now. */
MUST_CHECK bool admission_stay(const struct admission_desk *desk, const struct http_peer *peer, int64_t at_ms,
                               struct admission *admission, struct error *err);
/* A token for what anybody may read: the client's where a certificate of ours asks, else the readers'. */
MUST_CHECK bool admission_read(const struct admission_desk *desk, const struct http_peer *peer,
                               struct admission *admission, struct error *err);
/* `count` further tokens of the one that was admitted. */
MUST_CHECK bool admission_take(const struct admission_desk *desk, struct admission *admission, int64_t count,
                               struct error *err);
/* `count` subjects of its day's quota. */
MUST_CHECK bool admission_charge(const struct admission_desk *desk, struct admission *admission, int64_t count,
                                 int64_t at_ms, struct error *err);
/* Add what a client is told with every answer: its limits (limits_fields.h), and Certificate-Days-Left when the
 * certificate it uses ends within CERTIFICATE_WARNING_DAYS. Nothing for others. */
void admission_tell(const struct admission_desk *desk, const struct admission *admission, const struct http_peer *peer,
                    int64_t at_ms, struct http_reply *reply);
/* When the certificate in use is over: by its own end, or the configuration's. INT64_MAX: not known. */
int64_t admission_ends_ms(const struct admission *admission, const struct http_peer *peer);
/* Days left of the certificate in use; INT64_MAX: not known. */
int64_t admission_days_left(const struct admission *admission, const struct http_peer *peer, int64_t at_ms);

#endif
