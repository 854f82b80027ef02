/* What a preview says is what then happens, and nothing happens by it. */
#include "gateway/outbox/outbox.h"
#include "tests/unit/gateway/jobs/fixture.h"

TestSuite(preview, .init = gate_open, .fini = gate_close, .timeout = 120);

#define LISTING "'on':'2026-07-31','document':'粤工信失信〔2026〕1号','decided_on':'2026-08-01','severity':'general'"
#define NO_LISTING "'on':'2026-07-31','document':'x','decided_on':'2026-08-04','severity':'general'"

static const json_t *item(const json_t *report, size_t number)
{
    return json_array_get(json_object_get(report, "items"), number);
}

static size_t items(const json_t *report)
{
    return json_array_size(json_object_get(report, "items"));
}

/* Every table's bytes. */
static void digests(uint8_t out[STORE_TABLE_COUNT][32])
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    cr_assert(store_begin(J.store, STORE_READ, &txn, &J.err), "%s", J.err.text);
    for (int table = 0; table < STORE_TABLE_COUNT; table++)
        cr_assert(store_digest(txn, (enum store_table)table, out[table], &J.err), "%s", J.err.text);
}

/* Run the preview; its report, a new reference. Nothing of the store is other than before, not a byte. */
static json_t *preview(const char *person, const char *arguments, int exit)
{
    uint8_t before[STORE_TABLE_COUNT][32];
    uint8_t after[STORE_TABLE_COUNT][32];

    digests(before);
    cr_assert_eq(done("preview", person, arguments, NULL), exit, "%s: %s", arguments, J.err.rule);
    digests(after);
    for (int table = 0; table < STORE_TABLE_COUNT; table++)
        cr_assert_arr_eq(before[table], after[table], 32, "the table %s", store_table_name((enum store_table)table));
    return report_json(J.last);
}

/* {'order':ORDER,'ids':[…all of `member` in the last report of KIND…],REST} */
static char *order_of_all(const char *kind, const char *arguments, const char *member, const char *rest)
{
    AUTO(json_release) json_t *list = NULL;
    struct buf text = BUF_INIT;

    cr_assert_eq(done(kind, "author", arguments, NULL), 0);
    list = report_json(J.last);
    buf_add_text(&text, "{'ids':[");
    for (size_t i = 0; i < items(list) && i < 200; i++)
        buf_addf(&text, "%s'%s'", i ? "," : "", json_text_of(item(list, i), member));
    buf_addf(&text, "]%s%s}", *rest ? "," : "", rest);
    return text.data;
}

static char *with_order(const char *order, const char *arguments)
{
    struct buf text = BUF_INIT;

    buf_addf(&text, "{'order':'%s',%s", order, arguments + 1);
    return text.data;
}

static void imported(void)
{
    cr_assert_eq(done("import", "author", "{'file':'台账.csv'}", REGISTER), 0);
}

/* --- what is no order --- */

Test(preview, it_takes_what_the_order_takes_and_nothing_else)
{
    cr_assert_str_eq(refused_order("preview", "author", "{'ids':['aaaaaa']," LISTING "}", NULL), "job.argument");
    cr_assert_str_eq(refused_order("preview", "author", "{'order':'import','ids':['aaaaaa']}", NULL), "job.argument");
    cr_assert_str_eq(refused_order("preview", "author", "{'order':'propose','ids':['aaaaaa']}", NULL), "job.argument");
    cr_assert_str_eq(refused_order("preview", "author", "{'order':'propose'," LISTING "}", NULL), "job.argument");
    cr_assert_str_eq(refused_order("preview", "author", "{'order':'withdraw','ids':['aaaaaa']}", NULL), "job.argument");
    cr_assert_str_eq(refused_order("preview", "author", "{'order':'return','ids':['aaaaaa']}", NULL), "job.argument");
    cr_assert_str_eq(
        refused_order("preview", "author", "{'order':'withdraw','ids':['aaaaaa'],'reason':'x','document':'y'}", NULL),
        "job.argument");
    cr_assert_str_eq(refused_order("preview", "author", "{'order':'push','ids':['aaaaaa'],'all':true}", NULL),
                     "job.argument");
}

