/* nation.h - a stand-in 全国信用信息共享平台 for tests, with a caller that knows how to ask it rightly, and a clock
 * that the test turns. */
#ifndef TESTS_UNIT_SANDBOX_NATION_H
#define TESTS_UNIT_SANDBOX_NATION_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "sandbox/national.h"
#include "tests/support/caller.h"
#include "tests/support/support.h"

#define ROW "R0123456789abcdef0123"
#define BATCH "0123456789abcdef0123456789abcdef"
#define BATCH_2 "00000000000000000000000000000002"
#define BATCH_3 "00000000000000000000000000000003"
#define BATCH_4 "00000000000000000000000000000004"

static char folder[TEST_PATH_BYTES];
static struct national_options national;
static struct sandbox_options options;
static struct reporter *reporter;
static struct caller caller;
static struct faults *faults;
static struct platform *platform;
static int64_t clock_ms = INT64_C(1590969600000); /* 2020-06-01 */

static inline int64_t read_clock(void *context)
{
    return *(int64_t *)context;
}

static const struct clock CLOCK = {read_clock, &clock_ms};

static inline void start(void)
{
    struct error err;

    cr_assert(national_new(&options, &CLOCK, &platform, &err), "%s", err.text);
}

static inline void stop(void)
{
    platform_free(platform);
    platform = NULL;
}

/* What is changed about an otherwise right request. */
struct attempt {
    const char *method;
    const char *path;
    const char *query;
    struct span body;
    const struct caller_values *values; /* NULL: right ones */
    const char *content_type;
    bool has_no_certificate;
    size_t drops;   /* so many headers from the front */
    size_t repeats; /* the first header so many times more */
};

/* The answer as it came; a new reference. */
static inline json_t *attempt(const struct attempt *a, int *status)
{
    struct http_peer peer = {.has_certificate = !a->has_no_certificate, .certificate_sha256 = {0xab, 0xcd}};
    struct http_reply reply = {.status = 200};
    struct caller_values fresh;
    json_t *json;

    caller_sign(caller.secret, clock_ms, &fresh);
    if (a->values)
        fresh = *a->values;
    {
        const struct http_header headers[] = {
            {SPAN("gjgxjhpt_rid"), span_of(fresh.rid)},
            {SPAN("gjgxjhpt_sid"), span_of(fresh.sid)},
            {SPAN("gjgxjhpt_rtime"), span_of(fresh.rtime)},
            {SPAN("gjgxjhpt_sign"), span_of(fresh.sign)},
            {SPAN("content-type"), span_of(a->content_type ? a->content_type : "application/json")},
            {SPAN("gjgxjhpt_rid"), span_of(fresh.rid)},
        };
        const struct http_request request = {.method = span_of(a->method),
                                             .path = span_of(a->path),
                                             .query = span_of(a->query),
                                             .headers = headers + a->drops,
                                             .header_count = COUNT_OF(headers) - 1 - a->drops + a->repeats,
                                             .body = a->body,
                                             .body_fd = -1,
                                             .body_bytes = a->body.bytes,
                                             .peer = &peer};

        platform->kind->handle(platform, faults, &request, &reply);
    }
    json = json_loadb(buf_text(&reply.body), reply.body.bytes, 0, NULL);
    cr_assert(json_is_object(json), "%s", buf_text(&reply.body));
    *status = reply.status;
    buf_done(&reply.body);
    buf_done(&reply.headers);
    return json;
}

static inline const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value ? value : "(none)";
}

static inline void expect_status(const struct attempt *a, int expected)
{
    int status;
    json_t *json = attempt(a, &status);

    cr_assert_eq(status, expected, "%d", status);
    json_decref(json);
}

/* HTTP 200 with that code; a new reference. */
static inline json_t *expect_answer(const struct attempt *a, const char *code)
{
    int status;
    json_t *json = attempt(a, &status);

    cr_assert_eq(status, 200, "%d", status);
    cr_assert_str_eq(text(json, "code"), code, "%s: %s", text(json, "code"), text(json, "message"));
    return json;
}

