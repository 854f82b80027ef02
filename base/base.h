/* base.h - the few macros that every file uses. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/* `AUTO(thing_free) struct thing *t = NULL;` frees itself at the end of the scope. The header that declares
 * thing_free says DEFINE_AUTO(struct thing *, thing_free), or DEFINE_AUTO_IN_PLACE(struct thing, thing_done). */
#define AUTO(release) __attribute__((cleanup(release##_auto)))
#define DEFINE_AUTO(type, release)                                                                                     \
    static inline void release##_auto(__typeof__(type) *held)                                                          \
    {                                                                                                                  \
        release(*held);                                                                                                \
    }
#define DEFINE_AUTO_IN_PLACE(type, release)                                                                            \
    static inline void release##_auto(__typeof__(type) *held)                                                          \
    {                                                                                                                  \
        release(held);                                                                                                 \
    }

/* Hand over what an AUTO variable holds: the variable becomes NULL. */
#define TAKE(held)                                                                                                     \
    ({                                                                                                                 \
        __typeof__(held) taken_ = (held);                                                                              \
        (held) = NULL;                                                                                                 \
        taken_;                                                                                                        \
    })

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Bytes that belong to somebody else: not NUL-terminated, never freed through the span. */
struct span {
    const char *at;
    size_t bytes;
};
#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})
#define SPAN_NONE ((struct span){NULL, 0})

#endif
