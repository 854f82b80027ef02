/* platform.h - the other side as a test sees it through its control socket: what it is told to do wrong, and what it
 * says that it holds. */
#ifndef TESTS_FAULT_MODEL_PLATFORM_H
#define TESTS_FAULT_MODEL_PLATFORM_H

#include <jansson.h>

#include "gateway/outbox/outbox.h"
#include "tests/fault/model/dice.h"
#include "tests/fault/model/stage.h"

/* One more misbehaviour, by chance; `record` ("" : none) may be made the victim of a refusal. A platform that does not
 * answer (it may be down) is left alone. */
void platform_misbehave(const struct stage *stage, struct dice *dice, const char *record);
/* From now on it does everything right. */
MUST_CHECK bool platform_calm(const struct stage *stage, struct error *err);
/* What the platform of a channel holds: {"records": {ROWID: {"applied": [{"VERSION","OP","sm3","received"}…],
 * "different","older","refused"}…},…}. A new reference. NULL is left alone when there is no such platform. */
MUST_CHECK bool platform_state(const struct stage *stage, enum channel channel, json_t **out, struct error *err);

#endif
