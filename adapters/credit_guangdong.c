/* 信用广东, service mode: upstreams.md section 1, modelled on the reporting interface of domain.md 1.4 (a) behind the
 * x-tif gateway of 1.6 (b).
 *
 * An upload carries up to 500 rows, SM4-encrypted and SM2-signed, under a task id of ours; the answer says only that it
 * was taken in. What became of each row is asked under the same id, which also resolves doubt: 7001 means the upload
 * never arrived. In an answer whatever does not add up (another task, a row we did not send, one missing or twice, sums
 * that do not fit) makes the whole of it malformed. */
#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "adapters/answer.h"
#include "adapters/fixed.h"
#include "adapters/holdings.h"
#include "adapters/row.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/text.h"
#include "base/walk.h"
#include "keys/digest.h"
#include "keys/signer.h"

enum {
    ROWS_MAX = 500,
    /* Base64 makes 4 bytes of 3, and the message must fit the signer. */
    ROWS_BYTES_MAX = (SIGNER_MESSAGE_MAX - 256) / 4 * 3 / 2,
    REPLY_BYTES_MAX = 4 * 1024 * 1024
};

static void task_text(const struct adapter_call *call, struct buf *out)
{
    hex_add(out, call->id, sizeof call->id);
}

static bool draft_make(const struct adapter_config *config, const struct adapter_call *call, struct adapter_draft *out,
                       struct error *err)
{
    AUTO(buf_done) struct buf plain = BUF_INIT;
    AUTO(buf_done) struct buf sealed = BUF_INIT;

    for (size_t i = 0; i < call->row_count; i++) {
        buf_add_byte(&plain, i == 0 ? '[' : ',');
        buf_add_span(&plain, call->rows[i].json);
    }
    buf_add_byte(&plain, ']');
    buf_reserve(&sealed, plain.bytes + 32);
    buf_add(&sealed, call->iv, sizeof call->iv);
    if (!sm4_encrypt(config->sm4_key, call->iv, buf_span(&plain), &sealed, err))
        return false;
    buf_clear(&out->message);
    buf_reserve(&out->message, sealed.bytes / 3 * 4 + 64);
    task_text(call, &out->message);
    buf_addf(&out->message, ".%lld.", (long long)call->at_ms);
    out->payload_at = out->message.bytes;
    base64_add(&out->message, sealed.data, sealed.bytes);
    out->signed_bytes = out->message.bytes;
    digest_sm3((struct span){out->message.data + out->payload_at, out->message.bytes - out->payload_at}, out->sm3);
    return true;
}

static void call_fix(const struct adapter_config *config, const struct adapter_call *call,
                     const struct adapter_draft *draft, const struct adapter_signature *signature, struct buf *out)
{
    buf_addf(out, "{\"at_ms\":%lld,\"iv\":\"", (long long)call->at_ms);
    hex_add(out, call->iv, sizeof call->iv);
    buf_add_text(out, "\",\"kid\":");
    json_string_add(out, span_of(signature->kid));
    buf_add_text(out, ",\"signature\":\"");
    base64_add(out, signature->bytes.data, signature->bytes.bytes);
    buf_add_text(out, "\",\"sm3\":\"");
    hex_add(out, draft->sm3, sizeof draft->sm3);
    buf_add_text(out, "\",\"sm4_kid\":");
    json_string_add(out, span_of(config->sm4_kid));
    buf_add_byte(out, '}');
}

static bool call_restore(struct span fixed, struct adapter_call *call, struct adapter_signature *signature,
                         struct error *err)
{
    if (!fixed_hex(fixed, "iv", call->iv, sizeof call->iv))
        return fail(err, ERR_CORRUPT, "what was fixed of a call cannot be read");
    return fixed_restore(fixed, call, signature, err);
}

/* The government-cloud gateway's four headers. */
static void tif_headers_add(const struct adapter_config *config, const struct adapter_attempt *attempt,
                            struct adapter_request *out)
{
    AUTO(buf_done) struct buf timestamp = BUF_INIT;
    AUTO(buf_wipe_done) struct buf secret = BUF_INIT;
    AUTO(buf_done) struct buf signature = BUF_INIT;
    uint8_t digest[32];

