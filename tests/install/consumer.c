/* SPDX-License-Identifier: Apache-2.0 */
/* A program of somebody else: one actor that sends itself a message and stops. */
#include <coppice/coppice.h>
#include <coppice/version.h>

#include <stdio.h>

#define CONSUMER(M, F) M(1, consumer_hello, F(i64, n))
COP_PROTOCOL(CONSUMER)

typedef struct consumer {
    int unused;
} consumer;

COP_HANDLER(consumer, cop_start)
{
    return cop_send(me, cop_self(me), consumer_hello, .n = 42);
}

COP_HANDLER(consumer, consumer_hello)
{
    printf("coppice %s says %lld\n", COP_VERSION_STRING, (long long)msg->n);
    return cop_stop(me);
}

static COP_BEHAVIOUR(consumer_b, consumer, COP_ON(consumer, cop_start),
                     COP_ON(consumer, consumer_hello));

int
main(void)
{
    return cop_run(&consumer_b, NULL);
}
