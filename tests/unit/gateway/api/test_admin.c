/* The administration socket: who may do what, jobs, and what staff read. */
#include "gate.h"

#include <sys/stat.h>

#include "gateway/jobs/jobs.h"

enum { IMPORT_LIMIT = 64 * 1024 }; /* gate_configure */

TestSuite(admin, .init = gate_open, .fini = gate_close, .timeout = 60);

static void configure(const char *map, const char *roles)
{
    char staff[256];

    snprintf(staff, sizeof staff, "staff: [{name: author, uid: %u, roles: [%s], title: 张三, lang: en}]\n",
             (unsigned)getuid(), roles);
    gate_configure_with(map, staff);
}

static void configure_me(const char *roles)
{
    configure("1G", roles);
}

static const char *problem(long status)
{
    cr_assert_eq(G.status, status, "%ld: %s", G.status, buf_text(&G.body));
    cr_assert(has_header("content-type: application/problem+json"));
    cr_assert_str_neq(told("detail_zh"), "(none)");
    return told("rule");
}

/* The next word that the api process said to its parent. */
static void hear(char word[JOB_ID_BYTES])
{
    ssize_t bytes = recv(G.words[0], word, JOB_ID_BYTES - 1, 0);

    cr_assert_gt(bytes, 0);
    word[bytes] = '\0';
}

Test(admin, somebody_who_is_not_on_the_staff_is_told_what_to_configure)
{
    char uid[32];

    gate_configure("staff: [{name: other, uid: 4294967290, roles: operator}]\n");
    gate_start();
    admin("/admin/v1/whoami");
    cr_assert_str_eq(problem(403), "staff.unknown");
    snprintf(uid, sizeof uid, "uid: %u, roles: ", (unsigned)getuid());
    cr_assert_not_null(strstr(told("detail"), uid), "%s", told("detail"));
    cr_assert_not_null(strstr(told("detail_zh"), uid), "%s", told("detail_zh"));
    cr_assert_not_null(strstr(told("detail"), "g.yaml"));
    admin_post("/admin/v1/jobs/propose", "{}");
    cr_assert_str_eq(problem(403), "staff.unknown");
}

Test(admin, a_person_learns_who_the_gateway_takes_them_for)
{
    configure_me("operator, auditor");
    gate_start();
    cr_assert_eq(admin("/admin/v1/whoami"), 200, "%s", buf_text(&G.body));
    cr_assert_str_eq(told("name"), "author");
    cr_assert_str_eq(told("title"), "张三");
    cr_assert_str_eq(told("lang"), "en");
    cr_assert_eq(json_integer_of(G.json, "uid", -1), getuid());
    cr_assert_eq(json_array_size(json_object_get(G.json, "roles")), 2);
}

Test(admin, a_job_needs_a_role_for_its_kind)
{
    configure_me("auditor");
    gate_start();
    admin_post("/admin/v1/jobs/propose", "{}");
    cr_assert_str_eq(problem(403), "staff.role");
    cr_assert_not_null(strstr(told("detail"), "operator"), "%s", told("detail"));
    admin_post("/admin/v1/jobs/no-such-kind", "{}");
    cr_assert_str_eq(problem(404), "job.kind");
}

/* Before the body: else it would be told that the file is too large. */
Test(admin, who_may_not_import_is_told_so_before_the_file_is_read)
{
    AUTO(buf_done) struct buf large = BUF_INIT;

    configure_me("auditor");
    gate_start();
    buf_reserve(&large, 1 << 21);
    memset(large.data, 'x', 1 << 21);
    admin_as("POST", "/admin/v1/jobs/import?file=a.csv", large.data, 1 << 21);
    cr_assert_str_eq(problem(403), "staff.role");
}

