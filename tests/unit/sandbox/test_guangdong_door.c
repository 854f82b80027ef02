/* Who may speak, and how a call must be wrapped: the door and the envelope. */
#include "tests/unit/sandbox/platform.h"

TestSuite(guangdong_door, .init = begin, .fini = end);

/* --- the door --- */

Test(guangdong_door, another_address_is_404)
{
    expect_status(&(struct attempt){.method = "GET", .path = "/upload"}, 404);
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/else"}, 404);
    expect_status(&(struct attempt){.method = "GET", .path = "/control/state"}, 404);
}

Test(guangdong_door, another_method_is_405)
{
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/upload"}, 405);
    expect_status(&(struct attempt){.method = "POST", .path = "/gd/holdings"}, 405);
}

Test(guangdong_door, another_content_type_is_415)
{
    expect_status(&(struct attempt){.method = "POST", .path = "/gd/upload", .content_type = "text/plain"}, 415);
}

Test(guangdong_door, a_client_certificate_off_the_list_is_403)
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

Test(guangdong_door, an_unknown_paasid_is_401)
{
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .paasid = "other"}, 401);
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .drops = 1}, 401);
}

Test(guangdong_door, missing_headers_are_401)
{
    for (size_t drops = 1; drops <= 5; drops++)
        expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .drops = drops}, 401);
}

Test(guangdong_door, a_clock_more_than_300_s_away_is_401)
{
    struct reporter_headers headers;

    reporter_headers(reporter, clock_ms - 301000, &headers);
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .headers = &headers}, 401);
    reporter_headers(reporter, clock_ms + 301000, &headers);
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .headers = &headers}, 401);
    reporter_headers(reporter, clock_ms + 300000, &headers);
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .headers = &headers}, 200);
    platform->clock_offset_ms = 301000;
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings"}, 401);
}

Test(guangdong_door, a_nonce_seen_before_is_401_for_as_long_as_its_clock_is_good)
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

Test(guangdong_door, a_wrong_signature_is_401_and_does_not_spend_the_nonce)
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

Test(guangdong_door, a_body_that_is_no_json_object_is_5001)
{
    expect_code(SPAN(""), "5001");
    expect_code(SPAN("{"), "5001");
    expect_code(SPAN("[]"), "5001");
    expect_code(SPAN("{} x"), "5001");
    expect_code(SPAN("{\"taskId\":\"a\",\"taskId\":\"b\"}"), "5001");
    expect_code(SPAN("{\"taskId\":\"\xff\"}"), "5001");
    expect_code(SPAN("{\"taskId\":1}"), "5001");
}

Test(guangdong_door, an_unknown_member_is_5001)
{
    expect_changed("extra", "1", false, "5001");
}

Test(guangdong_door, a_task_id_that_is_not_32_hex_digits_is_5001)
{
    expect_changed("taskId", "0123456789ABCDEF0123456789ABCDEF", true, "5001");
    expect_changed("taskId", "0123", true, "5001");
    expect_changed("taskId", NULL, false, "5001");
}

Test(guangdong_door, a_timestamp_that_is_not_epoch_milliseconds_is_5001)
{
    expect_changed("timestamp", "1578300000", true, "5001");
    expect_changed("timestamp", "2020-01-06 00", true, "5001");
}

Test(guangdong_door, table_codes_are_3001_and_3002)
{
    expect_changed("tableCode", "", false, "3001");
    expect_changed("tableCode", NULL, false, "3001");
    expect_changed("tableCode", "other", false, "3002");
    expect_changed("tableVersionId", "V2", false, "3002");
}

Test(guangdong_door, department_codes_are_4001_and_4002)
{
    expect_changed("departmentCode", "", false, "4001");
    expect_changed("departmentCode", NULL, false, "4001");
    expect_changed("departmentCode", "other", false, "4002");
}

Test(guangdong_door, a_wrong_signature_of_the_envelope_is_5003)
{
    expect_changed("timestamp", "1578300000001", false, "5003");
    expect_changed("taskId", TASK_2, false, "5003");
    expect_changed("signData", "", false, "5003");
    expect_changed("signData", "AAAA", false, "5003");
    expect_changed("signData", "not base64", false, "5003");
    expect_changed("signType", "RSA", false, "5003");
}

Test(guangdong_door, a_signature_by_another_key_is_5003)
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

Test(guangdong_door, what_cannot_be_decrypted_is_5002)
{
    expect_changed("encType", "AES", true, "5002");
    expect_changed("encData", "AAAA", true, "5002");
    expect_changed("encData", "AAAAAAAAAAAAAAAAAAAAAA==", true, "5002");
    expect_changed("encData", "%%%%", true, "5002");
    expect_changed("encData", "QQ", true, "5002");
    expect_changed("encData", "QR==", true, "5002");
}

Test(guangdong_door, a_wrong_padding_is_5002)
{
    static const char *const PADDINGS[] = {"[]00000000000000", "[]0000000000000\021", "[]000000000000\003\002"};

    for (size_t i = 0; i < COUNT_OF(PADDINGS); i++) {
        AUTO(buf_done) struct buf sealed = BUF_INIT;

        reporter_seal_raw(reporter, (struct span){PADDINGS[i], 16}, &sealed);
        expect_changed("encData", buf_text(&sealed), true, "5002");
    }
}

Test(guangdong_door, an_empty_body_is_6001)
{
    expect_changed("encData", "", true, "6001");
    expect_plain(SPAN(""), "6001");
    expect_plain(SPAN("[]"), "6001");
}

Test(guangdong_door, rows_that_are_no_array_of_named_objects_are_6002)
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

Test(guangdong_door, more_than_500_rows_are_6002)
{
    json_t *json = upload(REPORTER_TASK, many_rows(501));

    cr_assert_str_eq(text(json, "errorCode"), "6002");
    json_decref(json);
}

Test(guangdong_door, five_hundred_rows_are_taken_and_listed_in_pages)
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
