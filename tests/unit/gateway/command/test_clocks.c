/* What the clocks know after each event: reports, ends that are not confirmed, receipts. */
#include "tests/unit/gateway/command/upstream.h"

static struct calendar *calendar;

static void setup(void)
{
    desk_open();
    calendar = load_calendar();
}

static void teardown(void)
{
    calendar_free(calendar);
    desk_close();
}

TestSuite(clocks, .init = setup, .fini = teardown, .timeout = 60);

static struct clocks_reporting reporting(void)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    struct clocks_reporting reporting;

    cr_assert(clocks_reporting(txn, calendar, day_of_instant(T.now_ms), &reporting, &T.err), "%s", T.err.text);
    return reporting;
}

/* "o" open, "s" soon, "l" late; "-" none. */
static const char *report_on(const char *day)
{
    struct clocks_reporting now;

    set_today(day);
    now = reporting();
    cr_assert_leq(now.open, 1);
    cr_assert_leq(now.late + now.soon, now.open);
    return now.late ? "l" : now.soon ? "s" : now.open ? "o" : "-";
}

static const char *propose_decided(const char *day)
{
    static char id[RECORD_ID_BYTES];
    struct proposal proposal = sample_proposal();

    set_today(day);
    proposal.decided_on = on(day);
    import_row(sample_row());
    cr_assert_str_eq(propose_sample(&proposal), "done");
    memcpy(id, T.last.record, sizeof id);
    return id;
}

static const char *listed_on(const char *day)
{
    const char *id = propose_decided(day);

    cr_assert_str_eq(approve_as("reviewer", id), "done");
    return id;
}

/* --- reports --- */

Test(clocks, a_report_is_due_seven_working_days_after_the_decision)
{
    cr_assert_str_eq(report_on("2026-08-03"), "-");
    (void)propose_decided("2026-09-30"); /* 1 to 7 October are off, Saturday the 10th is made up */
    cr_assert_str_eq(report_on("2026-10-12"), "o");
    cr_assert_str_eq(report_on("2026-10-13"), "s");
    cr_assert_str_eq(report_on("2026-10-15"), "s");
    cr_assert_str_eq(report_on("2026-10-16"), "l");
    cr_assert_str_eq(report_on("2026-10-01"), "o", "a clock that goes back");
}

Test(clocks, the_report_is_open_until_the_business_receipt_of_the_first_channel)
{
    AUTO(buf_done) struct buf requeued = BUF_INIT;
    const char *id = propose_decided("2026-08-03");
    char call[33];

    cr_assert_str_eq(report_on("2026-08-13"), "l");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    cr_assert_str_eq(report_on("2026-08-13"), "l");
    push_all();
    send_one(CHANNEL_CREDIT_GUANGDONG, id, 1, call);
    receive(call);
    cr_assert_str_eq(report_on("2026-08-13"), "l", "a transport receipt is none");
    settle(CHANNEL_CREDIT_GUANGDONG, id, 1, call, "refused");
    cr_assert_str_eq(report_on("2026-08-13"), "l", "nor is a refusal");
    buf_addf(&requeued, "{\"delivery\":%llu,\"reason\":\"x\"}",
             (unsigned long long)delivery_number(CHANNEL_CREDIT_GUANGDONG, id, 1));
    emit("delivery.requeued", requeued.data);
    acknowledge(CHANNEL_CREDIT_GUANGDONG, id, 1);
    cr_assert_str_eq(report_on("2026-08-13"), "-");
}

Test(clocks, what_is_returned_is_not_to_be_reported)
{
    const char *id = propose_decided("2026-08-03");
    struct proposal again = sample_proposal();

    cr_assert_str_eq(return_it(id, "文号有误"), "done");
    cr_assert_str_eq(report_on("2026-08-04"), "-");
    again.decided_on = on("2026-08-04");
    cr_assert_str_eq(propose_sample(&again), "done");
    cr_assert_str_eq(report_on("2026-08-13"), "s");
    cr_assert_str_eq(report_on("2026-08-14"), "l");
}

Test(clocks, a_corrected_decision_moves_the_report)
{
    const char *id = listed_on("2026-08-07");
    struct proposal correction = blank_change(OP_CHANGED);

    cr_assert_str_eq(report_on("2026-08-18"), "s");
    correction.decided_on = on("2026-08-03");
    cr_assert_str_eq(change(id, correction), "done");
    cr_assert_str_eq(report_on("2026-08-18"), "s", "not before it is in force");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    cr_assert_str_eq(report_on("2026-08-12"), "s");
    cr_assert_str_eq(report_on("2026-08-13"), "l");
}

Test(clocks, what_is_over_before_it_was_told_is_not_to_be_reported)
{
    const char *id = listed_on("2026-08-03");

    cr_assert_str_eq(change(id, blank_change(OP_WITHDRAWN)), "done");
    cr_assert_str_eq(report_on("2026-08-13"), "l");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    cr_assert_str_eq(report_on("2026-08-13"), "-");
}

/* --- ends that are not confirmed --- */

