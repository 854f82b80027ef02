/* What staff order: chosen among what the store, looked at now, gives reason for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "gateway/outbox/outbox.h"
#include "gateway/registry/records.h"
#include "tests/fault/model/walk_parts.h"

enum {
    REGISTER_BYTES_MAX = 1 << 20,
    ROWS_MIN = 5,
    ROWS_SPREAD = 8,
    LINES_MAX = 1000,
    DECIDED_DAYS_AGO = 200,
    SOME_MAX = 64,
    NOT_TAKEN_US = 20000
};
/* The column "state" of a register row, for those whose term has passed and who have not exited. */
#define OVERDUE ",逾期未退出,"

/* --- the register --- */

static void add_line(struct buf *out, struct span line)
{
    buf_add_span(out, line);
    buf_add_byte(out, '\n');
}

static size_t split_lines(struct span text, struct span *lines)
{
    size_t count = 0;

    while (text.bytes && count < LINES_MAX) {
        const char *end = memchr(text.at, '\n', text.bytes);
        size_t bytes = end ? (size_t)(end - text.at) : text.bytes;

        lines[count++] = (struct span){text.at, bytes};
        text.at += bytes + (end != NULL);
        text.bytes -= bytes + (end != NULL);
    }
    return count;
}

bool walk_choose_rows(struct walk *walk, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct span lines[LINES_MAX];
    unsigned wanted = ROWS_MIN + dice_roll(&walk->dice, ROWS_SPREAD);
    size_t count;
    size_t at;

    if (!file_read(walk->options->register_path, REGISTER_BYTES_MAX, &text, err))
        return false;
    count = split_lines(buf_span(&text), lines);
    if (count < 2)
        return fail(err, ERR_INVALID, "%s: no rows", walk->options->register_path);
    add_line(&walk->rows, lines[0]);
    at = 1 + dice_roll(&walk->dice, (unsigned)count - 1);
    for (size_t seen = 1; seen < count && wanted > 0; seen++, at = at + 1 < count ? at + 1 : 1) {
        if (!memmem(lines[at].at, lines[at].bytes, OVERDUE, sizeof OVERDUE - 1))
            continue;
        add_line(&walk->rows, lines[at]);
        wanted--;
    }
    return true;
}

/* --- looking --- */

struct chosen {
    char ids[SOME_MAX][24];
    uint64_t numbers[SOME_MAX];
    size_t count;
};

static bool see_record(const struct record_version *version, void *context)
{
    struct chosen *chosen = context;

    memcpy(chosen->ids[chosen->count++], version->record.id, sizeof chosen->ids[0]);
    return chosen->count < SOME_MAX;
}

static bool see_refused(const struct delivery *delivery, void *context)
{
    struct chosen *chosen = context;

    chosen->numbers[chosen->count++] = delivery->number;
    return chosen->count < SOME_MAX;
}

static bool list(struct walk *walk, enum record_list name, struct chosen *chosen, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct records_filter filter = {name, -1, NULL, NULL};

    chosen->count = 0;
    return store_begin(walk->stage.store, STORE_READ, &txn, err) && records_scan(txn, &filter, see_record, chosen, err);
}

static bool list_refused(struct walk *walk, struct chosen *chosen, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    chosen->count = 0;
    if (!store_begin(walk->stage.store, STORE_READ, &txn, err))
        return false;
    for (int channel = 0; channel < STAGE_COUNT && chosen->count < SOME_MAX; channel++) {
        if (!outbox_refused(txn, (enum channel)channel, see_refused, chosen, err))
            return false;
    }
    return true;
}

static bool is_paused(struct walk *walk, enum channel channel, bool *out, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct channel_status status;

    if (!store_begin(walk->stage.store, STORE_READ, &txn, err) || !outbox_status(txn, channel, &status, err))
        return false;
    *out = status.is_paused;
    return true;
}

bool walk_some_record(struct walk *walk, char record[24], struct error *err)
{
    struct chosen chosen;

    record[0] = '\0';
    if (!list(walk, RECORDS_LIVE, &chosen, err))
        return false;
    if (chosen.count)
        memcpy(record, chosen.ids[dice_roll(&walk->dice, (unsigned)chosen.count)], sizeof chosen.ids[0]);
    return true;
}

