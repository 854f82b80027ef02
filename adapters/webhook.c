#include "adapters/webhook.h"

#include <stdio.h>
#include <string.h>

#include "adapters/fixed.h"
#include "base/encode.h"
#include "base/text.h"
#include "base/walk.h"
#include "keys/digest.h"

enum { ID_DIGEST_BYTES = 16 };

static const char SECRET_PREFIX[] = "whsec_";

/* --- secrets --- */

static bool secret_parse(struct span line, struct webhook_secret *out)
{
    AUTO(buf_wipe_done) struct buf raw = BUF_INIT;
    size_t prefix = strlen(SECRET_PREFIX);

    if (!span_starts(line, SECRET_PREFIX) ||
        !base64_decode((struct span){line.at + prefix, line.bytes - prefix}, &raw) ||
        raw.bytes < WEBHOOK_SECRET_BYTES_MIN || raw.bytes > WEBHOOK_SECRET_BYTES_MAX)
        return false;
    memcpy(out->bytes, raw.data, raw.bytes);
    out->count = raw.bytes;
    return true;
}

bool webhook_secrets_parse(struct span text, struct webhook *webhook, struct error *err)
{
    struct webhook read = {.secret_count = 0};
    unsigned number = 0;
    bool is_good = true;

    while (text.bytes > 0 && is_good) {
        const char *end = memchr(text.at, '\n', text.bytes);
        struct span line = {text.at, end ? (size_t)(end - text.at) : text.bytes};

        text = end ? (struct span){end + 1, text.bytes - line.bytes - 1} : SPAN_NONE;
        line = span_trim(line);
        number++;
        if (line.bytes == 0 || line.at[0] == '#')
            continue;
        is_good = read.secret_count < WEBHOOK_SECRETS_MAX && secret_parse(line, &read.secrets[read.secret_count]);
        read.secret_count += is_good;
    }
    if (is_good && read.secret_count > 0) {
        memcpy(webhook->secrets, read.secrets, sizeof read.secrets);
        webhook->secret_count = read.secret_count;
    }
    explicit_bzero(&read, sizeof read);
    if (is_good && webhook->secret_count > 0)
        return true;
    return refuse(err, ERR_INVALID, "webhook.secret",
                  "line %u: a secret is whsec_ and Base64 of %d to %d bytes, and there are 1 to %d of them",
                  "第 %u 行：密钥应为 whsec_ 加 %d 至 %d 字节的 Base64，共 1 至 %d 个", number,
                  WEBHOOK_SECRET_BYTES_MIN, WEBHOOK_SECRET_BYTES_MAX, WEBHOOK_SECRETS_MAX);
}

/* --- what is signed --- */

void webhook_id(const struct webhook *webhook, const char *record, uint32_t version, char id[WEBHOOK_ID_BYTES])
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    uint8_t digest[32];

    buf_addf(&text, "%s\n%s\n%s\n%u", webhook->gateway, webhook->client, record, version);
    digest_sha256(buf_span(&text), digest);
    buf_clear(&text);
    buf_add_text(&text, "msg_");
    hex_add(&text, digest, ID_DIGEST_BYTES);
    memcpy(id, text.data, WEBHOOK_ID_BYTES);
}

void webhook_message_add(const char *id, int64_t at_ms, struct span payload, struct buf *out)
{
    buf_addf(out, "%s.%lld.", id, (long long)(at_ms / 1000));
    buf_add_span(out, payload);
}

static void message_of(const struct adapter_config *config, const struct adapter_call *call,
                       const struct adapter_draft *draft, int64_t at_ms, struct buf *out)
{
    char id[WEBHOOK_ID_BYTES];

    webhook_id(config->webhook, call->rows[0].record, call->rows[0].version, id);
    webhook_message_add(id, at_ms, buf_span(&draft->message), out);
}

static void attempt_message(const struct adapter_config *config, const struct adapter_call *call,
                            const struct adapter_draft *draft, const struct adapter_attempt *attempt, struct buf *out)
{
    if (config->webhook->is_asymmetric)
        message_of(config, call, draft, attempt->now_ms, out);
}

/* --- the call --- */

static bool draft_make(const struct adapter_config *config, const struct adapter_call *call, struct adapter_draft *out,
                       struct error *err)
{
    (void)config;
    if (call->row_count != 1)
        return fail(err, ERR_INTERNAL, "a webhook carries one message, not %zu", call->row_count);
    buf_clear(&out->message);
    buf_add_span(&out->message, call->rows[0].json);
    out->signed_bytes = 0;
    out->payload_at = 0;
    digest_sm3(buf_span(&out->message), out->sm3);
    return true;
}

