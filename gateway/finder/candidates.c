#include "gateway/finder/candidates.h"

#include <math.h>
#include <stdio.h>

#include "base/json.h"
#include "base/text.h"
#include "schemas/personal.h"

static const double SCORE_STEPS = 10000; /* of a score as it is told */

static void text_add(struct buf *out, const char *member, struct span text)
{
    buf_addf(out, "\"%s\":", member);
    json_string_add(out, text);
}

static void reason_text_add(struct buf *out, const char *member, const struct name_reason *reason)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    name_reason_add_text(&text, reason, member);
    text_add(out, member, buf_span(&text));
}

/* Of a person's name no part is told, one that differs least of all: asking again and again would give it away. */
static void reason_mask(struct name_reason *reason)
{
    if (reason->registered[0])
        snprintf(reason->registered, sizeof reason->registered, "**");
}

static void reason_add_json(struct buf *out, const struct name_reason *reason)
{
    buf_add_byte(out, '{');
    text_add(out, "asked", span_of(reason->asked));
    buf_add_byte(out, ',');
    reason_text_add(out, "en", reason);
    buf_addf(out, ",\"part\":\"%s\",\"reason\":\"%s\",", name_part_slug(reason->part), name_reason_slug(reason->kind));
    text_add(out, "registered", span_of(reason->registered));
    buf_add_byte(out, ',');
    reason_text_add(out, "zh", reason);
    buf_add_byte(out, '}');
}

static void reasons_add_json(struct buf *out, const struct name_candidate *candidate, bool is_masked)
{
    buf_add_text(out, ",\"reasons\":[");
    for (size_t i = 0; i < candidate->reason_count; i++) {
        struct name_reason reason = candidate->reasons[i];

        if (is_masked)
            reason_mask(&reason);
        if (i)
            buf_add_byte(out, ',');
        reason_add_json(out, &reason);
    }
    buf_add_byte(out, ']');
}

static void name_add_json(struct buf *out, struct span name, bool is_masked)
{
    AUTO(buf_done) struct buf masked = BUF_INIT;

    if (is_masked) {
        personal_mask_text(name, &masked);
        buf_add_text(out, "\"masked\":[\"name\",\"uscc\"],");
    }
    text_add(out, "name", is_masked ? buf_span(&masked) : name);
}

/* `code`: as it may be told. */
static void candidate_add_json(struct buf *out, const struct name_candidate *candidate, const struct companies *known,
                               struct span code)
{
    bool is_masked = code.bytes < NAME_CODE_BYTES;

    buf_add_byte(out, '{');
    name_add_json(out, companies_name(known, candidate->code), is_masked);
    reasons_add_json(out, candidate, is_masked);
    buf_add_text(out, ",\"score\":");
    /* It is finite: only that could fail. */
    if (!json_number_add(round(candidate->score * SCORE_STEPS) / SCORE_STEPS, out))
        buf_add_byte(out, '0');
    buf_addf(out, ",\"strength\":\"%s\",\"uscc\":\"%.*s\"}", NAME_STRENGTHS[candidate->strength], (int)code.bytes,
             code.at);
}

static void code_as_told(const struct name_candidate *candidate, struct finder_wish wish, struct buf *out)
{
    struct span code = {candidate->code, NAME_CODE_BYTES};

    if (!wish.shows_personal && personal_is_code(code))
        personal_mask_code(code, out);
    else
        buf_add_span(out, code);
}

void candidates_add(const struct name_answer *answer, const struct companies *known, struct finder_wish wish,
                    struct buf *candidates, struct buf *shown)
{
    AUTO(buf_done) struct buf code = BUF_INIT;

    buf_add_byte(candidates, '[');
    buf_add_byte(shown, '[');
    for (size_t i = 0; i < answer->count && i < wish.most; i++) {
        const struct name_candidate *candidate = &answer->candidates[i];

        buf_clear(&code);
        code_as_told(candidate, wish, &code);

        if (i) {
            buf_add_byte(candidates, ',');
            buf_add_byte(shown, ',');
        }
        candidate_add_json(candidates, candidate, known, buf_span(&code));
        buf_addf(shown, "[\"%s\",%d]", buf_text(&code), (int)(candidate->score * 1000 + 0.5));
    }
    buf_add_byte(candidates, ']');
    buf_add_byte(shown, ']');
}
