/* Turns of the keeper over a real store, a real trace and a clock that the test turns. */
#include "gateway/keeper/keeper.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/jobs/jobs.h"
#include "gateway/journal/checkpoint.h"
#include "gateway/journal/guard.h"
#include "gateway/journal/journal.h"
#include "gateway/trace/trace.h"
#include "tests/support/support.h"

static char state[TEST_PATH_BYTES];
static char source[] = TEST_SOURCE;
static struct config config;
static struct store *store;
static struct keyring *keys;
static struct signer *signer;
static struct keeper *keeper;
static int64_t now_ms;
static struct error err;

static int64_t turned(void *context)
{
    (void)context;
    return now_ms;
}
static const struct clock CLOCK = {turned, NULL};

static char *path_of(const char *name)
{
    return path_join(state, name);
}

static void write_public_keys(void)
{
    AUTO(buf_done) struct buf json = BUF_INIT;
    AUTO(text_free) char *path = path_of("public-keys.json");

    cr_assert(keyring_public_json(keys, &json, &err) && file_write(path, buf_span(&json), 0644, &err), "%s", err.text);
}

static void load_keys(void)
{
    AUTO(text_free) char *path = path_of("keys");

    signer_free(signer);
    keyring_free(keys);
    cr_assert(keyring_load(path, &keys, &err) && signer_new_local(keys, &signer, &err), "%s", err.text);
}

static void open_store(void)
{
    AUTO(text_free) char *path = path_of("store");

    cr_assert(store_open(path, &(struct store_options){.map_bytes = (size_t)64 << 20, .creates = true}, &store, &err),
              "%s", err.text);
}

static bool begin(void)
{
    struct keeper_options options = {&config, store, signer, &CLOCK, -1};

    keeper_free(keeper);
    keeper = NULL;
    return keeper_new(&options, &keeper, &err);
}

static void setup(void)
{
    AUTO(text_free) char *path = NULL;
    AUTO(text_free) char *jobs = NULL;

    test_folder_new(state);
    path = path_of("keys");
    jobs = path_of("jobs");
    cr_assert(file_make_folder(jobs, 0700, &err), "%s", err.text);
    config = (struct config){.name = "gate.example", .state = state, .data = source, .jobs_kept = 10};
    now_ms = day_start_ms(day_from_civil(2026, 8, 3)) + 9 * 3600 * 1000;
    cr_assert(keyring_create(path, "test", 0, &err), "%s", err.text);
    load_keys();
    write_public_keys();
    open_store();
    cr_assert(begin(), "%s", err.text);
}

static void teardown(void)
{
    keeper_free(keeper);
    store_close(store);
    signer_free(signer);
    keyring_free(keys);
    test_folder_remove(state);
}

TestSuite(keeper, .init = setup, .fini = teardown, .timeout = 60);

/* Events that change no table. */
static void grow(int events, const char *type)
{
    struct event event = {.at_ms = 1, .by = SPAN("test"), .type = span_of(type), .data = SPAN("{}")};
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(journal_writer_free) struct journal_writer *writer = NULL;

    cr_assert(store_begin(store, STORE_WRITE, &txn, &err) && journal_writer_new(txn, &writer, &err), "%s", err.text);
    event_format(&event, &bytes);
    for (int i = 0; i < events; i++)
        journal_append(writer, buf_span(&bytes), NULL);
    cr_assert(journal_writer_finish(writer, &err) && store_commit(TAKE(txn), &err), "%s", err.text);
}

static void ask(int times)
{
    AUTO(text_free) char *folder = path_of("trace");
    AUTO(trace_writer_free) struct trace_writer *writer = NULL;

    cr_assert(trace_writer_open(folder, &writer, &err), "%s", err.text);
    for (int i = 0; i < times; i++) {
        char receipt[TRACE_RECEIPT_BYTES];
        struct trace_entry entry = {.at_ms = now_ms, .receipt = receipt, .by = span_of("bank"), .status = 200};

        trace_next_receipt(writer, receipt);
        trace_add(writer, &entry);
    }
    cr_assert(trace_flush(writer, &err), "%s", err.text);
}

