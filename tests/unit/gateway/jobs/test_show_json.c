#include "gateway/jobs/show_json.h"

#include "base/encode.h"
#include "base/json.h"
#include "tests/unit/gateway/command/desk.h"

TestSuite(show_json, .init = desk_open, .fini = desk_close, .timeout = 60);

static json_t *parsed(const struct buf *out)
{
    json_t *json = NULL;

    cr_assert(json_read(buf_span(out), SHOW_JSON_BYTES_MAX, &json, &T.err), "%s\n%s", T.err.text, buf_text(out));
    return json;
}

static const struct config CONFIG = {.data = (char *)TEST_SOURCE};

static json_t *show(const char *id)
{
    AUTO(refusals_free) struct refusals *refusals = refusals_new(&CONFIG);
    AUTO(store_abort) struct store_txn *txn = reader();
    AUTO(buf_done) struct buf out = BUF_INIT;

    cr_assert(show_record_json(txn, id, refusals, &out, &T.err), "%s", T.err.text);
    return parsed(&out);
}

static enum error_code refused(const char *id)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    AUTO(buf_done) struct buf out = BUF_INIT;

    cr_assert_not(show_record_json(txn, id, NULL, &out, &T.err), "%s", id);
    cr_assert_eq(out.bytes, 0);
    return T.err.code;
}

static json_t *status(void)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    AUTO(buf_done) struct buf out = BUF_INIT;
    AUTO(calendar_free) struct calendar *calendar = NULL;
    const struct config config = {.state = T.folder};
    struct status_source source = {&config, NULL, T.now_ms};

    cr_assert(calendar_load(TEST_SOURCE "/schemas/data/calendar.json", &calendar, &T.err), "%s", T.err.text);
    source.calendar = calendar;
    cr_assert(status_json(txn, &source, &out, &T.err), "%s", T.err.text);
    return parsed(&out);
}

static void emit(const char *type, const char *data)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(ledger_free) struct ledger *ledger = NULL;

    cr_assert(store_begin(T.store, STORE_WRITE, &txn, &T.err) && ledger_new(txn, &T.clock, &ledger, &T.err));
    cr_assert(ledger_emit(ledger, "courier", type, span_of(data), NULL, &T.err), "%s", T.err.text);
    cr_assert(ledger_finish(ledger, &T.err) && store_commit(TAKE(txn), &T.err), "%s", T.err.text);
}

static bool plain_row(const struct record *record, void *context, struct buf *row, struct error *err)
{
    (void)context;
    (void)err;
    buf_addf(row, "{\"ROWID\":\"%s\"}", record->id);
    return true;
}

static uint64_t queue_all(void)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct push_request request = {CHANNEL_CREDIT_GUANGDONG, NULL, NULL, -1, plain_row, NULL};
    uint64_t number;

    cr_assert(command_push(&T.desk, &request, keep, NULL, &T.tally, &T.err), "%s", T.err.text);
    txn = reader();
    cr_assert_eq(outbox_due(txn, CHANNEL_CREDIT_GUANGDONG, T.now_ms + 1, &number, 1), 1);
    return number;
}

#define CALL "00112233445566778899aabbccddeeff"

static void call_out(uint64_t delivery)
{
    AUTO(buf_done) struct buf data = BUF_INIT;

    buf_addf(&data,
             "{\"call\":\"" CALL "\",\"channel\":\"credit-guangdong\",\"deliveries\":[%llu],\"due_ms\":5,"
             "\"request\":{}}",
             (unsigned long long)delivery);
    emit("call.prepared", data.data);
}

static void receipt_in(const char *kind, struct span body, int part, int parts)
{
    AUTO(buf_done) struct buf data = BUF_INIT;

    buf_add_text(&data, "{\"body\":\"");
    base64_add(&data, body.at, body.bytes);
    buf_addf(&data, "\",\"call\":\"" CALL "\",\"kind\":\"%s\",\"part\":%d,\"parts\":%d,\"status\":200}", kind, part,
             parts);
    emit("receipt.stored", data.data);
}

static void settle_as(uint64_t delivery, const char *code)
{
    AUTO(buf_done) struct buf data = BUF_INIT;

    buf_addf(&data,
             "{\"call\":\"" CALL "\",\"outcomes\":[{\"code\":\"%s\",\"delivery\":%llu,\"message\":\"字段有误\","
             "\"result\":\"refused\"}]}",
             code, (unsigned long long)delivery);
    emit("delivery.settled", data.data);
}

