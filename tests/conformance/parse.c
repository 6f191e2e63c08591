/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"

void
split(char *line, words *out)
{
    char *save = NULL, *comment = strchr(line, '#');

    if (comment != NULL)
        *comment = '\0';
    out->count = 0;
    for (char *word = strtok_r(line, " \t\r\n", &save); word != NULL && out->count < WORDS_MAX;
         word = strtok_r(NULL, " \t\r\n", &save))
        out->at[out->count++] = word;
    out->at[out->count] = NULL;
}

static void
die(const char *what, const char *which)
{
    fprintf(stderr, "scenario: %s: %s\n", what, which);
    exit(2);
}

static void
add_child(world *self, const words *line)
{
    name *supervisor = name_get(self, line->at[1]), *child = name_get(self, line->at[2]);

    supervisor->kids =
        realloc(supervisor->kids, (supervisor->kid_count + 1) * sizeof *supervisor->kids);
    supervisor->kids[supervisor->kid_count++] = child;
    child->parent = supervisor;
    name_set_all(child, line->at + 3);
}

static void
add_sup(world *self, const words *line)
{
    name *made = name_get(self, line->at[1]);

    if (self->root == NULL)
        self->root = made;
    made->is_sup = true;
    name_set_all(made, line->at + 2);
}

static void
option(world *self, const words *line)
{
    if (strcmp(line->at[1], "reports") == 0)
        self->report_level = strcmp(line->at[2], "none") == 0  ? 0
                             : strcmp(line->at[2], "all") == 0 ? 2
                                                               : 1;
}

static void
declare(world *self, const words *line)
{
    const char *what = line->at[0];

    if (strcmp(what, "title") == 0)
        return;
    if (strcmp(what, "needs") == 0)
        self->needs = *line;
    else if (strcmp(what, "option") == 0 && line->count == 3)
        option(self, line);
    else if (strcmp(what, "sup") == 0 && line->count > 1)
        add_sup(self, line);
    else if (strcmp(what, "child") == 0 && line->count > 2)
        add_child(self, line);
    else if (strcmp(what, "spec") == 0 && line->count > 1)
        name_set_all(name_get(self, line->at[1]), line->at + 2);
    else
        die("not a declaration", what);
}

/* What is only learnt from the script: who belongs to whom. */
static void
note_action(world *self, const words *line)
{
    char *const *at = line->at;

    while (strcmp(at[0], "async") == 0 || strcmp(at[0], "within") == 0)
        at += at[0][0] == 'a' ? 1 : 2;
    if (strcmp(at[0], "start_child") == 0 || strcmp(at[0], "start_dyn") == 0)
        name_get(self, at[2])->parent = name_get(self, at[1]);
    else if (strcmp(at[0], "spawn") == 0)
        name_get(self, at[1])->is_plain = true;
    else if (strcmp(at[0], "spawn_link") == 0 || strcmp(at[0], "spawn_monitor") == 0)
        name_get(self, at[2])->is_plain = true;
}

static void
add_action(world *self, const words *line)
{
    self->script = realloc(self->script, (self->script_count + 1) * sizeof *self->script);
    self->script[self->script_count++] = *line;
    note_action(self, line);
}

void
scenario_read(world *self, const char *path)
{
    FILE *file = fopen(path, "r");
    char buffer[4096];
    bool has_begun = false;

    if (file == NULL)
        die("cannot open", path);
    while (fgets(buffer, sizeof buffer, file) != NULL) {
        words line;
        if (strstr(buffer, "gate+") != NULL)
            *(strncmp(buffer, "sup", 3) == 0 ? &self->has_gated_sups : &self->has_gates) = true;
        char *text = strdup(buffer);
        split(text, &line);
        if (line.count == 0) {
            free(text);
            continue;
        }
        /* The text is kept: names and keys point into it. */
        if (strcmp(line.at[0], "begin") == 0)
            has_begun = true;
        else if (has_begun)
            add_action(self, &line);
        else
            declare(self, &line);
    }
    fclose(file);
    if (!has_begun)
        die("no 'begin'", path);
}
