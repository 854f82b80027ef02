/* The test list: what its file says of each fictitious enterprise is what the gateway answers, by the rules that hold
 * for everybody. */
#include "gateway/testlist/testlist.h"

#include <criterion/criterion.h>

#include "base/file.h"
#include "base/json.h"
#include "gateway/command/ledger.h"
#include "gateway/lookup/lookup.h"
#include "schemas/uscc.h"
#include "tests/support/support.h"

static struct {
    char folder[TEST_PATH_BYTES];
    struct config config;
    struct config_client client;
    struct testlist *list;
    struct domains *domains;
    struct windows *windows;
    json_t *script;
    struct error err;
} T;

static void open_list(void)
{
    test_folder_new(T.folder);
    T.client = (struct config_client){.is_test = true};
    T.config = (struct config){.state = T.folder, .data = (char *)TEST_SOURCE, .clients = &T.client, .client_count = 1};
    cr_assert(testlist_prepare(&T.config, &T.err), "%s", T.err.text);
    cr_assert(testlist_open(&T.config, &T.list, &T.err), "%s", T.err.text);
    cr_assert(domains_load(TEST_SOURCE "/adapters/consumers", TEST_SOURCE "/schemas", &T.domains, &T.err), "%s",
              T.err.text);
    cr_assert(windows_load(TEST_SOURCE "/schemas/data/publication-windows.json", &T.windows, &T.err), "%s", T.err.text);
    cr_assert(json_read_file(TEST_SOURCE "/schemas/data/test-list.json", &T.script, &T.err), "%s", T.err.text);
}

static void close_list(void)
{
    json_decref(T.script);
    windows_free(T.windows);
    domains_free(T.domains);
    testlist_free(T.list);
    test_folder_remove(T.folder);
}

TestSuite(testlist, .init = open_list, .fini = close_list, .timeout = 60);

static struct span purpose_of(const struct domain *domain)
{
    static const char *const PURPOSES[] = {"credit-review", "decision-review", "price-classification"};
    size_t i = 0;

    while (!domain_accepts(domain, span_of(PURPOSES[i]))) {
        i++;
        cr_assert_lt(i, COUNT_OF(PURPOSES), "%s", domain_name(domain));
    }
    return span_of(PURPOSES[i]);
}

static struct lookup_question question_of(const json_t *answer, struct span uscc)
{
    const struct domain *domain = domains_find(T.domains, span_of(json_text_of(answer, "domain")));
    const char *kind = json_text_of(answer, "kind");
    const char *as_of = json_text_of(answer, "as_of");
    struct lookup_question question = {.domain = domain,
                                       .uscc = uscc,
                                       .given = {.matter = SPAN("M-1"),
                                                 .case_number = SPAN("1"),
                                                 .operator= SPAN("zhangsan"),
                                                 .department = SPAN("XD"),
                                                 .authorisation = span_of(json_text_of(answer, "authorisation"))},
                                       .is_government = kind && strcmp(kind, "government") == 0,
                                       .at_ms = clock_now_ms(testlist_clock(T.list)),
                                       .receipt = "r-1",
                                       .windows = T.windows};
    int32_t day;

    cr_assert_not_null(domain);
    question.purpose = purpose_of(domain);
    if (as_of) {
        cr_assert(day_parse(span_of(as_of), &day));
        question.as_of_ms = day_start_ms(day + 1) - 1;
    }
    return question;
}

static void check_answer(const json_t *enterprise, const json_t *expected)
{
    AUTO(buf_done) struct buf out = BUF_INIT;
    AUTO(json_release) json_t *answer = NULL;
    const char *code = json_text_of(enterprise, "uscc");
    struct lookup_question question = question_of(expected, span_of(code));
    struct lookup_facts facts;
    struct store_txn *txn = testlist_read(T.list, testlist_is_empty_code(T.list, question.uscc), &T.err);
    const char *reason = json_text_of(expected, "reason");
    const char *told;

    cr_assert_not_null(txn, "%s", T.err.text);
    cr_assert(lookup_by_code(txn, &question, &out, &facts, &T.err), "%s: %s", code, T.err.text);
    testlist_end_read(T.list);
    cr_assert(json_read(buf_span(&out), JSON_BYTES_MAX, &answer, &T.err));
    cr_expect_str_eq(json_text_of(answer, "verdict"), json_text_of(expected, "verdict"), "%s in %s as of %s: %s", code,
                     json_text_of(expected, "domain"), json_text_of(expected, "as_of"), out.data);
    told = json_text_of(json_object_get(answer, "reason"), "code");
    cr_expect_str_eq(told ? told : "", reason ? reason : "", "%s", code);
}

