/* names_index.c - postings of pairs.
 *
 * The pairs of a name are its neighbours (with a mark before the first) and those one apart, so that a name with one
 * wrong character still shares pairs around it. Lists lie one after another in one array, found through a hash. A
 * question adds up, over its pairs from the rarest on, how rare each is; it stops when it has read WORK_MAX entries:
 * what it has not read are the commonest pairs, which tell least. Names that come after the index was built hang in
 * chains, one a pair, which are read with the lists. */
#include "gateway/names/names_index.h"

#include <math.h>
#include <stdlib.h>

enum {
    PAIRS_MAX = 2 * (NAME_UNITS_MAX + 1),
    SLOTS_FIRST = 4096,
    COMMON_LEAST = 9000, /* a list may always be so long */
    COMMON_PART = 16,
    WORK_MAX = 60000,
    LISTS_LEAST = 3, /* are read however long they are */
    BEFORE_FIRST = 1,
    HEAVY_MAX = 1024, /* are looked at for their lengths */
    WEIGHT_STEP = 16,
    WEIGHT_STEPS = 65536 / WEIGHT_STEP,
    LATER_SLOTS = 16384, /* chains, found by hash; pairs that fall together are told apart in the chain */
    LINKS_FIRST = 4096
};

struct list {
    uint32_t pair;  /* 0: free */
    uint32_t count; /* of names; when building, of those put in so far */
    uint64_t first; /* in `postings`; NONE when the pair is too common */
};
static const uint64_t NONE = UINT64_MAX;

struct entry {
    uint32_t first; /* in `units`, which may hold 4 G */
    uint32_t subject : 31;
    uint32_t is_former : 1;
};

/* A name that came later has this pair. */
struct link {
    uint32_t pair;
    uint32_t entry;
    uint32_t next; /* 1 + link; 0: the last */
};

struct names_index {
    uint16_t *units;
    size_t unit_count;
    size_t unit_room;
    struct entry *entries; /* one more than there are names: its `first` is the end */
    size_t names;
    size_t entry_room;
    struct list *lists;
    size_t list_slots;
    size_t list_count;
    uint32_t *postings;
    uint64_t posting_count;
    uint32_t *same; /* hash of a normal form: 1 + entry, next by probing */
    size_t same_slots;
    size_t built;    /* names in the lists; behind them those that came later */
    uint32_t *later; /* LATER_SLOTS of 1 + link; NULL before names_index_build */
    struct link *links;
    size_t link_count;
    size_t link_room;
    /* scratch of a question: all zero between questions */
    uint16_t *weight;
    uint32_t *touched;
};

struct names_index *names_index_new(void)
{
    struct names_index *index = memory_new(sizeof(*index));

    index->list_slots = SLOTS_FIRST;
    index->lists = memory_new(index->list_slots * sizeof(*index->lists));
    return index;
}

void names_index_free(struct names_index *index)
{
    if (!index)
        return;
    free(index->units);
    free(index->entries);
    free(index->lists);
    free(index->postings);
    free(index->same);
    free(index->later);
    free(index->links);
    free(index->weight);
    free(index->touched);
    free(index);
}

/* --- pairs --- */

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Each pair once. Two pairs that fall together only add a candidate. */
static size_t pairs_of(const uint16_t *units, size_t count, uint32_t pairs[PAIRS_MAX])
{
    size_t made = 0;
    size_t kept = 0;
    uint32_t before = BEFORE_FIRST;
    uint32_t one_apart = 0;

    for (size_t i = 0; i < count; i++) {
        pairs[made++] = before << 16 | units[i];
        if (one_apart)
            pairs[made++] = ((one_apart << 16 | units[i]) ^ 0x80008000U) * 0x9E3779B1U | 1;
        one_apart = before;
        before = units[i];
    }
    qsort(pairs, made, sizeof(*pairs), by_value);
    for (size_t i = 0; i < made; i++) {
        if (kept == 0 || pairs[kept - 1] != pairs[i])
            pairs[kept++] = pairs[i];
    }
    return kept;
}

static struct list *list_of(const struct names_index *index, uint32_t pair)
{
    uint32_t hash = pair * 0x85EBCA6BU;
    size_t at = (hash ^ hash >> 15) & (index->list_slots - 1);

