/* Reports as jobs: who may order and read them, what a period is, that every form says the same; quality through the
 * life of six records; lookups from a trace, and the trace that counting leaves. */
#include "base/text.h"
#include "gateway/intake/xlsx.h"
#include "gateway/trace/trace.h"
#include "tests/unit/gateway/jobs/fixture.h"

TestSuite(report, .init = gate_open, .fini = gate_close, .timeout = 120);

static json_t *counted_report(const char *kind, const char *person, const char *arguments)
{
    cr_assert_eq(done(kind, person, arguments, NULL), 0, "%s: %s", kind, J.err.rule);
    return report_json(J.last);
}

static const json_t *table_of(const json_t *report, const char *key)
{
    const json_t *table;
    size_t i;

    json_array_foreach(json_object_get(report, "tables"), i, table)
    {
        if (strcmp(json_text_of(table, "key"), key) == 0)
            return table;
    }
    cr_assert_fail("no table %s", key);
    return NULL;
}

static const json_t *sum_of(const json_t *report, const char *key)
{
    const json_t *rows = json_object_get(table_of(report, key), "rows");
    const json_t *last = json_array_get(rows, json_array_size(rows) - 1);

    cr_assert(json_bool_of(last, "sum", false), "%s has no sum", key);
    return last;
}

Test(report, a_period_that_is_none_is_refused)
{
    static const char *const WRONG[] = {"{}",
                                        "{'year':'26'}",
                                        "{'year':'1999'}",
                                        "{'year':'2200'}",
                                        "{'year':'20x6'}",
                                        "{'year':'2026','month':'0'}",
                                        "{'year':'2026','month':'13'}",
                                        "{'year':'2026','month':'003'}",
                                        "{'year':'2026','day':'1'}",
                                        "{'year':2026}"};

    for (size_t i = 0; i < COUNT_OF(WRONG); i++)
        cr_assert_str_eq(refused_order("report-exits", "author", WRONG[i], NULL), "job.argument", "%s", WRONG[i]);
    cr_assert_str_eq(refused_order("report-summary", "author", "{'year':'2026','month':'5'}", NULL), "job.argument");
    cr_assert_str_eq(refused_order("report-lists", "author", "{'year':'2026'}", NULL), "job.argument");
}

Test(report, lookups_are_for_auditors_and_administrators_to_order_and_to_read)
{
    unsigned readers = 0;

    cr_assert_str_eq(refused_order("report-lookups", "author", "{'year':'2026'}", NULL), "job.role");
    cr_assert_str_eq(refused_order("report-lookups", "both", "{'year':'2026'}", NULL), "job.role");
    order("report-lookups", "auditor", "zh", "{'year':'2026'}", NULL);
    cr_assert_not(jobs_readers(&J.config, J.last, &readers, &J.err), "it is not finished");
    run(J.last);
    cr_assert(jobs_readers(&J.config, J.last, &readers, &J.err), "%s", J.err.text);
    cr_assert_eq(readers, ROLE_AUDITOR | ROLE_ADMINISTRATOR);
    cr_assert_eq(done("report-exits", "author", "{'year':'2026'}", NULL), 0);
    cr_assert(jobs_readers(&J.config, J.last, &readers, &J.err), "%s", J.err.text);
    cr_assert_eq(readers, ROLE_OPERATOR | ROLE_REVIEWER | ROLE_AUDITOR | ROLE_ADMINISTRATOR);
}

/* --- every form says the same --- */

