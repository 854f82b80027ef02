/* The adapter of 全国信用信息共享平台 and the stand-in, which share no code, understand each other: what one makes the
 * other takes, and what that answers the first believes. Without sockets. */
#include "sandbox/national.h"
#include "tests/unit/all/talk.h"

#define APP_KEY "secret0123456789"
#define RECORD_A "R0123456789abcdef0123"
#define RECORD_B "R0123456789abcdef0124"

enum { LIFE_MS = 3600000, ROW_COUNT = 2 };

static const struct adapter *const ADAPTER = &adapter_national_platform;
static char folder[TEST_PATH_BYTES];
static char state[TEST_PATH_BYTES + 32];
static char app_key[TEST_PATH_BYTES + 32];
static char gateway_key[TEST_PATH_BYTES + 32];
static struct national_options national;
static struct sandbox_options options;
static struct platform *platform;
static struct faults *faults;
static struct layout *layout;
static struct key *key;
static struct adapter_config config;
static struct adapter_secret secret;
static struct buf json[ROW_COUNT];
static struct adapter_row rows[ROW_COUNT];
static struct adapter_call call;
static int64_t clock_ms;
static struct error err;

static int64_t read_clock(void *context)
{
    return *(int64_t *)context;
}
static const struct clock CLOCK = {read_clock, &clock_ms};

static void fill_row(size_t place, const struct adapter_record *record)
{
    buf_clear(&json[place]);
    cr_assert(ADAPTER->row(&config, record, &json[place], &err), "%s", err.text);
    rows[place] = (struct adapter_row){record->record.at, record->version, buf_span(&json[place])};
}

static void start_platform(void)
{
    AUTO(buf_done) struct buf pem = BUF_INIT;

    snprintf(state, sizeof state, "%s/state", folder);
    snprintf(app_key, sizeof app_key, "%s/app_key.hex", folder);
    snprintf(gateway_key, sizeof gateway_key, "%s/gateway.pem", folder);
    cr_assert(key_generate(KEY_SM2, "push-1", &key, &err) && key_public_pem(key, &pem, &err), "%s", err.text);
    cr_assert(file_write(gateway_key, buf_span(&pem), 0600, &err), "%s", err.text);
    cr_assert(file_write(app_key, SPAN("73656372657430313233343536373839\n"), 0600, &err), "%s", err.text);
    national = (struct national_options){.base = "/np",
                                         .state = state,
                                         .requester = "rid-0001",
                                         .service = "s_0000",
                                         .app_key_file = app_key,
                                         .gateway_key_file = gateway_key,
                                         .secret_ms = LIFE_MS};
    options = (struct sandbox_options){.national = &national};
    cr_assert(national_new(&options, &CLOCK, &platform, &err), "%s", err.text);
}

static void setup(void)
{
    const struct adapter_record a = talk_record(RECORD_A, "韶关市璞廪钢铁有限公司");
    const struct adapter_record b = talk_record(RECORD_B, "韶关市璞廪第二钢铁有限公司");

    clock_ms = day_start_ms(day_from_civil(2020, 6, 1));
    test_folder_new(folder);
    start_platform();
    faults = faults_new();
    layout = layout_for_test("national-platform");
    config = (struct adapter_config){.base_url = TALK_HOST "/np",
                                     .layout = layout,
                                     .requester = "rid-0001",
                                     .service = "s_0000",
                                     .app_key = APP_KEY, /* without its NUL */
                                     .provider_code = "4400GXT",
                                     .provider_name = "广东省工业和信息化厅",
                                     .exchange_unit = "广东省信用中心"};
    fill_row(0, &a);
    fill_row(1, &b);
    call = (struct adapter_call){.id = {7}, .at_ms = clock_ms, .kid = "push-1", .rows = rows, .row_count = ROW_COUNT};
}

static void teardown(void)
{
    platform_free(platform);
    faults_free(faults);
    layout_free(layout);
    key_free(key);
    for (size_t i = 0; i < ROW_COUNT; i++)
        buf_done(&json[i]);
    test_folder_remove(folder);
}

TestSuite(national_talk, .init = setup, .fini = teardown);

/* --- between the two --- */

static int ask(enum adapter_step step, const struct adapter_draft *draft, const struct adapter_signature *signature,
               struct buf *out)
{
    AUTO(adapter_request_done) struct adapter_request request = {.method = NULL};
    const struct adapter_attempt attempt = {.step = step, .now_ms = clock_ms, .secret = &secret, .after = ""};

    ADAPTER->request(&config, step == ADAPTER_KEY || step == ADAPTER_HOLDINGS ? NULL : &call, draft, signature,
                     &attempt, &request);
    return talk_carry(platform, faults, &request, out);
}

static enum adapter_ending take_secret(void)
{
    AUTO(adapter_result_done) struct adapter_result result = {.code = ""};
    AUTO(buf_done) struct buf body = BUF_INIT;
    int status = ask(ADAPTER_KEY, NULL, NULL, &body);

