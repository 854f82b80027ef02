/* rules.h - the rules of the register: what makes a row wrong (it is refused) or odd (it is accepted with a warning).
 *
 * Seed rows 1 to 7. The texts, dates and parameters of the rules are data (schemas/rules/register-rules.json, each rule
 * with its seed row); the predicates are code (one table of rule id and function). A rule without its other half fails
 * the load. A rule is applied to orders decided from its first to its last day. */
#ifndef SCHEMAS_RULES_H
#define SCHEMAS_RULES_H

#include "schemas/authorities.h"
#include "schemas/catalog.h"
#include "schemas/divisions.h"
#include "schemas/obligation.h"

/* The rules that are found while a file is read; all others are found by rules_check. */
enum rules_reading {
    RULE_FIELDS_MISSING,
    RULE_FIELDS_SURPLUS,
    RULE_FIELD_LONG,
    RULE_RECORD_LONG,
    RULE_QUOTE,
    RULE_CELL_ERROR,
    RULE_REPEAT,
    RULE_CONTRADICTION,
    RULE_HEADER_AGAIN,
    RULE_ROW_SPARSE,
    RULE_NO_ROWS,
    RULE_COLUMNS_UNREAD,
    RULE_SHEETS,
    RULE_MERGED,
    RULE_HIDDEN_ROWS,
    RULE_REPORT_FULL,
    RULE_SCHEMA,
    RULE_STALE,
    RULE_READING_COUNT
};

struct rule;
struct rules;

enum { PROBLEMS_MAX = 64, PROBLEM_EXPECTED_BYTES = 320 };

/* One thing that is wrong in one cell. */
struct problem {
    const struct rule *rule;
    enum column column;                    /* COLUMN_COUNT: the row as a whole */
    struct span value;                     /* borrowed from the row */
    char expected[PROBLEM_EXPECTED_BYTES]; /* what would be right, or a number that the message names */
};

struct problems {
    size_t count; /* beyond PROBLEMS_MAX nothing is added */
    size_t errors;
    struct problem at[PROBLEMS_MAX];
};

/* What the rules need to know beside the row. */
struct rules_context {
    int32_t today;         /* orders and exits cannot lie after it */
    uint32_t number_cells; /* bit c: column c was a number in a spreadsheet */
};

/* `folder` holds rules/register-rules.json and data/. */
MUST_CHECK bool rules_load(const char *folder, struct rules **out, struct error *err);
void rules_free(struct rules *rules);

/* Check a row whose field[] are filled; the typed members are filled on the way. Good when problems->errors is 0: then
 * every typed member is valid. `problems` is appended to. */
void rules_check(const struct rules *rules, struct obligation *row, const struct rules_context *context,
                 struct problems *problems);
/* Add a problem that was found while reading. `expected` may be NULL. */
void rules_report(const struct rules *rules, enum rules_reading which, enum column column, struct span value,
                  const char *expected, struct problems *problems);

const char *rule_id(const struct rule *rule);
bool rule_is_error(const struct rule *rule);
int rule_seed_row(const struct rule *rule); /* 0: of no row, but of the form of the file */
/* What is wrong and what to do, "zh" or "en". `row` may be NULL for a problem of no row. */
void problem_message_add(const struct problem *problem, const struct obligation *row, const char *lang,
                         struct buf *out);

/* The tables the rules judge by; borrowed. */
const struct divisions *rules_divisions(const struct rules *rules);
const struct authorities *rules_authorities(const struct rules *rules);
const struct catalog *rules_catalog(const struct rules *rules);
/* Whether the named authority may order on the row's ground, against its industry, in its division, at its order date:
 * what the store asks again before a record exists (seed row 18). The reason is in `err`. */
MUST_CHECK bool rules_authority_may_order(const struct rules *rules, const struct obligation *row, struct error *err);

/* Who may list (认定) on a day what the row's authority ordered: that body under the name it bears on the day. A body
 * that was renamed, or whose duties went to another (2018-2019), lists under the new name. District bodies, which the
 * directory does not hold: the same name, or a body of the same kind for the same district. Seed rows 2 to 6 and 18. */
enum listing_verdict {
    LISTING_GOOD,
    LISTING_RENAMED, /* the body that ordered, but not under the name of that day */
    LISTING_STRANGER /* another body */
};
enum listing_verdict rules_judge_listing(const struct rules *rules, const struct obligation *row, struct span listing,
                                         int32_t day);
/* The name under which the row's authority lists on `day`; its own when the directory knows no other. Borrowed from the
 * row or the rules. */
struct span rules_listing_authority(const struct rules *rules, const struct obligation *row, int32_t day);

DEFINE_AUTO(struct rules *, rules_free)

#endif
