/* Names of calls that count by the day.
 *
 * The receiver wants 00001, 00002, … of each day without a gap, and a name, once it was used, never stands for other
 * bytes. The last place given is kept for each channel. A day that goes on takes the next number, a later day begins
 * with 1; an earlier day never comes back, whatever the clock says. The call with the last place may give it back when
 * it surely never arrived. An earlier one cannot: there would be a gap before the names that followed. */
#include "gateway/outbox/number.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "base/text.h"
#include "base/time.h"
#include "base/walk.h"

static bool number_load(struct store_txn *txn, enum channel channel, struct number_entry *out)
{
    struct table_key key = key_number(channel);
    struct span value;

    memset(out, 0, sizeof *out);
    if (!store_get(txn, STORE_CHANNELS, table_span(&key), &value) || value.bytes != sizeof *out)
        return false;
    memcpy(out, value.at, sizeof *out);
    return true;
}

static void number_save(struct store_txn *txn, enum channel channel, const struct number_entry *entry)
{
    struct table_key key = key_number(channel);

    store_put(txn, STORE_CHANNELS, table_span(&key), (struct span){(const char *)entry, sizeof *entry});
}

void outbox_last_number(struct store_txn *txn, enum channel channel, int32_t *day, uint32_t *number)
{
    struct number_entry last;

    (void)number_load(txn, channel, &last);
    *day = last.day;
    *number = last.number;
}

bool number_read(struct span day, int64_t number, struct number_entry *out, struct error *err)
{
    memset(out, 0, sizeof *out);
    if (!day.at && number < 0)
        return true;
    if (!day_parse(day, &out->day) || out->day <= 0)
        return fail(err, ERR_INVALID, "\"day\" is no day, or there is a \"number\" without one");
    if (number < 1 || number > ADAPTER_NUMBER_MAX)
        return fail(err, ERR_INVALID, "\"number\" is not from 1 to %d, or there is a \"day\" without one",
                    ADAPTER_NUMBER_MAX);
    out->number = (uint32_t)number;
    return true;
}

bool number_follows(struct store_txn *txn, enum channel channel, const struct number_entry *place, struct error *err)
{
    struct number_entry last;
    bool is_numbered = number_load(txn, channel, &last);
    char text[DAY_TEXT_BYTES];

    if (place->number == 0)
        return !is_numbered || fail(err, ERR_CONFLICT, "calls of this channel have a day and a number");
    if (place->day == last.day ? place->number == last.number + 1 : place->day > last.day && place->number == 1)
        return true;
    return fail(err, ERR_CONFLICT, "number %u of %s does not follow the last one, %u of day %d", place->number,
                day_format(place->day, text), last.number, last.day);
}

void number_taken(struct store_txn *txn, enum channel channel, const struct number_entry *place)
{
    if (place->number > 0)
        number_save(txn, channel, place);
}

static bool took_rows(struct store_txn *txn, const uint8_t id[16], struct span list, bool *out, struct error *err)
{
    uint64_t *numbers;
    size_t count;

    if (!numbers_read(list, &numbers, &count, err))
        return false;
    *out = false;
    for (size_t i = 0; i < count && !*out; i++) {
        struct delivery_entry row;

        *out = delivery_load(txn, numbers[i], &row, NULL) && row.state == DELIVERY_ACKNOWLEDGED &&
               memcmp(row.call, id, sizeof row.call) == 0;
    }
    free(numbers);
    return true;
}

bool number_of_call(struct store_txn *txn, const uint8_t id[16], struct number_entry *out, struct error *err)
{
    struct table_key key = key_call(id, 1);
    struct number_entry place;
    struct span data;
    bool is_used = false;

    if (!store_get(txn, STORE_CALLS, table_span(&key), &data))
        return fail(err, ERR_CORRUPT, "a call has lost its data");
    if (!number_read(walk_plain_of(data, "day"), walk_integer_of(data, "number", -1), &place, err) ||
        (place.number > 0 && !took_rows(txn, id, walk_member(data, "deliveries"), &is_used, err)))
        return false;
    *out = is_used ? (struct number_entry){0} : place;
    return true;
}

bool number_is_last(struct store_txn *txn, enum channel channel, const struct number_entry *place)
{
    struct number_entry last;

    (void)number_load(txn, channel, &last);
    return place->number == 0 || (place->day == last.day && place->number == last.number);
}

void number_give_back(struct store_txn *txn, enum channel channel, const struct number_entry *place)
{
    struct number_entry before = *place;

    if (place->number == 0)
        return;
    before.number--; /* the day stays: no earlier one may be used any more */
    number_save(txn, channel, &before);
}
