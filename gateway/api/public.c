/* What is no secret, and what a client may know of itself. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "gateway/api/api_internal.h"
#include "gateway/lookup/domain.h"

enum { PUBLIC_FILE_BYTES_MAX = 4 * 1024 * 1024 };

static const char *const NO_QUERY[] = {NULL};

/* A GET of exactly this path without a query. */
static bool is_plain_get(const struct visit *visit)
{
    if (visit->rest.bytes) {
        visit_not_found(visit);
        return false;
    }
    return visit_is_get(visit) && visit_takes(visit, NO_QUERY);
}

static void add_accepted(const struct client *client, const struct domain *domain, struct buf *out)
{
    AUTO(buf_done) struct buf purposes = BUF_INIT;
    struct span rest;

    client_purposes(client, domain, &purposes);
    rest = buf_span(&purposes);
    while (rest.bytes) {
        const char *end = memchr(rest.at, ',', rest.bytes);
        size_t bytes = end ? (size_t)(end - rest.at) : rest.bytes;

        json_string_add(out, (struct span){rest.at, bytes});
        if (end)
            buf_add_byte(out, ',');
        bytes += end ? sizeof ", " - 1 : 0;
        rest = (struct span){rest.at + bytes, rest.bytes - bytes};
    }
}

static void add_domain(const struct client *client, const struct domain *domain, struct buf *out)
{
    buf_add_text(out, "{\"about\":");
    buf_add_span(out, domain_description(domain));
    buf_add_text(out, ",\"accepted_purposes\":[");
    add_accepted(client, domain, out);
    buf_add_text(out, "],\"domain\":");
    json_string_add(out, span_of(domain_name(domain)));
    buf_add_byte(out, '}');
}

/* {"days_left","ends"}: when the one that asks will not be taken any more; null when that is not known. */
static void add_certificate(const struct visit *visit, struct buf *out)
{
    const struct api *api = visit->api;
    int64_t now_ms = clock_now_ms(api->options.clock);
    int64_t ends_ms = admission_ends_ms(&api->admission, visit->request->peer);
    int64_t days = admission_days_left(&api->admission, visit->request->peer, now_ms);
    char at[INSTANT_TEXT_BYTES];

    if (ends_ms == INT64_MAX) {
        buf_add_text(out, "null");
        return;
    }
    json_count_add(out, "{\"days_left\":", (uint64_t)(days > 0 ? days : 0));
    buf_addf(out, ",\"ends\":\"%s\"}", instant_format(ends_ms, at));
}

void public_domains(struct visit *visit)
{
    struct buf *body = &visit->reply->body;
    const struct client *client;

    if (!is_plain_get(visit) || !(client = visit_client(visit)))
        return;
    buf_add_text(body, "{\"certificate\":");
    add_certificate(visit, body);
    buf_add_text(body, ",\"client\":");
    json_string_add(body, client->name);
    buf_add_text(body, ",\"domains\":[");
    for (size_t i = 0; client->domains[i]; i++) {
        if (i)
            buf_add_byte(body, ',');
        add_domain(client, client->domains[i], body);
    }
    buf_add_text(body, "]}");
}

static void answer_file(const struct visit *visit, const char *name, const char *content_type)
{
    AUTO(text_free) char *path = config_state_path(visit->api->config, name);
    struct error err;

    if (!file_exists(path)) {
        error_set_both(&err, ERR_NOT_FOUND, "http.path", "there is none yet", "尚未生成");
        visit_refuse(visit, &err);
        return;
    }
    if (!file_read(path, PUBLIC_FILE_BYTES_MAX, &visit->reply->body, &err)) {
        visit_refuse(visit, &err);
        return;
    }
    visit->reply->content_type = content_type;
}

void public_checkpoint(struct visit *visit)
{
    bool is_journal = span_is(visit->rest, "/journal");

    if (!is_journal && !span_is(visit->rest, "/trace")) {
        visit_not_found(visit);
        return;
    }
    if (visit_is_get(visit) && visit_takes(visit, NO_QUERY))
        answer_file(visit, is_journal ? "checkpoints/journal" : "checkpoints/trace", "text/plain; charset=utf-8");
}

void public_keys(struct visit *visit)
{
    if (is_plain_get(visit))
        answer_file(visit, "public-keys.json", "application/json");
}

/* For whoever writes a client, and for whoever wants to know what one under test is told. */
void public_test_list(struct visit *visit)
{
    if (!is_plain_get(visit) || !visit_client(visit))
        return;
    if (visit->api->testlist)
        buf_add_span(&visit->reply->body, testlist_description(visit->api->testlist));
    else
        visit_not_found(visit);
}

void public_openapi(struct visit *visit)
{
    if (!is_plain_get(visit))
        return;
    buf_add_span(&visit->reply->body, buf_span(&visit->api->openapi));
    http_reply_header(visit->reply, "Cache-Control", "public, max-age=300");
}

void public_health(struct visit *visit)
{
    struct error err;

    if (!is_plain_get(visit))
        return;
    if (!api_read(visit->api, &err)) {
        problem_reply_status(visit->reply, 503, &err, NULL);
        return;
    }
    api_end_read(visit->api);
    buf_add_text(&visit->reply->body, "{\"status\":\"ok\"}");
}
