/* Orders, folders, states: what is kept of a job, and what is refused before it becomes one. */
#include "gateway/jobs/folder.h"
#include "tests/unit/gateway/jobs/fixture.h"

TestSuite(jobs, .init = gate_open, .fini = gate_close);

static size_t folders(void)
{
    char ids[64][JOB_ID_BYTES];
    size_t count = 0;

    cr_assert(jobs_waiting(&J.config, ids, 64, &count, &J.err), "%s", J.err.text);
    return count;
}

Test(jobs, an_unknown_kind_is_refused)
{
    unsigned roles = 0;

    cr_assert_not(jobs_kind("delete", &roles));
    cr_assert_str_eq(refused_order("delete", "author", "{}", NULL), "job.kind");
    cr_assert_eq(J.err.code, ERR_NOT_FOUND);
}

Test(jobs, who_has_no_role_for_it_is_refused)
{
    cr_assert_str_eq(refused_order("approve", "author", "{'all':true}", NULL), "job.role");
    cr_assert_eq(J.err.code, ERR_FORBIDDEN);
    cr_assert_str_eq(refused_order("push", "reviewer", "{}", NULL), "job.role");
    cr_assert_str_eq(refused_order("import", "auditor", "{}", REGISTER), "job.role");
    cr_assert_str_eq(refused_order("waiting", "nobody", "{}", NULL), "job.role");
    (void)order("waiting", "auditor", "zh", "{}", NULL);
}

Test(jobs, wrong_arguments_are_refused_and_named)
{
    static const struct {
        const char *kind;
        const char *arguments;
        const char *named;
    } WRONG[] = {
        {"overdue", "{}", "on"},
        {"overdue", "{'on':'2026-02-30'}", "2026-02-30"},
        {"overdue", "{'on':'2026-8-3'}", "2026-8-3"},
        {"overdue", "{'on':20260803}", "on"},
        {"overdue", "{'on':'2026-08-03','ground':'noise'}", "energy|environment"},
        {"overdue", "{'on':'2026-08-03','day':'x'}", "day"},
        {"overdue", "{'on':'2026-08-03','ids':['abc']}", "1"},
        {"propose", "{'on':'2026-08-03','decided_on':'2026-08-03','severity':'general'}", "document"},
        {"propose", "{'on':'2026-08-03','document':'x','decided_on':'2026-08-03','severity':'huge'}", "severity"},
        {"propose", "{'on':'2026-08-03','document':'x','decided_on':'2026-08-03','severity':'minor','all':'yes'}",
         "all"},
        {"withdraw", "{'reason':'x'}", "1"},
        {"withdraw", "{'ids':['R'],'reason':''}", "reason"},
        {"withdraw", "{'ids':'R','reason':'x'}", "ids"},
        {"withdraw", "{'ids':[1],'reason':'x'}", "1"},
        {"withdraw", "{'ids':[''],'reason':'x'}", "1"},
        {"correct", "{'ids':['R1','R2'],'reason':'x'}", "2"},
        {"push", "{'channel':'elsewhere'}", "credit-guangdong"},
        {"push", "{'ids':['R123456'],'ground':'energy'}", "both"},
        {"pause", "{'ids':[],'reason':'x'}", "1"},
    };

    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        cr_assert_str_eq(refused_order(WRONG[i].kind, "both", WRONG[i].arguments, NULL), "job.argument", "%zu", i);
        cr_assert(strstr(J.err.text, WRONG[i].named), "%s: %s", WRONG[i].arguments, J.err.text);
    }
    cr_assert_str_eq(refused_order("approve", "both", "{}", NULL), "job.argument");
    cr_assert_str_eq(refused_order("approve", "both", "{'ids':['R123456'],'all':true}", NULL), "job.argument");
    cr_assert_eq(folders(), 0);
}

