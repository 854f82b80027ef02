/* Durable puts and journal appends a second: 700 bytes each, 1,000 a transaction, beside bare SHA-256 of the same
 * events. Prints a table line and a JSON line a bench. */
#include <stdio.h>

#include "base/file.h"
#include "base/time.h"
#include "gateway/journal/journal.h"
#include "gateway/journal/merkle.h"
#include "tests/bench/telling.h"
#include "tests/support/support.h"

enum { EVENT_BYTES = 700, BATCH = 1000, BENCH_MS = 2000 };

struct run {
    uint64_t next;
    char event[EVENT_BYTES];
};

static bool put_batch(struct store_txn *txn, void *context, struct error *err)
{
    struct run *run = context;
    uint8_t key[16] = {0};

    for (int i = 0; i < BATCH; i++) {
        /* Spread over the table as hashed keys are. */
        store_key_u64(key, (run->next + (uint64_t)i) * 0x9E3779B97F4A7C15U);
        store_put(txn, STORE_OBLIGATIONS, (struct span){(char *)key, sizeof key},
                  (struct span){run->event, EVENT_BYTES});
    }
    return store_txn_is_good(txn, err);
}

static bool append_batch(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(journal_writer_free) struct journal_writer *writer = NULL;
    struct run *run = context;

    if (!journal_writer_new(txn, &writer, err))
        return false;
    for (int i = 0; i < BATCH; i++) {
        store_key_u64((uint8_t *)run->event, run->next + (uint64_t)i);
        journal_append(writer, (struct span){run->event, EVENT_BYTES}, NULL);
    }
    return journal_writer_finish(writer, err);
}

static bool measure(struct store *store, store_work *work, double *rate, struct error *err)
{
    struct run run = {.event = "event"};
    int64_t start = time_monotonic_ms();
    int64_t took;

    do {
        if (!store_write(store, work, &run, err))
            return false;
        run.next += BATCH;
        took = time_monotonic_ms() - start;
    } while (took < BENCH_MS);
    *rate = (double)run.next * 1000 / (double)took;
    return true;
}

static double bare_hashes(void)
{
    AUTO(merkle_hasher_free) struct merkle_hasher *hasher = merkle_hasher_new();
    char event[EVENT_BYTES] = "event";
    uint8_t hash[MERKLE_HASH_BYTES];
    int64_t start = time_monotonic_ms();
    uint64_t count = 0;

    while (time_monotonic_ms() - start < BENCH_MS / 2)
        for (int i = 0; i < BATCH; i++, count++)
            merkle_leaf(hasher, (struct span){event, sizeof event}, hash);
    return (double)count * 1000 / (double)(time_monotonic_ms() - start);
}

static bool run_all(const char *folder, struct error *err)
{
    static const struct {
        const char *name;
        store_work *work;
        bool is_scratch;
    } BENCHES[] = {{"store-puts", put_batch, false},
                   {"journal-appends", append_batch, false},
                   {"journal-unsynced", append_batch, true}};
    double theirs = bare_hashes();

    for (size_t i = 0; i < COUNT_OF(BENCHES); i++) {
        AUTO(store_close) struct store *store = NULL;
        AUTO(text_free) char *path = path_join(folder, BENCHES[i].name);
        double rate;

        if (!store_open(path, &(struct store_options){.creates = true, .is_scratch = BENCHES[i].is_scratch}, &store,
                        err) ||
            !measure(store, BENCHES[i].work, &rate, err))
            return false;
        tell(&(struct telling){BENCHES[i].name, rate, theirs, "1/s", rate / theirs, 0, "bare SHA-256"});
    }
    return true;
}

int main(void)
{
    char folder[TEST_PATH_BYTES];
    struct error err;
    bool is_good;

    test_folder_new(folder);
    is_good = run_all(folder, &err);
    test_folder_remove(folder);
    if (!is_good)
        fprintf(stderr, "bench_store: %s\n", err.text);
    return is_good ? 0 : 1;
}
