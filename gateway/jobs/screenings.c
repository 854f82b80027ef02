#include "gateway/jobs/screenings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/text.h"
#include "gateway/jobs/folder.h"
#include "gateway/screening/screening.h"
#include "gateway/screening/summary.h"
#include "keys/digest.h"

enum { NAME_BYTES = 16, MARK_BYTES_MAX = 256, CLIENT_BYTES_MAX = 256, FOLDER_MODE = 0700, FILE_MODE = 0600 };
#define KIND "screening"

/* --- whose it is --- */

static bool fail_unknown(const char *id, struct error *err)
{
    return refuse(err, ERR_NOT_FOUND, "screening.unknown", "%.40s: you have no such screening",
                  "%.40s：贵方没有这个批量筛查", id);
}

/* What a client has ordered while under test is another's than what it orders for real. */
static char *owner_of(const struct config *config, const char *client)
{
    AUTO(buf_done) struct buf owner = BUF_INIT;

    for (size_t i = 0; i < config->client_count; i++) {
        if (config->clients[i].is_test && strcmp(config->clients[i].name, client) == 0)
            buf_add_text(&owner, "(test) ");
    }
    buf_add_text(&owner, client);
    return memory_copy_text(buf_text(&owner));
}

static bool check_owner(const struct config *config, const char *client, const char *id, struct error *err)
{
    AUTO(text_free) char *wanted = owner_of(config, client);
    AUTO(text_free) char *path = NULL;
    AUTO(buf_done) struct buf owner = BUF_INIT;

    if (!folder_id_is_valid(id))
        return fail_unknown("-", err);
    path = folder_file(config, id, JOB_CLIENT_FILE);
    if (!file_read(path, CLIENT_BYTES_MAX, &owner, NULL) || !span_is(buf_span(&owner), wanted) ||
        folder_has(config, id, JOB_REMOVED_FILE))
        return fail_unknown(id, err);
    return true;
}

/* --- which request made which --- */

/* A client's folder, held against all other processes. */
struct shelf {
    const struct config *config;
    char *folder;
    int lock_fd;
};

static void shelf_done(struct shelf *shelf)
{
    text_free(shelf->folder);
    file_close(shelf->lock_fd);
}
DEFINE_AUTO_IN_PLACE(struct shelf, shelf_done)

static char *short_name(struct span text)
{
    AUTO(buf_done) struct buf hex = BUF_INIT;
    uint8_t digest[32];

    digest_sha256(text, digest);
    hex_add(&hex, digest, NAME_BYTES);
    return memory_copy_text(buf_text(&hex));
}

static char *shelf_path(const struct config *config, const char *client)
{
    AUTO(text_free) char *all = config_state_path(config, "screenings");
    AUTO(text_free) char *owner = owner_of(config, client);
    AUTO(text_free) char *name = short_name(span_of(owner));

    return path_join(all, name);
}

static bool shelf_open(const struct config *config, const char *client, struct shelf *shelf, struct error *err)
{
    AUTO(text_free) char *path = NULL;

    shelf->config = config;
    shelf->folder = shelf_path(config, client);
    if (!file_make_folder(shelf->folder, FOLDER_MODE, err))
        return false;
    path = path_join(shelf->folder, "lock");
    shelf->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (shelf->lock_fd < 0)
        return file_fail(err, path, "cannot open");
    if (flock(shelf->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (errno != EWOULDBLOCK)
        return file_fail(err, path, "cannot lock");
    return refuse(err, ERR_CONFLICT, "idempotency.in-progress",
                  "another order of yours is just being taken: try again in a moment",
                  "贵方的另一个请求正在受理：请稍后重试");
}

/* What stands on the shelf under a key. */
struct mark {
    char id[JOB_ID_BYTES];
    int64_t bytes; /* of the list */
    bool is_made;  /* the job was there once */
};

static bool mark_read(const char *path, struct mark *mark)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(json_release) json_t *json = NULL;
    const char *id;

    if (!file_read(path, MARK_BYTES_MAX, &text, NULL) || !json_read(buf_span(&text), MARK_BYTES_MAX, &json, NULL))
        return false;
    id = json_text_of(json, "id");
    if (!id || !folder_id_is_valid(id))
        return false;
    memcpy(mark->id, id, strlen(id) + 1);
    mark->bytes = json_integer_of(json, "bytes", -1);
    mark->is_made = json_bool_of(json, "made", false);
    return true;
}

static bool mark_write(const char *path, const struct mark *mark, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    buf_addf(&text, "{\"bytes\":%lld,\"id\":\"%s\",\"made\":%s}\n", (long long)mark->bytes, mark->id,
             mark->is_made ? "true" : "false");
    return file_write(path, buf_span(&text), FILE_MODE, err);
}

typedef void shelf_visit(const struct mark *mark, void *context);

/* All that are there; what is left of those that are gone (but for the one at `kept`) is taken away. */
static bool shelf_walk(const struct config *config, const char *folder, const char *kept, shelf_visit *visit,
                       void *context, struct error *err)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    if (!dir)
        return errno == ENOENT || file_fail(err, folder, "cannot read");
    while ((entry = readdir(dir))) {
        AUTO(text_free) char *path = path_join(folder, entry->d_name);
        struct mark mark;

        if (strlen(entry->d_name) != (size_t)2 * NAME_BYTES || !mark_read(path, &mark))
            continue;
        if (folder_has(config, mark.id, JOB_CLIENT_FILE) && !folder_has(config, mark.id, JOB_REMOVED_FILE))
            visit(&mark, context);
        else if (kept && strcmp(kept, path) != 0)
            (void)unlink(path); /* it is found again if that failed */
    }
    closedir(dir);
    return true;
}

