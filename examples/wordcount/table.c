/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MERGE_PIECE = 65536 /* places */
};

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

/* Where the word stands now, which may be a free place; NULL if there is no memory. */
static word_entry *
reserve(word_table *self, const char *text, size_t size)
{
    if (self->count * 4 >= self->room * 3 && !grow(self))
        return NULL;
    return place_of(self, text, size);
}

/* With its text; `entry` is empty afterwards. */
static bool
move_entry(word_table *self, word_entry *entry)
{
    word_entry *place = reserve(self, entry->text, entry->size);

    if (place == NULL)
        return false;
    if (place->text == NULL) {
        *place = *entry;
        self->count++;
    } else {
        place->count += entry->count;
        free(entry->text);
    }
    entry->text = NULL;
    return true;
}

bool
word_table_add(word_table *self, const char *text, size_t size, uint64_t count)
{
    word_entry *place = reserve(self, text, size);

    if (place == NULL)
        return false;
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

read_state
word_table_merge(word_table *self, word_table *from)
{
    for (int moved = 0; from->room > 0 && moved < MERGE_PIECE; moved++) {
        word_entry *entry = &from->places[from->room - 1];
        if (entry->text != NULL && !move_entry(self, entry))
            return READ_FAILED;
        from->room--;
    }
    if (from->room > 0)
        return READ_MORE;
    word_table_fini(from);
    return READ_DONE;
}

static bool
end_word(word_table *self, word_reader *reader)
{
    bool is_kept = reader->size == 0 || word_table_add(self, reader->word, reader->size, 1);

    reader->size = 0;
    return is_kept;
}

static bool
add_text(word_table *self, word_reader *reader, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char letter = (char)(text[i] | 0x20);
        bool is_letter = letter >= 'a' && letter <= 'z';
        if (is_letter)
            reader->word[reader->size++] = letter;
        if ((!is_letter || reader->size == WORD_MAX) && !end_word(self, reader))
            return false;
    }
    return true;
}

read_state
word_table_read(word_table *self, word_reader *reader)
{
    char text[65536];

    for (int pieces = 0; pieces < 4;) {
        ssize_t size = read(reader->fd, text, sizeof text);
        if (size < 0 && errno == EINTR)
            continue;
        if (size == 0)
            return end_word(self, reader) ? READ_DONE : READ_FAILED;
        if (size < 0 || !add_text(self, reader, text, (size_t)size))
            return READ_FAILED;
        pieces++;
    }
    return READ_MORE;
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
