#include "gateway/journal/proof.h"

#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "base/text.h"
#include "base/walk.h"
#include "keys/digest.h"

#define PROOF_HEAD "c2sp.org/tlog-proof@v1\n"
#define PROOF_INDEX "index "

/* --- writing --- */

static void add_tlog_proof(const struct proof *proof, struct buf *out)
{
    buf_addf(out, PROOF_HEAD PROOF_INDEX "%llu\n", (unsigned long long)proof->index);
    for (size_t at = 0; at < proof->path.bytes; at += MERKLE_HASH_BYTES) {
        base64_add(out, proof->path.at + at, MERKLE_HASH_BYTES);
        buf_add_byte(out, '\n');
    }
    buf_add_byte(out, '\n');
    buf_add_span(out, proof->checkpoint);
}

void proof_format(const struct proof *proof, struct buf *out)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    add_tlog_proof(proof, &text);
    buf_clear(out);
    buf_add_byte(out, '{');
    if (proof->answer.bytes > 0) {
        buf_add_text(out, "\"answer\":");
        json_string_add(out, proof->answer);
        buf_add_byte(out, ',');
    }
    buf_add_text(out, "\"entry\":");
    json_string_add(out, proof->entry);
    buf_add_text(out, ",\"kind\":\"" PROOF_KIND "\",\"proof\":");
    json_string_add(out, buf_span(&text));
    buf_add_byte(out, '}');
}

/* --- reading --- */

static bool fail_form(struct error *err, const char *what)
{
    return fail(err, ERR_INVALID, "no proof: %s", what);
}

/* Takes a line off the front of `text`. */
static bool take_line(struct span *text, struct span *line)
{
    const char *end = text->bytes ? memchr(text->at, '\n', text->bytes) : NULL;

    if (!end)
        return false;
    *line = (struct span){text->at, (size_t)(end - text->at)};
    *text = (struct span){end + 1, text->bytes - line->bytes - 1};
    return true;
}

/* Decimal without leading zeroes. */
static bool parse_index(struct span line, uint64_t *index)
{
    struct span digits;
    int64_t number;

    if (!span_starts(line, PROOF_INDEX))
        return false;
    digits = (struct span){line.at + strlen(PROOF_INDEX), line.bytes - strlen(PROOF_INDEX)};
    if (!integer_parse(digits, &number) || (digits.bytes > 1 && digits.at[0] == '0'))
        return false;
    *index = (uint64_t)number;
    return true;
}

/* `path` gets the hashes; `checkpoint` is what follows the empty line. */
static bool parse_tlog_proof(struct span text, struct proof *out, struct buf *path, struct error *err)
{
    struct span line;

    if (!span_starts(text, PROOF_HEAD) || !take_line(&text, &line))
        return fail_form(err, "it does not begin with " PROOF_HEAD);
    if (!take_line(&text, &line) || !parse_index(line, &out->index))
        return fail_form(err, "the second line is no index");
    while (take_line(&text, &line) && line.bytes > 0) {
        AUTO(buf_done) struct buf hash = BUF_INIT;

        if (path->bytes >= PROOF_PATH_MAX * MERKLE_HASH_BYTES)
            return fail_form(err, "the path is too long");
        if (!base64_decode(line, &hash) || !merkle_path_add(path, buf_span(&hash), NULL))
            return fail_form(err, "a hash is not 32 bytes in Base64");
    }
    if (text.bytes == 0)
        return fail_form(err, "there is no checkpoint");
    out->checkpoint = text;
    return true;
}

/* The members as texts; no other may be there. */
static bool read_members(const json_t *json, const char **entry, const char **answer, const char **proof)
{
    const char *kind = json_text_of(json, "kind");

    *entry = json_text_of(json, "entry");
    *answer = json_text_of(json, "answer");
    *proof = json_text_of(json, "proof");
    if (!kind || strcmp(kind, PROOF_KIND) != 0 || !*entry || !*proof)
        return false;
    if (!*answer && json_object_get(json, "answer"))
        return false;
    return json_object_size(json) == (*answer ? 4 : 3);
}

/* Texts go into `hold` one behind the other; it must not grow afterwards. */
static struct span keep(struct buf *hold, const void *bytes, size_t count)
{
    size_t at = hold->bytes;

    buf_add(hold, bytes, count);
    return (struct span){hold->data + at, count};
}

static bool parse(struct span json_text, struct proof *out, struct buf *hold, struct error *err)
{
    AUTO(json_release) json_t *json = NULL;
    AUTO(buf_done) struct buf path = BUF_INIT;
    const char *entry, *answer, *proof;

    if (!json_read(json_text, PROOF_BYTES_MAX, &json, err))
        return false;
    if (!read_members(json, &entry, &answer, &proof))
        return fail_form(err, "it is no JSON object of kind " PROOF_KIND);
    if (!parse_tlog_proof(span_of(proof), out, &path, err))
        return false;
    buf_clear(hold);
    buf_reserve(hold, strlen(entry) + (answer ? strlen(answer) : 0) + path.bytes + out->checkpoint.bytes + 1);
    out->checkpoint = keep(hold, out->checkpoint.at, out->checkpoint.bytes);
    out->entry = keep(hold, entry, strlen(entry));
    out->answer = answer ? keep(hold, answer, strlen(answer)) : SPAN_NONE;
    out->path = keep(hold, path.data, path.bytes);
    return true;
}

static bool verify_inclusion(const struct proof *proof, const struct checkpoint *head, struct error *err)
{
    AUTO(merkle_hasher_free) struct merkle_hasher *hasher = merkle_hasher_new();
    uint8_t leaf[MERKLE_HASH_BYTES];
    struct merkle_inclusion inclusion = {
        .index = proof->index, .end = head->size, .leaf = {(const char *)leaf, sizeof leaf}, .path = proof->path};

    merkle_leaf(hasher, proof->entry, leaf);
    return merkle_inclusion_verify(&inclusion, (struct span){(const char *)head->root, sizeof head->root}, err);
}

static bool verify_answer(const struct proof *proof, struct error *err)
{
    AUTO(buf_done) struct buf hex = BUF_INIT;
    uint8_t digest[32];

    if (proof->answer.bytes == 0)
        return true;
    digest_sha256(proof->answer, digest);
    hex_add(&hex, digest, sizeof digest);
    return span_equal(walk_plain_of(proof->entry, "answer_sha256"), buf_span(&hex)) ||
           fail(err, ERR_CORRUPT, "the answer is not the one that the entry speaks of");
}

bool proof_verify(struct span json, const struct keyring *keys, struct proof *out, struct checkpoint_proof *head,
                  struct buf *hold, struct error *err)
{
    struct proof proof = {.index = 0};
    struct checkpoint_proof signed_head;
    AUTO(text_free) char *origin = NULL;

    if (!parse(json, &proof, hold, err))
        return false;
    origin = memory_copy_span(checkpoint_origin(proof.checkpoint));
    if (!checkpoint_verify(proof.checkpoint, origin, keys, &signed_head, err) ||
        !verify_inclusion(&proof, &signed_head.checkpoint, err) || !verify_answer(&proof, err))
        return false;
    *out = proof;
    *head = signed_head;
    return true;
}
