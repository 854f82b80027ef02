/* sheet_check.h - is a workbook whole? The library does not look whether its temporary files could be written. */
#ifndef GATEWAY_SHEET_SHEET_CHECK_H
#define GATEWAY_SHEET_SHEET_CHECK_H

#include "base/error.h"

/* Every worksheet of the archive is well-formed and has as many rows and cells as `rows` and `cells` say (all
 * worksheets together). ERR_IO: it is not. */
MUST_CHECK bool sheet_is_whole(struct span archive, uint64_t rows, uint64_t cells, struct error *err);

#endif
