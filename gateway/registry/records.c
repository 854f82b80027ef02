#include "gateway/registry/records.h"

#include <string.h>

#include "base/text.h"
#include "base/walk.h"
#include "gateway/journal/journal.h"
#include "gateway/registry/index.h"
#include "gateway/registry/obligations_list.h"
#include "gateway/registry/pack.h"
#include "gateway/registry/records_value.h"

const char *const RECORD_STATE_SLUGS[RECORD_STATE_COUNT] = {"", "proposed", "returned", "effective"};
const char *const RECORD_STATE_NAMES[RECORD_STATE_COUNT] = {"", "待审核", "已退回", "已生效"};

struct span records_key(struct span id, uint32_t version, uint8_t key[RECORD_KEY_BYTES])
{
    memcpy(key, id.at, RECORD_ID_LENGTH);
    store_key_u32(key + RECORD_ID_LENGTH, version);
    return (struct span){(const char *)key, RECORD_KEY_BYTES};
}

void records_store(struct store_txn *txn, const struct record_version *version)
{
    AUTO(buf_done) struct buf value = BUF_INIT;
    char head[RECORD_AT_JSON] = {0};
    uint8_t key[RECORD_KEY_BYTES];
    struct span division = version->record.division;

    head[RECORD_AT_STATE] = (char)version->state;
    head[RECORD_AT_GROUND] = (char)version->record.ground;
    if (division.bytes > 0 && division.bytes <= RECORD_DIVISION_BYTES)
        memcpy(head + RECORD_AT_DIVISION, division.at, division.bytes);
    pack_u64(head + RECORD_AT_PROPOSAL, version->proposal);
    pack_u64(head + RECORD_AT_DECISION, version->decision);
    buf_add(&value, head, sizeof head);
    record_json_add(&version->record, &value);
    store_put(txn, STORE_RECORDS,
              records_key((struct span){version->record.id, RECORD_ID_LENGTH}, version->record.version, key),
              buf_span(&value));
}

static bool unpack(struct span value, struct record_version *out, struct buf *hold, struct error *err)
{
    struct record_version version;
    struct span json;

    if (value.bytes <= RECORD_AT_JSON)
        return fail(err, ERR_CORRUPT, "the table of records holds something else");
    json = (struct span){value.at + RECORD_AT_JSON, value.bytes - RECORD_AT_JSON};
    version.state = (enum record_state)value.at[RECORD_AT_STATE];
    version.proposal = unpack_u64(value.at + RECORD_AT_PROPOSAL);
    version.decision = unpack_u64(value.at + RECORD_AT_DECISION);
    if (!record_from_json(json, &version.record, hold, err))
        return false;
    version.json = (struct span){hold->data, json.bytes};
    *out = version;
    return true;
}

static bool unknown(struct store_txn *txn, struct span id, struct error *err)
{
    return store_txn_is_good(txn, err) && refuse(err, ERR_NOT_FOUND, "record.unknown", "%.*s: there is no such record",
                                                 "%.*s：没有这条记录", (int)id.bytes, id.at);
}

/* The newest version below `below`; `*number` may be NULL. */
static bool find_below(struct store_txn *txn, struct span id, uint32_t below, struct span *value, uint32_t *number,
                       struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    uint8_t key[RECORD_KEY_BYTES];
    struct span found;

    if (!record_id_is_valid(id))
        return unknown(txn, id, err);
    if (!store_cursor_open(txn, STORE_RECORDS, &cursor, err))
        return false;
    if (!store_cursor_seek_below(cursor, records_key(id, below, key), &found, value) ||
        found.bytes != RECORD_KEY_BYTES || memcmp(found.at, id.at, RECORD_ID_LENGTH) != 0)
        return unknown(txn, id, err);
    if (number)
        *number = store_read_u32(found.at + RECORD_ID_LENGTH);
    return true;
}

bool records_head(struct store_txn *txn, struct span id, uint32_t version, struct record_head *out, struct error *err)
{
    uint8_t key[RECORD_KEY_BYTES];
    struct span value;

    if (version == 0) {
        if (!find_below(txn, id, UINT32_MAX, &value, &version, err))
            return false;
    } else if (!record_id_is_valid(id) || !store_get(txn, STORE_RECORDS, records_key(id, version, key), &value)) {
        return unknown(txn, id, err);
    }
    if (value.bytes <= RECORD_AT_JSON)
        return fail(err, ERR_CORRUPT, "the table of records holds something else");
    *out = (struct record_head){.version = version,
                                .state = (enum record_state)value.at[RECORD_AT_STATE],
                                .proposal = unpack_u64(value.at + RECORD_AT_PROPOSAL),
                                .decision = unpack_u64(value.at + RECORD_AT_DECISION)};
    return true;
}

