/* What an answer costs in one process, without the network: enterprises with a record, and such as the register does
 * not know; and what its trace costs, syncing left out (that is one a turn, for all answers of the turn). Each has a
 * promised figure: a request over TLS costs the yardstick (nginx) 16 µs, and neither may add more than a quarter. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/journal/journal.h"
#include "gateway/lookup/lookup.h"
#include "gateway/trace/entry.h"
#include "gateway/trace/frame.h"
#include "tests/bench/batching.h"
#include "tests/bench/sample.h"
#include "tests/bench/subjects.h"
#include "tests/bench/telling.h"
#include "tests/support/support.h"

enum { SUBJECTS = 200000, A_TURN = 16, RUN_MS = 2000, PROMISED = 250000 };

struct bench {
    struct sample *sample;
    struct domains *domains;
    struct store *store;
    struct lookup_memory memory;
    struct lookup_forms *forms;
    struct buf answer;
    uint64_t state;
    double present;   /* answers/s, batches' codes/s of the present state */
    const char *only; /* benchmarks whose names begin so; NULL: all */
};

static bool is_wanted(const struct bench *bench, const char *name)
{
    return !bench->only || span_starts(span_of(name), bench->only);
}

static double cpu_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool make_store(struct bench *bench, const char *folder, struct error *err)
{
    AUTO(text_free) char *path = path_join(folder, "store");

    return sample_load(false, &bench->sample, err) &&
           domains_load(TEST_SOURCE "/adapters/consumers", TEST_SOURCE "/schemas", &bench->domains, err) &&
           subjects_make(bench->sample, SUBJECTS, path, &bench->store, err);
}

/* Codes first..first + SUBJECTS of the sample, in an order that no cache knows. */
struct asking {
    const char *bench;
    const char *domain;
    uint32_t first;
    enum verdict verdict;
    bool by_day;      /* as of now, by the path of the past */
    bool by_sequence; /* or of all events so far */
    bool is_present;  /* what those are compared with */
    bool is_hashed;   /* with the digest that its trace keeps */
};

static bool ask_turn(struct bench *bench, const struct asking *asking, struct store_txn *txn, struct error *err)
{
    struct lookup_question question = {.domain = domains_find(bench->domains, span_of(asking->domain)),
                                       .purpose = SPAN("decision-review"),
                                       .given = {.matter = SPAN("m"), .case_number = SPAN("c")},
                                       .is_government = true,
                                       .at_ms = clock_now_ms(&CLOCK_SYSTEM),
                                       .receipt = "0123456789abcdef01234567-12345",
                                       .memory = &bench->memory,
                                       .forms = bench->forms};
    uint8_t digest[32];

    if (asking->is_hashed)
        question.sha256 = digest;
    if (asking->by_day)
        question.as_of_ms = question.at_ms;
    if (asking->by_sequence)
        question.as_of_sequence = journal_size(txn);

    for (int i = 0; i < A_TURN; i++) {
        struct lookup_facts facts;
        char code[19];

        bench->state = bench->state * 6364136223846793005U + 1442695040888963407U;
        sample_code(bench->sample, asking->first + (uint32_t)((bench->state >> 33) % SUBJECTS), code);
        question.uscc = (struct span){code, 18};
        buf_clear(&bench->answer);
        if (!lookup_by_code(txn, &question, &bench->answer, &facts, err))
            return false;
        if (facts.verdict != asking->verdict)
            return fail(err, ERR_INTERNAL, "%s is %s", code, VERDICT_NAMES[facts.verdict]);
    }
    return true;
}

/* The same within 20 %. */
static void tell_as_of(const char *name, double ours, double present)
{
    tell(&(struct telling){name, ours, present, "1/s", ours / present, 1 / 1.2, "the present state"});
}

static bool measure(struct bench *bench, const struct asking *asking, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    double start = cpu_s(), took;
    uint64_t count = 0;

    if (!store_begin(bench->store, STORE_READ, &txn, err))
        return false;
    do {
        store_reset(txn);
        if (!store_renew(txn, err) || !ask_turn(bench, asking, txn, err))
            return false;
        count += A_TURN;
        took = cpu_s() - start;
    } while (took < RUN_MS / 1000.0);
    if (asking->is_present)
        bench->present = (double)count / took;
    if (asking->by_day || asking->by_sequence)
        tell_as_of(asking->bench, (double)count / took, bench->present);
    else
        tell(&(struct telling){asking->bench, (double)count / took, PROMISED, "1/s", (double)count / took / PROMISED, 1,
                               "promised"});
    return true;
}

static void next_listed(void *context, char code[19])
{
    struct bench *bench = context;

    bench->state = bench->state * 6364136223846793005U + 1442695040888963407U;
    sample_code(bench->sample, (uint32_t)((bench->state >> 33) % SUBJECTS), code);
}

static void next_unknown(void *context, char code[19])
{
    struct bench *bench = context;

    bench->state = bench->state * 6364136223846793005U + 1442695040888963407U;
    sample_code(bench->sample, SUBJECTS + 1 + (uint32_t)((bench->state >> 33) % SUBJECTS), code);
}

