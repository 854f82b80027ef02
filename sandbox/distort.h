/* distort.h - answers made wrong: of a right answer one that no sender may believe. Pure.
 *
 * Knows the three ways in which outcomes are told (upstreams.md): "rows" of "result", data."rows" of "state", and <ACK>
 * elements. Bodies that are none of these stay as they are. */
#ifndef SANDBOX_DISTORT_H
#define SANDBOX_DISTORT_H

#include "base/buf.h"
#include "sandbox/faults.h"

/* Does it tell the outcome of at least one row? */
bool distort_has_outcomes(struct span body);
/* By one of the FAULT_ROWS_ kinds. */
void distort_outcomes(const struct fault *fault, struct buf *body);
/* Every member changes its JSON type; what is not JSON becomes an empty list. */
void distort_types(struct buf *body);
/* data."secret" of a key answer becomes one that no key decrypts: not whole blocks. */
void distort_secret(struct buf *body);
/* White space is added up to so many bytes. */
void distort_size(size_t bytes, struct buf *body);
/* The refusal of a whole call, in the words of a platform. `*status` is the HTTP status that comes with it: 信用中国
 * refuses by that alone, and `code` is it. */
void distort_refusal(enum fault_at at, const char *code, const char *message, int *status, struct buf *body);

#endif
