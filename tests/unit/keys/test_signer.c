#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "keys/signer.h"
#include "keys/signer_wire.h"
#include "tests/support/support.h"

enum { SIBLINGS = 2, LARGE = 100 * 1024 };

static char folder[TEST_PATH_BYTES];
static struct keyring *ring;
static struct error err;
static int ends[SIBLINGS][2]; /* [0] asks, [1] answers; the test holds both, as the parent does */
static int stop[2];
static pid_t server;

static void start_server(void)
{
    server = fork();
    if (server == 0) {
        const int fds[SIBLINGS] = {ends[0][1], ends[1][1]};
        bool is_good = signer_serve(ring, fds, SIBLINGS, stop[0], &err);

        keyring_free(ring);
        _exit(is_good ? 0 : 1);
    }
}

static int stop_server(void)
{
    int status = -1;

    cr_assert_eq(write(stop[1], "x", 1), 1);
    waitpid(server, &status, 0);
    server = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void set_up(void)
{
    test_folder_new(folder);
    cr_assert(keyring_create(folder, "t", clock_now_ms(&CLOCK_SYSTEM) - 1000, &err), "%s", err.text);
    cr_assert(keyring_load(folder, &ring, &err), "%s", err.text);
    for (int i = 0; i < SIBLINGS; i++)
        cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends[i]), 0);
    cr_assert_eq(pipe(stop), 0);
}

static void tear_down(void)
{
    if (server > 0) {
        kill(server, SIGKILL);
        waitpid(server, NULL, 0);
    }
    keyring_free(ring);
    test_folder_remove(folder);
}

TestSuite(signer, .init = set_up, .fini = tear_down, .timeout = 30);

static struct signer *asker(int sibling)
{
    return signer_new_remote(dup(ends[sibling][0]));
}

static void assert_signs(struct signer *signer, struct span message)
{
    AUTO(buf_done) struct buf signature = BUF_INIT;
    char kid[KEY_ID_BYTES];

    cr_assert(signer_sign(signer, KEY_USE_SEAL, KEY_SM2, message, &signature, kid, &err), "%s", err.text);
    cr_assert_str_eq(kid, "t-seal-sm2-1");
    cr_assert(key_verify(keyring_find(ring, kid), message, buf_span(&signature), &err), "%s", err.text);
}

/* Send bytes as they are, and get the answer. */
static struct wire_answer talk(const void *bytes, size_t count)
{
    struct wire_answer answer = {0};

    cr_assert_eq(send(ends[0][0], bytes, count, 0), (ssize_t)count);
    cr_assert_gt(recv(ends[0][0], &answer, sizeof answer, 0), 0);
    cr_assert_eq(answer.magic, WIRE_MAGIC);
    return answer;
}

Test(signer, a_dead_signer_is_unavailable_in_bounded_time)
{
    AUTO(signer_free) struct signer *signer = asker(0);
    AUTO(buf_done) struct buf signature = BUF_INIT;
    int64_t before = time_monotonic_ms();
    char kid[KEY_ID_BYTES] = "untouched";

    signer_set_patience(signer, 50, 20);
    cr_assert_not(signer_sign(signer, KEY_USE_SEAL, KEY_SM2, SPAN("x"), &signature, kid, &err));
    cr_assert_eq(err.code, ERR_UNAVAILABLE, "%s", err.text);
    cr_assert_leq(time_monotonic_ms() - before, 3000);
    cr_assert_str_eq(kid, "untouched");
    cr_assert_eq(signature.bytes, 0);
}

Test(signer, a_closed_connection_is_unavailable_at_once)
{
    AUTO(signer_free) struct signer *signer = asker(0);
    AUTO(buf_done) struct buf signature = BUF_INIT;
    char kid[KEY_ID_BYTES];

    close(ends[0][1]);
    cr_assert_not(signer_sign(signer, KEY_USE_SEAL, KEY_SM2, SPAN("x"), &signature, kid, &err));
    cr_assert_eq(err.code, ERR_UNAVAILABLE);
}

Test(signer, one_started_again_on_the_same_sockets_answers_what_waited)
{
    AUTO(signer_free) struct signer *signer = asker(0);
    pid_t later;

    start_server();
    assert_signs(signer, SPAN("before"));
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    later = fork();
    if (later == 0) {
        const int fds[SIBLINGS] = {ends[0][1], ends[1][1]};

        usleep(300000);
        _exit(signer_serve(ring, fds, SIBLINGS, stop[0], &err) ? 0 : 1);
    }
    server = later;
    signer_set_patience(signer, 100, 50);
    assert_signs(signer, SPAN("while it was dead"));
    assert_signs(signer, SPAN("after late answers"));
    cr_assert_eq(stop_server(), 0);
}

