/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job.h - what is to be counted, and what has been.
 *
 * Made by main, written by the board alone while the node runs, read by main afterwards.
 */
#ifndef WORDCOUNT_JOB_H
#define WORDCOUNT_JOB_H

#include <stdbool.h>
#include <stddef.h>

#include "table.h"

typedef enum file_state {
    FILE_WAITING,
    FILE_GIVEN, /* to a worker */
    FILE_COUNTED,
    FILE_UNREADABLE,
} file_state;

typedef struct job_file {
    char *path;
    file_state state;
} job_file;

typedef struct job {
    job_file *files;
    size_t count;
    unsigned workers;
    bool has_faults;
    bool is_complete; /* every file is counted, or cannot be read */
    word_table words;
} job;

/* Adds all regular files below a directory, or the one file that `path` is.  False, and
 * it has been said why, if there is nothing there. */
bool job_add_tree(job *self, const char *path);
/* Adds the files that a file names, one in a line. */
bool job_add_list(job *self, const char *list);
void job_fini(job *self);

/*
 * Counts the same files with tr, sort and uniq, and compares every word.  Prints what
 * differs; true if nothing does.
 */
bool job_verify(const job *self);

#endif /* WORDCOUNT_JOB_H */
