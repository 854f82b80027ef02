/* command_import.c - rows of the register, as events, in large transactions.
 *
 * A row becomes its canonical JSON at once and waits in one buffer; nothing else is kept of it. When the batch is full,
 * each is compared with the newest version held and journaled only when it says something new: the same file again
 * writes nothing at all. */
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "base/walk.h"
#include "gateway/command/command.h"
#include "gateway/command/ledger.h"
#include "gateway/journal/journal.h"
#include "gateway/registry/registry.h"

enum { IMPORT_BATCH_BYTES = 16 * 1024 * 1024, IMPORT_ID_MAX = 32, IMPORT_ROW_MAX = 48 * 1024 };

struct import_row {
    uint8_t id[OBLIGATION_ID_BYTES];
    size_t json_at;
    size_t json_bytes;
    size_t was_bytes; /* behind the row's JSON; 0: nothing was corrected */
    uint32_t line;
    enum row_outcome outcome;
};

struct command_import {
    struct desk desk;
    char id[IMPORT_ID_MAX + 1];
    import_report *report;
    void *context;
    struct import_row *rows;
    size_t count;
    struct buf json; /* of all rows of the batch */
    struct buf data; /* of one event */
    struct import_counts committed;
    uint64_t seen; /* the journal's size when its register was looked at */
    bool has_seen;
    bool is_repeatable;             /* its id is the job's */
    bool has_before;                /* some row was recorded before the job was killed */
    const struct import_file *file; /* in the last batch */
};

static bool is_plain(const char *text)
{
    size_t bytes = strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");

    return bytes > 0 && bytes <= IMPORT_ID_MAX && text[bytes] == '\0';
}

bool command_import_begin(const struct desk *desk, const char *id, import_report *report, void *context,
                          struct command_import **out, struct error *err)
{
    struct command_import *import;

    if (!is_plain(id))
        return fail(err, ERR_INVALID, "an import's id is 1 to %d letters and digits", IMPORT_ID_MAX);
    import = memory_new(sizeof *import);
    import->desk = *desk;
    memcpy(import->id, id, strlen(id) + 1);
    import->report = report;
    import->context = context;
    import->is_repeatable = desk->job && strcmp(desk->job, id) == 0;
    import->rows = memory_new(IMPORT_BATCH * sizeof *import->rows);
    *out = import;
    return true;
}

void command_import_seen(struct command_import *import, uint64_t events)
{
    import->seen = events;
    import->has_seen = true;
}

static struct span row_json(const struct command_import *import, const struct import_row *row)
{
    return (struct span){import->json.data + row->json_at, row->json_bytes};
}

static struct span row_was(const struct command_import *import, const struct import_row *row)
{
    return (struct span){import->json.data + row->json_at + row->json_bytes, row->was_bytes};
}

static void recorded_data(struct command_import *import, const struct import_row *row, uint32_t version)
{
    struct buf *data = &import->data;

    buf_clear(data);
    buf_add_text(data, "{\"import\":\"");
    buf_add_text(data, import->id);
    json_count_add(data, "\",\"line\":", row->line);
    buf_add_text(data, ",\"obligation\":\"");
    hex_add(data, row->id, sizeof row->id);
    buf_add_text(data, "\",\"row\":");
    buf_add_span(data, row_json(import, row));
    json_count_add(data, ",\"version\":", version);
    if (row->was_bytes > 0) {
        buf_add_text(data, ",\"was\":");
        buf_add_span(data, row_was(import, row));
    }
    buf_add_byte(data, '}');
}

/* Did this very import, before it was killed, record the row? Then it counts as what it was then, even when another
 * import has changed it since: an old file must not be laid over a newer one. */
static bool find_before(struct command_import *import, struct store_txn *txn, const struct obligation_version *newest,
                        enum row_outcome *outcome, bool *is_found, struct error *err)
{
    struct obligation_version version = *newest;
    struct event event;
    struct span bytes;

