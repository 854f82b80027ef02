/* What changed, for whoever keeps a copy: through the whole door, with a store that changes while clients wait. */
#include "gate.h"

#include <pthread.h>

#include "gateway/trace/trace.h"

#define SAMPLE "91440224MAYUCHK485"
#define AS_BANK "/v1/changes?domain=lending&purpose=credit-review"
#define AS_LAND "/v1/changes?domain=land-supply&purpose=decision-review"

TestSuite(changes, .init = gate_open, .fini = gate_close, .timeout = 60);

static const char *refused(const char *client, const char *path, long status)
{
    cr_assert_eq(ask(client, path), status, "%s: %ld %s", path, G.status, buf_text(&G.body));
    cr_assert(has_header("content-type: application/problem+json"));
    return told("rule");
}

static size_t read_from(const char *client, const char *path, int64_t after)
{
    char full[512];

    snprintf(full, sizeof full, "%s&after=%lld", path, (long long)after);
    cr_assert_eq(ask(client, full), 200, "%s: %ld %s", full, G.status, buf_text(&G.body));
    return json_array_size(json_object_get(G.json, "changes"));
}

static const json_t *change_at(size_t index)
{
    return json_array_get(json_object_get(G.json, "changes"), index);
}

static int64_t next(void)
{
    return json_integer_of(G.json, "next", -1);
}

/* --- failures and limits --- */

Test(changes, what_cannot_be_asked_is_refused)
{
    gate_start();
    cr_assert_str_eq(refused("stranger", AS_BANK, 403), "client.unknown");
    cr_assert_str_eq(refused("bank", "/v1/changes?purpose=credit-review", 404), "domain.unknown");
    cr_assert_str_eq(refused("bank", AS_LAND, 403), "client.domain");
    cr_assert_str_eq(refused("bank", "/v1/changes?domain=lending", 400), "purpose.unknown");
    cr_assert_str_eq(refused("bank", AS_BANK "&after=1000000", 400), "changes.after");
    cr_assert_str_eq(refused("bank", AS_BANK "&after=-1", 400), "query.number");
    cr_assert_str_eq(refused("bank", AS_BANK "&limit=0", 400), "query.number");
    cr_assert_str_eq(refused("bank", AS_BANK "&limit=201", 400), "query.number");
    cr_assert_str_eq(refused("bank", AS_BANK "&wait=31", 400), "query.number");
    cr_assert_str_eq(refused("bank", AS_BANK "&since=1", 400), "query.unknown");
    cr_assert_eq(ask_as("bank", "POST", AS_BANK), 405);
}

Test(changes, a_domain_that_answers_from_obligations_says_so)
{
    gate_configure("  - {name: power, kind: government, certificate: stranger.pem, domains: [power-price]}\n");
    gate_start();
    cr_assert_str_eq(refused("stranger", "/v1/changes?domain=power-price&purpose=price-classification", 422),
                     "changes.domain");
}

/* Government only: a bank learns nothing, not even that there is something. */
Test(changes, what_is_out_of_scope_is_not_told)
{
    struct proposal proposal = sample_proposal();

    proposal.scope = SCOPE_GOVERNMENT;
    import_row(sample_row());
    cr_assert_str_eq(propose_sample(&proposal), "done");
    cr_assert_str_eq(approve_as("reviewer", T.last.record), "done");
    gate_start();
    cr_assert_eq(read_from("bank", AS_BANK, 0), 0);
    cr_assert_null(strstr(buf_text(&G.body), SAMPLE));
    cr_assert_eq(read_from("land", AS_LAND, 0), 1);
}

Test(changes, what_the_register_contradicts_is_withheld)
{
    struct obligation row = sample_row();
    int64_t before;

    (void)listed_sample();
    gate_start();
    cr_assert_eq(read_from("bank", AS_BANK, 0), 1);
    before = next();
    gate_reopen();
    row.field[COLUMN_STATE] = span_of("已撤销");
    import_row(row);
    cr_assert_eq(read_from("bank", AS_BANK, before), 1);
    cr_assert_str_eq(json_text_of(change_at(0), "state"), "withheld");
    cr_assert(json_is_null(json_object_get(change_at(0), "record")));
}

/* --- what works --- */

Test(changes, a_record_is_told_as_lookups_show_it)
{
    const json_t *record;
    const char *id = listed_sample();

    gate_start();
    cr_assert_eq(read_from("bank", AS_BANK, 0), 1);
    cr_assert_str_eq(json_text_of(change_at(0), "state"), "listed");
    cr_assert_str_eq(json_text_of(change_at(0), "id"), id);
    cr_assert_str_eq(json_text_of(change_at(0), "uscc"), SAMPLE);
    record = json_object_get(change_at(0), "record");
    cr_assert_str_eq(json_text_of(record, "record"), id);
    cr_assert_null(json_object_get(record, "facts"), "a bank sees less");
    cr_assert_eq(read_from("land", AS_LAND, 0), 1);
    cr_assert_not_null(json_object_get(json_object_get(change_at(0), "record"), "facts"));
}

