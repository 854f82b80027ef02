#include "gateway/door/guests.h"

#include <string.h>

enum { MINUTE_MS = 60000, IPV6_NETWORK_BYTES = 8 };

static void take_network(const uint8_t address[16], uint8_t network[16])
{
    static const uint8_t IPV4[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

    memcpy(network, address, 16);
    if (memcmp(address, IPV4, sizeof IPV4) != 0)
        memset(network + IPV6_NETWORK_BYTES, 0, 16 - IPV6_NETWORK_BYTES);
}

bool guests_try(struct guests *guests, const uint8_t address[16], int64_t now_ms)
{
    struct guest *place = &guests->list[0];
    int64_t minute = now_ms / MINUTE_MS;
    uint8_t network[16];

    take_network(address, network);
    for (size_t i = 0; i < GUESTS; i++) {
        struct guest *guest = &guests->list[i];

        if (memcmp(guest->network, network, sizeof network) == 0) {
            place = guest;
            break;
        }
        if (guest->minute < place->minute)
            place = guest;
    }
    if (memcmp(place->network, network, sizeof network) != 0 || place->minute != minute) {
        memcpy(place->network, network, sizeof network);
        place->minute = minute;
        place->tries = 0;
    }
    if (place->tries >= GUESTS_PER_MINUTE)
        return false;
    place->tries++;
    return true;
}
