#include "gateway/names/names.h"

#include <stdlib.h>

#include "base/text.h"
#include "gateway/names/names_reasons.h"
#include "gateway/names/names_score.h"

enum { SUBJECTS_FIRST = 4096 };
static const double LIKELY_SCORE = 0.5;
static const double POSSIBLE_SCORE = 0.002; /* less is not worth a look */

const char *const NAME_STRENGTHS[STRENGTH_COUNT] = {"same", "likely", "possible"};

struct subject {
    char code[NAME_CODE_BYTES];
};

struct names {
    const struct name_tables *tables;
    struct name_model *model;
    struct names_index *index;
    struct subject *subjects;
    uint32_t *divisions; /* of each subject, as a number */
    size_t subject_count;
    size_t subject_room;
    uint32_t *codes; /* hash of a code: 1 + subject, next by probing */
    size_t code_slots;
    struct align align;
    bool is_ready;
};

struct names *names_new(const struct name_tables *tables)
{
    struct names *names = memory_new(sizeof(*names));

    names->tables = tables;
    names->model = name_model_new();
    names->index = names_index_new();
    names->align = (struct align){tables, names->model};
    names->code_slots = (size_t)SUBJECTS_FIRST * 2;
    names->codes = memory_new(names->code_slots * sizeof(*names->codes));
    return names;
}

void names_free(struct names *names)
{
    if (!names)
        return;
    name_model_free(names->model);
    names_index_free(names->index);
    free(names->subjects);
    free(names->divisions);
    free(names->codes);
    free(names);
}

/* --- subjects --- */

static uint32_t *code_slot(const struct names *names, const char code[NAME_CODE_BYTES])
{
    size_t at = name_code_hash(code) & (names->code_slots - 1);

    while (names->codes[at] && memcmp(names->subjects[names->codes[at] - 1].code, code, NAME_CODE_BYTES) != 0)
        at = (at + 1) & (names->code_slots - 1);
    return &names->codes[at];
}

static void grow_subjects(struct names *names)
{
    names->subject_room = names->subject_room ? names->subject_room * 2 : SUBJECTS_FIRST;
    names->subjects = memory_resize(names->subjects, names->subject_room * sizeof(*names->subjects));
    names->divisions = memory_resize(names->divisions, names->subject_room * sizeof(*names->divisions));
    free(names->codes);
    names->code_slots = names->subject_room * 2;
    names->codes = memory_new(names->code_slots * sizeof(*names->codes));
    for (uint32_t i = 0; i < names->subject_count; i++)
        *code_slot(names, names->subjects[i].code) = i + 1;
}

/* Digits 3 to 8 of a unified social credit code (GB 32100-2015) are the division that registered it. */
static uint32_t division_of(const char code[NAME_CODE_BYTES])
{
    int64_t number;

    return integer_parse((struct span){code + 2, 6}, &number) ? (uint32_t)number : 0;
}

static uint32_t subject_of(struct names *names, const char code[NAME_CODE_BYTES])
{
    uint32_t *slot;

    if (names->subject_count == names->subject_room)
        grow_subjects(names);
    slot = code_slot(names, code);
    if (!*slot) {
        memcpy(names->subjects[names->subject_count].code, code, NAME_CODE_BYTES);
        names->divisions[names->subject_count] = division_of(code);
        *slot = (uint32_t)++names->subject_count;
    }
    return *slot - 1;
}

/* One that came later: has the company this name already? */
static bool is_known(const struct names *names, const struct name_form *form, uint32_t subject, bool is_former)
{
    uint32_t found[INDEX_FOUND_MAX];
    size_t count = names_index_same(names->index, form, found);

    for (size_t i = 0; i < count; i++) {
        if (names_index_entry(names->index, found[i]).subject != subject)
            continue;
        names_index_set_former(names->index, found[i], is_former);
        return true;
    }
    return false;
}

bool names_add(struct names *names, struct span code, struct span name, bool is_former, struct error *err)
{
    struct name_form form;
    struct name_parts parts;
    uint32_t subject;

    if (code.bytes != NAME_CODE_BYTES)
        return fail(err, ERR_INVALID, "a code has %d characters", NAME_CODE_BYTES);
    if (!name_normal(names->tables, name, &form, err))
        return false;
    subject = subject_of(names, code.at);
    if (names->is_ready && is_known(names, &form, subject, is_former))
        return true;
    name_split(names->tables, &form, &parts);
    if (!names_index_add(names->index, &form, subject, is_former, err))
        return err->code == ERR_LIMIT && refuse(err, ERR_LIMIT, "names.later",
                                                "the index of names is full: build another", "名称索引已满：须重建");
    name_model_learn(names->model, &form, parts.core);
    return true;
}

