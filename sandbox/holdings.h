/* holdings.h - what the platform holds: per ROWID the versions it applied, in the order it applied them, and how often
 * anything else came. In memory; the diary brings it back after a restart.
 *
 * Deciding and doing are apart: holdings_judge() changes nothing, holdings_note() writes down what was decided, live or
 * from the diary. */
#ifndef SANDBOX_HOLDINGS_H
#define SANDBOX_HOLDINGS_H

#include "base/buf.h"
#include "sandbox/rowcheck.h"
#include "sandbox/wire.h"

enum held {
    HELD_NEW,       /* applied now */
    HELD_SAME,      /* applied before with the same content: harmless */
    HELD_DIFFERENT, /* the same version with other content: 40001 */
    HELD_OLDER,     /* a version below the one held, never applied: 20002 */
    HELD_REFUSED,   /* the row itself is wrong */
    HELD_COUNT
};
extern const char *const HELD_NAMES[HELD_COUNT]; /* "new", "same", "different", "older", "refused" */
MUST_CHECK bool held_parse(const char *name, enum held *held);

struct holdings;

/* One version as it arrived. */
struct arrival {
    const char *rowid;
    int64_t version;
    int operation;
    char version_json[16]; /* VERSION and OP as they came: a JSON number or string */
    char operation_json[16];
    char sm3[WIRE_HEX_BYTES]; /* over the canonical JSON of the row */
};

struct holdings *holdings_new(void);
void holdings_free(struct holdings *holdings);

/* What would become of a row whose fields are fine. Sets the verdict (ROW_TAKEN for new and same). */
enum held holdings_judge(const struct holdings *holdings, const struct arrival *arrival, struct row_verdict *verdict);
void holdings_note(struct holdings *holdings, const struct arrival *arrival, enum held held);

size_t holdings_count(const struct holdings *holdings);
/* Rows applied, over all ROWIDs. */
uint64_t holdings_applied(const struct holdings *holdings);

/* Add the page {"next": …, "rows": […]} of at most `limit` ROWIDs after `after` ("" begins), each with its newest
 * version. */
void holdings_page(struct holdings *holdings, const char *after, size_t limit, struct buf *out);
/* Add {ROWID: {"applied": [{"VERSION","OP","sm3","received"}…], "different", "older", "refused"}…}; `rowid` NULL for
 * all. */
void holdings_history(struct holdings *holdings, const char *rowid, struct buf *out);

DEFINE_AUTO(struct holdings *, holdings_free)

#endif
