/* status.h - what `creditgate status` prints of GET /admin/v1/status (gateway/jobs/show_json.h). */
#ifndef GATEWAY_CLI_STATUS_H
#define GATEWAY_CLI_STATUS_H

#include <stdio.h>

#include "gateway/cli/cli.h"

int status_run(struct cli *cli, json_t *arguments);
void status_print(const struct cli *cli, const json_t *status, FILE *to);

#endif
