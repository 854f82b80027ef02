/* Asking. Between the two processes stands a socket pair whose ends the parent keeps too, so a signer that dies does
 * not close it: the requests wait in the kernel for its successor, and what nobody answers in time is asked again under
 * the same number. Signing twice harms nothing. Numbers begin at a random place, because a successor of *this* process
 * may find its predecessor's answers in the socket. */
#include "keys/signer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "keys/digest.h"
#include "keys/signer_wire.h"

struct signer {
    const struct keyring *keyring; /* NULL for a remote one */
    int fd;
    int timeout_ms;
    int tries;
    uint64_t number;
    char kids[KEY_USE_COUNT][KEY_ALGORITHM_COUNT][KEY_ID_BYTES]; /* "" until known */
};

struct question {
    struct wire_request request;
    struct span message;
};

bool signer_new_local(const struct keyring *keyring, struct signer **out, struct error *err)
{
    struct signer *signer;

    if (!keyring)
        return fail(err, ERR_INVALID, "a local signer needs a keyring");
    signer = memory_new(sizeof *signer);
    signer->keyring = keyring;
    signer->fd = -1;
    *out = signer;
    return true;
}

struct signer *signer_new_remote(int fd)
{
    struct signer *signer = memory_new(sizeof *signer);

    signer->fd = fd;
    signer_set_patience(signer, SIGNER_TIMEOUT_MS, SIGNER_TRIES);
    random_bytes(&signer->number, sizeof signer->number);
    return signer;
}

void signer_free(struct signer *signer)
{
    if (!signer)
        return;
    file_close(signer->fd);
    text_free((char *)signer);
}

void signer_set_patience(struct signer *signer, int timeout_ms, int tries)
{
    signer->timeout_ms = timeout_ms;
    signer->tries = tries;
}

static bool sign_locally(const struct keyring *keyring, const struct question *question, struct wire_answer *answer,
                         struct buf *signature, struct error *err)
{
    enum key_use use = question->request.use;
    enum key_algorithm algorithm = question->request.algorithm;
    const struct key *key = keyring_current(keyring, use, algorithm, clock_now_ms(&CLOCK_SYSTEM));

    if (!key)
        return fail(err, ERR_NOT_FOUND, "no %s key is in force for %s", key_algorithm_name(algorithm),
                    key_use_name(use));
    snprintf(answer->kid, sizeof answer->kid, "%s", key_id(key));
    return question->request.asks == WIRE_KID || key_sign(key, question->message, signature, err);
}

