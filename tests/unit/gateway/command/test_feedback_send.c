/* What clients said, queued for the upstream that takes it: with the feedback, once, or not at all. */
#include "desk.h"

#include "base/walk.h"
#include "gateway/command/command_feedback.h"

#define RECEIPT "6b0628002c0c2be0ba5b3ae3-0"

static bool refuses;
static size_t made;

static bool make_row(const struct feedback_said *said, void *context, struct buf *row, struct error *err)
{
    (void)context;
    if (refuses)
        return refuse(err, ERR_REFUSED, "row.too-long", "too long", "过长");
    made++;
    cr_assert(span_is(said->client, "land") && span_is(said->receipt, RECEIPT) && span_is(said->purpose, "land-grant"));
    cr_assert(span_is(said->domain, "land-supply") && span_is(said->uscc, "91440224MAYUCHK485"));
    cr_assert(span_is(said->name, "韶关市璞廪钢铁有限公司"));
    buf_addf(row, "{\"ROWID\":\"%s\"}", said->row);
    return true;
}
static const struct feedback_channel CHANNEL = {make_row, NULL};

static char record[RECORD_ID_BYTES];
static struct words words;
static struct feedback_answer answer;

/* An answer that showed a record to "land", owed as the keeper enters it; and what is said about it. */
static void setup(void)
{
    AUTO(buf_done) struct buf json = BUF_INIT;
    const struct owing owing = {0, 1, SPAN("{\"answers\":[[0,1,1]],\"client\":\"land\"}")};
    struct proposal proposal = sample_proposal();

    desk_open();
    import_row(sample_row());
    cr_assert_str_eq(propose_sample(&proposal), "done");
    snprintf(record, sizeof record, "%s", T.last.record);
    answer = (struct feedback_answer){.things = 1, .owes = true};
    buf_addf(
        &answer.entry,
        "{\"at\":\"2026-08-03T01:00:00.000Z\",\"by\":\"land\",\"domain\":\"land-supply\",\"owes\":true,\"purpose\":"
        "\"land-grant\",\"receipt\":\"" RECEIPT "\",\"shown\":[[\"%s\",1]],\"uscc\":\"91440224MAYUCHK485\"}",
        record);
    buf_add_text(&answer.client, "land");
    answer.shown = feedback_answer_member(&answer, "shown");
    answer.receipt = walk_plain(feedback_answer_member(&answer, "receipt"));
    cr_assert(command_feedback_owe(&T.desk, &owing, &T.err), "%s", T.err.text);
    buf_addf(&json,
             "{\"receipt\":\"" RECEIPT "\",\"details\":[{\"id\":\"%s\",\"result\":\"other\",\"action\":\"已约谈\"}]}",
             record);
    cr_assert(words_read(buf_span(&json), on("2026-08-03"), &words, &T.err), "%s", T.err.text);
}

static void teardown(void)
{
    words_done(&words);
    feedback_answer_done(&answer);
    desk_close();
}

TestSuite(feedback_send, .init = setup, .fini = teardown);

static uint64_t queued(void)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct channel_status status;

    cr_assert(store_begin(T.store, STORE_READ, &txn, &T.err) && outbox_status(txn, CHANNEL_FEEDBACK, &status, &T.err));
    return status.count[DELIVERY_QUEUED];
}

static uint64_t give(const struct feedback_channel *channel)
{
    struct giving giving = {
        .client = SPAN("land"), .words = &words, .answer = &answer, .key = SPAN("k1"), .channel = channel};
    uint64_t sequence;

    cr_assert(command_feedback_give(&T.desk, &giving, &sequence, &T.err), "%s", T.err.text);
    return sequence;
}

static void push(void)
{
    memset(&T.tally, 0, sizeof T.tally);
    cr_assert(command_feedback_push(&T.desk, &CHANNEL, keep, NULL, &T.tally, &T.err), "%s", T.err.text);
}

Test(feedback_send, what_cannot_be_told_is_recorded_all_the_same_and_told_why_when_it_is_pushed)
{
    refuses = true;
    (void)give(&CHANNEL);
    cr_assert_eq(queued(), 0);
    push();
    cr_assert_eq(T.tally.refused, 1);
    cr_assert_eq(queued(), 0);
    refuses = false;
    push();
    cr_assert_eq(T.tally.done, 1);
    cr_assert_eq(queued(), 1);
}

Test(feedback_send, without_a_channel_it_waits_for_a_person)
{
    (void)give(NULL);
    cr_assert_eq(queued(), 0);
    push();
    push();
    cr_assert_eq(T.tally.of, 0, "nothing is left");
    cr_assert_eq(queued(), 1);
}

Test(feedback_send, it_is_queued_with_it_and_once_however_often_it_is_said)
{
    uint64_t sequence = give(&CHANNEL);

    cr_assert_eq(give(&CHANNEL), sequence);
    push();
    cr_assert_eq(made, 1);
    cr_assert_eq(queued(), 1);
}

Test(feedback_send, a_row_is_named_after_its_event)
{
    char row[FEEDBACK_ROW_BYTES];

    cr_assert_str_eq(feedback_row_format(12, 1, row), "F000000000012-0001");
    cr_assert(feedback_row_is_valid(span_of(row)));
    cr_assert_eq(feedback_row_sequence(span_of(row)), 12);
    cr_assert_not(feedback_row_is_valid(SPAN("R00000000000000000001")));
    cr_assert_not(feedback_row_is_valid(SPAN("F00000000001x-0001")));
    cr_assert_not(feedback_row_is_valid(SPAN_NONE));
}
