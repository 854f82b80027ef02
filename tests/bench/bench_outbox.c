/* An outbox in which a million deliveries wait, beside one with ten thousand: how long it takes to pick the next one,
 * what the courier needs to start and to hold, and how long another channel's delivery is on its way meanwhile. The
 * channel that everything waits for is dead: nobody listens there. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/text.h"
#include "gateway/command/ledger.h"
#include "gateway/courier/shipment.h"
#include "gateway/journal/journal.h"
#include "keys/digest.h"
#include "tests/bench/share.h"
#include "tests/bench/telling.h"
#include "tests/bench/waiting.h"
#include "tests/support/support.h"

enum {
    FEW = 10000,
    MANY = 1000000,
    PICKS = 2000,
    GATHERS = 20,
    OTHERS = 60, /* deliveries of the other channel, a round */
    OTHERS_FROM = 5000000,
    ROUNDS = 3,
    STARTS = 3,
    RESIDENT_MS = 3000,
    PATIENCE_MS = 20000,
    BASE_BYTES = 64
};
static const double PROMISED_PICK_US = 100;
static const double PROMISED_START_MS = 1000;

#define DEAD CHANNEL_CREDIT_GUANGDONG
#define ALIVE CHANNEL_NATIONAL_PLATFORM

struct measured {
    double pick_us;
    double gather_us; /* a row */
    double start_ms;
    double mib;
    double other_ms;
};

struct bench {
    struct waiting *waiting;
    const char *path; /* of the store */
    char dead[BASE_BYTES];
    char alive[BASE_BYTES];
    int wake_fd;
};

static double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}

/* --- picking --- */

static bool emit(struct ledger *ledger, const char *type, const struct buf *data, struct error *err)
{
    return ledger_emit(ledger, "bench", type, buf_span(data), NULL, err);
}

/* It is delivered: what is picked next is another one, on pages that were just written. */
static bool take_away(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    AUTO(buf_done) struct buf id = BUF_INIT, prepared = BUF_INIT, received = BUF_INIT, settled = BUF_INIT;
    const uint64_t *number = context;
    unsigned long long delivery = *number;
    uint8_t raw[16];

    random_bytes(raw, sizeof raw);
    hex_add(&id, raw, sizeof raw);
    buf_addf(&prepared, "{\"call\":\"%s\",\"channel\":\"%s\",\"deliveries\":[%llu],\"due_ms\":0,\"request\":{}}",
             id.data, CHANNEL_NAMES[DEAD], delivery);
    buf_addf(&received, "{\"call\":\"%s\",\"due_ms\":0}", id.data);
    buf_addf(&settled,
             "{\"call\":\"%s\",\"outcomes\":[{\"code\":\"0\",\"delivery\":%llu,\"message\":\"\",\"result\":"
             "\"acknowledged\"}]}",
             id.data, delivery);
    return ledger_new(txn, &CLOCK_SYSTEM, &ledger, err) && emit(ledger, "call.prepared", &prepared, err) &&
           emit(ledger, "call.received", &received, err) && emit(ledger, "delivery.settled", &settled, err) &&
           ledger_finish(ledger, err);
}

/* As the courier does it: a look at the store as it is now, is anything due, which is the first, what is it. */
static bool pick(struct store *store, uint64_t *number, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct delivery delivery;
    int64_t now_ms = clock_now_ms(&CLOCK_SYSTEM);

    if (!store_begin(store, STORE_READ, &txn, err))
        return false;
    return (outbox_next_due_ms(txn, DEAD) <= now_ms && outbox_due(txn, DEAD, now_ms, number, 1) == 1 &&
            outbox_find(txn, *number, &delivery, err)) ||
           fail(err, ERR_INTERNAL, "nothing is due");
}

static bool measure_picks(struct store *store, double *us, struct error *err)
{
    double *all = memory_new(PICKS * sizeof *all);
    bool is_good = true;

    for (size_t i = 0; is_good && i < PICKS; i++) {
        double before = now_us();
        uint64_t number;

        is_good = pick(store, &number, err);
        all[i] = now_us() - before;
        is_good = is_good && store_write(store, take_away, &number, err);
    }
    *us = median(all, PICKS);
    free(all);
    return is_good;
}

