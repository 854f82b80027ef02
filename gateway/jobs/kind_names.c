/* kind_names.c - a register of company names becomes the one that counts.
 *
 * The file is read once, row by row, then put where registers of names lie (<state>/names/<SHA-256>), then the journal
 * says so. Killed anywhere, the job is run again and arrives at the same; a file that nobody speaks of does no harm. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/text.h"
#include "gateway/command/command_names.h"
#include "gateway/jobs/kinds.h"
#include "gateway/names/names_register.h"
#include "keys/digest.h"

enum { PROGRESS_EVERY = 1024, LISTED_MAX = 10000 };

struct registration {
    struct work *work;
    int fd;
    char *input;
    struct buf sha256;
    struct names_file file;
    struct buf refused_text; /* the first LISTED_MAX of them */
    struct buf refused_json;
    bool is_new;
};

static void registration_done(struct registration *registration)
{
    file_close(registration->fd);
    text_free(registration->input);
    buf_done(&registration->sha256);
    buf_done(&registration->refused_text);
    buf_done(&registration->refused_json);
}
DEFINE_AUTO_IN_PLACE(struct registration, registration_done)

static bool take_day(const struct work *work, int32_t *edition, struct error *err)
{
    int32_t on = argument_day(work->arguments, "on");
    char day[DAY_TEXT_BYTES];

    if (on > work->today)
        return refuse(err, ERR_INVALID, "names.day-in-future", "a register cannot be of %s: that day is still to come",
                      "名称库的版次不能是尚未到来的 %s", day_format(on, day));
    *edition = on == DAY_NONE ? work->today : on;
    return true;
}

