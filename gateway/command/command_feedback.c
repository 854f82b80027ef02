#include "gateway/command/command_feedback.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/walk.h"
#include "gateway/command/ledger.h"
#include "gateway/journal/journal.h"

/* --- give --- */

struct give_work {
    const struct desk *desk;
    const struct giving *giving;
    uint64_t sequence;
    size_t left_out; /* of what is sent on */
    struct error why;
};

/* True when the request was answered already: `*sequence` says by which event. */
static bool find_repeat(struct store_txn *txn, const struct giving *giving, bool *is_repeat, uint64_t *sequence,
                        struct error *err)
{
    struct event event;
    struct span bytes;

    *is_repeat = giving->key.bytes > 0 && feedback_by_key(txn, giving->client, giving->key, sequence);
    if (!*is_repeat)
        return store_txn_is_good(txn, err);
    if (!journal_read(txn, *sequence, &bytes))
        return store_txn_is_good(txn, err) && fail(err, ERR_CORRUPT, "a key of the feedback names no event: rebuild");
    if (!event_parse(bytes, &event, err))
        return false;
    return span_is(walk_plain_of(event.data, "sha256"), giving->words->sha256) ||
           refuse(err, ERR_REFUSED, "idempotency.other-request",
                  "this Idempotency-Key was used with another request: take a new one",
                  "该 Idempotency-Key 已用于另一请求：请换用新的");
}

static bool check_detail(struct store_txn *txn, const struct feedback_answer *answer, const json_t *detail,
                         uint32_t *version, struct error *err)
{
    const char *id = json_text_of(detail, "id");
    uint64_t earlier;

    if (!feedback_shows(answer, span_of(id), version))
        return refuse(err, ERR_REFUSED, "feedback.not-shown", "the answer %.*s did not show %s", "答复 %.*s 未显示 %s",
                      (int)answer->receipt.bytes, answer->receipt.at, id);
    if (json_integer_of(detail, "version", *version) != *version)
        return refuse(err, ERR_REFUSED, "feedback.version", "of %s the answer showed version %u",
                      "%s 在答复中为第 %u 版", id, *version);
    if (feedback_given(txn, answer->receipt, span_of(id), &earlier))
        return refuse(err, ERR_CONFLICT, "feedback.given", "%s has its feedback for this answer already (event %llu)",
                      "%s 在该答复下已反馈（事件 %llu）", id, (unsigned long long)earlier);
    return true;
}

static bool add_details(struct store_txn *txn, const struct feedback_answer *answer, const json_t *details,
                        struct buf *out, struct error *err)
{
    const json_t *item;
    size_t i;

    json_array_foreach(details, i, item)
    {
        AUTO(json_release) json_t *detail = json_copy((json_t *)item);
        uint32_t version;

        if (!check_detail(txn, answer, item, &version, err))
            return false;
        json_object_set_new(detail, "version", json_integer(version));
        if (i > 0)
            buf_add_byte(out, ',');
        if (!json_canonical_add(detail, out, err))
            return false;
    }
    return true;
}

/* How many of the things shown have their feedback. */
static uint32_t count_given(struct store_txn *txn, const struct feedback_answer *answer)
{
    struct feedback_thing thing;
    struct walk shown;
    uint32_t count = 0;
    uint64_t sequence;

    if (!walk_begin(&shown, answer->shown))
        return 0;
    while (feedback_thing_next(&shown, &thing))
        count += feedback_given(txn, answer->receipt, thing.id, &sequence);
    return count;
}

bool command_feedback_left(struct store_txn *txn, struct span client, const struct feedback_answer *answer,
                           uint32_t *left, struct error *err)
{
    *left = feedback_left(txn, client, answer->position);
    if (*left + count_given(txn, answer) == answer->things)
        return store_txn_is_good(txn, err);
    if (!store_txn_is_good(txn, err))
        return false;
    if (answer->position >= feedback_looked_at(txn))
        return refuse(err, ERR_UNAVAILABLE, "feedback.not-yet",
                      "this answer is not entered for feedback yet: try again in a second",
                      "该答复尚未登记待反馈：请一秒后重试");
    if (answer->is_test)
        return refuse(err, ERR_NOT_FOUND, "feedback.receipt",
                      "the test list was made anew since that answer: ask again, and give feedback on the new one",
                      "该答复之后测试名单已重新生成：请重新查询，再就新的答复反馈");
    return fail(err, ERR_CORRUPT, "the store and entry %llu of the trace do not agree about what is owed: rebuild",
                (unsigned long long)answer->position);
}

