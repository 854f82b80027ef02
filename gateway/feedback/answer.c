#include "gateway/feedback/answer.h"

#include <inttypes.h>

#include "base/text.h"
#include "base/walk.h"

void feedback_answer_done(struct feedback_answer *answer)
{
    buf_done(&answer->entry);
    buf_done(&answer->client);
}

struct span feedback_answer_member(const struct feedback_answer *answer, const char *name)
{
    return walk_member(buf_span(&answer->entry), name);
}

static bool read_at(struct trace_log *log, uint64_t position, struct feedback_answer *out, struct error *err)
{
    struct span client = SPAN_NONE;

    buf_clear(&out->entry);
    buf_clear(&out->client);
    if (!trace_log_read(log, position, &out->entry, err))
        return false;
    AUTO(buf_done) struct buf hold = BUF_INIT;
    if (!walk_text(feedback_answer_member(out, "by"), &hold, &client))
        return fail(err, ERR_CORRUPT, "entry %" PRIu64 " of the trace does not say who asked", position);
    buf_add_span(&out->client, client);
    out->position = position;
    out->shown = feedback_answer_member(out, "shown");
    out->receipt = walk_plain(feedback_answer_member(out, "receipt"));
    out->things = (uint32_t)walk_count(out->shown);
    out->owes = out->things > 0 && span_is(feedback_answer_member(out, "owes"), "true");
    out->is_test = span_is(feedback_answer_member(out, "test"), "true");
    return true;
}

bool feedback_answer_find(struct trace_log *log, const char *receipt, struct feedback_answer *out, struct error *err)
{
    uint64_t position;

    if (!trace_log_find(log, receipt, &position, err) || !read_at(log, position, out, err))
        return false;
    return span_is(out->receipt, receipt) ||
           fail(err, ERR_CORRUPT, "entry %" PRIu64 " of the trace has another receipt than %s", position, receipt);
}

bool feedback_answer_at(struct trace_log *log, struct span client, uint64_t position, struct feedback_answer *out,
                        struct error *err)
{
    if (!read_at(log, position, out, err))
        return false;
    return (out->owes && feedback_answer_is_of(out, client)) ||
           fail(err, ERR_CORRUPT, "nothing is owed on entry %" PRIu64 " of the trace by whom the store names: rebuild",
                position);
}

bool feedback_answer_is_of(const struct feedback_answer *answer, struct span client)
{
    return span_equal(buf_span(&answer->client), client);
}

bool feedback_thing_next(struct walk *shown, struct feedback_thing *out)
{
    struct span name, raw, version;
    struct walk pair;
    int64_t number;

    while (walk_next(shown, &name, &raw)) {
        if (!walk_begin(&pair, raw) || !walk_next(&pair, &name, &raw) || !walk_next(&pair, &name, &version) ||
            !walk_integer(version, &number))
            continue;
        *out = (struct feedback_thing){walk_plain(raw), (uint32_t)number};
        if (out->id.bytes > 0)
            return true;
    }
    return false;
}

bool feedback_shows(const struct feedback_answer *answer, struct span id, uint32_t *version)
{
    struct feedback_thing thing;
    struct walk shown;

    if (!walk_begin(&shown, answer->shown))
        return false;
    while (feedback_thing_next(&shown, &thing)) {
        *version = thing.version;
        if (span_equal(thing.id, id))
            return true;
    }
    return false;
}

void feedback_answer_add(const struct feedback_answer *answer, struct buf *out)
{
    static const char *const MEMBERS[][2] = {
        {"{\"at\":", "at"}, {",\"domain\":", "domain"}, {",\"purpose\":", "purpose"}, {",\"uscc\":", "uscc"}};

    for (size_t i = 0; i < COUNT_OF(MEMBERS); i++) {
        buf_add_text(out, MEMBERS[i][0]);
        buf_add_span(out, feedback_answer_member(answer, MEMBERS[i][1]));
    }
    buf_add_byte(out, '}');
}
