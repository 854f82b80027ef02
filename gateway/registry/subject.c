#include "gateway/registry/subject.h"

#include <string.h>

#include "base/text.h"
#include "base/walk.h"
#include "gateway/registry/subject_json.h"

enum { FORMAT = 3, NAME_MAX = 600 };
/* Places in a part. */
enum { AT_FORMAT = 0, AT_PARTS = 2, AT_ITEMS = 4, AT_SEQUENCE = 8, AT_NAME_BYTES = 16, AT_NAME = 18 };
/* Places in an item, before its JSON. */
enum {
    AT_KIND = 0,
    AT_GROUND = 1,
    AT_OP_OR_STATE = 2,
    AT_SEVERITY = 3,
    AT_SCOPE = 4,
    AT_FLAGS = 5,
    AT_JSON_BYTES = 6,
    AT_VERSION = 8,
    AT_DUE = 12,
    AT_FROM = 16,
    AT_UNTIL = 24,
    AT_OBLIGATION = 32,
    AT_RECORD = 48,
    AT_DECIDED_OR_ORDERED = 72,
    AT_END_OR_EXIT = 76,
    AT_FROM_SEQUENCE = 80,
    AT_UNTIL_SEQUENCE = 88,
    AT_ENDS = 96,
    ITEM_BYTES = AT_ENDS + 2 * SUBJECT_RECORD_MEMBERS
};
enum { FLAG_DISPUTED = 1, FLAG_BY_LAW = 2 };
enum { KEY_MAX = SUBJECT_CODE_BYTES + 2 };

static struct span key_of(const char code[SUBJECT_CODE_BYTES], uint16_t part, char key[KEY_MAX])
{
    memcpy(key, code, SUBJECT_CODE_BYTES);
    key[SUBJECT_CODE_BYTES] = (char)(part >> 8);
    key[SUBJECT_CODE_BYTES + 1] = (char)part;
    return (struct span){key, part == 0 ? SUBJECT_CODE_BYTES : KEY_MAX};
}

/* All items of a part. */
struct items {
    struct span heads; /* ITEM_BYTES each */
    struct span texts;
};

/* False when the part contradicts itself. */
static bool items_of(struct span part, struct items *items)
{
    size_t name_end, heads_bytes;

    if (part.bytes < AT_NAME || part.at[AT_FORMAT] != FORMAT)
        return false;
    name_end = AT_NAME + (size_t)unpack_u16(part.at + AT_NAME_BYTES);
    heads_bytes = (size_t)unpack_u32(part.at + AT_ITEMS) * ITEM_BYTES;
    if (name_end > part.bytes || heads_bytes > part.bytes - name_end)
        return false;
    items->heads = (struct span){part.at + name_end, heads_bytes};
    items->texts = (struct span){part.at + name_end + heads_bytes, part.bytes - name_end - heads_bytes};
    return true;
}

static bool spoil(struct store_txn *txn)
{
    store_txn_spoil(txn, STORE_SUBJECTS, "a subject's entry is not whole: rebuild");
    return false;
}

bool subject_find(struct store_txn *txn, struct span uscc, struct subject *out)
{
    char key[KEY_MAX];
    struct span first;
    struct items items;

    if (uscc.bytes != SUBJECT_CODE_BYTES || !store_get(txn, STORE_SUBJECTS, key_of(uscc.at, 0, key), &first))
        return false;
    if (!items_of(first, &items) || unpack_u16(first.at + AT_PARTS) == 0)
        return spoil(txn);
    out->txn = txn;
    memcpy(out->code, uscc.at, SUBJECT_CODE_BYTES);
    out->first = first;
    out->name = (struct span){first.at + AT_NAME, unpack_u16(first.at + AT_NAME_BYTES)};
    out->sequence = unpack_u64(first.at + AT_SEQUENCE);
    out->parts = unpack_u16(first.at + AT_PARTS);
    return true;
}

