/* personal.h - codes that stand for a person. Codes that begin with 92 are those of individual businesses (个体工商户,
 * GB 32100-2015): their names and codes are personal data of their owner, so whoever may not see such data is told the
 * first character of a name, and of a code that it is one of these, each with "**" behind it. */
#ifndef SCHEMAS_PERSONAL_H
#define SCHEMAS_PERSONAL_H

#include "base/buf.h"

/* Is this the code of an individual business? */
bool personal_is_code(struct span uscc);
/* What may be told of a name (or of any other text that is personal data) and of such a code. */
void personal_mask_text(struct span text, struct buf *out);
void personal_mask_code(struct span uscc, struct buf *out);

#endif
