#include "tests/bench/asking2.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

enum { PATH_MAX_BYTES = 1024, WINDOW = 16 * 1024 * 1024 };

struct question {
    int64_t asked_ns;
    size_t received;
    int status;
    char answer[ASKING_ANSWER_MAX + 1];
};

struct connection2 {
    struct connection plain; /* descriptor and TLS */
    const struct asking *asking;
    const struct asking2_load *load;
    nghttp2_session *session;
    struct buf out;
    struct question *questions;
    bool is_wrong;
    struct error why; /* when it is */
};

static int fail_answer(struct connection2 *connection, const char *why, const struct question *question)
{
    if (!connection->is_wrong)
        error_set(&connection->why, ERR_INVALID, "%s: status %d, %.400s", why, question->status, question->answer);
    connection->is_wrong = true;
    return NGHTTP2_ERR_CALLBACK_FAILURE;
}

static nghttp2_nv pair(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), strlen(value),
                        NGHTTP2_NV_FLAG_NONE};
}

static bool ask(struct connection2 *connection, struct question *question)
{
    const struct asking *asking = connection->asking;
    char path[PATH_MAX_BYTES];
    char authority[32];
    const char *hole = strstr(asking->path, "{}");
    const char *code = connection->load->next_code(connection->load->context);

    if (hole && code)
        snprintf(path, sizeof path, "%.*s%.*s%s", (int)(hole - asking->path), asking->path, ASKING_CODE_BYTES, code,
                 hole + 2);
    else
        snprintf(path, sizeof path, "%s", asking->path);
    snprintf(authority, sizeof authority, "localhost:%ld", asking->port);
    const nghttp2_nv head[] = {pair(":method", "GET"), pair(":scheme", "https"), pair(":authority", authority),
                               pair(":path", path)};
    question->asked_ns = asking_now_ns();
    question->received = 0;
    question->status = 0;
    return nghttp2_submit_request(connection->session, NULL, head, COUNT_OF(head), NULL, question) > 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_bytes,
                     const uint8_t *value, size_t value_bytes, uint8_t flags, void *context)
{
    struct question *question = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    int64_t status;

    (void)flags;
    (void)context;
    if (question && span_is((struct span){(const char *)name, name_bytes}, ":status") &&
        integer_parse((struct span){(const char *)value, value_bytes}, &status))
        question->status = (int)status;
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *data, size_t bytes,
                   void *context)
{
    struct question *question = nghttp2_session_get_stream_user_data(session, stream_id);

    (void)flags;
    if (!question)
        return 0;
    if (bytes > ASKING_ANSWER_MAX - question->received)
        return fail_answer(context, "an answer is too long", question);
    memcpy(question->answer + question->received, data, bytes);
    question->received += bytes;
    return 0;
}

static int on_close(nghttp2_session *session, int32_t stream_id, uint32_t code, void *context)
{
    struct connection2 *connection = context;
    struct question *question = nghttp2_session_get_stream_user_data(session, stream_id);
    const char *expected = connection->asking->expected;

    if (!question)
        return 0;
    question->answer[question->received] = '\0';
    if (code != 0 || question->status != 200 || (expected && !strstr(question->answer, expected)))
        return fail_answer(connection, "not the answer that was expected", question);
    connection->load->answered(connection->load->context, question->asked_ns, question->received);
    return ask(connection, question) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static bool fail_session(const struct connection2 *connection, struct error *err, const char *what)
{
    if (!connection->is_wrong)
        return fail(err, ERR_IO, "HTTP/2: %s", what);
    if (err)
        *err = connection->why;
    return false;
}

/* All that is to be said leaves together. A question fits the socket's buffer. */
static bool send_all(struct connection2 *connection, struct error *err)
{
    const uint8_t *data;
    ssize_t bytes;

    buf_clear(&connection->out);
    while ((bytes = nghttp2_session_mem_send(connection->session, &data)) > 0)
        buf_add(&connection->out, data, (size_t)bytes);
    if (bytes < 0)
        return fail_session(connection, err, nghttp2_strerror((int)bytes));
    if (connection->out.bytes == 0)
        return true;
    return SSL_write(connection->plain.ssl, connection->out.data, (int)connection->out.bytes) ==
               (int)connection->out.bytes ||
           fail_session(connection, err, "questions could not be sent");
}

static bool begin_session(struct connection2 *connection)
{
    const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                               {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW}};
    nghttp2_session_callbacks *callbacks;
    bool is_begun;

    if (nghttp2_session_callbacks_new(&callbacks) != 0)
        return false;
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    is_begun = nghttp2_session_client_new(&connection->session, callbacks, connection) == 0 &&
               nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, settings, COUNT_OF(settings)) == 0 &&
               nghttp2_session_set_local_window_size(connection->session, NGHTTP2_FLAG_NONE, 0, WINDOW) == 0;
    nghttp2_session_callbacks_del(callbacks);
    return is_begun;
}

bool connection2_open(const struct asking *asking, const struct asking2_load *load, long streams,
                      struct connection2 **out, struct error *err)
{
    struct connection2 *connection = memory_new(sizeof *connection);

    *out = connection;
    connection->asking = asking;
    connection->load = load;
    connection->questions = memory_new((size_t)streams * sizeof *connection->questions);
    if (!connection_open(&connection->plain, asking, err))
        return false;
    if (!begin_session(connection))
        return fail_session(connection, err, "no session");
    for (long i = 0; i < streams; i++) {
        if (!ask(connection, &connection->questions[i]))
            return fail_session(connection, err, "no stream");
    }
    return send_all(connection, err);
}

int connection2_fd(const struct connection2 *connection)
{
    return connection->plain.fd;
}

bool connection2_serve(struct connection2 *connection, struct error *err)
{
    SSL *ssl = connection->plain.ssl;
    char *bytes = connection->plain.answer;

    for (;;) {
        int got = SSL_read(ssl, bytes, ASKING_ANSWER_MAX);

        if (got <= 0 && SSL_get_error(ssl, got) == SSL_ERROR_WANT_READ)
            return send_all(connection, err);
        if (got <= 0)
            return fail_session(connection, err, "the connection ended");
        if (nghttp2_session_mem_recv(connection->session, (const uint8_t *)bytes, (size_t)got) != got)
            return fail_session(connection, err, "it cannot be read");
        if (!nghttp2_session_want_read(connection->session))
            return fail_session(connection, err, "the session ended");
    }
}

void connection2_close(struct connection2 *connection)
{
    if (!connection)
        return;
    nghttp2_session_del(connection->session);
    connection_close(&connection->plain);
    buf_done(&connection->out);
    free(connection->questions);
    free(connection);
}
