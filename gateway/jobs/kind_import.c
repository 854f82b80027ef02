/* kind_import.c - a register file into the journal, or only looked at.
 *
 * The file is looked at as a whole first (intake.h): it is unusable from the beginning, or every row of it is judged.
 * Rows go to the report as they are read and to the journal in large transactions; memory does not grow with the file.
 * The import bears the job's id, so that rows recorded before a crash count as what they were then.
 *
 *   import          the file that came with the order
 *   import-check    the same, and nothing is changed: what it would come to, row by row (intake/forecast.h)
 *   import-recheck  the file of an import-check with corrections of single cells, looked at again
 *   import-checked  the same, imported: the journal has the digest of the file as it came, and beside every row that
 *                   was corrected what the file has in those cells
 *
 * All four are one way through one reader and one judge. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/encode.h"
#include "base/text.h"
#include "gateway/intake/forecast.h"
#include "gateway/jobs/kinds.h"
#include "gateway/jobs/rejects.h"
#include "keys/digest.h"

enum { PROGRESS_EVERY = 256, WAS_BYTES_MAX = 200 };

/* The input and what is known of it. */
struct source {
    int fd;
    const char *name;
    struct corrections *corrections; /* or NULL */
    struct intake *intake;
    uint64_t bytes;
    struct buf sha256; /* hex */
};

static void source_done(struct source *source)
{
    intake_free(source->intake);
    corrections_free(source->corrections);
    file_close(source->fd);
    buf_done(&source->sha256);
}
DEFINE_AUTO_IN_PLACE(struct source, source_done)

bool kind_check_corrections(const json_t *arguments, struct error *err)
{
    AUTO(corrections_free) struct corrections *corrections = NULL;
    json_t *list = json_object_get(arguments, "corrections");

    return !list || corrections_read(list, &corrections, err);
}

static bool find_day(const struct work *work, int32_t *today, struct error *err)
{
    int32_t on = argument_day(work->arguments, "on");
    char day[DAY_TEXT_BYTES];

    if (on > work->today)
        return refuse(err, ERR_INVALID, "import.day-in-future",
                      "a register cannot be checked against %s: that day is "
                      "still to come",
                      "不能以尚未到来的 %s 检查台账", day_format(on, day));
    *today = on == DAY_NONE ? work->today : on;
    return true;
}

static bool open_source(const struct work *work, struct source *source, struct error *err)
{
    AUTO(text_free) char *path = path_join(work->folder, "input");
    json_t *list = json_object_get(work->arguments, "corrections");
    struct intake_options options = {.rules = work->rules, .scratch = work->folder};
    struct stat info;
    uint8_t digest[32];

    source->name = argument_text(work->arguments, "file");
    if (!*source->name)
        source->name = "-";
    if (!find_day(work, &options.today, err) || (list && !corrections_read(list, &source->corrections, err)))
        return false;
    options.corrections = source->corrections;
    source->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (source->fd < 0 || fstat(source->fd, &info) != 0)
        return fail(err, ERR_IO, "%s: %s", path, strerror(errno));
    if (!digest_sha256_file(source->fd, digest, err))
        return false;
    source->bytes = (uint64_t)info.st_size;
    hex_add(&source->sha256, digest, sizeof digest);
    return intake_open_fd(source->fd, &options, &source->intake, err);
}

/* One file on its way: what is done with each of its rows. */
struct passage {
    struct work *work;
    struct source *source;
    struct report *report;
    struct rejects *rejects;
    /* Imported: */
    struct command_import *import;
    uint64_t corrected; /* cells of good rows */
    struct buf stale;   /* line numbers (uint32_t) */
    /* Or looked at: */
    struct forecast *forecast;
    struct store_txn *txn;
    struct buf hold;
};

static void passage_done(struct passage *passage)
{
    command_import_free(passage->import);
    rejects_free(passage->rejects);
    forecast_free(passage->forecast);
    report_free(passage->report);
    store_abort(passage->txn);
    buf_done(&passage->stale);
    buf_done(&passage->hold);
}
DEFINE_AUTO_IN_PLACE(struct passage, passage_done)

typedef bool passage_row(struct passage *passage, const struct intake_row *row, struct error *err);

static bool take_rows(struct passage *passage, passage_row *take, struct error *err)
{
    struct intake *intake = passage->source->intake;
    uint64_t of = intake_rows(intake);
    struct intake_row *row;

    report_notes(passage->report, intake);
    for (uint64_t count = 0;; count++) {
        if (!intake_next(intake, &row, err))
            return false;
        if (count % PROGRESS_EVERY == 0 || !row)
            work_progress(passage->work, count, of);
        if (!row)
            return true;
        report_row(passage->report, row);
        if ((!row->is_good && !rejects_row(passage->rejects, row, err)) || !take(passage, row, err))
            return false;
    }
}

