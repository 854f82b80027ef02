#include "gateway/journal/guard.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/journal/journal.h"
#include "tests/support/support.h"

static char state[TEST_PATH_BYTES];
static char store_path[TEST_PATH_BYTES + 16];
static char guard_path[TEST_PATH_BYTES + 16];
static struct store *store;
static struct error err;

static void open_store(void)
{
    struct store_options options = {.map_bytes = (size_t)64 << 20, .creates = true};

    cr_assert(store_open(store_path, &options, &store, &err), "%s", err.text);
}

static void reopen(void)
{
    store_close(store);
    open_store();
}

static void setup(void)
{
    test_folder_new(state);
    snprintf(store_path, sizeof store_path, "%s/store", state);
    snprintf(guard_path, sizeof guard_path, "%s/guard.json", state);
    open_store();
}

static void teardown(void)
{
    store_close(store);
    test_folder_remove(state);
}

TestSuite(guard, .init = setup, .fini = teardown, .timeout = 60);

static void grow(int events, const char *text)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(journal_writer_free) struct journal_writer *writer = NULL;

    cr_assert(store_begin(store, STORE_WRITE, &txn, &err) && journal_writer_new(txn, &writer, &err), "%s", err.text);
    for (int i = 0; i < events; i++)
        journal_append(writer, span_of(text), NULL);
    cr_assert(journal_writer_finish(writer, &err) && store_commit(TAKE(txn), &err), "%s", err.text);
}

static void remember(void)
{
    AUTO(guard_free) struct guard *guard = NULL;
    struct guard_head head;

    cr_assert(guard_load(state, &guard, &err) && guard_measure(store, &head, &err), "%s", err.text);
    cr_assert(guard_remember(guard, state, GUARD_JOURNAL, &head, &err), "%s", err.text);
    cr_assert_eq(guard_head(guard, GUARD_JOURNAL)->size, head.size);
}

/* A copy of the data file as an operator would make it, while nobody has the store open. */
static void copy_file(const char *from, const char *to)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;

    cr_assert(file_read(from, (size_t)64 << 20, &bytes, &err), "%s", err.text);
    cr_assert(file_write(to, buf_span(&bytes), 0600, &err), "%s", err.text);
}

/* The same file with older bytes in it: its i-node and its birth stay. */
static void overwrite(const char *from, const char *to)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    FILE *file;

    cr_assert(file_read(from, (size_t)64 << 20, &bytes, &err), "%s", err.text);
    file = fopen(to, "r+b");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes.data, 1, bytes.bytes, file), bytes.bytes);
    cr_assert_eq(fclose(file), 0);
}

static void data_path(char path[TEST_PATH_BYTES + 32], const char *name)
{
    snprintf(path, TEST_PATH_BYTES + 32, "%s/%s", state, name);
}

static void expect_refused(const char *rule)
{
    cr_expect_not(guard_check(store, state, &err), "%s was not noticed", rule);
    cr_expect_eq(err.code, ERR_REFUSED, "%s", err.text);
    cr_expect_str_eq(err.rule, rule, "%s", err.text);
    cr_expect(strstr(err.text, "guard --accept") && strstr(err.zh, "guard --accept"), "%s / %s", err.text, err.zh);
    cr_expect(utf8_is_valid(span_of(err.zh), NULL), "cut within a character");
}

Test(guard, a_store_with_events_and_no_guard_was_copied_here)
{
    grow(3, "event");
    expect_refused("guard.missing");
    cr_expect_not(file_exists(guard_path), "a refusal must not make a guard");
}

Test(guard, a_store_rolled_back_in_its_place_is_noticed)
{
    char data[TEST_PATH_BYTES + 32], old[TEST_PATH_BYTES + 32];

    data_path(data, "store/data.mdb");
    data_path(old, "old");
    cr_assert(guard_check(store, state, &err), "%s", err.text);
    grow(3, "event");
    store_close(TAKE(store));
    copy_file(data, old);
    open_store();
    grow(2, "event");
    remember();
    store_close(TAKE(store));
    overwrite(old, data);
    open_store();
    expect_refused("guard.rolled-back");
}

