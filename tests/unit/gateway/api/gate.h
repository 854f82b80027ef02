/* gate.h - an api process over the scratch gateway of desk.h, and libcurl to ask it.
 *
 * gate_open makes certificates, keys, the store and a configuration; then the test may change the store (T) or
 * configure anew; gate_start closes the store here and starts the child. Afterwards gate_reopen opens it again beside
 * the child.
 *
 * The child is this program started anew, which becomes an api process before main(): a fork would copy a process with
 * threads (Criterion's), whose locks may be held for ever in the copy. */
#ifndef TESTS_UNIT_GATEWAY_API_GATE_H
#define TESTS_UNIT_GATEWAY_API_GATE_H

#include <curl/curl.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "gateway/api/api.h"
#include "gateway/http/http.h"
#include "gateway/testlist/testlist.h"
#include "tests/support/certificates.h"
#include "tests/unit/gateway/command/desk.h"

static struct {
    struct config *config;
    uint16_t port;
    int words[2]; /* what the child tells its parent: read from words[0] */
    int stop_write;
    pid_t child;
    /* The last answer. */
    long status;
    struct buf headers;
    struct buf body;
    json_t *json; /* of the body, NULL when it is none */
} G;

static inline void gate_write(const char *name, const char *text)
{
    AUTO(text_free) char *path = path_join(T.folder, name);

    cr_assert(file_write(path, span_of(text), 0600, &T.err), "%s", T.err.text);
}

static inline void gate_configure_with(const char *map, const char *more)
{
    AUTO(text_free) char *path = path_join(T.folder, "g.yaml");
    AUTO(buf_done) struct buf text = BUF_INIT;

    buf_addf(&text,
             "gateway: {name: test, state: ., data: %s, map: %s}\n"
             "listen: {port: 0, certificate: server.pem, key: server.key, client_ca: ca.pem}\n"
             "import: {bytes: 64k}\n"
             "clients:\n"
             "  - {name: bank, kind: lender, certificate: bank.pem, domains: [lending, bond-issuance]}\n"
             "  - {name: land, kind: government, certificate: land.pem, domains: [land-supply]}\n"
             "%s",
             TEST_SOURCE, map, more);
    gate_write("g.yaml", buf_text(&text));
    config_free(G.config);
    G.config = NULL;
    cr_assert(config_load(path, NULL, NULL, &G.config, &T.err), "%s", T.err.text);
}

static inline void gate_configure(const char *more)
{
    gate_configure_with("1G", more);
}

static inline void gate_open(void)
{
    static const char *const NAMES[] = {"server", "bank", "land", "stranger"};
    char staff[128];

    desk_open();
    cr_assert(certificate_make(T.folder, "ca", NULL, 30, &T.err), "%s", T.err.text);
    for (size_t i = 0; i < COUNT_OF(NAMES); i++)
        cr_assert(certificate_make(T.folder, NAMES[i], "ca", 30, &T.err), "%s", T.err.text);
    snprintf(staff, sizeof staff, "staff: [{name: author, uid: %u, roles: operator, title: 张三}]\n",
             (unsigned)getuid());
    gate_configure(staff);
}

/* --- the child --- */

/* What the child finds open. */
enum { GATE_LISTEN_FD = 200, GATE_ADMIN_FD, GATE_WORDS_FD, GATE_STOP_FD };

static inline bool gate_serve(const char *folder, struct error *err)
{
    AUTO(text_free) char *config_path = path_join(folder, "g.yaml");
    AUTO(text_free) char *store_path = path_join(folder, "store");
    AUTO(config_free) struct config *config = NULL;
    AUTO(text_free) char *keys_path = path_join(folder, "keys");
    AUTO(store_close) struct store *store = NULL;
    AUTO(keyring_free) struct keyring *keyring = NULL;
    AUTO(signer_free) struct signer *signer = NULL;
    AUTO(api_free) struct api *api = NULL;
    struct api_options options = {.clock = &T.clock,
                                  .listen_fd = GATE_LISTEN_FD,
                                  .public_fd = -1,
                                  .names_fd = -1,
                                  .console_fd = -1,
                                  .door_fd = -1,
                                  .admin_fd = GATE_ADMIN_FD,
                                  .parent_fd = GATE_WORDS_FD};

    if (!config_load(config_path, NULL, NULL, &config, err) || !testlist_prepare(config, err) ||
        !store_open(store_path, &(struct store_options){.is_scratch = true, .map_bytes = (size_t)config->map_bytes},
                    &store, err))
        return false;
    options.config = config;
    options.store = store;
    /* Only where a test made keys are answers signed. */
    if (file_exists(keys_path) && (!keyring_load(keys_path, &keyring, err) || !signer_new_local(keyring, &signer, err)))
        return false;
    options.signer = signer;
    return api_new(&options, &api, err) && api_run(api, GATE_STOP_FD, err);
}

__attribute__((constructor)) static void gate_become(void)
{
    const char *folder = getenv("GATE_FOLDER");
    const char *now = getenv("GATE_NOW_MS");
    struct error err;
    bool is_good;

    if (!folder || !now)
        return;
    T.clock = (struct clock){turned_clock, NULL};
    T.now_ms = strtoll(now, NULL, 10);
    is_good = gate_serve(folder, &err);
    if (!is_good)
        fprintf(stderr, "api: %s\n", err.text);
    exit(is_good ? 0 : 1);
}

/* --- the test --- */

