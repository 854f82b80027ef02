#include "gateway/api/limits_fields.h"

#include "base/json.h"
#include "base/text.h"

void limits_policy_add(const struct config_client *client, struct buf *out)
{
    json_count_add(out, "RateLimit-Policy: \"burst\";q=", (uint64_t)client->requests_per_minute);
    buf_add_text(out, ";w=60");
    if (client->daily_quota > 0) {
        json_count_add(out, ", \"quota\";q=", (uint64_t)client->daily_quota);
        buf_add_text(out, ";w=86400");
    }
    buf_add_text(out, "\r\n");
}

void limits_state_add(const struct limits_state *state, struct buf *out)
{
    json_count_add(out, "RateLimit: \"burst\";r=", (uint64_t)state->burst_left);
    json_count_add(out, ";t=", (uint64_t)state->burst_full_s);
    if (state->has_quota) {
        json_count_add(out, ", \"quota\";r=", (uint64_t)state->quota_left);
        json_count_add(out, ";t=", (uint64_t)state->quota_anew_s);
    }
    buf_add_text(out, "\r\n");
}
