#include "tests/fault/model/staff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"

enum { ASK_STEP_US = 5000 };

void staff_init(struct staff *staff, const struct stage *stage)
{
    *staff = (struct staff){.stage = stage,
                            .patience_ms = STAFF_PATIENCE_MS,
                            .promises = memory_new(STAFF_PROMISES_MAX * sizeof *staff->promises)};
}

void staff_done(struct staff *staff)
{
    free(staff->promises);
    staff->promises = NULL;
}

/* --- requests --- */

static size_t collect(char *data, size_t size, size_t count, void *context)
{
    buf_add(context, data, size * count);
    return size * count;
}

/* The gateway knows who asks by the effective user id at the moment of connecting. */
static CURLcode perform_as(CURL *curl, unsigned uid)
{
    CURLcode code;

    if (uid && seteuid(uid) != 0)
        return CURLE_COULDNT_CONNECT;
    code = curl_easy_perform(curl);
    if (uid && seteuid(0) != 0)
        abort();
    return code;
}

long unix_ask(const struct unix_request *request, struct buf *answer)
{
    AUTO(buf_done) struct buf url = BUF_INIT;
    CURL *curl = curl_easy_init();
    long status = 0;

    buf_addf(&url, "http://unix%s", request->path);
    curl_easy_setopt(curl, CURLOPT_URL, buf_text(&url));
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, request->socket);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, request->patience_ms);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    if (request->body.at) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)request->body.bytes);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.at);
    }
    if (perform_as(curl, request->uid) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    return status;
}

/* What the administration socket answers, as JSON; NULL when it does not, or not with that status. */
static json_t *ask_gateway(const struct staff *staff, unsigned uid, const char *path, long wanted)
{
    AUTO(text_free) char *socket = stage_path(staff->stage, "admin.sock");
    AUTO(buf_done) struct buf answer = BUF_INIT;
    struct unix_request request = {socket, "GET", path, SPAN_NONE, uid, staff->patience_ms};
    json_t *json = NULL;
    struct error err;

    if (unix_ask(&request, &answer) != wanted || !json_read(buf_span(&answer), JSON_BYTES_MAX, &json, &err))
        return NULL;
    return json;
}

/* --- giving orders --- */

static struct staff_order *free_order(struct staff *staff)
{
    for (size_t i = 0; i < STAFF_ORDERS_MAX; i++) {
        if (!staff->orders[i].job[0])
            return &staff->orders[i];
    }
    return NULL;
}

bool staff_has_room(const struct staff *staff)
{
    return free_order((struct staff *)staff) != NULL; /* only looks */
}

bool staff_order(struct staff *staff, const struct staff_wish *wish)
{
    AUTO(text_free) char *socket = stage_path(staff->stage, "admin.sock");
    AUTO(buf_done) struct buf answer = BUF_INIT;
    AUTO(json_release) json_t *told = NULL;
    char *body = wish->arguments ? json_dumps(wish->arguments, JSON_COMPACT) : NULL;
    struct staff_order *order = free_order(staff);
    char path[128];
    struct error err;
    long status;

    snprintf(path, sizeof path, "/admin/v1/jobs/%s?lang=en%s", wish->kind, wish->file ? "&file=register.csv" : "");
    status = unix_ask(&(struct unix_request){socket, "POST", path, wish->file ? buf_span(wish->file) : span_of(body),
                                             wish->uid, staff->patience_ms},
                      &answer);
    free(body);
    staff->ordered++;
    if (status != 202) {
        staff->unsure += status == 0;
        return false;
    }
    if (!order || !json_read(buf_span(&answer), JSON_BYTES_MAX, &told, &err) || !json_text_of(told, "job"))
        return false;
    order->kind = wish->kind;
    snprintf(order->job, sizeof order->job, "%s", json_text_of(told, "job"));
    return true;
}

/* --- what came of them --- */

static bool note_item(struct staff *staff, const char *kind, const json_t *item, struct error *err)
{
    const char *result = json_text_of(item, "result");
    const char *record = json_text_of(item, "record");
    struct staff_promise *promise;

    if (!result || strcmp(result, "done") != 0)
        return true;
    if (staff->promise_count == STAFF_PROMISES_MAX)
        return fail(err, ERR_LIMIT, "more promises than this program can hold");
    promise = &staff->promises[staff->promise_count++];
    *promise = (struct staff_promise){.kind = kind,
                                      .version = (uint32_t)json_integer_of(item, "version", 0),
                                      .delivery = json_integer_of(item, "delivery", 0)};
    snprintf(promise->record, sizeof promise->record, "%s", record ? record : "");
    return true;
}

