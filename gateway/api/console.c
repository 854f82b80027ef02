#include "gateway/api/console.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "gateway/api/console_files.h"
#include "gateway/api/console_live.h"

/* Nothing from elsewhere, no script and no style but ours, none inline (W3C CSP 3; OWASP ASVS 14.4). The browser tests
 * read it here, so that the pages are tried under what is served. */
static const char POLICY[] = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                             "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
                             "frame-ancestors 'none'; object-src 'none'";

bool console_listen(struct api *api, struct error *err)
{
    const struct config *config = api->config;
    bool has_own = *config->console_certificate != '\0';
    struct http_tls tls = {.certificate_file = has_own ? config->console_certificate : config->certificate,
                           .key_file = has_own ? config->console_key : config->key,
                           .client_ca_file = *config->console_client_ca ? config->console_client_ca : NULL,
                           .client_crl_file = *config->console_client_crl ? config->console_client_crl : NULL,
                           .connections = (size_t)config->console_connections,
                           .door = API_DOOR_CONSOLE};

    api->live = console_live_new(config);
    api->streams = console_streams_new();
    return console_files_load(config->console_files, &api->pages, err) &&
           http_server_add_listener(api->server, api->options.console_fd, &tls, err);
}

/* --- who --- */

struct span console_cookie(const struct http_request *request, const char *name)
{
    size_t name_bytes = strlen(name);

    for (size_t i = 0; i < request->header_count; i++) {
        struct span rest = request->headers[i].value;

        if (!span_is(request->headers[i].name, "cookie"))
            continue;
        while (rest.bytes > 0) {
            const char *end = memchr(rest.at, ';', rest.bytes);
            struct span pair = span_trim((struct span){rest.at, end ? (size_t)(end - rest.at) : rest.bytes});

            if (pair.bytes > name_bytes && memcmp(pair.at, name, name_bytes) == 0 && pair.at[name_bytes] == '=')
                return (struct span){pair.at + name_bytes + 1, pair.bytes - name_bytes - 1};
            rest = end ? (struct span){end + 1, rest.bytes - (size_t)(end - rest.at) - 1} : SPAN_NONE;
        }
    }
    return SPAN_NONE;
}

bool console_check_origin(const struct visit *visit)
{
    struct span origin = http_header_of(visit->request, "origin");
    struct span site = http_header_of(visit->request, "sec-fetch-site");
    struct span host = http_header_of(visit->request, "host");
    struct error err;
    bool is_ours = origin.bytes == 0 ||
                   (span_starts(origin, "https://") &&
                    span_equal((struct span){origin.at + strlen("https://"), origin.bytes - strlen("https://")}, host));

    if (is_ours && (site.bytes == 0 || span_is(site, "same-origin") || span_is(site, "none")))
        return true;
    error_set_both(&err, ERR_FORBIDDEN, "session.origin", "this was sent by a page that is not the console's",
                   "该请求并非由本工作台页面发出");
    visit_refuse(visit, &err);
    return false;
}

static bool check_forgery(const struct visit *visit)
{
    struct span given = http_header_of(visit->request, "x-creditgate-forgery");
    struct error err;

    if (span_is(visit->request->method, "GET"))
        return true;
    if (given.bytes == SESSION_TOKEN_BYTES - 1 &&
        CRYPTO_memcmp(given.at, visit->session.forgery, SESSION_TOKEN_BYTES - 1) == 0)
        return console_check_origin(visit);
    error_set_both(&err, ERR_FORBIDDEN, "session.forgery",
                   "a request that changes something must bring the session's token: load the page anew",
                   "修改类请求须带会话令牌：请刷新页面");
    visit_refuse(visit, &err);
    return false;
}

/* The same request again, while the door works on it: it was judged when it came. What the door does may end the very
 * session that it came with. */
static bool is_again(const struct visit *visit)
{
    return door_has(visit->api->door, visit->request->early_key);
}

static bool find_person(struct visit *visit, bool uses)
{
    struct api *api = visit->api;
    struct span token = console_cookie(visit->request, CONSOLE_COOKIE);
    int64_t now_ms = clock_now_ms(api->options.clock);
    struct error err;

    visit->person = NULL;
    if (api->options.sessions &&
        (uses ? sessions_find : sessions_peek)(api->options.sessions, token, now_ms, &visit->session))
        visit->person = config_person_of_name(api->config, span_of(visit->session.person));
    if (visit->person)
        return true;
    error_set_both(&err, ERR_UNAUTHORIZED, "session.none", "nobody is signed in, or the session is over: sign in",
                   "尚未登录或会话已结束：请登录");
    visit_refuse(visit, &err);
    return false;
}

bool console_enter(struct visit *visit)
{
    struct span by = door_by(visit->api->door, visit->request->early_key);

    visit->person = by.bytes > 0 ? config_person_of_name(visit->api->config, by) : NULL;
    return visit->person || (find_person(visit, true) && check_forgery(visit));
}

bool console_peek(struct visit *visit)
{
    return find_person(visit, false) && check_forgery(visit);
}

