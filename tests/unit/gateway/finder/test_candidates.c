#include "gateway/finder/candidates.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"
#include "tests/support/support.h"

#define COMPANY "91440224MAYUCHK485"
#define PERSON "92440224MAYUCHK482"

static struct name_tables *tables;
static struct companies *companies;
static struct names *names;
static struct buf candidates;
static struct buf shown;
static struct error err;

static void setup(void)
{
    cr_assert(name_tables_load(TEST_SOURCE "/schemas/data/names", &tables, &err), "%s", err.text);
    companies = companies_new();
    cr_assert(companies_put(companies, span_of(COMPANY), SPAN("韶关市璞廪钢铁有限公司"), 1, NULL, &err));
    cr_assert(companies_put(companies, span_of(PERSON), SPAN("韶关市璞廪钢铁经营部"), 1, NULL, &err));
    names = names_new(tables);
    cr_assert(companies_give(companies, names, &err), "%s", err.text);
    names_ready(names);
}

static void teardown(void)
{
    buf_done(&candidates);
    buf_done(&shown);
    names_free(names);
    companies_free(companies);
    name_tables_free(tables);
}

TestSuite(candidates, .init = setup, .fini = teardown);

static void ask(const char *text, struct finder_wish wish)
{
    struct name_answer answer;

    cr_assert(names_find(names, span_of(text), &answer, &err), "%s", err.text);
    cr_assert_gt(answer.count, 0);
    candidates_add(&answer, companies, wish, &candidates, &shown);
}

static bool tells(const char *what)
{
    return strstr(buf_text(&candidates), what) || strstr(buf_text(&shown), what);
}

Test(candidates, of_a_person_neither_code_nor_name_nor_a_part_of_it_is_told)
{
    /* One character is wrong: the reasons would put it right. */
    ask("韶关市璞凛钢铁经营部", (struct finder_wish){.most = 1});
    cr_assert_not(tells(PERSON));
    cr_assert_not(tells("璞廪"));
    cr_assert_not(tells("廪"), "%s", buf_text(&candidates));
    cr_assert(strstr(buf_text(&candidates), "{\"masked\":[\"name\",\"uscc\"],\"name\":\"韶**\","), "%s",
              buf_text(&candidates));
    cr_assert(strstr(buf_text(&candidates), "\"registered\":\"**\""), "%s", buf_text(&candidates));
    cr_assert(strstr(buf_text(&candidates), "\"uscc\":\"92**\"}"), "%s", buf_text(&candidates));
    cr_assert(strstr(buf_text(&shown), "[\"92**\","), "%s", buf_text(&shown));
}

Test(candidates, a_purpose_that_shows_personal_data_is_told_all)
{
    ask("韶关市璞凛钢铁经营部", (struct finder_wish){.most = 1, .shows_personal = true});
    cr_assert(strstr(buf_text(&candidates), "{\"name\":\"韶关市璞廪钢铁经营部\","), "%s", buf_text(&candidates));
    cr_assert(strstr(buf_text(&shown), "[\"" PERSON "\","), "%s", buf_text(&shown));
}

Test(candidates, a_company_is_told_whole_whatever_the_purpose)
{
    ask("韶关市璞凛钢铁有限公司", (struct finder_wish){.most = 1});
    cr_assert(strstr(buf_text(&candidates), "{\"name\":\"韶关市璞廪钢铁有限公司\","), "%s", buf_text(&candidates));
    cr_assert(strstr(buf_text(&candidates), "\"uscc\":\"" COMPANY "\"}"), "%s", buf_text(&candidates));
    cr_assert_not(tells("masked"));
}

Test(candidates, no_more_are_told_than_are_wanted)
{
    ask("韶关市璞廪钢铁", (struct finder_wish){.most = 1});
    cr_assert_null(strstr(buf_text(&candidates), "},{\"name\""));
    cr_assert_null(strstr(buf_text(&shown), "],["));
}
