/* line_order_read: one table of members. A member of both ways comes before those of one, which then have their say. */
#include "sandbox/line.h"

#include <inttypes.h>
#include <string.h>

const char *const LINE_CERTIFICATE_NAMES[LINE_CERTIFICATE_COUNT] = {"usual", "expired", "wrong"};

/* What a number is for. */
enum place { IN_LATENCY, IN_DRIP_BYTES, IN_DRIP_MS, IN_END, IN_CONNECTIONS, IN_LIMIT, IN_FOR };
enum ways { WAY_REQUEST = 1, WAY_ANSWER = 2, WAYS_BOTH = 3 };

struct number {
    const char *name;
    int64_t min;
    int64_t max;
    enum place place;
    enum ways ways;
    enum line_end end;
};

static const struct number NUMBERS[] = {
    {"latency_ms", 0, LINE_MS_MAX, IN_LATENCY, WAYS_BOTH, 0},
    {"request_latency_ms", 0, LINE_MS_MAX, IN_LATENCY, WAY_REQUEST, 0},
    {"answer_latency_ms", 0, LINE_MS_MAX, IN_LATENCY, WAY_ANSWER, 0},
    {"drip_bytes", 1, LINE_BYTES_MAX, IN_DRIP_BYTES, WAYS_BOTH, 0},
    {"drip_ms", 1, LINE_MS_MAX, IN_DRIP_MS, WAYS_BOTH, 0},
    {"reset_after_request_bytes", 0, LINE_BYTES_MAX, IN_END, WAY_REQUEST, LINE_RESET},
    {"close_after_request_bytes", 0, LINE_BYTES_MAX, IN_END, WAY_REQUEST, LINE_CLOSE},
    {"stall_after_request_bytes", 0, LINE_BYTES_MAX, IN_END, WAY_REQUEST, LINE_STALL},
    {"reset_after_answer_bytes", 0, LINE_BYTES_MAX, IN_END, WAY_ANSWER, LINE_RESET},
    {"close_after_answer_bytes", 0, LINE_BYTES_MAX, IN_END, WAY_ANSWER, LINE_CLOSE},
    {"stall_after_answer_bytes", 0, LINE_BYTES_MAX, IN_END, WAY_ANSWER, LINE_STALL},
    {"connections", 1, LINE_CONNECTIONS_MAX, IN_CONNECTIONS, 0, 0},
    {"limit", 0, LINE_CONNECTIONS_MAX, IN_LIMIT, 0, 0},
    {"for_ms", 1, LINE_MS_MAX, IN_FOR, 0, 0},
};

static bool put_end(struct line_way *way, const struct number *number, int64_t value, struct error *err)
{
    if (way->end_after >= 0)
        return fail(err, ERR_INVALID, "%s: this way has an end already", number->name);
    way->end_after = value;
    way->end = number->end;
    return true;
}

static bool put_in_way(struct line_way *way, const struct number *number, int64_t value, struct error *err)
{
    switch (number->place) {
    case IN_LATENCY:
        way->latency_ms = value;
        return true;
    case IN_DRIP_BYTES:
        way->drip_bytes = value;
        return true;
    case IN_DRIP_MS:
        way->drip_ms = value;
        return true;
    default:
        return put_end(way, number, value, err);
    }
}

static bool put_number(struct line_order *order, const struct number *number, int64_t value, struct error *err)
{
    if (number->place == IN_CONNECTIONS) {
        order->rule.connections = value;
        return true;
    }
    if (number->place == IN_LIMIT) {
        order->has_limit = true;
        order->limit.connections = value;
        return true;
    }
    if (number->place == IN_FOR) {
        order->limit.for_ms = value;
        return true;
    }
    order->has_rule = true;
    return (!(number->ways & WAY_REQUEST) || put_in_way(&order->rule.request, number, value, err)) &&
           (!(number->ways & WAY_ANSWER) || put_in_way(&order->rule.answer, number, value, err));
}

static bool read_numbers(const json_t *json, struct line_order *order, size_t *found, struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(NUMBERS); i++) {
        const json_t *value = json_object_get(json, NUMBERS[i].name);

        if (!value)
            continue;
        ++*found;
        if (!json_is_integer(value) || json_integer_value(value) < NUMBERS[i].min ||
            json_integer_value(value) > NUMBERS[i].max)
            return fail(err, ERR_INVALID, "%s: a number from %" PRId64 " to %" PRId64, NUMBERS[i].name, NUMBERS[i].min,
                        NUMBERS[i].max);
        if (!put_number(order, &NUMBERS[i], json_integer_value(value), err))
            return false;
    }
    return true;
}

