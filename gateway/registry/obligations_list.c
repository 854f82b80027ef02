/* obligations_list.c - a list reads the table from end to end, since any filter may be asked for and one row in a
 * hundred thousand costs less than a microsecond. What the filter needs stands in the value, so that neither the
 * journal nor JSON is read for what does not fit. */
#include "gateway/registry/obligations_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/registry/obligations_value.h"
#include "gateway/registry/pack.h"
#include "gateway/registry/standing.h"

enum { USCC_BYTES = 18, FOUND_FIRST = 64 };
/* What it costs to see whether there is a record, and to read one, in obligations looked at. */
enum { LOOKS_RECORD = 4, LOOKS_RECORD_READ = 12 };

const char *const OBLIGATIONS_ORDER_NAMES[OBLIGATIONS_ORDER_COUNT] = {"changed", "code", "due", "-due"};
static const size_t ORDER_BYTES[OBLIGATIONS_ORDER_COUNT] = {8, USCC_BYTES, 4, 4};

/* --- texts --- */

/* U+FF01 to U+FF5E are ASCII in full width: EF BC 81 to EF BD 9E. U+3000 and U+00A0 are spaces. */
static size_t character(const unsigned char *at, size_t bytes, int *ascii)
{
    *ascii = -1;
    if (at[0] < 0x80) {
        *ascii = at[0];
        return 1;
    }
    if (bytes >= 2 && at[0] == 0xc2 && at[1] == 0xa0) {
        *ascii = ' ';
        return 2;
    }
    if (bytes < 3 || (at[0] != 0xef && at[0] != 0xe3))
        return 1;
    if (at[0] == 0xe3 && at[1] == 0x80 && at[2] == 0x80)
        *ascii = ' ';
    if (at[0] == 0xef && at[1] == 0xbc && at[2] >= 0x81)
        *ascii = at[2] - 0x81 + '!';
    if (at[0] == 0xef && at[1] == 0xbd && at[2] <= 0x9e)
        *ascii = at[2] - 0x80 + '`';
    return *ascii < 0 ? 1 : 3;
}

void obligations_fold(struct span text, struct buf *out)
{
    const unsigned char *at = (const unsigned char *)text.at;
    size_t took;
    int ascii;

    for (size_t i = 0; i < text.bytes; i += took) {
        took = character(at + i, text.bytes - i, &ascii);
        if (ascii < 0)
            buf_add(out, at + i, took);
        else if (ascii != ' ')
            buf_add_byte(out, (char)(ascii >= 'A' && ascii <= 'Z' ? ascii - 'A' + 'a' : ascii));
    }
}

void obligations_texts_add(const struct obligation *row, struct buf *value)
{
    static const enum column COLUMNS[OBLIGATION_TEXTS] = {COLUMN_NAME, COLUMN_REGION, COLUMN_INDUSTRY};
    char lengths[2 * OBLIGATION_TEXTS] = {0};
    size_t at = value->bytes;

    buf_add(value, lengths, sizeof lengths);
    for (size_t i = 0; i < OBLIGATION_TEXTS; i++) {
        size_t before = value->bytes;

        obligations_fold(row->field[COLUMNS[i]], value);
        pack_u16(value->data + at + 2 * i, (uint16_t)(value->bytes - before));
    }
}

bool obligations_texts(struct span value, struct obligation_texts *out)
{
    size_t at = OBLIGATION_AT_TEXTS;

    if (value.bytes < OBLIGATION_AT_TEXTS)
        return false;
    for (size_t i = 0; i < OBLIGATION_TEXTS; i++) {
        size_t bytes = unpack_u16(value.at + OBLIGATION_AT_LENGTHS + 2 * i);

        if (bytes > value.bytes - at)
            return false;
        out->text[i] = (struct span){value.at + at, bytes};
        at += bytes;
    }
    return at == value.bytes;
}

/* --- what fits --- */

static int32_t day_at(struct span value, size_t at)
{
    return (int32_t)unpack_u32(value.at + at);
}

static int32_t due_of(struct span value)
{
    int32_t extended_to = day_at(value, OBLIGATION_AT_EXTENDED_TO);

    return extended_to == DAY_NONE ? day_at(value, OBLIGATION_AT_DEADLINE) : extended_to;
}

static bool has_prefix(const char *text, size_t bytes, const char *prefix)
{
    size_t wanted = prefix ? strlen(prefix) : 0;

    return wanted == 0 || (wanted <= bytes && memcmp(text, prefix, wanted) == 0);
}

