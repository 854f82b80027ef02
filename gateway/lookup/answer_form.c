/* answer_form.c - the pieces are keyed by all that decides their bytes. The instant is among it, so a form serves the
 * answers of one millisecond: hundreds when many ask, one when few do, and then it costs little. */
#include "gateway/lookup/answer_form.h"

#include <stdlib.h>
#include <string.h>

#include "keys/digest.h"

enum { FORMS = 32 };

/* Bytes are compared: every key is zeroed first. */
struct key {
    const struct domain *domain;
    const struct domain_edition *edition;
    const struct domain_purpose *purpose;
    int64_t instant_ms; /* like the next two only of what says as of when it is */
    uint64_t sequence;
    char changed_at[LOOKUP_INSTANT_BYTES];
    int32_t day;
    uint32_t kinds;
    uint8_t shape;
    uint8_t verdict;
    uint8_t reason;
    uint8_t is_listed;
    uint8_t is_supportive;
    uint8_t is_test;
    uint8_t unused[2]; /* nothing lies between the members */
};

struct answer_form {
    bool is_made;
    bool has_front;
    struct key key;
    struct sha256_front front; /* after the first piece */
    struct buf pieces[ANSWER_PIECES];
};

struct lookup_forms {
    struct answer_form forms[FORMS];
};

struct lookup_forms *lookup_forms_new(void)
{
    return memory_new(sizeof(struct lookup_forms));
}

void lookup_forms_clear(struct lookup_forms *forms)
{
    for (size_t i = 0; i < FORMS; i++)
        forms->forms[i].is_made = false;
}

void lookup_forms_free(struct lookup_forms *forms)
{
    if (!forms)
        return;
    for (size_t i = 0; i < FORMS; i++) {
        for (size_t j = 0; j < ANSWER_PIECES; j++)
            buf_done(&forms->forms[i].pieces[j]);
    }
    free(forms);
}

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

void answer_measures_add(const struct domain_measures *measures, uint32_t kinds, int32_t day, enum answer_shape shape,
                         struct buf *out)
{
    bool is_first = true;

    for (size_t i = 0; i < measures->count; i++) {
        const struct domain_measure *measure = &measures->items[i];

        if (!applies(measure, kinds, day))
            continue;
        if (!is_first)
            buf_add_byte(out, ',');
        buf_add_span(out, buf_span(shape == ANSWER_RESULT ? &measure->id : &measure->json));
        is_first = false;
    }
}

/* What the purpose does not show. */
static uint32_t masked_of(const struct moment *moment, uint32_t personal)
{
    return moment->purpose->shows_personal ? 0 : personal;
}

struct members answer_record_members(const struct moment *moment)
{
    const struct domain *domain = moment->question->domain;

    return (struct members){DOMAIN_RECORD_MEMBER, DOMAIN_RECORD_MEMBERS, domain->record_members,
                            masked_of(moment, domain->record_personal)};
}

struct members answer_obligation_members(const struct moment *moment, const struct domain_obligations *shown)
{
    return (struct members){DOMAIN_OBLIGATION_MEMBER, DOMAIN_OBLIGATION_MEMBERS, shown->members,
                            masked_of(moment, shown->personal)};
}

bool answer_masks_name(const struct moment *moment)
{
    const struct members members = answer_record_members(moment);

    for (size_t i = 0; i < members.count; i++) {
        if (members.masked & 1U << i && strcmp(members.names[i], "name") == 0)
            return true;
    }
    return false;
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
    const struct members of_record = answer_record_members(moment);
    const struct members of_obligation = answer_obligation_members(moment, &domain->obligations);
    const struct members of_support = answer_obligation_members(moment, &domain->supportive);
    const char *before = ",\"masked\":[";

    if (answer->listed > 0 && domain->answers_from_obligations)
        before = names_add(&of_obligation, before, out);
    if (answer->supportive > 0)
        before = names_add(&of_support, before, out);
    if (answer->listed > 0 && !domain->answers_from_obligations)
        before = names_add(&of_record, before, out);
    else if (answer->supportive > 0 && answer_masks_name(moment)) {
        text_add(out, before, "name");
        before = ",";
    }
    if (strcmp(before, ",") == 0)
        buf_add_byte(out, ']');
}

void answer_head_add(const struct moment *moment, struct buf *out)
{
    as_of_add(moment, out);
    text_add(out, ",\"domain\":", moment->question->domain->name);
    buf_add_text(out, ",\"list_edition\":");
    buf_add_span(out, buf_span(&moment->edition->list_edition));
}

/* --- the pieces --- */

static void before_name_add(const struct answer *answer, enum answer_shape shape, struct buf *out)
{
    const struct moment *moment = answer->moment;
    size_t at = out->bytes;

    if (shape == ANSWER_WHOLE)
        answer_head_add(moment, out);
    masks_add(answer, out);
    buf_add_text(out, ",\"measures\":[");
    out->data[at] = '{'; /* a result begins here, with the comma of what came first */
    answer_measures_add(&moment->edition->measures, answer->kinds, moment->day, shape, out);
    buf_add_text(out, "],\"name\":");
}

