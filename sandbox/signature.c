#include "sandbox/signature.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "sandbox/members.h"

enum { SIGNATURE_TEXT_BYTES_MAX = 16384, SM3_BYTES = 32 };

static bool check_members(const json_t *object, struct error *err)
{
    static const char *const NAMES[] = {"file", "bytes", "sm3", "kid", "alg", "signature"};

    for (size_t i = 0; i < COUNT_OF(NAMES); i++)
        if (!json_object_get(object, NAMES[i]))
            return fail(err, ERR_INVALID, "签名文件缺少 %s", NAMES[i]);
    if (json_object_size(object) != COUNT_OF(NAMES))
        return fail(err, ERR_INVALID, "签名文件有未知成员");
    return true;
}

static bool check_file(const json_t *object, const struct signed_file *file, struct error *err)
{
    AUTO(buf_done) struct buf name = BUF_INIT;
    const json_t *bytes = json_object_get(object, "bytes");

    buf_addf(&name, "%s.xml", file->name);
    if (!span_equal(member_text(object, "file"), buf_span(&name)))
        return fail(err, ERR_INVALID, "file：不是 %s", buf_text(&name));
    if (!json_is_integer(bytes) || (uint64_t)json_integer_value(bytes) != file->bytes)
        return fail(err, ERR_INVALID, "bytes：与文件大小不一致");
    if (!span_is(member_text(object, "sm3"), file->sm3))
        return fail(err, ERR_INVALID, "sm3：与文件摘要不一致");
    if (!span_is(member_text(object, "alg"), "SM2-SM3"))
        return fail(err, ERR_INVALID, "alg：应为 SM2-SM3");
    if (member_text(object, "kid").bytes == 0)
        return fail(err, ERR_INVALID, "kid：应为文本");
    return true;
}

static bool check_signature(const struct wire_keys *keys, const json_t *object, const char *sm3, struct error *err)
{
    AUTO(buf_done) struct buf signature = BUF_INIT;
    char digest[SM3_BYTES];

    for (size_t i = 0; i < sizeof(digest); i++)
        digest[i] = (char)strtoul((const char[]){sm3[2 * i], sm3[2 * i + 1], '\0'}, NULL, 16);
    if (!wire_base64(member_text(object, "signature"), &signature) || signature.bytes == 0)
        return fail(err, ERR_INVALID, "signature：不是 Base64");
    if (!wire_verify(keys, (struct span){digest, sizeof(digest)}, buf_span(&signature)))
        return fail(err, ERR_INVALID, "signature：验签失败");
    return true;
}

bool signature_check(const struct wire_keys *keys, struct span text, const struct signed_file *file, struct error *err)
{
    json_t *object = NULL;
    bool ok;

    if (text.bytes == 0 || text.bytes > SIGNATURE_TEXT_BYTES_MAX)
        return fail(err, ERR_INVALID, "签名文件为空或过长");
    object = json_loadb(text.at, text.bytes, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(object))
        ok = fail(err, ERR_INVALID, "签名文件不是 JSON 对象");
    else
        ok = check_members(object, err) && check_file(object, file, err) &&
             check_signature(keys, object, file->sm3, err);
    json_decref(object);
    return ok;
}
