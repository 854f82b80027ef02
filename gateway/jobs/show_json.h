/* show_json.h - what `creditgate status` and `creditgate show` print, as JSON: the bodies of GET /admin/v1/status and
 * GET /admin/v1/records/{id}. They only read. Members called `at` or …_at are instants in RFC 3339, those called …_ms
 * milliseconds since the epoch; days are YYYY-MM-DD. `out` is replaced, and empty after a failure. */
#ifndef GATEWAY_JOBS_SHOW_JSON_H
#define GATEWAY_JOBS_SHOW_JSON_H

#include "base/buf.h"
#include "gateway/jobs/refusals.h"
#include "gateway/store/store.h"
#include "schemas/calendar.h"

/* The body of a receipt is told up to SHOW_RECEIPT_BODY_MAX; "bytes" says how long it is. */
enum { SHOW_RECEIPT_BODY_MAX = 64 * 1024, SHOW_JSON_BYTES_MAX = 16 * 1024 * 1024, SHOW_PREFIX_LEAST = 6 };

/* The life of one record: {"record","obligation","state","basis":[{"version","state","sequence","at","line"}],
 * "versions":[{"version","op","state","proposed_by","proposed_at","proposal","decided_by","decided_at","decision",
 * "reason","decision_reason","record":{…},"seal_kids":[…],"deliveries":[{"channel","delivery","state","call",
 * "attempts","code","message","refusal","queued_ms","changed_ms","receipts":[{"kind","at","status","sequence","bytes",
 * "body","encoding"}]}]}],"events":[{"sequence","at","by","type"}]}. `state` is that of the newest version; `versions`
 * are in the order in which they were proposed, also those that were returned and proposed again under the same number.
 * `refusal` is null, or of a refused delivery {"known","why","why_zh","advice","advice_zh","requeue","requeue_zh",
 * "fields":[{"name","label","label_en","field","remedy","how","how_zh"}]} (refusals.h).
 *
 * `id`: a record's id or its first characters (at least SHOW_PREFIX_LEAST), or an obligation's id or its first hex
 * digits (its newest record). Or an enterprise's 18-character code: then {"uscc","name","obligations":[{"obligation",
 * "version","state","ground","deadline","due","exit_date","records":[{"record","version","state","op","document",
 * "decided_on"}]}]}.
 *
 * ERR_NOT_FOUND; ERR_CONFLICT when several fit; ERR_LIMIT beyond SHOW_JSON_BYTES_MAX. */
MUST_CHECK bool show_record_json(struct store_txn *txn, const char *id, struct refusals *refusals, struct buf *out,
                                 struct error *err);

/* {"channels":[{"channel","queued","sending","in_doubt","received","acknowledged","refused","superseded","oldest_ms",
 * "last_receipt_ms","next_ms","paused","draining","held","staged","failing","enabled","reason","version"}],"journal":{"size",
 * "at"},"records":{"waiting","returned","live","over","unsent"},"clocks":{"report","late","soon","unconfirmed",
 * "receipts","provisional","stale"},"checkpoints":{"journal":{"origin","size","at",["refused","refused_zh"]},"trace":…},
 * "clients":{status_clients.h},"time_ms"}.
 *
 * `next_ms`: when something is tried next, 0: nothing is due. `failing`: how often in a row a call of the channel was
 * tried in vain, from the third time on; 0: not so often, or paused. `clocks`: reports that are open, late, due within
 * two working days; ends that are not confirmed; business receipts that are overdue; whether working days of a year
 * without a notice were counted; whether the store is older than these clocks and wants a rebuild. `staged`: what the
 * channel before acknowledged and this one is to be told next; it stays there while the channel is not `enabled`.
 * Checkpoints are the newest in the state folder: null for one that was not signed yet; `refused` when the keeper signs
 * no more for this log. */
struct status_source {
    const struct config *config;
    const struct calendar *calendar;
    int64_t now_ms;
};
/* The `version` of a channel: whether it goes on, and why not. An order says which one its page showed. */
struct channel_status;
void status_channel_version(const struct channel_status *status, struct buf *out);
MUST_CHECK bool status_json(struct store_txn *txn, const struct status_source *source, struct buf *out,
                            struct error *err);

#endif
