/* What was queued for a client's endpoint when it was given more than it is given now. */
#include "gateway/courier/remit.h"

#include "base/walk.h"
#include "gateway/command/command_watch.h"
#include "gateway/courier/endpoints.h"
#include "gateway/journal/journal.h"
#include "tests/unit/gateway/command/upstream.h"

#define SAMPLE "91440224MAYUCHK485"
#define OTHER "91441303MAY1A0TP3P"

enum { MANY = 1100 }; /* more than are ended in two transactions */

static char *const LENDING[] = {(char *)"lending", NULL};
static char *const ELSEWHERE[] = {(char *)"bond-issuance", NULL};
static char *const CREDIT[] = {(char *)"credit-review", NULL};
static char *const NOT_CREDIT[] = {(char *)"post-loan", NULL};

static struct config config;
static struct config_client clients[2];
static uint32_t watch;
static unsigned messages;

static struct config_client client_of(const char *name)
{
    return (struct config_client){.name = (char *)name,
                                  .kind = CLIENT_LENDER,
                                  .domains = (char **)LENDING,
                                  .webhook = {.url = (char *)"https://localhost:9/hook",
                                              .signature = (char *)"ed25519",
                                              .secret_file = (char *)"",
                                              .certificate = (char *)"",
                                              .key = (char *)""}};
}

static uint32_t watch_for(const char *client, const char *uscc)
{
    struct span code = span_of(uscc);
    struct watch_opening opening = {.client = span_of(client),
                                    .domain = SPAN("lending"),
                                    .purpose = SPAN("credit-review"),
                                    .subjects = {&code, 1},
                                    .sha256 = "00"};
    uint32_t number;

    cr_assert(command_watch_open(&T.desk, &opening, &number, &T.err), "%s", T.err.text);
    return number;
}

static void setup(void)
{
    desk_open();
    clients[0] = client_of("bank");
    clients[1] = client_of("fund");
    config = (struct config){.name = (char *)"gw.test",
                             .data = (char *)TEST_SOURCE,
                             .state = T.folder,
                             .clients = clients,
                             .client_count = 2};
    watch = watch_for("bank", SAMPLE);
    messages = 0;
}

TestSuite(remit, .init = setup, .fini = desk_close, .timeout = 120);

static void queue_in(struct store_txn *txn, struct ledger *ledger, const char *client, uint32_t number,
                     const char *subject)
{
    AUTO(buf_done) struct buf channel = BUF_INIT;
    struct watch_message message = {.version = number};
    char id[WATCH_ID_BYTES];

    buf_addf(&channel, CHANNEL_WEBHOOK_PREFIX "%s", client);
    message.channel = channel.data;
    snprintf(message.record, sizeof message.record, "C%u", ++messages);
    snprintf(message.subject, sizeof message.subject, "%s", subject);
    buf_addf(&message.row, "{\"data\":{\"domain\":\"lending\",\"watch\":\"%s\"},\"type\":\"subject.changed\"}",
             watch_id_format(number, id));
    cr_assert(command_watch_queue(txn, ledger, "keeper", &message, &T.err), "%s", T.err.text);
    buf_done(&message.row);
}

/* `count` messages of a lane. */
static void queue(const char *client, uint32_t number, const char *subject, unsigned count)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(ledger_free) struct ledger *ledger = NULL;

    cr_assert(store_begin(T.store, STORE_WRITE, &txn, &T.err) && ledger_new(txn, &T.clock, &ledger, &T.err));
    for (unsigned i = 0; i < count; i++)
        queue_in(txn, ledger, client, number, subject);
    cr_assert(ledger_finish(ledger, &T.err) && store_commit(TAKE(txn), &T.err), "%s", T.err.text);
}

static struct channel_status status_of(const char *name)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    struct channel_status status;
    enum channel channel;

    cr_assert(channel_find(txn, span_of(name), &channel), "%s", name);
    cr_assert(outbox_status(txn, channel, &status, &T.err), "%s", T.err.text);
    return status;
}

static uint64_t number_of(const char *name, const char *record, uint32_t version)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    struct delivery delivery;
    enum channel channel;

    cr_assert(channel_find(txn, span_of(name), &channel));
    cr_assert(outbox_of_version(txn, channel, record, version, &delivery), "%s", record);
    return delivery.number;
}

static void prepare(const char *call, uint64_t number)
{
    AUTO(buf_done) struct buf data = BUF_INIT;

    buf_addf(&data, "{\"call\":\"%s\",\"channel\":\"webhook:bank\",\"deliveries\":[%llu],\"due_ms\":1,\"request\":{}}",
             call, (unsigned long long)number);
    emit("call.prepared", data.data);
}

static void settle_one(const char *call, uint64_t number, const char *result)
{
    AUTO(buf_done) struct buf data = BUF_INIT;

    buf_addf(&data,
             "{\"call\":\"%s\",\"outcomes\":[{\"code\":\"\",\"delivery\":%llu,\"message\":\"\",\"result\":\"%s\"}]}",
             call, (unsigned long long)number, result);
    emit("delivery.settled", data.data);
}

static uint64_t enforce(void)
{
    uint64_t ended;

    cr_assert(remit_enforce(&config, T.store, &T.clock, &ended, &T.err), "%s", T.err.text);
    return ended;
}

#define CALL_1 "00000000000000000000000000000001"
#define CALL_2 "00000000000000000000000000000002"
#define CALL_3 "00000000000000000000000000000003"

