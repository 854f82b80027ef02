/* What is written down, and what is promised when the disk says no. */
#include "tests/unit/gateway/trace/scribe.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(writer, .init = scribe_open, .fini = scribe_close);

static const uint8_t CERTIFICATE[32] = {0xab, 0xcd};

/* Add it, flush, and read what the log holds then. */
static void round_trip(struct trace_entry entry, struct buf *out)
{
    AUTO(trace_writer_free) struct trace_writer *writer = new_writer();
    AUTO(trace_log_free) struct trace_log *log = open_log();
    char receipt[TRACE_RECEIPT_BYTES];

    trace_next_receipt(writer, receipt);
    entry.receipt = receipt;
    trace_add(writer, &entry);
    flush(writer);
    (void)integrate(log);
    read_entry(log, trace_log_size(log) - 1, out);
}

static bool has(const struct buf *entry, const char *part)
{
    return strstr(entry->data, part) != NULL;
}

Test(writer, an_entry_says_who_asked_what_and_was_told_what)
{
    AUTO(buf_done) struct buf entry = BUF_INIT;
    AUTO(buf_done) struct buf expected = BUF_INIT;
    struct span receipt, salt;

    round_trip((struct trace_entry){.at_ms = 1785722400000,
                                    .by = SPAN("bank-1"),
                                    .as_of_ms = INT64_C(1767196800000),
                                    .certificate = CERTIFICATE,
                                    .domain = SPAN("lending"),
                                    .purpose = SPAN("credit-review"),
                                    .matter = SPAN("其他-02491-006"),
                                    .case_number = SPAN("办〔2026〕1号"),
                                    .rules = SPAN("lending/2022@0123456789abcdef"),
                                    .authorisation = SPAN("授权书〔2026〕7号"),
                                    .operator= SPAN("zhangsan"),
                                    .department = SPAN("信贷管理部"),
                                    .uscc = SPAN("91440224MAYUCHK485"),
                                    .verdict = "listed",
                                    .status = 200,
                                    .sequence = 12,
                                    .shown = SPAN("[[\"R0123456789abcdef0123\",2]]"),
                                    .owes = true,
                                    .answer = SPAN("abc")},
               &entry);
    receipt = walk_plain_of(buf_span(&entry), "receipt");
    salt = walk_plain_of(buf_span(&entry), "salt");
    buf_addf(&expected,
             "{\"answer_sha256\":\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\","
             "\"as_of\":\"2026-01-01T00:00:00.000+08:00\",\"at\":\"2026-08-03T10:00:00.000+08:00\",\"authorisation\":"
             "\"授权书〔2026〕7号\",\"by\":\"bank-1\",\"case\":\"办〔2026〕1号\","
             "\"certificate\":\"abcd000000000000000000000000000000000000000000000000000000000000\","
             "\"department\":\"信贷管理部\",\"domain\":\"lending\",\"matter\":\"其他-02491-006\",\"name\":null,"
             "\"operator\":\"zhangsan\",\"owes\":true,\"purpose\":\"credit-"
             "review\","
             "\"receipt\":\"%.*s\",\"rules\":\"lending/2022@0123456789abcdef\",\"salt\":\"%.*s\",\"sequence\":12,"
             "\"shown\":[[\"R0123456789abcdef0123\",2]],\"status\":200,"
             "\"test\":false,\"uscc\":\"91440224MAYUCHK485\",\"verdict\":\"listed\"}",
             (int)receipt.bytes, receipt.at, (int)salt.bytes, salt.at);
    cr_assert_eq(salt.bytes, 32);
    cr_assert_str_eq(entry.data, expected.data);
}

Test(writer, what_does_not_apply_is_null)
{
    AUTO(buf_done) struct buf entry = BUF_INIT;

    round_trip((struct trace_entry){.at_ms = 1, .status = 403}, &entry);
    cr_assert(has(&entry, "\"answer_sha256\":null") && has(&entry, "\"as_of\":null") &&
              has(&entry, "\"certificate\":null") && has(&entry, "\"uscc\":null") && has(&entry, "\"verdict\":null") &&
              has(&entry, "\"shown\":null") && has(&entry, "\"owes\":false") && has(&entry, "\"status\":403"));
}

