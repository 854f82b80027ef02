/* What is counted as it changes, against a walk over all there is, while a register lives by chance. */
#include "desk.h"

#include <stdlib.h>

#include "gateway/registry/records.h"
#include "gateway/registry/standing.h"

enum { ROWS = 24, ORDERS = 300 };

static const char *const PEOPLE[] = {"author", "second", "third"};
static struct obligation rows[ROWS];
static char documents[ROWS][64];
static char ids[ROWS][RECORD_ID_BYTES];

TestSuite(standing, .init = desk_open, .fini = desk_close, .timeout = 120);

/* --- the long way --- */

struct walk {
    struct store_txn *txn;
    int32_t day;
    uint64_t unproposed;
    const char *person;
    uint64_t proposed;
};

static bool see_obligation(const struct obligation_version *version, void *context)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct walk *walk = context;
    struct record_version newest;
    char record[RECORD_ID_BYTES];

    walk->unproposed += !command_has_record(walk->txn, version->id, record, &newest, &hold);
    return true;
}

static bool see_record(const struct record_version *version, void *context)
{
    struct walk *walk = context;

    walk->proposed += span_is(version->record.proposed_by, walk->person);
    return true;
}

static void assert_counts(const char *when)
{
    static const char *const DAYS[] = {"2026-01-01", "2026-02-28", "2026-03-01", "2026-08-01", "2030-01-01"};
    AUTO(store_abort) struct store_txn *txn = reader();
    struct walk walk = {.txn = txn};
    uint64_t counted;

    cr_assert(standing_is_kept(txn));
    for (size_t i = 0; i < COUNT_OF(DAYS); i++) {
        struct obligations_filter filter = OBLIGATIONS_ALL;

        filter.overdue_on = walk.day = on(DAYS[i]);
        walk.unproposed = 0;
        cr_assert(obligations_scan(txn, &filter, see_obligation, &walk, &T.err), "%s", T.err.text);
        cr_assert(standing_unproposed(txn, walk.day, &counted, &T.err), "%s", T.err.text);
        cr_assert_eq(counted, walk.unproposed, "%s, on %s: counted %llu, there are %llu", when, DAYS[i],
                     (unsigned long long)counted, (unsigned long long)walk.unproposed);
    }
    for (size_t i = 0; i < 2 * COUNT_OF(PEOPLE); i++) {
        enum record_list list = i % 2 ? RECORDS_WAITING : RECORDS_RETURNED;
        struct records_filter filter = {list, -1, NULL, NULL};

        walk.person = PEOPLE[i / 2];
        walk.proposed = 0;
        cr_assert(records_scan(txn, &filter, see_record, &walk, &T.err), "%s", T.err.text);
        cr_assert_eq(standing_proposed_by(txn, list, span_of(walk.person)), walk.proposed, "%s: list %d of %s", when,
                     list, walk.person);
    }
}

/* --- a life by chance --- */

static unsigned seed;

static size_t chance(size_t below)
{
    return (size_t)rand_r(&seed) % below;
}

static void import_one(size_t i)
{
    static const char *const DEADLINES[] = {"2025-12-31", "2026-02-28", "2026-03-31", "2026-12-31"};
    static const char *const STATES[] = {"逾期未退出", "整改中", "整改中", "逾期后退出", "已撤销"};
    size_t state = chance(COUNT_OF(STATES));

    rows[i] = sample_row();
    snprintf(documents[i], sizeof documents[i], "韶工信节能〔2025〕%zu号", 100 + i);
    rows[i].field[COLUMN_DOCUMENT] = span_of(documents[i]);
    rows[i].field[COLUMN_DEADLINE] = span_of(DEADLINES[chance(COUNT_OF(DEADLINES))]);
    rows[i].field[COLUMN_STATE] = span_of(STATES[state]);
    if (state == 3)
        rows[i].field[COLUMN_EXIT_DATE] = span_of("2026-07-30");
    import_rows(&rows[i], 1);
}

static void propose_one(size_t i)
{
    struct proposal proposal = sample_proposal();

    T.desk.person = PEOPLE[chance(COUNT_OF(PEOPLE))];
    if (strcmp(propose_row(rows[i], &proposal), "done") == 0)
        memcpy(ids[i], T.last.record, sizeof ids[i]);
    T.desk.person = "author";
}

