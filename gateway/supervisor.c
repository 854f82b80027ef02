/* The life of the parent: lock the state folder, open the sockets, make the places for processes, start them, then one
 * poll loop over signals (a child died, stop), words from the processes (ready; a job was ordered) and the times at
 * which something is to be started again. On stop the kinds end in the order of STOPS: who gives work before who does
 * it, the signer last. */
#include "gateway/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "gateway/api/admission.h"
#include "gateway/http/http.h"
#include "gateway/job_queue.h"
#include "gateway/reload.h"
#include "gateway/slot.h"
#include "gateway/state_lock.h"
#include "gateway/testlist/testlist.h"

enum { LOCK_PATIENCE_MS = 10000, JOB_AGAIN_MS = 100, REAP_POLL_MS = 200 };

/* After `asks_ms` a process gets `signal` (0: none), after `most_ms` it is killed. */
static const struct {
    enum process_kind kind;
    int signal;
    int64_t asks_ms;
    int64_t most_ms;
} STOPS[] = {
    {PROCESS_API, 0, 0, 15000},         {PROCESS_NAMES, 0, 0, 15000},   {PROCESS_DOOR, 0, 0, 15000},
    {PROCESS_JOB, SIGTERM, 2000, 5000}, {PROCESS_COURIER, 0, 0, 15000}, {PROCESS_KEEPER, 0, 0, 15000},
    {PROCESS_SIGNER, 0, 0, 5000},
};

struct supervisor {
    const struct config *config;
    const struct supervisor_ready *ready;
    struct process given; /* what every process is given */
    uint8_t ticket_key[HTTP_TICKET_KEY_BYTES];
    struct slots slots;
    struct job_queue jobs;
    int words_read; /* what processes tell us */
    int signal_fd;
    uint16_t port;
    uint16_t public_port;
    uint16_t console_port;
    struct reload reload;
    bool has_changed; /* processes.json is to be written */
    bool was_ready;
    bool is_stopping;
    bool is_refused; /* the store */
    const struct slot *cannot_begin;
};

/* Where anybody may read: only when the configuration gives it an address. */
static bool open_public(struct supervisor *parent, struct error *err)
{
    const struct config *config = parent->config;

    parent->public_port = (uint16_t)config->public_port;
    if (!*config->public_address)
        return true;
    if (!http_listen_tcp(config->public_address, &parent->public_port, &parent->given.public_fd, err))
        return fail_in(err, "public");
    log_notice("gateway", "public lists: https://%s:%u/public/", config->public_address, parent->public_port);
    return true;
}

/* Where staff work: only when the configuration gives it an address. */
static bool open_console(struct supervisor *parent, struct error *err)
{
    const struct config *config = parent->config;

    if (!*config->console_address)
        return true;
    parent->console_port = (uint16_t)config->console_port;
    if (!http_listen_tcp(config->console_address, &parent->console_port, &parent->given.console_fd, err))
        return fail_in(err, "console");
    parent->given.sessions = sessions_new(config->console_idle_ms, config->console_longest_ms);
    log_notice("gateway", "console: https://%s:%u/console/", config->console_address, parent->console_port);
    return true;
}

static bool open_sockets(struct supervisor *parent, struct error *err)
{
    const struct config *config = parent->config;
    struct process *given = &parent->given;
    int words[2];

    parent->port = (uint16_t)config->port;
    if (!http_listen_tcp(config->address, &parent->port, &given->listen_fd, err)) {
        if (err->code == ERR_CONFLICT)
            return refuse(err, ERR_CONFLICT, "listen.port", "listen.port: another program uses %s:%u already",
                          "listen.port：%s:%u 已被其他程序占用", config->address, parent->port);
        return fail_in(err, "listen.address");
    }
    if (!open_public(parent, err) || !open_console(parent, err))
        return false;
    if (!http_listen_unix(config->admin_socket, (unsigned)config->admin_mode, &given->admin_fd, err))
        return fail_in(err, "admin.socket");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, words) != 0)
        return fail(err, ERR_IO, "socketpair: %s", strerrordesc_np(errno));
    parent->words_read = words[0];
    given->parent_fd = words[1];
    given->courier_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (given->courier_fd < 0)
        return fail(err, ERR_IO, "eventfd: %s", strerrordesc_np(errno));
    return true;
}

