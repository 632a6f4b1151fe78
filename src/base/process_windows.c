/* A program and all that it starts are in one job, which ends them together. It gets the three
 * handles that it shall have and no other. */
#include "base/process.h"

#include "base/clock.h"
#include "base/windows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { COMMAND_BYTES_MAX = 32 * KIB, PIECE_BYTES = 4 * KIB, PAUSE_MS_MAX = 50 };

/* --- starting --- */
/* As programs take it apart again: backslashes count before a quote only. */
static void add_word(struct buf *line, const char *word)
{
	size_t slashes = 0;
	buf_add_char(line, '"');
	for (; *word != '\0'; word++) {
		if (*word == '"') {
			for (slashes++; slashes > 0; slashes--)
				buf_add_char(line, '\\');
		}
		buf_add_char(line, *word);
		slashes = *word == '\\' ? slashes + 1 : 0;
	}
	for (; slashes > 0; slashes--)
		buf_add_char(line, '\\');
	buf_add_char(line, '"');
}

/* Along PATH alone: Windows by itself would look in the folder that we work in first. False with
 * errno. */
static bool find_program(const char *name, wchar_t ret[WINDOWS_PATH_MAX])
{
	enum { PATH_UNITS = 32 * KIB };
	wchar_t wide[WINDOWS_PATH_MAX];
	if (!windows_path(name, wide))
		return false;
	if (wcspbrk(wide, L"\\:") != NULL) {
		wcscpy(ret, wide);
		return true;
	}
	wchar_t *folders = malloc(PATH_UNITS * sizeof *folders);
	if (folders == NULL)
		return false;
	DWORD size = GetEnvironmentVariableW(L"PATH", folders, PATH_UNITS);
	bool found = false;
	if (size > 0 && size < PATH_UNITS) {
		size = SearchPathW(folders, wide, L".exe", WINDOWS_PATH_MAX, ret, NULL);
		found = size > 0 && size < WINDOWS_PATH_MAX;
	}
	free(folders);
	if (!found)
		errno = ENOENT;
	return found;
}

static bool is_handle(HANDLE handle)
{
	return handle != NULL && handle != INVALID_HANDLE_VALUE;
}

/* Suspended. `streams` are its input, output and error. False with errno. */
static bool create(const wchar_t *program, wchar_t *line, HANDLE streams[3],
		   PROCESS_INFORMATION *ret)
{
	STARTUPINFOEXW start = {.StartupInfo = {.cb = sizeof start,
						.dwFlags = STARTF_USESTDHANDLES,
						.hStdInput = streams[0],
						.hStdOutput = streams[1],
						.hStdError = streams[2]}};
	/* A standard error that is none may not stand in the list. */
	size_t n = is_handle(streams[2]) && streams[2] != streams[1] ? 3 : 2, size = 0;
	InitializeProcThreadAttributeList(NULL, 1, 0, &size);
	start.lpAttributeList = malloc(size);
	if (start.lpAttributeList == NULL)
		return false;
	bool done = InitializeProcThreadAttributeList(start.lpAttributeList, 1, 0, &size);
	if (done) {
		done = UpdateProcThreadAttribute(start.lpAttributeList, 0,
						 PROC_THREAD_ATTRIBUTE_HANDLE_LIST, streams,
						 n * sizeof *streams, NULL, NULL) &&
		       CreateProcessW(program, line, NULL, NULL, TRUE,
				      CREATE_SUSPENDED | EXTENDED_STARTUPINFO_PRESENT |
					      CREATE_NO_WINDOW,
				      NULL, NULL, &start.StartupInfo, ret);
		if (!done)
			windows_failed();
		DeleteProcThreadAttributeList(start.lpAttributeList);
	}
	free(start.lpAttributeList);
	return done;
}

struct running {
	HANDLE process, job, output;
};

static void end_running(struct running *running)
{
	if (is_handle(running->job))
		TerminateJobObject(running->job, 1);
	if (is_handle(running->process)) {
		TerminateProcess(running->process, 1); /* where it is in no job */
		WaitForSingleObject(running->process, INFINITE);
		CloseHandle(running->process);
	}
	if (is_handle(running->output))
		CloseHandle(running->output);
	if (is_handle(running->job))
		CloseHandle(running->job);
}

