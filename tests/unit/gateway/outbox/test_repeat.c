/* What was acknowledged is queued again, and what a channel is believed to hold. */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/outbox/belief.h"
#include "gateway/outbox/outbox.h"
#include "tests/support/support.h"

enum { RECORDS = 6, SUBJECTS = 3, CALLS_MAX = 400, STEPS = 400, SEEDS = 30, NUMBERS_MAX = 400 };

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

TestSuite(repeat, .init = setup, .fini = teardown, .timeout = 120);

static bool emit(const char *type, struct span data)
{
    struct event event = {++now_ms, SPAN("x"), span_of(type), data};

    return outbox_apply(txn, ++sequence, &event, &err);
}

static bool emitf(const char *type, const char *format, ...) PRINTF(2, 3);
static bool emitf(const char *type, const char *format, ...)
{
    char data[4096];
    va_list args;

    va_start(args, format);
    vsnprintf(data, sizeof data, format, args);
    va_end(args);
    return emit(type, span_of(data));
}

static const char *record_of(int record)
{
    static char id[24];

    snprintf(id, sizeof id, "R%020d", record);
    return id;
}

/* Two records share each subject. */
static uint64_t queue_for(enum channel channel, int record, uint32_t version)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    char code[24];
    char row[64];

    snprintf(code, sizeof code, "91440000MAY0000%03d", record % SUBJECTS);
    snprintf(row, sizeof row, "{\"A\":%d,\"VERSION\":%u}", record, version);
    outbox_queued_data(channel, record_of(record), version, span_of(code), span_of(row), &data);
    cr_assert(emit("delivery.queued", buf_span(&data)), "%s", err.text);
    return sequence;
}

static uint64_t queue(int record, uint32_t version)
{
    return queue_for(CHANNEL_CREDIT_GUANGDONG, record, version);
}

static bool prepare(int call, uint64_t number)
{
    return emitf("call.prepared",
                 "{\"call\":\"%032x\",\"channel\":\"credit-guangdong\",\"deliveries\":[%llu],\"due_ms\":5,"
                 "\"request\":{}}",
                 call + 1, (unsigned long long)number);
}

static bool receive(int call)
{
    return emitf("call.received", "{\"call\":\"%032x\",\"due_ms\":9}", call + 1);
}

static bool settle(int call, uint64_t number, const char *result)
{
    return emitf("delivery.settled",
                 "{\"call\":\"%032x\",\"outcomes\":[{\"code\":\"0\",\"delivery\":%llu,\"message\":\"m\","
                 "\"result\":\"%s\"}]}",
                 call + 1, (unsigned long long)number, result);
}

static struct delivery seen(uint64_t number)
{
    struct delivery delivery;

    cr_assert(outbox_find(txn, number, &delivery, &err), "%s", err.text);
    return delivery;
}

static bool repeat_as(uint64_t number, unsigned held, const char *record, uint32_t version)
{
    return emitf("delivery.repeated",
                 "{\"delivery\":%llu,\"held\":%u,\"reason\":\"r\",\"record\":\"%s\",\"version\":%u}",
                 (unsigned long long)number, held, record, version);
}

static bool repeat(uint64_t number)
{
    struct delivery delivery = seen(number);

    return repeat_as(number, 0, delivery.record, delivery.version);
}

static void deliver(int call, uint64_t number, const char *result)
{
    cr_assert(prepare(call, number), "%s", err.text);
    cr_assert(receive(call) && settle(call, number, result), "%s", err.text);
}

static size_t due(uint64_t *numbers)
{
    return outbox_due(txn, CHANNEL_CREDIT_GUANGDONG, INT64_MAX - 1, numbers, NUMBERS_MAX);
}

Test(repeat, only_what_was_acknowledged_is_told_again)
{
    uint64_t first = queue(1, 1);
    uint64_t other = queue(2, 1);

    cr_assert_not(repeat(first), "it is queued");
    cr_assert_eq(err.code, ERR_CONFLICT);
    cr_assert(prepare(0, first), "%s", err.text);
    cr_assert_not(repeat(first), "it is on its way");
    deliver(1, other, "refused");
    cr_assert_not(repeat(other), "it was refused");
}

Test(repeat, the_event_says_which_version_and_what_is_held_instead)
{
    uint64_t first = queue(1, 1);

    deliver(0, first, "acknowledged");
    cr_assert_not(repeat_as(first, 1, record_of(1), 1));
    cr_assert_eq(err.code, ERR_INVALID);
    cr_assert_not(repeat_as(first, 0, record_of(2), 1));
    cr_assert_eq(err.code, ERR_CONFLICT);
    cr_assert_not(repeat_as(first, 0, record_of(1), 2));
    cr_assert_eq(err.code, ERR_CONFLICT);
    cr_assert_not(repeat_as(first + 70, 0, record_of(1), 1));
    cr_assert_eq(err.code, ERR_CONFLICT);
    cr_assert(repeat_as(first, 0, record_of(1), 1), "%s", err.text);
}

