/* answer.c - copied together from pieces that are JSON already. */
#include "gateway/lookup/answer.h"

#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "base/walk.h"

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

static void as_of_add(const struct moment *moment, struct buf *out)
{
    char at[INSTANT_TEXT_BYTES];

    text_add(out, "{\"as_of\":{\"at\":", instant_format(moment->instant_ms, at));
    buf_add_text(out, ",\"changed_at\":");
    buf_add_span(out, moment->changed_at.bytes > 0 ? moment->changed_at : SPAN("null"));
    json_count_add(out, ",\"sequence\":", moment->sequence);
    buf_add_byte(out, '}');
}

static bool applies(const struct domain_measure *measure, uint32_t kinds, int32_t day)
{
    return measure->kinds & kinds && day >= measure->from && (measure->until == DAY_NONE || day <= measure->until);
}

bool answer_has_measures(const struct answer *answer)
{
    const struct domain_measures *measures = &answer->moment->edition->measures;

    for (size_t i = 0; i < measures->count; i++) {
        if (applies(&measures->items[i], answer->kinds, answer->moment->day))
            return true;
    }
    return false;
}

enum measure_form { MEASURE_WHOLE, MEASURE_ID };

static void measures_add(const struct domain_measures *measures, uint32_t kinds, int32_t day, enum measure_form form,
                         struct buf *out)
{
    bool is_first = true;

    for (size_t i = 0; i < measures->count; i++) {
        const struct domain_measure *measure = &measures->items[i];

        if (!applies(measure, kinds, day))
            continue;
        if (!is_first)
            buf_add_byte(out, ',');
        buf_add_span(out, buf_span(form == MEASURE_ID ? &measure->id : &measure->json));
        is_first = false;
    }
}

/* Personal data: the first character says whom a reader who knows him may expect, and nobody else learns who it is. How
 * many characters there were is not told. */
static void masked_add(struct span raw, struct buf *out)
{
    size_t bytes = 1;

    if (raw.bytes < 2 || raw.at[0] != '"') {
        buf_add_text(out, "null");
        return;
    }
    raw = (struct span){raw.at + 1, raw.bytes - 2};
    while (bytes < raw.bytes && ((unsigned char)raw.at[bytes] & 0xC0) == 0x80)
        bytes++;
    buf_add_byte(out, '"');
    if (raw.bytes > 0 && raw.at[0] != '\\')
        buf_add(out, raw.at, bytes);
    buf_add_text(out, "**\"");
}

struct members {
    const char *const *names;
    size_t count;
    uint32_t shown;
    uint32_t masked;
};

/* Copy the members that may be seen. Both the item and the names are sorted, so one pass is enough. */
static void item_add(struct span json, const struct members *members, struct buf *out)
{
    struct walk walk;
    struct span name;
    struct span raw;
    size_t at = 0;
    char before = '{';

    if (members->shown == (1U << members->count) - 1 && members->masked == 0) {
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
        if (members->masked & 1U << (at - 1))
            masked_add(raw, out);
        else
            buf_add_span(out, raw);
        before = ',';
    }
    buf_add_byte(out, '}');
}

/* What the purpose does not show. */
static uint32_t masked_of(const struct moment *moment, uint32_t personal)
{
    return moment->purpose->shows_personal ? 0 : personal;
}

static struct members record_members(const struct moment *moment)
{
    const struct domain *domain = moment->question->domain;

    return (struct members){DOMAIN_RECORD_MEMBER, DOMAIN_RECORD_MEMBERS, domain->record_members,
                            masked_of(moment, domain->record_personal)};
}

static struct members obligation_members(const struct moment *moment, const struct domain_obligations *shown)
{
    return (struct members){DOMAIN_OBLIGATION_MEMBER, DOMAIN_OBLIGATION_MEMBERS, shown->members,
                            masked_of(moment, shown->personal)};
}

void answer_shown_add(const struct subject_item *item, size_t before, struct buf *out)
{
    buf_add_text(out, before == 0 ? "[[\"" : ",[\"");
    if (item->kind == SUBJECT_RECORD)
        buf_add_text(out, item->record);
    else
        hex_add(out, item->obligation, sizeof item->obligation);
    json_count_add(out, "\",", item->version);
    buf_add_byte(out, ']');
}

/* The subject's items that count, one after the other: as they were kept, or judged again when there are many. */
struct shown_walk {
    const struct answer *answer;
    size_t at;
    struct subject_walk walk;
};

