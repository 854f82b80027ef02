#include "gateway/api/idempotency.h"

#include "base/text.h"

static bool is_quoted(struct span value)
{
    return value.bytes >= 2 && value.at[0] == '"' && value.at[value.bytes - 1] == '"';
}

static bool is_good(struct span key)
{
    if (key.bytes == 0 || key.bytes > IDEMPOTENCY_KEY_MAX)
        return false;
    for (size_t i = 0; i < key.bytes; i++) {
        if (key.at[i] <= ' ' || key.at[i] > '~' || key.at[i] == '"' || key.at[i] == '\\')
            return false;
    }
    return true;
}

bool idempotency_key(const struct http_request *request, struct span *key, struct error *err)
{
    static const char NAME[] = "idempotency-key";
    struct span value = SPAN_NONE;
    size_t count = 0;

    for (size_t i = 0; i < request->header_count; i++) {
        if (!span_is(request->headers[i].name, NAME))
            continue;
        value = span_trim(request->headers[i].value);
        count++;
    }
    if (is_quoted(value))
        value = (struct span){value.at + 1, value.bytes - 2};
    if (count > 1 || (count == 1 && !is_good(value)))
        return refuse(err, ERR_INVALID, "idempotency.key",
                      "Idempotency-Key is one text of 1 to %d visible characters, without \" and \\",
                      "Idempotency-Key 应为一个 1 至 %d 个可见字符的文本，不含 \" 和 \\", IDEMPOTENCY_KEY_MAX);
    *key = value;
    return true;
}
