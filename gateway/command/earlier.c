#include "gateway/command/earlier.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/walk.h"
#include "gateway/feedback/feedback.h"
#include "gateway/journal/journal.h"

struct earlier {
    struct earlier_item *items;
    size_t count;
    size_t capacity;
    const struct earlier_item **sorted; /* by kind, key, number */
};

static const struct {
    const char *type;
    enum earlier_kind kind;
    bool has_record;
    const char *number; /* the member that is part of the key */
} TYPES[] = {
    {"record.proposed", EARLIER_CHANGED, true, NULL},
    {"record.approved", EARLIER_APPROVED, true, NULL},
    {"record.returned", EARLIER_RETURNED, true, NULL},
    {"delivery.skipped", EARLIER_SKIPPED, true, "version"},
    {"delivery.queued", EARLIER_QUEUED, true, "version"},
    {"delivery.requeued", EARLIER_REQUEUED, false, "delivery"},
    {"delivery.repeated", EARLIER_REPEATED, true, "version"},
    {"channel.paused", EARLIER_PAUSED, false, NULL},
    {"channel.resumed", EARLIER_RESUMED, false, NULL},
};

static void set_record(struct earlier_item *item, struct span data)
{
    struct span record = walk_plain_of(data, "record");

    if (!record_id_is_valid(record) && !feedback_row_is_valid(record))
        return;
    memcpy(item->record, record.at, record.bytes);
    memcpy(item->key, record.at, record.bytes);
    item->version = (uint32_t)walk_integer_of(data, "version", 0);
    if (item->kind != EARLIER_CHANGED || !obligation_id_parse(walk_plain_of(data, "obligation"), item->obligation))
        return;
    if (walk_integer_of(data, "op", 0) != OP_NEW)
        return;
    item->kind = EARLIER_NEW;
    memset(item->key, 0, sizeof item->key);
    memcpy(item->key, item->obligation, OBLIGATION_ID_BYTES);
}

static void add(struct earlier *earlier, const struct event *event)
{
    struct earlier_item *item;

    for (size_t i = 0; i < COUNT_OF(TYPES); i++) {
        if (!span_is(event->type, TYPES[i].type))
            continue;
        if (earlier->count == earlier->capacity) {
            earlier->capacity = earlier->capacity ? 2 * earlier->capacity : 256;
            earlier->items = memory_resize(earlier->items, earlier->capacity * sizeof *earlier->items);
        }
        item = &earlier->items[earlier->count++];
        memset(item, 0, sizeof *item);
        item->kind = TYPES[i].kind;
        if (TYPES[i].has_record)
            set_record(item, event->data);
        if (TYPES[i].number)
            item->number = (uint64_t)walk_integer_of(event->data, TYPES[i].number, 0);
        if (item->kind == EARLIER_REPEATED)
            item->held = (uint32_t)walk_integer_of(event->data, "held", 0);
        return;
    }
}

static int compare(const void *left, const void *right)
{
    const struct earlier_item *a = *(const struct earlier_item *const *)left;
    const struct earlier_item *b = *(const struct earlier_item *const *)right;
    int order = (a->kind > b->kind) - (a->kind < b->kind);

    if (order == 0)
        order = memcmp(a->key, b->key, sizeof a->key);
    return order ? order : (a->number > b->number) - (a->number < b->number);
}

static bool read_journal(const struct desk *desk, struct earlier *earlier, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct event event;
    struct span bytes;
    uint64_t size;

    if (!store_begin(desk->store, STORE_READ, &txn, err))
        return false;
    size = journal_size(txn);
    for (uint64_t i = desk->since; i < size; i++) {
        if (!journal_read(txn, i, &bytes))
            return store_txn_is_good(txn, err) &&
                   fail(err, ERR_CORRUPT, "event %llu is missing", (unsigned long long)i);
        if (!span_is(event_job(bytes), desk->job))
            continue;
        if (!event_parse(bytes, &event, err))
            return false;
        add(earlier, &event);
    }
    return store_txn_is_good(txn, err);
}

bool earlier_load(const struct desk *desk, struct earlier **out, struct error *err)
{
    AUTO(earlier_free) struct earlier *earlier = memory_new(sizeof *earlier);

    if (desk->job && !read_journal(desk, earlier, err))
        return false;
    earlier->sorted = memory_new((earlier->count + 1) * sizeof *earlier->sorted);
    for (size_t i = 0; i < earlier->count; i++)
        earlier->sorted[i] = &earlier->items[i];
    qsort(earlier->sorted, earlier->count, sizeof *earlier->sorted, compare);
    *out = TAKE(earlier);
    return true;
}

void earlier_free(struct earlier *earlier)
{
    if (!earlier)
        return;
    free(earlier->sorted);
    free(earlier->items);
    free(earlier);
}

size_t earlier_count(const struct earlier *earlier)
{
    return earlier->count;
}

const struct earlier_item *earlier_at(const struct earlier *earlier, size_t index)
{
    return &earlier->items[index];
}

const struct earlier_item *earlier_find(const struct earlier *earlier, enum earlier_kind kind, const void *key,
                                        size_t bytes, uint64_t number)
{
    struct earlier_item wanted = {.kind = kind, .number = number};
    const struct earlier_item *key_item = &wanted;
    const struct earlier_item *const *found;

    if (earlier->count == 0 || bytes > sizeof wanted.key)
        return NULL;
    if (bytes > 0)
        memcpy(wanted.key, key, bytes);
    found = bsearch(&key_item, earlier->sorted, earlier->count, sizeof *earlier->sorted, compare);
    return found ? *found : NULL;
}
