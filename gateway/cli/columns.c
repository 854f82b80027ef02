#include "gateway/cli/columns.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct cell {
    char *text;
    size_t columns;
    bool is_number;
};

struct columns {
    size_t count;
    struct cell *cells;
    size_t used;
    size_t room;
    size_t width[COLUMNS_MAX];
};

struct columns *columns_new(size_t count)
{
    struct columns *columns = memory_new(sizeof *columns);

    columns->count = count < COLUMNS_MAX ? count : COLUMNS_MAX;
    return columns;
}

void columns_free(struct columns *columns)
{
    if (!columns)
        return;
    for (size_t i = 0; i < columns->used; i++)
        free(columns->cells[i].text);
    free(columns->cells);
    free(columns);
}

static void add_cell(struct columns *columns, const char *text, bool is_number)
{
    AUTO(buf_done) struct buf safe = BUF_INIT;
    struct cell *cell;
    size_t *width = &columns->width[columns->used % columns->count];

    if (columns->used == columns->room) {
        columns->room = columns->room ? 2 * columns->room : 64;
        columns->cells = memory_resize(columns->cells, columns->room * sizeof *columns->cells);
    }
    columns_safe_add(&safe, span_of(text), 0);
    cell = &columns->cells[columns->used++];
    *cell = (struct cell){memory_copy_text(buf_text(&safe)), utf8_columns(buf_span(&safe)), is_number};
    if (cell->columns > *width)
        *width = cell->columns;
}

void columns_add(struct columns *columns, const char *text)
{
    add_cell(columns, text, false);
}

void columns_add_number(struct columns *columns, int64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)number);
    add_cell(columns, text, true);
}

/* A heading stands over numbers when the first cell below it is one. */
static bool is_to_the_right(const struct columns *columns, size_t at)
{
    return columns->cells[at].is_number || (at < columns->count && at + columns->count < columns->used &&
                                            columns->cells[at + columns->count].is_number);
}

void columns_print(const struct columns *columns, size_t indent, FILE *to)
{
    for (size_t i = 0; i < columns->used; i++) {
        const struct cell *cell = &columns->cells[i];
        size_t column = i % columns->count;
        int padding = (int)(columns->width[column] - cell->columns);
        bool is_last = column + 1 == columns->count || i + 1 == columns->used;
        bool is_right = is_to_the_right(columns, i);

        if (column == 0)
            fprintf(to, "%*s", (int)indent, "");
        if (is_right)
            fprintf(to, "%*s%s", padding, "", cell->text);
        else
            fprintf(to, "%s%*s", cell->text, is_last ? 0 : padding, "");
        fputs(is_last ? "\n" : "  ", to);
    }
}

/* --- words --- */

/* Length of the UTF-8 character at the beginning; 0 when there is none. */
static size_t character(struct span text)
{
    size_t bytes = 1;
    unsigned char first = (unsigned char)text.at[0];

    if (first >= 0xf0)
        bytes = 4;
    else if (first >= 0xe0)
        bytes = 3;
    else if (first >= 0xc0)
        bytes = 2;
    if (bytes > text.bytes || !utf8_is_valid((struct span){text.at, bytes}, NULL))
        return 0;
    return bytes;
}

static bool turns_direction(const char *at, size_t bytes)
{
    const unsigned char *c = (const unsigned char *)at;

    if (bytes == 2)
        return c[0] == 0xc2 && c[1] < 0xa0; /* C1 controls */
    if (bytes != 3 || c[0] != 0xe2)
        return false;
    return (c[1] == 0x80 && (c[2] == 0x8e || c[2] == 0x8f || (c[2] >= 0xa8 && c[2] <= 0xae))) ||
           (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9);
}

void columns_safe_add(struct buf *out, struct span text, size_t indent)
{
    while (text.bytes > 0) {
        size_t bytes = character(text);
        unsigned char first = (unsigned char)text.at[0];

        if (first == '\n' && indent > 0) {
            buf_addf(out, "\n%*s", (int)indent, "");
        } else if (bytes == 0 || (bytes == 1 && (first < ' ' || first == 0x7f)) || turns_direction(text.at, bytes)) {
            bytes = bytes ? bytes : 1;
            for (size_t i = 0; i < bytes; i++)
                buf_addf(out, "\\x%02x", (unsigned char)text.at[i]);
        } else {
            buf_add(out, text.at, bytes);
        }
        text.at += bytes;
        text.bytes -= bytes;
    }
}

void columns_instant_add(struct buf *out, const char *rfc3339)
{
    enum { DAY = 10, SECOND = 19 };

    if (!rfc3339 || strlen(rfc3339) < SECOND || rfc3339[DAY] != 'T') {
        buf_add_text(out, "-");
        return;
    }
    buf_addf(out, "%.*s %.*s", DAY, rfc3339, SECOND - DAY - 1, rfc3339 + DAY + 1);
}

void columns_age_add(struct buf *out, int64_t age_ms, bool is_english)
{
    static const struct {
        int64_t seconds;
        const char *zh;
        const char *en;
    } UNITS[] = {{86400, "天", "day"}, {3600, "小时", "hour"}, {60, "分", "minute"}, {1, "秒", "second"}};
    int64_t rest = age_ms > 0 ? age_ms / 1000 : 0;
    size_t first = 0;

    while (first + 1 < COUNT_OF(UNITS) && rest < UNITS[first].seconds)
        first++;
    for (size_t i = first; i < COUNT_OF(UNITS) && i < first + 2; i++) {
        int64_t number = rest / UNITS[i].seconds;

        rest %= UNITS[i].seconds;
        if (number == 0 && i > first)
            continue;
        if (is_english)
            buf_addf(out, "%s%lld %s%s", i > first ? " " : "", (long long)number, UNITS[i].en, number == 1 ? "" : "s");
        else
            buf_addf(out, "%s%lld %s", i > first ? " " : "", (long long)number, UNITS[i].zh);
    }
}