Test(repeat, it_keeps_its_number_and_its_bytes_and_is_counted_once)
{
    uint64_t first = queue(1, 1);
    struct channel_status status;
    uint64_t numbers[NUMBERS_MAX];
    struct delivery again;

    deliver(0, first, "acknowledged");
    cr_assert(repeat(first), "%s", err.text);
    again = seen(first);
    cr_assert_eq(again.state, DELIVERY_QUEUED);
    cr_assert(span_is(again.row, "{\"A\":1,\"VERSION\":1}"));
    cr_assert_str_eq(again.code, "");
    cr_assert_eq(again.message.bytes, 0);
    cr_assert(outbox_status(txn, CHANNEL_CREDIT_GUANGDONG, &status, &err), "%s", err.text);
    cr_assert_eq(status.count[DELIVERY_QUEUED], 1);
    cr_assert_eq(status.count[DELIVERY_ACKNOWLEDGED], 0);
    cr_assert_eq(status.oldest_ms, again.queued_ms);
    cr_assert_eq(due(numbers), 1);
    deliver(1, first, "acknowledged");
    cr_assert_eq(seen(first).attempts, 2);
    cr_assert_not(settle(0, first, "refused"), "the call of then is over");
}

Test(repeat, it_goes_before_what_waits_in_its_lane)
{
    uint64_t numbers[NUMBERS_MAX];
    uint64_t first = queue(1, 1);
    uint64_t second;

    deliver(0, first, "acknowledged");
    second = queue(1, 2);
    cr_assert(repeat(first), "%s", err.text);
    cr_assert_eq(due(numbers), 1);
    cr_assert_eq(numbers[0], first);
    cr_assert_not(prepare(1, second), "not the head any more");
    deliver(2, first, "acknowledged");
    cr_assert_eq(due(numbers), 1);
    cr_assert_eq(numbers[0], second);
}

Test(repeat, all_versions_of_a_record_go_again_in_their_order)
{
    uint64_t numbers[NUMBERS_MAX];
    uint64_t versions[3];

    for (uint32_t i = 0; i < 3; i++) {
        versions[i] = queue(1, i + 1);
        deliver((int)i, versions[i], "acknowledged");
    }
    cr_assert(repeat(versions[2]) && repeat(versions[0]) && repeat(versions[1]), "%s", err.text);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(due(numbers), 1);
        cr_assert_eq(numbers[0], versions[i]);
        deliver(10 + i, versions[i], "acknowledged");
    }
    cr_assert_eq(due(numbers), 0);
}

static bool keep_number(const struct delivery *delivery, void *context)
{
    *(uint64_t *)context = delivery->number;
    return true;
}

static uint64_t refused(void)
{
    uint64_t number = 0;

    cr_assert(outbox_refused(txn, CHANNEL_CREDIT_GUANGDONG, keep_number, &number, &err), "%s", err.text);
    return number;
}

Test(repeat, it_never_goes_beside_what_is_on_its_way_and_goes_before_what_was_refused)
{
    uint64_t numbers[NUMBERS_MAX];
    uint64_t first = queue(1, 1);
    uint64_t second;

    deliver(0, first, "acknowledged");
    second = queue(1 + SUBJECTS, 1); /* another record of the same enterprise */
    cr_assert(prepare(1, second), "%s", err.text);
    cr_assert_not(outbox_can_repeat(txn, first));
    cr_assert_not(repeat(first), "something later is on its way");
    cr_assert_eq(err.code, ERR_CONFLICT);
    cr_assert(receive(1) && settle(1, second, "refused"), "%s", err.text);
    cr_assert(repeat(first), "%s", err.text);
    cr_assert_eq(due(numbers), 1);
    cr_assert_eq(numbers[0], first);
    cr_assert_eq(refused(), second, "it waits for a person, at the head or not");
    deliver(2, first, "acknowledged");
    cr_assert_eq(refused(), second);
    cr_assert_eq(due(numbers), 0, "a person must act first");
    cr_assert(repeat(first), "%s", err.text);
    cr_assert(emitf("delivery.requeued", "{\"delivery\":%llu,\"reason\":\"x\"}", (unsigned long long)second), "%s",
              err.text);
    cr_assert_eq(due(numbers), 1);
    cr_assert_eq(numbers[0], first);
    deliver(3, first, "acknowledged");
    cr_assert_eq(due(numbers), 1);
    cr_assert_eq(numbers[0], second);
}

/* --- whatever happens --- */

static uint64_t all[STEPS];
static uint64_t in_call[CALLS_MAX];
static size_t all_count;
static int call_count;

