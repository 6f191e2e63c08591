/* SPDX-License-Identifier: Apache-2.0 */
#include "link/address.h"

#include <stdint.h>
#include <string.h>

enum {
    PATH_MAX_HERE = 107 /* nanomsg aborts above */
};

/* A decimal number from 0 to `most` without leading zeros; moves *text behind it. */
static bool
take_number(const char **text, uint32_t most, uint32_t *out)
{
    const char *at = *text;
    uint32_t number = 0;

    for (; *at >= '0' && *at <= '9' && at - *text < 6; at++)
        number = number * 10 + (uint32_t)(*at - '0');
    if (at == *text || number > most || (**text == '0' && at - *text > 1))
        return false;
    *text = at;
    *out = number;
    return true;
}

static bool
take(const char **text, char wanted)
{
    return *(*text)++ == wanted;
}

static cop_err
check_tcp(const char *at)
{
    bool is_everywhere = *at == '*';
    uint32_t first = 0, other, port = 0;

    if (is_everywhere)
        at++;
    else if (!take_number(&at, 255, &first) || !take(&at, '.') ||
             !take_number(&at, 255, &other) || !take(&at, '.') ||
             !take_number(&at, 255, &other) || !take(&at, '.') ||
             !take_number(&at, 255, &other))
        return COP_E_ADDRESS;
    if (!take(&at, ':') || !take_number(&at, 65535, &port) || *at != '\0' || port == 0)
        return COP_E_ADDRESS;
    return first == 127 ? COP_OK : COP_E_REFUSED;
}

static cop_err
check_ipc(const char *path)
{
    size_t length = strlen(path);

    return path[0] == '/' && length > 1 && length <= PATH_MAX_HERE ? COP_OK : COP_E_ADDRESS;
}

cop_err
copi_address_check(const char *address)
{
    if (strncmp(address, "tcp://", 6) == 0)
        return check_tcp(address + 6);
    if (strncmp(address, "ipc://", 6) == 0)
        return check_ipc(address + 6);
    return COP_E_ADDRESS;
}

const char *
copi_address_path(const char *address)
{
    return strncmp(address, "ipc://", 6) == 0 ? address + 6 : NULL;
}
