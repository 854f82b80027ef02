#include "gateway/api/query.h"

#include "base/text.h"

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
