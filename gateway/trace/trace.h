/* trace.h - who asked what and was told what (查询留痕).
 *
 * No answer without a trace: each api process appends its entries to a segment file of its own, and syncs once per turn
 * of its loop, before the turn's answers leave. The keeper then gives the entries their places in one Merkle log
 * (sequencing and publication apart, as C2SP's Tessera does), so that lookups never wait for one another or for the
 * store's writer. An entry that was durable is integrated exactly once, whatever is killed when, and never changes its
 * place.
 *
 *   <folder>/segments/<segment>.seg   one writer's entries (frame.h); locked (flock) while the writer lives
 *   <folder>/spare/<segment>          at most four files of segments that are in the log, to be written over (spare.h)
 *   <folder>/log/state                how many entries are integrated, their root, how far each segment was taken up:
 *                                     the one commit point, written beside and renamed after all else is on disk
 *   <folder>/log/entries/<n>          65,536 entries in bundles of 256 (C2SP tlog-tiles: u16 BE length, entry); 256
 *                                     u32 LE at the front say where each bundle begins
 *   <folder>/log/tile/<level>/<n>     4,096 tiles of C2SP tlog-tiles, one after another: a tile a file would be a
 *                                     million files a year and two syncs each
 *   <folder>/log/receipts/<part>/<segment>   where a segment's entries stand (receipts.h)
 *
 * An entry is canonical JSON {"answer_sha256","as_of","at","authorisation","by","case","certificate","department",
 * "domain","kind","matter","name","operator","owes","purpose","reason","receipt","rules","salt","sequence","shown","status",
 * "test","uscc","verdict"}; `by` is the calling system (or a person of ours), `kind` of which kind it was when it asked
 * (config.h; left out where no client is known, and entries of before the member came have none), `operator` and
 * `department` who asked there and for whom, in its own words; of kind "staff": a person of ours looked up as a client
 * would, `operator` says as which, and `reason` why (nothing else has that member); `test`: it was answered from the
 * test list (gateway/testlist); `as_of` is an instant, or a text of digits when the question was as of that many
 * events; `answer_sha256` is of the bytes that were answered, in a batch (gateway/lookup/batch.h) of the one result;
 * `salt` is random, so that nobody who guesses an entry can find his guess confirmed by the log's hashes, which others
 * may read; `shown` is [[id, version]…] of what the answer showed (of candidates for a name: code and score in
 * thousandths), `owes` whether its reader owes a feedback on each of them (gateway/feedback); members that do not apply
 * are null. What was refused also has "from" (the address it came from), "path" (of what is no lookup) and "refusal"
 * (the rule that refused, problem.h), where they are known; nothing else has these. What a stranger said is cut to
 * TRACE_TEXT_MAX characters (ending in … then) and bad UTF-8 in it becomes U+FFFD. Source: architecture 6 and 7,
 * domain.md 5.5. */
#ifndef GATEWAY_TRACE_TRACE_H
#define GATEWAY_TRACE_TRACE_H

#include "base/buf.h"
#include "base/error.h"
#include "gateway/journal/merkle.h"
#include "gateway/journal/tiles.h"

enum {
    TRACE_RECEIPT_BYTES = 40,
    TRACE_ENTRY_BYTES_MAX = 20 * 1024,
    TRACE_TEXT_MAX = 64,
    TRACE_RULES_MAX = 128,
    TRACE_SEGMENT_BYTES = 32 * 1024 * 1024, /* a segment ends at this size */
    TRACE_SEGMENT_MS = 3600 * 1000          /* … or age */
};

struct trace_entry {
    int64_t at_ms;
    int64_t as_of_ms;        /* the instant asked about; 0: the newest state */
    uint64_t as_of_sequence; /* or asked as of this many events; 0: not */
    const char *receipt;
    struct span by;             /* client's name in the configuration, or the person's */
    struct span kind;           /* of the client, as the configuration words it; empty: left out */
    const uint8_t *certificate; /* 32 bytes of SHA-256, or NULL */
    struct span domain;
    struct span purpose;
    struct span matter; /* what the caller named as the matter and as the case; 100 characters of each are kept */
    struct span case_number;
    struct span authorisation; /* what the caller named as the subject's authorisation; 200 characters of it are kept */
    struct span operator;      /* who asks in the calling system, and for which department; 100 characters of each */
    struct span department;
    struct span reason;  /* why a person of ours looks up as a client would; 100 characters are kept; empty: left out */
    struct span uscc;    /* as asked: hostile text */
    struct span name;    /* when it was asked by name */
    struct span rules;   /* domain, edition and digest that the answer names; at most TRACE_RULES_MAX bytes */
    const char *verdict; /* NULL: refused, see status */
    int status;          /* HTTP */
    uint64_t sequence;   /* of the journal */
    struct span shown;   /* canonical JSON [["id",version]…] of what was shown; empty: null */
    bool owes;           /* is a feedback owed on that? */
    bool is_test;        /* answered from the test list: nothing of it is about a real enterprise */
    struct span answer;  /* whose SHA-256 is kept; empty: null */
    /* That SHA-256, 32 bytes, where the caller has it already: `answer` is not looked at then. NULL: of `answer`. */
    const uint8_t *answer_sha256;
    /* Of what was refused; empty: left out. */
    struct span from; /* address */
    struct span path;
    struct span refusal; /* rule */
};

/* --- writing: one writer a process, never across a fork --- */
struct trace_writer;
/* The folder is made when it is missing; files only come to be when there is something to write. */
MUST_CHECK bool trace_writer_open(const char *folder, struct trace_writer **out, struct error *err);
/* The id of the entry that is added next: unique for ever, printable. It stays the same until that entry was added, so
 * add it before asking for another. */
