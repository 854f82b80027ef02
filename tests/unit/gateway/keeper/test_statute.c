/* The keeper's turns over the law's clocks: when it acts, what it does without a channel, and that it may be killed
 * anywhere. */
#include "gateway/keeper/statute.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/journal/journal.h"
#include "tests/unit/gateway/command/upstream.h"

static struct config config;
static struct keeper_options options;
static struct statute *statute;
static char token[TEST_PATH_BYTES + 16];
static char sm4[TEST_PATH_BYTES + 16];

static void configure_channel(bool is_enabled)
{
    config.channels[CHANNEL_CREDIT_GUANGDONG] = (struct config_channel){.is_enabled = is_enabled,
                                                                        .base = (char *)"https://localhost:9/gd/",
                                                                        .table_code = (char *)"SXJZCN",
                                                                        .department_code = (char *)"4400GXT",
                                                                        .table_version = (char *)"V1",
                                                                        .paas_id = (char *)"creditgate-test",
                                                                        .token_file = token,
                                                                        .sm4_key_file = sm4,
                                                                        .provider_code = (char *)"4400GXT",
                                                                        .provider_name = (char *)"某厅",
                                                                        .exchange_name = (char *)"某厅",
                                                                        .certificate = (char *)"c.pem",
                                                                        .key = (char *)"c.key",
                                                                        .ca = (char *)"ca.pem",
                                                                        .rows_max = 500,
                                                                        .receipt_limit_days = 2};
}

static void setup(void)
{
    desk_open();
    snprintf(token, sizeof token, "%s/token", T.folder);
    snprintf(sm4, sizeof sm4, "%s/sm4", T.folder);
    cr_assert(file_write(token, SPAN("token0123456789\n"), 0600, &T.err), "%s", T.err.text);
    cr_assert(file_write(sm4, SPAN("000102030405060708090a0b0c0d0e0f\n"), 0600, &T.err), "%s", T.err.text);
    config = (struct config){.data = (char *)TEST_SOURCE, .state = T.folder};
    configure_channel(true);
    options = (struct keeper_options){&config, T.store, T.signer, &T.clock, -1};
    statute = statute_new(&options);
}

static void teardown(void)
{
    statute_free(statute);
    desk_close();
}

TestSuite(statute, .init = setup, .fini = teardown, .timeout = 120);

static void turn(void)
{
    cr_assert(statute_turn(statute, &T.err), "%s", T.err.text);
}

static const char *told_sample(void)
{
    const char *id = listed_sample();

    push_all();
    acknowledge(CHANNEL_CREDIT_GUANGDONG, id, 1);
    return id;
}

static bool is_over(const char *id, uint32_t version)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version newest;

    cr_assert(records_load(txn, span_of(id), 0, &newest, &hold, &T.err), "%s", T.err.text);
    return newest.record.version == version && newest.record.op == OP_WITHDRAWN && newest.record.statute.bytes > 0;
}

static bool is_told(const char *id, uint32_t version)
{
    struct delivery delivery;

    return find_delivery(CHANNEL_CREDIT_GUANGDONG, id, version, &delivery);
}

Test(statute, midnight_is_noticed_at_once)
{
    const char *id = told_sample();

    T.now_ms = day_start_ms(on("2027-08-04")) - 5000;
    turn();
    cr_assert_not(is_over(id, 2));
    T.now_ms += 4999;
    turn();
    cr_assert_not(is_over(id, 2));
    T.now_ms++;
    turn();
    cr_assert(is_over(id, 2));
    cr_assert(is_told(id, 2));
}

Test(statute, within_a_day_it_looks_every_minute_whatever_the_clock_does)
{
    char call[33];
    const char *id = listed_sample();

    push_all();
    send_one(CHANNEL_CREDIT_GUANGDONG, id, 1, call);
    set_today("2026-08-20");
    turn();
    receive(call);
    T.now_ms += STATUTE_MS - 1;
    turn();
    cr_assert_eq(counts().receipts, 0);
    set_today("2026-09-20");
    turn();
    cr_assert_eq(counts().receipts, 1);
    set_today("2026-08-21");
    turn();
    set_today("2026-09-21");
    turn();
    cr_assert_eq(counts().receipts, 1, "once");
}

Test(statute, a_clock_that_goes_back_undoes_nothing_and_hurries_nothing)
{
    const char *id = told_sample();

    set_today("2027-08-04");
    turn();
    cr_assert(is_over(id, 2));
    set_today("2026-09-01");
    turn();
    set_today("2027-08-05");
    turn();
    cr_assert(is_over(id, 2));
    cr_assert_not(is_told(id, 3));
}

