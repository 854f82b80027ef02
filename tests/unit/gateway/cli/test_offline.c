/* The commands that work on a state folder without a gateway, run as main would run them. */
#include "gateway/cli/offline.h"

#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/json.h"
#include "gateway/cli/verify.h"
#include "gateway/journal/checkpoint.h"
#include "gateway/journal/guard.h"
#include "gateway/journal/journal.h"
#include "gateway/trace/trace.h"
#include "tests/unit/gateway/command/desk.h"

static char config_path[TEST_PATH_BYTES + 16];
static char backup[TEST_PATH_BYTES + 16];
static struct cli cli = {config_path, "en", true, "test"};

/* Two people: whoever runs the tests is the administrator, or not. */
static void write_config(const char *state, const char *role)
{
    AUTO(buf_done) struct buf yaml = BUF_INIT;

    buf_addf(&yaml,
             "gateway: {name: test, state: %s}\nlisten: {certificate: s.pem, key: s.key, client_ca: s.pem}\nstaff:\n"
             "  - {name: me, uid: %ld, roles: %s}\n  - {name: other, uid: 4000000, roles: operator}\n",
             state, (long)getuid(), role);
    cr_assert(file_write(config_path, buf_span(&yaml), 0600, &T.err), "%s", T.err.text);
}

static void setup(void)
{
    unsetenv("SUDO_UID");
    desk_open();
    snprintf(config_path, sizeof config_path, "%s/g.yaml", T.folder);
    snprintf(backup, sizeof backup, "%s/backup", T.folder);
    write_config(".", "administrator");
    cr_assert(guard_check(T.store, T.folder, &T.err), "%s", T.err.text);
}

static void open_store(void)
{
    AUTO(text_free) char *path = path_join(T.folder, "store");

    cr_assert(store_open(path, &(struct store_options){.creates = true}, &T.store, &T.err), "%s", T.err.text);
    T.desk.store = T.store;
}

TestSuite(offline, .init = setup, .fini = desk_close, .timeout = 120);

/* One process opens a store once: the test lets go of it while a command runs. */
static int run(int (*command)(struct cli *, json_t *), const char *arguments)
{
    AUTO(json_release) json_t *json = json_loads(arguments, 0, NULL);
    int status;

    cr_assert_not_null(json, "%s", arguments);
    store_close(TAKE(T.store));
    status = command(&cli, json);
    fflush(stdout);
    open_store();
    return status;
}

static int run_on(int (*command)(struct cli *, json_t *), const char *folder, const char *more)
{
    AUTO(buf_done) struct buf arguments = BUF_INIT;

    buf_addf(&arguments, "{\"ids\":[\"%s\"]%s}", folder, more);
    return run(command, arguments.data);
}

static bool holds(void)
{
    return guard_check(T.store, T.folder, &T.err);
}

static void remember(void)
{
    AUTO(guard_free) struct guard *guard = NULL;
    struct guard_head head;

    cr_assert(guard_load(T.folder, &guard, &T.err) && guard_measure(T.store, &head, &T.err) &&
                  guard_remember(guard, T.folder, GUARD_JOURNAL, &head, &T.err),
              "%s", T.err.text);
}

static void origin_now(struct buf *out)
{
    AUTO(guard_free) struct guard *guard = NULL;

    cr_assert(guard_load(T.folder, &guard, &T.err), "%s", T.err.text);
    buf_clear(out);
    guard_origin(guard, "test", GUARD_JOURNAL, out);
}

static uint64_t events(void)
{
    AUTO(store_abort) struct store_txn *txn = reader();

    return journal_size(txn);
}

static void spoil_a_table(void)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    cr_assert(store_begin(T.store, STORE_WRITE, &txn, &T.err));
    store_put(txn, STORE_COUNTERS, SPAN("spoiled"), SPAN("1"));
    cr_assert(store_commit(TAKE(txn), &T.err), "%s", T.err.text);
}

