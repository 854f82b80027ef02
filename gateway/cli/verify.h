/* verify.h - `creditgate verify FILE`: checks anything of ours with public keys alone.
 *
 *   a sealed record      general JWS over RFC 8785 JSON (gateway/command/seal.h)
 *   a checkpoint         signed note (gateway/journal/checkpoint.h), by both of its keys
 *   a proof              of an event of the journal (for example an upstream's receipt) or of an entry of the trace,
 * with the answer it speaks of or without (gateway/journal/proof.h)
 *   a signed answer      with the request it answers (gateway/cli/saved_answer.h)
 *   a summary            of a screening (gateway/screening/summary.h), against the list and the result or without */
#ifndef GATEWAY_CLI_VERIFY_H
#define GATEWAY_CLI_VERIFY_H

#include "gateway/cli/cli.h"
#include "keys/keyring.h"

enum { VERIFY_FILE_MAX = 8 * 1024 * 1024 };

/* CLI_OK: good; CLI_SOME_REFUSED: something of ours that is not good, `err` says why; CLI_UNUSABLE: nothing of ours.
 *
 * `*report` is a new object {"kind":"record"|"checkpoint"|"proof"|"answer"|"screening"|null,"good":bool,"content":{…},
 * "keys":[{"kid","algorithm","use","from","until"}]}; `content` and `keys` only when good. */
int verify_bytes(struct span text, const struct keyring *keys, json_t **report, struct error *err);
/* After verify_bytes: is `answer` the one whose SHA-256 the proof's entry holds? Else ERR_CORRUPT and the report says
 * no longer good; ERR_INVALID when the report is no good proof of an answer. */
MUST_CHECK bool verify_answer(struct span answer, json_t *report, struct error *err);
/* After verify_bytes: is the file behind `fd` the summary's `which` ("input" or "result")? Else as verify_answer. */
MUST_CHECK bool verify_file(int fd, const char *which, json_t *report, struct error *err);
void verify_print(const struct cli *cli, const json_t *report, FILE *to);
int verify_run(struct cli *cli, json_t *arguments);

#endif