void console_finish(struct visit *visit)
{
    struct http_reply *reply = visit->reply;

    OPENSSL_cleanse(&visit->session, sizeof visit->session);
    http_reply_header(reply, "Content-Security-Policy", POLICY);
    http_reply_header(reply, "Strict-Transport-Security", "max-age=31536000");
    http_reply_header(reply, "X-Content-Type-Options", "nosniff");
    http_reply_header(reply, "X-Frame-Options", "DENY");
    http_reply_header(reply, "Referrer-Policy", "no-referrer");
    http_reply_header(reply, "Cross-Origin-Opener-Policy", "same-origin");
    http_reply_header(reply, "Cross-Origin-Resource-Policy", "same-origin");
    http_reply_header(reply, "Permissions-Policy", "camera=(), microphone=(), geolocation=()");
    if (!span_starts(visit->request->path, "/console/") || span_starts(visit->request->path, "/console/api/"))
        http_reply_header(reply, "Cache-Control", "no-store");
}

/* --- the door --- */

bool console_ask_door(struct visit *visit, const struct door_question *question, const struct door_answer **answer,
                      struct span *text)
{
    const struct http_request *request = visit->request;
    struct door_client *door = visit->api->door;
    uint64_t key = request->early_key;
    struct error err;

    if (!door_has(door, key) && !door_ask(door, question, time_monotonic_ms(), &key, &err)) {
        visit_refuse(visit, &err);
        return false;
    }
    *answer = door_answer(door, key, text);
    if (*answer)
        return true;
    if (!request->is_last_time && request->waited_ms < DOOR_PATIENCE_MS) {
        visit->reply->is_early = true;
        visit->reply->early_key = key;
        return false;
    }
    error_set_both(&err, ERR_UNAVAILABLE, "account.busy", "the door does not answer: try again in a moment",
                   "登录服务暂无应答：请稍后再试");
    visit_refuse(visit, &err);
    door_end(door, key);
    return false;
}

void console_asked(const struct visit *visit, uint64_t key)
{
    door_end(visit->api->door, key);
}

/* --- routes --- */

enum { OPEN = 1, POST = 2, QUERY = 4, BELOW = 8, QUIET = 16 };

static const struct {
    const char *path;
    unsigned how; /* OPEN: also for who is not signed in; QUERY: looks at its query itself; BELOW: has paths below it;
                     QUIET: keeps nobody signed in */
    void (*handle)(struct visit *visit);
} ROUTES[] = {
    {"/session", OPEN, console_session},          {"/certificate", OPEN, console_certificate}, /* console_sign.c */
    {"/sign-in", OPEN | POST, console_sign_in},   {"/sign-out", POST, console_sign_out},
    {"/enrol", OPEN | POST, console_enrol},       {"/today", 0, console_today},
    {"/events", QUERY | QUIET, console_events},   {"/deliveries", QUERY | QUIET, console_deliveries},
    {"/obligations", QUERY, console_obligations}, {"/enterprises", QUERY | BELOW, console_enterprises},
    {"/template", 0, console_template},           {"/domains", 0, console_domains},
    {"/evidence", BELOW, console_evidence},       {"/lookup", POST, console_lookup},
    {"/lookup", BELOW, console_lookup_receipt},
};

static bool is_route(const struct visit *visit, size_t route)
{
    size_t bytes = strlen(ROUTES[route].path);

    if (!(ROUTES[route].how & BELOW))
        return span_is(visit->rest, ROUTES[route].path);
    return span_starts(visit->rest, ROUTES[route].path) && visit->rest.bytes > bytes && visit->rest.at[bytes] == '/';
}

static bool may_come(struct visit *visit, unsigned how)
{
    return how & QUIET ? console_peek(visit) : console_enter(visit);
}

/* The route, once all that can be known without the body is judged; -1: refused. */
static int judge(struct visit *visit)
{
    for (size_t i = 0; i < COUNT_OF(ROUTES); i++) {
        bool is_post = ROUTES[i].how & POST;

        if (!is_route(visit, i))
            continue;
        if (is_again(visit))
            return (int)i;
        if (!(is_post ? visit_is_post(visit) : visit_is_get(visit)))
            return -1;
        if (ROUTES[i].how & OPEN ? !is_post || console_check_origin(visit) : may_come(visit, ROUTES[i].how))
            return (int)i;
        return -1;
    }
    visit_not_found(visit);
    return -1;
}

/* What is below a route finds the rest of the path in visit->rest. */
void console_api_handle(struct visit *visit)
{
    static const char *const NO_QUERY[] = {NULL};
    int route = judge(visit);

    if (route < 0 || (!(ROUTES[route].how & QUERY) && !visit_takes(visit, NO_QUERY)))
        return;
    if (ROUTES[route].how & BELOW) {
        size_t bytes = strlen(ROUTES[route].path);

        visit->rest = (struct span){visit->rest.at + bytes, visit->rest.bytes - bytes};
    }
    ROUTES[route].handle(visit);
}

bool console_api_admits(struct visit *visit)
{
    return judge(visit) >= 0;
}
