/* feedback_apply.c - events into what is owed and what was given. */
#include <string.h>

#include "base/text.h"
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

    feedback_count(txn, client, &counts);
    store_key_u64(bytes, counts.owed + (uint64_t)owed);
    store_key_u64(bytes + 8, counts.given + (uint64_t)given);
    put(txn, &key, (struct span){(const char *)bytes, sizeof bytes});
}

/* --- owed --- */

/* One client's runs, as they are added to block by block. */
struct owing {
    struct store_txn *txn;
    struct span client;
    uint64_t next; /* entries below were told of */
    uint64_t end;  /* that of the event */
    uint64_t block;
    struct feedback_key key;
    struct buf runs; /* of the block */
    uint64_t things;
};

static void turn_to(struct owing *owing, uint64_t block)
{
    if (owing->runs.bytes > 0)
        put(owing->txn, &owing->key, buf_span(&owing->runs));
    owing->block = block;
    owing->key = feedback_key_owed(owing->client, block);
    buf_clear(&owing->runs);
    buf_add_span(&owing->runs, feedback_runs(owing->txn, &owing->key));
}

/* Behind what is there already; grown when that ends where this begins. */
static void run_put(struct owing *owing, struct feedback_run run)
{
    size_t count = owing->runs.bytes / FEEDBACK_RUN_BYTES;
    struct feedback_run last;

    if (count > 0) {
        last = feedback_run_read(buf_span(&owing->runs), count - 1);
        if (last.first + last.count == run.first && last.left == run.left) {
            owing->runs.bytes -= FEEDBACK_RUN_BYTES;
            run = (struct feedback_run){last.first, last.count + run.count, run.left};
        }
    }
    feedback_run_add(&owing->runs, run);
}

static void owe_run(struct owing *owing, uint64_t from, uint64_t count, uint32_t things)
{
    owing->things += count * things;
    while (count > 0) {
        uint32_t first = from % FEEDBACK_BLOCK;
        uint32_t part = count < FEEDBACK_BLOCK - first ? (uint32_t)count : FEEDBACK_BLOCK - first;

        if (owing->key.bytes == 0 || from / FEEDBACK_BLOCK != owing->block)
            turn_to(owing, from / FEEDBACK_BLOCK);
        run_put(owing, (struct feedback_run){first, part, things});
        from += part;
        count -= part;
    }
}

static bool read_run(struct span raw, int64_t number[3])
{
    struct span name, value;
    struct walk walk;
    size_t count = 0;

    if (!walk_begin(&walk, raw))
        return false;
    while (count < 3 && walk_next(&walk, &name, &value) && walk_integer(value, &number[count]))
        count++;
    return count == 3;
}

static bool owe_next(struct owing *owing, struct span raw, struct error *err)
{
    uint64_t room = owing->end - owing->next;
    int64_t number[3];

    if (!read_run(raw, number) || number[0] < 0 || number[1] <= 0 || number[2] <= 0 || number[2] > FEEDBACK_LEFT_MAX ||
        (uint64_t)number[0] > room || (uint64_t)number[1] > room - (uint64_t)number[0])
        return fail(err, ERR_CORRUPT, "feedback.owed: what is owed is not among what was looked at");
    owing->next += (uint64_t)number[0];
    owe_run(owing, owing->next, (uint64_t)number[1], (uint32_t)number[2]);
    owing->next += (uint64_t)number[1];
    return true;
}

static bool owe_runs(struct owing *owing, struct span answers, struct error *err)
{
    struct span name, raw;
    struct walk walk;

    if (!walk_begin(&walk, answers))
        return fail(err, ERR_CORRUPT, "feedback.owed lacks a member");
    while (walk_next(&walk, &name, &raw)) {
        if (!owe_next(owing, raw, err))
            return false;
    }
    if (owing->runs.bytes > 0)
        put(owing->txn, &owing->key, buf_span(&owing->runs));
    count_add(owing->txn, owing->client, (int64_t)owing->things, 0);
    return true;
}

static bool owe(struct store_txn *txn, struct span owing_json, uint64_t from, uint64_t to, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct owing owing = {.txn = txn, .next = from, .end = to};
    bool is_good;

    if (!walk_text(walk_member(owing_json, "client"), &hold, &owing.client) || owing.client.bytes == 0 ||
        owing.client.bytes > FEEDBACK_CLIENT_MAX)
        return fail(err, ERR_CORRUPT, "feedback.owed: who owes has no name");
    is_good = owe_runs(&owing, walk_member(owing_json, "answers"), err);
    buf_done(&owing.runs);
    return is_good;
}

