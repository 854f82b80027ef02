/* api.h - the process that answers: lookups over HTTPS for outside systems, administration on the Unix socket.
 *
 * Over TLS with a client certificate:
 *   GET  /v1/lookups/{domain}/{uscc}?purpose=…[&matter=…][&case=…][&authorisation=…][&as_of=…]
 *       [&operator=…][&department=…]       lookup.h; matter, case, authorisation, and who asks in the calling system
 *                                          and for which department, where the domain's file asks for them (domain.h);
 *                                          as_of: a day, YYYY-MM-DD, means its end (or now); digits mean what the
 *                                          register said when the journal had that many events. By a client of the
 *                                          configuration, known by its certificate. With Accept-Signature the
 *                                          answer is signed (signing.h)
 *   POST /v1/lookups/{domain}              {"purpose","matter"?,"case"?,"authorisation"?,"operator"?,"department"?,
 *                                          "as_of"?,"subjects":[{"uscc" or "name","authorisation"?}…]}, at most 1000
 *                                          of them → lookup batch.h: each its own result or problem (for a name
 *                                          {"candidates","index","q","receipt"}), in order, and its own receipt. Each
 *                                          hundred begun counts as a request against the client's limit
 *   POST /v1/screenings?domain=…&purpose=…[&matter=…][&case=…][&authorisation=…][&operator=…][&department=…]
 *       [&as_of=…]   (Idempotency-Key)     a list, text/csv or application/x-ndjson (gateway/screening/rows.h) of at
 *                                          most screening.bytes and screening.rows → 202 with Location and the object
 *                                          of the next line. All rows rest on one state of the register. Each hundred
 *                                          begun counts as a request against the client's limit, more than a minute's
 *                                          as a minute's, each row against the day's quota. Each row has an entry of
 *                                          the trace of its own, as if it had been asked alone
 *   GET  /v1/screenings                    {"client","screenings":[…]}: this client's, the newest first
 *   GET  /v1/screenings/{id}               how it stands (gateway/jobs/screenings.h); only for the client whose it is.
 *                                          It is kept for screening.days
 *   GET  /v1/screenings/{id}/result        the rows (gateway/screening/result.h): whole up to
 *                                          SCREENING_PIECE_BYTES_MAX, beyond that by Range in pieces of at most so many
 *                                          bytes, else 416; 409 until all of it is there and traced
 *   GET  /v1/screenings/{id}/summary       what it came to, signed (gateway/screening/summary.h), for
 *                                          `creditgate verify`
 *   DELETE /v1/screenings/{id}             cancel it, and remove what is kept of it → 204
 *   GET  /v1/domains                       {"certificate":{"days_left","ends"},"client","domains":[{"about":{…
 *                                          domain_description},"accepted_purposes":[…],"domain"}]}: what this client
 *                                          may ask
 *   GET  /v1/receipts/{id}                 the proof that an answer is in the trace (journal/proof.h), only for the
 *                                          client that got it; 503 until the log that has it is signed
 *   GET  /v1/log/{journal|trace}/…         checkpoint, tile/…, consistency?from=N&to=M: the hashes of the logs (log.c),
 *                                          never their entries; for any client of the configuration
 *   GET  /v1/changes?domain=…&purpose=…[&operator=…][&department=…][&after=SEQ][&limit=N][&wait=S]
 * {"changes":[…changes.h],"domain","more", "next","receipt"}: what changed in the records this client may see, in the
 *                                          events from `after` on; `next` is what the next `after` wants. With nothing
 *                                          to tell it waits up to S (30) seconds for something. A copy begins with
 *                                          after=0, or with "as_of"."sequence" of a lookup
 *   GET  /v1/names?q=…&purpose=…[&domain=…][&limit=N][&matter=…][&case=…][&authorisation=…][&operator=…][&department=…]
 *                                          {"candidates":[…finder.h],"domain","index":{…},"purpose","q","receipt"}: the
 *                                          companies that a name may mean, never a verdict; 503 while the index is
 *                                          made. Without a domain, the first of the client's that knows the purpose
 *   POST /v1/feedback   (Idempotency-Key)  what was done with an answer (gateway/feedback/words.h), only by the client
 *                                          that got it → 201 {"at","client","details":[…],"key","left","receipt",
 *                                          "sequence"}
 *   GET  /v1/feedback?owed[&limit=N][&from=…]    {"client","given","left","owed":[{"at","domain","left","purpose",
 *                                          "receipt","shown":[{"given","id","version"}…],"uscc"}…],"next"}: answers on
 *                                          which this client still owes one, the oldest first
 *   GET  /v1/feedback/{receipt}            {"answer":{as above},"given":[{as of POST}…]}
 *   GET  /v1/trace?reason=…[&uscc=…][&by=…]…    for the authority that supervises lenders: what they asked
 *                                          (admin_trace_search.c), page by page; traced itself
 *   GET  /v1/test-list                     the fictitious enterprises that clients under test (`test: true` in the
 *                                          configuration) are answered from (testlist.h), each with what is answered
 *                                          about it; 404 when there is no such client. It comes to the routes above
 *                                          alone (and names are closed to it), its answers say "test":true, and every
 *                                          reply to it Creditgate-Test: true
 *   POST /v1/watches    (Idempotency-Key)  {"domain","purpose","subjects":[code…]}, at most 1000 of them → 201
 *                                          {"receipt","watch":{"domain","id","opened_at","purpose","subjects"}}: from
 *                                          now on changes of these subjects are posted to this client's webhook
 *   GET  /v1/watches[?limit=N][&from=ID]   {"next","receipt","watches":[…]}: this client's
 *   GET  /v1/watches/{id}[?limit=N][&from=CODE]    {"next","receipt","subjects":[{"since","uscc"}…],"watch":{…}}
 *   DELETE /v1/watches/{id}                → 204
 *   POST /v1/watches/{id}/subjects         {"add":[code…],"remove":[code…]} → 200 {"receipt","watch"}
 *   PUT, DELETE /v1/watches/{id}/subjects/{uscc}    one of them → 200 {"receipt","watch"}
 *   POST /v1/watches/test                  → 202 {"channel","delivery","receipt"}: a message of type "ping"
 * there, and without any certificate at `public.address`, where nothing else is reached (seed rows 25 to 27):
 *   GET  /v1/public/exits?[year=YYYY]      the exits of a year (by default this one) in Asia/Shanghai
 *   GET  /v1/public/yellow, /red           what must rectify, what was closed (lookup/bulletin.h: what is on them)
 *                                          with [&division=…][&ground=…][&format=json|csv][&lang=zh|en][&limit=N]
 *                                          [&from=…] → {"as_of":{"at","day","sequence"},"list","next","rows":[…],
 *                                          "title","year"?}, or CSV (public_lists.h). At most 1000 in a page; `next`
 *                                          (null: that was all) is what `from` wants, the Link field leads there. ETag
 *                                          and Last-Modified follow the journal and the day. Nobody is traced here;
 *                                          readers who are no client share READERS_PER_MINUTE (admission.h)
 *   GET  /public/?[list=…] and as above    the same as a page for people
 * at `console.address`, for a member of the staff with a session (docs/console-api.md):
 *   /console/, /console/api/…              console.h
 *   /admin/v1/…                            as on the Unix socket
 * there and on the Unix socket:
 *   GET  /v1/checkpoints/{journal|trace}   the newest signed checkpoint (text/plain)
 *   GET  /v1/keys                          public keys, for whoever verifies
 *   GET  /v1/openapi.json                  all of this but the administration, as OpenAPI 3.1 (openapi.h)
 *   GET  /healthz                          200 when the store answers
 * on the Unix socket, for a member of the staff (SO_PEERCRED):
 *   POST /admin/v1/jobs/{kind}?lang=…[&file=NAME&on=DATE]   with a role for it → 202 {"job"}; the body is an object of
 *                                          arguments, or for import the file
 *   GET  /admin/v1/jobs/{id}               jobs_read (jobs.h)
 *   GET  /admin/v1/jobs/{id}/report?format=text|json|xlsx|csv&offset=N    a piece of the report; empty behind its end
 *   GET  /admin/v1/status                  status_json (show_json.h)
 *   GET  /admin/v1/records?list=waiting|returned|live|over|unsent[&ground=…][&division=…][&uscc=…]
 *                                          [&name=…][&region=…][&industry=…][&decided_from=DAY][&decided_to=DAY][&limit=N][&from=…]
 *                                          {"in_list","list","records":[{"proposal","record":{…},"state"}…],"next"}: a
 *                                          page; `next` (null: that was all) is what `from` wants for the next, which
 *                                          may also be there behind a page that is short or empty
 *   GET  /admin/v1/records/{id}            show_record_json (show_json.h): a record, an obligation, an enterprise
 *   GET  /admin/v1/records/{id}/seal[?version=N]    the JWS of an effective version, by default the newest
 *   GET  /admin/v1/trace/{receipt}         auditors: the entry and its proof (journal/proof.h), for `creditgate verify`
 *   GET  /admin/v1/trace?…                 auditors: search, page by page (admin_trace_search.c)
 *   GET  /admin/v1/names?q=…[&limit=N][&reason=…]    staff: {"candidates","index","q","receipt"}, traced like a reading
 *                                          of the trace
 *   GET  /admin/v1/clients                 outside systems: certificates, quota, suspension (admin_clients.c)
 *   GET  /admin/v1/staff                   administrators, auditors: who signs in how and when (admin_staff.c)
 *   POST /admin/v1/staff/{name}/{invite|reset|suspend|resume|sign-out}    administrators
 *   GET  /admin/v1/whoami                  {"name","title","uid","roles","lang"}
 *
 * HEAD works wherever GET does. Every refusal is an RFC 9457 problem
 * {"detail","detail_zh","instance"?,"rule"?,"status", "title","title_zh","type"} (problem.h).
 *
 * Who may ask at all is judged by admission.h, for every door that is for clients; an answer to a client has the fields
 * RateLimit-Policy and RateLimit (limits_fields.h). Every question by a certificate of ours, answered or refused, and
 * every other refusal (refused.h) is in the trace before the answer leaves, and an answer rests on all that was
 * committed before its request was read. Limits per client hold for the gateway as a whole (limits.h, board.h). */
