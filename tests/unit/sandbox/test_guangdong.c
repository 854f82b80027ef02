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
static struct guangdong *platform;
static int64_t clock_ms = INT64_C(1590969600000); /* 2020-06-01 */

static int64_t read_clock(void *context)
{
    return *(int64_t *)context;
}

static const struct clock CLOCK = {read_clock, &clock_ms};

static void start(void)
{
    struct error err;

    cr_assert(guangdong_new(&options, &CLOCK, &platform, &err), "%s", err.text);
}

static void stop(void)
{
    guangdong_free(platform);
    platform = NULL;
}

static void begin(void)
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

static void end(void)
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

static json_t *attempt(const struct attempt *a, int *status)
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

        guangdong_handle(platform, faults, &request, &reply);
    }
    json = json_loadb(buf_text(&reply.body), reply.body.bytes, 0, NULL);
    cr_assert(json_is_object(json), "%s", buf_text(&reply.body));
    *status = reply.status;
    buf_done(&reply.body);
    buf_done(&reply.headers);
    return json;
}

static void expect_status(const struct attempt *a, int expected)
{
    int status;
    json_t *json = attempt(a, &status);

    cr_assert_eq(status, expected, "%d", status);
    json_decref(json);
}

static json_t *get(const char *path, const char *query)
{
    int status;
    json_t *json = attempt(&(struct attempt){.method = "GET", .path = path, .query = query}, &status);

    cr_assert_eq(status, 200);
    return json;
}

static json_t *post(struct span body)
{
    int status;
    json_t *json = attempt(&(struct attempt){.method = "POST", .path = "/gd/upload", .body = body}, &status);

    cr_assert_eq(status, 200);
    return json;
}

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value ? value : "(none)";
}

static int number(const json_t *object, const char *name)
{
    return (int)json_integer_value(json_object_get(object, name));
}

static void expect_code(struct span body, const char *code)
{
    json_t *json = post(body);

    cr_assert_str_eq(text(json, "errorCode"), code, "%s: %s", text(json, "errorCode"), text(json, "errorMsg"));
    cr_assert_eq(number(json, "totalSize"), 0);
    json_decref(json);
}

static void expect_envelope(json_t *envelope, const char *code)
{
    char *body = json_dumps(envelope, JSON_COMPACT);

    expect_code(span_of(body), code);
    free(body);
    json_decref(envelope);
}

static json_t *good_envelope(const char *task)
{
    json_t *rows = reporter_rows(reporter_row(ROW, 1));
    char *plain = json_dumps(rows, JSON_COMPACT);
    json_t *envelope = reporter_envelope(reporter, task, span_of(plain));

    free(plain);
    json_decref(rows);
    return envelope;
}

static void expect_changed(const char *member, const char *value, bool signs, const char *code)
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

static void expect_plain(struct span plain, const char *code)
{
    expect_envelope(reporter_envelope(reporter, REPORTER_TASK, plain), code);
}

static json_t *upload(const char *task, json_t *rows)
{
    AUTO(buf_done) struct buf body = BUF_INIT;

    reporter_body(reporter, task, rows, &body);
    return post(buf_span(&body));
}

/* The result code of the only row of an upload. */
static void expect_row(const char *task, json_t *row, const char *code)
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

static json_t *changed_row(int version, const char *field, const char *value)
{
    json_t *row = reporter_row(ROW, version);

    json_object_set_new(row, field, json_string(value));
    return row;
}

static json_t *state(void)
{
    AUTO(buf_done) struct buf out = BUF_INIT;
    json_t *json;

    guangdong_describe(platform, NULL, &out);
    json = json_loads(buf_text(&out), 0, NULL);
    cr_assert_not_null(json, "%s", buf_text(&out));
    return json;
}

TestSuite(guangdong, .init = begin, .fini = end);

/* --- the door --- */

Test(guangdong, another_address_is_404)
{
    expect_status(&(struct attempt){.method = "GET", .path = "/upload"}, 404);
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/else"}, 404);
    expect_status(&(struct attempt){.method = "GET", .path = "/control/state"}, 404);
}

Test(guangdong, another_method_is_405)
{
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/upload"}, 405);
    expect_status(&(struct attempt){.method = "POST", .path = "/gd/holdings"}, 405);
}

Test(guangdong, another_content_type_is_415)
{
    expect_status(&(struct attempt){.method = "POST", .path = "/gd/upload", .content_type = "text/plain"}, 415);
}

