/* records_apply.c - the life of a record version: proposed, then returned or effective, then queued.
 *
 * The events were decided before; here they are only checked against the state they must meet, so that a journal that
 * contradicts itself is found and never half applied. */
#include <string.h>

#include "base/text.h"
#include "base/walk.h"
#include "gateway/registry/index.h"
#include "gateway/registry/records.h"
#include "gateway/registry/records_value.h"
#include "gateway/registry/registry.h"
#include "gateway/registry/standing.h"
#include "gateway/registry/subject.h"

static struct span id_of(const struct record *record)
{
    return (struct span){record->id, RECORD_ID_LENGTH};
}

static void list_key(enum record_list list, const struct record *record, struct index_key *key)
{
    index_begin(key, 'l');
    index_bytes(key, &(char){(char)list}, 1);
    index_bytes(key, record->id, RECORD_ID_LENGTH);
}

/* Lists are counted as they change: a walk over a million entries is no way to say how many there are. */
static void count_add(struct store_txn *txn, enum record_list list, int64_t change)
{
    struct index_key key;
    uint8_t value[8];

    records_count_key(list, &key);
    store_key_u64(value, records_count(txn, list) + (uint64_t)change);
    store_put(txn, STORE_RECORD_INDEX, index_span(&key), (struct span){(const char *)value, sizeof value});
}

static void entry_put(struct store_txn *txn, enum record_list list, const struct index_key *key, struct span value)
{
    struct span before;

    if (!store_get(txn, STORE_RECORD_INDEX, index_span(key), &before))
        count_add(txn, list, 1);
    store_put(txn, STORE_RECORD_INDEX, index_span(key), value);
}

static void entry_delete(struct store_txn *txn, enum record_list list, const struct index_key *key)
{
    struct span before;

    if (!store_get(txn, STORE_RECORD_INDEX, index_span(key), &before))
        return;
    store_delete(txn, STORE_RECORD_INDEX, index_span(key));
    count_add(txn, list, -1);
}

static void list_put(struct store_txn *txn, enum record_list list, const struct record *record)
{
    struct index_key key;
    uint8_t version[4];

    list_key(list, record, &key);
    store_key_u32(version, record->version);
    entry_put(txn, list, &key, (struct span){(const char *)version, sizeof version});
}

static void list_delete(struct store_txn *txn, enum record_list list, const struct record *record)
{
    struct index_key key;

    list_key(list, record, &key);
    entry_delete(txn, list, &key);
}

static void event_put(struct store_txn *txn, uint64_t sequence, struct span id)
{
    struct index_key key;

    index_begin(&key, 'e');
    index_bytes(&key, id.at, RECORD_ID_LENGTH);
    index_u64(&key, sequence);
    store_put(txn, STORE_RECORD_INDEX, index_span(&key), SPAN(""));
}

/* The place of a record among those of its obligation, once. */
static void obligation_put(struct store_txn *txn, const struct record *record)
{
    char newest[RECORD_ID_BYTES];
    struct index_key key;
    uint32_t ordinal = 0;

    if (records_of_obligation(txn, record->obligation, newest, &ordinal)) {
        if (memcmp(newest, record->id, RECORD_ID_LENGTH) == 0)
            return;
        ordinal++;
    }
    index_begin(&key, 'o');
    index_bytes(&key, record->obligation, OBLIGATION_ID_BYTES);
    index_u32(&key, ordinal);
    store_put(txn, STORE_RECORD_INDEX, index_span(&key), id_of(record));
}

/* May this version follow what is there? `counted` gets where that is counted. */
static bool fits_newest(struct store_txn *txn, const struct record *record, struct standing_place *counted,
                        struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version newest;
    bool has_newest;
    uint32_t expected = 1;
    struct error none;

    has_newest = records_load(txn, id_of(record), 0, &newest, &hold, &none);
    standing_of_record(txn, record->obligation, has_newest ? &newest : NULL, counted);
    if (has_newest) {
        if (memcmp(newest.record.obligation, record->obligation, OBLIGATION_ID_BYTES) != 0)
            return fail(err, ERR_CONFLICT, "%s belongs to another obligation", record->id);
        expected = newest.state == RECORD_EFFECTIVE  ? newest.record.version + 1
                   : newest.state == RECORD_RETURNED ? newest.record.version
                                                     : 0;
    } else if (none.code != ERR_NOT_FOUND) {
        if (err)
            *err = none;
        return false;
    }
    if (record->version != expected || (record->op == OP_NEW) != (record->version == 1))
        return fail(err, ERR_CONFLICT, "%s: version %u (op %u) does not follow what is held", record->id,
                    record->version, (unsigned)record->op);
    return true;
}

/* Where the obligation and its record are counted now. */
static void count_again(struct store_txn *txn, const struct standing_place *before,
                        const struct record_version *version)
{
    struct standing_place after;

    standing_of_record(txn, version->record.obligation, version, &after);
    standing_move(txn, before, &after);
}

bool records_apply_proposed(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version version = {.state = RECORD_PROPOSED, .proposal = sequence};
    struct record *record = &version.record;
    struct standing_place before;

    if (!record_from_json(event->data, record, &hold, err) || !fits_newest(txn, record, &before, err))
        return false;
    record->proposed_ms = event->at_ms;
    record->proposed_by = event->by;
    record->approved_ms = 0;
    record->approved_by = SPAN_NONE;
    records_store(txn, &version);
    list_delete(txn, RECORDS_RETURNED, record);
    list_put(txn, RECORDS_WAITING, record);
    obligation_put(txn, record);
    count_again(txn, &before, &version);
    event_put(txn, sequence, id_of(record));
    return store_txn_is_good(txn, err);
}

