#include <signal.h>
#include <sys/wait.h>

#include "base/time.h"
#include "tests/fault/model/walk_parts.h"

enum { PIDS_MAX = 8, FREEZE_MS_MAX = 300 };

static const char *const KINDS[] = {"courier", "courier", "courier", "api", "keeper", "signer", "job", "job"};

static void freeze(struct walk *walk, pid_t pid)
{
    for (size_t i = 0; i < FROZEN_MAX; i++) {
        struct frozen *frozen = &walk->frozen[i];

        if (frozen->pid)
            continue;
        *frozen = (struct frozen){pid, time_monotonic_ms() + 10 + dice_roll(&walk->dice, FREEZE_MS_MAX)};
        kill(pid, SIGSTOP);
        return;
    }
}

static void kill_child(struct walk *walk)
{
    const char *kind = KINDS[dice_roll(&walk->dice, COUNT_OF(KINDS))];
    bool stops = dice_percent(&walk->dice, 35);
    unsigned which = dice_roll(&walk->dice, PIDS_MAX);
    pid_t pids[PIDS_MAX];
    size_t count = stage_processes(&walk->stage, kind, pids, PIDS_MAX);

    walk_tell(walk, "%s %s%s", stops ? "stop" : "kill", kind, count ? "" : ": none");
    if (count == 0)
        return;
    walk->count->kills++;
    if (stops)
        freeze(walk, pids[which % count]);
    else
        kill(pids[which % count], SIGKILL);
}

static void kill_platform(struct walk *walk)
{
    bool stops = dice_percent(&walk->dice, 40);

    if (walk->is_down)
        return;
    walk_tell(walk, "%s the platform", stops ? "stop" : "kill");
    walk->count->kills++;
    if (stops) {
        freeze(walk, walk->stage.platform);
        return;
    }
    stage_kill(&walk->stage.platform);
    walk->is_down = true;
}

bool walk_kill(struct walk *walk, struct error *err)
{
    unsigned roll = dice_roll(&walk->dice, 100);

    if (roll < 10) {
        kill_platform(walk);
    } else if (roll < 13 && walk->stage.gateway > 0) {
        walk_tell(walk, "stop the gateway's parent");
        walk->count->kills++;
        freeze(walk, walk->stage.gateway);
    } else if (roll < 18 && walk->stage.gateway > 0) {
        walk_tell(walk, "kill the gateway's parent");
        walk->count->kills++;
        stage_kill(&walk->stage.gateway);
        walk->has_died = true;
    } else {
        kill_child(walk);
    }
    return walk_revive(walk, false, err);
}

static void thaw(struct walk *walk, bool at_once)
{
    int64_t now_ms = time_monotonic_ms();

    for (size_t i = 0; i < FROZEN_MAX; i++) {
        struct frozen *frozen = &walk->frozen[i];

        if (!frozen->pid || (!at_once && now_ms < frozen->until_ms))
            continue;
        kill(frozen->pid, SIGCONT);
        frozen->pid = 0;
    }
}

static bool nothing_ended(struct walk *walk, struct error *err)
{
    int status = 0;

    if (stage_has_ended(&walk->stage.gateway, &status))
        return fail(err, ERR_INTERNAL, "the gateway ended by itself, wait status %#x", (unsigned)status);
    if (stage_has_ended(&walk->stage.platform, &status))
        return fail(err, ERR_INTERNAL, "the sandbox ended by itself, wait status %#x", (unsigned)status);
    return true;
}

bool walk_revive(struct walk *walk, bool at_once, struct error *err)
{
    thaw(walk, at_once);
    if (!nothing_ended(walk, err))
        return false;
    if (walk->has_died && (at_once || dice_percent(&walk->dice, 60))) {
        walk_tell(walk, "start the gateway");
        walk->has_died = false;
        if (!stage_start_gateway(&walk->stage, err))
            return false;
    }
    if (walk->is_down && (at_once || dice_percent(&walk->dice, 40))) {
        walk_tell(walk, "start the platform");
        walk->is_down = false;
        return stage_start_platform(&walk->stage, err);
    }
    return true;
}