    while (index->lists[at].pair && index->lists[at].pair != pair)
        at = (at + 1) & (index->list_slots - 1);
    return &index->lists[at];
}

static void grow_lists(struct names_index *index)
{
    struct list *old = index->lists;
    size_t slots = index->list_slots;

    index->list_slots *= 2;
    index->lists = memory_new(index->list_slots * sizeof(*index->lists));
    for (size_t i = 0; i < slots; i++) {
        if (old[i].pair)
            *list_of(index, old[i].pair) = old[i];
    }
    free(old);
}

static void count_pair(struct names_index *index, uint32_t pair)
{
    struct list *list;

    if (index->list_count >= index->list_slots / 4 * 3)
        grow_lists(index);
    list = list_of(index, pair);
    if (!list->pair) {
        list->pair = pair;
        index->list_count++;
    }
    list->count++;
}

/* --- building --- */

static uint32_t form_hash(const uint16_t *units, size_t count)
{
    uint32_t hash = 2166136261U;

    for (size_t i = 0; i < count; i++)
        hash = (hash ^ units[i]) * 16777619U;
    return hash ^ hash >> 13;
}

static void put_same(struct names_index *index, uint32_t entry)
{
    struct index_entry_view view = names_index_entry(index, entry);
    size_t at = form_hash(view.at, view.count) & (index->same_slots - 1);

    while (index->same[at])
        at = (at + 1) & (index->same_slots - 1);
    index->same[at] = entry + 1;
}

static uint32_t *chain_of(const struct names_index *index, uint32_t pair)
{
    uint32_t hash = pair * 0x85EBCA6BU;

    return &index->later[(hash ^ hash >> 15) & (LATER_SLOTS - 1)];
}

static void link_pair(struct names_index *index, uint32_t pair, uint32_t entry)
{
    uint32_t *chain = chain_of(index, pair);

    if (index->link_count == index->link_room) {
        index->link_room = index->link_room ? index->link_room * 2 : LINKS_FIRST;
        index->links = memory_resize(index->links, index->link_room * sizeof(*index->links));
    }
    index->links[index->link_count] = (struct link){pair, entry, *chain};
    *chain = (uint32_t)++index->link_count;
}

static void put_pairs(struct names_index *index, const struct name_form *form, uint32_t entry)
{
    uint32_t pairs[PAIRS_MAX];
    size_t count = pairs_of(form->at, form->count, pairs);

    for (size_t i = 0; i < count; i++) {
        if (index->later)
            link_pair(index, pairs[i], entry);
        else
            count_pair(index, pairs[i]);
    }
    if (index->later)
        put_same(index, entry);
}

bool names_index_add(struct names_index *index, const struct name_form *form, uint32_t subject, bool is_former,
                     struct error *err)
{
    if (form->count == 0)
        return true;
    if (index->names >= INDEX_NAMES_MAX || subject > INT32_MAX)
        return fail(err, ERR_LIMIT, "more than %d names", INDEX_NAMES_MAX);
    if (index->later && index->names - index->built >= INDEX_LATER_MAX)
        return fail(err, ERR_LIMIT, "more than %d names since the index was built", INDEX_LATER_MAX);
    if (index->names + 1 >= index->entry_room) {
        index->entry_room = index->entry_room ? index->entry_room * 2 : SLOTS_FIRST;
        index->entries = memory_resize(index->entries, index->entry_room * sizeof(*index->entries));
    }
    if (index->unit_count + NAME_UNITS_MAX > index->unit_room) {
        index->unit_room = index->unit_room ? index->unit_room * 2 : (size_t)SLOTS_FIRST * 16;
        index->units = memory_resize(index->units, index->unit_room * sizeof(*index->units));
    }
    index->entries[index->names++] = (struct entry){(uint32_t)index->unit_count, subject, is_former};
    memcpy(index->units + index->unit_count, form->at, form->count * sizeof(*form->at));
    index->unit_count += form->count;
    index->entries[index->names].first = (uint32_t)index->unit_count;
    put_pairs(index, form, (uint32_t)(index->names - 1));
    return true;
}

void names_index_set_former(struct names_index *index, uint32_t entry, bool is_former)
{
    index->entries[entry].is_former = is_former;
}

struct index_entry_view names_index_entry(const struct names_index *index, uint32_t entry)
{
    const struct entry *at = &index->entries[entry];

