/* The proof that an answer is in the trace, for the client that got it and for nobody else. */
#include "gate.h"

#include "gateway/journal/proof.h"
#include "gateway/trace/trace.h"

#define SAMPLE "91440224MAYUCHK485"
#define TARGET "/v1/lookups/lending/" SAMPLE "?purpose=credit-review"

TestSuite(receipts, .init = gate_open, .fini = gate_close, .timeout = 60);

/* The keeper's turn. */
static void integrate(bool signs)
{
    AUTO(text_free) char *folder = path_join(T.folder, "trace");
    AUTO(text_free) char *checkpoints = path_join(T.folder, "checkpoints");
    AUTO(text_free) char *path = path_join(checkpoints, "trace");
    AUTO(trace_log_free) struct trace_log *log = NULL;
    AUTO(buf_done) struct buf note = BUF_INIT;
    struct checkpoint head = {.origin = "test/trace"};
    uint64_t taken;

    cr_assert(trace_log_open(folder, &log, &T.err) && trace_log_integrate(log, &taken, &T.err), "%s", T.err.text);
    if (!signs)
        return;
    head.size = trace_log_size(log);
    cr_assert(trace_log_root(log, head.size, head.root, &T.err), "%s", T.err.text);
    cr_assert(checkpoint_sign(&head, T.keyring, T.signer, &note, &T.err), "%s", T.err.text);
    cr_assert(file_make_folder(checkpoints, 0700, &T.err) && file_write(path, buf_span(&note), 0600, &T.err), "%s",
              T.err.text);
}

/* A lookup; `path` gets where its proof is. */
static void look_up(char path[128])
{
    cr_assert_eq(ask("bank", TARGET), 200, "%s", buf_text(&G.body));
    snprintf(path, 128, "/v1/receipts/%s", told("receipt"));
}

static void expect_refusal(const char *client, const char *path, long status, const char *rule)
{
    ask(client, path);
    cr_expect_eq(G.status, status, "%s %s: %ld %s", client, path, G.status, buf_text(&G.body));
    cr_expect_str_eq(told("rule"), rule, "%s %s: %s", client, path, told("detail"));
    cr_expect_str_neq(told("detail_zh"), "(none)");
}

Test(receipts, what_there_is_not_is_not_found)
{
    char path[128];

    gate_start();
    look_up(path);
    expect_refusal("bank", "/v1/receipts", 404, "http.path");
    expect_refusal("bank", "/v1/receipts/", 404, "http.path");
    expect_refusal("bank", "/v1/receipts/a/b", 404, "http.path");
    expect_refusal("bank", "/v1/receipts/x", 404, "trace.receipt");
    expect_refusal("bank", "/v1/receipts/0123456789abcdef01234567-0", 404, "trace.receipt");
    expect_refusal("bank", "/v1/receipts/..%5C..%5Cstate-0", 404, "trace.receipt");
    /* of a segment that is there: one that comes later, or never */
    path[strlen(path) - 1] = '7';
    expect_refusal("bank", path, 404, "trace.receipt");
    expect_refusal("stranger", path, 403, "client.unknown");
    expect_refusal("bank", "/v1/receipts/x?y=1", 400, "query.unknown");
    cr_expect_eq(ask_as("bank", "POST", path), 405);
}

Test(receipts, one_that_is_not_signed_for_comes_in_a_second)
{
    char path[128];

    gate_start();
    look_up(path);
    expect_refusal("bank", path, 503, "trace.unsigned");
    cr_expect(has_header("retry-after: 1\r\n"), "%s", buf_text(&G.headers));
    integrate(false);
    expect_refusal("bank", path, 503, "trace.unsigned");
    integrate(true);
    cr_expect_eq(ask("bank", path), 200, "%s", buf_text(&G.body));
    look_up(path);
    expect_refusal("bank", path, 503, "trace.unsigned");
}

Test(receipts, to_another_client_it_does_not_exist)
{
    char path[128];

    gate_start();
    look_up(path);
    expect_refusal("land", path, 404, "trace.receipt");
    integrate(true);
    expect_refusal("land", path, 404, "trace.receipt");
    cr_expect_eq(ask("bank", path), 200);
}

Test(receipts, a_refused_question_has_a_proof_too)
{
    char path[128];

    gate_start();
    cr_assert_eq(ask("bank", "/v1/lookups/lending/" SAMPLE "?purpose=curiosity"), 400);
    snprintf(path, sizeof path, "/v1/receipts/%s", told("instance"));
    integrate(true);
    cr_assert_eq(ask("bank", path), 200, "%s", buf_text(&G.body));
}

Test(receipts, the_proof_holds_for_the_answer_and_any_byte_changed_is_found)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    AUTO(buf_done) struct buf file = BUF_INIT;
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct checkpoint_proof head;
    struct proof proof;
    char path[128];

    listed_sample();
    gate_start();
    for (int i = 0; i < 5; i++)
        look_up(path);
    buf_add_span(&answer, buf_span(&G.body));
    look_up((char[128]){0});
    integrate(true);
    cr_assert_eq(ask("bank", path), 200, "%s", buf_text(&G.body));
    buf_add_span(&file, buf_span(&G.body));
    cr_assert(proof_verify(buf_span(&file), T.keyring, &proof, &head, &hold, &T.err), "%s", T.err.text);
    cr_expect_eq(head.checkpoint.size, 6);
    cr_expect_eq(proof.index, 4);
    proof.answer = buf_span(&answer);
    proof_format(&proof, &file);
    cr_assert(proof_verify(buf_span(&file), T.keyring, &proof, &head, &hold, &T.err), "with the answer: %s",
              T.err.text);
    for (size_t i = 0; i < file.bytes; i++) {
        struct proof changed;
        bool is_good;

        file.data[i] ^= 1;
        is_good = proof_verify(buf_span(&file), T.keyring, &changed, &head, &hold, &T.err);
        /* A signature of a key that is not ours is passed over (signed-note): then one is missing, which verify says.
         */
        cr_expect(!is_good || !head.has_ed25519 || !head.has_sm2, "byte %zu: %.40s", i, file.data + i);
        file.data[i] ^= 1;
    }
}
