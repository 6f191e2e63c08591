/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - words and how often they were seen.
 *
 * A word is a run of ASCII letters, in lower case, cut into pieces of at most WORD_MAX.
 */
#ifndef WORDCOUNT_TABLE_H
#define WORDCOUNT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WORD_MAX = 4096
};

typedef struct word_entry {
    char *text; /* not terminated; NULL: a free place */
    uint32_t size;
    uint64_t count;
} word_entry;

/* A file that is being read, and the word in which the last piece ended. */
typedef struct word_reader {
    int fd;
    char word[WORD_MAX];
    size_t size;
} word_reader;

typedef enum read_state {
    READ_MORE,
    READ_DONE,
    READ_FAILED,
} read_state;

typedef struct word_table {
    word_entry *places;
    size_t room; /* a power of two */
    size_t count;
} word_table;

/* False if there is no memory; then nothing was added. */
bool word_table_add(word_table *self, const char *text, size_t size, uint64_t count);
/* How often a word was seen. */
uint64_t word_table_get(const word_table *self, const char *text, size_t size);
/* Moves a piece of `from`, which nothing else may use any more, to `self`: READ_DONE when it
 * is empty.  READ_FAILED: there is no memory. */
read_state word_table_merge(word_table *self, word_table *from);
/* Adds what comes next in an open file, a quarter of a megabyte at most.  READ_FAILED: it
 * cannot be read, or there is no memory. */
read_state word_table_read(word_table *self, word_reader *reader);
/* The entries, most frequent first, equal ones by their letters; the caller frees the
 * array, the texts stay the table's.  NULL if there is no memory. */
word_entry *word_table_sorted(const word_table *self);
void word_table_fini(word_table *self);

#endif /* WORDCOUNT_TABLE_H */
