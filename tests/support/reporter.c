#include "tests/support/reporter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

struct reporter {
    EVP_PKEY *key;
    uint8_t sm4[16];
    unsigned attempts;
};

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void hex_of(const uint8_t *data, size_t bytes, char *out)
{
    for (size_t i = 0; i < bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", data[i]);
}

static FILE *open_in(const char *folder, const char *name)
{
    char path[1200];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "w");
    must(file != NULL);
    return file;
}

struct reporter *reporter_new(const char *folder)
{
    struct reporter *reporter = memory_new(sizeof(*reporter));
    char hex[33];
    FILE *file;

    reporter->key = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
    must(reporter->key && RAND_bytes(reporter->sm4, sizeof(reporter->sm4)) == 1);
    file = open_in(folder, "gateway.pem");
    must(PEM_write_PUBKEY(file, reporter->key) == 1 && fclose(file) == 0);
    hex_of(reporter->sm4, sizeof(reporter->sm4), hex);
    file = open_in(folder, "sm4.hex");
    must(fprintf(file, "%s\n", hex) == 33 && fclose(file) == 0);
    return reporter;
}

void reporter_free(struct reporter *reporter)
{
    if (!reporter)
        return;
    EVP_PKEY_free(reporter->key);
    free(reporter);
}

json_t *reporter_row(const char *rowid, int version)
{
    json_t *row = json_pack("{s:s,s:i,s:s, s:s,s:s,s:s, s:s,s:s,s:s, s:s,s:s, s:s,s:s,s:s, s:s,s:s,s:s, s:s,s:s,s:s}",
                            "ROWID", rowid, "VERSION", version, "OP", version == 1 ? "1" : "2", "JGQC",
                            "某某钢铁（测试）有限公司", "TYSHXYDM", "914403001922038216", "ZZJGDM", "192203821", "ZCDZ",
                            "广东省深圳市某路 1 号", "FDDBR", "张三", "ZYSXSS",
                            "未在 2019-12-31 前拆除 400 立方米高炉一座", "SCFZYNR", "粤工信〔2019〕1 号：限期退出",
                            "QRYZSXRQ", "2020-01-06", "GSJZQ", "2021-01-06", "RDDW", "广东省工业和信息化厅", "RDWH",
                            "粤工信函〔2020〕2 号", "BMBM", "4400GXT", "BMMC", "广东省工业和信息化厅", "JHDWQC",
                            "广东省工业和信息化厅", "TGRQ", "2020-01-07", "XZQH", "440300", "SYFW", "0");

    must(row && json_object_set_new(row, "SXYZCD", json_string("2")) == 0);
    return row;
}

json_t *reporter_rows(json_t *row)
{
    json_t *rows = json_array();

    must(json_array_append_new(rows, row) == 0);
    return rows;
}

static void base64_of(const uint8_t *data, size_t bytes, struct buf *out)
{
    char *text = memory_new(bytes * 2 + 8);
    int length = EVP_EncodeBlock((unsigned char *)text, data, (int)bytes);

    buf_reserve(out, (size_t)length + 1);
    buf_add(out, text, (size_t)length);
    free(text);
}

static void seal(struct reporter *reporter, struct span plain, bool pads, struct buf *out)
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    uint8_t *sealed = memory_new(plain.bytes + 48);
    int bytes = 0;
    int last = 0;

    must(RAND_bytes(sealed, 16) == 1);
    must(EVP_EncryptInit_ex2(cipher, EVP_sm4_cbc(), reporter->sm4, sealed, NULL) == 1);
    EVP_CIPHER_CTX_set_padding(cipher, pads);
    must(EVP_EncryptUpdate(cipher, sealed + 16, &bytes, (const uint8_t *)plain.at, (int)plain.bytes) == 1);
    must(EVP_EncryptFinal_ex(cipher, sealed + 16 + bytes, &last) == 1);
    base64_of(sealed, 16 + (size_t)bytes + (size_t)last, out);
    EVP_CIPHER_CTX_free(cipher);
    free(sealed);
}

void reporter_seal_raw(struct reporter *reporter, struct span padded, struct buf *out)
{
    seal(reporter, padded, false, out);
}

