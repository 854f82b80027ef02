#include "gateway/registry/subject.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/walk.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static struct store *store;
static struct error err;

static void setup(void)
{
    test_folder_new(folder);
    cr_assert(store_open(folder, &(struct store_options){.creates = true, .is_scratch = true}, &store, &err), "%s",
              err.text);
}

static void teardown(void)
{
    store_close(store);
    test_folder_remove(folder);
}

TestSuite(subject, .init = setup, .fini = teardown);

static const char CODE[] = "91440224MAYUCHK485";

static void put(struct store_txn *txn, uint8_t which, uint32_t number, const char *name)
{
    struct obligation row = {.field = {[COLUMN_NAME] = span_of(name), [COLUMN_EQUIPMENT] = SPAN("立窑 \"},{\\")}};
    struct obligation_version version = {.id = {which},
                                         .version = number,
                                         .deadline = 100,
                                         .extended_to = DAY_NONE,
                                         .exit_date = DAY_NONE,
                                         .sequence = number,
                                         .at_ms = number * 10};

    memcpy(version.uscc, CODE, sizeof CODE);
    cr_assert(subject_put_obligation(txn, &version, &row, &err), "%s", err.text);
}

Test(subject, an_unknown_or_malformed_code_is_not_found)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct subject subject;

    cr_assert(store_begin(store, STORE_READ, &txn, &err));
    cr_assert_not(subject_find(txn, span_of(CODE), &subject));
    cr_assert_not(subject_find(txn, span_of("9144"), &subject));
    cr_assert_not(subject_find(txn, SPAN_NONE, &subject));
    cr_assert(store_txn_is_good(txn, &err));
}

/* What cannot be read is not absent: a lookup must not answer from half an entry. */
Test(subject, a_damaged_entry_spoils_the_transaction)
{
    static const size_t CUT[] = {3, 17, 20, 90, 148, 150, 160};

    for (size_t i = 0; i < COUNT_OF(CUT); i++) {
        AUTO(store_abort) struct store_txn *txn = NULL;
        struct subject subject;
        struct subject_walk walk;
        struct subject_item item;
        struct span value;
        char copy[200];

        cr_assert(store_begin(store, STORE_WRITE, &txn, &err));
        put(txn, 1, 1, "名");
        cr_assert(store_get(txn, STORE_SUBJECTS, span_of(CODE), &value));
        cr_assert_gt(value.bytes, sizeof copy);
        memcpy(copy, value.at, CUT[i]);
        store_put(txn, STORE_SUBJECTS, span_of(CODE), (struct span){copy, CUT[i]});
        if (subject_find(txn, span_of(CODE), &subject)) {
            subject_walk_begin(&walk, &subject);
            cr_assert_not(subject_walk_next(&walk, &item));
        }
        cr_assert_not(store_txn_is_good(txn, &err), "cut at %zu", CUT[i]);
        cr_assert_eq(err.code, ERR_CORRUPT);
    }
}

/* What says where members end is copied by: wrong, it would show what may not be seen. */
Test(subject, an_entry_whose_members_end_elsewhere_spoils_the_transaction)
{
    enum { ENDS_AT = 18 + 3 + 96, LAST = 2 * (SUBJECT_OBLIGATION_MEMBERS - 1) };
    static const struct {
        size_t at;
        int change;
    } WRONG[] = {{ENDS_AT + 4, -128}, {ENDS_AT + 4, 100}, {ENDS_AT + LAST, 1}, {ENDS_AT + LAST, -1}};

    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        AUTO(store_abort) struct store_txn *txn = NULL;
        AUTO(buf_done) struct buf copy = BUF_INIT;
        struct subject subject;
        struct subject_walk walk;
        struct subject_item item;
        struct span value;

        cr_assert(store_begin(store, STORE_WRITE, &txn, &err));
        put(txn, 1, 1, "名");
        cr_assert(store_get(txn, STORE_SUBJECTS, span_of(CODE), &value));
        buf_add_span(&copy, value);
        copy.data[WRONG[i].at] = (char)(copy.data[WRONG[i].at] + WRONG[i].change);
        store_put(txn, STORE_SUBJECTS, span_of(CODE), buf_span(&copy));
        cr_assert(subject_find(txn, span_of(CODE), &subject));
        subject_walk_begin(&walk, &subject);
        cr_assert_not(subject_walk_next(&walk, &item), "case %zu", i);
        cr_assert_not(store_txn_is_good(txn, &err));
        cr_assert_eq(err.code, ERR_CORRUPT);
    }
}

