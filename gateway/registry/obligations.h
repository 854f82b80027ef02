/* obligations.h - all obligations, every version of each.
 *
 * A version is kept as a small fixed header; its row's JSON is in the journal, at `sequence`. Versions count from 1
 * without gaps; the newest is the one that counts. Everything returned is a copy unless it says borrowed. */
#ifndef GATEWAY_REGISTRY_OBLIGATIONS_H
#define GATEWAY_REGISTRY_OBLIGATIONS_H

#include "gateway/journal/event.h"
#include "gateway/store/store.h"
#include "schemas/obligation.h"

struct obligation_version {
    uint8_t id[OBLIGATION_ID_BYTES];
    uint32_t version;
    enum obligation_state state;
    enum ground ground;
    int32_t order_date;
    int32_t deadline;
    int32_t extended_to;
    int32_t exit_date;
    uint32_t line;     /* of the import, counted as reports do */
    uint64_t sequence; /* of its obligation.recorded event */
    int64_t at_ms;     /* recorded at */
    char uscc[19];
    char division[7];
};

/* Version 0 means the newest. False when there is none (or after a store error: store_txn_is_good tells). */
bool obligations_find(struct store_txn *txn, const uint8_t id[OBLIGATION_ID_BYTES], uint32_t version,
                      struct obligation_version *out);
/* The row as canonical JSON, borrowed from the transaction. */
MUST_CHECK bool obligations_json(struct store_txn *txn, const struct obligation_version *version, struct span *json,
                                 struct error *err);
/* The row, typed. `hold` owns the texts. */
MUST_CHECK bool obligations_row(struct store_txn *txn, const struct obligation_version *version, struct obligation *out,
                                struct buf *hold, struct error *err);

/* The last day in time; open; overdue on a day: as in obligation.h. */
int32_t obligations_due(const struct obligation_version *version);
bool obligations_is_open(const struct obligation_version *version);
bool obligations_is_overdue(const struct obligation_version *version, int32_t day);

/* Visit until `visit` returns false. `visit` may read but not write. */
typedef bool obligations_visit(const struct obligation_version *version, void *context);

struct obligations_filter {
    int32_t overdue_on;    /* DAY_NONE: whether overdue or not */
    int ground;            /* enum ground, or -1 for all */
    int state;             /* enum obligation_state, or -1 */
    const char *division;  /* a prefix of the division code: "44", "4401", "440103"; NULL or "": all */
    const char *authority; /* who ordered, the whole name as the register has it; NULL or "": all */
};
#define OBLIGATIONS_ALL ((struct obligations_filter){DAY_NONE, -1, -1, NULL, NULL})
/* The newest version of every obligation that fits, in order of id. */
MUST_CHECK bool obligations_scan(struct store_txn *txn, const struct obligations_filter *filter,
                                 obligations_visit *visit, void *context, struct error *err);
/* The newest versions of one enterprise's obligations. */
MUST_CHECK bool obligations_of_subject(struct store_txn *txn, struct span uscc, obligations_visit *visit, void *context,
                                       struct error *err);
/* All versions of one obligation, oldest first. */
MUST_CHECK bool obligations_history(struct store_txn *txn, const uint8_t id[OBLIGATION_ID_BYTES],
                                    obligations_visit *visit, void *context, struct error *err);
/* By the first hex digits of its id (at least 6). ERR_NOT_FOUND; ERR_CONFLICT when several fit. */
MUST_CHECK bool obligations_by_prefix(struct store_txn *txn, struct span hex, struct obligation_version *out,
                                      struct error *err);
void obligation_id_text(const uint8_t id[OBLIGATION_ID_BYTES], char text[33]);
MUST_CHECK bool obligation_id_parse(struct span hex, uint8_t id[OBLIGATION_ID_BYTES]);

/* Apply obligation.recorded. */
MUST_CHECK bool obligations_apply(struct store_txn *txn, uint64_t sequence, const struct event *event,
                                  struct error *err);

#endif
