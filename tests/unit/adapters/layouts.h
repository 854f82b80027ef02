/* layouts.h - layouts for tests: those of adapters/layouts, and one that is made of a text. */
#ifndef TESTS_UNIT_ADAPTERS_LAYOUTS_H
#define TESTS_UNIT_ADAPTERS_LAYOUTS_H

#include <criterion/criterion.h>
#include <stdio.h>

#include "adapters/layout.h"
#include "tests/support/support.h"

#define SCHEMAS TEST_SOURCE "/schemas"

/* The layout of a channel: "credit-guangdong". */
static inline struct layout *layout_for_test(const char *channel)
{
    char path[2 * TEST_PATH_BYTES];
    struct layout *layout = NULL;
    struct error err;

    snprintf(path, sizeof path, "%s/adapters/layouts/%s.json", TEST_SOURCE, channel);
    cr_assert(layout_load(path, SCHEMAS, &layout, &err), "%s", err.text);
    return layout;
}

#endif
