#include "gateway/names/names_score.h"

#include <math.h>
#include <stdlib.h>

enum { RELATIVES = 5 /* of so many of the best is a relative imagined */ };

static const double FAR_BEHIND = 30; /* logs */

/* For each company of the register the world has so many that somebody may mean. */
static const double WORLD_PART = 7;
static const double WORLD_LEAST = 1000;
static const double REGION_LEFT_OUT = 0.02;   /* as FIT_REGION_MISSING */
static const double KIN_CHANCE = 0.05;        /* a company has a relative in the world that is asked for */
static const double KIN_CHANCE_BRANCH = 1;    /* a branch has several */
static const double KIN_CHANCE_EQUAL = 0.002; /* one that differs in region or form of organisation only */
static const double KIN_ELSEWHERE = 0.01;     /* a relative is in just that other place */
static const double UNKNOWN_LOG_LEAST = -6;   /* a unit: the model knows nothing worse */
static const double EQUAL_LOG = 12;           /* names are given once in a place */
/* The odds are tempered: slips are not as independent as the sum of their logs says. */
static const double TEMPER = 0.35;
static const double GENERIC_SCORE_MAX = 0.3;

struct judging {
    const struct score_side *side;
    const struct fit_name *asked;
    uint32_t found[2 * INDEX_FOUND_MAX];
    double quick[2 * INDEX_FOUND_MAX];
    size_t count;
    double kin_log;
};

static double log_add(double a, double b)
{
    double high = fmax(a, b);

    return high + log1p(exp(fmin(a, b) - high));
}

static double world_log(const struct score_side *side)
{
    return -log(fmax(WORLD_LEAST, WORLD_PART * (double)side->subjects));
}

static void name_of(const struct judging *judging, uint32_t entry, struct fit_name *out)
{
    struct index_entry_view view = names_index_entry(judging->side->index, entry);

    fit_name_set(judging->side->align->tables, view.at, view.count, out);
    out->division = judging->side->divisions[view.subject];
}

/* --- candidates --- */

static void look(struct judging *judging)
{
    const struct name_form *form = &judging->asked->form;
    size_t same = names_index_same(judging->side->index, form, judging->found);
    size_t all = same + names_index_find(judging->side->index, form, judging->found + same);

    judging->count = 0;
    for (size_t i = 0; i < all; i++) {
        bool is_new = true;

        for (size_t k = 0; k < same && k < i; k++)
            is_new = is_new && judging->found[k] != judging->found[i];
        if (is_new)
            judging->found[judging->count++] = judging->found[i];
    }
}

/* Keep those that look best, so that the dear readings are few. What is far behind the best so far is not looked at to
 * its end: it could take nothing from the best one's chance. */
static void keep_best(struct judging *judging)
{
    double best = ALIGN_NEVER;

    for (size_t i = 0; i < judging->count; i++) {
        struct fit_name name;

        name_of(judging, judging->found[i], &name);
        judging->quick[i] = fit_quick_log(judging->side->align, &name, judging->asked, best - FAR_BEHIND);
        best = fmax(best, judging->quick[i]);
    }
    for (size_t i = 1; i < judging->count; i++) {
        double quick = judging->quick[i];
        uint32_t entry = judging->found[i];
        size_t at = i;

        for (; at > 0 && judging->quick[at - 1] < quick; at--) {
            judging->quick[at] = judging->quick[at - 1];
            judging->found[at] = judging->found[at - 1];
        }
        judging->quick[at] = quick;
        judging->found[at] = entry;
    }
    if (judging->count > SCORE_JUDGED_MAX)
        judging->count = SCORE_JUDGED_MAX;
}

static bool is_equal(const struct name_form *a, const struct name_form *b)
{
    return a->count == b->count && memcmp(a->at, b->at, a->count * sizeof(*a->at)) == 0;
}

static bool is_namesake(const struct fit_name *name, const struct fit_name *asked)
{
    size_t count = (size_t)(name->form.count - name->parts.core);

    return name->parts.places > 0 && asked->parts.places == 0 && count == asked->form.count &&
           memcmp(name->form.at + name->parts.core, asked->form.at, count * sizeof(*asked->form.at)) == 0;
}

static void merge(struct scores *scores, const struct score_one *one)
{
    for (size_t i = 0; i < scores->count; i++) {
        if (scores->one[i].subject != one->subject)
            continue;
        if (one->log > scores->one[i].log)
            scores->one[i] = *one;
        return;
    }
    scores->one[scores->count++] = *one;
}

static void judge(const struct judging *judging, uint32_t entry, struct scores *scores)
{
    struct score_one one = {.entry = entry};
    struct fit_name name;
    struct fit fit;

    name_of(judging, entry, &name);
    one.subject = names_index_entry(judging->side->index, entry).subject;
    one.is_equal = is_equal(&name.form, &judging->asked->form);
    one.is_namesake = is_namesake(&name, judging->asked);
    fit_best(judging->side->align, &name, judging->asked, &fit);
    one.log = fit.log + world_log(judging->side) + (one.is_equal ? EQUAL_LOG : 0);
    merge(scores, &one);
}

