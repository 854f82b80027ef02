#include "gateway/intake/csv.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

enum { CHARACTER_BYTES = 4 };

enum state {
    FIELD_START,
    PLAIN,
    QUOTED,
    QUOTE_SEEN, /* inside a quoted field, after a quote: the closing one, or the first of two */
    CR_SEEN,    /* outside quotes: the end of the record when LF follows, or when lines end in CR alone */
};

struct csv {
    csv_source *source;
    void *context;
    const char *at; /* what is left of the piece */
    const char *end;
    bool is_drained;
    char separator;
    bool ends_in_cr; /* the first line ended in CR alone, as old Macintosh programs write: so do the others */
    bool is_quoted;  /* the field at hand began with a quote */
    enum state state;
    size_t lines; /* records so far */
    /* The record that is being read. */
    struct record *record;
    struct buf text;
    size_t starts[INTAKE_COLUMNS_MAX + 1]; /* where each field begins in `text` */
    size_t field_bytes;
    size_t record_bytes;
};

struct csv *csv_new(csv_source *source, void *context)
{
    struct csv *csv = memory_new(sizeof *csv);

    csv->source = source;
    csv->context = context;
    csv->separator = ',';
    return csv;
}

void csv_set_separator(struct csv *csv, char separator)
{
    csv->separator = separator;
}

void csv_free(struct csv *csv)
{
    if (!csv)
        return;
    buf_done(&csv->text);
    free(csv);
}

static void set_fault(struct csv *csv, enum record_fault fault)
{
    if (csv->record->fault != RECORD_GOOD)
        return;
    csv->record->fault = fault;
    csv->record->fault_field = csv->record->count;
}

static void add(struct csv *csv, const char *at, size_t bytes)
{
    size_t field = csv->record->count;
    size_t room = INTAKE_KEPT_BYTES + CHARACTER_BYTES;
    size_t kept;

    csv->field_bytes += bytes;
    csv->record_bytes += bytes;
    if (bytes > 0)
        csv->record->filled = field + 1;
    if (csv->field_bytes > INTAKE_FIELD_BYTES_MAX)
        set_fault(csv, RECORD_FIELD_LONG);
    else if (csv->record_bytes > INTAKE_RECORD_BYTES_MAX)
        set_fault(csv, RECORD_LONG);
    if (field >= INTAKE_COLUMNS_MAX || bytes == 0)
        return;
    if (csv->record_bytes <= INTAKE_RECORD_BYTES_MAX && csv->field_bytes <= INTAKE_FIELD_BYTES_MAX) {
        buf_add(&csv->text, at, bytes);
        return;
    }
    /* The record is refused: keep what the report shows, and a character more, so that it can be cut between two. */
    kept = csv->text.bytes - csv->starts[field];
    if (kept < room)
        buf_add(&csv->text, at, bytes < room - kept ? bytes : room - kept);
}

/* Blanks before a quote: the quotes would become part of the value. */
static bool has_late_quote(const struct csv *csv)
{
    size_t field = csv->record->count;
    struct span kept;

    if (csv->is_quoted || csv->field_bytes == 0 || field >= INTAKE_COLUMNS_MAX)
        return false;
    kept = (struct span){csv->text.data + csv->starts[field], csv->text.bytes - csv->starts[field]};
    return kept.bytes > 0 && kept.at[0] == ' ' && span_starts(span_trim(kept), "\"");
}

static void end_field(struct csv *csv)
{
    if (has_late_quote(csv))
        set_fault(csv, RECORD_QUOTE);
    csv->is_quoted = false;
    csv->record->count++;
    if (csv->record->count <= INTAKE_COLUMNS_MAX)
        csv->starts[csv->record->count] = csv->text.bytes;
    csv->field_bytes = 0;
    csv->state = FIELD_START;
}

static bool is_plain_end(const struct csv *csv, char byte)
{
    return byte == csv->separator || byte == '\n' || byte == '\r';
}

