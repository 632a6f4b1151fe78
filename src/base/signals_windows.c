/* Windows calls a handler in a thread of its own. It sets an event that is known by a name with
 * our number in it, so that nothing has to be global; who waits opens the same event. There is no
 * SIGHUP and no SIGCHLD. */
#include "base/signals.h"

#include "base/windows.h"

enum { NAME_UNITS = 48 };

static HANDLE open_event(void)
{
	wchar_t name[NAME_UNITS];
	_snwprintf(name, NAME_UNITS, L"Local\\firn-stop-%lu", GetCurrentProcessId());
	return CreateEventW(NULL, FALSE, FALSE, name); /* or the one that is there */
}

static BOOL WINAPI on_event(DWORD kind)
{
	HANDLE event = open_event();
	if (event == NULL)
		return FALSE;
	SetEvent(event);
	CloseHandle(event);
	/* Of these the process ends as soon as the handler does: leave what time there is. */
	if (kind == CTRL_CLOSE_EVENT || kind == CTRL_LOGOFF_EVENT || kind == CTRL_SHUTDOWN_EVENT)
		Sleep(INFINITE);
	return TRUE;
}

/* The event lives as long as one handle of it: this one is left to the process's end. */
void signals_hold(void)
{
	if (open_event() != NULL)
		SetConsoleCtrlHandler(on_event, TRUE);
}

void signals_release(void)
{
	SetConsoleCtrlHandler(on_event, FALSE);
}

enum signal_kind signals_wait(int64_t wait_ms)
{
	const int64_t most_ms = INT32_MAX;
	HANDLE event = open_event();
	DWORD wait = (DWORD)(wait_ms < 0 ? 0 : wait_ms > most_ms ? most_ms : wait_ms);
	if (event == NULL) {
		Sleep(wait);
		return SIGNAL_NONE;
	}
	bool stop = WaitForSingleObject(event, wait) == WAIT_OBJECT_0;
	CloseHandle(event);
	return stop ? SIGNAL_STOP : SIGNAL_NONE;
}
