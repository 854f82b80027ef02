/* clocks.h - statutory clocks: whose publication ends when, what is still to be reported and until when, which ending
 * of a record is not confirmed by whom, which receipts are overdue.
 *
 * Everything here is a projection of the journal: these functions read; changes are events. This room listens to those
 * of records and deliveries, and has one of its own:
 *
 *   receipt.overdue  {"call","channel","since_ms"}   no business receipt for this call within its channel's limit; once
 *                                                    a call, and over when the call is settled or dissolved
 *
 * Sources: domain.md 2.5 (reporting within 7 working days), 5.3 and 5.4 (publication, repair), NDRC Order 36,
 * upstreams.md.
 *
 * STORE_CLOCKS, by first byte of the key (numbers big-endian, days with the sign bit turned so that they sort):
 *   'c' call → struct overdue_entry              receipts overdue
 *   'd' severity, decided_on, record → ""        live records
 *   'e' publication_end, record → ""             the same
 *   'l' record → struct live_entry               the same: what the two above have for it
 *   'n' kind → how many entries of that kind; 'n' 'r' decided_on → how many of that day
 *   'o' record → struct over_entry               records that are over, for ever
 *   'R' record → decided_on                      not acknowledged by 信用广东 yet
 *   'r' decided_on, record → ""                  the same
 *   's' record → version                         ended by law, not queued for 信用广东 yet
 *   'u' record → ""                              over, and a channel that took it has not confirmed */
#ifndef GATEWAY_CLOCKS_CLOCKS_H
#define GATEWAY_CLOCKS_CLOCKS_H

#include "gateway/outbox/outbox.h"
#include "gateway/registry/records.h"
#include "schemas/calendar.h"
#include "schemas/windows.h"

enum {
    RECEIPT_LIMIT_DAYS = 5, /* working days, for a channel that the configuration does not name */
    CLOCKS_REPORT_DAYS = 7, /* working days from the decision to the business receipt of 信用广东 */
    CLOCKS_SOON_DAYS = 2,   /* working days: due soon */
    CLOCKS_ENDING_DAYS = 30 /* days: publication ends soon */
};

/* An event that does not fit the state is ERR_CONFLICT: the transaction must be aborted. */
MUST_CHECK bool clocks_apply(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err);
bool clocks_applies(struct span type);

/* ERR_CORRUPT when the clocks do not know every live record: a store from before they were kept, which says that
 * nothing is ever due. It wants a rebuild. */
MUST_CHECK bool clocks_check(struct store_txn *txn, struct error *err);
/* How many there are; cheap. */
struct clocks_counts {
    uint64_t live;
    uint64_t unconfirmed; /* over, and not confirmed by a channel that took it */
    uint64_t receipts;    /* overdue */
    uint64_t statutory;   /* ended by law, not queued yet */
};
MUST_CHECK bool clocks_counts(struct store_txn *txn, struct clocks_counts *out, struct error *err);

/* A live record and the last day of its publication, as the law is on the day asked (windows_end). */
struct clocks_end {
    char record[RECORD_ID_BYTES];
    enum severity severity;
    int32_t decided_on;
    int32_t end;
};
/* Visit until `visit` returns false, here and below; what is visited is valid inside the visit only. */
typedef bool clocks_visit_end(const struct clocks_end *end, void *context);
/* Every live record whose publication ends on `until` at the latest, by the law as it is on `today`; each once, in no
 * order. */
MUST_CHECK bool clocks_ends(struct store_txn *txn, const struct windows *windows, int32_t today, int32_t until,
                            clocks_visit_end *visit, void *context, struct error *err);

/* The last day for the report of what was decided on that day. */
static inline int32_t clocks_report_due(const struct calendar *calendar, int32_t decided_on, bool *is_provisional)
{
    return calendar_working_days_after(calendar, decided_on, CLOCKS_REPORT_DAYS, is_provisional);
}
struct clocks_reporting {
    uint64_t open; /* proposed or in force, and not acknowledged by 信用广东 */
    uint64_t late; /* of these: the last day is over */
    uint64_t soon; /* of these: at most CLOCKS_SOON_DAYS working days are left */
    bool is_provisional;
};
MUST_CHECK bool clocks_reporting(struct store_txn *txn, const struct calendar *calendar, int32_t today,
                                 struct clocks_reporting *out, struct error *err);
typedef bool clocks_visit_report(const char *record, int32_t decided_on, void *context);
/* By day of decision, the oldest first. */
MUST_CHECK bool clocks_reports(struct store_txn *txn, clocks_visit_report *visit, void *context, struct error *err);

/* A record that is over (withdrawn, repaired, ended by law) and the channels that took it and have not confirmed. */
struct clocks_over {
    char record[RECORD_ID_BYTES];
    uint32_t version; /* the one that ends it */
    enum record_op op;
    int64_t since_ms;
    bool is_missing[STAGE_COUNT];
};
typedef bool clocks_visit_over(const struct clocks_over *over, void *context);
MUST_CHECK bool clocks_unconfirmed(struct store_txn *txn, clocks_visit_over *visit, void *context, struct error *err);

/* A call whose business receipt is overdue. */
struct clocks_receipt {
    uint8_t call[16];
    enum channel channel;
    int64_t since_ms;  /* transport receipt, or since when it is in doubt */
    int64_t raised_ms; /* when it was found */
};
typedef bool clocks_visit_receipt(const struct clocks_receipt *receipt, void *context);
MUST_CHECK bool clocks_receipts(struct store_txn *txn, clocks_visit_receipt *visit, void *context, struct error *err);
bool clocks_receipt_is_raised(struct store_txn *txn, const uint8_t call[16]);

typedef bool clocks_visit_statutory(const char *record, uint32_t version, void *context);
MUST_CHECK bool clocks_statutory(struct store_txn *txn, clocks_visit_statutory *visit, void *context,
                                 struct error *err);

#endif
