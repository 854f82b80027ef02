/* The adapter of 信用中国 and the stand-in, which share no code, understand each other: files, signatures, digests and
 * receipts. Without sockets. */
#include "sandbox/china.h"
#include "tests/unit/all/talk.h"

#define RECORD_A "R0123456789abcdef0123"
#define RECORD_B "R0123456789abcdef0124"

enum { ROW_COUNT = 2 };

static const struct adapter *const ADAPTER = &adapter_credit_china;
static char folder[TEST_PATH_BYTES];
static char state[TEST_PATH_BYTES + 32];
static char gateway_key[TEST_PATH_BYTES + 32];
static struct china_options china;
static struct sandbox_options options;
static struct platform *platform;
static struct faults *faults;
static struct layout *layout;
static struct key *key;
static struct adapter_config config;
static struct buf json[ROW_COUNT];
static struct adapter_row rows[ROW_COUNT];
static struct adapter_call call;
static struct adapter_draft draft;
static struct adapter_signature signature;
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
    cr_assert(china_new(&options, &CLOCK, &platform, &err), "%s", err.text);
}

static void setup(void)
{
    const struct adapter_record a = talk_record(RECORD_A, "韶关市璞廪钢铁有限公司");
    const struct adapter_record b = talk_record(RECORD_B, "韶关市璞廪第二钢铁有限公司");
    AUTO(buf_done) struct buf pem = BUF_INIT;
    int32_t today = day_from_civil(2020, 6, 1);

    clock_ms = day_start_ms(today);
    test_folder_new(folder);
    snprintf(state, sizeof state, "%s/state", folder);
    snprintf(gateway_key, sizeof gateway_key, "%s/gateway.pem", folder);
    cr_assert(key_generate(KEY_SM2, "push-1", &key, &err) && key_public_pem(key, &pem, &err), "%s", err.text);
    cr_assert(file_write(gateway_key, buf_span(&pem), 0600, &err), "%s", err.text);
    china = (struct china_options){
        .base = "/china", .state = state, .file_code = "001503", .gateway_key_file = gateway_key, .result_steps = 1};
    options = (struct sandbox_options){.china = &china};
    start_platform();
    faults = faults_new();
    layout = layout_for_test("credit-china");
    config = (struct adapter_config){.base_url = TALK_HOST "/china",
                                     .layout = layout,
                                     .file_code = "001503",
                                     .provider_code = "4400GXT",
                                     .provider_name = "广东省工业和信息化厅",
                                     .exchange_unit = "广东省信用中心"};
    fill_row(0, &a);
    fill_row(1, &b);
    call = (struct adapter_call){
        .at_ms = clock_ms, .day = today, .number = 1, .file_code = "001503", .rows = rows, .row_count = ROW_COUNT};
}

static void teardown(void)
{
    platform_free(platform);
    faults_free(faults);
    layout_free(layout);
    key_free(key);
    adapter_draft_done(&draft);
    adapter_signature_done(&signature);
    for (size_t i = 0; i < ROW_COUNT; i++)
        buf_done(&json[i]);
    test_folder_remove(folder);
}

TestSuite(china_talk, .init = setup, .fini = teardown);

/* As the courier does before the first attempt. */
static void prepare_signed_by(const struct key *signer)
{
    cr_assert(ADAPTER->draft(&config, &call, &draft, &err), "%s", err.text);
    memcpy(call.sm3, draft.sm3, sizeof call.sm3);
    call.payload_bytes = draft.message.bytes - draft.payload_at;
    snprintf(signature.kid, sizeof signature.kid, "push-1");
    buf_clear(&signature.bytes);
    cr_assert(key_sign(signer, (struct span){draft.message.data, draft.signed_bytes}, &signature.bytes, &err), "%s",
              err.text);
}

static void step(enum adapter_step which, struct adapter_result *result)
{
    AUTO(adapter_request_done) struct adapter_request request = {.method = NULL};
    AUTO(buf_done) struct buf body = BUF_INIT;
    const struct adapter_attempt attempt = {.step = which, .now_ms = clock_ms, .after = ""};
    int status;

    ADAPTER->request(&config, &call, &draft, &signature, &attempt, &request);
    status = talk_carry(platform, faults, &request, &body);
    ADAPTER->reply(&call, which, status, buf_span(&body), result);
}

