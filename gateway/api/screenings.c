/* POST /v1/screenings?domain=…&purpose=…: a large list, taken to disk and answered by a job
 * (gateway/jobs/screenings.h).
 *
 * An order is a question like any other: judged step by step, counted against the client's limit (each hundred rows
 * begun as a request, as in a batch) and in the trace, accepted or refused, before the answer leaves. Every row then
 * has an entry of its own. */
#include "gateway/api/asking.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "gateway/api/idempotency.h"
#include "gateway/api/refused.h"
#include "gateway/jobs/screenings.h"
#include "gateway/lookup/batch.h"
#include "gateway/screening/screening.h"

enum { ROWS_A_TOKEN = 100, COUNT_BYTES = 256 * 1024 };

enum parameter {
    PARAMETER_DOMAIN,
    PARAMETER_PURPOSE,
    PARAMETER_MATTER,
    PARAMETER_CASE,
    PARAMETER_AUTHORISATION,
    PARAMETER_OPERATOR,
    PARAMETER_DEPARTMENT,
    PARAMETER_AS_OF,
    PARAMETER_COUNT
};
static const char *const PARAMETERS[PARAMETER_COUNT + 1] = {"domain",   "purpose",    "matter", "case", "authorisation",
                                                            "operator", "department", "as_of",  NULL};

/* An order on its way. */
struct order {
    struct asking asking;
    struct buf texts[PARAMETER_COUNT];
    enum screening_format format;
    struct span key;
    int64_t lines; /* about as many as rows: a heading counts, too */
    char receipt[TRACE_RECEIPT_BYTES];
};

static void order_done(struct order *order)
{
    for (size_t i = 0; i < PARAMETER_COUNT; i++)
        buf_done(&order->texts[i]);
    asking_end(&order->asking);
}
DEFINE_AUTO_IN_PLACE(struct order, order_done)

/* --- what is ordered --- */

static struct span text_of(struct order *order, enum parameter which)
{
    struct buf *text = &order->texts[which];

    if (!http_query_of(order->asking.visit->request, PARAMETERS[which], text))
        return SPAN_NONE;
    return text->bytes > 0 ? buf_span(text) : SPAN("");
}

/* Heard before anything is judged, as in lookups.c. */
static void hear(struct order *order)
{
    struct asking *asking = &order->asking;

    asking->domain_text = text_of(order, PARAMETER_DOMAIN);
    asking->purpose = text_of(order, PARAMETER_PURPOSE);
    asking->given = (struct domain_given){.matter = text_of(order, PARAMETER_MATTER),
                                          .case_number = text_of(order, PARAMETER_CASE),
                                          .authorisation = text_of(order, PARAMETER_AUTHORISATION),
                                          .operator= text_of(order, PARAMETER_OPERATOR),
                                          .department = text_of(order, PARAMETER_DEPARTMENT)};
    asking->as_of = text_of(order, PARAMETER_AS_OF);
}

static bool take_format(struct order *order, struct error *err)
{
    struct span type = http_header_of(order->asking.visit->request, "content-type");
    const char *end = type.bytes ? memchr(type.at, ';', type.bytes) : NULL;

    type = span_trim((struct span){type.at, end ? (size_t)(end - type.at) : type.bytes});
    if (span_is(type, "text/csv"))
        order->format = SCREENING_CSV;
    else if (span_is(type, "application/x-ndjson"))
        order->format = SCREENING_NDJSON;
    else
        return refuse(err, ERR_INVALID, "screening.type", "Content-Type is text/csv or application/x-ndjson",
                      "Content-Type 应为 text/csv 或 application/x-ndjson");
    return true;
}

static bool take_key(struct order *order, struct error *err)
{
    if (!idempotency_key(order->asking.visit->request, &order->key, err))
        return false;
    return order->key.bytes > 0 ||
           refuse(err, ERR_INVALID, "idempotency.missing",
                  "say Idempotency-Key: with the same one the order can be sent again without being made twice",
                  "须给出 Idempotency-Key：凭同一键重发不会重复受理");
}