void subject_walk_begin(struct subject_walk *walk, const struct subject *subject)
{
    struct items items = {SPAN_NONE, SPAN_NONE};

    (void)items_of(subject->first, &items); /* subject_find has looked */
    *walk = (struct subject_walk){subject, items.heads, items.texts, 0};
}

static bool next_part(struct subject_walk *walk)
{
    char key[KEY_MAX];
    struct span part;
    struct items items;

    if (walk->part + 1 >= walk->subject->parts)
        return false;
    walk->part++;
    if (!store_get(walk->subject->txn, STORE_SUBJECTS, key_of(walk->subject->code, walk->part, key), &part) ||
        !items_of(part, &items))
        return spoil(walk->subject->txn);
    walk->heads = items.heads;
    walk->texts = items.texts;
    return true;
}

static void unpack_item(const char *at, const char *text, struct subject_item *item)
{
    memset(item, 0, sizeof *item);
    item->kind = (enum subject_kind)at[AT_KIND];
    item->ground = (enum ground)at[AT_GROUND];
    item->version = unpack_u32(at + AT_VERSION);
    item->due = (int32_t)unpack_u32(at + AT_DUE);
    item->from_ms = (int64_t)unpack_u64(at + AT_FROM);
    item->until_ms = (int64_t)unpack_u64(at + AT_UNTIL);
    item->from_sequence = unpack_u64(at + AT_FROM_SEQUENCE);
    item->until_sequence = unpack_u64(at + AT_UNTIL_SEQUENCE);
    memcpy(item->obligation, at + AT_OBLIGATION, OBLIGATION_ID_BYTES);
    item->json = (struct span){text, unpack_u16(at + AT_JSON_BYTES)};
    item->ends = at + AT_ENDS;
    if (item->kind == SUBJECT_OBLIGATION) {
        item->state = (enum obligation_state)at[AT_OP_OR_STATE];
        item->order_date = (int32_t)unpack_u32(at + AT_DECIDED_OR_ORDERED);
        item->exit_date = (int32_t)unpack_u32(at + AT_END_OR_EXIT);
        return;
    }
    memcpy(item->record, at + AT_RECORD, RECORD_ID_BYTES);
    item->op = (enum record_op)at[AT_OP_OR_STATE];
    item->severity = (enum severity)at[AT_SEVERITY];
    item->scope = (enum scope)at[AT_SCOPE];
    item->is_disputed = at[AT_FLAGS] & FLAG_DISPUTED;
    item->is_by_law = at[AT_FLAGS] & FLAG_BY_LAW;
    item->decided_on = (int32_t)unpack_u32(at + AT_DECIDED_OR_ORDERED);
    item->publication_end = (int32_t)unpack_u32(at + AT_END_OR_EXIT);
}

static size_t members_of(enum subject_kind kind)
{
    return kind == SUBJECT_RECORD ? SUBJECT_RECORD_MEMBERS : SUBJECT_OBLIGATION_MEMBERS;
}

/* Whoever shows a member copies from one end to the next. */
static bool ends_are_good(const struct subject_item *item)
{
    size_t count = members_of(item->kind);
    size_t before = 0;

    if (item->json.bytes == 0)
        return true;
    for (size_t i = 0; i < count; i++) {
        size_t end = subject_item_end(item, i);

        if (end <= before)
            return false;
        before = end;
    }
    return before + 1 == item->json.bytes;
}

/* Whoever reads items uses these to look up tables. */
static bool is_possible(const struct subject_item *item)
{
    if ((unsigned)item->ground >= GROUND_COUNT)
        return false;
    if (item->kind == SUBJECT_OBLIGATION)
        return (unsigned)item->state < STATE_COUNT;
    return item->kind == SUBJECT_RECORD && item->op >= OP_NEW && item->op <= OP_DISPUTE_OVER &&
           item->severity >= SEVERITY_MINOR && item->severity <= SEVERITY_SERIOUS &&
           (unsigned)item->scope < SCOPE_COUNT;
}

