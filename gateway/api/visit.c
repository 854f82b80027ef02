/* What handlers have in common. */
#include <string.h>

#include "base/text.h"
#include "gateway/api/api_internal.h"

void visit_refuse(const struct visit *visit, const struct error *err)
{
    problem_reply(visit->reply, err, NULL);
}

bool visit_refuse_method(const struct visit *visit, const char *allowed)
{
    struct error err;

    error_set_both(&err, ERR_INVALID, "http.method", "only %s can be used here", "此处只允许 %s", allowed);
    problem_reply_status(visit->reply, 405, &err, NULL);
    http_reply_header(visit->reply, "Allow", allowed);
    return false;
}

bool visit_is_get(const struct visit *visit)
{
    return span_is(visit->request->method, "GET") || visit_refuse_method(visit, "GET, HEAD");
}

bool visit_is_post(const struct visit *visit)
{
    return span_is(visit->request->method, "POST") || visit_refuse_method(visit, "POST");
}

bool visit_takes(const struct visit *visit, const char *const *names)
{
    struct span bad = SPAN_NONE;
    struct error err;

    if (http_query_only(visit->request, names, &bad))
        return true;
    bad = utf8_cut(bad, 64);
    error_set_both(&err, ERR_INVALID, "query.unknown", "the query parameter \"%.*s\" is not known here or came twice",
                   "查询参数“%.*s”不可识别或重复", (int)bad.bytes, bad.at);
    visit_refuse(visit, &err);
    return false;
}

bool visit_segment(struct span *rest, struct span *segment)
{
    const char *end;

    if (rest->bytes < 2 || rest->at[0] != '/')
        return false;
    end = memchr(rest->at + 1, '/', rest->bytes - 1);
    *segment = (struct span){rest->at + 1, (end ? (size_t)(end - rest->at) : rest->bytes) - 1};
    *rest = (struct span){segment->at + segment->bytes, rest->bytes - 1 - segment->bytes};
    return segment->bytes > 0;
}

void visit_not_found(const struct visit *visit)
{
    struct error err;

    error_set_both(&err, ERR_NOT_FOUND, "http.path", "there is nothing at this path", "该地址下没有内容");
    visit_refuse(visit, &err);
}
