/* The signature vectors of the standards and of Wycheproof, one file a test. */
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include "keys/der.h"
#include "tests/unit/keys/vectors.h"

static struct error err;

/* The first example of GB/T 32918.5, whose random number is known: with that we cannot sign, but check r and s. */
Test(vectors, sm2_the_standards_signature_is_good)
{
    AUTO(json_release) json_t *file = vectors_shipped("gbt-32918-32905.json");
    const json_t *one = json_object_get(file, "sm2_sign");
    AUTO(buf_done) struct buf point = BUF_INIT;
    AUTO(buf_done) struct buf der = BUF_INIT;
    AUTO(buf_done) struct buf number = BUF_INIT;
    AUTO(key_free) struct key *key = NULL;
    uint8_t raw[PAIR_RAW_BYTES];
    uint8_t again[PAIR_DER_MAX];

    cr_assert(key_from_public(KEY_SM2, vectors_hex(one, "public_key", &point), "k", &key, &err), "%s", err.text);
    vectors_hex(one, "der", &der);
    cr_assert(key_verify(key, span_of(json_text_of(one, "message")), buf_span(&der), &err), "%s", err.text);
    cr_assert(pair_from_der(buf_span(&der), raw));
    cr_assert_arr_eq(raw, vectors_hex(one, "r", &number).at, 32);
    cr_assert_arr_eq(raw + 32, vectors_hex(one, "s", &number).at, 32);
    cr_assert_eq(pair_to_der(raw, again), der.bytes);
    cr_assert_arr_eq(again, der.data, der.bytes);
}

Test(vectors, sm2_all_51_verify_or_not_as_they_should)
{
    AUTO(json_release) json_t *file = vectors_shipped("sm2-verify.json");
    const json_t *list = json_object_get(file, "tests");

    cr_assert_eq(json_array_size(list), 51);
    for (size_t i = 0; i < 51; i++) {
        const json_t *one = json_array_get(list, i);
        AUTO(buf_done) struct buf point = BUF_INIT;
        AUTO(buf_done) struct buf id = BUF_INIT;
        AUTO(buf_done) struct buf message = BUF_INIT;
        AUTO(buf_done) struct buf signature = BUF_INIT;
        AUTO(key_free) struct key *key = NULL;
        bool is_good =
            key_from_public(KEY_SM2, vectors_hex(one, "public_key", &point), "k", &key, &err) &&
            key_verify_sm2_with_id(key, vectors_hex(one, "id_hex", &id), vectors_hex(one, "msg_hex", &message),
                                   vectors_hex(one, "sig_der", &signature), &err);

        cr_assert_eq(is_good, strcmp(json_text_of(one, "result"), "valid") == 0, "tcId %d: %s",
                     (int)json_integer_of(one, "tcId", 0), json_text_of(one, "comment"));
    }
}

/* The public point of a private number in hexadecimal. */
static void point_of(const char *number, char point[65])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_sm2);
    EC_POINT *at = EC_POINT_new(group);
    BIGNUM *x = NULL;

    cr_assert(BN_hex2bn(&x, number) > 0 && EC_POINT_mul(group, at, x, NULL, NULL, NULL) == 1);
    cr_assert_eq(EC_POINT_point2oct(group, at, POINT_CONVERSION_UNCOMPRESSED, (unsigned char *)point, 65, NULL), 65);
    BN_free(x);
    EC_POINT_free(at);
    EC_GROUP_free(group);
}

/* "Name = value" of the only block with the curve of GB/T 32918.5 and SM3. The other six have other curves, other
 * digests, or a digest for a message: not what we sign. OpenSSL's evppkey_sm2.txt has digests without Z throughout. */
static void read_botan(FILE *file, const char *name, char value[256])
{
    char line[1024];
    char format[64];

    snprintf(format, sizeof format, "%s = ", name);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = '\0';
        if (strncmp(line, format, strlen(format)) != 0)
            continue;
        cr_assert_lt(snprintf(value, 256, "%s", line + strlen(format)), 256);
        return;
    }
    cr_assert_fail("no %s", name);
}

Test(vectors, sm2_agrees_with_botan_on_our_curve)
{
    AUTO(key_free) struct key *key = NULL;
    AUTO(buf_done) struct buf message = BUF_INIT;
    AUTO(buf_done) struct buf raw = BUF_INIT;
    char path[TEST_PATH_BYTES];
    char value[256];
    char id[256];
    char point[65];
    uint8_t der[PAIR_DER_MAX];
    FILE *file;

    if (!test_data_path("vectors/sm/botan/sm2_sig.vec", path))
        cr_skip_test("the vectors are not on this machine");
    file = fopen(path, "r");
    cr_assert_not_null(file);
    do {
        read_botan(file, "Oid", value);
    } while (strcmp(value, "1.2.156.10197.1.301") != 0);
    read_botan(file, "Ident", id);
    read_botan(file, "Msg", value);
    cr_assert(hex_decode(span_of(value), &message));
    read_botan(file, "x", value);
    point_of(value + 2, point);
    read_botan(file, "Signature", value);
    fclose(file);
    cr_assert(hex_decode(span_of(value), &raw) && raw.bytes == PAIR_RAW_BYTES);
    cr_assert(key_from_public(KEY_SM2, (struct span){point, 65}, "k", &key, &err), "%s", err.text);
    cr_assert(key_verify_sm2_with_id(key, span_of(id), buf_span(&message),
                                     (struct span){(char *)der, pair_to_der((const uint8_t *)raw.data, der)}, &err),
              "%s", err.text);
}

