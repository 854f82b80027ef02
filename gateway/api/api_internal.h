/* api_internal.h - what the files of this room share; nobody else includes it.
 *
 * A handler answers one kind of request. It reads the store in a transaction of its own, so that what it says rests on
 * everything committed before the request was read, and so that no page of the store is held between requests. */
#ifndef GATEWAY_API_API_INTERNAL_H
#define GATEWAY_API_API_INTERNAL_H

#include "base/text.h"
#include "gateway/api/admission.h"
#include "gateway/api/api.h"
#include "gateway/api/clients.h"
#include "gateway/api/openapi.h"
#include "gateway/api/problem.h"
#include "gateway/door/door.h"
#include "gateway/finder/finder.h"
#include "gateway/http/http.h"
#include "gateway/lookup/lookup.h"
#include "gateway/testlist/testlist.h"
#include "gateway/trace/trace.h"
#include "schemas/calendar.h"
#include "schemas/divisions.h"
#include "schemas/windows.h"

/* A process whose every read of the store fails so often in a row does not get well by itself: it ends and is started
 * anew. */
enum { API_WARM_MS = 5, API_FAILED_READS_MAX = 20 };

enum lookup_parameter {
    LOOKUP_PURPOSE,
    LOOKUP_MATTER,
    LOOKUP_CASE,
    LOOKUP_AUTHORISATION,
    LOOKUP_OPERATOR,
    LOOKUP_DEPARTMENT,
    LOOKUP_AS_OF,
    LOOKUP_PARAMETERS
};

struct feedback_rows; /* gateway/courier/feedback_row.h */
struct api {
    struct api_options options;
    const struct config *config;
    struct domains *domains;
    struct feedback_rows *feedback; /* NULL: no upstream is told of feedback */
    struct windows *windows;
    struct calendar *calendar;
    struct divisions *divisions;
    struct clients *clients;
    struct limits *own_limits; /* when none were given */
    struct board *own_board;
    struct admission_desk desk;
    struct admission admission; /* of the request under way */
    struct trace_writer *trace;
    struct store_txn *txn; /* reset between requests; NULL: none yet */
    int failed_reads;      /* in a row */
    int broken_fd;         /* eventfd: readable when the process had better end */
    struct http_server *server;
    char *spool;
    struct buf parameters; /* of the lookup under way, where they stood escaped; kept for its memory */
    struct buf shown;
    struct lookup_memory memory;
    struct lookup_forms *forms;
    struct testlist *testlist; /* NULL: no client is under test */
    struct buf openapi;        /* openapi.h */
    struct lookups_batch *batch;
    struct finder_client *finder;
    struct door_client *door;
    struct console_files *pages;
    struct console_live *live;       /* console_live.h; NULL: no console */
    struct console_streams *streams; /* likewise */
    int wake_fd;                     /* readable when the one or the other has answered */
    bool is_finder_away;             /* nothing will ever come from there */
    bool is_door_away;
};

/* By which listener a request came (http_peer.door). */
enum api_door { API_DOOR_OTHER, API_DOOR_CONSOLE };

/* What all paths of a route begin with; NULL behind the last. `*is_public`: outside systems may come this way. */
const char *api_route(size_t index, bool *is_public);

/* routes.c: what the server calls */
void api_handle(void *context, const struct http_request *request, struct http_reply *reply);
/* Is the body of this request let in? False: it is answered. */
bool api_admits(void *context, const struct http_request *head, struct http_reply *reply);
bool api_spools(void *context, const struct http_request *head, uint64_t *limit);

/* siblings.c: the processes that find names and let people in */
MUST_CHECK bool api_open_siblings(struct api *api, struct error *err);
bool api_woken(void *context);
bool api_is_due(void *context, uint64_t key);
/* Readable when one of the two is: an epoll descriptor can itself be waited for. -1 is none. */
MUST_CHECK bool api_either_of(int first, int second, int *both, struct error *err);

/* A read of now; end it with api_end_read. NULL: err. */
struct store_txn *api_read(struct api *api, struct error *err);
void api_end_read(struct api *api);
/* The same for a client: of the register, or of the test list when it is under test. */
struct store_txn *client_read(struct api *api, const struct client *client, struct error *err);
void client_end_read(struct api *api, const struct client *client);
static inline bool client_is_test(const struct client *client)
{
    return client && client->config->is_test;
}
static inline struct span client_kind_text(const struct client *client)
{
    return client ? span_of(client->config->kind_text) : SPAN_NONE;
}

