/* A segment's file is written over: what it held before is never read as an entry, nor as damage, and no file is used
 * that may still be wanted. */
#include "tests/unit/gateway/trace/scribe.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/trace/frame.h"
#include "gateway/trace/spare.h"

TestSuite(spare, .init = scribe_open, .fini = scribe_close, .timeout = 120);

static const char OLD[] = "0123456789abcdef01234567";
static const char NEW[] = "0123456789abcdef01234568";

static size_t count_files(const char *name)
{
    AUTO(text_free) char *path = path_join(S.folder, name);
    DIR *dir = opendir(path);
    size_t count = 0;

    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count > 2 ? count - 2 : 0;
}

/* Frames of a segment, one after another, each with an entry of some 700 bytes. None has a long text of another's. */
static void make_frames(struct buf *out, const char *id, size_t bytes)
{
    for (uint32_t number = 0; out->bytes < bytes; number++) {
        size_t at = out->bytes;

        frame_begin(out);
        buf_addf(out, "{\"number\":%u,\"text\":\"", number);
        for (unsigned i = 0; i < 600 + number % 90; i++)
            buf_add_byte(out, id[SEGMENT_ID_LENGTH - 1 - i % 2]);
        buf_add_text(out, "\"}");
        frame_end(out, at, segment_id_crc(id), number, number / 8 * 8);
    }
}

/* A spare file as the keeper leaves it. */
static uint64_t make_spare(const char *id)
{
    AUTO(buf_done) struct buf frames = BUF_INIT;
    AUTO(text_free) char *folder = path_join(S.folder, "spare");
    AUTO(text_free) char *path = path_join(folder, id);

    make_frames(&frames, id, TRACE_SEGMENT_BYTES);
    cr_assert(file_make_folder(folder, 0700, &S.err) && file_write(path, buf_span(&frames), 0600, &S.err), "%s",
              S.err.text);
    return frames.bytes;
}

/* A segment of one writer, from its first flush until it ends by size. */
static uint64_t fill_segment(struct trace_writer *writer, unsigned who)
{
    char first[TRACE_RECEIPT_BYTES], now[TRACE_RECEIPT_BYTES];
    uint64_t added = 0;

    trace_next_receipt(writer, first);
    do {
        add_entries(writer, who, (unsigned)added, 4000);
        flush(writer);
        added += 4000;
        trace_next_receipt(writer, now);
    } while (strncmp(first, now, SEGMENT_ID_LENGTH) == 0);
    return added;
}

Test(spare, no_frame_of_another_segment_is_a_frame)
{
    AUTO(buf_done) struct buf frames = BUF_INIT;
    struct frame frame;

    cr_assert_neq(segment_id_crc(NEW), segment_id_crc(OLD));
    make_frames(&frames, OLD, 300000);
    for (size_t at = 0; at < frames.bytes; at++) {
        struct span rest = {frames.data + at, frames.bytes - at};

        cr_assert_neq(frame_read(rest, segment_id_crc(NEW), &frame), FRAME_GOOD, "at %zu", at);
    }
}

