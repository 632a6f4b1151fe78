#include "server.h"

#include "wire.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/stamp.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>

enum { UPLOAD_BYTES_MAX = 1 << 20, HEADERS_BYTES_MAX = 1 << 18, IDLE_S = 120 };

struct server {
	struct sim *sim;
	struct MHD_Daemon *daemons[2];
	_Atomic uint16_t port; /* known when the first connection may be there already */
	bool tls;
	int64_t started_ms;
};

uint16_t server_port(const struct server *server)
{
	return server->port;
}

/* One request on its way in. */
struct exchange {
	char *uri;
	struct buf upload;
	bool begun, counted;
};

static void *uri_seen(void *user, const char *uri, struct MHD_Connection *connection)
{
	struct exchange *exchange = calloc(1, sizeof *exchange);
	(void)user;
	(void)connection;
	if (exchange == NULL)
		return NULL;
	/* a proxy is asked for the whole URL: this one stands for every host */
	const char *host = strncmp(uri, "http://", 7) == 0 ? strchr(uri + 7, '/') : uri;
	exchange->uri = strdup(host == NULL ? "/" : host);
	buf_init(&exchange->upload, UPLOAD_BYTES_MAX);
	return exchange;
}

static void ended(void *user, struct MHD_Connection *connection, void **at,
		  enum MHD_RequestTerminationCode why)
{
	struct server *server = user;
	struct exchange *exchange = *at;
	(void)connection;
	(void)why;
	if (exchange == NULL)
		return;
	if (exchange->counted)
		journal_end(server->sim->journal);
	buf_done(&exchange->upload);
	free(exchange->uri);
	free(exchange);
	*at = NULL;
}

static enum MHD_Result add_header(void *user, enum MHD_ValueKind kind, const char *name,
				  const char *value)
{
	struct buf *out = user;
	(void)kind;
	bool secret = strcasecmp(name, "Authorization") == 0;
	json_add_name(out, name);
	json_add_text(out, span_of(secret ? "***" : value == NULL ? "" : value));
	return MHD_YES;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static void note(struct server *server, const struct request *request,
		 const struct outcome *outcome, struct MHD_Connection *connection)
{
	struct buf headers;
	buf_init(&headers, HEADERS_BYTES_MAX);
	buf_add_char(&headers, '{');
	MHD_get_connection_values(connection, MHD_HEADER_KIND, add_header, &headers);
	if (!buf_add_char(&headers, '}')) {
		buf_clear(&headers);
		buf_add_text(&headers, "{}");
	}
	struct journal_entry entry = {
		.method = request->method, .path = request->path, .query = request->query,
		.auth = auth_name(outcome->auth), .status = outcome->answer.status,
		.faults = buf_span(&outcome->fired), .headers = buf_span(&headers),
		.at_ms = clock_mono_ms() - server->started_ms,
		.at_us = moment_now_us(server->sim->moment), .entity = outcome->entity,
		.page = outcome->page, .rows = outcome->answer.rows,
		.bytes = outcome->answer.body.size,
	};
	journal_add(server->sim->journal, &entry);
	buf_done(&headers);
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static void add_date(struct MHD_Response *response, int64_t us)
{
	static const char DAYS[] = "ThuFriSatSunMonTueWed";
	static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct stamp_parts p = stamp_parts(us);
	int64_t day = stamp_floor(us, STAMP_DAY) / STAMP_DAY;
	char text[64];
	snprintf(text, sizeof text, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
		 DAYS + day % 7 * 3, p.day, MONTHS + (p.month - 1) * 3, p.year, p.hour, p.minute,
		 p.second);
	MHD_add_response_header(response, "Date", text);
}

static void compress(struct sim *sim, struct MHD_Connection *connection, struct outcome *outcome,
		     bool *ret_zipped)
{
	const char *accepted = header(connection, "Accept-Encoding");
	*ret_zipped = sim->zipped != NULL && accepted != NULL &&
		      strstr(accepted, "gzip") != NULL && outcome->answer.status == 200 &&
		      !outcome->control && zipped_replace(sim->zipped, &outcome->answer.body);
}

static enum MHD_Result send_outcome(struct server *server, struct MHD_Connection *connection,
				    struct outcome *outcome, bool zipped)
{
	const struct twist *twist = &outcome->twist;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	int socket = info == NULL ? -1 : info->connect_fd;
	if (twist->wire == WIRE_RESET && twist->at.share <= 0 && twist->at.bytes == 0) {
		wire_reset(socket);
		return MHD_NO;
	}
	unsigned status = outcome->answer.status;
	const char *type = outcome->answer.type;
	struct MHD_Response *response = wire_response(server->sim, outcome, socket);
	if (response == NULL)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", type);
	if (zipped)
		MHD_add_response_header(response, "Content-Encoding", "gzip");
	if (twist->retry_after[0] != '\0')
		MHD_add_response_header(response, "Retry-After", twist->retry_after);
	if (twist->location[0] != '\0')
		MHD_add_response_header(response, "Location", twist->location);
	if (!twist->date_absent)
		add_date(response, moment_now_us(server->sim->moment) +
					   twist->date_skew_s * STAMP_SECOND);
	enum MHD_Result result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_request(struct server *server, struct exchange *exchange,
				      struct MHD_Connection *connection, const char *method)
{
	struct sim *sim = server->sim;
	struct outcome outcome;
	char own[64];
	bool zipped = false;
	size_t path = strcspn(exchange->uri, "?");
	const char *host = header(connection, "Host");
	snprintf(own, sizeof own, "127.0.0.1:%u", server_port(server));
	struct request request = {
		.method = method, .path = {exchange->uri, path},
		.query = span_from(span_of(exchange->uri), path + 1),
		.authorization = header(connection, "Authorization"),
		.scheme = server->tls ? "https" : "http", .host = host == NULL ? own : host,
		.body = buf_span(&exchange->upload),
	};
	outcome_init(&outcome);
	if (sim->options.latency_ms > 0)
		(void)moment_sleep_ms(sim->moment, sim->options.latency_ms);
	handle(sim, &request, &outcome);
	if (outcome.twist.wait_ms > 0 && outcome.twist.wire != WIRE_HANG &&
	    outcome.twist.wire != WIRE_DRIP)
		(void)moment_sleep_ms(sim->moment, outcome.twist.wait_ms);
	compress(sim, connection, &outcome, &zipped);
	if (!outcome.control)
		note(server, &request, &outcome, connection);
	enum MHD_Result result = send_outcome(server, connection, &outcome, zipped);
	outcome_done(&outcome);
	return result;
}

static enum MHD_Result asked(void *user, struct MHD_Connection *connection, const char *url,
			     const char *method, const char *version, const char *upload,
			     size_t *upload_size, void **at)
{
	struct server *server = user;
	struct exchange *exchange = *at;
	(void)url;
	(void)version;
	if (exchange == NULL || exchange->uri == NULL)
		return MHD_NO;
	if (!exchange->begun) {
		exchange->begun = true;
		exchange->counted = strncmp(exchange->uri, "/sim/", 5) != 0;
		if (exchange->counted)
			journal_begin(server->sim->journal);
		return MHD_YES;
	}
	if (*upload_size > 0) {
		bool kept = buf_add(&exchange->upload, upload, *upload_size);
		*upload_size = 0;
		return kept ? MHD_YES : MHD_NO;
	}
	return answer_request(server, exchange, connection, method);
}

static struct MHD_Daemon *listen_on(struct server *server, const struct sockaddr *address,
				    const char *cert, const char *key)
{
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
			 MHD_USE_POLL | MHD_USE_SUPPRESS_DATE_NO_CLOCK;
	if (address->sa_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)cert},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key},
		{MHD_OPTION_END, 0, NULL},
	};
	struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
	if (server->tls)
		flags |= MHD_USE_TLS;
	return MHD_start_daemon(flags, server->port, NULL, NULL, asked, server,
				MHD_OPTION_SOCK_ADDR, address,
				MHD_OPTION_URI_LOG_CALLBACK, uri_seen, server,
				MHD_OPTION_NOTIFY_COMPLETED, ended, server,
				MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
				MHD_OPTION_ARRAY, server->tls ? tls : none,
				MHD_OPTION_END);
}

