/* What is owed and what was given, event by event: runs of the trace's log, block by block. Every test ends with a
 * rebuild that must give the same bytes. */
#include "gateway/feedback/feedback.h"

#include <criterion/criterion.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/command/ledger.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static struct store *store;
static struct error err;

static int64_t turned(void *context)
{
    (void)context;
    return 1785722400000;
}
static const struct clock CLOCK = {turned, NULL};

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
    test_folder_new(folder);
    store = open_store("store");
}

static void teardown(void)
{
    struct store *again = open_store("again");

    cr_assert(ledger_rebuild(store, again, NULL, NULL, &err) && ledger_compare(store, again, &err), "%s", err.text);
    store_close(again);
    store_close(store);
    test_folder_remove(folder);
}

TestSuite(owing, .init = setup, .fini = teardown, .timeout = 60);

struct said {
    const char *type;
    const char *data;
};

static bool say_in(struct store_txn *txn, void *context, struct error *why)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    const struct said *said = context;

    return ledger_new(txn, &CLOCK, &ledger, why) &&
           ledger_emit(ledger, "keeper", said->type, span_of(said->data), NULL, why) && ledger_finish(ledger, why);
}

static bool say(const char *type, const char *data)
{
    struct said said = {type, data};

    return store_write(store, say_in, &said, &err);
}

static void owe(const char *data)
{
    cr_assert(say("feedback.owed", data), "%s", err.text);
}

static bool give(uint64_t position, const char *receipt, unsigned left, const char *details)
{
    AUTO(buf_done) struct buf data = BUF_INIT;

    buf_addf(
        &data,
        "{\"answer\":{\"at\":\"2026-08-03T10:00:00.000+08:00\",\"domain\":\"lending\",\"purpose\":\"credit-review\","
        "\"uscc\":\"91440224MAYUCHK485\"},\"client\":\"bank\",\"details\":[%s],\"key\":null,\"left\":%u,"
        "\"position\":%llu,\"receipt\":\"%s\",\"sha256\":\"0\"}",
        details, left, (unsigned long long)position, receipt);
    return say("feedback.recorded", buf_text(&data));
}
#define OF(id) "{\"id\":\"" id "\",\"result\":\"other\",\"version\":1}"

static uint32_t left(const char *client, uint64_t position)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    cr_assert(store_begin(store, STORE_READ, &txn, &err));
    return feedback_left(txn, span_of(client), position);
}

static struct feedback_counts counts(const char *client)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct feedback_counts found;

    cr_assert(store_begin(store, STORE_READ, &txn, &err));
    feedback_count(txn, span_of(client), &found);
    return found;
}

/* --- failures --- */

Test(owing, what_is_owed_must_be_among_what_was_looked_at)
{
    static const char *const BAD[] = {
        "{\"from\":0,\"owing\":[{\"answers\":[[0,11,1]],\"client\":\"bank\"}],\"to\":10}",
        "{\"from\":0,\"owing\":[{\"answers\":[[5,5,1],[0,1,1]],\"client\":\"bank\"}],\"to\":10}",
        "{\"from\":0,\"owing\":[{\"answers\":[[0,0,1]],\"client\":\"bank\"}],\"to\":10}",
        "{\"from\":0,\"owing\":[{\"answers\":[[0,1,0]],\"client\":\"bank\"}],\"to\":10}",
        "{\"from\":0,\"owing\":[{\"answers\":[[0,1,65536]],\"client\":\"bank\"}],\"to\":10}",
        "{\"from\":0,\"owing\":[{\"answers\":[[-1,1,1]],\"client\":\"bank\"}],\"to\":10}",
        "{\"from\":0,\"owing\":[{\"answers\":[[0,1]],\"client\":\"bank\"}],\"to\":10}",
        "{\"from\":0,\"owing\":[{\"answers\":[[0,1,1]],\"client\":\"\"}],\"to\":10}",
        "{\"answers\":[],\"from\":0,\"to\":10}",
        "{\"from\":10,\"owing\":[],\"to\":0}",
    };

    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        cr_expect_not(say("feedback.owed", BAD[i]), "%s", BAD[i]);
        cr_expect_eq(err.code, ERR_CORRUPT, "%s: %s", BAD[i], err.text);
    }
    cr_expect_not(say("feedback.owed", "{\"from\":1,\"owing\":[],\"to\":10}"), "a gap");
    cr_expect_eq(err.code, ERR_CONFLICT);
    cr_expect_eq(counts("bank").owed, 0);
}

