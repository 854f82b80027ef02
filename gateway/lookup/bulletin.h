/* bulletin.h - a page of a public list (seed rows 25 to 27) as anybody may read it.
 *
 * Shown are obligations that announced.h names, in their newest version, unless
 * - the newest effective record that rests on it is for a narrower scope (使用范围 1, 2: domain.md 5.5);
 * - (yellow, red) that record is over: withdrawn, repaired, or its publication has ended (NDRC Order 36: publication,
 *   sharing and use stop together). An exit is no failure, and row 25 announces each year's: it stays;
 * - (red) three years after the order are over: a closing order is of the serious class of publication-windows.json;
 * - (yellow) its last day in time is over: what comes then is row 18's, not a list of those who still rectify;
 * - its day lies behind the day of asking.
 * A past state of the lists cannot be asked for: it would show again what may no longer be published.
 *
 * A dispute marks and does not hide. Whether an exit was late is not said, nor is any fact, document or remark: the
 * rows do not ask for them. The place is the division's official name, not what the register writes.
 *
 * Personal data: a code that begins with 92 (GB 32100: 个体工商户) belongs to a person. Of his name and of his
 * equipment the first character is left, of the code the 92, as lookups do (answer.c); the rest is "**".
 *
 * One page costs at most BULLETIN_LOOKS_MAX steps of the index and BULLETIN_ROWS_MAX rows read. */
#ifndef GATEWAY_LOOKUP_BULLETIN_H
#define GATEWAY_LOOKUP_BULLETIN_H

#include "gateway/registry/announced.h"
#include "schemas/divisions.h"
#include "schemas/windows.h"

enum { BULLETIN_LIMIT_MAX = 1000, BULLETIN_ROWS_MAX = 2000, BULLETIN_LOOKS_MAX = 20000 };

struct bulletin_question {
    enum announced_list list;
    int year;             /* of exits: the calendar year in Asia/Shanghai */
    int ground;           /* enum ground, or -1 */
    struct span division; /* prefix of the division's code; empty: all */
    size_t limit;         /* 1 … BULLETIN_LIMIT_MAX */
    uint8_t mark[ANNOUNCED_MARK_BYTES];
    size_t mark_bytes; /* 0: from the beginning */
    int32_t day;       /* today */
    const struct windows *windows;
    const struct divisions *divisions;
};

/* Texts are valid during the visit only. */
struct bulletin_row {
    struct span name;
    struct span uscc;
    struct span division;
    struct span division_name; /* empty: not a division of Guangdong */
    struct span industry;
    struct span equipment;
    int64_t equipment_count;
    struct span capacity; /* a decimal */
    struct span capacity_unit;
    struct span authority;
    enum ground ground;
    int32_t due;
    int32_t exit_date; /* DAY_NONE: not closed yet (row 27) */
    int seed_row;      /* 25, 26, 27 */
    bool is_disputed;
    bool is_masked;
};
typedef void bulletin_visit(const struct bulletin_row *row, void *context);

struct bulletin_page {
    size_t count;
    uint8_t mark[ANNOUNCED_MARK_BYTES]; /* where the next page begins */
    size_t mark_bytes;                  /* 0: that was all. A page may be short or empty and not the last */
};

MUST_CHECK bool bulletin_read(struct store_txn *txn, const struct bulletin_question *question, bulletin_visit *visit,
                              void *context, struct bulletin_page *page, struct error *err);

#endif
