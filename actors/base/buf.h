/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h - what is behind <coppice/buf.h>.
 */
#ifndef COPPICE_BASE_BUF_H
#define COPPICE_BASE_BUF_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#include <coppice/buf.h>

struct cop_buf {
    /*
     * How many references there are.  Whoever reads or changes it holds one, so:
     *  - it is never zero where anybody can see it, and nothing is made out of zero
     *  - who reads 1 is alone: to make a second reference takes one, and that one is its own
     */
    _Atomic(size_t) references;
    size_t size;
    alignas(max_align_t) uint8_t bytes[];
};

#endif /* COPPICE_BASE_BUF_H */
