/* Whole flows: import, propose, approve, push, and what readers then see. */
#include "gateway/registry/registry.h"
#include "tests/unit/gateway/command/desk.h"

TestSuite(command, .init = desk_open, .fini = desk_close);

static uint64_t events(void)
{
    AUTO(store_abort) struct store_txn *txn = reader();

    return store_count(txn, STORE_JOURNAL);
}

Test(command, the_same_file_twice_changes_nothing)
{
    struct obligation row = sample_row();
    struct import_counts counts = import_rows(&row, 1);
    uint64_t before = events();

    cr_assert_eq(counts.count[ROW_NEW], 1);
    counts = import_rows(&row, 1);
    cr_assert_eq(counts.count[ROW_UNCHANGED], 1);
    cr_assert_eq(events(), before);
}

static bool has_register(void)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    int64_t since = 0;
    uint64_t sequence = 0;
    bool has = registry_since(txn, &since, &sequence);

    cr_assert(store_txn_is_good(txn, &T.err), "%s", T.err.text);
    cr_assert(!has || (since == T.now_ms && sequence > 0));
    return has;
}

/* Batches that are full are committed on the way, so a killed import leaves rows without its last word. */
Test(command, a_killed_first_import_is_no_register_until_the_same_file_came_through)
{
    enum { ROWS = 420, REMARK_BYTES = 45000 };
    static struct obligation rows[ROWS];
    static char equipment[ROWS][16];
    AUTO(command_import_free) struct command_import *import = NULL;
    AUTO(text_free) char *remark = memory_new(REMARK_BYTES + 1);
    struct import_counts counts;
    enum column bad;

    memset(remark, 'r', REMARK_BYTES);
    cr_assert(command_import_begin(&T.desk, "killed", NULL, NULL, &import, &T.err), "%s", T.err.text);
    for (size_t i = 0; i < ROWS; i++) {
        snprintf(equipment[i], sizeof equipment[i], "%zu号转炉", i);
        rows[i] = sample_row();
        rows[i].field[COLUMN_EQUIPMENT] = span_of(equipment[i]);
        rows[i].field[COLUMN_REMARK] = span_of(remark);
        cr_assert(obligation_type_fields(&rows[i], &bad));
        cr_assert(command_import_row(import, &rows[i], (uint32_t)i + 2, &T.err), "%s", T.err.text);
    }
    command_import_counts(import, &counts);
    cr_assert_gt(counts.count[ROW_NEW], 0);
    cr_assert_not(has_register());
    counts = import_rows(rows, counts.count[ROW_NEW]);
    cr_assert_eq(counts.count[ROW_NEW], 0);
    cr_assert(has_register());
}

Test(command, an_import_that_brings_nothing_makes_no_register)
{
    (void)import_rows(NULL, 0);
    cr_assert_not(has_register());
}

Test(command, a_changed_row_is_a_new_version_also_within_one_batch)
{
    struct obligation rows[3] = {sample_row(), sample_row(), sample_row()};
    struct obligation_version version;
    struct import_counts counts;
    uint8_t id[OBLIGATION_ID_BYTES];

    rows[1].field[COLUMN_REMARK] = span_of("二");
    rows[2].field[COLUMN_REMARK] = span_of("二");
    counts = import_rows(rows, 3);
    cr_assert_eq(counts.count[ROW_NEW], 1);
    cr_assert_eq(counts.count[ROW_NEW_VERSION], 1);
    cr_assert_eq(counts.count[ROW_UNCHANGED], 1);
    obligation_id(&rows[0], id);
    AUTO(store_abort) struct store_txn *txn = reader();
    cr_assert(obligations_find(txn, id, 0, &version));
    cr_assert_eq(version.version, 2);
}

static size_t items_in_force(const char *code, int64_t at_ms)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    struct subject subject;
    struct subject_walk walk;
    struct subject_item item;
    size_t count = 0;

    if (!subject_find(txn, span_of(code), &subject))
        return 0;
    subject_walk_begin(&walk, &subject);
    while (subject_walk_next(&walk, &item))
        count += subject_record_is_in_force(&item, at_ms);
    return count;
}

