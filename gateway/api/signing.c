#include "gateway/api/signing.h"

#include <string.h>

#include "base/text.h"
#include "gateway/http/reply.h"
#include "keys/content_digest.h"

enum { HEADERS_MAX = 16, ACCEPTED_BYTES_MAX = 8 * 1024 };

const char *const SIGNING_ALWAYS[] = {
    "\"@status\"", "\"content-type\"", "\"content-digest\"", "\"@method\";req", "\"@path\";req", "\"@query\";req",
    NULL};

static bool refuse_unsupported(struct error *err, const char *en, const char *zh)
{
    return refuse(err, ERR_INVALID, "signature.unsupported", "Accept-Signature: %s%.0s", "%.0sAccept-Signature：%s", en,
                  zh);
}

/* --- what is asked for --- */

static bool check_text(const struct structured_value *value, struct error *err)
{
    return (value->kind == STRUCTURED_STRING && value->text.bytes > 0 && value->text.bytes <= SIGNATURES_TEXT_MAX) ||
           refuse_unsupported(err, "keyid, nonce and tag are strings of 1 to 256 characters",
                              "keyid、nonce、tag 须为 1 至 256 个字符的字符串");
}

static bool check_created(const struct structured_value *value, struct error *err)
{
    return (value->kind == STRUCTURED_BOOLEAN && value->number) ||
           refuse_unsupported(err, "created has no value here: the gateway fills it in", "created 不带值，由网关填写");
}

static bool check_algorithm(const struct structured_value *value, struct error *err)
{
    enum key_algorithm algorithm;

    return (value->kind == STRUCTURED_STRING && signatures_algorithm_parse(value->text, &algorithm) &&
            algorithm != KEY_SM2) ||
           refuse_unsupported(err, "alg is \"ed25519\" (also without alg) or \"ecdsa-p256-sha256\"",
                              "alg 可为 \"ed25519\"（默认）或 \"ecdsa-p256-sha256\"");
}

static const struct {
    const char *name;
    bool (*check)(const struct structured_value *value, struct error *err);
} PARAMETERS[] = {{"created", check_created},
                  {"alg", check_algorithm},
                  {"keyid", check_text},
                  {"nonce", check_text},
                  {"tag", check_text}};

static bool check_parameter(const struct structured_parameter *parameter, struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(PARAMETERS); i++) {
        if (span_is(parameter->key, PARAMETERS[i].name))
            return PARAMETERS[i].check(&parameter->value, err);
    }
    return refuse_unsupported(err, "only created, alg, keyid, nonce and tag can be asked for",
                              "只可要求 created、alg、keyid、nonce、tag");
}

static bool check_wish(const struct structured *wishes, const struct structured_item *wish, struct error *err)
{
    if (!wish->is_inner_list)
        return refuse(err, ERR_INVALID, "signature.malformed",
                      "Accept-Signature names components in brackets: label=(\"@status\" …)",
                      "Accept-Signature 须以括号列出组成部分：标签=(\"@status\" …)");
    if (wish->inner_count + SIGNING_ALWAYS_COUNT > SIGNATURES_COMPONENTS_MAX)
        return refuse_unsupported(err, "too many components", "组成部分过多");
    for (size_t i = 0; i < wish->parameter_count; i++) {
        if (!check_parameter(&wishes->parameters[wish->first_parameter + i], err))
            return false;
    }
    return true;
}

static bool join_headers(const struct http_request *request, struct buf *out)
{
    size_t lines = 0;

    for (size_t i = 0; i < request->header_count; i++) {
        if (!span_is(request->headers[i].name, "accept-signature"))
            continue;
        if (lines++)
            buf_add_text(out, ", ");
        buf_add_span(out, request->headers[i].value);
    }
    return lines > 0;
}

