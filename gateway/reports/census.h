/* census.h - what is counted: one small fact an obligation, gathered in one walk over the register, and groups of them.
 * Only this room needs it. */
#ifndef GATEWAY_REPORTS_CENSUS_H
#define GATEWAY_REPORTS_CENSUS_H

#include "gateway/registry/obligations.h"
#include "gateway/reports/report.h"

enum {
    CITY_OTHER = 0,      /* not of Guangdong */
    CITY_PROVINCE = 100, /* a division of the province itself */
    CITY_COUNT = 101     /* between them: the third and fourth digit */
};

/* A sum of decimals, exact: DECIMAL_FRACTION_MAX places, so many that no register overflows it. */
struct amount {
    int64_t whole;
    int64_t millionths; /* 0 to 999,999 */
};
/* `decimal` must be valid (schemas/obligation.h); nothing is added for an empty one. */
void amount_add_text(struct amount *sum, struct span decimal);
void amount_add(struct amount *sum, const struct amount *more);
void amount_write(const struct amount *sum, struct buf *out);

/* Texts that facts share, by number. */
struct words;
size_t words_count(const struct words *words);
const char *words_at(const struct words *words, size_t number);

struct fact {
    uint8_t id[OBLIGATION_ID_BYTES];
    char uscc[19];
    uint8_t city;
    enum ground ground;
    enum obligation_state state;
    int32_t due;
    int32_t exit_date;
    uint32_t version;
    uint32_t industry; /* of words */
    uint32_t unit;
    uint32_t kind; /* of the authority */
    int64_t equipment;
    struct amount capacity;
    bool has_capacity;
    bool is_exit; /* in the period */
    bool is_due;  /* its last day is in the period */
};

struct census {
    struct fact *list;
    size_t count;
    size_t capacity;
    struct words *words;
};
/* Every obligation that is not revoked and whose exit or last day is in the period, or that is open though its last day
 * is before it. */
MUST_CHECK bool census_gather(const struct report_source *source, const struct report_period *period,
                              struct census *out, struct error *err);
void census_done(struct census *census);

/* What a group counts. */
struct sums {
    int64_t enterprises; /* of the exits */
    int64_t exits;
    int64_t exits_in_time;
    int64_t exits_late;
    int64_t equipment; /* of the exits */
    int64_t due;       /* of these: … */
    int64_t due_in_time;
    int64_t due_late;
    int64_t due_overdue; /* open, and the last day is over */
    int64_t due_running; /* open, and it is not */
    int64_t earlier;     /* open, and their last day was before the period */
};
/* What facts are grouped by. */
enum census_by { BY_ALL, BY_CITY, BY_INDUSTRY, BY_GROUND, BY_KIND, BY_MONTH /* of the exit */, CENSUS_BY_COUNT };
struct group {
    uint32_t key;
    struct sums sums;
    struct buf capacity_zh; /* "钢铁 120 万吨/年；水泥 …" of its exits */
};
struct groups {
    struct group *list; /* by key; of industries and kinds the largest (by exits, then by what is due) first */
    size_t count;
};
/* Sorts census->list. `today` decides what is overdue. */
void census_group(struct census *census, enum census_by by, int32_t today, struct groups *out);
void groups_done(struct groups *groups);
/* The group of a key, or NULL. */
const struct group *groups_find(const struct groups *groups, uint32_t key);

/* Capacity of exits by city (or all of them: CITY_COUNT), industry and unit. */
struct heap {
    uint32_t city;
    uint32_t industry;
    uint32_t unit;
    int64_t exits;
    int64_t without; /* exits that name no capacity */
    int64_t equipment;
    struct amount amount;
};
typedef void census_visit_heap(const struct heap *heap, void *context);
/* In order of city, industry (by name) and unit. Sorts census->list. */
void census_heaps(struct census *census, bool by_city, census_visit_heap *visit, void *context);

/* A city's key from a division code, and its name: borrowed from the divisions, or a word of ours. */
uint8_t city_of(const struct divisions *divisions, struct span division);
struct span city_name(const struct divisions *divisions, uint32_t city);
/* Is there such a city in Guangdong? */
bool city_is_there(const struct divisions *divisions, uint32_t city);
/* "440100", "440000" or "". */
const char *city_code(uint32_t city, char code[7]);

DEFINE_AUTO_IN_PLACE(struct census, census_done)
DEFINE_AUTO_IN_PLACE(struct groups, groups_done)

#endif
