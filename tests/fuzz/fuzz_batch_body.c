/* The body of a question about many (gateway/api/batch_body.h): whatever it is, the scanner and the general reader
 * understand the same and refuse the same. */
#include "fuzz.h"

#include <stdlib.h>

#include "gateway/api/batch_body.h"

static void check_span(struct span a, struct span b, const char *what)
{
    FUZZ_CHECK(!a.at == !b.at && span_equal(a, b), "%s: %.*s, %.*s", what, (int)a.bytes, a.at ? a.at : "", (int)b.bytes,
               b.at ? b.at : "");
}

static void check_error(bool is_good, const struct error *a, const struct error *b)
{
    FUZZ_CHECK(is_good || (a->code == b->code && strcmp(a->text, b->text) == 0 && strcmp(a->rule, b->rule) == 0),
               "%s, %s", a->text, b->text);
}

static void check_subjects(const struct batch_body *a, const struct batch_body *b)
{
    FUZZ_CHECK(a->are_subjects_good == b->are_subjects_good, "subjects");
    check_error(a->are_subjects_good || !a->is_form_good, &a->subjects_form, &b->subjects_form);
    if (!a->are_subjects_good)
        return;
    FUZZ_CHECK(a->count == b->count, "%zu, %zu", a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        check_span(a->subjects[i].uscc, b->subjects[i].uscc, "uscc");
        check_span(a->subjects[i].name, b->subjects[i].name, "name");
        check_span(a->subjects[i].authorisation, b->subjects[i].authorisation, "authorisation");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct batch_body *a = memory_new(sizeof *a);
    struct batch_body *b = memory_new(sizeof *b);

    batch_body_read(a, fuzz_span(data, size));
    batch_body_read_slowly(b, fuzz_span(data, size));
    check_span(a->purpose, b->purpose, "purpose");
    check_span(a->matter, b->matter, "matter");
    check_span(a->case_number, b->case_number, "case");
    check_span(a->authorisation, b->authorisation, "authorisation");
    check_span(a->operator, b->operator, "operator");
    check_span(a->department, b->department, "department");
    check_span(a->as_of, b->as_of, "as_of");
    FUZZ_CHECK(a->is_form_good == b->is_form_good, "form");
    check_error(a->is_form_good, &a->form, &b->form);
    check_subjects(a, b);
    batch_body_done(a);
    batch_body_done(b);
    free(a);
    free(b);
    return 0;
}
