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

struct feedback_key feedback_key_owed(struct span client, struct span mark)
{
    return key_of_two(FEEDBACK_OWED, client, mark);
}

struct span feedback_mark(int64_t at_ms, struct span receipt, uint8_t *out)
{
    size_t bytes = receipt.bytes < FEEDBACK_RECEIPT_MAX ? receipt.bytes : FEEDBACK_RECEIPT_MAX;

    store_key_u64(out, (uint64_t)at_ms);
    memcpy(out + 8, receipt.at, bytes);
    return (struct span){(const char *)out, 8 + bytes};
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

bool feedback_answer_get(struct store_txn *txn, struct span receipt, struct feedback_answer *out)
{
    struct feedback_key key = feedback_key_of(FEEDBACK_ANSWER, receipt);
    struct span value;

    if (receipt.bytes == 0 || !get(txn, &key, &value))
        return false;
    if (value.bytes > FEEDBACK_ANSWER_HEAD) {
        struct span json = {value.at + FEEDBACK_ANSWER_HEAD, value.bytes - FEEDBACK_ANSWER_HEAD};

        *out = (struct feedback_answer){.at_ms = (int64_t)store_read_u64(value.at + 4),
                                        .left = store_read_u32(value.at),
                                        .json = json,
                                        .receipt = walk_plain_of(json, "receipt"),
                                        .client = walk_member(json, "client"),
                                        .shown = walk_member(json, "shown")};
    }
    if (value.bytes <= FEEDBACK_ANSWER_HEAD || !span_equal(out->receipt, receipt)) {
        store_txn_spoil(txn, STORE_FEEDBACK, "an answer contradicts itself: rebuild");
        return false;
    }
    return true;
}

uint64_t feedback_looked_at(struct store_txn *txn)
{
    struct feedback_key key = feedback_key(FEEDBACK_TRACE);
    uint64_t count = 0;

    (void)feedback_number(txn, &key, &count);
    return count;
}

bool feedback_find(struct store_txn *txn, struct span client, struct span receipt, struct feedback_answer *out)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct feedback_answer answer;
    struct span name;

    if (!feedback_answer_get(txn, receipt, &answer) || !walk_text(answer.client, &hold, &name) ||
        !span_equal(name, client))
        return false;
    *out = answer;
    return true;
}

bool feedback_shows(const struct feedback_answer *answer, struct span id, uint32_t *version)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct walk list, pair;
    struct span name, raw, shown;
    int64_t number;

    if (!walk_begin(&list, answer->shown))
        return false;
    while (walk_next(&list, &name, &raw)) {
        if (!walk_begin(&pair, raw) || !walk_next(&pair, &name, &shown) || !walk_text(shown, &hold, &shown) ||
            !span_equal(shown, id) || !walk_next(&pair, &name, &raw) || !walk_integer(raw, &number))
            continue;
        *version = (uint32_t)number;
        return true;
    }
    return false;
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

static bool visit_owed(struct store_txn *txn, struct feedback_page *page, struct span mark, feedback_visit *visit,
                       void *context)
{
    struct feedback_answer answer;

    if (mark.bytes <= 8 || mark.bytes > sizeof page->mark ||
        !feedback_answer_get(txn, (struct span){mark.at + 8, mark.bytes - 8}, &answer)) {
        store_txn_spoil(txn, STORE_FEEDBACK, "what is owed has no answer: rebuild");
        return false;
    }
    if (visit(&answer, context))
        return true;
    memcpy(page->mark, mark.at, mark.bytes);
    page->mark_bytes = mark.bytes;
    return false;
}

bool feedback_owed(struct store_txn *txn, struct feedback_page *page, feedback_visit *visit, void *context,
                   struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct span from = {(const char *)page->mark, page->mark_bytes};
    struct feedback_key prefix = feedback_key_owed(page->client, SPAN_NONE);
    struct feedback_key key = feedback_key_owed(page->client, from);
    struct span found, value;
    bool is_there;

    if (prefix.bytes == 0 || key.bytes == 0)
        return refuse(err, ERR_INVALID, "feedback.page", "there is no such page", "没有这一页");
    if (!store_cursor_open(txn, STORE_FEEDBACK, &cursor, err))
        return false;
    page->mark_bytes = 0;
    is_there = store_cursor_seek(cursor, feedback_span(&key), &found, &value);
    while (is_there && found.bytes > prefix.bytes && memcmp(found.at, prefix.at, prefix.bytes) == 0 &&
           visit_owed(txn, page, (struct span){found.at + prefix.bytes, found.bytes - prefix.bytes}, visit, context))
        is_there = store_cursor_next(cursor, &found, &value);
    return store_txn_is_good(txn, err);
}
