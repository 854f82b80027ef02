/* Our side against the platform's own list, through the job that staff order: whatever is found is told, and what is
 * repaired goes again under the same id. The other side is changed by rewriting its diary while it is stopped. */
#include "gateway/jobs/reconcile.h"
#include "tests/unit/all/reconcile.h"

TestSuite(reconcile, .init = reconcile_open, .fini = reconcile_close, .timeout = 120);

/* --- what cannot be asked --- */

Test(reconcile, only_a_reviewer_or_administrator_repairs_and_says_why)
{
    cr_assert_not(order("reconcile-repair", "operator", "x"));
    cr_assert_str_eq(T.err.rule, "job.role");
    cr_assert_not(order("reconcile-repair", "auditor", "x"));
    cr_assert_not(order("reconcile-repair", "reviewer", NULL));
    cr_assert(strstr(T.err.text, "reason"), "%s", T.err.text);
    cr_assert(order("reconcile-repair", "administrator", "x"), "%s", T.err.text);
    cr_assert(order("reconcile", "operator", NULL), "%s", T.err.text);
}

Test(reconcile, a_list_that_cannot_be_had_ends_it_with_what_to_do_and_changes_nothing)
{
    size_t events;

    deliver(2);
    forget_all();
    events = post_events("delivery.repeated", NULL);
    platform_order("{\"fault\":\"status\",\"on\":\"holdings\",\"status\":403}");
    cr_assert_eq(repair(), 2);
    cr_assert_str_eq(R.rule, "reconcile.setup");
    platform_order("{\"fault\":\"malformed\",\"on\":\"holdings\",\"times\":6}");
    cr_assert_eq(repair(), 2);
    cr_assert_str_eq(R.rule, "reconcile.malformed");
    platform_order("{\"fault\":\"status\",\"on\":\"holdings\",\"status\":429,\"retry_after\":\"3600\"}");
    cr_assert_eq(repair(), 2);
    cr_assert_str_eq(R.rule, "reconcile.unreachable");
    platform_stop();
    cr_assert_eq(repair(), 2);
    cr_assert_str_eq(R.rule, "reconcile.unreachable");
    cr_assert_eq(post_events("delivery.repeated", NULL), events);
}

Test(reconcile, a_page_that_goes_back_is_not_believed)
{
    deliver(1);
    platform_order(
        "{\"fault\":\"malformed\",\"on\":\"holdings\",\"body\":"
        "\"{\\\"rows\\\":[{\\\"ROWID\\\":\\\"A2\\\",\\\"VERSION\\\":1,\\\"OP\\\":1,\\\"sm3\\\":"
        "\\\"0000000000000000000000000000000000000000000000000000000000000000\\\"}],\\\"next\\\":\\\"A2\\\"}\"},"
        "{\"fault\":\"malformed\",\"on\":\"holdings\",\"body\":"
        "\"{\\\"rows\\\":[{\\\"ROWID\\\":\\\"A1\\\",\\\"VERSION\\\":1,\\\"OP\\\":1,\\\"sm3\\\":"
        "\\\"0000000000000000000000000000000000000000000000000000000000000000\\\"}],\\\"next\\\":null}\"}");
    cr_assert_eq(look(), 2);
    cr_assert_str_eq(R.rule, "reconcile.malformed");
}

Test(reconcile, a_stranger_with_another_certificate_is_not_told_our_token)
{
    deliver(1);
    snprintf(O.ca, sizeof O.ca, "%s/other-ca.pem", T.folder);
    cr_assert_eq(look(), 2);
    cr_assert_str_eq(R.rule, "reconcile.setup");
}

Test(reconcile, what_passes_is_tried_again)
{
    deliver(2);
    platform_order(
        "{\"fault\":\"status\",\"on\":\"holdings\",\"status\":503},{\"fault\":\"close\",\"on\":\"holdings\"},"
        "{\"fault\":\"lost-reply\",\"on\":\"holdings\"},{\"fault\":\"malformed\",\"on\":\"holdings\"}");
    cr_assert_eq(look(), 0);
    cr_assert_str_eq(counts(), "equal 2 ");
}

/* --- what is found --- */

Test(reconcile, what_is_on_its_way_is_not_judged)
{
    deliver(3);
    post_stop();
    post_change(0, OP_CHANGED);
    (void)post_push();
    forget_all();
    cr_assert_eq(look(), 1);
    cr_assert_str_eq(counts(), "open 1 missing 2 ");
}

