#include "gateway/names/names_reasons.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

/* e^2: less than so many times as likely is nearly as likely. */
static const double NEARLY_LOG = 2;

static const struct {
    const char *slug;
    const char *en;
    const char *zh;
} REASONS[REASON_COUNT] = {
    [REASON_CODE] = {"code", "asked by code", "按统一社会信用代码查询"},
    [REASON_EQUAL] = {"equal", "the same name but for spelling", "除书写形式外名称相同"},
    [REASON_FORMER] = {"former-name", "a former name", "曾用名"},
    [REASON_SHARED] = {"shared", "other companies fit as well", "另有其他企业同样符合"},
    [REASON_GENERIC] = {"generic", "no trade name was asked for", "查询内容不含字号"},
    [REASON_REGION_SHORT] = {"region-short", "region {registered} written as {asked}",
                             "行政区划“{registered}”写作“{asked}”"},
    [REASON_REGION_MISSING] = {"region-missing", "region {registered} left out", "未写行政区划“{registered}”"},
    [REASON_REGION_LESS] = {"region-less", "of region {registered} only {asked}",
                            "行政区划“{registered}”只写“{asked}”"},
    [REASON_REGION_MORE] = {"region-more", "region {registered} written as {asked}, with one more place",
                            "行政区划“{registered}”多写为“{asked}”"},
    [REASON_REGION_NEAR] = {"region-near", "instead of region {registered} one around or in it, {asked}",
                            "行政区划“{registered}”写作其上级或下级“{asked}”"},
    [REASON_REGION_MOVED] = {"region-moved", "region {registered}{asked} stands elsewhere in the name",
                             "行政区划“{registered}{asked}”位置不同"},
    [REASON_SUFFIX] = {"suffix", "form of organisation {registered} written as {asked}",
                       "组织形式“{registered}”写作“{asked}”"},
    [REASON_SOUND] = {"homophone", "{registered} written as {asked}, which sounds the same",
                      "“{registered}”写作同音字“{asked}”"},
    [REASON_NEAR_SOUND] = {"near-homophone", "{registered} written as {asked}, which sounds nearly the same",
                           "“{registered}”写作近音字“{asked}”"},
    [REASON_LOOK] = {"look-alike", "{registered} written as {asked}, which looks alike",
                     "“{registered}”写作形近字“{asked}”"},
    [REASON_OTHER] = {"other-character", "{registered} written as {asked}, which is another character",
                      "“{registered}”写作不同的字“{asked}”"},
    [REASON_MISSING] = {"missing-character", "{registered} is missing", "缺“{registered}”字"},
    [REASON_EXTRA] = {"extra-character", "{asked} is too many", "多“{asked}”字"},
    [REASON_SWAPPED] = {"swapped", "{registered} written in the other order, {asked}", "“{registered}”颠倒为“{asked}”"},
};

static const char *const PARTS[PART_COUNT] = {"whole", "region", "trade-name", "industry", "suffix", "branch"};

const char *name_reason_slug(enum name_reason_kind kind)
{
    return REASONS[kind].slug;
}

const char *name_part_slug(enum name_part part)
{
    return PARTS[part];
}

void name_reason_add_text(struct buf *out, const struct name_reason *reason, const char *lang)
{
    const char *text = strcmp(lang, "zh") == 0 ? REASONS[reason->kind].zh : REASONS[reason->kind].en;

    while (*text) {
        if (strncmp(text, "{registered}", 12) == 0) {
            buf_add_text(out, reason->registered);
            text += 12;
        } else if (strncmp(text, "{asked}", 7) == 0) {
            buf_add_text(out, reason->asked);
            text += 7;
        } else {
            buf_add_byte(out, *text++);
        }
    }
}

struct name_reason *reason_add(struct name_candidate *candidate, enum name_reason_kind kind, enum name_part part)
{
    struct name_reason *reason;

    if (candidate->reason_count == NAMES_REASONS_MAX)
        return NULL;
    reason = &candidate->reasons[candidate->reason_count++];
    *reason = (struct name_reason){.kind = kind, .part = part};
    return reason;
}

static void text_of(struct units units, char out[NAMES_REASON_BYTES])
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct span cut;

    name_units_add(&text, units.at, units.count);
    cut = utf8_cut(buf_span(&text), NAMES_REASON_BYTES - 1);
    memcpy(out, buf_text(&text), cut.bytes);
    out[cut.bytes] = '\0';
}

static void add_with(struct name_candidate *candidate, struct name_reason wanted, struct units registered,
                     struct units asked)
{
    struct name_reason *reason = reason_add(candidate, wanted.kind, wanted.part);

    if (!reason)
        return;
    text_of(registered, reason->registered);
    text_of(asked, reason->asked);
}

