/* tool_load - ask a server over TLS 1.3, keep-alive, with a client certificate, as fast as it answers.
 *
 * One thread, epoll; every connection asks, reads the whole answer, asks again (no pipelining); with --streams it is
 * HTTP/2, and every stream of every connection does so. Any answer that is not
 * 200, or does not hold the expected text, ends the run with status 1: a fast wrong answer is no result. The same
 * program asks both sides of a comparison. Prints one JSON object.
 *
 * `{}` in the path becomes a random line of the codes file. The core whose busy share is told is the server's: when it
 * is far from 1, this program was the bottleneck. With --server, what other processes took of the core is taken out of
 * the time (share.h). */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "tests/bench/asking2.h"
#include "tests/bench/share.h"

enum { CODES_BYTES_MAX = 128 * 1024 * 1024, CONNECTIONS_MAX = 1024, STREAMS_MAX = 100, EVENTS = 256, QUIET_MS = 5000 };
/* Latencies are counted in steps of this many nanoseconds; the last step holds all that is longer. */
enum { STEP_NS = 2000, STEPS = 500000 };

struct load {
    struct asking asking;
    const char *codes_path;
    long connections;
    long streams; /* of each; 0: HTTP/1.1 */
    long seconds;
    long warm_seconds;
    struct share_of server;
    struct buf codes;
    uint32_t *counts; /* STEPS */
    uint64_t answers;
    uint64_t answer_bytes;
    int epoll_fd;
    int64_t begin_ns;
    int64_t end_ns;
    struct connection *plain;      /* `connections` of them, or none */
    struct connection2 **streamed; /* likewise */
};

enum { KEY_PORT = 1000, KEY_CA, KEY_CERTIFICATE, KEY_KEY, KEY_PATH, KEY_CODES, KEY_EXPECT, KEY_COUNT, KEY_SECONDS };
enum { KEY_WARM = KEY_SECONDS + 1, KEY_CORE, KEY_SERVER, KEY_STREAMS };

static const struct argp_option OPTIONS[] = {
    {"port", KEY_PORT, "N", 0, "of 127.0.0.1", 0},
    {"ca", KEY_CA, "PEM", 0, "authority of the server", 0},
    {"certificate", KEY_CERTIFICATE, "PEM", 0, "of this client", 0},
    {"key", KEY_KEY, "PEM", 0, "its key", 0},
    {"path", KEY_PATH, "PATH", 0, "with {} where the code belongs", 0},
    {"codes", KEY_CODES, "FILE", 0, "18 bytes and a line feed each", 0},
    {"expect", KEY_EXPECT, "TEXT", 0, "must stand in every answer", 0},
    {"connections", KEY_COUNT, "N", 0, "default 64", 0},
    {"streams", KEY_STREAMS, "N", 0, "HTTP/2 with so many at a time on each connection", 0},
    {"seconds", KEY_SECONDS, "N", 0, "measured; default 5", 0},
    {"warm", KEY_WARM, "N", 0, "seconds before that; default 1", 0},
    {"server", KEY_SERVER, "PID,…", 0, "of the server, then of those that belong to it and share its core", 0},
    {"core", KEY_CORE, "N", 0, "whose busy share is told; default 0", 0},
    {0},
};

static bool take_number(const char *text, long least, long most, long *out)
{
    int64_t number;

    if (!integer_parse(span_of(text), &number) || number < least || number > most)
        return false;
    *out = (long)number;
    return true;
}

