#include "schemas/windows.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

enum { WINDOW_MONTHS_MAX = 600, WINDOW_ROWS_MAX = 1000 };

const char *const SEVERITY_NAMES[] = {"", "轻微", "一般", "严重"};
const char *const SEVERITY_SLUGS[] = {"", "minor", "general", "serious"};

struct window_row {
    int32_t from;  /* DAY_NONE: since ever */
    int32_t until; /* DAY_NONE: still */
    int severity;
    struct window window;
};

struct windows {
    json_t *json; /* owns the texts */
    struct window_row *rows;
    size_t count;
};

bool severity_parse(struct span text, enum severity *out)
{
    for (int i = SEVERITY_MINOR; i <= SEVERITY_SERIOUS; i++) {
        const char digit[] = {(char)('0' + i), '\0'};

        if (!span_is(text, digit) && !span_is(text, SEVERITY_NAMES[i]) && !span_is(text, SEVERITY_SLUGS[i]))
            continue;
        *out = (enum severity)i;
        return true;
    }
    return false;
}

static bool read_day(const json_t *row, const char *name, int32_t *day)
{
    const json_t *value = json_object_get(row, name);

    *day = DAY_NONE;
    if (json_is_null(value))
        return true;
    return json_is_string(value) && day_parse(span_of(json_string_value(value)), day);
}

static bool read_row(const json_t *json, struct window_row *row)
{
    int64_t min = json_integer_of(json, "min_months", -1);
    int64_t max = json_integer_of(json, "max_months", -1);
    int64_t severity = json_integer_of(json, "severity", 0);

    const char *certainty = json_text_of(json, "certainty");

    row->window.basis = json_text_of(json, "basis");
    /* Who reads the data must see on what it stands. */
    if (!certainty || (strcmp(certainty, "F") != 0 && strcmp(certainty, "G") != 0) || !json_text_of(json, "source"))
        return false;
    row->window.is_certain = *certainty == 'F';
    if (!row->window.basis || severity < SEVERITY_MINOR || severity > SEVERITY_SERIOUS || min < 0 || max < min ||
        max > WINDOW_MONTHS_MAX)
        return false;
    row->severity = (int)severity;
    row->window.min_months = (int)min;
    row->window.max_months = (int)max;
    return read_day(json, "from", &row->from) && read_day(json, "until", &row->until);
}

static bool take_rows(struct windows *windows, struct error *err)
{
    const json_t *rows = json_object_get(windows->json, "windows");
    size_t count = json_array_size(rows);

    if (count == 0 || count > WINDOW_ROWS_MAX)
        return fail(err, ERR_INVALID, "publication windows: \"windows\" must be a list of 1 to %d", WINDOW_ROWS_MAX);
    windows->rows = memory_new(count * sizeof *windows->rows);
    for (size_t i = 0; i < count; i++) {
        if (!read_row(json_array_get(rows, i), &windows->rows[i]))
            return fail(err, ERR_INVALID, "publication windows: entry %zu is not a window", i + 1);
    }
    windows->count = count;
    return true;
}

static bool windows_from(json_t *json, struct windows **out, struct error *err)
{
    AUTO(windows_free) struct windows *windows = memory_new(sizeof *windows);

    windows->json = json;
    if (!take_rows(windows, err))
        return false;
    *out = TAKE(windows);
    return true;
}

bool windows_load(const char *path, struct windows **out, struct error *err)
{
    json_t *json = NULL;

    if (!json_read_file(path, &json, err))
        return false;
    return windows_from(json, out, err) || fail_in(err, "%s", path);
}

bool windows_parse(struct span text, struct windows **out, struct error *err)
{
    json_t *json = NULL;

    return json_read(text, JSON_BYTES_MAX, &json, err) && windows_from(json, out, err);
}

void windows_free(struct windows *windows)
{
    if (!windows)
        return;
    json_decref(windows->json);
    free(windows->rows);
    free(windows);
}

static const struct window *find(const struct windows *windows, enum severity severity, int32_t on)
{
    for (size_t i = 0; i < windows->count; i++) {
        const struct window_row *row = &windows->rows[i];

        if (row->severity == (int)severity && (row->from == DAY_NONE || on >= row->from) &&
            (row->until == DAY_NONE || on <= row->until))
            return &row->window;
    }
    return NULL;
}

bool windows_find(const struct windows *windows, enum severity severity, int32_t decided_on, struct window *out,
                  struct error *err)
{
    const struct window *window = find(windows, severity, decided_on);
    char day[DAY_TEXT_BYTES];

    if (window) {
        *out = *window;
        return true;
    }
    return fail(err, ERR_INVALID, "no publication window for severity %d decided on %s", (int)severity,
                day_format(decided_on, day));
}

int32_t window_last_day(const struct window *window, int32_t decided_on)
{
    return day_add_months(decided_on, window->max_months);
}

int32_t windows_end(const struct windows *windows, enum severity severity, int32_t decided_on, int32_t listed_end,
                    int32_t on, const char **basis)
{
    const struct window *listed = find(windows, severity, decided_on);
    const struct window *now = find(windows, severity, on);
    int32_t end = now ? window_last_day(now, decided_on) : listed_end;
    bool is_earlier = end < listed_end;
    const struct window *rule = is_earlier ? now : listed;

    if (basis)
        *basis = rule ? rule->basis : NULL;
    return is_earlier ? end : listed_end;
}

int32_t window_first_repair_day(const struct window *window, int32_t decided_on)
{
    return window->min_months == 0 ? decided_on : day_add_months(decided_on, window->min_months) + 1;
}
