#include "gateway/jobs/named.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/jobs/arguments.h"

void named_done(struct named *named)
{
    free(named->ids);
    free(named->seen);
    *named = (struct named){.ids = NULL};
}

/* By bytes, equal ones by place. */
static int compare_places(const void *left, const void *right, void *context)
{
    const struct named *named = context;
    size_t a = *(const size_t *)left;
    size_t b = *(const size_t *)right;
    int order = memcmp(named_at(named, a), named_at(named, b), named->bytes);

    return order ? order : (a > b) - (a < b);
}

/* Of equal ids the first stays, at its place. */
static void drop_repeats(struct named *named)
{
    size_t *places = memory_new((named->count + 1) * sizeof *places);
    bool *repeats = memory_new(named->count + 1);
    size_t kept = 0;

    for (size_t i = 0; i < named->count; i++)
        places[i] = i;
    qsort_r(places, named->count, sizeof *places, compare_places, named);
    for (size_t i = 1; i < named->count; i++)
        repeats[places[i]] = memcmp(named_at(named, places[i - 1]), named_at(named, places[i]), named->bytes) == 0;
    for (size_t i = 0; i < named->count; i++) {
        if (repeats[i])
            continue;
        memmove(named->ids + kept * named->bytes, named_at(named, i), named->bytes);
        named->seen[kept++] = named->seen[i];
    }
    named->count = kept;
    free(places);
    free(repeats);
}

static bool find_obligation(struct store_txn *txn, struct span prefix, char *id, struct error *err)
{
    struct obligation_version version;

    if (!obligations_by_prefix(txn, prefix, &version, err))
        return false;
    memcpy(id, version.id, OBLIGATION_ID_BYTES);
    return true;
}

static bool find_record(struct store_txn *txn, struct span prefix, char *id, struct error *err)
{
    if (prefix.bytes < NAMED_PREFIX_LEAST)
        return refuse(err, ERR_INVALID, "record.id", "%.*s: a record is named by at least %d characters of its id",
                      "%.*s：请用至少 %d 个字符指明记录", (int)prefix.bytes, prefix.at, (int)NAMED_PREFIX_LEAST);
    return records_by_prefix(txn, prefix, id, err);
}

static bool is_refusal(enum error_code code)
{
    return code == ERR_NOT_FOUND || code == ERR_INVALID || code == ERR_CONFLICT;
}

/* Cut the mark off. */
static bool read_seen(struct span *name, uint64_t *seen, struct error *err)
{
    const char *mark = name->at ? memchr(name->at, '@', name->bytes) : NULL;
    struct span number;
    int64_t value = 0;

    *seen = 0;
    if (!mark)
        return true;
    number = (struct span){mark + 1, name->bytes - (size_t)(mark + 1 - name->at)};
    name->bytes = (size_t)(mark - name->at);
    if (!integer_parse(number, &value) || value < 0)
        return refuse(err, ERR_INVALID, "order.seen", "%.*s: behind @ stands the number of what was seen",
                      "%.*s：@ 之后应为所见版本的编号", (int)name->bytes, name->at);
    *seen = (uint64_t)value;
    return true;
}

bool named_find(const struct work *work, bool is_of_records, named_refuse *refused, void *context, struct named *named,
                struct error *err)
{
    bool (*find)(struct store_txn * txn, struct span prefix, char *id, struct error *err) =
        is_of_records ? find_record : find_obligation;
    AUTO(store_abort) struct store_txn *txn = NULL;
    size_t count = argument_id_count(work->arguments);

    named->bytes = is_of_records ? (size_t)RECORD_ID_BYTES : OBLIGATION_ID_BYTES;
    if (!work_read(work, &txn, err))
        return false;
    named->ids = memory_new((count + 1) * named->bytes);
    named->seen = memory_new((count + 1) * sizeof *named->seen);
    for (size_t i = 0; i < count; i++) {
        struct span prefix = span_of(argument_id(work->arguments, i));
        struct error why = {.code = ERR_NONE};

        if (read_seen(&prefix, &named->seen[named->count], &why) &&
            find(txn, prefix, named->ids + named->count * named->bytes, &why)) {
            named->count++;
        } else if (is_refusal(why.code)) {
            refused(context, argument_id(work->arguments, i), &why);
        } else {
            if (err)
                *err = why;
            return false;
        }
    }
    drop_repeats(named);
    return store_txn_is_good(txn, err);
}

static void refuse_in(void *context, const char *id, const struct error *why)
{
    results_refuse(context, id, why);
}

bool named_obligations(const struct work *work, struct results *results, struct named *out, struct error *err)
{
    return named_find(work, false, refuse_in, results, out, err);
}

bool named_records(const struct work *work, struct results *results, struct named *out, struct error *err)
{
    return named_find(work, true, refuse_in, results, out, err);
}

const char **named_texts(const struct named *named)
{
    const char **texts = memory_new((named->count + 1) * sizeof *texts);

    for (size_t i = 0; i < named->count; i++)
        texts[i] = named_at(named, i);
    return texts;
}
