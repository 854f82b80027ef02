#include "gateway/door/staff.h"

#include <string.h>

#include <openssl/crypto.h>

#include "gateway/accounts/roster.h"

enum { REASON_BYTES_MAX = 400 };

/* {"account"[,"reason"]} */
static bool tell(const struct door_desk *desk, const struct door_visitor *visitor, const char *type, bool has_reason,
                 struct error *err)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    AUTO(text_free) char *by = memory_copy_span(visitor->field[DOOR_BY]);

    buf_add_text(&data, "{\"account\":");
    json_string_add(&data, visitor->field[DOOR_ACCOUNT]);
    if (has_reason) {
        buf_add_text(&data, ",\"reason\":");
        json_string_add(&data, visitor->field[DOOR_REASON]);
    }
    buf_add_byte(&data, '}');
    return door_tell(desk, by, type, buf_span(&data), err);
}

static bool needs_reason(const struct door_visitor *visitor, struct error *err)
{
    struct span reason = span_trim(visitor->field[DOOR_REASON]);

    return (reason.bytes > 0 && reason.bytes <= REASON_BYTES_MAX && utf8_is_valid(reason, NULL)) ||
           refuse(err, ERR_INVALID, "account.reason", "give a reason of at most %d bytes",
                  "请说明理由（不超过 %d 字节）", REASON_BYTES_MAX);
}

static bool invite(struct door_desk *desk, const struct door_visitor *visitor, struct account *account,
                   struct buf *text, struct error *err)
{
    bool resets = visitor->head.ask == DOOR_RESET;
    int64_t now_ms = clock_now_ms(desk->options->clock);
    char invitation[INVITATION_TEXT_BYTES], until[INSTANT_TEXT_BYTES];

    if (resets && !needs_reason(visitor, err))
        return false;
    if (resets) {
        buf_wipe_done(&account->verifier);
        OPENSSL_cleanse(account->secret, sizeof account->secret);
        account->browser_count = 0;
        lockout_forget(&account->lockout);
    }
    account_invite(account, now_ms, invitation);
    if (!account_save(desk->folder, account, err))
        return false;
    if (resets)
        sessions_close_all(desk->options->sessions, account->name);
    if (!tell(desk, visitor, resets ? "account.reset" : "account.invited", resets, err))
        return false;
    buf_addf(text, "{\"account\":\"%s\",\"invitation\":\"%s\",\"until\":\"%s\"}", account->name, invitation,
             instant_format(account->invited_until_ms, until));
    OPENSSL_cleanse(invitation, sizeof invitation);
    return true;
}

static bool suspend(struct door_desk *desk, const struct door_visitor *visitor, struct account *account,
                    struct error *err)
{
    bool suspends = visitor->head.ask == DOOR_SUSPEND;

    if (!needs_reason(visitor, err))
        return false;
    account->is_suspended = suspends;
    if (!account_save(desk->folder, account, err))
        return false;
    if (suspends)
        sessions_close_all(desk->options->sessions, account->name);
    return tell(desk, visitor, suspends ? "account.suspended" : "account.resumed", true, err);
}

static void add_instant(struct buf *out, const char *before, int64_t at_ms)
{
    char text[INSTANT_TEXT_BYTES];

    if (at_ms > 0)
        buf_addf(out, "%s\"%s\"", before, instant_format(at_ms, text));
    else
        buf_addf(out, "%snull", before);
}

static void add_roles(struct buf *out, const char *roles)
{
    buf_add_text(out, ",\"roles\":[");
    for (const char *at = roles; *at;) {
        size_t bytes = strcspn(at, ",");

        if (at != roles)
            buf_add_byte(out, ',');
        json_string_add(out, span_trim((struct span){at, bytes}));
        at += bytes + (at[bytes] == ',');
    }
    buf_add_byte(out, ']');
}

/* Since which event the roles are what they are (accounts/roster.h). */
static bool roles_since(const struct door_desk *desk, const struct config_person *person, int64_t *since_ms,
                        struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct roster_entry entry;

    if (!store_begin(desk->options->store, STORE_READ, &txn, err))
        return false;
    *since_ms = roster_find(txn, span_of(person->name), &entry) && entry.is_there ? entry.at_ms : 0;
    return store_txn_is_good(txn, err);
}

/* What an order about the account rests on: may it sign in, is it invited, since when has it which roles. Nothing
 * secret, and nothing that signing in changes. */
static bool version_of(const struct door_desk *desk, const struct config_person *person, const struct account *account,
                       struct buf *out, struct error *err)
{
    int64_t since_ms;

    if (!roles_since(desk, person, &since_ms, err))
        return false;
    buf_addf(out, "%s,%s,%lld,%lld", account->is_suspended ? "suspended" : "active",
             account->verifier.bytes ? "password" : "none", (long long)account->invited_until_ms, (long long)since_ms);
    return true;
}

