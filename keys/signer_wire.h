/* signer_wire.h - the datagrams between signer.c and signer_serve.c; both run from the same binary, so plain structs. A
 * message of up to WIRE_INLINE_MAX bytes follows the header; a larger one comes as a descriptor (SCM_RIGHTS) of a memfd
 * sealed against change, and only the header is in the datagram. */
#ifndef KEYS_SIGNER_WIRE_H
#define KEYS_SIGNER_WIRE_H

#include <stdint.h>

#include "keys/key.h"

enum { WIRE_MAGIC = 0x43475332, WIRE_INLINE_MAX = 32 * 1024, WIRE_BODY_MAX = 1024 };
_Static_assert((int)WIRE_BODY_MAX >= (int)ERROR_TEXT_BYTES, "an answer has room for any error");
enum wire_asks { WIRE_SIGN = 1, WIRE_KID = 2, WIRE_ROTATE = 3 };

/* The message of WIRE_ROTATE; use and algorithm are those of the key. */
struct wire_rotation {
    int64_t from_ms;
    char kid[KEY_ID_BYTES];
};

struct wire_request {
    uint32_t magic;
    uint8_t asks;
    uint8_t use;
    uint8_t algorithm;
    uint8_t is_memfd;
    uint64_t number;
    uint64_t message_bytes;
};

struct wire_answer {
    uint32_t magic;
    uint32_t code; /* enum error_code */
    uint64_t number;
    char kid[KEY_ID_BYTES];
    uint32_t body_bytes;
    uint32_t reserved;
    char body[WIRE_BODY_MAX]; /* the signature, or why not */
};

#endif
