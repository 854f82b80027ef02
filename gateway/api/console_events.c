/* GET /console/api/events: server-sent events (WHATWG HTML, "Server-sent events"). One answer that stays open
 * (http_reply.is_stream): the handler is asked again about five times a second and mostly adds nothing.
 *
 * What a stream last said is kept in a place of this process, found again by the mark of its request. A stream that is
 * gone does not say so: its place counts as free once it was not asked for a while. One that comes back late (its
 * reader takes nothing) takes a place anew, and says everything again. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/walk.h"
#include "gateway/api/console_live.h"
#include "gateway/jobs/jobs.h"
#include "gateway/jobs/today_json.h"

struct stream {
    uint64_t number;  /* 0: never used */
    uint64_t session; /* whose: a digest of its token */
    int64_t asked_ms;
    int64_t said_ms;
    uint64_t seen; /* console_live_today */
    struct buf today;
    struct buf jobs[STREAM_JOBS_MAX];
    bool is_over[STREAM_JOBS_MAX];
};

struct console_streams {
    uint64_t numbers; /* given so far */
    struct stream all[STREAMS_MAX];
};

struct console_streams *console_streams_new(void)
{
    return memory_new(sizeof(struct console_streams));
}

void console_streams_free(struct console_streams *streams)
{
    if (!streams)
        return;
    for (size_t i = 0; i < STREAMS_MAX; i++) {
        buf_done(&streams->all[i].today);
        for (size_t job = 0; job < STREAM_JOBS_MAX; job++)
            buf_done(&streams->all[i].jobs[job]);
    }
    free(streams);
}

/* --- places --- */

/* To count, not to trust: FNV-1a, 64 bits. */
static uint64_t session_digest(const struct session *session)
{
    uint64_t digest = UINT64_C(14695981039346656037);

    for (const char *at = session->forgery; *at; at++)
        digest = (digest ^ (uint8_t)*at) * UINT64_C(1099511628211);
    return digest;
}

static bool is_gone(const struct stream *stream, int64_t now_ms)
{
    return stream->number == 0 || now_ms - stream->asked_ms > STREAM_GONE_MS;
}

static struct stream *begin(struct console_streams *streams, uint64_t session, int64_t now_ms)
{
    struct stream *place = NULL;
    size_t of_session = 0;

    for (size_t i = 0; i < STREAMS_MAX; i++) {
        struct stream *stream = &streams->all[i];

        if (is_gone(stream, now_ms))
            place = place ? place : stream;
        else
            of_session += stream->session == session;
    }
    if (!place || of_session >= STREAMS_SESSION_MAX)
        return NULL;
    buf_clear(&place->today);
    for (size_t job = 0; job < STREAM_JOBS_MAX; job++)
        buf_clear(&place->jobs[job]);
    memset(place->is_over, 0, sizeof place->is_over);
    place->number = ++streams->numbers;
    place->session = session;
    place->seen = 0;
    place->said_ms = now_ms;
    return place;
}

/* The mark says which place and which stream in it. */
static struct stream *find(struct console_streams *streams, uint64_t mark)
{
    struct stream *stream = &streams->all[mark % STREAMS_MAX];

    return mark > 0 && stream->number == mark / STREAMS_MAX ? stream : NULL;
}

static struct stream *take_place(const struct visit *visit, int64_t now_ms)
{
    struct console_streams *streams = visit->api->streams;
    const struct http_request *request = visit->request;
    struct stream *stream = request->is_going_on ? find(streams, request->mark) : NULL;

    if (!stream)
        stream = begin(streams, session_digest(&visit->session), now_ms);
    if (!stream)
        return NULL;
    stream->asked_ms = now_ms;
    visit->reply->mark = stream->number * STREAMS_MAX + (uint64_t)(stream - streams->all);
    return stream;
}

/* --- what is said --- */

static void add_event(struct stream *stream, const char *type, struct span data, struct buf *out)
{
    buf_addf(out, "event: %s\ndata: ", type);
    buf_add_span(out, data);
    buf_add_text(out, "\n\n");
    stream->said_ms = stream->asked_ms;
}

