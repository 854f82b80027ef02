/* bench_lookup_code STORE CODES - answers by code without the network: the store of tool_fixture, random codes, the
 * answer of the lending domain. Beside it the least that any server would have to do: find the enterprise's entry and
 * copy its bytes. By turns, so that both meet the same machine. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "gateway/lookup/lookup.h"
#include "tests/bench/telling.h"
#include "tests/support/support.h"

enum { CODES_BYTES_MAX = 128 * 1024 * 1024, CODE_BYTES = 18, ROUNDS = 5, ROUND_MS = 600, A_TURN = 16 };

struct bench {
    struct store_txn *txn;
    struct lookup_question question;
    struct lookup_memory memory;
    struct buf codes;
    struct buf answer;
    uint64_t state; /* of the random walk over the codes */
};

typedef bool answer_one(struct bench *bench, struct span code, struct error *err);

static struct span random_code(struct bench *bench)
{
    size_t count = bench->codes.bytes / (CODE_BYTES + 1);

    bench->state = bench->state * 6364136223846793005U + 1442695040888963407U;
    return (struct span){bench->codes.data + (bench->state >> 32) % count * (CODE_BYTES + 1), CODE_BYTES};
}

static bool answer_whole(struct bench *bench, struct span code, struct error *err)
{
    struct lookup_facts facts;

    bench->question.uscc = code;
    if (!lookup_by_code(bench->txn, &bench->question, &bench->answer, &facts, err))
        return false;
    return facts.verdict == VERDICT_LISTED ||
           fail(err, ERR_INTERNAL, "%.*s is %s", (int)code.bytes, code.at, VERDICT_NAMES[facts.verdict]);
}

static bool copy_bare(struct bench *bench, struct span code, struct error *err)
{
    struct span value;

    if (!store_get(bench->txn, STORE_SUBJECTS, code, &value))
        return fail(err, ERR_INTERNAL, "%.*s is not in the store", (int)code.bytes, code.at);
    buf_add_span(&bench->answer, value);
    return true;
}

/* The newest data every few answers, as a turn of the server's loop does. */
static bool measure(struct bench *bench, answer_one *answer, double *best, struct error *err)
{
    int64_t start = time_monotonic_ms();
    int64_t took;
    uint64_t count = 0;
    double rate;

    do {
        if (!store_renew(bench->txn, err))
            return false;
        for (int i = 0; i < A_TURN; i++, count++) {
            buf_clear(&bench->answer);
            if (!answer(bench, random_code(bench), err))
                return false;
        }
        store_reset(bench->txn);
        took = time_monotonic_ms() - start;
    } while (took < ROUND_MS);
    rate = (double)count * 1000 / (double)took;
    *best = rate > *best ? rate : *best;
    return true;
}

static bool compare(struct bench *bench, struct error *err)
{
    double ours = 0;
    double theirs = 0;

    store_reset(bench->txn);
    for (int i = 0; i < ROUNDS; i++) {
        if (!measure(bench, answer_whole, &ours, err) || !measure(bench, copy_bare, &theirs, err))
            return false;
    }
    tell(&(struct telling){"lookup-code", ours, theirs, "1/s", ours / theirs, 0, "the entry found and copied"});
    return true;
}

static bool run(const char *folder, const char *codes, struct error *err)
{
    AUTO(domains_free) struct domains *domains = NULL;
    AUTO(lookup_forms_free) struct lookup_forms *forms = lookup_forms_new();
    AUTO(store_close) struct store *store = NULL;
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct bench bench = {.state = 1, .question = {.receipt = "Q-bench-0000000000000001"}};
    bool is_good;

    if (!domains_load(TEST_SOURCE "/adapters/consumers", TEST_SOURCE "/schemas", &domains, err) ||
        !file_read(codes, CODES_BYTES_MAX, &bench.codes, err) ||
        !store_open(folder, &(struct store_options){.is_read_only = true, .is_scattered = true}, &store, err) ||
        !store_begin(store, STORE_READ, &txn, err))
        return false;
    bench.txn = txn;
    bench.question.domain = domains_find(domains, SPAN("lending"));
    bench.question.purpose = SPAN("credit-review");
    bench.question.memory = &bench.memory;
    bench.question.forms = forms;
    bench.question.at_ms = clock_now_ms(&CLOCK_SYSTEM);
    is_good = compare(&bench, err);
    buf_done(&bench.codes);
    buf_done(&bench.answer);
    return is_good;
}

int main(int argc, char **argv)
{
    struct error err;

    if (argc != 3) {
        fprintf(stderr, "usage: bench_lookup_code STORE CODES\n");
        return 2;
    }
    if (run(argv[1], argv[2], &err))
        return 0;
    fprintf(stderr, "bench_lookup_code: %s\n", err.text);
    return 1;
}
