/* Importing registers: read, check against schema and rules, compare with what is held, journal, project, sync. Each
 * runs in a process of its own, on the core that scripts/bench gave, while its parent watches how much memory it takes
 * beside the mapped files. The promise is for a core of its own: time in which it was ready to run and another had the
 * core is taken out; time in which it waited for the disk is not. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "tests/bench/importing.h"
#include "tests/bench/sample.h"
#include "tests/bench/share.h"
#include "tests/bench/telling.h"
#include "tests/support/support.h"

enum { SMALL = 50000, LARGE = 500000, PROMISED_ROWS_PER_S = 20000, WATCH_MS = 2 };

struct measured {
    double rows_per_s;
    double peak_mib;
};

/* A clock that stands while this process is ready and another has its core. */
static bool own_ms(int64_t *out, struct error *err)
{
    uint64_t ran_ns, waited_ns;

    if (!share_of_process(getpid(), &ran_ns, &waited_ns, err))
        return false;
    *out = time_monotonic_ms() - (int64_t)(waited_ns / 1000000);
    return true;
}

static bool import_timed(const char *folder, const char *csv, double *rows_per_s, struct error *err)
{
    AUTO(rules_free) struct rules *rules = NULL;
    AUTO(store_close) struct store *store = NULL;
    AUTO(text_free) char *path = path_join(folder, "store");
    struct desk desk = {.clock = &CLOCK_SYSTEM, .person = "bench"};
    int64_t start, end;
    uint64_t rows;

    if (!own_ms(&start, err) || !rules_load(TEST_SOURCE "/schemas", &rules, err) ||
        !store_open(path, &(struct store_options){.creates = true}, &store, err))
        return false;
    desk.rules = rules;
    desk.store = store;
    if (!importing_run(&desk, csv, folder, &rows, err) || !own_ms(&end, err))
        return false;
    *rows_per_s = (double)rows * 1000 / (double)(end - start);
    return true;
}

static _Noreturn void import_in_child(const char *folder, const char *csv, int result_fd)
{
    double rows_per_s = 0;
    struct error err;
    bool is_good = import_timed(folder, csv, &rows_per_s, &err);

    if (!is_good)
        fprintf(stderr, "bench_import: %s\n", err.text);
    is_good = is_good && write(result_fd, &rows_per_s, sizeof rows_per_s) == sizeof rows_per_s;
    _exit(is_good ? 0 : 1);
}

static bool watch(pid_t pid, double *peak_mib, struct error *err)
{
    static const struct timespec PAUSE = {0, WATCH_MS * 1000000L};
    int status;
    pid_t ended;

    *peak_mib = 0;
    while ((ended = waitpid(pid, &status, WNOHANG)) == 0) {
        double now = share_anonymous_mib(pid);

        *peak_mib = now > *peak_mib ? now : *peak_mib;
        nanosleep(&PAUSE, NULL);
    }
    return (ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
           fail(err, ERR_INTERNAL, "the import did not end well");
}

static bool import_watched(const char *folder, const char *csv, struct measured *out, struct error *err)
{
    int ends[2];
    bool is_good;
    pid_t pid;

    if (pipe(ends) != 0)
        return fail(err, ERR_IO, "pipe: %s", strerrordesc_np(errno));
    pid = fork();
    if (pid == 0)
        import_in_child(folder, csv, ends[1]);
    is_good = pid > 0 ? watch(pid, &out->peak_mib, err) : fail(err, ERR_IO, "fork: %s", strerrordesc_np(errno));
    is_good = is_good && (read(ends[0], &out->rows_per_s, sizeof out->rows_per_s) == sizeof out->rows_per_s ||
                          fail(err, ERR_INTERNAL, "the import did not say how fast it was"));
    file_close(ends[0]);
    file_close(ends[1]);
    return is_good;
}

/* One after the other into one store: the second and third meet a store of about the same size, so that what differs is
 * the file alone. */
static const struct {
    uint32_t first;
    uint32_t rows;
} FILES[] = {{0, LARGE}, {LARGE, SMALL}, {LARGE + SMALL, LARGE}};

static bool measure(const char *folder, struct measured results[COUNT_OF(FILES)], struct error *err)
{
    AUTO(sample_free) struct sample *sample = NULL;
    AUTO(text_free) char *csv = path_join(folder, "register.csv");

    if (!sample_load(false, &sample, err))
        return false;
    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        if (!sample_write(sample, FILES[i].first, FILES[i].rows, csv, err) ||
            !import_watched(folder, csv, &results[i], err))
            return false;
    }
    return true;
}

static void tell_rate(const char *bench, double rows_per_s, const char *what)
{
    tell(
        &(struct telling){bench, rows_per_s, PROMISED_ROWS_PER_S, "rows/s", rows_per_s / PROMISED_ROWS_PER_S, 1, what});
}

int main(void)
{
    struct measured results[COUNT_OF(FILES)];
    char folder[TEST_PATH_BYTES];
    struct error err;
    bool is_good;

    test_folder_new(folder);
    is_good = measure(folder, results, &err);
    test_folder_remove(folder);
    if (!is_good) {
        fprintf(stderr, "bench_import: %s\n", err.text);
        return 1;
    }
    tell_rate("import", results[0].rows_per_s, "promised (into an empty store)");
    tell_rate("import-more", results[2].rows_per_s, "promised (onto 550,000 rows)");
    tell(&(struct telling){"import-memory", results[2].peak_mib, results[1].peak_mib, "MiB",
                           results[1].peak_mib / results[2].peak_mib, 0.8, "for a tenth of the rows"});
    return 0;
}
