/* 信用中国 handed what it does not take: addresses, names, numbers, repeats, signatures. */
#include "tests/unit/sandbox/filehouse.h"

TestSuite(china_door, .init = begin, .fini = end);

static json_t *one_row(void)
{
    return reporter_rows(reporter_row(ROW, 1));
}

static void put_one(const char *name, int status)
{
    json_t *rows = one_row();

    put_rows(name, rows, status);
    json_decref(rows);
}

static json_t *good_signature(const char *name)
{
    json_t *rows = one_row();
    json_t *signature = signature_of(name, rows);

    json_decref(rows);
    return signature;
}

Test(china_door, another_address_is_404)
{
    expect(&(struct attempt){.path = "/inbox/" FILE_1 ".txt", .body = SPAN("x")}, 404);
    expect(&(struct attempt){.path = "/elsewhere/" FILE_1 ".xml", .body = SPAN("x")}, 404);
    expect(&(struct attempt){.path = "/inbox"}, 404);
}

Test(china_door, another_method_is_405)
{
    expect(&(struct attempt){.path = "/inbox/" FILE_1 ".xml", .method = "GET"}, 405);
    expect(&(struct attempt){.path = "/inbox/" FILE_1 ".xml", .method = "DELETE"}, 405);
    expect(&(struct attempt){.path = "/inbox/" FILE_1 ".sm3", .method = "PUT"}, 405);
    expect(&(struct attempt){.path = "/holdings", .method = "POST"}, 405);
}

Test(china_door, a_client_certificate_off_the_list_is_403)
{
    char other[65];
    char *list[] = {other};

    memset(other, '0', 64);
    other[64] = '\0';
    options.client_sha256 = list;
    options.client_count = 1;
    expect(&(struct attempt){.path = "/holdings"}, 403);
    memcpy(other, "abcd", 4);
    expect(&(struct attempt){.path = "/holdings"}, 200);
    expect(&(struct attempt){.path = "/holdings", .has_no_certificate = true}, 403);
    cr_assert_eq(counted("unauthorized"), 2);
}

Test(china_door, another_content_type_is_415)
{
    expect(&(struct attempt){.path = "/inbox/" FILE_1 ".xml", .body = SPAN("x"), .content_type = "text/plain"}, 415);
    expect(&(struct attempt){.path = "/inbox/" FILE_1 ".sig", .body = SPAN("x"), .content_type = "application/xml"},
           415);
}

Test(china_door, a_put_that_might_overwrite_is_428)
{
    expect(&(struct attempt){.path = "/inbox/" FILE_1 ".xml", .body = SPAN("x"), .none_match = ""}, 428);
    expect(&(struct attempt){.path = "/inbox/" FILE_1 ".xml", .body = SPAN("x"), .none_match = "\"abc\""}, 428);
    expect(&(struct attempt){.path = "/inbox/" FILE_1 ".sig", .body = SPAN("x"), .none_match = ""}, 428);
}

Test(china_door, a_name_that_is_not_of_the_form_is_400)
{
    static const char *const WRONG[] = {"440004_20200601_00001",   "440003_20200631_00001",
                                        "440003_20200601_00000",   "440003_20200601_0001",
                                        "440003_20200601_000001",  "440003-20200601_00001",
                                        "440003_2020061 _00001",   "440003_20200601_0000a",
                                        "440003_20200601_00001.x", "",
                                        "440003_18990101_00001"};

    for (size_t i = 0; i < COUNT_OF(WRONG); i++)
        put_text(WRONG[i], "<DATAS/>", 400);
    cr_assert_eq(counted("files"), 0);
}

Test(china_door, a_number_that_leaves_a_gap_is_409)
{
    put_one(FILE_2, 409);
    put_one(FILE_1, 201);
    put_one(FILE_3, 409);
    put_one(FILE_2, 201);
    put_one(FILE_3, 201);
    put_one("440003_20200531_00002", 409);
    put_one("440003_20200531_00001", 201);
}

Test(china_door, a_day_later_than_tomorrow_is_409)
{
    put_one("440003_20200603_00001", 409);
    put_one("440003_20200602_00001", 201);
}

