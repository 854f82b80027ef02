/* offline.h - the sub-commands that work without a gateway; each in the file of its name. */
#ifndef GATEWAY_CLI_OFFLINE_H
#define GATEWAY_CLI_OFFLINE_H

#include "gateway/cli/cli.h"

int rebuild_run(struct cli *cli, json_t *arguments);
int backup_run(struct cli *cli, json_t *arguments);
int restore_run(struct cli *cli, json_t *arguments);
int guard_run(struct cli *cli, json_t *arguments);
int proof_run(struct cli *cli, json_t *arguments);

#endif
