/* temporary.h - files without a name: gone with the process, whatever happens to it. */
#ifndef GATEWAY_INTAKE_TEMPORARY_H
#define GATEWAY_INTAKE_TEMPORARY_H

#include <stdio.h>

#include "base/error.h"

MUST_CHECK bool temporary_fd(const char *folder, int *out, struct error *err);
MUST_CHECK bool temporary_file(const char *folder, FILE **out, struct error *err);

#endif
