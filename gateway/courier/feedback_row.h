/* feedback_row.h - what a client said as the row that the channel "feedback" is told: the layout and the names of the
 * configuration, and the words of the domain's measures. Needs none of the channel's secrets, so that the processes
 * that answer can use it.
 *
 * Measures are told in the Chinese words of the domain's file as it is today, with ； between; one that it does not
 * know any more by its id. */
#ifndef GATEWAY_COURIER_FEEDBACK_ROW_H
#define GATEWAY_COURIER_FEEDBACK_ROW_H

#include "gateway/command/command_feedback_send.h"
#include "gateway/config/config.h"
#include "gateway/lookup/domain.h"

struct feedback_rows;
/* NULL in `*out` when the channel is not configured or not enabled. `config` and `domains` are borrowed. */
MUST_CHECK bool feedback_rows_load(const struct config *config, const struct domains *domains,
                                   struct feedback_rows **out, struct error *err);
void feedback_rows_free(struct feedback_rows *rows);
/* Borrowed from `rows`; NULL when that is NULL. */
const struct feedback_channel *feedback_rows_channel(const struct feedback_rows *rows);

DEFINE_AUTO(struct feedback_rows *, feedback_rows_free)

#endif