static void count_one(const struct mark *mark, void *context)
{
    int64_t *count = context;

    (void)mark;
    ++*count;
}

/* --- ordering --- */

static bool digest_of(int fd, struct buf *hex, struct error *err)
{
    uint8_t digest[32];

    if (!digest_sha256_file(fd, digest, err))
        return false;
    hex_add(hex, digest, sizeof digest);
    return true;
}

/* Of the list as it came, or what the summary says of it; nothing when there is neither (it failed). */
static bool earlier_digest(const struct config *config, const char *id, struct buf *hex, struct error *err)
{
    AUTO(text_free) char *input = folder_file(config, id, "input");
    AUTO(text_free) char *closing = folder_file(config, id, "closing");
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(json_release) json_t *summary = NULL;
    AUTO(file_close) int fd = open(input, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    const char *digest;

    if (fd >= 0)
        return digest_of(fd, hex, err);
    if (!file_read(closing, SCREENING_SUMMARY_BYTES_MAX, &text, NULL) ||
        !json_read(buf_span(&text), SCREENING_SUMMARY_BYTES_MAX, &summary, NULL))
        return true;
    digest = json_text_of(json_object_get(summary, "input"), "sha256");
    buf_add_text(hex, digest ? digest : "");
    return true;
}

static bool asks_the_same(const json_t *one, const json_t *other)
{
    static const char *const SAME[] = {"domain",     "purpose",       "matter", "case",   "operator",
                                       "department", "authorisation", "as_of",  "format", "client"};

    for (size_t i = 0; i < COUNT_OF(SAME); i++) {
        const char *a = json_text_of(one, SAME[i]);
        const char *b = json_text_of(other, SAME[i]);

        if (strcmp(a ? a : "", b ? b : "") != 0)
            return false;
    }
    return true;
}

static bool is_same_list(const struct config *config, const struct screening_order *order, const struct mark *mark,
                         int64_t bytes, bool *is_same, struct error *err)
{
    AUTO(buf_done) struct buf now = BUF_INIT;
    AUTO(buf_done) struct buf then = BUF_INIT;

    *is_same = false;
    if (mark->bytes != bytes)
        return true;
    if (!earlier_digest(config, mark->id, &then, err) || (then.bytes > 0 && !digest_of(order->input_fd, &now, err)))
        return false;
    *is_same = span_equal(buf_span(&now), buf_span(&then));
    return true;
}

static bool check_same(const struct config *config, const struct screening_order *order, const struct mark *mark,
                       int64_t bytes, struct error *err)
{
    AUTO(folder_spec_done) struct folder_spec spec = {.json = NULL};
    bool is_same;

    if (!folder_spec_load(config, mark->id, &spec, err) || !is_same_list(config, order, mark, bytes, &is_same, err))
        return false;
    if (is_same && asks_the_same(order->arguments, spec.arguments))
        return true;
    return refuse(err, ERR_REFUSED, "idempotency.other-request", "this key was used for another request",
                  "该 Idempotency-Key 已用于另一请求");
}

static void mark_begin(struct mark *mark)
{
    mark->is_made = false;
    folder_id_new(clock_now_ms(&CLOCK_SYSTEM), mark->id);
}

static bool make_job(const struct shelf *shelf, const struct screening_order *order, const char *path,
                     struct mark *mark, struct error *err)
{
    AUTO(text_free) char *owner = owner_of(shelf->config, order->client);
    struct job_order job = {
        .kind = KIND, .person = owner, .lang = "zh", .arguments = order->arguments, .input_fd = order->input_fd};
    int64_t held = 0;

    if (!shelf_walk(shelf->config, shelf->folder, path, count_one, &held, err))
        return false;
    if (held >= shelf->config->screening_held)
        return refuse(err, ERR_LIMIT, "screening.held", "you have %lld screenings already: delete some",
                      "贵方已有 %lld 个批量筛查：请先删除一些", (long long)held);
    if ((order->may && !order->may(order->context, err)) || !mark_write(path, mark, err))
        return false;
    memcpy(job.id, mark->id, sizeof job.id);
    mark->is_made = true;
    return jobs_create(shelf->config, &job, err) && mark_write(path, mark, err);
}

bool screenings_order(const struct config *config, const struct screening_order *order, char id[JOB_ID_BYTES],
                      bool *is_new, struct error *err)
{
    AUTO(shelf_done) struct shelf shelf = {.lock_fd = -1};
    AUTO(text_free) char *name = short_name(order->key);
    AUTO(text_free) char *path = NULL;
    struct mark mark = {.bytes = -1};
    struct stat info;
    bool is_marked;

    if (fstat(order->input_fd, &info) != 0)
        return fail(err, ERR_IO, "the list: %s", strerrordesc_np(errno));
    if (!shelf_open(config, order->client, &shelf, err))
        return false;
    path = path_join(shelf.folder, name);
    is_marked = mark_read(path, &mark);
    *is_new = !is_marked || !folder_has(config, mark.id, JOB_CLIENT_FILE);
    if (!*is_new && folder_has(config, mark.id, JOB_REMOVED_FILE))
        return refuse(err, ERR_CONFLICT, "idempotency.in-progress",
                      "what this key made is being removed: use another key",
                      "该键对应的批量筛查正在删除：请使用新的键");
    if (!*is_new && !check_same(config, order, &mark, info.st_size, err))
        return false;
    if (!is_marked || (*is_new && mark.is_made)) /* what this key made before is gone */
        mark_begin(&mark);
    mark.bytes = info.st_size;
    if (*is_new && !make_job(&shelf, order, path, &mark, err))
        return false;
    memcpy(id, mark.id, sizeof mark.id);
    return true;
}

/* --- reading --- */

static void put_or_null(json_t *object, const char *name, json_t *value)
{
    (void)json_object_set(object, name,
                          value && !(json_is_string(value) && json_string_length(value) == 0) ? value : json_null());
}

static json_t *counts_json(const struct screening_counts *counts)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I}", "empty", (json_int_t)counts->empty, "listed",
                     (json_int_t)counts->listed, "not_listed", (json_int_t)counts->not_listed, "refused",
                     (json_int_t)counts->refused, "rows", (json_int_t)counts->rows, "unknown",
                     (json_int_t)counts->unknown);
}

