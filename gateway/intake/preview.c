#include "gateway/intake/preview.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/intake/temporary.h"
#include "schemas/remedies.h"

struct preview {
    const struct intake *intake;
    bool lists_all; /* rows without problems, too */
    FILE *lines;
    FILE *problems;
    size_t line_count;    /* listed */
    size_t problem_count; /* listed */
    bool is_cut;          /* some that should be listed are not */
    uint64_t count[PREVIEW_STATE_COUNT];
    uint64_t corrected; /* cells */
    struct remedies remedies;
    struct buf text;
};

static const struct remedies NO_REMEDIES = {.offered = 0};

/* --- problems --- */

static void message_add(struct preview *preview, const char *lang, const struct problem *problem,
                        const struct obligation *row)
{
    AUTO(buf_done) struct buf message = BUF_INIT;

    problem_message_add(problem, row, lang, &message);
    buf_addf(&preview->text, ",\"%s\":", lang);
    json_string_add(&preview->text, buf_span(&message));
}

static void problem_add(struct preview *preview, size_t line, const struct problem *problem,
                        const struct obligation *row, const struct remedies *remedies)
{
    struct buf *out = &preview->text;
    struct span proposal = remedies_of(remedies, problem->column);

    buf_clear(out);
    buf_addf(out, "%s{\"line\":%zu,\"column\":", preview->problem_count > 0 ? "," : "", line);
    if (problem->column < COLUMN_COUNT)
        buf_addf(out, "\"%s\"", COLUMN_KEYS[problem->column]);
    else
        buf_add_text(out, "null");
    buf_add_text(out, ",\"value\":");
    json_string_add(out, utf8_cut(problem->value, PREVIEW_CELL_BYTES_MAX));
    buf_addf(out, ",\"rule\":\"%s\",\"severity\":\"%s\"", rule_id(problem->rule),
             rule_is_error(problem->rule) ? "error" : "warning");
    message_add(preview, "zh", problem, row);
    message_add(preview, "en", problem, row);
    buf_add_text(out, ",\"proposal\":");
    if (proposal.bytes > 0)
        json_string_add(out, proposal);
    else
        buf_add_text(out, "null");
    buf_add_byte(out, '}');
    fwrite(out->data, 1, out->bytes, preview->problems);
    preview->problem_count++;
}

static void problems_add(struct preview *preview, size_t line, const struct problems *problems,
                         const struct obligation *row, const struct remedies *remedies)
{
    for (size_t i = 0; i < problems->count; i++) {
        if (preview->problem_count == REPORT_PROBLEMS_MAX) {
            preview->is_cut = true;
            return;
        }
        problem_add(preview, line, &problems->at[i], row, remedies);
    }
}

/* --- rows --- */

bool preview_new(const char *scratch, const struct intake *intake, struct preview **out, struct error *err)
{
    AUTO(preview_free) struct preview *preview = memory_new(sizeof *preview);
    const char *folder = temporary_folder(scratch);

    preview->intake = intake;
    preview->lists_all = intake_rows(intake) <= PREVIEW_ROWS_MAX;
    if (!temporary_file(folder, &preview->lines, err) || !temporary_file(folder, &preview->problems, err))
        return false;
    problems_add(preview, 1, intake_notes(intake), NULL, &NO_REMEDIES);
    *out = TAKE(preview);
    return true;
}

void preview_free(struct preview *preview)
{
    if (!preview)
        return;
    if (preview->lines)
        fclose(preview->lines);
    if (preview->problems)
        fclose(preview->problems);
    remedies_done(&preview->remedies);
    buf_done(&preview->text);
    free(preview);
}

static void was_add(struct buf *out, const struct intake_row *row)
{
    const char *before = ",\"was\":{";

    for (int column = 0; column < COLUMN_COUNT; column++) {
        if (!(row->corrected >> column & 1))
            continue;
        buf_addf(out, "%s\"%s\":", before, COLUMN_KEYS[column]);
        json_string_add(out, utf8_cut(row->was[column], PREVIEW_CELL_BYTES_MAX));
        before = ",";
    }
    if (row->corrected)
        buf_add_byte(out, '}');
}

