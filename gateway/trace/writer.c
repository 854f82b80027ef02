/* writer.c - a process's own segment.
 *
 * A segment comes to be under another name, is locked, and only then gets the name by which the keeper finds it: so
 * what the keeper finds unlocked has no writer any more. After a failed flush the segment is given up for good, because
 * the keeper may have read further than the disk got: whatever was written behind that place later would be missed.
 *
 * The file is filled with zeros ahead of the entries. Where a file grows with every write, a sync must also wait for
 * the file system's own journal, which others use as well; where blocks are there already, it waits for these blocks
 * only: half the time and half the work, and on a busy disk a tenth. A file that was a segment before (spare.h) has its
 * blocks and is written over; each flush ends with zeros up to the end of the page, so that no page need be read for
 * what stood in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "gateway/trace/entry.h"
#include "gateway/trace/segment.h"
#include "gateway/trace/spare.h"
#include "gateway/trace/trace.h"

/* Random bytes are asked for in one piece for many entries. */
enum { ZEROED_AHEAD_BYTES = 512 * 1024, ZEROS_BYTES = 16 * 1024, WORTH_ZEROS_BYTES = 128 * 1024, SALTS = 256 };
enum { PAGE_BYTES = 4096, FORMS = 8 };

struct trace_writer {
    char *folder;
    struct digester *digester;
    char id[SEGMENT_ID_BYTES];
    uint32_t id_crc;
    char receipt[TRACE_RECEIPT_BYTES]; /* of the next entry */
    int fd;                            /* -1: not begun */
    uint64_t bytes;                    /* in the segment */
    uint64_t zeroed;                   /* how far the file reaches */
    bool is_reused;                    /* as far as that, with what it held before */
    uint32_t next;                     /* number of the next entry */
    uint64_t added;                    /* of all segments */
    uint32_t promised;                 /* entries of this segment that are durable */
    int64_t begun_ms;                  /* monotonic */
    bool has_failed;                   /* what is pending may not be promised */
    struct error first;                /* why */
    struct buf pending;
    struct entry_form many;           /* of trace_begin_many */
    struct entry_form singles[FORMS]; /* of what came one by one */
    size_t form;                      /* the last of them that was used */
    uint8_t salts[SALTS][ENTRY_SALT_BYTES];
    size_t salts_left;
};

static void renew_id(struct trace_writer *writer)
{
    segment_id_new(writer->id);
    writer->id_crc = segment_id_crc(writer->id);
    writer->next = 0;
    receipt_format(writer->id, writer->next, writer->receipt);
    writer->promised = 0;
    writer->bytes = 0;
    writer->zeroed = 0;
    writer->is_reused = false;
}

bool trace_writer_open(const char *folder, struct trace_writer **out, struct error *err)
{
    AUTO(trace_writer_free) struct trace_writer *writer = memory_new(sizeof *writer);

    writer->fd = -1;
    writer->folder = memory_copy_text(folder);
    writer->digester = digester_new();
    renew_id(writer);
    if (!segment_folder_make(folder, "segments", err))
        return false;
    *out = TAKE(writer);
    return true;
}

void trace_next_receipt(struct trace_writer *writer, char receipt[TRACE_RECEIPT_BYTES])
{
    memcpy(receipt, writer->receipt, sizeof writer->receipt);
}

void trace_receipt_ahead(struct trace_writer *writer, uint32_t ahead, char receipt[TRACE_RECEIPT_BYTES])
{
    receipt_format(writer->id, writer->next + ahead, receipt);
}

bool trace_receipt_from(const char *first, uint32_t ahead, char receipt[TRACE_RECEIPT_BYTES])
{
    char id[SEGMENT_ID_BYTES];
    uint32_t number;

    if (!receipt_parse(span_of(first), id, &number))
        return false;
    receipt_format(id, number + ahead, receipt);
    return true;
}

static void keep_failure(struct trace_writer *writer, enum error_code code, const char *why)
{
    if (!writer->has_failed)
        error_set(&writer->first, code, "trace: %s", why);
    writer->has_failed = true;
}