static bool read_certificate(const json_t *value, struct line_order *order, struct error *err)
{
    for (int i = 0; i < LINE_CERTIFICATE_COUNT; i++) {
        if (json_is_string(value) && strcmp(json_string_value(value), LINE_CERTIFICATE_NAMES[i]) == 0) {
            order->has_rule = true;
            order->rule.certificate = (enum line_certificate)i;
            return true;
        }
    }
    return fail(err, ERR_INVALID, "certificate: usual, expired or wrong");
}

static bool read_over(const json_t *value, struct line_order *order, struct error *err)
{
    const char *text = json_string_value(value);

    if (!text || (strcmp(text, "refuse") != 0 && strcmp(text, "wait") != 0))
        return fail(err, ERR_INVALID, "over: refuse or wait");
    order->limit.waits = strcmp(text, "wait") == 0;
    return true;
}

static bool read_rest(const json_t *json, struct line_order *order, size_t *found, struct error *err)
{
    const json_t *certificate = json_object_get(json, "certificate");
    const json_t *over = json_object_get(json, "over");
    const json_t *open = json_object_get(json, "reset_open");

    *found += (size_t)(certificate != NULL) + (over != NULL) + (open != NULL);
    if ((certificate && !read_certificate(certificate, order, err)) || (over && !read_over(over, order, err)))
        return false;
    if (open && !json_is_boolean(open))
        return fail(err, ERR_INVALID, "reset_open: true or false");
    order->resets_open = json_is_true(open);
    return true;
}

static bool check_order(const struct line_order *order, const json_t *json, struct error *err)
{
    if ((order->rule.request.drip_bytes > 0) != (order->rule.request.drip_ms > 0))
        return fail(err, ERR_INVALID, "drip_bytes and drip_ms come together");
    if (!order->has_limit && (json_object_get(json, "for_ms") || json_object_get(json, "over")))
        return fail(err, ERR_INVALID, "for_ms and over belong to a limit");
    if (!order->has_rule && order->rule.connections > 0)
        return fail(err, ERR_INVALID, "connections: of what?");
    if (!order->has_rule && !order->has_limit && !order->resets_open)
        return fail(err, ERR_INVALID, "nothing is ordered");
    return true;
}

bool line_order_read(const json_t *json, struct line_order *out, struct error *err)
{
    struct line_order order = {.rule = {.request = LINE_WAY_FREE, .answer = LINE_WAY_FREE},
                               .limit = {.connections = -1}};
    size_t found = 0;

    if (!json_is_object(json))
        return fail(err, ERR_INVALID, "an order is an object");
    if (!read_numbers(json, &order, &found, err) || !read_rest(json, &order, &found, err))
        return false;
    if (found != json_object_size(json))
        return fail(err, ERR_INVALID, "a member is not known");
    if (!check_order(&order, json, err))
        return false;
    *out = order;
    return true;
}

static void describe_way(const struct line_way *way, const char *name, struct buf *out)
{
    static const char *const ENDS[LINE_END_COUNT] = {"reset", "close", "stall"};

    buf_addf(out, "\"%s_latency_ms\":%" PRId64 ",", name, way->latency_ms);
    if (way->end_after >= 0)
        buf_addf(out, "\"%s_after_%s_bytes\":%" PRId64 ",", ENDS[way->end], name, way->end_after);
}

void line_rule_describe(const struct line_rule *rule, struct buf *out)
{
    buf_add_byte(out, '{');
    describe_way(&rule->request, "request", out);
    describe_way(&rule->answer, "answer", out);
    if (rule->request.drip_bytes > 0)
        buf_addf(out, "\"drip_bytes\":%" PRId64 ",\"drip_ms\":%" PRId64 ",", rule->request.drip_bytes,
                 rule->request.drip_ms);
    if (rule->connections > 0)
        buf_addf(out, "\"connections\":%" PRId64 ",", rule->connections);
    buf_addf(out, "\"certificate\":\"%s\"}", LINE_CERTIFICATE_NAMES[rule->certificate]);
}
