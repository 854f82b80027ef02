/* tls.h - TLS 1.2 and 1.3 for a listener (RFC 5246, RFC 8446), client certificates, resumption by ticket, ALPN. */
#ifndef GATEWAY_HTTP_TLS_H
#define GATEWAY_HTTP_TLS_H

#include <openssl/ssl.h>

#include "gateway/http/http.h"

struct tls;
/* Reads the files. ERR_INVALID names the file that cannot be used. */
MUST_CHECK bool tls_new(const struct http_tls *options, struct tls **out, struct error *err);
void tls_free(struct tls *tls);

/* The server's side of a new connection on `fd`; NULL without memory. Free with SSL_free. */
SSL *tls_accept(struct tls *tls, int fd);
/* After the handshake: did the client choose HTTP/2? */
bool tls_is_http2(const SSL *ssl);
/* After the handshake: what its certificate says. False when the certificate has ended or was revoked meanwhile (a
 * resumed session is not verified again by OpenSSL). */
MUST_CHECK bool tls_fill_peer(const SSL *ssl, struct http_peer *peer);

DEFINE_AUTO(struct tls *, tls_free)

#endif
