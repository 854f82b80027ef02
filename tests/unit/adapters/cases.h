/* cases.h - what the tests of adapters share: walking tests/cases/<adapter>, and comparing an answer's meaning with
 * what its case says.
 *
 * A case is a folder with `input` {"step", "status", "body"} and `expected` {"ending", "code", "message", "outcomes"}:
 * an outcome is ["open" | "taken" | "refused", code, message]; without "message" any will do. */
#ifndef TESTS_UNIT_ADAPTERS_CASES_H
#define TESTS_UNIT_ADAPTERS_CASES_H

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "adapters/adapter.h"
#include "base/json.h"
#include "base/text.h"
#include "tests/support/support.h"

typedef void case_check(const char *name, const json_t *input, const json_t *expected);

static inline struct span case_text(const json_t *input, const char *name)
{
    const json_t *value = json_object_get(input, name);

    return (struct span){json_string_value(value), json_string_length(value)};
}

/* Every case of the folder (below tests/cases) whose name begins with `prefix`. Returns how many. */
static inline int cases_visit(const char *folder, const char *prefix, case_check *check)
{
    char path[2 * TEST_PATH_BYTES];
    DIR *cases;
    struct dirent *entry;
    struct error err;
    int count = 0;

    snprintf(path, sizeof path, "%s/tests/cases/%s", TEST_SOURCE, folder);
    cases = opendir(path);
    cr_assert(cases);
    while ((entry = readdir(cases)) != NULL) {
        AUTO(json_release) json_t *input = NULL;
        AUTO(json_release) json_t *expected = NULL;

        if (entry->d_name[0] == '.' || strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
            continue;
        snprintf(path, sizeof path, "%s/tests/cases/%s/%s/input", TEST_SOURCE, folder, entry->d_name);
        cr_assert(json_read_file(path, &input, &err), "%s", err.text);
        snprintf(path, sizeof path, "%s/tests/cases/%s/%s/expected", TEST_SOURCE, folder, entry->d_name);
        cr_assert(json_read_file(path, &expected, &err), "%s", err.text);
        check(entry->d_name, input, expected);
        count++;
    }
    closedir(cases);
    return count;
}

static inline enum adapter_step case_step(const char *name, const json_t *input)
{
    static const char *const NAMES[ADAPTER_STEP_COUNT] = {"upload", "second", "doubt", "ask", "key", "holdings"};

    for (int i = 0; i < ADAPTER_STEP_COUNT; i++) {
        if (span_is(case_text(input, "step"), NAMES[i]))
            return (enum adapter_step)i;
    }
    cr_assert_fail("%s: no such step", name);
    return ADAPTER_STEP_COUNT;
}

static inline void case_check_outcomes(const char *name, const struct adapter_result *result, const json_t *expected)
{
    static const char *const KINDS[] = {"open", "taken", "refused"};
    const json_t *outcome;
    size_t i;

    cr_assert_eq(result->outcome_count, json_array_size(expected), "%s", name);
    json_array_foreach(expected, i, outcome)
    {
        cr_assert_str_eq(KINDS[result->outcomes[i].kind], json_string_value(json_array_get(outcome, 0)), "%s", name);
        cr_assert_str_eq(result->outcomes[i].code, json_string_value(json_array_get(outcome, 1)), "%s", name);
        cr_assert_str_eq(result->outcomes[i].message, json_string_value(json_array_get(outcome, 2)), "%s", name);
    }
}

static inline void case_check_result(const char *name, const struct adapter_result *result, const json_t *expected)
{
    const char *message = json_text_of(expected, "message");

    cr_assert_str_eq(adapter_ending_name(result->ending), json_text_of(expected, "ending"), "%s: %s", name,
                     result->message);
    cr_assert_str_eq(result->code, json_text_of(expected, "code"), "%s", name);
    if (message)
        cr_assert_str_eq(result->message, message, "%s", name);
    if (result->ending == ADAPTER_MALFORMED)
        cr_assert_neq(result->message[0], '\0', "%s: what cannot be believed is said", name);
    case_check_outcomes(name, result, json_object_get(expected, "outcomes"));
}

/* The value of a header; "" when it is not there. */
static inline const char *request_header(const struct adapter_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const char *text = buf_text(&request->headers[i]);

        if (strncmp(text, name, strlen(name)) == 0 && text[strlen(name)] == ':')
            return text + strlen(name) + 2;
    }
    return "";
}

#endif
