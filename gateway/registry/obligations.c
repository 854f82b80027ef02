/* obligations.c - one small value per version; the row's JSON stays in the journal, where it is anyway: half the bytes
 * to write for each imported row (of it only what lists are searched by), and the key's order makes "the newest" one
 * step of a cursor. */
#include "gateway/registry/obligations.h"

#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "base/walk.h"
#include "gateway/journal/journal.h"
#include "gateway/registry/announced.h"
#include "gateway/registry/obligations_value.h"
#include "gateway/registry/pack.h"
#include "gateway/registry/standing.h"
#include "gateway/registry/subject.h"

enum { DIVISION_BYTES = 6, USCC_BYTES = 18, PREFIX_MIN = 6 };

struct span obligations_key(const uint8_t id[OBLIGATION_ID_BYTES], uint32_t version, uint8_t key[OBLIGATION_KEY_BYTES])
{
    memcpy(key, id, OBLIGATION_ID_BYTES);
    store_key_u32(key + OBLIGATION_ID_BYTES, version);
    return (struct span){(const char *)key, OBLIGATION_KEY_BYTES};
}

bool obligations_unpack(struct span key, struct span value, struct obligation_version *out)
{
    const char *at = value.at;

    if (key.bytes != OBLIGATION_KEY_BYTES || value.bytes < OBLIGATION_AT_LENGTHS ||
        (uint8_t)at[OBLIGATION_AT_STATE] >= STATE_COUNT || (uint8_t)at[OBLIGATION_AT_GROUND] >= GROUND_COUNT)
        return false;
    memset(out, 0, sizeof *out);
    memcpy(out->id, key.at, OBLIGATION_ID_BYTES);
    out->version = store_read_u32(key.at + OBLIGATION_ID_BYTES);
    out->state = (enum obligation_state)at[OBLIGATION_AT_STATE];
    out->ground = (enum ground)at[OBLIGATION_AT_GROUND];
    out->order_date = (int32_t)unpack_u32(at + OBLIGATION_AT_ORDER_DATE);
    out->deadline = (int32_t)unpack_u32(at + OBLIGATION_AT_DEADLINE);
    out->extended_to = (int32_t)unpack_u32(at + OBLIGATION_AT_EXTENDED_TO);
    out->exit_date = (int32_t)unpack_u32(at + OBLIGATION_AT_EXIT_DATE);
    out->line = unpack_u32(at + OBLIGATION_AT_LINE);
    out->sequence = unpack_u64(at + OBLIGATION_AT_SEQUENCE);
    out->at_ms = (int64_t)unpack_u64(at + OBLIGATION_AT_INSTANT);
    memcpy(out->division, at + OBLIGATION_AT_DIVISION, DIVISION_BYTES);
    memcpy(out->uscc, at + OBLIGATION_AT_USCC, USCC_BYTES);
    return true;
}

static void pack(const struct obligation_version *version, char value[OBLIGATION_AT_LENGTHS])
{
    memset(value, 0, OBLIGATION_AT_LENGTHS);
    value[OBLIGATION_AT_STATE] = (char)version->state;
    value[OBLIGATION_AT_GROUND] = (char)version->ground;
    pack_u32(value + OBLIGATION_AT_ORDER_DATE, (uint32_t)version->order_date);
    pack_u32(value + OBLIGATION_AT_DEADLINE, (uint32_t)version->deadline);
    pack_u32(value + OBLIGATION_AT_EXTENDED_TO, (uint32_t)version->extended_to);
    pack_u32(value + OBLIGATION_AT_EXIT_DATE, (uint32_t)version->exit_date);
    pack_u32(value + OBLIGATION_AT_LINE, version->line);
    pack_u64(value + OBLIGATION_AT_SEQUENCE, version->sequence);
    pack_u64(value + OBLIGATION_AT_INSTANT, (uint64_t)version->at_ms);
    memcpy(value + OBLIGATION_AT_DIVISION, version->division, DIVISION_BYTES);
    memcpy(value + OBLIGATION_AT_USCC, version->uscc, USCC_BYTES);
}

