#include "gateway/registry/registry.h"

#include "base/text.h"
#include "gateway/registry/index.h"
#include "gateway/registry/obligations.h"
#include "gateway/registry/records.h"

typedef bool event_apply(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err);

bool registry_since(struct store_txn *txn, int64_t *at_ms, uint64_t *sequence)
{
    struct index_key key;
    struct span value;

    index_begin(&key, 's');
    if (!store_get(txn, STORE_RECORD_INDEX, index_span(&key), &value))
        return false;
    if (value.bytes != sizeof *at_ms + sizeof *sequence) {
        store_txn_spoil(txn, STORE_RECORD_INDEX, "the instant of the first import is not one: rebuild");
        return false;
    }
    *at_ms = (int64_t)store_read_u64(value.at);
    *sequence = store_read_u64(value.at + sizeof *at_ms);
    return true;
}

static void begin_register(struct store_txn *txn, uint64_t sequence, int64_t at_ms)
{
    struct index_key key;
    uint8_t value[sizeof at_ms + sizeof sequence];
    int64_t since;
    uint64_t since_sequence;

    if (registry_since(txn, &since, &since_sequence) || store_count(txn, STORE_OBLIGATIONS) == 0)
        return;
    index_begin(&key, 's');
    store_key_u64(value, (uint64_t)at_ms);
    store_key_u64(value + sizeof at_ms, sequence);
    store_put(txn, STORE_RECORD_INDEX, index_span(&key), (struct span){(const char *)value, sizeof value});
}

static bool import_finished(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    struct index_key key;

    index_begin(&key, 'i');
    index_u64(&key, sequence);
    store_put(txn, STORE_RECORD_INDEX, index_span(&key), event->data);
    begin_register(txn, sequence, event->at_ms);
    return store_txn_is_good(txn, err);
}

static bool names_registered(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    struct index_key key;

    index_begin(&key, 'm');
    index_u64(&key, sequence);
    store_put(txn, STORE_RECORD_INDEX, index_span(&key), event->data);
    return store_txn_is_good(txn, err);
}

bool registry_names(struct store_txn *txn, uint64_t *sequence, struct span *data)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct index_key prefix, end;
    struct span key;
    struct error err;

    index_begin(&prefix, 'm');
    index_begin(&end, 'm' + 1);
    if (!store_cursor_open(txn, STORE_RECORD_INDEX, &cursor, &err) ||
        !store_cursor_seek_below(cursor, index_span(&end), &key, data) || !index_has_prefix(key, &prefix) ||
        key.bytes != prefix.bytes + sizeof *sequence)
        return false;
    *sequence = store_read_u64(key.at + prefix.bytes);
    return true;
}

static const struct {
    const char *type;
    event_apply *apply;
} TYPES[] = {
    {"obligation.recorded", obligations_apply},  {"record.proposed", records_apply_proposed},
    {"record.approved", records_apply_approved}, {"delivery.queued", records_apply_queued},
    {"delivery.skipped", records_apply_queued},  {"record.returned", records_apply_returned},
    {"delivery.held", records_apply_queued},     {"import.finished", import_finished},
    {"record.expired", records_apply_expired},   {"delivery.repeated", records_apply_queued},
    {"delivery.requeued", records_apply_told},   {"delivery.superseded", records_apply_told},
    {"names.registered", names_registered},
};

static event_apply *find(struct span type)
{
    for (size_t i = 0; i < COUNT_OF(TYPES); i++) {
        if (span_is(type, TYPES[i].type))
            return TYPES[i].apply;
    }
    return NULL;
}

bool registry_applies(struct span type)
{
    return find(type) != NULL;
}

bool registry_apply(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    event_apply *apply = find(event->type);

    if (!apply)
        return fail(err, ERR_CORRUPT, "the registry knows no event %.*s", (int)event->type.bytes, event->type.at);
    return apply(txn, sequence, event, err);
}

bool registry_imports(struct store_txn *txn, registry_import_visit *visit, void *context, struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct index_key prefix, end;
    struct span key, value;
    bool goes_on;

    index_begin(&prefix, 'i');
    index_begin(&end, 'i' + 1);
    if (!store_cursor_open(txn, STORE_RECORD_INDEX, &cursor, err))
        return false;
    for (goes_on = store_cursor_seek_below(cursor, index_span(&end), &key, &value);
         goes_on && index_has_prefix(key, &prefix); goes_on = store_cursor_previous(cursor, &key, &value)) {
        if (!visit(store_read_u64(key.at + prefix.bytes), value, context))
            break;
    }
    return store_txn_is_good(txn, err);
}
