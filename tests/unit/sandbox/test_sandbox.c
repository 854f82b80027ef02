/* The whole sandbox as a process of its own, spoken to over TLS: killed, restarted and made to misbehave. */
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

static void tell_port(void *context, uint16_t at)
{
    const int *fd = context;

    if (write(*fd, &at, sizeof(at)) != (ssize_t)sizeof(at))
        _exit(3);
}

static void start(void)
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

static void stop(int with_signal)
{
    int status;

    if (with_signal)
        kill(child, with_signal);
    close(stop_pipe[1]);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(with_signal || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

static void begin(void)
{
    struct error err;

    test_folder_new(folder);
    reporter = reporter_new(folder);
    cr_assert(certificate_make(folder, "ca", NULL, 1, &err) && certificate_make(folder, "server", "ca", 1, &err) &&
                  certificate_make(folder, "client", "ca", 1, &err),
              "%s", err.text);
    options = (struct sandbox_options){.address = memory_copy_text("127.0.0.1"),
                                       .state = path_join(folder, "state"),
                                       .control_socket = path_join(folder, "control.sock"),
                                       .certificate = path_join(folder, "server.pem"),
                                       .key = path_join(folder, "server.key"),
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

static void end(void)
{
    stop(0);
    sandbox_options_done(&options);
    reporter_free(reporter);
    test_folder_remove(folder);
}

static size_t collect(char *data, size_t size, size_t count, void *context)
{
    buf_add(context, data, size * count);
    return size * count;
}

struct answer {
    CURLcode result;
    long status;
    json_t *json; /* NULL when the body is none */
};

static void answer_done(struct answer *answer)
{
    json_decref(answer->json);
}
DEFINE_AUTO_IN_PLACE(struct answer, answer_done)

static void perform(CURL *curl, struct answer *answer)
{
    AUTO(buf_done) struct buf body = BUF_INIT;

    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 5000L);
    answer->result = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    answer->json = json_loadb(buf_text(&body), body.bytes, 0, NULL);
    curl_easy_cleanup(curl);
}

static struct curl_slist *with_headers(void)
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

static void ask_platform(const char *path, const char *body, const char *certificate, struct answer *answer)
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

static void upload(const char *task, const char *rowid, int version, struct answer *answer)
{
    AUTO(buf_done) struct buf body = BUF_INIT;

    reporter_body(reporter, task, reporter_rows(reporter_row(rowid, version)), &body);
    ask_platform("/upload", buf_text(&body), "client", answer);
}

static void control(const char *method, const char *path, const char *body, struct answer *answer)
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

static void order(const char *faults)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};

    control("POST", "/control/faults", faults, &answer);
    cr_assert_eq(answer.status, 200, "%ld", answer.status);
}

static int applied(void)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};

    control("GET", "/control/state", NULL, &answer);
    cr_assert_eq(answer.status, 200);
    return (int)json_integer_value(json_object_get(answer.json, "applied"));
}

static void expect_ok(const struct answer *answer)
{
    cr_assert_eq(answer->result, CURLE_OK, "%s", curl_easy_strerror(answer->result));
    cr_assert_eq(answer->status, 200);
    cr_assert_str_eq(json_string_value(json_object_get(answer->json, "errorCode")), "200");
}

TestSuite(sandbox, .init = begin, .fini = end, .timeout = 60);

Test(sandbox, nobody_comes_in_without_a_client_certificate)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};

    ask_platform("/holdings", NULL, NULL, &answer);
    cr_assert_neq(answer.result, CURLE_OK);
}

Test(sandbox, control_is_not_reached_over_the_network)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};

    ask_platform("/control/state", NULL, "client", &answer);
    cr_assert_eq(answer.status, 404);
}

Test(sandbox, what_control_does_not_know_is_refused)
{
    static const struct {
        const char *method;
        const char *path;
        const char *body;
        long status;
    } WRONG[] = {{"GET", "/control/else", NULL, 404},
                 {"GET", "/upload", NULL, 404},
                 {"DELETE", "/control/state", NULL, 405},
                 {"GET", "/control/state?x=1", NULL, 400},
                 {"POST", "/control/faults", "{", 400},
                 {"POST", "/control/faults", "{\"next\":[{}]}", 400},
                 {"POST", "/control/clock", "{\"offset_ms\":\"1\"}", 400}};

    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        AUTO(answer_done) struct answer answer = {.json = NULL};

        control(WRONG[i].method, WRONG[i].path, WRONG[i].body, &answer);
        cr_assert_eq(answer.status, WRONG[i].status, "%s: %ld", WRONG[i].path, answer.status);
    }
}

