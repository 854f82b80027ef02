#include "gateway/lookup/moment.h"

#include <string.h>

#include "base/walk.h"
#include "gateway/journal/journal.h"
#include "gateway/registry/registry.h"

static bool check_question(const struct lookup_question *question, struct error *err)
{
    if (!domain_accepts(question->domain, question->purpose))
        return refuse(err, ERR_INVALID, "lookup.purpose", "this domain accepts the purposes %s",
                      "本领域接受的查询目的：%s", domain_purposes(question->domain));
    if (!domain_check_case(question->domain, question->purpose, &question->given, err))
        return false;
    if (question->as_of_ms > question->at_ms)
        return refuse(err, ERR_INVALID, "lookup.future", "nothing can be said about a time that is still to come",
                      "不能答复尚未到来的时点");
    return true;
}

/* An event begins with its instant, because names are sorted. */
static bool read_instant(struct store_txn *txn, struct span event, struct span *at)
{
    struct span name;
    struct walk walk;

    if (walk_begin(&walk, event) && walk_next(&walk, &name, at) && span_is(name, "at"))
        return true;
    store_txn_spoil(txn, STORE_JOURNAL, "an event without an instant");
    return false;
}

/* The newest event says how fresh the answer is. */
static void find_version(struct store_txn *txn, struct lookup_memory *memory)
{
    struct span key, event, at;

    if (!store_last(txn, STORE_JOURNAL, &key, &event))
        return;
    if (key.bytes != sizeof(uint64_t)) {
        store_txn_spoil(txn, STORE_JOURNAL, "the newest event is none");
        return;
    }
    if (!read_instant(txn, event, &at))
        return;
    if (at.bytes > sizeof memory->changed_at) {
        store_txn_spoil(txn, STORE_JOURNAL, "an event with an endless instant");
        return;
    }
    memcpy(memory->changed_at, at.at, at.bytes);
    memory->changed_at_bytes = at.bytes;
    memory->sequence = store_read_u64(key.at) + 1;
}

/* As of a sequence: the journal had that many events, and the last of them says when that was. */
static bool go_back(struct store_txn *txn, struct moment *moment, struct error *err)
{
    uint64_t events = moment->question->as_of_sequence;
    struct span bytes;
    int64_t at_ms = 0;

    if (events > moment->sequence)
        return refuse(err, ERR_INVALID, "lookup.future", "the journal has only %llu events so far",
                      "日志目前只有 %llu 条事件", (unsigned long long)moment->sequence);
    if (!journal_read(txn, events - 1, &bytes) || !read_instant(txn, bytes, &moment->changed_at) ||
        !instant_parse(walk_plain(moment->changed_at), &at_ms)) {
        store_txn_spoil(txn, STORE_JOURNAL, "an event of the past cannot be read");
        return store_txn_is_good(txn, err);
    }
    moment->sequence = events;
    /* With a day as well: that state of the register, on that day. */
    if (moment->question->as_of_ms == 0)
        moment->instant_ms = at_ms;
    return true;
}

/* Why nothing can be said about any code, or REASON_NONE. */
static enum answer_reason find_doubt(const struct lookup_memory *memory, const struct lookup_question *question)
{
    if (!memory->has_register)
        return REASON_REGISTER_EMPTY;
    if (question->as_of_sequence != 0)
        return question->as_of_sequence <= memory->since ? REASON_BEFORE_REGISTER : REASON_NONE;
    return question->as_of_ms != 0 && question->as_of_ms < memory->since_ms ? REASON_BEFORE_REGISTER : REASON_NONE;
}

/* The state of the register, read once for each commit of the store. */
static bool remember(struct store_txn *txn, struct lookup_memory *memory, struct error *err)
{
    uint64_t version = store_version(txn);

    if (memory->is_known && memory->version == version)
        return true;
    *memory = (struct lookup_memory){.version = version};
    find_version(txn, memory);
    memory->has_register = registry_since(txn, &memory->since_ms, &memory->since);
    memory->is_known = store_txn_is_good(txn, err);
    return memory->is_known;
}

bool moment_find(struct store_txn *txn, const struct lookup_question *question, struct moment *moment,
                 struct error *err)
{
    struct lookup_memory *memory;

    if (!check_question(question, err))
        return false;
    *moment = (struct moment){.question = question,
                              .purpose = domain_purpose_of(question->domain, question->purpose),
                              .instant_ms = question->as_of_ms ? question->as_of_ms : question->at_ms};
    memory = question->memory ? question->memory : &moment->own;
    if (!remember(txn, memory, err))
        return false;
    moment->sequence = memory->sequence;
    moment->changed_at = (struct span){memory->changed_at, memory->changed_at_bytes};
    if (question->as_of_sequence != 0 && !go_back(txn, moment, err))
        return false;
    moment->day = day_of_instant(moment->instant_ms);
    moment->edition = domain_edition_on(question->domain, moment->day);
    moment->reason = find_doubt(memory, question);
    return store_txn_is_good(txn, err);
}
