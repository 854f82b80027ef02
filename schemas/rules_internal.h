/* rules_internal.h - between the files of the rules: what is known about one row, and the predicates over it. */
#ifndef SCHEMAS_RULES_INTERNAL_H
#define SCHEMAS_RULES_INTERNAL_H

#include "base/json.h"
#include "schemas/rules.h"
#include "schemas/schema.h"
#include "schemas/uscc.h"

/* What the characters of a cell are like. */
enum text_flag {
    TEXT_CONTROL = 1,   /* a control character other than a line break or a tab */
    TEXT_BREAK = 2,     /* a line break or a tab */
    TEXT_INVISIBLE = 4, /* zero width, direction marks, or the sign of a broken decoding */
    TEXT_FORMULA = 8,   /* begins like a formula */
    TEXT_PRIVATE = 16,  /* a character that only one machine's font knows (造字) */
};

struct text_facts {
    unsigned flags;
    size_t characters;
};

/* Bit of the dates that are there and valid. */
enum date_flag { HAS_ORDER = 1, HAS_DEADLINE = 2, HAS_EXTENSION = 4, HAS_EXIT = 8 };

/* Everything the predicates ask about a row, found out once. */
struct facts {
    const struct rules *rules;
    const struct obligation *row;
    const struct rules_context *context;
    struct text_facts text[COLUMN_COUNT];
    enum uscc_fault uscc;
    unsigned dates; /* of enum date_flag */
    bool has_ground;
    bool has_state;
    const struct division *division;
    const struct industry *industry;
    const struct measure *measure;
    struct authority_match authority;
    const struct authority_kind *kind; /* of the column 机关类别 */
    int unit;                          /* negative: unknown */
    /* The question at hand. */
    const struct rule *rule;
    enum column column;
    char *expected; /* PROBLEM_EXPECTED_BYTES, "" when asked: may be filled with what would be right */
};

/* True: the row breaks facts->rule in facts->column. */
typedef bool rule_predicate(const struct facts *facts);

struct rule_check {
    const char *id;
    rule_predicate *is_broken; /* NULL: found while reading */
};

enum { RULES_MAX = 128 };

struct rule {
    const char *id;
    rule_predicate *is_broken; /* NULL: found while reading */
    uint32_t columns;          /* bit c: it is asked for column c */
    int32_t from;              /* the first order date it is applied to; DAY_NONE: all */
    int32_t until;
    int64_t parameter;
    const char *parameter_name; /* "" when there is none */
    int seed_row;
    bool is_error;
    const char *message_zh;
    const char *message_en;
};

struct rules {
    json_t *data; /* the texts of all rules */
    struct divisions *divisions;
    struct authorities *authorities;
    struct catalog *catalog;
    struct schema *shape; /* JSON Schema of a typed row */
    struct rule all[RULES_MAX];
    size_t count; /* in the order of the tables of checks */
};

/* The tables of checks, one a theme. */
extern const struct rule_check RULES_READING[RULE_READING_COUNT];
extern const struct rule_check RULES_TEXT[];
extern const size_t RULES_TEXT_COUNT;
extern const struct rule_check RULES_USCC[];
extern const size_t RULES_USCC_COUNT;
extern const struct rule_check RULES_PLACE[];
extern const size_t RULES_PLACE_COUNT;
extern const struct rule_check RULES_ORDER[];
extern const size_t RULES_ORDER_COUNT;
extern const struct rule_check RULES_TIME[];
extern const size_t RULES_TIME_COUNT;

/* The column with this key, or -1. */
int rules_column(struct span key);
/* Fill the {names} of a message. False: one of them is none that the rule has. */
MUST_CHECK bool rules_message_fill(const char *format, const struct problem *problem, const struct obligation *row,
                                   struct buf *out);
/* The number that the rule's data holds ("months", "characters" …), 0 when none. */
int64_t rule_parameter(const struct rule *rule);

void facts_gather(const struct rules *rules, struct obligation *row, const struct rules_context *context,
                  struct facts *facts);
/* Add `text` without the characters that nobody sees, control characters and line breaks (a blank stays between Latin
 * words). False: some of it was lost in a broken decoding, or is only known to one machine. */
MUST_CHECK bool facts_tidy(struct span text, struct buf *out);
static inline bool facts_has(const struct facts *facts, enum column column)
{
    return facts->row->field[column].bytes > 0;
}
static inline bool facts_has_dates(const struct facts *facts, unsigned dates)
{
    return (facts->dates & dates) == dates;
}
/* Copy into `expected`, cut between characters. */
void expected_set(char *expected, struct span text);
void expected_set_day(char *expected, int32_t day);

#endif
