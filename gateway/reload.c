#include "gateway/reload.h"

#include "base/log.h"
#include "base/time.h"
#include "gateway/config/reload.h"

static void log_problem(const struct config_problem *problem, void *context)
{
    const struct config *config = context;

    if (problem->is_warning)
        log_warning("gateway", "%s:%zu: %s: %s", config->path, problem->line, problem->setting, problem->en);
    else
        log_error("gateway", "%s:%zu: %s: %s", config->path, problem->line, problem->setting, problem->en);
}

/* Who uses what may change: doors, webhooks and their sending. */
static bool follows(const struct slot *slot)
{
    return slot->kind == PROCESS_API || slot->kind == PROCESS_KEEPER || slot->kind == PROCESS_COURIER ||
           slot->kind == PROCESS_DOOR;
}

void reload_take(struct reload *reload, struct slots *slots, struct process *given)
{
    struct config *next = NULL;
    struct error err;

    if (!config_reload(given->config, clock_now_ms(&CLOCK_SYSTEM), log_problem, (void *)given->config, &next, &err)) {
        log_error("gateway", "the configuration stays as it was: %s", err.text);
        return;
    }
    board_seat(given->board, next);
    given->config = next;
    config_free(reload->owned);
    reload->owned = next;
    reload->is_under_way = true;
    reload->warned_day = 0;
    for (size_t i = 0; i < slots->count; i++)
        slots->list[i].is_stale = follows(&slots->list[i]) && slots->list[i].pid > 0;
    log_notice("gateway", "the configuration was read anew: the processes take it over one by one");
}

void reload_step(struct reload *reload, struct slots *slots, struct board *board)
{
    struct slot *next = NULL;

    if (!reload->is_under_way)
        return;
    for (size_t i = 0; i < slots->count; i++) {
        struct slot *slot = &slots->list[i];

        if (!follows(slot))
            continue;
        if (slot->is_stale && slot->pid > 0 && slot->stop_write >= 0)
            next = next ? next : slot;
        else if (!slot->is_ready)
            return; /* one is on its way */
    }
    if (next) {
        slot_stop(next);
        next->is_ready = false;
        return;
    }
    reload->is_under_way = false;
    board_renew(board);
    log_notice("gateway", "the configuration was taken over");
}

void reload_warn(struct reload *reload, const struct config *config)
{
    int64_t now_ms = clock_now_ms(&CLOCK_SYSTEM);
    int32_t today = day_of_instant(now_ms);

    if (reload->warned_day == today)
        return;
    reload->warned_day = today;
    for (size_t i = 0; i < config->client_count; i++) {
        int64_t days = config_client_days_left(&config->clients[i], now_ms);

        if (days < 0)
            log_error("gateway", "client %s: its last certificate is over", config->clients[i].name);
        else if (days <= CERTIFICATE_WARNING_DAYS)
            log_warning("gateway", "client %s: its last certificate ends in %lld days", config->clients[i].name,
                        (long long)days);
    }
}

void reload_done(struct reload *reload)
{
    config_free(reload->owned);
}
