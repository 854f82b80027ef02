/* body.h - where a request's body goes: memory up to a limit, or an unlinked file when the application wants that. */
#ifndef GATEWAY_HTTP_BODY_H
#define GATEWAY_HTTP_BODY_H

#include "base/buf.h"

/* Why the server itself refuses a request. `status` 0: it does not. */
struct refusal {
    int status;
    const char
        *detail; /* static text; NULL: the application has worded the answer itself (http_server_options.admits) */
};
#define refuse_with(why, code, text) (*(why) = (struct refusal){(code), (text)}, false)

/* What all bodies of a server share. */
struct body_budget {
    size_t held_bytes; /* in memory now */
    size_t limit_bytes;
    const char *spool_folder;
};

struct body {
    struct buf memory;
    int fd; /* -1: in memory */
    uint64_t bytes;
    uint64_t limit_bytes;
};

void body_init(struct body *body);
/* Up to `limit_bytes` in memory. */
void body_start(struct body *body, uint64_t limit_bytes);
/* Up to `limit_bytes` in a file. Refuses with 503 when none can be made. */
MUST_CHECK bool body_start_spool(struct body *body, const struct body_budget *budget, uint64_t limit_bytes,
                                 struct refusal *why);
/* Refuses with 413 above the limit, 503 when all bodies together are too much or the disk is full. */
MUST_CHECK bool body_add(struct body *body, struct body_budget *budget, struct span piece, struct refusal *why);
/* Did the last `bytes` bring a spooled body past another MiB? Then it may take further time. */
bool body_has_advanced(const struct body *body, size_t bytes);
/* All is there: a file is put back to its start. */
MUST_CHECK bool body_finish(struct body *body, struct refusal *why);
/* Nothing held any more; ready for the next request. */
void body_reset(struct body *body, struct body_budget *budget);

#endif
