#include "gateway/registry/record.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "gateway/registry/sentences.h"

static struct record sample(void)
{
    struct record record = {.version = 1,
                            .op = OP_NEW,
                            .basis_version = 3,
                            .ground = GROUND_SAFETY,
                            .severity = SEVERITY_SERIOUS,
                            .scope = SCOPE_GOVERNMENT,
                            .decided_on = 20668,
                            .due = 20512,
                            .publication_end = 21764,
                            .proposed_ms = 1785720000123,
                            .name = span_of("某“钢铁”\"公司\"\\"),
                            .uscc = span_of("91440224MAYUCHK485"),
                            .facts = span_of("事实\n换行"),
                            .proposed_by = span_of("author")};

    record_id(record.obligation, 0, record.id);
    return record;
}

static bool is_read(struct buf *json, const char *from, const char *to)
{
    AUTO(buf_done) struct buf changed = BUF_INIT, hold = BUF_INIT;
    const char *at = strstr(buf_text(json), from);
    struct record record;
    struct error err;

    cr_assert(at, "%s", from);
    buf_add(&changed, json->data, (size_t)(at - json->data));
    buf_add_text(&changed, to);
    buf_add_text(&changed, at + strlen(from));
    return record_from_json(buf_span(&changed), &record, &hold, &err);
}

Test(record, what_is_not_as_it_was_written_is_refused)
{
    static const char *const CHANGES[][2] = {
        {"\"version\":1", "\"version\":0"},
        {"\"severity\":3", "\"severity\":4"},
        {"\"op\":1", "\"op\":7"},
        {"\"scope\":1", "\"scope\":3"},
        {"\"ground\":\"safety\"", "\"ground\":\"x\""},
        {"\"disputed\":false", "\"disputed\":0"},
        {",\"scope\":1", ""},
        {"\"decided_on\":\"2026", "\"decided_on\":\"9926"},
        {"\"record\":\"R", "\"record\":\"X"},
        {"{\"approved_at\"", "{\"a\":1,\"approved_at\""},
    };
    AUTO(buf_done) struct buf json = BUF_INIT;
    struct record record = sample();

    record_json_add(&record, &json);
    cr_assert(is_read(&json, "\"version\":1", "\"version\":1"));
    for (size_t i = 0; i < COUNT_OF(CHANGES); i++)
        cr_assert_not(is_read(&json, CHANGES[i][0], CHANGES[i][1]), "%s", CHANGES[i][1]);
}

Test(record, its_json_reads_back_to_the_same_bytes)
{
    AUTO(buf_done) struct buf json = BUF_INIT, again = BUF_INIT, hold = BUF_INIT;
    struct record record = sample(), read;
    struct error err;

    record_json_add(&record, &json);
    cr_assert(record_from_json(buf_span(&json), &read, &hold, &err), "%s", err.text);
    cr_assert(span_equal(read.name, record.name));
    cr_assert(span_equal(read.facts, record.facts));
    record_json_add(&read, &again);
    cr_assert_str_eq(buf_text(&again), buf_text(&json));
}

/* What few records have is left out where it is not, so that the bytes sealed before it existed stay what they were. */
Test(record, what_only_some_have_is_left_out_of_the_others)
{
    static const char *const CHANGES[][2] = {{"\"statute\":\"第36号\"", "\"statute\":null"},
                                             {"\"duties\":\"证明\"", "\"duties\":\"\""},
                                             {"\"corrected\":\"核查\"", "\"corrected\":1"}};
    AUTO(buf_done) struct buf json = BUF_INIT, again = BUF_INIT, hold = BUF_INIT, proposal = BUF_INIT;
    struct record record = sample(), read;
    struct error err;

    record_json_add(&record, &json);
    cr_assert_null(strstr(buf_text(&json), "\"statute\""));
    cr_assert_null(strstr(buf_text(&json), "\"duties\""));
    cr_assert_null(strstr(buf_text(&json), "\"corrected\""));
    record.corrected = span_of("核查");
    record.duties = span_of("证明");
    record.statute = span_of("第36号");
    buf_clear(&json);
    record_json_add(&record, &json);
    cr_assert(record_from_json(buf_span(&json), &read, &hold, &err), "%s", err.text);
    record_json_add(&read, &again);
    cr_assert_str_eq(buf_text(&again), buf_text(&json));
    record_proposal_add(&record, &proposal);
    cr_assert_not_null(strstr(buf_text(&proposal), "\"duties\":\"证明\""));
    cr_assert_null(strstr(buf_text(&proposal), "proposed_"));
    cr_assert_null(strstr(buf_text(&proposal), "approved_"));
    for (size_t i = 0; i < COUNT_OF(CHANGES); i++)
        cr_assert_not(is_read(&json, CHANGES[i][0], CHANGES[i][1]), "%s", CHANGES[i][1]);
}

