#include "gateway/courier/destination.h"

#include <stdlib.h>

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
    destination->sign_ms = 0;
    destination->sign_failures = 0;
}

void destination_count(struct destination *destination, enum policy_ending ending, bool is_failure)
{
    destination->streak = ending == destination->last ? destination->streak + 1 : 1;
    destination->last = ending;
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
    else if (verdict->ending == ENDING_ACCEPTED)
        destination->lone_refusals = 0;
    switch (verdict->blame) {
    case BLAME_NOBODY:
    case BLAME_ROW:
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
