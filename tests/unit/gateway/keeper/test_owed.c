/* Which answers want a feedback: the keeper's look at the trace, over a real trace and a real store. */
#include "gateway/keeper/owed.h"

#include <criterion/criterion.h>

#include <stdio.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/command/ledger.h"
#include "gateway/feedback/feedback.h"
#include "gateway/journal/journal.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static struct store *store;
static struct trace_writer *writer;
static struct trace_log *log_read;
static struct owed *owed;
static struct keeper_options options;
static struct error err;

static int64_t turned(void *context)
{
    (void)context;
    return 1785722400000;
}
static const struct clock CLOCK = {turned, NULL};

static void begin(void)
{
    owed_free(owed);
    owed = owed_new(&options, false);
}

static struct store *open_store(const char *name)
{
    AUTO(text_free) char *path = path_join(folder, name);
    const struct store_options how = {.creates = true, .is_scratch = true};
    struct store *opened = NULL;

    cr_assert(store_open(path, &how, &opened, &err), "%s", err.text);
    return opened;
}

static void setup(void)
{
    AUTO(text_free) char *trace = NULL;

    test_folder_new(folder);
    trace = path_join(folder, "trace");
    store = open_store("store");
    options = (struct keeper_options){.store = store, .clock = &CLOCK, .courier_fd = -1};
    cr_assert(trace_writer_open(trace, &writer, &err) && trace_log_open(trace, &log_read, &err), "%s", err.text);
    begin();
}

static void teardown(void)
{
    struct store *again = open_store("again");

    cr_assert(ledger_rebuild(store, again, NULL, NULL, &err) && ledger_compare(store, again, &err), "%s", err.text);
    store_close(again);
    owed_free(owed);
    trace_log_free(log_read);
    trace_writer_free(writer);
    store_close(store);
    test_folder_remove(folder);
}

TestSuite(owed, .init = setup, .fini = teardown, .timeout = 120);

static bool answers_are_tests;
static const char *matter;

static void answer(const char *client, const char *shown, bool owes)
{
    char receipt[TRACE_RECEIPT_BYTES];
    struct trace_entry entry = {.at_ms = 1785722400000,
                                .receipt = receipt,
                                .by = span_of(client),
                                .domain = SPAN("lending"),
                                .purpose = SPAN("credit-review"),
                                .matter = span_of(matter),
                                .uscc = SPAN("91440224MAYUCHK485"),
                                .verdict = owes ? "listed" : "not-listed",
                                .status = 200,
                                .shown = span_of(shown),
                                .owes = owes,
                                .is_test = answers_are_tests};

    trace_next_receipt(writer, receipt);
    trace_add(writer, &entry);
}

static void integrate(void)
{
    uint64_t taken;

    cr_assert(trace_flush(writer, &err) && trace_log_integrate(log_read, &taken, &err), "%s", err.text);
}

static void look(void)
{
    cr_assert(owed_turn(owed, log_read, &err), "%s", err.text);
}

static uint64_t owed_by(const char *client)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct feedback_counts counts;

    cr_assert(store_begin(store, STORE_READ, &txn, &err));
    feedback_count(txn, span_of(client), &counts);
    return counts.owed;
}

/* An answer from the test list is owed on in the list's own store, and there alone. */
Test(owed, tests_and_the_register_stay_apart)
{
    struct store *list = open_store("list");
    struct keeper_options of_test = {.store = list, .clock = &CLOCK, .courier_fd = -1};
    AUTO(owed_free) struct owed *owed_of_test = owed_new(&of_test, true);
    struct store *kept = store;

    answer("bank", "[[\"R0123456789abcdef0123\",1]]", true);
    answers_are_tests = true;
    answer("trial", "[[\"R0123456789abcdef0123\",1]]", true);
    answers_are_tests = false;
    integrate();
    look();
    cr_assert(owed_turn(owed_of_test, log_read, &err), "%s", err.text);
    cr_expect_eq(owed_by("bank"), 1);
    cr_expect_eq(owed_by("trial"), 0, "nothing of a test is in the register's journal");
    store = list;
    cr_expect_eq(owed_by("bank"), 0, "and nothing real in the list's");
    cr_expect_eq(owed_by("trial"), 1);
    store = kept;
    store_close(list);
}

static uint64_t events(void)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    cr_assert(store_begin(store, STORE_READ, &txn, &err));
    return journal_size(txn);
}

#define ONE "[[\"R0123456789abcdef0123\",1]]"
#define TWO "[[\"R0123456789abcdef0123\",1],[\"R0123456789abcdef0124\",3]]"

