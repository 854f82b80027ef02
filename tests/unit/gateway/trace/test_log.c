/* The log: nothing twice, nothing lost, nothing moved. */
#include "tests/unit/gateway/trace/scribe.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(log, .init = scribe_open, .fini = scribe_close);

static void assert_all_found(struct trace_log *log)
{
    AUTO(buf_done) struct buf entry = BUF_INIT;

    for (uint64_t i = 0; i < trace_log_size(log); i++) {
        char receipt[TRACE_RECEIPT_BYTES];
        struct span text;
        uint64_t index;

        read_entry(log, i, &entry);
        text = walk_plain_of(buf_span(&entry), "receipt");
        snprintf(receipt, sizeof receipt, "%.*s", (int)text.bytes, text.at);
        cr_assert(trace_log_find(log, receipt, &index, &S.err), "%s", S.err.text);
        cr_assert_eq(index, i);
    }
}

static void assert_proved(struct trace_log *log, uint64_t index)
{
    AUTO(merkle_hasher_free) struct merkle_hasher *hasher = merkle_hasher_new();
    AUTO(buf_done) struct buf entry = BUF_INIT;
    AUTO(buf_done) struct buf path = BUF_INIT;
    uint8_t leaf[32], root[32];
    uint64_t size = trace_log_size(log);

    read_entry(log, index, &entry);
    merkle_leaf(hasher, buf_span(&entry), leaf);
    cr_assert(trace_log_root(log, size, root, &S.err), "%s", S.err.text);
    cr_assert(trace_log_inclusion(log, index, size, &path, &S.err), "%s", S.err.text);
    cr_assert(
        merkle_inclusion_verify(&(struct merkle_inclusion){index, 0, size, {(const char *)leaf, 32}, buf_span(&path)},
                                (struct span){(const char *)root, 32}, &S.err),
        "%s", S.err.text);
}

Test(log, where_nothing_is_there_is_an_empty_log)
{
    AUTO(trace_log_free) struct trace_log *log = open_log();
    AUTO(buf_done) struct buf out = BUF_INIT;
    uint64_t index;

    cr_assert_eq(trace_log_size(log), 0);
    cr_assert_eq(integrate(log), 0);
    assert_root(log);
    cr_assert_not(trace_log_read(log, 0, &out, &S.err));
    cr_assert_eq(S.err.code, ERR_NOT_FOUND);
    cr_assert_not(trace_log_find(log, "0123456789abcdef01234567-0", &index, &S.err));
    cr_assert_eq(S.err.code, ERR_NOT_FOUND);
}

Test(log, a_receipt_that_is_none_is_not_found)
{
    static const char *const NONE[] = {"",
                                       "x",
                                       "0123456789abcdef01234567",
                                       "0123456789abcdef01234567-",
                                       "0123456789abcdef01234567-00",
                                       "0123456789abcdef01234567--1",
                                       "0123456789abcdef01234567-4294967296",
                                       "0123456789ABCDEF01234567-1",
                                       "../../../../etc/passwd00-1",
                                       "0123456789abcdef01234567-11111111111111111111111111111"};
    AUTO(trace_writer_free) struct trace_writer *writer = new_writer();
    AUTO(trace_log_free) struct trace_log *log = open_log();
    uint64_t index;

    add_entry(writer, 1, 1);
    flush(writer);
    (void)integrate(log);
    for (size_t i = 0; i < COUNT_OF(NONE); i++) {
        cr_assert_not(trace_log_find(log, NONE[i], &index, &S.err), "%s", NONE[i]);
        cr_assert_eq(S.err.code, ERR_NOT_FOUND);
    }
}

