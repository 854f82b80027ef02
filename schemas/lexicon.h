/* lexicon.h - texts and the numbers they stand for: filled once when data is loaded, then only read. Lookups do not
 * allocate and take the same time however many texts there are. */
#ifndef SCHEMAS_LEXICON_H
#define SCHEMAS_LEXICON_H

#include "base/buf.h"
#include "base/error.h"

struct lexicon;

struct lexicon *lexicon_new(void);
void lexicon_free(struct lexicon *lexicon);
/* The text is borrowed and must live as long as the lexicon. The same text twice: ERR_CONFLICT. */
MUST_CHECK bool lexicon_add(struct lexicon *lexicon, struct span text, size_t number, struct error *err);
bool lexicon_find(const struct lexicon *lexicon, struct span text, size_t *number);

DEFINE_AUTO(struct lexicon *, lexicon_free)

#endif
