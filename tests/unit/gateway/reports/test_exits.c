/* The sums of a year against a slow count of another kind, over registers made at random: what is counted, by what, and
 * what is never added up. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/command/ledger.h"
#include "gateway/reports/table_write.h"
#include "schemas/obligation.h"
#include "tests/support/support.h"

enum { SAMPLES = 260, COMPANIES = 70, MILLION = 1000000 };

struct sample {
    int company;
    int place;
    int ware;
    enum ground ground;
    enum obligation_state state;
    int32_t deadline;
    int32_t extended_to;
    int32_t exit_date;
    int equipment;
    int64_t millionths; /* of capacity; -1: none */
};

static const struct {
    const char *division;
    const char *city; /* where it is counted */
} PLACES[] = {{"440103", "440100"}, {"440100", "440100"}, {"440304", "440300"}, {"441322", "441300"},
              {"440000", "440000"}, {"110105", NULL},     {"441402", "441400"}, {"445302", "445300"}};
static const struct {
    const char *industry;
    const char *unit;
} WARES[] = {
    {"钢铁", "万吨/年"}, {"水泥", "万吨/年"}, {"陶瓷", "万件/年"}, {"陶瓷", "万平方米/年"}, {"电力", "万千瓦"}};

static char folder[TEST_PATH_BYTES];
static struct store *store;
static struct divisions *divisions;
static struct windows *windows;
static struct error err;
static struct sample samples[SAMPLES];
static uint64_t seed;
static int32_t today;
static int64_t now_ms;

static int64_t clock_now(void *context)
{
    (void)context;
    return now_ms;
}
static const struct clock CLOCK = {clock_now, NULL};

static unsigned draw(unsigned below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % below;
}

static void setup(void)
{
    test_folder_new(folder);
    today = day_from_civil(2026, 8, 3);
    now_ms = day_start_ms(today) + 1000;
    cr_assert(store_open(folder, &(struct store_options){.creates = true, .is_scratch = true}, &store, &err), "%s",
              err.text);
    cr_assert(divisions_load(TEST_SOURCE "/schemas/data/divisions.json", &divisions, &err), "%s", err.text);
    cr_assert(windows_load(TEST_SOURCE "/schemas/data/publication-windows.json", &windows, &err), "%s", err.text);
}

static void teardown(void)
{
    windows_free(windows);
    divisions_free(divisions);
    store_close(store);
    test_folder_remove(folder);
}

TestSuite(exits, .init = setup, .fini = teardown, .timeout = 120);

static struct sample sample_new(void)
{
    static const enum obligation_state STATES[] = {STATE_RECTIFYING,     STATE_EXTENDED,    STATE_EXITED_IN_TIME,
                                                   STATE_EXITED_IN_TIME, STATE_EXITED_LATE, STATE_EXITED_LATE,
                                                   STATE_OVERDUE,        STATE_REVOKED};
    struct sample sample = {.company = (int)draw(COMPANIES),
                            .place = (int)draw(COUNT_OF(PLACES)),
                            .ware = (int)draw(COUNT_OF(WARES)),
                            .ground = (enum ground)draw(GROUND_COUNT),
                            .state = STATES[draw(COUNT_OF(STATES))],
                            .deadline = day_from_civil(2024, 6, 1) + (int32_t)draw(1200),
                            .extended_to = DAY_NONE,
                            .exit_date = DAY_NONE,
                            .equipment = 1 + (int)draw(4),
                            .millionths = draw(9) == 0 ? -1 : (int64_t)draw(2000) * MILLION + (int64_t)draw(MILLION)};
    int32_t due;

    if (sample.state == STATE_EXTENDED || draw(5) == 0)
        sample.extended_to = sample.deadline + 1 + (int32_t)draw(90);
    due = sample.extended_to != DAY_NONE ? sample.extended_to : sample.deadline;
    if (sample.state == STATE_EXITED_IN_TIME)
        sample.exit_date = due - (int32_t)draw(200);
    if (sample.state == STATE_EXITED_LATE)
        sample.exit_date = due + 1 + (int32_t)draw(200);
    return sample;
}

