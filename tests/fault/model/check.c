#include "tests/fault/model/check.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "tests/fault/model/platform.h"

bool check_quiet(const struct story *story, struct error *err)
{
    for (size_t i = 0; i < story->delivery_count; i++) {
        const struct story_delivery *delivery = &story->deliveries[i];

        if (delivery->state == DELIVERY_QUEUED && !story_is_blocked(story, delivery))
            return fail(err, ERR_UNAVAILABLE, "delivery %llu (%s version %u to %s) is on its way%s%s",
                        (unsigned long long)delivery->number, delivery->record, delivery->version,
                        CHANNEL_NAMES[delivery->channel], delivery->call[0] ? " in call " : "", delivery->call);
        if (story_is_staged(story, delivery))
            return fail(err, ERR_UNAVAILABLE, "%s version %u waits to go on from %s", delivery->record,
                        delivery->version, CHANNEL_NAMES[delivery->channel]);
    }
    return true;
}

/* --- promises --- */

static bool keeps_push(const struct story *story, const struct staff_promise *promise)
{
    const struct story_version *version = story_version_find(story, promise->record, promise->version);

    return story_find(story, CHANNEL_CREDIT_GUANGDONG, promise->record, promise->version) ||
           (version && version->skipped[CHANNEL_CREDIT_GUANGDONG]);
}

static bool keeps_approval(const struct story *story, const struct staff_promise *promise)
{
    return story_version_find(story, promise->record, promise->version) != NULL;
}

bool check_promises(const struct story *story, const struct staff *staff, struct error *err)
{
    static const struct {
        const char *kind;
        bool (*keeps)(const struct story *story, const struct staff_promise *promise);
    } KEPT[] = {{"push", keeps_push}, {"approve", keeps_approval}};

    for (size_t i = 0; i < staff->promise_count; i++) {
        const struct staff_promise *promise = &staff->promises[i];

        for (size_t k = 0; k < COUNT_OF(KEPT); k++) {
            if (strcmp(KEPT[k].kind, promise->kind) == 0 && !KEPT[k].keeps(story, promise))
                return fail(err, ERR_CORRUPT, "%s of %s version %u was said to be done and is not", promise->kind,
                            promise->record, promise->version);
        }
    }
    return true;
}

/* --- versions --- */

/* Does nobody have to do anything more about it on that channel, but a person who is told so? */
static bool is_accounted_for(const struct story *story, const struct story_version *version, enum channel channel)
{
    const struct story_delivery *delivery = story_find(story, channel, version->record, version->version);

    if (!delivery)
        return version->skipped[channel] || version->held[channel];
    return delivery->state == DELIVERY_ACKNOWLEDGED || delivery->state == DELIVERY_SUPERSEDED ||
           delivery->state == DELIVERY_REFUSED || story_is_blocked(story, delivery);
}

bool check_versions(const struct story *story, struct error *err)
{
    for (size_t i = 0; i < story->version_count; i++) {
        const struct story_version *version = &story->versions[i];

        for (int channel = 0; channel < STAGE_COUNT; channel++) {
            const struct story_delivery *delivery =
                story_find(story, (enum channel)channel, version->record, version->version);

            if (!is_accounted_for(story, version, (enum channel)channel))
                return fail(err, ERR_CORRUPT, "%s version %u was approved and pushed, and is nowhere on its way to %s",
                            version->record, version->version, CHANNEL_NAMES[channel]);
            /* The next stage follows an acknowledgement; what was not needed here may be needed there. */
            if (!delivery || delivery->state != DELIVERY_ACKNOWLEDGED)
                break;
        }
    }
    return true;
}

/* --- platforms --- */

static bool check_one(const struct story *story, enum channel channel, const char *record, const json_t *applied,
                      struct error *err)
{
    uint32_t version = (uint32_t)json_integer_of(applied, "VERSION", 0);
    const struct story_delivery *delivery = story_find(story, channel, record, version);
    AUTO(buf_done) struct buf sm3 = BUF_INIT;
    int64_t received = json_integer_of(applied, "received", 0);

    if (!delivery)
        return fail(err, ERR_CORRUPT, "holds %s version %u, which was never queued", record, version);
    if (delivery->state != DELIVERY_ACKNOWLEDGED)
        return fail(err, ERR_CORRUPT, "holds %s version %u, which the journal says is %s", record, version,
                    DELIVERY_STATE_NAMES[delivery->state]);
    hex_add(&sm3, delivery->row_sm3, sizeof delivery->row_sm3);
    if (strcmp(buf_text(&sm3), json_text_of(applied, "sm3") ? json_text_of(applied, "sm3") : "") != 0)
        return fail(err, ERR_CORRUPT, "holds other bytes of %s version %u than were queued", record, version);
    /* Also what was sent anew: only what was not taken the first time may be. */
    if (received != 1)
        return fail(err, ERR_CORRUPT, "took %s version %u %lld times; it was sent anew %u times", record, version,
                    (long long)received, delivery->again);
    return true;
}

static bool check_record(const struct story *story, enum channel channel, const char *record, const json_t *held,
                         struct error *err)
{
    int64_t last = 0;
    json_t *applied;
    size_t i;

    json_array_foreach(json_object_get(held, "applied"), i, applied)
    {
        int64_t version = json_integer_of(applied, "VERSION", 0);

        if (version <= last)
            return fail(err, ERR_CORRUPT, "applied %s version %lld after version %lld", record, (long long)version,
                        (long long)last);
        last = version;
        if (!check_one(story, channel, record, applied, err))
            return false;
    }
    if (json_integer_of(held, "different", -1) != 0 || json_integer_of(held, "older", -1) != 0)
        return fail(err, ERR_CORRUPT, "was sent %s with other content, or an older version after a newer", record);
    return true;
}