static const uint8_t *next_salt(struct trace_writer *writer)
{
    if (writer->salts_left == 0) {
        random_bytes(writer->salts, sizeof writer->salts);
        writer->salts_left = SALTS;
    }
    return writer->salts[--writer->salts_left];
}

uint64_t trace_added(const struct trace_writer *writer)
{
    return writer->added;
}

static void add(struct trace_writer *writer, const struct trace_entry *entry, const struct entry_form *form)
{
    struct entry_with with = {form, NULL, writer->digester};
    size_t at = writer->pending.bytes;

    if (!entry->receipt || strcmp(entry->receipt, writer->receipt) != 0) {
        keep_failure(writer, ERR_INTERNAL, "an entry came with a receipt that is not its own");
        return;
    }
    with.salt = next_salt(writer);
    frame_begin(&writer->pending);
    entry_add(entry, &with, &writer->pending);
    frame_end(&writer->pending, at, writer->id_crc, writer->next, writer->promised);
    receipt_format(writer->id, ++writer->next, writer->receipt);
    writer->added++;
}

/* Several systems ask by turns; one that has not asked for a while gives way. */
static const struct entry_form *form_of(struct trace_writer *writer, const struct trace_entry *entry)
{
    for (size_t i = 0; i < FORMS; i++) {
        size_t at = (writer->form + i) % FORMS;

        if (entry_form_fits(&writer->singles[at], entry)) {
            writer->form = at;
            return &writer->singles[at];
        }
    }
    writer->form = (writer->form + FORMS - 1) % FORMS;
    entry_form_set(&writer->singles[writer->form], entry);
    return &writer->singles[writer->form];
}

void trace_add(struct trace_writer *writer, const struct trace_entry *entry)
{
    add(writer, entry, form_of(writer, entry));
}

void trace_begin_many(struct trace_writer *writer, const struct trace_entry *common)
{
    entry_form_set(&writer->many, common);
}

void trace_add_one(struct trace_writer *writer, const struct trace_entry *entry)
{
    add(writer, entry, &writer->many);
}

static bool open_locked(const char *path, int *out, struct error *err)
{
    AUTO(file_close) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return file_fail(err, path, "cannot create");
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return file_fail(err, path, "cannot lock");
    *out = fd;
    fd = -1;
    return true;
}

static bool make_segment(struct trace_writer *writer, struct error *err)
{
    AUTO(text_free) char *folder = segments_path(writer->folder);
    AUTO(text_free) char *new_path = segment_path(writer->folder, writer->id, SEGMENT_SUFFIX_NEW);
    AUTO(text_free) char *path = segment_path(writer->folder, writer->id, SEGMENT_SUFFIX);
    AUTO(file_close) int fd = -1;

    if (!open_locked(new_path, &fd, err))
        return false;
    if (rename(new_path, path) != 0) {
        bool failed = file_fail(err, path, "cannot rename into place");

        unlink(new_path);
        return failed;
    }
    if (!file_sync_folder(folder, err))
        return false;
    writer->fd = fd;
    fd = -1;
    return true;
}

static bool begin_segment(struct trace_writer *writer, struct error *err)
{
    uint64_t bytes = 0;

    if (!spare_take(writer->folder, writer->id, &writer->fd, &bytes, err))
        return false;
    if (writer->fd >= 0) {
        writer->is_reused = true;
        writer->zeroed = bytes;
    } else if (!make_segment(writer, err)) {
        return false;
    }
    writer->begun_ms = time_monotonic_ms();
    return true;
}

/* Nothing more is written here: the lock falls, and the keeper finishes it. */
static void end_segment(struct trace_writer *writer)
{
    file_close(writer->fd);
    writer->fd = -1;
    renew_id(writer);
}

