#include "gateway/intake/header.h"

#include <string.h>

#include "base/buf.h"
#include "base/text.h"

/* A stranger's text inside one of our sentences: short, and nothing that a terminal would obey. */
static void add_shown(struct buf *out, struct span text)
{
    enum { SHOWN_BYTES = 48 };
    struct span cut = utf8_cut(text, SHOWN_BYTES);

    if (out->bytes > 0)
        buf_add_text(out, ", ");
    for (size_t i = 0; i < cut.bytes; i++)
        buf_add_byte(out, (unsigned char)cut.at[i] < 0x20 || cut.at[i] == 0x7F ? '?' : cut.at[i]);
}

static int column_of(struct span text)
{
    for (int column = 0; column < COLUMN_COUNT; column++)
        if (span_is(text, COLUMN_HEADERS[column]))
            return column;
    return -1;
}

/* One long header with semicolons or tabs in it: the file was saved with another separator. */
static bool has_other_separator(const struct record *record)
{
    struct span text = record->count == 1 ? record->field[0] : SPAN_NONE;

    return text.bytes > 0 && (memchr(text.at, ';', text.bytes) || memchr(text.at, '\t', text.bytes));
}

struct faults {
    struct buf missing;
    struct buf unknown;
    struct buf twice;
};

static void faults_done(struct faults *faults)
{
    buf_done(&faults->missing);
    buf_done(&faults->unknown);
    buf_done(&faults->twice);
}
DEFINE_AUTO_IN_PLACE(struct faults, faults_done)

static void place_fields(const struct record *record, struct header *header, struct faults *faults)
{
    bool is_there[COLUMN_COUNT] = {false};

    for (size_t i = 0; i < header->fields; i++) {
        struct span text = span_trim(record->field[i]);
        int column = column_of(text);

        header->column[i] = COLUMN_COUNT;
        if (text.bytes == 0)
            continue;
        if (column < 0) {
            add_shown(&faults->unknown, text);
        } else if (is_there[column]) {
            add_shown(&faults->twice, text);
        } else {
            is_there[column] = true;
            header->field[column] = (uint8_t)i;
            header->column[i] = (uint8_t)column;
        }
    }
    for (int column = 0; column < COLUMN_COUNT; column++)
        if (!is_there[column])
            add_shown(&faults->missing, span_of(COLUMN_HEADERS[column]));
}

static bool refuse_faults(struct faults *faults, struct error *err)
{
    static const char *const NONE = "-";
    const char *missing = faults->missing.bytes ? buf_text(&faults->missing) : NONE;
    const char *unknown = faults->unknown.bytes ? buf_text(&faults->unknown) : NONE;
    const char *twice = faults->twice.bytes ? buf_text(&faults->twice) : NONE;

    if (missing == NONE && unknown == NONE && twice == NONE)
        return true;
    return refuse(err, ERR_INVALID, "file.columns",
                  "the header must be that of the register. Missing: %s; unknown: %s; twice: %s",
                  "表头应与台账一致。缺少：%s；多余：%s；重复：%s", missing, unknown, twice);
}

bool header_read(const struct record *record, struct header *out, struct error *err)
{
    AUTO(faults_done) struct faults faults = {BUF_INIT, BUF_INIT, BUF_INIT};
    struct header header;

    memset(&header, 0, sizeof header);
    if (has_other_separator(record))
        return refuse(err, ERR_INVALID, "file.separator",
                      "the fields are separated by semicolons or tabs: save the file with commas%s",
                      "文件用分号或制表符分隔：请另存为逗号分隔的 CSV%s", "");
    if (record->filled > INTAKE_COLUMNS_MAX || record->fault != RECORD_GOOD)
        return refuse(err, ERR_INVALID, "file.columns",
                      "the first line is no header: more than %d columns, or text too long",
                      "首行不是表头：超过 %d 列，或内容过长", INTAKE_COLUMNS_MAX);
    header.fields = record->filled;
    place_fields(record, &header, &faults);
    if (!refuse_faults(&faults, err))
        return false;
    *out = header;
    return true;
}
