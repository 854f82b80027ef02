/* Transactions: what sticks, what grows, what survives. */
#include "gateway/store/store.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "tests/support/support.h"

enum { SMALL_MAP = 512 * 1024 };

static char folder[TEST_PATH_BYTES];
static struct store *store;
static struct error err;

static struct store *open_map(size_t map_bytes)
{
    struct store *opened = NULL;

    cr_assert(store_open(folder, &(struct store_options){.creates = true, .map_bytes = map_bytes}, &opened, &err), "%s",
              err.text);
    return opened;
}

static void setup(void)
{
    test_folder_new(folder);
    store = open_map(SMALL_MAP);
}

static void teardown(void)
{
    store_close(store);
    test_folder_remove(folder);
}

TestSuite(store_txn, .init = setup, .fini = teardown);

static struct store_txn *begin(enum store_mode mode)
{
    struct store_txn *txn = NULL;

    cr_assert(store_begin(store, mode, &txn, &err), "%s", err.text);
    return txn;
}

static void expect_refused(struct store_txn *txn, enum error_code code)
{
    struct span value;

    cr_assert_not(store_txn_is_good(txn, &err));
    cr_assert_eq(err.code, code, "%s", err.text);
    store_put(txn, STORE_COUNTERS, SPAN("later"), SPAN("x"));
    cr_assert_not(store_get(txn, STORE_COUNTERS, SPAN("before"), &value));
    err.code = ERR_NONE;
    cr_assert_not(store_commit(txn, &err));
    cr_assert_eq(err.code, code, "%s", err.text);
    txn = begin(STORE_READ);
    cr_assert_eq(store_count(txn, STORE_COUNTERS), 0);
    store_abort(txn);
}

Test(store_txn, too_long_a_key_sticks)
{
    char key[STORE_KEY_MAX + 1] = {1};
    struct store_txn *txn = begin(STORE_WRITE);

    store_put(txn, STORE_COUNTERS, SPAN("before"), SPAN("x"));
    store_put(txn, STORE_COUNTERS, (struct span){key, sizeof key}, SPAN("x"));
    expect_refused(txn, ERR_LIMIT);
}

Test(store_txn, an_empty_key_sticks)
{
    struct store_txn *txn = begin(STORE_WRITE);

    store_put(txn, STORE_COUNTERS, SPAN("before"), SPAN("x"));
    store_put(txn, STORE_COUNTERS, SPAN(""), SPAN("x"));
    expect_refused(txn, ERR_LIMIT);
}

Test(store_txn, too_long_a_value_sticks)
{
    static char value[STORE_VALUE_MAX + 1];
    struct store_txn *txn = begin(STORE_WRITE);

    store_put(txn, STORE_COUNTERS, SPAN("before"), SPAN("x"));
    store_put(txn, STORE_COUNTERS, SPAN("a"), (struct span){value, sizeof value});
    expect_refused(txn, ERR_LIMIT);
}

Test(store_txn, appending_below_the_last_key_sticks)
{
    struct store_txn *txn = begin(STORE_WRITE);

    store_append(txn, STORE_COUNTERS, SPAN("b"), SPAN("x"));
    store_append(txn, STORE_COUNTERS, SPAN("a"), SPAN("x"));
    expect_refused(txn, ERR_INTERNAL);
}

Test(store_txn, an_insert_over_what_is_there_changes_nothing)
{
    struct store_txn *txn = begin(STORE_WRITE);
    struct span value;

    cr_assert(store_insert(txn, STORE_COUNTERS, SPAN("a"), SPAN("x")));
    cr_assert_not(store_insert(txn, STORE_COUNTERS, SPAN("a"), SPAN("y")));
    cr_assert(store_txn_is_good(txn, &err));
    cr_assert(store_get(txn, STORE_COUNTERS, SPAN("a"), &value));
    cr_assert_eq(value.bytes, 1);
    cr_assert_eq(value.at[0], 'x');
    cr_assert_not(store_insert(txn, STORE_COUNTERS, SPAN(""), SPAN("y")));
    expect_refused(txn, ERR_LIMIT);
}