Test(log, entries_of_several_writers_keep_their_own_order_and_can_be_proved)
{
    enum { WRITERS = 3, ROUNDS = 24 };
    AUTO(trace_log_free) struct trace_log *log = open_log();
    struct trace_writer *writers[WRITERS];
    unsigned next[WRITERS] = {0}, seen[WRITERS] = {0}, who, number;
    uint64_t sum = 0, taken = 0;

    for (unsigned i = 0; i < WRITERS; i++)
        writers[i] = new_writer();
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned i = round % WRITERS;

        add_entries(writers[i], i, next[i], round);
        next[i] += round;
        sum += round;
        flush(writers[i]);
        if (round % 2)
            taken += integrate(log);
    }
    taken += integrate(log);
    cr_assert_eq(taken, sum);
    cr_assert_eq(trace_log_size(log), sum);
    for (uint64_t i = 0; i < sum; i++) {
        which_entry(log, i, &who, &number);
        cr_assert_eq(number, seen[who]++);
    }
    assert_root(log);
    assert_all_found(log);
    for (uint64_t i = 0; i < sum; i += 37)
        assert_proved(log, i);
    for (unsigned i = 0; i < WRITERS; i++)
        trace_writer_free(writers[i]);
}

Test(log, a_writer_that_ended_leaves_nothing_behind)
{
    AUTO(trace_log_free) struct trace_log *log = open_log();
    struct trace_writer *writer = new_writer();
    char path[TEST_PATH_BYTES];

    add_entries(writer, 1, 0, 10);
    flush(writer);
    cr_assert_eq(integrate(log), 10);
    only_segment(".seg", path);
    cr_assert_str_neq(path, "", "while it lives its segment stays");
    trace_writer_free(writer);
    cr_assert_eq(integrate(log), 0);
    only_segment("", path);
    cr_assert_str_eq(path, "");
    cr_assert_eq(integrate(log), 0);
    assert_all_found(log);
}

/* Over the end of bundles, tiles and files of each. */
Test(log, a_long_log_is_read_back_as_it_was_written)
{
    enum { ENTRIES = 66000 };
    AUTO(trace_writer_free) struct trace_writer *writer = new_writer();
    AUTO(trace_log_free) struct trace_log *log = open_log();
    unsigned who, number;

    for (unsigned from = 0; from < ENTRIES; from += 3300) {
        add_entries(writer, 7, from, 3300);
        flush(writer);
        cr_assert_eq(integrate(log), 3300);
    }
    trace_log_free(TAKE(log));
    log = open_log();
    cr_assert_eq(trace_log_size(log), ENTRIES);
    for (uint64_t i = 0; i < ENTRIES; i += (i > 65000 || i < 600 ? 1 : 251)) {
        which_entry(log, i, &who, &number);
        cr_assert_eq(number, i);
    }
    assert_proved(log, 0);
    assert_proved(log, 65535);
    assert_proved(log, 65536);
    assert_proved(log, ENTRIES - 1);
}

Test(log, a_tree_continues_the_one_before_it)
{
    AUTO(trace_writer_free) struct trace_writer *writer = new_writer();
    AUTO(trace_log_free) struct trace_log *log = open_log();
    AUTO(buf_done) struct buf path = BUF_INIT;
    uint8_t old[32], root[32];

    add_entries(writer, 1, 0, 300);
    flush(writer);
    (void)integrate(log);
    cr_assert(trace_log_root(log, 300, old, &S.err));
    add_entries(writer, 1, 300, 777);
    flush(writer);
    (void)integrate(log);
    cr_assert(trace_log_root(log, 1077, root, &S.err));
    cr_assert(trace_log_consistency(log, 300, 1077, &path, &S.err), "%s", S.err.text);
    cr_assert(merkle_consistency_verify(
                  &(struct merkle_consistency){
                      0, 300, 1077, {(const char *)old, 32}, {(const char *)root, 32}, buf_span(&path)},
                  &S.err),
              "%s", S.err.text);
    cr_assert_not(trace_log_root(log, 1078, root, &S.err));
}

