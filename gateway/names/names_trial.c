#include "gateway/names/names_trial.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

enum { FILE_BYTES_MAX = 256 * 1024 * 1024, QUESTIONS_STEP = 1024 };

const char *const TRIAL_OUTCOMES[] = {"good", "missed", "wrong", "false"};

static struct span cut_at(struct span *rest, char mark)
{
    const char *end = rest->bytes ? memchr(rest->at, mark, rest->bytes) : NULL;
    struct span part = {rest->at, end ? (size_t)(end - rest->at) : rest->bytes};
    size_t taken = part.bytes + (end ? 1 : 0);

    *rest = (struct span){rest->at + taken, rest->bytes - taken};
    return part;
}

static bool read_question(struct span line, struct trial_question *out, struct error *err)
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

bool trial_questions_read(const char *path, struct trial_questions *out, struct error *err)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    struct span rest;

    if (!file_read(path, FILE_BYTES_MAX, &bytes, err))
        return false;
    rest = buf_span(&bytes);
    for (int line = 1; rest.bytes; line++) {
        if (out->count % QUESTIONS_STEP == 0)
            out->at = memory_resize(out->at, (out->count + QUESTIONS_STEP) * sizeof(*out->at));
        out->at[out->count] = (struct trial_question){.line = line};
        if (!read_question(cut_at(&rest, '\n'), &out->at[out->count], err))
            return fail_in(err, "%s, line %d", path, line);
        out->count++;
    }
    return true;
}

void trial_questions_done(struct trial_questions *questions)
{
    for (size_t i = 0; i < questions->count; i++)
        text_free(questions->at[i].text);
    free(questions->at);
    *questions = (struct trial_questions){.count = 0};
}

/* --- counting --- */

void trial_results_free(struct trial_result *results)
{
    free(results);
}

static int highest_first(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x < y) - (x > y);
}

double trial_recall(const struct trial_result *results, size_t count, double share, double *least)
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

double trial_first(const struct trial_result *results, size_t count)
{
    size_t with = 0;
    size_t right = 0;

    for (size_t i = 0; i < count; i++) {
        with += results[i].question->truth[0] != '\0';
        right += results[i].is_right;
    }
    return with ? (double)right / (double)with : 0;
}

size_t trial_ambiguous_same(const struct trial_result *results, size_t count)
{
    size_t wrong = 0;

    for (size_t i = 0; i < count; i++)
        wrong += results[i].question->is_ambiguous && results[i].is_same;
    return wrong;
}

/* --- asking --- */

bool trial_ask(struct names *names, const struct trial_question *question, struct trial_result *out,
               struct name_answer *answer, struct error *err)
{
    struct name_answer found = {.count = 0};

    *out = (struct trial_result){.question = question};
    if (!names_find(names, span_of(question->text), &found, err) && err->code != ERR_LIMIT)
        return fail_in(err, "line %d", question->line);
    if (found.count > 0) {
        out->score = found.candidates[0].score;
        out->is_same = found.candidates[0].strength == STRENGTH_SAME;
        out->is_right = strcmp(found.candidates[0].code, question->truth) == 0;
    }
    if (answer)
        *answer = found;
    return true;
}

enum trial_outcome trial_outcome(const struct trial_result *result, double least)
{
    if (result->question->truth[0] == '\0')
        return result->score > 0 && result->score >= least ? TRIAL_FALSE : TRIAL_GOOD;
    if (!result->is_right)
        return TRIAL_WRONG;
    return result->score > least ? TRIAL_GOOD : TRIAL_MISSED;
}