/* The rows of one whole call. */
static bool measure_gathers(const struct bench *bench, struct store *store, double *us_a_row, struct error *err)
{
    struct adapter_config config;
    struct courier_channel channel = waiting_channel(bench->waiting, DEAD, bench->dead, &config);
    double all[GATHERS];

    for (size_t i = 0; i < GATHERS; i++) {
        AUTO(shipment_free) struct shipment *shipment = NULL;
        AUTO(store_abort) struct store_txn *txn = NULL;
        double before = now_us();
        size_t count;

        if (!store_begin(store, STORE_READ, &txn, err) ||
            !shipments_gather(txn, &channel, clock_now_ms(&CLOCK_SYSTEM), 1, &shipment, &count, err))
            return false;
        if (count != 1)
            return fail(err, ERR_INTERNAL, "no call can be made");
        all[i] = (now_us() - before) / (double)shipment->count;
    }
    *us_a_row = median(all, GATHERS);
    return true;
}

static bool measure_store(const struct bench *bench, struct measured *out, struct error *err)
{
    AUTO(store_close) struct store *store = NULL;

    return store_open(bench->path, &(struct store_options){.is_scratch = true}, &store, err) &&
           measure_picks(store, &out->pick_us, err) && measure_gathers(bench, store, &out->gather_us, err);
}

/* --- the courier, in a process of its own --- */

static bool courier_work(const struct bench *bench, struct error *err)
{
    AUTO(store_close) struct store *store = NULL;
    AUTO(signer_free) struct signer *signer = NULL;
    struct adapter_config configs[2];
    struct courier_channel channels[] = {waiting_channel(bench->waiting, DEAD, bench->dead, &configs[0]),
                                         waiting_channel(bench->waiting, ALIVE, bench->alive, &configs[1])};
    struct courier_options options = {
        .clock = &CLOCK_SYSTEM, .channels = channels, .channel_count = COUNT_OF(channels), .wake_fd = bench->wake_fd};

    if (!store_open(bench->path, &(struct store_options){.map_bytes = 0}, &store, err) ||
        !signer_new_local(bench->waiting->keyring, &signer, err))
        return false;
    options.store = store;
    options.signer = signer;
    return courier_run(&options, eventfd(0, EFD_CLOEXEC), err);
}

static pid_t courier_start(const struct bench *bench)
{
    pid_t child = fork();
    struct error err;

    if (child != 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!courier_work(bench, &err))
        fprintf(stderr, "courier: %s\n", err.text);
    _exit(1);
}

static void courier_kill(pid_t courier)
{
    kill(courier, SIGKILL);
    waitpid(courier, NULL, 0);
}

static bool listen_anywhere(int *fd, uint16_t *port, struct error *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;

    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0 || bind(*fd, (struct sockaddr *)&address, bytes) != 0 || listen(*fd, 8) != 0 ||
        getsockname(*fd, (struct sockaddr *)&address, &bytes) != 0)
        return fail(err, ERR_IO, "a port: %s", strerrordesc_np(errno));
    *port = ntohs(address.sin_port);
    return true;
}

/* From nothing to the first connection, which comes after the first call is durable. */
static bool start_once(struct bench *bench, double *ms, struct error *err)
{
    AUTO(file_close) int fd = -1;
    char dead[BASE_BYTES];
    struct pollfd wanted;
    double before;
    uint16_t port;
    pid_t courier;
    bool is_good;

    if (!listen_anywhere(&fd, &port, err))
        return false;
    memcpy(dead, bench->dead, sizeof dead);
    snprintf(bench->dead, sizeof bench->dead, "https://127.0.0.1:%u/gd", port);
    wanted = (struct pollfd){fd, POLLIN, 0};
    before = now_us();
    courier = courier_start(bench);
    is_good = poll(&wanted, 1, PATIENCE_MS) == 1 || fail(err, ERR_TIMEOUT, "the courier sends nothing");
    *ms = (now_us() - before) / 1000;
    courier_kill(courier);
    memcpy(bench->dead, dead, sizeof dead);
    return is_good;
}

static bool measure_start(struct bench *bench, double *ms, struct error *err)
{
    double all[STARTS];

    for (size_t i = 0; i < STARTS; i++) {
        if (!start_once(bench, &all[i], err))
            return false;
    }
    *ms = median(all, STARTS);
    return true;
}

