/* quality_gather.c - the records of the period, and what 信用广东 said of each, from the journal. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/walk.h"
#include "gateway/journal/event.h"
#include "gateway/journal/journal.h"
#include "gateway/registry/registry.h"
#include "gateway/reports/quality.h"

enum { TELL_EVERY = 4096 };

void quality_done(struct quality *quality)
{
    for (size_t i = 0; i < quality->department_count; i++)
        free(quality->departments[i]);
    free((void *)quality->departments);
    free(quality->list);
    *quality = (struct quality){.list = NULL};
}

/* --- the records --- */

struct gathering {
    const struct report_source *source;
    int32_t first;
    int32_t last;
    enum record_list list;
    struct quality *quality;
    struct error *err;
    bool is_broken;
};

/* A few hundred at most: those of the province, its cities and districts. */
static uint32_t department_of(struct quality *quality, struct span name)
{
    for (size_t i = quality->department_count; i > 0; i--) {
        if (span_is(name, quality->departments[i - 1]))
            return (uint32_t)i - 1;
    }
    if (quality->department_count == quality->department_capacity) {
        quality->department_capacity = quality->department_capacity ? 2 * quality->department_capacity : 64;
        quality->departments =
            memory_resize((void *)quality->departments, quality->department_capacity * sizeof *quality->departments);
    }
    quality->departments[quality->department_count] = memory_copy_span(name.at ? name : SPAN(""));
    return (uint32_t)quality->department_count++;
}

static struct quality_item *new_item(struct quality *quality)
{
    if (quality->count == quality->capacity) {
        quality->capacity = quality->capacity ? 2 * quality->capacity : 1024;
        quality->list = memory_resize(quality->list, quality->capacity * sizeof *quality->list);
    }
    memset(&quality->list[quality->count], 0, sizeof quality->list[0]);
    return &quality->list[quality->count++];
}

/* Did people change what it says, or take it back? */
static bool see_changes(struct gathering *gathering, const struct record *newest, bool *is_corrected)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version version;

    for (uint32_t number = 2; number <= newest->version && !*is_corrected; number++) {
        if (!records_load(gathering->source->txn, span_of(newest->id), number, &version, &hold, gathering->err))
            return false;
        *is_corrected =
            version.record.op == OP_CHANGED || (version.record.op == OP_WITHDRAWN && version.record.statute.bytes == 0);
    }
    return true;
}

static bool see_record(const struct record_version *version, void *context)
{
    struct gathering *gathering = context;
    const struct record *record = &version->record;
    struct quality_item *item;
    struct record_head head;

    if (record->decided_on < gathering->first || record->decided_on > gathering->last ||
        (gathering->list == RECORDS_WAITING && record->op != OP_NEW))
        return true;
    item = new_item(gathering->quality);
    memcpy(item->record, record->id, sizeof item->record);
    item->department = department_of(gathering->quality, record->listing_authority);
    item->decided_on = record->decided_on;
    item->is_over = gathering->list == RECORDS_OVER;
    gathering->is_broken = !records_head(gathering->source->txn, span_of(record->id), 1, &head, gathering->err) ||
                           (gathering->list != RECORDS_WAITING && !see_changes(gathering, record, &item->is_corrected));
    item->proposal = head.proposal;
    return !gathering->is_broken;
}

static int compare_items(const void *a, const void *b)
{
    return strcmp(((const struct quality_item *)a)->record, ((const struct quality_item *)b)->record);
}

static bool gather_records(struct gathering *gathering, struct error *err)
{
    static const enum record_list LISTS[] = {RECORDS_LIVE, RECORDS_OVER, RECORDS_WAITING};
    struct quality *quality = gathering->quality;

    for (size_t i = 0; i < COUNT_OF(LISTS); i++) {
        struct records_filter filter = {LISTS[i], -1, NULL, NULL};

        gathering->list = LISTS[i];
        if (!records_scan(gathering->source->txn, &filter, see_record, gathering, err) || gathering->is_broken)
            return false;
    }
    if (quality->count > 0)
        qsort(quality->list, quality->count, sizeof *quality->list, compare_items);
    return true;
}

/* --- the journal --- */

struct sent {
    uint64_t number;
    size_t item;
};
struct hearing {
    const struct report_source *source;
    struct quality *quality;
    struct sent *sent; /* by number */
    size_t count;
    size_t capacity;
};

