/* limits_fields.h - what a client is told of its limits with every answer: the fields RateLimit-Policy and RateLimit
 * (draft-ietf-httpapi-ratelimit-headers-10; lists of RFC 9651).
 *
 *   RateLimit-Policy: "burst";q=60000;w=60, "quota";q=1000000;w=86400
 *   RateLimit: "burst";r=59998;t=1, "quota";r=999998;t=32400
 *
 * "burst" is the limit of requests a minute, a bucket that refills steadily: `t` is when it will be full again. "quota"
 * is that of subjects a day (Asia/Shanghai), only for clients that have one: `t` is when the next day begins. */
#ifndef GATEWAY_API_LIMITS_FIELDS_H
#define GATEWAY_API_LIMITS_FIELDS_H

#include "base/buf.h"
#include "gateway/config/config.h"

/* Added with line end. */
void limits_policy_add(const struct config_client *client, struct buf *out);

struct limits_state {
    int64_t burst_left;
    int64_t burst_full_s;
    bool has_quota;
    int64_t quota_left;
    int64_t quota_anew_s;
};
void limits_state_add(const struct limits_state *state, struct buf *out);

#endif
