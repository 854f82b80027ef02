/* words.h - the gateway's slugs in the words of the field, for people. */
#ifndef GATEWAY_CLI_WORDS_H
#define GATEWAY_CLI_WORDS_H

#include "gateway/cli/cli.h"

/* Each answers in the chosen language; a slug that is unknown comes back as it is, NULL as "-". */
const char *words_op(const struct cli *cli, const char *slug);
const char *words_state(const struct cli *cli, const char *slug); /* of records, obligations and deliveries */
const char *words_ground(const struct cli *cli, const char *slug);
/* What an event of the journal did. */
const char *words_event(const struct cli *cli, const char *type);
/* Who did it: a person's name as it is, the law in words. */
const char *words_person(const struct cli *cli, const char *by);
const char *words_receipt(const struct cli *cli, const char *kind);
const char *words_channel(const struct cli *cli, const char *slug);
const char *words_severity(const struct cli *cli, int64_t severity);
const char *words_scope(const struct cli *cli, int64_t scope);

#endif
