#include "sandbox/seal.h"

#include <string.h>

#include <jansson.h>

#include "base/text.h"

enum { SEAL_PARTS = 3, HEADER_BYTES_MAX = 512, SIGNATURE_BYTES_MAX = 128 };

static bool split(struct span seal, struct span parts[SEAL_PARTS])
{
    for (size_t i = 0; i < SEAL_PARTS; i++) {
        const char *dot = seal.bytes ? memchr(seal.at, '.', seal.bytes) : NULL;
        size_t bytes = dot ? (size_t)(dot - seal.at) : seal.bytes;

        if ((dot == NULL) != (i == SEAL_PARTS - 1) || bytes == 0)
            return false;
        parts[i] = (struct span){seal.at, bytes};
        if (dot)
            seal = (struct span){dot + 1, seal.bytes - bytes - 1};
    }
    return true;
}

static bool check_header(struct span text, struct error *err)
{
    AUTO(buf_done) struct buf json = BUF_INIT;
    json_t *header = NULL;
    const char *algorithm;
    bool ok;

    if (text.bytes > HEADER_BYTES_MAX || !wire_base64url(text, &json))
        return fail(err, ERR_UNAUTHORIZED, "seal：头部不是 base64url");
    header = json_loadb(buf_text(&json), json.bytes, JSON_REJECT_DUPLICATES, NULL);
    algorithm = json_string_value(json_object_get(header, "alg"));
    ok = json_object_size(header) == 2 && algorithm && strcmp(algorithm, "SM2-SM3") == 0 &&
         json_string_length(json_object_get(header, "kid")) > 0;
    json_decref(header);
    return ok || fail(err, ERR_UNAUTHORIZED, "seal：头部只能是 alg（SM2-SM3）和 kid");
}

bool seal_check(const struct wire_keys *keys, struct span seal, struct span canonical, struct error *err)
{
    AUTO(buf_done) struct buf expected = BUF_INIT;
    AUTO(buf_done) struct buf signature = BUF_INIT;
    struct span parts[SEAL_PARTS];
    struct span message;

    if (!split(seal, parts))
        return fail(err, ERR_UNAUTHORIZED, "seal：不是三段的 JWS");
    if (!check_header(parts[0], err))
        return false;
    wire_base64url_add(canonical, &expected);
    if (!span_equal(parts[1], buf_span(&expected)))
        return fail(err, ERR_UNAUTHORIZED, "seal：载荷与 rows 的规范 JSON 不一致");
    if (parts[2].bytes > SIGNATURE_BYTES_MAX || !wire_base64url(parts[2], &signature))
        return fail(err, ERR_UNAUTHORIZED, "seal：签名不是 base64url");
    message = (struct span){seal.at, parts[0].bytes + 1 + parts[1].bytes};
    if (!wire_verify(keys, message, buf_span(&signature)))
        return fail(err, ERR_UNAUTHORIZED, "seal：验签失败");
    return true;
}