static enum adapter_ending ending_of(enum adapter_step which)
{
    AUTO(adapter_result_done) struct adapter_result result = {.code = ""};

    step(which, &result);
    cr_assert(result.ending != ADAPTER_NEXT || result.next == ADAPTER_SECOND);
    return result.ending;
}

/* --- what must be refused --- */

Test(china_talk, a_signature_by_another_key_is_our_setup_and_no_row_is_taken)
{
    AUTO(key_free) struct key *other = NULL;

    cr_assert(key_generate(KEY_SM2, "push-1", &other, &err), "%s", err.text);
    prepare_signed_by(other);
    cr_assert_eq(ending_of(ADAPTER_UPLOAD), ADAPTER_NEXT);
    cr_assert_eq(ending_of(ADAPTER_SECOND), ADAPTER_SETUP_REFUSED);
    cr_assert_eq(ending_of(ADAPTER_ASK), ADAPTER_NOT_READY);
    prepare_signed_by(key);
    cr_assert_eq(ending_of(ADAPTER_SECOND), ADAPTER_ACCEPTED,
                 "the file is there still, and only the signature missing");
    cr_assert_eq(ending_of(ADAPTER_ASK), ADAPTER_OUTCOMES);
}

Test(china_talk, a_name_that_is_taken_by_another_content_is_told_from_ours)
{
    const struct adapter_record changed = talk_record(RECORD_A, "韶关市璞廪第三钢铁有限公司");

    prepare_signed_by(key);
    cr_assert_eq(ending_of(ADAPTER_UPLOAD), ADAPTER_NEXT);
    cr_assert_eq(ending_of(ADAPTER_UPLOAD), ADAPTER_EXISTS);
    cr_assert_eq(ending_of(ADAPTER_DOUBT), ADAPTER_NEXT, "it is ours");
    fill_row(0, &changed);
    prepare_signed_by(key);
    cr_assert_eq(ending_of(ADAPTER_UPLOAD), ADAPTER_EXISTS);
    cr_assert_eq(ending_of(ADAPTER_DOUBT), ADAPTER_OTHER_CONTENT, "it is not");
}

Test(china_talk, a_number_that_leaves_a_gap_is_refused_by_status)
{
    call.number = 2;
    prepare_signed_by(key);
    cr_assert_eq(ending_of(ADAPTER_UPLOAD), ADAPTER_BY_STATUS);
    cr_assert_eq(ending_of(ADAPTER_DOUBT), ADAPTER_UNKNOWN_TASK);
    cr_assert_eq(ending_of(ADAPTER_SECOND), ADAPTER_BY_STATUS, "no signature without its file");
}

Test(china_talk, a_file_of_another_code_is_refused_by_status)
{
    snprintf(call.file_code, sizeof call.file_code, "001504");
    prepare_signed_by(key);
    cr_assert_eq(ending_of(ADAPTER_UPLOAD), ADAPTER_BY_STATUS);
}

Test(china_talk, a_body_refused_by_order_is_refused_whole_and_its_number_is_still_free)
{
    json_t *order = json_pack("{s:[{s:s,s:s,s:s,s:s}]}", "next", "fault", "refuse-body", "platform", "credit-china",
                              "rowid", RECORD_A, "code", "6002");

    cr_assert(faults_add(faults, order, &err), "%s", err.text);
    json_decref(order);
    prepare_signed_by(key);
    cr_assert_eq(ending_of(ADAPTER_UPLOAD), ADAPTER_BODY_REFUSED);
    cr_assert_eq(ending_of(ADAPTER_DOUBT), ADAPTER_UNKNOWN_TASK);
    cr_assert_eq(ending_of(ADAPTER_UPLOAD), ADAPTER_NEXT);
}

/* --- the way it should go --- */