static void random_step(uint32_t *versions)
{
    uint64_t numbers[NUMBERS_MAX];
    uint64_t any = all_count ? all[(size_t)rand() % all_count] : 0;
    int record = rand() % RECORDS;
    int call = call_count ? rand() % call_count : 0;
    size_t count;

    switch (rand() % 8) {
    case 0:
        all[all_count++] = queue(record, ++versions[record]);
        return;
    case 1:
    case 2:
        count = due(numbers);
        if (count == 0 || call_count == CALLS_MAX)
            return;
        in_call[call_count] = numbers[(size_t)rand() % count];
        cr_assert(prepare(call_count, in_call[call_count]), "%s", err.text);
        call_count++;
        return;
    case 3:
        (void)!receive(call);
        return;
    case 4:
    case 5:
        (void)!(call_count && settle(call, in_call[call], rand() % 5 ? "acknowledged" : "refused"));
        return;
    case 6:
        (void)!(any && emitf("delivery.requeued", "{\"delivery\":%llu,\"reason\":\"x\"}", (unsigned long long)any));
        return;
    default:
        if (any) {
            bool can = outbox_can_repeat(txn, any);

            cr_assert_eq(repeat(any), can);
        }
    }
}

/* The lowest number of a lane that is not settled is its head; it is due when it is queued, and nothing else is. */
static void check_heads(void)
{
    uint64_t numbers[NUMBERS_MAX];
    size_t count = due(numbers);
    size_t expected = 0;

    for (int subject = 0; subject < SUBJECTS; subject++) {
        for (size_t i = 0; i < all_count; i++) {
            struct delivery delivery = seen(all[i]);
            bool is_there = false;

            if (atoi(delivery.record + 1) % SUBJECTS != subject || delivery.state == DELIVERY_ACKNOWLEDGED)
                continue;
            for (size_t k = 0; k < count; k++)
                is_there = is_there || numbers[k] == all[i];
            cr_assert_eq(is_there, delivery.state == DELIVERY_QUEUED, "delivery %llu", (unsigned long long)all[i]);
            expected += is_there;
            break;
        }
    }
    cr_assert_eq(count, expected);
}

Test(repeat, whatever_happens_the_oldest_unsettled_of_a_lane_is_its_head_and_only_that_is_due)
{
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        uint32_t versions[RECORDS] = {0};

        srand(seed);
        all_count = 0;
        call_count = 0;
        for (int i = 0; i < STEPS; i++) {
            random_step(versions);
            check_heads();
        }
        cr_assert_gt(all_count, 0);
        store_abort(txn);
        txn = NULL;
        cr_assert(store_begin(store, STORE_WRITE, &txn, &err), "%s", err.text);
    }
}

/* --- what a channel is believed to hold --- */

static char walked[256];

static bool note(const struct belief *belief, void *context)
{
    size_t *left = context;
    size_t at = strlen(walked);

    snprintf(walked + at, sizeof walked - at, "%d:%u/%u%s ", atoi(belief->record + 1), belief->version, belief->newest,
             belief->is_open ? "o" : "");
    cr_assert_eq(belief->row.bytes > 0, belief->version > 0);
    return --*left > 0;
}

static const char *walk(const char *after, size_t most)
{
    walked[0] = '\0';
    cr_assert(belief_walk(txn, CHANNEL_CREDIT_GUANGDONG, after, note, &most, &err), "%s", err.text);
    return walked;
}

Test(repeat, what_a_channel_is_believed_to_hold_is_the_newest_acknowledged_of_each_record)
{
    char after[24];

    cr_assert_str_eq(walk("", 9), "");
    (void)queue_for(CHANNEL_NATIONAL_PLATFORM, 0, 1);
    deliver(0, queue(2, 1), "acknowledged");
    deliver(1, queue(2, 2), "acknowledged");
    deliver(2, queue(3, 1), "acknowledged");
    deliver(3, queue(3, 2), "refused");
    deliver(4, queue(4, 1), "refused");
    (void)queue(5, 1);
    (void)queue(2, 3);
    cr_assert_str_eq(walk("", 9), "2:2/3o 3:1/2 4:0/1 5:0/1o ");
    cr_assert_str_eq(walk("", 2), "2:2/3o 3:1/2 ");
    memcpy(after, record_of(3), sizeof after);
    cr_assert_str_eq(walk(after, 9), "4:0/1 5:0/1o ");
    cr_assert_str_eq(walk("R", 1), "2:2/3o ");
    cr_assert_str_eq(walk("S", 9), "");
}

Test(repeat, one_record_is_found_by_its_id)
{
    struct belief belief = {.version = 77};
    uint64_t first = queue(1, 1);

    (void)queue_for(CHANNEL_NATIONAL_PLATFORM, 2, 1);
    deliver(0, first, "acknowledged");
    cr_assert_not(belief_of(txn, CHANNEL_CREDIT_GUANGDONG, record_of(2), &belief));
    cr_assert_not(belief_of(txn, CHANNEL_CREDIT_GUANGDONG, record_of(3), &belief));
    cr_assert_eq(belief.version, 77);
    cr_assert(belief_of(txn, CHANNEL_CREDIT_GUANGDONG, record_of(1), &belief));
    cr_assert_eq(belief.version, 1);
    cr_assert_eq(belief.number, first);
    cr_assert_eq(belief.changed_ms, now_ms);
    cr_assert_not(belief.is_open);
}
