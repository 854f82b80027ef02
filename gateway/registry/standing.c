#include "gateway/registry/standing.h"

#include <string.h>

#include "base/text.h"
#include "gateway/registry/index.h"

static const struct standing_place NOWHERE = {.due = DAY_NONE, .list = RECORD_LIST_COUNT};

struct standing_key {
    uint8_t at[2 + STANDING_PERSON_BYTES];
    size_t bytes;
};
static struct span key_span(const struct standing_key *key)
{
    return (struct span){(const char *)key->at, key->bytes};
}

static struct standing_key day_key(int32_t due)
{
    struct standing_key key = {.at = {'d'}, .bytes = 5};

    store_key_u32(key.at + 1, (uint32_t)due ^ 0x80000000U);
    return key;
}

static struct standing_key person_key(enum record_list list, struct span person)
{
    struct standing_key key = {.at = {'p', (uint8_t)list}, .bytes = 2};
    size_t bytes = person.bytes < STANDING_PERSON_BYTES ? person.bytes : STANDING_PERSON_BYTES - 1;

    if (bytes > 0)
        memcpy(key.at + key.bytes, person.at, bytes);
    key.bytes += bytes;
    return key;
}

static uint64_t count_read(struct store_txn *txn, struct span value)
{
    if (value.bytes == sizeof(uint64_t))
        return store_read_u64(value.at);
    store_txn_spoil(txn, STORE_RECORD_INDEX, "a count of the register is no number: rebuild");
    return 0;
}

static uint64_t count_at(struct store_txn *txn, const struct standing_key *key)
{
    struct span value;

    return store_get(txn, STORE_RECORD_INDEX, key_span(key), &value) ? count_read(txn, value) : 0;
}

/* What is nowhere any more leaves no trace. */
static void count_add(struct store_txn *txn, const struct standing_key *key, int64_t change)
{
    uint64_t count = count_at(txn, key) + (uint64_t)change;
    uint8_t value[8];

    store_key_u64(value, count);
    if (count == 0)
        store_delete(txn, STORE_RECORD_INDEX, key_span(key));
    else
        store_put(txn, STORE_RECORD_INDEX, key_span(key), (struct span){(const char *)value, sizeof value});
}

bool standing_is_kept(struct store_txn *txn)
{
    struct span value;

    return store_get(txn, STORE_RECORD_INDEX, SPAN("d"), &value) || store_count(txn, STORE_OBLIGATIONS) == 0;
}

bool standing_unproposed(struct store_txn *txn, int32_t day, uint64_t *count, struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct standing_key from = day_key(INT32_MIN);
    struct standing_key until = day_key(day);
    struct span key, value;
    bool goes_on;

    *count = 0;
    if (!store_cursor_open(txn, STORE_RECORD_INDEX, &cursor, err))
        return false;
    for (goes_on = store_cursor_seek(cursor, key_span(&from), &key, &value);
         goes_on && key.bytes == until.bytes && memcmp(key.at, until.at, until.bytes) < 0;
         goes_on = store_cursor_next(cursor, &key, &value))
        *count += count_read(txn, value);
    return store_txn_is_good(txn, err);
}

uint64_t standing_proposed_by(struct store_txn *txn, enum record_list list, struct span person)
{
    struct standing_key key = person_key(list, person);

    return count_at(txn, &key);
}

/* --- what stands for an obligation --- */

static bool stands(struct store_txn *txn, const struct record_version *newest, uint32_t version)
{
    struct obligation_version now;

    if (newest->state == RECORD_RETURNED)
        return false;
    if (newest->state != RECORD_EFFECTIVE || !record_op_ends(newest->record.op))
        return true;
    /* Two people ended the record, and the order is still the one that it rested on. */
    if (version == 0 && obligations_find(txn, newest->record.obligation, 0, &now))
        version = now.version;
    return version == newest->record.basis_version;
}

bool records_stand_for(struct store_txn *txn, const uint8_t obligation[OBLIGATION_ID_BYTES], uint32_t version,
                       char record[RECORD_ID_BYTES], struct record_version *newest, struct buf *hold)
{
    uint32_t ordinal;

    record[0] = '\0';
    return records_of_obligation(txn, obligation, record, &ordinal) &&
           records_load(txn, span_of(record), 0, newest, hold, NULL) && stands(txn, newest, version);
}

/* --- counting --- */

/* `known`: a version of a record that is not in the store as it is now, or NULL. */
static int32_t due_of(struct store_txn *txn, const struct obligation_version *version,
                      const struct record_version *known)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version loaded;
    char record[RECORD_ID_BYTES];
    uint32_t ordinal;

    if (!obligations_is_open(version))
        return DAY_NONE;
    if (!records_of_obligation(txn, version->id, record, &ordinal))
        return obligations_due(version);
    if (!known || memcmp(known->record.id, record, RECORD_ID_LENGTH) != 0) {
        if (!records_load(txn, span_of(record), 0, &loaded, &hold, NULL))
            return obligations_due(version);
        known = &loaded;
    }
    return stands(txn, known, version->version) ? DAY_NONE : obligations_due(version);
}

void standing_of_record(struct store_txn *txn, const uint8_t obligation[OBLIGATION_ID_BYTES],
                        const struct record_version *newest, struct standing_place *out)
{
    struct obligation_version version;
    struct span person = newest ? newest->record.proposed_by : SPAN_NONE;
    size_t bytes = person.bytes < STANDING_PERSON_BYTES ? person.bytes : STANDING_PERSON_BYTES - 1;

    *out = NOWHERE;
    if (obligations_find(txn, obligation, 0, &version))
        out->due = due_of(txn, &version, newest);
    if (newest && newest->state != RECORD_EFFECTIVE)
        out->list = newest->state == RECORD_PROPOSED ? RECORDS_WAITING : RECORDS_RETURNED;
    if (bytes > 0)
        memcpy(out->person, person.at, bytes);
}

static void add(struct store_txn *txn, const struct standing_place *at, int64_t change)
{
    struct standing_key day = day_key(at->due);
    struct standing_key person = person_key(at->list, span_of(at->person));

    if (at->due != DAY_NONE)
        count_add(txn, &day, change);
    if (at->list != RECORD_LIST_COUNT)
        count_add(txn, &person, change);
}

void standing_move(struct store_txn *txn, const struct standing_place *before, const struct standing_place *after)
{
    if (!standing_is_kept(txn) ||
        (before->due == after->due && before->list == after->list && strcmp(before->person, after->person) == 0))
        return;
    add(txn, before, -1);
    add(txn, after, 1);
}

void standing_obligation(struct store_txn *txn, const struct obligation_version *before,
                         const struct obligation_version *after)
{
    struct standing_place from = NOWHERE;
    struct standing_place to = NOWHERE;

    if (store_count(txn, STORE_OBLIGATIONS) == 0)
        store_put(txn, STORE_RECORD_INDEX, SPAN("d"), SPAN(""));
    /* Nothing can stand for what was not there. */
    if (!before) {
        to.due = obligations_is_open(after) ? obligations_due(after) : DAY_NONE;
    } else {
        from.due = due_of(txn, before, NULL);
        to.due = due_of(txn, after, NULL);
    }
    standing_move(txn, &from, &to);
}
