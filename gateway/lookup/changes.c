#include "gateway/lookup/changes.h"

#include <string.h>

#include "base/text.h"
#include "base/walk.h"
#include "gateway/journal/journal.h"
#include "gateway/lookup/answer.h"
#include "gateway/lookup/domain_parts.h"
#include "gateway/lookup/view.h"
#include "gateway/registry/records.h"

struct changing {
    struct store_txn *txn;
    const struct lookup_question *question;
    struct buf *out;
    struct buf hold;
    uint32_t count;
    uint64_t sequence;
    struct event event;
};

/* How a record stands. */
struct standing {
    struct subject subject;
    struct subject_item item; /* its newest version in force or ended */
    bool was_told;            /* one of its versions could be seen by this caller */
    enum view_result view;
};

/* --- which record an event is about --- */

/* False: none. The first version of an obligation has no record yet. */
static bool record_of(struct changing *changing, char id[RECORD_ID_BYTES], uint32_t *version)
{
    struct span data = changing->event.data;
    uint8_t obligation[OBLIGATION_ID_BYTES];
    uint32_t ordinal;
    struct span text;

    *version = 0;
    if (span_is(changing->event.type, "obligation.recorded"))
        return walk_integer_of(data, "version", 1) > 1 &&
               obligation_id_parse(walk_plain_of(data, "obligation"), obligation) &&
               records_of_obligation(changing->txn, obligation, id, &ordinal);
    if (span_is(changing->event.type, "record.expired"))
        data = walk_member(data, "record");
    else if (!span_is(changing->event.type, "record.approved"))
        return false;
    text = walk_plain_of(data, "record");
    if (!record_id_is_valid(text))
        return false;
    memset(id, 0, RECORD_ID_BYTES);
    memcpy(id, text.at, RECORD_ID_LENGTH);
    *version = (uint32_t)walk_integer_of(data, "version", 0);
    return true;
}

/* --- how it stands --- */

static bool find_standing(const struct changing *changing, struct span uscc, const char *id, struct standing *out)
{
    struct view view = {changing->question, &out->subject, day_of_instant(changing->question->at_ms)};
    struct subject_walk walk;
    struct subject_item item;
    bool is_found = false;

    out->was_told = false;
    if (!subject_find(changing->txn, uscc, &out->subject))
        return false;
    subject_walk_begin(&walk, &out->subject);
    while (subject_walk_next(&walk, &item)) {
        if (item.kind != SUBJECT_RECORD || memcmp(item.record, id, RECORD_ID_BYTES) != 0)
            continue;
        out->was_told = out->was_told || view_has_scope(changing->question, item.scope);
        if (item.until_ms != SUBJECT_FOREVER)
            continue;
        out->item = item;
        is_found = true;
    }
    if (is_found)
        out->view = view_of(&view, &out->item);
    return is_found;
}

static void instant_add(struct buf *out, const char *before, int64_t at_ms)
{
    char text[INSTANT_TEXT_BYTES];

    buf_addf(out, "%s\"%s\"", before, instant_format(at_ms, text));
}

static struct change change_made(const struct changing *changing, struct span uscc, const struct standing *standing)
{
    const struct subject_item *item = &standing->item;
    bool is_ended = standing->view == VIEW_NOTHING;
    struct change change = {.at_ms = changing->event.at_ms,
                            .from_ms = item->from_ms,
                            .version = item->version,
                            .state = standing->view == VIEW_LISTED ? "listed"
                                     : is_ended                    ? "ended"
                                                                   : "withheld"};

    memcpy(change.uscc, uscc.at, uscc.bytes < sizeof change.uscc ? uscc.bytes : sizeof change.uscc - 1);
    memcpy(change.record, item->record, RECORD_ID_BYTES);
    if (is_ended && record_op_ends(item->op) && view_has_scope(changing->question, item->scope))
        change.ended_by = item->is_by_law ? "expired" : OP_SLUGS[item->op];
    return change;
}

static void change_add(struct changing *changing, struct span uscc, const struct standing *standing)
{
    const struct subject_item *item = &standing->item;
    struct change change = change_made(changing, uscc, standing);
    struct buf *out = changing->out;
    bool is_listed = standing->view == VIEW_LISTED;

    if (changing->count++ > 0)
        buf_add_byte(out, ',');
    instant_add(out, "{\"at\":", change.at_ms);
    if (change.ended_by)
        buf_addf(out, ",\"ended_by\":\"%s\"", change.ended_by);
    instant_add(out, ",\"from\":", change.from_ms);
    buf_addf(out, ",\"id\":\"%s\",\"record\":", change.record);
    if (is_listed)
        answer_record_add(changing->question->domain, item, out);
    else
        buf_add_text(out, "null");
    json_count_add(out, ",\"sequence\":", changing->sequence);
    buf_addf(out, ",\"state\":\"%s\",\"until\":null,\"uscc\":", change.state);
    json_string_add(out, uscc);
    json_count_add(out, ",\"version\":", change.version);
    buf_add_byte(out, '}');
    if (is_listed && changing->question->shown)
        answer_shown_add(item, changing->question->shown->bytes, changing->question->shown);
}

