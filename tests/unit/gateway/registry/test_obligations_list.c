/* The register as it is looked through: first what must not be taken for an empty list, then what fits, then pages
 * while the register changes. */
#include "gateway/registry/obligations_list.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/registry/obligations_value.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static struct store *store;
static struct store_txn *txn;
static struct error err;
static uint64_t sequence; /* of the next event */
static uint32_t versions[4096];

static void setup(void)
{
    test_folder_new(folder);
    cr_assert(store_open(folder, &(struct store_options){.creates = true, .is_scratch = true}, &store, &err), "%s",
              err.text);
    cr_assert(store_begin(store, STORE_WRITE, &txn, &err), "%s", err.text);
    sequence = 0;
    memset(versions, 0, sizeof versions);
}

static void teardown(void)
{
    store_abort(txn);
    store_close(store);
    test_folder_remove(folder);
}

TestSuite(obligations_list, .init = setup, .fini = teardown);

struct sample {
    unsigned number; /* which obligation: its id follows */
    const char *name;
    const char *region;
    const char *industry;
    const char *division;
    const char *uscc;
    enum ground ground;
    enum obligation_state state;
    int32_t deadline;
    int32_t extended_to; /* 0: none */
};

/* A new version of it, as the register says it now. */
static void record(const struct sample *sample)
{
    AUTO(buf_done) struct buf row = BUF_INIT;
    AUTO(buf_done) struct buf data = BUF_INIT;
    char deadline[DAY_TEXT_BYTES], extended[DAY_TEXT_BYTES] = "";
    struct event event = {.at_ms = 1000, .by = SPAN("lin"), .type = SPAN("obligation.recorded")};
    struct obligation obligation = {
        .field = {[COLUMN_DEADLINE] = span_of(day_format(sample->deadline, deadline)),
                  [COLUMN_NAME] = span_of(sample->name ? sample->name : "虚构水泥厂"),
                  [COLUMN_USCC] = span_of(sample->uscc ? sample->uscc : "91440224MAYUCHK485"),
                  [COLUMN_DIVISION] = span_of(sample->division ? sample->division : "440224"),
                  [COLUMN_REGION] = span_of(sample->region ? sample->region : "韶关市仁化县"),
                  [COLUMN_INDUSTRY] = span_of(sample->industry ? sample->industry : "水泥"),
                  [COLUMN_DIMENSION] = span_of(GROUND_NAMES[sample->ground]),
                  [COLUMN_STATE] = span_of(STATE_NAMES[sample->state]),
                  [COLUMN_ORDER_DATE] = SPAN("2020-01-01"),
                  [COLUMN_EQUIPMENT_COUNT] = SPAN("1"),
                  [COLUMN_CAPACITY] = SPAN("10")}};
    enum column bad;

    if (sample->extended_to)
        obligation.field[COLUMN_EXTENDED_TO] = span_of(day_format(sample->extended_to, extended));
    cr_assert(obligation_type_fields(&obligation, &bad), "column %d", bad);
    obligation_json_add(&obligation, &row);
    /* Ids are spread, as digests are. */
    buf_addf(&data, "{\"import\":\"x\",\"line\":2,\"obligation\":\"%08x%024x\",\"row\":%s,\"version\":%u}",
             sample->number * 2654435761U, sample->number, buf_text(&row), ++versions[sample->number]);
    event.data = buf_span(&data);
    cr_assert(obligations_apply(txn, sequence++, &event, &err), "%s", err.text);
}

static unsigned number_of(const struct obligations_found *found)
{
    return store_read_u32(found->id + OBLIGATION_ID_BYTES - 4);
}

/* All slices of one look, merged as whoever asks does it: the numbers of what was found, and how many fit. */
static size_t look(const struct obligations_search *search, struct obligations_found *page, uint64_t *matched)
{
    uint8_t from[OBLIGATION_ID_BYTES];
    bool has_from = false, goes_on = true;
    size_t count = 0;

    *matched = 0;
    while (goes_on) {
        AUTO(obligations_slice_done) struct obligations_slice slice = {.found = NULL};

        cr_assert(obligations_slice(txn, search, has_from ? from : NULL, &slice, &err), "%s", err.text);
        cr_assert_leq(slice.looked, search->looks_max);
        *matched += slice.matched;
        for (size_t i = 0; i < slice.count; i++) {
            size_t at = count;

            while (at > 0 && obligations_place_compare(&page[at - 1].place, &slice.found[i].place) > 0)
                at--;
            if (at == search->most)
                continue;
            if (count < search->most)
                count++;
            memmove(&page[at + 1], &page[at], (count - at - 1) * sizeof *page);
            page[at] = slice.found[i];
        }
        memcpy(from, slice.next, sizeof from);
        has_from = goes_on = slice.has_next;
    }
    return count;
}

/* The numbers of what fits, as "1 2 3". */
static const char *found_by(struct obligations_search search)
{
    static char text[4096];
    static struct obligations_found page[512];
    size_t used = 0, count;
    uint64_t matched;

    search.most = 500;
    count = look(&search, page, &matched);
    cr_assert_eq(matched, count);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, i ? " %u" : "%u", number_of(&page[i]));
    return text;
}

