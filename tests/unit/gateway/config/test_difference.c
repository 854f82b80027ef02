/* What a new configuration says otherwise about staff and clients. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/text.h"
#include "gateway/config/difference.h"

TestSuite(difference);

static char told[1024];

static void tell(const struct config_difference *difference, void *context)
{
    static const char SIGNS[] = {[CONFIG_ADDED] = '+', [CONFIG_REMOVED] = '-', [CONFIG_CHANGED] = '*'};
    size_t at = strlen(told);

    (void)context;
    snprintf(told + at, sizeof told - at, "%c%s %s(%s) ", SIGNS[difference->change], difference->what, difference->name,
             difference->settings);
}

static const char *between(const struct config *now, const struct config *next)
{
    told[0] = '\0';
    config_differences(now, next, tell, NULL);
    return told;
}

Test(difference, nothing_is_told_of_what_is_equal)
{
    struct config_person person = {.name = (char *)"lin", .roles_text = (char *)"operator"};
    struct config config = {.staff = &person, .staff_count = 1};

    cr_assert_str_eq(between(&config, &config), "");
}

Test(difference, who_came_who_went_and_what_changed_is_told_by_name)
{
    struct config_person before[] = {{.name = (char *)"lin", .roles_text = (char *)"operator"},
                                     {.name = (char *)"chen", .roles_text = (char *)"reviewer"}};
    struct config_person after[] = {
        {.name = (char *)"lin", .roles_text = (char *)"operator,auditor", .title = (char *)"x"},
        {.name = (char *)"zhao", .roles_text = (char *)"auditor"}};
    struct config_client old = {.name = (char *)"bank", .daily_quota = 10},
                         new = {.name = (char *)"bank", .daily_quota = 20};
    struct config now = {.staff = before, .staff_count = 2, .clients = &old, .client_count = 1};
    struct config next = {.staff = after, .staff_count = 2, .clients = &new, .client_count = 1};

    cr_assert_str_eq(between(&now, &next),
                     "*staff lin(title, roles) +staff zhao() -staff chen() *client bank(daily_quota) ");
}

Test(difference, another_certificate_in_the_same_file_is_told)
{
    struct config_certificate first = {.fingerprint = {1}}, second = {.fingerprint = {2}};
    struct config_person before = {.name = (char *)"lin", .has_certificate = true, .fingerprint = {1}}, after = before;
    struct config_client old = {.name = (char *)"bank", .certificates = &first, .certificate_count = 1}, new = old;
    struct config now = {.staff = &before, .staff_count = 1, .clients = &old, .client_count = 1};
    struct config next = {.staff = &after, .staff_count = 1, .clients = &new, .client_count = 1};

    after.fingerprint[0] = 2;
    new.certificates = &second;
    cr_assert_str_eq(between(&now, &next), "*staff lin(certificate) *client bank(certificates) ");
}