/* What a running gateway holds. */
static int lock_as_a_gateway(void)
{
    AUTO(text_free) char *path = path_join(T.folder, "lock");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    cr_assert(fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0);
    return fd;
}

static void remove_store(void)
{
    AUTO(text_free) char *path = path_join(T.folder, "store");

    store_close(TAKE(T.store));
    cr_assert(file_remove_tree(path, &T.err), "%s", T.err.text);
}

/* run() lets go of a store; where there is none it opens what the command made. */
static int restore(const char *more)
{
    AUTO(buf_done) struct buf arguments = BUF_INIT;
    AUTO(json_release) json_t *json = NULL;
    int status;

    buf_addf(&arguments, "{\"ids\":[\"%s\"]%s}", backup, more);
    json = json_loads(arguments.data, 0, NULL);
    status = restore_run(&cli, json);
    fflush(stdout);
    return status;
}

/* --- rebuild --- */

Test(offline, tables_that_the_journal_does_not_give_are_found)
{
    listed_sample();
    cr_expect_eq(run(rebuild_run, "{\"ids\":[],\"check\":true}"), CLI_OK);
    spoil_a_table();
    cr_expect_eq(run(rebuild_run, "{\"ids\":[],\"check\":true}"), CLI_SOME_REFUSED);
    cr_expect_eq(run(rebuild_run, "{\"ids\":[]}"), CLI_OK);
}

Test(offline, a_rebuilt_store_is_at_home_and_the_old_one_is_kept)
{
    AUTO(buf_done) struct buf before = BUF_INIT;
    AUTO(buf_done) struct buf after = BUF_INIT;
    AUTO(buf_done) struct buf command = BUF_INIT;

    listed_sample();
    remember();
    origin_now(&before);
    spoil_a_table();
    cr_assert_eq(run(rebuild_run, "{\"ids\":[]}"), CLI_OK);
    cr_expect(holds(), "%s", T.err.text);
    origin_now(&after);
    cr_expect_str_eq(after.data, before.data, "the same journal goes on under its name");
    cr_expect_eq(run(rebuild_run, "{\"ids\":[],\"check\":true}"), CLI_OK);
    buf_addf(&command, "test -f '%s'/store.old-*/data.mdb && ! ls -d '%s'/rebuild.* 2>/dev/null", T.folder, T.folder);
    cr_expect_eq(system(command.data), 0, "the old store is kept, nothing else is left");
}

Test(offline, a_running_gateway_is_compared_but_not_repaired)
{
    AUTO(file_close) int lock = -1;

    listed_sample();
    lock = lock_as_a_gateway();
    cr_expect_eq(run(rebuild_run, "{\"ids\":[]}"), CLI_UNUSABLE);
    cr_expect_eq(run(rebuild_run, "{\"ids\":[],\"check\":true}"), CLI_OK);
    cr_expect(holds(), "%s", T.err.text);
}

Test(offline, new_tables_do_not_launder_another_store)
{
    AUTO(text_free) char *guard = path_join(T.folder, "guard.json");

    listed_sample();
    cr_assert_eq(unlink(guard), 0);
    cr_expect_eq(run(rebuild_run, "{\"ids\":[]}"), CLI_UNUSABLE);
    cr_expect_not(holds());
    cr_assert_eq(run(guard_run, "{\"ids\":[],\"accept\":true,\"reason\":\"test\"}"), CLI_OK);
}

Test(offline, rebuilding_into_a_folder_leaves_the_store_alone)
{
    AUTO(text_free) char *into = path_join(T.folder, "elsewhere");
    AUTO(buf_done) struct buf arguments = BUF_INIT;

    listed_sample();
    buf_addf(&arguments, "{\"ids\":[],\"into\":\"%s\"}", into);
    cr_expect_eq(run(rebuild_run, arguments.data), CLI_OK);
    cr_expect_eq(run(rebuild_run, arguments.data), CLI_UNUSABLE, "the folder is not empty any more");
    cr_expect(holds(), "%s", T.err.text);
}

