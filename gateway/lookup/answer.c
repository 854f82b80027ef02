/* answer.c - copied together from pieces that are JSON already. */
#include "gateway/lookup/answer_form.h"

#include <string.h>

#include "base/encode.h"
#include "base/text.h"

_Static_assert((int)DOMAIN_RECORD_MEMBERS == (int)SUBJECT_RECORD_MEMBERS, "names and ends go together");
_Static_assert((int)DOMAIN_OBLIGATION_MEMBERS == (int)SUBJECT_OBLIGATION_MEMBERS, "names and ends go together");

const char *const VERDICT_NAMES[VERDICT_COUNT] = {"unknown", "not-listed", "listed"};

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

static void masked_member_add(struct span member, const char *name, struct buf *out)
{
    size_t value_at = strlen(name) + 3; /* behind quotes and colon */

    buf_add(out, member.at, value_at);
    masked_add((struct span){member.at + value_at, member.bytes - value_at}, out);
}

/* Copy the members that may be seen, those that stand together at once. */
static void item_add(const struct subject_item *item, const struct members *members, struct buf *out)
{
    uint32_t plain = members->shown & ~members->masked;
    size_t begin = 1;
    char before = '{';

    if (item->json.bytes == 0 || plain == (1U << members->count) - 1) {
        buf_add_span(out, item->json);
        return;
    }
    for (size_t i = 0; i < members->count; i++) {
        size_t end = subject_item_end(item, i);
        struct span text = {item->json.at + begin, end - begin};

        if ((plain >> i & 3) == 3)
            continue; /* so is the next */
        begin = end + 1;
        if (!(members->shown >> i & 1))
            continue;
        buf_add_byte(out, before);
        if (plain >> i & 1)
            buf_add_span(out, text);
        else
            masked_member_add(text, members->names[i], out);
        before = ',';
    }
    buf_add_byte(out, '}');
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
        item_add(&item, members, out);
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

static void name_add(const struct answer *answer, struct buf *out)
{
    size_t at;

    if (!answer->subject || answer->listed + answer->supportive == 0 || answer->subject->name.bytes == 0) {
        buf_add_text(out, "null");
        return;
    }
    at = out->bytes;
    json_string_add(out, answer->subject->name);
    if (!answer_masks_name(answer->moment))
        return;
    AUTO(buf_done) struct buf whole = BUF_INIT;
    buf_add(&whole, out->data + at, out->bytes - at);
    out->bytes = at;
    masked_add(buf_span(&whole), out);
}

void answer_record_add(const struct domain *domain, const struct subject_item *item, struct buf *out)
{
    struct members members = {DOMAIN_RECORD_MEMBER, DOMAIN_RECORD_MEMBERS, domain->record_members,
                              domain->record_personal};

    item_add(item, &members, out);
}

static void obligations_add(const struct answer *answer, struct buf *out)
{
    const struct moment *moment = answer->moment;
    const struct members members = answer_obligation_members(moment, &moment->question->domain->obligations);

    buf_add_text(out, ",\"obligations\":[");
    listed_add(answer, &members, out);
}

static void records_add(const struct answer *answer, struct buf *out)
{
    const struct members members = answer_record_members(answer->moment);

    buf_add_text(out, "\",\"records\":[");
    if (answer->moment->question->domain->answers_from_obligations)
        buf_add_byte(out, ']');
    else
        listed_add(answer, &members, out);
}

static void supportive_add(const struct answer *answer, struct buf *out)
{
    const struct moment *moment = answer->moment;
    const struct members members = answer_obligation_members(moment, &moment->question->domain->supportive);

    if (answer->supportive > 0 && moment->question->domain->supportive.states != 0)
        items_add(answer, VIEW_SUPPORTIVE, &members, out);
}

static struct answer_form *shape_add(const struct answer *answer, struct lookup_forms *forms, enum answer_shape shape,
                                     struct buf *out)
{
    struct answer_form *form = forms ? answer_form_of(forms, answer, shape) : NULL;
    uint32_t omitted = over_limit(answer->listed) + over_limit(answer->supportive);

    answer_piece_add(form, ANSWER_BEFORE_NAME, answer, shape, out);
    name_add(answer, out);
    if (answer->moment->question->domain->answers_from_obligations)
        obligations_add(answer, out);
    if (omitted > 0)
        json_count_add(out, ",\"omitted\":", omitted);
    answer_piece_add(form, ANSWER_BEFORE_RECEIPT, answer, shape, out);
    buf_add_text(out, answer->receipt);
    records_add(answer, out);
    answer_piece_add(form, ANSWER_BEFORE_SUPPORTIVE, answer, shape, out);
    supportive_add(answer, out);
    answer_piece_add(form, ANSWER_BEFORE_CODE, answer, shape, out);
    buf_add_span(out, answer->uscc);
    answer_piece_add(form, ANSWER_BEFORE_END, answer, shape, out);
    return form;
}

void answer_add(const struct answer *answer, struct buf *out)
{
    const struct lookup_question *question = answer->moment->question;
    size_t at = out->bytes;
    struct answer_form *form = shape_add(answer, question->forms, ANSWER_WHOLE, out);

    if (question->sha256)
        answer_form_sha256(form, (struct span){out->data + at, out->bytes - at}, question->sha256);
}

void answer_result_add(const struct answer *answer, struct lookup_forms *forms, struct buf *out)
{
    (void)shape_add(answer, forms, ANSWER_RESULT, out);
}

void answer_batch_begin(const struct moment *moment, struct buf *out)
{
    answer_head_add(moment, out);
    buf_add_text(out, ",\"measures\":[");
    answer_measures_add(&moment->edition->measures, KINDS_ALL, moment->day, ANSWER_WHOLE, out);
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
        answer_measures_add(&moment->edition->supportive, KINDS_ALL, moment->day, ANSWER_WHOLE, out);
        buf_add_byte(out, ']');
    }
    buf_add_byte(out, '}');
}