Test(command, lookups_see_a_record_at_approval_and_as_of_any_instant)
{
    static const char CODE[] = "91440224MAYUCHK485";
    int64_t before_ms = T.now_ms - 1;
    const char *id = listed_sample();
    int64_t listed_ms = T.now_ms;

    cr_assert_eq(items_in_force(CODE, before_ms), 0);
    cr_assert_eq(items_in_force(CODE, listed_ms), 1);
    T.now_ms += 1000;
    cr_assert_str_eq(change(id, blank_change(OP_WITHDRAWN)), "done");
    cr_assert_eq(items_in_force(CODE, T.now_ms), 1);
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    cr_assert_eq(items_in_force(CODE, T.now_ms), 0);
    cr_assert_eq(items_in_force(CODE, T.now_ms - 1), 1);
}

Test(command, publication_ends_by_itself_after_its_last_day)
{
    (void)listed_sample(); /* general: until 2027-08-03 */
    cr_assert_eq(items_in_force("91440224MAYUCHK485", day_start_ms(on("2027-08-04")) - 1), 1);
    cr_assert_eq(items_in_force("91440224MAYUCHK485", day_start_ms(on("2027-08-04"))), 0);
}

static void seal_of(const char *id, struct buf *out, struct buf *json)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version version;
    struct span seal;

    cr_assert(records_load(txn, span_of(id), 0, &version, &hold, &T.err), "%s", T.err.text);
    cr_assert(records_seal(txn, &version, &seal, &T.err), "%s", T.err.text);
    buf_add_span(out, seal);
    buf_add_span(json, version.json);
}

Test(command, a_seal_verifies_offline_over_what_is_stored)
{
    AUTO(buf_done) struct buf seal = BUF_INIT, json = BUF_INIT, again = BUF_INIT, hold = BUF_INIT;
    AUTO(buf_done) struct buf public = BUF_INIT;
    AUTO(keyring_free) struct keyring *keys = NULL;
    struct record record;

    seal_of(listed_sample(), &seal, &json);
    cr_assert(keyring_public_json(T.keyring, &public, &T.err));
    cr_assert(keyring_parse_public(buf_span(&public), &keys, &T.err));
    cr_assert(seal_verify(buf_span(&seal), keys, &record, &hold, &T.err), "%s", T.err.text);
    record_json_add(&record, &again);
    cr_assert(span_equal(buf_span(&again), buf_span(&json)));
}

Test(command, a_seal_with_any_byte_flipped_fails)
{
    AUTO(buf_done) struct buf seal = BUF_INIT, json = BUF_INIT, hold = BUF_INIT;
    struct record record;

    seal_of(listed_sample(), &seal, &json);
    for (size_t i = 0; i < seal.bytes; i++) {
        char before = seal.data[i];

        seal.data[i] ^= (char)(1 << i % 7); /* each bit of a character that Base64 and JSON use has its turn */
        cr_assert_not(seal_verify(buf_span(&seal), T.keyring, &record, &hold, &T.err), "byte %zu", i);
        seal.data[i] = before;
    }
    cr_assert(seal_verify(buf_span(&seal), T.keyring, &record, &hold, &T.err), "%s", T.err.text);
}

static bool plain_row(const struct record *record, void *context, struct buf *row, struct error *err)
{
    if (context)
        return refuse(err, ERR_REFUSED, "row.address", "no address", "没有地址");
    buf_addf(row, "{\"ROWID\":\"%s\",\"VERSION\":%u}", record->id, record->version);
    return true;
}

static struct tally push(const char *division, void *context)
{
    struct push_request request = {CHANNEL_CREDIT_GUANGDONG, NULL, division, -1, plain_row, context};
    struct tally tally = {0};

    cr_assert(command_push(&T.desk, &request, keep, NULL, &tally, &T.err), "%s", T.err.text);
    return tally;
}

Test(command, a_later_stage_is_refused)
{
    struct push_request request = {CHANNEL_CREDIT_CHINA, NULL, NULL, -1, plain_row, NULL};

    cr_assert_not(command_push(&T.desk, &request, keep, NULL, &T.tally, &T.err));
    cr_assert_str_eq(T.err.rule, "push.stage");
}

Test(command, a_push_queues_each_version_once_and_in_order)
{
    const char *id = listed_sample();
    struct delivery first, second;

    cr_assert_str_eq(change(id, blank_change(OP_DISPUTED)), "done");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    cr_assert_eq(push("4401", NULL).done, 0);
    cr_assert_eq(push("4402", NULL).done, 2);
    cr_assert_eq(push(NULL, NULL).done, 0);
    AUTO(store_abort) struct store_txn *txn = reader();
    cr_assert(outbox_of_version(txn, CHANNEL_CREDIT_GUANGDONG, id, 1, &first));
    cr_assert(outbox_of_version(txn, CHANNEL_CREDIT_GUANGDONG, id, 2, &second));
    cr_assert_lt(first.number, second.number);
}

