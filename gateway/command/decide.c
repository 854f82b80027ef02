/* decide.c - the rules of a record's life. Each operation is a row of a table: what must stand before it, what it
 * changes. The same rules are asked again at approval, against the obligation as it is then. */
#include "gateway/command/decide.h"

#include <string.h>

#include "base/text.h"
#include "base/walk.h"
#include "gateway/command/decide_basis.h"

static bool check_person_text(struct span text, struct error *err)
{
    if (text.bytes <= RECORD_REASON_MAX && utf8_is_valid(text, NULL))
        return true;
    return refuse(err, ERR_REFUSED, "record.text-too-long", "a reason or statement has at most %d bytes of UTF-8",
                  "理由或说明最多 %d 字节（UTF-8）", (int)RECORD_REASON_MAX);
}

static bool check_reason(struct span reason, struct error *err)
{
    if (span_trim(reason).bytes > 0)
        return check_person_text(reason, err);
    return refuse(err, ERR_REFUSED, "record.reason-missing", "a reason is needed: why?", "必须写明理由");
}

static bool set_severity(int severity, struct record *record, struct error *err)
{
    if (severity < SEVERITY_MINOR || severity > SEVERITY_SERIOUS)
        return refuse(err, ERR_REFUSED, "record.severity", "%d is no severity: 1 minor, 2 general, 3 serious",
                      "%d 不是有效的严重程度：1 轻微，2 一般，3 严重", severity);
    record->severity = (enum severity)severity;
    return true;
}

static bool set_scope(int scope, struct record *record, struct error *err)
{
    if (scope < SCOPE_PUBLIC || scope > SCOPE_AUTHORISED)
        return refuse(err, ERR_REFUSED, "record.scope", "%d is no scope: 0 public, 1 government, 2 authorised",
                      "%d 不是有效的使用范围：0 公示，1 政府部门共享，2 授权查询", scope);
    record->scope = (enum scope)scope;
    return true;
}

static bool set_publication(const struct standing *standing, struct record *record, struct error *err)
{
    struct window window;

    if (record->decided_on == DAY_NONE)
        return true; /* refused by basis_check_listing */
    if (!windows_find(standing->windows, record->severity, record->decided_on, &window, err))
        return false;
    record->publication_end = window_last_day(&window, record->decided_on);
    return true;
}

/* --- the operations --- */

static bool propose_new(const struct standing *standing, const struct proposal *proposal, struct record *record,
                        struct buf *hold, struct error *err)
{
    struct span authority = span_trim(proposal->listing_authority);

    if (!basis_check_new(standing, proposal->on, err))
        return false;
    basis_fill(standing, record, hold);
    record->listing_authority =
        authority.bytes > 0
            ? authority
            : rules_listing_authority(standing->rules, standing->obligation,
                                      proposal->decided_on == DAY_NONE ? standing->today : proposal->decided_on);
    record->document = span_trim(proposal->document);
    record->decided_on = proposal->decided_on;
    return set_severity(proposal->severity, record, err) &&
           set_scope(proposal->scope == -1 ? SCOPE_PUBLIC : proposal->scope, record, err) &&
           set_publication(standing, record, err) && basis_check_listing(standing, record, err);
}

static bool says_the_same(const struct record *a, const struct record *b)
{
    return span_equal(a->document, b->document) && a->decided_on == b->decided_on && a->severity == b->severity &&
           a->scope == b->scope && span_equal(a->facts, b->facts) && span_equal(a->order, b->order) &&
           span_equal(a->name, b->name) && span_equal(a->division, b->division) && span_equal(a->region, b->region) &&
           span_equal(a->industry, b->industry) && a->due == b->due;
}

static bool propose_change(const struct standing *standing, const struct proposal *proposal, struct record *record,
                           struct buf *hold, struct error *err)
{
    struct span document = span_trim(proposal->document);

    if (!basis_check_standing(standing, record, err))
        return false;
    basis_fill(standing, record, hold);
    if (document.bytes > 0)
        record->document = document;
    if (proposal->decided_on != DAY_NONE)
        record->decided_on = proposal->decided_on;
    if ((proposal->severity != 0 && !set_severity(proposal->severity, record, err)) ||
        (proposal->scope != -1 && !set_scope(proposal->scope, record, err)) ||
        !set_publication(standing, record, err) || !basis_check_listing(standing, record, err))
        return false;
    if (says_the_same(record, &standing->effective->record))
        return refuse(err, ERR_REFUSED, "record.nothing-changed", "nothing would change: say what is wrong with it",
                      "没有任何变更：请指明要更正的内容");
    return true;
}

static bool propose_withdrawal(const struct standing *standing, const struct proposal *proposal, struct record *record,
                               struct buf *hold, struct error *err)
{
    (void)standing, (void)proposal, (void)record, (void)hold, (void)err;
    return true;
}