/* What a crash leaves of a flush: some of its pages are new, the others as they were. */
Test(spare, a_torn_flush_over_older_frames_is_no_entry_and_no_damage)
{
    AUTO(trace_log_free) struct trace_log *log = open_log();
    AUTO(text_free) char *folder = path_join(S.folder, "segments");
    AUTO(text_free) char *path = segment_path(S.folder, NEW, SEGMENT_SUFFIX);
    AUTO(buf_done) struct buf older = BUF_INIT;
    AUTO(buf_done) struct buf newer = BUF_INIT;

    make_frames(&older, OLD, 400000);
    make_frames(&newer, NEW, 40000);
    cr_assert(file_make_folder(folder, 0700, &S.err), "%s", S.err.text);
    for (size_t torn = 0; torn < 4096; torn += 97) {
        AUTO(buf_done) struct buf mixed = BUF_INIT;
        AUTO(text_free) char *log_folder = path_join(S.folder, "log");
        size_t promised = 0, bytes = newer.bytes - 4096 + torn;
        struct frame frame;

        for (size_t at = 0;
             frame_read((struct span){newer.data + at, bytes - at}, segment_id_crc(NEW), &frame) == FRAME_GOOD;
             at += FRAME_HEAD_BYTES + frame.entry.bytes)
            promised++;
        buf_add(&mixed, newer.data, bytes);
        /* from elsewhere: the same last bytes at the same place would make the frame whole */
        buf_add(&mixed, older.data + bytes + 331, older.bytes - bytes - 331);
        cr_assert(file_remove_tree(log_folder, &S.err) && file_write(path, buf_span(&mixed), 0600, &S.err));
        trace_log_free(TAKE(log));
        log = open_log();
        cr_assert_eq(integrate(log), promised, "torn at %zu", bytes);
        cr_assert_eq(integrate(log), 0);
        cr_assert_eq(count_files("segments") + count_files("spare"), 0, "a short one is not kept");
    }
}

Test(spare, a_file_that_was_integrated_is_written_over_and_nothing_of_it_comes_back)
{
    AUTO(trace_log_free) struct trace_log *log = open_log();
    struct trace_writer *writer = new_writer();
    char path[TEST_PATH_BYTES];
    struct stat before, after;
    uint64_t added = fill_segment(writer, 1);
    unsigned who, number;

    only_segment(".seg", path);
    cr_assert_eq(stat(path, &before), 0);
    cr_assert_eq(integrate(log), added);
    cr_assert_eq(count_files("segments"), 0);
    cr_assert_eq(count_files("spare"), 1);
    for (unsigned i = 0; i < 40; i++) {
        add_entries(writer, 2, i * 3, 3);
        flush(writer);
        cr_assert_eq(integrate(log), 3);
        if (i == 0) {
            only_segment(".seg", path);
            cr_assert_eq(stat(path, &after), 0);
            cr_assert_eq(after.st_ino, before.st_ino, "the same file");
            cr_assert_eq(after.st_size, before.st_size);
            cr_assert_eq(count_files("spare"), 0);
        }
    }
    trace_writer_free(writer);
    cr_assert_eq(integrate(log), 0);
    cr_assert_eq(trace_log_size(log), added + 120);
    for (unsigned i = 0; i < 120; i++) {
        which_entry(log, added + i, &who, &number);
        cr_assert(who == 2 && number == i);
    }
    cr_assert_eq(count_files("segments") + count_files("spare"), 0, "what is short is removed");
    assert_root(log);
}

/* The writer dies without cutting: behind its entries stand those of the segment before. */
Test(spare, a_writer_that_died_leaves_no_entry_of_the_file_before)
{
    AUTO(trace_log_free) struct trace_log *log = open_log();
    char path[TEST_PATH_BYTES];
    struct trace_writer *writer;
    uint64_t bytes = make_spare(OLD);

    writer = new_writer();
    add_entries(writer, 1, 0, 7);
    flush(writer);
    only_segment(".seg", path);
    AUTO(buf_done) struct buf whole = BUF_INIT;
    cr_assert(file_read(path, bytes, &whole, &S.err), "%s", S.err.text);
    cr_assert_eq(whole.bytes, bytes);
    trace_writer_free(writer);
    cr_assert(file_write(path, buf_span(&whole), 0600, &S.err), "%s", S.err.text);
    cr_assert_eq(integrate(log), 7);
    cr_assert_eq(count_files("segments") + count_files("spare"), 0, "it does not end with its last frame");
}

Test(spare, two_writers_never_get_the_same_file)
{
    struct trace_writer *first, *second;

    make_spare(OLD);
    first = new_writer();
    second = new_writer();
    add_entry(first, 1, 0);
    add_entry(second, 2, 0);
    flush(first);
    flush(second);
    cr_assert_eq(count_files("segments"), 2);
    cr_assert_eq(count_files("spare"), 0);
    AUTO(trace_log_free) struct trace_log *log = open_log();
    cr_assert_eq(integrate(log), 2);
    trace_writer_free(first);
    trace_writer_free(second);
    cr_assert_eq(integrate(log), 0);
}

