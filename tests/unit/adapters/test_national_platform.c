/* Each folder of tests/cases/national-platform is one case: an answer of one step and what it means. */
#include <stdlib.h>

#include "adapters/row.h"
#include "base/encode.h"
#include "keys/digest.h"
#include "keys/jws.h"
#include "tests/unit/adapters/cases.h"

#define CASES "national-platform"
#define BATCH "000102030405060708090a0b0c0d0e0f"
/* domain.md 1.6 (a): the check value of these four. */
#define CHECK_KEY "secret0123456789"
#define CHECK_SIGN "k5lGRwxPK/hQURYryFJJV6N+Vd3Bd1iODp+vI47FPDM="

static const struct adapter *const ADAPTER = &adapter_national_platform;
static const struct adapter_config CONFIG = {
    .base_url = "https://localhost:1/np",
    .requester = "rid-0001",
    .service = "s_0000",
    .app_key = CHECK_KEY, /* without its NUL */
    .provider_code = "4400GXT",
    .provider_name = "广东省工业和信息化厅",
    .exchange_unit = "广东省信用中心",
};
static const struct adapter_secret SECRET = {.bytes = CHECK_KEY, .count = 16, .until_ms = 1511427700000};
static const struct adapter_row ROWS[] = {
    {"R0000000000000000000a", 1, {"{\"A\":1}", 7}},
    {"R0000000000000000000b", 3, {"{\"B\":\"字\"}", 11}},
};
static const struct adapter_call CALL = {
    .id = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    .at_ms = 1511427600123,
    .kid = "push-1",
    .rows = ROWS,
    .row_count = 2,
};
static struct error err;

static void check_reply(const char *name, const json_t *input, const json_t *expected)
{
    AUTO(adapter_result_done) struct adapter_result result = {.code = ""};

    ADAPTER->reply(&CALL, case_step(name, input), (int)json_integer_of(input, "status", 0), case_text(input, "body"),
                   &result);
    case_check_result(name, &result, expected);
}

static void check_key(const char *name, const json_t *input, const json_t *expected)
{
    AUTO(adapter_result_done) struct adapter_result result = {.code = ""};
    AUTO(buf_done) struct buf hex = BUF_INIT;
    struct adapter_secret secret = {.count = 0};
    const char *wanted = json_text_of(expected, "secret");

    ADAPTER->key(&CONFIG, json_integer_of(input, "now_ms", 0), (int)json_integer_of(input, "status", 0),
                 case_text(input, "body"), &secret, &result);
    case_check_result(name, &result, expected);
    cr_assert_null(strstr(result.message, "tomorrow"), "%s: the secret is in no message", name);
    hex_add(&hex, secret.bytes, secret.count);
    cr_assert_str_eq(buf_text(&hex), wanted ? wanted : "", "%s", name);
    cr_assert_eq(secret.until_ms, json_integer_of(expected, "until_ms", 0), "%s", name);
}

static void check_page(const char *name, const json_t *input, const json_t *expected)
{
    AUTO(adapter_page_done) struct adapter_page page = {.code = ""};
    const char *message = json_text_of(expected, "message");

    ADAPTER->holdings((int)json_integer_of(input, "status", 0), case_text(input, "body"), &page);
    cr_assert_str_eq(adapter_ending_name(page.ending), json_text_of(expected, "ending"), "%s: %s", name, page.message);
    cr_assert_str_eq(page.code, json_text_of(expected, "code"), "%s", name);
    if (message)
        cr_assert_str_eq(page.message, message, "%s", name);
    cr_assert_eq((int64_t)page.count, json_integer_of(expected, "rows", -1), "%s", name);
    cr_assert_str_eq(page.next, json_text_of(expected, "next"), "%s", name);
}

Test(national_platform, every_answer_means_what_its_case_says)
{
    cr_assert_geq(cases_visit(CASES, "upload-", check_reply), 50);
    cr_assert_geq(cases_visit(CASES, "ask-", check_reply), 50);
    cr_assert_geq(cases_visit(CASES, "doubt-", check_reply), 7);
    cr_assert_geq(cases_visit(CASES, "second-", check_reply), 2);
}

Test(national_platform, every_answer_of_the_key_service_means_what_its_case_says)
{
    cr_assert_geq(cases_visit(CASES, "key-", check_key), 50);
}

Test(national_platform, every_list_of_what_is_held_means_what_its_case_says)
{
    cr_assert_geq(cases_visit(CASES, "holdings-", check_page), 15);
}

