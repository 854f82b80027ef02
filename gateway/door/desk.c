/* desk.c - people who come in and go: sign-in, enrolment, sign-out. What an account becomes is durable before the
 * journal tells of it, and the journal's word before a session is opened: nobody is ever in of whom the journal does
 * not know.
 */
#include "gateway/door/desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/log.h"
#include "gateway/accounts/signin.h"
#include "gateway/command/ledger.h"
#include "gateway/door/staff.h"
#include "keys/digest.h"

enum { KEY_FILE_BYTES_MAX = 64 };

/* --- open --- */

static bool load_key(struct door_desk *desk, struct error *err)
{
    AUTO(text_free) char *path = path_join(desk->folder, "key");
    AUTO(buf_wipe_done) struct buf bytes = BUF_INIT;

    if (!file_exists(path)) {
        random_bytes(desk->key, sizeof desk->key);
        return file_write(path, (struct span){(const char *)desk->key, sizeof desk->key}, 0600, err);
    }
    if (!file_read(path, KEY_FILE_BYTES_MAX, &bytes, err))
        return false;
    if (bytes.bytes != sizeof desk->key)
        return fail(err, ERR_CORRUPT, "%s is not a key of ours: remove it; open invitations are void then", path);
    memcpy(desk->key, bytes.data, sizeof desk->key);
    return true;
}

bool door_desk_open(const struct door_options *options, struct door_desk *out, struct error *err)
{
    *out = (struct door_desk){.options = options, .folder = config_state_path(options->config, "accounts")};
    return file_make_folder(out->folder, 0700, err) && load_key(out, err);
}

void door_desk_close(struct door_desk *desk)
{
    free(desk->folder);
    OPENSSL_cleanse(desk, sizeof *desk);
}

/* --- the journal --- */

struct telling {
    const struct door_desk *desk;
    const char *by;
    const char *type;
    struct span data;
};

static bool tell_work(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    const struct telling *telling = context;

    return ledger_new(txn, telling->desk->options->clock, &ledger, err) &&
           ledger_emit(ledger, telling->by, telling->type, telling->data, NULL, err) && ledger_finish(ledger, err);
}

bool door_tell(const struct door_desk *desk, const char *by, const char *type, struct span data, struct error *err)
{
    struct telling telling = {desk, by, type, data};

    return store_write(desk->options->store, tell_work, &telling, err);
}

/* {"account",[browser,]"from"[,…]}: `before` and `more` are members as they stand in the order of their names. */
static bool tell(const struct door_desk *desk, const struct door_visitor *visitor, const char *type, const char *before,
                 const char *more, struct error *err)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    AUTO(text_free) char *account = memory_copy_span(visitor->field[DOOR_ACCOUNT]);

    buf_add_text(&data, "{\"account\":");
    json_string_add(&data, span_of(account));
    buf_addf(&data, "%s,\"from\":", before);
    json_string_add(&data, span_of(visitor->head.from));
    buf_addf(&data, "%s}", more);
    return door_tell(desk, account, type, buf_span(&data), err);
}

/* --- signing in --- */

bool door_desk_is_dear(const struct door_visitor *visitor)
{
    return visitor->head.ask == DOOR_ENROL_FINISH ||
           (visitor->head.ask == DOOR_SIGN_IN && visitor->field[DOOR_PASSWORD].bytes > 0);
}

static const struct config_person *person_of(const struct door_desk *desk, const struct door_visitor *visitor)
{
    return config_person_of_name(desk->options->config, visitor->field[DOOR_ACCOUNT]);
}

bool door_desk_knows(const struct door_desk *desk, const struct door_visitor *visitor)
{
    AUTO(account_done) struct account account = {.verifier = BUF_INIT};
    const struct config_person *person = person_of(desk, visitor);
    struct error err;

    /* Without an open invitation that is refused before anything dear is done. */
    if (visitor->head.ask == DOOR_ENROL_FINISH)
        return true;
    return person && visitor->field[DOOR_BROWSER].bytes > 0 &&
           account_load(desk->folder, person->name, &account, &err) &&
           account_browser(&account, visitor->field[DOOR_BROWSER]) != NULL;
}

