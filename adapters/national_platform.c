/* 全国信用信息共享平台, service mode with a rotating secret: upstreams.md section 2, modelled on the exchange
 * platform's headers and key service of domain.md 1.6 (a).
 *
 * The app key is used for one thing only: to ask the key service for a secret, which comes encrypted under it and signs
 * every business call until it ends. A report carries up to 200 rows in the clear beside a seal over them (JWS of our
 * push key); the answer says only that they were taken in. What became of each row is asked by the batch number, which
 * also resolves doubt: E-201 means that the report never arrived.
 *
 * In an answer whatever does not add up (another batch, another count, a row we did not send, one missing or twice, a
 * state that the page does not name) makes the whole of it malformed. The secret is in no message: of the key service's
 * answer only our own sentences and the words of a refusal are kept. */
#include <stdio.h>
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
#include "keys/digest.h"
#include "keys/signer.h"

enum {
    ROWS_MAX = 200,
    /* Base64 makes 4 bytes of 3, and the message must fit the signer with its header; the rows travel twice, so half of
     * what would fit keeps the request as small as the largest of 信用广东. */
    ROWS_BYTES_MAX = (SIGNER_MESSAGE_MAX - 256) / 4 * 3 / 2,
    REPLY_BYTES_MAX = 4 * 1024 * 1024,
    KEY_REPLY_BYTES_MAX = 16 * 1024,
    INSTANT_BYTES = 24
};
/* A secret that is to be good for longer is no rotating one: somebody's clock or unit is wrong. */
#define SECRET_LIFE_MAX_MS ((int64_t)7 * 24 * 3600 * 1000)

static void batch_text(const struct adapter_call *call, struct buf *out)
{
    hex_add(out, call->id, sizeof call->id);
}

/* The rows are canonical, so this is the canonical form of the array. */
static void rows_add(const struct adapter_call *call, struct buf *out)
{
    for (size_t i = 0; i < call->row_count; i++) {
        buf_add_byte(out, i == 0 ? '[' : ',');
        buf_add_span(out, call->rows[i].json);
    }
    buf_add_byte(out, ']');
}

/* As keys/jws.h makes it. */
static void seal_header_add(const struct adapter_call *call, struct buf *out)
{
    AUTO(buf_done) struct buf header = BUF_INIT;

    buf_addf(&header, "{\"alg\":\"%s\",\"kid\":", key_algorithm_name(KEY_SM2));
    json_string_add(&header, span_of(call->kid));
    buf_add_byte(&header, '}');
    base64url_add(out, header.data, header.bytes);
}

static bool draft_make(const struct adapter_config *config, const struct adapter_call *call, struct adapter_draft *out,
                       struct error *err)
{
    AUTO(buf_done) struct buf rows = BUF_INIT;

    (void)config;
    if (call->row_count == 0 || call->row_count > ROWS_MAX || !call->kid[0])
        return fail(err, ERR_INTERNAL, "a report has 1 to %d rows and the id of a key", ROWS_MAX);
    rows_add(call, &rows);
    buf_clear(&out->message);
    buf_reserve(&out->message, rows.bytes / 3 * 4 + 256);
    seal_header_add(call, &out->message);
    buf_add_byte(&out->message, '.');
    out->payload_at = out->message.bytes;
    base64url_add(&out->message, rows.data, rows.bytes);
    out->signed_bytes = out->message.bytes;
    digest_sm3(buf_span(&rows), out->sm3);
    return true;
}

static void call_fix(const struct adapter_config *config, const struct adapter_call *call,
                     const struct adapter_draft *draft, const struct adapter_signature *signature, struct buf *out)
{
    (void)config;
    buf_addf(out, "{\"at_ms\":%lld,\"kid\":", (long long)call->at_ms);
    json_string_add(out, span_of(signature->kid));
    buf_add_text(out, ",\"signature\":\"");
    base64_add(out, signature->bytes.data, signature->bytes.bytes);
    buf_add_text(out, "\",\"sm3\":\"");
    hex_add(out, draft->sm3, sizeof draft->sm3);
    buf_add_text(out, "\"}");
}

