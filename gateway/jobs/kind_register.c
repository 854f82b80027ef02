/* kind_register.c - a list of the register as a file: all rows that fit, in the order in which they are shown, as a
 * workbook or as CSV. The register's own columns come first, so that the file reads as the register does; then what the
 * list adds. As of the moment at which the list was first shown (`as_of`), whatever was recorded since. */
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/text.h"
#include "gateway/jobs/kinds.h"
#include "gateway/jobs/show_obligation.h"
#include "gateway/journal/journal.h"
#include "gateway/registry/obligations_list.h"
#include "gateway/sheet/sheet.h"

const char *const KIND_FORMATS[] = {"xlsx", "csv", NULL};
const char *const KIND_ORDERS[] = {"changed", "code", "due", "-due", NULL};
const char *const KIND_STATES[] = {"rectifying", "extended", "exited-in-time", "overdue", "exited-late",
                                   "revoked",    NULL};
_Static_assert(COUNT_OF(KIND_ORDERS) == OBLIGATIONS_ORDER_COUNT + 1 && COUNT_OF(KIND_STATES) == STATE_COUNT + 1,
               "the choices are all of the enumerations");

enum { FORMAT_XLSX, FORMAT_CSV };
enum { ADDED_DUE, ADDED_DAYS_LATE, ADDED_RECORD, ADDED_RECORD_STATE, ADDED_COUNT };
enum { CELLS = COLUMN_COUNT + ADDED_COUNT, ROWS_A_READ = 2000, FILE_MODE = 0600 };

static const struct {
    const char *zh;
    const char *en;
} ADDED[ADDED_COUNT] = {
    {"最后期限", "due"}, {"逾期天数", "days late"}, {"失信记录", "record"}, {"记录状态", "state of the record"}};

struct exporting {
    struct work *work;
    struct obligations_search search;
    struct buf name;
    struct buf region;
    struct buf industry;
    struct obligations_slice slice;
    struct shown_obligation shown;
    struct sheet *sheet; /* or CSV: */
    FILE *out;
    struct buf line;
};

static void exporting_done(struct exporting *exporting)
{
    buf_done(&exporting->name);
    buf_done(&exporting->region);
    buf_done(&exporting->industry);
    buf_done(&exporting->line);
    obligations_slice_done(&exporting->slice);
    shown_obligation_done(&exporting->shown);
    sheet_free(exporting->sheet);
}
DEFINE_AUTO_IN_PLACE(struct exporting, exporting_done)

/* --- which --- */

static struct span folded(const json_t *arguments, const char *name, struct buf *hold)
{
    obligations_fold(span_of(argument_text(arguments, name)), hold);
    return buf_span(hold);
}

static bool take_as_of(const json_t *arguments, struct store_txn *txn, uint64_t *as_of, struct error *err)
{
    const char *text = argument_text(arguments, "as_of");
    uint64_t size = journal_size(txn);
    int64_t number = 0;

    *as_of = size;
    if (!text[0])
        return true;
    if (!integer_parse(span_of(text), &number) || (uint64_t)number > size)
        return refuse(err, ERR_INVALID, "job.argument", "as_of is what a list of the register gave",
                      "as_of 应为台账列表给出的数字");
    *as_of = (uint64_t)number;
    return true;
}

static bool gather(struct exporting *exporting, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    const json_t *arguments = exporting->work->arguments;
    struct obligations_search *search = &exporting->search;
    int order = argument_choice(arguments, "order", KIND_ORDERS);

    *search = OBLIGATIONS_SEARCH_ALL;
    search->filter.ground = argument_choice(arguments, "ground", KIND_GROUNDS);
    search->filter.state = argument_choice(arguments, "state", KIND_STATES);
    search->filter.division = argument_text(arguments, "division");
    search->filter.overdue_on = argument_day(arguments, "overdue_on");
    search->uscc = argument_text(arguments, "uscc");
    search->name = folded(arguments, "name", &exporting->name);
    search->region = folded(arguments, "region", &exporting->region);
    search->industry = folded(arguments, "industry", &exporting->industry);
    search->due_from = argument_day(arguments, "due_from");
    search->due_to = argument_day(arguments, "due_to");
    search->is_unproposed = argument_flag(arguments, "unproposed");
    search->order = order < 0 ? OBLIGATIONS_BY_CHANGE : (enum obligations_order)order;
    return work_read(exporting->work, &txn, err) && take_as_of(arguments, txn, &search->as_of, err) &&
           obligations_slice(txn, search, NULL, &exporting->slice, err);
}

