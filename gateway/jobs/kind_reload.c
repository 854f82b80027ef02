/* kind_reload.c - clients and staff of the configuration taken over anew, without a restart. The file is checked here,
 * so that whoever orders it is told every problem with its line; then the parent is asked, which checks the same and
 * replaces one process after the other. */
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "gateway/command/command_staff.h"
#include "gateway/config/difference.h"
#include "gateway/config/reload.h"
#include "gateway/jobs/kinds.h"
#include "gateway/jobs/results.h"

enum { RELOAD_PATIENCE_MS = 30000, LOOK_MS = 50 };

static const struct results_closing TAKEN = {"配置已重新载入：接入系统与工作人员的设置即刻生效。",
                                             "The configuration was taken over: clients and staff are as it says."};

struct reloading {
    const struct work *work;
    struct results *results;
};

static void add_problem(const struct config_problem *problem, void *context)
{
    const struct reloading *reloading = context;
    struct error why = {.code = ERR_NONE};
    char place[128];

    if (problem->is_warning)
        return;
    error_set_both(&why, ERR_INVALID, "config.problem", "%s%.0s", "%.0s%s", problem->en, problem->zh);
    if (problem->line > 0)
        snprintf(place, sizeof place, "%zu: %s", problem->line, problem->setting);
    else
        snprintf(place, sizeof place, "%s", problem->setting);
    results_refuse(reloading->results, place, &why);
}

/* What is different now; the values are nobody's business here, some are secret. */
static void add_difference(const struct config_difference *difference, void *context)
{
    static const char *const WORDS[][2] = {
        [CONFIG_ADDED] = {"新增", "came"}, [CONFIG_REMOVED] = {"移除", "went"}, [CONFIG_CHANGED] = {"改动", "changed"}};
    AUTO(buf_done) struct buf words = BUF_INIT;
    struct reloading *reloading = context;

    buf_addf(&words, "%s%s%s", work_say(reloading->work, WORDS[difference->change][0], WORDS[difference->change][1]),
             *difference->settings ? ": " : "", difference->settings);
    results_told(reloading->results, difference->what, difference->name, buf_text(&words));
}

/* The parent has it, and every process of it is new. */
static bool wait_for_parent(const struct board *board, uint64_t before, struct error *err)
{
    const struct timespec pause = {0, LOOK_MS * 1000000L};

    for (int64_t waited_ms = 0; waited_ms < RELOAD_PATIENCE_MS; waited_ms += LOOK_MS) {
        if (board_generation(board) > before)
            return true;
        nanosleep(&pause, NULL);
    }
    return refuse(err, ERR_REFUSED, "config.not-taken",
                  "the gateway has not taken it over: its log says why (the file may have changed meanwhile)",
                  "网关尚未完成载入：原因见其日志（文件可能在此期间又有改动）");
}

static bool take_over(const struct work *work, struct results *results, struct error *err)
{
    AUTO(config_free) struct config *next = NULL;
    struct reloading reloading = {work, results};
    const struct job_environment *environment = work->environment;
    uint64_t before;

    if (!config_reload(environment->config, clock_now_ms(environment->clock), add_problem, &reloading, &next, err))
        return false;
    if (!environment->board)
        return refuse(err, ERR_UNAVAILABLE, "config.not-running", "no gateway is running", "网关未在运行");
    if (!command_staff_order_reload(&work->desk, next->path, next->sha256, err))
        return false;
    before = board_generation(environment->board);
    if (kill(getppid(), SIGHUP) != 0)
        return fail(err, ERR_IO, "the gateway's parent cannot be told");
    if (!wait_for_parent(environment->board, before, err))
        return false;
    config_differences(environment->config, next, add_difference, &reloading);
    return true;
}

bool run_reload(struct work *work, struct error *err)
{
    AUTO(results_free) struct results *results = NULL;
    const char *path = work->environment->config->path;
    struct error why = {.code = ERR_NONE};

    if (!results_new(work, &results, err))
        return false;
    if (take_over(work, results, &why))
        results_other(results, "file", path, NULL);
    else
        results_other(results, "file", path, &why);
    return results_finish(results, &TAKEN, err);
}
