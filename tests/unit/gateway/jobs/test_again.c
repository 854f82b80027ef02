/* A job that is killed with SIGKILL at any moment and run again from its beginning ends as if nothing had happened: the
 * same report, byte for byte, and the journal exactly as long. */
#include <signal.h>
#include <sys/wait.h>

#include "tests/unit/gateway/jobs/fixture.h"

TestSuite(again, .init = gate_open, .fini = gate_close, .timeout = 240);

enum { COPIES = 5, LONG_COPIES = 33, KILLS = 5, COLUMN_OF_EQUIPMENT = 15 };

/* xorshift32, seeded by the clock: the seed is told, so that a failure can be looked at. */
static uint32_t dice_state;

static uint32_t dice(uint32_t sides)
{
    if (dice_state == 0) {
        dice_state = (uint32_t)time_monotonic_ms() | 1;
        fprintf(stderr, "seed %u\n", dice_state);
    }
    dice_state ^= dice_state << 13;
    dice_state ^= dice_state >> 17;
    dice_state ^= dice_state << 5;
    return dice_state % sides;
}

/* Another obligation: the same order for another line. */
static void add_row(struct buf *out, struct span line, int copy)
{
    const char *at = line.at;

    for (int i = 0; i <= COLUMN_OF_EQUIPMENT; i++)
        at = (const char *)memchr(at, ',', (size_t)(line.at + line.bytes - at)) + 1;
    buf_add(out, line.at, (size_t)(at - 1 - line.at));
    if (copy > 0)
        buf_addf(out, "之%d", copy);
    buf_add(out, at - 1, (size_t)(line.at + line.bytes - at + 1));
}

/* The sample register, each of its rows `copies` times. */
static char *long_register(int copies)
{
    AUTO(buf_done) struct buf text = BUF_INIT, out = BUF_INIT;
    char *path = path_join(J.folder, "long.csv");
    const char *end;

    cr_assert(file_read(REGISTER, JSON_BYTES_MAX, &text, &J.err));
    end = strchr(text.data, '\n') + 1;
    buf_add(&out, text.data, (size_t)(end - text.data));
    for (const char *at = end; *at; at = end) {
        end = strchr(at, '\n') + 1;
        for (int copy = 0; copy < copies && !memchr(at, '"', (size_t)(end - at)); copy++)
            add_row(&out, (struct span){at, (size_t)(end - at)}, copy);
    }
    cr_assert(file_write(path, buf_span(&out), 0600, &J.err));
    return path;
}

static void run_in(struct store *store, const char *id)
{
    struct job_environment environment = {&J.config, store, J.signer, &J.clock, -1, NULL};

    cr_assert(jobs_run(&environment, id, &J.err), "%s", J.err.text);
}

/* Run it in a process of its own that lives `us` microseconds; a store never crosses a fork. */
static void run_and_kill(const char *id, useconds_t us)
{
    pid_t pid;

    store_close(TAKE(J.store));
    pid = fork();
    if (pid == 0) {
        struct job_environment environment = {&J.config, open_store("store"), J.signer, &J.clock, -1, NULL};

        _exit(jobs_run(&environment, id, &J.err) ? 0 : 1);
    }
    usleep(us);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    J.store = open_store("store");
}

static uint64_t events_of(struct store *store)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    cr_assert(store_begin(store, STORE_READ, &txn, &J.err), "%s", J.err.text);
    return journal_size(txn);
}

/* The undisturbed run, on a copy of the store as it is now. */
struct expected {
    struct buf report;
    uint64_t events;
    useconds_t us;
};

static void expect(struct expected *expected, const char *kind, const char *person, const char *arguments,
                   const char *file)
{
    AUTO(text_free) char *path = path_join(J.state, "undisturbed");
    AUTO(store_close) struct store *copy = NULL;
    int64_t before;

    cr_assert(file_make_folder(path, 0700, &J.err) && store_copy(J.store, path, &J.err), "%s", J.err.text);
    copy = open_store("undisturbed");
    before = time_monotonic_ms();
    run_in(copy, order(kind, person, "zh", arguments, file));
    expected->us = (useconds_t)(time_monotonic_ms() - before + 1) * 1000;
    buf_clear(&expected->report);
    buf_add_text(&expected->report, report(J.last, "json"));
    expected->events = events_of(copy);
    store_close(TAKE(copy));
    cr_assert(file_remove_tree(path, &J.err), "%s", J.err.text);
}

