#include "tests/fault/model/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "base/text.h"
#include "gateway/journal/journal.h"
#include "keys/digest.h"

enum { STORY_MAX = 50000 };

struct reading {
    struct story *story;
    uint64_t sequence;
    const json_t *data;
};

void story_done(struct story *story)
{
    free(story->deliveries);
    free(story->versions);
    *story = (struct story){0};
}

static struct story_delivery *by_number(const struct story *story, uint64_t number)
{
    for (size_t i = 0; i < story->delivery_count; i++) {
        if (story->deliveries[i].number == number)
            return &story->deliveries[i];
    }
    return NULL;
}

const struct story_delivery *story_find(const struct story *story, enum channel channel, const char *record,
                                        uint32_t version)
{
    for (size_t i = 0; i < story->delivery_count; i++) {
        const struct story_delivery *delivery = &story->deliveries[i];

        if (delivery->channel == channel && delivery->version == version && strcmp(delivery->record, record) == 0)
            return delivery;
    }
    return NULL;
}

static struct story_version *version_of(const struct story *story, const char *record, uint32_t version)
{
    for (size_t i = 0; i < story->version_count; i++) {
        if (story->versions[i].version == version && strcmp(story->versions[i].record, record) == 0)
            return &story->versions[i];
    }
    return NULL;
}

const struct story_version *story_version_find(const struct story *story, const char *record, uint32_t version)
{
    return version_of(story, record, version);
}

static bool is_same_lane(const struct story_delivery *a, const struct story_delivery *b)
{
    return a->channel == b->channel && strcmp(a->subject, b->subject) == 0;
}

bool story_is_blocked(const struct story *story, const struct story_delivery *delivery)
{
    for (size_t i = 0; i < story->delivery_count; i++) {
        const struct story_delivery *other = &story->deliveries[i];

        if (other->number < delivery->number && other->state == DELIVERY_REFUSED && is_same_lane(other, delivery))
            return true;
    }
    return false;
}

bool story_is_staged(const struct story *story, const struct story_delivery *delivery)
{
    const struct story_version *version;
    int next = (int)delivery->channel + 1;

    if (delivery->state != DELIVERY_ACKNOWLEDGED || next == STAGE_COUNT ||
        story_find(story, (enum channel)next, delivery->record, delivery->version))
        return false;
    version = version_of(story, delivery->record, delivery->version);
    return !version || (!version->skipped[next] && !version->held[next]);
}

/* --- the events --- */

static const char *text(const json_t *object, const char *name)
{
    const char *found = json_text_of(object, name);

    return found ? found : "";
}

static bool read_channel(const struct reading *reading, enum channel *channel, struct error *err)
{
    const char *name = text(reading->data, "channel");

    return channel_parse(span_of(name), channel) || fail(err, ERR_CORRUPT, "a channel \"%s\"", name);
}

/* A stage follows the business acknowledgement of the one before (row 18); what the one before never needed is no
 * stage. */
static bool follows_its_stage(const struct reading *reading, const struct story_delivery *next, struct error *err)
{
    const struct story_delivery *before;

    if (next->channel == CHANNEL_CREDIT_GUANGDONG)
        return true;
    before = story_find(reading->story, next->channel - 1, next->record, next->version);
    return (before && before->state == DELIVERY_ACKNOWLEDGED) ||
           fail(err, ERR_CORRUPT, "%s version %u goes to %s before %s acknowledged it", next->record, next->version,
                CHANNEL_NAMES[next->channel], CHANNEL_NAMES[next->channel - 1]);
}

static bool read_queued(struct reading *reading, struct error *err)
{
    struct story *story = reading->story;
    struct story_delivery next = {.number = reading->sequence, .state = DELIVERY_QUEUED};
    AUTO(buf_done) struct buf row = BUF_INIT;

    if (!read_channel(reading, &next.channel, err) ||
        !json_canonical_add(json_object_get(reading->data, "row"), &row, err))
        return false;
    snprintf(next.record, sizeof next.record, "%s", text(reading->data, "record"));
    snprintf(next.subject, sizeof next.subject, "%s", text(reading->data, "subject"));
    next.version = (uint32_t)json_integer_of(reading->data, "version", 0);
    digest_sm3(buf_span(&row), next.row_sm3);
    if (story_find(story, next.channel, next.record, next.version))
        return fail(err, ERR_CORRUPT, "%s version %u is queued twice", next.record, next.version);
    if (story->delivery_count == STORY_MAX)
        return fail(err, ERR_LIMIT, "more deliveries than this program can hold");
    if (!version_of(story, next.record, next.version))
        return fail(err, ERR_CORRUPT, "%s version %u is queued and was never approved", next.record, next.version);
    story->deliveries[story->delivery_count] = next;
    return follows_its_stage(reading, &story->deliveries[story->delivery_count++], err);
}

