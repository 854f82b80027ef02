/* obligations_value.h - the form of a value of STORE_OBLIGATIONS, between obligations.c and obligations_list.c.
 *
 * Fixed bytes, numbers little-endian; then what lists are searched by, folded (obligations_fold): three lengths (u16)
 * and the texts of name, region and industry. Stores of before end with the fixed bytes. */
#ifndef GATEWAY_REGISTRY_OBLIGATIONS_VALUE_H
#define GATEWAY_REGISTRY_OBLIGATIONS_VALUE_H

#include "gateway/registry/obligations.h"

enum { OBLIGATION_KEY_BYTES = OBLIGATION_ID_BYTES + 4 };
enum {
    OBLIGATION_AT_STATE = 0,
    OBLIGATION_AT_GROUND = 1,
    OBLIGATION_AT_ORDER_DATE = 4,
    OBLIGATION_AT_DEADLINE = 8,
    OBLIGATION_AT_EXTENDED_TO = 12,
    OBLIGATION_AT_EXIT_DATE = 16,
    OBLIGATION_AT_LINE = 20,
    OBLIGATION_AT_SEQUENCE = 24,
    OBLIGATION_AT_INSTANT = 32,
    OBLIGATION_AT_DIVISION = 40, /* 6 bytes */
    OBLIGATION_AT_USCC = 46,     /* 18 bytes */
    OBLIGATION_AT_LENGTHS = 64,
    OBLIGATION_AT_TEXTS = 70
};

struct span obligations_key(const uint8_t id[OBLIGATION_ID_BYTES], uint32_t version, uint8_t key[OBLIGATION_KEY_BYTES]);
/* False: it is no such value. */
bool obligations_unpack(struct span key, struct span value, struct obligation_version *out);

/* What obligations are searched by. */
enum { OBLIGATION_TEXTS = 3 }; /* name, region, industry */
struct obligation_texts {
    struct span text[OBLIGATION_TEXTS]; /* folded */
};
/* False: there are none, or the value is damaged. */
bool obligations_texts(struct span value, struct obligation_texts *out);
/* Add them, folded, behind the fixed bytes. */
void obligations_texts_add(const struct obligation *row, struct buf *value);

#endif
