/* The data of the domains, and what is no such data. */
#include "gateway/lookup/domain.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "gateway/lookup/domain_parts.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static struct error err;

static void setup(void)
{
    test_folder_new(folder);
}

static void teardown(void)
{
    test_folder_remove(folder);
}

TestSuite(domain, .init = setup, .fini = teardown);

static void write_file(const char *name, struct span text)
{
    AUTO(text_free) char *path = path_join(folder, name);

    cr_assert(file_write(path, text, 0600, &err), "%s", err.text);
}

static bool load(const char *from, struct domains **out)
{
    return domains_load(from, TEST_SOURCE "/schemas", out, &err);
}

static struct domains *load_ours(void)
{
    struct domains *domains = NULL;

    cr_assert(load(TEST_SOURCE "/adapters/consumers", &domains), "%s", err.text);
    return domains;
}

/* One of our files with `from` (which must stand there) replaced by `to`, everywhere. */
static void write_changed(const char *name, const char *from, const char *to)
{
    AUTO(text_free) char *path = path_join(TEST_SOURCE "/adapters/consumers", name);
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(buf_done) struct buf changed = BUF_INIT;
    const char *at, *next;

    cr_assert(file_read(path, DOMAIN_FILE_BYTES_MAX, &text, &err), "%s", err.text);
    cr_assert_not_null(strstr(text.data, from), "%s has no %s", name, from);
    for (at = text.data; (next = strstr(at, from)); at = next + strlen(from)) {
        buf_add(&changed, at, (size_t)(next - at));
        buf_add_text(&changed, to);
    }
    buf_add_text(&changed, at);
    write_file(name, buf_span(&changed));
}

Test(domain, a_file_that_is_wrong_anywhere_fails_the_load)
{
    static const struct {
        const char *file, *from, *to, *word;
    } CASES[] = {
        {"tax.json", "\"seed_rows\"", "\"seed_lines\"", "tax.json"},
        {"tax.json", "\"force\": \"may\"", "\"force\": \"might\"", "/editions/0/measures/0/force"},
        {"lending.json", "\"force\": \"informs\"", "\"force\": \"must\"", "/force"},
        {"tax.json", "\"2020-12-18\"", "\"2020-12-19\"", "edition 2020 must begin on the day after"},
        {"tax.json", "\"2020-12-18\"", "\"2020-12-17\"", "edition 2020 must begin on the day after"},
        {"tax.json", "\"2021-12-31\"", "\"2021-02-30\"", "/editions/1/until"},
        {"tax.json", "\"from\": null", "\"from\": \"2017-01-01\"", "the first edition has no"},
        {"tax.json", "\"until\": null", "\"until\": \"2030-01-01\"", "the last no"},
        {"tax.json", "\"edition\": \"2020\"", "\"edition\": \"2017\"", "edition 2017 stands there twice"},
        {"tax.json", "\"tax-administration\"", "\"tax-incentive\"", "code tax-incentive stands there twice"},
        {"lending.json", "\"lending.2\"", "\"lending.1\"", "id lending.1 stands there twice"},
        {"tax.json", "\"disputed\",", "", "/records/members"},
        {"tax.json", "\"facts\"", "\"secrets\"", "/records/members"},
        {"tax.json", "附件1 主要任务分工表", "某表", "/legal_basis"},
        {"tax.json", "\"第18项\"", "null", "/legal_basis"},
        {"tax.json", "税收管理", "税\\u0007收", "/title/zh"},
        {"tax.json", "\"domain\": \"tax\"", "\"domain\": \"taxes\"", "name the file after it"},
        {"tax.json", "\"domain\": \"tax\"", "\"domain\": \"../tax\"", "/domain"},
        {"tax.json", "\"domain\": \"tax\"", "\"domain\": \"tax\", \"domain\": \"tax\"", "tax.json"},
        {"tax.json", "\"valid_from\": null", "\"valid_from\": \"2030-01-01\", \"severities\": []", "/severities"},
        {"power-price.json", "\"valid_from\": null,\n                    \"valid_until\": null",
         "\"valid_from\": \"2030-01-01\", \"valid_until\": \"2029-12-31\"", "ends before it begins"},
        {"tax.json", "\"valid_until\": null", "\"valid_until\": \"1899-12-31\"", "no day of the years"},
        {"power-price.json", "\"answers_from\": \"obligations\"", "\"answers_from\": \"records\"", "power-price.json"},
        {"lending.json", "\"supportive\"", "\"supportives\"", "lending.json"},
        {"lending.json", "\"supportive_measures\"", "\"measures_supportive\"", "lending.json"},
        {"tax.json", "\"measures\": [", "\"supportive_measures\": [], \"measures\": [", "tax.json"},
        {"tax.json", "\"matter\"", "\"colour\"", "/purposes/0/requires"},
        {"tax.json", "\"requires\": [\"matter\"],", "", "/purposes/1"},
        {"tax.json", "\"personal\": \"masked\"", "\"personal\": \"hidden\"", "/purposes/0/personal"},
        {"tax.json", "\"with-authorisation\"", "\"sometimes\"", "/records/scope_2"},
        {"tax.json", "\"scope_2\": \"with-authorisation\",", "", "/records"},
        {"tax.json", "\"scope_2\":", "\"personal\": [\"document\"], \"scope_2\":", "/records/personal"},
        {"lending.json", "\"scope_2\":", "\"personal\": [\"facts\"], \"scope_2\":", "not among the members"},
        {"tax.json", "}", "", "tax.json"},
    };

    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        AUTO(text_free) char *path = path_join(folder, CASES[i].file);
        struct domains *domains = NULL;

        write_changed(CASES[i].file, CASES[i].from, CASES[i].to);
        cr_assert_not(load(folder, &domains), "case %zu: %s", i, CASES[i].to);
        cr_assert_null(domains);
        cr_assert(strstr(err.text, CASES[i].word) && strstr(err.text, CASES[i].file), "case %zu: %s", i, err.text);
        cr_assert_eq(remove(path), 0);
    }
}

