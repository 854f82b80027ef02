#include "adapters/answer.h"

#include <string.h>

#include "base/text.h"

void answer_malformed(struct adapter_result *out, const char *why)
{
    adapter_result_done(out);
    out->ending = ADAPTER_MALFORMED;
    out->code[0] = '\0';
    adapter_words_copy(span_of(why), out->message, sizeof out->message);
}

struct span answer_text(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    return json_is_string(value) ? (struct span){json_string_value(value), json_string_length(value)} : SPAN_NONE;
}

bool answer_is_text_or_none(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    return !value || json_is_string(value) || json_is_null(value);
}

int64_t answer_count(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    return json_is_integer(value) && json_integer_value(value) >= 0 ? json_integer_value(value) : -1;
}

bool answer_number(const json_t *object, const char *name, int64_t least, int64_t most, int64_t *number)
{
    const json_t *value = json_object_get(object, name);
    int64_t found = 0;

    if (json_is_integer(value))
        found = json_integer_value(value);
    else if (!integer_parse(answer_text(object, name), &found))
        return false;
    if (found < least || found > most)
        return false;
    *number = found;
    return true;
}

bool answer_is_code(struct span code)
{
    if (code.bytes == 0 || code.bytes >= ADAPTER_CODE_BYTES)
        return false;
    for (size_t i = 0; i < code.bytes; i++) {
        if ((unsigned char)code.at[i] <= ' ' || (unsigned char)code.at[i] >= 0x7f)
            return false;
    }
    return true;
}

void answer_code_copy(struct span code, char out[ADAPTER_CODE_BYTES])
{
    memset(out, 0, ADAPTER_CODE_BYTES);
    memcpy(out, code.at, code.bytes);
}

bool answer_row_place(const struct adapter_call *call, struct span record, uint32_t version, size_t hint, size_t *place)
{
    for (size_t i = 0; i < call->row_count; i++) {
        size_t at = (hint + i) % call->row_count;

        if (call->rows[at].version == version && span_is(record, call->rows[at].record)) {
            *place = at;
            return true;
        }
    }
    return false;
}

bool answer_row_find(const struct adapter_call *call, const json_t *row, size_t hint, size_t *place)
{
    int64_t version;

    return answer_number(row, "VERSION", 1, UINT32_MAX, &version) &&
           answer_row_place(call, answer_text(row, "ROWID"), (uint32_t)version, hint, place);
}
