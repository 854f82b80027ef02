/* public_lists.h - the public lists over HTTP (seed rows 25 to 27; what may be told: lookup/bulletin.h). Only this
 * room needs it.
 *
 * A list is written row by row in one of three forms, all from one table of columns (public_lists_write.c):
 * JSON  numbers are numbers, what is absent is null
 * CSV   RFC 4180, UTF-8 with a byte order mark, first line headers. A cell that a spreadsheet would take for a formula,
 *       or whose digits it would round, has an apostrophe before it: readers take one leading apostrophe off
 * HTML  rows of a table; everything that comes from data is escaped */
#ifndef GATEWAY_API_PUBLIC_LISTS_H
#define GATEWAY_API_PUBLIC_LISTS_H

#include "gateway/api/api_internal.h"
#include "gateway/lookup/bulletin.h"

enum list_form { LIST_JSON, LIST_CSV, LIST_HTML };
/* What a page holds unless `limit` says otherwise. */
enum { LISTS_JSON_ROWS = 100, LISTS_HTML_ROWS = 50, LISTS_CSV_ROWS = BULLETIN_LIMIT_MAX };

/* A list as it was asked for, and the read that answers. */
struct list_request {
    const struct visit *visit;
    struct bulletin_question question;
    enum list_form form;
    bool is_english;
    struct buf division; /* owns question.division */
    int64_t at_ms;
    uint64_t sequence; /* events in the journal */
    struct span changed_at;
    struct bulletin_page page;
};

extern const char *const LIST_SLUGS[ANNOUNCED_LIST_COUNT]; /* exits, yellow, red */
/* What a list is called: "zh", "en". */
const char *list_title(const struct list_request *request);

/* Take the parameters, but not `list` and `format`. */
MUST_CHECK bool list_take(struct list_request *request, struct error *err);
/* ETag, Last-Modified, Cache-Control. False: the client has it already, and 304 was said. */
MUST_CHECK bool list_is_new(struct list_request *request);
/* What stands behind "?" for this list with these filters, but from and lang: "year=2026&ground=energy". */
void list_query_add(const struct list_request *request, struct buf *out);
void list_mark_add(const struct list_request *request, struct buf *out);
/* One token of the limit of the client, or of all strangers together. False: refused. */
bool list_admits(const struct visit *visit);

/* public_lists_write.c: a head, the rows, an end. */
void list_head_add(const struct list_request *request, struct buf *out);
void list_row_add(const struct list_request *request, const struct bulletin_row *row, struct buf *out);
void list_end_add(const struct list_request *request, struct buf *out);
/* Text inside an element or a quoted attribute. */
void html_add(struct buf *out, struct span text);

#endif
