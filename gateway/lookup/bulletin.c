#include "gateway/lookup/bulletin.h"

#include <string.h>

#include "base/text.h"
#include "gateway/registry/records.h"
#include "schemas/personal.h"

/* GB 32100-2015: 9 工商, 2 个体工商户. */

struct reading {
    struct store_txn *txn;
    const struct bulletin_question *question;
    bulletin_visit *visit;
    void *context;
    struct bulletin_page *page;
    size_t rows_read;
    struct buf row;    /* the texts of the row */
    struct buf record; /* of the record that rests on it */
    struct buf masked;
    struct buf place;
    struct error *err;
    bool is_broken;
};

/* --- may it be told --- */

/* The newest effective record of an obligation; what is only proposed says nothing. False: there is none, or err. */
static bool find_record(struct reading *reading, const struct obligation_version *version, struct record_version *out,
                        bool *is_broken)
{
    char id[RECORD_ID_BYTES];
    uint32_t ordinal = 0;
    struct error err;

    *is_broken = false;
    if (!records_of_obligation(reading->txn, version->id, id, &ordinal))
        return false;
    for (;; ordinal--) {
        record_id(version->id, ordinal, id);
        if (records_load_effective(reading->txn, span_of(id), out, &reading->record, &err))
            return true;
        *is_broken = err.code != ERR_NOT_FOUND;
        if (*is_broken && reading->err)
            *reading->err = err;
        if (*is_broken || ordinal == 0)
            return false;
    }
}

static bool is_record_published(const struct bulletin_question *question, const struct record *record)
{
    int32_t end = windows_end(question->windows, record->severity, record->decided_on, record->publication_end,
                              question->day, NULL);

    return record_is_published(record->op, end, question->day);
}

/* Publication of a closing order ends by itself. */
static bool is_order_published(const struct bulletin_question *question, const struct obligation_version *version)
{
    struct window window;
    struct error err;

    if (!windows_find(question->windows, SEVERITY_SERIOUS, version->order_date, &window, &err))
        return false;
    return question->day <= windows_end(question->windows, SEVERITY_SERIOUS, version->order_date,
                                        window_last_day(&window, version->order_date), question->day, NULL);
}

static bool may_be_told(struct reading *reading, const struct obligation_version *version, struct bulletin_row *row)
{
    const struct bulletin_question *question = reading->question;
    struct record_version record;

    if (question->list == ANNOUNCED_RED && !is_order_published(question, version))
        return false;
    if (!find_record(reading, version, &record, &reading->is_broken))
        return !reading->is_broken;
    if (record.record.scope != SCOPE_PUBLIC)
        return false;
    row->is_disputed = record.record.is_disputed && !record_op_ends(record.record.op);
    return question->list == ANNOUNCED_EXITS || is_record_published(question, &record.record);
}

/* --- what is told --- */

static struct span mask(struct span text, void (*mask_it)(struct span text, struct buf *out), struct buf *out)
{
    size_t bytes = out->bytes;

    mask_it(text, out);
    return (struct span){NULL, out->bytes - bytes};
}

static void mask_person(struct reading *reading, struct bulletin_row *row)
{
    struct buf *out = &reading->masked;

    if (!personal_is_code(row->uscc))
        return;
    buf_clear(out);
    row->name = mask(row->name, personal_mask_text, out);
    row->equipment = mask(row->equipment, personal_mask_text, out);
    row->uscc = mask(row->uscc, personal_mask_code, out);
    /* The buffer stands still now. */
    row->name.at = out->data;
    row->equipment.at = row->name.at + row->name.bytes;
    row->uscc.at = row->equipment.at + row->equipment.bytes;
    row->is_masked = true;
}

/* A district is told with its city: there are namesakes. */
static struct span place_of(struct reading *reading, struct span code)
{
    const struct divisions *divisions = reading->question->divisions;
    const struct division *division = divisions_find(divisions, code);
    const struct division *city = divisions_city(divisions, code);

    buf_clear(&reading->place);
    if (division && city && city != division)
        buf_add_span(&reading->place, city->name);
    if (division)
        buf_add_span(&reading->place, division->name);
    return buf_span(&reading->place);
}

