#include "gateway/cli/verify.h"

#include "base/json.h"
#include "gateway/journal/journal.h"
#include "gateway/journal/proof.h"
#include "tests/unit/gateway/command/desk.h"

static struct keyring *public_keys;
static json_t *report;

static void setup(void)
{
    AUTO(buf_done) struct buf json = BUF_INIT;

    desk_open();
    cr_assert(keyring_public_json(T.keyring, &json, &T.err), "%s", T.err.text);
    cr_assert(keyring_parse_public(buf_span(&json), &public_keys, &T.err), "%s", T.err.text);
}

static void teardown(void)
{
    json_decref(report);
    keyring_free(public_keys);
    desk_close();
}

TestSuite(verify, .init = setup, .fini = teardown, .timeout = 120);

static int verify(struct span text)
{
    json_decref(report);
    report = NULL;
    T.err = (struct error){.code = ERR_NONE};
    return verify_bytes(text, public_keys, &report, &T.err);
}

static const json_t *content(void)
{
    return json_object_get(report, "content");
}

/* --- what there is to verify --- */

static void seal_of(const char *id, struct buf *out)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version version;
    struct span seal;

    cr_assert(records_load_effective(txn, span_of(id), &version, &hold, &T.err), "%s", T.err.text);
    cr_assert(records_seal(txn, &version, &seal, &T.err), "%s", T.err.text);
    buf_add_span(out, seal);
}

static void checkpoint_of(const char *origin, struct buf *out)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    struct checkpoint head = {.size = journal_size(txn)};

    snprintf(head.origin, sizeof head.origin, "%s", origin);
    cr_assert(journal_root(txn, head.size, head.root, &T.err), "%s", T.err.text);
    cr_assert(checkpoint_sign(&head, T.keyring, T.signer, out, &T.err), "%s", T.err.text);
}

static void proof_of(uint64_t sequence, struct buf *out)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    AUTO(buf_done) struct buf note = BUF_INIT;
    AUTO(buf_done) struct buf path = BUF_INIT;
    struct proof proof = {.index = sequence};

    checkpoint_of("test/journal", &note);
    cr_assert(journal_read(txn, sequence, &proof.entry));
    cr_assert(journal_inclusion(txn, sequence, journal_size(txn), &path, &T.err), "%s", T.err.text);
    proof.path = buf_span(&path);
    proof.checkpoint = buf_span(&note);
    proof_format(&proof, out);
}

/* --- refusals --- */

Test(verify, what_is_nothing_of_ours_is_unusable)
{
    static const char *const TEXTS[] = {"", "hello\n", "{}", "[1]", "{\"kind\":\"other\"}", "\x7f\x45LF", "a\n\nb\n"};

    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        cr_expect_eq(verify(span_of(TEXTS[i])), CLI_UNUSABLE, "%s", TEXTS[i]);
        cr_expect(json_is_null(json_object_get(report, "kind")));
        cr_expect_str_eq(T.err.rule, "verify.unknown");
    }
}

Test(verify, an_empty_seal_or_proof_is_not_good)
{
    cr_expect_eq(verify(SPAN("{\"payload\":\"\",\"signatures\":[]}")), CLI_SOME_REFUSED);
    cr_expect_eq(verify(SPAN("{\"payload\":\"e30\",\"signatures\":[]}")), CLI_SOME_REFUSED);
    cr_expect_eq(verify(SPAN("{\"kind\":\"creditgate.proof/1\"}")), CLI_SOME_REFUSED);
    cr_expect_not(json_bool_of(report, "good", true));
}

Test(verify, a_checkpoint_with_one_of_its_signatures_is_not_good)
{
    AUTO(buf_done) struct buf note = BUF_INIT;
    char *last;

    listed_sample();
    checkpoint_of("test/journal", &note);
    note.bytes--;
    note.data[note.bytes] = '\0';
    last = strrchr(note.data, '\n') + 1;
    cr_expect_eq(verify((struct span){note.data, (size_t)(last - note.data)}), CLI_SOME_REFUSED);
    cr_expect_str_eq(T.err.rule, "verify.one-signature", "%s", T.err.text);
}

