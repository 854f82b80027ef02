/* running.h - the whole sandbox as a process of its own, spoken to over TLS as a reporter does. */
#ifndef TESTS_UNIT_SANDBOX_RUNNING_H
#define TESTS_UNIT_SANDBOX_RUNNING_H

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "sandbox/sandbox.h"
#include "tests/support/certificates.h"
#include "tests/support/reporter.h"
#include "tests/support/support.h"

#define ROW "R0123456789abcdef0123"
#define TASK_2 "00000000000000000000000000000002"

static char folder[TEST_PATH_BYTES];
static struct sandbox_options options;
static struct reporter *reporter;
static pid_t child;
static int stop_pipe[2];
static uint16_t port;
static long patience_ms = 5000;

static inline void tell_port(void *context, uint16_t at)
{
    const int *fd = context;

    if (write(*fd, &at, sizeof(at)) != (ssize_t)sizeof(at))
        _exit(3);
}

static inline void start(void)
{
    int ready[2];

    cr_assert(pipe(ready) == 0 && pipe(stop_pipe) == 0);
    child = fork();
    if (child == 0) {
        struct sandbox_ready callback = {tell_port, &ready[1]};
        struct error err;

        close(ready[0]);
        close(stop_pipe[1]);
        if (!sandbox_run(&options, stop_pipe[0], &callback, &err))
            fprintf(stderr, "%s\n", err.text);
        _exit(0);
    }
    close(ready[1]);
    close(stop_pipe[0]);
    cr_assert_eq(read(ready[0], &port, sizeof(port)), (ssize_t)sizeof(port));
    close(ready[0]);
}

static inline void stop(int with_signal)
{
    int status;

    if (with_signal)
        kill(child, with_signal);
    close(stop_pipe[1]);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(with_signal || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

static inline void begin(void)
{
    struct error err;

    test_folder_new(folder);
    reporter = reporter_new(folder);
    cr_assert(certificate_make(folder, "ca", NULL, 1, &err) && certificate_make(folder, "server", "ca", 1, &err) &&
                  certificate_make(folder, "client", "ca", 1, &err) &&
                  certificate_make(folder, "expired", "ca", -1, &err) &&
                  certificate_make(folder, "other-ca", NULL, 1, &err) &&
                  certificate_make(folder, "wrong", "other-ca", 1, &err),
              "%s", err.text);
    options = (struct sandbox_options){.address = memory_copy_text("127.0.0.1"),
                                       .state = path_join(folder, "state"),
                                       .control_socket = path_join(folder, "control.sock"),
                                       .certificate = path_join(folder, "server.pem"),
                                       .key = path_join(folder, "server.key"),
                                       .expired_certificate = path_join(folder, "expired.pem"),
                                       .expired_key = path_join(folder, "expired.key"),
                                       .wrong_certificate = path_join(folder, "wrong.pem"),
                                       .wrong_key = path_join(folder, "wrong.key"),
                                       .client_ca = path_join(folder, "ca.pem"),
                                       .base = memory_copy_text(""),
                                       .paasid = memory_copy_text(REPORTER_PAASID),
                                       .token = memory_copy_text(REPORTER_TOKEN),
                                       .table_code = memory_copy_text(REPORTER_TABLE),
                                       .table_version_id = memory_copy_text(REPORTER_TABLE_VERSION),
                                       .department_code = memory_copy_text(REPORTER_DEPARTMENT),
                                       .sm4_key_file = path_join(folder, "sm4.hex"),
                                       .gateway_key_file = path_join(folder, "gateway.pem")};
    start();
}

static inline void end(void)
{
    stop(0);
    sandbox_options_done(&options);
    reporter_free(reporter);
    test_folder_remove(folder);
}

static inline size_t collect(char *data, size_t size, size_t count, void *context)
{
    buf_add(context, data, size * count);
    return size * count;
}

struct answer {
    CURLcode result;
    long status;
    size_t bytes;
    char type[64];
    json_t *json; /* NULL when the body is none */
};

static inline void answer_done(struct answer *answer)
{
    json_decref(answer->json);
}
DEFINE_AUTO_IN_PLACE(struct answer, answer_done)

static inline void perform(CURL *curl, struct answer *answer)
{
    AUTO(buf_done) struct buf body = BUF_INIT;
    const char *type = NULL;

    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, patience_ms);
    answer->result = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    snprintf(answer->type, sizeof(answer->type), "%s", type ? type : "");
    answer->bytes = body.bytes;
    answer->json = json_loadb(buf_text(&body), body.bytes, 0, NULL);
    curl_easy_cleanup(curl);
}

static inline struct curl_slist *with_headers(void)
{
    struct reporter_headers values;
    struct curl_slist *list = NULL;
    char line[256];

    reporter_headers(reporter, clock_now_ms(&CLOCK_SYSTEM), &values);
    list = curl_slist_append(list, "x-tif-paasid: " REPORTER_PAASID);
    list = curl_slist_append(list, "content-type: application/json");
    snprintf(line, sizeof(line), "x-tif-timestamp: %s", values.timestamp);
    list = curl_slist_append(list, line);
    snprintf(line, sizeof(line), "x-tif-nonce: %s", values.nonce);
    list = curl_slist_append(list, line);
    snprintf(line, sizeof(line), "x-tif-signature: %s", values.signature);
    return curl_slist_append(list, line);
}

static inline void ask_platform(const char *path, const char *body, const char *certificate, struct answer *answer)
{
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = with_headers();
    AUTO(buf_done) struct buf url = BUF_INIT;
    AUTO(text_free) char *ca = path_join(folder, "ca.pem");
    AUTO(text_free) char *pem = certificate ? path_join(folder, "client.pem") : NULL;
    AUTO(text_free) char *key = path_join(folder, "client.key");

    buf_addf(&url, "https://127.0.0.1:%u%s", port, path);
    curl_easy_setopt(curl, CURLOPT_URL, buf_text(&url));
    curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (pem) {
        curl_easy_setopt(curl, CURLOPT_SSLCERT, pem);
        curl_easy_setopt(curl, CURLOPT_SSLKEY, key);
    }
    if (body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    perform(curl, answer);
    curl_slist_free_all(headers);
}

static inline void upload(const char *task, const char *rowid, int version, struct answer *answer)
{
    AUTO(buf_done) struct buf body = BUF_INIT;

    reporter_body(reporter, task, reporter_rows(reporter_row(rowid, version)), &body);
    ask_platform("/upload", buf_text(&body), "client", answer);
}

static inline void control(const char *method, const char *path, const char *body, struct answer *answer)
{
    CURL *curl = curl_easy_init();
    AUTO(buf_done) struct buf url = BUF_INIT;

    buf_addf(&url, "http://sandbox%s", path);
    curl_easy_setopt(curl, CURLOPT_URL, buf_text(&url));
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, options.control_socket);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    if (body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    perform(curl, answer);
}

static inline void order(const char *faults)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};

    control("POST", "/control/faults", faults, &answer);
    cr_assert_eq(answer.status, 200, "%ld", answer.status);
}

static inline int applied(void)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};

    control("GET", "/control/state", NULL, &answer);
    cr_assert_eq(answer.status, 200);
    return (int)json_integer_value(json_object_get(answer.json, "applied"));
}

static inline void expect_ok(const struct answer *answer)
{
    cr_assert_eq(answer->result, CURLE_OK, "%s", curl_easy_strerror(answer->result));
    cr_assert_eq(answer->status, 200);
    cr_assert_str_eq(json_string_value(json_object_get(answer->json, "errorCode")), "200");
}

#endif
