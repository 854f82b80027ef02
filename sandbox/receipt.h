/* receipt.h - what became of the rows of a file: <ACKS file="…"><ACK ROWID VERSION result code message/>…</ACKS>, in
 * one step or several (complete="false"). Pure. */
#ifndef SANDBOX_RECEIPT_H
#define SANDBOX_RECEIPT_H

#include <jansson.h>

#include "base/buf.h"

/* Add the receipt of the first `shown` outcomes ({"ROWID", "VERSION", "result", "message"}; result "0": accepted). */
void receipt_add(const char *name, const json_t *outcomes, size_t shown, struct buf *out);

#endif