/* The published checkpoint of a log, checked; its size, or -1 when there is none. */
static int64_t published(const char *log, const char *origin)
{
    AUTO(buf_done) struct buf name = BUF_INIT;
    AUTO(buf_done) struct buf note = BUF_INIT;
    struct checkpoint_proof proof;

    buf_addf(&name, "%s/checkpoints/%s", state, log);
    if (!file_read(name.data, CHECKPOINT_NOTE_MAX, &note, NULL))
        return -1;
    cr_assert(checkpoint_verify(buf_span(&note), origin, keys, &proof, &err), "%s", err.text);
    cr_assert(proof.has_ed25519 && proof.has_sm2);
    return (int64_t)proof.checkpoint.size;
}

static int64_t journal_published(void)
{
    return published("journal", "gate.example/journal");
}

static int64_t trace_published(void)
{
    return published("trace", "gate.example/trace");
}

/* Notes in the history of a day. */
static size_t kept(const char *name)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    AUTO(buf_done) struct buf text = BUF_INIT;
    size_t count = 0;

    buf_addf(&path, "%s/checkpoints/history/%s", state, name);
    if (!file_read(path.data, 1 << 20, &text, NULL))
        return 0;
    for (const char *at = strstr(text.data, "gate.example/"); at; at = strstr(at + 1, "\ngate.example/"))
        count++;
    return count;
}

static void turn(void)
{
    cr_assert(keeper_turn(keeper, &err), "%s", err.text);
}

/* --- refusals --- */

static void replace_data(const char *from, bool in_place)
{
    AUTO(text_free) char *data = path_of("store/data.mdb");
    AUTO(buf_done) struct buf command = BUF_INIT;

    buf_addf(&command, in_place ? "cat '%s' > '%s'" : "cp -f --remove-destination '%s' '%s'", from, data);
    cr_assert_eq(system(command.data), 0);
}

static char *keep_data(void)
{
    AUTO(text_free) char *data = path_of("store/data.mdb");
    char *copy = path_of("kept.mdb");
    AUTO(buf_done) struct buf command = BUF_INIT;

    buf_addf(&command, "cp '%s' '%s'", data, copy);
    cr_assert_eq(system(command.data), 0);
    return copy;
}

Test(keeper, nothing_is_signed_for_a_store_that_was_rolled_back)
{
    AUTO(text_free) char *old = NULL;

    grow(3, "event");
    turn();
    store_close(TAKE(store));
    old = keep_data();
    open_store();
    cr_assert(begin(), "%s", err.text);
    grow(2, "event");
    turn();
    cr_assert_eq(journal_published(), 5);
    store_close(TAKE(store));
    replace_data(old, true);
    open_store();
    cr_expect_not(begin());
    cr_expect_str_eq(err.rule, "guard.rolled-back", "%s", err.text);
    cr_expect_eq(journal_published(), 5, "what was signed stays");
}

Test(keeper, a_store_swapped_while_the_keeper_works_is_noticed_at_the_next_turn)
{
    AUTO(text_free) char *copy = NULL;

    grow(3, "event");
    turn();
    copy = keep_data();
    replace_data(copy, false);
    grow(1, "event");
    cr_expect_not(keeper_turn(keeper, &err));
    cr_expect_eq(err.code, ERR_REFUSED);
    cr_expect_str_eq(err.rule, "guard.copied", "%s", err.text);
    cr_expect_eq(journal_published(), 3);
}

Test(keeper, a_trace_that_lost_entries_is_left_alone_while_the_journal_goes_on)
{
    AUTO(text_free) char *folder = path_of("trace/log");
    AUTO(text_free) char *word = path_of("checkpoints/trace.refused");
    AUTO(text_free) char *segments = path_of("trace/segments");

    ask(4);
    grow(1, "event");
    turn();
    cr_assert_eq(trace_published(), 4);
    keeper_free(TAKE(keeper));
    cr_assert(file_remove_tree(folder, &err), "%s", err.text);
    ask(2);
    cr_assert(begin(), "%s", err.text);
    for (int i = 0; i < 3; i++) {
        grow(1, "event");
        cr_expect_not(keeper_turn(keeper, &err));
        cr_expect_eq(err.code, ERR_CORRUPT, "%s", err.text);
        cr_expect_str_eq(err.rule, "guard.rolled-back");
        cr_expect_eq(journal_published(), 2 + i);
    }
    cr_expect_eq(trace_published(), 4);
    cr_expect(file_exists(word), "the reason is there to be read");
    cr_expect(file_exists(segments), "nothing was taken up into the wrong log");
}

