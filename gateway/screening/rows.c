#include "gateway/screening/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "gateway/intake/csv.h"
#include "gateway/intake/encoding.h"

const char *const SCREENING_FORMAT_NAMES[SCREENING_FORMAT_COUNT] = {"csv", "ndjson"};

enum column { COLUMN_USCC, COLUMN_NAME, COLUMN_AUTHORISATION, COLUMN_REFERENCE, COLUMN_COUNT };
static const char *const MEMBERS[COLUMN_COUNT] = {"uscc", "name", "authorisation", "reference"};
static const char *const HEADINGS[COLUMN_COUNT] = {"统一社会信用代码", "企业名称", "授权书编号", "业务编号"};

enum { CHUNK_BYTES = 256 * 1024, SHOWN_MAX = 64, MARK_BYTES = 3, USCC_KEPT_MAX = 64 };
static const char MARK[] = "\xEF\xBB\xBF";

struct screening_rows {
    enum screening_format format;
    enum encoding encoding;
    bool has_mark;
    uint64_t empty;
    /* CSV */
    struct decoder *decoder;
    struct csv *csv;
    struct record record;
    int place[COLUMN_COUNT]; /* of each column; -1: not there */
    size_t columns;
    /* NDJSON */
    int fd;
    off_t at;
    uint64_t lines;
    bool is_drained;
    size_t taken; /* of `chunk` */
    struct buf chunk;
    json_t *json; /* of the row at hand */
};

uint64_t screening_rows_empty(const struct screening_rows *rows)
{
    return rows->empty;
}

const char *screening_rows_encoding(const struct screening_rows *rows)
{
    return encoding_name(rows->encoding);
}

bool screening_rows_wants_mark(const struct screening_rows *rows)
{
    return rows->has_mark || rows->encoding == ENCODING_GB18030;
}

void screening_rows_free(struct screening_rows *rows)
{
    if (!rows)
        return;
    csv_free(rows->csv);
    decoder_free(rows->decoder);
    buf_done(&rows->chunk);
    json_decref(rows->json);
    free(rows);
}

/* --- what a row says --- */

static bool check_text(enum column column, struct span text, size_t bytes_max, struct error *err)
{
    if (text.bytes > bytes_max)
        return refuse(err, ERR_INVALID, "query.length", "%s has more than %zu bytes", "%s 超过 %zu 字节",
                      MEMBERS[column], bytes_max);
    for (size_t i = 0; i < text.bytes; i++) {
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7F)
            return refuse(err, ERR_INVALID, "query.characters", "%s has control characters", "%s 含控制字符",
                          MEMBERS[column]);
    }
    return true;
}

/* A name may mean several enterprises, or another one than was meant. */
static bool check_row(const struct screening_row *row, struct error *err)
{
    if (!check_text(COLUMN_REFERENCE, row->reference, SCREENING_REFERENCE_BYTES_MAX, err) ||
        !check_text(COLUMN_NAME, row->name, SCREENING_NAME_BYTES_MAX, err) ||
        !check_text(COLUMN_AUTHORISATION, row->authorisation, SCREENING_AUTHORISATION_BYTES_MAX, err))
        return false;
    if (row->uscc.bytes > 0)
        return true;
    if (row->name.bytes > 0)
        return refuse(err, ERR_INVALID, "lookup.name",
                      "a name is not answered with a verdict: find the enterprise's code first, then ask by code",
                      "不按名称作出查询结论：请先查明统一社会信用代码，再按代码查询");
    return refuse(err, ERR_INVALID, "screening.uscc", "this row has no code", "本行没有统一社会信用代码");
}

/* What is told and traced of a row that cannot be taken is cut. */
static void finish_row(struct screening_row *row)
{
    row->is_bad = row->is_bad || !check_row(row, &row->why);
    if (!row->is_bad)
        return;
    row->reference = utf8_cut(row->reference, SCREENING_REFERENCE_BYTES_MAX);
    row->uscc = utf8_cut(row->uscc, USCC_KEPT_MAX);
    row->name = utf8_cut(row->name, SCREENING_NAME_BYTES_MAX);
    row->authorisation = utf8_cut(row->authorisation, SCREENING_AUTHORISATION_BYTES_MAX);
}

static void spoil(struct screening_row *row, const char *rule, const char *en, const char *zh)
{
    row->is_bad = true;
    error_set_both(&row->why, ERR_INVALID, rule, "%s%.0s", "%.0s%s", en, zh);
}

/* --- CSV --- */

static bool next_piece(void *context, struct span *piece, struct error *err)
{
    struct screening_rows *rows = context;

    return decoder_next(rows->decoder, piece, err);
}

