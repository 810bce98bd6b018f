#include "support/cm.h"
#include "net/gate.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

static struct address_key key_of(const char *text)
{
    struct sockaddr_storage peer = {0};

    if (strchr(text, ':') != NULL) {
        peer.ss_family = AF_INET6;
        inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)(void *)&peer)->sin6_addr);
    } else {
        peer.ss_family = AF_INET;
        inet_pton(AF_INET, text, &((struct sockaddr_in *)(void *)&peer)->sin_addr);
    }
    return address_key(&peer);
}

static void total_is_limited_and_a_leave_makes_room(void **state)
{
    struct address_key a = key_of("192.0.2.1"), b = key_of("192.0.2.2");
    struct gate *g = gate_create(2, 0);

    (void)state;
    assert_int_equal(gate_enter(g, &a), GATE_OPEN);
    assert_int_equal(gate_enter(g, &b), GATE_OPEN);
    assert_int_equal(gate_enter(g, &b), GATE_FULL);
    gate_leave(g, &a);
    assert_int_equal(gate_enter(g, &b), GATE_OPEN);
    gate_leave(g, &b);
    gate_leave(g, &b);
    gate_destroy(g);
}

static void each_address_has_its_own_count(void **state)
{
    struct address_key a = key_of("192.0.2.1"), b = key_of("192.0.2.2");
    struct gate *g = gate_create(0, 2);

    (void)state;
    assert_int_equal(gate_enter(g, &a), GATE_OPEN);
    assert_int_equal(gate_enter(g, &a), GATE_OPEN);
    assert_int_equal(gate_enter(g, &a), GATE_ADDRESS_FULL);
    assert_int_equal(gate_enter(g, &b), GATE_OPEN);
    gate_leave(g, &a);
    assert_int_equal(gate_enter(g, &a), GATE_OPEN);
    gate_destroy(g);
}

static void zero_switches_the_limits_off(void **state)
{
    struct address_key a = key_of("192.0.2.1");
    struct gate *g = gate_create(0, 0);

    (void)state;
    for (int i = 0; i < 10000; i++)
        assert_int_equal(gate_enter(g, &a), GATE_OPEN);
    gate_destroy(g);
}

static void addresses_of_one_host_share_a_key(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"192.0.2.1", "::ffff:192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
        {"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
        {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address_key a = key_of(rows[i].a), b = key_of(rows[i].b);

        assert_int_equal(memcmp(&a, &b, sizeof a) == 0, rows[i].same);
    }
}

static void texts_are_what_people_write(void **state)
{
    static const char *const rows[][2] = {{"::ffff:192.0.2.1", "192.0.2.1"},
                                          {"2001:db8::1", "2001:db8::1"}};
    struct sockaddr_storage peer = {.ss_family = AF_INET6};
    char text[ADDRESS_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        inet_pton(AF_INET6, rows[i][0], &((struct sockaddr_in6 *)(void *)&peer)->sin6_addr);
        assert_string_equal(address_text(&peer, text), rows[i][1]);
    }
    peer.ss_family = AF_UNIX;
    assert_string_equal(address_text(&peer, text), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(total_is_limited_and_a_leave_makes_room),
        cmocka_unit_test(each_address_has_its_own_count),
        cmocka_unit_test(zero_switches_the_limits_off),
        cmocka_unit_test(addresses_of_one_host_share_a_key),
        cmocka_unit_test(texts_are_what_people_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
