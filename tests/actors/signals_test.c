/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signals_test.c - OTP's rules for exit signals, one row each, against every combination.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/signals.h"

enum {
    ANY = -1,
    KINDS = COP_EXIT_INTENSITY + 1
};

/* The first row that fits decides. */
static const struct {
    const char *rule;
    int kind, by_link, is_linked, is_own, traps;
    copi_verdict verdict;
} rules[] = {
    {"after unlink a link has no effect",       ANY,             true,  false, ANY,   ANY,   COPI_DROP      },
    {"a link's reason kill is a word: trapped", COP_EXIT_KILL,   true,  true,  ANY,   true,
     COPI_DELIVER                                                                                           },
    {"a link's reason kill is a word: kill",    COP_EXIT_KILL,   true,  true,  ANY,   false, COPI_DIE       },
    {"kill cannot be trapped",                  COP_EXIT_KILL,   false, ANY,   ANY,   ANY,   COPI_DIE_KILLED},
    {"who traps gets a message",                ANY,             ANY,   ANY,   ANY,   true,  COPI_DELIVER   },
    {"a link's normal end harms nobody",        COP_EXIT_NORMAL, true,  true,  ANY,   false, COPI_DROP      },
    {"normal from another is dropped",          COP_EXIT_NORMAL, false, ANY,   false, false, COPI_DROP      },
    {"normal to oneself ends",                  COP_EXIT_NORMAL, false, ANY,   true,  false, COPI_DIE       },
    {"all else ends with that reason",          ANY,             ANY,   ANY,   ANY,   false, COPI_DIE       },
};

static bool
fits(int wanted, int actual)
{
    return wanted == ANY || wanted == actual;
}

static copi_verdict
by_the_rules(copi_exit_signal one, bool traps)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (fits(rules[i].kind, (int)one.kind) && fits(rules[i].by_link, one.by_link) &&
            fits(rules[i].is_linked, one.is_linked) && fits(rules[i].is_own, one.is_own) &&
            fits(rules[i].traps, traps))
            return rules[i].verdict;
    fail_msg("no rule");
    return COPI_DROP;
}

static void
every_signal_is_judged_by_the_rules(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        for (int bits = 0; bits < 16; bits++) {
            copi_exit_signal one = {.kind = (cop_exit_kind)kind,
                                    .by_link = bits & 1,
                                    .is_linked = bits & 2,
                                    .is_own = bits & 4};
            assert_int_equal(copi_judge_exit(one, bits & 8), by_the_rules(one, bits & 8));
        }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_signal_is_judged_by_the_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
