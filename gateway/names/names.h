/* names.h - companies by name: candidates with a score, a strength and the reasons, never a verdict.
 *
 * A register of names is added (current and former ones), then asked; a few may come while it is asked. What a
 * candidate is worth: `same` when the names differ in spelling only and no other company has this name; `likely` when
 * it would be surprising if another were meant; `possible` otherwise. Whoever decides about a company asks with its
 * code. (Row 18 of the seed's task table; the parts of a name: State Council Order 734 of 2020, article 6.)
 *
 * One thread at a time; nothing outside memory is touched. */
#ifndef GATEWAY_NAMES_NAMES_H
#define GATEWAY_NAMES_NAMES_H

#include "gateway/names/names_normal.h"

enum { NAMES_CANDIDATES_MAX = 10, NAMES_REASONS_MAX = 8, NAMES_REASON_BYTES = 128 };

enum name_strength { STRENGTH_SAME, STRENGTH_LIKELY, STRENGTH_POSSIBLE, STRENGTH_COUNT };
extern const char *const NAME_STRENGTHS[STRENGTH_COUNT]; /* "same", … */

enum name_reason_kind {
    REASON_CODE,           /* asked by code */
    REASON_EQUAL,          /* the same but for spelling */
    REASON_FORMER,         /* a former name of it */
    REASON_SHARED,         /* others have or fit this name as well */
    REASON_GENERIC,        /* no trade name was asked for */
    REASON_REGION_SHORT,   /* the same region, otherwise written */
    REASON_REGION_MISSING, /* no region was given */
    REASON_REGION_LESS,    /* part of the region was given */
    REASON_REGION_MORE,    /* a region around or in it was added */
    REASON_REGION_NEAR,    /* a region around or in it was given instead */
    REASON_REGION_MOVED,   /* the region stands elsewhere */
    REASON_SUFFIX,         /* another form of organisation, or none */
    REASON_SOUND,          /* a character of the same sound */
    REASON_NEAR_SOUND,     /* a character of nearly the same sound */
    REASON_LOOK,           /* a character that looks alike */
    REASON_OTHER,          /* another character */
    REASON_MISSING,        /* a character is missing */
    REASON_EXTRA,          /* a character too many */
    REASON_SWAPPED,        /* two characters in the other order */
    REASON_COUNT
};

enum name_part { PART_WHOLE, PART_REGION, PART_TRADE, PART_INDUSTRY, PART_SUFFIX, PART_BRANCH, PART_COUNT };

struct name_reason {
    enum name_reason_kind kind;
    enum name_part part;                 /* of the company's name */
    char registered[NAMES_REASON_BYTES]; /* what it says there; UTF-8, "" when nothing */
    char asked[NAMES_REASON_BYTES];      /* what was asked instead */
};

struct name_candidate {
    char code[NAME_CODE_BYTES + 1]; /* the subject's key */
    double score;                   /* [0,1] */
    enum name_strength strength;
    size_t reason_count;
    struct name_reason reasons[NAMES_REASONS_MAX]; /* the first ones, in the order of the name */
};

struct name_answer {
    struct name_candidate candidates[NAMES_CANDIDATES_MAX]; /* the best first */
    size_t count;
};

struct names;

/* `tables` is borrowed and must live longer. */
struct names *names_new(const struct name_tables *tables);
void names_free(struct names *names);
/* A name of the company `code` (18 characters); several times for several names. ERR_INVALID for a code of another
 * length or a name that is not UTF-8, ERR_LIMIT for a name that is too long, or with the rule "names.later" when more
 * than INDEX_LATER_MAX came after names_ready: then make another register. After names_ready a name that the company
 * has already (but for spelling) is not added again; it becomes a current or a former one as told. */
MUST_CHECK bool names_add(struct names *names, struct span code, struct span name, bool is_former, struct error *err);
void names_ready(struct names *names);
/* The companies that `text` may mean; none is no error. Errors as of name_normal. */
MUST_CHECK bool names_find(struct names *names, struct span text, struct name_answer *out, struct error *err);

/* Do the two differ in spelling only? What is no name is never the same. */
bool names_are_same(const struct names *names, struct span a, struct span b);

size_t names_count(const struct names *names); /* names, former ones included */
size_t names_bytes(const struct names *names); /* of memory, about */

/* Stable slugs, and what people read; `{registered}` and `{asked}` are filled in. */
const char *name_reason_slug(enum name_reason_kind kind);
const char *name_part_slug(enum name_part part);
void name_reason_add_text(struct buf *out, const struct name_reason *reason, const char *lang);

DEFINE_AUTO(struct names *, names_free)

#endif