static int best_first(const void *a, const void *b)
{
    const struct score_one *x = a;
    const struct score_one *y = b;

    if (x->log != y->log)
        return x->log < y->log ? 1 : -1;
    return (x->subject > y->subject) - (x->subject < y->subject);
}

/* --- the unknown --- */

static double unknown_log(const struct judging *judging)
{
    const struct name_model *model = judging->side->align->model;
    const struct fit_name *asked = judging->asked;
    double whole = name_model_log(model, asked->form.at, asked->form.count, MODEL_WHOLE);
    double least = UNKNOWN_LOG_LEAST * asked->form.count;
    double cut;

    if (asked->parts.places > 0)
        return fmax(whole, least);
    cut = name_model_log(model, asked->form.at, asked->form.count, MODEL_WITHOUT_REGION) + log(REGION_LEFT_OUT);
    return fmax(log_add(whole, cut), least);
}

static double kin_chance(const struct judging *judging, struct fit_name *name, bool is_equal)
{
    if (is_equal)
        return KIN_CHANCE_EQUAL;
    name_split_trade(judging->side->align->tables, &name->form, &name->parts);
    return name->parts.branch < name->form.count ? KIN_CHANCE_BRANCH : KIN_CHANCE;
}

/* How natural the one is as a name beside the other: a slip makes what nobody would have chosen. */
static double naturalness(const struct name_model *model, struct units meant, struct units written)
{
    return name_model_log(model, written.at, written.count, MODEL_WHOLE) -
           name_model_log(model, meant.at, meant.count, MODEL_WHOLE);
}

static struct units core_without_suffix(const struct fit_name *name)
{
    return (struct units){name->form.at + name->parts.core, (size_t)(name->parts.suffix - name->parts.core)};
}

/* A relative of one candidate: read as the candidate was, but with another stretch of characters where the slips were;
 * or the same enterprise's sister in another place. */
static double relative_of(const struct judging *judging, uint32_t entry)
{
    const struct align *align = judging->side->align;
    struct fit_name name;
    struct fit fit;
    double kin;

    name_of(judging, entry, &name);
    fit_best(align, &name, judging->asked, &fit);
    kin = align_kin_log(fit.meant, fit.written);
    kin = fmin(kin, naturalness(align->model, fit.meant, fit.written)) + fit.part_log +
          log(kin_chance(judging, &name, kin == 0));
    if (fit.region == FIT_REGION_UNREAD || fit.region == FIT_REGION_NEAR || fit.region == FIT_REGION_COARSE)
        kin = fmax(kin, align_kin_log(core_without_suffix(&name), core_without_suffix(judging->asked)) +
                            log(KIN_CHANCE * KIN_ELSEWHERE));
    return kin;
}

static double relative_log(const struct judging *judging, const struct scores *scores)
{
    double best = ALIGN_NEVER;

    for (size_t i = 0; i < scores->count && i < RELATIVES; i++)
        best = fmax(best, relative_of(judging, scores->one[i].entry));
    return best + world_log(judging->side);
}

/* --- all together --- */

static void give_scores(const struct judging *judging, struct scores *scores)
{
    bool has_equal = scores->count > 0 && scores->one[0].is_equal;
    double others = unknown_log(judging);

    if (!has_equal)
        others = log_add(others, relative_log(judging, scores));
    for (size_t i = 0; i < scores->count; i++) {
        double against = others;
        double odds;

        for (size_t k = 0; k < scores->count; k++) {
            if (k != i)
                against = log_add(against, scores->one[k].log);
        }
        odds = scores->one[i].log - against;
        scores->one[i].score = 1 / (1 + exp(-TEMPER * odds));
        if (scores->is_generic && !scores->one[i].is_equal)
            scores->one[i].score *= GENERIC_SCORE_MAX;
    }
}

void score_all(const struct score_side *side, const struct fit_name *asked, struct scores *out)
{
    struct judging judging = {.side = side, .asked = asked};

    *out = (struct scores){.count = 0};
    out->is_generic = asked->parts.industry == asked->parts.core;
    if (asked->form.count == 0)
        return;
    look(&judging);
    keep_best(&judging);
    for (size_t i = 0; i < judging.count; i++)
        judge(&judging, judging.found[i], out);
    qsort(out->one, out->count, sizeof(*out->one), best_first);
    for (size_t i = 0; i < out->count; i++) {
        out->equals += out->one[i].is_equal;
        out->namesakes += out->one[i].is_namesake;
    }
    give_scores(&judging, out);
}