Test(admin, a_file_beyond_the_limit_is_refused_and_one_below_is_taken)
{
    AUTO(buf_done) struct buf large = BUF_INIT;
    char word[JOB_ID_BYTES];

    gate_start();
    buf_reserve(&large, IMPORT_LIMIT + 1);
    memset(large.data, 'x', IMPORT_LIMIT + 1);
    admin_as("POST", "/admin/v1/jobs/import?file=a.csv", large.data, IMPORT_LIMIT + 1);
    cr_assert_eq(G.status, 413, "%s", buf_text(&G.body));
    cr_assert_eq(admin_as("POST", "/admin/v1/jobs/import?file=a.csv", large.data, IMPORT_LIMIT), 202, "%s",
                 buf_text(&G.body));
    hear(word);
    cr_assert_str_eq(told("job"), word);
}

Test(admin, an_import_without_a_file_is_refused)
{
    gate_start();
    cr_assert_eq(admin_post("/admin/v1/jobs/import?file=a.csv", ""), 400);
    cr_assert_str_eq(problem(400), "job.file");
    cr_assert_eq(admin_post("/admin/v1/jobs/import?file=../a.csv", "x"), 400);
    cr_assert_str_eq(problem(400), "query.file");
}

Test(admin, arguments_that_make_no_sense_are_refused)
{
    gate_start();
    admin_post("/admin/v1/jobs/propose", "{\"on\": ");
    problem(400);
    cr_assert_not_null(strstr(told("detail"), "arguments"));
    admin_post("/admin/v1/jobs/propose", "[]");
    cr_assert_str_eq(problem(400), "job.arguments");
    admin_post("/admin/v1/jobs/propose?lang=fr", "{}");
    cr_assert_str_eq(problem(400), "query.lang");
    admin_post("/admin/v1/jobs/propose?color=red", "{}");
    cr_assert_str_eq(problem(400), "query.unknown");
}

/* The mark of the first is wrong, so it would be told of that if anything had been looked at. */
Test(admin, a_list_longer_than_the_order_takes_is_refused_before_its_items_are_looked_at)
{
    AUTO(buf_done) struct buf body = BUF_INIT;

    gate_start();
    buf_add_text(&body, "{\"reason\":\"r\",\"ids\":[\"r-1@today\"");
    for (int i = 0; i < JOB_IDS_MAX; i++)
        buf_add_text(&body, ",\"r-1@1\"");
    buf_add_text(&body, "]}");
    admin_post("/admin/v1/jobs/withdraw", buf_text(&body));
    cr_assert_str_eq(problem(413), "job.argument-limit");
    admin_post("/admin/v1/jobs/overdue", "{\"on\":\"2026-11-01\",\"ids\":[\"r-1@today\"]}");
    cr_assert_str_eq(problem(400), "job.argument");
    admin_post("/admin/v1/jobs/withdraw", "{\"reason\":\"r\",\"ids\":[\"r-1@today\"]}");
    cr_assert_str_eq(problem(400), "order.seen");
}

Test(admin, an_order_is_on_disk_and_the_parent_knows_when_it_is_acknowledged)
{
    char word[JOB_ID_BYTES], path[128];

    gate_start();
    cr_assert_eq(admin_post("/admin/v1/jobs/overdue", "{\"on\":\"2026-07-31\"}"), 202, "%s", buf_text(&G.body));
    hear(word);
    cr_assert_str_eq(told("job"), word);
    snprintf(path, sizeof path, "location: /admin/v1/jobs/%s", word);
    cr_assert(has_header(path), "%s", buf_text(&G.headers));
    snprintf(path, sizeof path, "/admin/v1/jobs/%s", word);
    cr_assert_eq(admin(path), 200, "%s", buf_text(&G.body));
    cr_assert_str_eq(told("state"), "waiting");
    cr_assert_str_eq(told("person"), "author");
    snprintf(path, sizeof path, "/admin/v1/jobs/%s/report?format=text&offset=0", word);
    cr_assert_eq(admin(path), 404, "not yet: %s", buf_text(&G.body));
    snprintf(path, sizeof path, "/admin/v1/jobs/%s/report?offset=-1", word);
    admin(path);
    cr_assert_str_eq(problem(400), "query.offset");
}

