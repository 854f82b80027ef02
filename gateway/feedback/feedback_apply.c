/* feedback_apply.c - events into what is owed and what was given. */
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "base/walk.h"
#include "gateway/feedback/feedback.h"
#include "gateway/feedback/table.h"

static void put(struct store_txn *txn, const struct feedback_key *key, struct span value)
{
    store_put(txn, STORE_FEEDBACK, feedback_span(key), value);
}

static void put_number(struct store_txn *txn, const struct feedback_key *key, uint64_t value)
{
    uint8_t bytes[8];

    store_key_u64(bytes, value);
    put(txn, key, (struct span){(const char *)bytes, sizeof bytes});
}

static void count_add(struct store_txn *txn, struct span client, int64_t owed, int64_t given)
{
    struct feedback_key key = feedback_key_of(FEEDBACK_COUNT, client);
    struct feedback_counts counts;
    uint8_t bytes[16];

    if (client.bytes == 0)
        return;
    feedback_count(txn, client, &counts);
    store_key_u64(bytes, counts.owed + (uint64_t)owed);
    store_key_u64(bytes + 8, counts.given + (uint64_t)given);
    put(txn, &key, (struct span){(const char *)bytes, sizeof bytes});
}

static void answer_value(const struct feedback_answer *answer, struct buf *value)
{
    uint8_t head[FEEDBACK_ANSWER_HEAD];

    store_key_u32(head, answer->left);
    store_key_u64(head + 4, (uint64_t)answer->at_ms);
    buf_clear(value);
    buf_add(value, head, sizeof head);
    buf_add_span(value, answer->json);
}

/* --- owed --- */

static uint32_t shown_count(struct span shown)
{
    struct walk walk;
    struct span name, raw;
    uint32_t count = 0;

    if (!walk_begin(&walk, shown))
        return 0;
    while (walk_next(&walk, &name, &raw))
        count++;
    return count;
}

/* The members of an answer that are read here, sorted as they stand there. */
enum { AT, CLIENT, RECEIPT, SHOWN, ANSWER_MEMBERS };

static bool find_members(struct span json, struct span members[ANSWER_MEMBERS])
{
    static const char *const NAMES[ANSWER_MEMBERS] = {"at", "client", "receipt", "shown"};
    struct span name, raw;
    struct walk walk;
    size_t found = 0;

    if (!walk_begin(&walk, json))
        return false;
    while (found < ANSWER_MEMBERS && walk_next(&walk, &name, &raw)) {
        if (span_is(name, NAMES[found]))
            members[found++] = raw;
    }
    return found == ANSWER_MEMBERS;
}

/* An event is about very many answers, mostly of one client after the other: his count is kept until another's turn. */
struct owing {
    struct store_txn *txn;
    char client[FEEDBACK_CLIENT_MAX];
    size_t client_bytes;
    int64_t owed;
    struct buf hold; /* of one answer, kept for their memory */
    struct buf value;
};

static void finish_client(struct owing *owing)
{
    count_add(owing->txn, (struct span){owing->client, owing->client_bytes}, owing->owed, 0);
    owing->owed = 0;
}

static void count_for(struct owing *owing, struct span client, uint32_t owed)
{
    if (!span_equal((struct span){owing->client, owing->client_bytes}, client)) {
        finish_client(owing);
        memcpy(owing->client, client.at, client.bytes);
        owing->client_bytes = client.bytes;
    }
    owing->owed += owed;
}

static bool owe(struct owing *owing, struct span json, struct error *err)
{
    struct feedback_answer answer = {.json = json};
    struct span member[ANSWER_MEMBERS];
    uint8_t mark[FEEDBACK_MARK_BYTES];
    struct feedback_key key;
    struct span client, receipt;

    if (!find_members(json, member))
        return fail(err, ERR_CORRUPT, "feedback.owed: an answer lacks a member");
    answer.left = shown_count(member[SHOWN]);
    receipt = walk_plain(member[RECEIPT]);
    buf_clear(&owing->hold);
    if (!walk_text(member[CLIENT], &owing->hold, &client) || client.bytes == 0 || client.bytes > FEEDBACK_CLIENT_MAX ||
        receipt.bytes == 0 || receipt.bytes > FEEDBACK_RECEIPT_MAX || answer.left == 0 ||
        !instant_parse(walk_plain(member[AT]), &answer.at_ms))
        return fail(err, ERR_CORRUPT, "feedback.owed: an answer lacks a member");
    answer_value(&answer, &owing->value);
    key = feedback_key_of(FEEDBACK_ANSWER, receipt);
    if (!store_insert(owing->txn, STORE_FEEDBACK, feedback_span(&key), buf_span(&owing->value)))
        return store_txn_is_good(owing->txn, err) &&
               fail(err, ERR_CONFLICT, "feedback.owed: %.*s is owed already", (int)receipt.bytes, receipt.at);
    key = feedback_key_owed(client, feedback_mark(answer.at_ms, receipt, mark));
    put(owing->txn, &key, SPAN_NONE);
    count_for(owing, client, answer.left);
    return true;
}

/* The answers are megabytes: they are passed over once, then read one by one. */
static bool read_owed(struct span data, struct span *answers, int64_t *from, int64_t *to)
{
    struct span name, raw;
    struct walk walk;

    *answers = SPAN_NONE;
    *from = *to = -1;
    if (!walk_begin(&walk, data))
        return false;
    while (walk_next(&walk, &name, &raw)) {
        if (span_is(name, "answers"))
            *answers = raw;
        if ((span_is(name, "from") && !walk_integer(raw, from)) || (span_is(name, "to") && !walk_integer(raw, to)))
            return false;
    }
    return *from >= 0 && *to >= *from;
}