static bool measure_listed(const struct bench *bench, struct batching *batching, struct error *err)
{
    static const char *const NAMES[] = {"batch-listed", "batch-as-of-day", "batch-as-of-sequence"};

    for (int i = BATCHING_PRESENT; i <= BATCHING_SEQUENCE; i++) {
        batching->bench = NAMES[i];
        batching->as_of = (enum batching_as_of)i;
        if (is_wanted(bench, batching->bench) && !batching_measure(batching, err))
            return false;
    }
    return true;
}

/* Nobody on the list is what a bank's customers mostly are; everybody is the worst. */
static bool measure_batches(struct bench *bench, const char *folder, struct error *err)
{
    AUTO(text_free) char *trace = path_join(folder, "trace");
    struct batching batching = {.bench = "batch-listed",
                                .store = bench->store,
                                .domain = domains_find(bench->domains, SPAN("lending")),
                                .purpose = "credit-review",
                                .trace_folder = trace,
                                .next_code = next_listed,
                                .context = bench,
                                .verdict = "listed"};

    if (!measure_listed(bench, &batching, err))
        return false;
    batching.bench = "batch-not-listed";
    batching.as_of = BATCHING_PRESENT;
    batching.next_code = next_unknown;
    batching.verdict = "not-listed";
    return !is_wanted(bench, batching.bench) || batching_measure(&batching, err);
}

static void measure_trace(const struct bench *bench)
{
    AUTO(digester_free) struct digester *digester = digester_new();
    AUTO(buf_done) struct buf frames = BUF_INIT;
    static const uint8_t CERTIFICATE[32] = {1};
    struct trace_entry entry = {.at_ms = clock_now_ms(&CLOCK_SYSTEM),
                                .receipt = "0123456789abcdef01234567-12345",
                                .by = SPAN("bank-1"),
                                .certificate = CERTIFICATE,
                                .domain = SPAN("lending"),
                                .purpose = SPAN("credit-review"),
                                .uscc = SPAN("91440224MAYUCHK485"),
                                .verdict = "listed",
                                .status = 200,
                                .sequence = 123456,
                                .answer = buf_span(&bench->answer)};
    struct entry_form form = {.is_set = false};
    double start = cpu_s(), took;
    uint64_t count = 0;

    do {
        buf_clear(&frames);
        for (int i = 0; i < A_TURN; i++, count++) {
            size_t at = frames.bytes;

            frame_begin(&frames);
            if (!form.is_set || !entry_form_fits(&form, &entry))
                entry_form_set(&form, &entry);
            entry_add(&entry, &(struct entry_with){&form, (const uint8_t[ENTRY_SALT_BYTES]){0}, digester}, &frames);
            frame_end(&frames, at, segment_id_crc("0123456789abcdef01234567"), (uint32_t)count, 0);
        }
        took = cpu_s() - start;
    } while (took < RUN_MS / 1000.0);
    entry_form_done(&form);
    tell(&(struct telling){"trace-entry", (double)count / took, PROMISED, "1/s", (double)count / took / PROMISED, 1,
                           "promised"});
}

static bool run(struct bench *bench, const char *folder, struct error *err)
{
    static const struct asking ASKINGS[] = {
        {.bench = "answer-unknown-code", .domain = "lending", .first = SUBJECTS + 1, .verdict = VERDICT_NOT_LISTED},
        {.bench = "answer-price", .domain = "power-price", .verdict = VERDICT_LISTED},
        {.bench = "answer-whole-record", .domain = "tax", .verdict = VERDICT_LISTED},
        {.bench = "answer-record", .domain = "lending", .verdict = VERDICT_LISTED, .is_present = true},
        {.bench = "answer-digest", .domain = "lending", .verdict = VERDICT_LISTED, .is_hashed = true},
        {.bench = "answer-as-of-day", .domain = "lending", .verdict = VERDICT_LISTED, .by_day = true},
        {.bench = "answer-as-of-sequence", .domain = "lending", .verdict = VERDICT_LISTED, .by_sequence = true}};

    if (!make_store(bench, folder, err))
        return false;
    for (size_t i = 0; i < COUNT_OF(ASKINGS); i++) {
        if (is_wanted(bench, ASKINGS[i].bench) && !measure(bench, &ASKINGS[i], err))
            return false;
    }
    if (is_wanted(bench, "trace-entry"))
        measure_trace(bench);
    return measure_batches(bench, folder, err);
}

int main(int count, char **arguments)
{
    struct bench bench = {.state = 1, .only = count > 1 ? arguments[1] : NULL};
    char folder[TEST_PATH_BYTES];
    struct error err;
    bool is_good;

    test_folder_new(folder);
    bench.forms = lookup_forms_new();
    is_good = run(&bench, folder, &err);
    lookup_forms_free(bench.forms);
    store_close(bench.store);
    domains_free(bench.domains);
    sample_free(bench.sample);
    buf_done(&bench.answer);
    test_folder_remove(folder);
    if (!is_good)
        fprintf(stderr, "bench_answers: %s\n", err.text);
    return is_good ? 0 : 1;
}
