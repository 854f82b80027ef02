/* reporter.h - a small reporting client of 信用广东, written from upstreams.md alone: what the sandbox is tried with.
 */
#ifndef TESTS_SUPPORT_REPORTER_H
#define TESTS_SUPPORT_REPORTER_H

#include <jansson.h>

#include "base/buf.h"

#define REPORTER_PAASID "creditgate-test"
#define REPORTER_TOKEN "token0123456789"
#define REPORTER_TABLE "SXJZCN"
#define REPORTER_TABLE_VERSION "V1"
#define REPORTER_DEPARTMENT "4400GXT"
#define REPORTER_TASK "0123456789abcdef0123456789abcdef"

struct reporter;

/* Makes keys, and in `folder` what the platform is given: "sm4.hex" and "gateway.pem". */
struct reporter *reporter_new(const char *folder);
void reporter_free(struct reporter *reporter);

/* A row that is right in every field; a new reference. */
json_t *reporter_row(const char *rowid, int version);
/* [row]; takes over the reference. */
json_t *reporter_rows(json_t *row);

/* The envelope over any plaintext, as an object with all nine members. */
json_t *reporter_envelope(struct reporter *reporter, const char *task, struct span plain);
/* Sign again after a change of taskId, timestamp or encData. */
void reporter_sign(struct reporter *reporter, json_t *envelope);
/* The body of an upload of rows (taken over). */
void reporter_body(struct reporter *reporter, const char *task, json_t *rows, struct buf *out);
/* The DER signature of any bytes by the same key. */
void reporter_sign_bytes(struct reporter *reporter, struct span message, struct buf *out);
/* IV and SM4-CBC of bytes that are padded already, in Base64: to make wrong paddings. */
void reporter_seal_raw(struct reporter *reporter, struct span padded, struct buf *out);

/* The four headers of one attempt. */
struct reporter_headers {
    char timestamp[24];
    char nonce[40];
    char signature[65];
};
void reporter_headers(struct reporter *reporter, int64_t now_ms, struct reporter_headers *out);
/* With a nonce of the test's choice. */
void reporter_headers_with(const char *nonce, int64_t now_ms, struct reporter_headers *out);

/* SM3 of the canonical JSON of a row, in hex. */
void reporter_sm3(const json_t *row, char hex[65]);

DEFINE_AUTO(struct reporter *, reporter_free)

#endif
