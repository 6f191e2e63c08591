/* SPDX-License-Identifier: Apache-2.0 */
/*
 * print.c - what is printed here is what match.c reads: each message matches its print.
 */
#include <coppice/message.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "message/shape.h"

/* How much of long values is shown. */
enum {
    CHARS_SHOWN = 64,
    BYTES_SHOWN = 32,
    ITEMS_SHOWN = 16,
};

typedef struct printer {
    char *text;
    size_t size;
    size_t used; /* less than size, once something was printed */
} printer;

static void print_value(printer *self, copi_value value, const void *place, int depth);

static void COP_PRINTF(2, 3) put(printer *self, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int wanted = vsnprintf(self->text + self->used, self->size - self->used, format, args);
    va_end(args);
    if (wanted < 0)
        return;
    self->used += (size_t)wanted;
    if (self->used >= self->size)
        self->used = self->size - 1;
}

static bool
is_full(const printer *self)
{
    return self->used + 1 >= self->size;
}

/* The rest of a value that is cut off. */
static void
put_rest(printer *self, size_t count, size_t shown)
{
    if (count > shown)
        put(self, "...");
}

static void
print_char(printer *self, unsigned char c)
{
    if (c == '"' || c == '\\')
        put(self, "\\%c", c);
    else if (c == '\n')
        put(self, "\\n");
    else if (c == '\t')
        put(self, "\\t");
    else if (c < 0x20 || c == 0x7f)
        put(self, "\\x%02x", c);
    else
        put(self, "%c", c);
}

static void
print_str(printer *self, copi_span str)
{
    const unsigned char *chars = str.data;

    put(self, "\"");
    for (size_t i = 0; i < str.count && i < CHARS_SHOWN; i++)
        print_char(self, chars[i]);
    put(self, "\"");
    put_rest(self, str.count, CHARS_SHOWN);
}

static void
print_bytes(printer *self, copi_span bytes)
{
    const unsigned char *data = bytes.data;

    put(self, "x\"");
    for (size_t i = 0; i < bytes.count && i < BYTES_SHOWN; i++)
        put(self, "%02x", data[i]);
    put(self, "\"");
    put_rest(self, bytes.count, BYTES_SHOWN);
}

/* In the fewest digits that read back as the same number. */
static void
print_double(printer *self, double number)
{
    char text[32];

    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    put(self, "%s", text);
}

static void
print_pid(printer *self, const cop_pid *pid)
{
    char text[COP_PID_TEXT];

    put(self, "%s", cop_pid_print(*pid, text));
}

static void
print_message(printer *self, const cop_type *type, const char *message, int depth)
{
    put(self, "%s{", type->name);
    for (size_t i = 0; i < type->field_count && !is_full(self); i++) {
        const cop_field *field = &type->fields[i];

        put(self, "%s%s: ", i == 0 ? "" : ", ", field->name);
        print_value(self, copi_value_of(field), message + field->offset, depth + 1);
    }
    put(self, "}");
}

static void
print_list(printer *self, copi_value list, copi_span items, int depth)
{
    const copi_value item = copi_value_item(list);
    const size_t size = copi_value_size(item);

    put(self, "[");
    for (size_t i = 0; i < items.count && i < ITEMS_SHOWN && !is_full(self); i++) {
        put(self, "%s", i == 0 ? "" : ", ");
        print_value(self, item, copi_span_item(items, size, i), depth + 1);
    }
    if (items.count > ITEMS_SHOWN)
        put(self, ", ...");
    put(self, "]");
}

static void
print_value(printer *self, copi_value value, const void *place, int depth)
{
    switch (value.kind) {
    case COP_FIELD_BOOL: put(self, *(const bool *)place ? "true" : "false"); return;
    case COP_FIELD_I32: put(self, "%" PRId32, *(const int32_t *)place); return;
    case COP_FIELD_I64: put(self, "%" PRId64, *(const int64_t *)place); return;
    case COP_FIELD_U32: put(self, "%" PRIu32, *(const uint32_t *)place); return;
    case COP_FIELD_U64: put(self, "%" PRIu64, *(const uint64_t *)place); return;
    case COP_FIELD_F64: print_double(self, *(const double *)place); return;
    case COP_FIELD_STR: print_str(self, copi_span_at(place)); return;
    case COP_FIELD_BYTES:
    case COP_FIELD_BUF: print_bytes(self, copi_value_bytes(value, place)); return;
    case COP_FIELD_PID: print_pid(self, place); return;
    case COP_FIELD_MSG:
    case COP_FIELD_LIST: break;
    }

    if (depth >= COPI_DEPTH_MAX)
        put(self, "_");
    else if (value.kind == COP_FIELD_LIST)
        print_list(self, value, copi_span_at(place), depth);
    else
        print_message(self, value.nested, place, depth);
}

char *
cop_message_print(const cop_type *type, const void *message, char *text, size_t size)
{
    printer self = {.text = text, .size = size};

    if (size > 0) {
        text[0] = '\0';
        print_message(&self, type, message, 0);
    }
    return text;
}