static void measure_memory(const struct bench *bench, double *mib)
{
    static const struct timespec PAUSE = {0, 20 * 1000000L};
    int64_t until_ms = time_monotonic_ms() + RESIDENT_MS;
    pid_t courier = courier_start(bench);

    *mib = 0;
    while (time_monotonic_ms() < until_ms) {
        double now = share_anonymous_mib(courier);

        *mib = now > *mib ? now : *mib;
        nanosleep(&PAUSE, NULL);
    }
    courier_kill(courier);
}

/* --- another channel --- */

static bool await_acknowledged(struct store *store, uint64_t number, double *ms, struct error *err)
{
    static const struct timespec PAUSE = {0, 1000000L};
    int64_t until_ms = time_monotonic_ms() + PATIENCE_MS;

    while (time_monotonic_ms() < until_ms) {
        AUTO(store_abort) struct store_txn *txn = NULL;
        struct delivery delivery;

        if (!store_begin(store, STORE_READ, &txn, err) || !outbox_find(txn, number, &delivery, err))
            return false;
        *ms = (double)(delivery.changed_ms - delivery.queued_ms);
        if (delivery.state == DELIVERY_ACKNOWLEDGED)
            return true;
        store_abort(TAKE(txn));
        nanosleep(&PAUSE, NULL);
    }
    return fail(err, ERR_TIMEOUT, "the other channel's delivery does not arrive");
}

static bool send_other(const struct bench *bench, struct store *store, uint32_t which, double *ms, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct delivery delivery;
    char record[24];
    uint64_t one = 1;

    if (!waiting_fill(bench->waiting, store, ALIVE, which, 1, err))
        return false;
    if (write(bench->wake_fd, &one, sizeof one) != (ssize_t)sizeof one)
        return fail(err, ERR_IO, "eventfd: %s", strerrordesc_np(errno));
    if (!store_begin(store, STORE_READ, &txn, err))
        return false;
    snprintf(record, sizeof record, "R%020u", which);
    if (!outbox_of_version(txn, ALIVE, record, 1, &delivery))
        return fail(err, ERR_INTERNAL, "it was not queued");
    store_abort(TAKE(txn));
    return await_acknowledged(store, delivery.number, ms, err);
}

/* Instants have whole milliseconds, so the middle half is averaged. */
static double middle_mean(double *values, size_t count)
{
    const size_t quarter = count / 4;
    const size_t middle = count - 2 * quarter;
    double sum = 0;

    qsort(values, count, sizeof *values, compare);
    for (size_t i = quarter; i < quarter + middle; i++)
        sum += values[i];
    return sum / (double)middle;
}

static bool measure_other(const struct bench *bench, uint32_t first, double *ms, struct error *err)
{
    AUTO(store_close) struct store *store = NULL;
    pid_t courier = courier_start(bench);
    double all[OTHERS];
    bool is_good = store_open(bench->path, &(struct store_options){.map_bytes = 0}, &store, err);

    for (uint32_t i = 0; is_good && i < OTHERS; i++)
        is_good = send_other(bench, store, first + i, &all[i], err);
    courier_kill(courier);
    if (is_good)
        *ms = middle_mean(all, OTHERS);
    return is_good;
}

/* --- all of it --- */

static bool fill(const struct bench *bench, uint32_t count, struct error *err)
{
    AUTO(store_close) struct store *store = NULL;

    return store_open(bench->path, &(struct store_options){.creates = true, .is_scratch = true}, &store, err) &&
           waiting_fill(bench->waiting, store, DEAD, 0, count, err);
}

