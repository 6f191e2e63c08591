/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boss.h - the stage, and a boss who writes down what it is answered: "started", "done", each
 * child with its state, or the name of the error.
 */
#ifndef TESTS_SUPERVISOR_BOSS_H
#define TESTS_SUPERVISOR_BOSS_H

#include "stage.h"

COP_REPLY(boss, cop_child_started)
{
    got("%s", err != COP_OK ? cop_err_name(err) : "started");
    return COP_OK;
}

COP_REPLY(boss, cop_child_done)
{
    got("%s", err != COP_OK ? cop_err_name(err) : "done");
    return COP_OK;
}

COP_REPLY(boss, cop_child_list)
{
    for (size_t i = 0; err == COP_OK && i < msg->children.count; i++)
        got("%.*s:%s", (int)msg->children.items[i].name.size, msg->children.items[i].name.data,
            cop_child_state_name((cop_child_state)msg->children.items[i].state));
    return COP_OK;
}

#endif /* TESTS_SUPERVISOR_BOSS_H */
