/* The signature base: one line for each covered component, and what was covered as the last (RFC 9421 section 2). */
#include "keys/signatures.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/encode.h"
#include "base/text.h"

/* One component of a message. */
struct component {
    const struct signatures_message *message; /* that has it: with ;req the request */
    struct span name;
    bool is_sf, is_bs, is_req;
    struct span key;        /* empty: not asked for */
    struct span query_name; /* of @query-param */
    struct error *err;
};

static bool fail_component(const struct component *component, const char *what)
{
    struct span name = utf8_cut(component->name, 64);

    return fail(component->err, ERR_INVALID, "the component \"%.*s\" %s", (int)name.bytes, name.at, what);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static void add_lower(struct span text, struct buf *out)
{
    for (size_t i = 0; i < text.bytes; i++)
        buf_add_byte(out, lower(text.at[i]));
}

/* --- derived components (section 2.2) --- */

static void split_target(const struct signatures_message *message, struct span *path, struct span *query)
{
    const char *mark = message->target.bytes ? memchr(message->target.at, '?', message->target.bytes) : NULL;
    size_t bytes = mark ? (size_t)(mark - message->target.at) : message->target.bytes;

    *path = (struct span){message->target.at, bytes};
    *query = mark ? (struct span){mark, message->target.bytes - bytes} : SPAN_NONE;
}

/* The host in small letters, without the port that goes without saying. */
static void add_authority(const struct signatures_message *message, struct buf *out)
{
    struct span authority = message->authority;
    const char *port = span_is(message->scheme, "http") ? ":80" : ":443";
    size_t bytes = strlen(port);

    if (authority.bytes > bytes && memcmp(authority.at + authority.bytes - bytes, port, bytes) == 0)
        authority.bytes -= bytes;
    add_lower(authority, out);
}

static bool add_method(const struct component *component, struct buf *out)
{
    buf_add_span(out, component->message->method);
    return true;
}

static bool add_host(const struct component *component, struct buf *out)
{
    if (component->message->authority.bytes == 0)
        return fail_component(component, "is not in the message");
    add_authority(component->message, out);
    return true;
}

static bool add_scheme(const struct component *component, struct buf *out)
{
    add_lower(component->message->scheme, out);
    return true;
}

static bool add_request_target(const struct component *component, struct buf *out)
{
    buf_add_span(out, component->message->target);
    return true;
}

static bool add_path(const struct component *component, struct buf *out)
{
    struct span path, query;

    split_target(component->message, &path, &query);
    if (path.bytes == 0)
        buf_add_byte(out, '/');
    buf_add_span(out, path);
    return true;
}

static bool add_query(const struct component *component, struct buf *out)
{
    struct span path, query;

    split_target(component->message, &path, &query);
    if (query.bytes == 0)
        buf_add_byte(out, '?');
    buf_add_span(out, query);
    return true;
}

static bool add_target_uri(const struct component *component, struct buf *out)
{
    struct span path, query;

    if (component->message->authority.bytes == 0)
        return fail_component(component, "is not in the message");
    split_target(component->message, &path, &query);
    add_lower(component->message->scheme, out);
    buf_add_text(out, "://");
    add_authority(component->message, out);
    if (path.bytes == 0)
        buf_add_byte(out, '/');
    buf_add_span(out, path);
    buf_add_span(out, query);
    return true;
}

static bool add_status(const struct component *component, struct buf *out)
{
    buf_addf(out, "%d", component->message->status);
    return true;
}

/* A name or value of a query, decoded as forms are and encoded again, a space as %20 (section 2.2.8). */
static void add_form_text(struct span text, struct buf *out)
{
    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.at[i] == '+' ? ' ' : text.at[i];

        if (c == '%' && i + 2 < text.bytes && hex_digit_value(text.at[i + 1]) >= 0 &&
            hex_digit_value(text.at[i + 2]) >= 0) {
            c = (char)(hex_digit_value(text.at[i + 1]) * 16 + hex_digit_value(text.at[i + 2]));
            i += 2;
        }
        if ((c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || (c != '\0' && strchr("*-._", c)))
            buf_add_byte(out, c);
        else
            buf_addf(out, "%%%02X", (unsigned)(unsigned char)c);
    }
}

/* Cut the next "name=value" off. */
static bool take_pair(struct span *rest, struct span *name, struct span *value)
{
    const char *end, *equals;
    size_t bytes;

    if (rest->bytes == 0)
        return false;
    end = memchr(rest->at, '&', rest->bytes);
    bytes = end ? (size_t)(end - rest->at) : rest->bytes;
    equals = memchr(rest->at, '=', bytes);
    *name = (struct span){rest->at, equals ? (size_t)(equals - rest->at) : bytes};
    *value = equals ? (struct span){equals + 1, bytes - name->bytes - 1} : SPAN_NONE;
    bytes += end ? 1 : 0;
    *rest = (struct span){rest->at + bytes, rest->bytes - bytes};
    return true;
}

static bool add_query_param(const struct component *component, struct buf *out)
{
    AUTO(buf_done) struct buf encoded = BUF_INIT;
    struct span path, query, name, value;
    struct span found = SPAN_NONE;
    size_t times = 0;

    split_target(component->message, &path, &query);
    if (query.bytes)
        query = (struct span){query.at + 1, query.bytes - 1};
    while (take_pair(&query, &name, &value)) {
        buf_clear(&encoded);
        add_form_text(name, &encoded);
        if (!span_equal(buf_span(&encoded), component->query_name))
            continue;
        found = value;
        times++;
    }
    if (times != 1)
        return fail_component(component, times ? "is there more than once" : "is not in the query");
    add_form_text(found, out);
    return true;
}

static const struct derived {
    const char *name;
    bool is_of_answer;
    bool (*add)(const struct component *component, struct buf *out);
} DERIVED[] = {
    {"@method", false, add_method}, {"@target-uri", false, add_target_uri},         {"@authority", false, add_host},
    {"@scheme", false, add_scheme}, {"@request-target", false, add_request_target}, {"@path", false, add_path},
    {"@query", false, add_query},   {"@query-param", false, add_query_param},       {"@status", true, add_status},
};

static bool add_derived(const struct component *component, struct buf *out)
{
    bool is_param = span_is(component->name, "@query-param");

    if (component->is_sf || component->is_bs || component->key.at || is_param != (component->query_name.at != NULL))
        return fail_component(component, "has a parameter it cannot have, or lacks one");
    for (size_t i = 0; i < COUNT_OF(DERIVED); i++) {
        if (!span_is(component->name, DERIVED[i].name))
            continue;
        if (DERIVED[i].is_of_answer != (component->message->status != 0))
            return fail_component(component, "is not of this kind of message");
        return DERIVED[i].add(component, out);
    }
    return fail_component(component, "is not known");
}

/* --- fields (section 2.1) --- */

/* Spaces and tabs at both ends. */
static struct span trimmed(struct span value)
{
    while (value.bytes && (value.at[0] == ' ' || value.at[0] == '\t'))
        value = (struct span){value.at + 1, value.bytes - 1};
    while (value.bytes && (value.at[value.bytes - 1] == ' ' || value.at[value.bytes - 1] == '\t'))
        value.bytes--;
    return value;
}

static bool has_name(const struct signatures_field *field, struct span lower_case_name)
{
    return field->name.bytes == lower_case_name.bytes &&
           strncasecmp(field->name.at, lower_case_name.at, lower_case_name.bytes) == 0;
}

/* Each line as bytes, or as it stands; joined. False when there is none. */
static bool add_lines(const struct signatures_message *message, struct span name, bool is_bs, struct buf *out)
{
    size_t lines = 0;

    for (size_t i = 0; i < message->field_count; i++) {
        struct span value = trimmed(message->fields[i].value);

        if (!has_name(&message->fields[i], name))
            continue;
        if (lines++)
            buf_add_text(out, ", ");
        if (is_bs) {
            buf_add_byte(out, ':');
            base64_add(out, value.at, value.bytes);
            buf_add_byte(out, ':');
        } else {
            buf_add_span(out, value);
        }
    }
    return lines > 0;
}

bool signatures_field_value(const struct signatures_message *message, struct span lower_case_name, struct buf *out)
{
    return add_lines(message, lower_case_name, false, out);
}

/* ;sf needs to know what a field is: these are the structured fields that we do. */
static const struct {
    const char *name;
    enum structured_type type;
} STRUCTURED[] = {
    {"accept-signature", STRUCTURED_DICTIONARY},
    {"cache-status", STRUCTURED_LIST},
    {"client-cert", STRUCTURED_ITEM},
    {"client-cert-chain", STRUCTURED_LIST},
    {"content-digest", STRUCTURED_DICTIONARY},
    {"idempotency-key", STRUCTURED_ITEM},
    {"priority", STRUCTURED_DICTIONARY},
    {"proxy-status", STRUCTURED_LIST},
    {"repr-digest", STRUCTURED_DICTIONARY},
    {"signature", STRUCTURED_DICTIONARY},
    {"signature-input", STRUCTURED_DICTIONARY},
    {"want-content-digest", STRUCTURED_DICTIONARY},
    {"want-repr-digest", STRUCTURED_DICTIONARY},
};

static bool add_structured(const struct component *component, struct span value, struct buf *out)
{
    AUTO(structured_done) struct structured field = STRUCTURED_INIT;

    for (size_t i = 0; i < COUNT_OF(STRUCTURED); i++) {
        if (span_is(component->name, STRUCTURED[i].name))
            return structured_parse(STRUCTURED[i].type, value, &field, component->err) &&
                   structured_add(&field, out, component->err);
    }
    return fail_component(component, "is not known to be a structured field");
}

static bool add_dictionary_member(const struct component *component, struct span value, struct buf *out)
{
    AUTO(structured_done) struct structured field = STRUCTURED_INIT;
    AUTO(text_free) char *key = memory_copy_span(component->key);
    const struct structured_item *member;

    if (!structured_parse(STRUCTURED_DICTIONARY, value, &field, component->err))
        return false;
    member = structured_member(&field, key);
    return member ? structured_item_add(&field, member, out, component->err)
                  : fail_component(component, "has no member of this key");
}

static bool add_field(const struct component *component, struct buf *out)
{
    AUTO(buf_done) struct buf lines = BUF_INIT;

    if (component->query_name.at || (component->is_bs && (component->is_sf || component->key.at)))
        return fail_component(component, "has parameters that exclude each other, or one it cannot have");
    if (!add_lines(component->message, component->name, component->is_bs, &lines))
        return fail_component(component, "is not in the message");
    if (component->key.at)
        return add_dictionary_member(component, buf_span(&lines), out);
    if (component->is_sf)
        return add_structured(component, buf_span(&lines), out);
    buf_add_span(out, buf_span(&lines));
    return true;
}

/* --- the lines --- */

static bool take_parameter(struct component *component, const struct structured_parameter *parameter)
{
    static const struct {
        const char *key;
        size_t flag;
        size_t text;
    } KNOWN[] = {{"sf", offsetof(struct component, is_sf), 0},
                 {"bs", offsetof(struct component, is_bs), 0},
                 {"req", offsetof(struct component, is_req), 0},
                 {"key", 0, offsetof(struct component, key)},
                 {"name", 0, offsetof(struct component, query_name)}};

    for (size_t i = 0; i < COUNT_OF(KNOWN); i++) {
        if (!span_is(parameter->key, KNOWN[i].key))
            continue;
        if (KNOWN[i].flag && parameter->value.kind == STRUCTURED_BOOLEAN && parameter->value.number)
            *(bool *)((char *)component + KNOWN[i].flag) = true;
        else if (KNOWN[i].text && parameter->value.kind == STRUCTURED_STRING)
            *(struct span *)((char *)component + KNOWN[i].text) = parameter->value.text;
        else
            return fail_component(component, "has a parameter of the wrong kind");
        return true;
    }
    return fail_component(component, "has a parameter that is not known here");
}

static bool take_component(const struct structured *inputs, const struct structured_item *item,
                           struct component *component)
{
    component->name = item->value.text;
    if (item->value.kind != STRUCTURED_STRING || component->name.bytes == 0)
        return fail(component->err, ERR_INVALID, "a component is named by a string");
    for (size_t i = 0; i < component->name.bytes; i++) {
        if (lower(component->name.at[i]) != component->name.at[i])
            return fail_component(component, "is not in small letters");
    }
    for (size_t i = 0; i < item->parameter_count; i++) {
        if (!take_parameter(component, &inputs->parameters[item->first_parameter + i]))
            return false;
    }
    if (!component->is_req)
        return true;
    component->message = component->message->request;
    return component->message || fail_component(component, "is of a request that is not known");
}

/* A line break would let one component pass for two; other bytes are for ;bs. */
static bool is_one_line(struct span value)
{
    for (size_t i = 0; i < value.bytes; i++) {
        if ((value.at[i] < 0x20 || value.at[i] > 0x7e) && value.at[i] != '\t')
            return false;
    }
    return true;
}

static bool add_line(const struct signatures_message *message, const struct structured *inputs,
                     const struct structured_item *item, struct buf *out, struct error *err)
{
    struct component component = {.message = message, .err = err};
    size_t start;

    if (!take_component(inputs, item, &component) || !structured_item_add(inputs, item, out, err))
        return false;
    buf_add_text(out, ": ");
    start = out->bytes;
    if (!(component.name.at[0] == '@' ? add_derived(&component, out) : add_field(&component, out)))
        return false;
    if (!is_one_line((struct span){out->data + start, out->bytes - start}))
        return fail_component(&component, "has a value that cannot stand in one line of ASCII");
    buf_add_byte(out, '\n');
    return true;
}

static int compare_keys(const void *a, const void *b)
{
    const struct structured_parameter *first = a, *second = b;
    size_t bytes = first->key.bytes < second->key.bytes ? first->key.bytes : second->key.bytes;
    int order = memcmp(first->key.at, second->key.at, bytes);

    return order ? order : first->key.bytes < second->key.bytes ? -1 : first->key.bytes > second->key.bytes;
}

/* A component's name with its parameters sorted: in whatever order they come, it is the same component. */
static bool add_identity(const struct structured *inputs, const struct structured_item *item, struct buf *out,
                         struct error *err)
{
    struct structured_parameter sorted[8];
    struct structured one = {.parameters = sorted, .parameter_count = item->parameter_count};
    struct structured_item copy = *item;

    if (item->parameter_count > COUNT_OF(sorted))
        return fail(err, ERR_INVALID, "a component with more than %zu parameters", COUNT_OF(sorted));
    copy.first_parameter = 0;
    for (size_t i = 0; i < item->parameter_count; i++)
        sorted[i] = inputs->parameters[item->first_parameter + i];
    qsort(sorted, item->parameter_count, sizeof sorted[0], compare_keys);
    return structured_item_add(&one, &copy, out, err);
}

static bool check_no_twice(const struct structured *inputs, const struct structured_item *input, struct error *err)
{
    AUTO(buf_done) struct buf texts = BUF_INIT;
    size_t ends[SIGNATURES_COMPONENTS_MAX + 1] = {0};

    for (size_t i = 0; i < input->inner_count; i++) {
        if (!add_identity(inputs, &inputs->inner[input->first_inner + i], &texts, err))
            return false;
        ends[i + 1] = texts.bytes;
        for (size_t before = 0; before < i; before++) {
            if (span_equal((struct span){texts.data + ends[before], ends[before + 1] - ends[before]},
                           (struct span){texts.data + ends[i], ends[i + 1] - ends[i]}))
                return fail(err, ERR_INVALID, "a component is covered twice");
        }
    }
    return true;
}

bool signatures_base(const struct signatures_message *message, const struct structured *inputs,
                     const struct structured_item *input, struct buf *out, struct error *err)
{
    AUTO(buf_done) struct buf base = BUF_INIT;

    if (!input->is_inner_list || input->inner_count > SIGNATURES_COMPONENTS_MAX)
        return fail(err, ERR_INVALID, "what is signed is a list of at most %d components", SIGNATURES_COMPONENTS_MAX);
    if (!check_no_twice(inputs, input, err))
        return false;
    for (size_t i = 0; i < input->inner_count; i++) {
        if (!add_line(message, inputs, &inputs->inner[input->first_inner + i], &base, err))
            return false;
    }
    buf_add_text(&base, "\"@signature-params\": ");
    if (!structured_item_add(inputs, input, &base, err))
        return false;
    buf_add_span(out, buf_span(&base));
    return true;
}
