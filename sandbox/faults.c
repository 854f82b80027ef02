#include "sandbox/faults.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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

        if (!fault_read(json_array_get(next, i), &fault, err)) {
            fault_done(&fault);
            while (faults->count > before)
                fault_done(&faults->queue[--faults->count]);
            return fail_in(err, "next[%zu]", i);
        }
        faults->queue[faults->count++] = fault;
    }
    return true;
}

void faults_push(struct faults *faults, struct fault *fault)
{
    if (faults->count >= FAULTS_MAX)
        return;
    faults->queue = memory_resize(faults->queue, (faults->count + 1) * sizeof(struct fault));
    faults->queue[faults->count] = *fault;
    faults->queue[faults->count++].text = TAKE(fault->text);
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

/* The first that fits; `count` when there is none. */
static size_t find(const struct faults *faults, enum fault_phase phase, enum fault_at at, enum fault_place place)
{
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->queue[i];

        if (fault_phase(fault->kind) == phase && is_at(fault, at) &&
            (fault->place == FAULT_ON_ANY || fault->place == place))
            return i;
    }
    return faults->count;
}

static void take(struct faults *faults, size_t found, struct fault *out)
{
    *out = (struct fault){.kind = FAULT_NONE};
    if (found == faults->count)
        return;
    *out = faults->queue[found];
    out->text = out->text ? memory_copy_text(out->text) : NULL;
    use(faults, found);
}

void faults_take(struct faults *faults, enum fault_at at, enum fault_place place, struct fault *out)
{
    take(faults, find(faults, FAULT_BY_REQUEST, at, place), out);
}

bool faults_take_kind(struct faults *faults, enum fault_at at, enum fault_place place, enum fault_kind kind)
{
    size_t found = find(faults, FAULT_BY_REQUEST, at, place);

    if (found == faults->count || faults->queue[found].kind != kind)
        return false;
    use(faults, found);
    return true;
}

bool faults_wait_for_outcomes(const struct faults *faults, enum fault_at at)
{
    return find(faults, FAULT_BY_OUTCOMES, at, FAULT_ON_ANY) < faults->count;
}

void faults_take_outcomes(struct faults *faults, enum fault_at at, struct fault *out)
{
    take(faults, find(faults, FAULT_BY_OUTCOMES, at, FAULT_ON_ANY), out);
}

/* The number of the first fault of a kind that is no fault of requests. */
static int64_t take_number(struct faults *faults, enum fault_kind kind, enum fault_at at, int64_t otherwise)
{
    for (size_t i = 0; i < faults->count; i++)
        if (faults->queue[i].kind == kind && is_at(&faults->queue[i], at)) {
            int64_t number = kind == FAULT_RESULT_STEPS ? faults->queue[i].steps : faults->queue[i].polls;

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
    buf_add_text(out, "\"next\":[");
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->queue[i];

        buf_addf(out, "%s{\"fault\":\"%s\",\"platform\":\"%s\",\"on\":\"%s\",\"times\":%" PRId64 "}", i ? "," : "",
                 fault_name(fault->kind), FAULT_AT_NAMES[fault->at], FAULT_PLACE_NAMES[fault->place], fault->times);
    }
    buf_add_byte(out, ']');
}
