/* The way of a register through the jobs: import, overdue, propose, review, push, and what each of them reports. */
#include "gateway/outbox/outbox.h"
#include "tests/unit/gateway/jobs/fixture.h"

TestSuite(flow, .init = gate_open, .fini = gate_close, .timeout = 120);

#define PROPOSE "'on':'2026-07-31','document':'粤工信失信〔2026〕1号','decided_on':'2026-08-01','severity':'general'"

static const json_t *item(const json_t *report, size_t number)
{
    return json_array_get(json_object_get(report, "items"), number);
}

static size_t items(const json_t *report)
{
    return json_array_size(json_object_get(report, "items"));
}

static void imported(void)
{
    cr_assert_eq(done("import", "author", "{'file':'台账.csv'}", REGISTER), 0);
}

/* Arguments with one id in front. */
static const char *with_id(const char *id, const char *rest)
{
    static char text[512];

    snprintf(text, sizeof text, "{'ids':['%s']%s%s}", id, *rest ? "," : "", rest);
    return text;
}

/* The rule of the first item of the last report, "" when it was done. */
static const char *first_rule(void)
{
    static char rule[64];
    AUTO(json_release) json_t *object = report_json(J.last);
    const char *text = json_text_of(item(object, 0), "rule");

    snprintf(rule, sizeof rule, "%s", text ? text : "");
    return rule;
}

/* The first overdue obligation's id, and the first record's. */
static void first_of(const char *kind, const char *arguments, const char *member, char id[64])
{
    AUTO(json_release) json_t *object = NULL;

    cr_assert_eq(done(kind, "both", arguments, NULL), 0);
    object = report_json(J.last);
    cr_assert(json_text_of(item(object, 0), member), "%s", J.text.data);
    snprintf(id, 64, "%s", json_text_of(item(object, 0), member));
}

/* --- import --- */

Test(flow, an_unusable_file_is_a_problem_and_changes_nothing)
{
    uint64_t before = events();

    cr_assert_eq(done("import", "author", "{'file':'x.csv'}", BAD_REGISTER "007-column-missing.csv"), 2);
    cr_assert(J.err.rule[0], "a rule");
    cr_assert_eq(done("import", "author", "{}", BAD_REGISTER "019-bomb.xlsx"), 2);
    cr_assert_eq(done("import", "author", "{'on':'2026-08-04'}", REGISTER), 2);
    cr_assert_str_eq(J.err.rule, "import.day-in-future");
    cr_assert_eq(events(), before);
}

Test(flow, refused_rows_are_left_out_and_reported_the_others_are_in)
{
    AUTO(json_release) json_t *object = NULL;
    const json_t *problem;

    cr_assert_eq(done("import", "author", "{'file':'甲.csv'}", BAD_REGISTER "001-uscc-check.csv"), 1);
    object = report_json(J.last);
    cr_assert_eq(json_object_size(object), 7);
    cr_assert_str_eq(json_text_of(object, "file"), "甲.csv");
    cr_assert_str_eq(json_text_of(object, "encoding"), "utf-8");
    cr_assert_eq(json_integer_of(object, "rows", 0), 4);
    cr_assert_eq(json_integer_of(object, "accepted", 0), 3);
    cr_assert_eq(json_integer_of(object, "unchanged", -1), 0);
    cr_assert_eq(json_integer_of(object, "refused", 0), 1);
    problem = json_array_get(json_object_get(object, "problems"), 0);
    cr_assert_eq(json_integer_of(problem, "line", 0), 5);
    cr_assert_str_eq(json_text_of(problem, "rule"), "uscc.check");
    cr_assert_str_eq(json_text_of(problem, "severity"), "error");
    cr_assert(strstr(report(J.last, "text"), "拒绝 1") && strstr(J.text.data, "再次导入"), "%s", J.text.data);
    cr_assert_eq(events(), 3 + 1);
}

