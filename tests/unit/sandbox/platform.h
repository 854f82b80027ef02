/* platform.h - a stand-in platform for tests, with a reporter that knows how to ask it rightly, and a clock that the
 * test turns. */
#ifndef TESTS_UNIT_SANDBOX_PLATFORM_H
#define TESTS_UNIT_SANDBOX_PLATFORM_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "sandbox/guangdong.h"
#include "tests/support/reporter.h"
#include "tests/support/support.h"

#define ROW "R0123456789abcdef0123"
#define TASK_2 "00000000000000000000000000000002"
#define TASK_3 "00000000000000000000000000000003"

static char folder[TEST_PATH_BYTES];
static struct sandbox_options options;
static struct reporter *reporter;
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

    cr_assert(guangdong_new(&options, &CLOCK, &platform, &err), "%s", err.text);
}

static inline void stop(void)
{
    platform_free(platform);
    platform = NULL;
}

static inline void begin(void)
{
    test_folder_new(folder);
    reporter = reporter_new(folder);
    options = (struct sandbox_options){.state = path_join(folder, "state"),
                                       .sm4_key_file = path_join(folder, "sm4.hex"),
                                       .gateway_key_file = path_join(folder, "gateway.pem"),
                                       .base = "/gd",
                                       .paasid = REPORTER_PAASID,
                                       .token = REPORTER_TOKEN,
                                       .table_code = REPORTER_TABLE,
                                       .table_version_id = REPORTER_TABLE_VERSION,
                                       .department_code = REPORTER_DEPARTMENT};
    faults = faults_new();
    start();
}

static inline void end(void)
{
    stop();
    faults_free(faults);
    reporter_free(reporter);
    free(options.state);
    free(options.sm4_key_file);
    free(options.gateway_key_file);
    test_folder_remove(folder);
}

/* What is changed about an otherwise right request. */
struct attempt {
    const char *method;
    const char *path;
    const char *query;
    struct span body;
    const struct reporter_headers *headers; /* NULL: right ones */
    const char *paasid;
    const char *content_type;
    bool has_no_certificate;
    size_t drops; /* so many headers from the front */
};

static inline json_t *attempt(const struct attempt *a, int *status)
{
    struct http_peer peer = {.has_certificate = !a->has_no_certificate, .certificate_sha256 = {0xab, 0xcd}};
    struct reporter_headers fresh;
    struct http_reply reply = {.status = 200};
    json_t *json;

    reporter_headers(reporter, clock_ms, &fresh);
    if (a->headers)
        fresh = *a->headers;
    {
        const struct http_header headers[] = {
            {SPAN("x-tif-paasid"), span_of(a->paasid ? a->paasid : REPORTER_PAASID)},
            {SPAN("x-tif-timestamp"), span_of(fresh.timestamp)},
            {SPAN("x-tif-nonce"), span_of(fresh.nonce)},
            {SPAN("x-tif-signature"), span_of(fresh.signature)},
            {SPAN("content-type"), span_of(a->content_type ? a->content_type : "application/json")},
        };
        const struct http_request request = {.method = span_of(a->method),
                                             .path = span_of(a->path),
                                             .query = span_of(a->query),
                                             .headers = headers + a->drops,
                                             .header_count = COUNT_OF(headers) - a->drops,
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

static inline void expect_status(const struct attempt *a, int expected)
{
    int status;
    json_t *json = attempt(a, &status);

    cr_assert_eq(status, expected, "%d", status);
    json_decref(json);
}

static inline json_t *get(const char *path, const char *query)
{
    int status;
    json_t *json = attempt(&(struct attempt){.method = "GET", .path = path, .query = query}, &status);

    cr_assert_eq(status, 200);
    return json;
}

static inline json_t *post(struct span body)
{
    int status;
    json_t *json = attempt(&(struct attempt){.method = "POST", .path = "/gd/upload", .body = body}, &status);

    cr_assert_eq(status, 200);
    return json;
}

static inline const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value ? value : "(none)";
}

static inline int number(const json_t *object, const char *name)
{
    return (int)json_integer_value(json_object_get(object, name));
}

static inline void expect_code(struct span body, const char *code)
{
    json_t *json = post(body);

    cr_assert_str_eq(text(json, "errorCode"), code, "%s: %s", text(json, "errorCode"), text(json, "errorMsg"));
    cr_assert_eq(number(json, "totalSize"), 0);
    json_decref(json);
}

static inline void expect_envelope(json_t *envelope, const char *code)
{
    char *body = json_dumps(envelope, JSON_COMPACT);

    expect_code(span_of(body), code);
    free(body);
    json_decref(envelope);
}

static inline json_t *good_envelope(const char *task)
{
    json_t *rows = reporter_rows(reporter_row(ROW, 1));
    char *plain = json_dumps(rows, JSON_COMPACT);
    json_t *envelope = reporter_envelope(reporter, task, span_of(plain));

    free(plain);
    json_decref(rows);
    return envelope;
}

static inline void expect_changed(const char *member, const char *value, bool signs, const char *code)
{
    json_t *envelope = good_envelope(REPORTER_TASK);

    if (value)
        json_object_set_new(envelope, member, json_string(value));
    else
        json_object_del(envelope, member);
    if (signs)
        reporter_sign(reporter, envelope);
    expect_envelope(envelope, code);
}

static inline void expect_plain(struct span plain, const char *code)
{
    expect_envelope(reporter_envelope(reporter, REPORTER_TASK, plain), code);
}

static inline json_t *upload(const char *task, json_t *rows)
{
    AUTO(buf_done) struct buf body = BUF_INIT;

    reporter_body(reporter, task, rows, &body);
    return post(buf_span(&body));
}

/* The result code of the only row of an upload. */
static inline void expect_row(const char *task, json_t *row, const char *code)
{
    char path[80];
    json_t *json;
    const json_t *outcome;
    bool is_taken = strcmp(code, "0") == 0;

    json = upload(task, reporter_rows(row));
    cr_assert_str_eq(text(json, "errorCode"), "200", "%s", text(json, "errorMsg"));
    cr_assert_eq(number(json, "successSize"), is_taken);
    cr_assert_eq(number(json, "failSize"), !is_taken);
    json_decref(json);
    snprintf(path, sizeof(path), "/gd/tasks/%s", task);
    json = get(path, NULL);
    cr_assert_str_eq(text(json, "state"), "1");
    outcome = json_array_get(json_object_get(json, "rows"), 0);
    cr_assert_str_eq(text(outcome, "result"), code, "%s: %s", text(outcome, "result"), text(outcome, "message"));
    json_decref(json);
}

static inline json_t *changed_row(int version, const char *field, const char *value)
{
    json_t *row = reporter_row(ROW, version);

    json_object_set_new(row, field, json_string(value));
    return row;
}

static inline json_t *state(void)
{
    AUTO(buf_done) struct buf out = BUF_INIT;
    json_t *json;

    platform->kind->describe(platform, NULL, &out);
    json = json_loads(buf_text(&out), 0, NULL);
    cr_assert_not_null(json, "%s", buf_text(&out));
    return json;
}

#endif
