/* Channels that come while the gateway runs. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/text.h"
#include "gateway/outbox/outbox.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static struct store *store;
static struct store_txn *txn;
static struct error err;
static uint64_t sequence;

static void setup(void)
{
    struct store_options options = {.map_bytes = 1 << 26, .creates = true, .is_scratch = true};

    test_folder_new(folder);
    cr_assert(store_open(folder, &options, &store, &err), "%s", err.text);
    cr_assert(store_begin(store, STORE_WRITE, &txn, &err), "%s", err.text);
    sequence = 0;
}

static void teardown(void)
{
    store_abort(txn);
    store_close(store);
    test_folder_remove(folder);
}

TestSuite(opened, .init = setup, .fini = teardown, .timeout = 60);

static bool emit(const char *type, const char *data)
{
    struct event event = {1000 + (int64_t)sequence, SPAN("courier"), span_of(type), span_of(data)};

    return outbox_apply(txn, ++sequence, &event, &err);
}

static bool open_one(const char *name)
{
    AUTO(buf_done) struct buf data = BUF_INIT;

    buf_addf(&data, "{\"channel\":\"%s\"}", name);
    return emit("channel.opened", data.data);
}

static bool queue(const char *channel, const char *record, const char *subject)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    const struct outbox_queued queued = {channel, record, 1, span_of(subject), SPAN("{\"A\":1}")};

    outbox_queued_add(&queued, &data);
    return emit("delivery.queued", data.data);
}

static enum channel found(const char *name)
{
    enum channel channel = CHANNEL_NONE;

    cr_assert(channel_find(txn, span_of(name), &channel), "%s", name);
    return channel;
}

static const char *named(enum channel channel)
{
    static char name[CHANNEL_NAME_BYTES];

    return channel_name(txn, channel, name);
}

#define SUBJECT "91440224MAYUCHK485"

Test(opened, only_a_name_that_needs_no_escaping_can_be_opened)
{
    static const char *const BAD[] = {"webhook:",
                                      "webhook",
                                      "hook:a",
                                      "webhook:a b",
                                      "webhook:a/b",
                                      "webhook:银行",
                                      "webhook:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

    for (size_t i = 0; i < COUNT_OF(BAD); i++)
        cr_assert_not(open_one(BAD[i]), "%s", BAD[i]);
    cr_assert_not(open_one("credit-china"));
    cr_assert_eq(channel_webhooks(txn), 0);
}

Test(opened, a_channel_that_is_not_open_takes_nothing)
{
    enum channel channel;

    cr_assert_not(queue("webhook:bank", "C1", SUBJECT));
    cr_assert_eq(err.code, ERR_INVALID);
    cr_assert_not(channel_find(txn, SPAN("webhook:bank"), &channel));
}

Test(opened, none_is_opened_twice)
{
    cr_assert(open_one("webhook:bank"), "%s", err.text);
    cr_assert_not(open_one("webhook:bank"));
    cr_assert_eq(err.code, ERR_CONFLICT);
}

Test(opened, there_are_only_so_many)
{
    char name[CHANNEL_NAME_BYTES];

    for (int i = 0; i < CHANNEL_WEBHOOKS_MAX; i++) {
        snprintf(name, sizeof name, "webhook:c%d", i);
        cr_assert(open_one(name), "%s", err.text);
        cr_assert_eq((int)found(name), CHANNEL_WEBHOOK_FIRST + i);
    }
    cr_assert_not(open_one("webhook:more"));
    cr_assert_str_eq(err.rule, "channel.webhooks");
    cr_assert_eq(channel_at(txn, CHANNEL_COUNT + CHANNEL_WEBHOOKS_MAX), CHANNEL_NONE);
}

Test(opened, numbers_and_names_belong_together_for_good)
{
    cr_assert(open_one("webhook:bank") && open_one("webhook:land"), "%s", err.text);
    cr_assert_eq(found("webhook:bank"), CHANNEL_WEBHOOK_FIRST);
    cr_assert_eq((int)found("webhook:land"), CHANNEL_WEBHOOK_FIRST + 1);
    cr_assert_str_eq(named(found("webhook:land")), "webhook:land");
    cr_assert_str_eq(named(CHANNEL_CREDIT_CHINA), "credit-china");
    cr_assert_str_eq(named(CHANNEL_WEBHOOK_LAST), "?");
    cr_assert_eq(channel_at(txn, CHANNEL_COUNT), CHANNEL_WEBHOOK_FIRST);
    cr_assert_eq(channel_at(txn, CHANNEL_COUNT + 2), CHANNEL_NONE);
}

Test(opened, each_has_lanes_and_pauses_of_its_own)
{
    uint64_t numbers[4];
    struct channel_status status;

    cr_assert(open_one("webhook:bank") && open_one("webhook:land"), "%s", err.text);
    cr_assert(queue("webhook:bank", "C1", SUBJECT) && queue("webhook:bank", "C2", SUBJECT) &&
                  queue("webhook:bank", "C1x", "91441303MAY1A0TP3P") && queue("webhook:land", "C1", SUBJECT),
              "%s", err.text);
    cr_assert_not(queue("webhook:bank", "C1", SUBJECT), "the same message twice");
    cr_assert_eq(outbox_due(txn, found("webhook:bank"), INT64_MAX - 1, numbers, 4), 2, "one of each lane");
    cr_assert_eq(outbox_due(txn, found("webhook:land"), INT64_MAX - 1, numbers, 4), 1);
    cr_assert_eq(outbox_due(txn, CHANNEL_CREDIT_GUANGDONG, INT64_MAX - 1, numbers, 4), 0);
    cr_assert(emit("channel.paused", "{\"channel\":\"webhook:bank\",\"reason\":\"410\"}"), "%s", err.text);
    cr_assert(outbox_status(txn, found("webhook:bank"), &status, &err));
    cr_assert(status.is_paused);
    cr_assert_eq(status.count[DELIVERY_QUEUED], 3);
    cr_assert(outbox_status(txn, found("webhook:land"), &status, &err));
    cr_assert_not(status.is_paused);
}