void reporter_sign_bytes(struct reporter *reporter, struct span message, struct buf *out)
{
    OSSL_PARAM params[] = {OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_DIST_ID, (char[]){"1234567812345678"}, 16),
                           OSSL_PARAM_END};
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    EVP_PKEY_CTX *settings = NULL;
    uint8_t signature[128];
    size_t bytes = sizeof(signature);

    must(EVP_DigestSignInit_ex(digest, &settings, "SM3", NULL, NULL, reporter->key, NULL) == 1);
    must(EVP_PKEY_CTX_set_params(settings, params) == 1);
    must(EVP_DigestSign(digest, signature, &bytes, (const uint8_t *)message.at, message.bytes) == 1);
    EVP_MD_CTX_free(digest);
    buf_add(out, signature, bytes);
}

void reporter_sign(struct reporter *reporter, json_t *envelope)
{
    AUTO(buf_done) struct buf message = BUF_INIT;
    AUTO(buf_done) struct buf signature = BUF_INIT;
    AUTO(buf_done) struct buf text = BUF_INIT;

    buf_addf(&message, "%s.%s.%s", json_string_value(json_object_get(envelope, "taskId")),
             json_string_value(json_object_get(envelope, "timestamp")),
             json_string_value(json_object_get(envelope, "encData")));
    reporter_sign_bytes(reporter, buf_span(&message), &signature);
    base64_of((const uint8_t *)signature.data, signature.bytes, &text);
    json_object_set_new(envelope, "signData", json_string(buf_text(&text)));
}

json_t *reporter_envelope(struct reporter *reporter, const char *task, struct span plain)
{
    AUTO(buf_done) struct buf sealed = BUF_INIT;
    json_t *envelope;

    seal(reporter, plain, true, &sealed);
    envelope = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "tableCode", REPORTER_TABLE, "departmentCode",
                         REPORTER_DEPARTMENT, "tableVersionId", REPORTER_TABLE_VERSION, "taskId", task, "timestamp",
                         "1578300000000", "encType", "SM4", "signType", "SM2", "encData", buf_text(&sealed));
    must(envelope != NULL);
    reporter_sign(reporter, envelope);
    return envelope;
}

void reporter_body(struct reporter *reporter, const char *task, json_t *rows, struct buf *out)
{
    char *plain = json_dumps(rows, JSON_COMPACT);
    json_t *envelope = reporter_envelope(reporter, task, (struct span){plain, strlen(plain)});
    char *text = json_dumps(envelope, JSON_COMPACT);

    buf_add_text(out, text);
    free(text);
    free(plain);
    json_decref(envelope);
    json_decref(rows);
}

static void digest_hex(const EVP_MD *kind, const char *text, char hex[65])
{
    uint8_t sum[EVP_MAX_MD_SIZE];
    unsigned bytes = 0;

    must(EVP_Digest(text, strlen(text), sum, &bytes, kind, NULL) == 1 && bytes == 32);
    hex_of(sum, bytes, hex);
}

void reporter_headers_with(const char *nonce, int64_t now_ms, struct reporter_headers *out)
{
    char text[256];

    snprintf(out->timestamp, sizeof(out->timestamp), "%" PRId64, now_ms / 1000);
    snprintf(out->nonce, sizeof(out->nonce), "%s", nonce);
    snprintf(text, sizeof(text), "%s%s%s%s", out->timestamp, REPORTER_TOKEN, nonce, out->timestamp);
    digest_hex(EVP_sha256(), text, out->signature);
}

void reporter_headers(struct reporter *reporter, int64_t now_ms, struct reporter_headers *out)
{
    char nonce[40];

    snprintf(nonce, sizeof(nonce), "%" PRIx64 "-%06x", now_ms, reporter->attempts++);
    reporter_headers_with(nonce, now_ms, out);
}

void reporter_sm3(const json_t *row, char hex[65])
{
    char *text = json_dumps(row, JSON_SORT_KEYS | JSON_COMPACT);

    digest_hex(EVP_sm3(), text, hex);
    free(text);
}