Test(preview, more_than_fits_one_transaction_is_refused)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    buf_add_text(&text, "{'order':'push','ids':['aaaaaa'");
    for (int i = 0; i < 200; i++)
        buf_addf(&text, ",'%06d'", i);
    buf_add_text(&text, "]}");
    cr_assert_str_eq(refused_order("preview", "author", text.data, NULL), "job.argument-limit");
}

Test(preview, what_is_unknown_is_said_of_and_the_rest_is_shown)
{
    AUTO(json_release) json_t *shown = NULL;

    imported();
    shown = preview("author", "{'order':'approve','ids':['00','Rffffffffffffffffffff']}", 1);
    cr_assert_eq(items(shown), 2);
    cr_assert_str_eq(json_text_of(item(shown, 0), "result"), "refused");
    cr_assert_str_eq(json_text_of(json_object_get(item(shown, 1), "why"), "rule"), "record.unknown");
}

/* --- what only those may see who may look up --- */

static bool has_topic(const json_t *shown, const char *topic)
{
    const json_t *sentence;
    size_t i;

    json_array_foreach(json_object_get(item(shown, 0), "will"), i, sentence)
    {
        if (strcmp(json_text_of(sentence, "topic"), topic) == 0)
            return true;
    }
    return false;
}

static unsigned readers(void)
{
    unsigned roles = 0;

    cr_assert(jobs_readers(&J.config, J.last, &roles, &J.err), "%s", J.err.text);
    return roles;
}

Test(preview, whoever_may_not_look_up_is_told_no_verdict)
{
    static const unsigned ROLES[] = {ROLE_ADMINISTRATOR, ROLE_OPERATOR, ROLE_REVIEWER, ROLE_AUDITOR,
                                     ROLE_ADMINISTRATOR | ROLE_AUDITOR};
    AUTO(text_free) char *arguments = NULL;
    AUTO(text_free) char *asked = NULL;

    imported();
    arguments = order_of_all("overdue", "{'on':'2026-07-31','ground':'energy'}", "obligation", LISTING);
    asked = with_order("propose", arguments);
    for (size_t i = 0; i < COUNT_OF(ROLES); i++) {
        AUTO(json_release) json_t *shown = NULL;
        bool may = ROLES[i] != ROLE_ADMINISTRATOR;

        J.staff[2].roles = ROLES[i];
        shown = preview("auditor", asked, 0);
        cr_assert_gt(items(shown), 0);
        cr_assert_eq(json_object_size(json_object_get(item(shown, 0), "answers")) > 0, may, "%zu", i);
        cr_assert_eq(has_topic(shown, "answers"), may, "%zu", i);
        cr_assert(has_topic(shown, "channels"));
        cr_assert_eq(strstr(report(J.last, "text"), "查询") && strstr(J.text.data, "改答"), may, "%s", J.text.data);
        /* Nor by the report of somebody else's. */
        cr_assert_eq(readers() & ROLE_ADMINISTRATOR, may ? 0 : ROLE_ADMINISTRATOR);
        cr_assert(readers() & ROLE_AUDITOR);
    }
}

/* --- refused as the order would be --- */

/* Both reports name the same rule of every item. */
static void assert_same_rules(const json_t *shown, const json_t *real)
{
    cr_assert_eq(items(shown), items(real));
    cr_assert_gt(items(shown), 0);
    for (size_t i = 0; i < items(shown); i++) {
        const char *rule = json_text_of(json_object_get(item(shown, i), "why"), "rule");

        cr_assert_str_eq(json_text_of(item(shown, i), "result"), json_text_of(item(real, i), "result"));
        cr_assert_str_eq(rule ? rule : "",
                         json_text_of(item(real, i), "rule") ? json_text_of(item(real, i), "rule") : "");
    }
}

