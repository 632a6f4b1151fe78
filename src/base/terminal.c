#include "base/terminal.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

bool terminal_is(int stream)
{
	return isatty(stream) == 1;
}

int terminal_columns(int stream)
{
	struct winsize size;
	return ioctl(stream, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* --- reading --- */

enum { CTRL_C = 3, CTRL_D = 4, BACKSPACE = 8, CTRL_U = 21, DELETE = 127 };

/* -1: the end. No buffer of ours: what is not read yet is the next reader's. */
static int read_byte(void)
{
	unsigned char byte;
	ssize_t n;
	do
		n = read(TERMINAL_IN, &byte, 1);
	while (n < 0 && errno == EINTR);
	return n == 1 ? byte : -1;
}

static bool read_line(struct buf *ret, struct err *reterr)
{
	for (;;) {
		int byte = read_byte();
		if (byte < 0 && ret->size == 0)
			return err_set(reterr, ERR_STOPPED, "the input has ended");
		if (byte < 0 || byte == '\n')
			return true;
		if (!buf_add_char(ret, (char)byte))
			return err_set(reterr, ERR_DATA, "a line of more than %zu bytes", ret->max);
	}
}

/* The last character, all its bytes. */
static void rub_out(struct buf *line)
{
	while (line->size > 0 && ((unsigned char)line->data[line->size - 1] & 0xC0) == 0x80)
		buf_cut(line, line->size - 1);
	if (line->size > 0)
		buf_cut(line, line->size - 1);
}

static bool read_hidden(struct buf *ret, struct err *reterr)
{
	for (;;) {
		int byte = read_byte();
		if (byte < 0 || byte == CTRL_C || (byte == CTRL_D && ret->size == 0))
			return err_set(reterr, ERR_STOPPED, "nothing was entered");
		if (byte == '\n' || byte == '\r' || byte == CTRL_D)
			return true;
		if (byte == BACKSPACE || byte == DELETE)
			rub_out(ret);
		else if (byte == CTRL_U)
			buf_cut(ret, 0);
		else if (!buf_add_char(ret, (char)byte))
			return err_set(reterr, ERR_DATA, "a line of more than %zu bytes", ret->max);
	}
}

bool terminal_read(bool hidden, struct buf *ret, struct err *reterr)
{
	struct termios old, quiet;
	if (!hidden || tcgetattr(TERMINAL_IN, &old) != 0)
		return read_line(ret, reterr);
	quiet = old;
	/* Byte by byte: a line of the terminal's own ends at 4095, and its Ctrl-C would leave the
	 * terminal silent. */
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
	quiet.c_cc[VMIN] = 1;
	quiet.c_cc[VTIME] = 0;
	if (tcsetattr(TERMINAL_IN, TCSAFLUSH, &quiet) != 0)
		return err_sys(reterr, "the terminal cannot be kept from showing what is typed");
	bool done = read_hidden(ret, reterr);
	(void)tcsetattr(TERMINAL_IN, TCSADRAIN, &old);
	return done;
}
