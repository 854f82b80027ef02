#include "gateway/trace/entry.h"

#include "base/encode.h"
#include "base/text.h"
#include "base/time.h"

enum { CHARACTER_BYTES_MAX = 4, DIGEST_BYTES = 32 };

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

/* --- what the entries of one question about many have in common, piece by piece between what differs --- */

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

void entry_form_set(struct entry_form *form, const struct trace_entry *common)
{
    form->rules = common->rules;
    for (size_t i = 0; i < ENTRY_PIECES; i++) {
        buf_clear(&form->pieces[i]);
        PIECES[i](common, &form->pieces[i]);
    }
}

void entry_form_done(struct entry_form *form)
{
    for (size_t i = 0; i < ENTRY_PIECES; i++)
        buf_done(&form->pieces[i]);
}

static void ready_add(const struct entry_form *form, enum entry_piece piece, const struct trace_entry *entry,
                      struct buf *out)
{
    if (form)
        buf_add_span(out, buf_span(&form->pieces[piece]));
    else
        PIECES[piece](entry, out);
}

static void digest_add(const struct trace_entry *entry, struct digester *digester, struct buf *out)
{
    const uint8_t *sha256 = entry->answer_sha256;
    uint8_t digest[DIGEST_BYTES];

    if (!sha256 && entry->answer.bytes > 0) {
        digester_sha256(digester, entry->answer, digest);
        sha256 = digest;
    }
    hex_text_add(out, "{\"answer_sha256\":", sha256, DIGEST_BYTES);
}

/* Receipts and names of verdicts are our own and have nothing to escape. */
static void own_add(struct buf *out, const char *text)
{
    if (!text) {
        buf_add_text(out, "null");
        return;
    }
    buf_add_byte(out, '"');
    buf_add_text(out, text);
    buf_add_byte(out, '"');
}

void entry_add(const struct trace_entry *entry, const struct entry_with *with, struct buf *out)
{
    const struct entry_form *form = with->form;

    digest_add(entry, with->digester, out);
    ready_add(form, ENTRY_BEFORE_AUTHORISATION, entry, out);
    text_add(out, ",\"authorisation\":", entry->authorisation, ENTRY_AUTHORISATION_MAX);
    ready_add(form, ENTRY_BEFORE_NAME, entry, out);
    text_add(out, ",\"name\":", entry->name, TRACE_TEXT_MAX);
    ready_add(form, ENTRY_BEFORE_OWES, entry, out);
    buf_add_text(out, entry->owes ? ",\"owes\":true" : ",\"owes\":false");
    ready_add(form, ENTRY_BEFORE_RECEIPT, entry, out);
    buf_add_text(out, ",\"receipt\":");
    own_add(out, entry->receipt);
    given_add(out, ",\"refusal\":", entry->refusal);
    /* What was refused names none. */
    ready_add(form && span_equal(entry->rules, form->rules) ? form : NULL, ENTRY_RULES, entry, out);
    hex_text_add(out, ",\"salt\":", with->salt, ENTRY_SALT_BYTES);
    json_count_add(out, ",\"sequence\":", entry->sequence);
    buf_add_text(out, ",\"shown\":");
    buf_add_span(out, entry->shown.bytes > 0 && entry->shown.bytes <= ENTRY_SHOWN_MAX ? entry->shown : SPAN("null"));
    json_count_add(out, ",\"status\":", (uint64_t)(entry->status > 0 ? entry->status : 0));
    buf_add_text(out, entry->is_test ? ",\"test\":true" : ",\"test\":false");
    text_add(out, ",\"uscc\":", entry->uscc, TRACE_TEXT_MAX);
    buf_add_text(out, ",\"verdict\":");
    own_add(out, entry->verdict);
    buf_add_byte(out, '}');
}
