/* The folder changes in one step: the key files are durable before keyring.json names them, and keyring.json itself is
 * replaced as a whole. A crash in between leaves a key file that nobody names. */
#include "keys/keyring.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "keys/keyring_internal.h"

enum { KEYRING_BYTES_MAX = 1024 * 1024, KEY_FILE_BYTES_MAX = 16 * 1024 };
static const char *const USE_NAMES[KEY_USE_COUNT] = {"seal", "push", "checkpoint", "answer"};

static const struct {
    enum key_use use;
    enum key_algorithm algorithm;
} FIRST_KEYS[] = {
    {KEY_USE_SEAL, KEY_SM2},       {KEY_USE_SEAL, KEY_ED25519},       {KEY_USE_PUSH, KEY_SM2},
    {KEY_USE_CHECKPOINT, KEY_SM2}, {KEY_USE_CHECKPOINT, KEY_ED25519}, {KEY_USE_ANSWER, KEY_P256},
    {KEY_USE_ANSWER, KEY_ED25519},
};

/* In file names and key ids. */
static const char *const SHORT_NAMES[KEY_ALGORITHM_COUNT] = {"sm2", "ed25519", "p256"};

const char *key_use_name(enum key_use use)
{
    return (size_t)use < COUNT_OF(USE_NAMES) ? USE_NAMES[use] : "";
}

static bool use_parse(const char *name, enum key_use *use)
{
    for (size_t i = 0; name && i < COUNT_OF(USE_NAMES); i++) {
        if (strcmp(USE_NAMES[i], name) == 0) {
            *use = (enum key_use)i;
            return true;
        }
    }
    return false;
}

void keyring_free(struct keyring *keyring)
{
    if (!keyring)
        return;
    for (size_t i = 0; i < keyring->count; i++)
        key_free(keyring->entries[i].key);
    text_free((char *)keyring);
}