Test(command, a_record_withdrawn_before_anybody_saw_it_is_told_to_nobody)
{
    const char *id = listed_sample();
    struct delivery delivery;
    struct tally tally;

    cr_assert_str_eq(change(id, blank_change(OP_WITHDRAWN)), "done");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    tally = push(NULL, NULL);
    cr_assert_eq(tally.done, 0);
    cr_assert_eq(tally.skipped, 2);
    AUTO(store_abort) struct store_txn *txn = reader();
    cr_assert_not(outbox_of_version(txn, CHANNEL_CREDIT_GUANGDONG, id, 1, &delivery));
    cr_assert_not(outbox_of_version(txn, CHANNEL_CREDIT_GUANGDONG, id, 2, &delivery));
    cr_assert_eq(records_count(txn, RECORDS_UNSENT), 0);
}

Test(command, what_waits_unsent_is_superseded_when_its_correction_is_approved)
{
    const char *id = listed_sample();
    struct proposal correction = blank_change(OP_CHANGED);
    struct delivery first, second;

    correction.document = span_of("粤工信失信〔2026〕2号");
    cr_assert_eq(push(NULL, NULL).done, 1);
    cr_assert_str_eq(change(id, correction), "done");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    cr_assert_eq(push(NULL, NULL).done, 1);
    AUTO(store_abort) struct store_txn *txn = reader();
    cr_assert(outbox_of_version(txn, CHANNEL_CREDIT_GUANGDONG, id, 1, &first));
    cr_assert_eq(first.state, DELIVERY_SUPERSEDED);
    cr_assert(outbox_of_version(txn, CHANNEL_CREDIT_GUANGDONG, id, 2, &second));
    cr_assert_eq(second.state, DELIVERY_QUEUED);
}

Test(command, a_row_that_cannot_be_made_stays_unsent_and_holds_the_later_version_back)
{
    const char *id = listed_sample();
    int refuses = 1;
    struct tally tally;

    cr_assert_str_eq(change(id, blank_change(OP_DISPUTED)), "done");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    tally = push(NULL, &refuses);
    cr_assert_eq(tally.refused, 2);
    cr_assert_str_eq(T.refusal.rule, "push.version-order");
    cr_assert_eq(push(NULL, NULL).done, 2);
}

Test(command, all_overdue_are_proposed_once_and_only_those)
{
    struct obligation rows[3] = {sample_row(), sample_row(), sample_row()};
    struct obligations_filter all = OBLIGATIONS_ALL;
    struct proposal proposal = sample_proposal();
    struct tally tally = {0};

    rows[1].field[COLUMN_EQUIPMENT] = span_of("二号转炉");
    rows[2].field[COLUMN_EQUIPMENT] = span_of("三号转炉");
    rows[2].field[COLUMN_STATE] = span_of("已撤销");
    (void)import_rows(rows, 3);
    cr_assert(command_propose_overdue(&T.desk, &all, &proposal, keep, NULL, &tally, &T.err), "%s", T.err.text);
    cr_assert_eq(tally.done, 2);
    tally = (struct tally){0};
    cr_assert(command_propose_overdue(&T.desk, &all, &proposal, keep, NULL, &tally, &T.err), "%s", T.err.text);
    cr_assert_eq(tally.done, 0);
    cr_assert_eq(tally.skipped, 2);
}

Test(command, what_was_withdrawn_is_not_listed_again_by_proposing_everything)
{
    struct obligations_filter all = OBLIGATIONS_ALL;
    struct proposal proposal = sample_proposal();
    struct proposal withdrawal = blank_change(OP_WITHDRAWN);
    struct tally tally = {0};
    const char *record = listed_sample();

    cr_assert_str_eq(change(record, withdrawal), "done");
    cr_assert_str_eq(approve_as("reviewer", record), "done");
    cr_assert(command_propose_overdue(&T.desk, &all, &proposal, keep, NULL, &tally, &T.err), "%s", T.err.text);
    cr_assert_eq(tally.done, 0);
    cr_assert_eq(tally.skipped, 1);
    /* Whoever names it means it. */
    cr_assert_str_eq(propose_sample(&proposal), "done");
    cr_assert_str_eq(return_it(T.last.record, "误提"), "done");
    /* The register says something new of the order. */
    import_with(COLUMN_CAPACITY, "99");
    tally = (struct tally){0};
    cr_assert(command_propose_overdue(&T.desk, &all, &proposal, keep, NULL, &tally, &T.err), "%s", T.err.text);
    cr_assert_eq(tally.done, 1);
}

