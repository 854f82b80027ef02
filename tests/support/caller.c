#include "tests/support/caller.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

static void must(bool ok)
{
    if (!ok)
        abort();
}

void caller_begin(struct caller *caller, struct reporter *reporter, const char *folder)
{
    char path[1200];
    FILE *file;

    *caller = (struct caller){.reporter = reporter};
    snprintf(path, sizeof(path), "%s/app_key.hex", folder);
    file = fopen(path, "w");
    must(file != NULL);
    for (const char *c = CALLER_APP_KEY; *c; c++)
        fprintf(file, "%02x", (unsigned char)*c);
    must(fclose(file) == 0);
}

void caller_sign(const char *key, int64_t now_ms, struct caller_values *out)
{
    uint8_t code[32];
    unsigned bytes = 0;
    char text[128];

    *out = (struct caller_values){.rid = CALLER_RID, .sid = CALLER_SID};
    snprintf(out->rtime, sizeof(out->rtime), "%" PRId64, now_ms);
    snprintf(text, sizeof(text), "%s%s%s", out->sid, out->rid, out->rtime);
    must(HMAC(EVP_sha256(), key, (int)strlen(key), (const uint8_t *)text, strlen(text), code, &bytes) != NULL);
    (void)EVP_EncodeBlock((uint8_t *)out->sign, code, (int)bytes);
}

json_t *caller_key_body(int64_t now_ms)
{
    struct caller_values values;

    caller_sign(CALLER_APP_KEY, now_ms, &values);
    return json_pack("{s:s,s:s,s:s,s:s}", "gjgxjhpt_rid", values.rid, "gjgxjhpt_sid", values.sid, "gjgxjhpt_rtime",
                     values.rtime, "gjgxjhpt_sign", values.sign);
}

bool caller_take_secret(struct caller *caller, const json_t *answer)
{
    const char *wrapped = json_string_value(json_object_get(json_object_get(answer, "data"), "secret"));
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    uint8_t sealed[128];
    uint8_t plain[160];
    int bytes = 0;
    int last = 0;
    bool ok = wrapped && strlen(wrapped) <= 88;

    ok = ok && EVP_DecodeBlock(sealed, (const uint8_t *)wrapped, (int)strlen(wrapped)) == 48 &&
         EVP_DecryptInit_ex2(cipher, EVP_aes_128_ecb(), (const uint8_t *)CALLER_APP_KEY, NULL, NULL) == 1 &&
         EVP_DecryptUpdate(cipher, plain, &bytes, sealed, 48) == 1 &&
         EVP_DecryptFinal_ex(cipher, plain + bytes, &last) == 1 && bytes + last < (int)sizeof(caller->secret);
    if (ok)
        snprintf(caller->secret, sizeof(caller->secret), "%.*s", bytes + last, (const char *)plain);
    EVP_CIPHER_CTX_free(cipher);
    return ok;
}

static void base64url_of(struct span data, struct buf *out)
{
    char *text = memory_new(data.bytes * 2 + 8);
    int bytes = EVP_EncodeBlock((uint8_t *)text, (const uint8_t *)data.at, (int)data.bytes);

    for (int i = 0; i < bytes && text[i] != '='; i++)
        buf_add_byte(out, text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i]);
    free(text);
}

void caller_seal(const struct caller *caller, const char *header, struct span payload, struct buf *out)
{
    AUTO(buf_done) struct buf signature = BUF_INIT;
    size_t before = out->bytes;

    base64url_of((struct span){header, strlen(header)}, out);
    buf_add_byte(out, '.');
    base64url_of(payload, out);
    reporter_sign_bytes(caller->reporter, (struct span){out->data + before, out->bytes - before}, &signature);
    buf_add_byte(out, '.');
    base64url_of(buf_span(&signature), out);
}

json_t *caller_report(const struct caller *caller, const char *batch, json_t *rows)
{
    AUTO(buf_done) struct buf seal = BUF_INIT;
    char *canonical = json_dumps(rows, JSON_SORT_KEYS | JSON_COMPACT);

    caller_seal(caller, "{\"alg\":\"SM2-SM3\",\"kid\":\"test-push-1\"}", (struct span){canonical, strlen(canonical)},
                &seal);
    free(canonical);
    return json_pack("{s:s,s:s,s:o}", "batchNo", batch, "seal", buf_text(&seal), "rows", rows);
}
