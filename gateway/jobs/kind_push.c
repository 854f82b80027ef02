/* kind_push.c - the operator's trigger: versions in force become deliveries; and the hand on the outbox. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/command/command_feedback_send.h"
#include "gateway/courier/channel.h"
#include "gateway/courier/feedback_row.h"
#include "gateway/jobs/kinds.h"
#include "gateway/jobs/named.h"
#include "gateway/journal/journal.h"

/* A record that was named and has nothing unsent is told so: nobody should wait for it. */
struct unsent {
    bool has_some;
};

static bool see_unsent(const struct record_version *version, void *context)
{
    struct unsent *unsent = context;

    (void)version;
    unsent->has_some = true;
    return false;
}

struct ours {
    const char *job;
    bool is_ours;
};

static bool see_event(uint64_t sequence, struct span event, void *context)
{
    struct ours *ours = context;

    (void)sequence;
    ours->is_ours = span_is(event_job(event), ours->job);
    return !ours->is_ours;
}

/* Was something of it queued or skipped by this very job, before it was killed? Then the command tells so. */
static bool was_told(struct store_txn *txn, const struct work *work, const char *record, bool *is_ours,
                     uint32_t *version, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version newest;
    struct ours ours = {work->id, false};
    struct error none;

    if (!records_events(txn, span_of(record), see_event, &ours, err))
        return false;
    *is_ours = ours.is_ours;
    *version = records_load_effective(txn, span_of(record), &newest, &hold, &none) ? newest.record.version : 0;
    return store_txn_is_good(txn, err);
}

static bool tell_sent(const struct work *work, const struct named *named, struct results *results, struct error *err)
{
    for (size_t i = 0; i < named->count; i++) {
        AUTO(store_abort) struct store_txn *txn = NULL;
        struct records_filter filter = {RECORDS_UNSENT, -1, NULL, named_at(named, i)};
        struct unsent unsent = {false};
        uint32_t version;
        bool is_ours;

        if (!work_read(work, &txn, err) || !records_scan(txn, &filter, see_unsent, &unsent, err) ||
            !was_told(txn, work, named_at(named, i), &is_ours, &version, err))
            return false;
        store_abort(TAKE(txn));
        if (!unsent.has_some && !is_ours)
            results_unchanged(results, named_at(named, i), version, "没有尚未报送的已生效版本",
                              "no version in force that was not sent");
    }
    return true;
}

static bool push_named(struct work *work, struct push_request *request, struct results *results, struct error *err)
{
    AUTO(named_done) struct named named = {.ids = NULL};
    struct record_list_view view;
    const char **texts;
    bool is_good;

    /* What is held for a later channel is told of by the command itself. */
    if (!named_records(work, results, &named, err) ||
        (request->channel == CHANNEL_CREDIT_GUANGDONG && !tell_sent(work, &named, results, err)))
        return false;
    texts = named_texts(&named);
    view = (struct record_list_view){texts, named.count};
    request->records = &view;
    is_good = command_push(&work->desk, request, results_add, results, results_tally(results), err);
    request->records = NULL;
    free((void *)texts);
    return is_good;
}

static enum channel channel_of(const char *name)
{
    enum channel channel = CHANNEL_CREDIT_GUANGDONG;

    if (*name && !channel_parse(span_of(name), &channel))
        return CHANNEL_NONE;
    return channel;
}

/* What clients said and was never queued: given before there was such a channel, or could not be told. */
static bool push_feedback(struct work *work, struct error *err)
{
    static const struct results_closing CLOSING = {
        "反馈已进入报送队列。进展：creditgate status；被拒的：creditgate refused。",
        "Feedback queued. Progress: creditgate status; refused ones: creditgate refused."};
    const char *data = work->environment->config->data;
    AUTO(text_free) char *consumers = path_join(data, "adapters/consumers");
    AUTO(text_free) char *schemas = path_join(data, "schemas");
    AUTO(results_free) struct results *results = NULL;
    AUTO(domains_free) struct domains *domains = NULL;
    AUTO(feedback_rows_free) struct feedback_rows *rows = NULL;
    bool is_good;

    if (argument_id_count(work->arguments) > 0 || argument_text(work->arguments, "division")[0] ||
        argument_choice(work->arguments, "ground", KIND_GROUNDS) >= 0)
        return refuse(err, ERR_INVALID, "job.argument", "feedback is pushed as a whole: name no records and no filter",
                      "反馈只能整体补报：不能指明记录或筛选条件");
    if (!domains_load(consumers, schemas, &domains, err) ||
        !feedback_rows_load(work->environment->config, domains, &rows, err))
        return false;
    if (!rows)
        return refuse(err, ERR_REFUSED, "push.channel", "the channel %s is not configured or not enabled",
                      "渠道 %s 未配置或未启用", CHANNEL_NAMES[CHANNEL_FEEDBACK]);
    if (!results_new(work, &results, err))
        return false;
    results_wake_courier(results);
    is_good = command_feedback_push(&work->desk, feedback_rows_channel(rows), results_add, results,
                                    results_tally(results), err);
    work_wake_courier(work);
    return is_good && results_finish(results, &CLOSING, err);
}

