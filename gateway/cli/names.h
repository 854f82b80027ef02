/* names.h - companies by name on the command line: asking the running gateway, registering names, trying labelled
 * questions on a register file without a gateway. */
#ifndef GATEWAY_CLI_NAMES_H
#define GATEWAY_CLI_NAMES_H

#include "gateway/cli/cli.h"

int names_run(struct cli *cli, json_t *arguments);
int names_register_run(struct cli *cli, json_t *arguments);
/* names_check.c: recall at a share of false answers, and what went wrong. */
int names_check_run(struct cli *cli, json_t *arguments);

#endif
