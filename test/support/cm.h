/* cmocka 1 and 2, with the headers that they want before their own, in the order they want them. */
#ifndef HUBBUB_TEST_CM_H
#define HUBBUB_TEST_CM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#ifndef assert_uint_in_range /* cmocka 1 */
#define assert_uint_in_range assert_in_range
#define assert_int_in_range  assert_in_range
#endif
#undef stop /* a name of ours */

#endif
