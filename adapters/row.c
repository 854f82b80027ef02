#include "adapters/row.h"

#include <stdio.h>
#include <string.h>

#include "adapters/layout_parts.h"
#include "base/text.h"

enum { SCRATCH_BYTES = 32, VALUE_SHOWN_BYTES = 120 };

/* --- values --- */

static struct span word_of(enum layout_source source, int64_t number)
{
    const char *const *words = layout_words(source);

    for (int64_t i = 0; words[i] && number >= 0; i++) {
        if (i == number)
            return span_of(words[i]);
    }
    return SPAN_NONE;
}

static struct span day_value(enum layout_form form, int32_t day, char scratch[SCRATCH_BYTES])
{
    char iso[DAY_TEXT_BYTES];
    size_t bytes = 0;

    for (const char *at = day_format(day, iso); *at; at++) {
        if (*at != '-' || form == FORM_DATE)
            scratch[bytes++] = *at;
        else if (form == FORM_DATE_SLASH)
            scratch[bytes++] = '/';
    }
    return (struct span){scratch, bytes};
}

static struct span version_value(uint32_t version, char scratch[SCRATCH_BYTES])
{
    if (version == 0)
        return SPAN_NONE;
    snprintf(scratch, SCRATCH_BYTES, "%u", version);
    return span_of(scratch);
}

/* The organisation code stands in places 9 to 17 of the credit code (GB 32100). */
static struct span organisation_value(struct span code)
{
    return code.bytes == 18 ? (struct span){code.at + 8, 9} : SPAN_NONE;
}

/* Those of a feedback; SPAN_NONE for the rest. */
static struct span feedback_value(const struct layout_field *field, const struct adapter_feedback *feedback,
                                  char scratch[SCRATCH_BYTES])
{
    switch (field->source) {
    case SOURCE_RECEIPT:
        return feedback->receipt;
    case SOURCE_ANSWERED_ON:
        return day_value(field->form, feedback->answered_on, scratch);
    case SOURCE_SHOWN:
        return feedback->shown;
    case SOURCE_SHOWN_VERSION:
        return version_value(feedback->shown_version, scratch);
    case SOURCE_CLIENT:
        return feedback->client;
    case SOURCE_DOMAIN:
        return feedback->domain;
    case SOURCE_DOMAIN_NAME:
        return feedback->domain_name;
    case SOURCE_PURPOSE:
        return feedback->purpose;
    case SOURCE_RESULT:
        return feedback->result;
    case SOURCE_MEASURES:
        return feedback->measures;
    case SOURCE_MEASURE_IDS:
        return feedback->measure_ids;
    case SOURCE_ACTION:
        return feedback->action;
    case SOURCE_REASON:
        return feedback->reason;
    case SOURCE_ACTED_ON:
        return feedback->acted_on == DAY_NONE ? SPAN_NONE : day_value(field->form, feedback->acted_on, scratch);
    case SOURCE_GIVEN_ON:
        return day_value(field->form, feedback->given_on, scratch);
    default:
        return SPAN_NONE;
    }
}

static struct span value_of(const struct layout_field *field, const struct adapter_config *config,
                            const struct adapter_record *record, char scratch[SCRATCH_BYTES])
{
    switch (field->source) {
    case SOURCE_CONSTANT:
        return field->constant;
    case SOURCE_RECORD:
        return record->record;
    case SOURCE_VERSION:
        return version_value(record->version, scratch);
    case SOURCE_OP:
        return word_of(SOURCE_OP, (int64_t)record->op);
    case SOURCE_NAME:
        return record->name;
    case SOURCE_CODE:
        return record->code;
    case SOURCE_ORGANISATION:
        return organisation_value(record->code);
    case SOURCE_REGISTRATION:
        return record->registration;
    case SOURCE_ADDRESS:
        return record->address;
    case SOURCE_REPRESENTATIVE:
        return record->representative;
    case SOURCE_FACTS:
        return record->facts;
    case SOURCE_ORDER:
        return record->order;
    case SOURCE_LISTED_ON:
        return day_value(field->form, record->listed_on, scratch);
    case SOURCE_PUBLISHED_UNTIL:
        return day_value(field->form, record->published_until, scratch);
    case SOURCE_AUTHORITY:
        return record->authority;
    case SOURCE_DOCUMENT:
        return record->document;
    case SOURCE_PROVIDED_ON:
        return day_value(field->form, record->provided_on, scratch);
    case SOURCE_DIVISION:
        return record->division;
    case SOURCE_SCOPE:
        return word_of(SOURCE_SCOPE, record->scope);
    case SOURCE_SEVERITY:
        return word_of(SOURCE_SEVERITY, record->severity);
    case SOURCE_REMARK:
        return record->remark;
    case SOURCE_PROVIDER_CODE:
        return span_of(config->provider_code);
    case SOURCE_PROVIDER_NAME:
        return span_of(config->provider_name);
    case SOURCE_EXCHANGE_UNIT:
        return span_of(config->exchange_unit);
    default:
        return record->feedback ? feedback_value(field, record->feedback, scratch) : SPAN_NONE;
    }
}

