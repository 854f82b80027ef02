/* Verdicts: first every way in which one could be wrong. */
#include "tests/unit/gateway/lookup/counter.h"

#include "base/encode.h"

TestSuite(lookup, .init = counter_open, .fini = counter_close);

static const char *const RECORD_DOMAINS[] = {"bond-issuance",        "fund-support",   "government-procurement",
                                             "land-supply",          "lending",        "production-licence",
                                             "public-works-bidding", "safety-licence", "tax"};

static const char *ask_code(struct span code)
{
    struct lookup_question question = question_to("tax", SAMPLE_CODE);

    question.uscc = code;
    return ask(question);
}

Test(lookup, a_wrong_code_is_refused_by_the_check_that_failed)
{
    static const struct {
        struct span code;
        const char *rule;
    } CASES[] = {
        {SPAN(""), "uscc.length"},
        {SPAN("91440224MAYUCHK48"), "uscc.length"},
        {SPAN("91440224MAYUCHK4855"), "uscc.length"},
        {SPAN("91440224MAYUCHK485\0"), "uscc.length"},
        {SPAN("9144022\0MAYUCHK485"), "uscc.character"},
        {SPAN("91440224MAYUCH\r\n85"), "uscc.character"},
        {SPAN("91440224\"},{CHK485"), "uscc.character"},
        {SPAN("\xff\xfe"
              "440224MAYUCHK485"),
         "uscc.character"},
        {SPAN("韶关市璞廪钢"), "uscc.character"},
        {SPAN("91440224MAYUCHK48O"), "uscc.character"},
        {SPAN("91440224mayuchk485"), "uscc.character"},
        {SPAN("91440224MAYUCHK486"), "uscc.check"},
        {SPAN("91440224MAYUCKH485"), "uscc.check"},
    };

    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        cr_assert_str_eq(ask_code(CASES[i].code), CASES[i].rule, "case %zu", i);
        cr_assert(utf8_is_valid(span_of(T.err.text), NULL));
        cr_assert(utf8_is_valid(span_of(T.err.zh), NULL) && T.err.zh[0]);
    }
}

Test(lookup, ten_thousand_bytes_are_no_code)
{
    enum { BYTES = 10000 };
    AUTO(text_free) char *code = memory_new(BYTES + 1);

    memset(code, '9', BYTES);
    cr_assert_str_eq(ask_code((struct span){code, BYTES}), "uscc.length");
    cr_assert_lt(strlen(T.err.text), 100);
}

Test(lookup, a_wrong_inner_organisation_check_is_no_wrong_code)
{
    import_row(sample_row());
    cr_assert_str_eq(ask_plainly("tax", "91440101MAYTEK040C"), "not-listed");
}

Test(lookup, a_purpose_of_another_domain_is_refused)
{
    struct lookup_question question = question_to("tax", SAMPLE_CODE);

    question.purpose = SPAN("land-grant");
    cr_assert_str_eq(ask(question), "lookup.purpose");
    question.purpose = SPAN_NONE;
    cr_assert_str_eq(ask(question), "lookup.purpose");
}

Test(lookup, nothing_is_said_about_the_future)
{
    struct lookup_question question = question_to("tax", SAMPLE_CODE);

    (void)listed_sample();
    question.as_of_ms = T.now_ms + 1;
    cr_assert_str_eq(ask(question), "lookup.future");
}

Test(lookup, without_a_register_every_domain_answers_unknown)
{
    const struct domain *domain;

    for (size_t i = 0; (domain = domains_at(C.domains, i)); i++) {
        cr_assert_str_eq(ask_plainly(domain_name(domain), OTHER_CODE), "unknown");
        cr_assert_str_eq(reason_code(), "register-empty");
        cr_assert_eq(C.facts.sequence, 0);
    }
}

Test(lookup, an_import_that_brought_nothing_makes_no_register)
{
    (void)import_rows(NULL, 0);
    cr_assert_str_eq(ask_plainly("tax", OTHER_CODE), "unknown");
}

static bool damage(struct store_txn *txn, void *context, struct error *err)
{
    store_put(txn, STORE_SUBJECTS, SPAN(SAMPLE_CODE), *(const struct span *)context);
    return store_txn_is_good(txn, err);
}

