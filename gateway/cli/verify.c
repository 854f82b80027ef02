#include "gateway/cli/verify.h"

#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "gateway/cli/saved_answer.h"
#include "gateway/command/seal.h"
#include "gateway/journal/event.h"
#include "gateway/journal/proof.h"
#include "gateway/screening/summary.h"
#include "keys/digest.h"
#include "keys/jws.h"

/* What is found out, step by step. */
struct finding {
    const struct keyring *keys;
    struct span text;
    json_t *content;
    json_t *signers;
    struct error *err;
};

/* Takes `value`. Nothing of ours has a value that JSON cannot hold; if it had, it would be left out. */
static void put(json_t *object, const char *name, json_t *value)
{
    (void)json_object_set_new(object, name, value);
}

static void put_text(json_t *object, const char *name, struct span text)
{
    put(object, name, text.bytes ? json_stringn(text.at, text.bytes) : json_null());
}

static void put_instant(json_t *object, const char *name, int64_t at_ms)
{
    char text[INSTANT_TEXT_BYTES];

    put(object, name, at_ms == INT64_MAX ? json_null() : json_string(instant_format(at_ms, text)));
}

static void add_signer(struct finding *finding, const char *kid, enum key_use use)
{
    const struct key *key = keyring_find(finding->keys, kid);
    json_t *signer = json_object();
    int64_t from_ms = 0, until_ms = INT64_MAX;

    put_text(signer, "kid", span_of(kid));
    put(signer, "use", json_string(key_use_name(use)));
    if (key && keyring_period(finding->keys, kid, &from_ms, &until_ms)) {
        put(signer, "algorithm", json_string(key_algorithm_name(key_algorithm_of(key))));
        put_instant(signer, "from", from_ms);
        put_instant(signer, "until", until_ms);
    }
    json_array_append_new(finding->signers, signer);
}

/* --- a sealed record --- */

static bool add_seal_signers(struct finding *finding)
{
    AUTO(json_release) json_t *jws = NULL;
    size_t i;
    const json_t *signature;

    if (!json_read(finding->text, JWS_BYTES_MAX, &jws, finding->err))
        return false;
    json_array_foreach(json_object_get(jws, "signatures"), i, signature)
    {
        AUTO(buf_done) struct buf header = BUF_INIT;
        AUTO(json_release) json_t *json = NULL;
        const char *text = json_text_of(signature, "protected");

        if (!text || !base64url_decode(span_of(text), &header) ||
            !json_read(buf_span(&header), JWS_HEADER_BYTES_MAX, &json, finding->err))
            return fail(finding->err, ERR_CORRUPT, "a signature has no header");
        add_signer(finding, json_text_of(json, "kid"), KEY_USE_SEAL);
    }
    return true;
}

static bool find_record(struct finding *finding)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    AUTO(buf_done) struct buf canonical = BUF_INIT;
    struct record record;

    if (!seal_verify(finding->text, finding->keys, &record, &hold, finding->err))
        return false;
    record_json_add(&record, &canonical);
    return json_read(buf_span(&canonical), JSON_BYTES_MAX, &finding->content, finding->err) &&
           add_seal_signers(finding);
}

/* --- a checkpoint --- */

/* Ours always has both signatures; with one alone it was tampered with, or was never ours. */
static bool add_head(struct finding *finding, const struct checkpoint_proof *head, json_t *into)
{
    AUTO(buf_done) struct buf root = BUF_INIT;

    if (!head->has_ed25519 || !head->has_sm2)
        return refuse(finding->err, ERR_FORBIDDEN, "verify.one-signature",
                      "the checkpoint lacks its %s signature by a key that is known here",
                      "检查点缺少由已知密钥作出的 %s 签名", head->has_sm2 ? "Ed25519" : "SM2");
    base64_add(&root, head->checkpoint.root, sizeof head->checkpoint.root);
    put_text(into, "origin", span_of(head->checkpoint.origin));
    put(into, "size", json_integer((json_int_t)head->checkpoint.size));
    put_text(into, "root", buf_span(&root));
    add_signer(finding, head->ed25519_kid, KEY_USE_CHECKPOINT);
    add_signer(finding, head->sm2_kid, KEY_USE_CHECKPOINT);
    return true;
}