/* --- backup and restore --- */

Test(offline, nothing_is_restored_over_a_store)
{
    listed_sample();
    cr_assert_eq(run_on(backup_run, backup, ""), CLI_OK);
    cr_expect_eq(run_on(backup_run, backup, ""), CLI_UNUSABLE, "the folder is not empty any more");
    cr_expect_eq(run_on(restore_run, backup, ""), CLI_UNUSABLE);
    cr_expect(holds(), "%s", T.err.text);
}

Test(offline, a_backup_that_was_changed_is_not_restored)
{
    static const char *const FILES[] = {"store/data.mdb", "guard.json", "manifest.json"};

    listed_sample();
    cr_assert_eq(run_on(backup_run, backup, ""), CLI_OK);
    remove_store();
    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        AUTO(text_free) char *path = path_join(backup, FILES[i]);
        AUTO(text_free) char *store = path_join(T.folder, "store");
        AUTO(buf_done) struct buf bytes = BUF_INIT;

        cr_assert(file_read(path, (size_t)1 << 30, &bytes, &T.err), "%s", T.err.text);
        bytes.data[bytes.bytes / 2] ^= 1;
        cr_assert(file_write(path, buf_span(&bytes), 0600, &T.err));
        cr_expect_eq(restore(""), CLI_UNUSABLE, "%s", FILES[i]);
        cr_expect_not(file_exists(store), "%s", FILES[i]);
        bytes.data[bytes.bytes / 2] ^= 1;
        cr_assert(file_write(path, buf_span(&bytes), 0600, &T.err));
    }
    cr_expect_eq(restore(""), CLI_OK);
    open_store();
}

Test(offline, a_manifest_leads_nowhere_else)
{
    AUTO(text_free) char *path = path_join(backup, "manifest.json");
    static const char *const PATHS[] = {"../evil", "/etc/passwd", "store/../../evil", "store//data.mdb", "./x", ""};

    cr_assert(file_make_folder(backup, 0700, &T.err));
    remove_store();
    for (size_t i = 0; i < COUNT_OF(PATHS); i++) {
        AUTO(buf_done) struct buf json = BUF_INIT;

        buf_addf(&json,
                 "{\"format\":1,\"files\":[{\"path\":\"%s\",\"bytes\":0,\"sha256\":\"%064d\"}],\"journal\":{\"size\":0,"
                 "\"root\":\"\"}}",
                 PATHS[i], 0);
        cr_assert(file_write(path, buf_span(&json), 0600, &T.err));
        cr_expect_eq(restore(""), CLI_UNUSABLE, "%s", PATHS[i]);
    }
    open_store();
}

Test(offline, an_older_backup_is_refused_until_an_administrator_accepts_it)
{
    AUTO(buf_done) struct buf origin = BUF_INIT;
    uint64_t before;

    listed_sample();
    before = events();
    cr_assert_eq(run_on(backup_run, backup, ""), CLI_OK);
    import_with(COLUMN_EQUIPMENT, "另一台转炉");
    remember();
    remove_store();
    cr_expect_eq(restore(""), CLI_SOME_REFUSED);
    open_store();
    cr_expect_not(holds());
    cr_expect_str_eq(T.err.rule, "guard.rolled-back");
    cr_expect_eq(run(guard_run, "{\"ids\":[]}"), CLI_SOME_REFUSED);
    cr_expect_eq(run(guard_run, "{\"ids\":[],\"accept\":true}"), CLI_UNUSABLE, "no reason");
    write_config(".", "auditor");
    cr_expect_eq(run(guard_run, "{\"ids\":[],\"accept\":true,\"reason\":\"磁盘损坏\"}"), CLI_UNUSABLE, "no role");
    cr_expect_eq(events(), before);
    write_config(".", "administrator");
    cr_expect_eq(run(guard_run, "{\"ids\":[],\"accept\":true,\"reason\":\"磁盘损坏\"}"), CLI_OK);
    cr_expect(holds(), "%s", T.err.text);
    cr_expect_eq(events(), before + 1);
    origin_now(&origin);
    cr_expect(strncmp(origin.data, "test/journal/1", 14) == 0, "%s", origin.data);
}

