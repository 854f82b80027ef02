/* What the public lists are made of: first what must not be taken for an empty list. */
#include "gateway/registry/announced.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static struct store *store;
static struct store_txn *txn;
static struct error err;
static char seen[64]; /* the first bytes of the ids, as letters */
static size_t wanted; /* how many the visitor takes; 0: all */

static void setup(void)
{
    test_folder_new(folder);
    cr_assert(store_open(folder, &(struct store_options){.creates = true, .is_scratch = true}, &store, &err), "%s",
              err.text);
    cr_assert(store_begin(store, STORE_WRITE, &txn, &err), "%s", err.text);
    wanted = 0;
}

static void teardown(void)
{
    store_abort(txn);
    store_close(store);
    test_folder_remove(folder);
}

TestSuite(announced, .init = setup, .fini = teardown);

static struct obligation_version version_of(char id, enum obligation_state state, int32_t day)
{
    return (struct obligation_version){.id = {(uint8_t)id},
                                       .version = 1,
                                       .state = state,
                                       .ground = GROUND_ENERGY,
                                       .order_date = day,
                                       .deadline = day,
                                       .extended_to = DAY_NONE,
                                       .exit_date = state == STATE_EXITED_IN_TIME ? day : DAY_NONE,
                                       .division = "440224"};
}

static void put(const struct obligation_version *before, struct obligation_version version, const char *measure)
{
    struct obligation row = {.field = {[COLUMN_MEASURE] = span_of(measure)}};

    announced_put(txn, before, &version, &row);
}

static bool take(const struct announced_entry *entry, void *context)
{
    (void)context;
    cr_assert_str_eq(entry->division, "440224");
    if (wanted > 0 && strlen(seen) == wanted)
        return false;
    seen[strlen(seen)] = (char)entry->obligation[0];
    return true;
}

static const char *scan(struct announced_page *page)
{
    memset(seen, 0, sizeof seen);
    cr_assert(announced_scan(txn, page, take, NULL, &err), "%s", err.text);
    return seen;
}

static const char *list_of(enum announced_list list)
{
    struct announced_page page = {.list = list, .from_day = -1000, .until_day = 100000, .looks_max = 100};

    return scan(&page);
}

Test(announced, a_store_older_than_the_index_has_no_empty_lists)
{
    struct announced_page page = {.list = ANNOUNCED_RED, .from_day = 0, .until_day = 10, .looks_max = 100};

    cr_assert_str_eq(scan(&page), "", "a new store has none, and that is true");
    store_put(txn, STORE_OBLIGATIONS, SPAN("an obligation of before"), SPAN("x"));
    cr_assert_not(announced_scan(txn, &page, take, NULL, &err));
    cr_assert_eq(err.code, ERR_UNAVAILABLE);
    cr_assert_str_eq(err.rule, "lists.rebuild");
}

Test(announced, a_damaged_entry_is_an_error_and_not_the_end)
{
    struct announced_page page = {.list = ANNOUNCED_EXITS, .from_day = 0, .until_day = 10, .looks_max = 100};

    store_put(txn, STORE_RECORD_INDEX, SPAN("b\0\x80\0\0\1short"), SPAN("x"));
    cr_assert_not(announced_scan(txn, &page, take, NULL, &err));
    cr_assert_eq(err.code, ERR_CORRUPT);
}

Test(announced, measures_and_states_decide_what_is_where)
{
    struct obligation_version closed = version_of('e', STATE_RECTIFYING, 5);

    put(NULL, version_of('a', STATE_EXITED_IN_TIME, 5), "依法关停退出");
    put(NULL, version_of('b', STATE_EXITED_IN_TIME, 5), "拆除主体设备");
    put(NULL, version_of('c', STATE_RECTIFYING, 5), "限期整改");
    put(NULL, version_of('d', STATE_OVERDUE, 5), "限期整改");
    put(NULL, closed, "责令停业、关闭");
    closed.id[0] = 'f';
    closed.ground = GROUND_ENVIRONMENT;
    put(NULL, closed, "责令停业、关闭");
    put(NULL, version_of('g', STATE_REVOKED, 5), "取缔");
    put(NULL, version_of('h', STATE_RECTIFYING, 5), "拆除主体设备");
    cr_expect_str_eq(list_of(ANNOUNCED_EXITS), "ab");
    cr_expect_str_eq(list_of(ANNOUNCED_YELLOW), "c");
    cr_expect_str_eq(list_of(ANNOUNCED_RED), "af");
}

Test(announced, a_new_version_takes_the_place_of_the_one_before)
{
    struct obligation_version before = version_of('a', STATE_RECTIFYING, 5);
    struct obligation_version after = version_of('a', STATE_EXITED_IN_TIME, 7);

    put(NULL, before, "限期整改");
    after.version = 2;
    put(&before, after, "限期整改");
    cr_expect_str_eq(list_of(ANNOUNCED_YELLOW), "");
    cr_expect_str_eq(list_of(ANNOUNCED_EXITS), "a");
    before = after;
    after.state = STATE_REVOKED;
    put(&before, after, "限期整改");
    cr_expect_str_eq(list_of(ANNOUNCED_EXITS), "");
}

Test(announced, pages_by_count_and_by_work_go_on_where_they_stopped)
{
    struct announced_page page = {.list = ANNOUNCED_EXITS, .from_day = -3, .until_day = 3, .looks_max = 100};

    put(NULL, version_of('z', STATE_EXITED_IN_TIME, -4), "取缔");
    put(NULL, version_of('c', STATE_EXITED_IN_TIME, -3), "取缔");
    put(NULL, version_of('b', STATE_EXITED_IN_TIME, 0), "取缔");
    put(NULL, version_of('a', STATE_EXITED_IN_TIME, 3), "取缔");
    put(NULL, version_of('y', STATE_EXITED_IN_TIME, 4), "取缔");
    wanted = 2;
    cr_expect_str_eq(scan(&page), "cb");
    cr_expect_eq(page.mark_bytes, ANNOUNCED_MARK_BYTES);
    cr_expect_str_eq(scan(&page), "a");
    cr_expect_eq(page.mark_bytes, 0);
    wanted = 0;
    page.looks_max = 1;
    cr_expect_str_eq(scan(&page), "c");
    cr_expect_str_eq(scan(&page), "b");
    cr_expect_str_eq(scan(&page), "a");
    cr_expect_eq(page.mark_bytes, 0);
}

/* A mark comes from a stranger. */
Test(announced, a_mark_from_before_the_first_day_begins_there)
{
    struct announced_page page = {
        .list = ANNOUNCED_EXITS, .from_day = 2, .until_day = 9, .looks_max = 100, .mark_bytes = ANNOUNCED_MARK_BYTES};

    put(NULL, version_of('a', STATE_EXITED_IN_TIME, 1), "取缔");
    put(NULL, version_of('b', STATE_EXITED_IN_TIME, 2), "取缔");
    cr_expect_str_eq(scan(&page), "b");
}
