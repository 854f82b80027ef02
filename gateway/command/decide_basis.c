#include "gateway/command/decide_basis.h"

#include "base/text.h"
#include "gateway/registry/sentences.h"

static bool refuse_exited(struct error *err)
{
    return refuse(err, ERR_REFUSED, "record.obligation-exited",
                  "the capacity has exited: there is nothing to list; correct the register if this is wrong",
                  "该产能已经退出，不得认定失信；台账有误的，请先更正台账");
}

static bool refuse_revoked(struct error *err)
{
    return refuse(err, ERR_REFUSED, "record.obligation-revoked",
                  "the order was revoked: there is nothing to list; withdraw the record if there is one",
                  "责令决定已撤销，不得认定失信；已有记录的，请撤销该记录");
}

static bool check_due(const struct obligation *obligation, int32_t day, struct error *err)
{
    char due[DAY_TEXT_BYTES], on[DAY_TEXT_BYTES];

    if (day > obligation_due(obligation))
        return true;
    day_format(obligation_due(obligation), due);
    day_format(day, on);
    if (obligation->extended_to != DAY_NONE && day > obligation->deadline)
        return refuse(err, ERR_REFUSED, "record.obligation-extended",
                      "the deadline was extended to %s: on %s it is not missed; wait until after that day",
                      "期限已延至 %s，%s 尚未逾期；请在延期届满之后再认定", due, on);
    return refuse(err, ERR_REFUSED, "record.too-early",
                  "the deadline is %s: on %s it is not missed; the first day possible is the day after it",
                  "退出期限为 %s，%s 尚未逾期；最早可在期限届满次日认定", due, on);
}

static bool check_authority(const struct standing *standing, struct error *err)
{
    const struct span *name = &standing->obligation->field[COLUMN_AUTHORITY];
    struct error why;

    if (!standing->rules)
        return fail(err, ERR_INTERNAL, "nobody said who may order what");
    if (rules_authority_may_order(standing->rules, standing->obligation, &why))
        return true;
    return refuse(err, ERR_REFUSED, "record.wrong-authority",
                  "%.*s may not order this exit, so nothing can be listed on it (%s)%.0s; correct the register",
                  "%.*s 无权责令该项退出（%.0s%s），不得据以认定；请更正台账", (int)name->bytes, name->at, why.text,
                  error_text(&why, "zh"));
}

bool basis_check_new(const struct standing *standing, int32_t on, struct error *err)
{
    const struct obligation *obligation = standing->obligation;
    char day[DAY_TEXT_BYTES];

    if (!obligation)
        return refuse(err, ERR_NOT_FOUND, "record.no-obligation", "there is no such obligation: import it first",
                      "没有这项退出任务：请先导入台账");
    if (on == DAY_NONE || on > standing->today)
        return refuse(err, ERR_REFUSED, "record.day-in-future",
                      "whether it is overdue on %s cannot be known yet: name a day up to today",
                      "%s 尚未到来，无法判断是否逾期：请指定不晚于今天的日期", day_format(on, day));
    if (obligation->state == STATE_REVOKED)
        return refuse_revoked(err);
    if (!obligation_is_open(obligation))
        return refuse_exited(err);
    return check_due(obligation, on, err) && check_authority(standing, err);
}

bool basis_check_standing(const struct standing *standing, const struct record *record, struct error *err)
{
    const struct obligation *obligation = standing->obligation;

    if (!obligation)
        return fail(err, ERR_CORRUPT, "%s rests on an unknown obligation", record->id);
    if (obligation->state == STATE_REVOKED)
        return refuse_revoked(err);
    if (obligation->state == STATE_EXITED_IN_TIME)
        return refuse_exited(err);
    return check_due(obligation, standing->today, err) && check_authority(standing, err);
}

static bool check_texts(const struct record *record, struct error *err)
{
    const struct {
        struct span text;
        size_t limit;
        const char *en;
        const char *zh;
    } texts[] = {
        {record->document, RECORD_TEXT_MAX, "document", "认定文号"},
        {record->listing_authority, RECORD_TEXT_MAX, "listing authority", "认定单位"},
    };

    if (record->document.bytes == 0)
        return refuse(err, ERR_REFUSED, "record.document-missing", "a record needs the number of its decision",
                      "认定必须有文号：请填写认定文号");
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (texts[i].text.bytes > texts[i].limit || !utf8_is_valid(texts[i].text, NULL))
            return refuse(err, ERR_REFUSED, "record.text-too-long", "%.0s%s: at most %zu bytes of UTF-8",
                          "%s%.0s：最多 %zu 字节（UTF-8）", texts[i].zh, texts[i].en, texts[i].limit);
    }
    return true;
}

