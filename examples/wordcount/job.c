/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* nftw, getline */

#include "job.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool
add_file(job *self, const char *path)
{
    /* Room for a power of two, doubled whenever the count reaches one. */
    if ((self->count & (self->count - 1)) == 0) {
        size_t room = self->count == 0 ? 1 : self->count * 2;
        job_file *bigger = realloc(self->files, room * sizeof *bigger);
        if (bigger == NULL)
            return false;
        self->files = bigger;
    }
    job_file added = {.path = strdup(path)};
    if (added.path == NULL)
        return false;
    self->files[self->count++] = added;
    return true;
}

/* nftw has no argument for its caller. */
static job *walking;

static int
visit(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)at;
    if (kind != FTW_F || !S_ISREG(info->st_mode))
        return 0;
    return add_file(walking, path) ? 0 : -1;
}

bool
job_add_tree(job *self, const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0 || (!S_ISDIR(info.st_mode) && !S_ISREG(info.st_mode))) {
        fprintf(stderr, "demo: %s: %s\n", path,
                errno != 0 ? strerror(errno) : "neither a directory nor a regular file");
        return false;
    }
    walking = self;
    if (nftw(path, visit, 64, FTW_PHYS) == 0)
        return true;
    fprintf(stderr, "demo: %s: %s\n", path, strerror(errno));
    return false;
}

bool
job_add_list(job *self, const char *list)
{
    FILE *in = fopen(list, "re");
    char *line = NULL;
    size_t room = 0;
    bool is_added = true;

    if (in == NULL) {
        fprintf(stderr, "demo: %s: %s\n", list, strerror(errno));
        return false;
    }
    for (ssize_t size; is_added && (size = getline(&line, &room, in)) > 0;) {
        line[strcspn(line, "\n")] = '\0';
        is_added = line[0] == '\0' || add_file(self, line);
    }
    free(line);
    fclose(in);
    return is_added;
}

void
job_fini(job *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->files[i].path);
    free(self->files);
    word_table_fini(&self->words);
}

/* ------------------------------------------------------------------- the other count */

/* The names of the files that were counted, each with a zero behind it. */
static bool
write_names(const job *self, FILE *out)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->files[i].state == FILE_COUNTED &&
            fwrite(self->files[i].path, strlen(self->files[i].path) + 1, 1, out) != 1)
            return false;
    return fflush(out) == 0;
}

/* One line of `uniq -c` against the table. */
static bool
is_same(const job *self, const char *line, uint64_t *seen)
{
    char *word;
    uint64_t count = strtoull(line, &word, 10);

    word += strspn(word, " ");
    size_t size = strcspn(word, "\n");
    if (size == 0)
        return true;
    ++*seen;
    uint64_t mine = word_table_get(&self->words, word, size);
    if (mine != count)
        printf("differs: %.*s: %llu here, %llu there\n", (int)size, word,
               (unsigned long long)mine, (unsigned long long)count);
    return mine == count;
}

static bool
compare(const job *self, FILE *in)
{
    char *line = NULL;
    size_t room = 0;
    uint64_t seen = 0;
    bool all_same = true;

    while (getline(&line, &room, in) > 0)
        all_same = is_same(self, line, &seen) && all_same;
    free(line);
    if (seen != self->words.count)
        printf("differs: %zu words here, %llu there\n", self->words.count,
               (unsigned long long)seen);
    return all_same && seen == self->words.count;
}

bool
job_verify(const job *self)
{
    /* sed ends each file with a newline, so that no word spans two files. */
    static const char pipeline[] =
        "LC_ALL=C; export LC_ALL; xargs -0 -r -a '%s' sed -s -e '$a\\' -- | "
        "tr -cs A-Za-z '\\n' | tr A-Z a-z | fold -b -w %d | sort | uniq -c";
    char names[] = "/tmp/wordcount.XXXXXX", command[512];
    int fd = mkstemp(names);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w"), *in = NULL;
    bool is_same_result = false;

    if (out == NULL || !write_names(self, out)) {
        perror("demo: cannot write the list of files");
    } else {
        snprintf(command, sizeof command, pipeline, names, WORD_MAX);
        in = popen(command, "re");
        is_same_result = in != NULL && compare(self, in);
        if (in != NULL && pclose(in) != 0) {
            fprintf(stderr, "demo: the count with sort and uniq failed\n");
            is_same_result = false;
        }
    }
    if (out != NULL)
        fclose(out);
    if (fd >= 0)
        remove(names);
    return is_same_result;
}
