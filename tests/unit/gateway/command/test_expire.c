/* Publication that ends by itself: decided by the law, sealed, in the lists, in the outbox, and never twice. */
#include "gateway/command/decide_statute.h"
#include "tests/unit/gateway/command/upstream.h"

TestSuite(expire, .init = desk_open, .fini = desk_close, .timeout = 60);

static size_t expire(void)
{
    struct tally tally = {0};

    cr_assert(command_expire(&T.desk, keep, NULL, &tally, &T.err), "%s", T.err.text);
    cr_assert_eq(tally.refused, 0);
    return tally.done;
}

static size_t push_expired(bool is_refused)
{
    struct tally tally = {0};

    cr_assert(command_push_expired(&T.desk, plain_row, &is_refused, keep, NULL, &tally, &T.err), "%s", T.err.text);
    return tally.done;
}

static struct record_version newest(const char *id, struct buf *hold)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    struct record_version version;

    cr_assert(records_load(txn, span_of(id), 0, &version, hold, &T.err), "%s", T.err.text);
    return version;
}

static bool is_queued(const char *id, uint32_t version)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    struct delivery delivery;

    return outbox_of_version(txn, CHANNEL_CREDIT_GUANGDONG, id, version, &delivery);
}

static uint64_t list_count(enum record_list list)
{
    AUTO(store_abort) struct store_txn *txn = reader();

    return records_count(txn, list);
}

static uint64_t journal_now(void)
{
    AUTO(store_abort) struct store_txn *txn = reader();

    return store_count(txn, STORE_JOURNAL);
}

Test(expire, nothing_ends_on_its_last_day)
{
    listed_sample();
    set_today("2027-08-03");
    cr_assert_eq(expire(), 0);
    T.now_ms = day_start_ms(on("2027-08-04")) - 1;
    cr_assert_eq(expire(), 0);
}

Test(expire, what_is_over_already_or_was_never_in_force_is_left_alone)
{
    struct proposal proposal = sample_proposal();
    const char *id = listed_sample();

    cr_assert_str_eq(change(id, blank_change(OP_WITHDRAWN)), "done");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    cr_assert_str_eq(propose_sample(&proposal), "done");
    set_today("2030-01-01");
    cr_assert_eq(expire(), 0);
    cr_assert_eq(counts().live, 0);
}

Test(expire, at_midnight_it_is_withdrawn_by_the_law_and_sealed)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    AUTO(buf_done) struct buf sealed_hold = BUF_INIT;
    AUTO(store_abort) struct store_txn *txn = NULL;
    const char *id = listed_sample();
    struct record_version version;
    struct record sealed;
    struct span seal;

    T.now_ms = day_start_ms(on("2027-08-04"));
    cr_assert_eq(expire(), 1);
    version = newest(id, &hold);
    cr_assert_eq(version.state, RECORD_EFFECTIVE);
    cr_assert_eq(version.record.version, 2);
    cr_assert_eq(version.record.op, OP_WITHDRAWN);
    cr_assert(span_is(version.record.reason, "公示期满"));
    cr_assert(span_is(version.record.proposed_by, "statute:publication-end"));
    cr_assert(span_is(version.record.approved_by, "statute:publication-end"));
    cr_assert(span_is(version.record.statute, "《信用修复管理办法》（国家发展改革委令第36号）"));
    cr_assert_eq(version.record.publication_end, on("2027-08-03"));
    cr_assert_eq(version.record.approved_ms, T.now_ms);
    cr_assert_eq(list_count(RECORDS_LIVE), 0);
    cr_assert_eq(list_count(RECORDS_OVER), 1);
    txn = reader();
    cr_assert(records_seal(txn, &version, &seal, &T.err), "%s", T.err.text);
    cr_assert(seal_verify(seal, T.keyring, &sealed, &sealed_hold, &T.err), "%s", T.err.text);
    cr_assert_eq(sealed.version, 2);
}

Test(expire, the_same_day_twice_changes_nothing_and_a_clock_that_goes_back_neither)
{
    uint64_t size;

    listed_sample();
    set_today("2027-08-04");
    cr_assert_eq(expire(), 1);
    size = journal_now();
    cr_assert_eq(expire(), 0);
    set_today("2026-09-01");
    cr_assert_eq(expire(), 0);
    set_today("2031-01-01");
    cr_assert_eq(expire(), 0);
    cr_assert_eq(journal_now(), size);
}

