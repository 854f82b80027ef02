/* fixture.h - a scratch gateway for tests of jobs: configuration, store, keys, a clock that the test turns. */
#ifndef TESTS_UNIT_GATEWAY_JOBS_FIXTURE_H
#define TESTS_UNIT_GATEWAY_JOBS_FIXTURE_H

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "gateway/command/ledger.h"
#include "gateway/jobs/jobs.h"
#include "gateway/journal/journal.h"
#include "gateway/outbox/outbox.h"
#include "tests/support/support.h"

#define REGISTER TEST_SOURCE "/tests/cases/register/register-dev.csv"
#define BAD_REGISTER TEST_SOURCE "/tests/cases/bad-register/"

static struct {
    char folder[TEST_PATH_BYTES];
    char state[TEST_PATH_BYTES + 16];
    char token[TEST_PATH_BYTES + 16];
    char sm4[TEST_PATH_BYTES + 16];
    struct config config;
    struct config_person staff[4];
    struct clock clock;
    int64_t now_ms;
    struct store *store;
    struct keyring *keyring;
    struct signer *signer;
    struct error err;
    char last[JOB_ID_BYTES];
    struct buf text;
} J;

static inline int64_t turned_clock(void *context)
{
    (void)context;
    return J.now_ms;
}

static inline void set_today(const char *text)
{
    int32_t day = DAY_NONE;

    cr_assert(day_parse(span_of(text), &day), "%s", text);
    J.now_ms = day_start_ms(day) + 9 * 3600 * 1000;
}

static inline struct store *open_store(const char *name)
{
    AUTO(text_free) char *path = path_join(J.state, name);
    struct store *store = NULL;

    cr_assert(store_open(path, &(struct store_options){.creates = true, .is_scratch = true}, &store, &J.err), "%s",
              J.err.text);
    return store;
}

static inline void fill_config(void)
{
    J.staff[0] = (struct config_person){.name = (char *)"author", .roles = ROLE_OPERATOR};
    J.staff[1] = (struct config_person){.name = (char *)"reviewer", .roles = ROLE_REVIEWER};
    J.staff[2] = (struct config_person){.name = (char *)"auditor", .roles = ROLE_AUDITOR};
    J.staff[3] = (struct config_person){.name = (char *)"both", .roles = ROLE_OPERATOR | ROLE_REVIEWER};
    J.config = (struct config){.state = J.state,
                               .data = (char *)TEST_SOURCE,
                               .import_bytes = 16 * 1024 * 1024,
                               .jobs_kept = 1000,
                               .staff = J.staff,
                               .staff_count = COUNT_OF(J.staff)};
    J.config.channels[CHANNEL_CREDIT_GUANGDONG] =
        (struct config_channel){.is_enabled = true,
                                .base = (char *)"https://localhost:9/gd/",
                                .table_code = (char *)"SXJZCN",
                                .department_code = (char *)"4400GXT",
                                .table_version = (char *)"V1",
                                .paas_id = (char *)"creditgate-test",
                                .token_file = J.token,
                                .sm4_key_file = J.sm4,
                                .provider_code = (char *)"4400GXT",
                                .provider_name = (char *)"广东省工业和信息化厅",
                                .exchange_name = (char *)"广东省工业和信息化厅",
                                .certificate = (char *)"c.pem",
                                .key = (char *)"c.key",
                                .ca = (char *)"ca.pem",
                                .rows_max = 500};
}

static inline void write_file(const char *path, const char *text)
{
    cr_assert(file_write(path, span_of(text), 0600, &J.err), "%s", J.err.text);
}

static inline void gate_open(void)
{
    AUTO(text_free) char *keys = NULL;
    AUTO(text_free) char *jobs = NULL;

    test_folder_new(J.folder);
    snprintf(J.state, sizeof J.state, "%s/state", J.folder);
    snprintf(J.token, sizeof J.token, "%s/token", J.folder);
    snprintf(J.sm4, sizeof J.sm4, "%s/sm4", J.folder);
    fill_config();
    keys = path_join(J.folder, "keys");
    jobs = path_join(J.state, "jobs");
    write_file(J.token, "token0123456789\n");
    write_file(J.sm4, "000102030405060708090a0b0c0d0e0f\n");
    cr_assert(file_make_folder(jobs, 0700, &J.err), "%s", J.err.text);
    set_today("2026-08-03");
    J.clock = (struct clock){turned_clock, NULL};
    cr_assert(keyring_create(keys, "test", 0, &J.err), "%s", J.err.text);
    cr_assert(keyring_load(keys, &J.keyring, &J.err), "%s", J.err.text);
    cr_assert(signer_new_local(J.keyring, &J.signer, &J.err), "%s", J.err.text);
    J.store = open_store("store");
}

