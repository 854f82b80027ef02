/* The body of a question about many: the scanner takes what the general reader takes, and nothing else. tests/fuzz does
 * the same with more. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "gateway/api/batch_body.h"
#include "gateway/api/batch_scan.h"

static struct batch_body *fast;
static struct batch_body *slow;

static void begin(void)
{
    fast = memory_new(sizeof *fast);
    slow = memory_new(sizeof *slow);
}

static void end(void)
{
    batch_body_done(fast);
    batch_body_done(slow);
    free(fast);
    free(slow);
}

static void assert_span(struct span a, struct span b, struct span text)
{
    cr_assert(!a.at == !b.at && span_equal(a, b), "%.*s", (int)text.bytes, text.at);
}

static void assert_error(const struct error *a, const struct error *b)
{
    cr_assert_eq(a->code, b->code);
    cr_assert_str_eq(a->text, b->text);
    cr_assert_str_eq(a->rule, b->rule);
}

static void assert_same(struct span text)
{
    batch_body_read(fast, text);
    batch_body_read_slowly(slow, text);
    assert_span(fast->purpose, slow->purpose, text);
    assert_span(fast->matter, slow->matter, text);
    assert_span(fast->case_number, slow->case_number, text);
    assert_span(fast->authorisation, slow->authorisation, text);
    assert_span(fast->operator, slow->operator, text);
    assert_span(fast->department, slow->department, text);
    assert_span(fast->as_of, slow->as_of, text);
    cr_assert_eq(fast->is_form_good, slow->is_form_good, "%.*s", (int)text.bytes, text.at);
    cr_assert_eq(fast->are_subjects_good, slow->are_subjects_good, "%.*s", (int)text.bytes, text.at);
    if (!fast->is_form_good)
        assert_error(&fast->form, &slow->form);
    else if (!fast->are_subjects_good)
        assert_error(&fast->subjects_form, &slow->subjects_form);
    for (size_t i = 0; fast->are_subjects_good && i < slow->count; i++) {
        assert_span(fast->subjects[i].uscc, slow->subjects[i].uscc, text);
        assert_span(fast->subjects[i].name, slow->subjects[i].name, text);
        assert_span(fast->subjects[i].authorisation, slow->subjects[i].authorisation, text);
    }
}

static const char *const GOOD[] = {
    "{\"purpose\":\"credit-review\",\"subjects\":[{\"uscc\":\"91440224MAYUCHK485\"}]}",
    " {\r\n\t\"as_of\" : 12 , \"subjects\" : [ { \"uscc\" : \"\" , \"authorisation\" : \"a\" } , {\"name\":\"样本\"} ] "
    "} ",
    "{\"as_of\":\"2026-01-01\",\"operator\":\"\\u5f20\\ud83d\\ude00\\\"\\\\\",\"department\":\"a\\/b\",\"matter\":\"\","
    "\"case\":\"c\",\"authorisation\":\"x\",\"subjects\":[{\"name\":\"\\u6837\\u672c\"}]}",
};

Test(batch_body, whatever_is_not_this_shape_goes_to_the_general_reader, .init = begin, .fini = end)
{
    static const char *const BAD[] = {
        "",
        "null",
        "{}",
        "{\"subjects\":[]}",
        "{\"subjects\":[{\"uscc\":\"a\"},]}",
        "{\"subjects\":[{\"uscc\":\"a\"}],}",
        "{\"subjects\":[{\"uscc\":\"a\"}]}x",
        "{\"subjects\":[{\"uscc\":\"a\"}]",
        "{\"subjects\":[{\"uscc\":\"a\",\"name\":\"b\"}]}",
        "{\"subjects\":[{\"uscc\":\"a\",\"uscc\":\"a\"}]}",
        "{\"subjects\":[{\"authorisation\":\"a\"}]}",
        "{\"subjects\":[{\"uscc\":null}]}",
        "{\"subjects\":[{\"uscc\":\"a\"}],\"subjects\":[{\"uscc\":\"a\"}]}",
        "{\"subjects\":[{\"uscc\":\"a\"}],\"purpose\":\"a\",\"purpose\":\"a\"}",
        "{\"subjects\":[{\"uscc\":\"a\"}],\"purpse\":\"a\"}",
        "{\"subjects\":[{\"uscc\":\"a\"}],\"as_of\":0}",
        "{\"subjects\":[{\"uscc\":\"a\"}],\"as_of\":-1}",
        "{\"subjects\":[{\"uscc\":\"a\"}],\"as_of\":01}",
        "{\"subjects\":[{\"uscc\":\"a\"}],\"as_of\":1.0}",
        "{\"subjects\":[{\"uscc\":\"a\"}],\"as_of\":1e3}",
        "{\"subjects\":[{\"uscc\":\"a\"}],\"as_of\":99999999999999999999}",
        "{\"subjects\":[{\"uscc\":\"a\n\"}]}",
        "{\"subjects\":[{\"uscc\":\"\xFF\"}]}",
        "{\"subjects\":[{\"uscc\":\"\\ud800\"}]}",
        "{\"subjects\":[{\"uscc\":\"\\x\"}]}",
        "{\"subjects\":[{\"uscc\":\"a\\\"}]}",
        "{\"subjects\":[{\"us\\u0063c\":\"a\"}]}",
        "\xEF\xBB\xBF{\"subjects\":[{\"uscc\":\"a\"}]}",
        "{\"subjects\":[{\"uscc\":\"a\"}],\"purpose\":\"p\",\"matter\":3}",
    };

    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        cr_expect_not(batch_scan(&(struct batch_body){.count = 0}, span_of(BAD[i])), "%s", BAD[i]);
        assert_same(span_of(BAD[i]));
    }
}

Test(batch_body, a_subjects_texts_are_checked_on_either_way, .init = begin, .fini = end)
{
    static const char *const TEXTS[] = {"{\"subjects\":[{\"uscc\":\"a\"},{\"name\":\"a\\tb\"}]}",
                                        "{\"subjects\":[{\"uscc\":\"a\",\"authorisation\":\"\x7F\"}]}"};

    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        assert_same(span_of(TEXTS[i]));
        cr_assert(fast->is_form_good);
        cr_assert_not(fast->are_subjects_good);
        cr_assert_str_eq(fast->subjects_form.rule, "query.characters");
    }
}

Test(batch_body, a_thousand_subjects_are_taken_and_one_more_is_not, .init = begin, .fini = end)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    buf_add_text(&text, "{\"subjects\":[{\"uscc\":\"0\"}");
    for (int i = 1; i < BATCH_SUBJECTS_MAX; i++)
        buf_addf(&text, ",{\"uscc\":\"%d\"}", i);
    buf_add_text(&text, "]}");
    assert_same(buf_span(&text));
    cr_assert(fast->are_subjects_good);
    cr_assert_eq(fast->count, (size_t)BATCH_SUBJECTS_MAX);
    cr_assert_null(fast->kept, "no general reader was needed");
    text.bytes -= 2;
    buf_add_text(&text, ",{\"uscc\":\"x\"}]}");
    assert_same(buf_span(&text));
    cr_assert_not(fast->are_subjects_good);
    cr_assert_str_eq(fast->subjects_form.rule, "batch.subjects");
}

Test(batch_body, the_shape_is_taken_with_escapes_and_spaces, .init = begin, .fini = end)
{
    for (size_t i = 0; i < COUNT_OF(GOOD); i++) {
        struct batch_body body = {.count = 0};

        cr_expect(batch_scan(&body, span_of(GOOD[i])), "%s", GOOD[i]);
        batch_body_done(&body);
        assert_same(span_of(GOOD[i]));
        cr_assert(fast->are_subjects_good, "%s", GOOD[i]);
    }
}

/* Every byte of the good ones in turn is left out, doubled, or another. */
Test(batch_body, one_byte_wrong_is_the_same_on_either_way, .init = begin, .fini = end)
{
    static const char OTHERS[] = "\"\\{}[]:,0ua\x80 \n";

    for (size_t i = 0; i < COUNT_OF(GOOD); i++) {
        struct span good = span_of(GOOD[i]);

        for (size_t at = 0; at < good.bytes; at++) {
            for (size_t other = 0; other < sizeof OTHERS + 2; other++) {
                AUTO(buf_done) struct buf text = BUF_INIT;

                buf_add(&text, good.at, at);
                if (other == sizeof OTHERS + 1)
                    buf_add(&text, good.at + at, 1);
                else if (other < sizeof OTHERS)
                    buf_add_byte(&text, OTHERS[other]);
                buf_add(&text, good.at + at + (other != sizeof OTHERS + 1),
                        good.bytes - at - (other != sizeof OTHERS + 1));
                assert_same(buf_span(&text));
            }
        }
    }
}