Test(guangdong, a_client_certificate_off_the_list_is_403)
{
    char other[65];
    char right[65];
    char *list[] = {other};

    memset(other, '0', 64);
    other[64] = '\0';
    memcpy(right, other, 65);
    memcpy(right, "abcd", 4);
    options.client_sha256 = list;
    options.client_count = 1;
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings"}, 403);
    list[0] = right;
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings"}, 200);
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .has_no_certificate = true}, 403);
}

Test(guangdong, an_unknown_paasid_is_401)
{
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .paasid = "other"}, 401);
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .drops = 1}, 401);
}

Test(guangdong, missing_headers_are_401)
{
    for (size_t drops = 1; drops <= 5; drops++)
        expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .drops = drops}, 401);
}

Test(guangdong, a_clock_more_than_300_s_away_is_401)
{
    struct reporter_headers headers;

    reporter_headers(reporter, clock_ms - 301000, &headers);
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .headers = &headers}, 401);
    reporter_headers(reporter, clock_ms + 301000, &headers);
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .headers = &headers}, 401);
    reporter_headers(reporter, clock_ms + 300000, &headers);
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .headers = &headers}, 200);
    guangdong_set_clock_offset(platform, 301000);
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings"}, 401);
}

Test(guangdong, a_nonce_seen_before_is_401_for_as_long_as_its_clock_is_good)
{
    struct reporter_headers headers;
    int64_t at_ms = clock_ms;

    reporter_headers_with("abc", at_ms + 299000, &headers);
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .headers = &headers}, 200);
    for (int i = 0; i < 5; i++) {
        expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .headers = &headers}, 401);
        clock_ms += 119000;
        expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings"}, 200);
    }
}

Test(guangdong, a_wrong_signature_is_401_and_does_not_spend_the_nonce)
{
    struct reporter_headers headers;
    struct reporter_headers wrong;

    reporter_headers_with("abc", clock_ms, &headers);
    wrong = headers;
    wrong.signature[0] = wrong.signature[0] == '0' ? '1' : '0';
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .headers = &wrong}, 401);
    for (char *c = wrong.signature; *c; c++)
        *c = (char)(headers.signature[c - wrong.signature] & ~0x20);
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .headers = &wrong}, 401);
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .headers = &headers}, 200);
}

/* --- the envelope --- */

Test(guangdong, a_body_that_is_no_json_object_is_5001)
{
    expect_code(SPAN(""), "5001");
    expect_code(SPAN("{"), "5001");
    expect_code(SPAN("[]"), "5001");
    expect_code(SPAN("{} x"), "5001");
    expect_code(SPAN("{\"taskId\":\"a\",\"taskId\":\"b\"}"), "5001");
    expect_code(SPAN("{\"taskId\":\"\xff\"}"), "5001");
    expect_code(SPAN("{\"taskId\":1}"), "5001");
}

Test(guangdong, an_unknown_member_is_5001)
{
    expect_changed("extra", "1", false, "5001");
}

Test(guangdong, a_task_id_that_is_not_32_hex_digits_is_5001)
{
    expect_changed("taskId", "0123456789ABCDEF0123456789ABCDEF", true, "5001");
    expect_changed("taskId", "0123", true, "5001");
    expect_changed("taskId", NULL, false, "5001");
}

Test(guangdong, a_timestamp_that_is_not_epoch_milliseconds_is_5001)
{
    expect_changed("timestamp", "1578300000", true, "5001");
    expect_changed("timestamp", "2020-01-06 00", true, "5001");
}

Test(guangdong, table_codes_are_3001_and_3002)
{
    expect_changed("tableCode", "", false, "3001");
    expect_changed("tableCode", NULL, false, "3001");
    expect_changed("tableCode", "other", false, "3002");
    expect_changed("tableVersionId", "V2", false, "3002");
}

Test(guangdong, department_codes_are_4001_and_4002)
{
    expect_changed("departmentCode", "", false, "4001");
    expect_changed("departmentCode", NULL, false, "4001");
    expect_changed("departmentCode", "other", false, "4002");
}

Test(guangdong, a_wrong_signature_of_the_envelope_is_5003)
{
    expect_changed("timestamp", "1578300000001", false, "5003");
    expect_changed("taskId", TASK_2, false, "5003");
    expect_changed("signData", "", false, "5003");
    expect_changed("signData", "AAAA", false, "5003");
    expect_changed("signData", "not base64", false, "5003");
    expect_changed("signType", "RSA", false, "5003");
}

