#include "gateway/intake/forecast.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/intake/temporary.h"
#include "schemas/remedies.h"

struct forecast {
    const struct intake *intake;
    bool lists_all; /* rows without problems, too */
    FILE *lines;
    FILE *problems;
    size_t line_count;    /* listed */
    size_t problem_count; /* listed */
    bool is_cut;          /* some that should be listed are not */
    uint64_t count[FORECAST_STATE_COUNT];
    uint64_t corrected; /* cells */
    struct remedies remedies;
    struct buf text;
};

static const struct remedies NO_REMEDIES = {.offered = 0};

/* --- problems --- */

static void message_add(struct forecast *forecast, const char *lang, const struct problem *problem,
                        const struct obligation *row)
{
    AUTO(buf_done) struct buf message = BUF_INIT;

    problem_message_add(problem, row, lang, &message);
    buf_addf(&forecast->text, ",\"%s\":", lang);
    json_string_add(&forecast->text, buf_span(&message));
}

static void problem_add(struct forecast *forecast, size_t line, const struct problem *problem,
                        const struct obligation *row, const struct remedies *remedies)
{
    struct buf *out = &forecast->text;
    struct span proposal = remedies_of(remedies, problem->column);

    buf_clear(out);
    buf_addf(out, "%s{\"line\":%zu,\"column\":", forecast->problem_count > 0 ? "," : "", line);
    if (problem->column < COLUMN_COUNT)
        buf_addf(out, "\"%s\"", COLUMN_KEYS[problem->column]);
    else
        buf_add_text(out, "null");
    buf_add_text(out, ",\"value\":");
    json_string_add(out, utf8_cut(problem->value, FORECAST_CELL_BYTES_MAX));
    buf_addf(out, ",\"rule\":\"%s\",\"severity\":\"%s\"", rule_id(problem->rule),
             rule_is_error(problem->rule) ? "error" : "warning");
    message_add(forecast, "zh", problem, row);
    message_add(forecast, "en", problem, row);
    buf_add_text(out, ",\"proposal\":");
    if (proposal.bytes > 0)
        json_string_add(out, proposal);
    else
        buf_add_text(out, "null");
    buf_add_byte(out, '}');
    fwrite(out->data, 1, out->bytes, forecast->problems);
    forecast->problem_count++;
}

static void problems_add(struct forecast *forecast, size_t line, const struct problems *problems,
                         const struct obligation *row, const struct remedies *remedies)
{
    for (size_t i = 0; i < problems->count; i++) {
        if (forecast->problem_count == REPORT_PROBLEMS_MAX) {
            forecast->is_cut = true;
            return;
        }
        problem_add(forecast, line, &problems->at[i], row, remedies);
    }
}

/* --- rows --- */

bool forecast_new(const char *scratch, const struct intake *intake, struct forecast **out, struct error *err)
{
    AUTO(forecast_free) struct forecast *forecast = memory_new(sizeof *forecast);
    const char *folder = temporary_folder(scratch);

    forecast->intake = intake;
    forecast->lists_all = intake_rows(intake) <= FORECAST_ROWS_MAX;
    if (!temporary_file(folder, &forecast->lines, err) || !temporary_file(folder, &forecast->problems, err))
        return false;
    problems_add(forecast, 1, intake_notes(intake), NULL, &NO_REMEDIES);
    *out = TAKE(forecast);
    return true;
}

void forecast_free(struct forecast *forecast)
{
    if (!forecast)
        return;
    if (forecast->lines)
        fclose(forecast->lines);
    if (forecast->problems)
        fclose(forecast->problems);
    remedies_done(&forecast->remedies);
    buf_done(&forecast->text);
    free(forecast);
}

static void was_add(struct buf *out, const struct intake_row *row)
{
    const char *before = ",\"was\":{";

    for (int column = 0; column < COLUMN_COUNT; column++) {
        if (!(row->corrected >> column & 1))
            continue;
        buf_addf(out, "%s\"%s\":", before, COLUMN_KEYS[column]);
        json_string_add(out, utf8_cut(row->was[column], FORECAST_CELL_BYTES_MAX));
        before = ",";
    }
    if (row->corrected)
        buf_add_byte(out, '}');
}

