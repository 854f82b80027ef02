/* The life of a record is told from the journal: the registry keeps only the newest attempt at a version, but one that
 * was returned and proposed again is part of the story. Raw JSON from the store is passed on as it is. */
#include "gateway/jobs/show_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "base/text.h"
#include "base/walk.h"
#include "gateway/jobs/show_parts.h"
#include "gateway/outbox/outbox.h"
#include "gateway/registry/obligations.h"
#include "gateway/registry/records.h"
#include "gateway/registry/subject.h"
#include "keys/jws.h"
#include "schemas/uscc.h"

/* One proposal and what became of it; the events are borrowed. */
struct attempt {
    uint64_t proposal;
    uint64_t decision;
    struct event proposed;
    struct event decided;
    enum record_state state;
};

struct telling {
    struct store_txn *txn;
    struct buf *out;
    char record[RECORD_ID_BYTES];
    struct attempt *attempts;
    size_t count;
    struct buf events; /* the array's members, ready */
    uint32_t version;  /* whose deliveries are told */
    struct refusals *refusals;
    bool has_failed;
    struct error *err;
};

static bool is_within_limit(const struct telling *telling)
{
    if (telling->out->bytes + telling->events.bytes <= SHOW_JSON_BYTES_MAX)
        return true;
    return refuse(telling->err, ERR_LIMIT, "show.too-long", "%s: its life is longer than %d MiB: read the journal",
                  "%s：内容超过 %d MiB，请直接查阅日志", telling->record, SHOW_JSON_BYTES_MAX >> 20);
}

/* --- events --- */

static void take_event(struct telling *telling, uint64_t sequence, const struct event *event)
{
    struct attempt *last = telling->count ? &telling->attempts[telling->count - 1] : NULL;

    if (span_is(event->type, "record.proposed")) {
        telling->attempts = memory_resize(telling->attempts, (telling->count + 1) * sizeof *telling->attempts);
        telling->attempts[telling->count++] =
            (struct attempt){.proposal = sequence, .proposed = *event, .state = RECORD_PROPOSED};
    } else if (span_is(event->type, "record.expired")) {
        telling->attempts = memory_resize(telling->attempts, (telling->count + 1) * sizeof *telling->attempts);
        telling->attempts[telling->count] = (struct attempt){.proposal = sequence,
                                                             .decision = sequence,
                                                             .proposed = *event,
                                                             .decided = *event,
                                                             .state = RECORD_EFFECTIVE};
        /* What was proposed stands in it whole. */
        telling->attempts[telling->count++].proposed.data = walk_member(event->data, "record");
    } else if (last && span_is(event->type, "record.returned")) {
        last->state = RECORD_RETURNED;
        last->decision = sequence;
        last->decided = *event;
    } else if (last && span_is(event->type, "record.approved")) {
        last->state = RECORD_EFFECTIVE;
        last->decision = sequence;
        last->decided = *event;
    }
}

static bool visit_event(uint64_t sequence, struct span bytes, void *context)
{
    struct telling *telling = context;
    struct buf *events = &telling->events;
    struct event event;

    telling->has_failed = !event_parse(bytes, &event, telling->err);
    if (telling->has_failed)
        return false;
    take_event(telling, sequence, &event);
    buf_add_text(events, events->bytes ? ",{" : "{");
    show_number(events, "sequence", (int64_t)sequence);
    show_instant(events, ",\"at\":", event.at_ms);
    show_text(events, ",\"by\":", event.by);
    show_text(events, ",\"type\":", event.type);
    buf_add_byte(events, '}');
    telling->has_failed = !is_within_limit(telling);
    return !telling->has_failed;
}

/* --- deliveries and receipts --- */

static bool visit_delivery(const struct delivery *delivery, void *context)
{
    struct telling *telling = context;

    if (delivery->version != telling->version)
        return true;
    if (telling->out->data[telling->out->bytes - 1] != '[')
        buf_add_byte(telling->out, ',');
    telling->has_failed = !show_delivery(telling->txn, delivery, telling->refusals, telling->out, telling->err) ||
                          !is_within_limit(telling);
    return !telling->has_failed;
}

