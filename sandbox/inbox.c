#include "sandbox/inbox.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "sandbox/datas.h"

enum { FILE_CODE_DIGITS = 6, NAME_DIGITS = 21 };

struct day {
    int32_t day;
    uint32_t last;
    uint32_t count; /* while the folder is read */
};

struct inbox {
    const char *file_code;
    char *folder;
    struct day *days;
    size_t day_count;
};

/* --- names --- */

static bool is_digits(struct span text)
{
    for (size_t i = 0; i < text.bytes; i++)
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    return true;
}

bool inbox_name_parse(const char *file_code, struct span text, struct inbox_name *name)
{
    struct inbox_name found = {.number = 0};
    char date[DAY_TEXT_BYTES];
    int64_t number = 0;

    if (text.bytes != NAME_DIGITS || memcmp(text.at, file_code, FILE_CODE_DIGITS) != 0 || text.at[6] != '_' ||
        text.at[15] != '_' || !is_digits((struct span){text.at + 7, 8}) || !is_digits((struct span){text.at + 16, 5}))
        return false;
    snprintf(date, sizeof(date), "%.4s-%.2s-%.2s", text.at + 7, text.at + 11, text.at + 13);
    if (!day_parse(span_of(date), &found.day) || !integer_parse((struct span){text.at + 16, 5}, &number) || number == 0)
        return false;
    found.number = (uint32_t)number;
    memcpy(found.text, text.at, text.bytes);
    *name = found;
    return true;
}

/* --- the numbers of a day --- */

static struct day *find_day(const struct inbox *inbox, int32_t day)
{
    for (size_t i = inbox->day_count; i > 0; i--)
        if (inbox->days[i - 1].day == day)
            return &inbox->days[i - 1];
    return NULL;
}

static struct day *find_or_add_day(struct inbox *inbox, int32_t day)
{
    struct day *found = find_day(inbox, day);

    if (found)
        return found;
    inbox->days = memory_resize(inbox->days, (inbox->day_count + 1) * sizeof(struct day));
    inbox->days[inbox->day_count] = (struct day){.day = day};
    return &inbox->days[inbox->day_count++];
}

static void count_file(struct inbox *inbox, const struct inbox_name *name)
{
    struct day *day = find_or_add_day(inbox, name->day);

    day->count++;
    if (name->number > day->last)
        day->last = name->number;
}

uint32_t inbox_last(const struct inbox *inbox, int32_t day)
{
    const struct day *found = find_day(inbox, day);

    return found ? found->last : 0;
}

/* --- the folder --- */

static char *path_of(const struct inbox *inbox, const char *name)
{
    AUTO(buf_done) struct buf file = BUF_INIT;

    buf_addf(&file, "%s.xml", name);
    return path_join(inbox->folder, buf_text(&file));
}

bool inbox_load(const struct inbox *inbox, const char *name, struct buf *out, struct error *err)
{
    AUTO(text_free) char *path = path_of(inbox, name);

    return file_read(path, DATAS_BYTES_MAX, out, err);
}

bool inbox_store(struct inbox *inbox, const struct inbox_name *name, struct span file, struct error *err)
{
    AUTO(text_free) char *path = path_of(inbox, name->text);

    if (name->number != inbox_last(inbox, name->day) + 1)
        return fail(err, ERR_INTERNAL, "%s is not the next of its day", name->text);
    if (!file_write(path, file, 0600, err))
        return false;
    count_file(inbox, name);
    return true;
}

static bool visit_file(struct inbox *inbox, const char *entry, inbox_visit *visit, void *context, struct error *err)
{
    AUTO(buf_done) struct buf file = BUF_INIT;
    struct span stem = span_of(entry);
    struct inbox_name name;

    /* What a killed process left half written has another ending. */
    if (stem.bytes < 4 || strcmp(entry + stem.bytes - 4, ".xml") != 0)
        return true;
    stem.bytes -= 4;
    if (!inbox_name_parse(inbox->file_code, stem, &name))
        return fail(err, ERR_CORRUPT, "%s/%s: not a name of ours", inbox->folder, entry);
    if (!inbox_load(inbox, name.text, &file, err))
        return false;
    count_file(inbox, &name);
    visit(&name, buf_span(&file), context);
    return true;
}

static bool read_folder(struct inbox *inbox, inbox_visit *visit, void *context, struct error *err)
{
    DIR *folder = opendir(inbox->folder);
    const struct dirent *entry;
    bool ok = true;

    if (!folder)
        return file_fail(err, inbox->folder, "open");
    while (ok && (entry = readdir(folder)) != NULL)
        ok = visit_file(inbox, entry->d_name, visit, context, err);
    closedir(folder);
    return ok;
}

bool inbox_open(const char *state, const char *file_code, inbox_visit *visit, void *context, struct inbox **out,
                struct error *err)
{
    AUTO(inbox_free) struct inbox *inbox = memory_new(sizeof(*inbox));

    inbox->file_code = file_code;
    inbox->folder = path_join(state, "inbox");
    if (!file_make_folder(inbox->folder, 0700, err) || !read_folder(inbox, visit, context, err))
        return false;
    for (size_t i = 0; i < inbox->day_count; i++)
        if (inbox->days[i].count != inbox->days[i].last)
            return fail(err, ERR_CORRUPT, "%s: the numbers of a day have a gap", inbox->folder);
    *out = TAKE(inbox);
    return true;
}

void inbox_free(struct inbox *inbox)
{
    if (!inbox)
        return;
    free(inbox->folder);
    free(inbox->days);
    free(inbox);
}
