/* h2.h - a small HTTP/2 client over TLS for the tests of this folder: by nghttp2 for what is right, in raw frames for
 * what is not. Never waits longer than H2_WAIT_MS. */
#ifndef TESTS_UNIT_GATEWAY_HTTP_H2_H
#define TESTS_UNIT_GATEWAY_HTTP_H2_H

#include "fixture.h"

#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>

enum { H2_ANSWERS = 300, H2_WAIT_MS = 20000, H2_HEADERS = 8 };

struct h2_answer {
    int32_t stream_id;
    int status;      /* of the final answer */
    int interim;     /* the last 1xx */
    struct buf text; /* headers, each "name: value\n" */
    struct buf body;
    struct span upload; /* what is still to be sent */
    bool is_endless;    /* the upload never ends */
    bool has_ended;     /* END_STREAM came */
    bool is_closed;
    uint32_t code;        /* the stream was closed with */
    size_t head_bytes;    /* of the final answer, as it came */
    struct buf unindexed; /* names of headers that no table of HPACK may hold, each with a line feed */
};

struct h2 {
    SSL_CTX *context;
    SSL *ssl;
    int fd;
    nghttp2_session *session; /* NULL: raw */
    struct h2_answer answers[H2_ANSWERS];
    size_t count;
    int32_t last_ended; /* the stream whose answer came to its end last */
    bool has_settings;  /* the server's */
    bool has_goaway;
    int32_t goaway_last;
    uint32_t goaway_code;
    bool is_over;  /* no more can be read or written */
    struct buf in; /* raw: not yet looked at */
};

struct h2_options {
    bool is_raw;
    bool is_slow; /* takes no more than its windows allow: nothing is given back */
    uint32_t window;
    int receive_bytes; /* of the socket */
};

static inline struct h2_answer *h2_of(struct h2 *h2, int32_t stream_id)
{
    for (size_t i = 0; i < h2->count; i++) {
        if (h2->answers[i].stream_id == stream_id)
            return &h2->answers[i];
    }
    return NULL;
}

static inline int h2_on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                               size_t name_bytes, const uint8_t *value, size_t value_bytes, uint8_t flags,
                               void *context)
{
    struct h2_answer *answer = h2_of(context, frame->hd.stream_id);
    int status;

    (void)session;
    if (!answer)
        return 0;
    if (flags & NGHTTP2_NV_FLAG_NO_INDEX)
        buf_addf(&answer->unindexed, "%.*s\n", (int)name_bytes, (const char *)name);
    if (name_bytes == 7 && memcmp(name, ":status", 7) == 0) {
        status = (int)strtol((const char *)value, NULL, 10);
        *(status < 200 ? &answer->interim : &answer->status) = status;
    }
    buf_addf(&answer->text, "%.*s: %.*s\n", (int)name_bytes, (const char *)name, (int)value_bytes, (const char *)value);
    return 0;
}

static inline int h2_on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *data,
                             size_t bytes, void *context)
{
    struct h2_answer *answer = h2_of(context, stream_id);

    (void)session;
    (void)flags;
    if (answer)
        buf_add(&answer->body, data, bytes);
    return 0;
}

static inline int h2_on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct h2 *h2 = context;
    struct h2_answer *answer = h2_of(h2, frame->hd.stream_id);

    (void)session;
    h2->has_settings = h2->has_settings || frame->hd.type == NGHTTP2_SETTINGS;
    if (frame->hd.type == NGHTTP2_GOAWAY) {
        h2->has_goaway = true;
        h2->goaway_last = frame->goaway.last_stream_id;
        h2->goaway_code = frame->goaway.error_code;
    }
    if (answer && frame->hd.type == NGHTTP2_HEADERS)
        answer->head_bytes = frame->hd.length;
    if (answer && (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) {
        answer->has_ended = true;
        h2->last_ended = frame->hd.stream_id;
    }
    return 0;
}

static inline int h2_on_close(nghttp2_session *session, int32_t stream_id, uint32_t code, void *context)
{
    struct h2_answer *answer = h2_of(context, stream_id);

    (void)session;
    if (answer) {
        answer->is_closed = true;
        answer->code = code;
    }
    return 0;
}

