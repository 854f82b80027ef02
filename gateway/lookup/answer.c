/* answer.c - copied together from pieces that are JSON already. */
#include "gateway/lookup/answer.h"

#include "base/encode.h"
#include "base/text.h"
#include "base/walk.h"
#include "gateway/lookup/domain_parts.h"

const char *const VERDICT_NAMES[VERDICT_COUNT] = {"unknown", "not-listed", "listed"};

static const char *const REASONS[REASON_COUNT] = {
    [REASON_NONE] = "",
    [REASON_REGISTER_EMPTY] = ",\"reason\":{\"code\":\"register-empty\",\"en\":\"no register has been imported yet: "
                              "nothing can be said\",\"zh\":\"台账尚未导入，无法答复\"}",
    [REASON_BEFORE_REGISTER] =
        ",\"reason\":{\"code\":\"before-register\",\"en\":\"the register did not exist yet at that time: nothing can "
        "be said\",\"zh\":\"所询时点台账尚未建立，无法答复\"}",
    [REASON_WITHHELD] =
        ",\"reason\":{\"code\":\"withheld\",\"en\":\"what the register holds may not be told to this caller now: this "
        "is neither a hit nor a "
        "clearance\",\"zh\":\"登记内容目前不得向本调用方提供：本答复既不表示命中，也不表示未命中\"}",
};

static void text_add(struct buf *out, const char *before, const char *text)
{
    buf_add_text(out, before);
    buf_add_byte(out, '"');
    buf_add_text(out, text);
    buf_add_byte(out, '"');
}

static void as_of_add(const struct answer *answer, struct buf *out)
{
    const struct lookup_question *question = answer->question;
    char at[INSTANT_TEXT_BYTES];

    text_add(out, "{\"as_of\":{\"at\":", instant_format(question->as_of_ms ? question->as_of_ms : question->at_ms, at));
    buf_add_text(out, ",\"changed_at\":");
    buf_add_span(out, answer->changed_at.bytes > 0 ? answer->changed_at : SPAN("null"));
    json_count_add(out, ",\"sequence\":", answer->sequence);
    buf_add_byte(out, '}');
}

static bool applies(const struct domain_measure *measure, uint32_t kinds, int32_t day)
{
    return measure->kinds & kinds && day >= measure->from && (measure->until == DAY_NONE || day <= measure->until);
}

bool answer_has_measures(const struct answer *answer)
{
    const struct domain_measures *measures = &domain_edition_on(answer->question->domain, answer->day)->measures;

    for (size_t i = 0; i < measures->count; i++) {
        if (applies(&measures->items[i], answer->kinds, answer->day))
            return true;
    }
    return false;
}

static void measures_add(const struct domain_measures *measures, uint32_t kinds, int32_t day, struct buf *out)
{
    const char *before = "";

    for (size_t i = 0; i < measures->count; i++) {
        const struct domain_measure *measure = &measures->items[i];

        if (!applies(measure, kinds, day))
            continue;
        buf_add_text(out, before);
        buf_add_span(out, buf_span(&measure->json));
        before = ",";
    }
}

struct members {
    const char *const *names;
    size_t count;
    uint32_t shown;
};

/* Copy the members that may be seen. Both the item and the names are sorted, so one pass is enough. */
static void item_add(struct span json, const struct members *members, struct buf *out)
{
    struct walk walk;
    struct span name;
    struct span raw;
    size_t at = 0;
    char before = '{';

    if (members->shown == (1U << members->count) - 1) {
        buf_add_span(out, json);
        return;
    }
    if (!walk_begin(&walk, json))
        return;
    while (walk_next(&walk, &name, &raw)) {
        while (at < members->count && !span_is(name, members->names[at]))
            at++;
        if (at == members->count)
            break;
        if (!(members->shown & 1U << at++))
            continue;
        buf_add_byte(out, before);
        buf_add_byte(out, '"');
        buf_add_span(out, name);
        buf_add_text(out, "\":");
        buf_add_span(out, raw);
        before = ',';
    }
    buf_add_byte(out, '}');
}

/* What a feedback will name: canonical, as the trace keeps it. */
static void shown_add(const struct subject_item *item, size_t before, struct buf *out)
{
    buf_add_text(out, before == 0 ? "[[\"" : ",[\"");
    if (item->kind == SUBJECT_RECORD)
        buf_add_text(out, item->record);
    else
        hex_add(out, item->obligation, sizeof item->obligation);
    json_count_add(out, "\",", item->version);
    buf_add_byte(out, ']');
}

