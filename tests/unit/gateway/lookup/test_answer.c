/* What an answer shows: members, measures, obligations, support. */
#include "tests/unit/gateway/lookup/counter.h"

#include "base/encode.h"
#include "gateway/lookup/domain_parts.h"

TestSuite(answer, .init = counter_open, .fini = counter_close);

static size_t members_of(const json_t *object)
{
    return json_object_size(object);
}

/* The tables of domain_load.c are those of the registry: who may see everything sees the item as it is. */
Test(answer, whoever_may_see_everything_sees_every_member_of_a_record)
{
    (void)listed_sample();
    cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "listed");
    cr_assert_eq(members_of(item_of("records", 0)), DOMAIN_RECORD_MEMBERS);
    for (size_t i = 0; i < DOMAIN_RECORD_MEMBERS; i++)
        cr_assert_not_null(json_object_get(item_of("records", 0), DOMAIN_RECORD_MEMBER[i]));
}

Test(answer, a_bank_sees_less_than_the_tax_bureau)
{
    static const char *const HIDDEN[] = {"facts", "industry", "listed_at", "op", "scope"};

    (void)listed_sample();
    cr_assert_str_eq(ask_plainly("lending", SAMPLE_CODE), "listed");
    cr_assert_eq(members_of(item_of("records", 0)), DOMAIN_RECORD_MEMBERS - COUNT_OF(HIDDEN));
    for (size_t i = 0; i < COUNT_OF(HIDDEN); i++)
        cr_assert_null(json_object_get(item_of("records", 0), HIDDEN[i]), "%s", HIDDEN[i]);
    cr_assert_str_eq(json_text_of(item_of("records", 0), "document"), "韶工信失信〔2026〕1号");
    cr_assert_str_eq(json_text_of(item_of("records", 0), "listing_authority"), "韶关市工业和信息化局");
    cr_assert_str_eq(json_text_of(item_of("records", 0), "decided_on"), "2026-08-03");
    cr_assert_null(strstr(C.text, "25吨转炉"), "the facts name the equipment");
}

/* ask() compares each answer with one that was made alone: here whatever a form depends on changes from one to the
 * next, and comes back. */
Test(answer, what_is_ready_of_one_answer_never_stands_in_one_that_is_not_alike)
{
    static const char *const CODES[] = {SAMPLE_CODE, OTHER_CODE};
    size_t answered = 0;

    (void)listed_sample();
    for (size_t round = 0; round < 8; round++) {
        const struct domain *domain;

        for (size_t i = 0; (domain = domains_at(C.domains, i)); i++) {
            for (size_t j = 0; j < domain->purpose_count; j++) {
                struct lookup_question question = question_to(domain->name, CODES[round & 1]);

                question.purpose = domain->purposes[j].code;
                question.given.authorisation = SPAN("a");
                question.given.operator= SPAN("o");
                question.given.department = SPAN("d");
                question.is_test = round & 2;
                question.at_ms = T.now_ms + (int64_t)(round & 4);
                (void)ask(question);
                cr_assert_str_eq(json_text_of(C.answer, "domain"), domain->name);
                cr_assert(span_equal(span_of(json_text_of(C.answer, "purpose")), question.purpose));
                answered++;
            }
        }
    }
    cr_assert_gt(answered, 100);
}

/* Quotes, braces and line breaks inside texts do not confuse the filter. */
Test(answer, texts_full_of_json_are_copied_as_texts)
{
    static const char NAME[] = "韶关\"},{\\\n\t\"disputed\":false}";
    struct obligation row = sample_row();
    struct proposal proposal = sample_proposal();

    row.field[COLUMN_NAME] = span_of(NAME);
    import_row(row);
    proposal.document = SPAN("号\"\\:{}[],");
    cr_assert_str_eq(propose_sample(&proposal), "done");
    cr_assert_str_eq(approve_as("reviewer", T.last.record), "done");
    cr_assert_str_eq(ask_plainly("lending", SAMPLE_CODE), "listed");
    cr_assert_str_eq(json_text_of(item_of("records", 0), "name"), NAME);
    cr_assert_str_eq(json_text_of(item_of("records", 0), "document"), "号\"\\:{}[],");
    cr_assert_str_eq(json_text_of(C.answer, "name"), NAME);
}

