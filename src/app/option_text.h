/* option_text - what the option table looks like to people: help, sample file, README, check.
 * Threads:    main.
 * Owns:       nothing.
 * Invariant:  generated from the table alone.
 * Fails:      never. */
#ifndef HUBBUB_APP_OPTION_TEXT_H
#define HUBBUB_APP_OPTION_TEXT_H

#include <stdio.h>

struct options;

void option_text_help(FILE *out);

/* A hubbub.conf in which every line is a comment that shows a default. */
void option_text_config(FILE *out);

/* The table of the README. */
void option_text_markdown(FILE *out);

/* Each option's value and where it was set; where[i] is NULL for a default. */
void option_text_check(const struct options *o, const char *const *where, FILE *out);

#endif