/* --- any order of commands --- */

enum { OBLIGATIONS = 4, STEPS = 400 };

/* xorshift32: the same walk every time, so that a failure can be looked at. */
static int dice(void)
{
    static uint32_t state = 20261124;

    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return (int)(state >> 1);
}

static void random_step(struct obligation *rows, const char *const *people)
{
    static const char *const STATES[] = {"逾期未退出", "已撤销", "逾期未退出", "逾期未退出"};
    struct obligation *row = &rows[dice() % OBLIGATIONS];
    struct proposal proposal = sample_proposal();
    struct proposal next = blank_change((enum record_op)(OP_CHANGED + dice() % 5));
    char id[RECORD_ID_BYTES] = "";
    uint8_t obligation[OBLIGATION_ID_BYTES];
    uint32_t ordinal;
    AUTO(store_abort) struct store_txn *txn = reader();

    obligation_id(row, obligation);
    (void)records_of_obligation(txn, obligation, id, &ordinal);
    store_abort(TAKE(txn));
    T.now_ms += dice() % 100;
    T.desk.person = people[dice() % 3];
    next.severity = 1 + dice() % 3;
    next.statement = span_of("承诺");
    next.corrected = span_of("现场核查记录");
    next.duties = span_of("履行证明");
    next.duties_done = true;
    switch (dice() % 5) {
    case 0:
        row->field[COLUMN_STATE] = span_of(STATES[dice() % COUNT_OF(STATES)]);
        import_row(*row);
        break;
    case 1:
        (void)propose_row(*row, &proposal);
        break;
    case 2:
        (void)(id[0] ? approve_as(people[dice() % 3], id) : "");
        break;
    case 3:
        (void)(id[0] ? return_it(id, "退回") : "");
        break;
    default:
        (void)(id[0] ? change(id, next) : "");
    }
}

struct seen {
    char record[RECORD_ID_BYTES];
    uint8_t obligation[OBLIGATION_ID_BYTES];
};

struct check {
    struct store_txn *txn;
    struct seen live[64];
    size_t count;
};

static bool check_versions(const struct record_version *version, void *context)
{
    AUTO(buf_done) struct buf hold = BUF_INIT, sealed_hold = BUF_INIT;
    struct check *check = context;
    struct record_version one;
    struct record sealed;
    struct span seal;

    for (size_t i = 0; i < check->count; i++)
        cr_assert_neq(memcmp(check->live[i].obligation, version->record.obligation, OBLIGATION_ID_BYTES), 0);
    memcpy(check->live[check->count++].obligation, version->record.obligation, OBLIGATION_ID_BYTES);
    for (uint32_t i = 1; i <= version->record.version; i++) {
        cr_assert(records_load(check->txn, span_of(version->record.id), i, &one, &hold, &T.err), "%s", T.err.text);
        cr_assert_eq(one.state, RECORD_EFFECTIVE);
        cr_assert(!span_equal(one.record.proposed_by, one.record.approved_by));
        cr_assert(records_seal(check->txn, &one, &seal, &T.err));
        cr_assert(seal_verify(seal, T.keyring, &sealed, &sealed_hold, &T.err), "%s", T.err.text);
    }
    return true;
}

Test(command, in_any_order_of_commands_the_invariants_hold)
{
    static const char *const PEOPLE[] = {"author", "reviewer", "third"};
    static const char *const EQUIPMENT[OBLIGATIONS] = {"一号", "二号", "三号", "四号"};
    struct obligation rows[OBLIGATIONS];
    struct records_filter live = {RECORDS_LIVE, -1, NULL, NULL};
    struct check check = {.count = 0};

    for (int i = 0; i < OBLIGATIONS; i++) {
        rows[i] = sample_row();
        rows[i].field[COLUMN_EQUIPMENT] = span_of(EQUIPMENT[i]);
        import_row(rows[i]);
    }
    for (int i = 0; i < STEPS; i++)
        random_step(rows, PEOPLE);
    AUTO(store_abort) struct store_txn *txn = reader();
    check.txn = txn;
    cr_assert(records_scan(txn, &live, check_versions, &check, &T.err), "%s", T.err.text);
    cr_assert_gt(check.count, 0);
}
