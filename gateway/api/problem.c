#include "gateway/api/problem.h"

#include "base/problem.h"

static void write(struct http_reply *reply, int status, const struct error *err, const char *instance)
{
    reply->status = status;
    reply->content_type = "application/problem+json";
    buf_clear(&reply->body);
    (void)problem_object_add(status, err, instance, &reply->body);
}

void problem_reply_status(struct http_reply *reply, int status, const struct error *err, const char *instance)
{
    write(reply, status, err, instance);
    if (status == 503)
        http_reply_header(reply, "Retry-After", "1");
}

int problem_add(const struct error *err, const char *instance, struct buf *out)
{
    return problem_object_add(0, err, instance, out);
}

void problem_reply(struct http_reply *reply, const struct error *err, const char *instance)
{
    problem_reply_status(reply, error_info(err->code)->http_status, err, instance);
}

static enum error_code code_of(int status)
{
    return status == 503 ? ERR_UNAVAILABLE : status == 413 ? ERR_LIMIT : status >= 500 ? ERR_INTERNAL : ERR_INVALID;
}

/* The server adds Retry-After itself. */
void problem_of_server(void *context, int status, const char *detail, struct http_reply *reply)
{
    struct error err;

    (void)context;
    error_set_both(&err, code_of(status), "", "%s%.0s", "%2$s：%1$s", detail,
                   problem_title_zh(status, code_of(status)));
    write(reply, status, &err, NULL);
}
