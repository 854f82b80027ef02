/* The hashes of both logs for those who watch them: no more than what is signed, and no entry. */
#include "gate.h"

#include "base/encode.h"
#include "gateway/journal/checkpoint.h"
#include "gateway/journal/journal.h"
#include "gateway/trace/trace.h"

#define SAMPLE "91440224MAYUCHK485"
#define TARGET "/v1/lookups/lending/" SAMPLE "?purpose=credit-review"
#define TRACED 300

TestSuite(log, .init = gate_open, .fini = gate_close, .timeout = 120);

static void publish(const char *name, uint64_t size, const uint8_t root[32])
{
    AUTO(text_free) char *checkpoints = path_join(T.folder, "checkpoints");
    AUTO(text_free) char *path = path_join(checkpoints, name);
    AUTO(buf_done) struct buf note = BUF_INIT;
    struct checkpoint head = {.size = size};

    snprintf(head.origin, sizeof head.origin, "test/%s", name);
    memcpy(head.root, root, sizeof head.root);
    cr_assert(checkpoint_sign(&head, T.keyring, T.signer, &note, &T.err), "%s", T.err.text);
    cr_assert(file_make_folder(checkpoints, 0700, &T.err) && file_write(path, buf_span(&note), 0600, &T.err), "%s",
              T.err.text);
}

static void publish_journal(void)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    uint64_t size = journal_size(txn);
    uint8_t root[32];

    cr_assert(size > 2 && journal_root(txn, size, root, &T.err), "%s", T.err.text);
    publish("journal", size, root);
}

/* Written by the test itself; `size` of them are signed for. */
static void publish_trace(uint64_t size)
{
    AUTO(text_free) char *folder = path_join(T.folder, "trace");
    AUTO(trace_writer_free) struct trace_writer *writer = NULL;
    AUTO(trace_log_free) struct trace_log *log = NULL;
    char receipt[TRACE_RECEIPT_BYTES];
    uint8_t root[32];
    uint64_t taken;

    cr_assert(trace_writer_open(folder, &writer, &T.err), "%s", T.err.text);
    for (int i = 0; i < TRACED; i++) {
        trace_next_receipt(writer, receipt);
        trace_add(writer,
                  &(struct trace_entry){.at_ms = T.now_ms, .receipt = receipt, .by = SPAN("bank"), .status = 200});
    }
    cr_assert(trace_flush(writer, &T.err) && trace_log_open(folder, &log, &T.err) &&
                  trace_log_integrate(log, &taken, &T.err) && trace_log_root(log, size, root, &T.err),
              "%s", T.err.text);
    publish("trace", size, root);
}

static void expect_refusal(const char *path, long status, const char *rule)
{
    ask("land", path);
    cr_expect_eq(G.status, status, "%s: %ld %s", path, G.status, buf_text(&G.body));
    cr_expect_str_eq(told("rule"), rule, "%s: %s", path, told("detail"));
}

Test(log, nothing_is_told_before_it_is_signed)
{
    gate_start();
    expect_refusal("/v1/log/trace/checkpoint", 503, "log.unsigned");
    cr_expect(has_header("retry-after:"));
    expect_refusal("/v1/log/journal/tile/0/000.p/1", 503, "log.unsigned");
}

Test(log, neither_entries_nor_other_spellings_are_there)
{
    static const char *const NOTHING[] = {"/v1/log",
                                          "/v1/log/other/checkpoint",
                                          "/v1/log/trace",
                                          "/v1/log/trace/entries",
                                          "/v1/log/trace/checkpoint/x",
                                          "/v1/log/trace/entries/000"};
    static const char *const NO_TILE[] = {"tile/entries/000",
                                          "tile/0",
                                          "tile/0/0",
                                          "tile/0/00",
                                          "tile/0/0000",
                                          "tile/0/x000/000",
                                          "tile/8/000",
                                          "tile/00/000",
                                          "tile/-1/000",
                                          "tile/0/000.p/0",
                                          "tile/0/000.p/01",
                                          "tile/0/000.p/256",
                                          "tile/0/000.p",
                                          "tile/0/000.p/1/2",
                                          "tile/0/001",
                                          "tile/0/001.p/45",
                                          "tile/0/002.p/1",
                                          "tile/1/000",
                                          "tile/1/000.p/2",
                                          "tile/2/000.p/1",
                                          "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
                                          "tile/7/x999/x999/x999/x999/x999/999",
                                          "tile/0/+01",
                                          "tile/data/000"};
    char path[200];

    publish_trace(TRACED);
    gate_start();
    for (size_t i = 0; i < COUNT_OF(NOTHING); i++)
        expect_refusal(NOTHING[i], 404, "http.path");
    for (size_t i = 0; i < COUNT_OF(NO_TILE); i++) {
        snprintf(path, sizeof path, "/v1/log/trace/%s", NO_TILE[i]);
        expect_refusal(path, 404, "log.tile");
    }
    expect_refusal("/v1/log/trace/tile/0/000?x=1", 400, "query.unknown");
    cr_expect_eq(ask("stranger", "/v1/log/trace/checkpoint"), 403);
    cr_expect_eq(ask_as("land", "POST", "/v1/log/trace/checkpoint"), 405);
}