/* --- requests --- */

/* The four values of every call, in the order in which they go out. */
enum sign_value { SIGN_RID, SIGN_SID, SIGN_RTIME, SIGN_SIGN, SIGN_COUNT };
static const char *const SIGN_NAMES[SIGN_COUNT] = {"gjgxjhpt_rid", "gjgxjhpt_sid", "gjgxjhpt_rtime", "gjgxjhpt_sign"};

struct sign {
    const char *values[SIGN_COUNT];
    char rtime[INSTANT_BYTES];
    struct buf sign;
};

static void sign_done(struct sign *sign)
{
    buf_done(&sign->sign);
}
DEFINE_AUTO_IN_PLACE(struct sign, sign_done)

/* Base64(HMAC-SHA256(key, sid + rid + rtime)) */
static void sign_make(const struct adapter_config *config, struct span key, int64_t now_ms, struct sign *out)
{
    AUTO(buf_done) struct buf message = BUF_INIT;
    uint8_t code[32];

    snprintf(out->rtime, sizeof out->rtime, "%lld", (long long)now_ms);
    buf_addf(&message, "%s%s%s", config->service, config->requester, out->rtime);
    digest_hmac_sha256(key, buf_span(&message), code);
    base64_add(&out->sign, code, sizeof code);
    out->values[SIGN_RID] = config->requester;
    out->values[SIGN_SID] = config->service;
    out->values[SIGN_RTIME] = out->rtime;
    out->values[SIGN_SIGN] = buf_text(&out->sign);
}

static void member_add(struct buf *out, const char *name, struct span text)
{
    buf_add_byte(out, out->bytes == 0 ? '{' : ',');
    buf_addf(out, "\"%s\":", name);
    json_string_add(out, text);
}

static void key_request(const struct adapter_config *config, const struct adapter_attempt *attempt,
                        struct adapter_request *out)
{
    AUTO(sign_done) struct sign sign = {.rtime = ""};

    sign_make(config, (struct span){(const char *)config->app_key, sizeof config->app_key}, attempt->now_ms, &sign);
    for (size_t i = 0; i < SIGN_COUNT; i++)
        member_add(&out->body, SIGN_NAMES[i], span_of(sign.values[i]));
    buf_add_byte(&out->body, '}');
}

static void report_body(const struct adapter_call *call, const struct adapter_draft *draft,
                        const struct adapter_signature *signature, struct buf *out)
{
    /* Base64url needs no escaping, and the rows are JSON already. */
    buf_reserve(out, 2 * draft->message.bytes + 512);
    buf_add_text(out, "{\"batchNo\":\"");
    batch_text(call, out);
    buf_add_text(out, "\",\"seal\":\"");
    buf_add(out, draft->message.data, draft->message.bytes);
    buf_add_byte(out, '.');
    base64url_add(out, signature->bytes.data, signature->bytes.bytes);
    buf_add_text(out, "\",\"rows\":");
    rows_add(call, out);
    buf_add_byte(out, '}');
}

static void result_body(const struct adapter_call *call, struct buf *out)
{
    buf_add_text(out, "{\"batchNo\":\"");
    batch_text(call, out);
    buf_add_text(out, "\"}");
}

static void sign_headers_add(const struct adapter_config *config, const struct adapter_attempt *attempt,
                             struct adapter_request *out)
{
    struct span secret = {(const char *)attempt->secret->bytes, attempt->secret->count};
    AUTO(sign_done) struct sign sign = {.rtime = ""};

    sign_make(config, secret, attempt->now_ms, &sign);
    for (size_t i = 0; i < SIGN_COUNT; i++)
        adapter_header_add(out, SIGN_NAMES[i], sign.values[i]);
}