static void refuse_wrong(struct door_answer *answer)
{
    error_set_both(&answer->why, ERR_UNAUTHORIZED, "account.wrong",
                   "the account, the password or the one-time code is wrong", "账号、密码或验证码有误");
}

static void refuse_wait(struct door_answer *answer, int64_t wait_ms)
{
    answer->wait_ms = wait_ms;
    error_set_both(&answer->why, ERR_LIMIT, "account.wait", "too often wrong: try again in %lld seconds",
                   "连续有误：请在 %lld 秒后再试", (long long)((wait_ms + 999) / 1000));
}

static void refuse_suspended(struct door_answer *answer)
{
    error_set_both(&answer->why, ERR_FORBIDDEN, "account.suspended", "this account is suspended: ask an administrator",
                   "该账号已停用：请联系管理员");
}

/* Something of ours failed: the log says what, the caller that it did not work. */
static void fail_answer(struct door_answer *answer, const struct error *err)
{
    log_error("door", "%s", err->text);
    error_set_both(&answer->why, ERR_INTERNAL, "account.failed", "that could not be done now: the log says why",
                   "操作未完成：原因见日志");
}

static struct door_ghost *ghost_of(struct door_desk *desk, struct span name)
{
    struct door_ghost *place = &desk->ghosts[0];
    uint8_t hash[32];

    digest_sha256(name, hash);
    for (size_t i = 0; i < DOOR_GHOSTS; i++) {
        if (memcmp(desk->ghosts[i].name, hash, sizeof hash) == 0)
            return &desk->ghosts[i];
        if (desk->ghosts[i].lockout.failed_ms < place->lockout.failed_ms)
            place = &desk->ghosts[i];
    }
    memcpy(place->name, hash, sizeof hash);
    lockout_forget(&place->lockout);
    return place;
}

static void serve_nobody(struct door_desk *desk, const struct signin *signin, struct span name, int64_t now_ms,
                         struct door_answer *answer)
{
    AUTO(account_done) struct account account = {.verifier = BUF_INIT};
    struct door_ghost *ghost = ghost_of(desk, name);
    int64_t wait_ms;

    account.lockout = ghost->lockout;
    if (signin_judge(&account, signin, now_ms, &wait_ms) == SIGNIN_WAIT)
        refuse_wait(answer, wait_ms);
    else
        refuse_wrong(answer);
    ghost->lockout = account.lockout;
}

static bool let_in(struct door_desk *desk, const struct door_visitor *visitor, enum session_method method,
                   const char *browser, struct door_answer *answer, struct error *err)
{
    AUTO(text_free) char *name = memory_copy_span(visitor->field[DOOR_ACCOUNT]);
    char before[40], more[40];

    snprintf(before, sizeof before, ",\"browser\":\"%s\"", browser);
    snprintf(more, sizeof more, ",\"method\":\"%s\"", method == SESSION_PASSWORD ? "password" : "certificate");
    if (!tell(desk, visitor, "account.signed-in", before, more, err))
        return false;
    sessions_open(desk->options->sessions, name, method, clock_now_ms(desk->options->clock), answer->token,
                  &answer->session);
    return true;
}

static bool come_in(struct door_desk *desk, const struct door_visitor *visitor, struct account *account,
                    struct door_answer *answer, struct error *err)
{
    AUTO(buf_wipe_done) struct buf token = BUF_INIT;
    bool is_known = account_browser(account, visitor->field[DOOR_BROWSER]) != NULL;
    int64_t now_ms = clock_now_ms(desk->options->clock);

    account->signed_in_ms = now_ms;
    if (!is_known) {
        account_remember_browser(account, now_ms, &token);
        snprintf(answer->browser, sizeof answer->browser, "%s", buf_text(&token));
    }
    return account_save(desk->folder, account, err) &&
           let_in(desk, visitor, SESSION_PASSWORD, is_known ? "known" : "new", answer, err);
}

