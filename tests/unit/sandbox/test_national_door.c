/* 全国信用信息共享平台 asked wrongly: the door, the key service, the signatures of calls and the form of a report. */
#include <inttypes.h>

#include "tests/unit/sandbox/nation.h"

TestSuite(national_door, .init = begin, .fini = end);

/* --- the door --- */

Test(national_door, another_address_is_404)
{
    expect_status(&(struct attempt){.method = "POST", .path = "/report"}, 404);
    expect_status(&(struct attempt){.method = "POST", .path = "/np/else"}, 404);
    expect_status(&(struct attempt){.method = "POST", .path = "/npreport"}, 404);
}

Test(national_door, another_method_is_405)
{
    expect_status(&(struct attempt){.method = "GET", .path = "/np/report"}, 405);
    expect_status(&(struct attempt){.method = "GET", .path = "/np/key"}, 405);
    expect_status(&(struct attempt){.method = "POST", .path = "/np/holdings"}, 405);
}

Test(national_door, another_content_type_is_415)
{
    expect_status(&(struct attempt){.method = "POST", .path = "/np/key", .content_type = "text/plain"}, 415);
}

Test(national_door, a_client_certificate_off_the_list_is_403)
{
    char other[65];
    char *list[] = {other};

    memset(other, '0', 64);
    other[64] = '\0';
    options.client_sha256 = list;
    options.client_count = 1;
    expect_status(&(struct attempt){.method = "GET", .path = "/np/holdings"}, 403);
    memcpy(other, "abcd", 4);
    expect_status(&(struct attempt){.method = "GET", .path = "/np/holdings"}, 200);
    expect_status(&(struct attempt){.method = "GET", .path = "/np/holdings", .has_no_certificate = true}, 403);
}

/* --- the key service --- */

static void expect_key_changed(const char *member, json_t *value, const char *code)
{
    json_t *body = caller_key_body(clock_ms);

    if (value)
        json_object_set_new(body, member, value);
    else
        json_object_del(body, member);
    expect_post("/np/key", body, code);
}

Test(national_door, a_request_for_a_secret_that_is_malformed_is_E_301)
{
    expect_raw("/np/key", SPAN(""), "E-301");
    expect_raw("/np/key", SPAN("[]"), "E-301");
    expect_raw("/np/key", SPAN("{\"gjgxjhpt_rid\":\"a\",\"gjgxjhpt_rid\":\"a\"}"), "E-301");
    expect_key_changed("gjgxjhpt_sign", NULL, "E-301");
    expect_key_changed("extra", json_string("x"), "E-301");
}

Test(national_door, a_requester_or_service_off_the_list_is_E_106)
{
    expect_key_changed("gjgxjhpt_rid", json_string("rid-0002"), "E-106");
    expect_key_changed("gjgxjhpt_sid", json_string("s_0001"), "E-106");
    expect_key_changed("gjgxjhpt_rid", json_integer(1), "E-106");
    cr_assert_eq(counted("unauthorized"), 3);
}

Test(national_door, a_wrong_signature_for_a_secret_is_E_101)
{
    struct caller_values values;

    expect_key_changed("gjgxjhpt_sign", json_string("AAAA"), "E-101");
    expect_key_changed("gjgxjhpt_sign", json_string(""), "E-101");
    caller_sign(caller.secret, clock_ms, &values); /* the secret is not the app key */
    expect_key_changed("gjgxjhpt_sign", json_string(values.sign), "E-101");
    expect_key_changed("gjgxjhpt_rtime", json_string("1590969600001"), "E-101");
}

Test(national_door, a_clock_more_than_300_s_away_is_E_101)
{
    expect_post("/np/key", caller_key_body(clock_ms - 300001), "E-101");
    expect_post("/np/key", caller_key_body(clock_ms + 300001), "E-101");
    expect_post("/np/key", caller_key_body(clock_ms / 1000), "E-101");
    expect_post("/np/key", caller_key_body(clock_ms + 300000), "0");
    expect_post("/np/key", caller_key_body(clock_ms - 300000), "0");
}

Test(national_door, the_check_value_of_the_signature_is_taken)
{
    json_t *body =
        json_pack("{s:s,s:s,s:s,s:s}", "gjgxjhpt_rid", "rid-0001", "gjgxjhpt_sid", "s_0000", "gjgxjhpt_rtime",
                  "1511427600000", "gjgxjhpt_sign", "k5lGRwxPK/hQURYryFJJV6N+Vd3Bd1iODp+vI47FPDM=");

    clock_ms = INT64_C(1511427600000);
    expect_post("/np/key", body, "0");
}

Test(national_door, a_secret_comes_with_its_end)
{
    json_t *json = post("/np/key", caller_key_body(clock_ms), "0");
    char expected[24];

    snprintf(expected, sizeof(expected), "%" PRId64, clock_ms + national.secret_ms);
    cr_assert_str_eq(text(json_object_get(json, "data"), "secretEndTime"), expected);
    cr_assert_str_neq(caller.secret, "");
    json_decref(json);
}