Test(guangdong, a_signature_by_another_key_is_5003)
{
    char other_folder[TEST_PATH_BYTES];
    struct reporter *other;
    json_t *envelope = good_envelope(REPORTER_TASK);

    test_folder_new(other_folder);
    other = reporter_new(other_folder);
    reporter_sign(other, envelope);
    expect_envelope(envelope, "5003");
    reporter_free(other);
    test_folder_remove(other_folder);
}

Test(guangdong, what_cannot_be_decrypted_is_5002)
{
    expect_changed("encType", "AES", true, "5002");
    expect_changed("encData", "AAAA", true, "5002");
    expect_changed("encData", "AAAAAAAAAAAAAAAAAAAAAA==", true, "5002");
    expect_changed("encData", "%%%%", true, "5002");
    expect_changed("encData", "QQ", true, "5002");
    expect_changed("encData", "QR==", true, "5002");
}

Test(guangdong, a_wrong_padding_is_5002)
{
    static const char *const PADDINGS[] = {"[]00000000000000", "[]0000000000000\021", "[]000000000000\003\002"};

    for (size_t i = 0; i < COUNT_OF(PADDINGS); i++) {
        AUTO(buf_done) struct buf sealed = BUF_INIT;

        reporter_seal_raw(reporter, (struct span){PADDINGS[i], 16}, &sealed);
        expect_changed("encData", buf_text(&sealed), true, "5002");
    }
}

Test(guangdong, an_empty_body_is_6001)
{
    expect_changed("encData", "", true, "6001");
    expect_plain(SPAN(""), "6001");
    expect_plain(SPAN("[]"), "6001");
}

Test(guangdong, rows_that_are_no_array_of_named_objects_are_6002)
{
    expect_plain(SPAN("{}"), "6002");
    expect_plain(SPAN("[1]"), "6002");
    expect_plain(SPAN("[{}]"), "6002");
    expect_plain(SPAN("[{\"ROWID\":\"R1\"}]"), "6002");
    expect_plain(SPAN("[{\"ROWID\":\"R1\",\"VERSION\":0}]"), "6002");
    expect_plain(SPAN("[{\"ROWID\":\"R1\",\"VERSION\":1,\"VERSION\":1}]"), "6002");
    expect_plain(SPAN("[{\"ROWID\":\"\xff\",\"VERSION\":1}]"), "6002");
}

static json_t *many_rows(size_t count)
{
    json_t *rows = json_array();
    char rowid[24];

    for (size_t i = 0; i < count; i++) {
        snprintf(rowid, sizeof(rowid), "R%04zu", i);
        json_array_append_new(rows, reporter_row(rowid, 1));
    }
    return rows;
}

Test(guangdong, more_than_500_rows_are_6002)
{
    json_t *json = upload(REPORTER_TASK, many_rows(501));

    cr_assert_str_eq(text(json, "errorCode"), "6002");
    json_decref(json);
}

Test(guangdong, five_hundred_rows_are_taken_and_listed_in_pages)
{
    json_t *json = upload(REPORTER_TASK, many_rows(500));

    cr_assert_str_eq(text(json, "errorCode"), "200");
    cr_assert_eq(number(json, "successSize"), 500);
    json_decref(json);
    json = get("/gd/holdings", "after=R0497&limit=2");
    cr_assert_eq(json_array_size(json_object_get(json, "rows")), 2);
    cr_assert(json_is_null(json_object_get(json, "next")));
    json_decref(json);
    json = get("/gd/holdings", "limit=3");
    cr_assert_str_eq(text(json_array_get(json_object_get(json, "rows"), 0), "ROWID"), "R0000");
    cr_assert_str_eq(text(json, "next"), "R0002");
    json_decref(json);
}

/* --- rows --- */

Test(guangdong, a_row_with_a_wrong_field_is_refused_and_the_others_are_taken)
{
    json_t *rows = reporter_rows(changed_row(1, "JGQC", ""));
    json_t *json;

    json_array_append_new(rows, reporter_row("R2", 1));
    json = upload(REPORTER_TASK, rows);
    cr_assert_str_eq(text(json, "errorCode"), "200");
    cr_assert_eq(number(json, "totalSize"), 2);
    cr_assert_eq(number(json, "successSize"), 1);
    cr_assert_eq(number(json, "failSize"), 1);
    json_decref(json);
    json = get("/gd/tasks/" REPORTER_TASK, NULL);
    cr_assert_str_eq(text(json_array_get(json_object_get(json, "rows"), 0), "result"), "10002");
    cr_assert_str_eq(text(json_array_get(json_object_get(json, "rows"), 1), "result"), "0");
    json_decref(json);
}