static void check_cuts(enum adapter_step step, const char *body)
{
    for (size_t i = 0; i < strlen(body); i++) {
        AUTO(adapter_result_done) struct adapter_result result = {.code = ""};

        ADAPTER->reply(&CALL, step, 200, (struct span){body, i}, &result);
        cr_assert_eq(result.ending, ADAPTER_MALFORMED, "%zu", i);
        cr_assert_eq(result.outcome_count, 0);
        cr_assert_str_empty(result.code);
    }
}

Test(national_platform, an_answer_cut_anywhere_is_malformed)
{
    check_cuts(ADAPTER_ASK, "{\"code\":\"0\",\"message\":\"\",\"data\":{\"rows\":[{\"ROWID\":\"R0000000000000000000a\","
                            "\"VERSION\":1,\"state\":\"1\"},{\"ROWID\":\"R0000000000000000000b\",\"VERSION\":3,"
                            "\"state\":\"9\"}]}}");
    check_cuts(ADAPTER_UPLOAD, "{\"code\":\"0\",\"message\":\"\",\"data\":{\"batchNo\":\"" BATCH "\",\"received\":2}}");
}

/* Every byte of a good answer changed into every other: what is still believed is what was there. */
Test(national_platform, no_single_changed_byte_makes_another_receipt)
{
    static const char BODY[] = "{\"code\":\"0\",\"message\":\"\",\"data\":{\"batchNo\":\"" BATCH "\",\"received\":2}}";
    static const char AT_BATCH[] = "\"data\":{";
    size_t data_at = (size_t)(strstr(BODY, AT_BATCH) - BODY);

    for (size_t i = data_at; i < sizeof BODY - 1; i++) {
        for (int byte = 0; byte < 256; byte++) {
            AUTO(adapter_result_done) struct adapter_result result = {.code = ""};
            char changed[sizeof BODY];

            memcpy(changed, BODY, sizeof BODY);
            if ((unsigned char)changed[i] == byte)
                continue;
            changed[i] = (char)byte;
            ADAPTER->reply(&CALL, ADAPTER_UPLOAD, 200, (struct span){changed, sizeof BODY - 1}, &result);
            cr_assert_eq(result.ending, ADAPTER_MALFORMED, "place %zu, byte %d: %s", i, byte, changed);
        }
    }
}

/* The same for outcomes: a changed byte that is still believed changes none of them, unless it is the state itself. */
Test(national_platform, no_single_changed_byte_makes_another_outcome)
{
    static const char BODY[] =
        "{\"code\":\"0\",\"data\":{\"rows\":[{\"ROWID\":\"R0000000000000000000a\",\"VERSION\":1,"
        "\"state\":\"1\"},{\"ROWID\":\"R0000000000000000000b\",\"VERSION\":3,\"state\":\"1\"}]}}";
    static const char STATE[] = "\"state\":\"";
    size_t first = (size_t)(strstr(BODY, STATE) - BODY) + sizeof STATE - 1;
    size_t second = (size_t)(strstr(BODY + first, STATE) - BODY) + sizeof STATE - 1;

    for (size_t i = 0; i < sizeof BODY - 1; i++) {
        for (int byte = 0; byte < 256; byte++) {
            AUTO(adapter_result_done) struct adapter_result result = {.code = ""};
            char changed[sizeof BODY];

            memcpy(changed, BODY, sizeof BODY);
            changed[i] = (char)byte;
            ADAPTER->reply(&CALL, ADAPTER_ASK, 200, (struct span){changed, sizeof BODY - 1}, &result);
            if (result.ending == ADAPTER_MALFORMED)
                continue;
            cr_assert_eq(result.ending, ADAPTER_OUTCOMES, "place %zu, byte %d: %s", i, byte, changed);
            cr_assert(i == first || strcmp(result.outcomes[0].code, "1") == 0, "place %zu, byte %d", i, byte);
            cr_assert(i == second || strcmp(result.outcomes[1].code, "1") == 0, "place %zu, byte %d", i, byte);
        }
    }
}

