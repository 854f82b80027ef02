/* Who gets in through TLS, and how. */
#include "fixture.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

static struct fixture fixture;

static void make(const char *name, const char *issuer, int days)
{
    cr_assert(certificate_make(fixture.folder, name, issuer, days, &fixture.err), "%s", fixture.err.text);
}

static void setup(void)
{
    fixture = (struct fixture){.uses_tls = true, .limits = {.handshake_ms = 400}};
    test_folder_new(fixture.folder);
    make("ca", NULL, 30);
    make("other", NULL, 30);
    make("server", "ca", 30);
    make("bank", "ca", 30);
    make("ended", "ca", -1);
    make("stranger", "other", 30);
}

static void teardown(void)
{
    test_folder_remove(fixture.folder);
}

TestSuite(tls, .init = setup, .fini = teardown, .timeout = 60);

struct client {
    SSL_CTX *context;
    SSL *ssl;
    int fd;
};

/* `name` NULL: without a certificate. `alpn` in wire form, may be NULL. */
static void client_open(struct client *client, const char *name, const char *alpn, SSL_SESSION *session)
{
    char path[TEST_PATH_BYTES + 32];

    client->context = SSL_CTX_new(TLS_client_method());
    if (name) {
        snprintf(path, sizeof path, "%s/%s.pem", fixture.folder, name);
        cr_assert_eq(SSL_CTX_use_certificate_file(client->context, path, SSL_FILETYPE_PEM), 1);
        snprintf(path, sizeof path, "%s/%s.key", fixture.folder, name);
        cr_assert_eq(SSL_CTX_use_PrivateKey_file(client->context, path, SSL_FILETYPE_PEM), 1);
    }
    client->ssl = SSL_new(client->context);
    if (alpn)
        SSL_set_alpn_protos(client->ssl, (const unsigned char *)alpn, (unsigned)strlen(alpn));
    if (session)
        SSL_set_session(client->ssl, session);
    client->fd = fixture_connect(&fixture);
    SSL_set_fd(client->ssl, client->fd);
}

static void client_close(struct client *client)
{
    /* Without a good-bye OpenSSL marks the session as not to be resumed. */
    if (SSL_is_init_finished(client->ssl))
        SSL_shutdown(client->ssl);
    SSL_free(client->ssl);
    SSL_CTX_free(client->context);
    close(client->fd);
    ERR_clear_error();
}

/* One request; "" when we were not let in. */
static void client_get(struct client *client, char *out, size_t room)
{
    static const char REQUEST[] = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
    int got = -1;

    if (SSL_connect(client->ssl) == 1 && SSL_write(client->ssl, REQUEST, sizeof REQUEST - 1) > 0)
        got = SSL_read(client->ssl, out, (int)room - 1);
    out[got > 0 ? got : 0] = '\0';
}

static bool gets_in(const char *name)
{
    struct client client;
    char answer[2000];

    client_open(&client, name, NULL, NULL);
    client_get(&client, answer, sizeof answer);
    client_close(&client);
    return answer[0] != '\0';
}

Test(tls, only_a_client_with_a_certificate_of_our_authority_gets_in)
{
    fixture_start(&fixture);
    cr_expect_not(gets_in(NULL), "no certificate");
    cr_expect_not(gets_in("stranger"), "another authority");
    cr_expect_not(gets_in("ended"), "a certificate that has ended");
    cr_expect(gets_in("bank"));
    fixture_stop(&fixture);
}

Test(tls, where_certificates_are_optional_a_bad_one_is_still_refused)
{
    fixture.client_is_optional = true;
    fixture_start(&fixture);
    cr_expect(gets_in(NULL));
    cr_expect_not(gets_in("stranger"));
    cr_expect(gets_in("bank"));
    fixture_stop(&fixture);
}

Test(tls, the_handler_learns_who_asks)
{
    struct client client;
    char answer[2000];

    fixture_start(&fixture);
    client_open(&client, "bank", NULL, NULL);
    client_get(&client, answer, sizeof answer);
    cr_assert_not_null(strstr(answer, "GET /x 0 CN=bank"), "%s", answer);
    client_close(&client);
    fixture_stop(&fixture);
}

Test(tls, old_versions_are_refused)
{
    struct client client;

    fixture_start(&fixture);
    client_open(&client, "bank", NULL, NULL);
    SSL_set_security_level(client.ssl, 0);
    cr_assert_eq(SSL_set_max_proto_version(client.ssl, TLS1_1_VERSION), 1);
    cr_assert_neq(SSL_connect(client.ssl), 1);
    client_close(&client);
    fixture_stop(&fixture);
}

Test(tls, version_1_2_is_still_spoken)
{
    struct client client;
    char answer[2000];

    fixture_start(&fixture);
    client_open(&client, "bank", NULL, NULL);
    SSL_set_max_proto_version(client.ssl, TLS1_2_VERSION);
    client_get(&client, answer, sizeof answer);
    cr_assert_not_null(strstr(answer, "CN=bank"));
    client_close(&client);
    fixture_stop(&fixture);
}

