#include "gateway/trace/trace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/walk.h"
#include "gateway/trace/log_parts.h"

/* The tiles must be those that the state was written for: another folder's, or older ones, lead to another root. */
static bool check_root(struct trace_log *log, struct error *err)
{
    struct tile_shelf shelf = tile_files_shelf(&log->tiles);
    uint8_t root[MERKLE_HASH_BYTES];

    if (!tiles_root(&shelf, 0, log->state.size, root, err))
        return fail_in(err, "%s", log->path);
    if (memcmp(root, log->state.root, sizeof root) != 0)
        return fail(err, ERR_CORRUPT, "%s: the hashes do not lead to the root that was committed", log->path);
    return true;
}

bool trace_log_reload(struct trace_log *log, struct error *err)
{
    struct trace_state state = {0};

    tile_writer_free(TAKE(log->writer));
    bundles_done(&log->bundles);
    chunks_free(log->chunks);
    log->chunks = chunks_new(log->path);
    log->tiles.chunks = log->chunks;
    log->batch = 0;
    log->bundle_count = 0;
    if (!state_load(log->path, &state, err))
        return false;
    state_done(&log->state);
    log->state = state;
    return check_root(log, err);
}

bool trace_log_open(const char *folder, struct trace_log **out, struct error *err)
{
    AUTO(trace_log_free) struct trace_log *log = memory_new(sizeof *log);

    log->lock_fd = -1;
    log->folder = memory_copy_text(folder);
    log->path = path_join(folder, "log");
    if (!trace_log_reload(log, err))
        return false;
    *out = TAKE(log);
    return true;
}

bool trace_log_refresh(struct trace_log *log, struct error *err)
{
    return trace_log_reload(log, err);
}

void trace_log_free(struct trace_log *log)
{
    if (!log)
        return;
    tile_writer_free(log->writer);
    bundles_done(&log->bundles);
    chunks_free(log->chunks);
    buf_done(&log->tiles.tile);
    buf_done(&log->bundle);
    state_done(&log->state);
    file_close(log->lock_fd);
    text_free(log->folder);
    text_free(log->path);
    free(log);
}

uint64_t trace_log_size(const struct trace_log *log)
{
    return log->state.size;
}

static bool check_size(const struct trace_log *log, uint64_t size, struct error *err)
{
    if (size <= log->state.size)
        return true;
    return fail(err, ERR_NOT_FOUND, "the trace has %" PRIu64 " entries, not %" PRIu64, log->state.size, size);
}

bool trace_log_root(struct trace_log *log, uint64_t size, uint8_t root[MERKLE_HASH_BYTES], struct error *err)
{
    struct tile_shelf shelf = tile_files_shelf(&log->tiles);

    return check_size(log, size, err) && tiles_root(&shelf, 0, size, root, err);
}

static bool load_bundle_of(struct trace_log *log, uint64_t index, struct error *err)
{
    uint64_t first = index / BUNDLE_ENTRIES * BUNDLE_ENTRIES;
    uint64_t count = log->state.size - first;

    if (log->bundle_first == first && index - first < log->bundle_count)
        return true;
    log->bundle_count = 0;
    count = count < BUNDLE_ENTRIES ? count : BUNDLE_ENTRIES;
    if (!bundle_load(log->chunks, first, count, &log->bundle, err))
        return false;
    log->bundle_first = first;
    log->bundle_count = count;
    log->bundle_from = (struct bundle_place){0, 0};
    return true;
}

bool trace_log_read(struct trace_log *log, uint64_t index, struct buf *entry, struct error *err)
{
    if (index >= log->state.size)
        return fail(err, ERR_NOT_FOUND, "the trace has %" PRIu64 " entries: none at %" PRIu64, log->state.size, index);
    if (!load_bundle_of(log, index, err))
        return false;
    buf_add_span(entry, bundle_entry(buf_span(&log->bundle), index - log->bundle_first, &log->bundle_from));
    return true;
}

static bool fail_not_found(struct error *err)
{
    return refuse(err, ERR_NOT_FOUND, "trace.receipt", "no such receipt is in the log (an answer's comes in a moment)",
                  "查询日志中没有此回执号（刚答复的稍后即入）");
}

/* A run that was written but never committed leads to an entry with another receipt. */
bool trace_log_find(struct trace_log *log, const char *receipt, uint64_t *index, struct error *err)
{
    AUTO(buf_done) struct buf entry = BUF_INIT;
    char segment[SEGMENT_ID_BYTES];
    struct error why;
    uint32_t number;
    uint64_t found;

    if (!receipt_parse(span_of(receipt), segment, &number))
        return fail_not_found(err);
    if (!receipt_run_find(log->chunks, segment, number, &found, &why)) {
        if (why.code == ERR_NOT_FOUND)
            return fail_not_found(err);
        if (err)
            *err = why;
        return false;
    }
    if (found >= log->state.size)
        return fail_not_found(err);
    if (!trace_log_read(log, found, &entry, err))
        return false;
    if (!span_is(walk_plain_of(buf_span(&entry), "receipt"), receipt))
        return fail_not_found(err);
    *index = found;
    return true;
}

bool trace_log_awaits(const struct trace_log *log, const char *receipt)
{
    const struct taken *taken;
    char segment[SEGMENT_ID_BYTES];
    uint32_t number;

    if (!receipt_parse(span_of(receipt), segment, &number))
        return false;
    AUTO(text_free) char *path = segment_path(log->folder, segment, SEGMENT_SUFFIX);
    taken = state_find(&log->state, segment);
    return file_exists(path) && (!taken || number >= taken->next);
}

bool trace_log_inclusion(struct trace_log *log, uint64_t index, uint64_t size, struct buf *path, struct error *err)
{
    struct tile_shelf shelf = tile_files_shelf(&log->tiles);

    return check_size(log, size, err) && tiles_inclusion(&shelf, index, size, path, err);
}

bool trace_log_consistency(struct trace_log *log, uint64_t from, uint64_t to, struct buf *path, struct error *err)
{
    struct tile_shelf shelf = tile_files_shelf(&log->tiles);

    if (!check_size(log, to, err))
        return false;
    if (from == 0 && to == 0)
        return true;
    return tiles_consistency(&shelf, (struct tile_range){0, from}, to, path, err);
}

bool trace_log_tile(struct trace_log *log, struct tile_place place, struct span *hashes)
{
    struct tile_shelf shelf = tile_files_shelf(&log->tiles);

    return shelf.read(shelf.context, place, hashes);
}
