/* The way of a file: PUT .xml → name, number, content → stored; PUT .sig → says what is there? → each row judged → one
 * line in the diary (with the signature) → memory → answer; GET .ack.xml → a receipt, now or later, at once or in
 * steps.
 *
 * The .xml files are the truth about files, the diary about signatures and rows. As with 信用广东, memory changes
 * before the diary does: when the disk then fails the platform is broken and answers 500 until it is started again. */
#include "sandbox/china.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "sandbox/datas.h"
#include "sandbox/diary.h"
#include "sandbox/inbox.h"
#include "sandbox/receipt.h"
#include "sandbox/signature.h"
#include "sandbox/taking.h"
#include "sandbox/tasks.h"

struct china {
    struct platform platform;
    const struct china_options *options;
    struct wire_keys *keys;
    struct inbox *inbox;
    struct holdings *holdings;
    struct tasks *files; /* by name; without outcomes until the signature is there */
    struct diary *diary;
    bool is_broken;
    uint64_t signatures;
    uint64_t uploads; /* since the start, as all that follow */
    uint64_t repeats;
    uint64_t other_bodies; /* repeats whose content was another: a fault of the sender */
    uint64_t refused_calls;
    uint64_t unauthorized;
};

/* One call on its way through. */
struct call {
    struct china *platform;
    struct faults *faults;
    const struct http_request *request;
    struct http_reply *reply;
    struct inbox_name name;
    struct task *file; /* NULL when there is none of that name */
};

static void answer(struct http_reply *reply, int status, const char *text)
{
    reply->status = status;
    reply->content_type = "text/plain; charset=utf-8";
    buf_clear(&reply->body);
    buf_add_text(&reply->body, text);
    buf_add_byte(&reply->body, '\n');
}

static void refuse_call(const struct call *call, int status, const char *why)
{
    call->platform->refused_calls++;
    answer(call->reply, status, why);
}

static void fail_call(const struct call *call, const struct error *err)
{
    log_error("sandbox", "a file of 信用中国 cannot be kept: %s", err->text);
    call->platform->is_broken = true;
    refuse_call(call, 500, "磁盘故障，重新启动后再试");
}

/* --- files --- */

static struct task *add_file(struct china *platform, const struct inbox_name *name, struct span bytes)
{
    struct task *file = tasks_add(platform->files, name->text);

    wire_sm3(bytes, file->digest);
    return file;
}

static void visit_file(const struct inbox_name *name, struct span bytes, void *context)
{
    (void)add_file(context, name, bytes);
}

static void refuse_repeat(const struct call *call)
{
    char digest[WIRE_HEX_BYTES];

    wire_sm3(call->request->body, digest);
    call->platform->repeats++;
    call->platform->other_bodies += strcmp(call->file->digest, digest) != 0;
    answer(call->reply, 412, "文件已存在");
}

/* False, and answered, when the name is not the one that must come now. */
static bool check_number(const struct call *call)
{
    uint32_t next = inbox_last(call->platform->inbox, call->name.day) + 1;
    char text[128];

    /* One day of grace: clocks of two houses around midnight. */
    if (call->name.day > day_of_instant(platform_now_ms(&call->platform->platform)) + 1) {
        refuse_call(call, 409, "文件日期晚于今天");
        return false;
    }
    if (call->name.number == next)
        return true;
    snprintf(text, sizeof(text), "序号不连续：当日下一个序号应为 %05u", next);
    refuse_call(call, 409, text);
    return false;
}

/* False, and answered, when the content is not taken. */
static bool check_content(const struct call *call)
{
    char ordered[FAULT_CODE_BYTES];
    json_t *rows = NULL;
    struct error err;
    bool ok = datas_read(call->request->body, &rows, &err);

    if (!ok) {
        refuse_call(call, 422, err.text);
    } else if (taking_refuses_body(call->faults, FAULT_AT_CHINA, rows, ordered)) {
        refuse_call(call, 422, ordered);
        ok = false;
    }
    json_decref(rows);
    return ok;
}

