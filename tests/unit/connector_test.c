/* The five connectors of connectors/, understood in every detail. */
#include "base/bounds.h"
#include "base/file.h"
#include "connector/connector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct connector *parse(const char *text)
{
	struct connector *connector = NULL;
	struct err err = {.kind = ERR_NONE};
	struct buf mistakes;
	buf_init(&mistakes, 1 << 20);
	if (!connector_parse(&connector, span_of(text), "f", &mistakes, &err))
		fail_msg("%s", buf_text(&mistakes));
	assert_int_equal(mistakes.size, 0);
	assert_int_equal(err.kind, ERR_NONE);
	buf_done(&mistakes);
	return connector;
}

static struct connector *load(const char *path)
{
	struct err err;
	struct buf text;
	buf_init(&text, CONFIG_BYTES_MAX);
	if (!file_read(path, &text, &err))
		fail_msg("%s", err.text);
	struct connector *connector = parse(buf_text(&text));
	buf_done(&text);
	return connector;
}

/* --- short forms, so that a test reads like the file --- */
static const char *show(const struct template *template)
{
	static char shown[4][300];
	static size_t turn;
	struct buf out;
	buf_init(&out, 299);
	assert_non_null(template);
	assert_true(template_show(template, &out));
	turn = (turn + 1) % 4;
	snprintf(shown[turn], sizeof shown[turn], "%s", buf_text(&out));
	buf_done(&out);
	return shown[turn];
}

static void has_entry(const struct entry *entries, size_t n, size_t at, const char *name,
		      const char *value)
{
	assert_true(at < n);
	assert_string_equal(entries[at].name, name);
	assert_int_equal(entries[at].n, 1);
	assert_string_equal(show(entries[at].values), value);
}

static void points(struct pointers pointers, const char *first, const char *second)
{
	assert_int_equal(pointers.n, (first != NULL) + (second != NULL));
	if (first != NULL)
		assert_string_equal(pointers.at[0].text, first);
	if (second != NULL)
		assert_string_equal(pointers.at[1].text, second);
}

static const struct connector_column *column(const struct stream *stream, size_t at,
					     const char *name, enum type type)
{
	assert_true(at < stream->columns_n);
	assert_string_equal(stream->columns[at].name, name);
	assert_int_equal(stream->columns[at].type, type);
	return &stream->columns[at];
}

static void from(const struct stream *stream, size_t at, const char *name, enum type type,
		 const char *pointer)
{
	const struct connector_column *found = column(stream, at, name, type);
	assert_int_equal(found->source, FROM_RECORD);
	points(found->at, pointer, NULL);
}

static void filled(const struct stream *stream, size_t at, const char *name, enum type type,
		   const char *value)
{
	const struct connector_column *found = column(stream, at, name, type);
	assert_int_equal(found->source, FROM_VALUE);
	assert_string_equal(show(found->value), value);
}

static const struct stream *stream_of(const struct connector *connector, size_t at,
				      const char *name)
{
	assert_true(at < connector->streams_n);
	assert_string_equal(connector->streams[at].name, name);
	assert_ptr_equal(connector_stream(connector, name), &connector->streams[at]);
	return &connector->streams[at];
}

static void waits(const struct error_rule *rule, int status, const char *says, int64_t us)
{
	assert_int_equal(rule->statuses_n, status == 0 ? 0 : 1);
	if (status != 0)
		assert_int_equal(rule->statuses[0].from, status);
	if (says == NULL)
		assert_null(rule->says);
	else
		assert_string_equal(rule->says, says);
	assert_int_equal(rule->then, THEN_WAIT);
	assert_int_equal(rule->waits_n, 1);
	assert_int_equal(rule->waits[0].kind, WAIT_FIXED);
	assert_true(rule->waits[0].us == us);
}

