/* rules_time.c - dates, terms, extensions and the state of an obligation: seed rows 2, 4, 6 and 7.
 *
 * Months are calendar months: six months after 31 August end on the last day of February. */
#include "base/text.h"
#include "schemas/notation.h"
#include "schemas/rules_internal.h"

static bool date_is(const struct facts *facts, enum date_notation wanted, int32_t *day)
{
    return facts_has(facts, facts->column) && notation_date(facts->row->field[facts->column], day) == wanted;
}

static bool date_is_none(const struct facts *facts)
{
    int32_t day;

    return date_is(facts, DATE_NONE, &day);
}

static bool date_has_no_such_day(const struct facts *facts)
{
    int32_t day;

    return date_is(facts, DATE_NO_SUCH_DAY, &day);
}

static bool date_is_written_otherwise(const struct facts *facts)
{
    int32_t day;

    if (!date_is(facts, DATE_OTHER, &day))
        return false;
    expected_set_day(facts->expected, day);
    return true;
}

static bool date_is_a_serial(const struct facts *facts)
{
    int32_t day;

    if (!date_is(facts, DATE_SERIAL, &day))
        return false;
    expected_set_day(facts->expected, day);
    return true;
}

static bool is_after(const struct facts *facts, int32_t day)
{
    if (day <= facts->context->today)
        return false;
    expected_set_day(facts->expected, facts->context->today);
    return true;
}

static bool date_is_in_future(const struct facts *facts)
{
    if (facts->column == COLUMN_ORDER_DATE)
        return facts_has_dates(facts, HAS_ORDER) && is_after(facts, facts->row->order_date);
    return facts_has_dates(facts, HAS_EXIT) && is_after(facts, facts->row->exit_date);
}

static bool deadline_is_before_order(const struct facts *facts)
{
    return facts_has_dates(facts, HAS_ORDER | HAS_DEADLINE) && facts->row->deadline < facts->row->order_date;
}

/* `to` lies later than the rule's months after `from`. */
static bool is_beyond_months(const struct facts *facts, int32_t from, int32_t to)
{
    int32_t latest = day_add_months(from, (int)rule_parameter(facts->rule));

    if (to <= latest)
        return false;
    expected_set_day(facts->expected, latest);
    return true;
}

static bool term_is_beyond(const struct facts *facts, enum ground ground)
{
    return facts->has_ground && facts->row->ground == ground && facts_has_dates(facts, HAS_ORDER | HAS_DEADLINE) &&
           is_beyond_months(facts, facts->row->order_date, facts->row->deadline);
}

static bool energy_term_is_beyond(const struct facts *facts)
{
    return term_is_beyond(facts, GROUND_ENERGY);
}

static bool quality_term_is_beyond(const struct facts *facts)
{
    return term_is_beyond(facts, GROUND_QUALITY);
}

static bool term_is_odd(const struct facts *facts)
{
    return facts_has_dates(facts, HAS_ORDER | HAS_DEADLINE) &&
           is_beyond_months(facts, facts->row->order_date, facts->row->deadline);
}

static bool extension_has_wrong_ground(const struct facts *facts)
{
    return facts_has(facts, facts->column) && facts->has_ground && facts->row->ground != GROUND_ENERGY;
}

static bool extension_is_before_deadline(const struct facts *facts)
{
    return facts_has_dates(facts, HAS_DEADLINE | HAS_EXTENSION) && facts->row->extended_to <= facts->row->deadline;
}

static bool extension_is_beyond(const struct facts *facts)
{
    return facts_has_dates(facts, HAS_DEADLINE | HAS_EXTENSION) && facts->has_ground &&
           facts->row->ground == GROUND_ENERGY &&
           is_beyond_months(facts, facts->row->deadline, facts->row->extended_to);
}

static bool extension_lacks_document(const struct facts *facts)
{
    return !facts_has(facts, facts->column) && facts_has(facts, COLUMN_EXTENDED_TO);
}

static bool extension_lacks_date(const struct facts *facts)
{
    return !facts_has(facts, facts->column) && facts_has(facts, COLUMN_EXTENSION_DOCUMENT);
}

