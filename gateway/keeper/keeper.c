/* A turn does its parts one after another; each part that fails is said and does not stop the next. Only a refused
 * store ends it all: nothing that the keeper could do would make it right. */
#include "gateway/keeper/keeper.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "gateway/jobs/jobs.h"
#include "gateway/keeper/following.h"
#include "gateway/keeper/head.h"
#include "gateway/keeper/owed.h"
#include "gateway/keeper/statute.h"
#include "gateway/testlist/testlist.h"
#include "gateway/trace/trace.h"

enum { SAY_AGAIN_MS = 60 * 1000 };

struct keeper {
    struct keeper_options options;
    struct heads heads;
    struct trace_log *trace;
    struct statute *statute;
    struct owed *owed;
    struct testlist *testlist; /* NULL: no client is under test */
    struct keeper_options of_test;
    struct owed *owed_of_test;
    struct following *following;
    bool trace_is_read; /* in the last turn, to its end */
    struct guard_head published[GUARD_LOG_COUNT];
    bool is_published[GUARD_LOG_COUNT];
    struct error trace_refused; /* why; ERR_NONE: it is not */
    int64_t readers_due_ms;
    int64_t jobs_due_ms;
};

/* --- the journal --- */

/* Already published, or nothing there yet. */
static bool is_settled(const struct keeper *keeper, enum guard_log log, const struct guard_head *head)
{
    const struct guard_head *published = &keeper->published[log];

    if (!keeper->is_published[log])
        return head->size == 0;
    return published->size == head->size && memcmp(published->root, head->root, sizeof head->root) == 0;
}

static bool publish(struct keeper *keeper, enum guard_log log, const struct guard_head *head, struct error *err)
{
    if (is_settled(keeper, log, head))
        return true;
    if (!head_publish(&keeper->heads, log, head, clock_now_ms(keeper->options.clock), err))
        return false;
    keeper->published[log] = *head;
    keeper->is_published[log] = true;
    return true;
}

static bool turn_journal(struct keeper *keeper, struct error *err)
{
    struct guard_head head;

    return guard_holds(keeper->heads.guard, keeper->options.store, keeper->options.config->state, err) &&
           guard_measure(keeper->options.store, &head, err) && publish(keeper, GUARD_JOURNAL, &head, err);
}

/* --- the trace --- */

/* A log that was rolled back must not take up entries either: put right later, it would lack them. */
static bool trace_continues(struct keeper *keeper, struct error *err)
{
    const struct guard_head *remembered = guard_head(keeper->heads.guard, GUARD_TRACE);
    uint64_t size = trace_log_size(keeper->trace);
    uint8_t root[MERKLE_HASH_BYTES];

    if (size >= remembered->size && !trace_log_root(keeper->trace, remembered->size, root, err))
        return false;
    return guard_continues(keeper->heads.guard, GUARD_TRACE, size, root, err);
}

static bool open_trace(struct keeper *keeper, struct error *err)
{
    AUTO(text_free) char *folder = config_state_path(keeper->options.config, "trace");

    return keeper->trace || trace_log_open(folder, &keeper->trace, err);
}

static bool do_trace(struct keeper *keeper, struct error *err)
{
    struct guard_head head;
    uint64_t taken;

    keeper->trace_is_read = false;
    if (!open_trace(keeper, err) || !trace_continues(keeper, err) || !trace_log_integrate(keeper->trace, &taken, err))
        return false;
    keeper->trace_is_read = true;
    head.size = trace_log_size(keeper->trace);
    return trace_log_root(keeper->trace, head.size, head.root, err) && publish(keeper, GUARD_TRACE, &head, err);
}

/* A refused trace stays as it is until it is put right and the gateway started again. It is not the store that is
 * refused, so the code is another. */
static bool turn_trace(struct keeper *keeper, struct error *err)
{
    struct error unsaid;

    if (keeper->trace_refused.code == ERR_NONE) {
        if (do_trace(keeper, err))
            return true;
        if (err->code != ERR_REFUSED)
            return false;
        keeper->trace_refused = *err;
        keeper->trace_refused.code = ERR_CORRUPT;
        if (!head_say_refused(keeper->options.config, GUARD_TRACE, err, &unsaid))
            log_warning("keeper", "%s", unsaid.text);
    }
    *err = keeper->trace_refused;
    return false;
}

/* What was answered and wants a feedback. A trace that was not taken up in this turn is looked at in a later one. */
static bool turn_owed(struct keeper *keeper, struct error *err)
{
    if (!keeper->trace_is_read)
        return true;
    return owed_turn(keeper->owed, keeper->trace, err) &&
           (!keeper->owed_of_test || owed_turn(keeper->owed_of_test, keeper->trace, err));
}

/* --- watch lists --- */

static bool turn_following(struct keeper *keeper, struct error *err)
{
    if (following_turn(keeper->following, err))
        return true;
    /* Only a refused store ends the keeper, and that is judged elsewhere. */
    if (err->code == ERR_REFUSED)
        err->code = ERR_CONFLICT;
    return false;
}

/* --- what comes round --- */

/* A clock that was set back must not put it off for long. */
static bool is_due(int64_t *due_ms, int64_t now_ms, int64_t every_ms)
{
    if (now_ms < *due_ms && *due_ms - now_ms <= every_ms)
        return false;
    *due_ms = now_ms + every_ms;
    return true;
}

