#include "gateway/serve.h"

#include <stdio.h>
#include <unistd.h>

#include "gateway/supervisor.h"

static void tell(void *context, const struct config *config, uint16_t port)
{
    const struct cli *cli = context;

    if (cli->prints_json) {
        json_t *where = json_pack("{s:s,s:I,s:s,s:I}", "address", config->address, "port", (json_int_t)port,
                                  "admin_socket", config->admin_socket, "pid", (json_int_t)getpid());

        json_dumpf(where, stdout, JSON_COMPACT);
        json_decref(where);
    } else {
        printf("%s https://%s:%u\n%s %s", cli_say(cli, "网关已就绪：", "the gateway is ready:"), config->address, port,
               cli_say(cli, "管理套接字：", "administration socket:"), config->admin_socket);
    }
    printf("\n");
    fflush(stdout);
}

static int run_serve(struct cli *cli, json_t *arguments)
{
    AUTO(config_free) struct config *config = NULL;
    struct supervisor_ready ready = {tell, cli};
    struct error err;

    (void)arguments;
    if (!cli_config(cli, &config, &err) || !supervisor_run(config, &ready, &err))
        return cli_fail(cli, &err);
    return CLI_OK;
}

static const struct cli_usage USAGE = {
    NULL,
    0,
    0,
    NULL,
    0,
    "在前台运行，日志写到标准错误；SIGTERM 或 Ctrl-C 使其有序停止。就绪后打印监听地址（--json 为一个 JSON 对象）。",
    "Runs in the foreground and logs to standard error; SIGTERM or Ctrl-C stops it in order. Prints where it listens "
    "once it is ready (--json: one object)."};

static const struct cli_command COMMANDS[] = {
    {"serve", "运行网关", "run the gateway", &USAGE, run_serve},
};
const struct cli_commands CLI_SERVE = {COMMANDS, COUNT_OF(COMMANDS)};
