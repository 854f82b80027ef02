#include "gateway/accounts/lockout.h"

int64_t lockout_wait_ms(const struct lockout *lockout, int64_t now_ms)
{
    int64_t wait_ms = LOCKOUT_FIRST_MS;
    int64_t since_ms = now_ms - lockout->failed_ms;

    if (lockout->failures < LOCKOUT_FREE)
        return 0;
    for (uint32_t i = LOCKOUT_FREE; i < lockout->failures && wait_ms < LOCKOUT_MOST_MS; i++)
        wait_ms *= 2;
    if (wait_ms > LOCKOUT_MOST_MS)
        wait_ms = LOCKOUT_MOST_MS;
    if (since_ms < 0)
        since_ms = 0;
    return since_ms >= wait_ms ? 0 : wait_ms - since_ms;
}

void lockout_fail(struct lockout *lockout, int64_t now_ms)
{
    if (lockout->failures < UINT32_MAX)
        lockout->failures++;
    lockout->failed_ms = now_ms;
}

void lockout_forget(struct lockout *lockout)
{
    *lockout = (struct lockout){0, 0};
}
