#include "gateway/jobs/exhibit.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/csv.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "gateway/sheet/sheet.h"
#include "keys/digest.h"

enum { FILE_MODE = 0600 };

struct exhibit {
    const struct work *work;
    const struct exhibit_form *form;
    exhibit_fill *fill;
    void *context;
    FILE *out;
    struct sheet *sheet;
    struct buf line;
    size_t rows;
    bool is_cut;
};

static void exhibit_done(struct exhibit *exhibit)
{
    sheet_free(exhibit->sheet);
    buf_done(&exhibit->line);
}
DEFINE_AUTO_IN_PLACE(struct exhibit, exhibit_done)

static bool put(struct exhibit *exhibit, const struct span *cells, struct error *err)
{
    struct sheet_cell row[EXHIBIT_COLUMNS_MAX];

    buf_clear(&exhibit->line);
    for (size_t i = 0; i < exhibit->form->count; i++) {
        if (i > 0)
            buf_add_byte(&exhibit->line, ',');
        csv_cell_add(&exhibit->line, cells[i], CSV_FOR_PEOPLE);
        row[i] = sheet_text(cells[i]);
    }
    buf_add_text(&exhibit->line, "\r\n");
    fwrite(exhibit->line.data, 1, exhibit->line.bytes, exhibit->out);
    return sheet_row(exhibit->sheet, row, exhibit->form->count, err);
}

bool exhibit_row(struct exhibit *exhibit, const struct span *cells, bool *is_full, struct error *err)
{
    *is_full = exhibit->rows == EXHIBIT_ROWS_MAX;
    if (*is_full) {
        exhibit->is_cut = true;
        return true;
    }
    exhibit->rows++;
    return put(exhibit, cells, err);
}

size_t exhibit_rows(const struct exhibit *exhibit)
{
    return exhibit->rows;
}

static const char *title_of(const struct exhibit *exhibit, size_t column)
{
    return work_say(exhibit->work, exhibit->form->columns[column].zh, exhibit->form->columns[column].en);
}

static bool begin_sheet(struct exhibit *exhibit, struct error *err)
{
    const struct work *work = exhibit->work;
    const char *title = work_say(work, exhibit->form->zh, exhibit->form->en);
    struct sheet_options options = {.title = title, .author = "creditgate", .scratch = work->folder};
    struct sheet_column columns[EXHIBIT_COLUMNS_MAX];
    struct sheet_page page = {
        .name = title, .columns = columns, .column_count = exhibit->form->count, .has_filter = true};

    for (size_t i = 0; i < exhibit->form->count; i++)
        columns[i] = (struct sheet_column){title_of(exhibit, i), exhibit->form->columns[i].width, SHEET_TEXT};
    return sheet_new(&options, &exhibit->sheet, err) && sheet_page(exhibit->sheet, &page, err);
}

/* A list that was cut in silence would be a wrong answer. */
static bool tell_cut(struct exhibit *exhibit, struct error *err)
{
    struct span cells[EXHIBIT_COLUMNS_MAX] = {
        span_of(work_say(exhibit->work, "后面还有更多，未列入本文件：请缩小查询范围",
                         "there are more that are not in this file: narrow the search"))};

    return !exhibit->is_cut || put(exhibit, cells, err);
}

static bool write_csv(FILE *out, void *context, struct error *err)
{
    struct exhibit *exhibit = context;

    exhibit->out = out;
    fputs("\xef\xbb\xbf", out); /* by which Excel knows UTF-8 */
    for (size_t i = 0; i < exhibit->form->count; i++)
        fprintf(out, "%s%s", i ? "," : "", title_of(exhibit, i));
    fputs("\r\n", out);
    return exhibit->fill(exhibit, exhibit->context, err) && tell_cut(exhibit, err);
}

static bool digest_csv(const struct work *work, uint8_t sha256[32], struct error *err)
{
    AUTO(text_free) char *path = path_join(work->folder, JOB_CSV_FILE);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is_good = fd >= 0 ? digest_sha256_file(fd, sha256, err) : file_fail(err, path, "cannot open");

    file_close(fd);
    return is_good;
}

bool exhibit_write(const struct work *work, const struct exhibit_form *form, exhibit_fill *fill, void *context,
                   uint8_t sha256[32], struct error *err)
{
    AUTO(exhibit_done) struct exhibit exhibit = {.work = work, .form = form, .fill = fill, .context = context};
    AUTO(text_free) char *path = path_join(work->folder, JOB_WORKBOOK_FILE);

    return begin_sheet(&exhibit, err) && work_report(work, JOB_CSV_FILE, write_csv, &exhibit, err) &&
           sheet_save(exhibit.sheet, path, FILE_MODE, err) && digest_csv(work, sha256, err);
}

void exhibit_remove(const struct work *work)
{
    static const char *const NAMES[] = {JOB_CSV_FILE, JOB_WORKBOOK_FILE};

    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        AUTO(text_free) char *path = path_join(work->folder, NAMES[i]);

        if (unlink(path) != 0 && access(path, F_OK) == 0)
            log_error("job", "%s: %s cannot be removed", work->id, path);
    }
}
