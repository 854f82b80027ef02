/* `creditgate guard`: what is remembered of the store, whether the one that is there continues it, and the decision to
 * go on with it all the same. */
#include "gateway/cli/offline.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "gateway/cli/workplace.h"
#include "gateway/command/ledger.h"

/* --- looking --- */

static void print_log(const struct cli *cli, const struct workplace *workplace, const struct guard *guard,
                      enum guard_log log)
{
    AUTO(buf_done) struct buf origin = BUF_INIT;

    guard_origin(guard, workplace->config->name, log, &origin);
    printf("%s %s%s%llu\n", cli_say(cli, "日志", "log"), origin.data,
           cli_say(cli, "：已签名条数 ", ": entries signed for: "), (unsigned long long)guard_head(guard, log)->size);
}

static int tell(const struct cli *cli, const struct workplace *workplace, const struct guard *guard,
                const struct error *refusal)
{
    if (cli->prints_json) {
        json_t *report = json_pack("{s:b,s:I,s:I,s:s?}", "good", (int)(refusal == NULL), "journal",
                                   (json_int_t)guard_head(guard, GUARD_JOURNAL)->size, "trace",
                                   (json_int_t)guard_head(guard, GUARD_TRACE)->size, "problem",
                                   refusal ? error_text(refusal, cli->lang) : NULL);

        json_dumpf(report, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(report);
    } else {
        print_log(cli, workplace, guard, GUARD_JOURNAL);
        print_log(cli, workplace, guard, GUARD_TRACE);
        if (!refusal)
            printf("%s\n", cli_say(cli, "数据与记忆一致。", "the store continues what is remembered."));
    }
    if (refusal)
        (void)cli_fail(cli, refusal);
    return refusal ? CLI_SOME_REFUSED : CLI_OK;
}

static int look(const struct cli *cli, struct workplace *workplace)
{
    AUTO(guard_free) struct guard *guard = NULL;
    struct error err;

    if (!workplace_can_read(workplace, &err) || (!workplace->store && !workplace_open_store(workplace, true, &err)) ||
        !guard_load(workplace->config->state, &guard, &err))
        return cli_fail(cli, &err);
    if (guard_holds(guard, workplace->store, workplace->config->state, &err))
        return tell(cli, workplace, guard, NULL);
    return err.code == ERR_REFUSED ? tell(cli, workplace, guard, &err) : cli_fail(cli, &err);
}

/* --- accepting --- */

struct acceptance {
    struct workplace *workplace;
    const struct guard *was;
    const char *reason;
};

static bool emit(struct store_txn *txn, void *context, struct error *err)
{
    const struct acceptance *acceptance = context;
    AUTO(ledger_free) struct ledger *ledger = NULL;
    AUTO(buf_done) struct buf data = BUF_INIT;

    return guard_accepted_data(acceptance->was, acceptance->reason, &data, err) &&
           ledger_new(txn, &CLOCK_SYSTEM, &ledger, err) &&
           ledger_emit(ledger, acceptance->workplace->person, GUARD_ACCEPTED, buf_span(&data), NULL, err) &&
           ledger_finish(ledger, err);
}

/* A log keeps its name only when it provably continues what was signed under it, here or (`is_moved`, on the word of
 * the administrator) anywhere else. */
static bool judge(struct workplace *workplace, const struct guard *was, bool is_moved, bool continues[GUARD_LOG_COUNT],
                  struct error *err)
{
    struct error why;

    continues[GUARD_JOURNAL] = continues[GUARD_TRACE] = false;
    if (!was)
        return true;
    continues[GUARD_JOURNAL] = guard_holds(was, workplace->store, workplace->config->state, &why) ||
                               (is_moved && strcmp(why.rule, "guard.copied") == 0);
    if (!continues[GUARD_JOURNAL] && why.code != ERR_REFUSED) {
        *err = why;
        return false;
    }
    continues[GUARD_TRACE] = workplace_trace_continues(workplace, was, &why);
    if (!continues[GUARD_TRACE] && why.code != ERR_REFUSED) {
        *err = why;
        return false;
    }
    return true;
}

/* First the event, then the memory of the store with the event: a crash in between leaves a store that is still
 * refused. */
static bool accept(struct workplace *workplace, const struct guard *was, struct guard_change *change, struct error *err)
{
    struct acceptance acceptance = {workplace, was, change->reason};

    return store_write(workplace->store, emit, &acceptance, err) && workplace_heads(workplace, change->heads, err) &&
           guard_replace(was, workplace->store, workplace->config->state, change, err);
}

static bool may_accept(const struct workplace *workplace, const char *reason, struct error *err)
{
    if (!*reason)
        return refuse(err, ERR_INVALID, "cli.usage", "--accept needs a --reason", "--accept 必须同时给出 --reason");
    return (workplace->roles & ROLE_ADMINISTRATOR) ||
           refuse(err, ERR_FORBIDDEN, "guard.administrator",
                  "%s is no administrator of this gateway (staff in the configuration)",
                  "%s 不是本网关的管理员（见配置中的 staff）", workplace->person);
}

static int run_accept(const struct cli *cli, struct workplace *workplace, const json_t *arguments)
{
    AUTO(guard_free) struct guard *was = NULL;
    struct guard_change change = {.what = "accepted",
                                  .by = workplace->person,
                                  .reason = cli_text(arguments, "reason"),
                                  .at_ms = clock_now_ms(&CLOCK_SYSTEM)};
    struct error err;

    if (!may_accept(workplace, change.reason, &err) || !workplace_lock(workplace, false, &err) ||
        !workplace_open_store(workplace, false, &err))
        return cli_fail(cli, &err);
    if (!guard_load(workplace->config->state, &was, &err) && err.code != ERR_NOT_FOUND)
        return cli_fail(cli, &err);
    if (!judge(workplace, was, cli_flag(arguments, "moved"), change.continues, &err))
        return cli_fail(cli, &err);
    if (was && guard_holds(was, workplace->store, workplace->config->state, NULL) && change.continues[GUARD_TRACE]) {
        if (!cli->prints_json)
            printf("%s\n",
                   cli_say(cli, "无需接受，未作改动。", "there is nothing to accept, and nothing was changed."));
        return look(cli, workplace);
    }
    if (!accept(workplace, was, &change, &err))
        return cli_fail(cli, &err);
    if (!cli->prints_json)
        printf("%s %s\n", cli_say(cli, "已接受现有数据；记录在日志中，接受人：", "accepted; it is in the journal, by"),
               workplace->person);
    return look(cli, workplace);
}

int guard_run(struct cli *cli, json_t *arguments)
{
    AUTO(workplace_done) struct workplace workplace = WORKPLACE_INIT;
    struct error err;

    if (!workplace_open(cli, &workplace, &err))
        return cli_fail(cli, &err);
    return cli_flag(arguments, "accept") ? run_accept(cli, &workplace, arguments) : look(cli, &workplace);
}
