#include "gateway/names/names_model.h"

#include <math.h>
#include <stdlib.h>

enum { ORDER = 4, SLOTS_FIRST = 1024, END = 3, VOCABULARY = 7000, HALF_SEEN = 3500 };
static const double SINGLE_SHARE = 0.15;

/* A run of up to four units, exactly: none is 0, so shorter runs have zeros above them. */
struct gram {
    uint64_t key;
    uint32_t count;  /* seen */
    uint32_t before; /* seen with something after it */
    uint32_t kinds;  /* of units after it */
};

struct name_model {
    struct gram *slots;
    size_t slot_count; /* a power of two */
    size_t used;
    size_t names;
    uint64_t units; /* seen in all, ends included */
    uint32_t single[NAME_UNITS_ALL];
    uint32_t kinds;
};

struct name_model *name_model_new(void)
{
    struct name_model *model = memory_new(sizeof(*model));

    model->slot_count = SLOTS_FIRST;
    model->slots = memory_new(model->slot_count * sizeof(*model->slots));
    return model;
}

void name_model_free(struct name_model *model)
{
    if (!model)
        return;
    free(model->slots);
    free(model);
}

static struct gram *slot_of(const struct name_model *model, uint64_t key)
{
    uint64_t hash = key * 0x9E3779B97F4A7C15U;
    size_t at = (size_t)(hash ^ hash >> 29) & (model->slot_count - 1);

    while (model->slots[at].key && model->slots[at].key != key)
        at = (at + 1) & (model->slot_count - 1);
    return &model->slots[at];
}

static void grow(struct name_model *model)
{
    struct gram *old = model->slots;
    size_t count = model->slot_count;

    model->slot_count *= 2;
    model->slots = memory_new(model->slot_count * sizeof(*model->slots));
    for (size_t i = 0; i < count; i++) {
        if (old[i].key)
            *slot_of(model, old[i].key) = old[i];
    }
    free(old);
}

static struct gram *put(struct name_model *model, uint64_t key)
{
    struct gram *gram;

    if (model->used >= model->slot_count / 4 * 3)
        grow(model);
    gram = slot_of(model, key);
    if (!gram->key) {
        gram->key = key;
        model->used++;
    }
    return gram;
}

/* `length` units that end before `at`, of a name after three marks of its beginning. */
static uint64_t key_at(const uint16_t *marked, size_t at, size_t length)
{
    uint64_t key = 0;

    for (size_t i = at - length; i < at; i++)
        key = key << 16 | marked[i];
    return key;
}

static size_t mark(const uint16_t *units, size_t count, enum model_begin begin, uint16_t *marked)
{
    for (size_t i = 0; i < ORDER - 1; i++)
        marked[i] = (uint16_t)begin;
    memcpy(marked + ORDER - 1, units, count * sizeof(*units));
    marked[ORDER - 1 + count] = END;
    return ORDER + count;
}

static void learn_at(struct name_model *model, const uint16_t *marked, size_t at)
{
    for (size_t length = 1; length < ORDER; length++) {
        bool is_new = put(model, key_at(marked, at + 1, length + 1))->count++ == 0;
        struct gram *context = put(model, key_at(marked, at, length));

        context->before++;
        context->kinds += is_new;
    }
}

static void learn_single(struct name_model *model, uint16_t unit)
{
    model->kinds += model->single[unit] == 0;
    model->single[unit]++;
    model->units++;
}

void name_model_learn(struct name_model *model, const struct name_form *form, size_t core)
{
    uint16_t marked[NAME_UNITS_MAX + ORDER];
    size_t end = mark(form->at, form->count, MODEL_WHOLE, marked);

    if (model->names >= MODEL_NAMES_MAX || form->count == 0)
        return;
    model->names++;
    for (size_t at = ORDER - 1; at < end; at++) {
        learn_single(model, marked[at]);
        learn_at(model, marked, at);
    }
    if (core == 0)
        return;
    /* Only the beginning is new; what comes later is known already. */
    end = mark(form->at + core, form->count - core, MODEL_WITHOUT_REGION, marked);
    for (size_t at = ORDER - 1; at < end && at < 2 * (ORDER - 1); at++)
        learn_at(model, marked, at);
}

static double single_chance(const struct name_model *model, uint16_t unit)
{
    return (model->single[unit] + 0.5) / ((double)model->units + HALF_SEEN);
}

static double chance_at(const struct name_model *model, const uint16_t *marked, size_t at)
{
    double chance = (model->single[marked[at]] + model->kinds / (double)VOCABULARY) /
                    ((double)model->units + model->kinds + (model->units == 0));

    for (size_t length = 1; length < ORDER; length++) {
        const struct gram *context = slot_of(model, key_at(marked, at, length));

        if (context->before == 0)
            break;
        chance = (slot_of(model, key_at(marked, at + 1, length + 1))->count + context->kinds * chance) /
                 ((double)context->before + context->kinds);
    }
    return (1 - SINGLE_SHARE) * chance + SINGLE_SHARE * single_chance(model, marked[at]);
}

double name_model_log(const struct name_model *model, const uint16_t *units, size_t count, enum model_begin begin)
{
    uint16_t marked[NAME_UNITS_MAX + ORDER];
    size_t end = mark(units, count, begin, marked);
    double sum = 0;

    for (size_t at = ORDER - 1; at < end; at++)
        sum += log(chance_at(model, marked, at));
    return sum;
}

double name_model_unit_log(const struct name_model *model, uint16_t unit)
{
    return log(single_chance(model, unit));
}

size_t name_model_bytes(const struct name_model *model)
{
    return sizeof(*model) + model->slot_count * sizeof(*model->slots);
}