Test(national_platform, an_answer_of_the_key_service_cut_anywhere_gives_no_secret)
{
    static const char BODY[] = "{\"code\":\"0\",\"data\":{\"secret\":\"91h8J1/f+Fd4qo2g74P/q3zI1M+YPUhdYCTeGH4Hl04=\","
                               "\"secretEndTime\":\"1511427601000\"}}";

    for (size_t i = 0; i < sizeof BODY; i++) {
        AUTO(adapter_result_done) struct adapter_result result = {.code = ""};
        struct adapter_secret secret = {.count = 0};
        bool is_whole = i == sizeof BODY - 1;

        ADAPTER->key(&CONFIG, 1511427600000, 200, (struct span){BODY, i}, &secret, &result);
        cr_assert_eq(result.ending, is_whole ? ADAPTER_KEY_GIVEN : ADAPTER_MALFORMED, "%zu", i);
        cr_assert_eq(secret.count, is_whole ? 16 : 0);
    }
}

static enum adapter_ending ending_of_outcomes(size_t count, const char *outcome)
{
    AUTO(adapter_result_done) struct adapter_result result = {.code = ""};
    AUTO(buf_done) struct buf body = BUF_INIT;

    buf_add_text(&body, "{\"code\":\"0\",\"data\":{\"rows\":[");
    for (size_t i = 0; i < count; i++)
        buf_addf(&body, "%s%s", i == 0 ? "" : ",", outcome);
    buf_add_text(&body, "]}}");
    ADAPTER->reply(&CALL, ADAPTER_ASK, 200, buf_span(&body), &result);
    cr_assert_eq(result.outcome_count, 0);
    return result.ending;
}

Test(national_platform, a_list_of_outcomes_without_measure_is_malformed)
{
    static const char ROW[] = "{\"ROWID\":\"R0000000000000000000a\",\"VERSION\":1,\"state\":\"1\"}";

    cr_assert_eq(ending_of_outcomes(60000, ROW), ADAPTER_MALFORMED);
    cr_assert_eq(ending_of_outcomes(2000000, "0"), ADAPTER_MALFORMED);
    cr_assert_eq(ending_of_outcomes(3000000, "[]"), ADAPTER_MALFORMED, "longer than an answer may be");
}

Test(national_platform, what_was_fixed_cannot_be_restored_from_other_bytes)
{
#define SM3 "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f"
    static const char *const BAD[] = {
        "",
        "{}",
        "[]",
        "{\"at_ms\":-1,\"kid\":\"a\",\"signature\":\"AA==\",\"sm3\":\"" SM3 "\"}",
        "{\"at_ms\":\"1\",\"kid\":\"a\",\"signature\":\"AA==\",\"sm3\":\"" SM3 "\"}",
        "{\"kid\":\"a\",\"signature\":\"AA==\",\"sm3\":\"" SM3 "\"}",
        "{\"at_ms\":1,\"kid\":\"\",\"signature\":\"AA==\",\"sm3\":\"" SM3 "\"}",
        "{\"at_ms\":1,\"signature\":\"AA==\",\"sm3\":\"" SM3 "\"}",
        "{\"at_ms\":1,\"kid\":\"" SM3 "\",\"signature\":\"AA==\",\"sm3\":\"" SM3 "\"}",
        "{\"at_ms\":1,\"kid\":\"a\",\"signature\":\"\",\"sm3\":\"" SM3 "\"}",
        "{\"at_ms\":1,\"kid\":\"a\",\"signature\":\"AA=\",\"sm3\":\"" SM3 "\"}",
        "{\"at_ms\":1,\"kid\":\"a\",\"signature\":\"AA==\",\"sm3\":\"" SM3 "00\"}",
        "{\"at_ms\":1,\"kid\":\"a\",\"signature\":\"AA==\"}",
    };
    struct adapter_call call = {.rows = NULL};
    AUTO(adapter_signature_done) struct adapter_signature signature = {.kid = ""};

    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        cr_assert_not(ADAPTER->restore(span_of(BAD[i]), &call, &signature, &err), "%s", BAD[i]);
        cr_assert_eq(err.code, ERR_CORRUPT);
    }
    cr_assert(ADAPTER->restore(span_of("{\"at_ms\":1,\"kid\":\"a\",\"signature\":\"AA==\",\"sm3\":\"" SM3 "\"}"), &call,
                               &signature, &err),
              "%s", err.text);
}