static bool check_decision_day(const struct standing *standing, const struct record *record, struct error *err)
{
    char day[DAY_TEXT_BYTES], due[DAY_TEXT_BYTES];

    day_format(record->decided_on, day);
    if (record->decided_on == DAY_NONE || record->decided_on > standing->today)
        return refuse(err, ERR_REFUSED, "record.decided-in-future",
                      "the day of decision (%s) must be given and not lie in the future",
                      "认定日期（%s）必须填写，且不得晚于今天", day);
    if (record->decided_on <= obligation_due(standing->obligation))
        return refuse(err, ERR_REFUSED, "record.decided-too-early",
                      "decided on %s, but the deadline ran until %s: a decision must come after it",
                      "认定日期 %s 不晚于退出期限 %s：认定只能在期限届满之后作出", day,
                      day_format(obligation_due(standing->obligation), due));
    return true;
}

static bool check_window(const struct standing *standing, const struct record *record, struct error *err)
{
    char end[DAY_TEXT_BYTES];

    if (record->publication_end >= standing->today)
        return true;
    return refuse(err, ERR_REFUSED, "record.publication-over",
                  "its publication would have ended on %s already: check the day of decision and the severity",
                  "公示期已于 %s 届满：请核对认定日期和严重程度", day_format(record->publication_end, end));
}

static bool check_listing_authority(const struct standing *standing, const struct record *record, struct error *err)
{
    int32_t day = record->decided_on == DAY_NONE ? standing->today : record->decided_on;
    struct span proper = rules_listing_authority(standing->rules, standing->obligation, day);
    const struct span *named = &record->listing_authority;
    char decided[DAY_TEXT_BYTES];

    switch (rules_judge_listing(standing->rules, standing->obligation, *named, day)) {
    case LISTING_GOOD:
        return true;
    case LISTING_RENAMED:
        return refuse(err, ERR_REFUSED, "record.wrong-authority",
                      "on %s no authority was called %.*s: the body that ordered the exit lists as %.*s",
                      "%s 当日没有“%.*s”这一机关：责令退出的机关应以“%.*s”的名义认定", day_format(day, decided),
                      (int)named->bytes, named->at, (int)proper.bytes, proper.at);
    default:
        return refuse(err, ERR_REFUSED, "record.wrong-authority",
                      "%.*s did not order the exit: only the body that ordered it (now %.*s) can list it",
                      "%.*s 不是责令退出的机关：只有责令机关（认定时名称为%.*s）可以认定", (int)named->bytes, named->at,
                      (int)proper.bytes, proper.at);
    }
}

bool basis_check_listing(const struct standing *standing, const struct record *record, struct error *err)
{
    return check_texts(record, err) && check_listing_authority(standing, record, err) &&
           check_decision_day(standing, record, err) && check_window(standing, record, err);
}

void basis_fill(const struct standing *standing, struct record *record, struct buf *hold)
{
    const struct obligation *obligation = standing->obligation;
    struct buf order = BUF_INIT;
    size_t facts_bytes;

    buf_clear(hold);
    sentence_facts_add(obligation, hold);
    facts_bytes = hold->bytes;
    sentence_order_add(obligation, &order);
    buf_add_span(hold, buf_span(&order));
    buf_done(&order);
    record->facts = (struct span){hold->data, facts_bytes};
    record->order = (struct span){hold->data + facts_bytes, hold->bytes - facts_bytes};
    record->basis_version = standing->obligation_version;
    record->ground = obligation->ground;
    record->due = obligation_due(obligation);
    record->name = obligation->field[COLUMN_NAME];
    record->uscc = obligation->field[COLUMN_USCC];
    record->division = obligation->field[COLUMN_DIVISION];
    record->region = obligation->field[COLUMN_REGION];
    record->industry = obligation->field[COLUMN_INDUSTRY];
    record->order_document = obligation->field[COLUMN_DOCUMENT];
}

bool basis_is_same(const struct standing *standing, const struct record *record, struct buf *hold)
{
    struct record now = *record;

    basis_fill(standing, &now, hold);
    return span_equal(now.facts, record->facts) && span_equal(now.order, record->order) &&
           now.ground == record->ground && now.due == record->due && span_equal(now.name, record->name) &&
           span_equal(now.uscc, record->uscc) && span_equal(now.division, record->division) &&
           span_equal(now.region, record->region) && span_equal(now.industry, record->industry) &&
           span_equal(now.order_document, record->order_document);
}