Test(jobs, ten_thousand_ids_are_taken_and_not_one_more)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    buf_add_text(&text, "{'reason':'x','ids':[");
    for (int i = 0; i < JOB_IDS_MAX; i++)
        buf_addf(&text, "%s'R%020d'", i ? "," : "", i);
    buf_add_text(&text, "]}");
    (void)order("withdraw", "author", "zh", text.data, NULL);
    text.bytes -= 2;
    buf_add_text(&text, ",'R1234567']}");
    cr_assert_str_eq(refused_order("withdraw", "author", text.data, NULL), "job.argument-limit");
    cr_assert_eq(J.err.code, ERR_LIMIT);
}

Test(jobs, long_texts_and_ids_are_refused)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    buf_add_text(&text, "{'ids':['R1234567'],'reason':'");
    for (int i = 0; i < 4001; i++)
        buf_add_byte(&text, 'x');
    buf_add_text(&text, "'}");
    cr_assert_str_eq(refused_order("withdraw", "author", text.data, NULL), "job.argument-limit");
    buf_clear(&text);
    buf_add_text(&text, "{'reason':'x','ids':['R");
    for (int i = 0; i < 64; i++)
        buf_add_byte(&text, '0');
    buf_add_text(&text, "']}");
    cr_assert_str_eq(refused_order("withdraw", "author", text.data, NULL), "job.argument");
}

Test(jobs, a_file_comes_with_an_import_and_with_nothing_else)
{
    cr_assert_str_eq(refused_order("import", "author", "{}", NULL), "job.file");
    cr_assert_str_eq(refused_order("waiting", "author", "{}", REGISTER), "job.file");
    J.config.import_bytes = 1000;
    cr_assert_str_eq(refused_order("import", "author", "{}", REGISTER), "job.file-limit");
    cr_assert_eq(folders(), 0);
}

Test(jobs, nobody_has_more_than_fifty_that_wait_or_run)
{
    char first[JOB_ID_BYTES];

    memcpy(first, order("waiting", "author", "zh", "{}", NULL), sizeof first);
    for (int i = 1; i < JOB_OPEN_MAX; i++)
        (void)order("waiting", "author", "zh", "{}", NULL);
    cr_assert_str_eq(refused_order("waiting", "author", "{}", NULL), "job.too-many");
    cr_assert_eq(J.err.code, ERR_LIMIT);
    cr_assert_eq(folders(), JOB_OPEN_MAX, "what is refused leaves nothing");
    (void)order("waiting", "reviewer", "zh", "{}", NULL); /* others are not kept waiting by it */
    run(first);
    (void)order("waiting", "author", "zh", "{}", NULL);
    cr_assert_str_eq(refused_order("waiting", "author", "{}", NULL), "job.too-many");
}

Test(jobs, an_order_waits_until_it_is_run_and_then_keeps_its_result)
{
    AUTO(json_release) json_t *waiting = NULL;
    AUTO(json_release) json_t *finished = NULL;

    waiting = job(order("waiting", "auditor", "en", "{}", NULL));
    cr_assert_str_eq(json_text_of(waiting, "state"), "waiting");
    cr_assert_str_eq(json_text_of(waiting, "kind"), "waiting");
    cr_assert_str_eq(json_text_of(waiting, "person"), "auditor");
    cr_assert_not(jobs_report(&J.config, J.last, "text", 0, &J.text, &J.err));
    cr_assert_str_eq(J.err.rule, "job.report");
    run(J.last);
    finished = job(J.last);
    cr_assert_str_eq(json_text_of(finished, "state"), "done");
    cr_assert_eq(json_integer_of(json_object_get(finished, "result"), "exit", -1), 0);
    cr_assert(strstr(report(J.last, "text"), "0 wait for review."), "%s", J.text.data);
    cr_assert_eq(folders(), 0);
    run(J.last); /* again: the result stays */
    cr_assert_not(jobs_report(&J.config, J.last, "xml", 0, &J.text, &J.err));
    cr_assert_str_eq(J.err.rule, "job.format");
}

