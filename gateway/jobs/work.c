#include "gateway/jobs/work.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

const char *work_say(const struct work *work, const char *zh, const char *en)
{
    return work_is_chinese(work) ? zh : en;
}

bool work_is_chinese(const struct work *work)
{
    return strcmp(work->lang, "en") != 0;
}

unsigned work_roles(const struct work *work)
{
    const struct config *config = work->environment->config;

    for (size_t i = 0; i < config->staff_count; i++) {
        if (strcmp(config->staff[i].name, work->spec->person) == 0)
            return config->staff[i].roles;
    }
    return 0;
}

void work_progress(struct work *work, uint64_t done, uint64_t of)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct folder_answer answer = {.state = "running", .done = done, .of = of};
    int64_t now_ms = time_monotonic_ms();
    struct error err;

    work->done = done;
    work->of = of;
    if (work->told_ms != 0 && now_ms - work->told_ms < WORK_PROGRESS_MS)
        return;
    work->told_ms = now_ms;
    folder_answer_add(work->id, work->spec, &answer, &text);
    /* Nobody's result depends on it. */
    if (!folder_write(work->environment->config, work->id, "progress.json", buf_span(&text), &err))
        log_warning("job", "%s: progress: %s", work->id, err.text);
}

void work_count(struct work *work, const char *name, uint64_t number)
{
    buf_addf(&work->counts, ",\"%s\":%llu", name, (unsigned long long)number);
}

static bool write_and_sync(const char *path, work_write *write, void *context, struct error *err)
{
    FILE *out = fopen(path, "we");
    bool is_good;

    if (!out)
        return file_fail(err, path, "cannot create");
    is_good = write(out, context, err);
    if (is_good && (fflush(out) != 0 || ferror(out) || fsync(fileno(out)) != 0))
        is_good = file_fail(err, path, "cannot write");
    if (fclose(out) != 0 && is_good)
        is_good = file_fail(err, path, "cannot write");
    return is_good;
}

bool work_report(const struct work *work, const char *name, work_write *write, void *context, struct error *err)
{
    AUTO(text_free) char *path = path_join(work->folder, name);
    AUTO(buf_done) struct buf beside = BUF_INIT;

    buf_addf(&beside, "%s.new", path);
    if (!write_and_sync(beside.data, write, context, err) ||
        (rename(beside.data, path) != 0 && !file_fail(err, path, "cannot rename into place"))) {
        unlink(beside.data);
        return false;
    }
    return file_sync_folder(work->folder, err);
}

void work_wake_courier(const struct work *work)
{
    uint64_t one = 1;

    /* It polls the store as well: a lost word only costs a moment. */
    if (work->environment->courier_fd >= 0 &&
        write(work->environment->courier_fd, &one, sizeof one) != (ssize_t)sizeof one && errno != EAGAIN)
        log_warning("job", "%s: the courier was not woken: %s", work->id, strerror(errno));
}

bool work_read(const struct work *work, struct store_txn **out, struct error *err)
{
    return store_begin(work->environment->store, STORE_READ, out, err);
}

bool work_load_rules(struct work *work, struct error *err)
{
    AUTO(text_free) char *schemas = path_join(work->environment->config->data, "schemas");
    AUTO(text_free) char *windows_path = path_join(schemas, "data/publication-windows.json");
    AUTO(windows_free) struct windows *windows = NULL;
    AUTO(rules_free) struct rules *rules = NULL;

    if (!windows_load(windows_path, &windows, err) || !rules_load(schemas, &rules, err))
        return false;
    work->desk.windows = work->windows = TAKE(windows);
    work->desk.rules = work->rules = TAKE(rules);
    return true;
}