    buf_addf(&timestamp, "%lld", (long long)(attempt->now_ms / 1000));
    buf_addf(&secret, "%s%s%s%s", buf_text(&timestamp), config->token, attempt->nonce, buf_text(&timestamp));
    digest_sha256(buf_span(&secret), digest);
    hex_add(&signature, digest, sizeof digest);
    adapter_header_add(out, "x-tif-paasid", config->paasid);
    adapter_header_add(out, "x-tif-timestamp", buf_text(&timestamp));
    adapter_header_add(out, "x-tif-nonce", attempt->nonce);
    adapter_header_add(out, "x-tif-signature", buf_text(&signature));
}

static void member_add(struct buf *out, const char *name, struct span text)
{
    buf_add_byte(out, out->bytes == 0 ? '{' : ',');
    buf_addf(out, "\"%s\":", name);
    json_string_add(out, text);
}

static void upload_body(const struct adapter_config *config, const struct adapter_call *call,
                        const struct adapter_draft *draft, const struct adapter_signature *signature, struct buf *out)
{
    AUTO(buf_done) struct buf task = BUF_INIT;
    AUTO(buf_done) struct buf timestamp = BUF_INIT;

    task_text(call, &task);
    buf_addf(&timestamp, "%lld", (long long)call->at_ms);
    buf_reserve(out, draft->message.bytes + 1024);
    member_add(out, "tableCode", span_of(config->table_code));
    member_add(out, "departmentCode", span_of(config->department_code));
    member_add(out, "tableVersionId", span_of(config->table_version_id));
    member_add(out, "taskId", buf_span(&task));
    member_add(out, "timestamp", buf_span(&timestamp));
    /* Base64 needs no escaping, so the payload goes in as it is. */
    buf_add_text(out, ",\"encType\":\"SM4\",\"signType\":\"SM2\",\"encData\":\"");
    buf_add(out, draft->message.data + draft->payload_at, draft->message.bytes - draft->payload_at);
    buf_add_text(out, "\",\"signData\":\"");
    base64_add(out, signature->bytes.data, signature->bytes.bytes);
    buf_add_text(out, "\"}");
}

static void request_make(const struct adapter_config *config, const struct adapter_call *call,
                         const struct adapter_draft *draft, const struct adapter_signature *signature,
                         const struct adapter_attempt *attempt, struct adapter_request *out)
{
    buf_add_text(&out->url, config->base_url);
    if (attempt->step == ADAPTER_UPLOAD) {
        out->method = "POST";
        buf_add_text(&out->url, "/upload");
        upload_body(config, call, draft, signature, &out->body);
        adapter_header_add(out, "Content-Type", "application/json");
    } else if (attempt->step == ADAPTER_HOLDINGS) {
        out->method = "GET";
        holdings_address_add(&out->url, attempt->after);
    } else {
        out->method = "GET";
        buf_add_text(&out->url, "/tasks/");
        task_text(call, &out->url);
    }
    adapter_header_add(out, "Accept", "application/json");
    tif_headers_add(config, attempt, out);
}

/* errorCode of the whole call. 5001 and 6001 can only be our own doing: the rows stand encrypted inside. */
static const struct {
    const char *code;
    enum adapter_ending ending;
} CALL_CODES[] = {
    {"500", ADAPTER_BUSY},           {"5001", ADAPTER_SETUP_REFUSED}, {"5002", ADAPTER_SETUP_REFUSED},
    {"5003", ADAPTER_SETUP_REFUSED}, {"3001", ADAPTER_SETUP_REFUSED}, {"3002", ADAPTER_SETUP_REFUSED},
    {"4001", ADAPTER_SETUP_REFUSED}, {"4002", ADAPTER_SETUP_REFUSED}, {"6001", ADAPTER_SETUP_REFUSED},
    {"6002", ADAPTER_BODY_REFUSED},
};

/* Taken: by itself, or because this very version is held already. */
static const char *const TAKEN_CODES[] = {"0", "20001"};

static bool is_our_task(const struct adapter_call *call, const json_t *reply)
{
    AUTO(buf_done) struct buf task = BUF_INIT;

    task_text(call, &task);
    return span_equal(answer_text(reply, "taskId"), buf_span(&task));
}

static void read_upload(const struct adapter_call *call, const json_t *reply, struct adapter_result *out)
{
    int64_t total = answer_count(reply, "totalSize");
    int64_t taken = answer_count(reply, "successSize");
    int64_t failed = answer_count(reply, "failSize");

    if (total != (int64_t)call->row_count || taken < 0 || failed < 0 || taken > total || failed != total - taken) {
        answer_malformed(out, "the counts of rows do not add up to what was sent");
        return;
    }
    out->ending = ADAPTER_ACCEPTED;
}