/* The part of the company's name in which a unit stands. */
static enum name_part part_at(const struct name_parts *parts, size_t at)
{
    if (at >= parts->branch)
        return PART_BRANCH;
    if (at < parts->core)
        return PART_REGION;
    if (at >= parts->suffix)
        return PART_SUFFIX;
    return at < parts->industry ? PART_TRADE : PART_INDUSTRY;
}

static enum name_reason_kind kind_of(const struct align_step *step)
{
    static const enum name_reason_kind CHANGED[] = {[SLIP_NONE] = REASON_OTHER,
                                                    [SLIP_SOUND] = REASON_SOUND,
                                                    [SLIP_NEAR_SOUND] = REASON_NEAR_SOUND,
                                                    [SLIP_LOOK] = REASON_LOOK,
                                                    [SLIP_OTHER] = REASON_OTHER};
    static const enum name_reason_kind KINDS[] = {
        [ALIGN_MISSING] = REASON_MISSING, [ALIGN_EXTRA] = REASON_EXTRA, [ALIGN_SWAPPED] = REASON_SWAPPED};

    return step->kind == ALIGN_CHANGED ? CHANGED[step->slip] : KINDS[step->kind];
}

/* Where a unit of what was compared stands in the company's own name. */
static size_t place_in_name(const struct fit *fit, const struct fit_name *name, size_t at)
{
    bool is_own = fit->meant.at >= name->form.at && fit->meant.at < name->form.at + NAME_UNITS_MAX;

    return is_own ? (size_t)(fit->meant.at - name->form.at) + at : at;
}

static void explain_step(const struct fit *fit, const struct fit_name *name, const struct align_step *step,
                         struct name_candidate *candidate)
{
    size_t length = step->kind == ALIGN_SWAPPED ? 2 : 1;
    struct name_reason wanted = {.kind = kind_of(step),
                                 .part = part_at(&name->parts, place_in_name(fit, name, step->meant))};

    add_with(candidate, wanted, (struct units){fit->meant.at + step->meant, step->kind == ALIGN_EXTRA ? 0 : length},
             (struct units){fit->written.at + step->written, step->kind == ALIGN_MISSING ? 0 : length});
}

static void explain_region(const struct fit *fit, const struct fit_name *name, const struct fit_name *asked,
                           struct name_candidate *candidate)
{
    static const enum name_reason_kind KINDS[] = {
        [FIT_REGION_SHORT] = REASON_REGION_SHORT, [FIT_REGION_MISSING] = REASON_REGION_MISSING,
        [FIT_REGION_LESS] = REASON_REGION_LESS,   [FIT_REGION_COARSE] = REASON_REGION_LESS,
        [FIT_REGION_MORE] = REASON_REGION_MORE,   [FIT_REGION_NEAR] = REASON_REGION_NEAR,
        [FIT_REGION_MOVED] = REASON_REGION_MOVED,
    };

    if (fit->region == FIT_REGION_SAME || fit->region == FIT_REGION_UNREAD)
        return;
    add_with(candidate, (struct name_reason){.kind = KINDS[fit->region], .part = PART_REGION},
             (struct units){name->form.at, name->parts.core}, (struct units){asked->form.at, asked->parts.core});
}

static void explain_suffix(const struct fit *fit, const struct fit_name *name, const struct fit_name *asked,
                           struct name_candidate *candidate)
{
    struct units a = {name->form.at + name->parts.suffix, (size_t)(name->form.count - name->parts.suffix)};
    struct units b = {asked->form.at + asked->parts.suffix, (size_t)(asked->form.count - asked->parts.suffix)};

    if (fit->is_suffix_read && name->parts.suffix_kind != asked->parts.suffix_kind)
        add_with(candidate, (struct name_reason){.kind = REASON_SUFFIX, .part = PART_SUFFIX}, a, b);
}

void reasons_explain(const struct align *align, const struct fit_name *name, const struct fit_name *asked,
                     struct name_candidate *candidate)
{
    struct align_step steps[ALIGN_STEPS_MAX];
    struct fit_name whole = *name;
    struct fit fit;
    size_t count;

    name_split_trade(align->tables, &whole.form, &whole.parts);
    fit_best(align, &whole, asked, &fit);
    explain_region(&fit, &whole, asked, candidate);
    count = align_steps(align, fit.meant, fit.written, steps);
    for (size_t i = 0; i < count; i++)
        explain_step(&fit, &whole, &steps[i], candidate);
    explain_suffix(&fit, &whole, asked, candidate);
}

bool reasons_is_shared(const struct scores *scores, size_t number)
{
    for (size_t i = 0; i < scores->count; i++) {
        if (i != number && scores->one[i].log > scores->one[number].log - NEARLY_LOG)
            return true;
    }
    return false;
}
