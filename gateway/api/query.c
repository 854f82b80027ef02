#include "gateway/api/query.h"

#include "base/text.h"
#include "gateway/registry/obligations_list.h"

enum { TEXT_BYTES_MAX = 300 };

bool query_number(const struct http_request *request, const struct query_number *wanted, int64_t *value,
                  struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    int64_t number;

    if (!http_query_of(request, wanted->name, &text) || (text.bytes == 0 && wanted->may_be_empty))
        return true;
    if (!integer_parse(buf_span(&text), &number) || number < wanted->least || number > wanted->most)
        return refuse(err, ERR_INVALID, "query.number", "%s is a number from %lld to %lld",
                      "%s 应为 %lld 至 %lld 的整数", wanted->name, (long long)wanted->least, (long long)wanted->most);
    *value = number;
    return true;
}

bool query_refuse(const char *name, struct error *err)
{
    return refuse(err, ERR_INVALID, "query.value", "%s is not what it should be: see docs/console-api.md",
                  "参数 %s 的取值不正确", name);
}

struct span query_text(const struct http_request *request, const char *name, struct buf *hold)
{
    buf_clear(hold);
    (void)http_query_of(request, name, hold);
    return span_trim(buf_span(hold));
}

bool query_folded(const struct http_request *request, const char *name, struct buf *folded, struct span *out,
                  struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct span text = query_text(request, name, &hold);

    if (text.bytes > TEXT_BYTES_MAX || !utf8_is_valid(text, NULL))
        return query_refuse(name, err);
    obligations_fold(text, folded);
    *out = buf_span(folded);
    return true;
}

bool query_day(const struct http_request *request, const char *name, int32_t *day, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct span text = query_text(request, name, &hold);

    return text.bytes == 0 || day_parse(text, day) || query_refuse(name, err);
}

bool query_code(const struct http_request *request, const char *name, char code[QUERY_CODE_BYTES], struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct span text = query_text(request, name, &hold);

    code[0] = '\0';
    if (text.bytes >= QUERY_CODE_BYTES)
        return query_refuse(name, err);
    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.at[i];

        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z')) {
            code[0] = '\0';
            return query_refuse(name, err);
        }
        code[i] = c;
        code[i + 1] = '\0';
    }
    return true;
}
