/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local.h - types of messages that stay on their node, written by hand: those that the macros
 * of <coppice/message.h> make may be sent to others.
 */
#ifndef COPPICE_MESSAGE_LOCAL_H
#define COPPICE_MESSAGE_LOCAL_H

#include <stddef.h>

#include <coppice/api.h>
#include <coppice/type.h>

/* clang-format off */

/* The value of a type whose messages are copied as they are. */
#define COPI_LOCAL(component, T) \
    {.protocol = component, .name = #T, .size = sizeof(T), .flat = true}

/* Defines T_type, with its fields; `is_flat`: none of them holds text or a list. */
#define COPI_LOCAL_TYPE(component, T, is_flat, ...)                         \
    static const cop_field T##_fields[] = {__VA_ARGS__, {0}};               \
    const cop_type T##_type = {                                             \
        .protocol = component, .name = #T, .fields = T##_fields,            \
        .size = sizeof(T), .field_count = COP_COUNT(T##_fields) - 1,        \
        .flat = is_flat}

/* Its n-th field: a COP_FIELD_kind; or a list of messages of type `item`. */
#define COPI_PLAIN(T, n, kind, name) \
    {#name, NULL, offsetof(T, name), n, COP_FIELD_##kind, 0}
#define COPI_LISTED(T, n, item, name) \
    {#name, &item##_type, offsetof(T, name), n, COP_FIELD_LIST, COP_FIELD_MSG}

/* clang-format on */

#endif /* COPPICE_MESSAGE_LOCAL_H */