/* Of the first worksheet: the two lines above the head, and the number in the second column of the first row. */
static int64_t read_workbook(char lines[2][256])
{
    AUTO(text_free) char *path = path_join(J.folder, "report.xlsx");
    AUTO(rules_free) struct rules *rules = NULL;
    AUTO(spool_free) struct spool *spool = NULL;
    static struct problems notes;
    struct record record;
    int64_t number = -1;
    bool is_end = false;
    int fd;

    report(J.last, "xlsx");
    cr_assert(file_write(path, buf_span(&J.text), 0600, &J.err), "%s", J.err.text);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    cr_assert(rules_load(TEST_SOURCE "/schemas", &rules, &J.err) && spool_new(J.folder, &spool, &J.err) &&
                  xlsx_read(&(struct xlsx_source){fd, J.folder, rules}, spool, &notes, &J.err) &&
                  spool_rewind(spool, &J.err),
              "%s", J.err.text);
    for (int i = 0; i < 4; i++) {
        cr_assert(spool_next(spool, &record, &is_end, &J.err) && !is_end, "%s", J.err.text);
        if (i < 2)
            snprintf(lines[i], 256, "%.*s", (int)record.field[0].bytes, record.field[0].at);
    }
    cr_assert_eq(record.kind[1], CELL_NUMBER);
    cr_assert(integer_parse(record.field[1], &number));
    close(fd);
    return number;
}

Test(report, page_text_csv_and_workbook_agree)
{
    AUTO(json_release) json_t *json = NULL;
    const json_t *table;
    char lines[2][256];
    int64_t exits, rows = 0;
    size_t i;

    cr_assert_eq(done("import", "author", "{'file':'台账.csv'}", REGISTER), 0);
    json = counted_report("report-exits", "auditor", "{'year':'2026'}");
    exits = json_integer_of(sum_of(json, "total"), "exits", -1);
    cr_assert_eq(exits, 29, "%lld", (long long)exits);
    cr_assert_eq(json_integer_of(sum_of(json, "by_city"), "exits", -1), exits);
    cr_assert_str_eq(json_text_of(json, "authority"), "广东省工业和信息化厅");
    cr_assert(json_is_null(json_object_get(json, "month")));
    cr_assert_eq(json_integer_of(json, "sequence", -1), (int64_t)events());
    cr_assert_eq(read_workbook(lines), exits);
    cr_assert_str_eq(lines[0], "2026 年度落后产能退出情况（合计）");
    cr_assert(strstr(lines[1], "填报单位：广东省工业和信息化厅"), "%s", lines[1]);
    cr_assert(
        strstr(report(J.last, "csv"), "合计\r\n企业（家）,退出（项）,按期,逾期后,设备（台、套）,退出产能\r\n29,29,"),
        "%s", J.text.data);
    cr_assert(strncmp(J.text.data, "\xEF\xBB\xBF", 3) == 0);
    cr_assert(strstr(report(J.last, "text"), "2026 年度落后产能退出情况\n"));
    json_array_foreach(json_object_get(json, "tables"), i, table)
    {
        rows += json_integer_of(table, "count", 0);
        cr_assert_eq((size_t)json_integer_of(table, "count", 0), json_array_size(json_object_get(table, "rows")));
    }
    cr_assert_eq(counted("rows"), rows);
}

Test(report, summary_and_lists_come_of_a_register)
{
    AUTO(json_release) json_t *summary = NULL;
    AUTO(json_release) json_t *lists = NULL;
    const json_t *sum;

    set_today("2026-11-25");
    cr_assert_eq(done("import", "author", "{'file':'台账.csv'}", REGISTER), 0);
    summary = counted_report("report-summary", "author", "{'year':'2026'}");
    sum = sum_of(summary, "by_city");
    cr_assert_eq(json_integer_of(sum, "exits", -1), 29);
    cr_assert_eq(json_integer_of(sum, "due", -1),
                 json_integer_of(sum, "due_in_time", 0) + json_integer_of(sum, "due_late", 0) +
                     json_integer_of(sum, "due_overdue", 0) + json_integer_of(sum, "due_running", 0));
    cr_assert_eq(json_array_size(json_object_get(table_of(summary, "details"), "rows")), 29);
    cr_assert_eq(json_integer_of(sum_of(summary, "records"), "records", -1), 0);
    lists = counted_report("report-lists", "reviewer", "{}");
    cr_assert(json_is_null(json_object_get(lists, "year")));
    cr_assert_eq((size_t)json_integer_of(sum_of(lists, "by_city"), "yellow", -1),
                 json_array_size(json_object_get(table_of(lists, "yellow"), "rows")));
    cr_assert_eq((size_t)json_integer_of(sum_of(lists, "by_ground"), "red", -1),
                 json_array_size(json_object_get(table_of(lists, "red"), "rows")));
    cr_assert_gt(json_integer_of(sum_of(lists, "by_ground"), "red", -1), 0);
}

