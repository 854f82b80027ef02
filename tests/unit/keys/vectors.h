/* vectors.h - reading test vectors. Anything wrong with a file fails the test. */
#ifndef TESTS_UNIT_KEYS_VECTORS_H
#define TESTS_UNIT_KEYS_VECTORS_H

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "base/text.h"
#include "keys/key.h"
#include "tests/support/support.h"

/* One that the project ships. */
static inline json_t *vectors_shipped(const char *name)
{
    char path[TEST_PATH_BYTES];
    struct error err;
    json_t *value = NULL;

    snprintf(path, sizeof path, "%s/tests/cases/vectors/%s", TEST_SOURCE, name);
    cr_assert(json_read_file(path, &value, &err), "%s", err.text);
    return value;
}

/* One that may not be copied; NULL when it is not on this machine. */
static inline json_t *vectors_borrowed(const char *name)
{
    char path[TEST_PATH_BYTES];
    struct error err;
    json_t *value = NULL;

    if (!test_data_path(name, path))
        return NULL;
    cr_assert(json_read_file(path, &value, &err), "%s", err.text);
    return value;
}

/* The bytes of a member in hexadecimal. */
static inline struct span vectors_hex(const json_t *object, const char *name, struct buf *out)
{
    const char *text = json_text_of(object, name);

    cr_assert_not_null(text, "%s", name);
    buf_clear(out);
    cr_assert(hex_decode(span_of(text), out), "%s", name);
    return buf_span(out);
}

/* A public key out of a JWK (RFC 7517, RFC 8037). The project itself reads no JWKs. False for a kind we do not have. */
static inline bool vectors_jwk(const json_t *jwk, struct key **out)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    const char *curve = json_text_of(jwk, "crv");
    const char *kid = json_text_of(jwk, "kid");
    bool is_p256 = curve && strcmp(curve, "P-256") == 0;
    struct error err;

    if (!is_p256 && (!curve || strcmp(curve, "Ed25519") != 0))
        return false;
    if (is_p256)
        buf_add_byte(&bytes, 4);
    cr_assert(base64url_decode(span_of(json_text_of(jwk, "x")), &bytes));
    cr_assert(!is_p256 || base64url_decode(span_of(json_text_of(jwk, "y")), &bytes));
    cr_assert(key_from_public(is_p256 ? KEY_P256 : KEY_ED25519, buf_span(&bytes), kid ? kid : "none", out, &err), "%s",
              err.text);
    return true;
}

#endif
