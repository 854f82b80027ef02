/* control.h - what tests and people may ask of a running sandbox, on its Unix socket only. `P` is the name of a
 * platform.
 *
 *   GET    /control/state    [?platform=P][&rowid=R…]  counts, and per ROWID the versions applied, in order, with how
 *                             often each came; of 信用广东 when no platform is named
 *   GET    /control/faults    the faults still waiting, and what chance made
 *   POST   /control/faults    {"next": [ … ]}: more of them, at the end (faults.h)
 *   DELETE /control/faults    none any more
 *   POST   /control/chaos     {"seed": n, "rate": n, "people": false}: faults of chance from now on (chaos.h)
 *   DELETE /control/chaos     none any more
 *   GET    /control/line      what the relay was told, and what it did
 *   POST   /control/line      one order more for the line (line.h)
 *   DELETE /control/line      no rules and no limit any more
 *   POST   /control/clock     {"offset_ms": n[, "platform": P]}: that clock, or every one, runs so much ahead
 *   POST   /control/expire    {"platform": P}: every secret that it gave out ends now */
#ifndef SANDBOX_CONTROL_H
#define SANDBOX_CONTROL_H

#include "sandbox/chaos.h"
#include "sandbox/platform.h"
#include "sandbox/relay.h"

/* `count` platforms, of which some may be NULL; the first is there, and is meant where none is named. */
struct control_room {
    struct platform *const *platforms;
    size_t count;
    struct faults *faults;
    struct chaos *chaos;
    struct relay *relay; /* NULL: none */
};
void control_handle(const struct control_room *room, const struct http_request *request, struct http_reply *reply);

#endif
