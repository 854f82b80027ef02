/* tool_fixture FOLDER ROWS - a store with ROWS listed enterprises, as a gateway would have it, for benchmarks.
 *
 * Each enterprise has one overdue obligation and one effective record. They come by the real path: a register is
 * imported, all that is overdue is proposed, every proposal is approved; each step is events in the journal, applied to
 * the tables.
 *
 * One thing is not real: the seal of a record. A million SM2 signatures would take minutes, so all records carry the
 * same one, made once by a throw-away key. Lookups do not read seals; nothing in this store can be verified.
 *
 * Nothing is synced while it is written; at the end everything is. FOLDER/store is the store, FOLDER/codes.txt holds
 * the codes, 18 bytes and a line feed each. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/command/ledger.h"
#include "gateway/command/seal.h"
#include "gateway/journal/guard.h"
#include "tests/bench/importing.h"
#include "tests/bench/sample.h"

enum { APPROVALS_A_COMMIT = 16000 };

struct making {
    const char *folder;
    uint32_t rows;
    struct sample *sample;
    struct store *store;
    struct desk desk;
    char (*records)[RECORD_ID_BYTES];
    uint64_t proposed;
    uint64_t approved;
    struct buf seal;
    struct error refusal;
};

static void say(const char *what, int64_t *since_ms)
{
    int64_t now = time_monotonic_ms();

    fprintf(stderr, "  %-10s %6.1f s\n", what, (double)(now - *since_ms) / 1000);
    *since_ms = now;
}

static bool import(struct making *making, struct error *err)
{
    AUTO(text_free) char *csv = path_join(making->folder, "register.csv");
    uint64_t rows;

    return sample_write(making->sample, 0, making->rows, csv, err) &&
           importing_run(&making->desk, csv, making->folder, &rows, err) &&
           (unlink(csv) == 0 || fail(err, ERR_IO, "%s: %s", csv, strerrordesc_np(errno)));
}

static void take_proposed(const struct outcome *outcome, void *context)
{
    struct making *making = context;

    if (!outcome->is_done)
        making->refusal = *outcome->refusal;
    else if (making->proposed < making->rows)
        memcpy(making->records[making->proposed++], outcome->record, RECORD_ID_BYTES);
}

static bool propose(struct making *making, struct error *err)
{
    struct obligations_filter all = OBLIGATIONS_ALL;
    int32_t today = day_of_instant(clock_now_ms(making->desk.clock));
    struct proposal proposal = {.op = OP_NEW,
                                .on = today,
                                .document = span_of("粤失信认〔2026〕1号"),
                                .decided_on = today,
                                .severity = SEVERITY_SERIOUS,
                                .scope = -1};
    struct tally tally = {0};

    making->desk.person = "author";
    if (!command_propose_overdue(&making->desk, &all, &proposal, take_proposed, making, &tally, err))
        return false;
    if (making->proposed != making->rows)
        return fail(err, ERR_INTERNAL, "%llu of %u are proposed: %s", (unsigned long long)making->proposed,
                    making->rows, making->refusal.text);
    return true;
}

/* The seal that all will carry: a real one, of the first record. */
static bool make_seal(struct making *making, struct error *err)
{
    AUTO(text_free) char *keys = path_join(making->folder, "throw-away-keys");
    AUTO(keyring_free) struct keyring *keyring = NULL;
    AUTO(signer_free) struct signer *signer = NULL;
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version version;

    if (!keyring_create(keys, "bench", clock_now_ms(&CLOCK_SYSTEM), err) || !keyring_load(keys, &keyring, err) ||
        !signer_new_local(keyring, &signer, err) || !store_begin(making->store, STORE_READ, &txn, err) ||
        !records_load(txn, span_of(making->records[0]), 0, &version, &hold, err))
        return false;
    version.record.approved_by = span_of("reviewer");
    version.record.approved_ms = clock_now_ms(&CLOCK_SYSTEM);
    return seal_make(signer, &version.record, &making->seal, err) && file_remove_tree(keys, err);
}

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, RECORD_ID_LENGTH);
}

