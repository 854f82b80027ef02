/* What is due and may start now. Calls of the store go first, then new ones are made of the rows that wait. */
#include <string.h>

#include "base/encode.h"
#include "base/log.h"
#include "base/text.h"
#include "gateway/access/suspension.h"
#include "gateway/courier/loop.h"
#include "gateway/journal/journal.h"
#include "gateway/outbox/stage.h"

/* A look at the calls that are due, some of which are in flight. */
enum { LOOK_MAX = 4 * COURIER_CONCURRENCY_MAX, UPLOADS_KEPT = 2 };

struct look {
    struct courier *courier;
    struct destination *destination;
    struct store_txn *txn;
    int64_t now_ms;
    unsigned room;
    unsigned ask_room; /* of it, for questions about outcomes */
};

static bool is_this_call(const struct shipment *shipment, const uint8_t id[16])
{
    return shipment && memcmp(shipment->call.id, id, sizeof shipment->call.id) == 0;
}

/* In flight, ended but not written, or about to start. */
static bool is_under_way(const struct courier *courier, const uint8_t id[16])
{
    for (const struct transfer *transfer = courier->transfers; transfer; transfer = transfer->next) {
        if (is_this_call(transfer->shipment, id))
            return true;
    }
    for (const struct ending *ending = courier->endings; ending; ending = ending->next) {
        if (is_this_call(ending->shipment, id))
            return true;
    }
    for (size_t i = 0; i < courier->start_count; i++) {
        if (is_this_call(courier->starts[i].shipment, id))
            return true;
    }
    return false;
}

static void start_add(struct look *look, struct shipment *shipment, enum adapter_step step, bool is_new)
{
    struct courier *courier = look->courier;

    courier->starts[courier->start_count++] = (struct start){look->destination, shipment, step, is_new, false};
    look->room--;
}

/* --- calls of the store --- */

static void report_unmakeable(struct look *look, struct shipment *shipment, const struct error *why)
{
    courier_add_ending(look->courier,
                       ending_of_trouble(look->destination, shipment, ADAPTER_UPLOAD, NET_UNMAKEABLE, why->text));
}

static bool take_call(struct look *look, const uint8_t id[16], struct error *err)
{
    struct shipment *shipment = NULL;
    struct error why = {.code = ERR_NONE};
    struct call call;
    bool is_good;

    if (is_under_way(look->courier, id))
        return true;
    if (!outbox_call(look->txn, id, &call, err))
        return false;
    if (call.state == CALL_SETTLED || (call.state == CALL_RECEIVED && look->ask_room == 0))
        return true;
    if (!shipment_load(look->txn, look->destination->channel, id, call.state != CALL_RECEIVED, &shipment, err))
        return false;
    is_good = call.state == CALL_RECEIVED || shipment_remake(shipment, &why);
    if (call.state != CALL_PREPARED) {
        shipment->is_unmakeable = !is_good;
        look->ask_room -= call.state == CALL_RECEIVED;
        start_add(look, shipment, call.state == CALL_RECEIVED ? ADAPTER_ASK : ADAPTER_DOUBT, false);
    } else if (is_good) {
        start_add(look, shipment, ADAPTER_UPLOAD, false);
    } else {
        report_unmakeable(look, shipment, &why);
    }
    return true;
}

/* Which calls wait only because the destination did not work: all that are not received, and of those that are the
 * ones whose question was put off for longer than a slow answer would do. `takes_all`: simply every call. */
static bool gather_early(struct look *look, bool takes_all, struct error *err)
{
    struct destination *destination = look->destination;
    int64_t patience_ms = POLICY_POLL_GROWTH * destination->pace.poll_ms;
    size_t found = courier_list_calls(look->txn, destination->channel->channel, &destination->early);

    destination->early_count = 0;
    for (size_t i = 0; i < found; i++) {
        struct call call;

        if (!outbox_call(look->txn, destination->early[i], &call, err))
            return false;
        if (!takes_all &&
            (call.due_ms <= look->now_ms || (call.state == CALL_RECEIVED && call.due_ms - look->now_ms <= patience_ms)))
            continue;
        memmove(destination->early[destination->early_count++], destination->early[i], sizeof *destination->early);
    }
    destination->wants_early = false;
    return true;
}

static bool take_calls(struct look *look, struct error *err)
{
    struct destination *destination = look->destination;
    uint8_t due[LOOK_MAX][16];
    size_t found = outbox_calls_due(look->txn, destination->channel->channel, look->now_ms, due, LOOK_MAX);

    for (size_t i = 0; i < found && look->room > 0; i++) {
        if (!take_call(look, due[i], err))
            return false;
    }
    while (look->room > 0 && destination->early_count > 0) {
        if (!take_call(look, destination->early[--destination->early_count], err))
            return false;
    }
    return true;
}

/* --- the secret --- */

static bool is_asking_key(const struct look *look)
{
    for (const struct transfer *transfer = look->courier->transfers; transfer; transfer = transfer->next) {
        if (transfer->destination == look->destination && transfer->step == ADAPTER_KEY)
            return true;
    }
    return false;
}

