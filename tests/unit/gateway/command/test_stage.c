/* From one channel to the next, without a courier: what is acknowledged is said by hand. */
#include "gateway/command/stage.h"
#include "gateway/outbox/stage.h"
#include "gateway/registry/records.h"
#include "tests/unit/gateway/command/desk.h"

static bool count_one_held(const struct stage_held *held, void *context)
{
    (void)held;
    ++*(uint64_t *)context;
    return true;
}

/* After every test: what is counted is what is there. */
static void assert_counted(void)
{
    AUTO(store_abort) struct store_txn *txn = reader();

    for (int channel = 0; channel < CHANNEL_COUNT; channel++) {
        uint64_t staged, held;
        uint64_t walked = 0;

        stage_counts(txn, (enum channel)channel, &staged, &held);
        cr_assert(stage_held_list(txn, (enum channel)channel, count_one_held, &walked, &T.err), "%s", T.err.text);
        cr_assert_eq(staged, stage_list(txn, (enum channel)channel, NULL, SIZE_MAX), "staged for %d", channel);
        cr_assert_eq(held, walked, "held for %d", channel);
    }
}

static void close_counted(void)
{
    assert_counted();
    desk_close();
}

TestSuite(stage, .init = desk_open, .fini = close_counted);

static bool make_row(const struct record *record, void *context, struct buf *row, struct error *err)
{
    if (context)
        return refuse(err, ERR_REFUSED, "row.too-long", "JGQC is too long", "JGQC 过长");
    buf_addf(row, "{\"ROWID\":\"%s\",\"VERSION\":%u}", record->id, record->version);
    return true;
}

static int REFUSES = 1;

static struct tally push_to(enum channel channel, void *context, bool is_good)
{
    struct push_request request = {channel, NULL, NULL, -1, make_row, context};
    struct tally tally = {0};

    cr_assert_eq(command_push(&T.desk, &request, keep, NULL, &tally, &T.err), is_good, "%s", T.err.text);
    return tally;
}

struct said {
    const char *type;
    const char *data;
};

static bool say_it(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    const struct said *said = context;

    return ledger_new(txn, &T.clock, &ledger, err) &&
           ledger_emit(ledger, "courier", said->type, span_of(said->data), NULL, err) && ledger_finish(ledger, err);
}

static void say(const char *type, const char *data)
{
    struct said said = {type, data};

    cr_assert(store_write(T.store, say_it, &said, &T.err), "%s: %s", type, T.err.text);
}

static struct delivery delivery_of(enum channel channel, const char *record, uint32_t version)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    struct delivery delivery = {.number = 0};

    (void)outbox_of_version(txn, channel, record, version, &delivery);
    return delivery;
}

/* The channel takes this version. */
static void acknowledge(enum channel channel, const char *record, uint32_t version)
{
    struct delivery delivery = delivery_of(channel, record, version);
    char call[33];
    char data[512];

    cr_assert_gt(delivery.number, 0);
    snprintf(call, sizeof call, "%032llx", (unsigned long long)delivery.number);
    snprintf(data, sizeof data,
             "{\"call\":\"%s\",\"channel\":\"%s\",\"deliveries\":[%llu],\"due_ms\":0,\"request\":{}}", call,
             CHANNEL_NAMES[channel], (unsigned long long)delivery.number);
    say("call.prepared", data);
    snprintf(data, sizeof data, "{\"call\":\"%s\",\"due_ms\":0}", call);
    say("call.received", data);
    snprintf(data, sizeof data,
             "{\"call\":\"%s\",\"outcomes\":[{\"code\":\"0\",\"delivery\":%llu,\"message\":\"\",\"result\":"
             "\"acknowledged\"}]}",
             call, (unsigned long long)delivery.number);
    say("delivery.settled", data);
}

struct advancing {
    struct stage_channel to;
    size_t count;
};

static bool advance_work(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    struct advancing *advancing = context;

    return ledger_new(txn, &T.clock, &ledger, err) &&
           stage_advance(txn, ledger, "courier", &advancing->to, 100, &advancing->count, err) &&
           ledger_finish(ledger, err);
}

