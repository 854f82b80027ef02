/* batch_scan.h - the scanner of batch_body.c; nobody else includes it. */
#ifndef GATEWAY_API_BATCH_SCAN_H
#define GATEWAY_API_BATCH_SCAN_H

#include "gateway/api/batch_body.h"

/* Fill the texts and subjects of a cleared body. False: the text is none of those that are taken here, whether it is
 * bad or only unusual (read it as JSON then); the body may be half filled. What a subject's texts may hold is not
 * judged. */
MUST_CHECK bool batch_scan(struct batch_body *body, struct span text);

#endif