/* --- one row --- */

static struct sheet_cell cell_of(const struct obligation *row, enum column column)
{
    switch (column) {
    case COLUMN_ORDER_DATE:
        return sheet_day(row->order_date);
    case COLUMN_DEADLINE:
        return sheet_day(row->deadline);
    case COLUMN_EXTENDED_TO:
        return sheet_day(row->extended_to);
    case COLUMN_EXIT_DATE:
        return sheet_day(row->exit_date);
    case COLUMN_EQUIPMENT_COUNT:
        return sheet_count(row->equipment_count);
    case COLUMN_CAPACITY:
        return sheet_decimal(row->field[column]);
    default:
        return sheet_text(row->field[column]);
    }
}

static const char *record_word(const struct exporting *exporting)
{
    const struct record_version *newest = &exporting->shown.newest;

    if (newest->state == RECORD_EFFECTIVE && record_op_ends(newest->record.op))
        return work_say(exporting->work, OP_NAMES[newest->record.op], OP_SLUGS[newest->record.op]);
    return work_say(exporting->work, RECORD_STATE_NAMES[newest->state], RECORD_STATE_SLUGS[newest->state]);
}

static void fill(const struct exporting *exporting, struct sheet_cell cells[CELLS])
{
    const struct shown_obligation *shown = &exporting->shown;
    int32_t days_late = shown_obligation_days_late(shown, exporting->work->today);

    for (int i = 0; i < COLUMN_COUNT; i++)
        cells[i] = cell_of(&shown->row, (enum column)i);
    cells[COLUMN_COUNT + ADDED_DUE] = sheet_day(obligations_due(&shown->version));
    cells[COLUMN_COUNT + ADDED_DAYS_LATE] =
        days_late > 0 ? sheet_count(days_late) : (struct sheet_cell){.kind = SHEET_EMPTY};
    cells[COLUMN_COUNT + ADDED_RECORD] = sheet_text(span_of(shown->record));
    cells[COLUMN_COUNT + ADDED_RECORD_STATE] =
        shown->record[0] ? sheet_text(span_of(record_word(exporting))) : (struct sheet_cell){.kind = SHEET_EMPTY};
}

static void add_cell(const struct sheet_cell *cell, struct buf *line)
{
    char text[DAY_TEXT_BYTES];

    if (cell->kind == SHEET_DAY)
        buf_add_text(line, day_format(cell->day, text));
    else if (cell->kind == SHEET_COUNT)
        buf_addf(line, "%lld", (long long)cell->number);
    else if (cell->kind == SHEET_DECIMAL)
        buf_add_span(line, cell->text); /* digits and a point (decimal_is_valid) */
    else if (cell->kind == SHEET_TEXT)
        csv_cell_add(line, cell->text, CSV_FOR_PEOPLE);
}

static bool put(struct exporting *exporting, const struct sheet_cell cells[CELLS], struct error *err)
{
    if (exporting->sheet)
        return sheet_row(exporting->sheet, cells, CELLS, err);
    buf_clear(&exporting->line);
    for (int i = 0; i < CELLS; i++) {
        if (i > 0)
            buf_add_byte(&exporting->line, ',');
        add_cell(&cells[i], &exporting->line);
    }
    buf_add_text(&exporting->line, "\r\n");
    fwrite(exporting->line.data, 1, exporting->line.bytes, exporting->out);
    return true;
}

/* What was found stays what it is: versions are never changed. So many rows a transaction, that no old page of the
 * store is kept for long. */
