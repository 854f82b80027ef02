#include "keys/content_digest.h"

#include "base/encode.h"
#include "base/text.h"
#include "keys/digest.h"
#include "keys/structured_fields.h"

enum { DIGEST_BYTES_MAX = 64 };

static const struct {
    const char *name;
    void (*digest)(struct span data, uint8_t *out);
    size_t bytes;
} ALGORITHMS[] = {{"sha-256", digest_sha256, 32}, {"sha-512", digest_sha512, 64}};

void content_digest_add(struct span content, struct buf *out)
{
    uint8_t digest[32];

    digest_sha256(content, digest);
    buf_add_text(out, "sha-256=:");
    base64_add(out, digest, sizeof digest);
    buf_add_byte(out, ':');
}

static bool check_one(const struct structured_item *member, struct span content, size_t *known, struct error *err)
{
    uint8_t digest[DIGEST_BYTES_MAX];

    if (member->is_inner_list || member->value.kind != STRUCTURED_BYTES)
        return fail(err, ERR_INVALID, "Content-Digest: a digest is bytes");
    for (size_t i = 0; i < COUNT_OF(ALGORITHMS); i++) {
        if (!span_is(member->key, ALGORITHMS[i].name))
            continue;
        (*known)++;
        ALGORITHMS[i].digest(content, digest);
        return span_equal(member->value.text, (struct span){(const char *)digest, ALGORITHMS[i].bytes}) ||
               fail(err, ERR_CORRUPT, "the content is not the one that Content-Digest speaks of");
    }
    return true;
}

bool content_digest_check(struct span field, struct span content, struct error *err)
{
    AUTO(structured_done) struct structured digests = STRUCTURED_INIT;
    size_t known = 0;

    if (!structured_parse(STRUCTURED_DICTIONARY, field, &digests, err))
        return fail_in(err, "Content-Digest");
    for (size_t i = 0; i < digests.count; i++) {
        if (!check_one(&digests.members[i], content, &known, err))
            return false;
    }
    return known > 0 || fail(err, ERR_INVALID, "Content-Digest: neither sha-256 nor sha-512");
}
