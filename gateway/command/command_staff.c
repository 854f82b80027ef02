#include "gateway/command/command_staff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "gateway/accounts/roster.h"
#include "gateway/command/ledger.h"
#include "gateway/journal/journal.h"

/* --- the roster --- */

struct taking {
    const struct config *config;
    const struct clock *clock;
    struct ledger *ledger; /* NULL: only looking */
    bool is_new;
    char (*left)[ROSTER_NAME_MAX + 1]; /* who is not on the staff any more */
    size_t left_count;
    size_t left_max;
};

static bool emit(struct taking *taking, const char *type, struct span data, struct error *err)
{
    taking->is_new = true;
    return !taking->ledger || ledger_emit(taking->ledger, "gateway", type, data, NULL, err);
}

static bool take_person(struct store_txn *txn, struct taking *taking, const struct config_person *person,
                        struct error *err)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    struct roster_entry known;

    roster_data_add(person, &data);
    if (roster_find(txn, span_of(person->name), &known) && known.is_there && span_equal(known.data, buf_span(&data)))
        return true;
    return store_txn_is_good(txn, err) && emit(taking, ROSTER_GRANTED, buf_span(&data), err);
}

static bool note_left(const struct roster_entry *entry, void *context)
{
    struct taking *taking = context;

    if (!entry->is_there || config_person_of_name(taking->config, entry->name) || entry->name.bytes > ROSTER_NAME_MAX)
        return true;
    if (taking->left_count == taking->left_max) {
        taking->left_max = taking->left_max ? 2 * taking->left_max : 16;
        taking->left = memory_resize(taking->left, taking->left_max * sizeof *taking->left);
    }
    snprintf(taking->left[taking->left_count++], sizeof *taking->left, "%.*s", (int)entry->name.bytes, entry->name.at);
    return true;
}

/* Those who left first: a name is never told twice in one go. */
static bool take_all(struct store_txn *txn, struct taking *taking, struct error *err)
{
    taking->left_count = 0;
    if (!roster_list(txn, note_left, taking, err))
        return false;
    for (size_t i = 0; i < taking->left_count; i++) {
        AUTO(buf_done) struct buf data = BUF_INIT;

        buf_add_text(&data, "{\"name\":");
        json_string_add(&data, span_of(taking->left[i]));
        buf_add_byte(&data, '}');
        if (!emit(taking, ROSTER_REMOVED, buf_span(&data), err))
            return false;
    }
    for (size_t i = 0; i < taking->config->staff_count; i++) {
        if (!take_person(txn, taking, &taking->config->staff[i], err))
            return false;
    }
    return true;
}

static bool write_work(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    struct taking *taking = context;
    bool is_good;

    if (!ledger_new(txn, taking->clock, &ledger, err))
        return false;
    taking->ledger = ledger;
    is_good = take_all(txn, taking, err) && ledger_finish(ledger, err);
    taking->ledger = NULL;
    return is_good;
}

static bool look(struct store *store, struct taking *taking, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    return store_begin(store, STORE_READ, &txn, err) && take_all(txn, taking, err);
}

bool command_staff_take(struct store *store, const struct clock *clock, const struct config *config, struct error *err)
{
    struct taking taking = {.config = config, .clock = clock};
    /* Mostly nothing is new: then no writer is kept waiting. */
    bool is_good = look(store, &taking, err) && (!taking.is_new || store_write(store, write_work, &taking, err));

    free(taking.left);
    return is_good || fail_in(err, "the staff's roles");
}

/* --- who ordered it --- */

struct ordering {
    const struct desk *desk;
    struct span data;
};

/* Its process was killed behind the commit, and it is run again. */
static bool was_ordered(struct store_txn *txn, const struct desk *desk)
{
    struct event event;
    struct span bytes;

    for (uint64_t at = desk->since; desk->job && at < journal_size(txn) && journal_read(txn, at, &bytes); at++) {
        if (span_is(event_job(bytes), desk->job) && event_parse(bytes, &event, NULL) &&
            span_is(event.type, ROSTER_RELOAD))
            return true;
    }
    return false;
}

static bool order_work(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    const struct ordering *ordering = context;

    if (was_ordered(txn, ordering->desk))
        return true;
    if (!store_txn_is_good(txn, err) || !ledger_new(txn, ordering->desk->clock, &ledger, err))
        return false;
    ledger_set_job(ledger, ordering->desk->job);
    return ledger_emit(ledger, ordering->desk->person, ROSTER_RELOAD, ordering->data, NULL, err) &&
           ledger_finish(ledger, err);
}

bool command_staff_order_reload(const struct desk *desk, const char *path, const uint8_t sha256[32], struct error *err)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    struct ordering ordering = {.desk = desk};

    buf_add_text(&data, "{\"file\":");
    json_string_add(&data, span_of(path));
    buf_add_text(&data, ",\"sha256\":\"");
    hex_add(&data, sha256, 32);
    buf_add_text(&data, "\"}");
    ordering.data = buf_span(&data);
    return store_write(desk->store, order_work, &ordering, err);
}
