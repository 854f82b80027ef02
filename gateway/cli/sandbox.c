/* `creditgate sandbox`: the other side, for tests, demonstrations and integrators. */
#include "sandbox/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/cli/cli.h"
#include "sandbox/receiver.h"

static void tell_port(void *context, uint16_t port)
{
    const struct cli *cli = context;

    if (cli->prints_json)
        printf("{\"port\":%u}\n", port);
    else
        printf("%s %u\n", cli_say(cli, "模拟平台已就绪，端口", "the sandbox is ready on port"), port);
    fflush(stdout);
}

/* The file, by either way; what chance is to do comes from the command line before it comes from the file. */
static bool load_options(const json_t *arguments, struct sandbox_options *options, struct error *err)
{
    const char *path = cli_id(arguments, 0) ? cli_id(arguments, 0) : cli_text(arguments, "options");
    const char *chaos = cli_text(arguments, "chaos");
    int64_t seed = 0;

    if (!path[0])
        return refuse(err, ERR_INVALID, "sandbox.options", "an options file is needed (see sandbox/README.md)",
                      "需要设置文件（见 sandbox/README.md）");
    if (!sandbox_options_load(path, options, err))
        return false;
    if (!chaos[0])
        return true;
    /* Arguments are texts, also those that were found to be numbers. */
    if (!integer_parse(span_of(chaos), &seed))
        return fail(err, ERR_INVALID, "--chaos: no whole number");
    return sandbox_options_set_chaos(options, seed, err) || fail_in(err, "--chaos");
}

static int run_sandbox(struct cli *cli, json_t *arguments)
{
    AUTO(sandbox_options_done) struct sandbox_options options = {0};
    AUTO(file_close) int stop_fd = -1;
    struct sandbox_ready ready = {tell_port, cli};
    struct error err;
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    stop_fd = signalfd(-1, &signals, SFD_CLOEXEC);
    if (stop_fd < 0) {
        error_set(&err, ERR_IO, "signalfd: %s", strerrordesc_np(errno));
        return cli_fail(cli, &err);
    }
    if (cli_text(arguments, "receiver")[0])
        return receiver_run(cli_text(arguments, "receiver"), stop_fd, &ready, &err) ? CLI_OK : cli_fail(cli, &err);
    if (!load_options(arguments, &options, &err) || !sandbox_run(&options, stop_fd, &ready, &err))
        return cli_fail(cli, &err);
    return CLI_OK;
}

static const struct cli_option OPTIONS[] = {
    {"options", "FILE", CLI_TEXT, false, NULL, "模拟平台的设置（JSON，见 sandbox/README.md）",
     "options of the platform (JSON, see sandbox/README.md)"},
    {"chaos", "SEED", CLI_INTEGER, false, NULL, "按此种子随机制造故障（默认每百次请求 20 次，见 sandbox/README.md）",
     "make faults of chance from this seed (20 in 100 requests, see sandbox/README.md)"},
    {"receiver", "FILE", CLI_TEXT, false, NULL, "改为模拟接入系统的回调端点（JSON 设置，见 sandbox/receiver.h）",
     "be a client's endpoint for webhooks instead (JSON options, see sandbox/receiver.h)"},
};
static const struct cli_usage USAGE = {"OPTIONS.json", 0, 1, OPTIONS, COUNT_OF(OPTIONS), NULL, NULL};

static const struct cli_command COMMANDS[] = {
    {"sandbox", "运行三个上级平台的模拟（信用广东、全国平台、信用中国）", "run the stand-ins for all three platforms",
     &USAGE, run_sandbox},
};
const struct cli_commands CLI_SANDBOX = {COMMANDS, COUNT_OF(COMMANDS)};