/* In a process of its own: what it leaves in memory would be inherited by the couriers. */
static bool fill_apart(const struct bench *bench, uint32_t count, struct error *err)
{
    int64_t before = time_monotonic_ms();
    pid_t child = fork();
    int status = -1;

    if (child == 0) {
        bool is_good = fill(bench, count, err);

        if (!is_good)
            fprintf(stderr, "filling: %s\n", err->text);
        _exit(is_good ? 0 : 1);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        return fail(err, ERR_INTERNAL, "%s could not be filled", bench->path);
    fprintf(stderr, "  %u deliveries wait, after %.1f s\n", count, (double)(time_monotonic_ms() - before) / 1000);
    return true;
}

static bool measure_courier(struct bench *bench, struct measured *out, struct error *err)
{
    if (!measure_start(bench, &out->start_ms, err))
        return false;
    measure_memory(bench, &out->mib);
    return true;
}

/* By turns, so that what else happens on the machine happens to both. */
static bool measure_others(struct bench *few, struct bench *many, struct measured *results, struct error *err)
{
    double all[2][ROUNDS];
    uint32_t first = OTHERS_FROM;

    for (size_t i = 0; i < ROUNDS; i++) {
        if (!measure_other(few, first, &all[0][i], err) || !measure_other(many, first, &all[1][i], err))
            return false;
        first += OTHERS;
    }
    results[0].other_ms = median(all[0], ROUNDS);
    results[1].other_ms = median(all[1], ROUNDS);
    return true;
}

static bool measure(struct bench *benches, struct measured *results, struct error *err)
{
    static const uint32_t COUNTS[] = {FEW, MANY};

    for (size_t i = 0; i < COUNT_OF(COUNTS); i++) {
        if (!fill_apart(&benches[i], COUNTS[i], err))
            return false;
    }
    for (size_t i = 0; i < COUNT_OF(COUNTS); i++) {
        if (!measure_courier(&benches[i], &results[i], err))
            return false;
    }
    if (!measure_others(&benches[0], &benches[1], results, err))
        return false;
    for (size_t i = 0; i < COUNT_OF(COUNTS); i++) {
        if (!measure_store(&benches[i], &results[i], err))
            return false;
    }
    return true;
}

static void tell_all(const struct measured *few, const struct measured *many)
{
    const struct telling TELLINGS[] = {
        {"outbox-pick", many->pick_us, PROMISED_PICK_US, "us", PROMISED_PICK_US / many->pick_us, 1, "promised at most"},
        {"outbox-growth", many->pick_us, few->pick_us, "us", few->pick_us / many->pick_us, 0.5, "with 10,000 waiting"},
        {"outbox-gather", many->gather_us, few->gather_us, "us/row", few->gather_us / many->gather_us, 0,
         "with 10,000 waiting"},
        {"outbox-start", many->start_ms, PROMISED_START_MS, "ms", PROMISED_START_MS / many->start_ms, 1,
         "promised at most"},
        {"outbox-memory", many->mib, few->mib, "MiB", few->mib / many->mib, 0.8, "with 10,000 waiting"},
        {"outbox-other", many->other_ms, few->other_ms, "ms", few->other_ms / many->other_ms, 0.8,
         "with 10,000 waiting"},
    };

    for (size_t i = 0; i < COUNT_OF(TELLINGS); i++)
        tell(&TELLINGS[i]);
}

static bool run(const char *folder, struct error *err)
{
    AUTO(text_free) char *few_path = path_join(folder, "few");
    AUTO(text_free) char *many_path = path_join(folder, "many");
    struct waiting waiting;
    struct bench benches[2] = {{.waiting = &waiting, .path = few_path, .dead = "https://127.0.0.1:1/gd"},
                               {.waiting = &waiting, .path = many_path, .dead = "https://127.0.0.1:1/gd"}};
    struct measured results[2];
    long platform = 0;
    uint16_t port = 0;
    bool is_good;

    if (!waiting_open(folder, &waiting, err))
        return false;
    is_good = waiting_platform(&waiting, &platform, &port, err);
    for (size_t i = 0; i < COUNT_OF(benches); i++) {
        benches[i].wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        snprintf(benches[i].alive, sizeof benches[i].alive, "https://127.0.0.1:%u/gd", port);
    }
    is_good = is_good && measure(benches, results, err);
    if (platform > 0)
        courier_kill((pid_t)platform);
    waiting_done(&waiting);
    if (is_good)
        tell_all(&results[0], &results[1]);
    return is_good;
}

int main(void)
{
    char folder[TEST_PATH_BYTES];
    struct error err;
    bool is_good;

    test_folder_new(folder);
    is_good = run(folder, &err);
    test_folder_remove(folder);
    if (!is_good)
        fprintf(stderr, "bench_outbox: %s\n", err.text);
    return is_good ? 0 : 1;
}
