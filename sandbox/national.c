/* The way of a report: door → signature of the call → body → seal → seen before? → each row judged → one line in the
 * diary → memory → answer. As with 信用广东, memory changes before the diary does: when the diary then fails the
 * platform is broken and answers -1 until it is started again. */
#include "sandbox/national.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "sandbox/diary.h"
#include "sandbox/members.h"
#include "sandbox/report.h"
#include "sandbox/seal.h"
#include "sandbox/secrets.h"

struct national {
    struct platform platform;
    const struct national_options *options;
    struct wire_keys *keys;
    struct secrets *secrets;
    struct holdings *holdings;
    struct tasks *tasks;
    struct diary *diary;
    bool is_broken;
    uint64_t keys_given; /* since the start, as all that follow */
    uint64_t reports;
    uint64_t repeats;
    uint64_t other_bodies; /* repeats whose content was another: a fault of the sender */
    uint64_t refused_calls;
    uint64_t unauthorized;
    uint64_t expired;
};

/* One call on its way through. */
struct call {
    struct national *platform;
    struct faults *faults;
    const struct http_request *request;
    struct http_reply *reply;
    json_t *body; /* NULL for GET; owned */
};

static void call_done(struct call *call)
{
    json_decref(call->body);
}
DEFINE_AUTO_IN_PLACE(struct call, call_done)

/* Begin an answer; the data follows, or nothing. */
static void answer(struct http_reply *reply, const char *code, const char *message)
{
    buf_clear(&reply->body);
    buf_add_text(&reply->body, "{\"code\":");
    json_string_add(&reply->body, span_of(code));
    buf_add_text(&reply->body, ",\"message\":");
    json_string_add(&reply->body, span_of(message));
}

static void refuse_call(struct national *platform, struct http_reply *reply, const char *code, const char *message)
{
    platform->unauthorized += strcmp(code, NATIONAL_SIGNATURE) == 0 || strcmp(code, NATIONAL_FORBIDDEN) == 0;
    platform->expired += strcmp(code, NATIONAL_EXPIRED) == 0;
    platform->refused_calls += strcmp(code, NATIONAL_MALFORMED) == 0 || strcmp(code, NATIONAL_FAILED) == 0;
    answer(reply, code, message);
    buf_add_byte(&reply->body, '}');
}

static void fail_call(const struct call *call)
{
    refuse_call(call->platform, call->reply, NATIONAL_FAILED, "调用失败，请重试");
}

/* --- the diary --- */

static bool write_line(struct national *platform, const json_t *line)
{
    char *text = json_dumps(line, JSON_COMPACT);
    struct error err;
    bool ok = text && diary_append(platform->diary, span_of(text), &err);

    if (text && !ok)
        log_error("sandbox", "a call of the national platform cannot be kept: %s", err.text);
    free(text);
    platform->is_broken = platform->is_broken || !ok;
    return ok;
}

/* {"batch", "digest", "rows", "held", "outcomes"}, {"secret", "until_ms"} or {"expired": true} */
static bool replay_line(const json_t *line, void *context, struct error *err)
{
    struct national *platform = context;
    const char *secret = json_string_value(json_object_get(line, "secret"));

    if (secret)
        secrets_remember(platform->secrets, secret, json_integer_value(json_object_get(line, "until_ms")));
    else if (json_object_get(line, "expired"))
        secrets_expire(platform->secrets);
    else
        return report_replay(platform->holdings, platform->tasks, line, err);
    return true;
}

/* --- the key service --- */

static bool keep_secret(struct national *platform, const char *secret, int64_t until_ms)
{
    json_t *line = json_pack("{s:s,s:I}", "secret", secret, "until_ms", (json_int_t)until_ms);
    bool ok = write_line(platform, line);

    json_decref(line);
    if (ok)
        secrets_remember(platform->secrets, secret, until_ms);
    return ok;
}