/* --- the five files --- */
static void moveworks_signs_in_two_ways(const struct connector *connector)
{
	const struct auth *oauth2 = &connector->auth[AUTH_OAUTH2];
	assert_string_equal(connector->name, "moveworks");
	assert_string_equal(show(connector->base_url),
			    "https://api.moveworks.ai/export/v1/records");
	assert_false(connector->auth[AUTH_NONE].given || connector->auth[AUTH_BASIC].given);
	assert_string_equal(show(connector->auth[AUTH_BEARER].value), "Bearer {auth.token}");
	assert_true(oauth2->given);
	assert_string_equal(show(oauth2->token_url), "/oauth/v1/token");
	assert_int_equal(oauth2->send, SEND_JSON);
	points(oauth2->token_at, "/access_token", NULL);
	points(oauth2->expires_at, "/expires_in", NULL);
	assert_true(oauth2->expires_us == STAMP_HOUR);
	assert_int_equal(oauth2->fields_n, 0);
}

static void moveworks_is_understood(void **state)
{
	(void)state;
	struct connector *connector = load("connectors/moveworks.yaml");
	moveworks_signs_in_two_ways(connector);
	assert_int_equal(connector->streams_n, 5);
	const struct stream *s = stream_of(connector, 2, "plugin-calls");
	assert_string_equal(s->method, "GET");
	assert_string_equal(show(s->path), "/plugin-calls");
	assert_string_equal(s->table, "MOVEWORKS_PLUGIN_CALLS");
	assert_int_equal(s->query_n, 2);
	has_entry(s->query, 2, 0, "$filter", "last_updated_time ge '{window.from}' and "
					     "last_updated_time lt '{window.until}'");
	has_entry(s->query, 2, 1, "$orderby", "id");
	assert_true(s->window.given && s->window.has_until && !s->window.has_last);
	assert_string_equal(s->window.format.pattern, "YYYY-MM-DDThh:mm:ss.fffZ");
	assert_true(s->window.step_us == STAMP_DAY && s->window.lookback_us == STAMP_DAY);
	assert_int_equal(s->paging.kind, PAGING_NEXT_URL);
	points(s->paging.at, "/@odata.nextLink", "/odata.nextLink");
	assert_true(s->count.given);
	assert_string_equal(show(s->count.path), "/plugin-calls/$count");
	assert_int_equal(s->count.query_n, 1); /* the entry that tells the window */
	has_entry(s->count.query, 1, 0, "$filter", show(s->query[0].values));
	points(s->count.at, "", NULL);
	points(s->records.at, "/value", NULL);
	assert_true(s->records.missing_is_empty && s->records.shape == SHAPE_LIST);
	points(s->message_at, "/error/message", "/message");
	assert_int_equal(s->keeps, KEEPS_FOR);
	assert_true(s->keeps_us == 30 * STAMP_DAY);
	from(s, 0, "ID", TYPE_TEXT, "/id");
	from(s, 6, "SERVED", TYPE_BOOL, "/served");
	from(s, 8, "PLUGIN_UPDATE_TIME", TYPE_TIMESTAMP, "/plugin_update_time");
	from(s, 9, "CREATED_AT", TYPE_TIMESTAMP, "/created_time");
	from(s, 10, "LAST_UPDATED_AT", TYPE_TIMESTAMP, "/last_updated_time");
	assert_int_equal(s->columns_n, 11);
	assert_int_equal(s->columns[10].format.style, STAMP_ISO);
	assert_int_equal(s->key_n, 1);
	assert_int_equal(s->key[0], 0);
	assert_int_equal(s->newest, 10); /* what the API filters by */
	from(stream_of(connector, 1, "interactions"), 8, "DETAILS", TYPE_JSON, "/detail");
	connector_free(connector);
}

static void moveworks_users_wait_longer_and_have_no_created_at(void **state)
{
	(void)state;
	struct connector *connector = load("connectors/moveworks.yaml");
	const struct stream *s = stream_of(connector, 4, "users");
	assert_true(s->pause_us == 2 * STAMP_SECOND);
	assert_int_equal(s->parallel, 0);
	assert_int_equal(s->errors_n, 3); /* the stream's before those of defaults */
	waits(&s->errors[0], 429, NULL, 90 * STAMP_SECOND);
	waits(&s->errors[1], 429, NULL, 60 * STAMP_SECOND);
	assert_int_equal(s->errors[2].statuses[0].from, 403);
	assert_int_equal(s->errors[2].statuses[0].until, 404);
	assert_int_equal(s->errors[2].then, THEN_FAIL_STREAM);
	assert_string_equal(s->errors[2].hint, "give the credential this entity's scope (Tenant "
					       "Settings > Credentials)");
	assert_int_equal(s->columns_n, 10);
	from(s, 6, "HAS_ACCESS_TO_BOT", TYPE_BOOL, "/access_to_bot");
	from(s, 9, "LAST_UPDATED_AT", TYPE_TIMESTAMP, "/last_updated_time");
	assert_int_equal(s->newest, 9);
	connector_free(connector);
}

