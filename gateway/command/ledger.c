#include "gateway/command/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/access/rotation.h"
#include "gateway/access/suspension.h"
#include "gateway/accounts/account_events.h"
#include "gateway/accounts/roster.h"
#include "gateway/clocks/clocks.h"
#include "gateway/feedback/feedback.h"
#include "gateway/journal/guard.h"
#include "gateway/journal/journal.h"
#include "gateway/outbox/outbox.h"
#include "gateway/registry/registry.h"
#include "gateway/watch/watch.h"
#include "keys/digest.h"

enum { REBUILD_BATCH = 4000, SALTS = 64 };

/* Which rooms keep a projection of an event. A room may listen to another's events, so all that want it get it. */
static const struct {
    bool (*applies)(struct span type);
    bool (*apply)(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err);
} ROOMS[] = {
    {registry_applies, registry_apply}, {outbox_applies, outbox_apply},
    {clocks_applies, clocks_apply}, /* after the two: it asks them how things stand now */
    {feedback_applies, feedback_apply}, {watch_applies, watch_apply},
    {guard_applies, guard_apply},       {suspension_applies, suspension_apply},
    {rotation_applies, rotation_apply}, {account_events_applies, account_events_apply},
    {roster_applies, roster_apply},
};

struct ledger {
    struct store_txn *txn;
    const struct clock *clock;
    struct journal_writer *writer;
    int64_t last_ms;
    const char *job;
    struct buf text;
    uint8_t salts[SALTS][EVENT_SALT_BYTES];
    size_t salts_left;
};

static bool dispatch(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    bool is_known = false;

    for (size_t i = 0; i < COUNT_OF(ROOMS); i++) {
        if (!ROOMS[i].applies(event->type))
            continue;
        is_known = true;
        if (!ROOMS[i].apply(txn, sequence, event, err))
            return fail_in(err, "event %llu (%.*s)", (unsigned long long)sequence, (int)event->type.bytes,
                           event->type.at);
    }
    if (!is_known)
        return fail(err, ERR_CORRUPT, "event %llu: nobody knows the type %.*s", (unsigned long long)sequence,
                    (int)event->type.bytes, event->type.at);
    return store_txn_is_good(txn, err);
}

static bool find_last_instant(struct store_txn *txn, int64_t *last_ms, struct error *err)
{
    uint64_t size = journal_size(txn);
    struct event event;
    struct span bytes;

    if (size == 0 || !journal_read(txn, size - 1, &bytes))
        return store_txn_is_good(txn, err);
    if (!event_parse(bytes, &event, err))
        return false;
    *last_ms = event.at_ms;
    return true;
}

bool ledger_new(struct store_txn *txn, const struct clock *clock, struct ledger **out, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = memory_new(sizeof *ledger);

    ledger->txn = txn;
    ledger->clock = clock;
    ledger->last_ms = INT64_MIN;
    if (!find_last_instant(txn, &ledger->last_ms, err) || !journal_writer_new(txn, &ledger->writer, err))
        return false;
    *out = TAKE(ledger);
    return true;
}

void ledger_set_job(struct ledger *ledger, const char *job)
{
    ledger->job = job;
}

/* An import emits half a million events: random bytes are asked for in one piece for many. */
static const uint8_t *next_salt(struct ledger *ledger)
{
    if (ledger->salts_left == 0) {
        random_bytes(ledger->salts, sizeof ledger->salts);
        ledger->salts_left = SALTS;
    }
    return ledger->salts[--ledger->salts_left];
}

bool ledger_emit(struct ledger *ledger, const char *by, const char *type, struct span data, uint64_t *sequence,
                 struct error *err)
{
    struct event event = {clock_now_ms(ledger->clock), span_of(by), span_of(type), data};
    uint64_t place = 0;

    if (event.at_ms < ledger->last_ms)
        event.at_ms = ledger->last_ms;
    event_format_of_job(&event, span_of(ledger->job), next_salt(ledger), &ledger->text);
    if (ledger->text.bytes > STORE_VALUE_MAX)
        return fail(err, ERR_LIMIT, "an event %s of %zu bytes is too long", type, ledger->text.bytes);
    journal_append(ledger->writer, buf_span(&ledger->text), &place);
    if (!store_txn_is_good(ledger->txn, err) || !dispatch(ledger->txn, place, &event, err))
        return false;
    ledger->last_ms = event.at_ms;
    if (sequence)
        *sequence = place;
    return true;
}

bool ledger_finish(struct ledger *ledger, struct error *err)
{
    return journal_writer_finish(ledger->writer, err);
}

void ledger_free(struct ledger *ledger)
{
    if (!ledger)
        return;
    journal_writer_free(ledger->writer);
    buf_done(&ledger->text);
    free(ledger);
}

bool ledger_apply(struct store_txn *txn, uint64_t sequence, struct span bytes, struct error *err)
{
    struct event event;

    return event_parse(bytes, &event, err) && dispatch(txn, sequence, &event, err);
}

/* --- rebuild --- */

struct replay {
    struct store_txn *from;
    uint64_t at;
    uint64_t end; /* of this batch */
};

static bool replay_batch(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(journal_writer_free) struct journal_writer *writer = NULL;
    const struct replay *replay = context;
    struct span bytes;
    uint64_t place;

    if (!journal_writer_new(txn, &writer, err))
        return false;
    for (uint64_t i = replay->at; i < replay->end; i++) {
        if (!journal_read(replay->from, i, &bytes))
            return store_txn_is_good(replay->from, err) &&
                   fail(err, ERR_CORRUPT, "event %llu is missing", (unsigned long long)i);
        journal_append(writer, bytes, &place);
        if (!store_txn_is_good(txn, err) || !ledger_apply(txn, place, bytes, err))
            return false;
    }
    return journal_writer_finish(writer, err);
}

static bool require_empty(struct store *into, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    if (!store_begin(into, STORE_READ, &txn, err))
        return false;
    for (int i = STORE_META + 1; i < STORE_TABLE_COUNT; i++) {
        if (store_count(txn, (enum store_table)i) > 0)
            return fail(err, ERR_CONFLICT, "the store to rebuild into is not empty: name an empty folder");
    }
    return store_txn_is_good(txn, err);
}

bool ledger_rebuild(struct store *from, struct store *into, ledger_progress *progress, void *context, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct replay replay = {0};
    uint64_t size;

    if (!require_empty(into, err) || !store_begin(from, STORE_READ, &txn, err))
        return false;
    size = journal_size(txn);
    replay.from = txn;
    while (replay.at < size) {
        replay.end = size - replay.at > REBUILD_BATCH ? replay.at + REBUILD_BATCH : size;
        if (!store_write(into, replay_batch, &replay, err))
            return false;
        replay.at = replay.end;
        if (progress)
            progress(replay.at, size, context);
    }
    return store_txn_is_good(txn, err);
}

bool ledger_compare(struct store *a, struct store *b, struct error *err)
{
    AUTO(store_abort) struct store_txn *left = NULL;
    AUTO(store_abort) struct store_txn *right = NULL;
    uint8_t digests[2][32];

    if (!store_begin(a, STORE_READ, &left, err) || !store_begin(b, STORE_READ, &right, err))
        return false;
    for (int i = STORE_META + 1; i < STORE_TABLE_COUNT; i++) {
        if (!store_digest(left, (enum store_table)i, digests[0], err) ||
            !store_digest(right, (enum store_table)i, digests[1], err))
            return false;
        if (memcmp(digests[0], digests[1], sizeof digests[0]) != 0)
            return fail(err, ERR_CORRUPT, "the table %s differs", store_table_name((enum store_table)i));
    }
    return true;
}
