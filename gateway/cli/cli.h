/* cli.h - the one binary `creditgate` and its sub-commands.
 *
 * Exit status everywhere: 0 all done · 1 some refused · 2 unusable input, wrong use, or the gateway cannot be reached.
 * Text for people goes to standard output in the chosen language, problems to standard error; `--json` prints one JSON
 * value for programs. */
#ifndef GATEWAY_CLI_CLI_H
#define GATEWAY_CLI_CLI_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "gateway/config/config.h"

enum { CLI_OK = 0, CLI_SOME_REFUSED = 1, CLI_UNUSABLE = 2 };
#define CLI_CONFIG_DEFAULT "/etc/creditgate/creditgate.yaml"

/* What every sub-command knows. */
struct cli {
    const char *config_path; /* --config, or CREDITGATE_CONFIG, or CLI_CONFIG_DEFAULT */
    const char *lang;        /* "zh" or "en" */
    bool prints_json;
    const char *command;
};

enum cli_option_kind { CLI_TEXT, CLI_DATE, CLI_CHOICE, CLI_FLAG, CLI_INTEGER };

/* One option of a sub-command; its value becomes a member of the arguments object. */
struct cli_option {
    const char *name;     /* "decided-on"; the member is the same with _ */
    const char *argument; /* "DATE"; NULL for a flag */
    enum cli_option_kind kind;
    bool is_required;
    const char *choices; /* "minor|general|serious" */
    const char *zh;
    const char *en;
};

/* How a sub-command reads and explains its arguments. */
struct cli_usage {
    const char *positional; /* "FILE", "RECORD…"; NULL: none */
    int least;              /* of positional arguments */
    int most;
    const struct cli_option *options;
    size_t option_count;
    const char *zh; /* more than the one line of the list */
    const char *en;
};

struct cli_command {
    const char *name;
    const char *zh;
    const char *en;
    const struct cli_usage *usage;
    /* `arguments`: {"ids": [positional…], option: value…}. Returns the exit status. */
    int (*run)(struct cli *cli, json_t *arguments);
};

struct cli_commands {
    const struct cli_command *list;
    size_t count;
};

/* Dispatch. `groups` are searched in order. */
int cli_main(int argc, char **argv, const struct cli_commands *groups, size_t group_count);

/* Say an error on standard error in the chosen language; returns CLI_UNUSABLE. */
int cli_fail(const struct cli *cli, const struct error *err);
/* Pick by language. */
const char *cli_say(const struct cli *cli, const char *zh, const char *en);
/* Text of an option, "" when not given. Borrowed. */
const char *cli_text(const json_t *arguments, const char *name);
bool cli_flag(const json_t *arguments, const char *name);
/* The i-th positional argument, or NULL. */
const char *cli_id(const json_t *arguments, size_t i);
MUST_CHECK bool cli_config(const struct cli *cli, struct config **out, struct error *err);

/* The groups of this room. */
extern const struct cli_commands CLI_STAFF;    /* what goes through the gateway */
extern const struct cli_commands CLI_LOOK;     /* what only looks, through the gateway */
extern const struct cli_commands CLI_OFFLINE;  /* what works without a running gateway */
extern const struct cli_commands CLI_REGISTER; /* import */
extern const struct cli_commands CLI_SANDBOX;  /* the other side */

#endif
