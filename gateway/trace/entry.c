/* entry.c - systems that ask singly ask one like the other: what an entry has of its client and its purpose is written
 * once and copied from then on (struct entry_form), the rest is put together in room that is reserved for all of it at
 * once. */
#include "gateway/trace/entry.h"

#include <stddef.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "base/time.h"

enum { CHARACTER_BYTES_MAX = 4, DIGEST_BYTES = 32, COUNT_DIGITS = 20 };

/* Bytes of the character at the front, or 0 when there is none. */
static size_t character_bytes(struct span text)
{
    for (size_t bytes = 1; bytes <= CHARACTER_BYTES_MAX && bytes <= text.bytes; bytes++) {
        if (utf8_is_valid((struct span){text.at, bytes}, NULL))
            return bytes;
    }
    return 0;
}

/* Good characters as they are, each other byte as U+FFFD; never more than `limit`, then "…". */
static void clean_add(struct span text, size_t limit, struct buf *out)
{
    for (size_t count = 0; text.bytes > 0; count++) {
        size_t bytes = character_bytes(text);

        if (count == limit) {
            buf_add_text(out, "…");
            return;
        }
        if (bytes > 0) {
            buf_add(out, text.at, bytes);
        } else {
            buf_add_text(out, "\xEF\xBF\xBD");
            bytes = 1;
        }
        text.at += bytes;
        text.bytes -= bytes;
    }
}

/* `before` has the name with quotes and colon. Most texts are short and good: they are copied at once. */
static void text_add(struct buf *out, const char *before, struct span text, size_t limit)
{
    AUTO(buf_done) struct buf clean = BUF_INIT;

    buf_add_text(out, before);
    if (text.bytes == 0) {
        buf_add_text(out, "null");
        return;
    }
    if (text.bytes <= limit && utf8_is_valid(text, NULL)) {
        json_string_add(out, text);
        return;
    }
    clean_add(text, limit, &clean);
    json_string_add(out, buf_span(&clean));
}

static void given_add(struct buf *out, const char *before, struct span text)
{
    if (text.bytes > 0)
        text_add(out, before, text, TRACE_TEXT_MAX);
}

static void hex_text_add(struct buf *out, const char *before, const uint8_t *bytes, size_t count)
{
    buf_add_text(out, before);
    if (!bytes) {
        buf_add_text(out, "null");
        return;
    }
    buf_add_byte(out, '"');
    hex_add(out, bytes, count);
    buf_add_byte(out, '"');
}

static void as_of_add(const struct trace_entry *entry, struct buf *out)
{
    char at[INSTANT_TEXT_BYTES];

    buf_add_text(out, ",\"as_of\":");
    if (entry->as_of_sequence != 0) {
        json_count_add(out, "\"", entry->as_of_sequence);
        buf_add_byte(out, '"');
        return;
    }
    text_add(out, "", entry->as_of_ms ? span_of(instant_format(entry->as_of_ms, at)) : SPAN_NONE, INSTANT_TEXT_BYTES);
}

/* --- what entries have in common, piece by piece between what differs --- */

static void before_authorisation_add(const struct trace_entry *entry, struct buf *out)
{
    char at[INSTANT_TEXT_BYTES];

    as_of_add(entry, out);
    text_add(out, ",\"at\":", span_of(instant_format(entry->at_ms, at)), INSTANT_TEXT_BYTES);
}

static void before_name_add(const struct trace_entry *entry, struct buf *out)
{
    text_add(out, ",\"by\":", entry->by, TRACE_TEXT_MAX);
    text_add(out, ",\"case\":", entry->case_number, ENTRY_GIVEN_MAX);
    hex_text_add(out, ",\"certificate\":", entry->certificate, DIGEST_BYTES);
    text_add(out, ",\"department\":", entry->department, ENTRY_GIVEN_MAX);
    text_add(out, ",\"domain\":", entry->domain, TRACE_TEXT_MAX);
    given_add(out, ",\"from\":", entry->from);
    given_add(out, ",\"kind\":", entry->kind);
    text_add(out, ",\"matter\":", entry->matter, ENTRY_GIVEN_MAX);
}

static void before_owes_add(const struct trace_entry *entry, struct buf *out)
{
    text_add(out, ",\"operator\":", entry->operator, ENTRY_GIVEN_MAX);
}

static void before_receipt_add(const struct trace_entry *entry, struct buf *out)
{
    given_add(out, ",\"path\":", entry->path);
    text_add(out, ",\"purpose\":", entry->purpose, TRACE_TEXT_MAX);
    if (entry->reason.bytes > 0)
        text_add(out, ",\"reason\":", entry->reason, ENTRY_GIVEN_MAX);
}

static void rules_add(const struct trace_entry *entry, struct buf *out)
{
    text_add(out, ",\"rules\":", entry->rules, TRACE_RULES_MAX);
}

