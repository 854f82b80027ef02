#include "tests/bench/importing.h"

#include "base/time.h"
#include "gateway/intake/intake.h"

static bool take_rows(struct intake *intake, struct command_import *import, struct error *err)
{
    struct intake_row *row;

    for (;;) {
        if (!intake_next(intake, &row, err))
            return false;
        if (!row)
            return true;
        if (!row->is_good)
            return fail(err, ERR_INTERNAL, "line %zu is refused: %s", row->line, rule_id(row->problems.at[0].rule));
        if (!command_import_row(import, &row->obligation, (uint32_t)row->line, err))
            return false;
    }
}

bool importing_run(const struct desk *desk, const char *path, const char *folder, uint64_t *rows, struct error *err)
{
    AUTO(command_import_free) struct command_import *import = NULL;
    AUTO(intake_free) struct intake *intake = NULL;
    struct intake_options options = {
        .rules = desk->rules, .today = day_of_instant(clock_now_ms(desk->clock)), .scratch = folder};
    struct import_file file = {.name = "register.csv", .sha256 = ""};
    struct import_counts counts;

    if (!intake_open(path, &options, &intake, err) || !command_import_begin(desk, "bench", NULL, NULL, &import, err) ||
        !take_rows(intake, import, err))
        return false;
    file.rows = intake_rows(intake);
    file.encoding = intake_encoding(intake);
    if (!command_import_finish(import, &file, &counts, err))
        return false;
    if (counts.count[ROW_NEW] != file.rows)
        return fail(err, ERR_INTERNAL, "%llu of %llu rows are new", (unsigned long long)counts.count[ROW_NEW],
                    (unsigned long long)file.rows);
    *rows = file.rows;
    return true;
}