Test(guard, another_history_of_the_same_length_is_noticed)
{
    char data[TEST_PATH_BYTES + 32], old[TEST_PATH_BYTES + 32];

    data_path(data, "store/data.mdb");
    data_path(old, "old");
    cr_assert(guard_check(store, state, &err), "%s", err.text);
    grow(3, "event");
    store_close(TAKE(store));
    copy_file(data, old);
    open_store();
    grow(2, "event");
    remember();
    store_close(TAKE(store));
    overwrite(old, data);
    open_store();
    grow(2, "other");
    expect_refused("guard.forked");
    grow(300, "other");
    expect_refused("guard.forked");
}

Test(guard, a_copy_that_took_the_place_of_the_data_is_noticed)
{
    char data[TEST_PATH_BYTES + 32], copy[TEST_PATH_BYTES + 32];

    data_path(data, "store/data.mdb");
    data_path(copy, "copy");
    cr_assert(guard_check(store, state, &err), "%s", err.text);
    grow(3, "event");
    remember();
    store_close(TAKE(store));
    copy_file(data, copy);
    cr_assert_eq(rename(copy, data), 0);
    open_store();
    expect_refused("guard.copied");
}

Test(guard, a_swap_under_an_open_store_is_noticed)
{
    char data[TEST_PATH_BYTES + 32], copy[TEST_PATH_BYTES + 32];

    data_path(data, "store/data.mdb");
    data_path(copy, "copy");
    cr_assert(guard_check(store, state, &err), "%s", err.text);
    grow(3, "event");
    copy_file(data, copy);
    cr_assert_eq(rename(copy, data), 0);
    expect_refused("guard.copied");
}

Test(guard, a_state_folder_copied_as_a_whole_is_noticed)
{
    char copy[TEST_PATH_BYTES];
    AUTO(buf_done) struct buf command = BUF_INIT;

    cr_assert(guard_check(store, state, &err), "%s", err.text);
    grow(3, "event");
    remember();
    store_close(TAKE(store));
    test_folder_new(copy);
    buf_addf(&command, "cp -a '%s/.' '%s'", state, copy);
    cr_assert_eq(system(command.data), 0);
    test_folder_remove(state);
    snprintf(state, sizeof state, "%s", copy);
    snprintf(store_path, sizeof store_path, "%s/store", state);
    open_store();
    expect_refused("guard.copied");
}

Test(guard, another_machine_is_noticed)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    char *at;

    cr_assert(guard_check(store, state, &err), "%s", err.text);
    cr_assert(file_read(guard_path, 65536, &text, &err), "%s", err.text);
    at = strstr(text.data, "\"machine\": \"");
    cr_assert_not_null(at);
    at += strlen("\"machine\": \"");
    *at = *at == '0' ? '1' : '0';
    cr_assert(file_write(guard_path, buf_span(&text), 0600, &err), "%s", err.text);
    expect_refused("guard.copied");
}

Test(guard, another_store_is_noticed)
{
    cr_assert(guard_check(store, state, &err), "%s", err.text);
    store_close(TAKE(store));
    cr_assert(file_remove_tree(store_path, &err), "%s", err.text);
    open_store();
    expect_refused("guard.other");
}

Test(guard, a_guard_that_is_damaged_is_no_guard)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    cr_assert(guard_check(store, state, &err), "%s", err.text);
    cr_assert(file_read(guard_path, 65536, &text, &err), "%s", err.text);
    for (size_t cut = 0; cut < text.bytes - 2; cut += 7) {
        cr_assert(file_write(guard_path, (struct span){text.data, cut}, 0600, &err), "%s", err.text);
        cr_assert_not(guard_check(store, state, &err), "cut at %zu", cut);
        cr_assert_eq(err.code, ERR_CORRUPT, "cut at %zu: %s", cut, err.text);
    }
}

Test(guard, no_flipped_byte_lets_an_older_store_pass)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(guard_free) struct guard *before = NULL;

    cr_assert(guard_check(store, state, &err), "%s", err.text);
    grow(5, "event");
    remember();
    cr_assert(guard_load(state, &before, &err) && file_read(guard_path, 65536, &text, &err), "%s", err.text);
    for (size_t i = 0; i < text.bytes; i += 3) {
        AUTO(guard_free) struct guard *after = NULL;

        text.data[i] ^= 1;
        cr_assert(file_write(guard_path, buf_span(&text), 0600, &err), "%s", err.text);
        text.data[i] ^= 1;
        /* Damage may cost an answer; it must never make the guard forget. */
        if (!guard_load(state, &after, &err) || !guard_check(store, state, &err))
            continue;
        cr_expect_eq(guard_head(after, GUARD_JOURNAL)->size, 5, "byte %zu", i);
    }
}

