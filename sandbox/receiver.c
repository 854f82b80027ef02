#include "sandbox/receiver.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "gateway/http/http.h"

enum { OPTIONS_BYTES_MAX = 1024 * 1024, LOG_BYTES_MAX = 256 * 1024 * 1024, BEHAVIOURS_MAX = 1000, STATUSES_MAX = 100 };
enum { TOLERANCE_S = 300 };

struct behaviour {
    int64_t status; /* 0: close */
    int64_t times;
    bool is_after;
    char retry_after[64];
};

struct receiver {
    struct receiver_trust *trust;
    int64_t tolerance_s;
    json_t *seen; /* ids that were taken */
    int log_fd;
    int listen_fd;
    int control_fd;
    struct http_server *server;
    struct behaviour next[BEHAVIOURS_MAX];
    size_t next_count;
    int statuses[STATUSES_MAX];
    size_t status_count; /* all that were answered */
    uint64_t taken;
    uint64_t repeats;
    uint64_t bad;
};

static void receiver_done(struct receiver *receiver)
{
    http_server_free(receiver->server);
    receiver_trust_free(receiver->trust);
    json_decref(receiver->seen);
    file_close(receiver->log_fd);
    file_close(receiver->listen_fd);
    file_close(receiver->control_fd);
}
DEFINE_AUTO_IN_PLACE(struct receiver, receiver_done)

/* --- messages --- */

/* Durable before it is acknowledged; once for each id. */
static bool take(struct receiver *receiver, const struct http_request *request, const struct receiver_message *message)
{
    AUTO(text_free) char *id = memory_copy_span(message->id);
    AUTO(buf_done) struct buf line = BUF_INIT;

    if (json_object_get(receiver->seen, id)) {
        receiver->repeats++;
        return true;
    }
    buf_add_text(&line, "{\"body\":");
    buf_add_span(&line, message->body);
    buf_add_text(&line, ",\"id\":");
    json_string_add(&line, message->id);
    buf_add_text(&line, ",\"path\":");
    json_string_add(&line, request->path);
    buf_add_text(&line, ",\"signature\":");
    json_string_add(&line, message->signatures);
    buf_add_text(&line, ",\"timestamp\":");
    buf_add_span(&line, message->timestamp);
    buf_add_text(&line, "}\n");
    if (write(receiver->log_fd, line.data, line.bytes) != (ssize_t)line.bytes || fdatasync(receiver->log_fd) != 0)
        return false;
    json_object_set_new(receiver->seen, id, json_true());
    receiver->taken++;
    return true;
}

static void next_behaviour(struct receiver *receiver, struct behaviour *out)
{
    *out = (struct behaviour){.status = 204, .is_after = true};
    if (receiver->next_count == 0)
        return;
    *out = receiver->next[0];
    if (--receiver->next[0].times == 0)
        memmove(receiver->next, receiver->next + 1, --receiver->next_count * sizeof *receiver->next);
}

static void answer(struct receiver *receiver, const struct behaviour *behaviour, struct http_reply *reply)
{
    receiver->statuses[receiver->status_count++ % STATUSES_MAX] = (int)behaviour->status;
    reply->is_dropped = behaviour->status == 0;
    reply->status = (int)behaviour->status;
    if (behaviour->status == 204)
        reply->content_type = NULL;
    if (behaviour->retry_after[0])
        http_reply_header(reply, "Retry-After", behaviour->retry_after);
    if (behaviour->status >= 300 && behaviour->status <= 399)
        http_reply_header(reply, "Location", "https://elsewhere.invalid/");
}

static void handle_message(struct receiver *receiver, const struct http_request *request, struct http_reply *reply)
{
    const struct receiver_message message = {http_header_of(request, "webhook-id"),
                                             http_header_of(request, "webhook-timestamp"),
                                             http_header_of(request, "webhook-signature"), request->body};
    AUTO(json_release) json_t *body = NULL;
    struct behaviour behaviour;
    const char *why = "the body is no JSON";
    struct error err;

    if (!span_is(request->method, "POST")) {
        reply->status = 405;
        return;
    }
    if (!receiver_verifies(receiver->trust, &message, (int64_t)time(NULL), receiver->tolerance_s, &why) ||
        !json_read(request->body, JSON_BYTES_MAX, &body, &err)) {
        receiver->bad++;
        behaviour = (struct behaviour){.status = 400};
        buf_add_text(&reply->body, "{\"error\":");
        json_string_add(&reply->body, span_of(why));
        buf_add_byte(&reply->body, '}');
    } else {
        next_behaviour(receiver, &behaviour);
        if (behaviour.is_after && !take(receiver, request, &message))
            behaviour.status = 500;
    }
    answer(receiver, &behaviour, reply);
}

/* --- control --- */

static bool read_behaviour(const json_t *order, struct behaviour *out)
{
    const char *retry_after = json_text_of(order, "retry_after");

    *out = (struct behaviour){.status = json_integer_of(order, "status", -1),
                              .times = json_integer_of(order, "times", 1),
                              .is_after = json_bool_of(order, "after", false)};
    if (retry_after && strlen(retry_after) < sizeof out->retry_after)
        memcpy(out->retry_after, retry_after, strlen(retry_after));
    return (out->status == 0 || (out->status >= 200 && out->status <= 599)) && out->times > 0;
}

static void behave(struct receiver *receiver, const struct http_request *request, struct http_reply *reply)
{
    AUTO(json_release) json_t *order = NULL;
    const json_t *item;
    struct error err;
    size_t i;

    reply->status = 400;
    if (!json_read(request->body, OPTIONS_BYTES_MAX, &order, &err))
        return;
    receiver->next_count = 0;
    json_array_foreach(json_object_get(order, "next"), i, item)
    {
        if (i == BEHAVIOURS_MAX || !read_behaviour(item, &receiver->next[receiver->next_count]))
            return;
        receiver->next_count++;
    }
    reply->status = 200;
    buf_add_text(&reply->body, "{}");
}