bool signing_read(const struct http_request *request, struct structured *wishes, struct error *err)
{
    AUTO(structured_done) struct structured read = STRUCTURED_INIT;
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct error why;

    if (!join_headers(request, &text))
        return true;
    if (text.bytes > ACCEPTED_BYTES_MAX || !structured_parse(STRUCTURED_DICTIONARY, buf_span(&text), &read, &why) ||
        read.count == 0)
        return refuse(err, ERR_INVALID, "signature.malformed",
                      "Accept-Signature is no dictionary of what to sign (RFC 9421 section 5.1)",
                      "Accept-Signature 不是有效的签名要求（RFC 9421 第 5.1 节）");
    if (read.count > SIGNING_WISHES_MAX)
        return refuse_unsupported(err, "at most two signatures", "最多两个签名");
    if (request->is_path_escaped)
        return refuse_unsupported(err, "send the path without percent-encoding when it is to be signed",
                                  "要求签名时，请求路径不得使用百分号编码");
    for (size_t i = 0; i < read.count; i++) {
        if (!check_wish(&read, &read.members[i], err))
            return false;
    }
    *wishes = read;
    read = STRUCTURED_INIT;
    return true;
}

/* --- the messages --- */

/* The request as it was sent; owns what it had to put together. */
struct both_messages {
    struct signatures_field fields[SIGNATURES_FIELDS_MAX];
    struct signatures_field answer_fields[HEADERS_MAX];
    struct signatures_message request;
    struct signatures_message answer;
    struct buf target;
    struct buf digest;
};

static void both_messages_done(struct both_messages *both)
{
    buf_done(&both->target);
    buf_done(&both->digest);
}
DEFINE_AUTO_IN_PLACE(struct both_messages, both_messages_done)

static bool describe_request(const struct http_request *request, struct both_messages *both, struct error *err)
{
    if (request->header_count > SIGNATURES_FIELDS_MAX)
        return refuse_unsupported(err, "the request has too many fields", "请求头过多");
    for (size_t i = 0; i < request->header_count; i++)
        both->fields[i] = (struct signatures_field){request->headers[i].name, request->headers[i].value};
    buf_add_span(&both->target, request->path);
    if (request->query.at)
        buf_add_byte(&both->target, '?');
    buf_add_span(&both->target, request->query);
    both->request = (struct signatures_message){.method = request->is_head ? SPAN("HEAD") : request->method,
                                                .scheme = SPAN("https"),
                                                .authority = http_header_of(request, "host"),
                                                .target = buf_span(&both->target),
                                                .fields = both->fields,
                                                .field_count = request->header_count};
    return true;
}

static void describe_answer(const struct http_reply *reply, struct both_messages *both)
{
    struct span rest = buf_span(&reply->headers);
    struct span name, value;
    size_t count = 0;

    content_digest_add(buf_span(&reply->body), &both->digest);
    both->answer_fields[count++] = (struct signatures_field){SPAN("content-digest"), buf_span(&both->digest)};
    both->answer_fields[count++] = (struct signatures_field){SPAN("content-type"), span_of(reply->content_type)};
    while (count < HEADERS_MAX && reply_next_header(&rest, &name, &value))
        both->answer_fields[count++] = (struct signatures_field){name, value};
    both->answer = (struct signatures_message){
        .status = reply->status, .fields = both->answer_fields, .field_count = count, .request = &both->request};
}

/* --- signing --- */

static bool is_covered(const struct structured *wishes, const struct structured_item *wish, const char *component)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    for (size_t i = 0; i < wish->inner_count; i++) {
        buf_clear(&text);
        if (structured_item_add(wishes, &wishes->inner[wish->first_inner + i], &text, NULL) &&
            span_is(buf_span(&text), component))
            return true;
    }
    return false;
}

/* An absolute target would be another one for a proxy: nobody can say what it was at the other end. */
static bool write_components(const struct structured *wishes, const struct structured_item *wish, struct buf *out,
                             struct error *err)
{
    const char *space = "";

    buf_add_byte(out, '(');
    for (size_t i = 0; i < wish->inner_count; i++) {
        const struct structured_item *item = &wishes->inner[wish->first_inner + i];

        if (span_is(item->value.text, "@request-target"))
            return refuse_unsupported(err, "@request-target is not signed: use @target-uri",
                                      "不支持 @request-target，请用 @target-uri");
        buf_add_text(out, space);
        if (!structured_item_add(wishes, item, out, err))
            return false;
        space = " ";
    }
    for (size_t i = 0; i < SIGNING_ALWAYS_COUNT; i++) {
        if (is_covered(wishes, wish, SIGNING_ALWAYS[i]))
            continue;
        buf_addf(out, "%s%s", space, SIGNING_ALWAYS[i]);
        space = " ";
    }
    buf_add_byte(out, ')');
    return true;
}

static struct span text_of(const struct structured *wishes, const struct structured_item *wish, const char *name)
{
    const struct structured_value *value = structured_parameter(wishes, wish, name);

