/* Register files as CSV: the records are the same however the text comes in pieces (gateway/intake/csv.h), and a whole
 * file is either refused or every row of it can be read (intake.h). */
#include "fuzz.h"

#include "base/text.h"
#include "gateway/intake/csv.h"
#include "gateway/intake/intake.h"

static struct rules *rules;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct error err;

    (void)argc;
    (void)argv;
    FUZZ_CHECK(rules_load(TEST_SOURCE "/schemas", &rules, &err), "%s", err.text);
    return 0;
}

struct source {
    struct span rest;
    size_t piece;
};

static bool next_piece(void *context, struct span *piece, struct error *err)
{
    struct source *source = context;
    size_t bytes = source->rest.bytes < source->piece ? source->rest.bytes : source->piece;

    (void)err;
    *piece = (struct span){source->rest.at, bytes};
    source->rest = (struct span){source->rest.at + bytes, source->rest.bytes - bytes};
    return true;
}

/* All records as text, or what refused them. */
static void read_all(struct span text, size_t piece, struct buf *out)
{
    struct source source = {text, piece};
    AUTO(csv_free) struct csv *csv = csv_new(next_piece, &source);
    struct record record;
    struct error err;
    bool is_end = false;

    for (;;) {
        if (!csv_next(csv, &record, &is_end, &err)) {
            buf_addf(out, "refused: %s\n", err.text);
            return;
        }
        if (is_end)
            return;
        buf_addf(out, "line %zu, %zu fields, fault %d in %zu:", record.line, record.count, record.fault,
                 record.fault_field);
        for (size_t i = 0; i < record_stored(&record); i++) {
            buf_addf(out, " %zu<", record.field[i].bytes);
            buf_add_span(out, record.field[i]);
        }
        buf_add_byte(out, '\n');
    }
}

static void check_problems(const struct intake_row *row)
{
    AUTO(buf_done) struct buf words = BUF_INIT;

    FUZZ_CHECK(row->is_good == (row->problems.errors == 0), "line %zu", row->line);
    for (size_t i = 0; i < row->problems.count; i++)
        problem_message_add(&row->problems.at[i], &row->obligation, i % 2 ? "zh" : "en", &words);
    FUZZ_CHECK(utf8_is_valid(buf_span(&words), NULL), "line %zu: %s", row->line, buf_text(&words));
}

static void check_file(struct span bytes)
{
    AUTO(file_close) int fd = fuzz_file(bytes);
    AUTO(intake_free) struct intake *intake = NULL;
    const struct intake_options options = {.rules = rules, .today = 20000, .scratch = "/dev/shm"};
    struct intake_row *row = NULL;
    struct error err = {.code = ERR_NONE};
    size_t count = 0;

    if (!intake_open_fd(fd, &options, &intake, &err)) {
        FUZZ_CHECK(err.text[0] && utf8_is_valid(span_of(err.text), NULL), "a refusal without words");
        return;
    }
    for (;;) {
        FUZZ_CHECK(intake_next(intake, &row, &err), "%s", err.text);
        if (!row)
            break;
        count++;
        check_problems(row);
    }
    FUZZ_CHECK(count == intake_rows(intake), "%zu of %zu", count, intake_rows(intake));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(buf_done) struct buf whole = BUF_INIT;
    AUTO(buf_done) struct buf pieces = BUF_INIT;
    struct span input = fuzz_span(data, size);
    uint8_t piece = fuzz_take(&input);

    check_file(input);
    if (!utf8_is_valid(input, NULL))
        return 0; /* csv.h gets UTF-8 */
    read_all(input, SIZE_MAX, &whole);
    read_all(input, 1 + piece % 64, &pieces);
    FUZZ_CHECK(strcmp(buf_text(&whole), buf_text(&pieces)) == 0, "%s\nin pieces of %d:\n%s", buf_text(&whole),
               1 + piece % 64, buf_text(&pieces));
    return 0;
}