Test(spare, what_is_locked_or_has_another_name_or_the_same_id_is_not_taken)
{
    AUTO(text_free) char *folder = path_join(S.folder, "spare");
    AUTO(text_free) char *segments = path_join(S.folder, "segments");
    AUTO(text_free) char *path = path_join(folder, OLD);
    AUTO(text_free) char *other = path_join(S.folder, "other");
    uint64_t bytes;
    int fd = 77;

    make_spare(OLD);
    cr_assert(file_make_folder(segments, 0700, &S.err), "%s", S.err.text);
    AUTO(file_close) int held = open(path, O_RDONLY | O_CLOEXEC);
    cr_assert_eq(flock(held, LOCK_EX | LOCK_NB), 0);
    cr_assert(spare_take(S.folder, NEW, &fd, &bytes, &S.err) && fd == -1, "somebody writes it");
    cr_assert_eq(flock(held, LOCK_UN), 0);
    cr_assert(spare_take(S.folder, OLD, &fd, &bytes, &S.err) && fd == -1, "its frames would be ours");
    cr_assert_eq(link(path, other), 0);
    cr_assert(spare_take(S.folder, NEW, &fd, &bytes, &S.err) && fd == -1, "it may be a segment");
    cr_assert(file_exists(other) && !file_exists(path));
}

Test(spare, no_more_than_four_are_kept_and_none_with_another_name)
{
    static const char IDS[SPARE_MAX + 1][SEGMENT_ID_BYTES] = {"0123456789abcdef0123456a", "0123456789abcdef0123456b",
                                                              "0123456789abcdef0123456c", "0123456789abcdef0123456d",
                                                              "0123456789abcdef0123456e"};
    AUTO(text_free) char *segments = path_join(S.folder, "segments");
    AUTO(text_free) char *other = path_join(S.folder, "other");

    cr_assert(file_make_folder(segments, 0700, &S.err), "%s", S.err.text);
    for (size_t i = 0; i < COUNT_OF(IDS); i++) {
        AUTO(text_free) char *path = segment_path(S.folder, IDS[i], SEGMENT_SUFFIX);

        cr_assert(file_write(path, SPAN(""), 0600, &S.err), "%s", S.err.text);
        cr_assert_eq(truncate(path, TRACE_SEGMENT_BYTES + 5), 0);
        if (i == 0) {
            cr_assert_eq(link(path, other), 0);
            cr_assert(spare_keep(S.folder, IDS[i], TRACE_SEGMENT_BYTES + 5, &S.err) && count_files("spare") == 0);
            cr_assert(!file_exists(path) && unlink(other) == 0);
            continue;
        }
        cr_assert(spare_keep(S.folder, IDS[i], TRACE_SEGMENT_BYTES + (i == 1 ? 4 : 5), &S.err), "%s", S.err.text);
        cr_assert(!file_exists(path));
        cr_assert_eq(count_files("spare"), i - 1, "one with more than its frames goes");
    }
    for (size_t i = 0; i < 2; i++) {
        AUTO(text_free) char *path = segment_path(S.folder, IDS[i], SEGMENT_SUFFIX);

        cr_assert(file_write(path, SPAN(""), 0600, &S.err) && truncate(path, TRACE_SEGMENT_BYTES + 5) == 0);
        cr_assert(spare_keep(S.folder, IDS[i], TRACE_SEGMENT_BYTES + 5, &S.err) && !file_exists(path));
        cr_assert_eq(count_files("spare"), SPARE_MAX);
    }
    cr_assert(spare_keep(S.folder, OLD, TRACE_SEGMENT_BYTES, &S.err), "gone already is fine");
}
