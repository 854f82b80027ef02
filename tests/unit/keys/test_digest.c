#include <stdlib.h>

#include "keys/digest.h"
#include "tests/unit/keys/vectors.h"

static struct error err;

static void assert_hex(const uint8_t digest[32], const char *expected)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;

    cr_assert(hex_decode(span_of(expected), &bytes));
    cr_assert_eq(bytes.bytes, 32);
    cr_assert_arr_eq(digest, bytes.data, 32, "%s", expected);
}

static void read_block(const char *text, uint8_t block[16])
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;

    cr_assert(hex_decode(span_of(text), &bytes) && bytes.bytes == 16);
    memcpy(block, bytes.data, 16);
}

Test(digest, sm4_refuses_what_it_did_not_encrypt)
{
    static const size_t LENGTHS[] = {0, 1, 15, 17, 31};
    const uint8_t key[16] = {1};
    const uint8_t other[16] = {2};
    const uint8_t iv[16] = {3};
    AUTO(buf_done) struct buf cipher = BUF_INIT;
    AUTO(buf_done) struct buf plain = BUF_INIT;

    cr_assert(sm4_encrypt(key, iv, SPAN("sixteen bytes 16, and then some"), &cipher, &err));
    cr_assert_eq(cipher.bytes, 32);
    for (size_t i = 0; i < COUNT_OF(LENGTHS); i++) {
        cr_assert_not(sm4_decrypt(key, iv, (struct span){cipher.data, LENGTHS[i]}, &plain, &err));
        cr_assert_eq(err.code, ERR_CORRUPT);
    }
    cr_assert_not(sm4_decrypt(other, iv, buf_span(&cipher), &plain, &err));
    cr_assert_eq(plain.bytes, 0);
}

/* GB/T 32907-2016 A.1: one block. With IV 0 the first CBC block is the plain block cipher. */
Test(digest, sm4_gives_the_example_of_the_standard)
{
    const uint8_t iv[16] = {0};
    uint8_t key[16];
    uint8_t expected[16];
    AUTO(buf_done) struct buf cipher = BUF_INIT;
    AUTO(buf_done) struct buf plain = BUF_INIT;

    read_block("0123456789abcdeffedcba9876543210", key);
    read_block("681edf34d206965e86b3e94f536e4246", expected);
    cr_assert(sm4_encrypt(key, iv, (struct span){(char *)key, 16}, &cipher, &err), "%s", err.text);
    cr_assert_eq(cipher.bytes, 32);
    cr_assert_arr_eq(cipher.data, expected, 16);
    cr_assert(sm4_decrypt(key, iv, buf_span(&cipher), &plain, &err), "%s", err.text);
    cr_assert_eq(plain.bytes, 16);
    cr_assert_arr_eq(plain.data, key, 16);
}

/* GB/T 32907-2016 A.2 encrypts a million times; a thousand blocks of CBC over zeros go the same way a thousand times:
 * the first block is E(IV), the next E(E(IV)), … */
Test(digest, sm4_a_million_times_gives_the_example_of_the_standard)
{
    enum { ROUNDS = 1000, BYTES = 16000 };
    uint8_t key[16];
    uint8_t block[16];
    uint8_t expected[16];
    AUTO(buf_done) struct buf zeros = BUF_INIT;

    read_block("0123456789abcdeffedcba9876543210", key);
    read_block("595298c7c6fd271f0402f804c33d3f66", expected);
    memcpy(block, key, 16);
    for (int i = 0; i < BYTES; i++)
        buf_add_byte(&zeros, 0);
    for (int i = 0; i < ROUNDS; i++) {
        AUTO(buf_done) struct buf cipher = BUF_INIT;

        cr_assert(sm4_encrypt(key, block, buf_span(&zeros), &cipher, &err), "%s", err.text);
        memcpy(block, cipher.data + BYTES - 16, 16);
    }
    cr_assert_arr_eq(block, expected, 16);
}

Test(digest, sm4_adds_a_whole_block_to_whole_blocks_and_to_nothing)
{
    const uint8_t key[16] = {1};
    const uint8_t iv[16] = {3};

    for (size_t bytes = 0; bytes < 70; bytes++) {
        AUTO(buf_done) struct buf cipher = BUF_INIT;
        AUTO(buf_done) struct buf plain = BUF_INIT;
        char text[70] = {0};

        buf_add_text(&cipher, "before");
        cr_assert(sm4_encrypt(key, iv, (struct span){text, bytes}, &cipher, &err), "%s", err.text);
        cr_assert_eq(cipher.bytes - 6, bytes / 16 * 16 + 16);
        cr_assert(sm4_decrypt(key, iv, (struct span){cipher.data + 6, cipher.bytes - 6}, &plain, &err), "%s", err.text);
        cr_assert_eq(plain.bytes, bytes);
    }
}

