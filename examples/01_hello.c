/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 01_hello.c - the smallest program: one actor that says hello and ends.
 */
#include <stdio.h>

#include <coppice/coppice.h>

typedef struct greeter {
    int unused;
} greeter;

COP_HANDLER(greeter, cop_start)
{
    printf("hello from %s\n", cop_path(me));
    return cop_stop(me);
}
COP_BEHAVIOUR(greeter_b, greeter, COP_ON(greeter, cop_start));

int
main(void)
{
    return cop_run(&greeter_b, NULL);
}