static error_t take_numbered(struct load *load, int key, const char *text)
{
    switch (key) {
    case KEY_PORT:
        return take_number(text, 1, 65535, &load->asking.port) ? 0 : EINVAL;
    case KEY_COUNT:
        return take_number(text, 1, CONNECTIONS_MAX, &load->connections) ? 0 : EINVAL;
    case KEY_STREAMS:
        return take_number(text, 1, STREAMS_MAX, &load->streams) ? 0 : EINVAL;
    case KEY_SECONDS:
        return take_number(text, 1, 3600, &load->seconds) ? 0 : EINVAL;
    case KEY_WARM:
        return take_number(text, 0, 3600, &load->warm_seconds) ? 0 : EINVAL;
    case KEY_SERVER:
        return share_parse(text, &load->server) ? 0 : EINVAL;
    case KEY_CORE:
        return take_number(text, 0, 1023, &load->server.core) ? 0 : EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t take_option(int key, char *text, struct argp_state *state)
{
    struct load *load = state->input;
    const char **const texts[] = {&load->asking.ca,   &load->asking.certificate, &load->asking.key,
                                  &load->asking.path, &load->codes_path,         &load->asking.expected};
    error_t outcome;

    if (key >= KEY_CA && key <= KEY_EXPECT) {
        *texts[key - KEY_CA] = text;
        return 0;
    }
    outcome = take_numbered(load, key, text);
    if (outcome == EINVAL)
        argp_error(state, "not a number that fits: %s", text);
    return outcome;
}

/* xorshift64*: which code is asked next need only be spread, not secret. */
static const char *random_code(struct load *load)
{
    static uint64_t state = 88172645463325252U;
    size_t count = load->codes.bytes / (ASKING_CODE_BYTES + 1);

    if (count == 0)
        return NULL;
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return load->codes.data + (state * 2685821657736338717U >> 32) % count * (ASKING_CODE_BYTES + 1);
}

static void count_answer(void *context, int64_t asked_ns, size_t body_bytes)
{
    struct load *load = context;
    int64_t now = asking_now_ns();
    uint64_t step = (uint64_t)(now - asked_ns) / STEP_NS;

    if (now < load->begin_ns || now >= load->end_ns)
        return;
    load->answers++;
    load->answer_bytes += body_bytes;
    load->counts[step < STEPS ? step : STEPS - 1]++;
}

static bool ask(struct load *load, struct connection *connection, struct error *err)
{
    connection->asked_ns = asking_now_ns();
    return connection_ask(connection, &load->asking, random_code(load), err);
}

static bool serve_plain(struct load *load, struct connection *connection, struct error *err)
{
    enum answer_state state;

    if (!connection_read(connection, &load->asking, &state, err))
        return false;
    if (state == ANSWER_PARTIAL)
        return true;
    count_answer(load, connection->asked_ns, connection->body_bytes);
    return ask(load, connection, err);
}

static bool serve(struct load *load, size_t place, struct error *err)
{
    return load->streamed ? connection2_serve(load->streamed[place], err) : serve_plain(load, &load->plain[place], err);
}

static bool loop(struct load *load, struct error *err)
{
    struct epoll_event events[EVENTS];

    while (asking_now_ns() < load->end_ns) {
        int count = epoll_wait(load->epoll_fd, events, EVENTS, QUIET_MS);

        if (count <= 0)
            return fail(err, ERR_TIMEOUT, "no answer for %d ms", QUIET_MS);
        for (int i = 0; i < count; i++) {
            if (!serve(load, (size_t)events[i].data.u64, err))
                return false;
        }
    }
    return true;
}

/* In microseconds. */
static double percentile(const struct load *load, double share)
{
    uint64_t below = 0;
    size_t step = 0;

    while (step < STEPS - 1 && (double)(below += load->counts[step]) < share * (double)load->answers)
        step++;
    return ((double)step + 0.5) * STEP_NS / 1000;
}

/* A core of its own is promised: what others took of it is taken out. */
static void print_result(const struct load *load, double busy, double lost_s)
{
    printf("{\"requests\": %llu, \"per_second\": %.0f, \"p50_us\": %.0f, \"p99_us\": %.0f, \"answer_bytes\": %.0f, "
           "\"core_busy\": %.2f, \"lost_s\": %.2f}\n",
           (unsigned long long)load->answers, (double)load->answers / ((double)load->seconds - lost_s),
           percentile(load, 0.5), percentile(load, 0.99), (double)load->answer_bytes / (double)load->answers, busy,
           lost_s);
}

static const char *next_code(void *context)
{
    return random_code(context);
}

/* The connection at `place`; *fd gets its descriptor. */
static bool open_one(struct load *load, const struct asking2_load *of, size_t place, int *fd, struct error *err)
{
    if (load->streamed) {
        if (!connection2_open(&load->asking, of, load->streams, &load->streamed[place], err))
            return false;
        *fd = connection2_fd(load->streamed[place]);
        return true;
    }
    if (!connection_open(&load->plain[place], &load->asking, err))
        return false;
    *fd = load->plain[place].fd;
    return true;
}

static bool start(struct load *load, const struct asking2_load *of, struct error *err)
{
    load->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    for (long i = 0; i < load->connections; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)i};
        int fd;

        if (!open_one(load, of, (size_t)i, &fd, err) || epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
            return fail_in(err, "connection %ld", i);
    }
    load->begin_ns = asking_now_ns() + load->warm_seconds * 1000000000;
    load->end_ns = load->begin_ns;
    for (long i = 0; load->plain && i < load->connections; i++) {
        if (!ask(load, &load->plain[i], err))
            return false;
    }
    return true;
}

static bool measure(struct load *load, struct error *err)
{
    const struct asking2_load of = {next_code, count_answer, load};
    struct share before, after;

    if (!start(load, &of, err) || !loop(load, err))
        return false;
    load->end_ns += load->seconds * 1000000000;
    if (!share_take(&load->server, &before, err) || !loop(load, err) || !share_take(&load->server, &after, err))
        return false;
    if (load->answers == 0)
        return fail(err, ERR_TIMEOUT, "no answer at all");
    print_result(load, share_busy(&before, &after), share_lost_s(&before, &after));
    return true;
}

static void close_all(struct load *load)
{
    for (long i = 0; i < load->connections; i++) {
        if (load->streamed)
            connection2_close(load->streamed[i]);
        else
            connection_close(&load->plain[i]);
    }
    free(load->streamed);
    free(load->plain);
}

static bool run(struct load *load, struct error *err)
{
    size_t count = (size_t)load->connections;
    bool is_good;

    load->asking.is_http2 = load->streams > 0;
    if (load->streams > 0)
        load->streamed = memory_new(count * sizeof(struct connection2 *));
    else
        load->plain = memory_new(count * sizeof *load->plain);
    is_good = (!load->codes_path || file_read(load->codes_path, CODES_BYTES_MAX, &load->codes, err)) &&
              asking_begin(&load->asking, err) && measure(load, err);
    close_all(load);
    asking_end(&load->asking);
    buf_done(&load->codes);
    return is_good;
}

int main(int argc, char **argv)
{
    static const struct argp ARGP = {OPTIONS, take_option, NULL, NULL, NULL, NULL, NULL};
    struct load load = {.connections = 64, .seconds = 5, .warm_seconds = 1};
    struct error err = {.code = ERR_NONE};
    bool is_good;

    argp_parse(&ARGP, argc, argv, 0, NULL, &load);
    if (!load.asking.port || !load.asking.path || !load.asking.ca) {
        fprintf(stderr, "tool_load: --port, --ca and --path are needed\n");
        return 2;
    }
    load.counts = memory_new(STEPS * sizeof *load.counts);
    is_good = run(&load, &err);
    if (!is_good)
        fprintf(stderr, "tool_load: %s\n", err.text);
    free(load.counts);
    return is_good ? 0 : 1;
}