static void record(struct ledger *ledger, unsigned number, unsigned version)
{
    const struct sample *sample = &samples[number];
    AUTO(buf_done) struct buf row = BUF_INIT;
    AUTO(buf_done) struct buf data = BUF_INIT;
    char uscc[32], count[16], capacity[32] = "", deadline[DAY_TEXT_BYTES], extended[DAY_TEXT_BYTES],
                              left[DAY_TEXT_BYTES];
    struct obligation obligation = {.field = {[COLUMN_NAME] = SPAN("=虚构公司"),
                                              [COLUMN_DIVISION] = span_of(PLACES[sample->place].division),
                                              [COLUMN_REGION] = SPAN("某地"),
                                              [COLUMN_INDUSTRY] = span_of(WARES[sample->ware].industry),
                                              [COLUMN_DIMENSION] = span_of(GROUND_NAMES[sample->ground]),
                                              [COLUMN_AUTHORITY_KIND] = SPAN("经济和信息化主管部门"),
                                              [COLUMN_STATE] = span_of(STATE_NAMES[sample->state]),
                                              [COLUMN_ORDER_DATE] = SPAN("2020-01-01")}};
    enum column bad;

    snprintf(uscc, sizeof uscc, "91440000MAY%05d4X", sample->company);
    snprintf(count, sizeof count, "%d", sample->equipment);
    if (sample->millionths >= 0)
        snprintf(capacity, sizeof capacity, "%lld.%06lld", (long long)(sample->millionths / MILLION),
                 (long long)(sample->millionths % MILLION));
    obligation.field[COLUMN_USCC] = span_of(uscc);
    obligation.field[COLUMN_DEADLINE] = span_of(day_format(sample->deadline, deadline));
    obligation.field[COLUMN_EXTENDED_TO] = span_of(day_format(sample->extended_to, extended));
    obligation.field[COLUMN_EXIT_DATE] = span_of(day_format(sample->exit_date, left));
    obligation.field[COLUMN_EQUIPMENT_COUNT] = span_of(count);
    obligation.field[COLUMN_CAPACITY] = span_of(capacity);
    obligation.field[COLUMN_CAPACITY_UNIT] = span_of(WARES[sample->ware].unit);
    cr_assert(obligation_type_fields(&obligation, &bad), "column %d of %u", bad, number);
    obligation_json_add(&obligation, &row);
    buf_addf(&data, "{\"import\":\"x\",\"line\":2,\"obligation\":\"%08x%024x\",\"row\":%s,\"version\":%u}",
             number * 2654435761U, number, buf_text(&row), version);
    cr_assert(ledger_emit(ledger, "lin", "obligation.recorded", buf_span(&data), NULL, &err), "%s", err.text);
}

/* Some of them in two versions: only the newest counts. */
static void fill(uint64_t with)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(ledger_free) struct ledger *ledger = NULL;

    seed = with;
    cr_assert(store_begin(store, STORE_WRITE, &txn, &err) && ledger_new(txn, &CLOCK, &ledger, &err), "%s", err.text);
    for (unsigned i = 0; i < SAMPLES; i++) {
        unsigned version = 1;

        samples[i] = sample_new();
        if (draw(4) == 0) {
            int company = samples[i].company;

            record(ledger, i, version++);
            samples[i] = sample_new();
            samples[i].company = company;
        }
        record(ledger, i, version);
    }
    cr_assert(ledger_finish(ledger, &err) && store_commit(TAKE(txn), &err), "%s", err.text);
}

/* --- the slow count --- */

struct wanted {
    const char *city; /* NULL: any */
    int ware_like;    /* an industry by the place of a ware that has it; -1: any */
    int ground;
    int month;      /* of the exit; 0: any */
    int exact_ware; /* -1: any */
};
#define ANY ((struct wanted){NULL, -1, -1, 0, -1})

