/* lookup.h - may this enterprise be dealt with? The answer for one domain about one code, as of an instant.
 *
 * Domains are data: one file each in adapters/consumers/ (domain.h). The answer is one JSON object, copied together
 * from the subject's ready items (registry/subject.h): nothing is parsed and nothing allocated per record. Its shape is
 * schemas/lookup-answer.schema.json; members in the order of RFC 8785:
 *
 *   {"as_of":{"at","changed_at","sequence"},"domain","list_edition","masked":[…]?,"measures":[…],"name",
 *    "obligations":[…]?,"omitted"?,"purpose","reason"?,"receipt","records":[…],"rules","supportive":[…]?,
 *    "supportive_measures":[…]?,"test"?,"uscc","verdict"}
 *
 * as_of       the instant asked about; when the register last changed; how many events the answer rests on. Whoever
 *             asks as of a sequence gets what the register said when the journal had that many events, on the day of
 *             the last of them.
 * masked      the members that are personal data and were cut to their first character, since the purpose does not
 *             show them; absent when nothing was.
 * verdict     "listed": a record is in force that this caller may see; from obligations (power-price): one on the
 *             domain's grounds is open (row 10), late or not.
 *             "not-listed": the register is here and says nothing of that kind about the code.
 *             "unknown", with "reason" {"code","en","zh"}: we cannot say. Never "not-listed" when in doubt.
 * reason      "register-empty": no import was ever finished; "before-register": asked about a time before that;
 *             "withheld": what there is may not be told (its scope; since withdrawn or repaired; contradicted by the
 *             register and not settled yet). Which of these it is, is not told either.
 * measures    those of the edition in force on that day that apply to the records shown; empty unless listed.
 * name        as the register said last; null unless something is shown, so that it tells nothing more.
 * omitted     how many records or obligations beyond LOOKUP_ITEMS_MAX were left out; absent when none was.
 * supportive  lending only: obligations exited in time (row 11); their measures only when nothing is listed.
 * test        true when it was answered from the test list (gateway/testlist); else absent.
 * rules       the domain, the edition in force and the first 16 hex digits of SHA-256 over its file in canonical form.
 *
 * Sources: architecture 6, domain.md 1.3 and 5, seed rows 10, 11, 18. */
#ifndef GATEWAY_LOOKUP_LOOKUP_H
#define GATEWAY_LOOKUP_LOOKUP_H

#include "base/buf.h"
#include "base/error.h"
#include "gateway/lookup/domain.h"
#include "gateway/store/store.h"
#include "schemas/windows.h"

enum { LOOKUP_ITEMS_MAX = 200 };

enum verdict { VERDICT_UNKNOWN, VERDICT_NOT_LISTED, VERDICT_LISTED, VERDICT_COUNT };
extern const char *const VERDICT_NAMES[VERDICT_COUNT];

/* What every question would read anew of a store that is still the same. Zeroed at first; only for one store. */
enum { LOOKUP_INSTANT_BYTES = 40 };
struct lookup_memory {
    bool is_known;
    uint64_t version;
    uint64_t sequence;
    char changed_at[LOOKUP_INSTANT_BYTES];
    size_t changed_at_bytes;
    bool has_register;
    int64_t since_ms;
    uint64_t since;
};

/* What answers that are alike have in common, written and hashed once: of one millisecond, domain, purpose, verdict
 * and kind of record. For whoever answers often; only for one set of domains, and freed before them. */
struct lookup_forms;
struct lookup_forms *lookup_forms_new(void);
void lookup_forms_clear(struct lookup_forms *forms);
void lookup_forms_free(struct lookup_forms *forms);

struct lookup_question {
    const struct domain *domain;
    struct span uscc;             /* as given */
    struct span purpose;          /* one that the domain accepts (domain_accepts) */
    struct domain_given given;    /* a logged authorisation may open scope 2 (domain.md 5.5) */
    bool is_government;           /* may see scope 1 (domain.md 5.5) */
    unsigned withheld_scopes;     /* bits (1U << enum scope) of what it may not see whatever the rest says */
    bool is_test;                 /* of the test list: the answer says so */
    bool is_internal;             /* our own staff: also sees, of the past, what was withdrawn or repaired since */
    int64_t at_ms;                /* now */
    int64_t as_of_ms;             /* what held at this instant, not after now; 0: the newest state */
    uint64_t as_of_sequence;      /* or when the journal had this many events; 0: not asked so. Both: that state, on
                                   * the day of that instant (long work that goes on with the state it began with) */
    const char *receipt;          /* id of the trace entry (trace.h) */
    struct buf *shown;            /* is added [["id",version]…] of what `records` or `obligations` shows, nothing when
                                   * that is nothing; NULL: not wanted */
    uint8_t *sha256;              /* gets SHA-256 of the answer, 32 bytes; NULL: not wanted; in batches not looked at */
    struct lookup_memory *memory; /* of whoever asks often; NULL: none */
    struct lookup_forms *forms;   /* the same; a batch has its own */
    const struct windows *windows; /* publication by the law as it is; NULL: as each record was listed */
};

struct lookup_facts {
    enum verdict verdict;
    uint64_t sequence; /* events in the journal that the answer rests on */
    struct span rules; /* as the answer names them, borrowed from the domain */
    uint32_t records;  /* shown */
    bool owes;         /* a feedback on each of them: they are listed with a measure, and the domain's file says so */
};

/* Add the answer to `out`. Refusals that are the caller's to pass on, in both languages, are ERR_INVALID with
 * err->rule: a code that is not well-formed ("uscc.length", "uscc.character", "uscc.check"), a purpose that the domain
 * does not accept ("lookup.purpose"), what did not come with the question (domain_check_…), an instant or a
 * sequence that is still to come ("lookup.future"). A wrong inner organisation-code check is no error (such enterprises
 * exist). A store that cannot be read is an error, never an answer. */
MUST_CHECK bool lookup_by_code(struct store_txn *txn, const struct lookup_question *question, struct buf *out,
                               struct lookup_facts *facts, struct error *err);
/* These codes will be looked up next, one by one: what that will read is asked of the memory for all of them at once
 * (store_ahead). A hint, which changes no answer; the codes need not be any. Their order is changed. */
void lookup_ahead(struct store_txn *txn, struct span *codes, size_t count);
/* Only the check of the code, for whoever wants to refuse before a transaction. */
MUST_CHECK bool lookup_check_code(struct span uscc, struct error *err);

DEFINE_AUTO(struct lookup_forms *, lookup_forms_free)

#endif
