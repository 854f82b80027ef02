/* What the trace of an answer costs, in processor time with the kernel's share: an api process adds what it answered in
 * a turn and syncs (64 answers a turn as over 64 connections of HTTP/1.1, 256 as over HTTP/2), and the keeper gives the
 * entries of half a second their places. Segments come and go as they do in the gateway. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/text.h"
#include "base/time.h"
#include "gateway/trace/trace.h"
#include "tests/bench/telling.h"
#include "tests/support/support.h"

/* Several segments. */
enum { ENTRIES = 400000, A_TURN_OF_THE_KEEPER = 20480, WARM_UP = 2 };

struct bench {
    struct trace_writer *writer;
    struct trace_log *log;
    uint64_t asked;
    double wrote_s;
    double integrated_s;
    double read_s;
};

static double cpu_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* One after the other as they come from many systems that ask singly; only time, code and answer differ. */
static void add_answer(struct bench *bench)
{
    static const uint8_t CERTIFICATE[32] = {1};
    uint8_t sha256[32] = {(uint8_t)bench->asked, (uint8_t)(bench->asked >> 8)};
    char receipt[TRACE_RECEIPT_BYTES];
    char code[19];
    struct trace_entry entry = {.at_ms = 1785722400000 + (int64_t)(bench->asked / 45),
                                .receipt = receipt,
                                .by = SPAN("bank-1"),
                                .certificate = CERTIFICATE,
                                .domain = SPAN("lending"),
                                .purpose = SPAN("credit-review"),
                                .rules = SPAN("lending/2022@0123456789abcdef"),
                                .uscc = {code, 18},
                                .verdict = "listed",
                                .status = 200,
                                .sequence = 1234567,
                                .shown = SPAN("[[\"R0123456789abcdef0123456789abcdef\",2]]"),
                                .owes = true,
                                .answer_sha256 = sha256};

    snprintf(code, sizeof code, "91440224MA%08u", (unsigned)(bench->asked++ * 2654435761U % 100000000U));
    trace_next_receipt(bench->writer, receipt);
    trace_add(bench->writer, &entry);
}

static bool write_turns(struct bench *bench, uint64_t a_flush, struct error *err)
{
    double start = cpu_s();

    for (uint64_t i = 0; i < A_TURN_OF_THE_KEEPER; i++) {
        add_answer(bench);
        if ((i + 1) % a_flush == 0 && !trace_flush(bench->writer, err))
            return false;
    }
    bench->wrote_s += cpu_s() - start;
    return true;
}

static bool integrate(struct bench *bench, struct error *err)
{
    double start = cpu_s();
    uint64_t taken = 0;

    if (!trace_log_integrate(bench->log, &taken, err))
        return false;
    bench->integrated_s += cpu_s() - start;
    return taken == A_TURN_OF_THE_KEEPER || fail(err, ERR_INTERNAL, "%llu were taken", (unsigned long long)taken);
}

/* As the keeper looks at each once, for what is owed. */
static bool read_all(struct bench *bench, struct error *err)
{
    AUTO(buf_done) struct buf entry = BUF_INIT;
    uint64_t size = trace_log_size(bench->log);
    double start = cpu_s();

    for (uint64_t index = size - A_TURN_OF_THE_KEEPER; index < size; index++) {
        buf_clear(&entry);
        if (!trace_log_read(bench->log, index, &entry, err))
            return false;
    }
    bench->read_s += cpu_s() - start;
    return true;
}

static bool run_turns(struct bench *bench, uint64_t a_flush, int turns, struct error *err)
{
    bench->wrote_s = bench->integrated_s = bench->read_s = 0;
    for (int i = 0; i < turns; i++) {
        if (!write_turns(bench, a_flush, err) || !integrate(bench, err) || !read_all(bench, err))
            return false;
    }
    return true;
}

static void tell_rate(const char *name, double took_s, double promised)
{
    double rate = (double)(ENTRIES - ENTRIES % A_TURN_OF_THE_KEEPER) / took_s;

    tell(&(struct telling){name, rate, promised, "1/s", promised > 0 ? rate / promised : 0, promised > 0 ? 1 : 0,
                           "promised"});
}

static bool run(const char *folder, struct error *err)
{
    AUTO(trace_writer_free) struct trace_writer *writer = NULL;
    AUTO(trace_log_free) struct trace_log *log = NULL;
    struct bench bench = {.asked = 0};

    if (!trace_writer_open(folder, &writer, err) || !trace_log_open(folder, &log, err))
        return false;
    bench.writer = writer;
    bench.log = log;
    if (!run_turns(&bench, 64, WARM_UP, err) || !run_turns(&bench, 64, ENTRIES / A_TURN_OF_THE_KEEPER, err))
        return false;
    tell_rate("trace-flush", bench.wrote_s, 0);
    tell_rate("trace-integrate", bench.integrated_s, 0);
    tell_rate("trace-read", bench.read_s, 0);
    if (!run_turns(&bench, 256, ENTRIES / A_TURN_OF_THE_KEEPER, err))
        return false;
    tell_rate("trace-flush-256", bench.wrote_s, 0);
    return true;
}

int main(void)
{
    char folder[TEST_PATH_BYTES];
    struct error err;
    bool is_good;

    test_folder_new(folder);
    is_good = run(folder, &err);
    test_folder_remove(folder);
    if (!is_good)
        fprintf(stderr, "bench_trace: %s\n", err.text);
    return is_good ? 0 : 1;
}
