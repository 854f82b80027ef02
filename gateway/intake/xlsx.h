/* xlsx.h - the first visible sheet of a workbook that has content, as records (ECMA-376 Parts 1 and 2), with libzip
 * and libxml2's reader.
 *
 * A workbook is a stranger's archive of strangers' XML: no entities, no document types, no network, and limits on
 * entries, on what comes out of them (whatever their headers say) and on the rate of compression. */
#ifndef GATEWAY_INTAKE_XLSX_H
#define GATEWAY_INTAKE_XLSX_H

#include "gateway/intake/spool.h"
#include "schemas/rules.h"

struct xlsx_source {
    int fd;                    /* borrowed */
    const char *scratch;       /* folder for temporary files */
    const struct rules *rules; /* for the warnings */
};
/* Write the rows of the sheet that have content to `spool`; `line` is the row's number in the sheet. Warnings about the
 * workbook go to `notes`. Refusals: file.xlsx, file.rows. */
MUST_CHECK bool xlsx_read(const struct xlsx_source *source, struct spool *spool, struct problems *notes,
                          struct error *err);

#endif
