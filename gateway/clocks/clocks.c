#include "gateway/clocks/clocks.h"

#include <string.h>

#include "gateway/clocks/table.h"

bool clock_get(struct store_txn *txn, const struct clock_key *key, void *value, size_t bytes)
{
    struct span found;

    if (!store_get(txn, STORE_CLOCKS, clock_span(key), &found))
        return false;
    if (found.bytes != bytes) {
        store_txn_spoil(txn, STORE_CLOCKS, "an entry of the clocks has another length: rebuild");
        return false;
    }
    memcpy(value, found.at, bytes);
    return true;
}

uint64_t clock_count(struct store_txn *txn, const struct clock_key *key)
{
    uint8_t value[8];

    return clock_get(txn, key, value, sizeof value) ? store_read_u64(value) : 0;
}

static uint64_t count_of(struct store_txn *txn, enum clock_kind kind)
{
    struct clock_key key = clock_key_count(kind, DAY_NONE);

    return clock_count(txn, &key);
}

bool clocks_counts(struct store_txn *txn, struct clocks_counts *out, struct error *err)
{
    *out = (struct clocks_counts){.live = count_of(txn, CLOCK_LIVE),
                                  .unconfirmed = count_of(txn, CLOCK_UNCONFIRMED),
                                  .receipts = count_of(txn, CLOCK_OVERDUE),
                                  .statutory = count_of(txn, CLOCK_STATUTORY)};
    return store_txn_is_good(txn, err);
}

bool clocks_check(struct store_txn *txn, struct error *err)
{
    uint64_t known = count_of(txn, CLOCK_LIVE);
    uint64_t live = records_count(txn, RECORDS_LIVE);

    if (!store_txn_is_good(txn, err))
        return false;
    if (known == live)
        return true;
    return refuse(err, ERR_CORRUPT, "clocks.rebuild",
                  "the statutory clocks know %llu of %llu live records: stop the gateway and run creditgate rebuild",
                  "法定时限只包含 %llu 条，在列记录有 %llu 条：请停止网关并运行 creditgate rebuild",
                  (unsigned long long)known, (unsigned long long)live);
}

/* --- a walk over the keys that begin alike --- */

struct clock_walk {
    struct store_cursor *cursor;
    struct clock_key prefix;
    struct span key;
    struct span value;
    bool is_begun;
};

static bool walk_open(struct store_txn *txn, const struct clock_key *prefix, struct clock_walk *walk, struct error *err)
{
    *walk = (struct clock_walk){.prefix = *prefix};
    return store_cursor_open(txn, STORE_CLOCKS, &walk->cursor, err);
}

/* `bytes`: how long every key of this kind is. */
static bool walk_on(struct clock_walk *walk)
{
    bool is_there = walk->is_begun
                        ? store_cursor_next(walk->cursor, &walk->key, &walk->value)
                        : store_cursor_seek(walk->cursor, clock_span(&walk->prefix), &walk->key, &walk->value);

    walk->is_begun = true;
    return is_there && clock_has_prefix(walk->key, &walk->prefix);
}

static void walk_close(struct clock_walk *walk)
{
    store_cursor_close(walk->cursor);
}

/* The record at the end of a key. */
static void record_of(struct span key, char record[RECORD_ID_BYTES])
{
    memset(record, 0, RECORD_ID_BYTES);
    if (key.bytes > RECORD_ID_LENGTH)
        memcpy(record, key.at + key.bytes - RECORD_ID_LENGTH, RECORD_ID_LENGTH);
}

/* --- ends of publication --- */

struct ends {
    struct store_txn *txn;
    const struct windows *windows;
    int32_t today;
    int32_t until;
    clocks_visit_end *visit;
    void *context;
    bool is_stopped;
};

static bool load_live(const struct ends *ends, const char *record, struct live_entry *entry, struct error *err)
{
    struct clock_key key = clock_key_of(CLOCK_LIVE, record);

    return clock_get(ends->txn, &key, entry, sizeof *entry) ||
           (store_txn_is_good(ends->txn, err) &&
            fail(err, ERR_CORRUPT, "%s has a day on which it ends and is not live: rebuild", record));
}

static void tell_end(struct ends *ends, const char *record, const struct live_entry *entry)
{
    struct clocks_end end = {.severity = (enum severity)entry->severity, .decided_on = entry->decided_on};

    memcpy(end.record, record, sizeof end.record);
    end.end = windows_end(ends->windows, end.severity, entry->decided_on, entry->end, ends->today, NULL);
    ends->is_stopped = !ends->visit(&end, ends->context);
}