Test(flow, the_same_file_twice_changes_nothing_in_any_of_its_forms)
{
    static const char *const FORMS[] = {"register-dev.csv", "register-dev.gb18030.csv", "register-dev.xlsx"};
    uint64_t before;

    imported();
    cr_assert_eq(counted("accepted"), 515);
    before = events();
    cr_assert_eq(before, 515 + 1);
    for (size_t i = 0; i < COUNT_OF(FORMS); i++) {
        AUTO(buf_done) struct buf path = BUF_INIT;

        buf_addf(&path, "%s/tests/cases/register/%s", TEST_SOURCE, FORMS[i]);
        cr_assert_eq(done("import", "author", "{}", path.data), 0);
        cr_assert_eq(counted("accepted"), 0);
        cr_assert_eq(counted("unchanged"), 515);
        cr_assert_eq(counted("rows"), 515);
    }
    cr_assert_eq(events(), before);
}

Test(flow, a_changed_row_is_a_new_version_and_counts_as_accepted)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(text_free) char *path = path_join(J.folder, "changed.csv");
    char *remark;

    imported();
    cr_assert(file_read(REGISTER, JSON_BYTES_MAX, &text, &J.err));
    remark = strstr(text.data, "同一厂区另有合规生产线");
    memcpy(remark, "该企业", strlen("该企业"));
    cr_assert(file_write(path, buf_span(&text), 0600, &J.err));
    cr_assert_eq(done("import", "author", "{}", path), 0);
    cr_assert_eq(counted("accepted"), 1);
    cr_assert_eq(counted("unchanged"), 514);
}

Test(flow, the_input_goes_when_there_is_a_result)
{
    AUTO(buf_done) struct buf path = BUF_INIT;

    imported();
    buf_addf(&path, "%s/jobs/%s/input", J.state, J.last);
    cr_assert_not(file_exists(path.data));
}

/* --- overdue --- */

Test(flow, overdue_lists_the_latest_first_with_what_people_need)
{
    AUTO(json_release) json_t *object = NULL;
    int64_t days = INT64_MAX;

    imported();
    cr_assert_eq(done("overdue", "auditor", "{'on':'2026-07-31'}", NULL), 0);
    object = report_json(J.last);
    cr_assert_str_eq(json_text_of(object, "on"), "2026-07-31");
    cr_assert_eq((size_t)json_integer_of(object, "count", -1), items(object));
    cr_assert_gt(items(object), 50);
    for (size_t i = 0; i < items(object); i++) {
        const json_t *one = item(object, i);

        cr_assert_leq(json_integer_of(one, "days_late", -1), days);
        days = json_integer_of(one, "days_late", -1);
        cr_assert_gt(days, 0);
        cr_assert_eq(strlen(json_text_of(one, "obligation")), 32);
        cr_assert_eq(strlen(json_text_of(one, "uscc")), 18);
        cr_assert(json_text_of(one, "name") && json_text_of(one, "ground") && json_text_of(one, "authority"));
        cr_assert(json_is_null(json_object_get(one, "record")));
    }
}

/* Every row begins its columns where the header does, counted as a terminal does. */
static void assert_lined_up(const char *table, const char *column)
{
    const char *header_end = strchr(table, '\n');
    const char *at = strstr(table, column);
    size_t start;

    cr_assert(at && at < header_end, "%s in %s", column, table);
    start = utf8_columns((struct span){table, (size_t)(at - table)});
    for (const char *line = header_end + 1; *line; line = strchr(line, '\n') + 1) {
        size_t bytes = (size_t)(strchr(line, '\n') - line);
        size_t i = 0;

        if (bytes == 0)
            return; /* then comes the closing sentence */
        while (i < bytes && utf8_columns((struct span){line, i}) < start)
            i++;
        cr_assert_eq(utf8_columns((struct span){line, i}), start, "%s", line);
        cr_assert(i >= 2 && line[i - 1] == ' ' && line[i - 2] == ' ' && line[i] != ' ', "%.*s at %zu", (int)bytes, line,
                  i);
    }
    cr_assert_fail("no closing sentence");
}