static bool find_checkpoint(struct finding *finding)
{
    AUTO(text_free) char *origin = memory_copy_span(checkpoint_origin(finding->text));
    struct checkpoint_proof head;

    finding->content = json_object();
    return checkpoint_verify(finding->text, origin, finding->keys, &head, finding->err) &&
           add_head(finding, &head, finding->content);
}

/* --- a proof --- */

/* An upstream's answer is stored in Base64: told as text when it is one. */
static void add_receipt_body(json_t *content, const json_t *data)
{
    AUTO(buf_done) struct buf body = BUF_INIT;
    const char *text = json_text_of(data, "body");

    if (text && base64_decode(span_of(text), &body) && utf8_is_valid(buf_span(&body), NULL))
        put_text(content, "receipt_body", buf_span(&body));
}

static bool add_entry(struct finding *finding, const struct proof *proof)
{
    AUTO(json_release) json_t *entry = NULL;

    if (!json_read(proof->entry, PROOF_BYTES_MAX, &entry, finding->err))
        return fail_in(finding->err, "the entry");
    json_object_set(finding->content, "entry", entry);
    put(finding->content, "index", json_integer((json_int_t)proof->index));
    add_receipt_body(finding->content, json_object_get(entry, "data"));
    if (proof->answer.bytes > 0)
        put_text(finding->content, "answer", proof->answer);
    return true;
}

static bool find_proof(struct finding *finding)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct checkpoint_proof head;
    struct proof proof;
    json_t *checkpoint = json_object();

    finding->content = json_object();
    put(finding->content, "checkpoint", checkpoint);
    return proof_verify(finding->text, finding->keys, &proof, &head, &hold, finding->err) &&
           add_head(finding, &head, checkpoint) && add_entry(finding, &proof);
}

/* --- a signed answer --- */

static bool find_answer(struct finding *finding)
{
    struct saved_answer saved;

    if (!saved_answer_verify(finding->text, finding->keys, &saved, finding->err))
        return false;
    finding->content = json_object();
    put_text(finding->content, "method", saved.method);
    put_text(finding->content, "target", saved.target);
    put(finding->content, "status", json_integer(saved.status));
    put_instant(finding->content, "signed_at", saved.signatures[0].created_ms);
    put_text(finding->content, "answer", saved.body);
    for (size_t i = 0; i < saved.count; i++)
        add_signer(finding, saved.signatures[i].kid, KEY_USE_ANSWER);
    return true;
}

/* --- the summary of a screening --- */

static bool find_screening(struct finding *finding)
{
    AUTO(json_release) json_t *kids = NULL;
    const json_t *kid;
    size_t i;

    if (!screening_summary_verify(finding->text, finding->keys, &finding->content, &kids, finding->err))
        return false;
    json_array_foreach(kids, i, kid)
    {
        add_signer(finding, json_string_value(kid), KEY_USE_ANSWER);
    }
    return true;
}

/* --- what lies beside it --- */

static void spoil(json_t *report)
{
    put(report, "good", json_false());
    (void)json_object_del(report, "content");
    (void)json_object_del(report, "keys");
}

