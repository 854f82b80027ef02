/* preview.h - what an import would come to, row by row, for people to look at and to correct: the cells of every row,
 * every problem with the cell that it is about, the reason in both languages and, where there is one, what was most
 * likely meant (schemas/remedies.h).
 *
 * Rows and problems go to files without a name as they come, so memory does not grow with them. Of a file of more than
 * PREVIEW_ROWS_MAX rows only those with problems are shown, and no more than that.
 *
 * The JSON object: {"file","encoding","sha256","bytes","rows","accepted","new","changed","unchanged","refused",
 * "corrected","warnings","columns":[keys],"headers":[names],"listed":"all"|"bad"|"some","problems":[{"line","column":
 * key|null,"value","rule","severity":"error"|"warning","zh","en","proposal":text|null}…],"lines":[{"line","state":"new"|
 * "changed"|"unchanged"|"refused","editable":bool,"cells":[texts],["was":{key: text}]}…]}. Problems of line 1 without a
 * column are about the file. */
#ifndef GATEWAY_INTAKE_PREVIEW_H
#define GATEWAY_INTAKE_PREVIEW_H

#include <stdio.h>

#include "gateway/intake/report.h"

enum {
    PREVIEW_ROWS_MAX = 20000,
    PREVIEW_CELL_BYTES_MAX = 4000 /* longer than any that is good, also when it is cut */
};

enum preview_state { PREVIEW_NEW, PREVIEW_CHANGED, PREVIEW_UNCHANGED, PREVIEW_REFUSED, PREVIEW_STATE_COUNT };

struct preview;

/* `scratch` as of temporary_folder. The intake's rules must outlive the preview. */
MUST_CHECK bool preview_new(const char *scratch, const struct intake *intake, struct preview **out, struct error *err);
void preview_free(struct preview *preview);
/* In the order of the file. */
void preview_row(struct preview *preview, const struct intake_row *row, enum preview_state state);
uint64_t preview_count(const struct preview *preview, enum preview_state state);

struct preview_file {
    const char *name; /* as the person gave it */
    const char *sha256;
    uint64_t bytes;
    const struct report_counts *counts;
};
MUST_CHECK bool preview_write(struct preview *preview, const struct preview_file *file, FILE *out, struct error *err);

DEFINE_AUTO(struct preview *, preview_free)

#endif
