/* accounts.h - `creditgate accounts`, `account invite|reset|suspend|resume|sign-out NAME`: who signs in to the console
 * (/admin/v1/staff). */
#ifndef GATEWAY_CLI_ACCOUNTS_H
#define GATEWAY_CLI_ACCOUNTS_H

#include "gateway/cli/cli.h"

int accounts_list(struct cli *cli, json_t *arguments);
int accounts_change(struct cli *cli, json_t *arguments);

#endif
