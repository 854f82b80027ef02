/* The numbers of the first page, each against the list that walks over all there is. */
#include "gateway/jobs/today_json.h"

#include "gateway/clocks/clocks.h"
#include "tests/unit/gateway/jobs/fixture.h"

TestSuite(today_json, .init = gate_open, .fini = gate_close, .timeout = 120);

#define PROPOSE                                                                                                        \
    "{'on':'2026-08-03','document':'粤工信失信〔2026〕1号','decided_on':'2026-08-03','severity':'general','all':true"

/* A new reference; of one of J.staff. */
static json_t *today(size_t person)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(calendar_free) struct calendar *calendar = NULL;
    AUTO(windows_free) struct windows *windows = NULL;
    AUTO(buf_done) struct buf out = BUF_INIT;
    struct today_shared shared = {.members = BUF_INIT};
    json_t *json = NULL;

    cr_assert(calendar_load(TEST_SOURCE "/schemas/data/calendar.json", &calendar, &J.err), "%s", J.err.text);
    cr_assert(windows_load(TEST_SOURCE "/schemas/data/publication-windows.json", &windows, &J.err), "%s", J.err.text);
    struct today_source source = {{&J.config, calendar, J.now_ms}, windows};

    cr_assert(store_begin(J.store, STORE_READ, &txn, &J.err), "%s", J.err.text);
    cr_assert(today_shared_make(txn, &source, &shared, &J.err), "%s", J.err.text);
    cr_assert(today_json(txn, &shared, &J.staff[person], &out, &J.err), "%s", J.err.text);
    today_end(J.now_ms, &out);
    today_shared_done(&shared);
    cr_assert(json_read(buf_span(&out), JSON_BYTES_MAX, &json, &J.err), "%s: %s", buf_text(&out), J.err.text);
    return json;
}

static int64_t number(const json_t *json, const char *object, const char *member)
{
    return json_integer_of(object ? json_object_get(json, object) : json, member, -1);
}

/* What a job counted by walking. */
static int64_t walked(const char *kind, const char *arguments, const char *member)
{
    AUTO(json_release) json_t *report = NULL;

    cr_assert_eq(done(kind, "auditor", arguments, NULL), 0);
    report = report_json(J.last);
    return member ? json_integer_of(report, member, -1) : (int64_t)json_array_size(json_object_get(report, "items"));
}

static void assert_as_walked(const char *when, const char *worst)
{
    AUTO(json_release) json_t *json = today(2);
    AUTO(buf_done) struct buf on = BUF_INIT;
    char day[DAY_TEXT_BYTES];
    int64_t ending = walked("clocks", "{}", "ending");

    buf_addf(&on, "{'on':'%s'}", day_format(day_of_instant(J.now_ms), day));
    cr_expect_str_eq(json_text_of(json_object_get(json, "overdue"), "on"), day);
    cr_expect_eq(number(json, "overdue", "unproposed"), walked("overdue", buf_text(&on), "without_record"), "%s", when);
    cr_expect_eq(number(json, "waiting", "all"), walked("waiting", "{}", NULL), "%s", when);
    cr_expect_eq(number(json, NULL, "unsent"), walked("unsent", "{}", NULL), "%s", when);
    cr_expect_eq(number(json, NULL, "refused"), walked("refused", "{}", NULL), "%s", when);
    cr_expect_eq(number(json, "clocks", "ending"), ending < TODAY_ENDING_MAX ? ending : TODAY_ENDING_MAX, "%s", when);
    cr_expect_eq(json_is_true(json_object_get(json_object_get(json, "clocks"), "ending_more")),
                 ending >= TODAY_ENDING_MAX, "%s", when);
    cr_expect_eq(number(json, "clocks", "late"), walked("clocks", "{}", "late"), "%s", when);
    cr_expect_eq(number(json, "clocks", "soon"), walked("clocks", "{}", "soon"), "%s", when);
    cr_expect_eq(number(json, "clocks", "unconfirmed"), walked("clocks", "{}", "unconfirmed"), "%s", when);
    cr_expect_str_eq(json_text_of(json, "worst"), worst, "%s: %s", when, json_text_of(json, "worst"));
}

static void assert_mine(size_t person, int64_t waiting, int64_t returned)
{
    AUTO(json_release) json_t *json = today(person);

    cr_expect_eq(number(json, "waiting", "mine"), waiting, "waiting for %s", J.staff[person].name);
    cr_expect_eq(number(json, "returned", "mine"), returned, "returned to %s", J.staff[person].name);
}

