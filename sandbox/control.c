#include "sandbox/control.h"

#include "base/text.h"

/* Ten years: enough for every publication window. */
enum { CLOCK_OFFSET_DAYS_MAX = 3660 };

struct control {
    const struct control_room *room;
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

static struct platform *find_platform(const struct control *control, struct span name)
{
    return platform_of_name(control->room->platforms, control->room->count, name);
}

static void show_state(const struct control *control)
{
    static const char *const NAMES[] = {"platform", "rowid", NULL};
    AUTO(buf_done) struct buf rowid = BUF_INIT;
    AUTO(buf_done) struct buf name = BUF_INIT;
    struct platform *platform = control->room->platforms[0];
    struct span bad;

    if (!http_query_only(control->request, NAMES, &bad)) {
        refuse_control(control->reply, 400, "only platform and rowid may be asked for");
        return;
    }
    if (http_query_of(control->request, "platform", &name))
        platform = find_platform(control, buf_span(&name));
    if (!platform) {
        refuse_control(control->reply, 404, "platform: there is none of that name");
        return;
    }
    platform->kind->describe(platform, http_query_of(control->request, "rowid", &rowid) ? buf_text(&rowid) : NULL,
                             &control->reply->body);
}

static void show_faults(const struct control *control)
{
    struct buf *body = &control->reply->body;

    buf_add_byte(body, '{');
    faults_describe(control->room->faults, body);
    buf_add_text(body, ",\"chaos\":");
    chaos_describe(control->room->chaos, body);
    buf_add_byte(body, '}');
}

/* What is of the line cannot be made without the relay, and would be swallowed. */
static bool can_be_made(const struct control *control, const json_t *order, struct error *err)
{
    size_t at;
    const json_t *fault;

    json_array_foreach(json_object_get(order, "next"), at, fault)
    {
        AUTO(fault_done) struct fault read = {.kind = FAULT_NONE};

        if (!fault_read(fault, &read, err))
            return fail_in(err, "next[%zu]", at);
        if (!control->room->relay && fault_is_of_line(read.kind))
            return fail(err, ERR_INVALID, "next[%zu]: \"%s\" needs the relay: option relay", at, fault_name(read.kind));
    }
    return true;
}

static void add_faults(const struct control *control)
{
    json_t *order = read_body(control);
    struct error err;

    if (!order)
        return;
    if (can_be_made(control, order, &err) && faults_add(control->room->faults, order, &err))
        show_faults(control);
    else
        refuse_control(control->reply, 400, err.text);
    json_decref(order);
}

static void clear_faults(const struct control *control)
{
    faults_clear(control->room->faults);
    show_faults(control);
}

static void turn_clocks(const struct control *control, const struct platform *only, int64_t offset_ms)
{
    for (size_t i = 0; i < control->room->count; i++) {
        struct platform *platform = control->room->platforms[i];

        if (platform && (!only || platform == only))
            platform->clock_offset_ms = offset_ms;
    }
    buf_addf(&control->reply->body, "{\"offset_ms\":%lld}", (long long)offset_ms);
}

static void set_clock(const struct control *control)
{
    json_t *order = read_body(control);
    const json_t *offset = json_object_get(order, "offset_ms");
    const json_t *name = json_object_get(order, "platform");
    const struct platform *only = name ? find_platform(control, span_of(json_string_value(name))) : NULL;
    int64_t limit = CLOCK_OFFSET_DAYS_MAX * INT64_C(86400000);

    if (!order)
        return;
    if (!json_is_integer(offset) || json_object_size(order) != (name ? 2 : 1) || (name && !only) ||
        json_integer_value(offset) > limit || json_integer_value(offset) < -limit)
        refuse_control(control->reply, 400, "offset_ms, at most ten years either way, and perhaps platform");
    else
        turn_clocks(control, only, json_integer_value(offset));
    json_decref(order);
}

static void expire(const struct control *control)
{
    json_t *order = read_body(control);
    const char *name = json_string_value(json_object_get(order, "platform"));
    struct platform *platform = name ? find_platform(control, span_of(name)) : NULL;

    if (!order)
        return;
    if (!platform || !platform->kind->expire || json_object_size(order) != 1) {
        refuse_control(control->reply, 400, "one member: platform, one that gives out secrets");
    } else {
        platform->kind->expire(platform);
        buf_add_text(&control->reply->body, "{\"expired\":true}");
    }
    json_decref(order);
}

static void order_chaos(const struct control *control)
{
    json_t *order = read_body(control);
    struct error err;

    if (!order)
        return;
    if (chaos_order(control->room->chaos, order, &err))
        show_faults(control);
    else
        refuse_control(control->reply, 400, err.text);
    json_decref(order);
}

static void stop_chaos(const struct control *control)
{
    chaos_stop(control->room->chaos);
    show_faults(control);
}

static void show_line(const struct control *control)
{
    struct error err;

    if (!control->room->relay)
        refuse_control(control->reply, 404, "there is no relay: option relay");
    else if (!relay_describe(control->room->relay, &control->reply->body, &err))
        refuse_control(control->reply, 500, err.text);
}

static void order_line(const struct control *control)
{
    json_t *json = read_body(control);
    struct line_order order;
    struct error err;

    if (!json)
        return;
    if (control->room->relay &&
        (!line_order_read(json, &order, &err) || !relay_order(control->room->relay, &order, &err)))
        refuse_control(control->reply, error_info(err.code)->http_status, err.text);
    else
        show_line(control);
    json_decref(json);
}

static void clear_line(const struct control *control)
{
    struct error err;

    if (control->room->relay && !relay_clear(control->room->relay, &err))
        refuse_control(control->reply, 500, err.text);
    else
        show_line(control);
}

static const struct {
    const char *method;
    const char *path;
    void (*handle)(const struct control *control);
} ROUTES[] = {
    {"GET", "/control/state", show_state},   {"GET", "/control/faults", show_faults},
    {"POST", "/control/faults", add_faults}, {"DELETE", "/control/faults", clear_faults},
    {"POST", "/control/chaos", order_chaos}, {"DELETE", "/control/chaos", stop_chaos},
    {"GET", "/control/line", show_line},     {"POST", "/control/line", order_line},
    {"DELETE", "/control/line", clear_line}, {"POST", "/control/clock", set_clock},
    {"POST", "/control/expire", expire},
};

void control_handle(const struct control_room *room, const struct http_request *request, struct http_reply *reply)
{
    const struct control control = {room, request, reply};
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
