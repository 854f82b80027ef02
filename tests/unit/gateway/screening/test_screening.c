/* A list from its rows to the signed summary, also when its process dies on the way: every row answered once, traced
 * once, all by one state of the register. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/json.h"
#include "base/walk.h"
#include "gateway/screening/place.h"
#include "gateway/screening/screening.h"
#include "gateway/screening/summary.h"
#include "gateway/trace/trace.h"
#include "keys/digest.h"
#include "schemas/schema.h"
#include "tests/unit/gateway/command/desk.h"

#define CODE "91440224MAYUCHK485"
#define OTHER "91440101MAYTEK014M"
enum { ROWS = 2 * SCREENING_PIECE_ROWS + 500, ALL_ROWS = 100000 };

static struct {
    char *job;
    char *trace;
    struct config_client client;
    char *domains[2];
    struct config config;
    json_t *order;
    int until; /* the process dies when progress is told for the n-th time; 0: never */
    int told;
    bool stops; /* … or says that nobody wants it any more */
    struct testlist *tests;
    struct screening_counts counts;
} X;

static void open_all(void)
{
    desk_open();
    X.job = path_join(T.folder, "job");
    X.trace = path_join(T.folder, "trace");
    X.domains[0] = (char *)"power-price";
    X.client =
        (struct config_client){.name = (char *)"power", .kind = CLIENT_GOVERNMENT, .domains = X.domains, .scopes = ~0U};
    X.config = (struct config){.state = T.folder,
                               .data = (char *)TEST_SOURCE,
                               .screening_rows = ALL_ROWS,
                               .clients = &X.client,
                               .client_count = 1};
    X.order = json_pack("{s:s,s:s,s:s,s:s,s:s}", "client", "power", "domain", "power-price", "purpose",
                        "price-classification", "format", "csv", "order", "0123-1");
    cr_assert(file_make_folder(X.job, 0700, &T.err), "%s", T.err.text);
}

static void close_all(void)
{
    testlist_free(X.tests);
    json_decref(X.order);
    text_free(X.job);
    text_free(X.trace);
    desk_close();
}

TestSuite(screening, .init = open_all, .fini = close_all, .timeout = 240);

static bool told(void *context, uint64_t done, uint64_t of)
{
    (void)context;
    cr_assert_leq(done, of);
    if (X.until == 0 || ++X.told < X.until)
        return true;
    if (!X.stops)
        _exit(9);
    return false;
}

static bool run(struct store *store)
{
    struct screening screening = {.config = &X.config,
                                  .store = store,
                                  .tests = X.tests,
                                  .signer = T.signer,
                                  .clock = &T.clock,
                                  .id = "20260803000000000-00000000000000",
                                  .folder = X.job,
                                  .order = X.order,
                                  .progress = told};

    memset(&T.err, 0, sizeof T.err);
    X.told = 0;
    return screening_run(&screening, &X.counts, &T.err);
}

static const char *refused(void)
{
    cr_assert_not(run(T.store));
    cr_assert(T.err.zh[0], "both languages: %s", T.err.text);
    return T.err.rule;
}

static void write_list(struct span text)
{
    AUTO(text_free) char *path = path_join(X.job, "input");

    cr_assert(file_write(path, text, 0600, &T.err), "%s", T.err.text);
}

/* Every tenth is the sample. */
static void write_many(size_t rows)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    buf_add_text(&text, "reference,uscc\n");
    for (size_t i = 0; i < rows; i++)
        buf_addf(&text, "r%zu,%s\n", i, i % 10 == 0 ? CODE : OTHER);
    write_list(buf_span(&text));
}

static void integrate(void)
{
    AUTO(trace_log_free) struct trace_log *log = NULL;
    uint64_t taken;

    cr_assert(trace_log_open(X.trace, &log, &T.err) && trace_log_integrate(log, &taken, &T.err), "%s", T.err.text);
}

