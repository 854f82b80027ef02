/* filehouse.h - a stand-in 信用中国 for tests, with a filer that knows how to hand it files rightly, and a clock that
 * the test turns. */
#ifndef TESTS_UNIT_SANDBOX_FILEHOUSE_H
#define TESTS_UNIT_SANDBOX_FILEHOUSE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "sandbox/china.h"
#include "tests/support/filer.h"
#include "tests/support/support.h"

#define ROW "R0123456789abcdef0123"
#define FILE_1 "440003_20200601_00001"
#define FILE_2 "440003_20200601_00002"
#define FILE_3 "440003_20200601_00003"

static char folder[TEST_PATH_BYTES];
static struct china_options china;
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

    cr_assert(china_new(&options, &CLOCK, &platform, &err), "%s", err.text);
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
    china = (struct china_options){.base = "/cc",
                                   .state = path_join(folder, "state"),
                                   .file_code = FILER_CODE,
                                   .gateway_key_file = path_join(folder, "gateway.pem"),
                                   .result_steps = 1};
    options = (struct sandbox_options){.china = &china};
    faults = faults_new();
    start();
}

static inline void end(void)
{
    stop();
    faults_free(faults);
    reporter_free(reporter);
    free(china.state);
    free(china.gateway_key_file);
    test_folder_remove(folder);
}

/* What is changed about an otherwise right request. */
struct attempt {
    const char *method; /* NULL: PUT with a body, else GET */
    const char *path;   /* after the base */
    const char *query;
    struct span body;
    const char *content_type; /* NULL: the right one */
    const char *none_match;   /* NULL: "*"; "": not there */
    bool has_no_certificate;
};

/* The status; the body of the answer is added to `body` (may be NULL). */
static inline int attempt(const struct attempt *a, struct buf *body)
{
    struct http_peer peer = {.has_certificate = !a->has_no_certificate, .certificate_sha256 = {0xab, 0xcd}};
    struct http_reply reply = {.status = 200};
    char path[256];
    bool is_signature = strstr(a->path, ".sig") != NULL;
    const char *type = a->content_type ? a->content_type : is_signature ? "application/json" : "application/xml";
    const char *method = a->method ? a->method : a->body.bytes ? "PUT" : "GET";
    const char *match = a->none_match ? a->none_match : "*";

    snprintf(path, sizeof(path), "/cc%s", a->path);
    {
        const struct http_header headers[] = {{SPAN("content-type"), span_of(type)},
                                              {SPAN("if-none-match"), span_of(match)}};
        const struct http_request request = {.method = span_of(method),
                                             .path = span_of(path),
                                             .query = span_of(a->query),
                                             .headers = headers,
                                             .header_count = match[0] ? 2 : 1,
                                             .body = a->body,
                                             .body_fd = -1,
                                             .body_bytes = a->body.bytes,
                                             .peer = &peer};

        platform->kind->handle(platform, faults, &request, &reply);
    }
    if (body)
        buf_add_span(body, buf_span(&reply.body));
    buf_done(&reply.body);
    buf_done(&reply.headers);
    return reply.status;
}

static inline void expect(const struct attempt *a, int status)
{
    AUTO(buf_done) struct buf body = BUF_INIT;
    int got = attempt(a, &body);

    cr_assert_eq(got, status, "%s: %d %s", a->path, got, buf_text(&body));
}

static inline void expect_body(const char *path, const char *expected)
{
    AUTO(buf_done) struct buf body = BUF_INIT;

    cr_assert_eq(attempt(&(struct attempt){.path = path}, &body), 200);
    cr_assert_str_eq(buf_text(&body), expected);
}

static inline void put_text(const char *name, const char *file, int status)
{
    char path[64];

    snprintf(path, sizeof(path), "/inbox/%s.xml", name);
    expect(&(struct attempt){.path = path, .body = span_of(file)}, status);
}

/* Put the file of these rows (borrowed). */
static inline void put_rows(const char *name, const json_t *rows, int status)
{
    AUTO(buf_done) struct buf file = BUF_INIT;

    filer_file(rows, &file);
    put_text(name, buf_text(&file), status);
}

/* Takes over the object. */
static inline void put_signature(const char *name, json_t *signature, int status)
{
    char *body = json_dumps(signature, JSON_COMPACT);
    char path[64];

    snprintf(path, sizeof(path), "/inbox/%s.sig", name);
    expect(&(struct attempt){.path = path, .body = span_of(body)}, status);
    free(body);
    json_decref(signature);
}

static inline json_t *signature_of(const char *name, const json_t *rows)
{
    AUTO(buf_done) struct buf file = BUF_INIT;

    filer_file(rows, &file);
    return filer_signature(reporter, name, buf_span(&file));
}

/* Both parts; takes over the rows. */
static inline void hand_over(const char *name, json_t *rows)
{
    put_rows(name, rows, 201);
    put_signature(name, signature_of(name, rows), 201);
    json_decref(rows);
}

static inline void read_receipt(const char *name, struct buf *out)
{
    char path[64];

    snprintf(path, sizeof(path), "/outbox/%s.ack.xml", name);
    cr_assert_eq(attempt(&(struct attempt){.path = path}, out), 200, "%s", buf_text(out));
}

static inline size_t occurrences(const char *text, const char *part)
{
    size_t count = 0;

    for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
        count++;
    return count;
}

static inline void expect_in_receipt(const char *name, const char *part)
{
    AUTO(buf_done) struct buf receipt = BUF_INIT;

    read_receipt(name, &receipt);
    cr_assert(strstr(buf_text(&receipt), part) != NULL, "%s", buf_text(&receipt));
}

static inline void expect_no_receipt(const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "/outbox/%s.ack.xml", name);
    expect(&(struct attempt){.path = path}, 404);
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

static inline void order(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);
    struct error err;

    cr_assert(faults_add(faults, json, &err), "%s", err.text);
    json_decref(json);
}

static inline json_t *many_rows(size_t count)
{
    json_t *rows = json_array();
    char rowid[24];

    for (size_t i = 0; i < count; i++) {
        snprintf(rowid, sizeof(rowid), "R%04zu", i);
        json_array_append_new(rows, reporter_row(rowid, 1));
    }
    return rows;
}

#endif