Test(flow, the_table_of_the_overdue_lines_up_and_ends_in_what_to_do)
{
    imported();
    (void)done("overdue", "both", "{'on':'2026-07-31','ground':'energy','division':'4402'}", NULL);
    assert_lined_up(report(J.last, "text"), "统一社会信用代码");
    assert_lined_up(report(J.last, "text"), "退出期限");
    cr_assert(strstr(J.text.data, "韶关市璞廪钢铁有限公司"), "%s", J.text.data);
    cr_assert(strstr(J.text.data, "2018-05-28"), "the extension: %s", J.text.data);
    cr_assert(strstr(J.text.data, "creditgate propose --on 2026-07-31"), "%s", J.text.data);
    cr_assert_null(strstr(J.text.data, "佛山"));
    run(order("overdue", "both", "en", "{'on':'2026-07-31','ground':'energy','division':'4402'}", NULL));
    cr_assert(strstr(report(J.last, "text"), "days late") && strstr(J.text.data, "without a record"), "%s",
              J.text.data);
}

/* --- propose and review --- */

Test(flow, what_is_unknown_or_named_too_shortly_is_refused_and_the_rest_goes_on)
{
    AUTO(json_release) json_t *object = NULL;
    char id[64];
    char text[512];

    imported();
    first_of("overdue", "{'on':'2026-07-31'}", "obligation", id);
    snprintf(text, sizeof text, "{'ids':['00','ffffffffffff','%.10s','%s','zzzzzzzz'],%s}", id, id, PROPOSE);
    cr_assert_eq(done("propose", "author", text, NULL), 1);
    object = report_json(J.last);
    cr_assert_eq(json_integer_of(object, "done", 0), 1);
    cr_assert_eq(json_integer_of(object, "refused", 0), 3);
    cr_assert_str_eq(json_text_of(item(object, 0), "rule"), "obligation.id");
    cr_assert_str_eq(json_text_of(item(object, 0), "id"), "00");
    cr_assert_str_eq(json_text_of(item(object, 1), "rule"), "obligation.unknown");
    cr_assert_str_eq(json_text_of(item(object, 3), "result"), "done");
    cr_assert_str_eq(json_text_of(item(object, 3), "obligation"), id);
    /* Again: it waits already. */
    cr_assert_eq(done("propose", "author", text, NULL), 1);
    cr_assert_eq(counted("refused"), 4);
}

Test(flow, what_is_not_as_it_was_seen_is_refused_inside_the_job_too)
{
    char obligation[64];
    char record[64];
    char text[512];
    AUTO(json_release) json_t *object = NULL;

    imported();
    first_of("overdue", "{'on':'2026-07-31'}", "obligation", obligation);
    snprintf(text, sizeof text, "{'ids':['%s@7'],%s}", obligation, PROPOSE);
    cr_assert_eq(done("propose", "author", text, NULL), 1);
    cr_assert_str_eq(first_rule(), "obligation.changed");
    snprintf(text, sizeof text, "{'ids':['%s@x'],%s}", obligation, PROPOSE);
    cr_assert_eq(done("propose", "author", text, NULL), 1);
    cr_assert_str_eq(first_rule(), "order.seen");
    snprintf(text, sizeof text, "{'ids':['%s@1'],%s}", obligation, PROPOSE);
    cr_assert_eq(done("propose", "author", text, NULL), 0);
    first_of("waiting", "{}", "record", record);
    snprintf(text, sizeof text, "{'ids':['%s@1']}", record);
    cr_assert_eq(done("approve", "reviewer", text, NULL), 1);
    cr_assert_str_eq(first_rule(), "record.changed");
    snprintf(text, sizeof text, "{'ids':['%s@1'],'reason':'r'}", record);
    cr_assert_eq(done("withdraw", "author", text, NULL), 1);
    cr_assert_str_eq(first_rule(), "record.changed");
    (void)done("waiting", "reviewer", "{}", NULL);
    object = report_json(J.last);
    snprintf(text, sizeof text, "{'ids':['%s@%lld']}", record,
             (long long)json_integer_of(item(object, 0), "proposal", -1));
    cr_assert_eq(done("approve", "reviewer", text, NULL), 0);
}

