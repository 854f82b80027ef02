/* JSON Web Signatures (keys/jws.h) and public keyrings. The keys are those of RFC 7515 A.3 and RFC 8037 A, whose signed
 * texts are among the seeds: whatever is made of these, nothing verifies but the payloads that were signed. */
#include "fuzz.h"

#include "base/encode.h"
#include "base/text.h"
#include "keys/jws.h"

static const char P256_POINT[] = "047fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445"
                                 "c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad";
static const char ED25519_POINT[] = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
static const char P256_PAYLOAD[] = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
static const char ED25519_PAYLOAD[] = "Example of Ed25519 signing";

static struct key *keys[2];

static void make_key(enum key_algorithm algorithm, const char *hex, const char *id, struct key **out)
{
    AUTO(buf_done) struct buf point = BUF_INIT;
    struct error err;

    FUZZ_CHECK(hex_decode(span_of(hex), &point) && key_from_public(algorithm, buf_span(&point), id, out, &err), "%s",
               id);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    make_key(KEY_P256, P256_POINT, "p", &keys[0]);
    make_key(KEY_ED25519, ED25519_POINT, "e", &keys[1]);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(keyring_free) struct keyring *keyring = NULL;
    AUTO(buf_done) struct buf json = BUF_INIT;
    struct error err;

    for (size_t i = 0; i < 4; i++) {
        AUTO(buf_done) struct buf payload = BUF_INIT;
        const struct jws_trust trust = {.key = keys[i % 2]};
        bool is_good = i < 2 ? jws_verify_compact(fuzz_span(data, size), &trust, &payload, &err)
                             : jws_verify_general(fuzz_span(data, size), &trust, &payload, &err);

        FUZZ_CHECK(is_good || payload.bytes == 0, "a payload without belief");
        FUZZ_CHECK(!is_good || span_is(buf_span(&payload), i % 2 ? ED25519_PAYLOAD : P256_PAYLOAD), "forged: %s",
                   buf_text(&payload));
    }
    if (keyring_parse_public(fuzz_span(data, size), &keyring, &err))
        FUZZ_CHECK(keyring_public_json(keyring, &json, &err), "%s", err.text);
    return 0;
}
