/* Units of systemd. What the sandbox leaves: the network, reading, and writing into the folders
 * of this pipeline. MemoryDenyWriteExecute is not among it: programs of ${cmd:[...]} may compile
 * as they run. */
#include "cli/service.h"

#include "base/stamp.h"
#include "base/text.h"

#include <string.h>

/* A word of a unit's line: in quotes, specifiers and (in commands) variables doubled. */
static void add_word(struct buf *out, const char *text, bool command)
{
	buf_add_char(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_add_char(out, '\\');
		if (*text == '%' || (command && *text == '$'))
			buf_add_char(out, *text);
		buf_add_char(out, *text);
	}
	buf_add_char(out, '"');
}

/* A value that is one path, without quotes. */
static void add_path(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '%')
			buf_add_char(out, '%');
		buf_add_char(out, *text);
	}
}

/* For a shell. */
static void add_shell(struct buf *out, const char *text)
{
	buf_add_char(out, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			buf_add_text(out, "'\\''");
		else
			buf_add_char(out, *text);
	}
	buf_add_char(out, '\'');
}

static const char HARDENING[] =
	"# Nothing may be written but what stands here, and little else may be done.\n"
	"NoNewPrivileges=yes\n"
	"ProtectSystem=strict\n"
	"PrivateTmp=yes\n"
	"PrivateDevices=yes\n"
	"ProtectKernelTunables=yes\n"
	"ProtectKernelModules=yes\n"
	"ProtectKernelLogs=yes\n"
	"ProtectControlGroups=yes\n"
	"ProtectClock=yes\n"
	"ProtectHostname=yes\n"
	"ProtectProc=invisible\n"
	"RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX\n"
	"RestrictNamespaces=yes\n"
	"RestrictRealtime=yes\n"
	"RestrictSUIDSGID=yes\n"
	"LockPersonality=yes\n"
	"RemoveIPC=yes\n"
	"CapabilityBoundingSet=\n"
	"AmbientCapabilities=\n"
	"SystemCallArchitectures=native\n"
	"SystemCallFilter=@system-service\n"
	"UMask=0077\n";

static bool in_a_home(const struct service *service)
{
	const char *const paths[] = {service->file, service->program, service->folder};
	bool found = false;
	for (size_t i = 0; i < 3 + service->folders_n; i++) {
		const char *path = i < 3 ? paths[i] : service->folders[i - 3];
		found |= strncmp(path, "/home/", 6) == 0 || strncmp(path, "/root", 5) == 0 ||
			 strncmp(path, "/run/user/", 10) == 0;
	}
	return found;
}

/* What to do before it can run: once, as root. */
static void add_advice(const struct service *service, struct buf *out, const char *kind,
		       const char *suffix)
{
	buf_addf(out, "# Runs %s unattended. Once, as root:\n", service->name);
	buf_addf(out, "#   id %s || useradd --system --no-create-home %s\n", service->user,
		 service->user);
	for (size_t i = 0; i < service->folders_n; i++) {
		buf_addf(out, "#   install -d -m 700 -o %s ", service->user);
		add_shell(out, service->folders[i]);
		buf_add_char(out, '\n');
	}
	for (size_t i = 0; i < service->owned_n; i++) {
		buf_addf(out, "#   chown %s%s ", service->owned[i].whole ? "-R " : "",
			 service->user);
		add_shell(out, service->owned[i].path);
		buf_add_char(out, '\n');
	}
	buf_addf(out, "#   firn -c ");
	add_shell(out, service->file);
	buf_addf(out, " service %s >/etc/systemd/system/%s.%s\n", kind, service->name, suffix);
}

/* What root makes in these folders later its user could not change. */
static void add_by_hand(const struct service *service, struct buf *out)
{
	if (strcmp(service->user, "root") != 0)
		buf_addf(out, "# By hand from then on as that user too: runuser -u %s -- firn -c "
			 "... run\n", service->user);
}

static void add_unit(const struct service *service, struct buf *out)
{
	buf_addf(out, "[Unit]\nDescription=%s\nDocumentation=man:firn(1)\n"
		 "Wants=network-online.target\nAfter=network-online.target time-sync.target\n",
		 service->name);
}

static void add_command(const struct service *service, struct buf *out, const char *command)
{
	buf_add_text(out, "ExecStart=");
	add_word(out, service->program, true);
	buf_add_text(out, " -c ");
	add_word(out, service->file, true);
	buf_addf(out, " %s\nWorkingDirectory=", command);
	add_path(out, service->folder);
	buf_addf(out, "\nUser=%s\n"
		 "# Where ${NAME} in the configuration comes from: lines NAME=value, mode 0600.\n"
		 "EnvironmentFile=-", service->user);
	add_path(out, service->file);
	buf_add_text(out, ".env\n");
}

