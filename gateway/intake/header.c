#include "gateway/intake/header.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "gateway/intake/intake.h"
#include "schemas/notation.h"
#include "schemas/uscc.h"

enum { NAME_BYTES = 64, LISTED_MAX = 6 };

/* A list of names in one of our sentences: the first few, and how many there are. */
struct names {
    struct buf text;
    size_t count;
};

static void names_done(struct names *names)
{
    buf_done(&names->text);
}
DEFINE_AUTO_IN_PLACE(struct names, names_done)

/* A stranger's text inside one of our sentences: short, and nothing that a terminal would obey. */
static void names_add(struct names *names, struct span name)
{
    enum { SHOWN_BYTES = 48 };
    struct span cut = utf8_cut(name, SHOWN_BYTES);

    if (++names->count > LISTED_MAX)
        return;
    if (names->count > 1)
        buf_add_text(&names->text, ", ");
    for (size_t i = 0; i < cut.bytes; i++)
        buf_add_byte(&names->text, (unsigned char)cut.at[i] < 0x20 || cut.at[i] == 0x7F ? '?' : cut.at[i]);
}

static const char *names_text(struct names *names)
{
    if (names->count == 0)
        return "-";
    if (names->count > LISTED_MAX) {
        buf_addf(&names->text, " … (%zu)", names->count);
        names->count = LISTED_MAX;
    }
    return buf_text(&names->text);
}

static bool folds_to(struct span text, const char *name)
{
    char a[NAME_BYTES];
    char b[NAME_BYTES];
    size_t a_bytes = notation_fold(text, a, sizeof a);
    size_t b_bytes = notation_fold(span_of(name), b, sizeof b);

    return span_equal((struct span){a, a_bytes}, (struct span){b, b_bytes});
}

static int column_of(struct span text)
{
    text = span_trim(text);
    if (span_starts(text, "*") || span_starts(text, "＊"))
        text = (struct span){text.at + (text.at[0] == '*' ? 1 : 3), text.bytes - (text.at[0] == '*' ? 1 : 3)};
    if (text.bytes == 0 || text.bytes > NAME_BYTES)
        return -1;
    for (int column = 0; column < COLUMN_COUNT; column++)
        if (folds_to(text, COLUMN_HEADERS[column]) || span_is(text, COLUMN_KEYS[column]))
            return column;
    return -1;
}

static size_t known_columns(const struct record *record)
{
    size_t count = 0;

    for (size_t i = 0; i < record_stored(record); i++)
        count += column_of(record->field[i]) >= 0;
    return count;
}

bool header_is(const struct record *record)
{
    return known_columns(record) > COLUMN_COUNT / 2;
}

/* All names in one field: the file was saved with another separator. NULL: no. */
static const char *other_separator(const struct record *record)
{
    static const struct {
        const char *sign;
        const char *name;
    } SIGNS[] = {{";", ";"}, {"\t", "Tab"}, {"|", "|"}, {"，", "，"}, {"、", "、"}, {"；", "；"}};
    AUTO(text_free) char *text = memory_copy_span(record->filled == 1 ? record->field[0] : SPAN_NONE);

    if (!strstr(text, COLUMN_HEADERS[COLUMN_NAME]) || !strstr(text, COLUMN_HEADERS[COLUMN_USCC]))
        return NULL;
    for (size_t i = 0; i < COUNT_OF(SIGNS); i++)
        if (strstr(text, SIGNS[i].sign))
            return SIGNS[i].name;
    return NULL;
}

static bool holds_a_code(const struct record *record)
{
    for (size_t i = 0; i < record_stored(record); i++)
        if (uscc_is_usable(span_trim(record->field[i])))
            return true;
    return false;
}