bool keyring_is_plain_name(const char *name)
{
    static const char ALLOWED[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

    return name[0] != '\0' && name[0] != '.' && strlen(name) < KEYRING_FILE_NAME_MAX &&
           name[strspn(name, ALLOWED)] == '\0';
}

/* Where the bytes of a key come from: a file beside keyring.json, or the text in the public ring. */
struct source {
    const char *folder; /* NULL: the member "pem" */
};

static bool read_key_file(const char *folder, const char *file, struct buf *pem, struct error *err)
{
    AUTO(text_free) char *path = path_join(folder, file);
    struct stat info;

    if (lstat(path, &info) != 0)
        return fail(err, ERR_NOT_FOUND, "%s: the keyring names it, but it is not there", path);
    if (!S_ISREG(info.st_mode) || (info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(err, ERR_FORBIDDEN, "%s: a key is a plain file that only its owner may read (mode 0600, not %04o)",
                    path, (unsigned)(info.st_mode & 07777));
    return file_read(path, KEY_FILE_BYTES_MAX, pem, err);
}

static bool read_material(const json_t *item, const struct source *source, struct keyring_entry *entry,
                          struct error *err)
{
    AUTO(buf_wipe_done) struct buf pem = BUF_INIT;
    AUTO(key_free) struct key *key = NULL;
    const char *kid = json_text_of(item, "kid");
    const char *text = json_text_of(item, source->folder ? "file" : "pem");

    if (!kid || !text)
        return fail(err, ERR_INVALID, "\"kid\" and \"%s\" must be texts", source->folder ? "file" : "pem");
    if (source->folder) {
        if (!keyring_is_plain_name(text))
            return fail(err, ERR_INVALID, "\"file\" must be the name of a file in the folder");
        snprintf(entry->file, sizeof entry->file, "%s", text);
        if (!read_key_file(source->folder, text, &pem, err))
            return false;
    } else {
        buf_add_text(&pem, text);
    }
    if (!key_parse(buf_span(&pem), kid, &key, err))
        return false;
    if (key_is_private(key) != (source->folder != NULL))
        return fail(err, ERR_INVALID, "%s: a %s key is expected here", kid, source->folder ? "private" : "public");
    entry->key = TAKE(key);
    return true;
}

static bool read_instant(const json_t *item, const char *name, int64_t *instant_ms, struct error *err)
{
    const char *text = json_text_of(item, name);

    if (!text || !instant_parse(span_of(text), instant_ms))
        return fail(err, ERR_INVALID, "\"%s\" must be an instant like 2026-11-24T08:00:00.000+08:00", name);
    return true;
}

static bool read_entry(const json_t *item, const struct source *source, struct keyring_entry *entry, struct error *err)
{
    enum key_algorithm algorithm;

    if (!use_parse(json_text_of(item, "use"), &entry->use))
        return fail(err, ERR_INVALID, "\"use\" must be seal, push, checkpoint or answer");
    if (!key_algorithm_parse(json_text_of(item, "alg"), &algorithm))
        return fail(err, ERR_INVALID, "\"alg\" must be SM2-SM3, EdDSA or ES256");
    if (!read_instant(item, "from", &entry->from_ms, err))
        return false;
    entry->until_ms = FOREVER;
    /* null, written out: a forgotten "until" must not make a key eternal. */
    if (!json_is_null(json_object_get(item, "until")) && !read_instant(item, "until", &entry->until_ms, err))
        return false;
    if (entry->until_ms <= entry->from_ms)
        return fail(err, ERR_INVALID, "\"until\" must be after \"from\"");
    if (!read_material(item, source, entry, err))
        return false;
    if (key_algorithm_of(entry->key) != algorithm) {
        key_free(TAKE(entry->key));
        return fail(err, ERR_INVALID, "the key is not of the algorithm that \"alg\" names");
    }
    return true;
}

static bool parse_ring(struct span json, const struct source *source, struct keyring **out, struct error *err)
{
    AUTO(keyring_free) struct keyring *keyring = NULL;
    AUTO(json_release) json_t *whole = NULL;
    const json_t *keys;
    const json_t *item;
    size_t i;

    if (!json_read(json, KEYRING_BYTES_MAX, &whole, err))
        return false;
    keys = json_object_get(whole, "keys");
    if (!json_is_array(keys))
        return fail(err, ERR_INVALID, "a keyring is an object with a list \"keys\"");
    if (json_array_size(keys) > KEYRING_KEYS_MAX)
        return fail(err, ERR_LIMIT, "a keyring holds at most %d keys", KEYRING_KEYS_MAX);
    keyring = memory_new(sizeof *keyring);
    json_array_foreach(keys, i, item)
    {
        struct keyring_entry *entry = &keyring->entries[keyring->count];

        if (!read_entry(item, source, entry, err))
            return fail_in(err, "keys[%zu]", i);
        keyring->count++;
        if (keyring_find(keyring, key_id(entry->key)) != entry->key)
            return fail(err, ERR_INVALID, "keys[%zu]: two keys are called %s", i, key_id(entry->key));
    }
    *out = TAKE(keyring);
    return true;
}

bool keyring_load(const char *folder, struct keyring **out, struct error *err)
{
    AUTO(text_free) char *path = path_join(folder, "keyring.json");
    AUTO(buf_done) struct buf json = BUF_INIT;
    struct source source = {folder};

    if (!file_read(path, KEYRING_BYTES_MAX, &json, err))
        return false;
    if (!parse_ring(buf_span(&json), &source, out, err))
        return fail_in(err, "%s", path);
    return true;
}

bool keyring_parse_public(struct span json, struct keyring **out, struct error *err)
{
    struct source source = {NULL};

    return parse_ring(json, &source, out, err);
}

/* The members in the order of their names, so that the file is canonical but for white space. */
static void add_entry(const struct keyring_entry *entry, struct span pem, struct buf *out)
{
    char from[INSTANT_TEXT_BYTES];
    char until[INSTANT_TEXT_BYTES];

    buf_addf(out, "{\"alg\": \"%s\", ", key_algorithm_name(key_algorithm_of(entry->key)));
    if (!pem.bytes)
        buf_addf(out, "\"file\": \"%s\", ", entry->file);
    buf_addf(out, "\"from\": \"%s\", \"kid\": \"%s\", ", instant_format(entry->from_ms, from), key_id(entry->key));
    if (pem.bytes) {
        buf_add_text(out, "\"pem\": ");
        json_string_add(out, pem);
        buf_add_text(out, ", ");
    }
    if (entry->until_ms == FOREVER)
        buf_add_text(out, "\"until\": null, ");
    else
        buf_addf(out, "\"until\": \"%s\", ", instant_format(entry->until_ms, until));
    buf_addf(out, "\"use\": \"%s\"}", USE_NAMES[entry->use]);
}

static bool add_ring(const struct keyring *keyring, bool is_public, struct buf *out, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    buf_add_text(&text, "{\"keys\": [");
    for (size_t i = 0; i < keyring->count; i++) {
        AUTO(buf_done) struct buf pem = BUF_INIT;

        if (is_public && !key_public_pem(keyring->entries[i].key, &pem, err))
            return false;
        buf_add_text(&text, i ? ",\n " : "\n ");
        add_entry(&keyring->entries[i], buf_span(&pem), &text);
    }
    buf_add_text(&text, "\n]}\n");
    buf_add_span(out, buf_span(&text));
    return true;
}

bool keyring_public_json(const struct keyring *keyring, struct buf *out, struct error *err)
{
    return add_ring(keyring, true, out, err);
}

/* Every key that the file names is in the ring. */
static bool check_covers(const struct keyring *keyring, const char *path, struct span json, struct error *err)
{
    AUTO(keyring_free) struct keyring *old = NULL;

    if (!keyring_parse_public(json, &old, err))
        return fail_in(err, "%s", path);
    for (size_t i = 0; i < old->count; i++) {
        const char *kid = key_id(old->entries[i].key);

        if (!keyring_find(keyring, kid))
            return fail(err, ERR_CONFLICT, "%s: the key %s is not in the keyring", path, kid);
    }
    return true;
}

bool keyring_publish(const struct keyring *keyring, const char *path, struct error *err)
{
    AUTO(buf_done) struct buf before = BUF_INIT;
    AUTO(buf_done) struct buf json = BUF_INIT;

    if (!keyring_public_json(keyring, &json, err))
        return false;
    if (file_exists(path)) {
        if (!file_read(path, KEYRING_BYTES_MAX, &before, err))
            return false;
        if (span_equal(buf_span(&before), buf_span(&json)))
            return true;
        if (!check_covers(keyring, path, buf_span(&before), err))
            return false;
    }
    return file_write(path, buf_span(&json), 0644, err);
}

/* A new key, durable in the folder; the ring in memory names it, keyring.json not yet. */
bool keyring_add_key(struct keyring *keyring, const char *folder, const struct keyring_entry *wanted, const char *kid,
                     enum key_algorithm algorithm, struct error *err)
{
    AUTO(buf_wipe_done) struct buf pem = BUF_INIT;
    AUTO(key_free) struct key *key = NULL;
    AUTO(text_free) char *path = NULL;
    struct keyring_entry *entry = &keyring->entries[keyring->count];

    if (!key_generate(algorithm, kid, &key, err) || !key_private_pem(key, &pem, err))
        return false;
    *entry = *wanted;
    snprintf(entry->file, sizeof entry->file, "%s.pem", kid);
    path = path_join(folder, entry->file);
    if (!file_write(path, buf_span(&pem), 0600, err))
        return false;
    entry->key = TAKE(key);
    keyring->count++;
    return true;
}

bool keyring_save(const struct keyring *keyring, const char *folder, struct error *err)
{
    AUTO(text_free) char *path = path_join(folder, "keyring.json");
    AUTO(buf_done) struct buf json = BUF_INIT;

    return add_ring(keyring, false, &json, err) && file_write(path, buf_span(&json), 0600, err);
}

static void format_kid(char kid[KEY_ID_BYTES], const char *name, enum key_use use, enum key_algorithm algorithm,
                       unsigned number)
{
    snprintf(kid, KEY_ID_BYTES, "%s-%s-%s-%u", name, USE_NAMES[use], SHORT_NAMES[algorithm], number);
}

bool keyring_create(const char *folder, const char *name, int64_t now_ms, struct error *err)
{
    AUTO(keyring_free) struct keyring *keyring = memory_new(sizeof *keyring);
    AUTO(text_free) char *path = path_join(folder, "keyring.json");

    if (!keyring_is_plain_name(name) || strlen(name) > KEYRING_NAME_MAX)
        return fail(err, ERR_INVALID, "a keyring's name has 1 to %d of A-Z a-z 0-9 - _ . and begins with no dot",
                    KEYRING_NAME_MAX);
    if (file_exists(path))
        return fail(err, ERR_CONFLICT, "%s: there is a keyring already", path);
    if (!file_make_folder(folder, 0700, err))
        return false;
    for (size_t i = 0; i < COUNT_OF(FIRST_KEYS); i++) {
        struct keyring_entry wanted = {.use = FIRST_KEYS[i].use, .from_ms = now_ms, .until_ms = FOREVER};
        char kid[KEY_ID_BYTES];

        format_kid(kid, name, wanted.use, FIRST_KEYS[i].algorithm, 1);
        if (!keyring_add_key(keyring, folder, &wanted, kid, FIRST_KEYS[i].algorithm, err))
            return false;
    }
    return keyring_save(keyring, folder, err);
}

static bool is_in_force(const struct keyring_entry *entry, int64_t instant_ms)
{
    return entry->from_ms <= instant_ms && instant_ms < entry->until_ms;
}

const struct key *keyring_current(const struct keyring *keyring, enum key_use use, enum key_algorithm algorithm,
                                  int64_t now_ms)
{
    const struct keyring_entry *best = NULL;

    for (size_t i = 0; i < keyring->count; i++) {
        const struct keyring_entry *entry = &keyring->entries[i];

        if (entry->use == use && key_algorithm_of(entry->key) == algorithm && is_in_force(entry, now_ms) &&
            (!best || entry->from_ms >= best->from_ms))
            best = entry;
    }
    return best ? best->key : NULL;
}

const struct keyring_entry *keyring_entry(const struct keyring *keyring, const char *kid)
{
    for (size_t i = 0; kid && i < keyring->count; i++) {
        if (strcmp(key_id(keyring->entries[i].key), kid) == 0)
            return &keyring->entries[i];
    }
    return NULL;
}

const struct key *keyring_find(const struct keyring *keyring, const char *kid)
{
    const struct keyring_entry *entry = keyring_entry(keyring, kid);

    return entry ? entry->key : NULL;
}

const struct key *keyring_at(const struct keyring *keyring, size_t index, enum key_use *use)
{
    if (index >= keyring->count)
        return NULL;
    *use = keyring->entries[index].use;
    return keyring->entries[index].key;
}

bool keyring_was_valid(const struct keyring *keyring, const char *kid, enum key_use use, int64_t instant_ms)
{
    const struct keyring_entry *entry = keyring_entry(keyring, kid);

    return entry && entry->use == use && is_in_force(entry, instant_ms);
}

bool keyring_period(const struct keyring *keyring, const char *kid, int64_t *from_ms, int64_t *until_ms)
{
    const struct keyring_entry *entry = keyring_entry(keyring, kid);

    if (!entry)
        return false;
    *from_ms = entry->from_ms;
    *until_ms = entry->until_ms;
    return true;
}