static bool make_shared(struct supervisor *parent, struct error *err)
{
    AUTO(text_free) char *board = config_state_path(parent->config, "board");

    if (getrandom(parent->ticket_key, sizeof parent->ticket_key, 0) != (ssize_t)sizeof parent->ticket_key)
        return fail(err, ERR_IO, "getrandom: %s", strerrordesc_np(errno));
    parent->given.ticket_key = parent->ticket_key;
    parent->given.limits = limits_new(LIMITS_BUCKETS);
    if (!board_open(board, &parent->given.board, err))
        return false;
    board_seat(parent->given.board, parent->config);
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
    return parent->signal_fd >= 0 || fail(err, ERR_IO, "signalfd: %s", strerrordesc_np(errno));
}

static bool open_all(struct supervisor *parent, struct error *err)
{
    AUTO(text_free) char *lock = config_state_path(parent->config, "lock");

    return state_lock_take(lock, LOCK_PATIENCE_MS, &parent->given.lock_fd, err) &&
           testlist_prepare(parent->config, err) && open_sockets(parent, err) && make_shared(parent, err) &&
           open_signals(parent, err) && slots_make(&parent->slots, parent->config, err);
}

static struct supervisor *supervisor_new(const struct config *config, const struct supervisor_ready *ready)
{
    struct supervisor *parent = memory_new(sizeof *parent);

    parent->config = config;
    parent->ready = ready;
    parent->given = (struct process){.config = config,
                                     .stop_fd = -1,
                                     .parent_fd = -1,
                                     .lock_fd = -1,
                                     .signer_fd = -1,
                                     .listen_fd = -1,
                                     .public_fd = -1,
                                     .admin_fd = -1,
                                     .names_fd = -1,
                                     .console_fd = -1,
                                     .door_fd = -1,
                                     .courier_fd = -1};
    parent->words_read = parent->signal_fd = -1;
    job_queue_init(&parent->jobs);
    return parent;
}

static void supervisor_free(struct supervisor *parent)
{
    for (size_t i = 0; i < parent->slots.count; i++) {
        file_close(parent->slots.list[i].signer_near);
        file_close(parent->slots.list[i].signer_far);
        file_close(parent->slots.list[i].names_near);
        file_close(parent->slots.list[i].names_far);
        file_close(parent->slots.list[i].door_near);
        file_close(parent->slots.list[i].door_far);
    }
    file_close(parent->given.listen_fd);
    file_close(parent->given.public_fd);
    file_close(parent->given.console_fd);
    file_close(parent->given.admin_fd);
    file_close(parent->given.parent_fd);
    file_close(parent->given.courier_fd);
    file_close(parent->words_read);
    file_close(parent->signal_fd);
    limits_free(parent->given.limits);
    board_close(parent->given.board);
    sessions_free(parent->given.sessions);
    reload_done(&parent->reload);
    file_close(parent->given.lock_fd); /* last: now another may begin */
    free(parent);
}

/* --- jobs --- */

static void give_up_job(const struct supervisor *parent, const char *id)
{
    struct error why;
    struct error err;

    error_set_both(&why, ERR_INTERNAL, "job.died", "the job's process died %d times: see the log",
                   "任务进程已 %d 次异常结束：请查看日志", JOB_TRIES_MAX);
    if (!jobs_fail(parent->config, id, &why, &err))
        log_error("gateway", "job %s: %s", id, err.text);
}

static void job_ended(struct supervisor *parent, struct slot *slot)
{
    bool is_finished = slot->exit_status == 0;

    if (!is_finished && !parent->is_stopping && ++slot->tries < JOB_TRIES_MAX) {
        slot->restart_ms = time_monotonic_ms() + JOB_AGAIN_MS;
        return;
    }
    if (!is_finished && !parent->is_stopping)
        give_up_job(parent, slot->job);
    slot->job[0] = '\0';
}

static void find_jobs(struct supervisor *parent)
{
    char(*ids)[JOB_ID_BYTES];
    int64_t now_ms = time_monotonic_ms();
    size_t count = 0;
    struct error err;

    if (!job_queue_wants_reading(&parent->jobs, now_ms))
        return;
    ids = memory_new(JOB_QUEUE_MAX * sizeof *ids);
    if (!jobs_waiting(parent->config, ids, JOB_QUEUE_MAX, &count, &err))
        log_warning("gateway", "jobs: %s", err.text);
    job_queue_fill(&parent->jobs, (const char(*)[JOB_ID_BYTES])ids, count, now_ms);
    free(ids);
}