Test(testlist, every_answer_is_what_the_file_says)
{
    const json_t *enterprise, *answer;
    size_t i, j, count = 0;

    json_array_foreach(json_object_get(T.script, "enterprises"), i, enterprise)
    {
        json_array_foreach(json_object_get(enterprise, "answers"), j, answer)
        {
            check_answer(enterprise, answer);
            count++;
        }
    }
    cr_expect_gt(count, 150);
}

/* "Every verdict": each with each domain that can give it, and each reason of unknown. */
Test(testlist, every_verdict_of_every_domain_and_every_reason_is_there)
{
    static const char *const REASONS[] = {"withheld", "before-register", "register-empty"};
    AUTO(json_release) json_t *seen = json_object();
    const json_t *enterprise, *answer;
    char key[128];
    size_t i, j;

    json_array_foreach(json_object_get(T.script, "enterprises"), i, enterprise)
    {
        json_array_foreach(json_object_get(enterprise, "answers"), j, answer)
        {
            snprintf(key, sizeof key, "%s %s", json_text_of(answer, "domain"), json_text_of(answer, "verdict"));
            (void)json_object_set_new(seen, key, json_true());
            if (json_text_of(answer, "reason"))
                (void)json_object_set_new(seen, json_text_of(answer, "reason"), json_true());
        }
    }
    for (i = 0; domains_at(T.domains, i); i++) {
        for (j = 0; j < VERDICT_COUNT; j++) {
            snprintf(key, sizeof key, "%s %s", domain_name(domains_at(T.domains, i)), VERDICT_NAMES[j]);
            cr_expect_not_null(json_object_get(seen, key), "%s", key);
        }
    }
    for (i = 0; i < COUNT_OF(REASONS); i++)
        cr_expect_not_null(json_object_get(seen, REASONS[i]), "%s", REASONS[i]);
}

Test(testlist, its_codes_are_well_formed_in_their_own_range_and_its_names_say_test)
{
    const json_t *enterprise, *order;
    json_t *orders = json_object_get(T.script, "orders");
    const char *key;
    size_t i;

    json_array_foreach(json_object_get(T.script, "enterprises"), i, enterprise)
    {
        const char *code = json_text_of(enterprise, "uscc");

        cr_expect_eq(uscc_check(span_of(code)), USCC_GOOD, "%s", code);
        cr_expect_eq(memcmp(code + 8, "MAYY", 4), 0, "%s", code);
    }
    json_object_foreach(orders, key, order)
    {
        cr_expect_not_null(strstr(json_text_of(order, "name"), "测试"), "%s", key);
        cr_expect_eq(memcmp(json_text_of(order, "uscc") + 8, "MAYY", 4), 0, "%s", key);
    }
}

/* Real events: the rule of architecture 2 holds here as well. */
Test(testlist, its_journal_replayed_gives_the_same_bytes)
{
    AUTO(text_free) char *path = path_join(T.folder, "again");
    AUTO(store_close) struct store *again = NULL;
    const struct store_options options = {.creates = true, .is_scratch = true, .map_bytes = TESTLIST_MAP_BYTES};

    cr_assert(store_open(path, &options, &again, &T.err), "%s", T.err.text);
    cr_assert(ledger_rebuild(testlist_store(T.list), again, NULL, NULL, &T.err), "%s", T.err.text);
    cr_assert(ledger_compare(testlist_store(T.list), again, &T.err), "%s", T.err.text);
}

Test(testlist, without_a_client_under_test_there_is_none_and_what_was_left_is_removed)
{
    AUTO(text_free) char *folder = path_join(T.folder, "test");
    struct testlist *none = NULL;

    cr_assert(file_exists(folder));
    T.client.is_test = false;
    cr_assert(testlist_prepare(&T.config, &T.err), "%s", T.err.text);
    cr_expect_not(file_exists(folder));
    cr_assert(testlist_open(&T.config, &none, &T.err), "%s", T.err.text);
    cr_expect_null(none);
    T.client.is_test = true;
    cr_expect_not(testlist_open(&T.config, &none, &T.err), "what was not prepared is not opened");
}

Test(testlist, made_twice_it_is_made_anew_and_leaves_no_key)
{
    AUTO(text_free) char *keys = path_join(T.folder, "test/keys");

    testlist_free(T.list);
    T.list = NULL;
    cr_assert(testlist_prepare(&T.config, &T.err), "%s", T.err.text);
    cr_assert(testlist_open(&T.config, &T.list, &T.err), "%s", T.err.text);
    cr_expect_not(file_exists(keys));
}
