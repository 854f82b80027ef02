/* screening.c - piece by piece.
 *
 * The list is looked at as a whole first (rows.h), so that it is unusable from the beginning or every row of it is
 * answered. Then pieces of some thousand rows: answered into memory, written, noted (place.h), traced; each of these is
 * durable before the next. A piece rests on one transaction of its own, no longer than the piece, but all of them on
 * the same number of events and the same instant. */
#include "gateway/screening/screening.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "base/problem.h"
#include "base/text.h"
#include "gateway/journal/journal.h"
#include "gateway/screening/result.h"
#include "gateway/screening/run.h"

enum { PIECE_BYTES = 8 * 1024 * 1024, FILE_MODE = 0600 };

const char *run_text(const struct run *run, const char *name)
{
    const char *text = json_text_of(run->screening->order, name);

    return text ? text : "";
}

static void run_done(struct run *run)
{
    trace_writer_free(run->trace); /* what was not flushed was promised nowhere */
    lookup_batch_free(run->batch);
    domains_free(run->domains);
    windows_free(run->windows);
    free(run->place);
    text_free(run->trace_folder);
    file_close(run->input_fd);
    file_close(run->rows_fd);
    buf_done(&run->head);
    buf_done(&run->shown);
    buf_done(&run->json);
    buf_done(&run->piece);
}
DEFINE_AUTO_IN_PLACE(struct run, run_done)

/* --- what was ordered --- */

static const struct config_client *find_client(const struct run *run)
{
    const struct config *config = run->screening->config;

    for (size_t i = 0; i < config->client_count; i++) {
        if (strcmp(config->clients[i].name, run_text(run, "client")) == 0)
            return &config->clients[i];
    }
    return NULL;
}

static bool load_domain(struct run *run, struct error *err)
{
    const char *data = run->screening->config->data;
    AUTO(text_free) char *consumers = path_join(data, "adapters/consumers");
    AUTO(text_free) char *schemas = path_join(data, "schemas");
    AUTO(text_free) char *windows = path_join(data, "schemas/data/publication-windows.json");

    if (!domains_load(consumers, schemas, &run->domains, err) || !windows_load(windows, &run->windows, err))
        return false;
    run->domain = domains_find(run->domains, span_of(run_text(run, "domain")));
    return run->domain || refuse(err, ERR_NOT_FOUND, "domain.unknown", "there is no domain \"%s\" any more",
                                 "领域“%s”已不存在", run_text(run, "domain"));
}

/* It may be long since it was ordered: what its client may not order now is not answered. */
static bool check_client(const struct run *run, const struct config_client **out, struct error *err)
{
    bool is_test = run->screening->tests;

    *out = find_client(run);
    if (*out && (*out)->is_test == is_test &&
        config_client_may_ask(*out, run_text(run, "domain"), span_of(run_text(run, "purpose"))))
        return true;
    return refuse(err, ERR_FORBIDDEN, "client.domain", "client %s may not ask about %s", "接入系统 %s 无权查询领域 %s",
                  run_text(run, "client"), run_text(run, "domain"));
}

static enum screening_format format_of(const char *name)
{
    return strcmp(name, SCREENING_FORMAT_NAMES[SCREENING_NDJSON]) == 0 ? SCREENING_NDJSON : SCREENING_CSV;
}

static int64_t number_of(const struct run *run, const char *name)
{
    int64_t number = 0;

    return integer_parse(span_of(run_text(run, name)), &number) ? number : 0;
}

