#include "sandbox/faults.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const FAULT_AT_NAMES[FAULT_AT_COUNT] = {"any", "credit-guangdong", "national-platform", "credit-china"};
static const char *const PLACE_NAMES[FAULT_PLACE_COUNT] = {"any",  "upload", "second",  "doubt",
                                                           "task", "key",    "holdings"};

/* What each kind may and must say besides "fault", "times" and "on". */
struct kind {
    const char *name;
    const char *number; /* name of its number, NULL when it has none */
    int64_t number_min;
    int64_t number_max;
    const char *text;    /* name of its text */
    const char *flag;    /* name of its boolean */
    const char *extra;   /* another short text: retry_after */
    bool has_row;        /* rowid and code */
    bool is_for_request; /* taken by requests, "on" allowed */
};

static const struct kind KINDS[FAULT_KIND_COUNT] = {
    [FAULT_NONE] = {.name = ""},
    [FAULT_STATUS] = {"status", "status", 100, 599, "body", "after", "retry_after", false, true},
    [FAULT_CLOSE] = {"close", NULL, 0, 0, NULL, NULL, NULL, false, true},
    [FAULT_LOST_REPLY] = {"lost-reply", NULL, 0, 0, NULL, NULL, NULL, false, true},
    [FAULT_DELAY] = {"delay", "ms", 0, FAULT_DELAY_MS_MAX, NULL, NULL, NULL, false, true},
    [FAULT_MALFORMED] = {"malformed", NULL, 0, 0, "body", NULL, NULL, false, true},
    [FAULT_RESULT_DELAY] = {"result-delay", "polls", 0, 1000000, NULL, NULL, NULL, false, false},
    [FAULT_RESULT_STEPS] = {"result-steps", "steps", 1, 1000, NULL, NULL, NULL, false, false},
    [FAULT_REFUSE_ROW] = {"refuse-row", NULL, 0, 0, "message", NULL, NULL, true, false},
    [FAULT_REFUSE_BODY] = {"refuse-body", NULL, 0, 0, NULL, NULL, NULL, true, false},
};

struct faults {
    struct fault *queue;
    size_t count;
};

void fault_done(struct fault *fault)
{
    free(fault->text);
    fault->text = NULL;
}

struct faults *faults_new(void)
{
    return memory_new(sizeof(struct faults));
}

void faults_clear(struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++)
        fault_done(&faults->queue[i]);
    faults->count = 0;
}