static void before_receipt_add(const struct answer *answer, enum answer_shape shape, struct buf *out)
{
    if (shape == ANSWER_WHOLE) {
        buf_add_text(out, ",\"purpose\":\"");
        buf_add_span(out, answer->moment->question->purpose);
        buf_add_byte(out, '"');
    }
    buf_add_text(out, REASONS[answer->reason]);
    buf_add_text(out, ",\"receipt\":\"");
}

static void before_supportive_add(const struct answer *answer, enum answer_shape shape, struct buf *out)
{
    const struct moment *moment = answer->moment;

    (void)shape;
    buf_add_text(out, ",\"rules\":");
    buf_add_span(out, buf_span(&moment->edition->rules));
    if (moment->question->domain->supportive.states != 0)
        buf_add_text(out, ",\"supportive\":[");
}

static void before_code_add(const struct answer *answer, enum answer_shape shape, struct buf *out)
{
    const struct moment *moment = answer->moment;

    if (moment->question->domain->supportive.states != 0) {
        buf_add_text(out, "],\"supportive_measures\":[");
        if (answer->supportive > 0 && answer->verdict == VERDICT_NOT_LISTED)
            answer_measures_add(&moment->edition->supportive, KINDS_ALL, moment->day, shape, out);
        buf_add_byte(out, ']');
    }
    buf_add_text(out, moment->question->is_test ? ",\"test\":true,\"uscc\":\"" : ",\"uscc\":\"");
}

static void before_end_add(const struct answer *answer, enum answer_shape shape, struct buf *out)
{
    (void)shape;
    text_add(out, "\",\"verdict\":", VERDICT_NAMES[answer->verdict]);
    buf_add_byte(out, '}');
}

typedef void piece_add(const struct answer *answer, enum answer_shape shape, struct buf *out);
static piece_add *const PIECES[ANSWER_PIECES] = {
    [ANSWER_BEFORE_NAME] = before_name_add,
    [ANSWER_BEFORE_RECEIPT] = before_receipt_add,
    [ANSWER_BEFORE_SUPPORTIVE] = before_supportive_add,
    [ANSWER_BEFORE_CODE] = before_code_add,
    [ANSWER_BEFORE_END] = before_end_add,
};

/* --- forms that are kept --- */

/* False: what says when the register changed is too long to be kept. */
static bool key_of(const struct answer *answer, enum answer_shape shape, struct key *key)
{
    const struct moment *moment = answer->moment;

    if (moment->changed_at.bytes > sizeof key->changed_at)
        return false;
    memset(key, 0, sizeof *key);
    key->domain = moment->question->domain;
    key->edition = moment->edition;
    key->purpose = moment->purpose;
    key->day = moment->day;
    key->kinds = answer->kinds;
    key->shape = (uint8_t)shape;
    key->verdict = (uint8_t)answer->verdict;
    key->reason = (uint8_t)answer->reason;
    key->is_listed = answer->listed > 0;
    key->is_supportive = answer->supportive > 0;
    key->is_test = moment->question->is_test;
    if (shape == ANSWER_RESULT)
        return true;
    key->instant_ms = moment->instant_ms;
    key->sequence = moment->sequence;
    if (moment->changed_at.bytes > 0)
        memcpy(key->changed_at, moment->changed_at.at, moment->changed_at.bytes);
    return true;
}

/* The next instant's form takes the place of the last one's. */
static size_t place_of(const struct key *key)
{
    uint32_t mixed = (uint32_t)((uintptr_t)key->domain >> 4) * 31 + key->kinds;

    mixed = mixed * 31 + key->verdict * 4U + key->is_supportive * 2U + key->shape;
    return (mixed * 2654435761U) >> 27;
}

static void make(struct answer_form *form, const struct key *key, const struct answer *answer)
{
    for (size_t i = 0; i < ANSWER_PIECES; i++) {
        buf_clear(&form->pieces[i]);
        PIECES[i](answer, (enum answer_shape)key->shape, &form->pieces[i]);
    }
    form->key = *key;
    form->is_made = true;
    form->has_front = false;
}

struct answer_form *answer_form_of(struct lookup_forms *forms, const struct answer *answer, enum answer_shape shape)
{
    struct answer_form *form;
    struct key key;

    if (!key_of(answer, shape, &key))
        return NULL;
    form = &forms->forms[place_of(&key)];
    if (!form->is_made || memcmp(&form->key, &key, sizeof key) != 0)
        make(form, &key, answer);
    return form;
}

void answer_piece_add(const struct answer_form *form, enum answer_piece piece, const struct answer *answer,
                      enum answer_shape shape, struct buf *out)
{
    if (form)
        buf_add(out, form->pieces[piece].data, form->pieces[piece].bytes);
    else
        PIECES[piece](answer, shape, out);
}

void answer_form_sha256(struct answer_form *form, struct span text, uint8_t out[32])
{
    size_t front;

    if (!form) {
        digest_sha256(text, out);
        return;
    }
    front = form->pieces[ANSWER_BEFORE_NAME].bytes;
    if (!form->has_front)
        sha256_front_set(&form->front, (struct span){text.at, front});
    form->has_front = true;
    sha256_front_digest(&form->front, (struct span){text.at + front, text.bytes - front}, out);
}
