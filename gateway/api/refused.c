#include "gateway/api/refused.h"

#include "base/walk.h"

void refused_fill(const struct visit *visit, struct trace_entry *entry)
{
    entry->from = span_of(visit->request->peer->address);
    entry->refusal = walk_plain_of(buf_span(&visit->reply->body), "rule");
}

/* A client's request that nobody judged yet. What it may not do comes before what was wrong with it. */
static void judge(struct visit *visit, int64_t at_ms)
{
    struct api *api = visit->api;
    struct error err;

    if (admission_enter(&api->desk, visit->request->peer, at_ms, &api->admission, &err))
        return;
    /* To strangers what is public stays what it is. */
    if (api->admission.client)
        visit_refuse_admission(visit, &err, NULL);
}

/* A problem that was written before there was a receipt gets it as its instance (problem.h: names in order). */
static void name_instance(struct buf *body, const char *receipt)
{
    AUTO(buf_done) struct buf whole = BUF_INIT;
    struct span before = walk_member(buf_span(body), "detail_zh");
    size_t at;

    if (before.bytes == 0 || walk_member(buf_span(body), "instance").bytes > 0)
        return;
    at = (size_t)(before.at + before.bytes - body->data);
    buf_add(&whole, body->data, at);
    buf_addf(&whole, ",\"instance\":\"%s\"", receipt);
    buf_add(&whole, body->data + at, body->bytes - at);
    buf_clear(body);
    buf_add_span(body, buf_span(&whole));
}

void refused_trace(struct visit *visit)
{
    struct api *api = visit->api;
    const struct http_peer *peer = visit->request->peer;
    int64_t at_ms = clock_now_ms(api->options.clock);
    char receipt[TRACE_RECEIPT_BYTES];
    struct trace_entry entry = {.at_ms = at_ms, .receipt = receipt};

    if (!api->admission.was_judged)
        judge(visit, at_ms);
    if (api->admission.is_untraced)
        return;
    trace_next_receipt(api->trace, receipt);
    name_instance(&visit->reply->body, receipt);
    entry.by = api->admission.client ? api->admission.client->name : SPAN_NONE;
    entry.kind = client_kind_text(api->admission.client);
    entry.certificate = peer->has_certificate ? peer->certificate_sha256 : NULL;
    entry.is_test = client_is_test(api->admission.client);
    entry.status = visit->reply->status;
    entry.answer = buf_span(&visit->reply->body);
    entry.path = visit->request->path;
    refused_fill(visit, &entry);
    trace_add(api->trace, &entry);
}
