#include "gateway/accounts/signin.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/text.h"
#include "keys/digest.h"
#include "keys/password.h"

/* Of a password that nobody has, for names without an account: the same work, the same time. */
static const char NOBODY[] = "$argon2id$v=19$m=65536,t=3,p=1$Y3JlZGl0Z2F0ZS1ub2JvZHk$"
                             "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

enum signin_outcome signin_judge(struct account *account, const struct signin *signin, int64_t now_ms, int64_t *wait_ms)
{
    struct account_browser *browser = account_browser(account, signin->browser);
    struct lockout *lockout = browser ? &browser->lockout : &account->lockout;
    bool has_password = account->verifier.bytes > 0;
    bool is_password, is_code = false;

    *wait_ms = lockout_wait_ms(lockout, now_ms);
    if (*wait_ms > 0)
        return SIGNIN_WAIT;
    is_password = password_check(has_password ? buf_text(&account->verifier) : NOBODY, signin->password);
    if (!has_password) {
        lockout_fail(lockout, now_ms); /* as if there were one: who has none is nobody's business */
        return SIGNIN_NO_ACCOUNT;
    }
    /* A code is used up only with the right password: else whoever sees one could spoil it. */
    if (is_password)
        is_code = totp_check((struct span){(const char *)account->secret, sizeof account->secret}, signin->code, now_ms,
                             &account->used_step);
    if (!is_code) {
        lockout_fail(lockout, now_ms);
        return is_password ? SIGNIN_WRONG_CODE : SIGNIN_WRONG_PASSWORD;
    }
    lockout_forget(lockout);
    if (browser)
        browser->seen_ms = now_ms;
    return SIGNIN_IN;
}

void enrolment_secret(const struct account *account, struct span invitation, struct span key,
                      uint8_t secret[TOTP_SECRET_BYTES])
{
    AUTO(buf_wipe_done) struct buf text = BUF_INIT;
    uint8_t mac[32];

    buf_addf(&text, "creditgate enrolment\n%s\n", account->name);
    /* As it was handed over, not as it was typed. */
    for (size_t i = 0; i < invitation.bytes; i++)
        buf_add_byte(&text, invitation.at[i] >= 'a' && invitation.at[i] <= 'z' ? (char)(invitation.at[i] - 32)
                                                                               : invitation.at[i]);
    digest_hmac_sha256(key, buf_span(&text), mac);
    memcpy(secret, mac, TOTP_SECRET_BYTES);
    OPENSSL_cleanse(mac, sizeof mac);
}

static bool take_enrolment(struct account *account, const struct enrolment *enrolment,
                           const uint8_t secret[TOTP_SECRET_BYTES], int64_t now_ms, struct error *err)
{
    AUTO(buf_wipe_done) struct buf verifier = BUF_INIT;
    int64_t used = 0;

    if (!password_keep(enrolment->password, &verifier, err))
        return false;
    if (!totp_check((struct span){(const char *)secret, TOTP_SECRET_BYTES}, enrolment->code, now_ms, &used))
        return refuse(err, ERR_INVALID, "account.code",
                      "the code is not that of now: is the secret in the app, and is its clock right?",
                      "验证码不符：请确认应用中已录入密钥，且手机时间准确");
    buf_wipe_done(&account->verifier);
    account->verifier = verifier;
    verifier = BUF_INIT; /* handed over */
    memcpy(account->secret, secret, sizeof account->secret);
    account->used_step = used;
    return true;
}

bool enrolment_finish(struct account *account, const struct enrolment *enrolment, struct span key, int64_t now_ms,
                      struct error *err)
{
    uint8_t secret[TOTP_SECRET_BYTES];
    bool is_good;

    if (!account_is_invited(account, enrolment->invitation, now_ms))
        return refuse(err, ERR_FORBIDDEN, "account.invitation",
                      "no such invitation is open: it was used, has ended, or another was made since; ask the "
                      "administrator for a new one",
                      "邀请码无效：已使用、已过期，或其后另发了新的；请向管理员重新索取");
    enrolment_secret(account, enrolment->invitation, key, secret);
    is_good = take_enrolment(account, enrolment, secret, now_ms, err);
    OPENSSL_cleanse(secret, sizeof secret);
    if (!is_good)
        return false;
    memset(account->invitation, 0, sizeof account->invitation);
    account->invited_until_ms = 0;
    account->browser_count = 0;
    lockout_forget(&account->lockout);
    return true;
}