/* --- quality --- */

enum { RECORDS = 6 };
static struct {
    char record[RECORDS][32];
    uint64_t delivery[RECORDS]; /* 0: never queued */
    unsigned calls;
} Q;

static void emit(const char *type, const char *data)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(ledger_free) struct ledger *ledger = NULL;

    cr_assert(store_begin(J.store, STORE_WRITE, &txn, &J.err) && ledger_new(txn, &J.clock, &ledger, &J.err) &&
                  ledger_emit(ledger, "courier", type, span_of(data), NULL, &J.err) && ledger_finish(ledger, &J.err) &&
                  store_commit(TAKE(txn), &J.err),
              "%s", J.err.text);
}

/* Six records of as many enterprises, decided on Monday 3 August: their last day is Wednesday 12 August. */
static void propose(void)
{
    AUTO(json_release) json_t *overdue = NULL;
    AUTO(buf_done) struct buf ids = BUF_INIT;
    const char *codes[RECORDS];
    const json_t *item;
    size_t i, count = 0;

    cr_assert_eq(done("import", "author", "{'file':'台账.csv'}", REGISTER), 0);
    cr_assert_eq(done("overdue", "author", "{'on':'2026-07-31'}", NULL), 0);
    overdue = report_json(J.last);
    json_array_foreach(json_object_get(overdue, "items"), i, item)
    {
        bool is_new = true;

        for (size_t k = 0; k < count; k++)
            is_new = is_new && strcmp(codes[k], json_text_of(item, "uscc")) != 0;
        if (!is_new || count == RECORDS)
            continue;
        codes[count] = json_text_of(item, "uscc");
        buf_addf(&ids, "%s'%s'", count++ ? "," : "", json_text_of(item, "obligation"));
    }
    cr_assert_eq(count, RECORDS);
    buf_add_text(&ids, "],'on':'2026-07-31','document':'粤工信失信〔2026〕1号','decided_on':'2026-08-03','severity':"
                       "'general'}");
    {
        AUTO(buf_done) struct buf order_text = BUF_INIT;

        buf_addf(&order_text, "{'ids':[%s", ids.data);
        cr_assert_eq(done("propose", "author", order_text.data, NULL), 0);
    }
}

/* All but the last are approved and pushed. */
static void push(void)
{
    AUTO(json_release) json_t *waiting = NULL;
    AUTO(buf_done) struct buf ids = BUF_INIT;
    AUTO(store_abort) struct store_txn *txn = NULL;
    uint64_t numbers[RECORDS];

    cr_assert_eq(done("waiting", "reviewer", "{}", NULL), 0);
    waiting = report_json(J.last);
    for (size_t i = 0; i < RECORDS; i++) {
        snprintf(Q.record[i], sizeof Q.record[i], "%s",
                 json_text_of(json_array_get(json_object_get(waiting, "items"), i), "record"));
        if (i + 1 < RECORDS)
            buf_addf(&ids, "%s'%s'", i ? "," : "{'ids':[", Q.record[i]);
    }
    buf_add_text(&ids, "]}");
    cr_assert_eq(done("approve", "reviewer", ids.data, NULL), 0);
    cr_assert_eq(done("push", "author", "{}", NULL), 0);
    cr_assert(store_begin(J.store, STORE_READ, &txn, &J.err), "%s", J.err.text);
    cr_assert_eq(outbox_due(txn, CHANNEL_CREDIT_GUANGDONG, J.now_ms, numbers, RECORDS), RECORDS - 1);
    for (size_t i = 0; i + 1 < RECORDS; i++) {
        struct delivery delivery;

        cr_assert(outbox_find(txn, numbers[i], &delivery, &J.err), "%s", J.err.text);
        for (size_t k = 0; k < RECORDS; k++) {
            if (strcmp(Q.record[k], delivery.record) == 0)
                Q.delivery[k] = numbers[i];
        }
    }
}

