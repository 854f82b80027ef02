#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "keys/keyring.h"
#include "tests/unit/keys/vectors.h"

static const int64_t NOW = 1780000000000;
static const int64_t DAY_MS = 86400000;

static char folder[TEST_PATH_BYTES];
static struct error err;

static void set_up(void)
{
    test_folder_new(folder);
}

static void tear_down(void)
{
    test_folder_remove(folder);
}

TestSuite(keyring, .init = set_up, .fini = tear_down);

static struct keyring *create_and_load(void)
{
    struct keyring *ring = NULL;

    cr_assert(keyring_create(folder, "gd", NOW, &err), "%s", err.text);
    cr_assert(keyring_load(folder, &ring, &err), "%s", err.text);
    return ring;
}

static void assert_not_loaded(enum error_code code)
{
    struct keyring *ring = NULL;

    cr_assert_not(keyring_load(folder, &ring, &err));
    cr_assert_eq(err.code, code, "%s", err.text);
    cr_assert_null(ring);
}

/* Put `text` where keyring.json stands. */
static void replace_ring(const char *text)
{
    AUTO(text_free) char *path = path_join(folder, "keyring.json");

    cr_assert(file_write(path, span_of(text), 0600, &err), "%s", err.text);
}

static void set_mode(const char *name, mode_t mode)
{
    AUTO(text_free) char *path = path_join(folder, name);

    cr_assert_eq(chmod(path, mode), 0);
}

Test(keyring, a_folder_without_one_is_not_found)
{
    assert_not_loaded(ERR_NOT_FOUND);
}

Test(keyring, a_second_one_in_the_same_folder_is_a_conflict)
{
    AUTO(keyring_free) struct keyring *again = NULL;

    keyring_free(create_and_load());
    cr_assert_not(keyring_create(folder, "other", NOW, &err));
    cr_assert_eq(err.code, ERR_CONFLICT);
    cr_assert(keyring_load(folder, &again, &err), "%s", err.text);
    cr_assert_not_null(keyring_find(again, "gd-seal-sm2-1"));
}

Test(keyring, a_name_that_is_no_file_name_is_refused)
{
    static const char *const BAD[] = {"", ".", "a/b", "../a", "a b", "粤", "123456789012345678901234567890123"};

    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        cr_assert_not(keyring_create(folder, BAD[i], NOW, &err), "%s", BAD[i]);
        cr_assert_eq(err.code, ERR_INVALID);
    }
}

Test(keyring, a_key_file_that_others_may_read_is_forbidden)
{
    keyring_free(create_and_load());
    set_mode("gd-seal-sm2-1.pem", 0640);
    assert_not_loaded(ERR_FORBIDDEN);
    set_mode("gd-seal-sm2-1.pem", 0604);
    assert_not_loaded(ERR_FORBIDDEN);
}

Test(keyring, a_link_instead_of_a_key_file_is_forbidden)
{
    AUTO(text_free) char *path = path_join(folder, "gd-seal-sm2-1.pem");
    AUTO(text_free) char *target = path_join(folder, "elsewhere");

    keyring_free(create_and_load());
    cr_assert_eq(rename(path, target), 0);
    cr_assert_eq(symlink(target, path), 0);
    assert_not_loaded(ERR_FORBIDDEN);
}

Test(keyring, a_missing_key_file_is_not_found)
{
    AUTO(text_free) char *path = path_join(folder, "gd-push-sm2-1.pem");

    keyring_free(create_and_load());
    cr_assert_eq(unlink(path), 0);
    assert_not_loaded(ERR_NOT_FOUND);
}

Test(keyring, a_key_file_with_garbage_is_invalid)
{
    AUTO(text_free) char *path = path_join(folder, "gd-push-sm2-1.pem");

    keyring_free(create_and_load());
    cr_assert(file_write(path, SPAN("garbage"), 0600, &err));
    assert_not_loaded(ERR_INVALID);
}

#define KEY_LINE(alg, file, from, kid, until)                                                                          \
    "{\"alg\": \"" alg "\", \"file\": \"" file "\", \"from\": \"" from "\", \"kid\": \"" kid "\", \"until\": " until   \
    ", \"use\": \"seal\"}"
#define WITHOUT_UNTIL                                                                                                  \
    "{\"alg\": \"SM2-SM3\", \"file\": \"gd-seal-sm2-1.pem\", \"from\": \"2026-01-01T00:00:00Z\", \"kid\": \"a\", "     \
    "\"use\": \"seal\"}"
#define GOOD_LINE KEY_LINE("SM2-SM3", "gd-seal-sm2-1.pem", "2026-01-01T00:00:00Z", "a", "null")

