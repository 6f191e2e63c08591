/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match.c - reads a pattern and compares as it goes.
 *
 *      message  name { field: value, ... }       list   [ value, ... ]   or  [ value, ...
 *      str      "text"  or  "beginning"...       bytes  x"0a1b"              , ... ]
 *      others   as they are printed              any    _
 */
#include <coppice/message.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "message/shape.h"

typedef struct matcher {
    const char *at; /* what of the pattern is left */
} matcher;

static bool match_value(matcher *self, copi_value value, const void *place);

static void
skip_spaces(matcher *self)
{
    while (isspace((unsigned char)*self->at))
        self->at++;
}

/* Takes `word`, if that is what stands here. */
static bool
accept(matcher *self, const char *word)
{
    skip_spaces(self);
    if (strncmp(self->at, word, strlen(word)) != 0)
        return false;
    self->at += strlen(word);
    return true;
}

static bool
is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* The next name; of length 0 if there is none. */
static cop_str
take_name(matcher *self)
{
    skip_spaces(self);
    cop_str name = {self->at, 0};

    while (is_name_char(name.data[name.size]))
        name.size++;
    self->at += name.size;
    return name;
}

/* Takes `_` and nothing longer. */
static bool
accept_any(matcher *self)
{
    skip_spaces(self);
    if (self->at[0] != '_' || is_name_char(self->at[1]))
        return false;
    self->at++;
    return true;
}

static bool
match_signed(matcher *self, int64_t number)
{
    char *end;

    errno = 0;
    const long long wanted = strtoll(self->at, &end, 10);
    const bool matched = end != self->at && errno == 0 && wanted == number;
    self->at = end;
    return matched;
}

/* strtoull takes a minus sign and turns the number round. */
static bool
match_unsigned(matcher *self, uint64_t number)
{
    char *end;

    if (!isdigit((unsigned char)*self->at))
        return false;
    errno = 0;
    const unsigned long long wanted = strtoull(self->at, &end, 10);
    self->at = end;
    return errno == 0 && wanted == number;
}

static bool
match_double(matcher *self, double number)
{
    char *end;
    const double wanted = strtod(self->at, &end);
    const bool matched =
        end != self->at && (wanted == number || (wanted != wanted && number != number));

    self->at = end;
    return matched;
}

static bool
match_pid(matcher *self, const cop_pid *pid)
{
    char text[COP_PID_TEXT];

    return accept(self, cop_pid_print(*pid, text));
}

/* Two hexadecimal digits; -1 if they are none. */
static int
take_hex(matcher *self)
{
    char digits[3] = {0};

    for (int i = 0; i < 2; i++) {
        if (!isxdigit((unsigned char)*self->at))
            return -1;
        digits[i] = *self->at++;
    }
    return (int)strtol(digits, NULL, 16);
}

/* One character of a quoted string; -1 if there is none. */
static int
take_char(matcher *self)
{
    if (*self->at == '\0')
        return -1;
    if (*self->at != '\\')
        return (unsigned char)*self->at++;

    const char escaped = self->at[1];
    self->at += escaped == '\0' ? 1 : 2;
    switch (escaped) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'x': return take_hex(self);
    case '"':
    case '\\': return escaped;
    default: return -1;
    }
}

/* What str and bytes have in common; the opening quote has been taken. */
static bool
match_quoted(matcher *self, int (*take)(matcher *), copi_span span)
{
    const unsigned char *bytes = span.data;
    size_t i = 0;

    for (; *self->at != '"'; i++)
        if (i == span.count || take(self) != bytes[i])
            return false;
    self->at++;
    return accept(self, "...") || i == span.count;
}

static bool
match_list(matcher *self, copi_value list, copi_span items)
{
    const copi_value item = copi_value_item(list);
    const size_t size = copi_value_size(item);

    size_t i = 0;

    if (!accept(self, "["))
        return false;
    if (accept(self, "]"))
        return items.count == 0;
    do {
        if (accept(self, "..."))
            return accept(self, "]");
        if (i == items.count || !match_value(self, item, copi_span_item(items, size, i)))
            return false;
        i++;
    } while (accept(self, ","));
    return accept(self, "]") && i == items.count;
}

static const cop_field *
field_named(const cop_type *type, cop_str name)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (cop_str_equal(name, type->fields[i].name))
            return &type->fields[i];
    return NULL;
}

static bool
match_field(matcher *self, const cop_type *type, const char *message)
{
    const cop_field *field = field_named(type, take_name(self));

    return field != NULL && accept(self, ":") &&
           match_value(self, copi_value_of(field), message + field->offset);
}

static bool
match_message(matcher *self, const cop_type *type, const char *message)
{
    if (!cop_str_equal(take_name(self), type->name) || !accept(self, "{"))
        return false;
    if (accept(self, "}"))
        return true;
    do {
        if (!match_field(self, type, message))
            return false;
    } while (accept(self, ","));
    return accept(self, "}");
}

static bool
match_value(matcher *self, copi_value value, const void *place)
{
    if (accept_any(self))
        return true;

    switch (value.kind) {
    case COP_FIELD_BOOL:
        return cop_str_equal(take_name(self), *(const bool *)place ? "true" : "false");
    case COP_FIELD_I32: return match_signed(self, *(const int32_t *)place);
    case COP_FIELD_I64: return match_signed(self, *(const int64_t *)place);
    case COP_FIELD_U32: return match_unsigned(self, *(const uint32_t *)place);
    case COP_FIELD_U64: return match_unsigned(self, *(const uint64_t *)place);
    case COP_FIELD_F64: return match_double(self, *(const double *)place);
    case COP_FIELD_STR:
        return accept(self, "\"") && match_quoted(self, take_char, copi_span_at(place));
    case COP_FIELD_BYTES:
    case COP_FIELD_BUF:
        return accept(self, "x\"") &&
               match_quoted(self, take_hex, copi_value_bytes(value, place));
    case COP_FIELD_PID: return match_pid(self, place);
    case COP_FIELD_MSG: return match_message(self, value.nested, place);
    case COP_FIELD_LIST: return match_list(self, value, copi_span_at(place));
    }
    return false;
}

bool
cop_message_match(const cop_type *type, const void *message, const char *pattern)
{
    matcher self = {pattern};

    if (!accept_any(&self) && !match_message(&self, type, message))
        return false;
    skip_spaces(&self);
    return *self.at == '\0';
}