/* One call with this delivery alone; "" for acknowledged, else the code that refuses it. */
static void settle(size_t which, const char *code)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    char call[33];

    snprintf(call, sizeof call, "%032x", ++Q.calls);
    buf_addf(&data,
             "{\"call\":\"%s\",\"channel\":\"credit-guangdong\",\"deliveries\":[%llu],\"due_ms\":5,\"request\":{}}",
             call, (unsigned long long)Q.delivery[which]);
    emit("call.prepared", data.data);
    buf_clear(&data);
    buf_addf(&data, "{\"call\":\"%s\",\"due_ms\":5}", call);
    emit("call.received", data.data);
    buf_clear(&data);
    buf_addf(&data,
             "{\"call\":\"%s\",\"outcomes\":[{\"code\":\"%s\",\"delivery\":%llu,\"message\":\"\",\"result\":\"%s\"}]}",
             call, *code ? code : "0", (unsigned long long)Q.delivery[which], *code ? "refused" : "acknowledged");
    emit("delivery.settled", data.data);
}

static void expect_rate(const json_t *row, const char *key, int64_t count, int64_t of)
{
    const json_t *rate = json_object_get(row, key);

    cr_expect_eq(json_integer_of(rate, "count", -1), count, "%s: %lld", key,
                 (long long)json_integer_of(rate, "count", -1));
    cr_expect_eq(json_integer_of(rate, "of", -1), of, "%s of %lld", key, (long long)json_integer_of(rate, "of", -1));
    cr_expect_eq(json_is_null(json_object_get(rate, "rate")), of == 0, "%s: of none there is no rate", key);
}

static void expect_quality(const char *arguments, const int64_t numbers[8])
{
    AUTO(json_release) json_t *report = counted_report("report-quality", "author", arguments);
    const json_t *sum = sum_of(report, "by_department");
    const json_t *row;
    int64_t records = 0;
    size_t i;

    cr_expect_eq(json_integer_of(sum, "records", -1), numbers[0]);
    expect_rate(sum, "timely", numbers[1], numbers[2]);
    cr_expect_eq(json_integer_of(sum, "pending", -1), numbers[3]);
    expect_rate(sum, "accepted", numbers[4], numbers[7]);
    expect_rate(sum, "complete", numbers[5], numbers[7]);
    expect_rate(sum, "accurate", numbers[6], numbers[7]);
    json_array_foreach(json_object_get(table_of(report, "by_department"), "rows"), i, row)
    {
        records += json_bool_of(row, "sum", false) ? 0 : json_integer_of(row, "records", 0);
    }
    cr_expect_eq(records, numbers[0]);
}

/* Of the year's summary: in force by the second person's word, still listed, withdrawn. */
static void expect_records(int64_t records, int64_t published, int64_t withdrawn)
{
    AUTO(json_release) json_t *report = counted_report("report-summary", "author", "{'year':'2026'}");
    const json_t *sum = sum_of(report, "records");

    cr_expect_eq(json_integer_of(sum, "records", -1), records);
    cr_expect_eq(json_integer_of(sum, "published", -1), published);
    cr_expect_eq(json_integer_of(sum, "withdrawn", -1), withdrawn);
    cr_expect_eq(json_integer_of(sum, "repaired", -1), 0);
    cr_expect_eq(json_integer_of(sum, "ended", -1), 0);
}