Test(national_platform, a_report_without_rows_or_key_or_with_too_many_rows_is_not_drafted)
{
    AUTO(adapter_draft_done) struct adapter_draft draft = {.payload_at = 0};
    struct adapter_call call = CALL;

    call.row_count = 0;
    cr_assert_not(ADAPTER->draft(&CONFIG, &call, &draft, &err));
    call.row_count = 201;
    cr_assert_not(ADAPTER->draft(&CONFIG, &call, &draft, &err));
    call = CALL;
    call.kid[0] = '\0';
    cr_assert_not(ADAPTER->draft(&CONFIG, &call, &draft, &err));
    cr_assert_eq(err.code, ERR_INTERNAL);
    cr_assert_eq(draft.message.bytes, 0);
}

Test(national_platform, a_restored_call_makes_the_same_bytes)
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
    cr_assert(ADAPTER->draft(&CONFIG, &CALL, &first, &err), "%s", err.text);
    ADAPTER->fix(&CONFIG, &CALL, &first, &signature, &fixed);
    cr_assert(json_read(buf_span(&fixed), 4096, &json, &err), "%s", err.text);
    cr_assert(json_canonical_add(json, &again, &err));
    cr_assert_str_eq(buf_text(&fixed), buf_text(&again), "what is fixed is canonical");
    cr_assert(ADAPTER->restore(buf_span(&fixed), &call, &restored, &err), "%s", err.text);
    cr_assert_eq(call.at_ms, CALL.at_ms);
    cr_assert_str_eq(call.kid, "push-1");
    cr_assert(ADAPTER->draft(&CONFIG, &call, &second, &err), "%s", err.text);
    cr_assert_arr_eq(second.sm3, call.sm3, sizeof call.sm3);
    cr_assert_str_eq(buf_text(&first.message), buf_text(&second.message));
    cr_assert_eq(first.signed_bytes, second.signed_bytes);
    cr_assert_eq(first.payload_at, second.payload_at);
    cr_assert_str_eq(restored.kid, "push-1");
    cr_assert(span_is(buf_span(&restored.bytes), "0123"));
}

Test(national_platform, neither_the_instant_nor_the_batch_changes_what_is_signed_but_the_key_does)
{
    AUTO(adapter_draft_done) struct adapter_draft first = {.payload_at = 0};
    AUTO(adapter_draft_done) struct adapter_draft second = {.payload_at = 0};
    struct adapter_call call = CALL;

    call.at_ms++;
    memset(call.id, 0xff, sizeof call.id);
    cr_assert(ADAPTER->draft(&CONFIG, &CALL, &first, &err) && ADAPTER->draft(&CONFIG, &call, &second, &err));
    cr_assert_str_eq(buf_text(&first.message), buf_text(&second.message));
    snprintf(call.kid, sizeof call.kid, "push-2");
    cr_assert(ADAPTER->draft(&CONFIG, &call, &second, &err), "a draft is made anew when the key changed");
    cr_assert_str_neq(buf_text(&first.message), buf_text(&second.message));
    cr_assert_arr_eq(first.sm3, second.sm3, sizeof first.sm3);
}

Test(national_platform, the_seal_is_a_jws_over_the_rows_and_by_nobody_else)
{
    AUTO(adapter_draft_done) struct adapter_draft draft = {.payload_at = 0};
    AUTO(adapter_signature_done) struct adapter_signature signature = {.kid = "push-1"};
    AUTO(adapter_request_done) struct adapter_request request = {.method = NULL};
    AUTO(json_release) json_t *body = NULL;
    AUTO(buf_done) struct buf payload = BUF_INIT;
    AUTO(buf_done) struct buf rows = BUF_INIT;
    AUTO(key_free) struct key *key = NULL;
    AUTO(key_free) struct key *other = NULL;
    struct adapter_attempt attempt = {.step = ADAPTER_UPLOAD, .now_ms = 1, .secret = &SECRET};
    struct jws_trust trust = {.at_ms = 0};
    uint8_t digest[32];

    cr_assert(key_generate(KEY_SM2, "push-1", &key, &err) && key_generate(KEY_SM2, "push-1", &other, &err));
    cr_assert(ADAPTER->draft(&CONFIG, &CALL, &draft, &err), "%s", err.text);
    cr_assert_eq(draft.signed_bytes, draft.message.bytes, "all of it is signed");
    cr_assert(key_sign(key, (struct span){draft.message.data, draft.signed_bytes}, &signature.bytes, &err));
    ADAPTER->request(&CONFIG, &CALL, &draft, &signature, &attempt, &request);
    cr_assert(json_read(buf_span(&request.body), 65536, &body, &err), "%s", err.text);
    trust.key = key;
    cr_assert(jws_verify_compact(case_text(body, "seal"), &trust, &payload, &err), "%s", err.text);
    cr_assert(json_canonical_add(json_object_get(body, "rows"), &rows, &err), "%s", err.text);
    cr_assert_str_eq(buf_text(&payload), buf_text(&rows), "the rows beside the seal are those inside it");
    digest_sm3(buf_span(&rows), digest);
    cr_assert_arr_eq(digest, draft.sm3, sizeof digest);
    trust.key = other;
    cr_assert_not(jws_verify_compact(case_text(body, "seal"), &trust, &payload, &err));
    cr_assert_eq(err.code, ERR_CORRUPT);
}

