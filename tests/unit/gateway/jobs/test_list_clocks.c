/* The list of what the law's clocks ask for, through the life of one record, and the counts that status shows. */
#include "gateway/clocks/clocks.h"
#include "gateway/jobs/show_json.h"
#include "tests/unit/gateway/jobs/fixture.h"

#define CALL "00112233445566778899aabbccddeeff"

TestSuite(list_clocks, .init = gate_open, .fini = gate_close, .timeout = 60);

static struct {
    json_t *report;
    char record[64];
    uint64_t delivery;
} L;

static const json_t *told(const char *arguments)
{
    json_decref(L.report);
    cr_assert_eq(done("clocks", "auditor", arguments, NULL), 0);
    L.report = report_json(J.last);
    return L.report;
}

/* The only item of a kind, or NULL when there is none. */
static const json_t *only(const char *kind)
{
    const json_t *found = NULL;
    const json_t *one;
    size_t i;

    told("{}");
    json_array_foreach(json_object_get(L.report, "items"), i, one)
    {
        if (strcmp(json_text_of(one, "kind"), kind) != 0)
            continue;
        cr_assert_null(found, "%s twice", kind);
        found = one;
    }
    cr_assert_eq(json_integer_of(L.report, kind, -1), found ? 1 : 0);
    return found;
}

static void expect(const char *kind, const char *due, int64_t left, const char *state)
{
    const json_t *one = only(kind);

    cr_assert_not_null(one, "no %s", kind);
    cr_assert_eq(due == NULL, json_text_of(one, "due") == NULL);
    if (due)
        cr_assert_str_eq(json_text_of(one, "due"), due);
    cr_assert_eq(json_integer_of(one, "left", 999), left, "%lld", (long long)json_integer_of(one, "left", 999));
    cr_assert_str_eq(json_text_of(one, "state"), state);
}

static int64_t status_of(const char *member)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(calendar_free) struct calendar *calendar = NULL;
    AUTO(buf_done) struct buf out = BUF_INIT;
    AUTO(json_release) json_t *json = NULL;
    struct status_source source = {&J.config, NULL, J.now_ms};

    cr_assert(calendar_load(TEST_SOURCE "/schemas/data/calendar.json", &calendar, &J.err), "%s", J.err.text);
    source.calendar = calendar;
    cr_assert(store_begin(J.store, STORE_READ, &txn, &J.err) && status_json(txn, &source, &out, &J.err), "%s",
              J.err.text);
    cr_assert(json_read(buf_span(&out), JSON_BYTES_MAX, &json, &J.err), "%s", J.err.text);
    return json_integer_of(json_object_get(json, "clocks"), member, -1);
}

static void emit(const char *type, const char *data)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(ledger_free) struct ledger *ledger = NULL;

    cr_assert(store_begin(J.store, STORE_WRITE, &txn, &J.err) && ledger_new(txn, &J.clock, &ledger, &J.err) &&
                  ledger_emit(ledger, "courier", type, span_of(data), NULL, &J.err) && ledger_finish(ledger, &J.err) &&
                  store_commit(TAKE(txn), &J.err),
              "%s", J.err.text);
}

static const char *ids(const char *rest)
{
    static char text[512];

    snprintf(text, sizeof text, "{'ids':['%s']%s%s}", L.record, *rest ? "," : "", rest);
    return text;
}

/* A record of the first obligation that is overdue, minor, waiting. */
static void propose_on(const char *decided_on)
{
    AUTO(json_release) json_t *overdue = NULL;
    AUTO(json_release) json_t *waiting = NULL;
    char text[512];

    cr_assert_eq(done("import", "author", "{'file':'台账.csv'}", REGISTER), 0);
    cr_assert_eq(done("overdue", "author", "{'on':'2026-07-31'}", NULL), 0);
    overdue = report_json(J.last);
    snprintf(text, sizeof text,
             "{'ids':['%s'],'on':'2026-07-31','document':'粤工信失信〔2026〕1号','decided_on':'%s','severity':'minor'}",
             json_text_of(json_array_get(json_object_get(overdue, "items"), 0), "obligation"), decided_on);
    cr_assert_eq(done("propose", "author", text, NULL), 0);
    cr_assert_eq(done("waiting", "reviewer", "{}", NULL), 0);
    waiting = report_json(J.last);
    snprintf(L.record, sizeof L.record, "%s",
             json_text_of(json_array_get(json_object_get(waiting, "items"), 0), "record"));
}

static void propose(void)
{
    propose_on("2026-08-03");
}

static void push(void)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    cr_assert_eq(done("push", "author", "{}", NULL), 0);
    cr_assert(store_begin(J.store, STORE_READ, &txn, &J.err), "%s", J.err.text);
    cr_assert_eq(outbox_due(txn, CHANNEL_CREDIT_GUANGDONG, J.now_ms, &L.delivery, 1), 1);
}