Test(today_json, every_number_is_what_a_walk_counts_and_the_worst_is_said)
{
    AUTO(json_release) json_t *waiting = NULL;
    int64_t late;
    char ids[2][64];

    assert_as_walked("empty", "good");
    cr_assert_eq(done("import", "author", "{}", REGISTER), 0);
    assert_as_walked("imported", "look");
    cr_assert_eq(done("propose", "author", PROPOSE ",'ground':'safety'}", NULL), 0);
    cr_assert_eq(done("propose", "both", PROPOSE ",'ground':'quality'}", NULL), 0);
    assert_as_walked("proposed", "look");
    cr_assert_eq(done("waiting", "auditor", "{}", NULL), 0);
    waiting = report_json(J.last);
    late = (int64_t)json_array_size(json_object_get(waiting, "items"));
    cr_assert_gt(late, 4);
    for (size_t i = 0; i < 2; i++)
        snprintf(ids[i], sizeof ids[i], "{'ids':['%s'],'reason':'材料不全'}",
                 json_text_of(json_array_get(json_object_get(waiting, "items"), i), "record"));
    assert_mine(0, 0, 0);    /* no reviewer */
    assert_mine(1, late, 0); /* proposed none of them */
    assert_mine(2, 0, 0);
    {
        AUTO(json_release) json_t *both = today(3);

        cr_expect(number(both, "waiting", "mine") > 0 && number(both, "waiting", "mine") < late, "all but his own");
    }
    cr_assert_eq(done("return", "reviewer", ids[0], NULL), 0);
    cr_assert_eq(done("approve", "reviewer", "{'all':true}", NULL), 0);
    assert_as_walked("approved, one returned", "look");
    {
        AUTO(json_release) json_t *one = today(0);
        AUTO(json_release) json_t *other = today(3);

        cr_expect_eq(number(one, "returned", "mine") + number(other, "returned", "mine"), 1);
        cr_expect_eq(number(one, "returned", "all"), 1);
        cr_expect_eq(number(one, "waiting", "all"), 0);
    }
    cr_assert_eq(done("push", "author", "{}", NULL), 0);
    assert_as_walked("pushed", "look");
    set_today("2026-08-11");
    assert_as_walked("the seven days run out", "look");
    set_today("2026-08-17");
    assert_as_walked("late", "bad");
    set_today("2029-07-20");
    assert_as_walked("publication ends soon", "bad");
}

Test(today_json, what_no_number_tells_is_told_in_words)
{
    AUTO(text_free) char *folder = path_join(J.state, "checkpoints");
    AUTO(text_free) char *path = path_join(folder, "journal.refused");
    AUTO(json_release) json_t *json = NULL;
    const json_t *alarm;

    cr_assert(file_make_folder(folder, 0700, &J.err), "%s", J.err.text);
    write_file(path, "日志短于已签署的检查点\nthe log is shorter than what was signed\n");
    json = today(2);
    cr_assert_str_eq(json_text_of(json, "worst"), "bad");
    alarm = json_array_get(json_object_get(json, "alarms"), 0);
    cr_assert_str_eq(json_text_of(alarm, "rule"), "checkpoint.refused");
    cr_assert_str_eq(json_text_of(alarm, "text"), "the log is shorter than what was signed");
    cr_assert_str_eq(json_text_of(alarm, "text_zh"), "日志短于已签署的检查点");
}

static void set_mark(bool is_there)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    cr_assert(store_begin(J.store, STORE_WRITE, &txn, &J.err), "%s", J.err.text);
    if (is_there)
        store_put(txn, STORE_RECORD_INDEX, SPAN("d"), SPAN(""));
    else
        store_delete(txn, STORE_RECORD_INDEX, SPAN("d"));
    cr_assert(store_commit(TAKE(txn), &J.err), "%s", J.err.text);
}

Test(today_json, a_store_from_before_the_counts_says_so_instead_of_a_number)
{
    AUTO(json_release) json_t *json = NULL;

    cr_assert_eq(done("import", "author", "{}", REGISTER), 0);
    set_mark(false);
    json = today(2);
    cr_assert(json_is_null(json_object_get(json_object_get(json, "overdue"), "unproposed")));
    cr_assert_str_eq(json_text_of(json, "worst"), "bad");
    cr_assert_str_eq(json_text_of(json_array_get(json_object_get(json, "alarms"), 0), "rule"), "counts.rebuild");
    set_mark(true);
}