/* In a process of its own that dies when progress is told for the n-th time. */
static void run_and_die(int until)
{
    int status;
    pid_t pid;

    store_close(TAKE(T.store));
    pid = fork();
    if (pid == 0) {
        X.until = until;
        _exit(run(scratch_store("store")) ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 9, "it did not die there: %d", status);
    T.desk.store = T.store = scratch_store("store");
}

static struct buf read_file(const char *name)
{
    AUTO(text_free) char *path = path_join(X.job, name);
    struct buf text = BUF_INIT;

    cr_assert(file_read(path, 256 * 1024 * 1024, &text, &T.err), "%s", T.err.text);
    return text;
}

/* The only segment there is loses its last `bytes`, as when the power went. */
static void tear_segment(off_t bytes)
{
    AUTO(text_free) char *folder = path_join(X.trace, "segments");
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int torn = 0;

    while ((entry = readdir(dir))) {
        AUTO(text_free) char *path = path_join(folder, entry->d_name);
        AUTO(file_close) int fd = strstr(entry->d_name, ".seg") ? open(path, O_RDWR | O_CLOEXEC) : -1;
        off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;

        if (fd >= 0) {
            cr_assert(end > bytes && ftruncate(fd, end - bytes) == 0);
            torn++;
        }
    }
    closedir(dir);
    cr_assert_eq(torn, 1);
}

/* --- what came of it --- */

static void assert_traced(struct trace_log *log, size_t row, struct span line)
{
    AUTO(buf_done) struct buf entry = BUF_INIT, json = BUF_INIT, hex = BUF_INIT;
    const char *end = line.at + line.bytes;
    const char *at = line.at;
    char reference[32];
    uint8_t digest[32];

    snprintf(reference, sizeof reference, "r%zu,", row);
    cr_assert(span_starts(line, reference), "row %zu: %.40s", row, line.at);
    cr_assert(trace_log_read(log, row, &entry, &T.err), "%s", T.err.text);
    for (int column = 0; column < 7; column++)
        at = (const char *)memchr(at, ',', (size_t)(end - at)) + 1;
    cr_assert(span_equal(walk_plain_of(buf_span(&entry), "receipt"),
                         (struct span){at, (size_t)((const char *)memchr(at, ',', (size_t)(end - at)) - at)}),
              "row %zu: another receipt", row);
    at = (const char *)memchr(at, '"', (size_t)(end - at)) + 1;
    for (; at < end - 1; at += *at == '"' ? 2 : 1)
        buf_add_byte(&json, *at);
    digest_sha256(buf_span(&json), digest);
    hex_add(&hex, digest, sizeof digest);
    cr_assert(span_is(walk_plain_of(buf_span(&entry), "answer_sha256"), hex.data), "row %zu: %s", row, json.data);
    cr_assert(span_is(walk_plain_of(buf_span(&json), "verdict"), row % 10 == 0 ? "listed" : "not-listed"), "row %zu",
              row);
}

/* The result's rows and the trace say the same, row by row, and there is one entry more: the summary's. */
static void assert_all_traced_once(size_t rows)
{
    AUTO(trace_log_free) struct trace_log *log = NULL;
    AUTO(buf_done) struct buf result = read_file("rows");
    const char *end = result.data + result.bytes;
    const char *line = (const char *)memchr(result.data, '\n', result.bytes) + 1;

    integrate();
    cr_assert(trace_log_open(X.trace, &log, &T.err), "%s", T.err.text);
    cr_assert_eq(trace_log_size(log), rows + 1, "%zu rows, %llu entries", rows,
                 (unsigned long long)trace_log_size(log));
    for (size_t i = 0; i < rows; i++) {
        const char *stop = memmem(line, (size_t)(end - line), "\r\n", 2);

        cr_assert(stop, "row %zu", i);
        assert_traced(log, i, (struct span){line, (size_t)(stop - line)});
        line = stop + 2;
    }
    cr_assert_eq(line, end, "nothing behind the last row");
}

static json_t *verified_summary(void)
{
    AUTO(buf_done) struct buf text = read_file("summary");
    json_t *summary = NULL;
    json_t *kids = NULL;

    cr_assert(screening_summary_is(buf_span(&text)));
    cr_assert(screening_summary_verify(buf_span(&text), T.keyring, &summary, &kids, &T.err), "%s", T.err.text);
    cr_assert_eq(json_array_size(kids), 2);
    json_decref(kids);
    return summary;
}

static void assert_file_is(const json_t *summary, const char *member, const char *name)
{
    AUTO(buf_done) struct buf bytes = read_file(name), hex = BUF_INIT;
    const json_t *file = json_object_get(summary, member);
    uint8_t digest[32];

    digest_sha256(buf_span(&bytes), digest);
    hex_add(&hex, digest, sizeof digest);
    cr_assert_str_eq(json_text_of(file, "sha256"), hex.data);
    cr_assert_eq((size_t)json_integer_of(file, "bytes", -1), bytes.bytes);
}

static bool resolve_state(void *context, const char *uri, json_t **document)
{
    (void)context;
    return strcmp(uri, "urn:creditgate:schema:screening:2026") == 0 &&
           json_read_file(TEST_SOURCE "/schemas/screening.schema.json", document, &T.err);
}

static void print_problem(void *context, const struct schema_problem *problem)
{
    (void)context;
    fprintf(stderr, "%s: %s\n", problem->instance, problem->en);
}

static void assert_fits_schema(const json_t *summary)
{
    const struct schema_options options = {.asserts_format = true, .resolve = resolve_state};
    AUTO(schema_free) struct schema *schema = NULL;

    cr_assert(schema_load(TEST_SOURCE "/schemas/screening-summary.schema.json", &options, &schema, &T.err), "%s",
              T.err.text);
    cr_assert(schema_check(schema, summary, &(struct schema_report){print_problem, NULL, 10}));
}

/* --- refused --- */

Test(screening, a_list_without_a_row_or_with_one_too_many_is_refused_before_anything_is_answered)
{
    import_row(sample_row());
    write_list(SPAN("uscc\n\n\n"));
    cr_assert_str_eq(refused(), "screening.empty");
    X.config.screening_rows = 2;
    write_list(SPAN("uscc\n" CODE "\n" CODE "\n" CODE "\n"));
    cr_assert_str_eq(refused(), "screening.rows");
    cr_assert_not(file_exists(X.trace), "nothing was traced");
}

Test(screening, a_client_that_may_not_ask_any_more_is_refused)
{
    write_many(1);
    X.domains[0] = (char *)"lending";
    cr_assert_str_eq(refused(), "client.domain");
    X.domains[0] = (char *)"power-price";
    X.client.purposes = (char *[]){(char *)"decision-review", NULL};
    cr_assert_str_eq(refused(), "client.domain");
    X.client.purposes = NULL;
    X.client.kind = CLIENT_SUPERVISOR;
    cr_assert_str_eq(refused(), "client.domain");
    X.client.kind = CLIENT_GOVERNMENT;
    X.client.is_test = true;
    cr_assert_str_eq(refused(), "client.domain");
    X.client.is_test = false;
    X.config.client_count = 0;
    cr_assert_str_eq(refused(), "client.domain");
}

Test(screening, what_nobody_wants_any_more_stops)
{
    import_row(sample_row());
    write_many(ROWS);
    X.stops = true;
    X.until = 2;
    cr_assert_str_eq(refused(), "screening.cancelled");
}

Test(screening, a_summary_with_one_byte_changed_is_not_good)
{
    json_t *summary = NULL;
    json_t *kids = NULL;

    import_row(sample_row());
    write_many(3);
    cr_assert(run(T.store), "%s", T.err.text);
    AUTO(buf_done) struct buf text = read_file("summary");
    for (size_t i = 0; i < text.bytes; i += 7) {
        text.data[i] ^= 1;
        cr_assert_not(screening_summary_verify(buf_span(&text), T.keyring, &summary, &kids, NULL), "byte %zu", i);
        text.data[i] ^= 1;
    }
}

/* --- answered --- */

Test(screening, every_row_is_answered_in_order_and_traced_and_the_summary_says_so)
{
    AUTO(json_release) json_t *summary = NULL;

    import_row(sample_row());
    write_many(ROWS);
    cr_assert(run(T.store), "%s", T.err.text);
    cr_assert_eq(X.counts.rows, ROWS);
    cr_assert_eq(X.counts.listed, (ROWS + 9) / 10);
    cr_assert_eq(X.counts.listed + X.counts.not_listed, ROWS);
    assert_all_traced_once(ROWS);
    summary = verified_summary();
    assert_fits_schema(summary);
    assert_file_is(summary, "input", "input");
    assert_file_is(summary, "result", "rows");
    cr_assert_eq(json_integer_of(json_object_get(summary, "counts"), "rows", -1), ROWS);
    cr_assert_eq(json_integer_of(summary, "sequence", -1), 2, "the import's two events");
}

Test(screening, before_there_is_a_register_nothing_is_cleared)
{
    write_many(5);
    cr_assert(run(T.store), "%s", T.err.text);
    cr_assert_eq(X.counts.unknown, 5);
}

/* --- killed --- */

static void expect_undisturbed(void)
{
    X.until = 0;
    cr_assert(run(T.store), "%s", T.err.text);
    cr_assert_eq(X.counts.rows, ROWS);
    assert_all_traced_once(ROWS);
    json_decref(verified_summary());
}

Test(screening, a_process_that_died_between_two_pieces_is_gone_on_with)
{
    import_row(sample_row());
    write_many(ROWS);
    for (int until = 1; until <= 3; until++) {
        run_and_die(until > 1 ? 2 : 1);
        integrate();
    }
    expect_undisturbed();
}

Test(screening, what_the_trace_lost_of_a_piece_is_answered_again_and_nothing_else)
{
    import_row(sample_row());
    write_many(ROWS);
    run_and_die(2);
    tear_segment(1000000);
    integrate();
    expect_undisturbed();
}

Test(screening, a_piece_of_which_nothing_was_traced_is_answered_again)
{
    AUTO(text_free) char *segments = NULL;

    import_row(sample_row());
    write_many(ROWS);
    run_and_die(2);
    segments = path_join(X.trace, "segments");
    cr_assert(file_remove_tree(segments, &T.err), "%s", T.err.text);
    integrate();
    expect_undisturbed();
}

/* As with a disk that is full: what was durable stays, and is gone on with when there is room. */
Test(screening, a_disk_that_takes_no_more_ends_it_and_leaves_what_was_done)
{
    int status;
    pid_t pid;

    import_row(sample_row());
    write_many(ROWS);
    store_close(TAKE(T.store));
    pid = fork();
    if (pid == 0) {
        const struct rlimit room = {7 * 1024 * 1024, 7 * 1024 * 1024};

        signal(SIGXFSZ, SIG_IGN);
        T.store = scratch_store("store");
        _exit(setrlimit(RLIMIT_FSIZE, &room) == 0 && !run(T.store) && T.err.text[0] ? 9 : 1);
    }
    waitpid(pid, &status, 0);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 9, "there was room: %d", status);
    T.desk.store = T.store = scratch_store("store");
    cr_assert(file_exists(X.trace), "something was done before");
    integrate();
    expect_undisturbed();
}

