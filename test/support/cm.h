/* The headers that cmocka wants before its own, in the order it wants them. */
#ifndef HUBBUB_TEST_CM_H
#define HUBBUB_TEST_CM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
