/* tool_register ROWS FILE - a register of ROWS fictional enterprises as CSV (sample.h). */
#include <stdio.h>

#include "base/text.h"
#include "tests/bench/sample.h"

static bool write_register(uint32_t rows, const char *path, struct error *err)
{
    AUTO(sample_free) struct sample *sample = NULL;

    return sample_load(false, &sample, err) && sample_write(sample, 0, rows, path, err);
}

int main(int argc, char **argv)
{
    struct error err;
    int64_t rows;

    if (argc != 3 || !integer_parse(span_of(argv[1]), &rows) || rows < 1 || rows > SAMPLE_ROWS_MAX) {
        fprintf(stderr, "usage: tool_register ROWS FILE (at most %d)\n", SAMPLE_ROWS_MAX);
        return 2;
    }
    if (write_register((uint32_t)rows, argv[2], &err))
        return 0;
    fprintf(stderr, "tool_register: %s\n", err.text);
    return 1;
}