/* --- the signatures of calls --- */

static void expect_call(const struct caller_values *values, const char *code)
{
    int status;
    json_t *json = attempt(&(struct attempt){.method = "GET", .path = "/np/holdings", .values = values}, &status);

    cr_assert_eq(status, 200);
    cr_assert_str_eq(code[0] == '0' ? (json_object_get(json, "rows") ? "0" : "(none)") : text(json, "code"), code, "%s",
                     text(json, "code"));
    json_decref(json);
}

Test(national_door, a_header_that_is_missing_or_there_twice_refuses_the_call)
{
    expect_code(&(struct attempt){.method = "GET", .path = "/np/holdings", .drops = 1}, "E-106");
    expect_code(&(struct attempt){.method = "GET", .path = "/np/holdings", .drops = 2}, "E-106");
    expect_code(&(struct attempt){.method = "GET", .path = "/np/holdings", .repeats = 1}, "E-106");
}

Test(national_door, a_call_signed_with_anything_but_a_secret_is_E_101)
{
    struct caller_values values;

    caller_sign(CALLER_APP_KEY, clock_ms, &values);
    expect_call(&values, "E-101");
    caller_sign(caller.secret, clock_ms, &values);
    values.sign[0] = values.sign[0] == 'A' ? 'B' : 'A';
    expect_call(&values, "E-101");
    caller_sign(caller.secret, clock_ms - 300001, &values);
    expect_call(&values, "E-101");
    caller_sign(caller.secret, clock_ms, &values);
    values.rid = "rid-0002";
    expect_call(&values, "E-106");
}

Test(national_door, a_secret_past_its_end_is_E_102)
{
    clock_ms += national.secret_ms - 1;
    expect_call(NULL, "0");
    clock_ms++;
    expect_call(NULL, "E-102");
    cr_assert_eq(counted("expired"), 1);
    take_secret();
    expect_call(NULL, "0");
}

Test(national_door, an_older_secret_is_good_until_its_own_end)
{
    struct caller before = caller;
    struct caller_values values;

    clock_ms += 1000;
    take_secret();
    cr_assert_str_neq(caller.secret, before.secret);
    caller_sign(before.secret, clock_ms, &values);
    expect_call(&values, "0");
    clock_ms += national.secret_ms - 1000;
    caller_sign(before.secret, clock_ms, &values);
    expect_call(&values, "E-102");
    expect_call(NULL, "0");
}

Test(national_door, secrets_that_were_ordered_to_end_are_E_102_even_after_a_restart)
{
    platform->kind->expire(platform);
    expect_call(NULL, "E-102");
    stop();
    start();
    expect_call(NULL, "E-102");
}

Test(national_door, a_restart_forgets_no_secret)
{
    stop();
    start();
    expect_call(NULL, "0");
}

/* --- the form of a report --- */

static json_t *good_report(void)
{
    return caller_report(&caller, BATCH, reporter_rows(reporter_row(ROW, 1)));
}

static void expect_report_changed(const char *member, json_t *value, const char *code)
{
    json_t *report = good_report();

    if (value)
        json_object_set_new(report, member, value);
    else
        json_object_del(report, member);
    expect_post("/np/report", report, code);
    cr_assert_eq(counted("tasks"), 0);
}

