/* The way of an upload: caller → envelope → seen before? → each row judged against the fields and what is held → one
 * line in the diary → memory → answer. Judging row n must see what rows 1 to n-1 did, so memory changes first; when the
 * diary then fails the platform is broken and answers 500 until it is started again: it must not show what a restart
 * would forget. */
#include "sandbox/guangdong.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "sandbox/diary.h"
#include "sandbox/envelope.h"
#include "sandbox/taking.h"
#include "sandbox/tasks.h"
#include "sandbox/tif.h"

struct guangdong {
    struct platform platform;
    struct wire_keys *keys;
    struct tif *tif;
    struct holdings *holdings;
    struct tasks *tasks;
    struct diary *diary;
    bool is_broken;
    uint64_t uploads; /* since the start */
    uint64_t repeats;
    uint64_t other_bodies; /* repeats whose content was another: a fault of the sender */
    uint64_t refused_calls;
    uint64_t unauthorized;
};

static int64_t now_ms(const struct guangdong *platform)
{
    return platform_now_ms(&platform->platform);
}

static void answer(struct http_reply *reply, int status, const char *code, const char *message)
{
    reply->status = status;
    buf_clear(&reply->body);
    buf_addf(&reply->body, "{\"errorCode\":\"%s\",\"errorMsg\":", code);
    json_string_add(&reply->body, span_of(message));
}

/* --- the diary: what a line says, written and read back --- */

static struct task *remember_task(struct guangdong *platform, const json_t *line)
{
    struct task *task = tasks_add(platform->tasks, json_string_value(json_object_get(line, "task")));
    const char *digest = json_string_value(json_object_get(line, "digest"));
    char *outcomes = json_dumps(json_object_get(line, "outcomes"), JSON_COMPACT);

    memcpy(task->digest, digest, strnlen(digest, sizeof(task->digest) - 1));
    task->rows = json_array_size(json_object_get(line, "rows"));
    task->taken = (uint64_t)json_integer_value(json_object_get(line, "taken"));
    task->outcomes = memory_copy_text(outcomes ? outcomes : "[]");
    free(outcomes);
    return task;
}

static bool replay_line(const json_t *line, void *context, struct error *err)
{
    struct guangdong *platform = context;
    const char *task = json_string_value(json_object_get(line, "task"));

    if (!task || !json_is_string(json_object_get(line, "digest")) || tasks_find(platform->tasks, task))
        return fail(err, ERR_CORRUPT, "not an upload's line");
    if (!taking_replay(platform->holdings, json_object_get(line, "rows"), json_object_get(line, "held"), err))
        return false;
    (void)remember_task(platform, line);
    return true;
}

/* --- uploads --- */

/* Take or refuse one row, in memory; add its outcome and what became of it. */
static bool take_row(struct taking *taking, json_t *row, json_t *line)
{
    struct row_verdict verdict = {ROW_TAKEN, ""};
    enum held held = taking_row(taking, row, &verdict);

    json_array_append_new(json_object_get(line, "held"), json_string(HELD_NAMES[held]));
    json_array_append_new(json_object_get(line, "outcomes"),
                          json_pack("{s:O,s:O,s:s,s:s}", "ROWID", json_object_get(row, "ROWID"), "VERSION",
                                    json_object_get(row, "VERSION"), "result", verdict.code, "message",
                                    verdict.message));
    return strcmp(verdict.code, ROW_TAKEN) == 0;
}

static bool write_line(struct guangdong *platform, const json_t *line)
{
    char *text = json_dumps(line, JSON_COMPACT);
    struct error err;
    bool ok = text && diary_append(platform->diary, span_of(text), &err);

    if (text && !ok)
        log_error("sandbox", "an upload cannot be kept: %s", err.text);
    free(text);
    return ok;
}

/* NULL when it could not be kept. */
static struct task *take_upload(struct guangdong *platform, struct faults *faults, const struct envelope *envelope)
{
    json_t *line = json_pack("{s:s,s:s,s:O,s:[],s:[]}", "task", envelope->task, "digest", envelope->digest, "rows",
                             envelope->rows, "held", "outcomes");
    struct taking taking = {.holdings = platform->holdings,
                            .faults = faults,
                            .at = FAULT_AT_GUANGDONG,
                            .table = envelope->is_feedback ? TABLE_FEEDBACK : TABLE_RECORDS,
                            .today = day_of_instant(now_ms(platform))};
    struct task *task = NULL;
    int64_t taken = 0;