Test(screening, after_a_death_the_register_is_the_one_it_began_with)
{
    struct obligation row = sample_row();
    AUTO(json_release) json_t *summary = NULL;

    import_row(sample_row());
    write_many(ROWS);
    run_and_die(2);
    integrate();
    row.field[COLUMN_USCC] = SPAN(OTHER);
    row.field[COLUMN_NAME] = SPAN("广州市某某钢铁有限公司");
    row.field[COLUMN_DIVISION] = SPAN("440101");
    import_row(row);
    T.now_ms += INT64_C(40) * 24 * 3600 * 1000;
    expect_undisturbed();
    summary = verified_summary();
    cr_assert_eq(json_integer_of(summary, "sequence", -1), 2);
}

Test(screening, a_death_between_the_summary_and_its_signature_makes_no_second_entry)
{
    AUTO(text_free) char *summary = path_join(X.job, "summary");
    AUTO(buf_done) struct buf before = BUF_INIT, after = BUF_INIT;

    import_row(sample_row());
    write_many(ROWS);
    cr_assert(run(T.store), "%s", T.err.text);
    before = read_file("closing");
    cr_assert_eq(unlink(summary), 0);
    integrate();
    expect_undisturbed();
    after = read_file("closing");
    cr_assert_str_eq(before.data, after.data);
}