static bool fits_head(struct span value, const struct obligations_search *search)
{
    const struct obligations_filter *filter = &search->filter;
    enum obligation_state state = (enum obligation_state)value.at[OBLIGATION_AT_STATE];
    int32_t due = due_of(value);

    if ((filter->ground >= 0 && value.at[OBLIGATION_AT_GROUND] != filter->ground) ||
        (filter->state >= 0 && (int)state != filter->state))
        return false;
    if ((search->due_from != DAY_NONE && due < search->due_from) ||
        (search->due_to != DAY_NONE && due > search->due_to))
        return false;
    if (filter->overdue_on != DAY_NONE &&
        (due >= filter->overdue_on || !obligation_is_open(&(struct obligation){.state = state})))
        return false;
    return has_prefix(value.at + OBLIGATION_AT_USCC, USCC_BYTES, search->uscc) &&
           has_prefix(value.at + OBLIGATION_AT_DIVISION, OBLIGATION_AT_USCC - OBLIGATION_AT_DIVISION, filter->division);
}

static bool has_part(struct span text, struct span part)
{
    return part.bytes == 0 || memmem(text.at, text.bytes, part.at, part.bytes) != NULL;
}

static bool fits_texts(const struct obligation_texts *texts, const struct obligations_search *search)
{
    return has_part(texts->text[0], search->name) && has_part(texts->text[1], search->region) &&
           has_part(texts->text[2], search->industry);
}

/* --- places --- */

size_t obligations_place_bytes(enum obligations_order order)
{
    return ORDER_BYTES[order] + OBLIGATION_ID_BYTES;
}