static void settle(uint64_t delivery)
{
    settle_as(delivery, "E07");
}

static const char *text_at(const json_t *json, const char *name)
{
    const char *text = json_text_of(json, name);

    return text ? text : "(null)";
}

static const json_t *item(const json_t *json, const char *list, size_t i)
{
    return json_array_get(json_object_get(json, list), i);
}

Test(show_json, what_the_law_ended_shows_its_rule_and_its_seal)
{
    AUTO(json_release) json_t *json = NULL;
    const char *id = listed_sample();
    const json_t *version;

    set_today("2027-08-04");
    cr_assert(command_expire(&T.desk, NULL, NULL, &T.tally, &T.err), "%s", T.err.text);
    json = show(id);
    cr_assert_eq(json_array_size(json_object_get(json, "versions")), 2);
    version = item(json, "versions", 1);
    cr_expect_str_eq(text_at(version, "op"), "withdrawn");
    cr_expect_str_eq(text_at(version, "state"), "effective");
    cr_expect_str_eq(text_at(version, "proposed_by"), "statute:publication-end");
    cr_expect_str_eq(text_at(version, "decided_by"), "statute:publication-end");
    cr_expect_str_eq(text_at(version, "reason"), "公示期满");
    cr_expect_str_eq(text_at(json_object_get(version, "record"), "statute"),
                     "《信用修复管理办法》（国家发展改革委令第36号）");
    cr_expect_eq(json_array_size(json_object_get(version, "seal_kids")), 2);
}

Test(show_json, what_is_not_there_or_not_clear_is_said)
{
    listed_sample();
    cr_expect_eq(refused(""), ERR_NOT_FOUND);
    cr_expect_eq(refused("R"), ERR_NOT_FOUND);
    cr_expect_eq(refused("R00000000000000000000"), ERR_NOT_FOUND);
    cr_expect_eq(refused("R00000000000000000000000000000000"), ERR_NOT_FOUND);
    cr_expect_eq(refused("zzzzzzzz"), ERR_INVALID);
    cr_expect_eq(refused("\xff\xff\xff\xff\xff\xff"), ERR_NOT_FOUND);
    cr_expect_eq(refused("91440224MAYUCHK486"), ERR_INVALID, "a wrong code is no prefix");
}

Test(show_json, an_obligation_without_a_record_says_so)
{
    struct obligation row = sample_row();
    uint8_t id[OBLIGATION_ID_BYTES];
    char text[33];

    import_row(row);
    obligation_id(&row, id);
    obligation_id_text(id, text);
    cr_expect_eq(refused(text), ERR_NOT_FOUND);
    cr_expect_str_eq(T.err.rule, "record.none");
}

Test(show_json, who_returned_it_and_why_is_not_forgotten_when_it_is_proposed_again)
{
    AUTO(json_release) json_t *json = NULL;
    struct proposal proposal = sample_proposal();
    char id[RECORD_ID_BYTES];

    import_row(sample_row());
    cr_assert_str_eq(propose_sample(&proposal), "done");
    memcpy(id, T.last.record, sizeof id);
    T.desk.person = "reviewer";
    cr_assert_str_eq(return_it(id, "文号有误"), "done");
    T.desk.person = "author";
    cr_assert_str_eq(propose_sample(&proposal), "done");
    json = show(id);
    cr_expect_str_eq(text_at(json, "state"), "proposed");
    cr_assert_eq(json_array_size(json_object_get(json, "versions")), 2);
    cr_expect_str_eq(text_at(item(json, "versions", 0), "state"), "returned");
    cr_expect_str_eq(text_at(item(json, "versions", 0), "decided_by"), "reviewer");
    cr_expect_str_eq(text_at(item(json, "versions", 0), "decision_reason"), "文号有误");
    cr_expect_str_eq(text_at(item(json, "versions", 1), "state"), "proposed");
    cr_expect_str_eq(text_at(item(json, "versions", 1), "proposed_by"), "author");
    cr_expect(json_is_null(json_object_get(item(json, "versions", 1), "decided_by")));
    cr_expect_eq(json_array_size(json_object_get(json, "events")), 3);
}