/* --- what must not be taken for an empty list --- */

Test(obligations_list, a_store_of_before_is_refused_and_not_empty)
{
    uint8_t key[OBLIGATION_KEY_BYTES] = {1};
    char value[OBLIGATION_AT_LENGTHS] = {0};
    struct obligations_search search = OBLIGATIONS_SEARCH_ALL;
    struct obligations_slice slice;

    store_put(txn, STORE_OBLIGATIONS, (struct span){(char *)key, sizeof key}, (struct span){value, sizeof value});
    cr_assert_not(obligations_slice(txn, &search, NULL, &slice, &err));
    cr_assert_eq(err.code, ERR_UNAVAILABLE);
    cr_assert_str_eq(err.rule, "register.rebuild");
}

Test(obligations_list, a_damaged_value_is_an_error)
{
    uint8_t key[OBLIGATION_KEY_BYTES] = {1};
    char value[OBLIGATION_AT_TEXTS + 3] = {[OBLIGATION_AT_LENGTHS] = 4};
    struct obligations_search search = OBLIGATIONS_SEARCH_ALL;
    struct obligations_slice slice;

    store_put(txn, STORE_OBLIGATIONS, (struct span){(char *)key, sizeof key}, (struct span){value, sizeof value});
    cr_assert_not(obligations_slice(txn, &search, NULL, &slice, &err));
    cr_assert_eq(err.code, ERR_CORRUPT);
    store_put(txn, STORE_OBLIGATIONS, (struct span){(char *)key, sizeof key}, (struct span){value, 10});
    cr_assert_not(obligations_slice(txn, &search, NULL, &slice, &err));
    cr_assert_eq(err.code, ERR_CORRUPT);
}

Test(obligations_list, an_empty_register_has_no_page)
{
    struct obligations_search search = OBLIGATIONS_SEARCH_ALL;

    cr_assert_str_eq(found_by(search), "");
}

/* --- what fits --- */

Test(obligations_list, texts_are_folded)
{
    static const struct {
        const char *text;
        const char *folded;
    } CASES[] = {{"", ""},
                 {"广州 ＡＢＣ　（一）\xc2\xa0厂Z", "广州abc(一)厂z"},
                 {"～！", "~!"},
                 {"\xef\xbc", "\xef\xbc"},
                 {"\xef\xbc\x80\xef\xbd\x9f", "\xef\xbc\x80\xef\xbd\x9f"},
                 {"ﾊ々￥", "ﾊ々￥"}};

    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        AUTO(buf_done) struct buf folded = BUF_INIT;

        obligations_fold(span_of(CASES[i].text), &folded);
        cr_expect_str_eq(buf_text(&folded), CASES[i].folded);
    }
}