    return (struct index_entry_view){index->units + at->first, at[1].first - at->first, at->subject, at->is_former};
}

static void build_same(struct names_index *index)
{
    index->same_slots = SLOTS_FIRST;
    while (index->same_slots < (index->names + INDEX_LATER_MAX) * 3 / 2)
        index->same_slots *= 2;
    index->same = memory_new(index->same_slots * sizeof(*index->same));
    for (uint32_t entry = 0; entry < index->names; entry++)
        put_same(index, entry);
}

static void place_lists(struct names_index *index)
{
    size_t common = index->names / COMMON_PART > COMMON_LEAST ? index->names / COMMON_PART : COMMON_LEAST;

    for (size_t i = 0; i < index->list_slots; i++) {
        struct list *list = &index->lists[i];

        list->first = list->count > common ? NONE : index->posting_count;
        if (list->first == NONE)
            continue;
        index->posting_count += list->count;
        list->count = 0;
    }
    index->postings = memory_new(index->posting_count * sizeof(*index->postings) + 1);
}

void names_index_build(struct names_index *index)
{
    uint32_t pairs[PAIRS_MAX];

    place_lists(index);
    for (uint32_t entry = 0; entry < index->names; entry++) {
        struct index_entry_view view = names_index_entry(index, entry);
        size_t count = pairs_of(view.at, view.count, pairs);

        for (size_t i = 0; i < count; i++) {
            struct list *list = list_of(index, pairs[i]);

            if (list->first != NONE)
                index->postings[list->first + list->count++] = entry;
        }
    }
    build_same(index);
    index->built = index->names;
    index->later = memory_new(LATER_SLOTS * sizeof(*index->later));
    index->weight = memory_new((index->built + INDEX_LATER_MAX) * sizeof(*index->weight));
    index->touched = memory_new((index->built + INDEX_LATER_MAX) * sizeof(*index->touched));
}

size_t names_index_size(const struct names_index *index)
{
    return index->names;
}

size_t names_index_bytes(const struct names_index *index)
{
    return index->unit_room * sizeof(*index->units) + index->entry_room * sizeof(*index->entries) +
           index->list_slots * sizeof(*index->lists) + index->posting_count * sizeof(*index->postings) +
           index->same_slots * sizeof(*index->same) + index->link_room * sizeof(*index->links) +
           index->names * (sizeof(*index->weight) + sizeof(*index->touched));
}

/* --- asking --- */

static int by_count(const void *a, const void *b)
{
    const struct list *x = *(const struct list *const *)a;
    const struct list *y = *(const struct list *const *)b;

    return (x->count > y->count) - (x->count < y->count);
}

static size_t lists_of(const struct names_index *index, const struct name_form *form, const struct list **lists)
{
    uint32_t pairs[PAIRS_MAX];
    size_t count = pairs_of(form->at, form->count, pairs);
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        const struct list *list = list_of(index, pairs[i]);

        if (list->pair && list->first != NONE)
            lists[kept++] = list;
    }
    qsort(lists, kept, sizeof(const struct list *), by_count);
    return kept;
}

static void weigh_one(struct names_index *index, uint32_t entry, uint16_t rarity, size_t *met)
{
    uint16_t *weight = &index->weight[entry];

    if (!*weight)
        index->touched[(*met)++] = entry;
    *weight = (uint16_t)(*weight + rarity);
}

/* Add up how rare the shared pairs are; which entries were met is in `touched`. */
static size_t weigh(struct names_index *index, const struct list *const *lists, size_t count)
{
    size_t work = 0;
    size_t met = 0;

    for (size_t i = 0; i < count; i++) {
        const uint32_t *entries = index->postings + lists[i]->first;
        uint16_t rarity = (uint16_t)(1 + 16 * log((double)index->built / lists[i]->count));

        if (i >= LISTS_LEAST && work + lists[i]->count > WORK_MAX)
            break;
        work += lists[i]->count;
        for (size_t k = 0; k < lists[i]->count; k++)
            weigh_one(index, entries[k], rarity, &met);
    }
    return met;
}

