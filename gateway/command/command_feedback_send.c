#include "gateway/command/command_feedback_send.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "base/walk.h"
#include "gateway/command/run.h"
#include "gateway/feedback/words.h"
#include "gateway/journal/journal.h"
#include "gateway/registry/records.h"

enum { EVENT_BYTES_MAX = STORE_VALUE_MAX };

/* A feedback as the journal has it, and what it is about. */
struct given {
    json_t *data;
    int64_t at_ms;
    int64_t answered_ms;
    const json_t *answer; /* of the data */
    struct buf hold;
    struct buf name;
    struct buf row;
    struct buf event;
};

static void given_done(struct given *given)
{
    json_decref(given->data);
    buf_done(&given->hold);
    buf_done(&given->name);
    buf_done(&given->row);
    buf_done(&given->event);
}
DEFINE_AUTO_IN_PLACE(struct given, given_done)

static bool read_event(struct store_txn *txn, uint64_t sequence, struct given *given, struct error *err)
{
    struct event event;
    struct span bytes;

    if (!journal_read(txn, sequence, &bytes))
        return store_txn_is_good(txn, err) && fail(err, ERR_CORRUPT, "a feedback has no event: rebuild");
    if (!event_parse(bytes, &event, err))
        return false;
    if (!span_is(event.type, "feedback.recorded"))
        return fail(err, ERR_CORRUPT, "event %llu is no feedback: rebuild", (unsigned long long)sequence);
    given->at_ms = event.at_ms;
    if (!json_read(event.data, EVENT_BYTES_MAX, &given->data, err))
        return false;
    given->answer = json_object_get(given->data, "answer");
    return (json_text_of(given->data, "client") && json_text_of(given->data, "receipt") &&
            json_text_of(given->answer, "at") && json_text_of(given->answer, "domain") &&
            json_text_of(given->answer, "purpose") && json_text_of(given->answer, "uscc") &&
            instant_parse(span_of(json_text_of(given->answer, "at")), &given->answered_ms)) ||
           fail(err, ERR_CORRUPT, "feedback.recorded lacks a member");
}

/* The enterprise's name as what was shown has it: of a record in that version, or of an obligation. */
static struct span name_of(struct store_txn *txn, struct given *given, const char *id, uint32_t version)
{
    uint8_t obligation[OBLIGATION_ID_BYTES];
    struct obligation_version found;
    struct record_version record;
    struct obligation row;
    struct error ignored; /* a row without a name is left out, and told so */

    buf_clear(&given->name);
    if (record_id_is_valid(span_of(id))) {
        if (records_load(txn, span_of(id), version, &record, &given->hold, &ignored))
            buf_add_span(&given->name, record.record.name);
    } else if (obligation_id_parse(span_of(id), obligation) && obligations_find(txn, obligation, version, &found) &&
               obligations_row(txn, &found, &row, &given->hold, &ignored)) {
        buf_add_span(&given->name, row.field[COLUMN_NAME]);
    }
    return buf_span(&given->name);
}

static struct feedback_said said_of(struct store_txn *txn, struct given *given, const json_t *detail, const char *row)
{
    uint32_t version = (uint32_t)json_integer_of(detail, "version", 0);
    struct feedback_said said = {.client = span_of(json_text_of(given->data, "client")),
                                 .receipt = span_of(json_text_of(given->data, "receipt")),
                                 .domain = span_of(json_text_of(given->answer, "domain")),
                                 .purpose = span_of(json_text_of(given->answer, "purpose")),
                                 .uscc = span_of(json_text_of(given->answer, "uscc")),
                                 .name = name_of(txn, given, json_text_of(detail, "id"), version),
                                 .version = version,
                                 .answered_ms = given->answered_ms,
                                 .given_ms = given->at_ms,
                                 .detail = detail};

    memcpy(said.row, row, sizeof said.row);
    return said;
}

static bool is_left_out(struct feedback_sending *sending, const struct error *why)
{
    if (why->code != ERR_REFUSED && why->code != ERR_INVALID)
        return false;
    sending->why = *why;
    sending->left_out++;
    return true;
}

static bool send_one(struct feedback_sending *sending, struct given *given, const json_t *detail, const char *row,
                     struct error *err)
{
    struct outbox_queued queued = {CHANNEL_NAMES[CHANNEL_FEEDBACK], row, 1, span_of(row), SPAN_NONE};
    struct error why = {.code = ERR_NONE};
    struct feedback_said said;
    struct delivery before;

    if (outbox_of_version(sending->txn, CHANNEL_FEEDBACK, row, 1, &before))
        return true;
    said = said_of(sending->txn, given, detail, row);
    buf_clear(&given->row);
    if (!store_txn_is_good(sending->txn, err))
        return false;
    if (!sending->channel->make_row(&said, sending->channel->context, &given->row, &why)) {
        if (err)
            *err = why;
        return is_left_out(sending, &why);
    }
    queued.row = buf_span(&given->row);
    buf_clear(&given->event);
    outbox_queued_add(&queued, &given->event);
    sending->queued++;
    return ledger_emit(sending->ledger, sending->by, "delivery.queued", buf_span(&given->event), NULL, err);
}

