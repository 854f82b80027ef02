#include "gateway/courier/destination.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/courier/courier.h"

void destination_init(struct destination *destination, const struct courier_channel *channel)
{
    *destination = (struct destination){.channel = channel, .last = ENDING_COUNT, .wants_early = true};
    destination->pace = (struct policy_pace){
        .retry_first_ms = channel->retry_first_ms > 0 ? channel->retry_first_ms : 1,
        .retry_max_ms = channel->retry_max_ms,
        .poll_ms = channel->poll_ms > 0 ? channel->poll_ms : 1,
    };
    destination_forget(destination);
}

void destination_done(struct destination *destination)
{
    free(destination->early);
    destination->early = NULL;
    explicit_bzero(&destination->secret, sizeof destination->secret);
}

/* --- the secret --- */

/* A request signed now must still be read in time. */
enum { SECRET_MARGIN_MS = 10000 };

bool destination_has_secret(const struct destination *destination)
{
    return destination->secret.count > 0 && destination->wall_ms + SECRET_MARGIN_MS < destination->secret.until_ms;
}

void destination_take_secret(struct destination *destination, const struct adapter_secret *secret, int64_t now_ms,
                             uint32_t dice)
{
    const struct policy_pace *pace = &destination->pace;

    if (!secret) {
        destination->key_ms =
            now_ms + policy_delay_ms(pace->retry_first_ms, pace->retry_max_ms, ++destination->key_failures, dice);
        return;
    }
    destination->secret = *secret;
    destination->secret_serial++;
    destination->key_failures = 0;
    /* One that ends at once would be asked for again and again. */
    destination->key_ms = destination_has_secret(destination) ? 0 : now_ms + pace->retry_first_ms;
}

void destination_refuse_secret(struct destination *destination, uint32_t serial)
{
    if (destination->secret.count == 0 || destination->secret_serial != serial)
        return;
    explicit_bzero(&destination->secret, sizeof destination->secret);
    destination->renewals++;
}

void destination_forget(struct destination *destination)
{
    unsigned limit = destination->channel->concurrency;

    throttle_init(&destination->throttle, limit < COURIER_CONCURRENCY_MAX ? limit : COURIER_CONCURRENCY_MAX);
    destination->last = ENDING_COUNT;
    destination->streak = 0;
    destination->failures = 0;
    destination->lone_refusals = 0;
    destination->early_count = 0;
    explicit_bzero(&destination->secret, sizeof destination->secret);
    destination->renewals = 0;
    destination->key_failures = 0;
    destination->key_ms = 0;
    destination->sign_ms = 0;
    destination->sign_failures = 0;
}

void destination_count(struct destination *destination, enum policy_ending ending, bool is_failure)
{
    destination->streak = ending == destination->last ? destination->streak + 1 : 1;
    destination->last = ending;
    destination->taken_names += ending == ENDING_OTHER_CONTENT;
    destination->failures = is_failure ? destination->failures + 1 : 0;
}

static void learn_failure(struct destination *destination, int64_t now_ms, uint32_t dice)
{
    const struct policy_pace *pace = &destination->pace;
    int64_t most_ms = pace->retry_max_ms < POLICY_PROBE_MAX_MS ? pace->retry_max_ms : POLICY_PROBE_MAX_MS;
    int64_t delay_ms = policy_delay_ms(pace->retry_first_ms, most_ms, throttle_deaths(&destination->throttle), dice);

    throttle_failure(&destination->throttle, now_ms, delay_ms);
}

void destination_learn(struct destination *destination, const struct policy_verdict *verdict, int64_t retry_after_ms,
                       int64_t now_ms, uint32_t dice)
{
    if (verdict->action == ACTION_REFUSE_ROW)
        destination->lone_refusals++;
    else if (verdict->ending == ENDING_ACCEPTED ||
             (destination->channel->adapter->settles_at_once && verdict->ending == ENDING_OUTCOMES))
        destination->lone_refusals = destination->taken_names = 0;
    switch (verdict->blame) {
    case BLAME_NOBODY:
    case BLAME_ROW:
        if (verdict->ending != ENDING_EXPIRED && verdict->ending != ENDING_KEY_GIVEN)
            destination->renewals = 0;
        destination->wants_early |= throttle_success(&destination->throttle);
        break;
    case BLAME_DESTINATION:
        learn_failure(destination, now_ms, dice);
        break;
    case BLAME_SETUP:
        break;
    }
    if (retry_after_ms > 0)
        throttle_close_until(&destination->throttle, now_ms + retry_after_ms);
}