static bool find_newest(struct store_txn *txn, const uint8_t id[OBLIGATION_ID_BYTES], struct obligation_version *out)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    uint8_t key[OBLIGATION_KEY_BYTES];
    struct span found, value;
    struct error err;

    /* No obligation has 2^32 - 1 versions. */
    return store_cursor_open(txn, STORE_OBLIGATIONS, &cursor, &err) &&
           store_cursor_seek_below(cursor, obligations_key(id, UINT32_MAX, key), &found, &value) &&
           found.bytes == OBLIGATION_KEY_BYTES && memcmp(found.at, id, OBLIGATION_ID_BYTES) == 0 &&
           obligations_unpack(found, value, out);
}

bool obligations_find(struct store_txn *txn, const uint8_t id[OBLIGATION_ID_BYTES], uint32_t version,
                      struct obligation_version *out)
{
    uint8_t key[OBLIGATION_KEY_BYTES];
    struct span value;

    if (version == 0)
        return find_newest(txn, id, out);
    return store_get(txn, STORE_OBLIGATIONS, obligations_key(id, version, key), &value) &&
           obligations_unpack((struct span){(const char *)key, OBLIGATION_KEY_BYTES}, value, out);
}

bool obligations_json(struct store_txn *txn, const struct obligation_version *version, struct span *json,
                      struct error *err)
{
    struct event event;
    struct span bytes, row;

    if (!journal_read(txn, version->sequence, &bytes))
        return store_txn_is_good(txn, err) && fail(err, ERR_CORRUPT, "an obligation's event is not in the journal");
    if (!event_parse(bytes, &event, err))
        return false;
    row = walk_member(event.data, "row");
    if (row.bytes == 0)
        return fail(err, ERR_CORRUPT, "an obligation's event has no row");
    *json = row;
    return true;
}

bool obligations_row(struct store_txn *txn, const struct obligation_version *version, struct obligation *out,
                     struct buf *hold, struct error *err)
{
    struct span json;

    return obligations_json(txn, version, &json, err) && obligation_from_json(json, out, hold, err);
}

int32_t obligations_due(const struct obligation_version *version)
{
    return version->extended_to == DAY_NONE ? version->deadline : version->extended_to;
}

bool obligations_is_open(const struct obligation_version *version)
{
    return obligation_is_open(&(struct obligation){.state = version->state});
}

bool obligations_is_overdue(const struct obligation_version *version, int32_t day)
{
    return obligations_is_open(version) && day > obligations_due(version);
}

static bool fits(const struct obligation_version *version, const struct obligations_filter *filter)
{
    size_t prefix = filter->division ? strlen(filter->division) : 0;

    if (filter->ground >= 0 && (int)version->ground != filter->ground)
        return false;
    if (filter->state >= 0 && (int)version->state != filter->state)
        return false;
    if (prefix > 0 && strncmp(version->division, filter->division, prefix) != 0)
        return false;
    return filter->overdue_on == DAY_NONE || obligations_is_overdue(version, filter->overdue_on);
}

/* The row is read only for those that fit so far: the name of the authority is in it alone. */
static bool check_authority(struct store_txn *txn, const struct obligation_version *version,
                            const struct obligations_filter *filter, bool *fits_too, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct span json, name;

    *fits_too = true;
    if (!filter->authority || !filter->authority[0])
        return true;
    if (!obligations_json(txn, version, &json, err))
        return false;
    *fits_too =
        walk_text(walk_member(json, COLUMN_KEYS[COLUMN_AUTHORITY]), &hold, &name) && span_is(name, filter->authority);
    return true;
}

struct scan {
    struct store_txn *txn;
    const struct obligations_filter *filter;
    obligations_visit *visit;
    void *context;
    bool is_over; /* the visitor has enough */
};

static bool scan_one(struct scan *scan, const struct obligation_version *newest, struct error *err)
{
    bool fits_too;

    if (!fits(newest, scan->filter))
        return true;
    if (!check_authority(scan->txn, newest, scan->filter, &fits_too, err))
        return false;
    scan->is_over = fits_too && !scan->visit(newest, scan->context);
    return true;
}

