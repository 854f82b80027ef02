/* Reading a register: decode, split, type, schema, rules, repeats; in processor time, since nothing waits for the disk.
 * No rival: the floor is the share of the time that an import may spend here. */
#include <stdio.h>
#include <time.h>

#include "base/file.h"
#include "base/time.h"
#include "gateway/intake/intake.h"
#include "tests/bench/sample.h"
#include "tests/bench/telling.h"
#include "tests/support/support.h"

enum { ROWS = 200000, PROMISED_ROWS_PER_S = 50000 };

static double cpu_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool read_register(const char *path, const struct intake_options *options, size_t *good, struct error *err)
{
    AUTO(intake_free) struct intake *intake = NULL;
    struct intake_row *row;

    *good = 0;
    if (!intake_open(path, options, &intake, err))
        return false;
    for (;;) {
        if (!intake_next(intake, &row, err))
            return false;
        if (!row)
            return true;
        *good += row->is_good && !row->is_repeat;
    }
}

static bool run(const char *folder, struct error *err)
{
    AUTO(rules_free) struct rules *rules = NULL;
    AUTO(sample_free) struct sample *sample = NULL;
    AUTO(text_free) char *path = path_join(folder, "register.csv");
    struct intake_options options = {.today = day_of_instant(clock_now_ms(&CLOCK_SYSTEM)), .scratch = folder};
    double start, rate;
    size_t good;

    if (!rules_load(TEST_SOURCE "/schemas", &rules, err) || !sample_load(false, &sample, err) ||
        !sample_write(sample, 0, ROWS, path, err))
        return false;
    options.rules = rules;
    start = cpu_s();
    if (!read_register(path, &options, &good, err))
        return false;
    rate = ROWS / (cpu_s() - start);
    if (good != ROWS)
        return fail(err, ERR_INTERNAL, "only %zu of %d rows are good", good, ROWS);
    tell(&(struct telling){"intake", rate, PROMISED_ROWS_PER_S, "rows/s", rate / PROMISED_ROWS_PER_S, 1,
                           "its share of an import"});
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
        fprintf(stderr, "bench_intake: %s\n", err.text);
    return is_good ? 0 : 1;
}
