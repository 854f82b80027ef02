/* filer.h - a small client of 信用中国, written from upstreams.md alone: what the sandbox is tried with. It signs with
 * the key of a reporter. */
#ifndef TESTS_SUPPORT_FILER_H
#define TESTS_SUPPORT_FILER_H

#include "tests/support/reporter.h"

#define FILER_CODE "440003"

/* <DATAS> of these rows (borrowed), one element per field. */
void filer_file(const json_t *rows, struct buf *out);
/* What stands beside `file`, named `name` (without ending), as an object; a new reference. */
json_t *filer_signature(struct reporter *reporter, const char *name, struct span file);
/* SM3 in hex. */
void filer_sm3(struct span data, char hex[65]);

#endif