Test(flow, a_record_that_may_not_be_is_refused_with_its_rule)
{
    char id[64];
    char text[512];

    imported();
    first_of("overdue", "{'on':'2026-07-31'}", "obligation", id);
    snprintf(text, sizeof text,
             "{'ids':['%s'],'on':'2017-01-01','document':'x','decided_on':'2026-08-01','severity':'minor'}", id);
    cr_assert_eq(done("propose", "author", text, NULL), 1);
    cr_assert_str_eq(first_rule(), "record.too-early");
    snprintf(text, sizeof text,
             "{'ids':['%s'],'on':'2026-09-01','document':'x','decided_on':'2026-08-01','severity':'minor'}", id);
    cr_assert_eq(done("propose", "author", text, NULL), 1);
    cr_assert_str_eq(first_rule(), "record.day-in-future");
    snprintf(text, sizeof text,
             "{'ids':['%s'],'on':'2026-07-31','document':'x','decided_on':'2026-08-04','severity':'minor'}", id);
    cr_assert_eq(done("propose", "author", text, NULL), 1);
    cr_assert_str_eq(first_rule(), "record.decided-in-future");
}

Test(flow, all_overdue_are_proposed_approved_and_pushed)
{
    AUTO(json_release) json_t *object = NULL;
    int64_t overdue;

    imported();
    (void)done("overdue", "author", "{'on':'2026-07-31'}", NULL);
    overdue = counted("count");
    cr_assert_eq(done("propose", "author", "{" PROPOSE "}", NULL), 0);
    cr_assert_eq(counted("done"), overdue);
    cr_assert(strstr(report(J.last, "text"), "须由另一人复核：creditgate approve"), "%s", J.text.data);
    assert_lined_up(J.text.data, "任务");
    (void)done("overdue", "author", "{'on':'2026-07-31','unproposed':true}", NULL);
    cr_assert_eq(counted("count"), 0);
    (void)done("waiting", "auditor", "{}", NULL);
    cr_assert_eq(counted("count"), overdue);
    assert_lined_up(report(J.last, "text"), "提出人");
    cr_assert_eq(done("propose", "author", "{" PROPOSE "}", NULL), 0);
    cr_assert_eq(counted("skipped"), overdue);
    cr_assert_eq(done("approve", "reviewer", "{'all':true,'reason':'核对无误'}", NULL), 0);
    cr_assert_eq(counted("done"), overdue);
    cr_assert(strstr(report(J.last, "text"), "creditgate push"), "%s", J.text.data);
    (void)done("unsent", "auditor", "{}", NULL);
    cr_assert_eq(counted("count"), overdue);
    cr_assert_eq(done("push", "author", "{}", NULL), 0);
    cr_assert_eq(counted("done"), overdue);
    cr_assert_eq(done("push", "author", "{}", NULL), 0);
    cr_assert_eq(counted("done"), 0);
    object = report_json(J.last);
    cr_assert_eq(items(object), 0);
}

/* The last event of the journal, as text. */
static const char *last_event(void)
{
    static struct buf text = BUF_INIT;
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct span event = SPAN_NONE;

    cr_assert(store_begin(J.store, STORE_READ, &txn, &J.err));
    cr_assert(journal_read(txn, journal_size(txn) - 1, &event));
    buf_clear(&text);
    buf_add_span(&text, event);
    return buf_text(&text);
}

Test(flow, the_journal_says_which_order_did_it_and_keeps_the_reviewers_remark)
{
    AUTO(buf_done) struct buf expected = BUF_INIT;

    imported();
    cr_assert_eq(done("propose", "author", "{" PROPOSE ",'ground':'safety'}", NULL), 0);
    buf_addf(&expected, "\"job\":\"%s\"", J.last);
    cr_assert(strstr(last_event(), expected.data), "%s", last_event());
    cr_assert_eq(done("approve", "reviewer", "{'all':true,'reason':'核对无误'}", NULL), 0);
    buf_clear(&expected);
    buf_addf(&expected, "\"job\":\"%s\",\"salt\":", J.last);
    cr_assert(strstr(last_event(), expected.data), "%s", last_event());
    cr_assert(strstr(last_event(), "\"reason\":\"核对无误\""), "%s", last_event());
}