static bool lacks_key(const struct look *look)
{
    return look->destination->channel->adapter->needs_secret && !destination_has_secret(look->destination);
}

/* Something is to be sent, and without a secret nothing may. */
static bool wants_key(const struct look *look)
{
    const struct destination *destination = look->destination;

    return lacks_key(look) && (destination->early_count > 0 ||
                               outbox_next_due_ms(look->txn, destination->channel->channel) <= look->now_ms);
}

static void take_key(struct look *look)
{
    if (look->room > 0 && look->now_ms >= look->destination->key_ms && !is_asking_key(look))
        start_add(look, NULL, ADAPTER_KEY, false);
}

/* --- new calls --- */

/* Nothing new while as much as may be in flight at once is already on its way and in doubt; and a dead destination gets
 * something new only when there is nothing old to try it with. */
static bool may_prepare(const struct look *look, const struct channel_status *status)
{
    const struct destination *destination = look->destination;
    uint64_t unsent = status->count[DELIVERY_SENDING] + status->count[DELIVERY_IN_DOUBT];
    uint64_t rows_max = adapter_rows_max(destination->channel->adapter, destination->channel->config);

    if (status->is_paused || look->room == 0 || look->now_ms < destination->sign_ms ||
        status->count[DELIVERY_QUEUED] == 0)
        return false;
    if (destination->channel->adapter->is_numbered)
        return unsent == 0; /* no number may be left out, so the one before must be there first */
    return unsent == 0 || (throttle_is_alive(&destination->throttle) &&
                           unsent < ((uint64_t)destination->throttle.limit + 1) * rows_max);
}

/* The next name. A clock that has gone back goes on with the last day. False: that day has no more. */
static bool next_number(const struct look *look, int32_t *day, uint32_t *number)
{
    int32_t today = day_of_instant(look->now_ms);

    outbox_last_number(look->txn, look->destination->channel->channel, day, number);
    if (today > *day) {
        *day = today;
        *number = 0;
    }
    return ++*number <= ADAPTER_NUMBER_MAX;
}

