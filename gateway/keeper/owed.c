#include "gateway/keeper/owed.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "base/walk.h"
#include "gateway/command/command_feedback.h"

/* Answers of this many clients fit into one event: the next one is a new event. */
enum { CLIENTS_MAX = 256, RUN_BYTES_MAX = 3 * 20 + 4, CLIENT_JSON_MAX = FEEDBACK_CLIENT_MAX * 6 + 64 };

/* Entries one behind the other, as far as this client's are concerned, that each showed as many things. */
struct run {
    uint64_t from;
    uint64_t count;
    uint32_t things;
};

struct ower {
    struct buf client; /* raw JSON; kept for its memory, as the other */
    struct buf runs;   /* that are over */
    uint64_t told;     /* as far as they reach */
    struct run run;    /* the last one */
};

struct owed {
    const struct keeper_options *options;
    bool is_test;       /* of the test list, or of the register */
    bool is_known;      /* the two below are as in the store */
    uint64_t looked_at; /* says the store */
    uint64_t next;      /* of this process: at least that */
    struct ower owers[CLIENTS_MAX];
    size_t count;
    size_t last;  /* whose answer was the last one: the next is often his, too */
    size_t bytes; /* of the event, at most */
    struct buf event;
    struct buf entry;
    size_t owes_at, by_at, shown_at, test_at; /* where these members stood in the last entry (find_member) */
};

struct owed *owed_new(const struct keeper_options *options, bool is_test)
{
    struct owed *owed = memory_new(sizeof *owed);

    owed->options = options;
    owed->is_test = is_test;
    return owed;
}

void owed_free(struct owed *owed)
{
    if (!owed)
        return;
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        buf_done(&owed->owers[i].client);
        buf_done(&owed->owers[i].runs);
    }
    buf_done(&owed->event);
    buf_done(&owed->entry);
    free(owed);
}

static bool know(struct owed *owed, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    if (owed->is_known)
        return true;
    if (!store_begin(owed->options->store, STORE_READ, &txn, err))
        return false;
    owed->looked_at = owed->next = feedback_looked_at(txn);
    owed->is_known = store_txn_is_good(txn, err);
    return owed->is_known;
}

/* Where `text`, the end of a member and the name of the next, stands in the entry; NULL: nowhere. Without reading the
 * entry: in canonical JSON a quote inside a text stands behind a backslash, so nothing that a stranger said can look
 * like it, and the name is of one member alone. Entries that are alike have it where the last one had it. */
static const char *find_member(struct span entry, struct span text, size_t *at)
{
    const char *found = entry.at + *at;

    if (entry.bytes >= text.bytes && *at <= entry.bytes - text.bytes && memcmp(found, text.at, text.bytes) == 0)
        return found;
    found = memmem(entry.at, entry.bytes, text.at, text.bytes);
    if (found)
        *at = (size_t)(found - entry.at);
    return found;
}

static bool owes(struct owed *owed, struct span entry)
{
    return find_member(entry, SPAN(",\"owes\":true,"), &owed->owes_at);
}

/* The raw value behind a member's name; empty when it is not there. */
static struct span value_of(struct span entry, struct span name, size_t *at)
{
    const char *found = find_member(entry, name, at);
    struct walk walk = {.end = entry.at + entry.bytes, .is_array = true};
    struct span none, raw;

    if (!found)
        return SPAN_NONE;
    walk.at = found + name.bytes;
    return walk_next(&walk, &none, &raw) ? raw : SPAN_NONE;
}

/* What an entry that owes says: who, and how many things were shown. */
struct answer {
    struct span client; /* raw */
    uint32_t things;
};

static bool read_answer(struct owed *owed, struct span entry, struct answer *out)
{
    size_t count;

    out->client = value_of(entry, SPAN(",\"by\":"), &owed->by_at);
    count = walk_count(value_of(entry, SPAN(",\"shown\":"), &owed->shown_at));
    out->things = count < FEEDBACK_LEFT_MAX ? (uint32_t)count : FEEDBACK_LEFT_MAX;
    return out->client.bytes > 2 && out->things > 0 &&
           span_is(value_of(entry, SPAN(",\"test\":"), &owed->test_at), "true") == owed->is_test;
}

/* --- the event --- */