    memset(&secret, 0, sizeof secret);
    ADAPTER->key(&config, clock_ms, status, buf_span(&body), &secret, &result);
    return result.ending;
}

static enum adapter_ending report_signed_by(const struct key *signer)
{
    AUTO(adapter_draft_done) struct adapter_draft draft = {.payload_at = 0};
    AUTO(adapter_signature_done) struct adapter_signature signature = {.kid = "push-1"};
    AUTO(adapter_result_done) struct adapter_result result = {.code = ""};
    AUTO(buf_done) struct buf body = BUF_INIT;
    int status;

    cr_assert(ADAPTER->draft(&config, &call, &draft, &err), "%s", err.text);
    cr_assert(key_sign(signer, buf_span(&draft.message), &signature.bytes, &err), "%s", err.text);
    status = ask(ADAPTER_UPLOAD, &draft, &signature, &body);
    ADAPTER->reply(&call, ADAPTER_UPLOAD, status, buf_span(&body), &result);
    return result.ending;
}

/* Outcomes are in `result`. */
static void question(enum adapter_step step, struct adapter_result *result)
{
    AUTO(buf_done) struct buf body = BUF_INIT;
    int status = ask(step, NULL, NULL, &body);

    ADAPTER->reply(&call, step, status, buf_span(&body), result);
}

static enum adapter_ending ending_of(enum adapter_step step)
{
    AUTO(adapter_result_done) struct adapter_result result = {.code = ""};

    question(step, &result);
    return result.ending;
}

/* --- what must be refused --- */

Test(national_talk, another_app_key_or_requester_gets_no_secret)
{
    config.app_key[15] = 'X';
    cr_assert_eq(take_secret(), ADAPTER_SETUP_REFUSED);
    config.app_key[15] = '9';
    config.requester = "rid-0002";
    cr_assert_eq(take_secret(), ADAPTER_SETUP_REFUSED);
    cr_assert_eq(secret.count, 0);
}

Test(national_talk, a_call_with_a_secret_that_was_never_given_is_our_setup)
{
    secret = (struct adapter_secret){.bytes = APP_KEY, .count = 16, .until_ms = INT64_MAX};
    cr_assert_eq(report_signed_by(key), ADAPTER_SETUP_REFUSED);
    cr_assert_eq(ending_of(ADAPTER_ASK), ADAPTER_SETUP_REFUSED);
}

Test(national_talk, a_secret_that_ended_is_expired_for_every_call_and_a_new_one_is_taken)
{
    AUTO(adapter_page_done) struct adapter_page page = {.code = ""};
    AUTO(buf_done) struct buf body = BUF_INIT;
    int status;

    cr_assert_eq(take_secret(), ADAPTER_KEY_GIVEN);
    cr_assert_eq(secret.until_ms, clock_ms + LIFE_MS);
    clock_ms += LIFE_MS;
    cr_assert_eq(report_signed_by(key), ADAPTER_EXPIRED);
    cr_assert_eq(ending_of(ADAPTER_DOUBT), ADAPTER_EXPIRED);
    cr_assert_eq(ending_of(ADAPTER_ASK), ADAPTER_EXPIRED);
    status = ask(ADAPTER_HOLDINGS, NULL, NULL, &body);
    ADAPTER->holdings(status, buf_span(&body), &page);
    cr_assert_eq(page.ending, ADAPTER_EXPIRED);
    cr_assert_str_eq(page.code, "E-102");
    cr_assert_eq(take_secret(), ADAPTER_KEY_GIVEN);
    cr_assert_eq(report_signed_by(key), ADAPTER_ACCEPTED);
}

Test(national_talk, a_seal_by_another_key_is_our_setup_and_nothing_was_taken)
{
    AUTO(key_free) struct key *other = NULL;

    cr_assert(key_generate(KEY_SM2, "push-1", &other, &err), "%s", err.text);
    cr_assert_eq(take_secret(), ADAPTER_KEY_GIVEN);
    cr_assert_eq(report_signed_by(other), ADAPTER_SETUP_REFUSED);
    cr_assert_eq(ending_of(ADAPTER_DOUBT), ADAPTER_UNKNOWN_TASK);
}

Test(national_talk, a_body_refused_by_order_is_refused_whole)
{
    json_t *order = json_pack("{s:[{s:s,s:s,s:s,s:s}]}", "next", "fault", "refuse-body", "platform",
                              "national-platform", "rowid", RECORD_A, "code", "E-301");

    cr_assert(faults_add(faults, order, &err), "%s", err.text);
    json_decref(order);
    cr_assert_eq(take_secret(), ADAPTER_KEY_GIVEN);
    cr_assert_eq(report_signed_by(key), ADAPTER_BODY_REFUSED);
    cr_assert_eq(ending_of(ADAPTER_DOUBT), ADAPTER_UNKNOWN_TASK);
}

/* --- the way it should go --- */

