#include "tests/unit/keys/vectors.h"

static struct error err;

static const char *const ED25519_PUBLIC = "-----BEGIN PUBLIC KEY-----\n"
                                          "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                                          "-----END PUBLIC KEY-----\n";

static struct key *made(enum key_algorithm algorithm)
{
    struct key *key = NULL;

    cr_assert(key_generate(algorithm, "k", &key, &err), "%s", err.text);
    return key;
}

static void assert_not_parsed(struct span pem)
{
    struct key *key = NULL;

    cr_assert_not(key_parse(pem, "k", &key, &err), "%.*s", (int)pem.bytes, pem.at);
    cr_assert(err.code == ERR_INVALID || err.code == ERR_LIMIT);
    cr_assert_null(key);
}

Test(key, garbage_is_no_pem)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    assert_not_parsed(SPAN_NONE);
    assert_not_parsed(SPAN("garbage"));
    assert_not_parsed(SPAN("-----BEGIN PRIVATE KEY-----\n"));
    assert_not_parsed(SPAN("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
    assert_not_parsed(SPAN("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
    buf_add_text(&text, ED25519_PUBLIC);
    for (size_t bytes = 0; bytes < text.bytes - 2; bytes++)
        assert_not_parsed((struct span){text.data, bytes});
    buf_add_text(&text, ED25519_PUBLIC);
    assert_not_parsed(buf_span(&text));
    buf_reserve(&text, 20000);
    while (text.bytes < 20000)
        buf_add_byte(&text, '\n');
    assert_not_parsed(buf_span(&text));
}

Test(key, keys_of_other_kinds_are_refused)
{
    /* P-384, RSA and an encrypted PKCS#8 envelope. */
    assert_not_parsed(SPAN("-----BEGIN PUBLIC KEY-----\n"
                           "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEvc8Wibu2TuctzvEsUPkpMXInkauKP7D9\n"
                           "td6sfMxmHYm6sEtcwF3KeuSx+lPL+es4mWh02kU9BpoNCMaMAcxa9GdXpMYPpROm\n"
                           "TQIK9bmCbkln98hlMKpMvNXBAgxjMv5m\n"
                           "-----END PUBLIC KEY-----\n"));
    cr_assert_not_null(strstr(err.text, "neither an SM2"), "%s", err.text);
    assert_not_parsed(SPAN("-----BEGIN PUBLIC KEY-----\n"
                           "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC/GOHs/bbnkalnw2a4IRovc692\n"
                           "aY6CKnNaSXAZPyrfuWT1tk2Fo6dmxu9iKIL6MyxJWdxLcfwwf/BKf1x2lXeDq60F\n"
                           "vmM0Co8pdNODW49V3Xn9jPj4temG/ggf0HXvR+4dCgapMMkAV4IvjPPIOm9WI/AS\n"
                           "3DUV4BdvOihHrs0DCQIDAQAB\n"
                           "-----END PUBLIC KEY-----\n"));
    cr_assert_not_null(strstr(err.text, "neither an SM2"), "%s", err.text);
    assert_not_parsed(SPAN("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGj\n-----END ENCRYPTED PRIVATE KEY-----\n"));
}

Test(key, an_id_is_short_plain_text)
{
    static const char *const BAD[] = {NULL,   "",
                                      "a b",  "a\"b",
                                      "a\\b", "\xe9\x92\xa5",
                                      "a\nb", "0123456789012345678901234567890123456789012345678901234567890123"};
    struct key *key = NULL;

    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        cr_assert_not(key_generate(KEY_ED25519, BAD[i], &key, &err));
        cr_assert_not(key_parse(span_of(ED25519_PUBLIC), BAD[i], &key, &err));
        cr_assert_eq(err.code, ERR_INVALID);
    }
}

Test(key, small_order_and_non_canonical_ed25519_keys_are_refused)
{
    static const char *const BAD[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f70751",
    };

    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        AUTO(buf_done) struct buf bytes = BUF_INIT;
        struct key *key = NULL;

        cr_assert(hex_decode(span_of(BAD[i]), &bytes));
        cr_assert_not(key_from_public(KEY_ED25519, buf_span(&bytes), "k", &key, &err), "%s", BAD[i]);
    }
}

Test(key, a_public_half_does_not_sign_and_has_no_private_pem)
{
    AUTO(key_free) struct key *key = NULL;
    AUTO(buf_done) struct buf out = BUF_INIT;

    cr_assert(key_parse(span_of(ED25519_PUBLIC), "k", &key, &err), "%s", err.text);
    cr_assert_not(key_is_private(key));
    cr_assert_not(key_sign(key, SPAN("m"), &out, &err));
    cr_assert_not(key_private_pem(key, &out, &err));
    cr_assert_eq(out.bytes, 0);
}

Test(key, another_key_another_message_or_a_changed_signature_is_corrupt)
{
    for (int i = 0; i < KEY_ALGORITHM_COUNT; i++) {
        AUTO(key_free) struct key *key = made((enum key_algorithm)i);
        AUTO(key_free) struct key *other = made((enum key_algorithm)i);
        AUTO(buf_done) struct buf signature = BUF_INIT;

        cr_assert(key_sign(key, SPAN("message"), &signature, &err), "%s", err.text);
        cr_assert_not(key_verify(other, SPAN("message"), buf_span(&signature), &err));
        cr_assert_eq(err.code, ERR_CORRUPT);
        cr_assert_not(key_verify(key, SPAN("messagf"), buf_span(&signature), &err));
        for (size_t bytes = 0; bytes < signature.bytes; bytes++)
            cr_assert_not(key_verify(key, SPAN("message"), (struct span){signature.data, bytes}, &err));
        for (size_t bit = 0; bit < signature.bytes * 8; bit++) {
            signature.data[bit / 8] = (char)(signature.data[bit / 8] ^ (1 << bit % 8));
            cr_assert_not(key_verify(key, SPAN("message"), buf_span(&signature), &err));
            signature.data[bit / 8] = (char)(signature.data[bit / 8] ^ (1 << bit % 8));
        }
        cr_assert(key_verify(key, SPAN("message"), buf_span(&signature), &err), "%s", err.text);
        buf_add_byte(&signature, 0);
        cr_assert_not(key_verify(key, SPAN("message"), buf_span(&signature), &err));
    }
}

Test(key, an_sm2_signature_counts_under_the_usual_identifier_only)
{
    AUTO(key_free) struct key *key = made(KEY_SM2);
    AUTO(buf_done) struct buf signature = BUF_INIT;

    cr_assert(key_sign(key, SPAN("m"), &signature, &err), "%s", err.text);
    cr_assert_not(key_verify_sm2_with_id(key, SPAN_NONE, SPAN("m"), buf_span(&signature), &err));
    cr_assert_not(key_verify_sm2_with_id(key, SPAN("1234567812345679"), SPAN("m"), buf_span(&signature), &err));
    cr_assert(key_verify_sm2_with_id(key, SPAN(KEY_SM2_ID), SPAN("m"), buf_span(&signature), &err), "%s", err.text);
}

Test(key, every_kind_survives_pem)
{
    for (int i = 0; i < KEY_ALGORITHM_COUNT; i++) {
        AUTO(key_free) struct key *key = made((enum key_algorithm)i);
        AUTO(key_free) struct key *private_again = NULL;
        AUTO(key_free) struct key *public_again = NULL;
        AUTO(buf_wipe_done) struct buf private_pem = BUF_INIT;
        AUTO(buf_done) struct buf public_pem = BUF_INIT;
        AUTO(buf_done) struct buf signature = BUF_INIT;

        cr_assert(key_private_pem(key, &private_pem, &err), "%s", err.text);
        cr_assert(key_public_pem(key, &public_pem, &err), "%s", err.text);
        cr_assert(key_parse(buf_span(&private_pem), "a", &private_again, &err), "%s", err.text);
        cr_assert(key_parse(buf_span(&public_pem), "b", &public_again, &err), "%s", err.text);
        cr_assert_eq(key_algorithm_of(public_again), (enum key_algorithm)i);
        cr_assert(key_is_private(private_again));
        cr_assert(key_sign(private_again, SPAN(""), &signature, &err), "%s", err.text);
        cr_assert(key_verify(public_again, SPAN(""), buf_span(&signature), &err), "%s", err.text);
    }
}

Test(key, signs_the_same_key_a_thousand_times_in_canonical_form)
{
    AUTO(key_free) struct key *sm2 = made(KEY_SM2);
    AUTO(key_free) struct key *p256 = made(KEY_P256);

    for (int i = 0; i < 1000; i++) {
        AUTO(buf_done) struct buf signature = BUF_INIT;

        cr_assert(key_sign(p256, SPAN("m"), &signature, &err), "%s", err.text);
        cr_assert_eq(signature.bytes, 64);
        cr_assert(key_verify(p256, SPAN("m"), buf_span(&signature), &err), "%s", err.text);
        buf_clear(&signature);
        cr_assert(i % 10 || key_sign(sm2, SPAN("m"), &signature, &err), "%s", err.text);
        cr_assert(i % 10 || key_verify(sm2, SPAN("m"), buf_span(&signature), &err), "%s", err.text);
    }
}
