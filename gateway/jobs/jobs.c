/* jobs.c - orders as folders.
 *
 * A folder is made under a name that is no id and renamed when all of it is durable, and renamed back before it is
 * removed: whatever happens in between, an id is a whole order or none. */
#include "gateway/jobs/jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "gateway/jobs/folder.h"
#include "gateway/jobs/kinds.h"
#include "gateway/jobs/uploads.h"

enum { COPY_BYTES = 256 * 1024 };

static const struct config_person *find_person(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->staff_count; i++) {
        if (strcmp(config->staff[i].name, name) == 0)
            return &config->staff[i];
    }
    return NULL;
}

bool jobs_kind(const char *name, unsigned *roles)
{
    const struct kind *kind = kind_find(name);

    if (kind)
        *roles = kind->roles;
    return kind != NULL;
}

bool jobs_takes_file(const char *kind)
{
    const struct kind *found = kind_find(kind);

    return found && found->takes_file;
}

static bool check_person(const struct config *config, const struct job_order *order, const struct kind *kind,
                         struct error *err)
{
    const struct config_person *person = find_person(config, order->person);

    if (kind->is_for_clients)
        return true; /* who may is known where it comes in */
    if (person && (person->roles & kind->roles))
        return true;
    return refuse(err, ERR_FORBIDDEN, "job.role", "%s may not order \"%s\": it needs another role",
                  "%s 无权执行“%s”：需要其他角色", order->person, kind->name);
}

static bool check_input(const struct config *config, const struct job_order *order, const struct kind *kind,
                        struct error *err)
{
    struct stat info;

    if (kind->takes_file != (order->input_fd >= 0))
        return refuse(err, ERR_INVALID, "job.file", kind->takes_file ? "\"%s\" needs a file" : "\"%s\" takes no file",
                      kind->takes_file ? "“%s”需要一个文件" : "“%s”不需要文件", kind->name);
    if (!kind->takes_file)
        return true;
    if (fstat(order->input_fd, &info) != 0 || !S_ISREG(info.st_mode))
        return fail(err, ERR_IO, "the input is no file");
    if (kind->is_for_clients || info.st_size <= config->import_bytes)
        return true;
    return refuse(err, ERR_LIMIT, "job.file-limit", "the file has %lld bytes, the limit is %lld (import.bytes)",
                  "文件有 %lld 字节，上限为 %lld（import.bytes）", (long long)info.st_size,
                  (long long)config->import_bytes);
}

bool jobs_check(const struct config *config, const struct job_order *order, struct error *err)
{
    const struct kind *kind = kind_find(order->kind);

    if (!kind)
        return refuse(err, ERR_NOT_FOUND, "job.kind", "there is no job \"%.40s\"", "没有“%.40s”这种任务", order->kind);
    return check_person(config, order, kind, err) && arguments_check(kind->arguments, order->arguments, err) &&
           (!kind->check || kind->check(order->arguments, err)) && check_input(config, order, kind, err);
}

/* --- making one --- */

static bool copy_file(int from, int to, const char *path, struct error *err)
{
    AUTO(buf_done) struct buf piece = BUF_INIT;
    off_t at = 0;

    buf_reserve(&piece, COPY_BYTES);
    for (;;) {
        ssize_t bytes = pread(from, piece.data, COPY_BYTES, at);

        if (bytes < 0 && errno == EINTR)
            continue;
        if (bytes < 0)
            return file_fail(err, path, "cannot read");
        if (bytes == 0)
            return true;
        if (!file_write_all(to, (struct span){piece.data, (size_t)bytes}, err))
            return fail_in(err, "%s", path);
        at += bytes;
    }
}

/* An upload without a name gets one; a file that somebody else can name is copied, since it could change. */
static bool take_input(int input_fd, const char *path, struct error *err)
{
    AUTO(file_close) int fd = -1;
    char name[64];
    struct stat info;

    snprintf(name, sizeof name, "/proc/self/fd/%d", input_fd);
    if (fstat(input_fd, &info) != 0)
        return file_fail(err, path, "cannot look at the upload");
    if (info.st_nlink == 0 && linkat(AT_FDCWD, name, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0)
        return fsync(input_fd) == 0 || file_fail(err, path, "cannot sync");
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, JOB_FILE_MODE);
    if (fd < 0)
        return file_fail(err, path, "cannot create");
    return copy_file(input_fd, fd, path, err) && (fsync(fd) == 0 || file_fail(err, path, "cannot sync"));
}

