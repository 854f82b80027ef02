/* client.c - questions of one api process on their way. What was asked for a process before this one comes back with
 * numbers that nobody asked under, and is dropped. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/file.h"
#include "gateway/finder/finder.h"
#include "gateway/finder/protocol.h"
#include "keys/digest.h"

enum { QUESTIONS_MAX = 1024, RECEIVE_ROOM = FINDER_ANSWER_BYTES_MAX + sizeof(struct finder_reply) };

struct asked {
    struct finder_wish wish;
    uint32_t code; /* of the reply */
    bool is_sent;
    bool is_answered;
    struct buf text; /* until it is answered; then the reply's bytes */
    struct finder_reply reply;
};

struct question {
    uint64_t key; /* 0: free; its texts are asked as key, key + 1, … */
    int64_t begun_ms;
    struct asked *asked;
    size_t room;
    size_t count;
    size_t sent;
    size_t answered;
};

struct finder_client {
    int fd;
    uint64_t next_key;
    struct question questions[QUESTIONS_MAX];
    size_t texts; /* of all questions */
    size_t answer_bytes;
    char *received;
};

struct finder_client *finder_client_new(int fd)
{
    struct finder_client *client = memory_new(sizeof *client);

    client->fd = fd;
    client->received = memory_new(RECEIVE_ROOM);
    random_bytes(&client->next_key, sizeof client->next_key);
    client->next_key = client->next_key >> 1 | 1;
    return client;
}

static void end_question(struct finder_client *client, struct question *question)
{
    for (size_t i = 0; i < question->count; i++) {
        client->answer_bytes -= question->asked[i].is_answered ? question->asked[i].text.bytes : 0;
        buf_done(&question->asked[i].text);
    }
    client->texts -= question->room;
    free(question->asked);
    *question = (struct question){0};
}

void finder_client_free(struct finder_client *client)
{
    if (!client)
        return;
    for (size_t i = 0; i < QUESTIONS_MAX; i++)
        end_question(client, &client->questions[i]);
    free(client->received);
    free(client);
}

static struct question *find(const struct finder_client *client, uint64_t key)
{
    for (size_t i = 0; key && i < QUESTIONS_MAX; i++) {
        if (client->questions[i].key == key)
            return (struct question *)&client->questions[i];
    }
    return NULL;
}

/* Who asked may be gone. */
static struct question *free_place(struct finder_client *client, int64_t now_ms)
{
    struct question *place = NULL;

    for (size_t i = 0; i < QUESTIONS_MAX; i++) {
        struct question *question = &client->questions[i];

        if (question->key && now_ms - question->begun_ms > FINDER_KEPT_MS)
            end_question(client, question);
        if (!question->key && !place)
            place = question;
    }
    return place;
}

bool finder_begin(struct finder_client *client, size_t texts, int64_t now_ms, uint64_t *key, struct error *err)
{
    struct question *place = free_place(client, now_ms);

    if (client->fd < 0)
        return refuse(err, ERR_UNAVAILABLE, "names.away", "companies cannot be found by name now",
                      "目前不能按名称查找企业");
    if (!place || client->texts + texts > FINDER_TEXTS_MAX)
        return refuse(err, ERR_UNAVAILABLE, "names.busy", "too many names are being looked for: try again",
                      "正在查找的名称过多：请稍后再试");
    place->key = client->next_key;
    place->begun_ms = now_ms;
    place->room = texts;
    place->asked = memory_new(texts * sizeof *place->asked + 1);
    client->next_key += texts + 1;
    client->texts += texts;
    *key = place->key;
    return true;
}

void finder_add(struct finder_client *client, uint64_t key, struct span text, struct finder_wish wish)
{
    struct question *question = find(client, key);
    struct asked *asked;

    if (!question || question->count == question->room)
        return;
    asked = &question->asked[question->count++];
    *asked = (struct asked){.wish = wish};
    buf_add(&asked->text, text.at, text.bytes < NAME_BYTES_MAX ? text.bytes : NAME_BYTES_MAX);
}

/* --- sending --- */