/* Nobody runs them here. */
Test(admin, whoever_has_fifty_jobs_is_told_to_wait)
{
    gate_start();
    for (int i = 0; i < JOB_OPEN_MAX; i++)
        cr_assert_eq(admin_post("/admin/v1/jobs/overdue", "{\"on\":\"2026-07-31\"}"), 202, "%s", buf_text(&G.body));
    cr_assert_eq(admin_post("/admin/v1/jobs/overdue", "{\"on\":\"2026-07-31\"}"), 429);
    cr_assert_str_eq(problem(429), "job.too-many");
    cr_assert(has_header("retry-after: 10"), "%s", buf_text(&G.headers));
}

Test(admin, a_job_that_is_not_there_is_not_found_whatever_its_name)
{
    gate_start();
    cr_assert_eq(admin("/admin/v1/jobs/none"), 404);
    cr_assert_eq(admin("/admin/v1/jobs/none/report"), 404);
    cr_assert_eq(admin("/admin/v1/jobs/%2e%2e"), 400);
    cr_assert_eq(admin("/admin/v1/jobs"), 404);
    cr_assert_eq(admin("/admin/v1/jobs/a/b/c"), 404);
    cr_assert_eq(admin_as("DELETE", "/admin/v1/jobs/none", NULL, 0), 405);
    cr_assert(has_header("allow: GET, HEAD, POST"));
}

Test(admin, a_record_is_listed_shown_and_its_seal_given)
{
    char id[RECORD_ID_BYTES], path[128];
    const json_t *records;

    memcpy(id, listed_sample(), sizeof id);
    gate_start();
    cr_assert_eq(admin("/admin/v1/records?list=live&ground=energy&division=4402"), 200, "%s", buf_text(&G.body));
    records = json_object_get(G.json, "records");
    cr_assert_eq(json_array_size(records), 1);
    cr_assert_str_eq(json_text_of(json_array_get(records, 0), "state"), "effective");
    cr_assert_str_eq(json_text_of(json_object_get(json_array_get(records, 0), "record"), "record"), id);
    cr_assert_eq(admin("/admin/v1/records?list=live&ground=safety"), 200);
    cr_assert_eq(json_array_size(json_object_get(G.json, "records")), 0);
    snprintf(path, sizeof path, "/admin/v1/records/%s", id);
    cr_assert_eq(admin(path), 200, "%s", buf_text(&G.body));
    cr_assert_str_eq(told("record"), id);
    snprintf(path, sizeof path, "/admin/v1/records/%s/seal", id);
    cr_assert_eq(admin(path), 200, "%s", buf_text(&G.body));
    cr_assert_eq(json_array_size(json_object_get(G.json, "signatures")), 2);
    snprintf(path, sizeof path, "/admin/v1/records/%s/seal?version=2", id);
    cr_assert_eq(admin(path), 404);
}

Test(admin, lists_say_what_they_do_not_understand)
{
    gate_start();
    admin("/admin/v1/records");
    cr_assert_str_eq(problem(400), "query.list");
    admin("/admin/v1/records?list=all");
    cr_assert_str_eq(problem(400), "query.list");
    admin("/admin/v1/records?list=live&ground=mood");
    cr_assert_str_eq(problem(400), "query.ground");
    admin("/admin/v1/records?list=live&limit=1001");
    cr_assert_str_eq(problem(400), "query.limit");
    admin("/admin/v1/records?list=live&division=44x");
    cr_assert_str_eq(problem(400), "query.division");
    cr_assert_eq(admin("/admin/v1/records/R00000000000000000000"), 404);
    cr_assert_eq(admin("/admin/v1/records/R00000000000000000000/else"), 404);
}

