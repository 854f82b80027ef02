#include "gateway/http/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/time.h"

/* A resumed session is not asked for its certificate again: so sessions do not live long. */
enum { SESSION_SECONDS = 3600, CHAIN_DEPTH = 4 };

struct tls {
    SSL_CTX *context;
};

/* ALPN (RFC 7301): the names we speak, the better first. */
static const unsigned char PROTOCOLS[] = "\x02h2\x08http/1.1";

static const char SESSION_CONTEXT[] = "creditgate";

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_bytes, const unsigned char *offered,
                           unsigned int offered_bytes, void *unused)
{
    unsigned char *chosen = NULL;

    (void)ssl;
    (void)unused;
    /* RFC 7301 section 3.2: no common protocol is a fatal alert, not a guess. */
    if (SSL_select_next_proto(&chosen, out_bytes, PROTOCOLS, sizeof PROTOCOLS - 1, offered, offered_bytes) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static bool fail_ssl(struct error *err, const char *what, const char *path)
{
    char reason[256];

    ERR_error_string_n(ERR_peek_last_error(), reason, sizeof reason);
    ERR_clear_error();
    return fail(err, ERR_INVALID, "%s %s: %s", what, path, reason);
}

static bool set_policy(SSL_CTX *context)
{
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    /* One system call reads a record's header and its content together. */
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1;
}

static bool set_resumption(SSL_CTX *context, const struct http_tls *options)
{
    uint8_t key[HTTP_TICKET_KEY_BYTES];
    bool is_set = true;

    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); /* tickets only: nothing is kept here */
    SSL_CTX_set_timeout(context, SESSION_SECONDS);
    if (options->ticket_key) {
        memcpy(key, options->ticket_key, sizeof key);
        is_set = SSL_CTX_set_tlsext_ticket_keys(context, key, sizeof key) == 1;
        OPENSSL_cleanse(key, sizeof key);
    }
    return is_set && SSL_CTX_set_num_tickets(context, 1) == 1 &&
           SSL_CTX_set_session_id_context(context, (const unsigned char *)SESSION_CONTEXT,
                                          sizeof SESSION_CONTEXT - 1) == 1;
}

static bool load_revocations(SSL_CTX *context, const char *path)
{
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());

    return lookup && X509_load_crl_file(lookup, path, X509_FILETYPE_PEM) > 0 &&
           X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK) == 1;
}

static bool ask_for_client(SSL_CTX *context, const struct http_tls *options, struct error *err)
{
    STACK_OF(X509_NAME) * names;

    if (!options->client_ca_file)
        return !options->requires_client ||
               fail(err, ERR_INVALID, "client certificates are required but no CA for them is named");
    names = SSL_load_client_CA_file(options->client_ca_file);
    if (!names || SSL_CTX_load_verify_file(context, options->client_ca_file) != 1)
        return fail_ssl(err, "client CA", options->client_ca_file);
    SSL_CTX_set_client_CA_list(context, names);
    if (options->client_crl_file && !load_revocations(context, options->client_crl_file))
        return fail_ssl(err, "client CRL", options->client_crl_file);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (options->requires_client ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                       NULL);
    SSL_CTX_set_verify_depth(context, CHAIN_DEPTH);
    return true;
}

bool tls_new(const struct http_tls *options, struct tls **out, struct error *err)
{
    AUTO(tls_free) struct tls *tls = memory_new(sizeof *tls);

    ERR_clear_error();
    tls->context = SSL_CTX_new(TLS_server_method());
    if (!tls->context || !set_policy(tls->context) || !set_resumption(tls->context, options))
        return fail_ssl(err, "TLS", "set-up");
    if (SSL_CTX_use_certificate_chain_file(tls->context, options->certificate_file) != 1)
        return fail_ssl(err, "certificate", options->certificate_file);
    if (SSL_CTX_use_PrivateKey_file(tls->context, options->key_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(tls->context) != 1)
        return fail_ssl(err, "private key", options->key_file);
    if (!ask_for_client(tls->context, options, err))
        return false;
    *out = TAKE(tls);
    return true;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->context);
    free(tls);
}

SSL *tls_accept(struct tls *tls, int fd)
{
    SSL *ssl = SSL_new(tls->context);

    if (ssl && SSL_set_fd(ssl, fd) == 1)
        return ssl;
    SSL_free(ssl);
    ERR_clear_error();
    return NULL;
}

bool tls_is_http2(const SSL *ssl)
{
    const unsigned char *name = NULL;
    unsigned int bytes = 0;

    SSL_get0_alpn_selected(ssl, &name, &bytes);
    return bytes == 2 && memcmp(name, "h2", 2) == 0;
}

static void fill_subject(X509 *certificate, struct http_peer *peer)
{
    BIO *bio = BIO_new(BIO_s_mem());
    int bytes = 0;

    if (bio && X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) >= 0)
        bytes = BIO_read(bio, peer->certificate_subject, sizeof peer->certificate_subject - 1);
    peer->certificate_subject[bytes > 0 ? bytes : 0] = '\0';
    if (bytes > 0 && BIO_pending(bio) > 0)
        memcpy(peer->certificate_subject + bytes - 3, "...", 3);
    BIO_free(bio);
}

static bool fill_end(X509 *certificate, struct http_peer *peer)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) != 1)
        return false;
    peer->certificate_not_after_ms = (int64_t)timegm(&tm) * 1000;
    return true;
}

static bool is_revoked(const SSL *ssl, X509 *certificate)
{
    X509_STORE *store = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
    const STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);

    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        X509_CRL *list = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(objects, i));
        X509_REVOKED *entry = NULL;

        if (list && X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_issuer_name(certificate)) == 0 &&
            X509_CRL_get0_by_cert(list, &entry, certificate) == 1)
            return true;
    }
    return false;
}

bool tls_fill_peer(const SSL *ssl, struct http_peer *peer)
{
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    bool is_valid;

    if (!certificate)
        return true;
    is_valid = SSL_get_verify_result(ssl) == X509_V_OK && !is_revoked(ssl, certificate) &&
               X509_digest(certificate, EVP_sha256(), peer->certificate_sha256, NULL) == 1 &&
               fill_end(certificate, peer) && peer->certificate_not_after_ms > clock_now_ms(&CLOCK_SYSTEM);
    if (is_valid)
        fill_subject(certificate, peer);
    peer->has_certificate = is_valid;
    ERR_clear_error();
    return is_valid;
}
