/* All three platforms in one process on one port: each under its own address, with its own memory, faults and clock. */
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
#include "tests/support/caller.h"
#include "tests/support/certificates.h"
#include "tests/support/filer.h"
#include "tests/support/support.h"

#define ROW "R0123456789abcdef0123"

static char folder[TEST_PATH_BYTES];
static struct national_options national;
static struct china_options china;
static struct sandbox_options options;
static struct reporter *reporter;
static struct caller caller;
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

static void make_keys(void)
{
    struct error err;

    test_folder_new(folder);
    reporter = reporter_new(folder);
    caller_begin(&caller, reporter, folder);
    cr_assert(certificate_make(folder, "ca", NULL, 1, &err) && certificate_make(folder, "server", "ca", 1, &err) &&
                  certificate_make(folder, "client", "ca", 1, &err),
              "%s", err.text);
}

static void begin(void)
{
    make_keys();
    national = (struct national_options){.base = memory_copy_text("/np"),
                                         .state = path_join(folder, "state/np"),
                                         .requester = memory_copy_text(CALLER_RID),
                                         .service = memory_copy_text(CALLER_SID),
                                         .app_key_file = path_join(folder, "app_key.hex"),
                                         .gateway_key_file = path_join(folder, "gateway.pem"),
                                         .secret_ms = 3600000};
    china = (struct china_options){.base = memory_copy_text("/cc"),
                                   .state = path_join(folder, "state/cc"),
                                   .file_code = memory_copy_text(FILER_CODE),
                                   .gateway_key_file = path_join(folder, "gateway.pem"),
                                   .result_steps = 1};
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
                                       .gateway_key_file = path_join(folder, "gateway.pem"),
                                       .national = &national,
                                       .china = &china};
    start();
}

static void end(void)
{
    char *texts[] = {national.base,
                     national.state,
                     national.requester,
                     national.service,
                     national.app_key_file,
                     national.gateway_key_file,
                     china.base,
                     china.state,
                     china.file_code,
                     china.gateway_key_file};

    stop(0);
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        free(texts[i]);
    options.national = NULL;
    options.china = NULL;
    sandbox_options_done(&options);
    reporter_free(reporter);
    test_folder_remove(folder);
}

/* --- one request --- */

static size_t collect(char *data, size_t size, size_t count, void *context)
{
    buf_add(context, data, size * count);
    return size * count;
}

/* The status, 0 when no answer came; the body is added to `out`. Takes over the headers. */
static long ask(const char *method, const char *path, struct curl_slist *headers, struct span body, struct buf *out)
{
    CURL *curl = curl_easy_init();
    AUTO(buf_done) struct buf url = BUF_INIT;
    AUTO(text_free) char *ca = path_join(folder, "ca.pem");
    AUTO(text_free) char *pem = path_join(folder, "client.pem");
    AUTO(text_free) char *key = path_join(folder, "client.key");
    long status = 0;

    if (strncmp(path, "/control/", 9) == 0) {
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, options.control_socket);
        buf_addf(&url, "http://sandbox%s", path);
    } else {
        buf_addf(&url, "https://127.0.0.1:%u%s", port, path);
    }
    curl_easy_setopt(curl, CURLOPT_URL, buf_text(&url));
    curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
    curl_easy_setopt(curl, CURLOPT_SSLCERT, pem);
    curl_easy_setopt(curl, CURLOPT_SSLKEY, key);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    if (body.bytes) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)body.bytes);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.at);
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 10000L);
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    return status;
}

static struct curl_slist *header(struct curl_slist *list, const char *name, const char *value)
{
    char line[256];

    snprintf(line, sizeof(line), "%s: %s", name, value);
    return curl_slist_append(list, line);
}

static json_t *control(const char *method, const char *path, const char *body)
{
    AUTO(buf_done) struct buf out = BUF_INIT;
    long status = ask(method, path, NULL, span_of(body), &out);
    json_t *json = json_loads(buf_text(&out), 0, NULL);

    cr_assert_eq(status, 200, "%s: %ld %s", path, status, buf_text(&out));
    cr_assert_not_null(json);
    return json;
}

static void order(const char *path, const char *body)
{
    json_decref(control("POST", path, body));
}

static int counted(const char *at, const char *name)
{
    char path[128];
    json_t *json;
    int count;

    snprintf(path, sizeof(path), "/control/state?platform=%s", at);
    json = control("GET", path, NULL);
    count = (int)json_integer_value(json_object_get(json, name));
    json_decref(json);
    return count;
}

