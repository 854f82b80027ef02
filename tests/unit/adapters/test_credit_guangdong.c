/* Each folder of tests/cases/credit-guangdong is one case: an answer and what it means, or a record and its row. */
#include <stdlib.h>

#include "base/encode.h"
#include "keys/digest.h"
#include "tests/unit/adapters/cases.h"
#include "tests/unit/adapters/layouts.h"
#include "tests/unit/adapters/rows.h"

#define CASES "credit-guangdong"

static struct adapter_config CONFIG = {
    .base_url = "https://localhost:1/gd",
    .table_code = "SXJZCN",
    .department_code = "4400GXT",
    .table_version_id = "V1",
    .paasid = "creditgate-test",
    .token = "token0123456789",
    .sm4_key = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
    .sm4_kid = "sm4-1",
    .provider_code = "4400GXT",
    .provider_name = "广东省工业和信息化厅",
    .exchange_unit = "广东省信用中心",
};
static const struct adapter_row ROWS[] = {
    {"R0000000000000000000a", 1, {"{\"A\":1}", 7}},
    {"R0000000000000000000b", 3, {"{\"B\":\"字\"}", 11}},
};
static const struct adapter_call CALL = {
    .id = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    .at_ms = 1511427600123,
    .iv = {9, 9, 9},
    .rows = ROWS,
    .row_count = 2,
};
static struct error err;
static struct layout *layout;

static void setup(void)
{
    layout = layout_for_test("credit-guangdong");
    CONFIG.layout = layout;
}

static void teardown(void)
{
    layout_free(layout);
}

TestSuite(credit_guangdong, .init = setup, .fini = teardown);

static void check_reply(const char *name, const json_t *input, const json_t *expected)
{
    AUTO(adapter_result_done) struct adapter_result result = {.code = ""};

    adapter_credit_guangdong.reply(&CALL, case_step(name, input), (int)json_integer_of(input, "status", 0),
                                   case_text(input, "body"), &result);
    case_check_result(name, &result, expected);
}

static void check_row(const char *name, const json_t *input, const json_t *expected)
{
    row_check(&CONFIG, name, input, expected);
}

Test(credit_guangdong, every_answer_means_what_its_case_says)
{
    cr_assert_geq(cases_visit(CASES, "upload-", check_reply), 20);
    cr_assert_geq(cases_visit(CASES, "ask-", check_reply), 20);
}

Test(credit_guangdong, every_record_becomes_the_row_of_its_case_or_names_the_bad_field)
{
    cr_assert_geq(cases_visit(CASES, "row-", check_row), 20);
}

Test(credit_guangdong, an_answer_cut_anywhere_is_malformed)
{
    static const char BODY[] = "{\"errorCode\":\"200\",\"taskId\":\"000102030405060708090a0b0c0d0e0f\",\"state\":\"1\","
                               "\"rows\":[{\"ROWID\":\"R0000000000000000000a\",\"VERSION\":1,\"result\":\"0\"},"
                               "{\"ROWID\":\"R0000000000000000000b\",\"VERSION\":3,\"result\":\"0\"}]}";

    for (size_t i = 0; i < sizeof BODY - 1; i++) {
        AUTO(adapter_result_done) struct adapter_result result = {.code = ""};

        adapter_credit_guangdong.reply(&CALL, ADAPTER_ASK, 200, (struct span){BODY, i}, &result);
        cr_assert_eq(result.ending, ADAPTER_MALFORMED, "%zu", i);
        cr_assert_eq(result.outcome_count, 0);
    }
}

Test(credit_guangdong, what_was_fixed_cannot_be_restored_from_other_bytes)
{
    static const char *const BAD[] = {
        "",
        "{}",
        "[]",
        "{\"at_ms\":-1}",
        "{\"at_ms\":1,\"iv\":\"00\",\"kid\":\"a\",\"signature\":\"AA==\",\"sm3\":\"\"}",
    };
    struct adapter_call call = {.rows = NULL};
    AUTO(adapter_signature_done) struct adapter_signature signature = {.kid = ""};

    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        cr_assert_not(adapter_credit_guangdong.restore(span_of(BAD[i]), &call, &signature, &err), "%s", BAD[i]);
        cr_assert_eq(err.code, ERR_CORRUPT);
    }
}

Test(credit_guangdong, a_restored_call_makes_the_same_bytes)
{
    AUTO(adapter_draft_done) struct adapter_draft first = {.payload_at = 0};
    AUTO(adapter_draft_done) struct adapter_draft second = {.payload_at = 0};
    AUTO(adapter_signature_done) struct adapter_signature signature = {.kid = "push-1"};
    AUTO(adapter_signature_done) struct adapter_signature restored = {.kid = ""};
    AUTO(buf_done) struct buf fixed = BUF_INIT;
    AUTO(buf_done) struct buf again = BUF_INIT;
    AUTO(json_release) json_t *json = NULL;
    struct adapter_call call = {
        .id = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, .rows = ROWS, .row_count = 2};

    buf_add_text(&signature.bytes, "0123");
    cr_assert(adapter_credit_guangdong.draft(&CONFIG, &CALL, &first, &err), "%s", err.text);
    adapter_credit_guangdong.fix(&CONFIG, &CALL, &first, &signature, &fixed);
    cr_assert(json_read(buf_span(&fixed), 4096, &json, &err), "%s", err.text);
    cr_assert(json_canonical_add(json, &again, &err));
    cr_assert_str_eq(buf_text(&fixed), buf_text(&again), "what is fixed is canonical");
    cr_assert(adapter_credit_guangdong.restore(buf_span(&fixed), &call, &restored, &err), "%s", err.text);
    cr_assert(adapter_credit_guangdong.draft(&CONFIG, &call, &second, &err), "%s", err.text);
    cr_assert_arr_eq(second.sm3, call.sm3, sizeof call.sm3);
    cr_assert_str_eq(call.kid, "push-1");
    cr_assert_str_eq(buf_text(&first.message), buf_text(&second.message));
    cr_assert_str_eq(restored.kid, "push-1");
    cr_assert(span_is(buf_span(&restored.bytes), "0123"));
}

