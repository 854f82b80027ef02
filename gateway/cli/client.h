/* client.h - the command line's side of the administration socket (HTTP over a Unix socket, through libcurl). */
#ifndef GATEWAY_CLI_CLIENT_H
#define GATEWAY_CLI_CLIENT_H

#include <stdio.h>

#include "gateway/cli/cli.h"

enum { CLIENT_ANSWER_MAX = 64 * 1024 * 1024 };

struct client;
/* ERR_UNAVAILABLE says that no gateway answers, and where it was looked for. */
MUST_CHECK bool client_new(const struct cli *cli, struct client **out, struct error *err);
void client_free(struct client *client);

/* A status of 400 and more becomes the problem's own text as `err`. */
MUST_CHECK bool client_get(struct client *client, const char *path, struct buf *out, struct error *err);
MUST_CHECK bool client_get_json(struct client *client, const char *path, json_t **out, struct error *err);
MUST_CHECK bool client_post_json(struct client *client, const char *path, const json_t *body, json_t **out,
                                 struct error *err);
/* Stream a file as the body. */
MUST_CHECK bool client_post_file(struct client *client, const char *path, const char *file, json_t **out,
                                 struct error *err);
/* Add `text` percent-encoded, for queries. */
void client_escape(struct buf *out, const char *text);

/* Order a job, wait for it (with progress on a terminal), print its report as text or JSON. Returns the exit status.
 * `file` NULL: the arguments are the body. Else the file is the body, and arguments that are texts go into the query.
 */
int client_job(const struct cli *cli, const char *kind, const json_t *arguments, const char *file);

/* The same without a file; the report in any format that the kind has, to `to`. */
int client_job_to(const struct cli *cli, const char *kind, const json_t *arguments, const char *format, FILE *to);

DEFINE_AUTO(struct client *, client_free)

#endif
