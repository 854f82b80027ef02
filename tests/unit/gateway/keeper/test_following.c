/* Who is told of which change: the keeper's look at the journal, over real commands and a real store. */
#include "gateway/keeper/following.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/walk.h"
#include "gateway/command/command_client.h"
#include "gateway/command/command_watch.h"
#include "gateway/journal/journal.h"
#include "tests/unit/gateway/command/upstream.h"

#define SAMPLE "91440224MAYUCHK485"
#define OTHER "91441303MAY1A0TP3P"

static struct config config;
static struct config_client clients[4];
static struct keeper_options options;
static struct following *following;

static struct config_client client_of(const char *name, enum client_kind kind, char **domains)
{
    return (struct config_client){.name = (char *)name,
                                  .kind = kind,
                                  .domains = domains,
                                  .scopes = ~0U,
                                  .webhook = {.url = (char *)"https://localhost:9/hook"}};
}

static void begin(void)
{
    following_free(following);
    following = following_new(&options);
}

static void setup(void)
{
    static char *lending[] = {(char *)"lending", NULL};
    static char *land[] = {(char *)"land-supply", NULL};

    desk_open();
    clients[0] = client_of("bank", CLIENT_LENDER, lending);
    clients[1] = client_of("land", CLIENT_GOVERNMENT, land);
    clients[2] = client_of("fund", CLIENT_LENDER, lending);
    clients[3] = client_of("shop", CLIENT_LENDER, lending);
    config = (struct config){.data = (char *)TEST_SOURCE, .state = T.folder, .clients = clients, .client_count = 4};
    options = (struct keeper_options){&config, T.store, T.signer, &T.clock, -1};
    begin();
}

static void teardown(void)
{
    following_free(following);
    following = NULL;
    desk_close();
}

TestSuite(following, .init = setup, .fini = teardown, .timeout = 120);

static uint32_t watch_for(const char *client, const char *domain, const char *uscc)
{
    struct span code = span_of(uscc);
    struct watch_opening opening = {.client = span_of(client),
                                    .domain = span_of(domain),
                                    .purpose = strcmp(domain, "lending") == 0 ? SPAN("credit-review")
                                                                              : SPAN("decision-review"),
                                    .subjects = {&code, 1},
                                    .sha256 = "00"};
    uint32_t number;

    cr_assert(command_watch_open(&T.desk, &opening, &number, &T.err), "%s", T.err.text);
    return number;
}

static void turn(void)
{
    cr_assert(following_turn(following, &T.err), "%s", T.err.text);
}

/* The messages of a client, the newest first into `newest`. */
struct told {
    size_t count;
    char newest[1024];
    char states[16]; /* first letters, in order */
};

static struct told told_in(struct store *store, const char *client)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct told told = {.count = 0};
    char channel[CHANNEL_NAME_BYTES];

    snprintf(channel, sizeof channel, "webhook:%s", client);
    cr_assert(store_begin(store, STORE_READ, &txn, &T.err), "%s", T.err.text);
    for (uint64_t i = 0; i < journal_size(txn); i++) {
        struct event event;
        struct span bytes, row, state;

        cr_assert(journal_read(txn, i, &bytes) && event_parse(bytes, &event, &T.err));
        if (!span_is(event.type, "delivery.queued") || !span_is(walk_plain_of(event.data, "channel"), channel))
            continue;
        row = walk_member(event.data, "row");
        state = walk_plain_of(walk_member(row, "data"), "state");
        snprintf(told.newest, sizeof told.newest, "%.*s", (int)row.bytes, row.at);
        if (told.count < sizeof told.states - 1)
            told.states[told.count] = state.bytes ? state.at[0] : '?';
        told.count++;
    }
    return told;
}

static struct told told(const char *client)
{
    return told_in(T.store, client);
}

static uint64_t followed(void)
{
    AUTO(store_abort) struct store_txn *txn = reader();

    return watch_followed(txn);
}

/* --- who is told nothing --- */

Test(following, nobody_is_told_of_what_nobody_watches)
{
    (void)listed_sample();
    turn();
    cr_assert_eq(told("bank").count, 0);
    (void)watch_for("bank", "lending", OTHER);
    turn();
    cr_assert_eq(told("bank").count, 0);
}

Test(following, what_changed_before_somebody_watched_is_not_told)
{
    const char *id = listed_sample();

    (void)watch_for("bank", "lending", SAMPLE);
    turn();
    begin(); /* a keeper that starts anew looks again */
    turn();
    cr_assert_eq(told("bank").count, 0);
    cr_assert_str_eq(change(id, blank_change(OP_WITHDRAWN)), "done");
    turn();
    cr_assert_eq(told("bank").count, 0, "proposed only");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    turn();
    cr_assert_eq(told("bank").count, 1);
}

