/* HTTP/2 as strangers send it (gateway/http, nghttp2 between). The first byte are flags (http.h; 128: the rest is raw
 * bytes), the second the size of the pieces. Otherwise frames are made of the rest, behind a good beginning, so that
 * chance need not find the lengths: type, flags, stream, length, payload. */
#include "http.h"

enum { RAW_BYTES = 128 };

static void add_frame(struct buf *out, uint8_t type, uint8_t flags, uint8_t stream_id, struct span payload)
{
    const char head[9] = {
        0, (char)(payload.bytes >> 8), (char)payload.bytes, (char)type, (char)flags, 0, 0, 0, (char)stream_id};

    buf_add(out, head, sizeof head);
    buf_add_span(out, payload);
}

static void add_frames(struct span input, struct buf *out)
{
    buf_add_text(out, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    add_frame(out, NGHTTP2_SETTINGS, 0, 0, SPAN_NONE);
    while (input.bytes) {
        uint8_t type = fuzz_take(&input);
        uint8_t flags = fuzz_take(&input);
        uint8_t stream_id = fuzz_take(&input);
        size_t bytes = fuzz_take(&input);

        if (bytes > input.bytes)
            bytes = input.bytes;
        add_frame(out, type, flags, stream_id, (struct span){input.at, bytes});
        input = (struct span){input.at + bytes, input.bytes - bytes};
    }
}

/* What we send must be frames, and never larger than the client allows by default. */
static void check_answer(const struct buf *answer)
{
    const uint8_t *at = (const uint8_t *)buf_text(answer);
    size_t rest = answer->bytes;

    while (rest >= 9) {
        size_t bytes = (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2];

        FUZZ_CHECK(bytes <= 16777215 && at[3] <= NGHTTP2_CONTINUATION && (at[5] & 0x80) == 0, "type %d", at[3]);
        if (rest < 9 + bytes)
            return; /* the connection was cut off in the middle */
        at += 9 + bytes;
        rest -= 9 + bytes;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    struct span input = fuzz_span(data, size);
    uint8_t flags = fuzz_take(&input);
    size_t piece = 1 + fuzz_take(&input) * 4;
    struct fuzz_http http = {.flags = flags % FUZZ_FLAGS};

    if (input.bytes > 32768)
        return 0;
    if (flags & RAW_BYTES)
        buf_add_span(&bytes, input);
    else
        add_frames(input, &bytes);
    fuzz_http_new(&http, true);
    fuzz_http_talk(&http, buf_span(&bytes), piece);
    check_answer(&http.answer);
    fuzz_http_free(&http);
    return 0;
}
