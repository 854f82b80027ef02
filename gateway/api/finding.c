#include "gateway/api/finding.h"

#include "gateway/api/query.h"

bool finding_in_tests(const struct visit *visit, struct span text, struct finder_wish wish, struct finder_answer *out,
                      struct error *err)
{
    return testlist_find(visit->api->testlist, text, wish, out, err);
}

bool finding_begin(struct finding *finding, struct visit *visit, size_t texts, struct error *err)
{
    struct finder_client *finder = visit->api->finder;

    finding->visit = visit;
    finding->patience_ms = texts > 1 ? FINDING_MANY_WAIT_MS : FINDING_WAIT_MS;
    finding->key = visit->request->early_key;
    finding->is_new = !finder_has(finder, finding->key);
    if (!finding->is_new)
        return true;
    finding->key = 0;
    return finder_begin(finder, texts, time_monotonic_ms(), &finding->key, err);
}

void finding_add(const struct finding *finding, struct span text, struct finder_wish wish)
{
    if (finding->is_new && finding->key)
        finder_add(finding->visit->api->finder, finding->key, text, wish);
}

bool finding_is_early(const struct finding *finding)
{
    const struct http_request *request = finding->visit->request;
    struct http_reply *reply = finding->visit->reply;

    if (finding->is_new && finding->key)
        (void)finder_pump(finding->visit->api->finder);
    if (!finding->key || request->is_last_time || request->waited_ms >= finding->patience_ms ||
        finder_is_due(finding->visit->api->finder, finding->key))
        return false;
    reply->is_early = true;
    reply->early_key = finding->key;
    return true;
}

bool finding_take(const struct finding *finding, size_t number, struct finder_answer *out, struct error *err)
{
    return finder_take(finding->visit->api->finder, finding->key, number, out, err);
}

void finding_end(struct finding *finding)
{
    if (finding->key)
        finder_end(finding->visit->api->finder, finding->key);
    finding->key = 0;
}

void finding_add_candidates(const struct finder_answer *answer, struct buf *out)
{
    buf_add_text(out, "\"candidates\":");
    buf_add_span(out, answer->candidates);
}

bool finding_limit(const struct http_request *request, int64_t *limit, struct error *err)
{
    static const struct query_number LIMIT = {.name = "limit", .least = 1, .most = NAMES_CANDIDATES_MAX};

    *limit = FINDING_LIMIT_DEFAULT;
    return query_number(request, &LIMIT, limit, err);
}