static bool is_of(const struct sample *sample, const struct wanted *wanted)
{
    const char *city = PLACES[sample->place].city;
    int year, month = 0, day;

    if (wanted->month) {
        if (sample->exit_date == DAY_NONE)
            return false;
        day_to_civil(sample->exit_date, &year, &month, &day);
    }
    return (!wanted->city || (*wanted->city ? city && strcmp(city, wanted->city) == 0 : !city)) &&
           (wanted->ware_like < 0 || strcmp(WARES[sample->ware].industry, WARES[wanted->ware_like].industry) == 0) &&
           (wanted->exact_ware < 0 || sample->ware == wanted->exact_ware) &&
           (wanted->ground < 0 || (int)sample->ground == wanted->ground) && month == wanted->month;
}

static bool is_within(int32_t day, const struct report_period *period)
{
    int year, month, of_month;

    if (day == DAY_NONE)
        return false;
    day_to_civil(day, &year, &month, &of_month);
    return year == period->year && (period->month == 0 || month == period->month);
}

static bool is_exit(const struct sample *sample, const struct report_period *period)
{
    return (sample->state == STATE_EXITED_IN_TIME || sample->state == STATE_EXITED_LATE) &&
           is_within(sample->exit_date, period);
}

struct slow {
    int64_t enterprises, exits, in_time, late, equipment;
    int64_t due, due_in_time, due_late, overdue, running, earlier;
    int64_t millionths, without;
};

static struct slow count(const struct report_period *period, struct wanted wanted)
{
    struct slow slow = {0};
    bool seen[COMPANIES] = {false};

    for (size_t i = 0; i < SAMPLES; i++) {
        const struct sample *sample = &samples[i];
        int32_t due = sample->extended_to != DAY_NONE ? sample->extended_to : sample->deadline;
        bool is_open = sample->exit_date == DAY_NONE && sample->state != STATE_REVOKED;
        int year, month, day;

        if (!is_of(sample, &wanted))
            continue;
        if (is_exit(sample, period)) {
            slow.exits++;
            slow.in_time += sample->state == STATE_EXITED_IN_TIME;
            slow.late += sample->state == STATE_EXITED_LATE;
            slow.equipment += sample->equipment;
            slow.enterprises += !seen[sample->company];
            seen[sample->company] = true;
            slow.without += sample->millionths < 0;
            slow.millionths += sample->millionths > 0 ? sample->millionths : 0;
        }
        if (sample->state == STATE_REVOKED)
            continue;
        day_to_civil(due, &year, &month, &day);
        if (year == period->year && period->month == 0) {
            slow.due++;
            slow.due_in_time += sample->state == STATE_EXITED_IN_TIME;
            slow.due_late += sample->state == STATE_EXITED_LATE;
            slow.overdue += is_open && due < today;
            slow.running += is_open && due >= today;
        }
        slow.earlier += is_open && year < period->year;
    }
    return slow;
}

/* --- what the report says --- */

static struct report report;

typedef bool make(const struct report_source *source, const struct report_period *period, struct report *out,
                  struct error *err);

static void make_report(make *making, const struct report_period *period)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct report_source source = {.divisions = divisions, .windows = windows, .now_ms = now_ms};

    report_done(&report);
    cr_assert(store_begin(store, STORE_READ, &txn, &err), "%s", err.text);
    source.txn = txn;
    cr_assert(making(&source, period, &report, &err), "%s", err.text);
}

static const struct table *table_of(const char *key)
{
    for (size_t i = 0; i < report.count; i++) {
        if (strcmp(table_design(report.tables[i])->key, key) == 0)
            return report.tables[i];
    }
    cr_assert_fail("no table %s", key);
    return NULL;
}

static const struct table_cell *cell(const struct table *table, size_t row, const char *key)
{
    const struct table_design *design = table_design(table);

    for (size_t i = 0; i < design->count; i++) {
        if (strcmp(design->columns[i].key, key) == 0)
            return table_cell(table, row, i);
    }
    cr_assert_fail("no column %s in %s", key, design->key);
    return NULL;
}

static int64_t number(const struct table *table, size_t row, const char *key)
{
    return cell(table, row, key)->number;
}