/* Nothing in the first row is a column of the register: why? */
static bool refuse_stranger(const struct record *record, struct error *err)
{
    AUTO(names_done) struct names first = {BUF_INIT, 0};
    const char *separator = other_separator(record);

    if (separator)
        return refuse(err, ERR_INVALID, "file.separator",
                      "the fields are separated by \"%s\": save the file with commas (CSV), or as .xlsx",
                      "各列用“%s”分隔：请另存为逗号分隔的 CSV，或 .xlsx", separator);
    if (holds_a_code(record))
        return refuse(err, ERR_INVALID, "file.header",
                      "the file has no header, it begins with data: put the %d names of the columns in its first line",
                      "文件没有表头，首行就是数据：请在首行写上 %d 个列名", COLUMN_COUNT);
    names_add(&first, span_trim(record->field[0]));
    return refuse(err, ERR_INVALID, "file.header",
                  "the first line (\"%s\") is no header of the register: it must name its %d columns, %s, %s and so on",
                  "首行（“%s”）不是台账的表头：首行应为 %d 个列名，即“%s”“%s”等", names_text(&first), COLUMN_COUNT,
                  COLUMN_HEADERS[COLUMN_NAME], COLUMN_HEADERS[COLUMN_USCC]);
}

struct faults {
    struct names missing;
    struct names unknown;
    struct names twice;
};

static void faults_done(struct faults *faults)
{
    names_done(&faults->missing);
    names_done(&faults->unknown);
    names_done(&faults->twice);
}
DEFINE_AUTO_IN_PLACE(struct faults, faults_done)

static void add_unknown(struct faults *faults, struct span text, size_t field)
{
    char number[32];

    snprintf(number, sizeof number, "#%zu", field + 1);
    names_add(&faults->unknown, text.bytes > 0 ? text : span_of(number));
}

static void place_fields(const struct record *record, struct header *header, struct faults *faults)
{
    bool is_there[COLUMN_COUNT] = {false};

    for (size_t i = 0; i < header->fields; i++) {
        struct span text = span_trim(record->field[i]);
        int column = column_of(text);

        header->column[i] = COLUMN_COUNT;
        if (column < 0) {
            if (!span_is(text, INTAKE_REASONS_HEADER))
                add_unknown(faults, text, i);
        } else if (is_there[column]) {
            names_add(&faults->twice, text);
        } else {
            is_there[column] = true;
            header->field[column] = (uint8_t)i;
            header->column[i] = (uint8_t)column;
        }
    }
    for (int column = 0; column < COLUMN_COUNT; column++)
        if (!is_there[column])
            names_add(&faults->missing, span_of(COLUMN_HEADERS[column]));
}

static bool refuse_faults(struct faults *faults, struct error *err)
{
    if (faults->missing.count > 0)
        return refuse(err, ERR_INVALID, "file.columns",
                      "columns are missing: %s (not known: %s). Write the names as in the register; a column without "
                      "content must be there, too",
                      "表头缺少列：%s（不认识的列：%s）。请按台账的列名补齐，没有内容的列也要保留",
                      names_text(&faults->missing), names_text(&faults->unknown));
    if (faults->twice.count > 0)
        return refuse(err, ERR_INVALID, "file.columns", "columns are there twice: %s. Keep the right one",
                      "表头中有重复的列：%s。请只保留正确的一列", names_text(&faults->twice));
    return true;
}

bool header_read(const struct record *record, struct header *out, struct error *err)
{
    AUTO(faults_done) struct faults faults = {{BUF_INIT, 0}, {BUF_INIT, 0}, {BUF_INIT, 0}};
    struct header header;

    memset(&header, 0, sizeof header);
    if (record->fault == RECORD_QUOTE)
        return refuse(err, ERR_INVALID, "file.header",
                      "in the first line, blanks or text stand beside quotes: write names without quotes%s",
                      "首行的引号前后有空格或文字：列名请不要加引号%s", "");
    if (record->filled > INTAKE_COLUMNS_MAX || record->fault != RECORD_GOOD)
        return refuse(err, ERR_INVALID, "file.header",
                      "the first line is no header: more than %d columns, or text too long",
                      "首行不是表头：超过 %d 列，或内容过长", INTAKE_COLUMNS_MAX);
    if (known_columns(record) == 0)
        return refuse_stranger(record, err);
    header.fields = record->filled;
    place_fields(record, &header, &faults);
    if (!refuse_faults(&faults, err))
        return false;
    if (faults.unknown.count > 0)
        snprintf(header.unread, sizeof header.unread, "%s", names_text(&faults.unknown));
    *out = header;
    return true;
}
