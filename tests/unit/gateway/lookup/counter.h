/* counter.h - the desk of the commands, and in front of it the counter where questions are asked. Every answer is held
 * against its published schema and against the canonical form, and made twice: from what answers before it left ready,
 * and without. */
#ifndef TESTS_UNIT_GATEWAY_LOOKUP_COUNTER_H
#define TESTS_UNIT_GATEWAY_LOOKUP_COUNTER_H

#include "gateway/lookup/lookup.h"
#include "keys/digest.h"
#include "schemas/schema.h"
#include "tests/unit/gateway/command/desk.h"

#define SAMPLE_CODE "91440224MAYUCHK485"
/* Well-formed, and in no register of these tests. */
#define OTHER_CODE "91440101MAYTEK014M"

static struct {
    struct domains *domains;
    struct lookup_forms *forms;
    struct schema *schema;
    json_t *answer; /* of the last question */
    char *text;
    struct lookup_facts facts;
} C;

static inline bool resolve_consumer(void *context, const char *uri, json_t **document)
{
    (void)context;
    return strcmp(uri, "urn:creditgate:schema:consumer:2026") == 0 &&
           json_read_file(TEST_SOURCE "/schemas/consumer.schema.json", document, &T.err);
}

static inline void counter_open(void)
{
    const struct schema_options options = {.asserts_format = true, .resolve = resolve_consumer};

    desk_open();
    C.forms = lookup_forms_new();
    cr_assert(domains_load(TEST_SOURCE "/adapters/consumers", TEST_SOURCE "/schemas", &C.domains, &T.err), "%s",
              T.err.text);
    cr_assert(schema_load(TEST_SOURCE "/schemas/lookup-answer.schema.json", &options, &C.schema, &T.err), "%s",
              T.err.text);
}

static inline void forget_answer(void)
{
    json_decref(C.answer);
    text_free(C.text);
    C.answer = NULL;
    C.text = NULL;
}

static inline void counter_close(void)
{
    forget_answer();
    schema_free(C.schema);
    lookup_forms_free(C.forms);
    domains_free(C.domains);
    desk_close();
}

/* A caller from a department, without an authorisation. */
static inline struct lookup_question question_to(const char *domain, const char *code)
{
    struct lookup_question question = {.domain = domains_find(C.domains, span_of(domain)),
                                       .uscc = span_of(code),
                                       .purpose = SPAN("decision-review"),
                                       .given = {.matter = SPAN("其他-02491-006"), .case_number = SPAN("2026-0001")},
                                       .is_government = true,
                                       .at_ms = T.now_ms,
                                       .windows = T.windows,
                                       .receipt = "0123-7"};

    cr_assert_not_null(question.domain, "%s", domain);
    return question;
}

static inline void print_problem(void *context, const struct schema_problem *problem)
{
    (void)context;
    fprintf(stderr, "%s: %s\n", problem->instance, problem->en);
}

static inline bool fits_schema(void)
{
    return schema_check(C.schema, C.answer, &(struct schema_report){print_problem, NULL, 10});
}

/* The same bytes as without the forms of other answers, and their digest. */
static inline void check_alone(struct store_txn *txn, struct lookup_question question, struct span answer)
{
    AUTO(buf_done) struct buf alone = BUF_INIT;
    uint8_t digest[2][32];
    struct lookup_facts facts;

    digest_sha256(answer, digest[0]);
    cr_assert_arr_eq(question.sha256, digest[0], 32);
    question.forms = NULL;
    question.shown = NULL;
    question.sha256 = digest[1];
    cr_assert(lookup_by_code(txn, &question, &alone, &facts, &T.err), "%s", T.err.text);
    cr_assert_str_eq(alone.data, answer.at);
    cr_assert_arr_eq(digest[1], digest[0], 32);
}

/* The verdict, or the rule that refused. */
static inline const char *ask(struct lookup_question question)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    AUTO(buf_done) struct buf out = BUF_INIT;
    AUTO(buf_done) struct buf canonical = BUF_INIT;
    uint8_t digest[32];
    bool is_answered;

    question.forms = C.forms;
    question.sha256 = digest;
    is_answered = lookup_by_code(txn, &question, &out, &C.facts, &T.err);
    forget_answer();
    if (!is_answered) {
        cr_assert_eq(out.bytes, 0);
        cr_assert_eq(T.err.code, ERR_INVALID, "%s", T.err.text);
        return T.err.rule;
    }
    check_alone(txn, question, buf_span(&out));
    C.text = memory_copy_span(buf_span(&out));
    cr_assert(json_read(buf_span(&out), JSON_BYTES_MAX, &C.answer, &T.err), "%s: %s", T.err.text, C.text);
    cr_assert(json_canonical_add(C.answer, &canonical, &T.err), "%s", T.err.text);
    cr_assert_str_eq(C.text, canonical.data);
    cr_assert(fits_schema(), "%s", C.text);
    cr_assert_str_eq(json_text_of(C.answer, "verdict"), VERDICT_NAMES[C.facts.verdict]);
    return VERDICT_NAMES[C.facts.verdict];
}

static inline const char *ask_plainly(const char *domain, const char *code)
{
    return ask(question_to(domain, code));
}

/* What held on a day, at noon, asked now. */
static inline const char *ask_as_of(const char *domain, const char *day)
{
    struct lookup_question question = question_to(domain, SAMPLE_CODE);

    question.as_of_ms = day_start_ms(on(day)) + 12 * 3600 * 1000;
    return ask(question);
}

static inline size_t count_of(const char *member)
{
    return json_array_size(json_object_get(C.answer, member));
}

static inline const json_t *item_of(const char *member, size_t index)
{
    return json_array_get(json_object_get(C.answer, member), index);
}

static inline const char *reason_code(void)
{
    const char *code = json_text_of(json_object_get(C.answer, "reason"), "code");

    return code ? code : "";
}

#endif
