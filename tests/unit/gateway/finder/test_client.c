/* The side of the api processes, with a test in the place of the process that finds. */
#include <criterion/criterion.h>
#include <sys/socket.h>

#include "base/file.h"
#include "gateway/finder/finder.h"
#include "gateway/finder/protocol.h"

static struct finder_client *client;
static int ends[2] = {-1, -1};
static struct error err;

static void setup(void)
{
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    client = finder_client_new(ends[0]);
}

static void teardown(void)
{
    finder_client_free(client);
    file_close(ends[0]);
    file_close(ends[1]);
}

TestSuite(finder_client, .init = setup, .fini = teardown);

static uint64_t begin(size_t texts)
{
    uint64_t key = 0;

    cr_assert(finder_begin(client, texts, 1000, &key, &err), "%s", err.text);
    cr_assert_neq(key, 0);
    return key;
}

static struct finder_request receive(char *text)
{
    char packet[sizeof(struct finder_request) + NAME_BYTES_MAX];
    ssize_t bytes = recv(ends[1], packet, sizeof packet, MSG_DONTWAIT);
    struct finder_request request;

    cr_assert_geq(bytes, (ssize_t)sizeof request);
    memcpy(&request, packet, sizeof request);
    cr_assert_eq((size_t)bytes, sizeof request + request.text_bytes);
    memcpy(text, packet + sizeof request, request.text_bytes);
    text[request.text_bytes] = '\0';
    return request;
}

static void reply(uint64_t id, const char *candidates)
{
    AUTO(buf_done) struct buf packet = BUF_INIT;
    struct finder_reply head = {.id = id, .sequence = 7, .candidates_bytes = (uint32_t)strlen(candidates)};

    head.shown_bytes = head.index_bytes = 2;
    buf_add(&packet, &head, sizeof head);
    buf_add_text(&packet, candidates);
    buf_add_text(&packet, "[]{}");
    cr_assert_eq(send(ends[1], packet.data, packet.bytes, 0), (ssize_t)packet.bytes);
}

static bool take(uint64_t key, size_t number, const char *candidates)
{
    struct finder_answer answer;

    if (!finder_take(client, key, number, &answer, &err))
        return false;
    cr_assert_eq(answer.candidates.bytes, strlen(candidates));
    cr_assert_eq(memcmp(answer.candidates.at, candidates, answer.candidates.bytes), 0);
    cr_assert_eq(answer.sequence, 7);
    cr_assert_eq(memcmp(answer.shown.at, "[]{}", 4), 0, "what was shown, and what it rests on");
    return true;
}

Test(finder_client, nobody_to_ask_is_told_at_once)
{
    AUTO(finder_client_free) struct finder_client *alone = finder_client_new(-1);
    uint64_t key;

    cr_assert_not(finder_begin(alone, 1, 0, &key, &err));
    cr_assert_eq(err.code, ERR_UNAVAILABLE);
    cr_assert_not(finder_pump(alone));
}

Test(finder_client, what_is_not_answered_is_late_and_never_nothing)
{
    uint64_t key = begin(1);

    finder_add(client, key, (struct span){"a", 1}, (struct finder_wish){.most = 5});
    cr_assert(finder_pump(client));
    cr_assert_not(finder_is_due(client, key));
    cr_assert_not(take(key, 0, ""));
    cr_assert_eq(err.code, ERR_UNAVAILABLE);
    cr_assert_str_eq(err.rule, "names.late");
}

Test(finder_client, an_index_that_is_not_ready_says_so)
{
    struct finder_reply head = {.code = ERR_UNAVAILABLE};
    uint64_t key = begin(1);
    char text[NAME_BYTES_MAX + 1];

    finder_add(client, key, (struct span){"a", 1}, (struct finder_wish){.most = 5});
    cr_assert(finder_pump(client));
    head.id = receive(text).id;
    cr_assert_eq(send(ends[1], &head, sizeof head, 0), (ssize_t)sizeof head);
    cr_assert(finder_pump(client));
    cr_assert(finder_is_due(client, key));
    cr_assert_not(take(key, 0, ""));
    cr_assert_str_eq(err.rule, "names.building");
}

