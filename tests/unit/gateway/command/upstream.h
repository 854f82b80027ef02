/* upstream.h - deliveries without a network: the events that a courier would write, for tests of what follows. */
#ifndef TESTS_UNIT_GATEWAY_COMMAND_UPSTREAM_H
#define TESTS_UNIT_GATEWAY_COMMAND_UPSTREAM_H

#include "gateway/clocks/clocks.h"
#include "tests/unit/gateway/command/desk.h"

static inline bool try_emit(const char *type, const char *data)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(ledger_free) struct ledger *ledger = NULL;

    cr_assert(store_begin(T.store, STORE_WRITE, &txn, &T.err) && ledger_new(txn, &T.clock, &ledger, &T.err), "%s",
              T.err.text);
    return ledger_emit(ledger, "courier", type, span_of(data), NULL, &T.err) && ledger_finish(ledger, &T.err) &&
           store_commit(TAKE(txn), &T.err);
}

static inline void emit(const char *type, const char *data)
{
    cr_assert(try_emit(type, data), "%s %s: %s", type, data, T.err.text);
}

static inline bool find_delivery(enum channel channel, const char *id, uint32_t version, struct delivery *out)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    bool is_there = outbox_of_version(txn, channel, id, version, out);

    cr_assert(store_txn_is_good(txn, &T.err), "%s", T.err.text);
    return is_there;
}

static inline uint64_t delivery_number(enum channel channel, const char *id, uint32_t version)
{
    struct delivery delivery;

    cr_assert(find_delivery(channel, id, version, &delivery), "%s version %u was not queued", id, version);
    return delivery.number;
}

static inline void queue_for(enum channel channel, const char *id, uint32_t version)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    AUTO(buf_done) struct buf hold = BUF_INIT;
    AUTO(store_abort) struct store_txn *txn = reader();
    struct record_version loaded;

    cr_assert(records_load(txn, span_of(id), version, &loaded, &hold, &T.err), "%s", T.err.text);
    store_abort(TAKE(txn));
    outbox_queued_data(channel, id, version, loaded.record.uscc, SPAN("{}"), &data);
    emit("delivery.queued", data.data);
}

/* A call of one delivery; `call` gets its id. */
static inline void send_one(enum channel channel, const char *id, uint32_t version, char call[33])
{
    static unsigned number;
    AUTO(buf_done) struct buf data = BUF_INIT;

    snprintf(call, 33, "%032x", ++number);
    buf_addf(&data, "{\"call\":\"%s\",\"channel\":\"%s\",\"deliveries\":[%llu],\"due_ms\":%lld,\"request\":{}}", call,
             CHANNEL_NAMES[channel], (unsigned long long)delivery_number(channel, id, version), (long long)T.now_ms);
    emit("call.prepared", data.data);
}

static inline void receive(const char *call)
{
    AUTO(buf_done) struct buf data = BUF_INIT;

    buf_addf(&data, "{\"call\":\"%s\",\"due_ms\":%lld}", call, (long long)T.now_ms);
    emit("call.received", data.data);
}

static inline void settle(enum channel channel, const char *id, uint32_t version, const char *call, const char *result)
{
    AUTO(buf_done) struct buf data = BUF_INIT;

    buf_addf(&data,
             "{\"call\":\"%s\",\"outcomes\":[{\"code\":\"0\",\"delivery\":%llu,\"message\":\"\",\"result\":\"%s\"}]}",
             call, (unsigned long long)delivery_number(channel, id, version), result);
    emit("delivery.settled", data.data);
}

/* Sent, received and taken at once. */
static inline void acknowledge(enum channel channel, const char *id, uint32_t version)
{
    char call[33];

    send_one(channel, id, version, call);
    receive(call);
    settle(channel, id, version, call, "acknowledged");
}

static inline bool plain_row(const struct record *record, void *context, struct buf *row, struct error *err)
{
    const bool *is_refused = context;

    if (is_refused && *is_refused)
        return fail(err, ERR_REFUSED, "this one cannot be told");
    buf_addf(row, "{\"OP\":%d,\"ROWID\":\"%s\",\"VERSION\":%u}", (int)record->op, record->id, record->version);
    return true;
}

static inline void push_all(void)
{
    struct push_request request = {CHANNEL_CREDIT_GUANGDONG, NULL, NULL, -1, plain_row, NULL};
    struct tally tally = {0};

    cr_assert(command_push(&T.desk, &request, keep, NULL, &tally, &T.err), "%s", T.err.text);
}

static inline struct clocks_counts counts(void)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    struct clocks_counts counts;

    cr_assert(clocks_counts(txn, &counts, &T.err), "%s", T.err.text);
    cr_assert_eq(counts.live, records_count(txn, RECORDS_LIVE));
    return counts;
}

static inline struct calendar *load_calendar(void)
{
    struct calendar *calendar = NULL;

    cr_assert(calendar_load(TEST_SOURCE "/schemas/data/calendar.json", &calendar, &T.err), "%s", T.err.text);
    return calendar;
}

#endif