static void hear_queued(struct hearing *hearing, uint64_t number, struct span data)
{
    struct span record = walk_plain_of(data, "record");
    struct quality_item wanted = {.record = ""};
    const struct quality_item *item;

    if (!span_is(walk_plain_of(data, "channel"), REGISTRY_FIRST_CHANNEL) || !record_id_is_valid(record))
        return;
    memcpy(wanted.record, record.at, record.bytes);
    item = bsearch(&wanted, hearing->quality->list, hearing->quality->count, sizeof wanted, compare_items);
    if (!item)
        return;
    if (hearing->count == hearing->capacity) {
        hearing->capacity = hearing->capacity ? 2 * hearing->capacity : 1024;
        hearing->sent = memory_resize(hearing->sent, hearing->capacity * sizeof *hearing->sent);
    }
    hearing->sent[hearing->count++] = (struct sent){number, (size_t)(item - hearing->quality->list)};
}

static int compare_sent(const void *a, const void *b)
{
    uint64_t left = ((const struct sent *)a)->number;
    uint64_t right = ((const struct sent *)b)->number;

    return (left > right) - (left < right);
}

static struct quality_item *item_of(const struct hearing *hearing, int64_t number)
{
    const struct sent wanted = {(uint64_t)number, 0};
    const struct sent *found =
        hearing->count ? bsearch(&wanted, hearing->sent, hearing->count, sizeof wanted, compare_sent) : NULL;

    return found ? &hearing->quality->list[found->item] : NULL;
}

static enum layout_fault fault_of(const struct layout *layout, struct span code)
{
    char text[16] = "";
    const struct layout_result *result;

    if (code.bytes < sizeof text)
        memcpy(text, code.at ? code.at : "", code.bytes);
    result = layout ? layout_result_find(layout, text) : NULL;
    return result ? result->fault : LAYOUT_FAULT_UNTOLD;
}

static void hear_outcome(const struct hearing *hearing, const struct event *event, struct span outcome)
{
    struct quality_item *item = item_of(hearing, walk_integer_of(outcome, "delivery", -1));
    enum layout_fault fault;

    if (!item)
        return;
    if (span_is(walk_plain_of(outcome, "result"), "acknowledged")) {
        item->taken_ms = item->taken_ms ? item->taken_ms : event->at_ms;
        return;
    }
    fault = fault_of(hearing->source->layout, walk_plain_of(outcome, "code"));
    item->is_refused = item->is_refused || fault != LAYOUT_FAULT_NONE;
    item->is_missing = item->is_missing || fault == LAYOUT_FAULT_MISSING;
    item->is_wrong = item->is_wrong || fault == LAYOUT_FAULT_WRONG;
}

static bool hear(struct hearing *hearing, uint64_t sequence, struct error *err)
{
    struct span bytes, name, raw;
    struct event event;
    struct walk walk;

    if (!journal_read(hearing->source->txn, sequence, &bytes))
        return store_txn_is_good(hearing->source->txn, err) &&
               fail(err, ERR_CORRUPT, "the journal has no event %llu", (unsigned long long)sequence);
    if (!event_parse(bytes, &event, err))
        return false;
    if (span_is(event.type, "delivery.queued"))
        hear_queued(hearing, sequence, event.data);
    else if (span_is(event.type, "delivery.settled") && walk_begin(&walk, walk_member(event.data, "outcomes")))
        while (walk_next(&walk, &name, &raw))
            hear_outcome(hearing, &event, raw);
    return true;
}

static bool hear_all(struct hearing *hearing, struct error *err)
{
    const struct report_source *source = hearing->source;
    uint64_t size = journal_size(source->txn);
    uint64_t first = size;

    for (size_t i = 0; i < hearing->quality->count; i++)
        first = hearing->quality->list[i].proposal < first ? hearing->quality->list[i].proposal : first;
    for (uint64_t sequence = first; sequence < size; sequence++) {
        if (sequence % TELL_EVERY == 0 && source->tell &&
            !source->tell(source->context, sequence - first, size - first))
            return fail(err, ERR_UNAVAILABLE, "nobody wants the report any more");
        if (!hear(hearing, sequence, err))
            return false;
    }
    return true;
}

bool quality_gather(const struct report_source *source, const struct report_period *period, struct quality *out,
                    struct error *err)
{
    struct gathering gathering = {.source = source,
                                  .first = report_first_day(period),
                                  .last = report_last_day(period),
                                  .quality = out,
                                  .err = err};
    struct hearing hearing = {.source = source, .quality = out};
    bool is_good;

    *out = (struct quality){.list = NULL};
    is_good = gather_records(&gathering, err) && hear_all(&hearing, err);
    free(hearing.sent);
    return is_good;
}
