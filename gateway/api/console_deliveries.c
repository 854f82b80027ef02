/* GET /console/api/deliveries?records=ID,ID…: how far each has come. Asked by a page that was told that something
 * changed, so it keeps nobody signed in. */
#include <string.h>

#include "gateway/api/console_live.h"
#include "gateway/jobs/journey_json.h"

enum { JOURNEYS_MAX = 100 };

static bool add_all(struct visit *visit, struct store_txn *txn, struct span ids, struct error *err)
{
    struct refusals *refusals = console_live_refusals(visit->api->live);
    struct buf *out = &visit->reply->body;
    size_t count = 0;

    buf_add_text(out, "{\"records\":[");
    while (ids.bytes > 0) {
        const char *comma = memchr(ids.at, ',', ids.bytes);
        struct span id = {ids.at, comma ? (size_t)(comma - ids.at) : ids.bytes};

        if (++count > JOURNEYS_MAX)
            return refuse(err, ERR_INVALID, "query.records", "at most %d records at a time", "一次最多 %d 条记录",
                          JOURNEYS_MAX);
        if (count > 1)
            buf_add_byte(out, ',');
        if (!journey_json_add(txn, id, refusals, out, err))
            return false;
        ids = comma ? (struct span){comma + 1, ids.bytes - id.bytes - 1} : SPAN_NONE;
    }
    buf_add_text(out, "]}");
    return true;
}

void console_deliveries(struct visit *visit)
{
    static const char *const NAMES[] = {"records", NULL};
    AUTO(buf_done) struct buf ids = BUF_INIT;
    struct store_txn *txn;
    struct error err;

    if (!visit_takes(visit, NAMES))
        return;
    (void)http_query_of(visit->request, "records", &ids);
    txn = api_read(visit->api, &err);
    if (!txn || !add_all(visit, txn, buf_span(&ids), &err)) {
        buf_clear(&visit->reply->body);
        visit_refuse(visit, &err);
    }
    api_end_read(visit->api);
}
