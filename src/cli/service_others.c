/* A line of a crontab, and a task of Windows' Task Scheduler (schema of [MS-TSCH], 2.5; the order
 * of a trigger's elements is part of it). Both know the machine's own time zone only. */
#include "cli/service.h"

#include "base/stamp.h"

#include <string.h>

/* --- cron --- */

/* A word for sh, in which cron reads % as a line end. */
static void add_cron_word(struct buf *out, const char *text)
{
	buf_add_char(out, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			buf_add_text(out, "'\\''");
		else if (*text == '%')
			buf_add_text(out, "\\%");
		else
			buf_add_char(out, *text);
	}
	buf_add_char(out, '\'');
}

static bool cron_time(const struct config_schedule *schedule, size_t i, struct buf *out,
		      struct err *reterr)
{
	int64_t minutes = schedule->every_us / STAMP_MINUTE, hours = minutes / 60;
	if (schedule->at_n > 0)
		buf_addf(out, "%d %d * * *", schedule->at_minutes[i] % 60,
			 schedule->at_minutes[i] / 60);
	else if (schedule->every_us == minutes * STAMP_MINUTE && minutes == 1)
		buf_add_text(out, "* * * * *");
	else if (schedule->every_us == minutes * STAMP_MINUTE && minutes < 60 && 60 % minutes == 0)
		buf_addf(out, "*/%lld * * * *", (long long)minutes);
	else if (schedule->every_us == hours * STAMP_HOUR && hours < 24 && 24 % hours == 0)
		buf_addf(out, "0 */%lld * * *", (long long)hours);
	else if (schedule->every_us == STAMP_DAY)
		buf_add_text(out, "0 0 * * *");
	else
		return err_set(reterr, ERR_USAGE, "cron cannot say this schedule.every: it takes "
			       "minutes that divide an hour, or hours that divide a day; firn "
			       "service systemd runs it as it is");
	return true;
}

bool service_cron(const struct service *service, bool with_user, struct buf *out,
		  struct err *reterr)
{
	const struct config_schedule *schedule = &service->config->schedule;
	size_t n = schedule->at_n > 0 ? schedule->at_n : 1;
	buf_addf(out, "# %s, %s.\n", service->name,
		 with_user ? "as a file of /etc/cron.d" : "for crontab -e");
	if (schedule->at_n > 0)
		buf_addf(out, "# Times are those of %s for a cron that knows CRON_TZ (cronie); "
			 "Debian's does not:\n# there they are the machine's, and a time missed "
			 "is not caught up.\nCRON_TZ=%s\n", schedule->timezone,
			 schedule->timezone);
	buf_add_text(out, "# cron gives no environment: a ${NAME} of the configuration needs a "
			  "line NAME=value here;\n# ${file:PATH} needs nothing.\n");
	for (size_t i = 0; i < n; i++) {
		if (!cron_time(schedule, i, out, reterr))
			return false;
		if (with_user)
			buf_addf(out, " %s", service->user);
		buf_add_text(out, " cd ");
		add_cron_word(out, service->folder);
		buf_add_text(out, " && ");
		add_cron_word(out, service->program);
		buf_add_text(out, " -q -c ");
		add_cron_word(out, service->file);
		buf_add_text(out, " run >/dev/null\n");
	}
	return buf_ok(out, reterr);
}

/* --- Task Scheduler --- */

static void add_xml(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '&')
			buf_add_text(out, "&amp;");
		else if (*text == '<')
			buf_add_text(out, "&lt;");
		else if (*text == '>')
			buf_add_text(out, "&gt;");
		else
			buf_add_char(out, *text);
	}
}

static void add_span_of_time(struct buf *out, const char *name, int64_t us)
{
	if (us > 0)
		buf_addf(out, "      <%s>PT%lldS</%s>\n", name,
			 (long long)((us + STAMP_SECOND - 1) / STAMP_SECOND), name);
}

