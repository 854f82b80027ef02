/* policy.h - what is done about the way an attempt ended. Pure: it reads no clock, no random source and no store.
 *
 * Who is to blame decides (architecture 5): the row (isolate and refuse it), the destination (back off; or, where only
 * a person can help, pause the channel and keep everything), or chance (try again). A request that may have arrived is
 * in doubt: it is asked after under its task id, and sent again with the same bytes under the same id when the upstream
 * says that it never came (7001). Nothing is given up: a call ends in outcomes, in rows queued again, in a row refused,
 * or under a paused channel; staff see the last two. A call of two parts is in doubt until both are there. A secret
 * that is refused is renewed once. Sources: upstreams.md, RFC 9110 (status codes, 10.2.3 Retry-After). */
#ifndef GATEWAY_COURIER_POLICY_H
#define GATEWAY_COURIER_POLICY_H

#include "adapters/adapter.h"

/* How the exchange itself went. */
enum policy_net {
    NET_ANSWERED,    /* a whole HTTP answer came */
    NET_NOT_REACHED, /* no connection: no byte of the request left */
    NET_HANDSHAKE,   /* the connection broke while TLS was being agreed: no byte of the request left */
    NET_UNTRUSTED,   /* one side does not accept the other's certificate or TLS: the request was not read */
    NET_LOST,        /* broke or timed out: the request may have arrived */
    NET_OVERLONG,    /* the answer is longer than we take: the request arrived */
    NET_OWN_FAULT,   /* we could not even try */
    NET_UNMAKEABLE,  /* the bytes that were fixed cannot be made again: keys or settings have changed */
    NET_COUNT
};

/* All of it in one word. */
enum policy_ending {
    ENDING_ACCEPTED,
    ENDING_OUTCOMES,
    ENDING_NOT_READY,
    ENDING_UNKNOWN_TASK,  /* of a call in doubt: it never arrived */
    ENDING_FORGOTTEN,     /* unknown task, of a call whose receipt we hold */
    ENDING_NEXT,          /* this part is there: on with the next */
    ENDING_EXISTS,        /* the name is taken, perhaps by ourselves */
    ENDING_OTHER_CONTENT, /* the name is taken, by something else */
    ENDING_EXPIRED,       /* the secret is not taken any more */
    ENDING_KEY_GIVEN,
    ENDING_BUSY,
    ENDING_BODY_REFUSED,
    ENDING_SETUP_REFUSED,
    ENDING_MALFORMED,
    ENDING_UNAUTHORIZED,  /* 401 */
    ENDING_FORBIDDEN,     /* 403 */
    ENDING_WRONG_ADDRESS, /* 3xx, 404, 405, 410, 421 */
    ENDING_TOO_LARGE,     /* 413 */
    ENDING_SLOW_DOWN,     /* 408, 425, 429, 503: not taken in */
    ENDING_SERVER_ERROR,  /* other 5xx: may have been taken in */
    ENDING_UNACCEPTABLE,  /* other 4xx */
    ENDING_ODD_STATUS,    /* none of these */
    ENDING_NOT_REACHED,
    ENDING_HANDSHAKE,
    ENDING_UNTRUSTED,
    ENDING_LOST,
    ENDING_OVERLONG,
    ENDING_OWN_FAULT,
    ENDING_UNMAKEABLE,
    ENDING_CLOCK_MOVED, /* refused, and our clock was put right (or wrong) while the request was on its way */
    ENDING_COUNT
};

enum policy_action {
    ACTION_RECEIVED,       /* transport receipt; ask for outcomes later */
    ACTION_GO_ON,          /* nothing to write down: the next step at once */
    ACTION_SETTLE,         /* outcomes; what is still open is asked for later */
    ACTION_WAIT,           /* it arrived; ask for outcomes later */
    ACTION_RESEND,         /* the same bytes under the same id, later */
    ACTION_ASK,            /* in doubt: ask by task id, later */
    ACTION_ASK_AGAIN,      /* no answer to a question: the call stays what it is */
    ACTION_DISSOLVE,       /* it never arrived and cannot be made again: its rows are queued again */
    ACTION_SPLIT,          /* refused whole: its rows are queued again, to go in smaller calls */
    ACTION_REFUSE_ROW,     /* refused whole, and it has only this row */
    ACTION_PAUSE,          /* pause the channel; the call stays what it is */
    ACTION_PAUSE_DOUBT,    /* pause the channel; the call is asked after when it is resumed */
    ACTION_PAUSE_DISSOLVE, /* pause the channel; the rows are queued again, to be sent as the settings then are */
    ACTION_PAUSE_SPENT,    /* the same, and the call's number is not used again */
    ACTION_DISSOLVE_SPENT, /* the rows are queued again, for a call with the next number */
    ACTION_COUNT
};

