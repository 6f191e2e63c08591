/* SPDX-License-Identifier: Apache-2.0 */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

void
copi_check_failed(const char *file, int line, const char *condition)
{
    fprintf(stderr, "coppice: %s:%d: broken contract: %s\n", file, line, condition);
    abort();
}
