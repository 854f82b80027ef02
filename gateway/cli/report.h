/* report.h - `creditgate report`: a report of the running gateway, printed or written to a file. */
#ifndef GATEWAY_CLI_REPORT_H
#define GATEWAY_CLI_REPORT_H

#include "gateway/cli/cli.h"

int report_run(struct cli *cli, json_t *arguments);

#endif
