/* GET /console/api/enterprises/{uscc}: what is known of one enterprise: its obligations with every version and the row
 * that each came from, its records, what happened when. The lives of its records, with deliveries and receipts, are
 * asked for one by one (GET /admin/v1/records/{id}): they may be long. GET …/{uscc}/lookups: who asked about it.
 *
 * An enterprise with more than what is shown here was invented to keep this process busy: "is_cut" says so. */
#include <stdlib.h>
#include <string.h>

#include "base/walk.h"
#include "gateway/api/console.h"
#include "gateway/jobs/show_obligation.h"
#include "gateway/jobs/show_parts.h"
#include "gateway/journal/journal.h"
#include "gateway/registry/subject.h"
#include "schemas/uscc.h"

enum { OBLIGATIONS_SHOWN = 100, VERSIONS_SHOWN = 500, RECORDS_SHOWN = 100, EVENTS_SHOWN = 500, EVENTS_READ = 5000 };

struct happening {
    uint64_t sequence;
    int64_t at_ms;
    struct span by; /* borrowed from the store */
    struct span type;
    char about[33];
};

struct enterprise {
    struct store_txn *txn;
    struct buf *out;
    int32_t today;
    struct shown_obligation shown;
    struct buf names; /* members of an array, ready */
    struct buf records;
    struct happening *events;
    size_t event_count;
    size_t obligations;
    size_t versions;
    size_t record_count;
    bool is_cut;
    const char *about; /* of the events under way */
    bool has_failed;
    struct error *err;
};

static void enterprise_done(struct enterprise *enterprise)
{
    shown_obligation_done(&enterprise->shown);
    buf_done(&enterprise->names);
    buf_done(&enterprise->records);
    free(enterprise->events);
}
DEFINE_AUTO_IN_PLACE(struct enterprise, enterprise_done)

static void add_comma(struct buf *out)
{
    if (out->bytes > 0 && out->data[out->bytes - 1] != '[')
        buf_add_byte(out, ',');
}

/* --- what happened --- */

static void keep_event(struct enterprise *enterprise, uint64_t sequence, const struct event *event)
{
    struct happening *happening;

    if (enterprise->event_count == EVENTS_READ) {
        enterprise->is_cut = true;
        return;
    }
    if (!enterprise->events)
        enterprise->events = memory_resize(NULL, EVENTS_READ * sizeof *enterprise->events);
    happening = &enterprise->events[enterprise->event_count++];
    *happening = (struct happening){
        .sequence = sequence, .at_ms = event->at_ms, .by = event->by, .type = event->type, .about = ""};
    memcpy(happening->about, enterprise->about, strlen(enterprise->about));
}

static bool visit_event(uint64_t sequence, struct span bytes, void *context)
{
    struct enterprise *enterprise = context;
    struct event event;

    enterprise->has_failed = !event_parse(bytes, &event, enterprise->err);
    if (!enterprise->has_failed)
        keep_event(enterprise, sequence, &event);
    return !enterprise->has_failed && enterprise->event_count < EVENTS_READ;
}

static int compare_newest_first(const void *a, const void *b)
{
    const struct happening *left = a;
    const struct happening *right = b;

    return (left->sequence < right->sequence) - (left->sequence > right->sequence);
}

static void add_timeline(struct enterprise *enterprise)
{
    struct buf *out = enterprise->out;

    if (enterprise->event_count > 0)
        qsort(enterprise->events, enterprise->event_count, sizeof *enterprise->events, compare_newest_first);
    for (size_t i = 0; i < enterprise->event_count; i++) {
        const struct happening *event = &enterprise->events[i];

        if (i == EVENTS_SHOWN) {
            enterprise->is_cut = true;
            break;
        }
        buf_add_text(out, i ? ",{" : "{");
        show_number(out, "sequence", (int64_t)event->sequence);
        show_instant(out, ",\"at\":", event->at_ms);
        show_text(out, ",\"by\":", event->by);
        show_text(out, ",\"type\":", event->type);
        show_text(out, ",\"about\":", span_of(event->about));
        buf_add_byte(out, '}');
    }
}

/* --- obligations --- */

/* Every name once, as it stands in the rows: raw JSON. */
static void keep_name(struct enterprise *enterprise, struct span row)
{
    struct span name = walk_member(row, COLUMN_KEYS[COLUMN_NAME]);

    if (name.bytes == 0 ||
        (enterprise->names.bytes > 0 && memmem(enterprise->names.data, enterprise->names.bytes, name.at, name.bytes)))
        return;
    add_comma(&enterprise->names);
    buf_add_span(&enterprise->names, name);
}

static bool visit_version(const struct obligation_version *version, void *context)
{
    struct enterprise *enterprise = context;
    struct buf *out = enterprise->out;
    struct span bytes, row, was;
    struct event event;

    if (enterprise->versions == VERSIONS_SHOWN) {
        enterprise->is_cut = true;
        return false;
    }
    enterprise->versions++;
    enterprise->has_failed =
        !journal_read(enterprise->txn, version->sequence, &bytes) || !event_parse(bytes, &event, enterprise->err);
    if (enterprise->has_failed)
        return false;
    keep_event(enterprise, version->sequence, &event);
    row = walk_member(event.data, "row");
    was = walk_member(event.data, "was");
    keep_name(enterprise, row);
    add_comma(out);
    buf_addf(out, "{\"version\":%u", version->version);
    show_text(out, ",\"state\":", span_of(STATE_SLUGS[version->state]));
    show_instant(out, ",\"at\":", version->at_ms);
    show_text(out, ",\"by\":", event.by);
    show_raw(out, ",\"import\":", walk_member(event.data, "import"));
    buf_addf(out, ",\"line\":%u,\"sequence\":%llu", version->line, (unsigned long long)version->sequence);
    show_raw(out, ",\"row\":", row);
    if (was.bytes > 0)
        show_raw(out, ",\"was\":", was);
    buf_add_byte(out, '}');
    return true;
}

