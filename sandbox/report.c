#include "sandbox/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sandbox/canonical.h"
#include "sandbox/members.h"

/* 未整合: wait. */
#define STATE_OPEN "0"
/* 疑问数据: refused. */
#define STATE_DOUBTFUL "9"

/* What a row that was taken became, by its OP: 1 已整合, 2 已修复, 3 已删除, 4 已修正. */
static const char *const STATES[] = {
    [ROW_ADD] = "1",    [ROW_CHANGE] = "4",  [ROW_WITHDRAW] = "3",
    [ROW_REPAIR] = "2", [ROW_DISPUTE] = "1", [ROW_DISPUTE_END] = "1",
};

static const char *check_rows(const json_t *rows)
{
    if (!json_is_array(rows) || json_array_size(rows) == 0 || json_array_size(rows) > REPORT_ROWS_MAX)
        return "rows：应为 1 至 200 行的数组";
    for (size_t i = 0; i < json_array_size(rows); i++) {
        struct row_name name;

        /* Without both its outcome could not be told. */
        if (!json_is_object(json_array_get(rows, i)) || !rowcheck_name(json_array_get(rows, i), &name))
            return "rows：数据行缺少 ROWID 或 VERSION，或其格式错误";
    }
    return NULL;
}

const char *report_check(const json_t *body, struct buf *canonical)
{
    static const char *const NAMES[] = {"batchNo", "seal", "rows"};
    const json_t *rows = json_object_get(body, "rows");
    const char *wrong = check_rows(rows);

    if (!members_are(body, NAMES, COUNT_OF(NAMES)))
        return "请求体应有且只有 batchNo、seal、rows 三项";
    if (!task_id_is_valid(member_text(body, "batchNo")))
        return "batchNo：应为 32 位小写十六进制";
    if (!json_is_string(json_object_get(body, "seal")))
        return "seal：应为文本";
    if (!wrong && !canonical_add(rows, canonical))
        return "rows：有小数、过大的数、非 ASCII 的字段名或过深的嵌套";
    return wrong;
}

static void add_outcome(json_t *line, const json_t *row, enum held held, const struct row_verdict *verdict)
{
    bool is_taken = strcmp(verdict->code, ROW_TAKEN) == 0;
    char reason[ROW_MESSAGE_BYTES + FAULT_CODE_BYTES] = "";

    if (!is_taken)
        snprintf(reason, sizeof(reason), "%s %s", verdict->code, verdict->message);
    json_array_append_new(json_object_get(line, "held"), json_string(HELD_NAMES[held]));
    json_array_append_new(json_object_get(line, "outcomes"),
                          json_pack("{s:O,s:O,s:s,s:s}", "ROWID", json_object_get(row, "ROWID"), "VERSION",
                                    json_object_get(row, "VERSION"), "state",
                                    is_taken ? STATES[rowcheck_operation(row)] : STATE_DOUBTFUL, "reason", reason));
}

json_t *report_take(struct taking *taking, const json_t *body, const char *digest)
{
    json_t *rows = json_object_get(body, "rows");
    json_t *line = json_pack("{s:O,s:s,s:O,s:[],s:[]}", "batch", json_object_get(body, "batchNo"), "digest", digest,
                             "rows", rows, "held", "outcomes");

    for (size_t i = 0; i < json_array_size(rows); i++) {
        struct row_verdict verdict = {ROW_TAKEN, ""};
        enum held held = taking_row(taking, json_array_get(rows, i), &verdict);

        add_outcome(line, json_array_get(rows, i), held, &verdict);
    }
    return line;
}

struct task *report_remember(struct tasks *tasks, const json_t *line)
{
    struct task *task = tasks_add(tasks, json_string_value(json_object_get(line, "batch")));
    const char *digest = json_string_value(json_object_get(line, "digest"));
    char *outcomes = json_dumps(json_object_get(line, "outcomes"), JSON_COMPACT);

    memcpy(task->digest, digest, strnlen(digest, sizeof(task->digest) - 1));
    task->rows = json_array_size(json_object_get(line, "rows"));
    task->outcomes = memory_copy_text(outcomes ? outcomes : "[]");
    free(outcomes);
    return task;
}

bool report_replay(struct holdings *holdings, struct tasks *tasks, const json_t *line, struct error *err)
{
    const char *batch = json_string_value(json_object_get(line, "batch"));

    if (!batch || !json_is_string(json_object_get(line, "digest")) || tasks_find(tasks, batch))
        return fail(err, ERR_CORRUPT, "not a line of ours");
    if (!taking_replay(holdings, json_object_get(line, "rows"), json_object_get(line, "held"), err))
        return false;
    (void)report_remember(tasks, line);
    return true;
}

static void add_open(const struct task *task, struct buf *out)
{
    json_t *outcomes = json_loads(task->outcomes, 0, NULL);
    size_t i;
    json_t *outcome;
    char *text;

    json_array_foreach(outcomes, i, outcome)
    {
        json_object_set_new(outcome, "state", json_string(STATE_OPEN));
        json_object_set_new(outcome, "reason", json_string(""));
    }
    text = json_dumps(outcomes, JSON_COMPACT);
    buf_add_text(out, text ? text : "[]");
    free(text);
    json_decref(outcomes);
}

void report_outcomes_add(const struct task *batch, bool is_ready, struct buf *out)
{
    if (is_ready)
        buf_add_text(out, batch->outcomes);
    else
        add_open(batch, out);
}