static const char *const SUSPENDED[] = {"suspended", "已停用"};
static const char *const READY[] = {"with a password", "已设口令"};
static const char *const EMPTY[] = {"without a password", "未设口令"};

static bool check_seen(const struct door_desk *desk, const struct door_visitor *visitor,
                       const struct config_person *person, const struct account *account, struct error *err)
{
    AUTO(buf_done) struct buf now = BUF_INIT;
    const char *const *state = account->is_suspended ? SUSPENDED : account->verifier.bytes ? READY : EMPTY;

    if (!visitor->field[DOOR_SEEN].bytes)
        return true;
    if (!version_of(desk, person, account, &now, err))
        return false;
    return span_equal(visitor->field[DOOR_SEEN], buf_span(&now)) ||
           refuse(err, ERR_CONFLICT, "order.stale",
                  "the account %s is not as you saw it any more (now: %s%.0s; its invitation or roles may be others, "
                  "too): read it again and decide anew",
                  "账号 %s 已与您所见的不同（现为：%.0s%s；邀请或角色也可能已变）：请重新读取后再决定", account->name,
                  state[0], state[1]);
}

static bool add_person(const struct door_desk *desk, const struct config_person *person, struct buf *out,
                       struct error *err)
{
    AUTO(account_done) struct account account = {.verifier = BUF_INIT};
    int64_t now_ms = clock_now_ms(desk->options->clock);
    AUTO(buf_done) struct buf version = BUF_INIT;
    int64_t wait_ms, since_ms;
    unsigned failures;

    if (!account_load(desk->folder, person->name, &account, err) || !version_of(desk, person, &account, &version, err))
        return false;
    failures = account.lockout.failures;
    for (size_t i = 0; i < account.browser_count; i++)
        failures += account.browsers[i].lockout.failures;
    wait_ms = lockout_wait_ms(&account.lockout, now_ms);
    if (!roles_since(desk, person, &since_ms, err))
        return false;
    buf_addf(out, "{\"certificate\":%s,\"failures\":%u,\"has_password\":%s", person->has_certificate ? "true" : "false",
             failures, account.verifier.bytes ? "true" : "false");
    add_instant(out, ",\"invited_until\":", account.invited_until_ms > now_ms ? account.invited_until_ms : 0);
    add_instant(out, ",\"locked_until\":", wait_ms > 0 ? now_ms + wait_ms : 0);
    buf_add_text(out, ",\"name\":");
    json_string_add(out, span_of(person->name));
    add_roles(out, person->roles_text);
    add_instant(out, ",\"roles_since\":", since_ms);
    buf_addf(out, ",\"sessions\":%u", sessions_count(desk->options->sessions, person->name));
    add_instant(out, ",\"signed_in_at\":", account.signed_in_ms);
    buf_addf(out, ",\"suspended\":%s,\"title\":", account.is_suspended ? "true" : "false");
    json_string_add(out, span_of(person->title));
    buf_addf(out, ",\"version\":\"%s\"", buf_text(&version));
    buf_add_byte(out, '}');
    return true;
}

static bool list(const struct door_desk *desk, struct buf *out, struct error *err)
{
    const struct config *config = desk->options->config;

    buf_add_text(out, "{\"staff\":[");
    for (size_t i = 0; i < config->staff_count; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        if (!add_person(desk, &config->staff[i], out, err))
            return false;
        if (out->bytes > DOOR_TEXT_BYTES_MAX - 16)
            return refuse(err, ERR_LIMIT, "account.many", "the staff are too many to be listed", "人员过多，无法列出");
    }
    buf_add_text(out, "]}");
    return true;
}

bool door_staff_serve(struct door_desk *desk, const struct door_visitor *visitor, struct buf *text, struct error *err)
{
    AUTO(account_done) struct account account = {.verifier = BUF_INIT};
    const struct config_person *person;

    if (visitor->head.ask == DOOR_LIST)
        return list(desk, text, err);
    person = config_person_of_name(desk->options->config, visitor->field[DOOR_ACCOUNT]);
    if (!person)
        return refuse(err, ERR_NOT_FOUND, "account.none",
                      "nobody of that name is on the staff: add the person to the configuration, then reload",
                      "工作人员名单中没有此人：请先写入配置并重新载入");
    if (!account_load(desk->folder, person->name, &account, err) || !check_seen(desk, visitor, person, &account, err))
        return false;
    switch (visitor->head.ask) {
    case DOOR_INVITE:
    case DOOR_RESET:
        return invite(desk, visitor, &account, text, err);
    case DOOR_SUSPEND:
    case DOOR_RESUME:
        return suspend(desk, visitor, &account, err);
    case DOOR_END:
        sessions_close_all(desk->options->sessions, account.name);
        return tell(desk, visitor, "account.ended", false, err);
    default:
        return fail(err, ERR_INTERNAL, "question %u of an api process is not known", visitor->head.ask);
    }
}
