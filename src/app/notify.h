/* notify - tells the service manager how the daemon is (sd_notify(3)), without linking its
 * library.
 * Threads:    main.
 * Owns:       nothing.
 * Invariant:  without $NOTIFY_SOCKET it does nothing.
 * Fails:      silently; a service manager that cannot be told notices by itself. */
#ifndef HUBBUB_APP_NOTIFY_H
#define HUBBUB_APP_NOTIFY_H

/* state: newline-separated assignments, such as "READY=1\nSTATUS=Serving". */
void notify(const char *state);

#endif
