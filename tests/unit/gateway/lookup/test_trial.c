/* A domain of our own making: nothing but its file says what may be asked and is told. And what the register said when
 * the journal was shorter. */
#include "tests/unit/gateway/lookup/counter.h"

#include "gateway/lookup/batch.h"

TestSuite(trial, .init = counter_open, .fini = counter_close);

#define BASIS "[{\"source\":\"附件1 主要任务分工表\",\"clause\":\"第18项\",\"status\":\"cited\"}]"
#define MEASURE                                                                                                        \
    "{\"id\":\"water.1\",\"text\":{\"zh\":\"措施\",\"en\":\"measure\"},\"force\":\"may\",\"legal_basis\":" BASIS       \
    ",\"valid_from\":null,\"valid_until\":null}"
#define EDITION(name, from, until)                                                                                     \
    "{\"edition\":\"" name "\",\"from\":" from ",\"until\":" until ",\"list_edition\":{\"name\":\"" name               \
    "年版\",\"verified\":false},\"notes\":[],\"measures\":[" MEASURE "]}"
#define WATER                                                                                                              \
    "{\"domain\":\"water\",\"title\":{\"zh\":\"取水许可\",\"en\":\"water\"},\"system\":{\"zh\":\"试\",\"en\":\"t\"}," \
    "\"seed_rows\":[18],\"notes\":[],\"purposes\":["                                                                       \
    "{\"code\":\"grant\",\"zh\":\"许可\",\"en\":\"grant\",\"requires\":[\"matter\",\"case\",\"authorisation\","          \
    "\"operator\",\"department\"],"                                                                                        \
    "\"personal\":\"masked\"},"                                                                                            \
    "{\"code\":\"inspection\",\"zh\":\"检查\",\"en\":\"inspection\",\"requires\":[],\"personal\":\"shown\"}],"           \
    "\"answers_from\":\"records\",\"feedback\":\"none\",\"records\":{\"scope_2\":\"never\",\"personal\":"                  \
    "[\"facts\",\"name\"],\"members\":[\"record\",\"version\",\"disputed\",\"document\",\"decided_on\","                   \
    "\"listing_authority\",\"facts\",\"name\"]},\"editions\":[" EDITION("2017", "null", "\"2026-08-09\"") "," EDITION(     \
        "2026", "\"2026-08-10\"", "null") "]}"

static void use_water(void)
{
    AUTO(text_free) char *folder = path_join(T.folder, "consumers");
    AUTO(text_free) char *path = path_join(folder, "water.json");

    cr_assert(file_make_folder(folder, 0700, &T.err));
    cr_assert(file_write(path, span_of(WATER), 0600, &T.err), "%s", T.err.text);
    domains_free(C.domains);
    C.domains = NULL;
    cr_assert(domains_load(folder, TEST_SOURCE "/schemas", &C.domains, &T.err), "%s", T.err.text);
}

static struct lookup_question question_for(const char *purpose)
{
    struct lookup_question question = question_to("water", SAMPLE_CODE);

    question.purpose = span_of(purpose);
    question.given.authorisation = SPAN("授权书〔2026〕7号");
    question.given.operator= SPAN("zhangsan");
    question.given.department = SPAN("许可处");
    return question;
}

Test(trial, what_must_come_with_a_question_is_what_the_file_says)
{
    struct lookup_question question;

    (void)listed_sample();
    use_water();
    question = question_for("grant");
    question.given.matter = SPAN_NONE;
    cr_assert_str_eq(ask(question), "query.matter");
    question = question_for("grant");
    question.given.case_number = SPAN_NONE;
    cr_assert_str_eq(ask(question), "query.case");
    question = question_for("grant");
    question.given.authorisation = SPAN_NONE;
    cr_assert_str_eq(ask(question), "query.authorisation");
    question = question_for("grant");
    question.given.operator= SPAN_NONE;
    cr_assert_str_eq(ask(question), "query.operator");
    question = question_for("grant");
    question.given.department = SPAN_NONE;
    cr_assert_str_eq(ask(question), "query.department");
    cr_assert_str_eq(ask(question_for("grant")), "listed");
    question = question_for("inspection");
    question.given = (struct domain_given){.matter = SPAN_NONE};
    cr_assert_str_eq(ask(question), "listed");
}

/* In a batch each subject's authorisation is its own. */
Test(trial, one_subject_without_its_authorisation_does_not_spoil_the_others)
{
    AUTO(lookup_batch_free) struct lookup_batch *batch = lookup_batch_new();
    AUTO(buf_done) struct buf out = BUF_INIT;
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct lookup_batch_code code = {SPAN(SAMPLE_CODE), SPAN_NONE, "0123-7"};
    struct lookup_question question;
    struct lookup_facts facts;
    size_t before;

    (void)listed_sample();
    use_water();
    question = question_for("grant");
    question.given.authorisation = SPAN_NONE;
    txn = reader();
    cr_assert(lookup_batch_begin(batch, txn, &question, &out, &T.err), "%s", T.err.text);
    before = out.bytes;
    cr_assert_not(lookup_batch_add(batch, &code, &out, &facts, &T.err));
    cr_assert_str_eq(T.err.rule, "query.authorisation");
    cr_assert_eq(out.bytes, before);
    code.authorisation = SPAN("授权书〔2026〕7号");
    cr_assert(lookup_batch_add(batch, &code, &out, &facts, &T.err), "%s", T.err.text);
    cr_assert_eq(facts.verdict, VERDICT_LISTED);
    code.authorisation = SPAN_NONE;
    cr_assert_not(lookup_batch_add(batch, &code, &out, &facts, &T.err), "the one before is not this one's");
    cr_assert(lookup_batch_end(batch, &out, &T.err), "%s", T.err.text);
}

