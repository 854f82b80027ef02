/* listing.h - a table for people and a list for programs, built row by row in memory that does not grow with them: rows
 * wait in files without a name until the widths of the columns are known. */
#ifndef GATEWAY_JOBS_LISTING_H
#define GATEWAY_JOBS_LISTING_H

#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"

enum { LISTING_COLUMNS_MAX = 12 };

struct listing_column {
    const char *zh;
    const char *en;
    size_t most;   /* columns of the terminal at most, longer is cut; the last column is never cut */
    bool is_right; /* numbers stand right */
};

struct listing;
/* `columns` is borrowed and must stay; at most LISTING_COLUMNS_MAX. */
MUST_CHECK bool listing_new(const char *folder, bool is_chinese, const struct listing_column *columns, size_t count,
                            struct listing **out, struct error *err);
void listing_free(struct listing *listing);
/* `cells`: one a column. `json`: an object. Errors of writing are told by listing_write_*. */
void listing_row(struct listing *listing, const struct span *cells, struct span json);
uint64_t listing_rows(const struct listing *listing);
/* The header and all rows, lined up, and an empty line; nothing when there are none. Nothing in it that a terminal
 * obeys. */
MUST_CHECK bool listing_write_table(struct listing *listing, FILE *out, struct error *err);
/* All objects with commas between them. */
MUST_CHECK bool listing_write_json(struct listing *listing, FILE *out, struct error *err);

DEFINE_AUTO(struct listing *, listing_free)

#endif
