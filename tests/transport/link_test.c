/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link_test.c - the decisions about one link: who is let in, who is alive, how much may be
 * under way, what is an address.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "link/address.h"
#include "link/credit.h"
#include "link/handshake.h"
#include "link/pulse.h"

/* ---------------------------------------------------------------------- handshake */

/* We are "a", run 1; he says that he is `name`, run `incarnation`, on link `link`. */
static const struct {
    const char *name;
    uint64_t incarnation;
    cop_err read;
    bool is_name_held, has_link;
    uint64_t newest, link;
    copi_greeting greeting;
    cop_err why;
} greetings[] = {
    {"b", 2, COP_OK,            false, false, 0, 5, COPI_GREET_ACCEPT,  COP_OK             },
    {"b", 2, COP_OK,            false, true,  5, 5, COPI_GREET_AGAIN,   COP_OK             },
    {"b", 2, COP_OK,            false, true,  5, 6, COPI_GREET_REPLACE, COP_OK             },
    {"b", 2, COP_OK,            false, true,  5, 4, COPI_GREET_STALE,   COP_OK             },
    {"b", 2, COP_OK,            false, false, 5, 5, COPI_GREET_STALE,   COP_OK             },
    {"b", 2, COP_OK,            false, false, 5, 6, COPI_GREET_ACCEPT,  COP_OK             },
    {"b", 2, COP_OK,            true,  false, 0, 5, COPI_GREET_REFUSE,  COP_E_NAME_CONFLICT},
    {"a", 2, COP_OK,            false, false, 0, 5, COPI_GREET_REFUSE,  COP_E_NAME_CONFLICT},
    {"a", 1, COP_OK,            false, false, 0, 5, COPI_GREET_REFUSE,  COP_E_SELF         },
    {"",  0, COP_E_VERSION,     false, false, 0, 5, COPI_GREET_REFUSE,  COP_E_VERSION      },
    {"",  0, COP_E_BAD_MESSAGE, false, false, 0, 5, COPI_GREET_REFUSE,  COP_E_BAD_MESSAGE  },
};

static void
who_says_hello_is_let_in_or_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < COP_COUNT(greetings); i++) {
        copi_hello hello = {.incarnation = greetings[i].incarnation};
        copi_known known = {"a", 1, greetings[i].is_name_held, greetings[i].has_link,
                            greetings[i].newest};
        cop_err why;
        strcpy(hello.name, greetings[i].name);
        assert_int_equal(copi_greet(&known, &hello, greetings[i].read, greetings[i].link, &why),
                         greetings[i].greeting);
        assert_int_equal(why, greetings[i].why);
    }
}

/* -------------------------------------------------------------------------- pulse */

enum {
    BEAT = 250,
    DEAD = 1000,
    TICK = 10,
};

static void
a_peer_is_beaten_to_at_every_heartbeat(void **state)
{
    copi_pulse pulse;
    int beats = 0;

    (void)state;
    copi_pulse_start(&pulse, 0);
    for (int64_t now = TICK; now <= 10 * BEAT; now += TICK) {
        pulse.heard = now;
        beats += copi_pulse_look(&pulse, now, BEAT, DEAD) == COPI_PULSE_BEAT;
    }
    assert_int_equal(beats, 10);
}

static void
a_silent_peer_is_dead_in_time_and_not_before(void **state)
{
    copi_pulse pulse;
    int64_t now = 0;

    (void)state;
    copi_pulse_start(&pulse, 0);
    while (copi_pulse_look(&pulse, now, BEAT, DEAD) != COPI_PULSE_DEAD)
        now += TICK;
    assert_int_equal(now, DEAD);
}

static void
who_overslept_does_not_blame_the_other(void **state)
{
    copi_pulse pulse;
    int64_t now = 60000;

    (void)state;
    copi_pulse_start(&pulse, 0);
    assert_int_not_equal(copi_pulse_look(&pulse, now, BEAT, DEAD), COPI_PULSE_DEAD);
    int64_t woken = now;
    while (copi_pulse_look(&pulse, now, BEAT, DEAD) != COPI_PULSE_DEAD)
        now += TICK;
    assert_int_equal(now - woken, BEAT);
}

