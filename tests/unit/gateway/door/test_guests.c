#include <criterion/criterion.h>
#include <string.h>

#include "gateway/door/guests.h"

enum { MINUTE_MS = 60000 };
static struct guests guests;

static void setup(void)
{
    memset(&guests, 0, sizeof guests);
}
TestSuite(guests, .init = setup);

static bool tries(uint8_t first, uint8_t last, int64_t now_ms)
{
    uint8_t address[16] = {0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, first, 0, 0, 0, 0, 0, 0, 0, last};

    return guests_try(&guests, address, now_ms);
}

static bool tries_ipv4(uint8_t last, int64_t now_ms)
{
    uint8_t address[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, last};

    return guests_try(&guests, address, now_ms);
}

Test(guests, one_network_has_so_many_tries_a_minute_whatever_its_addresses)
{
    for (int i = 0; i < GUESTS_PER_MINUTE; i++)
        cr_assert(tries(1, (uint8_t)i, MINUTE_MS));
    cr_assert_not(tries(1, 200, MINUTE_MS + 1));
    cr_assert(tries(2, 1, MINUTE_MS + 1), "another /64");
    cr_assert(tries(1, 200, 2 * MINUTE_MS), "the next minute");
}

Test(guests, addresses_of_ipv4_are_networks_of_their_own)
{
    for (int i = 0; i < GUESTS_PER_MINUTE; i++)
        cr_assert(tries_ipv4(1, MINUTE_MS));
    cr_assert_not(tries_ipv4(1, MINUTE_MS));
    cr_assert(tries_ipv4(2, MINUTE_MS));
}