Test(signer, late_and_foreign_answers_are_not_mistaken)
{
    AUTO(signer_free) struct signer *signer = asker(0);
    struct wire_answer stale = {.magic = WIRE_MAGIC, .number = 1, .kid = "stale", .body_bytes = 4, .body = "fake"};

    cr_assert_gt(send(ends[0][1], &stale, offsetof(struct wire_answer, body) + 4, 0), 0);
    cr_assert_gt(send(ends[0][1], "garbage", 7, 0), 0);
    start_server();
    assert_signs(signer, SPAN("mine"));
    cr_assert_eq(stop_server(), 0);
}

Test(signer, malformed_requests_get_an_error_and_do_not_end_it)
{
    AUTO(signer_free) struct signer *signer = asker(1);
    static char large[sizeof(struct wire_request) + WIRE_INLINE_MAX + 1];
    const struct wire_request good = {.magic = WIRE_MAGIC, .asks = WIRE_SIGN, .number = 7};
    struct wire_request request = good;

    start_server();
    cr_assert_eq(talk("", 0).code, ERR_INVALID);
    cr_assert_eq(talk("short", 5).code, ERR_INVALID);
    cr_assert_eq(talk(large, sizeof large).code, ERR_INVALID);
    request.magic = 1;
    cr_assert_eq(talk(&request, sizeof request).code, ERR_INVALID);
    request = good;
    request.use = 200;
    cr_assert_eq(talk(&request, sizeof request).code, ERR_INVALID);
    request = good;
    request.algorithm = KEY_ALGORITHM_COUNT;
    cr_assert_eq(talk(&request, sizeof request).code, ERR_INVALID);
    request = good;
    request.asks = 9;
    cr_assert_eq(talk(&request, sizeof request).code, ERR_INVALID);
    request = good;
    request.message_bytes = 1;
    cr_assert_eq(talk(&request, sizeof request).code, ERR_INVALID);
    request.message_bytes = UINT64_MAX;
    cr_assert_eq(talk(&request, sizeof request).code, ERR_LIMIT);
    request.message_bytes = 100;
    request.is_memfd = 1;
    cr_assert_eq(talk(&request, sizeof request).code, ERR_INVALID);
    cr_assert_eq(talk(&good, sizeof good).number, 7);
    assert_signs(signer, SPAN("the other sibling is served"));
    cr_assert_eq(stop_server(), 0);
}

static void send_with(const struct wire_request *request, const int *fds, size_t count)
{
    char control[CMSG_SPACE(8 * sizeof(int))] = {0};
    struct iovec part = {(void *)request, sizeof *request};
    struct msghdr datagram = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control};
    struct cmsghdr *header;

    datagram.msg_controllen = CMSG_SPACE(count * sizeof(int));
    header = CMSG_FIRSTHDR(&datagram);
    *header =
        (struct cmsghdr){.cmsg_len = CMSG_LEN(count * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(header), fds, count * sizeof(int));
    cr_assert_gt(sendmsg(ends[0][0], &datagram, 0), 0);
}

Test(signer, descriptors_that_are_not_sealed_memory_are_refused_and_closed)
{
    struct wire_request request = {.magic = WIRE_MAGIC, .asks = WIRE_SIGN, .is_memfd = 1, .message_bytes = 4};
    struct wire_answer answer;
    int unsealed = memfd_create("t", MFD_ALLOW_SEALING);
    int tube[2];
    char closed;

    cr_assert_eq(pipe(tube), 0);
    cr_assert_eq(write(unsealed, "abcd", 4), 4);
    start_server();
    for (int i = 0; i < 2000; i++) { /* more than a process may hold open */
        const int fds[] = {i % 2 ? tube[1] : unsealed, tube[1], tube[1]};

        send_with(&request, fds, 1 + (size_t)(i % 3));
        cr_assert_gt(recv(ends[0][0], &answer, sizeof answer, 0), 0);
        cr_assert_eq(answer.code, ERR_INVALID);
    }
    cr_assert_eq(stop_server(), 0);
    close(tube[1]);
    cr_assert_eq(read(tube[0], &closed, 1), 0);
}

Test(signer, a_sibling_that_dies_does_not_end_it)
{
    AUTO(signer_free) struct signer *signer = asker(1);

    start_server();
    close(ends[0][1]);
    close(ends[0][0]);
    assert_signs(signer, SPAN("still here"));
    cr_assert_eq(stop_server(), 0);
}