static bool check_query(const struct order *order, struct error *err)
{
    struct span bad = SPAN_NONE;

    if (http_query_only(order->asking.visit->request, PARAMETERS, &bad))
        return true;
    bad = utf8_cut(bad, ASKED_MAX);
    return refuse(err, ERR_INVALID, "query.unknown", "the query parameter \"%.*s\" is not known here or came twice",
                  "查询参数“%.*s”不可识别或重复", (int)bad.bytes, bad.at);
}

/* Lines: as many as rows, but for line breaks inside a field. A CSV may end them in CR alone (intake/csv.h). */
struct lines {
    int64_t count;
    bool ends_in_cr; /* such an end counts, too */
    char last;       /* byte so far */
};

static void lines_add(struct lines *lines, const char *piece, size_t bytes)
{
    const char *end = piece + bytes;

    for (const char *at = piece; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        lines->count++;
    if (lines->ends_in_cr) {
        lines->count += lines->last == '\r' && *piece != '\n';
        for (const char *at = piece; (at = memchr(at, '\r', (size_t)(end - at))); at++)
            lines->count += at + 1 < end && at[1] != '\n';
    }
    lines->last = end[-1];
}

static bool count_lines(int fd, struct lines *lines, struct error *err)
{
    AUTO(buf_done) struct buf piece = BUF_INIT;
    off_t at = 0;

    buf_reserve(&piece, COUNT_BYTES);
    for (;;) {
        ssize_t got = pread(fd, piece.data, COUNT_BYTES, at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return file_fail(err, "the list", "cannot read");
        if (got == 0)
            break;
        lines_add(lines, piece.data, (size_t)got);
        at += got;
    }
    lines->count += at > 0 && lines->last != '\n'; /* the last need not be ended */
    return true;
}

/* The first hundred are in the request's own token. An order that is sent again costs nothing more. */
static bool take_rows(void *context, struct error *err)
{
    struct order *order = context;

    return asking_take(&order->asking, (order->lines - 1) / ROWS_A_TOKEN, err) &&
           asking_charge(&order->asking, order->lines, err);
}

static bool look_at_list(struct order *order, struct error *err)
{
    struct lines lines = {.ends_in_cr = order->format == SCREENING_CSV};
    int fd = order->asking.visit->request->body_fd;

    if (fd < 0)
        return refuse(err, ERR_INVALID, "screening.empty", "the list is missing", "缺少名单");
    if (!count_lines(fd, &lines, err))
        return false;
    order->lines = lines.count;
    return true;
}

/* What would be refused of every row is refused at once. */
static bool check_question(struct order *order, struct error *err)
{
    struct api *api = order->asking.visit->api;
    struct lookup_question question = asking_question(&order->asking);
    AUTO(buf_done) struct buf head = BUF_INIT;
    AUTO(lookup_batch_free) struct lookup_batch *batch = lookup_batch_new();
    struct store_txn *txn = asking_read(&order->asking, SPAN_NONE, err);
    bool is_good;

    if (!txn)
        return false;
    is_good = lookup_batch_begin(batch, txn, &question, &head, err) && lookup_batch_end(batch, &head, err);
    client_end_read(api, order->asking.client);
    return is_good;
}

static bool take_order(struct order *order, struct error *err)
{
    struct asking *asking = &order->asking;

    return asking_admit(asking, err) && check_query(order, err) && asking_domain(asking, err) &&
           asking_given(asking, err) && take_key(order, err) && take_format(order, err) && check_question(order, err) &&
           look_at_list(order, err);
}

/* --- the job --- */

static void put(json_t *arguments, const char *name, struct span text)
{
    if (text.bytes > 0)
        (void)json_object_set_new(arguments, name, json_stringn(text.at, text.bytes));
}

static void put_number(json_t *arguments, const char *name, uint64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    if (number > 0)
        (void)json_object_set_new(arguments, name, json_string(text));
}

static json_t *arguments_of(const struct order *order)
{
    const struct asking *asking = &order->asking;
    const struct http_peer *peer = asking->visit->request->peer;
    AUTO(buf_done) struct buf certificate = BUF_INIT;
    json_t *arguments = json_object();

    hex_add(&certificate, peer->certificate_sha256, sizeof peer->certificate_sha256);
    put(arguments, "client", asking->client->name);
    put(arguments, "certificate", buf_span(&certificate));
    put(arguments, "domain", span_of(domain_name(asking->domain)));
    put(arguments, "purpose", asking->purpose);
    put(arguments, "matter", asking->given.matter);
    put(arguments, "case", asking->given.case_number);
    put(arguments, "authorisation", asking->given.authorisation);
    put(arguments, "operator", asking->given.operator);
    put(arguments, "department", asking->given.department);
    put(arguments, "as_of", asking->as_of);
    put(arguments, "format", span_of(SCREENING_FORMAT_NAMES[order->format]));
    put(arguments, "order", span_of(order->receipt));
    put(arguments, "test", client_is_test(asking->client) ? SPAN("true") : SPAN_NONE);
    put_number(arguments, "as_of_ms", (uint64_t)asking->as_of_ms);
    put_number(arguments, "as_of_sequence", asking->as_of_sequence);
    return arguments;
}

/* The parent starts it. A word that is lost is no order that is lost: it reads the folder now and then. */
static void tell_parent(const struct api *api, const char *id)
{
    int fd = api->options.parent_fd;

    if (fd >= 0 && send(fd, id, strlen(id), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        log_warning("api", "screening %s: the parent does not listen now; it will be found later", id);
}

static bool make(struct order *order, struct error *err)
{
    const struct visit *visit = order->asking.visit;
    AUTO(json_release) json_t *arguments = arguments_of(order);
    struct screening_order wanted = {.client = order->asking.client->config->name,
                                     .key = order->key,
                                     .arguments = arguments,
                                     .input_fd = visit->request->body_fd,
                                     .may = take_rows,
                                     .context = order};
    AUTO(buf_done) struct buf location = BUF_INIT;
    char id[JOB_ID_BYTES];
    bool is_new;

    if (!screenings_order(visit->api->config, &wanted, id, &is_new, err) ||
        !screenings_read(visit->api->config, wanted.client, id, &visit->reply->body, err))
        return false;
    if (is_new)
        tell_parent(visit->api, id);
    visit->reply->status = 202;
    buf_addf(&location, "/v1/screenings/%s", id);
    http_reply_header(visit->reply, "Location", buf_text(&location));
    http_reply_header(visit->reply, "Cache-Control", "no-store");
    return true;
}

static void trace_order(const struct order *order)
{
    const struct visit *visit = order->asking.visit;
    struct trace_entry entry = asking_entry(&order->asking);

    if (visit->api->admission.is_untraced)
        return;
    entry.receipt = order->receipt;
    entry.status = visit->reply->status;
    entry.answer = buf_span(&visit->reply->body);
    if (visit->reply->status >= 400)
        refused_fill(visit, &entry);
    trace_add(visit->api->trace, &entry);
}

void screenings_post(struct visit *visit)
{
    AUTO(order_done) struct order order = {.format = SCREENING_CSV};
    struct error err;

    trace_next_receipt(visit->api->trace, order.receipt);
    asking_begin(visit, &order.asking);
    hear(&order);
    if (!take_order(&order, &err) || !make(&order, &err))
        asking_refuse(&order.asking, &err, order.receipt);
    trace_order(&order);
}

/* A stranger's goes to memory, and is refused there: small, and without a file. */
bool screenings_spools(const struct api *api, const struct http_request *head, uint64_t *limit)
{
    if (!span_is(head->path, "/v1/screenings") || !clients_find(api->clients, head->peer->certificate_sha256))
        return false;
    *limit = (uint64_t)api->config->screening_bytes;
    return true;
}
