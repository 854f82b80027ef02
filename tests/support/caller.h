/* caller.h - a small client of 全国信用信息共享平台, written from upstreams.md alone: what the sandbox is tried with.
 * It signs seals with the key of a reporter. */
#ifndef TESTS_SUPPORT_CALLER_H
#define TESTS_SUPPORT_CALLER_H

#include "tests/support/reporter.h"

#define CALLER_RID "rid-0001"
#define CALLER_SID "s_0000"
#define CALLER_APP_KEY "secret0123456789" /* of the check value in domain.md 1.6 (a) */

struct caller {
    struct reporter *reporter; /* borrowed */
    char secret[80];           /* "" until one was taken */
};

/* What the platform is given: "app_key.hex" in `folder`. */
void caller_begin(struct caller *caller, struct reporter *reporter, const char *folder);

/* The four values of one call. */
struct caller_values {
    const char *rid;
    const char *sid;
    char rtime[24];
    char sign[64];
};
void caller_sign(const char *key, int64_t now_ms, struct caller_values *out);
/* {rid, sid, rtime, sign} as an object; a new reference. */
json_t *caller_key_body(int64_t now_ms);
/* Read {"data": {"secret"}} and keep the secret. False when it does not decrypt. */
bool caller_take_secret(struct caller *caller, const json_t *answer);

/* {batchNo, seal, rows}; takes over the rows. */
json_t *caller_report(const struct caller *caller, const char *batch, json_t *rows);
/* A compact JWS of any header and payload. */
void caller_seal(const struct caller *caller, const char *header, struct span payload, struct buf *out);

#endif
