/* record.c - the members of a record are one table: written and read by it, without a JSON library. */
#include "gateway/registry/record.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "base/walk.h"
#include "keys/digest.h"

const char *const OP_NAMES[OP_COUNT] = {"", "新增", "变更", "撤销", "修复", "异议标注", "异议解除"};
const char *const OP_SLUGS[OP_COUNT] = {"", "new", "changed", "withdrawn", "repaired", "disputed", "dispute-over"};
const char *const SCOPE_NAMES[SCOPE_COUNT] = {"公示", "政府部门内部共享", "授权查询"};

enum member_kind {
    MEMBER_TEXT,
    MEMBER_DAY,
    MEMBER_INSTANT, /* null for 0 */
    MEMBER_U32,
    MEMBER_SMALL, /* an enum with numbers of its own */
    MEMBER_BOOL,
    MEMBER_ID,
    MEMBER_HEX16,
    MEMBER_GROUND
};

enum member_presence {
    PRESENT,
    FROM_EVENT, /* in a record, not in the data of record.proposed: the event itself says it */
    WHEN_SAID   /* left out when empty */
};

struct member {
    const char *name;
    enum member_kind kind;
    enum member_presence presence;
    size_t at;
    uint32_t min;
    uint32_t max;
};

#define MEMBER_WITH(presence, member_name, kind, member)                                                               \
    {                                                                                                                  \
        member_name, kind, presence, offsetof(struct record, member), 0, UINT32_MAX                                    \
    }
#define MEMBER(member_name, kind, member) MEMBER_WITH(PRESENT, member_name, kind, member)
#define SMALL(member_name, member, min, max)                                                                           \
    {                                                                                                                  \
        member_name, MEMBER_SMALL, PRESENT, offsetof(struct record, member), min, max                                  \
    }
/* Sorted by name: RFC 8785. */
static const struct member MEMBERS[] = {
    MEMBER_WITH(FROM_EVENT, "approved_at", MEMBER_INSTANT, approved_ms),
    MEMBER_WITH(FROM_EVENT, "approved_by", MEMBER_TEXT, approved_by),
    MEMBER("basis_version", MEMBER_U32, basis_version),
    MEMBER_WITH(WHEN_SAID, "corrected", MEMBER_TEXT, corrected),
    MEMBER("decided_on", MEMBER_DAY, decided_on),
    MEMBER("disputed", MEMBER_BOOL, is_disputed),
    MEMBER("division", MEMBER_TEXT, division),
    MEMBER("document", MEMBER_TEXT, document),
    MEMBER("due", MEMBER_DAY, due),
    MEMBER_WITH(WHEN_SAID, "duties", MEMBER_TEXT, duties),
    MEMBER("facts", MEMBER_TEXT, facts),
    MEMBER("ground", MEMBER_GROUND, ground),
    MEMBER("industry", MEMBER_TEXT, industry),
    MEMBER("listing_authority", MEMBER_TEXT, listing_authority),
    MEMBER("name", MEMBER_TEXT, name),
    MEMBER("obligation", MEMBER_HEX16, obligation),
    SMALL("op", op, OP_NEW, OP_DISPUTE_OVER),
    MEMBER("order", MEMBER_TEXT, order),
    MEMBER("order_document", MEMBER_TEXT, order_document),
    MEMBER_WITH(FROM_EVENT, "proposed_at", MEMBER_INSTANT, proposed_ms),
    MEMBER_WITH(FROM_EVENT, "proposed_by", MEMBER_TEXT, proposed_by),
    MEMBER("publication_end", MEMBER_DAY, publication_end),
    MEMBER("reason", MEMBER_TEXT, reason),
    MEMBER("record", MEMBER_ID, id),
    MEMBER("region", MEMBER_TEXT, region),
    SMALL("scope", scope, SCOPE_PUBLIC, SCOPE_AUTHORISED),
    SMALL("severity", severity, SEVERITY_MINOR, SEVERITY_SERIOUS),
    MEMBER("statement", MEMBER_TEXT, statement),
    MEMBER_WITH(WHEN_SAID, "statute", MEMBER_TEXT, statute),
    MEMBER("uscc", MEMBER_TEXT, uscc),
    MEMBER("version", MEMBER_U32, version),
};

