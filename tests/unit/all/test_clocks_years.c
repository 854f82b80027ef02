/* Three years and a quarter, day by day: listings of each severity, corrections, disputes, repairs, withdrawals, a
 * keeper that is off now and then for months, and upstreams that answer when they like. A model that knows the law in
 * ten lines says on every day what lookups, the lists of what is due and the store must say. */
#include "gateway/command/stage.h"
#include "tests/unit/gateway/command/upstream.h"
#include "tests/unit/gateway/lookup/counter.h"

enum { RECORDS = 36, VERSIONS = 40 };

struct listed {
    char id[RECORD_ID_BYTES];
    struct obligation row;
    char equipment[32];
    int32_t decided;
    enum severity severity;
    int32_t end;
    uint32_t versions; /* in force */
    bool is_ended;     /* by a person */
    bool is_expired;   /* the keeper made its version */
    bool is_disputed;
    bool is_pending; /* a proposal waits */
};

static struct {
    struct listed all[RECORDS];
    size_t count;
    struct calendar *calendar;
    uint64_t dice;
    int32_t today;
    int off; /* days for which the keeper is off */
    size_t seen[8];
} Y;

enum { SEEN_EXPIRED, SEEN_REPAIRED, SEEN_TOO_EARLY, SEEN_LATE_KEEPER, SEEN_PENDING_RETURNED, SEEN_UNCONFIRMED };

static unsigned roll(unsigned sides)
{
    Y.dice ^= Y.dice << 13;
    Y.dice ^= Y.dice >> 7;
    Y.dice ^= Y.dice << 17;
    return (unsigned)(Y.dice % sides);
}

/* --- the law, once more and by itself --- */

static int maximum_of(enum severity severity)
{
    return severity == SEVERITY_MINOR ? 3 : severity == SEVERITY_GENERAL ? 12 : 36;
}

static int minimum_of(enum severity severity, int32_t decided)
{
    if (severity == SEVERITY_MINOR)
        return 0;
    return severity == SEVERITY_GENERAL ? 3 : decided >= on("2026-04-01") ? 12 : 6;
}

static bool is_live(const struct listed *listed)
{
    return listed->versions > 0 && !listed->is_ended && !listed->is_expired;
}

static bool is_shown(const struct listed *listed)
{
    return is_live(listed) && Y.today <= listed->end;
}

/* --- what people do --- */

static void make_rows(void)
{
    for (size_t i = 0; i < RECORDS; i++) {
        struct listed *listed = &Y.all[i];

        snprintf(listed->equipment, sizeof listed->equipment, "%zu号立窑", i + 1);
        listed->row = sample_row();
        listed->row.field[COLUMN_EQUIPMENT] = span_of(listed->equipment);
        listed->row.field[COLUMN_DOCUMENT] = span_of("韶工信节能〔2023〕10号");
        listed->row.field[COLUMN_ORDER_DATE] = span_of("2023-05-31");
        listed->row.field[COLUMN_DEADLINE] = span_of("2023-11-30");
        import_row(listed->row);
    }
}

static void list_one(void)
{
    struct listed *listed = &Y.all[Y.count];
    struct proposal proposal = sample_proposal();

    if (Y.count == RECORDS)
        return;
    listed->decided = Y.today - (int32_t)roll(6);
    listed->severity = (enum severity)(SEVERITY_MINOR + roll(3));
    listed->end = day_add_months(listed->decided, maximum_of(listed->severity));
    proposal.on = Y.today;
    proposal.decided_on = listed->decided;
    proposal.severity = (int)listed->severity;
    cr_assert_str_eq(propose_row(listed->row, &proposal), "done");
    memcpy(listed->id, T.last.record, sizeof listed->id);
    cr_assert_str_eq(approve_as("reviewer", listed->id), "done");
    listed->versions = 1;
    Y.count++;
}

static void expect(const struct listed *listed, const struct proposal *proposal, const char *expected)
{
    char day[DAY_TEXT_BYTES];
    const char *result = change(listed->id, *proposal);

    cr_assert_str_eq(result, expected, "%s: %s of %s", day_format(Y.today, day), OP_SLUGS[proposal->op], listed->id);
}

static void approve_or_leave(struct listed *listed, bool may_leave)
{
    if (may_leave && roll(4) == 0) {
        listed->is_pending = true;
        return;
    }
    cr_assert_str_eq(approve_as("reviewer", listed->id), "done");
    listed->versions++;
}

static void repair_one(struct listed *listed)
{
    struct proposal proposal = blank_change(OP_REPAIRED);
    int minimum = minimum_of(listed->severity, listed->decided);
    bool is_early = minimum > 0 && Y.today <= day_add_months(listed->decided, minimum);

    proposal.statement = span_of("已公开承诺");
    proposal.corrected = span_of("核查记录");
    proposal.duties = span_of("履行证明");
    proposal.duties_done = true;
    if (is_early) {
        expect(listed, &proposal, "record.repair-too-early");
        Y.seen[SEEN_TOO_EARLY]++;
        return;
    }
    if (roll(5) != 0 && listed->severity != SEVERITY_MINOR)
        return; /* not everybody asks */
    expect(listed, &proposal, "done");
    approve_or_leave(listed, false);
    listed->is_ended = true;
    Y.seen[SEEN_REPAIRED]++;
}

