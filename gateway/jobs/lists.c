#include "gateway/jobs/lists.h"

#include "base/text.h"

struct writing {
    const struct work *work;
    struct listing *listing;
    struct span head;
    struct span closing;
};

static bool write_text(FILE *out, void *context, struct error *err)
{
    const struct writing *writing = context;

    if (!listing_write_table(writing->listing, out, err))
        return false;
    fwrite(writing->closing.at, 1, writing->closing.bytes, out);
    fputc('\n', out);
    return true;
}

static bool write_json(FILE *out, void *context, struct error *err)
{
    const struct writing *writing = context;

    fputc('{', out);
    fwrite(writing->head.at, 1, writing->head.bytes, out);
    fprintf(out, "\"count\":%llu,\"items\":[", (unsigned long long)listing_rows(writing->listing));
    if (!listing_write_json(writing->listing, out, err))
        return false;
    fputs("]}\n", out);
    return true;
}

bool lists_finish(struct work *work, struct listing *listing, struct span head, struct span closing, struct error *err)
{
    struct writing writing = {work, listing, head.at ? head : SPAN(""), closing.at ? closing : SPAN("")};

    work->done = work->of = listing_rows(listing);
    work_count(work, "count", listing_rows(listing));
    return work_report(work, "report.txt", write_text, &writing, err) &&
           work_report(work, "report.json", write_json, &writing, err);
}

void lists_text(struct buf *out, const char *before, struct span text)
{
    buf_add_text(out, before);
    if (text.bytes > 0)
        json_string_add(out, text);
    else
        buf_add_text(out, "null");
}

void lists_day(struct buf *out, const char *before, int32_t day)
{
    char text[DAY_TEXT_BYTES];

    lists_text(out, before, span_of(day_format(day, text)));
}

void lists_instant(struct buf *out, const char *before, int64_t at_ms)
{
    char text[INSTANT_TEXT_BYTES];

    lists_text(out, before, at_ms == 0 ? SPAN_NONE : span_of(instant_format(at_ms, text)));
}