void faults_free(struct faults *faults)
{
    if (!faults)
        return;
    faults_clear(faults);
    free(faults->queue);
    free(faults);
}

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (names[i] && strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool check_names(const json_t *order, const struct kind *kind, struct error *err)
{
    const char *const allowed[] = {
        "fault",
        "times",
        "platform",
        kind->text,
        kind->number,
        kind->flag,
        kind->is_for_request ? "on" : NULL,
        kind->extra,
        kind->has_row ? "rowid" : NULL,
        NULL,
        kind->has_row ? "code" : NULL,
    };
    const char *name;
    const json_t *value;

    json_object_foreach((json_t *)order, name, value) if (!is_one_of(name, allowed, COUNT_OF(allowed))) return fail(
        err, ERR_INVALID, "%.40s: not a member of fault \"%s\"", name, kind->name);
    return true;
}

static bool read_text(const json_t *order, const char *name, char *out, size_t room, struct error *err)
{
    const json_t *value = json_object_get(order, name);

    if (!value)
        return true;
    if (!json_is_string(value) || json_string_length(value) >= room)
        return fail(err, ERR_INVALID, "%s: a text of less than %zu bytes", name, room);
    memcpy(out, json_string_value(value), json_string_length(value) + 1);
    return true;
}

static bool read_number(const json_t *order, const struct kind *kind, int64_t *out, struct error *err)
{
    const json_t *value = json_object_get(order, kind->number);

    if (!json_is_integer(value) || json_integer_value(value) < kind->number_min ||
        json_integer_value(value) > kind->number_max)
        return fail(err, ERR_INVALID, "%s: a number from %" PRId64 " to %" PRId64, kind->number, kind->number_min,
                    kind->number_max);
    *out = json_integer_value(value);
    return true;
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

/* The place of a text among names; 0, which stands for any, when it is absent; -1 when it is none of them. */
static int read_name(const json_t *value, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (!value || (json_is_string(value) && strcmp(names[i], json_string_value(value)) == 0))
            return i;
    return -1;
}

static bool read_place(const json_t *order, struct fault *fault, struct error *err)
{
    int at = read_name(json_object_get(order, "platform"), FAULT_AT_NAMES, FAULT_AT_COUNT);
    int place = read_name(json_object_get(order, "on"), PLACE_NAMES, FAULT_PLACE_COUNT);

    if (at < 0)
        return fail(err, ERR_INVALID, "platform: any, credit-guangdong, national-platform or credit-china");
    if (place < 0)
        return fail(err, ERR_INVALID, "on: any, upload, second, doubt, task, key or holdings");
    fault->at = (enum fault_at)at;
    fault->place = (enum fault_place)place;
    return true;
}

static bool read_members(const json_t *order, const struct kind *kind, struct fault *fault, struct error *err)
{
    const json_t *times = json_object_get(order, "times");
    const json_t *text = kind->text ? json_object_get(order, kind->text) : NULL;
    const json_t *flag = kind->flag ? json_object_get(order, kind->flag) : NULL;

    if (times && (!json_is_integer(times) || json_integer_value(times) < 1))
        return fail(err, ERR_INVALID, "times: a number from 1");
    if ((text && !json_is_string(text)) || (flag && !json_is_boolean(flag)))
        return fail(err, ERR_INVALID, "%s: wrong type", text && !json_is_string(text) ? kind->text : kind->flag);
    if (kind->number && !read_number(order, kind, &fault->number, err))
        return false;
    if (!read_text(order, "retry_after", fault->retry_after, sizeof(fault->retry_after), err) ||
        !read_text(order, "rowid", fault->rowid, sizeof(fault->rowid), err) ||
        !read_text(order, "code", fault->code, sizeof(fault->code), err))
        return false;
    if (kind->has_row && (!fault->rowid[0] || !fault->code[0]))
        return fail(err, ERR_INVALID, "rowid and code are needed");
    /* A header of ours is made of it. */
    if (strpbrk(fault->retry_after, "\r\n"))
        return fail(err, ERR_INVALID, "retry_after: one line");
    fault->times = times ? json_integer_value(times) : 1;
    fault->is_after = json_is_true(flag);
    fault->text = text ? memory_copy_text(json_string_value(text)) : NULL;
    return true;
}

static bool read_fault(const json_t *order, struct fault *fault, struct error *err)
{
    if (!json_is_object(order))
        return fail(err, ERR_INVALID, "a fault is an object");
    if (!read_kind(order, fault, err))
        return false;
    return check_names(order, &KINDS[fault->kind], err) && read_place(order, fault, err) &&
           read_members(order, &KINDS[fault->kind], fault, err);
}

bool faults_add(struct faults *faults, const json_t *order, struct error *err)
{
    const json_t *next = json_object_get(order, "next");
    size_t more = json_array_size(next);
    size_t before = faults->count;

    if (!json_is_array(next) || json_object_size(order) != 1)
        return fail(err, ERR_INVALID, "one member: next, an array of faults");
    if (before + more > FAULTS_MAX)
        return fail(err, ERR_LIMIT, "more than %d faults", FAULTS_MAX);
    faults->queue = memory_resize(faults->queue, (before + more + 1) * sizeof(struct fault));
    for (size_t i = 0; i < more; i++) {
        struct fault fault = {.kind = FAULT_NONE};

        if (!read_fault(json_array_get(next, i), &fault, err)) {
            while (faults->count > before)
                fault_done(&faults->queue[--faults->count]);
            return fail_in(err, "next[%zu]", i);
        }
        faults->queue[faults->count++] = fault;
    }
    return true;
}

/* One use of the fault at `at` is over. */
static void use(struct faults *faults, size_t at)
{
    if (--faults->queue[at].times > 0)
        return;
    fault_done(&faults->queue[at]);
    memmove(&faults->queue[at], &faults->queue[at + 1], (faults->count - at - 1) * sizeof(struct fault));
    faults->count--;
}

static bool is_at(const struct fault *fault, enum fault_at at)
{
    return fault->at == FAULT_AT_ANY || fault->at == at;
}

void faults_take(struct faults *faults, enum fault_at at, enum fault_place place, struct fault *out)
{
    *out = (struct fault){.kind = FAULT_NONE};
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->queue[i];

        if (!KINDS[fault->kind].is_for_request || !is_at(fault, at) ||
            (fault->place != FAULT_ON_ANY && fault->place != place))
            continue;
        *out = *fault;
        out->text = fault->text ? memory_copy_text(fault->text) : NULL;
        use(faults, i);
        return;
    }
}

/* The number of the first fault of a kind that is no fault of requests. */
static int64_t take_number(struct faults *faults, enum fault_kind kind, enum fault_at at, int64_t otherwise)
{
    for (size_t i = 0; i < faults->count; i++)
        if (faults->queue[i].kind == kind && is_at(&faults->queue[i], at)) {
            int64_t number = faults->queue[i].number;

            use(faults, i);
            return number;
        }
    return otherwise;
}

int64_t faults_result_delay(struct faults *faults, enum fault_at at, int64_t otherwise)
{
    return take_number(faults, FAULT_RESULT_DELAY, at, otherwise);
}

int64_t faults_result_steps(struct faults *faults, enum fault_at at, int64_t otherwise)
{
    return take_number(faults, FAULT_RESULT_STEPS, at, otherwise);
}

/* The first fault of a kind that is meant for this row; NULL when there is none. */
static const struct fault *find_for_row(const struct faults *faults, enum fault_kind kind, enum fault_at at,
                                        const char *rowid)
{
    for (size_t i = 0; i < faults->count; i++) {
        if (faults->queue[i].kind == kind && is_at(&faults->queue[i], at) && strcmp(faults->queue[i].rowid, rowid) == 0)
            return &faults->queue[i];
    }
    return NULL;
}

bool faults_refuse_row(struct faults *faults, enum fault_at at, const char *rowid, char code[FAULT_CODE_BYTES],
                       struct row_verdict *verdict)
{
    const struct fault *fault = find_for_row(faults, FAULT_REFUSE_ROW, at, rowid);

    if (!fault)
        return false;
    memcpy(code, fault->code, sizeof(fault->code));
    (void)rowcheck_refuse(verdict, code, "%s", fault->text ? fault->text : "按测试要求拒绝");
    use(faults, (size_t)(fault - faults->queue));
    return true;
}

bool faults_refuse_body(struct faults *faults, enum fault_at at, const char *rowid, char code[FAULT_CODE_BYTES])
{
    const struct fault *fault = find_for_row(faults, FAULT_REFUSE_BODY, at, rowid);

    if (!fault)
        return false;
    memcpy(code, fault->code, sizeof(fault->code));
    use(faults, (size_t)(fault - faults->queue));
    return true;
}

void faults_describe(const struct faults *faults, struct buf *out)
{
    buf_add_text(out, "{\"next\":[");
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->queue[i];

        buf_addf(out, "%s{\"fault\":\"%s\",\"platform\":\"%s\",\"on\":\"%s\",\"times\":%" PRId64 "}", i ? "," : "",
                 KINDS[fault->kind].name, FAULT_AT_NAMES[fault->at], PLACE_NAMES[fault->place], fault->times);
    }
    buf_add_text(out, "]}");
}