Test(writer, a_digest_that_the_caller_has_is_taken_as_it_is)
{
    AUTO(buf_done) struct buf entry = BUF_INIT;
    static const uint8_t DIGEST[32] = {0x01, [31] = 0xef};

    round_trip((struct trace_entry){.at_ms = 1, .status = 200, .answer = SPAN("abc"), .answer_sha256 = DIGEST}, &entry);
    cr_assert(has(&entry, "{\"answer_sha256\":\"01000000000000000000000000000000000000000000000000000000000000ef\","),
              "%s", entry.data);
}

Test(writer, a_question_as_of_a_sequence_says_which)
{
    AUTO(buf_done) struct buf entry = BUF_INIT;

    round_trip((struct trace_entry){.at_ms = 1, .as_of_sequence = 1044, .name = SPAN("韶关"), .status = 200}, &entry);
    cr_assert(has(&entry, "\"as_of\":\"1044\"") && has(&entry, "\"name\":\"韶关\""));
}

Test(writer, hostile_texts_are_cut_and_cleaned)
{
    enum { BYTES = 10000 };
    AUTO(text_free) char *nines = memory_new(BYTES + 1);
    AUTO(text_free) char *controls = memory_new(BYTES + 1);
    AUTO(buf_done) struct buf entry = BUF_INIT;

    memset(nines, '9', BYTES);
    memset(controls, 1, BYTES);
    round_trip((struct trace_entry){.uscc = {nines, BYTES},
                                    .authorisation = {controls, BYTES},
                                    .domain = {controls, BYTES},
                                    .purpose = SPAN("a\xff"
                                                    "b\xe9\x9f"
                                                    "c\xed\xa0\x80\"\\\n"),
                                    .operator= {controls, BYTES},
                                    .department = {controls, BYTES},
                                    .by = {controls, BYTES}},
               &entry);
    cr_assert(has(&entry, "\"uscc\":\"9999999999999999999999999999999999999999999999999999999999999999…\""));
    cr_assert(has(&entry, "\"purpose\":\"a\uFFFDb\uFFFD\uFFFDc\uFFFD\uFFFD\uFFFD\\\"\\\\\\n\""), "%s", entry.data);
    cr_assert(utf8_is_valid(buf_span(&entry), NULL));
    cr_assert_lt(entry.bytes, TRACE_ENTRY_BYTES_MAX);
}

/* Every member at its longest at once: the promise of entry.h, whatever a stranger sends. */
Test(writer, the_longest_entry_fits)
{
    enum { BYTES = 2000, SHOWN = 10000 };
    AUTO(text_free) char *controls = memory_new(BYTES + 1);
    AUTO(text_free) char *shown = memory_new(SHOWN + 1);
    AUTO(buf_done) struct buf entry = BUF_INIT;
    const uint8_t certificate[32] = {0};
    struct span longest = {controls, BYTES};

    memset(controls, 1, BYTES);
    memset(shown, ' ', SHOWN);
    shown[0] = '[';
    shown[SHOWN - 1] = ']';
    round_trip((struct trace_entry){.as_of_sequence = UINT64_MAX,
                                    .certificate = certificate,
                                    .uscc = longest,
                                    .name = longest,
                                    .by = longest,
                                    .domain = longest,
                                    .purpose = longest,
                                    .matter = longest,
                                    .case_number = longest,
                                    .authorisation = longest,
                                    .operator= longest,
                                    .department = longest,
                                    .rules = longest,
                                    .verdict = "not-listed",
                                    .status = 200,
                                    .sequence = UINT64_MAX,
                                    .shown = {shown, SHOWN},
                                    .answer = longest},
               &entry);
    cr_assert_lt(entry.bytes, TRACE_ENTRY_BYTES_MAX);
}

Test(writer, nothing_added_makes_no_file)
{
    AUTO(trace_writer_free) struct trace_writer *writer = new_writer();
    char path[TEST_PATH_BYTES];

    flush(writer);
    only_segment("", path);
    cr_assert_str_eq(path, "");
}

Test(writer, a_receipt_stays_until_its_entry_was_added)
{
    AUTO(trace_writer_free) struct trace_writer *writer = new_writer();
    char first[TRACE_RECEIPT_BYTES], again[TRACE_RECEIPT_BYTES];

    trace_next_receipt(writer, first);
    trace_next_receipt(writer, again);
    cr_assert_str_eq(first, again);
    add_entry(writer, 1, 1);
    trace_next_receipt(writer, again);
    cr_assert_str_neq(first, again);
}