/* False: there is no room now. */
static bool send_one(const struct finder_client *client, uint64_t id, struct asked *asked)
{
    struct finder_request request = {.id = id,
                                     .most = (uint32_t)asked->wish.most,
                                     .text_bytes = (uint32_t)asked->text.bytes,
                                     .shows_personal = asked->wish.shows_personal};
    struct iovec parts[] = {{&request, sizeof request}, {asked->text.data, asked->text.bytes}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = COUNT_OF(parts)};

    return sendmsg(client->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

static void send_waiting(struct finder_client *client)
{
    for (size_t i = 0; i < QUESTIONS_MAX; i++) {
        struct question *question = &client->questions[i];

        for (; question->key && question->sent < question->count; question->sent++) {
            if (!send_one(client, question->key + question->sent, &question->asked[question->sent]))
                return;
            question->asked[question->sent].is_sent = true;
        }
    }
}

/* --- receiving --- */

static bool is_whole(const struct finder_reply *reply, size_t bytes)
{
    return sizeof *reply + (uint64_t)reply->candidates_bytes + reply->shown_bytes + reply->index_bytes == bytes;
}

static void keep(struct finder_client *client, size_t bytes)
{
    struct finder_reply reply;
    struct question *question = NULL;
    struct asked *asked;

    if (bytes < sizeof reply)
        return;
    memcpy(&reply, client->received, sizeof reply);
    for (size_t i = 0; i < QUESTIONS_MAX && !question; i++) {
        struct question *at = &client->questions[i];

        if (at->key && reply.id >= at->key && reply.id - at->key < at->sent)
            question = at;
    }
    asked = question ? &question->asked[reply.id - question->key] : NULL;
    if (!asked || asked->is_answered || !is_whole(&reply, bytes))
        return;
    asked->is_answered = true;
    asked->reply = reply;
    if (client->answer_bytes + bytes > FINDER_ANSWERS_BYTES_MAX)
        asked->reply = (struct finder_reply){.code = ERR_UNAVAILABLE};
    buf_done(&asked->text);
    if (asked->reply.code == ERR_NONE)
        buf_add(&asked->text, client->received + sizeof reply, bytes - sizeof reply);
    client->answer_bytes += asked->text.bytes;
    question->answered++;
}

bool finder_pump(struct finder_client *client)
{
    ssize_t bytes;

    if (client->fd < 0)
        return false;
    while ((bytes = recv(client->fd, client->received, RECEIVE_ROOM, MSG_DONTWAIT)) > 0)
        keep(client, (size_t)bytes);
    if (bytes == 0)
        return false;
    send_waiting(client);
    return true;
}

/* --- taking --- */

bool finder_has(const struct finder_client *client, uint64_t key)
{
    return find(client, key) != NULL;
}

bool finder_is_due(const struct finder_client *client, uint64_t key)
{
    const struct question *question = find(client, key);

    return !question || question->answered == question->count;
}

bool finder_refuse_text(struct error *err)
{
    return refuse(err, ERR_INVALID, "names.text", "that is no name: at most %d characters of UTF-8",
                  "这不是企业名称：应为 UTF-8，不超过 %d 个字符", NAME_UNITS_MAX);
}

bool finder_take(const struct finder_client *client, uint64_t key, size_t number, struct finder_answer *out,
                 struct error *err)
{
    const struct question *question = find(client, key);
    const struct asked *asked = question && number < question->count ? &question->asked[number] : NULL;
    const char *at;

    if (asked && asked->is_answered && asked->reply.code == ERR_INVALID)
        return finder_refuse_text(err);
    if (asked && asked->is_answered && asked->reply.code != ERR_NONE)
        return refuse(err, ERR_UNAVAILABLE, "names.building", "the index of names is not ready: try again",
                      "名称索引尚未就绪：请稍后再试");
    if (!asked || !asked->is_answered)
        return refuse(err, ERR_UNAVAILABLE, "names.late", "the names were not looked up in time: try again",
                      "未能及时查找名称：请稍后再试");
    at = buf_text(&asked->text);
    out->candidates = (struct span){at, asked->reply.candidates_bytes};
    out->shown = (struct span){at + asked->reply.candidates_bytes, asked->reply.shown_bytes};
    out->index = (struct span){out->shown.at + out->shown.bytes, asked->reply.index_bytes};
    out->sequence = asked->reply.sequence;
    return true;
}

void finder_end(struct finder_client *client, uint64_t key)
{
    struct question *question = find(client, key);

    if (question)
        end_question(client, question);
}