static bool take_rows(struct look *look, struct error *err)
{
    const struct courier_channel *channel = look->destination->channel;
    struct shipment *made[COURIER_CONCURRENCY_MAX];
    unsigned room = channel->adapter->is_numbered ? 1 : look->room;
    uint32_t number = 0;
    int32_t day = 0;
    size_t count;

    if (channel->adapter->is_numbered && !next_number(look, &day, &number))
        return true;
    if (!shipments_gather(look->txn, channel, look->now_ms, room, made, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        made[i]->call.day = day;
        made[i]->call.number = number;
        start_add(look, made[i], ADAPTER_UPLOAD, true);
    }
    return true;
}

/* --- a look at one channel --- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When this channel wants to be looked at again for time alone. */
static int64_t next_look_ms(struct look *look, bool is_full)
{
    const struct destination *destination = look->destination;
    int64_t opens_ms = throttle_opens_ms(&destination->throttle);
    int64_t next_ms;

    if (opens_ms > look->now_ms)
        return opens_ms;
    if (wants_key(look))
        return destination->key_ms > look->now_ms ? destination->key_ms : INT64_MAX;
    /* What ends makes room, and is noticed by itself. */
    if (is_full || destination->early_count > 0)
        return INT64_MAX;
    next_ms = outbox_next_due_after_ms(look->txn, destination->channel->channel, look->now_ms);
    return destination->sign_ms > look->now_ms ? earlier(next_ms, destination->sign_ms) : next_ms;
}

/* A dead destination is to be tried with something, and nothing is due: then with a call that is not due yet. */
static bool take_probe(struct look *look, struct error *err)
{
    if (look->room == 0 || throttle_is_alive(&look->destination->throttle) || look->destination->in_flight > 0)
        return true;
    if (!gather_early(look, true, err))
        return false;
    if (!lacks_key(look))
        return take_calls(look, err);
    if (look->destination->early_count > 0)
        take_key(look);
    return true;
}

/* Steps that follow one that has ended: they start this turn. */
static unsigned going_on(const struct look *look)
{
    unsigned count = 0;

    for (size_t i = 0; i < look->courier->start_count; i++)
        count += look->courier->starts[i].destination == look->destination;
    return count;
}

/* While rows wait, questions leave room for two uploads, one that the platform works on and one that waits for it: else
 * it has nothing to do while we write down what it answered. One question is always allowed, and what is put off is
 * looked at when one ends. */
static unsigned room_for_questions(const struct look *look, const struct channel_status *status)
{
    unsigned most = look->destination->in_flight + look->room;
    unsigned asking = 0;

    if (status->count[DELIVERY_QUEUED] == 0)
        return look->room;
    for (const struct transfer *transfer = look->courier->transfers; transfer; transfer = transfer->next)
        asking += transfer->destination == look->destination && transfer->step == ADAPTER_ASK;
    most -= most < 2 * UPLOADS_KEPT ? most / 2 : UPLOADS_KEPT;
    return most > asking ? most - asking : 0;
}

bool courier_stops(struct store_txn *txn, const struct courier_channel *channel, bool *stops, struct error *err)
{
    struct channel_status status;
    struct suspension suspension;

    if (!outbox_status(txn, channel->channel, &status, err))
        return false;
    *stops =
        (status.is_paused && !status.is_draining) ||
        (channel->client && suspension_find(txn, span_of(channel->client), &suspension) && suspension.is_suspended);
    return store_txn_is_good(txn, err);
}

static bool look_at(struct look *look, struct error *err)
{
    struct destination *destination = look->destination;
    struct channel_status status;
    int64_t next_ms;
    bool stops;

    if (!outbox_status(look->txn, destination->channel->channel, &status, err) ||
        !courier_stops(look->txn, destination->channel, &stops, err))
        return false;
    look->courier->has_staged |=
        destination->channel->make_row && stage_waits(look->txn, destination->channel->channel);
    /* What is still in flight when it is paused is judged by what was counted until then. */
    if (destination->was_paused && !stops) {
        destination_forget(destination);
        destination->wants_early = true;
    }
    destination->was_paused = stops;
    if (stops)
        return true;
    if (destination->wants_early && !gather_early(look, false, err))
        return false;
    look->room = throttle_room(&destination->throttle, destination->in_flight + going_on(look), look->now_ms);
    look->ask_room = room_for_questions(look, &status);
    if (wants_key(look))
        take_key(look);
    else if (!take_calls(look, err) || (may_prepare(look, &status) && !take_rows(look, err)) || !take_probe(look, err))
        return false;
    next_ms = next_look_ms(look, look->room == 0);
    look->courier->next_ms = earlier(look->courier->next_ms, next_ms);
    return store_txn_is_good(look->txn, err);
}

/* --- signing: outside of every transaction --- */

static void seal_failed(struct courier *courier, struct start *start, int64_t now_ms, const struct error *why)
{
    struct destination *destination = start->destination;

    shipment_free(TAKE(start->shipment));
    if (why->code == ERR_UNAVAILABLE || why->code == ERR_TIMEOUT) {
        destination->sign_ms =
            now_ms + policy_delay_ms(destination->pace.retry_first_ms, destination->pace.retry_max_ms,
                                     ++destination->sign_failures, 0);
        log_warning("courier", "%s: cannot sign: %s", destination->channel->name, why->text);
        courier->next_ms = earlier(courier->next_ms, destination->sign_ms);
        return;
    }
    courier_add_ending(courier, ending_of_trouble(destination, NULL, ADAPTER_UPLOAD, NET_OWN_FAULT, why->text));
}

/* A new call, or an attempt that is signed for itself. */
static bool is_to_be_signed(const struct start *start)
{
    return start->is_new || (start->shipment && start->destination->channel->adapter->attempt_message);
}

static bool sign_start(struct courier *courier, struct start *start, struct error *err)
{
    struct signer *signer = courier->options->signer;
    int64_t wall_ms = start->destination->wall_ms;

    return (!start->is_new || shipment_seal(start->shipment, signer, wall_ms, err)) &&
           shipment_sign_attempt(start->shipment, signer, wall_ms, err);
}

static void seal_new(struct courier *courier, int64_t now_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < courier->start_count; i++) {
        struct start *start = &courier->starts[i];
        struct error why = {.code = ERR_NONE};

        if (!is_to_be_signed(start)) {
            courier->starts[kept++] = *start;
            continue;
        }
        if (now_ms < start->destination->sign_ms)
            shipment_free(TAKE(start->shipment)); /* the signer did not answer for the one before either */
        else if (!sign_start(courier, start, &why))
            seal_failed(courier, start, now_ms, &why);
        else
            start->destination->sign_failures = 0;
        if (start->shipment)
            courier->starts[kept++] = *start;
    }
    courier->start_count = kept;
}

/* Whatever was queued is due by then at the latest. */
static bool no_earlier_than_the_journal(struct courier *courier, struct store_txn *txn, int64_t *now_ms,
                                        struct error *err)
{
    uint64_t size = journal_size(txn);
    struct event event;
    struct span bytes;

    if (size == 0 || !journal_read(txn, size - 1, &bytes))
        return store_txn_is_good(txn, err);
    if (!event_parse(bytes, &event, err))
        return false;
    *now_ms = tempo_raise(&courier->tempo, event.at_ms);
    return true;
}

static bool look_at_all(struct courier *courier, int64_t now_ms, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    if (!store_begin(courier->options->store, STORE_READ, &txn, err) ||
        !no_earlier_than_the_journal(courier, txn, &now_ms, err))
        return false;
    for (size_t i = 0; i < courier->count; i++) {
        struct look look = {.courier = courier, .destination = &courier->destinations[i], .txn = txn, .now_ms = now_ms};

        if (!look_at(&look, err))
            return false;
    }
    return true;
}

bool courier_gather(struct courier *courier, int64_t now_ms, struct error *err)
{
    courier->next_ms = INT64_MAX;
    courier->has_staged = false;
    if (!look_at_all(courier, now_ms, err))
        return false;
    seal_new(courier, now_ms);
    return true;
}
