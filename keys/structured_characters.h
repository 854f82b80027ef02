/* structured_characters.h - which characters may stand where (RFC 9651 section 3), and the digits of numbers; for
 * structured_fields.c, which reads, and structured_fields_add.c, which writes. */
#ifndef KEYS_STRUCTURED_CHARACTERS_H
#define KEYS_STRUCTURED_CHARACTERS_H

#include <string.h>

#include "base/base.h"

enum { FRACTION_UNIT = 1000 };

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static inline bool is_alpha(char c)
{
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static inline bool is_printable(char c)
{
    return c >= 0x20 && c < 0x7f;
}

static inline bool is_key_start(char c)
{
    return is_lower(c) || c == '*';
}

static inline bool is_key(char c)
{
    return is_key_start(c) || is_digit(c) || c == '_' || c == '-' || c == '.';
}

static inline bool is_token_start(char c)
{
    return is_alpha(c) || c == '*';
}

/* tchar (RFC 9110 section 5.6.2), ":" and "/". */
static inline bool is_token(char c)
{
    return is_alpha(c) || is_digit(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~:/", c));
}

#endif
