/* From the address's name to the end of the handshake, on a connection of its own: nothing is said on it, so a side
 * that is not who it should be learns no token. The handshake goes on with a certificate that does not verify, so that
 * what is wrong with it can be told in full. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/text.h"
#include "gateway/courier/probe_parts.h"

enum { PATIENCE_MS = 10000, HOST_BYTES = 256, ADDRESSES_MAX = 8, SHOWN_BYTES = 64 };

struct line {
    const struct courier_channel *channel;
    int64_t now_ms;
    struct probe *probe;
    char host[HOST_BYTES];
    char port[8];
    struct addrinfo *addresses;
    int fd; /* -1: none */
    SSL_CTX *tls;
    SSL *ssl;
};

static void line_done(struct line *line)
{
    if (line->addresses)
        freeaddrinfo(line->addresses);
    SSL_free(line->ssl);
    SSL_CTX_free(line->tls);
    if (line->fd >= 0)
        close(line->fd);
}
DEFINE_AUTO_IN_PLACE(struct line, line_done)

static int64_t patience_ms(const struct line *line)
{
    unsigned ms = line->channel->config->connect_timeout_ms;

    return ms ? ms : PATIENCE_MS;
}

/* --- the name --- */

static const struct probe_advice CHECK_BASE = {
    "核对渠道设置 base 中的主机名，以及本机的域名解析（/etc/resolv.conf、/etc/hosts）",
    "check the host in the channel's \"base\", and this machine's resolver (/etc/resolv.conf, /etc/hosts)"};

/* Host without the brackets of IPv6, and port, of the channel's address. */
static bool split(struct line *line)
{
    CURLU *url = curl_url();
    char *host = NULL;
    char *port = NULL;
    bool is_good = url && curl_url_set(url, CURLUPART_URL, line->channel->config->base_url, 0) == CURLUE_OK &&
                   curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                   curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                   strlen(host) < sizeof line->host && strlen(port) < sizeof line->port;

    if (is_good) {
        bool has_brackets = host[0] == '[';

        snprintf(line->host, sizeof line->host, "%s", host + has_brackets);
        if (has_brackets && *line->host)
            line->host[strlen(line->host) - 1] = '\0';
        snprintf(line->port, sizeof line->port, "%s", port);
    }
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(url);
    return is_good;
}

static void address_text(const struct addrinfo *address, char text[SHOWN_BYTES])
{
    if (getnameinfo(address->ai_addr, address->ai_addrlen, text, SHOWN_BYTES, NULL, 0, NI_NUMERICHOST) != 0)
        snprintf(text, SHOWN_BYTES, "?");
}

static void tell_addresses(struct line *line, struct probe_step *step)
{
    const struct addrinfo *one = line->addresses;

    buf_add_text(&step->facts, ",\"addresses\":[");
    for (size_t i = 0; one && i < ADDRESSES_MAX; i++, one = one->ai_next) {
        char text[SHOWN_BYTES];

        address_text(one, text);
        buf_addf(&step->zh, "%s%s", i ? "、" : " → ", text);
        buf_addf(&step->en, "%s%s", i ? ", " : " → ", text);
        buf_addf(&step->facts, "%s\"%s\"", i ? "," : "", text);
    }
    buf_add_byte(&step->facts, ']');
}

static bool resolve(struct line *line)
{
    struct probe_step *step = &line->probe->steps[PROBE_NAME];
    const struct addrinfo wish = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    int64_t began_ms = time_monotonic_ms();
    int code;

    if (!split(line)) {
        probe_say(step, PROBE_FAILED, "base 不是可用的地址", "\"base\" is no address that can be used", &CHECK_BASE);
        return false;
    }
    probe_fact(step, "host", span_of(line->host));
    code = getaddrinfo(line->host, line->port, &wish, &line->addresses);
    step->millis = time_monotonic_ms() - began_ms;
    if (code != 0) {
        line->addresses = NULL;
        probe_find(step, PROBE_FAILED, &CHECK_BASE);
        buf_addf(&step->zh, "%s 无法解析", line->host);
        buf_addf(&step->en, "%s cannot be resolved", line->host);
        probe_words(step, gai_strerror(code));
        return false;
    }
    probe_find(step, PROBE_OK, NULL);
    buf_add_text(&step->zh, line->host);
    buf_add_text(&step->en, line->host);
    tell_addresses(line, step);
    return true;
}

/* --- TCP --- */

static const struct probe_advice CHECK_PORT = {
    "核对渠道设置 base 中的端口；确认对方服务已启动、两侧防火墙和专线放行",
    "check the port in the channel's \"base\"; their service runs, and firewalls and the line let it pass"};

