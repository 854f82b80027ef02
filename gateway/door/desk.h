/* desk.h - what the doorkeeper does with one question, start to end. Only for this room. */
#ifndef GATEWAY_DOOR_DESK_H
#define GATEWAY_DOOR_DESK_H

#include "base/text.h"
#include "gateway/accounts/account.h"
#include "gateway/door/protocol.h"

enum { DOOR_KEY_BYTES = 32, DOOR_GHOSTS = 128 };

/* Names that nobody has wait like others, so that waiting tells nobody which exist. */
struct door_ghost {
    uint8_t name[32];
    struct lockout lockout;
};

struct door_desk {
    const struct door_options *options;
    char *folder;                /* <state>/accounts */
    uint8_t key[DOOR_KEY_BYTES]; /* of enrolment_secret: <state>/accounts/key */
    struct door_ghost ghosts[DOOR_GHOSTS];
};

/* Makes the folder and the key when they are not there. */
MUST_CHECK bool door_desk_open(const struct door_options *options, struct door_desk *out, struct error *err);
void door_desk_close(struct door_desk *desk);

/* What came; the spans are borrowed. */
struct door_visitor {
    struct door_request head;
    struct span field[DOOR_FIELDS];
};
/* Does it cost a password's check? */
bool door_desk_is_dear(const struct door_visitor *visitor);
/* Does it come from a browser that this person used before, or with an invitation? Cheap. */
bool door_desk_knows(const struct door_desk *desk, const struct door_visitor *visitor);
/* `answer` and `text` are empty before. */
void door_desk_serve(struct door_desk *desk, const struct door_visitor *visitor, struct door_answer *answer,
                     struct buf *text);

#endif
