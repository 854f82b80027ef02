#include "gateway/jobs/today_json.h"

#include <string.h>

#include "base/text.h"
#include "gateway/clocks/clocks.h"
#include "gateway/jobs/show_parts.h"
#include "gateway/jobs/status_parts.h"
#include "gateway/journal/guard.h"
#include "gateway/registry/records.h"
#include "gateway/registry/standing.h"

struct telling {
    struct store_txn *txn;
    const struct today_source *source;
    struct buf *out;
    int32_t today;
    bool is_bad;
    bool wants_look;
    size_t alarms;
};

/* --- numbers --- */

static bool add_overdue(struct telling *telling, struct error *err)
{
    char day[DAY_TEXT_BYTES];
    uint64_t count = 0;
    bool is_kept = standing_is_kept(telling->txn);

    if (is_kept && !standing_unproposed(telling->txn, telling->today, &count, err))
        return false;
    if (is_kept)
        json_count_add(telling->out, ",\"overdue\":{\"unproposed\":", count);
    else
        buf_add_text(telling->out, ",\"overdue\":{\"unproposed\":null");
    show_text(telling->out, ",\"on\":", span_of(day_format(telling->today, day)));
    buf_add_byte(telling->out, '}');
    telling->wants_look |= count > 0;
    return true;
}

static bool count_end(const struct clocks_end *end, void *context)
{
    uint64_t *count = context;

    (void)end;
    return ++*count < TODAY_ENDING_MAX;
}

static bool add_clocks(struct telling *telling, struct status_clocks *clocks, struct error *err)
{
    uint64_t ending = 0;

    buf_add_text(telling->out, ",\"clocks\":{");
    if (!status_clocks_add(telling->txn, &telling->source->status, telling->out, clocks, err) ||
        !clocks_ends(telling->txn, telling->source->windows, telling->today, telling->today + CLOCKS_ENDING_DAYS,
                     count_end, &ending, err))
        return false;
    json_count_add(telling->out, ",\"ending\":", ending);
    buf_addf(telling->out, ",\"ending_more\":%s}", ending == TODAY_ENDING_MAX ? "true" : "false");
    telling->is_bad |= clocks->late > 0 || clocks->receipts > 0;
    telling->wants_look |= clocks->soon > 0 || clocks->unconfirmed > 0;
    return true;
}

static bool add_channels(struct telling *telling, struct error *err)
{
    struct status_totals totals;

    buf_add_text(telling->out, ",\"channels\":");
    if (!status_channels_add(telling->txn, telling->source->status.config, telling->out, &totals, err))
        return false;
    json_count_add(telling->out, ",\"refused\":", totals.refused);
    json_count_add(telling->out, ",\"held\":", totals.held);
    telling->is_bad |= totals.refused > 0 || totals.held > 0 || totals.paused > 0 || totals.failing > 0;
    return true;
}

/* --- what no number tells --- */

static void add_alarm(struct telling *telling, const char *rule, struct span zh, struct span en)
{
    buf_add_text(telling->out, telling->alarms++ ? "," : "");
    show_text(telling->out, "{\"rule\":", span_of(rule));
    show_text(telling->out, ",\"text\":", en);
    show_text(telling->out, ",\"text_zh\":", zh);
    buf_add_byte(telling->out, '}');
    telling->is_bad = true;
}

static void add_alarms(struct telling *telling, const struct status_clocks *clocks)
{
    static const char REBUILD_ZH[] = "部分统计尚未建立，数字不完整：请停止网关并运行 creditgate rebuild";
    static const char REBUILD_EN[] =
        "some counts are not kept yet and numbers are missing: stop the gateway and run creditgate rebuild";

    buf_add_text(telling->out, ",\"alarms\":[");
    for (int i = 0; i < GUARD_LOG_COUNT; i++) {
        AUTO(buf_done) struct buf zh = BUF_INIT;
        AUTO(buf_done) struct buf en = BUF_INIT;

        if (status_log_refused(telling->source->status.config->state, GUARD_LOG_NAMES[i], &zh, &en))
            add_alarm(telling, "checkpoint.refused", buf_span(&zh), buf_span(&en));
    }
    if (clocks->is_stale || !standing_is_kept(telling->txn))
        add_alarm(telling, "counts.rebuild", span_of(REBUILD_ZH), span_of(REBUILD_EN));
    buf_add_byte(telling->out, ']');
}

static bool tell(struct telling *telling, struct error *err)
{
    struct status_clocks clocks;
    uint64_t unsent = records_count(telling->txn, RECORDS_UNSENT);

    if (!add_overdue(telling, err) || !add_clocks(telling, &clocks, err) || !add_channels(telling, err))
        return false;
    json_count_add(telling->out, ",\"unsent\":", unsent);
    telling->wants_look |= unsent > 0;
    add_alarms(telling, &clocks);
    return store_txn_is_good(telling->txn, err);
}

bool today_shared_make(struct store_txn *txn, const struct today_source *source, struct today_shared *out,
                       struct error *err)
{
    struct telling telling = {
        .txn = txn, .source = source, .out = &out->members, .today = day_of_instant(source->status.now_ms)};

    buf_clear(&out->members);
    out->waiting = records_count(txn, RECORDS_WAITING);
    out->returned = records_count(txn, RECORDS_RETURNED);
    telling.wants_look = out->waiting > 0 || out->returned > 0;
    if (!tell(&telling, err)) {
        buf_clear(&out->members);
        return false;
    }
    show_text(&out->members, ",\"worst\":", span_of(telling.is_bad ? "bad" : telling.wants_look ? "look" : "good"));
    return true;
}

void today_shared_done(struct today_shared *shared)
{
    buf_done(&shared->members);
}

static void add_pair(struct buf *out, const char *before, uint64_t mine, uint64_t all)
{
    json_count_add(out, before, mine);
    json_count_add(out, ",\"all\":", all);
    buf_add_byte(out, '}');
}

bool today_json(struct store_txn *txn, const struct today_shared *shared, const struct config_person *person,
                struct buf *out, struct error *err)
{
    uint64_t own = standing_proposed_by(txn, RECORDS_WAITING, span_of(person->name));
    uint64_t waiting = own < shared->waiting ? shared->waiting - own : 0;

    buf_clear(out);
    add_pair(out, "{\"waiting\":{\"mine\":", person->roles & ROLE_REVIEWER ? waiting : 0, shared->waiting);
    add_pair(out, ",\"returned\":{\"mine\":", standing_proposed_by(txn, RECORDS_RETURNED, span_of(person->name)),
             shared->returned);
    buf_add_span(out, buf_span(&shared->members));
    if (store_txn_is_good(txn, err))
        return true;
    buf_clear(out);
    return false;
}

void today_end(int64_t now_ms, struct buf *out)
{
    show_instant(out, ",\"at\":", now_ms);
    buf_add_byte(out, '}');
}
