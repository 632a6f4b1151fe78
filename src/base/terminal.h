/* The terminal: whether somebody is there to look and to answer, and how wide it is. */
#ifndef FIRN_BASE_TERMINAL_H
#define FIRN_BASE_TERMINAL_H

#include "base/buf.h"
#include "base/err.h"

enum { TERMINAL_IN, TERMINAL_OUT, TERMINAL_ERROR }; /* the standard streams */

bool terminal_is(int stream);
int terminal_columns(int stream); /* 0: no terminal, or one that does not say */

/* One line of standard input, without its end, into `ret`. At a terminal the line is edited by
 * the terminal; `hidden`: what is typed is not shown, Backspace and Ctrl-U work, Ctrl-C and
 * Ctrl-D end it. The terminal is as it was afterwards. ERR_STOPPED: the input has ended, or
 * Ctrl-C; ERR_DATA: more than ret->max. */
MUST_CHECK bool terminal_read(bool hidden, struct buf *ret, struct err *reterr);

#endif