Test(flow, nobody_approves_his_own_also_not_with_all)
{
    imported();
    cr_assert_eq(done("propose", "both", "{" PROPOSE ",'ground':'safety'}", NULL), 0);
    cr_assert_gt(counted("done"), 0);
    cr_assert_eq(done("propose", "author", "{" PROPOSE ",'ground':'quality'}", NULL), 0);
    cr_assert_eq(done("approve", "both", "{'all':true}", NULL), 1);
    cr_assert_gt(counted("done"), 0);
    cr_assert_gt(counted("refused"), 0);
    cr_assert(strstr(report(J.last, "json"), "record.same-person"), "%s", J.text.data);
    (void)done("waiting", "both", "{'ground':'safety'}", NULL);
    cr_assert_gt(counted("count"), 0);
    (void)done("waiting", "both", "{'ground':'quality'}", NULL);
    cr_assert_eq(counted("count"), 0);
}

Test(flow, filters_choose_by_ground_division_and_authority)
{
    AUTO(json_release) json_t *object = NULL;
    AUTO(buf_done) struct buf text = BUF_INIT;
    const char *authority;

    imported();
    (void)done("overdue", "author", "{'on':'2026-07-31','division':'4403'}", NULL);
    object = report_json(J.last);
    authority = json_text_of(item(object, 0), "authority");
    buf_addf(&text, "{" PROPOSE ",'division':'4403','authority':'%s'}", authority);
    cr_assert_eq(done("propose", "author", text.data, NULL), 0);
    cr_assert_gt(counted("done"), 0);
    cr_assert_leq(counted("done"), (int64_t)items(object));
    (void)done("overdue", "author", "{'on':'2026-07-31','division':'4401','unproposed':true}", NULL);
    cr_assert_gt(counted("count"), 0);
    (void)done("propose", "author", "{" PROPOSE ",'authority':'没有这个机关'}", NULL);
    cr_assert_eq(counted("done"), 0);
}

/* One record in force; its id. */
static void listed(char id[64])
{
    char obligation[64];
    char text[512];

    imported();
    first_of("overdue", "{'on':'2026-07-31'}", "obligation", obligation);
    snprintf(text, sizeof text, "{'ids':['%s']," PROPOSE "}", obligation);
    cr_assert_eq(done("propose", "author", text, NULL), 0);
    first_of("waiting", "{}", "record", id);
    cr_assert_eq(done("approve", "reviewer", with_id(id, ""), NULL), 0);
}

Test(flow, a_returned_record_can_be_proposed_again)
{
    char id[64];

    imported();
    cr_assert_eq(done("propose", "author", "{" PROPOSE ",'ground':'safety'}", NULL), 0);
    first_of("waiting", "{}", "record", id);
    cr_assert_eq(done("return", "reviewer", with_id(id, "'reason':'文号有误'"), NULL), 0);
    cr_assert(strstr(report(J.last, "text"), "已退回"), "%s", J.text.data);
    cr_assert_eq(done("return", "reviewer", with_id(id, "'reason':'再次'"), NULL), 1);
    cr_assert_str_eq(first_rule(), "record.returned");
    cr_assert_eq(done("propose", "author", "{" PROPOSE ",'ground':'safety'}", NULL), 0);
    cr_assert_eq(counted("done"), 1);
}

Test(flow, a_record_is_corrected_disputed_settled_and_withdrawn_each_with_a_second_person)
{
    static const struct {
        const char *kind;
        const char *arguments;
    } STEPS[] = {{"correct", "'reason':'文号有误','document':'粤工信失信〔2026〕2号'"},
                 {"dispute", "'reason':'企业提出异议'"},
                 {"settle", "'reason':'异议不成立'"},
                 {"withdraw", "'reason':'决定已撤销'"}};
    AUTO(json_release) json_t *object = NULL;
    char id[64];

    listed(id);
    for (size_t i = 0; i < COUNT_OF(STEPS); i++) {
        cr_assert_eq(done(STEPS[i].kind, "author", with_id(id, STEPS[i].arguments), NULL), 0, "%s", STEPS[i].kind);
        cr_assert_eq(done(STEPS[i].kind, "author", with_id(id, STEPS[i].arguments), NULL), 1, "%s", STEPS[i].kind);
        cr_assert_str_eq(first_rule(), "record.pending");
        cr_assert_eq(done("approve", "reviewer", with_id(id, ""), NULL), 0);
    }
    cr_assert_eq(done("withdraw", "author", with_id(id, "'reason':'再次'"), NULL), 1);
    cr_assert_str_eq(first_rule(), "record.over");
    cr_assert_eq(done("push", "author", with_id(id, ""), NULL), 0);
    object = report_json(J.last);
    cr_assert_eq(items(object), 5);
    for (size_t i = 0; i < 5; i++)
        cr_assert_eq(json_integer_of(item(object, i), "version", 0), (int64_t)i + 1);
}