static void expect_the_same(const struct expected *expected, const char *id)
{
    AUTO(json_release) json_t *object = job(id);

    cr_assert_str_eq(json_text_of(object, "state"), "done");
    cr_assert_str_eq(report(id, "json"), buf_text(&expected->report));
    cr_assert_eq(events(), expected->events);
}

/* Killed `kills` times, at any moments, the first ones early, then left to end. */
static void disturbed(const char *kind, const char *person, const char *arguments, const char *file, int kills)
{
    struct expected expected = {.events = 0};
    char id[JOB_ID_BYTES];

    expect(&expected, kind, person, arguments, file);
    memcpy(id, order(kind, person, "zh", arguments, file), sizeof id);
    for (int i = 0; i < kills; i++)
        run_and_kill(id, dice(expected.us * (unsigned)(i + 1) / (unsigned)kills));
    run(id);
    expect_the_same(&expected, id);
    buf_done(&expected.report);
}

#define PROPOSE "'on':'2026-07-31','document':'粤工信失信〔2026〕1号','decided_on':'2026-08-01','severity':'general'"

Test(again, every_step_of_the_way_is_killed_and_ends_well)
{
    AUTO(text_free) char *path = long_register(COPIES);

    disturbed("import", "author", "{'file':'x.csv'}", path, KILLS);
    disturbed("overdue", "author", "{'on':'2026-07-31'}", NULL, 2);
    disturbed("propose", "author", "{" PROPOSE "}", NULL, KILLS);
    disturbed("return", "reviewer", "{'all':true,'ground':'quality','reason':'补充材料'}", NULL, KILLS);
    disturbed("approve", "reviewer", "{'all':true,'reason':'核对无误'}", NULL, KILLS);
    disturbed("push", "author", "{}", NULL, KILLS);
    disturbed("pause", "author", "{'ids':['credit-guangdong'],'reason':'维护'}", NULL, 3);
    disturbed("resume", "author", "{'ids':['credit-guangdong'],'reason':'结束'}", NULL, 3);
}

/* Ids of the records in a list, as JSON. */
static void ids_of(const char *kind, struct buf *out)
{
    AUTO(json_release) json_t *object = NULL;
    const json_t *items;

    run(order(kind, "both", "zh", "{}", NULL));
    object = report_json(J.last);
    items = json_object_get(object, "items");
    buf_add_text(out, "'ids':[");
    for (size_t i = 0; i < json_array_size(items); i++)
        buf_addf(out, "%s'%s'", i ? "," : "", json_text_of(json_array_get(items, i), "record"));
    buf_add_byte(out, ']');
}

Test(again, named_records_are_changed_once)
{
    static const char *const KINDS[] = {"correct", "dispute", "settle", "withdraw"};
    AUTO(buf_done) struct buf ids = BUF_INIT;

    cr_assert_eq(done("import", "author", "{}", REGISTER), 0);
    cr_assert_eq(done("propose", "author", "{" PROPOSE ",'ground':'energy'}", NULL), 0);
    cr_assert_eq(done("approve", "reviewer", "{'all':true}", NULL), 0);
    ids_of("unsent", &ids);
    for (size_t i = 1; i < COUNT_OF(KINDS); i++) {
        AUTO(buf_done) struct buf arguments = BUF_INIT;
        AUTO(buf_done) struct buf review = BUF_INIT;
        AUTO(buf_done) struct buf push = BUF_INIT;

        buf_addf(&arguments, "{'reason':'x',%s}", ids.data);
        buf_addf(&review, "{%s}", ids.data);
        buf_addf(&push, "{%s}", ids.data);
        disturbed(KINDS[i], "author", arguments.data, NULL, 3);
        disturbed("approve", "reviewer", review.data, NULL, 3);
        disturbed("push", "author", push.data, NULL, 3);
    }
}

/* Rows of two batches: the first may be durable when the process dies in the second. */
Test(again, a_long_import_killed_between_its_batches_counts_right)
{
    AUTO(text_free) char *path = long_register(LONG_COPIES);

    disturbed("import", "author", "{'file':'x.csv'}", path, 2);
    cr_assert_eq(counted("accepted"), counted("rows"));
}

