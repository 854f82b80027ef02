/* holdings.h - what an upstream says that it holds for us: the page format that all of them share, and its address.
 *
 * {"rows":[{"ROWID","VERSION","OP","sm3"}…],"next":"<ROWID>"|null}; GET {base}/holdings?after=<ROWID>&limit=1000. An
 * adapter whose upstream lists in this form says `.holdings = holdings_read`. Source: upstreams.md, "Holdings". */
#ifndef ADAPTERS_HOLDINGS_H
#define ADAPTERS_HOLDINGS_H

#include "adapters/adapter.h"

enum { HOLDINGS_BYTES_MAX = 1024 * 1024 }; /* of one page; a full one has about 150 KiB */

/* Read one page into `out` (zeroed): ADAPTER_LISTED with its rows; ADAPTER_BY_STATUS when the status is not 200; else
 * ADAPTER_MALFORMED, with what cannot be believed, when it is not of this form: more than ADAPTER_PAGE_ROWS_MAX rows,
 * ROWIDs that do not ascend, or a `next` before the last row. A ROWID is 1 to 23 visible ASCII characters; VERSION and
 * OP are numbers or decimal texts; sm3 is 64 lower-case hex digits. Unknown members are passed over. */
void holdings_read(int status, struct span body, struct adapter_page *out);

/* Add "/holdings?after=…&limit=1000"; `after` may be "". */
void holdings_address_add(struct buf *url, const char *after);

#endif
