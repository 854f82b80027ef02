/* inquiry.h - asking an upstream for what it holds, page by page, and waiting for each answer.
 *
 * For a job: a list of a million rows takes a minute, and the courier's loop should neither wait for it nor hold it. So
 * this is the one place where a process other than the courier connects out (the same way: connection.h). It changes
 * nothing on the other side and nothing in the store, and takes no part in the courier's counting of what the
 * destination can bear: one request at a time.
 *
 * A failure that may pass is tried again, INQUIRY_TRIES_MAX times a page. Somebody waits for it: the pauses begin with
 * the channel's own but at most INQUIRY_PAUSE_FIRST_MS, and none is longer than INQUIRY_PAUSE_MAX_MS. Anything else
 * ends it with an error that people can read (both languages): ERR_REFUSED "reconcile.setup" (only a person can help),
 * ERR_TIMEOUT "reconcile.unreachable" (later), ERR_CORRUPT "reconcile.malformed" (the list cannot be believed: a page
 * goes back, or is none), ERR_LIMIT "reconcile.rows". Source: upstreams.md, "Holdings". */
#ifndef GATEWAY_COURIER_INQUIRY_H
#define GATEWAY_COURIER_INQUIRY_H

#include "gateway/courier/channel.h"

enum {
    INQUIRY_TRIES_MAX = 6,
    INQUIRY_PAUSE_FIRST_MS = 500,
    INQUIRY_PAUSE_MAX_MS = 15000,
    INQUIRY_ROWS_MAX = 20 * 1000 * 1000
};

struct inquiry;
/* Both are borrowed and must outlive it. The adapter must have a list (adapter->holdings). Makes the process ignore
 * SIGPIPE. */
MUST_CHECK bool inquiry_new(const struct courier_channel *channel, const struct clock *clock, struct inquiry **out,
                            struct error *err);
void inquiry_free(struct inquiry *inquiry);

/* The next page, into `out` (zeroed; owned by the caller, also when it fails). Its rows come after those of all pages
 * before it; `next` is "" on the last one, after which it must not be called again. */
MUST_CHECK bool inquiry_next(struct inquiry *inquiry, struct adapter_page *out, struct error *err);

DEFINE_AUTO(struct inquiry *, inquiry_free)

#endif
