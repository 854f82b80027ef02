/* trace.h - who asked what and was told what (查询留痕).
 *
 * No answer without a trace: each api process appends its entries to a segment file of its own, and syncs once per turn
 * of its loop, before the turn's answers leave. The keeper then gives the entries their places in one Merkle log
 * (sequencing and publication apart, as C2SP's Tessera does), so that lookups never wait for one another or for the
 * store's writer. An entry that was durable is integrated exactly once, whatever is killed when.
 *
 *   <folder>/segments/<segment>.open|.done     frames: u32 bytes, u32 CRC, the entry's JSON
 *   <folder>/log/entries/…, <folder>/log/tile/…  the integrated log: entries in bundles of 256, hashes in tiles
 *                                              (C2SP tlog-tiles), <folder>/log/size
 *
 * An entry is canonical JSON {"answer_sha256","at","authorisation","by","certificate","domain","purpose","receipt",
 * "sequence","status","uscc","verdict"}; members that do not apply are null. Source: architecture 6 and 7, domain.md
 * 5.5. */
#ifndef GATEWAY_TRACE_TRACE_H
#define GATEWAY_TRACE_TRACE_H

#include "base/buf.h"
#include "base/error.h"
#include "gateway/journal/merkle.h"

enum { TRACE_RECEIPT_BYTES = 40, TRACE_ENTRY_BYTES_MAX = 16 * 1024 };

struct trace_entry {
    int64_t at_ms;
    const char *receipt;
    struct span by;             /* client's name in the configuration, or the person's */
    const uint8_t *certificate; /* 32 bytes of SHA-256, or NULL */
    struct span domain;
    struct span purpose;
    struct span authorisation; /* what the caller named as the subject's authorisation */
    struct span uscc;          /* as asked: hostile text, cut to 64 characters */
    const char *verdict;       /* NULL: refused, see status */
    int status;                /* HTTP */
    uint64_t sequence;         /* of the journal */
    struct span answer;        /* whose SHA-256 is kept */
};

/* --- writing: one writer a process --- */
struct trace_writer;
/* Begins a segment of its own. The folder is made when it is missing. */
MUST_CHECK bool trace_writer_open(const char *folder, struct trace_writer **out, struct error *err);
/* The id of the next entry: unique for ever, printable. */
void trace_next_receipt(struct trace_writer *writer, char receipt[TRACE_RECEIPT_BYTES]);
void trace_add(struct trace_writer *writer, const struct trace_entry *entry);
/* Everything added is on disk when true; cheap when nothing was added. After a failure nothing that was added since the
 * last success may be answered; the entries may or may not be in the log. Segments are closed and begun anew by size
 * and age, so that the keeper can take them up. */
MUST_CHECK bool trace_flush(struct trace_writer *writer, struct error *err);
void trace_writer_free(struct trace_writer *writer); /* closes the segment; what was not flushed is lost */

/* --- the log: one keeper --- */
struct trace_log;
MUST_CHECK bool trace_log_open(const char *folder, struct trace_log **out, struct error *err);
/* Take up what is durable in the segments, of processes that live or died. `*taken` gets how many. */
MUST_CHECK bool trace_log_integrate(struct trace_log *log, uint64_t *taken, struct error *err);
uint64_t trace_log_size(const struct trace_log *log);
MUST_CHECK bool trace_log_root(struct trace_log *log, uint64_t size, uint8_t root[MERKLE_HASH_BYTES],
                               struct error *err);
MUST_CHECK bool trace_log_read(struct trace_log *log, uint64_t index, struct buf *entry, struct error *err);
/* Where an entry stands: ERR_NOT_FOUND when no such receipt is integrated (yet). */
MUST_CHECK bool trace_log_find(struct trace_log *log, const char *receipt, uint64_t *index, struct error *err);
MUST_CHECK bool trace_log_inclusion(struct trace_log *log, uint64_t index, uint64_t size, struct buf *path,
                                    struct error *err);
void trace_log_free(struct trace_log *log);

DEFINE_AUTO(struct trace_writer *, trace_writer_free)
DEFINE_AUTO(struct trace_log *, trace_log_free)

#endif