Test(changes, an_end_is_told_and_what_was_before_is_not_any_more)
{
    struct proposal withdrawal = {
        .op = OP_WITHDRAWN, .on = on("2026-08-03"), .reason = span_of("认定有误"), .scope = -1};
    char id[RECORD_ID_BYTES];
    int64_t before;

    memcpy(id, listed_sample(), sizeof id);
    gate_start();
    cr_assert_eq(read_from("bank", AS_BANK, 0), 1);
    before = next();
    cr_assert_eq(read_from("bank", AS_BANK, before), 0);
    cr_assert_eq(next(), before);
    gate_reopen();
    cr_assert_str_eq(change(id, withdrawal), "done");
    cr_assert_eq(read_from("bank", AS_BANK, before), 0, "proposed is not in force");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    cr_assert_eq(read_from("bank", AS_BANK, before), 1);
    cr_assert_str_eq(json_text_of(change_at(0), "state"), "ended");
    cr_assert_str_eq(json_text_of(change_at(0), "ended_by"), "withdrawn");
    cr_assert_eq(read_from("bank", AS_BANK, 0), 1, "only how it stands now");
    cr_assert_str_eq(json_text_of(change_at(0), "state"), "ended");
}

Test(changes, without_a_change_it_waits_as_long_as_was_asked)
{
    int64_t start_ms;

    (void)listed_sample();
    gate_start();
    cr_assert_eq(read_from("bank", AS_BANK, 0), 1);
    start_ms = time_monotonic_ms();
    cr_assert_eq(read_from("bank", AS_BANK "&wait=1", next()), 0);
    cr_assert_geq(time_monotonic_ms() - start_ms, 1000);
    cr_assert_str_neq(told("receipt"), "(none)");
}

static void *approve_later(void *context)
{
    usleep(500000);
    cr_assert_str_eq(approve_as("reviewer", context), "done");
    return NULL;
}

Test(changes, a_change_ends_the_waiting)
{
    struct proposal proposal = sample_proposal();
    int64_t start_ms = time_monotonic_ms();
    char id[RECORD_ID_BYTES];
    pthread_t other;
    int64_t after;

    import_row(sample_row());
    cr_assert_str_eq(propose_sample(&proposal), "done");
    memcpy(id, T.last.record, sizeof id);
    gate_start();
    cr_assert_eq(read_from("bank", AS_BANK, 0), 0);
    after = next();
    gate_reopen();
    cr_assert_eq(pthread_create(&other, NULL, approve_later, id), 0);
    cr_assert_eq(read_from("bank", AS_BANK "&wait=15", after), 1, "%s", buf_text(&G.body));
    cr_assert_lt(time_monotonic_ms() - start_ms, 10000);
    pthread_join(other, NULL);
}

Test(changes, pages_go_on_where_the_one_before_ended)
{
    struct proposal proposal = sample_proposal();
    struct obligation row = sample_row();
    AUTO(buf_done) struct buf first = BUF_INIT;

    (void)listed_sample();
    row.field[COLUMN_DIMENSION] = span_of("环保");
    row.field[COLUMN_AUTHORITY] = span_of("韶关市生态环境局");
    row.field[COLUMN_AUTHORITY_KIND] = span_of("生态环境主管部门");
    row.field[COLUMN_DOCUMENT] = span_of("韶环〔2025〕10号");
    import_row(row);
    proposal.document = span_of("韶环失信〔2026〕1号");
    cr_assert_str_eq(propose_row(row, &proposal), "done");
    cr_assert_str_eq(approve_as("reviewer", T.last.record), "done");
    gate_start();
    cr_assert_eq(read_from("bank", AS_BANK, 0), 2);
    cr_assert_eq(read_from("bank", AS_BANK "&limit=1", 0), 1);
    cr_assert(json_bool_of(G.json, "more", false));
    buf_add_text(&first, json_text_of(change_at(0), "id"));
    cr_assert_eq(read_from("bank", AS_BANK "&limit=1", next()), 1);
    cr_assert_str_neq(json_text_of(change_at(0), "id"), buf_text(&first));
    cr_assert_eq(read_from("bank", AS_BANK "&limit=1", next()), 0);
    cr_assert_not(json_bool_of(G.json, "more", true));
}

/* Waiting takes one token of the limit, however often the server asks again; and a page is in the trace once. */
Test(changes, waiting_counts_as_one_request_and_leaves_one_trace)
{
    AUTO(text_free) char *folder = path_join(T.folder, "trace");
    AUTO(trace_log_free) struct trace_log *log = NULL;
    AUTO(buf_done) struct buf entry = BUF_INIT;
    uint64_t taken;

    gate_configure("  - {name: slow, kind: lender, certificate: stranger.pem, domains: [lending], "
                   "requests_per_minute: 2}\n");
    (void)listed_sample();
    gate_start();
    cr_assert_eq(read_from("stranger", AS_BANK, 0), 1);
    cr_assert_eq(read_from("stranger", AS_BANK "&wait=1", next()), 0);
    cr_assert_str_eq(refused("stranger", AS_BANK, 429), "client.limit");
    cr_assert(trace_log_open(folder, &log, &T.err) && trace_log_integrate(log, &taken, &T.err), "%s", T.err.text);
    cr_assert_eq(trace_log_size(log), 3, "two pages, and the refusal");
    cr_assert(trace_log_read(log, 0, &entry, &T.err), "%s", T.err.text);
    cr_assert_not_null(strstr(buf_text(&entry), "\"shown\":[[\"R"), "%s", buf_text(&entry));
    cr_assert_not_null(strstr(buf_text(&entry), "\"by\":\"slow\""), "%s", buf_text(&entry));
}
