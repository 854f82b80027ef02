#include "gateway/journal/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "keys/digest.h"

#define DASH "\xe2\x80\x94 " /* em dash and space */
enum { KEY_HASH_BYTES = 4 };

/* One signature type of ours: what stands between the name and the key in the hash, and how long the key is. */
static const struct signature_type {
    enum key_algorithm algorithm;
    struct span type;
    size_t key_bytes;
} TYPES[] = {
    {KEY_ED25519, {"\x01", 1}, 32},
    {KEY_SM2, {"\xff" CHECKPOINT_SM2_TYPE, sizeof CHECKPOINT_SM2_TYPE}, 65},
};

/* White space beyond ASCII, which key names must not hold. U+2000 to U+200A are told apart in is_good_name. */
static const char *const WIDE_SPACES[] = {"\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\xa8",
                                          "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};

static bool is_good_name(struct span name)
{
    if (name.bytes == 0 || name.bytes >= CHECKPOINT_ORIGIN_BYTES || !utf8_is_valid(name, NULL))
        return false;
    for (size_t i = 0; i < name.bytes; i++) {
        struct span rest = {name.at + i, name.bytes - i};
        uint8_t byte = (uint8_t)name.at[i];

        if (byte <= ' ' || byte == 0x7f || byte == '+')
            return false;
        if (span_starts(rest, "\xe2\x80") && (uint8_t)rest.at[2] >= 0x80 && (uint8_t)rest.at[2] <= 0x8a)
            return false;
        for (size_t j = 0; j < COUNT_OF(WIDE_SPACES); j++)
            if (span_starts(rest, WIDE_SPACES[j]))
                return false;
    }
    return true;
}

/* The raw public key is the tail of its SubjectPublicKeyInfo (RFC 8410 section 4; GM/T 0009 section 7.1). */
static bool raw_public_key(const struct key *key, size_t bytes, struct buf *raw, struct error *err)
{
    AUTO(buf_done) struct buf pem = BUF_INIT;
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(buf_done) struct buf der = BUF_INIT;
    const char *line;

    if (!key_public_pem(key, &pem, err))
        return false;
    line = strchr(buf_text(&pem), '\n');
    for (; line && line[1] && line[1] != '-'; line = strchr(line + 1, '\n'))
        buf_add(&text, line + 1, strcspn(line + 1, "\n"));
    if (!base64_decode(buf_span(&text), &der) || der.bytes < bytes)
        return fail(err, ERR_INTERNAL, "%s: the public key cannot be read", key_id(key));
    buf_add(raw, der.data + der.bytes - bytes, bytes);
    return true;
}

static bool key_hash(const struct signature_type *type, struct span name, const struct key *key,
                     uint8_t hash[KEY_HASH_BYTES], struct error *err)
{
    AUTO(buf_done) struct buf all = BUF_INIT;
    uint8_t digest[32];

    buf_add_span(&all, name);
    buf_add_byte(&all, '\n');
    buf_add_span(&all, type->type);
    if (!raw_public_key(key, type->key_bytes, &all, err))
        return false;
    digest_sha256(buf_span(&all), digest);
    memcpy(hash, digest, KEY_HASH_BYTES);
    return true;
}

static void text_add(const struct checkpoint *checkpoint, struct buf *text)
{
    buf_addf(text, "%s\n%" PRIu64 "\n", checkpoint->origin, checkpoint->size);
    base64_add(text, checkpoint->root, sizeof checkpoint->root);
    buf_add_byte(text, '\n');
}

struct signing {
    const struct checkpoint *checkpoint;
    const struct keyring *keys;
    struct signer *signer;
    struct buf text;
};

static bool sign_line(const struct signing *signing, const struct signature_type *type, struct buf *note,
                      struct error *err)
{
    AUTO(buf_done) struct buf signature = BUF_INIT;
    char kid[KEY_ID_BYTES];
    uint8_t hash[KEY_HASH_BYTES];
    const struct key *key;

    buf_add(&signature, "\0\0\0\0", KEY_HASH_BYTES);
    if (!signer_sign(signing->signer, KEY_USE_CHECKPOINT, type->algorithm, buf_span(&signing->text), &signature, kid,
                     err))
        return false;
    key = keyring_find(signing->keys, kid);
    if (!key)
        return fail(err, ERR_UNAVAILABLE, "the signer used the key %s, which is not known here yet", kid);
    if (!key_hash(type, span_of(signing->checkpoint->origin), key, hash, err))
        return false;
    memcpy(signature.data, hash, sizeof hash);
    buf_addf(note, DASH "%s ", signing->checkpoint->origin);
    base64_add(note, signature.data, signature.bytes);
    buf_add_byte(note, '\n');
    return true;
}

bool checkpoint_sign(const struct checkpoint *checkpoint, const struct keyring *keys, struct signer *signer,
                     struct buf *note, struct error *err)
{
    struct signing signing = {checkpoint, keys, signer, BUF_INIT};
    AUTO(buf_done) struct buf lines = BUF_INIT;
    bool is_good = true;

    if (!is_good_name(span_of(checkpoint->origin)))
        return fail(err, ERR_INVALID, "the origin of a log holds no white space and no '+'");
    text_add(checkpoint, &signing.text);
    for (size_t i = 0; i < COUNT_OF(TYPES) && is_good; i++)
        is_good = sign_line(&signing, &TYPES[i], &lines, err);
    if (is_good) {
        buf_add_span(note, buf_span(&signing.text));
        buf_add_byte(note, '\n');
        buf_add_span(note, buf_span(&lines));
    }
    buf_done(&signing.text);
    return is_good || fail_in(err, "checkpoint");
}

static bool fail_note(struct error *err, const char *why)
{
    return fail(err, ERR_INVALID, "not a checkpoint: %s", why);
}

/* Take the next line, without its end. */
static bool next_line(struct span *rest, struct span *line)
{
    const char *end = rest->bytes ? memchr(rest->at, '\n', rest->bytes) : NULL;

    if (!end)
        return false;
    *line = (struct span){rest->at, (size_t)(end - rest->at)};
    *rest = (struct span){end + 1, rest->bytes - line->bytes - 1};
    return true;
}

static bool parse_size(struct span line, uint64_t *size)
{
    uint64_t value = 0;

    if (line.bytes == 0 || line.bytes > 20 || (line.at[0] == '0' && line.bytes > 1))
        return false;
    for (size_t i = 0; i < line.bytes; i++) {
        uint64_t digit = (uint64_t)(uint8_t)line.at[i] - '0';

        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *size = value;
    return true;
}

static bool parse_text(struct span text, struct checkpoint *out, struct error *err)
{
    AUTO(buf_done) struct buf root = BUF_INIT;
    struct span origin, size, hash;

    if (!next_line(&text, &origin) || !next_line(&text, &size) || !next_line(&text, &hash))
        return fail_note(err, "it has fewer than three lines");
    if (text.bytes > 0)
        return fail_note(err, "extension lines are not used here");
    if (!is_good_name(origin))
        return fail_note(err, "line 1 is no origin");
    if (!parse_size(size, &out->size))
        return fail_note(err, "line 2 is no size");
    if (!base64_decode(hash, &root) || root.bytes != MERKLE_HASH_BYTES)
        return fail_note(err, "line 3 is no root");
    memcpy(out->root, root.data, sizeof out->root);
    memcpy(out->origin, origin.at, origin.bytes);
    out->origin[origin.bytes] = '\0';
    return true;
}

/* The text with its last line end, and the signature lines behind the last empty line. */
static bool split_note(struct span note, struct span *text, struct span *lines, struct error *err)
{
    if (note.bytes > CHECKPOINT_NOTE_MAX)
        return fail(err, ERR_LIMIT, "a checkpoint has at most %d bytes", CHECKPOINT_NOTE_MAX);
    if (note.bytes == 0 || note.at[note.bytes - 1] != '\n' || !utf8_is_valid(note, NULL))
        return fail_note(err, "it is no text in UTF-8 that ends with a line");
    for (size_t i = 0; i < note.bytes; i++)
        if ((uint8_t)note.at[i] < ' ' && note.at[i] != '\n')
            return fail_note(err, "it holds control characters");
    for (size_t i = note.bytes - 1; i > 0; i--) {
        if (note.at[i] != '\n' || note.at[i - 1] != '\n')
            continue;
        *text = (struct span){note.at, i};
        *lines = (struct span){note.at + i + 1, note.bytes - i - 1};
        if (lines->bytes == 0)
            return fail_note(err, "it has no signature");
        return true;
    }
    return fail_note(err, "it has no signature");
}

struct signature_line {
    struct span name;
    struct buf bytes; /* key id and signature */
};

static bool parse_line(struct span line, struct signature_line *out, struct error *err)
{
    const char *space;

    buf_clear(&out->bytes);
    if (!span_starts(line, DASH))
        return fail_note(err, "a signature begins with a dash");
    line = (struct span){line.at + strlen(DASH), line.bytes - strlen(DASH)};
    space = line.bytes ? memchr(line.at, ' ', line.bytes) : NULL;
    if (!space)
        return fail_note(err, "a signature has a name and Base64");
    out->name = (struct span){line.at, (size_t)(space - line.at)};
    if (!is_good_name(out->name))
        return fail_note(err, "a signature's name holds white space or '+'");
    if (!base64_decode((struct span){space + 1, line.bytes - out->name.bytes - 1}, &out->bytes) ||
        out->bytes.bytes <= KEY_HASH_BYTES)
        return fail_note(err, "a signature is not in Base64");
    return true;
}

struct verifying {
    struct span text;
    const struct keyring *keys;
    struct checkpoint_proof *proof;
};

static bool is_key_of(const struct signature_line *line, const struct signature_type *type, const struct key *key)
{
    uint8_t hash[KEY_HASH_BYTES];

    return key_algorithm_of(key) == type->algorithm && key_hash(type, line->name, key, hash, NULL) &&
           memcmp(hash, line->bytes.data, sizeof hash) == 0;
}

static void note_signer(struct checkpoint_proof *proof, const struct key *key)
{
    bool is_sm2 = key_algorithm_of(key) == KEY_SM2;

    proof->has_sm2 |= is_sm2;
    proof->has_ed25519 |= !is_sm2;
    snprintf(is_sm2 ? proof->sm2_kid : proof->ed25519_kid, KEY_ID_BYTES, "%s", key_id(key));
}

/* A line of a key we know must verify. Key ids are short: another key with the same id gets its chance. */
static bool verify_line(const struct verifying *verifying, const struct signature_line *line, struct error *err)
{
    struct span signature = {line->bytes.data + KEY_HASH_BYTES, line->bytes.bytes - KEY_HASH_BYTES};
    const struct key *key;
    enum key_use use;
    bool is_known = false;

    for (size_t i = 0; (key = keyring_at(verifying->keys, i, &use)) != NULL; i++) {
        for (size_t j = 0; use == KEY_USE_CHECKPOINT && j < COUNT_OF(TYPES); j++) {
            if (!is_key_of(line, &TYPES[j], key))
                continue;
            is_known = true;
            if (!key_verify(key, verifying->text, signature, NULL))
                continue;
            note_signer(verifying->proof, key);
            return true;
        }
    }
    return !is_known || fail(err, ERR_CORRUPT, "the checkpoint has a bad signature");
}

static bool verify_lines(const struct verifying *verifying, struct span lines, struct error *err)
{
    struct signature_line line = {SPAN_NONE, BUF_INIT};
    struct span text;
    bool is_good = true;

    for (size_t count = 0; is_good && next_line(&lines, &text); count++) {
        if (count == CHECKPOINT_SIGNATURES_MAX)
            is_good = fail(err, ERR_LIMIT, "a checkpoint has at most %d signatures", CHECKPOINT_SIGNATURES_MAX);
        else if (!parse_line(text, &line, err))
            is_good = false;
        else if (span_is(line.name, verifying->proof->checkpoint.origin))
            is_good = verify_line(verifying, &line, err);
    }
    buf_done(&line.bytes);
    return is_good;
}

bool checkpoint_verify(struct span note, const char *origin, const struct keyring *keys, struct checkpoint_proof *out,
                       struct error *err)
{
    struct checkpoint_proof proof = {.has_ed25519 = false};
    struct verifying verifying = {.keys = keys, .proof = &proof};
    struct span lines;

    if (!split_note(note, &verifying.text, &lines, err) || !parse_text(verifying.text, &proof.checkpoint, err))
        return false;
    if (strcmp(proof.checkpoint.origin, origin) != 0)
        return fail(err, ERR_FORBIDDEN, "the checkpoint is of another log than %s", origin);
    if (!verify_lines(&verifying, lines, err))
        return false;
    if (!proof.has_ed25519 && !proof.has_sm2)
        return fail(err, ERR_FORBIDDEN, "nobody known here signed the checkpoint");
    *out = proof;
    return true;
}

struct span checkpoint_origin(struct span note)
{
    const char *end = note.bytes ? memchr(note.at, '\n', note.bytes) : NULL;

    return end ? (struct span){note.at, (size_t)(end - note.at)} : SPAN_NONE;
}
