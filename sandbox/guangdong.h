/* guangdong.h - 信用广东 (upstreams.md section 1).
 *
 * An upload that was answered with errorCode 200 is on disk before the answer is made. */
#ifndef SANDBOX_GUANGDONG_H
#define SANDBOX_GUANGDONG_H

#include "sandbox/platform.h"

/* `options` is borrowed and must outlive it; so must `clock`. Reads the state folder. End with platform_free. */
MUST_CHECK bool guangdong_new(const struct sandbox_options *options, const struct clock *clock, struct platform **out,
                              struct error *err);

#endif