/* A request on its way through the routes. */
struct visit {
    struct api *api;
    const struct http_request *request;
    struct http_reply *reply;
    struct span rest;                   /* of the path, behind the route */
    const struct config_person *person; /* admin, console: who asks; else NULL */
    struct session session;             /* console: his */
};

/* asking.c, lookups.c, public.c */
void lookup_handle(struct visit *visit);
bool lookup_is_batch(const struct visit *visit); /* POST /v1/lookups/{domain} */
/* http_server_options.ahead, of the server whose context is a struct api. */
void lookup_ahead_of_turn(void *context, const struct http_request *const *requests, size_t count);
/* lookups_batch.c */
void lookup_handle_batch(struct visit *visit);
struct lookups_batch; /* what the batches of a process use one after the other */
struct lookups_batch *lookups_batch_new(void);
void lookups_batch_free(struct lookups_batch *batch);
void public_domains(struct visit *visit);
void public_checkpoint(struct visit *visit);
void public_keys(struct visit *visit);
void public_health(struct visit *visit);
void public_openapi(struct visit *visit);
void public_test_list(struct visit *visit);
/* public_lists.c, public_page.c */
void public_lists_handle(struct visit *visit);
void public_page_handle(struct visit *visit);
void receipts_handle(struct visit *visit);
void log_handle(struct visit *visit);
/* The proof of an entry of the trace, added to `out`; `by`: whose it must be (empty: anybody's). ERR_NOT_FOUND;
 * ERR_UNAVAILABLE until it is in a signed log. */
MUST_CHECK bool receipt_prove(const struct api *api, const char *receipt, struct span by, struct buf *out,
                              struct error *err);
/* The last segment of the path. False: refused. */
bool visit_receipt(const struct visit *visit, char receipt[TRACE_RECEIPT_BYTES]);
/* The second line of a checkpoint is the size of its tree. Whether it is signed well is for verifiers to see. */
bool checkpoint_size(struct span note, uint64_t *size);
/* The client whose certificate asks, if it may ask (admission.h), one token of its limit taken. NULL: refused. */
const struct client *visit_client(const struct visit *visit);
/* Answer with what admission.h refused: 429 with Retry-After where waiting helps. */
void visit_refuse_admission(const struct visit *visit, const struct error *err, const char *instance);

/* changes.c */
void changes_handle(struct visit *visit);

/* names.c, admin_names.c */
void names_handle(struct visit *visit);
void admin_names(struct visit *visit);

/* feedback.c */
void feedback_handle(struct visit *visit);
bool feedback_admits(struct visit *visit); /* is its body worth reading? false: refused */

/* watches.c, watches_show.c */
void watches_handle(struct visit *visit);
bool watches_admits(struct visit *visit); /* as above */

/* screenings.c, screenings_get.c */
void screenings_handle(struct visit *visit);
void screenings_post(struct visit *visit);
bool screenings_admits(struct visit *visit); /* false: refused */
bool screenings_spools(const struct api *api, const struct http_request *head, uint64_t *limit);

/* admin*.c: everything below /admin/v1/ */
void admin_handle(struct visit *visit);
bool admin_spools(const struct api *api, const struct http_request *head, uint64_t *limit);
bool admin_admits(struct visit *visit); /* false: refused */
bool admin_jobs_admits(struct visit *visit);
/* Has the person one of these roles? Else 403, and false. */
bool admin_has_role(const struct visit *visit, unsigned roles);
void admin_whoami(struct visit *visit);
void admin_status(struct visit *visit);
void admin_jobs(struct visit *visit);
void admin_records(struct visit *visit);
void admin_clients(struct visit *visit);
void admin_keys(struct visit *visit);
void admin_trace(struct visit *visit);
void admin_trace_search(struct visit *visit);
void trace_about(struct visit *visit, struct span uscc); /* what was asked about one enterprise */
void trace_handle(struct visit *visit);                  /* the same for a supervising authority */

/* admin_staff.c */
void admin_staff(struct visit *visit);
bool admin_staff_admits(struct visit *visit);

/* GET (HEAD comes as GET) only: else 405 with Allow, and false. */
bool visit_is_get(const struct visit *visit);
bool visit_is_post(const struct visit *visit);
/* 405 with Allow; false. */
bool visit_refuse_method(const struct visit *visit, const char *allowed);
/* Only these query parameters, each at most once: else 400, and false. */
bool visit_takes(const struct visit *visit, const char *const *names);
/* Answer with a problem. */
void visit_refuse(const struct visit *visit, const struct error *err);
void visit_not_found(const struct visit *visit);
/* `rest` holds one more segment: "/" and what follows up to the next "/". False when there is none. */
bool visit_segment(struct span *rest, struct span *segment);

#endif
