/* fault_read: a table of the kinds and one of the members, so that what a fault may and must say stands in one place.
 */
#include "sandbox/faults.h"

#include <inttypes.h>
#include <string.h>

const char *const FAULT_AT_NAMES[FAULT_AT_COUNT] = {"any", "credit-guangdong", "national-platform", "credit-china"};
const char *const FAULT_PLACE_NAMES[FAULT_PLACE_COUNT] = {"any",  "upload", "second",  "doubt",
                                                          "task", "key",    "holdings"};

enum member {
    MAY_STATUS = 1 << 0,
    MAY_MS = 1 << 1,
    MAY_BYTES = 1 << 2,
    MAY_POLLS = 1 << 3,
    MAY_ROWS = 1 << 4,
    MAY_BODY = 1 << 5,
    MAY_MESSAGE = 1 << 6,
    MAY_AFTER = 1 << 7,
    MAY_RETRY_AFTER = 1 << 8,
    MAY_ROWID = 1 << 9,
    MAY_CODE = 1 << 10,
    MAY_CONTENT_TYPE = 1 << 11,
    MAY_STEPS = 1 << 12
};

struct kind {
    const char *name;
    enum fault_phase phase;
    bool is_of_line;
    unsigned must;
    unsigned may;
};

#define REQUEST FAULT_BY_REQUEST, false
#define LINE FAULT_BY_REQUEST, true
#define OUTCOMES FAULT_BY_OUTCOMES, false
#define ROWS FAULT_BY_ROWS, false

static const struct kind KINDS[FAULT_KIND_COUNT] = {
    [FAULT_NONE] = {"", REQUEST, 0, 0},
    [FAULT_STATUS] = {"status", REQUEST, MAY_STATUS, MAY_BODY | MAY_AFTER | MAY_RETRY_AFTER | MAY_CONTENT_TYPE},
    [FAULT_REFUSE_CALL] = {"refuse-call", REQUEST, MAY_CODE, MAY_MESSAGE},
    [FAULT_CLOSE] = {"close", REQUEST, 0, 0},
    [FAULT_LOST_REPLY] = {"lost-reply", REQUEST, 0, 0},
    [FAULT_RESET] = {"reset", LINE, 0, MAY_AFTER},
    [FAULT_RESET_BODY] = {"reset-body", LINE, 0, 0},
    [FAULT_CUT] = {"cut", LINE, MAY_BYTES, 0},
    [FAULT_STALL] = {"stall", LINE, 0, 0},
    [FAULT_DELAY] = {"delay", REQUEST, MAY_MS, 0},
    [FAULT_DRIP] = {"drip", LINE, MAY_BYTES | MAY_MS, 0},
    [FAULT_MALFORMED] = {"malformed", REQUEST, 0, MAY_BODY | MAY_CONTENT_TYPE},
    [FAULT_HUGE] = {"huge", REQUEST, MAY_BYTES, 0},
    [FAULT_WRONG_TYPES] = {"wrong-types", REQUEST, 0, 0},
    [FAULT_PREVIOUS] = {"previous", REQUEST, 0, 0},
    [FAULT_WRONG_SECRET] = {"wrong-secret", REQUEST, 0, 0},
    [FAULT_ROWS_MISSING] = {"rows-missing", OUTCOMES, 0, MAY_ROWS},
    [FAULT_ROWS_TWICE] = {"rows-twice", OUTCOMES, 0, 0},
    [FAULT_ROWS_CONTRADICT] = {"rows-contradict", OUTCOMES, 0, 0},
    [FAULT_ROWS_OPPOSITE] = {"rows-opposite", OUTCOMES, 0, 0},
    [FAULT_ROWS_FOREIGN] = {"rows-foreign", OUTCOMES, 0, 0},
    [FAULT_RESULT_DELAY] = {"result-delay", ROWS, MAY_POLLS, 0},
    [FAULT_RESULT_STEPS] = {"result-steps", ROWS, MAY_STEPS, 0},
    [FAULT_REFUSE_ROW] = {"refuse-row", ROWS, MAY_ROWID | MAY_CODE, MAY_MESSAGE},
    [FAULT_REFUSE_BODY] = {"refuse-body", ROWS, MAY_ROWID | MAY_CODE, 0},
};

