/* The lists of records, their lengths and their pages, while records come and go. */
#include "desk.h"

#include "gateway/registry/records.h"

TestSuite(lists, .init = desk_open, .fini = desk_close, .timeout = 60);

static bool count_one(const struct record_version *version, void *context)
{
    (void)version;
    ++*(uint64_t *)context;
    return true;
}

/* Every list is as long as it says. */
static void assert_lengths(uint64_t waiting, uint64_t returned, uint64_t live, uint64_t over, uint64_t unsent)
{
    const uint64_t expected[RECORD_LIST_COUNT] = {waiting, returned, live, over, unsent};
    AUTO(store_abort) struct store_txn *txn = reader();

    for (int list = 0; list < RECORD_LIST_COUNT; list++) {
        struct records_filter filter = {(enum record_list)list, -1, NULL, NULL};
        uint64_t walked = 0;

        cr_assert(records_scan(txn, &filter, count_one, &walked, &T.err), "%s", T.err.text);
        cr_assert_eq(walked, expected[list], "list %d holds %llu", list, (unsigned long long)walked);
        cr_assert_eq(records_count(txn, (enum record_list)list), walked, "list %d", list);
    }
}

static void import_many(struct obligation *rows, size_t count)
{
    static char documents[64][64];

    for (size_t i = 0; i < count; i++) {
        rows[i] = sample_row();
        snprintf(documents[i], sizeof documents[i], "韶工信节能〔2025〕%zu号", 100 + i);
        rows[i].field[COLUMN_DOCUMENT] = span_of(documents[i]);
    }
    import_rows(rows, count);
}

Test(lists, lengths_follow_the_life_of_records)
{
    struct obligation rows[3];
    struct proposal proposal = sample_proposal();
    char ids[3][RECORD_ID_BYTES];

    assert_lengths(0, 0, 0, 0, 0);
    import_many(rows, 3);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_str_eq(propose_row(rows[i], &proposal), "done");
        memcpy(ids[i], T.last.record, sizeof ids[i]);
    }
    assert_lengths(3, 0, 0, 0, 0);
    cr_assert_str_eq(return_it(ids[0], "缺少材料"), "done");
    assert_lengths(2, 1, 0, 0, 0);
    cr_assert_str_eq(propose_row(rows[0], &proposal), "done");
    assert_lengths(3, 0, 0, 0, 0);
    for (size_t i = 0; i < 3; i++)
        cr_assert_str_eq(approve_as("reviewer", ids[i]), "done");
    assert_lengths(0, 0, 3, 0, 3);
    cr_assert_str_eq(change(ids[1], blank_change(OP_WITHDRAWN)), "done");
    assert_lengths(1, 0, 3, 0, 3);
    cr_assert_str_eq(approve_as("reviewer", ids[1]), "done");
    assert_lengths(0, 0, 2, 1, 4);
}

static bool take_one(const struct record_version *version, void *context)
{
    char(*id)[RECORD_ID_BYTES] = context;

    if ((*id)[0])
        return false;
    memcpy(*id, version->record.id, RECORD_ID_BYTES);
    return true;
}

Test(lists, pages_of_one_go_through_all_in_order)
{
    enum { ROWS = 5 };
    struct obligation rows[ROWS];
    struct proposal proposal = sample_proposal();
    struct records_page page = {.filter = {RECORDS_WAITING, -1, NULL, NULL}, .looks_max = 100};
    char before[RECORD_ID_BYTES] = "";
    AUTO(store_abort) struct store_txn *txn = NULL;
    int pages = 0;

    import_many(rows, ROWS);
    for (size_t i = 0; i < ROWS; i++)
        cr_assert_str_eq(propose_row(rows[i], &proposal), "done");
    txn = reader();
    do {
        char id[RECORD_ID_BYTES] = "";

        cr_assert(records_page(txn, &page, take_one, &id, &T.err), "%s", T.err.text);
        cr_assert_gt(strcmp(id, before), 0);
        memcpy(before, id, sizeof before);
        pages++;
    } while (page.mark_bytes > 0);
    cr_assert_eq(pages, ROWS);
}

