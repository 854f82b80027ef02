/* show_json.h - what `creditgate status` and `creditgate show` print, as JSON: the bodies of GET /admin/v1/status and
 * GET /admin/v1/records/{id}. Read-only; canonical order of names is not promised. Instants are milliseconds since the
 * epoch, UTC; days YYYY-MM-DD. */
#ifndef GATEWAY_JOBS_SHOW_JSON_H
#define GATEWAY_JOBS_SHOW_JSON_H

#include "base/buf.h"
#include "gateway/store/store.h"

/* Bodies of receipts are told up to this; "bytes" says how long they are. */
enum { SHOW_RECEIPT_BODY_MAX = 64 * 1024, SHOW_JSON_BYTES_MAX = 16 * 1024 * 1024 };

/* Replaces `out` by {"record","obligation","state","versions":[{"version","op","state","proposed_by","proposed_at",
 * "decided_by","decided_at","reason","proposal","decision","record":{…},"seal_kids":[…],"deliveries":[{"channel",
 * "delivery","state","call","attempts","code","message","queued_ms","changed_ms","receipts":[{"kind","at","status",
 * "sequence","bytes","body"}]}]}],"events":[{"sequence","at","by","type"}]}.
 *
 * `id`: a record's id or its first characters (at least 6), or an obligation's id or its first hex digits (at least 6:
 * its newest record). ERR_INVALID when it is neither; ERR_NOT_FOUND; ERR_CONFLICT when several fit; ERR_LIMIT beyond
 * SHOW_JSON_BYTES_MAX. */
MUST_CHECK bool show_record_json(struct store_txn *txn, const char *id, struct buf *out, struct error *err);

/* Replaces `out` by {"records":[{"record","name","uscc","state","op","version","listed":…}]}: all records of one
 * enterprise, for GET /admin/v1/records?uscc=CODE. ERR_INVALID for a wrong code, ERR_NOT_FOUND when the register does
 * not know it. */
MUST_CHECK bool show_subject_json(struct store_txn *txn, const char *uscc, struct buf *out, struct error *err);

/* Replaces `out` by {"channels":[{"channel","queued","sending","in_doubt","received","acknowledged","refused",
 * "superseded","oldest_ms","last_receipt_ms","paused","reason"}],"journal":{"size","at"},"records":{"waiting",
 * "returned","live","over","unsent"},"checkpoints":{"journal":{"size","at"},"trace":…},"time_ms"}.
 * `state` is the state folder, for the newest checkpoints; a checkpoint that is not there is null. */
MUST_CHECK bool status_json(struct store_txn *txn, const char *state, int64_t now_ms, struct buf *out,
                            struct error *err);

#endif
