/* integrate.c - the keeper gives the entries of all segments their places in the log.
 *
 * The state file is the one commit point. Entries, hashes and receipts are written behind the committed size, where
 * nothing is anybody's yet, and synced; then the new state replaces the old one. Killed before that, the next turn
 * writes the same places again (with the same entries or others: nobody was told); killed after it, the state says
 * what was taken. A segment's file is removed only when a state that has all of it is on disk, and the state forgets
 * the segment only when the removal is on disk: so no entry is taken twice.
 *
 * A torn tail is what the writer's last flush did not finish: it was never promised, and is cut. Damage inside is told
 * apart by the frames behind it, which say what had been promised when they were written (frame.h). */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "gateway/trace/log_parts.h"
#include "gateway/trace/segment.h"
#include "gateway/trace/spare.h"

/* Entries are read, checked, hashed and written while they are in the processor's cache: in windows. Only damage is
 * looked at in the whole. */
enum { BATCH_ENTRIES = 20000, WINDOW_BYTES = 256 * 1024, READ_BYTES = 256 * 1024 * 1024 };

/* One call of trace_log_integrate. */
struct turn {
    struct trace_log *log;
    struct segment_list finished; /* to be removed once all of them is committed */
    struct segment_list damaged;  /* to be kept aside then */
    uint64_t taken;
    struct buf bytes; /* read from a segment */
};

static bool take_lock(struct trace_log *log, struct error *err)
{
    AUTO(text_free) char *path = path_join(log->path, "lock");
    AUTO(file_close) int fd = -1;

    if (log->lock_fd >= 0)
        return true;
    if (!segment_folder_make(log->folder, "log", err))
        return false;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return file_fail(err, path, "cannot open");
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return file_fail(err, path, "cannot lock");
        return fail(err, ERR_UNAVAILABLE, "%s: another process integrates the trace", log->path);
    }
    log->lock_fd = fd;
    fd = -1;
    return true;
}

/* Begin at what is on disk. */
static bool begin_writing(struct trace_log *log, struct error *err)
{
    struct tile_shelf shelf = tile_files_shelf(&log->tiles);

    if (log->writer)
        return true;
    return trace_log_reload(log, err) && bundles_open(&log->bundles, log->chunks, log->state.size, err) &&
           tile_writer_new(&shelf, log->state.size, &log->writer, err);
}

static bool run_end(struct trace_log *log, struct taken *taken, struct error *err)
{
    if (taken->run.count == 0)
        return true;
    if (!receipt_run_write(log->chunks, taken->id, taken->runs, &taken->run, err))
        return false;
    taken->runs++;
    taken->run = (struct receipt_run){0, 0, 0};
    return true;
}

static bool commit(struct trace_log *log, struct error *err)
{
    struct tile_shelf shelf = tile_files_shelf(&log->tiles);

    if (log->batch == 0)
        return true;
    for (size_t i = 0; i < log->state.count; i++) {
        if (!run_end(log, &log->state.segments[i], err))
            return false;
    }
    log->state.size = log->bundles.size;
    if (!bundles_flush(&log->bundles, err) || !tile_writer_finish(log->writer, err) || !chunks_sync(log->chunks, err) ||
        !tiles_root(&shelf, 0, log->state.size, log->state.root, err) || !state_store(log->path, &log->state, err))
        return false;
    log->batch = 0;
    return true;
}

static bool take_entry(struct turn *turn, struct taken *taken, const struct frame *frame, struct error *err)
{
    struct trace_log *log = turn->log;

    if (taken->run.count == 0)
        taken->run = (struct receipt_run){frame->number, 0, log->bundles.size};
    else if (taken->run.index + taken->run.count != log->bundles.size) {
        if (!run_end(log, taken, err))
            return false;
        taken->run = (struct receipt_run){frame->number, 0, log->bundles.size};
    }
    if (!bundles_add(&log->bundles, frame->entry, err))
        return false;
    tile_writer_add(log->writer, frame->entry);
    taken->run.count++;
    taken->next = frame->number + 1;
    taken->bytes += FRAME_HEAD_BYTES + frame->entry.bytes;
    turn->taken++;
    log->batch++;
    return log->batch < BATCH_ENTRIES || commit(log, err);
}

