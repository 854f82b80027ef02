#include "gateway/courier/shipment.h"

#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "base/walk.h"
#include "keys/digest.h"

enum { KEY_CHANGES_MAX = 3 };
_Static_assert((int)ADAPTER_KEY_ID_BYTES >= (int)KEY_ID_BYTES, "a key's id fits");

void shipment_free(struct shipment *shipment)
{
    if (!shipment)
        return;
    free(shipment->rows);
    free(shipment->records);
    free(shipment->numbers);
    buf_done(&shipment->json);
    buf_done(&shipment->fixed);
    buf_done(&shipment->prepared);
    adapter_draft_done(&shipment->draft);
    adapter_signature_done(&shipment->signature);
    buf_done(&shipment->attempt_signature);
    free(shipment);
}

static struct shipment *shipment_new(const struct courier_channel *channel, size_t rows)
{
    struct shipment *shipment = memory_new(sizeof *shipment);

    shipment->channel = channel;
    shipment->rows = memory_new(rows * sizeof *shipment->rows);
    shipment->records = memory_new(rows * sizeof *shipment->records);
    shipment->numbers = memory_new(rows * sizeof *shipment->numbers);
    return shipment;
}

static void add_row(struct shipment *shipment, const struct delivery *delivery, bool with_row)
{
    size_t at = shipment->count++;

    shipment->numbers[at] = delivery->number;
    memcpy(shipment->records[at], delivery->record, sizeof shipment->records[at]);
    shipment->rows[at].version = delivery->version;
    if (!with_row)
        return;
    shipment->rows[at].json.bytes = delivery->row.bytes;
    buf_add_span(&shipment->json, delivery->row);
}

/* The buffers have stopped moving: point into them. */
static void settle_rows(struct shipment *shipment)
{
    size_t at = 0;

    for (size_t i = 0; i < shipment->count; i++) {
        shipment->rows[i].record = shipment->records[i];
        shipment->rows[i].json.at = buf_text(&shipment->json) + at; /* never NULL, which has no offset */
        at += shipment->rows[i].json.bytes;
    }
    shipment->call.rows = shipment->rows;
    shipment->call.row_count = shipment->count;
}

/* --- a call of the store --- */

struct loading {
    struct shipment *shipment;
    bool with_rows;
};

static bool load_row(const struct delivery *delivery, void *context)
{
    struct loading *loading = context;

    add_row(loading->shipment, delivery, loading->with_rows);
    return true;
}

bool shipment_load(struct store_txn *txn, const struct courier_channel *channel, const uint8_t id[16], bool with_rows,
                   struct shipment **out, struct error *err)
{
    AUTO(shipment_free) struct shipment *shipment = NULL;
    struct loading loading;
    struct call call;

    if (!outbox_call(txn, id, &call, err))
        return false;
    shipment = shipment_new(channel, call.rows);
    loading = (struct loading){shipment, with_rows};
    if (!outbox_of_call(txn, id, load_row, &loading, err))
        return false;
    if (shipment->count != call.rows)
        return fail(err, ERR_CORRUPT, "a call has %u rows and %zu deliveries", call.rows, shipment->count);
    settle_rows(shipment);
    memcpy(shipment->call.id, id, sizeof shipment->call.id);
    buf_add_span(&shipment->fixed, walk_member(call.prepared, "request"));
    /* Whoever only asks needs the name, too, and it is among what was fixed. */
    if (!with_rows && channel->adapter->is_numbered &&
        !channel->adapter->restore(buf_span(&shipment->fixed), &shipment->call, &shipment->signature, err))
        return false;
    shipment->state = call.state;
    shipment->attempts = call.attempts;
    shipment->asks = call.asks;
    *out = TAKE(shipment);
    return true;
}

bool shipment_remake(struct shipment *shipment, struct error *err)
{
    const struct adapter *adapter = shipment->channel->adapter;

    adapter_draft_done(&shipment->draft);
    if (!adapter->restore(buf_span(&shipment->fixed), &shipment->call, &shipment->signature, err) ||
        !adapter->draft(shipment->channel->config, &shipment->call, &shipment->draft, err))
        return false;
    if (memcmp(shipment->call.sm3, shipment->draft.sm3, sizeof shipment->call.sm3) != 0)
        return fail(err, ERR_CONFLICT, "the bytes come out differently than when the call was prepared");
    return true;
}

/* --- a new call --- */

struct gathering {
    struct store_txn *txn;
    const struct courier_channel *channel;
    uint64_t *due;
    size_t due_count;
    bool *is_taken;
};

static int by_number(const void *a, const void *b)
{
    const struct delivery *left = a;
    const struct delivery *right = b;

    return (left->number > right->number) - (left->number < right->number);
}

/* The first row left and all its like, as many as fit. Returns how many; borrowed rows. */
static bool pick(struct gathering *gathering, struct delivery *picked, size_t *count, struct error *err)
{
    const struct adapter *adapter = gathering->channel->adapter;
    size_t most = adapter_rows_max(adapter, gathering->channel->config);
    size_t bytes = 1;

    *count = 0;
    for (size_t i = 0; i < gathering->due_count && *count < most; i++) {
        struct delivery *delivery = &picked[*count];

        if (gathering->is_taken[i])
            continue;
        if (!outbox_find(gathering->txn, gathering->due[i], delivery, err))
            return false;
        if (*count == 0 && outbox_rows_max(delivery->splits) < most)
            most = outbox_rows_max(delivery->splits);
        if (delivery->splits != picked[0].splits)
            continue;
        bytes += delivery->row.bytes + 1;
        if (*count > 0 && bytes > adapter->rows_bytes_max)
            break;
        gathering->is_taken[i] = true;
        (*count)++;
    }
    return true;
}

