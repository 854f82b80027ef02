/* What a large list costs: 1,000,000 codes of which one in a hundred is listed, as a bank's customers are, and such of
 * which all are, the worst; from the list on disk to the signed summary, every row traced. Each run is a process of its
 * own: its processor time counts, and the most memory that it took for itself. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "gateway/screening/screening.h"
#include "gateway/screening/summary.h"
#include "tests/bench/share.h"
#include "tests/bench/subjects.h"
#include "tests/bench/telling.h"
#include "tests/support/support.h"

enum { SUBJECTS = 200000, ROWS = 1000000, FEW_ROWS = 100000, LOOK_US = 5000 };
#define PROMISED_S 10.0

struct bench {
    struct sample *sample;
    char folder[TEST_PATH_BYTES];
};

struct list {
    const char *bench;
    enum screening_format format;
    uint32_t rows;
    uint32_t listed_in; /* one in so many */
};

struct cost {
    double cpu_s;
    double s;
    double peak_mib;
};

static bool write_list(const struct bench *bench, const struct list *list, const char *path, struct error *err)
{
    FILE *out = fopen(path, "we");
    uint64_t state = 1;

    if (!out)
        return file_fail(err, path, "cannot create");
    if (list->format == SCREENING_CSV)
        fputs("reference,uscc\n", out);
    for (uint32_t i = 0; i < list->rows; i++) {
        uint32_t from = i % list->listed_in == 0 ? 0 : SUBJECTS + 1;
        char code[19];

        state = state * 6364136223846793005U + 1442695040888963407U;
        sample_code(bench->sample, from + (uint32_t)((state >> 33) % SUBJECTS), code);
        fprintf(out, list->format == SCREENING_CSV ? "C-%u,%s\n" : "{\"reference\":\"C-%u\",\"uscc\":\"%s\"}\n", i,
                code);
    }
    return fclose(out) == 0 || file_fail(err, path, "cannot write");
}

/* --- the run, in a process of its own --- */

static bool check(const struct list *list, const struct screening_counts *counts, struct error *err)
{
    uint64_t listed = (list->rows + list->listed_in - 1) / list->listed_in;

    if (counts->rows == list->rows && counts->listed == listed && counts->listed + counts->not_listed == counts->rows)
        return true;
    return fail(err, ERR_INTERNAL, "%llu rows, %llu listed", (unsigned long long)counts->rows,
                (unsigned long long)counts->listed);
}

static bool screen(const struct bench *bench, const struct list *list, const char *folder, struct error *err)
{
    AUTO(text_free) char *keys = path_join(bench->folder, "keys");
    AUTO(text_free) char *path = path_join(bench->folder, "store");
    AUTO(text_free) char *state = memory_copy_text(bench->folder);
    AUTO(keyring_free) struct keyring *keyring = NULL;
    AUTO(signer_free) struct signer *signer = NULL;
    AUTO(store_close) struct store *store = NULL;
    AUTO(json_release)
    json_t *order =
        json_pack("{s:s,s:s,s:s,s:s,s:s}", "client", "bank", "domain", "lending", "purpose", "credit-review", "format",
                  SCREENING_FORMAT_NAMES[list->format], "order", "000000000000000000000000-0");
    char *domains[] = {(char *)"lending", NULL};
    struct config_client client = {.name = (char *)"bank", .kind = CLIENT_LENDER, .domains = domains, .scopes = ~0U};
    struct config config = {
        .state = state, .data = (char *)TEST_SOURCE, .screening_rows = ROWS, .clients = &client, .client_count = 1};
    struct screening screening = {
        .config = &config, .clock = &CLOCK_SYSTEM, .id = "bench", .folder = folder, .order = order};
    struct screening_counts counts;

    if (!keyring_load(keys, &keyring, err) || !signer_new_local(keyring, &signer, err) ||
        !store_open(path, &(struct store_options){.is_scratch = true}, &store, err))
        return false;
    screening.store = store;
    screening.signer = signer;
    return screening_run(&screening, &counts, err) && check(list, &counts, err);
}