/* NDRC Order 36: the minimum has passed, the act is corrected and all duties are done, a commitment is given. */
static bool check_repair(const struct standing *standing, const struct record *record, bool duties_done,
                         struct error *err)
{
    struct window window;
    char first[DAY_TEXT_BYTES];

    if (!windows_find(standing->windows, record->severity, record->decided_on, &window, err))
        return false;
    if (standing->today < window_first_repair_day(&window, record->decided_on))
        return refuse(err, ERR_REFUSED, "record.repair-too-early",
                      "the shortest publication is not over: a repair is possible from %s",
                      "最短公示期未满：自 %s 起方可修复",
                      day_format(window_first_repair_day(&window, record->decided_on), first));
    if (!standing->obligation || (obligation_is_open(standing->obligation) && !duties_done))
        return refuse(
            err, ERR_REFUSED, "record.repair-open",
            "the register says the capacity has not exited: import the exit, or state that all duties are done",
            "台账显示该产能尚未退出：请先导入退出情况，或声明全部义务已履行");
    return true;
}

/* Each condition of the order with what shows that it is met; the second person judges it. */
static bool check_evidence(const struct record *record, struct error *err)
{
    if (record->corrected.bytes > 0 && record->duties.bytes > 0)
        return check_person_text(record->corrected, err) && check_person_text(record->duties, err);
    return refuse(err, ERR_REFUSED, "record.evidence-missing",
                  "a repair needs evidence for each condition: that the act is corrected (--corrected) and that all "
                  "duties are performed (--duties), beside the public commitment",
                  "修复须逐项写明依据：失信行为已纠正（--corrected）、义务已全部履行（--duties），并附公开信用承诺");
}

static bool propose_repair(const struct standing *standing, const struct proposal *proposal, struct record *record,
                           struct buf *hold, struct error *err)
{
    (void)hold;
    record->statement = span_trim(proposal->statement);
    if (record->statement.bytes == 0)
        return refuse(err, ERR_REFUSED, "record.statement-missing",
                      "a repair needs the enterprise's commitment and what was done, in words",
                      "修复必须附信用承诺和整改情况说明");
    record->corrected = span_trim(proposal->corrected);
    record->duties = span_trim(proposal->duties);
    return check_person_text(record->statement, err) && check_evidence(record, err) &&
           check_repair(standing, record, proposal->duties_done, err);
}

static bool propose_dispute(const struct standing *standing, const struct proposal *proposal, struct record *record,
                            struct buf *hold, struct error *err)
{
    (void)standing, (void)hold;
    if (record->is_disputed == (proposal->op == OP_DISPUTED)) {
        if (record->is_disputed)
            return refuse(err, ERR_REFUSED, "record.disputed", "%s is marked as disputed already", "%s 已有异议标注",
                          record->id);
        return refuse(err, ERR_REFUSED, "record.not-disputed", "%s is not marked as disputed", "%s 没有异议标注",
                      record->id);
    }
    record->is_disputed = proposal->op == OP_DISPUTED;
    return true;
}

typedef bool propose(const struct standing *standing, const struct proposal *proposal, struct record *record,
                     struct buf *hold, struct error *err);
static propose *const PROPOSE[OP_COUNT] = {
    [OP_NEW] = propose_new,         [OP_CHANGED] = propose_change,   [OP_WITHDRAWN] = propose_withdrawal,
    [OP_REPAIRED] = propose_repair, [OP_DISPUTED] = propose_dispute, [OP_DISPUTE_OVER] = propose_dispute,
};

/* --- what must stand before any of them --- */

static bool check_waiting(const struct standing *standing, struct error *err)
{
    if (!standing->newest || standing->newest->state != RECORD_PROPOSED)
        return true;
    return refuse(err, ERR_REFUSED, "record.pending", "version %u of %s waits for approval: approve or return it first",
                  "版本 %u（%s）正在等待审核：请先批准或退回", standing->newest->record.version,
                  standing->newest->record.id);
}

static bool check_new(const struct standing *standing, struct error *err)
{
    const struct record_version *live = standing->effective;

    if (!live || record_op_ends(live->record.op))
        return true;
    return refuse(err, ERR_REFUSED, "record.exists", "%s says it already: correct that record instead",
                  "已有记录 %s：如需修改，请更正该记录", live->record.id);
}

static bool check_live(const struct standing *standing, struct error *err)
{
    if (!standing->effective)
        return refuse(err, ERR_REFUSED, "record.not-effective", "the record is not in force: have it approved first",
                      "记录尚未生效：请先审核批准");
    if (record_op_ends(standing->effective->record.op))
        return refuse(err, ERR_REFUSED, "record.over", "%s was withdrawn or repaired: it cannot change any more",
                      "%s 已撤销或已修复，不能再变更", standing->effective->record.id);
    return true;
}

