/* guard.json: written by one (guard_write), read strictly, since a guard that is misread guards nothing. Numbers of 64
 * bits are hex digits: JSON's own numbers end at 2^53. */
#include "gateway/journal/guard_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "keys/digest.h"

#define GUARD_FILE "guard.json"
enum { GUARD_VERSION = 1, MACHINE_ID_MAX = 256, NUMBER_DIGITS = 16 };

/* --- the place --- */

static void machine_digest(uint8_t digest[32])
{
    AUTO(buf_done) struct buf id = BUF_INIT;

    memset(digest, 0, 32);
    if (!file_read("/etc/machine-id", MACHINE_ID_MAX, &id, NULL) || span_trim(buf_span(&id)).bytes == 0)
        return;
    digest_hmac_sha256(span_trim(buf_span(&id)), SPAN("creditgate.guard"), digest);
}

bool guard_place_of(const char *state, struct guard_place *place, struct error *err)
{
    AUTO(text_free) char *path = path_join(state, "store/data.mdb");
    struct guard_place found = {.inode = 0};
    struct statx info;

    if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &info) != 0)
        return fail(err, ERR_IO, "%s: %s", path, strerrordesc_np(errno));
    machine_digest(found.machine);
    found.inode = info.stx_ino;
    found.device = makedev(info.stx_dev_major, info.stx_dev_minor);
    if (info.stx_mask & STATX_BTIME) {
        found.born_s = info.stx_btime.tv_sec;
        found.born_ns = info.stx_btime.tv_nsec;
    }
    *place = found;
    return true;
}

bool guard_place_equal(const struct guard_place *a, const struct guard_place *b)
{
    if (memcmp(a->machine, b->machine, sizeof a->machine) != 0 || a->inode != b->inode)
        return false;
    if (a->born_s != 0 && b->born_s != 0)
        return a->born_s == b->born_s && a->born_ns == b->born_ns;
    return a->device == b->device;
}

/* --- writing --- */

static json_t *hex_json(const void *data, size_t bytes)
{
    AUTO(buf_done) struct buf hex = BUF_INIT;

    hex_add(&hex, data, bytes);
    return json_string(buf_text(&hex));
}

static json_t *number_json(uint64_t number)
{
    char text[NUMBER_DIGITS + 1];

    snprintf(text, sizeof text, "%016llx", (unsigned long long)number);
    return json_string(text);
}

static json_t *guard_json(const struct guard *guard)
{
    const struct guard_place *place = &guard->place;
    json_t *json = json_object();

    json_object_set_new(json, "version", json_integer(GUARD_VERSION));
    json_object_set_new(json, "identity", hex_json(guard->identity, sizeof guard->identity));
    json_object_set_new(json, "place",
                        json_pack("{s:o,s:o,s:o,s:o,s:o}", "machine", hex_json(place->machine, sizeof place->machine),
                                  "inode", number_json(place->inode), "device", number_json(place->device), "born_s",
                                  number_json((uint64_t)place->born_s), "born_ns",
                                  number_json((uint64_t)place->born_ns)));
    for (int i = 0; i < GUARD_LOG_COUNT; i++) {
        const struct guard_line *line = &guard->lines[i];

        json_object_set_new(json, GUARD_LOG_NAMES[i],
                            json_pack("{s:s,s:o,s:o}", "line", line->name, "size", number_json(line->head.size), "root",
                                      hex_json(line->head.root, sizeof line->head.root)));
    }
    json_object_set(json, "history", guard->history);
    return json;
}

/* Several processes may find that there is none at the same time: the first one stays, whatever the others meant. */
static bool link_first(const char *from, const char *path, const char *state, struct error *err)
{
    bool is_good =
        link(from, path) == 0 || errno == EEXIST || fail(err, ERR_IO, "%s: %s", path, strerrordesc_np(errno));

    unlink(from);
    return is_good && file_sync_folder(state, err);
}

