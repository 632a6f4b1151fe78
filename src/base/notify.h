/* Telling systemd how a service is (sd_notify(3)), without its library: a datagram to the socket
 * that $NOTIFY_SOCKET names. Without such a socket everything here does nothing, and what cannot
 * be sent is not sent: no service ends because nobody listens. */
#ifndef FIRN_BASE_NOTIFY_H
#define FIRN_BASE_NOTIFY_H

#include "base/err.h"

struct notify;

/* `socket`: a path, or @NAME in Linux' abstract namespace; NULL or "": nobody listens. */
MUST_CHECK bool notify_open(struct notify **ret, const char *socket, struct err *reterr);
void notify_close(struct notify *); /* NULL is fine */

void notify_ready(struct notify *);     /* also after a reload */
void notify_reloading(struct notify *);
void notify_stopping(struct notify *);
void notify_alive(struct notify *);     /* the watchdog's sign of life */
void notify_status(struct notify *, const char *text); /* one line, shown by systemctl status */

#endif
