#include "gateway/trace/segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

enum { LEFT_BEHIND_S = 600 };

bool segment_folder_make(const char *folder, const char *name, struct error *err)
{
    AUTO(text_free) char *path = path_join(folder, name);
    AUTO(text_free) char *above = path_join(folder, "..");

    return file_make_folder(path, 0700, err) && file_sync_folder(folder, err) && file_sync_folder(above, err);
}

static bool has_suffix(const char *name, const char *suffix)
{
    return strlen(name) == SEGMENT_ID_LENGTH + strlen(suffix) && strcmp(name + SEGMENT_ID_LENGTH, suffix) == 0 &&
           segment_id_is_valid((struct span){name, SEGMENT_ID_LENGTH});
}

int segment_id_compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void list_add(struct segment_list *list, const char *id)
{
    list->ids = memory_resize(list->ids, (list->count + 1) * sizeof *list->ids);
    memcpy(list->ids[list->count], id, SEGMENT_ID_LENGTH);
    list->ids[list->count++][SEGMENT_ID_LENGTH] = '\0';
}

/* A writer that died between making the file and naming it: nothing was ever written there. */
static void remove_left_behind(int folder, const char *name)
{
    struct stat info;

    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && time(NULL) - info.st_mtime > LEFT_BEHIND_S)
        unlinkat(folder, name, 0);
}

bool segment_list_load(const char *folder, struct segment_list *out, struct error *err)
{
    AUTO(text_free) char *path = segments_path(folder);
    struct segment_list list = {NULL, 0};
    DIR *dir = opendir(path);
    const struct dirent *entry;

    if (!dir && errno != ENOENT)
        return file_fail(err, path, "cannot open folder");
    while (dir && (entry = readdir(dir))) {
        if (has_suffix(entry->d_name, SEGMENT_SUFFIX))
            list_add(&list, entry->d_name);
        else if (has_suffix(entry->d_name, SEGMENT_SUFFIX_NEW))
            remove_left_behind(dirfd(dir), entry->d_name);
    }
    if (dir)
        closedir(dir);
    if (list.count > 0)
        qsort(list.ids, list.count, sizeof *list.ids, segment_id_compare);
    *out = list;
    return true;
}

void segment_list_done(struct segment_list *list)
{
    free(list->ids);
    *list = (struct segment_list){NULL, 0};
}

bool segment_open(const char *folder, const char *id, int *fd, bool *has_writer, struct error *err)
{
    AUTO(text_free) char *path = segment_path(folder, id, SEGMENT_SUFFIX);
    AUTO(file_close) int opened = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (opened < 0 && errno != ENOENT)
        return file_fail(err, path, "cannot open");
    if (opened >= 0 && flock(opened, LOCK_SH | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return file_fail(err, path, "cannot lock");
        *has_writer = true;
    } else {
        *has_writer = false;
    }
    *fd = opened;
    opened = -1;
    return true;
}

bool segment_put_aside(const char *folder, const char *id, struct error *err)
{
    AUTO(text_free) char *path = segment_path(folder, id, SEGMENT_SUFFIX);
    AUTO(text_free) char *aside = segment_path(folder, id, SEGMENT_SUFFIX_DAMAGED);

    if (rename(path, aside) != 0 && errno != ENOENT)
        return file_fail(err, path, "cannot put aside");
    return true;
}