Test(writer, an_entry_with_a_foreign_receipt_fails_the_flush_and_only_that)
{
    AUTO(trace_writer_free) struct trace_writer *writer = new_writer();
    AUTO(trace_log_free) struct trace_log *log = open_log();

    add_entry(writer, 1, 1);
    trace_add(writer, &(struct trace_entry){.receipt = "0000"});
    cr_assert_not(trace_flush(writer, &S.err));
    cr_assert_eq(S.err.code, ERR_INTERNAL);
    add_entry(writer, 1, 2);
    flush(writer);
    cr_assert_eq(integrate(log), 1);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Half of the second batch gets onto the disk: that may be in the log or not, all else is there once. */
Test(writer, after_a_full_disk_the_next_flush_works_and_nothing_promised_is_lost)
{
    enum { FIRST = 100, SECOND = 500, THIRD = 50 };
    AUTO(trace_writer_free) struct trace_writer *writer = new_writer();
    AUTO(trace_log_free) struct trace_log *log = open_log();
    unsigned seen[3] = {0}, who, number;
    char before[TRACE_RECEIPT_BYTES], after[TRACE_RECEIPT_BYTES];

    add_entries(writer, 0, 0, FIRST);
    flush(writer);
    trace_next_receipt(writer, before);
    add_entries(writer, 1, 0, SECOND);
    limit_files(100 * 1024);
    cr_assert_not(trace_flush(writer, &S.err));
    cr_assert_eq(S.err.code, ERR_FULL, "%s", S.err.text);
    for (int i = 0; i < 5; i++) {
        add_entries(writer, 1, 0, SECOND);
        cr_assert_not(trace_flush(writer, &S.err));
    }
    limit_files(RLIM_INFINITY);
    trace_next_receipt(writer, after);
    cr_assert_neq(strncmp(before, after, 24), 0, "a given-up segment gives no more receipts");
    add_entries(writer, 2, 0, THIRD);
    flush(writer);
    (void)integrate(log);
    for (uint64_t i = 0; i < trace_log_size(log); i++) {
        which_entry(log, i, &who, &number);
        seen[who]++;
    }
    cr_assert_eq(seen[0], FIRST);
    cr_assert_lt(seen[1], SECOND);
    cr_assert_eq(seen[2], THIRD);
    assert_root(log);
}

Test(writer, a_segment_ends_by_size_and_the_next_begins)
{
    enum { ENTRIES = 5000 };
    AUTO(trace_writer_free) struct trace_writer *writer = new_writer();
    AUTO(trace_log_free) struct trace_log *log = open_log();
    char first[TRACE_RECEIPT_BYTES], last[TRACE_RECEIPT_BYTES];
    uint64_t added = 0;

    trace_next_receipt(writer, first);
    do {
        add_entries(writer, 1, (unsigned)added, ENTRIES);
        flush(writer);
        added += ENTRIES;
        trace_next_receipt(writer, last);
    } while (strncmp(first, last, 24) == 0 && added < 1000000);
    cr_assert_lt(added, 1000000);
    add_entries(writer, 1, (unsigned)added++, 1);
    flush(writer);
    cr_assert_eq(integrate(log), added);
    char path[TEST_PATH_BYTES];
    only_segment(".seg", path);
    cr_assert(strstr(path, "/segments/") && strncmp(strstr(path, "/segments/") + 10, last, 24) == 0,
              "the first is gone, the second stays: %s", path);
}

static off_t file_bytes(const char *path)
{
    struct stat info;

    cr_assert_eq(stat(path, &info), 0);
    return info.st_size;
}

/* So that a sync has no growing of the file to wait for. */
Test(writer, the_file_reaches_ahead_of_the_entries_and_ends_with_them)
{
    struct trace_writer *writer = new_writer();
    AUTO(buf_done) struct buf frames = BUF_INIT;
    char path[TEST_PATH_BYTES];
    off_t first;

    add_entry(writer, 1, 0);
    flush(writer);
    only_segment(".seg", path);
    first = file_bytes(path);
    read_frames(path, &frames);
    cr_assert_gt(first, (off_t)frames.bytes + 100000);
    for (unsigned i = 1; i < 200; i++) {
        add_entry(writer, 1, i);
        flush(writer);
    }
    cr_assert_eq(file_bytes(path), first, "200 small flushes do not lengthen it");
    add_entries(writer, 1, 200, 3000);
    flush(writer);
    cr_assert_gt(file_bytes(path), first);
    read_frames(path, &frames);
    trace_writer_free(writer);
    cr_assert_eq(file_bytes(path), (off_t)frames.bytes);
}
