/* SPDX-License-Identifier: Apache-2.0 */
#include <coppice/err.h>

const char *
cop_err_name(cop_err err)
{
    switch (err) {
#define COPI_ERR_NAME(name, number, text)                                                      \
    case name: return #name;
        COP_ERRORS(COPI_ERR_NAME)
#undef COPI_ERR_NAME
    }
    return "COP_E_UNKNOWN";
}

const char *
cop_err_text(cop_err err)
{
    switch (err) {
#define COPI_ERR_TEXT(name, number, text)                                                      \
    case name: return text;
        COP_ERRORS(COPI_ERR_TEXT)
#undef COPI_ERR_TEXT
    }
    return "an unknown error";
}
