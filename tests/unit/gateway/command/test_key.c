/* An administrator has a key followed by another, with a signer process as the gateway has it. That the journal gives
 * the table byte for byte is proved at the end of each test (desk_close). */
#include "desk.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/access/rotation.h"
#include "gateway/access/suspension.h"
#include "gateway/command/command_client.h"
#include "gateway/command/command_key.h"
#include "gateway/journal/journal.h"

#define REASON_AND_USE "\"reason\":\"年度轮换 \\\"x\\\"\",\"use\":\"seal\"}"

static char *keys_folder;
static char *public_file;
static struct signer *remote;
static int ends[2], stop[2];
static pid_t server;

static void serve(void)
{
    struct signer_home home = {T.keyring, keys_folder, public_file};
    struct error err;

    close(stop[1]);
    _exit(signer_serve_home(&home, &ends[1], 1, stop[0], &err) ? 0 : 1);
}

static void set_up(void)
{
    desk_open();
    keys_folder = path_join(T.folder, "keys");
    public_file = path_join(T.folder, "public-keys.json");
    cr_assert(keyring_publish(T.keyring, public_file, &T.err), "%s", T.err.text);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    cr_assert_eq(pipe(stop), 0);
    server = fork();
    if (server == 0)
        serve();
    remote = signer_new_remote(ends[0]);
    T.desk.signer = remote;
}

static void tear_down(void)
{
    int status = -1;

    close(stop[1]);
    waitpid(server, &status, 0);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    signer_free(remote);
    close(ends[1]);
    close(stop[0]);
    text_free(keys_folder);
    text_free(public_file);
    desk_close();
}

TestSuite(key, .init = set_up, .fini = tear_down, .timeout = 60);

static bool rotate(const char *kid, const char *reason, int64_t from_ms, char next[KEY_ID_BYTES])
{
    struct key_rotation rotation = {kid, reason, from_ms, public_file};

    return command_key_rotate(&T.desk, &rotation, next, &T.err);
}

static struct keyring *published(void)
{
    AUTO(buf_done) struct buf json = BUF_INIT;
    struct keyring *ring = NULL;

    cr_assert(file_read(public_file, 1 << 20, &json, &T.err) && keyring_parse_public(buf_span(&json), &ring, &T.err),
              "%s", T.err.text);
    return ring;
}

static uint64_t events(void)
{
    AUTO(store_abort) struct store_txn *txn = reader();

    return journal_size(txn);
}

static void assert_refused(const char *kid, const char *reason, int64_t from_ms, const char *rule)
{
    AUTO(buf_done) struct buf before = BUF_INIT;
    AUTO(buf_done) struct buf after = BUF_INIT;
    uint64_t size = events();
    char next[KEY_ID_BYTES];

    cr_assert(file_read(public_file, 1 << 20, &before, &T.err));
    cr_assert_not(rotate(kid, reason, from_ms, next));
    cr_assert_str_eq(T.err.rule, rule, "%s", T.err.text);
    cr_assert(file_read(public_file, 1 << 20, &after, &T.err));
    cr_assert(span_equal(buf_span(&before), buf_span(&after)));
    cr_assert_eq(events(), size);
}

Test(key, without_a_reason_or_a_key_or_too_far_ahead_nothing_happens)
{
    assert_refused("test-seal-sm2-1", " ", 0, "key.reason");
    assert_refused("test-seal-sm2-9", "x", 0, "key.none");
    assert_refused("", "x", 0, "key.none");
    assert_refused("test-seal-sm2-1", "x", T.now_ms + (KEY_AHEAD_MAX_DAYS + 1) * (int64_t)86400000, "key.from");
}

Test(key, a_process_that_holds_the_keys_itself_does_not_make_any)
{
    char next[KEY_ID_BYTES];

    T.desk.signer = T.signer;
    cr_assert_not(rotate("test-seal-sm2-1", "x", 0, next));
    cr_assert_eq(T.err.code, ERR_UNAVAILABLE);
    cr_assert_eq(events(), 0);
}

