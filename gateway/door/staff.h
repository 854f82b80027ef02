/* staff.h - what an administrator does with accounts: invite, reset, suspend, resume, end sessions, list. Whether the
 * person who asks may is known where the question comes in. Only for this room. */
#ifndef GATEWAY_DOOR_STAFF_H
#define GATEWAY_DOOR_STAFF_H

#include "gateway/door/desk.h"

MUST_CHECK bool door_staff_serve(struct door_desk *desk, const struct door_visitor *visitor, struct buf *text,
                                 struct error *err);
/* desk.c: one event, committed. */
MUST_CHECK bool door_tell(const struct door_desk *desk, const char *by, const char *type, struct span data,
                          struct error *err);

#endif
