/* answer.h - a stranger's JSON, as the adapters read it.
 *
 * A member of the wrong type is like one that is not there; whoever needs it says so with answer_malformed. */
#ifndef ADAPTERS_ANSWER_H
#define ADAPTERS_ANSWER_H

#include "adapters/adapter.h"
#include "base/json.h"

/* The answer settles nothing: the outcomes go, the code goes, `why` becomes the message. */
void answer_malformed(struct adapter_result *out, const char *why);

/* SPAN_NONE when it is no text. Borrowed from `object`. */
struct span answer_text(const json_t *object, const char *name);
/* A text, null, or not there: for words that nobody reckons with. */
bool answer_is_text_or_none(const json_t *object, const char *name);
/* A number without sign and fraction: -1 when it is none. */
int64_t answer_count(const json_t *object, const char *name);
/* The same, or the same in decimal digits as text, and from `least` to `most`. */
MUST_CHECK bool answer_number(const json_t *object, const char *name, int64_t least, int64_t most, int64_t *number);

/* 1 to ADAPTER_CODE_BYTES - 1 characters of ASCII that can be seen. */
bool answer_is_code(struct span code);
/* `code` is one. */
void answer_code_copy(struct span code, char out[ADAPTER_CODE_BYTES]);

/* The place of a row in the call. Answers mostly keep the order, so `hint` (any number) is tried first. */
MUST_CHECK bool answer_row_place(const struct adapter_call *call, struct span record, uint32_t version, size_t hint,
                                 size_t *place);
/* The same for what `row` means by ROWID and VERSION. */
MUST_CHECK bool answer_row_find(const struct adapter_call *call, const json_t *row, size_t hint, size_t *place);

#endif