static bool shown_next(struct shown_walk *shown, enum view_result wanted, struct subject_item *item)
{
    const struct answer *answer = shown->answer;
    const struct answer_items *items = answer->items;
    struct view view = {answer->moment->question, answer->subject, answer->moment->day};

    while (items->is_all && shown->at < items->count) {
        if (items->kept[shown->at++].result != wanted)
            continue;
        *item = items->kept[shown->at - 1].item;
        return true;
    }
    while (!items->is_all && subject_walk_next(&shown->walk, item)) {
        if (view_of(&view, item) == wanted)
            return true;
    }
    return false;
}

static void items_add(const struct answer *answer, enum view_result wanted, const struct members *members,
                      struct buf *out)
{
    struct shown_walk walk = {.answer = answer};
    struct subject_item item;
    struct buf *told = wanted == VIEW_LISTED ? answer->moment->question->shown : NULL;
    size_t shown = 0;

    if (!answer->subject)
        return;
    subject_walk_begin(&walk.walk, answer->subject);
    while (shown < LOOKUP_ITEMS_MAX && shown_next(&walk, wanted, &item)) {
        if (told)
            answer_shown_add(&item, shown, told);
        if (shown++ > 0)
            buf_add_byte(out, ',');
        item_add(item.json, members, out);
    }
    if (told && shown > 0)
        buf_add_byte(told, ']');
}

static void listed_add(const struct answer *answer, const struct members *members, struct buf *out)
{
    if (answer->listed > 0)
        items_add(answer, VIEW_LISTED, members, out);
    buf_add_byte(out, ']');
}

static uint32_t over_limit(uint32_t count)
{
    return count > LOOKUP_ITEMS_MAX ? count - LOOKUP_ITEMS_MAX : 0;
}

/* The name of the enterprise is personal where that of its records is. */
static bool masks_name(const struct moment *moment)
{
    const struct members members = record_members(moment);

    for (size_t i = 0; i < members.count; i++) {
        if (members.masked & 1U << i && strcmp(members.names[i], "name") == 0)
            return true;
    }
    return false;
}

static void name_add(const struct answer *answer, struct buf *out)
{
    size_t at;

    buf_add_text(out, "],\"name\":");
    if (!answer->subject || answer->listed + answer->supportive == 0 || answer->subject->name.bytes == 0) {
        buf_add_text(out, "null");
        return;
    }
    at = out->bytes;
    json_string_add(out, answer->subject->name);
    if (!masks_name(answer->moment))
        return;
    AUTO(buf_done) struct buf whole = BUF_INIT;
    buf_add(&whole, out->data + at, out->bytes - at);
    out->bytes = at;
    masked_add(buf_span(&whole), out);
}

static const char *names_add(const struct members *members, const char *before, struct buf *out)
{
    for (size_t i = 0; i < members->count; i++) {
        if (!(members->masked & 1U << i))
            continue;
        text_add(out, before, members->names[i]);
        before = ",";
    }
    return before;
}

/* The members that were masked, sorted: "equipment" of obligations stands before "facts" and "name" of records. */
static void masks_add(const struct answer *answer, struct buf *out)
{
    const struct moment *moment = answer->moment;
    const struct domain *domain = moment->question->domain;
    const struct members of_record = record_members(moment);
    const struct members of_obligation = obligation_members(moment, &domain->obligations);
    const struct members of_support = obligation_members(moment, &domain->supportive);
    const char *before = ",\"masked\":[";

    if (answer->listed > 0 && domain->answers_from_obligations)
        before = names_add(&of_obligation, before, out);
    if (answer->supportive > 0)
        before = names_add(&of_support, before, out);
    if (answer->listed > 0 && !domain->answers_from_obligations)
        before = names_add(&of_record, before, out);
    else if (answer->supportive > 0 && masks_name(moment)) {
        text_add(out, before, "name");
        before = ",";
    }
    if (strcmp(before, ",") == 0)
        buf_add_byte(out, ']');
}

