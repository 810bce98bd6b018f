/* static_dir - where the browser client's files are.
 * Threads:    main.
 * Owns:       nothing; the result is the caller's, for mem_free.
 * Invariant:  an explicit choice is never overruled.
 * Fails:      NULL after logging where it looked. */
#ifndef HUBBUB_APP_STATIC_DIR_H
#define HUBBUB_APP_STATIC_DIR_H

/* chosen: the option's value. If it is NULL or "", the folder is looked for beside the executable
 * (the build tree), at ../share/hubbub/static from it (an installation, wherever it was moved to),
 * where it was installed to, and in the source tree the program was built from. */
char *static_dir_find(const char *chosen);

#endif
