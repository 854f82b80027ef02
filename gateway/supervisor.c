/* The life of the parent: lock the state folder, open the sockets, make the socket pairs, start every slot, then one
 * poll loop over signals (a child died, stop), job orders from the api processes and the restart times of slots. On
 * stop the slots end in the order of STOP_ORDER, each given STOP_MS before it is killed. */
#include "gateway/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/time.h"
#include "gateway/http/http.h"
#include "gateway/jobs/jobs.h"
#include "gateway/processes.h"

enum {
    JOB_SLOTS = 2,
    SLOTS_MAX = SIBLINGS_MAX,
    STOP_MS = 15000,
    RESTART_MAX_MS = 10000,
    CALM_MS = 5000,
    WAITING_MAX = 256
};

/* One place for one process. */
struct slot {
    enum process_kind kind;
    pid_t pid; /* 0: not running */
    int stop_write;
    int signer_near; /* its end of the pair to the signer, and the signer's end; -1: does not sign */
    int signer_far;
    int64_t started_ms;
    int64_t restart_ms; /* monotonic; 0: not planned */
    int64_t pause_ms;
    char job[JOB_ID_BYTES];
    int tries;
};

struct supervisor {
    const struct config *config;
    struct slot slots[SLOTS_MAX];
    size_t slot_count;
    int lock_fd;
    int listen_fd;
    int admin_fd;
    int orders_read;
    int orders_write;
    int courier_fd;
    int signal_fd;
    uint16_t port;
    char waiting[WAITING_MAX][JOB_ID_BYTES];
    size_t waiting_count;
    bool is_stopping;
};

static bool lock_state(struct supervisor *parent, struct error *err)
{
    AUTO(text_free) char *path = config_state_path(parent->config, "lock");

    parent->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (parent->lock_fd < 0)
        return refuse(err, ERR_IO, "gateway.state", "%s cannot be opened: make the state folder with `creditgate init`",
                      "%s 无法打开：请先用 creditgate init 建立状态目录", path);
    if (flock(parent->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return refuse(err, ERR_CONFLICT, "gateway.running", "a gateway already runs on %s",
                      "状态目录 %s 上已有网关在运行", parent->config->state);
    return true;
}

static bool open_sockets(struct supervisor *parent, struct error *err)
{
    int orders[2];

    parent->port = (uint16_t)parent->config->port;
    if (!http_listen_tcp(parent->config->address, &parent->port, &parent->listen_fd, err))
        return fail_in(err, "listen.address");
    if (!http_listen_unix(parent->config->admin_socket, (unsigned)parent->config->admin_mode, &parent->admin_fd, err))
        return fail_in(err, "admin.socket");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, orders) != 0)
        return fail(err, ERR_IO, "socketpair: %s", strerror(errno));
    parent->orders_read = orders[0];
    parent->orders_write = orders[1];
    parent->courier_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (parent->courier_fd < 0)
        return fail(err, ERR_IO, "eventfd: %s", strerror(errno));
    return true;
}

static bool open_signals(struct supervisor *parent, struct error *err)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    parent->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return parent->signal_fd >= 0 || fail(err, ERR_IO, "signalfd: %s", strerror(errno));
}