static bool add_event(struct store_txn *txn, const struct giving *giving, struct buf *out, struct error *err)
{
    size_t count = json_array_size(giving->words->details);
    uint32_t left;

    if (!command_feedback_left(txn, giving->client, giving->answer, &left, err))
        return false;
    buf_add_text(out, "{\"answer\":");
    feedback_answer_add(giving->answer, out);
    buf_add_text(out, ",\"client\":");
    json_string_add(out, giving->client);
    buf_add_text(out, ",\"details\":[");
    if (!add_details(txn, giving->answer, giving->words->details, out, err))
        return false;
    buf_add_text(out, "],\"key\":");
    if (giving->key.bytes > 0)
        json_string_add(out, giving->key);
    else
        buf_add_text(out, "null");
    json_count_add(out, ",\"left\":", left - count);
    json_count_add(out, ",\"position\":", giving->answer->position);
    buf_add_text(out, ",\"receipt\":");
    json_string_add(out, giving->answer->receipt);
    buf_addf(out, ",\"sha256\":\"%s\"}", giving->words->sha256);
    return true;
}

/* On to the upstream, when there is one that takes it. */
static bool send(struct store_txn *txn, struct ledger *ledger, struct give_work *work, struct error *err)
{
    struct feedback_sending sending = {.txn = txn, .ledger = ledger, .by = "api", .channel = work->giving->channel};

    work->left_out = 0;
    if (!sending.channel)
        return true;
    if (!feedback_send(&sending, work->sequence, err))
        return false;
    work->left_out = sending.left_out;
    work->why = sending.why;
    return true;
}

static bool give(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    AUTO(buf_done) struct buf data = BUF_INIT;
    struct give_work *work = context;
    bool is_repeat;

    if (!find_repeat(txn, work->giving, &is_repeat, &work->sequence, err))
        return false;
    if (is_repeat)
        return true;
    return add_event(txn, work->giving, &data, err) && ledger_new(txn, work->desk->clock, &ledger, err) &&
           ledger_emit(ledger, "api", "feedback.recorded", buf_span(&data), &work->sequence, err) &&
           send(txn, ledger, work, err) && ledger_finish(ledger, err);
}

bool command_feedback_give(const struct desk *desk, const struct giving *giving, uint64_t *sequence, struct error *err)
{
    struct give_work work = {.desk = desk, .giving = giving};

    if (!store_write(desk->store, give, &work, err))
        return false;
    if (work.left_out > 0)
        log_warning("feedback", "event %llu: %zu of its details cannot be sent on: %s",
                    (unsigned long long)work.sequence, work.left_out, work.why.text);
    *sequence = work.sequence;
    return true;
}

/* --- owe --- */

struct owe_work {
    const struct desk *desk;
    const struct owing *owing;
};

static bool owe(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    AUTO(buf_done) struct buf data = BUF_INIT;
    const struct owe_work *work = context;

    json_count_add(&data, "{\"from\":", work->owing->from);
    buf_add_text(&data, ",\"owing\":[");
    buf_add_span(&data, work->owing->owing);
    json_count_add(&data, "],\"to\":", work->owing->to);
    buf_add_byte(&data, '}');
    return ledger_new(txn, work->desk->clock, &ledger, err) &&
           ledger_emit(ledger, "keeper", "feedback.owed", buf_span(&data), NULL, err) && ledger_finish(ledger, err);
}

bool command_feedback_owe(const struct desk *desk, const struct owing *owing, struct error *err)
{
    struct owe_work work = {desk, owing};

    return store_write(desk->store, owe, &work, err);
}