void trace_next_receipt(struct trace_writer *writer, char receipt[TRACE_RECEIPT_BYTES]);
/* The receipt of the entry that is added after `ahead` others, for answers of many subjects; 0: as trace_next_receipt.
 */
void trace_receipt_ahead(struct trace_writer *writer, uint32_t ahead, char receipt[TRACE_RECEIPT_BYTES]);
/* … and of the entry that came `ahead` after the one of the receipt `first`, as long as both are of one flush. False
 * when that is no receipt. */
MUST_CHECK bool trace_receipt_from(const char *first, uint32_t ahead, char receipt[TRACE_RECEIPT_BYTES]);
/* How many were added so far; only grows. */
uint64_t trace_added(const struct trace_writer *writer);
/* `entry->receipt` must be the one that trace_next_receipt gave, else the next flush fails. Nothing is borrowed. */
void trace_add(struct trace_writer *writer, const struct trace_entry *entry);
/* The same for entries of one question about many, which share who asked when, as of when, where and what for: what
 * `common` says of at_ms, as_of_…, by, certificate, case_number, department, domain, from, kind, matter, operator, path
 * and purpose holds for each that trace_add_one adds, and its own are not looked at. `common->rules`
 * holds for those that name the same. Nothing is borrowed. */
void trace_begin_many(struct trace_writer *writer, const struct trace_entry *common);
void trace_add_one(struct trace_writer *writer, const struct trace_entry *entry);
/* Everything added is on disk when true; cheap when nothing was added. A segment that is large or old enough ends here,
 * so call it now and then also when nobody asks, but not between trace_next_receipt and trace_add. After a failure
 * (ERR_FULL, ERR_IO) nothing that was added since the last success may be answered; those entries may or may not be in
 * the log, their receipts are never given again, and the next flush begins a new segment. */
MUST_CHECK bool trace_flush(struct trace_writer *writer, struct error *err);
void trace_writer_free(struct trace_writer *writer); /* what was not flushed is lost */

/* --- the log: one keeper integrates, others may read --- */
struct trace_log;
/* Cheap: reads one small file and checks the root against the tiles. ERR_CORRUPT when they do not fit. */
MUST_CHECK bool trace_log_open(const char *folder, struct trace_log **out, struct error *err);
/* Take up what is in the segments, of processes that live or died. `*taken` gets how many entries. Segments of writers
 * that ended are removed once everything in them is in the log; a torn tail, which nobody was promised, is cut. When
 * promised entries are unreadable, all others are integrated, the segment is kept as <segment>.damaged and the call
 * fails once with ERR_CORRUPT. ERR_UNAVAILABLE while another process integrates (from the first call on until
 * trace_log_free). After any failure it may be called again. */
MUST_CHECK bool trace_log_integrate(struct trace_log *log, uint64_t *taken, struct error *err);
/* The file of a segment, which may be written to meanwhile: `*bytes` of its front hold everything that was durable when
 * this was called, and hold all that stands before anything they hold; a copy takes so many. UINT64_MAX: it is damaged,
 * all of it is to be kept. ERR_NOT_FOUND when it is gone. */
MUST_CHECK bool trace_segment_settled(const char *path, const char *id, uint64_t *bytes, struct error *err);
/* For readers: see what was integrated since. */
MUST_CHECK bool trace_log_refresh(struct trace_log *log, struct error *err);
uint64_t trace_log_size(const struct trace_log *log);
/* `size` at most trace_log_size. */
MUST_CHECK bool trace_log_root(struct trace_log *log, uint64_t size, uint8_t root[MERKLE_HASH_BYTES],
                               struct error *err);
/* Adds the entry's bytes. ERR_NOT_FOUND when index ≥ size. */
MUST_CHECK bool trace_log_read(struct trace_log *log, uint64_t index, struct buf *entry, struct error *err);
/* Where an entry stands: ERR_NOT_FOUND when no such receipt is integrated (yet). */
MUST_CHECK bool trace_log_find(struct trace_log *log, const char *receipt, uint64_t *index, struct error *err);
/* Is it a receipt of a segment that is still there, behind what was taken up of it? Then its entry may come. */
bool trace_log_awaits(const struct trace_log *log, const char *receipt);
/* The entry of a receipt that is in a segment and was not integrated when the log was opened or refreshed last, added
 * to `entry`: it will be in a moment. ERR_NOT_FOUND when there is none; then it may have been integrated meanwhile.
 * ERR_UNAVAILABLE: so much waits that this was not found out. */
MUST_CHECK bool trace_log_pending(struct trace_log *log, const char *receipt, struct buf *entry, struct error *err);
/* RFC 9162 2.1.3.1 and 2.1.4.1; sizes at most trace_log_size. */
MUST_CHECK bool trace_log_inclusion(struct trace_log *log, uint64_t index, uint64_t size, struct buf *path,
                                    struct error *err);
MUST_CHECK bool trace_log_consistency(struct trace_log *log, uint64_t from, uint64_t to, struct buf *path,
                                      struct error *err);
/* The hashes of a tile as they stand there (perhaps more than a smaller tree needs, and behind the committed size such
 * as will be others), borrowed until the next call. False when there is none. */
bool trace_log_tile(struct trace_log *log, struct tile_place place, struct span *hashes);
void trace_log_free(struct trace_log *log);

DEFINE_AUTO(struct trace_writer *, trace_writer_free)
DEFINE_AUTO(struct trace_log *, trace_log_free)

#endif
