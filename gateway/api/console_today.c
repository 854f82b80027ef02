/* GET /console/api/today, and what streams tell of it. */
#include <stdlib.h>
#include <string.h>

#include "gateway/api/console_live.h"
#include "gateway/jobs/today_json.h"

struct console_live {
    struct today_shared shared;
    uint64_t version;    /* of the store, that it rests on */
    int32_t day;         /* likewise */
    int64_t made_ms;     /* when, by the clock that never goes back */
    uint64_t generation; /* how often it was made; 0: never */
    struct refusals *refusals;
};

struct console_live *console_live_new(const struct config *config)
{
    struct console_live *live = memory_new(sizeof *live);

    live->refusals = refusals_new(config);
    return live;
}

void console_live_free(struct console_live *live)
{
    if (!live)
        return;
    today_shared_done(&live->shared);
    refusals_free(live->refusals);
    free(live);
}

struct refusals *console_live_refusals(struct console_live *live)
{
    return live->refusals;
}

static bool is_fresh(const struct console_live *live, const struct store_txn *txn, int32_t day)
{
    return live->generation > 0 && live->version == store_version(txn) && live->day == day &&
           time_monotonic_ms() - live->made_ms < LIVE_STALE_MS;
}

static bool make(struct api *api, struct store_txn *txn, int64_t now_ms, struct error *err)
{
    struct console_live *live = api->live;
    struct today_source source = {{api->config, api->calendar, now_ms}, api->windows};

    /* Half of what was is not to be taken for what is. */
    live->version = 0;
    live->day = DAY_NONE;
    if (!today_shared_make(txn, &source, &live->shared, err))
        return false;
    live->version = store_version(txn);
    live->day = day_of_instant(now_ms);
    live->made_ms = time_monotonic_ms();
    live->generation++;
    return true;
}

static bool tell(struct visit *visit, struct store_txn *txn, bool may_wait, uint64_t *seen, struct buf *out,
                 struct error *err)
{
    struct console_live *live = visit->api->live;
    int64_t now_ms = clock_now_ms(visit->api->options.clock);

    if (!is_fresh(live, txn, day_of_instant(now_ms))) {
        if (may_wait && live->generation > 0 && time_monotonic_ms() - live->made_ms < LIVE_REST_MS)
            return true;
        if (!make(visit->api, txn, now_ms, err))
            return false;
    }
    if (may_wait && *seen == live->generation)
        return true;
    *seen = live->generation;
    return today_json(txn, &live->shared, visit->person, out, err);
}

bool console_live_today(struct visit *visit, bool may_wait, uint64_t *seen, struct buf *out, struct error *err)
{
    struct store_txn *txn = api_read(visit->api, err);
    bool is_good = txn && tell(visit, txn, may_wait, seen, out, err);

    api_end_read(visit->api);
    return is_good;
}

void console_today(struct visit *visit)
{
    struct buf *body = &visit->reply->body;
    uint64_t seen = 0;
    struct error err;

    if (!console_live_today(visit, false, &seen, body, &err)) {
        visit_refuse(visit, &err);
        return;
    }
    today_end(clock_now_ms(visit->api->options.clock), body);
}
