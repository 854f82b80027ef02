/* jobs_run.c - one job from its order to its result.
 *
 * First of all it is written down how long the journal is: whatever the journal holds beyond that under this job's name
 * was done by it, however often its process was killed. A store that must be opened anew, or a signer that is away for
 * a moment, makes it begin again here; anything else is a result, good or bad. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "gateway/jobs/folder.h"
#include "gateway/jobs/kinds.h"
#include "gateway/jobs/uploads.h"
#include "gateway/journal/journal.h"

enum { BEGINNINGS_MAX = 3, PAUSE_MS = 300, PROBLEM_BYTES_MAX = 400 };

/* Where the journal ended when the job first began. */
static bool find_start(struct work *work, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(json_release) json_t *start = NULL;
    AUTO(buf_done) struct buf text = BUF_INIT;
    const struct config *config = work->environment->config;

    if (folder_has(config, work->id, "start.json")) {
        if (!folder_read(config, work->id, "start.json", &text, err) ||
            !json_read(buf_span(&text), JOB_ANSWER_BYTES_MAX, &start, err))
            return false;
        work->desk.since = (uint64_t)json_integer_of(start, "since", 0);
        return true;
    }
    if (!work_read(work, &txn, err))
        return false;
    work->desk.since = journal_size(txn);
    buf_addf(&text, "{\"since\":%llu}\n", (unsigned long long)work->desk.since);
    return store_txn_is_good(txn, err) && folder_write(config, work->id, "start.json", buf_span(&text), err);
}

static bool run_once(struct work *work, const struct kind *kind, struct error *err)
{
    bool is_good;

    work->told_ms = 0;
    work->exit = WORK_EXIT_DONE;
    buf_clear(&work->counts);
    work->today = day_of_instant(clock_now_ms(work->environment->clock));
    work->desk = (struct desk){.store = work->environment->store,
                               .clock = work->environment->clock,
                               .signer = work->environment->signer,
                               .person = work->spec->person,
                               .job = work->id};
    if (!find_start(work, err))
        return false;
    work_progress(work, 0, 0);
    is_good = kind->run(work, err);
    windows_free(TAKE(work->windows));
    rules_free(TAKE(work->rules));
    return is_good;
}

static bool run_kind(struct work *work, struct error *err)
{
    const struct timespec pause = {0, PAUSE_MS * 1000000L};
    const struct kind *kind = kind_find(work->spec->kind);

    if (!kind)
        return refuse(err, ERR_CORRUPT, "job.spec", "the order of job %s is damaged: no kind \"%.40s\"",
                      "任务 %s 的指令文件已损坏：没有“%.40s”这种任务", work->id, work->spec->kind);
    if (!arguments_check(kind->arguments, work->arguments, err) || (kind->check && !kind->check(work->arguments, err)))
        return false;
    for (int beginning = 1; !run_once(work, kind, err); beginning++) {
        if (err->code != ERR_UNAVAILABLE || beginning == BEGINNINGS_MAX)
            return false;
        log_notice("job", "%s begins again: %s", work->id, err->text);
        nanosleep(&pause, NULL);
    }
    return true;
}

static bool write_result(const struct work *work, const struct error *problem, struct error *err)
{
    AUTO(buf_done) struct buf result = BUF_INIT;
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct folder_answer answer = {
        .state = problem ? "failed" : "done", .done = work->done, .of = work->of, .problem = problem};

    if (!problem) {
        buf_addf(&result, "{\"exit\":%d%s}", work->exit, buf_text(&work->counts));
        answer.result = buf_span(&result);
    }
    folder_answer_add(work->id, work->spec, &answer, &text);
    return folder_write(work->environment->config, work->id, "result.json", buf_span(&text), err);
}

/* Problems without words for staff are the operator's: the log has them, the result says so. */
static void tell_problem(const struct work *work, struct error *problem)
{
    AUTO(buf_done) struct buf why = BUF_INIT;

    log_warning("job", "%s %s: %s", work->spec->kind, work->id, problem->text);
    if (problem->zh[0])
        return;
    buf_add_span(&why, utf8_cut(span_of(problem->text), PROBLEM_BYTES_MAX));
    error_set_both(problem, problem->code, problem->rule, "%s", "任务未能完成，原因（供管理员）：%s", buf_text(&why));
}

/* *is_done: the kind did what it should. */
static bool work_through(struct work *work, bool *is_done, struct error *err)
{
    struct error problem = {.code = ERR_NONE};
    bool is_good;

    *is_done = run_kind(work, &problem);
    if (!*is_done)
        tell_problem(work, &problem);
    is_good = write_result(work, *is_done ? NULL : &problem, err);
    buf_done(&work->counts);
    return is_good;
}

static void clean_up(const struct job_environment *environment, const char *id, bool keeps_file)
{
    struct error err;

    if (!keeps_file && !uploads_remove(environment->config, id, &err))
        log_warning("job", "%s", err.text);
    if (!jobs_prune(environment->config, &err))
        log_warning("job", "old jobs were not removed: %s", err.text);
}

bool jobs_run(const struct job_environment *environment, const char *id, struct error *err)
{
    AUTO(folder_spec_done) struct folder_spec spec = {.json = NULL};
    AUTO(text_free) char *folder = NULL;
    struct work work = {.environment = environment, .id = id};
    struct error problem = {.code = ERR_NONE};
    bool is_good = false;
    bool keeps_file = false;

    if (!folder_id_is_valid(id) || !folder_has(environment->config, id, "spec.json"))
        return refuse(err, ERR_NOT_FOUND, "job.unknown", "%.40s: there is no such job", "%.40s：没有这个任务", id);
    if (folder_has(environment->config, id, "result.json"))
        return true;
    folder = folder_path(environment->config, id);
    if (folder_spec_load(environment->config, id, &spec, &problem)) {
        work.folder = folder;
        work.spec = &spec;
        work.arguments = spec.arguments;
        work.lang = spec.lang;
        if (!work_through(&work, &is_good, err))
            return false;
        keeps_file = is_good && uploads_keeps(spec.kind);
    } else if (!jobs_fail(environment->config, id, &problem, err)) {
        return false;
    }
    clean_up(environment, id, keeps_file);
    return true;
}