static inline void h2_new_session(struct h2 *h2, const struct h2_options *options)
{
    nghttp2_settings_entry window = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options->window};
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *option;

    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, h2_on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, h2_on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, h2_on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, h2_on_close);
    nghttp2_option_new(&option);
    nghttp2_option_set_no_auto_window_update(option, options->is_slow);
    nghttp2_session_client_new2(&h2->session, callbacks, h2, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    cr_assert_eq(nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, &window, options->window ? 1 : 0), 0);
}

/* Connected, with the certificate "bank" and ALPN h2. */
static inline void h2_open(struct h2 *h2, const struct fixture *fixture, const struct h2_options *options)
{
    AUTO(text_free) char *pem = path_join(fixture->folder, "bank.pem");
    AUTO(text_free) char *key = path_join(fixture->folder, "bank.key");
    const unsigned char *chosen = NULL;
    unsigned chosen_bytes = 0;

    *h2 = (struct h2){.context = SSL_CTX_new(TLS_client_method()), .fd = fixture_connect(fixture)};
    if (options->receive_bytes)
        setsockopt(h2->fd, SOL_SOCKET, SO_RCVBUF, &options->receive_bytes, sizeof options->receive_bytes);
    cr_assert_eq(SSL_CTX_use_certificate_file(h2->context, pem, SSL_FILETYPE_PEM), 1);
    cr_assert_eq(SSL_CTX_use_PrivateKey_file(h2->context, key, SSL_FILETYPE_PEM), 1);
    SSL_CTX_set_mode(h2->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    h2->ssl = SSL_new(h2->context);
    SSL_set_alpn_protos(h2->ssl, (const unsigned char *)"\x02h2", 3);
    SSL_set_fd(h2->ssl, h2->fd);
    cr_assert_eq(SSL_connect(h2->ssl), 1);
    SSL_get0_alpn_selected(h2->ssl, &chosen, &chosen_bytes);
    cr_assert(chosen_bytes == 2 && memcmp(chosen, "h2", 2) == 0);
    fcntl(h2->fd, F_SETFL, O_NONBLOCK);
    if (!options->is_raw)
        h2_new_session(h2, options);
}

/* Also after a test that failed half-way; twice is once. */
static inline void h2_close(struct h2 *h2)
{
    nghttp2_session_del(h2->session);
    if (h2->ssl && !h2->is_over)
        SSL_shutdown(h2->ssl);
    SSL_free(h2->ssl);
    SSL_CTX_free(h2->context);
    if (h2->ssl)
        close(h2->fd);
    for (size_t i = 0; i < h2->count; i++) {
        buf_done(&h2->answers[i].text);
        buf_done(&h2->answers[i].body);
        buf_done(&h2->answers[i].unindexed);
    }
    buf_done(&h2->in);
    *h2 = (struct h2){0};
    ERR_clear_error();
}

/* How much of `bytes` went; 0 when nothing can go now. */
static inline size_t h2_write(struct h2 *h2, const void *at, size_t bytes)
{
    size_t sent = 0;

    if (h2->is_over || SSL_write_ex(h2->ssl, at, bytes, &sent) == 1)
        return sent;
    if (SSL_get_error(h2->ssl, 0) != SSL_ERROR_WANT_WRITE && SSL_get_error(h2->ssl, 0) != SSL_ERROR_WANT_READ)
        h2->is_over = true;
    ERR_clear_error();
    return 0;
}

/* What there is; 0 when nothing is there now. */
static inline size_t h2_read(struct h2 *h2, void *at, size_t room)
{
    size_t got = 0;

    if (h2->is_over || SSL_read_ex(h2->ssl, at, room, &got) == 1)
        return got;
    if (SSL_get_error(h2->ssl, 0) != SSL_ERROR_WANT_WRITE && SSL_get_error(h2->ssl, 0) != SSL_ERROR_WANT_READ)
        h2->is_over = true;
    ERR_clear_error();
    return 0;
}

static inline void h2_poll(struct h2 *h2, bool wants_write, int wait_ms)
{
    struct pollfd wait = {.fd = h2->fd, .events = (short)(POLLIN | (wants_write ? POLLOUT : 0))};

    if (!h2->is_over)
        poll(&wait, 1, wait_ms);
}

/* Once: send what there is to send, wait up to `wait_ms`, read what came. */
static inline void h2_turn(struct h2 *h2, int wait_ms)
{
    uint8_t part[16384];
    const uint8_t *data;
    ssize_t bytes;
    size_t got;

    while ((bytes = nghttp2_session_mem_send(h2->session, &data)) > 0) {
        for (ssize_t sent = 0; sent < bytes && !h2->is_over;) {
            size_t now = h2_write(h2, data + sent, (size_t)(bytes - sent));

            sent += (ssize_t)now;
            if (!now && !h2->is_over)
                h2_poll(h2, true, 100);
        }
    }
    h2_poll(h2, false, wait_ms);
    while ((got = h2_read(h2, part, sizeof part)) > 0)
        cr_assert_eq(nghttp2_session_mem_recv(h2->session, part, got), (ssize_t)got);
}

#define h2_until(h2, condition)                                                                                        \
    ({                                                                                                                 \
        int64_t until_ms_ = time_monotonic_ms() + H2_WAIT_MS;                                                          \
        while (!(condition) && !(h2)->is_over && time_monotonic_ms() < until_ms_)                                      \
            h2_turn((h2), 20);                                                                                         \
        (condition);                                                                                                   \
    })

/* Connected by nghttp2, and the server's settings are known. */
static inline void h2_meet(struct h2 *h2, const struct fixture *fixture, const struct h2_options *options)
{
    h2_open(h2, fixture, options);
    cr_assert(h2_until(h2, h2->has_settings));
}

static inline ssize_t h2_read_upload(nghttp2_session *session, int32_t stream_id, uint8_t *out, size_t room,
                                     uint32_t *flags, nghttp2_data_source *source, void *context)
{
    struct h2_answer *answer = source->ptr;
    size_t bytes = answer->upload.bytes < room ? answer->upload.bytes : room;

    (void)session;
    (void)stream_id;
    (void)context;
    if (bytes == 0 && answer->is_endless)
        return NGHTTP2_ERR_DEFERRED;
    if (bytes > 0) { /* an empty upload has no bytes to point at */
        memcpy(out, answer->upload.at, bytes);
        answer->upload.at += bytes;
        answer->upload.bytes -= bytes;
    }
    if (answer->upload.bytes == 0 && !answer->is_endless)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)bytes;
}