/* --- the three ways to report the same row --- */

static long to_guangdong(void)
{
    AUTO(buf_done) struct buf body = BUF_INIT;
    AUTO(buf_done) struct buf out = BUF_INIT;
    struct reporter_headers values;
    struct curl_slist *headers = header(NULL, "content-type", "application/json");

    reporter_headers(reporter, clock_now_ms(&CLOCK_SYSTEM), &values);
    headers = header(headers, "x-tif-paasid", REPORTER_PAASID);
    headers = header(headers, "x-tif-timestamp", values.timestamp);
    headers = header(headers, "x-tif-nonce", values.nonce);
    headers = header(headers, "x-tif-signature", values.signature);
    reporter_body(reporter, REPORTER_TASK, reporter_rows(reporter_row(ROW, 1)), &body);
    return ask("POST", "/upload", headers, buf_span(&body), &out);
}

static bool take_secret(void)
{
    AUTO(buf_done) struct buf out = BUF_INIT;
    json_t *question = caller_key_body(clock_now_ms(&CLOCK_SYSTEM));
    char *body = json_dumps(question, JSON_COMPACT);
    json_t *answer;
    bool ok;

    cr_assert_eq(ask("POST", "/np/key", header(NULL, "content-type", "application/json"), span_of(body), &out), 200);
    answer = json_loads(buf_text(&out), 0, NULL);
    ok = caller_take_secret(&caller, answer);
    json_decref(answer);
    free(body);
    json_decref(question);
    return ok;
}

/* Whose code is added to `out` as the answer tells it. */
static long to_nation(struct buf *out)
{
    json_t *report = caller_report(&caller, REPORTER_TASK, reporter_rows(reporter_row(ROW, 1)));
    char *body = json_dumps(report, JSON_COMPACT);
    struct curl_slist *headers = header(NULL, "content-type", "application/json");
    struct caller_values values;
    long status;

    caller_sign(caller.secret, clock_now_ms(&CLOCK_SYSTEM), &values);
    headers = header(headers, "gjgxjhpt_rid", values.rid);
    headers = header(headers, "gjgxjhpt_sid", values.sid);
    headers = header(headers, "gjgxjhpt_rtime", values.rtime);
    headers = header(headers, "gjgxjhpt_sign", values.sign);
    status = ask("POST", "/np/report", headers, span_of(body), out);
    free(body);
    json_decref(report);
    return status;
}

static long put(const char *name, const char *ending, const char *type, struct span body)
{
    AUTO(buf_done) struct buf out = BUF_INIT;
    char path[128];

    snprintf(path, sizeof(path), "/cc/inbox/%s%s", name, ending);
    return ask("PUT", path, header(header(NULL, "content-type", type), "if-none-match", "*"), body, &out);
}

/* The statuses of both parts. */
static void to_china(long *first, long *second)
{
    AUTO(buf_done) struct buf file = BUF_INIT;
    json_t *rows = reporter_rows(reporter_row(ROW, 1));
    json_t *signature;
    char *body;
    char name[32];
    int year;
    int month;
    int day;

    day_to_civil(day_of_instant(clock_now_ms(&CLOCK_SYSTEM)), &year, &month, &day);
    snprintf(name, sizeof(name), FILER_CODE "_%04d%02d%02d_00001", year % 10000, month % 100, day % 100);
    filer_file(rows, &file);
    signature = filer_signature(reporter, name, buf_span(&file));
    body = json_dumps(signature, JSON_COMPACT);
    *first = put(name, ".xml", "application/xml", buf_span(&file));
    *second = put(name, ".sig", "application/json", span_of(body));
    free(body);
    json_decref(signature);
    json_decref(rows);
}

static void report_to_all(void)
{
    AUTO(buf_done) struct buf out = BUF_INIT;
    long first;
    long second;

    cr_assert_eq(to_guangdong(), 200);
    cr_assert(take_secret());
    cr_assert_eq(to_nation(&out), 200);
    to_china(&first, &second);
    cr_assert(first == 201 && second == 201, "%ld %ld", first, second);
}

static void history(const char *at, char sm3[65])
{
    char path[128];
    json_t *json;
    const json_t *applied;

    snprintf(path, sizeof(path), "/control/state?platform=%s&rowid=" ROW, at);
    json = control("GET", path, NULL);
    applied = json_object_get(json_object_get(json_object_get(json, "records"), ROW), "applied");
    cr_assert_eq(json_array_size(applied), 1, "%s", at);
    snprintf(sm3, 65, "%s", json_string_value(json_object_get(json_array_get(applied, 0), "sm3")));
    json_decref(json);
}