static bool apply_owed(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    struct feedback_key key = feedback_key(FEEDBACK_TRACE);
    int64_t from = walk_integer_of(event->data, "from", -1);
    int64_t to = walk_integer_of(event->data, "to", -1);
    struct span name, raw;
    struct walk walk;

    (void)sequence;
    if (from < 0 || to < from || !walk_begin(&walk, walk_member(event->data, "owing")))
        return fail(err, ERR_CORRUPT, "feedback.owed lacks a member");
    if ((uint64_t)from != feedback_looked_at(txn))
        return fail(err, ERR_CONFLICT, "feedback.owed begins at entry %lld of the trace, the one before ended at %llu",
                    (long long)from, (unsigned long long)feedback_looked_at(txn));
    while (walk_next(&walk, &name, &raw)) {
        if (!owe(txn, raw, (uint64_t)from, (uint64_t)to, err))
            return false;
    }
    put_number(txn, &key, (uint64_t)to);
    return true;
}

/* --- given --- */

struct giving {
    struct store_txn *txn;
    uint64_t sequence;
    struct span client;
    struct span receipt;
    uint64_t position;
    uint32_t count;
};

static bool give(struct giving *giving, struct span detail, struct error *err)
{
    struct span id = walk_plain_of(detail, "id");
    struct feedback_key key = feedback_key_detail(giving->receipt, id);
    uint64_t earlier;

    if (feedback_given(giving->txn, giving->receipt, id, &earlier))
        return fail(err, ERR_CONFLICT, "feedback.recorded: %.*s has its feedback", (int)id.bytes, id.at);
    put_number(giving->txn, &key, giving->sequence);
    giving->count++;
    return true;
}

/* The run in which the answer stands falls into what is before it, itself with less left, and what is behind it. */
static void run_split(struct feedback_run run, uint32_t place, uint32_t left, struct buf *out)
{
    if (place > run.first)
        feedback_run_add(out, (struct feedback_run){run.first, place - run.first, run.left});
    if (left > 0)
        feedback_run_add(out, (struct feedback_run){place, 1, left});
    if (place + 1 < run.first + run.count)
        feedback_run_add(out, (struct feedback_run){place + 1, run.first + run.count - place - 1, run.left});
}

static void leave(const struct giving *giving, uint32_t left)
{
    AUTO(buf_done) struct buf value = BUF_INIT;
    struct feedback_key key = feedback_key_owed(giving->client, giving->position / FEEDBACK_BLOCK);
    struct span runs = feedback_runs(giving->txn, &key);
    uint32_t place = giving->position % FEEDBACK_BLOCK;

    for (size_t i = 0; i < runs.bytes / FEEDBACK_RUN_BYTES; i++) {
        struct feedback_run run = feedback_run_read(runs, i);

        if (place >= run.first && place < run.first + run.count)
            run_split(run, place, left, &value);
        else
            feedback_run_add(&value, run);
    }
    if (value.bytes > 0)
        put(giving->txn, &key, buf_span(&value));
    else
        store_delete(giving->txn, STORE_FEEDBACK, feedback_span(&key));
}

static bool settle(struct giving *giving, int64_t left, struct error *err)
{
    uint32_t owed = feedback_left(giving->txn, giving->client, giving->position);

    if (giving->count == 0 || giving->count > owed || left != owed - giving->count)
        return fail(err, ERR_CONFLICT, "feedback.recorded: %u details where %u are owed", giving->count, owed);
    leave(giving, (uint32_t)left);
    count_add(giving->txn, giving->client, -(int64_t)giving->count, giving->count);
    return true;
}

static bool apply_recorded(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    AUTO(buf_done) struct buf texts = BUF_INIT;
    struct giving giving = {.txn = txn, .sequence = sequence, .receipt = walk_plain_of(event->data, "receipt")};
    int64_t position = walk_integer_of(event->data, "position", -1);
    struct span name, raw, key;
    struct walk walk;

    if (!walk_text(walk_member(event->data, "client"), &texts, &giving.client) || position < 0 ||
        giving.receipt.bytes == 0 || !walk_begin(&walk, walk_member(event->data, "details")))
        return fail(err, ERR_CORRUPT, "feedback.recorded lacks a member");
    giving.position = (uint64_t)position;
    while (walk_next(&walk, &name, &raw)) {
        if (!give(&giving, raw, err))
            return false;
    }
    if (!settle(&giving, walk_integer_of(event->data, "left", -1), err))
        return false;
    key = walk_plain_of(event->data, "key");
    if (key.bytes > 0) {
        struct feedback_key of = feedback_key_key(giving.client, key);

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