static bool approve_some(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    AUTO(buf_done) struct buf data = BUF_INIT;
    struct making *making = context;
    char at[INSTANT_TEXT_BYTES];

    if (!ledger_new(txn, making->desk.clock, &ledger, err))
        return false;
    for (uint64_t i = making->approved; i < making->proposed && i < making->approved + APPROVALS_A_COMMIT; i++) {
        buf_clear(&data);
        buf_addf(&data, "{\"approved_at\":\"%s\",\"record\":\"%s\",\"seal\":",
                 instant_format(clock_now_ms(making->desk.clock), at), making->records[i]);
        buf_add_span(&data, buf_span(&making->seal));
        buf_add_text(&data, ",\"version\":1}");
        if (!ledger_emit(ledger, "reviewer", "record.approved", buf_span(&data), NULL, err))
            return false;
    }
    return ledger_finish(ledger, err);
}

/* In order of id: neighbours in the tables share a commit, and most pages are written once. */
static bool approve(struct making *making, struct error *err)
{
    qsort(making->records, making->proposed, sizeof *making->records, compare_ids);
    for (; making->approved < making->proposed; making->approved += APPROVALS_A_COMMIT) {
        if (!store_write(making->store, approve_some, making, err))
            return false;
    }
    return true;
}

static bool write_codes(const struct making *making, struct error *err)
{
    AUTO(text_free) char *path = path_join(making->folder, "codes.txt");
    AUTO(buf_done) struct buf codes = BUF_INIT;

    for (uint32_t i = 0; i < making->rows; i++) {
        char code[19];

        sample_code(making->sample, i, code);
        buf_addf(&codes, "%s\n", code);
    }
    return file_write(path, buf_span(&codes), 0644, err);
}

/* A scratch store was not synced by its commits. */
static bool make_durable(const char *folder, struct error *err)
{
    AUTO(text_free) char *path = path_join(folder, "store/data.mdb");
    AUTO(file_close) int fd = open(path, O_RDONLY | O_CLOEXEC);

    return (fd >= 0 && fsync(fd) == 0) || fail(err, ERR_IO, "%s: %s", path, strerrordesc_np(errno));
}

/* No gateway saw this store grow: so it is told to take it as it is. */
static bool guard(struct making *making, struct error *err)
{
    struct guard_change change = {.what = "accepted", .by = "bench", .reason = "made for benchmarks"};

    change.at_ms = clock_now_ms(&CLOCK_SYSTEM);
    merkle_empty(change.heads[GUARD_TRACE].root);
    return guard_measure(making->store, &change.heads[GUARD_JOURNAL], err) &&
           guard_replace(NULL, making->store, making->folder, &change, err);
}

static bool fill(struct making *making, struct error *err)
{
    int64_t since_ms = time_monotonic_ms();

    making->desk.store = making->store;
    if (!import(making, err))
        return false;
    say("import", &since_ms);
    if (!propose(making, err) || !make_seal(making, err))
        return false;
    say("propose", &since_ms);
    if (!approve(making, err) || !write_codes(making, err) || !guard(making, err))
        return false;
    say("approve", &since_ms);
    return true;
}

static bool make(struct making *making, struct error *err)
{
    AUTO(text_free) char *path = path_join(making->folder, "store");
    AUTO(rules_free) struct rules *rules = NULL;
    AUTO(windows_free) struct windows *windows = NULL;
    AUTO(sample_free) struct sample *sample = NULL;
    bool is_good;

    making->desk = (struct desk){.clock = &CLOCK_SYSTEM, .person = "author"};
    if (!file_make_folder(making->folder, 0700, err) || !rules_load(TEST_SOURCE "/schemas", &rules, err) ||
        !windows_load(TEST_SOURCE "/schemas/data/publication-windows.json", &windows, err) ||
        !sample_load(true, &sample, err) ||
        !store_open(path, &(struct store_options){.creates = true, .is_scratch = true}, &making->store, err))
        return false;
    making->desk.rules = rules;
    making->desk.windows = windows;
    making->sample = sample;
    making->records = memory_new((size_t)making->rows * sizeof *making->records);
    is_good = fill(making, err);
    store_close(making->store);
    buf_done(&making->seal);
    free(making->records);
    return is_good && make_durable(making->folder, err);
}

int main(int argc, char **argv)
{
    struct making making = {.folder = argc == 3 ? argv[1] : NULL};
    struct error err;
    int64_t rows;

    if (argc != 3 || !integer_parse(span_of(argv[2]), &rows) || rows < 1 || rows > SAMPLE_ROWS_MAX) {
        fprintf(stderr, "usage: tool_fixture FOLDER ROWS (at most %d)\n", SAMPLE_ROWS_MAX);
        return 2;
    }
    making.rows = (uint32_t)rows;
    if (make(&making, &err))
        return 0;
    fprintf(stderr, "tool_fixture: %s\n", err.text);
    return 1;
}