Test(flow, a_repair_needs_time_a_commitment_and_duties_that_are_done)
{
    char id[64];

    listed(id);
    cr_assert_eq(
        done("repair", "author",
             with_id(id, "'reason':'已整改','corrected':'核查记录','duties':'履行证明','committed_on':'2026-08-04'"),
             NULL),
        2);
    cr_assert_str_eq(J.err.rule, "repair.committed-in-future");
    cr_assert_eq(
        done("repair", "author",
             with_id(id, "'reason':'已整改','corrected':'核查记录','duties':'履行证明','committed_on':'2026-08-02'"),
             NULL),
        1);
    cr_assert_str_eq(first_rule(), "record.repair-too-early");
    set_today("2026-12-01");
    cr_assert_eq(
        done("repair", "author",
             with_id(id, "'reason':'已整改','corrected':'核查记录','duties':'履行证明','committed_on':'2026-08-02'"),
             NULL),
        1);
    cr_assert_str_eq(first_rule(), "record.repair-open");
    cr_assert_eq(done("repair", "author",
                      with_id(id, "'reason':'已整改','corrected':'核查记录','duties':'履行证明','committed_on':'2026-"
                                  "08-02','statement':'设备已拆除','duties_done':true"),
                      NULL),
                 0);
    cr_assert_eq(done("approve", "reviewer", with_id(id, ""), NULL), 0);
}

/* --- push and the outbox --- */

Test(flow, a_channel_that_is_not_configured_is_a_problem)
{
    cr_assert_eq(done("push", "author", "{'channel':'credit-china'}", NULL), 2);
    cr_assert_str_eq(J.err.rule, "push.channel");
    J.config.channels[CHANNEL_CREDIT_GUANGDONG].is_enabled = false;
    cr_assert_eq(done("push", "author", "{}", NULL), 2);
    cr_assert_str_eq(J.err.rule, "push.channel");
}

Test(flow, a_named_record_without_anything_unsent_is_told_so)
{
    AUTO(json_release) json_t *object = NULL;
    char id[64];

    listed(id);
    cr_assert_eq(done("push", "author", with_id(id, ""), NULL), 0);
    cr_assert_eq(counted("done"), 1);
    cr_assert_eq(done("push", "author", with_id(id, ""), NULL), 0);
    object = report_json(J.last);
    cr_assert_eq(json_integer_of(object, "skipped", 0), 1);
    cr_assert_str_eq(json_text_of(item(object, 0), "result"), "unchanged");
    cr_assert(strstr(json_text_of(item(object, 0), "message"), "没有尚未报送"));
}

Test(flow, a_push_wakes_the_courier)
{
    struct job_environment environment = {&J.config, J.store, J.signer, &J.clock, -1, NULL};
    int ends[2];
    uint64_t word;
    char id[64];

    listed(id);
    cr_assert_eq(pipe(ends), 0);
    environment.courier_fd = ends[1];
    cr_assert(jobs_run(&environment, order("push", "author", "zh", "{}", NULL), &J.err), "%s", J.err.text);
    cr_assert_eq(read(ends[0], &word, sizeof word), sizeof word);
    close(ends[0]);
    close(ends[1]);
}

static void emit(const char *type, const char *data)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(ledger_free) struct ledger *ledger = NULL;

    cr_assert(store_begin(J.store, STORE_WRITE, &txn, &J.err) && ledger_new(txn, &J.clock, &ledger, &J.err));
    cr_assert(ledger_emit(ledger, "courier", type, span_of(data), NULL, &J.err), "%s: %s", type, J.err.text);
    cr_assert(ledger_finish(ledger, &J.err) && store_commit(TAKE(txn), &J.err), "%s", J.err.text);
}