static void take_question(struct run *run, const struct config_client *client)
{
    const struct domain_given given = {.matter = span_of(run_text(run, "matter")),
                                       .case_number = span_of(run_text(run, "case")),
                                       .authorisation = span_of(run_text(run, "authorisation")),
                                       .operator= span_of(run_text(run, "operator")),
                                       .department = span_of(run_text(run, "department"))};
    AUTO(buf_done) struct buf certificate = BUF_INIT;

    run->format = format_of(run_text(run, "format"));
    run->has_certificate =
        hex_decode(span_of(run_text(run, "certificate")), &certificate) && certificate.bytes == sizeof run->certificate;
    if (run->has_certificate)
        memcpy(run->certificate, certificate.data, sizeof run->certificate);
    run->question = (struct lookup_question){.domain = run->domain,
                                             .purpose = span_of(run_text(run, "purpose")),
                                             .given = given,
                                             .is_government = client->kind == CLIENT_GOVERNMENT,
                                             .withheld_scopes = ~client->scopes,
                                             .shown = &run->shown,
                                             .windows = run->windows,
                                             .is_test = run->screening->tests,
                                             .memory = &run->memory};
    run->entry = (struct trace_entry){.is_test = run->screening->tests,
                                      .by = span_of(client->name),
                                      .kind = span_of(client->kind_text),
                                      .certificate = run->has_certificate ? run->certificate : NULL,
                                      .domain = span_of(run_text(run, "domain")),
                                      .purpose = run->question.purpose,
                                      .matter = given.matter,
                                      .case_number = given.case_number,
                                      .operator= given.operator,
                                      .department = given.department };
}

/* --- the list as a whole --- */

static bool open_input(struct run *run, struct error *err)
{
    AUTO(text_free) char *path = path_join(run->screening->folder, "input");

    run->input_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return run->input_fd >= 0 || file_fail(err, path, "cannot open");
}

static bool refuse_rows(const struct run *run, struct error *err)
{
    int64_t most = run->screening->config->screening_rows;

    if (run->of > 0)
        return refuse(err, ERR_LIMIT, "screening.rows", "the list has more than %lld rows: divide it",
                      "名单超过 %lld 行：请分批", (long long)most);
    return refuse(err, ERR_INVALID, "screening.empty", "the list has no row", "名单中没有任何一行");
}

static bool count_rows(struct run *run, struct error *err)
{
    AUTO(screening_rows_free) struct screening_rows *rows = NULL;
    const struct testlist *tests = run->screening->tests;
    struct screening_row row;
    bool is_end = false;

    if (!screening_rows_open(run->input_fd, run->format, &rows, err))
        return false;
    while (!is_end && run->of <= (uint64_t)run->screening->config->screening_rows) {
        if (!screening_rows_next(rows, &row, &is_end, err))
            return false;
        if (is_end)
            break;
        run->of++;
        /* As in a batch: one such code, and all are answered as if nothing were registered. */
        if (tests && testlist_is_empty_code(tests, row.uscc))
            run->store = testlist_empty_store(tests);
    }
    run->empty = screening_rows_empty(rows);
    run->encoding = screening_rows_encoding(rows);
    run->wants_mark = screening_rows_wants_mark(rows);
    return (is_end && run->of > 0) || refuse_rows(run, err);
}

/* --- where it stands --- */

/* Now, as the data go. */
static int64_t now_of(const struct run *run)
{
    return clock_now_ms(run->screening->tests ? testlist_clock(run->screening->tests) : run->screening->clock);
}

/* The test list is made anew at each start, without what came since. */
static bool check_tests(const struct run *run, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    if (!run->screening->tests || *run_text(run, "as_of_sequence"))
        return true;
    if (!store_begin(run->store, STORE_READ, &txn, err))
        return false;
    return (journal_size(txn) >= run->place->sequence && store_txn_is_good(txn, err)) ||
           refuse(err, ERR_CONFLICT, "screening.test-list", "the test list was made anew meanwhile: order it again",
                  "测试名单已重新生成：请重新提交");
}

/* The state that every row rests on, also should the register be another by the end. */
static bool begin_anew(struct run *run, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct screening_place *place = run->place;

    place->started_ms = clock_now_ms(run->screening->clock);
    place->at_ms = number_of(run, "as_of_ms");
    place->sequence = (uint64_t)number_of(run, "as_of_sequence");
    if (place->at_ms != 0 || place->sequence != 0)
        return place_store(run->screening->folder, place, err);
    if (!store_begin(run->store, STORE_READ, &txn, err))
        return false;
    place->at_ms = now_of(run);
    place->sequence = journal_size(txn);
    return store_txn_is_good(txn, err) && place_store(run->screening->folder, place, err);
}

