/* kind_screening.c - a list that an outside system wants screened (gateway/screening), as a job. */
#include "gateway/jobs/kinds.h"
#include "gateway/screening/screening.h"

static bool tell(void *context, uint64_t done, uint64_t of)
{
    struct work *work = context;

    work_progress(work, done, of);
    return !folder_has(work->environment->config, work->id, JOB_REMOVED_FILE);
}

/* What a client under test ordered is answered from the test list. */
static bool open_tests(const struct work *work, struct testlist **out, struct error *err)
{
    const struct config *config = work->environment->config;

    *out = NULL;
    return !json_text_of(work->arguments, "test") ||
           (testlist_open(config, out, err) &&
            (*out || refuse(err, ERR_FORBIDDEN, "client.test", "there is no test list any more", "测试名单已不存在")));
}

bool run_screening(struct work *work, struct error *err)
{
    const struct job_environment *environment = work->environment;
    AUTO(testlist_free) struct testlist *tests = NULL;
    struct screening screening = {.config = environment->config,
                                  .store = environment->store,
                                  .signer = environment->signer,
                                  .clock = environment->clock,
                                  .id = work->id,
                                  .folder = work->folder,
                                  .order = work->arguments,
                                  .progress = tell,
                                  .context = work};
    struct screening_counts counts;

    if (!open_tests(work, &tests, err))
        return false;
    screening.tests = tests;
    if (!screening_run(&screening, &counts, err))
        return false;
    work->done = work->of = counts.rows;
    work->exit = counts.refused > 0 ? WORK_EXIT_SOME_REFUSED : WORK_EXIT_DONE;
    work_count(work, "rows", counts.rows);
    work_count(work, "listed", counts.listed);
    work_count(work, "not_listed", counts.not_listed);
    work_count(work, "unknown", counts.unknown);
    work_count(work, "refused", counts.refused);
    work_count(work, "empty", counts.empty);
    return true;
}