Test(china_door, a_file_that_exists_is_412_whatever_it_holds)
{
    json_t *other = reporter_rows(reporter_row("R2", 1));

    put_one(FILE_1, 201);
    put_one(FILE_1, 412);
    cr_assert_eq(counted("repeated"), 1);
    cr_assert_eq(counted("repeated_other"), 0);
    put_rows(FILE_1, other, 412);
    cr_assert_eq(counted("repeated_other"), 1);
    json_decref(other);
}

Test(china_door, the_digest_of_what_arrived_tells_whose_it_is)
{
    AUTO(buf_done) struct buf file = BUF_INIT;
    json_t *rows = one_row();
    char line[80];
    char sm3[65];

    expect(&(struct attempt){.path = "/inbox/" FILE_1 ".sm3"}, 404);
    filer_file(rows, &file);
    filer_sm3(buf_span(&file), sm3);
    snprintf(line, sizeof(line), "%s\n", sm3);
    put_rows(FILE_1, rows, 201);
    expect_body("/inbox/" FILE_1 ".sm3", line);
    stop();
    start();
    expect_body("/inbox/" FILE_1 ".sm3", line);
    json_decref(rows);
}

Test(china_door, a_signature_without_its_file_is_409)
{
    put_signature(FILE_1, good_signature(FILE_1), 409);
}

static void expect_signature_changed(const char *member, json_t *value)
{
    json_t *signature = good_signature(FILE_1);

    if (value)
        json_object_set_new(signature, member, value);
    else
        json_object_del(signature, member);
    put_signature(FILE_1, signature, 422);
    cr_assert_eq(counted("tasks"), 0);
    cr_assert_eq(counted("applied"), 0);
}

Test(china_door, a_signature_that_does_not_say_what_is_there_is_422_and_not_stored)
{
    static const char *const MEMBERS[] = {"file", "bytes", "sm3", "kid", "alg", "signature"};

    put_one(FILE_1, 201);
    for (size_t i = 0; i < COUNT_OF(MEMBERS); i++)
        expect_signature_changed(MEMBERS[i], NULL);
    expect_signature_changed("file", json_string(FILE_2 ".xml"));
    expect_signature_changed("file", json_string(FILE_1));
    expect_signature_changed("bytes", json_integer(1));
    expect_signature_changed("bytes", json_string("1"));
    expect_signature_changed("sm3", json_string("0000000000000000000000000000000000000000000000000000000000000000"));
    expect_signature_changed("kid", json_string(""));
    expect_signature_changed("alg", json_string("EdDSA"));
    expect_signature_changed("signature", json_string(""));
    expect_signature_changed("signature", json_string("AAAA"));
    expect_signature_changed("extra", json_string("x"));
    expect(&(struct attempt){.path = "/inbox/" FILE_1 ".sig", .body = SPAN("[]")}, 422);
    expect_no_receipt(FILE_1);
    put_signature(FILE_1, good_signature(FILE_1), 201);
}

Test(china_door, a_signature_by_another_key_is_422)
{
    AUTO(buf_done) struct buf file = BUF_INIT;
    json_t *rows = one_row();
    char elsewhere[TEST_PATH_BYTES];
    struct reporter *other;

    test_folder_new(elsewhere);
    other = reporter_new(elsewhere);
    filer_file(rows, &file);
    put_rows(FILE_1, rows, 201);
    put_signature(FILE_1, filer_signature(other, FILE_1, buf_span(&file)), 422);
    reporter_free(other);
    test_folder_remove(elsewhere);
    json_decref(rows);
}

Test(china_door, a_signature_that_exists_is_412)
{
    put_one(FILE_1, 201);
    put_signature(FILE_1, good_signature(FILE_1), 201);
    put_signature(FILE_1, good_signature(FILE_1), 412);
    cr_assert_eq(counted("applied"), 1);
}

Test(china_door, holdings_asked_for_wrongly_are_400)
{
    expect(&(struct attempt){.path = "/holdings", .query = "limit=0"}, 400);
    expect(&(struct attempt){.path = "/holdings", .query = "x=1"}, 400);
}

Test(china_door, an_inbox_with_a_gap_is_not_opened)
{
    AUTO(text_free) char *path = path_join(china.state, "inbox/" FILE_1 ".xml");
    struct platform *other = NULL;
    struct error err;

    put_one(FILE_1, 201);
    put_one(FILE_2, 201);
    stop();
    cr_assert_eq(remove(path), 0);
    cr_assert_not(china_new(&options, &CLOCK, &other, &err));
    cr_assert_eq(err.code, ERR_CORRUPT);
}
