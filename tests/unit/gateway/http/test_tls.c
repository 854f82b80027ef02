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
    fixture = (struct fixture){.uses_tls = true};
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
static void client_get_path(struct client *client, const char *path, char *out, size_t room)
{
    char request[256];
    int bytes = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
    int got = -1;

    if (SSL_connect(client->ssl) == 1 && SSL_write(client->ssl, request, bytes) > 0)
        got = SSL_read(client->ssl, out, (int)room - 1);
    out[got > 0 ? got : 0] = '\0';
}

static void client_get(struct client *client, char *out, size_t room)
{
    client_get_path(client, "/x", out, room);
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

static void make_wish(const struct certificate_wish *wish)
{
    cr_assert(certificate_make_wish(fixture.folder, wish, &fixture.err), "%s", fixture.err.text);
}

Test(tls, who_signed_itself_or_is_not_yet_valid_or_is_for_another_use_does_not_get_in)
{
    make_wish(&(struct certificate_wish){.name = "myself", .from_days = -1, .until_days = 30});
    make_wish(&(struct certificate_wish){.name = "early", .issuer = "ca", .from_days = 1, .until_days = 30});
    make_wish(&(struct certificate_wish){
        .name = "site", .issuer = "ca", .from_days = -1, .until_days = 30, .usage = "serverAuth"});
    make_wish(&(struct certificate_wish){
        .name = "guest", .issuer = "ca", .from_days = -1, .until_days = 30, .usage = "clientAuth"});
    /* Signed by a client, which is no authority. */
    make_wish(&(struct certificate_wish){.name = "child", .issuer = "bank", .from_days = -1, .until_days = 30});
    fixture_start(&fixture);
    cr_expect_not(gets_in("myself"));
    cr_expect_not(gets_in("early"));
    cr_expect_not(gets_in("site"));
    cr_expect_not(gets_in("child"));
    cr_expect(gets_in("guest"));
    fixture_stop(&fixture);
}

Test(tls, a_huge_subject_is_cut_and_a_huger_one_refused)
{
    struct client client;
    char answer[2000];

    make_wish(&(struct certificate_wish){
        .name = "large", .issuer = "ca", .from_days = -1, .until_days = 30, .organisation_bytes = 50000});
    make_wish(&(struct certificate_wish){
        .name = "larger", .issuer = "ca", .from_days = -1, .until_days = 30, .organisation_bytes = 200000});
    fixture_start(&fixture);
    client_open(&client, "large", NULL, NULL);
    client_get(&client, answer, sizeof answer);
    cr_assert_not_null(strstr(answer, "GET /x 0 CN=large,O=ooooo"), "%s", answer);
    cr_assert_not_null(strstr(answer, "ooo..."), "%s", answer);
    client_close(&client);
    cr_expect_not(gets_in("larger"));
    cr_expect(gets_in("bank"));
    fixture_stop(&fixture);
}

static void take_back(const char *file, const char *name, int days)
{
    const char *const names[] = {name, NULL};

    cr_assert(certificate_revoke(fixture.folder, file, "ca", names, days));
    snprintf(fixture.revoked, sizeof fixture.revoked, "%s", file);
}

Test(tls, who_was_revoked_does_not_get_in)
{
    make("credit", "ca", 30);
    take_back("list", "bank", 30);
    fixture_start(&fixture);
    cr_expect_not(gets_in("bank"));
    cr_expect(gets_in("credit"));
    cr_expect_not(gets_in("stranger"));
    fixture_stop(&fixture);
}

Test(tls, a_list_past_its_date_lets_nobody_in)
{
    make("credit", "ca", 30);
    take_back("list", "bank", -1);
    fixture_start(&fixture);
    cr_expect_not(gets_in("credit"));
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

/* Strangers have places of their own, and never more. */
Test(tls, a_listener_above_its_own_limit_hangs_up_and_takes_the_next_when_one_has_left)
{
    struct client first, second;

    fixture.asks_for_none = true;
    fixture.its_connections = 2;
    fixture_start(&fixture);
    client_open(&first, NULL, NULL, NULL);
    cr_assert_eq(SSL_connect(first.ssl), 1);
    client_open(&second, NULL, NULL, NULL);
    cr_assert_eq(SSL_connect(second.ssl), 1);
    cr_expect_not(gets_in(NULL));
    client_close(&first);
    usleep(300000);
    cr_expect(gets_in(NULL));
    client_close(&second);
    fixture_stop(&fixture);
}

Test(tls, who_comes_by_a_listener_without_certificates_is_nobody_whatever_he_shows)
{
    struct client client;
    char answer[2000];

    fixture.asks_for_none = true;
    fixture_start(&fixture);
    client_open(&client, "bank", NULL, NULL);
    client_get_path(&client, "/anonymous", answer, sizeof answer);
    cr_expect_not_null(strstr(answer, "anonymous 1 certificate 0"), "%s", answer);
    client_close(&client);
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

    fixture.limits.handshake_ms = 400;
    fixture_start(&fixture);
    fd = fixture_connect(&fixture);
    fixture_send(fd, RAW("\x16\x03\x01\x00"));
    cr_assert_eq(fixture_read_all(fd, &answer), 0);
    cr_assert_lt(time_monotonic_ms() - start_ms, 8000);
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

/* A session with its first request behind it; 0: the newest version of TLS. */
static SSL_SESSION *begin_session(int version)
{
    SSL_SESSION *session;
    struct client client;
    char answer[2000];

    client_open(&client, "bank", NULL, NULL);
    SSL_set_max_proto_version(client.ssl, version);
    client_get(&client, answer, sizeof answer);
    cr_assert_not_null(strstr(answer, "CN=bank"));
    session = SSL_get1_session(client.ssl);
    client_close(&client);
    return session;
}

enum resumed { TURNED_AWAY, VERIFIED_AGAIN, RESUMED };

/* Come again with the session, to a server which may be another; what the handler hears is always who asks. */
static enum resumed come_again(const struct fixture *server, SSL_SESSION *session, int version)
{
    struct client client;
    char answer[2000];
    bool is_resumed;

    client_open(&client, "bank", NULL, session);
    close(client.fd);
    client.fd = fixture_connect(server);
    SSL_set_fd(client.ssl, client.fd);
    SSL_set_max_proto_version(client.ssl, version);
    client_get(&client, answer, sizeof answer);
    is_resumed = SSL_session_reused(client.ssl);
    client_close(&client);
    SSL_SESSION_free(session);
    cr_assert(!answer[0] || strstr(answer, "CN=bank"), "%s", answer);
    return !answer[0] ? TURNED_AWAY : is_resumed ? RESUMED : VERIFIED_AGAIN;
}

static void share_ticket_key(void)
{
    cr_assert_eq(RAND_bytes(fixture.ticket_key, sizeof fixture.ticket_key), 1);
    fixture.has_ticket_key = true;
}

Test(tls, a_session_is_resumed_with_its_client)
{
    fixture_start(&fixture);
    cr_expect_eq(come_again(&fixture, begin_session(TLS1_3_VERSION), TLS1_3_VERSION), RESUMED);
    cr_expect_eq(come_again(&fixture, begin_session(TLS1_2_VERSION), TLS1_2_VERSION), RESUMED);
    fixture_stop(&fixture);
}

Test(tls, two_servers_with_one_ticket_key_resume_each_others_sessions)
{
    static struct fixture second;

    share_ticket_key();
    second = fixture;
    fixture_start(&fixture);
    fixture_start(&second);
    cr_expect_eq(come_again(&second, begin_session(0), 0), RESUMED);
    cr_expect_eq(come_again(&second, begin_session(TLS1_2_VERSION), TLS1_2_VERSION), RESUMED);
    fixture_stop(&second);
    fixture_stop(&fixture);
}

/* A sibling with another key, or one started anew, asks for the certificate again. */
Test(tls, without_the_ticket_key_a_session_is_not_resumed)
{
    SSL_SESSION *session;

    fixture_start(&fixture);
    session = begin_session(0);
    fixture_stop(&fixture);
    fixture_start(&fixture);
    cr_expect_eq(come_again(&fixture, session, 0), VERIFIED_AGAIN);
    fixture_stop(&fixture);
}

/* OpenSSL verifies nothing when a session is resumed: we look at the list again. */
Test(tls, who_is_revoked_while_it_has_a_session_does_not_get_in_again)
{
    SSL_SESSION *session;

    make("credit", "ca", 30);
    share_ticket_key();
    take_back("before", "credit", 30);
    fixture_start(&fixture);
    session = begin_session(0);
    fixture_stop(&fixture);
    take_back("after", "bank", 30);
    fixture_start(&fixture);
    cr_expect_eq(come_again(&fixture, session, 0), TURNED_AWAY);
    fixture_stop(&fixture);
}

/* TLS 1.2. A handshake that took place would leave another Finished message (RFC 5246 section 7.4.9). */
Test(tls, negotiating_again_is_refused)
{
    struct client client;
    char before[64] = "";
    char after[64] = "";
    char answer[2000];

    fixture_start(&fixture);
    client_open(&client, "bank", NULL, NULL);
    SSL_set_max_proto_version(client.ssl, TLS1_2_VERSION);
    client_get(&client, answer, sizeof answer);
    cr_assert_not_null(strstr(answer, "CN=bank"));
    cr_assert_gt(SSL_get_peer_finished(client.ssl, before, sizeof before), 0);
    cr_assert_eq(SSL_renegotiate(client.ssl), 1);
    if (SSL_do_handshake(client.ssl) == 1 && SSL_write(client.ssl, RAW("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")) > 0)
        SSL_read(client.ssl, answer, sizeof answer - 1);
    SSL_get_peer_finished(client.ssl, after, sizeof after);
    cr_assert_arr_eq(before, after, sizeof before);
    client_close(&client);
    cr_expect(gets_in("bank"), "the others do not notice");
    fixture_stop(&fixture);
}

/* TLS 1.3 has key updates instead; they are answered, and cost no more than a record each. */
Test(tls, a_key_update_is_borne)
{
    struct client client;
    char answer[2000];

    fixture_start(&fixture);
    client_open(&client, "bank", NULL, NULL);
    client_get(&client, answer, sizeof answer);
    for (int i = 0; i < 10; i++) {
        cr_assert_eq(SSL_key_update(client.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        cr_assert_gt(SSL_write(client.ssl, RAW("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")), 0);
        cr_assert_gt(SSL_read(client.ssl, answer, sizeof answer - 1), 0);
        cr_assert_not_null(strstr(answer, "CN=bank"));
    }
    client_close(&client);
    fixture_stop(&fixture);
}

Test(tls, a_handshake_byte_by_byte_is_cut_off_in_time)
{
    static const char HELLO[] = "\x16\x03\x01\x01\x00\x01\x00\x00\xfc\x03\x03";
    int64_t start_ms = time_monotonic_ms();
    size_t at = 0;
    int fd;

    fixture.limits.handshake_ms = 400;
    fixture_start(&fixture);
    fd = fixture_connect(&fixture);
    while (time_monotonic_ms() - start_ms < 9000 && send(fd, HELLO + at, 1, MSG_NOSIGNAL) == 1 &&
           recv(fd, &(char){0}, 1, MSG_DONTWAIT | MSG_PEEK) < 0) {
        at += at + 2 < sizeof HELLO;
        usleep(50000);
    }
    cr_assert_lt(time_monotonic_ms() - start_ms, 8000);
    close(fd);
    fixture_stop(&fixture);
}

Test(tls, files_that_cannot_be_used_are_named)
{
    AUTO(http_server_free) struct http_server *server = NULL;
    AUTO(text_free) char *pem = path_join(fixture.folder, "server.pem");
    AUTO(text_free) char *key = path_join(fixture.folder, "bank.key");
    AUTO(text_free) char *good = path_join(fixture.folder, "server.key");
    struct http_tls tls = {.certificate_file = pem, .key_file = key};
    struct http_server_options options = {.handle = fixture_handle};

    fixture_listen(&fixture);
    cr_assert(http_server_new(&options, &server, &fixture.err));
    cr_assert_not(http_server_add_listener(server, fixture.listening, &tls, &fixture.err));
    cr_assert_not_null(strstr(fixture.err.text, "bank.key"), "%s", fixture.err.text);
    tls.certificate_file = "/nonexistent.pem";
    cr_assert_not(http_server_add_listener(server, fixture.listening, &tls, &fixture.err));
    cr_assert_not_null(strstr(fixture.err.text, "nonexistent"), "%s", fixture.err.text);
    tls = (struct http_tls){.certificate_file = pem, .key_file = good, .client_ca_file = pem, .client_crl_file = key};
    cr_assert_not(http_server_add_listener(server, fixture.listening, &tls, &fixture.err));
    cr_assert_not_null(strstr(fixture.err.text, "client CRL"), "%s", fixture.err.text);
    tls = (struct http_tls){.certificate_file = pem, .key_file = pem, .requires_client = true};
    cr_assert_not(http_server_add_listener(server, fixture.listening, &tls, &fixture.err));
    close(fixture.listening);
}
