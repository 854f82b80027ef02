#include "sandbox/platform.h"

#include <string.h>

#include "base/text.h"
#include "sandbox/holdings.h"
#include "sandbox/wire.h"

void platform_init(struct platform *platform, const struct platform_kind *kind, const struct sandbox_options *options,
                   const char *base, const struct clock *clock)
{
    *platform = (struct platform){.kind = kind, .options = options, .base = base, .clock = clock};
}

void platform_free(struct platform *platform)
{
    if (platform)
        platform->kind->free(platform);
}

int64_t platform_now_ms(const struct platform *platform)
{
    return clock_now_ms(platform->clock) + platform->clock_offset_ms;
}

struct span platform_under(const struct platform *platform, const struct http_request *request)
{
    size_t base = strlen(platform->base);

    if (!span_starts(request->path, platform->base) || (request->path.bytes > base && request->path.at[base] != '/'))
        return SPAN_NONE;
    return (struct span){request->path.at + base, request->path.bytes - base};
}

bool platform_lets_in(const struct platform *platform, const struct http_peer *peer)
{
    static const char DIGITS[] = "0123456789abcdef";
    const struct sandbox_options *options = platform->options;
    char hex[WIRE_HEX_BYTES] = "";

    if (!peer || !peer->has_certificate)
        return false;
    for (size_t i = 0; i < sizeof(peer->certificate_sha256); i++) {
        hex[2 * i] = DIGITS[peer->certificate_sha256[i] >> 4];
        hex[2 * i + 1] = DIGITS[peer->certificate_sha256[i] & 15];
    }
    for (size_t i = 0; i < options->client_count; i++)
        if (strcmp(options->client_sha256[i], hex) == 0)
            return true;
    return options->client_count == 0;
}

bool platform_holdings(struct holdings *holdings, const struct http_request *request, struct buf *out)
{
    static const char *const NAMES[] = {"after", "limit", NULL};
    AUTO(buf_done) struct buf after = BUF_INIT;
    AUTO(buf_done) struct buf limit_text = BUF_INIT;
    int64_t limit = HOLDINGS_PAGE_MAX;
    struct span bad;

    (void)http_query_of(request, "after", &after);
    if (!http_query_only(request, NAMES, &bad) || after.bytes >= ROW_ID_BYTES ||
        (http_query_of(request, "limit", &limit_text) && !integer_parse(buf_span(&limit_text), &limit)) || limit < 1 ||
        limit > HOLDINGS_PAGE_MAX)
        return false;
    holdings_page(holdings, buf_text(&after), (size_t)limit, out);
    return true;
}

bool platform_has_json(const struct http_request *request)
{
    return span_starts(http_header_of(request, "content-type"), "application/json");
}

struct platform *platform_of_name(struct platform *const *platforms, size_t count, struct span name)
{
    for (size_t i = 0; i < count; i++)
        if (platforms[i] && span_is(name, FAULT_AT_NAMES[platforms[i]->kind->at]))
            return platforms[i];
    return NULL;
}

struct platform *platform_of_request(struct platform *const *platforms, size_t count,
                                     const struct http_request *request)
{
    struct platform *best = NULL;

    for (size_t i = 0; i < count; i++)
        if (platforms[i] && platform_under(platforms[i], request).at &&
            (!best || strlen(platforms[i]->base) > strlen(best->base)))
            best = platforms[i];
    return best;
}
