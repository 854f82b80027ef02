#include "sandbox/holdings.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

const char *const HELD_NAMES[HELD_COUNT] = {"new", "same", "different", "older", "refused"};

struct version {
    int64_t number;
    int operation;
    uint64_t received;
    char version_json[16];
    char operation_json[16];
    char sm3[WIRE_HEX_BYTES];
};

struct holding {
    char *rowid; /* first: the tree compares by it */
    struct version *versions;
    size_t count;
    uint64_t times[HELD_COUNT];
};

struct holdings {
    void *tree;
    struct holding **all; /* every holding; by ROWID when is_sorted */
    size_t count;
    bool is_sorted;
    uint64_t applied;
};

bool held_parse(const char *name, enum held *held)
{
    for (int i = 0; name && i < HELD_COUNT; i++)
        if (strcmp(HELD_NAMES[i], name) == 0) {
            *held = (enum held)i;
            return true;
        }
    return false;
}

static int compare_names(const void *a, const void *b)
{
    const struct holding *left = a;
    const struct holding *right = b;

    return strcmp(left->rowid, right->rowid);
}

static int compare_entries(const void *a, const void *b)
{
    struct holding *const *left = a;
    struct holding *const *right = b;

    return strcmp((*left)->rowid, (*right)->rowid);
}

struct holdings *holdings_new(void)
{
    return memory_new(sizeof(struct holdings));
}

static void keep(void *item)
{
    (void)item;
}

void holdings_free(struct holdings *holdings)
{
    if (!holdings)
        return;
    tdestroy(holdings->tree, keep);
    for (size_t i = 0; i < holdings->count; i++) {
        free(holdings->all[i]->rowid);
        free(holdings->all[i]->versions);
        free(holdings->all[i]);
    }
    free((void *)holdings->all);
    free(holdings);
}

static struct holding *find(const struct holdings *holdings, const char *rowid)
{
    struct holding key = {.rowid = (char *)rowid};
    void *node = tfind(&key, &holdings->tree, compare_names);

    return node ? *(struct holding **)node : NULL;
}

static struct holding *find_or_add(struct holdings *holdings, const char *rowid)
{
    struct holding *holding = find(holdings, rowid);

    if (holding)
        return holding;
    holding = memory_new(sizeof(*holding));
    holding->rowid = memory_copy_text(rowid);
    if (!tsearch(holding, &holdings->tree, compare_names))
        abort();
    if ((holdings->count & (holdings->count - 1)) == 0) {
        size_t room = holdings->count ? holdings->count * 2 : 1;

        holdings->all = memory_resize((void *)holdings->all, room * sizeof(struct holding *));
    }
    holdings->all[holdings->count++] = holding;
    holdings->is_sorted = false;
    return holding;
}

static struct version *newest(const struct holding *holding)
{
    return holding && holding->count > 0 ? &holding->versions[holding->count - 1] : NULL;
}

static struct version *find_version(const struct holding *holding, int64_t number)
{
    for (size_t i = holding ? holding->count : 0; i > 0; i--)
        if (holding->versions[i - 1].number == number)
            return &holding->versions[i - 1];
    return NULL;
}

static bool operation_fits(const struct version *last, const struct arrival *arrival, struct row_verdict *verdict)
{
    if (!last && arrival->operation >= ROW_WITHDRAW)
        return rowcheck_refuse(verdict, ROW_RULE, "OP %d：本平台没有这条记录", arrival->operation);
    if (last && last->operation == ROW_WITHDRAW && arrival->operation != ROW_ADD)
        return rowcheck_refuse(verdict, ROW_RULE, "OP %d：记录已撤销", arrival->operation);
    return true;
}

enum held holdings_judge(const struct holdings *holdings, const struct arrival *arrival, struct row_verdict *verdict)
{
    const struct holding *holding = find(holdings, arrival->rowid);
    const struct version *last = newest(holding);
    const struct version *same = find_version(holding, arrival->version);

