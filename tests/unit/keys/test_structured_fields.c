#include <math.h>

#include "keys/structured_fields.h"
#include "tests/unit/keys/vectors.h"

static struct error err;

static bool parses(enum structured_type type, struct span text)
{
    AUTO(structured_done) struct structured field = STRUCTURED_INIT;

    return structured_parse(type, text, &field, &err);
}

/* Each with its number behind it: no two are the same. */
static void number_each(struct buf *out, const char *before, const char *after, size_t times)
{
    for (size_t i = 0; i < times; i++)
        buf_addf(out, "%s%zu%s", before, i, after);
}

static void repeat(struct buf *out, char c, size_t times)
{
    for (size_t i = 0; i < times; i++)
        buf_add_byte(out, c);
}

static void expect_limit(enum structured_type type, struct buf *text)
{
    cr_assert(!parses(type, buf_span(text)), "%.60s…", buf_text(text));
    cr_assert_eq(err.code, ERR_LIMIT, "%.60s…: %s", buf_text(text), err.text);
}

Test(structured_fields, beyond_a_limit_is_refused)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    number_each(&text, "a", ", ", STRUCTURED_MEMBERS_MAX);
    buf_add_text(&text, "z");
    expect_limit(STRUCTURED_LIST, &text);
    buf_clear(&text);
    number_each(&text, "a", ", ", STRUCTURED_MEMBERS_MAX);
    buf_add_text(&text, "z");
    expect_limit(STRUCTURED_DICTIONARY, &text);
    buf_clear(&text);
    buf_add_text(&text, "a");
    number_each(&text, ";a", "", STRUCTURED_PARAMETERS_MAX + 1);
    expect_limit(STRUCTURED_ITEM, &text);
    buf_clear(&text);
    buf_add_text(&text, "(");
    number_each(&text, "a", " ", STRUCTURED_INNER_MAX + 1);
    buf_add_text(&text, ")");
    expect_limit(STRUCTURED_LIST, &text);
    buf_clear(&text);
    repeat(&text, 'a', STRUCTURED_KEY_MAX + 1);
    expect_limit(STRUCTURED_DICTIONARY, &text);
    buf_clear(&text);
    repeat(&text, 'a', STRUCTURED_TOKEN_MAX + 1);
    expect_limit(STRUCTURED_ITEM, &text);
    buf_clear(&text);
    repeat(&text, ' ', STRUCTURED_BYTES_MAX + 1);
    expect_limit(STRUCTURED_LIST, &text);
    buf_clear(&text);
    buf_add_text(&text, "\"");
    repeat(&text, 'a', STRUCTURED_STRING_MAX + 1);
    buf_add_text(&text, "\"");
    expect_limit(STRUCTURED_ITEM, &text);
}

Test(structured_fields, what_breaks_the_form_is_refused_whole)
{
    static const char *const LISTS[] = {"a,",
                                        "a,,b",
                                        ",a",
                                        "a b",
                                        "(a",
                                        "(a b",
                                        "(a  b)x",
                                        "(a\tb)",
                                        "((a))",
                                        "a;",
                                        "a; ",
                                        "a;A",
                                        "a;b=",
                                        "a=1",
                                        "1.",
                                        "1.0000",
                                        "--1",
                                        "+1",
                                        "\"a",
                                        "\"\\a\"",
                                        "'a'",
                                        ":a:",
                                        ":YQ=:",
                                        ":YQ",
                                        "?",
                                        "?2",
                                        "?true",
                                        "@1.0",
                                        "@",
                                        "%\"%C3%BC\"",
                                        "%\"%c3\"",
                                        "%a",
                                        "\xc3\xbc",
                                        "a,\x0b b",
                                        "1000000000000000",
                                        "1234567890123.0"};

    for (size_t i = 0; i < COUNT_OF(LISTS); i++) {
        cr_expect(!parses(STRUCTURED_LIST, span_of(LISTS[i])), "%s", LISTS[i]);
        cr_expect_eq(err.code, ERR_INVALID, "%s", LISTS[i]);
    }
    cr_expect(!parses(STRUCTURED_LIST, SPAN("a\0")));
    cr_expect(!parses(STRUCTURED_LIST, SPAN("\"a\0\"")));
    cr_expect(!parses(STRUCTURED_ITEM, SPAN("")));
    cr_expect(!parses(STRUCTURED_ITEM, SPAN("(a)")));
    cr_expect(!parses(STRUCTURED_DICTIONARY, SPAN("A=1")));
    cr_expect(!parses(STRUCTURED_DICTIONARY, SPAN("a =1")));
}