bool run_push(struct work *work, struct error *err)
{
    static const struct results_closing CLOSING = {
        "已进入报送队列。进展：creditgate status；被拒的：creditgate refused。",
        "Queued. Progress: creditgate status; refused ones: creditgate refused."};
    AUTO(results_free) struct results *results = NULL;
    AUTO(channel_settings_free) struct channel_settings *settings = NULL;
    enum channel channel = channel_of(argument_text(work->arguments, "channel"));
    struct push_request request = {.channel = channel,
                                   .division = argument_text(work->arguments, "division"),
                                   .ground = argument_choice(work->arguments, "ground", KIND_GROUNDS),
                                   .make_row = channel_make_row};
    bool is_good;

    if (channel == CHANNEL_FEEDBACK)
        return push_feedback(work, err);
    if (!channel_settings_load(work->environment->config, channel, &settings, err) || !results_new(work, &results, err))
        return false;
    request.make_row_context = settings;
    results_wake_courier(results);
    is_good = argument_id_count(work->arguments) > 0
                  ? push_named(work, &request, results, err)
                  : command_push(&work->desk, &request, results_add, results, results_tally(results), err);
    work_wake_courier(work); /* also for what was queued before it broke */
    return is_good && results_finish(results, &CLOSING, err);
}

/* --- refused deliveries --- */

static bool parse_number(const char *text, uint64_t *number, struct error *err)
{
    int64_t value;

    /* Behind @ stands what was seen of it (gateway/api/order_version.h). */
    if (!integer_parse((struct span){text, strcspn(text, "@")}, &value))
        return refuse(err, ERR_INVALID, "delivery.id", "%.40s: a delivery is named by its number",
                      "%.40s：报送用编号（数字）指明", text);
    *number = (uint64_t)value;
    return true;
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

/* In ascending order, each once. */
static size_t read_numbers(const struct work *work, struct results *results, uint64_t *numbers)
{
    size_t count = 0;
    size_t kept = 0;

    for (size_t i = 0; i < argument_id_count(work->arguments); i++) {
        const char *text = argument_id(work->arguments, i);
        struct error why;

        if (parse_number(text, &numbers[count], &why))
            count++;
        else
            results_refuse(results, text, &why);
    }
    qsort(numbers, count, sizeof *numbers, compare_numbers);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || numbers[i] != numbers[i - 1])
            numbers[kept++] = numbers[i];
    }
    return kept;
}

bool run_requeue(struct work *work, struct error *err)
{
    static const struct results_closing CLOSING = {"将按原内容再次报送。进展：creditgate status。",
                                                   "They are sent again as they are. Progress: creditgate status."};
    AUTO(results_free) struct results *results = NULL;
    uint64_t *numbers;
    size_t count;
    bool is_good;

    if (!results_new(work, &results, err))
        return false;
    numbers = memory_new((argument_id_count(work->arguments) + 1) * sizeof *numbers);
    count = read_numbers(work, results, numbers);
    results_set_deliveries(results, numbers);
    results_wake_courier(results);
    is_good = command_requeue(&work->desk, numbers, count, argument_text(work->arguments, "reason"), results_add,
                              results, results_tally(results), err);
    results_set_deliveries(results, NULL);
    free(numbers);
    work_wake_courier(work);
    return is_good && results_finish(results, &CLOSING, err);
}

/* --- pause and resume --- */

/* Any there is, webhooks too. */
static bool find_channel(struct work *work, const char *name, enum channel *channel, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    return work_read(work, &txn, err) && (channel_find(txn, span_of(name), channel) || store_txn_is_good(txn, err));
}

static bool switch_channel(const struct work *work, enum channel channel, struct error *err)
{
    if (strcmp(work->spec->kind, "drain") == 0)
        return command_drain(&work->desk, channel, argument_text(work->arguments, "reason"), err);
    if (strcmp(work->spec->kind, "pause") == 0)
        return command_pause(&work->desk, channel, argument_text(work->arguments, "reason"), err);
    return command_resume(&work->desk, channel, err);
}

bool run_channel(struct work *work, struct error *err)
{
    static const struct results_closing PAUSED = {"渠道已暂停，待报内容全部保留。恢复：creditgate resume。",
                                                  "Paused; everything is kept. To go on: creditgate resume."};
    static const struct results_closing DRAINED = {
        "渠道正在排空：不再新发，已发出的继续取得结果。进展：creditgate status；恢复：creditgate resume。",
        "Draining: nothing new is sent, what is under way is brought to its end. Progress: creditgate status; to go "
        "on: creditgate resume."};
    static const struct results_closing RESUMED = {"渠道已恢复。", "The channel goes on."};
    AUTO(results_free) struct results *results = NULL;
    const char *name = argument_id(work->arguments, 0);
    enum channel channel = CHANNEL_NONE;
    struct error why = {.code = ERR_NONE};

    if (!find_channel(work, name, &channel, err))
        return false;
    if (channel == CHANNEL_NONE)
        return refuse(err, ERR_INVALID, "channel.unknown", "there is no channel \"%.40s\"", "没有“%.40s”这个渠道",
                      name);
    if (!results_new(work, &results, err))
        return false;
    if (switch_channel(work, channel, &why)) {
        results_other(results, "channel", name, NULL);
    } else if (why.code == ERR_CONFLICT || why.code == ERR_REFUSED) {
        results_other(results, "channel", name, &why);
    } else {
        if (err)
            *err = why;
        return false;
    }
    work_wake_courier(work);
    return results_finish(results,
                          strcmp(work->spec->kind, "pause") == 0   ? &PAUSED
                          : strcmp(work->spec->kind, "drain") == 0 ? &DRAINED
                                                                   : &RESUMED,
                          err);
}