#define AT(member) offsetof(struct fault, member)

struct number {
    const char *name;
    enum member bit;
    size_t at;
    int64_t min;
    int64_t max;
};
static const struct number NUMBERS[] = {
    {"status", MAY_STATUS, AT(status), 100, 599},
    {"ms", MAY_MS, AT(ms), 0, FAULT_DELAY_MS_MAX},
    {"bytes", MAY_BYTES, AT(bytes), 0, FAULT_HUGE_BYTES_MAX},
    {"polls", MAY_POLLS, AT(polls), 0, 1000000},
    {"rows", MAY_ROWS, AT(rows), 1, 1000},
    {"steps", MAY_STEPS, AT(steps), 1, 1000},
};

/* Short texts, with the zero at their end. */
struct words {
    const char *name;
    enum member bit;
    size_t at;
    size_t bytes;
};
static const struct words WORDS[] = {
    {"rowid", MAY_ROWID, AT(rowid), ROW_ID_BYTES},
    {"code", MAY_CODE, AT(code), FAULT_CODE_BYTES},
    {"retry_after", MAY_RETRY_AFTER, AT(retry_after), sizeof(((struct fault *)NULL)->retry_after)},
};

/* A reply's type is static text. */
static const char *const CONTENT_TYPES[] = {"application/json", "application/xml", "text/html", "text/plain",
                                            "application/octet-stream"};

const char *fault_name(enum fault_kind kind)
{
    return KINDS[kind].name;
}

enum fault_phase fault_phase(enum fault_kind kind)
{
    return KINDS[kind].phase;
}

bool fault_is_of_line(enum fault_kind kind)
{
    return KINDS[kind].is_of_line;
}

static bool read_kind(const json_t *order, struct fault *fault, struct error *err)
{
    const char *name = json_string_value(json_object_get(order, "fault"));

    for (int i = FAULT_NONE + 1; name && i < FAULT_KIND_COUNT; i++)
        if (strcmp(KINDS[i].name, name) == 0) {
            fault->kind = (enum fault_kind)i;
            return true;
        }
    return fail(err, ERR_INVALID, "fault: unknown or missing");
}

/* Which of `names` it is; the first, when it is absent; -1: none of them. */
static int find_name(const json_t *value, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (!value || (json_is_string(value) && strcmp(names[i], json_string_value(value)) == 0))
            return i;
    return -1;
}

static bool read_place(const json_t *order, struct fault *fault, size_t *found, struct error *err)
{
    const json_t *platform = json_object_get(order, "platform");
    const json_t *on = json_object_get(order, "on");
    int at = find_name(platform, FAULT_AT_NAMES, FAULT_AT_COUNT);
    int place = find_name(on, FAULT_PLACE_NAMES, FAULT_PLACE_COUNT);

    if (at < 0)
        return fail(err, ERR_INVALID, "platform: any, credit-guangdong, national-platform or credit-china");
    if (on && fault_phase(fault->kind) != FAULT_BY_REQUEST)
        return fail(err, ERR_INVALID, "on: fault \"%s\" has its own place", fault_name(fault->kind));
    if (place < 0)
        return fail(err, ERR_INVALID, "on: any, upload, second, doubt, task, key or holdings");
    fault->at = (enum fault_at)at;
    fault->place = (enum fault_place)place;
    *found += (size_t)(platform != NULL) + (on != NULL);
    return true;
}

static bool read_numbers(const json_t *order, unsigned allowed, struct fault *fault, unsigned *seen, struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(NUMBERS); i++) {
        const struct number *number = &NUMBERS[i];
        const json_t *value = allowed & number->bit ? json_object_get(order, number->name) : NULL;
        int64_t read = json_integer_value(value);

        if (!value)
            continue;
        if (!json_is_integer(value) || read < number->min || read > number->max)
            return fail(err, ERR_INVALID, "%s: a number from %" PRId64 " to %" PRId64, number->name, number->min,
                        number->max);
        memcpy((char *)fault + number->at, &read, sizeof read);
        *seen |= number->bit;
    }
    return true;
}