Test(domain, what_is_too_large_or_too_much_is_refused)
{
    AUTO(buf_done) struct buf large = BUF_INIT;
    struct domains *domains = NULL;

    while (large.bytes <= DOMAIN_FILE_BYTES_MAX)
        buf_add_text(&large, "                                                                ");
    write_file("tax.json", buf_span(&large));
    cr_assert_not(load(folder, &domains));
    cr_assert_eq(err.code, ERR_LIMIT);
    for (int i = 0; i <= DOMAINS_MAX; i++) {
        char name[32], to[64];

        snprintf(to, sizeof to, "\"domain\": \"d%d\"", i);
        write_changed("tax.json", "\"domain\": \"tax\"", to);
        snprintf(name, sizeof name, "d%d.json", i);
        AUTO(text_free) char *from_path = path_join(folder, "tax.json");
        AUTO(text_free) char *to_path = path_join(folder, name);
        cr_assert_eq(rename(from_path, to_path), 0);
    }
    cr_assert_not(load(folder, &domains));
    cr_assert_eq(err.code, ERR_LIMIT, "%s", err.text);
}

Test(domain, a_folder_without_domains_is_an_error)
{
    AUTO(text_free) char *missing = path_join(folder, "missing");
    struct domains *domains = NULL;

    cr_assert_not(load(folder, &domains));
    cr_assert_eq(err.code, ERR_NOT_FOUND);
    cr_assert_not(load(missing, &domains));
    cr_assert_eq(err.code, ERR_NOT_FOUND);
}

Test(domain, other_files_in_the_folder_are_left_alone)
{
    AUTO(domains_free) struct domains *domains = NULL;

    write_changed("tax.json", "税收管理", "税收");
    write_file("README.md", SPAN("words"));
    write_file(".tax.json", SPAN("an editor's"));
    write_file("tax.json.new", SPAN("half"));
    cr_assert(load(folder, &domains), "%s", err.text);
    cr_assert_str_eq(domain_title(domains_at(domains, 0), "zh"), "税收");
    cr_assert_null(domains_at(domains, 1));
}

