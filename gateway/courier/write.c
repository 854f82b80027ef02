/* The turn's one transaction: how attempts ended, then the new calls. */
#include <string.h>

#include "base/log.h"
#include "gateway/command/stage.h"
#include "gateway/command/supersede.h"
#include "gateway/courier/loop.h"

enum { STAGED_MAX = 500 }; /* versions that go on to the next channel in one turn, for each channel */
enum { STORE_WAIT_FIRST_MS = 200, STORE_WAIT_MAX_MS = 30000, LOOK_AGAIN_MS = 100 };

struct turn {
    struct courier *courier;
    int64_t now_ms;
    struct ending *only; /* this ending and nothing else; NULL: all */
};

static bool write_endings(struct turn *turn, struct store_txn *txn, struct ledger *ledger, struct error *err)
{
    struct ending *ending = turn->only ? turn->only : turn->courier->endings;

    for (; ending; ending = turn->only ? NULL : ending->next) {
        if (!ending_write(ending, txn, ledger, turn->now_ms, err))
            return false;
    }
    return true;
}

/* What the endings of this turn have acknowledged goes on in the same transaction. */
static bool write_stages(const struct turn *turn, struct store_txn *txn, struct ledger *ledger, struct error *err)
{
    for (size_t i = 0; i < turn->courier->count; i++) {
        const struct courier_channel *channel = turn->courier->destinations[i].channel;
        const struct stage_channel to = {channel->channel, channel->make_row, channel->row_context};
        size_t count;

        if (channel->make_row && !stage_advance(txn, ledger, COURIER_NAME, &to, STAGED_MAX, &count, err))
            return false;
    }
    return true;
}

static bool write_starts(struct turn *turn, struct store_txn *txn, struct ledger *ledger, struct error *err)
{
    struct courier *courier = turn->courier;

    for (size_t i = 0; i < courier->start_count; i++) {
        struct start *start = &courier->starts[i];
        enum channel channel = start->destination->channel->channel;

        start->is_kept = !start->destination->is_stopped;
        if (!start->is_new || !start->is_kept)
            continue;
        /* Staff may have superseded a row or paused the channel since it was looked at. */
        start->is_kept = outbox_can_prepare(txn, channel, start->shipment->numbers, start->shipment->count);
        if (start->is_kept &&
            !ledger_emit(ledger, COURIER_NAME, "call.prepared", buf_span(&start->shipment->prepared), NULL, err))
            return false;
    }
    return store_txn_is_good(txn, err);
}

static bool see_pauses(struct turn *turn, struct store_txn *txn, struct error *err)
{
    for (size_t i = 0; i < turn->courier->count; i++) {
        struct destination *destination = &turn->courier->destinations[i];

        if (!courier_stops(txn, destination->channel, &destination->is_stopped, err))
            return false;
    }
    return true;
}

static bool work(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    struct turn *turn = context;

    if (!ledger_new(txn, turn->courier->options->clock, &ledger, err) || !write_endings(turn, txn, ledger, err) ||
        !write_stages(turn, txn, ledger, err) || !see_pauses(turn, txn, err) ||
        (!turn->only && !write_starts(turn, txn, ledger, err)))
        return false;
    return ledger_finish(ledger, err);
}

/* --- after the commit --- */

static void tell(const struct ending *ending)
{
    const char *channel = ending->destination->channel->name;
    const struct policy_verdict *verdict = &ending->verdict;

    if (verdict->blame == BLAME_SETUP)
        log_error("courier", "%s: %s (HTTP %d) %s", channel, verdict->en, ending->attempt.status, ending->words);
    else if (verdict->blame == BLAME_DESTINATION)
        log_warning("courier", "%s: %s (HTTP %d) %s", channel, verdict->en, ending->attempt.status, ending->words);
}