static void give_secret(const struct call *call)
{
    struct national *platform = call->platform;
    AUTO(buf_done) struct buf wrapped = BUF_INIT;
    char secret[SECRET_BYTES];
    int64_t until_ms = platform_now_ms(&platform->platform) + platform->options->secret_ms;
    struct error err;

    if (!secrets_make(secret, &err) || !secrets_wrap(platform->secrets, secret, &wrapped) ||
        !keep_secret(platform, secret, until_ms)) {
        fail_call(call);
        return;
    }
    platform->keys_given++;
    answer(call->reply, NATIONAL_OK, "");
    buf_addf(&call->reply->body, ",\"data\":{\"secret\":\"%s\",\"secretEndTime\":\"%" PRId64 "\"}}", buf_text(&wrapped),
             until_ms);
}

static void handle_key(const struct call *call)
{
    static const char *const NAMES[] = {"gjgxjhpt_rid", "gjgxjhpt_sid", "gjgxjhpt_rtime", "gjgxjhpt_sign"};
    const struct secret_claim claim = {member_text(call->body, NAMES[0]), member_text(call->body, NAMES[1]),
                                       member_text(call->body, NAMES[2]), member_text(call->body, NAMES[3])};
    const char *why;
    const char *code;

    if (!members_are(call->body, NAMES, COUNT_OF(NAMES))) {
        refuse_call(call->platform, call->reply, NATIONAL_MALFORMED, "请求体应有且只有 rid、sid、rtime、sign 四项");
        return;
    }
    code = secrets_check(call->platform->secrets, &claim, true, platform_now_ms(&call->platform->platform), &why);
    if (strcmp(code, NATIONAL_OK) == 0)
        give_secret(call);
    else
        refuse_call(call->platform, call->reply, code, why);
}

/* --- reports --- */

/* NULL when it could not be kept. */
static struct task *take_report(const struct call *call, const char *digest)
{
    struct national *platform = call->platform;
    int64_t now_ms = platform_now_ms(&platform->platform);
    struct taking taking = {.holdings = platform->holdings,
                            .faults = call->faults,
                            .at = FAULT_AT_NATIONAL,
                            .today = day_of_instant(now_ms)};
    json_t *line = report_take(&taking, call->body, digest);
    struct task *batch = NULL;

    if (write_line(platform, line)) {
        batch = report_remember(platform->tasks, line);
        batch->polls_left = faults_result_delay(call->faults, FAULT_AT_NATIONAL, platform->options->result_delay_polls);
        batch->ready_ms = now_ms + platform->options->result_delay_ms;
    }
    json_decref(line);
    return batch;
}

static void answer_report(const struct task *task, struct http_reply *reply)
{
    answer(reply, NATIONAL_OK, "");
    buf_addf(&reply->body, ",\"data\":{\"batchNo\":\"%s\",\"received\":%" PRIu64 "}}", task->id, task->rows);
}

static void take_or_repeat(const struct call *call, struct span canonical)
{
    struct national *platform = call->platform;
    struct task *task = tasks_find(platform->tasks, json_string_value(json_object_get(call->body, "batchNo")));
    char ordered[FAULT_CODE_BYTES];
    char digest[WIRE_HEX_BYTES];

    wire_sm3(canonical, digest);
    if (task) {
        platform->repeats++;
        platform->other_bodies += strcmp(task->digest, digest) != 0;
    } else if (taking_refuses_body(call->faults, FAULT_AT_NATIONAL, json_object_get(call->body, "rows"), ordered)) {
        refuse_call(platform, call->reply, ordered, "按测试要求退回整批");
        return;
    } else {
        task = take_report(call, digest);
    }
    if (task)
        answer_report(task, call->reply);
    else
        fail_call(call);
}

