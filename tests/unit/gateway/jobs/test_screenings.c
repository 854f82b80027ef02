/* The screenings of outside systems: made once a key, told to nobody else, kept for their days, gone when they are
 * removed. */
#include <sys/stat.h>
#include <time.h>

#include "gateway/jobs/folder.h"
#include "gateway/jobs/screenings.h"
#include "gateway/trace/trace.h"
#include "tests/unit/gateway/jobs/fixture.h"

#define LIST "reference,uscc\nA,91440224MAYUCHK485\nB,91440101MAYTEK014M\n"

static struct {
    struct config_client clients[2];
    char *domains[2];
    char id[JOB_ID_BYTES];
    bool is_new;
    int asked; /* how often an order asked whether it may be */
    bool may_not;
} X;

static void open_all(void)
{
    gate_open();
    X.domains[0] = (char *)"power-price";
    for (size_t i = 0; i < COUNT_OF(X.clients); i++)
        X.clients[i] = (struct config_client){
            .name = (char *)(i ? "other" : "power"), .kind = CLIENT_GOVERNMENT, .domains = X.domains, .scopes = ~0U};
    J.config.clients = X.clients;
    J.config.client_count = COUNT_OF(X.clients);
    J.config.screening_rows = 1000;
    J.config.screening_held = 3;
    J.config.screening_days = 7;
}

TestSuite(screenings, .init = open_all, .fini = gate_close, .timeout = 120);

static bool may(void *context, struct error *err)
{
    (void)context;
    X.asked++;
    return !X.may_not || refuse(err, ERR_LIMIT, "client.quota", "no", "不可");
}

static bool wish(const char *client, const char *key, const char *purpose, const char *list)
{
    AUTO(text_free) char *path = path_join(J.folder, "list");
    AUTO(json_release)
    json_t *arguments = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "client", client, "certificate", "00", "domain",
                                  "power-price", "purpose", purpose, "format", "csv", "order", "0123-1");
    AUTO(file_close) int fd = -1;
    struct screening_order order = {.client = client, .key = span_of(key), .arguments = arguments, .may = may};

    write_file(path, list);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    order.input_fd = fd;
    memset(&J.err, 0, sizeof J.err);
    return screenings_order(&J.config, &order, X.id, &X.is_new, &J.err);
}

static const char *ordered(const char *client, const char *key, const char *list)
{
    cr_assert(wish(client, key, "price-classification", list), "%s", J.err.text);
    return X.id;
}

static json_t *state_of(const char *client, const char *id)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    json_t *state;

    cr_assert(screenings_read(&J.config, client, id, &text, &J.err), "%s", J.err.text);
    cr_assert(json_read(buf_span(&text), JSON_BYTES_MAX, &state, &J.err), "%s", J.err.text);
    return state;
}

static bool exists(const char *client, const char *id)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    if (screenings_read(&J.config, client, id, &text, &J.err))
        return true;
    cr_assert_str_eq(J.err.rule, "screening.unknown");
    return false;
}

static size_t how_many(const char *client)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(json_release) json_t *list = NULL;

    cr_assert(screenings_list(&J.config, client, &text, &J.err), "%s", J.err.text);
    cr_assert(json_read(buf_span(&text), JSON_BYTES_MAX, &list, &J.err), "%s", J.err.text);
    return json_array_size(list);
}

static void import_register(void)
{
    cr_assert_leq(done("import", "author", "{'file':'x.csv'}", REGISTER), 1);
}

/* --- refused --- */

Test(screenings, the_staff_cannot_order_one)
{
    cr_assert_str_eq(refused_order("screening", "nobody", "{}", NULL), "job.argument");
    cr_assert(jobs_kind("screening", &(unsigned){0}));
}

Test(screenings, what_a_client_was_told_is_no_report_for_the_staff)
{
    unsigned readers = ~0U;

    import_register();
    run(ordered("bank", "k-1", "uscc\n91440224MAYUCHK485\n"));
    cr_assert(jobs_readers(&J.config, X.id, &readers, &J.err), "%s", J.err.text);
    cr_assert_eq(readers, 0U);
}