Test(structured_fields, what_cannot_be_said_leaves_nothing_behind)
{
    AUTO(buf_done) struct buf out = BUF_INIT;
    struct structured_parameter parameters[2] = {{SPAN("a"), {STRUCTURED_INTEGER, 1, SPAN_NONE}},
                                                 {SPAN("B"), {STRUCTURED_INTEGER, 1, SPAN_NONE}}};
    struct structured_item item = {.value = {.kind = STRUCTURED_TOKEN, .text = SPAN("x")}, .parameter_count = 2};
    struct structured field = {.members = &item, .count = 1, .parameters = parameters, .parameter_count = 2};

    buf_add_text(&out, "before");
    cr_assert(!structured_add(&field, &out, &err));
    cr_assert_str_eq(out.data, "before");
    parameters[1].key = SPAN("b");
    cr_assert(structured_add(&field, &out, &err), "%s", err.text);
    cr_assert_str_eq(out.data, "beforex;a=1;b=1");
}

Test(structured_fields, members_and_parameters_are_found_by_key)
{
    AUTO(structured_done) struct structured field = STRUCTURED_INIT;
    const struct structured_item *sig;

    cr_assert(structured_parse(STRUCTURED_DICTIONARY,
                               SPAN("a=1;x, sig=(\"@method\";req \"date\");created=5;keyid=\"k\""), &field, &err),
              "%s", err.text);
    sig = structured_member(&field, "sig");
    cr_assert(sig && sig->is_inner_list);
    cr_assert_eq(sig->inner_count, 2);
    cr_assert_eq(structured_parameter(&field, sig, "created")->number, 5);
    cr_assert(span_is(structured_parameter(&field, sig, "keyid")->text, "k"));
    cr_assert_null(structured_parameter(&field, sig, "req"));
    cr_assert_not_null(structured_parameter(&field, &field.inner[sig->first_inner], "req"));
    cr_assert_null(structured_member(&field, "si"));
}

/* --- the working group's vectors --- */

/* Texts of values made from JSON live as long as the test. */
struct made {
    struct structured field;
    struct structured_item members[1100];
    struct structured_item inner[4000];
    struct structured_parameter parameters[4000];
    struct buf hold;
};

/* base32 of the vectors ends in =; what people type (base/encode.h) does not. */
static struct span without_padding(struct span text)
{
    while (text.bytes > 0 && text.at[text.bytes - 1] == '=')
        text.bytes--;
    return text;
}

static struct span json_span(const json_t *text)
{
    return (struct span){json_string_value(text), json_string_length(text)};
}

static struct structured_value value_of(struct made *made, const json_t *json)
{
    const char *type = json_text_of(json, "__type");
    const json_t *value = json_object_get(json, "value");
    size_t start = made->hold.bytes;

    if (json_is_integer(json))
        return (struct structured_value){STRUCTURED_INTEGER, json_integer_value(json), SPAN_NONE};
    /* Round half to even, as section 4.1.5 asks of whoever has more than thousandths. */
    if (json_is_real(json))
        return (struct structured_value){STRUCTURED_DECIMAL, (int64_t)nearbyint(json_real_value(json) * 1000),
                                         SPAN_NONE};
    if (json_is_boolean(json))
        return (struct structured_value){STRUCTURED_BOOLEAN, json_is_true(json), SPAN_NONE};
    if (json_is_string(json))
        return (struct structured_value){STRUCTURED_STRING, 0, json_span(json)};
    cr_assert_not_null(type);
    if (strcmp(type, "token") == 0)
        return (struct structured_value){STRUCTURED_TOKEN, 0, json_span(value)};
    if (strcmp(type, "displaystring") == 0)
        return (struct structured_value){STRUCTURED_DISPLAY, 0, json_span(value)};
    if (strcmp(type, "date") == 0)
        return (struct structured_value){STRUCTURED_DATE, json_integer_value(value), SPAN_NONE};
    cr_assert_str_eq(type, "binary");
    cr_assert(base32_decode(without_padding(span_of(json_string_value(value))), &made->hold));
    return (struct structured_value){STRUCTURED_BYTES, 0, {made->hold.data + start, made->hold.bytes - start}};
}

