/* kind_events.c - what was done to the gateway itself, from the journal, the newest first: sign-ins, roles, reloads,
 * clients shut out, channels paused, registers of names. What is done to records is told with the records. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/walk.h"
#include "gateway/jobs/exhibit.h"
#include "gateway/jobs/kinds.h"
#include "gateway/jobs/lists.h"
#include "gateway/journal/journal.h"

enum { EVENTS_A_READ = 2000, SHOWN_MAX = 1000 };

const char *const KIND_EVENTS[] = {"accounts", "staff", "clients", "channels", "names", "imports", "repeats", NULL};
/* What each of them means: a type, or what types begin with when it ends in a dot. */
static const char *const GROUPS[][3] = {{"account.", NULL, NULL},
                                        {"staff.", "config.", NULL},
                                        {"client.", NULL, NULL},
                                        {"channel.", NULL, NULL},
                                        {"names.", "guard.", "key."},
                                        {"import.", NULL, NULL},
                                        {"delivery.requeued", "delivery.repeated", NULL}};
_Static_assert(COUNT_OF(KIND_EVENTS) == COUNT_OF(GROUPS) + 1, "each group has its types");

static const struct exhibit_column COLUMNS[] = {{"序号", "sequence", 10}, {"时间", "at", 26},   {"事件", "event", 24},
                                                {"谁", "by", 16},         {"内容", "data", 70}, {"任务", "order", 34}};

struct looking {
    struct work *work;
    int group; /* -1: all of them */
    struct span by;
    int64_t since_ms;
    int64_t until_ms;
    struct buf items; /* JSON of the first SHOWN_MAX */
    uint64_t rows;
    bool is_over;
    bool is_cut;
};

static bool is_of(struct span type, size_t group)
{
    for (size_t i = 0; i < COUNT_OF(GROUPS[group]) && GROUPS[group][i]; i++) {
        const char *wanted = GROUPS[group][i];
        bool is_beginning = wanted[strlen(wanted) - 1] == '.';

        if (is_beginning ? span_starts(type, wanted) : span_is(type, wanted))
            return true;
    }
    return false;
}

static bool fits(const struct looking *looking, const struct event *event)
{
    bool is_wanted = looking->group >= 0 && is_of(event->type, (size_t)looking->group);

    for (size_t i = 0; looking->group < 0 && !is_wanted && i < COUNT_OF(GROUPS); i++)
        is_wanted = is_of(event->type, i);
    return is_wanted && (looking->by.bytes == 0 || span_equal(event->by, looking->by)) &&
           event->at_ms < looking->until_ms;
}

static void add_item(struct looking *looking, uint64_t sequence, const struct event *event, struct span job)
{
    if (looking->rows >= SHOWN_MAX)
        return;
    json_count_add(&looking->items, looking->rows ? ",{\"sequence\":" : "{\"sequence\":", sequence);
    lists_instant(&looking->items, ",\"at\":", event->at_ms);
    lists_text(&looking->items, ",\"type\":", event->type);
    lists_text(&looking->items, ",\"by\":", event->by);
    lists_text(&looking->items, ",\"job\":", job);
    buf_add_text(&looking->items, ",\"data\":");
    buf_add_span(&looking->items, event->data);
    buf_add_byte(&looking->items, '}');
}

static bool add(struct looking *looking, struct exhibit *exhibit, uint64_t sequence, struct span bytes,
                struct error *err)
{
    struct event event;
    char number[24], at[INSTANT_TEXT_BYTES];

    if (!event_parse(bytes, &event, err))
        return false;
    looking->is_over = event.at_ms < looking->since_ms;
    if (looking->is_over || !fits(looking, &event))
        return true;
    snprintf(number, sizeof number, "%llu", (unsigned long long)sequence);
    add_item(looking, sequence, &event, event_job(bytes));
    looking->rows++;
    return exhibit_row(exhibit,
                       (const struct span[]){span_of(number), span_of(instant_format(event.at_ms, at)), event.type,
                                             event.by, event.data, event_job(bytes)},
                       &looking->is_cut, err);
}

/* So many a transaction, that no old page of the store is kept for long. `*at` goes down to 0. */
static bool add_some(struct looking *looking, struct exhibit *exhibit, uint64_t *at, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct span bytes;

    if (!work_read(looking->work, &txn, err))
        return false;
    for (size_t i = 0; i<EVENTS_A_READ && * at> 0 && !looking->is_over && !looking->is_cut; i++) {
        if (!journal_read(txn, --*at, &bytes))
            return store_txn_is_good(txn, err) &&
                   fail(err, ERR_CORRUPT, "event %llu is missing", (unsigned long long)*at);
        if (!add(looking, exhibit, *at, bytes, err))
            return false;
    }
    return store_txn_is_good(txn, err);
}

static bool size_of(const struct work *work, uint64_t *size, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    if (!work_read(work, &txn, err))
        return false;
    *size = journal_size(txn);
    return store_txn_is_good(txn, err);
}

static bool fill(struct exhibit *exhibit, void *context, struct error *err)
{
    struct looking *looking = context;
    uint64_t size, at;

    if (!size_of(looking->work, &size, err))
        return false;
    at = size;
    while (at > 0 && !looking->is_over && !looking->is_cut) {
        work_progress(looking->work, size - at, size);
        if (!add_some(looking, exhibit, &at, err))
            return false;
    }
    return true;
}

static bool write_json(FILE *out, void *context, struct error *err)
{
    const struct looking *looking = context;

    (void)err;
    fprintf(out, "{\"count\":%llu,\"cut\":%s,\"shown\":%llu,\"items\":[", (unsigned long long)looking->rows,
            looking->is_cut ? "true" : "false",
            (unsigned long long)(looking->rows < SHOWN_MAX ? looking->rows : SHOWN_MAX));
    fwrite(buf_text(&looking->items), 1, looking->items.bytes, out);
    fputs("]}\n", out);
    return true;
}

static bool write_text(FILE *out, void *context, struct error *err)
{
    const struct looking *looking = context;

    (void)err;
    fprintf(out, work_is_chinese(looking->work) ? "事件 %llu 件。\n" : "%llu events.\n",
            (unsigned long long)looking->rows);
    if (looking->is_cut)
        fputs(work_say(looking->work, "后面还有更多：请缩小查询范围。\n", "There are more: narrow the search.\n"), out);
    return true;
}

static bool look(struct looking *looking, struct error *err)
{
    static const struct exhibit_form FORM = {"管理事件", "administration", COLUMNS, COUNT_OF(COLUMNS)};
    uint8_t sha256[32];

    if (!exhibit_write(looking->work, &FORM, fill, looking, sha256, err))
        return false;
    looking->rows -= looking->is_cut; /* the one that had no room */
    work_count(looking->work, "count", looking->rows);
    return work_report(looking->work, "report.json", write_json, looking, err) &&
           work_report(looking->work, "report.txt", write_text, looking, err);
}

bool run_events(struct work *work, struct error *err)
{
    int32_t since = argument_day(work->arguments, "since");
    int32_t until = argument_day(work->arguments, "until");
    struct looking looking = {.work = work,
                              .group = argument_choice(work->arguments, "group", KIND_EVENTS),
                              .by = span_of(argument_text(work->arguments, "by")),
                              .since_ms = since == DAY_NONE ? INT64_MIN : day_start_ms(since),
                              .until_ms = until == DAY_NONE ? INT64_MAX : day_start_ms(until + 1)};
    bool is_good = look(&looking, err);

    buf_done(&looking.items);
    return is_good;
}
