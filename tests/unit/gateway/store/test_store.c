/* The store as a file: opening, refusing, copying, full disks. */
#include "gateway/store/store.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static struct error err;

static void setup(void)
{
    test_folder_new(folder);
}

static void teardown(void)
{
    test_folder_remove(folder);
}

TestSuite(store, .init = setup, .fini = teardown);

static struct store *open_new(const char *path)
{
    struct store *store = NULL;

    cr_assert(store_open(path, &(struct store_options){.creates = true, .is_scratch = true}, &store, &err), "%s",
              err.text);
    return store;
}

static bool open_again(const char *path, bool is_read_only, struct store **store)
{
    return store_open(path, &(struct store_options){.is_read_only = is_read_only}, store, &err);
}

static bool put_one(struct store_txn *txn, void *context, struct error *error)
{
    struct span *pair = context;

    store_put(txn, STORE_COUNTERS, pair[0], pair[1]);
    return store_txn_is_good(txn, error);
}

/* A foreign LMDB file, or one of our own with another marker. */
static void write_foreign(const char *table, const char *key, const void *bytes, size_t size)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val name = {strlen(key), (void *)(uintptr_t)key}, value = {size, (void *)(uintptr_t)bytes};

    cr_assert_eq(mdb_env_create(&env), 0);
    mdb_env_set_maxdbs(env, 4);
    cr_assert_eq(mdb_env_open(env, folder, 0, 0600), 0);
    cr_assert_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
    cr_assert_eq(mdb_dbi_open(txn, table, MDB_CREATE, &dbi), 0);
    cr_assert_eq(mdb_put(txn, dbi, &name, &value, 0), 0);
    cr_assert_eq(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

Test(store, nothing_there_is_not_found_and_nothing_is_made)
{
    struct store *store = NULL;

    cr_assert_not(open_again(folder, false, &store));
    cr_assert_eq(err.code, ERR_NOT_FOUND, "%s", err.text);
    cr_assert_not(open_again(folder, true, &store));
    cr_assert_eq(err.code, ERR_NOT_FOUND);
    cr_assert_null(store);
    cr_assert_eq(rmdir(folder), 0);
}

Test(store, a_foreign_lmdb_file_is_refused)
{
    struct store *store = NULL;

    write_foreign("other", "key", "value", 5);
    cr_assert_not(store_open(folder, &(struct store_options){.creates = true}, &store, &err));
    cr_assert_eq(err.code, ERR_CORRUPT);
    cr_assert_not_null(strstr(err.text, "not a store of creditgate"), "%s", err.text);
    cr_assert_not(open_again(folder, true, &store));
    cr_assert_eq(err.code, ERR_CORRUPT);
}

Test(store, a_file_that_is_not_lmdb_is_refused)
{
    AUTO(text_free) char *file = path_join(folder, "data.mdb");
    char junk[8192];
    struct store *store = NULL;

    memset(junk, 'x', sizeof junk);
    cr_assert(file_write(file, (struct span){junk, sizeof junk}, 0600, &err));
    cr_assert_not(store_open(folder, &(struct store_options){.creates = true}, &store, &err));
    cr_assert_eq(err.code, ERR_CORRUPT, "%s", err.text);
}

Test(store, another_format_is_refused_and_named)
{
    struct store *store = NULL;

    write_foreign("meta", "format", "\0\0\0\7", 4);
    cr_assert_not(store_open(folder, &(struct store_options){.creates = true}, &store, &err));
    cr_assert_eq(err.code, ERR_CORRUPT);
    cr_assert_not_null(strstr(err.text, "format 7"), "%s", err.text);
}

Test(store, a_marker_of_another_size_is_refused)
{
    struct store *store = NULL;

    write_foreign("meta", "format", "ab", 2);
    cr_assert_not(open_again(folder, false, &store));
    cr_assert_eq(err.code, ERR_CORRUPT);
}

Test(store, a_marker_without_identity_is_refused)
{
    struct store *store = NULL;

    write_foreign("meta", "format", "\0\0\0\1", 4);
    cr_assert_not(open_again(folder, false, &store));
    cr_assert_eq(err.code, ERR_CORRUPT);
    cr_assert_not_null(strstr(err.text, "identity"), "%s", err.text);
}

Test(store, a_cut_file_is_an_error_and_no_crash)
{
    AUTO(text_free) char *file = path_join(folder, "data.mdb");
    AUTO(buf_done) struct buf big = BUF_INIT;
    struct store *store = open_new(folder);
    struct store_txn *txn;
    struct span value;
    bool got;

    for (int i = 0; i < 60000; i++)
        buf_add_byte(&big, 'x');
    for (char c = 'a'; c <= 'z'; c++)
        cr_assert(store_write(store, put_one, (struct span[]){{&c, 1}, buf_span(&big)}, &err));
    store_close(store);
    cr_assert_eq(truncate(file, 5 * 4096), 0);
    if (!open_again(folder, false, &store)) {
        cr_assert_eq(err.code, ERR_CORRUPT, "%s", err.text);
        return;
    }
    cr_assert(store_begin(store, STORE_READ, &txn, &err));
    got = store_get(txn, STORE_COUNTERS, SPAN("z"), &value);
    cr_assert_not(got && value.bytes == 60000 && value.at[59999] == 'x');
    store_abort(txn);
    store_close(store);
}

Test(store, read_only_cannot_write)
{
    struct store *store = open_new(folder);
    struct store_txn *txn = NULL;

    store_close(store);
    cr_assert(open_again(folder, true, &store), "%s", err.text);
    cr_assert_not(store_begin(store, STORE_WRITE, &txn, &err));
    cr_assert_eq(err.code, ERR_FORBIDDEN);
    cr_assert_not(store_write(store, put_one, (struct span[]){SPAN("a"), SPAN("b")}, &err));
    store_close(store);
}

Test(store, a_read_only_store_cannot_be_made)
{
    struct store *store = NULL;

    cr_assert_not(store_open(folder, &(struct store_options){.creates = true, .is_read_only = true}, &store, &err));
    cr_assert_eq(err.code, ERR_INVALID);
}

Test(store, two_processes_may_make_it_at_once)
{
    pid_t child = fork();
    struct store *store;
    int status;

    store = open_new(folder);
    store_close(store);
    if (child == 0)
        _exit(0);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cr_assert(open_again(folder, true, &store), "%s", err.text);
    store_close(store);
}

Test(store, identity_stays_and_generation_grows)
{
    uint8_t before[STORE_IDENTITY_BYTES], after[STORE_IDENTITY_BYTES];
    uint64_t generation;
    struct store *store = open_new(folder);

    store_identity(store, before);
    generation = store_generation(store);
    cr_assert(store_write(store, put_one, (struct span[]){SPAN("a"), SPAN("1")}, &err));
    cr_assert_eq(store_generation(store), generation + 1);
    store_close(store);
    cr_assert(open_again(folder, false, &store), "%s", err.text);
    store_identity(store, after);
    cr_assert_arr_eq(before, after, sizeof before);
    cr_assert_eq(store_generation(store), generation + 1);
    store_close(store);
}

Test(store, files_are_for_the_owner_only)
{
    AUTO(text_free) char *file = path_join(folder, "data.mdb");
    struct store *store = open_new(folder);
    struct stat info;

    cr_assert_eq(stat(file, &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0600);
    store_close(store);
}

Test(store, warming_ends_in_bounded_time_and_harms_nothing)
{
    struct store *store = open_new(folder);

    store_warm(store);
    cr_assert(store_write(store, put_one, (struct span[]){SPAN("a"), SPAN("1")}, &err));
    store_close(store);
}

Test(store, a_copy_does_not_overwrite)
{
    struct store *store = open_new(folder);

    cr_assert_not(store_copy(store, folder, &err));
    cr_assert_eq(err.code, ERR_CONFLICT);
    store_close(store);
}

/* Pairs (x → n in two tables) are written while copies are taken: each copy must hold both halves of every pair. */
static bool put_pair(struct store_txn *txn, void *context, struct error *error)
{
    struct span number = {context, 8};

    store_put(txn, STORE_COUNTERS, number, number);
    store_put(txn, STORE_CHANNELS, number, number);
    return store_txn_is_good(txn, error);
}

static void write_pairs_until(struct store *store, int stop)
{
    uint8_t number[8];
    char byte;

    for (uint64_t i = 0;; i++) {
        store_key_u64(number, i);
        if (!store_write(store, put_pair, number, NULL))
            _exit(1);
        if (read(stop, &byte, 1) == 0)
            _exit(0);
    }
}

Test(store, copies_taken_while_written_are_whole)
{
    AUTO(text_free) char *from = path_join(folder, "from");
    struct store *store;
    int stop[2], status;
    pid_t child;

    store_close(open_new(from));
    cr_assert_eq(pipe2(stop, O_NONBLOCK), 0);
    child = fork();
    if (child == 0) {
        close(stop[1]);
        write_pairs_until(open_new(from), stop[0]);
    }
    close(stop[0]);
    store = open_new(from);
    for (int i = 0; i < 10; i++) {
        AUTO(buf_done) struct buf to = BUF_INIT;
        AUTO(store_close) struct store *copy = NULL;
        AUTO(store_abort) struct store_txn *txn = NULL;
        uint8_t one[32], two[32];

        buf_addf(&to, "%s/copy%d", folder, i);
        cr_assert(store_copy(store, to.data, &err), "%s", err.text);
        cr_assert(open_again(to.data, true, &copy), "%s", err.text);
        cr_assert(store_begin(copy, STORE_READ, &txn, &err));
        cr_assert(store_digest(txn, STORE_COUNTERS, one, &err));
        cr_assert(store_digest(txn, STORE_CHANNELS, two, &err));
        cr_assert_arr_eq(one, two, 32);
        store_abort(TAKE(txn));
    }
    close(stop[1]);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    store_close(store);
}

/* The kernel's own word for the mapping of the store's file: "rr" is read at random (proc(5), VmFlags). */
static bool is_mapped_for_random_reads(void)
{
    FILE *maps = fopen("/proc/self/smaps", "re");
    bool is_ours = false;
    bool is_random = false;
    char line[1024];

    cr_assert(maps);
    while (fgets(line, sizeof line, maps)) {
        if (strstr(line, "data.mdb"))
            is_ours = true;
        if (strncmp(line, "VmFlags:", 8) != 0)
            continue;
        is_random = is_random || (is_ours && strstr(line, " rr"));
        is_ours = false;
    }
    fclose(maps);
    return is_random;
}

Test(store, only_a_scattered_reader_goes_without_the_neighbours_of_a_page)
{
    struct store_options options = {.creates = true, .is_scratch = true};

    for (int i = 0; i < 2; i++) {
        AUTO(store_close) struct store *store = NULL;

        options.is_scattered = i == 1;
        cr_assert(store_open(folder, &options, &store, &err), "%s", err.text);
        cr_assert_eq(is_mapped_for_random_reads(), options.is_scattered);
    }
}