static bool make_shipment(struct gathering *gathering, struct delivery *picked, struct shipment **out,
                          struct error *err)
{
    size_t count;

    *out = NULL;
    if (!pick(gathering, picked, &count, err))
        return false;
    if (count == 0)
        return true;
    qsort(picked, count, sizeof *picked, by_number);
    *out = shipment_new(gathering->channel, count);
    for (size_t i = 0; i < count; i++)
        add_row(*out, &picked[i], true);
    settle_rows(*out);
    return true;
}

bool shipments_gather(struct store_txn *txn, const struct courier_channel *channel, int64_t now_ms, size_t max,
                      struct shipment **out, size_t *count, struct error *err)
{
    size_t room = max * adapter_rows_max(channel->adapter, channel->config);
    struct gathering gathering = {.txn = txn, .channel = channel};
    struct delivery *picked = memory_new(ADAPTER_ROWS_MAX * sizeof *picked);
    struct shipment *made = NULL;
    bool is_good = true;

    *count = 0;
    gathering.due = memory_new((room + 1) * sizeof *gathering.due);
    gathering.is_taken = memory_new(room + 1);
    gathering.due_count = outbox_due(txn, channel->channel, now_ms, gathering.due, room);
    while (is_good && *count < max) {
        is_good = make_shipment(&gathering, picked, &made, err);
        if (!is_good || !made)
            break;
        out[(*count)++] = made;
    }
    is_good = is_good && store_txn_is_good(txn, err);
    while (!is_good && *count > 0)
        shipment_free(out[--*count]);
    free(picked);
    free(gathering.due);
    free(gathering.is_taken);
    return is_good;
}

static void prepared_add(const struct shipment *shipment, int64_t now_ms, struct buf *out)
{
    char day[DAY_TEXT_BYTES];

    buf_add_text(out, "{\"call\":\"");
    hex_add(out, shipment->call.id, sizeof shipment->call.id);
    buf_addf(out, "\",\"channel\":\"%s\"", shipment->channel->name);
    if (shipment->call.number > 0)
        buf_addf(out, ",\"day\":\"%s\"", day_format(shipment->call.day, day));
    buf_add_text(out, ",\"deliveries\":[");
    for (size_t i = 0; i < shipment->count; i++)
        buf_addf(out, "%s%llu", i > 0 ? "," : "", (unsigned long long)shipment->numbers[i]);
    buf_addf(out, "],\"due_ms\":%lld", (long long)now_ms);
    if (shipment->call.number > 0)
        buf_addf(out, ",\"number\":%u", shipment->call.number);
    buf_add_text(out, ",\"request\":");
    buf_add_span(out, buf_span(&shipment->fixed));
    buf_add_byte(out, '}');
}

/* The draft may name its key, so it is made for one; when the signer has just changed keys, it is made again. */
static bool sign_draft(struct shipment *shipment, struct signer *signer, struct error *err)
{
    for (unsigned tries = 0; tries < KEY_CHANGES_MAX; tries++) {
        struct span message;

        adapter_draft_done(&shipment->draft);
        buf_clear(&shipment->signature.bytes);
        if (!shipment->channel->adapter->draft(shipment->channel->config, &shipment->call, &shipment->draft, err))
            return false;
        message = (struct span){buf_text(&shipment->draft.message), shipment->draft.signed_bytes};
        if (!signer_sign(signer, KEY_USE_PUSH, KEY_SM2, message, &shipment->signature.bytes, shipment->signature.kid,
                         err))
            return false;
        if (strcmp(shipment->call.kid, shipment->signature.kid) == 0) {
            memcpy(shipment->call.sm3, shipment->draft.sm3, sizeof shipment->call.sm3);
            shipment->call.payload_bytes = shipment->draft.message.bytes - shipment->draft.payload_at;
            return true;
        }
        memcpy(shipment->call.kid, shipment->signature.kid, sizeof shipment->call.kid);
    }
    return fail(err, ERR_UNAVAILABLE, "the signer changes its key again and again");
}

bool shipment_seal(struct shipment *shipment, struct signer *signer, int64_t now_ms, struct error *err)
{
    const struct adapter *adapter = shipment->channel->adapter;
    const struct adapter_config *config = shipment->channel->config;

    random_bytes(shipment->call.id, sizeof shipment->call.id);
    random_bytes(shipment->call.iv, sizeof shipment->call.iv);
    shipment->call.at_ms = now_ms;
    if (adapter->attempt_message) {
        if (!adapter->draft(config, &shipment->call, &shipment->draft, err))
            return false;
    } else if (!signer_kid(signer, KEY_USE_PUSH, KEY_SM2, shipment->call.kid, err) ||
               !sign_draft(shipment, signer, err)) {
        return false;
    }
    adapter->fix(config, &shipment->call, &shipment->draft, &shipment->signature, &shipment->fixed);
    prepared_add(shipment, now_ms, &shipment->prepared);
    shipment->state = CALL_PREPARED;
    return true;
}

bool shipment_sign_attempt(struct shipment *shipment, struct signer *signer, int64_t now_ms, struct error *err)
{
    AUTO(buf_done) struct buf message = BUF_INIT;
    const struct adapter *adapter = shipment->channel->adapter;
    const struct adapter_attempt attempt = {.step = ADAPTER_UPLOAD, .now_ms = now_ms};
    char kid[KEY_ID_BYTES];

    if (!adapter->attempt_message)
        return true;
    buf_clear(&shipment->attempt_signature);
    shipment->attempt_ms = now_ms;
    adapter->attempt_message(shipment->channel->config, &shipment->call, &shipment->draft, &attempt, &message);
    return message.bytes == 0 ||
           signer_sign(signer, KEY_USE_ANSWER, KEY_ED25519, buf_span(&message), &shipment->attempt_signature, kid, err);
}