Test(show_json, the_whole_life_with_seals_deliveries_and_receipts)
{
    AUTO(json_release) json_t *json = NULL;
    const char *id = listed_sample();
    uint64_t delivery = queue_all();
    const json_t *version, *sent;

    call_out(delivery);
    receipt_in("transport", span_of("{\"ok\":true}"), 1, 1);
    receipt_in("business", span_of("一半"), 1, 2);
    receipt_in("business", span_of("另一半"), 2, 2);
    receipt_in("malformed", SPAN("\xff\x00\x01"), 1, 1);
    settle(delivery);
    json = show(id);
    version = item(json, "versions", 0);
    cr_expect_str_eq(text_at(version, "state"), "effective");
    cr_expect_str_eq(text_at(version, "op"), "new");
    cr_expect_str_eq(text_at(version, "decided_by"), "reviewer");
    cr_expect_eq(json_array_size(json_object_get(version, "seal_kids")), 2);
    cr_expect_str_eq(json_string_value(item(version, "seal_kids", 0)), "test-seal-sm2-1");
    cr_expect_str_eq(text_at(json_object_get(version, "record"), "uscc"), "91440224MAYUCHK485");
    cr_expect_str_eq(text_at(json_object_get(version, "record"), "approved_by"), "reviewer");
    cr_expect_eq(json_array_size(json_object_get(json, "basis")), 1);
    sent = item(version, "deliveries", 0);
    cr_expect_eq(json_integer_of(sent, "delivery", -1), (int64_t)delivery);
    cr_expect_str_eq(text_at(sent, "state"), "refused");
    cr_expect_str_eq(text_at(sent, "call"), CALL);
    cr_expect_str_eq(text_at(sent, "code"), "E07");
    cr_expect_str_eq(text_at(sent, "message"), "字段有误");
    cr_assert_eq(json_array_size(json_object_get(sent, "receipts")), 3);
    cr_expect_str_eq(text_at(item(sent, "receipts", 0), "body"), "{\"ok\":true}");
    cr_expect_str_eq(text_at(item(sent, "receipts", 1), "body"), "一半另一半");
    cr_expect_str_eq(text_at(item(sent, "receipts", 2), "encoding"), "base64");
    cr_expect_str_eq(text_at(item(sent, "receipts", 2), "body"), "/wAB");
    cr_expect_eq(json_integer_of(item(sent, "receipts", 2), "bytes", 0), 3);
}

static const json_t *refusal_of(const json_t *json)
{
    return json_object_get(item(item(json, "versions", 0), "deliveries", 0), "refusal");
}

Test(show_json, a_code_that_stands_in_no_table_is_said_to_be_unknown)
{
    AUTO(json_release) json_t *json = NULL;
    AUTO(buf_done) struct buf requeue = BUF_INIT;
    const char *id = listed_sample();
    uint64_t delivery = queue_all();

    call_out(delivery);
    settle(delivery);
    json = show(id);
    cr_assert(json_is_false(json_object_get(refusal_of(json), "known")));
    cr_expect(strstr(text_at(refusal_of(json), "why_zh"), "代码表中没有"));
    buf_addf(&requeue, "creditgate requeue %llu --reason 理由", (unsigned long long)delivery);
    cr_expect_str_eq(text_at(refusal_of(json), "requeue_zh"), buf_text(&requeue));
}

Test(show_json, a_refusal_is_told_in_plain_words_and_nothing_else_is)
{
    AUTO(json_release) json_t *before = NULL;
    AUTO(json_release) json_t *json = NULL;
    const char *id = listed_sample();
    uint64_t delivery = queue_all();

    call_out(delivery);
    before = show(id);
    cr_assert(json_is_null(refusal_of(before)));
    settle_as(delivery, "10002");
    json = show(id);
    cr_assert(json_is_true(json_object_get(refusal_of(json), "known")));
    cr_expect_str_eq(text_at(refusal_of(json), "why_zh"), "企业名称为空");
    cr_expect_str_eq(text_at(refusal_of(json), "why"), "the enterprise's name is empty");
    cr_expect(strstr(text_at(refusal_of(json), "advice_zh"), "更正"));
    cr_expect(strstr(text_at(refusal_of(json), "advice"), "correct"));
}

