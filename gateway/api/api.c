/* Setting up, the turn, and which path leads where. */
#include "gateway/api/api.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "base/file.h"
#include "base/log.h"
#include "gateway/access/suspension.h"
#include "gateway/api/api_internal.h"
#include "gateway/api/console.h"
#include "gateway/api/console_files.h"
#include "gateway/api/refused.h"
#include "gateway/courier/feedback_row.h"
#include "gateway/lookup/domain.h"

/* --- the store --- */

struct store_txn *api_read(struct api *api, struct error *err)
{
    bool is_good = api->txn ? store_renew(api->txn, err) : store_begin(api->options.store, STORE_READ, &api->txn, err);

    api->failed_reads = is_good ? 0 : api->failed_reads + 1;
    if (api->failed_reads == API_FAILED_READS_MAX)
        (void)eventfd_write(api->broken_fd, 1);
    return is_good ? api->txn : NULL;
}

void api_end_read(struct api *api)
{
    if (api->txn)
        store_reset(api->txn);
}

struct store_txn *client_read(struct api *api, const struct client *client, struct error *err)
{
    return client_is_test(client) ? testlist_read(api->testlist, false, err) : api_read(api, err);
}

void client_end_read(struct api *api, const struct client *client)
{
    if (client_is_test(client))
        testlist_end_read(api->testlist);
    else
        api_end_read(api);
}

/* --- what handlers have in common --- */

void visit_refuse(const struct visit *visit, const struct error *err)
{
    problem_reply(visit->reply, err, NULL);
}

bool visit_refuse_method(const struct visit *visit, const char *allowed)
{
    struct error err;

    error_set_both(&err, ERR_INVALID, "http.method", "only %s can be used here", "此处只允许 %s", allowed);
    problem_reply_status(visit->reply, 405, &err, NULL);
    http_reply_header(visit->reply, "Allow", allowed);
    return false;
}

bool visit_is_get(const struct visit *visit)
{
    return span_is(visit->request->method, "GET") || visit_refuse_method(visit, "GET, HEAD");
}

bool visit_is_post(const struct visit *visit)
{
    return span_is(visit->request->method, "POST") || visit_refuse_method(visit, "POST");
}

bool visit_takes(const struct visit *visit, const char *const *names)
{
    struct span bad = SPAN_NONE;
    struct error err;

    if (http_query_only(visit->request, names, &bad))
        return true;
    bad = utf8_cut(bad, 64);
    error_set_both(&err, ERR_INVALID, "query.unknown", "the query parameter \"%.*s\" is not known here or came twice",
                   "查询参数“%.*s”不可识别或重复", (int)bad.bytes, bad.at);
    visit_refuse(visit, &err);
    return false;
}

bool visit_segment(struct span *rest, struct span *segment)
{
    const char *end;

    if (rest->bytes < 2 || rest->at[0] != '/')
        return false;
    end = memchr(rest->at + 1, '/', rest->bytes - 1);
    *segment = (struct span){rest->at + 1, (end ? (size_t)(end - rest->at) : rest->bytes) - 1};
    *rest = (struct span){segment->at + segment->bytes, rest->bytes - 1 - segment->bytes};
    return segment->bytes > 0;
}

/* --- routes --- */

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

