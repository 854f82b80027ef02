/* Jobs: ordered with POST (durable before the 202 leaves), then asked after. What a job does is not known here. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/json.h"
#include "base/log.h"
#include "gateway/api/api_internal.h"
#include "gateway/api/order_seen.h"
#include "gateway/api/order_version.h"
#include "gateway/jobs/jobs.h"

enum { STATUS_TOO_MANY = 429, KIND_BYTES_MAX = 32, FILE_NAME_BYTES_MAX = 255, LANG_BYTES_MAX = 2 };
#define RETRY_AFTER_S "10" /* jobs are done one after the other; most take less */
#define JOBS_PATH "/admin/v1/jobs/"

/* "/x" and nothing behind it, as a text. */
static bool take_name(const struct visit *visit, char *name, size_t room)
{
    struct span rest = visit->rest;
    struct span segment;

    if (!visit_segment(&rest, &segment) || rest.bytes || segment.bytes >= room)
        return false;
    memcpy(name, segment.at, segment.bytes);
    name[segment.bytes] = '\0';
    return true;
}

/* Is this an order that this person may give? Else it is refused. */
static bool take_kind(const struct visit *visit, char kind[KIND_BYTES_MAX])
{
    unsigned roles = 0;
    struct error err;

    if (!take_name(visit, kind, KIND_BYTES_MAX) || !jobs_kind(kind, &roles)) {
        error_set_both(&err, ERR_NOT_FOUND, "job.kind", "there is no such kind of job", "没有这种任务");
        visit_refuse(visit, &err);
        return false;
    }
    return admin_has_role(visit, roles);
}

bool admin_jobs_admits(struct visit *visit)
{
    char kind[KIND_BYTES_MAX];

    visit->rest = (struct span){visit->rest.at + sizeof "/jobs" - 1, visit->rest.bytes - (sizeof "/jobs" - 1)};
    return visit_is_post(visit) && take_kind(visit, kind);
}

bool admin_spools(const struct api *api, const struct http_request *head, uint64_t *limit)
{
    char kind[KIND_BYTES_MAX];
    struct span name = head->path;

    if (!span_starts(name, JOBS_PATH))
        return false;
    name = (struct span){name.at + sizeof JOBS_PATH - 1, name.bytes - (sizeof JOBS_PATH - 1)};
    if (name.bytes >= sizeof kind)
        return false;
    memcpy(kind, name.at, name.bytes);
    kind[name.bytes] = '\0';
    if (!jobs_takes_file(kind))
        return false;
    *limit = (uint64_t)api->config->import_bytes;
    return true;
}

/* --- ordering --- */

struct order_text {
    char kind[KIND_BYTES_MAX];
    struct buf lang;
    struct buf file;
    struct buf on;
    struct buf stale; /* what changed since it was seen */
};

static void order_text_done(struct order_text *text)
{
    buf_done(&text->lang);
    buf_done(&text->file);
    buf_done(&text->on);
    buf_done(&text->stale);
}
DEFINE_AUTO_IN_PLACE(struct order_text, order_text_done)

static bool take_query(const struct visit *visit, struct order_text *text, struct error *err)
{
    if (!http_query_of(visit->request, "lang", &text->lang))
        buf_add_text(&text->lang, visit->person->lang);
    if (!span_is(buf_span(&text->lang), "zh") && !span_is(buf_span(&text->lang), "en"))
        return refuse(err, ERR_INVALID, "query.lang", "lang is zh or en", "lang 只能是 zh 或 en");
    if (http_query_of(visit->request, "file", &text->file) &&
        (text->file.bytes == 0 || text->file.bytes > FILE_NAME_BYTES_MAX ||
         memchr(text->file.data, '/', text->file.bytes)))
        return refuse(err, ERR_INVALID, "query.file", "file is a file's name of at most %d bytes",
                      "file 应为不超过 %d 字节的文件名", FILE_NAME_BYTES_MAX);
    (void)http_query_of(visit->request, "on", &text->on);
    if (visit->request->body_fd < 0 && (text->file.bytes || text->on.bytes))
        return refuse(err, ERR_INVALID, "query.file", "file and on go with a file", "file 和 on 只用于上传的文件");
    return true;
}

/* A file comes with its name and the day to check against; everything else is an object of arguments. What is in them
 * is judged by the job. */
static bool take_arguments(const struct visit *visit, const struct order_text *text, json_t **out, struct error *err)
{
    const struct http_request *request = visit->request;

    if (request->body_fd >= 0) {
        *out = json_object();
        if (text->file.bytes)
            json_object_set_new(*out, "file", json_stringn(text->file.data, text->file.bytes));
        if (text->on.bytes)
            json_object_set_new(*out, "on", json_stringn(text->on.data, text->on.bytes));
        return true;
    }
    if (!json_read(request->body, JOB_ARGUMENTS_BYTES_MAX, out, err))
        return fail_in(err, "arguments");
    return json_is_object(*out) ||
           refuse(err, ERR_INVALID, "job.arguments", "the arguments are a JSON object", "参数应为 JSON 对象");
}