static void give_jobs(struct supervisor *parent)
{
    char id[JOB_ID_BYTES];

    find_jobs(parent);
    for (size_t i = 0; i < parent->slots.count; i++) {
        struct slot *slot = &parent->slots.list[i];

        while (slot->kind == PROCESS_JOB && !slot->job[0] && job_queue_take(&parent->jobs, id)) {
            if (slots_has_job(&parent->slots, id))
                continue;
            snprintf(slot->job, sizeof slot->job, "%s", id);
            slot->tries = 0;
            slot->restart_ms = 1;
        }
    }
}

/* --- children --- */

static void child_ended(struct supervisor *parent, struct slot *slot, int status)
{
    bool was_asked = slot->stop_write < 0;

    slot_end(slot, status);
    parent->has_changed = true;
    /* What the others write goes to a store that is not there any more, or should not be: every second counts. */
    if (slot->exit_status == PROCESS_REFUSED)
        parent->is_refused = parent->is_stopping = true;
    if (slot->kind == PROCESS_JOB) {
        job_ended(parent, slot);
        return;
    }
    if (slot->exit_status == PROCESS_CANNOT_BEGIN && !parent->was_ready && !parent->is_stopping) {
        parent->cannot_begin = slot;
        parent->is_stopping = true;
    }
    if (!parent->is_stopping)
        slot_plan_restart(slot, time_monotonic_ms());
    else if (slot->kind == PROCESS_SIGNER && !was_asked && !parent->cannot_begin)
        slot_start(&parent->slots, slot, &parent->given); /* the others need it to finish */
}

static void reap(struct supervisor *parent)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct slot *slot = slots_of_pid(&parent->slots, pid);

        if (slot)
            child_ended(parent, slot, status);
    }
}

