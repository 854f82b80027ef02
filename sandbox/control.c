#include "sandbox/control.h"

#include "base/text.h"

/* Ten years: enough for every publication window. */
enum { CLOCK_OFFSET_DAYS_MAX = 3660 };

struct control {
    struct guangdong *platform;
    struct faults *faults;
    const struct http_request *request;
    struct http_reply *reply;
};

static void refuse_control(struct http_reply *reply, int status, const char *why)
{
    reply->status = status;
    buf_clear(&reply->body);
    buf_add_text(&reply->body, "{\"error\":");
    json_string_add(&reply->body, span_of(why));
    buf_add_byte(&reply->body, '}');
}

static json_t *read_body(const struct control *control)
{
    json_error_t problem;
    struct span body = control->request->body;
    json_t *order = json_loadb(body.bytes ? body.at : "", body.bytes, JSON_REJECT_DUPLICATES, &problem);

    if (!order)
        refuse_control(control->reply, 400, problem.text);
    return order;
}

static void show_state(const struct control *control)
{
    static const char *const NAMES[] = {"rowid", NULL};
    AUTO(buf_done) struct buf rowid = BUF_INIT;
    struct span bad;

    if (!http_query_only(control->request, NAMES, &bad)) {
        refuse_control(control->reply, 400, "only rowid may be asked for");
        return;
    }
    guangdong_describe(control->platform, http_query_of(control->request, "rowid", &rowid) ? buf_text(&rowid) : NULL,
                       &control->reply->body);
}

static void show_faults(const struct control *control)
{
    faults_describe(control->faults, &control->reply->body);
}

static void add_faults(const struct control *control)
{
    json_t *order = read_body(control);
    struct error err;

    if (!order)
        return;
    if (faults_add(control->faults, order, &err))
        show_faults(control);
    else
        refuse_control(control->reply, 400, err.text);
    json_decref(order);
}

static void clear_faults(const struct control *control)
{
    faults_clear(control->faults);
    show_faults(control);
}

static void set_clock(const struct control *control)
{
    json_t *order = read_body(control);
    const json_t *offset = json_object_get(order, "offset_ms");
    int64_t limit = CLOCK_OFFSET_DAYS_MAX * INT64_C(86400000);

    if (!order)
        return;
    if (!json_is_integer(offset) || json_object_size(order) != 1 || json_integer_value(offset) > limit ||
        json_integer_value(offset) < -limit) {
        refuse_control(control->reply, 400, "one member: offset_ms, at most ten years either way");
    } else {
        guangdong_set_clock_offset(control->platform, json_integer_value(offset));
        buf_addf(&control->reply->body, "{\"offset_ms\":%lld}", (long long)json_integer_value(offset));
    }
    json_decref(order);
}

static const struct {
    const char *method;
    const char *path;
    void (*handle)(const struct control *control);
} ROUTES[] = {
    {"GET", "/control/state", show_state},   {"GET", "/control/faults", show_faults},
    {"POST", "/control/faults", add_faults}, {"DELETE", "/control/faults", clear_faults},
    {"POST", "/control/clock", set_clock},
};

void control_handle(struct guangdong *platform, struct faults *faults, const struct http_request *request,
                    struct http_reply *reply)
{
    const struct control control = {platform, faults, request, reply};
    bool is_path = false;

    for (size_t i = 0; i < COUNT_OF(ROUTES); i++) {
        if (!span_is(request->path, ROUTES[i].path))
            continue;
        is_path = true;
        if (span_is(request->method, ROUTES[i].method)) {
            ROUTES[i].handle(&control);
            return;
        }
    }
    refuse_control(reply, is_path ? 405 : 404, is_path ? "not this method" : "no such address");
}