static void supportive_add(const struct answer *answer, enum measure_form form, struct buf *out)
{
    const struct moment *moment = answer->moment;
    const struct domain *domain = moment->question->domain;
    const struct members members = obligation_members(moment, &domain->supportive);

    if (domain->supportive.states == 0)
        return;
    buf_add_text(out, ",\"supportive\":[");
    if (answer->supportive > 0)
        items_add(answer, VIEW_SUPPORTIVE, &members, out);
    buf_add_text(out, "],\"supportive_measures\":[");
    if (answer->supportive > 0 && answer->verdict == VERDICT_NOT_LISTED)
        measures_add(&moment->edition->supportive, KINDS_ALL, moment->day, form, out);
    buf_add_byte(out, ']');
}

void answer_record_add(const struct domain *domain, struct span json, struct buf *out)
{
    struct members members = {DOMAIN_RECORD_MEMBER, DOMAIN_RECORD_MEMBERS, domain->record_members,
                              domain->record_personal};

    item_add(json, &members, out);
}

/* From the name on. */
static void rest_add(const struct answer *answer, enum measure_form form, struct buf *out)
{
    const struct moment *moment = answer->moment;
    const struct domain *domain = moment->question->domain;
    const struct members of_record = record_members(moment);
    const struct members of_obligation = obligation_members(moment, &domain->obligations);
    uint32_t omitted = over_limit(answer->listed) + over_limit(answer->supportive);

    name_add(answer, out);
    if (domain->answers_from_obligations) {
        buf_add_text(out, ",\"obligations\":[");
        listed_add(answer, &of_obligation, out);
    }
    if (omitted > 0)
        json_count_add(out, ",\"omitted\":", omitted);
    if (form == MEASURE_WHOLE) {
        buf_add_text(out, ",\"purpose\":\"");
        buf_add_span(out, moment->question->purpose);
        buf_add_byte(out, '"');
    }
    buf_add_text(out, REASONS[answer->reason]);
    text_add(out, ",\"receipt\":", answer->receipt);
    buf_add_text(out, ",\"records\":[");
    if (domain->answers_from_obligations)
        buf_add_byte(out, ']');
    else
        listed_add(answer, &of_record, out);
    buf_add_text(out, ",\"rules\":");
    buf_add_span(out, buf_span(&moment->edition->rules));
    supportive_add(answer, form, out);
    buf_add_text(out, moment->question->is_test ? ",\"test\":true,\"uscc\":\"" : ",\"uscc\":\"");
    buf_add_span(out, answer->uscc);
    text_add(out, "\",\"verdict\":", VERDICT_NAMES[answer->verdict]);
    buf_add_byte(out, '}');
}

static void head_add(const struct moment *moment, struct buf *out)
{
    as_of_add(moment, out);
    text_add(out, ",\"domain\":", moment->question->domain->name);
    buf_add_text(out, ",\"list_edition\":");
    buf_add_span(out, buf_span(&moment->edition->list_edition));
}

void answer_add(const struct answer *answer, struct buf *out)
{
    const struct moment *moment = answer->moment;

    head_add(moment, out);
    masks_add(answer, out);
    buf_add_text(out, ",\"measures\":[");
    measures_add(&moment->edition->measures, answer->kinds, moment->day, MEASURE_WHOLE, out);
    rest_add(answer, MEASURE_WHOLE, out);
}

void answer_result_add(const struct answer *answer, struct buf *out)
{
    const struct moment *moment = answer->moment;
    size_t at = out->bytes;

    masks_add(answer, out);
    buf_add_text(out, ",\"measures\":[");
    out->data[at] = '{';
    measures_add(&moment->edition->measures, answer->kinds, moment->day, MEASURE_ID, out);
    rest_add(answer, MEASURE_ID, out);
}

void answer_batch_begin(const struct moment *moment, struct buf *out)
{
    head_add(moment, out);
    buf_add_text(out, ",\"measures\":[");
    measures_add(&moment->edition->measures, KINDS_ALL, moment->day, MEASURE_WHOLE, out);
    buf_add_text(out, "],\"purpose\":\"");
    buf_add_span(out, moment->question->purpose);
    buf_add_text(out, "\",\"results\":[");
}

void answer_batch_end(const struct moment *moment, struct buf *out)
{
    buf_add_text(out, "],\"rules\":");
    buf_add_span(out, buf_span(&moment->edition->rules));
    if (moment->question->domain->supportive.states != 0) {
        buf_add_text(out, ",\"supportive_measures\":[");
        measures_add(&moment->edition->supportive, KINDS_ALL, moment->day, MEASURE_WHOLE, out);
        buf_add_byte(out, ']');
    }
    buf_add_byte(out, '}');
}
