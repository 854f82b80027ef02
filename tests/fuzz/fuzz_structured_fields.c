/* Structured fields (keys/structured_fields.h). The first byte chooses the type. What is read can be said, and what was
 * said is read again as the same. */
#include "fuzz.h"

#include "base/text.h"
#include "keys/structured_fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = fuzz_span(data, size);
    enum structured_type type = (enum structured_type)(fuzz_take(&input) % 3);
    AUTO(structured_done) struct structured field = STRUCTURED_INIT;
    AUTO(structured_done) struct structured again = STRUCTURED_INIT;
    AUTO(buf_done) struct buf said = BUF_INIT;
    AUTO(buf_done) struct buf said_again = BUF_INIT;
    struct error err;

    if (!structured_parse(type, input, &field, &err)) {
        FUZZ_CHECK(field.count == 0 && !field.members, "an output of a failure");
        return 0;
    }
    FUZZ_CHECK(structured_add(&field, &said, &err), "%s", err.text);
    /* Display strings grow when they are said: a field near the limit may be too long then. */
    if (said.bytes > STRUCTURED_BYTES_MAX)
        return 0;
    FUZZ_CHECK(structured_parse(type, buf_span(&said), &again, &err), "%s: %s", err.text, buf_text(&said));
    FUZZ_CHECK(structured_add(&again, &said_again, &err), "%s", err.text);
    FUZZ_CHECK(span_equal(buf_span(&said), buf_span(&said_again)), "%s", buf_text(&said));
    return 0;
}
