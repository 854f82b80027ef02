#include "tests/fault/model/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "keys/digest.h"
#include "keys/key.h"
#include "tests/support/certificates.h"

enum { LOG_BYTES_MAX = 16 << 20, WAIT_STEP_US = 2000, ARGUMENTS_MAX = 16 };

char *stage_path(const struct stage *stage, const char *name)
{
    return path_join(stage->folder, name);
}

/* --- what all seeds share --- */

static bool write_secret(const char *folder, const char *name, size_t bytes, struct error *err)
{
    AUTO(text_free) char *path = path_join(folder, name);
    AUTO(buf_done) struct buf text = BUF_INIT;
    uint8_t secret[32];

    random_bytes(secret, sizeof secret);
    hex_add(&text, secret, bytes);
    buf_add_byte(&text, '\n');
    return file_write(path, buf_span(&text), 0600, err);
}

bool stage_common_make(struct stage_common *common, const char *gate, struct error *err)
{
    static const char *const NAMES[][2] = {{"ca", NULL}, {"server", "ca"}, {"sandbox", "ca"}, {"gateway", "ca"}};
    const char *folder = common->folder;

    common->gate = gate;
    test_folder_new(common->folder);
    /* Both persons come through to the socket, and can list nothing. */
    if (chmod(folder, 0711) != 0)
        return file_fail(err, folder, "chmod");
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        if (!certificate_make(folder, NAMES[i][0], NAMES[i][1], 30, err))
            return false;
    }
    return write_secret(folder, "token", 24, err) && write_secret(folder, "sm4", 16, err) &&
           write_secret(folder, "app-key", 16, err);
}

void stage_common_done(struct stage_common *common)
{
    test_folder_remove(common->folder);
}

/* --- processes --- */

