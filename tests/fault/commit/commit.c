/* commit.c - a push without a gateway: `fault_commit CONFIG order | run JOB | look`.
 *
 * What the gateway does in a job's process, in a program so small that every one of its system calls can be made to
 * fail (tests/fault/system_calls.sh): `order` writes an order to push and prints its id; `run` runs it to its result,
 * which is one transaction of journal, registry and outbox, and the job's files; `look` prints what the store holds: a
 * line for each delivery. Status 0: done; 1: not done, for the reason on standard error. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "gateway/jobs/jobs.h"
#include "gateway/journal/journal.h"
#include "gateway/outbox/outbox.h"

static const char OPERATOR[] = "operator";

static bool order(const struct config *config, struct error *err)
{
    AUTO(json_release) json_t *arguments = json_object();
    struct job_order push = {.kind = "push", .person = OPERATOR, .lang = "en", .arguments = arguments, .input_fd = -1};

    if (!jobs_create(config, &push, err))
        return false;
    printf("%s\n", push.id);
    return true;
}

/* --- run --- */

static bool open_store(const struct config *config, bool is_read_only, struct store **out, struct error *err)
{
    AUTO(text_free) char *path = config_state_path(config, "store");

    return store_open(
        path, &(struct store_options){.map_bytes = (size_t)config->map_bytes, .is_read_only = is_read_only}, out, err);
}

static bool run(const struct config *config, const char *job, struct error *err)
{
    AUTO(store_close) struct store *store = NULL;
    struct job_environment environment = {.config = config, .clock = &CLOCK_SYSTEM, .courier_fd = -1};

    if (!open_store(config, false, &store, err))
        return false;
    environment.store = store;
    return jobs_run(&environment, job, err);
}

/* --- look --- */

static bool print_delivery(struct store_txn *txn, uint64_t number, struct error *err)
{
    struct delivery delivery;

    if (!outbox_find(txn, number, &delivery, err))
        return false;
    printf("%s %u %s\n", delivery.record, delivery.version, DELIVERY_STATE_NAMES[delivery.state]);
    return true;
}

static bool look(const struct config *config, struct error *err)
{
    static const char QUEUED[] = "\"type\":\"delivery.queued\"";
    AUTO(store_close) struct store *store = NULL;
    AUTO(store_abort) struct store_txn *txn = NULL;

    if (!open_store(config, true, &store, err) || !store_begin(store, STORE_READ, &txn, err))
        return false;
    for (uint64_t i = 0; i < journal_size(txn); i++) {
        struct span event;

        if (journal_read(txn, i, &event) && memmem(event.at, event.bytes, QUEUED, sizeof QUEUED - 1) &&
            !print_delivery(txn, i, err))
            return false;
    }
    return store_txn_is_good(txn, err);
}

static bool work(const struct config *config, int count, char **arguments, struct error *err)
{
    if (count == 3 && strcmp(arguments[2], "order") == 0)
        return order(config, err);
    if (count == 4 && strcmp(arguments[2], "run") == 0)
        return run(config, arguments[3], err);
    if (count == 3 && strcmp(arguments[2], "look") == 0)
        return look(config, err);
    return fail(err, ERR_INVALID, "fault_commit CONFIG order | run JOB | look");
}

int main(int count, char **arguments)
{
    AUTO(config_free) struct config *config = NULL;
    struct error err;

    if (count < 3) {
        fprintf(stderr, "fault_commit CONFIG order | run JOB | look\n");
        return 2;
    }
    if (config_load(arguments[1], NULL, NULL, &config, &err) && work(config, count, arguments, &err))
        return 0;
    fprintf(stderr, "%s\n", err.text);
    return 1;
}
