/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reasons.c - a reason is one word in a scenario, and a kind, a number and a text here.
 *
 * Every word that is none of coppice's kinds has a number from FIRST on, which is what an
 * init returns and what an exit record holds as its code.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"

enum {
    FIRST = 1000
};

int
reason_code(world *self, const char *word)
{
    size_t i = 0;

    pthread_mutex_lock(&self->lock);
    while (i < self->reasons.count && strcmp(self->reasons.lines[i], word) != 0)
        i++;
    if (i == self->reasons.count)
        text_add(&self->reasons, "%s", word);
    pthread_mutex_unlock(&self->lock);
    return FIRST + (int)i;
}

cop_exit
reason_exit(world *self, const char *word)
{
    cop_exit why = {.kind = COP_EXIT_ERROR};

    if (strcmp(word, "normal") == 0)
        why.kind = COP_EXIT_NORMAL;
    else if (strcmp(word, "kill") == 0)
        why.kind = COP_EXIT_KILL;
    else if (strncmp(word, "shutdown", 8) == 0 && (word[8] == '\0' || word[8] == ':'))
        why.kind = COP_EXIT_SHUTDOWN;
    if (why.kind == COP_EXIT_ERROR || (why.kind == COP_EXIT_SHUTDOWN && word[8] == ':')) {
        why.code = reason_code(self, word);
        snprintf(why.text, sizeof why.text, "%s", word);
    }
    return why;
}

/* ------------------------------------------------------------------- what OTP calls it */

/* Our sentence, with a name at its end, and OTP's term, which ends in the name, in what that
 * name has as `key`, or in nothing more. */
static const struct {
    const char *ours, *otp, *key;
} sentences[] = {
    {"two children are named ",             "start_spec:duplicate_child_name:",       "name"     },
    {"significant, but permanent: ",
     "start_spec:bad_combination:restart:permanent+significant:true",                 NULL       },
    {"significant without auto_shutdown: ",
     "start_spec:bad_combination:auto_shutdown:never+significant:true",               NULL       },
    {"budget.restarts is negative: ",       "supervisor_data:invalid_intensity:",     "intensity"},
    {"budget.seconds is negative: ",        "supervisor_data:invalid_period:",        "period"   },
    {"unknown strategy: ",                  "supervisor_data:invalid_strategy:",      "strategy" },
    {"unknown auto_shutdown: ",             "supervisor_data:invalid_auto_shutdown:", "auto"     },
    {"unknown restart type: ",              "start_spec:invalid_restart_type:",       "restart"  },
    {"bad stop_ms: ",                       "start_spec:invalid_shutdown:",           "shutdown" },
};

static const char *
rest_of(const char *sentence, const char *start)
{
    size_t length = strlen(start);

    return strncmp(sentence, start, length) == 0 ? sentence + length : NULL;
}

/* OTP shows all the specs when there is not exactly one. */
static void
bad_template(const name *who, char *out, size_t size)
{
    snprintf(out, size, "bad_start_spec:%s", who == NULL || who->kid_count == 0 ? "[]" : "");
    for (size_t i = 0; who != NULL && i < who->kid_count; i++)
        snprintf(out + strlen(out), size - strlen(out), "%smap", i == 0 ? "" : "+");
}

static void
print_sentence(world *self, size_t i, const char *who, char *out, size_t size)
{
    const name *known = name_find(self, who);
    const char *key = sentences[i].key, *value = "";

    if (key != NULL && strcmp(key, "name") == 0)
        value = who;
    else if (key != NULL && known != NULL)
        value = name_key(known, key, "");
    snprintf(out, size, "%s%s", sentences[i].otp, value);
}

void
reason_of_sentence(world *self, const char *sentence, char *out, size_t size)
{
    const char *who = rest_of(sentence, "not exactly one template: ");

    if (who != NULL) {
        bad_template(name_find(self, who), out, size);
        return;
    }
    for (size_t i = 0; i < COP_COUNT(sentences); i++) {
        who = rest_of(sentence, sentences[i].ours);
        if (who != NULL) {
            print_sentence(self, i, who, out, size);
            return;
        }
    }
    snprintf(out, size, "%s", sentence);
}

static void
print_one(world *self, cop_exit_kind kind, int code, const char *text, char *out, size_t size)
{
    if ((kind == COP_EXIT_ERROR || kind == COP_EXIT_SHUTDOWN) && code >= FIRST &&
        (size_t)(code - FIRST) < self->reasons.count)
        snprintf(out, size, "%s", self->reasons.lines[code - FIRST]);
    else if (kind == COP_EXIT_ERROR)
        reason_of_sentence(self, text, out, size);
    else
        snprintf(out, size, "%s", cop_exit_kind_name(kind));
}

/* The child in "failed to start child c". */
static const name *
failed_child(world *self, const cop_exit *why)
{
    static const char start[] = "failed to start child ";

    return why->kind == COP_EXIT_ERROR && strncmp(why->text, start, sizeof start - 1) == 0
               ? name_find(self, why->text + sizeof start - 1)
               : NULL;
}

/* A record keeps two of the reasons behind it, but the report of the child, which came
 * before, had its own. */
void
reason_print(world *self, const cop_exit *why, char *out, size_t size)
{
    const name *child = failed_child(self, why);

    pthread_mutex_lock(&self->lock);
    if (child != NULL)
        snprintf(out, size, "shutdown:failed_to_start_child:%s:%s", child->text,
                 child->why_not);
    else
        print_one(self, why->kind, why->code, why->text, out, size);
    pthread_mutex_unlock(&self->lock);
}
