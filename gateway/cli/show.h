/* show.h - what `creditgate show` prints of GET /admin/v1/records/{id} (gateway/jobs/show_json.h), and `seal`. */
#ifndef GATEWAY_CLI_SHOW_H
#define GATEWAY_CLI_SHOW_H

#include <stdio.h>

#include "gateway/cli/cli.h"

int show_run(struct cli *cli, json_t *arguments);
/* A record's life, or an enterprise with its obligations. */
void show_print(const struct cli *cli, const json_t *json, FILE *to);
/* The sealed record of a version, for `verify`. */
int seal_run(struct cli *cli, json_t *arguments);

#endif