Test(signer, a_sibling_that_never_reads_does_not_stop_the_others)
{
    AUTO(signer_free) struct signer *signer = asker(1);
    const struct wire_request request = {.magic = WIRE_MAGIC, .asks = WIRE_KID};

    start_server();
    for (int i = 0; i < 3000; i++)
        (void)!send(ends[0][0], &request, sizeof request, MSG_DONTWAIT);
    assert_signs(signer, SPAN("still here"));
    cr_assert_eq(stop_server(), 0);
}

Test(signer, a_message_over_the_limit_is_refused)
{
    AUTO(signer_free) struct signer *remote = asker(0);
    AUTO(buf_done) struct buf message = BUF_INIT;
    AUTO(buf_done) struct buf signature = BUF_INIT;
    char kid[KEY_ID_BYTES];

    buf_reserve(&message, SIGNER_MESSAGE_MAX + 1);
    memset(message.data, 'm', SIGNER_MESSAGE_MAX + 1);
    message.bytes = SIGNER_MESSAGE_MAX + 1;
    cr_assert_not(signer_sign(remote, KEY_USE_SEAL, KEY_SM2, buf_span(&message), &signature, kid, &err));
    cr_assert_eq(err.code, ERR_LIMIT);
    start_server();
    message.bytes = SIGNER_MESSAGE_MAX;
    assert_signs(remote, buf_span(&message));
    cr_assert_eq(stop_server(), 0);
}

Test(signer, a_use_without_a_key_is_not_found)
{
    AUTO(signer_free) struct signer *remote = asker(0);
    AUTO(signer_free) struct signer *local = NULL;
    AUTO(buf_done) struct buf signature = BUF_INIT;
    char kid[KEY_ID_BYTES];

    start_server();
    cr_assert(signer_new_local(ring, &local, &err));
    cr_assert_not(signer_sign(remote, KEY_USE_PUSH, KEY_P256, SPAN("x"), &signature, kid, &err));
    cr_assert_eq(err.code, ERR_NOT_FOUND, "%s", err.text);
    cr_assert_not(signer_sign(local, KEY_USE_PUSH, KEY_P256, SPAN("x"), &signature, kid, &err));
    cr_assert_eq(err.code, ERR_NOT_FOUND);
    cr_assert_not(signer_kid(remote, KEY_USE_PUSH, KEY_P256, kid, &err));
    cr_assert_eq(err.code, ERR_NOT_FOUND);
    cr_assert_eq(stop_server(), 0);
}

Test(signer, messages_of_every_size_are_signed)
{
    static const size_t SIZES[] = {0, 1, WIRE_INLINE_MAX - 1, WIRE_INLINE_MAX, WIRE_INLINE_MAX + 1, LARGE, 1 << 20};
    AUTO(signer_free) struct signer *signer = asker(0);
    AUTO(buf_done) struct buf message = BUF_INIT;

    buf_reserve(&message, 1 << 20);
    memset(message.data, 'm', 1 << 20);
    start_server();
    for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
        message.bytes = SIZES[i];
        assert_signs(signer, buf_span(&message));
    }
    cr_assert_eq(stop_server(), 0);
}

Test(signer, the_kid_is_known_before_signing)
{
    AUTO(signer_free) struct signer *signer = asker(0);
    char kid[KEY_ID_BYTES];

    start_server();
    for (int i = 0; i < 2; i++) {
        cr_assert(signer_kid(signer, KEY_USE_ANSWER, KEY_P256, kid, &err), "%s", err.text);
        cr_assert_str_eq(kid, "t-answer-p256-1");
    }
    cr_assert_eq(stop_server(), 0);
}

Test(signer, every_first_key_signs)
{
    static const struct {
        enum key_use use;
        enum key_algorithm algorithm;
    } KEYS[] = {{KEY_USE_SEAL, KEY_SM2},       {KEY_USE_SEAL, KEY_ED25519},       {KEY_USE_PUSH, KEY_SM2},
                {KEY_USE_CHECKPOINT, KEY_SM2}, {KEY_USE_CHECKPOINT, KEY_ED25519}, {KEY_USE_ANSWER, KEY_P256},
                {KEY_USE_ANSWER, KEY_ED25519}};
    AUTO(signer_free) struct signer *local = NULL;

    cr_assert(signer_new_local(ring, &local, &err));
    for (size_t i = 0; i < COUNT_OF(KEYS); i++) {
        AUTO(buf_done) struct buf signature = BUF_INIT;
        char kid[KEY_ID_BYTES];

        cr_assert(signer_sign(local, KEYS[i].use, KEYS[i].algorithm, SPAN("m"), &signature, kid, &err), "%s", err.text);
        cr_assert(key_verify(keyring_find(ring, kid), SPAN("m"), buf_span(&signature), &err), "%s", err.text);
    }
}