_Static_assert(COUNT_OF(MEMBERS) < 64, "a set of members is one number");

void record_id(const uint8_t obligation[OBLIGATION_ID_BYTES], uint32_t ordinal, char id[RECORD_ID_BYTES])
{
    const char number[4] = {(char)(ordinal >> 24), (char)(ordinal >> 16), (char)(ordinal >> 8), (char)ordinal};
    const struct span parts[] = {{(const char *)obligation, OBLIGATION_ID_BYTES}, {number, sizeof number}};
    uint8_t digest[32];

    digest_sha256_parts(parts, COUNT_OF(parts), digest);
    memset(id, 0, RECORD_ID_BYTES);
    id[0] = 'R';
    for (int i = 0; i < (RECORD_ID_LENGTH - 1) / 2; i++)
        snprintf(id + 1 + 2 * i, 3, "%02x", digest[i]);
}

bool record_id_is_valid(struct span text)
{
    if (text.bytes != RECORD_ID_LENGTH || text.at[0] != 'R')
        return false;
    for (size_t i = 1; i < text.bytes; i++) {
        char c = text.at[i];

        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return false;
    }
    return true;
}

static void add_quoted(struct buf *out, const char *plain)
{
    buf_add_byte(out, '"');
    buf_add_text(out, plain);
    buf_add_byte(out, '"');
}

static void text_add(const void *at, struct buf *out)
{
    const struct span *text = at;

    if (text->bytes == 0)
        buf_add_text(out, "null");
    else
        json_string_add(out, *text);
}

static void day_add(const void *at, struct buf *out)
{
    char day[DAY_TEXT_BYTES];

    if (*(const int32_t *)at == DAY_NONE)
        buf_add_text(out, "null");
    else
        add_quoted(out, day_format(*(const int32_t *)at, day));
}

static void instant_add(const void *at, struct buf *out)
{
    char instant[INSTANT_TEXT_BYTES];

    if (*(const int64_t *)at == 0)
        buf_add_text(out, "null");
    else
        add_quoted(out, instant_format(*(const int64_t *)at, instant));
}

static void value_add(const struct member *member, const void *at, struct buf *out)
{
    switch (member->kind) {
    case MEMBER_TEXT:
        text_add(at, out);
        break;
    case MEMBER_DAY:
        day_add(at, out);
        break;
    case MEMBER_INSTANT:
        instant_add(at, out);
        break;
    case MEMBER_U32:
    case MEMBER_SMALL:
        buf_addf(out, "%u", *(const uint32_t *)at);
        break;
    case MEMBER_BOOL:
        buf_add_text(out, *(const bool *)at ? "true" : "false");
        break;
    case MEMBER_ID:
        add_quoted(out, at);
        break;
    case MEMBER_HEX16:
        buf_add_byte(out, '"');
        hex_add(out, at, OBLIGATION_ID_BYTES);
        buf_add_byte(out, '"');
        break;
    case MEMBER_GROUND:
        add_quoted(out, GROUND_SLUGS[*(const enum ground *)at]);
        break;
    }
}

static bool is_said(const struct member *member, const struct record *record)
{
    struct span text;

    if (member->presence != WHEN_SAID)
        return true;
    memcpy(&text, (const char *)record + member->at, sizeof text);
    return text.bytes > 0;
}

static void members_add(const struct record *record, bool is_proposal, struct buf *out)
{
    const char *before = "{\"";

    for (size_t i = 0; i < COUNT_OF(MEMBERS); i++) {
        if ((is_proposal && MEMBERS[i].presence == FROM_EVENT) || !is_said(&MEMBERS[i], record))
            continue;
        buf_add_text(out, before);
        before = ",\"";
        buf_add_text(out, MEMBERS[i].name);
        buf_add_text(out, "\":");
        value_add(&MEMBERS[i], (const char *)record + MEMBERS[i].at, out);
    }
    buf_add_byte(out, '}');
}

void record_json_add(const struct record *record, struct buf *out)
{
    members_add(record, false, out);
}