bool names_are_same(const struct names *names, struct span a, struct span b)
{
    struct name_form left, right;
    struct error err;

    return name_normal(names->tables, a, &left, &err) && name_normal(names->tables, b, &right, &err) &&
           left.count == right.count && memcmp(left.at, right.at, left.count * sizeof(*left.at)) == 0;
}

void names_ready(struct names *names)
{
    names_index_build(names->index);
    names->is_ready = true;
}

size_t names_count(const struct names *names)
{
    return names_index_size(names->index);
}

size_t names_bytes(const struct names *names)
{
    return sizeof(*names) + names_index_bytes(names->index) + name_model_bytes(names->model) +
           names->subject_room * (sizeof(*names->subjects) + sizeof(*names->divisions)) +
           names->code_slots * sizeof(*names->codes);
}

/* --- asking --- */

static struct name_candidate *candidate_add(const struct names *names, uint32_t subject, struct name_answer *answer)
{
    struct name_candidate *candidate = &answer->candidates[answer->count++];

    *candidate = (struct name_candidate){.score = 0};
    memcpy(candidate->code, names->subjects[subject].code, NAME_CODE_BYTES);
    return candidate;
}

static void find_code(const struct names *names, const char code[NAME_CODE_BYTES], struct name_answer *answer)
{
    uint32_t subject = *code_slot(names, code);
    struct name_candidate *candidate;

    if (!subject)
        return;
    candidate = candidate_add(names, subject - 1, answer);
    candidate->score = 1;
    candidate->strength = STRENGTH_SAME;
    reason_add(candidate, REASON_CODE, PART_WHOLE);
}

/* Names that two companies have, or have but for the region that was not given, and names that say too little are never
 * `same`. */
static enum name_strength strength_of(const struct scores *scores, const struct score_one *one)
{
    if (one->is_equal && scores->equals == 1 && scores->namesakes == 0 && !scores->is_generic)
        return STRENGTH_SAME;
    return one->score >= LIKELY_SCORE ? STRENGTH_LIKELY : STRENGTH_POSSIBLE;
}

static void tell(const struct names *names, const struct fit_name *asked, const struct scores *scores, size_t number,
                 struct name_answer *answer)
{
    const struct score_one *one = &scores->one[number];
    struct index_entry_view view = names_index_entry(names->index, one->entry);
    struct name_candidate *candidate = candidate_add(names, one->subject, answer);
    struct fit_name name;

    candidate->score = one->score;
    candidate->strength = strength_of(scores, one);
    fit_name_set(names->tables, view.at, view.count, &name);
    name.division = names->divisions[one->subject];
    if (one->is_equal)
        reason_add(candidate, REASON_EQUAL, PART_WHOLE);
    if (view.is_former)
        reason_add(candidate, REASON_FORMER, PART_WHOLE);
    if (scores->is_generic)
        reason_add(candidate, REASON_GENERIC, PART_WHOLE);
    if (one->is_equal ? scores->equals + scores->namesakes > 1 : reasons_is_shared(scores, number))
        reason_add(candidate, REASON_SHARED, PART_WHOLE);
    if (!one->is_equal)
        reasons_explain(&names->align, &name, asked, candidate);
}

bool names_find(struct names *names, struct span text, struct name_answer *out, struct error *err)
{
    struct fit_name asked = {.division = 0};
    struct score_side side = {&names->align, names->index, names->divisions, names->subject_count};
    struct scores scores;
    char code[NAME_CODE_BYTES];

    if (!name_normal(names->tables, text, &asked.form, err))
        return false;
    out->count = 0;
    if (name_is_code(names->tables, &asked.form, code)) {
        find_code(names, code, out);
        return true;
    }
    name_split(names->tables, &asked.form, &asked.parts);
    name_split_trade(names->tables, &asked.form, &asked.parts);
    score_all(&side, &asked, &scores);
    for (size_t i = 0; i < scores.count && out->count < NAMES_CANDIDATES_MAX; i++) {
        if (scores.one[i].score >= POSSIBLE_SCORE)
            tell(names, &asked, &scores, i, out);
    }
    return true;
}
