/* `creditgate verify` (gateway/cli/verify.h): files that strangers bring. The seeds are a sealed record, a checkpoint
 * and two proofs of one throw-away gateway, whose public keys stand here: whatever is made of them, nothing verifies
 * but what was signed. */
#include "fuzz.h"

#include "base/encode.h"
#include "base/json.h"
#include "base/text.h"
#include "gateway/cli/verify.h"
#include "keys/digest.h"

static const char PUBLIC_KEYS[] =
    "{\"keys\":[{\"alg\":\"SM2-SM3\",\"from\":\"2026-11-25T08:12:48.066+08:00\",\"kid\":\"evidence-seal-sm2-"
    "1\",\"pem\":\"-----BEGIN PUBLIC KEY-----\\nMFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAE0bCKwTAuatq7RIRv"
    "7EYLBDlVGvvH\\niRtTUboJ901/RZjghQhR9LYoYrfv6UUvyi3M6HyrcuUUsTBA8OmHIggFjQ==\\n-----END PUBLI"
    "C KEY-----\\n\",\"until\":null,\"use\":\"seal\"},{\"alg\":\"EdDSA\",\"from\":\"2026-11-25T08:12:48.066+08"
    ":00\",\"kid\":\"evidence-seal-ed25519-1\",\"pem\":\"-----BEGIN PUBLIC KEY-----\\nMCowBQYDK2VwAyEAxp"
    "/VoyWHIG9aCCrXGUzrXNz4f/piXnyQ+UEv4GyRlbM=\\n-----END PUBLIC KEY-----\\n\",\"until\":null,\"use\""
    ":\"seal\"},{\"alg\":\"SM2-SM3\",\"from\":\"2026-11-25T08:12:48.066+08:00\",\"kid\":\"evidence-checkpoin"
    "t-sm2-1\",\"pem\":\"-----BEGIN PUBLIC KEY-----\\nMFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAEttxAdVX1sN"
    "O5S+WHpbf9yh7vCF7K\\nM52JLPOGNKEeLJ+DzoNYeELEFsI0u4BiBqYjcReVILI3mWcQa1L9Y+1JKw==\\n-----END"
    " PUBLIC KEY-----\\n\",\"until\":null,\"use\":\"checkpoint\"},{\"alg\":\"EdDSA\",\"from\":\"2026-11-25T08:"
    "12:48.066+08:00\",\"kid\":\"evidence-checkpoint-ed25519-1\",\"pem\":\"-----BEGIN PUBLIC KEY-----\\n"
    "MCowBQYDK2VwAyEAM4Bx+/axnXxE0/5M86Px5240q9YyNbXdVEdDrGvbtqk=\\n-----END PUBLIC KEY-----\\n\","
    "\"until\":null,\"use\":\"checkpoint\"}]}";

/* SHA-256 over the canonical content of what was signed, without the answer, which a proof may leave out. */
static const char *const SIGNED[] = {
    "7a9e899ebb5a0af14552ee80be52ba49b4d817b3ff63fb5c4d824398fe7447a6",
    "50d9ad09065dcc44334eaf6c5c149e04e7dece8d69247105060f2eb4e62bca44",
    "3f50292a17c231c6cf327e7317c1c30e6cbc7055c6e10bf7e3b5dc895777cce4",
    "73f23753beefcd2ead60467ce52d08ca5ab76888f9e7db5ce356cf946be734be",
    "5bc59372b090c97bd3af50d199690c6074471522b2e389941edbb8baea7a8f05",
};

static struct keyring *keys;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct error err;

    (void)argc;
    (void)argv;
    FUZZ_CHECK(keyring_parse_public(span_of(PUBLIC_KEYS), &keys, &err), "%s", err.text);
    return 0;
}

static void digest_content(json_t *content, struct buf *hex)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    uint8_t digest[32];
    struct error err;

    json_object_del(content, "answer");
    FUZZ_CHECK(json_canonical_add(content, &text, &err), "%s", err.text);
    digest_sha256(buf_span(&text), digest);
    hex_add(hex, digest, sizeof digest);
}

static bool was_signed(const struct buf *hex)
{
    for (size_t i = 0; i < COUNT_OF(SIGNED); i++) {
        if (strcmp(SIGNED[i], hex->data) == 0)
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(buf_done) struct buf hex = BUF_INIT;
    AUTO(json_release) json_t *report = NULL;
    struct error err = {.code = ERR_NONE};
    int status = verify_bytes(fuzz_span(data, size), keys, &report, &err);

    FUZZ_CHECK((status == CLI_OK) == json_bool_of(report, "good", false), "the report says otherwise");
    FUZZ_CHECK(status == CLI_OK || err.code != ERR_NONE, "refused without a word");
    if (status != CLI_OK)
        return 0;
    digest_content(json_object_get(report, "content"), &hex);
    FUZZ_CHECK(was_signed(&hex), "forged: %s", hex.data);
    return 0;
}
