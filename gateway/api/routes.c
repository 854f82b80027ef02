/* Which path leads where, for whom, and what happens around every answer. */
#include <string.h>

#include "gateway/api/api_internal.h"
#include "gateway/api/console.h"
#include "gateway/api/refused.h"

enum { BY_TLS = 1, BY_SOCKET = 2, BY_ANYBODY = 4, BY_CONSOLE = 8 };

static const struct route {
    const char *prefix;
    unsigned ways;
    void (*handle)(struct visit *visit);
} ROUTES[] = {
    {"/v1/lookups", BY_TLS, lookup_handle},                   /* lookups.c */
    {"/v1/feedback", BY_TLS, feedback_handle},                /* feedback.c */
    {"/v1/watches", BY_TLS, watches_handle},                  /* watches.c */
    {"/v1/changes", BY_TLS, changes_handle},                  /* changes.c */
    {"/v1/names", BY_TLS, names_handle},                      /* names.c */
    {"/v1/receipts", BY_TLS, receipts_handle},                /* receipts.c */
    {"/v1/log", BY_TLS, log_handle},                          /* log.c */
    {"/v1/domains", BY_TLS, public_domains},                  /* public.c */
    {"/v1/public", BY_TLS | BY_ANYBODY, public_lists_handle}, /* public_lists.c */
    {"/public", BY_TLS | BY_ANYBODY, public_page_handle},     /* public_page.c */
    {"/v1/checkpoints", BY_TLS | BY_SOCKET, public_checkpoint},
    {"/v1/keys", BY_TLS | BY_SOCKET, public_keys},
    {"/v1/openapi.json", BY_TLS | BY_SOCKET, public_openapi},
    {"/v1/test-list", BY_TLS, public_test_list},
    {"/v1/trace", BY_TLS, trace_handle},           /* admin_trace_search.c */
    {"/v1/screenings", BY_TLS, screenings_handle}, /* screenings.c, screenings_get.c */
    {"/healthz", BY_TLS | BY_SOCKET, public_health},
    {"/admin/v1", BY_SOCKET | BY_CONSOLE, admin_handle},
    {"/console/api", BY_CONSOLE, console_api_handle}, /* console.c */
    {"/console", BY_CONSOLE, console_pages_handle},
};

/* What a client under test asks there is answered from the test list, or is about no enterprise. Every other route is
 * closed to it, so that one that was forgotten here tells nothing of the register. */
static void (*const FOR_TESTS[])(struct visit *visit) = {
    lookup_handle, feedback_handle, changes_handle,    names_handle, watches_handle, screenings_handle, receipts_handle,
    log_handle,    public_domains,  public_checkpoint, public_keys,  public_openapi, public_test_list,  public_health};

static bool is_for_tests(const struct route *route)
{
    for (size_t i = 0; i < COUNT_OF(FOR_TESTS); i++) {
        if (FOR_TESTS[i] == route->handle)
            return true;
    }
    return false;
}

/* Their answers are not signed: they say what was taken in, and what is told of it again is journaled or traced. Who
 * asks for a signature there is refused before anything is done. */
static void (*const UNSIGNED[])(struct visit *visit) = {feedback_handle, watches_handle, screenings_handle};

static bool refuses_signing(const struct visit *visit, const struct route *route)
{
    struct error err;

    if (http_header_of(visit->request, "accept-signature").bytes == 0)
        return false;
    for (size_t i = 0; i < COUNT_OF(UNSIGNED); i++) {
        if (UNSIGNED[i] != route->handle)
            continue;
        error_set_both(&err, ERR_INVALID, "signature.unsupported",
                       "Accept-Signature: answers here are not signed: leave it out and keep the receipt, which can be "
                       "proved (/v1/receipts)",
                       "Accept-Signature：此处的答复不签名：请勿附加该头，可凭回执取证（/v1/receipts）");
        visit_refuse(visit, &err);
        return true;
    }
    return false;
}

const char *api_route(size_t index, bool *is_public)
{
    if (index >= COUNT_OF(ROUTES))
        return NULL;
    *is_public = ROUTES[index].ways & BY_TLS;
    return ROUTES[index].prefix;
}