Test(offline, an_acceptance_stands_in_the_journal)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(text_free) char *guard = path_join(T.folder, "guard.json");
    struct span bytes;
    struct event event;

    listed_sample();
    cr_assert_eq(unlink(guard), 0);
    cr_assert_eq(run(guard_run, "{\"ids\":[],\"accept\":true,\"reason\":\"磁盘损坏\"}"), CLI_OK);
    txn = reader();
    cr_assert(journal_read(txn, journal_size(txn) - 1, &bytes) && event_parse(bytes, &event, &T.err));
    cr_expect(span_is(event.type, "guard.accepted"));
    cr_expect(span_is(event.by, "me"));
    cr_expect(memmem(event.data.at, event.data.bytes, "磁盘损坏", strlen("磁盘损坏")));
}

Test(offline, what_is_right_needs_no_acceptance)
{
    uint64_t before;

    listed_sample();
    remember();
    before = events();
    cr_expect_eq(run(guard_run, "{\"ids\":[],\"accept\":true,\"reason\":\"x\"}"), CLI_OK);
    cr_expect_eq(events(), before);
}

Test(offline, a_backup_that_lost_nothing_is_at_home_under_its_name)
{
    AUTO(buf_done) struct buf origin = BUF_INIT;

    listed_sample();
    remember();
    cr_assert_eq(run_on(backup_run, backup, ""), CLI_OK);
    remove_store();
    cr_expect_eq(restore(""), CLI_OK);
    open_store();
    cr_expect(holds(), "%s", T.err.text);
    origin_now(&origin);
    cr_expect_str_eq(origin.data, "test/journal");
    cr_expect_eq(run(rebuild_run, "{\"ids\":[],\"check\":true}"), CLI_OK);
}

/* A new machine: nobody here knows what was signed after the backup. */
static void restore_elsewhere(const char *more, struct buf *origin)
{
    AUTO(text_free) char *state = path_join(T.folder, "new");
    AUTO(text_free) char *path = path_join(state, "store");
    AUTO(store_close) struct store *store = NULL;
    AUTO(guard_free) struct guard *guard = NULL;
    int status;

    write_config("new", "administrator");
    store_close(TAKE(T.store));
    status = restore(more);
    open_store();
    cr_assert_eq(status, CLI_OK);
    cr_assert(store_open(path, &(struct store_options){.map_bytes = 0}, &store, &T.err), "%s", T.err.text);
    cr_expect(guard_check(store, state, &T.err), "%s", T.err.text);
    cr_assert(guard_load(state, &guard, &T.err), "%s", T.err.text);
    guard_origin(guard, "test", GUARD_JOURNAL, origin);
}

Test(offline, a_new_place_begins_a_new_name)
{
    AUTO(buf_done) struct buf origin = BUF_INIT;
    AUTO(text_free) char *key = path_join(T.folder, "new/keys/keyring.json");

    listed_sample();
    remember();
    cr_assert_eq(run_on(backup_run, backup, ""), CLI_OK);
    restore_elsewhere("", &origin);
    cr_expect(strncmp(origin.data, "test/journal/1", 14) == 0, "%s", origin.data);
    cr_expect_not(file_exists(key), "no keys were asked for");
}

Test(offline, a_move_keeps_the_name_and_takes_the_keys_along)
{
    AUTO(buf_done) struct buf origin = BUF_INIT;
    AUTO(text_free) char *key = path_join(T.folder, "new/keys/keyring.json");

    listed_sample();
    remember();
    cr_assert_eq(run_on(backup_run, backup, ",\"with_keys\":true"), CLI_OK);
    restore_elsewhere(",\"moved\":true", &origin);
    cr_expect_str_eq(origin.data, "test/journal");
    cr_expect(file_exists(key));
}