static bool add_triggers(const struct config_schedule *schedule, struct buf *out,
			 struct err *reterr)
{
	for (size_t i = 0; i < schedule->at_n; i++) {
		buf_addf(out, "    <CalendarTrigger>\n"
			 "      <StartBoundary>2026-01-01T%02d:%02d:00</StartBoundary>\n",
			 schedule->at_minutes[i] / 60, schedule->at_minutes[i] % 60);
		add_span_of_time(out, "RandomDelay", schedule->jitter_us);
		buf_add_text(out, "      <ScheduleByDay><DaysInterval>1</DaysInterval>"
				  "</ScheduleByDay>\n    </CalendarTrigger>\n");
	}
	if (schedule->at_n > 0)
		return true;
	if (schedule->every_us < STAMP_MINUTE || schedule->every_us > 31 * STAMP_DAY)
		return err_set(reterr, ERR_USAGE, "Task Scheduler repeats every minute at the most "
			       "and every 31 days at the least, not as schedule.every says");
	buf_add_text(out, "    <TimeTrigger>\n"
			  "      <StartBoundary>2026-01-01T00:00:00Z</StartBoundary>\n");
	buf_addf(out, "      <Repetition><Interval>PT%lldS</Interval></Repetition>\n",
		 (long long)(schedule->every_us / STAMP_SECOND));
	add_span_of_time(out, "RandomDelay", schedule->jitter_us);
	buf_add_text(out, "    </TimeTrigger>\n");
	return true;
}

static void add_settings(struct buf *out)
{
	buf_add_text(out,
		"  <Settings>\n"
		"    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>\n"
		"    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>\n"
		"    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>\n"
		"    <AllowHardTerminate>true</AllowHardTerminate>\n"
		"    <StartWhenAvailable>true</StartWhenAvailable>\n"
		"    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>\n"
		"    <Enabled>true</Enabled>\n"
		"    <ExecutionTimeLimit>P1D</ExecutionTimeLimit>\n"
		"    <RestartOnFailure>\n"
		"      <Interval>PT5M</Interval>\n"
		"      <Count>3</Count>\n"
		"    </RestartOnFailure>\n"
		"  </Settings>\n");
}

bool service_task(const struct service *service, struct buf *out, struct err *reterr)
{
	buf_add_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- schtasks /Create /XML "
			  "FILE /TN ");
	/* No two hyphens in a row may stand in a comment. */
	for (const char *at = service->name; *at != '\0'; at++) {
		if (*at != '-' || at[1] != '-')
			buf_add_char(out, *at);
	}
	buf_add_text(out, " -->\n<Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/"
			  "windows/2004/02/mit/task\">\n  <RegistrationInfo>\n    <Description>");
	add_xml(out, "firn pipeline ");
	add_xml(out, service->config->pipeline);
	buf_add_text(out, "; times of day are this machine's. LocalService must be able to read "
			  "the configuration, and to write beside it.</Description>\n"
			  "  </RegistrationInfo>\n  <Triggers>\n");
	if (!add_triggers(&service->config->schedule, out, reterr))
		return false;
	/* S-1-5-19 is LocalService, in every language of Windows. */
	buf_add_text(out, "  </Triggers>\n  <Principals>\n    <Principal id=\"Author\">\n"
			  "      <UserId>S-1-5-19</UserId>\n"
			  "      <RunLevel>LeastPrivilege</RunLevel>\n"
			  "    </Principal>\n  </Principals>\n");
	add_settings(out);
	buf_add_text(out, "  <Actions Context=\"Author\">\n    <Exec>\n      <Command>");
	add_xml(out, service->program);
	buf_add_text(out, "</Command>\n      <Arguments>-q -c \"");
	add_xml(out, service->file);
	buf_add_text(out, "\" run</Arguments>\n      <WorkingDirectory>");
	add_xml(out, service->folder);
	buf_add_text(out, "</WorkingDirectory>\n    </Exec>\n  </Actions>\n</Task>\n");
	return buf_ok(out, reterr);
}