static void items_add(const struct answer *answer, enum view_result wanted, const struct members *members,
                      struct buf *out)
{
    struct view view = {answer->question, answer->subject, answer->day};
    struct subject_walk walk;
    struct subject_item item;
    struct buf *told = wanted == VIEW_LISTED ? answer->question->shown : NULL;
    size_t shown = 0;

    if (!answer->subject)
        return;
    subject_walk_begin(&walk, answer->subject);
    while (shown < LOOKUP_ITEMS_MAX && subject_walk_next(&walk, &item)) {
        if (view_of(&view, &item) != wanted)
            continue;
        if (told)
            shown_add(&item, shown, told);
        if (shown++ > 0)
            buf_add_byte(out, ',');
        item_add(item.json, members, out);
    }
    if (told && shown > 0)
        buf_add_byte(told, ']');
}

static void listed_add(const struct answer *answer, enum view_result wanted, const struct members *members,
                       struct buf *out)
{
    if (answer->listed > 0)
        items_add(answer, wanted, members, out);
    buf_add_byte(out, ']');
}

static uint32_t over_limit(uint32_t count)
{
    return count > LOOKUP_ITEMS_MAX ? count - LOOKUP_ITEMS_MAX : 0;
}

static void name_add(const struct answer *answer, struct buf *out)
{
    buf_add_text(out, "],\"name\":");
    if (!answer->subject || answer->listed + answer->supportive == 0 || answer->subject->name.bytes == 0)
        buf_add_text(out, "null");
    else
        json_string_add(out, answer->subject->name);
}

static void supportive_add(const struct answer *answer, const struct domain_edition *edition, struct buf *out)
{
    const struct domain *domain = answer->question->domain;
    struct members members = {DOMAIN_OBLIGATION_MEMBER, DOMAIN_OBLIGATION_MEMBERS, domain->supportive.members};

    if (domain->supportive.states == 0)
        return;
    buf_add_text(out, ",\"supportive\":[");
    if (answer->supportive > 0)
        items_add(answer, VIEW_SUPPORTIVE, &members, out);
    buf_add_text(out, "],\"supportive_measures\":[");
    if (answer->supportive > 0 && answer->verdict == VERDICT_NOT_LISTED)
        measures_add(&edition->supportive, KINDS_ALL, answer->day, out);
    buf_add_byte(out, ']');
}

void answer_add(const struct answer *answer, struct buf *out)
{
    const struct lookup_question *question = answer->question;
    const struct domain *domain = question->domain;
    const struct domain_edition *edition = domain_edition_on(domain, answer->day);
    struct members of_record = {DOMAIN_RECORD_MEMBER, DOMAIN_RECORD_MEMBERS, domain->record_members};
    struct members of_obligation = {DOMAIN_OBLIGATION_MEMBER, DOMAIN_OBLIGATION_MEMBERS, domain->obligations.members};
    uint32_t omitted = over_limit(answer->listed) + over_limit(answer->supportive);

    as_of_add(answer, out);
    text_add(out, ",\"domain\":", domain->name);
    buf_add_text(out, ",\"list_edition\":");
    buf_add_span(out, buf_span(&edition->list_edition));
    buf_add_text(out, ",\"measures\":[");
    measures_add(&edition->measures, answer->kinds, answer->day, out);
    name_add(answer, out);
    if (domain->answers_from_obligations) {
        buf_add_text(out, ",\"obligations\":[");
        listed_add(answer, VIEW_LISTED, &of_obligation, out);
    }
    if (omitted > 0)
        json_count_add(out, ",\"omitted\":", omitted);
    buf_add_text(out, ",\"purpose\":\"");
    buf_add_span(out, question->purpose);
    buf_add_byte(out, '"');
    buf_add_text(out, REASONS[answer->reason]);
    text_add(out, ",\"receipt\":", question->receipt);
    buf_add_text(out, ",\"records\":[");
    if (domain->answers_from_obligations)
        buf_add_byte(out, ']');
    else
        listed_add(answer, VIEW_LISTED, &of_record, out);
    buf_add_text(out, ",\"rules\":");
    buf_add_span(out, buf_span(&edition->rules));
    supportive_add(answer, edition, out);
    buf_add_text(out, ",\"uscc\":\"");
    buf_add_span(out, question->uscc);
    text_add(out, "\",\"verdict\":", VERDICT_NAMES[answer->verdict]);
    buf_add_byte(out, '}');
}
