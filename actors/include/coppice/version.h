/* SPDX-License-Identifier: Apache-2.0 */
/*
 * version.h - which coppice this is.  The numbers stand here and nowhere else: the
 * build reads them for the library's file name, the package and the pkg-config file.
 *
 * Until 1.0 a new minor number may break programs, a new patch number does not.
 */
#ifndef COPPICE_VERSION_H
#define COPPICE_VERSION_H

#define COP_VERSION_MAJOR 0
#define COP_VERSION_MINOR 1
#define COP_VERSION_PATCH 0

/* One number to compare with: 0x000100 is 0.1.0. */
#define COP_VERSION_NUMBER                                                                     \
    (COP_VERSION_MAJOR * 0x10000 + COP_VERSION_MINOR * 0x100 + COP_VERSION_PATCH)

#define COPI_VERSION_TEXT(number) #number
#define COPI_VERSION_JOIN(major, minor, patch)                                                 \
    COPI_VERSION_TEXT(major) "." COPI_VERSION_TEXT(minor) "." COPI_VERSION_TEXT(patch)

/* "0.1.0" */
#define COP_VERSION_STRING                                                                     \
    COPI_VERSION_JOIN(COP_VERSION_MAJOR, COP_VERSION_MINOR, COP_VERSION_PATCH)

#endif /* COPPICE_VERSION_H */