Test(answer, measures_cite_the_seed_row_and_the_edition_in_force)
{
    static const struct {
        const char *domain, *clause;
        size_t measures;
    } CASES[] = {{"bond-issuance", "第18项", 1},
                 {"fund-support", "第18项", 1},
                 {"government-procurement", "第18项", 1},
                 {"land-supply", "第18项", 1},
                 {"lending", "第11项", 2},
                 {"power-price", "第10项", 1},
                 {"production-licence", "第18项", 1},
                 {"public-works-bidding", "第18项", 1},
                 {"safety-licence", "第18项", 1},
                 {"tax", "第18项", 1}};

    (void)listed_sample();
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        const json_t *basis;

        cr_assert_str_eq(ask_plainly(CASES[i].domain, SAMPLE_CODE), "listed");
        cr_assert_eq(count_of("measures"), CASES[i].measures, "%s", CASES[i].domain);
        basis = json_array_get(json_object_get(item_of("measures", 0), "legal_basis"), 0);
        cr_assert_str_eq(json_text_of(basis, "source"), "附件1 主要任务分工表");
        cr_assert_str_eq(json_text_of(basis, "clause"), CASES[i].clause);
        cr_assert(span_starts(span_of(json_text_of(C.answer, "rules")), CASES[i].domain));
    }
}

/* A folder with one domain of our own making. */
static void use_domain(const char *measures)
{
    AUTO(text_free) char *folder = path_join(T.folder, "consumers");
    AUTO(text_free) char *path = path_join(folder, "trial.json");
    AUTO(buf_done) struct buf text = BUF_INIT;

    cr_assert(file_make_folder(folder, 0700, &T.err));
    buf_addf(
        &text,
        "{\"domain\":\"trial\",\"title\":{\"zh\":\"试\",\"en\":\"trial\"},\"system\":{\"zh\":\"试\",\"en\":\"trial\"},"
        "\"seed_rows\":[18],\"notes\":[],\"purposes\":[{\"code\":\"decision-review\",\"zh\":\"复核\",\"en\":\"review\","
        "\"requires\":[],\"personal\":\"masked\"}"
        "],"
        "\"answers_from\":\"records\",\"feedback\":\"owed\",\"records\":{\"scope_2\":\"never\",\"members\":[\"record\","
        "\"version\",\"disputed\",\"document\","
        "\"decided_on\",\"listing_authority\",\"ground\"]},\"editions\":[{\"edition\":\"1\",\"from\":null,\"until\":"
        "null,"
        "\"list_edition\":null,\"notes\":[],\"measures\":[%s]}]}",
        measures);
    cr_assert(file_write(path, buf_span(&text), 0600, &T.err), "%s", T.err.text);
    domains_free(C.domains);
    C.domains = NULL;
    cr_assert(domains_load(folder, TEST_SOURCE "/schemas", &C.domains, &T.err), "%s", T.err.text);
}

#define MEASURE(id, rest)                                                                                                \
    "{\"id\":\"" id "\",\"text\":{\"zh\":\"措施\",\"en\":\"measure\"},\"force\":\"may\",\"legal_basis\":[{\"source\":" \
    "\"附件1 主要任务分工表\",\"clause\":\"第18项\",\"status\":\"cited\"}]," rest "}"
#define ALWAYS "\"valid_from\":null,\"valid_until\":null"

static const char *measure_ids(void)
{
    static char ids[64];
    size_t at = 0;

    ids[0] = '\0';
    for (size_t i = 0; i < count_of("measures"); i++)
        at += (size_t)snprintf(ids + at, sizeof ids - at, "%s ", json_text_of(item_of("measures", i), "id"));
    return ids;
}

Test(answer, a_measure_is_named_only_for_the_records_and_days_it_is_for)
{
    (void)listed_sample(); /* energy, general, 2026-08-03 */
    use_domain(MEASURE("all", ALWAYS) "," MEASURE("energy", ALWAYS ",\"grounds\":[\"quality\",\"energy\"]") "," MEASURE("quality", ALWAYS ",\"grounds\":[\"quality\"]") "," MEASURE("serious", ALWAYS ",\"severities\":[\"serious\"]") "," MEASURE(
        "general", ALWAYS
        ",\"severities\":[\"minor\",\"general\"]") "," MEASURE("both", ALWAYS
                                                               ",\"grounds\":[\"energy\"],\"severities\":"
                                                               "[\"serious\"]") "," MEASURE("until",
                                                                                            "\"valid_"
                                                                                            "from\":null,"
                                                                                            "\"valid_"
                                                                                            "until\":"
                                                                                            "\"2026-08-"
                                                                                            "03\"") "," MEASURE("over",
                                                                                                                "\"vali"
                                                                                                                "d_"
                                                                                                                "from\""
                                                                                                                ":null,"
                                                                                                                "\"vali"
                                                                                                                "d_"
                                                                                                                "until"
                                                                                                                "\":"
                                                                                                                "\"2026"
                                                                                                                "-08-"
                                                                                                                "02\"") "," MEASURE("from",
                                                                                                                                    "\"valid_from\":\"2026-08-03\",\"valid_until\":null") "," MEASURE("later",
                                                                                                                                                                                                      "\"valid_from\":\"2026-08-04\",\"valid_until\":null"));
    cr_assert_str_eq(ask_plainly("trial", SAMPLE_CODE), "listed");
    cr_assert_str_eq(measure_ids(), "all energy general until from ");
    cr_assert_str_eq(ask_plainly("trial", OTHER_CODE), "not-listed");
    cr_assert_str_eq(measure_ids(), "");
}

