/* registry.h - records and subjects, now and as of an instant: projections of the journal.
 *
 * Events of this room and their data (canonical JSON):
 *   obligation.recorded {"import","line","obligation","row":{…},"version"[,"was":{key: text}]}: `was` has what the file
 *                       says in cells that `by` corrected before the import (a long text cut)
 *   import.finished     {"accepted","bytes",["corrected",]"encoding","file","import","refused","rows","sha256",
 *                       "unchanged"}: sha256 is that of the file as it came; corrected: cells
 *   record.proposed     a record's members (record.h) without proposed_* and approved_*: those are the event's own
 *   record.returned     {"reason","record","version"}
 *   record.approved     {"approved_at",["reason",]"record","seal":{…},"version"}
 *   names.registered    {"bytes","edition","file","former","names","refused","repeated","rows","sha256"}: a register of
 *                       company names (names/names_register.h) as of the day `edition`, the file kept under its digest
 *   record.expired      {"approved_at","record":{a record's members, as of record.proposed},"seal":{…}}   a version
 * that the law makes by itself when publication is over: op 3, `by` STATUTE_PUBLICATION_END and it listens to
 * delivery.queued {"channel","record","version",…} and to delivery.skipped    {"channel","reason","record","version"}
 * need not be sent: they never took the record
 *
 * STORE_RECORD_INDEX, by first byte of the key (integers BE):
 *   'b', 'B'                             what public lists are made of (announced.h)
 *   'd', 'p'                             what staff look at first, counted (standing.h)
 *   'e' record, sequence → ""           events about a record
 *   'i' sequence → data of import.finished
 *   'l' list, record → version          the lists of records.h but the unsent
 *   'm' sequence → data of names.registered
 *   'n' list → entries (u64 BE)         how long each of the lists is
 *   'o' obligation, ordinal → record
 *   's' → instant, sequence (u64 BE each): since when there is a register
 *   'u' sequence of approval → record, version      effective, not queued for the first channel */
#ifndef GATEWAY_REGISTRY_REGISTRY_H
#define GATEWAY_REGISTRY_REGISTRY_H

#include "gateway/journal/event.h"
#include "gateway/store/store.h"

#define REGISTRY_FIRST_CHANNEL "credit-guangdong"

/* An event that does not fit the state is ERR_CONFLICT: the transaction must be aborted. */
MUST_CHECK bool registry_apply(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err);
bool registry_applies(struct span type);

/* Since when there is a register: instant and sequence of the event that finished the first import that brought
 * obligations. Before that (and while a first import is under way) nobody can say what is not in it. False when there
 * is none (or after a store error). */
bool registry_since(struct store_txn *txn, int64_t *at_ms, uint64_t *sequence);

/* Finished imports, newest first; `data` is borrowed. Until `visit` returns false. */
typedef bool registry_import_visit(uint64_t sequence, struct span data, void *context);
MUST_CHECK bool registry_imports(struct store_txn *txn, registry_import_visit *visit, void *context, struct error *err);

/* The register of names that counts: the one that was registered last. `data` is borrowed. False when there is none (or
 * after a store error). */
bool registry_names(struct store_txn *txn, uint64_t *sequence, struct span *data);

#endif