/* Standard error: a copy that may be inherited, or nothing. */
static HANDLE our_error(void)
{
	HANDLE copy = NULL, us = GetCurrentProcess();
	HANDLE error = GetStdHandle(STD_ERROR_HANDLE);
	if (!is_handle(error) ||
	    !DuplicateHandle(us, error, us, &copy, 0, TRUE, DUPLICATE_SAME_ACCESS))
		return NULL;
	return copy;
}

/* False with errno; what is there is the caller's to end all the same. */
static bool start(const wchar_t *program, wchar_t *line, struct running *ret)
{
	SECURITY_ATTRIBUTES inherited = {.nLength = sizeof inherited, .bInheritHandle = TRUE};
	PROCESS_INFORMATION info = {0};
	HANDLE streams[3] = {NULL, NULL, NULL};
	if (!CreatePipe(&ret->output, &streams[1], &inherited, 0))
		return windows_failed();
	SetHandleInformation(ret->output, HANDLE_FLAG_INHERIT, 0);
	streams[0] = windows_open(L"NUL", GENERIC_READ, OPEN_EXISTING, 0, &inherited);
	streams[2] = our_error();
	ret->job = CreateJobObjectW(NULL, NULL);
	bool done = is_handle(streams[0]) && create(program, line, streams, &info);
	int code = errno;
	if (done) {
		ret->process = info.hProcess;
		if (is_handle(ret->job))
			AssignProcessToJobObject(ret->job, info.hProcess);
		ResumeThread(info.hThread);
		CloseHandle(info.hThread);
	}
	for (int i = 0; i < 3; i++) {
		if (is_handle(streams[i]))
			CloseHandle(streams[i]);
	}
	errno = code;
	return done;
}

/* --- its output and its end --- */
static bool say_slow(const char *name, int64_t timeout_ms, struct err *reterr)
{
	return err_set(reterr, ERR_TRANSIENT, "'%s' did not end within %lld ms", name,
		       (long long)timeout_ms);
}

/* All that comes until the other side closes. There is no waiting for a pipe with an end in time:
 * it is looked at again and again. */
static bool collect(HANDLE output, const char *name, int64_t timeout_ms, int64_t until_ms,
		    struct buf *ret, struct err *reterr)
{
	char piece[PIECE_BYTES];
	for (int64_t pause_ms = 1;;) {
		DWORD waiting = 0, n = 0;
		if (clock_mono_ms() >= until_ms)
			return say_slow(name, timeout_ms, reterr);
		if (!PeekNamedPipe(output, NULL, 0, NULL, &waiting, NULL))
			return GetLastError() == ERROR_BROKEN_PIPE ||
			       (windows_failed() ||
				err_sys(reterr, "cannot read what '%s' prints", name));
		if (waiting == 0) {
			clock_sleep_ms(pause_ms);
			pause_ms = pause_ms < PAUSE_MS_MAX ? pause_ms * 2 : PAUSE_MS_MAX;
			continue;
		}
		pause_ms = 1;
		if (!ReadFile(output, piece, sizeof piece, &n, NULL)) {
			windows_failed();
			return err_sys(reterr, "cannot read what '%s' prints", name);
		}
		if (n > ret->max - ret->size)
			return err_set(reterr, ERR_USAGE, "'%s' prints more than %zu bytes", name,
				       ret->max);
		if (!buf_add(ret, piece, n))
			return buf_ok(ret, reterr);
	}
}

static bool await_end(HANDLE process, const char *name, int64_t timeout_ms, int64_t until_ms,
		      struct err *reterr)
{
	int64_t left_ms = until_ms - clock_mono_ms();
	DWORD code;
	if (WaitForSingleObject(process, left_ms <= 0	      ? 0
					 : left_ms < INT_MAX ? (DWORD)left_ms
							     : INT_MAX) != WAIT_OBJECT_0)
		return say_slow(name, timeout_ms, reterr);
	if (!GetExitCodeProcess(process, &code))
		return err_set(reterr, ERR_USAGE, "cannot tell how '%s' ended", name);
	return code == 0 || err_set(reterr, ERR_USAGE, "'%s' ended with code %lu", name, code);
}