TestSuite(three, .init = begin, .fini = end, .timeout = 60);

Test(three, what_no_platform_answers_under_is_404)
{
    AUTO(buf_done) struct buf out = BUF_INIT;

    cr_assert_eq(ask("GET", "/npx/holdings", NULL, SPAN_NONE, &out), 404);
    cr_assert_eq(ask("POST", "/cc/upload", NULL, SPAN_NONE, &out), 404);
}

Test(three, control_knows_platforms_by_name_only)
{
    AUTO(buf_done) struct buf out = BUF_INIT;

    cr_assert_eq(ask("GET", "/control/state?platform=any", NULL, SPAN_NONE, &out), 404);
    cr_assert_eq(ask("POST", "/control/clock", NULL, SPAN("{\"offset_ms\":1,\"platform\":\"x\"}"), &out), 400);
    cr_assert_eq(ask("POST", "/control/expire", NULL, SPAN("{\"platform\":\"credit-china\"}"), &out), 400);
    cr_assert_eq(ask("POST", "/control/expire", NULL, SPAN("{}"), &out), 400);
}

Test(three, the_same_row_is_held_by_each_with_the_same_digest_even_after_a_kill)
{
    char of_guangdong[65];
    char of_nation[65];
    char of_china[65];

    report_to_all();
    stop(SIGKILL);
    start();
    history("credit-guangdong", of_guangdong);
    history("national-platform", of_nation);
    history("credit-china", of_china);
    cr_assert_str_eq(of_nation, of_guangdong);
    cr_assert_str_eq(of_china, of_guangdong);
}

Test(three, state_without_a_name_is_that_of_guangdong)
{
    json_t *json;

    cr_assert_eq(to_guangdong(), 200);
    json = control("GET", "/control/state", NULL);
    cr_assert_eq(json_integer_value(json_object_get(json, "applied")), 1);
    json_decref(json);
    cr_assert_eq(counted("national-platform", "applied"), 0);
    cr_assert_eq(counted("credit-china", "applied"), 0);
}

Test(three, a_fault_of_one_platform_leaves_the_others_alone)
{
    AUTO(buf_done) struct buf out = BUF_INIT;
    long first;
    long second;

    order("/control/faults",
          "{\"next\":[{\"fault\":\"status\",\"status\":503,\"platform\":\"national-platform\",\"on\":\"upload\"},"
          "{\"fault\":\"lost-reply\",\"platform\":\"credit-china\",\"on\":\"second\"}]}");
    cr_assert_eq(to_guangdong(), 200);
    cr_assert(take_secret());
    cr_assert_eq(to_nation(&out), 503);
    cr_assert_eq(counted("national-platform", "applied"), 0);
    to_china(&first, &second);
    cr_assert(first == 201 && second == 0, "%ld %ld", first, second);
    cr_assert_eq(counted("credit-china", "applied"), 1);
    to_china(&first, &second);
    cr_assert(first == 412 && second == 412, "%ld %ld", first, second);
    cr_assert_eq(counted("credit-china", "applied"), 1);
}

Test(three, a_clock_may_be_moved_for_one_platform_or_for_all)
{
    AUTO(buf_done) struct buf out = BUF_INIT;

    cr_assert(take_secret());
    order("/control/clock", "{\"offset_ms\":400000,\"platform\":\"national-platform\"}");
    cr_assert_eq(to_guangdong(), 200);
    cr_assert_eq(to_nation(&out), 200);
    cr_assert(strstr(buf_text(&out), "E-101") != NULL, "%s", buf_text(&out));
    order("/control/clock", "{\"offset_ms\":400000}");
    cr_assert_eq(to_guangdong(), 401);
    order("/control/clock", "{\"offset_ms\":0}");
    cr_assert_eq(to_guangdong(), 200);
}

Test(three, secrets_end_when_control_says_so)
{
    AUTO(buf_done) struct buf before = BUF_INIT;
    AUTO(buf_done) struct buf after = BUF_INIT;

    cr_assert(take_secret());
    order("/control/expire", "{\"platform\":\"national-platform\"}");
    cr_assert_eq(to_nation(&before), 200);
    cr_assert(strstr(buf_text(&before), "E-102") != NULL, "%s", buf_text(&before));
    cr_assert(take_secret());
    cr_assert_eq(to_nation(&after), 200);
    cr_assert(strstr(buf_text(&after), "\"code\":\"0\"") != NULL, "%s", buf_text(&after));
}