typedef void piece_add(const struct trace_entry *entry, struct buf *out);
static piece_add *const PIECES[ENTRY_PIECES] = {
    [ENTRY_BEFORE_AUTHORISATION] = before_authorisation_add,
    [ENTRY_BEFORE_NAME] = before_name_add,
    [ENTRY_BEFORE_OWES] = before_owes_add,
    [ENTRY_BEFORE_RECEIPT] = before_receipt_add,
    [ENTRY_RULES] = rules_add,
};

/* The fields of the pieces; those that differ most often first. */
static const size_t SHARED[] = {
    offsetof(struct trace_entry, case_number), offsetof(struct trace_entry, matter),
    offsetof(struct trace_entry, operator),    offsetof(struct trace_entry, by),
    offsetof(struct trace_entry, purpose),     offsetof(struct trace_entry, domain),
    offsetof(struct trace_entry, department),  offsetof(struct trace_entry, from),
    offsetof(struct trace_entry, kind),        offsetof(struct trace_entry, path),
    offsetof(struct trace_entry, reason),
};
_Static_assert(COUNT_OF(SHARED) + 1 == ENTRY_SHARED, "and the certificate");
/* Whoever gives entries a new field meets this: when it is part of a piece, it belongs into SHARED (and test_entry.c),
 * else one entry is told another's. */
enum { ENTRY_SPANS = 18, ENTRY_WORDS = 10 };
_Static_assert(sizeof(struct trace_entry) == ENTRY_SPANS * sizeof(struct span) + ENTRY_WORDS * sizeof(uint64_t),
               "fields are looked at here");

static struct span shared_field(const struct trace_entry *entry, size_t i)
{
    struct span field = {(const char *)entry->certificate, DIGEST_BYTES};

    if (i < COUNT_OF(SHARED))
        memcpy(&field, (const char *)entry + SHARED[i], sizeof field);
    return field.at ? field : SPAN("");
}

static void piece_set(struct entry_form *form, enum entry_piece piece, const struct trace_entry *common)
{
    buf_clear(&form->pieces[piece]);
    PIECES[piece](common, &form->pieces[piece]);
}

static void instants_set(struct entry_form *form, const struct trace_entry *common)
{
    form->at_ms = common->at_ms;
    form->as_of_ms = common->as_of_ms;
    form->as_of_sequence = common->as_of_sequence;
    piece_set(form, ENTRY_BEFORE_AUTHORISATION, common);
}

static void rules_set(struct entry_form *form, const struct trace_entry *common)
{
    buf_clear(&form->rules);
    buf_add_span(&form->rules, common->rules);
    piece_set(form, ENTRY_RULES, common);
}

void entry_form_set(struct entry_form *form, const struct trace_entry *common)
{
    form->is_set = true;
    buf_clear(&form->fields);
    for (size_t i = 0; i < ENTRY_SHARED; i++) {
        struct span field = shared_field(common, i);

        form->bytes[i] = field.bytes;
        buf_add_span(&form->fields, field);
    }
    instants_set(form, common);
    rules_set(form, common);
    for (enum entry_piece piece = ENTRY_BEFORE_NAME; piece <= ENTRY_BEFORE_RECEIPT; piece++)
        piece_set(form, piece, common);
}

bool entry_form_fits(struct entry_form *form, const struct trace_entry *entry)
{
    const char *at = form->fields.data;

    if (!form->is_set)
        return false;
    for (size_t i = 0; i < ENTRY_SHARED; i++) {
        struct span field = shared_field(entry, i);

        if (field.bytes != form->bytes[i] || (field.bytes > 0 && memcmp(field.at, at, field.bytes) != 0))
            return false;
        at += field.bytes;
    }
    if (entry->at_ms != form->at_ms || entry->as_of_ms != form->as_of_ms ||
        entry->as_of_sequence != form->as_of_sequence)
        instants_set(form, entry);
    if (!span_equal(entry->rules, buf_span(&form->rules)))
        rules_set(form, entry);
    return true;
}

void entry_form_done(struct entry_form *form)
{
    for (size_t i = 0; i < ENTRY_PIECES; i++)
        buf_done(&form->pieces[i]);
    buf_done(&form->fields);
    buf_done(&form->rules);
}

/* --- the whole: in room for all of it, without asking for more at each piece --- */

enum {
    ESCAPED_MAX = 6,  /* bytes of what was one byte, \u00.. */
    NAMES_BYTES = 512 /* all names with their quotes and colons, the digests and numbers */
};

static inline char *put(char *at, const void *bytes, size_t count)
{
    memcpy(at, bytes, count);
    return at + count;
}

static inline char *put_text(char *at, const char *text)
{
    return put(at, text, strlen(text));
}

static inline char *put_hex(char *at, const uint8_t *bytes, size_t count)
{
    if (!bytes)
        return put_text(at, "null");
    *at++ = '"';
    hex_write(at, bytes, count);
    at += 2 * count;
    *at++ = '"';
    return at;
}