bool subject_walk_next(struct subject_walk *walk, struct subject_item *item)
{
    size_t bytes;

    while (walk->heads.bytes == 0) {
        if (walk->texts.bytes > 0)
            return spoil(walk->subject->txn);
        if (!next_part(walk))
            return false;
    }
    bytes = unpack_u16(walk->heads.at + AT_JSON_BYTES);
    if (bytes > walk->texts.bytes)
        return spoil(walk->subject->txn);
    unpack_item(walk->heads.at, walk->texts.at, item);
    if (!is_possible(item) || !ends_are_good(item))
        return spoil(walk->subject->txn);
    walk->heads = (struct span){walk->heads.at + ITEM_BYTES, walk->heads.bytes - ITEM_BYTES};
    walk->texts = (struct span){walk->texts.at + bytes, walk->texts.bytes - bytes};
    return true;
}

bool subject_record_is_in_force(const struct subject_item *item, int64_t at_ms)
{
    return item->kind == SUBJECT_RECORD && subject_item_is_current(item, at_ms) &&
           record_is_published(item->op, item->publication_end, day_of_instant(at_ms));
}

/* --- writing --- */

struct change {
    const char *code;
    struct span name; /* empty: stays */
    uint64_t sequence;
    struct span item;
};

/* The item in `part` that is current for the same thing as `item` ends when `item` begins. */
static bool close_older(struct buf *part, struct span item)
{
    struct items items;
    size_t id_at = item.at[AT_KIND] == SUBJECT_RECORD ? AT_RECORD : AT_OBLIGATION;
    size_t id_bytes = item.at[AT_KIND] == SUBJECT_RECORD ? (size_t)RECORD_ID_BYTES : (size_t)OBLIGATION_ID_BYTES;

    if (!items_of(buf_span(part), &items))
        return false;
    for (size_t at = 0; at < items.heads.bytes; at += ITEM_BYTES) {
        char *here = part->data + (items.heads.at - part->data) + at;

        if (here[AT_KIND] == item.at[AT_KIND] && memcmp(here + id_at, item.at + id_at, id_bytes) == 0 &&
            unpack_u64(here + AT_UNTIL) == (uint64_t)SUBJECT_FOREVER) {
            memcpy(here + AT_UNTIL, item.at + AT_FROM, 8);
            memcpy(here + AT_UNTIL_SEQUENCE, item.at + AT_FROM_SEQUENCE, 8);
            return true;
        }
    }
    return false;
}

static void part_begin(struct buf *part)
{
    char head[AT_NAME] = {FORMAT};

    buf_clear(part);
    buf_add(part, head, sizeof head);
}

static bool part_load(struct store_txn *txn, const char *code, uint16_t number, struct buf *part)
{
    char key[KEY_MAX];
    struct span value;
    struct items items;

    if (!store_get(txn, STORE_SUBJECTS, key_of(code, number, key), &value) || !items_of(value, &items))
        return false;
    buf_clear(part);
    buf_add_span(part, value);
    return true;
}

static void part_store(struct store_txn *txn, const char *code, uint16_t number, const struct buf *part)
{
    char key[KEY_MAX];

    store_put(txn, STORE_SUBJECTS, key_of(code, number, key), buf_span(part));
}

/* The head of the first part says what is true of the whole. */
static void head_set(struct buf *part, uint16_t parts, const struct change *change)
{
    struct span name = utf8_cut(change->name, NAME_MAX);
    struct span old = {part->data + AT_NAME, unpack_u16(part->data + AT_NAME_BYTES)};

    pack_u16(part->data + AT_PARTS, parts);
    pack_u64(part->data + AT_SEQUENCE, change->sequence);
    if (name.bytes == 0 || span_equal(name, old))
        return;
    AUTO(buf_done) struct buf items = BUF_INIT;
    buf_add(&items, old.at + old.bytes, part->bytes - AT_NAME - old.bytes);
    part->bytes = AT_NAME;
    pack_u16(part->data + AT_NAME_BYTES, (uint16_t)name.bytes);
    buf_add_span(part, name);
    buf_add_span(part, buf_span(&items));
}

