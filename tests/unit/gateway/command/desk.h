/* desk.h - a scratch gateway for tests of commands: a store, keys, a clock that the test turns, and obligations. */
#ifndef TESTS_UNIT_GATEWAY_COMMAND_DESK_H
#define TESTS_UNIT_GATEWAY_COMMAND_DESK_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/command/command.h"
#include "gateway/command/ledger.h"
#include "gateway/command/seal.h"
#include "gateway/registry/subject.h"
#include "tests/support/support.h"

static struct {
    char folder[TEST_PATH_BYTES];
    struct desk desk;
    struct clock clock;
    int64_t now_ms;
    struct store *store;
    struct keyring *keyring;
    struct signer *signer;
    struct windows *windows;
    struct rules *rules;
    struct error err;
    struct error refusal; /* the last one reported */
    struct outcome last;
    struct tally tally;
} T;

static inline int64_t turned_clock(void *context)
{
    (void)context;
    return T.now_ms;
}

static inline int32_t on(const char *text)
{
    int32_t day = DAY_NONE;

    cr_assert(day_parse(span_of(text), &day), "%s", text);
    return day;
}

static inline void set_today(const char *day)
{
    T.now_ms = day_start_ms(on(day)) + 9 * 3600 * 1000;
}

static inline struct store *scratch_store(const char *name)
{
    AUTO(text_free) char *path = path_join(T.folder, name);
    struct store *store = NULL;

    cr_assert(store_open(path, &(struct store_options){.creates = true, .is_scratch = true}, &store, &T.err), "%s",
              T.err.text);
    return store;
}

static inline void desk_open(void)
{
    AUTO(text_free) char *keys = NULL;

    test_folder_new(T.folder);
    keys = path_join(T.folder, "keys");
    set_today("2026-08-03");
    T.clock = (struct clock){turned_clock, NULL};
    T.store = scratch_store("store");
    cr_assert(keyring_create(keys, "test", day_start_ms(on("2020-01-01")), &T.err), "%s", T.err.text);
    cr_assert(keyring_load(keys, &T.keyring, &T.err), "%s", T.err.text);
    cr_assert(signer_new_local(T.keyring, &T.signer, &T.err), "%s", T.err.text);
    cr_assert(windows_load(TEST_SOURCE "/schemas/data/publication-windows.json", &T.windows, &T.err), "%s", T.err.text);
    cr_assert(rules_load(TEST_SOURCE "/schemas", &T.rules, &T.err), "%s", T.err.text);
    T.desk = (struct desk){.store = T.store,
                           .clock = &T.clock,
                           .windows = T.windows,
                           .rules = T.rules,
                           .signer = T.signer,
                           .person = "author"};
}

/* The rule of architecture 2, after every test: the journal replayed gives the same bytes. */
static inline void assert_rebuilds(void)
{
    AUTO(store_close) struct store *again = scratch_store("rebuilt");

    cr_assert(ledger_rebuild(T.store, again, NULL, NULL, &T.err), "%s", T.err.text);
    cr_assert(ledger_compare(T.store, again, &T.err), "%s", T.err.text);
}

static inline void desk_close(void)
{
    assert_rebuilds();
    rules_free(T.rules);
    windows_free(T.windows);
    signer_free(T.signer);
    keyring_free(T.keyring);
    store_close(T.store);
    test_folder_remove(T.folder);
}

/* An order that may be: 韶关, energy, deadline 2026-02-28. */
static inline struct obligation sample_row(void)
{
    return (struct obligation){.field = {[COLUMN_NAME] = span_of("韶关市璞廪钢铁有限公司"),
                                         [COLUMN_USCC] = span_of("91440224MAYUCHK485"),
                                         [COLUMN_DIVISION] = span_of("440224"),
                                         [COLUMN_REGION] = span_of("韶关市仁化县"),
                                         [COLUMN_INDUSTRY] = span_of("钢铁"),
                                         [COLUMN_DIMENSION] = span_of("能耗"),
                                         [COLUMN_MEASURE] = span_of("限期整改"),
                                         [COLUMN_AUTHORITY] = span_of("韶关市工业和信息化局"),
                                         [COLUMN_AUTHORITY_KIND] = span_of("经济和信息化主管部门"),
                                         [COLUMN_DOCUMENT] = span_of("韶工信节能〔2025〕10号"),
                                         [COLUMN_ORDER_DATE] = span_of("2025-08-31"),
                                         [COLUMN_DEADLINE] = span_of("2026-02-28"),
                                         [COLUMN_EQUIPMENT] = span_of("25吨转炉"),
                                         [COLUMN_EQUIPMENT_COUNT] = span_of("1"),
                                         [COLUMN_CAPACITY] = span_of("31.47"),
                                         [COLUMN_CAPACITY_UNIT] = span_of("万吨/年"),
                                         [COLUMN_STATE] = span_of("逾期未退出")}};
}