static void send(void)
{
    AUTO(buf_done) struct buf data = BUF_INIT;

    buf_addf(&data,
             "{\"call\":\"" CALL "\",\"channel\":\"credit-guangdong\",\"deliveries\":[%llu],\"due_ms\":5,"
             "\"request\":{}}",
             (unsigned long long)L.delivery);
    emit("call.prepared", data.data);
    emit("call.received", "{\"call\":\"" CALL "\",\"due_ms\":5}");
}

static void acknowledge(void)
{
    AUTO(buf_done) struct buf data = BUF_INIT;

    buf_addf(&data,
             "{\"call\":\"" CALL "\",\"outcomes\":[{\"code\":\"0\",\"delivery\":%llu,\"message\":\"\",\"result\":"
             "\"acknowledged\"}]}",
             (unsigned long long)L.delivery);
    emit("delivery.settled", data.data);
}

Test(list_clocks, nothing_is_due_in_an_empty_register)
{
    told("{}");
    cr_assert_eq(json_integer_of(L.report, "count", -1), 0);
    cr_assert_eq(status_of("late"), 0);
    cr_assert(strstr(report(J.last, "text"), "待上报 0 项"), "%s", J.text.data);
    json_decref(TAKE(L.report));
}

Test(list_clocks, a_kind_that_is_none_is_refused)
{
    cr_assert_str_eq(refused_order("clocks", "auditor", "{'kind':'x'}", NULL), "job.argument");
}

Test(list_clocks, it_follows_a_record_from_its_decision_to_its_end)
{
    propose();
    expect("report", "2026-08-12", 7, "待复核");
    cr_assert_eq(done("approve", "reviewer", ids(""), NULL), 0);
    expect("report", "2026-08-12", 7, "已生效，未报送");
    push();
    expect("report", "2026-08-12", 7, "已排队");
    set_today("2026-08-10");
    cr_assert_eq(status_of("soon"), 1);
    send();
    expect("report", "2026-08-12", 2, "对方已接收，待业务回执");
    cr_assert_eq(json_integer_of(L.report, "soon", -1), 1);
    set_today("2026-08-18");
    expect("report", "2026-08-12", -4, "对方已接收，待业务回执");
    cr_assert_eq(json_integer_of(L.report, "late", -1), 1);
    cr_assert_eq(status_of("late"), 1);
    cr_assert_eq(status_of("soon"), 0);
    emit("receipt.overdue", "{\"call\":\"" CALL "\",\"channel\":\"credit-guangdong\",\"since_ms\":1786330800000}");
    expect("receipt", "2026-08-17", -1, "信用广东：1 行待业务回执");
    cr_assert_str_eq(json_text_of(only("receipt"), "call"), CALL);
    cr_assert_str_eq(json_text_of(only("receipt"), "channel"), "credit-guangdong");
    cr_assert_eq(json_integer_of(only("receipt"), "open_rows", 0), 1);
    cr_assert_eq(status_of("receipts"), 1);
    acknowledge();
    cr_assert_null(only("report"));
    cr_assert_null(only("receipt"));
    cr_assert_null(only("ending"));
    set_today("2026-10-03");
    cr_assert_null(only("ending"), "31 days before");
    set_today("2026-10-04");
    expect("ending", "2026-11-03", 30, "轻微，公示中");
    cr_assert_eq(done("withdraw", "author", ids("'reason':'决定被撤销'"), NULL), 0);
    cr_assert_eq(done("approve", "reviewer", ids(""), NULL), 0);
    cr_assert_null(only("ending"));
    set_today("2026-10-12");
    expect("unconfirmed", NULL, -4, "撤销尚未确认：信用广东");
    cr_assert_str_eq(json_text_of(only("unconfirmed"), "op"), "withdrawn");
    cr_assert_eq(json_array_size(json_object_get(only("unconfirmed"), "channels")), 1);
    cr_assert_str_eq(json_string_value(json_array_get(json_object_get(only("unconfirmed"), "channels"), 0)),
                     "credit-guangdong");
    cr_assert_eq(status_of("unconfirmed"), 1);
    json_decref(TAKE(L.report));
}

Test(list_clocks, people_read_it_in_their_language_and_one_kind_alone)
{
    propose();
    run(order("clocks", "auditor", "en", "{'kind':'report'}", NULL));
    cr_assert(strstr(report(J.last, "text"), "report within 7 working days") &&
                  strstr(J.text.data, "waits for review") && strstr(J.text.data, "1 to report (0 late, 0 due within"),
              "%s", J.text.data);
    told("{'kind':'ending'}");
    cr_assert_eq(json_integer_of(L.report, "count", -1), 0);
    json_decref(TAKE(L.report));
}

/* The notice for 2027 is not in the data: what is reckoned with it says so. */
Test(list_clocks, a_year_without_a_notice_is_marked)
{
    set_today("2026-12-30");
    propose_on("2026-12-30");
    cr_assert(json_is_true(json_object_get(only("report"), "provisional")));
    cr_assert(json_is_true(json_object_get(L.report, "provisional")));
    cr_assert(strstr(report(J.last, "text"), "7?") && strstr(J.text.data, "暂计"), "%s", J.text.data);
    json_decref(TAKE(L.report));
}