/* Behind the others: its fixed bytes behind theirs, its JSON behind theirs. */
static bool item_add(struct buf *part, struct span item)
{
    struct items items;
    char *end;

    if (!items_of(buf_span(part), &items))
        return false;
    buf_add_span(part, item);
    end = part->data + part->bytes - items.texts.bytes - item.bytes;
    memmove(end + ITEM_BYTES, end, items.texts.bytes);
    memcpy(end, item.at, ITEM_BYTES);
    memcpy(end + ITEM_BYTES + items.texts.bytes, item.at + ITEM_BYTES, item.bytes - ITEM_BYTES);
    pack_u32(part->data + AT_ITEMS, unpack_u32(part->data + AT_ITEMS) + 1);
    return true;
}

/* Close in the older parts; afterwards `part` holds the last one, changed but not stored. */
static bool close_everywhere(struct store_txn *txn, const struct change *change, uint16_t parts, struct buf *part)
{
    for (uint16_t i = 0; i < parts; i++) {
        if (!part_load(txn, change->code, i, part))
            return false;
        if (close_older(part, change->item) && i + 1 < parts)
            part_store(txn, change->code, i, part);
    }
    return true;
}

static bool head_update(struct store_txn *txn, uint16_t parts, const struct change *change, struct buf *part)
{
    if (!part_load(txn, change->code, 0, part))
        return false;
    head_set(part, parts, change);
    part_store(txn, change->code, 0, part);
    return true;
}

static bool apply_change(struct store_txn *txn, const struct change *change, struct error *err)
{
    AUTO(buf_done) struct buf part = BUF_INIT;
    struct subject subject;
    uint16_t parts = 0;

    if (subject_find(txn, (struct span){change->code, SUBJECT_CODE_BYTES}, &subject))
        parts = subject.parts;
    if (!store_txn_is_good(txn, err))
        return false;
    if (parts >= SUBJECT_PARTS_MAX)
        return fail(err, ERR_LIMIT, "one enterprise has more than %d parts", SUBJECT_PARTS_MAX);
    if (!close_everywhere(txn, change, parts, &part))
        return fail(err, ERR_CORRUPT, "a subject's entry is not whole");
    if (parts > 0 && part.bytes + change->item.bytes > SUBJECT_PART_MAX) {
        part_store(txn, change->code, (uint16_t)(parts - 1), &part);
        parts = (uint16_t)(parts + 1);
        part_begin(&part);
    } else if (parts == 0) {
        parts = 1;
        part_begin(&part);
    }
    if (!item_add(&part, change->item))
        return fail(err, ERR_CORRUPT, "a subject's entry is not whole");
    if (parts == 1)
        head_set(&part, parts, change);
    part_store(txn, change->code, (uint16_t)(parts - 1), &part);
    if (parts > 1 && !head_update(txn, parts, change, &part))
        return fail(err, ERR_CORRUPT, "a subject's entry is not whole");
    return store_txn_is_good(txn, err);
}

/* Where the members of the JSON end, from AT_ENDS on. */
static bool ends_set(struct buf *item, enum subject_kind kind, struct error *err)
{
    struct span json = {item->data + ITEM_BYTES, item->bytes - ITEM_BYTES};
    struct walk walk;
    struct span name, raw;
    size_t count = 0;

    if (json.bytes == 0)
        return true;
    if (!walk_begin(&walk, json))
        return fail(err, ERR_INTERNAL, "what is said about a record or an obligation is no JSON");
    while (count < members_of(kind) && walk_next(&walk, &name, &raw))
        pack_u16(item->data + AT_ENDS + 2 * count++, (uint16_t)(raw.at + raw.bytes - json.at));
    return count == members_of(kind) ||
           fail(err, ERR_INTERNAL, "what is said about a record or an obligation lacks members");
}

