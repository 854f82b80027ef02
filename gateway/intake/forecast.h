/* forecast.h - what an import would come to, row by row, for people to look at and to correct: the cells of every row,
 * every problem with the cell that it is about, the reason in both languages and, where there is one, what was most
 * likely meant (schemas/remedies.h).
 *
 * Rows and problems go to files without a name as they come, so memory does not grow with them. Of a file of more than
 * FORECAST_ROWS_MAX rows only those with problems are shown, and no more than that.
 *
 * The JSON object: {"file","encoding","sha256","bytes","rows","accepted","new","changed","unchanged","refused",
 * "corrected","warnings","columns":[keys],"headers":[names],"listed":"all"|"bad"|"some","problems":[{"line","column":
 * key|null,"value","rule","severity":"error"|"warning","zh","en","proposal":text|null}…],"lines":[{"line","state":"new"|
 * "changed"|"unchanged"|"refused","editable":bool,"cells":[texts],["was":{key: text}]}…]}. Problems of line 1 without a
 * column are about the file. */
#ifndef GATEWAY_INTAKE_FORECAST_H
#define GATEWAY_INTAKE_FORECAST_H

#include <stdio.h>

#include "gateway/intake/report.h"

enum {
    FORECAST_ROWS_MAX = 20000,
    FORECAST_CELL_BYTES_MAX = 4000 /* longer than any that is good, also when it is cut */
};

enum forecast_state { FORECAST_NEW, FORECAST_CHANGED, FORECAST_UNCHANGED, FORECAST_REFUSED, FORECAST_STATE_COUNT };

struct forecast;

/* `scratch` as of temporary_folder. The intake's rules must outlive the forecast. */
MUST_CHECK bool forecast_new(const char *scratch, const struct intake *intake, struct forecast **out,
                             struct error *err);
void forecast_free(struct forecast *forecast);
/* In the order of the file. */
void forecast_row(struct forecast *forecast, const struct intake_row *row, enum forecast_state state);
uint64_t forecast_count(const struct forecast *forecast, enum forecast_state state);

struct forecast_file {
    const char *name; /* as the person gave it */
    const char *sha256;
    uint64_t bytes;
    const struct report_counts *counts;
};
MUST_CHECK bool forecast_write(struct forecast *forecast, const struct forecast_file *file, FILE *out,
                               struct error *err);

DEFINE_AUTO(struct forecast *, forecast_free)

#endif