static void request_make(const struct adapter_config *config, const struct adapter_call *call,
                         const struct adapter_draft *draft, const struct adapter_signature *signature,
                         const struct adapter_attempt *attempt, struct adapter_request *out)
{
    buf_add_text(&out->url, config->base_url);
    out->method = attempt->step == ADAPTER_HOLDINGS ? "GET" : "POST";
    if (attempt->step == ADAPTER_HOLDINGS) {
        holdings_address_add(&out->url, attempt->after);
    } else if (attempt->step == ADAPTER_KEY) {
        buf_add_text(&out->url, "/key");
        key_request(config, attempt, out);
    } else if (attempt->step == ADAPTER_UPLOAD) {
        buf_add_text(&out->url, "/report");
        report_body(call, draft, signature, &out->body);
    } else {
        buf_add_text(&out->url, "/result");
        result_body(call, &out->body);
    }
    if (out->body.bytes > 0)
        adapter_header_add(out, "Content-Type", "application/json");
    adapter_header_add(out, "Accept", "application/json");
    if (attempt->step != ADAPTER_KEY)
        sign_headers_add(config, attempt, out);
}

/* --- answers --- */

#define STEP(step) (1U << (step))
#define ASKING (STEP(ADAPTER_DOUBT) | STEP(ADAPTER_ASK))
#define BUSINESS (STEP(ADAPTER_UPLOAD) | ASKING | STEP(ADAPTER_HOLDINGS))

/* What a code other than 0 means, and in which steps it means anything. E-301 to a request for a secret can only be our
 * settings: there is no row in it. */
static const struct {
    const char *code;
    enum adapter_ending ending;
    unsigned steps;
} CODES[] = {
    {"-1", ADAPTER_BUSY, BUSINESS | STEP(ADAPTER_KEY)},
    {"E-101", ADAPTER_SETUP_REFUSED, BUSINESS | STEP(ADAPTER_KEY)},
    {"E-106", ADAPTER_SETUP_REFUSED, BUSINESS | STEP(ADAPTER_KEY)},
    {"E-102", ADAPTER_EXPIRED, BUSINESS},
    {"E-201", ADAPTER_UNKNOWN_TASK, ASKING},
    {"E-301", ADAPTER_BODY_REFUSED, STEP(ADAPTER_UPLOAD) | ASKING},
    {"E-301", ADAPTER_SETUP_REFUSED, STEP(ADAPTER_HOLDINGS) | STEP(ADAPTER_KEY)},
};

/* False when the code means nothing here. */
static bool find_refusal(struct span code, enum adapter_step step, enum adapter_ending *ending)
{
    for (size_t i = 0; i < COUNT_OF(CODES); i++) {
        if (span_is(code, CODES[i].code) && (CODES[i].steps & STEP(step))) {
            *ending = CODES[i].ending;
            return true;
        }
    }
    return false;
}

/* The envelope {"code", "message", "data"}: true when it says "0" and has data, an object borrowed from `reply`; else
 * `out` says what it is. */
static bool read_envelope(const json_t *reply, enum adapter_step step, const json_t **data, struct adapter_result *out)
{
    struct span code = answer_text(reply, "code");
    enum adapter_ending ending;

    if (!answer_is_code(code) || !answer_is_text_or_none(reply, "message")) {
        answer_malformed(out, "code or message is missing or has the wrong form");
        return false;
    }
    *data = json_object_get(reply, "data");
    if (span_is(code, "0")) {
        if (!json_is_object(*data)) {
            answer_malformed(out, "the code is 0, but there is no data");
            return false;
        }
        answer_code_copy(code, out->code);
        return true;
    }
    if (!find_refusal(code, step, &ending)) {
        answer_malformed(out, "the code means nothing as an answer to this");
        return false;
    }
    out->ending = ending;
    answer_code_copy(code, out->code);
    adapter_words_copy(answer_text(reply, "message"), out->message, sizeof out->message);
    return false;
}

static bool is_our_batch(const struct adapter_call *call, const json_t *data)
{
    AUTO(buf_done) struct buf batch = BUF_INIT;

    batch_text(call, &batch);
    return span_equal(answer_text(data, "batchNo"), buf_span(&batch));
}