static _Noreturn void become(const char *const *arguments, const char *gate, int out)
{
    const char *words[ARGUMENTS_MAX + 2] = {gate};
    size_t count = 1;

    for (; arguments[count - 1] && count <= ARGUMENTS_MAX; count++)
        words[count] = arguments[count - 1];
    if (setsid() < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
        _exit(126);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    execv(gate, (char *const *)words);
    _exit(127);
}

/* It does not outlive this program. */
static pid_t spawn(const struct stage *stage, const char *const *arguments, int out)
{
    pid_t parent = getpid();
    pid_t child = fork();

    if (child == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
            _exit(126);
        become(arguments, stage->common->gate, out);
    }
    return child;
}

static bool start(const struct stage *stage, const char *const *arguments, const char *log, off_t *log_at, pid_t *pid,
                  struct error *err)
{
    AUTO(text_free) char *path = stage_path(stage, log);
    AUTO(file_close) int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    if (fd < 0)
        return file_fail(err, path, "open");
    *log_at = lseek(fd, 0, SEEK_END);
    *pid = spawn(stage, arguments, fd);
    return *pid > 0 || fail(err, ERR_IO, "fork: %s", strerrordesc_np(errno));
}

bool stage_start_gateway(struct stage *stage, struct error *err)
{
    AUTO(text_free) char *config = stage_path(stage, "creditgate.yaml");
    const char *const arguments[] = {"serve", "--json", "--config", config, NULL};

    return start(stage, arguments, "gateway.log", &stage->gateway_log, &stage->gateway, err);
}

bool stage_start_platform(struct stage *stage, struct error *err)
{
    AUTO(text_free) char *options = stage_path(stage, "sandbox.json");
    const char *const arguments[] = {"sandbox", "--json", "--options", options, NULL};

    return start(stage, arguments, "sandbox.log", &stage->platform_log, &stage->platform, err);
}

bool stage_has_ended(pid_t *pid, int *status)
{
    if (*pid <= 0 || waitpid(*pid, status, WNOHANG) != *pid)
        return false;
    *pid = 0;
    return true;
}

void stage_kill(pid_t *pid)
{
    if (*pid <= 0)
        return;
    kill(*pid, SIGKILL);
    waitpid(*pid, NULL, 0);
    *pid = 0;
}

static bool await_end(pid_t *pid, int64_t most_ms, int *status)
{
    int64_t until_ms = time_monotonic_ms() + most_ms;

    while (!stage_has_ended(pid, status)) {
        if (time_monotonic_ms() > until_ms)
            return false;
        usleep(WAIT_STEP_US);
    }
    return true;
}

bool stage_stop_gateway(struct stage *stage, struct error *err)
{
    int status = 0;

    kill(stage->gateway, SIGTERM);
    if (!await_end(&stage->gateway, STAGE_STOP_MS, &status))
        return fail(err, ERR_TIMEOUT, "the gateway does not stop");
    return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
           fail(err, ERR_INTERNAL, "the gateway ended with wait status %#x", (unsigned)status);
}

/* The word that a process writes when it is ready; `line` gets what is behind its beginning. */
static bool await_word(const struct stage *stage, const char *log, off_t from, const char *word, struct buf *line,
                       struct error *err)
{
    AUTO(text_free) char *path = stage_path(stage, log);
    int64_t until_ms = time_monotonic_ms() + STAGE_READY_MS;

    for (;;) {
        AUTO(buf_done) struct buf text = BUF_INIT;
        const char *at;

        if (!file_read(path, LOG_BYTES_MAX, &text, err))
            return false;
        at = text.bytes > (size_t)from ? strstr(buf_text(&text) + from, word) : NULL;
        if (at && strchr(at, '\n')) {
            buf_add_text(line, at);
            return true;
        }
        if (time_monotonic_ms() > until_ms)
            return fail(err, ERR_TIMEOUT, "%s: no %s: %.300s", log, word,
                        text.bytes > (size_t)from ? buf_text(&text) + from : "");
        usleep(WAIT_STEP_US);
    }
}

bool stage_await_gateway(struct stage *stage, struct error *err)
{
    AUTO(buf_done) struct buf line = BUF_INIT;

    return await_word(stage, "gateway.log", stage->gateway_log, "\"admin_socket\"", &line, err);
}

bool stage_await_platform(struct stage *stage, struct error *err)
{
    AUTO(buf_done) struct buf line = BUF_INIT;
    unsigned port = 0;

    if (!await_word(stage, "sandbox.log", stage->platform_log, "\"port\":", &line, err))
        return false;
    port = (unsigned)strtoul(buf_text(&line) + sizeof "\"port\":" - 1, NULL, 10);
    if (port == 0 || port > UINT16_MAX)
        return fail(err, ERR_INVALID, "sandbox.log: no port: %.60s", buf_text(&line));
    stage->platform_port = (uint16_t)port;
    return true;
}

/* A number that another program has by now must not be signalled. */
static bool is_child_of(pid_t pid, pid_t parent)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    char path[64];
    const char *at;
    long found = 0;

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    if (!file_read(path, 4096, &text, NULL))
        return false;
    at = strrchr(buf_text(&text), ')'); /* behind the name: state, parent */
    return at && sscanf(at, ") %*c %ld", &found) == 1 && found == (long)parent;
}

size_t stage_processes(const struct stage *stage, const char *kind, pid_t *pids, size_t max)
{
    AUTO(text_free) char *path = stage_path(stage, "state/processes.json");
    AUTO(json_release) json_t *told = NULL;
    struct error err;
    size_t count = 0;
    size_t i;
    json_t *process;

    if (stage->gateway <= 0 || !json_read_file(path, &told, &err) ||
        json_integer_of(told, "parent", 0) != stage->gateway)
        return 0;
    json_array_foreach(json_object_get(told, "processes"), i, process)
    {
        const char *name = json_text_of(process, "kind");
        pid_t pid = (pid_t)json_integer_of(process, "pid", 0);

        if (count < max && name && strcmp(name, kind) == 0 && pid > 1 && is_child_of(pid, stage->gateway))
            pids[count++] = pid;
    }
    return count;
}