Test(show_json, a_long_receipt_is_cut_between_characters_and_says_how_long_it_is)
{
    AUTO(json_release) json_t *json = NULL;
    AUTO(buf_done) struct buf third = BUF_INIT;
    const char *id = listed_sample();
    uint64_t delivery = queue_all();
    const json_t *receipt;

    call_out(delivery);
    for (int i = 0; i < 10000; i++)
        buf_add_text(&third, "错");
    for (int part = 1; part <= 3; part++)
        receipt_in("business", buf_span(&third), part, 3);
    json = show(id);
    receipt = item(item(item(json, "versions", 0), "deliveries", 0), "receipts", 0);
    cr_expect_eq(json_integer_of(receipt, "bytes", 0), 90000);
    cr_expect_str_eq(text_at(receipt, "encoding"), "utf-8");
    cr_expect_leq(strlen(text_at(receipt, "body")), SHOW_RECEIPT_BODY_MAX);
    cr_expect_eq(strlen(text_at(receipt, "body")) % 3, 0);
}

Test(show_json, prefixes_obligations_and_codes_lead_to_the_record)
{
    const char *id = listed_sample();
    AUTO(json_release) json_t *by_code = show("91440224MAYUCHK485");
    AUTO(json_release) json_t *by_prefix = NULL;
    AUTO(json_release) json_t *by_obligation = NULL;
    char prefix[9] = {0};

    memcpy(prefix, id, sizeof prefix - 1);
    by_prefix = show(prefix);
    cr_expect_str_eq(text_at(by_prefix, "record"), id);
    cr_expect_str_eq(text_at(by_code, "uscc"), "91440224MAYUCHK485");
    cr_expect_str_eq(text_at(by_code, "name"), "韶关市璞廪钢铁有限公司");
    cr_assert_eq(json_array_size(json_object_get(by_code, "obligations")), 1);
    cr_expect_str_eq(text_at(item(item(by_code, "obligations", 0), "records", 0), "record"), id);
    memcpy(prefix, text_at(item(by_code, "obligations", 0), "obligation"), sizeof prefix - 1);
    by_obligation = show(prefix);
    cr_expect_str_eq(text_at(by_obligation, "record"), id);
}

Test(show_json, status_counts_what_is_there)
{
    AUTO(json_release) json_t *empty = status();
    AUTO(json_release) json_t *full = NULL;
    AUTO(text_free) char *folder = path_join(T.folder, "checkpoints");
    AUTO(text_free) char *note = path_join(folder, "journal");
    const json_t *channel;

    cr_expect_eq(json_array_size(json_object_get(empty, "channels")), CHANNEL_COUNT);
    cr_expect(json_is_null(json_object_get(json_object_get(empty, "checkpoints"), "journal")));
    cr_expect(json_is_null(json_object_get(json_object_get(empty, "journal"), "at")));
    listed_sample();
    queue_all();
    emit("channel.paused", "{\"channel\":\"credit-guangdong\",\"reason\":\"维护\"}");
    cr_assert(file_make_folder(folder, 0700, &T.err) &&
              file_write(note, SPAN("gate/journal\n4\nAAAA\n\nsigned\n"), 0644, &T.err));
    {
        AUTO(text_free) char *refused = path_join(folder, "journal.refused");

        cr_assert(file_write(refused, span_of("回退\nrolled back\n"), 0644, &T.err));
    }
    full = status();
    channel = item(full, "channels", 0);
    cr_expect_str_eq(text_at(channel, "channel"), "credit-guangdong");
    cr_expect_eq(json_integer_of(channel, "queued", -1), 1);
    cr_expect_eq(json_integer_of(channel, "in_doubt", -1), 0);
    cr_expect_eq(json_integer_of(channel, "oldest_ms", -1), T.now_ms);
    cr_expect(json_bool_of(channel, "paused", false));
    cr_expect_str_eq(text_at(channel, "reason"), "维护");
    cr_expect_eq(json_integer_of(json_object_get(full, "records"), "live", -1), 1);
    cr_expect_eq(json_integer_of(json_object_get(full, "records"), "unsent", -1), 0);
    cr_expect_gt(json_integer_of(json_object_get(full, "journal"), "size", -1), 3);
    cr_expect_eq(json_integer_of(json_object_get(json_object_get(full, "checkpoints"), "journal"), "size", -1), 4);
    cr_expect_eq(json_integer_of(full, "time_ms", -1), T.now_ms);
    cr_expect_str_eq(text_at(json_object_get(json_object_get(full, "checkpoints"), "journal"), "refused"),
                     "rolled back");
    cr_expect_str_eq(text_at(json_object_get(json_object_get(full, "checkpoints"), "journal"), "refused_zh"), "回退");
}