static bool wait_ready(int fd, short events, int64_t until_ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = events};

    for (;;) {
        int64_t left_ms = until_ms - time_monotonic_ms();
        int count = left_ms > 0 ? poll(&poll_fd, 1, (int)left_ms) : 0;

        if (count > 0)
            return true;
        if (count == 0 || errno != EINTR)
            return false;
    }
}

/* What became of a connection that is under way; 0: it stands. */
static int fault_of(int fd, int64_t until_ms)
{
    int fault = 0;
    socklen_t bytes = sizeof fault;

    if (!wait_ready(fd, POLLOUT, until_ms))
        return ETIMEDOUT;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &bytes) == 0 ? fault : errno;
}

/* 0, or what errno says. */
static int connect_to(struct line *line, const struct addrinfo *address, int64_t until_ms)
{
    int fault = 0;

    line->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (line->fd < 0)
        return errno;
    if (connect(line->fd, address->ai_addr, address->ai_addrlen) != 0)
        fault = errno == EINPROGRESS ? fault_of(line->fd, until_ms) : errno;
    if (fault == 0)
        return 0;
    close(line->fd);
    line->fd = -1;
    return fault;
}

static bool reach(struct line *line)
{
    struct probe_step *step = &line->probe->steps[PROBE_TCP];
    int64_t began_ms = time_monotonic_ms();
    const struct addrinfo *one = line->addresses;
    char text[SHOWN_BYTES] = "?";
    int fault = ETIMEDOUT;

    for (size_t i = 0; one && i < ADDRESSES_MAX && fault != 0; i++, one = one->ai_next) {
        address_text(one, text);
        fault = connect_to(line, one, began_ms + patience_ms(line));
    }
    step->millis = time_monotonic_ms() - began_ms;
    probe_find(step, fault == 0 ? PROBE_OK : PROBE_FAILED, fault == 0 ? NULL : &CHECK_PORT);
    buf_addf(&step->zh, fault == 0 ? "已连接 %s 端口 %s" : "连接不上 %s 端口 %s", text, line->port);
    buf_addf(&step->en, fault == 0 ? "connected to %s port %s" : "%s port %s cannot be connected to", text, line->port);
    probe_fact(step, "address", span_of(text));
    buf_addf(&step->facts, ",\"port\":%s", line->port);
    if (fault != 0)
        probe_words(step, strerrordesc_np(fault));
    return fault == 0;
}

/* --- TLS --- */

static const struct probe_advice CHECK_TLS = {
    "核对 base 的端口是否为对方的 HTTPS 端口；对方须支持 TLS 1.2 或以上",
    "is the port in \"base\" that of their HTTPS? They need TLS 1.2 or newer"};
static const struct probe_advice CHECK_OURS = {
    "对方不认可本方证书：核对渠道设置 certificate，并请对方把该证书（或其签发机构）加入许可名单",
    "they do not take our certificate: check the channel's \"certificate\", and have it (or who signed it) let in "
    "there"};

/* Alerts by which the other side says that our certificate is not to its liking (RFC 8446 6.2). */
static bool is_about_ours(unsigned long error)
{
    static const int ALERTS[] = {40, 42, 43, 44, 45, 46, 48, 49, 116};

    for (size_t i = 0; i < COUNT_OF(ALERTS); i++) {
        if (ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_AD_REASON_OFFSET + ALERTS[i])
            return true;
    }
    return false;
}

static bool prepare(struct line *line)
{
    static const unsigned char ALPN[] = "\x08http/1.1";
    const struct courier_channel *channel = line->channel;
    struct in6_addr ignored;
    bool is_address = inet_pton(AF_INET, line->host, &ignored) == 1 || inet_pton(AF_INET6, line->host, &ignored) == 1;

    line->tls = SSL_CTX_new(TLS_client_method());
    if (!line->tls || SSL_CTX_set_min_proto_version(line->tls, TLS1_2_VERSION) != 1)
        return false;
    SSL_CTX_set_verify(line->tls, SSL_VERIFY_NONE, NULL); /* judged afterwards: probe_certificate.c */
    if (channel->certificate_path && (SSL_CTX_use_certificate_chain_file(line->tls, channel->certificate_path) != 1 ||
                                      SSL_CTX_use_PrivateKey_file(line->tls, channel->key_path, SSL_FILETYPE_PEM) != 1))
        ERR_clear_error(); /* told by probe_judge_ours; theirs can be seen without */
    line->ssl = SSL_new(line->tls);
    return line->ssl && SSL_set_fd(line->ssl, line->fd) == 1 &&
           SSL_set_alpn_protos(line->ssl, ALPN, sizeof ALPN - 1) == 0 &&
           (is_address || SSL_set_tlsext_host_name(line->ssl, line->host) == 1);
}