#ifndef GATEWAY_API_API_H
#define GATEWAY_API_API_H

#include "base/time.h"
#include "gateway/access/board.h"
#include "gateway/accounts/sessions.h"
#include "gateway/api/limits.h"
#include "gateway/config/config.h"
#include "gateway/store/store.h"
#include "keys/signer.h"

enum { API_DRAIN_MS = 5000, RECORDS_LISTED_MAX = 1000 };

/* Everything is borrowed. */
struct api_options {
    const struct config *config;
    struct store *store;
    const struct clock *clock;
    struct signer *signer;     /* for answers that are to be signed; NULL: none are */
    int listen_fd;             /* HTTPS; -1: none */
    int public_fd;             /* HTTPS without client certificates, only for what anybody may read; -1: none */
    int admin_fd;              /* Unix socket; -1: none */
    int parent_fd;             /* SEQPACKET: a job's id orders it; -1: none */
    int console_fd;            /* HTTPS: the staff's console (console.h); -1: none. Needs `sessions` */
    int door_fd;               /* to the process that lets people in (door.h); -1: none */
    struct sessions *sessions; /* shared by all api processes and the door; NULL: none */
    int names_fd;              /* to the process that finds names (finder.h); -1: none */
    struct limits *limits;     /* LIMITS_BUCKETS (admission.h), shared by all api processes; NULL: our own */
    struct board *board;       /* with a place for every client, shared likewise; NULL: our own, forgotten at the end */
    const uint8_t *ticket_key; /* HTTP_TICKET_KEY_BYTES shared by all api processes, or NULL */
};

struct api;
/* Load what answers are made from; fails when it cannot be used. */
MUST_CHECK bool api_new(const struct api_options *options, struct api **out, struct error *err);
/* Until `stop_fd` becomes readable; then what is in flight is answered. ERR_IO when the store cannot be read any more:
 * start the process anew. */
MUST_CHECK bool api_run(struct api *api, int stop_fd, struct error *err);
void api_free(struct api *api);

DEFINE_AUTO(struct api *, api_free)

#endif
