/* refusals.h - why an upstream refused a delivery, in plain words, and what can be done about it: from the code table
 * of its channel's layout (adapters/layout.h). */
#ifndef GATEWAY_JOBS_REFUSALS_H
#define GATEWAY_JOBS_REFUSALS_H

#include "adapters/layout_meant.h"
#include "gateway/config/config.h"
#include "gateway/outbox/outbox.h"

/* Layouts are read when the first refusal of a channel is explained. */
struct refusals;
/* `config` is borrowed. */
struct refusals *refusals_new(const struct config *config);
void refusals_free(struct refusals *refusals);

/* Texts are borrowed from `refusals`; never NULL, never empty. */
struct refusal {
    bool is_known; /* false: the code stands in no table, the upstream's words are all there is */
    const char *reason_zh;
    const char *reason_en;
    const char *correct_zh; /* what to correct */
    const char *correct_en;
    char requeue_zh[80]; /* the command that sends it again as it is */
    char requeue_en[80];
    struct layout_meant fields[LAYOUT_MEANT_MAX]; /* what it is about, and where that is put right */
    size_t field_count;
};
/* Of a delivery that is refused, whatever its channel is set to today. A layout that cannot be read is told as such. */
void refusals_explain(struct refusals *refusals, const struct delivery *delivery, struct refusal *out);
/* The same of a version that we cannot tell to a channel: `requeue` is the command that tries again. */
struct stage_held;
void refusals_explain_held(struct refusals *refusals, enum channel channel, const struct stage_held *held,
                           struct refusal *out);
/* Add [{"name","label","label_en","field","remedy","how","how_zh"}…]. */
void refusal_fields_json(const struct refusal *refusal, struct buf *out);
/* Add one sentence, in Chinese or English; nothing when no field is known. */
void refusal_fields_text(const struct refusal *refusal, bool is_chinese, struct buf *out);

DEFINE_AUTO(struct refusals *, refusals_free)

#endif