Test(jobs, ids_follow_time_and_the_oldest_waits_first)
{
    char ids[8][JOB_ID_BYTES];
    char first[JOB_ID_BYTES];
    size_t count = 0;

    memcpy(first, order("waiting", "author", "zh", "{}", NULL), sizeof first);
    usleep(2000);
    (void)order("unsent", "author", "zh", "{}", NULL);
    usleep(2000);
    (void)order("refused", "author", "zh", "{}", NULL);
    cr_assert(jobs_waiting(&J.config, ids, 2, &count, &J.err));
    cr_assert_eq(count, 2);
    cr_assert_str_eq(ids[0], first);
    cr_assert_lt(strcmp(ids[0], ids[1]), 0);
    cr_assert_lt(strcmp(ids[1], J.last), 0);
}

Test(jobs, what_is_no_id_is_no_job)
{
    static const char *const NONE[] = {"",
                                       "..",
                                       "../../etc/passwd",
                                       "20261124231305123-aabbccddeeff0",
                                       "x/y",
                                       "20261124231305123-aabbccddeeff00",
                                       "20261124231305123-AABBCCDDEEFF00"};
    struct error why = {.code = ERR_IO};

    for (size_t i = 0; i < COUNT_OF(NONE); i++) {
        struct job_environment environment = {&J.config, J.store, J.signer, &J.clock, -1, NULL};

        cr_assert_not(jobs_read(&J.config, NONE[i], &J.text, &J.err), "%s", NONE[i]);
        cr_assert_str_eq(J.err.rule, "job.unknown");
        cr_assert_not(jobs_report(&J.config, NONE[i], "text", 0, &J.text, &J.err));
        cr_assert_eq(J.err.code, ERR_NOT_FOUND);
        cr_assert_not(jobs_run(&environment, NONE[i], &J.err));
        cr_assert_str_eq(J.err.rule, "job.unknown");
    }
    cr_assert_not(jobs_fail(&J.config, "..", &why, &J.err));
}

static void spoil(const char *name, const char *text)
{
    AUTO(buf_done) struct buf path = BUF_INIT;

    buf_addf(&path, "%s/jobs/%s/%s", J.state, J.last, name);
    write_file(path.data, text);
}

Test(jobs, a_damaged_order_ends_as_a_problem_and_not_as_a_loop)
{
    static const char *const DAMAGED[] = {
        "",
        "{",
        "[]",
        "{\"kind\":1}",
        "{\"kind\":\"x\",\"person\":\"a\"}",
        "{\"kind\":\"waiting\",\"person\":\"author\",\"lang\":\"zh\",\"arguments\":[]}",
        "{\"kind\":\"erase\",\"person\":\"author\",\"lang\":\"zh\",\"arguments\":{}}"};

    for (size_t i = 0; i < COUNT_OF(DAMAGED); i++) {
        AUTO(json_release) json_t *object = NULL;

        (void)order("waiting", "author", "zh", "{}", NULL);
        spoil("spec.json", DAMAGED[i]);
        run(J.last);
        object = job(J.last);
        cr_assert_str_eq(json_text_of(object, "state"), "failed", "%s", DAMAGED[i]);
        cr_assert_str_eq(json_text_of(json_object_get(object, "problem"), "rule"), "job.spec", "%s", DAMAGED[i]);
        cr_assert_eq(folders(), 0);
    }
    /* Its arguments are checked again: the file may be as old as the last release. */
    (void)order("overdue", "author", "zh", "{'on':'2026-08-03'}", NULL);
    spoil("spec.json", "{\"kind\":\"overdue\",\"person\":\"author\",\"lang\":\"zh\",\"arguments\":{\"on\":\"x\"}}");
    run(J.last);
    AUTO(json_release) json_t *object = job(J.last);
    cr_assert_str_eq(json_text_of(json_object_get(object, "problem"), "rule"), "job.argument");
}