bool verify_file(int fd, const char *which, json_t *report, struct error *err)
{
    const json_t *file = json_object_get(json_object_get(report, "content"), which);
    const char *kind = json_text_of(report, "kind");
    const char *wanted = kind && strcmp(kind, "screening") == 0 ? json_text_of(file, "sha256") : NULL;
    AUTO(buf_done) struct buf hex = BUF_INIT;
    uint8_t digest[32];
    struct error why;
    bool is_summary = wanted;

    if (!digest_sha256_file(fd, digest, &why)) {
        *err = why;
        spoil(report);
        return false;
    }
    hex_add(&hex, digest, sizeof digest);
    if (wanted && strcmp(wanted, buf_text(&hex)) == 0)
        return true;
    spoil(report);
    if (!is_summary)
        return refuse(err, ERR_INVALID, "verify.file", "this is no summary of a screening", "这不是批量筛查的汇总");
    return refuse(err, ERR_CORRUPT, "verify.file", "the file is not the %s that the summary speaks of",
                  "文件不是该汇总所指的文件（%s）", which);
}

/* --- an answer beside a proof --- */

bool verify_answer(struct span answer, json_t *report, struct error *err)
{
    const json_t *entry = json_object_get(json_object_get(report, "content"), "entry");
    const char *wanted = json_text_of(entry, "answer_sha256");
    AUTO(buf_done) struct buf hex = BUF_INIT;
    uint8_t digest[32];

    digest_sha256(answer, digest);
    hex_add(&hex, digest, sizeof digest);
    if (wanted && strcmp(wanted, buf_text(&hex)) == 0)
        return true;
    spoil(report);
    if (!wanted)
        return refuse(err, ERR_INVALID, "verify.answer", "this is no proof of an answer", "这不是查询答复的存在证明");
    return refuse(err, ERR_CORRUPT, "verify.answer", "the answer is not the one that the proof speaks of",
                  "答复不是该存在证明所指的答复");
}

/* --- what is it? --- */

struct kind {
    const char *name;
    bool (*find)(struct finding *finding);
};
enum { KIND_RECORD, KIND_CHECKPOINT, KIND_PROOF, KIND_ANSWER, KIND_SCREENING, KIND_COUNT };
static const struct kind KINDS[KIND_COUNT] = {{"record", find_record},
                                              {"checkpoint", find_checkpoint},
                                              {"proof", find_proof},
                                              {"answer", find_answer},
                                              {"screening", find_screening}};

static const struct kind *recognise(struct span text)
{
    AUTO(json_release) json_t *json = NULL;
    const char *kind;

    if (saved_answer_is(text))
        return &KINDS[KIND_ANSWER];
    if (json_read(text, VERIFY_FILE_MAX, &json, NULL)) {
        kind = json_text_of(json, "kind");
        if (kind && strcmp(kind, PROOF_KIND) == 0)
            return &KINDS[KIND_PROOF];
        if (!json_object_get(json, "payload") || !json_object_get(json, "signatures"))
            return NULL;
        return screening_summary_is(text) ? &KINDS[KIND_SCREENING] : &KINDS[KIND_RECORD];
    }
    return checkpoint_origin(text).bytes && memmem(text.at, text.bytes, "\n\n\xe2\x80\x94 ", 6)
               ? &KINDS[KIND_CHECKPOINT]
               : NULL;
}

int verify_bytes(struct span text, const struct keyring *keys, json_t **report, struct error *err)
{
    const struct kind *kind = recognise(text);
    struct finding finding = {keys, text, NULL, json_array(), err};
    bool is_good = kind && kind->find(&finding);

    *report = json_pack("{s:o,s:b}", "kind", kind ? json_string(kind->name) : json_null(), "good", (int)is_good);
    if (is_good) {
        json_object_set(*report, "content", finding.content);
        json_object_set(*report, "keys", finding.signers);
    }
    json_decref(finding.content);
    json_decref(finding.signers);
    if (!kind)
        error_set_both(err, ERR_INVALID, "verify.unknown",
                       "neither a sealed record nor a checkpoint nor a proof nor a signed answer nor a summary of a "
                       "screening of this gateway",
                       "既不是签封记录，也不是检查点、存在证明、签名答复或批量筛查汇总");
    return is_good ? CLI_OK : kind ? CLI_SOME_REFUSED : CLI_UNUSABLE;
}
