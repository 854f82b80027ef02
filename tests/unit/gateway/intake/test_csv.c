#include "gateway/intake/csv.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "tests/support/support.h"

#define SPECTRUM TEST_SOURCE "/tests/cases/csv-spectrum"

/* A text in pieces of a few bytes. */
struct pieces {
    struct span left;
    size_t bytes;
};

static bool next_piece(void *context, struct span *piece, struct error *err)
{
    struct pieces *pieces = context;
    size_t bytes = pieces->left.bytes < pieces->bytes ? pieces->left.bytes : pieces->bytes;

    (void)err;
    *piece = (struct span){pieces->left.at, bytes};
    pieces->left.at += bytes;
    pieces->left.bytes -= bytes;
    return true;
}

/* The first record in the form a|b|c. */
static void first_is(const char *text, const char *expected, enum record_fault fault)
{
    for (size_t bytes = 1; bytes < 8; bytes++) {
        struct pieces pieces = {span_of(text), bytes};
        AUTO(csv_free) struct csv *csv = csv_new(next_piece, &pieces);
        AUTO(buf_done) struct buf shown = BUF_INIT;
        struct record record;
        struct error err;
        bool is_end;

        cr_assert(csv_next(csv, &record, &is_end, &err), "%s", err.text);
        cr_assert_not(is_end);
        for (size_t i = 0; i < record.count; i++) {
            buf_add_text(&shown, i ? "|" : "");
            buf_add_span(&shown, record.field[i]);
        }
        cr_assert_str_eq(buf_text(&shown), expected, "%s in pieces of %zu: %s", text, bytes, buf_text(&shown));
        cr_assert_eq(record.fault, fault, "%s", text);
    }
}

Test(csv, quote_that_is_never_closed_refuses_the_file)
{
    struct pieces pieces = {SPAN("a,b\n1,2\n\"3,4\n5,6\n"), 3};
    AUTO(csv_free) struct csv *csv = csv_new(next_piece, &pieces);
    struct record record;
    struct error err;
    bool is_end;

    cr_assert(csv_next(csv, &record, &is_end, &err));
    cr_assert(csv_next(csv, &record, &is_end, &err));
    cr_assert_not(csv_next(csv, &record, &is_end, &err));
    cr_assert_str_eq(err.rule, "file.quote-open");
    cr_assert(strstr(err.text, "line 3"), "%s", err.text);
}

Test(csv, text_beside_a_quoted_field_is_a_fault_of_the_record)
{
    first_is("\"a\"b,c\nd\n", "ab|c", RECORD_QUOTE);
    first_is("\"a\" ,c\nd\n", "a |c", RECORD_QUOTE);
    first_is("a, \"b\"\nc\n", "a| \"b\"", RECORD_QUOTE);
    first_is("  \"a\",b\n", "  \"a\"|b", RECORD_QUOTE);
    first_is("\" \"\"a\"\"\",b\n", " \"a\"|b", RECORD_GOOD);
}

Test(csv, quotes_commas_and_line_ends_are_read_wherever_a_piece_is_cut)
{
    first_is("a,b\n", "a|b", RECORD_GOOD);
    first_is("a,b\r\nc", "a|b", RECORD_GOOD);
    first_is("a,b", "a|b", RECORD_GOOD);
    first_is(",\n", "|", RECORD_GOOD);
    first_is("\n", "", RECORD_GOOD);
    first_is("\"\",\"\"\"\"\n", "|\"", RECORD_GOOD);
    first_is("\"a,\"\"b\"\"\r\nc\",d\r\n", "a,\"b\"\r\nc|d", RECORD_GOOD);
    first_is("a\"b,c\"\n", "a\"b|c\"", RECORD_GOOD);
    first_is("\"a\"\r\nb", "a", RECORD_GOOD);
    first_is("\"a\"", "a", RECORD_GOOD);
}

/* The records of a text in the form a|b;c|d. */
static void records_are(const char *text, const char *expected)
{
    for (size_t bytes = 1; bytes < 8; bytes++) {
        struct pieces pieces = {span_of(text), bytes};
        AUTO(csv_free) struct csv *csv = csv_new(next_piece, &pieces);
        AUTO(buf_done) struct buf shown = BUF_INIT;
        struct record record;
        struct error err;
        bool is_end = false;

        for (;;) {
            cr_assert(csv_next(csv, &record, &is_end, &err), "%s", err.text);
            if (is_end)
                break;
            buf_add_text(&shown, shown.bytes > 0 ? ";" : "");
            for (size_t i = 0; i < record.count; i++) {
                buf_add_text(&shown, i ? "|" : "");
                buf_add_span(&shown, record.field[i]);
            }
        }
        cr_assert_str_eq(buf_text(&shown), expected, "in pieces of %zu: %s", bytes, buf_text(&shown));
    }
}

Test(csv, lines_end_in_cr_alone_when_the_first_line_does)
{
    records_are("a,b\rc,d\r", "a|b;c|d");
    records_are("a,b\rc,d", "a|b;c|d");
    records_are("a,\"b\"\r\"c\rd\",e\r", "a|b;c\rd|e");
    records_are("a,b\nc\rd,e\n", "a|b;c\rd|e");
    records_are("a,b\r\nc\rd,e\r\n", "a|b;c\rd|e");
}