static void add_parameters(struct made *made, struct structured_item *item, const json_t *parameters)
{
    item->first_parameter = made->field.parameter_count;
    item->parameter_count = json_array_size(parameters);
    for (size_t i = 0; i < item->parameter_count; i++) {
        const json_t *pair = json_array_get(parameters, i);

        cr_assert_lt(made->field.parameter_count, COUNT_OF(made->parameters));
        made->parameters[made->field.parameter_count++] =
            (struct structured_parameter){json_span(json_array_get(pair, 0)), value_of(made, json_array_get(pair, 1))};
    }
}

static void fill_item(struct made *made, struct structured_item *item, const json_t *json)
{
    const json_t *value = json_array_get(json, 0);

    if (!json_is_array(value)) {
        item->value = value_of(made, value);
        add_parameters(made, item, json_array_get(json, 1));
        return;
    }
    item->is_inner_list = true;
    item->first_inner = made->field.inner_count;
    item->inner_count = json_array_size(value);
    made->field.inner_count += item->inner_count;
    cr_assert_leq(made->field.inner_count, COUNT_OF(made->inner));
    for (size_t i = 0; i < item->inner_count; i++)
        fill_item(made, &made->inner[item->first_inner + i], json_array_get(value, i));
    add_parameters(made, item, json_array_get(json, 1));
}

/* What a vector expects, as a field of ours. */
static struct made *make(enum structured_type type, const json_t *expected)
{
    struct made *made = memory_new(sizeof *made);

    made->field = (struct structured){
        .type = type, .members = made->members, .inner = made->inner, .parameters = made->parameters};
    buf_reserve(&made->hold, 64 * 1024);
    if (type == STRUCTURED_ITEM) {
        made->field.count = 1;
        fill_item(made, &made->members[0], expected);
        return made;
    }
    made->field.count = json_array_size(expected);
    cr_assert_leq(made->field.count, COUNT_OF(made->members));
    for (size_t i = 0; i < made->field.count; i++) {
        const json_t *member = json_array_get(expected, i);

        if (type == STRUCTURED_DICTIONARY) {
            made->members[i].key = json_span(json_array_get(member, 0));
            member = json_array_get(member, 1);
        }
        fill_item(made, &made->members[i], member);
    }
    return made;
}

static void made_free(struct made *made)
{
    buf_done(&made->hold);
    free(made);
}

static void expect_equal_value(const struct structured_value *a, const struct structured_value *b, const char *name)
{
    cr_expect_eq(a->kind, b->kind, "%s", name);
    cr_expect_eq(a->number, b->number, "%s", name);
    cr_expect(span_equal(a->text, b->text), "%s", name);
}

static void expect_equal_parameters(const struct structured *a, const struct structured_item *first,
                                    const struct structured *b, const struct structured_item *second, const char *name)
{
    cr_assert_eq(first->parameter_count, second->parameter_count, "%s", name);
    for (size_t i = 0; i < first->parameter_count; i++) {
        const struct structured_parameter *one = &a->parameters[first->first_parameter + i];
        const struct structured_parameter *other = &b->parameters[second->first_parameter + i];

        cr_expect(span_equal(one->key, other->key), "%s", name);
        expect_equal_value(&one->value, &other->value, name);
    }
}

static void expect_equal_item(const struct structured *a, const struct structured_item *first,
                              const struct structured *b, const struct structured_item *second, const char *name)
{
    cr_expect(span_equal(first->key, second->key), "%s", name);
    cr_assert_eq(first->is_inner_list, second->is_inner_list, "%s", name);
    expect_equal_parameters(a, first, b, second, name);
    if (!first->is_inner_list) {
        expect_equal_value(&first->value, &second->value, name);
        return;
    }
    cr_assert_eq(first->inner_count, second->inner_count, "%s", name);
    for (size_t i = 0; i < first->inner_count; i++)
        expect_equal_item(a, &a->inner[first->first_inner + i], b, &b->inner[second->first_inner + i], name);
}

static enum structured_type type_of(const json_t *vector)
{
    const char *type = json_text_of(vector, "header_type");

    return strcmp(type, "list") == 0         ? STRUCTURED_LIST
           : strcmp(type, "dictionary") == 0 ? STRUCTURED_DICTIONARY
                                             : STRUCTURED_ITEM;
}

