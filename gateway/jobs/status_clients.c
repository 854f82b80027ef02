#include "gateway/jobs/status_clients.h"

#include "base/text.h"
#include "gateway/access/suspension.h"

struct suspended {
    struct buf *out;
    size_t count;
};

static bool add_suspended(const struct suspension *suspension, void *context)
{
    struct suspended *suspended = context;

    if (!suspension->is_suspended)
        return true;
    if (suspended->count++ > 0)
        buf_add_byte(suspended->out, ',');
    json_string_add(suspended->out, suspension->client);
    return true;
}

bool status_clients_add(struct store_txn *txn, const struct config *config, int64_t now_ms, struct buf *out,
                        struct error *err)
{
    struct suspended suspended = {.out = out};
    const char *comma = "";

    json_count_add(out, "{\"count\":", config->client_count);
    buf_add_text(out, ",\"ending\":[");
    for (size_t i = 0; i < config->client_count; i++) {
        int64_t days = config_client_days_left(&config->clients[i], now_ms);

        if (days > CERTIFICATE_WARNING_DAYS)
            continue;
        buf_addf(out, "%s{\"days_left\":%lld,\"name\":", comma, (long long)days);
        json_string_add(out, span_of(config->clients[i].name));
        buf_add_byte(out, '}');
        comma = ",";
    }
    buf_add_text(out, "],\"suspended\":[");
    if (!suspension_list(txn, add_suspended, &suspended, err))
        return false;
    buf_add_text(out, "]}");
    return true;
}
