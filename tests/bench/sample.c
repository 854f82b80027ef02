#include "tests/bench/sample.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "schemas/uscc.h"

enum { SAMPLES_MAX = 1024, SAMPLE_BYTES_MAX = 1 << 20, ORGANISATION_AT = 8, SERIAL_AT = 11, SERIAL_BYTES = 5 };

/* One row of the sample register, cut where its code stands. */
struct row {
    struct span before; /* the name and the comma */
    struct span code;
    struct span after;
};

struct sample {
    struct buf text;
    struct span header;
    struct row rows[SAMPLES_MAX];
    size_t count;
};

static bool is_overdue(struct span line)
{
    static const char STATE[] = ",逾期未退出,";

    return memmem(line.at, line.bytes, STATE, sizeof STATE - 1) != NULL;
}

static bool take_row(struct sample *sample, struct span line, struct error *err)
{
    const char *comma = memchr(line.at, ',', line.bytes);
    struct row *row = &sample->rows[sample->count];
    size_t before = comma ? (size_t)(comma - line.at) + 1 : 0;

    if (!comma || before + USCC_BYTES >= line.bytes || sample->count == SAMPLES_MAX)
        return fail(err, ERR_CORRUPT, "the sample register is not as expected: %.*s", (int)line.bytes, line.at);
    row->before = (struct span){line.at, before};
    row->code = (struct span){line.at + before, USCC_BYTES};
    row->after = (struct span){line.at + before + USCC_BYTES, line.bytes - before - USCC_BYTES};
    sample->count++;
    return true;
}

static bool take_rows(struct sample *sample, bool only_overdue, struct error *err)
{
    struct span rest = buf_span(&sample->text);

    for (size_t i = 0; rest.bytes > 0; i++) {
        const char *end = memchr(rest.at, '\n', rest.bytes);
        struct span line = {rest.at, end ? (size_t)(end - rest.at) + 1 : rest.bytes};

        if (i == 0)
            sample->header = line;
        else if ((!only_overdue || is_overdue(line)) && !take_row(sample, line, err))
            return false;
        rest = (struct span){rest.at + line.bytes, rest.bytes - line.bytes};
    }
    return sample->count > 0 || fail(err, ERR_CORRUPT, "the sample register has no row that fits");
}

bool sample_load(bool only_overdue, struct sample **out, struct error *err)
{
    AUTO(sample_free) struct sample *sample = memory_new(sizeof *sample);

    if (!file_read(TEST_SOURCE "/tests/cases/register/register-dev.csv", SAMPLE_BYTES_MAX, &sample->text, err) ||
        !take_rows(sample, only_overdue, err))
        return false;
    *out = TAKE(sample);
    return true;
}

void sample_free(struct sample *sample)
{
    if (!sample)
        return;
    buf_done(&sample->text);
    free(sample);
}

static int organisation_value(char c)
{
    return c <= '9' ? c - '0' : c - 'A' + 10;
}

/* Place 9 of an organisation code (GB 11714-1997): 11 minus the weighted sum modulo 11; X for ten, 0 for eleven. */
static char organisation_check(const char *organisation)
{
    static const int WEIGHTS[] = {3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;

    for (size_t i = 0; i < COUNT_OF(WEIGHTS); i++)
        sum += organisation_value(organisation[i]) * WEIGHTS[i];
    sum = 11 - sum % 11;
    return sum == 10 ? 'X' : (char)('0' + sum % 11);
}

void sample_code(const struct sample *sample, uint32_t number, char code[19])
{
    static const char ALPHABET[] = "0123456789ABCDEFGHJKLMNPQRTUWXY"; /* GB 32100-2015: without I, O, S, V, Z */
    const struct row *row = &sample->rows[number % sample->count];

    memcpy(code, row->code.at, USCC_BYTES);
    memcpy(code + ORGANISATION_AT, "MAY", 3);
    for (int i = SERIAL_BYTES - 1; i >= 0; i--, number /= sizeof ALPHABET - 1)
        code[SERIAL_AT + i] = ALPHABET[number % (sizeof ALPHABET - 1)];
    code[SERIAL_AT + SERIAL_BYTES] = organisation_check(code + ORGANISATION_AT);
    code[USCC_BYTES - 1] = uscc_check_character((struct span){code, USCC_BYTES});
    code[USCC_BYTES] = '\0';
}

bool sample_write(const struct sample *sample, uint32_t first, uint32_t rows, const char *path, struct error *err)
{
    FILE *out = fopen(path, "we");
    bool is_written;

    if (!out)
        return fail(err, ERR_IO, "%s: %s", path, strerror(errno));
    fwrite(sample->header.at, 1, sample->header.bytes, out);
    for (uint32_t i = first; i < first + rows; i++) {
        const struct row *row = &sample->rows[i % sample->count];
        char code[USCC_BYTES + 1];

        sample_code(sample, i, code);
        fwrite(row->before.at, 1, row->before.bytes, out);
        fwrite(code, 1, USCC_BYTES, out);
        fwrite(row->after.at, 1, row->after.bytes, out);
    }
    is_written = !ferror(out);
    return (fclose(out) == 0 && is_written) || fail(err, ERR_FULL, "%s: not written", path);
}
