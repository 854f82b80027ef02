/* list_overdue.c - obligations that are late on a day, the latest first. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/jobs/kinds.h"
#include "gateway/jobs/lists.h"

enum { OBLIGATION_SHOWN = 12, NAME_COLUMNS = 40, PROGRESS_EVERY = 1024 };

static const struct listing_column COLUMNS[] = {
    {"任务", "obligation", 0, false},
    {"企业", "enterprise", NAME_COLUMNS, false},
    {"统一社会信用代码", "code", 0, false},
    {"维度", "ground", 0, false},
    {"责令机关", "authority", NAME_COLUMNS, false},
    {"退出期限", "deadline", 0, false},
    {"延期至", "extended to", 0, false},
    {"逾期（天）", "days late", 0, true},
    {"记录", "record", 0, false},
};

struct late {
    uint8_t id[OBLIGATION_ID_BYTES];
    int32_t due;
};

struct overdue {
    struct work *work;
    struct store_txn *txn;
    struct listing *listing;
    int32_t on;
    bool is_unproposed_only;
    struct late *late;
    size_t count;
    size_t capacity;
    uint64_t without_record;
    struct buf row_hold;
    struct buf record_hold;
    struct buf json;
};

static bool gather(const struct obligation_version *version, void *context)
{
    struct overdue *overdue = context;
    struct late *late;

    if (overdue->count == overdue->capacity) {
        overdue->capacity = overdue->capacity ? 2 * overdue->capacity : 1024;
        overdue->late = memory_resize(overdue->late, overdue->capacity * sizeof *overdue->late);
    }
    late = &overdue->late[overdue->count++];
    memcpy(late->id, version->id, sizeof late->id);
    late->due = obligations_due(version);
    return true;
}

static int compare(const void *left, const void *right)
{
    const struct late *a = left;
    const struct late *b = right;

    return a->due != b->due ? (a->due > b->due) - (a->due < b->due) : memcmp(a->id, b->id, sizeof a->id);
}

/* What is known of one obligation. */
struct item {
    char id[33];
    struct obligation row;
    char record[RECORD_ID_BYTES];
    struct record_version newest; /* when record is not "" */
    int32_t days_late;
};

static const char *record_word(const struct overdue *overdue, const struct item *item)
{
    const struct record_version *newest = &item->newest;

    if (newest->state == RECORD_EFFECTIVE && record_op_ends(newest->record.op))
        return work_say(overdue->work, OP_NAMES[newest->record.op], OP_SLUGS[newest->record.op]);
    return work_say(overdue->work, RECORD_STATE_NAMES[newest->state], RECORD_STATE_SLUGS[newest->state]);
}

static void item_json(const struct item *item, struct buf *out)
{
    const struct obligation *row = &item->row;

    buf_clear(out);
    lists_text(out, "{\"obligation\":", span_of(item->id));
    lists_text(out, ",\"name\":", row->field[COLUMN_NAME]);
    lists_text(out, ",\"uscc\":", row->field[COLUMN_USCC]);
    lists_text(out, ",\"division\":", row->field[COLUMN_DIVISION]);
    lists_text(out, ",\"region\":", row->field[COLUMN_REGION]);
    lists_text(out, ",\"industry\":", row->field[COLUMN_INDUSTRY]);
    lists_text(out, ",\"ground\":", span_of(GROUND_SLUGS[row->ground]));
    lists_text(out, ",\"authority\":", row->field[COLUMN_AUTHORITY]);
    lists_text(out, ",\"document\":", row->field[COLUMN_DOCUMENT]);
    lists_text(out, ",\"equipment\":", row->field[COLUMN_EQUIPMENT]);
    lists_day(out, ",\"deadline\":", row->deadline);
    lists_day(out, ",\"extended_to\":", row->extended_to);
    lists_day(out, ",\"due\":", obligation_due(row));
    buf_addf(out, ",\"days_late\":%d", item->days_late);
    lists_text(out, ",\"record\":", span_of(item->record));
    lists_text(out,
               ",\"record_state\":", item->record[0] ? span_of(RECORD_STATE_SLUGS[item->newest.state]) : SPAN_NONE);
    lists_text(out, ",\"record_op\":", item->record[0] ? span_of(OP_SLUGS[item->newest.record.op]) : SPAN_NONE);
    buf_add_byte(out, '}');
}

