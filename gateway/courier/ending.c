#include "gateway/courier/ending.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/layout.h"
#include "base/text.h"
#include "gateway/courier/tempo.h"
#include "keys/digest.h"

void ending_free(struct ending *ending)
{
    if (!ending)
        return;
    shipment_free(ending->shipment);
    adapter_result_done(&ending->result);
    buf_done(&ending->body);
    free(ending);
}

/* --- what came of it --- */

static struct ending *ending_new(struct destination *destination, struct shipment *shipment, enum adapter_step step,
                                 enum policy_net net)
{
    struct ending *ending = memory_new(sizeof *ending);

    ending->destination = destination;
    ending->shipment = shipment;
    ending->attempt = (struct policy_attempt){.step = step,
                                              .net = net,
                                              .settles_at_once = destination->channel->adapter->settles_at_once,
                                              .was_received = shipment && shipment->state == CALL_RECEIVED,
                                              .retry_after_ms = -1};
    random_bytes(&ending->dice, sizeof ending->dice);
    return ending;
}

/* Count it and keep the counts as they are with it. */
static void count(struct ending *ending)
{
    struct policy_attempt *attempt = &ending->attempt;
    struct destination *destination = ending->destination;
    struct policy_verdict foreseen;

    policy_decide(attempt, &destination->pace, 0, &foreseen);
    destination_count(destination, foreseen.ending,
                      foreseen.blame == BLAME_DESTINATION || foreseen.blame == BLAME_SETUP);
    attempt->streak = destination->streak;
    attempt->failures = destination->failures;
    attempt->lone_refusals = destination->lone_refusals;
    attempt->taken_names = destination->taken_names;
    attempt->is_alive = throttle_is_alive(&destination->throttle);
}

/* The secret goes to the destination and nowhere else. */
static void read_key(struct ending *ending, int64_t now_ms)
{
    struct destination *destination = ending->destination;
    struct adapter_secret secret = {.count = 0};

    destination->channel->adapter->key(destination->channel->config, destination->wall_ms, ending->attempt.status,
                                       buf_span(&ending->body), &secret, &ending->result);
    if (ending->result.ending == ADAPTER_KEY_GIVEN)
        destination_take_secret(destination, &secret, now_ms, ending->dice);
    explicit_bzero(&secret, sizeof secret);
}

/* What the protocol leaves open about codes is decided by the layout. */
static void read_reply(struct ending *ending)
{
    const struct shipment *shipment = ending->shipment;
    const struct courier_channel *channel = shipment->channel;

    channel->adapter->reply(&shipment->call, ending->attempt.step, ending->attempt.status, buf_span(&ending->body),
                            &ending->result);
    for (size_t i = 0; channel->config->layout && i < ending->result.outcome_count; i++)
        layout_judge(channel->config->layout, &ending->result.outcomes[i]);
}

static void read_answer(struct ending *ending, const char *retry_after, int64_t now_ms)
{
    struct policy_attempt *attempt = &ending->attempt;

    if (attempt->step == ADAPTER_KEY)
        read_key(ending, now_ms);
    else
        read_reply(ending);
    attempt->answer = ending->result.ending;
    attempt->retry_after_ms = policy_retry_after_ms(span_of(retry_after), ending->destination->wall_ms);
}

struct ending *ending_of_transfer(struct transfer *transfer, int64_t now_ms)
{
    struct ending *ending = ending_new(transfer->destination, TAKE(transfer->shipment), transfer->step, transfer->net);

    ending->body = transfer->body;
    transfer->body = BUF_INIT;
    ending->attempt.status = transfer->status;
    ending->attempt.is_clock_moved = tempo_is_moved(transfer->wall_ms, transfer->monotonic_ms,
                                                    ending->destination->wall_ms, ending->destination->monotonic_ms);
    memcpy(ending->words, transfer->words, sizeof ending->words);
    if (transfer->net == NET_ANSWERED)
        read_answer(ending, transfer->retry_after, now_ms);
    if (transfer->step == ADAPTER_KEY && ending->result.ending != ADAPTER_KEY_GIVEN)
        destination_take_secret(ending->destination, NULL, now_ms, ending->dice);
    if (policy_ending(&ending->attempt) == ENDING_EXPIRED)
        destination_refuse_secret(ending->destination, transfer->secret_serial);
    ending->attempt.renewals = ending->destination->renewals;
    /* It would be sent again with the same bytes: when they cannot be made, its rows must go anew. */
    if (policy_ending(&ending->attempt) == ENDING_UNKNOWN_TASK && transfer->step == ADAPTER_DOUBT &&
        ending->shipment->is_unmakeable)
        ending->attempt.net = NET_UNMAKEABLE;
    count(ending);
    return ending;
}

bool ending_goes_on(const struct ending *ending)
{
    enum policy_ending kind = policy_ending(&ending->attempt);

    return (kind == ENDING_NEXT && ending->shipment) || (kind == ENDING_KEY_GIVEN && !ending->shipment);
}

struct ending *ending_of_trouble(struct destination *destination, struct shipment *shipment, enum adapter_step step,
                                 enum policy_net net, const char *words)
{
    struct ending *ending = ending_new(destination, shipment, step, net);

    transfer_words_copy(words, ending->words);
    count(ending);
    return ending;
}