/* Every record of an obligation, the oldest first. */
static bool keep_records(struct enterprise *enterprise, const uint8_t obligation[OBLIGATION_ID_BYTES])
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct buf *out = &enterprise->records;
    struct record_version version;
    char id[RECORD_ID_BYTES], day[DAY_TEXT_BYTES];
    uint32_t newest;

    if (!records_of_obligation(enterprise->txn, obligation, id, &newest))
        return store_txn_is_good(enterprise->txn, enterprise->err);
    for (uint32_t i = 0; i <= newest; i++) {
        if (enterprise->record_count++ == RECORDS_SHOWN) {
            enterprise->is_cut = true;
            break;
        }
        record_id(obligation, i, id);
        enterprise->about = id;
        if (!records_load(enterprise->txn, span_of(id), 0, &version, &hold, enterprise->err) ||
            !records_events(enterprise->txn, span_of(id), visit_event, enterprise, enterprise->err) ||
            enterprise->has_failed)
            return false;
        add_comma(out);
        show_text(out, "{\"record\":", span_of(id));
        show_text(out, ",\"obligation\":", span_of(enterprise->shown.id));
        buf_addf(out, ",\"version\":%u", version.record.version);
        show_text(out, ",\"state\":", span_of(RECORD_STATE_SLUGS[version.state]));
        show_text(out, ",\"op\":", span_of(OP_SLUGS[version.record.op]));
        show_text(out, ",\"document\":", version.record.document);
        show_text(out, ",\"decided_on\":", span_of(day_format(version.record.decided_on, day)));
        buf_add_byte(out, '}');
    }
    return true;
}

static bool add_obligation(struct enterprise *enterprise, const struct obligation_version *version)
{
    struct buf *out = enterprise->out;

    if (!shown_obligation_load(enterprise->txn, version->id, version->version, &enterprise->shown, enterprise->err))
        return false;
    add_comma(out);
    buf_add_byte(out, '{');
    shown_obligation_add(&enterprise->shown, enterprise->today, out);
    buf_add_text(out, ",\"versions\":[");
    enterprise->about = enterprise->shown.id;
    if (!obligations_history(enterprise->txn, version->id, visit_version, enterprise, enterprise->err) ||
        enterprise->has_failed)
        return false;
    buf_add_text(out, "]}");
    return keep_records(enterprise, version->id);
}

static bool visit_obligation(const struct obligation_version *version, void *context)
{
    struct enterprise *enterprise = context;

    if (enterprise->obligations == OBLIGATIONS_SHOWN) {
        enterprise->is_cut = true;
        return false;
    }
    enterprise->obligations++;
    enterprise->has_failed = !add_obligation(enterprise, version);
    return !enterprise->has_failed;
}

/* --- the whole --- */

static bool tell(struct enterprise *enterprise, struct span uscc)
{
    struct buf *out = enterprise->out;
    struct subject subject;

    if (!subject_find(enterprise->txn, uscc, &subject))
        return store_txn_is_good(enterprise->txn, enterprise->err) &&
               refuse(enterprise->err, ERR_NOT_FOUND, "enterprise.unknown", "%.*s: the register has no such enterprise",
                      "%.*s：台账中没有这家企业", (int)uscc.bytes, uscc.at);
    show_text(out, "{\"uscc\":", uscc);
    show_text(out, ",\"name\":", subject.name);
    buf_add_text(out, ",\"obligations\":[");
    if (!obligations_of_subject(enterprise->txn, uscc, visit_obligation, enterprise, enterprise->err) ||
        enterprise->has_failed)
        return false;
    buf_add_text(out, "],\"names\":[");
    buf_add_span(out, buf_span(&enterprise->names));
    buf_add_text(out, "],\"records\":[");
    buf_add_span(out, buf_span(&enterprise->records));
    buf_add_text(out, "],\"timeline\":[");
    add_timeline(enterprise);
    buf_addf(out, "],\"is_cut\":%s}", enterprise->is_cut ? "true" : "false");
    return store_txn_is_good(enterprise->txn, enterprise->err);
}

static void answer(struct visit *visit, struct span uscc)
{
    static const char *const NAMES[] = {NULL};
    struct error err;
    AUTO(enterprise_done)
    struct enterprise enterprise = {.out = &visit->reply->body,
                                    .today = day_of_instant(clock_now_ms(visit->api->options.clock)),
                                    .about = "",
                                    .err = &err};

    if (!visit_takes(visit, NAMES))
        return;
    enterprise.txn = api_read(visit->api, &err);
    if (!enterprise.txn || !tell(&enterprise, uscc))
        visit_refuse(visit, &err);
    api_end_read(visit->api);
}

void console_enterprises(struct visit *visit)
{
    struct span rest = visit->rest;
    struct span uscc;
    bool is_one = visit_segment(&rest, &uscc) && uscc_is_usable(uscc);

    if (is_one && rest.bytes == 0)
        answer(visit, uscc);
    else if (is_one && span_is(rest, "/lookups"))
        trace_about(visit, uscc);
    else
        visit_not_found(visit);
}
