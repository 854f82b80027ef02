/* platform.h - the sandbox as a process of its own, for tests that speak to it through the courier. */
#ifndef TESTS_UNIT_ALL_PLATFORM_H
#define TESTS_UNIT_ALL_PLATFORM_H

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/file.h"
#include "base/json.h"
#include "sandbox/sandbox.h"
#include "tests/support/certificates.h"
#include "tests/support/support.h"

#define PLATFORM_TOKEN "token0123456789"
#define PLATFORM_REQUESTER "creditgate-test"
#define PLATFORM_SERVICE "s_1000000000000_0001"
#define PLATFORM_FILE_CODE "440003"
#define PLATFORM_SM4 "000102030405060708090a0b0c0d0e0f"

static struct {
    struct sandbox_options options;
    const char *folder;
    bool is_three; /* all three platforms, not only 信用广东; set before platform_open */
    pid_t child;
    int stop_fd;
    int held_fd; /* while it is away: its port, so that nobody else is given it; 0: not held */
    uint16_t port;
} P;

static inline void platform_tell_port(void *context, uint16_t port)
{
    const int *fd = context;

    if (write(*fd, &port, sizeof port) != (ssize_t)sizeof port)
        _exit(3);
}

/* Told to stop by a counter, not by the end of a pipe: other processes of the test may hold that pipe open. */
static inline int stop_new(void)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    cr_assert_geq(fd, 0);
    return fd;
}

static inline void stop_tell(int fd)
{
    uint64_t one = 1;

    cr_assert_eq(write(fd, &one, sizeof one), (ssize_t)sizeof one);
    close(fd);
}

/* A process that must not outlive the test, however that ends. 0 in the new one. */
static inline pid_t fork_bound(void)
{
    pid_t parent = getpid();
    pid_t child = fork();

    if (child == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent))
        _exit(4);
    return child;
}

/* While the platform is away its port is free, and another test may be given it: the courier then finds
 * somebody whom it does not trust and pauses, for good. A socket that does not listen keeps the port and refuses
 * connections; one that listens may be bound beside it (SO_REUSEADDR, both). */
