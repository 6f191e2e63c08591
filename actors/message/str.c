/* SPDX-License-Identifier: Apache-2.0 */
#include <coppice/message.h>

#include <string.h>

cop_str
cop_str_from(const char *text)
{
    return (cop_str){text, text == NULL ? 0 : strlen(text)};
}

bool
cop_str_equal(cop_str str, const char *text)
{
    const size_t size = strlen(text);

    return str.size == size && (size == 0 || memcmp(str.data, text, size) == 0);
}
