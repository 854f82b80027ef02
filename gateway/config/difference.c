#include "gateway/config/difference.h"

#include <string.h>

#include "base/text.h"
#include "gateway/config/table.h"

/* One of the two lists, as far as they are alike. */
struct listed {
    const char *what;
    struct setting_group group;
    size_t bytes; /* of an entry */
};

static const void *entry_at(const struct listed *listed, const void *list, size_t i)
{
    return (const char *)list + i * listed->bytes;
}

/* Both begin with their name. */
static const char *name_of(const void *entry)
{
    const char *const *name = entry;

    return *name;
}
_Static_assert(offsetof(struct config_person, name) == 0 && offsetof(struct config_client, name) == 0,
               "names come first");

static const void *find(const struct listed *listed, const void *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name_of(entry_at(listed, list, i)), name) == 0)
            return entry_at(listed, list, i);
    }
    return NULL;
}

static void add_name(struct buf *out, const char *name)
{
    buf_addf(out, "%s%s", out->bytes ? ", " : "", name);
}

static void compare_group(struct setting_group group, const void *now, const void *next, struct buf *out)
{
    for (size_t i = 0; i < group.count; i++) {
        if (!setting_is_equal(&group.settings[i], now, next))
            add_name(out, group.settings[i].name);
    }
}

static bool has_same_certificates(const struct config_client *now, const struct config_client *next)
{
    if (now->certificate_count != next->certificate_count)
        return false;
    for (size_t i = 0; i < now->certificate_count; i++) {
        const struct config_certificate *one = &now->certificates[i], *other = &next->certificates[i];

        if (memcmp(one->fingerprint, other->fingerprint, sizeof one->fingerprint) != 0 ||
            one->from_ms != other->from_ms || one->until_ms != other->until_ms)
            return false;
    }
    return true;
}

/* What a file behind a setting holds may have changed, too: the certificate's digest tells. */
static void compare(const struct listed *listed, const void *now, const void *next, struct buf *out)
{
    bool is_staff = strcmp(listed->what, "staff") == 0;
    const struct config_person *person[2] = {now, next};

    compare_group(listed->group, now, next, out);
    if (is_staff &&
        (person[0]->has_certificate != person[1]->has_certificate ||
         memcmp(person[0]->fingerprint, person[1]->fingerprint, sizeof person[0]->fingerprint) != 0) &&
        !strstr(buf_text(out), "certificate"))
        add_name(out, "certificate");
    if (is_staff)
        return;
    compare_group(SETTINGS_WEBHOOK, now, next, out);
    if (!has_same_certificates(now, next) && !strstr(buf_text(out), "certificate"))
        add_name(out, "certificates");
}

struct sides {
    const void *now;
    size_t now_count;
    const void *next;
    size_t next_count;
};

static void compare_lists(const struct listed *listed, const struct sides *sides, config_difference_visit *visit,
                          void *context)
{
    for (size_t i = 0; i < sides->next_count; i++) {
        AUTO(buf_done) struct buf settings = BUF_INIT;
        const void *next = entry_at(listed, sides->next, i);
        const void *now = find(listed, sides->now, sides->now_count, name_of(next));
        struct config_difference told = {listed->what, name_of(next), now ? CONFIG_CHANGED : CONFIG_ADDED, ""};

        if (now)
            compare(listed, now, next, &settings);
        told.settings = buf_text(&settings);
        if (!now || settings.bytes > 0)
            visit(&told, context);
    }
    for (size_t i = 0; i < sides->now_count; i++) {
        const char *name = name_of(entry_at(listed, sides->now, i));
        struct config_difference told = {listed->what, name, CONFIG_REMOVED, ""};

        if (!find(listed, sides->next, sides->next_count, name))
            visit(&told, context);
    }
}

void config_differences(const struct config *now, const struct config *next, config_difference_visit *visit,
                        void *context)
{
    const struct listed staff = {"staff", SETTINGS_PERSON, sizeof(struct config_person)};
    const struct listed clients = {"client", SETTINGS_CLIENT, sizeof(struct config_client)};

    compare_lists(&staff, &(struct sides){now->staff, now->staff_count, next->staff, next->staff_count}, visit,
                  context);
    compare_lists(&clients, &(struct sides){now->clients, now->client_count, next->clients, next->client_count}, visit,
                  context);
}