Test(national_platform, the_seal_begins_as_our_other_seals_do)
{
    AUTO(adapter_draft_done) struct adapter_draft draft = {.payload_at = 0};
    AUTO(buf_done) struct buf header = BUF_INIT;
    AUTO(buf_done) struct buf payload = BUF_INIT;

    cr_assert(ADAPTER->draft(&CONFIG, &CALL, &draft, &err), "%s", err.text);
    cr_assert(base64url_decode((struct span){draft.message.data, draft.payload_at - 1}, &header));
    cr_assert_str_eq(buf_text(&header), "{\"alg\":\"SM2-SM3\",\"kid\":\"push-1\"}");
    cr_assert(base64url_decode(
        (struct span){draft.message.data + draft.payload_at, draft.message.bytes - draft.payload_at}, &payload));
    cr_assert_str_eq(buf_text(&payload), "[{\"A\":1},{\"B\":\"字\"}]");
}

Test(national_platform, the_largest_report_is_one_that_the_signer_takes)
{
    static struct adapter_row rows[200];
    AUTO(adapter_draft_done) struct adapter_draft draft = {.payload_at = 0};
    AUTO(buf_done) struct buf json = BUF_INIT;
    struct adapter_call call = CALL;
    size_t row_bytes = (ADAPTER->rows_bytes_max - 202) / 200;

    buf_add_text(&json, "{\"A\":\"");
    while (json.bytes < row_bytes - 2)
        buf_add_byte(&json, 'x');
    buf_add_text(&json, "\"}");
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        rows[i] = (struct adapter_row){"R0000000000000000000a", 1, buf_span(&json)};
    call.rows = rows;
    call.row_count = COUNT_OF(rows);
    memset(call.kid, 'k', sizeof call.kid - 1);
    cr_assert(ADAPTER->draft(&CONFIG, &call, &draft, &err), "%s", err.text);
    cr_assert_leq(draft.message.bytes, SIGNER_MESSAGE_MAX);
    cr_assert_geq(ADAPTER->rows_bytes_max, ADAPTER_ROW_BYTES_MAX + 2, "one row always fits");
}

static void check_signed(const struct adapter_request *request)
{
    cr_assert_str_eq(request_header(request, "gjgxjhpt_rid"), "rid-0001");
    cr_assert_str_eq(request_header(request, "gjgxjhpt_sid"), "s_0000");
    cr_assert_str_eq(request_header(request, "gjgxjhpt_rtime"), "1511427600000");
    cr_assert_str_eq(request_header(request, "gjgxjhpt_sign"), CHECK_SIGN);
}

Test(national_platform, asking_for_a_secret_has_the_check_value_in_its_body_and_no_header_of_a_call)
{
    AUTO(adapter_request_done) struct adapter_request request = {.method = NULL};
    struct adapter_attempt attempt = {.step = ADAPTER_KEY, .now_ms = 1511427600000};

    ADAPTER->request(&CONFIG, NULL, NULL, NULL, &attempt, &request);
    cr_assert_str_eq(request.method, "POST");
    cr_assert_str_eq(buf_text(&request.url), "https://localhost:1/np/key");
    cr_assert_str_eq(buf_text(&request.body),
                     "{\"gjgxjhpt_rid\":\"rid-0001\",\"gjgxjhpt_sid\":\"s_0000\","
                     "\"gjgxjhpt_rtime\":\"1511427600000\",\"gjgxjhpt_sign\":\"" CHECK_SIGN "\"}");
    cr_assert_str_eq(request_header(&request, "Content-Type"), "application/json");
    cr_assert_str_empty(request_header(&request, "gjgxjhpt_sign"));
}