/* 0, or OpenSSL's error; ULONG_MAX: it took too long; 1: the connection broke. */
static unsigned long shake_hands(const struct line *line, int64_t until_ms)
{
    for (;;) {
        int result = SSL_connect(line->ssl);
        int why = result == 1 ? SSL_ERROR_NONE : SSL_get_error(line->ssl, result);
        unsigned long error;

        if (why == SSL_ERROR_NONE)
            return 0;
        if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
            if (wait_ready(line->fd, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, until_ms))
                continue;
            return ULONG_MAX;
        }
        error = ERR_peek_error();
        return error ? error : 1;
    }
}

static void tell_tls(const struct line *line, struct probe_step *step)
{
    const unsigned char *alpn = NULL;
    unsigned alpn_bytes = 0;

    SSL_get0_alpn_selected(line->ssl, &alpn, &alpn_bytes);
    probe_find(step, PROBE_OK, NULL);
    buf_addf(&step->zh, "%s，%s", SSL_get_version(line->ssl), SSL_get_cipher_name(line->ssl));
    buf_addf(&step->en, "%s, %s", SSL_get_version(line->ssl), SSL_get_cipher_name(line->ssl));
    probe_fact(step, "version", span_of(SSL_get_version(line->ssl)));
    probe_fact(step, "cipher", span_of(SSL_get_cipher_name(line->ssl)));
    probe_fact(step, "alpn", (struct span){(const char *)alpn, alpn_bytes});
}

static void tell_broken(struct probe_step *step, unsigned long error)
{
    char words[256];

    if (error == ULONG_MAX)
        probe_say(step, PROBE_FAILED, "握手超时：对方没有应答 TLS",
                  "the handshake takes too long: no TLS answers there", &CHECK_TLS);
    else if (error == 1)
        probe_say(step, PROBE_FAILED, "握手中连接被对方断开", "they broke the connection in the handshake", &CHECK_TLS);
    else if (is_about_ours(error))
        probe_say(step, PROBE_FAILED, "对方在握手中拒绝了本方", "they refused us in the handshake", &CHECK_OURS);
    else
        probe_say(step, PROBE_FAILED, "对方在该端口讲的不是可用的 TLS", "what answers there is no TLS that can be used",
                  &CHECK_TLS);
    if (error == ULONG_MAX || error == 1)
        return;
    ERR_error_string_n(error, words, sizeof words);
    probe_words(step, words);
}

static bool agree(struct line *line)
{
    struct probe_step *step = &line->probe->steps[PROBE_TLS];
    int64_t began_ms = time_monotonic_ms();
    unsigned long error;

    ERR_clear_error();
    if (!prepare(line)) {
        probe_say(step, PROBE_FAILED, "本机无法发起 TLS", "this machine cannot begin TLS", &CHECK_TLS);
        return false;
    }
    error = shake_hands(line, began_ms + patience_ms(line));
    step->millis = time_monotonic_ms() - began_ms;
    if (error == 0)
        tell_tls(line, step);
    else
        tell_broken(step, error);
    ERR_clear_error();
    return error == 0;
}

static void judge_peer(struct line *line)
{
    X509 *peer = SSL_get1_peer_certificate(line->ssl);
    struct probe_peer judged = {peer, SSL_get_peer_cert_chain(line->ssl), line->host, line->channel->ca_path};

    if (peer)
        probe_judge_theirs(&judged, line->now_ms, &line->probe->steps[PROBE_THEIRS]);
    X509_free(peer);
}

bool probe_line(const struct courier_channel *channel, int64_t now_ms, struct probe *probe)
{
    AUTO(line_done) struct line line = {.channel = channel, .now_ms = now_ms, .probe = probe, .fd = -1};
    bool is_agreed;

    probe_judge_ours(channel, now_ms, &probe->steps[PROBE_OURS]);
    if (!resolve(&line) || !reach(&line))
        return false;
    is_agreed = agree(&line);
    if (line.ssl)
        judge_peer(&line);
    if (is_agreed)
        (void)SSL_shutdown(line.ssl);
    ERR_clear_error();
    return is_agreed && probe->steps[PROBE_THEIRS].state != PROBE_FAILED &&
           probe->steps[PROBE_OURS].state != PROBE_FAILED;
}