/* A read that fails is an error, and what was in the buffer stays as it was. */
Test(lookup, a_store_that_cannot_be_read_is_never_an_answer)
{
    AUTO(buf_done) struct buf whole = BUF_INIT;
    AUTO(buf_done) struct buf out = BUF_INIT;
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct lookup_question question = question_to("tax", SAMPLE_CODE);
    struct lookup_facts facts = {.records = 77};
    struct span value, half;

    (void)listed_sample();
    txn = reader();
    cr_assert(store_get(txn, STORE_SUBJECTS, SPAN(SAMPLE_CODE), &value));
    buf_add_span(&whole, value);
    half = (struct span){whole.data, whole.bytes / 2};
    store_abort(TAKE(txn));
    cr_assert(store_write(T.store, damage, &half, &T.err), "%s", T.err.text);
    txn = reader();
    buf_add_text(&out, "before");
    cr_assert_not(lookup_by_code(txn, &question, &out, &facts, &T.err));
    cr_assert_eq(T.err.code, ERR_CORRUPT);
    cr_assert(span_is(buf_span(&out), "before"));
    cr_assert_eq(facts.records, 77);
    store_abort(TAKE(txn));
    half = buf_span(&whole);
    cr_assert(store_write(T.store, damage, &half, &T.err), "%s", T.err.text);
}

/* What was asked for ahead may be anything, and answers stay what they are. */
Test(lookup, whatever_is_asked_for_ahead_no_answer_changes)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct span codes[] = {SPAN(OTHER_CODE),           SPAN("short"),     SPAN_NONE,
                           SPAN(SAMPLE_CODE),          SPAN(SAMPLE_CODE), SPAN("zzzzzzzzzzzzzzzzzz"),
                           SPAN("91440224MAYUCHK4855")};

    txn = reader();
    lookup_ahead(txn, codes, COUNT_OF(codes)); /* of a register that is empty */
    store_abort(txn);
    (void)listed_sample();
    txn = reader();
    lookup_ahead(txn, codes, 0);
    lookup_ahead(txn, codes, COUNT_OF(codes));
    cr_assert(store_txn_is_good(txn, &T.err), "%s", T.err.text);
    cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "listed");
    cr_assert_str_eq(ask_plainly("tax", OTHER_CODE), "not-listed");
}

Test(lookup, a_code_that_is_not_in_the_register_is_not_listed)
{
    (void)listed_sample();
    cr_assert_str_eq(ask_plainly("tax", OTHER_CODE), "not-listed");
    cr_assert(json_is_null(json_object_get(C.answer, "name")));
    cr_assert_eq(C.facts.records, 0);
    cr_assert_gt(C.facts.sequence, 0);
}

/* That an enterprise is in the register at all is nobody's business before a record is in force. */
Test(lookup, what_is_only_in_the_register_reads_like_what_is_not)
{
    AUTO(text_free) char *known = NULL;
    char *code;

    import_row(sample_row());
    cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "not-listed");
    known = memory_copy_text(C.text);
    code = strstr(known, SAMPLE_CODE);
    cr_assert_not_null(code);
    memcpy(code, OTHER_CODE, strlen(OTHER_CODE));
    cr_assert_str_eq(ask_plainly("tax", OTHER_CODE), "not-listed");
    cr_assert_str_eq(C.text, known);
}

Test(lookup, proposed_and_returned_records_are_not_listed)
{
    struct proposal proposal = sample_proposal();
    char id[RECORD_ID_BYTES];

    import_row(sample_row());
    cr_assert_str_eq(propose_sample(&proposal), "done");
    memcpy(id, T.last.record, sizeof id);
    cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "not-listed");
    cr_assert_str_eq(return_it(id, "材料不全"), "done");
    cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "not-listed");
}

Test(lookup, an_effective_record_is_listed_in_every_domain_of_row_18)
{
    const char *id = listed_sample();

    for (size_t i = 0; i < COUNT_OF(RECORD_DOMAINS); i++) {
        cr_assert_str_eq(ask_plainly(RECORD_DOMAINS[i], SAMPLE_CODE), "listed", "%s", RECORD_DOMAINS[i]);
        cr_assert_eq(C.facts.records, 1);
        cr_assert_str_eq(json_text_of(item_of("records", 0), "record"), id);
        cr_assert_gt(count_of("measures"), 0);
        cr_assert_str_eq(json_text_of(C.answer, "receipt"), "0123-7");
        cr_assert_str_eq(json_text_of(C.answer, "name"), "韶关市璞廪钢铁有限公司");
    }
}

Test(lookup, a_record_is_seen_even_when_the_clock_was_set_back)
{
    (void)listed_sample();
    T.now_ms -= 3600 * 1000;
    cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "listed");
    T.now_ms += 3600 * 1000;
}

