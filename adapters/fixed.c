#include "adapters/fixed.h"

#include <string.h>

#include "base/encode.h"
#include "base/walk.h"

bool fixed_hex(struct span fixed, const char *name, void *out, size_t bytes)
{
    struct span text = walk_plain_of(fixed, name);
    AUTO(buf_done) struct buf raw = BUF_INIT;

    if (text.bytes != 2 * bytes || !hex_decode(text, &raw))
        return false;
    memcpy(out, raw.data, bytes);
    return true;
}

bool fixed_restore(struct span fixed, struct adapter_call *call, struct adapter_signature *signature, struct error *err)
{
    struct span kid = walk_plain_of(fixed, "kid");
    int64_t at_ms = walk_integer_of(fixed, "at_ms", -1);
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    uint8_t sm3[sizeof call->sm3];

    if (at_ms < 0 || kid.bytes == 0 || kid.bytes >= sizeof signature->kid ||
        !fixed_hex(fixed, "sm3", sm3, sizeof sm3) || !base64_decode(walk_plain_of(fixed, "signature"), &bytes) ||
        bytes.bytes == 0)
        return fail(err, ERR_CORRUPT, "what was fixed of a call cannot be read");
    call->at_ms = at_ms;
    memcpy(call->sm3, sm3, sizeof call->sm3);
    memset(signature->kid, 0, sizeof signature->kid);
    memcpy(signature->kid, kid.at, kid.bytes);
    memcpy(call->kid, signature->kid, sizeof call->kid);
    buf_clear(&signature->bytes);
    buf_add_span(&signature->bytes, buf_span(&bytes));
    return true;
}