bool walk_some_victim(struct walk *walk, char record[24], struct error *err)
{
    static const enum record_list LISTS[] = {RECORDS_WAITING, RECORDS_UNSENT, RECORDS_UNSENT, RECORDS_LIVE};
    struct chosen chosen;

    record[0] = '\0';
    if (!list(walk, LISTS[dice_roll(&walk->dice, COUNT_OF(LISTS))], &chosen, err))
        return false;
    if (chosen.count)
        memcpy(record, chosen.ids[dice_roll(&walk->dice, (unsigned)chosen.count)], sizeof chosen.ids[0]);
    return true;
}

/* --- orders --- */

static void give(struct walk *walk, unsigned uid, const char *kind, json_t *arguments)
{
    struct staff_wish wish = {uid, kind, arguments, NULL};
    bool was_taken = staff_order(&walk->staff, &wish);

    walk_tell(walk, "%s%s", kind, was_taken ? "" : ": not taken");
    if (!was_taken)
        usleep(NOT_TAKEN_US);
    walk->count->orders++;
    json_decref(arguments);
}

static const char *day_text(int days_ago, char text[DAY_TEXT_BYTES])
{
    return day_format(day_of_instant(clock_now_ms(&CLOCK_SYSTEM)) - days_ago, text);
}

static bool order_import(struct walk *walk, struct error *err)
{
    struct staff_wish wish = {STAGE_OPERATOR, "import", NULL, &walk->rows};

    (void)err;
    walk_tell(walk, "import%s", staff_order(&walk->staff, &wish) ? "" : ": not taken");
    walk->count->orders++;
    return true;
}

static bool order_propose(struct walk *walk, struct error *err)
{
    char today[DAY_TEXT_BYTES];
    char decided[DAY_TEXT_BYTES];

    (void)err;
    give(walk, STAGE_OPERATOR, "propose",
         json_pack("{s:s, s:s, s:s, s:s, s:b}", "on", day_text(0, today), "decided_on",
                   day_text(DECIDED_DAYS_AGO, decided), "document", "粤工信失信〔2026〕1号", "severity", "general",
                   "all", 1));
    return true;
}

static bool order_review(struct walk *walk, struct error *err)
{
    struct chosen chosen;

    if (!list(walk, RECORDS_WAITING, &chosen, err))
        return false;
    if (chosen.count && dice_percent(&walk->dice, 20))
        give(walk, STAGE_REVIEWER, "return",
             json_pack("{s:[s], s:s}", "ids", chosen.ids[dice_roll(&walk->dice, (unsigned)chosen.count)], "reason",
                       "文号有误"));
    else
        give(walk, STAGE_REVIEWER, "approve", json_pack("{s:b, s:s}", "all", 1, "reason", "一致"));
    return true;
}

static bool order_change(struct walk *walk, struct error *err)
{
    static const char *const KINDS[] = {"correct", "correct", "correct",  "dispute", "dispute",
                                        "settle",  "settle",  "withdraw", "repair"};
    static const char *const SCOPES[] = {"public", "government", "authorised"};
    const char *kind = KINDS[dice_roll(&walk->dice, COUNT_OF(KINDS))];
    const char *scope = SCOPES[dice_roll(&walk->dice, COUNT_OF(SCOPES))];
    char record[24];
    char today[DAY_TEXT_BYTES];

    if (!walk_some_record(walk, record, err))
        return false;
    if (!record[0])
        return order_propose(walk, err);
    if (strcmp(kind, "correct") == 0)
        give(walk, STAGE_OPERATOR, kind,
             json_pack("{s:[s], s:s, s:s}", "ids", record, "reason", "范围有误", "scope", scope));
    else if (strcmp(kind, "repair") == 0)
        give(walk, STAGE_OPERATOR, kind,
             json_pack("{s:[s], s:s, s:s, s:s, s:s, s:b}", "ids", record, "reason", "已整改", "committed_on",
                       day_text(0, today), "corrected", "现场核查记录", "duties", "履行证明", "duties_done", 1));
    else
        give(walk, STAGE_OPERATOR, kind, json_pack("{s:[s], s:s}", "ids", record, "reason", "企业申请"));
    return true;
}

static bool order_push(struct walk *walk, struct error *err)
{
    (void)err;
    give(walk, STAGE_OPERATOR, "push", json_object());
    return true;
}