static bool open_input(struct registration *registration, struct error *err)
{
    const struct work *work = registration->work;
    struct names_file *file = &registration->file;
    struct stat info;
    uint8_t digest[32];

    file->name = argument_text(work->arguments, "file");
    if (!*file->name)
        file->name = "-";
    registration->input = path_join(work->folder, "input");
    registration->fd = open(registration->input, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (registration->fd < 0 || fstat(registration->fd, &info) != 0)
        return file_fail(err, registration->input, "cannot open");
    if (!take_day(work, &file->edition, err) || !digest_sha256_file(registration->fd, digest, err))
        return false;
    hex_add(&registration->sha256, digest, sizeof digest);
    file->sha256 = buf_text(&registration->sha256);
    file->bytes = (uint64_t)info.st_size;
    return true;
}

static void list_refused(struct registration *registration, const struct names_row *row)
{
    struct buf *text = &registration->refused_text;
    struct buf *json = &registration->refused_json;
    const char *why = error_text(&row->why, registration->work->lang);

    if (registration->file.refused > LISTED_MAX)
        return;
    buf_addf(text, "%s %zu: ", work_say(registration->work, "行", "line"), row->line);
    text_shown_add(text, span_of(why));
    buf_add_byte(text, '\n');
    if (json->bytes)
        buf_add_byte(json, ',');
    json_count_add(json, "{\"line\":", row->line);
    buf_add_text(json, ",\"message\":");
    json_string_add(json, span_of(why));
    buf_addf(json, ",\"rule\":\"%s\"}", row->why.rule);
}

static void count_row(struct registration *registration, const struct names_row *row)
{
    struct names_file *file = &registration->file;

    file->rows++;
    file->repeated += row->state == NAMES_ROW_REPEAT;
    file->refused += row->state == NAMES_ROW_REFUSED;
    if (row->state == NAMES_ROW_REFUSED)
        list_refused(registration, row);
    if (row->state != NAMES_ROW_GOOD)
        return;
    file->names += row->name.bytes > 0;
    file->former += row->former_count;
}

static bool read_rows(struct registration *registration, struct error *err)
{
    AUTO(text_free) char *folder = path_join(registration->work->environment->config->data, "schemas/data/names");
    AUTO(name_tables_free) struct name_tables *tables = NULL;
    AUTO(names_register_free) struct names_register *reg = NULL;
    const struct names_row *row;

    if (!name_tables_load(folder, &tables, err) || !names_register_open(registration->fd, tables, &reg, err))
        return false;
    for (;;) {
        if (!names_register_next(reg, &row, err))
            return false;
        if (!row)
            break;
        count_row(registration, row);
        if (registration->file.rows % PROGRESS_EVERY == 0)
            work_progress(registration->work, registration->file.rows, 0);
    }
    return registration->file.names + registration->file.former > 0 ||
           refuse(err, ERR_INVALID, "file.rows", "no row of the file can be used", "文件中没有可用的行");
}

/* A second name for the upload, on the same disk. One that was put there before is the same bytes, or a damaged copy
 * that is replaced. */
static bool keep_file(const struct registration *registration, struct error *err)
{
    AUTO(text_free) char *folder = config_state_path(registration->work->environment->config, "names");
    AUTO(text_free) char *path = path_join(folder, registration->file.sha256);
    AUTO(buf_done) struct buf beside = BUF_INIT;

    buf_addf(&beside, "%s.new.%s", path, registration->work->id);
    if (!file_make_folder(folder, JOB_FOLDER_MODE, err))
        return false;
    if (unlink(beside.data) != 0 && errno != ENOENT)
        return file_fail(err, beside.data, "cannot remove");
    if (link(registration->input, beside.data) != 0)
        return file_fail(err, beside.data, "cannot link");
    if (rename(beside.data, path) != 0)
        return file_fail(err, path, "cannot rename into place");
    /* Two names of one file: then the rename did nothing. */
    if (unlink(beside.data) != 0 && errno != ENOENT)
        return file_fail(err, beside.data, "cannot remove");
    return file_sync_folder(folder, err) && file_sync_folder(registration->work->environment->config->state, err);
}

/* --- the report --- */

static bool write_text(FILE *out, void *context, struct error *err)
{
    const struct registration *registration = context;
    const struct names_file *file = &registration->file;
    const struct work *work = registration->work;
    const struct {
        const char *zh;
        const char *en;
        uint64_t number;
    } counts[] = {{"行", "rows", file->rows},
                  {"企业", "companies", file->names},
                  {"曾用名", "former names", file->former},
                  {"重复的行", "repeated rows", file->repeated},
                  {"被拒的行", "refused rows", file->refused}};
    char day[DAY_TEXT_BYTES];

    (void)err;
    fputs(buf_text(&registration->refused_text), out);
    if (file->refused > LISTED_MAX)
        fprintf(out, "%s %s, %s\n", work_say(work, "企业名称库", "register of names"), day_format(file->edition, day),
                file->sha256);
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        fprintf(out, "  %s %llu\n", work_say(work, counts[i].zh, counts[i].en), (unsigned long long)counts[i].number);
    fputs(registration->is_new ? work_say(work, "已登记，索引随即重建。\n", "registered; the index is built anew.\n")
                               : work_say(work, "此前已登记，没有变化。\n", "it is the one in use: nothing changed.\n"),
          out);
    return true;
}

static bool write_json(FILE *out, void *context, struct error *err)
{
    const struct registration *registration = context;
    const struct names_file *file = &registration->file;
    char day[DAY_TEXT_BYTES];

    (void)err;
    fprintf(out, "{\"edition\":\"%s\",\"former\":%llu,\"items\":[%s],\"names\":%llu,\"new\":%s,", //
            day_format(file->edition, day), (unsigned long long)file->former, buf_text(&registration->refused_json),
            (unsigned long long)file->names, registration->is_new ? "true" : "false");
    fprintf(out, "\"refused\":%llu,\"repeated\":%llu,\"rows\":%llu,\"sha256\":\"%s\"}\n",
            (unsigned long long)file->refused, (unsigned long long)file->repeated, (unsigned long long)file->rows,
            file->sha256);
    return true;
}

bool run_names_register(struct work *work, struct error *err)
{
    AUTO(registration_done) struct registration registration = {.work = work, .fd = -1};
    const struct names_file *file = &registration.file;

    if (!open_input(&registration, err) || !read_rows(&registration, err) || !keep_file(&registration, err) ||
        !command_names_register(&work->desk, file, &registration.is_new, err))
        return false;
    work->exit = file->refused > 0 ? WORK_EXIT_SOME_REFUSED : WORK_EXIT_DONE;
    work_count(work, "rows", file->rows);
    work_count(work, "names", file->names);
    work_count(work, "former", file->former);
    work_count(work, "refused", file->refused);
    return work_report(work, "report.txt", write_text, &registration, err) &&
           work_report(work, "report.json", write_json, &registration, err);
}