Test(lookup, before_there_was_a_register_nothing_can_be_said)
{
    set_today("2026-08-01");
    T.desk.person = "author";
    import_row(sample_row());
    set_today("2026-08-05");
    cr_assert_str_eq(ask_as_of("tax", "2026-07-31"), "unknown");
    cr_assert_str_eq(reason_code(), "before-register");
    cr_assert_str_eq(ask_as_of("power-price", "2026-07-31"), "unknown");
    cr_assert_str_eq(ask_as_of("tax", "2026-08-02"), "not-listed");
}

/* The sample is imported on 2026-08-01 and listed on 2026-08-03. */
static const char *listed_later(int scope)
{
    static char id[RECORD_ID_BYTES];
    struct proposal proposal = sample_proposal();

    set_today("2026-08-01");
    import_row(sample_row());
    set_today("2026-08-03");
    proposal.scope = scope;
    cr_assert_str_eq(propose_sample(&proposal), "done");
    memcpy(id, T.last.record, sizeof id);
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    return id;
}

static void end_record(const char *id, enum record_op op)
{
    struct proposal proposal = blank_change(op);

    proposal.statement = span_of("已拆除，并作出信用承诺");
    proposal.corrected = span_of("拆除现场核查记录");
    proposal.duties = span_of("处置完毕证明");
    proposal.duties_done = true;
    cr_assert_str_eq(change(id, proposal), "done");
    cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "listed", "not before the second person");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
}

static const char *ask_inside(const char *day)
{
    struct lookup_question question = question_to("tax", SAMPLE_CODE);

    question.is_internal = true;
    question.as_of_ms = day_start_ms(on(day)) + 12 * 3600 * 1000;
    return ask(question);
}

Test(lookup, as_of_a_day_before_the_listing_it_is_not_listed)
{
    (void)listed_later(SCOPE_PUBLIC);
    set_today("2026-09-01");
    cr_assert_str_eq(ask_as_of("tax", "2026-08-02"), "not-listed");
    cr_assert_str_eq(ask_as_of("tax", "2026-08-03"), "listed");
    cr_assert_str_eq(ask_as_of("tax", "2026-08-31"), "listed");
    cr_assert_str_eq(json_text_of(json_object_get(C.answer, "as_of"), "at"), "2026-08-31T12:00:00.000+08:00");
}

/* It should not have been: told to nobody outside, not even as of the days on which it stood there. */
Test(lookup, a_withdrawn_record_is_gone_for_outsiders_on_every_day)
{
    const char *id = listed_later(SCOPE_PUBLIC);

    set_today("2026-09-01");
    end_record(id, OP_WITHDRAWN);
    set_today("2026-09-02");
    cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "not-listed");
    cr_assert_str_eq(ask_as_of("tax", "2026-08-02"), "not-listed");
    cr_assert_str_eq(ask_as_of("tax", "2026-08-20"), "unknown");
    cr_assert_str_eq(reason_code(), "withheld");
    cr_assert_null(strstr(C.text, id));
    cr_assert_null(strstr(C.text, "璞廪"));
    cr_assert_str_eq(ask_inside("2026-08-20"), "listed");
}

Test(lookup, a_repair_stops_sharing_on_every_day)
{
    const char *id = listed_later(SCOPE_PUBLIC);

    set_today("2026-11-10");
    end_record(id, OP_REPAIRED);
    set_today("2026-11-12");
    for (size_t i = 0; i < COUNT_OF(RECORD_DOMAINS); i++)
        cr_assert_str_eq(ask_plainly(RECORD_DOMAINS[i], SAMPLE_CODE), "not-listed", "%s", RECORD_DOMAINS[i]);
    cr_assert_str_eq(ask_as_of("lending", "2026-10-01"), "unknown");
    cr_assert_str_eq(reason_code(), "withheld");
    cr_assert_str_eq(ask_as_of("lending", "2026-11-11"), "not-listed");
    cr_assert_str_eq(ask_inside("2026-10-01"), "listed");
    cr_assert_str_eq(json_text_of(item_of("records", 0), "record"), id);
}

/* At the first instant of the day after, in Asia/Shanghai: 16:00 UTC of the last day. */
Test(lookup, publication_ends_at_midnight_of_shanghai)
{
    listed_sample();
    T.now_ms = day_start_ms(on("2027-08-04")) - 1;
    cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "listed");
    T.now_ms++;
    cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "not-listed");
}