static inline void platform_hold_port(void)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(P.port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int on = 1;

    P.held_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(P.held_fd, 0);
    cr_assert_eq(setsockopt(P.held_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    cr_assert_eq(bind(P.held_fd, (const struct sockaddr *)&address, sizeof address), 0, "port %u: errno %d", P.port,
                 errno);
}

static inline void platform_free_port(void)
{
    if (P.held_fd > 0)
        close(P.held_fd);
    P.held_fd = 0;
}

/* Begins on the port it had before, if any. */
static inline void platform_start(void)
{
    int ready[2];

    cr_assert_eq(pipe(ready), 0);
    P.stop_fd = stop_new();
    P.options.port = P.port;
    P.child = fork_bound();
    if (P.child == 0) {
        struct sandbox_ready callback = {platform_tell_port, &ready[1]};
        struct error err;

        close(ready[0]);
        if (!sandbox_run(&P.options, P.stop_fd, &callback, &err))
            fprintf(stderr, "%s\n", err.text);
        _exit(0);
    }
    close(ready[1]);
    cr_assert_eq(read(ready[0], &P.port, sizeof P.port), (ssize_t)sizeof P.port);
    close(ready[0]);
    platform_free_port();
}

static inline void platform_stop(void)
{
    if (P.child <= 0)
        return;
    stop_tell(P.stop_fd);
    waitpid(P.child, NULL, 0);
    P.child = 0;
    platform_hold_port();
}

static inline void platform_add_later(const char *folder)
{
    AUTO(text_free) char *app_key = path_join(folder, "app.hex");
    struct error err;

    cr_assert(file_write(app_key, span_of(PLATFORM_SM4 "\n"), 0600, &err), "%s", err.text);
    P.options.national = memory_new(sizeof *P.options.national);
    *P.options.national = (struct national_options){.base = memory_copy_text("/np"),
                                                    .state = path_join(folder, "nation"),
                                                    .requester = memory_copy_text(PLATFORM_REQUESTER),
                                                    .service = memory_copy_text(PLATFORM_SERVICE),
                                                    .app_key_file = TAKE(app_key),
                                                    .gateway_key_file = path_join(folder, "gateway.pem"),
                                                    .secret_ms = 7200000};
    P.options.china = memory_new(sizeof *P.options.china);
    *P.options.china = (struct china_options){.base = memory_copy_text("/cc"),
                                              .state = path_join(folder, "china"),
                                              .file_code = memory_copy_text(PLATFORM_FILE_CODE),
                                              .gateway_key_file = path_join(folder, "gateway.pem"),
                                              .result_steps = 1};
}

/* In a folder with "gateway.pem", the public key of the reporter. */
static inline void platform_open(const char *folder, const struct clock *clock)
{
    static const char *const CERTIFICATES[][2] = {
        {"ca", NULL}, {"other-ca", NULL}, {"server", "ca"}, {"client", "ca"}, {"stranger", "other-ca"}};
    static const struct certificate_wish EXPIRED = {
        .name = "expired", .issuer = "ca", .from_days = -9, .until_days = -2};
    char path[TEST_PATH_BYTES + 16];
    struct error err;

    for (size_t i = 0; i < COUNT_OF(CERTIFICATES); i++)
        cr_assert(certificate_make(folder, CERTIFICATES[i][0], CERTIFICATES[i][1], 2, &err), "%s", err.text);
    cr_assert(certificate_make_wish(folder, &EXPIRED, &err), "%s", err.text);
    snprintf(path, sizeof path, "%s/sm4.hex", folder);
    cr_assert(file_write(path, span_of(PLATFORM_SM4 "\n"), 0600, &err), "%s", err.text);
    P.folder = folder;
    P.options = (struct sandbox_options){.address = memory_copy_text("127.0.0.1"),
                                         .state = path_join(folder, "platform"),
                                         .control_socket = path_join(folder, "control.sock"),
                                         .certificate = path_join(folder, "server.pem"),
                                         .key = path_join(folder, "server.key"),
                                         .expired_certificate = path_join(folder, "expired.pem"),
                                         .expired_key = path_join(folder, "expired.key"),
                                         .wrong_certificate = path_join(folder, "stranger.pem"),
                                         .wrong_key = path_join(folder, "stranger.key"),
                                         .client_ca = path_join(folder, "ca.pem"),
                                         .base = memory_copy_text("/gd"),
                                         .paasid = memory_copy_text("creditgate-test"),
                                         .token = memory_copy_text(PLATFORM_TOKEN),
                                         .table_code = memory_copy_text("SXJZCN"),
                                         .table_version_id = memory_copy_text("V1"),
                                         .department_code = memory_copy_text("4400GXT"),
                                         .sm4_key_file = path_join(folder, "sm4.hex"),
                                         .gateway_key_file = path_join(folder, "gateway.pem"),
                                         .clock = clock};
    if (P.is_three)
        platform_add_later(folder);
    platform_start();
}

static inline void platform_close(void)
{
    platform_stop();
    platform_free_port();
    sandbox_options_done(&P.options);
}

static inline size_t platform_collect(char *data, size_t size, size_t count, void *context)
{
    buf_add(context, data, size * count);
    return size * count;
}

/* What control answers; a new reference. */
static inline json_t *platform_control(const char *method, const char *path, const char *body)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    AUTO(buf_done) struct buf url = BUF_INIT;
    CURL *curl = curl_easy_init();
    json_t *json = NULL;
    struct error err;
    long status = 0;

    buf_addf(&url, "http://sandbox%s", path);
    curl_easy_setopt(curl, CURLOPT_URL, buf_text(&url));
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, P.options.control_socket);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, platform_collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 20000L);
    if (body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    cr_assert_eq(curl_easy_perform(curl), CURLE_OK, "control");
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    cr_assert_eq(status, 200, "%s: %ld %s", path, status, buf_text(&answer));
    cr_assert(json_read(buf_span(&answer), JSON_BYTES_MAX, &json, &err), "%s", err.text);
    return json;
}

/* `next`: the list without its brackets. */
static inline void platform_order(const char *next)
{
    AUTO(buf_done) struct buf order = BUF_INIT;

    buf_addf(&order, "{\"next\":[%s]}", next);
    json_release(platform_control("POST", "/control/faults", buf_text(&order)));
}

/* An order for the line (sandbox/line.h). */
static inline void platform_line(const char *order)
{
    json_release(platform_control("POST", "/control/line", order));
}

static inline void platform_turn(int64_t offset_ms)
{
    AUTO(buf_done) struct buf order = BUF_INIT;

    buf_addf(&order, "{\"offset_ms\":%lld}", (long long)offset_ms);
    json_release(platform_control("POST", "/control/clock", buf_text(&order)));
}

/* No faults, no orders for the line, a clock that is right. */
static inline void platform_forgive(void)
{
    platform_turn(0);
    json_release(platform_control("DELETE", "/control/line", NULL));
    json_release(platform_control("DELETE", "/control/faults", NULL));
}

static inline int64_t platform_count(const char *name)
{
    AUTO(json_release) json_t *state = platform_control("GET", "/control/state", NULL);

    return json_integer_of(state, name, -1);
}

#endif
