/* names_score.h - how sure it is that a name means one company of the register, and not another one.
 *
 * Four explanations of what was asked compete, each with its chance: this company, with slips (names_fit.h); another
 * company of the register; a company we do not know, called exactly so (names_model.h); a relative of this company that
 * we do not know. A slip makes an improbable name, so the unknown company loses; a real sibling's name is as probable
 * as any, so it wins: that is what tells relatives apart. A name without region is also what many unknown companies
 * elsewhere are called; they take their share. */
#ifndef GATEWAY_NAMES_NAMES_SCORE_H
#define GATEWAY_NAMES_NAMES_SCORE_H

#include "gateway/names/names_fit.h"
#include "gateway/names/names_index.h"

enum { SCORE_JUDGED_MAX = 24 };

struct score_side {
    const struct align *align;
    struct names_index *index;
    const uint32_t *divisions; /* of each subject */
    size_t subjects;
};

struct score_one {
    uint32_t entry;
    uint32_t subject;
    double log;   /* of the chance of the question, if it means this one */
    double score; /* [0,1] */
    bool is_equal;
    bool is_namesake; /* asked without a region, and so it is called but for its region */
};

struct scores {
    struct score_one one[SCORE_JUDGED_MAX]; /* subjects, each once; the best first */
    size_t count;
    size_t equals; /* subjects with exactly this normal form */
    size_t namesakes;
    bool is_generic; /* nothing is left beside region, industry and form of organisation */
};

void score_all(const struct score_side *side, const struct fit_name *asked, struct scores *out);

#endif