void record_proposal_add(const struct record *record, struct buf *out)
{
    members_add(record, true, out);
}

/* What must be there, one bit a member. */
static uint64_t required_members(void)
{
    uint64_t required = 0;

    for (size_t i = 0; i < COUNT_OF(MEMBERS); i++)
        required |= (uint64_t)(MEMBERS[i].presence == PRESENT) << i;
    return required;
}

static struct span unquoted(struct span raw)
{
    if (raw.bytes < 2 || raw.at[0] != '"')
        return SPAN_NONE;
    return (struct span){raw.at + 1, raw.bytes - 2};
}

static bool number_read(const struct member *member, struct span raw, void *at)
{
    int64_t value;
    uint32_t small;

    if (!walk_integer(raw, &value) || value < (int64_t)member->min || value > (int64_t)member->max)
        return false;
    small = (uint32_t)value;
    memcpy(at, &small, sizeof small);
    return true;
}

static bool ground_read(struct span slug, enum ground *out)
{
    for (int i = 0; i < GROUND_COUNT; i++) {
        if (!span_is(slug, GROUND_SLUGS[i]))
            continue;
        *out = (enum ground)i;
        return true;
    }
    return false;
}

static bool hex_read(struct span hex, void *at)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;

    if (!hex_decode(hex, &bytes) || bytes.bytes != OBLIGATION_ID_BYTES)
        return false;
    memcpy(at, bytes.data, OBLIGATION_ID_BYTES);
    return true;
}

static bool value_read(const struct member *member, struct span raw, void *at, struct buf *hold)
{
    bool is_null = span_is(raw, "null");

    switch (member->kind) {
    case MEMBER_TEXT:
        return walk_text(raw, hold, at);
    case MEMBER_DAY:
        return is_null || day_parse(unquoted(raw), at);
    case MEMBER_INSTANT:
        return is_null || instant_parse(unquoted(raw), at);
    case MEMBER_U32:
    case MEMBER_SMALL:
        return number_read(member, raw, at);
    case MEMBER_BOOL:
        *(bool *)at = span_is(raw, "true");
        return span_is(raw, "true") || span_is(raw, "false");
    case MEMBER_ID:
        raw = unquoted(raw);
        if (!raw.at || !record_id_is_valid(raw))
            return false;
        memcpy(at, raw.at, RECORD_ID_LENGTH);
        return true;
    case MEMBER_HEX16:
        return hex_read(unquoted(raw), at);
    case MEMBER_GROUND:
        return ground_read(unquoted(raw), at);
    }
    return false;
}

bool record_from_json(struct span json, struct record *out, struct buf *hold, struct error *err)
{
    struct record record = {.decided_on = DAY_NONE, .due = DAY_NONE, .publication_end = DAY_NONE};
    struct span name, raw;
    struct walk walk;
    uint64_t missing = required_members();
    size_t next = 0;

    buf_clear(hold);
    buf_reserve(hold, 2 * json.bytes + 1); /* the text and what is unescaped of it: the spans stay where they are */
    buf_add_span(hold, json);
    if (!walk_begin(&walk, (struct span){hold->data, json.bytes}))
        return fail(err, ERR_CORRUPT, "a record's JSON is no object");
    while (walk_next(&walk, &name, &raw)) {
        while (next < COUNT_OF(MEMBERS) && !span_is(name, MEMBERS[next].name))
            next++;
        if (next == COUNT_OF(MEMBERS))
            return fail(err, ERR_CORRUPT, "a record's JSON: \"%.*s\" is unknown or out of order", (int)name.bytes,
                        name.at);
        if (!value_read(&MEMBERS[next], raw, (char *)&record + MEMBERS[next].at, hold) ||
            !is_said(&MEMBERS[next], &record))
            return fail(err, ERR_CORRUPT, "a record's JSON: \"%s\" is not a value of its kind", MEMBERS[next].name);
        missing &= ~((uint64_t)1 << next++);
    }
    if (missing || record.version == 0)
        return fail(err, ERR_CORRUPT, "a record's JSON is not complete");
    *out = record;
    return true;
}