    *is_found = false;
    if (!import->is_repeatable)
        return true;
    while (version.version > 0 && version.sequence >= import->desk.since) {
        if (!journal_read(txn, version.sequence, &bytes) || !event_parse(bytes, &event, err))
            return store_txn_is_good(txn, err) && fail(err, ERR_CORRUPT, "an obligation's event is not in the journal");
        if (span_is(walk_plain_of(event.data, "import"), import->id)) {
            *outcome = version.version == 1 ? ROW_NEW : ROW_NEW_VERSION;
            *is_found = true;
            import->has_before = true;
            return true;
        }
        if (version.version == 1 || !obligations_find(txn, version.id, version.version - 1, &version))
            break;
    }
    return store_txn_is_good(txn, err);
}

static bool record_row(struct command_import *import, struct ledger *ledger, struct store_txn *txn,
                       struct import_row *row, struct error *err)
{
    struct obligation_version newest = {.version = 0};
    struct span held = SPAN_NONE;
    bool is_found = obligations_find(txn, row->id, 0, &newest);

    if (is_found) {
        if (!find_before(import, txn, &newest, &row->outcome, &is_found, err))
            return false;
        if (is_found)
            return true;
        if (!obligations_json(txn, &newest, &held, err))
            return false;
    }
    if (!store_txn_is_good(txn, err) || !decide_row(held, row_json(import, row), &row->outcome, err))
        return false;
    if (row->outcome == ROW_NEW_VERSION && import->has_seen && newest.sequence >= import->seen)
        row->outcome = ROW_STALE;
    if (row->outcome == ROW_UNCHANGED || row->outcome == ROW_STALE)
        return true;
    recorded_data(import, row, newest.version + 1);
    return ledger_emit(ledger, import->desk.person, "obligation.recorded", buf_span(&import->data), NULL, err);
}

static void text_add(struct buf *out, const char *name, const char *text)
{
    buf_add_text(out, name);
    json_string_add(out, span_of(text));
}

struct finding {
    const struct command_import *import;
    bool is_there;
};

static bool find_finished(uint64_t sequence, struct span data, void *context)
{
    struct finding *finding = context;

    if (sequence < finding->import->desk.since)
        return false;
    finding->is_there = span_is(walk_plain_of(data, "import"), finding->import->id);
    return !finding->is_there;
}

static bool is_finished(const struct command_import *import, struct store_txn *txn, bool *out, struct error *err)
{
    struct finding finding = {import, false};

    if (import->has_before && !registry_imports(txn, find_finished, &finding, err))
        return false;
    *out = finding.is_there;
    return true;
}

static bool emit_finished(struct command_import *import, struct store_txn *txn, struct ledger *ledger,
                          const struct import_counts *counts, struct error *err)
{
    const struct import_file *file = import->file;
    struct buf *data = &import->data;
    bool is_there;

    if (!is_finished(import, txn, &is_there, err))
        return false;
    if (is_there)
        return true;
    buf_clear(data);
    json_count_add(data, "{\"accepted\":", counts->count[ROW_NEW] + counts->count[ROW_NEW_VERSION]);
    json_count_add(data, ",\"bytes\":", file->bytes);
    if (file->corrected > 0)
        json_count_add(data, ",\"corrected\":", file->corrected);
    text_add(data, ",\"encoding\":", file->encoding);
    text_add(data, ",\"file\":", file->name);
    text_add(data, ",\"import\":", import->id);
    json_count_add(data, ",\"refused\":", file->refused + counts->count[ROW_STALE]);
    json_count_add(data, ",\"rows\":", file->rows);
    text_add(data, ",\"sha256\":", file->sha256);
    json_count_add(data, ",\"unchanged\":", counts->count[ROW_UNCHANGED]);
    buf_add_byte(data, '}');
    return ledger_emit(ledger, import->desk.person, "import.finished", buf_span(data), NULL, err);
}

/* An import says that it finished when it brought anything new. One that was killed before its last word left rows and
 * no register: then the same file again, which is unchanged throughout, says it. */