/* The keeper's version changes nothing that was not so before, now and as of the days before. */
Test(lookup, the_end_by_law_is_told_like_the_end_itself)
{
    struct tally tally = {0};

    listed_sample();
    set_today("2027-08-03");
    cr_assert(command_expire(&T.desk, NULL, NULL, &tally, &T.err), "%s", T.err.text);
    cr_assert_eq(tally.done, 0);
    cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "listed");
    set_today("2027-08-06");
    cr_assert(command_expire(&T.desk, NULL, NULL, &tally, &T.err), "%s", T.err.text);
    cr_assert_eq(tally.done, 1);
    cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "not-listed");
    cr_assert_str_eq(ask_as_of("tax", "2027-08-03"), "listed");
    cr_assert_str_eq(ask_as_of("tax", "2027-08-04"), "not-listed", "the day before it was made, and after the end");
    cr_assert_str_eq(ask_as_of("tax", "2027-08-05"), "not-listed");
}

/* A law of 2027 halves the maximum: the record that was listed for a year ends with it. */
Test(lookup, a_shorter_maximum_ends_what_was_listed_for_longer)
{
    static const char LAW[] = "{\"windows\":["
                              "{\"basis\":\"old\",\"certainty\":\"F\",\"source\":\"x\",\"from\":null,\"until\":"
                              "\"2026-12-31\",\"severity\":2,\"min_months\":3,\"max_months\":12},"
                              "{\"basis\":\"new\",\"certainty\":\"F\",\"source\":\"x\",\"from\":\"2027-01-01\","
                              "\"until\":null,\"severity\":2,\"min_months\":3,\"max_months\":6}]}";
    AUTO(windows_free) struct windows *law = NULL;
    struct lookup_question question;

    listed_sample();
    cr_assert(windows_parse(span_of(LAW), &law, &T.err), "%s", T.err.text);
    set_today("2027-02-03");
    question = question_to("tax", SAMPLE_CODE);
    question.windows = law;
    cr_assert_str_eq(ask(question), "listed");
    set_today("2027-02-04");
    cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "listed", "by the law that it was listed under");
    question.at_ms = T.now_ms;
    cr_assert_str_eq(ask(question), "not-listed");
}

Test(lookup, publication_ends_by_itself)
{
    (void)listed_later(SCOPE_PUBLIC);
    set_today("2027-08-03");
    cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "listed", "the last day counts");
    set_today("2027-08-04");
    cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "not-listed");
    cr_assert_str_eq(ask_as_of("tax", "2027-08-03"), "listed", "it was published that day");
}

Test(lookup, a_disputed_record_stays_visible_and_is_marked)
{
    const char *id = listed_later(SCOPE_PUBLIC);

    cr_assert(json_is_false(json_object_get((ask_plainly("lending", SAMPLE_CODE), item_of("records", 0)), "disputed")));
    cr_assert_str_eq(change(id, blank_change(OP_DISPUTED)), "done");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    for (size_t i = 0; i < COUNT_OF(RECORD_DOMAINS); i++) {
        cr_assert_str_eq(ask_plainly(RECORD_DOMAINS[i], SAMPLE_CODE), "listed");
        cr_assert_eq(count_of("records"), 1);
        cr_assert(json_is_true(json_object_get(item_of("records", 0), "disputed")), "%s", RECORD_DOMAINS[i]);
    }
}

struct caller {
    bool is_government;
    bool is_authorised;
};

static const char *ask_by(struct caller caller)
{
    struct lookup_question question = question_to("public-works-bidding", SAMPLE_CODE);

    question.is_government = caller.is_government;
    question.given.authorisation = caller.is_authorised ? SPAN("授权书〔2026〕7号") : SPAN_NONE;
    return ask(question);
}

/* domain.md 5.5: 0 freely, 1 only a department, 2 only with an authorisation. */
Test(lookup, a_record_is_told_as_far_as_its_scope_and_the_caller_allow)
{
    static const struct {
        int scope;
        struct caller caller;
        const char *verdict;
    } CASES[] = {
        {SCOPE_PUBLIC, {false, false}, "listed"},      {SCOPE_PUBLIC, {true, false}, "listed"},
        {SCOPE_GOVERNMENT, {false, false}, "unknown"}, {SCOPE_GOVERNMENT, {false, true}, "unknown"},
        {SCOPE_GOVERNMENT, {true, false}, "listed"},   {SCOPE_GOVERNMENT, {true, true}, "listed"},
        {SCOPE_AUTHORISED, {false, false}, "unknown"}, {SCOPE_AUTHORISED, {true, false}, "unknown"},
        {SCOPE_AUTHORISED, {false, true}, "listed"},   {SCOPE_AUTHORISED, {true, true}, "listed"},
    };
    int scope = SCOPE_PUBLIC;
    const char *id = listed_later(scope);

    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        if (CASES[i].scope != scope) {
            struct proposal proposal = blank_change(OP_CHANGED);

            proposal.scope = scope = CASES[i].scope;
            cr_assert_str_eq(change(id, proposal), "done");
            cr_assert_str_eq(approve_as("reviewer", id), "done");
        }
        cr_assert_str_eq(ask_by(CASES[i].caller), CASES[i].verdict, "case %zu", i);
        if (strcmp(CASES[i].verdict, "listed") == 0)
            continue;
        cr_assert_str_eq(reason_code(), "withheld");
        cr_assert_null(strstr(C.text, id));
        cr_assert_null(strstr(C.text, "璞廪"));
    }
}

