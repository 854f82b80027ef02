/* census_group.c - census sorted so that what belongs together stands together, and each run of them summed up. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/reports/census.h"

static uint32_t month_of(int32_t day)
{
    int year, month, of_month;

    day_to_civil(day, &year, &month, &of_month);
    return (uint32_t)month;
}

static uint32_t key_of(const struct fact *fact, enum census_by by)
{
    switch (by) {
    case BY_CITY:
        return fact->city;
    case BY_INDUSTRY:
        return fact->industry;
    case BY_GROUND:
        return fact->ground;
    case BY_KIND:
        return fact->kind;
    case BY_MONTH:
        return fact->is_exit ? month_of(fact->exit_date) : 0;
    default:
        return 0;
    }
}

static int compare_numbers(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int compare_facts(const void *left, const void *right, void *context)
{
    enum census_by by = *(const enum census_by *)context;
    const struct fact *a = left;
    const struct fact *b = right;
    int order = compare_numbers(key_of(a, by), key_of(b, by));

    return order ? order : strcmp(a->uscc, b->uscc);
}

/* --- capacity --- */

struct pile {
    struct heap *list;
    size_t count;
    size_t capacity;
};

static struct heap *heap_of(struct pile *pile, uint32_t city, const struct fact *fact)
{
    for (size_t i = 0; i < pile->count; i++) {
        struct heap *heap = &pile->list[i];

        if (heap->city == city && heap->industry == fact->industry && heap->unit == fact->unit)
            return heap;
    }
    if (pile->count == pile->capacity) {
        pile->capacity = pile->capacity ? 2 * pile->capacity : 16;
        pile->list = memory_resize(pile->list, pile->capacity * sizeof *pile->list);
    }
    pile->list[pile->count] = (struct heap){.city = city, .industry = fact->industry, .unit = fact->unit};
    return &pile->list[pile->count++];
}

static void pile_add(struct pile *pile, uint32_t city, const struct fact *fact)
{
    struct heap *heap = heap_of(pile, city, fact);

    heap->exits++;
    heap->equipment += fact->equipment;
    heap->without += !fact->has_capacity;
    amount_add(&heap->amount, &fact->capacity);
}

static int compare_heaps(const void *left, const void *right, void *context)
{
    const struct words *words = context;
    const struct heap *a = left;
    const struct heap *b = right;
    int order = compare_numbers(a->city, b->city);

    if (order == 0)
        order = strcmp(words_at(words, a->industry), words_at(words, b->industry));
    return order ? order : strcmp(words_at(words, a->unit), words_at(words, b->unit));
}

static void pile_sort(struct pile *pile, struct words *words)
{
    if (pile->count > 0)
        qsort_r(pile->list, pile->count, sizeof *pile->list, compare_heaps, words);
}

/* "钢铁 120 万吨/年；水泥 30.5 万吨/年" */
static void pile_write(struct pile *pile, struct words *words, struct buf *out)
{
    pile_sort(pile, words);
    for (size_t i = 0; i < pile->count; i++) {
        const struct heap *heap = &pile->list[i];

        if (heap->exits == heap->without)
            continue; /* none of them says how much */
        buf_addf(out, "%s%s ", out->bytes ? "；" : "", words_at(words, heap->industry));
        amount_write(&heap->amount, out);
        buf_addf(out, " %s", words_at(words, heap->unit));
    }
}

void census_heaps(struct census *census, bool by_city, census_visit_heap *visit, void *context)
{
    enum census_by by = by_city ? BY_CITY : BY_ALL;
    struct pile pile = {.list = NULL};

    if (census->count > 0)
        qsort_r(census->list, census->count, sizeof *census->list, compare_facts, &by);
    for (size_t i = 0; i < census->count; i++) {
        if (census->list[i].is_exit)
            pile_add(&pile, by_city ? census->list[i].city : CITY_COUNT, &census->list[i]);
    }
    pile_sort(&pile, census->words);
    for (size_t i = 0; i < pile.count; i++)
        visit(&pile.list[i], context);
    free(pile.list);
}

/* --- groups --- */

static void sums_add_exit(struct sums *sums, const struct fact *fact)
{
    sums->exits++;
    sums->exits_in_time += fact->state == STATE_EXITED_IN_TIME;
    sums->exits_late += fact->state == STATE_EXITED_LATE;
    sums->equipment += fact->equipment;
}

static void sums_add_due(struct sums *sums, const struct fact *fact, int32_t today)
{
    bool is_open = fact->state != STATE_EXITED_IN_TIME && fact->state != STATE_EXITED_LATE;

    sums->due++;
    sums->due_in_time += fact->state == STATE_EXITED_IN_TIME;
    sums->due_late += fact->state == STATE_EXITED_LATE;
    sums->due_overdue += is_open && fact->due < today;
    sums->due_running += is_open && fact->due >= today;
}

/* One run of census that share a key, ordered by enterprise. */
static void group_fill(struct census *census, size_t from, size_t until, int32_t today, struct group *out)
{
    struct pile pile = {.list = NULL};
    const char *last = "";

    for (size_t i = from; i < until; i++) {
        const struct fact *fact = &census->list[i];

        if (fact->is_exit) {
            sums_add_exit(&out->sums, fact);
            pile_add(&pile, CITY_COUNT, fact);
            out->sums.enterprises += strcmp(last, fact->uscc) != 0;
            last = fact->uscc;
        }
        if (fact->is_due)
            sums_add_due(&out->sums, fact, today);
        out->sums.earlier += !fact->is_due && !fact->is_exit;
    }
    pile_write(&pile, census->words, &out->capacity_zh);
    free(pile.list);
}

/* The largest first; of equals by name. */
static int compare_groups(const void *left, const void *right, void *context)
{
    const struct words *words = context;
    const struct group *a = left;
    const struct group *b = right;

    if (a->sums.exits != b->sums.exits)
        return a->sums.exits > b->sums.exits ? -1 : 1;
    if (a->sums.due != b->sums.due)
        return a->sums.due > b->sums.due ? -1 : 1;
    return strcmp(words_at(words, a->key), words_at(words, b->key));
}

void census_group(struct census *census, enum census_by by, int32_t today, struct groups *out)
{
    size_t until;

    *out = (struct groups){.list = NULL};
    if (census->count == 0)
        return;
    qsort_r(census->list, census->count, sizeof *census->list, compare_facts, &by);
    for (size_t from = 0; from < census->count; from = until) {
        uint32_t key = key_of(&census->list[from], by);

        for (until = from + 1; until < census->count && key_of(&census->list[until], by) == key; until++)
            ;
        out->list = memory_resize(out->list, (out->count + 1) * sizeof *out->list);
        out->list[out->count] = (struct group){.key = key};
        group_fill(census, from, until, today, &out->list[out->count++]);
    }
    if (by == BY_INDUSTRY || by == BY_KIND)
        qsort_r(out->list, out->count, sizeof *out->list, compare_groups, census->words);
}

void groups_done(struct groups *groups)
{
    for (size_t i = 0; i < groups->count; i++)
        buf_done(&groups->list[i].capacity_zh);
    free(groups->list);
    *groups = (struct groups){.list = NULL};
}

const struct group *groups_find(const struct groups *groups, uint32_t key)
{
    for (size_t i = 0; i < groups->count; i++) {
        if (groups->list[i].key == key)
            return &groups->list[i];
    }
    return NULL;
}