static void openmeteo_settings_are_understood(void **state)
{
	(void)state;
	struct connector *connector = load("connectors/openmeteo.yaml");
	const struct auth *key = &connector->auth[AUTH_API_KEY];
	assert_true(connector->auth[AUTH_NONE].given && key->given);
	assert_null(key->header);
	assert_string_equal(key->query, "apikey");
	assert_string_equal(show(key->value), "{auth.key}");
	assert_string_equal(show(key->base_url), "https://customer-api.open-meteo.com/v1");
	assert_int_equal(connector->settings_n, 4);
	const struct setting *variables = &connector->settings[1];
	assert_int_equal(variables->fallback_list_n, 4);
	assert_true(span_is(variables->fallback_list[3].text, "wind_speed_10m"));
	const struct setting *locations = &connector->settings[3];
	assert_true(locations->required && locations->type == SETTING_LIST);
	assert_int_equal(locations->fields_n, 4);
	const struct setting *latitude = &locations->fields[1];
	assert_true(latitude->has_min && latitude->min == -90 && latitude->max == 90);
	const struct setting *id = &locations->fields[3];
	assert_int_equal(id->digest_n, 2);
	assert_int_equal(id->digest[0].scope, SLOT_SETTINGS);
	assert_true(span_is(id->digest[0].text, "customer_id"));
	assert_int_equal(id->digest[1].scope, SLOT_ITEM);
	assert_true(span_is(id->digest[1].text, "name"));
	connector_free(connector);
}

static void openmeteo_rows_out_of_settings(void **state)
{
	(void)state;
	struct connector *connector = load("connectors/openmeteo.yaml");
	const struct stream *s = stream_of(connector, 0, "customers");
	assert_int_equal(s->rows, ROWS_FROM_SETTINGS);
	assert_string_equal(s->table, "CUSTOMERS");
	assert_int_equal(s->columns_n, 2); /* LOCATION_ID is taken away */
	filled(s, 0, "CUSTOMER_ID", TYPE_TEXT, "{settings.customer_id}");
	filled(s, 1, "FIRST_SEEN_AT", TYPE_TIMESTAMP, "{run.started_at}");
	assert_true(s->columns[1].keep_first && !s->columns[0].keep_first);
	assert_true(s->path == NULL && s->errors_n == 0 && s->repeat.over == NULL);
	assert_int_equal(s->keeps, KEEPS_FOREVER); /* what defaults say of requests is not its */
	assert_int_equal(s->newest, -1);
	s = stream_of(connector, 1, "locations");
	assert_int_equal(s->rows, ROWS_FROM_LIST);
	assert_ptr_equal(s->rows_list, &connector->settings[3]);
	assert_int_equal(s->key_n, 2);
	filled(s, s->key[0], "CUSTOMER_ID", TYPE_TEXT, "{settings.customer_id}");
	filled(s, s->key[1], "LOCATION_ID", TYPE_TEXT, "{item.id}");
	connector_free(connector);
}