static json_t *find_counts(const struct config *config, const char *id, const json_t *result)
{
    AUTO(text_free) char *folder = folder_path(config, id);
    struct screening_counts counts;
    json_t *copy;

    if (!result)
        return screening_counts_so_far(folder, &counts) ? counts_json(&counts) : json_null();
    copy = json_copy((json_t *)result); /* only reads */
    (void)json_object_del(copy, "exit");
    return copy;
}

static json_t *find_expiry(const struct config *config, const char *id)
{
    AUTO(text_free) char *path = folder_file(config, id, "result.json");
    char at[INSTANT_TEXT_BYTES];
    struct stat info;

    if (stat(path, &info) != 0)
        return json_null();
    return json_string(instant_format(((int64_t)info.st_mtim.tv_sec + config->screening_days * 24 * 3600) * 1000, at));
}

static void put_job(const struct config *config, const char *id, const json_t *job, json_t *into)
{
    (void)json_object_set_new(into, "id", json_string(id));
    put_or_null(into, "state", json_object_get(job, "state"));
    put_or_null(into, "done", json_object_get(job, "done"));
    put_or_null(into, "of", json_object_get(job, "of"));
    put_or_null(into, "problem", json_object_get(job, "problem"));
    (void)json_object_set_new(into, "counts", find_counts(config, id, json_object_get(job, "result")));
    (void)json_object_set_new(into, "expires_at", find_expiry(config, id));
}