Test(national_door, a_report_that_is_malformed_is_E_301)
{
    expect_raw("/np/report", SPAN("{"), "E-301");
    expect_raw("/np/report", SPAN("[]"), "E-301");
    expect_report_changed("batchNo", NULL, "E-301");
    expect_report_changed("batchNo", json_string("0123456789ABCDEF0123456789ABCDEF"), "E-301");
    expect_report_changed("batchNo", json_integer(1), "E-301");
    expect_report_changed("seal", NULL, "E-301");
    expect_report_changed("seal", json_integer(1), "E-301");
    expect_report_changed("rows", json_object(), "E-301");
    expect_report_changed("rows", json_array(), "E-301");
    expect_report_changed("rows", json_pack("[i]", 1), "E-301");
    expect_report_changed("rows", json_pack("[{s:s}]", "ROWID", "R1"), "E-301");
    expect_report_changed("extra", json_string("x"), "E-301");
    expect_report_changed("rows", json_pack("[{s:s,s:i,s:f}]", "ROWID", "R1", "VERSION", 1, "BZ", 0.5), "E-301");
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

Test(national_door, more_than_200_rows_are_E_301)
{
    expect_post("/np/report", caller_report(&caller, BATCH, many_rows(201)), "E-301");
    expect_post("/np/report", caller_report(&caller, BATCH, many_rows(200)), "0");
    cr_assert_eq(counted("applied"), 200);
}

static void expect_seal(const char *header, struct span payload, const char *code)
{
    AUTO(buf_done) struct buf seal = BUF_INIT;
    json_t *report = good_report();

    caller_seal(&caller, header, payload, &seal);
    json_object_set_new(report, "seal", json_string(buf_text(&seal)));
    expect_post("/np/report", report, code);
}

Test(national_door, a_wrong_seal_is_E_101)
{
    json_t *rows = reporter_rows(reporter_row(ROW, 1));
    char *canonical = json_dumps(rows, JSON_SORT_KEYS | JSON_COMPACT);
    struct span payload = span_of(canonical);

    expect_report_changed("seal", json_string(""), "E-101");
    expect_report_changed("seal", json_string("a.b"), "E-101");
    expect_report_changed("seal", json_string("a.b.c.d"), "E-101");
    expect_seal("{\"alg\":\"ES256\",\"kid\":\"k\"}", payload, "E-101");
    expect_seal("{\"alg\":\"SM2-SM3\"}", payload, "E-101");
    expect_seal("{\"alg\":\"SM2-SM3\",\"kid\":\"\"}", payload, "E-101");
    expect_seal("{\"alg\":\"SM2-SM3\",\"kid\":\"k\",\"typ\":\"JOSE\"}", payload, "E-101");
    expect_seal("{\"alg\":\"SM2-SM3\",\"kid\":\"k\"}", SPAN("[]"), "E-101");
    cr_assert_eq(counted("tasks"), 0);
    expect_seal("{\"kid\":\"k\",\"alg\":\"SM2-SM3\"}", payload, "0");
    free(canonical);
    json_decref(rows);
}

Test(national_door, a_seal_by_another_key_is_E_101)
{
    char elsewhere[TEST_PATH_BYTES];
    struct caller other = caller;

    test_folder_new(elsewhere);
    other.reporter = reporter_new(elsewhere);
    expect_post("/np/report", caller_report(&other, BATCH, reporter_rows(reporter_row(ROW, 1))), "E-101");
    reporter_free(other.reporter);
    test_folder_remove(elsewhere);
}

/* Add what `from` holds to the end of `to`, `times` times. */
static void append_file(const char *to, const char *from, unsigned times)
{
    AUTO(buf_done) struct buf more = BUF_INIT;
    struct error err;
    FILE *file = fopen(to, "a");

    cr_assert(file_read(from, 65536, &more, &err), "%s", err.text);
    for (unsigned i = 0; i < times; i++)
        cr_assert_eq(fwrite(more.data, 1, more.bytes, file), more.bytes);
    cr_assert_eq(fclose(file), 0);
}

Test(national_door, while_keys_are_rotated_a_seal_by_either_is_good)
{
    char elsewhere[TEST_PATH_BYTES];
    AUTO(text_free) char *path = NULL;
    struct caller other = caller;
    struct platform *full = NULL;
    struct error err;

    test_folder_new(elsewhere);
    other.reporter = reporter_new(elsewhere);
    path = path_join(elsewhere, "gateway.pem");
    stop();
    append_file(national.gateway_key_file, path, 1);
    start();
    expect_post("/np/report", caller_report(&other, BATCH, reporter_rows(reporter_row(ROW, 1))), "0");
    expect_post("/np/report", caller_report(&caller, BATCH_2, reporter_rows(reporter_row(ROW, 2))), "0");
    stop();
    append_file(national.gateway_key_file, path, 7);
    cr_assert_not(national_new(&options, &CLOCK, &full, &err));
    cr_assert_eq(err.code, ERR_INVALID);
    reporter_free(other.reporter);
    test_folder_remove(elsewhere);
}

Test(national_door, rows_that_are_not_those_of_the_seal_are_E_101)
{
    expect_report_changed("rows", reporter_rows(reporter_row(ROW, 2)), "E-101");
}

Test(national_door, a_seal_holds_whatever_the_order_of_the_names_on_the_way)
{
    json_t *report = good_report();
    char *dumped = json_dumps(report, JSON_INDENT(2) | JSON_ENSURE_ASCII);

    expect_raw("/np/report", span_of(dumped), "0");
    free(dumped);
    json_decref(report);
}

Test(national_door, a_batch_that_is_unknown_is_E_201)
{
    expect_post("/np/result", json_pack("{s:s}", "batchNo", BATCH), "E-201");
    expect_post("/np/result", json_pack("{s:s}", "batchNo", "1"), "E-301");
    expect_post("/np/result", json_pack("{s:s,s:i}", "batchNo", BATCH, "more", 1), "E-301");
}

Test(national_door, holdings_asked_for_wrongly_are_E_301)
{
    expect_code(&(struct attempt){.method = "GET", .path = "/np/holdings", .query = "limit=0"}, "E-301");
    expect_code(&(struct attempt){.method = "GET", .path = "/np/holdings", .query = "limit=1001"}, "E-301");
    expect_code(&(struct attempt){.method = "GET", .path = "/np/holdings", .query = "x=1"}, "E-301");
}