bool feedback_send(struct feedback_sending *sending, uint64_t sequence, struct error *err)
{
    AUTO(given_done) struct given given = {.data = NULL};
    const json_t *detail;
    size_t i;

    if (!read_event(sending->txn, sequence, &given, err))
        return false;
    json_array_foreach(json_object_get(given.data, "details"), i, detail)
    {
        char row[FEEDBACK_ROW_BYTES];

        if (!send_one(sending, &given, detail, feedback_row_format(sequence, i + 1, row), err))
            return false;
    }
    return true;
}

/* --- all that was never queued --- */

/* A row to queue. */
struct unsent {
    uint64_t sequence;
    uint32_t place;
};

struct pushing {
    const struct feedback_channel *channel;
    uint64_t limit; /* given before this sequence */
    uint64_t *events;
    size_t event_count;
    size_t event_room;
    struct unsent *rows;
    size_t row_count;
    size_t row_room;
};

static void see_given(uint64_t sequence, void *context)
{
    struct pushing *pushing = context;

    if (sequence >= pushing->limit)
        return;
    if (pushing->event_count == pushing->event_room) {
        pushing->event_room = pushing->event_room ? 2 * pushing->event_room : 256;
        pushing->events = memory_resize(pushing->events, pushing->event_room * sizeof *pushing->events);
    }
    pushing->events[pushing->event_count++] = sequence;
}

static int by_sequence(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

/* Each detail of a feedback is seen once, in a row: its place is how often the event was seen before. */
static void keep_unsent(struct store_txn *txn, const struct run *run, struct pushing *pushing, size_t i)
{
    const uint64_t *events = pushing->events;
    char row[FEEDBACK_ROW_BYTES];
    struct delivery before;
    struct unsent *unsent;
    uint32_t place = 1;

    if (i > 0 && events[i] == events[i - 1])
        place = pushing->rows[pushing->row_count].place + 1; /* the last one looked at stands behind the kept ones */
    unsent = &pushing->rows[pushing->row_count];
    *unsent = (struct unsent){events[i], place};
    feedback_row_format(events[i], place, row);
    if (!outbox_of_version(txn, CHANNEL_FEEDBACK, row, 1, &before) ||
        earlier_find(run->earlier, EARLIER_QUEUED, row, FEEDBACK_ROW_LENGTH, 1)) {
        pushing->row_count++;
        pushing->rows[pushing->row_count] = *unsent;
    }
}

static bool gather(const struct run *run, struct pushing *pushing, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    pushing->limit = run->desk->job ? run->desk->since : UINT64_MAX;
    if (!store_begin(run->desk->store, STORE_READ, &txn, err) || !feedback_all_given(txn, see_given, pushing, err))
        return false;
    if (pushing->event_count == 0)
        return true;
    qsort(pushing->events, pushing->event_count, sizeof *pushing->events, by_sequence);
    pushing->rows = memory_new((pushing->event_count + 1) * sizeof *pushing->rows);
    for (size_t i = 0; i < pushing->event_count; i++)
        keep_unsent(txn, run, pushing, i);
    return store_txn_is_good(txn, err);
}

static bool push_one(struct run *run, struct ledger *ledger, size_t index, struct run_item *item, struct error *err)
{
    const struct pushing *pushing = run->context;
    const struct unsent *unsent = &pushing->rows[index];
    AUTO(given_done) struct given given = {.data = NULL};
    struct feedback_sending sending = {
        .txn = run->txn, .ledger = ledger, .by = run->desk->person, .channel = pushing->channel};
    const json_t *detail;
    char row[FEEDBACK_ROW_BYTES];

    feedback_row_format(unsent->sequence, unsent->place, row);
    memcpy(item->record, row, sizeof row);
    item->version = 1;
    if (earlier_find(run->earlier, EARLIER_QUEUED, row, FEEDBACK_ROW_LENGTH, 1))
        return true;
    if (!read_event(run->txn, unsent->sequence, &given, err))
        return false;
    detail = json_array_get(json_object_get(given.data, "details"), unsent->place - 1);
    if (!detail)
        return fail(err, ERR_CORRUPT, "feedback.recorded %llu has other details than the table: rebuild",
                    (unsigned long long)unsent->sequence);
    if (!send_one(&sending, &given, detail, row, err))
        return false;
    if (sending.left_out > 0)
        return run_refuse(item, &sending.why, err);
    item->result = sending.queued > 0 ? RUN_DONE : RUN_SKIPPED;
    return true;
}

bool command_feedback_push(const struct desk *desk, const struct feedback_channel *channel, command_report *report,
                           void *context, struct tally *tally, struct error *err)
{
    struct pushing pushing = {.channel = channel};
    AUTO(run_done)
    struct run run = {.desk = desk,
                      .one = push_one,
                      .context = &pushing,
                      .report = report,
                      .report_context = context,
                      .tally = tally};
    bool is_good = run_begin(&run, err) && gather(&run, &pushing, err);

    run.count = pushing.row_count;
    is_good = is_good && run_all(&run, err);
    free(pushing.events);
    free(pushing.rows);
    return is_good;
}