static bool has_more_to_say(struct store_txn *txn, const struct import_counts *counts)
{
    int64_t since_ms;
    uint64_t since;

    if (counts->count[ROW_NEW] + counts->count[ROW_NEW_VERSION] > 0)
        return true;
    return counts->count[ROW_UNCHANGED] > 0 && !registry_since(txn, &since_ms, &since);
}

static bool work(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    struct command_import *import = context;
    struct import_counts counts = import->committed;

    if (!ledger_new(txn, import->desk.clock, &ledger, err))
        return false;
    for (size_t i = 0; i < import->count; i++) {
        struct import_row *row = &import->rows[i];

        if (!record_row(import, ledger, txn, row, err))
            return fail_in(err, "line %u", row->line);
        counts.count[row->outcome]++;
    }
    if (import->file && has_more_to_say(txn, &counts) && !emit_finished(import, txn, ledger, &counts, err))
        return false;
    return ledger_finish(ledger, err);
}

static bool flush(struct command_import *import, struct error *err)
{
    if (import->count == 0 && !import->file)
        return true;
    if (!store_write(import->desk.store, work, import, err))
        return false;
    for (size_t i = 0; i < import->count; i++) {
        import->committed.count[import->rows[i].outcome]++;
        if (import->report)
            import->report(import->rows[i].line, import->rows[i].outcome, import->context);
    }
    import->count = 0;
    buf_clear(&import->json);
    return true;
}

bool command_import_row(struct command_import *import, const struct obligation *row, uint32_t line, struct error *err)
{
    return command_import_corrected(import, row, line, SPAN_NONE, err);
}

bool command_import_corrected(struct command_import *import, const struct obligation *row, uint32_t line,
                              struct span was, struct error *err)
{
    struct import_row *kept;
    size_t before = import->json.bytes;

    if (row->field[COLUMN_USCC].bytes != 18)
        return fail(err, ERR_INVALID, "line %u: a row that was not checked", line);
    kept = &import->rows[import->count];
    memset(kept, 0, sizeof *kept);
    obligation_id(row, kept->id);
    kept->line = line;
    kept->json_at = before;
    obligation_json_add(row, &import->json);
    kept->json_bytes = import->json.bytes - before;
    buf_add_span(&import->json, was);
    kept->was_bytes = was.bytes;
    if (import->json.bytes - before > IMPORT_ROW_MAX) {
        import->json.bytes = before;
        return fail(err, ERR_LIMIT, "line %u: a row of more than %d bytes", line, IMPORT_ROW_MAX);
    }
    import->count++;
    if (import->count < IMPORT_BATCH && import->json.bytes < IMPORT_BATCH_BYTES)
        return true;
    return flush(import, err);
}

bool command_import_look(struct store_txn *txn, const struct obligation *row, struct buf *hold,
                         enum row_outcome *outcome, struct error *err)
{
    struct obligation_version newest = {.version = 0};
    struct span held = SPAN_NONE;
    uint8_t id[OBLIGATION_ID_BYTES];

    obligation_id(row, id);
    buf_clear(hold);
    obligation_json_add(row, hold);
    if (obligations_find(txn, id, 0, &newest) && !obligations_json(txn, &newest, &held, err))
        return false;
    return store_txn_is_good(txn, err) && decide_row(held, buf_span(hold), outcome, err);
}

bool command_import_finish(struct command_import *import, const struct import_file *file, struct import_counts *counts,
                           struct error *err)
{
    bool is_good;

    import->file = file;
    is_good = flush(import, err);
    import->file = NULL;
    if (is_good)
        *counts = import->committed;
    return is_good;
}

void command_import_counts(const struct command_import *import, struct import_counts *counts)
{
    *counts = import->committed;
}

void command_import_free(struct command_import *import)
{
    if (!import)
        return;
    free(import->rows);
    buf_done(&import->json);
    buf_done(&import->data);
    free(import);
}
