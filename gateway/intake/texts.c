#include "gateway/intake/texts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "gateway/intake/record.h"
#include "gateway/intake/temporary.h"

enum { WINDOW_BYTES = 8192, CHARACTER_BYTES = 4 };

/* A piece of a file. Texts are mostly asked for in the order in which they came: one read serves many. */
struct window {
    uint64_t at;
    struct buf data;
};

struct texts {
    const char *folder;
    struct buf current;
    size_t count;
    /* The first texts. */
    struct buf text;
    struct buf ends; /* uint32_t each: where text i ends */
    size_t kept;
    /* The others; NULL: none. */
    FILE *file;
    FILE *ends_file; /* uint64_t each */
    uint64_t spilled_bytes;
    bool is_flushed;
    struct window text_window;
    struct window ends_window;
};

struct texts *texts_new(const char *folder)
{
    struct texts *texts = memory_new(sizeof *texts);

    texts->folder = folder;
    return texts;
}

void texts_free(struct texts *texts)
{
    if (!texts)
        return;
    if (texts->file)
        fclose(texts->file);
    if (texts->ends_file)
        fclose(texts->ends_file);
    buf_done(&texts->current);
    buf_done(&texts->text);
    buf_done(&texts->ends);
    buf_done(&texts->text_window.data);
    buf_done(&texts->ends_window.data);
    free(texts);
}

void texts_add(struct texts *texts, struct span piece)
{
    size_t room = INTAKE_FIELD_BYTES_MAX + CHARACTER_BYTES - texts->current.bytes;

    buf_add_span(&texts->current, utf8_cut(piece, room));
    if (piece.bytes > room) /* nothing more fits: the next piece must not follow a gap */
        while (texts->current.bytes < INTAKE_FIELD_BYTES_MAX + CHARACTER_BYTES)
            buf_add_byte(&texts->current, ' ');
}

static bool fail_file(struct error *err)
{
    return fail(err, errno == ENOSPC ? ERR_FULL : ERR_IO, "temporary file: %s", strerror(errno));
}

static bool spill(struct texts *texts, struct error *err)
{
    struct span text = buf_span(&texts->current);

    if (!texts->file &&
        (!temporary_file(texts->folder, &texts->file, err) || !temporary_file(texts->folder, &texts->ends_file, err)))
        return false;
    texts->spilled_bytes += text.bytes;
    texts->is_flushed = false;
    if (fwrite(text.at, 1, text.bytes, texts->file) != text.bytes ||
        fwrite(&texts->spilled_bytes, sizeof texts->spilled_bytes, 1, texts->ends_file) != 1)
        return fail_file(err);
    return true;
}

bool texts_end(struct texts *texts, struct error *err)
{
    uint32_t end = (uint32_t)(texts->text.bytes + texts->current.bytes);

    if (texts->file || end + texts->ends.bytes > TEXTS_MEMORY_BYTES) {
        if (!spill(texts, err))
            return false;
    } else {
        buf_add_span(&texts->text, buf_span(&texts->current));
        buf_add(&texts->ends, &end, sizeof end);
        texts->kept++;
    }
    texts->count++;
    buf_clear(&texts->current);
    return true;
}

static bool window_fill(struct window *window, FILE *file, uint64_t at, size_t bytes, struct error *err)
{
    size_t wanted = bytes > WINDOW_BYTES ? bytes : WINDOW_BYTES;
    ssize_t got;

    buf_clear(&window->data);
    buf_reserve(&window->data, wanted);
    do
        got = pread(fileno(file), window->data.data, wanted, (off_t)at);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return fail_file(err);
    window->at = at;
    window->data.bytes = (size_t)got;
    return (size_t)got >= bytes || fail(err, ERR_IO, "temporary file: cut short");
}

/* `bytes` from `at` on, borrowed until the window moves. */
static bool window_read(struct window *window, FILE *file, uint64_t at, size_t bytes, const char **out,
                        struct error *err)
{
    bool is_inside = at >= window->at && at + bytes <= window->at + window->data.bytes;

    if (!is_inside && !window_fill(window, file, at, bytes, err))
        return false;
    *out = window->data.data + (at - window->at);
    return true;
}

static bool flush(struct texts *texts, struct error *err)
{
    if (texts->is_flushed)
        return true;
    if (fflush(texts->file) != 0 || fflush(texts->ends_file) != 0)
        return fail_file(err);
    texts->is_flushed = true;
    return true;
}

static bool get_spilled(struct texts *texts, size_t number, struct span *out, struct error *err)
{
    uint64_t ends[2] = {0, 0};
    size_t first = number == 0 ? 1 : 0; /* of ends: text 0 begins at 0 */
    size_t bytes = (2 - first) * sizeof *ends;
    const char *at;

    if (!flush(texts, err) ||
        !window_read(&texts->ends_window, texts->ends_file, (number - (1 - first)) * sizeof *ends, bytes, &at, err))
        return false;
    memcpy(&ends[first], at, bytes);
    if (ends[1] == ends[0]) {
        *out = SPAN_NONE;
        return true;
    }
    if (!window_read(&texts->text_window, texts->file, ends[0], (size_t)(ends[1] - ends[0]), &at, err))
        return false;
    *out = (struct span){at, (size_t)(ends[1] - ends[0])};
    return true;
}

bool texts_get(struct texts *texts, size_t number, bool *is_there, struct span *out, struct error *err)
{
    uint32_t ends[2] = {0, 0};

    *is_there = number < texts->count;
    if (!*is_there)
        return true;
    if (number >= texts->kept)
        return get_spilled(texts, number - texts->kept, out, err);
    if (number > 0)
        memcpy(&ends[0], texts->ends.data + (number - 1) * sizeof *ends, sizeof *ends);
    memcpy(&ends[1], texts->ends.data + number * sizeof *ends, sizeof *ends);
    *out = (struct span){buf_text(&texts->text) + ends[0], ends[1] - ends[0]};
    return true;
}