static inline void expect_code(const struct attempt *a, const char *code)
{
    json_decref(expect_answer(a, code));
}

static inline void expect_raw(const char *path, struct span body, const char *code)
{
    expect_code(&(struct attempt){.method = "POST", .path = path, .body = body}, code);
}

/* Takes over the body. */
static inline json_t *post(const char *path, json_t *body, const char *code)
{
    char *dumped = json_dumps(body, JSON_COMPACT);
    json_t *json;

    json = expect_answer(&(struct attempt){.method = "POST", .path = path, .body = span_of(dumped)}, code);
    free(dumped);
    json_decref(body);
    return json;
}

static inline void expect_post(const char *path, json_t *body, const char *code)
{
    json_decref(post(path, body, code));
}

static inline void take_secret(void)
{
    json_t *json = post("/np/key", caller_key_body(clock_ms), "0");

    cr_assert(caller_take_secret(&caller, json));
    json_decref(json);
}

static inline json_t *holdings(const char *query)
{
    int status;
    json_t *json = attempt(&(struct attempt){.method = "GET", .path = "/np/holdings", .query = query}, &status);

    cr_assert_eq(status, 200);
    cr_assert_not_null(json_object_get(json, "rows"));
    return json;
}

/* The outcome of the first row of a batch; a new reference. */
static inline json_t *outcome(const char *batch)
{
    json_t *json = post("/np/result", json_pack("{s:s}", "batchNo", batch), "0");
    json_t *first = json_incref(json_array_get(json_object_get(json_object_get(json, "data"), "rows"), 0));

    json_decref(json);
    return first;
}

static inline void expect_state(const char *batch, const char *expected)
{
    json_t *row = outcome(batch);

    cr_assert_str_eq(text(row, "state"), expected, "%s: %s", text(row, "state"), text(row, "reason"));
    cr_assert_eq(strlen(text(row, "reason")) > 0, strcmp(expected, "9") == 0, "%s", text(row, "reason"));
    json_decref(row);
}

/* Report one row (taken over) and expect what becomes of it. */
static inline void expect_row(const char *batch, json_t *row, const char *state)
{
    json_t *json = post("/np/report", caller_report(&caller, batch, reporter_rows(row)), "0");

    cr_assert_eq(json_integer_value(json_object_get(json_object_get(json, "data"), "received")), 1);
    json_decref(json);
    expect_state(batch, state);
}

static inline json_t *row_with(int version, const char *op)
{
    json_t *row = reporter_row(ROW, version);

    json_object_set_new(row, "OP", json_string(op));
    return row;
}

static inline int counted(const char *name)
{
    AUTO(buf_done) struct buf out = BUF_INIT;
    json_t *json;
    int count;

    platform->kind->describe(platform, NULL, &out);
    json = json_loads(buf_text(&out), 0, NULL);
    cr_assert(json_is_integer(json_object_get(json, name)), "%s", buf_text(&out));
    count = (int)json_integer_value(json_object_get(json, name));
    json_decref(json);
    return count;
}

static inline void begin(void)
{
    test_folder_new(folder);
    reporter = reporter_new(folder);
    caller_begin(&caller, reporter, folder);
    national = (struct national_options){.base = "/np",
                                         .state = path_join(folder, "state"),
                                         .requester = CALLER_RID,
                                         .service = CALLER_SID,
                                         .app_key_file = path_join(folder, "app_key.hex"),
                                         .gateway_key_file = path_join(folder, "gateway.pem"),
                                         .secret_ms = 3600000};
    options = (struct sandbox_options){.national = &national};
    faults = faults_new();
    start();
    take_secret();
}

static inline void end(void)
{
    stop();
    faults_free(faults);
    reporter_free(reporter);
    free(national.state);
    free(national.app_key_file);
    free(national.gateway_key_file);
    test_folder_remove(folder);
}

#endif