Test(domain, the_ten_domains_are_there_in_order)
{
    static const char *const NAMES[] = {
        "bond-issuance", "fund-support",       "government-procurement", "land-supply",    "lending",
        "power-price",   "production-licence", "public-works-bidding",   "safety-licence", "tax"};
    AUTO(domains_free) struct domains *domains = load_ours();

    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        const struct domain *domain = domains_at(domains, i);

        cr_assert_not_null(domain);
        cr_assert_str_eq(domain_name(domain), NAMES[i]);
        cr_assert_eq(domains_find(domains, span_of(NAMES[i])), domain);
        cr_assert(domain_accepts(domain, SPAN("decision-review")));
        cr_assert_not(domain_accepts(domain, SPAN_NONE));
        cr_assert_not(domain_accepts(domain, SPAN("decision-revie")));
        cr_assert_not_null(strstr(domain_purposes(domain), ", decision-review"));
    }
    cr_assert_null(domains_at(domains, COUNT_OF(NAMES)));
    cr_assert_null(domains_find(domains, SPAN("taxes")));
    cr_assert_null(domains_find(domains, SPAN_NONE));
    cr_assert_str_eq(domain_title(domains_find(domains, SPAN("lending")), "zh"), "融资授信");
    cr_assert_str_eq(domain_title(domains_find(domains, SPAN("lending")), "en"), "lending");
}

/* Row 18 says 依法依规: only the price policy of row 10 orders; a lender is informed. */
Test(domain, nothing_orders_but_the_price_policy)
{
    AUTO(domains_free) struct domains *domains = load_ours();
    const struct domain *domain;

    for (size_t i = 0; (domain = domains_at(domains, i)); i++) {
        const char *force = strcmp(domain->name, "power-price") == 0 ? "\"force\":\"must\""
                            : strcmp(domain->name, "lending") == 0   ? "\"force\":\"informs\""
                                                                     : "\"force\":\"may\"";

        for (size_t j = 0; j < domain->edition_count; j++) {
            for (size_t k = 0; k < domain->editions[j].measures.count; k++)
                cr_assert_not_null(strstr(domain->editions[j].measures.items[k].json.data, force), "%s", domain->name);
        }
    }
}

static int32_t day(const char *text)
{
    int32_t value = DAY_NONE;

    cr_assert(day_parse(span_of(text), &value));
    return value;
}

Test(domain, every_day_has_one_edition)
{
    static const struct {
        const char *day, *rules;
    } CASES[] = {{"1999-01-01", "\"tax/2017@"}, {"2020-12-17", "\"tax/2017@"}, {"2020-12-18", "\"tax/2020@"},
                 {"2021-12-31", "\"tax/2020@"}, {"2022-01-01", "\"tax/2022@"}, {"2199-01-01", "\"tax/2022@"}};
    AUTO(domains_free) struct domains *domains = load_ours();
    const struct domain *tax = domains_find(domains, SPAN("tax"));

    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        cr_assert(span_starts(buf_span(&domain_edition_on(tax, day(CASES[i].day))->rules), CASES[i].rules), "%s",
                  CASES[i].day);
    cr_assert_str_eq(domain_edition_on(tax, day("2019-01-01"))->list_edition.data, "null");
    cr_assert_str_eq(domain_edition_on(tax, day("2026-01-01"))->list_edition.data,
                     "\"全国失信惩戒措施基础清单（2021年版）\"");
}

/* A changed word makes another digest: an answer can be held against the file it was made with. */
Test(domain, the_rules_of_an_answer_name_the_very_file)
{
    AUTO(domains_free) struct domains *ours = load_ours();
    AUTO(domains_free) struct domains *changed = NULL;

    write_changed("tax.json", "依法依规实施", "依法实施");
    cr_assert(load(folder, &changed), "%s", err.text);
    cr_assert_str_neq(domain_edition_on(domains_find(ours, SPAN("tax")), 0)->rules.data,
                      domain_edition_on(domains_at(changed, 0), 0)->rules.data);
}

Test(domain, a_description_says_what_may_be_asked)
{
    AUTO(domains_free) struct domains *domains = load_ours();
    AUTO(json_release) json_t *json = NULL;
    AUTO(buf_done) struct buf canonical = BUF_INIT;
    struct span text = domain_description(domains_find(domains, SPAN("lending")));

    cr_assert(json_read(text, JSON_BYTES_MAX, &json, &err), "%s", err.text);
    cr_assert(json_canonical_add(json, &canonical, &err));
    cr_assert(span_equal(text, buf_span(&canonical)));
    cr_assert_str_eq(json_text_of(json, "domain"), "lending");
    cr_assert_str_eq(json_text_of(json_array_get(json_object_get(json, "purposes"), 0), "code"), "credit-review");
    cr_assert_str_eq(json_text_of(json_object_get(json, "title"), "zh"), "融资授信");
    cr_assert_eq(json_object_size(json), 4);
}