/* Those that end then as they were listed. */
static bool ends_as_listed(struct ends *ends, struct error *err)
{
    struct clock_key prefix = clock_key(CLOCK_END);
    char record[RECORD_ID_BYTES];
    struct live_entry entry;
    struct clock_walk walk;
    bool is_good = walk_open(ends->txn, &prefix, &walk, err);

    while (is_good && !ends->is_stopped && walk_on(&walk) && clock_day_read(walk.key.at + 1) <= ends->until) {
        record_of(walk.key, record);
        is_good = load_live(ends, record, &entry, err);
        if (is_good)
            tell_end(ends, record, &entry);
    }
    walk_close(&walk);
    return is_good;
}

/* Those that were listed for longer, and end by the law as it is now: by decision, since its maximum counts from it. */
static bool ends_by_law(struct ends *ends, enum severity severity, struct error *err)
{
    struct clock_key prefix = clock_key(CLOCK_DECIDED);
    char record[RECORD_ID_BYTES];
    struct live_entry entry;
    struct clock_walk walk;
    struct window window;
    struct error ignored;
    bool is_good;

    if (!windows_find(ends->windows, severity, ends->today, &window, &ignored))
        return true; /* no rule, no end by it */
    prefix.at[prefix.bytes++] = (uint8_t)severity;
    is_good = walk_open(ends->txn, &prefix, &walk, err);
    while (is_good && !ends->is_stopped && walk_on(&walk) &&
           window_last_day(&window, clock_day_read(walk.key.at + 2)) <= ends->until) {
        record_of(walk.key, record);
        is_good = load_live(ends, record, &entry, err);
        if (is_good && entry.end > ends->until)
            tell_end(ends, record, &entry);
    }
    walk_close(&walk);
    return is_good;
}

bool clocks_ends(struct store_txn *txn, const struct windows *windows, int32_t today, int32_t until,
                 clocks_visit_end *visit, void *context, struct error *err)
{
    struct ends ends = {txn, windows, today, until, visit, context, false};

    if (!ends_as_listed(&ends, err))
        return false;
    for (int severity = SEVERITY_MINOR; severity <= SEVERITY_SERIOUS && !ends.is_stopped; severity++) {
        if (!ends_by_law(&ends, (enum severity)severity, err))
            return false;
    }
    return store_txn_is_good(txn, err);
}

/* --- reports --- */

bool clocks_reporting(struct store_txn *txn, const struct calendar *calendar, int32_t today,
                      struct clocks_reporting *out, struct error *err)
{
    struct clock_key prefix = clock_key_count(CLOCK_REPORT, DAY_NONE);
    struct clock_walk walk;

    *out = (struct clocks_reporting){.open = 0};
    if (!walk_open(txn, &prefix, &walk, err))
        return false;
    while (walk_on(&walk)) {
        uint64_t count = walk.value.bytes == 8 ? store_read_u64(walk.value.at) : 0;
        int32_t due;

        if (walk.key.bytes == prefix.bytes)
            continue; /* the sum of them all */
        due = clocks_report_due(calendar, clock_day_read(walk.key.at + prefix.bytes), &out->is_provisional);
        out->open += count;
        if (due < today)
            out->late += count;
        else if (calendar_working_days_between(calendar, today, due, &out->is_provisional) <= CLOCKS_SOON_DAYS)
            out->soon += count;
    }
    walk_close(&walk);
    return store_txn_is_good(txn, err);
}

bool clocks_reports(struct store_txn *txn, clocks_visit_report *visit, void *context, struct error *err)
{
    struct clock_key prefix = clock_key(CLOCK_REPORT);
    char record[RECORD_ID_BYTES];
    struct clock_walk walk;

    if (!walk_open(txn, &prefix, &walk, err))
        return false;
    while (walk_on(&walk)) {
        record_of(walk.key, record);
        if (!visit(record, clock_day_read(walk.key.at + 1), context))
            break;
    }
    walk_close(&walk);
    return store_txn_is_good(txn, err);
}

/* --- what is over and unconfirmed --- */

struct missing {
    uint32_t version;
    bool may_hold[STAGE_COUNT];
    bool has_confirmed[STAGE_COUNT];
};

