#include "gateway/courier/connection.h"

#include <string.h>

#include "base/encode.h"
#include "keys/digest.h"

enum {
    CONNECT_TIMEOUT_MS = 10000,
    TOTAL_TIMEOUT_MS = 60000,
    /* Not used again after so long without a request: a server that has closed it (Apache httpd does after 5 s) says so
     * with a close_notify that libcurl takes for life. */
    IDLE_CONNECTION_S = 3
};

/* Every option must be taken: one that libcurl does not know would silently weaken the rest. */
#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        code = code == CURLE_OK ? curl_easy_setopt(easy, (option), (value)) : code;                                    \
    } while (0)

static CURLcode set_tls(CURL *easy, const struct courier_channel *channel)
{
    CURLcode code = CURLE_OK;

    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_CAINFO, channel->ca_path);
    /* Without this the system's authorities would vouch, too. */
    SET(CURLOPT_CAPATH, NULL);
    if (channel->certificate_path) {
        SET(CURLOPT_SSLCERT, channel->certificate_path);
        SET(CURLOPT_SSLKEY, channel->key_path);
    }
    return code;
}

static CURLcode set_limits(CURL *easy, const struct adapter_config *config)
{
    unsigned connect_ms = config->connect_timeout_ms ? config->connect_timeout_ms : CONNECT_TIMEOUT_MS;
    unsigned total_ms = config->total_timeout_ms ? config->total_timeout_ms : TOTAL_TIMEOUT_MS;
    CURLcode code = CURLE_OK;

    SET(CURLOPT_PROTOCOLS_STR, "https");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    SET(CURLOPT_TIMEOUT_MS, (long)total_ms);
    SET(CURLOPT_MAXAGE_CONN, (long)IDLE_CONNECTION_S);
    return code;
}

CURLcode connection_set(CURL *easy, const struct courier_channel *channel)
{
    CURLcode code = set_tls(easy, channel);

    return code == CURLE_OK ? set_limits(easy, channel->config) : code;
}

void connection_nonce(char out[40])
{
    AUTO(buf_done) struct buf nonce = BUF_INIT;
    uint8_t raw[16];

    random_bytes(raw, sizeof raw);
    hex_add(&nonce, raw, sizeof raw);
    memcpy(out, buf_text(&nonce), nonce.bytes + 1);
}