/* The version that an event decides: it must be the one that waits. */
static bool load_waiting(struct store_txn *txn, const struct event *event, struct record_version *version,
                         struct buf *hold, struct error *err)
{
    struct span id = walk_plain_of(event->data, "record");

    if (!records_load(txn, id, 0, version, hold, err))
        return false;
    if (version->state != RECORD_PROPOSED ||
        walk_integer_of(event->data, "version", 0) != (int64_t)version->record.version)
        return fail(err, ERR_CONFLICT, "%s: no such version waits for a decision", version->record.id);
    return true;
}

bool records_apply_returned(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version version;
    struct standing_place before;

    if (!load_waiting(txn, event, &version, &hold, err))
        return false;
    standing_of_record(txn, version.record.obligation, &version, &before);
    version.state = RECORD_RETURNED;
    version.decision = sequence;
    records_store(txn, &version);
    list_delete(txn, RECORDS_WAITING, &version.record);
    list_put(txn, RECORDS_RETURNED, &version.record);
    count_again(txn, &before, &version);
    event_put(txn, sequence, id_of(&version.record));
    return store_txn_is_good(txn, err);
}

static void unsent_key(uint64_t approval, struct index_key *key)
{
    index_begin(key, 'u');
    index_u64(key, approval);
}

static void unsent_put(struct store_txn *txn, uint64_t approval, const struct record *record)
{
    uint8_t value[RECORD_KEY_BYTES];
    struct index_key key;

    unsent_key(approval, &key);
    entry_put(txn, RECORDS_UNSENT, &key, records_key(id_of(record), record->version, value));
}

bool records_is_unsent(struct store_txn *txn, const struct record_version *version)
{
    struct index_key key;
    struct span value;

    unsent_key(version->decision, &key);
    return version->state == RECORD_EFFECTIVE && store_get(txn, STORE_RECORD_INDEX, index_span(&key), &value);
}

/* A version in force: into the lists and into the subject's entry. */
static bool put_effective(struct store_txn *txn, uint64_t sequence, int64_t at_ms, const struct record *record,
                          struct error *err)
{
    if (record_op_ends(record->op))
        list_delete(txn, RECORDS_LIVE, record);
    list_put(txn, record_op_ends(record->op) ? RECORDS_OVER : RECORDS_LIVE, record);
    unsent_put(txn, sequence, record);
    event_put(txn, sequence, id_of(record));
    return subject_put_record(txn, sequence, at_ms, record, err);
}

/* Nobody proposes what the law ends, and nobody approves it: one event is both. */
bool records_apply_expired(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version version = {.state = RECORD_EFFECTIVE, .proposal = sequence, .decision = sequence};
    struct record *record = &version.record;
    struct standing_place before;

    if (!record_from_json(walk_member(event->data, "record"), record, &hold, err) ||
        !fits_newest(txn, record, &before, err))
        return false;
    if (record->op != OP_WITHDRAWN || record->statute.bytes == 0 || !span_is(event->by, STATUTE_PUBLICATION_END))
        return fail(err, ERR_CONFLICT, "%s: this is not what the law makes by itself", record->id);
    if (!instant_parse(walk_plain_of(event->data, "approved_at"), &record->approved_ms))
        return fail(err, ERR_CORRUPT, "record.expired without its instant");
    record->proposed_ms = record->approved_ms;
    record->proposed_by = record->approved_by = event->by;
    records_store(txn, &version);
    list_delete(txn, RECORDS_RETURNED, record);
    count_again(txn, &before, &version);
    return put_effective(txn, sequence, event->at_ms, record, err);
}

bool records_apply_approved(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version version;
    struct record *record = &version.record;
    struct standing_place before;

    if (!load_waiting(txn, event, &version, &hold, err))
        return false;
    standing_of_record(txn, record->obligation, &version, &before);
    if (!instant_parse(walk_plain_of(event->data, "approved_at"), &record->approved_ms))
        return fail(err, ERR_CORRUPT, "record.approved without its instant");
    record->approved_by = event->by;
    version.state = RECORD_EFFECTIVE;
    version.decision = sequence;
    records_store(txn, &version);
    list_delete(txn, RECORDS_WAITING, record);
    count_again(txn, &before, &version);
    return put_effective(txn, sequence, event->at_ms, record, err);
}

bool records_apply_queued(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    struct span record = walk_plain_of(event->data, "record");
    struct record_head version;
    struct index_key key;
    int64_t number = walk_integer_of(event->data, "version", 0);

    if (number <= 0 || number > UINT32_MAX)
        return fail(err, ERR_CORRUPT, "a delivery without a version");
    /* A message of a channel that is no stage is no record. */
    if (!record_id_is_valid(record))
        return true;
    if (!records_head(txn, record, (uint32_t)number, &version, err))
        return false;
    if (version.state != RECORD_EFFECTIVE)
        return fail(err, ERR_CONFLICT, "%.*s version %u is not effective", (int)record.bytes, record.at,
                    version.version);
    event_put(txn, sequence, record);
    if (span_is(walk_plain_of(event->data, "channel"), REGISTRY_FIRST_CHANNEL)) {
        unsent_key(version.decision, &key);
        entry_delete(txn, RECORDS_UNSENT, &key);
    }
    return store_txn_is_good(txn, err);
}

bool records_apply_told(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    return walk_plain_of(event->data, "record").bytes == 0 || records_apply_queued(txn, sequence, event, err);
}
