/* control.h - what tests and people may ask of a running sandbox, on its Unix socket only.
 *
 *   GET    /control/state[?rowid=R…]   counts, and per ROWID the versions applied, in order, with how often each came
 *   GET    /control/faults             the faults still waiting
 *   POST   /control/faults             {"next": [ … ]}: more of them, at the end (faults.h)
 *   DELETE /control/faults             none any more
 *   POST   /control/clock              {"offset_ms": n}: the platform's clock runs so much ahead */
#ifndef SANDBOX_CONTROL_H
#define SANDBOX_CONTROL_H

#include "sandbox/guangdong.h"

void control_handle(struct guangdong *platform, struct faults *faults, const struct http_request *request,
                    struct http_reply *reply);

#endif