    for (size_t i = 0; i < json_array_size(envelope->rows); i++)
        taken += take_row(&taking, json_array_get(envelope->rows, i), line);
    json_object_set_new(line, "taken", json_integer(taken));
    platform->is_broken = !write_line(platform, line);
    if (!platform->is_broken) {
        task = remember_task(platform, line);
        task->polls_left =
            faults_result_delay(faults, FAULT_AT_GUANGDONG, platform->platform.options->result_delay_polls);
        task->ready_ms = now_ms(platform) + platform->platform.options->result_delay_ms;
    }
    json_decref(line);
    return task;
}

static void answer_upload(const struct task *task, const struct call_refusal *refusal, struct http_reply *reply)
{
    uint64_t rows = refusal ? 0 : task->rows;
    uint64_t taken = refusal ? 0 : task->taken;

    answer(reply, 200, refusal ? refusal->code : CALL_OK, refusal ? refusal->message : "");
    buf_addf(&reply->body,
             ",\"totalSize\":%" PRIu64 ",\"successSize\":%" PRIu64 ",\"failSize\":%" PRIu64
             ",\"tips\":\"%s\",\"taskId\":\"%s\"}",
             rows, taken, rows - taken, rows > taken ? "部分数据未通过，请查询逐行结果" : "", task->id);
}

static void refuse_upload(struct guangdong *platform, const struct envelope *envelope,
                          const struct call_refusal *refusal, struct http_reply *reply)
{
    struct task nameless = {.rows = 0};

    memcpy(nameless.id, envelope->task, sizeof(nameless.id));
    platform->refused_calls++;
    answer_upload(&nameless, refusal, reply);
}

static void repeat_upload(struct guangdong *platform, struct task *task, const struct envelope *envelope,
                          struct http_reply *reply)
{
    platform->repeats++;
    if (strcmp(task->digest, envelope->digest) != 0)
        platform->other_bodies++;
    answer_upload(task, NULL, reply);
}

static bool is_refused_by_order(struct faults *faults, const json_t *rows, char code[FAULT_CODE_BYTES],
                                struct call_refusal *refusal)
{
    if (!taking_refuses_body(faults, FAULT_AT_GUANGDONG, rows, code))
        return false;
    *refusal = (struct call_refusal){code, "按测试要求退回整批"};
    return true;
}

static void upload(struct guangdong *platform, struct faults *faults, const struct http_request *request,
                   struct http_reply *reply)
{
    const struct envelope_terms terms = {
        platform->platform.options->table_code, platform->platform.options->feedback_table_code,
        platform->platform.options->table_version_id, platform->platform.options->department_code, platform->keys};
    AUTO(envelope_done) struct envelope envelope = {0};
    struct call_refusal refusal = {CALL_INTERNAL, "内部错误"};
    char ordered[FAULT_CODE_BYTES];
    struct task *task;

    platform->uploads++;
    if (!envelope_read(&terms, request->body, &envelope, &refusal)) {
        refuse_upload(platform, &envelope, &refusal, reply);
        return;
    }
    task = tasks_find(platform->tasks, envelope.task);
    if (task) {
        repeat_upload(platform, task, &envelope, reply);
        return;
    }
    if (envelope_open(&terms, &envelope, &refusal) && !is_refused_by_order(faults, envelope.rows, ordered, &refusal)) {
        refusal = (struct call_refusal){CALL_INTERNAL, "内部错误"};
        task = take_upload(platform, faults, &envelope);
    }
    if (!task)
        refuse_upload(platform, &envelope, &refusal, reply);
    else
        answer_upload(task, NULL, reply);
}

/* --- questions --- */

static void ask_task(struct guangdong *platform, const struct http_request *request, struct http_reply *reply)
{
    AUTO(text_free) char *id = memory_copy_span(platform_under(&platform->platform, request));
    const char *name = id + strlen("/tasks/");
    struct task *task = task_id_is_valid(span_of(name)) ? tasks_find(platform->tasks, name) : NULL;
    bool is_ready;

    answer(reply, 200, task ? CALL_OK : CALL_TASK_UNKNOWN, task ? "" : "任务不存在");
    buf_add_text(&reply->body, ",\"taskId\":");
    json_string_add(&reply->body, span_of(name));
    if (!task) {
        buf_add_byte(&reply->body, '}');
        return;
    }
    is_ready = task_poll(task, now_ms(platform));
    buf_addf(&reply->body, ",\"state\":\"%s\",\"rows\":", is_ready ? "1" : "0");
    buf_add_text(&reply->body, is_ready ? task->outcomes : "[]");
    buf_add_byte(&reply->body, '}');
}