static bool refuse_columns(struct span heading, struct error *err)
{
    AUTO(buf_done) struct buf shown = BUF_INIT;

    text_shown_add(&shown, utf8_cut(heading, SHOWN_MAX));
    return refuse(
        err, ERR_INVALID, "screening.column",
        "the first row names the columns uscc (needed), name, authorisation, reference, each once; \"%s\" is "
        "not one of them or came twice",
        "首行应为列名：统一社会信用代码（必有）、企业名称、授权书编号、业务编号，各至多一次；“%s”不可识别或重复",
        buf_text(&shown));
}

static bool take_heading(struct screening_rows *rows, int place, struct error *err)
{
    struct span heading = span_trim(rows->record.field[place]);

    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        if (!span_is(heading, MEMBERS[i]) && !span_is(heading, HEADINGS[i]))
            continue;
        if (rows->place[i] >= 0)
            return refuse_columns(heading, err);
        rows->place[i] = place;
        return true;
    }
    return refuse_columns(heading, err);
}

static bool take_headings(struct screening_rows *rows, struct error *err)
{
    bool is_end;

    for (size_t i = 0; i < COLUMN_COUNT; i++)
        rows->place[i] = -1;
    if (!csv_next(rows->csv, &rows->record, &is_end, err))
        return false;
    if (is_end || rows->record.fault != RECORD_GOOD || rows->record.count > COLUMN_COUNT)
        return refuse_columns(is_end ? SPAN_NONE : rows->record.field[0], err);
    rows->columns = rows->record.count;
    for (size_t i = 0; i < rows->columns; i++) {
        if (!take_heading(rows, (int)i, err))
            return false;
    }
    return rows->place[COLUMN_USCC] >= 0 || refuse_columns(SPAN("uscc"), err);
}

static bool open_csv(struct screening_rows *rows, int fd, struct error *err)
{
    if (!encoding_detect(fd, &rows->encoding, err) || !decoder_new(fd, rows->encoding, &rows->decoder, err))
        return false;
    rows->csv = csv_new(next_piece, rows);
    return take_headings(rows, err);
}

static struct span field_of(const struct screening_rows *rows, enum column column)
{
    int place = rows->place[column];

    if (place < 0 || (size_t)place >= record_stored(&rows->record))
        return SPAN_NONE;
    return span_trim(rows->record.field[place]);
}

static void judge_record(const struct screening_rows *rows, struct screening_row *row)
{
    if (rows->record.fault == RECORD_FIELD_LONG || rows->record.fault == RECORD_LONG)
        spoil(row, "screening.row-long", "this row is too long", "本行过长");
    else if (rows->record.fault != RECORD_GOOD)
        spoil(row, "screening.quote", "the quotes in this row are not those of CSV (RFC 4180)",
              "本行的引号不符合 CSV 格式（RFC 4180）");
    else if (rows->record.filled > rows->columns)
        spoil(row, "screening.columns", "this row has more columns than the first", "本行的列多于首行");
}

static bool next_csv(struct screening_rows *rows, struct screening_row *row, bool *is_end, struct error *err)
{
    for (;;) {
        if (!csv_next(rows->csv, &rows->record, is_end, err))
            return false;
        if (*is_end)
            return true;
        if (rows->record.filled > 0 || rows->record.fault != RECORD_GOOD)
            break;
        rows->empty++;
    }
    row->line = rows->record.line;
    row->reference = field_of(rows, COLUMN_REFERENCE);
    row->uscc = field_of(rows, COLUMN_USCC);
    row->name = field_of(rows, COLUMN_NAME);
    row->authorisation = field_of(rows, COLUMN_AUTHORISATION);
    judge_record(rows, row);
    return true;
}

/* --- NDJSON --- */

static bool fill(struct screening_rows *rows, struct error *err)
{
    struct buf *chunk = &rows->chunk;
    ssize_t got;

    if (rows->taken > 0) {
        memmove(chunk->data, chunk->data + rows->taken, chunk->bytes - rows->taken);
        chunk->bytes -= rows->taken;
        rows->taken = 0;
    }
    buf_reserve(chunk, CHUNK_BYTES);
    do
        got = pread(rows->fd, chunk->data + chunk->bytes, CHUNK_BYTES, rows->at);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return file_fail(err, "the list", "cannot read");
    rows->at += got;
    chunk->bytes += (size_t)got;
    rows->is_drained = got == 0;
    return true;
}

/* What has come of the line at hand, up to its end or not. */
static bool find_line(const struct screening_rows *rows, struct span *line)
{
    const char *at = buf_text(&rows->chunk) + rows->taken;
    size_t left = rows->chunk.bytes - rows->taken;
    const char *end = left > 0 ? memchr(at, '\n', left) : NULL;

    *line = (struct span){at, end ? (size_t)(end - at) : left};
    return end;
}

