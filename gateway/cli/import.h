/* import.h - `creditgate import`: through the gateway, or with --dry-run on its own. */
#ifndef GATEWAY_CLI_IMPORT_H
#define GATEWAY_CLI_IMPORT_H

#include "gateway/cli/cli.h"

int cli_import(struct cli *cli, json_t *arguments);

#endif
