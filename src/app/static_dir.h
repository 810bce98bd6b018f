/* static_dir - where the browser client's files are.
 * Threads:    main.
 * Owns:       nothing; the result is the caller's, for mem_free.
 * Invariant:  an explicit choice is never overruled.
 * Fails:      NULL after logging where it looked. */
#ifndef HUBBUB_APP_STATIC_DIR_H
#define HUBBUB_APP_STATIC_DIR_H

/* chosen: the option's value. If it is NULL or "", a program in its build folder takes the source tree's
 * files; any other looks at ../share/hubbub/static from where it lies, so that an installation may be
 * moved, and then where it was installed to. */
char *static_dir_find(const char *chosen);

#endif
