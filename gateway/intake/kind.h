/* kind.h - what the first bytes of a file say it is: staff rename files, and systems export web pages called .xls. */
#ifndef GATEWAY_INTAKE_KIND_H
#define GATEWAY_INTAKE_KIND_H

#include "base/error.h"

/* *is_xlsx: a zip archive, which a workbook is; else the file may be text. What is plainly something else is refused
 * (file.kind), saying what it is and what to do. */
MUST_CHECK bool kind_judge(int fd, bool *is_xlsx, struct error *err);

#endif