Test(record, ids_differ_by_ordinal)
{
    struct record record = sample();
    char next[RECORD_ID_BYTES];

    record_id(record.obligation, 1, next);
    cr_assert(record_id_is_valid(span_of(next)));
    cr_assert_str_neq(next, record.id);
    cr_assert_not(record_id_is_valid(span_of("R0123")));
    cr_assert_not(record_id_is_valid(SPAN_NONE));
}

static struct obligation order(void)
{
    return (struct obligation){.field = {[COLUMN_NAME] = span_of("甲公司"),
                                         [COLUMN_INDUSTRY] = span_of("水泥"),
                                         [COLUMN_AUTHORITY] = span_of("某局"),
                                         [COLUMN_DOCUMENT] = span_of("某〔2025〕1号"),
                                         [COLUMN_MEASURE] = span_of("限期整改"),
                                         [COLUMN_EQUIPMENT] = span_of("立窑"),
                                         [COLUMN_CAPACITY] = span_of("30"),
                                         [COLUMN_CAPACITY_UNIT] = span_of("万吨/年")},
                               .ground = GROUND_ENERGY,
                               .state = STATE_OVERDUE,
                               .order_date = day_from_civil(2025, 8, 31),
                               .deadline = day_from_civil(2026, 2, 28),
                               .extended_to = DAY_NONE,
                               .exit_date = DAY_NONE};
}

Test(record, the_sentences_fit_whatever_the_register_holds)
{
    AUTO(buf_done) struct buf huge = BUF_INIT, facts = BUF_INIT, text = BUF_INIT;
    struct obligation row = order();

    for (int i = 0; i < 20000; i++)
        buf_add_text(&huge, "炉\n");
    for (int i = 0; i < COLUMN_COUNT; i++)
        row.field[i] = buf_span(&huge);
    row.extended_to = row.deadline + 30;
    sentence_facts_add(&row, &facts);
    sentence_order_add(&row, &text);
    cr_assert_leq(facts.bytes, RECORD_FACTS_MAX);
    cr_assert_leq(text.bytes, RECORD_FACTS_MAX);
    cr_assert(utf8_is_valid(buf_span(&facts), NULL));
    cr_assert_null(memchr(facts.data, '\n', facts.bytes));
}

/* Such numbers end in 延期 themselves: 号延期延期至 would read as a mistake. */
Test(record, the_facts_name_the_document_of_an_extension)
{
    AUTO(buf_done) struct buf facts = BUF_INIT;
    struct obligation row = order();

    row.extended_to = day_from_civil(2026, 5, 28);
    row.field[COLUMN_EXTENSION_DOCUMENT] = span_of("韶经信节能〔2017〕10号延期");
    sentence_facts_add(&row, &facts);
    cr_assert_not_null(strstr(buf_text(&facts), "，经韶经信节能〔2017〕10号延期批准延期至2026年5月28日，"));
}

Test(record, the_facts_name_ground_facility_capacity_and_both_days)
{
    AUTO(buf_done) struct buf facts = BUF_INIT;
    struct obligation row = order();

    row.extended_to = day_from_civil(2026, 5, 28);
    sentence_facts_add(&row, &facts);
    cr_assert_str_eq(
        buf_text(&facts),
        "水泥企业甲公司在能耗方面达不到强制性能耗限额标准要求，应退出的主体设备（生产线）为立窑，产能30万吨/年；"
        "退出期限为2026年2月28日，经批准延期至2026年5月28日，逾期未退出。");
}