bool guard_write(const struct guard *guard, const char *state, bool is_first, struct error *err)
{
    AUTO(text_free) char *path = path_join(state, GUARD_FILE);
    AUTO(json_release) json_t *json = guard_json(guard);
    AUTO(text_free) char *text = json_dumps(json, JSON_INDENT(1) | JSON_SORT_KEYS);
    AUTO(buf_done) struct buf first = BUF_INIT;
    AUTO(buf_done) struct buf bytes = BUF_INIT;

    if (!text)
        return fail(err, ERR_INTERNAL, "%s: cannot be written as JSON", path);
    buf_addf(&bytes, "%s\n", text);
    if (!is_first)
        return file_write(path, buf_span(&bytes), 0600, err);
    buf_addf(&first, "%s.first.%ld", path, (long)getpid());
    return file_write(first.data, buf_span(&bytes), 0600, err) && link_first(first.data, path, state, err);
}

/* --- reading --- */

static bool read_bytes(const json_t *object, const char *name, void *out, size_t bytes)
{
    AUTO(buf_done) struct buf raw = BUF_INIT;
    const char *text = json_text_of(object, name);

    if (!text || !hex_decode(span_of(text), &raw) || raw.bytes != bytes)
        return false;
    memcpy(out, raw.data, bytes);
    return true;
}

static bool read_number(const json_t *object, const char *name, uint64_t *number)
{
    uint8_t bytes[8];

    if (!read_bytes(object, name, bytes, sizeof bytes))
        return false;
    *number = store_read_u64(bytes);
    return true;
}

static bool read_place(const json_t *json, struct guard_place *place)
{
    uint64_t born_s, born_ns;

    if (!read_bytes(json, "machine", place->machine, sizeof place->machine) ||
        !read_number(json, "inode", &place->inode) || !read_number(json, "device", &place->device) ||
        !read_number(json, "born_s", &born_s) || !read_number(json, "born_ns", &born_ns))
        return false;
    place->born_s = (int64_t)born_s;
    place->born_ns = (int64_t)born_ns;
    return true;
}

static bool read_line(const json_t *json, struct guard_line *line)
{
    const char *name = json_text_of(json, "line");

    if (!name || strlen(name) >= sizeof line->name || strspn(name, "0123456789") != strlen(name) ||
        !read_number(json, "size", &line->head.size) ||
        !read_bytes(json, "root", line->head.root, sizeof line->head.root))
        return false;
    snprintf(line->name, sizeof line->name, "%s", name);
    return true;
}

static bool read_guard(const json_t *json, struct guard *guard)
{
    json_t *history = json_object_get(json, "history");

    if (json_integer_of(json, "version", 0) != GUARD_VERSION || !json_is_array(history) ||
        !read_bytes(json, "identity", guard->identity, sizeof guard->identity) ||
        !read_place(json_object_get(json, "place"), &guard->place))
        return false;
    for (int i = 0; i < GUARD_LOG_COUNT; i++) {
        if (!read_line(json_object_get(json, GUARD_LOG_NAMES[i]), &guard->lines[i]))
            return false;
    }
    guard->history = json_incref(history);
    return true;
}

bool guard_load(const char *state, struct guard **out, struct error *err)
{
    AUTO(text_free) char *path = path_join(state, GUARD_FILE);
    AUTO(guard_free) struct guard *guard = memory_new(sizeof *guard);
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(json_release) json_t *json = NULL;

    if (!file_exists(path))
        return fail(err, ERR_NOT_FOUND, "%s: there is no such file", path);
    if (!file_read(path, GUARD_FILE_MAX, &text, err))
        return false;
    if (!json_read(buf_span(&text), GUARD_FILE_MAX, &json, NULL) || !read_guard(json, guard))
        return refuse(err, ERR_CORRUPT, "guard.damaged",
                      "%s is damaged: put it back from a backup; when there is none, move it away and let an "
                      "administrator look at the store: creditgate guard --accept --reason …",
                      "%s 已损坏：请从备份恢复；没有备份时将其移走，由管理员核实数据后执行 creditgate guard --accept "
                      "--reason …",
                      path);
    *out = TAKE(guard);
    return true;
}

void guard_free(struct guard *guard)
{
    if (!guard)
        return;
    json_decref(guard->history);
    free(guard);
}