/* What is to be asked; further headers "name", "value", …, NULL. */
struct h2_request {
    const char *method;
    const char *path;
    struct span body;
    bool has_body;
    bool is_endless; /* the body does not end with `body` */
    const char *headers[2 * H2_HEADERS + 1];
};

static inline nghttp2_nv h2_pair(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), strlen(value),
                        NGHTTP2_NV_FLAG_NONE};
}

static inline struct h2_answer *h2_ask(struct h2 *h2, const struct h2_request *request)
{
    struct h2_answer *answer = &h2->answers[h2->count++];
    nghttp2_nv pairs[4 + H2_HEADERS] = {h2_pair(":method", request->method), h2_pair(":scheme", "https"),
                                        h2_pair(":path", request->path), h2_pair(":authority", "a")};
    nghttp2_data_provider provider = {.source.ptr = answer, .read_callback = h2_read_upload};
    size_t count = 4;

    cr_assert_lt(h2->count, (size_t)H2_ANSWERS);
    *answer = (struct h2_answer){.upload = request->body, .is_endless = request->is_endless};
    for (size_t i = 0; request->headers[i]; i += 2)
        pairs[count++] = h2_pair(request->headers[i], request->headers[i + 1]);
    answer->stream_id = nghttp2_submit_request(
        h2->session, NULL, pairs, count,
        request->has_body || request->is_endless || request->body.bytes ? &provider : NULL, NULL);
    cr_assert_gt(answer->stream_id, 0);
    return answer;
}

static inline struct h2_answer *h2_get(struct h2 *h2, const char *path)
{
    return h2_ask(h2, &(struct h2_request){.method = "GET", .path = path});
}

/* Ask and wait for the end. */
static inline struct h2_answer *h2_fetch(struct h2 *h2, const struct h2_request *request)
{
    struct h2_answer *answer = h2_ask(h2, request);

    h2_until(h2, answer->is_closed);
    return answer;
}

static inline bool h2_is_good_letters(const struct h2_answer *answer, size_t bytes)
{
    if (answer->body.bytes != bytes)
        return false;
    for (size_t i = 0; i < bytes; i++) {
        if (answer->body.data[i] != fixture_letter(i))
            return false;
    }
    return true;
}

#endif
