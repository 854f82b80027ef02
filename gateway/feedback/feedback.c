#include "gateway/feedback/feedback.h"

#include <string.h>

#include "base/text.h"
#include "base/walk.h"
#include "gateway/feedback/table.h"
#include "keys/digest.h"

/* --- keys --- */

static void key_add(struct feedback_key *key, struct span part)
{
    if (key->bytes == 0 || part.bytes > sizeof key->at - key->bytes) {
        key->bytes = 0;
        return;
    }
    if (part.bytes > 0)
        memcpy(key->at + key->bytes, part.at, part.bytes);
    key->bytes += part.bytes;
}

struct feedback_key feedback_key(enum feedback_kind kind)
{
    return (struct feedback_key){.at = {(uint8_t)kind}, .bytes = 1};
}

struct feedback_key feedback_key_of(enum feedback_kind kind, struct span text)
{
    struct feedback_key key = feedback_key(kind);

    key_add(&key, text);
    return key;
}

static struct feedback_key key_of_two(enum feedback_kind kind, struct span first, struct span second)
{
    struct feedback_key key = feedback_key_of(kind, first);

    key_add(&key, (struct span){"\0", 1});
    key_add(&key, second);
    return key;
}

struct feedback_key feedback_key_detail(struct span receipt, struct span id)
{
    return key_of_two(FEEDBACK_DETAIL, receipt, id);
}

/* A stranger's key may be longer than a key of the store. */
struct feedback_key feedback_key_key(struct span client, struct span key)
{
    uint8_t digest[32];

    digest_sha256(key, digest);
    return key_of_two(FEEDBACK_KEY, client, (struct span){(const char *)digest, sizeof digest});
}

struct feedback_key feedback_key_owing(struct span client)
{
    return key_of_two(FEEDBACK_OWED, client, SPAN_NONE);
}

struct feedback_key feedback_key_owed(struct span client, uint64_t block)
{
    uint8_t bytes[8];

    store_key_u64(bytes, block);
    return key_of_two(FEEDBACK_OWED, client, (struct span){(const char *)bytes, sizeof bytes});
}

/* --- values --- */

static bool get(struct store_txn *txn, const struct feedback_key *key, struct span *value)
{
    return key->bytes > 0 && store_get(txn, STORE_FEEDBACK, feedback_span(key), value);
}

bool feedback_number(struct store_txn *txn, const struct feedback_key *key, uint64_t *value)
{
    struct span found;

    if (!get(txn, key, &found))
        return false;
    if (found.bytes != 8) {
        store_txn_spoil(txn, STORE_FEEDBACK, "a number of the feedback has another length: rebuild");
        return false;
    }
    *value = store_read_u64(found.at);
    return true;
}

struct feedback_run feedback_run_read(struct span runs, size_t i)
{
    uint32_t word = store_read_u32(runs.at + i * FEEDBACK_RUN_BYTES);

    return (struct feedback_run){word >> 24, (word >> 16 & 0xFF) + 1, word & 0xFFFF};
}

void feedback_run_add(struct buf *runs, struct feedback_run run)
{
    uint8_t bytes[FEEDBACK_RUN_BYTES];

    store_key_u32(bytes, run.first << 24 | (run.count - 1) << 16 | run.left);
    buf_add(runs, bytes, sizeof bytes);
}

/* As they stand; a value that cannot be runs spoils the transaction, and is none. */
static struct span check_runs(struct store_txn *txn, struct span runs)
{
    uint32_t end = 0;

    if (runs.bytes == 0 || runs.bytes % FEEDBACK_RUN_BYTES != 0)
        end = FEEDBACK_BLOCK + 1;
    for (size_t i = 0; i < runs.bytes / FEEDBACK_RUN_BYTES && end <= FEEDBACK_BLOCK; i++) {
        struct feedback_run run = feedback_run_read(runs, i);

        end = run.first < end || run.left == 0 ? FEEDBACK_BLOCK + 1 : run.first + run.count;
    }
    if (end <= FEEDBACK_BLOCK)
        return runs;
    store_txn_spoil(txn, STORE_FEEDBACK, "what is owed contradicts itself: rebuild");
    return SPAN_NONE;
}