bool obligations_scan(struct store_txn *txn, const struct obligations_filter *filter, obligations_visit *visit,
                      void *context, struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct scan scan = {txn, filter, visit, context, false};
    struct obligation_version newest;
    struct span key, value;
    bool has_one = false;
    bool goes_on;

    if (!store_cursor_open(txn, STORE_OBLIGATIONS, &cursor, err))
        return false;
    goes_on = store_cursor_seek(cursor, SPAN_NONE, &key, &value);
    while (goes_on && !scan.is_over) {
        if (has_one && memcmp(newest.id, key.at, OBLIGATION_ID_BYTES) != 0 && !scan_one(&scan, &newest, err))
            return false;
        if (!obligations_unpack(key, value, &newest))
            return fail(err, ERR_CORRUPT, "the table of obligations holds something else");
        has_one = true;
        goes_on = store_cursor_next(cursor, &key, &value);
    }
    if (has_one && !scan.is_over && !scan_one(&scan, &newest, err))
        return false;
    return store_txn_is_good(txn, err);
}

bool obligations_of_subject(struct store_txn *txn, struct span uscc, obligations_visit *visit, void *context,
                            struct error *err)
{
    struct obligation_version version;
    struct subject_walk walk;
    struct subject_item item;
    struct subject subject;

    if (!subject_find(txn, uscc, &subject))
        return store_txn_is_good(txn, err);
    subject_walk_begin(&walk, &subject);
    while (subject_walk_next(&walk, &item)) {
        if (item.kind != SUBJECT_OBLIGATION || item.until_ms != SUBJECT_FOREVER)
            continue;
        if (!obligations_find(txn, item.obligation, item.version, &version))
            return store_txn_is_good(txn, err) && fail(err, ERR_CORRUPT, "a subject names an unknown obligation");
        if (!visit(&version, context))
            break;
    }
    return store_txn_is_good(txn, err);
}

bool obligations_history(struct store_txn *txn, const uint8_t id[OBLIGATION_ID_BYTES], obligations_visit *visit,
                         void *context, struct error *err)
{
    struct obligation_version version;

    for (uint32_t number = 1; obligations_find(txn, id, number, &version); number++) {
        if (!visit(&version, context))
            break;
    }
    return store_txn_is_good(txn, err);
}