/* The parent starts it. A word that is lost is no order that is lost: it reads the folder now and then. */
static void tell_parent(const struct api *api, const char *id)
{
    int fd = api->options.parent_fd;

    if (fd >= 0 && send(fd, id, strlen(id), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        log_warning("api", "job %s: the parent does not listen now; it will be found later", id);
}

static bool order_job(const struct visit *visit, struct order_text *text, struct job_order *order, struct error *err)
{
    AUTO(json_release) json_t *arguments = NULL;

    if (jobs_takes_file(text->kind) && visit->request->body_fd < 0)
        return refuse(err, ERR_INVALID, "job.file", "the file to import is missing", "缺少要导入的文件");
    if (!take_query(visit, text, err) || !take_arguments(visit, text, &arguments, err))
        return false;
    *order = (struct job_order){.kind = text->kind,
                                .person = visit->person->name,
                                .lang = buf_text(&text->lang),
                                .arguments = arguments,
                                .input_fd = visit->request->body_fd};
    /* Judged before the register is asked about each id: a list longer than any order takes would keep others waiting.
     */
    return (!json_object_get(arguments, "ids") || jobs_check(visit->api->config, order, err)) &&
           order_seen_check(visit->api, text->kind, arguments, &text->stale, err) &&
           order_version_check(visit->api, text->kind, arguments, err) && jobs_create(visit->api->config, order, err);
}

/* The problem says beside its words what changed. */
static void refuse_order(struct visit *visit, const struct order_text *text, const struct error *err)
{
    struct buf *body = &visit->reply->body;

    if (strcmp(err->rule, "job.too-many") == 0) {
        problem_reply_status(visit->reply, STATUS_TOO_MANY, err, NULL);
        http_reply_header(visit->reply, "Retry-After", RETRY_AFTER_S);
        return;
    }
    visit_refuse(visit, err);
    if (text->stale.bytes == 0 || body->bytes == 0)
        return;
    body->bytes--; /* the brace */
    buf_add_text(body, ",\"stale\":[");
    buf_add_span(body, buf_span(&text->stale));
    buf_add_text(body, "]}");
}

static void order(struct visit *visit)
{
    static const char *const NAMES[] = {"lang", "file", "on", NULL};
    AUTO(order_text_done) struct order_text text = {.lang = BUF_INIT};
    struct job_order made;
    struct error err;
    char location[sizeof "/admin/v1/jobs/" + JOB_ID_BYTES];

    if (!take_kind(visit, text.kind) || !visit_takes(visit, NAMES))
        return;
    if (!order_job(visit, &text, &made, &err)) {
        refuse_order(visit, &text, &err);
        return;
    }
    tell_parent(visit->api, made.id);
    snprintf(location, sizeof location, "/admin/v1/jobs/%s", made.id);
    http_reply_header(visit->reply, "Location", location);
    visit->reply->status = 202;
    buf_addf(&visit->reply->body, "{\"job\":\"%s\"}", made.id);
}

/* --- asking after --- */

static void tell_job(struct visit *visit, const char *id)
{
    static const char *const NAMES[] = {NULL};
    struct error err;

    if (visit_takes(visit, NAMES) && !jobs_read(visit->api->config, id, &visit->reply->body, &err))
        visit_refuse(visit, &err);
}

static const char *type_of(struct span format)
{
    if (span_is(format, "xlsx"))
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    if (span_is(format, "csv"))
        return "text/csv; charset=utf-8";
    return span_is(format, "json") ? "application/json" : "text/plain; charset=utf-8";
}

static bool take_offset(const struct visit *visit, int64_t *offset, struct error *err)
{
    AUTO(buf_done) struct buf number = BUF_INIT;

    *offset = 0;
    return !http_query_of(visit->request, "offset", &number) || integer_parse(buf_span(&number), offset) ||
           refuse(err, ERR_INVALID, "query.offset", "offset is a number of bytes", "offset 应为字节数");
}

static bool add_piece(const struct visit *visit, const char *id, int64_t offset, const char **type, struct error *err)
{
    AUTO(buf_done) struct buf format = BUF_INIT;

    if (!http_query_of(visit->request, "format", &format))
        buf_add_text(&format, "text");
    *type = type_of(buf_span(&format));
    return jobs_report(visit->api->config, id, buf_text(&format), (uint64_t)offset, &visit->reply->body, err);
}

/* In pieces of at most JOB_REPORT_PIECE_BYTES: a large report must not stand in memory here. */
static void tell_report(struct visit *visit, const char *id)
{
    static const char *const NAMES[] = {"format", "offset", NULL};
    struct error err;
    const char *type = NULL;
    unsigned readers = 0;
    int64_t offset;

    if (!visit_takes(visit, NAMES))
        return;
    if (!take_offset(visit, &offset, &err) || !jobs_readers(visit->api->config, id, &readers, &err)) {
        visit_refuse(visit, &err);
        return;
    }
    if (!admin_has_role(visit, readers))
        return;
    if (!add_piece(visit, id, offset, &type, &err)) {
        visit_refuse(visit, &err);
        return;
    }
    visit->reply->content_type = type;
}

static void ask(struct visit *visit)
{
    static const char REPORT[] = "/report";
    char id[JOB_ID_BYTES];
    bool wants_report =
        visit->rest.bytes > sizeof REPORT &&
        memcmp(visit->rest.at + visit->rest.bytes - (sizeof REPORT - 1), REPORT, sizeof REPORT - 1) == 0;

    if (wants_report)
        visit->rest.bytes -= sizeof REPORT - 1;
    if (!take_name(visit, id, sizeof id))
        visit_not_found(visit);
    else if (wants_report)
        tell_report(visit, id);
    else
        tell_job(visit, id);
}

void admin_jobs(struct visit *visit)
{
    if (span_is(visit->request->method, "POST")) {
        order(visit);
        return;
    }
    if (span_is(visit->request->method, "GET")) {
        ask(visit);
        return;
    }
    (void)visit_refuse_method(visit, "GET, HEAD, POST");
}