/* "g", "n", "c" for each channel that is missing. */
static bool see_missing(const struct clocks_over *over, void *context)
{
    char *letters = context;

    for (int i = 0; i < STAGE_COUNT; i++) {
        if (over->is_missing[i])
            *letters++ = "gnc"[i];
    }
    *letters = '\0';
    return true;
}

static const char *missing(void)
{
    static char letters[STAGE_COUNT + 1];
    AUTO(store_abort) struct store_txn *txn = reader();

    letters[0] = '\0';
    cr_assert(clocks_unconfirmed(txn, see_missing, letters, &T.err), "%s", T.err.text);
    cr_assert_eq(counts().unconfirmed, letters[0] ? 1 : 0);
    return letters;
}

static void end_it(const char *id, enum record_op op)
{
    struct proposal proposal = blank_change(op);

    proposal.statement = span_of("已公开承诺");
    proposal.corrected = span_of("核查记录");
    proposal.duties = span_of("履行证明");
    proposal.duties_done = true;
    cr_assert_str_eq(change(id, proposal), "done");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
}

Test(clocks, nobody_is_missing_who_never_took_it)
{
    const char *id = listed_on("2026-08-03");

    end_it(id, OP_WITHDRAWN);
    cr_assert_str_eq(missing(), "");
}

Test(clocks, a_repair_is_missed_by_every_channel_that_took_the_record_until_it_confirms)
{
    const char *id = listed_on("2026-08-03");

    push_all();
    acknowledge(CHANNEL_CREDIT_GUANGDONG, id, 1);
    queue_for(CHANNEL_NATIONAL_PLATFORM, id, 1);
    acknowledge(CHANNEL_NATIONAL_PLATFORM, id, 1);
    cr_assert_str_eq(missing(), "");
    set_today("2026-11-04");
    end_it(id, OP_REPAIRED);
    cr_assert_str_eq(missing(), "gn");
    push_all();
    cr_assert_str_eq(missing(), "gn", "queued is not confirmed");
    acknowledge(CHANNEL_CREDIT_GUANGDONG, id, 2);
    cr_assert_str_eq(missing(), "n");
    queue_for(CHANNEL_NATIONAL_PLATFORM, id, 2);
    acknowledge(CHANNEL_NATIONAL_PLATFORM, id, 2);
    cr_assert_str_eq(missing(), "");
}

Test(clocks, a_call_under_way_may_have_been_taken)
{
    const char *id = listed_on("2026-08-03");
    char call[33];

    push_all();
    send_one(CHANNEL_CREDIT_GUANGDONG, id, 1, call);
    end_it(id, OP_WITHDRAWN);
    cr_assert_str_eq(missing(), "g");
    receive(call);
    settle(CHANNEL_CREDIT_GUANGDONG, id, 1, call, "acknowledged");
    cr_assert_str_eq(missing(), "g");
    push_all();
    acknowledge(CHANNEL_CREDIT_GUANGDONG, id, 2);
    cr_assert_str_eq(missing(), "");
}

Test(clocks, what_was_refused_need_not_be_taken_back)
{
    const char *id = listed_on("2026-08-03");
    char call[33];

    push_all();
    send_one(CHANNEL_CREDIT_GUANGDONG, id, 1, call);
    end_it(id, OP_WITHDRAWN);
    cr_assert_str_eq(missing(), "g");
    receive(call);
    settle(CHANNEL_CREDIT_GUANGDONG, id, 1, call, "refused");
    cr_assert_str_eq(missing(), "");
}

Test(clocks, the_end_by_law_is_confirmed_like_any_other)
{
    const char *id = listed_on("2026-08-03");
    struct tally tally = {0};

    push_all();
    acknowledge(CHANNEL_CREDIT_GUANGDONG, id, 1);
    set_today("2027-08-04");
    cr_assert(command_expire(&T.desk, keep, NULL, &tally, &T.err), "%s", T.err.text);
    cr_assert_str_eq(missing(), "g");
    cr_assert(command_push_expired(&T.desk, plain_row, NULL, keep, NULL, &tally, &T.err), "%s", T.err.text);
    acknowledge(CHANNEL_CREDIT_GUANGDONG, id, 2);
    cr_assert_str_eq(missing(), "");
}

/* --- receipts --- */

static size_t raise_with(int days)
{
    struct receipt_limits limits = {calendar, {days, days, days}};
    struct tally tally = {0};

    cr_assert(command_raise_overdue(&T.desk, &limits, &tally, &T.err), "%s", T.err.text);
    return tally.done;
}

static size_t raised_on(const char *day)
{
    set_today(day);
    return raise_with(5);
}

static const char *sent_on(const char *day, char call[33])
{
    const char *id = listed_on("2026-08-03");

    push_all();
    set_today(day);
    send_one(CHANNEL_CREDIT_GUANGDONG, id, 1, call);
    return id;
}

Test(clocks, a_call_that_did_not_arrive_has_no_receipt_to_wait_for)
{
    char call[33];

    (void)sent_on("2026-08-03", call);
    cr_assert_eq(raised_on("2027-01-01"), 0);
}

