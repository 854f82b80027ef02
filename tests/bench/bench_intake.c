/* Reading a register: decode, split, type, schema, rules, repeats. The rows are those of the sample register with other
 * codes and documents, so that each is another obligation. Prints a table line and a JSON line. No rival: the floor is
 * the share of the time that an import may spend here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/intake/csv.h"
#include "gateway/intake/intake.h"
#include "schemas/uscc.h"
#include "tests/support/support.h"

enum { ROWS = 200000, SAMPLES_MAX = 600, FLOOR_ROWS_PER_S = 50000, CODE_AT = 8 };

struct samples {
    char *line[SAMPLES_MAX];
    size_t count;
};

static bool load_samples(struct samples *samples, struct buf *header, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    const char *line;

    if (!file_read(TEST_SOURCE "/tests/cases/register/register-dev.csv", 1 << 20, &text, err))
        return false;
    line = strchr(text.data, '\n') + 1;
    buf_add(header, text.data, (size_t)(line - text.data));
    while (*line && samples->count < SAMPLES_MAX) {
        const char *end = strchr(line, '\n');

        samples->line[samples->count++] = memory_copy_span((struct span){line, (size_t)(end - line)});
        line = end + 1;
    }
    return true;
}

/* Another organisation code, with both of its check characters right. */
static void renew_code(char *code, unsigned number)
{
    static const int WEIGHTS[] = {3, 7, 9, 10, 5, 8, 4, 2};
    char *organisation = code + CODE_AT;
    int sum = 0;

    for (int i = 7; i >= 2; i--, number /= 10)
        organisation[i] = (char)('0' + number % 10);
    for (int i = 0; i < 8; i++)
        sum += (organisation[i] <= '9' ? organisation[i] - '0' : organisation[i] - 'A' + 10) * WEIGHTS[i];
    sum = 11 - sum % 11;
    organisation[8] = sum == 10 ? 'X' : (char)('0' + sum % 11);
    code[USCC_BYTES - 1] = uscc_check_character((struct span){code, USCC_BYTES});
}

static bool write_register(const char *path, struct samples *samples, struct buf *header)
{
    FILE *out = fopen(path, "w");

    if (!out)
        return false;
    fwrite(header->data, 1, header->bytes, out);
    for (unsigned i = 0; i < ROWS; i++) {
        char *line = samples->line[i % samples->count];

        renew_code(strchr(line, ',') + 1, i);
        fprintf(out, "%s\n", line);
    }
    return fclose(out) == 0;
}

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
    AUTO(buf_done) struct buf header = BUF_INIT;
    AUTO(text_free) char *path = path_join(folder, "register.csv");
    struct samples samples = {.count = 0};
    struct intake_options options = {.today = day_from_civil(2026, 7, 31), .scratch = folder};
    size_t good;
    double start;
    double took;

    if (!rules_load(TEST_SOURCE "/schemas", &rules, err) || !load_samples(&samples, &header, err))
        return false;
    options.rules = rules;
    if (!write_register(path, &samples, &header))
        return fail(err, ERR_IO, "%s: not written", path);
    start = cpu_s();
    if (!read_register(path, &options, &good, err))
        return false;
    took = cpu_s() - start;
    for (size_t i = 0; i < samples.count; i++)
        text_free(samples.line[i]);
    if (good != ROWS)
        return fail(err, ERR_INTERNAL, "only %zu of %d rows are good", good, ROWS);
    printf("%-20s %10.0f rows/s %8.2f µs/row\n", "intake", ROWS / took, took * 1e6 / ROWS);
    printf("{\"bench\":\"intake\",\"ours\":%.0f,\"theirs\":%d,\"unit\":\"rows/s\",\"ratio\":%.2f,\"floor\":1}\n",
           ROWS / took, FLOOR_ROWS_PER_S, ROWS / took / FLOOR_ROWS_PER_S);
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
