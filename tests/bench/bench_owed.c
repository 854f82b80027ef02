/* What it costs the keeper to say that feedback is owed: entries read from the trace's log, said in the journal, kept
 * in the store, one commit after the other as it does it; processor time of one process, syncing as it is. Of one
 * client whose every answer owes, as in the benchmark of the lookups, and of many clients that ask by turns, where one
 * answer in three owes, on one thing shown or some. */
#include <stdio.h>
#include <time.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/keeper/owed.h"
#include "tests/bench/telling.h"
#include "tests/support/support.h"

enum { ENTRIES = 400000, A_FLUSH = 8192, CLIENTS = 40, AIMED_AT_NS = 600 };

struct mixture {
    const char *bench;
    unsigned clients;
    unsigned every; /* one in so many owes */
    unsigned shown; /* at most */
};

struct bench {
    char folder[TEST_PATH_BYTES];
    const struct mixture *mixture;
    uint32_t state;
    uint64_t owing;
};

static double cpu_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static unsigned below(struct bench *bench, unsigned limit)
{
    bench->state = bench->state * 1103515245U + 12345U;
    return (bench->state >> 16) % limit;
}

static void shown_add(struct bench *bench, struct buf *out)
{
    unsigned count = 1 + below(bench, bench->mixture->shown);

    for (unsigned i = 0; i < count; i++)
        buf_addf(out, "%c[\"R%020u\",1]", i == 0 ? '[' : ',', bench->state + i);
    buf_add_byte(out, ']');
}

static void add(struct bench *bench, struct trace_writer *writer, struct buf *shown)
{
    static const uint8_t CERTIFICATE[32] = {1};
    char client[32], receipt[TRACE_RECEIPT_BYTES];
    struct trace_entry entry = {.at_ms = clock_now_ms(&CLOCK_SYSTEM),
                                .receipt = receipt,
                                .certificate = CERTIFICATE,
                                .domain = SPAN("lending"),
                                .purpose = SPAN("credit-review"),
                                .matter = SPAN("流动资金贷款"),
                                .rules = SPAN("lending 2026 0123456789abcdef"),
                                .uscc = SPAN("91440224MAYUCHK485"),
                                .verdict = "not-listed",
                                .status = 200,
                                .sequence = 123456,
                                .answer = SPAN("{}")};

    snprintf(client, sizeof client, "bank-%u", below(bench, bench->mixture->clients));
    entry.by = span_of(client);
    buf_clear(shown);
    if (below(bench, bench->mixture->every) == 0) {
        shown_add(bench, shown);
        entry.shown = buf_span(shown);
        entry.owes = true;
        entry.verdict = "listed";
        bench->owing++;
    }
    trace_next_receipt(writer, receipt);
    trace_add(writer, &entry);
}

static bool fill(struct bench *bench, const char *trace, struct error *err)
{
    AUTO(trace_writer_free) struct trace_writer *writer = NULL;
    AUTO(buf_done) struct buf shown = BUF_INIT;

    if (!trace_writer_open(trace, &writer, err))
        return false;
    for (int i = 0; i < ENTRIES; i++) {
        add(bench, writer, &shown);
        if (i % A_FLUSH == A_FLUSH - 1 && !trace_flush(writer, err))
            return false;
    }
    return trace_flush(writer, err);
}

static bool look(struct bench *bench, const struct keeper_options *options, struct trace_log *log, struct error *err)
{
    AUTO(owed_free) struct owed *owed = owed_new(options, false);
    double start = cpu_s(), took;
    double aimed_at = 1e9 / AIMED_AT_NS;

    do {
        if (!owed_turn(owed, log, err))
            return false;
    } while (owed_waits(owed, log));
    took = cpu_s() - start;
    tell(&(struct telling){bench->mixture->bench, (double)bench->owing / took, aimed_at, "1/s",
                           (double)bench->owing / took / aimed_at, 0, "aimed at"});
    return true;
}

static bool measure(const struct mixture *mixture, struct error *err)
{
    struct bench bench = {.mixture = mixture, .state = 1};
    const struct store_options how = {.creates = true};
    struct keeper_options options = {.clock = &CLOCK_SYSTEM, .courier_fd = -1};
    AUTO(trace_log_free) struct trace_log *log = NULL;
    uint64_t taken;
    bool is_good;

    test_folder_new(bench.folder);
    AUTO(text_free) char *trace = path_join(bench.folder, "trace");
    AUTO(text_free) char *store = path_join(bench.folder, "store");
    is_good = fill(&bench, trace, err) && trace_log_open(trace, &log, err) && trace_log_integrate(log, &taken, err) &&
              store_open(store, &how, &options.store, err) && look(&bench, &options, log, err);
    store_close(options.store);
    test_folder_remove(bench.folder);
    return is_good;
}

int main(void)
{
    static const struct mixture MIXTURES[] = {{"owed", 1, 1, 1}, {"owed-mixed", CLIENTS, 3, 4}};
    struct error err;

    for (size_t i = 0; i < COUNT_OF(MIXTURES); i++) {
        if (!measure(&MIXTURES[i], &err)) {
            fprintf(stderr, "bench_owed: %s\n", err.text);
            return 1;
        }
    }
    return 0;
}