/* --- the trace --- */

static void ask(int times)
{
    AUTO(text_free) char *folder = path_join(T.folder, "trace");
    AUTO(trace_writer_free) struct trace_writer *writer = NULL;

    cr_assert(trace_writer_open(folder, &writer, &T.err), "%s", T.err.text);
    for (int i = 0; i < times; i++) {
        char receipt[TRACE_RECEIPT_BYTES];
        struct trace_entry entry = {.at_ms = T.now_ms, .receipt = receipt, .by = span_of("bank"), .status = 200};

        trace_next_receipt(writer, receipt);
        trace_add(writer, &entry);
    }
    cr_assert(trace_flush(writer, &T.err), "%s", T.err.text);
}

static uint64_t integrate(const char *state, uint8_t root[MERKLE_HASH_BYTES])
{
    AUTO(text_free) char *folder = path_join(state, "trace");
    AUTO(trace_log_free) struct trace_log *log = NULL;
    uint64_t taken;

    cr_assert(trace_log_open(folder, &log, &T.err) && trace_log_integrate(log, &taken, &T.err), "%s", T.err.text);
    cr_assert(trace_log_root(log, trace_log_size(log), root, &T.err), "%s", T.err.text);
    return trace_log_size(log);
}

static void remember_trace(void)
{
    AUTO(guard_free) struct guard *guard = NULL;
    struct guard_head head;

    head.size = integrate(T.folder, head.root);
    cr_assert(guard_load(T.folder, &guard, &T.err) && guard_remember(guard, T.folder, GUARD_TRACE, &head, &T.err), "%s",
              T.err.text);
}

Test(offline, a_backup_has_what_was_asked_whether_it_has_its_place_yet_or_not)
{
    AUTO(buf_done) struct buf origin = BUF_INIT;
    AUTO(text_free) char *state = path_join(T.folder, "new");
    AUTO(file_close) int lock = -1;
    uint8_t roots[2][MERKLE_HASH_BYTES];

    listed_sample();
    ask(300);
    remember_trace();
    ask(7);
    lock = lock_as_a_gateway();
    cr_assert_eq(run_on(backup_run, backup, ""), CLI_OK);
    restore_elsewhere("", &origin);
    cr_expect_eq(integrate(T.folder, roots[0]), 307);
    cr_expect_eq(integrate(state, roots[1]), 307);
    cr_expect_eq(memcmp(roots[0], roots[1], sizeof roots[0]), 0, "the same entries in the same places");
}

Test(offline, a_trace_that_lost_entries_is_refused_and_can_be_accepted_alone)
{
    AUTO(text_free) char *log = path_join(T.folder, "trace/log");
    AUTO(buf_done) struct buf origin = BUF_INIT;
    AUTO(guard_free) struct guard *guard = NULL;
    uint64_t before;

    listed_sample();
    remember();
    ask(5);
    remember_trace();
    cr_assert(file_remove_tree(log, &T.err));
    before = events();
    cr_expect_eq(run(guard_run, "{\"ids\":[],\"accept\":true,\"reason\":\"丢失\"}"), CLI_OK);
    cr_expect_eq(events(), before + 1);
    cr_assert(guard_load(T.folder, &guard, &T.err), "%s", T.err.text);
    cr_expect_eq(guard_head(guard, GUARD_TRACE)->size, 0);
    guard_origin(guard, "test", GUARD_JOURNAL, &origin);
    guard_origin(guard, "test", GUARD_TRACE, &origin);
    cr_expect(strncmp(origin.data, "test/journaltest/trace/1", 24) == 0, "%s", origin.data);
}

/* --- proofs --- */