static void correct_one(struct listed *listed)
{
    struct proposal proposal = blank_change(OP_CHANGED);
    enum severity severity = (enum severity)(SEVERITY_MINOR + roll(3));
    int32_t end = day_add_months(listed->decided, maximum_of(severity));

    proposal.severity = (int)severity;
    if (end < Y.today) {
        expect(listed, &proposal, "record.publication-over");
        return;
    }
    if (severity == listed->severity) {
        expect(listed, &proposal, "record.nothing-changed");
        return;
    }
    expect(listed, &proposal, "done");
    approve_or_leave(listed, false);
    listed->severity = severity;
    listed->end = end;
}

static void dispute_one(struct listed *listed)
{
    struct proposal proposal = blank_change(listed->is_disputed ? OP_DISPUTE_OVER : OP_DISPUTED);

    expect(listed, &proposal, "done");
    approve_or_leave(listed, true);
    if (!listed->is_pending)
        listed->is_disputed = !listed->is_disputed;
}

static void act(void)
{
    struct listed *listed = Y.count > 0 ? &Y.all[roll((unsigned)Y.count)] : NULL;
    struct proposal withdrawal = blank_change(OP_WITHDRAWN);

    if (roll(12) == 0)
        list_one();
    if (!listed || !is_live(listed) || roll(3) != 0)
        return;
    if (listed->is_pending) {
        expect(listed, &withdrawal, "record.pending");
        return;
    }
    switch (roll(20)) {
    case 0:
        expect(listed, &withdrawal, "done");
        approve_or_leave(listed, false);
        listed->is_ended = true;
        break;
    case 1:
    case 2:
        correct_one(listed);
        break;
    case 3:
    case 4:
        dispute_one(listed);
        break;
    case 5:
    case 6:
    case 7:
        repair_one(listed);
        break;
    default:
        break;
    }
}

/* --- the upstreams --- */

static void advance(enum channel channel)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(ledger_free) struct ledger *ledger = NULL;
    const struct stage_channel to = {channel, plain_row, NULL};
    size_t count;

    cr_assert(store_begin(T.store, STORE_WRITE, &txn, &T.err) && ledger_new(txn, &T.clock, &ledger, &T.err) &&
                  stage_advance(txn, ledger, "courier", &to, 100, &count, &T.err) && ledger_finish(ledger, &T.err) &&
                  store_commit(TAKE(txn), &T.err),
              "%s", T.err.text);
}

/* The head of the one lane of this enterprise, taken at once. */
static bool take_head(enum channel channel)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    struct delivery delivery;
    uint64_t number;

    if (outbox_due(txn, channel, T.now_ms, &number, 1) == 0)
        return false;
    cr_assert(outbox_find(txn, number, &delivery, &T.err), "%s", T.err.text);
    store_abort(TAKE(txn));
    acknowledge(channel, delivery.record, delivery.version);
    return true;
}

static void deliver(void)
{
    if (roll(3) == 0)
        push_all();
    for (int channel = 0; channel < STAGE_COUNT; channel++) {
        if (channel > 0)
            advance((enum channel)channel);
        for (unsigned i = roll(4); i > 0 && take_head((enum channel)channel); i--)
            continue;
    }
}

/* --- the keeper --- */

static void keeper_works(void)
{
    struct receipt_limits limits = {Y.calendar, {5, 5, 5}};
    struct tally tally = {0};
    size_t due = 0;

    for (size_t i = 0; i < Y.count; i++) {
        struct listed *listed = &Y.all[i];

        if (!is_live(listed) || Y.today <= listed->end)
            continue;
        due++;
        listed->is_expired = true;
        listed->versions++;
        Y.seen[SEEN_LATE_KEEPER] += Y.today > listed->end + 1;
        Y.seen[SEEN_PENDING_RETURNED] += listed->is_pending;
        listed->is_pending = false;
    }
    cr_assert(command_expire(&T.desk, NULL, NULL, &tally, &T.err), "%s", T.err.text);
    cr_assert_eq(tally.done, due);
    cr_assert_eq(tally.refused + tally.skipped, 0);
    Y.seen[SEEN_EXPIRED] += due;
    cr_assert(command_push_expired(&T.desk, plain_row, NULL, NULL, NULL, &tally, &T.err), "%s", T.err.text);
    cr_assert(command_raise_overdue(&T.desk, &limits, &tally, &T.err), "%s", T.err.text);
    cr_assert_eq(counts().statutory, 0);
}

/* --- what must be true every evening --- */

