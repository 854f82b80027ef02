/* tool_names FOLDER COUNT ASKED - write the grown register of bench_names and questions to it, for a rival to be asked:
 * FOLDER/names.tsv and FOLDER/questions.tsv, each a code and a name a line. The names are real: keep them to yourself.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/text.h"
#include "tests/bench/growing.h"
#include "tests/support/support.h"

static bool take_line(void *context, struct span code, struct span name, struct error *err)
{
    if (fprintf(context, "%.*s\t%.*s\n", (int)code.bytes, code.at, (int)name.bytes, name.at) < 0)
        return fail(err, ERR_IO, "cannot write");
    return true;
}

static bool write_questions(struct growing *growing, size_t asked, FILE *out, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    for (size_t i = 0; i < asked; i++) {
        struct span truth;

        if (!growing_question(growing, &text, &truth, err) || !take_line(out, truth, buf_span(&text), err))
            return false;
    }
    return true;
}

static FILE *open_in(const char *folder, const char *name, struct error *err)
{
    AUTO(text_free) char *path = path_join(folder, name);
    FILE *out = fopen(path, "w");

    if (!out)
        (void)file_fail(err, path, "open");
    return out;
}

static bool write_all(const char *folder, size_t count, size_t asked, struct error *err)
{
    AUTO(name_tables_free) struct name_tables *tables = NULL;
    AUTO(naming_rows_done) struct naming_rows rows = {.count = 0};
    struct growing growing = {.rows = &rows, .state = 1};
    char path[TEST_PATH_BYTES];
    FILE *names;
    FILE *questions;
    bool is_good;

    if (!test_data_path("names.tsv", path))
        return fail(err, ERR_NOT_FOUND, "the register of names is not here");
    if (!name_tables_load(TEST_SOURCE "/schemas/data/names", &tables, err) || !naming_rows_read(path, &rows, err))
        return false;
    growing.tables = tables;
    names = open_in(folder, "names.tsv", err);
    questions = open_in(folder, "questions.tsv", err);
    is_good = names && questions && growing_fill(&growing, count, take_line, names, err) &&
              write_questions(&growing, asked, questions, err);
    if (names && fclose(names) != 0)
        is_good = is_good && fail(err, ERR_IO, "cannot write the names");
    if (questions && fclose(questions) != 0)
        is_good = is_good && fail(err, ERR_IO, "cannot write the questions");
    return is_good;
}

int main(int argc, char **argv)
{
    struct error err = {.code = ERR_NONE};
    int64_t count;
    int64_t asked;

    if (argc != 4 || !integer_parse(span_of(argv[2]), &count) || !integer_parse(span_of(argv[3]), &asked)) {
        fprintf(stderr, "usage: tool_names FOLDER COUNT ASKED\n");
        return 2;
    }
    if (write_all(argv[1], (size_t)count, (size_t)asked, &err))
        return 0;
    fprintf(stderr, "tool_names: %s\n", err.text);
    return err.code == ERR_NOT_FOUND ? 77 : 1;
}