Test(keyring, a_ring_that_says_something_wrong_is_invalid)
{
    static const char *const BAD[] = {
        "",
        "[]",
        "{}",
        "{\"keys\": {}}",
        "{\"keys\": [1]}",
        "{\"keys\": [], \"keys\": []}",
        "{\"keys\": [" GOOD_LINE ", " GOOD_LINE "]}",
        "{\"keys\": [" KEY_LINE("EdDSA", "gd-seal-sm2-1.pem", "2026-01-01T00:00:00Z", "a", "null") "]}",
        "{\"keys\": [" KEY_LINE("none", "gd-seal-sm2-1.pem", "2026-01-01T00:00:00Z", "a", "null") "]}",
        "{\"keys\": [" KEY_LINE("SM2-SM3", "../gd-seal-sm2-1.pem", "2026-01-01T00:00:00Z", "a", "null") "]}",
        "{\"keys\": [" KEY_LINE("SM2-SM3", "", "2026-01-01T00:00:00Z", "a", "null") "]}",
        "{\"keys\": [" KEY_LINE("SM2-SM3", "gd-seal-sm2-1.pem", "yesterday", "a", "null") "]}",
        "{\"keys\": [" KEY_LINE("SM2-SM3", "gd-seal-sm2-1.pem", "2026-01-01T00:00:00Z", "", "null") "]}",
        "{\"keys\": [" KEY_LINE("SM2-SM3", "gd-seal-sm2-1.pem", "2026-01-01T00:00:00Z", "a", "7") "]}",
        "{\"keys\": [" KEY_LINE("SM2-SM3", "gd-seal-sm2-1.pem", "2026-01-01T00:00:00Z", "a",
                                "\"2026-01-01T00:00:00Z\"") "]}",
        "{\"keys\": [" WITHOUT_UNTIL "]}",
    };
    AUTO(keyring_free) struct keyring *good = NULL;

    keyring_free(create_and_load());
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        replace_ring(BAD[i]);
        assert_not_loaded(ERR_INVALID);
    }
    replace_ring("{\"keys\": [" GOOD_LINE "]}");
    cr_assert(keyring_load(folder, &good, &err), "%s", err.text);
}

Test(keyring, a_public_ring_with_a_private_key_is_refused)
{
    AUTO(keyring_free) struct keyring *ring = create_and_load();
    AUTO(keyring_free) struct keyring *public_ring = NULL;
    AUTO(buf_wipe_done) struct buf pem = BUF_INIT;
    AUTO(buf_wipe_done) struct buf json = BUF_INIT;

    cr_assert(key_private_pem(keyring_find(ring, "gd-seal-sm2-1"), &pem, &err), "%s", err.text);
    buf_add_text(&json,
                 "{\"keys\": [{\"alg\": \"SM2-SM3\", \"from\": \"2026-01-01T00:00:00Z\", \"kid\": \"a\", \"pem\": ");
    json_string_add(&json, buf_span(&pem));
    buf_add_text(&json, ", \"until\": null, \"use\": \"seal\"}]}");
    cr_assert_not(keyring_parse_public(buf_span(&json), &public_ring, &err));
    cr_assert_eq(err.code, ERR_INVALID);
}

Test(keyring, an_expired_key_neither_signs_nor_vouches)
{
    AUTO(keyring_free) struct keyring *ring = NULL;
    int64_t from_ms, until_ms;

    keyring_free(create_and_load());
    replace_ring("{\"keys\": [" KEY_LINE("SM2-SM3", "gd-seal-sm2-1.pem", "2026-01-01T00:00:00Z", "a",
                                         "\"2026-02-01T00:00:00Z\"") "]}");
    cr_assert(keyring_load(folder, &ring, &err), "%s", err.text);
    cr_assert_null(keyring_current(ring, KEY_USE_SEAL, KEY_SM2, 1769904000000)); /* the instant "until" */
    cr_assert_not_null(keyring_current(ring, KEY_USE_SEAL, KEY_SM2, 1769903999999));
    cr_assert_null(keyring_current(ring, KEY_USE_SEAL, KEY_SM2, 1767225599999)); /* before "from" */
    cr_assert_not(keyring_was_valid(ring, "a", KEY_USE_SEAL, 1769904000000));
    cr_assert(keyring_was_valid(ring, "a", KEY_USE_SEAL, 1767225600000));
    cr_assert_not(keyring_was_valid(ring, "a", KEY_USE_PUSH, 1767225600000));
    cr_assert_not(keyring_was_valid(ring, "b", KEY_USE_SEAL, 1767225600000));
    cr_assert_not(keyring_was_valid(ring, NULL, KEY_USE_SEAL, 1767225600000));
    cr_assert_not(keyring_period(ring, "b", &from_ms, &until_ms));
    cr_assert(keyring_period(ring, "a", &from_ms, &until_ms));
    cr_assert(from_ms == 1767225600000 && until_ms == 1769904000000);
}

