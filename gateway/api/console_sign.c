/* Signing in and out of the console, and the first time (docs/console-api.md, "Sessions"). What it means is the door's
 * business (gateway/door); here are bodies, cookies and problems. */
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/json.h"
#include "gateway/api/console.h"

enum { BODY_BYTES_MAX = 4096, BROWSER_AGE_S = 180 * 24 * 3600 };

/* --- bodies --- */

/* What may stand in a body, and how it is called; passwords are wiped when the body is forgotten. */
struct body {
    struct buf text[DOOR_FIELDS];
};
static void body_done(struct body *body)
{
    for (size_t i = 0; i < DOOR_FIELDS; i++)
        buf_wipe_done(&body->text[i]);
}
DEFINE_AUTO_IN_PLACE(struct body, body_done)

static const char *const FIELD_NAMES[DOOR_FIELDS] = {
    [DOOR_ACCOUNT] = "account", [DOOR_PASSWORD] = "password", [DOOR_CODE] = "code", [DOOR_INVITATION] = "invitation"};

static bool take_member(struct body *body, const char *name, const json_t *value)
{
    for (size_t i = 0; i < DOOR_FIELDS; i++) {
        if (!FIELD_NAMES[i] || strcmp(FIELD_NAMES[i], name) != 0 || !json_is_string(value))
            continue;
        buf_reserve(&body->text[i], json_string_length(value) + 1); /* once: a secret is not left behind by growing */
        buf_add(&body->text[i], json_string_value(value), json_string_length(value));
        return true;
    }
    return false;
}

static bool read_body(const struct visit *visit, struct body *body, struct error *err)
{
    AUTO(json_release) json_t *json = NULL;
    const char *name;
    json_t *value;

    if (!json_read(visit->request->body, BODY_BYTES_MAX, &json, err))
        return fail_in(err, "body");
    if (!json_is_object(json))
        return refuse(err, ERR_INVALID, "body.form", "the body is a JSON object", "请求正文应为 JSON 对象");
    json_object_foreach(json, name, value)
    {
        if (!take_member(body, name, value))
            return refuse(err, ERR_INVALID, "body.member", "\"%.40s\" is not expected here, or is no text",
                          "此处不应有“%.40s”，或其不是文本", name);
    }
    return body->text[DOOR_ACCOUNT].bytes > 0 ||
           refuse(err, ERR_INVALID, "body.member", "\"account\" is missing", "缺少 account");
}

static struct door_question question_of(const struct visit *visit, const struct body *body, enum door_ask ask)
{
    const struct http_peer *peer = visit->request->peer;
    struct door_question question = {
        .ask = ask,
        .from = peer->address,
        .network = peer->address_bytes,
        .certificate = peer->has_certificate ? peer->certificate_sha256 : NULL,
    };

    for (size_t i = 0; body && i < DOOR_FIELDS; i++)
        question.field[i] = buf_span(&body->text[i]);
    question.field[DOOR_BROWSER] = console_cookie(visit->request, CONSOLE_COOKIE_BROWSER);
    question.field[DOOR_TOKEN] = console_cookie(visit->request, CONSOLE_COOKIE);
    /* What cannot be one of ours is none. */
    for (size_t i = DOOR_BROWSER; i <= DOOR_TOKEN; i++) {
        if (i != DOOR_INVITATION && question.field[i].bytes > SESSION_TOKEN_BYTES)
            question.field[i] = SPAN_NONE;
    }
    return question;
}

/* --- answers --- */

static void set_cookie(const struct visit *visit, const char *name, const char *value, long age_s)
{
    AUTO(buf_wipe_done) struct buf cookie = BUF_INIT;

    buf_addf(&cookie, "%s=%s; Path=/; Secure; HttpOnly; SameSite=Strict", name, value);
    if (age_s >= 0)
        buf_addf(&cookie, "; Max-Age=%ld", age_s);
    http_reply_header(visit->reply, "Set-Cookie", buf_text(&cookie));
}

static void refuse_with(const struct visit *visit, const struct door_answer *answer)
{
    char seconds[24];

    if (strcmp(answer->why.rule, "account.wait") == 0)
        problem_reply_status(visit->reply, 429, &answer->why, NULL);
    else
        visit_refuse(visit, &answer->why);
    if (answer->wait_ms <= 0)
        return;
    snprintf(seconds, sizeof seconds, "%lld", (long long)((answer->wait_ms + 999) / 1000));
    if (strcmp(answer->why.rule, "account.wait") == 0)
        http_reply_header(visit->reply, "Retry-After", seconds);
}

static void add_roles(unsigned roles, struct buf *out)
{
    static const struct {
        enum staff_role role;
        const char *name;
    } ROLES[] = {{ROLE_OPERATOR, "operator"},
                 {ROLE_REVIEWER, "reviewer"},
                 {ROLE_AUDITOR, "auditor"},
                 {ROLE_ADMINISTRATOR, "administrator"}};
    const char *comma = "";

    for (size_t i = 0; i < COUNT_OF(ROLES); i++) {
        if (!(roles & ROLES[i].role))
            continue;
        buf_addf(out, "%s\"%s\"", comma, ROLES[i].name);
        comma = ",";
    }
}