bool screenings_read(const struct config *config, const char *client, const char *id, struct buf *out,
                     struct error *err)
{
    AUTO(folder_spec_done) struct folder_spec spec = {.json = NULL};
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(json_release) json_t *job = NULL;
    AUTO(json_release) json_t *told = json_object();

    if (!check_owner(config, client, id, err) || !folder_spec_load(config, id, &spec, err) ||
        !jobs_read(config, id, &text, err) || !json_read(buf_span(&text), JOB_ANSWER_BYTES_MAX, &job, err))
        return false;
    (void)json_object_set_new(told, "client", json_string(client));
    put_or_null(told, "domain", json_object_get(spec.arguments, "domain"));
    put_or_null(told, "purpose", json_object_get(spec.arguments, "purpose"));
    put_or_null(told, "format", json_object_get(spec.arguments, "format"));
    put_or_null(told, "receipt", json_object_get(spec.arguments, "order"));
    put_or_null(told, "ordered_at", json_object_get(spec.json, "at"));
    put_job(config, id, job, told);
    return json_canonical_add(told, out, err);
}

struct listed {
    struct mark *marks;
    size_t count;
};

static void keep_one(const struct mark *mark, void *context)
{
    struct listed *list = context;

    list->marks = memory_resize(list->marks, (list->count + 1) * sizeof *list->marks);
    list->marks[list->count++] = *mark;
}

static int newest_first(const void *a, const void *b)
{
    return strcmp(((const struct mark *)b)->id, ((const struct mark *)a)->id);
}

bool screenings_list(const struct config *config, const char *client, struct buf *out, struct error *err)
{
    AUTO(text_free) char *folder = shelf_path(config, client);
    struct listed list = {NULL, 0};
    struct error why;
    bool is_first = true;

    if (!shelf_walk(config, folder, NULL, keep_one, &list, err))
        return false;
    if (list.count > 0)
        qsort(list.marks, list.count, sizeof *list.marks, newest_first);
    buf_add_byte(out, '[');
    for (size_t i = 0; i < list.count; i++) {
        AUTO(buf_done) struct buf one = BUF_INIT;

        if (!screenings_read(config, client, list.marks[i].id, &one, &why))
            continue; /* removed meanwhile */
        if (!is_first)
            buf_add_byte(out, ',');
        buf_add_span(out, buf_span(&one));
        is_first = false;
    }
    buf_add_byte(out, ']');
    free(list.marks);
    return true;
}

static bool is_done(const struct config *config, const char *id)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(json_release) json_t *job = NULL;

    return folder_has(config, id, "result.json") && jobs_read(config, id, &text, NULL) &&
           json_read(buf_span(&text), JOB_ANSWER_BYTES_MAX, &job, NULL) && json_object_get(job, "result");
}

bool screenings_open(const struct config *config, const char *client, const char *id, enum screening_file which,
                     int *fd, bool *is_csv, struct error *err)
{
    static const char *const NAMES[] = {[SCREENING_RESULT] = "rows", [SCREENING_SUMMARY] = "summary"};
    AUTO(folder_spec_done) struct folder_spec spec = {.json = NULL};
    AUTO(text_free) char *path = NULL;
    const char *format;

    if (!check_owner(config, client, id, err) || !folder_spec_load(config, id, &spec, err))
        return false;
    if (!is_done(config, id))
        return refuse(err, ERR_CONFLICT, "screening.not-done",
                      "this screening is not done (GET /v1/screenings/%s tells how it stands)",
                      "该批量筛查没有完成（进度见 GET /v1/screenings/%s）", id);
    path = folder_file(config, id, NAMES[which]);
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (*fd < 0)
        return file_fail(err, path, "cannot open");
    format = json_text_of(spec.arguments, "format");
    if (is_csv)
        *is_csv = format && strcmp(format, SCREENING_FORMAT_NAMES[SCREENING_CSV]) == 0;
    return true;
}

bool screenings_remove(const struct config *config, const char *client, const char *id, struct error *err)
{
    AUTO(text_free) char *path = NULL;

    if (!check_owner(config, client, id, err))
        return false;
    path = folder_file(config, id, JOB_REMOVED_FILE);
    if (!file_write(path, SPAN("\n"), FILE_MODE, err))
        return false;
    return !folder_has(config, id, "result.json") || jobs_remove(config, id, err);
}
