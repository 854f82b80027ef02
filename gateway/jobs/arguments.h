/* arguments.h - what may be asked of a kind of job: a table, and the reading of an order's arguments by it. The command
 * line has a table of its own for --help; what counts is decided here, whoever asks. */
#ifndef GATEWAY_JOBS_ARGUMENTS_H
#define GATEWAY_JOBS_ARGUMENTS_H

#include <jansson.h>

#include "base/base.h"
#include "base/error.h"

enum { ARGUMENT_TEXT_BYTES_MAX = 4000, ARGUMENT_ID_BYTES_MAX = 64 };

/* A list: what is in it is checked by the kind. */
enum argument_kind { ARGUMENT_TEXT, ARGUMENT_DAY, ARGUMENT_CHOICE, ARGUMENT_FLAG, ARGUMENT_LIST };

struct argument {
    const char *name;
    enum argument_kind kind;
    bool is_required;
    const char *const *choices; /* NULL-terminated */
};

/* How an order of a kind may look. */
struct arguments {
    const struct argument *list;
    size_t count;
    size_t ids_least;
    size_t ids_most;
};

/* ERR_INVALID "job.argument" names what is unknown, missing or of the wrong form; ERR_LIMIT "job.argument-limit". */
MUST_CHECK bool arguments_check(const struct arguments *allowed, const json_t *order, struct error *err);

/* Of checked arguments. Borrowed; "" when absent. */
const char *argument_text(const json_t *order, const char *name);
int32_t argument_day(const json_t *order, const char *name); /* DAY_NONE when absent */
bool argument_flag(const json_t *order, const char *name);
/* The place in `choices`, or -1 when absent. */
int argument_choice(const json_t *order, const char *name, const char *const *choices);
size_t argument_id_count(const json_t *order);
const char *argument_id(const json_t *order, size_t index);

#endif