/* A segment in which nothing was ever promised would only be litter (a full disk is tried again and again). */
static void give_up_segment(struct trace_writer *writer)
{
    if (writer->fd >= 0 && writer->promised == 0) {
        AUTO(text_free) char *path = segment_path(writer->folder, writer->id, SEGMENT_SUFFIX);

        unlink(path);
    }
    end_segment(writer);
    buf_clear(&writer->pending);
    writer->has_failed = false;
}

/* Only a help: when it fails (the disk is nearly full), the entries alone must do. From one small piece, which stays in
 * the processor's cache. Of many entries at once each bears so little of the sync that writing twice costs more. */
static void zero_ahead(struct trace_writer *writer)
{
    static const char ZEROS[ZEROS_BYTES];
    uint64_t end = writer->bytes + writer->pending.bytes;
    uint64_t goal = (end / ZEROED_AHEAD_BYTES + 1) * ZEROED_AHEAD_BYTES;

    if (end <= writer->zeroed || writer->pending.bytes > WORTH_ZEROS_BYTES)
        return;
    writer->zeroed = end;
    while (writer->zeroed < goal) {
        size_t left = (size_t)(goal - writer->zeroed);
        struct span piece = {ZEROS, left < ZEROS_BYTES ? left : ZEROS_BYTES};

        if (!file_write_at(writer->fd, writer->zeroed, piece, NULL))
            return;
        writer->zeroed += piece.bytes;
    }
}

/* What is pending; in a file that is written over with zeros up to the end of the page, which do not count. */
static struct span pending_span(struct trace_writer *writer)
{
    static const char ZEROS[PAGE_BYTES];
    uint64_t end = writer->bytes + writer->pending.bytes;
    size_t bytes = writer->pending.bytes;

    if (writer->is_reused && end < writer->zeroed) {
        buf_add(&writer->pending, ZEROS, (size_t)(-end % PAGE_BYTES));
        writer->pending.bytes = bytes;
        bytes += (size_t)(-end % PAGE_BYTES);
    }
    return (struct span){writer->pending.data, bytes};
}

static bool write_pending(struct trace_writer *writer, struct error *err)
{
    if (writer->has_failed) {
        if (err)
            *err = writer->first;
        return false;
    }
    if (writer->fd < 0 && !begin_segment(writer, err))
        return false;
    if (!file_write_at(writer->fd, writer->bytes, pending_span(writer), err))
        return fail_in(err, "trace");
    zero_ahead(writer);
    if (fdatasync(writer->fd) != 0)
        return file_fail(err, "trace", "cannot sync");
    return true;
}

/* The keeper passes over zeros, too. */
static void cut_zeros(const struct trace_writer *writer)
{
    if (writer->fd >= 0 && writer->zeroed > writer->bytes && ftruncate(writer->fd, (off_t)writer->bytes) != 0)
        log_warning("trace", "segment %s keeps the zeros at its end: %s", writer->id, strerror(errno));
}

static bool is_old(const struct trace_writer *writer)
{
    return writer->bytes >= TRACE_SEGMENT_BYTES || time_monotonic_ms() - writer->begun_ms >= TRACE_SEGMENT_MS;
}

bool trace_flush(struct trace_writer *writer, struct error *err)
{
    if (writer->pending.bytes == 0 && !writer->has_failed) {
        if (writer->fd >= 0 && is_old(writer)) {
            cut_zeros(writer);
            end_segment(writer);
        }
        return true;
    }
    if (!write_pending(writer, err)) {
        give_up_segment(writer);
        return false;
    }
    writer->bytes += writer->pending.bytes;
    writer->promised = writer->next;
    buf_clear(&writer->pending);
    if (is_old(writer)) {
        cut_zeros(writer);
        end_segment(writer);
    }
    return true;
}

void trace_writer_free(struct trace_writer *writer)
{
    if (!writer)
        return;
    cut_zeros(writer);
    file_close(writer->fd);
    digester_free(writer->digester);
    entry_form_done(&writer->many);
    for (size_t i = 0; i < FORMS; i++)
        entry_form_done(&writer->singles[i]);
    buf_done(&writer->pending);
    text_free(writer->folder);
    free(writer);
}