/* --- importing --- */

/* What the file has where a person corrected it; a long text is cut, the file has it whole. */
static bool was_add(const struct intake_row *row, struct buf *out, struct error *err)
{
    AUTO(json_release) json_t *was = NULL;

    buf_clear(out);
    if (!row->corrected)
        return true;
    was = json_object();
    for (int column = 0; column < COLUMN_COUNT; column++) {
        AUTO(buf_done) struct buf text = BUF_INIT;

        if (!(row->corrected >> column & 1))
            continue;
        buf_add_span(&text, utf8_cut(row->was[column], WAS_BYTES_MAX));
        if (text.bytes < row->was[column].bytes)
            buf_add_text(&text, "…");
        json_object_set_new(was, COLUMN_KEYS[column], json_stringn(buf_text(&text), text.bytes));
    }
    return json_canonical_add(was, out, err);
}

static bool import_row(struct passage *passage, const struct intake_row *row, struct error *err)
{
    if (!row->is_good || row->is_repeat)
        return true;
    if (!was_add(row, &passage->hold, err))
        return false;
    passage->corrected += (uint64_t)__builtin_popcount(row->corrected);
    return command_import_corrected(passage->import, &row->obligation, (uint32_t)row->line, buf_span(&passage->hold),
                                    err);
}

static void note_outcome(uint32_t line, enum row_outcome outcome, void *context)
{
    struct passage *passage = context;

    if (outcome == ROW_STALE)
        buf_add(&passage->stale, &line, sizeof line);
}

static bool report_stale_rows(struct passage *passage, struct error *err)
{
    const char *reason = work_say(passage->work, "在您查看之后，该任务已被另一次导入改动。",
                                  "Another import changed this obligation after you looked.");

    for (size_t at = 0; at < passage->stale.bytes; at += sizeof(uint32_t)) {
        uint32_t line;

        memcpy(&line, passage->stale.data + at, sizeof line);
        report_stale(passage->report, line);
        if (!rejects_line(passage->rejects, line, reason, err))
            return false;
    }
    return true;
}

static bool finish_import(struct passage *passage, struct error *err)
{
    const struct source *source = passage->source;
    struct report_counts counts;
    struct import_counts stored;
    struct import_file file = {.name = source->name,
                               .encoding = intake_encoding(source->intake),
                               .sha256 = buf_text(&source->sha256),
                               .bytes = source->bytes,
                               .corrected = passage->corrected};

    report_counts(passage->report, &counts);
    file.rows = counts.rows;
    file.refused = counts.refused;
    if (!command_import_finish(passage->import, &file, &stored, err))
        return false;
    report_unchanged(passage->report, stored.count[ROW_UNCHANGED]);
    return report_stale_rows(passage, err);
}

/* --- the reports --- */

static bool write_json(FILE *out, void *context, struct error *err)
{
    const struct passage *passage = context;

    return report_write_json(passage->report, passage->source->name, intake_encoding(passage->source->intake), out,
                             err);
}

static bool write_forecast(FILE *out, void *context, struct error *err)
{
    const struct passage *passage = context;
    const struct source *source = passage->source;
    struct report_counts counts;
    const struct forecast_file file = {source->name, buf_text(&source->sha256), source->bytes, &counts};

    report_counts(passage->report, &counts);
    return forecast_write(passage->forecast, &file, out, err);
}

static bool write_table(FILE *out, void *context, struct error *err)
{
    const struct passage *passage = context;
    const struct source *source = passage->source;

    return report_write_table(passage->report, source->name, intake_encoding(source->intake), out, err);
}

static bool write_import_table(FILE *out, void *context, struct error *err)
{
    const struct passage *passage = context;
    const struct work *work = passage->work;
    struct report_counts counts;
    char day[DAY_TEXT_BYTES];

    if (!write_table(out, context, err))
        return false;
    report_counts(passage->report, &counts);
    if (counts.refused > 0)
        fputs(work_say(work, "被拒的行未写入：请在原表中更正后再次导入同一文件，已写入的行不会重复。\n",
                       "Refused rows were left out: correct them in the file and import it again; rows that are in "
                       "already are not repeated.\n"),
              out);
    fprintf(out, "%s creditgate overdue --on %s\n", work_say(work, "查看逾期任务：", "What is overdue:"),
            day_format(work->today, day));
    return true;
}