static bool find_place(struct run *run, struct error *err)
{
    uint32_t traced = 0;
    bool is_there;

    run->place = memory_new(sizeof *run->place);
    if (!place_load(run->screening->folder, run->place, &is_there, err))
        return false;
    if (!is_there)
        return begin_anew(run, err);
    if (!place_traced(run->trace_folder, run->place, &traced, err))
        return false;
    place_take(run->place, traced);
    return check_tests(run, err);
}

/* What stands behind the place was promised nowhere. */
static bool open_rows(struct run *run, struct error *err)
{
    AUTO(text_free) char *path = path_join(run->screening->folder, "rows");

    run->rows_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (run->rows_fd < 0 || ftruncate(run->rows_fd, (off_t)run->place->result_bytes) != 0)
        return file_fail(err, path, "cannot open");
    return file_sync_folder(run->screening->folder, err);
}

static bool prepare(struct run *run, struct error *err)
{
    const struct config_client *client = NULL;

    run->trace_folder = config_state_path(run->screening->config, "trace");
    if (!load_domain(run, err) || !check_client(run, &client, err))
        return false;
    run->store = run->screening->tests ? testlist_store(run->screening->tests) : run->screening->store;
    take_question(run, client);
    if (!open_input(run, err) || !count_rows(run, err) || !find_place(run, err) || !open_rows(run, err) ||
        !trace_writer_open(run->trace_folder, &run->trace, err))
        return false;
    run->batch = lookup_batch_new();
    run->question.as_of_ms = run->place->at_ms;
    run->question.as_of_sequence = run->place->sequence;
    run->entry.as_of_ms = number_of(run, "as_of_ms");
    run->entry.as_of_sequence = run->place->sequence;
    return true;
}

/* --- a piece --- */

static bool answer(struct run *run, struct screening_row *row, const char *receipt, struct lookup_facts *facts)
{
    struct lookup_batch_code code = {row->uscc, row->authorisation, receipt};

    if (!row->is_bad && lookup_batch_add(run->batch, &code, &run->json, facts, &row->why))
        return true;
    row->is_bad = true;
    buf_clear(&run->json);
    buf_clear(&run->shown);
    return false;
}

static void trace_row(struct run *run, const struct screening_row *row, const struct lookup_facts *facts, int status)
{
    struct trace_entry entry = run->entry;
    char receipt[TRACE_RECEIPT_BYTES];

    trace_next_receipt(run->trace, receipt);
    entry.receipt = receipt;
    entry.uscc = row->uscc;
    entry.name = row->name;
    entry.authorisation = row->authorisation.bytes > 0 ? row->authorisation : run->question.given.authorisation;
    entry.status = status;
    entry.answer = buf_span(&run->json);
    if (!facts)
        entry.refusal = span_of(row->why.rule);
    if (facts) {
        entry.verdict = VERDICT_NAMES[facts->verdict];
        entry.rules = facts->rules;
        entry.sequence = facts->sequence;
        entry.shown = buf_span(&run->shown);
        entry.owes = facts->owes;
    }
    trace_add(run->trace, &entry);
}

static void add_row(struct run *run, struct screening_row *row)
{
    struct screening_place *place = run->place;
    char receipt[TRACE_RECEIPT_BYTES];
    struct lookup_facts facts;
    bool is_answered;
    int status = 200;

    buf_clear(&run->json);
    buf_clear(&run->shown);
    trace_next_receipt(run->trace, receipt);
    if (place->pending == 0)
        memcpy(place->first, receipt, sizeof place->first);
    is_answered = answer(run, row, receipt, &facts);
    if (!is_answered)
        status = problem_object_add(0, &row->why, receipt, &run->json);
    screening_result_add(run->format,
                         &(struct screening_result){row, receipt, buf_span(&run->json), is_answered ? &facts : NULL},
                         &run->piece);
    trace_row(run, row, is_answered ? &facts : NULL, status);
    place->outcomes[place->pending] = is_answered ? (uint8_t)facts.verdict : OUTCOME_REFUSED;
    place->ends[place->pending] = place->result_bytes + run->piece.bytes;
    place->pending++;
}