struct span feedback_runs(struct store_txn *txn, const struct feedback_key *key)
{
    struct span runs;

    return get(txn, key, &runs) ? check_runs(txn, runs) : SPAN_NONE;
}

uint64_t feedback_looked_at(struct store_txn *txn)
{
    struct feedback_key key = feedback_key(FEEDBACK_TRACE);
    uint64_t count = 0;

    (void)feedback_number(txn, &key, &count);
    return count;
}

uint32_t feedback_left(struct store_txn *txn, struct span client, uint64_t position)
{
    struct feedback_key key = feedback_key_owed(client, position / FEEDBACK_BLOCK);
    struct span runs = feedback_runs(txn, &key);
    uint32_t place = position % FEEDBACK_BLOCK;

    for (size_t i = 0; i < runs.bytes / FEEDBACK_RUN_BYTES; i++) {
        struct feedback_run run = feedback_run_read(runs, i);

        if (place >= run.first && place < run.first + run.count)
            return run.left;
    }
    return 0;
}

bool feedback_given(struct store_txn *txn, struct span receipt, struct span id, uint64_t *sequence)
{
    struct feedback_key key = feedback_key_detail(receipt, id);

    return feedback_number(txn, &key, sequence);
}

bool feedback_by_key(struct store_txn *txn, struct span client, struct span key, uint64_t *sequence)
{
    struct feedback_key of = feedback_key_key(client, key);

    return feedback_number(txn, &of, sequence);
}

void feedback_count(struct store_txn *txn, struct span client, struct feedback_counts *out)
{
    struct feedback_key key = feedback_key_of(FEEDBACK_COUNT, client);
    struct span value;

    *out = (struct feedback_counts){.owed = 0};
    if (!get(txn, &key, &value))
        return;
    if (value.bytes != 16)
        store_txn_spoil(txn, STORE_FEEDBACK, "a count of the feedback has another length: rebuild");
    else
        *out = (struct feedback_counts){store_read_u64(value.at), store_read_u64(value.at + 8)};
}

/* --- what is owed --- */

/* False when a visit was the last one. */
static bool visit_runs(struct feedback_page *page, uint64_t block, struct span runs, feedback_visit *visit,
                       void *context)
{
    for (size_t i = 0; i < runs.bytes / FEEDBACK_RUN_BYTES; i++) {
        struct feedback_run run = feedback_run_read(runs, i);

        for (uint32_t place = run.first; place < run.first + run.count; place++) {
            uint64_t position = block * FEEDBACK_BLOCK + place;

            if (position < page->from || visit(position, run.left, context))
                continue;
            page->from = position;
            page->has_more = true;
            return false;
        }
    }
    return true;
}

bool feedback_owed(struct store_txn *txn, struct feedback_page *page, feedback_visit *visit, void *context,
                   struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct feedback_key prefix = feedback_key_owing(page->client);
    struct feedback_key key = feedback_key_owed(page->client, page->from / FEEDBACK_BLOCK);
    struct span found, value;
    bool goes_on;

    page->has_more = false;
    if (!store_cursor_open(txn, STORE_FEEDBACK, &cursor, err))
        return false;
    goes_on = key.bytes > 0 && store_cursor_seek(cursor, feedback_span(&key), &found, &value);
    while (goes_on && found.bytes == prefix.bytes + 8 && memcmp(found.at, prefix.at, prefix.bytes) == 0) {
        uint64_t block = store_read_u64(found.at + prefix.bytes);

        goes_on = visit_runs(page, block, check_runs(txn, value), visit, context) &&
                  store_cursor_next(cursor, &found, &value);
    }
    return store_txn_is_good(txn, err);
}
