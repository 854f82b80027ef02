/* names_model.h - how the names of a register are put together: the chance that a company we do not know is called so.
 *
 * A model of characters after up to three others (4-grams), interpolated after Witten and Bell (IEEE Trans. Inf. Theory
 * 37(4), 1991), mixed with single characters: what it knows by heart from one name must not speak for another. Names
 * begin in one of two ways, whole or without their region, so that both questions can be asked. Exact counts; when
 * a register is larger than MODEL_NAMES_MAX the first so many names speak for it (mix them before, if they are sorted).
 */
#ifndef GATEWAY_NAMES_NAMES_MODEL_H
#define GATEWAY_NAMES_NAMES_MODEL_H

#include "gateway/names/names_normal.h"

enum { MODEL_NAMES_MAX = 100000 };

enum model_begin { MODEL_WHOLE = 1, MODEL_WITHOUT_REGION = 2 };

struct name_model;

struct name_model *name_model_new(void);
void name_model_free(struct name_model *model);
/* Learn one name; `core`: where it goes on after its region. Nothing happens when enough names are known. */
void name_model_learn(struct name_model *model, const struct name_form *form, size_t core);
/* Log of the chance of these units as a name that begins so. */
double name_model_log(const struct name_model *model, const uint16_t *units, size_t count, enum model_begin begin);
/* Log of the chance of one character among all. */
double name_model_unit_log(const struct name_model *model, uint16_t unit);
size_t name_model_bytes(const struct name_model *model);

DEFINE_AUTO(struct name_model *, name_model_free)

#endif