Test(owing, what_is_given_must_be_owed_there_and_leave_what_is_left)
{
    owe("{\"from\":0,\"owing\":[{\"answers\":[[3,4,2]],\"client\":\"bank\"}],\"to\":10}");
    cr_expect_not(give(2, "r2", 0, OF("A")), "in front of the run");
    cr_expect_not(give(7, "r7", 0, OF("A")), "behind it");
    cr_expect_not(give(4, "r4", 0, OF("A")), "one of two is left");
    cr_expect_not(give(4, "r4", 0, OF("A") "," OF("B") "," OF("C")), "more than was shown");
    cr_expect_not(give(4, "r4", 1, OF("A") "," OF("A")), "one thing twice");
    cr_expect_not(give(4, "r4", 2, ""), "nothing");
    cr_expect_eq(err.code, ERR_CONFLICT);
    cr_expect_eq(counts("bank").owed, 8);
    cr_expect_eq(counts("bank").given, 0);
}

/* --- what works --- */

Test(owing, a_run_falls_apart_where_something_is_given)
{
    owe("{\"from\":0,\"owing\":[{\"answers\":[[250,20,2]],\"client\":\"bank\"}],\"to\":300}");
    cr_assert(give(255, "r255", 1, OF("A")), "%s", err.text); /* the last of its block */
    cr_assert(give(260, "r260", 0, OF("A") "," OF("B")), "%s", err.text);
    cr_assert(give(250, "r250", 0, OF("A") "," OF("B")), "%s", err.text);
    cr_assert(give(269, "r269", 1, OF("B")), "%s", err.text);
    for (uint64_t position = 240; position < 280; position++) {
        uint32_t expected = position < 251 || position == 260 || position > 269 ? 0
                            : position == 255 || position == 269                ? 1
                                                                                : 2;

        cr_expect_eq(left("bank", position), expected, "%llu", (unsigned long long)position);
    }
    cr_expect_eq(counts("bank").owed, 40 - 6);
    cr_expect_eq(counts("bank").given, 6);
    cr_assert(give(255, "r255", 0, OF("B")), "%s", err.text);
    cr_expect_eq(left("bank", 255), 0);
    cr_expect_not(give(255, "r255", 0, OF("B")), "twice");
}

Test(owing, clients_owe_apart_and_from_event_to_event)
{
    owe("{\"from\":0,\"owing\":[{\"answers\":[[0,1,1],[1,1,1]],\"client\":\"bank\"},"
        "{\"answers\":[[1,1,3]],\"client\":\"land\"}],\"to\":4}");
    owe("{\"from\":4,\"owing\":[],\"to\":1000}");
    owe("{\"from\":1000,\"owing\":[{\"answers\":[[0,2000,1]],\"client\":\"bank\"}],\"to\":3000}");
    cr_expect_eq(left("bank", 0), 1);
    cr_expect_eq(left("bank", 1), 0);
    cr_expect_eq(left("land", 1), 3);
    cr_expect_eq(left("land", 2), 0);
    cr_expect_eq(left("bank", 2), 1);
    cr_expect_eq(left("bank", 999), 0);
    cr_expect_eq(left("bank", 1000), 1);
    cr_expect_eq(left("bank", 2999), 1);
    cr_expect_eq(left("bank", 3000), 0);
    cr_expect_eq(counts("bank").owed, 2002);
}

struct seen {
    uint64_t positions[8];
    size_t count;
    size_t most;
};

static bool see(uint64_t position, uint32_t things, void *context)
{
    struct seen *seen = context;

    if (seen->count == seen->most)
        return false;
    seen->positions[seen->count++] = position;
    return things == 1;
}

Test(owing, pages_follow_one_another_over_blocks)
{
    struct feedback_page page = {.client = SPAN("bank")};
    AUTO(store_abort) struct store_txn *txn = NULL;

    owe("{\"from\":0,\"owing\":[{\"answers\":[[255,2,1],[700,1,1],[300,2,1]],\"client\":\"bank\"},"
        "{\"answers\":[[256,1,1]],\"client\":\"bank-2\"}],\"to\":2000}");
    cr_assert(store_begin(store, STORE_READ, &txn, &err));
    for (int i = 0; i < 3; i++) {
        static const uint64_t EXPECTED[3][2] = {{255, 256}, {957, 1258}, {1259, 0}};
        struct seen seen = {.most = 2};

        cr_assert(feedback_owed(txn, &page, see, &seen, &err), "%s", err.text);
        cr_assert_eq(seen.count, i < 2 ? 2 : 1);
        cr_expect_eq(page.has_more, i < 2);
        for (size_t at = 0; at < seen.count; at++)
            cr_expect_eq(seen.positions[at], EXPECTED[i][at], "page %d: %llu", i,
                         (unsigned long long)seen.positions[at]);
    }
}