static bool put_some(struct exporting *exporting, size_t first, size_t last, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct sheet_cell cells[CELLS];

    if (!work_read(exporting->work, &txn, err))
        return false;
    for (size_t i = first; i < last; i++) {
        const struct obligations_found *found = &exporting->slice.found[i];

        if (!shown_obligation_load(txn, found->id, found->version, &exporting->shown, err))
            return false;
        fill(exporting, cells);
        if (!put(exporting, cells, err))
            return false;
    }
    return store_txn_is_good(txn, err);
}

static bool put_all(struct exporting *exporting, struct error *err)
{
    size_t count = exporting->slice.count;

    for (size_t first = 0; first < count; first += ROWS_A_READ) {
        work_progress(exporting->work, first, count);
        if (!put_some(exporting, first, count - first < ROWS_A_READ ? count : first + ROWS_A_READ, err))
            return false;
    }
    exporting->work->done = exporting->work->of = count;
    return true;
}

/* --- the files --- */

static const char *title_of(const struct work *work, int column)
{
    if (column < COLUMN_COUNT)
        return COLUMN_HEADERS[column];
    return work_say(work, ADDED[column - COLUMN_COUNT].zh, ADDED[column - COLUMN_COUNT].en);
}

static bool write_csv(FILE *out, void *context, struct error *err)
{
    struct exporting *exporting = context;

    exporting->out = out;
    fputs("\xef\xbb\xbf", out); /* by which Excel knows UTF-8 */
    for (int i = 0; i < CELLS; i++)
        fprintf(out, "%s%s", i ? "," : "", title_of(exporting->work, i));
    fputs("\r\n", out);
    return put_all(exporting, err);
}

static bool write_xlsx(struct exporting *exporting, struct error *err)
{
    static const int WIDTHS[CELLS] = {[COLUMN_NAME] = 34,
                                      [COLUMN_USCC] = 22,
                                      [COLUMN_REGION] = 18,
                                      [COLUMN_AUTHORITY] = 28,
                                      [COLUMN_DOCUMENT] = 24,
                                      [COLUMN_EQUIPMENT] = 26,
                                      [COLUMN_COUNT + ADDED_RECORD] = 26};
    AUTO(text_free) char *path = path_join(exporting->work->folder, JOB_WORKBOOK_FILE);
    struct sheet_options options = {.title = work_say(exporting->work, "退出任务台账", "register of obligations"),
                                    .author = "creditgate",
                                    .scratch = exporting->work->folder};
    struct sheet_column columns[CELLS] = {{NULL, 0, SHEET_EMPTY}};
    struct sheet_page page = {.name = work_say(exporting->work, "台账", "register"),
                              .columns = columns,
                              .column_count = CELLS,
                              .has_filter = true};

    for (int i = 0; i < CELLS; i++)
        columns[i] = (struct sheet_column){title_of(exporting->work, i), WIDTHS[i], SHEET_TEXT};
    return sheet_new(&options, &exporting->sheet, err) && sheet_page(exporting->sheet, &page, err) &&
           put_all(exporting, err) && sheet_save(exporting->sheet, path, FILE_MODE, err);
}

static bool write_json(FILE *out, void *context, struct error *err)
{
    const struct exporting *exporting = context;

    (void)err;
    fprintf(out, "{\"as_of\":%llu,\"count\":%zu}\n", (unsigned long long)exporting->search.as_of,
            exporting->slice.count);
    return true;
}

static bool write_text(FILE *out, void *context, struct error *err)
{
    const struct exporting *exporting = context;

    (void)err;
    fprintf(out, "%s%zu\n", work_say(exporting->work, "文件中的任务项数：", "rows in the file: "),
            exporting->slice.count);
    return true;
}

bool run_register(struct work *work, struct error *err)
{
    AUTO(exporting_done) struct exporting exporting = {.work = work};
    bool is_csv = argument_choice(work->arguments, "format", KIND_FORMATS) == FORMAT_CSV;

    if (!gather(&exporting, err))
        return false;
    work_count(work, "count", exporting.slice.count);
    return (is_csv ? work_report(work, JOB_CSV_FILE, write_csv, &exporting, err) : write_xlsx(&exporting, err)) &&
           work_report(work, "report.json", write_json, &exporting, err) &&
           work_report(work, "report.txt", write_text, &exporting, err);
}