/* The frames at the front that follow one another. `*rest` gets what is left, `*fault` why it stopped there. */
static bool take_frames(struct turn *turn, struct taken *taken, struct span *rest, enum frame_fault *fault,
                        struct error *err)
{
    uint32_t id_crc = segment_id_crc(taken->id);
    struct frame frame;

    for (;;) {
        *fault = frame_read(*rest, id_crc, &frame);
        if (*fault == FRAME_GOOD && frame.number != taken->next)
            *fault = FRAME_BAD;
        if (*fault != FRAME_GOOD)
            return true;
        if (!take_entry(turn, taken, &frame, err))
            return false;
        rest->at += FRAME_HEAD_BYTES + frame.entry.bytes;
        rest->bytes -= FRAME_HEAD_BYTES + frame.entry.bytes;
    }
}

/* Where to go on behind a damaged place of a segment without a writer: `rest.bytes` when nothing behind it shows that
 * anything there had been promised. */
static size_t find_resumption(struct span rest, const struct taken *taken, struct frame *first)
{
    uint32_t id_crc = segment_id_crc(taken->id);
    size_t resumption = rest.bytes;
    struct frame frame;

    for (size_t at = 1; at + FRAME_HEAD_BYTES < rest.bytes; at++) {
        if (frame_read((struct span){rest.at + at, rest.bytes - at}, id_crc, &frame) != FRAME_GOOD ||
            frame.number < taken->next)
            continue;
        if (resumption == rest.bytes) {
            resumption = at;
            *first = frame;
        }
        if (frame.promised > taken->next)
            return resumption;
        at += FRAME_HEAD_BYTES + frame.entry.bytes - 1;
    }
    return rest.bytes;
}

static bool skip_damage(struct turn *turn, struct taken *taken, size_t bytes, const struct frame *first,
                        struct error *err)
{
    if (!run_end(turn->log, taken, err))
        return false;
    taken->is_damaged = true;
    taken->bytes += bytes;
    taken->next = first->number;
    return true;
}

/* A segment that is being taken up. */
struct source {
    int fd;
    bool has_writer;
    struct taken *taken;
    size_t window_bytes;
};

/* Everything behind what was taken, or as much of it as the window holds. */
static bool read_rest(struct turn *turn, const struct source *source, bool *is_end, struct error *err)
{
    struct buf *bytes = &turn->bytes;
    uint64_t offset = source->taken->bytes;

    buf_clear(bytes);
    *is_end = false;
    while (bytes->bytes < source->window_bytes) {
        ssize_t got;

        buf_reserve(bytes, WINDOW_BYTES);
        got = pread(source->fd, bytes->data + bytes->bytes, WINDOW_BYTES, (off_t)(offset + bytes->bytes));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return file_fail(err, source->taken->id, "cannot read");
        if (got == 0) {
            *is_end = true;
            break;
        }
        bytes->bytes += (size_t)got;
    }
    return true;
}

/* What a live writer has not finished yet is left for the next turn; what a dead one left is a torn tail, or damage. */
static bool take_window(struct turn *turn, struct source *source, bool is_end, bool *goes_on, struct error *err)
{
    struct span rest = buf_span(&turn->bytes);

    for (;;) {
        enum frame_fault fault;
        struct frame first = {.number = 0};
        size_t resumption;

        if (!take_frames(turn, source->taken, &rest, &fault, err))
            return false;
        *goes_on = !is_end && fault == FRAME_SHORT;
        if (rest.bytes == 0 || *goes_on || source->has_writer)
            return true;
        *goes_on = !is_end && source->window_bytes < READ_BYTES;
        if (*goes_on) {
            source->window_bytes = READ_BYTES;
            return true;
        }
        resumption = find_resumption(rest, source->taken, &first);
        if (resumption == rest.bytes)
            return is_end || fail(err, ERR_LIMIT, "trace: segment %s is too long", source->taken->id);
        if (!skip_damage(turn, source->taken, resumption, &first, err))
            return false;
        rest.at += resumption;
        rest.bytes -= resumption;
    }
}

static bool take_source(struct turn *turn, struct source *source, struct error *err)
{
    bool goes_on = true;

    while (goes_on) {
        bool is_end;

        if (!read_rest(turn, source, &is_end, err) || !take_window(turn, source, is_end, &goes_on, err))
            return false;
    }
    return true;
}

static void mark(struct segment_list *list, const char *id)
{
    list->ids = memory_resize(list->ids, (list->count + 1) * sizeof *list->ids);
    memcpy(list->ids[list->count++], id, SEGMENT_ID_BYTES);
}