Test(log, sizes_that_prove_nothing_are_refused)
{
    static const char *const BAD[] = {"",
                                      "?from=1",
                                      "?to=1",
                                      "?from=0&to=1",
                                      "?from=2&to=1",
                                      "?from=1&to=301",
                                      "?from=-1&to=2",
                                      "?from=a&to=2",
                                      "?from=1&to=99999999999999999999"};
    char path[200];

    publish_trace(TRACED);
    gate_start();
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        snprintf(path, sizeof path, "/v1/log/trace/consistency%s", BAD[i]);
        expect_refusal(path, 400, "log.size");
    }
}

/* What was integrated later is not told with an older checkpoint. */
Test(log, only_what_is_signed_for_is_told)
{
    publish_trace(TRACED - 1);
    gate_start();
    expect_refusal("/v1/log/trace/tile/0/001.p/44", 404, "log.tile");
    cr_expect_eq(ask("land", "/v1/log/trace/tile/0/001.p/43"), 200);
    expect_refusal("/v1/log/trace/consistency?from=1&to=300", 400, "log.size");
}

static struct span hashes_at(size_t first, size_t count)
{
    cr_assert_geq(G.body.bytes, (first + count) * 32);
    return (struct span){G.body.data + first * 32, count * 32};
}

/* The root of up to 256 hashes (RFC 9162 2.1.1). */
static void root_of(struct span hashes, uint8_t root[32])
{
    AUTO(merkle_hasher_free) struct merkle_hasher *hasher = merkle_hasher_new();
    size_t count = hashes.bytes / 32;
    uint8_t left[32], right[32];
    uint64_t split;

    if (count == 1) {
        memcpy(root, hashes.at, 32);
        return;
    }
    split = merkle_split(count);
    root_of((struct span){hashes.at, split * 32}, left);
    root_of((struct span){hashes.at + split * 32, hashes.bytes - split * 32}, right);
    merkle_node(hasher, left, right, root);
}

static void checkpoint_of(const char *path, const char *origin, struct checkpoint *out)
{
    struct checkpoint_proof head;

    cr_assert_eq(ask("land", path), 200, "%s", buf_text(&G.body));
    cr_expect(has_header("cache-control: no-cache"));
    cr_assert(checkpoint_verify(buf_span(&G.body), origin, T.keyring, &head, &T.err), "%s", T.err.text);
    *out = head.checkpoint;
}

Test(log, the_tiles_lead_to_the_root_that_is_signed)
{
    AUTO(merkle_hasher_free) struct merkle_hasher *hasher = merkle_hasher_new();
    struct checkpoint head;
    uint8_t full[32], rest[32], root[32];

    publish_trace(TRACED);
    gate_start();
    checkpoint_of("/v1/log/trace/checkpoint", "test/trace", &head);
    cr_assert_eq(head.size, TRACED);
    cr_assert_eq(ask("land", "/v1/log/trace/tile/0/000"), 200);
    cr_expect(has_header("cache-control: public, max-age=31536000, immutable"));
    cr_expect(has_header("content-type: application/octet-stream"));
    cr_assert_eq(G.body.bytes, 256 * 32);
    root_of(hashes_at(0, 256), full);
    cr_assert_eq(ask("land", "/v1/log/trace/tile/0/001.p/44"), 200);
    cr_assert_eq(G.body.bytes, 44 * 32);
    root_of(hashes_at(0, 44), rest);
    merkle_node(hasher, full, rest, root);
    cr_assert_arr_eq(root, head.root, 32);
    cr_assert_eq(ask("land", "/v1/log/trace/tile/1/000.p/1"), 200);
    cr_assert_arr_eq(G.body.data, full, 32);
}

static void check_consistency(const char *log, uint64_t from, uint64_t to, struct span old_root, struct span root)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    char url[200];
    size_t i;
    const json_t *hash;
    struct merkle_consistency proof = {.end = from, .size = to, .old_root = old_root, .root = root};

    snprintf(url, sizeof url, "/v1/log/%s/consistency?from=%llu&to=%llu", log, (unsigned long long)from,
             (unsigned long long)to);
    cr_assert_eq(ask("land", url), 200, "%s: %s", url, buf_text(&G.body));
    cr_expect(has_header("immutable"));
    json_array_foreach(json_object_get(G.json, "hashes"), i, hash)
    {
        cr_assert(base64_decode(span_of(json_string_value(hash)), &path));
    }
    proof.path = buf_span(&path);
    cr_expect(merkle_consistency_verify(&proof, &T.err), "%s: %s", url, T.err.text);
}

Test(log, an_older_tree_is_continued_in_both)
{
    struct checkpoint head;
    AUTO(text_free) char *folder = path_join(T.folder, "trace");
    AUTO(trace_log_free) struct trace_log *log = NULL;
    uint8_t old[32];
    struct span old_root = {(const char *)old, 32};

    listed_sample();
    publish_journal();
    publish_trace(TRACED);
    gate_start();
    gate_reopen();
    checkpoint_of("/v1/log/trace/checkpoint", "test/trace", &head);
    cr_assert(trace_log_open(folder, &log, &T.err), "%s", T.err.text);
    for (uint64_t from = 1; from <= TRACED; from += 61) {
        cr_assert(trace_log_root(log, from, old, &T.err));
        check_consistency("trace", from, TRACED, old_root, (struct span){(const char *)head.root, 32});
    }
    checkpoint_of("/v1/log/journal/checkpoint", "test/journal", &head);
    for (uint64_t from = 1; from <= head.size; from++) {
        AUTO(store_abort) struct store_txn *txn = reader();

        cr_assert(journal_root(txn, from, old, &T.err));
        check_consistency("journal", from, head.size, old_root, (struct span){(const char *)head.root, 32});
    }
}