    *verdict = (struct row_verdict){ROW_TAKEN, ""};
    if (same && strcmp(same->sm3, arrival->sm3) == 0)
        return HELD_SAME;
    if (same) {
        (void)rowcheck_refuse(verdict, ROW_RULE, "版本 %" PRId64 " 已持有，内容不同", arrival->version);
        return HELD_DIFFERENT;
    }
    if (last && arrival->version < last->number) {
        (void)rowcheck_refuse(verdict, ROW_OLDER, "版本倒序：已持有版本 %" PRId64, last->number);
        return HELD_OLDER;
    }
    return operation_fits(last, arrival, verdict) ? HELD_NEW : HELD_REFUSED;
}

static void apply(struct holdings *holdings, struct holding *holding, const struct arrival *arrival)
{
    struct version *version;

    holding->versions = memory_resize(holding->versions, (holding->count + 1) * sizeof(struct version));
    version = &holding->versions[holding->count++];
    *version = (struct version){.number = arrival->version, .operation = arrival->operation, .received = 1};
    memcpy(version->version_json, arrival->version_json, sizeof(version->version_json));
    memcpy(version->operation_json, arrival->operation_json, sizeof(version->operation_json));
    memcpy(version->sm3, arrival->sm3, sizeof(version->sm3));
    holdings->applied++;
}

void holdings_note(struct holdings *holdings, const struct arrival *arrival, enum held held)
{
    struct holding *holding = find_or_add(holdings, arrival->rowid);
    struct version *same = find_version(holding, arrival->version);

    holding->times[held]++;
    if (held == HELD_NEW)
        apply(holdings, holding, arrival);
    if (held == HELD_SAME && same)
        same->received++;
}

size_t holdings_count(const struct holdings *holdings)
{
    size_t count = 0;

    for (size_t i = 0; i < holdings->count; i++)
        count += holdings->all[i]->count > 0;
    return count;
}

uint64_t holdings_applied(const struct holdings *holdings)
{
    return holdings->applied;
}

static void sort(struct holdings *holdings)
{
    if (!holdings->is_sorted && holdings->count > 1)
        qsort((void *)holdings->all, holdings->count, sizeof(struct holding *), compare_entries);
    holdings->is_sorted = true;
}

static size_t first_after(const struct holdings *holdings, const char *after)
{
    size_t low = 0;
    size_t high = holdings->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(holdings->all[middle]->rowid, after) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void holdings_page(struct holdings *holdings, const char *after, size_t limit, struct buf *out)
{
    const char *last = NULL;
    size_t shown = 0;
    size_t at;

    sort(holdings);
    buf_add_text(out, "{\"rows\":[");
    for (at = first_after(holdings, after); at < holdings->count; at++) {
        const struct holding *holding = holdings->all[at];
        const struct version *version = newest(holding);

        if (!version)
            continue;
        if (shown == limit)
            break;
        buf_addf(out, "%s{\"ROWID\":\"%s\",\"VERSION\":%s,\"OP\":%s,\"sm3\":\"%s\"}", shown ? "," : "", holding->rowid,
                 version->version_json, version->operation_json, version->sm3);
        last = holding->rowid;
        shown++;
    }
    if (at < holdings->count && last)
        buf_addf(out, "],\"next\":\"%s\"}", last);
    else
        buf_add_text(out, "],\"next\":null}");
}

static void add_history(const struct holding *holding, struct buf *out)
{
    buf_addf(out, "\"%s\":{\"applied\":[", holding->rowid);
    for (size_t i = 0; i < holding->count; i++) {
        const struct version *version = &holding->versions[i];

        buf_addf(out, "%s{\"VERSION\":%" PRId64 ",\"OP\":%d,\"sm3\":\"%s\",\"received\":%" PRIu64 "}", i ? "," : "",
                 version->number, version->operation, version->sm3, version->received);
    }
    buf_addf(out, "],\"different\":%" PRIu64 ",\"older\":%" PRIu64 ",\"refused\":%" PRIu64 "}",
             holding->times[HELD_DIFFERENT], holding->times[HELD_OLDER], holding->times[HELD_REFUSED]);
}

void holdings_history(struct holdings *holdings, const char *rowid, struct buf *out)
{
    const struct holding *one = rowid ? find(holdings, rowid) : NULL;

    buf_add_byte(out, '{');
    if (one)
        add_history(one, out);
    sort(holdings);
    for (size_t i = 0; !rowid && i < holdings->count; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        add_history(holdings->all[i], out);
    }
    buf_add_byte(out, '}');
}
