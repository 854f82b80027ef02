/* First the key, then the event: between the two stands only a process that may be killed, and the order is run again.
 * What the signer made is found by the key that it follows, so nothing is made twice. */
#include "gateway/command/command_key.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "gateway/access/rotation.h"
#include "gateway/command/ledger.h"
#include "gateway/journal/journal.h"
#include "keys/digest.h"

enum { RING_BYTES_MAX = 1024 * 1024 };
#define MS_PER_DAY ((int64_t)86400000)

struct rotating {
    const struct desk *desk;
    const char *kid;
    struct span data; /* of the event */
    bool is_done;     /* by this very job, before it was killed */
};

static bool load_public(const char *path, struct keyring **ring, struct error *err)
{
    AUTO(buf_done) struct buf json = BUF_INIT;

    return file_read(path, RING_BYTES_MAX, &json, err) &&
           (keyring_parse_public(buf_span(&json), ring, err) || fail_in(err, "%s", path));
}

static bool refuse_followed(const char *kid, uint64_t sequence, struct error *err)
{
    return refuse(err, ERR_CONFLICT, "key.followed", "%s was followed by another key already (event %llu)",
                  "密钥 %s 已被轮换（事件 %llu）", kid, (unsigned long long)sequence);
}

/* What the journal says of that key. */
static bool judge(struct store_txn *txn, struct rotating *rotating, struct error *err)
{
    struct span bytes;
    uint64_t sequence;

    if (!rotation_find(txn, rotating->kid, &sequence))
        return store_txn_is_good(txn, err);
    rotating->is_done =
        rotating->desk->job && journal_read(txn, sequence, &bytes) && span_is(event_job(bytes), rotating->desk->job);
    if (!store_txn_is_good(txn, err))
        return false;
    return rotating->is_done || refuse_followed(rotating->kid, sequence, err);
}

static bool look(struct rotating *rotating, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    return store_begin(rotating->desk->store, STORE_READ, &txn, err) && judge(txn, rotating, err);
}

/* What the keys say. One that is followed although the journal knows nothing of it was made for an order that was cut
 * off. */
static bool check_keys(const struct keyring *ring, const struct key_rotation *rotation, int64_t now_ms,
                       struct error *err)
{
    if (!keyring_find(ring, rotation->kid))
        return refuse(err, ERR_NOT_FOUND, "key.none", "there is no key \"%.64s\"", "没有名为“%.64s”的密钥",
                      rotation->kid);
    if (keyring_next(ring, rotation->kid))
        return true;
    if (keyring_is_changing(ring, rotation->kid, now_ms))
        return refuse(err, ERR_CONFLICT, "key.under-way",
                      "the rotation to %s is not over: it has not begun, or the key before it still verifies",
                      "换用 %s 的轮换尚未结束：该密钥未启用，或其前一密钥尚未停用", rotation->kid);
    return rotation->from_ms <= now_ms + KEY_AHEAD_MAX_DAYS * MS_PER_DAY ||
           refuse(err, ERR_REFUSED, "key.from", "a key begins at most %d days ahead", "新密钥最多提前 %d 天安排启用",
                  (int)KEY_AHEAD_MAX_DAYS);
}

static bool check(const struct key_rotation *rotation, int64_t now_ms, struct error *err)
{
    AUTO(keyring_free) struct keyring *ring = NULL;
    struct span reason = span_trim(span_of(rotation->reason));

    if (reason.bytes == 0 || reason.bytes > RECORD_REASON_MAX || !utf8_is_valid(reason, NULL))
        return refuse(err, ERR_REFUSED, "key.reason", "a reason of at most %d bytes is needed",
                      "必须写明理由（最多 %d 字节）", (int)RECORD_REASON_MAX);
    return load_public(rotation->public_file, &ring, err) && check_keys(ring, rotation, now_ms, err);
}

static enum key_use use_of(const struct keyring *ring, const char *kid)
{
    const struct key *key;
    enum key_use use = KEY_USE_SEAL;

    for (size_t i = 0; (key = keyring_at(ring, i, &use)) && strcmp(key_id(key), kid) != 0; i++)
        ;
    return use;
}

/* From what the signer published: what the event says is what everybody can see. Canonical. */
static bool write_data(const struct key_rotation *rotation, const char *next, struct buf *data, struct error *err)
{
    AUTO(keyring_free) struct keyring *ring = NULL;
    AUTO(buf_done) struct buf pem = BUF_INIT;
    const struct key *key;
    int64_t from_ms, until_ms, ignored;
    char from[INSTANT_TEXT_BYTES], until[INSTANT_TEXT_BYTES];
    uint8_t digest[32];

    if (!load_public(rotation->public_file, &ring, err))
        return false;
    key = keyring_find(ring, next);
    if (!key || !keyring_period(ring, next, &from_ms, &ignored) ||
        !keyring_period(ring, rotation->kid, &ignored, &until_ms) || until_ms == INT64_MAX)
        return fail(err, ERR_INTERNAL, "public-keys.json does not tell that %s follows %s", next, rotation->kid);
    if (!key_public_pem(key, &pem, err))
        return false;
    buf_addf(data, "{\"algorithm\":\"%s\",\"begins\":\"%s\",\"ends\":\"%s\",\"new\":",
             key_algorithm_name(key_algorithm_of(key)), instant_format(from_ms, from), instant_format(until_ms, until));
    json_string_add(data, span_of(next));
    buf_add_text(data, ",\"old\":");
    json_string_add(data, span_of(rotation->kid));
    digest_sha256(buf_span(&pem), digest);
    buf_add_text(data, ",\"public\":\"");
    hex_add(data, digest, sizeof digest);
    buf_add_text(data, "\",\"reason\":");
    json_string_add(data, span_trim(span_of(rotation->reason)));
    buf_addf(data, ",\"use\":\"%s\"}", key_use_name(use_of(ring, next)));
    return true;
}

static bool write_event(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    struct rotating *rotating = context;
    const struct desk *desk = rotating->desk;

    if (!judge(txn, rotating, err) || rotating->is_done)
        return rotating->is_done;
    if (!ledger_new(txn, desk->clock, &ledger, err))
        return false;
    ledger_set_job(ledger, desk->job);
    return ledger_emit(ledger, desk->person, ROTATION_EVENT, rotating->data, NULL, err) && ledger_finish(ledger, err);
}

static bool name_next(const struct key_rotation *rotation, char next[KEY_ID_BYTES], struct error *err)
{
    AUTO(keyring_free) struct keyring *ring = NULL;
    const struct key *key;

    if (!load_public(rotation->public_file, &ring, err))
        return false;
    key = keyring_next(ring, rotation->kid);
    if (!key)
        return fail(err, ERR_INTERNAL, "public-keys.json does not tell what follows %s", rotation->kid);
    snprintf(next, KEY_ID_BYTES, "%s", key_id(key));
    return true;
}

bool command_key_rotate(const struct desk *desk, const struct key_rotation *rotation, char next[KEY_ID_BYTES],
                        struct error *err)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    struct rotating rotating = {.desk = desk, .kid = rotation->kid};
    int64_t now_ms = clock_now_ms(desk->clock);
    int64_t from_ms = rotation->from_ms > now_ms ? rotation->from_ms : now_ms;

    if (!look(&rotating, err))
        return false;
    if (rotating.is_done)
        return name_next(rotation, next, err);
    if (!check(rotation, now_ms, err) || !signer_rotate(desk->signer, rotation->kid, from_ms, next, err) ||
        !write_data(rotation, next, &data, err))
        return false;
    rotating.data = buf_span(&data);
    return store_write(desk->store, write_event, &rotating, err);
}
