/* command_client.h - an administrator shuts a client out, and lets it in again. */
#ifndef GATEWAY_COMMAND_COMMAND_CLIENT_H
#define GATEWAY_COMMAND_COMMAND_CLIENT_H

#include "gateway/command/command.h"

/* One event each, with a reason. Under the same job again it is done and nothing more. Refused: client.reason;
 * ERR_CONFLICT client.suspended-already, client.not-suspended. */
MUST_CHECK bool command_client_suspend(const struct desk *desk, const char *client, const char *reason,
                                       struct error *err);
MUST_CHECK bool command_client_resume(const struct desk *desk, const char *client, const char *reason,
                                      struct error *err);

#endif