Test(jobs, a_job_that_is_given_up_says_why_and_keeps_a_result_it_has)
{
    AUTO(json_release) json_t *failed = NULL;
    AUTO(json_release) json_t *kept = NULL;
    struct error why;

    error_set_both(&why, ERR_INTERNAL, "job.died", "its process died %d times", "任务进程已 %d 次异常结束", 3);
    (void)order("waiting", "author", "zh", "{}", NULL);
    cr_assert(jobs_fail(&J.config, J.last, &why, &J.err), "%s", J.err.text);
    failed = job(J.last);
    cr_assert_str_eq(json_text_of(failed, "state"), "failed");
    cr_assert_str_eq(json_text_of(json_object_get(failed, "problem"), "detail_zh"), "任务进程已 3 次异常结束");
    cr_assert_eq(folders(), 0);
    (void)done("waiting", "author", "{}", NULL);
    cr_assert(jobs_fail(&J.config, J.last, &why, &J.err));
    kept = job(J.last);
    cr_assert_str_eq(json_text_of(kept, "state"), "done");
}

Test(jobs, the_oldest_results_go_and_orders_that_wait_stay)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    char first[JOB_ID_BYTES];
    char waiting[JOB_ID_BYTES];

    memcpy(waiting, order("waiting", "author", "zh", "{}", NULL), sizeof waiting);
    usleep(2000);
    (void)done("waiting", "author", "{}", NULL);
    memcpy(first, J.last, sizeof first);
    for (int i = 0; i < 3; i++) {
        usleep(2000);
        (void)done("waiting", "author", "{}", NULL);
    }
    buf_addf(&path, "%s/jobs/.old-%s", J.state, first);
    cr_assert(file_make_folder(path.data, 0700, &J.err));
    J.config.jobs_kept = 3;
    cr_assert(jobs_prune(&J.config, &J.err), "%s", J.err.text);
    cr_assert_not(file_exists(path.data));
    cr_assert_not(jobs_read(&J.config, first, &J.text, &J.err));
    json_decref(job(J.last));
    json_decref(job(waiting));
    J.config.jobs_kept = 1;
    run(waiting); /* prunes at its end; it was ordered first, but it is the last to end */
    json_decref(job(waiting));
    cr_assert_not(jobs_read(&J.config, J.last, &J.text, &J.err));
}

Test(jobs, a_report_comes_in_pieces)
{
    AUTO(buf_done) struct buf piece = BUF_INIT;
    size_t whole;

    (void)done("waiting", "author", "{}", NULL);
    whole = strlen(report(J.last, "json"));
    cr_assert(jobs_report(&J.config, J.last, "json", whole - 2, &piece, &J.err));
    cr_assert_eq(piece.bytes, 2);
    cr_assert(jobs_report(&J.config, J.last, "json", whole, &piece, &J.err));
    cr_assert(jobs_report(&J.config, J.last, "json", UINT64_MAX, &piece, &J.err));
    cr_assert_eq(piece.bytes, 2);
}

Test(jobs, a_blank_reason_is_none)
{
    cr_assert_str_eq(refused_order("trace-export", "auditor", "{'reason':' \\t '}", NULL), "job.argument");
    cr_assert_str_eq(refused_order("withdraw", "author", "{'reason':'  ','ids':['r-1']}", NULL), "job.argument");
}

/* A process that dies leaves files behind, and whoever gives its job up traces nothing. */
Test(jobs, what_a_dead_process_left_of_an_export_is_no_report)
{
    const struct error why = {.code = ERR_INTERNAL, .text = "it died"};
    AUTO(text_free) char *left = NULL;
    unsigned readers = 0;

    order("trace-export", "auditor", "zh", "{'reason':'r'}", NULL);
    left = folder_file(&J.config, J.last, "report.csv");
    cr_assert(file_write(left, SPAN("at,by\r\n"), 0600, &J.err), "%s", J.err.text);
    cr_assert(jobs_fail(&J.config, J.last, &why, &J.err), "%s", J.err.text);
    cr_assert_not(jobs_readers(&J.config, J.last, &readers, &J.err), "it was never traced");
    cr_assert_str_eq(J.err.rule, "job.report");
    order("trace-export", "auditor", "zh", "{'reason':'r'}", NULL);
    run(J.last);
    cr_assert(jobs_readers(&J.config, J.last, &readers, &J.err), "%s", J.err.text);
    cr_assert_eq(readers, (unsigned)ROLE_AUDITOR);
}