bool records_load(struct store_txn *txn, struct span id, uint32_t version, struct record_version *out, struct buf *hold,
                  struct error *err)
{
    uint8_t key[RECORD_KEY_BYTES];
    struct span value;

    if (version == 0)
        return find_below(txn, id, UINT32_MAX, &value, NULL, err) && unpack(value, out, hold, err);
    if (!record_id_is_valid(id) || !store_get(txn, STORE_RECORDS, records_key(id, version, key), &value))
        return unknown(txn, id, err);
    return unpack(value, out, hold, err);
}

bool records_load_effective(struct store_txn *txn, struct span id, struct record_version *out, struct buf *hold,
                            struct error *err)
{
    struct record_version newest;

    if (!records_load(txn, id, 0, &newest, hold, err))
        return false;
    if (newest.state != RECORD_EFFECTIVE) {
        if (newest.record.version == 1)
            return unknown(txn, id, err);
        return records_load(txn, id, newest.record.version - 1, out, hold, err);
    }
    *out = newest;
    return true;
}

bool records_by_prefix(struct store_txn *txn, struct span prefix, char id[RECORD_ID_BYTES], struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    char found_id[RECORD_ID_BYTES] = {0};
    struct span key, value;

    if (prefix.bytes == 0 || prefix.bytes > RECORD_ID_LENGTH)
        return unknown(txn, prefix, err);
    if (!store_cursor_open(txn, STORE_RECORDS, &cursor, err))
        return false;
    if (!store_cursor_seek(cursor, prefix, &key, &value) || memcmp(key.at, prefix.at, prefix.bytes) != 0)
        return unknown(txn, prefix, err);
    memcpy(found_id, key.at, RECORD_ID_LENGTH);
    while (store_cursor_next(cursor, &key, &value) && memcmp(key.at, prefix.at, prefix.bytes) == 0) {
        if (memcmp(key.at, found_id, RECORD_ID_LENGTH) != 0)
            return refuse(err, ERR_CONFLICT, "record.ambiguous", "%.*s: several records begin like this",
                          "%.*s：有多条记录以此开头，请写得更长", (int)prefix.bytes, prefix.at);
    }
    memcpy(id, found_id, sizeof found_id);
    return store_txn_is_good(txn, err);
}

bool records_of_obligation(struct store_txn *txn, const uint8_t obligation[OBLIGATION_ID_BYTES],
                           char id[RECORD_ID_BYTES], uint32_t *ordinal)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct index_key prefix, last;
    struct span key, value;
    struct error err;

    index_begin(&prefix, 'o');
    index_bytes(&prefix, obligation, OBLIGATION_ID_BYTES);
    last = prefix;
    index_u32(&last, UINT32_MAX);
    if (!store_cursor_open(txn, STORE_RECORD_INDEX, &cursor, &err) ||
        !store_cursor_seek_below(cursor, index_span(&last), &key, &value) || !index_has_prefix(key, &prefix) ||
        value.bytes != RECORD_ID_LENGTH)
        return false;
    memset(id, 0, RECORD_ID_BYTES);
    memcpy(id, value.at, RECORD_ID_LENGTH);
    *ordinal = store_read_u32(key.at + prefix.bytes);
    return true;
}

bool records_seal(struct store_txn *txn, const struct record_version *version, struct span *seal, struct error *err)
{
    struct span bytes, raw;
    struct event event;

    if (version->state != RECORD_EFFECTIVE)
        return fail(err, ERR_NOT_FOUND, "%s version %u is not effective", version->record.id, version->record.version);
    if (!journal_read(txn, version->decision, &bytes) || !event_parse(bytes, &event, err))
        return store_txn_is_good(txn, err) && fail(err, ERR_CORRUPT, "a record's approval is not in the journal");
    raw = walk_member(event.data, "seal");
    if (raw.bytes == 0)
        return fail(err, ERR_CORRUPT, "a record's approval has no seal");
    *seal = raw;
    return true;
}

/* --- lists --- */

static void list_prefix(enum record_list list, struct index_key *prefix)
{
    index_begin(prefix, list == RECORDS_UNSENT ? 'u' : 'l');
    if (list != RECORDS_UNSENT)
        index_bytes(prefix, &(char){(char)list}, 1);
}