Test(expire, a_disputed_record_ends_all_the_same)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    const char *id = listed_sample();

    cr_assert_str_eq(change(id, blank_change(OP_DISPUTED)), "done");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    set_today("2027-08-04");
    cr_assert_eq(expire(), 1);
    cr_assert_eq(newest(id, &hold).record.op, OP_WITHDRAWN);
    cr_assert(newest(id, &hold).record.is_disputed);
    cr_assert_str_eq(change(id, blank_change(OP_DISPUTE_OVER)), "record.over");
}

Test(expire, what_waits_for_approval_is_returned_with_the_reason)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    const char *id = listed_sample();

    cr_assert_str_eq(change(id, blank_change(OP_DISPUTED)), "done");
    set_today("2027-08-04");
    cr_assert_eq(expire(), 1);
    cr_assert_eq(newest(id, &hold).record.version, 2);
    cr_assert_eq(newest(id, &hold).record.op, OP_WITHDRAWN);
    cr_assert_eq(list_count(RECORDS_WAITING), 0);
    cr_assert_eq(list_count(RECORDS_RETURNED), 0);
    cr_assert_str_eq(approve_as("reviewer", id), "record.already-effective");
}

Test(expire, what_was_never_told_is_not_told_now)
{
    const char *id = listed_sample();

    cr_assert_eq(list_count(RECORDS_UNSENT), 1);
    set_today("2027-08-04");
    cr_assert_eq(expire(), 1);
    cr_assert_eq(list_count(RECORDS_UNSENT), 0);
    cr_assert_eq(counts().statutory, 0);
    cr_assert_eq(push_expired(false), 0);
    push_all();
    cr_assert_not(is_queued(id, 1));
    cr_assert_not(is_queued(id, 2));
}

Test(expire, what_was_told_is_queued_without_waiting_for_anybody)
{
    const char *id = listed_sample();

    push_all();
    acknowledge(CHANNEL_CREDIT_GUANGDONG, id, 1);
    cr_assert_str_eq(change(id, blank_change(OP_DISPUTED)), "done");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    set_today("2027-08-04");
    cr_assert_eq(expire(), 1);
    cr_assert_eq(counts().statutory, 1);
    cr_assert_eq(push_expired(true), 0, "a channel that cannot be told yet");
    cr_assert_eq(counts().statutory, 1);
    cr_assert_eq(push_expired(false), 1);
    cr_assert_not(is_queued(id, 2), "the mark is over with the record");
    cr_assert(is_queued(id, 3));
    cr_assert_eq(list_count(RECORDS_UNSENT), 0);
    cr_assert_eq(counts().statutory, 0);
    cr_assert_eq(push_expired(false), 0);
}

Test(expire, what_waits_unsent_in_a_lane_is_taken_back)
{
    const char *id = listed_sample();
    struct delivery delivery;

    push_all();
    set_today("2027-08-04");
    cr_assert_eq(expire(), 1);
    cr_assert(find_delivery(CHANNEL_CREDIT_GUANGDONG, id, 1, &delivery));
    cr_assert_eq(delivery.state, DELIVERY_SUPERSEDED);
    cr_assert_eq(push_expired(false), 0);
    cr_assert_not(is_queued(id, 2), "they never took it");
    cr_assert_eq(counts().statutory, 0);
}

/* Off for years: all that ended meanwhile, in the order in which they ended. */
static int32_t last_end;
static void see_order(const struct outcome *outcome, void *context)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    int32_t end = newest(outcome->record, &hold).record.publication_end;

    (void)context;
    cr_assert_geq(end, last_end);
    last_end = end;
}

Test(expire, months_are_caught_up_with_in_order)
{
    static const char *const DAYS[] = {"2026-08-05", "2026-08-03", "2026-09-30", "2026-08-04", "2026-08-31"};
    struct tally tally = {0};

    set_today("2026-10-01");
    for (size_t i = 0; i < COUNT_OF(DAYS); i++) {
        struct obligation row = sample_row();
        struct proposal proposal = sample_proposal();
        char equipment[32];

        snprintf(equipment, sizeof equipment, "%zu号转炉", i + 1);
        row.field[COLUMN_EQUIPMENT] = span_of(equipment);
        proposal.severity = i % 2 ? SEVERITY_MINOR : SEVERITY_GENERAL;
        proposal.decided_on = on(DAYS[i]);
        import_row(row);
        cr_assert_str_eq(propose_row(row, &proposal), "done");
    }
    {
        struct review all = {.takes_all = true, .ground = -1};
        struct tally reviewed = {0};

        T.desk.person = "reviewer";
        cr_assert(command_review(&T.desk, &all, keep, NULL, &reviewed, &T.err), "%s", T.err.text);
        cr_assert_eq(reviewed.done, COUNT_OF(DAYS));
    }
    cr_assert_eq(counts().live, COUNT_OF(DAYS));
    set_today("2029-01-01");
    last_end = INT32_MIN;
    cr_assert(command_expire(&T.desk, see_order, NULL, &tally, &T.err), "%s", T.err.text);
    cr_assert_eq(tally.done, COUNT_OF(DAYS));
    cr_assert_eq(last_end, on("2027-09-30"));
}