/* Looked at no more often than asked for, and each time a little late. */
static void
who_looks_when_it_is_due_misses_nothing(void **state)
{
    enum {
        LATE = 5
    };
    copi_pulse pulse;
    int64_t now = 0;
    int looks = 0, beats = 0;

    (void)state;
    copi_pulse_start(&pulse, 0);
    for (copi_pulse_verdict verdict = COPI_PULSE_QUIET; verdict != COPI_PULSE_DEAD; looks++) {
        now = copi_pulse_beat_due(&pulse, BEAT, DEAD) + LATE;
        verdict = copi_pulse_look(&pulse, now, BEAT, DEAD);
        beats += verdict == COPI_PULSE_BEAT;
    }
    assert_int_equal(now, DEAD + LATE);
    assert_int_equal(beats, 3);
    assert_int_equal(looks, 4);

    copi_pulse_start(&pulse, 0);
    for (now = 0; copi_pulse_look(&pulse, now, BEAT, DEAD) != COPI_PULSE_DEAD;)
        now = copi_pulse_look_due(&pulse, BEAT, DEAD) + LATE;
    assert_int_equal(now, DEAD + LATE);
}

static void
who_hears_need_not_look(void **state)
{
    copi_pulse pulse;

    (void)state;
    copi_pulse_start(&pulse, 0);
    pulse.heard = 20 * BEAT;
    assert_int_equal(copi_pulse_look_due(&pulse, BEAT, DEAD), 21 * BEAT);
    assert_int_not_equal(copi_pulse_look(&pulse, 21 * BEAT, BEAT, DEAD), COPI_PULSE_DEAD);
    assert_int_equal(pulse.heard, 20 * BEAT);
}

static void
a_beat_joins_what_comes_when_it_is_soon_due(void **state)
{
    copi_pulse pulse;

    (void)state;
    copi_pulse_start(&pulse, 0);
    assert_false(copi_pulse_join(&pulse, BEAT / 2 - 1, BEAT));
    assert_int_equal(copi_pulse_beat_due(&pulse, BEAT, DEAD), BEAT);
    assert_true(copi_pulse_join(&pulse, BEAT / 2, BEAT));
    assert_false(copi_pulse_join(&pulse, BEAT / 2, BEAT));
    assert_int_equal(copi_pulse_beat_due(&pulse, BEAT, DEAD), BEAT / 2 + BEAT);
    assert_int_equal(copi_pulse_look(&pulse, BEAT / 2 + BEAT - 1, BEAT, DEAD),
                     COPI_PULSE_QUIET);
}

static void
the_wait_for_another_try_grows_within_bounds(void **state)
{
    copi_rng rng = {1};

    (void)state;
    for (unsigned failures = 0; failures < 100; failures++)
        for (int i = 0; i < 100; i++) {
            int64_t wait = copi_redial_after(failures, copi_rng_next(&rng));
            assert_in_range(wait, 100, 2000);
            if (failures == 0)
                assert_true(wait <= 200);
            if (failures > 5)
                assert_true(wait >= 1000);
        }
}

/* ------------------------------------------------------------------------- credit */

static void
no_more_than_the_window_is_under_way_and_none_is_lost(void **state)
{
    copi_rng rng = {3};
    copi_credit giver = {0};
    copi_intake taker = {0};
    uint64_t arrived = 0, told = 0;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        size_t size = 1 + copi_rng_below(&rng, 60000);
        if (copi_credit_allows(&giver, size)) {
            giver.given += size;
            arrived += size;
            if (copi_intake_add(&taker, size)) {
                taker.told = taker.taken;
                /* Some of them get lost. */
                if (copi_rng_below(&rng, 2) == 0)
                    told = taker.taken;
            }
        } else {
            told = taker.taken; /* with the next heartbeat at the latest */
        }
        assert_true(copi_credit_take(&giver, told));
        assert_true(giver.given - giver.taken <= COPI_CREDIT_WINDOW);
    }
    assert_int_equal(arrived, giver.given);
}