Test(key, the_new_one_signs_the_old_one_verifies_and_the_journal_says_so)
{
    AUTO(keyring_free) struct keyring *ring = NULL;
    AUTO(buf_done) struct buf old = BUF_INIT;
    AUTO(buf_done) struct buf new = BUF_INIT;
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct event event;
    struct span bytes;
    char kid[KEY_ID_BYTES], next[KEY_ID_BYTES];

    cr_assert(signer_sign(remote, KEY_USE_SEAL, KEY_SM2, SPAN("a"), &old, kid, &T.err), "%s", T.err.text);
    cr_assert_str_eq(kid, "test-seal-sm2-1");
    cr_assert(rotate("test-seal-sm2-1", "  年度轮换 \"x\" ", 0, next), "%s", T.err.text);
    cr_assert_str_eq(next, "test-seal-sm2-2");
    cr_assert(signer_kid(remote, KEY_USE_SEAL, KEY_SM2, kid, &T.err) && strcmp(kid, next) == 0, "%s", kid);
    cr_assert(signer_sign(remote, KEY_USE_SEAL, KEY_SM2, SPAN("a"), &new, kid, &T.err), "%s", T.err.text);
    cr_assert_str_eq(kid, next);
    ring = published();
    cr_assert(key_verify(keyring_find(ring, "test-seal-sm2-1"), SPAN("a"), buf_span(&old), &T.err));
    cr_assert(key_verify(keyring_find(ring, next), SPAN("a"), buf_span(&new), &T.err));
    cr_assert_not(keyring_was_valid(ring, next, KEY_USE_SEAL, T.now_ms - 1));
    cr_assert(keyring_was_valid(ring, "test-seal-sm2-1", KEY_USE_SEAL, T.now_ms + KEYRING_OVERLAP_MS - 1));
    cr_assert_not(keyring_was_valid(ring, "test-seal-sm2-1", KEY_USE_SEAL, T.now_ms + KEYRING_OVERLAP_MS));
    txn = reader();
    cr_assert_eq(journal_size(txn), 1);
    cr_assert(journal_read(txn, 0, &bytes) && event_parse(bytes, &event, &T.err));
    cr_assert(span_is(event.type, "key.rotated") && span_is(event.by, "author"));
    cr_assert(span_starts(event.data,
                          "{\"algorithm\":\"SM2-SM3\",\"begins\":\"2026-08-03T09:00:00.000+08:00\",\"ends\":"
                          "\"2026-08-04T09:00:00.000+08:00\",\"new\":\"test-seal-sm2-2\","
                          "\"old\":\"test-seal-sm2-1\",\"public\":\""),
              "%.*s", (int)event.data.bytes, event.data.at);
    cr_assert_not_null(memmem(event.data.at, event.data.bytes, REASON_AND_USE, strlen(REASON_AND_USE)));
}

Test(key, one_rotation_is_refused_while_another_is_under_way)
{
    char next[KEY_ID_BYTES];

    cr_assert(rotate("test-seal-sm2-1", "x", 0, next), "%s", T.err.text);
    assert_refused("test-seal-sm2-1", "x", 0, "key.followed");
    assert_refused("test-seal-sm2-2", "x", 0, "key.under-way");
    cr_assert(rotate("test-seal-ed25519-1", "x", 0, next), "another line is free: %s", T.err.text);
    T.now_ms += KEYRING_OVERLAP_MS;
    cr_assert(rotate("test-seal-sm2-2", "x", 0, next), "%s", T.err.text);
    cr_assert_str_eq(next, "test-seal-sm2-3");
}

/* Its process was killed behind the commit, or between the key and the event. */
Test(key, the_same_order_again_makes_no_second_key_and_no_second_event)
{
    AUTO(keyring_free) struct keyring *ring = NULL;
    char next[KEY_ID_BYTES];

    T.desk.job = "20260803-1";
    cr_assert(signer_rotate(remote, "test-push-sm2-1", T.now_ms, next, &T.err), "%s", T.err.text);
    cr_assert_eq(events(), 0);
    cr_assert(rotate("test-push-sm2-1", "x", 0, next), "%s", T.err.text);
    cr_assert_str_eq(next, "test-push-sm2-2");
    cr_assert(rotate("test-push-sm2-1", "x", 0, next), "%s", T.err.text);
    cr_assert_str_eq(next, "test-push-sm2-2");
    cr_assert_eq(events(), 1);
    T.desk.job = "20260803-2";
    assert_refused("test-push-sm2-1", "x", 0, "key.followed");
    T.desk.job = NULL;
    ring = published();
    cr_assert_null(keyring_find(ring, "test-push-sm2-3"));
}

Test(key, public_keys_that_the_keyring_does_not_know_are_not_lost)
{
    AUTO(text_free) char *other = path_join(T.folder, "other");
    AUTO(keyring_free) struct keyring *stranger = NULL;
    AUTO(keyring_free) struct keyring *ring = NULL;
    AUTO(buf_done) struct buf json = BUF_INIT;
    char next[KEY_ID_BYTES];

    cr_assert(keyring_create(other, "other", 0, &T.err) && keyring_load(other, &stranger, &T.err) &&
              keyring_public_json(stranger, &json, &T.err) && file_write(public_file, buf_span(&json), 0644, &T.err));
    cr_assert_not(signer_rotate(remote, "test-seal-sm2-1", T.now_ms, next, &T.err));
    cr_assert_eq(T.err.code, ERR_CONFLICT, "%s", T.err.text);
    cr_assert(keyring_load(keys_folder, &ring, &T.err));
    cr_assert_null(keyring_find(ring, "test-seal-sm2-2"));
}

static bool count_one(const struct suspension *suspension, void *context)
{
    cr_assert(span_is(suspension->client, "bank"));
    ++*(int *)context;
    return true;
}

Test(key, rotations_are_no_clients_that_are_shut_out)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    char next[KEY_ID_BYTES];
    int count = 0;

    cr_assert(rotate("test-seal-sm2-1", "x", 0, next), "%s", T.err.text);
    cr_assert(command_client_suspend(&T.desk, "bank", "x", &T.err), "%s", T.err.text);
    txn = reader();
    cr_assert(suspension_list(txn, count_one, &count, &T.err), "%s", T.err.text);
    cr_assert_eq(count, 1);
}