static bool spec_text(const struct job_order *order, int64_t now_ms, struct buf *out, struct error *err)
{
    char at[INSTANT_TEXT_BYTES];
    size_t before;

    buf_add_text(out, "{\"arguments\":");
    before = out->bytes;
    if (!json_canonical_add(order->arguments, out, err))
        return false;
    if (out->bytes - before > JOB_ARGUMENTS_BYTES_MAX)
        return refuse(err, ERR_LIMIT, "job.argument-limit", "the arguments have more than %d bytes", "参数超过 %d 字节",
                      (int)JOB_ARGUMENTS_BYTES_MAX);
    buf_addf(out,
             ",\"at\":\"%s\",\"job\":\"%s\",\"kind\":\"%s\",\"lang\":\"%s\",\"person\":", instant_format(now_ms, at),
             order->id, order->kind, strcmp(order->lang, "en") == 0 ? "en" : "zh");
    json_string_add(out, span_of(order->person));
    buf_add_text(out, "}\n");
    return true;
}

static bool mark_client(const char *folder, const struct job_order *order, struct error *err)
{
    AUTO(text_free) char *path = path_join(folder, JOB_CLIENT_FILE);

    return !kind_find(order->kind)->is_for_clients || file_write(path, span_of(order->person), JOB_FILE_MODE, err);
}

static bool take_file(const struct config *config, const struct job_order *order, const char *path, struct error *err)
{
    if (uploads_uses(order->kind))
        return uploads_link(config, argument_text(order->arguments, "from"), path, err);
    return order->input_fd < 0 || take_input(order->input_fd, path, err);
}

static bool fill_folder(const struct config *config, const char *folder, const struct job_order *order,
                        struct span spec, struct error *err)
{
    AUTO(text_free) char *input = path_join(folder, "input");
    AUTO(text_free) char *path = path_join(folder, "spec.json");

    return take_file(config, order, input, err) && mark_client(folder, order, err) &&
           file_write(path, spec, JOB_FILE_MODE, err);
}

static bool write_order(const struct config *config, const struct job_order *order, struct span spec, struct error *err)
{
    AUTO(text_free) char *jobs = folder_jobs(config);
    AUTO(text_free) char *folder = folder_path(config, order->id);
    AUTO(buf_done) struct buf unfinished = BUF_INIT;
    bool is_good;

    buf_addf(&unfinished, "%s/.new-%s", jobs, order->id);
    is_good = file_make_folder(unfinished.data, JOB_FOLDER_MODE, err) &&
              fill_folder(config, unfinished.data, order, spec, err) &&
              (rename(unfinished.data, folder) == 0 || file_fail(err, folder, "cannot rename into place"));
    if (!is_good) {
        struct error why;

        if (!file_remove_tree(unfinished.data, &why))
            log_warning("job", "an unfinished order stays until it is pruned: %s", why.text);
        return false;
    }
    return file_sync_folder(jobs, err);
}

/* Whoever orders without end keeps everybody else waiting: jobs are run in the order of time. */
static bool check_open(const struct config *config, const struct job_order *order, struct error *err)
{
    size_t count = 0;

    if (kind_find(order->kind)->is_for_clients)
        return true; /* of theirs so many are held, in all (screening.held) */
    if (!jobs_open_of(config, order->person, &count, err))
        return false;
    return count < JOB_OPEN_MAX ||
           refuse(err, ERR_LIMIT, "job.too-many", "%s has %zu jobs that wait or run: wait until some are done",
                  "%s 已有 %zu 项任务在等待或执行：请等其中一些办完再提交", order->person, count);
}

bool jobs_create(const struct config *config, struct job_order *order, struct error *err)
{
    AUTO(buf_done) struct buf spec = BUF_INIT;
    AUTO(json_release) json_t *adopted = NULL;
    int64_t now_ms = clock_now_ms(&CLOCK_SYSTEM);
    struct job_order named = *order;

    if (!jobs_check(config, order, err) || !check_open(config, order, err) ||
        (uploads_uses(order->kind) && !uploads_adopt(config, order, &adopted, err)))
        return false;
    if (adopted)
        named.arguments = adopted;
    if (!named.id[0])
        folder_id_new(now_ms, named.id);
    if (!spec_text(&named, now_ms, &spec, err) || !write_order(config, &named, buf_span(&spec), err))
        return false;
    memcpy(order->id, named.id, sizeof order->id);
    return true;
}

