/* The days and numbers of a numbered channel: no name twice, no gap. Events go in as the ledger would give them. */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "base/text.h"
#include "gateway/outbox/outbox.h"
#include "tests/support/support.h"

enum { SEEDS = 40, STEPS = 300, DAYS = 4, NAMES_MAX = 64, ROWS = 40 };

static char folder[TEST_PATH_BYTES];
static struct store *store;
static struct store_txn *txn;
static struct error err;
static uint64_t sequence;
static int64_t now_ms;
static uint64_t rows[ROWS]; /* deliveries, one a subject */

static bool emitf(const char *type, const char *format, ...) PRINTF(2, 3);
static bool emitf(const char *type, const char *format, ...)
{
    char data[8192];
    struct event event = {++now_ms, SPAN("courier"), span_of(type), SPAN_NONE};
    va_list args;

    va_start(args, format);
    vsnprintf(data, sizeof data, format, args);
    va_end(args);
    event.data = span_of(data);
    return outbox_apply(txn, ++sequence, &event, &err);
}

static uint64_t queue(int subject)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    char record[24];
    char code[24];

    snprintf(record, sizeof record, "R%020d", subject);
    snprintf(code, sizeof code, "91440000MAY0000%03u", (unsigned)subject % 1000);
    outbox_queued_data(CHANNEL_CREDIT_CHINA, record, 1, span_of(code), SPAN("{\"A\":1}"), &data);
    cr_assert(emitf("delivery.queued", "%s", buf_text(&data)), "%s", err.text);
    return sequence;
}

static void begin(void)
{
    cr_assert(store_begin(store, STORE_WRITE, &txn, &err), "%s", err.text);
    sequence = 0;
    now_ms = 1000;
    for (int i = 0; i < ROWS; i++)
        rows[i] = queue(i);
}

static void setup(void)
{
    struct store_options options = {.map_bytes = 1 << 26, .creates = true, .is_scratch = true};

    test_folder_new(folder);
    cr_assert(store_open(folder, &options, &store, &err), "%s", err.text);
    begin();
}

static void teardown(void)
{
    store_abort(txn);
    store_close(store);
    test_folder_remove(folder);
}

TestSuite(number, .init = setup, .fini = teardown, .timeout = 120);

/* `place` as it stands in the event, with its comma, or "". */
static bool prepare_with(int call, int row, const char *place)
{
    return emitf(
        "call.prepared",
        "{\"call\":\"%032x\",\"channel\":\"credit-china\",\"deliveries\":[%llu],\"due_ms\":5%s,\"request\":{}}",
        (unsigned)call + 1, (unsigned long long)rows[row], place);
}

static bool prepare(int call, int row, const char *day, unsigned number)
{
    char place[64];

    snprintf(place, sizeof place, ",\"day\":\"%s\",\"number\":%u", day, number);
    return prepare_with(call, row, place);
}

static bool received(int call)
{
    return emitf("call.received", "{\"call\":\"%032x\",\"due_ms\":9}", (unsigned)call + 1);
}

static bool failed(int call, const char *state)
{
    return emitf("call.failed", "{\"call\":\"%032x\",\"due_ms\":9,\"reason\":\"r\",\"state\":\"%s\",\"status\":0}",
                 (unsigned)call + 1, state);
}

static bool dissolve(int call)
{
    return emitf("call.dissolved", "{\"call\":\"%032x\",\"due_ms\":9,\"reason\":\"r\"}", (unsigned)call + 1);
}

static bool settle(int call, int row, const char *result)
{
    return emitf(
        "delivery.settled",
        "{\"call\":\"%032x\",\"outcomes\":[{\"code\":\"0\",\"delivery\":%llu,\"message\":\"\",\"result\":\"%s\"}]}",
        (unsigned)call + 1, (unsigned long long)rows[row], result);
}

static void check_last(const char *day, uint32_t number)
{
    int32_t wanted = 0;
    int32_t last_day;
    uint32_t last;

    cr_assert(strcmp(day, "") == 0 || day_parse(span_of(day), &wanted));
    outbox_last_number(txn, CHANNEL_CREDIT_CHINA, &last_day, &last);
    cr_assert_eq(last_day, wanted);
    cr_assert_eq(last, number);
}