/* The rule of architecture 2, after every test: the journal replayed gives the same bytes. */
static inline void assert_rebuilds(void)
{
    AUTO(store_close) struct store *again = open_store("rebuilt");

    cr_assert(ledger_rebuild(J.store, again, NULL, NULL, &J.err), "%s", J.err.text);
    cr_assert(ledger_compare(J.store, again, &J.err), "%s", J.err.text);
}

static inline void gate_close(void)
{
    assert_rebuilds();
    signer_free(J.signer);
    keyring_free(J.keyring);
    store_close(J.store);
    buf_done(&J.text);
    test_folder_remove(J.folder);
}

/* --- orders --- */

/* `arguments` as JSON, ' for ". `file` NULL: none. */
static inline bool try_order(const char *kind, const char *person, const char *lang, const char *arguments,
                             const char *file)
{
    AUTO(json_release) json_t *object = NULL;
    AUTO(file_close) int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
    AUTO(text_free) char *text = memory_copy_text(arguments);
    struct job_order order = {.kind = kind, .person = person, .lang = lang, .input_fd = fd};
    bool is_good;

    for (char *at = text; *at; at++)
        *at = *at == '\'' ? '"' : *at;
    cr_assert(json_read(span_of(text), JSON_BYTES_MAX, &object, &J.err), "%s: %s", text, J.err.text);
    order.arguments = object;
    memset(&J.err, 0, sizeof J.err);
    is_good = jobs_create(&J.config, &order, &J.err);
    if (is_good)
        memcpy(J.last, order.id, sizeof J.last);
    return is_good;
}

/* The rule that refused the order. */
static inline const char *refused_order(const char *kind, const char *person, const char *arguments, const char *file)
{
    cr_assert_not(try_order(kind, person, "zh", arguments, file), "%s %s was taken", kind, arguments);
    cr_assert(J.err.zh[0] && J.err.text[0], "%s: both languages", J.err.rule);
    return J.err.rule;
}

static inline const char *order(const char *kind, const char *person, const char *lang, const char *arguments,
                                const char *file)
{
    cr_assert(try_order(kind, person, lang, arguments, file), "%s: %s", kind, J.err.text);
    return J.last;
}

static inline void run(const char *id)
{
    struct job_environment environment = {&J.config, J.store, J.signer, &J.clock, -1, NULL};

    cr_assert(jobs_run(&environment, id, &J.err), "%s", J.err.text);
}

/* A new reference. */
static inline json_t *job(const char *id)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    json_t *object = NULL;

    cr_assert(jobs_read(&J.config, id, &text, &J.err), "%s", J.err.text);
    cr_assert(json_read(buf_span(&text), JSON_BYTES_MAX, &object, &J.err), "%s: %s", text.data, J.err.text);
    return object;
}

/* The whole report, piece by piece; borrowed until the next call. */
static inline const char *report(const char *id, const char *format)
{
    size_t before;

    buf_clear(&J.text);
    do {
        before = J.text.bytes;
        cr_assert(jobs_report(&J.config, id, format, before, &J.text, &J.err), "%s", J.err.text);
    } while (J.text.bytes > before);
    return buf_text(&J.text);
}

static inline json_t *report_json(const char *id)
{
    json_t *object = NULL;

    cr_assert(json_read(span_of(report(id, "json")), JSON_BYTES_MAX, &object, &J.err), "%s: %s", J.text.data,
              J.err.text);
    return object;
}

/* Order and run; the exit status of the command line: 2 for a problem, whose rule is then in J.err.rule. */
static inline int done(const char *kind, const char *person, const char *arguments, const char *file)
{
    AUTO(json_release) json_t *object = NULL;
    const json_t *problem;

    run(order(kind, person, "zh", arguments, file));
    object = job(J.last);
    problem = json_object_get(object, "problem");
    if (problem)
        snprintf(J.err.rule, sizeof J.err.rule, "%s",
                 json_text_of(problem, "rule") ? json_text_of(problem, "rule") : "");
    return problem ? 2 : (int)json_integer_of(json_object_get(object, "result"), "exit", -1);
}

/* A member of the last job's result. */
static inline int64_t counted(const char *name)
{
    AUTO(json_release) json_t *object = job(J.last);

    return json_integer_of(json_object_get(object, "result"), name, -1);
}

static inline uint64_t events(void)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    cr_assert(store_begin(J.store, STORE_READ, &txn, &J.err), "%s", J.err.text);
    return journal_size(txn);
}

#endif
