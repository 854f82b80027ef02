/* client.c - questions of one api process on their way. Secrets are wiped as soon as they are sent. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <openssl/crypto.h>

#include "gateway/door/protocol.h"
#include "keys/digest.h"

enum { RECEIVE_ROOM = sizeof(struct door_reply) + DOOR_TEXT_BYTES_MAX };

struct asked {
    uint64_t key; /* 0: free */
    int64_t begun_ms;
    bool is_answered;
    char by[ACCOUNT_NAME_BYTES];
    struct door_answer answer;
    struct buf text;
};

struct door_client {
    int fd;
    uint64_t next_key;
    struct asked asked[DOOR_ASKED_MAX];
    char *received;
};

struct door_client *door_client_new(int fd)
{
    struct door_client *client = memory_new(sizeof *client);

    client->fd = fd;
    client->received = memory_new(RECEIVE_ROOM);
    random_bytes(&client->next_key, sizeof client->next_key);
    client->next_key = client->next_key >> 1 | 1;
    return client;
}

static void forget(struct asked *asked)
{
    buf_wipe_done(&asked->text);
    OPENSSL_cleanse(asked, sizeof *asked);
}

void door_client_free(struct door_client *client)
{
    if (!client)
        return;
    for (size_t i = 0; i < DOOR_ASKED_MAX; i++)
        forget(&client->asked[i]);
    free(client->received);
    free(client);
}

static struct asked *find(const struct door_client *client, uint64_t key)
{
    for (size_t i = 0; key && i < DOOR_ASKED_MAX; i++) {
        if (client->asked[i].key == key)
            return (struct asked *)&client->asked[i];
    }
    return NULL;
}

/* Whoever asked may be gone. */
static struct asked *free_place(struct door_client *client, int64_t now_ms)
{
    for (size_t i = 0; i < DOOR_ASKED_MAX; i++) {
        struct asked *asked = &client->asked[i];

        if (asked->key && now_ms - asked->begun_ms > 2 * DOOR_PATIENCE_MS)
            forget(asked);
        if (!asked->key)
            return asked;
    }
    return NULL;
}

static bool refuse_busy(struct error *err)
{
    return refuse(err, ERR_UNAVAILABLE, "account.busy", "too many are signing in: try again in a moment",
                  "登录的人太多：请稍后再试");
}

static bool send_question(const struct door_client *client, const struct door_question *question, uint64_t key,
                          struct error *err)
{
    AUTO(buf_wipe_done) struct buf packet = BUF_INIT;
    struct door_request request = {.id = key, .ask = question->ask};

    if (question->certificate) {
        request.has_certificate = true;
        memcpy(request.certificate, question->certificate, sizeof request.certificate);
    }
    if (question->network)
        memcpy(request.network, question->network, sizeof request.network);
    snprintf(request.from, sizeof request.from, "%s", question->from ? question->from : "");
    buf_reserve(&packet, DOOR_REQUEST_BYTES_MAX);
    buf_add(&packet, &request, sizeof request);
    for (size_t i = 0; i < DOOR_FIELDS; i++) {
        if (question->field[i].bytes > DOOR_FIELD_BYTES_MAX)
            return refuse(err, ERR_INVALID, "account.long", "a field has more than %d bytes", "字段超过 %d 字节",
                          DOOR_FIELD_BYTES_MAX);
        request.bytes[i] = (uint16_t)question->field[i].bytes;
        buf_add_span(&packet, question->field[i]);
    }
    memcpy(packet.data, &request, sizeof request);
    return send(client->fd, packet.data, packet.bytes, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)packet.bytes ||
           refuse_busy(err);
}

bool door_ask(struct door_client *client, const struct door_question *question, int64_t now_ms, uint64_t *key,
              struct error *err)
{
    struct asked *asked = free_place(client, now_ms);

    if (client->fd < 0)
        return refuse(err, ERR_UNAVAILABLE, "account.away", "nobody can sign in here", "此处不能登录");
    if (!asked)
        return refuse_busy(err);
    if (!send_question(client, question, client->next_key, err))
        return false;
    asked->key = client->next_key++;
    asked->begun_ms = now_ms;
    snprintf(asked->by, sizeof asked->by, "%.*s", (int)question->field[DOOR_BY].bytes,
             question->field[DOOR_BY].bytes ? question->field[DOOR_BY].at : "");
    *key = asked->key;
    return true;
}

/* The one who had it is dead: it may have been done. */
static void give_up_all(struct door_client *client)
{
    for (size_t i = 0; i < DOOR_ASKED_MAX; i++) {
        struct asked *asked = &client->asked[i];

        if (!asked->key || asked->is_answered)
            continue;
        asked->is_answered = true;
        error_set_both(&asked->answer.why, ERR_TIMEOUT, "account.lost",
                       "the answer was lost on its way: look whether it happened, and try again",
                       "应答在途中丢失：请确认是否已生效，再重试");
    }
}

static void keep(struct door_client *client, size_t bytes)
{
    struct door_reply reply;
    struct asked *asked;

    if (bytes < sizeof reply)
        return;
    memcpy(&reply, client->received, sizeof reply);
    if (reply.id == 0)
        give_up_all(client);
    asked = find(client, reply.id);
    if (asked && !asked->is_answered && sizeof reply + reply.answer.text_bytes == bytes) {
        asked->is_answered = true;
        asked->answer = reply.answer;
        buf_add(&asked->text, client->received + sizeof reply, reply.answer.text_bytes);
    }
    OPENSSL_cleanse(&reply, sizeof reply);
    OPENSSL_cleanse(client->received, bytes);
}

bool door_pump(struct door_client *client)
{
    ssize_t bytes;

    if (client->fd < 0)
        return false;
    while ((bytes = recv(client->fd, client->received, RECEIVE_ROOM, MSG_DONTWAIT)) > 0)
        keep(client, (size_t)bytes);
    return bytes != 0;
}

bool door_has(const struct door_client *client, uint64_t key)
{
    return find(client, key) != NULL;
}

struct span door_by(const struct door_client *client, uint64_t key)
{
    const struct asked *asked = find(client, key);

    return asked ? (struct span){asked->by, strlen(asked->by)} : SPAN_NONE;
}

bool door_is_due(const struct door_client *client, uint64_t key)
{
    const struct asked *asked = find(client, key);

    return !asked || asked->is_answered;
}

const struct door_answer *door_answer(const struct door_client *client, uint64_t key, struct span *text)
{
    const struct asked *asked = find(client, key);

    if (!asked || !asked->is_answered)
        return NULL;
    if (text)
        *text = buf_span(&asked->text);
    return &asked->answer;
}

void door_end(struct door_client *client, uint64_t key)
{
    struct asked *asked = find(client, key);

    if (asked)
        forget(asked);
}