Test(number, a_place_of_the_wrong_form_is_refused_and_nothing_is_applied)
{
    static const char *const BAD[] = {
        ",\"day\":\"2026-03-02\"",
        ",\"number\":1",
        ",\"day\":\"\"",
        ",\"number\":0",
        ",\"day\":\"2026-03-02\",\"number\":0",
        ",\"day\":\"2026-03-02\",\"number\":-1",
        ",\"day\":\"2026-03-02\",\"number\":\"1\"",
        ",\"day\":\"2026-03-02\",\"number\":100000",
        ",\"day\":\"2026-03-02\",\"number\":4294967297",
        ",\"day\":\"2026-02-30\",\"number\":1",
        ",\"day\":\"20260302\",\"number\":1",
        ",\"day\":\"\",\"number\":1",
        ",\"day\":20514,\"number\":1",
        ",\"day\":\"1970-01-01\",\"number\":1",
        ",\"day\":\"1969-12-31\",\"number\":1",
    };

    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        cr_assert_not(prepare_with(0, 0, BAD[i]), "%s", BAD[i]);
        cr_assert_eq(err.code, ERR_INVALID, "%s", BAD[i]);
        check_last("", 0);
    }
    cr_assert(prepare(0, 0, "2026-03-02", 1), "%s", err.text);
}

Test(number, only_the_next_number_of_the_day_or_the_first_of_a_later_one_is_prepared)
{
    static const struct {
        const char *day;
        unsigned number;
    } BAD[] = {
        {"2026-03-02", 1}, {"2026-03-02", 2}, {"2026-03-02", 4}, {"2026-03-01", 1},
        {"2026-03-01", 3}, {"2026-03-03", 3}, {"2026-03-03", 2}, {"2025-12-31", 3},
    };

    cr_assert_not(prepare(0, 0, "2026-03-02", 2), "a day begins with 1");
    cr_assert_eq(err.code, ERR_CONFLICT);
    cr_assert(prepare(0, 0, "2026-03-02", 1) && prepare(1, 1, "2026-03-02", 2), "%s", err.text);
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        cr_assert_not(prepare(2, 2, BAD[i].day, BAD[i].number), "%s %u", BAD[i].day, BAD[i].number);
        cr_assert_eq(err.code, ERR_CONFLICT);
        check_last("2026-03-02", 2);
    }
    cr_assert(prepare(2, 2, "2026-03-02", 3), "%s", err.text);
    cr_assert(prepare(3, 3, "2026-03-04", 1), "a day without calls is no gap: %s", err.text);
    check_last("2026-03-04", 1);
    cr_assert_not(prepare(4, 4, "2026-03-03", 1), "a clock that has gone back");
    cr_assert_not(prepare(4, 4, "2026-03-02", 4), "a clock that has gone back");
    check_last("2026-03-04", 1);
}

Test(number, a_channel_that_has_numbers_takes_no_call_without_one_and_others_are_free)
{
    cr_assert(prepare_with(0, 0, ""), "nothing was numbered so far: %s", err.text);
    check_last("", 0);
    cr_assert(prepare(1, 1, "2026-03-02", 1), "%s", err.text);
    cr_assert_not(prepare_with(2, 2, ""));
    cr_assert_eq(err.code, ERR_CONFLICT);
}

Test(number, a_call_that_was_prepared_for_rows_that_are_gone_uses_no_number)
{
    cr_assert(prepare(0, 0, "2026-03-02", 1), "%s", err.text);
    cr_assert_not(prepare(1, 0, "2026-03-02", 2), "its row rides already");
    check_last("2026-03-02", 1);
}

Test(number, the_last_number_goes_back_when_its_call_never_arrived_and_no_earlier_one)
{
    cr_assert(prepare(0, 0, "2026-03-02", 1) && prepare(1, 1, "2026-03-02", 2), "%s", err.text);
    cr_assert_not(dissolve(0));
    cr_assert_eq(err.code, ERR_CONFLICT);
    check_last("2026-03-02", 2);
    cr_assert(failed(1, "in-doubt") && dissolve(1), "%s", err.text);
    check_last("2026-03-02", 1);
    cr_assert_not(dissolve(1), "once");
    check_last("2026-03-02", 1);
    cr_assert(prepare(2, 1, "2026-03-02", 2), "the same name for the next call: %s", err.text);
    cr_assert(dissolve(2) && dissolve(0), "%s", err.text);
    check_last("2026-03-02", 0);
}

Test(number, the_day_stays_when_its_only_call_never_arrived)
{
    cr_assert(prepare(0, 0, "2026-03-02", 1) && prepare(1, 1, "2026-03-03", 1), "%s", err.text);
    cr_assert(dissolve(1), "%s", err.text);
    check_last("2026-03-03", 0);
    cr_assert_not(prepare(2, 1, "2026-03-02", 2), "the day before is over");
    cr_assert_not(dissolve(0), "there may have been names after it");
    cr_assert_not(prepare_with(2, 1, ""));
    cr_assert_not(prepare(2, 1, "2026-03-03", 2));
    cr_assert(prepare(2, 1, "2026-03-03", 1), "%s", err.text);
    check_last("2026-03-03", 1);
}

