/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *
cop_fault_print(const cop_fault *fault, char *text, size_t size)
{
    int used =
        snprintf(text, size, "%s %s %llu", fault->kind->name,
                 fault->who[0] == '\0' ? "*" : fault->who, (unsigned long long)fault->at);

    if (used > 0 && (size_t)used < size && (fault->ms != 0 || fault->pick != 0))
        used += snprintf(text + used, size - (size_t)used, " %d", (int)fault->ms);
    if (used > 0 && (size_t)used < size && fault->pick != 0)
        snprintf(text + used, size - (size_t)used, " %llu", (unsigned long long)fault->pick);
    return text;
}

void
copi_faults_print(const cop_fault *faults, uint32_t count, char *text, size_t size)
{
    char one[160];

    text[0] = '\0';
    for (uint32_t i = 0; i < count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, size - used, "%s%s", i == 0 ? "" : "; ",
                 cop_fault_print(&faults[i], one, sizeof one));
    }
}

static const cop_fault_kind *
kind_of(const char *name, const cop_fault *known)
{
    static const cop_fault_kind *const own[] = {&cop_fault_kill, &cop_fault_starve,
                                                &cop_fault_nomem, &cop_fault_crash};

    for (size_t i = 0; i < COP_COUNT(own); i++)
        if (strcmp(name, own[i]->name) == 0)
            return own[i];
    for (; known != NULL && known->kind != NULL; known++)
        if (strcmp(name, known->kind->name) == 0)
            return known->kind;
    return NULL;
}

static bool
parse_one(const char *words, const cop_fault *known, cop_fault *out)
{
    char kind[48], who[sizeof out->who];
    unsigned long long at = 0, pick = 0;
    int ms = 0;

    if (sscanf(words, "%47s %47s %llu %d %llu", kind, who, &at, &ms, &pick) < 3 || at == 0)
        return false;
    *out = (cop_fault){.kind = kind_of(kind, known), .at = at, .ms = ms, .pick = pick};
    if (strcmp(who, "*") != 0)
        strcpy(out->who, who);
    return out->kind != NULL;
}

bool
copi_faults_parse(const char *text, const cop_fault *known, cop_fault *out, uint32_t room,
                  uint32_t *count)
{
    char one[160];

    for (*count = 0; *text != '\0';) {
        size_t length = strcspn(text, ";");
        if (length >= sizeof one)
            return false;
        memcpy(one, text, length);
        one[length] = '\0';
        text += length + (text[length] == ';');
        if (strspn(one, " ") == length)
            continue;
        if (*count == room || !parse_one(one, known, &out[(*count)++]))
            return false;
    }
    return true;
}