/* --- checks --- */

static bool is_clean(struct span text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
            return false;
    }
    return utf8_is_valid(text, NULL);
}

static bool has_form(enum layout_form form, struct span text)
{
    size_t wanted = form == FORM_CREDIT_CODE ? 18 : 6;

    if (form == FORM_NUMBER)
        return layout_is_number(text);
    if (form != FORM_CREDIT_CODE && form != FORM_DIVISION)
        return true;
    if (text.bytes != wanted)
        return false;
    for (size_t i = 0; i < text.bytes; i++) {
        bool is_digit = text.at[i] >= '0' && text.at[i] <= '9';
        bool is_letter = text.at[i] >= 'A' && text.at[i] <= 'Z';

        if (!is_digit && !(form == FORM_CREDIT_CODE && is_letter))
            return false;
    }
    return true;
}

static bool refuse_characters(const struct layout_field *field, struct error *err)
{
    return refuse(err, ERR_REFUSED, "row.characters", "%s (%s) holds control characters or is no UTF-8",
                  "%s（%s）含有控制字符或不是 UTF-8", field->name, field->label);
}

static bool field_check(const struct layout_field *field, struct span text, struct error *err)
{
    if (span_trim(text).bytes == 0) {
        if (!field->is_required)
            return true;
        return refuse(err, ERR_REFUSED, "row.empty", "%s (%s) is empty", "%s（%s）为空", field->name, field->label);
    }
    if (!is_clean(text))
        return refuse_characters(field, err);
    if (utf8_count(text) > field->max)
        return refuse(err, ERR_REFUSED, "row.too-long", "%s (%s) has %zu characters; at most %zu are allowed",
                      "%s（%s）有 %zu 个字符，最多允许 %zu 个", field->name, field->label, utf8_count(text),
                      field->max);
    if (!has_form(field->form, text))
        return refuse(err, ERR_REFUSED, "row.form", "%s (%s) has the wrong form", "%s（%s）格式错误", field->name,
                      field->label);
    return true;
}

/* What is sent for a field, checked; no bytes: nothing. */
static bool field_text(const struct layout_field *field, const struct adapter_config *config,
                       const struct adapter_record *record, char scratch[SCRATCH_BYTES], struct span *out,
                       struct error *err)
{
    struct span value = value_of(field, config, record, scratch);

    *out = field->codes ? layout_code_of(field, value) : value;
    if (field->codes && !is_clean(value))
        return refuse_characters(field, err);
    if (out->bytes == 0 && span_trim(value).bytes > 0)
        return refuse(err, ERR_REFUSED, "row.code", "%s (%s): their table has no code for \"%.*s\"",
                      "%s（%s）：对方代码表中没有“%.*s”", field->name, field->label,
                      (int)utf8_cut(value, VALUE_SHOWN_BYTES).bytes, value.at);
    return field_check(field, *out, err);
}

static void field_add(const struct layout_field *field, struct span text, bool is_first, struct buf *out)
{
    buf_add_byte(out, is_first ? '{' : ',');
    buf_addf(out, "\"%s\":", field->name);
    if (field->form == FORM_NUMBER)
        buf_add_span(out, text);
    else
        json_string_add(out, text);
}

static bool fields_add(const struct adapter_config *config, const struct adapter_record *record, struct buf *out,
                       struct error *err)
{
    size_t before = out->bytes;
    char scratch[SCRATCH_BYTES];
    struct span text;

    for (size_t i = 0; i < config->layout->field_count; i++) {
        const struct layout_field *field = &config->layout->fields[i];

        if (!field_text(field, config, record, scratch, &text, err))
            return false;
        if (span_trim(text).bytes > 0)
            field_add(field, text, out->bytes == before, out);
    }
    buf_add_byte(out, '}');
    if (out->bytes - before <= ADAPTER_ROW_BYTES_MAX)
        return true;
    return refuse(err, ERR_REFUSED, "row.too-long", "the row has more than %d bytes", "数据行超过 %d 字节",
                  ADAPTER_ROW_BYTES_MAX);
}

bool row_add(const struct adapter_config *config, const struct adapter_record *record, struct buf *out,
             struct error *err)
{
    size_t before = out->bytes;

    if (!config->layout)
        return fail(err, ERR_INTERNAL, "a row needs a layout");
    if ((config->layout->subject == LAYOUT_OF_FEEDBACK) != (record->feedback != NULL))
        return fail(err, ERR_INTERNAL, "this layout is for rows of another kind");
    if (fields_add(config, record, out, err))
        return true;
    out->bytes = before;
    if (out->data)
        out->data[before] = '\0';
    return false;
}