bool stage_run(const struct stage *stage, const char *const *arguments, int *status, struct buf *out, struct error *err)
{
    char piece[4096];
    ssize_t got;
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return fail(err, ERR_IO, "pipe: %s", strerrordesc_np(errno));
    pid = spawn(stage, arguments, ends[1]);
    file_close(ends[1]);
    while (pid > 0 && (got = read(ends[0], piece, sizeof piece)) > 0)
        buf_add(out, piece, (size_t)got);
    file_close(ends[0]);
    if (pid < 0 || waitpid(pid, status, 0) != pid)
        return fail(err, ERR_IO, "%s cannot be run", arguments[0]);
    *status = WIFEXITED(*status) ? WEXITSTATUS(*status) : 128 + WTERMSIG(*status);
    return true;
}

bool stage_look(struct stage *stage, struct error *err)
{
    AUTO(text_free) char *path = stage_path(stage, "state/store");

    return stage->store || store_open(path, &(struct store_options){.is_read_only = true}, &stage->store, err);
}

/* --- configuration --- */

/* What the protocol of a channel needs besides. */
static void add_terms(enum channel channel, const char *common, struct buf *text)
{
    switch (channel) {
    case CHANNEL_CREDIT_GUANGDONG:
        buf_addf(text,
                 "    table_code: T-RETIRED-CAPACITY\n    table_version: \"1\"\n    department_code: D-MODEL\n"
                 "    paas_id: creditgate\n    token_file: %s/token\n    sm4_key_file: %s/sm4\n",
                 common, common);
        return;
    case CHANNEL_NATIONAL_PLATFORM:
        buf_addf(text, "    requester: creditgate\n    service: s_0000000000000_0001\n    app_key_file: %s/app-key\n",
                 common);
        return;
    default:
        buf_add_text(text, "    file_code: \"440003\"\n");
    }
}

/* Small calls, several at once, and short pauses: much happens in a second. */
static void add_channel(const struct stage *stage, enum channel channel, struct buf *text)
{
    const char *common = stage->common->folder;

    buf_addf(text,
             "  %s:\n    base: https://localhost:%u/%s\n"
             "    provider_code: D-MODEL\n    provider_name: 示范部门\n    exchange_name: 示范单位\n"
             "    certificate: %s/gateway.pem\n    key: %s/gateway.key\n    ca: %s/ca.pem\n"
             "    rows: 3\n    concurrency: %d\n    connect_timeout: 2s\n    timeout: 2s\n"
             "    retry_first: 10ms\n    retry_max: 100ms\n    poll: 10ms\n",
             CHANNEL_NAMES[channel], stage->platform_port ? stage->platform_port : 1, CHANNEL_NAMES[channel], common,
             common, common, channel == CHANNEL_CREDIT_CHINA ? 1 : 3);
    add_terms(channel, common, text);
}

static bool write_config(const struct stage *stage, struct error *err)
{
    AUTO(text_free) char *path = stage_path(stage, "creditgate.yaml");
    AUTO(buf_done) struct buf text = BUF_INIT;
    const char *common = stage->common->folder;

    buf_addf(&text,
             "gateway: {name: model, state: state}\n"
             "listen: {port: 0, workers: 2, certificate: %s/server.pem, key: %s/server.key, client_ca: %s/ca.pem}\n"
             "admin: {socket: admin.sock}\n"
             "staff:\n"
             "  - {name: operator, uid: %d, roles: [operator, auditor]}\n"
             "  - {name: reviewer, uid: %d, roles: [reviewer]}\n"
             "channels:\n",
             common, common, common, STAGE_OPERATOR, STAGE_REVIEWER);
    for (int channel = 0; channel < STAGE_COUNT; channel++)
        add_channel(stage, (enum channel)channel, &text);
    return file_write(path, buf_span(&text), 0644, err);
}

