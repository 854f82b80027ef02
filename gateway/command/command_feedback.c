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

static bool add_event(struct store_txn *txn, const struct giving *giving, struct buf *out, struct error *err)
{
    struct span receipt = span_of(giving->words->receipt);
    struct feedback_answer answer;

    if (!feedback_find(txn, giving->client, receipt, &answer))
        return store_txn_is_good(txn, err) &&
               refuse(err, ERR_NOT_FOUND, "feedback.receipt",
                      "no answer to you with this receipt wants a feedback: %.*s",
                      "没有回执号为 %.*s 且需要贵方反馈的答复", (int)receipt.bytes, receipt.at);
    buf_add_text(out, "{\"client\":");
    json_string_add(out, giving->client);
    buf_add_text(out, ",\"details\":[");
    if (!add_details(txn, &answer, giving->words->details, out, err))
        return false;
    buf_add_text(out, "],\"key\":");
    if (giving->key.bytes > 0)
        json_string_add(out, giving->key);
    else
        buf_add_text(out, "null");
    json_count_add(out, ",\"left\":", answer.left - json_array_size(giving->words->details));
    buf_add_text(out, ",\"receipt\":");
    json_string_add(out, receipt);
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
    size_t count;
};

static bool owe(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    AUTO(buf_done) struct buf data = BUF_INIT;
    const struct owe_work *work = context;

    if (!ledger_new(txn, work->desk->clock, &ledger, err))
        return false;
    for (size_t i = 0; i < work->count; i++) {
        const struct owing *owing = &work->owing[i];

        buf_clear(&data);
        buf_add_text(&data, "{\"answers\":[");
        buf_add_span(&data, owing->answers);
        json_count_add(&data, "],\"from\":", owing->from);
        json_count_add(&data, ",\"to\":", owing->to);
        buf_add_byte(&data, '}');
        if (!ledger_emit(ledger, "keeper", "feedback.owed", buf_span(&data), NULL, err))
            return false;
    }
    return ledger_finish(ledger, err);
}

bool command_feedback_owe(const struct desk *desk, const struct owing *owing, size_t count, struct error *err)
{
    struct owe_work work = {desk, owing, count};

    return store_write(desk->store, owe, &work, err);
}
