#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "gateway/store/store.h"
#include "tests/support/support.h"

enum { KEYS = 20000, KEY_BYTES = 18 };

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

TestSuite(store_ahead, .init = setup, .fini = teardown, .timeout = 120);

/* Even numbers are there, in an order that leaves the pages half full; some values are longer than a page. */
static struct span key_of(uint32_t number, char key[KEY_BYTES + 1])
{
    snprintf(key, KEY_BYTES + 1, "91440224MA%08u", (unsigned)number);
    return (struct span){key, KEY_BYTES};
}

static bool put_all(struct store_txn *txn, void *context, struct error *why)
{
    static const char VALUE[9000];
    uint32_t count = *(const uint32_t *)context;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = (uint32_t)((uint64_t)i * 7919 % count);
        char key[KEY_BYTES + 1];

        store_put(txn, STORE_SUBJECTS, key_of(2 * number, key),
                  (struct span){VALUE, number % 50 == 0 ? sizeof VALUE : 100 + number % 400});
    }
    return store_txn_is_good(txn, why);
}

static void fill(uint32_t count)
{
    cr_assert(store_write(store, put_all, &count, &err), "%s", err.text);
}

static struct store_txn *begin(enum store_mode mode)
{
    struct store_txn *txn = NULL;

    cr_assert(store_begin(store, mode, &txn, &err), "%s", err.text);
    return txn;
}

Test(store_ahead, is_not_possible_where_nothing_is_or_where_one_writes)
{
    struct store_ahead ahead;
    AUTO(store_abort) struct store_txn *txn = begin(STORE_READ);

    cr_assert_not(store_ahead_begin(txn, STORE_SUBJECTS, &ahead));
    cr_assert(store_txn_is_good(txn, &err));
    store_reset(txn);
    fill(10);
    cr_assert_not(store_ahead_begin(txn, STORE_SUBJECTS, &ahead), "a transaction that was reset");
    cr_assert(store_renew(txn, &err), "%s", err.text);
    cr_assert(store_ahead_begin(txn, STORE_SUBJECTS, &ahead));
    cr_assert_not(store_ahead_begin(txn, STORE_RECORDS, &ahead));
    AUTO(store_abort) struct store_txn *writing = begin(STORE_WRITE);
    cr_assert_not(store_ahead_begin(writing, STORE_SUBJECTS, &ahead));
    cr_assert(store_txn_is_good(writing, &err));
}

Test(store_ahead, odd_keys_are_no_harm)
{
    static const char LONG[STORE_KEY_MAX] = {'9'};
    struct span keys[] = {SPAN_NONE,
                          SPAN("9"),
                          SPAN("91440224MA000000020"),
                          SPAN("\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
                          {LONG, sizeof LONG}};
    struct store_ahead ahead;

    fill(KEYS);
    AUTO(store_abort) struct store_txn *txn = begin(STORE_READ);
    cr_assert(store_ahead_begin(txn, STORE_SUBJECTS, &ahead));
    cr_assert_eq(store_ahead(&ahead, keys, COUNT_OF(keys)), 0);
    cr_assert_eq(store_ahead(&ahead, keys, 0), 0);
    cr_assert(store_txn_is_good(txn, &err));
}

/* A root beyond the file, as a damaged table would name it, is not followed. */
Test(store_ahead, does_not_leave_the_map)
{
    struct store_ahead ahead;
    char key[KEY_BYTES + 1];
    struct span asked = key_of(2, key);

    fill(KEYS);
    AUTO(store_abort) struct store_txn *txn = begin(STORE_READ);
    cr_assert(store_ahead_begin(txn, STORE_SUBJECTS, &ahead));
    cr_assert_eq(store_ahead(&ahead, &asked, 1), 1);
    ahead.root = ahead.last_page + 1;
    cr_assert_eq(store_ahead(&ahead, &asked, 1), 0);
    ahead.root = 0; /* a page of another kind */
    cr_assert_eq(store_ahead(&ahead, &asked, 1), 0);
}

/* Through three levels of pages it meets exactly the keys that store_get finds. */
Test(store_ahead, meets_the_keys_that_are_there_and_no_others)
{
    struct store_ahead ahead;

    fill(KEYS);
    AUTO(store_abort) struct store_txn *txn = begin(STORE_READ);
    cr_assert(store_ahead_begin(txn, STORE_SUBJECTS, &ahead));
    for (uint32_t first = 0; first < 2 * KEYS; first += STORE_AHEAD_MAX) {
        char texts[STORE_AHEAD_MAX][KEY_BYTES + 1];
        struct span keys[STORE_AHEAD_MAX];
        struct span value;
        size_t expected = 0;

        for (uint32_t i = 0; i < STORE_AHEAD_MAX; i++) {
            keys[i] = key_of(first + i * 611, texts[i]);
            expected += store_get(txn, STORE_SUBJECTS, keys[i], &value);
        }
        cr_assert_eq(store_ahead(&ahead, keys, STORE_AHEAD_MAX), expected, "from %u", (unsigned)first);
    }
    cr_assert(store_txn_is_good(txn, &err));
}