static void take_signals(struct supervisor *parent)
{
    struct signalfd_siginfo info;

    while (read(parent->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            reap(parent);
        else if (info.ssi_signo == SIGHUP)
            reload_take(&parent->reload, &parent->slots, &parent->given);
        else
            parent->is_stopping = true;
    }
}

static void mark_ready(struct supervisor *parent, const char *pid_text)
{
    struct slot *slot;
    int64_t pid;

    if (!integer_parse(span_of(pid_text), &pid) || !(slot = slots_of_pid(&parent->slots, (pid_t)pid)))
        return;
    slot->is_ready = true;
    parent->has_changed = true;
}

static void take_words(struct supervisor *parent)
{
    char word[PARENT_WORD_BYTES];
    ssize_t bytes;

    while ((bytes = recv(parent->words_read, word, sizeof word - 1, MSG_DONTWAIT)) > 0) {
        word[bytes] = '\0';
        if (span_starts(span_of(word), PARENT_READY))
            mark_ready(parent, word + sizeof PARENT_READY - 1);
        else
            job_queue_add(&parent->jobs, word);
    }
}

/* Start what is due; returns how long poll may sleep. */
static int start_due(struct supervisor *parent)
{
    int64_t now = time_monotonic_ms();
    int64_t next = now + JOB_QUEUE_RESCAN_MS;

    for (size_t i = 0; i < parent->slots.count; i++) {
        struct slot *slot = &parent->slots.list[i];

        if (slot->pid == 0 && slot->restart_ms > 0 && slot->restart_ms <= now) {
            slot_start(&parent->slots, slot, &parent->given);
            parent->has_changed = true;
        }
        if (slot->pid == 0 && slot->restart_ms > now && slot->restart_ms < next)
            next = slot->restart_ms;
    }
    return (int)(next - now);
}

static void announce(struct supervisor *parent)
{
    const struct config *config = parent->config;

    parent->was_ready = true;
    log_notice("gateway", "https://%s:%u, administration %s", config->address, parent->port, config->admin_socket);
    sd_notifyf(0, "READY=1\nSTATUS=https://%s:%u", config->address, parent->port);
    if (parent->ready)
        parent->ready->tell(parent->ready->context, config, parent->port);
}

static void loop(struct supervisor *parent)
{
    struct pollfd watched[] = {{parent->signal_fd, POLLIN, 0}, {parent->words_read, POLLIN, 0}};

    while (!parent->is_stopping) {
        int sleep_ms;

        give_jobs(parent);
        reload_step(&parent->reload, &parent->slots, parent->given.board);
        reload_warn(&parent->reload, parent->given.config);
        sleep_ms = start_due(parent);
        if (parent->has_changed)
            slots_tell(&parent->slots, parent->config, &(struct slots_ports){parent->port, parent->console_port});
        parent->has_changed = false;
        if (!parent->was_ready && slots_are_ready(&parent->slots))
            announce(parent);
        if (poll(watched, COUNT_OF(watched), sleep_ms) < 0 && errno != EINTR)
            log_error("gateway", "poll: %s", strerrordesc_np(errno));
        take_signals(parent);
        take_words(parent);
    }
}

/* --- stopping --- */

static void signal_kind(struct supervisor *parent, enum process_kind kind, int signal_number)
{
    for (size_t i = 0; i < parent->slots.count; i++) {
        struct slot *slot = &parent->slots.list[i];

        if (slot->kind != kind || slot->pid == 0)
            continue;
        slot_stop(slot);
        if (signal_number == SIGKILL)
            log_warning("gateway", "%s %ld does not stop: killed", process_name(kind), (long)slot->pid);
        if (signal_number)
            kill(slot->pid, signal_number);
    }
}

/* True when all of the kind have ended by then. */
static bool wait_for_kind(struct supervisor *parent, enum process_kind kind, int64_t until_ms)
{
    struct pollfd watched = {parent->signal_fd, POLLIN, 0};

    while (slots_has_running(&parent->slots, kind)) {
        if (time_monotonic_ms() >= until_ms)
            return false;
        (void)poll(&watched, 1, REAP_POLL_MS);
        take_signals(parent);
        reap(parent);
    }
    return true;
}

static bool stop_all(struct supervisor *parent)
{
    bool is_clean = true;

    sd_notify(0, "STOPPING=1");
    for (size_t i = 0; i < COUNT_OF(STOPS); i++) {
        enum process_kind kind = STOPS[i].kind;
        int64_t now = time_monotonic_ms();

        signal_kind(parent, kind, 0);
        if (STOPS[i].signal && !wait_for_kind(parent, kind, now + STOPS[i].asks_ms))
            signal_kind(parent, kind, STOPS[i].signal);
        if (wait_for_kind(parent, kind, now + STOPS[i].most_ms))
            continue;
        is_clean = false;
        signal_kind(parent, kind, SIGKILL);
        (void)wait_for_kind(parent, kind, INT64_MAX);
    }
    return is_clean;
}

static void remove_traces(const struct supervisor *parent)
{
    AUTO(text_free) char *path = config_state_path(parent->config, "processes.json");

    unlink(path);
    unlink(parent->config->admin_socket);
}

static bool run(struct supervisor *parent, struct error *err)
{
    struct error why;
    bool is_clean;

    if (!open_all(parent, err))
        return false;
    loop(parent);
    is_clean = stop_all(parent);
    remove_traces(parent);
    if (!board_settle(parent->given.board, &why))
        log_error("gateway", "%s", why.text);
    log_notice("gateway", "stopped");
    if (parent->is_refused)
        return refuse(err, ERR_REFUSED, "gateway.guard",
                      "%s/store is not the store that was signed for: `creditgate guard` says more",
                      "%s/store 不是此前签过名的数据：详见 creditgate guard", parent->config->state);
    if (parent->cannot_begin)
        return refuse(err, ERR_INVALID, "gateway.begin", "the process \"%s\" cannot begin its work: the log says why",
                      "进程 %s 无法开始工作：原因见日志", process_name(parent->cannot_begin->kind));
    return is_clean || fail(err, ERR_TIMEOUT, "a process had to be killed");
}

bool supervisor_run(const struct config *config, const struct supervisor_ready *ready, struct error *err)
{
    struct supervisor *parent = supervisor_new(config, ready);
    bool is_good = run(parent, err);

    supervisor_free(parent);
    return is_good;
}