static inline struct import_counts import_rows(struct obligation *rows, size_t count)
{
    AUTO(command_import_free) struct command_import *import = NULL;
    struct import_file file = {"register.csv", "UTF-8", "00", 100, count, 0, 0};
    struct import_counts counts;
    enum column bad;

    cr_assert(command_import_begin(&T.desk, "import1", NULL, NULL, &import, &T.err), "%s", T.err.text);
    for (size_t i = 0; i < count; i++) {
        cr_assert(obligation_type_fields(&rows[i], &bad), "%s", COLUMN_KEYS[bad]);
        cr_assert(command_import_row(import, &rows[i], (uint32_t)i + 2, &T.err), "%s", T.err.text);
    }
    cr_assert(command_import_finish(import, &file, &counts, &T.err), "%s", T.err.text);
    return counts;
}

static inline void import_row(struct obligation row)
{
    (void)import_rows(&row, 1);
}

/* The sample with another value in one column. */
static inline void import_with(enum column column, const char *value)
{
    struct obligation row = sample_row();

    row.field[column] = span_of(value);
    import_row(row);
}

static inline struct proposal sample_proposal(void)
{
    return (struct proposal){.op = OP_NEW,
                             .on = on("2026-07-31"),
                             .document = span_of("韶工信失信〔2026〕1号"),
                             .decided_on = on("2026-08-03"),
                             .severity = SEVERITY_GENERAL,
                             .scope = -1};
}

static inline void keep(const struct outcome *outcome, void *context)
{
    (void)context;
    T.last = *outcome;
    memset(&T.refusal, 0, sizeof T.refusal);
    if (outcome->refusal)
        T.refusal = *outcome->refusal;
}

static inline const char *result_of(bool is_good)
{
    cr_assert(is_good, "%s", T.err.text);
    return T.last.is_done ? "done" : T.refusal.rule;
}

/* "done", or the rule that refused. */
static inline const char *propose_row(struct obligation row, const struct proposal *proposal)
{
    uint8_t ids[1][OBLIGATION_ID_BYTES];

    obligation_id(&row, ids[0]);
    return result_of(command_propose(&T.desk, (const uint8_t(*)[OBLIGATION_ID_BYTES])ids, 1, proposal, keep, NULL,
                                     &T.tally, &T.err));
}

static inline const char *propose_sample(const struct proposal *proposal)
{
    return propose_row(sample_row(), proposal);
}

static inline const char *approve_seen(const char *person, const char *record, uint64_t proposal)
{
    struct review_item item = {record, proposal};
    const char *before = T.desk.person;
    const char *result;

    T.desk.person = person;
    result = result_of(command_approve(&T.desk, &item, 1, keep, NULL, &T.tally, &T.err));
    T.desk.person = before;
    return result;
}

static inline const char *approve_as(const char *person, const char *record)
{
    return approve_seen(person, record, 0);
}

static inline const char *return_it(const char *record, const char *reason)
{
    struct review_item item = {record, 0};

    return result_of(command_return(&T.desk, &item, 1, reason, keep, NULL, &T.tally, &T.err));
}

static inline const char *change(const char *record, struct proposal proposal)
{
    return result_of(command_change(&T.desk, &record, 1, &proposal, keep, NULL, &T.tally, &T.err));
}

/* A change that changes nothing yet. */
static inline struct proposal blank_change(enum record_op op)
{
    return (struct proposal){
        .op = op, .on = DAY_NONE, .decided_on = DAY_NONE, .scope = -1, .reason = span_of("因为有误")};
}

/* An effective record of the sample; its id stays valid for the test. */
static inline const char *listed_sample(void)
{
    static char id[RECORD_ID_BYTES];
    struct proposal proposal = sample_proposal();

    import_row(sample_row());
    cr_assert_str_eq(propose_sample(&proposal), "done");
    memcpy(id, T.last.record, sizeof id);
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    return id;
}

static inline struct store_txn *reader(void)
{
    struct store_txn *txn = NULL;

    cr_assert(store_begin(T.store, STORE_READ, &txn, &T.err), "%s", T.err.text);
    return txn;
}

#endif
