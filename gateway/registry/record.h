/* record.h - a version of a record (失信记录) as a value, and its canonical JSON.
 *
 * A record says that an obligation was missed. What upstreams and lookups are told is taken from here: fields of
 * upstreams.md (ROWID = id, VERSION, OP, ZYSXSS = facts, SCFZYNR = order, QRYZSXRQ = decided_on, GSJZQ =
 * publication_end, RDDW = listing_authority, RDWH = document, SYFW = scope, SXYZCD = severity). Seed row 18. */
#ifndef GATEWAY_REGISTRY_RECORD_H
#define GATEWAY_REGISTRY_RECORD_H

#include "schemas/obligation.h"
#include "schemas/windows.h"

/* "R", 20 hex digits, NUL: the first 10 bytes of SHA-256 over the obligation's id and an ordinal (u32 BE). */
enum { RECORD_ID_LENGTH = 21, RECORD_ID_BYTES = 24 };

/* OP of upstreams.md. */
enum record_op {
    OP_NEW = 1,         /* 新增 */
    OP_CHANGED = 2,     /* 变更 */
    OP_WITHDRAWN = 3,   /* 撤销: it should not have been */
    OP_REPAIRED = 4,    /* 修复: publication, sharing and use stop */
    OP_DISPUTED = 5,    /* 异议标注 */
    OP_DISPUTE_OVER = 6 /* 异议解除 */
};
enum { OP_COUNT = 7 };
extern const char *const OP_NAMES[OP_COUNT]; /* by number: "", "新增", … */
extern const char *const OP_SLUGS[OP_COUNT]; /* "", "new", "changed", "withdrawn", "repaired", "disputed", … */
/* After these two a record is over. */
static inline bool record_op_ends(enum record_op op)
{
    return op == OP_WITHDRAWN || op == OP_REPAIRED;
}

/* 使用范围 (SYFW). */
enum scope { SCOPE_PUBLIC = 0, SCOPE_GOVERNMENT = 1, SCOPE_AUTHORISED = 2 };
enum { SCOPE_COUNT = 3 };
extern const char *const SCOPE_NAMES[SCOPE_COUNT];

/* Limits, in bytes of UTF-8. */
enum {
    RECORD_TEXT_MAX = 200,    /* names, documents, authorities */
    RECORD_REASON_MAX = 1000, /* reason, statement */
    RECORD_FACTS_MAX = 4000   /* facts, order */
};

struct record {
    char id[RECORD_ID_BYTES];
    uint32_t version;
    enum record_op op;
    uint8_t obligation[OBLIGATION_ID_BYTES];
    uint32_t basis_version; /* of the obligation, when proposed */
    enum ground ground;
    enum severity severity;
    enum scope scope;
    bool is_disputed;
    int32_t decided_on;
    int32_t due;             /* the last day on which exit would have been in time */
    int32_t publication_end; /* the last day of publication */
    int64_t proposed_ms;
    int64_t approved_ms; /* 0: not approved */
    struct span name;
    struct span uscc;
    struct span division;
    struct span region;
    struct span industry;
    struct span listing_authority;
    struct span document;       /* of the listing (认定文号) */
    struct span order_document; /* of the order that was missed */
    struct span facts;          /* 主要失信事实 */
    struct span order;          /* 行政处理决定主要内容 */
    struct span reason;         /* why this version; empty for most new ones */
    struct span statement;      /* of a repair: the enterprise's commitment and what was done */
    struct span corrected;      /* of a repair: what shows that the act is corrected */
    struct span duties;         /* of a repair: what shows that all duties are performed */
    struct span statute;        /* of a version that the law makes by itself: the rule's edition; else empty */
    struct span proposed_by;
    struct span approved_by; /* empty: not approved */
};

/* The id of the `ordinal`-th record (from 0) of an obligation. */
void record_id(const uint8_t obligation[OBLIGATION_ID_BYTES], uint32_t ordinal, char id[RECORD_ID_BYTES]);
bool record_id_is_valid(struct span text);

/* Who makes a version when publication ends by itself: it stands for author and approver, and no person can be called
 * so (a name has no colon). The rule's id is behind the colon, its edition in `statute`. */
#define STATUTE_PUBLICATION_END "statute:publication-end"

/* Canonical JSON (RFC 8785) with every member, null when empty; corrected, duties and statute only when they are not.
 * Approved, this is what is sealed. */
void record_json_add(const struct record *record, struct buf *out);
/* The data of a record.proposed event: without proposed_* and approved_*. */
void record_proposal_add(const struct record *record, struct buf *out);
/* Read it back, or the data of a record.proposed event (where proposed_* and approved_* are missing). `hold` is emptied
 * first and owns the texts. ERR_CORRUPT when a member is not of its kind. */
MUST_CHECK bool record_from_json(struct span json, struct record *out, struct buf *hold, struct error *err);

/* In force on `day`, as far as op and publication say (the newest effective version is meant). */
static inline bool record_is_published(enum record_op op, int32_t publication_end, int32_t day)
{
    return !record_op_ends(op) && day <= publication_end;
}

#endif