static bool turn_away(struct door_desk *desk, const struct door_visitor *visitor, const struct account *account,
                      const char *reason, struct error *err)
{
    const struct account_browser *browser =
        account_browser((struct account *)(uintptr_t)account, visitor->field[DOOR_BROWSER]);
    int64_t now_ms = clock_now_ms(desk->options->clock);
    int64_t wait_ms = lockout_wait_ms(browser ? &browser->lockout : &account->lockout, now_ms);
    char more[80];

    snprintf(more, sizeof more, ",\"reason\":\"%s\",\"wait_s\":%lld", reason, (long long)((wait_ms + 999) / 1000));
    return account_save(desk->folder, account, err) && tell(desk, visitor, "account.refused", "", more, err);
}

static bool serve_password(struct door_desk *desk, const struct door_visitor *visitor, struct account *account,
                           struct door_answer *answer, struct error *err)
{
    struct signin signin = {visitor->field[DOOR_PASSWORD], visitor->field[DOOR_CODE], visitor->field[DOOR_BROWSER]};
    int64_t wait_ms = 0;

    switch (signin_judge(account, &signin, clock_now_ms(desk->options->clock), &wait_ms)) {
    case SIGNIN_WAIT:
        refuse_wait(answer, wait_ms);
        return true;
    case SIGNIN_IN:
        if (!account->is_suspended)
            return come_in(desk, visitor, account, answer, err);
        refuse_suspended(answer);
        return turn_away(desk, visitor, account, "suspended", err);
    case SIGNIN_WRONG_CODE:
        refuse_wrong(answer);
        return turn_away(desk, visitor, account, "code", err);
    default:
        refuse_wrong(answer);
        return turn_away(desk, visitor, account, "password", err);
    }
}

/* The connection proved the key; the configuration says whose it is. */
static bool serve_certificate(struct door_desk *desk, const struct door_visitor *visitor, struct account *account,
                              struct door_answer *answer, struct error *err)
{
    const struct config_person *person = person_of(desk, visitor);

    if (!visitor->head.has_certificate || !person->has_certificate ||
        CRYPTO_memcmp(visitor->head.certificate, person->fingerprint, sizeof person->fingerprint) != 0) {
        refuse_wrong(answer);
        return true;
    }
    if (account->is_suspended) {
        refuse_suspended(answer);
        return turn_away(desk, visitor, account, "suspended", err);
    }
    account->signed_in_ms = clock_now_ms(desk->options->clock);
    return account_save(desk->folder, account, err) && let_in(desk, visitor, SESSION_CERTIFICATE, "none", answer, err);
}

static void serve_sign_in(struct door_desk *desk, const struct door_visitor *visitor, struct door_answer *answer)
{
    AUTO(account_done) struct account account = {.verifier = BUF_INIT};
    const struct config_person *person = person_of(desk, visitor);
    struct signin signin = {visitor->field[DOOR_PASSWORD], visitor->field[DOOR_CODE], SPAN_NONE};
    bool is_by_password = visitor->field[DOOR_PASSWORD].bytes > 0;
    struct error err;

    if (!person && is_by_password) {
        serve_nobody(desk, &signin, visitor->field[DOOR_ACCOUNT], clock_now_ms(desk->options->clock), answer);
        return;
    }
    if (!person) {
        refuse_wrong(answer);
        return;
    }
    if (!account_load(desk->folder, person->name, &account, &err) ||
        !(is_by_password ? serve_password : serve_certificate)(desk, visitor, &account, answer, &err)) {
        *answer = (struct door_answer){.wait_ms = 0};
        fail_answer(answer, &err);
    }
}

/* --- going, and coming for the first time --- */

static void serve_sign_out(struct door_desk *desk, const struct door_visitor *visitor, struct door_answer *answer)
{
    struct door_visitor leaving = *visitor;
    struct session session;
    struct error err;

    if (!sessions_peek(desk->options->sessions, visitor->field[DOOR_TOKEN], clock_now_ms(desk->options->clock),
                       &session))
        return; /* nobody is signed in: that was wished */
    leaving.field[DOOR_ACCOUNT] = span_of(session.person);
    sessions_close(desk->options->sessions, visitor->field[DOOR_TOKEN]);
    if (!tell(desk, &leaving, "account.signed-out", "", "", &err))
        fail_answer(answer, &err);
}

