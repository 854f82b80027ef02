/* What a failure of libcurl means. */
#include <criterion/criterion.h>
#include <string.h>

#include "gateway/courier/transfer.h"

struct failure {
    CURLcode code;
    char words[64];
    unsigned sends;
    enum policy_net net;
};

static const struct failure FAILURES[] = {
    {CURLE_OK, "", 1, NET_ANSWERED},
    /* No byte of the request left. */
    {CURLE_COULDNT_RESOLVE_HOST, "", 0, NET_NOT_REACHED},
    {CURLE_COULDNT_CONNECT, "", 0, NET_NOT_REACHED},
    {CURLE_OPERATION_TIMEDOUT, "", 0, NET_NOT_REACHED},
    {CURLE_SSL_CONNECT_ERROR, "unexpected eof", 0, NET_HANDSHAKE},
    {CURLE_RECV_ERROR, "Connection reset by peer", 0, NET_HANDSHAKE},
    {CURLE_URL_MALFORMAT, "", 0, NET_OWN_FAULT},
    {CURLE_UNSUPPORTED_PROTOCOL, "", 0, NET_OWN_FAULT},
    {CURLE_OUT_OF_MEMORY, "", 0, NET_OWN_FAULT},
    /* It may have arrived. */
    {CURLE_OPERATION_TIMEDOUT, "", 1, NET_LOST},
    {CURLE_GOT_NOTHING, "", 1, NET_LOST},
    {CURLE_RECV_ERROR, "Connection reset by peer", 1, NET_LOST},
    {CURLE_SEND_ERROR, "Broken pipe", 1, NET_LOST},
    {CURLE_PARTIAL_FILE, "", 1, NET_LOST},
    {CURLE_WEIRD_SERVER_REPLY, "", 1, NET_LOST},
    {CURLE_UNSUPPORTED_PROTOCOL, "Received HTTP/0.9 when not allowed", 1, NET_LOST},
    {CURLE_ABORTED_BY_CALLBACK, "", 2, NET_LOST},
    {CURLE_WRITE_ERROR, "", 1, NET_LOST},
    /* One side does not trust the other. */
    {CURLE_PEER_FAILED_VERIFICATION, "", 0, NET_UNTRUSTED},
    {CURLE_SSL_CERTPROBLEM, "", 0, NET_UNTRUSTED},
    {CURLE_SSL_CACERT_BADFILE, "", 0, NET_UNTRUSTED},
    {CURLE_SSL_CONNECT_ERROR, "tlsv1 alert protocol version", 0, NET_UNTRUSTED},
    {CURLE_SSL_CONNECT_ERROR, "sslv3 alert handshake failure", 0, NET_UNTRUSTED},
    {CURLE_RECV_ERROR, "tlsv13 alert certificate required, errno 0", 1, NET_UNTRUSTED},
    {CURLE_RECV_ERROR, "tlsv1 alert unknown ca", 1, NET_UNTRUSTED},
    {CURLE_SEND_ERROR, "sslv3 alert bad certificate", 1, NET_UNTRUSTED},
    /* The other side's own trouble passes. */
    {CURLE_SSL_CONNECT_ERROR, "tlsv1 alert internal error", 0, NET_HANDSHAKE},
    {CURLE_RECV_ERROR, "tlsv1 alert internal error", 1, NET_LOST},
    {CURLE_OPERATION_TIMEDOUT, "alert unknown ca", 1, NET_LOST},
};

Test(transfer, every_failure_has_its_meaning)
{
    for (size_t i = 0; i < COUNT_OF(FAILURES); i++)
        cr_assert_eq(transfer_net(FAILURES[i].code, FAILURES[i].words, FAILURES[i].sends), FAILURES[i].net,
                     "%s, \"%s\", sent %u", curl_easy_strerror(FAILURES[i].code), FAILURES[i].words, FAILURES[i].sends);
}

Test(transfer, what_was_handed_over_is_never_called_not_arrived)
{
    for (int code = 1; code < CURL_LAST; code++) {
        enum policy_net net = transfer_net((CURLcode)code, "", 1);

        cr_assert(net == NET_LOST || net == NET_UNTRUSTED, "%s", curl_easy_strerror((CURLcode)code));
    }
}

Test(transfer, words_are_printable_and_cut)
{
    char out[CURL_ERROR_SIZE];
    char longest[2 * CURL_ERROR_SIZE];

    transfer_words_copy("a\n\x1b[31mb\xe4\xb8\xad", out);
    cr_assert_str_eq(out, "a  [31mb   ");
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    transfer_words_copy(longest, out);
    cr_assert_eq(strlen(out), CURL_ERROR_SIZE - 1);
}
