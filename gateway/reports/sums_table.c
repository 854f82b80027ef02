#include "gateway/reports/sums_table.h"

#include "base/text.h"

const char *const GROUND_ENGLISH[GROUND_COUNT] = {"energy", "environment", "quality", "safety", "technology"};

enum { MONTHS = 12 };
static const struct {
    const char *slug;
    const char *zh;
    const char *en;
} MONTH_NAMES[MONTHS] = {{"01", "1 月", "January"},  {"02", "2 月", "February"},  {"03", "3 月", "March"},
                         {"04", "4 月", "April"},    {"05", "5 月", "May"},       {"06", "6 月", "June"},
                         {"07", "7 月", "July"},     {"08", "8 月", "August"},    {"09", "9 月", "September"},
                         {"10", "10 月", "October"}, {"11", "11 月", "November"}, {"12", "12 月", "December"}};

void month_add(struct table *table, unsigned month)
{
    table_word(table, MONTH_NAMES[month - 1].slug, MONTH_NAMES[month - 1].zh, MONTH_NAMES[month - 1].en);
}

struct making {
    const struct sums_source *from;
    const struct sums_design *how;
    struct groups groups;
    struct table *table;
};

static void add_key(const struct making *making, uint32_t key)
{
    const struct report_source *source = making->from->source;
    char code[7];

    switch (making->how->by) {
    case BY_CITY:
        table_text(making->table, span_of(city_code(key, code)));
        table_text(making->table, city_name(source->divisions, key));
        return;
    case BY_GROUND:
        table_word(making->table, GROUND_SLUGS[key], GROUND_NAMES[key], GROUND_ENGLISH[key]);
        return;
    case BY_MONTH:
        month_add(making->table, key);
        return;
    case BY_ALL:
        return;
    default:
        table_text(making->table, span_of(words_at(making->from->census->words, key)));
        return;
    }
}

static void add_row(const struct making *making, uint32_t key, const struct group *group)
{
    static const struct group NOTHING = {.key = 0};

    table_row(making->table, false);
    add_key(making, key);
    making->how->add(making->table, group ? group : &NOTHING);
}

static bool has_something(const struct sums *sums)
{
    return sums->exits || sums->due || sums->earlier;
}

static void add_range(const struct making *making, uint32_t first, uint32_t last)
{
    for (uint32_t key = first; key <= last; key++)
        add_row(making, key, groups_find(&making->groups, key));
}

static void add_cities(const struct making *making)
{
    const struct divisions *divisions = making->from->source->divisions;

    for (uint32_t city = CITY_OTHER + 1; city < CITY_PROVINCE; city++) {
        const struct group *group = groups_find(&making->groups, city);

        if (group || city_is_there(divisions, city))
            add_row(making, city, group);
    }
    for (uint32_t city = CITY_PROVINCE;; city = CITY_OTHER) {
        const struct group *group = groups_find(&making->groups, city);

        if (group)
            add_row(making, city, group);
        if (city == CITY_OTHER)
            return;
    }
}

static void add_rows(const struct making *making)
{
    switch (making->how->by) {
    case BY_CITY:
        add_cities(making);
        return;
    case BY_GROUND:
        add_range(making, 0, GROUND_COUNT - 1);
        return;
    case BY_MONTH:
        add_range(making, 1, MONTHS);
        return;
    default:
        for (size_t i = 0; i < making->groups.count; i++) {
            if (has_something(&making->groups.list[i].sums))
                add_row(making, making->groups.list[i].key, &making->groups.list[i]);
        }
        return;
    }
}

static void add_sum(struct making *making)
{
    static const struct group NOTHING = {.key = 0};
    AUTO(groups_done) struct groups all = {.list = NULL};

    census_group(making->from->census, BY_ALL, making->from->today, &all);
    table_row(making->table, true);
    if (making->how->by == BY_CITY)
        table_text(making->table, SPAN_NONE);
    if (making->how->by != BY_ALL)
        table_word(making->table, "total", "合计", "total");
    making->how->add(making->table, all.count ? &all.list[0] : &NOTHING);
}

struct table *sums_table(const struct sums_source *from, const struct sums_design *how)
{
    struct making making = {.from = from, .how = how, .table = table_new(how->design)};

    if (how->by != BY_ALL) {
        census_group(from->census, how->by, from->today, &making.groups);
        add_rows(&making);
    }
    if (how->has_sum)
        add_sum(&making);
    groups_done(&making.groups);
    return making.table;
}