Test(finder_client, answers_find_their_texts_in_whatever_order_they_come)
{
    struct finder_request first, second;
    uint64_t key = begin(2);
    char text[NAME_BYTES_MAX + 1];

    finder_add(client, key, (struct span){"first", 5}, (struct finder_wish){.most = 5});
    finder_add(client, key, (struct span){"second", 6}, (struct finder_wish){.most = 3});
    cr_assert(finder_pump(client));
    first = receive(text);
    cr_assert_str_eq(text, "first");
    second = receive(text);
    cr_assert_str_eq(text, "second");
    cr_assert_eq(second.most, 3);
    reply(second.id, "[2]");
    cr_assert(finder_pump(client));
    cr_assert_not(finder_is_due(client, key));
    reply(first.id, "[1]");
    cr_assert(finder_pump(client));
    cr_assert(finder_is_due(client, key));
    cr_assert(take(key, 0, "[1]"));
    cr_assert(take(key, 1, "[2]"));
    finder_end(client, key);
    cr_assert_not(finder_has(client, key));
}

Test(finder_client, packets_that_nobody_asked_for_or_that_are_torn_are_dropped)
{
    struct finder_reply torn = {.candidates_bytes = 1000};
    uint64_t key = begin(1);
    char text[NAME_BYTES_MAX + 1];

    finder_add(client, key, (struct span){"a", 1}, (struct finder_wish){.most = 5});
    cr_assert(finder_pump(client));
    torn.id = receive(text).id;
    reply(torn.id + 1, "[9]");
    reply(12345, "[9]");
    cr_assert_eq(send(ends[1], "x", 1, 0), 1);
    cr_assert_eq(send(ends[1], &torn, sizeof torn, 0), (ssize_t)sizeof torn);
    cr_assert(finder_pump(client));
    cr_assert_not(finder_is_due(client, key));
    reply(torn.id, "[1]");
    reply(torn.id, "[2]");
    cr_assert(finder_pump(client));
    cr_assert(take(key, 0, "[1]"), "the first one counts");
}

Test(finder_client, more_than_the_socket_holds_is_sent_as_room_comes)
{
    enum { TEXTS = 1000 };
    uint64_t key = begin(TEXTS);
    char text[NAME_BYTES_MAX + 1];
    char long_text[NAME_BYTES_MAX];
    size_t answered = 0;

    memset(long_text, 'a', sizeof long_text);
    for (size_t i = 0; i < TEXTS; i++)
        finder_add(client, key, (struct span){long_text, sizeof long_text}, (struct finder_wish){.most = 5});
    for (int turns = 0; turns < TEXTS && !finder_is_due(client, key); turns++) {
        char peek;

        cr_assert(finder_pump(client));
        for (int i = 0; i < 20 && recv(ends[1], &peek, 1, MSG_DONTWAIT | MSG_PEEK) > 0; i++, answered++)
            reply(receive(text).id, "[]");
    }
    cr_assert_eq(answered, TEXTS);
    cr_assert(finder_is_due(client, key));
    cr_assert(take(key, TEXTS - 1, "[]"));
}

Test(finder_client, too_much_under_way_is_refused_until_it_is_forgotten)
{
    uint64_t key = begin(FINDER_TEXTS_MAX);
    uint64_t other;

    cr_assert_not(finder_begin(client, 1, 1000, &other, &err));
    cr_assert_eq(err.code, ERR_UNAVAILABLE);
    cr_assert_str_eq(err.rule, "names.busy");
    cr_assert(finder_begin(client, 1, 1001 + FINDER_KEPT_MS, &other, &err), "%s", err.text);
    cr_assert_not(finder_has(client, key), "nobody came back for it");
    cr_assert(finder_has(client, other));
}

Test(finder_client, a_longer_text_than_a_name_is_cut_and_more_texts_than_were_begun_are_not_asked)
{
    uint64_t key = begin(1);
    char text[NAME_BYTES_MAX + 1];
    char long_text[2 * NAME_BYTES_MAX];

    memset(long_text, 'a', sizeof long_text);
    finder_add(client, key, (struct span){long_text, sizeof long_text}, (struct finder_wish){.most = 5});
    finder_add(client, key, (struct span){"b", 1}, (struct finder_wish){.most = 5});
    cr_assert(finder_pump(client));
    cr_assert_eq(receive(text).text_bytes, NAME_BYTES_MAX);
    cr_assert_lt(recv(ends[1], text, sizeof text, MSG_DONTWAIT), 0);
}

Test(finder_client, a_peer_that_is_gone_for_good_is_told)
{
    file_close(ends[1]);
    ends[1] = -1;
    cr_assert_not(finder_pump(client));
}