static void add_row(struct overdue *overdue, const struct item *item)
{
    AUTO(buf_done) struct buf record = BUF_INIT;
    char days[16], deadline[DAY_TEXT_BYTES], extended[DAY_TEXT_BYTES];
    const struct obligation *row = &item->row;
    struct span cells[COUNT_OF(COLUMNS)];

    snprintf(days, sizeof days, "%d", item->days_late);
    if (item->record[0])
        buf_addf(&record, "%s %s", item->record, record_word(overdue, item));
    else
        buf_add_text(&record, "-");
    cells[0] = (struct span){item->id, OBLIGATION_SHOWN};
    cells[1] = row->field[COLUMN_NAME];
    cells[2] = row->field[COLUMN_USCC];
    cells[3] = span_of(work_say(overdue->work, GROUND_NAMES[row->ground], GROUND_SLUGS[row->ground]));
    cells[4] = row->field[COLUMN_AUTHORITY];
    cells[5] = span_of(day_format(row->deadline, deadline));
    cells[6] = span_of(day_format(row->extended_to, extended));
    cells[7] = span_of(days);
    cells[8] = buf_span(&record);
    item_json(item, &overdue->json);
    listing_row(overdue->listing, cells, buf_span(&overdue->json));
}

static bool tell(struct overdue *overdue, const struct late *late, struct error *err)
{
    struct obligation_version version;
    struct item item;
    bool has_record = command_has_record(overdue->txn, late->id, item.record, &item.newest, &overdue->record_hold);

    overdue->without_record += !has_record;
    if (has_record && overdue->is_unproposed_only)
        return true;
    if (!obligations_find(overdue->txn, late->id, 0, &version))
        return store_txn_is_good(overdue->txn, err) && fail(err, ERR_CORRUPT, "an obligation is gone");
    if (!obligations_row(overdue->txn, &version, &item.row, &overdue->row_hold, err))
        return false;
    obligation_id_text(late->id, item.id);
    item.days_late = overdue->on - late->due;
    add_row(overdue, &item);
    return true;
}

static bool tell_all(struct overdue *overdue, struct error *err)
{
    struct obligations_filter filter = OBLIGATIONS_ALL;
    const json_t *arguments = overdue->work->arguments;

    filter.overdue_on = overdue->on;
    filter.ground = argument_choice(arguments, "ground", KIND_GROUNDS);
    filter.division = argument_text(arguments, "division");
    filter.authority = argument_text(arguments, "authority");
    if (!work_read(overdue->work, &overdue->txn, err) || !obligations_scan(overdue->txn, &filter, gather, overdue, err))
        return false;
    if (overdue->count > 0)
        qsort(overdue->late, overdue->count, sizeof *overdue->late, compare);
    for (size_t i = 0; i < overdue->count; i++) {
        if (i % PROGRESS_EVERY == 0)
            work_progress(overdue->work, i, overdue->count);
        if (!tell(overdue, &overdue->late[i], err))
            return false;
    }
    return store_txn_is_good(overdue->txn, err);
}

static void closing_add(const struct overdue *overdue, struct buf *out)
{
    char day[DAY_TEXT_BYTES];

    day_format(overdue->on, day);
    buf_addf(out,
             work_is_chinese(overdue->work) ? "%s 逾期 %zu 项，其中 %llu 项尚未提出记录。"
                                            : "Overdue on %s: %zu, %llu of them without a record.",
             day, overdue->count, (unsigned long long)overdue->without_record);
    if (overdue->without_record > 0)
        buf_addf(out,
                 work_is_chinese(overdue->work)
                     ? "提出：creditgate propose --on %s --document 文号 --decided-on 日期 --severity 程度 [任务…]"
                     : " To propose: creditgate propose --on %s --document NUMBER --decided-on DATE --severity "
                       "SEVERITY [OBLIGATION…]",
                 day);
}

static bool finish(struct overdue *overdue, struct error *err)
{
    AUTO(buf_done) struct buf head = BUF_INIT;
    AUTO(buf_done) struct buf closing = BUF_INIT;
    char day[DAY_TEXT_BYTES];

    buf_addf(&head, "\"on\":\"%s\",\"overdue\":%zu,\"without_record\":%llu,", day_format(overdue->on, day),
             overdue->count, (unsigned long long)overdue->without_record);
    closing_add(overdue, &closing);
    return lists_finish(overdue->work, overdue->listing, buf_span(&head), buf_span(&closing), err);
}

bool run_overdue(struct work *work, struct error *err)
{
    struct overdue overdue = {.work = work,
                              .on = argument_day(work->arguments, "on"),
                              .is_unproposed_only = argument_flag(work->arguments, "unproposed")};
    bool is_good =
        listing_new(work->folder, work_is_chinese(work), COLUMNS, COUNT_OF(COLUMNS), &overdue.listing, err) &&
        tell_all(&overdue, err);

    store_abort(TAKE(overdue.txn));
    is_good = is_good && finish(&overdue, err);
    listing_free(overdue.listing);
    free(overdue.late);
    buf_done(&overdue.row_hold);
    buf_done(&overdue.record_hold);
    buf_done(&overdue.json);
    return is_good;
}
