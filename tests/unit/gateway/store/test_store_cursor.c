#include "gateway/store/store.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static struct store *store;
static struct store_txn *txn;
static struct store_cursor *cursor;
static struct error err;
static struct span key, value;

/* bb, dd, ff and 500 numbers in another table. */
static void setup(void)
{
    uint8_t number[4];

    test_folder_new(folder);
    cr_assert(store_open(folder, &(struct store_options){.creates = true, .is_scratch = true}, &store, &err), "%s",
              err.text);
    cr_assert(store_begin(store, STORE_WRITE, &txn, &err));
    store_put(txn, STORE_COUNTERS, SPAN("dd"), SPAN("2"));
    store_put(txn, STORE_COUNTERS, SPAN("bb"), SPAN("1"));
    store_put(txn, STORE_COUNTERS, SPAN("ff"), SPAN("3"));
    for (uint32_t i = 0; i < 500; i++) {
        store_key_u32(number, i);
        store_append(txn, STORE_CHANNELS, (struct span){(char *)number, 4}, (struct span){(char *)number, 4});
    }
    cr_assert(store_commit(txn, &err), "%s", err.text);
    cr_assert(store_begin(store, STORE_WRITE, &txn, &err));
    cr_assert(store_cursor_open(txn, STORE_COUNTERS, &cursor, &err));
}

static void teardown(void)
{
    store_cursor_close(cursor);
    store_abort(txn);
    store_close(store);
    test_folder_remove(folder);
}

TestSuite(store_cursor, .init = setup, .fini = teardown);

Test(store_cursor, an_empty_table_has_nothing_either_way)
{
    AUTO(store_cursor_close) struct store_cursor *empty = NULL;

    cr_assert(store_cursor_open(txn, STORE_LANES, &empty, &err));
    cr_assert_not(store_cursor_next(empty, &key, &value));
    cr_assert_not(store_cursor_previous(empty, &key, &value));
    cr_assert_not(store_cursor_seek(empty, SPAN("a"), &key, &value));
    cr_assert_not(store_cursor_seek_below(empty, SPAN("a"), &key, &value));
    cr_assert(store_txn_is_good(txn, &err));
}

Test(store_cursor, a_cursor_of_a_failed_transaction_finds_nothing_and_none_opens)
{
    struct store_cursor *other = NULL;

    store_put(txn, STORE_COUNTERS, SPAN(""), SPAN("x"));
    cr_assert_not(store_cursor_next(cursor, &key, &value));
    cr_assert_not(store_cursor_open(txn, STORE_COUNTERS, &other, &err));
    cr_assert_eq(err.code, ERR_LIMIT);
    cr_assert_null(other);
}

Test(store_cursor, after_its_transaction_it_finds_nothing)
{
    cr_assert(store_commit(txn, &err), "%s", err.text);
    txn = NULL;
    cr_assert_not(store_cursor_next(cursor, &key, &value));
    cr_assert_not(store_cursor_seek(cursor, SPAN("bb"), &key, &value));
    cr_assert_not(store_cursor_seek_below(cursor, SPAN("bb"), &key, &value));
}

Test(store_cursor, a_reset_ends_it)
{
    struct store_txn *reader;
    AUTO(store_cursor_close) struct store_cursor *reading = NULL;

    cr_assert(store_begin(store, STORE_READ, &reader, &err));
    cr_assert(store_cursor_open(reader, STORE_COUNTERS, &reading, &err));
    cr_assert(store_cursor_next(reading, &key, &value));
    store_reset(reader);
    cr_assert_not(store_cursor_next(reading, &key, &value));
    store_abort(reader);
}

Test(store_cursor, seeking_goes_to_the_first_at_or_above)
{
    cr_assert(store_cursor_seek(cursor, SPAN("dd"), &key, &value) && span_is(key, "dd") && span_is(value, "2"));
    cr_assert(store_cursor_seek(cursor, SPAN("c"), &key, &value) && span_is(key, "dd"));
    cr_assert(store_cursor_seek(cursor, SPAN("a"), &key, &value) && span_is(key, "bb"));
    cr_assert(store_cursor_seek(cursor, SPAN(""), &key, &value) && span_is(key, "bb"));
    cr_assert_not(store_cursor_seek(cursor, SPAN("g"), &key, &value));
    cr_assert(span_is(key, "bb"), "outputs stay untouched");
}