Test(lookup, a_scope_that_was_narrowed_counts_for_earlier_days_too)
{
    const char *id = listed_later(SCOPE_PUBLIC);
    struct proposal proposal = blank_change(OP_CHANGED);

    set_today("2026-09-01");
    proposal.scope = SCOPE_GOVERNMENT;
    cr_assert_str_eq(change(id, proposal), "done");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    set_today("2026-09-02");
    struct lookup_question question = question_to("lending", SAMPLE_CODE);
    question.is_government = false;
    question.as_of_ms = day_start_ms(on("2026-08-20"));
    cr_assert_str_eq(ask(question), "unknown");
    question.is_government = true;
    cr_assert_str_eq(ask(question), "listed");
}

Test(lookup, of_several_records_only_those_that_may_be_told_are)
{
    struct proposal proposal = sample_proposal();
    struct obligation other = sample_row();
    const char *id = listed_later(SCOPE_PUBLIC);

    other.field[COLUMN_EQUIPMENT] = span_of("30吨转炉");
    import_row(other);
    proposal.scope = SCOPE_AUTHORISED;
    cr_assert_str_eq(propose_row(other, &proposal), "done");
    cr_assert_str_eq(approve_as("reviewer", T.last.record), "done");
    cr_assert_str_eq(ask_by((struct caller){true, false}), "listed");
    cr_assert_eq(count_of("records"), 1);
    cr_assert_str_eq(json_text_of(item_of("records", 0), "record"), id);
    cr_assert_str_eq(ask_by((struct caller){false, true}), "listed");
    cr_assert_eq(count_of("records"), 2);
    end_record(id, OP_WITHDRAWN);
    cr_assert_str_eq(ask_by((struct caller){true, false}), "unknown", "what is left is withheld");
    cr_assert_str_eq(ask_by((struct caller){true, true}), "listed");
}

/* The register was corrected after the listing; until somebody withdraws the record, nobody is told that it is late. */
Test(lookup, a_record_that_the_register_contradicts_is_not_told)
{
    static const struct {
        enum column column[2];
        const char *value[2];
    } CASES[] = {
        {{COLUMN_STATE, COLUMN_REMARK}, {"已撤销", ""}},
        {{COLUMN_STATE, COLUMN_EXIT_DATE}, {"按期退出", "2026-02-01"}},
        {{COLUMN_DEADLINE, COLUMN_REMARK}, {"2026-12-31", ""}},
        {{COLUMN_EXTENDED_TO, COLUMN_EXTENSION_DOCUMENT}, {"2026-08-03", "韶工信延〔2026〕1号"}},
    };
    const char *id = listed_later(SCOPE_PUBLIC);

    set_today("2026-09-01");
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct obligation row = sample_row();

        for (size_t j = 0; j < 2; j++)
            row.field[CASES[i].column[j]] = span_of(CASES[i].value[j]);
        import_row(row);
        cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "unknown", "case %zu", i);
        cr_assert_str_eq(reason_code(), "withheld");
        cr_assert_null(strstr(C.text, id));
        T.now_ms += 60000;
        cr_assert_str_eq(ask_as_of("tax", "2026-08-20"), "unknown", "case %zu, as of a day before", i);
        cr_assert_str_eq(ask_inside("2026-08-20"), "listed");
        import_row(sample_row());
        cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "listed");
    }
}

Test(lookup, a_late_exit_leaves_the_record_in_force)
{
    struct obligation row = sample_row();

    (void)listed_later(SCOPE_PUBLIC);
    row.field[COLUMN_STATE] = span_of("逾期后退出");
    row.field[COLUMN_EXIT_DATE] = span_of("2026-08-02");
    import_row(row);
    cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "listed");
}