static void expect_exits(const struct table *table, size_t row, const struct slow *slow)
{
    cr_expect_eq(number(table, row, "enterprises"), slow->enterprises, "%s %zu", table_design(table)->key, row);
    cr_expect_eq(number(table, row, "exits"), slow->exits);
    cr_expect_eq(number(table, row, "equipment"), slow->equipment);
}

/* What a row of a table is about. */
static struct wanted about(const struct table *table, size_t row)
{
    struct wanted wanted = ANY;
    const char *key = table_design(table)->key;

    if (table_row_is_sum(table, row))
        return wanted;
    if (strcmp(key, "by_city") == 0)
        wanted.city = cell(table, row, "division")->text ? cell(table, row, "division")->text : "";
    if (strcmp(key, "by_ground") == 0)
        wanted.ground = (int)row;
    if (strcmp(key, "by_month") == 0)
        wanted.month = (int)row + 1;
    for (size_t i = 0; strcmp(key, "by_industry") == 0 && i < COUNT_OF(WARES); i++) {
        if (strcmp(WARES[i].industry, cell(table, row, "industry")->text) == 0)
            wanted.ware_like = (int)i;
    }
    return wanted;
}

static void check_exits(const struct report_period *period)
{
    static const char *const TABLES[] = {"total", "by_city", "by_industry", "by_ground", "by_month"};

    make_report(report_exits, period);
    for (size_t i = 0; i < COUNT_OF(TABLES); i++) {
        const struct table *table = table_of(TABLES[i]);
        int64_t exits = 0;

        for (size_t row = 0; row < table_rows(table); row++) {
            struct slow slow = count(period, about(table, row));

            expect_exits(table, row, &slow);
            cr_expect_eq(number(table, row, "in_time"), slow.in_time);
            cr_expect_eq(number(table, row, "late"), slow.late);
            exits += table_row_is_sum(table, row) ? 0 : slow.exits;
        }
        if (i > 0)
            cr_expect_eq(exits, count(period, ANY).exits, "%s lacks some", TABLES[i]);
    }
}

static void check_capacity(const struct report_period *period)
{
    const struct table *table = table_of("capacity");
    int64_t exits = 0;

    for (size_t row = 0; row < table_rows(table); row++) {
        struct wanted wanted = ANY;
        struct slow slow;
        char text[64];

        for (size_t i = 0; i < COUNT_OF(WARES); i++) {
            if (strcmp(WARES[i].industry, cell(table, row, "industry")->text) == 0 &&
                strcmp(WARES[i].unit, cell(table, row, "unit")->text) == 0)
                wanted.exact_ware = (int)i;
        }
        cr_assert_geq(wanted.exact_ware, 0, "an industry and a unit that never stood together");
        slow = count(period, wanted);
        snprintf(text, sizeof text, "%lld.%06lld", (long long)(slow.millionths / MILLION),
                 (long long)(slow.millionths % MILLION));
        cr_expect(span_equal(decimal_canonical(span_of(text)), span_of(cell(table, row, "amount")->text)), "%s, %s",
                  text, cell(table, row, "amount")->text);
        cr_expect_eq(number(table, row, "exits"), slow.exits);
        cr_expect_eq(number(table, row, "without"), slow.without);
        exits += slow.exits;
    }
    cr_expect_eq(exits, count(period, ANY).exits);
}

static void check_summary(const struct report_period *period)
{
    static const char *const TABLES[] = {"by_city", "by_industry", "by_ground", "by_kind"};

    make_report(report_summary, period);
    for (size_t i = 0; i < COUNT_OF(TABLES); i++) {
        const struct table *table = table_of(TABLES[i]);

        for (size_t row = 0; row < table_rows(table); row++) {
            struct slow slow = count(period, about(table, row));

            expect_exits(table, row, &slow);
            cr_expect_eq(number(table, row, "due"), slow.due);
            cr_expect_eq(number(table, row, "due_in_time"), slow.due_in_time);
            cr_expect_eq(number(table, row, "due_late"), slow.due_late);
            cr_expect_eq(number(table, row, "due_overdue"), slow.overdue);
            cr_expect_eq(number(table, row, "due_running"), slow.running);
            cr_expect_eq(number(table, row, "earlier"), slow.earlier);
            cr_expect_eq(cell(table, row, "done")->number, slow.due_in_time + slow.due_late);
            cr_expect_eq(cell(table, row, "done")->of, slow.due);
        }
    }
    cr_expect_eq(table_rows(table_of("details")), (size_t)count(period, ANY).exits);
}