Test(lists, looking_ends_though_nothing_fits_and_goes_on_from_there)
{
    enum { ROWS = 5 };
    struct obligation rows[ROWS];
    struct proposal proposal = sample_proposal();
    struct records_page page = {.filter = {RECORDS_WAITING, GROUND_SAFETY, NULL, NULL}, .looks_max = 2};
    AUTO(store_abort) struct store_txn *txn = NULL;
    uint64_t found = 0;
    int pages = 0;

    import_many(rows, ROWS);
    for (size_t i = 0; i < ROWS; i++)
        cr_assert_str_eq(propose_row(rows[i], &proposal), "done");
    txn = reader();
    do {
        cr_assert(records_page(txn, &page, count_one, &found, &T.err), "%s", T.err.text);
        pages++;
    } while (page.mark_bytes > 0);
    cr_assert_eq(found, 0);
    cr_assert_eq(pages, 3);
}

Test(lists, a_mark_from_nowhere_does_no_harm)
{
    struct records_page page = {.filter = {RECORDS_LIVE, -1, NULL, NULL}, .looks_max = 10};
    AUTO(store_abort) struct store_txn *txn = NULL;
    uint64_t found = 0;

    listed_sample();
    txn = reader();
    page.mark_bytes = sizeof page.mark;
    memset(page.mark, 0xFF, sizeof page.mark);
    cr_assert(records_page(txn, &page, count_one, &found, &T.err), "%s", T.err.text);
    cr_assert_eq(found, 0);
    cr_assert_eq(page.mark_bytes, 0);
}

/* Of two records in force: how many fit. */
static uint64_t found_by(struct records_search search)
{
    struct records_page page = {.filter = {RECORDS_LIVE, -1, NULL, NULL}, .search = &search, .looks_max = 100};
    AUTO(store_abort) struct store_txn *txn = reader();
    uint64_t found = 0;

    cr_assert(records_page(txn, &page, count_one, &found, &T.err), "%s", T.err.text);
    cr_assert_eq(page.mark_bytes, 0);
    return found;
}

Test(lists, what_is_looked_for_is_found_and_nothing_else)
{
    struct obligation rows[2];
    struct proposal proposal = sample_proposal();

    import_many(rows, 2);
    rows[1].field[COLUMN_NAME] = SPAN("韶关市虚构（Ｂ）水泥有限公司");
    rows[1].field[COLUMN_INDUSTRY] = SPAN("水泥");
    rows[1].field[COLUMN_REGION] = SPAN("韶关市始兴县");
    rows[1].field[COLUMN_DOCUMENT] = SPAN("韶工信节能〔2025〕999号");
    import_rows(rows + 1, 1);
    for (size_t i = 0; i < 2; i++) {
        proposal.decided_on = on(i == 0 ? "2026-08-01" : "2026-08-03");
        cr_assert_str_eq(propose_row(rows[i], &proposal), "done");
        cr_assert_str_eq(approve_as("reviewer", T.last.record), "done");
    }
#define FOUND(how_many, ...)                                                                                           \
    cr_expect_eq(found_by((struct records_search){.decided_from = DAY_NONE, .decided_to = DAY_NONE, __VA_ARGS__}),     \
                 how_many, #__VA_ARGS__)
    FOUND(2, .uscc = "");
    FOUND(2, .uscc = "91440224");
    FOUND(0, .uscc = "91440225");
    FOUND(0, .uscc = "91440224MAYUCHK4859");
    FOUND(1, .name = SPAN("虚构(b)水"));
    FOUND(0, .name = SPAN("始兴"));
    FOUND(1, .region = SPAN("始兴"));
    FOUND(1, .industry = SPAN("钢铁"));
    FOUND(0, .industry = SPAN("钢铁"), .region = SPAN("始兴"));
#undef FOUND
    cr_expect_eq(found_by((struct records_search){.decided_from = on("2026-08-02"), .decided_to = DAY_NONE}), 1);
    cr_expect_eq(found_by((struct records_search){.decided_from = DAY_NONE, .decided_to = on("2026-08-01")}), 1);
    cr_expect_eq(found_by((struct records_search){.decided_from = on("2026-08-02"), .decided_to = on("2026-08-02")}),
                 0);
}
