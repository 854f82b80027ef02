#include "gateway/courier/courier.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "gateway/courier/loop.h"

/* The signer may be starting anew, but transfers must not wait for it long. */
enum { SIGNER_PATIENCE_MS = 2000, SIGNER_PATIENCE_TRIES = 1, DRAIN_BYTES = 64 };

void courier_add_ending(struct courier *courier, struct ending *ending)
{
    *courier->endings_end = ending;
    courier->endings_end = &ending->next;
}

static bool courier_begin(struct courier *courier, const struct courier_options *options, struct error *err)
{
    size_t connections = 0;

    /* OpenSSL writes to connections that the other side has closed, and libcurl leaves signals alone (NOSIGNAL). */
    signal(SIGPIPE, SIG_IGN);
    courier->options = options;
    courier->endings_end = &courier->endings;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return fail(err, ERR_INTERNAL, "libcurl cannot be used");
    courier->multi = curl_multi_init();
    if (!courier->multi)
        return fail(err, ERR_INTERNAL, "libcurl: no handle");
    courier->destinations = memory_new((options->channel_count + 1) * sizeof *courier->destinations);
    courier->starts = memory_new((options->channel_count + 1) * COURIER_CONCURRENCY_MAX * sizeof *courier->starts);
    for (size_t i = 0; i < options->channel_count; i++) {
        destination_init(&courier->destinations[courier->count++], &options->channels[i]);
        connections += courier->destinations[i].throttle.limit;
    }
    if (curl_multi_setopt(courier->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING) != CURLM_OK ||
        curl_multi_setopt(courier->multi, CURLMOPT_MAXCONNECTS, (long)connections + 1) != CURLM_OK)
        return fail(err, ERR_INTERNAL, "libcurl: an option is not known");
    signer_set_patience(options->signer, SIGNER_PATIENCE_MS, SIGNER_PATIENCE_TRIES);
    return true;
}

static void courier_done(struct courier *courier)
{
    while (courier->transfers) {
        struct transfer *transfer = courier->transfers;

        courier->transfers = transfer->next;
        transfer_break_off(courier->multi, transfer, "");
        transfer_free(transfer);
    }
    while (courier->endings) {
        struct ending *ending = courier->endings;

        courier->endings = ending->next;
        ending_free(ending);
    }
    for (size_t i = 0; i < courier->start_count; i++)
        shipment_free(courier->starts[i].shipment);
    for (size_t i = 0; i < courier->count; i++)
        destination_done(&courier->destinations[i]);
    free(courier->destinations);
    free(courier->starts);
    if (courier->multi)
        (void)curl_multi_cleanup(courier->multi);
}
DEFINE_AUTO_IN_PLACE(struct courier, courier_done)

/* --- transfers --- */

static void unlink_transfer(struct courier *courier, struct transfer *transfer)
{
    struct transfer **at = &courier->transfers;

    while (*at && *at != transfer)
        at = &(*at)->next;
    if (*at)
        *at = transfer->next;
    transfer->destination->in_flight--;
}

/* The next step of the same call starts with this turn; a secret is with its destination already. */
static void go_on(struct courier *courier, struct ending *ending, int64_t now_ms)
{
    struct policy_verdict verdict;

    policy_decide(&ending->attempt, &ending->destination->pace, ending->dice, &verdict);
    destination_learn(ending->destination, &verdict, -1, now_ms, ending->dice);
    if (ending->shipment)
        courier->starts[courier->start_count++] =
            (struct start){ending->destination, TAKE(ending->shipment), ending->result.next, false, false};
    ending_free(ending);
}

static void take_ending(struct courier *courier, struct ending *ending, int64_t now_ms)
{
    if (ending_goes_on(ending))
        go_on(courier, ending, now_ms);
    else
        courier_add_ending(courier, ending);
}

static void take_ended(struct courier *courier, int64_t now_ms)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(courier->multi, &left)) != NULL) {
        CURLcode code = message->data.result;
        struct transfer *transfer;

        transfer = message->msg == CURLMSG_DONE ? transfer_of(message->easy_handle) : NULL;
        if (!transfer)
            continue;
        transfer_end(courier->multi, transfer, code);
        unlink_transfer(courier, transfer);
        take_ending(courier, ending_of_transfer(transfer, now_ms), now_ms);
        transfer_free(transfer);
    }
}

static void start_one(struct courier *courier, struct start *start)
{
    struct transfer *transfer = NULL;
    struct error why = {.code = ERR_NONE};

    struct destination *destination = start->destination;
    const struct transfer_order order = {.channel = destination->channel,
                                         .shipment = start->shipment,
                                         .step = start->step,
                                         .secret = start->step == ADAPTER_KEY ? NULL : &destination->secret,
                                         .now_ms = destination->wall_ms};

    if (!transfer_start(courier->multi, &order, &transfer, &why)) {
        courier_add_ending(courier, ending_of_trouble(start->destination, TAKE(start->shipment), start->step,
                                                      NET_OWN_FAULT, why.text));
        return;
    }
    transfer->destination = start->destination;
    transfer->secret_serial = destination->secret_serial;
    transfer->wall_ms = destination->wall_ms;
    transfer->monotonic_ms = destination->monotonic_ms;
    transfer->next = courier->transfers;
    courier->transfers = transfer;
    start->destination->in_flight++;
}

