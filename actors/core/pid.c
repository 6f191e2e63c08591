/* SPDX-License-Identifier: Apache-2.0 */
#include <coppice/pid.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int
cop_pid_compare(cop_pid a, cop_pid b)
{
    if (a.node != b.node)
        return a.node < b.node ? -1 : 1;
    return (a.id > b.id) - (a.id < b.id);
}

char *
cop_pid_print(cop_pid pid, char text[COP_PID_TEXT])
{
    snprintf(text, COP_PID_TEXT, "<%" PRIx64 ".%" PRIu32 ".%" PRIu32 ">", pid.node,
             (uint32_t)pid.id, (uint32_t)(pid.id >> 32));
    return text;
}

/* One number of the given base and at most `max`, up to `end`; false if it is none. */
static bool
read_number(const char **at, int base, uint64_t max, char end, uint64_t *out)
{
    static const char digits[] = "0123456789abcdef";
    const char *start = *at;
    uint64_t value = 0;

    for (; **at != end; (*at)++) {
        uint64_t digit = 0;
        while (digit < (uint64_t)base && digits[digit] != **at)
            digit++;
        if (digit == (uint64_t)base || value > (max - digit) / (uint64_t)base)
            return false;
        value = value * (uint64_t)base + digit;
    }
    /* One spelling for one pid: no empty numbers and no leading zeros. */
    if (*at == start || (*start == '0' && *at - start > 1))
        return false;
    (*at)++;
    *out = value;
    return true;
}

cop_err
cop_pid_parse(const char *text, cop_pid *out)
{
    uint64_t node, slot, generation;

    if (text == NULL || *text++ != '<')
        return COP_E_INVAL;
    if (!read_number(&text, 16, UINT64_MAX, '.', &node) ||
        !read_number(&text, 10, UINT32_MAX, '.', &slot) ||
        !read_number(&text, 10, UINT32_MAX, '>', &generation) || *text != '\0')
        return COP_E_INVAL;
    *out = (cop_pid){node, generation << 32 | slot};
    return COP_OK;
}