static void end_run(struct owed *owed, struct ower *ower)
{
    const struct run *run = &ower->run;
    size_t before = ower->runs.bytes;

    if (run->count == 0)
        return;
    json_count_add(&ower->runs, before > 0 ? ",[" : "[", run->from - ower->told);
    json_count_add(&ower->runs, ",", run->count);
    json_count_add(&ower->runs, ",", run->things);
    buf_add_byte(&ower->runs, ']');
    ower->told = run->from + run->count;
    owed->bytes += ower->runs.bytes - before;
}

static struct ower *find_ower(struct owed *owed, struct span client)
{
    struct ower *ower = &owed->owers[owed->last];

    if (owed->last < owed->count && span_equal(buf_span(&ower->client), client))
        return ower;
    for (owed->last = 0; owed->last < owed->count; owed->last++) {
        ower = &owed->owers[owed->last];
        if (span_equal(buf_span(&ower->client), client))
            return ower;
    }
    if (owed->count == CLIENTS_MAX)
        return NULL;
    ower = &owed->owers[owed->count++];
    buf_clear(&ower->client);
    buf_clear(&ower->runs);
    buf_add_span(&ower->client, client);
    ower->told = owed->looked_at;
    ower->run = (struct run){.count = 0};
    owed->bytes += CLIENT_JSON_MAX + RUN_BYTES_MAX;
    return ower;
}

/* False when no more fits: the entry waits for the next event. */
static bool add_answer(struct owed *owed, const struct answer *answer, uint64_t index)
{
    struct ower *ower;

    if (owed->bytes + CLIENT_JSON_MAX + 2 * RUN_BYTES_MAX > OWED_BYTES_MAX)
        return false;
    ower = find_ower(owed, answer->client);
    if (!ower)
        return false;
    if (ower->run.count > 0 && ower->run.things == answer->things && ower->run.from + ower->run.count == index) {
        ower->run.count++;
        return true;
    }
    end_run(owed, ower);
    ower->run = (struct run){index, 1, answer->things};
    return true;
}

static void write_event(struct owed *owed)
{
    buf_clear(&owed->event);
    for (size_t i = 0; i < owed->count; i++) {
        struct ower *ower = &owed->owers[i];

        end_run(owed, ower);
        buf_add_text(&owed->event, i > 0 ? ",{\"answers\":[" : "{\"answers\":[");
        buf_add_span(&owed->event, buf_span(&ower->runs));
        buf_add_text(&owed->event, "],\"client\":");
        buf_add_span(&owed->event, buf_span(&ower->client));
        buf_add_byte(&owed->event, '}');
    }
}

static bool commit(struct owed *owed, uint64_t to, struct error *err)
{
    const struct desk desk = {.store = owed->options->store, .clock = owed->options->clock};
    struct owing owing = {owed->looked_at, to, SPAN_NONE};

    write_event(owed);
    owing.owing = buf_span(&owed->event);
    owed->is_known = false;
    if (!command_feedback_owe(&desk, &owing, err))
        return false;
    owed->looked_at = owed->next = to;
    owed->is_known = true;
    return true;
}

/* As far as `end`, or as one event reaches. */
static bool look(struct owed *owed, struct trace_log *log, uint64_t end, struct error *err)
{
    uint64_t index = owed->next;
    struct answer answer;

    owed->count = owed->last = owed->bytes = 0;
    for (; index < end; index++) {
        buf_clear(&owed->entry);
        if (!trace_log_read(log, index, &owed->entry, err))
            return false;
        if (owes(owed, buf_span(&owed->entry)) && read_answer(owed, buf_span(&owed->entry), &answer) &&
            !add_answer(owed, &answer, index))
            break;
    }
    if (owed->count > 0 || index - owed->looked_at >= OWED_QUIET_ENTRIES)
        return commit(owed, index, err);
    owed->next = index;
    return true;
}

bool owed_waits(const struct owed *owed, const struct trace_log *log)
{
    return owed->is_known && trace_log_size(log) > owed->next;
}

bool owed_turn(struct owed *owed, struct trace_log *log, struct error *err)
{
    uint64_t size = trace_log_size(log);
    uint64_t end;

    if (!know(owed, err))
        return false;
    if (size < owed->next)
        return fail(err, ERR_CORRUPT, "the trace has %" PRIu64 " entries, but %" PRIu64 " were looked at for feedback",
                    size, owed->next);
    end = size - owed->next > OWED_TURN_ENTRIES ? owed->next + OWED_TURN_ENTRIES : size;
    while (owed->next < end) {
        if (!look(owed, log, end, err))
            return fail_in(err, "feedback");
    }
    return true;
}
