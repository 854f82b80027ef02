/* Setting up, the turn, the end. */
#include "gateway/api/api.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/file.h"
#include "base/log.h"
#include "gateway/access/suspension.h"
#include "gateway/api/api_internal.h"
#include "gateway/api/console.h"
#include "gateway/api/console_files.h"
#include "gateway/api/console_live.h"
#include "gateway/courier/feedback_row.h"

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

/* --- setting up --- */

static bool end_of_turn(void *context, struct error *err)
{
    struct api *api = context;

    return board_flush(api->desk.board, err) && trace_flush(api->trace, err);
}

/* Little by little, so that nobody waits for it. */
static bool warm(void *context)
{
    const struct api *api = context;

    return store_warm_step(api->options.store);
}

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
                                          .handle = api_handle,
                                          .refuse = problem_of_server,
                                          .end_of_turn = end_of_turn,
                                          .admits = api_admits,
                                          .spools = api_spools,
                                          .tick = warm,
                                          .tick_ms = API_WARM_MS,
                                          .wake_fd = api->wake_fd,
                                          .woken = api->wake_fd >= 0 ? api_woken : NULL,
                                          .is_due = api_is_due,
                                          .ahead = lookup_ahead_of_turn,
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
    if (!api_open_siblings(api, err) || !open_trace(api, err) || !make_server(api, err) || !listen_all(api, err))
        return false;
    *out = TAKE(api);
    return true;
}

bool api_run(struct api *api, int stop_fd, struct error *err)
{
    AUTO(file_close) int stops = -1;

    if (!api_either_of(stop_fd, api->broken_fd, &stops, err) || !http_server_run(api->server, stops, err))
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
    console_live_free(api->live);
    console_streams_free(api->streams);
    file_close(api->wake_fd);
    free(api->spool);
    file_close(api->broken_fd);
    free(api);
}