static bool is_held(const json_t *records, const struct story_delivery *delivery)
{
    json_t *applied;
    size_t i;

    json_array_foreach(json_object_get(json_object_get(records, delivery->record), "applied"), i, applied)
    {
        if (json_integer_of(applied, "VERSION", 0) == (int64_t)delivery->version)
            return true;
    }
    return false;
}

static bool check_platform(const struct story *story, enum channel channel, const json_t *state, struct error *err)
{
    const json_t *records = json_object_get(state, "records");
    const char *record;
    json_t *held;

    if (json_integer_of(state, "repeated_other", 0) != 0)
        return fail(err, ERR_CORRUPT, "was sent one task with two contents");
    json_object_foreach((json_t *)records, record, held) /* only reads */
    {
        if (!check_record(story, channel, record, held, err))
            return false;
    }
    for (size_t i = 0; i < story->delivery_count; i++) {
        const struct story_delivery *delivery = &story->deliveries[i];

        if (delivery->channel == channel && delivery->state == DELIVERY_ACKNOWLEDGED && !is_held(records, delivery))
            return fail(err, ERR_CORRUPT, "does not hold %s version %u, which the journal says it acknowledged",
                        delivery->record, delivery->version);
    }
    return true;
}

bool check_platforms(const struct story *story, const struct stage *stage, struct error *err)
{
    for (int channel = 0; channel < STAGE_COUNT; channel++) {
        AUTO(json_release) json_t *state = NULL;

        if (!platform_state(stage, (enum channel)channel, &state, err))
            return false;
        if (state && !check_platform(story, (enum channel)channel, state, err))
            return fail_in(err, "%s", CHANNEL_NAMES[channel]);
    }
    return true;
}

/* --- tables --- */

static bool check_delivery(struct store_txn *txn, const struct story_delivery *told, struct error *err)
{
    struct delivery found;
    bool is_open;

    if (!outbox_find(txn, told->number, &found, err))
        return false;
    is_open = found.state == DELIVERY_QUEUED || found.state == DELIVERY_SENDING || found.state == DELIVERY_IN_DOUBT ||
              found.state == DELIVERY_RECEIVED;
    if (told->state == DELIVERY_QUEUED ? !is_open : found.state != told->state)
        return fail(err, ERR_CORRUPT, "delivery %llu is %s, and the journal says %s", (unsigned long long)told->number,
                    DELIVERY_STATE_NAMES[found.state], DELIVERY_STATE_NAMES[told->state]);
    return true;
}

static bool check_counters(const struct story *story, struct store_txn *txn, enum channel channel, struct error *err)
{
    static const enum delivery_state ENDS[] = {DELIVERY_ACKNOWLEDGED, DELIVERY_REFUSED, DELIVERY_SUPERSEDED};
    struct channel_status status;

    if (!outbox_status(txn, channel, &status, err))
        return false;
    for (size_t k = 0; k < COUNT_OF(ENDS); k++) {
        uint64_t count = 0;

        for (size_t i = 0; i < story->delivery_count; i++)
            count += story->deliveries[i].channel == channel && story->deliveries[i].state == ENDS[k];
        if (status.count[ENDS[k]] != count)
            return fail(err, ERR_CORRUPT, "%s counts %llu %s; the journal has %llu", CHANNEL_NAMES[channel],
                        (unsigned long long)status.count[ENDS[k]], DELIVERY_STATE_NAMES[ENDS[k]],
                        (unsigned long long)count);
    }
    return true;
}

bool check_tables(const struct story *story, struct store *store, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    if (!store_begin(store, STORE_READ, &txn, err))
        return false;
    for (size_t i = 0; i < story->delivery_count; i++) {
        if (!check_delivery(txn, &story->deliveries[i], err))
            return false;
    }
    for (int channel = 0; channel < STAGE_COUNT; channel++) {
        if (!check_counters(story, txn, (enum channel)channel, err))
            return false;
    }
    return store_txn_is_good(txn, err);
}

/* --- the gateway's own tools --- */

static bool run_well(const struct stage *stage, const char *const *arguments, struct error *err)
{
    AUTO(buf_done) struct buf out = BUF_INIT;
    int status = 0;

    if (!stage_run(stage, arguments, &status, &out, err))
        return false;
    return status == 0 || fail(err, ERR_CORRUPT, "creditgate %s: %d: %.350s", arguments[0], status, buf_text(&out));
}

static bool verify(const struct stage *stage, const char *name, struct error *err)
{
    AUTO(text_free) char *file = stage_path(stage, name);
    AUTO(text_free) char *keys = stage_path(stage, "state/public-keys.json");
    const char *const arguments[] = {"verify", file, "--keys", keys, "--lang", "en", NULL};

    return run_well(stage, arguments, err);
}

bool check_offline(const struct stage *stage, struct error *err)
{
    AUTO(text_free) char *config = stage_path(stage, "creditgate.yaml");
    const char *const rebuild[] = {"rebuild", "--check", "--config", config, "--lang", "en", NULL};
    const char *const guard[] = {"guard", "--config", config, "--lang", "en", NULL};

    return run_well(stage, rebuild, err) && run_well(stage, guard, err) &&
           verify(stage, "state/checkpoints/journal", err);
}