Test(verify, keys_of_another_gateway_do_not_vouch)
{
    AUTO(text_free) char *folder = path_join(T.folder, "others");
    AUTO(buf_done) struct buf seal = BUF_INIT;
    AUTO(buf_done) struct buf note = BUF_INIT;
    AUTO(buf_done) struct buf proof = BUF_INIT;
    const char *id = listed_sample();

    seal_of(id, &seal);
    checkpoint_of("test/journal", &note);
    proof_of(1, &proof);
    keyring_free(public_keys);
    cr_assert(keyring_create(folder, "test", day_start_ms(on("2020-01-01")), &T.err), "%s", T.err.text);
    cr_assert(keyring_load(folder, &public_keys, &T.err), "%s", T.err.text);
    cr_expect_eq(verify(buf_span(&seal)), CLI_SOME_REFUSED);
    cr_expect_eq(verify(buf_span(&note)), CLI_SOME_REFUSED);
    cr_expect_eq(verify(buf_span(&proof)), CLI_SOME_REFUSED);
}

Test(verify, keys_that_were_not_in_force_at_the_approval_do_not_vouch)
{
    AUTO(buf_done) struct buf seal = BUF_INIT;
    AUTO(buf_done) struct buf json = BUF_INIT;
    char *at;

    seal_of(listed_sample(), &seal);
    cr_assert(keyring_public_json(T.keyring, &json, &T.err));
    while ((at = strstr(json.data, "\"2020-01-01T")) != NULL)
        memcpy(at, "\"2030", 5);
    keyring_free(public_keys);
    public_keys = NULL;
    cr_assert(keyring_parse_public(buf_span(&json), &public_keys, &T.err), "%s", T.err.text);
    cr_expect_eq(verify(buf_span(&seal)), CLI_SOME_REFUSED);
}

/* Every byte, three ways: refused, or the same content. */
static void expect_tamperproof(const struct buf *good, const char *what)
{
    AUTO(json_release) json_t *expected = NULL;
    AUTO(text_free) char *copy = memory_copy_span(buf_span(good));
    size_t passed = 0;

    cr_assert_eq(verify(buf_span(good)), CLI_OK, "%s: %s", what, T.err.text);
    expected = json_deep_copy(content());
    for (size_t i = 0; i < good->bytes; i++) {
        static const uint8_t FLIPS[] = {0x01, 0x20, 0x80};

        for (size_t j = 0; j < COUNT_OF(FLIPS); j++) {
            copy[i] = (char)((uint8_t)good->data[i] ^ FLIPS[j]);
            if (verify((struct span){copy, good->bytes}) == CLI_OK) {
                passed++;
                cr_expect(json_equal(expected, content()), "%s: byte %zu says something else", what, i);
            }
            copy[i] = good->data[i];
        }
        cr_expect(verify((struct span){copy, i}) != CLI_OK, "%s: the first %zu bytes pass", what, i);
    }
    /* Hardly anything passes: a letter of an escape written large, white space. */
    cr_expect_leq(passed, 8, "%s: %zu changes pass", what, passed);
}

Test(verify, no_flipped_byte_of_a_seal_passes)
{
    AUTO(buf_done) struct buf seal = BUF_INIT;

    seal_of(listed_sample(), &seal);
    expect_tamperproof(&seal, "seal");
}

Test(verify, no_flipped_byte_of_a_checkpoint_passes)
{
    AUTO(buf_done) struct buf note = BUF_INIT;

    listed_sample();
    checkpoint_of("test/journal/1795506103000", &note);
    expect_tamperproof(&note, "checkpoint");
}

Test(verify, no_flipped_byte_of_a_proof_passes)
{
    AUTO(buf_done) struct buf proof = BUF_INIT;

    listed_sample();
    proof_of(2, &proof);
    expect_tamperproof(&proof, "proof");
}

/* --- what is good --- */

Test(verify, a_sealed_record_tells_itself_and_its_keys)
{
    AUTO(buf_done) struct buf seal = BUF_INIT;
    const char *id = listed_sample();
    const json_t *keys;

    seal_of(id, &seal);
    buf_add_byte(&seal, '\n');
    cr_assert_eq(verify(buf_span(&seal)), CLI_OK, "%s", T.err.text);
    cr_expect_str_eq(json_text_of(report, "kind"), "record");
    cr_expect_str_eq(json_text_of(content(), "record"), id);
    cr_expect_str_eq(json_text_of(content(), "approved_by"), "reviewer");
    keys = json_object_get(report, "keys");
    cr_assert_eq(json_array_size(keys), 2);
    cr_expect_str_eq(json_text_of(json_array_get(keys, 0), "kid"), "test-seal-sm2-1");
    cr_expect_str_eq(json_text_of(json_array_get(keys, 0), "algorithm"), "SM2-SM3");
    cr_expect_str_eq(json_text_of(json_array_get(keys, 0), "from"), "2020-01-01T00:00:00.000+08:00");
    cr_expect(json_is_null(json_object_get(json_array_get(keys, 0), "until")));
}