Test(report, quality_follows_records_from_decision_to_receipt)
{
    AUTO(buf_done) struct buf data = BUF_INIT;

    expect_quality("{'year':'2026'}", (const int64_t[]){0, 0, 0, 0, 0, 0, 0, 0});
    propose();
    expect_quality("{'year':'2026'}", (const int64_t[]){6, 0, 0, 6, 0, 0, 0, 0});
    push();
    set_today("2026-08-05");
    settle(2, "10002"); /* something is missing: sent again as it is, and taken */
    settle(3, "5002");  /* they cannot decrypt: not the department's fault */
    expect_quality("{'year':'2026'}", (const int64_t[]){6, 0, 0, 6, 0, 0, 1, 1});
    set_today("2026-08-12");
    settle(0, "");
    settle(4, "");
    buf_addf(&data, "{\"delivery\":%llu,\"reason\":\"已更正\",\"record\":\"%s\",\"version\":1}",
             (unsigned long long)Q.delivery[2], Q.record[2]);
    emit("delivery.requeued", data.data);
    settle(2, "");
    expect_quality("{'year':'2026'}", (const int64_t[]){6, 3, 3, 3, 2, 2, 3, 3});
    set_today("2026-08-13");
    settle(1, ""); /* one day late */
    expect_quality("{'year':'2026'}", (const int64_t[]){6, 3, 6, 0, 3, 3, 4, 4});
    /* What was withdrawn was not right. */
    buf_clear(&data);
    buf_addf(&data, "{'ids':['%s'],'reason':'决定被撤销'}", Q.record[4]);
    cr_assert_eq(done("withdraw", "author", data.data, NULL), 0);
    buf_clear(&data);
    buf_addf(&data, "{'ids':['%s']}", Q.record[4]);
    cr_assert_eq(done("approve", "reviewer", data.data, NULL), 0);
    expect_quality("{'year':'2026'}", (const int64_t[]){6, 3, 6, 0, 3, 3, 3, 4});
    expect_records(5, 4, 1);
    /* Nor was what had to be corrected. */
    buf_clear(&data);
    buf_addf(&data, "{'ids':['%s'],'reason':'文号有误','document':'粤工信失信〔2026〕2号'}", Q.record[0]);
    cr_assert_eq(done("correct", "author", data.data, NULL), 0);
    expect_quality("{'year':'2026'}", (const int64_t[]){6, 3, 6, 0, 3, 3, 3, 4});
    buf_clear(&data);
    buf_addf(&data, "{'ids':['%s']}", Q.record[0]);
    cr_assert_eq(done("approve", "reviewer", data.data, NULL), 0);
    expect_quality("{'year':'2026'}", (const int64_t[]){6, 3, 6, 0, 3, 3, 2, 4});
    expect_records(5, 4, 1);
    expect_quality("{'year':'2026','month':'8'}", (const int64_t[]){6, 3, 6, 0, 3, 3, 2, 4});
    expect_quality("{'year':'2026','month':'7'}", (const int64_t[]){0, 0, 0, 0, 0, 0, 0, 0});
    expect_quality("{'year':'2025'}", (const int64_t[]){0, 0, 0, 0, 0, 0, 0, 0});
}

/* --- lookups --- */

struct asking {
    const char *domain;
    const char *verdict;
    const char *day;
    bool is_test;
};

static char *trace_folder(void)
{
    return path_join(J.state, "trace");
}

static void integrate(struct trace_log **log)
{
    AUTO(text_free) char *folder = trace_folder();
    uint64_t taken;

    cr_assert(trace_log_open(folder, log, &J.err) && trace_log_integrate(*log, &taken, &J.err), "%s", J.err.text);
}