Test(screenings, a_key_that_made_another_request_is_refused)
{
    ordered("power", "k", LIST);
    cr_assert_not(wish("power", "k", "price-settlement", LIST));
    cr_assert_str_eq(J.err.rule, "idempotency.other-request");
    cr_assert_not(
        wish("power", "k", "price-classification", "reference,uscc\nA,91440224MAYUCHK485\nB,91440101MAYTEK014X\n"));
    cr_assert_str_eq(J.err.rule, "idempotency.other-request", "as many bytes, but others");
    cr_assert_eq(X.asked, 1);
}

Test(screenings, what_may_not_be_leaves_nothing)
{
    X.may_not = true;
    cr_assert_not(wish("power", "k", "price-classification", LIST));
    cr_assert_str_eq(J.err.rule, "client.quota");
    cr_assert_eq(how_many("power"), 0);
    X.may_not = false;
    ordered("power", "k", LIST);
    cr_assert(X.is_new);
}

Test(screenings, a_client_has_no_more_than_it_may_at_a_time)
{
    ordered("power", "a", LIST);
    ordered("power", "b", LIST);
    ordered("power", "c", LIST);
    cr_assert_not(wish("power", "d", "price-classification", LIST));
    cr_assert_str_eq(J.err.rule, "screening.held");
    ordered("other", "d", LIST);
    cr_assert_eq(how_many("power"), 3);
    run(ordered("power", "a", LIST));
    cr_assert(screenings_remove(&J.config, "power", X.id, &J.err), "%s", J.err.text);
    ordered("power", "d", LIST);
}

Test(screenings, nobody_else_hears_of_it)
{
    const char *id = ordered("power", "k", LIST);
    int fd = -1;

    cr_assert_not(exists("other", id));
    cr_assert_not(screenings_open(&J.config, "other", id, SCREENING_RESULT, &fd, NULL, &J.err));
    cr_assert_str_eq(J.err.rule, "screening.unknown");
    cr_assert_not(screenings_remove(&J.config, "other", id, &J.err));
    cr_assert_str_eq(J.err.rule, "screening.unknown");
    cr_assert_not(exists("power", "../../keys"));
    cr_assert_not(exists("power", ""));
    cr_assert(exists("power", id));
}

Test(screenings, a_job_of_the_staff_is_no_screening)
{
    import_register();
    cr_assert_not(exists("author", J.last));
    cr_assert_not(exists("power", J.last));
}

/* --- made, and made once --- */

Test(screenings, the_same_request_is_the_same_screening_before_and_after_it_is_done)
{
    char first[JOB_ID_BYTES];

    import_register();
    memcpy(first, ordered("power", "k", LIST), sizeof first);
    cr_assert(X.is_new);
    cr_assert_str_eq(ordered("power", "k", LIST), first);
    cr_assert_not(X.is_new);
    run(first);
    cr_assert_str_eq(ordered("power", "k", LIST), first);
    cr_assert_str_neq(ordered("power", "k2", LIST), first);
    cr_assert_str_neq(ordered("other", "k", LIST), first);
    cr_assert_eq(X.asked, 3, "what is sent again costs nothing");
}

/* The mark is there and the job is not: its process died between the two. */
Test(screenings, an_order_that_was_cut_short_is_made_by_the_same_request)
{
    char first[JOB_ID_BYTES];
    AUTO(text_free) char *folder = NULL;
    AUTO(buf_done) struct buf command = BUF_INIT;

    memcpy(first, ordered("power", "k", LIST), sizeof first);
    folder = folder_path(&J.config, first);
    buf_addf(&command, "sed -i 's/true/false/' '%s'/screenings/*/????????????????????????????????", J.state);
    cr_assert_eq(system(command.data), 0);
    cr_assert(file_remove_tree(folder, &J.err), "%s", J.err.text);
    cr_assert_str_eq(ordered("power", "k", LIST), first);
    cr_assert(X.is_new);
}