Test(guard, an_honest_restart_and_growth_are_welcome)
{
    cr_assert(guard_check(store, state, &err), "%s", err.text);
    for (int i = 0; i < 3; i++) {
        grow(100, "event");
        remember();
        grow(100, "later");
        reopen();
        cr_assert(guard_check(store, state, &err), "%s", err.text);
    }
    remember();
    remember();
    cr_assert(guard_check(store, state, &err), "%s", err.text);
}

/* A store is opened after the fork, as every process of the gateway does. */
static pid_t check_in_a_child(void)
{
    pid_t child = fork();

    if (child == 0) {
        bool is_good = true;

        open_store();
        for (int i = 0; i < 20 && is_good; i++)
            is_good = guard_check(store, state, &err);
        _exit(is_good ? 0 : 1);
    }
    return child;
}

Test(guard, several_first_processes_make_one_guard)
{
    AUTO(guard_free) struct guard *guard = NULL;
    pid_t children[4];
    int status;

    store_close(TAKE(store));
    for (size_t i = 0; i < COUNT_OF(children); i++)
        children[i] = check_in_a_child();
    for (size_t i = 0; i < COUNT_OF(children); i++) {
        cr_assert_eq(waitpid(children[i], &status, 0), children[i]);
        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    open_store();
    cr_assert(guard_check(store, state, &err) && guard_load(state, &guard, &err), "%s", err.text);
}

Test(guard, what_does_not_grow_is_not_remembered)
{
    AUTO(guard_free) struct guard *guard = NULL;
    struct guard_head head = {.size = 4};

    cr_assert(guard_check(store, state, &err), "%s", err.text);
    grow(5, "event");
    remember();
    cr_assert(guard_load(state, &guard, &err), "%s", err.text);
    cr_expect_not(guard_remember(guard, state, GUARD_JOURNAL, &head, &err));
    head.size = 5;
    cr_expect_not(guard_remember(guard, state, GUARD_JOURNAL, &head, &err), "another root at the same size");
    cr_expect_eq(guard_head(guard, GUARD_JOURNAL)->size, 5);
}

Test(guard, an_accepted_store_goes_on_under_another_name)
{
    AUTO(guard_free) struct guard *was = NULL;
    AUTO(guard_free) struct guard *now = NULL;
    AUTO(buf_done) struct buf origin = BUF_INIT;
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct guard_change change = {"accepted", "boss", "the disk broke", 1795506103000, .continues = {false, true}};

    cr_assert(guard_check(store, state, &err), "%s", err.text);
    grow(5, "event");
    remember();
    cr_assert(guard_load(state, &was, &err), "%s", err.text);
    guard_origin(was, "gate", GUARD_JOURNAL, &origin);
    cr_expect_str_eq(origin.data, "gate/journal");
    store_close(TAKE(store));
    cr_assert(file_remove_tree(store_path, &err), "%s", err.text);
    open_store();
    grow(2, "other");
    expect_refused("guard.other");
    cr_assert(guard_measure(store, &change.heads[GUARD_JOURNAL], &err), "%s", err.text);
    change.heads[GUARD_TRACE] = *guard_head(was, GUARD_TRACE);
    cr_assert(guard_replace(was, store, state, &change, &err), "%s", err.text);
    cr_assert(guard_check(store, state, &err), "%s", err.text);
    cr_assert(guard_load(state, &now, &err), "%s", err.text);
    buf_clear(&origin);
    guard_origin(now, "gate", GUARD_JOURNAL, &origin);
    cr_expect_str_eq(origin.data, "gate/journal/1795506103000");
    buf_clear(&origin);
    guard_origin(now, "gate", GUARD_TRACE, &origin);
    cr_expect_str_eq(origin.data, "gate/trace");
    cr_assert(file_read(guard_path, 65536, &text, &err), "%s", err.text);
    cr_expect(strstr(text.data, "the disk broke") && strstr(text.data, "boss"), "%s", text.data);
}