Test(reconcile, other_content_another_version_and_what_we_never_sent_are_for_a_person)
{
    AUTO(json_release) json_t *different = NULL;
    AUTO(json_release) json_t *newer = NULL;
    char foreign[RECORD_ID_BYTES];
    size_t events;

    deliver(4);
    falsify(O.records[0], "\"SXYZCD\":\"2\"", "\"SXYZCD\":\"3\"");
    falsify(O.records[1], "\"VERSION\":1", "\"VERSION\":7");
    memcpy(foreign, O.records[2], sizeof foreign);
    foreign[20] = foreign[20] == 'a' ? 'b' : 'a';
    falsify(O.records[2], O.records[2], foreign);
    cr_assert_eq(look(), 1);
    cr_assert_str_eq(counts(), "equal 1 missing 1 different 1 newer 1 extra 1 ");
    different = item(O.records[0]);
    newer = item(O.records[1]);
    cr_assert_str_eq(json_text_of(different, "verdict"), "different");
    cr_assert_str_neq(json_text_of(json_object_get(different, "ours"), "sm3"),
                      json_text_of(json_object_get(different, "theirs"), "sm3"));
    cr_assert_eq(json_integer_of(json_object_get(newer, "theirs"), "version", 0), 7);
    cr_assert(strstr(report_text("text"), "多出"));
    events = post_events("delivery.repeated", NULL);
    cr_assert_eq(repair(), 1);
    cr_assert_str_eq(counts(), "equal 1 missing 1 different 1 newer 1 extra 1 queued 1 ");
    cr_assert_eq(post_events("delivery.repeated", NULL), events + 1, "only what is missing");
    post_await_acknowledged(4);
}

struct type_count {
    const char *type;
    size_t count;
};

static bool count_type(uint64_t sequence, struct span event, void *context)
{
    struct type_count *of = context;
    char member[64];

    (void)sequence;
    snprintf(member, sizeof member, "\"type\":\"%s\"", of->type);
    of->count += memmem(event.at, event.bytes, member, strlen(member)) != NULL;
    return true;
}

/* In the life of the record, as `show` tells it. */
static size_t told_in_life(const char *record, const char *type)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    struct type_count of = {type, 0};

    cr_assert(records_events(txn, span_of(record), count_type, &of, &T.err), "%s", T.err.text);
    return of.count;
}

Test(reconcile, what_they_will_not_end_because_they_lost_it_is_told_again_and_ended)
{
    deliver(1);
    forget_all();
    post_change(0, OP_WITHDRAWN);
    cr_assert_eq(post_push(), 1);
    post_await(post_has_refused, 1);
    cr_assert_eq(repair(), 1);
    cr_assert_str_eq(counts(), "missing 1 queued 1 ");
    post_await_acknowledged(2);
    cr_assert_eq(post_events("delivery.requeued", "平台数据丢失"), 1, "not told again without its end");
    cr_assert_eq(told_in_life(O.records[0], "delivery.requeued"), 1);
    cr_assert_eq(look(), 0, "%s", counts());
}

Test(reconcile, a_channel_without_a_list_is_told_from_its_receipts_and_never_repaired)
{
    AUTO(buf_done) struct buf json = BUF_INIT;
    AUTO(text_free) char *path = path_join(R.state, "report.json");
    struct job_environment environment = {&O.config, NULL, T.signer, &T.clock, -1, NULL};
    struct folder_spec spec = {.kind = "reconcile", .person = "auditor", .lang = "en"};
    struct adapter mute = adapter_credit_guangdong;
    struct courier_channel channel;
    struct work work = {.environment = &environment, .id = "none", .folder = R.state, .spec = &spec, .lang = "en"};

    platform_order("{\"fault\":\"result-delay\",\"polls\":1000000}");
    post_list(2);
    (void)post_push();
    post_start();
    post_await(post_has_received, 2);
    environment.store = T.store;
    channel = *channel_for_courier(O.settings);
    channel.adapter = &mute;
    mute.holdings = NULL;
    cr_assert_not(reconcile_channel(&work, &channel, "x", &T.err));
    cr_assert_str_eq(T.err.rule, "reconcile.no-list");
    cr_assert(reconcile_channel(&work, &channel, NULL, &T.err), "%s", T.err.text);
    cr_assert_eq(work.exit, 1);
    cr_assert(file_read(path, JSON_BYTES_MAX, &json, &T.err), "%s", T.err.text);
    cr_assert(strstr(buf_text(&json), "\"basis\":\"receipts\",\"acknowledged\":0,\"without_receipt\":2,"), "%s",
              buf_text(&json));
    cr_assert(strstr(buf_text(&json), "\"state\":\"received\""), "%s", buf_text(&json));
    buf_done(&work.counts);
}

/* --- what is repaired --- */

Test(reconcile, equal_sides_are_equal_and_repairing_them_does_nothing)
{
    deliver(3);
    cr_assert_eq(look(), 0);
    cr_assert_str_eq(counts(), "equal 3 ");
    cr_assert_eq(repair(), 0);
    cr_assert_str_eq(counts(), "equal 3 ");
    cr_assert_eq(post_events("delivery.repeated", NULL), 0);
}