static void openmeteo_asks_for_many_places_at_once(void **state)
{
	(void)state;
	struct connector *connector = load("connectors/openmeteo.yaml");
	const struct stream *s = stream_of(connector, 2, "current_weather");
	assert_false(s->optional);
	has_entry(s->query, s->query_n, 0, "current_weather", "true");
	has_entry(s->query, s->query_n, 1, "latitude", "{item.latitude}");
	has_entry(s->query, s->query_n, 3, "timeformat", "unixtime");
	assert_int_equal(s->query_n, 4);
	assert_ptr_equal(s->repeat.over, &connector->settings[3]);
	assert_int_equal(s->repeat.batch, 100);
	assert_true(s->repeat.by_position);
	assert_int_equal(s->repeat.id_n, 1);
	assert_string_equal(s->repeat.id[0]->name, "id");
	assert_int_equal(s->paging.kind, PAGING_NONE);
	assert_int_equal(s->records.shape, SHAPE_ONE);
	points(s->records.at, "", NULL);
	assert_int_equal(s->parallel, 1);
	assert_int_equal(s->keeps, KEEPS_NOTHING);
	assert_int_equal(s->ignore_n, 4);
	assert_string_equal(s->ignore[3].text, "/current_weather/interval");
	assert_int_equal(s->errors_n, 7);
	assert_int_equal(s->errors[0].waits[0].kind, WAIT_NEXT_MINUTE);
	assert_int_equal(s->errors[1].waits[0].kind, WAIT_NEXT_HOUR);
	assert_int_equal(s->errors[2].waits[0].kind, WAIT_NEXT_DAY);
	waits(&s->errors[3], 429, "concurrent", 5 * STAMP_SECOND);
	points(s->errors[4].at, "/error", NULL);
	assert_int_equal(s->errors[4].is.kind, VALUE_BOOL);
	assert_true(span_is(s->errors[4].is.text, "true"));
	assert_int_equal(s->columns_n, 16);
	assert_int_equal(s->columns[2].format.style, STAMP_UNIX);
	from(s, 2, "OBSERVED_AT", TYPE_TIMESTAMP, "/current_weather/time");
	filled(s, 3, "FETCHED_AT", TYPE_TIMESTAMP, "{run.fetched_at}");
	assert_int_equal(s->newest, 3);
	from(s, 14, "GENERATIONTIME_MS", TYPE_FLOAT, "/generationtime_ms");
	filled(s, 15, "LOCATION_ID", TYPE_TEXT, "{item.id}");
	connector_free(connector);
}

static void openmeteo_history_goes_by_days_and_columns(void **state)
{
	(void)state;
	struct connector *connector = load("connectors/openmeteo.yaml");
	const struct stream *s = stream_of(connector, 4, "hourly");
	assert_true(s->optional);
	assert_string_equal(show(s->base_url), "{settings.history_url}");
	assert_true(s->window.has_until && s->window.has_last);
	assert_true(s->window.step_us == 7 * STAMP_DAY && s->window.settle_us == STAMP_DAY);
	assert_int_equal(s->records.shape, SHAPE_COLUMNS);
	points(s->records.at, "/hourly", NULL);
	assert_int_equal(s->keeps, KEEPS_FOREVER);
	assert_int_equal(column(s, 5, "ELEVATION", TYPE_FLOAT)->source, FROM_OUTER);
	from(s, 6, "READINGS", TYPE_JSON, "");
	filled(s, 8, "BACKFILLED", TYPE_BOOL, "true");
	assert_int_equal(s->columns[8].value->literal, VALUE_BOOL);
	filled(s, (size_t)s->newest, "FETCHED_AT", TYPE_TIMESTAMP, "{run.fetched_at}");
	assert_int_equal(s->ignore_n, 0); /* parallel lists hold nothing else */
	connector_free(connector);
}

static void github_children_follow_their_issues(void **state)
{
	(void)state;
	struct connector *connector = load("connectors/examples/github_issues.yaml");
	const struct stream *s = stream_of(connector, 0, "issues");
	assert_int_equal(s->paging.kind, PAGING_LINK_HEADER);
	assert_string_equal(s->paging.header, "next");
	has_entry(s->headers, s->headers_n, 1, "X-GitHub-Api-Version", "2022-11-28");
	has_entry(s->query, s->query_n, 4, "per_page", "100");
	assert_true(s->window.given && !s->window.has_until);
	assert_int_equal(s->window.format.style, STAMP_ISO);
	assert_true(s->window.lookback_us == STAMP_HOUR);
	assert_int_equal(s->repeat.id_n, 2); /* all fields */
	assert_int_equal(s->repeat.batch, 1);
	from(s, 6, "AUTHOR", TYPE_TEXT, "/user/login");
	const struct error_rule *rule = &s->errors[1];
	assert_int_equal(rule->statuses_n, 2);
	assert_string_equal(rule->says, "rate limit");
	assert_int_equal(rule->waits_n, 2);
	assert_int_equal(rule->waits[0].kind, WAIT_HEADER_UNIX);
	assert_string_equal(rule->waits[0].header, "X-RateLimit-Reset");
	assert_true(rule->waits[1].us == 15 * STAMP_MINUTE);

	const struct stream *child = stream_of(connector, 1, "issue_comments");
	assert_ptr_equal(child->for_each, s);
	assert_string_equal(child->table, "GITHUB_ISSUE_COMMENTS");
	assert_false(child->window.given);
	assert_int_equal(child->query_n, 1);
	assert_int_equal(child->errors_n, 3);
	assert_int_equal(child->errors[0].then, THEN_EMPTY);
	assert_int_equal(child->newest, -1);
	filled(child, 1, "ISSUE_ID", TYPE_TEXT, "{parent.ID}");
	connector_free(connector);
}