    return value ? value->text : SPAN_NONE;
}

/* The key that was asked for must be the one that signs. */
static bool check_key(struct signer *signer, const struct signatures_signing *signing, struct span keyid,
                      struct error *err)
{
    char kid[KEY_ID_BYTES];

    if (keyid.bytes == 0)
        return true;
    signer_forget_kids(signer); /* whoever names a key gets that one or none, also when it was rotated just now */
    return signer_kid(signer, signing->use, signing->algorithm, kid, err) &&
           (span_is(keyid, kid) ||
            refuse_unsupported(err, "keyid is not the key in force for answers: see /v1/keys, or leave it out",
                               "keyid 不是当前有效的应答密钥：见 /v1/keys，或省略"));
}

/* Whatever is wrong with a component is wrong with the request; the rest is ours. */
static void tell_failure(struct error *err)
{
    struct error why = *err;

    if (why.code == ERR_INVALID && !why.rule[0])
        error_set_both(err, ERR_INVALID, "signature.unsupported", "Accept-Signature: %s", "Accept-Signature：%s",
                       why.text);
    else if (why.code != ERR_INVALID)
        error_set(err, ERR_UNAVAILABLE, "signed answers: %s", why.text);
}

static bool sign_one(struct signer *signer, const struct structured *wishes, const struct structured_item *wish,
                     struct signatures_signing *signing, const struct both_messages *both, struct buf fields[2],
                     struct error *err)
{
    AUTO(text_free) char *label = memory_copy_span(wish->key);
    AUTO(buf_done) struct buf components = BUF_INIT;
    AUTO(buf_done) struct buf input = BUF_INIT;
    AUTO(buf_done) struct buf signature = BUF_INIT;
    struct span alg = text_of(wishes, wish, "alg");

    signing->algorithm = KEY_ED25519;
    if (alg.bytes && !signatures_algorithm_parse(alg, &signing->algorithm))
        return fail(err, ERR_INTERNAL, "an algorithm that was checked is unknown");
    if (!check_key(signer, signing, text_of(wishes, wish, "keyid"), err) ||
        !write_components(wishes, wish, &components, err))
        return false;
    signing->label = label;
    signing->components = buf_text(&components);
    signing->nonce = text_of(wishes, wish, "nonce");
    signing->tag = text_of(wishes, wish, "tag");
    if (!signatures_sign(signer, signing, &both->answer, &input, &signature, err))
        return false;
    buf_addf(&fields[0], "%s%s", fields[0].bytes ? ", " : "", buf_text(&input));
    buf_addf(&fields[1], "%s%s", fields[1].bytes ? ", " : "", buf_text(&signature));
    return true;
}

static bool add_signatures(const struct http_request *request, const struct structured *wishes, struct signer *signer,
                           int64_t at_ms, struct http_reply *reply, struct error *err)
{
    struct signatures_signing signing = {.use = KEY_USE_ANSWER, .created_s = at_ms / 1000};
    AUTO(both_messages_done) struct both_messages both = {.target = BUF_INIT};
    AUTO(buf_done) struct buf input = BUF_INIT;
    AUTO(buf_done) struct buf signature = BUF_INIT;
    struct buf fields[2] = {BUF_INIT, BUF_INIT};
    bool is_good = true;

    if (!signer)
        return fail(err, ERR_UNAVAILABLE, "signed answers: there is no signer");
    if (!describe_request(request, &both, err))
        return false;
    describe_answer(reply, &both);
    for (size_t i = 0; is_good && i < wishes->count; i++)
        is_good = sign_one(signer, wishes, &wishes->members[i], &signing, &both, fields, err);
    input = fields[0];
    signature = fields[1];
    if (!is_good) {
        tell_failure(err);
        return false;
    }
    http_reply_header(reply, "Content-Digest", buf_text(&both.digest));
    http_reply_header(reply, "Signature-Input", buf_text(&input));
    http_reply_header(reply, "Signature", buf_text(&signature));
    return true;
}

/* Apart from the work, whose memory is large: most answers are not to be signed. */
bool signing_add(const struct http_request *request, const struct structured *wishes, struct signer *signer,
                 int64_t at_ms, struct http_reply *reply, struct error *err)
{
    return wishes->count == 0 || add_signatures(request, wishes, signer, at_ms, reply, err);
}
