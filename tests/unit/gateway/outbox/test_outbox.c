/* Events go in as the ledger would give them; the tables are looked at through outbox.h. */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "base/text.h"
#include "gateway/outbox/outbox.h"
#include "tests/support/support.h"

enum { SUBJECTS = 5, CALLS_MAX = 64, STEPS = 400, SEEDS = 40 };

static char folder[TEST_PATH_BYTES];
static struct store *store;
static struct store_txn *txn;
static struct error err;
static uint64_t sequence;
static int64_t now_ms;

static void setup(void)
{
    struct store_options options = {.map_bytes = 1 << 26, .creates = true, .is_scratch = true};

    test_folder_new(folder);
    cr_assert(store_open(folder, &options, &store, &err), "%s", err.text);
    cr_assert(store_begin(store, STORE_WRITE, &txn, &err), "%s", err.text);
    sequence = 0;
    now_ms = 1000;
}

static void teardown(void)
{
    store_abort(txn);
    store_close(store);
    test_folder_remove(folder);
}

TestSuite(outbox, .init = setup, .fini = teardown, .timeout = 120);

static bool emit(const char *type, const char *data)
{
    struct event event = {++now_ms, SPAN("courier"), span_of(type), span_of(data)};

    return outbox_apply(txn, ++sequence, &event, &err);
}

static bool emitf(const char *type, const char *format, ...) PRINTF(2, 3);
static bool emitf(const char *type, const char *format, ...)
{
    char data[8192];
    va_list args;

    va_start(args, format);
    vsnprintf(data, sizeof data, format, args);
    va_end(args);
    return emit(type, data);
}

/* Queue a version of the record of a subject; returns the delivery's number. */
static uint64_t queue(int subject, uint32_t version)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    char record[24];
    char code[24];

    snprintf(record, sizeof record, "R%020d", subject);
    snprintf(code, sizeof code, "91440000MAY0000%03d", subject);
    outbox_queued_data(CHANNEL_CREDIT_GUANGDONG, record, version, span_of(code), SPAN("{\"A\":1}"), &data);
    cr_assert(emit("delivery.queued", buf_text(&data)), "%s", err.text);
    return sequence;
}

static void call_text(int call, char text[33])
{
    snprintf(text, 33, "%032x", call + 1);
}

static bool prepare(int call, uint64_t number)
{
    char id[33];

    call_text(call, id);
    return emitf("call.prepared",
                 "{\"call\":\"%s\",\"channel\":\"credit-guangdong\",\"deliveries\":[%llu],\"due_ms\":5,\"request\":{}}",
                 id, (unsigned long long)number);
}

static bool step(int call, const char *type, const char *more)
{
    char id[33];

    call_text(call, id);
    return emitf(type, "{\"call\":\"%s\",\"due_ms\":9%s}", id, more);
}

static bool settle(int call, uint64_t number, const char *result)
{
    char id[33];

    call_text(call, id);
    return emitf(
        "delivery.settled",
        "{\"call\":\"%s\",\"outcomes\":[{\"code\":\"0\",\"delivery\":%llu,\"message\":\"\",\"result\":\"%s\"}]}", id,
        (unsigned long long)number, result);
}

static enum delivery_state state_of(uint64_t number)
{
    struct delivery delivery;

    cr_assert(outbox_find(txn, number, &delivery, &err), "%s", err.text);
    return delivery.state;
}

static size_t due(uint64_t numbers[16])
{
    return outbox_due(txn, CHANNEL_CREDIT_GUANGDONG, now_ms + 1000000, numbers, 16);
}

Test(outbox, the_same_version_is_never_queued_twice)
{
    AUTO(buf_done) struct buf data = BUF_INIT;

    queue(1, 1);
    outbox_queued_data(CHANNEL_CREDIT_GUANGDONG, "R00000000000000000001", 1, SPAN("91440000MAY0000001"),
                       SPAN("{\"A\":1}"), &data);
    cr_assert_not(emit("delivery.queued", buf_text(&data)));
    cr_assert_eq(err.code, ERR_CONFLICT);
}

Test(outbox, a_split_halves_what_a_row_may_ride_with_until_it_is_alone)
{
    static const unsigned ROWS[] = {500, 250, 125, 62, 31, 15, 7, 3, 1, 1};
    struct delivery delivery;
    uint64_t number = queue(1, 1);

    cr_assert_eq(outbox_rows_max(0), ADAPTER_ROWS_MAX);
    cr_assert_eq(outbox_rows_max(UINT32_MAX), 1);
    for (size_t i = 0; i < COUNT_OF(ROWS); i++)
        cr_assert_eq(outbox_rows_max((uint32_t)i + 1), ROWS[i]);
    cr_assert(prepare(0, number) && step(0, "call.dissolved", ",\"reason\":\"6002\",\"split\":true"), "%s", err.text);
    cr_assert(outbox_find(txn, number, &delivery, &err), "%s", err.text);
    /* It was alone already: whatever comes next, it stays alone. */
    cr_assert_eq(outbox_rows_max(delivery.splits), 1);
}