Test(preview, a_proposal_that_would_be_refused_says_so_with_the_same_rule)
{
    AUTO(text_free) char *arguments = NULL;
    AUTO(text_free) char *asked = NULL;
    AUTO(json_release) json_t *shown = NULL;
    AUTO(json_release) json_t *real = NULL;

    imported();
    arguments = order_of_all("overdue", "{'on':'2026-07-31','ground':'safety'}", "obligation", NO_LISTING);
    asked = with_order("propose", arguments);
    shown = preview("author", asked, 1);
    cr_assert_eq(done("propose", "author", arguments, NULL), 1);
    real = report_json(J.last);
    assert_same_rules(shown, real);
    cr_assert(strstr(json_text_of(json_array_get(json_object_get(item(shown, 0), "will"), 0), "zh"), "不会执行"));
}

Test(preview, nobody_sees_his_own_proposal_approved)
{
    AUTO(text_free) char *arguments = NULL;
    AUTO(text_free) char *asked = NULL;
    AUTO(json_release) json_t *own = NULL;
    AUTO(json_release) json_t *others = NULL;

    imported();
    cr_assert_eq(done("propose", "both", "{" LISTING ",'ground':'safety'}", NULL), 0);
    arguments = order_of_all("waiting", "{}", "record", "");
    asked = with_order("approve", arguments);
    own = preview("both", asked, 1);
    cr_assert_str_eq(json_text_of(json_object_get(item(own, 0), "why"), "rule"), "record.same-person");
    cr_assert_eq(
        json_array_size(json_object_get(json_array_get(json_object_get(item(own, 0), "channels"), 0), "sends")), 0);
    others = preview("reviewer", asked, 0);
    cr_assert_str_eq(json_text_of(item(others, 0), "result"), "done");
}

Test(preview, what_changed_since_it_was_seen_is_refused)
{
    AUTO(json_release) json_t *shown = NULL;
    char text[256];
    char id[64];

    imported();
    cr_assert_eq(done("propose", "author", "{" LISTING ",'ground':'safety'}", NULL), 0);
    cr_assert_eq(done("waiting", "author", "{}", NULL), 0);
    shown = report_json(J.last);
    snprintf(id, sizeof id, "%s", json_text_of(item(shown, 0), "record"));
    json_decref(TAKE(shown));
    snprintf(text, sizeof text, "{'order':'approve','ids':['%s@3']}", id);
    shown = preview("reviewer", text, 1);
    cr_assert_str_eq(json_text_of(json_object_get(item(shown, 0), "why"), "rule"), "record.changed");
}

/* --- what is shown is what is then sent --- */

/* The row that was really queued for the first channel, canonical, from the store. */
static bool queued_row(const char *record, uint32_t version, struct buf *out)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct delivery delivery;
    bool is_there;

    cr_assert(store_begin(J.store, STORE_READ, &txn, &J.err), "%s", J.err.text);
    is_there = outbox_of_version(txn, CHANNEL_CREDIT_GUANGDONG, record, version, &delivery);
    buf_clear(out);
    if (is_there)
        buf_add_span(out, delivery.row);
    return is_there;
}

static size_t sent_count(const json_t *shown)
{
    return json_array_size(json_object_get(json_array_get(json_object_get(shown, "channels"), 0), "sends"));
}

static const json_t *sent(const json_t *shown, size_t number)
{
    return json_array_get(json_object_get(json_array_get(json_object_get(shown, "channels"), 0), "sends"), number);
}

/* Of every item: what the first channel was shown to receive is what was queued, byte for byte; how many. */
static size_t assert_rows_equal(const json_t *shown)
{
    size_t rows = 0;

    for (size_t i = 0; i < items(shown); i++) {
        for (size_t j = 0; j < sent_count(item(shown, i)); j++) {
            const json_t *one = sent(item(shown, i), j);
            AUTO(buf_done) struct buf row = BUF_INIT;
            char *text = json_dumps(json_object_get(one, "row"), JSON_COMPACT | JSON_SORT_KEYS);

            cr_assert(
                queued_row(json_text_of(item(shown, i), "record"), (uint32_t)json_integer_of(one, "version", 0), &row),
                "%s was not queued", json_text_of(item(shown, i), "record"));
            cr_assert_str_eq(text, buf_text(&row));
            free(text);
            rows++;
        }
    }
    return rows;
}