Test(clocks, a_receipt_is_raised_once_when_its_last_day_is_over)
{
    char call[33];
    const char *id = sent_on("2026-09-30", call);

    receive(call); /* five working days: 8, 9, 10 (made up), 12, 13 October */
    cr_assert_eq(raised_on("2026-10-13"), 0);
    cr_assert_eq(counts().receipts, 0);
    cr_assert_eq(raised_on("2026-10-14"), 1);
    cr_assert_eq(counts().receipts, 1);
    cr_assert_eq(raised_on("2026-10-14"), 0, "once");
    cr_assert_eq(raised_on("2026-12-14"), 0, "once");
    settle(CHANNEL_CREDIT_GUANGDONG, id, 1, call, "acknowledged");
    cr_assert_eq(counts().receipts, 0);
    cr_assert_eq(raised_on("2026-12-15"), 0);
}

/* An attempt ended so. */
static void fail_call(const char *call, const char *state)
{
    char data[256];

    snprintf(data, sizeof data, "{\"call\":\"%s\",\"due_ms\":0,\"reason\":\"x\",\"state\":\"%s\",\"status\":0}", call,
             state);
    emit("call.failed", data);
}

Test(clocks, a_call_that_goes_back_and_forth_is_late_from_when_it_was_made)
{
    char call[33];

    (void)sent_on("2026-09-30", call);
    set_today("2026-10-13");
    fail_call(call, "in-doubt");
    fail_call(call, "prepared");
    set_today("2026-10-14");
    fail_call(call, "in-doubt");
    cr_assert_eq(raised_on("2026-10-14"), 1);
}

Test(clocks, the_limit_is_the_channels_own)
{
    char call[33];

    (void)sent_on("2026-08-03", call);
    receive(call);
    set_today("2026-08-05");
    cr_assert_eq(raise_with(2), 0);
    set_today("2026-08-06");
    cr_assert_eq(raise_with(3), 0);
    cr_assert_eq(raise_with(2), 1);
}

Test(clocks, doubt_waits_for_an_answer_as_well)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    char call[33];

    (void)sent_on("2026-08-03", call);
    buf_addf(&data, "{\"call\":\"%s\",\"due_ms\":0,\"reason\":\"x\",\"state\":\"in-doubt\",\"status\":0}", call);
    emit("call.failed", data.data);
    cr_assert_eq(raised_on("2026-08-11"), 1);
    buf_clear(&data);
    buf_addf(&data, "{\"call\":\"%s\",\"due_ms\":0,\"reason\":\"x\"}", call);
    emit("call.dissolved", data.data);
    cr_assert_eq(counts().receipts, 0);
}

Test(clocks, an_event_that_does_not_fit_is_refused)
{
    AUTO(buf_done) struct buf good = BUF_INIT;
    AUTO(buf_done) struct buf other = BUF_INIT;
    char call[33];
    const char *id = sent_on("2026-08-03", call);

    receive(call);
    cr_assert_not(try_emit("receipt.overdue", "{\"call\":\"00000000000000000000000000000000\",\"channel\":"
                                              "\"credit-guangdong\",\"since_ms\":1}"));
    cr_assert_eq(T.err.code, ERR_CONFLICT);
    buf_addf(&other, "{\"call\":\"%s\",\"channel\":\"credit-china\",\"since_ms\":1}", call);
    cr_assert_not(try_emit("receipt.overdue", other.data));
    buf_addf(&good, "{\"call\":\"%s\",\"channel\":\"credit-guangdong\",\"since_ms\":1}", call);
    cr_assert(try_emit("receipt.overdue", good.data), "%s", T.err.text);
    cr_assert_not(try_emit("receipt.overdue", good.data), "twice");
    settle(CHANNEL_CREDIT_GUANGDONG, id, 1, call, "acknowledged");
    cr_assert_not(try_emit("receipt.overdue", good.data), "after it came");
}

/* --- ends --- */

struct ends {
    size_t count;
    int32_t end;
};
static bool see_end(const struct clocks_end *end, void *context)
{
    struct ends *ends = context;

    ends->count++;
    ends->end = end->end;
    return true;
}

static struct ends ends_until(const char *day)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    struct ends ends = {0};

    cr_assert(clocks_ends(txn, T.windows, day_of_instant(T.now_ms), on(day), see_end, &ends, &T.err), "%s", T.err.text);
    return ends;
}

Test(clocks, a_changed_severity_moves_the_end)
{
    const char *id = listed_on("2026-08-03");
    struct proposal correction = blank_change(OP_CHANGED);

    cr_assert_eq(ends_until("2027-08-02").count, 0);
    cr_assert_eq(ends_until("2027-08-03").count, 1);
    correction.severity = SEVERITY_MINOR;
    cr_assert_str_eq(change(id, correction), "done");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    cr_assert_eq(ends_until("2026-11-02").count, 0);
    cr_assert_eq(ends_until("2026-11-03").count, 1);
    cr_assert_eq(ends_until("2030-01-01").count, 1, "once");
    cr_assert_eq(ends_until("2030-01-01").end, on("2026-11-03"));
}