static const char *read_outcome(const struct adapter_call *call, const json_t *row, size_t hint,
                                struct adapter_outcome *outcomes)
{
    struct span code = answer_text(row, "result");
    struct adapter_outcome *outcome;
    size_t place;

    if (!answer_row_find(call, row, hint, &place))
        return "an outcome is for a row that was not sent";
    outcome = &outcomes[place];
    if (outcome->kind != ADAPTER_ROW_OPEN)
        return "a row has two outcomes";
    if (!answer_is_code(code) || !answer_is_text_or_none(row, "message"))
        return "an outcome has the wrong form";
    outcome->kind = ADAPTER_ROW_REFUSED;
    for (size_t i = 0; i < COUNT_OF(TAKEN_CODES); i++) {
        if (span_is(code, TAKEN_CODES[i]))
            outcome->kind = ADAPTER_ROW_TAKEN;
    }
    answer_code_copy(code, outcome->code);
    adapter_words_copy(answer_text(row, "message"), outcome->message, sizeof outcome->message);
    return NULL;
}

static void read_outcomes(const struct adapter_call *call, const json_t *rows, struct adapter_result *out)
{
    if (json_array_size(rows) != call->row_count) {
        answer_malformed(out, "there are more or fewer outcomes than rows");
        return;
    }
    out->outcomes = memory_new(call->row_count * sizeof *out->outcomes);
    out->outcome_count = call->row_count;
    for (size_t i = 0; i < call->row_count; i++) {
        const char *wrong = read_outcome(call, json_array_get(rows, i), i, out->outcomes);

        if (wrong) {
            answer_malformed(out, wrong);
            return;
        }
    }
    out->ending = ADAPTER_OUTCOMES;
}

static void read_task(const struct adapter_call *call, const json_t *reply, struct adapter_result *out)
{
    const json_t *rows = json_object_get(reply, "rows");
    struct span state = answer_text(reply, "state");

    if (!json_is_array(rows) || (!span_is(state, "0") && !span_is(state, "1"))) {
        answer_malformed(out, "state or rows have the wrong form");
        return;
    }
    if (span_is(state, "1")) {
        read_outcomes(call, rows, out);
        return;
    }
    if (json_array_size(rows) > 0) {
        answer_malformed(out, "there are outcomes while the task is said to be in work");
        return;
    }
    out->ending = ADAPTER_NOT_READY;
}

static void read_refusal(struct span code, enum adapter_step step, struct adapter_result *out)
{
    if (step != ADAPTER_UPLOAD && span_is(code, "7001")) {
        out->ending = ADAPTER_UNKNOWN_TASK;
        return;
    }
    for (size_t i = 0; i < COUNT_OF(CALL_CODES); i++) {
        if (span_is(code, CALL_CODES[i].code)) {
            out->ending = CALL_CODES[i].ending;
            return;
        }
    }
    answer_malformed(out, "the errorCode is unknown");
}

static void reply_read(const struct adapter_call *call, enum adapter_step step, int status, struct span body,
                       struct adapter_result *out)
{
    AUTO(json_release) json_t *reply = NULL;
    struct error err;
    struct span code;

    if (status != 200) {
        out->ending = ADAPTER_BY_STATUS;
        return;
    }
    if (!json_read(body, REPLY_BYTES_MAX, &reply, &err) || !json_is_object(reply)) {
        answer_malformed(out, reply ? "the answer is no JSON object" : err.text);
        return;
    }
    code = answer_text(reply, "errorCode");
    if (!answer_is_code(code)) {
        answer_malformed(out, "there is no errorCode, or it is no text");
        return;
    }
    answer_code_copy(code, out->code);
    adapter_words_copy(answer_text(reply, "errorMsg"), out->message, sizeof out->message);
    if (!span_is(code, "200")) {
        read_refusal(code, step, out);
        return;
    }
    if (!is_our_task(call, reply)) {
        answer_malformed(out, "the answer is for another task");
        return;
    }
    if (step == ADAPTER_UPLOAD)
        read_upload(call, reply, out);
    else
        read_task(call, reply, out);
}

const struct adapter adapter_credit_guangdong = {
    .name = "credit-guangdong",
    .rows_max = ROWS_MAX,
    .rows_bytes_max = ROWS_BYTES_MAX,
    .row = row_add,
    .draft = draft_make,
    .fix = call_fix,
    .restore = call_restore,
    .request = request_make,
    .reply = reply_read,
    .holdings = holdings_read,
};