enum policy_blame {
    BLAME_NOBODY,      /* the destination works */
    BLAME_ROW,         /* the destination works and does not like a row */
    BLAME_DESTINATION, /* it does not answer as it should: fewer at once, back off */
    BLAME_SETUP        /* only a person can help */
};

/* One attempt, as the courier saw it end. */
struct policy_attempt {
    enum adapter_step step;
    enum policy_net net;
    enum adapter_ending answer; /* with NET_ANSWERED */
    int status;                 /* HTTP, with NET_ANSWERED */
    bool settles_at_once;       /* adapter.h */
    bool is_clock_moved;        /* our clock jumped between making the request and its answer */
    bool was_received;          /* a question about a call whose transport receipt we hold */
    uint32_t rows;              /* open rows of the call */
    uint32_t attempts;          /* of the call: uploads that ended before this attempt */
    uint32_t asks;              /* of the call: questions in its present state before this attempt */
    int64_t age_ms;             /* of the call, in its present state when it was received; 0: not known */
    uint32_t streak;            /* endings of this kind in a row at this destination, this one included */
    uint32_t failures;          /* failures of any kind in a row at this destination, this one included */
    uint32_t lone_refusals;     /* rows refused whole by this destination since it last took anything */
    uint32_t taken_names;       /* names that were found taken in a row, this one included */
    uint32_t renewals;          /* secrets that this destination would not take, since it last took one */
    bool is_alive;              /* the destination is not held for dead */
    int64_t retry_after_ms;     /* what it asked for; -1: nothing */
};

struct policy_pace {
    int64_t retry_first_ms;
    int64_t retry_max_ms;
    int64_t poll_ms;
};

struct policy_verdict {
    enum policy_ending ending;
    enum policy_action action;
    enum policy_blame blame;
    int64_t delay_ms;    /* until the next step of the call; a retry's is never longer than the call is old */
    const char *receipt; /* kind under which the answer is kept; NULL: not kept */
    const char *zh;      /* what happened and, with a pause, what to do */
    const char *en;
};

enum {
    POLICY_NONSENSE_MAX = 12, /* answers that cannot be believed, in a row, before the channel is paused */
    POLICY_HANDSHAKE_MAX = 8, /* broken handshakes in a row, before the channel is paused */
    POLICY_FORGOTTEN_MAX = 8, /* times a call is sent to an upstream that takes it and then does not know it */
    POLICY_BUSY_MAX = 6,      /* internal errors over one call, while others pass, before it is split */
    POLICY_TAKEN_MAX = 2,     /* from this taken name in a row on a person knows already: on to the next name */
    POLICY_RENEWALS_MAX = 2,  /* secrets refused in a row (the second one was new), before the channel is paused */
    POLICY_LONE_MAX = 20,     /* single rows refused whole in a row, before it must be the setup */
    POLICY_POLL_GROWTH = 512  /* questions for outcomes: the longest pause, in first pauses */
};
#define POLICY_RETRY_AFTER_MAX_MS ((int64_t)24 * 3600 * 1000)
/* A destination held for dead is tried at least so often, whatever a call's own pause: it costs one request. */
#define POLICY_PROBE_MAX_MS ((int64_t)5 * 60 * 1000)
#define POLICY_DELAY_MAX_MS ((int64_t)7 * 24 * 3600 * 1000)

enum policy_ending policy_ending(const struct policy_attempt *attempt);
const char *policy_ending_name(enum policy_ending ending);
/* `dice`: any number, for the jitter. */
void policy_decide(const struct policy_attempt *attempt, const struct policy_pace *pace, uint32_t dice,
                   struct policy_verdict *out);

/* The pause before try `n` (from 1): doubled each time, a quarter more or less, never below `first_ms` nor above
 * `max_ms` (or first_ms, when that is more); neither counts beyond POLICY_DELAY_MAX_MS. */
int64_t policy_delay_ms(int64_t first_ms, int64_t max_ms, uint32_t n, uint32_t dice);
/* A Retry-After field: seconds, or one of the three forms of an HTTP date. At least 0 and at most
 * POLICY_RETRY_AFTER_MAX_MS; -1 when it is neither. */
int64_t policy_retry_after_ms(struct span value, int64_t now_ms);

#endif
