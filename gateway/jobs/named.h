/* named.h - what a person named by the beginnings of ids, found in the store. What is unknown or ambiguous is refused
 * in the report and does not stop the rest; what is named twice counts once, as it was named first. "ID@N" says which
 * version of it was seen. */
#ifndef GATEWAY_JOBS_NAMED_H
#define GATEWAY_JOBS_NAMED_H

#include "gateway/jobs/results.h"

enum { NAMED_PREFIX_LEAST = 6 };

struct named {
    char *ids;      /* one after another, `bytes` each */
    uint64_t *seen; /* of each what stood behind its @ (gateway/api/order_seen.h); 0: nothing */
    size_t bytes;
    size_t count;
};
/* Who is told of what is refused. */
typedef void named_refuse(void *context, const char *id, const struct error *why);
/* The same for whoever keeps no results: of obligations, or of records. */
MUST_CHECK bool named_find(const struct work *work, bool is_of_records, named_refuse *refused, void *context,
                           struct named *out, struct error *err);
/* ids are uint8_t[OBLIGATION_ID_BYTES] */
MUST_CHECK bool named_obligations(const struct work *work, struct results *results, struct named *out,
                                  struct error *err);
/* ids are char[RECORD_ID_BYTES] */
MUST_CHECK bool named_records(const struct work *work, struct results *results, struct named *out, struct error *err);
void named_done(struct named *named);

static inline const char *named_at(const struct named *named, size_t index)
{
    return named->ids + index * named->bytes;
}
/* A list of texts that point into `named`; the caller frees the list. */
const char **named_texts(const struct named *named);

DEFINE_AUTO_IN_PLACE(struct named, named_done)

#endif
