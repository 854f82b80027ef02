/* The side of the api processes, with a test in the place of the doorkeeper. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/file.h"
#include "gateway/door/protocol.h"

static struct door_client *client;
static int ends[2] = {-1, -1};
static struct error err;

static void setup(void)
{
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    client = door_client_new(ends[0]);
}

static void teardown(void)
{
    door_client_free(client);
    file_close(ends[0]);
    file_close(ends[1]);
}
TestSuite(door_client, .init = setup, .fini = teardown);

static uint64_t ask(void)
{
    struct door_question question = {.ask = DOOR_RESET, .from = "192.0.2.1"};
    uint64_t key = 0;

    question.field[DOOR_ACCOUNT] = (struct span){"lin", 3};
    question.field[DOOR_BY] = (struct span){"wang", 4};
    cr_assert(door_ask(client, &question, 1000, &key, &err), "%s", err.text);
    cr_assert_neq(key, 0);
    return key;
}

static void reply(uint64_t id, const char *rule, uint32_t text_bytes)
{
    struct door_reply answer = {.id = id};

    if (rule)
        error_set_both(&answer.answer.why, ERR_FORBIDDEN, rule, "no", "否");
    answer.answer.text_bytes = text_bytes;
    cr_assert_eq(send(ends[1], &answer, sizeof answer, 0), (ssize_t)sizeof answer);
}

Test(door_client, nobody_to_ask_is_told_at_once)
{
    AUTO(door_client_free) struct door_client *alone = door_client_new(-1);
    struct door_question question = {.ask = DOOR_LIST};
    uint64_t key;

    cr_assert_not(door_ask(alone, &question, 0, &key, &err));
    cr_assert_str_eq(err.rule, "account.away");
    cr_assert_not(door_pump(alone));
}

Test(door_client, a_field_that_is_too_long_is_not_sent)
{
    struct door_question question = {.ask = DOOR_SIGN_IN};
    char *text = calloc(1, DOOR_FIELD_BYTES_MAX + 1);
    uint64_t key;

    question.field[DOOR_PASSWORD] = (struct span){text, DOOR_FIELD_BYTES_MAX + 1};
    cr_assert_not(door_ask(client, &question, 0, &key, &err));
    cr_assert_str_eq(err.rule, "account.long");
    free(text);
}

Test(door_client, too_many_at_once_are_told_to_come_again)
{
    struct door_question question = {.ask = DOOR_LIST};
    uint64_t key;

    for (int i = 0; i < DOOR_ASKED_MAX; i++) {
        char packet[DOOR_REQUEST_BYTES_MAX];

        (void)ask();
        cr_assert_gt(recv(ends[1], packet, sizeof packet, 0), 0);
    }
    cr_assert_not(door_ask(client, &question, 1000, &key, &err));
    cr_assert_str_eq(err.rule, "account.busy");
    cr_assert(door_ask(client, &question, 1001 + 2 * DOOR_PATIENCE_MS, &key, &err), "those of long ago are forgotten");
}

Test(door_client, an_answer_is_its_questions_and_torn_ones_are_dropped)
{
    uint64_t first = ask();
    uint64_t second = ask();

    reply(second, "account.suspended", 0);
    reply(first, NULL, 100); /* says more than it has */
    reply(first + 1000, NULL, 0);
    cr_assert(door_pump(client));
    cr_assert(door_is_due(client, second));
    cr_assert_str_eq(door_answer(client, second, NULL)->why.rule, "account.suspended");
    cr_assert_not(door_is_due(client, first));
    cr_assert_null(door_answer(client, first, NULL));
    cr_assert_eq(door_by(client, first).bytes, 4);
    door_end(client, second);
    cr_assert_not(door_has(client, second));
}

Test(door_client, when_the_doorkeeper_died_nobody_waits_and_nobody_is_told_that_nothing_happened)
{
    uint64_t key = ask();

    reply(0, NULL, 0);
    cr_assert(door_pump(client));
    cr_assert(door_is_due(client, key));
    cr_assert_eq(door_answer(client, key, NULL)->why.code, ERR_TIMEOUT);
    cr_assert_str_eq(door_answer(client, key, NULL)->why.rule, "account.lost");
}