static void line_add(struct forecast *forecast, const struct intake_row *row, enum forecast_state state)
{
    static const char *const STATES[] = {"new", "changed", "unchanged", "refused"};
    struct buf *out = &forecast->text;

    buf_clear(out);
    buf_addf(out, "%s{\"line\":%zu,\"state\":\"%s\",\"editable\":%s,\"cells\":", forecast->line_count > 0 ? "," : "",
             row->line, STATES[state], row->is_divided ? "true" : "false");
    for (int column = 0; column < COLUMN_COUNT; column++) {
        buf_add_byte(out, column == 0 ? '[' : ',');
        json_string_add(out, utf8_cut(row->obligation.field[column], FORECAST_CELL_BYTES_MAX));
    }
    buf_add_byte(out, ']');
    was_add(out, row);
    buf_add_byte(out, '}');
    fwrite(out->data, 1, out->bytes, forecast->lines);
    forecast->line_count++;
}

void forecast_row(struct forecast *forecast, const struct intake_row *row, enum forecast_state state)
{
    forecast->count[state]++;
    forecast->corrected += (uint64_t)__builtin_popcount(row->corrected);
    if (!forecast->lists_all && row->problems.count == 0)
        return;
    if (forecast->line_count == FORECAST_ROWS_MAX) {
        forecast->is_cut = true;
        return;
    }
    line_add(forecast, row, state);
    forecast->remedies.offered = 0;
    if (row->is_divided && row->problems.count > 0)
        remedies_find(intake_rules(forecast->intake), &row->obligation, &row->context, &row->problems,
                      &forecast->remedies);
    problems_add(forecast, row->line, &row->problems, &row->obligation, &forecast->remedies);
}

uint64_t forecast_count(const struct forecast *forecast, enum forecast_state state)
{
    return forecast->count[state];
}

/* --- writing --- */

static void names_add(struct buf *out, const char *member, const char *const *names)
{
    buf_addf(out, ",\"%s\":", member);
    for (int column = 0; column < COLUMN_COUNT; column++) {
        buf_add_byte(out, column == 0 ? '[' : ',');
        json_string_add(out, span_of(names[column]));
    }
    buf_add_byte(out, ']');
}

static void head_add(struct forecast *forecast, const struct forecast_file *file)
{
    struct buf *out = &forecast->text;
    struct span name = span_of(file->name);

    buf_clear(out);
    buf_add_text(out, "{\"file\":");
    json_string_add(out, utf8_is_valid(name, NULL) ? name : SPAN("?"));
    buf_addf(out, ",\"encoding\":\"%s\",\"sha256\":\"%s\"", intake_encoding(forecast->intake), file->sha256);
    json_count_add(out, ",\"bytes\":", file->bytes);
    json_count_add(out, ",\"rows\":", file->counts->rows);
    json_count_add(out, ",\"accepted\":", forecast->count[FORECAST_NEW] + forecast->count[FORECAST_CHANGED]);
    json_count_add(out, ",\"new\":", forecast->count[FORECAST_NEW]);
    json_count_add(out, ",\"changed\":", forecast->count[FORECAST_CHANGED]);
    json_count_add(out, ",\"unchanged\":", forecast->count[FORECAST_UNCHANGED]);
    json_count_add(out, ",\"refused\":", forecast->count[FORECAST_REFUSED]);
    json_count_add(out, ",\"corrected\":", forecast->corrected);
    json_count_add(out, ",\"warnings\":", file->counts->warnings);
    names_add(out, "columns", COLUMN_KEYS);
    names_add(out, "headers", COLUMN_HEADERS);
    buf_addf(out, ",\"listed\":\"%s\",\"problems\":[", forecast->is_cut ? "some" : forecast->lists_all ? "all" : "bad");
}

bool forecast_write(struct forecast *forecast, const struct forecast_file *file, FILE *out, struct error *err)
{
    head_add(forecast, file);
    fwrite(forecast->text.data, 1, forecast->text.bytes, out);
    if (!temporary_copy(forecast->problems, out, err))
        return false;
    fputs("],\"lines\":[", out);
    if (!temporary_copy(forecast->lines, out, err))
        return false;
    fputs("]}\n", out);
    if (fflush(out) == 0 && !ferror(out))
        return true;
    return fail(err, errno == ENOSPC ? ERR_FULL : ERR_IO, "the forecast: %s", strerror(errno));
}