/* Which version an entry of a list means. */
static bool entry_read(enum record_list list, struct span key, struct span value, struct span *id, uint32_t *version)
{
    struct span entry = list == RECORDS_UNSENT ? value : key;
    size_t skipped = list == RECORDS_UNSENT ? 0 : 2;

    if (entry.bytes < skipped + RECORD_ID_LENGTH ||
        (list == RECORDS_UNSENT ? value.bytes != RECORD_KEY_BYTES : value.bytes != 4))
        return false;
    *id = (struct span){entry.at + skipped, RECORD_ID_LENGTH};
    *version = store_read_u32(list == RECORDS_UNSENT ? value.at + RECORD_ID_LENGTH : value.at);
    return true;
}

/* Judged by the fixed bytes alone, before any JSON is read. */
static bool fits(struct span value, const struct records_filter *filter)
{
    size_t prefix = filter->division ? strlen(filter->division) : 0;

    if (value.bytes <= RECORD_AT_JSON || prefix > RECORD_DIVISION_BYTES)
        return false;
    return (filter->ground < 0 || value.at[RECORD_AT_GROUND] == filter->ground) &&
           (prefix == 0 || memcmp(value.at + RECORD_AT_DIVISION, filter->division, prefix) == 0);
}

static bool has_part(struct span raw, struct span part, struct buf *hold)
{
    AUTO(buf_done) struct buf folded = BUF_INIT;
    struct span text;

    if (part.bytes == 0)
        return true;
    if (!walk_text(raw, hold, &text))
        return false;
    obligations_fold(text, &folded);
    return memmem(buf_text(&folded), folded.bytes, part.at, part.bytes) != NULL;
}

static bool is_decided_between(struct span raw, const struct records_search *search)
{
    int32_t day;

    if (search->decided_from == DAY_NONE && search->decided_to == DAY_NONE)
        return true;
    return day_parse(walk_plain(raw), &day) && (search->decided_from == DAY_NONE || day >= search->decided_from) &&
           (search->decided_to == DAY_NONE || day <= search->decided_to);
}

/* One pass over the record's JSON, and no more is read of it. */
static bool is_found(struct span json, const struct records_search *search)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    size_t prefix = search->uscc ? strlen(search->uscc) : 0;
    struct span name, raw;
    struct walk walk;
    bool fits_so_far = walk_begin(&walk, json);

    while (fits_so_far && walk_next(&walk, &name, &raw)) {
        if (span_is(name, "decided_on"))
            fits_so_far = is_decided_between(raw, search);
        else if (span_is(name, "industry"))
            fits_so_far = has_part(raw, search->industry, &hold);
        else if (span_is(name, "name"))
            fits_so_far = has_part(raw, search->name, &hold);
        else if (span_is(name, "region"))
            fits_so_far = has_part(raw, search->region, &hold);
        else if (span_is(name, "uscc") && prefix > 0)
            fits_so_far = walk_plain(raw).bytes >= prefix && memcmp(walk_plain(raw).at, search->uscc, prefix) == 0;
    }
    return fits_so_far;
}

/* Whether a version of one record is in the list. */
static bool is_listed(struct store_txn *txn, enum record_list list, struct span id, uint32_t number,
                      const struct record_version *version)
{
    struct index_key key;
    struct span value;

    list_prefix(list, &key);
    if (list == RECORDS_UNSENT) {
        index_u64(&key, version->decision);
        return version->state == RECORD_EFFECTIVE && store_get(txn, STORE_RECORD_INDEX, index_span(&key), &value);
    }
    index_bytes(&key, id.at, RECORD_ID_LENGTH);
    return store_get(txn, STORE_RECORD_INDEX, index_span(&key), &value) && value.bytes == 4 &&
           store_read_u32(value.at) == number;
}

static bool scan_record(struct store_txn *txn, const struct records_filter *filter, records_visit *visit, void *context,
                        struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct span id = span_of(filter->record);
    struct record_version version;
    uint8_t key[RECORD_KEY_BYTES];
    struct span value;

    if (!record_id_is_valid(id))
        return true;
    for (uint32_t number = 1; store_get(txn, STORE_RECORDS, records_key(id, number, key), &value); number++) {
        if (!fits(value, filter))
            continue;
        if (!unpack(value, &version, &hold, err))
            return false;
        if (is_listed(txn, filter->list, id, number, &version) && !visit(&version, context))
            break;
    }
    return store_txn_is_good(txn, err);
}