static const char *record_of(const json_t *item)
{
    return json_text_of(json_object_get(item, "record"), "record");
}

Test(admin, a_list_ends_at_its_limit_and_goes_on_from_there)
{
    char first[RECORD_ID_BYTES], path[160];
    struct proposal proposal = sample_proposal();
    struct obligation rows[] = {sample_row(), sample_row()};

    rows[1].field[COLUMN_DOCUMENT] = span_of("韶工信节能〔2025〕11号");
    import_rows(rows, 2);
    for (int i = 0; i < 2; i++)
        cr_assert_str_eq(propose_row(rows[i], &proposal), "done");
    gate_start();
    cr_assert_eq(admin("/admin/v1/records?list=waiting&limit=1"), 200, "%s", buf_text(&G.body));
    cr_assert_eq(json_array_size(json_object_get(G.json, "records")), 1);
    cr_assert_eq(json_integer_of(G.json, "in_list", -1), 2);
    snprintf(first, sizeof first, "%s", record_of(json_array_get(json_object_get(G.json, "records"), 0)));
    snprintf(path, sizeof path, "/admin/v1/records?list=waiting&limit=1&from=%s", told("next"));
    cr_assert_eq(admin(path), 200, "%s", buf_text(&G.body));
    cr_assert_eq(json_array_size(json_object_get(G.json, "records")), 1);
    cr_assert_str_neq(record_of(json_array_get(json_object_get(G.json, "records"), 0)), first);
    cr_assert(json_is_null(json_object_get(G.json, "next")));
    cr_assert_eq(admin("/admin/v1/records?list=waiting&limit=2"), 200);
    cr_assert_eq(json_array_size(json_object_get(G.json, "records")), 2);
    cr_assert(json_is_null(json_object_get(G.json, "next")));
    admin("/admin/v1/records?list=waiting&from=zz");
    cr_assert_str_eq(problem(400), "query.from");
}

/* POST /admin/v1/jobs/withdraw of one id as a page would. */
static void withdraw(const char *id, int64_t seen)
{
    AUTO(buf_done) struct buf body = BUF_INIT;

    buf_addf(&body, "{\"ids\":[\"%s@%lld\"],\"reason\":\"r\"}", id, (long long)seen);
    admin_post("/admin/v1/jobs/withdraw", buf_text(&body));
}

Test(admin, an_order_about_what_is_not_as_it_was_seen_is_refused_whole)
{
    AUTO(buf_done) struct buf body = BUF_INIT;
    struct proposal proposal = sample_proposal();
    char id[RECORD_ID_BYTES], obligation[33];
    uint8_t obligation_bytes[OBLIGATION_ID_BYTES];
    struct obligation row = sample_row();
    const json_t *stale;
    int64_t seen;

    obligation_id(&row, obligation_bytes);
    obligation_id_text(obligation_bytes, obligation);
    import_rows((struct obligation[]){sample_row()}, 1);
    cr_assert_str_eq(propose_row(sample_row(), &proposal), "done");
    gate_start();
    cr_assert_eq(admin("/admin/v1/records?list=waiting"), 200, "%s", buf_text(&G.body));
    seen = json_integer_of(json_array_get(json_object_get(G.json, "records"), 0), "proposal", -1);
    snprintf(id, sizeof id, "%s", record_of(json_array_get(json_object_get(G.json, "records"), 0)));
    withdraw(id, seen + 1);
    cr_assert_str_eq(problem(409), "order.stale");
    cr_assert_not_null(strstr(told("detail_zh"), id), "%s", told("detail_zh"));
    stale = json_array_get(json_object_get(G.json, "stale"), 0);
    cr_assert_str_eq(json_text_of(stale, "id"), id);
    cr_assert_eq(json_integer_of(stale, "seen", -1), seen + 1);
    cr_assert_eq(json_integer_of(stale, "now", -1), seen);
    cr_assert(json_is_null(json_object_get(stale, "uscc")));
    buf_addf(&body,
             "{\"on\":\"2026-11-01\",\"document\":\"d\",\"decided_on\":\"2026-11-01\",\"severity\":\"minor\","
             "\"ids\":[\"%s@7\"]}",
             obligation);
    admin_post("/admin/v1/jobs/propose", buf_text(&body));
    cr_assert_str_eq(problem(409), "order.stale");
    stale = json_array_get(json_object_get(G.json, "stale"), 0);
    cr_assert_eq(json_integer_of(stale, "now", -1), 1);
    cr_assert_str_eq(json_text_of(stale, "uscc"), "91440224MAYUCHK485");
    buf_clear(&body);
    buf_addf(&body, "{\"ids\":[\"%s@%lld\",\"%s@9999\"],\"reason\":\"r\"}", id, (long long)seen, id);
    admin_post("/admin/v1/jobs/withdraw", buf_text(&body));
    cr_assert_str_eq(problem(409), "order.stale");
    buf_clear(&body);
    buf_addf(&body, "{\"ids\":[\"%s@today\"],\"reason\":\"r\"}", id);
    admin_post("/admin/v1/jobs/withdraw", buf_text(&body));
    cr_assert_str_eq(problem(400), "order.seen");
    withdraw(id, seen);
    cr_assert_eq(G.status, 202, "%s", buf_text(&G.body));
}

