/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t
hash(const char *text, size_t size)
{
    uint64_t value = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < size; i++)
        value = (value ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return value ^ value >> 32;
}

/* Where the word is, or where it would go. */
static word_entry *
place_of(const word_table *self, const char *text, size_t size)
{
    for (size_t at = hash(text, size);; at++) {
        word_entry *place = &self->places[at & (self->room - 1)];
        if (place->text == NULL ||
            (place->size == size && memcmp(place->text, text, size) == 0))
            return place;
    }
}

static bool
grow(word_table *self)
{
    word_table bigger = {.room = self->room == 0 ? 256 : self->room * 2, .count = self->count};

    bigger.places = calloc(bigger.room, sizeof *bigger.places);
    if (bigger.places == NULL)
        return false;
    for (size_t i = 0; i < self->room; i++)
        if (self->places[i].text != NULL)
            *place_of(&bigger, self->places[i].text, self->places[i].size) = self->places[i];
    free(self->places);
    *self = bigger;
    return true;
}

bool
word_table_add(word_table *self, const char *text, size_t size, uint64_t count)
{
    if (self->count * 4 >= self->room * 3 && !grow(self))
        return false;
    word_entry *place = place_of(self, text, size);
    if (place->text == NULL) {
        place->text = malloc(size);
        if (place->text == NULL)
            return false;
        memcpy(place->text, text, size);
        place->size = (uint32_t)size;
        self->count++;
    }
    place->count += count;
    return true;
}

uint64_t
word_table_get(const word_table *self, const char *text, size_t size)
{
    return self->room == 0 ? 0 : place_of(self, text, size)->count;
}

bool
word_table_merge(word_table *self, word_table *from)
{
    for (size_t i = 0; i < from->room; i++) {
        word_entry *entry = &from->places[i];
        if (entry->text != NULL &&
            !word_table_add(self, entry->text, entry->size, entry->count))
            return false;
    }
    word_table_fini(from);
    return true;
}

/* The word that is being read; a file may end, or a buffer, in the middle of one. */
typedef struct reader {
    word_table *table;
    char word[WORD_MAX];
    size_t size;
} reader;

static bool
end_word(reader *self)
{
    bool is_kept = self->size == 0 || word_table_add(self->table, self->word, self->size, 1);

    self->size = 0;
    return is_kept;
}

static bool
read_text(reader *self, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char letter = (char)(text[i] | 0x20);
        bool is_letter = letter >= 'a' && letter <= 'z';
        if (is_letter)
            self->word[self->size++] = letter;
        if ((!is_letter || self->size == WORD_MAX) && !end_word(self))
            return false;
    }
    return true;
}

bool
word_table_read(word_table *self, int fd)
{
    reader in = {.table = self};
    char text[65536];

    for (;;) {
        ssize_t size = read(fd, text, sizeof text);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return false;
        if (size == 0)
            return end_word(&in);
        if (!read_text(&in, text, (size_t)size))
            return false;
    }
}

static int
by_count(const void *a, const void *b)
{
    const word_entry *left = a, *right = b;
    size_t common = left->size < right->size ? left->size : right->size;

    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    int order = memcmp(left->text, right->text, common);
    return order != 0 ? order : (left->size > right->size) - (left->size < right->size);
}

word_entry *
word_table_sorted(const word_table *self)
{
    word_entry *out = malloc((self->count + 1) * sizeof *out);
    size_t count = 0;

    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < self->room; i++)
        if (self->places[i].text != NULL)
            out[count++] = self->places[i];
    qsort(out, count, sizeof *out, by_count);
    return out;
}

void
word_table_fini(word_table *self)
{
    for (size_t i = 0; i < self->room; i++)
        free(self->places[i].text);
    free(self->places);
    *self = (word_table){0};
}