/* What a channel cannot be told stands behind what others were. */
static bool add_held(struct telling *telling, uint32_t version)
{
    for (int i = 0; i < STAGE_COUNT; i++) {
        struct stage_held held;

        if (!stage_held_find(telling->txn, (enum channel)i, telling->record, version, &held))
            continue;
        if (telling->out->data[telling->out->bytes - 1] != '[')
            buf_add_byte(telling->out, ',');
        show_held((enum channel)i, &held, telling->refusals, telling->out);
    }
    return store_txn_is_good(telling->txn, telling->err) && is_within_limit(telling);
}

static bool add_deliveries(struct telling *telling, uint32_t version)
{
    telling->version = version;
    buf_add_text(telling->out, ",\"deliveries\":[");
    if (version > 0 && (!outbox_of_record(telling->txn, telling->record, visit_delivery, telling, telling->err) ||
                        telling->has_failed || !add_held(telling, version)))
        return false;
    buf_add_byte(telling->out, ']');
    return true;
}

/* --- versions --- */

static bool add_kid(const json_t *signature, struct buf *out)
{
    AUTO(buf_done) struct buf header = BUF_INIT;
    AUTO(json_release) json_t *json = NULL;
    const char *text = json_text_of(signature, "protected");
    const char *kid;

    if (!text || !base64url_decode(span_of(text), &header) ||
        !json_read(buf_span(&header), JWS_HEADER_BYTES_MAX, &json, NULL))
        return false;
    kid = json_text_of(json, "kid");
    if (!kid)
        return false;
    json_string_add(out, span_of(kid));
    return true;
}

static bool add_seal_kids(struct span seal, struct buf *out, struct error *err)
{
    AUTO(json_release) json_t *jws = NULL;
    const json_t *signatures;

    buf_add_text(out, ",\"seal_kids\":[");
    if (seal.bytes > 0) {
        if (!json_read(seal, JWS_BYTES_MAX, &jws, err))
            return fail_in(err, "seal");
        signatures = json_object_get(jws, "signatures");
        for (size_t i = 0; i < json_array_size(signatures); i++) {
            if (i > 0)
                buf_add_byte(out, ',');
            if (!add_kid(json_array_get(signatures, i), out))
                return fail(err, ERR_CORRUPT, "seal: a signature without its key's id");
        }
    }
    buf_add_byte(out, ']');
    return true;
}

/* What was approved is the registry's; what was not is as it was proposed. */
static bool add_record(struct telling *telling, const struct attempt *attempt, uint32_t version)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version effective;
    struct span json = attempt->proposed.data;

    if (attempt->state == RECORD_EFFECTIVE) {
        if (!records_load(telling->txn, span_of(telling->record), version, &effective, &hold, telling->err))
            return false;
        json = effective.json;
    }
    buf_add_text(telling->out, ",\"record\":");
    buf_add_span(telling->out, json);
    return true;
}

static void add_decision(const struct attempt *attempt, struct buf *out)
{
    bool is_open = attempt->state == RECORD_PROPOSED;

    show_text(out, ",\"decided_by\":", is_open ? SPAN_NONE : attempt->decided.by);
    if (is_open) {
        buf_add_text(out, ",\"decided_at\":null,\"decision\":null,\"decision_reason\":null");
        return;
    }
    show_instant(out, ",\"decided_at\":", attempt->decided.at_ms);
    buf_add_byte(out, ',');
    show_number(out, "decision", (int64_t)attempt->decision);
    show_raw(out, ",\"decision_reason\":", walk_member(attempt->decided.data, "reason"));
}

static bool add_attempt(struct telling *telling, const struct attempt *attempt)
{
    struct span data = attempt->proposed.data;
    struct buf *out = telling->out;
    uint32_t version = (uint32_t)walk_integer_of(data, "version", 0);
    int64_t op = walk_integer_of(data, "op", 0);
    bool is_effective = attempt->state == RECORD_EFFECTIVE;

    if (op < OP_NEW || op >= OP_COUNT)
        return fail(telling->err, ERR_CORRUPT, "event %llu: no such operation", (unsigned long long)attempt->proposal);
    buf_add_byte(out, '{');
    show_number(out, "version", version);
    show_text(out, ",\"op\":", span_of(OP_SLUGS[op]));
    show_text(out, ",\"state\":", span_of(RECORD_STATE_SLUGS[attempt->state]));
    show_text(out, ",\"proposed_by\":", attempt->proposed.by);
    show_instant(out, ",\"proposed_at\":", attempt->proposed.at_ms);
    buf_add_byte(out, ',');
    show_number(out, "proposal", (int64_t)attempt->proposal);
    add_decision(attempt, out);
    show_raw(out, ",\"reason\":", walk_member(data, "reason"));
    if (!add_record(telling, attempt, version) ||
        !add_seal_kids(is_effective ? walk_member(attempt->decided.data, "seal") : SPAN_NONE, out, telling->err) ||
        !add_deliveries(telling, is_effective ? version : 0))
        return false;
    buf_add_byte(out, '}');
    return is_within_limit(telling);
}

