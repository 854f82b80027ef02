/* members.h - members of a JSON object that a stranger sent. */
#ifndef SANDBOX_MEMBERS_H
#define SANDBOX_MEMBERS_H

#include <jansson.h>

#include "base/base.h"

/* "" when there is none or it is no text. Borrowed. */
static inline struct span member_text(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    return json_is_string(value) ? (struct span){json_string_value(value), json_string_length(value)} : SPAN("");
}

/* Is it an object of exactly these members? */
static inline bool members_are(const json_t *object, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!json_object_get(object, names[i]))
            return false;
    return json_is_object(object) && json_object_size(object) == count;
}

#endif
