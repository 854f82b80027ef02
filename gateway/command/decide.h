/* decide.h - may this be done? Pure functions of what the store knows and what a person asks: they answer with the next
 * version of a record, or refuse. They run inside the write transaction, whoever asks.
 *
 * Refusals are ERR_REFUSED with one of these rules, in Chinese and English, saying what to do:
 *   record.no-obligation · record.obligation-exited · record.obligation-extended · record.obligation-revoked ·
 *   record.obligation-changed · record.too-early · record.day-in-future · record.wrong-authority · record.wrong-ground
 * · record.document-missing · record.decided-too-early · record.decided-in-future · record.severity · record.scope ·
 *   record.publication-over · record.exists · record.pending · record.not-effective · record.over ·
 *   record.reason-missing · record.text-too-long · record.nothing-changed · record.same-person ·
 *   record.already-effective · record.returned · record.not-waiting · record.changed · record.repair-too-early ·
 *   record.repair-open · record.statement-missing · record.evidence-missing · record.disputed · record.not-disputed
 * Sources: seed rows 2 to 7 and 18, architecture 1 and 2, domain.md 5.3 to 5.5. */
#ifndef GATEWAY_COMMAND_DECIDE_H
#define GATEWAY_COMMAND_DECIDE_H

#include "gateway/registry/record.h"
#include "gateway/registry/records.h"
#include "schemas/rules.h"

/* What the store knows. NULL where there is none. */
struct standing {
    const struct obligation *obligation; /* its newest version */
    uint32_t obligation_version;
    uint8_t obligation_id[OBLIGATION_ID_BYTES];
    const struct record_version *newest;    /* newest version of the record, effective or not */
    const struct record_version *effective; /* newest effective version */
    const struct windows *windows;
    const struct rules *rules; /* who may order what */
    int32_t today;
};

/* What a person asks. Texts are trimmed by the caller or not: decide trims. */
struct proposal {
    enum record_op op;
    int32_t on; /* OP_NEW: overdue on this day */
    /* OP_NEW: all; OP_CHANGED: those that change (empty text, DAY_NONE, 0, -1 keep what is) */
    struct span document;
    int32_t decided_on;
    int severity;
    int scope;                     /* -1: SCOPE_PUBLIC for a new record */
    struct span listing_authority; /* OP_NEW: empty means the authority that ordered, as it is called on decided_on */
    struct span reason;            /* required but for OP_NEW */
    struct span statement;         /* OP_REPAIRED: the public commitment */
    struct span corrected;         /* OP_REPAIRED: what shows that the act is corrected */
    struct span duties;            /* OP_REPAIRED: what shows that all duties are performed */
    bool duties_done;              /* OP_REPAIRED while the obligation is open: a person says all duties are done */
};

/* The next version, without id, proposed_* and approved_*. `hold` owns the texts that are made here; others are
 * borrowed from standing and proposal. */
MUST_CHECK bool decide_proposal(const struct standing *standing, const struct proposal *proposal, struct record *out,
                                struct buf *hold, struct error *err);
/* May `person` make the newest version effective now? `hold` is scratch. */
MUST_CHECK bool decide_approval(const struct standing *standing, struct span person, struct buf *hold,
                                struct error *err);
/* May `person` return it? The author may take his own back. A reason is required. */
MUST_CHECK bool decide_return(const struct standing *standing, struct span person, struct span reason,
                              struct error *err);

/* ROW_STALE: it would lay an older sight over a newer version (command_import_seen). */
enum row_outcome { ROW_NEW, ROW_NEW_VERSION, ROW_UNCHANGED, ROW_STALE, ROW_OUTCOME_COUNT };
/* What a row of the register (canonical JSON) is to the newest version held (empty: none). ERR_CONFLICT when two
 * different orders share one id. */
MUST_CHECK bool decide_row(struct span held, struct span row, enum row_outcome *out, struct error *err);

#endif