static bool write_check_table(FILE *out, void *context, struct error *err)
{
    const struct passage *passage = context;

    if (!write_table(out, context, err))
        return false;
    fprintf(out,
            work_is_chinese(passage->work)
                ? "如现在导入：新增 %llu，变更 %llu，未变 %llu，拒绝 %llu。什么都没有写入。\n"
                : "Imported now: %llu new, %llu changed, %llu unchanged, %llu refused. Nothing was changed.\n",
            (unsigned long long)forecast_count(passage->forecast, FORECAST_NEW),
            (unsigned long long)forecast_count(passage->forecast, FORECAST_CHANGED),
            (unsigned long long)forecast_count(passage->forecast, FORECAST_UNCHANGED),
            (unsigned long long)forecast_count(passage->forecast, FORECAST_REFUSED));
    return true;
}

static void count_rows(struct passage *passage)
{
    struct work *work = passage->work;
    struct report_counts counts;

    report_counts(passage->report, &counts);
    work->exit = counts.refused > 0 ? WORK_EXIT_SOME_REFUSED : WORK_EXIT_DONE;
    work_count(work, "rows", counts.rows);
    work_count(work, "accepted", counts.accepted);
    work_count(work, "unchanged", counts.unchanged);
    work_count(work, "refused", counts.refused);
    work_count(work, "warnings", counts.warnings);
}

/* --- the four kinds --- */

static bool begin(struct passage *passage, struct error *err)
{
    struct work *work = passage->work;

    passage->rejects = rejects_new(work);
    return work_load_rules(work, err) && open_source(work, passage->source, err) &&
           report_new(work->folder, work->lang, &passage->report, err);
}

static bool begin_import(struct passage *passage, struct error *err)
{
    struct work *work = passage->work;
    int64_t since;

    if (!command_import_begin(&work->desk, work->id, note_outcome, passage, &passage->import, err))
        return false;
    if (integer_parse(span_of(argument_text(work->arguments, "since")), &since))
        command_import_seen(passage->import, (uint64_t)since);
    return true;
}

bool run_import(struct work *work, struct error *err)
{
    AUTO(source_done) struct source source = {.fd = -1};
    AUTO(passage_done) struct passage passage = {.work = work, .source = &source};

    if (!begin(&passage, err) || !begin_import(&passage, err) || !take_rows(&passage, import_row, err) ||
        !finish_import(&passage, err))
        return false;
    count_rows(&passage);
    return rejects_save(passage.rejects, err) && work_report(work, "report.txt", write_import_table, &passage, err) &&
           work_report(work, "report.json", write_json, &passage, err);
}

/* As command_import_row decides it. */
static bool look_at_row(struct passage *passage, const struct intake_row *row, struct error *err)
{
    static const enum forecast_state STATES[ROW_OUTCOME_COUNT] = {[ROW_NEW] = FORECAST_NEW,
                                                                  [ROW_NEW_VERSION] = FORECAST_CHANGED,
                                                                  [ROW_UNCHANGED] = FORECAST_UNCHANGED,
                                                                  [ROW_STALE] = FORECAST_CHANGED};
    enum forecast_state state = row->is_good ? FORECAST_UNCHANGED : FORECAST_REFUSED;
    enum row_outcome outcome;

    if (row->is_good && !row->is_repeat) {
        if (!command_import_look(passage->txn, &row->obligation, &passage->hold, &outcome, err))
            return false;
        state = STATES[outcome];
        if (outcome == ROW_UNCHANGED)
            report_unchanged(passage->report, 1);
    }
    forecast_row(passage->forecast, row, state);
    return true;
}

bool run_import_check(struct work *work, struct error *err)
{
    AUTO(source_done) struct source source = {.fd = -1};
    AUTO(passage_done) struct passage passage = {.work = work, .source = &source};

    if (!begin(&passage, err) || !forecast_new(work->folder, source.intake, &passage.forecast, err) ||
        !work_read(work, &passage.txn, err) || !take_rows(&passage, look_at_row, err))
        return false;
    count_rows(&passage);
    work_count(work, "new", forecast_count(passage.forecast, FORECAST_NEW));
    work_count(work, "changed", forecast_count(passage.forecast, FORECAST_CHANGED));
    return rejects_save(passage.rejects, err) && work_report(work, "report.txt", write_check_table, &passage, err) &&
           work_report(work, "report.json", write_forecast, &passage, err);
}