Test(statute, without_a_channel_the_end_waits_to_be_told)
{
    const char *id = told_sample();

    configure_channel(false);
    set_today("2027-08-04");
    turn();
    cr_assert(is_over(id, 2));
    cr_assert_not(is_told(id, 2));
    cr_assert_eq(counts().statutory, 1);
    configure_channel(true);
    T.now_ms += STATUTE_MS;
    turn();
    cr_assert(is_told(id, 2));
    cr_assert_eq(counts().statutory, 0);
}

Test(statute, data_that_cannot_be_read_is_said_and_tried_again)
{
    const char *id = told_sample();

    set_today("2027-08-04");
    config.data = (char *)"/nowhere";
    cr_assert_not(statute_turn(statute, &T.err));
    cr_assert_neq(T.err.code, ERR_REFUSED, "which would end the keeper");
    config.data = (char *)TEST_SOURCE;
    turn();
    cr_assert(is_over(id, 2));
}

static bool set_live_count(struct store_txn *txn, void *context, struct error *err)
{
    uint8_t value[8];

    (void)err;
    store_key_u64(value, *(const uint64_t *)context);
    store_put(txn, STORE_CLOCKS, SPAN("nl"), (struct span){(const char *)value, sizeof value});
    return true;
}

Test(statute, a_store_from_before_the_clocks_is_not_taken_for_one_where_nothing_is_due)
{
    const char *id = told_sample();
    uint64_t wrong = 7, right = 1;

    set_today("2027-08-04");
    cr_assert(store_write(T.store, set_live_count, &wrong, &T.err), "%s", T.err.text);
    cr_assert_not(statute_turn(statute, &T.err));
    cr_assert_not_null(strstr(T.err.text, "rebuild"));
    cr_assert_not(is_over(id, 2));
    cr_assert(store_write(T.store, set_live_count, &right, &T.err), "%s", T.err.text);
    turn();
    cr_assert(is_over(id, 2));
}

/* A thousand and one that end on one day: in two turns, so that checkpoints do not wait for long. */
Test(statute, a_day_on_which_very_many_end_takes_more_than_one_turn)
{
    enum { MANY = EXPIRE_MAX + 1 };
    AUTO(buf_done) struct buf names = BUF_INIT;
    struct obligation *rows = memory_new(MANY * sizeof *rows);
    uint8_t(*ids)[OBLIGATION_ID_BYTES] = memory_new(MANY * sizeof *ids);
    struct proposal proposal = sample_proposal();
    struct review all = {.takes_all = true, .ground = -1};
    struct tally tally = {0};

    buf_reserve(&names, (size_t)MANY * 16);
    for (size_t i = 0; i < MANY; i++) {
        const char *name = names.data + names.bytes;

        buf_addf(&names, "%zu", i + 1);
        buf_add_byte(&names, '\0');
        rows[i] = sample_row();
        rows[i].field[COLUMN_EQUIPMENT] = span_of(name);
    }
    (void)import_rows(rows, MANY);
    for (size_t i = 0; i < MANY; i++)
        obligation_id(&rows[i], ids[i]);
    cr_assert(command_propose(&T.desk, (const uint8_t(*)[OBLIGATION_ID_BYTES])ids, MANY, &proposal, NULL, NULL, &tally,
                              &T.err),
              "%s", T.err.text);
    T.desk.person = "reviewer";
    cr_assert(command_review(&T.desk, &all, NULL, NULL, &tally, &T.err), "%s", T.err.text);
    cr_assert_eq(counts().live, MANY);
    set_today("2027-08-04");
    turn();
    cr_assert_eq(counts().live, 1);
    T.now_ms += 1000;
    turn();
    cr_assert_eq(counts().live, 0);
    free(rows);
    free(ids);
}

/* --- killed anywhere --- */

static int ticks;
static int64_t deadly_clock(void *context)
{
    (void)context;
    if (--ticks == 0)
        raise(SIGKILL);
    return T.now_ms;
}

/* Three records that are over: one with a proposal that waits, one that nobody was told of, one whose correction is in
 * a call without a receipt. */
static struct {
    char ids[3][RECORD_ID_BYTES];
} scene;