static bool order_switch(struct walk *walk, struct error *err)
{
    enum channel channel = (enum channel)dice_roll(&walk->dice, STAGE_COUNT);
    bool paused = false;

    if (!is_paused(walk, channel, &paused, err))
        return false;
    give(walk, STAGE_OPERATOR,
         paused                          ? "resume"
         : dice_percent(&walk->dice, 50) ? "pause"
                                         : "drain",
         json_pack("{s:[s], s:s}", "ids", CHANNEL_NAMES[channel], "reason", "检修"));
    return true;
}

static void requeue(struct walk *walk, uint64_t number)
{
    char text[32];

    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    give(walk, STAGE_OPERATOR, "requeue", json_pack("{s:[s], s:s}", "ids", text, "reason", "对方已更新"));
}

/* Sees what it can see in the middle of a storm, and repairs what it takes for missing. */
static bool order_reconcile(struct walk *walk, struct error *err)
{
    (void)err;
    give(walk, STAGE_REVIEWER, "reconcile-repair",
         json_pack("{s:[s], s:s}", "ids", CHANNEL_NAMES[dice_roll(&walk->dice, STAGE_COUNT)], "reason", "核对"));
    return true;
}

static bool order_requeue(struct walk *walk, struct error *err)
{
    struct chosen chosen;

    if (!list_refused(walk, &chosen, err))
        return false;
    if (chosen.count == 0)
        return order_push(walk, err);
    requeue(walk, chosen.numbers[dice_roll(&walk->dice, (unsigned)chosen.count)]);
    return true;
}

/* Records must come before what is done with them. */
static bool begins(struct walk *walk, bool *out, struct error *err)
{
    struct chosen live;

    if (!list(walk, RECORDS_LIVE, &live, err))
        return false;
    *out = live.count == 0;
    return true;
}

static bool order_beginning(struct walk *walk, struct error *err)
{
    struct chosen waiting;

    if (!list(walk, RECORDS_WAITING, &waiting, err))
        return false;
    return waiting.count ? order_review(walk, err) : order_propose(walk, err);
}

bool walk_order(struct walk *walk, struct error *err)
{
    static const struct {
        unsigned weight;
        bool (*order)(struct walk *walk, struct error *err);
    } ORDERS[] = {{2, order_import}, {5, order_propose}, {26, order_review}, {32, order_change},
                  {20, order_push},  {5, order_switch},  {7, order_requeue}, {3, order_reconcile}};
    unsigned roll = dice_roll(&walk->dice, 100);
    bool is_beginning = false;

    if (!begins(walk, &is_beginning, err))
        return false;
    if (is_beginning)
        return order_beginning(walk, err);
    for (size_t i = 0; i < COUNT_OF(ORDERS); i++) {
        if (roll < ORDERS[i].weight)
            return ORDERS[i].order(walk, err);
        roll -= ORDERS[i].weight;
    }
    return fail(err, ERR_INTERNAL, "the weights of the orders do not add up to 100");
}

bool walk_order_rest(struct walk *walk, struct error *err)
{
    struct chosen unsent;

    for (int channel = 0; channel < STAGE_COUNT; channel++) {
        bool paused = false;

        if (!is_paused(walk, (enum channel)channel, &paused, err))
            return false;
        if (paused)
            give(walk, STAGE_OPERATOR, "resume",
                 json_pack("{s:[s], s:s}", "ids", CHANNEL_NAMES[channel], "reason", "就绪"));
        if (paused && !staff_wait(&walk->staff, err))
            return false;
    }
    if (!list(walk, RECORDS_UNSENT, &unsent, err))
        return false;
    return unsent.count == 0 || (order_push(walk, err) && staff_wait(&walk->staff, err));
}

bool walk_requeue_some(struct walk *walk, struct error *err)
{
    struct chosen chosen;

    if (!list_refused(walk, &chosen, err))
        return false;
    for (size_t i = 0; i < chosen.count; i++) {
        if (!dice_percent(&walk->dice, 50))
            continue;
        requeue(walk, chosen.numbers[i]);
        if (!staff_wait(&walk->staff, err))
            return false;
    }
    return true;
}

bool walk_compare(struct walk *walk, struct error *err)
{
    for (int channel = 0; channel < STAGE_COUNT; channel++) {
        give(walk, STAGE_OPERATOR, STAFF_COMPARE, json_pack("{s:[s]}", "ids", CHANNEL_NAMES[channel]));
        if (!staff_wait(&walk->staff, err))
            return fail_in(err, "%s", CHANNEL_NAMES[channel]);
    }
    return true;
}