void obligation_id_text(const uint8_t id[OBLIGATION_ID_BYTES], char text[33])
{
    static const char DIGITS[] = "0123456789abcdef";

    for (int i = 0; i < OBLIGATION_ID_BYTES; i++) {
        text[2 * i] = DIGITS[id[i] >> 4];
        text[2 * i + 1] = DIGITS[id[i] & 15];
    }
    text[32] = '\0';
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool obligation_id_parse(struct span hex, uint8_t id[OBLIGATION_ID_BYTES])
{
    if (hex.bytes != 2 * OBLIGATION_ID_BYTES)
        return false;
    for (size_t i = 0; i < hex.bytes; i++) {
        if (nibble(hex.at[i]) < 0)
            return false;
    }
    for (size_t i = 0; i < OBLIGATION_ID_BYTES; i++)
        id[i] = (uint8_t)(nibble(hex.at[2 * i]) << 4 | nibble(hex.at[2 * i + 1]));
    return true;
}

/* The smallest id that begins with these digits, or the largest. */
static bool bound(struct span hex, char filler, uint8_t id[OBLIGATION_ID_BYTES])
{
    char text[2 * OBLIGATION_ID_BYTES];

    if (hex.bytes < PREFIX_MIN || hex.bytes > sizeof text)
        return false;
    memset(text, filler, sizeof text);
    memcpy(text, hex.at, hex.bytes);
    return obligation_id_parse((struct span){text, sizeof text}, id);
}

bool obligations_by_prefix(struct store_txn *txn, struct span hex, struct obligation_version *out, struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    uint8_t low[OBLIGATION_ID_BYTES], high[OBLIGATION_ID_BYTES], key[OBLIGATION_KEY_BYTES];
    struct obligation_version first, last;
    struct span found, value;

    if (!bound(hex, '0', low) || !bound(hex, 'f', high))
        return refuse(err, ERR_INVALID, "obligation.id", "%.*s: an obligation is named by at least %d hex digits",
                      "%.*s：请用至少 %d 位十六进制数字指明任务", (int)hex.bytes, hex.at, PREFIX_MIN);
    if (!store_cursor_open(txn, STORE_OBLIGATIONS, &cursor, err))
        return false;
    if (!store_cursor_seek(cursor, obligations_key(low, 0, key), &found, &value) ||
        !obligations_unpack(found, value, &first) || memcmp(first.id, high, OBLIGATION_ID_BYTES) > 0)
        return store_txn_is_good(txn, err) &&
               refuse(err, ERR_NOT_FOUND, "obligation.unknown", "%.*s: there is no such obligation",
                      "%.*s：没有这项退出任务", (int)hex.bytes, hex.at);
    if (!store_cursor_seek_below(cursor, obligations_key(high, UINT32_MAX, key), &found, &value) ||
        !obligations_unpack(found, value, &last))
        return store_txn_is_good(txn, err) && fail(err, ERR_CORRUPT, "the table of obligations is not in order");
    if (memcmp(first.id, last.id, OBLIGATION_ID_BYTES) != 0)
        return refuse(err, ERR_CONFLICT, "obligation.ambiguous", "%.*s: several obligations begin like this",
                      "%.*s：有多项退出任务以此开头，请写得更长", (int)hex.bytes, hex.at);
    *out = last;
    return true;
}

static bool fill(struct obligation_version *version, const struct obligation *row, struct error *err)
{
    if (row->field[COLUMN_USCC].bytes != USCC_BYTES || row->field[COLUMN_DIVISION].bytes > DIVISION_BYTES)
        return fail(err, ERR_CORRUPT, "an obligation without a code of 18 characters");
    version->state = row->state;
    version->ground = row->ground;
    version->order_date = row->order_date;
    version->deadline = row->deadline;
    version->extended_to = row->extended_to;
    version->exit_date = row->exit_date;
    if (row->field[COLUMN_DIVISION].bytes > 0)
        memcpy(version->division, row->field[COLUMN_DIVISION].at, row->field[COLUMN_DIVISION].bytes);
    memcpy(version->uscc, row->field[COLUMN_USCC].at, USCC_BYTES);
    return true;
}

/* One pass over the event: a row is long, and there are millions. */
static bool read_data(struct span data, struct obligation_version *version, struct span *row)
{
    struct span name, raw;
    struct walk walk;
    int64_t number;
    bool has_id = false;

    if (!walk_begin(&walk, data))
        return false;
    while (walk_next(&walk, &name, &raw)) {
        if (span_is(name, "row"))
            *row = raw;
        else if (span_is(name, "obligation") && raw.bytes > 2)
            has_id = obligation_id_parse((struct span){raw.at + 1, raw.bytes - 2}, version->id);
        else if (span_is(name, "line") && walk_integer(raw, &number))
            version->line = (uint32_t)number;
        else if (span_is(name, "version") && walk_integer(raw, &number))
            version->version = (uint32_t)number;
    }
    return has_id && row->bytes > 0;
}

bool obligations_apply(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    AUTO(buf_done) struct buf value = BUF_INIT;
    struct obligation_version version = {.sequence = sequence, .at_ms = event->at_ms};
    struct obligation_version before = {.version = 0};
    struct obligation row;
    char head[OBLIGATION_AT_LENGTHS];
    uint8_t key[OBLIGATION_KEY_BYTES];
    struct span json = SPAN_NONE;

    if (!read_data(event->data, &version, &json))
        return fail(err, ERR_CORRUPT, "obligation.recorded without an obligation");
    if (!obligation_from_json(json, &row, &hold, err) || !fill(&version, &row, err))
        return false;
    if (find_newest(txn, version.id, &before) && memcmp(before.uscc, version.uscc, USCC_BYTES) != 0)
        return fail(err, ERR_CONFLICT, "two enterprises' obligations share an id");
    if (version.version != before.version + 1)
        return fail(err, ERR_CONFLICT, "obligation version %u after %u", version.version, before.version);
    announced_put(txn, before.version > 0 ? &before : NULL, &version, &row);
    standing_obligation(txn, before.version > 0 ? &before : NULL, &version);
    pack(&version, head);
    buf_add(&value, head, sizeof head);
    obligations_texts_add(&row, &value);
    store_put(txn, STORE_OBLIGATIONS, obligations_key(version.id, version.version, key), buf_span(&value));
    return subject_put_obligation(txn, &version, &row, err);
}
