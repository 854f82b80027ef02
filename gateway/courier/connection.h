/* connection.h - how this room connects: the same for the courier's loop and for a job that asks by itself.
 *
 * HTTP/1.1 over TLS 1.2 or newer, peer and name verified against the channel's own authority and nobody else's, our
 * client certificate, no redirects, no proxy and no .netrc from the environment, the channel's time limits. Only for
 * this room. Source: upstreams.md, "Common". */
#ifndef GATEWAY_COURIER_CONNECTION_H
#define GATEWAY_COURIER_CONNECTION_H

#include <curl/curl.h>

#include "gateway/courier/channel.h"

/* The first option that libcurl does not take ends it: CURLE_OK when it took all. `channel` is borrowed by `easy`. */
CURLcode connection_set(CURL *easy, const struct courier_channel *channel);
/* 32 random hex digits, fresh for every attempt. */
void connection_nonce(char out[40]);

#endif