Test(reconcile, what_is_missing_goes_again_as_it_was_and_the_journal_says_who_and_why)
{
    struct delivery before, after;

    deliver(3);
    before = post_delivery(0, 1);
    forget_all();
    cr_assert_eq(look(), 1);
    cr_assert_str_eq(counts(), "missing 3 ");
    cr_assert_eq(post_events("delivery.repeated", NULL), 0, "looking changes nothing");
    cr_assert_eq(repair(), 1);
    cr_assert_str_eq(counts(), "missing 3 queued 3 ");
    post_await_acknowledged(3);
    post_expect_applied(3, 1);
    after = post_delivery(0, 1);
    cr_assert_eq(after.number, before.number);
    cr_assert_eq(after.attempts, before.attempts + 1);
    cr_assert_eq(post_events("delivery.repeated", "\"by\":\"reviewer\""), 3);
    cr_assert_eq(told_in_life(O.records[0], "delivery.repeated"), 1);
    cr_assert_eq(post_events("delivery.repeated", "\"reason\":\"平台数据丢失\""), 3);
    cr_assert_eq(look(), 0);
    cr_assert_str_eq(counts(), "equal 3 ");
}

Test(reconcile, versions_that_are_missing_go_again_in_order_and_no_more_than_those)
{
    AUTO(buf_done) struct buf early = BUF_INIT;

    deliver(2);
    read_diary(&early);
    for (unsigned i = 0; i < 2; i++) {
        post_change(0, i == 0 ? OP_CHANGED : OP_DISPUTED);
        (void)post_push();
        post_await_acknowledged(3 + i);
    }
    platform_stop();
    write_diary(buf_span(&early));
    platform_start();
    cr_assert_eq(repair(), 1);
    cr_assert_str_eq(counts(), "equal 1 older 1 queued 1 ");
    cr_assert_eq(post_events("delivery.repeated", NULL), 2);
    post_await_acknowledged(4);
    post_expect_applied(4, 1);
    cr_assert_eq(look(), 0);
    cr_assert_str_eq(counts(), "equal 2 ");
}

Test(reconcile, what_was_withdrawn_is_equal_listed_or_not_and_is_never_published_again)
{
    deliver(2);
    post_change(0, OP_WITHDRAWN);
    (void)post_push();
    post_await_acknowledged(3);
    cr_assert_eq(look(), 0);
    cr_assert_str_eq(counts(), "equal 2 ");
    forget_all();
    cr_assert_eq(repair(), 1);
    cr_assert_str_eq(counts(), "ended 1 missing 1 queued 1 ");
    post_await_acknowledged(3);
    post_expect_applied(1, 1);
}

Test(reconcile, an_order_that_is_run_again_ends_with_the_same_report_and_repairs_nothing_twice)
{
    AUTO(buf_done) struct buf first = BUF_INIT;
    AUTO(text_free) char *jobs = path_join(R.state, "jobs");
    AUTO(text_free) char *job = NULL;
    AUTO(text_free) char *result = NULL;

    deliver(3);
    forget_all();
    cr_assert_eq(repair(), 1);
    buf_add_text(&first, report_text("json"));
    post_await_acknowledged(3);
    /* As if it had been killed before its result was written. */
    job = path_join(jobs, R.last);
    result = path_join(job, "result.json");
    cr_assert_eq(unlink(result), 0);
    cr_assert_eq(run_last(), 1);
    cr_assert_eq(post_events("delivery.repeated", NULL), 3);
    cr_assert_str_eq(counts(), "missing 3 queued 3 ");
    cr_assert_eq(post_delivery(1, 1).attempts, 2);
}

Test(reconcile, a_list_of_several_pages_is_compared_to_its_end)
{
    AUTO(json_release) json_t *told = NULL;
    AUTO(buf_done) struct buf half = BUF_INIT;
    const char *end;

    deliver(1150);
    cr_assert_eq(look(), 0);
    cr_assert_str_eq(counts(), "equal 1150 ");
    platform_stop();
    read_diary(&half);
    end = strchr(half.data, '\n');
    cr_assert(end && end[1], "more than one upload");
    write_diary((struct span){half.data, (size_t)(end + 1 - half.data)});
    platform_start();
    cr_assert_eq(repair(), 1);
    told = report();
    cr_assert_eq(json_integer_of(told, "equal", 0) + json_integer_of(told, "missing", 0), 1150);
    cr_assert_gt(json_integer_of(told, "missing", 0), 0);
    cr_assert_eq(json_integer_of(told, "queued", 0), json_integer_of(told, "missing", 0));
    post_await_acknowledged(1150);
    cr_assert_eq(look(), 0);
}
