/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/pid.h>

static const cop_pid some[] = {
    {0,                  0                      },
    {1,                  0                      },
    {0,                  1                      },
    {1,                  1                      },
    {UINT64_MAX,         UINT64_MAX             },
    {0xabcdef0123456789, 7                      },
    {5,                  UINT64_C(0xffffffff)   },
    {5,                  UINT64_C(1) << 32      },
    {5,                  UINT64_C(12) << 32 | 34},
};

static void
a_printed_pid_reads_back_as_itself(void **state)
{
    char text[COP_PID_TEXT];
    cop_pid back;

    (void)state;
    for (size_t i = 0; i < COP_COUNT(some); i++) {
        assert_ptr_equal(cop_pid_print(some[i], text), text);
        assert_int_equal(cop_pid_parse(text, &back), COP_OK);
        assert_true(cop_pid_equal(back, some[i]));
    }
}

static void
a_pid_is_printed_as_node_slot_generation(void **state)
{
    char text[COP_PID_TEXT];

    (void)state;
    assert_string_equal(cop_pid_print((cop_pid){0xab, UINT64_C(3) << 32 | 17}, text),
                        "<ab.17.3>");
    cop_pid_print(some[4], text);
    assert_string_equal(text, "<ffffffffffffffff.4294967295.4294967295>");
    assert_true(strlen(text) < COP_PID_TEXT);
}

static void
anything_else_is_refused_and_changes_nothing(void **state)
{
    static const char *const bad[] = {
        "",
        "<",
        ">",
        "<>",
        "<..>",
        "<1.2>",
        "<1.2.>",
        "<1..3>",
        "<.2.3>",
        "1.2.3",
        "<1.2.3",
        "1.2.3>",
        "<1.2.3>x",
        "<1.2.3> ",
        " <1.2.3>",
        "<1.2.3.4>",
        "<-1.2.3>",
        "<1.+2.3>",
        "<1.2.0x3>",
        "<1. 2.3>",
        "<AB.2.3>",
        "<g.2.3>",
        "<01.2.3>",
        "<1.02.3>",
        "<1.2.03>",
        "<1.4294967296.3>",
        "<1.2.4294967296>",
        "<10000000000000000.2.3>",
        "<1.99999999999999999999999.3>",
        "<1.2.3>\n",
    };
    cop_pid out = {3, 4};

    (void)state;
    for (size_t i = 0; i < COP_COUNT(bad); i++)
        assert_int_equal(cop_pid_parse(bad[i], &out), COP_E_INVAL);
    assert_int_equal(cop_pid_parse(NULL, &out), COP_E_INVAL);
    assert_true(cop_pid_equal(out, (cop_pid){3, 4}));
}

static void
pids_have_a_total_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < COP_COUNT(some); i++)
        for (size_t j = 0; j < COP_COUNT(some); j++) {
            int order = cop_pid_compare(some[i], some[j]);
            assert_true((order == 0) == cop_pid_equal(some[i], some[j]));
            assert_true((order < 0) == (cop_pid_compare(some[j], some[i]) > 0));
            for (size_t k = 0; k < COP_COUNT(some); k++)
                if (order < 0 && cop_pid_compare(some[j], some[k]) < 0)
                    assert_true(cop_pid_compare(some[i], some[k]) < 0);
        }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_printed_pid_reads_back_as_itself),
        cmocka_unit_test(a_pid_is_printed_as_node_slot_generation),
        cmocka_unit_test(anything_else_is_refused_and_changes_nothing),
        cmocka_unit_test(pids_have_a_total_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