static void put_file(const struct call *call)
{
    struct error err;

    call->platform->uploads++;
    if (call->file) {
        refuse_repeat(call);
        return;
    }
    if (!check_number(call) || !check_content(call))
        return;
    if (!inbox_store(call->platform->inbox, &call->name, call->request->body, &err)) {
        fail_call(call, &err);
        return;
    }
    (void)add_file(call->platform, &call->name, call->request->body);
    answer(call->reply, 201, "已接收");
}

/* --- signatures, and the rows that are taken with them --- */

static void remember_rows(struct china *platform, struct task *file, const json_t *line)
{
    char *outcomes = json_dumps(json_object_get(line, "outcomes"), JSON_COMPACT);

    file->rows = json_array_size(json_object_get(line, "rows"));
    file->outcomes = memory_copy_text(outcomes ? outcomes : "[]");
    platform->signatures++;
    free(outcomes);
}

/* {"file", "sig", "rows", "held", "outcomes"} */
static bool replay_line(const json_t *line, void *context, struct error *err)
{
    struct china *platform = context;
    const char *name = json_string_value(json_object_get(line, "file"));
    struct task *file = name ? tasks_find(platform->files, name) : NULL;

    if (!file || file->outcomes || !json_is_array(json_object_get(line, "outcomes")))
        return fail(err, ERR_CORRUPT, "a line without its file, or the second of a file");
    if (!taking_replay(platform->holdings, json_object_get(line, "rows"), json_object_get(line, "held"), err))
        return false;
    remember_rows(platform, file, line);
    return true;
}

static void take_rows(const struct call *call, json_t *line)
{
    struct china *platform = call->platform;
    struct taking taking = {.holdings = platform->holdings,
                            .faults = call->faults,
                            .at = FAULT_AT_CHINA,
                            .today = day_of_instant(platform_now_ms(&platform->platform))};
    const json_t *rows = json_object_get(line, "rows");

    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        struct row_verdict verdict = {ROW_TAKEN, ""};
        enum held held = taking_row(&taking, row, &verdict);

        json_array_append_new(json_object_get(line, "held"), json_string(HELD_NAMES[held]));
        json_array_append_new(json_object_get(line, "outcomes"),
                              json_pack("{s:O,s:O,s:s,s:s}", "ROWID", json_object_get(row, "ROWID"), "VERSION",
                                        json_object_get(row, "VERSION"), "result", verdict.code, "message",
                                        verdict.message));
    }
}

static bool write_line(struct china *platform, const json_t *line, struct error *err)
{
    char *text = json_dumps(line, JSON_COMPACT);
    bool ok = text ? diary_append(platform->diary, span_of(text), err) : fail(err, ERR_INTERNAL, "no line");

    free(text);
    return ok;
}

static void take_file(const struct call *call, json_t *rows)
{
    struct china *platform = call->platform;
    json_t *line = json_pack("{s:s,s:s%,s:O,s:[],s:[]}", "file", call->name.text, "sig", call->request->body.at,
                             call->request->body.bytes, "rows", rows, "held", "outcomes");
    struct error err = {.code = ERR_NONE};

    take_rows(call, line);
    if (write_line(platform, line, &err)) {
        remember_rows(platform, call->file, line);
        call->file->polls_left =
            faults_result_delay(call->faults, FAULT_AT_CHINA, platform->options->result_delay_polls);
        call->file->ready_ms = platform_now_ms(&platform->platform) + platform->options->result_delay_ms;
        call->file->steps = faults_result_steps(call->faults, FAULT_AT_CHINA, platform->options->result_steps);
        answer(call->reply, 201, "已接收");
    } else {
        fail_call(call, &err);
    }
    json_decref(line);
}