static bool turn_housekeeping(struct keeper *keeper, struct error *err)
{
    int64_t now_ms = clock_now_ms(keeper->options.clock);

    if (is_due(&keeper->readers_due_ms, now_ms, KEEPER_READERS_MS))
        store_clear_dead_readers(keeper->options.store);
    if (!is_due(&keeper->jobs_due_ms, now_ms, KEEPER_JOBS_MS))
        return true;
    return jobs_prune(keeper->options.config, err) || fail_in(err, "jobs");
}

/* --- the law's clocks --- */

static bool turn_statute(struct keeper *keeper, struct error *err)
{
    return statute_turn(keeper->statute, err);
}

/* What clients under test owe is a matter of the test list's own journal. */
static bool open_testlist(struct keeper *keeper, struct error *err)
{
    if (!testlist_open(keeper->options.config, &keeper->testlist, err))
        return false;
    if (!keeper->testlist)
        return true;
    keeper->of_test = keeper->options;
    keeper->of_test.store = testlist_store(keeper->testlist);
    keeper->of_test.clock = testlist_clock(keeper->testlist);
    keeper->owed_of_test = owed_new(&keeper->of_test, true);
    return true;
}

bool keeper_new(const struct keeper_options *options, struct keeper **out, struct error *err)
{
    AUTO(keeper_free) struct keeper *keeper = memory_new(sizeof *keeper);
    AUTO(text_free) char *folder = config_state_path(options->config, "checkpoints");

    keeper->options = *options;
    keeper->statute = statute_new(&keeper->options);
    keeper->owed = owed_new(&keeper->options, false);
    keeper->following = following_new(&keeper->options);
    keeper->heads = (struct heads){.config = options->config, .signer = options->signer};
    if (!guard_check(options->store, options->config->state, err) ||
        !guard_load(options->config->state, &keeper->heads.guard, err) || !file_make_folder(folder, 0700, err) ||
        !head_say_refused(options->config, GUARD_TRACE, NULL, err) || !open_testlist(keeper, err))
        return false;
    for (int i = 0; i < GUARD_LOG_COUNT; i++)
        keeper->is_published[i] = head_published(&keeper->heads, (enum guard_log)i, &keeper->published[i]);
    *out = TAKE(keeper);
    return true;
}

bool keeper_turn(struct keeper *keeper, struct error *err)
{
    static bool (*const PARTS[])(struct keeper *, struct error *) = {turn_journal, turn_statute, turn_following,
                                                                     turn_trace,   turn_owed,    turn_housekeeping};
    bool is_good = true;

    for (size_t i = 0; i < COUNT_OF(PARTS); i++) {
        struct error why = {.code = ERR_NONE};

        if (PARTS[i](keeper, &why))
            continue;
        if (is_good && err)
            *err = why;
        is_good = false;
        if (PARTS[i] == turn_journal && why.code == ERR_REFUSED)
            return false;
    }
    return is_good;
}

void keeper_free(struct keeper *keeper)
{
    if (!keeper)
        return;
    statute_free(keeper->statute);
    owed_free(keeper->owed);
    owed_free(keeper->owed_of_test);
    testlist_free(keeper->testlist);
    following_free(keeper->following);
    trace_log_free(keeper->trace);
    keyring_free(keeper->heads.keys);
    guard_free(keeper->heads.guard);
    free(keeper);
}

/* --- the process --- */

/* The same trouble every second is said once a minute. */
struct saying {
    char text[ERROR_TEXT_BYTES];
    int64_t said_ms;
};

static void say(struct saying *saying, const struct error *err)
{
    int64_t now_ms = time_monotonic_ms();

    if (strcmp(saying->text, err->text) == 0 && now_ms - saying->said_ms < SAY_AGAIN_MS)
        return;
    memcpy(saying->text, err->text, sizeof saying->text);
    saying->said_ms = now_ms;
    log_error("keeper", "%s", err->text);
}

/* True when the keeper shall stop. A poll that breaks counts as a wait. */
static bool is_stopped(int stop_fd, int64_t wait_ms)
{
    struct pollfd watched = {stop_fd, POLLIN, 0};

    return poll(&watched, 1, (int)wait_ms) > 0;
}

/* Until the next turn, whatever the last one had no time for is done in small pieces: a receipt waits for none of it.
 * True when the keeper shall stop. */
static bool wait_for_turn(struct keeper *keeper, int stop_fd, int64_t turn_ms, struct saying *saying)
{
    for (;;) {
        int64_t left_ms = turn_ms - time_monotonic_ms();
        bool has_more = left_ms > 0 && keeper->trace_is_read && owed_waits(keeper->owed, keeper->trace);
        struct error why;

        if (is_stopped(stop_fd, has_more || left_ms < 0 ? 0 : left_ms))
            return true;
        if (!has_more)
            return false;
        if (owed_turn(keeper->owed, keeper->trace, &why))
            continue;
        say(saying, &why);
        keeper->trace_is_read = false;
    }
}

bool keeper_run(const struct keeper_options *options, int stop_fd, struct error *err)
{
    AUTO(keeper_free) struct keeper *keeper = NULL;
    struct saying saying = {.said_ms = 0};
    bool is_last;

    if (!keeper_new(options, &keeper, err))
        return false;
    do {
        struct error why;

        is_last = wait_for_turn(keeper, stop_fd, time_monotonic_ms() + KEEPER_TURN_MS, &saying);
        if (keeper_turn(keeper, &why))
            continue;
        if (why.code == ERR_REFUSED) {
            if (err)
                *err = why;
            return false;
        }
        say(&saying, &why);
    } while (!is_last);
    return true;
}