bool decide_proposal(const struct standing *standing, const struct proposal *proposal, struct record *out,
                     struct buf *hold, struct error *err)
{
    struct record record = {.decided_on = DAY_NONE, .due = DAY_NONE, .publication_end = DAY_NONE};
    bool is_new = proposal->op == OP_NEW;

    if (proposal->op < OP_NEW || (int)proposal->op >= OP_COUNT)
        return fail(err, ERR_INVALID, "there is no operation %d", (int)proposal->op);
    if (!check_waiting(standing, err) || !(is_new ? check_new(standing, err) : check_live(standing, err)))
        return false;
    if (!is_new) {
        if (!check_reason(proposal->reason, err))
            return false;
        record = standing->effective->record;
        record.statement = record.corrected = record.duties = SPAN_NONE;
    }
    record.version = is_new ? 1 : record.version + 1;
    record.op = proposal->op;
    memcpy(record.obligation, standing->obligation_id, sizeof record.obligation);
    record.reason = span_trim(proposal->reason);
    record.proposed_ms = 0;
    record.approved_ms = 0;
    record.proposed_by = SPAN_NONE;
    record.approved_by = SPAN_NONE;
    if (!check_person_text(record.reason, err) || !PROPOSE[proposal->op](standing, proposal, &record, hold, err))
        return false;
    *out = record;
    return true;
}

/* --- the second person --- */

static bool find_waiting(const struct standing *standing, const struct record_version **waiting, struct error *err)
{
    const struct record_version *newest = standing->newest;

    if (!newest)
        return refuse(err, ERR_NOT_FOUND, "record.unknown", "there is no such record", "没有这条记录");
    if (newest->state == RECORD_EFFECTIVE)
        return refuse(err, ERR_REFUSED, "record.already-effective",
                      "%s version %u is in force already: there is nothing to decide",
                      "%s 版本 %u 已经生效，无需再次审核", newest->record.id, newest->record.version);
    if (newest->state == RECORD_RETURNED)
        return refuse(err, ERR_REFUSED, "record.returned", "%s version %u was returned: it must be proposed again",
                      "%s 版本 %u 已被退回：请重新提出", newest->record.id, newest->record.version);
    *waiting = newest;
    return true;
}

static bool check_basis_again(const struct standing *standing, const struct record *record, struct buf *hold,
                              struct error *err)
{
    bool is_good = record->op == OP_NEW ? basis_check_new(standing, standing->today, err)
                                        : basis_check_standing(standing, record, err);

    if (!is_good || !basis_check_listing(standing, record, err))
        return false;
    if (standing->obligation_version == record->basis_version || basis_is_same(standing, record, hold))
        return true;
    return refuse(err, ERR_REFUSED, "record.obligation-changed",
                  "the register changed since %s was proposed: return it and propose it again",
                  "提出 %s 之后台账已变更：请退回后重新提出", record->id);
}

bool decide_approval(const struct standing *standing, struct span person, struct buf *hold, struct error *err)
{
    const struct record_version *waiting = NULL;

    if (!find_waiting(standing, &waiting, err))
        return false;
    if (span_equal(waiting->record.proposed_by, person))
        return refuse(err, ERR_REFUSED, "record.same-person", "%.*s proposed it: another person must approve",
                      "%.*s 是提出人：必须由另一人审核", (int)person.bytes, person.at);
    switch (waiting->record.op) {
    case OP_NEW:
    case OP_CHANGED:
        return check_basis_again(standing, &waiting->record, hold, err);
    case OP_REPAIRED:
        /* That the duties are done while the register says open was said by the author, and is judged by this person.
         */
        return check_evidence(&waiting->record, err) && check_repair(standing, &waiting->record, true, err);
    default:
        return true;
    }
}

bool decide_return(const struct standing *standing, struct span person, struct span reason, struct error *err)
{
    const struct record_version *waiting = NULL;

    (void)person; /* the author may take his own back */
    return find_waiting(standing, &waiting, err) && check_reason(reason, err);
}

/* --- rows of the register --- */

bool decide_row(struct span held, struct span row, enum row_outcome *out, struct error *err)
{
    static const char *const IDENTITY[] = {"uscc", "document", "equipment"};

    if (held.bytes == 0) {
        *out = ROW_NEW;
        return true;
    }
    if (span_equal(held, row)) {
        *out = ROW_UNCHANGED;
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(IDENTITY); i++) {
        if (!span_equal(walk_member(held, IDENTITY[i]), walk_member(row, IDENTITY[i])))
            return fail(err, ERR_CONFLICT, "two different orders share one id: they differ in %s", IDENTITY[i]);
    }
    *out = ROW_NEW_VERSION;
    return true;
}
