/* The steps of the test list. Two made-up persons do them, on the days that the file says; rules, windows, the second
 * person and the seal are those of the register. */
#include "gateway/testlist/script.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "gateway/command/command.h"

enum { MORNING_MS = 9 * 3600 * 1000, BETWEEN_MS = 60 * 1000 };

#define AUTHOR "test-author"
#define REVIEWER "test-reviewer"

struct running {
    const json_t *script;
    struct desk desk;
    struct clock clock;
    int64_t now_ms;
    json_t *records; /* order → id of its newest record */
    char record[RECORD_ID_BYTES];
    bool is_done;
    struct error refusal;
    size_t imports;
};

bool script_load(const char *data, json_t **out, struct error *err)
{
    AUTO(text_free) char *path = path_join(data, "schemas/data/test-list.json");

    return json_read_file(path, out, err) || fail_in(err, "%s", path);
}

static bool day_member(const json_t *object, const char *name, int32_t *day, struct error *err)
{
    const char *text = json_text_of(object, name);

    return (text && day_parse(span_of(text), day)) || fail(err, ERR_INVALID, "test list: \"%s\" is no day", name);
}

bool script_now(const json_t *script, int64_t *now_ms, struct error *err)
{
    int32_t day;

    if (!day_member(script, "today", &day, err))
        return false;
    *now_ms = day_start_ms(day) + SCRIPT_NOON_MS;
    return true;
}

static int64_t turned(void *context)
{
    const struct running *running = context;

    return running->now_ms;
}

/* --- rows of the register --- */

/* The order's columns, those that the item says otherwise replaced. */
static bool fill_row(const struct running *running, const json_t *item, struct obligation *row, struct error *err)
{
    const char *key = json_text_of(item, "order");
    const json_t *order = json_object_get(json_object_get(running->script, "orders"), key ? key : "");
    struct problems problems = {0};
    const struct rules_context context = {.today = day_of_instant(running->now_ms)};

    if (!order)
        return fail(err, ERR_INVALID, "there is no order \"%s\"", key ? key : "");
    memset(row, 0, sizeof *row);
    for (int i = 0; i < COLUMN_COUNT; i++) {
        const char *text = json_text_of(item, COLUMN_KEYS[i]);

        row->field[i] = span_of(text ? text : json_text_of(order, COLUMN_KEYS[i]));
    }
    rules_check(running->desk.rules, row, &context, &problems);
    if (problems.errors == 0)
        return true;
    return fail(err, ERR_INVALID, "order %s: the register would refuse it (%s)", key, rule_id(problems.at[0].rule));
}

static bool import_rows(struct running *running, const json_t *items, struct error *err)
{
    AUTO(command_import_free) struct command_import *import = NULL;
    struct import_file file = {"test-list", "UTF-8", "00", 1, json_array_size(items), 0, 0};
    struct import_counts counts;
    char name[32];
    const json_t *item;
    size_t i;

    snprintf(name, sizeof name, "test-%zu", ++running->imports);
    if (!command_import_begin(&running->desk, name, NULL, NULL, &import, err))
        return false;
    json_array_foreach(items, i, item)
    {
        struct obligation row;

        if (!fill_row(running, item, &row, err) || !command_import_row(import, &row, (uint32_t)i + 2, err))
            return false;
    }
    return command_import_finish(import, &file, &counts, err);
}

/* --- records --- */

static void keep(const struct outcome *outcome, void *context)
{
    struct running *running = context;

    running->is_done = outcome->is_done;
    memcpy(running->record, outcome->record, sizeof running->record);
    if (outcome->refusal)
        running->refusal = *outcome->refusal;
}

static bool check_done(const struct running *running, struct error *err)
{
    if (running->is_done)
        return true;
    *err = running->refusal;
    return false;
}

static bool approve(struct running *running, struct error *err)
{
    struct review_item item = {running->record, 0};
    struct tally tally;
    bool is_good;

    running->now_ms += BETWEEN_MS;
    running->desk.person = REVIEWER;
    running->is_done = false;
    is_good = command_approve(&running->desk, &item, 1, keep, running, &tally, err) && check_done(running, err);
    running->desk.person = AUTHOR;
    return is_good;
}

static bool severity_of(const json_t *json, int *severity, struct error *err)
{
    const char *text = json_text_of(json, "severity");
    enum severity value;

    if (!text)
        return true;
    if (!severity_parse(span_of(text), &value))
        return fail(err, ERR_INVALID, "\"%s\" is no severity", text);
    *severity = (int)value;
    return true;
}