static void change_one(size_t i)
{
    static const enum record_op OPS[] = {OP_WITHDRAWN, OP_DISPUTED, OP_CHANGED};

    T.desk.person = PEOPLE[chance(COUNT_OF(PEOPLE))];
    (void)change(ids[i], blank_change(OPS[chance(COUNT_OF(OPS))]));
    T.desk.person = "author";
}

static void order_one(void)
{
    size_t i = chance(ROWS);

    switch (chance(6)) {
    case 0:
        import_one(i);
        break;
    case 1:
        propose_one(i);
        break;
    case 2:
        if (ids[i][0])
            change_one(i);
        break;
    case 3:
        if (ids[i][0])
            (void)return_it(ids[i], "缺少材料");
        break;
    default:
        if (ids[i][0])
            (void)approve_as("reviewer", ids[i]);
    }
}

Test(standing, a_register_that_lives_by_chance_is_counted_as_a_walk_counts_it)
{
    seed = 20261125;
    assert_counts("empty");
    for (size_t i = 0; i < ROWS; i++)
        import_one(i);
    assert_counts("imported");
    for (int order = 0; order < ORDERS; order++) {
        char when[32];

        order_one();
        snprintf(when, sizeof when, "after order %d", order + 1);
        if (order % 10 == 0)
            assert_counts(when);
    }
    assert_counts("at the end");
}

Test(standing, an_obligation_waits_again_once_its_record_was_returned)
{
    struct proposal proposal = sample_proposal();
    AUTO(store_abort) struct store_txn *txn = NULL;
    uint64_t count;
    char id[RECORD_ID_BYTES];

    import_row(sample_row());
    cr_assert_str_eq(propose_sample(&proposal), "done");
    memcpy(id, T.last.record, sizeof id);
    txn = reader();
    cr_assert(standing_unproposed(txn, on("2026-08-03"), &count, &T.err));
    cr_assert_eq(count, 0);
    store_abort(TAKE(txn));
    cr_assert_str_eq(return_it(id, "缺少材料"), "done");
    txn = reader();
    cr_assert(standing_unproposed(txn, on("2026-08-03"), &count, &T.err));
    cr_assert_eq(count, 1);
    cr_assert(standing_unproposed(txn, on("2026-02-28"), &count, &T.err));
    cr_assert_eq(count, 0, "the last day is in time");
    cr_assert_eq(standing_proposed_by(txn, RECORDS_RETURNED, SPAN("author")), 1);
}

static bool forget(struct store_txn *txn, void *context, struct error *err)
{
    (void)context;
    store_delete(txn, STORE_RECORD_INDEX, SPAN("d"));
    return store_txn_is_good(txn, err);
}

/* What a rebuild would have made of it. */
static bool remember(struct store_txn *txn, void *context, struct error *err)
{
    static const uint8_t ONE[8] = {0, 0, 0, 0, 0, 0, 0, 1};
    uint8_t day[5] = {'d'};

    (void)context;
    store_key_u32(day + 1, (uint32_t)on("2026-02-28") ^ 0x80000000U);
    store_put(txn, STORE_RECORD_INDEX, SPAN("d"), SPAN(""));
    store_delete(txn, STORE_RECORD_INDEX, (struct span){(const char *)day, sizeof day});
    store_put(txn, STORE_RECORD_INDEX, SPAN("p\0author"), (struct span){(const char *)ONE, sizeof ONE});
    return store_txn_is_good(txn, err);
}

Test(standing, a_store_from_before_says_that_it_does_not_know_and_counts_nothing)
{
    struct proposal proposal = sample_proposal();
    AUTO(store_abort) struct store_txn *txn = NULL;
    uint64_t count;

    import_row(sample_row());
    cr_assert(store_write(T.store, forget, NULL, &T.err), "%s", T.err.text);
    cr_assert_str_eq(propose_sample(&proposal), "done");
    txn = reader();
    cr_assert_not(standing_is_kept(txn));
    cr_assert_eq(standing_proposed_by(txn, RECORDS_WAITING, SPAN("author")), 0);
    cr_assert(standing_unproposed(txn, on("2026-08-03"), &count, &T.err));
    cr_assert_eq(count, 1, "as it was");
    store_abort(TAKE(txn));
    cr_assert(store_write(T.store, remember, NULL, &T.err), "%s", T.err.text);
}
