#include "gateway/api/order_seen.h"

#include <string.h>

#include "base/json.h"
#include "gateway/registry/obligations.h"
#include "gateway/registry/records.h"

enum { ID_SHOWN_MAX = 40, STALE_TOLD_MAX = 20 };

struct looking {
    struct store_txn *txn;
    bool is_about_obligations;
    size_t stale;
    char first[ID_SHOWN_MAX + 1];
    struct buf *told;
};

/* One that changed: which it was, which it is, and of an obligation whose. */
struct change {
    uint64_t now;
    char uscc[19];
};

/* What is unknown is not stale: the job says so of each. */
static bool is_as_seen(const struct looking *looking, struct span id, int64_t seen, struct change *change,
                       struct error *err)
{
    struct obligation_version obligation;
    struct record_head head;
    char record[RECORD_ID_BYTES];
    struct error why;

    if (looking->is_about_obligations) {
        if (!obligations_by_prefix(looking->txn, id, &obligation, &why))
            return true;
        change->now = obligation.version;
        memcpy(change->uscc, obligation.uscc, sizeof change->uscc);
        return change->now == (uint64_t)seen;
    }
    if (!records_by_prefix(looking->txn, id, record, &why) ||
        !records_head(looking->txn, span_of(record), 0, &head, err))
        return true;
    change->now = head.proposal;
    return change->now == (uint64_t)seen;
}

/* The first few: a page shows what was and what is side by side. */
static void tell_change(struct looking *looking, struct span id, int64_t seen, const struct change *change)
{
    struct buf *out = looking->told;

    if (looking->stale++ == 0)
        memcpy(looking->first, id.at, id.bytes < ID_SHOWN_MAX ? id.bytes : ID_SHOWN_MAX);
    if (looking->stale > STALE_TOLD_MAX)
        return;
    buf_add_text(out, looking->stale > 1 ? ",{\"id\":" : "{\"id\":");
    json_string_add(out, utf8_cut(id, ID_SHOWN_MAX));
    json_count_add(out, ",\"seen\":", (uint64_t)seen);
    json_count_add(out, ",\"now\":", change->now);
    buf_addf(out, *change->uscc ? ",\"uscc\":\"%s\"}" : ",\"uscc\":null%s}", change->uscc);
}

static bool look(struct looking *looking, json_t *ids, size_t index, struct error *err)
{
    const char *text = json_string_value(json_array_get(ids, index));
    const char *mark = text ? strchr(text, '@') : NULL;
    struct change change = {.now = 0};
    struct span id;
    int64_t seen;

    if (!mark)
        return true;
    id = (struct span){text, (size_t)(mark - text)};
    if (!integer_parse(span_of(mark + 1), &seen) || seen < 0)
        return refuse(err, ERR_INVALID, "order.seen", "\"%.*s\": behind @ stands the number of what was seen",
                      "“%.*s”：@ 之后应为所见版本的编号", ID_SHOWN_MAX, text);
    if (!is_as_seen(looking, id, seen, &change, err))
        tell_change(looking, id, seen, &change);
    return store_txn_is_good(looking->txn, err);
}

bool order_seen_check(struct api *api, const char *kind, json_t *arguments, struct buf *stale, struct error *err)
{
    const char *order = strcmp(kind, "preview") == 0 ? json_text_of(arguments, "order") : kind;
    struct looking looking = {.is_about_obligations = order && strcmp(order, "propose") == 0, .told = stale};
    json_t *ids = json_object_get(arguments, "ids");
    bool is_good = true;

    if (!json_is_array(ids))
        return true;
    looking.txn = api_read(api, err);
    if (!looking.txn)
        return false;
    for (size_t i = 0; is_good && i < json_array_size(ids); i++)
        is_good = look(&looking, ids, i, err);
    api_end_read(api);
    if (!is_good || looking.stale == 0)
        return is_good;
    return refuse(err, ERR_CONFLICT, "order.stale",
                  "%s (of %zu) is not what you saw any more: load the page anew and decide again",
                  "%s（共 %zu 项）已与您所见的不同：请刷新后重新决定", looking.first, looking.stale);
}
