/* check.h - after the storm: is everything where it should be? */
#ifndef TESTS_FAULT_MODEL_CHECK_H
#define TESTS_FAULT_MODEL_CHECK_H

#include "tests/fault/model/staff.h"
#include "tests/fault/model/story.h"

/* Nothing is on its way any more but what waits behind a refused delivery, as the journal tells. ERR_UNAVAILABLE with
 * the first delivery that is. */
MUST_CHECK bool check_quiet(const struct story *story, struct error *err);
/* What people were told is done stands in the journal. */
MUST_CHECK bool check_promises(const struct story *story, const struct staff *staff, struct error *err);
/* Every accepted version is acknowledged, superseded, skipped, refused, behind a refused one, or unsent. */
MUST_CHECK bool check_versions(const struct story *story, struct error *err);
/* Each platform holds what the journal says, each version once and in order, with the bytes that were queued, and
 * nothing else. */
MUST_CHECK bool check_platforms(const struct story *story, const struct stage *stage, struct error *err);
/* The tables say what the journal says (read apart from the code that made them): states and counters. */
MUST_CHECK bool check_tables(const struct story *story, struct store *store, struct error *err);
/* With the gateway stopped: `rebuild --check`, `guard`, and `verify` of what it signed. */
MUST_CHECK bool check_offline(const struct stage *stage, struct error *err);

#endif