static bool add_slots(struct supervisor *parent, enum process_kind kind, int64_t count, struct error *err)
{
    for (int64_t i = 0; i < count; i++) {
        struct slot *slot = &parent->slots[parent->slot_count];
        int pair[2] = {-1, -1};

        if (kind != PROCESS_SIGNER && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
            return fail(err, ERR_IO, "socketpair: %s", strerror(errno));
        *slot = (struct slot){.kind = kind, .stop_write = -1, .signer_near = pair[0], .signer_far = pair[1]};
        slot->restart_ms = kind == PROCESS_JOB ? 0 : 1;
        parent->slot_count++;
    }
    return true;
}

static bool make_slots(struct supervisor *parent, struct error *err)
{
    int64_t workers = parent->config->workers;

    if (workers == 0)
        workers = sysconf(_SC_NPROCESSORS_ONLN);
    if (workers < 1)
        workers = 1;
    if (workers > SLOTS_MAX - JOB_SLOTS - 3)
        workers = SLOTS_MAX - JOB_SLOTS - 3;
    return add_slots(parent, PROCESS_SIGNER, 1, err) && add_slots(parent, PROCESS_KEEPER, 1, err) &&
           add_slots(parent, PROCESS_COURIER, parent->config->guangdong.base ? 1 : 0, err) &&
           add_slots(parent, PROCESS_JOB, JOB_SLOTS, err) && add_slots(parent, PROCESS_API, workers, err);
}

/* In the child: only what its work needs stays open. */
static _Noreturn void become(const struct supervisor *parent, const struct slot *slot, int stop_fd)
{
    struct process process = {
        .kind = slot->kind, .config = parent->config, .stop_fd = stop_fd, .signer_fd = slot->signer_near};
    sigset_t none;
    char name[16];

    for (size_t i = 0; i < parent->slot_count; i++) {
        const struct slot *other = &parent->slots[i];

        file_close(other->stop_write);
        if (other != slot)
            file_close(other->signer_near);
        if (slot->kind == PROCESS_SIGNER && other->signer_far >= 0)
            process.sibling_fds[process.sibling_count++] = other->signer_far;
        if (slot->kind != PROCESS_SIGNER)
            file_close(other->signer_far);
    }
    file_close(parent->signal_fd);
    file_close(parent->orders_read);
    process.listen_fd = parent->listen_fd;
    process.admin_fd = parent->admin_fd;
    process.parent_fd = parent->orders_write;
    process.courier_fd = parent->courier_fd;
    snprintf(process.job, sizeof process.job, "%s", slot->job);
    signal(SIGTERM, SIG_IGN); /* the parent stops us, in order */
    signal(SIGINT, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    snprintf(name, sizeof name, "cg-%s", process_name(slot->kind));
    prctl(PR_SET_NAME, name);
    exit(process_run(&process));
}

static void start(struct supervisor *parent, struct slot *slot)
{
    int stop[2];
    pid_t pid;

    slot->restart_ms = 0;
    if (pipe2(stop, O_CLOEXEC) != 0) {
        log_error("gateway", "pipe: %s", strerror(errno));
        slot->restart_ms = time_monotonic_ms() + RESTART_MAX_MS;
        return;
    }
    pid = fork();
    if (pid == 0) {
        file_close(stop[1]);
        slot->stop_write = -1;
        become(parent, slot, stop[0]);
    }
    file_close(stop[0]);
    if (pid < 0) {
        log_error("gateway", "fork: %s", strerror(errno));
        file_close(stop[1]);
        slot->restart_ms = time_monotonic_ms() + RESTART_MAX_MS;
        return;
    }
    slot->pid = pid;
    slot->stop_write = stop[1];
    slot->started_ms = time_monotonic_ms();
}

/* processes.json: who runs as what, for operators and for tests that kill. */
static void tell_processes(const struct supervisor *parent)
{
    AUTO(text_free) char *path = config_state_path(parent->config, "processes.json");
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct error err;

    buf_addf(&text, "{\"address\":\"%s\",\"parent\":%ld,\"port\":%u,\"processes\":[", parent->config->address,
             (long)getpid(), parent->port);
    for (size_t i = 0, told = 0; i < parent->slot_count; i++) {
        if (parent->slots[i].pid > 0)
            buf_addf(&text, "%s{\"kind\":\"%s\",\"pid\":%ld}", told++ ? "," : "", process_name(parent->slots[i].kind),
                     (long)parent->slots[i].pid);
    }
    buf_add_text(&text, "]}\n");
    if (!file_write(path, buf_span(&text), 0644, &err))
        log_warning("gateway", "%s", err.text);
}

static void give_up_job(const struct supervisor *parent, const char *id)
{
    struct error why;
    struct error err;

    error_set_both(&why, ERR_INTERNAL, "job.died", "the job's process died %d times: see the log",
                   "任务进程已 %d 次异常结束：请查看日志", JOB_TRIES_MAX);
    if (!jobs_fail(parent->config, id, &why, &err))
        log_error("gateway", "job %s: %s", id, err.text);
}

static void job_ended(struct supervisor *parent, struct slot *slot, bool is_finished)
{
    if (is_finished || parent->is_stopping) {
        slot->job[0] = '\0';
        return;
    }
    if (++slot->tries >= JOB_TRIES_MAX) {
        give_up_job(parent, slot->job);
        slot->job[0] = '\0';
        return;
    }
    slot->restart_ms = time_monotonic_ms() + 100;
}

static void child_ended(struct supervisor *parent, struct slot *slot, int status)
{
    bool is_clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    int64_t now = time_monotonic_ms();

    if (WIFSIGNALED(status))
        log_warning("gateway", "%s %ld was killed by signal %d", process_name(slot->kind), (long)slot->pid,
                    WTERMSIG(status));
    else if (!is_clean)
        log_warning("gateway", "%s %ld ended with status %d", process_name(slot->kind), (long)slot->pid,
                    WEXITSTATUS(status));
    slot->pid = 0;
    file_close(slot->stop_write);
    slot->stop_write = -1;
    if (slot->kind == PROCESS_JOB) {
        job_ended(parent, slot, is_clean);
        return;
    }
    if (parent->is_stopping)
        return;
    /* The first restart is at once; one that dies young again waits longer and longer. */
    slot->pause_ms = now - slot->started_ms > CALM_MS ? 0 : slot->pause_ms ? slot->pause_ms * 2 : 50;
    if (slot->pause_ms > RESTART_MAX_MS)
        slot->pause_ms = RESTART_MAX_MS;
    slot->restart_ms = now + slot->pause_ms;
}

static void reap(struct supervisor *parent)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (size_t i = 0; i < parent->slot_count; i++) {
            if (parent->slots[i].pid == pid)
                child_ended(parent, &parent->slots[i], status);
        }
    }
}