Test(obligations_list, each_filter_takes_what_fits_and_nothing_else)
{
    struct obligations_search search;

    record(&(struct sample){.number = 1,
                            .name = "虚构（东）钢铁厂",
                            .region = "佛山市南海区",
                            .industry = "钢铁",
                            .division = "440605",
                            .uscc = "91440605MAYUCHK485",
                            .ground = GROUND_ENERGY,
                            .state = STATE_OVERDUE,
                            .deadline = 100});
    record(&(struct sample){.number = 2,
                            .name = "虚构水泥厂",
                            .division = "440224",
                            .ground = GROUND_SAFETY,
                            .state = STATE_EXTENDED,
                            .deadline = 50,
                            .extended_to = 200});
    record(&(struct sample){.number = 3,
                            .name = "Glas B",
                            .industry = "平板玻璃",
                            .ground = GROUND_SAFETY,
                            .state = STATE_EXITED_LATE,
                            .deadline = 10});
#define FOUND(member, value, numbers)                                                                                  \
    search = OBLIGATIONS_SEARCH_ALL;                                                                                   \
    search.order = OBLIGATIONS_BY_DUE;                                                                                 \
    search.member = value;                                                                                             \
    cr_expect_str_eq(found_by(search), numbers, #member " " #value)
    FOUND(uscc, "91440605", "1");
    FOUND(uscc, "91440224MAYUCHK485", "3 2");
    FOUND(uscc, "91440224MAYUCHK4855", "");
    FOUND(name, SPAN("虚构"), "1 2");
    FOUND(name, SPAN("(东)钢"), "1");
    FOUND(name, SPAN("glasb"), "3");
    FOUND(name, SPAN("韶关"), "");
    FOUND(region, SPAN("南海"), "1");
    FOUND(industry, SPAN("玻璃"), "3");
    FOUND(filter.ground, GROUND_SAFETY, "3 2");
    FOUND(filter.state, STATE_EXTENDED, "2");
    FOUND(filter.division, "4406", "1");
    FOUND(filter.division, "44", "3 1 2");
    FOUND(due_from, 100, "1 2");
    FOUND(due_from, 101, "2");
    FOUND(due_to, 100, "3 1");
    FOUND(due_to, 99, "3");
    FOUND(filter.overdue_on, 100, "");
    FOUND(filter.overdue_on, 101, "1");
    FOUND(filter.overdue_on, 201, "1 2");
#undef FOUND
}

Test(obligations_list, each_order_is_what_it_says)
{
    struct obligations_search search = OBLIGATIONS_SEARCH_ALL;

    record(&(struct sample){.number = 1, .uscc = "91440605MAYUCHK485", .deadline = 100});
    record(&(struct sample){.number = 2, .uscc = "91440224MAYUCHK485", .deadline = -50});
    record(&(struct sample){.number = 3, .uscc = "91440300MAYUCHK485", .deadline = 300});
    record(&(struct sample){.number = 1, .uscc = "91440605MAYUCHK485", .deadline = 100, .extended_to = 400});
    search.order = OBLIGATIONS_BY_CHANGE;
    cr_expect_str_eq(found_by(search), "1 3 2");
    search.order = OBLIGATIONS_BY_CODE;
    cr_expect_str_eq(found_by(search), "2 3 1");
    search.order = OBLIGATIONS_BY_DUE;
    cr_expect_str_eq(found_by(search), "2 3 1");
    search.order = OBLIGATIONS_BY_DUE_LATEST;
    cr_expect_str_eq(found_by(search), "1 3 2");
}

Test(obligations_list, the_newest_version_alone_counts_and_a_list_of_before_does_not_see_it)
{
    struct obligations_search search = OBLIGATIONS_SEARCH_ALL;

    record(&(struct sample){.number = 1, .name = "甲", .deadline = 1});
    search.as_of = sequence;
    record(&(struct sample){.number = 1, .name = "乙", .deadline = 1});
    record(&(struct sample){.number = 2, .name = "甲", .deadline = 1});
    search.name = SPAN("甲");
    cr_expect_str_eq(found_by(search), "1");
    search.as_of = sequence;
    cr_expect_str_eq(found_by(search), "2");
}

/* --- pages --- */

enum { MANY = 1000, A_PAGE = 37, SLICE = 83 };

static void record_many(void)
{
    for (unsigned i = 1; i <= MANY; i++)
        record(&(struct sample){.number = i, .deadline = (int32_t)(i * 7919 % 400)});
}

/* Half of the register gets new days between two pages, and new obligations come. */
static void change_much(unsigned round)
{
    for (unsigned i = 1 + round % 2; i <= MANY; i += 2)
        record(&(struct sample){
            .number = i, .deadline = (int32_t)(i * 7919 % 400), .extended_to = (int32_t)(round * 31 % 400 + 1)});
    record(&(struct sample){.number = MANY + 1 + round, .deadline = 200});
}

Test(obligations_list, pages_have_nothing_twice_and_nothing_left_out_while_the_register_changes)
{
    static struct obligations_found page[A_PAGE + 1];
    bool seen[MANY + 1];

    record_many();
    for (int order = 0; order < OBLIGATIONS_ORDER_COUNT; order++) {
        struct obligations_search search = OBLIGATIONS_SEARCH_ALL;
        struct obligations_place last = {.bytes = 0};
        size_t count, all = 0;
        uint64_t matched;

        search.order = (enum obligations_order)order;
        search.as_of = MANY; /* what came in the rounds before is not of this list */
        search.most = A_PAGE;
        search.looks_max = SLICE;
        memset(seen, 0, sizeof seen);
        while ((count = look(&search, page, &matched)) > 0) {
            cr_assert_eq(matched, MANY);
            for (size_t i = 0; i < count; i++) {
                cr_assert_leq(number_of(&page[i]), MANY);
                cr_assert_not(seen[number_of(&page[i])], "twice");
                cr_assert_lt(obligations_place_compare(&last, &page[i].place), 0, "not in order");
                cr_assert_eq(page[i].version, 1, "another than that of then");
                seen[number_of(&page[i])] = true;
                last = page[i].place;
            }
            all += count;
            search.after = last;
            if (all % 5 == 0)
                change_much((unsigned)all % 100);
        }
        cr_assert_eq(all, MANY);
    }
}

Test(obligations_list, slices_of_any_length_find_the_same)
{
    static struct obligations_found page[A_PAGE + 1], other[A_PAGE + 1];
    static const size_t LENGTHS[] = {1, 2, 999, 1000, 1001};
    struct obligations_search search = OBLIGATIONS_SEARCH_ALL;
    uint64_t matched, others;
    size_t count;

    record_many();
    search.most = A_PAGE;
    search.due_from = 100;
    search.due_to = 300;
    search.order = OBLIGATIONS_BY_DUE;
    count = look(&search, page, &matched);
    cr_assert_eq(count, A_PAGE);
    for (size_t i = 0; i < COUNT_OF(LENGTHS); i++) {
        search.looks_max = LENGTHS[i];
        cr_assert_eq(look(&search, other, &others), count);
        cr_assert_eq(others, matched);
        for (size_t k = 0; k < count; k++)
            cr_assert_eq(number_of(&page[k]), number_of(&other[k]));
    }
}