Test(china_talk, doubt_finds_every_place_where_an_answer_was_lost)
{
    AUTO(adapter_result_done) struct adapter_result result = {.code = ""};

    prepare_signed_by(key);
    cr_assert_eq(ending_of(ADAPTER_DOUBT), ADAPTER_UNKNOWN_TASK, "nothing came");
    (void)ending_of(ADAPTER_UPLOAD);
    cr_assert_eq(ending_of(ADAPTER_DOUBT), ADAPTER_NEXT, "the file came");
    (void)ending_of(ADAPTER_SECOND);
    cr_assert_eq(ending_of(ADAPTER_DOUBT), ADAPTER_NEXT);
    cr_assert_eq(ending_of(ADAPTER_SECOND), ADAPTER_ACCEPTED, "the signature came, and comes again");
    step(ADAPTER_ASK, &result);
    cr_assert_eq(result.ending, ADAPTER_OUTCOMES, "%s", result.message);
    cr_assert_eq(result.outcomes[0].kind, ADAPTER_ROW_TAKEN, "%s", result.outcomes[0].message);
    cr_assert_eq(result.outcomes[1].kind, ADAPTER_ROW_TAKEN, "%s", result.outcomes[1].message);
}

Test(china_talk, a_restart_of_the_platform_between_the_parts_changes_nothing)
{
    prepare_signed_by(key);
    cr_assert_eq(ending_of(ADAPTER_UPLOAD), ADAPTER_NEXT);
    platform_free(platform);
    start_platform();
    cr_assert_eq(ending_of(ADAPTER_DOUBT), ADAPTER_NEXT);
    cr_assert_eq(ending_of(ADAPTER_SECOND), ADAPTER_ACCEPTED);
    platform_free(platform);
    start_platform();
    cr_assert_eq(ending_of(ADAPTER_SECOND), ADAPTER_ACCEPTED);
    cr_assert_eq(ending_of(ADAPTER_ASK), ADAPTER_OUTCOMES);
}

Test(china_talk, a_receipt_in_steps_leaves_rows_open_until_the_last)
{
    AUTO(adapter_result_done) struct adapter_result first = {.code = ""};
    AUTO(adapter_result_done) struct adapter_result last = {.code = ""};

    china.result_steps = 2;
    china.result_delay_polls = 1;
    prepare_signed_by(key);
    (void)ending_of(ADAPTER_UPLOAD);
    cr_assert_eq(ending_of(ADAPTER_SECOND), ADAPTER_ACCEPTED);
    cr_assert_eq(ending_of(ADAPTER_ASK), ADAPTER_NOT_READY);
    step(ADAPTER_ASK, &first);
    cr_assert_eq(first.ending, ADAPTER_OUTCOMES, "%s", first.message);
    cr_assert_eq(first.outcomes[0].kind, ADAPTER_ROW_TAKEN);
    cr_assert_eq(first.outcomes[1].kind, ADAPTER_ROW_OPEN);
    step(ADAPTER_ASK, &last);
    cr_assert_eq(last.ending, ADAPTER_OUTCOMES, "%s", last.message);
    cr_assert_eq(last.outcomes[1].kind, ADAPTER_ROW_TAKEN);
}

Test(china_talk, a_refused_row_comes_with_its_code_and_holds_back_no_other)
{
    AUTO(adapter_result_done) struct adapter_result result = {.code = ""};
    struct adapter_record withdrawn = talk_record(RECORD_B, "韶关市璞廪第二钢铁有限公司");

    withdrawn.op = ADAPTER_OP_WITHDRAW; /* which is not held */
    fill_row(1, &withdrawn);
    prepare_signed_by(key);
    (void)ending_of(ADAPTER_UPLOAD);
    (void)ending_of(ADAPTER_SECOND);
    step(ADAPTER_ASK, &result);
    cr_assert_eq(result.ending, ADAPTER_OUTCOMES, "%s", result.message);
    cr_assert_eq(result.outcomes[0].kind, ADAPTER_ROW_TAKEN);
    cr_assert_eq(result.outcomes[1].kind, ADAPTER_ROW_REFUSED);
    cr_assert_str_eq(result.outcomes[1].code, "40001");
    cr_assert_neq(result.outcomes[1].message[0], '\0');
}

