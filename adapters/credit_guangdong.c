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

/* Exactly `bytes` bytes of hex into `out`. */
static bool hex_exact(struct span text, void *out, size_t bytes)
{
    AUTO(buf_done) struct buf raw = BUF_INIT;

    if (text.bytes != 2 * bytes || !hex_decode(text, &raw))
        return false;
    memcpy(out, raw.data, bytes);
    return true;
}

static bool call_restore(struct span fixed, struct adapter_call *call, struct adapter_signature *signature,
                         struct error *err)
{
    struct span kid = walk_plain_of(fixed, "kid");
    int64_t at_ms = walk_integer_of(fixed, "at_ms", -1);
    AUTO(buf_done) struct buf bytes = BUF_INIT;

    if (at_ms < 0 || kid.bytes >= sizeof signature->kid ||
        !hex_exact(walk_plain_of(fixed, "iv"), call->iv, sizeof call->iv) ||
        !hex_exact(walk_plain_of(fixed, "sm3"), call->sm3, sizeof call->sm3) ||
        !base64_decode(walk_plain_of(fixed, "signature"), &bytes) || bytes.bytes == 0)
        return fail(err, ERR_CORRUPT, "what was fixed of a call cannot be read");
    call->at_ms = at_ms;
    memset(signature->kid, 0, sizeof signature->kid);
    if (kid.bytes > 0)
        memcpy(signature->kid, kid.at, kid.bytes);
    memcpy(call->kid, signature->kid, sizeof call->kid);
    buf_clear(&signature->bytes);
    buf_add_span(&signature->bytes, buf_span(&bytes));
    return true;
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

static struct span text_member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    return json_is_string(value) ? (struct span){json_string_value(value), json_string_length(value)} : SPAN_NONE;
}

static void malformed(struct adapter_result *out, const char *why)
{
    adapter_result_done(out);
    out->ending = ADAPTER_MALFORMED;
    out->code[0] = '\0';
    adapter_words_copy(span_of(why), out->message, sizeof out->message);
}

static bool is_our_task(const struct adapter_call *call, const json_t *reply)
{
    AUTO(buf_done) struct buf task = BUF_INIT;

    task_text(call, &task);
    return span_equal(text_member(reply, "taskId"), buf_span(&task));
}

/* A count: -1 when it is none. */
static int64_t count_of(const json_t *reply, const char *name)
{
    const json_t *value = json_object_get(reply, name);

    return json_is_integer(value) && json_integer_value(value) >= 0 ? json_integer_value(value) : -1;
}

static void read_upload(const struct adapter_call *call, const json_t *reply, struct adapter_result *out)
{
    int64_t total = count_of(reply, "totalSize");
    int64_t taken = count_of(reply, "successSize");
    int64_t failed = count_of(reply, "failSize");

    if (total != (int64_t)call->row_count || taken < 0 || failed < 0 || taken > total || failed != total - taken) {
        malformed(out, "the counts of rows do not add up to what was sent");
        return;
    }
    out->ending = ADAPTER_ACCEPTED;
}

static bool is_code(struct span code)
{
    if (code.bytes == 0 || code.bytes >= ADAPTER_CODE_BYTES)
        return false;
    for (size_t i = 0; i < code.bytes; i++) {
        if ((unsigned char)code.at[i] <= ' ' || (unsigned char)code.at[i] >= 0x7f)
            return false;
    }
    return true;
}

static bool row_version(const json_t *row, uint32_t *version)
{
    const json_t *value = json_object_get(row, "VERSION");
    int64_t number = 0;

    if (json_is_integer(value))
        number = json_integer_value(value);
    else if (!integer_parse(text_member(row, "VERSION"), &number))
        return false;
    if (number < 1 || number > UINT32_MAX)
        return false;
    *version = (uint32_t)number;
    return true;
}

/* The place of a row in the call; answers mostly keep the order, so `hint` is tried first. */
static bool row_find(const struct adapter_call *call, const json_t *row, size_t hint, size_t *place)
{
    struct span record = text_member(row, "ROWID");
    uint32_t version;

    if (!row_version(row, &version))
        return false;
    for (size_t i = 0; i < call->row_count; i++) {
        size_t at = (hint + i) % call->row_count;

        if (call->rows[at].version == version && span_is(record, call->rows[at].record)) {
            *place = at;
            return true;
        }
    }
    return false;
}

static const char *read_outcome(const struct adapter_call *call, const json_t *row, size_t hint,
                                struct adapter_outcome *outcomes)
{
    struct span code = text_member(row, "result");
    struct adapter_outcome *outcome;
    const json_t *message = json_object_get(row, "message");
    size_t place;

    if (!row_find(call, row, hint, &place))
        return "an outcome is for a row that was not sent";
    outcome = &outcomes[place];
    if (outcome->kind != ADAPTER_ROW_OPEN)
        return "a row has two outcomes";
    if (!code.at || !is_code(code) || (message && !json_is_string(message) && !json_is_null(message)))
        return "an outcome has the wrong form";
    outcome->kind = ADAPTER_ROW_REFUSED;
    for (size_t i = 0; i < COUNT_OF(TAKEN_CODES); i++) {
        if (span_is(code, TAKEN_CODES[i]))
            outcome->kind = ADAPTER_ROW_TAKEN;
    }
    memcpy(outcome->code, code.at, code.bytes);
    adapter_words_copy(text_member(row, "message"), outcome->message, sizeof outcome->message);
    return NULL;
}

static void read_outcomes(const struct adapter_call *call, const json_t *rows, struct adapter_result *out)
{
    if (json_array_size(rows) != call->row_count) {
        malformed(out, "there are more or fewer outcomes than rows");
        return;
    }
    out->outcomes = memory_new(call->row_count * sizeof *out->outcomes);
    out->outcome_count = call->row_count;
    for (size_t i = 0; i < call->row_count; i++) {
        const char *wrong = read_outcome(call, json_array_get(rows, i), i, out->outcomes);

        if (wrong) {
            malformed(out, wrong);
            return;
        }
    }
    out->ending = ADAPTER_OUTCOMES;
}

static void read_task(const struct adapter_call *call, const json_t *reply, struct adapter_result *out)
{
    const json_t *rows = json_object_get(reply, "rows");
    struct span state = text_member(reply, "state");

    if (!json_is_array(rows) || (!span_is(state, "0") && !span_is(state, "1"))) {
        malformed(out, "state or rows have the wrong form");
        return;
    }
    if (span_is(state, "1")) {
        read_outcomes(call, rows, out);
        return;
    }
    if (json_array_size(rows) > 0) {
        malformed(out, "there are outcomes while the task is said to be in work");
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
    malformed(out, "the errorCode is unknown");
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
        malformed(out, reply ? "the answer is no JSON object" : err.text);
        return;
    }
    code = text_member(reply, "errorCode");
    if (!is_code(code)) {
        malformed(out, "there is no errorCode, or it is no text");
        return;
    }
    memcpy(out->code, code.at, code.bytes);
    adapter_words_copy(text_member(reply, "errorMsg"), out->message, sizeof out->message);
    if (!span_is(code, "200")) {
        read_refusal(code, step, out);
        return;
    }
    if (!is_our_task(call, reply)) {
        malformed(out, "the answer is for another task");
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
