/* The relay against plain sockets: what passes, when, and how it ends. The test is client and server in one. */
#include "sandbox/relay.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "gateway/http/http.h"

enum { PATIENCE_MS = 10000, MUCH = 3 * 1024 * 1024 };

static struct relay *relay;
static uint16_t port;
static int servers[LINE_CERTIFICATE_COUNT];
static struct relay_setup setup;
static struct error err;

static void begin(void)
{
    setup = (struct relay_setup){.address = "127.0.0.1"};
    for (size_t i = 0; i < LINE_WRONG; i++)
        cr_assert(http_listen_tcp("127.0.0.1", &setup.targets[i], &servers[i], &err), "%s", err.text);
    cr_assert(relay_start(&setup, &port, &relay, &err), "%s", err.text);
}

static void end(void)
{
    relay_free(relay);
    for (size_t i = 0; i < LINE_WRONG; i++)
        close(servers[i]);
}

TestSuite(relay, .init = begin, .fini = end, .timeout = 60);

/* --- sockets with patience --- */

static bool is_ready(int fd, short events, int64_t ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = events};

    return poll(&poll_fd, 1, (int)ms) == 1;
}

/* 0, or the errno with which it failed. */
static int try_connect(int *out)
{
    struct sockaddr_in target = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    *out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(*out, (const struct sockaddr *)&target, sizeof target) == 0)
        return 0;
    close(*out);
    return errno;
}

static int client_new(void)
{
    int fd = -1;
    int failed = try_connect(&fd);

    cr_assert_eq(failed, 0, "%s", strerror(failed));
    return fd;
}

static int accept_at(size_t server)
{
    int fd;

    cr_assert(is_ready(servers[server], POLLIN, PATIENCE_MS), "nobody comes");
    fd = accept4(servers[server], NULL, NULL, SOCK_CLOEXEC);
    cr_assert_geq(fd, 0);
    return fd;
}

static void say(int fd, const char *text)
{
    cr_assert_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text), "%s", strerror(errno));
}

/* What comes until the other side ends, in the end or by a reset (then -1), or until `bytes` are there. */
static ssize_t hear(int fd, char *out, size_t bytes)
{
    size_t got = 0;

    while (got < bytes) {
        ssize_t more;

        cr_assert(is_ready(fd, POLLIN, PATIENCE_MS), "nothing comes after %zu bytes", got);
        more = recv(fd, out + got, bytes - got, 0);
        if (more < 0)
            return -1;
        if (more == 0)
            break;
        got += (size_t)more;
    }
    return (ssize_t)got;
}

static void expect_text(int fd, const char *text)
{
    char got[256] = "";

    cr_assert_eq(hear(fd, got, strlen(text)), (ssize_t)strlen(text), "%s instead of %s", got, text);
    cr_assert_str_eq(got, text);
}

static void expect_end(int fd)
{
    char byte;

    cr_assert_eq(hear(fd, &byte, 1), 0);
}

static void expect_reset(int fd)
{
    char byte;

    cr_assert_eq(hear(fd, &byte, 1), -1);
    cr_assert_eq(errno, ECONNRESET, "%s", strerror(errno));
}

/* --- orders --- */

static void order(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);
    struct line_order ordered;

    cr_assert(line_order_read(json, &ordered, &err) && relay_order(relay, &ordered, &err), "%s: %s", text, err.text);
    json_decref(json);
}

static int64_t count_of(const char *name)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    json_t *json;
    int64_t count;

    cr_assert(relay_describe(relay, &text, &err), "%s", err.text);
    json = json_loads(buf_text(&text), 0, NULL);
    cr_assert_not_null(json, "%s", buf_text(&text));
    count = json_integer_value(json_object_get(json, name));
    json_decref(json);
    return count;
}

static void await_count(const char *name, int64_t wanted)
{
    int64_t until_ms = time_monotonic_ms() + PATIENCE_MS;

    while (count_of(name) != wanted && time_monotonic_ms() < until_ms)
        usleep(2000);
    cr_assert_eq(count_of(name), wanted, "%s: %ld", name, (long)count_of(name));
}