static const char CALL[] = "000102030405060708090a0b0c0d0e0f";

/* The delivery `number` is on its way. */
static void send_delivery(unsigned long long number)
{
    char data[512];

    snprintf(data, sizeof data,
             "{\"call\":\"%s\",\"channel\":\"credit-guangdong\",\"deliveries\":[%llu],\"due_ms\":0,\"request\":{}}",
             CALL, number);
    emit("call.prepared", data);
    snprintf(data, sizeof data, "{\"call\":\"%s\",\"due_ms\":0}", CALL);
    emit("call.received", data);
}

/* The upstream refuses it. */
static void refuse_sent(unsigned long long number)
{
    char data[512];

    snprintf(data, sizeof data,
             "{\"call\":\"%s\",\"outcomes\":[{\"code\":\"40001\",\"delivery\":%llu,\"message\":\"认定单位不在名录\","
             "\"result\":\"refused\"}]}",
             CALL, number);
    emit("delivery.settled", data);
}

static void refuse_delivery(unsigned long long number)
{
    send_delivery(number);
    refuse_sent(number);
}

Test(flow, refused_deliveries_are_listed_with_advice_and_queued_again)
{
    AUTO(json_release) json_t *object = NULL;
    unsigned long long number;
    char id[64];
    char name[32];

    listed(id);
    (void)done("refused", "auditor", "{}", NULL);
    cr_assert_eq(counted("count"), 0);
    number = events();
    cr_assert_eq(done("push", "author", "{}", NULL), 0);
    refuse_delivery(number);
    (void)done("refused", "auditor", "{}", NULL);
    object = report_json(J.last);
    cr_assert_eq(items(object), 1);
    cr_assert_eq((unsigned long long)json_integer_of(item(object, 0), "delivery", 0), number);
    cr_assert_str_eq(json_text_of(item(object, 0), "code"), "40001");
    cr_assert_str_eq(json_text_of(item(object, 0), "reason"), "认定单位不在名录");
    cr_assert(json_is_true(json_object_get(item(object, 0), "known")));
    cr_assert_str_eq(json_text_of(item(object, 0), "why"), "不符合对方的校验规则");
    cr_assert(strstr(json_text_of(item(object, 0), "advice"), "更正记录"));
    snprintf(name, sizeof name, "requeue %llu ", number);
    cr_assert(strstr(json_text_of(item(object, 0), "requeue"), name));
    cr_assert(strstr(report(J.last, "text"), name), "%s", J.text.data);
    cr_assert(strstr(report(J.last, "text"), "creditgate requeue"), "%s", J.text.data);
    cr_assert_eq(done("requeue", "author", "{'ids':['7','x'],'reason':'r'}", NULL), 1);
    cr_assert_eq(counted("refused"), 2);
    snprintf(name, sizeof name, "%llu", number);
    cr_assert_eq(done("requeue", "author", with_id(name, "'reason':'对方已更新名录'"), NULL), 0);
    cr_assert_eq(done("requeue", "author", with_id(name, "'reason':'对方已更新名录'"), NULL), 1);
    cr_assert_str_eq(first_rule(), "delivery.not-refused");
}

/* A listed record whose first version the upstream refused. */
static void listed_and_refused(char id[64])
{
    unsigned long long number;

    listed(id);
    number = events();
    cr_assert_eq(done("push", "author", "{}", NULL), 0);
    refuse_delivery(number);
}

/* The next version of it, approved. */
static void changed(const char *id, const char *kind, const char *arguments)
{
    cr_assert_eq(done(kind, "author", with_id(id, arguments), NULL), 0);
    cr_assert_eq(done("approve", "reviewer", with_id(id, ""), NULL), 0);
}

static int64_t listed_by(const char *kind)
{
    (void)done(kind, "auditor", "{}", NULL);
    return counted("count");
}

