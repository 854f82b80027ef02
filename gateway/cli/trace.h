/* trace.h - `creditgate trace`: who asked what and was told what, for auditors; lines, CSV or JSON, or counts by month
 * and domain. Page by page through the administration socket, so memory stays small however long the trace is. */
#ifndef GATEWAY_CLI_TRACE_H
#define GATEWAY_CLI_TRACE_H

#include "gateway/cli/cli.h"

/* A cell of CSV (RFC 4180), added to `out`. What a spreadsheet would take for a formula gets ' in front. */
void trace_cell_add(struct span text, struct buf *out);
int trace_run(struct cli *cli, json_t *arguments);

#endif
