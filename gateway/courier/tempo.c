#include "gateway/courier/tempo.h"

int64_t tempo_now(struct tempo *tempo, int64_t wall_ms, int64_t monotonic_ms)
{
    int64_t expected_ms = tempo->now_ms + (monotonic_ms - tempo->monotonic_ms);

    tempo->now_ms = tempo->now_ms == 0 || wall_ms >= expected_ms - TEMPO_SLACK_MS ? wall_ms : expected_ms;
    tempo->monotonic_ms = monotonic_ms;
    return tempo->now_ms;
}

bool tempo_is_moved(int64_t wall_ms, int64_t monotonic_ms, int64_t later_wall_ms, int64_t later_monotonic_ms)
{
    int64_t moved_ms = (later_wall_ms - wall_ms) - (later_monotonic_ms - monotonic_ms);

    return moved_ms > TEMPO_SLACK_MS || moved_ms < -TEMPO_SLACK_MS;
}

int64_t tempo_raise(struct tempo *tempo, int64_t seen_ms)
{
    if (seen_ms > tempo->now_ms)
        tempo->now_ms = seen_ms;
    return tempo->now_ms;
}
