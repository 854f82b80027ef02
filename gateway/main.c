#include "gateway/cli/cli.h"
#include "gateway/serve.h"

int main(int argc, char **argv)
{
    const struct cli_commands groups[] = {CLI_SERVE, CLI_REGISTER, CLI_STAFF, CLI_LOOK, CLI_OFFLINE, CLI_SANDBOX};

    return cli_main(argc, argv, groups, COUNT_OF(groups));
}