static void read_report(const struct adapter_call *call, const json_t *data, struct adapter_result *out)
{
    if (!is_our_batch(call, data)) {
        answer_malformed(out, "the answer is for another batch");
        return;
    }
    if (answer_count(data, "received") != (int64_t)call->row_count) {
        answer_malformed(out, "received is not the number of rows that were sent");
        return;
    }
    out->ending = ADAPTER_ACCEPTED;
}

/* 2 已修复, 3 已删除 and 4 已修正 say what the platform did with the row once it had it. Whatever a version asks for
 * (to list, to repair, to withdraw, to correct), a platform that says so has taken the row over: there is nothing to
 * send again and nothing that a person could correct in it. Whether what it now holds is what we believe is the
 * business of reconciliation, which compares digests. */
static const struct {
    const char *state;
    enum adapter_outcome_kind kind;
} STATES[] = {
    {"0", ADAPTER_ROW_OPEN},    /* 未整合 */
    {"1", ADAPTER_ROW_TAKEN},   /* 已整合 */
    {"2", ADAPTER_ROW_TAKEN},   /* 已修复 */
    {"3", ADAPTER_ROW_TAKEN},   /* 已删除 */
    {"4", ADAPTER_ROW_TAKEN},   /* 已修正 */
    {"9", ADAPTER_ROW_REFUSED}, /* 疑问数据 */
};

static bool find_state(struct span state, enum adapter_outcome_kind *kind)
{
    for (size_t i = 0; i < COUNT_OF(STATES); i++) {
        if (span_is(state, STATES[i].state)) {
            *kind = STATES[i].kind;
            return true;
        }
    }
    return false;
}

/* What is wrong with it; NULL when nothing is. */
static const char *read_outcome(const struct adapter_call *call, const json_t *row, size_t hint,
                                struct adapter_outcome *outcomes)
{
    struct span state = answer_text(row, "state");
    struct adapter_outcome *outcome;
    enum adapter_outcome_kind kind;
    size_t place;

    if (!answer_row_find(call, row, hint, &place))
        return "an outcome is for a row that was not sent";
    outcome = &outcomes[place];
    if (outcome->code[0]) /* an open row has its state there, too */
        return "a row has two outcomes";
    if (!find_state(state, &kind) || !answer_is_text_or_none(row, "reason"))
        return "an outcome has the wrong form";
    outcome->kind = kind;
    answer_code_copy(state, outcome->code);
    adapter_words_copy(answer_text(row, "reason"), outcome->message, sizeof outcome->message);
    return NULL;
}

static const char *read_outcomes(const struct adapter_call *call, const json_t *rows, struct adapter_result *out)
{
    if (!json_is_array(rows) || json_array_size(rows) != call->row_count)
        return "there is no list of outcomes, or it has more or fewer than there are rows";
    out->outcomes = memory_new(call->row_count * sizeof *out->outcomes);
    out->outcome_count = call->row_count;
    for (size_t i = 0; i < call->row_count; i++) {
        const char *wrong = read_outcome(call, json_array_get(rows, i), i, out->outcomes);

        if (wrong)
            return wrong;
    }
    return NULL;
}

static void read_result(const struct adapter_call *call, const json_t *data, struct adapter_result *out)
{
    const char *wrong = NULL;
    size_t open = 0;

    /* The page promises no batchNo here; one that is there must be ours. */
    if (json_object_get(data, "batchNo") && !is_our_batch(call, data))
        wrong = "the answer is for another batch";
    if (!wrong)
        wrong = read_outcomes(call, json_object_get(data, "rows"), out);
    if (wrong) {
        answer_malformed(out, wrong);
        return;
    }
    for (size_t i = 0; i < out->outcome_count; i++)
        open += out->outcomes[i].kind == ADAPTER_ROW_OPEN;
    out->ending = ADAPTER_OUTCOMES;
    if (open == out->outcome_count) {
        adapter_result_done(out);
        out->ending = ADAPTER_NOT_READY;
    }
}