Test(preview, what_every_proposal_would_send_is_what_it_sends)
{
    AUTO(text_free) char *arguments = NULL;
    AUTO(text_free) char *asked = NULL;
    AUTO(json_release) json_t *shown = NULL;
    AUTO(json_release) json_t *real = NULL;

    imported();
    arguments = order_of_all("overdue", "{'on':'2026-07-31'}", "obligation", LISTING);
    asked = with_order("propose", arguments);
    shown = preview("author", asked, 0);
    cr_assert_gt(items(shown), 50);
    cr_assert_eq(done("propose", "author", arguments, NULL), 0);
    real = report_json(J.last);
    assert_same_rules(shown, real);
    for (size_t i = 0; i < items(shown); i++)
        cr_assert_str_eq(json_text_of(item(shown, i), "record"), json_text_of(item(real, i), "record"));
    cr_assert_eq(done("approve", "reviewer", "{'all':true}", NULL), 0);
    cr_assert_eq(done("push", "author", "{}", NULL), 0);
    cr_assert_eq(assert_rows_equal(shown), items(shown));
}

Test(preview, a_reviewer_and_a_push_see_the_same_rows)
{
    AUTO(text_free) char *arguments = NULL;
    AUTO(text_free) char *asked = NULL;
    AUTO(json_release) json_t *before = NULL;
    AUTO(json_release) json_t *after = NULL;

    imported();
    cr_assert_eq(done("propose", "author", "{" LISTING ",'ground':'energy'}", NULL), 0);
    arguments = order_of_all("waiting", "{}", "record", "");
    asked = with_order("approve", arguments);
    before = preview("reviewer", asked, 0);
    cr_assert_eq(done("approve", "reviewer", arguments, NULL), 0);
    free(TAKE(asked));
    asked = with_order("push", arguments);
    after = preview("author", asked, 0);
    cr_assert_eq(done("push", "author", arguments, NULL), 0);
    cr_assert_eq(assert_rows_equal(before), items(before));
    cr_assert_eq(assert_rows_equal(after), items(before));
    json_decref(TAKE(after));
    after = preview("author", asked, 0);
    cr_assert_str_eq(json_text_of(item(after, 0), "result"), "unchanged");
    cr_assert_eq(sent_count(item(after, 0)), 0);
}

/* --- the ways a record changes --- */

/* One record in force and told; its id in `id`. */
static void told(char id[64])
{
    AUTO(json_release) json_t *list = NULL;
    char text[512];

    imported();
    cr_assert_eq(done("overdue", "author", "{'on':'2026-07-31'}", NULL), 0);
    list = report_json(J.last);
    snprintf(text, sizeof text, "{'ids':['%s']," LISTING "}", json_text_of(item(list, 0), "obligation"));
    cr_assert_eq(done("propose", "author", text, NULL), 0);
    json_decref(TAKE(list));
    list = report_json(J.last);
    snprintf(id, 64, "%s", json_text_of(item(list, 0), "record"));
    cr_assert_eq(done("approve", "reviewer", "{'all':true}", NULL), 0);
    cr_assert_eq(done("push", "author", "{}", NULL), 0);
}

static const char *answered(const json_t *shown, const char *domain, size_t place)
{
    return json_string_value(
        json_array_get(json_object_get(json_object_get(item(shown, 0), "answers"), domain), place));
}

