/* reconcile.h - orders to reconcile, as jobs, against a platform whose memory the test rewrites. */
#ifndef TESTS_UNIT_ALL_RECONCILE_H
#define TESTS_UNIT_ALL_RECONCILE_H

#include "gateway/jobs/jobs.h"
#include "tests/unit/all/post.h"

static struct {
    char state[TEST_PATH_BYTES + 16];
    struct config_person staff[4];
    char last[JOB_ID_BYTES];
    struct buf text;
    char rule[64];
    enum channel channel; /* that is reconciled */
} R;

static inline void reconcile_open(void)
{
    AUTO(text_free) char *jobs = NULL;

    post_open();
    snprintf(R.state, sizeof R.state, "%s/state", T.folder);
    jobs = path_join(R.state, "jobs");
    cr_assert(file_make_folder(jobs, 0700, &T.err), "%s", T.err.text);
    R.staff[0] = (struct config_person){.name = (char *)"operator", .roles = ROLE_OPERATOR};
    R.staff[1] = (struct config_person){.name = (char *)"reviewer", .roles = ROLE_REVIEWER};
    R.staff[2] = (struct config_person){.name = (char *)"auditor", .roles = ROLE_AUDITOR};
    R.staff[3] = (struct config_person){.name = (char *)"administrator", .roles = ROLE_ADMINISTRATOR};
    O.config.state = R.state;
    O.config.data = (char *)TEST_SOURCE;
    O.config.jobs_kept = 1000;
    O.config.staff = R.staff;
    O.config.staff_count = COUNT_OF(R.staff);
    post_load_settings(); /* the platform's port, in the configuration */
}

static inline void reconcile_close(void)
{
    buf_done(&R.text);
    post_close();
}

/* --- orders --- */

static inline bool order(const char *kind, const char *person, const char *reason)
{
    AUTO(json_release) json_t *arguments = json_pack("{s:[s]}", "ids", CHANNEL_NAMES[R.channel]);
    struct job_order order = {.kind = kind, .person = person, .lang = "zh", .arguments = arguments, .input_fd = -1};

    if (reason)
        json_object_set_new(arguments, "reason", json_string(reason));
    if (!jobs_create(&O.config, &order, &T.err))
        return false;
    memcpy(R.last, order.id, sizeof R.last);
    return true;
}

/* The exit status of the command line; 2: R.rule says why. */
static inline int run_last(void)
{
    struct job_environment environment = {&O.config, T.store, T.signer, &T.clock, O.wake_fd, NULL};
    AUTO(json_release) json_t *answer = NULL;
    AUTO(buf_done) struct buf text = BUF_INIT;
    const json_t *problem;

    cr_assert(jobs_run(&environment, R.last, &T.err), "%s", T.err.text);
    cr_assert(jobs_read(&O.config, R.last, &text, &T.err), "%s", T.err.text);
    cr_assert(json_read(buf_span(&text), JSON_BYTES_MAX, &answer, &T.err), "%s", T.err.text);
    problem = json_object_get(answer, "problem");
    snprintf(R.rule, sizeof R.rule, "%s", problem ? json_text_of(problem, "rule") : "");
    if (problem)
        cr_assert(json_text_of(problem, "detail_zh") && *json_text_of(problem, "detail_zh"), "both languages");
    return problem ? 2 : (int)json_integer_of(json_object_get(answer, "result"), "exit", -1);
}

static inline int look(void)
{
    cr_assert(order("reconcile", "auditor", NULL), "%s", T.err.text);
    return run_last();
}

static inline int repair(void)
{
    cr_assert(order("reconcile-repair", "reviewer", "平台数据丢失"), "%s", T.err.text);
    return run_last();
}

/* Borrowed until the next call. */
static inline const char *report_text(const char *format)
{
    buf_clear(&R.text);
    cr_assert(jobs_report(&O.config, R.last, format, 0, &R.text, &T.err), "%s", T.err.text);
    return buf_text(&R.text);
}

/* A new reference. */
static inline json_t *report(void)
{
    json_t *json = NULL;

    cr_assert(json_read(span_of(report_text("json")), JSON_BYTES_MAX, &json, &T.err), "%s", T.err.text);
    return json;
}

/* The counts that are not 0 behind "compared", as "equal 3 missing 1 ". */
static inline const char *counts(void)
{
    static const char *const NAMES[] = {"equal",     "ended", "open",  "missing", "older",
                                        "different", "newer", "extra", "queued",  "refused"};
    static char text[256];
    AUTO(json_release) json_t *json = report();
    size_t at = 0;

    text[0] = '\0';
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        int64_t count = json_integer_of(json, NAMES[i], -1);

        cr_assert_geq(count, 0, "%s", NAMES[i]);
        if (count > 0)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s %lld ", NAMES[i], (long long)count);
    }
    return text;
}

/* The item of a record; a new reference. */
static inline json_t *item(const char *record)
{
    AUTO(json_release) json_t *json = report();
    json_t *found;
    size_t i;

    json_array_foreach(json_object_get(json, "items"), i, found)
    {
        if (strcmp(json_text_of(found, "record"), record) == 0)
            return json_incref(found);
    }
    cr_assert_fail("%s is not in the report", record);
    return NULL;
}

/* --- the other side --- */

static inline void deliver(size_t count)
{
    post_list(count);
    cr_assert_eq(post_push(), count);
    post_start();
    post_await_acknowledged(count);
}

static inline char *diary_path(void)
{
    const char *const states[STAGE_COUNT] = {P.options.state, P.is_three ? P.options.national->state : NULL,
                                             P.is_three ? P.options.china->state : NULL};

    return path_join(states[R.channel], "taken.jsonl");
}

static inline void read_diary(struct buf *out)
{
    AUTO(text_free) char *path = diary_path();

    cr_assert(file_read(path, JSON_BYTES_MAX, out, &T.err), "%s", T.err.text);
}

static inline void write_diary(struct span text)
{
    AUTO(text_free) char *path = diary_path();

    cr_assert(file_write(path, text, 0600, &T.err), "%s", T.err.text);
}

/* Replace the first `from` behind `record` by `to` of the same length. */
static inline void falsify(const char *record, const char *from, const char *to)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    char *at;

    cr_assert_eq(strlen(from), strlen(to));
    platform_stop();
    read_diary(&text);
    at = strstr(text.data, record);
    cr_assert(at, "%s is not held", record);
    while (at > text.data && *at != '{')
        at--;
    at = strstr(at, from);
    cr_assert(at, "%s", from);
    memcpy(at, to, strlen(to));
    write_diary(buf_span(&text));
    platform_start();
}

static inline void forget_all(void)
{
    platform_stop();
    write_diary(SPAN(""));
    platform_start();
}

#endif