void visit_not_found(const struct visit *visit)
{
    struct error err;

    error_set_both(&err, ERR_NOT_FOUND, "http.path", "there is nothing at this path", "该地址下没有内容");
    visit_refuse(visit, &err);
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

static void handle(void *context, const struct http_request *request, struct http_reply *reply)
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

static bool end_of_turn(void *context, struct error *err)
{
    struct api *api = context;

    return board_flush(api->desk.board, err) && trace_flush(api->trace, err);
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
static bool admits(void *context, const struct http_request *head, struct http_reply *reply)
{
    struct visit visit = {.api = context, .request = head, .reply = reply};
    uint64_t added = begin(visit.api);

    if (admits_body(&visit))
        return true;
    end(&visit, added);
    return false;
}

static bool spools(void *context, const struct http_request *head, uint64_t *limit)
{
    return head->peer->is_local || console_is(head) ? admin_spools(context, head, limit)
                                                    : screenings_spools(context, head, limit);
}

/* Little by little, so that nobody waits for it. */
static bool warm(void *context)
{
    const struct api *api = context;

    return store_warm_step(api->options.store);
}

/* What nothing will ever come from must not wake us for ever. */
static void stop_watching(const struct api *api, int fd)
{
    if (fd >= 0)
        (void)epoll_ctl(api->wake_fd, EPOLL_CTL_DEL, fd, NULL);
}

/* The process that finds names, or the one that lets people in, has answered something. */
static bool woken(void *context)
{
    struct api *api = context;

    if (!api->is_finder_away && !finder_pump(api->finder)) {
        api->is_finder_away = true;
        stop_watching(api, api->options.names_fd);
    }
    if (!api->is_door_away && !door_pump(api->door)) {
        api->is_door_away = true;
        stop_watching(api, api->options.door_fd);
    }
    return !api->is_finder_away || !api->is_door_away;
}

static bool is_due(void *context, uint64_t key)
{
    const struct api *api = context;

    return door_has(api->door, key) ? door_is_due(api->door, key) : finder_is_due(api->finder, key);
}

/* --- setting up --- */

static bool load_domains(struct api *api, struct error *err)
{
    AUTO(text_free) char *adapters = path_join(api->config->data, "adapters");
    AUTO(text_free) char *consumers = path_join(adapters, "consumers");
    AUTO(text_free) char *schemas = path_join(api->config->data, "schemas");

    return domains_load(consumers, schemas, &api->domains, err);
}

/* Without it everything else is answered; feedback stays in the journal, and can be queued later (push). */
static void load_feedback(struct api *api)
{
    struct error err;

    if (!feedback_rows_load(api->config, api->domains, &api->feedback, &err))
        log_error("api", "feedback is not sent on: %s", err.text);
}

static bool load_rules(struct api *api, struct error *err)
{
    AUTO(text_free) char *windows = path_join(api->config->data, "schemas/data/publication-windows.json");
    AUTO(text_free) char *calendar = path_join(api->config->data, "schemas/data/calendar.json");

    AUTO(text_free) char *divisions = path_join(api->config->data, "schemas/data/divisions.json");

    return windows_load(windows, &api->windows, err) && calendar_load(calendar, &api->calendar, err) &&
           divisions_load(divisions, &api->divisions, err);
}

static bool describe(struct api *api, struct error *err)
{
    AUTO(text_free) char *schemas = path_join(api->config->data, "schemas");

    return openapi_make(schemas, &api->openapi, err);
}

static bool open_trace(struct api *api, struct error *err)
{
    AUTO(text_free) char *folder = config_state_path(api->config, "trace");

    return trace_writer_open(folder, &api->trace, err);
}

static bool make_server(struct api *api, struct error *err)
{
    AUTO(text_free) char *spool = config_state_path(api->config, "spool");
    const struct config *config = api->config;
    struct http_server_options options = {.limits = {.header_bytes = (size_t)config->header_bytes,
                                                     .body_bytes = (size_t)config->body_bytes,
                                                     .connections = (size_t)config->connections,
                                                     .idle_ms = config->idle_ms,
                                                     .drain_ms = API_DRAIN_MS},
                                          .handle = handle,
                                          .refuse = problem_of_server,
                                          .end_of_turn = end_of_turn,
                                          .admits = admits,
                                          .spools = spools,
                                          .tick = warm,
                                          .tick_ms = API_WARM_MS,
                                          .wake_fd = api->wake_fd,
                                          .woken = api->wake_fd >= 0 ? woken : NULL,
                                          .is_due = is_due,
                                          .spool_folder = spool,
                                          .context = api};

    if (!file_make_folder(spool, 0700, err))
        return false;
    /* The server keeps the pointer: so do we. */
    api->spool = TAKE(spool);
    return http_server_new(&options, &api->server, err);
}

static bool listen_all(struct api *api, struct error *err)
{
    const struct api_options *options = &api->options;
    const struct config *config = api->config;
    struct http_tls tls = {.certificate_file = config->certificate,
                           .key_file = config->key,
                           .client_ca_file = config->client_ca,
                           .client_crl_file = *config->client_crl ? config->client_crl : NULL,
                           .requires_client = true,
                           .ticket_key = options->ticket_key};

    if (options->listen_fd >= 0 && !http_server_add_listener(api->server, options->listen_fd, &tls, err))
        return fail_in(err, "listen");
    /* A ticket from here must not open a session there. */
    struct http_tls open_tls = {.certificate_file = config->certificate,
                                .key_file = config->key,
                                .connections = (size_t)config->public_connections};

    if (options->public_fd >= 0 && !http_server_add_listener(api->server, options->public_fd, &open_tls, err))
        return fail_in(err, "public");
    if (options->console_fd >= 0 && !console_listen(api, err))
        return fail_in(err, "console");
    if (options->admin_fd >= 0 && !http_server_add_listener(api->server, options->admin_fd, NULL, err))
        return fail_in(err, "admin.socket");
    return true;
}

/* Also what another process was killed before it told. */
static bool tell_suspensions(struct api *api, struct error *err)
{
    struct store_txn *txn = api_read(api, err);
    bool is_good = txn && suspension_tell(txn, api->desk.board, err);

    api_end_read(api);
    return is_good;
}

/* Without a parent that prepared them: limits and a board of our own. */
static bool set_up_desk(struct api *api, struct error *err)
{
    const struct api_options *options = &api->options;

    if (!options->limits)
        api->own_limits = limits_new(LIMITS_BUCKETS);
    if (!options->board) {
        if (!board_open(NULL, &api->own_board, err))
            return false;
        board_seat(api->own_board, api->config);
    }
    api->desk.limits = options->limits ? options->limits : api->own_limits;
    api->desk.board = options->board ? options->board : api->own_board;
    api->clients = clients_new(api->config, api->domains, api->desk.board);
    api->desk.clients = api->clients;
    return tell_suspensions(api, err);
}

/* Readable when one of the two is: an epoll descriptor can itself be waited for. -1 is none. */
static bool either_of(int first, int second, int *both, struct error *err)
{
    struct epoll_event event = {.events = EPOLLIN};

    *both = epoll_create1(EPOLL_CLOEXEC);
    if (*both < 0 || (first >= 0 && epoll_ctl(*both, EPOLL_CTL_ADD, first, &event) != 0) ||
        (second >= 0 && epoll_ctl(*both, EPOLL_CTL_ADD, second, &event) != 0))
        return fail(err, ERR_IO, "epoll: %s", strerrordesc_np(errno));
    return true;
}

/* Those who answer late. */
static bool open_siblings(struct api *api, struct error *err)
{
    const struct api_options *options = &api->options;

    api->finder = finder_client_new(options->names_fd);
    api->door = door_client_new(options->door_fd);
    api->is_finder_away = options->names_fd < 0;
    api->is_door_away = options->door_fd < 0;
    return (api->is_finder_away && api->is_door_away) ||
           either_of(options->names_fd, options->door_fd, &api->wake_fd, err);
}

bool api_new(const struct api_options *options, struct api **out, struct error *err)
{
    AUTO(api_free) struct api *api = memory_new(sizeof *api);

    api->options = *options;
    api->config = options->config;
    api->wake_fd = -1;
    api->broken_fd = eventfd(0, EFD_CLOEXEC);
    if (api->broken_fd < 0)
        return fail(err, ERR_IO, "eventfd: %s", strerrordesc_np(errno));
    if (!testlist_open(api->config, &api->testlist, err) || !load_domains(api, err) || !load_rules(api, err) ||
        !describe(api, err) || !set_up_desk(api, err))
        return false;
    load_feedback(api);
    api->batch = lookups_batch_new();
    api->forms = lookup_forms_new();
    if (!open_siblings(api, err) || !open_trace(api, err) || !make_server(api, err) || !listen_all(api, err))
        return false;
    *out = TAKE(api);
    return true;
}

bool api_run(struct api *api, int stop_fd, struct error *err)
{
    AUTO(file_close) int stops = -1;

    if (!either_of(stop_fd, api->broken_fd, &stops, err) || !http_server_run(api->server, stops, err))
        return false;
    return api->failed_reads < API_FAILED_READS_MAX ||
           fail(err, ERR_IO, "the store could not be read %d times in a row", api->failed_reads);
}

void api_free(struct api *api)
{
    if (!api)
        return;
    http_server_free(api->server);
    store_abort(api->txn);
    trace_writer_free(api->trace);
    clients_free(api->clients);
    testlist_free(api->testlist);
    lookup_forms_free(api->forms);
    feedback_rows_free(api->feedback);
    domains_free(api->domains);
    windows_free(api->windows);
    calendar_free(api->calendar);
    divisions_free(api->divisions);
    limits_free(api->own_limits);
    board_close(api->own_board);
    buf_done(&api->parameters);
    buf_done(&api->shown);
    buf_done(&api->openapi);
    lookups_batch_free(api->batch);
    finder_client_free(api->finder);
    door_client_free(api->door);
    console_files_free(api->pages);
    file_close(api->wake_fd);
    free(api->spool);
    file_close(api->broken_fd);
    free(api);
}
