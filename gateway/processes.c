/* What each process does between its fork and its end: open what it works with, say that it is ready, work until the
 * stop pipe ends. What it needs and cannot have ends it with PROCESS_CANNOT_BEGIN. */
#include "gateway/processes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "gateway/api/api.h"
#include "gateway/command/command_staff.h"
#include "gateway/courier/channel.h"
#include "gateway/courier/courier.h"
#include "gateway/courier/endpoints.h"
#include "gateway/door/door.h"
#include "gateway/finder/finder.h"
#include "gateway/jobs/jobs.h"
#include "gateway/journal/guard.h"
#include "gateway/keeper/keeper.h"

/* Its own descriptors beside one a sibling. */
enum { SIGNER_DESCRIPTORS = 32, JOB_NICENESS = 5, KEEPER_NICENESS = 5 };

/* All requests of an api process wait while one answer is signed: it must not be long. */
enum { API_SIGNER_MS = 500, API_SIGNER_TRIES = 3 };

const char *process_name(enum process_kind kind)
{
    static const char *const NAMES[PROCESS_KIND_COUNT] = {
        [PROCESS_SIGNER] = "signer", [PROCESS_API] = "api",     [PROCESS_COURIER] = "courier",
        [PROCESS_KEEPER] = "keeper", [PROCESS_NAMES] = "names", [PROCESS_DOOR] = "door",
        [PROCESS_JOB] = "job"};

    return (size_t)kind < PROCESS_KIND_COUNT ? NAMES[kind] : "process";
}

static void say_ready(const struct process *process)
{
    char word[PARENT_WORD_BYTES];
    int bytes = snprintf(word, sizeof word, "%s%ld", PARENT_READY, (long)getpid());

    if (process->parent_fd >= 0 && send(process->parent_fd, word, (size_t)bytes, MSG_NOSIGNAL) != bytes)
        log_warning("gateway", "%s: the parent does not hear that it is ready", process_name(process->kind));
}

static bool is_refused_store(const struct error *err)
{
    return err->code == ERR_REFUSED && strncmp(err->rule, "guard.", strlen("guard.")) == 0;
}

/* Logged here, at the top. */
static int cannot_begin(const struct process *process, const struct error *err)
{
    log_error(process_name(process->kind), "%s", err->text);
    return is_refused_store(err) ? PROCESS_REFUSED : PROCESS_CANNOT_BEGIN;
}

static int ended(const struct process *process, bool is_good, const struct error *err)
{
    if (!is_good)
        log_error(process_name(process->kind), "%s", err->text);
    return is_good ? 0 : is_refused_store(err) ? PROCESS_REFUSED : PROCESS_BROKE;
}

/* The store, unless it was copied or rolled back since we signed for it. */
static bool open_store(const struct process *process, struct store **out, struct error *err)
{
    AUTO(text_free) char *path = config_state_path(process->config, "store");
    AUTO(store_close) struct store *store = NULL;
    struct store_options options = {.map_bytes = (size_t)process->config->map_bytes,
                                    .is_scattered = process->kind == PROCESS_API};

    if (!store_open(path, &options, &store, err) || !guard_check(store, process->config->state, err))
        return false;
    *out = TAKE(store);
    return true;
}

/* Private keys are in this memory: nobody may look at it, and it is never written to disk by a crash. */
static void lock_down(size_t siblings)
{
    struct rlimit none = {0, 0};
    struct rlimit descriptors = {siblings + SIGNER_DESCRIPTORS, siblings + SIGNER_DESCRIPTORS};

    prctl(PR_SET_DUMPABLE, 0);
    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_NOFILE, &descriptors);
}

static int run_signer(const struct process *process)
{
    AUTO(text_free) char *keys = config_state_path(process->config, "keys");
    AUTO(text_free) char *public_keys = config_state_path(process->config, "public-keys.json");
    AUTO(keyring_free) struct keyring *keyring = NULL;
    struct signer_home home = {.folder = keys, .public_file = public_keys};
    struct error err;

    lock_down(process->sibling_count);
    if (!keyring_load(keys, &keyring, &err))
        return cannot_begin(process, &err);
    /* A rotation may have been cut off between the two. */
    if (!keyring_publish(keyring, public_keys, &err))
        log_warning("signer", "the public keys stay as they are: %s", err.text);
    home.keyring = keyring;
    say_ready(process);
    return ended(process,
                 signer_serve_home(&home, process->sibling_fds, process->sibling_count, process->stop_fd, &err), &err);
}

static int run_api(const struct process *process)
{
    AUTO(store_close) struct store *store = NULL;
    AUTO(signer_free) struct signer *signer = signer_new_remote(process->signer_fd);
    AUTO(api_free) struct api *api = NULL;
    struct api_options options = {.signer = signer,
                                  .config = process->config,
                                  .clock = &CLOCK_SYSTEM,
                                  .listen_fd = process->listen_fd,
                                  .public_fd = process->public_fd,
                                  .admin_fd = process->admin_fd,
                                  .parent_fd = process->parent_fd,
                                  .names_fd = process->names_fd,
                                  .console_fd = process->console_fd,
                                  .door_fd = process->door_fd,
                                  .sessions = process->sessions,
                                  .limits = process->limits,
                                  .board = process->board,
                                  .ticket_key = process->ticket_key};
    struct error err;

    signer_set_patience(signer, API_SIGNER_MS, API_SIGNER_TRIES);
    if (!open_store(process, &store, &err))
        return cannot_begin(process, &err);
    if (process->warms)
        store_warm(store);
    options.store = store;
    /* No role is used that the journal does not know. */
    if (!command_staff_take(store, &CLOCK_SYSTEM, process->config, &err) || !api_new(&options, &api, &err))
        return cannot_begin(process, &err);
    say_ready(process);
    return ended(process, api_run(api, process->stop_fd, &err), &err);
}