/* An order about one thing, as a page would give it. */
static void order_seen(const char *kind, const char *id, const char *seen)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    AUTO(buf_done) struct buf body = BUF_INIT;

    buf_addf(&path, "/admin/v1/jobs/%s", kind);
    buf_addf(&body, "{\"ids\":[\"%s\"],\"reason\":\"r\",\"seen\":\"%s\"}", id, seen);
    admin_post(buf_text(&path), buf_text(&body));
}

Test(admin, a_channel_that_is_not_as_it_was_seen_is_not_touched)
{
    const json_t *channel;

    configure_me("operator");
    gate_start();
    order_seen("resume", "credit-guangdong", "paused: HTTP 401");
    cr_assert_str_eq(problem(409), "order.stale");
    cr_assert_not_null(strstr(told("detail_zh"), "credit-guangdong"), "%s", told("detail_zh"));
    cr_assert_not_null(strstr(told("detail_zh"), "正常报送"), "%s", told("detail_zh"));
    cr_assert_not_null(strstr(told("detail"), "running"), "%s", told("detail"));
    order_seen("pause", "credit-guangdong", "draining: r");
    cr_assert_str_eq(problem(409), "order.stale");
    cr_assert_eq(admin("/admin/v1/status"), 200, "%s", buf_text(&G.body));
    channel = json_array_get(json_object_get(G.json, "channels"), 0);
    cr_assert_str_eq(json_text_of(channel, "version"), "running");
    order_seen("pause", "credit-guangdong", "running");
    cr_assert_eq(G.status, 202, "%s", buf_text(&G.body));
    cr_assert_eq(admin_post("/admin/v1/jobs/pause", "{\"ids\":[\"credit-guangdong\"],\"reason\":\"r\"}"), 202);
}

Test(admin, a_client_and_a_configuration_that_are_not_as_they_were_seen_are_not_touched)
{
    AUTO(buf_done) struct buf body = BUF_INIT;

    configure_me("administrator");
    gate_start();
    order_seen("client-resume", "bank", "suspended 7");
    cr_assert_str_eq(problem(409), "order.stale");
    cr_assert_not_null(strstr(told("detail_zh"), "正常"), "%s", told("detail_zh"));
    order_seen("client-suspend", "bank", "never suspended");
    cr_assert_eq(G.status, 202, "%s", buf_text(&G.body));
    admin_post("/admin/v1/jobs/reload", "{\"seen\":\"00\"}");
    cr_assert_str_eq(problem(409), "order.stale");
    cr_assert_eq(admin("/admin/v1/clients"), 200, "%s", buf_text(&G.body));
    cr_assert_eq(strlen(told("configuration")), 64);
    buf_addf(&body, "{\"seen\":\"%s\"}", told("configuration"));
    cr_assert_eq(admin_post("/admin/v1/jobs/reload", buf_text(&body)), 202, "%s", buf_text(&G.body));
}