static bool visit_basis(const struct obligation_version *version, void *context)
{
    struct buf *out = context;

    buf_add_text(out, out->data[out->bytes - 1] == '[' ? "{" : ",{");
    show_number(out, "version", version->version);
    show_text(out, ",\"state\":", span_of(STATE_SLUGS[version->state]));
    buf_add_byte(out, ',');
    show_number(out, "sequence", (int64_t)version->sequence);
    show_instant(out, ",\"at\":", version->at_ms);
    buf_add_byte(out, ',');
    show_number(out, "line", version->line);
    buf_add_byte(out, '}');
    return true;
}

static bool add_head(struct telling *telling, const struct record_version *newest)
{
    struct buf *out = telling->out;
    char obligation[33];

    obligation_id_text(newest->record.obligation, obligation);
    show_text(out, "{\"record\":", span_of(telling->record));
    show_text(out, ",\"obligation\":", span_of(obligation));
    show_text(out, ",\"state\":", span_of(RECORD_STATE_SLUGS[newest->state]));
    buf_add_text(out, ",\"basis\":[");
    if (!obligations_history(telling->txn, newest->record.obligation, visit_basis, out, telling->err))
        return false;
    buf_add_text(out, "],\"versions\":[");
    return true;
}

static bool tell_record(struct telling *telling)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version newest;

    if (!records_load(telling->txn, span_of(telling->record), 0, &newest, &hold, telling->err) ||
        !add_head(telling, &newest) ||
        !records_events(telling->txn, span_of(telling->record), visit_event, telling, telling->err) ||
        telling->has_failed)
        return false;
    for (size_t i = 0; i < telling->count; i++) {
        if (i > 0)
            buf_add_byte(telling->out, ',');
        if (!add_attempt(telling, &telling->attempts[i]))
            return false;
    }
    buf_add_text(telling->out, "],\"events\":[");
    buf_add_span(telling->out, buf_span(&telling->events));
    buf_add_text(telling->out, "]}");
    return store_txn_is_good(telling->txn, telling->err);
}

/* --- which record is meant --- */

static bool newest_of(struct store_txn *txn, struct span hex, char record[RECORD_ID_BYTES], struct error *err)
{
    struct obligation_version obligation;
    uint32_t ordinal;

    if (!obligations_by_prefix(txn, hex, &obligation, err))
        return false;
    if (!records_of_obligation(txn, obligation.id, record, &ordinal))
        return store_txn_is_good(txn, err) && refuse(err, ERR_NOT_FOUND, "record.none", "obligation %.*s has no record",
                                                     "任务 %.*s 没有失信记录", (int)hex.bytes, hex.at);
    return true;
}

static bool find_record(struct store_txn *txn, struct span id, char record[RECORD_ID_BYTES], struct error *err)
{
    if (id.bytes < SHOW_PREFIX_LEAST || !utf8_is_valid(id, NULL))
        return refuse(err, ERR_NOT_FOUND, "record.unknown", "give at least the first %d characters of an id",
                      "请至少写出编号的前 %d 个字符", SHOW_PREFIX_LEAST);
    return id.at[0] == 'R' ? records_by_prefix(txn, id, record, err) : newest_of(txn, id, record, err);
}

bool show_record_json(struct store_txn *txn, const char *id, struct refusals *refusals, struct buf *out,
                      struct error *err)
{
    struct telling telling = {.txn = txn, .refusals = refusals, .out = out, .err = err};
    struct subject subject;
    bool is_good;

    buf_clear(out);
    if (uscc_is_usable(span_of(id)) && subject_find(txn, span_of(id), &subject))
        is_good = show_subject(txn, &subject, out, err);
    else
        is_good = find_record(txn, span_of(id), telling.record, err) && tell_record(&telling);
    free(telling.attempts);
    buf_done(&telling.events);
    if (!is_good)
        buf_clear(out);
    return is_good;
}