/* The same for the names that came later. A pair that only they have is as rare as one that one name has. */
static void weigh_later(struct names_index *index, const struct name_form *form, size_t *met)
{
    uint32_t pairs[PAIRS_MAX];
    size_t count = index->link_count ? pairs_of(form->at, form->count, pairs) : 0;

    for (size_t i = 0; i < count; i++) {
        const struct list *list = list_of(index, pairs[i]);
        size_t known = list->pair && list->count ? list->count : 1;
        uint16_t rarity =
            (uint16_t)(1 + 16 * log((double)(index->built > known ? index->built : known) / (double)known));

        if (list->pair && list->first == NONE)
            continue;
        for (uint32_t at = *chain_of(index, pairs[i]); at; at = index->links[at - 1].next) {
            if (index->links[at - 1].pair == pairs[i])
                weigh_one(index, index->links[at - 1].entry, rarity, met);
        }
    }
}

struct found {
    uint32_t entry;
    float weight;
};

/* The lightest stands first (a heap), so that it is the one to go. */
static void sink(struct found *heap, size_t count, size_t at)
{
    for (;;) {
        size_t child = 2 * at + 1;
        struct found held = heap[at];

        if (child >= count)
            return;
        if (child + 1 < count && heap[child + 1].weight < heap[child].weight)
            child++;
        if (heap[at].weight <= heap[child].weight)
            return;
        heap[at] = heap[child];
        heap[child] = held;
        at = child;
    }
}

static int heaviest_first(const void *a, const void *b)
{
    const struct found *x = a;
    const struct found *y = b;

    if (x->weight != y->weight)
        return x->weight < y->weight ? 1 : -1;
    return (x->entry > y->entry) - (x->entry < y->entry);
}

/* The weight that at most HEAVY_MAX of those met reach, roughly: their weights are counted in steps. */
static uint16_t heavy_weight(const struct names_index *index, size_t met)
{
    uint32_t steps[WEIGHT_STEPS] = {0};
    size_t above = 0;
    size_t step = WEIGHT_STEPS;

    for (size_t i = 0; i < met; i++)
        steps[index->weight[index->touched[i]] / WEIGHT_STEP]++;
    while (step > 0 && above + steps[step - 1] <= HEAVY_MAX)
        above += steps[--step];
    return (uint16_t)(step * WEIGHT_STEP);
}

/* Long names share more by chance. */
static struct found judged(const struct names_index *index, uint32_t entry)
{
    uint32_t length = index->entries[entry + 1].first - index->entries[entry].first;

    return (struct found){entry, (float)index->weight[entry] / sqrtf((float)length + 4)};
}

static void hold(struct found heap[INDEX_FOUND_MAX], size_t *held, struct found one)
{
    if (*held < INDEX_FOUND_MAX) {
        heap[(*held)++] = one;
        for (size_t at = *held == INDEX_FOUND_MAX ? *held / 2 : 0; at-- > 0;)
            sink(heap, *held, at);
    } else if (one.weight > heap[0].weight) {
        heap[0] = one;
        sink(heap, *held, 0);
    }
}

size_t names_index_find(struct names_index *index, const struct name_form *form, uint32_t found[INDEX_FOUND_MAX])
{
    const struct list *lists[PAIRS_MAX];
    struct found heap[INDEX_FOUND_MAX];
    size_t count = lists_of(index, form, lists);
    size_t met = weigh(index, lists, count);
    uint16_t heavy;
    size_t held = 0;

    weigh_later(index, form, &met);
    heavy = heavy_weight(index, met);
    for (size_t i = 0; i < met; i++) {
        uint32_t entry = index->touched[i];

        if (index->weight[entry] >= heavy)
            hold(heap, &held, judged(index, entry));
        index->weight[entry] = 0;
    }
    qsort(heap, held, sizeof(*heap), heaviest_first);
    for (size_t i = 0; i < held; i++)
        found[i] = heap[i].entry;
    return held;
}

size_t names_index_same(const struct names_index *index, const struct name_form *form, uint32_t found[INDEX_FOUND_MAX])
{
    size_t count = 0;

    if (form->count == 0 || !index->same)
        return 0;
    for (size_t at = form_hash(form->at, form->count) & (index->same_slots - 1); index->same[at];
         at = (at + 1) & (index->same_slots - 1)) {
        struct index_entry_view view = names_index_entry(index, index->same[at] - 1);

        if (view.count == form->count && memcmp(view.at, form->at, view.count * sizeof(*view.at)) == 0 &&
            count < INDEX_FOUND_MAX)
            found[count++] = index->same[at] - 1;
    }
    return count;
}
