/* segments.h - what TCP knows of a connection. Apart, because the kernel's header that tells it does not go together
 * with netinet/tcp.h, which knows less. */
#ifndef TESTS_SUPPORT_SEGMENTS_H
#define TESTS_SUPPORT_SEGMENTS_H

#include "base/base.h"

/* Segments with data that came so far. False: the kernel does not tell. */
MUST_CHECK bool segments_received(int fd, uint32_t *count);
/* How much one segment may hold, by what both sides said of it. */
uint32_t segments_largest(int fd);

#endif