static bool read_words(const json_t *order, unsigned allowed, struct fault *fault, unsigned *seen, struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(WORDS); i++) {
        const struct words *words = &WORDS[i];
        const json_t *value = allowed & words->bit ? json_object_get(order, words->name) : NULL;

        if (!value)
            continue;
        if (!json_is_string(value) || json_string_length(value) == 0 || json_string_length(value) >= words->bytes)
            return fail(err, ERR_INVALID, "%s: a text of less than %zu bytes", words->name, words->bytes);
        memcpy((char *)fault + words->at, json_string_value(value), json_string_length(value) + 1);
        *seen |= words->bit;
    }
    /* A header of ours is made of it. */
    if (strpbrk(fault->retry_after, "\r\n"))
        return fail(err, ERR_INVALID, "retry_after: one line");
    return true;
}

static bool read_text(const json_t *order, unsigned allowed, struct fault *fault, unsigned *seen, struct error *err)
{
    enum member bit = allowed & MAY_BODY ? MAY_BODY : MAY_MESSAGE;
    const char *name = bit == MAY_BODY ? "body" : "message";
    const json_t *value = allowed & bit ? json_object_get(order, name) : NULL;

    if (!value)
        return true;
    if (!json_is_string(value))
        return fail(err, ERR_INVALID, "%s: a text", name);
    fault->text = memory_copy_text(json_string_value(value));
    *seen |= bit;
    return true;
}

static bool read_rest(const json_t *order, unsigned allowed, struct fault *fault, unsigned *seen, struct error *err)
{
    const json_t *after = allowed & MAY_AFTER ? json_object_get(order, "after") : NULL;
    const json_t *type = allowed & MAY_CONTENT_TYPE ? json_object_get(order, "content_type") : NULL;
    int known = find_name(type, CONTENT_TYPES, COUNT_OF(CONTENT_TYPES));

    if (after && !json_is_boolean(after))
        return fail(err, ERR_INVALID, "after: true or false");
    if (type && known < 0)
        return fail(err, ERR_INVALID, "content_type: JSON, XML, HTML, plain text or octets, as MIME names them");
    fault->is_after = json_is_true(after);
    fault->content_type = type ? CONTENT_TYPES[known] : NULL;
    *seen |= (after ? MAY_AFTER : 0U) | (type ? MAY_CONTENT_TYPE : 0U);
    return true;
}

static bool read_times(const json_t *order, struct fault *fault, size_t *found, struct error *err)
{
    const json_t *times = json_object_get(order, "times");

    if (times && (!json_is_integer(times) || json_integer_value(times) < 1))
        return fail(err, ERR_INVALID, "times: a number from 1");
    fault->times = times ? json_integer_value(times) : 1;
    *found += times != NULL;
    return true;
}

bool fault_read(const json_t *order, struct fault *out, struct error *err)
{
    AUTO(fault_done) struct fault fault = {.rows = 1};
    size_t found = 1; /* "fault" itself */
    unsigned allowed;
    unsigned seen = 0;

    if (!json_is_object(order))
        return fail(err, ERR_INVALID, "a fault is an object");
    if (!read_kind(order, &fault, err))
        return false;
    allowed = KINDS[fault.kind].must | KINDS[fault.kind].may;
    if (!read_place(order, &fault, &found, err) || !read_times(order, &fault, &found, err) ||
        !read_numbers(order, allowed, &fault, &seen, err) || !read_words(order, allowed, &fault, &seen, err) ||
        !read_text(order, allowed, &fault, &seen, err) || !read_rest(order, allowed, &fault, &seen, err))
        return false;
    if ((seen & KINDS[fault.kind].must) != KINDS[fault.kind].must)
        return fail(err, ERR_INVALID, "fault \"%s\" needs more: see faults.h", fault_name(fault.kind));
    if (found + (size_t)__builtin_popcount(seen) != json_object_size(order))
        return fail(err, ERR_INVALID, "a member that fault \"%s\" does not know", fault_name(fault.kind));
    *out = fault;
    fault.text = NULL;
    return true;
}