Test(sandbox, a_lost_reply_is_work_done_and_no_answer)
{
    AUTO(answer_done) struct answer lost = {.json = NULL};
    AUTO(answer_done) struct answer again = {.json = NULL};

    order("{\"next\":[{\"fault\":\"lost-reply\"}]}");
    upload(REPORTER_TASK, ROW, 1, &lost);
    cr_assert_neq(lost.result, CURLE_OK);
    cr_assert_eq(applied(), 1);
    upload(REPORTER_TASK, ROW, 1, &again);
    expect_ok(&again);
    cr_assert_eq(applied(), 1);
}

Test(sandbox, a_closed_connection_is_no_work_done)
{
    AUTO(answer_done) struct answer closed = {.json = NULL};

    order("{\"next\":[{\"fault\":\"close\",\"on\":\"upload\"}]}");
    upload(REPORTER_TASK, ROW, 1, &closed);
    cr_assert_neq(closed.result, CURLE_OK);
    cr_assert_eq(applied(), 0);
}

Test(sandbox, a_status_comes_before_or_after_the_work)
{
    AUTO(answer_done) struct answer before = {.json = NULL};
    AUTO(answer_done) struct answer after = {.json = NULL};

    order("{\"next\":[{\"fault\":\"status\",\"status\":503,\"retry_after\":\"7\"},"
          "{\"fault\":\"status\",\"status\":502,\"after\":true}]}");
    upload(REPORTER_TASK, ROW, 1, &before);
    cr_assert_eq(before.status, 503);
    cr_assert_eq(applied(), 0);
    upload(REPORTER_TASK, ROW, 1, &after);
    cr_assert_eq(after.status, 502);
    cr_assert_eq(applied(), 1);
}

Test(sandbox, a_delayed_answer_comes_late)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};
    int64_t start_ms = time_monotonic_ms();

    order("{\"next\":[{\"fault\":\"delay\",\"ms\":300}]}");
    upload(REPORTER_TASK, ROW, 1, &answer);
    expect_ok(&answer);
    cr_assert_geq(time_monotonic_ms() - start_ms, 300);
}

Test(sandbox, a_malformed_answer_is_not_json)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};

    order("{\"next\":[{\"fault\":\"malformed\"}]}");
    upload(REPORTER_TASK, ROW, 1, &answer);
    cr_assert_eq(answer.status, 200);
    cr_assert_null(answer.json);
    cr_assert_eq(applied(), 1);
}

Test(sandbox, a_clock_that_is_moved_refuses_our_headers)
{
    AUTO(answer_done) struct answer moved = {.json = NULL};
    AUTO(answer_done) struct answer refused = {.json = NULL};

    control("POST", "/control/clock", "{\"offset_ms\":400000}", &moved);
    cr_assert_eq(moved.status, 200);
    upload(REPORTER_TASK, ROW, 1, &refused);
    cr_assert_eq(refused.status, 401);
}

Test(sandbox, killed_it_forgets_nothing_it_acknowledged)
{
    AUTO(answer_done) struct answer first = {.json = NULL};
    AUTO(answer_done) struct answer second = {.json = NULL};
    AUTO(answer_done) struct answer task = {.json = NULL};

    upload(REPORTER_TASK, ROW, 1, &first);
    expect_ok(&first);
    stop(SIGKILL);
    start();
    cr_assert_eq(applied(), 1);
    ask_platform("/tasks/" REPORTER_TASK, NULL, "client", &task);
    expect_ok(&task);
    cr_assert_eq(json_array_size(json_object_get(task.json, "rows")), 1);
    upload(TASK_2, ROW, 2, &second);
    expect_ok(&second);
    cr_assert_eq(applied(), 2);
}

Test(sandbox, the_history_of_one_record_can_be_asked_for)
{
    AUTO(answer_done) struct answer first = {.json = NULL};
    AUTO(answer_done) struct answer second = {.json = NULL};
    AUTO(answer_done) struct answer state = {.json = NULL};

    upload(REPORTER_TASK, ROW, 1, &first);
    upload(TASK_2, "R2", 1, &second);
    control("GET", "/control/state?rowid=" ROW, NULL, &state);
    cr_assert_eq(json_object_size(json_object_get(state.json, "records")), 1);
    cr_assert_not_null(json_object_get(json_object_get(state.json, "records"), ROW));
}