Test(credit_guangdong, the_message_is_task_instant_and_sealed_rows)
{
    AUTO(adapter_draft_done) struct adapter_draft draft = {.payload_at = 0};
    AUTO(buf_done) struct buf sealed = BUF_INIT;
    AUTO(buf_done) struct buf plain = BUF_INIT;
    struct span payload;

    cr_assert(adapter_credit_guangdong.draft(&CONFIG, &CALL, &draft, &err), "%s", err.text);
    cr_assert(strncmp(buf_text(&draft.message), "000102030405060708090a0b0c0d0e0f.1511427600123.", 47) == 0);
    payload = (struct span){draft.message.data + draft.payload_at, draft.message.bytes - draft.payload_at};
    cr_assert(base64_decode(payload, &sealed));
    cr_assert_arr_eq(sealed.data, CALL.iv, 16, "the IV comes first");
    cr_assert(sm4_decrypt(CONFIG.sm4_key, CALL.iv, (struct span){sealed.data + 16, sealed.bytes - 16}, &plain, &err));
    cr_assert_str_eq(buf_text(&plain), "[{\"A\":1},{\"B\":\"字\"}]");
}

Test(credit_guangdong, the_gateway_signature_has_its_check_value)
{
    AUTO(adapter_request_done) struct adapter_request request = {.method = NULL};
    struct adapter_attempt attempt = {.step = ADAPTER_ASK, .now_ms = 1511427600999, .nonce = "abc"};

    adapter_credit_guangdong.request(&CONFIG, &CALL, NULL, NULL, &attempt, &request);
    cr_assert_str_eq(request.method, "GET");
    cr_assert_str_eq(buf_text(&request.url), "https://localhost:1/gd/tasks/000102030405060708090a0b0c0d0e0f");
    cr_assert_str_eq(request_header(&request, "x-tif-timestamp"), "1511427600");
    cr_assert_str_eq(request_header(&request, "x-tif-nonce"), "abc");
    cr_assert_str_eq(request_header(&request, "x-tif-paasid"), "creditgate-test");
    cr_assert_str_eq(request_header(&request, "x-tif-signature"),
                     "944c21be0f177e52c215940544e05eda6b6db6c0da29b0886dcf2ce917867295");
}

Test(credit_guangdong, an_upload_is_the_envelope_of_the_page)
{
    AUTO(adapter_draft_done) struct adapter_draft draft = {.payload_at = 0};
    AUTO(adapter_signature_done) struct adapter_signature signature = {.kid = "push-1"};
    AUTO(adapter_request_done) struct adapter_request request = {.method = NULL};
    AUTO(json_release) json_t *body = NULL;
    struct adapter_attempt attempt = {.step = ADAPTER_UPLOAD, .now_ms = 1511427601000, .nonce = "abc"};

    buf_add_text(&signature.bytes, "sig");
    cr_assert(adapter_credit_guangdong.draft(&CONFIG, &CALL, &draft, &err), "%s", err.text);
    adapter_credit_guangdong.request(&CONFIG, &CALL, &draft, &signature, &attempt, &request);
    cr_assert_str_eq(request.method, "POST");
    cr_assert_str_eq(buf_text(&request.url), "https://localhost:1/gd/upload");
    cr_assert(json_read(buf_span(&request.body), 65536, &body, &err), "%s", err.text);
    cr_assert_eq(json_object_size(body), 9);
    cr_assert_str_eq(json_text_of(body, "taskId"), "000102030405060708090a0b0c0d0e0f");
    cr_assert_str_eq(json_text_of(body, "timestamp"), "1511427600123", "the call's instant, not the attempt's");
    cr_assert_str_eq(json_text_of(body, "encType"), "SM4");
    cr_assert_str_eq(json_text_of(body, "signType"), "SM2");
    cr_assert_str_eq(json_text_of(body, "signData"), "c2ln");
    cr_assert_str_eq(json_text_of(body, "encData"), draft.message.data + draft.payload_at);
}

Test(credit_guangdong, the_configuration_lowers_the_rows_of_a_call_but_never_raises_them)
{
    struct adapter_config config = CONFIG;

    cr_assert_eq(adapter_rows_max(&adapter_credit_guangdong, &config), 500);
    config.rows_max = 7;
    cr_assert_eq(adapter_rows_max(&adapter_credit_guangdong, &config), 7);
    config.rows_max = 5000;
    cr_assert_eq(adapter_rows_max(&adapter_credit_guangdong, &config), 500);
    cr_assert_eq(adapter_find("credit-guangdong"), &adapter_credit_guangdong);
    cr_assert_null(adapter_find("nobody"));
}
