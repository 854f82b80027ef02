#include "gateway/store/store.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static struct store *store;
static struct error err;

static void open_store(size_t map_bytes)
{
    struct store_options options = {.map_bytes = map_bytes, .creates = true, .is_scratch = true};

    cr_assert(store_open(folder, &options, &store, &err), "%s", err.text);
}

static void setup(void)
{
    test_folder_new(folder);
}

static void teardown(void)
{
    store_close(store);
    test_folder_remove(folder);
}

TestSuite(store_warm, .init = setup, .fini = teardown, .timeout = 60);

static bool put_values(struct store_txn *txn, void *context, struct error *why)
{
    uint32_t first = *(const uint32_t *)context;
    AUTO(buf_done) struct buf value = BUF_INIT;
    uint8_t key[4];

    buf_reserve(&value, 32768);
    memset(value.data, 'v', 32768);
    value.bytes = 32768;
    for (uint32_t i = first; i < first + 400; i++) {
        store_key_u32(key, i);
        store_put(txn, STORE_JOURNAL, (struct span){(const char *)key, sizeof key}, buf_span(&value));
    }
    return store_txn_is_good(txn, why);
}

static void fill(uint32_t first)
{
    cr_assert(store_write(store, put_values, &first, &err), "%s", err.text);
}

static void assert_reads(uint32_t number)
{
    struct store_txn *txn = NULL;
    struct span value;
    uint8_t key[4];

    store_key_u32(key, number);
    cr_assert(store_begin(store, STORE_READ, &txn, &err), "%s", err.text);
    cr_assert(store_get(txn, STORE_JOURNAL, (struct span){(const char *)key, sizeof key}, &value));
    cr_assert_eq(value.bytes, 32768);
    cr_assert_eq(value.at[32767], 'v');
    store_abort(txn);
}

static int steps_to_the_end(void)
{
    int steps = 0;

    while (store_warm_step(store))
        cr_assert_lt(++steps, 1000, "it must end");
    return steps;
}

Test(store_warm, an_empty_store_has_nothing_to_enter)
{
    open_store(1 << 26);
    cr_assert_eq(steps_to_the_end(), 0);
    store_warm(store);
}

Test(store_warm, a_file_is_entered_step_by_step_to_its_end)
{
    open_store(1 << 26);
    fill(0); /* 400 times 32 KiB: 12.5 MiB and more */
    cr_assert_geq(steps_to_the_end(), 3);
    cr_assert_not(store_warm_step(store), "the end stays the end");
    assert_reads(399);
}

Test(store_warm, a_map_that_moves_meanwhile_is_found_again)
{
    open_store(1 << 24);
    fill(0);
    cr_assert(store_warm_step(store));
    fill(400);
    fill(800); /* 37 MiB: grown twice, so mapped elsewhere */
    cr_assert_geq(steps_to_the_end(), 7);
    assert_reads(0);
    assert_reads(1199);
}
