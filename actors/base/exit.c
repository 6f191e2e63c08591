/* SPDX-License-Identifier: Apache-2.0 */
#include <coppice/exit.h>

#include <stdarg.h>
#include <stdio.h>

#include "base/exit.h"

const char *
cop_exit_kind_name(cop_exit_kind kind)
{
    switch (kind) {
    case COP_EXIT_NORMAL: return "normal";
    case COP_EXIT_SHUTDOWN: return "shutdown";
    case COP_EXIT_ERROR: return "error";
    case COP_EXIT_KILL: return "kill";
    case COP_EXIT_KILLED: return "killed";
    case COP_EXIT_NOPROC: return "noproc";
    case COP_EXIT_NOCONNECTION: return "noconnection";
    case COP_EXIT_STATUS: return "status";
    case COP_EXIT_SIGNAL: return "signal";
    case COP_EXIT_DEADLINE: return "deadline";
    case COP_EXIT_INTENSITY: return "intensity";
    }
    return "unknown";
}

/* A text that is being written, and how much room is left in it. */
typedef struct line {
    char *at;
    size_t left;
} line;

COP_PRINTF(2, 3)
static void
add(line *self, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int length = vsnprintf(self->at, self->left, format, args);
    va_end(args);
    size_t used = length < 0 ? 0 : (size_t)length;
    if (used >= self->left)
        used = self->left == 0 ? 0 : self->left - 1;
    self->at += used;
    self->left -= used;
}

static void
add_reason(line *self, cop_exit_kind kind, int code, const char *text)
{
    add(self, "%s", cop_exit_kind_name(kind));
    if (code != 0)
        add(self, " %d", code);
    if (text[0] != '\0')
        add(self, ": %.*s", COP_EXIT_TEXT, text);
}

char *
cop_exit_print(const cop_exit *why, char *text, size_t size)
{
    line out = {text, size};

    if (size == 0)
        return text;
    add_reason(&out, why->kind, why->code, why->text);
    if (why->path[0] != '\0')
        add(&out, " (%.*s)", COP_EXIT_PATH, why->path);
    for (unsigned i = 0; i < why->cause_count && i < COP_EXIT_CAUSES; i++) {
        add(&out, ", caused by ");
        add_reason(&out, why->causes[i].kind, why->causes[i].code, why->causes[i].text);
    }
    if (why->dropped_causes > 0)
        add(&out, ", and %u more", why->dropped_causes);
    return text;
}

void
copi_exit_because(cop_exit *self, const cop_exit *cause)
{
    cop_cause causes[COP_EXIT_CAUSES] = {
        {.kind = cause->kind, .code = cause->code}
    };
    unsigned count = 1;

    snprintf(causes[0].text, sizeof causes[0].text, "%s", cause->text);
    while (count < COP_EXIT_CAUSES && count - 1 < cause->cause_count) {
        causes[count] = cause->causes[count - 1];
        count++;
    }
    unsigned dropped = cause->dropped_causes + (cause->cause_count + 1u - count);
    for (unsigned i = 0; i < count; i++)
        self->causes[i] = causes[i];
    self->cause_count = (uint8_t)count;
    self->dropped_causes = (uint8_t)(dropped > 255 ? 255 : dropped);
    self->origin = cause->origin;
    snprintf(self->path, sizeof self->path, "%s", cause->path);
}

void
copi_exit_drop_causes(cop_exit *self, uint32_t count)
{
    uint32_t room = 255u - self->dropped_causes;

    self->dropped_causes += (uint8_t)(count < room ? count : room);
}

void
copi_exit_add_cause(cop_exit *self, const cop_cause *cause)
{
    if (self->cause_count < COP_EXIT_CAUSES)
        self->causes[self->cause_count++] = *cause;
    else
        copi_exit_drop_causes(self, 1);
}

void
copi_exit_add(cop_exit *self, const cop_exit *cause)
{
    cop_cause added = {.kind = cause->kind, .code = cause->code};

    copi_exit_drop_causes(self, cause->dropped_causes);
    snprintf(added.text, sizeof added.text, "%s", cause->text);
    copi_exit_add_cause(self, &added);
    for (unsigned i = 0; i < cause->cause_count; i++)
        copi_exit_add_cause(self, &cause->causes[i]);
}