/* The fixed bytes; `json` follows them. */
static bool item_begin(struct buf *item, enum subject_kind kind, uint64_t sequence, struct error *err)
{
    size_t json_bytes = item->bytes - ITEM_BYTES;

    if (json_bytes > UINT16_MAX - ITEM_BYTES || item->bytes > SUBJECT_PART_MAX / 2)
        return fail(err, ERR_LIMIT, "what is said about one record or obligation is too long (%zu bytes)", json_bytes);
    item->data[AT_KIND] = (char)kind;
    pack_u16(item->data + AT_JSON_BYTES, (uint16_t)json_bytes);
    pack_u64(item->data + AT_UNTIL, (uint64_t)SUBJECT_FOREVER);
    pack_u64(item->data + AT_FROM_SEQUENCE, sequence);
    pack_u64(item->data + AT_UNTIL_SEQUENCE, SUBJECT_NEVER_REPLACED);
    return ends_set(item, kind, err);
}

bool subject_put_obligation(struct store_txn *txn, const struct obligation_version *version,
                            const struct obligation *row, struct error *err)
{
    static const char BLANK[ITEM_BYTES];
    AUTO(buf_done) struct buf item = BUF_INIT;
    struct change change = {version->uscc, row->field[COLUMN_NAME], version->sequence, SPAN_NONE};

    buf_reserve(&item, 1024);
    buf_add(&item, BLANK, sizeof BLANK);
    subject_json_obligation_add(version, row, &item);
    if (!item_begin(&item, SUBJECT_OBLIGATION, version->sequence, err))
        return false;
    item.data[AT_GROUND] = (char)version->ground;
    item.data[AT_OP_OR_STATE] = (char)version->state;
    pack_u32(item.data + AT_VERSION, version->version);
    pack_u32(item.data + AT_DUE, (uint32_t)obligations_due(version));
    pack_u64(item.data + AT_FROM, (uint64_t)version->at_ms);
    memcpy(item.data + AT_OBLIGATION, version->id, OBLIGATION_ID_BYTES);
    pack_u32(item.data + AT_DECIDED_OR_ORDERED, (uint32_t)version->order_date);
    pack_u32(item.data + AT_END_OR_EXIT, (uint32_t)version->exit_date);
    change.item = buf_span(&item);
    return apply_change(txn, &change, err);
}

bool subject_put_record(struct store_txn *txn, uint64_t sequence, int64_t from_ms, const struct record *record,
                        struct error *err)
{
    static const char BLANK[ITEM_BYTES];
    AUTO(buf_done) struct buf item = BUF_INIT;
    struct change change = {record->uscc.at, SPAN_NONE, sequence, SPAN_NONE};

    if (record->uscc.bytes != SUBJECT_CODE_BYTES)
        return fail(err, ERR_CORRUPT, "a record without a code of 18 characters");
    buf_add(&item, BLANK, sizeof BLANK);
    if (!record_op_ends(record->op))
        subject_json_record_add(record, from_ms, &item);
    if (!item_begin(&item, SUBJECT_RECORD, sequence, err))
        return false;
    item.data[AT_GROUND] = (char)record->ground;
    item.data[AT_OP_OR_STATE] = (char)record->op;
    item.data[AT_SEVERITY] = (char)record->severity;
    item.data[AT_SCOPE] = (char)record->scope;
    item.data[AT_FLAGS] =
        (char)((record->is_disputed ? FLAG_DISPUTED : 0) | (record->statute.bytes > 0 ? FLAG_BY_LAW : 0));
    pack_u32(item.data + AT_VERSION, record->version);
    pack_u32(item.data + AT_DUE, (uint32_t)record->due);
    pack_u64(item.data + AT_FROM, (uint64_t)from_ms);
    memcpy(item.data + AT_OBLIGATION, record->obligation, OBLIGATION_ID_BYTES);
    memcpy(item.data + AT_RECORD, record->id, RECORD_ID_BYTES);
    pack_u32(item.data + AT_DECIDED_OR_ORDERED, (uint32_t)record->decided_on);
    pack_u32(item.data + AT_END_OR_EXIT, (uint32_t)record->publication_end);
    change.item = buf_span(&item);
    return apply_change(txn, &change, err);
}
