#include "tests/bench/naming.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"

enum { FILE_BYTES_MAX = 256 * 1024 * 1024, ROWS_STEP = 65536, QUESTIONS_STEP = 1024 };

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

static bool read_question(struct span line, struct naming_question *out, struct error *err)
{
    AUTO(json_release) json_t *value = NULL;
    const char *text;
    const char *truth;
    const char *kind;
    const char *strength;

    if (!json_read(line, JSON_BYTES_MAX, &value, err))
        return false;
    text = json_text_of(value, "query");
    truth = json_text_of(value, "truth");
    kind = json_text_of(value, "kind");
    strength = json_text_of(value, "strength");
    if (!text || !kind || !strength || (truth && strlen(truth) != NAME_CODE_BYTES))
        return fail(err, ERR_INVALID, "not a labelled question");
    out->text = memory_copy_text(text);
    (void)snprintf(out->truth, sizeof(out->truth), "%s", truth ? truth : "");
    (void)snprintf(out->kind, sizeof(out->kind), "%s", kind);
    out->is_ambiguous = strcmp(strength, "ambiguous") == 0;
    return true;
}

bool naming_questions_read(const char *path, struct naming_questions *out, struct error *err)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    struct span rest;

    if (!file_read(path, FILE_BYTES_MAX, &bytes, err))
        return false;
    rest = buf_span(&bytes);
    for (int line = 1; rest.bytes; line++) {
        if (out->count % QUESTIONS_STEP == 0)
            out->at = memory_resize(out->at, (out->count + QUESTIONS_STEP) * sizeof(*out->at));
        out->at[out->count] = (struct naming_question){.line = line};
        if (!read_question(cut_at(&rest, '\n'), &out->at[out->count], err))
            return fail_in(err, "%s, line %d", path, line);
        out->count++;
    }
    return true;
}

void naming_questions_done(struct naming_questions *questions)
{
    for (size_t i = 0; i < questions->count; i++)
        text_free(questions->at[i].text);
    free(questions->at);
    *questions = (struct naming_questions){.count = 0};
}

/* --- counting --- */

void naming_results_free(struct naming_result *results)
{
    free(results);
}

static int highest_first(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x < y) - (x > y);
}

double naming_recall(const struct naming_result *results, size_t count, double share, double *least)
{
    double *without = memory_new(count * sizeof(*without) + 1);
    size_t without_count = 0;
    size_t with = 0;
    size_t reached = 0;
    size_t allowed;

    for (size_t i = 0; i < count; i++) {
        if (results[i].question->truth[0] == '\0')
            without[without_count++] = results[i].score;
    }
    qsort(without, without_count, sizeof(*without), highest_first);
    allowed = (size_t)((double)without_count * share);
    *least = allowed < without_count ? without[allowed] : 0;
    for (size_t i = 0; i < count; i++) {
        with += results[i].question->truth[0] != '\0';
        reached += results[i].is_right && results[i].score > *least;
    }
    free(without);
    return with ? (double)reached / (double)with : 0;
}

double naming_first(const struct naming_result *results, size_t count)
{
    size_t with = 0;
    size_t right = 0;

    for (size_t i = 0; i < count; i++) {
        with += results[i].question->truth[0] != '\0';
        right += results[i].is_right;
    }
    return with ? (double)right / (double)with : 0;
}

size_t naming_ambiguous_same(const struct naming_result *results, size_t count)
{
    size_t wrong = 0;

    for (size_t i = 0; i < count; i++)
        wrong += results[i].question->is_ambiguous && results[i].is_same;
    return wrong;
}

/* --- plain pairs --- */

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
