#include "tests/bench/growing.h"

#include <stdio.h>

#include "base/text.h"

enum { MUTATED_EVERY = 3, CODE_BYTES = 32 };

static size_t any(struct growing *growing, size_t count)
{
    growing->state = growing->state * 6364136223846793005U + 1442695040888963407U;
    return (size_t)((growing->state >> 33) % count);
}

struct part_of_name {
    struct name_form form;
    struct name_parts parts;
};

static const struct naming_row *any_row(struct growing *growing)
{
    const struct naming_row *row;

    do
        row = &growing->rows->at[any(growing, growing->rows->count)];
    while (row->is_absent);
    return row;
}

static bool any_name(struct growing *growing, struct part_of_name *out, struct error *err)
{
    if (!name_normal(growing->tables, any_row(growing)->name, &out->form, err))
        return false;
    name_split(growing->tables, &out->form, &out->parts);
    name_split_trade(growing->tables, &out->form, &out->parts);
    return true;
}

static bool grow_one(struct growing *growing, struct buf *out, struct error *err)
{
    struct part_of_name region;
    struct part_of_name trade;
    struct part_of_name rest;
    uint16_t units[NAME_UNITS_MAX];
    size_t count;

    do {
        if (!any_name(growing, &trade, err))
            return false;
        count = (size_t)(trade.parts.industry - trade.parts.core);
    } while (count < 2 || count > 8);
    if (!any_name(growing, &region, err) || !any_name(growing, &rest, err))
        return false;
    memcpy(units, trade.form.at + trade.parts.core, count * sizeof(*units));
    if (any(growing, MUTATED_EVERY) == 0 && rest.parts.industry > rest.parts.core)
        units[any(growing, count)] =
            rest.form.at[rest.parts.core + any(growing, (size_t)(rest.parts.industry - rest.parts.core))];
    buf_clear(out);
    name_units_add(out, region.form.at, region.parts.core);
    name_units_add(out, units, count);
    name_units_add(out, rest.form.at + rest.parts.industry, (size_t)(rest.form.count - rest.parts.industry));
    return true;
}

bool growing_fill(struct growing *growing, size_t wanted, growing_take *take, void *context, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    size_t given = 0;

    for (size_t i = 0; i < growing->rows->count && given < wanted; i++) {
        const struct naming_row *row = &growing->rows->at[i];

        if (row->is_absent)
            continue;
        if (!take(context, row->code, row->name, err))
            return false;
        given++;
    }
    while (given < wanted) {
        char code[CODE_BYTES];

        /* No code begins with 99: none of these is a real one. */
        (void)snprintf(code, sizeof(code), "99440000%010zu", given);
        if (!grow_one(growing, &text, err))
            return false;
        if (text.bytes > NAME_BYTES_MAX || utf8_count(buf_span(&text)) > NAME_UNITS_MAX / 2)
            continue;
        if (!take(context, (struct span){code, NAME_CODE_BYTES}, buf_span(&text), err))
            return false;
        given++;
    }
    return true;
}

static void slip(struct growing *growing, struct name_form *form, const struct name_form *other)
{
    size_t at = any(growing, form->count);

    switch (any(growing, 3)) {
    case 0: /* another character */
        form->at[at] = other->at[any(growing, other->count)];
        break;
    case 1: /* one is missing */
        memmove(form->at + at, form->at + at + 1, (form->count - at - 1) * sizeof(*form->at));
        form->count--;
        break;
    default: /* two in the other order */
        if (at > 0) {
            uint16_t held = form->at[at];

            form->at[at] = form->at[at - 1];
            form->at[at - 1] = held;
        }
    }
}

bool growing_question(struct growing *growing, struct buf *text, struct span *truth, struct error *err)
{
    const struct naming_row *row = any_row(growing);
    struct part_of_name name;
    struct part_of_name other;
    size_t how = any(growing, 4);
    size_t from;

    if (!name_normal(growing->tables, row->name, &name.form, err) || !any_name(growing, &other, err))
        return false;
    name_split(growing->tables, &name.form, &name.parts);
    if (how >= 2 && other.form.count > 0 && name.form.count > 2)
        slip(growing, &name.form, &other.form);
    from = how == 1 ? name.parts.core : 0;
    buf_clear(text);
    name_units_add(text, name.form.at + from, name.form.count - from);
    *truth = row->code;
    return true;
}
