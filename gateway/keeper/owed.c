#include "gateway/keeper/owed.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/walk.h"
#include "gateway/command/command_feedback.h"

enum { PARTS_MAX = 64 };

struct part {
    uint64_t from;
    uint64_t to;
    struct buf answers;
};

struct owed {
    const struct keeper_options *options;
    bool is_test;                 /* of the test list, or of the register */
    bool is_known;                /* the two below are as in the store */
    uint64_t looked_at;           /* says the store */
    uint64_t next;                /* of this process: at least that */
    struct part parts[PARTS_MAX]; /* one event each; kept for their memory */
    size_t count;
    struct buf entry;
    struct buf answer;
    size_t owes_at; /* where the last entry that owes says so: the next one often says it there, too */
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
    for (size_t i = 0; i < PARTS_MAX; i++)
        buf_done(&owed->parts[i].answers);
    buf_done(&owed->entry);
    buf_done(&owed->answer);
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

/* Without reading the entry: in canonical JSON a quote inside a text stands behind a backslash, so nothing that a
 * stranger said can look like the end of one member and the name of the next, and the name is of one member alone. */
static bool owes(struct owed *owed, struct span entry)
{
    static const char OWES[] = ",\"owes\":true,";
    const size_t bytes = sizeof OWES - 1;
    const char *found;

    if (entry.bytes >= bytes && owed->owes_at <= entry.bytes - bytes &&
        memcmp(entry.at + owed->owes_at, OWES, bytes) == 0)
        return true;
    found = memmem(entry.at, entry.bytes, OWES, bytes);
    if (found)
        owed->owes_at = (size_t)(found - entry.at);
    return found;
}

/* Members as the trace has them: they were cleaned when they were written there. Both lists are sorted, so one pass
 * over the entry finds all. */
static bool make_answer(struct owed *owed, struct span entry)
{
    static const struct {
        const char *name;   /* in the entry */
        const char *before; /* in the answer */
    } MEMBERS[] = {{"at", "{\"at\":"},       {"by", ",\"client\":"},       {"domain", ",\"domain\":"},
                   {"owes", NULL},           {"purpose", ",\"purpose\":"}, {"receipt", ",\"receipt\":"},
                   {"shown", ",\"shown\":"}, {"uscc", ",\"uscc\":"}};
    struct span name, raw;
    struct walk walk;
    size_t found = 0;
    bool is_test = false;

    if (!walk_begin(&walk, entry))
        return false;
    buf_clear(&owed->answer);
    while (found < COUNT_OF(MEMBERS) && walk_next(&walk, &name, &raw)) {
        if (span_is(name, "test"))
            is_test = span_is(raw, "true");
        if (!span_is(name, MEMBERS[found].name))
            continue;
        if (MEMBERS[found].before) {
            buf_add_text(&owed->answer, MEMBERS[found].before);
            buf_add_span(&owed->answer, raw);
        } else if (!span_is(raw, "true")) {
            return false;
        }
        found++;
    }
    buf_add_byte(&owed->answer, '}');
    return found == COUNT_OF(MEMBERS) && is_test == owed->is_test;
}

static struct part *begin_part(struct owed *owed, uint64_t from)
{
    struct part *part = &owed->parts[owed->count++];

    part->from = part->to = from;
    buf_clear(&part->answers);
    return part;
}

/* False when no more fits: the entry at `index` waits for the next transaction. */
static bool add_answer(struct owed *owed, uint64_t index)
{
    struct part *part = &owed->parts[owed->count - 1];

    if (part->answers.bytes + owed->answer.bytes + 1 > OWED_BYTES_MAX) {
        part->to = index;
        if (owed->count == PARTS_MAX)
            return false;
        part = begin_part(owed, index);
    }
    if (part->answers.bytes > 0)
        buf_add_byte(&part->answers, ',');
    buf_add_span(&part->answers, buf_span(&owed->answer));
    return true;
}

static bool commit(struct owed *owed, struct error *err)
{
    const struct desk desk = {.store = owed->options->store, .clock = owed->options->clock};
    struct owing owing[PARTS_MAX];
    uint64_t to = owed->parts[owed->count - 1].to;

    for (size_t i = 0; i < owed->count; i++)
        owing[i] = (struct owing){owed->parts[i].from, owed->parts[i].to, buf_span(&owed->parts[i].answers)};
    owed->is_known = false;
    if (!command_feedback_owe(&desk, owing, owed->count, err))
        return false;
    owed->looked_at = owed->next = to;
    owed->is_known = true;
    return true;
}

/* As far as `end`, or as one transaction reaches. */
static bool look(struct owed *owed, struct trace_log *log, uint64_t end, struct error *err)
{
    uint64_t index = owed->next;
    bool has_some = false;

    owed->count = 0;
    (void)begin_part(owed, owed->looked_at);
    for (; index < end; index++) {
        buf_clear(&owed->entry);
        if (!trace_log_read(log, index, &owed->entry, err))
            return false;
        if (!owes(owed, buf_span(&owed->entry)) || !make_answer(owed, buf_span(&owed->entry)))
            continue;
        has_some = true;
        if (!add_answer(owed, index))
            break;
    }
    owed->parts[owed->count - 1].to = index;
    if (has_some || index - owed->looked_at >= OWED_QUIET_ENTRIES)
        return commit(owed, err);
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