Test(following, who_is_no_longer_in_the_configuration_is_told_nothing)
{
    static char *others[] = {(char *)"loan-review", NULL};

    (void)watch_for("bank", "lending", SAMPLE);
    (void)watch_for("land", "land-supply", SAMPLE);
    (void)watch_for("fund", "lending", SAMPLE);
    (void)watch_for("shop", "lending", SAMPLE);
    clients[0].name = (char *)"another";
    clients[1].webhook.url = (char *)"";
    clients[2].domains = clients[1].domains;
    clients[3].purposes = others;
    (void)listed_sample();
    turn();
    cr_assert_eq(told("bank").count + told("land").count + told("fund").count + told("shop").count, 0);
}

/* Whether it may leave is for the courier (tests/flow/watch.sh). */
Test(following, what_changes_while_a_client_is_suspended_is_kept_for_it)
{
    (void)watch_for("bank", "lending", SAMPLE);
    cr_assert(command_client_suspend(&T.desk, "bank", "证书泄露", &T.err), "%s", T.err.text);
    (void)listed_sample();
    turn();
    cr_assert_eq(told("bank").count, 1);
}

Test(following, who_is_under_test_or_only_supervises_by_now_is_told_nothing)
{
    (void)watch_for("bank", "lending", SAMPLE);
    (void)watch_for("fund", "lending", SAMPLE);
    (void)watch_for("shop", "lending", SAMPLE);
    clients[0].is_test = true;
    clients[2].kind = CLIENT_SUPERVISOR;
    (void)listed_sample();
    turn();
    cr_assert_eq(told("bank").count + told("fund").count, 0);
    cr_assert_eq(told("shop").count, 1);
}

Test(following, a_closed_list_and_a_removed_subject_are_told_nothing)
{
    uint32_t number = watch_for("bank", "lending", SAMPLE);
    uint32_t other = watch_for("fund", "lending", SAMPLE);
    struct span code = SPAN(SAMPLE);
    struct watch_change change_it = {.client = SPAN("fund"), .number = other, .removed = {&code, 1}};

    cr_assert(command_watch_close(&T.desk, SPAN("bank"), number, &T.err), "%s", T.err.text);
    cr_assert(command_watch_change(&T.desk, &change_it, &T.err), "%s", T.err.text);
    (void)listed_sample();
    turn();
    cr_assert_eq(told("bank").count + told("fund").count, 0);
}

Test(following, what_a_domain_may_not_see_is_not_told)
{
    struct proposal proposal = sample_proposal();

    proposal.scope = SCOPE_GOVERNMENT;
    (void)watch_for("bank", "lending", SAMPLE);
    (void)watch_for("land", "land-supply", SAMPLE);
    import_row(sample_row());
    cr_assert_str_eq(propose_sample(&proposal), "done");
    cr_assert_str_eq(approve_as("reviewer", T.last.record), "done");
    turn();
    cr_assert_eq(told("bank").count, 0, "%s", told("bank").newest);
    cr_assert_eq(told("land").count, 1);
}

/* --- who is told --- */

Test(following, every_change_is_told_once_to_each_who_watches)
{
    struct told bank;
    const char *id;

    (void)watch_for("bank", "lending", SAMPLE);
    (void)watch_for("land", "land-supply", SAMPLE);
    id = listed_sample();
    turn();
    turn();
    begin();
    turn();
    bank = told("bank");
    cr_assert_eq(bank.count, 1);
    cr_assert_eq(told("land").count, 1);
    cr_assert_not_null(strstr(bank.newest, "\"state\":\"listed\",\"uscc\":\"" SAMPLE "\",\"version\":1,"), "%s",
                       bank.newest);
    cr_assert_not_null(strstr(bank.newest, "\"type\":\"subject.changed\"}"));
    cr_assert_not_null(strstr(bank.newest, id));
    cr_assert_null(strstr(bank.newest, "facts"), "no more than a notice: %s", bank.newest);
    cr_assert_str_eq(change(id, blank_change(OP_DISPUTED)), "done");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    turn();
    cr_assert_str_eq(change(id, blank_change(OP_WITHDRAWN)), "done");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    turn();
    cr_assert_str_eq(told("bank").states, "lle");
    cr_assert_not_null(strstr(told("bank").newest, "\"ended_by\":\"withdrawn\""));
}