static double now_s(void)
{
    return (double)time_monotonic_ms() / 1000;
}

static bool watch(pid_t pid, struct cost *cost, struct error *err)
{
    double begun = now_s();
    struct rusage used;
    int status;

    *cost = (struct cost){.peak_mib = 0};
    while (wait4(pid, &status, WNOHANG, &used) == 0) {
        double mib = share_anonymous_mib(pid);

        cost->peak_mib = mib > cost->peak_mib ? mib : cost->peak_mib;
        usleep(LOOK_US);
    }
    cost->s = now_s() - begun;
    cost->cpu_s = (double)used.ru_utime.tv_sec + (double)used.ru_stime.tv_sec +
                  (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    return (WIFEXITED(status) && WEXITSTATUS(status) == 0) || fail(err, ERR_INTERNAL, "the screening failed");
}

static bool run(const struct bench *bench, const struct list *list, struct cost *cost, struct error *err)
{
    AUTO(text_free) char *folder = path_join(bench->folder, "job");
    AUTO(text_free) char *input = path_join(folder, "input");
    AUTO(text_free) char *trace = path_join(bench->folder, "trace");
    pid_t pid;

    if (!file_make_folder(folder, 0700, err) || !write_list(bench, list, input, err))
        return false;
    pid = fork();
    if (pid == 0) {
        bool is_good = screen(bench, list, folder, err);

        if (!is_good)
            fprintf(stderr, "bench_screening: %s\n", err->text);
        _exit(is_good ? 0 : 1);
    }
    return watch(pid, cost, err) && file_remove_tree(folder, err) && file_remove_tree(trace, err);
}

/* --- what is told --- */

static bool measure(const struct bench *bench, struct error *err)
{
    static const struct list LISTS[] = {{"screening", SCREENING_CSV, ROWS, 100},
                                        {"screening-ndjson", SCREENING_NDJSON, ROWS, 100},
                                        {"screening-listed", SCREENING_CSV, ROWS, 1}};
    static const struct list FEW = {"screening-memory", SCREENING_CSV, FEW_ROWS, 100};
    struct cost costs[COUNT_OF(LISTS)], few;

    for (size_t i = 0; i < COUNT_OF(LISTS); i++) {
        if (!run(bench, &LISTS[i], &costs[i], err))
            return false;
        fprintf(stderr, "  %s: %.2f s from beginning to end, %.1f MiB\n", LISTS[i].bench, costs[i].s,
                costs[i].peak_mib);
        tell(&(struct telling){LISTS[i].bench, costs[i].cpu_s, PROMISED_S, "s", PROMISED_S / costs[i].cpu_s, 1,
                               "promised"});
    }
    if (!run(bench, &FEW, &few, err))
        return false;
    tell(&(struct telling){FEW.bench, costs[0].peak_mib, few.peak_mib, "MiB", few.peak_mib / costs[0].peak_mib, 0.8,
                           "100,000 rows"});
    return true;
}

static bool prepare(struct bench *bench, struct error *err)
{
    AUTO(text_free) char *keys = path_join(bench->folder, "keys");
    AUTO(text_free) char *path = path_join(bench->folder, "store");
    AUTO(store_close) struct store *store = NULL;

    return sample_load(false, &bench->sample, err) && keyring_create(keys, "bench", 0, err) &&
           subjects_make(bench->sample, SUBJECTS, path, &store, err);
}

int main(void)
{
    struct bench bench = {.sample = NULL};
    struct error err;
    bool is_good;

    test_folder_new(bench.folder);
    is_good = prepare(&bench, &err) && measure(&bench, &err);
    sample_free(bench.sample);
    test_folder_remove(bench.folder);
    if (!is_good)
        fprintf(stderr, "bench_screening: %s\n", err.text);
    return is_good ? 0 : 1;
}
