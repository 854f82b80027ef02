/* OpenSSL's own ECDSA examples (evppkey_ecdsa.txt), as far as they are about P-256 with SHA-256, which we verify. Its
 * other blocks have other curves, or a SHA-1 digest for a message: of those, the shape of the signature is judged. */
#include "keys/der.h"
#include "tests/unit/keys/vectors.h"

static struct error err;

/* One block: lines "Name = value" up to an empty one. */
struct block {
    char kind[32]; /* the first name */
    char key[64];
    char digest[32];
    char input[256]; /* between its quotes */
    char output[256];
    bool is_good; /* no Result line */
};

/* What stands behind "= " or "=", without quotes. */
static void take_value(const char *line, char *out, size_t bytes)
{
    const char *at = strchr(line, '=') + 1;
    size_t length;

    at += strspn(at, " \"");
    length = strcspn(at, "\"\r\n");
    cr_assert_lt(length, bytes);
    memcpy(out, at, length);
    out[length] = '\0';
}

static void take_line(struct block *block, const char *line)
{
    if (strncmp(line, "Verify", 6) == 0 || strncmp(line, "Key", 3) == 0)
        take_value(line, block->key, sizeof block->key);
    if (strncmp(line, "DigestVerify", 12) == 0 || strncmp(line, "OneShotDigestVerify", 19) == 0)
        take_value(line, block->digest, sizeof block->digest);
    if (strncmp(line, "Input", 5) == 0)
        take_value(line, block->input, sizeof block->input);
    if (strncmp(line, "Output", 6) == 0)
        take_value(line, block->output, sizeof block->output);
    if (strncmp(line, "Result", 6) == 0)
        block->is_good = false;
}

/* False at the end of the file. The first name is the block's kind, but for the two that only say where it applies. */
static bool read_block(FILE *file, struct block *block)
{
    char line[4096];
    bool has_line = false;

    *block = (struct block){.is_good = true};
    while (fgets(line, sizeof line, file)) {
        if (line[0] == '\n' && has_line)
            return true;
        if (line[0] == '\n' || line[0] == '#' || strncmp(line, "Availablein", 11) == 0)
            continue;
        if (!has_line)
            snprintf(block->kind, sizeof block->kind, "%.*s", (int)strcspn(line, " =\n"), line);
        has_line = true;
        if (strchr(line, '='))
            take_line(block, line);
    }
    return has_line;
}

/* The PEM behind "PublicKey=P-256-PUBLIC". */
static void read_key(FILE *file, struct key **key)
{
    AUTO(buf_done) struct buf pem = BUF_INIT;
    char line[256];

    do
        cr_assert(fgets(line, sizeof line, file));
    while (strncmp(line, "PublicKey=P-256-PUBLIC", 22) != 0);
    while (fgets(line, sizeof line, file) && line[0] != '\n')
        buf_add_text(&pem, line);
    cr_assert(key_parse(buf_span(&pem), "k", key, &err), "%s", err.text);
}

/* Whether the message was signed so, by what OpenSSL's file says of a block about P-256 and SHA-256. */
static void judge_signature(const struct key *key, const struct block *block)
{
    AUTO(buf_done) struct buf signature = BUF_INIT;

    cr_assert(hex_decode(span_of(block->output), &signature));
    cr_assert_eq(key_verify_p256_der(key, span_of(block->input), buf_span(&signature), &err), block->is_good, "%s",
                 block->output);
    signature.data[signature.bytes - 1] ^= 1;
    cr_assert_not(key_verify_p256_der(key, span_of(block->input), buf_span(&signature), &err));
}

/* A signature with garbage behind it, or in BER, has no canonical shape; the others have. */
static void judge_shape(const struct block *block)
{
    AUTO(buf_done) struct buf signature = BUF_INIT;
    uint8_t raw[PAIR_RAW_BYTES];
    bool has_shape;

    cr_assert(hex_decode(span_of(block->output), &signature));
    has_shape = (uint8_t)signature.data[1] == signature.bytes - 2;
    cr_assert_eq(pair_from_der(buf_span(&signature), raw), has_shape, "%s", block->output);
    cr_assert(has_shape || !block->is_good, "%s", block->output);
}

Test(evp, openssl_examples_of_p256_verify_or_not_as_they_should)
{
    AUTO(key_free) struct key *key = NULL;
    char path[TEST_PATH_BYTES];
    struct block block;
    size_t signatures = 0;
    size_t shapes = 0;
    FILE *file;

    if (!test_data_path("vectors/sm/evp/evppkey_ecdsa.txt", path))
        cr_skip_test("the vectors are not on this machine");
    file = fopen(path, "r");
    cr_assert_not_null(file);
    read_key(file, &key);
    while (read_block(file, &block)) {
        if (strcmp(block.key, "P-256-PUBLIC") != 0 || block.output[0] == '\0')
            continue;
        if (strcmp(block.digest, "SHA256") == 0) {
            judge_signature(key, &block);
            signatures++;
        } else {
            judge_shape(&block);
            shapes++;
        }
    }
    fclose(file);
    cr_assert_eq(signatures, 2, "%zu", signatures);
    cr_assert_eq(shapes, 8, "%zu", shapes);
}