Test(owed, a_log_that_is_shorter_than_what_was_looked_at_is_not_believed)
{
    AUTO(text_free) char *other = path_join(folder, "other");
    AUTO(trace_log_free) struct trace_log *empty = NULL;

    answer("bank", ONE, true);
    integrate();
    look();
    cr_assert(trace_log_open(other, &empty, &err), "%s", err.text);
    cr_assert_not(owed_turn(owed, empty, &err));
    cr_assert_eq(err.code, ERR_CORRUPT);
    begin();
    cr_assert_not(owed_turn(owed, empty, &err));
    cr_assert_eq(owed_by("bank"), 1);
}

/* Longer and shorter by turns, so that no entry says it where the last one did. */
Test(owed, what_a_stranger_writes_decides_nothing)
{
    static const char *const MATTERS[] = {",\"owes\":true,",  "\",\"owes\":true,\"", "x,",
                                          ",\"owes\":false,", "\\\",\"owes\":true,", "\\"};

    for (size_t i = 0; i < COUNT_OF(MATTERS); i++) {
        matter = MATTERS[i];
        answer("bank", ONE, false);
        answer("land", TWO, true);
    }
    matter = NULL;
    answer("bank", NULL, false);
    integrate();
    look();
    cr_expect_eq(owed_by("bank"), 0);
    cr_expect_eq(owed_by("land"), 2 * COUNT_OF(MATTERS));
}

Test(owed, what_lists_nothing_writes_nothing)
{
    for (int i = 0; i < 100; i++)
        answer("bank", NULL, false);
    integrate();
    look();
    cr_assert_eq(events(), 0);
    answer("bank", ONE, true);
    integrate();
    look();
    cr_assert_eq(events(), 1);
    cr_assert_eq(owed_by("bank"), 1);
}

Test(owed, everything_shown_counts_for_the_client_that_saw_it)
{
    answer("bank", TWO, true);
    answer("\"land\\office\"", ONE, true);
    integrate();
    look();
    cr_assert_eq(owed_by("bank"), 2);
    cr_assert_eq(owed_by("\"land\\office\""), 1);
    cr_assert_eq(owed_by("land"), 0);
}

Test(owed, a_keeper_that_starts_anew_owes_nothing_twice)
{
    for (int i = 0; i < 5; i++) {
        answer("bank", ONE, true);
        answer("bank", NULL, false);
        integrate();
        look();
        look();
        begin();
    }
    look();
    cr_assert_eq(owed_by("bank"), 5);
    cr_assert_eq(events(), 5);
}

/* More than one event, and more than one transaction, holds: others have their turn in between. */
Test(owed, very_many_are_owed_turn_by_turn)
{
    enum { MANY = 20000 };
    int turns = 0;

    for (int i = 0; i < MANY; i++)
        answer(i % 2 ? "bank" : "land", ONE, true);
    integrate();
    do {
        look();
        turns++;
    } while (owed_waits(owed, log_read));
    cr_assert_eq(turns, (MANY + OWED_TURN_ENTRIES - 1) / OWED_TURN_ENTRIES);
    cr_assert_eq(owed_by("bank"), MANY / 2);
    cr_assert_eq(owed_by("land"), MANY / 2);
    cr_assert_gt(events(), 3);
    cr_assert_lt(events(), MANY / 500);
}

/* One event has room for fewer; names that need many bytes among them. */
Test(owed, more_clients_than_one_event_has_room_for)
{
    enum { CLIENTS = 600 };
    char client[FEEDBACK_CLIENT_MAX + 1];

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < CLIENTS; i++) {
            snprintf(client, sizeof client, "%s-%d", i % 2 ? "\"\\\"\\" : "bank", i);
            answer(client, i % 3 ? ONE : TWO, i % 5 != 0);
        }
    }
    integrate();
    look();
    cr_expect_eq(owed_by("bank-0"), 0);
    cr_expect_eq(owed_by("\"\\\"\\-1"), 2);
    cr_expect_eq(owed_by("bank-6"), 4);
    cr_expect_eq(owed_by("\"\\\"\\-599"), 2);
    cr_expect_geq(events(), 2);
}

/* What one client saw one after the other is said in a few bytes, however much it is. */
Test(owed, a_long_run_is_one_short_event)
{
    for (int i = 0; i < 5000; i++)
        answer("bank", i < 2500 ? ONE : TWO, true);
    integrate();
    look();
    cr_expect_eq(owed_by("bank"), 2500 + 2 * 2500);
    cr_expect_eq(events(), 1);
}