static void put_signature(const struct call *call)
{
    AUTO(buf_done) struct buf file = BUF_INIT;
    json_t *rows = NULL;
    struct error err;

    if (!call->file) {
        refuse_call(call, 409, "没有相应的 .xml 文件");
        return;
    }
    if (call->file->outcomes) {
        call->platform->repeats++;
        answer(call->reply, 412, "签名已存在");
        return;
    }
    /* What is in the folder was looked through when it came. */
    if (!inbox_load(call->platform->inbox, call->name.text, &file, &err) || !datas_read(buf_span(&file), &rows, &err)) {
        fail_call(call, &err);
        return;
    }
    if (signature_check(call->platform->keys, call->request->body,
                        &(struct signed_file){call->name.text, file.bytes, call->file->digest}, &err))
        take_file(call, rows);
    else
        refuse_call(call, 422, err.text);
    json_decref(rows);
}

/* --- questions --- */

static void get_digest(const struct call *call)
{
    answer(call->reply, call->file ? 200 : 404, call->file ? call->file->digest : "没有这个文件");
}

/* How many outcomes a receipt shows that comes in steps: the same share more with every one. */
static size_t next_share(struct task *file)
{
    if (file->steps_shown < file->steps)
        file->steps_shown++;
    if (file->steps_shown >= file->steps)
        return file->rows;
    return (size_t)(file->rows * (uint64_t)file->steps_shown / (uint64_t)file->steps);
}

static void get_receipt(const struct call *call)
{
    json_t *outcomes;

    if (!call->file || !call->file->outcomes || !task_poll(call->file, platform_now_ms(&call->platform->platform))) {
        answer(call->reply, 404, "还没有回执");
        return;
    }
    outcomes = json_loads(call->file->outcomes, 0, NULL);
    call->reply->content_type = "application/xml";
    receipt_add(call->name.text, outcomes, next_share(call->file), &call->reply->body);
    json_decref(outcomes);
}

/* --- the door --- */

static const struct {
    const char *folder;
    const char *ending;
    const char *method;
    const char *content_type; /* NULL: no body */
    enum fault_place place;
    void (*handle)(const struct call *call);
} CALLS[] = {
    {"/inbox/", ".xml", "PUT", "application/xml", FAULT_ON_UPLOAD, put_file},
    {"/inbox/", ".sig", "PUT", "application/json", FAULT_ON_SECOND, put_signature},
    {"/inbox/", ".sm3", "GET", NULL, FAULT_ON_DOUBT, get_digest},
    {"/outbox/", ".ack.xml", "GET", NULL, FAULT_ON_TASK, get_receipt},
};

/* Its place in CALLS, and what stands between folder and ending; COUNT_OF(CALLS) when it is none of them. */
static size_t find_call(const struct platform *self, const struct http_request *request, struct span *name)
{
    struct span path = platform_under(self, request);

    for (size_t i = 0; i < COUNT_OF(CALLS); i++) {
        size_t folder = strlen(CALLS[i].folder);
        size_t ending = strlen(CALLS[i].ending);

        if (!span_starts(path, CALLS[i].folder) || path.bytes < folder + ending ||
            memcmp(path.at + path.bytes - ending, CALLS[i].ending, ending) != 0)
            continue;
        *name = (struct span){path.at + folder, path.bytes - folder - ending};
        return i;
    }
    return COUNT_OF(CALLS);
}

static bool is_holdings(const struct platform *self, const struct http_request *request)
{
    return span_is(platform_under(self, request), "/holdings");
}

static enum fault_place place_of(const struct platform *self, const struct http_request *request)
{
    struct span name;
    size_t i = find_call(self, request, &name);

    if (i < COUNT_OF(CALLS))
        return CALLS[i].place;
    return is_holdings(self, request) ? FAULT_ON_HOLDINGS : FAULT_ON_ANY;
}

struct denial {
    int status; /* 0: none */
    const char *why;
};

static struct denial check_put(const struct http_request *request, size_t i)
{
    if (!span_starts(http_header_of(request, "content-type"), CALLS[i].content_type))
        return (struct denial){415, "Content-Type 错误"};
    if (!span_is(http_header_of(request, "if-none-match"), "*"))
        return (struct denial){428, "须带 If-None-Match: *"};
    return (struct denial){0, NULL};
}

