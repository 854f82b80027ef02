#include "gateway/testlist/testlist.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "gateway/command/command_feedback.h"
#include "gateway/finder/index.h"
#include "gateway/testlist/script.h"
#include "gateway/trace/trace.h"
#include "schemas/uscc.h"

struct testlist {
    struct store *stores[2]; /* the list, the empty one */
    struct store_txn *txns[2];
    struct store_txn *reading;  /* the one in use */
    struct finder_index *names; /* of its enterprises */
    struct buf found[3];        /* candidates, shown and index of the last answer */
    struct clock clock;
    int64_t now_ms;
    char empty[USCC_BYTES + 1];
    struct buf description;
};

static const char *const STORE_NAMES[2] = {"list", "empty"};

static bool is_wanted(const struct config *config)
{
    for (size_t i = 0; i < config->client_count; i++) {
        if (config->clients[i].is_test)
            return true;
    }
    return false;
}

static bool open_store(const char *folder, const char *name, bool creates, struct store **out, struct error *err)
{
    AUTO(text_free) char *path = path_join(folder, name);
    const struct store_options options = {.map_bytes = TESTLIST_MAP_BYTES, .creates = creates, .is_scratch = true};

    return store_open(path, &options, out, err);
}

/* --- before the processes --- */

static int64_t fixed(void *context)
{
    const int64_t *now_ms = context;

    return *now_ms;
}

/* What the trace already holds was answered from a list that is gone: nothing is owed on it. */
static bool skip_past(const struct config *config, const struct desk *desk, struct error *err)
{
    AUTO(text_free) char *folder = config_state_path(config, "trace");
    AUTO(text_free) char *entries = path_join(folder, "log");
    AUTO(trace_log_free) struct trace_log *log = NULL;
    struct owing owing = {.from = 0, .owing = SPAN("")};

    if (!file_exists(entries))
        return true;
    if (!trace_log_open(folder, &log, err))
        return false;
    owing.to = trace_log_size(log);
    return owing.to == 0 || command_feedback_owe(desk, &owing, err);
}

static bool make(const struct config *config, const char *folder, struct error *err)
{
    AUTO(text_free) char *keys = path_join(folder, "keys");
    AUTO(json_release) json_t *script = NULL;
    AUTO(store_close) struct store *list = NULL;
    AUTO(store_close) struct store *empty = NULL;
    int64_t now_ms;
    struct clock clock = {fixed, &now_ms};
    struct desk desk = {.clock = &clock};

    if (!file_make_folder(folder, 0700, err) || !script_load(config->data, &script, err) ||
        !script_now(script, &now_ms, err) || !open_store(folder, STORE_NAMES[0], true, &list, err) ||
        !open_store(folder, STORE_NAMES[1], true, &empty, err) || !script_run(script, config->data, folder, list, err))
        return false;
    desk.store = list;
    /* Nobody signs with the keys any more. */
    return skip_past(config, &desk, err) && file_remove_tree(keys, err);
}

bool testlist_prepare(const struct config *config, struct error *err)
{
    AUTO(text_free) char *folder = config_state_path(config, "test");

    if (file_exists(folder) && !file_remove_tree(folder, err))
        return false;
    return !is_wanted(config) || make(config, folder, err);
}

/* --- in a process --- */

static bool describe(struct testlist *list, const json_t *script, struct error *err)
{
    const char *empty = json_text_of(script, "empty");
    AUTO(json_release)
    json_t *told = json_pack("{s:O, s:O}", "enterprises", json_object_get(script, "enterprises"), "today",
                             json_object_get(script, "today"));

    if (!told || !empty || strlen(empty) != USCC_BYTES)
        return fail(err, ERR_INVALID, "test list: no enterprises, or no empty one");
    memcpy(list->empty, empty, USCC_BYTES);
    return json_canonical_add(told, &list->description, err);
}

bool testlist_open(const struct config *config, struct testlist **out, struct error *err)
{
    AUTO(text_free) char *folder = config_state_path(config, "test");
    AUTO(testlist_free) struct testlist *list = NULL;
    AUTO(json_release) json_t *script = NULL;

    *out = NULL;
    if (!is_wanted(config))
        return true;
    list = memory_new(sizeof *list);
    list->clock = (struct clock){fixed, &list->now_ms};
    if (!script_load(config->data, &script, err) || !script_now(script, &list->now_ms, err) ||
        !describe(list, script, err))
        return false;
    for (int i = 0; i < 2; i++) {
        if (!open_store(folder, STORE_NAMES[i], false, &list->stores[i], err))
            return false;
    }
    if (!finder_index_build(config, list->stores[0], &list->names, err))
        return fail_in(err, "test list");
    *out = TAKE(list);
    return true;
}

void testlist_free(struct testlist *list)
{
    if (!list)
        return;
    finder_index_free(list->names);
    for (size_t i = 0; i < COUNT_OF(list->found); i++)
        buf_done(&list->found[i]);
    for (int i = 0; i < 2; i++) {
        store_abort(list->txns[i]);
        store_close(list->stores[i]);
    }
    buf_done(&list->description);
    free(list);
}

struct store *testlist_store(const struct testlist *list)
{
    return list->stores[0];
}

struct store *testlist_empty_store(const struct testlist *list)
{
    return list->stores[1];
}

const struct clock *testlist_clock(const struct testlist *list)
{
    return &list->clock;
}

bool testlist_is_empty_code(const struct testlist *list, struct span uscc)
{
    return span_is(uscc, list->empty);
}

struct store_txn *testlist_read(struct testlist *list, bool of_empty, struct error *err)
{
    struct store_txn **txn = &list->txns[of_empty ? 1 : 0];
    bool is_good = *txn ? store_renew(*txn, err) : store_begin(list->stores[of_empty ? 1 : 0], STORE_READ, txn, err);

    list->reading = is_good ? *txn : NULL;
    return list->reading;
}

void testlist_end_read(struct testlist *list)
{
    if (list->reading)
        store_reset(list->reading);
    list->reading = NULL;
}

bool testlist_find(struct testlist *list, struct span text, struct finder_wish wish, struct finder_answer *out,
                   struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(list->found); i++)
        buf_clear(&list->found[i]);
    if (!finder_index_ask(list->names, text, wish, &list->found[0], &list->found[1], err))
        return finder_refuse_text(err);
    finder_index_about(list->names, &list->found[2]);
    *out = (struct finder_answer){.candidates = buf_span(&list->found[0]),
                                  .shown = buf_span(&list->found[1]),
                                  .index = buf_span(&list->found[2]),
                                  .sequence = finder_index_sequence(list->names)};
    return true;
}

struct span testlist_description(const struct testlist *list)
{
    return buf_span(&list->description);
}
