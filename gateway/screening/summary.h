/* summary.h - what a screening was and came to, for whoever must prove it later: canonical JSON (RFC 8785), signed as a
 * general JWS (RFC 7515 7.2.1) by the keys for answers, Ed25519 and ECDSA P-256. Anybody can check it offline with the
 * public keys, also against the two files, whose SHA-256 it holds.
 *
 * {"answer":{…batch.h without results},"as_of","authorisation","case","client","counts":{"empty","listed","not_listed",
 * "refused","rows","unknown"},"department","domain","encoding","finished_at","format","id","input":{"bytes","sha256"},
 * "kind":"creditgate-screening","matter","operator","order","purpose","receipt","result":{"bytes","sha256"},"sequence",
 * "started_at"}, and "test":true when all of it is of the test list
 *
 * `sequence`: how many events of the journal all rows rest on; `as_of` as it was asked (null: the state at the start);
 * `receipt`: of the entry of the trace whose answer_sha256 is that of this JSON, `order`: of the one of the order. */
#ifndef GATEWAY_SCREENING_SUMMARY_H
#define GATEWAY_SCREENING_SUMMARY_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "keys/keyring.h"
#include "keys/signer.h"

#define SCREENING_SUMMARY_KIND "creditgate-screening"
enum { SCREENING_SUMMARY_BYTES_MAX = 1024 * 1024 };

MUST_CHECK bool screening_summary_sign(struct signer *signer, struct span payload, struct buf *out, struct error *err);
/* Does it look like one? */
bool screening_summary_is(struct span text);
/* Both signatures good, by keys that were in force when it was finished. `*summary` is a new object; `kids` a new list
 * of the keys' ids. */
MUST_CHECK bool screening_summary_verify(struct span text, const struct keyring *keys, json_t **summary, json_t **kids,
                                         struct error *err);

#endif
