#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "gateway/config/addresses.h"

static struct error err;

/* As the server hands it over: IPv4 as mapped. */
static struct address from(const char *text)
{
    uint8_t bytes[ADDRESS_BYTES] = {0};

    if (inet_pton(AF_INET, text, bytes + 12) == 1)
        bytes[10] = bytes[11] = 0xFF;
    else
        cr_assert_eq(inet_pton(AF_INET6, text, bytes), 1, "%s", text);
    return address_of(bytes);
}

static bool is_in(const char *range, const char *address)
{
    struct address_range parsed;

    cr_assert(address_range_parse(span_of(range), &parsed, &err), "%s", err.text);
    return address_is_in(&parsed, 1, from(address));
}

Test(addresses, what_is_no_range_is_refused_in_both_languages)
{
    static const char *const BAD[] = {"",
                                      "10",
                                      "10.0.0",
                                      "10.0.0.0/33",
                                      "10.0.0.0/",
                                      "10.0.0.0/x",
                                      "/8",
                                      "256.1.1.1",
                                      "01.2.3.4",
                                      "10.0.0.0/-1",
                                      "10.0.0.1/8",
                                      "fe80::1%1",
                                      "2001:db8::/129",
                                      "2001:db8::1/64",
                                      "::ffff:10.0.0.1/104",
                                      "localhost",
                                      "10.0.0.0/8/8",
                                      "1:2:3:4:5:6:7:8:9:1:2:3:4:5:6:7:8:9:1:2:3:4:5:6:7:8:9:1:2:3"};

    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        struct address_range range;

        cr_expect_not(address_range_parse(span_of(BAD[i]), &range, &err), "%s", BAD[i]);
        cr_expect_str_eq(err.rule, "config.address");
        cr_expect_neq(err.zh[0], '\0');
    }
}

Test(addresses, a_range_ends_where_its_prefix_says)
{
    cr_expect(is_in("10.0.0.0/8", "10.255.255.255"));
    cr_expect_not(is_in("10.0.0.0/8", "11.0.0.0"));
    cr_expect_not(is_in("10.0.0.0/8", "9.255.255.255"));
    cr_expect(is_in("192.0.2.128/25", "192.0.2.128"));
    cr_expect_not(is_in("192.0.2.128/25", "192.0.2.127"));
    cr_expect(is_in("192.0.2.7", "192.0.2.7"));
    cr_expect_not(is_in("192.0.2.7", "192.0.2.6"));
    cr_expect(is_in("0.0.0.0/0", "203.0.113.9"));
    cr_expect(is_in("2001:db8::/32", "2001:db8:ffff::1"));
    cr_expect_not(is_in("2001:db8::/32", "2001:db9::"));
    cr_expect(is_in("2001:db8:0:0:8000::/65", "2001:db8::8000:0:0:1"));
    cr_expect_not(is_in("2001:db8:0:0:8000::/65", "2001:db8::7fff:0:0:1"));
    cr_expect(is_in("2001:db8::1", "2001:db8::1"));
    cr_expect_not(is_in("2001:db8::1", "2001:db8::2"));
}

Test(addresses, a_mapped_address_is_the_ipv4_one_and_a_range_of_ipv6_holds_none)
{
    cr_expect(is_in("10.0.0.0/8", "::ffff:10.1.2.3"));
    cr_expect(is_in("::ffff:10.0.0.0/104", "10.1.2.3"));
    cr_expect(is_in("::ffff:10.1.2.3", "10.1.2.3"));
    cr_expect_not(is_in("::/0", "10.1.2.3"));
    cr_expect(is_in("::/0", "2001:db8::1"));
    cr_expect_not(is_in("0.0.0.0/0", "2001:db8::1"));
    cr_expect_not(is_in("0.0.0.0/0", "::1"));
}

Test(addresses, nothing_is_in_no_range)
{
    cr_expect_not(address_is_in(NULL, 0, from("10.0.0.1")));
}