static void show_secret(const struct door_desk *desk, const struct door_visitor *visitor, const struct account *account,
                        struct buf *text)
{
    AUTO(buf_wipe_done) struct buf base32 = BUF_INIT;
    AUTO(buf_wipe_done) struct buf address = BUF_INIT;
    uint8_t secret[TOTP_SECRET_BYTES];

    enrolment_secret(account, visitor->field[DOOR_INVITATION], (struct span){(const char *)desk->key, sizeof desk->key},
                     secret);
    base32_add(&base32, secret, sizeof secret);
    totp_address_add((struct span){(const char *)secret, sizeof secret}, desk->options->config->name, account->name,
                     &address);
    buf_add_text(text, "{\"address\":");
    json_string_add(text, buf_span(&address));
    buf_add_text(text, ",\"secret\":");
    json_string_add(text, buf_span(&base32));
    buf_add_byte(text, '}');
    OPENSSL_cleanse(secret, sizeof secret);
}

static bool finish_enrolment(struct door_desk *desk, const struct door_visitor *visitor, struct account *account,
                             struct door_answer *answer, struct error *err)
{
    AUTO(buf_wipe_done) struct buf token = BUF_INIT;
    struct enrolment enrolment = {visitor->field[DOOR_INVITATION], visitor->field[DOOR_PASSWORD],
                                  visitor->field[DOOR_CODE]};
    int64_t now_ms = clock_now_ms(desk->options->clock);

    if (!enrolment_finish(account, &enrolment, (struct span){(const char *)desk->key, sizeof desk->key}, now_ms, err)) {
        answer->why = *err;
        return true;
    }
    account_remember_browser(account, now_ms, &token);
    if (!account_save(desk->folder, account, err))
        return false;
    sessions_close_all(desk->options->sessions, account->name);
    if (!tell(desk, visitor, "account.enrolled", "", "", err))
        return false;
    snprintf(answer->browser, sizeof answer->browser, "%s", buf_text(&token));
    return true;
}

static void serve_enrolment(struct door_desk *desk, const struct door_visitor *visitor, struct door_answer *answer,
                            struct buf *text)
{
    AUTO(account_done) struct account account = {.verifier = BUF_INIT};
    const struct config_person *person = person_of(desk, visitor);
    struct error err;

    if (person && !account_load(desk->folder, person->name, &account, &err)) {
        fail_answer(answer, &err);
        return;
    }
    if (!person || !account_is_invited(&account, visitor->field[DOOR_INVITATION], clock_now_ms(desk->options->clock))) {
        error_set_both(&answer->why, ERR_FORBIDDEN, "account.invitation",
                       "no such invitation is open: it was used, has ended, or another was made since; ask the "
                       "administrator for a new one",
                       "邀请码无效：已使用、已过期，或其后另发了新的；请向管理员重新索取");
        return;
    }
    if (visitor->head.ask == DOOR_ENROL_BEGIN)
        show_secret(desk, visitor, &account, text);
    else if (!finish_enrolment(desk, visitor, &account, answer, &err))
        fail_answer(answer, &err);
}

void door_desk_serve(struct door_desk *desk, const struct door_visitor *visitor, struct door_answer *answer,
                     struct buf *text)
{
    struct error err = {.code = ERR_NONE};

    switch (visitor->head.ask) {
    case DOOR_SIGN_IN:
        serve_sign_in(desk, visitor, answer);
        return;
    case DOOR_SIGN_OUT:
        serve_sign_out(desk, visitor, answer);
        return;
    case DOOR_ENROL_BEGIN:
    case DOOR_ENROL_FINISH:
        serve_enrolment(desk, visitor, answer, text);
        return;
    default:
        break;
    }
    if (door_staff_serve(desk, visitor, text, &err))
        return;
    buf_clear(text);
    if (err.zh[0])
        answer->why = err;
    else
        fail_answer(answer, &err);
}