/* The public half of the key with which the gateway signs what it pushes: what people would hand to the platform. */
static bool write_push_key(const struct stage *stage, struct error *err)
{
    AUTO(text_free) char *from = stage_path(stage, "state/keys/model-push-sm2-1.pem");
    AUTO(text_free) char *to = stage_path(stage, "gateway-push.pem");
    AUTO(key_free) struct key *key = NULL;
    AUTO(buf_wipe_done) struct buf secret = BUF_INIT;
    AUTO(buf_done) struct buf text = BUF_INIT;

    return file_read(from, 65536, &secret, err) && key_parse(buf_span(&secret), "push", &key, err) &&
           key_public_pem(key, &text, err) && file_write(to, buf_span(&text), 0644, err);
}

static bool write_options(const struct stage *stage, struct error *err)
{
    AUTO(text_free) char *path = stage_path(stage, "sandbox.json");
    AUTO(buf_done) struct buf text = BUF_INIT;
    const char *common = stage->common->folder;

    buf_addf(&text,
             "{\"port\":%u,\"state\":\"platform\",\"control_socket\":\"control.sock\",\"base\":\"/credit-guangdong\","
             "\"certificate\":\"%s/sandbox.pem\",\"key\":\"%s/sandbox.key\",\"client_ca\":\"%s/ca.pem\","
             "\"paasid\":\"creditgate\",\"token_file\":\"%s/token\",\"sm4_key_file\":\"%s/sm4\","
             "\"gateway_key_file\":\"gateway-push.pem\",\"table_code\":\"T-RETIRED-CAPACITY\","
             "\"table_version_id\":\"1\",\"department_code\":\"D-MODEL\",\"result_delay_polls\":1,",
             stage->platform_port, common, common, common, common, common);
    buf_addf(&text,
             "\"national\":{\"requester\":\"creditgate\",\"service\":\"s_0000000000000_0001\","
             "\"app_key_file\":\"%s/app-key\",\"result_delay_polls\":1},"
             "\"china\":{\"file_code\":\"440003\",\"result_delay_polls\":1},"
             "\"chaos\":{\"seed\":%llu,\"rate\":%u}}\n",
             common, (unsigned long long)stage->chaos_seed, stage->chaos_percent);
    return file_write(path, buf_span(&text), 0644, err);
}

static bool init(const struct stage *stage, struct error *err)
{
    AUTO(text_free) char *config = stage_path(stage, "creditgate.yaml");
    const char *const arguments[] = {"init", "--config", config, NULL};
    AUTO(buf_done) struct buf out = BUF_INIT;
    int status = 0;

    return stage_run(stage, arguments, &status, &out, err) &&
           (status == 0 || fail(err, ERR_INVALID, "init: %d: %.300s", status, buf_text(&out)));
}

bool stage_open(struct stage *stage, const struct stage_setup *setup, struct error *err)
{
    *stage =
        (struct stage){.common = setup->common, .chaos_seed = setup->chaos_seed, .chaos_percent = setup->chaos_percent};
    snprintf(stage->folder, sizeof stage->folder, "%s/%s", setup->common->folder, setup->name);
    if (mkdir(stage->folder, 0711) != 0)
        return file_fail(err, stage->folder, "mkdir");
    /* The keys must be there before the platform, the platform before its port. */
    return write_config(stage, err) && init(stage, err) && write_push_key(stage, err) && write_options(stage, err) &&
           stage_start_platform(stage, err) && stage_await_platform(stage, err) && write_options(stage, err) &&
           write_config(stage, err) && stage_start_gateway(stage, err) && stage_await_gateway(stage, err) &&
           stage_look(stage, err);
}

void stage_close(struct stage *stage, bool keeps)
{
    store_close(TAKE(stage->store));
    stage_kill(&stage->gateway);
    stage_kill(&stage->platform);
    if (!keeps)
        test_folder_remove(stage->folder);
}
