#include "gateway/accounts/account.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "keys/digest.h"

enum { FILE_BYTES_MAX = 64 * 1024, INVITATION_BYTES = 15, TOKEN_BYTES = 32 };

void account_done(struct account *account)
{
    buf_wipe_done(&account->verifier);
    OPENSSL_cleanse(account, sizeof *account);
}

/* --- the file --- */

static json_t *hex_of(const void *data, size_t bytes)
{
    AUTO(buf_wipe_done) struct buf hex = BUF_INIT;

    hex_add(&hex, data, bytes);
    return json_string(buf_text(&hex));
}

static bool hex_take(const json_t *object, const char *name, void *out, size_t bytes)
{
    AUTO(buf_wipe_done) struct buf data = BUF_INIT;
    const char *text = json_text_of(object, name);

    if (!text || !hex_decode(span_of(text), &data) || data.bytes != bytes)
        return false;
    memcpy(out, data.data, bytes);
    return true;
}

static json_t *lockout_json(const struct lockout *lockout)
{
    return json_pack("{s:I,s:I}", "failed_ms", (json_int_t)lockout->failed_ms, "failures",
                     (json_int_t)lockout->failures);
}

static struct lockout lockout_of(const json_t *json)
{
    int64_t failures = json_integer_of(json, "failures", 0);

    return (struct lockout){failures < 0 || failures > UINT32_MAX ? UINT32_MAX : (uint32_t)failures,
                            json_integer_of(json, "failed_ms", 0)};
}

static json_t *browsers_json(const struct account *account)
{
    json_t *list = json_array();

    for (size_t i = 0; i < account->browser_count; i++) {
        const struct account_browser *browser = &account->browsers[i];

        json_array_append_new(list, json_pack("{s:o,s:I,s:o}", "lockout", lockout_json(&browser->lockout), "seen_ms",
                                              (json_int_t)browser->seen_ms, "sha256",
                                              hex_of(browser->sha256, sizeof browser->sha256)));
    }
    return list;
}

bool account_save(const char *folder, const struct account *account, struct error *err)
{
    AUTO(buf_done) struct buf name = BUF_INIT;
    AUTO(buf_wipe_done) struct buf text = BUF_INIT;
    AUTO(text_free) char *path = NULL;
    AUTO(json_release)
    json_t *json = json_pack("{s:o,s:o,s:I,s:o,s:s,s:o,s:I,s:b,s:I,s:s}", "browsers", browsers_json(account),
                             "invitation", hex_of(account->invitation, sizeof account->invitation), "invited_until_ms",
                             (json_int_t)account->invited_until_ms, "lockout", lockout_json(&account->lockout), "name",
                             account->name, "secret", hex_of(account->secret, sizeof account->secret), "signed_in_ms",
                             (json_int_t)account->signed_in_ms, "suspended", account->is_suspended, "used_step",
                             (json_int_t)account->used_step, "verifier", buf_text(&account->verifier));

    if (!json || !json_canonical_add(json, &text, err))
        return fail(err, ERR_INTERNAL, "the account %s cannot be written", account->name);
    buf_addf(&name, "%s.json", account->name);
    path = path_join(folder, buf_text(&name));
    return file_make_folder(folder, 0700, err) && file_write(path, buf_span(&text), 0600, err);
}

static bool take_browsers(const json_t *list, struct account *out)
{
    const json_t *item;
    size_t index;

    if (json_array_size(list) > ACCOUNT_BROWSERS_MAX)
        return false;
    json_array_foreach(list, index, item)
    {
        struct account_browser *browser = &out->browsers[out->browser_count++];

        if (!hex_take(item, "sha256", browser->sha256, sizeof browser->sha256))
            return false;
        browser->seen_ms = json_integer_of(item, "seen_ms", 0);
        browser->lockout = lockout_of(json_object_get(item, "lockout"));
    }
    return true;
}

