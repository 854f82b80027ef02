/* event.h - the form of an event: canonical JSON {"at": instant, "by": person, "data": {…}, ["job": "…",]
 * "salt": "…", "type": "…"}.
 *
 * `by` is the person (or "gateway", "courier", "keeper", or a rule of law: "statute:…") on whose word it happened.
 * `data` is canonical JSON (RFC 8785) too: names sorted, no spaces. `job` names the staff order (gateway/jobs) that led
 * to it, when one did: it answers "which order did this", and tells an order that begins again what it did already.
 * `salt` is random and means nothing: any client may read the journal's hashes (/v1/log), and an event's form is known;
 * without it whoever guesses the few things in it that he does not know would find his guess confirmed by its hash.
 * Events of a journal begun before there were salts have none.
 * Whoever applies an event may use nothing but the event and the tables, and nothing of the salt. */
#ifndef GATEWAY_JOURNAL_EVENT_H
#define GATEWAY_JOURNAL_EVENT_H

#include "base/buf.h"
#include "base/error.h"

struct event {
    int64_t at_ms;
    struct span by;
    struct span type;
    struct span data; /* raw JSON object */
};

enum { EVENT_SALT_BYTES = 16 };

/* Replace `out` by the event's bytes, without a salt. `by` and `type` need no escaping by their nature (names are
 * checked when configured). */
void event_format(const struct event *event, struct buf *out);
/* The same with the order it came from and a salt; `job` empty, `salt` NULL: without. */
void event_format_of_job(const struct event *event, struct span job, const uint8_t *salt, struct buf *out);
/* The order an event came from, or an empty span. Points into `bytes`. */
struct span event_job(struct span bytes);
/* The spans point into `bytes`. ERR_CORRUPT when it is no event. */
MUST_CHECK bool event_parse(struct span bytes, struct event *out, struct error *err);

#endif