static void zendesk_and_notion_page_by_link_and_by_token(void **state)
{
	(void)state;
	struct connector *connector = load("connectors/examples/zendesk_tickets.yaml");
	const struct stream *s = stream_of(connector, 0, "tickets");
	const struct auth *basic = &connector->auth[AUTH_BASIC];
	assert_string_equal(show(basic->user), "{auth.user}/token");
	assert_string_equal(show(basic->password), "{auth.password}");
	assert_int_equal(s->paging.kind, PAGING_NEXT_URL);
	points(s->paging.at, "/after_url", NULL);
	points(s->paging.done, "/end_of_stream", NULL);
	assert_int_equal(s->window.format.style, STAMP_UNIX);
	assert_true(s->window.settle_us == STAMP_MINUTE && s->pause_us == 6 * STAMP_SECOND);
	assert_int_equal(s->newest, 10);
	assert_int_equal(s->message_at.n, 3);
	s = stream_of(connector, 1, "ticket_comments");
	has_entry(s->query, s->query_n, 0, "page[size]", "100");
	points(s->paging.more, "/meta/has_more", NULL);
	connector_free(connector);

	connector = load("connectors/examples/notion_pages.yaml");
	s = stream_of(connector, 0, "pages");
	assert_string_equal(s->method, "POST");
	assert_int_equal(s->body->kind, BODY_MAP);
	assert_string_equal(s->body->names[0], "page_size");
	assert_int_equal(s->body->children[0].scalar.literal, VALUE_NUMBER);
	assert_true(template_has(&s->body->children[1].scalar, SLOT_PAGING, "token"));
	assert_string_equal(show(&s->body->children[2].children[1].children[0].scalar),
			    "{window.from}");
	assert_int_equal(s->body->children[3].kind, BODY_LIST);
	assert_int_equal(s->paging.token_from, TOKEN_FROM_ANSWER);
	points(s->paging.at, "/next_cursor", NULL);
	assert_int_equal(s->errors[0].then, THEN_RESTART);
	assert_true(s->window.format.unit_us == STAMP_MINUTE);
	connector_free(connector);
}

static void the_built_in_connectors_are_those_of_the_folder(void **state)
{
	(void)state;
	size_t n = 0;
	for (; BUILTIN_CONNECTORS[n].name != NULL; n++) {
		struct connector *connector = parse(BUILTIN_CONNECTORS[n].text.at);
		assert_string_equal(connector->name, BUILTIN_CONNECTORS[n].name);
		connector_free(connector);
	}
	assert_int_equal(n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moveworks_is_understood),
		cmocka_unit_test(moveworks_users_wait_longer_and_have_no_created_at),
		cmocka_unit_test(openmeteo_settings_are_understood),
		cmocka_unit_test(openmeteo_rows_out_of_settings),
		cmocka_unit_test(openmeteo_asks_for_many_places_at_once),
		cmocka_unit_test(openmeteo_history_goes_by_days_and_columns),
		cmocka_unit_test(github_children_follow_their_issues),
		cmocka_unit_test(zendesk_and_notion_page_by_link_and_by_token),
		cmocka_unit_test(the_built_in_connectors_are_those_of_the_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