Test(log, a_second_keeper_is_told_to_wait_and_readers_are_not)
{
    AUTO(trace_writer_free) struct trace_writer *writer = new_writer();
    AUTO(trace_log_free) struct trace_log *keeper = open_log();
    AUTO(trace_log_free) struct trace_log *other = open_log();
    uint64_t taken = 77;

    add_entry(writer, 1, 1);
    flush(writer);
    cr_assert_eq(integrate(keeper), 1);
    cr_assert_not(trace_log_integrate(other, &taken, &S.err));
    cr_assert_eq(S.err.code, ERR_UNAVAILABLE);
    cr_assert_eq(taken, 77);
    cr_assert(trace_log_refresh(other, &S.err), "%s", S.err.text);
    cr_assert_eq(trace_log_size(other), 1);
    assert_all_found(other);
    trace_log_free(TAKE(keeper));
    add_entry(writer, 1, 2);
    flush(writer);
    cr_assert_eq(integrate(other), 1);
}

/* Ten entries, then one more that is cut at every place of its head, and at many of its text: there the file ends, or
 * the zeros begin that the writer had put ahead. */
static void tear_everywhere(size_t zeros)
{
    AUTO(buf_done) struct buf whole = BUF_INIT;
    char path[TEST_PATH_BYTES], name[TEST_PATH_BYTES];
    struct trace_writer *writer = new_writer();
    size_t before;

    add_entries(writer, 1, 0, 10);
    flush(writer);
    only_segment(".seg", path);
    read_frames(path, &whole);
    before = whole.bytes;
    add_entry(writer, 1, 10);
    flush(writer);
    trace_writer_free(writer);
    read_frames(path, &whole);
    snprintf(name, sizeof name, "%s", path);
    for (size_t bytes = before; bytes <= whole.bytes;
         bytes += bytes - before < 16 || whole.bytes - bytes < 5 ? 1 : 29) {
        AUTO(text_free) char *log_folder = path_join(S.folder, "log");
        AUTO(buf_done) struct buf torn = BUF_INIT;

        buf_add(&torn, whole.data, bytes);
        buf_reserve(&torn, zeros);
        memset(torn.data + bytes, 0, zeros);
        torn.bytes += zeros;
        cr_assert(file_remove_tree(log_folder, &S.err));
        cr_assert(file_write(name, buf_span(&torn), 0600, &S.err), "%s", S.err.text);
        AUTO(trace_log_free) struct trace_log *log = open_log();
        cr_assert_eq(integrate(log), bytes == whole.bytes ? 11 : 10, "%zu of %zu", bytes, whole.bytes);
        only_segment("", path);
        cr_assert_str_eq(path, "");
    }
}

Test(log, a_torn_tail_of_a_dead_writer_is_cut_wherever_it_tore)
{
    tear_everywhere(0);
}

Test(log, a_torn_tail_before_zeros_is_cut_as_well)
{
    tear_everywhere(1);
    tear_everywhere(70000);
}

/* What a live writer has not finished is not torn: another process holds the lock as a writer does. */
Test(log, an_unfinished_frame_of_a_live_writer_is_left_for_later)
{
    AUTO(trace_log_free) struct trace_log *log = open_log();
    struct trace_writer *writer = new_writer();
    AUTO(buf_done) struct buf whole = BUF_INIT;
    char path[TEST_PATH_BYTES];

    add_entries(writer, 1, 0, 3);
    flush(writer);
    only_segment(".seg", path);
    read_frames(path, &whole);
    cr_assert_eq(truncate(path, (off_t)whole.bytes - 5), 0);
    cr_assert_eq(integrate(log), 2);
    cr_assert_eq(integrate(log), 0);
    AUTO(file_close) int fd = open(path, O_WRONLY | O_CLOEXEC);
    cr_assert(file_write_at(fd, 0, buf_span(&whole), &S.err), "%s", S.err.text);
    cr_assert_eq(integrate(log), 1);
    trace_writer_free(writer);
    cr_assert_eq(integrate(log), 0);
    assert_root(log);
}

static void flip(const char *path, uint64_t offset)
{
    AUTO(file_close) int fd = open(path, O_RDWR | O_CLOEXEC);
    char byte;

    cr_assert_eq(pread(fd, &byte, 1, (off_t)offset), 1);
    byte = (char)(byte ^ 0x40);
    cr_assert_eq(pwrite(fd, &byte, 1, (off_t)offset), 1);
}