static void add_session(const struct visit *visit, const struct config_person *person, const struct session *session)
{
    struct buf *out = &visit->reply->body;
    char began[INSTANT_TEXT_BYTES], ends[INSTANT_TEXT_BYTES];

    buf_addf(out, "{\"began_at\":\"%s\",\"ends_at\":\"%s\",\"forgery\":\"%s\",\"method\":\"%s\",\"person\":{\"lang\":",
             instant_format(session->began_ms, began), instant_format(session->ends_ms, ends), session->forgery,
             session->method == SESSION_CERTIFICATE ? "certificate" : "password");
    json_string_add(out, span_of(person->lang));
    buf_add_text(out, ",\"name\":");
    json_string_add(out, span_of(person->name));
    buf_add_text(out, ",\"roles\":[");
    add_roles(person->roles, out);
    buf_add_text(out, "],\"title\":");
    json_string_add(out, span_of(person->title));
    buf_add_text(out, "}}");
}

/* --- handlers --- */

void console_session(struct visit *visit)
{
    if (console_peek(visit))
        add_session(visit, visit->person, &visit->session);
}

/* {"accounts":[{"name","title"}…],"asked","presented"}: whose certificate came with this connection, so that the page
 * can offer to sign in by it. It proved its key in the handshake; who it belongs to says the configuration. */
void console_certificate(struct visit *visit)
{
    const struct config *config = visit->api->config;
    const struct http_peer *peer = visit->request->peer;
    struct buf *out = &visit->reply->body;
    const char *comma = "";

    buf_add_text(out, "{\"accounts\":[");
    for (size_t i = 0; peer->has_certificate && i < config->staff_count; i++) {
        const struct config_person *person = &config->staff[i];

        if (!person->has_certificate ||
            memcmp(person->fingerprint, peer->certificate_sha256, sizeof person->fingerprint) != 0)
            continue;
        buf_addf(out, "%s{\"name\":", comma);
        json_string_add(out, span_of(person->name));
        buf_add_text(out, ",\"title\":");
        json_string_add(out, span_of(person->title));
        buf_add_byte(out, '}');
        comma = ",";
    }
    buf_addf(out, "],\"asked\":%s,\"presented\":%s}", *config->console_client_ca ? "true" : "false",
             peer->has_certificate ? "true" : "false");
}

void console_sign_in(struct visit *visit)
{
    AUTO(body_done) struct body body = {.text = {BUF_INIT}};
    const struct door_answer *answer;
    const struct config_person *person;
    struct door_question question;
    struct error err;

    if (!read_body(visit, &body, &err)) {
        visit_refuse(visit, &err);
        return;
    }
    question = question_of(visit, &body, DOOR_SIGN_IN);
    if (!console_ask_door(visit, &question, &answer, NULL))
        return;
    person = config_person_of_name(visit->api->config, buf_span(&body.text[DOOR_ACCOUNT]));
    if (answer->why.code != ERR_NONE) {
        refuse_with(visit, answer);
    } else if (!person) { /* taken out of the configuration meanwhile */
        (void)console_peek(visit);
    } else {
        set_cookie(visit, CONSOLE_COOKIE, answer->token, -1);
        if (answer->browser[0])
            set_cookie(visit, CONSOLE_COOKIE_BROWSER, answer->browser, BROWSER_AGE_S);
        add_session(visit, person, &answer->session);
    }
    console_asked(visit, visit->request->early_key);
}

void console_sign_out(struct visit *visit)
{
    struct door_question question = question_of(visit, NULL, DOOR_SIGN_OUT);
    const struct door_answer *answer;

    if (!console_ask_door(visit, &question, &answer, NULL))
        return;
    if (answer->why.code != ERR_NONE) {
        refuse_with(visit, answer);
    } else {
        visit->reply->status = 204;
        visit->reply->content_type = NULL;
        set_cookie(visit, CONSOLE_COOKIE, "", 0);
    }
    console_asked(visit, visit->request->early_key);
}

void console_enrol(struct visit *visit)
{
    AUTO(body_done) struct body body = {.text = {BUF_INIT}};
    const struct door_answer *answer;
    struct door_question question;
    struct span text;
    struct error err;
    bool is_begin;

    if (!read_body(visit, &body, &err)) {
        visit_refuse(visit, &err);
        return;
    }
    is_begin = body.text[DOOR_PASSWORD].bytes == 0 && body.text[DOOR_CODE].bytes == 0;
    question = question_of(visit, &body, is_begin ? DOOR_ENROL_BEGIN : DOOR_ENROL_FINISH);
    if (!console_ask_door(visit, &question, &answer, &text))
        return;
    if (answer->why.code != ERR_NONE) {
        refuse_with(visit, answer);
    } else if (is_begin) {
        buf_add_span(&visit->reply->body, text);
    } else {
        visit->reply->status = 204;
        visit->reply->content_type = NULL;
        set_cookie(visit, CONSOLE_COOKIE_BROWSER, answer->browser, BROWSER_AGE_S);
    }
    console_asked(visit, visit->request->early_key);
}
