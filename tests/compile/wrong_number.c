/* SPDX-License-Identifier: Apache-2.0 */
/* Two messages of one number. */
/* expect: redeclaration of enumerator 'copi_number_COUNTER_1' */
/* expect: redefinition of enumerator 'copi_number_COUNTER_1' */
#include <coppice/message.h>

#define COUNTER(M, F)                                                                          \
    M(1, counter_add, F(i64, by))                                                              \
    M(1, counter_get)
COP_PROTOCOL(COUNTER)
