/* http2_memory.h - memory for nghttp2, which asks for a dozen small blocks a request and gives them back with it.
 *
 * One for all connections of a server, which has one thread: a small block that comes back waits in a list of its size
 * for the next who asks, up to a bound; beyond it, and what is large, goes straight to malloc and free. Under
 * AddressSanitizer a block that waits may not be touched. Private to this room. */
#ifndef GATEWAY_HTTP_HTTP2_MEMORY_H
#define GATEWAY_HTTP_HTTP2_MEMORY_H

#include <nghttp2/nghttp2.h>

#include "base/base.h"

struct http2_memory;
struct http2_memory *http2_memory_new(void);
/* After all sessions that use it. */
void http2_memory_free(struct http2_memory *memory);

/* For nghttp2_session_server_new3. Borrowed: nghttp2 keeps what it says, not where. Blocks are aligned as malloc's are,
 * and NULL when there is no memory. */
nghttp2_mem *http2_memory_of(struct http2_memory *memory);
/* What waits to be used again; never more than HTTP2_MEMORY_KEPT. */
size_t http2_memory_kept(const struct http2_memory *memory);

/* 8 connections of 32 streams at a time need some 180 KiB. */
enum { HTTP2_MEMORY_KEPT = 512 * 1024, HTTP2_MEMORY_SMALL = 512 };

#endif