struct pair {
    int client;
    int server;
    uint16_t port; /* of the relay, as the server sees it */
};

static struct pair pair_at(size_t server)
{
    struct sockaddr_in peer = {.sin_port = 0};
    socklen_t bytes = sizeof peer;
    struct pair pair;

    pair.client = client_new();
    pair.server = accept_at(server);
    cr_assert_eq(getpeername(pair.server, (struct sockaddr *)&peer, &bytes), 0);
    pair.port = ntohs(peer.sin_port);
    return pair;
}

static struct pair pair_new(void)
{
    return pair_at(LINE_USUAL);
}

static void pair_done(const struct pair *pair)
{
    close(pair->client);
    close(pair->server);
    await_count("open", 0);
}

static void touch(const struct pair *pair, const struct relay_touch *ordered)
{
    cr_assert(relay_touch(relay, pair->port, ordered, &err), "%s", err.text);
}

/* --- ends --- */

Test(relay, a_server_that_is_not_there_resets_the_client)
{
    int client;

    close(servers[LINE_USUAL]);
    client = client_new();
    expect_reset(client);
    close(client);
    await_count("open", 0);
}

Test(relay, a_client_that_resets_is_reset_at_the_server_after_what_it_said)
{
    struct pair pair = pair_new();
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    say(pair.client, "hello");
    expect_text(pair.server, "hello");
    cr_assert_eq(setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    close(pair.client);
    expect_reset(pair.server);
    close(pair.server);
    await_count("open", 0);
}

Test(relay, a_server_that_resets_is_reset_at_the_client_after_what_it_said)
{
    struct pair pair = pair_new();
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    say(pair.server, "enough");
    expect_text(pair.client, "enough");
    cr_assert_eq(setsockopt(pair.server, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    close(pair.server);
    expect_reset(pair.client);
    close(pair.client);
    await_count("open", 0);
}

Test(relay, one_way_may_end_before_the_other)
{
    struct pair pair = pair_new();

    say(pair.client, "all of it");
    cr_assert_eq(shutdown(pair.client, SHUT_WR), 0);
    expect_text(pair.server, "all of it");
    expect_end(pair.server);
    say(pair.server, "answer");
    expect_text(pair.client, "answer");
    cr_assert_eq(shutdown(pair.server, SHUT_WR), 0);
    expect_end(pair.client);
    pair_done(&pair);
}

Test(relay, an_answer_given_while_the_request_is_still_coming_arrives)
{
    struct pair pair = pair_new();
    char answer[8];

    say(pair.client, "a long request begins");
    expect_text(pair.server, "a long");
    say(pair.server, "refused");
    close(pair.server); /* with something unread: the system resets it */
    cr_assert_eq(hear(pair.client, answer, 7), 7);
    close(pair.client);
    await_count("open", 0);
}

/* --- much, slowly, at once --- */

static void fill(char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = (char)(i * 7 + i / 251);
}

Test(relay, much_passes_unchanged_to_a_reader_that_waits)
{
    struct pair pair = pair_new();
    char *sent = malloc(MUCH);
    char *got = malloc(MUCH);
    pid_t child;

    fill(sent, MUCH);
    child = fork();
    if (child == 0) {
        size_t at = 0;

        while (at < MUCH) {
            ssize_t more = send(pair.client, sent + at, MUCH - at, MSG_NOSIGNAL);

            if (more <= 0)
                _exit(1);
            at += (size_t)more;
        }
        _exit(0);
    }
    usleep(100000);
    cr_assert_eq(hear(pair.server, got, MUCH), MUCH);
    cr_assert_eq(memcmp(sent, got, MUCH), 0);
    waitpid(child, NULL, 0);
    free(sent);
    free(got);
    pair_done(&pair);
}

Test(relay, two_hundred_connections_at_once_do_not_mix)
{
    enum { MANY = 200 };
    struct pair pairs[MANY];
    char text[32];

    order("{\"latency_ms\":5}");
    for (int i = 0; i < MANY; i++)
        pairs[i] = pair_new();
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "number %d.", i);
        say(pairs[i].client, text);
    }
    for (int i = MANY - 1; i >= 0; i--) {
        snprintf(text, sizeof text, "number %d.", i);
        expect_text(pairs[i].server, text);
    }
    cr_assert_eq(count_of("accepted"), MANY);
    for (int i = 0; i < MANY; i++) {
        close(pairs[i].client);
        close(pairs[i].server);
    }
    await_count("open", 0);
}

/* --- time --- */

Test(relay, latency_comes_once_each_way_and_holds_up_nobody_else)
{
    int64_t began_ms;
    struct pair slow;
    struct pair other;

    order("{\"request_latency_ms\":300,\"answer_latency_ms\":200,\"connections\":1}");
    slow = pair_new();
    other = pair_new();
    began_ms = time_monotonic_ms();
    say(slow.client, "ping");
    say(other.client, "ping");
    expect_text(other.server, "ping");
    cr_assert_lt(time_monotonic_ms() - began_ms, 250);
    expect_text(slow.server, "ping");
    cr_assert_geq(time_monotonic_ms() - began_ms, 299);
    say(slow.server, "pong");
    expect_text(slow.client, "pong");
    cr_assert_geq(time_monotonic_ms() - began_ms, 498);
    close(other.client);
    close(other.server);
    pair_done(&slow);
}

Test(relay, a_drip_lets_so_many_bytes_through_and_then_pauses)
{
    int64_t began_ms;
    struct pair pair;

    order("{\"drip_bytes\":3,\"drip_ms\":50}");
    pair = pair_new();
    began_ms = time_monotonic_ms();
    say(pair.client, "0123456789");
    expect_text(pair.server, "012");
    cr_assert_not(is_ready(pair.server, POLLIN, 20));
    expect_text(pair.server, "3456789");
    cr_assert_geq(time_monotonic_ms() - began_ms, 149);
    pair_done(&pair);
}

Test(relay, an_answer_is_held_back_for_its_time_and_others_are_not)
{
    struct pair held = pair_new();
    struct pair other = pair_new();
    int64_t began_ms = time_monotonic_ms();

    touch(&held, &(struct relay_touch){.hold_ms = 300, .end_after = -1});
    say(held.server, "late");
    say(other.server, "soon");
    expect_text(other.client, "soon");
    cr_assert_lt(time_monotonic_ms() - began_ms, 250);
    expect_text(held.client, "late");
    cr_assert_geq(time_monotonic_ms() - began_ms, 299);
    cr_assert_eq(count_of("held"), 1);
    close(other.client);
    close(other.server);
    pair_done(&held);
}

/* --- resets at a byte --- */

Test(relay, a_request_is_reset_at_its_byte)
{
    struct pair pair;

    order("{\"reset_after_request_bytes\":4}");
    pair = pair_new();
    say(pair.client, "request");
    expect_text(pair.server, "requ");
    expect_reset(pair.server);
    expect_reset(pair.client);
    cr_assert_eq(count_of("reset"), 1);
    pair_done(&pair);
}

Test(relay, an_answer_is_reset_at_its_byte_and_what_came_before_can_be_read)
{
    struct pair pair;

    order("{\"reset_after_answer_bytes\":6,\"connections\":1}");
    pair = pair_new();
    say(pair.client, "request");
    expect_text(pair.server, "request");
    say(pair.server, "answer and more");
    expect_text(pair.client, "answer");
    expect_reset(pair.client);
    pair_done(&pair);
    pair = pair_new(); /* that rule was for one connection */
    say(pair.server, "answer and more");
    expect_text(pair.client, "answer and more");
    pair_done(&pair);
}

Test(relay, a_connection_may_be_reset_before_its_first_byte)
{
    int client;

    order("{\"reset_after_request_bytes\":0,\"connections\":1}");
    client = client_new();
    expect_reset(client);
    close(client);
}

Test(relay, a_close_is_an_orderly_end)
{
    struct pair pair;

    order("{\"close_after_answer_bytes\":2}");
    pair = pair_new();
    say(pair.server, "answer");
    expect_text(pair.client, "an");
    expect_end(pair.client);
    cr_assert_eq(count_of("closed"), 1);
    pair_done(&pair);
}

Test(relay, a_stalled_answer_stays_until_the_client_has_no_patience_left)
{
    struct pair pair;

    order("{\"stall_after_answer_bytes\":2}");
    pair = pair_new();
    say(pair.server, "answer");
    expect_text(pair.client, "an");
    close(pair.server);
    cr_assert_not(is_ready(pair.client, POLLIN, 50));
    cr_assert_eq(count_of("stalled"), 1);
    close(pair.client);
    await_count("open", 0);
}

Test(relay, a_stalled_request_stays_until_the_client_has_no_patience_left)
{
    struct pair pair;

    order("{\"stall_after_request_bytes\":2}");
    pair = pair_new();
    say(pair.client, "request");
    expect_text(pair.server, "re");
    cr_assert_not(is_ready(pair.server, POLLIN, 50));
    close(pair.client);
    expect_reset(pair.server);
    close(pair.server);
    await_count("open", 0);
}

Test(relay, a_touch_counts_from_itself_and_ends_with_its_answer)
{
    struct pair pair = pair_new();

    say(pair.client, "first");
    expect_text(pair.server, "first");
    say(pair.server, "one");
    expect_text(pair.client, "one");
    say(pair.client, "second");
    expect_text(pair.server, "second");
    touch(&pair, &(struct relay_touch){.drip_bytes = 1, .drip_ms = 1, .end_after = 100});
    say(pair.server, "two");
    expect_text(pair.client, "two");
    say(pair.client, "third");
    expect_text(pair.server, "third");
    touch(&pair, &(struct relay_touch){.end_after = 3});
    say(pair.server, "three");
    expect_text(pair.client, "thr");
    expect_reset(pair.client);
    pair_done(&pair);
}

Test(relay, one_connection_can_be_reset_at_once)
{
    struct pair pair = pair_new();
    struct pair other = pair_new();

    cr_assert(relay_reset(relay, pair.port, &err));
    cr_assert(relay_reset(relay, 1, &err)); /* of nobody */
    expect_reset(pair.client);
    expect_reset(pair.server);
    say(other.client, "here");
    expect_text(other.server, "here");
    close(pair.client);
    close(pair.server);
    pair_done(&other);
}

Test(relay, all_that_is_open_can_be_reset)
{
    struct pair pair = pair_new();
    struct pair other = pair_new();

    order("{\"reset_open\":true}");
    expect_reset(pair.client);
    expect_reset(other.server);
    close(pair.client);
    close(pair.server);
    pair_done(&other);
}

/* --- limits and certificates --- */

Test(relay, a_closed_port_refuses_and_opens_again)
{
    struct pair pair;
    int fd;

    order("{\"limit\":0}");
    (void)count_of("limit");
    cr_assert_eq(try_connect(&fd), ECONNREFUSED);
    cr_assert(relay_clear(relay, &err));
    (void)count_of("limit");
    pair = pair_new();
    say(pair.client, "again");
    expect_text(pair.server, "again");
    pair_done(&pair);
}

Test(relay, more_than_the_limit_are_refused_until_one_leaves)
{
    struct pair first;
    struct pair second;
    int fd;

    order("{\"limit\":2}");
    first = pair_new();
    second = pair_new();
    (void)count_of("open");
    cr_assert_eq(try_connect(&fd), ECONNREFUSED);
    close(first.client);
    close(first.server);
    await_count("open", 1);
    first = pair_new();
    close(first.client);
    close(first.server);
    pair_done(&second);
}

Test(relay, more_than_the_limit_may_wait_instead)
{
    struct pair first;
    struct pair second;

    order("{\"limit\":1,\"over\":\"wait\"}");
    first = pair_new();
    second.client = client_new();
    say(second.client, "me too");
    cr_assert_not(is_ready(servers[LINE_USUAL], POLLIN, 50));
    close(first.client);
    close(first.server);
    second.server = accept_at(LINE_USUAL);
    expect_text(second.server, "me too");
    pair_done(&second);
}

Test(relay, a_limit_for_a_time_ends_by_itself)
{
    int64_t until_ms = time_monotonic_ms() + PATIENCE_MS;
    struct pair pair;

    order("{\"limit\":0,\"for_ms\":100}");
    (void)count_of("limit");
    cr_assert_eq(try_connect(&pair.client), ECONNREFUSED);
    while (try_connect(&pair.client) != 0 && time_monotonic_ms() < until_ms)
        usleep(5000);
    pair.server = accept_at(LINE_USUAL);
    pair_done(&pair);
}

Test(relay, another_certificate_is_another_server)
{
    struct pair pair;

    order("{\"certificate\":\"expired\",\"connections\":1}");
    pair = pair_at(LINE_EXPIRED);
    say(pair.client, "hello");
    expect_text(pair.server, "hello");
    pair_done(&pair);
    pair = pair_new();
    pair_done(&pair);
}

Test(relay, a_certificate_that_is_not_there_is_refused)
{
    const struct line_order ordered = {
        .has_rule = true, .rule = {.request = LINE_WAY_FREE, .answer = LINE_WAY_FREE, .certificate = LINE_WRONG}};

    cr_assert_not(relay_order(relay, &ordered, &err));
    cr_assert_eq(err.code, ERR_INVALID);
}

Test(relay, so_many_rules_wait_and_no_more)
{
    struct line_order ordered = {.has_rule = true, .rule = {.request = LINE_WAY_FREE, .answer = LINE_WAY_FREE}};
    int taken = 0;

    while (taken < 1000 && relay_order(relay, &ordered, &err))
        taken++;
    cr_assert_eq(err.code, ERR_LIMIT);
    cr_assert_eq(taken, 64);
}

/* --- beginning and ending --- */

Test(relay, what_is_held_is_passed_on_before_the_end)
{
    struct pair pair = pair_new();

    touch(&pair, &(struct relay_touch){.hold_ms = 100, .end_after = -1});
    say(pair.server, "last words");
    close(pair.server);
    relay_free(TAKE(relay));
    expect_text(pair.client, "last words");
    expect_end(pair.client);
    close(pair.client);
}

Test(relay, it_ends_with_its_parent_and_leaves_the_port)
{
    int told[2];
    int status;
    uint16_t at = 0;
    struct pair pair;
    pid_t child;

    relay_free(TAKE(relay));
    cr_assert_eq(pipe(told), 0);
    child = fork();
    if (child == 0) {
        if (!relay_start(&setup, &at, &relay, &err) || write(told[1], &at, sizeof at) != (ssize_t)sizeof at)
            _exit(1);
        pause();
        _exit(0);
    }
    cr_assert_eq(read(told[0], &port, sizeof port), (ssize_t)sizeof port);
    pair = pair_new();
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    cr_assert_leq(hear(pair.client, (char[1]){0}, 1), 0);
    setup.port = port; /* waited for, should the dying one still have it */
    cr_assert(relay_start(&setup, &at, &relay, &err), "%s", err.text);
    cr_assert_eq(at, port);
    close(pair.client);
    close(pair.server);
    close(told[0]);
    close(told[1]);
}

Test(relay, a_port_of_somebody_else_is_a_conflict)
{
    struct relay *second = NULL;
    uint16_t at;

    setup.port = port;
    cr_assert_not(relay_start(&setup, &at, &second, &err));
    cr_assert_eq(err.code, ERR_CONFLICT, "%s", err.text);
}