Test(verify, a_checkpoint_and_a_proof_tell_their_log)
{
    AUTO(buf_done) struct buf note = BUF_INIT;
    AUTO(buf_done) struct buf proof = BUF_INIT;
    const json_t *entry;

    listed_sample();
    checkpoint_of("test/journal", &note);
    cr_assert_eq(verify(buf_span(&note)), CLI_OK, "%s", T.err.text);
    cr_expect_str_eq(json_text_of(content(), "origin"), "test/journal");
    cr_expect_eq(json_integer_of(content(), "size", 0), 4);
    proof_of(3, &proof);
    cr_assert_eq(verify(buf_span(&proof)), CLI_OK, "%s", T.err.text);
    entry = json_object_get(content(), "entry");
    cr_expect_str_eq(json_text_of(entry, "type"), "record.approved");
    cr_expect_eq(json_integer_of(content(), "index", -1), 3);
    cr_expect_eq(json_array_size(json_object_get(report, "keys")), 2);
}

static bool plain_row(const struct record *record, void *context, struct buf *row, struct error *err)
{
    (void)context;
    (void)err;
    buf_addf(row, "{\"ROWID\":\"%s\"}", record->id);
    return true;
}

static uint64_t emit(const char *type, const char *data)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(ledger_free) struct ledger *ledger = NULL;
    uint64_t sequence;

    cr_assert(store_begin(T.store, STORE_WRITE, &txn, &T.err) && ledger_new(txn, &T.clock, &ledger, &T.err));
    cr_assert(ledger_emit(ledger, "courier", type, span_of(data), &sequence, &T.err), "%s", T.err.text);
    cr_assert(ledger_finish(ledger, &T.err) && store_commit(TAKE(txn), &T.err));
    return sequence;
}

Test(verify, a_receipt_of_an_upstream_is_told_as_it_came)
{
    AUTO(buf_done) struct buf proof = BUF_INIT;
    struct push_request push = {CHANNEL_CREDIT_GUANGDONG, NULL, NULL, -1, plain_row, NULL};

    listed_sample();
    cr_assert(command_push(&T.desk, &push, keep, NULL, &T.tally, &T.err), "%s", T.err.text);
    emit("call.prepared", "{\"call\":\"00112233445566778899aabbccddeeff\",\"channel\":\"credit-guangdong\","
                          "\"deliveries\":[4],\"due_ms\":5,\"request\":{}}");
    proof_of(emit("receipt.stored", "{\"body\":\"eyJvayI6dHJ1ZX0=\",\"call\":\"00112233445566778899aabbccddeeff\","
                                    "\"kind\":\"transport\",\"part\":1,\"parts\":1,\"status\":200}"),
             &proof);
    cr_assert_eq(verify(buf_span(&proof)), CLI_OK, "%s", T.err.text);
    cr_expect_str_eq(json_text_of(content(), "receipt_body"), "{\"ok\":true}");
    cr_expect_str_eq(json_text_of(json_object_get(content(), "entry"), "by"), "courier");
}

Test(verify, the_words_name_what_is_good_and_by_which_keys)
{
    static const struct cli ZH = {"", "zh", false, "verify"};
    AUTO(buf_done) struct buf seal = BUF_INIT;
    char *text = NULL;
    size_t bytes = 0;
    FILE *to = open_memstream(&text, &bytes);

    seal_of(listed_sample(), &seal);
    cr_assert_eq(verify(buf_span(&seal)), CLI_OK, "%s", T.err.text);
    verify_print(&ZH, report, to);
    cr_assert_eq(fclose(to), 0);
    cr_expect(strstr(text, "核验通过：签封的失信记录\n"), "%s", text);
    cr_expect(strstr(text, "企业：韶关市璞廪钢铁有限公司\n"), "%s", text);
    cr_expect(strstr(text, "签名密钥：test-seal-sm2-1 SM2-SM3，有效期 2020-01-01 00:00:00 — 今\n"), "%s", text);
    free(text);
}
