/* serve.h - the sub-command `creditgate serve`. */
#ifndef GATEWAY_SERVE_H
#define GATEWAY_SERVE_H

#include "gateway/cli/cli.h"

extern const struct cli_commands CLI_SERVE;

#endif