Test(national_platform, a_report_is_the_envelope_of_the_page_signed_with_the_secret)
{
    AUTO(adapter_draft_done) struct adapter_draft draft = {.payload_at = 0};
    AUTO(adapter_signature_done) struct adapter_signature signature = {.kid = "push-1"};
    AUTO(adapter_request_done) struct adapter_request request = {.method = NULL};
    AUTO(buf_done) struct buf wanted = BUF_INIT;
    struct adapter_config config = CONFIG;
    struct adapter_attempt attempt = {.step = ADAPTER_UPLOAD, .now_ms = 1511427600000, .secret = &SECRET};

    memset(config.app_key, 0, sizeof config.app_key); /* plays no part */
    buf_add_text(&signature.bytes, "sig");
    cr_assert(ADAPTER->draft(&config, &CALL, &draft, &err), "%s", err.text);
    ADAPTER->request(&config, &CALL, &draft, &signature, &attempt, &request);
    cr_assert_str_eq(request.method, "POST");
    cr_assert_str_eq(buf_text(&request.url), "https://localhost:1/np/report");
    buf_addf(&wanted, "{\"batchNo\":\"" BATCH "\",\"seal\":\"%s.c2ln\",\"rows\":[{\"A\":1},{\"B\":\"字\"}]}",
             buf_text(&draft.message));
    cr_assert_str_eq(buf_text(&request.body), buf_text(&wanted));
    cr_assert_str_eq(request_header(&request, "Content-Type"), "application/json");
    check_signed(&request);
}

Test(national_platform, doubt_and_outcomes_are_the_same_question_by_batch)
{
    static const enum adapter_step STEPS[] = {ADAPTER_DOUBT, ADAPTER_ASK};

    for (size_t i = 0; i < COUNT_OF(STEPS); i++) {
        AUTO(adapter_request_done) struct adapter_request request = {.method = NULL};
        struct adapter_attempt attempt = {.step = STEPS[i], .now_ms = 1511427600000, .secret = &SECRET};

        ADAPTER->request(&CONFIG, &CALL, NULL, NULL, &attempt, &request);
        cr_assert_str_eq(request.method, "POST");
        cr_assert_str_eq(buf_text(&request.url), "https://localhost:1/np/result");
        cr_assert_str_eq(buf_text(&request.body), "{\"batchNo\":\"" BATCH "\"}");
        check_signed(&request);
    }
}

Test(national_platform, holdings_are_asked_page_by_page_with_the_secret)
{
    AUTO(adapter_request_done) struct adapter_request request = {.method = NULL};
    struct adapter_attempt attempt = {
        .step = ADAPTER_HOLDINGS, .now_ms = 1511427600000, .secret = &SECRET, .after = "R0&limit=9"};

    ADAPTER->request(&CONFIG, NULL, NULL, NULL, &attempt, &request);
    cr_assert_str_eq(request.method, "GET");
    cr_assert_str_eq(buf_text(&request.url), "https://localhost:1/np/holdings?after=R0%26limit%3D9&limit=1000");
    cr_assert_eq(request.body.bytes, 0);
    cr_assert_str_empty(request_header(&request, "Content-Type"));
    check_signed(&request);
}

Test(national_platform, a_shorter_secret_is_used_as_it_is)
{
    AUTO(adapter_request_done) struct adapter_request request = {.method = NULL};
    AUTO(buf_done) struct buf wanted = BUF_INIT;
    struct adapter_secret secret = {.bytes = {0, 0xff}, .count = 2}; /* bytes, not text */
    struct adapter_attempt attempt = {.step = ADAPTER_ASK, .now_ms = 7, .secret = &secret};
    uint8_t code[32];

    digest_hmac_sha256((struct span){"\0\xff", 2}, SPAN("s_0000rid-00017"), code);
    base64_add(&wanted, code, sizeof code);
    ADAPTER->request(&CONFIG, &CALL, NULL, NULL, &attempt, &request);
    cr_assert_str_eq(request_header(&request, "gjgxjhpt_sign"), buf_text(&wanted));
}

Test(national_platform, it_is_on_the_list_with_its_limits)
{
    cr_assert_eq(adapter_find("national-platform"), ADAPTER);
    cr_assert_eq(adapter_rows_max(ADAPTER, &CONFIG), 200);
    cr_assert(ADAPTER->needs_secret && ADAPTER->needs_rows && !ADAPTER->is_numbered);
    cr_assert_eq(ADAPTER->row, row_add);
}