bool server_start(struct server **ret, struct sim *sim, const char *tls_cert, const char *tls_key,
		  struct err *reterr)
{
	struct server *server = calloc(1, sizeof *server);
	if (server == NULL)
		return err_memory(reterr);
	server->sim = sim;
	server->port = sim->options.port;
	server->tls = tls_cert != NULL;
	server->started_ms = clock_mono_ms();
	struct sockaddr_in four = {
		.sin_family = AF_INET, .sin_port = htons(server->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	server->daemons[0] = listen_on(server, (const struct sockaddr *)&four, tls_cert, tls_key);
	const union MHD_DaemonInfo *info =
		server->daemons[0] == NULL
			? NULL
			: MHD_get_daemon_info(server->daemons[0], MHD_DAEMON_INFO_BIND_PORT);
	if (info == NULL)
		goto failed;
	server->port = info->port;
	if (sim->options.ipv6) {
		struct sockaddr_in6 six = {
			.sin6_family = AF_INET6, .sin6_port = htons(server->port),
			.sin6_addr = in6addr_loopback,
		};
		server->daemons[1] =
			listen_on(server, (const struct sockaddr *)&six, tls_cert, tls_key);
		if (server->daemons[1] == NULL)
			goto failed;
	}
	*ret = server;
	return true;
failed:
	err_set(reterr, ERR_BUSY, "cannot listen on port %u%s", server->port,
		server->tls ? ", or the certificate or key cannot be used" : "");
	server_stop(server);
	return false;
}

void server_stop(struct server *server)
{
	if (server == NULL)
		return;
	moment_stop(server->sim->moment);
	for (size_t i = 0; i < 2; i++) {
		if (server->daemons[i] != NULL)
			MHD_stop_daemon(server->daemons[i]);
	}
	free(server);
}