static void join(const json_t *lines, struct buf *out)
{
    for (size_t i = 0; i < json_array_size(lines); i++) {
        if (i)
            buf_add_text(out, ", ");
        buf_add_span(out, json_span(json_array_get(lines, i)));
    }
}

static void check_parse(const json_t *vector)
{
    AUTO(structured_done) struct structured field = STRUCTURED_INIT;
    AUTO(buf_done) struct buf raw = BUF_INIT;
    AUTO(buf_done) struct buf canonical = BUF_INIT;
    AUTO(buf_done) struct buf said = BUF_INIT;
    const char *name = json_text_of(vector, "name");
    const json_t *form = json_object_get(vector, "canonical");
    struct made *made;
    bool is_good;

    join(json_object_get(vector, "raw"), &raw);
    is_good = structured_parse(type_of(vector), buf_span(&raw), &field, &err);
    if (json_bool_of(vector, "must_fail", false)) {
        cr_expect(!is_good, "%s", name);
        return;
    }
    if (!is_good && json_bool_of(vector, "can_fail", false))
        return;
    cr_assert(is_good, "%s: %s", name, err.text);
    made = make(type_of(vector), json_object_get(vector, "expected"));
    cr_assert_eq(field.count, made->field.count, "%s", name);
    for (size_t i = 0; i < field.count; i++)
        expect_equal_item(&field, &field.members[i], &made->field, &made->members[i], name);
    made_free(made);
    join(form ? form : json_object_get(vector, "raw"), &canonical);
    cr_assert(structured_add(&field, &said, &err), "%s: %s", name, err.text);
    cr_expect(span_equal(buf_span(&said), buf_span(&canonical)), "%s: %s", name, buf_text(&said));
}

static void check_add(const json_t *vector)
{
    AUTO(buf_done) struct buf canonical = BUF_INIT;
    AUTO(buf_done) struct buf said = BUF_INIT;
    const char *name = json_text_of(vector, "name");
    struct made *made = make(type_of(vector), json_object_get(vector, "expected"));
    bool is_good = structured_add(&made->field, &said, &err);

    cr_expect_eq(is_good, !json_bool_of(vector, "must_fail", false), "%s", name);
    if (is_good) {
        join(json_object_get(vector, "canonical"), &canonical);
        cr_expect(span_equal(buf_span(&said), buf_span(&canonical)), "%s: %s", name, buf_text(&said));
    }
    made_free(made);
}

static size_t check_file(const char *file, void (*check)(const json_t *))
{
    char path[TEST_PATH_BYTES];
    char name[128];
    AUTO(json_release) json_t *vectors = NULL;
    json_error_t why;

    snprintf(name, sizeof name, "vectors/structured-fields/%s.json", file);
    if (!test_data_path(name, path))
        cr_skip_test("no vectors on this machine");
    /* They hold NULs, which our own reader of JSON allows in values, and duplicate names nowhere. */
    vectors = json_load_file(path, JSON_ALLOW_NUL, &why);
    cr_assert_not_null(vectors, "%s: %s", path, why.text);
    for (size_t i = 0; i < json_array_size(vectors); i++)
        check(json_array_get(vectors, i));
    return json_array_size(vectors);
}

Test(structured_fields, all_vectors_are_read_and_said_again)
{
    static const char *const FILES[] = {"binary",
                                        "boolean",
                                        "date",
                                        "dictionary",
                                        "display-string",
                                        "examples",
                                        "item",
                                        "key-generated",
                                        "large-generated",
                                        "list",
                                        "listlist",
                                        "number-generated",
                                        "number",
                                        "param-dict",
                                        "param-list",
                                        "param-listlist",
                                        "string-generated",
                                        "string",
                                        "token-generated",
                                        "token"};
    size_t count = 0;

    for (size_t i = 0; i < COUNT_OF(FILES); i++)
        count += check_file(FILES[i], check_parse);
    cr_assert_geq(count, 1500);
}

Test(structured_fields, all_vectors_of_saying_hold)
{
    static const char *const FILES[] = {"key-generated", "number", "string-generated", "token-generated"};
    size_t count = 0;

    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        char file[128];

        snprintf(file, sizeof file, "serialisation-tests/%s", FILES[i]);
        count += check_file(file, check_add);
    }
    cr_assert_geq(count, 500);
}
