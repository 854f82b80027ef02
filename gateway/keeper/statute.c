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
    int32_t day;   /* of the last turn; DAY_NONE: none yet */
    bool has_more; /* it did what fits in a turn */
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

/* How much is to be done, from clocks that can be believed. */
static bool read_clocks(const struct statute *statute, struct clocks_counts *counts, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    return store_begin(statute->options->store, STORE_READ, &txn, err) && clocks_check(txn, err) &&
           clocks_counts(txn, counts, err);
}

/* What was done stands in the journal; what was not, nowhere else. */
static void log_refusal(const struct outcome *outcome, void *context)
{
    const char *what = context;

    if (outcome->refusal && !outcome->is_skipped)
        log_warning("keeper", "%s version %u: %s: %s", outcome->record, outcome->version, what, outcome->refusal->text);
}

static void log_done(const char *what, uint64_t count)
{
    if (count > 0)
        log_notice("keeper", "%s: %llu", what, (unsigned long long)count);
}

static bool expire(struct statute *statute, const struct desk *desk, struct error *err)
{
    struct tally tally = {0};

    if (!command_expire(desk, log_refusal, "publication is over", &tally, err))
        return false;
    log_done("publication is over by law", tally.done);
    statute->has_more = tally.of == EXPIRE_MAX;
    return true;
}

/* A channel that is not configured is told when it is; until then the versions are in the list of the unsent. */
static bool push(struct statute *statute, const struct desk *desk, struct error *err)
{
    AUTO(channel_settings_free) struct channel_settings *settings = NULL;
    struct clocks_counts counts;
    struct tally tally = {0};
    struct error why;

    if (!read_clocks(statute, &counts, err))
        return false;
    if (counts.statutory == 0)
        return true;
    if (!channel_settings_load(statute->options->config, CHANNEL_CREDIT_GUANGDONG, &settings, &why)) {
        if (why.code == ERR_REFUSED)
            return true;
        *err = why;
        return false;
    }
    if (!command_push_expired(desk, channel_make_row, settings, log_refusal, "not queued", &tally, err))
        return false;
    log_done("ends by law, queued", tally.done);
    return true;
}

static bool raise_overdue(struct statute *statute, const struct desk *desk, struct error *err)
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
    static bool (*const STEPS[])(struct statute *, const struct desk *, struct error *) = {expire, push, raise_overdue};
    const struct keeper_options *options = statute->options;
    struct clocks_counts counts;
    struct desk desk;
    bool is_good = true;

    if (!load(statute, err) || !read_clocks(statute, &counts, err))
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
    statute->has_more = false;
    if (do_all(statute, err)) {
        if (statute->has_more)
            statute->day = DAY_NONE;
        return true;
    }
    statute->day = DAY_NONE; /* again at the next turn */
    /* Only a refused store ends the keeper, and that is judged elsewhere. */
    if (err->code == ERR_REFUSED)
        err->code = ERR_CONFLICT;
    return fail_in(err, "statutory clocks");
}