Test(exits, nothing_comes_of_an_empty_register)
{
    const struct report_period year = {2026, 0};

    make_report(report_exits, &year);
    cr_assert_eq(table_rows(table_of("by_city")), 22, "all cities and the sum");
    cr_assert_eq(number(table_of("by_city"), 21, "exits"), 0);
    cr_assert_eq(table_rows(table_of("capacity")), 0);
    make_report(report_summary, &year);
    cr_assert_eq(cell(table_of("by_city"), 21, "done")->of, 0, "of none there is no rate");
    cr_assert_eq(table_rows(table_of("details")), 0);
    report_done(&report);
}

Test(exits, every_sum_is_that_of_a_slow_count)
{
    static const struct report_period PERIODS[] = {{2025, 0}, {2026, 0}, {2027, 0}, {2026, 2}, {2025, 12}};

    fill(20261125);
    for (size_t i = 0; i < COUNT_OF(PERIODS); i++) {
        check_exits(&PERIODS[i]);
        check_capacity(&PERIODS[i]);
        if (PERIODS[i].month == 0)
            check_summary(&PERIODS[i]);
    }
    report_done(&report);
}

Test(exits, so_it_is_for_another_register)
{
    const struct report_period year = {2026, 0};

    fill(42);
    check_exits(&year);
    check_capacity(&year);
    check_summary(&year);
    report_done(&report);
}

Test(exits, a_formula_in_a_name_is_tamed_in_a_csv_and_kept_as_it_is_elsewhere)
{
    const struct report_period year = {2026, 0};
    AUTO(buf_done) struct buf csv = BUF_INIT;
    AUTO(buf_done) struct buf json = BUF_INIT;

    fill(7);
    make_report(report_summary, &year);
    report_csv_add(&report, true, &csv);
    cr_assert(strstr(csv.data, ",\"'=虚构公司\","), "%s", csv.data);
    cr_assert_null(strstr(csv.data, ",=虚构公司"));
    report_json_add(&report, &json);
    cr_assert(strstr(json.data, "\"name\":\"=虚构公司\""));
    report_done(&report);
}

Test(exits, an_exit_on_the_first_and_the_last_day_of_the_year_is_of_the_year)
{
    const struct report_period year = {2026, 0};
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(ledger_free) struct ledger *ledger = NULL;
    const int32_t days[] = {day_from_civil(2025, 12, 31), day_from_civil(2026, 1, 1), day_from_civil(2026, 12, 31),
                            day_from_civil(2027, 1, 1)};

    cr_assert(store_begin(store, STORE_WRITE, &txn, &err) && ledger_new(txn, &CLOCK, &ledger, &err), "%s", err.text);
    for (unsigned i = 0; i < COUNT_OF(days); i++) {
        samples[i] = (struct sample){.company = (int)i,
                                     .state = STATE_EXITED_IN_TIME,
                                     .deadline = day_from_civil(2028, 1, 1),
                                     .extended_to = DAY_NONE,
                                     .exit_date = days[i],
                                     .equipment = 1,
                                     .millionths = MILLION};
        record(ledger, i, 1);
    }
    cr_assert(ledger_finish(ledger, &err) && store_commit(TAKE(txn), &err), "%s", err.text);
    make_report(report_exits, &year);
    cr_assert_eq(number(table_of("total"), 0, "exits"), 2);
    cr_assert_str_eq(cell(table_of("total"), 0, "capacity")->text, "钢铁 2 万吨/年");
    report_done(&report);
}
