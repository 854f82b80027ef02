#include "gateway/jobs/listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/intake/temporary.h"

struct listing {
    bool is_chinese;
    const struct listing_column *columns;
    size_t count;
    size_t widths[LISTING_COLUMNS_MAX];
    uint64_t rows;
    FILE *cells; /* each: u32 of its length, its bytes, ready to be shown */
    FILE *json;
    struct buf line;
    struct buf cell;
};

static struct span header(const struct listing *listing, size_t column)
{
    return span_of(listing->is_chinese ? listing->columns[column].zh : listing->columns[column].en);
}

bool listing_new(const char *folder, bool is_chinese, const struct listing_column *columns, size_t count,
                 struct listing **out, struct error *err)
{
    AUTO(listing_free) struct listing *listing = memory_new(sizeof *listing);

    if (count > LISTING_COLUMNS_MAX)
        return fail(err, ERR_INTERNAL, "a table of %zu columns", count);
    listing->is_chinese = is_chinese;
    listing->columns = columns;
    listing->count = count;
    for (size_t i = 0; i < count; i++)
        listing->widths[i] = utf8_columns(header(listing, i));
    if (!temporary_file(folder, &listing->cells, err) || !temporary_file(folder, &listing->json, err))
        return false;
    *out = TAKE(listing);
    return true;
}

void listing_free(struct listing *listing)
{
    if (!listing)
        return;
    if (listing->cells)
        fclose(listing->cells);
    if (listing->json)
        fclose(listing->json);
    buf_done(&listing->line);
    buf_done(&listing->cell);
    free(listing);
}

static void keep_cell(struct listing *listing, size_t column, struct span text)
{
    size_t most = listing->columns[column].most;
    size_t width;
    uint32_t bytes;

    buf_clear(&listing->cell);
    text_shown_add(&listing->cell, text);
    width = utf8_columns(buf_span(&listing->cell));
    if (most > 0 && width > most)
        width = most;
    if (width > listing->widths[column])
        listing->widths[column] = width;
    bytes = (uint32_t)listing->cell.bytes;
    fwrite(&bytes, sizeof bytes, 1, listing->cells);
    fwrite(buf_text(&listing->cell), 1, bytes, listing->cells);
}

void listing_row(struct listing *listing, const struct span *cells, struct span json)
{
    for (size_t i = 0; i < listing->count; i++)
        keep_cell(listing, i, cells[i]);
    if (listing->rows++ > 0)
        fputc(',', listing->json);
    fwrite(json.at, 1, json.bytes, listing->json);
}

uint64_t listing_rows(const struct listing *listing)
{
    return listing->rows;
}

static bool rewind_file(FILE *file, struct error *err)
{
    if (fflush(file) == 0 && !ferror(file) && fseeko(file, 0, SEEK_SET) == 0)
        return true;
    return fail(err, errno == ENOSPC ? ERR_FULL : ERR_IO, "temporary file: %s", strerror(errno));
}

static bool read_cell(struct listing *listing, struct error *err)
{
    uint32_t bytes;

    buf_clear(&listing->cell);
    if (fread(&bytes, sizeof bytes, 1, listing->cells) != 1)
        return fail(err, ERR_IO, "temporary file: it ends early");
    buf_reserve(&listing->cell, bytes + 1);
    if (fread(listing->cell.data, 1, bytes, listing->cells) != bytes)
        return fail(err, ERR_IO, "temporary file: it ends early");
    listing->cell.bytes = bytes;
    return true;
}

static void add_cell(struct listing *listing, size_t column, struct span text)
{
    size_t width = listing->widths[column];
    size_t columns = utf8_columns(text);

    if (column > 0)
        buf_add_text(&listing->line, "  ");
    if (column + 1 == listing->count && !listing->columns[column].is_right) {
        buf_add_span(&listing->line, text);
        return;
    }
    for (size_t i = columns; listing->columns[column].is_right && i < width; i++)
        buf_add_byte(&listing->line, ' ');
    text_padded_add(&listing->line, text, listing->columns[column].is_right && columns < width ? columns : width);
}

static void write_line(struct listing *listing, FILE *out)
{
    struct buf *line = &listing->line;

    while (line->bytes > 0 && line->data[line->bytes - 1] == ' ')
        line->bytes--;
    buf_add_byte(line, '\n');
    fwrite(line->data, 1, line->bytes, out);
    buf_clear(line);
}

bool listing_write_table(struct listing *listing, FILE *out, struct error *err)
{
    if (listing->rows == 0)
        return true;
    if (!rewind_file(listing->cells, err))
        return false;
    buf_clear(&listing->line);
    for (size_t i = 0; i < listing->count; i++)
        add_cell(listing, i, header(listing, i));
    write_line(listing, out);
    for (uint64_t row = 0; row < listing->rows; row++) {
        for (size_t i = 0; i < listing->count; i++) {
            if (!read_cell(listing, err))
                return false;
            add_cell(listing, i, buf_span(&listing->cell));
        }
        write_line(listing, out);
    }
    fputc('\n', out);
    return true;
}

bool listing_write_json(struct listing *listing, FILE *out, struct error *err)
{
    char piece[16384];
    size_t bytes;

    if (!rewind_file(listing->json, err))
        return false;
    while ((bytes = fread(piece, 1, sizeof piece, listing->json)) > 0)
        fwrite(piece, 1, bytes, out);
    return !ferror(listing->json) || fail(err, ERR_IO, "temporary file: %s", strerror(errno));
}
