/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lines.h - lines out of a stream of bytes, in bounded memory.
 *
 *      bytes are read into room .. and filled; next .. drop take lines off the front
 */
#ifndef COPPICE_PROCESS_LINES_H
#define COPPICE_PROCESS_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include <coppice/process.h>

/* Zero: empty. */
typedef struct copi_lines {
    uint32_t first; /* of the bytes that are not taken */
    uint32_t end;
    bool is_ended; /* no more bytes will come */
    bool is_cut;   /* what comes next may be no more than the newline of a piece */
    char bytes[COP_PROCESS_LINE_MAX];
} copi_lines;

/* Where the next bytes go, and how many may come; 0 while next has a line. */
char *copi_lines_room(copi_lines *self, size_t *size);
/* So many have been put there. */
void copi_lines_filled(copi_lines *self, size_t size);
/* The next line without its newline; borrowed until room is called.  A piece of one that
 * is longer than all the room, and at the end what there is, count as a line. */
bool copi_lines_next(const copi_lines *self, cop_bytes *line);
/* Takes off the line that next has shown. */
void copi_lines_drop(copi_lines *self, cop_bytes line);

#endif /* COPPICE_PROCESS_LINES_H */
