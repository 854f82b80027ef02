#include "sandbox/taking.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

static void copy_json(const json_t *value, char out[16])
{
    if (json_is_string(value))
        snprintf(out, 16, "\"%.12s\"", json_string_value(value));
    else
        snprintf(out, 16, "%lld", (long long)json_integer_value(value));
}

/* Rows whose fields are fine hold no control characters but tab and line ends and only ASCII names: for these jansson's
 * sorted compact form is that of RFC 8785. */
static void arrival_of(const json_t *row, struct arrival *arrival)
{
    char *canonical = json_dumps(row, JSON_SORT_KEYS | JSON_COMPACT);
    struct row_name name = {"", 0};

    *arrival = (struct arrival){.rowid = ""};
    if (!canonical || !rowcheck_name(row, &name))
        abort();
    arrival->rowid = name.rowid;
    arrival->version = name.version;
    arrival->operation = rowcheck_operation(row);
    copy_json(json_object_get(row, "VERSION"), arrival->version_json);
    copy_json(json_object_get(row, "OP"), arrival->operation_json);
    wire_sm3(span_of(canonical), arrival->sm3);
    free(canonical);
}

enum held taking_row(struct taking *taking, const json_t *row, struct row_verdict *verdict)
{
    struct arrival arrival;
    enum held held = HELD_REFUSED;

    arrival_of(row, &arrival);
    if (!faults_refuse_row(taking->faults, taking->at, arrival.rowid, taking->ordered, verdict) &&
        rowcheck_of(taking->table, row, taking->today, verdict))
        held = holdings_judge(taking->holdings, &arrival, verdict);
    holdings_note(taking->holdings, &arrival, held);
    return held;
}

bool taking_replay(struct holdings *holdings, const json_t *rows, const json_t *held, struct error *err)
{
    if (!json_is_array(rows) || json_array_size(held) != json_array_size(rows))
        return fail(err, ERR_CORRUPT, "not an upload's line");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        struct row_name name;
        struct arrival arrival;
        enum held how;

        if (!rowcheck_name(row, &name) || !held_parse(json_string_value(json_array_get(held, i)), &how))
            return fail(err, ERR_CORRUPT, "row %zu is not one of ours", i);
        arrival_of(row, &arrival);
        holdings_note(holdings, &arrival, how);
    }
    return true;
}

bool taking_refuses_body(struct faults *faults, enum fault_at at, const json_t *rows, char code[FAULT_CODE_BYTES])
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        struct row_name name;

        if (rowcheck_name(json_array_get(rows, i), &name) && faults_refuse_body(faults, at, name.rowid, code))
            return true;
    }
    return false;
}
