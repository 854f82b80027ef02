/* Channels that come while the gateway runs: one for each client's webhook. The journal says when each came, so that a
 * rebuild gives it the same number. None ever goes: what was sent through it stays in its keys. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "gateway/outbox/apply.h"

enum { CLIENT_BYTES_MAX = 64 };
_Static_assert(sizeof CHANNEL_WEBHOOK_PREFIX + CLIENT_BYTES_MAX <= (size_t)CHANNEL_NAME_BYTES, "a name fits");

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
}

bool channel_is_webhook_name(struct span name)
{
    size_t prefix = strlen(CHANNEL_WEBHOOK_PREFIX);

    if (!span_starts(name, CHANNEL_WEBHOOK_PREFIX) || name.bytes == prefix || name.bytes > prefix + CLIENT_BYTES_MAX)
        return false;
    for (size_t i = prefix; i < name.bytes; i++) {
        if (!is_plain(name.at[i]))
            return false;
    }
    return true;
}

bool channel_find(struct store_txn *txn, struct span name, enum channel *channel)
{
    struct table_key key;
    struct span value;

    if (channel_parse(name, channel))
        return true;
    if (!channel_is_webhook_name(name))
        return false;
    key = key_named(name);
    if (!store_get(txn, STORE_CHANNELS, table_span(&key), &value) || value.bytes != 1)
        return false;
    *channel = (enum channel)(uint8_t)value.at[0];
    return true;
}

const char *channel_name(struct store_txn *txn, enum channel channel, char name[CHANNEL_NAME_BYTES])
{
    struct table_key key = key_name_of(channel);
    struct span value = SPAN("?");

    if (channel < CHANNEL_COUNT)
        value = span_of(CHANNEL_NAMES[channel]);
    else if (!store_get(txn, STORE_CHANNELS, table_span(&key), &value) || value.bytes >= CHANNEL_NAME_BYTES)
        value = SPAN("?");
    snprintf(name, CHANNEL_NAME_BYTES, "%.*s", (int)value.bytes, value.at);
    return name;
}

unsigned channel_webhooks(struct store_txn *txn)
{
    unsigned count = 0;
    struct span value;

    while (count < CHANNEL_WEBHOOKS_MAX) {
        struct table_key key = key_name_of((enum channel)(CHANNEL_WEBHOOK_FIRST + count));

        if (!store_get(txn, STORE_CHANNELS, table_span(&key), &value))
            break;
        count++;
    }
    return count;
}

enum channel channel_at(struct store_txn *txn, unsigned index)
{
    if (index < CHANNEL_COUNT)
        return (enum channel)index;
    index -= CHANNEL_COUNT;
    return index < channel_webhooks(txn) ? (enum channel)(CHANNEL_WEBHOOK_FIRST + index) : CHANNEL_NONE;
}

bool apply_opened(struct applying *applying, struct error *err)
{
    struct span name;
    const struct field fields[] = {{"channel", FIELD_TEXT, false, &name}};
    struct table_key named;
    struct table_key name_of;
    enum channel channel;
    unsigned count;
    char number;

    if (!fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err))
        return false;
    if (!channel_is_webhook_name(name))
        return fail(err, ERR_INVALID, "\"%.*s\" cannot be opened", (int)name.bytes, name.at);
    if (channel_find(applying->txn, name, &channel))
        return fail(err, ERR_CONFLICT, "the channel %.*s is there already", (int)name.bytes, name.at);
    count = channel_webhooks(applying->txn);
    if (count == CHANNEL_WEBHOOKS_MAX)
        return refuse(err, ERR_LIMIT, "channel.webhooks", "there cannot be more than %d webhooks", "回调端点最多 %d 个",
                      CHANNEL_WEBHOOKS_MAX);
    number = (char)(CHANNEL_WEBHOOK_FIRST + count);
    named = key_named(name);
    name_of = key_name_of((enum channel)(CHANNEL_WEBHOOK_FIRST + count));
    store_put(applying->txn, STORE_CHANNELS, table_span(&named), (struct span){&number, 1});
    store_put(applying->txn, STORE_CHANNELS, table_span(&name_of), name);
    return true;
}
