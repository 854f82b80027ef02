#include "gateway/cli/workplace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/trace/trace.h"

static int64_t asking_uid(void)
{
    const char *behind = getenv("SUDO_UID");
    int64_t uid;

    if (behind && integer_parse(span_of(behind), &uid))
        return uid;
    return (int64_t)getuid();
}

bool workplace_open(const struct cli *cli, struct workplace *out, struct error *err)
{
    const struct config_person *person;
    int64_t uid = asking_uid();

    if (!cli_config(cli, &out->config, err))
        return false;
    person = config_person_of_uid(out->config, uid);
    if (person) {
        snprintf(out->person, sizeof out->person, "%s", person->name);
        out->roles = person->roles;
        return true;
    }
    snprintf(out->person, sizeof out->person, "uid-%lld", (long long)uid);
    return true;
}

void workplace_done(struct workplace *workplace)
{
    store_close(workplace->store);
    config_free(workplace->config);
    file_close(workplace->lock_fd);
    *workplace = WORKPLACE_INIT;
}

static bool is_ours(const char *state, struct error *err)
{
    struct stat info;

    if (stat(state, &info) != 0)
        return refuse(err, ERR_NOT_FOUND, "gateway.state", "%s: there is no state folder (%s)",
                      "%s：没有状态目录（%s）", state, strerrordesc_np(errno));
    return info.st_uid == geteuid() ||
           refuse(err, ERR_FORBIDDEN, "gateway.owner",
                  "%s belongs to the account %u: run this as that account (sudo -u '#%u' creditgate …)",
                  "%s 属于用户号 %u：请以该用户运行（sudo -u '#%u' creditgate …）", state, info.st_uid, info.st_uid);
}

bool workplace_lock(struct workplace *workplace, bool makes, struct error *err)
{
    AUTO(text_free) char *path = config_state_path(workplace->config, "lock");
    AUTO(file_close) int fd = -1;

    if (makes && !file_exists(workplace->config->state) && !file_make_folder(workplace->config->state, 0700, err))
        return false;
    if (!is_ours(workplace->config->state, err))
        return false;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(err, ERR_IO, "%s: %s", path, strerrordesc_np(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return refuse(err, ERR_CONFLICT, "gateway.running",
                      "a gateway runs on %s (or another program works there): stop it first",
                      "状态目录 %s 上有网关在运行（或有其他程序正在使用）：请先停止", workplace->config->state);
    workplace->lock_fd = fd;
    fd = -1;
    return true;
}

bool workplace_can_read(const struct workplace *workplace, struct error *err)
{
    return geteuid() == 0 || is_ours(workplace->config->state, err);
}

bool workplace_open_store(struct workplace *workplace, bool is_read_only, struct error *err)
{
    AUTO(text_free) char *path = config_state_path(workplace->config, "store");
    struct store_options options = {.map_bytes = (size_t)workplace->config->map_bytes, .is_read_only = is_read_only};

    return store_open(path, &options, &workplace->store, err);
}

/* A gateway that was never asked has no trace yet: then nothing is made only to look. */
static bool open_trace(const struct workplace *workplace, struct trace_log **out, struct error *err)
{
    AUTO(text_free) char *folder = config_state_path(workplace->config, "trace");
    AUTO(text_free) char *log = path_join(folder, "log");

    *out = NULL;
    return !file_exists(log) || trace_log_open(folder, out, err);
}

bool workplace_heads(struct workplace *workplace, struct guard_head heads[GUARD_LOG_COUNT], struct error *err)
{
    AUTO(trace_log_free) struct trace_log *trace = NULL;
    struct guard_head *head = &heads[GUARD_TRACE];

    if (!guard_measure(workplace->store, &heads[GUARD_JOURNAL], err) || !open_trace(workplace, &trace, err))
        return false;
    head->size = trace ? trace_log_size(trace) : 0;
    merkle_empty(head->root);
    return !trace || trace_log_root(trace, head->size, head->root, err);
}

bool workplace_trace_continues(struct workplace *workplace, const struct guard *guard, struct error *err)
{
    AUTO(trace_log_free) struct trace_log *trace = NULL;
    uint64_t remembered = guard_head(guard, GUARD_TRACE)->size;
    uint8_t root[MERKLE_HASH_BYTES];
    uint64_t size;

    if (!open_trace(workplace, &trace, err))
        return false;
    size = trace ? trace_log_size(trace) : 0;
    merkle_empty(root);
    if (trace && size >= remembered && !trace_log_root(trace, remembered, root, err))
        return false;
    return guard_continues(guard, GUARD_TRACE, size, root, err);
}

void workplace_stamp(char text[20])
{
    char instant[INSTANT_TEXT_BYTES];
    size_t out = 0;

    instant_format(clock_now_ms(&CLOCK_SYSTEM), instant);
    for (const char *at = instant; *at && *at != '.'; at++) {
        if (*at >= '0' && *at <= '9')
            text[out++] = *at;
        else if (*at == 'T')
            text[out++] = '-';
    }
    text[out] = '\0';
}
