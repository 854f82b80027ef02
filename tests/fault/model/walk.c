#include "tests/fault/model/walk.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "tests/fault/model/check.h"
#include "tests/fault/model/platform.h"
#include "tests/fault/model/walk_parts.h"

enum { PAUSE_MS_MAX = 30, QUIET_MS = 30000, QUIET_STEP_US = 20000, REGISTER_ORDERS = 3 };

/* Of requests that meet a fault of chance: some seeds have a quiet line and busy people. */
static const unsigned CHAOS_PERCENT[] = {0, 10, 20, 40};

void walk_tell(const struct walk *walk, const char *format, ...)
{
    va_list values;

    if (!walk->options->is_talking)
        return;
    va_start(values, format);
    fprintf(stderr, "%lld ms: ", (long long)time_monotonic_ms());
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
}

/* --- the storm --- */

static bool misbehave(struct walk *walk, struct error *err)
{
    char record[24] = "";

    if (dice_percent(&walk->dice, 60) && !walk_some_victim(walk, record, err))
        return false;
    walk->count->faults++;
    if (!walk->is_down)
        platform_misbehave(&walk->stage, &walk->dice, record);
    return true;
}

static void rest(struct walk *walk)
{
    usleep(1000 * (1 + dice_roll(&walk->dice, PAUSE_MS_MAX)));
}

static bool step(struct walk *walk, struct error *err)
{
    unsigned roll = dice_roll(&walk->dice, 100);

    if (!walk_revive(walk, false, err) || !staff_ask(&walk->staff, err))
        return false;
    if (walk->has_died || !staff_has_room(&walk->staff))
        rest(walk);
    if (roll < 50)
        return !staff_has_room(&walk->staff) || walk_order(walk, err);
    if (roll < 68)
        return misbehave(walk, err);
    if (roll < 80)
        return walk_kill(walk, err);
    rest(walk);
    return true;
}

/* A register, records and a push come first, already while processes die. */
static bool begin(struct walk *walk, struct error *err)
{
    struct staff_wish wish = {STAGE_OPERATOR, "import", NULL, &walk->rows};

    for (int tries = 0; tries < REGISTER_ORDERS && walk->staff.ordered == walk->staff.unsure; tries++)
        (void)staff_order(&walk->staff, &wish);
    return staff_wait(&walk->staff, err);
}

static bool storm(struct walk *walk, struct error *err)
{
    if (!begin(walk, err))
        return false;
    for (unsigned i = 0; i < walk->options->steps; i++) {
        if (!step(walk, err))
            return fail_in(err, "step %u", i);
    }
    return true;
}

/* --- the calm --- */

static bool look_quiet(struct walk *walk, bool *is_quiet, struct error *err)
{
    AUTO(story_done) struct story story = {0};
    struct error why;

    *is_quiet = false;
    if (!story_read(walk->stage.store, &story, err))
        return false;
    *is_quiet = check_quiet(&story, &why);
    if (!*is_quiet)
        *err = why;
    return true;
}

/* A person resumes what is paused, as often as it takes: a late answer may pause a channel once more. */
static bool quiet(struct walk *walk, struct error *err)
{
    int64_t until_ms = time_monotonic_ms() + QUIET_MS;
    bool is_quiet = false;

    while (!is_quiet) {
        struct error why = {.code = ERR_NONE};

        if (!walk_revive(walk, true, err) || !walk_order_rest(walk, err) || !look_quiet(walk, &is_quiet, &why)) {
            if (err->code == ERR_NONE)
                *err = why;
            return false;
        }
        if (!is_quiet && time_monotonic_ms() > until_ms) {
            *err = why;
            return fail_in(err, "no quiet after %d s", QUIET_MS / 1000);
        }
        if (!is_quiet)
            usleep(QUIET_STEP_US);
    }
    return true;
}

static bool calm(struct walk *walk, struct error *err)
{
    walk_tell(walk, "calm");
    walk->staff.patience_ms = STAFF_CALM_PATIENCE_MS;
    return walk_revive(walk, true, err) && stage_await_platform(&walk->stage, err) &&
           platform_calm(&walk->stage, err) && stage_await_gateway(&walk->stage, err) &&
           staff_wait(&walk->staff, err) && quiet(walk, err) && walk_requeue_some(walk, err) && quiet(walk, err) &&
           walk_compare(walk, err);
}

static bool check(struct walk *walk, struct error *err)
{
    AUTO(story_done) struct story story = {0};

    if (!story_read(walk->stage.store, &story, err))
        return false;
    walk->count->versions += story.version_count;
    walk->count->deliveries += story.delivery_count;
    walk->count->refusals += story.refusals;
    walk->count->doubts += story.doubts;
    walk->count->pauses += story.pauses;
    for (size_t i = 0; i < story.delivery_count; i++) {
        walk->count->refused += story.deliveries[i].state == DELIVERY_REFUSED;
        walk->count->again += story.deliveries[i].again;
    }
    return check_promises(&story, &walk->staff, err) && check_versions(&story, err) &&
           check_platforms(&story, &walk->stage, err) && check_tables(&story, walk->stage.store, err) &&
           stage_stop_gateway(&walk->stage, err) && check_offline(&walk->stage, err);
}

bool walk_run(const struct walk_options *options, uint64_t seed, struct walk_count *count, struct error *err)
{
    struct walk walk = {.options = options, .dice = {seed}, .rows = BUF_INIT, .count = count};
    char name[32];
    struct stage_setup setup = {.common = options->common, .name = name, .chaos_seed = seed};
    bool is_good;

    *err = (struct error){.code = ERR_NONE};
    snprintf(name, sizeof name, "seed-%llu", (unsigned long long)seed);
    staff_init(&walk.staff, &walk.stage);
    setup.chaos_percent = CHAOS_PERCENT[dice_roll(&walk.dice, COUNT_OF(CHAOS_PERCENT))];
    is_good = walk_choose_rows(&walk, err) && stage_open(&walk.stage, &setup, err) && storm(&walk, err) &&
              calm(&walk, err) && check(&walk, err);
    if (!is_good)
        (void)!walk_revive(&walk, true, NULL); /* nothing stays stopped */
    stage_close(&walk.stage, !is_good && options->keeps);
    if (!is_good && options->keeps)
        fprintf(stderr, "seed %llu: kept in %s\n", (unsigned long long)seed, walk.stage.folder);
    staff_done(&walk.staff);
    buf_done(&walk.rows);
    return is_good;
}