/* What went as XML is held as the row that was made: reconciliation compares the digests. */
Test(china_talk, what_is_held_has_the_digest_of_the_row_whatever_its_text)
{
    AUTO(adapter_page_done) struct adapter_page page = {.code = ""};
    AUTO(adapter_request_done) struct adapter_request request = {.method = NULL};
    AUTO(buf_done) struct buf body = BUF_INIT;
    const struct adapter_attempt attempt = {.step = ADAPTER_HOLDINGS, .now_ms = clock_ms, .after = ""};
    struct adapter_record odd = talk_record(RECORD_B, "璞廪<钢&铁>\"有限\"'公司' ]]> &amp; &#65; <!-- x -->");
    uint8_t digest[32];
    int status;

    odd.facts = SPAN("第一行\r\n第二行\r第三行\n\t𠮷 é ／ \\n \\u4e00 <![CDATA[x]]> <?x?>");
    fill_row(1, &odd);
    prepare_signed_by(key);
    (void)ending_of(ADAPTER_UPLOAD);
    cr_assert_eq(ending_of(ADAPTER_SECOND), ADAPTER_ACCEPTED);
    ADAPTER->request(&config, NULL, NULL, NULL, &attempt, &request);
    status = talk_carry(platform, faults, &request, &body);
    ADAPTER->holdings(status, buf_span(&body), &page);
    cr_assert_eq(page.ending, ADAPTER_LISTED, "%s", page.message);
    cr_assert_eq(page.count, ROW_COUNT);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        digest_sm3(rows[i].json, digest);
        cr_assert_arr_eq(page.rows[i].sm3, digest, sizeof digest, "row %zu", i);
        cr_assert_str_eq(page.rows[i].record, rows[i].record);
    }
}

static void hand_over(void)
{
    prepare_signed_by(key);
    cr_assert_eq(ending_of(ADAPTER_UPLOAD), ADAPTER_NEXT);
    cr_assert_eq(ending_of(ADAPTER_SECOND), ADAPTER_ACCEPTED);
}

Test(china_talk, numbers_go_on_within_the_day_and_begin_anew_with_the_next)
{
    struct adapter_record next = talk_record(RECORD_A, "韶关市璞廪钢铁有限公司");

    hand_over();
    call.row_count = 1;
    next.op = ADAPTER_OP_CHANGE;
    next.version = 2;
    fill_row(0, &next);
    call.number = 2;
    hand_over();
    clock_ms += INT64_C(86400000);
    call.day++;
    call.number = 1;
    next.version = 3;
    fill_row(0, &next);
    hand_over();
    cr_assert_eq(ending_of(ADAPTER_ASK), ADAPTER_OUTCOMES);
}

Test(china_talk, every_operation_is_taken)
{
    static const enum adapter_op OPS[] = {ADAPTER_OP_ADD,    ADAPTER_OP_CHANGE, ADAPTER_OP_DISPUTE,
                                          ADAPTER_OP_SETTLE, ADAPTER_OP_REPAIR, ADAPTER_OP_WITHDRAW};

    call.row_count = 1;
    for (size_t i = 0; i < COUNT_OF(OPS); i++) {
        AUTO(adapter_result_done) struct adapter_result result = {.code = ""};
        struct adapter_record record = talk_record(RECORD_A, "韶关市璞廪钢铁有限公司");

        record.version = (uint32_t)i + 1;
        record.op = OPS[i];
        fill_row(0, &record);
        call.number = (uint32_t)i + 1;
        hand_over();
        step(ADAPTER_ASK, &result);
        cr_assert_eq(result.ending, ADAPTER_OUTCOMES, "OP %d: %s", OPS[i], result.message);
        cr_assert_eq(result.outcomes[0].kind, ADAPTER_ROW_TAKEN, "OP %d: %s", OPS[i], result.outcomes[0].message);
    }
}