static void list_holdings(struct guangdong *platform, const struct http_request *request, struct http_reply *reply)
{
    if (platform_holdings(platform->holdings, request, &reply->body))
        return;
    answer(reply, 400, "400", "参数错误");
    buf_add_byte(&reply->body, '}');
}

/* --- the door --- */

static enum fault_place place_of(const struct platform *self, const struct http_request *request)
{
    struct span path = platform_under(self, request);

    if (span_is(path, "/upload"))
        return FAULT_ON_UPLOAD;
    if (span_starts(path, "/tasks/"))
        return FAULT_ON_TASK;
    return span_is(path, "/holdings") ? FAULT_ON_HOLDINGS : FAULT_ON_ANY;
}

static int turn_away(int status, const char *why, struct error *err)
{
    error_set(err, ERR_INVALID, "%s", why);
    return status;
}

/* What is wrong with the request before it is read at all: an HTTP status, 0 when nothing is. */
static int check_door(struct guangdong *platform, const struct http_request *request, enum fault_place place,
                      struct error *err)
{
    if (place == FAULT_ON_ANY)
        return turn_away(404, "no such address", err);
    if (!span_is(request->method, place == FAULT_ON_UPLOAD ? "POST" : "GET"))
        return turn_away(405, "not this method", err);
    if (!platform_lets_in(&platform->platform, request->peer))
        return turn_away(403, "this client certificate is not on the list", err);
    if (!tif_check(platform->tif, request, now_ms(platform), err))
        return 401;
    if (place == FAULT_ON_UPLOAD && !platform_has_json(request))
        return turn_away(415, "content-type must be application/json", err);
    if (platform->is_broken)
        return turn_away(500, "the disk failed: start me again", err);
    return 0;
}

static void handle(struct platform *self, struct faults *faults, const struct http_request *request,
                   struct http_reply *reply)
{
    struct guangdong *platform = (struct guangdong *)self;
    enum fault_place place = place_of(self, request);
    struct error err = {.code = ERR_NONE};
    int status = check_door(platform, request, place, &err);

    if (status != 0) {
        char code[16];

        platform->unauthorized += status == 401;
        snprintf(code, sizeof(code), "%d", status);
        answer(reply, status, code, err.text);
        buf_add_byte(&reply->body, '}');
        return;
    }
    if (place == FAULT_ON_UPLOAD)
        upload(platform, faults, request, reply);
    else if (place == FAULT_ON_TASK)
        ask_task(platform, request, reply);
    else
        list_holdings(platform, request, reply);
}

/* --- life --- */

static void describe(struct platform *self, const char *rowid, struct buf *out)
{
    struct guangdong *platform = (struct guangdong *)self;

    buf_addf(out,
             "{\"uploads\":%" PRIu64 ",\"repeated\":%" PRIu64 ",\"repeated_other\":%" PRIu64 ",\"refused\":%" PRIu64
             ",\"unauthorized\":%" PRIu64 ",\"tasks\":%zu,\"held\":%zu,\"applied\":%" PRIu64 ",\"records\":",
             platform->uploads, platform->repeats, platform->other_bodies, platform->refused_calls,
             platform->unauthorized, tasks_count(platform->tasks), holdings_count(platform->holdings),
             holdings_applied(platform->holdings));
    holdings_history(platform->holdings, rowid, out);
    buf_add_byte(out, '}');
}

static void free_guangdong(struct platform *self)
{
    struct guangdong *platform = (struct guangdong *)self;

    wire_keys_free(platform->keys);
    tif_free(platform->tif);
    holdings_free(platform->holdings);
    tasks_free(platform->tasks);
    diary_close(platform->diary);
    free(platform);
}

static const struct platform_kind GUANGDONG = {
    FAULT_AT_GUANGDONG, place_of, handle, describe, NULL, free_guangdong,
};

bool guangdong_new(const struct sandbox_options *options, const struct clock *clock, struct platform **out,
                   struct error *err)
{
    struct guangdong *platform = memory_new(sizeof(*platform));
    AUTO(platform_free) struct platform *self = &platform->platform;

    platform_init(self, &GUANGDONG, options, options->base, clock);
    platform->tif = tif_new(options->paasid, options->token);
    platform->holdings = holdings_new();
    platform->tasks = tasks_new();
    if (!wire_keys_load(options->sm4_key_file, options->gateway_key_file, &platform->keys, err) ||
        !diary_open(options->state, replay_line, platform, &platform->diary, err))
        return false;
    *out = TAKE(self);
    return true;
}
