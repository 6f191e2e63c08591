/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/actor.h"
#include "core/registry.h"

static copi_registry registry;
static cop_actor actors[100];

static cop_pid
pid_of(uint64_t i)
{
    return (cop_pid){7, (i + 1) << 32 | i};
}

static int
set_up(void **state)
{
    (void)state;
    copi_registry_init(&registry);
    for (uint64_t i = 0; i < 100; i++) {
        atomic_init(&actors[i].id, pid_of(i).id);
        copi_mailbox_init(&actors[i].mailbox);
        copi_mailbox_open(&actors[i].mailbox, 1);
        atomic_init(&actors[i].is_named, false);
    }
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    copi_registry_fini(&registry);
    return 0;
}

static cop_err
add(uint64_t i, const char *name)
{
    return copi_registry_add(&registry, name, &actors[i], pid_of(i));
}

static void
one_name_has_one_actor_and_one_actor_one_name(void **state)
{
    (void)state;
    assert_int_equal(add(1, "a"), COP_OK);
    assert_int_equal(add(2, "a"), COP_E_NAME_TAKEN);
    assert_int_equal(add(1, "b"), COP_E_NAME_TAKEN);
    assert_true(cop_pid_equal(copi_registry_find(&registry, "a"), pid_of(1)));
    assert_true(cop_pid_is_none(copi_registry_find(&registry, "b")));
}

static void
a_name_that_is_given_up_is_free(void **state)
{
    cop_pid holder = COP_PID_NONE;

    (void)state;
    assert_int_equal(add(1, "a"), COP_OK);
    assert_int_equal(copi_registry_remove(&registry, "a", &holder), COP_OK);
    assert_true(cop_pid_equal(holder, pid_of(1)));
    assert_int_equal(copi_registry_remove(&registry, "a", &holder), COP_E_NO_NAME);
    assert_int_equal(add(2, "a"), COP_OK);
    assert_int_equal(add(1, "b"), COP_OK);
}

static void
a_holder_loses_its_name(void **state)
{
    char name[COP_NAME_MAX + 1] = "";

    (void)state;
    assert_int_equal(add(1, "a"), COP_OK);
    assert_true(copi_registry_name_of(&registry, pid_of(1), name));
    assert_string_equal(name, "a");
    assert_true(copi_registry_remove_holder(&registry, pid_of(1), name));
    assert_false(copi_registry_remove_holder(&registry, pid_of(1), name));
    assert_true(cop_pid_is_none(copi_registry_find(&registry, "a")));
}

static void
bad_names_are_refused(void **state)
{
    char longest[COP_NAME_MAX + 2];

    (void)state;
    memset(longest, 'x', sizeof longest);
    longest[COP_NAME_MAX + 1] = '\0';
    assert_int_equal(add(1, NULL), COP_E_INVAL);
    assert_int_equal(add(1, ""), COP_E_INVAL);
    assert_int_equal(add(1, "a@b"), COP_E_INVAL);
    assert_int_equal(add(1, longest), COP_E_INVAL);
    longest[COP_NAME_MAX] = '\0';
    assert_int_equal(add(1, longest), COP_OK);
}

static void
only_who_is_alive_gets_a_name_from_others(void **state)
{
    (void)state;
    copi_mailbox_shut_door(&actors[1].mailbox);
    assert_int_equal(copi_registry_add_other(&registry, "a", &actors[1], pid_of(1)),
                     COP_E_NOPROC);
    assert_int_equal(copi_registry_add_other(&registry, "a", &actors[2], pid_of(1)),
                     COP_E_NOPROC);
    assert_int_equal(copi_registry_add_other(&registry, "a", &actors[2], pid_of(2)), COP_OK);
}

static void
a_hundred_names_are_all_found(void **state)
{
    char name[16];

    (void)state;
    for (uint64_t i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "name-%d", (int)i);
        assert_int_equal(add(i, name), COP_OK);
    }
    for (uint64_t i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "name-%d", (int)i);
        assert_true(cop_pid_equal(copi_registry_find(&registry, name), pid_of(i)));
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(one_name_has_one_actor_and_one_actor_one_name),
        TEST(a_name_that_is_given_up_is_free),
        TEST(a_holder_loses_its_name),
        TEST(bad_names_are_refused),
        TEST(only_who_is_alive_gets_a_name_from_others),
        TEST(a_hundred_names_are_all_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