static void start_all(struct courier *courier)
{
    for (size_t i = 0; i < courier->start_count; i++)
        start_one(courier, &courier->starts[i]);
    courier->start_count = 0;
}

/* --- the turn --- */

static int64_t read_clocks(struct courier *courier)
{
    int64_t wall_ms = clock_now_ms(courier->options->clock);

    int64_t monotonic_ms = time_monotonic_ms();

    for (size_t i = 0; i < courier->count; i++) {
        courier->destinations[i].wall_ms = wall_ms;
        courier->destinations[i].monotonic_ms = monotonic_ms;
    }
    return tempo_now(&courier->tempo, wall_ms, monotonic_ms);
}

static bool drive(struct courier *courier, struct error *err)
{
    int running;
    CURLMcode code = curl_multi_perform(courier->multi, &running);

    return code == CURLM_OK || fail(err, ERR_INTERNAL, "libcurl: %s", curl_multi_strerror(code));
}

/* `begins`: may anything new start? `*is_busy`: there is more to do at once. */
static bool turn(struct courier *courier, bool begins, bool *is_busy, struct error *err)
{
    int64_t now_ms = read_clocks(courier);
    bool has_started;

    *is_busy = false;
    if (!drive(courier, err))
        return false;
    take_ended(courier, now_ms);
    if (now_ms < courier->store_ms)
        return true;
    if (begins && (!courier_doubt(courier, now_ms, err) || !courier_gather(courier, now_ms, err)))
        return courier_rests(courier, now_ms, err);
    *is_busy = courier->endings != NULL || courier->has_staged;
    if (!courier_write(courier, now_ms, err))
        return false;
    has_started = courier->start_count > 0;
    start_all(courier);
    *is_busy = courier->store_failures == 0 && (*is_busy || has_started || courier->endings);
    return true;
}

/* --- waiting --- */

static void drain(int fd)
{
    char bytes[DRAIN_BYTES];

    while (read(fd, bytes, sizeof bytes) > 0)
        continue;
}

static int wait_time_ms(struct courier *courier)
{
    int64_t most = courier->options->wake_fd >= 0 ? COURIER_IDLE_MS : COURIER_POLL_MS;
    int64_t until_ms = courier->store_failures > 0 ? courier->store_ms : courier->next_ms;
    int64_t wait_ms = until_ms == INT64_MAX ? most : until_ms - read_clocks(courier);

    return wait_ms < 0 ? 0 : wait_ms > most ? (int)most : (int)wait_ms;
}

/* `*is_stopping` becomes true when `stop_fd` is readable or hung up; then it is not waited for again. */
static bool wait_for_work(struct courier *courier, int stop_fd, int timeout_ms, bool *is_stopping, struct error *err)
{
    struct curl_waitfd fds[2];
    unsigned count = 0;
    CURLMcode code;

    if (!*is_stopping)
        fds[count++] = (struct curl_waitfd){.fd = stop_fd, .events = CURL_WAIT_POLLIN};
    if (courier->options->wake_fd >= 0)
        fds[count++] = (struct curl_waitfd){.fd = courier->options->wake_fd, .events = CURL_WAIT_POLLIN};
    code = curl_multi_poll(courier->multi, fds, count, timeout_ms, NULL);
    if (code != CURLM_OK)
        return fail(err, ERR_INTERNAL, "libcurl: %s", curl_multi_strerror(code));
    for (unsigned i = 0; i < count; i++) {
        if (fds[i].revents && fds[i].fd == stop_fd)
            *is_stopping = true;
        else if (fds[i].revents)
            drain(fds[i].fd);
    }
    return true;
}

/* What is still in flight is broken off: an upload is in doubt then, a question will be asked again. */
static void break_off_all(struct courier *courier, int64_t now_ms)
{
    while (courier->transfers) {
        struct transfer *transfer = courier->transfers;

        transfer_break_off(courier->multi, transfer, "stopped before the answer came");
        unlink_transfer(courier, transfer);
        if (transfer->step == ADAPTER_UPLOAD || transfer->step == ADAPTER_SECOND)
            courier_add_ending(courier, ending_of_transfer(transfer, now_ms));
        transfer_free(transfer);
    }
}

static bool stop_in_order(struct courier *courier, struct error *err)
{
    int64_t until_ms = time_monotonic_ms() + COURIER_STOP_MS;
    bool is_stopping = true;
    bool is_busy;

    while (courier->transfers && time_monotonic_ms() < until_ms) {
        int64_t left_ms = until_ms - time_monotonic_ms();

        if (!turn(courier, false, &is_busy, err) ||
            (courier->transfers && !wait_for_work(courier, -1, (int)(left_ms > 0 ? left_ms : 0), &is_stopping, err)))
            return false;
    }
    break_off_all(courier, read_clocks(courier));
    courier->store_ms = 0;
    return courier_write(courier, read_clocks(courier), err);
}

bool courier_run(const struct courier_options *options, int stop_fd, struct error *err)
{
    AUTO(courier_done) struct courier courier = {0};
    bool is_stopping = false;
    bool is_busy = true;

    if (!courier_begin(&courier, options, err))
        return fail_in(err, "courier");
    while (!is_stopping) {
        if (!turn(&courier, true, &is_busy, err) ||
            !wait_for_work(&courier, stop_fd, is_busy ? 0 : wait_time_ms(&courier), &is_stopping, err))
            return fail_in(err, "courier");
    }
    return stop_in_order(&courier, err) || fail_in(err, "courier");
}
