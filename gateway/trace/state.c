#include "gateway/trace/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"

enum { STATE_FORMAT = 1, STATE_SEGMENTS_MAX = 100000, STATE_BYTES_MAX = JSON_BYTES_MAX };

static bool read_segment(const json_t *json, struct taken *taken)
{
    struct span id = span_of(json_text_of(json, "id"));
    int64_t bytes = json_integer_of(json, "bytes", -1);
    int64_t next = json_integer_of(json, "next", -1);
    int64_t runs = json_integer_of(json, "runs", -1);

    if (!id.at || !segment_id_is_valid(id) || bytes < 0 || next < 0 || next > UINT32_MAX || runs < 0 ||
        runs > UINT32_MAX)
        return false;
    memcpy(taken->id, id.at, id.bytes);
    taken->bytes = (uint64_t)bytes;
    taken->next = (uint32_t)next;
    taken->runs = (uint32_t)runs;
    taken->is_damaged = json_bool_of(json, "damaged", false);
    return true;
}

static bool read_segments(const json_t *list, struct trace_state *state)
{
    size_t count = json_array_size(list);

    if (!json_is_array(list) || count > STATE_SEGMENTS_MAX)
        return false;
    if (count > 0)
        state->segments = memory_new(count * sizeof *state->segments);
    for (state->count = 0; state->count < count; state->count++) {
        if (!read_segment(json_array_get(list, state->count), &state->segments[state->count]))
            return false;
    }
    return true;
}

static bool read_state(const json_t *json, struct trace_state *state)
{
    AUTO(buf_done) struct buf root = BUF_INIT;
    int64_t size = json_integer_of(json, "size", -1);

    if (json_integer_of(json, "format", 0) != STATE_FORMAT || size < 0 ||
        !hex_decode(span_of(json_text_of(json, "root")), &root) || root.bytes != MERKLE_HASH_BYTES)
        return false;
    memcpy(state->root, root.data, MERKLE_HASH_BYTES);
    state->size = (uint64_t)size;
    return read_segments(json_object_get(json, "segments"), state);
}

bool state_load(const char *path, struct trace_state *out, struct error *err)
{
    AUTO(text_free) char *file = path_join(path, "state");
    AUTO(state_done) struct trace_state state = {0};
    AUTO(json_release) json_t *json = NULL;
    struct error why;

    if (!json_read_file(file, &json, &why)) {
        if (why.code != ERR_NOT_FOUND) {
            if (err)
                *err = why;
            return false;
        }
        merkle_empty(state.root);
    } else if (!read_state(json, &state)) {
        return fail(err, ERR_CORRUPT, "%s: this is no state of a trace's log", file);
    }
    *out = state;
    memset(&state, 0, sizeof state);
    return true;
}

bool state_store(const char *path, const struct trace_state *state, struct error *err)
{
    AUTO(text_free) char *file = path_join(path, "state");
    AUTO(buf_done) struct buf text = BUF_INIT;

    buf_addf(&text, "{\"format\":%d,\"root\":\"", STATE_FORMAT);
    hex_add(&text, state->root, MERKLE_HASH_BYTES);
    buf_add_text(&text, "\",\"segments\":[");
    for (size_t i = 0; i < state->count; i++) {
        const struct taken *taken = &state->segments[i];

        json_count_add(&text, i > 0 ? ",{\"bytes\":" : "{\"bytes\":", taken->bytes);
        buf_add_text(&text, taken->is_damaged ? ",\"damaged\":true,\"id\":\"" : ",\"damaged\":false,\"id\":\"");
        buf_add_text(&text, taken->id);
        json_count_add(&text, "\",\"next\":", taken->next);
        json_count_add(&text, ",\"runs\":", taken->runs);
        buf_add_byte(&text, '}');
    }
    buf_addf(&text, "],\"size\":%" PRIu64 "}\n", state->size);
    if (text.bytes > STATE_BYTES_MAX || state->count > STATE_SEGMENTS_MAX)
        return fail(err, ERR_LIMIT, "%s: too many segments are being taken up", file);
    return file_write(file, buf_span(&text), 0600, err);
}

void state_done(struct trace_state *state)
{
    free(state->segments);
    memset(state, 0, sizeof *state);
}

struct taken *state_find(const struct trace_state *state, const char *id)
{
    for (size_t i = 0; i < state->count; i++) {
        if (strcmp(state->segments[i].id, id) == 0)
            return &state->segments[i];
    }
    return NULL;
}

struct taken *state_add(struct trace_state *state, const char *id)
{
    struct taken *taken;

    state->segments = memory_resize(state->segments, (state->count + 1) * sizeof *state->segments);
    taken = &state->segments[state->count++];
    memset(taken, 0, sizeof *taken);
    memcpy(taken->id, id, SEGMENT_ID_LENGTH);
    return taken;
}

void state_drop(struct trace_state *state, const char *id)
{
    struct taken *taken = state_find(state, id);
    size_t at;

    if (!taken)
        return;
    at = (size_t)(taken - state->segments);
    memmove(taken, taken + 1, (state->count - at - 1) * sizeof *taken);
    state->count--;
}
