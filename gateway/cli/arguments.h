/* arguments.h - reads the options of a sub-command by its table, with glibc's argp underneath. */
#ifndef GATEWAY_CLI_ARGUMENTS_H
#define GATEWAY_CLI_ARGUMENTS_H

#include "gateway/cli/cli.h"

/* False with ERR_NONE when help was asked for (and printed). `*out` is a new reference. */
MUST_CHECK bool arguments_read(const struct cli *cli, const struct cli_command *command, int argc, char **argv,
                               json_t **out, struct error *err);

static inline void arguments_release(json_t *arguments)
{
    json_decref(arguments);
}
DEFINE_AUTO(json_t *, arguments_release)

#endif