Test(outbox, what_is_due_after_an_instant_is_found_behind_what_was_due_before)
{
    uint64_t first = queue(1, 1);
    int64_t first_ms = now_ms;

    queue(2, 1);
    cr_assert_eq(outbox_next_due_ms(txn, CHANNEL_CREDIT_GUANGDONG), first_ms);
    cr_assert_eq(outbox_next_due_after_ms(txn, CHANNEL_CREDIT_GUANGDONG, first_ms), first_ms + 1);
    cr_assert_eq(outbox_next_due_after_ms(txn, CHANNEL_CREDIT_GUANGDONG, first_ms + 1), INT64_MAX);
    cr_assert_eq(outbox_next_due_after_ms(txn, CHANNEL_CREDIT_GUANGDONG, INT64_MAX), INT64_MAX);
    cr_assert_eq(outbox_next_due_after_ms(txn, CHANNEL_NATIONAL_PLATFORM, 0), INT64_MAX);
    cr_assert(prepare(0, first)); /* due at 5 */
    cr_assert_eq(outbox_next_due_after_ms(txn, CHANNEL_CREDIT_GUANGDONG, 4), 5);
    cr_assert_eq(outbox_next_due_after_ms(txn, CHANNEL_CREDIT_GUANGDONG, 5), first_ms + 1);
    cr_assert(emit("channel.paused", "{\"channel\":\"credit-guangdong\",\"reason\":\"r\"}"), "%s", err.text);
    cr_assert_eq(outbox_next_due_after_ms(txn, CHANNEL_CREDIT_GUANGDONG, 0), INT64_MAX);
}

Test(outbox, a_row_that_is_not_its_digest_is_refused)
{
    cr_assert_not(
        emit("delivery.queued",
             "{\"channel\":\"credit-guangdong\",\"record\":\"R1\",\"row\":{},\"row_sha256\":\"00\",\"subject\":"
             "\"91440000MAY0000001\",\"version\":1}"));
    cr_assert_eq(err.code, ERR_INVALID);
}

Test(outbox, a_later_version_waits_for_the_earlier_one)
{
    uint64_t numbers[16];
    uint64_t first = queue(1, 1);
    uint64_t second = queue(1, 2);

    cr_assert_eq(due(numbers), 1);
    cr_assert_eq(numbers[0], first);
    cr_assert_not(prepare(0, second), "not the head of its lane");
    cr_assert(prepare(0, first), "%s", err.text);
    cr_assert_eq(due(numbers), 0);
    cr_assert(step(0, "call.received", ""), "%s", err.text);
    cr_assert(settle(0, first, "acknowledged"), "%s", err.text);
    cr_assert_eq(due(numbers), 1);
    cr_assert_eq(numbers[0], second);
}

Test(outbox, a_refused_row_blocks_its_lane_and_no_other)
{
    uint64_t numbers[16];
    uint64_t first = queue(1, 1);
    uint64_t other;

    queue(1, 2);
    other = queue(2, 1);
    cr_assert(prepare(0, first) && step(0, "call.received", "") && settle(0, first, "refused"), "%s", err.text);
    cr_assert_eq(state_of(first), DELIVERY_REFUSED);
    cr_assert_eq(due(numbers), 1);
    cr_assert_eq(numbers[0], other);
    cr_assert(emitf("delivery.requeued", "{\"delivery\":%llu,\"reason\":\"x\"}", (unsigned long long)first), "%s",
              err.text);
    cr_assert_eq(due(numbers), 2);
}

Test(outbox, nothing_is_settled_that_was_not_received_or_does_not_ride_along)
{
    uint64_t first = queue(1, 1);
    uint64_t other = queue(2, 1);

    cr_assert(prepare(0, first), "%s", err.text);
    cr_assert_not(settle(0, first, "acknowledged"), "no transport receipt yet");
    cr_assert(step(0, "call.received", ""), "%s", err.text);
    cr_assert_not(settle(0, other, "acknowledged"), "another call's row");
    cr_assert(settle(0, first, "acknowledged"), "%s", err.text);
    cr_assert_not(settle(0, first, "refused"), "settled once for all");
    cr_assert_not(step(0, "call.received", ""), "a settled call is over");
}