Test(keeper, public_keys_that_are_not_there_are_an_error_that_passes)
{
    AUTO(text_free) char *path = path_of("public-keys.json");

    grow(1, "event");
    cr_assert_eq(unlink(path), 0);
    cr_assert(begin(), "%s", err.text);
    cr_expect_not(keeper_turn(keeper, &err));
    cr_expect_neq(err.code, ERR_REFUSED);
    cr_expect_eq(journal_published(), -1);
    write_public_keys();
    turn();
    cr_expect_eq(journal_published(), 1);
}

/* --- what a turn does --- */

Test(keeper, an_empty_gateway_signs_nothing)
{
    turn();
    turn();
    cr_expect_eq(journal_published(), -1);
    cr_expect_eq(trace_published(), -1);
}

Test(keeper, a_log_is_signed_when_it_grew_and_only_then)
{
    grow(3, "event");
    ask(2);
    turn();
    turn();
    cr_expect_eq(journal_published(), 3);
    cr_expect_eq(trace_published(), 2);
    cr_expect_eq(kept("journal-2026-08-03"), 1);
    grow(1, "event");
    turn();
    cr_expect_eq(journal_published(), 4);
    cr_expect_eq(kept("journal-2026-08-03"), 2);
    cr_expect_eq(kept("trace-2026-08-03"), 1);
    now_ms += 24 * 3600 * 1000;
    grow(1, "event");
    turn();
    cr_expect_eq(kept("journal-2026-08-04"), 1);
}

Test(keeper, what_was_signed_is_remembered_before)
{
    AUTO(guard_free) struct guard *guard = NULL;

    grow(3, "event");
    ask(2);
    turn();
    cr_assert(guard_load(state, &guard, &err), "%s", err.text);
    cr_expect_eq(guard_head(guard, GUARD_JOURNAL)->size, 3);
    cr_expect_eq(guard_head(guard, GUARD_TRACE)->size, 2);
}

Test(keeper, a_restart_signs_again_only_what_is_not_published)
{
    AUTO(text_free) char *path = path_of("checkpoints/journal");

    grow(3, "event");
    turn();
    cr_assert(begin(), "%s", err.text);
    turn();
    cr_expect_eq(kept("journal-2026-08-03"), 1);
    /* As after a crash between the memory and the file. */
    cr_assert_eq(unlink(path), 0);
    cr_assert(begin(), "%s", err.text);
    turn();
    cr_expect_eq(journal_published(), 3);
    cr_expect_eq(kept("journal-2026-08-03"), 2);
}

Test(keeper, new_keys_are_learned_when_the_signer_uses_them)
{
    AUTO(text_free) char *path = path_of("keys");

    grow(1, "event");
    turn();
    cr_assert(keyring_rotate(path, KEY_USE_CHECKPOINT, KEY_SM2, 1000, &err), "%s", err.text);
    cr_assert(keyring_rotate(path, KEY_USE_CHECKPOINT, KEY_ED25519, 1000, &err), "%s", err.text);
    keeper_free(TAKE(keeper));
    load_keys();
    cr_assert(begin(), "%s", err.text);
    grow(1, "event");
    cr_expect_not(keeper_turn(keeper, &err), "the public halves are not there yet");
    write_public_keys();
    turn();
    cr_expect_eq(journal_published(), 2);
}

Test(keeper, many_asked_at_once_have_their_places_after_a_turn)
{
    AUTO(text_free) char *folder = path_of("trace");
    AUTO(trace_log_free) struct trace_log *log = NULL;

    for (int i = 0; i < 5; i++)
        ask(100);
    turn();
    cr_assert(trace_log_open(folder, &log, &err), "%s", err.text);
    cr_expect_eq(trace_log_size(log), 500);
    cr_expect_eq(trace_published(), 500);
}

/* --- the process --- */

struct run {
    struct keeper_options options;
    int stop_fd;
    bool is_good;
};

static void *run_keeper(void *context)
{
    struct run *run = context;
    struct error why;

    run->is_good = keeper_run(&run->options, run->stop_fd, &why);
    return NULL;
}

Test(keeper, stopping_does_one_last_turn)
{
    int pipes[2];
    struct run run = {{&config, store, signer, &CLOCK, -1}, -1, false};
    pthread_t thread;

    keeper_free(TAKE(keeper));
    cr_assert_eq(pipe(pipes), 0);
    run.stop_fd = pipes[0];
    grow(2, "event");
    close(pipes[1]);
    cr_assert_eq(pthread_create(&thread, NULL, run_keeper, &run), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    close(pipes[0]);
    cr_expect(run.is_good);
    cr_expect_eq(journal_published(), 2);
}