Test(preview, a_change_is_shown_as_it_then_is_and_what_lookups_answer)
{
    static const struct {
        const char *order;
        const char *rest;
        const char *before;
        const char *after;
    } STEPS[] = {{"correct", "'reason':'文号有误','document':'粤工信失信〔2026〕2号'", "listed", "listed"},
                 {"dispute", "'reason':'企业提出异议'", "listed", "listed"},
                 {"settle", "'reason':'异议不成立'", "listed", "listed"},
                 {"correct", "'reason':'收窄','scope':'government'", "listed", "unknown"},
                 {"withdraw", "'reason':'决定已撤销'", "unknown", "not-listed"}};
    char id[64];

    told(id);
    for (size_t i = 0; i < COUNT_OF(STEPS); i++) {
        AUTO(json_release) json_t *shown = NULL;
        char text[512];

        snprintf(text, sizeof text, "{'order':'%s','ids':['%s'],%s}", STEPS[i].order, id, STEPS[i].rest);
        shown = preview("author", text, 0);
        cr_assert_str_eq(json_text_of(item(shown, 0), "result"), "done");
        cr_assert_str_eq(answered(shown, "lending", 0), STEPS[i].before, "%zu", i);
        cr_assert_str_eq(answered(shown, "lending", 1), STEPS[i].after, "%zu: %s", i, J.text.data);
        snprintf(text, sizeof text, "{'ids':['%s'],%s}", id, STEPS[i].rest);
        cr_assert_eq(done(STEPS[i].order, "author", text, NULL), 0);
        cr_assert_eq(done("approve", "reviewer", "{'all':true}", NULL), 0);
        cr_assert_eq(done("push", "author", "{}", NULL), 0);
        (void)assert_rows_equal(shown);
    }
}

Test(preview, what_the_platform_never_took_needs_no_withdrawal)
{
    AUTO(json_release) json_t *shown = NULL;
    char id[64];
    char text[256];

    told(id); /* queued, and nobody fetched it */
    snprintf(text, sizeof text, "{'order':'withdraw','ids':['%s'],'reason':'决定已撤销'}", id);
    shown = preview("author", text, 0);
    cr_assert_eq(sent_count(item(shown, 0)), 0);
    cr_assert_str_eq(
        json_text_of(json_object_get(json_array_get(json_object_get(item(shown, 0), "channels"), 0), "why"), "rule"),
        "push.never-taken");
}

Test(preview, a_repair_that_comes_too_early_is_refused_and_a_good_one_ends_publication)
{
    AUTO(json_release) json_t *shown = NULL;
    char id[64];
    char text[512];

    told(id);
    snprintf(text, sizeof text,
             "{'order':'repair','ids':['%s'],'reason':'已整改','corrected':'核查记录','duties':'履行证明',"
             "'committed_on':'2026-08-02','duties_done':true}",
             id);
    shown = preview("author", text, 1);
    cr_assert_str_eq(json_text_of(json_object_get(item(shown, 0), "why"), "rule"), "record.repair-too-early");
    json_decref(TAKE(shown));
    set_today("2026-12-01");
    shown = preview("author", text, 0);
    cr_assert_str_eq(json_text_of(item(shown, 0), "result"), "done");
    cr_assert_str_eq(answered(shown, "lending", 1), "not-listed");
    cr_assert(strstr(report(J.last, "text"), "公示、共享和使用即行终止"), "%s", J.text.data);
    cr_assert(strstr(J.text.data, "什么都没有改变"), "%s", J.text.data);
}

Test(preview, a_channel_that_is_not_used_gets_nothing_and_it_is_said_why)
{
    AUTO(json_release) json_t *shown = NULL;
    const json_t *channels;
    char id[64];
    char text[256];

    told(id);
    snprintf(text, sizeof text, "{'order':'dispute','ids':['%s'],'reason':'企业提出异议'}", id);
    shown = preview("author", text, 0);
    channels = json_object_get(item(shown, 0), "channels");
    cr_assert_eq(json_array_size(channels), 3);
    cr_assert_str_eq(json_text_of(json_object_get(json_array_get(channels, 1), "why"), "rule"), "push.channel");
    cr_assert_gt(json_array_size(json_object_get(json_array_get(json_object_get(shown, "channels"), 0), "fields")), 15);
    cr_assert_str_eq(
        json_text_of(
            json_array_get(json_object_get(json_array_get(json_object_get(shown, "channels"), 0), "fields"), 0),
            "label"),
        "记录标识");
}