static void reply_read(const struct adapter_call *call, enum adapter_step step, int status, struct span body,
                       struct adapter_result *out)
{
    AUTO(json_release) json_t *reply = NULL;
    const json_t *data;
    struct error err;

    if (status != 200) {
        out->ending = ADAPTER_BY_STATUS;
        return;
    }
    if (!json_read(body, REPLY_BYTES_MAX, &reply, &err)) {
        answer_malformed(out, err.text);
        return;
    }
    if (!read_envelope(reply, step, &data, out))
        return;
    if (step == ADAPTER_UPLOAD)
        read_report(call, data, out);
    else if (ASKING & STEP(step))
        read_result(call, data, out);
    else
        answer_malformed(out, "there is no such step");
}

/* --- the secret --- */

/* What is wrong with it; NULL when nothing is. */
static const char *read_secret(const struct adapter_config *config, int64_t now_ms, const json_t *data,
                               struct adapter_secret *out)
{
    AUTO(buf_done) struct buf sealed = BUF_INIT;
    AUTO(buf_wipe_done) struct buf plain = BUF_INIT;
    int64_t until_ms;

    if (!base64_decode(answer_text(data, "secret"), &sealed) ||
        !aes_ecb_decrypt(config->app_key, buf_span(&sealed), &plain, NULL))
        return "the secret cannot be decrypted with the app key";
    if (plain.bytes == 0 || plain.bytes > sizeof out->bytes)
        return "the secret is empty or too long";
    if (!integer_parse(answer_text(data, "secretEndTime"), &until_ms))
        return "secretEndTime is missing or has the wrong form";
    if (until_ms <= now_ms || until_ms - now_ms > SECRET_LIFE_MAX_MS)
        return "secretEndTime has passed or lies more than 7 days ahead";
    memcpy(out->bytes, plain.data, plain.bytes);
    out->count = plain.bytes;
    out->until_ms = until_ms;
    return NULL;
}

static void key_read(const struct adapter_config *config, int64_t now_ms, int status, struct span body,
                     struct adapter_secret *secret, struct adapter_result *out)
{
    AUTO(json_release) json_t *reply = NULL;
    const json_t *data;
    const char *wrong;

    if (status != 200) {
        out->ending = ADAPTER_BY_STATUS;
        return;
    }
    /* What the reader stumbles over it quotes, and that may be the secret. */
    if (!json_read(body, KEY_REPLY_BYTES_MAX, &reply, NULL)) {
        answer_malformed(out, "the answer is no JSON, or too long");
        return;
    }
    if (!read_envelope(reply, ADAPTER_KEY, &data, out))
        return;
    wrong = read_secret(config, now_ms, data, secret);
    if (wrong)
        answer_malformed(out, wrong);
    else
        out->ending = ADAPTER_KEY_GIVEN;
}

/* --- holdings --- */

/* A list has no code; a refusal is the envelope of every other call. */
static void holdings_page_read(int status, struct span body, struct adapter_page *out)
{
    AUTO(adapter_result_done) struct adapter_result refusal = {.code = ""};
    AUTO(json_release) json_t *reply = NULL;
    const json_t *data;

    if (status != 200 || !json_read(body, HOLDINGS_BYTES_MAX, &reply, NULL) || !json_object_get(reply, "code")) {
        holdings_read(status, body, out);
        return;
    }
    if (read_envelope(reply, ADAPTER_HOLDINGS, &data, &refusal))
        answer_malformed(&refusal, "a list of what is held has no code");
    out->ending = refusal.ending;
    memcpy(out->code, refusal.code, sizeof out->code);
    memcpy(out->message, refusal.message, sizeof out->message);
}

const struct adapter adapter_national_platform = {
    .name = "national-platform",
    .rows_max = ROWS_MAX,
    .rows_bytes_max = ROWS_BYTES_MAX,
    .needs_secret = true,
    .needs_rows = true,
    .row = row_add,
    .draft = draft_make,
    .fix = call_fix,
    .restore = fixed_restore,
    .request = request_make,
    .reply = reply_read,
    .key = key_read,
    .holdings = holdings_page_read,
};