static void fill(struct reading *reading, const struct obligation *from, struct bulletin_row *row)
{
    const struct bulletin_question *question = reading->question;

    row->name = from->field[COLUMN_NAME];
    row->uscc = from->field[COLUMN_USCC];
    row->division = from->field[COLUMN_DIVISION];
    row->division_name = place_of(reading, from->field[COLUMN_DIVISION]);
    row->industry = from->field[COLUMN_INDUSTRY];
    row->equipment = from->field[COLUMN_EQUIPMENT];
    row->equipment_count = from->equipment_count;
    row->capacity = from->field[COLUMN_CAPACITY];
    row->capacity_unit = from->field[COLUMN_CAPACITY_UNIT];
    row->authority = from->field[COLUMN_AUTHORITY];
    row->ground = from->ground;
    row->due = obligation_due(from);
    row->exit_date = from->exit_date;
    row->seed_row = question->list == ANNOUNCED_EXITS ? 25 : from->ground == GROUND_ENVIRONMENT ? 27 : 26;
    mask_person(reading, row);
}

static bool fits(const struct bulletin_question *question, const struct announced_entry *entry)
{
    return (question->ground < 0 || (int)entry->ground == question->ground) &&
           strncmp(entry->division, question->division.at ? question->division.at : "", question->division.bytes) == 0;
}

static bool read_entry(const struct announced_entry *entry, void *context)
{
    struct reading *reading = context;
    struct obligation_version version;
    struct obligation from;
    struct bulletin_row row = {.is_disputed = false};

    if (!fits(reading->question, entry))
        return true;
    if (reading->page->count == reading->question->limit || reading->rows_read++ == BULLETIN_ROWS_MAX)
        return false;
    if (!obligations_find(reading->txn, entry->obligation, 0, &version)) {
        reading->is_broken = true;
        return store_txn_is_good(reading->txn, reading->err) &&
               fail(reading->err, ERR_CORRUPT, "a public list names an unknown obligation");
    }
    if (!may_be_told(reading, &version, &row))
        return !reading->is_broken;
    if (!obligations_row(reading->txn, &version, &from, &reading->row, reading->err)) {
        reading->is_broken = true;
        return false;
    }
    fill(reading, &from, &row);
    reading->visit(&row, reading->context);
    reading->page->count++;
    return true;
}

static struct announced_page range_of(const struct bulletin_question *question)
{
    struct announced_page range = {.list = question->list,
                                   .from_day = question->day,
                                   .until_day = INT32_MAX,
                                   .looks_max = BULLETIN_LOOKS_MAX,
                                   .mark_bytes = question->mark_bytes};
    struct window window;
    struct error err;

    memcpy(range.mark, question->mark, sizeof range.mark);
    if (question->list == ANNOUNCED_EXITS) {
        range.from_day = day_from_civil(question->year, 1, 1);
        range.until_day = day_from_civil(question->year, 12, 31);
    } else if (question->list == ANNOUNCED_RED) {
        /* An order is never published for longer than today's law allows (windows_end). A month of more than 28 days
         * is cut when months are added: three days more than are needed. */
        if (windows_find(question->windows, SEVERITY_SERIOUS, question->day, &window, &err))
            range.from_day = day_add_months(question->day, -window.max_months) - 3;
        range.until_day = question->day;
    }
    if (question->list == ANNOUNCED_EXITS && range.until_day > question->day)
        range.until_day = question->day;
    return range;
}

bool bulletin_read(struct store_txn *txn, const struct bulletin_question *question, bulletin_visit *visit,
                   void *context, struct bulletin_page *page, struct error *err)
{
    struct announced_page range = range_of(question);
    struct reading reading = {.txn = txn,
                              .question = question,
                              .visit = visit,
                              .context = context,
                              .page = page,
                              .row = BUF_INIT,
                              .record = BUF_INIT,
                              .masked = BUF_INIT,
                              .place = BUF_INIT,
                              .err = err};
    bool is_good;

    page->count = 0;
    is_good = announced_scan(txn, &range, read_entry, &reading, err) && !reading.is_broken;
    buf_done(&reading.row);
    buf_done(&reading.record);
    buf_done(&reading.masked);
    buf_done(&reading.place);
    page->mark_bytes = range.mark_bytes;
    memcpy(page->mark, range.mark, sizeof page->mark);
    return is_good;
}