static size_t advance(enum channel channel, void *context)
{
    struct advancing advancing = {{channel, make_row, context}, 0};

    cr_assert(store_write(T.store, advance_work, &advancing, &T.err), "%s", T.err.text);
    return advancing.count;
}

static bool count_held(const struct stage_held *held, void *context)
{
    size_t *count = context;

    cr_assert(span_is(held->code, "row.too-long") || span_is(held->code, "push.version-order"));
    cr_assert_gt(held->message.bytes, 0);
    ++*count;
    return true;
}

static size_t held(enum channel channel)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    size_t count = 0;

    cr_assert(stage_held_list(txn, channel, count_held, &count, &T.err), "%s", T.err.text);
    return count;
}

static bool waits(enum channel channel)
{
    AUTO(store_abort) struct store_txn *txn = reader();

    return stage_waits(txn, channel);
}

static void acknowledged_sample(char id[RECORD_ID_BYTES])
{
    snprintf(id, RECORD_ID_BYTES, "%s", listed_sample());
    cr_assert_eq(push_to(CHANNEL_CREDIT_GUANGDONG, NULL, true).done, 1);
    cr_assert_not(waits(CHANNEL_NATIONAL_PLATFORM));
    acknowledge(CHANNEL_CREDIT_GUANGDONG, id, 1);
    cr_assert(waits(CHANNEL_NATIONAL_PLATFORM));
}

Test(stage, what_cannot_be_made_into_a_row_is_held_until_a_person_pushes_it)
{
    char id[RECORD_ID_BYTES];

    acknowledged_sample(id);
    cr_assert_eq(advance(CHANNEL_NATIONAL_PLATFORM, &REFUSES), 1);
    cr_assert_not(waits(CHANNEL_NATIONAL_PLATFORM), "the others do not wait for it");
    cr_assert_eq(held(CHANNEL_NATIONAL_PLATFORM), 1);
    cr_assert_eq(push_to(CHANNEL_NATIONAL_PLATFORM, &REFUSES, true).refused, 1);
    cr_assert_eq(held(CHANNEL_NATIONAL_PLATFORM), 1);
    cr_assert_eq(push_to(CHANNEL_NATIONAL_PLATFORM, NULL, true).done, 1);
    cr_assert_eq(held(CHANNEL_NATIONAL_PLATFORM), 0);
    cr_assert_eq(delivery_of(CHANNEL_NATIONAL_PLATFORM, id, 1).state, DELIVERY_QUEUED);
    (void)push_to(CHANNEL_NATIONAL_PLATFORM, NULL, false);
    cr_assert_str_eq(T.err.rule, "push.stage");
}

Test(stage, the_next_channel_is_told_once)
{
    char id[RECORD_ID_BYTES];

    acknowledged_sample(id);
    cr_assert_eq(advance(CHANNEL_NATIONAL_PLATFORM, NULL), 1);
    cr_assert_eq(advance(CHANNEL_NATIONAL_PLATFORM, NULL), 0);
    cr_assert_not(waits(CHANNEL_CREDIT_CHINA));
    acknowledge(CHANNEL_NATIONAL_PLATFORM, id, 1);
    cr_assert_eq(advance(CHANNEL_CREDIT_CHINA, NULL), 1);
    acknowledge(CHANNEL_CREDIT_CHINA, id, 1);
    cr_assert_eq(advance(CHANNEL_CREDIT_CHINA, NULL), 0);
}

Test(stage, a_mark_is_never_told_before_what_it_marks)
{
    char id[RECORD_ID_BYTES];

    acknowledged_sample(id);
    cr_assert_str_eq(change(id, blank_change(OP_DISPUTED)), "done");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    cr_assert_eq(push_to(CHANNEL_CREDIT_GUANGDONG, NULL, true).done, 1);
    acknowledge(CHANNEL_CREDIT_GUANGDONG, id, 2);
    cr_assert_eq(advance(CHANNEL_NATIONAL_PLATFORM, NULL), 2);
    cr_assert_lt(delivery_of(CHANNEL_NATIONAL_PLATFORM, id, 1).number,
                 delivery_of(CHANNEL_NATIONAL_PLATFORM, id, 2).number);
}