static bool owe_all(struct store_txn *txn, struct span answers, struct error *err)
{
    struct owing owing = {.txn = txn};
    struct span name, raw;
    struct walk walk;
    bool is_good = walk_begin(&walk, answers) || fail(err, ERR_CORRUPT, "feedback.owed lacks a member");

    while (is_good && walk_next(&walk, &name, &raw))
        is_good = owe(&owing, raw, err);
    if (is_good)
        finish_client(&owing);
    buf_done(&owing.hold);
    buf_done(&owing.value);
    return is_good;
}

static bool apply_owed(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    struct feedback_key key = feedback_key(FEEDBACK_TRACE);
    struct span answers;
    int64_t from, to;

    (void)sequence;
    if (!read_owed(event->data, &answers, &from, &to))
        return fail(err, ERR_CORRUPT, "feedback.owed lacks a member");
    if ((uint64_t)from != feedback_looked_at(txn))
        return fail(err, ERR_CONFLICT, "feedback.owed begins at entry %lld of the trace, the one before ended at %llu",
                    (long long)from, (unsigned long long)feedback_looked_at(txn));
    if (!owe_all(txn, answers, err))
        return false;
    put_number(txn, &key, (uint64_t)to);
    return true;
}

/* --- given --- */

struct giving {
    struct store_txn *txn;
    uint64_t sequence;
    struct feedback_answer answer;
    struct span receipt;
    uint32_t count;
};

static bool give(struct giving *giving, struct span detail, struct error *err)
{
    struct span id = walk_plain_of(detail, "id");
    struct feedback_key key = feedback_key_detail(giving->receipt, id);
    uint64_t earlier;
    uint32_t version;

    if (!feedback_shows(&giving->answer, id, &version) || walk_integer_of(detail, "version", -1) != version)
        return fail(err, ERR_CONFLICT, "feedback.recorded: this was not shown: %.*s", (int)id.bytes, id.at);
    if (feedback_given(giving->txn, giving->receipt, id, &earlier))
        return fail(err, ERR_CONFLICT, "feedback.recorded: %.*s has its feedback", (int)id.bytes, id.at);
    put_number(giving->txn, &key, giving->sequence);
    giving->count++;
    return true;
}

static bool settle(struct giving *giving, struct span client, struct error *err)
{
    AUTO(buf_done) struct buf value = BUF_INIT;
    uint8_t mark[FEEDBACK_MARK_BYTES];
    struct feedback_answer answer = giving->answer;
    struct feedback_key of = feedback_key_of(FEEDBACK_ANSWER, giving->receipt);
    struct feedback_key key;

    if (giving->count == 0 || giving->count > answer.left)
        return fail(err, ERR_CORRUPT, "feedback.recorded: %u details where %u are owed", giving->count, answer.left);
    answer.left -= giving->count;
    key = feedback_key_owed(client, feedback_mark(answer.at_ms, giving->receipt, mark));
    answer_value(&answer, &value);
    put(giving->txn, &of, buf_span(&value));
    if (answer.left == 0)
        store_delete(giving->txn, STORE_FEEDBACK, feedback_span(&key));
    count_add(giving->txn, client, -(int64_t)giving->count, giving->count);
    return true;
}

/* What is read is borrowed until something is written: the answer and its texts are kept in `hold`. */
static bool load_answer(struct giving *giving, struct span client, struct buf *hold, struct error *err)
{
    if (!feedback_find(giving->txn, client, giving->receipt, &giving->answer))
        return store_txn_is_good(giving->txn, err) &&
               fail(err, ERR_CONFLICT, "feedback.recorded: nothing was owed on %.*s", (int)giving->receipt.bytes,
                    giving->receipt.at);
    buf_add_span(hold, giving->answer.json);
    giving->answer.json = buf_span(hold);
    giving->answer.shown = walk_member(giving->answer.json, "shown");
    return true;
}

static bool apply_recorded(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    AUTO(buf_done) struct buf texts = BUF_INIT;
    struct giving giving = {.txn = txn, .sequence = sequence, .receipt = walk_plain_of(event->data, "receipt")};
    struct span client, name, raw, key;
    struct walk walk;

    if (!walk_text(walk_member(event->data, "client"), &texts, &client) ||
        !walk_begin(&walk, walk_member(event->data, "details")))
        return fail(err, ERR_CORRUPT, "feedback.recorded lacks a member");
    if (!load_answer(&giving, client, &hold, err))
        return false;
    while (walk_next(&walk, &name, &raw)) {
        if (!give(&giving, raw, err))
            return false;
    }
    if (!settle(&giving, client, err))
        return false;
    key = walk_plain_of(event->data, "key");
    if (key.bytes > 0) {
        struct feedback_key of = feedback_key_key(client, key);

        put_number(txn, &of, sequence);
    }
    return true;
}

static const struct {
    const char *type;
    bool (*apply)(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err);
} EVENTS[] = {{"feedback.owed", apply_owed}, {"feedback.recorded", apply_recorded}};

bool feedback_applies(struct span type)
{
    for (size_t i = 0; i < COUNT_OF(EVENTS); i++) {
        if (span_is(type, EVENTS[i].type))
            return true;
    }
    return false;
}

bool feedback_apply(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(EVENTS); i++) {
        if (span_is(event->type, EVENTS[i].type))
            return EVENTS[i].apply(txn, sequence, event, err) && store_txn_is_good(txn, err);
    }
    return fail(err, ERR_INVALID, "feedback knows no event \"%.*s\"", (int)event->type.bytes, event->type.at);
}