/* True: the record is complete. */
static bool walk_plain(struct csv *csv)
{
    const char *at = csv->at;
    char byte;

    while (at < csv->end && !is_plain_end(csv, *at))
        at++;
    add(csv, csv->at, (size_t)(at - csv->at));
    csv->at = at;
    csv->state = PLAIN;
    if (at == csv->end)
        return false;
    byte = *csv->at++;
    if (byte == csv->separator)
        end_field(csv);
    else if (byte == '\r')
        csv->state = CR_SEEN;
    return byte == '\n';
}

static void walk_quoted(struct csv *csv)
{
    const char *quote = memchr(csv->at, '"', (size_t)(csv->end - csv->at));
    const char *stop = quote ? quote : csv->end;

    add(csv, csv->at, (size_t)(stop - csv->at));
    csv->at = stop;
    if (!quote)
        return;
    csv->at++;
    csv->state = QUOTE_SEEN;
}

static bool walk_after_quote(struct csv *csv)
{
    if (*csv->at == '"') {
        add(csv, csv->at++, 1);
        csv->state = QUOTED;
        return false;
    }
    if (!is_plain_end(csv, *csv->at))
        set_fault(csv, RECORD_QUOTE);
    return walk_plain(csv);
}

/* Walk over what one state takes of the piece. True: the record is complete. */
static bool step(struct csv *csv)
{
    if (csv->state == FIELD_START && *csv->at == '"') {
        csv->at++;
        csv->state = QUOTED;
        csv->is_quoted = true;
        return false;
    }
    if (csv->state == QUOTED) {
        walk_quoted(csv);
        return false;
    }
    if (csv->state == QUOTE_SEEN)
        return walk_after_quote(csv);
    if (csv->state == CR_SEEN && *csv->at == '\n') {
        csv->at++;
        return true;
    }
    if (csv->state == CR_SEEN && csv->lines == 1)
        csv->ends_in_cr = true;
    if (csv->state == CR_SEEN && csv->ends_in_cr)
        return true;
    if (csv->state == CR_SEEN)
        add(csv, "\r", 1);
    return walk_plain(csv);
}

static bool fill(struct csv *csv, struct error *err)
{
    struct span piece;

    if (csv->is_drained || csv->at < csv->end)
        return true;
    if (!csv->source(csv->context, &piece, err))
        return false;
    csv->is_drained = piece.bytes == 0;
    if (csv->is_drained)
        return true;
    csv->at = piece.at;
    csv->end = piece.at + piece.bytes;
    return true;
}

static void begin_record(struct csv *csv, struct record *record)
{
    record->line = ++csv->lines;
    record->count = 0;
    record->filled = 0;
    record->fault = RECORD_GOOD;
    record->fault_field = 0;
    memset(record->kind, CELL_TEXT, sizeof record->kind);
    csv->record = record;
    csv->state = FIELD_START;
    csv->field_bytes = 0;
    csv->record_bytes = 0;
    buf_clear(&csv->text);
    csv->starts[0] = 0;
}

static void end_record(struct csv *csv)
{
    struct record *record = csv->record;
    const char *text = buf_text(&csv->text);

    end_field(csv);
    for (size_t i = 0; i < record_stored(record); i++)
        record->field[i] = (struct span){text + csv->starts[i], csv->starts[i + 1] - csv->starts[i]};
    if (record->fault != RECORD_FIELD_LONG && record->fault != RECORD_LONG)
        return;
    for (size_t i = 0; i < record_stored(record); i++)
        record->field[i] = utf8_cut(record->field[i], INTAKE_KEPT_BYTES);
}

bool csv_next(struct csv *csv, struct record *record, bool *is_end, struct error *err)
{
    if (!fill(csv, err))
        return false;
    *is_end = csv->is_drained;
    if (*is_end)
        return true;
    begin_record(csv, record);
    while (!csv->is_drained && !step(csv))
        if (!fill(csv, err))
            return false;
    if (csv->state == QUOTED)
        return refuse(err, ERR_INVALID, "file.quote-open",
                      "a quote opened in line %zu is never closed: close it behind the text, or remove it%s",
                      "第 %zu 行的引号一直没有闭合：请在该内容末尾补上引号，或删去这个引号%s", record->line, "");
    end_record(csv);
    return true;
}
