/* feedback_rows.c - what was given, whoever gave it, and its name on the way to an upstream. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/feedback/feedback.h"
#include "gateway/feedback/table.h"

enum { SEQUENCE_DIGITS = 12, PLACE_AT = SEQUENCE_DIGITS + 2 };
static const uint64_t SEQUENCE_END = 1000000000000;

const char *feedback_row_format(uint64_t sequence, size_t place, char row[FEEDBACK_ROW_BYTES])
{
    /* A journal of a million million events, or a feedback of ten thousand details, does not exist. */
    if (sequence >= SEQUENCE_END || place > 9999)
        abort();
    snprintf(row, FEEDBACK_ROW_BYTES, "F%012" PRIu64 "-%04u", sequence, (unsigned)(place % 10000));
    return row;
}

bool feedback_row_is_valid(struct span row)
{
    if (row.bytes != FEEDBACK_ROW_LENGTH || row.at[0] != 'F' || row.at[PLACE_AT - 1] != '-')
        return false;
    for (size_t i = 1; i < row.bytes; i++) {
        if (i != PLACE_AT - 1 && (row.at[i] < '0' || row.at[i] > '9'))
            return false;
    }
    return true;
}

uint64_t feedback_row_sequence(struct span row)
{
    uint64_t sequence = 0;

    for (size_t i = 1; i <= SEQUENCE_DIGITS; i++)
        sequence = sequence * 10 + (uint64_t)(row.at[i] - '0');
    return sequence;
}

/* Every value under a kind of key. */
typedef bool visit_value(struct store_txn *txn, struct span value, void *context);
static bool walk_kind(struct store_txn *txn, enum feedback_kind kind, visit_value *visit, void *context,
                      struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct feedback_key prefix = feedback_key(kind);
    struct span key, value;
    bool is_there;

    if (!store_cursor_open(txn, STORE_FEEDBACK, &cursor, err))
        return false;
    is_there = store_cursor_seek(cursor, feedback_span(&prefix), &key, &value);
    while (is_there && key.bytes > 0 && (uint8_t)key.at[0] == (uint8_t)kind && visit(txn, value, context))
        is_there = store_cursor_next(cursor, &key, &value);
    return store_txn_is_good(txn, err);
}

struct visiting {
    feedback_visit_given *visit;
    void *context;
};

static bool see_detail(struct store_txn *txn, struct span value, void *context)
{
    const struct visiting *visiting = context;

    if (value.bytes != 8) {
        store_txn_spoil(txn, STORE_FEEDBACK, "a number of the feedback has another length: rebuild");
        return false;
    }
    visiting->visit(store_read_u64(value.at), visiting->context);
    return true;
}

bool feedback_all_given(struct store_txn *txn, feedback_visit_given *visit, void *context, struct error *err)
{
    struct visiting visiting = {visit, context};

    return walk_kind(txn, FEEDBACK_DETAIL, see_detail, &visiting, err);
}

static bool see_count(struct store_txn *txn, struct span value, void *context)
{
    uint64_t *count = context;

    if (value.bytes != 16) {
        store_txn_spoil(txn, STORE_FEEDBACK, "a count of the feedback has another length: rebuild");
        return false;
    }
    *count += store_read_u64(value.at + 8);
    return true;
}

bool feedback_total_given(struct store_txn *txn, uint64_t *count, struct error *err)
{
    *count = 0;
    return walk_kind(txn, FEEDBACK_COUNT, see_count, count, err);
}
