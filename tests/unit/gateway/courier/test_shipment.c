/* Which rows ride together, and that the same bytes come out again. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/text.h"
#include "base/walk.h"
#include "gateway/courier/shipment.h"
#include "tests/support/support.h"

enum { MADE_MAX = 8, LONG_ROW_BYTES = 40000 };

static char folder[TEST_PATH_BYTES];
static struct store *store;
static struct store_txn *txn;
static struct keyring *keyring;
static struct signer *signer;
static struct adapter_config config;
static struct courier_channel channel;
static struct shipment *made[MADE_MAX];
static size_t made_count;
static struct error err;
static uint64_t sequence;
static int64_t now_ms;

static void setup(void)
{
    struct store_options options = {.map_bytes = 1 << 28, .creates = true, .is_scratch = true};
    AUTO(text_free) char *keys = NULL;
    AUTO(text_free) char *path = NULL;

    test_folder_new(folder);
    path = path_join(folder, "store");
    keys = path_join(folder, "keys");
    cr_assert(store_open(path, &options, &store, &err), "%s", err.text);
    cr_assert(store_begin(store, STORE_WRITE, &txn, &err), "%s", err.text);
    cr_assert(keyring_create(keys, "test", 1000, &err) && keyring_load(keys, &keyring, &err) &&
                  signer_new_local(keyring, &signer, &err),
              "%s", err.text);
    config = (struct adapter_config){.base_url = "https://localhost",
                                     .table_code = "T",
                                     .department_code = "D",
                                     .table_version_id = "V",
                                     .paasid = "p",
                                     .token = "t",
                                     .sm4_key = {1},
                                     .sm4_kid = "k",
                                     .provider_code = "",
                                     .provider_name = "",
                                     .exchange_unit = "",
                                     .rows_max = 500};
    channel =
        (struct courier_channel){.name = "credit-guangdong", .adapter = &adapter_credit_guangdong, .config = &config};
    now_ms = 1000;
}

static void forget(void)
{
    while (made_count > 0)
        shipment_free(made[--made_count]);
}

static void teardown(void)
{
    forget();
    store_abort(txn);
    store_close(store);
    signer_free(signer);
    keyring_free(keyring);
    test_folder_remove(folder);
}

TestSuite(shipment, .init = setup, .fini = teardown);

static void emit(const char *type, struct span data)
{
    struct event event = {++now_ms, SPAN("courier"), span_of(type), data};

    cr_assert(outbox_apply(txn, ++sequence, &event, &err), "%s", err.text);
}

static void queue_for(enum channel to, int subject, uint32_t version, struct span row)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    char record[24];
    char code[24];

    snprintf(record, sizeof record, "R%020d", subject);
    snprintf(code, sizeof code, "91440000MAY000%04d", subject);
    outbox_queued_data(to, record, version, span_of(code), row, &data);
    emit("delivery.queued", buf_span(&data));
}

static void queue(int subject, uint32_t version, struct span row)
{
    queue_for(CHANNEL_CREDIT_GUANGDONG, subject, version, row);
}

static void queue_many(int count)
{
    for (int i = 0; i < count; i++)
        queue(i, 1, SPAN("{\"A\":1}"));
}

static size_t gather(size_t max)
{
    forget();
    cr_assert(shipments_gather(txn, &channel, now_ms, max, made, &made_count, &err), "%s", err.text);
    return made_count;
}

static void seal(struct shipment *shipment)
{
    cr_assert(shipment_seal(shipment, signer, now_ms, &err), "%s", err.text);
}

static void prepare(struct shipment *shipment)
{
    seal(shipment);
    emit("call.prepared", buf_span(&shipment->prepared));
}

static void split(const struct shipment *shipment)
{
    char data[256];
    AUTO(buf_done) struct buf id = BUF_INIT;

    for (size_t i = 0; i < 16; i++)
        buf_addf(&id, "%02x", shipment->call.id[i]);
    snprintf(data, sizeof data, "{\"call\":\"%s\",\"due_ms\":1,\"reason\":\"r\",\"split\":true}", buf_text(&id));
    emit("call.dissolved", span_of(data));
}

Test(shipment, nothing_due_makes_no_call)
{
    cr_assert_eq(gather(4), 0);
    queue_many(1);
    now_ms -= 10;
    cr_assert_eq(gather(4), 0);
}

Test(shipment, only_the_head_of_a_lane_goes)
{
    queue(1, 1, SPAN("{\"A\":1}"));
    queue(1, 2, SPAN("{\"A\":2}"));
    queue(2, 1, SPAN("{\"A\":3}"));
    cr_assert_eq(gather(4), 1);
    cr_assert_eq(made[0]->count, 2);
    cr_assert_eq(made[0]->rows[0].version, 1);
    cr_assert_eq(made[0]->rows[1].version, 1);
}

Test(shipment, calls_hold_as_many_rows_as_they_may_in_ascending_order)
{
    config.rows_max = 4;
    queue_many(10);
    cr_assert_eq(gather(8), 3);
    cr_assert_eq(made[0]->count, 4);
    cr_assert_eq(made[1]->count, 4);
    cr_assert_eq(made[2]->count, 2);
    for (size_t i = 1; i < 4; i++)
        cr_assert_lt(made[0]->numbers[i - 1], made[0]->numbers[i]);
    cr_assert_eq(gather(2), 2);
    cr_assert_eq(gather(0), 0);
}

Test(shipment, a_call_never_outgrows_what_can_be_signed)
{
    AUTO(buf_done) struct buf row = BUF_INIT;
    size_t rows = adapter_credit_guangdong.rows_bytes_max / LONG_ROW_BYTES + 2;

    buf_add_text(&row, "{\"A\":\"");
    while (row.bytes < LONG_ROW_BYTES)
        buf_add_byte(&row, 'x');
    buf_add_text(&row, "\"}");
    for (size_t i = 0; i < rows; i++)
        queue((int)i, 1, buf_span(&row));
    cr_assert_eq(gather(8), 2);
    cr_assert_eq(made[0]->count + made[1]->count, rows);
    cr_assert_leq(made[0]->json.bytes + made[0]->count + 1, adapter_credit_guangdong.rows_bytes_max);
    seal(made[0]);
    seal(made[1]);
}

Test(shipment, rows_of_a_split_call_ride_in_halves_and_apart_from_others)
{
    struct delivery delivery;

    queue_many(6);
    cr_assert_eq(gather(1), 1);
    prepare(made[0]);
    split(made[0]);
    queue(77, 1, SPAN("{\"A\":7}"));
    cr_assert_eq(gather(8), 3);
    cr_assert_eq(made[0]->count, 3);
    cr_assert_eq(made[1]->count, 3);
    cr_assert_eq(made[2]->count, 1);
    cr_assert(outbox_find(txn, made[2]->numbers[0], &delivery, &err));
    cr_assert_eq(delivery.splits, 0);
    prepare(made[0]);
    split(made[0]);
    /* What was three rides alone, the other three still together. */
    cr_assert_eq(gather(8), 5);
}