static inline char *put_count(char *at, uint64_t number)
{
    char digits[COUNT_DIGITS];
    size_t from = sizeof digits;

    do {
        digits[--from] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return put(at, digits + from, sizeof digits - from);
}

static char *put_unusual(char *at, struct span text, size_t limit)
{
    AUTO(buf_done) struct buf made = BUF_INIT;

    text_add(&made, "", text, limit);
    return put(at, made.data, made.bytes);
}

/* Most texts are short and good, with nothing to escape. */
static inline char *put_string(char *at, struct span text, size_t limit)
{
    if (text.bytes == 0)
        return put_text(at, "null");
    if (text.bytes > limit || json_plain_end(text, 0) < text.bytes || !utf8_is_valid(text, NULL))
        return put_unusual(at, text, limit);
    *at++ = '"';
    at = put(at, text.at, text.bytes);
    *at++ = '"';
    return at;
}

/* Receipts and names of verdicts are our own and have nothing to escape. */
static inline char *put_own(char *at, const char *text)
{
    if (!text)
        return put_text(at, "null");
    *at++ = '"';
    at = put_text(at, text);
    *at++ = '"';
    return at;
}

static inline char *put_piece(char *at, const struct entry_form *form, enum entry_piece piece)
{
    return put(at, form->pieces[piece].data, form->pieces[piece].bytes);
}

static char *put_rules(char *at, const struct entry_form *form, struct span rules)
{
    /* What was refused names none. */
    if (span_equal(rules, buf_span(&form->rules)))
        return put_piece(at, form, ENTRY_RULES);
    return put_string(put_text(at, ",\"rules\":"), rules, TRACE_RULES_MAX);
}

static struct span shown_of(const struct trace_entry *entry)
{
    return entry->shown.bytes > 0 && entry->shown.bytes <= ENTRY_SHOWN_MAX ? entry->shown : SPAN("null");
}

/* At least what the entry takes. A text that is cut ends in three bytes. */
static size_t entry_bytes_max(const struct trace_entry *entry, const struct entry_form *form)
{
    size_t characters = ENTRY_AUTHORISATION_MAX + 3 * TRACE_TEXT_MAX + TRACE_RULES_MAX;
    size_t bytes = NAMES_BYTES + ESCAPED_MAX * characters + shown_of(entry).bytes;

    for (size_t piece = 0; piece < ENTRY_PIECES; piece++)
        bytes += form->pieces[piece].bytes;
    return bytes + strlen(entry->receipt) + (entry->verdict ? strlen(entry->verdict) : 0);
}

static const uint8_t *answer_digest(const struct trace_entry *entry, struct digester *digester,
                                    uint8_t made[DIGEST_BYTES])
{
    if (entry->answer_sha256 || entry->answer.bytes == 0)
        return entry->answer_sha256;
    digester_sha256(digester, entry->answer, made);
    return made;
}

static char *put_front(char *at, const struct trace_entry *entry, const struct entry_form *form)
{
    at = put_piece(at, form, ENTRY_BEFORE_AUTHORISATION);
    at = put_string(put_text(at, ",\"authorisation\":"), entry->authorisation, ENTRY_AUTHORISATION_MAX);
    at = put_piece(at, form, ENTRY_BEFORE_NAME);
    at = put_string(put_text(at, ",\"name\":"), entry->name, TRACE_TEXT_MAX);
    at = put_piece(at, form, ENTRY_BEFORE_OWES);
    at = put_text(at, entry->owes ? ",\"owes\":true" : ",\"owes\":false");
    at = put_piece(at, form, ENTRY_BEFORE_RECEIPT);
    at = put_own(put_text(at, ",\"receipt\":"), entry->receipt);
    if (entry->refusal.bytes > 0)
        at = put_string(put_text(at, ",\"refusal\":"), entry->refusal, TRACE_TEXT_MAX);
    return put_rules(at, form, entry->rules);
}

static char *put_back(char *at, const struct trace_entry *entry, const uint8_t *salt)
{
    struct span shown = shown_of(entry);

    at = put_hex(put_text(at, ",\"salt\":"), salt, ENTRY_SALT_BYTES);
    at = put_count(put_text(at, ",\"sequence\":"), entry->sequence);
    at = put(put_text(at, ",\"shown\":"), shown.at, shown.bytes);
    at = put_count(put_text(at, ",\"status\":"), (uint64_t)(entry->status > 0 ? entry->status : 0));
    at = put_text(at, entry->is_test ? ",\"test\":true" : ",\"test\":false");
    at = put_string(put_text(at, ",\"uscc\":"), entry->uscc, TRACE_TEXT_MAX);
    at = put_own(put_text(at, ",\"verdict\":"), entry->verdict);
    return put_text(at, "}");
}

void entry_add(const struct trace_entry *entry, const struct entry_with *with, struct buf *out)
{
    uint8_t made[DIGEST_BYTES];
    char *at;

    buf_reserve(out, entry_bytes_max(entry, with->form));
    at = put_text(out->data + out->bytes, "{\"answer_sha256\":");
    at = put_hex(at, answer_digest(entry, with->digester, made), DIGEST_BYTES);
    at = put_front(at, entry, with->form);
    at = put_back(at, entry, with->salt);
    *at = '\0';
    out->bytes = (size_t)(at - out->data);
}