Test(following, a_keeper_that_was_away_tells_how_it_stands_now)
{
    const char *id;

    (void)watch_for("bank", "lending", SAMPLE);
    id = listed_sample();
    cr_assert_str_eq(change(id, blank_change(OP_WITHDRAWN)), "done");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    turn();
    cr_assert_eq(told("bank").count, 1);
    cr_assert_not_null(strstr(told("bank").newest, "\"state\":\"ended\""));
}

Test(following, publication_that_ends_by_itself_is_told)
{
    struct tally tally = {0};
    const char *id;

    (void)watch_for("bank", "lending", SAMPLE);
    id = listed_sample();
    push_all();
    acknowledge(CHANNEL_CREDIT_GUANGDONG, id, 1);
    turn();
    set_today("2027-08-04");
    cr_assert(command_expire(&T.desk, keep, NULL, &tally, &T.err), "%s", T.err.text);
    cr_assert_eq(tally.done, 1);
    turn();
    cr_assert_str_eq(told("bank").states, "le");
    cr_assert_not_null(strstr(told("bank").newest, "\"ended_by\":\"expired\""), "%s", told("bank").newest);
}

Test(following, what_was_looked_at_is_said_now_and_then_though_nothing_came_of_it)
{
    (void)watch_for("bank", "lending", OTHER);
    turn();
    cr_assert_eq(followed(), 0);
    for (int i = 0; i < 3; i++) {
        AUTO(store_abort) struct store_txn *txn = NULL;
        AUTO(ledger_free) struct ledger *ledger = NULL;

        cr_assert(store_begin(T.store, STORE_WRITE, &txn, &T.err) && ledger_new(txn, &T.clock, &ledger, &T.err));
        for (int j = 0; j < FOLLOWING_QUIET_EVENTS / 4; j++)
            cr_assert(ledger_emit(ledger, "courier", j % 2 ? "channel.resumed" : "channel.paused",
                                  j % 2 ? SPAN("{\"channel\":\"credit-china\"}")
                                        : SPAN("{\"channel\":\"credit-china\",\"reason\":\"x\"}"),
                                  NULL, &T.err),
                      "%s", T.err.text);
        cr_assert(ledger_finish(ledger, &T.err) && store_commit(TAKE(txn), &T.err), "%s", T.err.text);
    }
    turn();
    cr_assert_eq(followed(), 0, "not yet");
    for (int i = 0; i < FOLLOWING_QUIET_EVENTS / 4 + 10; i += 2) {
        emit("channel.paused", "{\"channel\":\"credit-china\",\"reason\":\"x\"}");
        emit("channel.resumed", "{\"channel\":\"credit-china\"}");
    }
    turn();
    cr_assert_geq(followed(), FOLLOWING_QUIET_EVENTS);
}

/* --- killed anywhere --- */

static int ticks;

static int64_t deadly_clock(void *context)
{
    (void)context;
    if (ticks-- == 0)
        kill(getpid(), SIGKILL);
    return T.now_ms;
}

/* Killed when it reads the clock for the `at`-th time; true when it got to its end. */
static bool dies_at(int at)
{
    struct clock clock = {deadly_clock, NULL};
    AUTO(text_free) char *path = path_join(T.folder, "store");
    pid_t child = fork();
    int status;

    if (child == 0) {
        struct keeper_options dying = {&config, NULL, NULL, &clock, -1};
        struct store *store = NULL;

        ticks = at;
        if (!store_open(path, &(struct store_options){.is_scratch = true}, &store, &T.err))
            _exit(4);
        dying.store = store;
        _exit(following_turn(following_new(&dying), &T.err) ? 0 : 3);
    }
    cr_assert_gt(child, 0);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0, "%d: %d", at, status);
    return WIFEXITED(status);
}

Test(following, a_keeper_that_is_killed_anywhere_tells_once)
{
    AUTO(text_free) char *path = path_join(T.folder, "store");
    int deaths = 0;

    (void)watch_for("bank", "lending", SAMPLE);
    (void)watch_for("land", "land-supply", SAMPLE);
    (void)watch_for("fund", "lending", SAMPLE);
    (void)listed_sample();
    store_close(TAKE(T.store));
    while (!dies_at(deaths))
        deaths++;
    cr_assert_gt(deaths, 3);
    cr_assert(dies_at(INT32_MAX));
    cr_assert(store_open(path, &(struct store_options){.is_scratch = true}, &T.store, &T.err), "%s", T.err.text);
    options.store = T.desk.store = T.store;
    begin();
    turn();
    cr_assert_eq(told("bank").count, 1);
    cr_assert_eq(told("land").count, 1);
    cr_assert_eq(told("fund").count, 1);
}
