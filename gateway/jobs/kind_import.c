/* kind_import.c - a register file into the journal.
 *
 * The file is looked at as a whole first (intake.h): it is unusable from the beginning, or every row of it is judged.
 * Rows go to the report as they are read and to the journal in large transactions; memory does not grow with the file.
 * The import bears the job's id, so that rows recorded before a crash count as what they were then. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/encode.h"
#include "base/text.h"
#include "gateway/intake/report.h"
#include "gateway/jobs/kinds.h"
#include "keys/digest.h"

enum { PROGRESS_EVERY = 256 };

/* The input and what is known of it. */
struct source {
    int fd;
    const char *name;
    struct intake *intake;
    uint64_t bytes;
    struct buf sha256; /* hex */
};

static void source_done(struct source *source)
{
    intake_free(source->intake);
    file_close(source->fd);
    buf_done(&source->sha256);
}
DEFINE_AUTO_IN_PLACE(struct source, source_done)

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
    struct intake_options options = {.rules = work->rules, .scratch = work->folder};
    struct stat info;
    uint8_t digest[32];

    source->name = argument_text(work->arguments, "file");
    if (!*source->name)
        source->name = "-";
    if (!find_day(work, &options.today, err))
        return false;
    source->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (source->fd < 0 || fstat(source->fd, &info) != 0)
        return fail(err, ERR_IO, "%s: %s", path, strerror(errno));
    if (!digest_sha256_file(source->fd, digest, err))
        return false;
    source->bytes = (uint64_t)info.st_size;
    hex_add(&source->sha256, digest, sizeof digest);
    return intake_open_fd(source->fd, &options, &source->intake, err);
}

static bool take_rows(struct work *work, struct source *source, struct report *report, struct command_import *import,
                      struct error *err)
{
    uint64_t of = intake_rows(source->intake);
    struct intake_row *row;

    report_notes(report, source->intake);
    for (uint64_t count = 0;; count++) {
        if (!intake_next(source->intake, &row, err))
            return false;
        if (count % PROGRESS_EVERY == 0 || !row)
            work_progress(work, count, of);
        if (!row)
            return true;
        report_row(report, row);
        if (row->is_good && !row->is_repeat && !command_import_row(import, &row->obligation, (uint32_t)row->line, err))
            return false;
    }
}

static bool finish_import(struct source *source, struct report *report, struct command_import *import,
                          struct error *err)
{
    struct report_counts counts;
    struct import_counts stored;
    struct import_file file = {.name = source->name,
                               .encoding = intake_encoding(source->intake),
                               .sha256 = buf_text(&source->sha256),
                               .bytes = source->bytes};

    report_counts(report, &counts);
    file.rows = counts.rows;
    file.refused = counts.refused;
    if (!command_import_finish(import, &file, &stored, err))
        return false;
    report_unchanged(report, stored.count[ROW_UNCHANGED]);
    return true;
}

/* --- the report --- */

struct writing {
    const struct work *work;
    const struct source *source;
    struct report *report;
};

static bool write_json(FILE *out, void *context, struct error *err)
{
    const struct writing *writing = context;

    return report_write_json(writing->report, writing->source->name, intake_encoding(writing->source->intake), out,
                             err);
}

static bool write_table(FILE *out, void *context, struct error *err)
{
    const struct writing *writing = context;
    struct report_counts counts;
    char day[DAY_TEXT_BYTES];

    if (!report_write_table(writing->report, writing->source->name, intake_encoding(writing->source->intake), out, err))
        return false;
    report_counts(writing->report, &counts);
    if (counts.refused > 0)
        fputs(work_say(writing->work, "被拒的行未写入：请在原表中更正后再次导入同一文件，已写入的行不会重复。\n",
                       "Refused rows were left out: correct them in the file and import it again; rows that are in "
                       "already are not repeated.\n"),
              out);
    fprintf(out, "%s creditgate overdue --on %s\n", work_say(writing->work, "查看逾期任务：", "What is overdue:"),
            day_format(writing->work->today, day));
    return true;
}

static bool write_reports(struct work *work, const struct source *source, struct report *report, struct error *err)
{
    struct writing writing = {work, source, report};
    struct report_counts counts;

    report_counts(report, &counts);
    work->exit = counts.refused > 0 ? WORK_EXIT_SOME_REFUSED : WORK_EXIT_DONE;
    work_count(work, "rows", counts.rows);
    work_count(work, "accepted", counts.accepted);
    work_count(work, "unchanged", counts.unchanged);
    work_count(work, "refused", counts.refused);
    work_count(work, "warnings", counts.warnings);
    return work_report(work, "report.txt", write_table, &writing, err) &&
           work_report(work, "report.json", write_json, &writing, err);
}

bool run_import(struct work *work, struct error *err)
{
    AUTO(source_done) struct source source = {.fd = -1};
    AUTO(report_free) struct report *report = NULL;
    AUTO(command_import_free) struct command_import *import = NULL;

    return work_load_rules(work, err) && open_source(work, &source, err) &&
           report_new(work->folder, work->lang, &report, err) &&
           command_import_begin(&work->desk, work->id, NULL, NULL, &import, err) &&
           take_rows(work, &source, report, import, err) && finish_import(&source, report, import, err) &&
           write_reports(work, &source, report, err);
}