static bool read_prepared(struct reading *reading, struct error *err)
{
    const json_t *number;
    size_t i;

    json_array_foreach(json_object_get(reading->data, "deliveries"), i, number)
    {
        struct story_delivery *delivery = by_number(reading->story, (uint64_t)json_integer_value(number));

        if (!delivery || delivery->state != DELIVERY_QUEUED || delivery->call[0])
            return fail(err, ERR_CORRUPT, "a call with what may not be sent");
        /* The first of its lane: what came before it is settled. */
        for (size_t k = 0; k < reading->story->delivery_count; k++) {
            const struct story_delivery *other = &reading->story->deliveries[k];

            if (other->number < delivery->number && is_same_lane(other, delivery) &&
                other->state != DELIVERY_ACKNOWLEDGED && other->state != DELIVERY_SUPERSEDED)
                return fail(err, ERR_CORRUPT, "delivery %llu overtakes %llu", (unsigned long long)delivery->number,
                            (unsigned long long)other->number);
        }
        snprintf(delivery->call, sizeof delivery->call, "%s", text(reading->data, "call"));
        delivery->calls++;
    }
    return true;
}

static bool read_settled(struct reading *reading, struct error *err)
{
    json_t *outcome;
    size_t i;

    json_array_foreach(json_object_get(reading->data, "outcomes"), i, outcome)
    {
        uint64_t number = (uint64_t)json_integer_of(outcome, "delivery", -1);
        struct story_delivery *delivery = by_number(reading->story, number);

        if (!delivery || delivery->state != DELIVERY_QUEUED || !delivery->call[0])
            return fail(err, ERR_CORRUPT, "delivery %llu is settled twice, or was never sent",
                        (unsigned long long)number);
        delivery->call[0] = '\0';
        reading->story->refusals += strcmp(text(outcome, "result"), "acknowledged") != 0;
        delivery->state =
            strcmp(text(outcome, "result"), "acknowledged") == 0 ? DELIVERY_ACKNOWLEDGED : DELIVERY_REFUSED;
    }
    return true;
}

static bool read_dissolved(struct reading *reading, struct error *err)
{
    const char *call = text(reading->data, "call");

    (void)err;
    for (size_t i = 0; i < reading->story->delivery_count; i++) {
        struct story_delivery *delivery = &reading->story->deliveries[i];

        if (!delivery->call[0] || strcmp(delivery->call, call) != 0)
            continue;
        delivery->call[0] = '\0';
        delivery->again++;
    }
    return true;
}

static bool read_requeued(struct reading *reading, struct error *err)
{
    struct story_delivery *delivery =
        by_number(reading->story, (uint64_t)json_integer_of(reading->data, "delivery", -1));

    if (!delivery || delivery->state != DELIVERY_REFUSED)
        return fail(err, ERR_CORRUPT, "what was not refused is queued again");
    delivery->state = DELIVERY_QUEUED;
    delivery->again++;
    return true;
}

static bool read_superseded(struct reading *reading, struct error *err)
{
    struct story_delivery *delivery =
        by_number(reading->story, (uint64_t)json_integer_of(reading->data, "delivery", -1));

    if (!delivery || delivery->call[0] || (delivery->state != DELIVERY_REFUSED && delivery->state != DELIVERY_QUEUED))
        return fail(err, ERR_CORRUPT, "what was sent is superseded");
    delivery->state = DELIVERY_SUPERSEDED;
    return true;
}

