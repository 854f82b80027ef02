#include "gateway/cli/cli.h"

int main(int argc, char **argv)
{
    const struct cli_commands groups[] = {CLI_OFFLINE};

    return cli_main(argc, argv, groups, COUNT_OF(groups));
}