Test(expire, a_shorter_maximum_of_a_new_law_ends_earlier_and_names_it)
{
    static const char LAW[] = "{\"windows\":["
                              "{\"basis\":\"old\",\"certainty\":\"F\",\"source\":\"x\",\"from\":null,\"until\":"
                              "\"2026-12-31\",\"severity\":2,\"min_months\":3,\"max_months\":12},"
                              "{\"basis\":\"new\",\"certainty\":\"F\",\"source\":\"x\",\"from\":\"2027-01-01\","
                              "\"until\":null,\"severity\":2,\"min_months\":3,\"max_months\":4}]}";
    AUTO(windows_free) struct windows *law = NULL;
    AUTO(buf_done) struct buf hold = BUF_INIT;
    const char *id = listed_sample();

    cr_assert(windows_parse(span_of(LAW), &law, &T.err), "%s", T.err.text);
    T.desk.windows = law;
    set_today("2026-12-31");
    cr_assert_eq(expire(), 0, "by the old law it has until August");
    set_today("2027-01-01");
    cr_assert_eq(expire(), 1, "four months were over on 2026-12-03");
    cr_assert(span_is(newest(id, &hold).record.statute, "new"));
    cr_assert_eq(newest(id, &hold).record.publication_end, on("2026-12-03"));
    T.desk.windows = T.windows;
}

/* --- the seal's exception --- */

static bool seals_good(const struct record *record)
{
    AUTO(buf_done) struct buf seal = BUF_INIT;
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record read;

    cr_assert(seal_make(T.signer, record, &seal, &T.err), "%s", T.err.text);
    return seal_verify(buf_span(&seal), T.keyring, &read, &hold, &T.err);
}

Test(expire, the_seal_lets_nobody_else_do_without_a_second_person)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    const char *id = listed_sample();
    struct record good, bad;

    set_today("2027-08-04");
    cr_assert_eq(expire(), 1);
    good = newest(id, &hold).record;
    cr_assert(seals_good(&good), "%s", T.err.text);
    bad = good;
    bad.statute = SPAN_NONE;
    cr_assert_not(seals_good(&bad), "no rule");
    bad = good;
    bad.publication_end = on("2027-08-04");
    cr_assert_not(seals_good(&bad), "before its time");
    bad = good;
    bad.op = OP_REPAIRED;
    cr_assert_not(seals_good(&bad), "another operation");
    bad = good;
    bad.approved_by = span_of("reviewer");
    cr_assert_not(seals_good(&bad), "a person in the law's place");
    bad = good;
    bad.proposed_by = bad.approved_by = span_of("author");
    cr_assert_not(seals_good(&bad), "one person alone");
    bad = good;
    bad.proposed_by = bad.approved_by = span_of("statute:other");
    cr_assert_not(seals_good(&bad), "a rule that is not known");
}

Test(expire, the_law_decides_only_what_is_in_force)
{
    struct standing standing = {.windows = T.windows, .today = on("2030-01-01")};
    struct record_version version = {.state = RECORD_EFFECTIVE};
    struct record out;

    cr_assert_not(decide_expiry(&standing, &out));
    version.record = (struct record){.version = 1,
                                     .op = OP_NEW,
                                     .severity = SEVERITY_SERIOUS,
                                     .decided_on = on("2026-08-03"),
                                     .publication_end = on("2029-08-03")};
    standing.effective = &version;
    cr_assert(decide_expiry(&standing, &out));
    cr_assert_eq(out.version, 2);
    version.record.op = OP_REPAIRED;
    cr_assert_not(decide_expiry(&standing, &out));
    version.record.op = OP_DISPUTED;
    standing.today = on("2029-08-03");
    cr_assert_not(decide_expiry(&standing, &out));
    standing.today++;
    cr_assert(decide_expiry(&standing, &out));
}