static void forget_result(const char *id)
{
    AUTO(buf_done) struct buf path = BUF_INIT;

    buf_addf(&path, "%s/jobs/%s/result.json", J.state, id);
    cr_assert_eq(unlink(path.data), 0);
}

/* All was committed and no result written: the worst moment, since others may go on meanwhile. */
Test(again, what_others_did_in_between_is_left_alone)
{
    AUTO(json_release) json_t *before = NULL;
    AUTO(json_release) json_t *after = NULL;
    AUTO(buf_done) struct buf text = BUF_INIT;
    char id[JOB_ID_BYTES];
    char record[64];

    cr_assert_eq(done("import", "author", "{}", REGISTER), 0);
    memcpy(id, order("propose", "author", "zh", "{" PROPOSE ",'ground':'safety'}", NULL), sizeof id);
    run(id);
    before = report_json(id);
    snprintf(record, sizeof record, "%s", json_text_of(json_array_get(json_object_get(before, "items"), 0), "record"));
    forget_result(id);
    buf_addf(&text, "{'ids':['%s'],'reason':'文号有误'}", record);
    cr_assert_eq(done("return", "reviewer", text.data, NULL), 0);
    run(id); /* it must not propose again what was returned meanwhile */
    after = report_json(id);
    cr_assert(json_equal(before, after), "%s", J.text.data);
    (void)done("waiting", "reviewer", "{}", NULL);
    cr_assert_null(strstr(report(J.last, "json"), record));
}

Test(again, all_means_what_was_there_when_the_order_began)
{
    char approve[JOB_ID_BYTES];
    char push[JOB_ID_BYTES];
    int64_t count;

    cr_assert_eq(done("import", "author", "{}", REGISTER), 0);
    cr_assert_eq(done("propose", "author", "{" PROPOSE ",'ground':'safety'}", NULL), 0);
    memcpy(approve, order("approve", "reviewer", "zh", "{'all':true}", NULL), sizeof approve);
    run(approve);
    memcpy(push, order("push", "author", "zh", "{}", NULL), sizeof push);
    run(push);
    memcpy(J.last, approve, sizeof J.last);
    count = counted("done");
    forget_result(approve);
    forget_result(push);
    cr_assert_eq(done("propose", "author", "{" PROPOSE ",'ground':'quality'}", NULL), 0);
    cr_assert_gt(counted("done"), 0);
    run(approve); /* what was proposed since then nobody has said a word about */
    memcpy(J.last, approve, sizeof J.last);
    cr_assert_eq(counted("done"), count);
    cr_assert_eq(done("approve", "reviewer", "{'all':true}", NULL), 0);
    cr_assert_gt(counted("done"), 0);
    run(push);
    memcpy(J.last, push, sizeof J.last);
    cr_assert_eq(counted("done"), count);
    (void)done("unsent", "author", "{}", NULL);
    cr_assert_gt(counted("count"), 0);
}

/* The sample register with one remark changed. */
static char *changed_register(void)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    char *path = path_join(J.folder, "changed.csv");

    cr_assert(file_read(REGISTER, JSON_BYTES_MAX, &text, &J.err));
    memcpy(strstr(text.data, "同一厂区"), "另一厂区", strlen("另一厂区"));
    cr_assert(file_write(path, buf_span(&text), 0600, &J.err));
    return path;
}

Test(again, an_old_file_is_not_laid_over_a_newer_one)
{
    AUTO(text_free) char *changed = changed_register();
    char id[JOB_ID_BYTES];
    uint64_t before;

    memcpy(id, order("import", "author", "zh", "{}", REGISTER), sizeof id);
    run(id);
    cr_assert_eq(counted("accepted"), 515);
    cr_assert_eq(done("import", "author", "{}", changed), 0);
    cr_assert_eq(counted("accepted"), 1);
    before = events();
    forget_result(id);
    /* The input went with the result: put it back, as it would be there still. */
    AUTO(buf_done) struct buf path = BUF_INIT, text = BUF_INIT;
    buf_addf(&path, "%s/jobs/%s/input", J.state, id);
    cr_assert(file_read(REGISTER, JSON_BYTES_MAX, &text, &J.err) &&
              file_write(path.data, buf_span(&text), 0600, &J.err));
    run(id);
    memcpy(J.last, id, sizeof J.last);
    cr_assert_eq(counted("accepted"), 515);
    cr_assert_eq(events(), before);
}
