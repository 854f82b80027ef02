/* list_records.c - records that wait for somebody: for the second person, or for the operator's push. */
#include <string.h>

#include "base/text.h"
#include "gateway/jobs/kinds.h"
#include "gateway/jobs/lists.h"

enum { NAME_COLUMNS = 40, DOCUMENT_COLUMNS = 30 };

static const struct listing_column COLUMNS[] = {
    {"记录", "record", 0, false},
    {"版本", "version", 0, true},
    {"操作", "operation", 0, false},
    {"企业", "enterprise", NAME_COLUMNS, false},
    {"统一社会信用代码", "code", 0, false},
    {"维度", "ground", 0, false},
    {"程度", "severity", 0, false},
    {"认定文号", "document", DOCUMENT_COLUMNS, false},
    {"提出人", "proposed by", 0, false},
    {"复核人", "approved by", 0, false},
    {"时间", "at", 0, false},
    {"理由", "reason", 0, false},
};

struct records_listing {
    struct work *work;
    struct listing *listing;
    bool is_waiting;
    struct buf json;
};

static void item_json(const struct record *record, uint64_t proposal, struct buf *out)
{
    char obligation[33];

    obligation_id_text(record->obligation, obligation);
    buf_clear(out);
    lists_text(out, "{\"record\":", span_of(record->id));
    json_count_add(out, ",\"version\":", record->version);
    lists_text(out, ",\"op\":", span_of(OP_SLUGS[record->op]));
    lists_text(out, ",\"obligation\":", span_of(obligation));
    lists_text(out, ",\"name\":", record->name);
    lists_text(out, ",\"uscc\":", record->uscc);
    lists_text(out, ",\"division\":", record->division);
    lists_text(out, ",\"ground\":", span_of(GROUND_SLUGS[record->ground]));
    lists_text(out, ",\"severity\":", span_of(SEVERITY_SLUGS[record->severity]));
    buf_addf(out, ",\"scope\":\"%s\"", KIND_SCOPES[record->scope]);
    lists_text(out, ",\"document\":", record->document);
    lists_day(out, ",\"decided_on\":", record->decided_on);
    lists_text(out, ",\"reason\":", record->reason);
    json_count_add(out, ",\"proposal\":", proposal);
    lists_text(out, ",\"proposed_by\":", record->proposed_by);
    lists_instant(out, ",\"proposed_at\":", record->proposed_ms);
    lists_text(out, ",\"approved_by\":", record->approved_by);
    lists_instant(out, ",\"approved_at\":", record->approved_ms);
    buf_add_byte(out, '}');
}

static bool add(const struct record_version *version, void *context)
{
    struct records_listing *records = context;
    const struct record *record = &version->record;
    int64_t at_ms = records->is_waiting ? record->proposed_ms : record->approved_ms;
    char number[12], at[INSTANT_TEXT_BYTES];
    struct span cells[COUNT_OF(COLUMNS)];

    snprintf(number, sizeof number, "%u", record->version);
    instant_format(at_ms, at);
    at[10] = ' ';
    cells[0] = span_of(record->id);
    cells[1] = span_of(number);
    cells[2] = span_of(work_say(records->work, OP_NAMES[record->op], OP_SLUGS[record->op]));
    cells[3] = record->name;
    cells[4] = record->uscc;
    cells[5] = span_of(work_say(records->work, GROUND_NAMES[record->ground], GROUND_SLUGS[record->ground]));
    cells[6] = span_of(work_say(records->work, SEVERITY_NAMES[record->severity], SEVERITY_SLUGS[record->severity]));
    cells[7] = record->document;
    cells[8] = record->proposed_by;
    cells[9] = record->approved_by.bytes > 0 ? record->approved_by : SPAN("-");
    cells[10] = (struct span){at, 16};
    cells[11] = record->reason;
    item_json(record, version->proposal, &records->json);
    listing_row(records->listing, cells, buf_span(&records->json));
    return true;
}

static void closing_add(const struct records_listing *records, struct buf *out)
{
    unsigned long long count = listing_rows(records->listing);
    bool is_chinese = work_is_chinese(records->work);

    if (records->is_waiting)
        buf_addf(out, is_chinese ? "待复核 %llu 条。" : "%llu wait for review.", count);
    else
        buf_addf(out, is_chinese ? "已生效、尚未报送 %llu 个版本。" : "%llu versions in force were not sent.", count);
    if (count == 0)
        return;
    if (records->is_waiting)
        buf_add_text(out, is_chinese ? "须由提出人以外的人复核：creditgate approve 记录…，或 creditgate return 记录… "
                                       "--reason 理由"
                                     : " Another person than the author decides: creditgate approve RECORD…, or "
                                       "creditgate return RECORD… --reason TEXT");
    else
        buf_add_text(out, is_chinese ? "报送：creditgate push [记录…]（经办）"
                                     : " To send: creditgate push [RECORD…] (an operator)");
}

static bool tell_all(struct records_listing *records, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    const json_t *arguments = records->work->arguments;
    struct records_filter filter = {records->is_waiting ? RECORDS_WAITING : RECORDS_UNSENT,
                                    argument_choice(arguments, "ground", KIND_GROUNDS),
                                    argument_text(arguments, "division"), NULL};

    return work_read(records->work, &txn, err) && records_scan(txn, &filter, add, records, err);
}

static bool list(struct work *work, bool is_waiting, struct error *err)
{
    AUTO(buf_done) struct buf closing = BUF_INIT;
    AUTO(listing_free) struct listing *listing = NULL;
    struct records_listing records = {.work = work, .is_waiting = is_waiting};
    bool is_good;

    if (!listing_new(work->folder, work_is_chinese(work), COLUMNS, COUNT_OF(COLUMNS), &listing, err))
        return false;
    records.listing = listing;
    is_good = tell_all(&records, err);
    buf_done(&records.json);
    closing_add(&records, &closing);
    return is_good && lists_finish(work, listing, SPAN_NONE, buf_span(&closing), err);
}

bool run_waiting(struct work *work, struct error *err)
{
    return list(work, true, err);
}

bool run_unsent(struct work *work, struct error *err)
{
    return list(work, false, err);
}