/* Every byte of an entry in the middle of promised ones. */
Test(log, a_damaged_promised_entry_is_told_once_and_costs_no_other)
{
    enum { BEFORE = 2, AFTER = 3 };
    AUTO(buf_done) struct buf whole = BUF_INIT;
    char path[TEST_PATH_BYTES], aside[TEST_PATH_BYTES], name[TEST_PATH_BYTES];
    struct trace_writer *writer = new_writer();
    size_t marks[3];
    uint64_t taken;

    for (unsigned i = 0; i < 3; i++) {
        add_entries(writer, 1, (const unsigned[]){0, BEFORE, BEFORE + 1}[i], (const unsigned[]){BEFORE, 1, AFTER}[i]);
        flush(writer);
        only_segment(".seg", path);
        read_frames(path, &whole);
        marks[i] = whole.bytes;
    }
    trace_writer_free(writer);
    read_frames(path, &whole);
    snprintf(name, sizeof name, "%s", path);
    for (size_t at = marks[0]; at < marks[1]; at += 23) {
        AUTO(text_free) char *log_folder = path_join(S.folder, "log");
        unsigned who, number;

        cr_assert(file_remove_tree(log_folder, &S.err));
        cr_assert(file_write(name, buf_span(&whole), 0600, &S.err), "%s", S.err.text);
        flip(name, at);
        AUTO(trace_log_free) struct trace_log *log = open_log();
        cr_assert_not(trace_log_integrate(log, &taken, &S.err), "byte %zu", at);
        cr_assert_eq(S.err.code, ERR_CORRUPT);
        cr_assert_eq(trace_log_size(log), BEFORE + AFTER);
        which_entry(log, BEFORE, &who, &number);
        cr_assert_eq(number, BEFORE + 1);
        assert_all_found(log);
        assert_root(log);
        only_segment(".damaged", aside);
        cr_assert_str_neq(aside, "");
        cr_assert_eq(unlink(aside), 0);
        cr_assert_eq(integrate(log), 0);
    }
}

/* A segment is read in windows of some hundred entries; damage, and what goes on behind it, may stand anywhere. */
Test(log, damage_in_the_middle_of_a_long_segment_costs_one_entry)
{
    enum { MANY = 3000, FLUSH = 100 };
    char path[TEST_PATH_BYTES];
    struct trace_writer *writer = new_writer();
    AUTO(buf_done) struct buf whole = BUF_INIT;
    uint64_t taken;

    for (unsigned i = 0; i < MANY; i += FLUSH) {
        add_entries(writer, 1, i, FLUSH);
        flush(writer);
    }
    trace_writer_free(writer);
    only_segment(".seg", path);
    read_frames(path, &whole);
    cr_assert_gt(whole.bytes, 1024 * 1024);
    flip(path, whole.bytes / 2);
    AUTO(trace_log_free) struct trace_log *log = open_log();
    cr_assert_not(trace_log_integrate(log, &taken, &S.err));
    cr_assert_eq(S.err.code, ERR_CORRUPT);
    cr_assert_eq(trace_log_size(log), MANY - 1);
    assert_root(log);
}

/* All in one flush that may never have been answered: what is behind the hole is cut, too. */
Test(log, a_hole_in_what_was_never_promised_is_a_torn_tail)
{
    AUTO(trace_log_free) struct trace_log *log = open_log();
    struct trace_writer *writer = new_writer();
    char path[TEST_PATH_BYTES];

    add_entries(writer, 1, 0, 6);
    flush(writer);
    only_segment(".seg", path);
    trace_writer_free(writer);
    flip(path, 100);
    cr_assert_eq(integrate(log), 0);
    only_segment("", path);
    cr_assert_str_eq(path, "");
}

static void append_garbage(const char *name)
{
    AUTO(text_free) char *path = path_join(S.folder, name);
    AUTO(file_close) int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    char garbage[3000];

    cr_assert_geq(fd, 0, "%s", path);
    memset(garbage, 0xA5, sizeof garbage);
    cr_assert(file_write_all(fd, (struct span){garbage, sizeof garbage}, &S.err), "%s", S.err.text);
}

