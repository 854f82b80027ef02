/* protocol.h - what api processes and the process that finds names say to each other: one message a packet
 * (SOCK_SEQPACKET), structures as they are, since both are of one program. Only for this room. */
#ifndef GATEWAY_FINDER_PROTOCOL_H
#define GATEWAY_FINDER_PROTOCOL_H

#include "base/error.h"
#include "gateway/names/names.h"

enum { FINDER_ANSWER_BYTES_MAX = 48 * 1024 };

/* Followed by the text, at most NAME_BYTES_MAX. */
struct finder_request {
    uint64_t id;
    uint32_t most; /* candidates */
    uint32_t text_bytes;
    uint32_t shows_personal; /* 0: names and codes of persons are masked */
    uint32_t unused;
};

/* Followed by the candidates, what was shown, and what it rests on (finder.h), or by nothing. */
struct finder_reply {
    uint64_t id;
    uint64_t sequence;
    uint32_t code; /* enum error_code; ERR_NONE: found, if only nothing */
    uint32_t candidates_bytes;
    uint32_t shown_bytes;
    uint32_t index_bytes;
};

#endif
