/* uscc.h - the unified social credit code (统一社会信用代码, GB 32100-2015) and the organisation code inside it
 * (GB 11714-1997, places 9 to 17). */
#ifndef SCHEMAS_USCC_H
#define SCHEMAS_USCC_H

#include "base/base.h"

enum { USCC_BYTES = 18 };

/* The first thing that is wrong, in the order in which a person would look. */
enum uscc_fault {
    USCC_GOOD,
    USCC_LENGTH,       /* not 18 characters */
    USCC_LOWER_CASE,   /* right when written in capital letters */
    USCC_ALPHABET,     /* a character that the standard does not use (I O S V Z, a lower case letter, any other) */
    USCC_CHECK,        /* the last character is not the check character */
    USCC_ORGANISATION, /* all is well but the check character of the inner organisation code; such enterprises exist */
};

enum uscc_fault uscc_check(struct span code);
/* Whether a lookup or a register may use the code: good, or only the inner check is wrong. */
bool uscc_is_usable(struct span code);
/* The check character that belongs after the first 17 characters, or '\0' when one of them is not in the alphabet. */
char uscc_check_character(struct span code);
/* Places 3 to 8: where it was registered. `code` has 18 characters. */
struct span uscc_division(struct span code);

#endif