static const struct route *find_route(const struct http_request *request, struct span *rest)
{
    const struct http_peer *peer = request->peer;
    unsigned way = peer->is_local                   ? BY_SOCKET
                   : peer->door == API_DOOR_CONSOLE ? BY_CONSOLE
                   : peer->is_anonymous             ? BY_ANYBODY
                                                    : BY_TLS;

    for (size_t i = 0; i < COUNT_OF(ROUTES); i++) {
        size_t bytes = strlen(ROUTES[i].prefix);

        if (!(ROUTES[i].ways & way) || !span_starts(request->path, ROUTES[i].prefix))
            continue;
        *rest = (struct span){request->path.at + bytes, request->path.bytes - bytes};
        if (rest->bytes == 0 || rest->at[0] == '/')
            return &ROUTES[i];
    }
    return NULL;
}

static bool is_open(const struct visit *visit, const struct route *route)
{
    const struct api *api = visit->api;
    const struct http_peer *peer = visit->request->peer;
    struct error err;

    if (!api->testlist || peer->is_local || console_is(visit->request) || is_for_tests(route) ||
        !client_is_test(clients_find(api->clients, peer->certificate_sha256)))
        return !refuses_signing(visit, route);
    error_set_both(&err, ERR_FORBIDDEN, "client.test", "there is no test list behind this: see /v1/test-list",
                   "此处没有测试数据：见 /v1/test-list");
    visit_refuse(visit, &err);
    return false;
}

static uint64_t begin(struct api *api)
{
    admission_begin(&api->admission);
    return trace_added(api->trace);
}

/* A refusal that its handler did not trace, and what every client is told. */
static void end(struct visit *visit, uint64_t added)
{
    struct api *api = visit->api;

    if (console_is(visit->request))
        console_finish(visit);
    if (visit->request->peer->is_local || console_is(visit->request))
        return;
    if (visit->reply->status >= 400 && trace_added(api->trace) == added)
        refused_trace(visit);
    if (client_is_test(api->admission.client))
        http_reply_header(visit->reply, "Creditgate-Test", "true");
    if (api->admission.is_admitted)
        admission_tell(&api->desk, &api->admission, visit->request->peer, clock_now_ms(api->options.clock),
                       visit->reply);
}

void api_handle(void *context, const struct http_request *request, struct http_reply *reply)
{
    struct visit visit = {.api = context, .request = request, .reply = reply};
    const struct route *route = find_route(request, &visit.rest);
    uint64_t added = begin(visit.api);

    if (!route)
        visit_not_found(&visit);
    else if (console_is(request) && route->handle == admin_handle && !console_enter(&visit))
        ; /* refused */
    else if (is_open(&visit, route))
        route->handle(&visit);
    end(&visit, added);
}

static bool lookup_is_post(const struct route *route, const struct visit *visit)
{
    return route->handle == lookup_handle && lookup_is_batch(visit);
}

/* A list is large: a client that may not come now is told so before it sends one. What a stranger sends goes to memory,
 * and is refused with the rest. */
static bool may_send_list(struct visit *visit)
{
    struct api *api = visit->api;
    const struct http_peer *peer = visit->request->peer;
    struct error err;

    if (!clients_find(api->clients, peer->certificate_sha256) ||
        admission_stay(&api->desk, peer, clock_now_ms(api->options.clock), &api->admission, &err))
        return true;
    visit_refuse_admission(visit, &err, NULL);
    return false;
}

static bool admits_body(struct visit *visit)
{
    const struct route *route = find_route(visit->request, &visit->rest);

    if (!route) {
        visit_not_found(visit);
        return false;
    }
    if (!is_open(visit, route))
        return false;
    if (route->handle == admin_handle)
        return (!console_is(visit->request) || console_enter(visit)) && admin_admits(visit);
    if (route->handle == console_api_handle)
        return console_api_admits(visit);
    if (route->handle == feedback_handle)
        return feedback_admits(visit);
    if (route->handle == watches_handle)
        return watches_admits(visit);
    if (route->handle == screenings_handle)
        return screenings_admits(visit) && may_send_list(visit);
    return lookup_is_post(route, visit) ? visit_is_post(visit) : visit_is_get(visit);
}

/* A body is let in only where one is expected: it may be large, and what it would be refused for is known before. */
bool api_admits(void *context, const struct http_request *head, struct http_reply *reply)
{
    struct visit visit = {.api = context, .request = head, .reply = reply};
    uint64_t added = begin(visit.api);

    if (admits_body(&visit))
        return true;
    end(&visit, added);
    return false;
}

bool api_spools(void *context, const struct http_request *head, uint64_t *limit)
{
    return head->peer->is_local || console_is(head) ? admin_spools(context, head, limit)
                                                    : screenings_spools(context, head, limit);
}