Test(store_txn, a_version_is_that_of_a_commit)
{
    struct store_txn *txn = begin(STORE_READ);
    uint64_t before = store_version(txn);

    store_reset(txn);
    cr_assert(store_renew(txn, &err));
    cr_assert_eq(store_version(txn), before);
    store_reset(txn);
    struct store_txn *write = begin(STORE_WRITE);
    store_put(write, STORE_COUNTERS, SPAN("a"), SPAN("x"));
    cr_assert(store_commit(write, &err));
    cr_assert(store_renew(txn, &err));
    cr_assert_neq(store_version(txn), before);
    store_abort(txn);
}

Test(store_txn, a_read_that_writes_sticks)
{
    struct store_txn *txn = begin(STORE_READ);

    store_put(txn, STORE_COUNTERS, SPAN("a"), SPAN("x"));
    expect_refused(txn, ERR_INTERNAL);
}

Test(store_txn, the_first_error_is_the_one_kept)
{
    struct store_txn *txn = begin(STORE_WRITE);

    store_put(txn, STORE_COUNTERS, SPAN(""), SPAN("x"));
    store_append(txn, STORE_COUNTERS, SPAN("b"), SPAN("x"));
    cr_assert_not(store_txn_is_good(txn, &err));
    cr_assert_not_null(strstr(err.text, "empty"), "%s", err.text);
    store_abort(txn);
}

Test(store_txn, a_full_map_fails_the_transaction_and_the_next_one_has_room)
{
    static char value[4000];
    struct store_txn *txn = begin(STORE_WRITE);
    uint8_t key[4];

    for (uint32_t i = 0; i < 1000; i++) {
        store_key_u32(key, i);
        store_put(txn, STORE_COUNTERS, (struct span){(char *)key, 4}, (struct span){value, sizeof value});
    }
    cr_assert_not(store_commit(txn, &err));
    cr_assert_eq(err.code, ERR_FULL, "%s", err.text);
    txn = begin(STORE_WRITE);
    for (uint32_t i = 0; i < 150; i++) {
        store_key_u32(key, i);
        store_put(txn, STORE_COUNTERS, (struct span){(char *)key, 4}, (struct span){value, sizeof value});
    }
    cr_assert(store_commit(txn, &err), "%s", err.text);
}

struct fill {
    uint32_t first, count;
    int runs;
    bool gives_up;
};

static bool fill(struct store_txn *txn, void *context, struct error *error)
{
    static const char value[3000] = "v";
    struct fill *how = context;
    uint8_t key[4];

    how->runs++;
    for (uint32_t i = 0; i < how->count; i++) {
        store_key_u32(key, how->first + i);
        store_put(txn, STORE_COUNTERS, (struct span){(char *)key, 4}, (struct span){value, sizeof value});
    }
    if (how->gives_up)
        return fail(error, ERR_REFUSED, "no");
    return store_txn_is_good(txn, error);
}

Test(store_txn, work_that_gives_up_leaves_nothing)
{
    struct fill how = {.count = 10, .gives_up = true};
    struct store_txn *txn;

    cr_assert_not(store_write(store, fill, &how, &err));
    cr_assert_eq(err.code, ERR_REFUSED);
    cr_assert_eq(how.runs, 1);
    txn = begin(STORE_READ);
    cr_assert_eq(store_count(txn, STORE_COUNTERS), 0);
    store_abort(txn);
}

Test(store_txn, the_map_does_not_grow_under_an_open_read)
{
    struct fill how = {.count = 2000};
    struct store_txn *reader = begin(STORE_READ);

    cr_assert_not(store_write(store, fill, &how, &err));
    cr_assert_eq(err.code, ERR_FULL, "%s", err.text);
    cr_assert_not_null(strstr(err.text, "open in this process"), "%s", err.text);
    store_reset(reader);
    cr_assert(store_write(store, fill, &how, &err), "%s", err.text);
    cr_assert(store_renew(reader, &err), "%s", err.text);
    cr_assert_eq(store_count(reader, STORE_COUNTERS), 2000);
    store_abort(reader);
}

Test(store_txn, work_is_run_again_in_a_larger_map)
{
    struct fill how = {.count = 2000};
    struct store_txn *txn;

    cr_assert(store_write(store, fill, &how, &err), "%s", err.text);
    cr_assert_gt(how.runs, 1);
    txn = begin(STORE_READ);
    cr_assert_eq(store_count(txn, STORE_COUNTERS), 2000);
    store_abort(txn);
    store_close(store);
    store = open_map(SMALL_MAP);
    txn = begin(STORE_READ);
    cr_assert_eq(store_count(txn, STORE_COUNTERS), 2000);
    store_abort(txn);
}