Test(admin, a_delivery_that_is_no_number_of_calls_is_refused_and_one_that_is_not_there_is_left_to_the_job)
{
    configure_me("operator");
    gate_start();
    admin_post("/admin/v1/jobs/requeue", "{\"ids\":[\"1@yesterday\"],\"reason\":\"r\"}");
    cr_assert_str_eq(problem(400), "order.seen");
    cr_assert_eq(admin_post("/admin/v1/jobs/requeue", "{\"ids\":[\"1@1\",\"2\"],\"reason\":\"r\"}"), 202);
}

Test(admin, the_state_of_the_gateway_is_told)
{
    listed_sample();
    gate_start();
    cr_assert_eq(admin("/admin/v1/status"), 200, "%s", buf_text(&G.body));
    cr_assert_eq(json_integer_of(json_object_get(G.json, "records"), "live", -1), 1);
    cr_assert_eq(json_array_size(json_object_get(G.json, "channels")), 4, "the three stages, and feedback");
    cr_assert_eq(admin("/admin/v1/status/more"), 404);
    cr_assert_eq(admin("/admin/v1/status?x=1"), 400);
    cr_assert_eq(admin_post("/admin/v1/status", "{}"), 405);
}

Test(admin, the_trace_is_for_auditors)
{
    configure_me("operator, reviewer");
    gate_start();
    admin("/admin/v1/trace/anything");
    cr_assert_str_eq(problem(403), "staff.role");
    cr_assert_not_null(strstr(told("detail"), "auditor"));
}

Test(admin, lookups_are_for_clients_with_a_certificate)
{
    gate_start();
    cr_assert_eq(admin("/v1/lookups/lending/91440224MAYUCHK485?purpose=credit-review"), 404);
    cr_assert_eq(admin("/v1/domains"), 404);
    cr_assert_eq(admin("/healthz"), 200);
}

/* Another process lets the file grow beyond the map of this one, which has just read. */
Test(admin, the_store_can_grow_while_the_process_lives)
{
    enum { ROWS = 1500 };
    static struct obligation rows[ROWS];
    static char documents[ROWS][64];
    AUTO(text_free) char *path = path_join(T.folder, "store");
    AUTO(text_free) char *file = path_join(path, "data.mdb");
    struct store_options small = {.map_bytes = 1 << 20, .is_scratch = true};
    struct stat about;

    configure("1M", "operator");
    gate_start();
    cr_assert_eq(admin("/admin/v1/records?list=live"), 200, "%s", buf_text(&G.body));
    cr_assert(store_open(path, &small, &T.store, &T.err), "%s", T.err.text);
    T.desk.store = T.store;
    for (int i = 0; i < ROWS; i++) {
        rows[i] = sample_row();
        snprintf(documents[i], sizeof documents[i], "韶工信节能〔2025〕%d号", i);
        rows[i].field[COLUMN_DOCUMENT] = span_of(documents[i]);
    }
    import_rows(rows, ROWS);
    cr_assert_eq(stat(file, &about), 0);
    cr_assert_gt(about.st_size, 1 << 20);
    cr_assert_eq(admin("/admin/v1/records?list=live"), 200, "%s", buf_text(&G.body));
    cr_assert_eq(ask("bank", "/v1/lookups/lending/91440224MAYUCHK485?purpose=credit-review"), 200, "%s",
                 buf_text(&G.body));
    cr_assert_str_eq(told("verdict"), "not-listed", "the register is seen");
}
