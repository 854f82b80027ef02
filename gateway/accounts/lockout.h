/* lockout.h - how long somebody has to wait after wrong passwords or codes.
 *
 * After LOCKOUT_FREE failures in a row every further one doubles the wait, from LOCKOUT_FIRST_MS up to LOCKOUT_MOST_MS,
 * so that guessing gets at most a few tries an hour; a success forgets them. Whoever knows a name can make its lock-out
 * run, but it is no weapon: it never lasts longer than LOCKOUT_MOST_MS, and a browser that the person signed in with
 * before is counted for itself (account.h), so the person passes where the guesser waits. (GB/T 22239-2019 8.1.4.1 b
 * wants failed sign-ins bounded.) Pure. */
#ifndef GATEWAY_ACCOUNTS_LOCKOUT_H
#define GATEWAY_ACCOUNTS_LOCKOUT_H

#include "base/base.h"

enum { LOCKOUT_FREE = 5, LOCKOUT_FIRST_MS = 60 * 1000, LOCKOUT_MOST_MS = 15 * 60 * 1000 };

struct lockout {
    uint32_t failures; /* in a row */
    int64_t failed_ms; /* the last of them */
};

/* 0: may try now. A clock that went back makes nobody wait longer than LOCKOUT_MOST_MS. */
int64_t lockout_wait_ms(const struct lockout *lockout, int64_t now_ms);
void lockout_fail(struct lockout *lockout, int64_t now_ms);
void lockout_forget(struct lockout *lockout);

#endif