static bool read_approved(struct reading *reading, struct error *err)
{
    struct story *story = reading->story;
    struct story_version *version = &story->versions[story->version_count];

    if (story->version_count == STORY_MAX)
        return fail(err, ERR_LIMIT, "more versions than this program can hold");
    *version = (struct story_version){.version = (uint32_t)json_integer_of(reading->data, "version", 0),
                                      .approved = reading->sequence};
    snprintf(version->record, sizeof version->record, "%s", text(reading->data, "record"));
    if (version_of(story, version->record, version->version))
        return fail(err, ERR_CORRUPT, "%s version %u is approved twice", version->record, version->version);
    if (version->version > 1 && !version_of(story, version->record, version->version - 1))
        return fail(err, ERR_CORRUPT, "%s has version %u and none before it", version->record, version->version);
    story->version_count++;
    return true;
}

static bool read_set_aside(struct reading *reading, bool is_held, struct error *err)
{
    struct story_version *version = version_of(reading->story, text(reading->data, "record"),
                                               (uint32_t)json_integer_of(reading->data, "version", 0));
    enum channel channel;

    if (!read_channel(reading, &channel, err))
        return false;
    if (!version)
        return fail(err, ERR_CORRUPT, "what was never approved is set aside");
    if (is_held)
        version->held[channel] = reading->sequence;
    else
        version->skipped[channel] = reading->sequence;
    return true;
}

static bool read_skipped(struct reading *reading, struct error *err)
{
    return read_set_aside(reading, false, err);
}

static bool read_held(struct reading *reading, struct error *err)
{
    return read_set_aside(reading, true, err);
}

/* The upstream was found not to hold it: it goes to the same place of its lane once more. */
static bool read_repeated(struct reading *reading, struct error *err)
{
    struct story_delivery *delivery =
        by_number(reading->story, (uint64_t)json_integer_of(reading->data, "delivery", -1));

    if (!delivery || delivery->state != DELIVERY_ACKNOWLEDGED)
        return fail(err, ERR_CORRUPT, "what was not acknowledged is told again");
    delivery->state = DELIVERY_QUEUED;
    delivery->again++;
    return true;
}

static bool read_failed(struct reading *reading, struct error *err)
{
    (void)err;
    reading->story->doubts += strcmp(text(reading->data, "state"), "in-doubt") == 0;
    return true;
}

static bool read_paused(struct reading *reading, struct error *err)
{
    (void)err;
    reading->story->pauses++;
    return true;
}

static const struct {
    const char *type;
    bool (*read)(struct reading *reading, struct error *err);
} EVENTS[] = {
    {"record.approved", read_approved}, {"delivery.queued", read_queued},     {"delivery.skipped", read_skipped},
    {"delivery.held", read_held},       {"delivery.repeated", read_repeated}, {"call.prepared", read_prepared},
    {"delivery.settled", read_settled}, {"call.dissolved", read_dissolved},   {"call.failed", read_failed},
    {"channel.paused", read_paused},    {"delivery.requeued", read_requeued}, {"delivery.superseded", read_superseded},
};

static bool read_event(struct reading *reading, struct span bytes, struct error *err)
{
    AUTO(json_release) json_t *event = NULL;
    const char *type;

    if (!json_read(bytes, STORE_VALUE_MAX, &event, err))
        return false;
    type = text(event, "type");
    reading->data = json_object_get(event, "data");
    for (size_t i = 0; i < COUNT_OF(EVENTS); i++) {
        if (strcmp(EVENTS[i].type, type) == 0)
            return EVENTS[i].read(reading, err) ||
                   fail_in(err, "event %llu (%s)", (unsigned long long)reading->sequence, type);
    }
    return true;
}

static bool read_events(struct store_txn *txn, struct story *story, struct error *err)
{
    uint64_t size = journal_size(txn);

    for (uint64_t i = 0; i < size; i++) {
        struct reading reading = {story, i, NULL};
        struct span bytes;

        if (!journal_read(txn, i, &bytes))
            return fail(err, ERR_CORRUPT, "event %llu is missing", (unsigned long long)i);
        if (!read_event(&reading, bytes, err))
            return false;
    }
    story->events = size;
    return store_txn_is_good(txn, err);
}

bool story_read(struct store *store, struct story *out, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(story_done) struct story story = {0};

    story.deliveries = memory_new((STORY_MAX + 1) * sizeof *story.deliveries);
    story.versions = memory_new((STORY_MAX + 1) * sizeof *story.versions);
    if (!store_begin(store, STORE_READ, &txn, err) || !read_events(txn, &story, err))
        return false;
    *out = story;
    story = (struct story){0};
    return true;
}
