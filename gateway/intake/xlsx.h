/* xlsx.h - the first visible sheet of a workbook as records (ECMA-376 Parts 1 and 2), with libzip and libxml2's reader.
 *
 * A workbook is a stranger's archive of strangers' XML: no entities, no document types, no network, and limits on
 * entries, on what comes out of them (whatever their headers say), on the rate of compression and on shared texts. */
#ifndef GATEWAY_INTAKE_XLSX_H
#define GATEWAY_INTAKE_XLSX_H

#include "gateway/intake/spool.h"
#include "schemas/rules.h"

/* Write all rows of the sheet to `spool`; `line` is the row's number in the sheet. `fd` is borrowed. Warnings about the
 * workbook go to `notes`. Refusals: file.xlsx. */
MUST_CHECK bool xlsx_read(int fd, const struct rules *rules, struct spool *spool, struct problems *notes,
                          struct error *err);

#endif
