#include "gateway/trace/match.h"

#include <string.h>

#include "base/text.h"
#include "base/walk.h"

enum { DAY_BYTES = 10 };

static bool is_equal_or_any(struct span wanted, struct span entry, const char *name)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct span text;

    return wanted.bytes == 0 || (walk_text(walk_member(entry, name), &hold, &text) && span_equal(text, wanted));
}

/* Instants stand in local time, so days compare as texts. */
static bool is_in_days(const struct trace_wanted *wanted, struct span entry)
{
    struct span at = walk_plain_of(entry, "at");

    if (wanted->since.bytes == 0 && wanted->until.bytes == 0)
        return true;
    return at.bytes >= DAY_BYTES && (wanted->since.bytes == 0 || memcmp(at.at, wanted->since.at, DAY_BYTES) >= 0) &&
           (wanted->until.bytes == 0 || memcmp(at.at, wanted->until.at, DAY_BYTES) <= 0);
}

bool trace_fits(const struct trace_wanted *wanted, struct span entry)
{
    return is_equal_or_any(wanted->uscc, entry, "uscc") && is_equal_or_any(wanted->by, entry, "by") &&
           is_equal_or_any(wanted->operator, entry, "operator") &&
           is_equal_or_any(wanted->department, entry, "department") &&
           is_equal_or_any(wanted->domain, entry, "domain") && is_in_days(wanted, entry);
}
