#include "gateway/jobs/show_evidence.h"

#include <string.h>

#include "base/text.h"
#include "base/walk.h"
#include "gateway/jobs/show_parts.h"
#include "gateway/journal/journal.h"
#include "gateway/journal/proof.h"
#include "gateway/registry/records.h"
#include "gateway/registry/registry.h"

/* One version of an obligation with the event that recorded it; borrowed from the transaction. */
struct recorded {
    struct obligation_version version;
    struct span bytes;
    struct event event;
    struct span row;
    struct span import; /* its id, raw JSON */
    struct span was;    /* what its file says in cells that were corrected, raw JSON; empty: none were */
};

static bool load(struct store_txn *txn, const struct record *record, uint32_t number, struct recorded *out,
                 struct error *err)
{
    if (!obligations_find(txn, record->obligation, number, &out->version) ||
        !journal_read(txn, out->version.sequence, &out->bytes))
        return store_txn_is_good(txn, err) && fail(err, ERR_CORRUPT, "%s: its obligation is gone", record->id);
    if (!event_parse(out->bytes, &out->event, err))
        return false;
    out->row = walk_member(out->event.data, "row");
    out->import = walk_member(out->event.data, "import");
    out->was = walk_member(out->event.data, "was");
    return true;
}

static void version_add(const struct recorded *recorded, struct buf *out)
{
    const struct obligation_version *version = &recorded->version;

    buf_addf(out, "{\"version\":%u", version->version);
    show_text(out, ",\"state\":", span_of(STATE_SLUGS[version->state]));
    show_instant(out, ",\"at\":", version->at_ms);
    show_text(out, ",\"by\":", recorded->event.by);
    show_raw(out, ",\"import\":", recorded->import);
    buf_addf(out, ",\"line\":%u,\"sequence\":%llu", version->line, (unsigned long long)version->sequence);
    show_raw(out, ",\"row\":", recorded->row);
    if (recorded->was.bytes > 0)
        show_raw(out, ",\"was\":", recorded->was);
    buf_add_byte(out, '}');
}

/* The columns in which the two rows differ, by the names of the register. */
static void changed_add(const struct recorded *basis, const struct recorded *now, struct buf *out)
{
    const char *comma = "";

    buf_add_text(out, ",\"changed\":[");
    for (int column = 0; column < COLUMN_COUNT; column++) {
        if (span_equal(walk_member(basis->row, COLUMN_KEYS[column]), walk_member(now->row, COLUMN_KEYS[column])))
            continue;
        buf_addf(out, "%s\"%s\"", comma, COLUMN_KEYS[column]);
        comma = ",";
    }
    buf_add_byte(out, ']');
}

/* --- the file --- */

struct searching {
    const struct recorded *basis;
    uint64_t sequence; /* of the import's end */
    struct span data;
};

/* The newest first; an import ends behind its rows. */
static bool see_import(uint64_t sequence, struct span data, void *context)
{
    struct searching *searching = context;

    if (sequence < searching->basis->version.sequence)
        return false;
    if (!span_equal(walk_member(data, "import"), searching->basis->import))
        return true;
    searching->sequence = sequence;
    searching->data = data;
    return false;
}

static bool import_add(struct store_txn *txn, const struct recorded *basis, struct buf *out, struct error *err)
{
    static const char *const MEMBERS[] = {"file", "sha256", "encoding", "bytes", "rows", "accepted", "refused"};
    struct searching searching = {.basis = basis, .data = SPAN_NONE};
    struct event event;
    struct span bytes;

    buf_add_text(out, ",\"import\":");
    if (!registry_imports(txn, see_import, &searching, err))
        return false;
    if (!searching.data.at) {
        buf_add_text(out, "null");
        return true;
    }
    if (!journal_read(txn, searching.sequence, &bytes) || !event_parse(bytes, &event, err))
        return store_txn_is_good(txn, err) && fail(err, ERR_CORRUPT, "the end of an import is gone");
    show_text(out, "{\"by\":", event.by);
    show_instant(out, ",\"at\":", event.at_ms);
    buf_addf(out, ",\"sequence\":%llu", (unsigned long long)searching.sequence);
    for (size_t i = 0; i < COUNT_OF(MEMBERS); i++) {
        buf_addf(out, ",\"%s\":", MEMBERS[i]);
        show_raw(out, "", walk_member(searching.data, MEMBERS[i]));
    }
    buf_add_byte(out, '}');
    return true;
}

/* --- the proof --- */

static bool proof_add(struct store_txn *txn, const struct recorded *basis, const struct evidence_log *log,
                      struct buf *out, struct error *err)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct proof proof = {.entry = basis->bytes, .index = basis->version.sequence, .checkpoint = log->checkpoint};

    buf_add_text(out, ",\"proof\":");
    if (basis->version.sequence >= log->size) {
        buf_add_text(out, "null");
        return true;
    }
    if (!journal_inclusion(txn, basis->version.sequence, log->size, &path, err))
        return false;
    proof.path = buf_span(&path);
    proof_format(&proof, &text);
    buf_add_span(out, span_trim(buf_span(&text)));
    return true;
}

bool show_evidence(struct store_txn *txn, struct span record, const struct evidence_log *log, struct buf *out,
                   struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version claim;
    struct recorded basis;
    struct recorded now;

    if (!records_load(txn, record, 0, &claim, &hold, err) ||
        !load(txn, &claim.record, claim.record.basis_version, &basis, err) || !load(txn, &claim.record, 0, &now, err))
        return false;
    show_text(out, "{\"record\":", span_of(claim.record.id));
    buf_addf(out, ",\"version\":%u,\"proposal\":%llu,\"basis\":", claim.record.version,
             (unsigned long long)claim.proposal);
    version_add(&basis, out);
    buf_add_text(out, ",\"now\":");
    if (now.version.version == basis.version.version)
        buf_add_text(out, "null");
    else
        version_add(&now, out);
    changed_add(&basis, &now, out);
    if (!import_add(txn, &basis, out, err) || !proof_add(txn, &basis, log, out, err))
        return false;
    buf_add_byte(out, '}');
    return store_txn_is_good(txn, err);
}