/* As after a crash between the writing and the commit. */
Test(log, what_stands_behind_the_committed_size_is_written_over)
{
    struct trace_writer *writer = new_writer();
    AUTO(trace_log_free) struct trace_log *log = open_log();
    char receipt[TRACE_RECEIPT_BYTES], name[TEST_PATH_BYTES];
    uint64_t index;

    add_entries(writer, 1, 0, 300);
    flush(writer);
    (void)integrate(log);
    trace_log_free(TAKE(log));
    trace_next_receipt(writer, receipt);
    snprintf(name, sizeof name, "log/receipts/%.4s/%.24s", receipt, receipt);
    append_garbage("log/entries/0");
    append_garbage("log/tile/0/0");
    append_garbage("log/tile/1/0");
    append_garbage(name);
    log = open_log();
    assert_root(log);
    cr_assert_not(trace_log_find(log, receipt, &index, &S.err));
    cr_assert_eq(S.err.code, ERR_NOT_FOUND);
    add_entries(writer, 1, 300, 300);
    flush(writer);
    cr_assert_eq(integrate(log), 300);
    assert_root(log);
    assert_all_found(log);
    trace_writer_free(writer);
    cr_assert_eq(integrate(log), 0);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The disk fills at ever other places; every time the log is as it was, and later it goes on. */
Test(log, a_full_disk_leaves_the_log_as_it_was_and_it_goes_on_later)
{
    AUTO(trace_log_free) struct trace_log *log = open_log();
    struct trace_writer *writer = new_writer();
    unsigned failures = 0;
    uint64_t taken;

    add_entries(writer, 1, 0, 500);
    flush(writer);
    cr_assert_eq(integrate(log), 500);
    add_entries(writer, 1, 500, 700);
    flush(writer);
    for (rlim_t limit = 100; limit < 400000; limit = limit * 3) {
        bool is_done;

        limit_files(limit);
        is_done = trace_log_integrate(log, &taken, &S.err);
        limit_files(RLIM_INFINITY);
        if (is_done)
            break;
        failures++;
        cr_assert_eq(S.err.code, ERR_FULL, "%s", S.err.text);
        cr_assert_eq(trace_log_size(log), 500);
        assert_root(log);
    }
    cr_assert_gt(failures, 4);
    (void)integrate(log);
    cr_assert_eq(trace_log_size(log), 1200);
    assert_root(log);
    assert_all_found(log);
    trace_writer_free(writer);
}

Test(log, hashes_that_do_not_lead_to_the_root_are_refused)
{
    AUTO(trace_log_free) struct trace_log *log = open_log();
    AUTO(text_free) char *path = path_join(S.folder, "log/tile/0/0");
    struct trace_writer *writer = new_writer();
    struct trace_log *again = NULL;

    add_entries(writer, 1, 0, 10);
    flush(writer);
    (void)integrate(log);
    flip(path, 40);
    cr_assert_not(trace_log_open(S.folder, &again, &S.err));
    cr_assert_eq(S.err.code, ERR_CORRUPT);
    trace_writer_free(writer);
}

Test(log, a_state_that_is_none_is_refused)
{
    static const char *const NONE[] = {"",
                                       "{}",
                                       "{\"format\":1,\"root\":\"00\",\"segments\":[],\"size\":0}",
                                       "{\"format\":2,\"root\":\"\",\"segments\":[],\"size\":0}",
                                       "[",
                                       "\xff"};
    AUTO(text_free) char *folder = path_join(S.folder, "log");
    AUTO(text_free) char *path = path_join(folder, "state");
    struct trace_log *log = NULL;

    cr_assert(file_make_folder(folder, 0700, &S.err));
    for (size_t i = 0; i < COUNT_OF(NONE); i++) {
        cr_assert(file_write(path, span_of(NONE[i]), 0600, &S.err));
        cr_assert_not(trace_log_open(S.folder, &log, &S.err), "%s", NONE[i]);
        cr_assert(S.err.code == ERR_CORRUPT || S.err.code == ERR_INVALID, "%s", S.err.text);
    }
}