static bool fill_piece(struct run *run, struct screening_rows *rows, bool *is_end, struct error *err)
{
    struct screening_row row;

    while (run->place->pending < SCREENING_PIECE_ROWS && run->piece.bytes < PIECE_BYTES) {
        if (!screening_rows_next(rows, &row, is_end, err))
            return false;
        if (*is_end)
            return true;
        add_row(run, &row);
    }
    return true;
}

static bool answer_piece(struct run *run, struct screening_rows *rows, bool *is_end, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    run->question.at_ms = now_of(run);
    run->entry.at_ms = clock_now_ms(run->screening->clock);
    /* A clock that was set back does not make the past a future. */
    if (run->question.at_ms < run->question.as_of_ms)
        run->question.at_ms = run->question.as_of_ms;
    buf_clear(&run->head);
    buf_clear(&run->piece);
    if (run->place->result_bytes == 0)
        screening_result_head(run->format, run->wants_mark, &run->piece);
    if (!store_begin(run->store, STORE_READ, &txn, err))
        return false;
    return lookup_batch_begin(run->batch, txn, &run->question, &run->head, err) && fill_piece(run, rows, is_end, err) &&
           lookup_batch_end(run->batch, &run->head, err);
}

static bool keep_piece(struct run *run, struct error *err)
{
    struct screening_place *place = run->place;

    if (!file_write_at(run->rows_fd, place->result_bytes, buf_span(&run->piece), err))
        return fail_in(err, "the result");
    if (fdatasync(run->rows_fd) != 0)
        return file_fail(err, "the result", "cannot sync");
    if (!place_store(run->screening->folder, place, err) || !trace_flush(run->trace, err))
        return false;
    place_take(place, place->pending);
    return true;
}

static bool tell_progress(const struct run *run, struct error *err)
{
    const struct screening *screening = run->screening;

    if (!screening->progress || screening->progress(screening->context, run->place->rows, run->of))
        return true;
    return refuse(err, ERR_CONFLICT, "screening.cancelled", "the screening was cancelled", "批量筛查已取消");
}

/* Those that were answered before. */
static bool pass_over(struct screening_rows *rows, uint64_t count, struct error *err)
{
    struct screening_row row;
    bool is_end = false;

    while (count-- > 0 && !is_end) {
        if (!screening_rows_next(rows, &row, &is_end, err))
            return false;
    }
    return true;
}

static bool answer_all(struct run *run, struct error *err)
{
    AUTO(screening_rows_free) struct screening_rows *rows = NULL;
    bool is_end = false;

    if (!screening_rows_open(run->input_fd, run->format, &rows, err) || !pass_over(rows, run->place->rows, err))
        return false;
    while (!is_end) {
        if (!tell_progress(run, err) || !answer_piece(run, rows, &is_end, err))
            return false;
        if (run->place->pending > 0 && !keep_piece(run, err))
            return false;
    }
    return tell_progress(run, err);
}

static void tell_counts(const struct screening_place *place, uint64_t empty, struct screening_counts *counts)
{
    *counts = (struct screening_counts){.rows = place->rows,
                                        .listed = place->counts[VERDICT_LISTED],
                                        .not_listed = place->counts[VERDICT_NOT_LISTED],
                                        .unknown = place->counts[VERDICT_UNKNOWN],
                                        .refused = place->counts[OUTCOME_REFUSED],
                                        .empty = empty};
}

bool screening_run(const struct screening *screening, struct screening_counts *counts, struct error *err)
{
    AUTO(run_done) struct run run = {.screening = screening, .input_fd = -1, .rows_fd = -1};

    if (!prepare(&run, err) || !answer_all(&run, err) || !run_close(&run, err))
        return false;
    tell_counts(run.place, run.empty, counts);
    return true;
}

bool screening_counts_so_far(const char *folder, struct screening_counts *counts)
{
    struct screening_place *place = memory_new(sizeof *place);
    struct error err;
    bool is_there;
    bool is_good = place_load(folder, place, &is_there, &err) && is_there;

    if (is_good)
        tell_counts(place, 0, counts);
    free(place);
    return is_good;
}
