/* problem.h - the words of a problem, cut to their places between characters: they go into JSON. Private to this room.
 */
#ifndef GATEWAY_CONFIG_PROBLEM_H
#define GATEWAY_CONFIG_PROBLEM_H

#include <string.h>

#include "base/text.h"
#include "gateway/config/config.h"

static inline void problem_copy(char *to, size_t bytes, const char *from)
{
    struct span cut = utf8_cut(span_of(from), bytes - 1);

    if (cut.bytes)
        memcpy(to, cut.at, cut.bytes);
    to[cut.bytes] = '\0';
}

static inline void problem_say(struct config_problem *problem, const char *setting, const struct error *what)
{
    problem_copy(problem->setting, sizeof problem->setting, setting);
    problem_copy(problem->en, sizeof problem->en, what->text);
    problem_copy(problem->zh, sizeof problem->zh, what->zh);
}

#endif