static void ask(const struct asking *list, size_t count)
{
    AUTO(text_free) char *folder = trace_folder();
    AUTO(trace_writer_free) struct trace_writer *writer = NULL;
    AUTO(trace_log_free) struct trace_log *log = NULL;

    cr_assert(trace_writer_open(folder, &writer, &J.err), "%s", J.err.text);
    for (size_t i = 0; i < count; i++) {
        char receipt[TRACE_RECEIPT_BYTES];
        struct trace_entry entry = {.receipt = receipt,
                                    .by = SPAN("bank"),
                                    .domain = span_of(list[i].domain),
                                    .verdict = list[i].verdict,
                                    .status = list[i].verdict ? 200 : 403,
                                    .is_test = list[i].is_test};
        int32_t day;

        cr_assert(day_parse(span_of(list[i].day), &day));
        entry.at_ms = day_start_ms(day);
        trace_next_receipt(writer, receipt);
        trace_add(writer, &entry);
    }
    cr_assert(trace_flush(writer, &J.err), "%s", J.err.text);
    trace_writer_free(TAKE(writer));
    integrate(&log);
}

static void expect_counts(const json_t *row, const int64_t numbers[5])
{
    static const char *const NAMES[] = {"asked", "listed", "not_listed", "unknown", "other"};

    for (size_t i = 0; i < COUNT_OF(NAMES); i++)
        cr_expect_eq(json_integer_of(row, NAMES[i], -1), numbers[i], "%s: %lld", NAMES[i],
                     (long long)json_integer_of(row, NAMES[i], -1));
}

Test(report, lookups_are_counted_by_month_and_domain_and_leave_a_trace)
{
    static const struct asking ASKED[] = {
        {"lending", "listed", "2026-01-01", false},  {"lending", "not-listed", "2026-12-31", false},
        {"lending", "unknown", "2026-12-31", false}, {"lending", NULL, "2026-06-30", false},
        {"tax", "listed", "2026-06-30", false},      {"tax", "listed", "2026-06-30", true},
        {"lending", "listed", "2025-12-31", false},  {"lending", "listed", "2027-01-01", false},
        {"(names)", NULL, "2026-06-30", false}};
    AUTO(json_release) json_t *year = NULL;
    AUTO(json_release) json_t *june = NULL;
    AUTO(trace_log_free) struct trace_log *log = NULL;
    AUTO(buf_done) struct buf entry = BUF_INIT;

    ask(ASKED, COUNT_OF(ASKED));
    year = counted_report("report-lookups", "auditor", "{'year':'2026','reason':'季度通报'}");
    expect_counts(sum_of(year, "by_domain"), (const int64_t[]){5, 2, 1, 1, 1});
    expect_counts(json_array_get(json_object_get(table_of(year, "by_month"), "rows"), 11),
                  (const int64_t[]){2, 0, 1, 1, 0});
    cr_assert_eq(json_array_size(json_object_get(table_of(year, "by_month_domain"), "rows")), 4);
    expect_counts(json_array_get(json_object_get(table_of(year, "others"), "rows"), 0),
                  (const int64_t[]){1, 0, 0, 0, 1});
    june = counted_report("report-lookups", "auditor", "{'year':'2026','month':'6'}");
    expect_counts(sum_of(june, "by_domain"), (const int64_t[]){2, 1, 0, 0, 1});
    integrate(&log);
    cr_assert_eq(trace_log_size(log), COUNT_OF(ASKED) + 2, "each count is an entry");
    /* The two stand in any order: a writer each. */
    for (uint64_t i = COUNT_OF(ASKED); i < COUNT_OF(ASKED) + 2; i++)
        cr_assert(trace_log_read(log, i, &entry, &J.err), "%s", J.err.text);
    cr_assert(strstr(entry.data, "\"domain\":\"(trace)\""), "%s", entry.data);
    cr_assert(strstr(entry.data, "\"by\":\"auditor\""));
    cr_assert(strstr(entry.data, "\"purpose\":\"季度通报\""));
    cr_assert(strstr(entry.data, "\"authorisation\":\"counts 2026\""));
    cr_assert(strstr(entry.data, "\"authorisation\":\"counts 2026-06\""));
}