/* The report may be asked for later when nobody answers now: false, without an error. */
static bool note_report(struct staff *staff, const struct staff_order *order, bool *was_noted, struct error *err)
{
    AUTO(json_release) json_t *report = NULL;
    char path[160];
    size_t i;
    json_t *item;

    snprintf(path, sizeof path, "/admin/v1/jobs/%s/report?format=json&offset=0", order->job);
    report = ask_gateway(staff, STAGE_OPERATOR, path, 200);
    *was_noted = report != NULL;
    json_array_foreach(json_object_get(report, "items"), i, item)
    {
        if (!note_item(staff, order->kind, item, err))
            return false;
    }
    return true;
}

/* A comparison that was ordered when all is quiet must find both sides equal. */
static bool note_comparison(const struct staff *staff, const struct staff_order *order, const json_t *job,
                            struct error *err)
{
    AUTO(json_release) json_t *report = NULL;
    char path[160];
    char *text;

    if (strcmp(order->kind, STAFF_COMPARE) != 0 || json_integer_of(json_object_get(job, "result"), "exit", -1) == 0)
        return true;
    snprintf(path, sizeof path, "/admin/v1/jobs/%s/report?format=json&offset=0", order->job);
    report = ask_gateway(staff, STAGE_OPERATOR, path, 200);
    text = json_dumps(report, JSON_COMPACT);
    error_set(err, ERR_CORRUPT, "the sides differ: %.400s", text ? text : "no report");
    free(text);
    return false;
}

/* A failed job: refused as a whole, or its process died too often, or a platform would not say what it holds. Anything
 * else is our own fault. */
static bool note_problem(struct staff *staff, const struct staff_order *order, const json_t *problem, struct error *err)
{
    const char *rule = json_text_of(problem, "rule");
    const char *detail = json_text_of(problem, "detail");

    if (rule && strcmp(rule, "job.died") == 0) {
        staff->given_up++;
        return true;
    }
    if (json_integer_of(problem, "status", 500) >= 500 && !(rule && span_starts(span_of(rule), "reconcile.")))
        return fail(err, ERR_INTERNAL, "%s failed: %s: %s", order->kind, rule ? rule : "-", detail ? detail : "-");
    staff->refused++;
    return true;
}

static bool ask_after(struct staff *staff, struct staff_order *order, struct error *err)
{
    AUTO(json_release) json_t *job = NULL;
    const json_t *problem;
    const char *state;
    char path[128];
    bool was_noted = true;

    snprintf(path, sizeof path, "/admin/v1/jobs/%s", order->job);
    job = ask_gateway(staff, STAGE_OPERATOR, path, 200);
    state = json_text_of(job, "state");
    problem = json_object_get(job, "problem");
    if (!state || (strcmp(state, "done") != 0 && strcmp(state, "failed") != 0))
        return true;
    if (problem ? !note_problem(staff, order, problem, err)
                : !note_comparison(staff, order, job, err) || !note_report(staff, order, &was_noted, err))
        return false;
    if (was_noted)
        order->job[0] = '\0';
    return true;
}

bool staff_ask(struct staff *staff, struct error *err)
{
    for (size_t i = 0; i < STAFF_ORDERS_MAX; i++) {
        if (staff->orders[i].job[0] && !ask_after(staff, &staff->orders[i], err))
            return false;
    }
    return true;
}

static const struct staff_order *open_order(const struct staff *staff)
{
    for (size_t i = 0; i < STAFF_ORDERS_MAX; i++) {
        if (staff->orders[i].job[0])
            return &staff->orders[i];
    }
    return NULL;
}

bool staff_wait(struct staff *staff, struct error *err)
{
    int64_t until_ms = time_monotonic_ms() + STAFF_WAIT_MS;

    for (;;) {
        const struct staff_order *open;

        if (!staff_ask(staff, err))
            return false;
        open = open_order(staff);
        if (!open)
            return true;
        if (time_monotonic_ms() > until_ms)
            return fail(err, ERR_TIMEOUT, "the order %s %s has no end", open->kind, open->job);
        usleep(ASK_STEP_US);
    }
}