/* --- reading --- */

bool jobs_read(const struct config *config, const char *id, struct buf *out, struct error *err)
{
    AUTO(folder_spec_done) struct folder_spec spec = {.json = NULL};
    struct folder_answer answer = {.state = "waiting"};

    if (!folder_id_is_valid(id))
        return folder_read(config, id, "", out, err);
    if (folder_has(config, id, "result.json"))
        return folder_read(config, id, "result.json", out, err);
    if (folder_has(config, id, "progress.json"))
        return folder_read(config, id, "progress.json", out, err);
    if (!folder_spec_load(config, id, &spec, err))
        return false;
    folder_answer_add(id, &spec, &answer, out);
    return true;
}

static bool refuse_no_report(const char *id, struct error *err)
{
    return refuse(err, ERR_NOT_FOUND, "job.report", "job %.40s has no report", "任务 %.40s 没有报告", id);
}

bool jobs_readers(const struct config *config, const char *id, unsigned *roles, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(json_release) json_t *result = NULL;
    const struct kind *kind;
    const char *name, *state;

    if (!folder_id_is_valid(id) || !folder_has(config, id, "result.json"))
        return refuse_no_report(id, err);
    if (!folder_read(config, id, "result.json", &text, err) ||
        !json_read(buf_span(&text), JOB_ANSWER_BYTES_MAX, &result, err))
        return false;
    name = json_text_of(result, "kind");
    kind = name ? kind_find(name) : NULL;
    *roles = kind ? kind_readers(kind) : 0;
    if (json_integer_of(json_object_get(result, "result"), KIND_TELLS_ANSWERS, 0) != 0)
        *roles &= KIND_LOOKERS;
    /* What is traced before it can be read may have been left by a process that died before it was. */
    state = json_text_of(result, "state");
    return !kind || !kind_is_evidence(kind) || (state && strcmp(state, "done") == 0) || refuse_no_report(id, err);
}

static const char *report_file(const char *format)
{
    static const char *const FILES[][2] = {
        {"text", "report.txt"}, {"json", "report.json"}, {"xlsx", JOB_WORKBOOK_FILE}, {"csv", JOB_CSV_FILE}};

    for (size_t i = 0; i < COUNT_OF(FILES); i++)
        if (strcmp(format, FILES[i][0]) == 0)
            return FILES[i][1];
    return NULL;
}

bool jobs_report(const struct config *config, const char *id, const char *format, uint64_t offset, struct buf *out,
                 struct error *err)
{
    const char *name = report_file(format);
    AUTO(text_free) char *path = NULL;
    AUTO(file_close) int fd = -1;
    ssize_t bytes;

    if (!name)
        return refuse(err, ERR_INVALID, "job.format", "a report is text, json, xlsx or csv, not \"%.40s\"",
                      "报告格式只能是 text、json、xlsx 或 csv，不是“%.40s”", format);
    if (folder_id_is_valid(id) && folder_has(config, id, "result.json")) {
        path = folder_file(config, id, name);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    }
    if (fd < 0)
        return refuse_no_report(id, err);
    if (offset > INT64_MAX)
        return true;
    buf_reserve(out, JOB_REPORT_PIECE_BYTES);
    do
        bytes = pread(fd, out->data + out->bytes, JOB_REPORT_PIECE_BYTES, (off_t)offset);
    while (bytes < 0 && errno == EINTR);
    if (bytes < 0)
        return file_fail(err, path, "cannot read");
    out->bytes += (size_t)bytes;
    out->data[out->bytes] = '\0';
    return true;
}

bool jobs_fail(const struct config *config, const char *id, const struct error *why, struct error *err)
{
    AUTO(folder_spec_done) struct folder_spec spec = {.json = NULL};
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct folder_answer answer = {.state = "failed", .problem = why};
    struct error ignored;

    if (!folder_id_is_valid(id))
        return folder_read(config, id, "", &text, err);
    if (folder_has(config, id, "result.json"))
        return true;
    folder_answer_add(id, folder_spec_load(config, id, &spec, &ignored) ? &spec : NULL, &answer, &text);
    return folder_write(config, id, "result.json", buf_span(&text), err);
}