/* A text that belongs to no item, or an item that the head does not count. */
Test(subject, an_entry_with_more_than_its_items_spoils_the_transaction)
{
    enum { AT_ITEMS = 4 };
    static const char COUNTS[] = {0, 2, 100};

    for (size_t i = 0; i < COUNT_OF(COUNTS); i++) {
        AUTO(store_abort) struct store_txn *txn = NULL;
        AUTO(buf_done) struct buf copy = BUF_INIT;
        struct subject subject;
        struct subject_walk walk;
        struct subject_item item;
        struct span value;

        cr_assert(store_begin(store, STORE_WRITE, &txn, &err));
        put(txn, 1, 1, "名");
        cr_assert(store_get(txn, STORE_SUBJECTS, span_of(CODE), &value));
        buf_add_span(&copy, value);
        copy.data[AT_ITEMS] = COUNTS[i];
        store_put(txn, STORE_SUBJECTS, span_of(CODE), buf_span(&copy));
        if (subject_find(txn, span_of(CODE), &subject)) {
            subject_walk_begin(&walk, &subject);
            while (subject_walk_next(&walk, &item))
                continue;
        }
        cr_assert_not(store_txn_is_good(txn, &err), "case %zu", i);
    }
}

/* Every member stands where its end says, whatever its text is made of. */
Test(subject, the_ends_of_members_are_those_of_the_json)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct subject subject;
    struct subject_walk walk;
    struct subject_item item;
    size_t items = 0;

    cr_assert(store_begin(store, STORE_WRITE, &txn, &err));
    put(txn, 1, 1, "甲 \",\\\" 乙");
    put(txn, 2, 1, "}{,:");
    put(txn, 1, 2, "");
    cr_assert(subject_find(txn, span_of(CODE), &subject));
    subject_walk_begin(&walk, &subject);
    while (subject_walk_next(&walk, &item)) {
        struct walk members;
        struct span name, raw;
        size_t count = 0;

        cr_assert(walk_begin(&members, item.json));
        while (walk_next(&members, &name, &raw))
            cr_assert_eq(subject_item_end(&item, count++), (size_t)(raw.at + raw.bytes - item.json.at));
        cr_assert_eq(count, SUBJECT_OBLIGATION_MEMBERS);
        items++;
    }
    cr_assert_eq(items, 3);
    cr_assert(store_txn_is_good(txn, &err), "%s", err.text);
}

/* Far more versions than one part holds: nothing is lost, one of each thing is current, every instant has one. */
Test(subject, an_entry_that_outgrows_a_part_goes_on_in_the_next)
{
    enum { VERSIONS = 600 };
    struct store_txn *txn = NULL;
    struct subject subject;
    struct subject_walk walk;
    struct subject_item item;
    size_t items = 0, current = 0, then = 0;

    cr_assert(store_begin(store, STORE_WRITE, &txn, &err));
    put(txn, 2, 1, "旧名");
    for (uint32_t i = 1; i <= VERSIONS; i++)
        put(txn, 1, i, i < VERSIONS ? "旧名" : "一个更长的新名称");
    cr_assert(store_commit(txn, &err), "%s", err.text);
    cr_assert(store_begin(store, STORE_READ, &txn, &err));
    cr_assert(subject_find(txn, span_of(CODE), &subject));
    cr_assert_gt(subject.parts, 3);
    cr_assert(span_is(subject.name, "一个更长的新名称"));
    cr_assert_eq(subject.sequence, VERSIONS);
    subject_walk_begin(&walk, &subject);
    while (subject_walk_next(&walk, &item)) {
        items++;
        current += item.until_ms == SUBJECT_FOREVER;
        then += subject_item_is_current(&item, 2345);
        cr_assert_eq(item.json.at[0], '{');
        cr_assert_eq(item.json.at[item.json.bytes - 1], '}');
    }
    cr_assert_eq(items, VERSIONS + 1);
    cr_assert_eq(current, 2);
    cr_assert_eq(then, 2);
    store_abort(txn);
}