Test(screening, a_summary_whose_entry_was_lost_is_made_again)
{
    AUTO(text_free) char *closing = path_join(X.job, "closing");
    AUTO(buf_done) struct buf text = BUF_INIT;
    char *receipt;

    import_row(sample_row());
    write_many(3);
    X.stops = true;
    X.until = 2;
    cr_assert_str_eq(refused(), "screening.cancelled", "all rows are traced, the summary is not");
    integrate();
    buf_add_text(&text, "{\"receipt\":\"000000000000000000000000-0\"}");
    cr_assert(file_write(closing, buf_span(&text), 0600, &T.err));
    X.until = 0;
    cr_assert(run(T.store), "%s", T.err.text);
    assert_all_traced_once(3);
    AUTO(buf_done) struct buf made = read_file("closing");
    receipt = strstr(made.data, "\"receipt\":\"000000000000000000000000-0\"");
    cr_assert_null(receipt);
}

Test(screening, a_place_that_is_damaged_is_told_not_taken_for_a_beginning)
{
    AUTO(text_free) char *place = path_join(X.job, "place");

    import_row(sample_row());
    write_many(3);
    cr_assert(file_write(place, SPAN("{\"rows\":2}\n"), 0600, &T.err));
    cr_assert_not(run(T.store));
    cr_assert_eq(T.err.code, ERR_CORRUPT);
}