Test(guangdong, the_same_version_with_other_content_is_40001)
{
    expect_row(REPORTER_TASK, reporter_row(ROW, 1), "0");
    expect_row(TASK_2, changed_row(1, "BZ", "改过"), "40001");
}

Test(guangdong, a_lower_version_than_the_one_held_is_20002)
{
    expect_row(REPORTER_TASK, reporter_row(ROW, 3), "0");
    expect_row(TASK_2, reporter_row(ROW, 2), "20002");
}

Test(guangdong, an_operation_on_what_is_not_held_is_40001)
{
    expect_row(REPORTER_TASK, changed_row(1, "OP", "3"), "40001");
    expect_row(TASK_2, changed_row(1, "OP", "5"), "40001");
}

Test(guangdong, an_operation_on_what_was_withdrawn_is_40001)
{
    expect_row(REPORTER_TASK, reporter_row(ROW, 1), "0");
    expect_row(TASK_2, changed_row(2, "OP", "3"), "0");
    expect_row(TASK_3, changed_row(3, "OP", "2"), "40001");
}

Test(guangdong, the_same_row_again_is_taken_once)
{
    json_t *json;
    const json_t *record;

    expect_row(REPORTER_TASK, reporter_row(ROW, 1), "0");
    expect_row(TASK_2, reporter_row(ROW, 2), "0");
    expect_row(TASK_3, reporter_row(ROW, 1), "0");
    json = state();
    record = json_object_get(json_object_get(json, "records"), ROW);
    cr_assert_eq(number(json, "applied"), 2);
    cr_assert_eq(number(json, "held"), 1);
    cr_assert_eq(number(json_array_get(json_object_get(record, "applied"), 0), "VERSION"), 1);
    cr_assert_eq(number(json_array_get(json_object_get(record, "applied"), 0), "received"), 2);
    cr_assert_eq(number(json_array_get(json_object_get(record, "applied"), 1), "VERSION"), 2);
    json_decref(json);
}

Test(guangdong, rows_of_one_upload_are_judged_in_order)
{
    json_t *rows = reporter_rows(reporter_row(ROW, 2));
    json_t *json;

    json_array_append_new(rows, reporter_row(ROW, 2));
    json_array_append_new(rows, reporter_row(ROW, 1));
    json = upload(REPORTER_TASK, rows);
    cr_assert_eq(number(json, "successSize"), 2);
    json_decref(json);
    json = get("/gd/tasks/" REPORTER_TASK, NULL);
    cr_assert_str_eq(text(json_array_get(json_object_get(json, "rows"), 2), "result"), "20002");
    json_decref(json);
}

/* --- tasks --- */

Test(guangdong, an_unknown_task_is_7001)
{
    json_t *json = get("/gd/tasks/" TASK_2, NULL);

    cr_assert_str_eq(text(json, "errorCode"), "7001");
    json_decref(json);
    json = get("/gd/tasks/x\"y", NULL);
    cr_assert_str_eq(text(json, "errorCode"), "7001");
    json_decref(json);
}

Test(guangdong, a_refused_upload_leaves_no_task)
{
    json_t *json;

    expect_plain(SPAN("[]"), "6001");
    json = get("/gd/tasks/" REPORTER_TASK, NULL);
    cr_assert_str_eq(text(json, "errorCode"), "7001");
    json_decref(json);
}

Test(guangdong, a_repeated_task_answers_as_the_first_time)
{
    json_t *json;

    expect_row(REPORTER_TASK, changed_row(1, "JGQC", ""), "10002");
    expect_row(REPORTER_TASK, reporter_row(ROW, 1), "10002");
    json = state();
    cr_assert_eq(number(json, "repeated"), 1);
    cr_assert_eq(number(json, "repeated_other"), 1);
    cr_assert_eq(number(json, "applied"), 0);
    json_decref(json);
}

static void expect_state(const char *expected, size_t rows)
{
    json_t *json = get("/gd/tasks/" REPORTER_TASK, NULL);

    cr_assert_str_eq(text(json, "state"), expected);
    cr_assert_eq(json_array_size(json_object_get(json, "rows")), rows);
    json_decref(json);
}

Test(guangdong, outcomes_stay_unknown_for_the_polls_configured)
{
    options.result_delay_polls = 2;
    json_decref(upload(REPORTER_TASK, reporter_rows(reporter_row(ROW, 1))));
    expect_state("0", 0);
    expect_state("0", 0);
    expect_state("1", 1);
    expect_state("1", 1);
}