int obligations_place_compare(const struct obligations_place *a, const struct obligations_place *b)
{
    size_t common = a->bytes < b->bytes ? a->bytes : b->bytes;
    int difference = memcmp(a->at, b->at, common);

    return difference ? difference : (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

static void place_of(enum obligations_order order, struct span key, struct span value, struct obligations_place *out)
{
    uint32_t due = (uint32_t)due_of(value) ^ UINT32_C(0x80000000);

    out->bytes = obligations_place_bytes(order);
    memcpy(out->at + ORDER_BYTES[order], key.at, OBLIGATION_ID_BYTES);
    if (order == OBLIGATIONS_BY_CHANGE)
        store_key_u64(out->at, ~unpack_u64(value.at + OBLIGATION_AT_SEQUENCE));
    else if (order == OBLIGATIONS_BY_CODE)
        memcpy(out->at, value.at + OBLIGATION_AT_USCC, USCC_BYTES);
    else
        store_key_u32(out->at, order == OBLIGATIONS_BY_DUE ? due : ~due);
}

/* --- the best so far: a heap, the last of them on top --- */

struct best {
    struct obligations_found *found;
    size_t count;
    size_t capacity;
};

static bool is_behind(const struct best *best, size_t a, size_t b)
{
    return obligations_place_compare(&best->found[a].place, &best->found[b].place) > 0;
}

static void swap(struct best *best, size_t a, size_t b)
{
    struct obligations_found held = best->found[a];

    best->found[a] = best->found[b];
    best->found[b] = held;
}

static void rise(struct best *best, size_t at)
{
    for (; at > 0 && is_behind(best, at, (at - 1) / 2); at = (at - 1) / 2)
        swap(best, at, (at - 1) / 2);
}

static void sink(struct best *best, size_t at)
{
    size_t child;

    while ((child = 2 * at + 1) < best->count) {
        if (child + 1 < best->count && is_behind(best, child + 1, child))
            child++;
        if (!is_behind(best, child, at))
            return;
        swap(best, at, child);
        at = child;
    }
}

static void best_add(struct best *best, size_t most, const struct obligations_found *found)
{
    if (best->count == most) {
        if (most == 0 || obligations_place_compare(&found->place, &best->found[0].place) >= 0)
            return;
        best->found[0] = *found;
        sink(best, 0);
        return;
    }
    if (best->count == best->capacity) {
        best->capacity = best->capacity ? 2 * best->capacity : FOUND_FIRST;
        best->found = memory_resize(best->found, best->capacity * sizeof *best->found);
    }
    best->found[best->count++] = *found;
    rise(best, best->count - 1);
}

static int compare_found(const void *a, const void *b)
{
    const struct obligations_found *left = a;
    const struct obligations_found *right = b;

    return obligations_place_compare(&left->place, &right->place);
}

/* --- the walk --- */

struct looking {
    struct store_txn *txn;
    const struct obligations_search *search;
    struct best best;
    struct span key; /* the version of then of the obligation under way; no bytes: there was none */
    struct span value;
    uint64_t matched;
    uint64_t looked;
    size_t looks;
};

static bool refuse_older(struct error *err)
{
    return refuse(err, ERR_UNAVAILABLE, "register.rebuild",
                  "the register cannot be searched yet: the operator must run creditgate rebuild",
                  "台账检索索引尚未生成：请管理员运行 creditgate rebuild");
}

static bool is_proposed(struct looking *looking, const uint8_t *id)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version newest;
    char record[RECORD_ID_BYTES];
    uint32_t ordinal;

    looking->looks += LOOKS_RECORD;
    if (!records_of_obligation(looking->txn, id, record, &ordinal))
        return false;
    looking->looks += LOOKS_RECORD_READ;
    return records_stand_for(looking->txn, id, 0, record, &newest, &hold);
}

static bool look_at(struct looking *looking, struct error *err)
{
    const struct obligations_search *search = looking->search;
    struct obligations_found found;
    struct obligation_texts texts;

    looking->looked++;
    if (!obligations_texts(looking->value, &texts))
        return looking->value.bytes == OBLIGATION_AT_LENGTHS
                   ? refuse_older(err)
                   : fail(err, ERR_CORRUPT, "the table of obligations holds something else");
    if (!fits_head(looking->value, search) || !fits_texts(&texts, search))
        return true;
    if (search->is_unproposed && is_proposed(looking, (const uint8_t *)looking->key.at))
        return true;
    looking->matched++;
    place_of(search->order, looking->key, looking->value, &found.place);
    if (search->after.bytes > 0 && obligations_place_compare(&found.place, &search->after) <= 0)
        return true;
    memcpy(found.id, looking->key.at, OBLIGATION_ID_BYTES);
    found.version = store_read_u32(looking->key.at + OBLIGATION_ID_BYTES);
    best_add(&looking->best, search->most, &found);
    return true;
}

static bool is_same(struct span a, struct span b)
{
    return memcmp(a.at, b.at, OBLIGATION_ID_BYTES) == 0;
}

/* Until the end, or until `looks_max` obligations were looked at: then `*key` is the first version of the next. */
static bool walk(struct looking *looking, struct store_cursor *cursor, struct span *key, bool *is_over,
                 struct error *err)
{
    struct span before = SPAN_NONE;
    struct span value;
    bool goes_on;

    for (goes_on = store_cursor_seek(cursor, *key, key, &value); goes_on;
         goes_on = store_cursor_next(cursor, key, &value)) {
        if (key->bytes != OBLIGATION_KEY_BYTES || value.bytes < OBLIGATION_AT_LENGTHS)
            return fail(err, ERR_CORRUPT, "the table of obligations holds something else");
        if (before.bytes == 0 || !is_same(before, *key)) {
            if (looking->key.bytes > 0 && !look_at(looking, err))
                return false;
            looking->key = SPAN_NONE;
            if (looking->looks >= looking->search->looks_max)
                break;
            looking->looks++;
            before = *key;
        }
        if (unpack_u64(value.at + OBLIGATION_AT_SEQUENCE) < looking->search->as_of) {
            looking->key = *key;
            looking->value = value;
        }
    }
    *is_over = !goes_on;
    return !*is_over || looking->key.bytes == 0 || look_at(looking, err);
}

bool obligations_slice(struct store_txn *txn, const struct obligations_search *search,
                       const uint8_t from[OBLIGATION_ID_BYTES], struct obligations_slice *out, struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct looking looking = {.txn = txn, .search = search};
    struct span key = from ? (struct span){(const char *)from, OBLIGATION_ID_BYTES} : SPAN_NONE;
    bool is_over = false;

    if (!store_cursor_open(txn, STORE_OBLIGATIONS, &cursor, err) || !walk(&looking, cursor, &key, &is_over, err) ||
        !store_txn_is_good(txn, err)) {
        free(looking.best.found);
        return false;
    }
    if (looking.best.count > 0)
        qsort(looking.best.found, looking.best.count, sizeof *looking.best.found, compare_found);
    *out = (struct obligations_slice){.found = looking.best.found,
                                      .count = looking.best.count,
                                      .matched = looking.matched,
                                      .looked = looking.looked,
                                      .has_next = !is_over};
    if (!is_over)
        memcpy(out->next, key.at, OBLIGATION_ID_BYTES);
    return true;
}

void obligations_slice_done(struct obligations_slice *slice)
{
    free(slice->found);
    slice->found = NULL;
    slice->count = 0;
}