static bool exit_is_before_order(const struct facts *facts)
{
    return facts_has_dates(facts, HAS_ORDER | HAS_EXIT) && facts->row->exit_date < facts->row->order_date;
}

static bool state_is_unknown(const struct facts *facts)
{
    return facts_has(facts, facts->column) && !facts->has_state;
}

static bool has_state(const struct facts *facts, enum obligation_state state)
{
    return facts->has_state && facts->row->state == state;
}

static bool says_exited(const struct facts *facts)
{
    return has_state(facts, STATE_EXITED_IN_TIME) || has_state(facts, STATE_EXITED_LATE);
}

static bool exit_is_missing(const struct facts *facts)
{
    return says_exited(facts) && !facts_has(facts, COLUMN_EXIT_DATE);
}

static bool exit_is_unexpected(const struct facts *facts)
{
    return facts->has_state && obligation_is_open(facts->row) && facts_has(facts, COLUMN_EXIT_DATE);
}

/* The last day in time, when the dates that fix it are valid. */
static bool due_of(const struct facts *facts, int32_t *due)
{
    if (!facts_has_dates(facts, HAS_DEADLINE) ||
        (facts_has(facts, COLUMN_EXTENDED_TO) && !facts_has_dates(facts, HAS_EXTENSION)))
        return false;
    *due = obligation_due(facts->row);
    return true;
}

static bool exit_was_late(const struct facts *facts)
{
    int32_t due;

    if (!has_state(facts, STATE_EXITED_IN_TIME) || !facts_has_dates(facts, HAS_EXIT) || !due_of(facts, &due) ||
        facts->row->exit_date <= due)
        return false;
    expected_set_day(facts->expected, due);
    return true;
}

static bool exit_was_in_time(const struct facts *facts)
{
    int32_t due;

    if (!has_state(facts, STATE_EXITED_LATE) || !facts_has_dates(facts, HAS_EXIT) || !due_of(facts, &due) ||
        facts->row->exit_date > due)
        return false;
    expected_set_day(facts->expected, due);
    return true;
}

static bool extended_lacks_extension(const struct facts *facts)
{
    return has_state(facts, STATE_EXTENDED) && !facts_has(facts, COLUMN_EXTENDED_TO);
}

static bool rectifying_is_extended(const struct facts *facts)
{
    return has_state(facts, STATE_RECTIFYING) && facts_has(facts, COLUMN_EXTENDED_TO);
}

static bool overdue_is_early(const struct facts *facts)
{
    int32_t due;

    if (!has_state(facts, STATE_OVERDUE) || !due_of(facts, &due) || due < facts->context->today)
        return false;
    expected_set_day(facts->expected, due);
    return true;
}

const struct rule_check RULES_TIME[] = {
    {"date.form", date_is_none},
    {"date.no-such-day", date_has_no_such_day},
    {"date.notation", date_is_written_otherwise},
    {"date.serial", date_is_a_serial},
    {"date.future", date_is_in_future},
    {"date.deadline-before-order", deadline_is_before_order},
    {"term.energy", energy_term_is_beyond},
    {"term.quality", quality_term_is_beyond},
    {"term.odd", term_is_odd},
    {"extension.ground", extension_has_wrong_ground},
    {"extension.order", extension_is_before_deadline},
    {"extension.term", extension_is_beyond},
    {"extension.document", extension_lacks_document},
    {"extension.date", extension_lacks_date},
    {"exit.before-order", exit_is_before_order},
    {"state.unknown", state_is_unknown},
    {"state.exit-missing", exit_is_missing},
    {"state.exit-unexpected", exit_is_unexpected},
    {"state.exit-late", exit_was_late},
    {"state.exit-in-time", exit_was_in_time},
    {"state.extension-missing", extended_lacks_extension},
    {"state.extension", rectifying_is_extended},
    {"state.overdue-early", overdue_is_early},
};
const size_t RULES_TIME_COUNT = COUNT_OF(RULES_TIME);