Test(trial, personal_data_is_masked_unless_the_purpose_shows_it)
{
    const json_t *record;

    (void)listed_sample();
    use_water();
    cr_assert_str_eq(ask(question_for("grant")), "listed");
    record = item_of("records", 0);
    cr_assert_str_eq(json_text_of(record, "name"), "韶**");
    cr_assert_str_eq(json_text_of(C.answer, "name"), "韶**");
    cr_assert_eq(utf8_count(span_of(json_text_of(record, "facts"))), 3);
    cr_assert_str_eq(json_text_of(record, "document"), "韶工信失信〔2026〕1号");
    cr_assert_eq(count_of("masked"), 2);
    cr_assert_str_eq(json_string_value(item_of("masked", 0)), "facts");
    cr_assert_null(strstr(C.text, "璞廪"), "nowhere in the answer");
    cr_assert_str_eq(ask(question_for("inspection")), "listed");
    cr_assert_not_null(strstr(json_text_of(item_of("records", 0), "name"), "璞廪"));
    cr_assert_null(json_object_get(C.answer, "masked"));
}

Test(trial, what_shows_nothing_masks_nothing)
{
    struct lookup_question question;

    (void)listed_sample();
    use_water();
    question = question_for("grant");
    question.uscc = SPAN(OTHER_CODE);
    cr_assert_str_eq(ask(question), "not-listed");
    cr_assert_null(json_object_get(C.answer, "masked"));
}

/* The first character may be one that JSON escapes. */
Test(trial, a_name_that_begins_with_a_quote_is_masked_whole)
{
    struct obligation row = sample_row();
    struct proposal proposal = sample_proposal();

    row.field[COLUMN_NAME] = SPAN("\"璞\"廪");
    import_row(row);
    cr_assert_str_eq(propose_sample(&proposal), "done");
    cr_assert_str_eq(approve_as("reviewer", T.last.record), "done");
    use_water();
    cr_assert_str_eq(ask(question_for("grant")), "listed");
    cr_assert_str_eq(json_text_of(C.answer, "name"), "**");
}

Test(trial, a_record_of_scope_2_is_never_told_where_the_file_says_so)
{
    struct proposal proposal = sample_proposal();

    import_row(sample_row());
    proposal.scope = SCOPE_AUTHORISED;
    cr_assert_str_eq(propose_sample(&proposal), "done");
    cr_assert_str_eq(approve_as("reviewer", T.last.record), "done");
    use_water();
    cr_assert_str_eq(ask(question_for("grant")), "unknown");
    cr_assert_str_eq(reason_code(), "withheld");
}

Test(trial, the_edition_of_the_day_is_named)
{
    struct lookup_question question;

    (void)listed_sample(); /* 2026-08-03 */
    T.now_ms += INT64_C(30) * 24 * 3600 * 1000;
    use_water();
    question = question_for("inspection");
    cr_assert_str_eq(ask(question), "listed");
    cr_assert(span_starts(span_of(json_text_of(C.answer, "rules")), "water/2026@"));
    cr_assert_str_eq(json_text_of(C.answer, "list_edition"), "2026年版");
    question.as_of_ms = day_start_ms(on("2026-08-09")) + 1;
    cr_assert_str_eq(ask(question), "listed");
    cr_assert(span_starts(span_of(json_text_of(C.answer, "rules")), "water/2017@"));
    cr_assert_str_eq(json_text_of(C.answer, "list_edition"), "2017年版");
}

/* --- as of a sequence --- */

static const char *ask_after(uint64_t events)
{
    struct lookup_question question = question_to("tax", SAMPLE_CODE);

    question.as_of_sequence = events;
    return ask(question);
}

/* All four events carry one instant: only their order tells them apart. */
Test(trial, what_the_register_said_after_each_event)
{
    static const char *const VERDICTS[] = {"unknown", "not-listed", "not-listed", "listed"};

    (void)listed_sample(); /* recorded, import finished, proposed, approved */
    for (uint64_t events = 1; events <= COUNT_OF(VERDICTS); events++) {
        cr_assert_str_eq(ask_after(events), VERDICTS[events - 1], "%llu", (unsigned long long)events);
        cr_assert_eq(C.facts.sequence, events);
    }
    cr_assert_str_eq(ask_after(COUNT_OF(VERDICTS) + 1), "lookup.future");
    cr_assert_str_eq(ask_after(UINT64_MAX), "lookup.future");
}

Test(trial, before_the_register_was_complete_nothing_can_be_said)
{
    (void)listed_sample();
    cr_assert_str_eq(ask_after(1), "unknown");
    cr_assert_str_eq(reason_code(), "before-register");
}

/* A question about an earlier sequence is no way around a withdrawal either. */
Test(trial, what_was_withdrawn_since_is_not_told_as_of_before)
{
    char id[RECORD_ID_BYTES];
    struct lookup_question question;
    struct proposal withdrawal;

    memcpy(id, listed_sample(), sizeof id);
    withdrawal = blank_change(OP_WITHDRAWN);
    cr_assert_str_eq(change(id, withdrawal), "done");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "not-listed");
    cr_assert_str_eq(ask_after(4), "unknown");
    cr_assert_str_eq(reason_code(), "withheld");
    question = question_to("tax", SAMPLE_CODE);
    question.as_of_sequence = 4;
    question.is_internal = true;
    cr_assert_str_eq(ask(question), "listed");
}
