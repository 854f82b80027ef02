/* protocol.h - what api processes and the doorkeeper say to each other: one message a packet (SOCK_SEQPACKET),
 * structures as they are, since both are of one program. Only for this room. */
#ifndef GATEWAY_DOOR_PROTOCOL_H
#define GATEWAY_DOOR_PROTOCOL_H

#include "gateway/door/door.h"

/* Followed by the fields, one after the other. */
struct door_request {
    uint64_t id;
    uint32_t ask;
    bool has_certificate;
    uint8_t certificate[32];
    uint8_t network[16];
    char from[64];
    uint16_t bytes[DOOR_FIELDS];
};
enum { DOOR_REQUEST_BYTES_MAX = sizeof(struct door_request) + DOOR_FIELDS * DOOR_FIELD_BYTES_MAX };

/* Followed by the text. `id` 0: another doorkeeper began; what the one before had taken is not answered any more. */
struct door_reply {
    uint64_t id;
    struct door_answer answer;
};

#endif