/* A memfd of the message that cannot change any more; -1 (and errno) on failure. */
static int seal_message(struct span message)
{
    AUTO(file_close) int fd = memfd_create("sign", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0 || !file_write_all(fd, message, NULL) ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return -1;
    /* A copy goes up, since ours closes itself. */
    return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static ssize_t send_question(int socket, const struct question *question, int memfd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec parts[2] = {{(void *)&question->request, sizeof question->request},
                             {(void *)question->message.at, question->message.bytes}};
    struct msghdr datagram = {.msg_iov = parts, .msg_iovlen = memfd < 0 ? 2 : 1};

    if (memfd >= 0) {
        datagram.msg_control = control.bytes;
        datagram.msg_controllen = sizeof control.bytes;
        control.header =
            (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof memfd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), &memfd, sizeof memfd);
    }
    return sendmsg(socket, &datagram, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* True when the descriptor is ready; false at the deadline. */
static bool wait_for(int fd, short events, int64_t deadline_ms)
{
    for (;;) {
        struct pollfd waiting = {fd, events, 0};
        int64_t left_ms = deadline_ms - time_monotonic_ms();
        int ready = poll(&waiting, 1, left_ms > 0 ? (int)left_ms : 0);

        if (ready > 0)
            return true;
        if (ready == 0 || errno != EINTR)
            return false;
    }
}

enum outcome { OUTCOME_ANSWER, OUTCOME_SILENCE, OUTCOME_BROKEN };

static bool is_whole(const struct wire_answer *answer, size_t bytes)
{
    return bytes >= offsetof(struct wire_answer, body) && answer->magic == WIRE_MAGIC &&
           answer->body_bytes <= WIRE_BODY_MAX && bytes == offsetof(struct wire_answer, body) + answer->body_bytes &&
           answer->code < ERR_CODE_COUNT && memchr(answer->kid, '\0', sizeof answer->kid);
}

/* Answers to other numbers are late ones: drop them. */
static enum outcome receive(int fd, uint64_t number, int64_t deadline_ms, struct wire_answer *answer)
{
    while (wait_for(fd, POLLIN, deadline_ms)) {
        ssize_t got = recv(fd, answer, sizeof *answer, MSG_DONTWAIT);

        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            return OUTCOME_BROKEN;
        if (got > 0 && is_whole(answer, (size_t)got) && answer->number == number)
            return OUTCOME_ANSWER;
    }
    return OUTCOME_SILENCE;
}

static enum outcome ask_once(const struct signer *signer, const struct question *question, int memfd,
                             struct wire_answer *answer)
{
    int64_t deadline_ms = time_monotonic_ms() + signer->timeout_ms;

    while (send_question(signer->fd, question, memfd) < 0) {
        if (errno == EINTR)
            continue;
        /* Too many descriptors in flight is as passing as a full socket, but nothing tells when it is over. */
        if (errno != EAGAIN && errno != ENOBUFS && errno != ETOOMANYREFS)
            return OUTCOME_BROKEN;
        if (!wait_for(signer->fd, errno == EAGAIN ? POLLOUT : 0, deadline_ms))
            return OUTCOME_SILENCE;
    }
    return receive(signer->fd, question->request.number, deadline_ms, answer);
}

static bool ask(struct signer *signer, struct question *question, struct wire_answer *answer, struct error *err)
{
    AUTO(file_close) int memfd = -1;

    question->request.number = ++signer->number;
    question->request.is_memfd = question->message.bytes > WIRE_INLINE_MAX;
    if (question->request.is_memfd) {
        memfd = seal_message(question->message);
        if (memfd < 0)
            return fail(err, ERR_IO, "signer: cannot hand over %zu bytes: %s", question->message.bytes,
                        strerror(errno));
    }
    for (int i = 0; i < signer->tries; i++) {
        switch (ask_once(signer, question, memfd, answer)) {
        case OUTCOME_ANSWER:
            return answer->code == ERR_NONE ||
                   fail(err, (enum error_code)answer->code, "signer: %.*s", (int)answer->body_bytes, answer->body);
        case OUTCOME_BROKEN:
            return fail(err, ERR_UNAVAILABLE, "signer: the connection to the signer process is broken");
        case OUTCOME_SILENCE:
            break;
        }
    }
    return fail(err, ERR_UNAVAILABLE, "signer: no answer in %d tries of %d ms", signer->tries, signer->timeout_ms);
}

static bool run(struct signer *signer, struct question *question, struct buf *signature, char kid[KEY_ID_BYTES],
                struct error *err)
{
    struct wire_answer answer = {.body_bytes = 0};
    struct wire_request *request = &question->request;

    request->magic = WIRE_MAGIC;
    request->message_bytes = question->message.bytes;
    if (request->use >= KEY_USE_COUNT || request->algorithm >= KEY_ALGORITHM_COUNT)
        return fail(err, ERR_INVALID, "signer: no such use or algorithm");
    if (question->message.bytes > SIGNER_MESSAGE_MAX)
        return fail(err, ERR_LIMIT, "signer: a message of %zu bytes is over the limit of %d", question->message.bytes,
                    SIGNER_MESSAGE_MAX);
    if (signer->keyring && !sign_locally(signer->keyring, question, &answer, signature, err))
        return false;
    if (!signer->keyring) {
        if (!ask(signer, question, &answer, err))
            return false;
        if (signature)
            buf_add(signature, answer.body, answer.body_bytes);
        memcpy(signer->kids[request->use][request->algorithm], answer.kid, KEY_ID_BYTES);
    }
    memcpy(kid, answer.kid, KEY_ID_BYTES);
    return true;
}

bool signer_sign(struct signer *signer, enum key_use use, enum key_algorithm algorithm, struct span message,
                 struct buf *signature, char kid[KEY_ID_BYTES], struct error *err)
{
    struct question question = {.message = message};

    question.request.asks = WIRE_SIGN;
    question.request.use = (uint8_t)use;
    question.request.algorithm = (uint8_t)algorithm;
    return run(signer, &question, signature, kid, err);
}

bool signer_kid(struct signer *signer, enum key_use use, enum key_algorithm algorithm, char kid[KEY_ID_BYTES],
                struct error *err)
{
    struct question question = {.message = SPAN_NONE};

    question.request.asks = WIRE_KID;
    question.request.use = (uint8_t)use;
    question.request.algorithm = (uint8_t)algorithm;
    if ((size_t)use < KEY_USE_COUNT && (size_t)algorithm < KEY_ALGORITHM_COUNT && signer->kids[use][algorithm][0]) {
        memcpy(kid, signer->kids[use][algorithm], KEY_ID_BYTES);
        return true;
    }
    return run(signer, &question, NULL, kid, err);
}

void signer_forget_kids(struct signer *signer)
{
    memset(signer->kids, 0, sizeof signer->kids);
}

bool signer_rotate(struct signer *signer, const char *kid, int64_t from_ms, char next[KEY_ID_BYTES], struct error *err)
{
    struct wire_rotation rotation = {.from_ms = from_ms};
    struct wire_answer answer = {.body_bytes = 0};
    struct question question = {.message = {(const char *)&rotation, sizeof rotation}};

    if (signer->keyring)
        return fail(err, ERR_UNAVAILABLE, "signer: keys are followed by others in the signer process only");
    if (strlen(kid) >= sizeof rotation.kid)
        return fail(err, ERR_NOT_FOUND, "signer: there is no such key");
    snprintf(rotation.kid, sizeof rotation.kid, "%s", kid);
    question.request.magic = WIRE_MAGIC;
    question.request.asks = WIRE_ROTATE;
    question.request.message_bytes = sizeof rotation;
    if (!ask(signer, &question, &answer, err))
        return false;
    signer_forget_kids(signer);
    memcpy(next, answer.kid, KEY_ID_BYTES);
    return true;
}