/* The record's newest effective version. False: `*is_known` says whether the event is about none. */
static bool load_changed(struct changing *changing, struct record_version *effective, uint32_t *version, bool *is_known,
                         struct error *err)
{
    char id[RECORD_ID_BYTES];
    struct error why;

    *is_known = false;
    if (!record_of(changing, id, version))
        return store_txn_is_good(changing->txn, err);
    *is_known = records_load_effective(changing->txn, span_of(id), effective, &changing->hold, &why);
    if (*is_known || why.code == ERR_NOT_FOUND) /* proposed only */
        return true;
    *err = why;
    return false;
}

/* Is there something to tell this caller? */
static bool find_told(struct changing *changing, struct record_version *effective, struct standing *standing,
                      bool *is_told, struct error *err)
{
    uint32_t version;

    if (!load_changed(changing, effective, &version, is_told, err))
        return false;
    if (!*is_told)
        return true;
    /* Superseded: the change that did it is told at its own place. */
    *is_told = find_standing(changing, effective->record.uscc, effective->record.id, standing) &&
               (version == 0 || version == standing->item.version) &&
               (standing->view == VIEW_LISTED || standing->was_told);
    return store_txn_is_good(changing->txn, err);
}

static bool look_at(struct changing *changing, struct error *err)
{
    struct record_version effective;
    struct standing standing;
    bool is_told;

    if (!find_told(changing, &effective, &standing, &is_told, err))
        return false;
    if (is_told)
        change_add(changing, effective.record.uscc, &standing);
    return store_txn_is_good(changing->txn, err);
}

static bool walk_events(struct changing *changing, uint64_t end, uint32_t most, struct error *err)
{
    while (changing->sequence < end && changing->count < most) {
        struct span bytes;

        if (!journal_read(changing->txn, changing->sequence, &bytes))
            return store_txn_is_good(changing->txn, err) && fail(err, ERR_CORRUPT, "the journal has a gap");
        if (!event_parse(bytes, &changing->event, err) || !look_at(changing, err))
            return false;
        changing->sequence++;
    }
    return true;
}

bool changes_check_domain(const struct domain *domain, struct error *err)
{
    return !domain->answers_from_obligations ||
           refuse(err, ERR_REFUSED, "changes.domain", "%s answers from obligations: changes are told of records",
                  "领域 %s 依据任务台账答复；变动通知只针对失信记录", domain_name(domain));
}

bool changes_add(struct store_txn *txn, const struct lookup_question *question, uint64_t after, uint32_t most,
                 struct buf *out, struct changes_page *page, struct error *err)
{
    struct changing changing = {.txn = txn, .question = question, .out = out, .sequence = after};
    uint64_t size = journal_size(txn);
    size_t before = out->bytes;
    bool is_good;

    if (!changes_check_domain(question->domain, err))
        return false;
    if (after > size)
        return refuse(err, ERR_INVALID, "changes.after", "after is %llu, but there are %llu events",
                      "after 为 %llu，而目前只有 %llu 个事件", (unsigned long long)after, (unsigned long long)size);
    is_good = walk_events(&changing, size - after > CHANGES_LOOKS_MAX ? after + CHANGES_LOOKS_MAX : size, most, err);
    if (is_good && question->shown && question->shown->bytes > 0)
        buf_add_byte(question->shown, ']');
    buf_done(&changing.hold);
    if (!is_good) {
        out->bytes = before;
        return false;
    }
    *page = (struct changes_page){changing.sequence, changing.count, changing.sequence < size};
    return true;
}

bool change_subject(struct store_txn *txn, const struct event *event, bool *is_change, char uscc[19], struct error *err)
{
    struct changing changing = {.txn = txn, .event = *event};
    struct record_version effective;
    uint32_t version;
    bool is_good = load_changed(&changing, &effective, &version, is_change, err);

    if (is_good && *is_change) {
        struct span code = effective.record.uscc;

        *is_change = code.bytes == SUBJECT_CODE_BYTES;
        memcpy(uscc, code.at, *is_change ? code.bytes : 0);
        uscc[*is_change ? code.bytes : 0] = '\0';
    }
    buf_done(&changing.hold);
    return is_good;
}

bool change_of_event(struct store_txn *txn, const struct lookup_question *question, const struct event *event,
                     bool *is_told, struct change *out, struct error *err)
{
    struct changing changing = {.txn = txn, .question = question, .event = *event};
    struct record_version effective;
    struct standing standing;
    bool is_good =
        changes_check_domain(question->domain, err) && find_told(&changing, &effective, &standing, is_told, err);

    if (is_good && *is_told)
        *out = change_made(&changing, effective.record.uscc, &standing);
    buf_done(&changing.hold);
    return is_good;
}