/* There may be none: then only webhooks are sent. */
static bool load_channels(const struct process *process, struct channel_set *channels, struct error *err)
{
    for (size_t i = 0; i < CONFIG_CHANNEL_COUNT; i++) {
        if (config_channel_is_used(&process->config->channels[i]))
            return channel_set_load(process->config, channels, err);
    }
    return true;
}

static int run_courier(const struct process *process)
{
    AUTO(store_close) struct store *store = NULL;
    AUTO(signer_free) struct signer *signer = signer_new_remote(process->signer_fd);
    AUTO(channel_set_done) struct channel_set channels = {.count = 0};
    AUTO(endpoints_done) struct endpoint_set endpoints = {.count = 0};
    struct courier_options options = {.signer = signer, .clock = &CLOCK_SYSTEM, .wake_fd = process->courier_fd};
    struct courier_channel *all;
    struct error err;
    int status;

    if (!open_store(process, &store, &err) || !load_channels(process, &channels, &err) ||
        !endpoints_open(process->config, store, &CLOCK_SYSTEM, &endpoints, &err))
        return cannot_begin(process, &err);
    all = memory_new((channels.count + endpoints.count + 1) * sizeof *all);
    memcpy(all, channels.channels, channels.count * sizeof *all);
    memcpy(all + channels.count, endpoints.channels, endpoints.count * sizeof *all);
    options.channels = all;
    options.channel_count = channels.count + endpoints.count;
    options.store = store;
    say_ready(process);
    status = ended(process, courier_run(&options, process->stop_fd, &err), &err);
    free(all);
    return status;
}

/* Below what answering and sending have, wherever that is; without leave to be humble it still works. */
static void be_humble(const struct process *process, int niceness)
{
    errno = 0;
    if (nice(niceness) == -1 && errno != 0)
        log_warning(process_name(process->kind), "the priority could not be lowered: %s", strerrordesc_np(errno));
}

/* What it has to do in time is little; the rest it does with what answers leave of the processor. */
static int run_keeper(const struct process *process)
{
    AUTO(store_close) struct store *store = NULL;
    AUTO(signer_free) struct signer *signer = signer_new_remote(process->signer_fd);
    struct keeper_options options = {
        .config = process->config, .signer = signer, .clock = &CLOCK_SYSTEM, .courier_fd = process->courier_fd};
    struct error err;

    be_humble(process, KEEPER_NICENESS);
    if (!open_store(process, &store, &err))
        return cannot_begin(process, &err);
    options.store = store;
    say_ready(process);
    return ended(process, keeper_run(&options, process->stop_fd, &err), &err);
}

/* What went wrong in a job is its result; only a job without a result is to be run again. */
/* Ready at once: what takes long is done behind, and nobody waits for it with his start. */
static int run_names(const struct process *process)
{
    struct finder_options options = {
        .config = process->config, .fds = process->sibling_fds, .fd_count = process->sibling_count};
    struct error err;

    say_ready(process);
    return ended(process, finder_run(&options, process->stop_fd, &err), &err);
}

/* Passwords go through this memory: as in lock_down. */
static int run_door(const struct process *process)
{
    AUTO(store_close) struct store *store = NULL;
    struct rlimit none = {0, 0};
    struct door_options options = {.config = process->config,
                                   .sessions = process->sessions,
                                   .clock = &CLOCK_SYSTEM,
                                   .fds = process->sibling_fds,
                                   .fd_count = process->sibling_count};
    struct error err;

    prctl(PR_SET_DUMPABLE, 0);
    setrlimit(RLIMIT_CORE, &none);
    be_humble(process, KEEPER_NICENESS);
    if (!open_store(process, &store, &err) || !command_staff_take(store, &CLOCK_SYSTEM, process->config, &err))
        return cannot_begin(process, &err);
    options.store = store;
    say_ready(process);
    return ended(process, door_run(&options, process->stop_fd, &err), &err);
}

static int run_job(const struct process *process)
{
    AUTO(store_close) struct store *store = NULL;
    AUTO(signer_free) struct signer *signer = signer_new_remote(process->signer_fd);
    struct job_environment environment = {.config = process->config,
                                          .signer = signer,
                                          .clock = &CLOCK_SYSTEM,
                                          .courier_fd = process->courier_fd,
                                          .board = process->board};
    struct error err;

    be_humble(process, JOB_NICENESS);
    if (!open_store(process, &store, &err))
        return cannot_begin(process, &err);
    environment.store = store;
    return ended(process, jobs_run(&environment, process->job, &err), &err);
}

int process_run(const struct process *process)
{
    static int (*const RUN[PROCESS_KIND_COUNT])(const struct process *) = {
        [PROCESS_SIGNER] = run_signer, [PROCESS_API] = run_api,     [PROCESS_COURIER] = run_courier,
        [PROCESS_KEEPER] = run_keeper, [PROCESS_NAMES] = run_names, [PROCESS_DOOR] = run_door,
        [PROCESS_JOB] = run_job};

    return RUN[process->kind](process);
}