/* What is wrong with the request before its body is looked at. */
static struct denial check_door(const struct china *platform, const struct http_request *request, size_t i)
{
    bool is_list = is_holdings(&platform->platform, request);

    if (i == COUNT_OF(CALLS) && !is_list)
        return (struct denial){404, "没有这个地址"};
    if (!span_is(request->method, is_list ? "GET" : CALLS[i].method))
        return (struct denial){405, "方法错误"};
    if (!platform_lets_in(&platform->platform, request->peer))
        return (struct denial){403, "客户端证书不在名单内"};
    if (platform->is_broken)
        return (struct denial){500, "磁盘故障，重新启动后再试"};
    return !is_list && CALLS[i].content_type ? check_put(request, i) : (struct denial){0, NULL};
}

static void handle(struct platform *self, struct faults *faults, const struct http_request *request,
                   struct http_reply *reply)
{
    struct call call = {(struct china *)self, faults, request, reply, {"", 0, 0}, NULL};
    struct span name = SPAN_NONE;
    size_t i = find_call(self, request, &name);
    struct denial denial = check_door(call.platform, request, i);

    if (denial.status != 0) {
        call.platform->unauthorized += denial.status == 403;
        answer(reply, denial.status, denial.why);
        return;
    }
    if (i == COUNT_OF(CALLS)) {
        if (!platform_holdings(call.platform->holdings, request, &reply->body))
            refuse_call(&call, 400, "参数错误");
        return;
    }
    if (!inbox_name_parse(call.platform->options->file_code, name, &call.name)) {
        refuse_call(&call, 400, "文件名应为 <报文号>_<YYYYMMDD>_<5 位序号>");
        return;
    }
    call.file = tasks_find(call.platform->files, call.name.text);
    CALLS[i].handle(&call);
}

/* --- life --- */

static void describe(struct platform *self, const char *rowid, struct buf *out)
{
    struct china *platform = (struct china *)self;

    buf_addf(out,
             "{\"uploads\":%" PRIu64 ",\"repeated\":%" PRIu64 ",\"repeated_other\":%" PRIu64 ",\"refused\":%" PRIu64
             ",\"unauthorized\":%" PRIu64 ",\"files\":%zu,\"tasks\":%" PRIu64 ",\"held\":%zu,\"applied\":%" PRIu64
             ",\"records\":",
             platform->uploads, platform->repeats, platform->other_bodies, platform->refused_calls,
             platform->unauthorized, tasks_count(platform->files), platform->signatures,
             holdings_count(platform->holdings), holdings_applied(platform->holdings));
    holdings_history(platform->holdings, rowid, out);
    buf_add_byte(out, '}');
}

static void free_china(struct platform *self)
{
    struct china *platform = (struct china *)self;

    wire_keys_free(platform->keys);
    inbox_free(platform->inbox);
    holdings_free(platform->holdings);
    tasks_free(platform->files);
    diary_close(platform->diary);
    free(platform);
}

static const struct platform_kind CHINA = {
    FAULT_AT_CHINA, place_of, handle, describe, NULL, free_china,
};

bool china_new(const struct sandbox_options *options, const struct clock *clock, struct platform **out,
               struct error *err)
{
    struct china *platform = memory_new(sizeof(*platform));
    AUTO(platform_free) struct platform *self = &platform->platform;
    const struct china_options *own = options->china;

    platform_init(self, &CHINA, options, own->base, clock);
    platform->options = own;
    platform->holdings = holdings_new();
    platform->files = tasks_new();
    if (!wire_keys_load(NULL, own->gateway_key_file, &platform->keys, err) ||
        !inbox_open(own->state, own->file_code, visit_file, platform, &platform->inbox, err) ||
        !diary_open(own->state, replay_line, platform, &platform->diary, err))
        return fail_in(err, "credit-china");
    *out = TAKE(self);
    return true;
}
