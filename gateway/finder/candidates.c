#include "gateway/finder/candidates.h"

#include <math.h>

#include "base/json.h"
#include "base/text.h"

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

static void candidate_add_json(struct buf *out, const struct name_candidate *candidate, const struct companies *known)
{
    buf_add_byte(out, '{');
    text_add(out, "name", companies_name(known, candidate->code));
    buf_add_text(out, ",\"reasons\":[");
    for (size_t i = 0; i < candidate->reason_count; i++) {
        if (i)
            buf_add_byte(out, ',');
        reason_add_json(out, &candidate->reasons[i]);
    }
    buf_add_text(out, "],\"score\":");
    /* It is finite: only that could fail. */
    if (!json_number_add(round(candidate->score * SCORE_STEPS) / SCORE_STEPS, out))
        buf_add_byte(out, '0');
    buf_addf(out, ",\"strength\":\"%s\",\"uscc\":\"%s\"}", NAME_STRENGTHS[candidate->strength], candidate->code);
}

void candidates_add(const struct name_answer *answer, const struct companies *known, struct buf *candidates,
                    struct buf *shown)
{
    buf_add_byte(candidates, '[');
    buf_add_byte(shown, '[');
    for (size_t i = 0; i < answer->count; i++) {
        const struct name_candidate *candidate = &answer->candidates[i];

        if (i) {
            buf_add_byte(candidates, ',');
            buf_add_byte(shown, ',');
        }
        candidate_add_json(candidates, candidate, known);
        buf_addf(shown, "[\"%s\",%d]", candidate->code, (int)(candidate->score * 1000 + 0.5));
    }
    buf_add_byte(candidates, ']');
    buf_add_byte(shown, ']');
}