static void handle_report(const struct call *call)
{
    AUTO(buf_done) struct buf canonical = BUF_INIT;
    const char *wrong = report_check(call->body, &canonical);
    struct error err;

    call->platform->reports++;
    if (wrong)
        refuse_call(call->platform, call->reply, NATIONAL_MALFORMED, wrong);
    else if (!seal_check(call->platform->keys, member_text(call->body, "seal"), buf_span(&canonical), &err))
        refuse_call(call->platform, call->reply, NATIONAL_SIGNATURE, err.text);
    else
        take_or_repeat(call, buf_span(&canonical));
}

/* --- questions --- */

static void handle_result(const struct call *call)
{
    static const char *const NAMES[] = {"batchNo"};
    struct span batch = member_text(call->body, "batchNo");
    struct task *task = task_id_is_valid(batch) ? tasks_find(call->platform->tasks, batch.at) : NULL;

    if (!members_are(call->body, NAMES, COUNT_OF(NAMES)) || !task_id_is_valid(batch)) {
        refuse_call(call->platform, call->reply, NATIONAL_MALFORMED, "请求体应有且只有 batchNo（32 位小写十六进制）");
        return;
    }
    if (!task) {
        refuse_call(call->platform, call->reply, NATIONAL_UNKNOWN, "批次不存在");
        return;
    }
    answer(call->reply, NATIONAL_OK, "");
    buf_add_text(&call->reply->body, ",\"data\":{\"rows\":");
    report_outcomes_add(task, task_poll(task, platform_now_ms(&call->platform->platform)), &call->reply->body);
    buf_add_text(&call->reply->body, "}}");
}

static void handle_holdings(const struct call *call)
{
    if (!platform_holdings(call->platform->holdings, call->request, &call->reply->body))
        refuse_call(call->platform, call->reply, NATIONAL_MALFORMED, "参数错误");
}

/* --- the door --- */

static const struct {
    const char *path;
    const char *method;
    enum fault_place place;
    bool is_signed; /* with a secret, in headers */
    void (*handle)(const struct call *call);
} CALLS[] = {
    {"/key", "POST", FAULT_ON_KEY, false, handle_key},
    {"/report", "POST", FAULT_ON_UPLOAD, true, handle_report},
    {"/result", "POST", FAULT_ON_TASK, true, handle_result},
    {"/holdings", "GET", FAULT_ON_HOLDINGS, true, handle_holdings},
};

/* Its place in CALLS; COUNT_OF(CALLS) when it is none of them. */
static size_t find_call(const struct platform *self, const struct http_request *request)
{
    struct span path = platform_under(self, request);
    size_t i = 0;

    while (i < COUNT_OF(CALLS) && !span_is(path, CALLS[i].path))
        i++;
    return i;
}

static enum fault_place place_of(const struct platform *self, const struct http_request *request)
{
    size_t i = find_call(self, request);

    return i < COUNT_OF(CALLS) ? CALLS[i].place : FAULT_ON_ANY;
}

/* The value of a header that must be there once; empty when it is not. */
static struct span only_header(const struct http_request *request, const char *name)
{
    struct span value = SPAN("");
    size_t count = 0;

    for (size_t i = 0; i < request->header_count; i++)
        if (span_is(request->headers[i].name, name)) {
            value = request->headers[i].value;
            count++;
        }
    return count == 1 ? value : SPAN("");
}

static bool is_authentic(struct call *call)
{
    const struct secret_claim claim = {
        only_header(call->request, "gjgxjhpt_rid"), only_header(call->request, "gjgxjhpt_sid"),
        only_header(call->request, "gjgxjhpt_rtime"), only_header(call->request, "gjgxjhpt_sign")};
    const char *why;
    const char *code =
        secrets_check(call->platform->secrets, &claim, false, platform_now_ms(&call->platform->platform), &why);

    if (strcmp(code, NATIONAL_OK) == 0)
        return true;
    refuse_call(call->platform, call->reply, code, why);
    return false;
}

