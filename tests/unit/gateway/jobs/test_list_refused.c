/* The work list of what needs a person: what an upstream refused and what a channel cannot be told, each with its
 * field. */
#include "gateway/outbox/outbox.h"
#include "tests/unit/gateway/jobs/fixture.h"

TestSuite(list_refused, .init = gate_open, .fini = gate_close, .timeout = 60);

static void emit(const char *type, const char *data)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(ledger_free) struct ledger *ledger = NULL;

    cr_assert(store_begin(J.store, STORE_WRITE, &txn, &J.err) && ledger_new(txn, &J.clock, &ledger, &J.err) &&
                  ledger_emit(ledger, "courier", type, span_of(data), NULL, &J.err) && ledger_finish(ledger, &J.err) &&
                  store_commit(TAKE(txn), &J.err),
              "%s: %s", type, J.err.text);
}

static bool take_two(const struct delivery *delivery, void *context)
{
    struct delivery *two = context;

    two[two[0].number ? 1 : 0] = *delivery;
    return two[1].number == 0;
}

/* The first is taken, the second refused. */
static void settle(struct delivery two[2])
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(buf_done) struct buf data = BUF_INIT;

    memset(two, 0, 2 * sizeof *two);
    cr_assert(store_begin(J.store, STORE_READ, &txn, &J.err) &&
                  outbox_open(txn, CHANNEL_CREDIT_GUANGDONG, take_two, two, &J.err),
              "%s", J.err.text);
    store_abort(TAKE(txn));
    cr_assert_gt(two[1].number, two[0].number);
    buf_addf(&data,
             "{\"call\":\"%032d\",\"channel\":\"credit-guangdong\",\"deliveries\":[%llu,%llu],\"due_ms\":0,"
             "\"request\":{}}",
             7, (unsigned long long)two[0].number, (unsigned long long)two[1].number);
    emit("call.prepared", buf_text(&data));
    buf_clear(&data);
    buf_addf(&data, "{\"call\":\"%032d\",\"due_ms\":0}", 7);
    emit("call.received", buf_text(&data));
    buf_clear(&data);
    buf_addf(&data,
             "{\"call\":\"%032d\",\"outcomes\":[{\"code\":\"0\",\"delivery\":%llu,\"message\":\"\",\"result\":"
             "\"acknowledged\"},{\"code\":\"10002\",\"delivery\":%llu,\"message\":\"空\",\"result\":\"refused\"}]}",
             7, (unsigned long long)two[0].number, (unsigned long long)two[1].number);
    emit("delivery.settled", buf_text(&data));
}

static const char *field_of(const json_t *item)
{
    return json_text_of(json_array_get(json_object_get(item, "fields"), 0), "name");
}

Test(list_refused, what_is_refused_and_what_is_held_stand_there_with_their_fields)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    AUTO(json_release) json_t *list = NULL;
    struct delivery two[2];
    const json_t *refused;
    const json_t *held;

    cr_assert_eq(done("import", "author", "{}", REGISTER), 0);
    cr_assert_eq(done("propose", "author",
                      "{'on':'2026-08-03','document':'粤工信失信〔2026〕1号','decided_on':'2026-08-03','severity':"
                      "'general','ground':'safety'}",
                      NULL),
                 0);
    cr_assert_eq(done("approve", "reviewer", "{'all':true}", NULL), 0);
    cr_assert_eq(done("push", "author", "{}", NULL), 0);
    settle(two);
    buf_addf(&data,
             "{\"channel\":\"national-platform\",\"code\":\"row.too-long\",\"message\":\"ZYSXSS（主要失信事实）过长 / "
             "ZYSXSS is too long\",\"record\":\"%s\",\"version\":1}",
             two[0].record);
    emit("delivery.held", buf_text(&data));
    cr_assert_eq(done("refused", "auditor", "{}", NULL), 0);
    list = report_json(J.last);
    cr_assert_eq(json_array_size(json_object_get(list, "items")), 2);
    refused = json_array_get(json_object_get(list, "items"), 0);
    held = json_array_get(json_object_get(list, "items"), 1);
    cr_expect_str_eq(json_text_of(refused, "state"), "refused");
    cr_expect_str_eq(json_text_of(refused, "record"), two[1].record);
    cr_expect_str_eq(field_of(refused), "JGQC");
    cr_expect_str_eq(json_text_of(held, "state"), "held");
    cr_expect_str_eq(json_text_of(held, "record"), two[0].record);
    cr_expect_str_eq(json_text_of(held, "uscc"), two[0].subject);
    cr_expect(json_is_null(json_object_get(held, "delivery")));
    cr_expect_str_eq(field_of(held), "ZYSXSS");
    cr_expect_str_eq(json_text_of(held, "code"), "row.too-long");
    cr_expect(strstr(report(J.last, "text"), "主要失信事实 ZYSXSS：更正台账"), "%s", report(J.last, "text"));
    cr_expect(strstr(report(J.last, "text"), "被拒和暂缓的报送 2 项"), "%s", report(J.last, "text"));
}