static void
acknowledging_too_much_or_less_than_before_is_a_lie(void **state)
{
    copi_credit giver = {.given = 100};

    (void)state;
    assert_false(copi_credit_take(&giver, 101));
    assert_true(copi_credit_take(&giver, 100));
    assert_false(copi_credit_take(&giver, 99));
}

/* ------------------------------------------------------------------------ address */

static const struct {
    const char *text;
    cop_err err;
} addresses[] = {
    {"tcp://127.0.0.1:1",           COP_OK       },
    {"tcp://127.255.255.255:65535", COP_OK       },
    {"ipc:///tmp/a.sock",           COP_OK       },
    {"tcp://0.0.0.0:80",            COP_E_REFUSED},
    {"tcp://*:80",                  COP_E_REFUSED},
    {"tcp://10.1.2.3:80",           COP_E_REFUSED},
    {"",                            COP_E_ADDRESS},
    {"127.0.0.1:1",                 COP_E_ADDRESS},
    {"tcp://",                      COP_E_ADDRESS},
    {"tcp://127.0.0.1",             COP_E_ADDRESS},
    {"tcp://127.0.0.1:",            COP_E_ADDRESS},
    {"tcp://127.0.0.1:0",           COP_E_ADDRESS},
    {"tcp://127.0.0.1:65536",       COP_E_ADDRESS},
    {"tcp://127.0.0.1:080",         COP_E_ADDRESS},
    {"tcp://127.0.0.1:80 ",         COP_E_ADDRESS},
    {"tcp://127.0.0.256:80",        COP_E_ADDRESS},
    {"tcp://127.0.1:80",            COP_E_ADDRESS},
    {"tcp://localhost:80",          COP_E_ADDRESS},
    {"tcp://lo;127.0.0.1:80",       COP_E_ADDRESS},
    {"tcp://[::1]:80",              COP_E_ADDRESS},
    {"ws://127.0.0.1:80",           COP_E_ADDRESS},
    {"inproc://a",                  COP_E_ADDRESS},
    {"ipc://",                      COP_E_ADDRESS},
    {"ipc:///",                     COP_E_ADDRESS},
    {"ipc://a.sock",                COP_E_ADDRESS},
};

static void
only_literal_addresses_of_this_machine_are_taken(void **state)
{
    char path[8 + 108 + 1] = "ipc:///";

    (void)state;
    for (size_t i = 0; i < COP_COUNT(addresses); i++)
        if (copi_address_check(addresses[i].text) != addresses[i].err)
            fail_msg("\"%s\"", addresses[i].text);
    memset(path + 7, 'x', 106); /* and the slash: 107 */
    assert_int_equal(copi_address_check(path), COP_OK);
    path[7 + 106] = 'x';
    assert_int_equal(copi_address_check(path), COP_E_ADDRESS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_says_hello_is_let_in_or_not),
        cmocka_unit_test(a_peer_is_beaten_to_at_every_heartbeat),
        cmocka_unit_test(a_silent_peer_is_dead_in_time_and_not_before),
        cmocka_unit_test(who_overslept_does_not_blame_the_other),
        cmocka_unit_test(who_looks_when_it_is_due_misses_nothing),
        cmocka_unit_test(who_hears_need_not_look),
        cmocka_unit_test(a_beat_joins_what_comes_when_it_is_soon_due),
        cmocka_unit_test(the_wait_for_another_try_grows_within_bounds),
        cmocka_unit_test(no_more_than_the_window_is_under_way_and_none_is_lost),
        cmocka_unit_test(acknowledging_too_much_or_less_than_before_is_a_lie),
        cmocka_unit_test(only_literal_addresses_of_this_machine_are_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
