/* A query read in one pass says what reading it parameter by parameter says. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/text.h"
#include "gateway/http/http.h"

enum { NAMES = 4 };
static const struct span SPANS[NAMES + 1] = {{"purpose", 7}, {"case", 4}, {"as_of", 5}, {"a b", 3}};
static const char *const TEXTS[NAMES + 1] = {"purpose", "case", "as_of", "a b", NULL};

static struct buf memory;
static struct span values[NAMES];
static struct span bad;

static void teardown(void)
{
    buf_done(&memory);
}

TestSuite(query, .fini = teardown);

static bool read_query(const char *query)
{
    struct http_request request = {.query = query ? span_of(query) : SPAN_NONE};

    bad = SPAN("untouched");
    return http_query_read(&request, SPANS, values, &memory, &bad);
}

Test(query, the_first_unknown_or_repeated_name_is_told_and_all_else_is_heard)
{
    cr_expect(!read_query("purpose=p&other=1&case=c&purpose=q&more=2"));
    cr_expect(span_is(bad, "other"));
    cr_expect(span_is(values[0], "p"), "the first of two");
    cr_expect(span_is(values[1], "c"), "what comes behind what is unknown");
    cr_expect(!read_query("case=c&case=d&other"));
    cr_expect(span_is(bad, "case"));
    cr_expect(!read_query("case=c&%63ase=d"), "the same name, written otherwise");
    cr_expect(span_is(bad, "%63ase"));
    cr_expect(!read_query("=5"));
    cr_expect(bad.at && bad.bytes == 0);
    cr_expect(!read_query("purposes=p&purpos=p"));
    cr_expect(span_is(bad, "purposes"));
}

Test(query, empty_is_not_the_same_as_not_there)
{
    cr_expect(read_query("purpose=&case"));
    cr_expect(values[0].at && values[0].bytes == 0);
    cr_expect(values[1].at && values[1].bytes == 0);
    cr_expect_null(values[2].at);
    cr_expect(read_query(NULL));
    cr_expect_null(values[0].at);
    cr_expect(read_query(""));
    cr_expect(span_is(bad, "untouched"));
}

Test(query, what_stands_there_escaped_is_decoded_and_stays_where_it_is)
{
    cr_expect(read_query("purpose=%E4%BF%A1%E7%94%A8&&case=1+2%2B3&a+b=x&as_of=2026-01-01"));
    cr_expect(span_is(values[0], "\xE4\xBF\xA1\xE7\x94\xA8"));
    cr_expect(span_is(values[1], "1 2+3"));
    cr_expect(span_is(values[2], "2026-01-01"));
    cr_expect(span_is(values[3], "x"));
}

static void expect_same(const char *query)
{
    struct http_request request = {.query = span_of(query)};
    struct span other_bad = SPAN_NONE;
    bool is_good = read_query(query);

    cr_expect_eq(is_good, http_query_only(&request, TEXTS, &other_bad), "%s", query);
    cr_expect(is_good || (bad.at == other_bad.at && bad.bytes == other_bad.bytes), "%s", query);
    for (size_t i = 0; i < NAMES; i++) {
        AUTO(buf_done) struct buf text = BUF_INIT;
        bool is_there = http_query_of(&request, TEXTS[i], &text);

        cr_expect_eq(is_there, values[i].at != NULL, "%s: %s", query, TEXTS[i]);
        cr_expect(!is_there || span_equal(values[i], buf_span(&text)), "%s: %s", query, TEXTS[i]);
    }
}

/* Every query of up to five of these pieces. */
Test(query, one_pass_and_many_agree)
{
    static const char *const PIECES[] = {"purpose", "case", "=", "&", "%41", "+", "x", "a+b"};
    char query[64];

    for (unsigned number = 0; number < 8 * 8 * 8 * 8 * 8; number++) {
        int bytes = 0;

        for (unsigned rest = number, i = 0; i < 5; i++, rest /= 8)
            bytes += snprintf(query + bytes, sizeof query - (size_t)bytes, "%s", PIECES[rest % 8]);
        expect_same(query);
    }
}
