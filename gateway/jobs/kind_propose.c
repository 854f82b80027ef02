/* kind_propose.c - records for obligations that were missed, and the next version of records: a person proposes. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/jobs/kinds.h"
#include "gateway/jobs/named.h"
#include "gateway/jobs/proposing.h"

static void fill_listing(const struct work *work, struct proposal *proposal)
{
    proposal->document = span_of(argument_text(work->arguments, "document"));
    proposal->decided_on = argument_day(work->arguments, "decided_on");
    /* Absent is -1: 0 keeps what is. */
    proposal->severity = argument_choice(work->arguments, "severity", KIND_SEVERITIES) + SEVERITY_MINOR;
    proposal->scope = argument_choice(work->arguments, "scope", KIND_SCOPES);
    proposal->reason = span_of(argument_text(work->arguments, "reason"));
}

static bool propose_named(struct work *work, const struct proposal *proposal, struct results *results,
                          struct error *err)
{
    AUTO(named_done) struct named named = {.ids = NULL};
    struct desk desk = work->desk;

    if (!named_obligations(work, results, &named, err))
        return false;
    desk.seen = named.seen;
    return command_propose(&desk, (const uint8_t(*)[OBLIGATION_ID_BYTES])(const void *)named.ids, named.count, proposal,
                           results_add, results, results_tally(results), err);
}

static bool propose_overdue(struct work *work, const struct proposal *proposal, struct results *results,
                            struct error *err)
{
    struct obligations_filter filter = OBLIGATIONS_ALL;

    filter.ground = argument_choice(work->arguments, "ground", KIND_GROUNDS);
    filter.division = argument_text(work->arguments, "division");
    filter.authority = argument_text(work->arguments, "authority");
    return command_propose_overdue(&work->desk, &filter, proposal, results_add, results, results_tally(results), err);
}

void proposing_new(const struct work *work, struct proposal *out)
{
    *out = (struct proposal){.op = OP_NEW, .on = argument_day(work->arguments, "on")};
    fill_listing(work, out);
}

bool run_propose(struct work *work, struct error *err)
{
    static const struct results_closing CLOSING = {
        "须由另一人复核：creditgate approve RECORD…，或 creditgate approve --all（清单：creditgate waiting）。",
        "Another person must approve: creditgate approve RECORD…, or creditgate approve --all (list: creditgate "
        "waiting)."};
    AUTO(results_free) struct results *results = NULL;
    struct proposal proposal;
    bool names_some = argument_id_count(work->arguments) > 0;

    proposing_new(work, &proposal);
    return work_load_rules(work, err) && results_new(work, &results, err) &&
           (names_some ? propose_named : propose_overdue)(work, &proposal, results, err) &&
           results_finish(results, &CLOSING, err);
}

/* --- the next version of records --- */

static const struct {
    const char *kind;
    enum record_op op;
} CHANGES[] = {
    {"correct", OP_CHANGED},  {"withdraw", OP_WITHDRAWN},  {"repair", OP_REPAIRED},
    {"dispute", OP_DISPUTED}, {"settle", OP_DISPUTE_OVER},
};

static enum record_op op_of(const char *kind)
{
    size_t i = 0;

    while (i + 1 < COUNT_OF(CHANGES) && strcmp(CHANGES[i].kind, kind) != 0)
        i++;
    return CHANGES[i].op;
}

/* The enterprise's commitment, with its day, and what was done: one sentence after the other. */
static bool make_statement(const struct work *work, struct buf *out, struct error *err)
{
    const char *statement = argument_text(work->arguments, "statement");
    int32_t committed_on = argument_day(work->arguments, "committed_on");
    char day[DAY_TEXT_BYTES];

    if (committed_on > work->today)
        return refuse(err, ERR_INVALID, "repair.committed-in-future", "the commitment's day %s is still to come",
                      "信用承诺日期 %s 尚未到来", day_format(committed_on, day));
    buf_addf(out, "企业已于%s公开作出信用承诺。%s", day_format(committed_on, day),
             *statement ? statement : argument_text(work->arguments, "reason"));
    return true;
}

bool proposing_change(const struct work *work, const char *kind, struct buf *statement, struct proposal *out,
                      struct error *err)
{
    *out = (struct proposal){.op = op_of(kind), .on = DAY_NONE};
    fill_listing(work, out);
    if (out->op != OP_REPAIRED)
        return true;
    if (!make_statement(work, statement, err))
        return false;
    out->statement = buf_span(statement);
    out->corrected = span_of(argument_text(work->arguments, "corrected"));
    out->duties = span_of(argument_text(work->arguments, "duties"));
    out->duties_done = argument_flag(work->arguments, "duties_done");
    return true;
}

bool run_change(struct work *work, struct error *err)
{
    static const struct results_closing CLOSING = {
        "须由另一人复核后生效：creditgate approve RECORD…（清单：creditgate waiting）。",
        "In force once another person approves: creditgate approve RECORD… (list: creditgate waiting)."};
    AUTO(results_free) struct results *results = NULL;
    AUTO(named_done) struct named named = {.ids = NULL};
    AUTO(buf_done) struct buf statement = BUF_INIT;
    struct proposal proposal;
    struct desk desk;
    const char **texts;
    bool is_good;

    if (!proposing_change(work, work->spec->kind, &statement, &proposal, err) || !work_load_rules(work, err) ||
        !results_new(work, &results, err) || !named_records(work, results, &named, err))
        return false;
    texts = named_texts(&named);
    desk = work->desk;
    desk.seen = named.seen;
    is_good = command_change(&desk, texts, named.count, &proposal, results_add, results, results_tally(results), err);
    free((void *)texts);
    return is_good && results_finish(results, &CLOSING, err);
}