Test(remit, whoever_may_still_be_told_is_told)
{
    uint64_t ping;

    queue("bank", watch, SAMPLE, 2);
    cr_expect_eq(enforce(), 0);
    clients[0].purposes = (char **)CREDIT;
    cr_expect_eq(enforce(), 0);
    cr_expect_eq(status_of("webhook:bank").count[DELIVERY_QUEUED], 2);
    clients[0].domains = (char **)ELSEWHERE;
    cr_assert(command_watch_ping(&T.desk, SPAN("bank"), SPAN_NONE, &ping, &T.err), "%s", T.err.text);
    cr_expect_eq(enforce(), 2);
    cr_expect_eq(status_of("webhook:bank").count[DELIVERY_QUEUED], 1, "a ping says nothing of anybody");
}

Test(remit, without_the_domain_all_that_waits_ends_whatever_it_waits_for)
{
    struct channel_status status;

    queue("bank", watch, SAMPLE, 2); /* one is in a call that failed, one waits behind it */
    queue("bank", watch, OTHER, 3);  /* taken; refused; behind that */
    queue("fund", watch_for("fund", SAMPLE), SAMPLE, 1);
    prepare(CALL_1, number_of("webhook:bank", "C1", watch));
    emit("call.failed",
         "{\"call\":\"" CALL_1 "\",\"due_ms\":2,\"reason\":\"x\",\"state\":\"prepared\",\"status\":503}");
    prepare(CALL_2, number_of("webhook:bank", "C3", watch));
    emit("call.received", "{\"call\":\"" CALL_2 "\",\"due_ms\":2}");
    settle_one(CALL_2, number_of("webhook:bank", "C3", watch), "acknowledged");
    prepare(CALL_3, number_of("webhook:bank", "C4", watch));
    settle_one(CALL_3, number_of("webhook:bank", "C4", watch), "refused");
    clients[0].domains = (char **)ELSEWHERE;
    cr_assert_eq(enforce(), 4);
    status = status_of("webhook:bank");
    cr_expect_eq(status.count[DELIVERY_SUPERSEDED], 4);
    cr_expect_eq(status.count[DELIVERY_ACKNOWLEDGED], 1);
    cr_expect_eq(status.count[DELIVERY_QUEUED] + status.count[DELIVERY_SENDING] + status.count[DELIVERY_REFUSED], 0);
    cr_expect_eq(status.oldest_ms, 0);
    cr_expect_eq(status_of("webhook:fund").count[DELIVERY_QUEUED], 1, "nothing was taken from the fund");
    cr_expect_eq(enforce(), 0, "and once is enough");
}

Test(remit, the_reason_stands_in_the_journal_and_with_the_message)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct delivery delivery;
    struct event event;
    struct span bytes;
    uint64_t number;

    queue("bank", watch, SAMPLE, 1);
    number = number_of("webhook:bank", "C1", watch);
    clients[0].domains = (char **)ELSEWHERE;
    cr_assert_eq(enforce(), 1);
    txn = reader();
    cr_assert(outbox_find(txn, number, &delivery, &T.err), "%s", T.err.text);
    cr_expect(span_starts(delivery.message, "the client may not be told this any more"));
    cr_assert(journal_read(txn, journal_size(txn) - 1, &bytes) && event_parse(bytes, &event, &T.err));
    cr_expect(span_is(event.type, "delivery.superseded"));
    cr_expect(span_is(event.by, "courier"));
    cr_expect(span_equal(walk_plain_of(event.data, "reason"), delivery.message));
}

Test(remit, without_the_purpose_of_its_watch_it_ends)
{
    queue("bank", watch, SAMPLE, 1);
    clients[0].purposes = (char **)NOT_CREDIT;
    cr_expect_eq(enforce(), 1);
}

Test(remit, who_only_tries_or_supervises_by_now_is_told_nothing)
{
    queue("bank", watch, SAMPLE, 1);
    queue("fund", watch_for("fund", SAMPLE), SAMPLE, 1);
    clients[0].is_test = true;
    clients[1].kind = CLIENT_SUPERVISOR;
    cr_expect_eq(enforce(), 2);
}

Test(remit, of_a_closed_watch_the_domain_decides)
{
    queue("bank", watch, SAMPLE, 1);
    cr_assert(command_watch_close(&T.desk, SPAN("bank"), watch, &T.err), "%s", T.err.text);
    clients[0].purposes = (char **)CREDIT;
    cr_expect_eq(enforce(), 0);
    clients[0].domains = (char **)ELSEWHERE;
    cr_expect_eq(enforce(), 1);
}

/* After every test the journal is replayed, and the stores are the same (desk.h). */
Test(remit, many_end_in_turns)
{
    queue("bank", watch, SAMPLE, MANY);
    prepare(CALL_1, number_of("webhook:bank", "C1", watch));
    clients[0].domains = (char **)ELSEWHERE;
    cr_assert_eq(enforce(), MANY);
    cr_assert_eq(status_of("webhook:bank").count[DELIVERY_SUPERSEDED], MANY);
}

Test(remit, the_courier_opens_its_endpoints_with_nothing_left_to_send_that_may_not)
{
    AUTO(endpoints_done) struct endpoint_set set = {.count = 0};

    queue("bank", watch, SAMPLE, 1);
    clients[0].domains = (char **)ELSEWHERE;
    cr_assert(endpoints_open(&config, T.store, &T.clock, &set, &T.err), "%s", T.err.text);
    cr_expect_eq(set.count, 2);
    cr_expect_eq(status_of("webhook:bank").count[DELIVERY_QUEUED], 0);
    cr_expect_eq(status_of("webhook:bank").count[DELIVERY_SUPERSEDED], 1);
}