Test(store_txn, what_is_only_tried_is_never_kept_however_large)
{
    struct fill no = {.count = 10, .gives_up = true};
    struct fill yes = {.count = 10};
    struct fill large = {.count = 2000};
    uint64_t before = store_generation(store);
    struct store_txn *txn;

    cr_assert_not(store_try(store, fill, &no, &err));
    cr_assert_eq(err.code, ERR_REFUSED);
    cr_assert(store_try(store, fill, &yes, &err), "%s", err.text);
    cr_assert_eq(yes.runs, 1);
    cr_assert(store_try(store, fill, &large, &err), "%s", err.text);
    cr_assert_gt(large.runs, 1, "the map grew");
    txn = begin(STORE_READ);
    cr_assert_eq(store_count(txn, STORE_COUNTERS), 0);
    store_abort(txn);
    cr_assert_eq(store_generation(store), before);
    cr_assert(store_write(store, fill, &yes, &err), "%s", err.text);
}

/* Two processes fill the same store from different ends, each with its own small map. */
Test(store_txn, two_processes_grow_it_under_load, .timeout = 120)
{
    struct store_txn *txn;
    int status;
    pid_t child;

    store_close(store);
    child = fork();
    store = open_map(SMALL_MAP);
    for (uint32_t i = 0; i < 60; i++) {
        struct fill how = {.first = i * 10 + (child == 0 ? 100000 : 0), .count = 10};

        cr_assert(store_write(store, fill, &how, &err), "%s", err.text);
    }
    if (child == 0) {
        store_close(store);
        _exit(0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    txn = begin(STORE_READ);
    cr_assert_eq(store_count(txn, STORE_COUNTERS), 1200);
    store_abort(txn);
}

Test(store_txn, a_renewed_read_sees_what_another_process_added_beyond_its_map)
{
    struct store_txn *txn = begin(STORE_READ);
    pid_t child;
    int status;

    store_reset(txn);
    child = fork();
    if (child == 0) {
        struct fill how = {.count = 1000};
        struct store *own = open_map(SMALL_MAP);
        bool done = store_write(own, fill, &how, &err);

        _exit(done ? 0 : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cr_assert(store_renew(txn, &err), "%s", err.text);
    cr_assert_eq(store_count(txn, STORE_COUNTERS), 1000);
    store_abort(txn);
}

Test(store_txn, growth_by_another_under_an_open_read_says_try_again)
{
    struct store_txn *open = begin(STORE_READ), *txn = NULL;
    pid_t child = fork();
    int status;

    if (child == 0) {
        struct fill how = {.count = 1000};
        struct store *own = open_map(SMALL_MAP);

        _exit(store_write(own, fill, &how, &err) ? 0 : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cr_assert_not(store_begin(store, STORE_WRITE, &txn, &err));
    cr_assert_eq(err.code, ERR_UNAVAILABLE, "%s", err.text);
    store_abort(open);
    txn = begin(STORE_WRITE);
    cr_assert_eq(store_count(txn, STORE_COUNTERS), 1000);
    store_abort(txn);
}

Test(store_txn, a_read_sees_its_own_moment_until_renewed)
{
    struct store_txn *txn = begin(STORE_READ);
    struct fill how = {.count = 3};

    cr_assert(store_write(store, fill, &how, &err));
    cr_assert_eq(store_count(txn, STORE_COUNTERS), 0);
    cr_assert_not(store_renew(txn, &err));
    store_reset(txn);
    store_reset(txn);
    cr_assert(store_renew(txn, &err));
    cr_assert_eq(store_count(txn, STORE_COUNTERS), 3);
    store_abort(txn);
}

Test(store_txn, what_is_put_is_read_and_what_is_deleted_is_gone)
{
    struct store_txn *txn = begin(STORE_WRITE);
    struct span value, key;

    store_put(txn, STORE_COUNTERS, SPAN("a"), SPAN("1"));
    store_put(txn, STORE_COUNTERS, SPAN("a"), SPAN("22"));
    store_put(txn, STORE_COUNTERS, SPAN("b"), SPAN(""));
    store_delete(txn, STORE_COUNTERS, SPAN("not there"));
    cr_assert(store_commit(txn, &err), "%s", err.text);
    txn = begin(STORE_WRITE);
    cr_assert(store_get(txn, STORE_COUNTERS, SPAN("a"), &value));
    cr_assert(value.bytes == 2 && memcmp(value.at, "22", 2) == 0);
    cr_assert(store_last(txn, STORE_COUNTERS, &key, &value));
    cr_assert(key.bytes == 1 && key.at[0] == 'b' && value.bytes == 0);
    store_delete(txn, STORE_COUNTERS, SPAN("a"));
    store_delete(txn, STORE_COUNTERS, SPAN("b"));
    cr_assert_not(store_get(txn, STORE_COUNTERS, SPAN("a"), &value));
    cr_assert_not(store_last(txn, STORE_COUNTERS, &key, &value));
    cr_assert(store_commit(txn, &err), "%s", err.text);
}

/* A child writes pairs, one transaction each, and says each number after its commit; it is killed somewhere. */
struct shared {
    volatile uint64_t acknowledged; /* the next number that is not */
};

static bool put_pair(struct store_txn *txn, void *context, struct error *error)
{
    static const char filler[700] = "f";
    struct span number = {context, 8};

    store_put(txn, STORE_COUNTERS, number, (struct span){filler, sizeof filler});
    store_put(txn, STORE_CHANNELS, number, number);
    return store_txn_is_good(txn, error);
}

static void write_pairs(struct shared *shared)
{
    struct store *own = open_map(0);
    uint8_t number[8];

    for (uint64_t i = shared->acknowledged;; i++) {
        store_key_u64(number, i);
        if (!store_write(own, put_pair, number, NULL))
            _exit(1);
        shared->acknowledged = i + 1;
    }
}

/* Nothing acknowledged is lost; at most one more is there; both tables agree. */
static void check_pairs(struct shared *shared)
{
    struct store_txn *txn = begin(STORE_READ);
    struct span key, value;
    uint64_t count = store_count(txn, STORE_COUNTERS);

    cr_assert_eq(store_count(txn, STORE_CHANNELS), count);
    cr_assert(count == shared->acknowledged || count == shared->acknowledged + 1);
    if (count > 0) {
        cr_assert(store_last(txn, STORE_CHANNELS, &key, &value));
        cr_assert_eq(store_read_u64(key.at), count - 1);
        cr_assert(store_get(txn, STORE_COUNTERS, key, &value));
    }
    shared->acknowledged = count;
    store_abort(txn);
}

Test(store_txn, killed_writers_lose_and_tear_nothing, .timeout = 120)
{
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    store_close(store);
    store = NULL;
    for (int round = 0; round < 30; round++) {
        pid_t child = fork();

        if (child == 0)
            write_pairs(shared);
        if (!store)
            store = open_map(0);
        usleep(20000 + (useconds_t)(round * 7919 % 30000));
        kill(child, SIGKILL);
        cr_assert_eq(waitpid(child, NULL, 0), child);
        check_pairs(shared);
        store_close(store);
        store = NULL;
    }
    cr_assert_gt(shared->acknowledged, 0);
    store = open_map(0);
    munmap(shared, sizeof *shared);
}

Test(store_txn, a_writer_killed_inside_a_transaction_does_not_block_the_next)
{
    int ready[2];
    char byte;
    pid_t child;

    cr_assert_eq(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        struct store *own = open_map(0);
        struct store_txn *txn = NULL;

        if (!store_begin(own, STORE_WRITE, &txn, &err))
            _exit(1);
        store_put(txn, STORE_COUNTERS, SPAN("half"), SPAN("done"));
        (void)!write(ready[1], "x", 1);
        pause();
    }
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    kill(child, SIGKILL);
    cr_assert_eq(waitpid(child, NULL, 0), child);
    cr_assert(store_write(store, fill, &(struct fill){.count = 5}, &err), "%s", err.text);
}

Test(store_txn, reader_slots_of_the_dead_are_used_again)
{
    for (int i = 0; i < 6; i++) {
        pid_t child = fork();

        if (child == 0) {
            struct store *own = NULL;
            struct store_txn *txn = NULL;

            if (store_open(folder, &(struct store_options){.max_readers = 2}, &own, NULL) &&
                store_begin(own, STORE_READ, &txn, NULL))
                _exit(0); /* without ending the read */
            _exit(1);
        }
        int status;

        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "round %d", i);
    }
}
