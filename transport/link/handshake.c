/* SPDX-License-Identifier: Apache-2.0 */
#include "link/handshake.h"

#include <string.h>

cop_err
copi_welcome(const copi_known *known, const copi_hello *hello, cop_err err)
{
    if (err != COP_OK)
        return err;
    if (hello->incarnation == known->incarnation)
        return COP_E_SELF;
    if (strcmp(hello->name, known->name) == 0 || known->is_name_held)
        return COP_E_NAME_CONFLICT;
    return COP_OK;
}

copi_greeting
copi_greet(const copi_known *known, const copi_hello *hello, cop_err err, uint64_t link,
           cop_err *why)
{
    *why = copi_welcome(known, hello, err);
    if (*why != COP_OK)
        return COPI_GREET_REFUSE;
    if (known->has_link && link == known->newest)
        return COPI_GREET_AGAIN;
    if (link <= known->newest)
        return COPI_GREET_STALE;
    return known->has_link ? COPI_GREET_REPLACE : COPI_GREET_ACCEPT;
}