Test(outbox, doubt_is_shown_and_a_call_that_never_arrived_gives_its_rows_back)
{
    struct channel_status status;
    uint64_t numbers[16];
    uint64_t first = queue(1, 1);

    cr_assert(prepare(0, first), "%s", err.text);
    cr_assert(step(0, "call.failed", ",\"reason\":\"reset\",\"state\":\"in-doubt\",\"status\":0"), "%s", err.text);
    cr_assert_eq(state_of(first), DELIVERY_IN_DOUBT);
    cr_assert(outbox_status(txn, CHANNEL_CREDIT_GUANGDONG, &status, &err));
    cr_assert_eq(status.count[DELIVERY_IN_DOUBT], 1);
    cr_assert(step(0, "call.dissolved", ",\"reason\":\"7001\""), "%s", err.text);
    cr_assert_eq(state_of(first), DELIVERY_QUEUED);
    cr_assert_eq(due(numbers), 1);
}

Test(outbox, a_paused_channel_prepares_nothing_and_keeps_everything)
{
    uint64_t first = queue(1, 1);

    cr_assert(emit("channel.paused", "{\"channel\":\"credit-guangdong\",\"reason\":\"证书\"}"), "%s", err.text);
    cr_assert_not(prepare(0, first));
    cr_assert_not(emit("channel.paused", "{\"channel\":\"credit-guangdong\",\"reason\":\"again\"}"));
    cr_assert(emit("channel.resumed", "{\"channel\":\"credit-guangdong\"}"), "%s", err.text);
    cr_assert(prepare(0, first), "%s", err.text);
}

static size_t receipts_seen;
static bool see_receipt(const struct receipt *receipt, void *context)
{
    (void)context;
    receipts_seen++;
    cr_assert(span_is(receipt->body, "hello"));
    cr_assert_eq(receipt->status, 200);
    return true;
}

Test(outbox, receipts_are_kept_as_received)
{
    uint8_t id[16] = {[15] = 1};

    cr_assert(prepare(0, queue(1, 1)), "%s", err.text);
    for (int i = 0; i < 2; i++)
        cr_assert(emit("receipt.stored", "{\"body\":\"aGVsbG8=\",\"call\":\"00000000000000000000000000000001\","
                                         "\"kind\":\"transport\",\"part\":1,"
                                         "\"parts\":1,\"status\":200}"),
                  "%s", err.text);
    receipts_seen = 0;
    cr_assert(outbox_receipts(txn, id, see_receipt, NULL, &err), "%s", err.text);
    cr_assert_eq(receipts_seen, 2);
}

/* What the random walk knows itself. */
struct model {
    uint32_t next_version[SUBJECTS];
    uint32_t acknowledged[SUBJECTS]; /* versions in order, 1.. */
    uint64_t riding[CALLS_MAX];
    int rider_subject[CALLS_MAX];
    int calls;
    uint64_t all[STEPS];
    size_t count;
};

static int subject_of(uint64_t number, uint32_t *version)
{
    struct delivery delivery;

    cr_assert(outbox_find(txn, number, &delivery, &err));
    *version = delivery.version;
    return atoi(delivery.record + 1);
}

static void random_step(struct model *model)
{
    static const char *const FAILED[] = {",\"reason\":\"r\",\"state\":\"prepared\",\"status\":503",
                                         ",\"reason\":\"r\",\"state\":\"in-doubt\",\"status\":0"};
    uint64_t numbers[16];
    uint32_t version;
    int subject = rand() % SUBJECTS;
    int call = model->calls ? rand() % model->calls : 0;

    switch (rand() % 6) {
    case 0:
        model->all[model->count++] = queue(subject, ++model->next_version[subject]);
        return;
    case 1:
        if (model->calls < CALLS_MAX && due(numbers) > 0) {
            cr_assert(prepare(model->calls, numbers[0]), "%s", err.text);
            model->riding[model->calls++] = numbers[0];
        }
        return;
    case 2:
        (void)!step(call, "call.failed", FAILED[rand() % 2]);
        return;
    case 3:
        (void)!step(call, "call.received", "");
        return;
    case 4:
        (void)!step(call, "call.dissolved", ",\"reason\":\"r\"");
        return;
    default:
        if (model->calls && settle(call, model->riding[call], "acknowledged")) {
            subject = subject_of(model->riding[call], &version);
            cr_assert_eq(version, ++model->acknowledged[subject], "acknowledged in order, each once");
        }
    }
}

static void check_counters(const struct model *model)
{
    struct channel_status status;
    uint64_t count[DELIVERY_STATE_COUNT] = {0};

    cr_assert(outbox_status(txn, CHANNEL_CREDIT_GUANGDONG, &status, &err), "%s", err.text);
    for (size_t i = 0; i < model->count; i++)
        count[state_of(model->all[i])]++;
    cr_assert_arr_eq(status.count, count, sizeof count);
}

Test(outbox, whatever_happens_lanes_keep_their_order_and_counters_tell_the_truth)
{
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        struct model model = {.calls = 0};

        srand(seed);
        for (int i = 0; i < STEPS; i++)
            random_step(&model);
        check_counters(&model);
        store_abort(txn);
        txn = NULL;
        cr_assert(store_begin(store, STORE_WRITE, &txn, &err), "%s", err.text);
    }
}
