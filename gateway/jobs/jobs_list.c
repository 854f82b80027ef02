/* jobs_list.c - all jobs there are: those that wait, those that go. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/text.h"
#include "gateway/jobs/folder.h"
#include "gateway/jobs/uploads.h"

enum { UNFINISHED_KEPT_S = 24 * 3600 };

struct entry {
    int64_t finished_ns; /* 0: no result */
    char id[JOB_ID_BYTES];
};

struct entries {
    struct entry *all;
    size_t count;
    size_t capacity;
};

static void keep(struct entries *list, const char *id, int64_t finished_ns)
{
    struct entry *entry;

    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 256;
        list->all = memory_resize(list->all, list->capacity * sizeof *list->all);
    }
    entry = &list->all[list->count++];
    memset(entry, 0, sizeof *entry);
    entry->finished_ns = finished_ns;
    memcpy(entry->id, id, strlen(id)); /* it is valid */
}

/* By the end of the job, not by its beginning: a long import must not be the oldest of all the moment it ends. */
static int compare(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;

    if (a->finished_ns != b->finished_ns)
        return (a->finished_ns > b->finished_ns) - (a->finished_ns < b->finished_ns);
    return strcmp(a->id, b->id);
}

static int64_t finished_at(const struct config *config, const char *id)
{
    AUTO(text_free) char *path = folder_file(config, id, "result.json");
    struct stat info;

    return stat(path, &info) == 0 ? (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec : 0;
}

enum which { JOBS_WAITING, JOBS_OF_STAFF, JOBS_OF_CLIENTS };

static bool is_one_of(const struct config *config, const char *id, int64_t finished_ns, enum which which)
{
    if (which == JOBS_WAITING)
        return finished_ns == 0;
    return finished_ns != 0 && folder_has(config, id, JOB_CLIENT_FILE) == (which == JOBS_OF_CLIENTS);
}

/* Without a result, or with one, in order; the caller frees list->all. */
static bool list_jobs(const struct config *config, enum which which, struct entries *list, struct error *err)
{
    AUTO(text_free) char *jobs = folder_jobs(config);
    DIR *folder = opendir(jobs);
    struct dirent *entry;

    if (!folder)
        return fail(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", jobs, strerror(errno));
    while ((entry = readdir(folder))) {
        int64_t finished_ns;

        if (!folder_id_is_valid(entry->d_name))
            continue;
        finished_ns = finished_at(config, entry->d_name);
        if (is_one_of(config, entry->d_name, finished_ns, which))
            keep(list, entry->d_name, finished_ns);
    }
    closedir(folder);
    if (list->count > 0)
        qsort(list->all, list->count, sizeof *list->all, compare);
    return true;
}

bool jobs_waiting(const struct config *config, char (*ids)[JOB_ID_BYTES], size_t max, size_t *count, struct error *err)
{
    struct entries list = {.all = NULL};
    bool is_good = list_jobs(config, JOBS_WAITING, &list, err);

    if (is_good) {
        *count = list.count < max ? list.count : max;
        for (size_t i = 0; i < *count; i++)
            memcpy(ids[i], list.all[i].id, sizeof ids[i]);
    }
    free(list.all);
    return is_good;
}

/* One that is damaged, or gone meanwhile, is nobody's. */
static bool is_of(const struct config *config, const char *id, const char *person)
{
    AUTO(folder_spec_done) struct folder_spec spec = {.json = NULL};
    struct error why = {.code = ERR_NONE};

    return !folder_has(config, id, JOB_CLIENT_FILE) && folder_spec_load(config, id, &spec, &why) &&
           strcmp(spec.person, person) == 0;
}

bool jobs_open_of(const struct config *config, const char *person, size_t *count, struct error *err)
{
    AUTO(text_free) char *jobs = folder_jobs(config);
    struct entries list = {.all = NULL};
    struct stat info;
    bool is_good;

    *count = 0;
    if (stat(jobs, &info) != 0 && errno == ENOENT)
        return true; /* the first order makes the folder */
    is_good = list_jobs(config, JOBS_WAITING, &list, err);
    for (size_t i = 0; is_good && i < list.count; i++)
        *count += is_of(config, list.all[i].id, person);
    free(list.all);
    return is_good;
}

/* Another job may be removing it at the same time. */
static bool remove_tree(const char *path, struct error *err)
{
    struct error why = {.code = ERR_NONE};

    if (file_remove_tree(path, &why) || why.code == ERR_NOT_FOUND)
        return true;
    if (err)
        *err = why;
    return false;
}

bool jobs_remove(const struct config *config, const char *id, struct error *err)
{
    AUTO(text_free) char *jobs = folder_jobs(config);
    AUTO(text_free) char *folder = folder_path(config, id);
    AUTO(buf_done) struct buf old = BUF_INIT;

    buf_addf(&old, "%s/.old-%s", jobs, id);
    if (rename(folder, old.data) != 0)
        return errno == ENOENT || fail(err, ERR_IO, "%s: %s", folder, strerror(errno)); /* another job was faster */
    return remove_tree(old.data, err);
}

static bool is_left_over(const char *path, const char *name)
{
    struct stat info;

    if (span_starts(span_of(name), ".old-"))
        return true;
    return span_starts(span_of(name), ".new-") && stat(path, &info) == 0 &&
           info.st_mtime + UNFINISHED_KEPT_S < time(NULL);
}

static bool remove_left_over(const struct config *config, struct error *err)
{
    AUTO(text_free) char *jobs = folder_jobs(config);
    DIR *folder = opendir(jobs);
    struct dirent *entry;
    bool is_good = true;

    if (!folder)
        return fail(err, ERR_IO, "%s: %s", jobs, strerror(errno));
    while (is_good && (entry = readdir(folder))) {
        AUTO(text_free) char *path = path_join(jobs, entry->d_name);

        if (is_left_over(path, entry->d_name))
            is_good = remove_tree(path, err);
    }
    closedir(folder);
    return is_good;
}

/* Beyond what is kept. */
static bool prune_staff(const struct config *config, struct error *err)
{
    struct entries list = {.all = NULL};
    size_t kept = config->jobs_kept > 0 ? (size_t)config->jobs_kept : 0;
    bool is_good = list_jobs(config, JOBS_OF_STAFF, &list, err);

    for (size_t i = 0; is_good && i + kept < list.count; i++)
        is_good = jobs_remove(config, list.all[i].id, err);
    free(list.all);
    return is_good;
}

/* By age, or since their owners want them no more. */
static bool prune_clients(const struct config *config, struct error *err)
{
    int64_t since_ns = ((int64_t)time(NULL) - config->screening_days * 24 * 3600) * 1000000000;
    struct entries list = {.all = NULL};
    bool is_good = list_jobs(config, JOBS_OF_CLIENTS, &list, err);

    for (size_t i = 0; is_good && i < list.count; i++) {
        if (list.all[i].finished_ns < since_ns || folder_has(config, list.all[i].id, JOB_REMOVED_FILE))
            is_good = jobs_remove(config, list.all[i].id, err);
    }
    free(list.all);
    return is_good;
}

/* Files that were kept for a preview: by age, and the last ones only. */
static bool prune_uploads(const struct config *config, struct error *err)
{
    int64_t since_ns = ((int64_t)time(NULL) - UPLOADS_KEPT_S) * 1000000000;
    struct entries list = {.all = NULL};
    bool is_good = list_jobs(config, JOBS_OF_STAFF, &list, err);
    size_t kept = 0;

    for (size_t i = list.count; is_good && i-- > 0;) {
        if (!folder_has(config, list.all[i].id, "input"))
            continue;
        if (++kept > UPLOADS_KEPT_MAX || list.all[i].finished_ns < since_ns)
            is_good = uploads_remove(config, list.all[i].id, err);
    }
    free(list.all);
    return is_good;
}

bool jobs_prune(const struct config *config, struct error *err)
{
    return remove_left_over(config, err) && prune_staff(config, err) && prune_clients(config, err) &&
           prune_uploads(config, err);
}