typedef bool verifier(const struct key *key, struct span message, struct span signature, struct error *err);

struct suite {
    const char *path;
    const char *point; /* the member of publicKey with its bytes */
    enum key_algorithm algorithm;
    size_t count;
    verifier *verify;
};

static size_t run_group(const struct suite *suite, const json_t *group)
{
    const json_t *tests = json_object_get(group, "tests");
    AUTO(buf_done) struct buf point = BUF_INIT;
    AUTO(key_free) struct key *key = NULL;
    AUTO(key_free) struct key *from_pem = NULL;

    cr_assert(key_from_public(suite->algorithm, vectors_hex(json_object_get(group, "publicKey"), suite->point, &point),
                              "k", &key, &err),
              "%s", err.text);
    cr_assert(key_parse(span_of(json_text_of(group, "publicKeyPem")), "k", &from_pem, &err), "%s", err.text);
    for (size_t i = 0; i < json_array_size(tests); i++) {
        const json_t *one = json_array_get(tests, i);
        AUTO(buf_done) struct buf message = BUF_INIT;
        AUTO(buf_done) struct buf signature = BUF_INIT;
        bool is_valid = strcmp(json_text_of(one, "result"), "valid") == 0;

        vectors_hex(one, "msg", &message);
        vectors_hex(one, "sig", &signature);
        cr_assert_eq(suite->verify(key, buf_span(&message), buf_span(&signature), &err), is_valid, "tcId %d: %s",
                     (int)json_integer_of(one, "tcId", 0), json_text_of(one, "comment"));
        cr_assert_eq(suite->verify(from_pem, buf_span(&message), buf_span(&signature), &err), is_valid);
    }
    return json_array_size(tests);
}

static void run_suite(const struct suite *suite)
{
    AUTO(json_release) json_t *file = vectors_borrowed(suite->path);
    const json_t *groups = json_object_get(file, "testGroups");
    size_t count = 0;

    if (!file)
        cr_skip_test("the vectors are not on this machine");
    for (size_t i = 0; i < json_array_size(groups); i++)
        count += run_group(suite, json_array_get(groups, i));
    cr_assert_eq(count, suite->count);
}

Test(vectors, wycheproof_p256_raw_262)
{
    run_suite(&(struct suite){"vectors/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json", "uncompressed", KEY_P256,
                              262, key_verify});
}

Test(vectors, wycheproof_p256_der_484)
{
    run_suite(&(struct suite){"vectors/wycheproof/ecdsa_secp256r1_sha256_test.json", "uncompressed", KEY_P256, 484,
                              key_verify_p256_der});
}

Test(vectors, wycheproof_ed25519_151)
{
    run_suite(&(struct suite){"vectors/wycheproof/ed25519_test.json", "pk", KEY_ED25519, 151, key_verify});
}

static bool has_flag(const json_t *one, const char *name)
{
    const json_t *flags = json_object_get(one, "flags");

    for (size_t i = 0; i < json_array_size(flags); i++) {
        if (strcmp(json_string_value(json_array_get(flags, i)), name) == 0)
            return true;
    }
    return false;
}

/* The behaviour that key.h promises: the key neither of small order nor spelt in a second way, R spelt in its one way,
 * and the equation without the cofactor (so no residue of low order). A small-order R is no reason to refuse. */
Test(vectors, ed25519_edge_points_behave_as_key_h_says)
{
    static const char *const REASONS[] = {"low_order_A", "non_canonical_A", "non_canonical_R", "low_order_residue"};
    AUTO(json_release) json_t *list = vectors_borrowed("vectors/ed25519-cctv/ed25519vectors.json");
    size_t good = 0;

    if (!list)
        cr_skip_test("the vectors are not on this machine");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        AUTO(buf_done) struct buf point = BUF_INIT;
        AUTO(buf_done) struct buf signature = BUF_INIT;
        AUTO(key_free) struct key *key = NULL;
        bool is_expected = true;
        bool is_good = key_from_public(KEY_ED25519, vectors_hex(one, "key", &point), "k", &key, &err) &&
                       key_verify(key, span_of(json_text_of(one, "msg")), vectors_hex(one, "sig", &signature), &err);

        for (size_t j = 0; j < COUNT_OF(REASONS); j++)
            is_expected = is_expected && !has_flag(one, REASONS[j]);
        cr_assert_eq(is_good, is_expected, "number %d", (int)json_integer_of(one, "number", -1));
        good += is_good;
    }
    cr_assert_eq(json_array_size(list), 914);
    cr_assert_gt(good, 0);
    printf("ed25519-cctv: %zu of 914 verify\n", good);
}
