/* /admin/v1/keys: which keys of the gateway are for what, from when to when. Public halves only: the private ones are
 * in the signer process, and nothing here could read them.
 *
 *   GET /admin/v1/keys           {"at","keys":[{"algorithm","days_left","from","kid","state","until","use"}…]}, those
 * of one use together, the newest first GET /admin/v1/keys/{kid}     the public key as PEM, to be handed to whoever
 * checks signatures GET /admin/v1/keys/all       all of them as one file for `creditgate verify` (keys/keyring.h) */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "gateway/api/api_internal.h"

enum { RING_BYTES_MAX = 1024 * 1024, KEYS_MAX = 1024 };
#define MS_PER_DAY ((int64_t)86400000)

static const char *const NO_QUERY[] = {NULL};

struct shown {
    const struct key *key;
    enum key_use use;
    int64_t from_ms;
    int64_t until_ms; /* INT64_MAX: nothing follows */
};

static bool load_ring(const struct visit *visit, struct buf *json, struct keyring **ring, struct error *err)
{
    AUTO(text_free) char *path = config_state_path(visit->api->config, "public-keys.json");

    return file_read(path, RING_BYTES_MAX, json, err) && keyring_parse_public(buf_span(json), ring, err);
}

/* By use and algorithm, then the newest first. */
static int by_use(const void *a, const void *b)
{
    const struct shown *one = a, *other = b;
    int algorithms = (int)key_algorithm_of(one->key) - (int)key_algorithm_of(other->key);

    if (one->use != other->use)
        return one->use < other->use ? -1 : 1;
    if (algorithms != 0)
        return algorithms;
    return one->from_ms < other->from_ms ? 1 : one->from_ms > other->from_ms ? -1 : 0;
}

/* "ending": another one signs by now, this one still verifies what is on its way (KEYRING_OVERLAP_MS). */
static const char *state_of(const struct keyring *ring, const struct shown *shown, int64_t now_ms)
{
    if (shown->from_ms > now_ms)
        return "next";
    if (shown->until_ms <= now_ms)
        return "retired";
    return keyring_current(ring, shown->use, key_algorithm_of(shown->key), now_ms) == shown->key ? "current" : "ending";
}

static void add_key(const struct keyring *ring, const struct shown *shown, int64_t now_ms, struct buf *out)
{
    char text[INSTANT_TEXT_BYTES];
    bool has_end = shown->until_ms != INT64_MAX;

    buf_addf(out, "{\"algorithm\":\"%s\",\"days_left\":", key_algorithm_name(key_algorithm_of(shown->key)));
    if (has_end && shown->until_ms > now_ms)
        buf_addf(out, "%lld", (long long)((shown->until_ms - now_ms) / MS_PER_DAY));
    else
        buf_add_text(out, has_end ? "0" : "null");
    buf_addf(out, ",\"from\":\"%s\",\"kid\":", instant_format(shown->from_ms, text));
    json_string_add(out, span_of(key_id(shown->key)));
    buf_addf(out, ",\"state\":\"%s\",\"until\":", state_of(ring, shown, now_ms));
    if (has_end)
        buf_addf(out, "\"%s\"", instant_format(shown->until_ms, text));
    else
        buf_add_text(out, "null");
    buf_addf(out, ",\"use\":\"%s\"}", key_use_name(shown->use));
}

static void add_all(const struct visit *visit, const struct keyring *ring)
{
    struct shown *list = memory_new(KEYS_MAX * sizeof *list);
    int64_t now_ms = clock_now_ms(visit->api->options.clock);
    struct buf *out = &visit->reply->body;
    char text[INSTANT_TEXT_BYTES];
    size_t count = 0;

    while (count < KEYS_MAX && (list[count].key = keyring_at(ring, count, &list[count].use))) {
        (void)keyring_period(ring, key_id(list[count].key), &list[count].from_ms, &list[count].until_ms);
        count++;
    }
    qsort(list, count, sizeof *list, by_use);
    buf_addf(out, "{\"at\":\"%s\",\"keys\":[", instant_format(now_ms, text));
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        add_key(ring, &list[i], now_ms, out);
    }
    buf_add_text(out, "]}");
    free(list);
}

static void attach(const struct visit *visit, const char *name, const char *type)
{
    AUTO(buf_done) struct buf value = BUF_INIT;

    buf_addf(&value, "attachment; filename=\"%s\"", name);
    http_reply_header(visit->reply, "Content-Disposition", buf_text(&value));
    visit->reply->content_type = type;
}

static bool answer_one(const struct visit *visit, const struct keyring *ring, struct span kid, struct error *err)
{
    AUTO(text_free) char *id = memory_copy_span(kid);
    AUTO(buf_done) struct buf name = BUF_INIT;
    const struct key *key = keyring_find(ring, id);

    if (!key)
        return refuse(err, ERR_NOT_FOUND, "key.none", "there is no key of that name", "没有这个密钥");
    if (!key_public_pem(key, &visit->reply->body, err))
        return false;
    buf_addf(&name, "%s.pem", key_id(key));
    attach(visit, buf_text(&name), "application/x-pem-file");
    return true;
}

static bool answer(struct visit *visit, struct error *err)
{
    AUTO(buf_done) struct buf json = BUF_INIT;
    AUTO(keyring_free) struct keyring *ring = NULL;
    struct span rest = visit->rest;
    struct span kid;

    if (!load_ring(visit, &json, &ring, err))
        return false;
    if (rest.bytes == 0) {
        add_all(visit, ring);
        return true;
    }
    if (!visit_segment(&rest, &kid) || rest.bytes > 0)
        return refuse(err, ERR_NOT_FOUND, "http.path", "there is nothing at this path", "该地址下没有内容");
    if (!span_is(kid, "all"))
        return answer_one(visit, ring, kid, err);
    buf_add_span(&visit->reply->body, buf_span(&json));
    attach(visit, "public-keys.json", "application/json");
    return true;
}

void admin_keys(struct visit *visit)
{
    struct error err;

    if (!visit_is_get(visit) || !visit_takes(visit, NO_QUERY) || answer(visit, &err))
        return;
    buf_clear(&visit->reply->body);
    visit_refuse(visit, &err);
}