Test(flow, a_correction_takes_the_place_of_what_was_refused)
{
    uint64_t numbers[2];
    char id[64];

    listed_and_refused(id);
    changed(id, "correct", "'reason':'认定单位有误','document':'粤工信失信〔2026〕2号'");
    cr_assert_eq(done("push", "author", "{}", NULL), 0);
    cr_assert_eq(counted("done"), 1);
    cr_assert_eq(listed_by("refused"), 0);
    AUTO(store_abort) struct store_txn *txn = NULL;
    cr_assert(store_begin(J.store, STORE_READ, &txn, &J.err));
    cr_assert_eq(outbox_due(txn, CHANNEL_CREDIT_GUANGDONG, J.now_ms, numbers, 2), 1, "the lane goes on");
}

Test(flow, a_withdrawal_of_what_they_never_took_is_not_sent)
{
    AUTO(json_release) json_t *object = NULL;
    char id[64];

    listed_and_refused(id);
    changed(id, "withdraw", "'reason':'不应认定'");
    cr_assert_eq(listed_by("unsent"), 1);
    cr_assert_eq(done("push", "author", "{}", NULL), 0);
    object = report_json(J.last);
    cr_assert_eq(json_integer_of(object, "skipped", 0), 1);
    cr_assert_str_eq(json_text_of(item(object, 0), "result"), "unchanged");
    cr_assert_str_eq(json_text_of(item(object, 0), "rule"), "push.never-taken");
    cr_assert_eq(listed_by("unsent"), 0);
    cr_assert_eq(listed_by("refused"), 0);
}

/* A listed record with its next version queued behind the first, which then is refused. */
static void changed_and_refused(char id[64], const char *kind, const char *arguments)
{
    unsigned long long number;

    listed(id);
    number = events();
    cr_assert_eq(done("push", "author", "{}", NULL), 0);
    send_delivery(number);
    changed(id, kind, arguments);
    cr_assert_eq(done("push", "author", "{}", NULL), 0);
    refuse_sent(number);
    cr_assert_eq(listed_by("refused"), 1);
}

static size_t due(void)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    uint64_t numbers[2];

    cr_assert(store_begin(J.store, STORE_READ, &txn, &J.err));
    return outbox_due(txn, CHANNEL_CREDIT_GUANGDONG, J.now_ms, numbers, 2);
}

Test(flow, a_correction_that_was_queued_before_the_refusal_takes_its_place_at_the_next_push)
{
    char id[64];

    changed_and_refused(id, "correct", "'reason':'x','document':'粤工信失信〔2026〕2号'");
    cr_assert_eq(due(), 0);
    cr_assert_eq(done("push", "author", "{}", NULL), 0);
    cr_assert_eq(listed_by("refused"), 0);
    cr_assert_eq(due(), 1);
}

Test(flow, a_withdrawal_that_was_queued_before_the_refusal_is_closed_with_it)
{
    char id[64];

    changed_and_refused(id, "withdraw", "'reason':'不应认定'");
    cr_assert_eq(done("push", "author", "{}", NULL), 0);
    cr_assert_eq(listed_by("refused"), 0);
    cr_assert_eq(due(), 0);
}

Test(flow, a_dispute_mark_waits_behind_what_was_refused)
{
    char id[64];

    listed_and_refused(id);
    changed(id, "dispute", "'reason':'企业提出异议'");
    cr_assert_eq(done("push", "author", "{}", NULL), 0);
    cr_assert_eq(counted("done"), 1);
    cr_assert_eq(listed_by("refused"), 1);
}

Test(flow, a_channel_is_paused_and_resumed_once)
{
    cr_assert_eq(done("pause", "author", with_id("elsewhere", "'reason':'x'"), NULL), 2);
    cr_assert_str_eq(J.err.rule, "channel.unknown");
    cr_assert_eq(done("pause", "author", with_id("credit-guangdong", "'reason':'对方维护'"), NULL), 0);
    cr_assert_eq(done("pause", "author", with_id("credit-guangdong", "'reason':'对方维护'"), NULL), 1);
    cr_assert_str_eq(first_rule(), "channel.paused");
    cr_assert_eq(done("resume", "author", with_id("credit-guangdong", "'reason':'维护结束'"), NULL), 0);
    cr_assert_eq(done("resume", "author", with_id("credit-guangdong", "'reason':'维护结束'"), NULL), 1);
    cr_assert_str_eq(first_rule(), "channel.not-paused");
}
