#include "gateway/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/time.h"

enum { RESTART_FIRST_MS = 50 };

static bool add_slots(struct slots *slots, enum process_kind kind, int64_t count, struct error *err)
{
    for (int64_t i = 0; i < count; i++) {
        struct slot *slot = &slots->list[slots->count];
        int pair[2] = {-1, -1};
        int names[2] = {-1, -1};
        int door[2] = {-1, -1};

        if (kind != PROCESS_SIGNER && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
            return fail(err, ERR_IO, "socketpair: %s", strerrordesc_np(errno));
        if (kind == PROCESS_API && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, names) != 0)
            return fail(err, ERR_IO, "socketpair: %s", strerrordesc_np(errno));
        if (kind == PROCESS_API && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, door) != 0)
            return fail(err, ERR_IO, "socketpair: %s", strerrordesc_np(errno));
        *slot = (struct slot){.kind = kind,
                              .stop_write = -1,
                              .signer_near = pair[0],
                              .signer_far = pair[1],
                              .names_near = names[0],
                              .names_far = names[1],
                              .door_near = door[0],
                              .door_far = door[1],
                              .exit_status = -1};
        slot->restart_ms = kind == PROCESS_JOB ? 0 : 1;
        slots->count++;
    }
    return true;
}

bool slots_make(struct slots *slots, const struct config *config, struct error *err)
{
    int64_t most = SLOTS_MAX - SLOT_JOBS - 5;
    int64_t workers = config->workers ? config->workers : sysconf(_SC_NPROCESSORS_ONLN);
    bool has_channel = false;

    for (size_t i = 0; i < CONFIG_CHANNEL_COUNT; i++)
        has_channel = has_channel || config_channel_is_used(&config->channels[i]);
    for (size_t i = 0; i < config->client_count; i++)
        has_channel = has_channel || config_client_has_webhook(&config->clients[i]);
    workers = workers < 1 ? 1 : workers > most ? most : workers;
    return add_slots(slots, PROCESS_SIGNER, 1, err) && add_slots(slots, PROCESS_KEEPER, 1, err) &&
           add_slots(slots, PROCESS_COURIER, has_channel ? 1 : 0, err) && add_slots(slots, PROCESS_NAMES, 1, err) &&
           add_slots(slots, PROCESS_DOOR, *config->console_address ? 1 : 0, err) &&
           add_slots(slots, PROCESS_JOB, SLOT_JOBS, err) && add_slots(slots, PROCESS_API, workers, err);
}

struct slot *slots_of_pid(struct slots *slots, pid_t pid)
{
    for (size_t i = 0; i < slots->count; i++) {
        if (slots->list[i].pid == pid)
            return &slots->list[i];
    }
    return NULL;
}

bool slots_has_running(const struct slots *slots, enum process_kind kind)
{
    for (size_t i = 0; i < slots->count; i++) {
        if (slots->list[i].kind == kind && slots->list[i].pid > 0)
            return true;
    }
    return false;
}

bool slots_has_job(const struct slots *slots, const char *id)
{
    for (size_t i = 0; i < slots->count; i++) {
        if (slots->list[i].kind == PROCESS_JOB && strcmp(slots->list[i].job, id) == 0)
            return true;
    }
    return false;
}

bool slots_are_ready(const struct slots *slots)
{
    for (size_t i = 0; i < slots->count; i++) {
        if (slots->list[i].kind != PROCESS_JOB && !slots->list[i].is_ready)
            return false;
    }
    return true;
}

/* --- in the child --- */

static int ascending(const void *a, const void *b)
{
    int left = *(const int *)a;
    int right = *(const int *)b;

    return (left > right) - (left < right);
}

/* A sibling's stop pipe that stays open here would keep the sibling from stopping. */
static void close_all_from(unsigned from, unsigned to)
{
    if (from > to || close_range(from, to, 0) == 0)
        return;
    log_error("gateway", "close_range: %s", strerrordesc_np(errno));
    _exit(PROCESS_CANNOT_BEGIN);
}

/* Close all descriptors but the standard ones and those listed. */
static void close_others(int *kept, size_t count)
{
    unsigned from = STDERR_FILENO + 1;

    qsort(kept, count, sizeof *kept, ascending);
    for (size_t i = 0; i < count; i++) {
        if (kept[i] < (int)from)
            continue;
        close_all_from(from, (unsigned)kept[i] - 1);
        from = (unsigned)kept[i] + 1;
    }
    close_all_from(from, ~0U);
}

/* What this kind has to do with. */
static void choose(const struct slots *slots, const struct slot *slot, struct process *process)
{
    bool is_api = slot->kind == PROCESS_API;
    bool wakes = slot->kind == PROCESS_JOB || slot->kind == PROCESS_COURIER || slot->kind == PROCESS_KEEPER;

    process->kind = slot->kind;
    process->signer_fd = slot->signer_near;
    process->listen_fd = is_api ? process->listen_fd : -1;
    process->public_fd = is_api ? process->public_fd : -1;
    process->admin_fd = is_api ? process->admin_fd : -1;
    process->parent_fd = slot->kind == PROCESS_JOB ? -1 : process->parent_fd;
    process->names_fd = slot->names_near;
    process->console_fd = is_api ? process->console_fd : -1;
    process->door_fd = process->sessions ? slot->door_near : -1;
    process->courier_fd = wakes ? process->courier_fd : -1;
    process->ticket_key = is_api ? process->ticket_key : NULL;
    process->warms = is_api && !slot->was_started && slot == &slots->list[slots->count - 1];
    memcpy(process->job, slot->job, sizeof process->job);
    for (size_t i = 0; i < slots->count; i++) {
        int far = slot->kind == PROCESS_SIGNER  ? slots->list[i].signer_far
                  : slot->kind == PROCESS_NAMES ? slots->list[i].names_far
                  : slot->kind == PROCESS_DOOR  ? slots->list[i].door_far
                                                : -1;

        if (far >= 0)
            process->sibling_fds[process->sibling_count++] = far;
    }
}

