/* problem.h - what went wrong as one JSON object, as RFC 9457 wants it, in English and Chinese:
 * {"detail","detail_zh","instance"?,"rule"?,"status","title","title_zh","type"}.
 *
 * What only an operator should see (an error without Chinese text, of a status from 500 on) is told in general words
 * and logged. */
#ifndef BASE_PROBLEM_H
#define BASE_PROBLEM_H

#include "base/buf.h"
#include "base/error.h"

/* Added to `out`. `status` 0: the error's own. `instance` may be NULL. The status is returned. */
int problem_object_add(int status, const struct error *err, const char *instance, struct buf *out);
/* The Chinese title that goes with a status or code, for sentences that have no Chinese of their own. */
const char *problem_title_zh(int status, enum error_code code);

#endif