static inline void gate_spawn(const int fds[4])
{
    posix_spawn_file_actions_t actions;
    char now[32];
    char *arguments[] = {"gate", NULL};

    posix_spawn_file_actions_init(&actions);
    for (int i = 0; i < 4; i++)
        posix_spawn_file_actions_adddup2(&actions, fds[i], GATE_LISTEN_FD + i);
    snprintf(now, sizeof now, "%lld", (long long)T.now_ms);
    setenv("GATE_FOLDER", T.folder, 1);
    setenv("GATE_NOW_MS", now, 1);
    cr_assert_eq(posix_spawn(&G.child, "/proc/self/exe", &actions, NULL, arguments, environ), 0);
    unsetenv("GATE_FOLDER");
    posix_spawn_file_actions_destroy(&actions);
}

static inline void gate_start(void)
{
    int stop[2], listen_fd, admin_fd;

    store_close(T.store);
    T.store = NULL;
    G.port = 0;
    cr_assert(http_listen_tcp("127.0.0.1", &G.port, &listen_fd, &T.err), "%s", T.err.text);
    cr_assert(http_listen_unix(G.config->admin_socket, 0600, &admin_fd, &T.err), "%s", T.err.text);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, G.words), 0);
    cr_assert_eq(pipe2(stop, O_CLOEXEC), 0);
    gate_spawn((const int[4]){listen_fd, admin_fd, G.words[1], stop[0]});
    close(stop[0]);
    close(G.words[1]);
    close(listen_fd);
    close(admin_fd);
    G.stop_write = stop[1];
}

static inline void gate_reopen(void)
{
    AUTO(text_free) char *path = path_join(T.folder, "store");

    if (T.store)
        return;
    cr_assert(store_open(path, &(struct store_options){.is_scratch = true}, &T.store, &T.err), "%s", T.err.text);
    T.desk.store = T.store;
}

static inline void gate_stop(void)
{
    int status;

    close(G.stop_write);
    cr_assert_eq(waitpid(G.child, &status, 0), G.child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the process must stop in order: %d", status);
    G.child = 0;
}

static inline void gate_close(void)
{
    if (G.child)
        gate_stop();
    gate_reopen();
    json_decref(G.json);
    buf_done(&G.headers);
    buf_done(&G.body);
    config_free(G.config);
    desk_close();
}

/* --- asking --- */

static inline size_t gate_keep(char *data, size_t size, size_t count, void *buf)
{
    buf_add(buf, data, size * count);
    return size * count;
}

static inline void gate_perform(CURL *curl, const char *url)
{
    CURLcode code;
    struct error err;

    buf_clear(&G.headers);
    buf_clear(&G.body);
    json_decref(G.json);
    G.json = NULL;
    G.status = 0;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, gate_keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &G.body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, gate_keep);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &G.headers);
    code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &G.status);
    else
        buf_addf(&G.body, "curl: %s", curl_easy_strerror(code));
    if (!json_read(buf_span(&G.body), JSON_BYTES_MAX, &G.json, &err))
        G.json = NULL;
}

/* Over TLS as the one with that certificate (NULL: none). Status 0: no answer. */
static inline long ask_over(CURL *curl, const char *name, const char *path)
{
    char url[4096], certificate[TEST_PATH_BYTES + 32], key[TEST_PATH_BYTES + 32], ca[TEST_PATH_BYTES + 32];

    snprintf(url, sizeof url, "https://127.0.0.1:%u%s", G.port, path);
    snprintf(ca, sizeof ca, "%s/ca.pem", T.folder);
    curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
    if (name) {
        snprintf(certificate, sizeof certificate, "%s/%s.pem", T.folder, name);
        snprintf(key, sizeof key, "%s/%s.key", T.folder, name);
        curl_easy_setopt(curl, CURLOPT_SSLCERT, certificate);
        curl_easy_setopt(curl, CURLOPT_SSLKEY, key);
    }
    gate_perform(curl, url);
    curl_easy_cleanup(curl);
    return G.status;
}

/* With another header field ("Name: value") and a body; NULL: none. */
static inline long ask_sending(const char *name, const char *method, const char *path, const char *field,
                               const char *body)
{
    CURL *curl = curl_easy_init();
    struct curl_slist *fields = field ? curl_slist_append(NULL, field) : NULL;

    if (body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_NOBODY, strcmp(method, "HEAD") == 0 ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
    (void)ask_over(curl, name, path);
    curl_slist_free_all(fields);
    return G.status;
}

static inline long ask_with(const char *name, const char *method, const char *path, const char *field)
{
    return ask_sending(name, method, path, field, NULL);
}

static inline long ask_as(const char *name, const char *method, const char *path)
{
    return ask_with(name, method, path, NULL);
}

/* `version`: CURL_HTTP_VERSION_… */
static inline long ask_body(const char *name, const char *path, const char *body, long version)
{
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");

    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, version);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    (void)ask_over(curl, name, path);
    curl_slist_free_all(headers);
    return G.status;
}

static inline long ask(const char *name, const char *path)
{
    return ask_as(name, "GET", path);
}

/* On the administration socket; `body` NULL: none. */
static inline long admin_as(const char *method, const char *path, const char *body, size_t bytes)
{
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    char url[4096];

    snprintf(url, sizeof url, "http://gateway%s", path);
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, G.config->admin_socket);
    if (body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)bytes);
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_NOBODY, strcmp(method, "HEAD") == 0 ? 1L : 0L);
    gate_perform(curl, url);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return G.status;
}

static inline long admin(const char *path)
{
    return admin_as("GET", path, NULL, 0);
}

static inline long admin_post(const char *path, const char *body)
{
    return admin_as("POST", path, body, strlen(body));
}

/* A text member of the answer; "(none)" when it is absent. */
static inline const char *told(const char *name)
{
    const char *text = G.json ? json_text_of(G.json, name) : NULL;

    return text ? text : "(none)";
}

static inline bool has_header(const char *line)
{
    return strcasestr(buf_text(&G.headers), line) != NULL;
}

#endif