static void line_add(struct preview *preview, const struct intake_row *row, enum preview_state state)
{
    static const char *const STATES[] = {"new", "changed", "unchanged", "refused"};
    struct buf *out = &preview->text;

    buf_clear(out);
    buf_addf(out, "%s{\"line\":%zu,\"state\":\"%s\",\"editable\":%s,\"cells\":", preview->line_count > 0 ? "," : "",
             row->line, STATES[state], row->is_divided ? "true" : "false");
    for (int column = 0; column < COLUMN_COUNT; column++) {
        buf_add_byte(out, column == 0 ? '[' : ',');
        json_string_add(out, utf8_cut(row->obligation.field[column], PREVIEW_CELL_BYTES_MAX));
    }
    buf_add_byte(out, ']');
    was_add(out, row);
    buf_add_byte(out, '}');
    fwrite(out->data, 1, out->bytes, preview->lines);
    preview->line_count++;
}

void preview_row(struct preview *preview, const struct intake_row *row, enum preview_state state)
{
    preview->count[state]++;
    preview->corrected += (uint64_t)__builtin_popcount(row->corrected);
    if (!preview->lists_all && row->problems.count == 0)
        return;
    if (preview->line_count == PREVIEW_ROWS_MAX) {
        preview->is_cut = true;
        return;
    }
    line_add(preview, row, state);
    preview->remedies.offered = 0;
    if (row->is_divided && row->problems.count > 0)
        remedies_find(intake_rules(preview->intake), &row->obligation, &row->context, &row->problems,
                      &preview->remedies);
    problems_add(preview, row->line, &row->problems, &row->obligation, &preview->remedies);
}

uint64_t preview_count(const struct preview *preview, enum preview_state state)
{
    return preview->count[state];
}

/* --- writing --- */

static bool copy(FILE *from, FILE *to, struct error *err)
{
    char piece[16384];
    size_t bytes;

    if (fflush(from) != 0 || ferror(from) || fseeko(from, 0, SEEK_SET) != 0)
        return fail(err, errno == ENOSPC ? ERR_FULL : ERR_IO, "temporary file: %s", strerror(errno));
    while ((bytes = fread(piece, 1, sizeof piece, from)) > 0)
        fwrite(piece, 1, bytes, to);
    if (ferror(from) || fseeko(from, 0, SEEK_END) != 0)
        return fail(err, ERR_IO, "temporary file: %s", strerror(errno));
    return true;
}

static void names_add(struct buf *out, const char *member, const char *const *names)
{
    buf_addf(out, ",\"%s\":", member);
    for (int column = 0; column < COLUMN_COUNT; column++) {
        buf_add_byte(out, column == 0 ? '[' : ',');
        json_string_add(out, span_of(names[column]));
    }
    buf_add_byte(out, ']');
}

static void head_add(struct preview *preview, const struct preview_file *file)
{
    struct buf *out = &preview->text;
    struct span name = span_of(file->name);

    buf_clear(out);
    buf_add_text(out, "{\"file\":");
    json_string_add(out, utf8_is_valid(name, NULL) ? name : SPAN("?"));
    buf_addf(out, ",\"encoding\":\"%s\",\"sha256\":\"%s\"", intake_encoding(preview->intake), file->sha256);
    json_count_add(out, ",\"bytes\":", file->bytes);
    json_count_add(out, ",\"rows\":", file->counts->rows);
    json_count_add(out, ",\"accepted\":", preview->count[PREVIEW_NEW] + preview->count[PREVIEW_CHANGED]);
    json_count_add(out, ",\"new\":", preview->count[PREVIEW_NEW]);
    json_count_add(out, ",\"changed\":", preview->count[PREVIEW_CHANGED]);
    json_count_add(out, ",\"unchanged\":", preview->count[PREVIEW_UNCHANGED]);
    json_count_add(out, ",\"refused\":", preview->count[PREVIEW_REFUSED]);
    json_count_add(out, ",\"corrected\":", preview->corrected);
    json_count_add(out, ",\"warnings\":", file->counts->warnings);
    names_add(out, "columns", COLUMN_KEYS);
    names_add(out, "headers", COLUMN_HEADERS);
    buf_addf(out, ",\"listed\":\"%s\",\"problems\":[", preview->is_cut ? "some" : preview->lists_all ? "all" : "bad");
}

bool preview_write(struct preview *preview, const struct preview_file *file, FILE *out, struct error *err)
{
    head_add(preview, file);
    fwrite(preview->text.data, 1, preview->text.bytes, out);
    if (!copy(preview->problems, out, err))
        return false;
    fputs("],\"lines\":[", out);
    if (!copy(preview->lines, out, err))
        return false;
    fputs("]}\n", out);
    if (fflush(out) == 0 && !ferror(out))
        return true;
    return fail(err, errno == ENOSPC ? ERR_FULL : ERR_IO, "the preview: %s", strerror(errno));
}
