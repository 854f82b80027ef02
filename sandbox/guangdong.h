/* guangdong.h - 信用广东 as a machine of requests and replies: no sockets, so that tests can speak to it directly.
 *
 * An upload that was answered with errorCode 200 is on disk before the answer is made. */
#ifndef SANDBOX_GUANGDONG_H
#define SANDBOX_GUANGDONG_H

#include "gateway/http/http.h"
#include "sandbox/faults.h"
#include "sandbox/sandbox.h"

struct guangdong;

/* `options` is borrowed and must outlive it; so must `clock`. Reads the state folder. */
MUST_CHECK bool guangdong_new(const struct sandbox_options *options, const struct clock *clock, struct guangdong **out,
                              struct error *err);
void guangdong_free(struct guangdong *platform);

/* Which call of the platform is this? FAULT_ON_ANY for none of them. */
enum fault_place guangdong_place(const struct guangdong *platform, const struct http_request *request);
/* Answer as the platform does. `faults` may hold rows to refuse and results to delay. */
void guangdong_handle(struct guangdong *platform, struct faults *faults, const struct http_request *request,
                      struct http_reply *reply);

/* For /control: move the platform's clock, and say everything it holds and has seen (`rowid` NULL for all). */
void guangdong_set_clock_offset(struct guangdong *platform, int64_t offset_ms);
void guangdong_describe(struct guangdong *platform, const char *rowid, struct buf *out);

DEFINE_AUTO(struct guangdong *, guangdong_free)

#endif