static void set_scene(void)
{
    struct proposal correction = blank_change(OP_CHANGED);
    char call[33];

    for (size_t i = 0; i < 3; i++) {
        static const char *const EQUIPMENT[] = {"甲炉", "乙炉", "丙炉"};
        struct obligation row = sample_row();
        struct proposal proposal = sample_proposal();

        row.field[COLUMN_EQUIPMENT] = span_of(EQUIPMENT[i]);
        import_row(row);
        cr_assert_str_eq(propose_row(row, &proposal), "done");
        memcpy(scene.ids[i], T.last.record, RECORD_ID_BYTES);
        if (i == 1)
            continue;
        cr_assert_str_eq(approve_as("reviewer", scene.ids[i]), "done");
        push_all();
        acknowledge(CHANNEL_CREDIT_GUANGDONG, scene.ids[i], 1);
    }
    correction.document = span_of("韶工信失信〔2026〕2号");
    cr_assert_str_eq(change(scene.ids[2], correction), "done");
    cr_assert_str_eq(approve_as("reviewer", scene.ids[2]), "done");
    push_all();
    send_one(CHANNEL_CREDIT_GUANGDONG, scene.ids[2], 2, call);
    receive(call);
    cr_assert_str_eq(approve_as("reviewer", scene.ids[1]), "done");
    cr_assert_str_eq(change(scene.ids[0], blank_change(OP_DISPUTED)), "done");
    set_today("2027-08-06");
}

static size_t events_of(const char *type)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    size_t count = 0;
    struct span bytes;
    struct event event;

    for (uint64_t i = 0; journal_read(txn, i, &bytes); i++) {
        cr_assert(event_parse(bytes, &event, &T.err), "%s", T.err.text);
        count += span_is(event.type, type);
    }
    return count;
}

static void assert_all_done(int at)
{
    cr_assert(is_over(scene.ids[0], 2), "%d", at);
    cr_assert(is_over(scene.ids[1], 2), "%d", at);
    cr_assert(is_over(scene.ids[2], 3), "%d", at);
    cr_assert(is_told(scene.ids[0], 2), "%d", at);
    cr_assert_not(is_told(scene.ids[1], 1), "%d", at);
    cr_assert_not(is_told(scene.ids[1], 2), "%d", at);
    cr_assert(is_told(scene.ids[2], 3), "%d", at);
    cr_assert_eq(events_of("record.expired"), 3, "%d", at);
    cr_assert_eq(events_of("record.returned"), 1, "%d", at);
    cr_assert_eq(events_of("receipt.overdue"), 1, "%d", at);
    cr_assert_eq(events_of("delivery.queued"), 3 + 2, "%d", at);
    cr_assert_eq(counts().live, 0, "%d", at);
    cr_assert_eq(counts().statutory, 0, "%d", at);
    cr_assert_eq(counts().receipts, 1, "%d", at);
}

static struct store *open_copy(const char *path)
{
    struct store *store = NULL;

    cr_assert(store_open(path, &(struct store_options){.is_scratch = true}, &store, &T.err), "%s", T.err.text);
    return store;
}

/* In a process of its own, killed at the `at`-th look at the clock. True when it came to its end. */
static bool run_and_die(const char *path, int at)
{
    struct clock clock = {deadly_clock, NULL};
    struct statute *mine;
    pid_t child = fork();
    int status;

    if (child == 0) {
        struct store *store = open_copy(path);
        struct keeper_options dying = {&config, store, T.signer, &clock, -1};

        ticks = at;
        mine = statute_new(&dying);
        _exit(statute_turn(mine, &T.err) ? 0 : 3);
    }
    cr_assert_gt(child, 0);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0, "%d: %d", at, status);
    return WIFEXITED(status);
}

static void recover(const char *path, int at)
{
    AUTO(text_free) char *rebuilt = path_join(T.folder, "rebuilt");
    struct store *original = T.store;
    uint64_t size;

    T.store = open_copy(path);
    options.store = T.store;
    statute_free(statute);
    statute = statute_new(&options);
    turn();
    assert_all_done(at);
    size = events_of("record.expired") + events_of("delivery.queued") + events_of("delivery.skipped");
    T.now_ms += STATUTE_MS;
    turn();
    T.now_ms -= STATUTE_MS;
    cr_assert_eq(events_of("record.expired") + events_of("delivery.queued") + events_of("delivery.skipped"), size);
    assert_rebuilds();
    test_folder_remove(rebuilt);
    store_close(T.store);
    T.store = original;
}

Test(statute, it_may_be_killed_between_any_two_steps)
{
    bool is_done = false;
    int at = 0;

    set_scene();
    while (!is_done) {
        AUTO(buf_done) struct buf path = BUF_INIT;

        buf_addf(&path, "%s/killed-%d", T.folder, ++at);
        cr_assert(file_make_folder(path.data, 0700, &T.err) && store_copy(T.store, path.data, &T.err), "%s",
                  T.err.text);
        is_done = run_and_die(path.data, at);
        recover(path.data, at);
        test_folder_remove(path.data);
        cr_assert_lt(at, 200);
    }
    cr_assert_gt(at, 20, "steps: %d", at);
    printf("killed at %d places\n", at - 1);
}
