#include "gateway/keeper/statute.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/log.h"
#include "gateway/clocks/clocks.h"
#include "gateway/command/command.h"
#include "gateway/courier/channel.h"

struct statute {
    const struct keeper_options *options;
    struct windows *windows;
    struct calendar *calendar;
    int64_t due_ms;
    int32_t day; /* of the last turn; DAY_NONE: none yet */
};

struct statute *statute_new(const struct keeper_options *options)
{
    struct statute *statute = memory_new(sizeof *statute);

    statute->options = options;
    statute->day = DAY_NONE;
    return statute;
}

void statute_free(struct statute *statute)
{
    if (!statute)
        return;
    windows_free(statute->windows);
    calendar_free(statute->calendar);
    free(statute);
}

static bool load(struct statute *statute, struct error *err)
{
    AUTO(text_free) char *windows = path_join(statute->options->config->data, "schemas/data/publication-windows.json");
    AUTO(text_free) char *calendar = path_join(statute->options->config->data, "schemas/data/calendar.json");

    return (statute->windows || windows_load(windows, &statute->windows, err)) &&
           (statute->calendar || calendar_load(calendar, &statute->calendar, err));
}

/* A store from before the clocks would say that nothing is ever due. */
static bool check_clocks(const struct statute *statute, struct clocks_counts *counts, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    if (!store_begin(statute->options->store, STORE_READ, &txn, err) || !clocks_counts(txn, counts, err))
        return false;
    if (counts->live == records_count(txn, RECORDS_LIVE))
        return store_txn_is_good(txn, err);
    return fail(err, ERR_CORRUPT,
                "the statutory clocks know %llu of %llu live records: no publication ends by itself until the store is "
                "rebuilt (creditgate rebuild)",
                (unsigned long long)counts->live, (unsigned long long)records_count(txn, RECORDS_LIVE));
}

static void log_outcome(const struct outcome *outcome, void *context)
{
    const char *what = context;

    if (outcome->is_done)
        log_notice("keeper", "%s version %u: %s", outcome->record, outcome->version, what);
    else if (outcome->refusal)
        log_warning("keeper", "%s version %u: %s: %s", outcome->record, outcome->version, what, outcome->refusal->text);
}

static bool expire(const struct statute *statute, const struct desk *desk, struct error *err)
{
    struct tally tally = {0};

    (void)statute;
    return command_expire(desk, log_outcome, "publication is over", &tally, err);
}

/* A channel that is not configured is told when it is; until then the versions are in the list of the unsent. */
static bool push(const struct statute *statute, const struct desk *desk, struct error *err)
{
    AUTO(channel_settings_free) struct channel_settings *settings = NULL;
    struct clocks_counts counts;
    struct tally tally = {0};
    struct error why;

    if (!check_clocks(statute, &counts, err))
        return false;
    if (counts.statutory == 0)
        return true;
    if (!channel_settings_load(statute->options->config, CHANNEL_CREDIT_GUANGDONG, &settings, &why)) {
        if (why.code == ERR_REFUSED)
            return true;
        *err = why;
        return false;
    }
    return command_push_expired(desk, channel_make_row, settings, log_outcome, "queued", &tally, err);
}

static bool raise_overdue(const struct statute *statute, const struct desk *desk, struct error *err)
{
    struct receipt_limits limits = {.calendar = statute->calendar};
    struct tally tally = {0};

    for (int i = 0; i < CHANNEL_COUNT; i++) {
        int64_t days = statute->options->config->channels[i].receipt_limit_days;

        /* 0: a channel that the configuration does not name */
        limits.days[i] = days > 0 ? (int)days : RECEIPT_LIMIT_DAYS;
    }
    if (!command_raise_overdue(desk, &limits, &tally, err))
        return false;
    if (tally.done > 0)
        log_warning("keeper", "%llu calls without a business receipt in time: creditgate clocks",
                    (unsigned long long)tally.done);
    return true;
}

static bool is_time(struct statute *statute)
{
    int64_t now_ms = clock_now_ms(statute->options->clock);
    int32_t today = day_of_instant(now_ms);

    /* A clock that was set back must not put it off for long. */
    if (today == statute->day && now_ms < statute->due_ms && statute->due_ms - now_ms <= STATUTE_MS)
        return false;
    statute->due_ms = now_ms + STATUTE_MS;
    statute->day = today;
    return true;
}

static bool do_all(struct statute *statute, struct error *err)
{
    static bool (*const STEPS[])(const struct statute *, const struct desk *, struct error *) = {expire, push,
                                                                                                 raise_overdue};
    const struct keeper_options *options = statute->options;
    struct clocks_counts counts;
    struct desk desk;
    bool is_good = true;

    if (!load(statute, err) || !check_clocks(statute, &counts, err))
        return false;
    desk = (struct desk){.store = options->store,
                         .clock = options->clock,
                         .windows = statute->windows,
                         .signer = options->signer,
                         .person = "keeper"};
    for (size_t i = 0; i < COUNT_OF(STEPS); i++) {
        struct error why = {.code = ERR_NONE};

        if (STEPS[i](statute, &desk, &why))
            continue;
        if (is_good && err)
            *err = why;
        is_good = false;
    }
    return is_good;
}

bool statute_turn(struct statute *statute, struct error *err)
{
    if (!is_time(statute))
        return true;
    if (do_all(statute, err))
        return true;
    statute->day = DAY_NONE; /* again at the next turn */
    /* Only a refused store ends the keeper, and that is judged elsewhere. */
    if (err->code == ERR_REFUSED)
        err->code = ERR_CONFLICT;
    return fail_in(err, "statutory clocks");
}
