/* platform.h - what the loop, the faults and the control socket know of a platform: an address it answers under, which
 * call a request is, an answer, and what it holds.
 *
 * A platform's own struct begins with `struct platform`; its _new fills it with platform_init. Everything here is
 * without sockets, so that tests can speak to a platform directly. */
#ifndef SANDBOX_PLATFORM_H
#define SANDBOX_PLATFORM_H

#include "gateway/http/http.h"
#include "sandbox/faults.h"
#include "sandbox/sandbox.h"

enum { HOLDINGS_PAGE_MAX = 1000 };

struct platform;
struct holdings;

struct platform_kind {
    enum fault_at at; /* whose faults it takes; its name is FAULT_AT_NAMES[at] */
    /* Which call is this? FAULT_ON_ANY for none of them. */
    enum fault_place (*place)(const struct platform *platform, const struct http_request *request);
    /* Answer as the platform does. `faults` may hold rows to refuse and results to delay. */
    void (*handle)(struct platform *platform, struct faults *faults, const struct http_request *request,
                   struct http_reply *reply);
    /* Add one JSON object: counts, and {ROWID: history} of all or of `rowid` alone. */
    void (*describe)(struct platform *platform, const char *rowid, struct buf *out);
    /* Every secret that was given out ends now. NULL: this platform has none. */
    void (*expire)(struct platform *platform);
    void (*free)(struct platform *platform);
};

struct platform {
    const struct platform_kind *kind;
    const struct sandbox_options *options; /* borrowed */
    const char *base;                      /* borrowed; "" or "/x" */
    const struct clock *clock;             /* borrowed */
    int64_t clock_offset_ms;
};

void platform_init(struct platform *platform, const struct platform_kind *kind, const struct sandbox_options *options,
                   const char *base, const struct clock *clock);
/* NULL does nothing. */
void platform_free(struct platform *platform);

int64_t platform_now_ms(const struct platform *platform);
/* The path after the base; SPAN_NONE when the request is for another address. */
struct span platform_under(const struct platform *platform, const struct http_request *request);
/* Is the client's certificate on the list of the options (any, when the list is empty)? */
bool platform_lets_in(const struct platform *platform, const struct http_peer *peer);
/* Add the page of what is held that GET holdings?after=…&limit=… asks for; false, and nothing, when it asks wrongly. */
MUST_CHECK bool platform_holdings(struct holdings *holdings, const struct http_request *request, struct buf *out);
/* Is the body said to be JSON? */
bool platform_has_json(const struct http_request *request);

/* The platform of a name; `count` platforms, of which some may be NULL. NULL when it is none of them. */
struct platform *platform_of_name(struct platform *const *platforms, size_t count, struct span name);
/* The platform that a request is for: the longest base that fits; NULL when none does. */
struct platform *platform_of_request(struct platform *const *platforms, size_t count,
                                     const struct http_request *request);

DEFINE_AUTO(struct platform *, platform_free)

#endif