static bool take_account(const json_t *json, struct account *out)
{
    const char *name = json_text_of(json, "name");
    const char *verifier = json_text_of(json, "verifier");

    if (!name || strcmp(name, out->name) != 0 || !verifier ||
        !hex_take(json, "secret", out->secret, sizeof out->secret) ||
        !hex_take(json, "invitation", out->invitation, sizeof out->invitation) ||
        !take_browsers(json_object_get(json, "browsers"), out))
        return false;
    buf_add_text(&out->verifier, verifier);
    out->used_step = json_integer_of(json, "used_step", 0);
    out->is_suspended = json_bool_of(json, "suspended", false);
    out->signed_in_ms = json_integer_of(json, "signed_in_ms", 0);
    out->invited_until_ms = json_integer_of(json, "invited_until_ms", 0);
    out->lockout = lockout_of(json_object_get(json, "lockout"));
    return true;
}

bool account_load(const char *folder, const char *name, struct account *out, struct error *err)
{
    AUTO(buf_done) struct buf file = BUF_INIT;
    AUTO(buf_wipe_done) struct buf text = BUF_INIT;
    AUTO(text_free) char *path = NULL;
    AUTO(json_release) json_t *json = NULL;

    buf_addf(&file, "%s.json", name);
    path = path_join(folder, buf_text(&file));
    snprintf(out->name, sizeof out->name, "%s", name);
    if (!file_exists(path))
        return true;
    if (!file_read(path, FILE_BYTES_MAX, &text, err))
        return false;
    if (!json_read(buf_span(&text), FILE_BYTES_MAX, &json, err) || !take_account(json, out))
        return fail(err, ERR_CORRUPT, "%s is not the file of an account: invite the person anew", path);
    return true;
}

/* --- invitations --- */

void account_invite(struct account *account, int64_t now_ms, char text[INVITATION_TEXT_BYTES])
{
    AUTO(buf_wipe_done) struct buf code = BUF_INIT;
    uint8_t random[INVITATION_BYTES];

    random_bytes(random, sizeof random);
    base32_add(&code, random, sizeof random);
    snprintf(text, INVITATION_TEXT_BYTES, "%s", buf_text(&code));
    digest_sha256(buf_span(&code), account->invitation);
    account->invited_until_ms = now_ms + INVITATION_MS;
}

bool account_is_invited(const struct account *account, struct span text, int64_t now_ms)
{
    char upper[INVITATION_TEXT_BYTES] = "";
    uint8_t sha256[32];

    for (size_t i = 0; i < text.bytes && i < sizeof upper - 1; i++)
        upper[i] = (char)toupper((unsigned char)text.at[i]);
    digest_sha256(span_of(upper), sha256);
    return CRYPTO_memcmp(sha256, account->invitation, sizeof sha256) == 0 && text.bytes == INVITATION_TEXT_BYTES - 1 &&
           now_ms < account->invited_until_ms && account->invited_until_ms - now_ms <= INVITATION_MS;
}

/* --- browsers --- */

struct account_browser *account_browser(struct account *account, struct span token)
{
    uint8_t sha256[32];

    digest_sha256(token, sha256);
    for (size_t i = 0; token.bytes > 0 && i < account->browser_count; i++) {
        if (CRYPTO_memcmp(sha256, account->browsers[i].sha256, sizeof sha256) == 0)
            return &account->browsers[i];
    }
    return NULL;
}

static struct account_browser *room_for_browser(struct account *account)
{
    struct account_browser *oldest = &account->browsers[0];

    if (account->browser_count < ACCOUNT_BROWSERS_MAX)
        return &account->browsers[account->browser_count++];
    for (size_t i = 1; i < account->browser_count; i++) {
        if (account->browsers[i].seen_ms < oldest->seen_ms)
            oldest = &account->browsers[i];
    }
    return oldest;
}

void account_remember_browser(struct account *account, int64_t now_ms, struct buf *token)
{
    struct account_browser *browser = room_for_browser(account);
    uint8_t random[TOKEN_BYTES];
    size_t before = token->bytes;

    random_bytes(random, sizeof random);
    base64url_add(token, random, sizeof random);
    *browser = (struct account_browser){.seen_ms = now_ms};
    digest_sha256((struct span){token->data + before, token->bytes - before}, browser->sha256);
    OPENSSL_cleanse(random, sizeof random);
}
