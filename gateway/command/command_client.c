#include "gateway/command/command_client.h"

#include <string.h>

#include "base/text.h"
#include "gateway/access/suspension.h"
#include "gateway/command/ledger.h"
#include "gateway/journal/journal.h"

struct switching {
    const struct desk *desk;
    const char *client;
    struct span reason;
    bool suspends;
};

static bool check_reason(struct span reason, struct error *err)
{
    return (reason.bytes > 0 && reason.bytes <= RECORD_REASON_MAX && utf8_is_valid(reason, NULL)) ||
           refuse(err, ERR_REFUSED, "client.reason", "a reason of at most %d bytes is needed",
                  "必须写明理由（最多 %d 字节）", (int)RECORD_REASON_MAX);
}

/* The event is this order's own: its process was killed behind the commit. */
static bool was_done(struct store_txn *txn, const struct switching *switching, const struct suspension *now)
{
    struct span bytes;

    return switching->desk->job && journal_read(txn, now->sequence, &bytes) &&
           span_is(event_job(bytes), switching->desk->job);
}

/* `*is_done`: there is nothing to do any more. */
static bool judge(struct store_txn *txn, const struct switching *switching, bool *is_done, struct error *err)
{
    struct suspension now = {.is_suspended = false};
    bool is_known = suspension_find(txn, span_of(switching->client), &now);

    *is_done = false;
    if (!store_txn_is_good(txn, err))
        return false;
    if (now.is_suspended != switching->suspends)
        return true;
    *is_done = is_known && was_done(txn, switching, &now);
    if (*is_done || !store_txn_is_good(txn, err))
        return *is_done;
    if (switching->suspends)
        return refuse(err, ERR_CONFLICT, "client.suspended-already", "%s is suspended already (event %llu)",
                      "接入系统 %s 已处于暂停状态（事件 %llu）", switching->client, (unsigned long long)now.sequence);
    return refuse(err, ERR_CONFLICT, "client.not-suspended", "%s is not suspended", "接入系统 %s 未被暂停",
                  switching->client);
}

static bool switch_client(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    AUTO(buf_done) struct buf data = BUF_INIT;
    const struct switching *switching = context;
    const struct desk *desk = switching->desk;
    bool is_done;

    if (!judge(txn, switching, &is_done, err))
        return false;
    if (is_done)
        return true;
    buf_add_text(&data, "{\"client\":");
    json_string_add(&data, span_of(switching->client));
    buf_add_text(&data, ",\"reason\":");
    json_string_add(&data, switching->reason);
    buf_add_byte(&data, '}');
    if (!ledger_new(txn, desk->clock, &ledger, err))
        return false;
    ledger_set_job(ledger, desk->job);
    return ledger_emit(ledger, desk->person, switching->suspends ? "client.suspended" : "client.resumed",
                       buf_span(&data), NULL, err) &&
           ledger_finish(ledger, err);
}

static bool work_off(struct switching *switching, struct error *err)
{
    return check_reason(switching->reason, err) && store_write(switching->desk->store, switch_client, switching, err);
}

bool command_client_suspend(const struct desk *desk, const char *client, const char *reason, struct error *err)
{
    struct switching switching = {desk, client, span_trim(span_of(reason)), true};

    return work_off(&switching, err);
}

bool command_client_resume(const struct desk *desk, const char *client, const char *reason, struct error *err)
{
    struct switching switching = {desk, client, span_trim(span_of(reason)), false};

    return work_off(&switching, err);
}