Test(csv, long_fields_and_records_are_walked_over_in_bounded_memory)
{
    enum { LONG = 3 * INTAKE_RECORD_BYTES_MAX };
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct pieces pieces;
    AUTO(csv_free) struct csv *csv = NULL;
    struct record record;
    struct error err;
    bool is_end;

    buf_add_text(&text, "a,");
    for (int i = 0; i < LONG; i++)
        buf_add_byte(&text, 'x');
    buf_add_text(&text, ",b\n");
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < INTAKE_FIELD_BYTES_MAX * 2; j++)
            buf_add_byte(&text, j % (INTAKE_FIELD_BYTES_MAX - 1) == 0 ? ',' : 'y');
    buf_add_text(&text, "\nc,d\n");
    pieces = (struct pieces){buf_span(&text), 5000};
    csv = csv_new(next_piece, &pieces);
    cr_assert(csv_next(csv, &record, &is_end, &err));
    cr_assert_eq(record.fault, RECORD_FIELD_LONG);
    cr_assert_eq(record.fault_field, 1);
    cr_assert_eq(record.count, 3);
    cr_assert_leq(record.field[1].bytes, INTAKE_KEPT_BYTES);
    cr_assert(csv_next(csv, &record, &is_end, &err));
    cr_assert_eq(record.fault, RECORD_LONG);
    cr_assert(csv_next(csv, &record, &is_end, &err));
    cr_assert_eq(record.fault, RECORD_GOOD);
    cr_assert_eq(record.line, 3);
    cr_assert(span_is(record.field[1], "d"));
}

Test(csv, more_columns_than_the_limit_are_counted_and_not_kept)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct pieces pieces;
    AUTO(csv_free) struct csv *csv = NULL;
    struct record record;
    struct error err;
    bool is_end;

    for (int i = 0; i < 1000; i++)
        buf_add_text(&text, "x,");
    pieces = (struct pieces){buf_span(&text), 100};
    csv = csv_new(next_piece, &pieces);
    cr_assert(csv_next(csv, &record, &is_end, &err));
    cr_assert_eq(record.count, 1001);
    cr_assert_eq(record.filled, 1000);
    cr_assert(csv_next(csv, &record, &is_end, &err));
    cr_assert(is_end);
}

static void check_record(const char *name, const struct record *header, const struct record *record,
                         const json_t *expected)
{
    cr_assert_eq(record->count, json_object_size(expected), "%s", name);
    for (size_t i = 0; i < record->count; i++) {
        AUTO(text_free) char *key = memory_copy_span(header->field[i]);

        /* location_coordinates: the suite's own JSON holds another number here than its CSV. */
        if (strcmp(key, "Contact Phone Number") == 0)
            continue;
        cr_assert(span_is(record->field[i], json_string_value(json_object_get(expected, key))), "%s: %s", name, key);
    }
}

static void check_file(const char *name)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(json_release) json_t *expected = NULL;
    char path[2 * TEST_PATH_BYTES];
    struct pieces pieces = {.bytes = 7};
    struct pieces head_pieces = {.bytes = 7};
    AUTO(csv_free) struct csv *csv = NULL;
    AUTO(csv_free) struct csv *head_csv = NULL;
    struct record header;
    struct record record;
    struct error err;
    bool is_end;

    snprintf(path, sizeof path, SPECTRUM "/%s", name);
    cr_assert(file_read(path, 1 << 20, &text, &err), "%s", err.text);
    snprintf(path, sizeof path, SPECTRUM "/json/%.*s.json", (int)(strlen(name) - 4), name);
    cr_assert(json_read_file(path, &expected, &err), "%s", err.text);
    pieces.left = head_pieces.left = buf_span(&text);
    csv = csv_new(next_piece, &pieces);
    head_csv = csv_new(next_piece, &head_pieces);
    cr_assert(csv_next(csv, &record, &is_end, &err) && csv_next(head_csv, &header, &is_end, &err));
    for (size_t i = 0; i < (json_is_array(expected) ? json_array_size(expected) : 1); i++) {
        cr_assert(csv_next(csv, &record, &is_end, &err) && !is_end, "%s", name);
        check_record(name, &header, &record, json_is_array(expected) ? json_array_get(expected, i) : expected);
    }
    cr_assert(csv_next(csv, &record, &is_end, &err) && is_end, "%s", name);
}

Test(csv, csv_spectrum_reads_as_expected)
{
    DIR *folder = opendir(SPECTRUM);
    const struct dirent *entry;
    size_t count = 0;

    cr_assert(folder);
    while ((entry = readdir(folder))) {
        size_t bytes = strlen(entry->d_name);

        if (bytes < 4 || strcmp(entry->d_name + bytes - 4, ".csv") != 0)
            continue;
        check_file(entry->d_name);
        count++;
    }
    closedir(folder);
    cr_assert_eq(count, 12);
}
