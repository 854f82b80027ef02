#include "gateway/screening/place.h"

#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/time.h"

enum {
    HEAD_BYTES_MAX = 1024,
    ROW_BYTES = 8,
    OUTCOME_BITS = 3,
    PLACE_BYTES_MAX = HEAD_BYTES_MAX + SCREENING_PIECE_ROWS * ROW_BYTES
};
enum { WAIT_MS = 60000, POLL_MS = 100 };
_Static_assert(OUTCOME_COUNT <= 1 << OUTCOME_BITS, "an outcome fits beside where the row ends");

/* --- the file --- */

static bool fail_damaged(const char *folder, struct error *err)
{
    return fail(err, ERR_CORRUPT, "%s/place is damaged", folder);
}

static bool take_head(const json_t *head, struct screening_place *place)
{
    const json_t *counts = json_object_get(head, "counts");
    const char *first = json_text_of(head, "first");
    int64_t pending = json_integer_of(head, "pending", -1);

    if (json_array_size(counts) != OUTCOME_COUNT || !first || strlen(first) >= TRACE_RECEIPT_BYTES || pending < 0 ||
        pending > SCREENING_PIECE_ROWS)
        return false;
    for (size_t i = 0; i < OUTCOME_COUNT; i++)
        place->counts[i] = (uint64_t)json_integer_value(json_array_get(counts, i));
    memcpy(place->first, first, strlen(first) + 1);
    place->pending = (uint32_t)pending;
    place->started_ms = json_integer_of(head, "started_ms", 0);
    place->at_ms = json_integer_of(head, "at_ms", 0);
    place->sequence = (uint64_t)json_integer_of(head, "sequence", 0);
    place->rows = (uint64_t)json_integer_of(head, "rows", 0);
    place->result_bytes = (uint64_t)json_integer_of(head, "result_bytes", 0);
    return true;
}

bool place_load(const char *folder, struct screening_place *place, bool *is_there, struct error *err)
{
    AUTO(text_free) char *path = path_join(folder, "place");
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    AUTO(json_release) json_t *head = NULL;
    const char *end;
    size_t head_bytes;

    *is_there = file_exists(path);
    if (!*is_there)
        return true;
    if (!file_read(path, PLACE_BYTES_MAX, &bytes, err))
        return false;
    end = memchr(buf_text(&bytes), '\n', bytes.bytes);
    if (!end)
        return fail_damaged(folder, err);
    head_bytes = (size_t)(end - bytes.data);
    if (!json_read((struct span){bytes.data, head_bytes}, HEAD_BYTES_MAX, &head, NULL) || !take_head(head, place) ||
        bytes.bytes != head_bytes + 1 + (size_t)place->pending * ROW_BYTES)
        return fail_damaged(folder, err);
    for (uint32_t i = 0; i < place->pending; i++) {
        uint64_t packed;

        memcpy(&packed, end + 1 + (size_t)i * ROW_BYTES, sizeof packed);
        place->ends[i] = packed >> OUTCOME_BITS;
        place->outcomes[i] = (uint8_t)(packed & ((1U << OUTCOME_BITS) - 1));
        if (place->outcomes[i] >= OUTCOME_COUNT)
            return fail_damaged(folder, err);
    }
    return true;
}

bool place_store(const char *folder, const struct screening_place *place, struct error *err)
{
    AUTO(text_free) char *path = path_join(folder, "place");
    AUTO(buf_done) struct buf bytes = BUF_INIT;

    buf_addf(&bytes, "{\"at_ms\":%lld,\"counts\":[", (long long)place->at_ms);
    for (size_t i = 0; i < OUTCOME_COUNT; i++)
        json_count_add(&bytes, i > 0 ? "," : "", place->counts[i]);
    buf_addf(&bytes, "],\"first\":\"%s\",\"pending\":%u", place->first, place->pending);
    json_count_add(&bytes, ",\"result_bytes\":", place->result_bytes);
    json_count_add(&bytes, ",\"rows\":", place->rows);
    json_count_add(&bytes, ",\"sequence\":", place->sequence);
    buf_addf(&bytes, ",\"started_ms\":%lld}\n", (long long)place->started_ms);
    for (uint32_t i = 0; i < place->pending; i++) {
        uint64_t packed = place->ends[i] << OUTCOME_BITS | place->outcomes[i];

        buf_add(&bytes, &packed, sizeof packed);
    }
    return file_write(path, buf_span(&bytes), 0600, err);
}

void place_take(struct screening_place *place, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        place->counts[place->outcomes[i]]++;
    if (count > 0)
        place->result_bytes = place->ends[count - 1];
    place->rows += count;
    place->pending = 0;
    place->first[0] = '\0';
}

/* --- what the trace has of it --- */

/* The keeper takes up what a dead process left, whole, and removes the segment: then nothing more can come. */
static bool wait_for_keeper(const char *folder, const char *last, struct trace_log **out, struct error *err)
{
    const struct timespec pause = {0, POLL_MS * 1000000L};
    int64_t until_ms = time_monotonic_ms() + WAIT_MS;

    for (;;) {
        AUTO(trace_log_free) struct trace_log *log = NULL;

        if (!trace_log_open(folder, &log, err))
            return false;
        if (!trace_log_awaits(log, last)) {
            *out = TAKE(log);
            return true;
        }
        if (time_monotonic_ms() > until_ms)
            return fail(err, ERR_UNAVAILABLE, "the trace of a process that died was not taken up yet");
        nanosleep(&pause, NULL);
    }
}

static bool has(struct trace_log *log, const char *receipt, bool *is_there, struct error *err)
{
    struct error why = {.code = ERR_NONE};
    uint64_t index;

    *is_there = trace_log_find(log, receipt, &index, &why);
    if (*is_there || why.code == ERR_NOT_FOUND)
        return true;
    *err = why;
    return false;
}

bool place_receipt_traced(const char *folder, const char *receipt, bool *is_there, struct error *err)
{
    AUTO(trace_log_free) struct trace_log *log = NULL;

    return wait_for_keeper(folder, receipt, &log, err) && has(log, receipt, is_there, err);
}

/* Entries of one flush come to be from the first one on: what is there is a beginning. */
bool place_traced(const char *folder, const struct screening_place *place, uint32_t *count, struct error *err)
{
    AUTO(trace_log_free) struct trace_log *log = NULL;
    char receipt[TRACE_RECEIPT_BYTES];
    uint32_t least = 0, most = place->pending;

    *count = 0;
    if (place->pending == 0)
        return true;
    if (!trace_receipt_from(place->first, place->pending - 1, receipt))
        return fail(err, ERR_CORRUPT, "the place of a screening has no receipt");
    if (!wait_for_keeper(folder, receipt, &log, err))
        return false;
    while (least < most) {
        uint32_t middle = least + (most - least) / 2;
        bool is_there = false;

        if (!trace_receipt_from(place->first, middle, receipt) || !has(log, receipt, &is_there, err))
            return false;
        if (is_there)
            least = middle + 1;
        else
            most = middle;
    }
    *count = least;
    return true;
}