static void take_signals(struct supervisor *parent)
{
    struct signalfd_siginfo info;

    while (read(parent->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            reap(parent);
        else if (info.ssi_signo == SIGHUP)
            log_notice("gateway", "the configuration is read at start: restart the gateway to use a new one");
        else
            parent->is_stopping = true;
    }
}

static void take_orders(struct supervisor *parent)
{
    char id[JOB_ID_BYTES];
    ssize_t bytes;

    while ((bytes = recv(parent->orders_read, id, sizeof id - 1, MSG_DONTWAIT)) > 0) {
        if (parent->waiting_count == WAITING_MAX)
            return; /* its files are there: found again when the queue is empty */
        id[bytes] = '\0';
        snprintf(parent->waiting[parent->waiting_count++], JOB_ID_BYTES, "%s", id);
    }
}

static void find_orders(struct supervisor *parent)
{
    struct error err;

    if (!jobs_waiting(parent->config, parent->waiting, WAITING_MAX, &parent->waiting_count, &err))
        log_warning("gateway", "jobs: %s", err.text);
}

static bool is_running_job(const struct supervisor *parent, const char *id)
{
    for (size_t i = 0; i < parent->slot_count; i++) {
        if (parent->slots[i].kind == PROCESS_JOB && strcmp(parent->slots[i].job, id) == 0)
            return true;
    }
    return false;
}

static void give_jobs(struct supervisor *parent)
{
    for (size_t i = 0; i < parent->slot_count && parent->waiting_count > 0; i++) {
        struct slot *slot = &parent->slots[i];

        if (slot->kind != PROCESS_JOB || slot->job[0])
            continue;
        if (!is_running_job(parent, parent->waiting[0])) {
            snprintf(slot->job, sizeof slot->job, "%s", parent->waiting[0]);
            slot->tries = 0;
            slot->restart_ms = 1;
        }
        parent->waiting_count--;
        memmove(parent->waiting[0], parent->waiting[1], parent->waiting_count * JOB_ID_BYTES);
    }
}

/* Start what is due; returns how long poll may sleep. */
static int start_due(struct supervisor *parent)
{
    int64_t now = time_monotonic_ms();
    int64_t next = now + 1000;
    bool has_changed = false;

    for (size_t i = 0; i < parent->slot_count; i++) {
        struct slot *slot = &parent->slots[i];

        if (slot->pid == 0 && slot->restart_ms > 0 && slot->restart_ms <= now) {
            start(parent, slot);
            has_changed = true;
        }
        if (slot->pid == 0 && slot->restart_ms > now && slot->restart_ms < next)
            next = slot->restart_ms;
    }
    if (has_changed)
        tell_processes(parent);
    return (int)(next - now);
}

static void loop(struct supervisor *parent)
{
    struct pollfd watched[] = {{parent->signal_fd, POLLIN, 0}, {parent->orders_read, POLLIN, 0}};

    find_orders(parent);
    while (!parent->is_stopping) {
        int sleep_ms;

        give_jobs(parent);
        sleep_ms = start_due(parent);
        if (poll(watched, COUNT_OF(watched), sleep_ms) < 0 && errno != EINTR)
            log_error("gateway", "poll: %s", strerror(errno));
        take_signals(parent);
        take_orders(parent);
    }
}

static bool stop_kind(struct supervisor *parent, enum process_kind kind)
{
    int64_t until = time_monotonic_ms() + STOP_MS;
    bool is_clean = true;

    for (size_t i = 0; i < parent->slot_count; i++) {
        if (parent->slots[i].kind == kind && parent->slots[i].pid > 0) {
            file_close(parent->slots[i].stop_write);
            parent->slots[i].stop_write = -1;
        }
    }
    for (size_t i = 0; i < parent->slot_count; i++) {
        struct slot *slot = &parent->slots[i];
        struct pollfd watched = {parent->signal_fd, POLLIN, 0};

        while (slot->kind == kind && slot->pid > 0) {
            if (time_monotonic_ms() > until) {
                log_warning("gateway", "%s %ld does not stop: killed", process_name(kind), (long)slot->pid);
                kill(slot->pid, SIGKILL);
                until += STOP_MS;
                is_clean = false;
            }
            (void)poll(&watched, 1, 200);
            take_signals(parent);
            reap(parent);
        }
    }
    return is_clean;
}

static bool stop_all(struct supervisor *parent)
{
    static const enum process_kind STOP_ORDER[] = {PROCESS_API, PROCESS_JOB, PROCESS_COURIER, PROCESS_KEEPER,
                                                   PROCESS_SIGNER};
    bool is_clean = true;

    sd_notify(0, "STOPPING=1");
    for (size_t i = 0; i < COUNT_OF(STOP_ORDER); i++)
        is_clean = stop_kind(parent, STOP_ORDER[i]) && is_clean;
    unlink(parent->config->admin_socket);
    return is_clean;
}

bool supervisor_run(const struct config *config, struct error *err)
{
    struct supervisor *parent = memory_new(sizeof *parent);
    bool is_good;

    parent->config = config;
    is_good =
        lock_state(parent, err) && open_sockets(parent, err) && open_signals(parent, err) && make_slots(parent, err);
    if (is_good) {
        log_notice("gateway", "https://%s:%u, administration %s", config->address, parent->port, config->admin_socket);
        sd_notifyf(0, "READY=1\nSTATUS=https://%s:%u", config->address, parent->port);
        loop(parent);
        is_good = stop_all(parent) || fail(err, ERR_TIMEOUT, "a process had to be killed");
        log_notice("gateway", "stopped");
    }
    free(parent);
    return is_good;
}
