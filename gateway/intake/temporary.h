/* temporary.h - files without a name: gone with the process, whatever happens to it. */
#ifndef GATEWAY_INTAKE_TEMPORARY_H
#define GATEWAY_INTAKE_TEMPORARY_H

#include <stdio.h>

#include "base/error.h"

/* Where such files go: `asked`, or when it is NULL the first folder that can be written of $TMPDIR, /var/tmp and /tmp
 * (files may be large, and /tmp is often memory). Borrowed. */
const char *temporary_folder(const char *asked);
MUST_CHECK bool temporary_fd(const char *folder, int *out, struct error *err);
MUST_CHECK bool temporary_file(const char *folder, FILE **out, struct error *err);
/* The whole of `from`, from its beginning, behind what stands in `to`; afterwards `from` can grow again. ERR_FULL,
 * ERR_IO: of `from`. That `to` took it all is its owner's to see when he is done. */
MUST_CHECK bool temporary_copy(FILE *from, FILE *to, struct error *err);

#endif