/* SP 800-38A F.1.1 and F.1.2: four blocks; the fifth is the padding, which that example has none of (openssl enc). */
static const char AES_KEY[] = "2b7e151628aed2a6abf7158809cf4f3c";
static const char AES_PLAIN[] = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                                "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
static const char AES_CIPHER[] = "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
                                 "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4"
                                 "a254be88e037ddd9d79fb6411c3f9df8";

Test(digest, aes_refuses_what_has_no_padding_or_another_key)
{
    static const size_t LENGTHS[] = {0, 1, 15, 16, 17, 32, 64, 79};
    const uint8_t other[16] = {3};
    uint8_t key[16];
    AUTO(buf_done) struct buf cipher = BUF_INIT;
    AUTO(buf_done) struct buf plain = BUF_INIT;

    read_block(AES_KEY, key);
    cr_assert(hex_decode(span_of(AES_CIPHER), &cipher));
    for (size_t i = 0; i < COUNT_OF(LENGTHS); i++) {
        cr_assert_not(aes_ecb_decrypt(key, (struct span){cipher.data, LENGTHS[i]}, &plain, &err), "%zu", LENGTHS[i]);
        cr_assert_eq(err.code, ERR_CORRUPT);
    }
    cr_assert_not(aes_ecb_decrypt(other, buf_span(&cipher), &plain, &err));
    while (cipher.bytes <= 4096)
        buf_add_byte(&cipher, 0);
    cr_assert_not(aes_ecb_decrypt(key, buf_span(&cipher), &plain, &err));
    cr_assert_eq(err.code, ERR_LIMIT);
    cr_assert_eq(plain.bytes, 0);
}

Test(digest, aes_gives_the_example_of_the_standard_and_nothing_from_padding_alone)
{
    uint8_t key[16];
    AUTO(buf_done) struct buf cipher = BUF_INIT;
    AUTO(buf_done) struct buf expected = BUF_INIT;
    AUTO(buf_done) struct buf plain = BUF_INIT;

    read_block(AES_KEY, key);
    cr_assert(hex_decode(span_of(AES_CIPHER), &cipher) && hex_decode(span_of(AES_PLAIN), &expected));
    buf_add_text(&plain, "before");
    cr_assert(aes_ecb_decrypt(key, buf_span(&cipher), &plain, &err), "%s", err.text);
    cr_assert_eq(plain.bytes, 6 + expected.bytes);
    cr_assert_arr_eq(plain.data + 6, expected.data, expected.bytes);
    buf_clear(&plain);
    cr_assert(aes_ecb_decrypt(key, (struct span){cipher.data + 64, 16}, &plain, &err), "%s", err.text);
    cr_assert_eq(plain.bytes, 0);
}

/* Written out, or a text to repeat. */
static struct span read_message(const json_t *one, struct buf *message)
{
    const json_t *repeat = json_object_get(one, "message_repeat");
    AUTO(buf_done) struct buf part = BUF_INIT;
    int64_t times = json_integer_of(repeat, "times", 0);

    if (!repeat)
        return vectors_hex(one, "message_hex", message);
    vectors_hex(repeat, "hex", &part);
    buf_clear(message);
    for (int64_t i = 0; i < times; i++)
        buf_add_span(message, buf_span(&part));
    return buf_span(message);
}

Test(digest, sm3_gives_the_standards_digests)
{
    AUTO(json_release) json_t *file = vectors_shipped("gbt-32918-32905.json");
    const json_t *list = json_object_get(file, "sm3");
    AUTO(buf_done) struct buf message = BUF_INIT;
    uint8_t digest[32];

    cr_assert_eq(json_array_size(list), 18);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);

        digest_sm3(read_message(one, &message), digest);
        assert_hex(digest, json_text_of(one, "digest"));
    }
}

/* A line "Name = value" of OpenSSL's and Botan's files. */
static bool read_line(char *line, const char *name, char **value)
{
    size_t bytes = strlen(name);

    if (strncmp(line, name, bytes) != 0 || strncmp(line + bytes, " = ", 3) != 0)
        return false;
    *value = line + bytes + 3;
    (*value)[strcspn(*value, "\r\n")] = '\0';
    return true;
}