Test(store_cursor, seeking_below_goes_to_the_last_below)
{
    cr_assert_not(store_cursor_seek_below(cursor, SPAN("bb"), &key, &value));
    cr_assert_not(store_cursor_seek_below(cursor, SPAN("a"), &key, &value));
    cr_assert_not(store_cursor_seek_below(cursor, SPAN(""), &key, &value));
    cr_assert(store_cursor_seek_below(cursor, SPAN("dd"), &key, &value) && span_is(key, "bb"));
    cr_assert(store_cursor_seek_below(cursor, SPAN("ddd"), &key, &value) && span_is(key, "dd"));
    cr_assert(store_cursor_seek_below(cursor, SPAN("zz"), &key, &value) && span_is(key, "ff"));
}

Test(store_cursor, it_walks_both_ways_and_turns)
{
    cr_assert(store_cursor_next(cursor, &key, &value) && span_is(key, "bb"));
    cr_assert(store_cursor_next(cursor, &key, &value) && span_is(key, "dd"));
    cr_assert(store_cursor_next(cursor, &key, &value) && span_is(key, "ff"));
    cr_assert(store_cursor_previous(cursor, &key, &value) && span_is(key, "dd"));
    cr_assert(store_cursor_previous(cursor, &key, &value) && span_is(key, "bb"));
    cr_assert_not(store_cursor_previous(cursor, &key, &value));
}

Test(store_cursor, a_walk_over_many_pages_meets_each_key_once_both_ways)
{
    AUTO(store_cursor_close) struct store_cursor *many = NULL;
    uint32_t seen = 0;

    cr_assert(store_cursor_open(txn, STORE_CHANNELS, &many, &err));
    while (store_cursor_next(many, &key, &value))
        cr_assert_eq(store_read_u32(key.at), seen++);
    cr_assert_eq(seen, 500);
    cr_assert(store_cursor_seek_below(many, SPAN("\xff"), &key, &value));
    do
        cr_assert_eq(store_read_u32(key.at), --seen);
    while (store_cursor_previous(many, &key, &value));
    cr_assert_eq(seen, 0);
}

Test(store_cursor, deleting_what_it_stands_on_skips_nothing)
{
    AUTO(store_cursor_close) struct store_cursor *many = NULL;
    uint32_t seen = 0;

    cr_assert(store_cursor_open(txn, STORE_CHANNELS, &many, &err));
    while (store_cursor_next(many, &key, &value)) {
        char copy[4];

        memcpy(copy, key.at, 4);
        cr_assert_eq(store_read_u32(copy), seen++);
        store_delete(txn, STORE_CHANNELS, (struct span){copy, 4});
    }
    cr_assert_eq(seen, 500);
    cr_assert_eq(store_count(txn, STORE_CHANNELS), 0);
}

static void digest(uint8_t out[32])
{
    cr_assert(store_digest(txn, STORE_COUNTERS, out, &err), "%s", err.text);
}

Test(store_cursor, digests_tell_where_a_key_ends_and_its_value_begins)
{
    uint8_t one[32], two[32];

    store_delete(txn, STORE_COUNTERS, SPAN("ff"));
    store_put(txn, STORE_COUNTERS, SPAN("xy"), SPAN("z"));
    digest(one);
    store_delete(txn, STORE_COUNTERS, SPAN("xy"));
    store_put(txn, STORE_COUNTERS, SPAN("x"), SPAN("yz"));
    digest(two);
    cr_assert_arr_neq(one, two, 32);
}

Test(store_cursor, digests_are_equal_for_equal_bytes_whatever_the_way_there)
{
    uint8_t one[32], two[32];

    digest(one);
    store_put(txn, STORE_COUNTERS, SPAN("zz"), SPAN("passing"));
    digest(two);
    cr_assert_arr_neq(one, two, 32);
    store_delete(txn, STORE_COUNTERS, SPAN("zz"));
    digest(two);
    cr_assert_arr_eq(one, two, 32);
}
