#include "tests/bench/naming.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/text.h"

enum { FILE_BYTES_MAX = 256 * 1024 * 1024, ROWS_STEP = 65536 };

static struct span cut_at(struct span *rest, char mark)
{
    const char *end = rest->bytes ? memchr(rest->at, mark, rest->bytes) : NULL;
    struct span part = {rest->at, end ? (size_t)(end - rest->at) : rest->bytes};
    size_t taken = part.bytes + (end ? 1 : 0);

    *rest = (struct span){rest->at + taken, rest->bytes - taken};
    return part;
}

bool naming_rows_read(const char *path, struct naming_rows *out, struct error *err)
{
    struct span rest;

    if (!file_read(path, FILE_BYTES_MAX, &out->bytes, err))
        return false;
    rest = buf_span(&out->bytes);
    (void)cut_at(&rest, '\n');
    while (rest.bytes) {
        struct span line = cut_at(&rest, '\n');
        struct naming_row row = {.code = cut_at(&line, '\t'), .name = cut_at(&line, '\t')};
        size_t last = line.bytes;

        while (last > 0 && line.at[last - 1] != '\t')
            last--;
        row.is_absent = span_is((struct span){line.at + last, line.bytes - last}, "absent");
        if (out->count % ROWS_STEP == 0)
            out->at = memory_resize(out->at, (out->count + ROWS_STEP) * sizeof(*out->at));
        out->at[out->count++] = row;
    }
    return true;
}

void naming_rows_done(struct naming_rows *rows)
{
    buf_done(&rows->bytes);
    free(rows->at);
    *rows = (struct naming_rows){.count = 0};
}

double naming_pairs_alike(const struct name_form *a, const struct name_form *b)
{
    bool is_taken[NAME_UNITS_MAX] = {false};
    size_t shared = 0;

    for (size_t i = 0; i + 1 < a->count; i++) {
        for (size_t k = 0; k + 1 < b->count; k++) {
            if (a->at[i] == b->at[k] && a->at[i + 1] == b->at[k + 1] && !is_taken[k]) {
                is_taken[k] = true;
                shared++;
                break;
            }
        }
    }
    return a->count > 1 && b->count > 1 ? 2.0 * (double)shared / (a->count + b->count - 2) : 0;
}
