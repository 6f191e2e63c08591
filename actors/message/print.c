/* SPDX-License-Identifier: Apache-2.0 */
/*
 * print.c - what is printed here is what match.c reads: each message matches its print.
 */
#include <coppice/message.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/printer.h"
#include "message/shape.h"

/* How much of long values is shown. */
enum {
    CHARS_SHOWN = 64,
    BYTES_SHOWN = 32,
    ITEMS_SHOWN = 16,
};

static void print_value(copi_printer *self, copi_value value, const void *place, int depth);

static bool
is_full(const copi_printer *self)
{
    return self->used + 1 >= self->size;
}

/* The rest of a value that is cut off. */
static void
put_rest(copi_printer *self, size_t count, size_t shown)
{
    if (count > shown)
        copi_put(self, "...");
}

static void
print_char(copi_printer *self, unsigned char c)
{
    if (c == '"' || c == '\\')
        copi_put(self, "\\%c", c);
    else if (c == '\n')
        copi_put(self, "\\n");
    else if (c == '\t')
        copi_put(self, "\\t");
    else if (c < 0x20 || c == 0x7f)
        copi_put(self, "\\x%02x", c);
    else
        copi_put(self, "%c", c);
}

static void
print_str(copi_printer *self, copi_span str)
{
    const unsigned char *chars = str.data;

    copi_put(self, "\"");
    for (size_t i = 0; i < str.count && i < CHARS_SHOWN; i++)
        print_char(self, chars[i]);
    copi_put(self, "\"");
    put_rest(self, str.count, CHARS_SHOWN);
}

static void
print_bytes(copi_printer *self, copi_span bytes)
{
    const unsigned char *data = bytes.data;

    copi_put(self, "x\"");
    for (size_t i = 0; i < bytes.count && i < BYTES_SHOWN; i++)
        copi_put(self, "%02x", data[i]);
    copi_put(self, "\"");
    put_rest(self, bytes.count, BYTES_SHOWN);
}

/* In the fewest digits that read back as the same number. */
static void
print_double(copi_printer *self, double number)
{
    char text[32];

    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    copi_put(self, "%s", text);
}

static void
print_pid(copi_printer *self, const cop_pid *pid)
{
    char text[COP_PID_TEXT];

    copi_put(self, "%s", cop_pid_print(*pid, text));
}

static void
print_message(copi_printer *self, const cop_type *type, const char *message, int depth)
{
    copi_put(self, "%s{", type->name);
    for (size_t i = 0; i < type->field_count && !is_full(self); i++) {
        const cop_field *field = &type->fields[i];

        copi_put(self, "%s%s: ", i == 0 ? "" : ", ", field->name);
        print_value(self, copi_value_of(field), message + field->offset, depth + 1);
    }
    copi_put(self, "}");
}

static void
print_list(copi_printer *self, copi_value list, copi_span items, int depth)
{
    const copi_value item = copi_value_item(list);
    const size_t size = copi_value_size(item);

    copi_put(self, "[");
    for (size_t i = 0; i < items.count && i < ITEMS_SHOWN && !is_full(self); i++) {
        copi_put(self, "%s", i == 0 ? "" : ", ");
        print_value(self, item, copi_span_item(items, size, i), depth + 1);
    }
    if (items.count > ITEMS_SHOWN)
        copi_put(self, ", ...");
    copi_put(self, "]");
}

static void
print_value(copi_printer *self, copi_value value, const void *place, int depth)
{
    switch (value.kind) {
    case COP_FIELD_BOOL: copi_put(self, *(const bool *)place ? "true" : "false"); return;
    case COP_FIELD_I32: copi_put(self, "%" PRId32, *(const int32_t *)place); return;
    case COP_FIELD_I64: copi_put(self, "%" PRId64, *(const int64_t *)place); return;
    case COP_FIELD_U32: copi_put(self, "%" PRIu32, *(const uint32_t *)place); return;
    case COP_FIELD_U64: copi_put(self, "%" PRIu64, *(const uint64_t *)place); return;
    case COP_FIELD_F64: print_double(self, *(const double *)place); return;
    case COP_FIELD_STR: print_str(self, copi_span_at(place)); return;
    case COP_FIELD_BYTES:
    case COP_FIELD_BUF: print_bytes(self, copi_value_bytes(value, place)); return;
    case COP_FIELD_PID: print_pid(self, place); return;
    case COP_FIELD_MSG:
    case COP_FIELD_LIST: break;
    }

    if (depth >= COPI_DEPTH_MAX)
        copi_put(self, "_");
    else if (value.kind == COP_FIELD_LIST)
        print_list(self, value, copi_span_at(place), depth);
    else
        print_message(self, value.nested, place, depth);
}

char *
cop_message_print(const cop_type *type, const void *message, char *text, size_t size)
{
    copi_printer self = {.text = text, .size = size};

    if (size > 0) {
        text[0] = '\0';
        print_message(&self, type, message, 0);
    }
    return text;
}
