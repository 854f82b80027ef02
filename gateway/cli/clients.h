/* clients.h - `creditgate clients`, `client suspend|resume`, `reload`. */
#ifndef GATEWAY_CLI_CLIENTS_H
#define GATEWAY_CLI_CLIENTS_H

#include <stdio.h>

#include "gateway/cli/cli.h"

int clients_run(struct cli *cli, json_t *arguments);
void clients_print(const struct cli *cli, const json_t *clients, FILE *to);
int clients_switch(struct cli *cli, json_t *arguments);

#endif