/* What is refused, superseded or still waiting to be sent nobody holds; what is in a call, somebody may. */
static bool look_at_delivery(const struct delivery *delivery, void *context)
{
    struct missing *missing = context;
    bool is_taken = delivery->state == DELIVERY_ACKNOWLEDGED;

    if (!channel_is_stage(delivery->channel))
        return true;
    if (is_taken && delivery->version >= missing->version)
        missing->has_confirmed[delivery->channel] = true;
    if (is_taken || delivery->state == DELIVERY_SENDING || delivery->state == DELIVERY_IN_DOUBT ||
        delivery->state == DELIVERY_RECEIVED)
        missing->may_hold[delivery->channel] = true;
    return true;
}

bool clock_missing(struct store_txn *txn, const char *record, uint32_t version, bool is_missing[STAGE_COUNT],
                   bool *has_some, struct error *err)
{
    struct missing missing = {.version = version};

    if (!outbox_of_record(txn, record, look_at_delivery, &missing, err))
        return false;
    *has_some = false;
    for (int i = 0; i < STAGE_COUNT; i++) {
        is_missing[i] = missing.may_hold[i] && !missing.has_confirmed[i];
        *has_some = *has_some || is_missing[i];
    }
    return true;
}

static bool load_over(struct store_txn *txn, struct span key, struct clocks_over *over, struct error *err)
{
    struct clock_key over_key;
    struct over_entry entry;
    bool has_some;

    record_of(key, over->record);
    over_key = clock_key_of(CLOCK_OVER, over->record);
    if (!clock_get(txn, &over_key, &entry, sizeof entry))
        return store_txn_is_good(txn, err) &&
               fail(err, ERR_CORRUPT, "%s is unconfirmed and not over: rebuild", over->record);
    over->version = entry.version;
    over->op = (enum record_op)entry.op;
    over->since_ms = entry.since_ms;
    return clock_missing(txn, over->record, over->version, over->is_missing, &has_some, err);
}

bool clocks_unconfirmed(struct store_txn *txn, clocks_visit_over *visit, void *context, struct error *err)
{
    struct clock_key prefix = clock_key(CLOCK_UNCONFIRMED);
    struct clock_walk walk;
    bool is_good = walk_open(txn, &prefix, &walk, err);

    while (is_good && walk_on(&walk)) {
        struct clocks_over over;

        is_good = load_over(txn, walk.key, &over, err);
        if (is_good && !visit(&over, context))
            break;
    }
    walk_close(&walk);
    return is_good && store_txn_is_good(txn, err);
}

/* --- receipts, and what waits for the outbox --- */

bool clocks_receipts(struct store_txn *txn, clocks_visit_receipt *visit, void *context, struct error *err)
{
    struct clock_key prefix = clock_key(CLOCK_OVERDUE);
    struct overdue_entry entry;
    struct clock_walk walk;

    if (!walk_open(txn, &prefix, &walk, err))
        return false;
    while (walk_on(&walk) && walk.value.bytes == sizeof entry && walk.key.bytes == 17) {
        struct clocks_receipt receipt;

        memcpy(&entry, walk.value.at, sizeof entry);
        memcpy(receipt.call, walk.key.at + 1, sizeof receipt.call);
        receipt.channel = (enum channel)entry.channel;
        receipt.since_ms = entry.since_ms;
        receipt.raised_ms = entry.raised_ms;
        if (!visit(&receipt, context))
            break;
    }
    walk_close(&walk);
    return store_txn_is_good(txn, err);
}

bool clocks_receipt_is_raised(struct store_txn *txn, const uint8_t call[16])
{
    struct clock_key key = clock_key_call(call);
    struct span value;

    return store_get(txn, STORE_CLOCKS, clock_span(&key), &value);
}

bool clocks_statutory(struct store_txn *txn, clocks_visit_statutory *visit, void *context, struct error *err)
{
    struct clock_key prefix = clock_key(CLOCK_STATUTORY);
    char record[RECORD_ID_BYTES];
    struct clock_walk walk;

    if (!walk_open(txn, &prefix, &walk, err))
        return false;
    while (walk_on(&walk) && walk.value.bytes == 4) {
        record_of(walk.key, record);
        if (!visit(record, store_read_u32(walk.value.at), context))
            break;
    }
    walk_close(&walk);
    return store_txn_is_good(txn, err);
}