static void ending_over(struct courier *courier, struct ending *ending, int64_t now_ms)
{
    courier->endings = ending->next;
    if (!courier->endings)
        courier->endings_end = &courier->endings;
    ending->destination->has_refused |= ending->has_refused;
    if (ending->is_judged) {
        destination_learn(ending->destination, &ending->verdict, ending->attempt.retry_after_ms, now_ms, ending->dice);
        tell(ending);
    }
    ending_free(ending);
}

/* `keeps`: but those that fit. */
static void drop_starts(struct courier *courier, bool keeps, int64_t now_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < courier->start_count; i++) {
        bool is_dropped = !keeps || !courier->starts[i].is_kept;

        /* Its other rows are still due. */
        if (is_dropped && now_ms + LOOK_AGAIN_MS < courier->next_ms)
            courier->next_ms = now_ms + LOOK_AGAIN_MS;
        if (!is_dropped)
            courier->starts[kept++] = courier->starts[i];
        else
            shipment_free(courier->starts[i].shipment);
    }
    courier->start_count = kept;
}

bool courier_rests(struct courier *courier, int64_t now_ms, const struct error *why)
{
    if (why->code != ERR_FULL && why->code != ERR_IO && why->code != ERR_UNAVAILABLE && why->code != ERR_TIMEOUT)
        return false;
    log_error("courier", "the store takes nothing for now: %s", why->text);
    courier->store_ms = now_ms + policy_delay_ms(STORE_WAIT_FIRST_MS, STORE_WAIT_MAX_MS, ++courier->store_failures, 0);
    drop_starts(courier, false, now_ms);
    return true;
}

/* Something in the turn does not fit the store. Each ending alone, so that one does not hold up the others; the one
 * that cannot be written leaves its call as it stands, and its destination rests so that this is no tight loop. */
static bool write_apart(struct courier *courier, int64_t now_ms, struct error *err)
{
    drop_starts(courier, false, now_ms);
    while (courier->endings) {
        struct turn turn = {.courier = courier, .now_ms = now_ms, .only = courier->endings};
        struct destination *destination = courier->endings->destination;

        if (store_write(courier->options->store, work, &turn, err)) {
            ending_over(courier, courier->endings, now_ms);
            continue;
        }
        if (courier_rests(courier, now_ms, err))
            return true;
        if (err->code == ERR_CORRUPT || err->code == ERR_INTERNAL)
            return false;
        log_error("courier", "%s: what came of a call does not fit the journal: %s", destination->channel->name,
                  err->text);
        courier->endings->is_judged = false;
        ending_over(courier, courier->endings, now_ms);
        throttle_close_until(&destination->throttle, now_ms + destination->pace.retry_first_ms);
    }
    return true;
}

/* What was pushed behind a row that has been refused now may put it right. */
static bool close_refused(struct courier *courier, struct error *err)
{
    const struct desk desk = {
        .store = courier->options->store, .clock = courier->options->clock, .person = COURIER_NAME};

    for (size_t i = 0; i < courier->count; i++) {
        struct destination *destination = &courier->destinations[i];

        if (!destination->has_refused)
            continue;
        if (channel_is_stage(destination->channel->channel) &&
            !supersede_by_queued(&desk, destination->channel->channel, err))
            return false;
        destination->has_refused = false;
    }
    return true;
}

bool courier_write(struct courier *courier, int64_t now_ms, struct error *err)
{
    struct turn turn = {.courier = courier, .now_ms = now_ms};
    bool has_new = courier->endings != NULL || courier->has_staged;

    for (size_t i = 0; i < courier->start_count; i++)
        has_new = has_new || courier->starts[i].is_new;
    if (!has_new)
        return true;
    if (!store_write(courier->options->store, work, &turn, err)) {
        if (courier_rests(courier, now_ms, err))
            return true;
        return err->code != ERR_CORRUPT && err->code != ERR_INTERNAL && write_apart(courier, now_ms, err);
    }
    courier->store_failures = 0;
    courier->store_ms = 0;
    drop_starts(courier, true, now_ms);
    while (courier->endings)
        ending_over(courier, courier->endings, now_ms);
    return close_refused(courier, err) || courier_rests(courier, now_ms, err);
}
