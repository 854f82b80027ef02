/* difference.h - what a configuration says otherwise about the staff and the clients than the one before: who came, who
 * went, which settings changed. For people who order or approve a reload; what else may differ is the business of
 * reload.h. */
#ifndef GATEWAY_CONFIG_DIFFERENCE_H
#define GATEWAY_CONFIG_DIFFERENCE_H

#include "gateway/config/config.h"

enum config_change { CONFIG_ADDED, CONFIG_REMOVED, CONFIG_CHANGED };
struct config_difference {
    const char *what; /* "staff" or "client" */
    const char *name;
    enum config_change change;
    const char *settings; /* CONFIG_CHANGED: their names, with commas between; else "". No values: some are secret */
};
typedef void config_difference_visit(const struct config_difference *difference, void *context);
/* Who is in both in the order of `next`, who came among them; then who went. */
void config_differences(const struct config *now, const struct config *next, config_difference_visit *visit,
                        void *context);

#endif
