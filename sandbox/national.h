/* national.h - 全国信用信息共享平台 (upstreams.md section 2): a key service and business calls signed with its secret.
 *
 * Whatever was answered with code 0 is on disk before the answer is made: reports, and the secrets that were given
 * out. What the platform itself has to say comes with HTTP 200 and a code; HTTP's own statuses are for the door (403 a
 * client certificate off the list, 404, 405, 415). */
#ifndef SANDBOX_NATIONAL_H
#define SANDBOX_NATIONAL_H

#include "sandbox/platform.h"

/* `options` (with .national) is borrowed and must outlive it; so must `clock`. Reads the state folder. End with
 * platform_free. */
MUST_CHECK bool national_new(const struct sandbox_options *options, const struct clock *clock, struct platform **out,
                             struct error *err);

#endif
