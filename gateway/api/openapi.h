/* openapi.h - the description of this interface (OpenAPI 3.1.0), as GET /v1/openapi.json gives it.
 *
 * It is written in the files of <data>/schemas/openapi/, one a job, and made one here: their `paths` and what is in
 * their `components` are put together (nothing may be there twice), the other members come from openapi.json. A $ref to
 * one of our schemas, urn:creditgate:schema:<name>:<edition>[#…], becomes one to #/components/schemas/<Name> and the
 * schema is put there, so that whoever reads the description needs no other file. Tests hold it against the running
 * server (tests/flow/openapi.sh). */
#ifndef GATEWAY_API_OPENAPI_H
#define GATEWAY_API_OPENAPI_H

#include "base/buf.h"
#include "base/error.h"

enum { OPENAPI_FILES_MAX = 64 };

/* Add the whole as JSON text for people to read, too. ERR_INVALID names the file and what is wrong with it. */
MUST_CHECK bool openapi_make(const char *schemas_folder, struct buf *out, struct error *err);

#endif