/* The caller frees it; NULL with errno. */
static wchar_t *command_line(const char *const *argv)
{
	struct buf line;
	wchar_t *wide = NULL;
	buf_init(&line, COMMAND_BYTES_MAX);
	for (int i = 0; argv[i] != NULL; i++) {
		if (i > 0)
			buf_add_char(&line, ' ');
		add_word(&line, argv[i]);
	}
	errno = E2BIG;
	if (!line.failed) {
		wide = malloc((line.size + 1) * sizeof *wide);
		if (wide != NULL && MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS,
							buf_text(&line), -1, wide,
							(int)line.size + 1) <= 0) {
			free(wide);
			wide = NULL;
			errno = EILSEQ;
		}
	}
	buf_wipe(&line);
	return wide;
}

bool process_output(const char *const *argv, int64_t timeout_ms, struct buf *ret,
		    struct err *reterr)
{
	wchar_t program[WINDOWS_PATH_MAX];
	struct running running = {0};
	size_t before = ret->size;
	int64_t until_ms = clock_mono_ms() + timeout_ms;
	wchar_t *line = command_line(argv);
	bool done = line != NULL && find_program(argv[0], program) &&
		    start(program, line, &running);
	if (!done)
		err_set(reterr, ERR_USAGE, "cannot start '%s': %s", argv[0], strerror(errno));
	done = done && collect(running.output, argv[0], timeout_ms, until_ms, ret, reterr) &&
	       await_end(running.process, argv[0], timeout_ms, until_ms, reterr);
	end_running(&running);
	free(line);
	if (!done)
		buf_cut(ret, before);
	return done;
}

/* --- this process --- */
int process_id(void)
{
	return (int)GetCurrentProcessId();
}

bool process_path(struct buf *ret)
{
	wchar_t path[WINDOWS_PATH_MAX];
	DWORD size = GetModuleFileNameW(NULL, path, WINDOWS_PATH_MAX);
	return size > 0 && size < WINDOWS_PATH_MAX && windows_add_path(ret, path);
}

void process_host(char *out, int room)
{
	wchar_t name[256];
	DWORD size = sizeof name / sizeof name[0];
	struct buf text;
	buf_init(&text, KIB);
	if (!GetComputerNameExW(ComputerNameDnsHostname, name, &size) ||
	    !windows_add(&text, name) || text.size == 0)
		snprintf(out, (size_t)room, "localhost");
	else
		snprintf(out, (size_t)room, "%s", buf_text(&text));
	buf_done(&text);
}

bool process_is_root_at(const char *folder, char *owner, size_t room)
{
	(void)folder;
	(void)owner;
	(void)room;
	return false; /* rights are inherited from the folder there */
}

/* The C library keeps the first three descriptors free of files by itself. */
void process_fill_streams(void)
{
}

/* No report of a crash either, which would hold memory too. */
void process_no_core(void)
{
	SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
}

void process_keep_memory(void)
{
}

bool process_set_environment(const char *name, const char *value, struct err *reterr)
{
	enum { NAME_UNITS = 256, VALUE_UNITS = 32 * KIB - 1 };
	wchar_t wide[NAME_UNITS];
	wchar_t *to = malloc(VALUE_UNITS * sizeof *to);
	if (to == NULL)
		return err_memory(reterr);
	bool done = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, name, -1, wide,
					NAME_UNITS) > 0 &&
		    MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, value, -1, to,
					VALUE_UNITS) > 0;
	errno = EINVAL;
	/* Both the system's copy, which is changed by this too, and the C library's. */
	done = (done && _wputenv_s(wide, to) == 0) || err_sys(reterr, "cannot set %s", name);
	free(to);
	return done;
}

/* There are no copies. */
void *process_shared(size_t size)
{
	return calloc(1, size);
}
