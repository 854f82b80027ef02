/* plan.h - requests made from the examples of a description: what a reader would try first, sent to the real server.
 *
 * For each operation one request with every required parameter, one more for each optional parameter that has an
 * example, one for each example of a body; and what must be refused: an unknown parameter (400), a stranger's
 * certificate (403), where the description says so; and a method that no path has (405).
 *
 * Each becomes a folder NNNN of `folder`: `operation` ("GET /v1/x"), `client` ("bank" or "stranger"), `method`,
 * `target`, `headers` (one a line), `expect` (a status, or 2XX), `sent` when there is a body. */
#ifndef TESTS_FLOW_OPENAPI_PLAN_H
#define TESTS_FLOW_OPENAPI_PLAN_H

#include "tests/flow/openapi/description.h"

MUST_CHECK bool plan_write(const struct description *description, const char *folder, struct error *err);

#endif
