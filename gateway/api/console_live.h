/* console_live.h - how things stand, told to pages that stay open (docs/console-api.md, "Today and events").
 *
 * What is the same for everybody is made at most twice a second for a process, however many pages are open, and only
 * when something was committed since. Only for the console's files. */
#ifndef GATEWAY_API_CONSOLE_LIVE_H
#define GATEWAY_API_CONSOLE_LIVE_H

#include "gateway/api/console.h"
#include "gateway/jobs/refusals.h"

enum {
    LIVE_REST_MS = 500,      /* between two looks at the store */
    LIVE_STALE_MS = 10000,   /* what stands in no store (a refused checkpoint) is looked at so often */
    LIVE_SAY_MS = 15000,     /* a stream that has nothing to say says so: whoever went is found out */
    LIVE_RETRY_MS = 2000,    /* when a browser comes again by itself */
    STREAMS_MAX = 256,       /* of a process */
    STREAMS_SESSION_MAX = 8, /* of one session in it: as many pages are open */
    STREAM_GONE_MS = 2000,   /* one that was not asked for so long is gone, or takes nothing: its place is free */
    STREAM_JOBS_MAX = 8
};

struct console_live;
struct console_live *console_live_new(const struct config *config);
void console_live_free(struct console_live *live);
/* In plain words, why something was refused; kept, since it reads files. */
struct refusals *console_live_refusals(struct console_live *live);

/* Add today_json as it is now, with "at". `may_wait`: not before LIVE_REST_MS are over; then, and when nothing can have
 * changed since `*seen`, nothing is added. `*seen` gets what it rests on; 0 before. */
MUST_CHECK bool console_live_today(struct visit *visit, bool may_wait, uint64_t *seen, struct buf *out,
                                   struct error *err);

#endif