static bool add_today(struct visit *visit, struct stream *stream, struct error *err)
{
    AUTO(buf_done) struct buf now = BUF_INIT;

    if (!console_live_today(visit, true, &stream->seen, &now, err))
        return false;
    if (now.bytes == 0 || span_equal(buf_span(&now), buf_span(&stream->today)))
        return true;
    buf_clear(&stream->today);
    buf_add_span(&stream->today, buf_span(&now));
    today_end(clock_now_ms(visit->api->options.clock), &now);
    add_event(stream, "today", buf_span(&now), &visit->reply->body);
    return true;
}

static bool add_job(struct visit *visit, struct stream *stream, size_t index, const char *id, struct error *err)
{
    AUTO(buf_done) struct buf now = BUF_INIT;
    struct span state;

    if (stream->is_over[index])
        return true;
    if (!jobs_read(visit->api->config, id, &now, err))
        return false;
    state = walk_plain_of(buf_span(&now), "state");
    stream->is_over[index] = span_is(state, "done") || span_is(state, "failed");
    if (span_equal(buf_span(&now), buf_span(&stream->jobs[index])))
        return true;
    buf_clear(&stream->jobs[index]);
    buf_add_span(&stream->jobs[index], buf_span(&now));
    add_event(stream, "job", buf_span(&now), &visit->reply->body);
    return true;
}

/* job=ID,ID… */
static bool add_jobs(struct visit *visit, struct stream *stream, struct error *err)
{
    AUTO(buf_done) struct buf given = BUF_INIT;
    struct span rest;

    if (!http_query_of(visit->request, "job", &given))
        return true;
    rest = buf_span(&given);
    for (size_t index = 0; rest.bytes > 0; index++) {
        const char *comma = memchr(rest.at, ',', rest.bytes);
        struct span one = {rest.at, comma ? (size_t)(comma - rest.at) : rest.bytes};
        char id[JOB_ID_BYTES] = "";

        if (index == STREAM_JOBS_MAX)
            return refuse(err, ERR_INVALID, "events.jobs", "at most %d jobs are listened to", "最多同时关注 %d 项任务",
                          STREAM_JOBS_MAX);
        if (one.bytes < sizeof id)
            memcpy(id, one.at, one.bytes);
        if (!add_job(visit, stream, index, id, err))
            return false;
        rest = comma ? (struct span){comma + 1, rest.bytes - one.bytes - 1} : SPAN_NONE;
    }
    return true;
}

static bool add_all(struct visit *visit, struct stream *stream, struct error *err)
{
    struct buf *out = &visit->reply->body;

    if (!visit->request->is_going_on)
        buf_addf(out, "retry: %d\n\n", LIVE_RETRY_MS);
    if (!add_jobs(visit, stream, err) || !add_today(visit, stream, err))
        return false;
    if (stream->asked_ms - stream->said_ms >= LIVE_SAY_MS) {
        buf_add_text(out, ":\n\n");
        stream->said_ms = stream->asked_ms;
    }
    return true;
}

/* A refusal ends a stream that is going on without a word: its browser comes again, and is told. */
void console_events(struct visit *visit)
{
    static const char *const NAMES[] = {"job", NULL};
    struct stream *stream;
    struct error err;

    if (!visit_takes(visit, NAMES))
        return;
    stream = take_place(visit, time_monotonic_ms());
    if (!stream) {
        error_set_both(&err, ERR_UNAVAILABLE, "events.many",
                       "too many pages of this session listen: close some of them", "打开的页面过多：请关闭其中一些");
        visit_refuse(visit, &err);
        return;
    }
    if (!add_all(visit, stream, &err)) {
        stream->number = 0;
        buf_clear(&visit->reply->body);
        visit_refuse(visit, &err);
        return;
    }
    visit->reply->content_type = "text/event-stream";
    visit->reply->is_stream = true;
}