Test(guangdong, outcomes_stay_unknown_for_the_time_configured)
{
    options.result_delay_ms = 5000;
    json_decref(upload(REPORTER_TASK, reporter_rows(reporter_row(ROW, 1))));
    clock_ms += 4999;
    expect_state("0", 0);
    clock_ms += 1;
    expect_state("1", 1);
}

static void order(const char *faults_json)
{
    struct error err;
    json_t *json = json_loads(faults_json, 0, NULL);

    cr_assert(faults_add(faults, json, &err), "%s", err.text);
    json_decref(json);
}

Test(guangdong, a_fault_can_delay_the_outcomes_of_one_upload)
{
    order("{\"next\":[{\"fault\":\"result-delay\",\"polls\":1}]}");
    json_decref(upload(REPORTER_TASK, reporter_rows(reporter_row(ROW, 1))));
    expect_state("0", 0);
    expect_state("1", 1);
    expect_row(TASK_2, reporter_row("R2", 1), "0");
}

Test(guangdong, a_fault_can_refuse_a_row)
{
    order("{\"next\":[{\"fault\":\"refuse-row\",\"rowid\":\"" ROW "\",\"code\":\"30001\",\"message\":\"m\"}]}");
    expect_row(REPORTER_TASK, reporter_row("R2", 1), "0");
    expect_row(TASK_2, reporter_row(ROW, 1), "30001");
    expect_row(TASK_3, reporter_row(ROW, 1), "0");
}

/* --- holdings --- */

Test(guangdong, holdings_with_wrong_parameters_are_400)
{
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .query = "limit=0"}, 400);
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .query = "limit=1001"}, 400);
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .query = "limit=x"}, 400);
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .query = "x=1"}, 400);
}

Test(guangdong, holdings_show_the_newest_version_with_the_digest_of_its_row)
{
    json_t *row = changed_row(2, "ZYSXSS", "\"引号\"\\反斜线/\n第二行\t😀");
    char sm3[65];
    json_t *json;
    const json_t *held;

    reporter_sm3(row, sm3);
    expect_row(REPORTER_TASK, reporter_row(ROW, 1), "0");
    expect_row(TASK_2, row, "0");
    json = get("/gd/holdings", NULL);
    cr_assert_eq(json_array_size(json_object_get(json, "rows")), 1);
    held = json_array_get(json_object_get(json, "rows"), 0);
    cr_assert_str_eq(text(held, "ROWID"), ROW);
    cr_assert_eq(number(held, "VERSION"), 2);
    cr_assert_str_eq(text(held, "OP"), "2");
    cr_assert_str_eq(text(held, "sm3"), sm3);
    json_decref(json);
}

/* --- memory --- */

Test(guangdong, a_restart_forgets_nothing)
{
    json_t *before;
    json_t *after;

    expect_row(REPORTER_TASK, reporter_row(ROW, 1), "0");
    expect_row(TASK_2, changed_row(1, "BZ", "x"), "40001");
    before = state();
    stop();
    start();
    after = state();
    cr_assert(json_equal(json_object_get(before, "records"), json_object_get(after, "records")));
    cr_assert_eq(number(after, "tasks"), 2);
    json_decref(before);
    json_decref(after);
    expect_row(TASK_2, reporter_row("R9", 1), "40001");
    expect_row(TASK_3, reporter_row(ROW, 2), "0");
}

static void append_to_diary(const char *line)
{
    char path[TEST_PATH_BYTES + 32];
    FILE *file;

    snprintf(path, sizeof(path), "%s/state/taken.jsonl", folder);
    file = fopen(path, "a");
    cr_assert_not_null(file);
    fputs(line, file);
    fclose(file);
}

Test(guangdong, half_a_line_at_the_end_is_cut)
{
    expect_row(REPORTER_TASK, reporter_row(ROW, 1), "0");
    stop();
    append_to_diary("{\"task\":\"00");
    start();
    expect_row(TASK_2, reporter_row(ROW, 2), "0");
    stop();
    start();
    expect_row(TASK_3, reporter_row(ROW, 1), "0");
}

Test(guangdong, a_broken_whole_line_stops_the_start)
{
    struct guangdong *other = NULL;
    struct error err;

    stop();
    append_to_diary("{\"task\":1}\n");
    cr_assert_not(guangdong_new(&options, &CLOCK, &other, &err));
    cr_assert_eq(err.code, ERR_CORRUPT);
}

Test(guangdong, a_second_sandbox_on_the_same_folder_is_refused)
{
    struct guangdong *other = NULL;
    struct error err;

    cr_assert_not(guangdong_new(&options, &CLOCK, &other, &err));
    cr_assert_eq(err.code, ERR_CONFLICT);
}