static void read_value(const char *value, struct buf *out)
{
    buf_clear(out);
    if (value[0] == '"')
        buf_add(out, value + 1, strlen(value) - 2);
    else
        cr_assert(hex_decode(span_of(value), out), "%s", value);
}

/* Each file has its own names for the same three lines. */
struct names {
    const char *path;
    const char *key; /* NULL: a plain digest */
    const char *input;
    const char *output;
};

static size_t run_file(const struct names *names)
{
    AUTO(buf_done) struct buf key = BUF_INIT;
    AUTO(buf_done) struct buf input = BUF_INIT;
    AUTO(text_free) char *line = NULL;
    char path[TEST_PATH_BYTES];
    uint8_t digest[32];
    size_t room = 0;
    size_t count = 0;
    char *value;
    FILE *file;

    if (!test_data_path(names->path, path))
        cr_skip_test("the vectors are not on this machine");
    file = fopen(path, "r");
    cr_assert_not_null(file);
    while (getline(&line, &room, file) > 0) {
        /* OpenSSL's file ends with other digests. */
        if (strncmp(line, "Title = Case", 12) == 0)
            break;
        if (names->key && read_line(line, names->key, &value))
            read_value(value, &key);
        if (read_line(line, names->input, &value))
            read_value(value, &input);
        if (!read_line(line, names->output, &value))
            continue;
        if (names->key)
            digest_hmac_sm3(buf_span(&key), buf_span(&input), digest);
        else
            digest_sm3(buf_span(&input), digest);
        assert_hex(digest, value);
        count++;
    }
    fclose(file);
    return count;
}

Test(digest, sm3_agrees_with_openssls_file)
{
    cr_assert_gt(run_file(&(struct names){"vectors/sm/evp/evpmd_sm3.txt", NULL, "Input", "Output"}), 7);
}

Test(digest, sm3_agrees_with_botans_139)
{
    cr_assert_eq(run_file(&(struct names){"vectors/sm/botan/sm3.vec", NULL, "In", "Out"}), 139);
}

Test(digest, hmac_sm3_gives_the_examples_of_gmt_0042)
{
    cr_assert_eq(run_file(&(struct names){"vectors/sm/evp/evpmac_sm3.txt", "Key", "Input", "Output"}), 4);
}

/* RFC 4231, cases 1, 2, 3 and 6 (a key longer than a block). */
Test(digest, hmac_sha256_gives_the_examples_of_rfc_4231)
{
    char key[131];
    char data[50];
    uint8_t digest[32];

    memset(key, 0x0b, 20);
    digest_hmac_sha256((struct span){key, 20}, SPAN("Hi There"), digest);
    assert_hex(digest, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    digest_hmac_sha256(SPAN("Jefe"), SPAN("what do ya want for nothing?"), digest);
    assert_hex(digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    memset(data, 0xdd, sizeof data);
    digest_hmac_sha256((struct span){key, 20}, (struct span){data, 50}, digest);
    assert_hex(digest, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    digest_hmac_sha256((struct span){key, 131}, SPAN("Test Using Larger Than Block-Size Key - Hash Key First"), digest);
    assert_hex(digest, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    digest_hmac_sha256(SPAN_NONE, SPAN_NONE, digest);
    assert_hex(digest, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

Test(digest, sha256_over_parts_is_sha256_over_the_whole)
{
    const struct span parts[] = {SPAN("a"), SPAN_NONE, SPAN("bc")};
    uint8_t digest[32];

    digest_sha256_parts(parts, 3, digest);
    assert_hex(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_sha256(SPAN_NONE, digest);
    assert_hex(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

Test(digest, a_digester_can_be_used_again_and_again)
{
    AUTO(digester_free) struct digester *digester = digester_new();
    uint8_t digest[32];

    for (int i = 0; i < 3; i++) {
        digester_sha256(digester, SPAN("abc"), digest);
        assert_hex(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        digester_sha256(digester, SPAN_NONE, digest);
        assert_hex(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}

Test(digest, random_below_stays_below_and_reaches_everything)
{
    unsigned seen = 0;

    cr_assert_eq(random_below(0), 0);
    cr_assert_eq(random_below(1), 0);
    for (int i = 0; i < 2000; i++) {
        uint64_t drawn = random_below(10);

        cr_assert_lt(drawn, 10);
        seen |= 1U << drawn;
        cr_assert_lt(random_below((UINT64_MAX / 2) + 2), (UINT64_MAX / 2) + 2);
    }
    cr_assert_eq(seen, 0x3ff);
}
