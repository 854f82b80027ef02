/* jobs_list.c - all jobs there are: those that wait, those that go. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/text.h"
#include "gateway/jobs/folder.h"

enum { UNFINISHED_KEPT_S = 24 * 3600 };

struct id_list {
    char (*ids)[JOB_ID_BYTES];
    size_t count;
    size_t capacity;
};

static void keep(struct id_list *list, const char *id)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 256;
        list->ids = memory_resize(list->ids, list->capacity * sizeof *list->ids);
    }
    memset(list->ids[list->count], 0, JOB_ID_BYTES);
    memcpy(list->ids[list->count++], id, strlen(id)); /* it is valid */
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The ids with or without a result, oldest first; the caller frees list->ids. */
static bool list_jobs(const struct config *config, bool is_finished, struct id_list *list, struct error *err)
{
    AUTO(text_free) char *jobs = folder_jobs(config);
    DIR *folder = opendir(jobs);
    struct dirent *entry;

    if (!folder)
        return fail(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", jobs, strerror(errno));
    while ((entry = readdir(folder))) {
        if (folder_id_is_valid(entry->d_name) && folder_has(config, entry->d_name, "result.json") == is_finished)
            keep(list, entry->d_name);
    }
    closedir(folder);
    if (list->count > 0)
        qsort(list->ids, list->count, sizeof *list->ids, compare);
    return true;
}

bool jobs_waiting(const struct config *config, char (*ids)[JOB_ID_BYTES], size_t max, size_t *count, struct error *err)
{
    struct id_list list = {.ids = NULL};
    bool is_good = list_jobs(config, false, &list, err);

    if (is_good) {
        *count = list.count < max ? list.count : max;
        if (*count > 0)
            memcpy(ids, list.ids, *count * sizeof *ids);
    }
    free(list.ids);
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

static bool remove_job(const struct config *config, const char *id, struct error *err)
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

bool jobs_prune(const struct config *config, struct error *err)
{
    struct id_list list = {.ids = NULL};
    size_t kept = config->jobs_kept > 0 ? (size_t)config->jobs_kept : 0;
    bool is_good = remove_left_over(config, err) && list_jobs(config, true, &list, err);

    for (size_t i = 0; is_good && i + kept < list.count; i++)
        is_good = remove_job(config, list.ids[i], err);
    free(list.ids);
    return is_good;
}