static void check_lookups(void)
{
    size_t shown = 0;
    char day[DAY_TEXT_BYTES];
    const char *verdict = ask_plainly("tax", SAMPLE_CODE);

    for (size_t i = 0; i < Y.count; i++)
        shown += is_shown(&Y.all[i]);
    cr_assert_eq(C.facts.records, shown, "%s: %u shown, %zu expected", day_format(Y.today, day), C.facts.records,
                 shown);
    cr_assert_str_eq(verdict, shown ? "listed" : "not-listed");
}

static bool is_acknowledged(const struct listed *listed, enum channel channel, uint32_t version)
{
    struct delivery delivery;

    return find_delivery(channel, listed->id, version, &delivery) && delivery.state == DELIVERY_ACKNOWLEDGED;
}

static bool has_taken(const struct listed *listed, enum channel channel)
{
    for (uint32_t version = 1; version <= listed->versions; version++) {
        if (is_acknowledged(listed, channel, version))
            return true;
    }
    return false;
}

static bool is_unconfirmed(const struct listed *listed)
{
    if (is_live(listed))
        return false;
    for (int channel = 0; channel < STAGE_COUNT; channel++) {
        if (has_taken(listed, (enum channel)channel) &&
            !is_acknowledged(listed, (enum channel)channel, listed->versions))
            return true;
    }
    return false;
}

static int32_t seventh_working_day(int32_t decided)
{
    int32_t day = decided;

    for (int count = 0; count < 7; count += calendar_is_working(Y.calendar, day, NULL))
        day++;
    return day;
}

static void check_lists(void)
{
    struct clocks_reporting reporting;
    size_t open = 0, late = 0, unconfirmed = 0, live = 0;
    AUTO(store_abort) struct store_txn *txn = NULL;

    for (size_t i = 0; i < Y.count; i++) {
        const struct listed *listed = &Y.all[i];
        bool is_open = is_live(listed) && !has_taken(listed, CHANNEL_CREDIT_GUANGDONG);

        open += is_open;
        late += is_open && Y.today > seventh_working_day(listed->decided);
        live += is_live(listed);
        unconfirmed += is_unconfirmed(listed);
    }
    Y.seen[SEEN_UNCONFIRMED] += unconfirmed;
    cr_assert_eq(counts().live, live);
    cr_assert_eq(counts().unconfirmed, unconfirmed);
    txn = reader();
    cr_assert(clocks_reporting(txn, Y.calendar, Y.today, &reporting, &T.err), "%s", T.err.text);
    cr_assert_eq(reporting.open, open);
    cr_assert_eq(reporting.late, late);
}

/* Of what the keeper made: once, with the right end, and never before it. */
static void check_expired(void)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    AUTO(buf_done) struct buf hold = BUF_INIT;

    for (size_t i = 0; i < Y.count; i++) {
        const struct listed *listed = &Y.all[i];
        struct record_version newest;

        cr_assert(records_load_effective(txn, span_of(listed->id), &newest, &hold, &T.err), "%s", T.err.text);
        cr_assert_eq(newest.record.version, listed->versions);
        cr_assert_eq(newest.record.statute.bytes > 0, listed->is_expired);
        cr_assert_eq(record_op_ends(newest.record.op), !is_live(listed));
        if (!listed->is_expired)
            continue;
        cr_assert_eq(newest.record.publication_end, listed->end);
        cr_assert_gt(day_of_instant(newest.record.approved_ms), listed->end);
    }
}

static void live_through(uint64_t seed)
{
    Y.dice = seed;
    make_rows();
    for (Y.today = on("2024-01-02"); Y.today <= on("2027-03-31"); Y.today++) {
        T.now_ms = day_start_ms(Y.today) + 1000;
        check_lookups(); /* at midnight, before anybody came */
        T.now_ms = day_start_ms(Y.today) + (9 + (int64_t)roll(9)) * 3600 * 1000;
        if (Y.off > 0)
            Y.off--;
        else
            keeper_works();
        if (Y.off == 0 && roll(150) == 0)
            Y.off = 1 + (int)roll(120);
        act();
        deliver();
        check_lists();
        if (roll(20) == 0)
            check_expired();
    }
    Y.today--;
    keeper_works();
    check_expired();
    for (size_t i = 0; i < COUNT_OF(Y.seen) - 2; i++)
        cr_assert_gt(Y.seen[i], 0, "the seed shows nothing of %zu", i);
}

static void setup(void)
{
    memset(&Y, 0, sizeof Y);
    T.now_ms = 0;
    counter_open();
    set_today("2024-01-02");
    Y.calendar = load_calendar();
}

static void teardown(void)
{
    calendar_free(Y.calendar);
    counter_close();
}

TestSuite(clocks_years, .init = setup, .fini = teardown, .timeout = 300);

Test(clocks_years, three_years_and_a_quarter_day_by_day)
{
    live_through(20240102);
}

Test(clocks_years, the_same_with_other_dice)
{
    live_through(77777777777);
}
