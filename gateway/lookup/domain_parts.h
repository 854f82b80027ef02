/* domain_parts.h - what a loaded domain consists of, between domain*.c and lookup.c; nobody else includes it. */
#ifndef GATEWAY_LOOKUP_DOMAIN_PARTS_H
#define GATEWAY_LOOKUP_DOMAIN_PARTS_H

#include "base/json.h"
#include "gateway/lookup/domain.h"
#include "gateway/registry/subject.h"

/* Which records a measure is for: one bit for each pair of ground and severity. */
static inline uint32_t kind_bit(enum ground ground, enum severity severity)
{
    return 1U << ((unsigned)ground * 3 + ((unsigned)severity - SEVERITY_MINOR));
}
/* A ground with any severity: obligations have none. */
static inline uint32_t kind_of_ground(enum ground ground)
{
    return 7U << ((unsigned)ground * 3);
}
enum { KINDS_ALL = (1 << (GROUND_COUNT * 3)) - 1 };

struct domain_measure {
    int32_t from;  /* DAY_NONE: since the edition */
    int32_t until; /* DAY_NONE: as long as the edition */
    uint32_t kinds;
    struct buf json; /* as it stands in answers */
    struct buf id;   /* its id, a JSON string */
};
struct domain_measures {
    struct domain_measure *items;
    size_t count;
};

struct domain_edition {
    int32_t from;            /* DAY_NONE: since ever */
    int32_t until;           /* DAY_NONE: until further notice */
    struct buf list_edition; /* a JSON string, or null */
    struct buf rules;        /* a JSON string */
    struct domain_measures measures;
    struct domain_measures supportive;
};

/* Obligations on these grounds (bits) in these states, and what may be seen of them (bits of DOMAIN_*_MEMBERS). */
struct domain_obligations {
    uint32_t grounds;
    uint32_t states;
    uint32_t members;
    uint32_t personal; /* of `members` */
};

/* What must come with a question: bits. */
enum {
    REQUIRES_MATTER = 1,
    REQUIRES_CASE = 2,
    REQUIRES_AUTHORISATION = 4,
    REQUIRES_OPERATOR = 8,
    REQUIRES_DEPARTMENT = 16
};

struct domain_purpose {
    struct span code;
    unsigned requires;
    bool shows_personal; /* else members that are personal data are masked */
};

struct domain {
    json_t *json; /* the file; owns the texts */
    const char *name;
    struct domain_purpose *purposes;
    size_t purpose_count;
    struct buf purpose_codes; /* "a, b, c" */
    struct buf description;
    bool answers_from_obligations;
    bool owes_feedback;
    bool opens_scope_2; /* to whoever names an authorisation */
    uint32_t record_members;
    uint32_t record_personal;              /* of these */
    struct domain_obligations obligations; /* when it answers from them */
    struct domain_obligations supportive;  /* no states: this domain has none */
    struct domain_edition *editions;       /* the oldest first, without a gap */
    size_t edition_count;
};

struct domains {
    struct domain **items; /* by name */
    size_t count;
};

/* The members of an item's JSON (subject.h), in its order. */
enum { DOMAIN_RECORD_MEMBERS = 16, DOMAIN_OBLIGATION_MEMBERS = 14 };
extern const char *const DOMAIN_RECORD_MEMBER[DOMAIN_RECORD_MEMBERS];
extern const char *const DOMAIN_OBLIGATION_MEMBER[DOMAIN_OBLIGATION_MEMBERS];

/* One domain from a file's JSON that fits the schema; `json` is kept (its reference is taken over, on failure too). */
MUST_CHECK bool domain_from_json(json_t *json, struct domain **out, struct error *err);
void domain_free(struct domain *domain);
/* NULL when it is not accepted. */
const struct domain_purpose *domain_purpose_of(const struct domain *domain, struct span purpose);
/* The edition in force on a day: there is always one. */
const struct domain_edition *domain_edition_on(const struct domain *domain, int32_t day);

DEFINE_AUTO(struct domain *, domain_free)

#endif
