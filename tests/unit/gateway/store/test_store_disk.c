/* A full disk, on a small tmpfs of its own: needs a mount namespace, so it is skipped where that is forbidden. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>

#include "gateway/store/store.h"
#include "tests/support/support.h"

static struct error err;

struct fill {
    uint32_t first, count;
};

static bool fill(struct store_txn *txn, void *context, struct error *error)
{
    static const char value[60000] = "v";
    const struct fill *how = context;
    uint8_t key[4];

    for (uint32_t i = 0; i < how->count; i++) {
        store_key_u32(key, how->first + i);
        store_put(txn, STORE_COUNTERS, (struct span){(char *)key, 4}, (struct span){value, sizeof value});
    }
    return store_txn_is_good(txn, error);
}

static bool mount_small(const char *folder)
{
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", folder, "tmpfs", 0, "size=8m") == 0;
}

Test(store_disk, a_full_disk_is_told_as_full_and_what_was_committed_stays)
{
    char folder[TEST_PATH_BYTES];
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    struct fill how = {0, 10};

    test_folder_new(folder);
    if (!mount_small(folder)) {
        test_folder_remove(folder);
        cr_skip_test("cannot mount here");
    }
    cr_assert(store_open(folder, &(struct store_options){.creates = true}, &store, &err), "%s", err.text);
    cr_assert(store_write(store, fill, &how, &err), "%s", err.text);
    cr_assert_not(store_write(store, fill, &(struct fill){10, 500}, &err));
    cr_assert_eq(err.code, ERR_FULL, "%s", err.text);
    cr_assert(store_begin(store, STORE_READ, &txn, &err), "%s", err.text);
    cr_assert_eq(store_count(txn, STORE_COUNTERS), 10);
    store_abort(txn);
    store_close(store);
    cr_assert_eq(umount(folder), 0);
    test_folder_remove(folder);
}