Test(shipment, the_event_says_what_was_fixed_and_is_taken_by_the_outbox)
{
    struct call call;

    queue_many(3);
    cr_assert_eq(gather(1), 1);
    prepare(made[0]);
    cr_assert(outbox_call(txn, made[0]->call.id, &call, &err), "%s", err.text);
    cr_assert_eq(call.rows, 3);
    cr_assert_eq(call.state, CALL_PREPARED);
    cr_assert(span_equal(walk_member(call.prepared, "request"), buf_span(&made[0]->fixed)));
    cr_assert_eq(gather(8), 0);
}

Test(shipment, a_call_of_the_store_makes_the_same_bytes_again)
{
    AUTO(shipment_free) struct shipment *again = NULL;

    queue_many(5);
    cr_assert_eq(gather(1), 1);
    prepare(made[0]);
    cr_assert(shipment_load(txn, &channel, made[0]->call.id, true, &again, &err), "%s", err.text);
    cr_assert(shipment_remake(again, &err), "%s", err.text);
    cr_assert(span_equal(buf_span(&again->draft.message), buf_span(&made[0]->draft.message)));
    cr_assert(span_equal(buf_span(&again->signature.bytes), buf_span(&made[0]->signature.bytes)));
    cr_assert_str_eq(again->signature.kid, made[0]->signature.kid);
    cr_assert_eq(again->call.at_ms, made[0]->call.at_ms);
    cr_assert(shipment_remake(again, &err), "twice is as good: %s", err.text);
}

Test(shipment, another_key_is_noticed)
{
    AUTO(shipment_free) struct shipment *again = NULL;

    queue_many(2);
    cr_assert_eq(gather(1), 1);
    prepare(made[0]);
    config.sm4_key[15] = 9;
    cr_assert(shipment_load(txn, &channel, made[0]->call.id, true, &again, &err), "%s", err.text);
    cr_assert_not(shipment_remake(again, &err));
    cr_assert_eq(err.code, ERR_CONFLICT);
}

Test(shipment, no_two_calls_have_the_same_id_or_iv)
{
    config.rows_max = 1;
    queue_many(2);
    cr_assert_eq(gather(2), 2);
    seal(made[0]);
    seal(made[1]);
    cr_assert_neq(memcmp(made[0]->call.id, made[1]->call.id, 16), 0);
    cr_assert_neq(memcmp(made[0]->call.iv, made[1]->call.iv, 16), 0);
}

Test(shipment, an_unknown_call_is_not_found)
{
    struct shipment *none = NULL;

    cr_assert_not(shipment_load(txn, &channel, (const uint8_t[16]){1}, false, &none, &err));
    cr_assert_eq(err.code, ERR_NOT_FOUND);
    cr_assert_null(none);
}

Test(shipment, a_call_that_is_only_asked_after_knows_its_name_again)
{
    AUTO(shipment_free) struct shipment *loaded = NULL;
    AUTO(buf_done) struct buf received = BUF_INIT;

    channel = (struct courier_channel){
        .channel = CHANNEL_CREDIT_CHINA, .name = "credit-china", .adapter = &adapter_credit_china, .config = &config};
    config.file_code = "001503";
    config.rows_max = 1000;
    queue_for(CHANNEL_CREDIT_CHINA, 1, 1, SPAN("{\"A\":1}"));
    cr_assert_eq(gather(1), 1);
    made[0]->call.day = 20514;
    made[0]->call.number = 1;
    prepare(made[0]);
    buf_add_text(&received, "{\"call\":\"");
    hex_add(&received, made[0]->call.id, 16);
    buf_add_text(&received, "\",\"due_ms\":9}");
    emit("call.received", buf_span(&received));
    config.file_code = "009903"; /* later */
    cr_assert(shipment_load(txn, &channel, made[0]->call.id, false, &loaded, &err), "%s", err.text);
    cr_assert_eq(loaded->call.day, made[0]->call.day);
    cr_assert_eq(loaded->call.number, made[0]->call.number);
    cr_assert_str_eq(loaded->call.file_code, "001503");
    cr_assert_arr_eq(loaded->call.sm3, made[0]->call.sm3, 32);
    cr_assert_eq(loaded->call.payload_bytes, made[0]->call.payload_bytes);
}