static bool list_order(struct running *running, const json_t *json, struct error *err)
{
    int32_t today = day_of_instant(running->now_ms);
    struct proposal proposal = {.op = OP_NEW,
                                .on = today,
                                .decided_on = today,
                                .document = span_of(json_text_of(json, "document")),
                                .scope = (int)json_integer_of(json, "scope", SCOPE_PUBLIC)};
    uint8_t ids[1][OBLIGATION_ID_BYTES];
    struct obligation row;
    struct tally tally;
    const char *key = json_text_of(json, "order");
    AUTO(json_release) json_t *item = json_pack("{s:s*, s:s}", "order", key, "state", STATE_NAMES[STATE_OVERDUE]);

    if (!fill_row(running, item, &row, err) || !severity_of(json, &proposal.severity, err))
        return false;
    obligation_id(&row, ids[0]);
    running->is_done = false;
    if (!command_propose(&running->desk, (const uint8_t(*)[OBLIGATION_ID_BYTES])ids, 1, &proposal, keep, running,
                         &tally, err) ||
        !check_done(running, err))
        return false;
    (void)json_object_set_new(running->records, key, json_string(running->record));
    return json_bool_of(json, "waits", false) || approve(running, err);
}

static bool op_of(const json_t *json, enum record_op *op, struct error *err)
{
    const char *text = json_text_of(json, "op");

    for (int i = OP_CHANGED; text && i < OP_COUNT; i++) {
        if (strcmp(text, OP_SLUGS[i]) == 0) {
            *op = (enum record_op)i;
            return true;
        }
    }
    return fail(err, ERR_INVALID, "\"%s\" is no change", text ? text : "");
}

static bool change_order(struct running *running, const json_t *json, struct error *err)
{
    const char *key = json_text_of(json, "order");
    const char *record = json_text_of(running->records, key ? key : "");
    struct proposal proposal = {.on = DAY_NONE,
                                .decided_on = DAY_NONE,
                                .scope = -1,
                                .reason = span_of(json_text_of(json, "reason")),
                                .statement = span_of(json_text_of(json, "statement")),
                                .corrected = span_of(json_text_of(json, "corrected")),
                                .duties = span_of(json_text_of(json, "duties"))};
    struct tally tally;

    if (!record)
        return fail(err, ERR_INVALID, "no record of order \"%s\" yet", key ? key : "");
    if (!op_of(json, &proposal.op, err) || !severity_of(json, &proposal.severity, err))
        return false;
    running->is_done = false;
    return command_change(&running->desk, &record, 1, &proposal, keep, running, &tally, err) &&
           check_done(running, err) && approve(running, err);
}

/* What the calendar does by itself. */
static bool expire(struct running *running, struct error *err)
{
    struct tally tally;

    return command_expire(&running->desk, keep, running, &tally, err);
}

static bool do_step(struct running *running, const json_t *step, struct error *err)
{
    const json_t *import = json_object_get(step, "import");
    const json_t *list = json_object_get(step, "list");
    const json_t *change = json_object_get(step, "change");
    int32_t day;

    if (!day_member(step, "on", &day, err))
        return false;
    running->now_ms += BETWEEN_MS;
    if (running->now_ms < day_start_ms(day) + MORNING_MS)
        running->now_ms = day_start_ms(day) + MORNING_MS;
    if (import)
        return import_rows(running, import, err);
    if (list)
        return list_order(running, list, err);
    if (change)
        return change_order(running, change, err);
    return json_bool_of(step, "expire", false) ? expire(running, err) : fail(err, ERR_INVALID, "says nothing to do");
}

static bool do_steps(struct running *running, struct error *err)
{
    const json_t *step;
    size_t i;

    json_array_foreach(json_object_get(running->script, "steps"), i, step)
    {
        if (!do_step(running, step, err))
            return fail_in(err, "test list, step %zu", i + 1);
    }
    return true;
}

bool script_run(const json_t *script, const char *data, const char *scratch, struct store *store, struct error *err)
{
    AUTO(text_free) char *keys = path_join(scratch, "keys");
    AUTO(text_free) char *schemas = path_join(data, "schemas");
    AUTO(text_free) char *windows_path = path_join(schemas, "data/publication-windows.json");
    AUTO(keyring_free) struct keyring *keyring = NULL;
    AUTO(signer_free) struct signer *signer = NULL;
    AUTO(windows_free) struct windows *windows = NULL;
    AUTO(rules_free) struct rules *rules = NULL;
    AUTO(json_release) json_t *records = json_object();
    struct running running = {.script = script, .records = records};

    running.clock = (struct clock){turned, &running};
    if (!windows_load(windows_path, &windows, err) || !rules_load(schemas, &rules, err) ||
        !keyring_create(keys, "test", 0, err) || !keyring_load(keys, &keyring, err) ||
        !signer_new_local(keyring, &signer, err))
        return false;
    running.desk = (struct desk){.store = store,
                                 .clock = &running.clock,
                                 .windows = windows,
                                 .rules = rules,
                                 .signer = signer,
                                 .person = AUTHOR};
    return do_steps(&running, err);
}
