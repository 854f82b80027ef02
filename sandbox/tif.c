#include "sandbox/tif.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sandbox/wire.h"

enum { NONCE_LIFE_MS = 2 * TIF_CLOCK_S * 1000 };

/* Nonces of this period and of the one before: nothing older can pass the clock check. */
struct tif {
    char *paasid;
    char *token;
    void *spent[2];
    int64_t period_ms;
};

struct tif *tif_new(const char *paasid, const char *token)
{
    struct tif *tif = memory_new(sizeof(*tif));

    tif->paasid = memory_copy_text(paasid);
    tif->token = memory_copy_text(token);
    return tif;
}

void tif_free(struct tif *tif)
{
    if (!tif)
        return;
    tdestroy(tif->spent[0], free);
    tdestroy(tif->spent[1], free);
    explicit_bzero(tif->token, strlen(tif->token));
    free(tif->paasid);
    free(tif->token);
    free(tif);
}

static int compare_nonces(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Exactly one such header, neither empty nor longer than `max`. */
static bool header(const struct http_request *request, const char *name, size_t max, struct span *value,
                   struct error *err)
{
    size_t count = 0;

    for (size_t i = 0; i < request->header_count; i++)
        if (span_is(request->headers[i].name, name)) {
            *value = request->headers[i].value;
            count++;
        }
    if (count != 1)
        return fail(err, ERR_UNAUTHORIZED, "%s: %s", name, count ? "given more than once" : "missing");
    if (value->bytes == 0 || value->bytes > max)
        return fail(err, ERR_UNAUTHORIZED, "%s: empty or too long", name);
    for (size_t i = 0; i < value->bytes; i++)
        if (value->at[i] <= ' ' || value->at[i] > '~')
            return fail(err, ERR_UNAUTHORIZED, "%s: not printable", name);
    return true;
}

static bool check_clock(struct span text, int64_t now_ms, struct error *err)
{
    int64_t seconds = 0;
    int64_t apart;

    if (!integer_parse(text, &seconds) || seconds > INT64_MAX / 1000)
        return fail(err, ERR_UNAUTHORIZED, "x-tif-timestamp: not epoch seconds");
    apart = now_ms / 1000 - seconds;
    if (apart > TIF_CLOCK_S || apart < -TIF_CLOCK_S)
        return fail(err, ERR_UNAUTHORIZED, "x-tif-timestamp: %" PRId64 " s away from our clock", apart);
    return true;
}

static bool check_signature(const struct tif *tif, struct span timestamp, struct span nonce, struct span signature,
                            struct error *err)
{
    AUTO(buf_wipe_done) struct buf text = BUF_INIT;
    char expected[WIRE_HEX_BYTES];

    buf_add_span(&text, timestamp);
    buf_add_text(&text, tif->token);
    buf_add_span(&text, nonce);
    buf_add_span(&text, timestamp);
    wire_sha256(buf_span(&text), expected);
    if (!wire_same(signature, span_of(expected)))
        return fail(err, ERR_UNAUTHORIZED, "x-tif-signature: wrong");
    return true;
}

static void forget_old(struct tif *tif, int64_t now_ms)
{
    if (now_ms >= tif->period_ms && now_ms - tif->period_ms < NONCE_LIFE_MS)
        return;
    tdestroy(tif->spent[1], free);
    tif->spent[1] = tif->spent[0];
    tif->spent[0] = NULL;
    tif->period_ms = now_ms;
}

static bool spend(struct tif *tif, struct span nonce, struct error *err)
{
    AUTO(text_free) char *key = memory_copy_span(nonce);

    if (tfind(key, &tif->spent[0], compare_nonces) || tfind(key, &tif->spent[1], compare_nonces))
        return fail(err, ERR_UNAUTHORIZED, "x-tif-nonce: seen before");
    if (!tsearch(key, &tif->spent[0], compare_nonces))
        abort();
    (void)TAKE(key);
    return true;
}

bool tif_check(struct tif *tif, const struct http_request *request, int64_t now_ms, struct error *err)
{
    struct span paasid;
    struct span timestamp;
    struct span nonce;
    struct span signature;

    if (!header(request, "x-tif-paasid", 128, &paasid, err) ||
        !header(request, "x-tif-timestamp", 16, &timestamp, err) ||
        !header(request, "x-tif-nonce", TIF_NONCE_BYTES_MAX, &nonce, err) ||
        !header(request, "x-tif-signature", WIRE_HEX_BYTES - 1, &signature, err))
        return false;
    if (!wire_same(paasid, span_of(tif->paasid)))
        return fail(err, ERR_UNAUTHORIZED, "x-tif-paasid: unknown");
    if (!check_clock(timestamp, now_ms, err) || !check_signature(tif, timestamp, nonce, signature, err))
        return false;
    forget_old(tif, now_ms);
    return spend(tif, nonce, err);
}
