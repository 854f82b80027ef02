/* HTTP/1.1 as strangers send it (gateway/http). The first byte are flags (http.h), the second the size of the pieces;
 * the rest is what is sent. In pieces or whole: the answers are the same. */
#include "http.h"

static void talk(struct span input, unsigned flags, size_t piece, struct buf *answer)
{
    struct fuzz_http http = {.flags = flags};

    fuzz_http_new(&http, false);
    fuzz_http_talk(&http, input, piece);
    buf_add_span(answer, buf_span(&http.answer));
    fuzz_http_free(&http);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(buf_done) struct buf whole = BUF_INIT;
    AUTO(buf_done) struct buf pieces = BUF_INIT;
    struct span input = fuzz_span(data, size);
    unsigned flags = fuzz_take(&input) % FUZZ_FLAGS;
    size_t piece = 1 + fuzz_take(&input) % 128;

    if (input.bytes > 32768)
        return 0;
    talk(input, flags, piece, &pieces);
    if (flags & (FUZZ_TIME_PASSES | FUZZ_NOT_DURABLE | FUZZ_NEVER_READS | FUZZ_DRAINS))
        return 0;
    talk(input, flags, SIZE_MAX / 2, &whole);
    FUZZ_CHECK(whole.bytes == pieces.bytes && (whole.bytes == 0 || memcmp(whole.data, pieces.data, whole.bytes) == 0),
               "whole:\n%s\n\nin pieces of %zu:\n%s", buf_text(&whole), piece, buf_text(&pieces));
    return 0;
}