static void keep_own_descriptors(const struct process *process)
{
    int kept[SIBLINGS_MAX + 11] = {process->stop_fd,   process->parent_fd,  process->lock_fd,    process->signer_fd,
                                   process->listen_fd, process->admin_fd,   process->courier_fd, process->names_fd,
                                   process->public_fd, process->console_fd, process->door_fd};
    size_t count = 11;

    for (size_t i = 0; i < process->sibling_count; i++)
        kept[count++] = process->sibling_fds[i];
    close_others(kept, count);
}

/* The parent stops its children by their stop pipes, in order; a signal to the whole group (Ctrl-C on a terminal) is
 * its business alone. A job may die at any time: it is told to by SIGTERM, and goes when the parent goes. */
static void set_signals(enum process_kind kind, pid_t parent)
{
    sigset_t none;

    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, kind == PROCESS_JOB ? SIG_DFL : SIG_IGN);
    if (kind == PROCESS_JOB) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(PROCESS_BROKE);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void become(const struct slots *slots, const struct slot *slot, struct process *process, pid_t parent)
{
    char name[16];

    choose(slots, slot, process);
    keep_own_descriptors(process);
    set_signals(slot->kind, parent);
    snprintf(name, sizeof name, "cg-%s", process_name(slot->kind));
    prctl(PR_SET_NAME, name);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    exit(process_run(process));
}

/* --- in the parent --- */

void slot_start(const struct slots *slots, struct slot *slot, const struct process *given)
{
    struct process process = *given;
    pid_t parent = getpid();
    int stop[2];
    pid_t pid;

    slot->restart_ms = 0;
    if (pipe2(stop, O_CLOEXEC) != 0) {
        log_error("gateway", "pipe: %s", strerrordesc_np(errno));
        slot->restart_ms = time_monotonic_ms() + SLOT_RESTART_MAX_MS;
        return;
    }
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        process.stop_fd = stop[0];
        become(slots, slot, &process, parent);
    }
    file_close(stop[0]);
    if (pid < 0) {
        log_error("gateway", "fork: %s", strerrordesc_np(errno));
        file_close(stop[1]);
        slot->restart_ms = time_monotonic_ms() + SLOT_RESTART_MAX_MS;
        return;
    }
    slot->pid = pid;
    slot->stop_write = stop[1];
    slot->started_ms = time_monotonic_ms();
    slot->was_started = true;
    slot->is_ready = false;
    slot->is_stale = false;
}

void slot_end(struct slot *slot, int status)
{
    const char *name = process_name(slot->kind);

    slot->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (WIFSIGNALED(status) && slot->stop_write >= 0)
        log_warning("gateway", "%s %ld was killed by signal %d", name, (long)slot->pid, WTERMSIG(status));
    else if (slot->exit_status > 0)
        log_warning("gateway", "%s %ld ended with status %d", name, (long)slot->pid, slot->exit_status);
    slot->pid = 0;
    slot->is_ready = false;
    slot_stop(slot);
}

void slot_plan_restart(struct slot *slot, int64_t now_ms)
{
    int64_t pause_ms = slot->pause_ms ? slot->pause_ms * 2 : RESTART_FIRST_MS;

    if (now_ms - slot->started_ms > SLOT_CALM_MS)
        pause_ms = 0;
    slot->pause_ms = pause_ms > SLOT_RESTART_MAX_MS ? SLOT_RESTART_MAX_MS : pause_ms;
    slot->restart_ms = now_ms + slot->pause_ms;
}

void slot_stop(struct slot *slot)
{
    file_close(slot->stop_write);
    slot->stop_write = -1;
}

/* Whole or not at all for whoever reads it, but not synced: it means nothing after a crash of the machine, and whoever
 * waits for a gateway to start shall not wait for the disk. */
static bool replace_file(const char *path, struct span bytes, struct error *err)
{
    AUTO(buf_done) struct buf beside = BUF_INIT;
    AUTO(file_close) int fd = -1;

    buf_addf(&beside, "%s.new", path);
    fd = open(buf_text(&beside), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return fail(err, ERR_IO, "%s: %s", buf_text(&beside), strerrordesc_np(errno));
    if (!file_write_all(fd, bytes, err))
        return fail_in(err, "%s", buf_text(&beside));
    return rename(buf_text(&beside), path) == 0 || fail(err, ERR_IO, "%s: %s", path, strerrordesc_np(errno));
}

void slots_tell(const struct slots *slots, const struct config *config, const struct slots_ports *ports)
{
    AUTO(text_free) char *path = config_state_path(config, "processes.json");
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct error err;
    const char *comma = "";

    buf_addf(&text, "{\"address\":\"%s\",\"console_port\":%u,\"parent\":%ld,\"port\":%u,\"processes\":[",
             config->address, ports->console, (long)getpid(), ports->listen);
    for (size_t i = 0; i < slots->count; i++) {
        const struct slot *slot = &slots->list[i];

        if (slot->pid <= 0)
            continue;
        buf_addf(&text, "%s{\"kind\":\"%s\",\"pid\":%ld,\"ready\":%s", comma, process_name(slot->kind), (long)slot->pid,
                 slot->is_ready ? "true" : "false");
        if (slot->kind == PROCESS_JOB)
            buf_addf(&text, ",\"job\":\"%s\"", slot->job);
        buf_add_text(&text, "}");
        comma = ",";
    }
    buf_add_text(&text, "]}\n");
    if (!replace_file(path, buf_span(&text), &err))
        log_warning("gateway", "%s", err.text);
}