static void add_sandbox(const struct service *service, struct buf *out)
{
	buf_add_char(out, '\n');
	buf_add_text(out, HARDENING);
	buf_addf(out, "ProtectHome=%s\n", in_a_home(service) ? "read-only" : "yes");
	for (size_t i = 0; i < service->folders_n; i++) {
		buf_add_text(out, "ReadWritePaths=");
		add_word(out, service->folders[i], false);
		buf_add_char(out, '\n');
	}
}

bool service_systemd(const struct service *service, struct buf *out)
{
	add_advice(service, out, "systemd", "service");
	buf_addf(out, "#   systemctl daemon-reload && systemctl enable --now %s\n"
		 "# systemctl status says when the next run is, systemctl reload reads the\n"
		 "# configuration again.\n", service->name);
	add_by_hand(service, out);
	add_unit(service, out);
	/* A configuration that is wrong does not become right by trying again (exit code 2). */
	buf_add_text(out, "StartLimitIntervalSec=0\n\n[Service]\nType=notify\nNotifyAccess=main\n");
	add_command(service, out, "start");
	/* The shell's own kill: a small system has no other (it is in procps). */
	buf_add_text(out, "ExecReload=/bin/sh -c \"kill -HUP $MAINPID\"\nRestart=on-failure\n"
			  "RestartSec=30s\nRestartPreventExitStatus=2\nWatchdogSec=60s\n"
			  "TimeoutStopSec=15s\nKillMode=mixed\n");
	add_sandbox(service, out);
	buf_add_text(out, "\n[Install]\nWantedBy=multi-user.target\n");
	return !out->failed;
}

/* --- the timer --- */

static void add_seconds(struct buf *out, const char *name, int64_t us)
{
	buf_addf(out, "%s=%llds\n", name, (long long)((us + STAMP_SECOND - 1) / STAMP_SECOND));
}

/* By the clock where the distance fits into it: then a missed time is known, and caught up. */
static void add_every(struct buf *out, int64_t every_us)
{
	int64_t minutes = every_us / STAMP_MINUTE, hours = every_us / STAMP_HOUR;
	if (every_us % STAMP_MINUTE == 0 && minutes < 60 && 60 % minutes == 0) {
		buf_addf(out, "OnCalendar=*-*-* *:00/%lld:00 UTC\nPersistent=true\n",
			 (long long)minutes);
	} else if (every_us == STAMP_DAY) {
		buf_add_text(out, "OnCalendar=*-*-* 00:00:00 UTC\nPersistent=true\n");
	} else if (every_us % STAMP_HOUR == 0 && hours < 24 && 24 % hours == 0) {
		buf_addf(out, "OnCalendar=*-*-* 00/%lld:00:00 UTC\nPersistent=true\n",
			 (long long)hours);
	} else {
		buf_add_text(out, "OnActiveSec=0s\n");
		add_seconds(out, "OnUnitActiveSec", every_us);
	}
}

static void add_timer(const struct service *service, struct buf *out)
{
	const struct config_schedule *schedule = &service->config->schedule;
	buf_addf(out, "[Unit]\nDescription=when %s runs\nDocumentation=man:firn(1)\n\n[Timer]\n",
		 service->name);
	for (size_t i = 0; i < schedule->at_n; i++)
		buf_addf(out, "OnCalendar=*-*-* %02d:%02d:00 %s\n", schedule->at_minutes[i] / 60,
			 schedule->at_minutes[i] % 60, schedule->timezone);
	if (schedule->at_n > 0)
		buf_add_text(out, "Persistent=true\n");
	else
		add_every(out, schedule->every_us);
	buf_add_text(out, "AccuracySec=1s\n");
	if (schedule->jitter_us > 0)
		add_seconds(out, "RandomizedDelaySec", schedule->jitter_us);
	buf_addf(out, "Unit=%s.service\n\n[Install]\nWantedBy=timers.target\n", service->name);
}

bool service_timer(const struct service *service, enum service_part part, struct buf *out,
		   struct err *reterr)
{
	if (service->config->schedule.at_n == 0 &&
	    service->config->schedule.every_us < STAMP_SECOND)
		return err_set(reterr, ERR_USAGE, "schedule.every is too short for a timer");
	if (part != SERVICE_TIMER) {
		add_advice(service, out, "timer --part service", "service");
		add_by_hand(service, out);
		add_unit(service, out);
		buf_add_text(out, "\n[Service]\nType=oneshot\n");
		add_command(service, out, "run");
		/* Asked to end it needs a moment; a run itself may take as long as it takes. */
		buf_add_text(out, "TimeoutStopSec=15s\n");
		add_sandbox(service, out);
	}
	if (part == SERVICE_BOTH)
		buf_addf(out, "\n# --- /etc/systemd/system/%s.timer: a file of its own "
			 "(--part timer) ---\n", service->name);
	if (part != SERVICE_UNIT) {
		buf_addf(out, "# firn ... service timer --part timer "
			 ">/etc/systemd/system/%s.timer\n# systemctl daemon-reload && "
			 "systemctl enable --now %s.timer\n", service->name, service->name);
		add_timer(service, out);
	}
	return buf_ok(out, reterr);
}
