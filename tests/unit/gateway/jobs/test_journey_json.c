/* How far a record has come, as a page is told it: nowhere, queued, refused with the field, held with the field,
 * through. */
#include "gateway/jobs/journey_json.h"

#include "base/json.h"
#include "gateway/jobs/show_json.h"
#include "gateway/outbox/stage.h"
#include "tests/unit/gateway/command/desk.h"

TestSuite(journey_json, .init = desk_open, .fini = desk_close, .timeout = 60);

static bool make_row(const struct record *record, void *context, struct buf *row, struct error *err)
{
    (void)context;
    (void)err;
    buf_addf(row, "{\"ROWID\":\"%s\",\"VERSION\":%u}", record->id, record->version);
    return true;
}

struct said {
    const char *type;
    const char *data;
};

static bool say_it(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    const struct said *said = context;

    return ledger_new(txn, &T.clock, &ledger, err) &&
           ledger_emit(ledger, "courier", said->type, span_of(said->data), NULL, err) && ledger_finish(ledger, err);
}

static void say(const char *type, const char *data)
{
    struct said said = {type, data};

    cr_assert(store_write(T.store, say_it, &said, &T.err), "%s: %s", type, T.err.text);
}

static void push(void)
{
    struct push_request request = {CHANNEL_CREDIT_GUANGDONG, NULL, NULL, -1, make_row, NULL};
    struct tally tally = {0};

    cr_assert(command_push(&T.desk, &request, keep, NULL, &tally, &T.err), "%s", T.err.text);
}

/* What 信用广东 says of the only version. */
static void settle(const char *record, const char *outcome)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    AUTO(buf_done) struct buf data = BUF_INIT;
    struct delivery delivery;

    cr_assert(outbox_of_version(txn, CHANNEL_CREDIT_GUANGDONG, record, 1, &delivery));
    store_abort(TAKE(txn));
    buf_addf(&data,
             "{\"call\":\"%032d\",\"channel\":\"credit-guangdong\",\"deliveries\":[%llu],\"due_ms\":0,\"request\":{}}",
             7, (unsigned long long)delivery.number);
    say("call.prepared", buf_text(&data));
    buf_clear(&data);
    buf_addf(&data, "{\"call\":\"%032d\",\"due_ms\":0}", 7);
    say("call.received", buf_text(&data));
    buf_clear(&data);
    buf_addf(&data, "{\"call\":\"%032d\",\"outcomes\":[{%s,\"delivery\":%llu}]}", 7, outcome,
             (unsigned long long)delivery.number);
    say("delivery.settled", buf_text(&data));
}

static json_t *journey(const char *record)
{
    static struct config config = {.data = (char *)TEST_SOURCE};
    AUTO(refusals_free) struct refusals *refusals = refusals_new(&config);
    AUTO(store_abort) struct store_txn *txn = reader();
    AUTO(buf_done) struct buf out = BUF_INIT;
    AUTO(buf_done) struct buf shown = BUF_INIT;
    json_t *json = NULL;

    cr_assert(journey_json_add(txn, span_of(record), refusals, &out, &T.err), "%s", T.err.text);
    cr_assert(json_read(buf_span(&out), JSON_BYTES_MAX, &json, &T.err), "%s: %s", buf_text(&out), T.err.text);
    cr_assert(show_record_json(txn, record, refusals, &shown, &T.err), "%s", T.err.text);
    cr_assert_eq(strstr(buf_text(&shown), "\"state\":\"held\"") != NULL, strstr(buf_text(&out), "\"held\"") != NULL,
                 "show tells the same: %s", buf_text(&shown));
    return json;
}

static const json_t *stage(const json_t *json, size_t i)
{
    cr_assert_eq(json_array_size(json_object_get(json, "stages")), STAGE_COUNT);
    return json_array_get(json_object_get(json, "stages"), i);
}

static void expect_field(const json_t *one, const char *name)
{
    const json_t *refusal = json_object_get(one, "refusal");
    const json_t *field = json_array_get(json_object_get(refusal, "fields"), 0);

    cr_assert(json_text_of(refusal, "why") && json_text_of(refusal, "why_zh") && json_text_of(refusal, "advice_zh"));
    cr_assert_not_null(field, "no field");
    cr_assert_str_eq(json_text_of(field, "name"), name);
}

Test(journey_json, what_is_not_there_or_not_in_force_has_no_way)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(buf_done) struct buf out = BUF_INIT;
    struct proposal proposal = sample_proposal();

    import_row(sample_row());
    cr_assert_str_eq(propose_sample(&proposal), "done");
    txn = reader();
    cr_assert_not(journey_json_add(txn, span_of(T.last.record), NULL, &out, &T.err));
    cr_assert_str_eq(T.err.rule, "record.unknown");
    cr_assert_not(journey_json_add(txn, span_of("R-none"), NULL, &out, &T.err));
    cr_assert_str_eq(T.err.rule, "record.unknown");
}

Test(journey_json, a_refused_row_says_why_and_which_field)
{
    const char *record = listed_sample();
    AUTO(json_release) json_t *before = journey(record);
    AUTO(json_release) json_t *after = NULL;

    for (size_t i = 0; i < STAGE_COUNT; i++)
        cr_assert(json_is_null(json_object_get(stage(before, i), "state")));
    push();
    settle(record, "\"code\":\"40001\",\"message\":\"RDDW 认定单位：不在名录\",\"result\":\"refused\"");
    after = journey(record);
    cr_assert_str_eq(json_text_of(stage(after, 0), "state"), "refused");
    cr_assert_str_eq(json_text_of(stage(after, 0), "message"), "RDDW 认定单位：不在名录");
    expect_field(stage(after, 0), "RDDW");
    cr_assert(json_is_null(json_object_get(stage(after, 1), "state")));
}

Test(journey_json, what_the_next_channel_cannot_be_told_says_why_and_which_field)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    AUTO(json_release) json_t *json = NULL;
    const char *record = listed_sample();

    push();
    settle(record, "\"code\":\"0\",\"message\":\"\",\"result\":\"acknowledged\"");
    buf_addf(&data,
             "{\"channel\":\"national-platform\",\"code\":\"row.too-long\",\"message\":\"JGQC（机构全称）过长 / JGQC "
             "is too long\",\"record\":\"%s\",\"version\":1}",
             record);
    say("delivery.held", buf_text(&data));
    json = journey(record);
    cr_assert_str_eq(json_text_of(stage(json, 0), "state"), "acknowledged");
    cr_assert_str_eq(json_text_of(stage(json, 1), "state"), "held");
    cr_assert_str_eq(json_text_of(stage(json, 1), "code"), "row.too-long");
    cr_assert(json_is_null(json_object_get(stage(json, 1), "delivery")));
    expect_field(stage(json, 1), "JGQC");
    cr_assert_eq(json_array_size(json_object_get(json_object_get(stage(json, 1), "refusal"), "fields")), 1);
    cr_assert(json_is_null(json_object_get(stage(json, 2), "state")));
}