static void tell_first(const char *id, enum record_op op, uint32_t version)
{
    struct proposal proposal = blank_change(op);

    if (op == OP_CHANGED)
        proposal.scope = SCOPE_GOVERNMENT;
    cr_assert_str_eq(change(id, proposal), "done");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    cr_assert_eq(push_to(CHANNEL_CREDIT_GUANGDONG, NULL, true).done, 1);
    acknowledge(CHANNEL_CREDIT_GUANGDONG, id, version);
}

Test(stage, a_mark_waits_with_what_it_marks_when_that_is_held)
{
    char id[RECORD_ID_BYTES];

    acknowledged_sample(id);
    cr_assert_eq(advance(CHANNEL_NATIONAL_PLATFORM, &REFUSES), 1);
    tell_first(id, OP_DISPUTED, 2);
    cr_assert_eq(advance(CHANNEL_NATIONAL_PLATFORM, NULL), 1);
    cr_assert_eq(delivery_of(CHANNEL_NATIONAL_PLATFORM, id, 2).number, 0,
                 "they would refuse it, and version 1 behind it");
    cr_assert_eq(held(CHANNEL_NATIONAL_PLATFORM), 2);
    cr_assert_eq(push_to(CHANNEL_NATIONAL_PLATFORM, NULL, true).done, 2);
    cr_assert_lt(delivery_of(CHANNEL_NATIONAL_PLATFORM, id, 1).number,
                 delivery_of(CHANNEL_NATIONAL_PLATFORM, id, 2).number);
}

Test(stage, no_correction_takes_the_place_of_a_mark)
{
    char id[RECORD_ID_BYTES];

    acknowledged_sample(id);
    cr_assert_eq(advance(CHANNEL_NATIONAL_PLATFORM, NULL), 1);
    tell_first(id, OP_DISPUTED, 2);
    tell_first(id, OP_CHANGED, 3);
    cr_assert_eq(advance(CHANNEL_NATIONAL_PLATFORM, NULL), 2);
    cr_assert_gt(delivery_of(CHANNEL_NATIONAL_PLATFORM, id, 2).number, 0, "they would never hear of the dispute");
    cr_assert_lt(delivery_of(CHANNEL_NATIONAL_PLATFORM, id, 2).number,
                 delivery_of(CHANNEL_NATIONAL_PLATFORM, id, 3).number);
}

Test(stage, what_was_held_leaves_the_list_when_a_later_version_takes_its_place)
{
    char id[RECORD_ID_BYTES];

    acknowledged_sample(id);
    cr_assert_eq(advance(CHANNEL_NATIONAL_PLATFORM, &REFUSES), 1);
    tell_first(id, OP_WITHDRAWN, 2);
    cr_assert_eq(held(CHANNEL_NATIONAL_PLATFORM), 1);
    cr_assert_eq(advance(CHANNEL_NATIONAL_PLATFORM, NULL), 1);
    cr_assert_eq(held(CHANNEL_NATIONAL_PLATFORM), 0);
    cr_assert_eq(delivery_of(CHANNEL_NATIONAL_PLATFORM, id, 2).number, 0, "they never took it");
}

Test(stage, an_ending_whose_listing_they_never_took_skips_them_and_all_after_them)
{
    char id[RECORD_ID_BYTES];

    acknowledged_sample(id);
    cr_assert_str_eq(change(id, blank_change(OP_WITHDRAWN)), "done");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    cr_assert_eq(push_to(CHANNEL_CREDIT_GUANGDONG, NULL, true).done, 1);
    cr_assert_eq(advance(CHANNEL_NATIONAL_PLATFORM, NULL), 1);
    cr_assert_eq(delivery_of(CHANNEL_NATIONAL_PLATFORM, id, 1).number, 0, "skipped: it ended before they saw it");
    acknowledge(CHANNEL_CREDIT_GUANGDONG, id, 2);
    cr_assert_eq(advance(CHANNEL_NATIONAL_PLATFORM, NULL), 1);
    cr_assert_eq(delivery_of(CHANNEL_NATIONAL_PLATFORM, id, 2).number, 0);
    cr_assert_not(waits(CHANNEL_CREDIT_CHINA));
}