static void sign_log(const char *log, const struct guard_head *head)
{
    AUTO(text_free) char *folder = path_join(T.folder, "checkpoints");
    AUTO(text_free) char *path = path_join(folder, log);
    AUTO(buf_done) struct buf note = BUF_INIT;
    struct checkpoint checkpoint = {.size = head->size};

    snprintf(checkpoint.origin, sizeof checkpoint.origin, "test/%s", log);
    memcpy(checkpoint.root, head->root, sizeof checkpoint.root);
    cr_assert(checkpoint_sign(&checkpoint, T.keyring, T.signer, &note, &T.err), "%s", T.err.text);
    cr_assert(file_make_folder(folder, 0700, &T.err) && file_write(path, buf_span(&note), 0644, &T.err), "%s",
              T.err.text);
}

/* Make a proof of `what` and check it. */
static int prove_and_verify(const char *what, const char *answer)
{
    AUTO(text_free) char *out = path_join(T.folder, "proof.json");
    AUTO(buf_done) struct buf arguments = BUF_INIT;
    AUTO(buf_done) struct buf proof = BUF_INIT;
    AUTO(json_release) json_t *report = NULL;
    int status;

    buf_addf(&arguments, "{\"ids\":[\"%s\"],\"out\":\"%s\",\"answer\":\"%s\"}", what, out, answer);
    status = run(proof_run, arguments.data);
    if (status != CLI_OK)
        return status;
    cr_assert(file_read(out, 1 << 20, &proof, &T.err), "%s", T.err.text);
    return verify_bytes(buf_span(&proof), T.keyring, &report, &T.err);
}

Test(offline, an_event_is_proved_once_it_is_signed_for)
{
    struct guard_head head;

    listed_sample();
    cr_expect_eq(prove_and_verify("1", ""), CLI_UNUSABLE, "nothing is signed yet");
    cr_assert(guard_measure(T.store, &head, &T.err));
    sign_log("journal", &head);
    cr_expect_eq(prove_and_verify("1", ""), CLI_OK, "%s", T.err.text);
    cr_expect_eq(prove_and_verify("99", ""), CLI_UNUSABLE);
    import_with(COLUMN_EQUIPMENT, "另一台转炉");
    cr_expect_eq(prove_and_verify("4", ""), CLI_UNUSABLE, "not signed for yet");
    cr_expect_eq(prove_and_verify("3", ""), CLI_OK, "%s", T.err.text);
}

Test(offline, a_lookup_is_proved_with_the_answer_that_was_given)
{
    AUTO(text_free) char *folder = path_join(T.folder, "trace");
    AUTO(text_free) char *answer = path_join(T.folder, "answer.json");
    AUTO(trace_writer_free) struct trace_writer *writer = NULL;
    char receipt[TRACE_RECEIPT_BYTES];
    struct trace_entry entry = {.at_ms = 1,
                                .receipt = receipt,
                                .by = span_of("bank"),
                                .status = 200,
                                .verdict = "listed",
                                .answer = span_of("{\"verdict\":\"listed\"}")};
    struct guard_head head;

    cr_assert(trace_writer_open(folder, &writer, &T.err), "%s", T.err.text);
    trace_next_receipt(writer, receipt);
    trace_add(writer, &entry);
    cr_assert(trace_flush(writer, &T.err), "%s", T.err.text);
    head.size = integrate(T.folder, head.root);
    sign_log("trace", &head);
    cr_assert(file_write(answer, entry.answer, 0600, &T.err));
    cr_expect_eq(prove_and_verify(receipt, ""), CLI_OK, "%s", T.err.text);
    cr_expect_eq(prove_and_verify(receipt, answer), CLI_OK, "%s", T.err.text);
    cr_assert(file_write(answer, SPAN("{\"verdict\":\"not-listed\"}"), 0600, &T.err));
    cr_expect_eq(prove_and_verify(receipt, answer), CLI_SOME_REFUSED, "another answer");
    cr_expect_eq(prove_and_verify("no-such-receipt", ""), CLI_UNUSABLE);
}
