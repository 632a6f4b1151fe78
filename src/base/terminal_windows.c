#include "base/terminal.h"

#include "base/windows.h"

#include <io.h>

static HANDLE handle_of(int stream)
{
	return GetStdHandle(stream == TERMINAL_IN    ? STD_INPUT_HANDLE
			    : stream == TERMINAL_OUT ? STD_OUTPUT_HANDLE
						     : STD_ERROR_HANDLE);
}

bool terminal_is(int stream)
{
	DWORD mode; /* NUL is a device too, but no console */
	return GetConsoleMode(handle_of(stream), &mode);
}

int terminal_columns(int stream)
{
	CONSOLE_SCREEN_BUFFER_INFO info;
	if (!GetConsoleScreenBufferInfo(handle_of(stream), &info))
		return 0;
	return info.srWindow.Right - info.srWindow.Left + 1;
}

/* --- reading --- */
enum { CTRL_C = 3, CTRL_D = 4, BACKSPACE = 8, CTRL_U = 21, CTRL_Z = 26, LINE_UNITS = 4096 };

static bool is_second_half(wchar_t unit)
{
	return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* A unit of the console's input; -1: the end. */
static int read_unit(HANDLE in)
{
	wchar_t unit;
	DWORD n;
	return ReadConsoleW(in, &unit, 1, &n, NULL) && n == 1 ? unit : -1;
}

/* A line as the console is set: edited and shown by it, ended by CR and LF, or, `hidden`, unit by
 * unit and ended by CR. */
static bool read_units(HANDLE in, bool hidden, wchar_t line[LINE_UNITS], struct err *reterr)
{
	const int end = hidden ? '\r' : '\n';
	size_t n = 0;
	for (;;) {
		int unit = read_unit(in);
		if (unit < 0 || unit == CTRL_C || (n == 0 && (unit == CTRL_D || unit == CTRL_Z)))
			return err_set(reterr, ERR_STOPPED, "nothing was entered");
		if (unit == end || unit == CTRL_D)
			break;
		if (unit == '\r' || unit == '\n')
			continue;
		if (unit == BACKSPACE)
			n -= n > 1 && is_second_half(line[n - 1]) ? 2 : n > 0 ? 1 : 0;
		else if (unit == CTRL_U)
			n = 0;
		else if (n == LINE_UNITS - 1)
			return err_set(reterr, ERR_DATA, "a line of more than %zu units", n);
		else
			line[n++] = (wchar_t)unit;
	}
	line[n] = L'\0';
	return true;
}

static bool read_console(HANDLE in, bool hidden, struct buf *ret, struct err *reterr)
{
	wchar_t line[LINE_UNITS];
	bool done = read_units(in, hidden, line, reterr);
	if (done && !windows_add(ret, line))
		done = err_set(reterr, ERR_DATA, "a line of more than %zu bytes, or no text",
			       ret->max);
	SecureZeroMemory(line, sizeof line); /* a secret, maybe */
	return done;
}

/* From a pipe or a file. */
static bool read_line(struct buf *ret, struct err *reterr)
{
	for (;;) {
		char byte;
		int n = _read(TERMINAL_IN, &byte, 1);
		if (n <= 0 && ret->size == 0)
			return err_set(reterr, ERR_STOPPED, "the input has ended");
		if (n <= 0 || byte == '\n')
			return true;
		if (byte != '\r' && !buf_add_char(ret, byte))
			return err_set(reterr, ERR_DATA, "a line of more than %zu bytes", ret->max);
	}
}

bool terminal_read(bool hidden, struct buf *ret, struct err *reterr)
{
	DWORD old;
	HANDLE in = handle_of(TERMINAL_IN);
	if (!GetConsoleMode(in, &old))
		return read_line(ret, reterr);
	if (!hidden)
		return read_console(in, hidden, ret, reterr);
	if (!SetConsoleMode(in, 0))
		return err_set(reterr, ERR_DISK,
			       "the terminal cannot be kept from showing what is typed");
	bool done = read_console(in, hidden, ret, reterr);
	SetConsoleMode(in, old);
	return done;
}