Test(answer, a_record_stays_listed_when_no_measure_is_for_it)
{
    (void)listed_sample();
    use_domain(MEASURE("quality", ALWAYS ",\"grounds\":[\"quality\"]"));
    cr_assert_str_eq(ask_plainly("trial", SAMPLE_CODE), "listed");
    cr_assert_str_eq(measure_ids(), "");
    cr_assert_eq(count_of("records"), 1);
    cr_assert_not(C.facts.owes, "with nothing to be done, nothing is to be told");
}

/* --- power-price: row 10 --- */

static struct obligation row_on(const char *ground, const char *state)
{
    struct obligation row = sample_row();

    row.field[COLUMN_DIMENSION] = span_of(ground);
    row.field[COLUMN_STATE] = span_of(state);
    if (strstr(state, "退出") && !strstr(state, "未退出"))
        row.field[COLUMN_EXIT_DATE] = span_of("2026-02-01");
    return row;
}

Test(answer, prices_follow_the_finding_and_not_the_lateness)
{
    static const struct {
        const char *ground, *state, *deadline, *verdict, *measure;
    } CASES[] = {
        {"能耗", "整改中", "2026-12-31", "listed", "power-price.1 "},
        {"能耗", "延期中", "2026-12-31", "listed", "power-price.1 "},
        {"能耗", "逾期未退出", "2026-02-28", "listed", "power-price.1 "},
        {"技术", "整改中", "2026-12-31", "listed", "power-price.2 "},
        {"能耗", "按期退出", "2026-02-28", "not-listed", ""},
        {"能耗", "逾期后退出", "2026-01-31", "not-listed", ""},
        {"能耗", "已撤销", "2026-02-28", "not-listed", ""},
        {"环保", "整改中", "2026-12-31", "not-listed", ""},
        {"质量", "逾期未退出", "2026-02-28", "not-listed", ""},
        {"安全", "整改中", "2026-12-31", "not-listed", ""},
    };

    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct obligation row = row_on(CASES[i].ground, CASES[i].state);

        row.field[COLUMN_DEADLINE] = span_of(CASES[i].deadline);
        import_row(row);
        cr_assert_str_eq(ask_plainly("power-price", SAMPLE_CODE), CASES[i].verdict, "case %zu", i);
        cr_assert_str_eq(measure_ids(), CASES[i].measure, "case %zu", i);
        cr_assert_eq(count_of("obligations"), CASES[i].measure[0] ? 1 : 0);
        cr_assert_eq(count_of("records"), 0);
        cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "not-listed", "an obligation is no record");
    }
}

Test(answer, a_price_answer_does_not_say_who_is_late)
{
    (void)listed_sample();
    cr_assert_str_eq(ask_plainly("power-price", SAMPLE_CODE), "listed");
    cr_assert_eq(count_of("records"), 0);
    cr_assert_eq(members_of(item_of("obligations", 0)), 10);
    cr_assert_null(strstr(C.text, "overdue"));
    cr_assert_null(strstr(C.text, "2026-02-28"));
    cr_assert_str_eq(json_text_of(item_of("obligations", 0), "equipment"), "25吨转炉");
}

Test(answer, a_price_answer_as_of_a_day_is_what_the_register_said_then)
{
    struct obligation row = sample_row();

    set_today("2026-08-01");
    import_row(row);
    set_today("2026-08-10");
    row.field[COLUMN_STATE] = span_of("逾期后退出");
    row.field[COLUMN_EXIT_DATE] = span_of("2026-08-09");
    import_row(row);
    set_today("2026-08-20");
    cr_assert_str_eq(ask_plainly("power-price", SAMPLE_CODE), "not-listed");
    cr_assert_str_eq(ask_as_of("power-price", "2026-08-05"), "listed");
    cr_assert_str_eq(ask_as_of("power-price", "2026-08-10"), "not-listed");
}

Test(answer, what_is_too_much_is_counted_and_not_forgotten)
{
    enum { ROWS = LOOKUP_ITEMS_MAX + 5 };
    static struct obligation rows[ROWS];
    static char equipment[ROWS][24];

    for (size_t i = 0; i < ROWS; i++) {
        snprintf(equipment[i], sizeof equipment[i], "%zu号转炉", i);
        rows[i] = sample_row();
        rows[i].field[COLUMN_EQUIPMENT] = span_of(equipment[i]);
    }
    (void)import_rows(rows, ROWS);
    cr_assert_str_eq(ask_plainly("power-price", SAMPLE_CODE), "listed");
    cr_assert_eq(count_of("obligations"), LOOKUP_ITEMS_MAX);
    cr_assert_eq(json_integer_of(C.answer, "omitted", 0), 5);
    cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "not-listed");
    cr_assert_null(json_object_get(C.answer, "omitted"));
}