Test(national_talk, doubt_is_resolved_before_and_after_a_report_arrived)
{
    AUTO(adapter_result_done) struct adapter_result result = {.code = ""};

    cr_assert_eq(take_secret(), ADAPTER_KEY_GIVEN);
    cr_assert_eq(ending_of(ADAPTER_DOUBT), ADAPTER_UNKNOWN_TASK);
    cr_assert_eq(report_signed_by(key), ADAPTER_ACCEPTED);
    cr_assert_eq(report_signed_by(key), ADAPTER_ACCEPTED, "the same batch again is harmless");
    question(ADAPTER_DOUBT, &result);
    cr_assert_eq(result.ending, ADAPTER_OUTCOMES, "%s", result.message);
    cr_assert_eq(result.outcomes[0].kind, ADAPTER_ROW_TAKEN, "%s", result.outcomes[0].message);
    cr_assert_eq(result.outcomes[1].kind, ADAPTER_ROW_TAKEN, "%s", result.outcomes[1].message);
}

Test(national_talk, rows_are_waited_for_while_the_platform_has_not_integrated_them)
{
    national.result_delay_polls = 2;
    cr_assert_eq(take_secret(), ADAPTER_KEY_GIVEN);
    cr_assert_eq(report_signed_by(key), ADAPTER_ACCEPTED);
    cr_assert_eq(ending_of(ADAPTER_DOUBT), ADAPTER_NOT_READY);
    cr_assert_eq(ending_of(ADAPTER_ASK), ADAPTER_NOT_READY);
    cr_assert_eq(ending_of(ADAPTER_ASK), ADAPTER_OUTCOMES);
}

Test(national_talk, a_row_in_doubt_is_refused_with_its_reason_and_the_other_is_taken)
{
    AUTO(adapter_result_done) struct adapter_result result = {.code = ""};
    struct adapter_record withdrawn = talk_record(RECORD_B, "韶关市璞廪第二钢铁有限公司");

    withdrawn.op = ADAPTER_OP_WITHDRAW; /* which is not held */
    fill_row(1, &withdrawn);
    cr_assert_eq(take_secret(), ADAPTER_KEY_GIVEN);
    cr_assert_eq(report_signed_by(key), ADAPTER_ACCEPTED);
    question(ADAPTER_ASK, &result);
    cr_assert_eq(result.ending, ADAPTER_OUTCOMES, "%s", result.message);
    cr_assert_eq(result.outcomes[0].kind, ADAPTER_ROW_TAKEN);
    cr_assert_eq(result.outcomes[1].kind, ADAPTER_ROW_REFUSED);
    cr_assert_str_eq(result.outcomes[1].code, "9");
    cr_assert(strstr(result.outcomes[1].message, "40001"), "%s", result.outcomes[1].message);
}

Test(national_talk, every_operation_is_taken_whatever_the_platform_calls_it)
{
    static const enum adapter_op OPS[] = {ADAPTER_OP_ADD,    ADAPTER_OP_CHANGE, ADAPTER_OP_DISPUTE,
                                          ADAPTER_OP_SETTLE, ADAPTER_OP_REPAIR, ADAPTER_OP_WITHDRAW};

    cr_assert_eq(take_secret(), ADAPTER_KEY_GIVEN);
    call.row_count = 1;
    for (size_t i = 0; i < COUNT_OF(OPS); i++) {
        AUTO(adapter_result_done) struct adapter_result result = {.code = ""};
        struct adapter_record record = talk_record(RECORD_A, "韶关市璞廪钢铁有限公司");

        record.version = (uint32_t)i + 1;
        record.op = OPS[i];
        fill_row(0, &record);
        call.id[0] = (uint8_t)i;
        cr_assert_eq(report_signed_by(key), ADAPTER_ACCEPTED);
        question(ADAPTER_ASK, &result);
        cr_assert_eq(result.ending, ADAPTER_OUTCOMES, "OP %d: %s", OPS[i], result.message);
        cr_assert_eq(result.outcomes[0].kind, ADAPTER_ROW_TAKEN, "OP %d: %s", OPS[i], result.outcomes[0].message);
    }
}

Test(national_talk, what_is_held_has_the_digest_of_the_row_as_it_was_made)
{
    AUTO(adapter_page_done) struct adapter_page page = {.code = ""};
    AUTO(buf_done) struct buf body = BUF_INIT;
    uint8_t digest[32];
    int status;

    cr_assert_eq(take_secret(), ADAPTER_KEY_GIVEN);
    cr_assert_eq(report_signed_by(key), ADAPTER_ACCEPTED);
    status = ask(ADAPTER_HOLDINGS, NULL, NULL, &body);
    ADAPTER->holdings(status, buf_span(&body), &page);
    cr_assert_eq(page.ending, ADAPTER_LISTED, "%s", page.message);
    cr_assert_eq(page.count, ROW_COUNT);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        digest_sm3(rows[i].json, digest);
        cr_assert_arr_eq(page.rows[i].sm3, digest, sizeof digest);
        cr_assert_str_eq(page.rows[i].record, rows[i].record);
        cr_assert_eq(page.rows[i].version, 1);
        cr_assert_eq(page.rows[i].op, ADAPTER_OP_ADD);
    }
}