Test(tls, a_protocol_we_do_not_speak_is_refused_by_alert)
{
    struct client client;

    fixture_start(&fixture);
    client_open(&client, "bank", "\x06gopher", NULL);
    cr_assert_neq(SSL_connect(client.ssl), 1);
    cr_assert_eq(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
    client_close(&client);
    fixture_stop(&fixture);
}

Test(tls, who_does_not_finish_the_handshake_is_cut_off)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    int64_t start_ms = time_monotonic_ms();
    int fd;

    fixture_start(&fixture);
    fd = fixture_connect(&fixture);
    fixture_send(fd, RAW("\x16\x03\x01\x00"));
    cr_assert_eq(fixture_read_all(fd, &answer), 0);
    cr_assert_lt(time_monotonic_ms() - start_ms, 3000);
    close(fd);
    fixture_stop(&fixture);
}

/* OpenSSL holds what it has of a record: that is no reason to ask it again and again. */
Test(tls, a_record_that_stays_half_does_not_keep_the_server_busy)
{
    struct client client;
    double before;

    fixture_start(&fixture);
    client_open(&client, "bank", NULL, NULL);
    cr_assert_eq(SSL_connect(client.ssl), 1);
    fixture_send(client.fd, RAW("\x17\x03\x03\x00\x40half"));
    usleep(100000);
    before = fixture_cpu_seconds(&fixture);
    usleep(1000000);
    cr_assert_lt(fixture_cpu_seconds(&fixture) - before, 0.2);
    client_close(&client);
    fixture_stop(&fixture);
}

Test(tls, plain_text_is_not_answered)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;

    fixture_start(&fixture);
    fixture_talk(&fixture, RAW("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), &answer);
    cr_assert_null(strstr(buf_text(&answer), "HTTP/1.1"));
    fixture_stop(&fixture);
}

static void resume(int version)
{
    SSL_SESSION *session;
    struct client client;
    char answer[2000];
    int reused;

    client_open(&client, "bank", NULL, NULL);
    SSL_set_max_proto_version(client.ssl, version);
    client_get(&client, answer, sizeof answer);
    session = SSL_get1_session(client.ssl);
    client_close(&client);
    client_open(&client, "bank", NULL, session);
    SSL_set_max_proto_version(client.ssl, version);
    client_get(&client, answer, sizeof answer);
    reused = SSL_session_reused(client.ssl);
    client_close(&client);
    SSL_SESSION_free(session);
    cr_assert_not_null(strstr(answer, "CN=bank"), "a resumed session knows its client");
    cr_assert(reused);
}

Test(tls, a_session_is_resumed_with_its_client)
{
    fixture_start(&fixture);
    resume(TLS1_3_VERSION);
    resume(TLS1_2_VERSION);
    fixture_stop(&fixture);
}

Test(tls, a_session_is_resumed_by_a_sibling_with_the_same_ticket_key)
{
    SSL_SESSION *session;
    struct client client;
    char answer[2000];

    cr_assert_eq(RAND_bytes(fixture.ticket_key, sizeof fixture.ticket_key), 1);
    fixture.has_ticket_key = true;
    fixture_start(&fixture);
    client_open(&client, "bank", NULL, NULL);
    client_get(&client, answer, sizeof answer);
    session = SSL_get1_session(client.ssl);
    client_close(&client);
    fixture_stop(&fixture);
    fixture_start(&fixture);
    client_open(&client, "bank", NULL, session);
    client_get(&client, answer, sizeof answer);
    cr_assert(SSL_session_reused(client.ssl));
    client_close(&client);
    SSL_SESSION_free(session);
    fixture_stop(&fixture);
}

Test(tls, files_that_cannot_be_used_are_named)
{
    AUTO(http_server_free) struct http_server *server = NULL;
    AUTO(text_free) char *pem = path_join(fixture.folder, "server.pem");
    AUTO(text_free) char *key = path_join(fixture.folder, "bank.key");
    struct http_tls tls = {.certificate_file = pem, .key_file = key};
    struct http_server_options options = {.handle = fixture_handle};

    fixture_listen(&fixture);
    cr_assert(http_server_new(&options, &server, &fixture.err));
    cr_assert_not(http_server_add_listener(server, fixture.listening, &tls, &fixture.err));
    cr_assert_not_null(strstr(fixture.err.text, "bank.key"), "%s", fixture.err.text);
    tls.certificate_file = "/nonexistent.pem";
    cr_assert_not(http_server_add_listener(server, fixture.listening, &tls, &fixture.err));
    cr_assert_not_null(strstr(fixture.err.text, "nonexistent"), "%s", fixture.err.text);
    tls = (struct http_tls){.certificate_file = pem, .key_file = pem, .requires_client = true};
    cr_assert_not(http_server_add_listener(server, fixture.listening, &tls, &fixture.err));
    close(fixture.listening);
}
