#include "gateway/jobs/show_obligation.h"

#include "base/text.h"
#include "gateway/jobs/show_parts.h"

void shown_obligation_done(struct shown_obligation *shown)
{
    buf_done(&shown->row_hold);
    buf_done(&shown->record_hold);
}

bool shown_obligation_load(struct store_txn *txn, const uint8_t id[OBLIGATION_ID_BYTES], uint32_t version,
                           struct shown_obligation *shown, struct error *err)
{
    uint32_t ordinal;

    if (!obligations_find(txn, id, version, &shown->version))
        return store_txn_is_good(txn, err) && fail(err, ERR_CORRUPT, "an obligation is gone");
    obligation_id_text(id, shown->id);
    shown->record[0] = '\0';
    if (!obligations_row(txn, &shown->version, &shown->row, &shown->row_hold, err))
        return false;
    if (!records_of_obligation(txn, id, shown->record, &ordinal)) {
        shown->record[0] = '\0';
        return store_txn_is_good(txn, err);
    }
    return records_load(txn, span_of(shown->record), 0, &shown->newest, &shown->record_hold, err);
}

int32_t shown_obligation_days_late(const struct shown_obligation *shown, int32_t today)
{
    int32_t due = obligations_due(&shown->version);
    int32_t exit_date = shown->version.exit_date;

    if (obligations_is_open(&shown->version))
        return today > due ? today - due : 0;
    if (shown->version.state == STATE_REVOKED || exit_date == DAY_NONE)
        return 0;
    return exit_date > due ? exit_date - due : 0;
}

static void add_day(struct buf *out, const char *before, int32_t day)
{
    char text[DAY_TEXT_BYTES];

    show_text(out, before, span_of(day_format(day, text)));
}

static void add_record(const struct shown_obligation *shown, struct buf *out)
{
    const struct record_version *newest = &shown->newest;

    show_text(out, ",\"record\":", span_of(shown->record));
    if (!shown->record[0]) {
        buf_add_text(out, ",\"record_state\":null,\"record_op\":null,\"record_proposal\":null");
        return;
    }
    show_text(out, ",\"record_state\":", span_of(RECORD_STATE_SLUGS[newest->state]));
    show_text(out, ",\"record_op\":", span_of(OP_SLUGS[newest->record.op]));
    buf_addf(out, ",\"record_proposal\":%llu", (unsigned long long)newest->proposal);
}

void shown_obligation_add(const struct shown_obligation *shown, int32_t today, struct buf *out)
{
    const struct obligation *row = &shown->row;
    int32_t days_late = shown_obligation_days_late(shown, today);

    show_text(out, "\"obligation\":", span_of(shown->id));
    buf_addf(out, ",\"version\":%u", shown->version.version);
    show_text(out, ",\"uscc\":", row->field[COLUMN_USCC]);
    show_text(out, ",\"name\":", row->field[COLUMN_NAME]);
    show_text(out, ",\"region\":", row->field[COLUMN_REGION]);
    show_text(out, ",\"division\":", row->field[COLUMN_DIVISION]);
    show_text(out, ",\"industry\":", row->field[COLUMN_INDUSTRY]);
    show_text(out, ",\"ground\":", span_of(GROUND_SLUGS[row->ground]));
    show_text(out, ",\"state\":", span_of(STATE_SLUGS[row->state]));
    show_text(out, ",\"measure\":", row->field[COLUMN_MEASURE]);
    show_text(out, ",\"authority\":", row->field[COLUMN_AUTHORITY]);
    show_text(out, ",\"document\":", row->field[COLUMN_DOCUMENT]);
    show_text(out, ",\"equipment\":", row->field[COLUMN_EQUIPMENT]);
    show_text(out, ",\"capacity\":", row->field[COLUMN_CAPACITY]);
    show_text(out, ",\"capacity_unit\":", row->field[COLUMN_CAPACITY_UNIT]);
    add_day(out, ",\"order_date\":", row->order_date);
    add_day(out, ",\"deadline\":", row->deadline);
    add_day(out, ",\"extended_to\":", row->extended_to);
    add_day(out, ",\"due\":", obligations_due(&shown->version));
    add_day(out, ",\"exit_date\":", row->exit_date);
    if (days_late > 0)
        buf_addf(out, ",\"days_late\":%d", days_late);
    else
        buf_add_text(out, ",\"days_late\":null");
    add_record(shown, out);
}