Test(keyring, rotation_refuses_to_begin_before_the_old_key)
{
    keyring_free(create_and_load());
    cr_assert_not(keyring_rotate(folder, KEY_USE_SEAL, KEY_SM2, NOW, &err));
    cr_assert_eq(err.code, ERR_INVALID);
    cr_assert_not(keyring_rotate(folder, KEY_USE_PUSH, KEY_P256, NOW + DAY_MS, &err));
    cr_assert_eq(err.code, ERR_NOT_FOUND);
}

Test(keyring, rotation_overlaps_and_the_newer_key_signs)
{
    AUTO(keyring_free) struct keyring *ring = NULL;
    int64_t from_ms = NOW + 10 * DAY_MS;

    keyring_free(create_and_load());
    cr_assert(keyring_rotate(folder, KEY_USE_SEAL, KEY_SM2, from_ms, &err), "%s", err.text);
    cr_assert(keyring_rotate(folder, KEY_USE_SEAL, KEY_SM2, from_ms + 30 * DAY_MS, &err), "%s", err.text);
    cr_assert(keyring_load(folder, &ring, &err), "%s", err.text);
    cr_assert_str_eq(key_id(keyring_current(ring, KEY_USE_SEAL, KEY_SM2, from_ms - 1)), "gd-seal-sm2-1");
    cr_assert_str_eq(key_id(keyring_current(ring, KEY_USE_SEAL, KEY_SM2, from_ms)), "gd-seal-sm2-2");
    cr_assert_str_eq(key_id(keyring_current(ring, KEY_USE_SEAL, KEY_SM2, from_ms + 31 * DAY_MS)), "gd-seal-sm2-3");
    cr_assert_str_eq(key_id(keyring_current(ring, KEY_USE_SEAL, KEY_ED25519, from_ms)), "gd-seal-ed25519-1");
    cr_assert(keyring_was_valid(ring, "gd-seal-sm2-1", KEY_USE_SEAL, from_ms + KEYRING_OVERLAP_MS - 1));
    cr_assert_not(keyring_was_valid(ring, "gd-seal-sm2-1", KEY_USE_SEAL, from_ms + KEYRING_OVERLAP_MS));
}

Test(keyring, the_public_ring_verifies_what_the_private_one_signed)
{
    AUTO(keyring_free) struct keyring *ring = create_and_load();
    AUTO(keyring_free) struct keyring *public_ring = NULL;
    AUTO(buf_done) struct buf json = BUF_INIT;
    AUTO(buf_done) struct buf signature = BUF_INIT;
    const struct key *key = keyring_current(ring, KEY_USE_SEAL, KEY_SM2, NOW);

    cr_assert(keyring_public_json(ring, &json, &err), "%s", err.text);
    cr_assert_null(strstr(json.data, "PRIVATE"));
    cr_assert(keyring_parse_public(buf_span(&json), &public_ring, &err), "%s", err.text);
    cr_assert(key_sign(key, SPAN("m"), &signature, &err), "%s", err.text);
    cr_assert(key_verify(keyring_find(public_ring, key_id(key)), SPAN("m"), buf_span(&signature), &err), "%s",
              err.text);
    cr_assert_not(key_is_private(keyring_find(public_ring, key_id(key))));
    cr_assert(keyring_was_valid(public_ring, key_id(key), KEY_USE_SEAL, NOW));
}

Test(keyring, created_files_are_the_owners_alone)
{
    static const char *const FILES[] = {"keyring.json", "gd-seal-sm2-1.pem", "gd-seal-ed25519-1.pem",
                                        "gd-push-sm2-1.pem", "gd-answer-p256-1.pem"};
    AUTO(text_free) char *inner = path_join(folder, "a/keys");
    struct stat info;

    umask(0);
    cr_assert(keyring_create(inner, "gd", NOW, &err), "%s", err.text);
    cr_assert_eq(stat(inner, &info), 0);
    cr_assert_eq(info.st_mode & 07777, 0700);
    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        AUTO(text_free) char *path = path_join(inner, FILES[i]);

        cr_assert_eq(stat(path, &info), 0, "%s", path);
        cr_assert_eq(info.st_mode & 07777, 0600);
    }
}