static void fix(const struct adapter_config *config, const struct adapter_call *call, const struct adapter_draft *draft,
                const struct adapter_signature *signature, struct buf *out)
{
    (void)config, (void)signature;
    buf_addf(out, "{\"at_ms\":%lld,\"sm3\":\"", (long long)call->at_ms);
    hex_add(out, draft->sm3, sizeof draft->sm3);
    buf_add_text(out, "\"}");
}

static bool restore(struct span fixed, struct adapter_call *call, struct adapter_signature *signature,
                    struct error *err)
{
    (void)signature;
    call->at_ms = walk_integer_of(fixed, "at_ms", -1);
    if (call->at_ms < 0 || !fixed_hex(fixed, "sm3", call->sm3, sizeof call->sm3))
        return fail(err, ERR_CORRUPT, "what was fixed of a webhook cannot be read");
    return true;
}

static void add_signatures(const struct webhook *webhook, struct span message, struct span asymmetric, struct buf *out)
{
    for (size_t i = 0; i < webhook->secret_count; i++) {
        const struct webhook_secret *secret = &webhook->secrets[i];
        uint8_t code[32];

        digest_hmac_sha256((struct span){(const char *)secret->bytes, secret->count}, message, code);
        buf_add_text(out, out->bytes > 0 ? " v1," : "v1,");
        base64_add(out, code, sizeof code);
    }
    if (asymmetric.bytes == 0)
        return;
    buf_add_text(out, out->bytes > 0 ? " v1a," : "v1a,");
    base64_add(out, asymmetric.at, asymmetric.bytes);
}

static void request(const struct adapter_config *config, const struct adapter_call *call,
                    const struct adapter_draft *draft, const struct adapter_signature *signature,
                    const struct adapter_attempt *attempt, struct adapter_request *out)
{
    AUTO(buf_done) struct buf message = BUF_INIT;
    AUTO(buf_done) struct buf signatures = BUF_INIT;
    char id[WEBHOOK_ID_BYTES];
    char seconds[24];

    (void)signature;
    message_of(config, call, draft, attempt->now_ms, &message);
    add_signatures(config->webhook, buf_span(&message), attempt->signature, &signatures);
    webhook_id(config->webhook, call->rows[0].record, call->rows[0].version, id);
    snprintf(seconds, sizeof seconds, "%lld", (long long)(attempt->now_ms / 1000));
    out->method = "POST";
    buf_add_text(&out->url, config->base_url);
    adapter_header_add(out, "Content-Type", "application/json");
    adapter_header_add(out, "User-Agent", "creditgate/" CREDITGATE_VERSION);
    adapter_header_add(out, "webhook-id", id);
    adapter_header_add(out, "webhook-timestamp", seconds);
    adapter_header_add(out, "webhook-signature", buf_text(&signatures));
    buf_add_span(&out->body, buf_span(&draft->message));
}

/* --- the answer --- */

static void settle(struct adapter_result *out)
{
    out->ending = ADAPTER_OUTCOMES;
    out->outcomes = memory_new(sizeof *out->outcomes);
    out->outcome_count = 1;
    out->outcomes[0].kind = ADAPTER_ROW_TAKEN;
}

static bool is_for_later(int status)
{
    return status == 408 || status == 425 || status == 429 || status >= 500;
}

static void reply(const struct adapter_call *call, enum adapter_step step, int status, struct span body,
                  struct adapter_result *out)
{
    (void)call, (void)step, (void)body;
    if (status >= 200 && status <= 299) {
        settle(out);
        return;
    }
    if (status == 410) {
        out->ending = ADAPTER_SETUP_REFUSED;
        memcpy(out->message, "410 Gone", sizeof "410 Gone");
        return;
    }
    if (status >= 400 && status <= 499 && !is_for_later(status)) {
        out->ending = ADAPTER_BODY_REFUSED;
        return;
    }
    out->ending = ADAPTER_BY_STATUS;
}

const struct adapter adapter_webhook = {
    .name = "webhook",
    .rows_max = 1,
    .rows_bytes_max = ADAPTER_ROW_BYTES_MAX + 2,
    .settles_at_once = true,
    .answer_bytes_max = WEBHOOK_ANSWER_BYTES,
    .draft = draft_make,
    .attempt_message = attempt_message,
    .fix = fix,
    .restore = restore,
    .request = request,
    .reply = reply,
};