Test(number, a_call_refused_whole_before_it_was_received_leaves_no_gap)
{
    cr_assert(prepare(0, 0, "2026-03-02", 1) && settle(0, 0, "refused"), "%s", err.text);
    check_last("2026-03-02", 0);
    cr_assert(prepare(1, 1, "2026-03-02", 1) && received(1) && settle(1, 1, "refused"), "%s", err.text);
    check_last("2026-03-02", 1);
    cr_assert(prepare(2, 2, "2026-03-02", 2) && prepare(3, 3, "2026-03-02", 3) && settle(2, 2, "refused"), "%s",
              err.text);
    check_last("2026-03-02", 3);
}

Test(number, a_number_that_is_spent_is_not_used_again)
{
    cr_assert(prepare(0, 0, "2026-03-02", 1) && prepare(1, 1, "2026-03-02", 2), "%s", err.text);
    for (unsigned call = 1; call <= 2; call++)
        cr_assert(emitf("call.dissolved", "{\"call\":\"%032x\",\"due_ms\":9,\"reason\":\"r\",\"spent\":true}", call),
                  "%s", err.text);
    check_last("2026-03-02", 2);
    cr_assert_not(prepare(2, 1, "2026-03-02", 2));
    cr_assert(prepare(2, 1, "2026-03-02", 3), "%s", err.text);
}

Test(number, the_name_of_a_call_whose_rows_were_taken_is_never_given_back)
{
    cr_assert(
        emitf("call.prepared",
              "{\"call\":\"%032x\",\"channel\":\"credit-china\",\"day\":\"2026-03-02\",\"deliveries\":[%llu,%llu],"
              "\"due_ms\":5,\"number\":1,\"request\":{}}",
              1U, (unsigned long long)rows[0], (unsigned long long)rows[1]),
        "%s", err.text);
    cr_assert(received(0) && settle(0, 0, "acknowledged"), "%s", err.text);
    cr_assert(failed(0, "prepared"), "the upstream has forgotten it: %s", err.text);
    cr_assert(dissolve(0), "%s", err.text);
    check_last("2026-03-02", 1);
}

/* A model of the receiver: names that arrived, in order. */
struct model {
    int32_t day[NAMES_MAX];
    uint32_t number[NAMES_MAX];
    bool is_open[NAMES_MAX]; /* prepared, and neither received nor dissolved */
    bool has_arrived[NAMES_MAX];
    int rider[NAMES_MAX];
    int calls;
    bool rides[ROWS];
};

static int free_row(const struct model *model)
{
    for (int i = 0; i < ROWS; i++) {
        if (!model->rides[i])
            return i;
    }
    return -1;
}

/* As a courier does: today, or the last day while today is not later. */
static void random_prepare(struct model *model)
{
    int32_t today = 20000 + rand() % DAYS; /* a clock that goes back and forth */
    char text[DAY_TEXT_BYTES];
    uint32_t number;
    int32_t day;
    int row = free_row(model);
    int call = model->calls;

    if (row < 0 || call == NAMES_MAX)
        return;
    outbox_last_number(txn, CHANNEL_CREDIT_CHINA, &day, &number);
    if (today > day) {
        day = today;
        number = 0;
    }
    cr_assert(prepare(call, row, day_format(day, text), number + 1), "%s", err.text);
    model->day[call] = day;
    model->number[call] = number + 1;
    model->is_open[call] = true;
    model->rider[call] = row;
    model->rides[row] = true;
    model->calls++;
}

static void random_step(struct model *model)
{
    int call = model->calls ? rand() % model->calls : 0;

    switch (rand() % 4) {
    case 0:
        random_prepare(model);
        return;
    case 1:
        (void)!failed(call, rand() % 2 ? "prepared" : "in-doubt");
        return;
    case 2:
        if (model->is_open[call] && received(call)) {
            model->is_open[call] = false;
            model->has_arrived[call] = true;
        }
        return;
    default:
        if (model->is_open[call] && dissolve(call)) {
            model->is_open[call] = false;
            model->rides[model->rider[call]] = false;
        }
    }
}

/* Of what was not given back, no name stands twice, and every day counts from 1 without a gap. */
static void check_names(const struct model *model)
{
    for (int32_t day = 20000; day < 20000 + DAYS; day++) {
        uint32_t highest = 0;
        uint32_t count = 0;

        for (int i = 0; i < model->calls; i++) {
            if (model->day[i] != day || (!model->is_open[i] && !model->has_arrived[i]))
                continue;
            cr_assert_gt(model->number[i], highest, "in order, and none twice");
            highest = model->number[i];
            count++;
        }
        cr_assert_eq(count, highest, "no gap");
    }
}

Test(number, whatever_happens_no_name_is_used_twice_and_no_day_has_a_gap)
{
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        struct model model = {.calls = 0};

        srand(seed);
        for (int i = 0; i < STEPS; i++) {
            random_step(&model);
            check_names(&model);
        }
        store_abort(txn);
        begin();
    }
}