Test(screenings, a_screening_ends_with_counts_a_result_and_a_summary)
{
    AUTO(json_release) json_t *before = NULL;
    AUTO(json_release) json_t *after = NULL;
    AUTO(file_close) int result = -1;
    AUTO(file_close) int summary = -1;
    const char *id;
    bool is_csv = false;

    import_register();
    id = ordered("power", "k", LIST);
    before = state_of("power", id);
    cr_assert_str_eq(json_text_of(before, "state"), "waiting");
    cr_assert(json_is_null(json_object_get(before, "counts")));
    cr_assert_not(screenings_open(&J.config, "power", id, SCREENING_RESULT, &result, NULL, &J.err));
    cr_assert_str_eq(J.err.rule, "screening.not-done");
    run(id);
    after = state_of("power", id);
    cr_assert_str_eq(json_text_of(after, "state"), "done");
    cr_assert_eq(json_integer_of(json_object_get(after, "counts"), "listed", -1), 1);
    cr_assert_eq(json_integer_of(json_object_get(after, "counts"), "not_listed", -1), 1);
    cr_assert_eq(json_integer_of(after, "done", -1), 2);
    cr_assert(json_is_string(json_object_get(after, "expires_at")));
    cr_assert(screenings_open(&J.config, "power", id, SCREENING_RESULT, &result, &is_csv, &J.err), "%s", J.err.text);
    cr_assert(screenings_open(&J.config, "power", id, SCREENING_SUMMARY, &summary, NULL, &J.err), "%s", J.err.text);
    cr_assert(is_csv);
}

Test(screenings, a_list_that_cannot_be_used_ends_with_a_problem)
{
    AUTO(json_release) json_t *state = NULL;
    int fd;

    run(ordered("power", "k", "uscc,colour\n1,2\n"));
    state = state_of("power", X.id);
    cr_assert_str_eq(json_text_of(state, "state"), "failed");
    cr_assert_str_eq(json_text_of(json_object_get(state, "problem"), "rule"), "screening.column");
    cr_assert_not(screenings_open(&J.config, "power", X.id, SCREENING_SUMMARY, &fd, NULL, &J.err));
    cr_assert_str_eq(J.err.rule, "screening.not-done");
}

/* --- gone --- */

Test(screenings, one_that_is_removed_before_it_ran_does_not_run_and_its_key_is_free)
{
    char first[JOB_ID_BYTES];
    AUTO(text_free) char *folder = NULL;

    import_register();
    memcpy(first, ordered("power", "k", LIST), sizeof first);
    cr_assert(screenings_remove(&J.config, "power", first, &J.err), "%s", J.err.text);
    cr_assert_not(exists("power", first));
    cr_assert_not(wish("power", "k", "price-classification", LIST), "it is still being removed");
    cr_assert_str_eq(J.err.rule, "idempotency.in-progress");
    run(first);
    folder = folder_path(&J.config, first);
    cr_assert_not(file_exists(folder), "nothing is left of it");
    cr_assert_str_neq(ordered("power", "k", LIST), first);
    cr_assert(X.is_new);
}

static void age(const char *id, int days)
{
    AUTO(text_free) char *path = folder_file(&J.config, id, "result.json");
    struct timespec times[2] = {{time(NULL) - days * 24 * 3600 - 60, 0}, {time(NULL) - days * 24 * 3600 - 60, 0}};

    cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

Test(screenings, a_result_is_kept_for_its_days_however_many_jobs_the_staff_has)
{
    char id[JOB_ID_BYTES];

    import_register();
    memcpy(id, ordered("power", "k", LIST), sizeof id);
    run(id);
    J.config.jobs_kept = 1;
    for (int i = 0; i < 3; i++)
        cr_assert_eq(done("waiting", "author", "{}", NULL), 0);
    cr_assert(exists("power", id));
    age(id, 6);
    cr_assert(jobs_prune(&J.config, &J.err), "%s", J.err.text);
    cr_assert(exists("power", id));
    age(id, 7);
    cr_assert(jobs_prune(&J.config, &J.err), "%s", J.err.text);
    cr_assert_not(exists("power", id));
    cr_assert_eq(how_many("power"), 0);
}

/* Real results must not be told to a client that is under test by now, nor those of the test list to a real one. */
Test(screenings, what_was_ordered_under_test_is_anothers)
{
    char real[JOB_ID_BYTES];
    char tried[JOB_ID_BYTES];

    memcpy(real, ordered("power", "k-1", LIST), sizeof real);
    X.clients[0].is_test = true;
    cr_expect_not(exists("power", real));
    memcpy(tried, ordered("power", "k-1", LIST), sizeof tried);
    cr_expect(X.is_new, "the key is another's, too");
    cr_expect(exists("power", tried));
    X.clients[0].is_test = false;
    cr_expect(exists("power", real));
    cr_expect_not(exists("power", tried));
}