static void show_state(const struct receiver *receiver, struct buf *out)
{
    size_t first = receiver->status_count > STATUSES_MAX ? receiver->status_count - STATUSES_MAX : 0;

    json_count_add(out, "{\"bad\":", receiver->bad);
    json_count_add(out, ",\"next\":", receiver->next_count);
    json_count_add(out, ",\"repeats\":", receiver->repeats);
    buf_add_text(out, ",\"statuses\":[");
    for (size_t i = first; i < receiver->status_count; i++)
        buf_addf(out, "%s%d", i > first ? "," : "", receiver->statuses[i % STATUSES_MAX]);
    json_count_add(out, "],\"taken\":", receiver->taken);
    buf_add_byte(out, '}');
}

static void handle(void *context, const struct http_request *request, struct http_reply *reply)
{
    struct receiver *receiver = context;

    if (!request->peer->is_local)
        handle_message(receiver, request, reply);
    else if (span_is(request->path, "/control/behave") && span_is(request->method, "POST"))
        behave(receiver, request, reply);
    else if (span_is(request->path, "/control/state") && span_is(request->method, "GET"))
        show_state(receiver, &reply->body);
    else
        reply->status = 404;
}

/* --- setting up --- */

static char *path_of(const char *options_path, const json_t *options, const char *name)
{
    const char *value = json_text_of(options, name);
    const char *slash = strrchr(options_path, '/');
    AUTO(text_free) char *folder = NULL;

    if (!value || !*value)
        return NULL;
    if (*value == '/' || !slash)
        return memory_copy_text(value);
    folder = memory_copy_span((struct span){options_path, (size_t)(slash - options_path)});
    return path_join(folder, value);
}

/* What was taken before this process began. A torn line was never acknowledged. */
static bool open_log(struct receiver *receiver, const char *path, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct span rest;
    const char *end;

    if (!path)
        return fail(err, ERR_INVALID, "receiver: log is missing");
    if (access(path, F_OK) == 0 && !file_read(path, LOG_BYTES_MAX, &text, err))
        return false;
    rest = buf_span(&text);
    while (rest.bytes > 0 && (end = memchr(rest.at, '\n', rest.bytes)) != NULL) {
        struct span line = {rest.at, (size_t)(end - rest.at)};
        AUTO(json_release) json_t *entry = NULL;
        struct error ignored;

        if (json_read(line, JSON_BYTES_MAX, &entry, &ignored) && json_text_of(entry, "id")) {
            json_object_set_new(receiver->seen, json_text_of(entry, "id"), json_true());
            receiver->taken++;
        }
        rest = (struct span){end + 1, rest.bytes - line.bytes - 1};
    }
    receiver->log_fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    return (receiver->log_fd >= 0 && ftruncate(receiver->log_fd, (off_t)(text.bytes - rest.bytes)) == 0) ||
           fail(err, ERR_IO, "receiver: %s cannot be written", path);
}

static bool load_trust(struct receiver *receiver, const char *options_path, const json_t *options, struct error *err)
{
    AUTO(text_free) char *keys_path = path_of(options_path, options, "keys");
    AUTO(json_release) json_t *keys = NULL;

    return (!keys_path || json_read_file(keys_path, &keys, err)) &&
           receiver_trust_new(json_object_get(options, "secrets"), keys, &receiver->trust, err);
}

static bool open_doors(struct receiver *receiver, const char *options_path, const json_t *options, uint16_t *port,
                       struct error *err)
{
    AUTO(text_free) char *certificate = path_of(options_path, options, "certificate");
    AUTO(text_free) char *key = path_of(options_path, options, "key");
    AUTO(text_free) char *client_ca = path_of(options_path, options, "client_ca");
    AUTO(text_free) char *control = path_of(options_path, options, "control_socket");
    const struct http_tls tls = {.certificate_file = certificate,
                                 .key_file = key,
                                 .client_ca_file = client_ca,
                                 .requires_client = client_ca != NULL};
    struct http_server_options server = {.limits = HTTP_LIMITS_DEFAULT, .handle = handle, .context = receiver};

    if (!certificate || !key)
        return fail(err, ERR_INVALID, "receiver: certificate and key are needed");
    *port = (uint16_t)json_integer_of(options, "port", 0);
    return http_server_new(&server, &receiver->server, err) &&
           http_listen_tcp("127.0.0.1", port, &receiver->listen_fd, err) &&
           http_server_add_listener(receiver->server, receiver->listen_fd, &tls, err) &&
           (!control || (http_listen_unix(control, 0600, &receiver->control_fd, err) &&
                         http_server_add_listener(receiver->server, receiver->control_fd, NULL, err)));
}

bool receiver_run(const char *options_path, int stop_fd, const struct sandbox_ready *ready, struct error *err)
{
    AUTO(receiver_done)
    struct receiver receiver = {.seen = json_object(), .log_fd = -1, .listen_fd = -1, .control_fd = -1};
    AUTO(json_release) json_t *options = NULL;
    AUTO(text_free) char *log = NULL;
    uint16_t port;

    if (!json_read_file(options_path, &options, err))
        return false;
    receiver.tolerance_s = json_integer_of(options, "tolerance_s", TOLERANCE_S);
    log = path_of(options_path, options, "log");
    if (!load_trust(&receiver, options_path, options, err) || !open_log(&receiver, log, err) ||
        !open_doors(&receiver, options_path, options, &port, err))
        return false;
    if (ready)
        ready->call(ready->context, port);
    return http_server_run(receiver.server, stop_fd, err);
}