/* The next line; of one that is too long the beginning. False at the end. */
static bool next_line(struct screening_rows *rows, struct span *line, bool *is_long, bool *is_end, struct error *err)
{
    bool is_whole = find_line(rows, line);

    *is_long = false;
    while (!is_whole && !rows->is_drained) {
        if (line->bytes > 2 * SCREENING_LINE_BYTES_MAX) { /* its middle is not kept */
            *is_long = true;
            rows->taken = rows->chunk.bytes;
        }
        if (!fill(rows, err))
            return false;
        is_whole = find_line(rows, line);
    }
    *is_end = !is_whole && line->bytes == 0 && !*is_long;
    *is_long = *is_long || line->bytes > SCREENING_LINE_BYTES_MAX;
    rows->taken += line->bytes + (is_whole ? 1 : 0);
    rows->lines++;
    return true;
}

static bool take_member(struct screening_rows *rows, const char *name, struct span *text)
{
    const json_t *value = json_object_get(rows->json, name);

    if (!value || json_is_null(value))
        return true;
    *text = (struct span){json_string_value(value), json_string_length(value)};
    return json_is_string(value);
}

static size_t known_members(const json_t *json)
{
    size_t known = 0;

    for (size_t i = 0; i < COLUMN_COUNT; i++)
        known += json_object_get(json, MEMBERS[i]) != NULL;
    return known;
}

static void read_object(struct screening_rows *rows, struct span line, struct screening_row *row)
{
    struct error why;

    json_decref(rows->json);
    rows->json = NULL;
    if (!json_read(line, SCREENING_LINE_BYTES_MAX, &rows->json, &why)) {
        error_set_both(&row->why, ERR_INVALID, "screening.json", "this line is no JSON: %s", "本行不是有效的 JSON：%s",
                       why.text);
        row->is_bad = true;
        return;
    }
    if (!json_is_object(rows->json) || !take_member(rows, "reference", &row->reference) ||
        !take_member(rows, "uscc", &row->uscc) || !take_member(rows, "name", &row->name) ||
        !take_member(rows, "authorisation", &row->authorisation)) {
        row->reference = row->uscc = row->name = row->authorisation = SPAN_NONE;
        spoil(row, "screening.json", "this line is no object with texts", "本行应为各字段均为文本的对象");
    } else if (known_members(rows->json) != json_object_size(rows->json)) {
        spoil(row, "query.unknown", "a member of this line is not one of uscc, name, authorisation, reference",
              "本行有不可识别的字段：可用 uscc、name、authorisation、reference");
    }
}

static bool next_ndjson(struct screening_rows *rows, struct screening_row *row, bool *is_end, struct error *err)
{
    struct span line;
    bool is_long;

    for (;;) {
        if (!next_line(rows, &line, &is_long, is_end, err))
            return false;
        if (*is_end)
            return true;
        if (is_long || span_trim(line).bytes > 0)
            break;
        rows->empty++;
    }
    row->line = rows->lines;
    if (is_long)
        spoil(row, "screening.row-long", "this row is too long", "本行过长");
    else
        read_object(rows, line, row);
    return true;
}

static bool has_mark(int fd, bool *out, struct error *err)
{
    char head[MARK_BYTES];
    ssize_t got = pread(fd, head, sizeof head, 0);

    if (got < 0)
        return file_fail(err, "the list", "cannot read");
    *out = got == MARK_BYTES && memcmp(head, MARK, MARK_BYTES) == 0;
    return true;
}

bool screening_rows_open(int fd, enum screening_format format, struct screening_rows **out, struct error *err)
{
    AUTO(screening_rows_free) struct screening_rows *rows = memory_new(sizeof *rows);

    rows->format = format;
    rows->fd = fd;
    if (!has_mark(fd, &rows->has_mark, err) || (format == SCREENING_CSV && !open_csv(rows, fd, err)))
        return false;
    rows->at = rows->has_mark ? MARK_BYTES : 0;
    *out = TAKE(rows);
    return true;
}

bool screening_rows_next(struct screening_rows *rows, struct screening_row *row, bool *is_end, struct error *err)
{
    bool is_good;

    row->reference = row->uscc = row->name = row->authorisation = SPAN_NONE;
    row->is_bad = false;
    is_good = rows->format == SCREENING_CSV ? next_csv(rows, row, is_end, err) : next_ndjson(rows, row, is_end, err);
    if (is_good && !*is_end)
        finish_row(row);
    return is_good;
}