static bool read_body(struct call *call)
{
    struct span body = call->request->body;

    call->body = json_loadb(body.bytes ? body.at : "", body.bytes, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(call->body))
        return true;
    refuse_call(call->platform, call->reply, NATIONAL_MALFORMED, "请求体不是 JSON 对象");
    return false;
}

/* An HTTP status, 0 when nothing is wrong with the request before it is read at all. */
static int check_door(const struct national *platform, const struct http_request *request, size_t i)
{
    if (i == COUNT_OF(CALLS))
        return 404;
    if (!span_is(request->method, CALLS[i].method))
        return 405;
    if (!platform_lets_in(&platform->platform, request->peer))
        return 403;
    return strcmp(CALLS[i].method, "POST") == 0 && !platform_has_json(request) ? 415 : 0;
}

static void handle(struct platform *self, struct faults *faults, const struct http_request *request,
                   struct http_reply *reply)
{
    AUTO(call_done) struct call call = {(struct national *)self, faults, request, reply, NULL};
    size_t i = find_call(self, request);
    int status = check_door(call.platform, request, i);

    if (status != 0) {
        reply->status = status;
        buf_addf(&reply->body, "{\"code\":\"%d\",\"message\":\"\"}", status);
        return;
    }
    if (CALLS[i].is_signed && !is_authentic(&call))
        return;
    if (call.platform->is_broken)
        fail_call(&call);
    else if (strcmp(CALLS[i].method, "GET") == 0 || read_body(&call))
        CALLS[i].handle(&call);
}

/* --- life --- */

static void describe(struct platform *self, const char *rowid, struct buf *out)
{
    struct national *platform = (struct national *)self;

    buf_addf(out,
             "{\"uploads\":%" PRIu64 ",\"repeated\":%" PRIu64 ",\"repeated_other\":%" PRIu64 ",\"refused\":%" PRIu64
             ",\"unauthorized\":%" PRIu64 ",\"expired\":%" PRIu64 ",\"keys\":%" PRIu64 ",\"tasks\":%zu,\"held\":%zu"
             ",\"applied\":%" PRIu64 ",\"records\":",
             platform->reports, platform->repeats, platform->other_bodies, platform->refused_calls,
             platform->unauthorized, platform->expired, platform->keys_given, tasks_count(platform->tasks),
             holdings_count(platform->holdings), holdings_applied(platform->holdings));
    holdings_history(platform->holdings, rowid, out);
    buf_add_byte(out, '}');
}

static void expire(struct platform *self)
{
    struct national *platform = (struct national *)self;
    json_t *line = json_pack("{s:b}", "expired", 1);

    (void)write_line(platform, line); /* failed: broken, and says so to everybody */
    json_decref(line);
    secrets_expire(platform->secrets);
}

static void free_national(struct platform *self)
{
    struct national *platform = (struct national *)self;

    wire_keys_free(platform->keys);
    secrets_free(platform->secrets);
    holdings_free(platform->holdings);
    tasks_free(platform->tasks);
    diary_close(platform->diary);
    free(platform);
}

static const struct platform_kind NATIONAL = {
    FAULT_AT_NATIONAL, place_of, handle, describe, expire, free_national,
};

bool national_new(const struct sandbox_options *options, const struct clock *clock, struct platform **out,
                  struct error *err)
{
    struct national *platform = memory_new(sizeof(*platform));
    AUTO(platform_free) struct platform *self = &platform->platform;
    const struct national_options *own = options->national;

    platform_init(self, &NATIONAL, options, own->base, clock);
    platform->options = own;
    platform->holdings = holdings_new();
    platform->tasks = tasks_new();
    if (!wire_keys_load(NULL, own->gateway_key_file, &platform->keys, err) ||
        !secrets_new(own->app_key_file, own->requester, own->service, &platform->secrets, err) ||
        !diary_open(own->state, replay_line, platform, &platform->diary, err))
        return fail_in(err, "national-platform");
    *out = TAKE(self);
    return true;
}
