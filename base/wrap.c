#include "base/wrap.h"

#include <string.h>

#include "base/text.h"

/* The bytes of the character that begins the text. */
static size_t first_bytes(struct span text)
{
    size_t bytes = 1;

    while (bytes < text.bytes && ((unsigned char)text.at[bytes] & 0xC0) == 0x80)
        bytes++;
    return bytes;
}

static bool begins_with_one_of(struct span text, const char *const *signs)
{
    for (; *signs; signs++)
        if (span_starts(text, *signs))
            return true;
    return false;
}

static bool is_closing(struct span text)
{
    static const char *const SIGNS[] = {"，", "。", "、", "；", "：", "！", "？", "”",
                                        "’",  "）", "》", "」", "】", "…",  NULL};

    return begins_with_one_of(text, SIGNS);
}

static bool is_opening(struct span text)
{
    static const char *const SIGNS[] = {"“", "‘", "（", "《", "「", "【", NULL};

    return begins_with_one_of(text, SIGNS);
}

static struct span rest_of(struct span text, size_t bytes)
{
    return (struct span){text.at + bytes, text.bytes - bytes};
}

/* What may not be torn apart: opening signs, a word of ASCII or one other character, closing signs. */
static size_t piece_bytes(struct span text)
{
    size_t bytes = 0;

    while (bytes < text.bytes && is_opening(rest_of(text, bytes)))
        bytes += first_bytes(rest_of(text, bytes));
    if (bytes < text.bytes && (unsigned char)text.at[bytes] < 0x80)
        while (bytes < text.bytes && text.at[bytes] != ' ' && (unsigned char)text.at[bytes] < 0x80)
            bytes++;
    else if (bytes < text.bytes)
        bytes += first_bytes(rest_of(text, bytes));
    while (bytes < text.bytes && is_closing(rest_of(text, bytes)))
        bytes += first_bytes(rest_of(text, bytes));
    return bytes;
}

struct line {
    struct buf *out;
    size_t at;
    size_t indent;
    size_t width;
};

static void break_line(struct line *line)
{
    buf_add_byte(line->out, '\n');
    for (size_t i = 0; i < line->indent; i++)
        buf_add_byte(line->out, ' ');
    line->at = line->indent;
}

/* A piece longer than any line: character by character. */
static void add_long(struct line *line, struct span piece)
{
    while (piece.bytes > 0) {
        struct span character = {piece.at, first_bytes(piece)};
        size_t columns = utf8_columns(character);

        if (line->at + columns > line->width && line->at > line->indent)
            break_line(line);
        buf_add_span(line->out, character);
        line->at += columns;
        piece = rest_of(piece, character.bytes);
    }
}

static void add_piece(struct line *line, struct span piece, size_t spaces)
{
    size_t columns = utf8_columns(piece);
    size_t hanging = piece.bytes > 3 && is_closing(rest_of(piece, piece.bytes - 3)) ? 2 : 0;
    bool fits = line->at + spaces + columns <= line->width + hanging;

    if (!fits && line->at > line->indent) {
        break_line(line);
        spaces = 0;
    }
    for (size_t i = 0; i < spaces; i++)
        buf_add_byte(line->out, ' ');
    line->at += spaces;
    if (line->at + columns > line->width + hanging) {
        add_long(line, piece);
        return;
    }
    buf_add_span(line->out, piece);
    line->at += columns;
}

void wrap_add(struct buf *out, struct span text, size_t at, size_t indent, size_t width)
{
    AUTO(buf_done) struct buf shown = BUF_INIT;
    struct line line = {out, at, indent, width > indent + 2 ? width : indent + 2};

    text_shown_add(&shown, text);
    text = buf_span(&shown);
    while (text.bytes > 0) {
        size_t spaces = 0;
        size_t bytes;

        while (spaces < text.bytes && text.at[spaces] == ' ')
            spaces++;
        text = rest_of(text, spaces);
        bytes = piece_bytes(text);
        if (bytes > 0)
            add_piece(&line, (struct span){text.at, bytes}, spaces);
        text = rest_of(text, bytes);
    }
}