/* Where a page begins. */
static bool page_start(const struct records_page *page, const struct index_key *prefix, struct index_key *start,
                       struct error *err)
{
    *start = *prefix;
    if (page->mark_bytes > sizeof start->at - prefix->bytes)
        return refuse(err, ERR_INVALID, "records.page", "no page of this list begins there",
                      "该列表没有从此处开始的页");
    index_bytes(start, page->mark, page->mark_bytes);
    return true;
}

static void page_stop(struct records_page *page, const struct index_key *prefix, struct span key)
{
    page->mark_bytes = key.bytes - prefix->bytes;
    memcpy(page->mark, key.at + prefix->bytes, page->mark_bytes);
}

bool records_page(struct store_txn *txn, struct records_page *page, records_visit *visit, void *context,
                  struct error *err)
{
    const struct records_filter *filter = &page->filter;
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version version;
    struct index_key prefix, start;
    struct span key, value, id;
    uint8_t record_key[RECORD_KEY_BYTES];
    uint32_t number;
    size_t looks = 0;
    bool goes_on;

    list_prefix(filter->list, &prefix);
    if (!page_start(page, &prefix, &start, err) || !store_cursor_open(txn, STORE_RECORD_INDEX, &cursor, err))
        return false;
    for (goes_on = store_cursor_seek(cursor, index_span(&start), &key, &value);
         goes_on && index_has_prefix(key, &prefix); goes_on = store_cursor_next(cursor, &key, &value)) {
        page_stop(page, &prefix, key);
        if (looks++ == page->looks_max)
            return store_txn_is_good(txn, err);
        if (!entry_read(filter->list, key, value, &id, &number))
            return fail(err, ERR_CORRUPT, "the index of records holds something else");
        if (!store_get(txn, STORE_RECORDS, records_key(id, number, record_key), &value))
            return store_txn_is_good(txn, err) && fail(err, ERR_CORRUPT, "a list names an unknown record");
        if (!fits(value, filter) ||
            (page->search &&
             !is_found((struct span){value.at + RECORD_AT_JSON, value.bytes - RECORD_AT_JSON}, page->search)))
            continue;
        if (!unpack(value, &version, &hold, err))
            return false;
        if (!visit(&version, context))
            return store_txn_is_good(txn, err);
    }
    page->mark_bytes = 0;
    return store_txn_is_good(txn, err);
}

bool records_scan(struct store_txn *txn, const struct records_filter *filter, records_visit *visit, void *context,
                  struct error *err)
{
    struct records_page all = {.filter = *filter, .looks_max = SIZE_MAX};

    if (filter->record)
        return scan_record(txn, filter, visit, context, err);
    return records_page(txn, &all, visit, context, err);
}

void records_count_key(enum record_list list, struct index_key *key)
{
    index_begin(key, 'n');
    index_bytes(key, &(char){(char)list}, 1);
}

uint64_t records_count(struct store_txn *txn, enum record_list list)
{
    struct index_key key;
    struct span value;

    records_count_key(list, &key);
    if (!store_get(txn, STORE_RECORD_INDEX, index_span(&key), &value))
        return 0;
    if (value.bytes != sizeof(uint64_t)) {
        store_txn_spoil(txn, STORE_RECORD_INDEX, "the length of a list is no number: rebuild");
        return 0;
    }
    return store_read_u64(value.at);
}

bool records_events(struct store_txn *txn, struct span id, records_event_visit *visit, void *context, struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct index_key prefix;
    struct span key, value, event;
    uint64_t sequence;
    bool goes_on;

    if (!record_id_is_valid(id))
        return unknown(txn, id, err);
    index_begin(&prefix, 'e');
    index_bytes(&prefix, id.at, RECORD_ID_LENGTH);
    if (!store_cursor_open(txn, STORE_RECORD_INDEX, &cursor, err))
        return false;
    for (goes_on = store_cursor_seek(cursor, index_span(&prefix), &key, &value);
         goes_on && index_has_prefix(key, &prefix); goes_on = store_cursor_next(cursor, &key, &value)) {
        sequence = store_read_u64(key.at + prefix.bytes);
        if (!journal_read(txn, sequence, &event))
            return store_txn_is_good(txn, err) && fail(err, ERR_CORRUPT, "a record's event is not in the journal");
        if (!visit(sequence, event, context))
            break;
    }
    return store_txn_is_good(txn, err);
}