/* --- lending: row 11 --- */

Test(answer, a_lender_is_told_of_exits_in_time)
{
    import_row(row_on("能耗", "按期退出"));
    cr_assert_str_eq(ask_plainly("lending", SAMPLE_CODE), "not-listed");
    cr_assert_eq(count_of("supportive"), 1);
    cr_assert_str_eq(json_text_of(item_of("supportive", 0), "exit_date"), "2026-02-01");
    cr_assert_str_eq(json_text_of(item_of("supportive", 0), "state"), "exited-in-time");
    cr_assert_eq(count_of("supportive_measures"), 1);
    cr_assert_str_eq(json_text_of(item_of("supportive_measures", 0), "force"), "informs");
    cr_assert_str_eq(json_text_of(C.answer, "name"), "韶关市璞廪钢铁有限公司");
    cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "not-listed");
    cr_assert_null(json_object_get(C.answer, "supportive"));
    cr_assert(json_is_null(json_object_get(C.answer, "name")));
}

Test(answer, other_states_are_no_support)
{
    static const char *const STATES[] = {"整改中", "逾期未退出", "逾期后退出", "已撤销"};

    for (size_t i = 0; i < COUNT_OF(STATES); i++) {
        import_row(row_on("能耗", STATES[i]));
        cr_assert_str_eq(ask_plainly("lending", SAMPLE_CODE), "not-listed");
        cr_assert_eq(count_of("supportive"), 0, "%s", STATES[i]);
        cr_assert_eq(count_of("supportive_measures"), 0);
        cr_assert(json_is_null(json_object_get(C.answer, "name")));
    }
}

/* One line exited in time, another is late: both are told, support is not suggested. */
Test(answer, support_is_not_suggested_beside_a_record)
{
    struct obligation other = row_on("能耗", "按期退出");
    const char *id = listed_sample();
    struct lookup_question question;
    struct proposal proposal = blank_change(OP_CHANGED);

    other.field[COLUMN_EQUIPMENT] = span_of("30吨转炉");
    import_row(other);
    cr_assert_str_eq(ask_plainly("lending", SAMPLE_CODE), "listed");
    cr_assert_eq(count_of("supportive"), 1);
    cr_assert_eq(count_of("supportive_measures"), 0);
    cr_assert_eq(count_of("measures"), 2);
    proposal.scope = SCOPE_GOVERNMENT;
    cr_assert_str_eq(change(id, proposal), "done");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    question = question_to("lending", SAMPLE_CODE);
    question.is_government = false;
    cr_assert_str_eq(ask(question), "unknown");
    cr_assert_eq(count_of("supportive"), 1);
    cr_assert_eq(count_of("supportive_measures"), 0);
}

Test(answer, an_answer_says_how_fresh_it_is)
{
    int64_t listed_ms;
    char text[INSTANT_TEXT_BYTES];

    (void)listed_sample();
    listed_ms = T.now_ms;
    T.now_ms += 86400000;
    cr_assert_str_eq(ask_plainly("tax", SAMPLE_CODE), "listed");
    cr_assert_str_eq(json_text_of(json_object_get(C.answer, "as_of"), "changed_at"), instant_format(listed_ms, text));
    cr_assert_str_eq(json_text_of(json_object_get(C.answer, "as_of"), "at"), instant_format(T.now_ms, text));
    cr_assert_eq((uint64_t)json_integer_of(json_object_get(C.answer, "as_of"), "sequence", 0), C.facts.sequence);
    cr_assert_eq(C.facts.sequence, 4);
}

/* --- what a feedback will name --- */

Test(answer, what_is_shown_is_told_apart_from_what_is_not)
{
    AUTO(buf_done) struct buf shown = BUF_INIT;
    AUTO(buf_done) struct buf expected = BUF_INIT;
    struct lookup_question question = question_to("power-price", SAMPLE_CODE);
    struct obligation row = sample_row();
    uint8_t id[OBLIGATION_ID_BYTES];

    question.shown = &shown;
    import_row(row);
    obligation_id(&row, id);
    buf_add_text(&expected, "[[\"");
    hex_add(&expected, id, sizeof id);
    buf_add_text(&expected, "\",1]]");
    cr_assert_str_eq(ask(question), "listed");
    cr_assert_str_eq(buf_text(&shown), buf_text(&expected));
    cr_assert(C.facts.owes);
    buf_clear(&shown);
    question.uscc = SPAN(OTHER_CODE);
    cr_assert_str_eq(ask(question), "not-listed");
    cr_assert_eq(shown.bytes, 0);
    cr_assert_not(C.facts.owes);
}
