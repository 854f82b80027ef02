/* kind_client.c - clients shut out and let in again: the event first, then the board, which every process of the
 * gateway looks at with its very next request. A process that is killed between the two is run again. */
#include <string.h>

#include "gateway/access/suspension.h"
#include "gateway/command/command_client.h"
#include "gateway/jobs/kinds.h"
#include "gateway/jobs/results.h"

static const struct results_closing SUSPENDED = {
    "已暂停，即刻生效。恢复：creditgate client resume。",
    "Suspended, from the next request on. To let it in again: creditgate client resume."};
static const struct results_closing RESUMED = {"已恢复，即刻生效。", "It is let in again, from the next request on."};

/* Whoever was taken out of the configuration may still be let in again, in case he comes back. */
static bool check_name(const struct work *work, const char *name, bool suspends, struct error *err)
{
    const struct config *config = work->environment->config;

    for (size_t i = 0; i < config->client_count; i++) {
        if (strcmp(config->clients[i].name, name) == 0)
            return true;
    }
    return !suspends ||
           refuse(err, ERR_NOT_FOUND, "client.none", "there is no client \"%.64s\": see creditgate clients",
                  "没有名为“%.64s”的接入系统：见 creditgate clients", name);
}

static bool tell_board(const struct work *work, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    if (!work->environment->board)
        return true;
    return work_read(work, &txn, err) && suspension_tell(txn, work->environment->board, err);
}

bool run_client(struct work *work, struct error *err)
{
    AUTO(results_free) struct results *results = NULL;
    bool suspends = strcmp(work->spec->kind, "client-suspend") == 0;
    const char *name = argument_id(work->arguments, 0);
    const char *reason = argument_text(work->arguments, "reason");
    struct error why = {.code = ERR_NONE};

    if (!check_name(work, name, suspends, err) || !results_new(work, &results, err))
        return false;
    if (suspends ? command_client_suspend(&work->desk, name, reason, &why)
                 : command_client_resume(&work->desk, name, reason, &why)) {
        results_other(results, "client", name, NULL);
    } else if (why.code == ERR_CONFLICT || why.code == ERR_REFUSED) {
        results_other(results, "client", name, &why);
    } else {
        if (err)
            *err = why;
        return false;
    }
    return tell_board(work, err) && results_finish(results, suspends ? &SUSPENDED : &RESUMED, err);
}