static bool take_segment(struct turn *turn, const char *id, struct error *err)
{
    struct trace_log *log = turn->log;
    AUTO(file_close) int fd = -1;
    struct source source = {.fd = -1, .window_bytes = WINDOW_BYTES};

    if (!segment_open(log->folder, id, &fd, &source.has_writer, err))
        return false;
    if (fd < 0)
        return true;
    source.fd = fd;
    source.taken = state_find(&log->state, id);
    if (!source.taken)
        source.taken = state_add(&log->state, id);
    if (!take_source(turn, &source, err))
        return false;
    if (!source.has_writer)
        mark(source.taken->is_damaged ? &turn->damaged : &turn->finished, id);
    return true;
}

static bool remove_all(const struct turn *turn, struct error *err)
{
    const struct trace_log *log = turn->log;

    for (size_t i = 0; i < turn->finished.count; i++) {
        const struct taken *taken = state_find(&log->state, turn->finished.ids[i]);

        if (!spare_keep(log->folder, turn->finished.ids[i], taken ? taken->bytes : 0, err))
            return false;
    }
    for (size_t i = 0; i < turn->damaged.count; i++) {
        if (!segment_put_aside(log->folder, turn->damaged.ids[i], err))
            return false;
    }
    return true;
}

/* Everything of them is committed. The state forgets them once it is certain that they do not come back. */
static bool remove_finished(struct turn *turn, struct error *err)
{
    struct trace_log *log = turn->log;
    AUTO(text_free) char *folder = segments_path(log->folder);

    if (turn->finished.count + turn->damaged.count == 0)
        return true;
    if (!remove_all(turn, err) || !file_sync_folder(folder, err))
        return false;
    for (size_t i = 0; i < turn->finished.count; i++)
        state_drop(&log->state, turn->finished.ids[i]);
    for (size_t i = 0; i < turn->damaged.count; i++)
        state_drop(&log->state, turn->damaged.ids[i]);
    return true;
}

/* Segments that were removed by a keeper that died before its state forgot them. */
static bool forget_removed(struct trace_log *log, const struct segment_list *list, struct error *err)
{
    AUTO(text_free) char *folder = segments_path(log->folder);
    bool is_synced = false;

    for (size_t i = log->state.count; i > 0; i--) {
        char id[SEGMENT_ID_BYTES];

        memcpy(id, log->state.segments[i - 1].id, sizeof id);
        if (list->count > 0 && bsearch(id, list->ids, list->count, sizeof *list->ids, segment_id_compare))
            continue;
        if (!is_synced && !file_sync_folder(folder, err))
            return false;
        is_synced = true;
        state_drop(&log->state, id);
    }
    return true;
}

static bool take_all(struct turn *turn, struct error *err)
{
    AUTO(segment_list_done) struct segment_list list = {NULL, 0};

    if (!segment_list_load(turn->log->folder, &list, err) || !forget_removed(turn->log, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        if (!take_segment(turn, list.ids[i], err))
            return false;
    }
    return commit(turn->log, err) && remove_finished(turn, err);
}

/* After a failure nothing in memory is to be trusted: the next call begins at what is on disk. What failed first is
 * what is told; should the reading fail as well, the next call meets that again. */
static void forget_turn(struct trace_log *log)
{
    struct error ignored;

    if (!trace_log_reload(log, &ignored))
        log->batch = 0;
}

/* Once: they are out of the way now. */
static bool tell_damage(const struct turn *turn, struct error *err)
{
    if (turn->damaged.count == 0)
        return true;
    return fail(err, ERR_CORRUPT,
                "trace: %zu segment(s) held unreadable entries; all others are integrated, the files are kept: "
                "%s" SEGMENT_SUFFIX_DAMAGED,
                turn->damaged.count, turn->damaged.ids[0]);
}

bool trace_log_integrate(struct trace_log *log, uint64_t *taken, struct error *err)
{
    struct turn turn = {.log = log};
    bool is_good = take_lock(log, err) && begin_writing(log, err) && take_all(&turn, err);

    if (!is_good)
        forget_turn(log);
    else
        is_good = tell_damage(&turn, err);
    if (is_good)
        *taken = turn.taken;
    segment_list_done(&turn.finished);
    segment_list_done(&turn.damaged);
    buf_done(&turn.bytes);
    return is_good;
}