/* --- of a client under test --- */

#define TEST_LISTED "91440224MAYY000186"
#define TEST_NOT_LISTED "91440224MAYY00050H"
#define TEST_EMPTY "91440224MAYY00990Q"

static void open_tests(void)
{
    X.client.is_test = true;
    X.domains[0] = (char *)"lending";
    X.client.kind = CLIENT_LENDER;
    (void)json_object_set_new(X.order, "domain", json_string("lending"));
    (void)json_object_set_new(X.order, "purpose", json_string("credit-review"));
    cr_assert(testlist_prepare(&X.config, &T.err) && testlist_open(&X.config, &X.tests, &T.err), "%s", T.err.text);
}

Test(screening, a_real_list_is_not_answered_from_the_test_list_nor_the_other_way_round)
{
    write_list(SPAN("uscc\n" TEST_LISTED "\n"));
    open_tests();
    X.client.is_test = false;
    cr_expect_str_eq(refused(), "client.domain");
    testlist_free(TAKE(X.tests));
    X.client.is_test = true;
    cr_expect_str_eq(refused(), "client.domain");
}

Test(screening, a_list_of_a_client_under_test_is_answered_from_the_test_list)
{
    AUTO(buf_done) struct buf rows = BUF_INIT;
    AUTO(buf_done) struct buf closing = BUF_INIT;
    AUTO(buf_done) struct buf entry = BUF_INIT;
    AUTO(trace_log_free) struct trace_log *log = NULL;

    (void)listed_sample();
    write_list(SPAN("uscc\n" TEST_LISTED "\n" TEST_NOT_LISTED "\n" CODE "\n"));
    open_tests();
    cr_assert(run(T.store), "%s", T.err.text);
    cr_expect_eq(X.counts.listed, 1);
    cr_expect_eq(X.counts.not_listed, 2, "what the register knows is not told");
    rows = read_file("rows");
    closing = read_file("closing");
    cr_expect_not_null(strstr(rows.data, "\"\"test\"\":true"), "%s", rows.data);
    cr_expect_not_null(strstr(closing.data, "\"test\":true}"), "%s", closing.data);
    integrate();
    cr_assert(trace_log_open(X.trace, &log, &T.err), "%s", T.err.text);
    cr_assert_eq(trace_log_size(log), 4, "three rows and the summary");
    for (uint64_t i = 0; i < 4; i++) {
        buf_clear(&entry);
        cr_assert(trace_log_read(log, i, &entry, &T.err), "%s", T.err.text);
        cr_expect(span_is(walk_member(buf_span(&entry), "test"), "true"), "%s", entry.data);
    }
}

Test(screening, one_code_of_the_test_list_is_as_if_nothing_were_registered)
{
    write_list(SPAN("uscc\n" TEST_LISTED "\n" TEST_EMPTY "\n"));
    open_tests();
    cr_assert(run(T.store), "%s", T.err.text);
    cr_expect_eq(X.counts.unknown, 2);
}

Test(screening, a_test_list_that_was_made_anew_with_less_in_it_ends_what_began_before)
{
    AUTO(buf_done) struct buf place = BUF_INIT;
    AUTO(text_free) char *path = path_join(X.job, "place");
    const char *at;
    char *larger;

    write_list(SPAN("uscc\n" TEST_LISTED "\n"));
    open_tests();
    cr_assert(run(T.store), "%s", T.err.text);
    integrate();
    place = read_file("place");
    at = strstr(place.data, "\"sequence\":");
    cr_assert_not_null(at);
    larger = place.data + (at - place.data) + strlen("\"sequence\":");
    *larger = '9';
    cr_assert(file_write(path, buf_span(&place), 0600, &T.err), "%s", T.err.text);
    cr_expect_str_eq(refused(), "screening.test-list");
}
